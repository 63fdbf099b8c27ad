package rating

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// TestFindingsInFull pins every finding that rating can make, whole: what it is about, whose it is, the sentence a clerk reads, what to do, and the
// money at stake. A finding is all that stands between money that is not billed and silence about it.
func TestFindingsInFull(t *testing.T) {
	const name, alderName, dunmoreName = "Microsoft 365 Business Premium", "Alder Ridge Dental Group", "Dunmore Analytics Ltd"
	about := func(kind billing.FindingKind, subject, message, remedy, stake string) billing.Finding {
		cost, err := money.ParseAmount(stake)
		if err != nil {
			t.Fatal(err)
		}
		return billing.Finding{Kind: kind, Subject: subject, CustomerID: alder, Customer: alderName, Message: message, Remedy: remedy, Money: cost}
	}
	nobodys := func(f billing.Finding) billing.Finding {
		f.CustomerID, f.Customer = "", ""
		return f
	}
	dunmores := func(f billing.Finding) billing.Finding {
		f.CustomerID, f.Customer = dunmore, dunmoreName
		return f
	}
	offer := premiumOffer.String()
	mapped := func(in *Input, service billing.ServiceID, name string) {
		in.Mappings.Services = []billing.ServiceMapping{{Offer: premiumOffer, ServiceID: service, Name: name}}
	}
	rule := func(in *Input, r billing.PriceRule) {
		r.ID = "list"
		in.Mappings.Prices = []billing.PriceRule{r}
	}
	azure := func(in *Input) { // Dunmore's consumption instead of Alder Ridge's seats
		*in = azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "6.52")}, used(vm, "rg", "Virtual Machines", "6.52"))
	}
	tests := []struct {
		name string
		edit func(*Input)
		want billing.Finding
	}{
		{
			"the subscription is pending",
			func(in *Input) { in.Directory.Subscriptions[0].Status = billing.Pending },
			about(billing.FindingUnknownSub, "s1", name+" of "+alderName+" (subscription s1): Microsoft bills it although it is pending",
				"wait until it is active, or ask Microsoft", "259.20 EUR"),
		},
		{
			"the directory calls it a trial",
			func(in *Input) { in.Directory.Subscriptions[0].Trial = true },
			about(billing.FindingUnknownSub, "s1", name+" of "+alderName+" (subscription s1): Microsoft charges it although the directory calls it trial",
				"read the subscriptions again; when it stays, ask Microsoft", "259.20 EUR"),
		},
		{
			"the directory calls it free",
			func(in *Input) { in.Directory.Subscriptions[0].Offer.Frequency = billing.Free },
			about(billing.FindingUnknownSub, "s1", name+" of "+alderName+" (subscription s1): Microsoft charges it although the directory calls it free",
				"read the subscriptions again; when it stays, ask Microsoft", "259.20 EUR"),
		},
		{
			"nobody knows the subscription",
			func(in *Input) { in.Directory.Subscriptions = nil },
			about(billing.FindingUnknownSub, "s1", "invoice G104775210 bills subscription s1 of "+alderName+", which is not among the customer's subscriptions, so no line bills it: "+name,
				"read the subscriptions again; when it is gone at Microsoft, bill or credit the difference by hand", "259.20 EUR"),
		},
		{
			"the line names no subscription",
			func(in *Input) { in.Lines[0].Lines[0].SubscriptionID = "" },
			about(billing.FindingUnknownSub, "none/alder", "invoice G104775210 bills licences of "+alderName+" without naming a subscription, so no line bills them: "+name,
				"read or import the invoice again; when it stays so, bill the difference by hand", "259.20 EUR"),
		},
		{
			"it ended before it was applied",
			func(in *Input) { in.Directory.Subscriptions[0].Status = billing.Ended },
			about(billing.FindingUnknownSub, "s1",
				name+" of "+alderName+" (subscription s1): it ended before it was ever on the contract, so no line bills what Microsoft charged for it",
				"bill the difference by hand if the customer should pay it", "259.20 EUR"),
		},
		{
			"the customer is not mapped",
			func(in *Input) { in.Mappings.Companies = nil },
			about(billing.FindingUnmapped, "alder", alderName+" is not mapped to a company, so nothing of it is billed: "+name,
				"map the customer to an Autotask company, or switch its billing off", "259.20 EUR"),
		},
		{
			"the line names no customer",
			func(in *Input) { in.Lines[0].Lines[0].CustomerID = "" },
			nobodys(about(billing.FindingUnmapped, "nobody", "Microsoft bills lines that name no customer, so nobody is billed for them: "+name,
				"read or import the invoice again; when it stays so, ask Microsoft whose they are", "259.20 EUR")),
		},
		{
			"no contract is chosen",
			func(in *Input) { in.Mappings.Routes = nil },
			about(billing.FindingNoRoute, "alder", "no contract is chosen for something of "+alderName+": "+name,
				"map it, or the whole customer, to a contract, or let Spindle manage one", "259.20 EUR"),
		},
		{
			"the contract is gone",
			func(in *Input) { in.Mappings.Routes[0].ContractID = "404" },
			about(billing.FindingContractGone, "alder/404", "contract 404 of "+alderName+" is not among the active recurring contracts: "+name,
				"choose an active recurring contract of the customer's company", "259.20 EUR"),
		},
		{
			"the contract is another company's",
			func(in *Input) { in.Mappings.Routes[0].ContractID = dunCon },
			about(billing.FindingContractGone, "alder/9002", "contract 9002 (Cloud) belongs to company 101, but "+alderName+" is mapped to company 100: "+name,
				"choose an active recurring contract of the customer's company", "259.20 EUR"),
		},
		{
			"the managed contract is another company's",
			func(in *Input) {
				in.Mappings.Routes[0] = billing.Route{CustomerID: alder, Managed: true}
				in.Catalogue.Contracts = append(in.Catalogue.Contracts, billing.Contract{ID: "77", Mark: billing.ContractMark(org, alder, "cloud"), CompanyID: dunCo, Active: true})
			},
			about(billing.FindingContractGone, "alder/77", "the managed contract 77 of "+alderName+" belongs to company 101, but the customer is mapped to company 100: "+name,
				"map the customer back, or end the old contract and route the customer to a contract of the new company", "259.20 EUR"),
		},
		{
			"the company is gone",
			func(in *Input) {
				in.Mappings.Companies[0].CompanyID, in.Mappings.Companies[0].CompanyName = "404", "Alder"
				in.Catalogue.Contracts[0].CompanyID = "404"
			},
			about(billing.FindingCustomerGone, "alder", "company 404 (Alder) that "+alderName+" is mapped to is missing or inactive in the target: "+name,
				"map the customer to another company, or make the company active again", "259.20 EUR"),
		},
		{
			"the company is inactive",
			func(in *Input) {
				in.Catalogue.Companies[0].Active, in.Mappings.Companies[0].CompanyName = false, "Alder"
			},
			about(billing.FindingCustomerGone, "alder", "company 100 (Alder) that "+alderName+" is mapped to is missing or inactive in the target: "+name,
				"map the customer to another company, or make the company active again", "259.20 EUR"),
		},
		{
			"the company is gone, and nobody noted its name",
			func(in *Input) {
				in.Mappings.Companies[0].CompanyID, in.Catalogue.Contracts[0].CompanyID = "404", "404"
			},
			about(billing.FindingCustomerGone, "alder", "company 404 that "+alderName+" is mapped to is missing or inactive in the target: "+name,
				"map the customer to another company, or make the company active again", "259.20 EUR"),
		},
		{
			"the contract is another company's, and has no name",
			func(in *Input) { in.Mappings.Routes[0].ContractID, in.Catalogue.Contracts[1].Name = dunCon, "" },
			about(billing.FindingContractGone, "alder/9002", "contract 9002 belongs to company 101, but "+alderName+" is mapped to company 100: "+name,
				"choose an active recurring contract of the customer's company", "259.20 EUR"),
		},
		{
			"the service is gone, and nobody noted its name",
			func(in *Input) { mapped(in, "404", "") },
			nobodys(about(billing.FindingServiceGone, offer, "service 404, chosen for "+name+" (P1Y, monthly), is missing or inactive in the target",
				"choose another service for the offer, or make the service active again", "259.20 EUR")),
		},
		{
			"the service is gone",
			func(in *Input) { mapped(in, "404", "Old seats") },
			nobodys(about(billing.FindingServiceGone, offer, "service 404 (Old seats), chosen for "+name+" (P1Y, monthly), is missing or inactive in the target",
				"choose another service for the offer, or make the service active again", "259.20 EUR")),
		},
		{
			"the service has another period",
			func(in *Input) { mapped(in, "71", "Yearly seats") },
			nobodys(about(billing.FindingPeriodMismatch, offer, "service 71 (M365 BP yearly) is billed yearly but "+name+" (P1Y, monthly) is charged monthly",
				"choose a monthly service for the offer, or remove the mapping so that Spindle creates one", "259.20 EUR")),
		},
		{
			"no code for services",
			func(in *Input) { in.Settings.ServiceCodeID = "" },
			nobodys(about(billing.FindingSettings, "new services", "new services need a billing code for services (service allocation), which is not set: "+name,
				"set it in the Autotask settings", "259.20 EUR")),
		},
		{
			"no cost",
			func(in *Input) { in.Lines = nil },
			about(billing.FindingNoCost, "s1", name+" of "+alderName+" (subscription s1): no line of this offer has been billed yet",
				"import an invoice that bills it, or give it a fixed price", "0"),
		},
		{
			"no price",
			func(in *Input) { rule(in, billing.PriceRule{Kind: billing.MarginRule, Value: num("100")}) },
			about(billing.FindingNoPrice, "s1", name+" of "+alderName+" (subscription s1): price rule list (margin 100) makes no price",
				"correct the price rule: a margin must be below 100 %", "259.20 EUR"),
		},
		{
			"below cost",
			func(in *Input) { rule(in, billing.PriceRule{Kind: billing.FixedRule, Value: num("20")}) },
			about(billing.FindingBelowCost, "s1", name+" of "+alderName+" (subscription s1): the price 20.00 EUR is below the cost 21.60 EUR (rule list)",
				"raise the price, or allow the rule to go below cost", "259.20 EUR"),
		},
		{
			"a company in francs",
			func(in *Input) { in.Catalogue.Companies[0].Currency = "CHF" },
			about(billing.FindingCurrency, "s1",
				name+" of "+alderName+" (subscription s1): the money is in EUR but company 100 is billed in CHF, and Spindle does not convert",
				"give it a fixed price and cost in the company's currency, or correct the company's currency", "259.20 EUR"),
		},
		{
			"a fixed price in dollars",
			func(in *Input) {
				rule(in, billing.PriceRule{Kind: billing.FixedRule, Value: num("20"), Currency: "USD"})
			},
			about(billing.FindingCurrency, "s1",
				name+" of "+alderName+" (subscription s1): the money is in USD but company 100 is billed in EUR, and Spindle does not convert",
				"give it a fixed price and cost in the company's currency, or correct the company's currency", "259.20 EUR"),
		},
		{
			"a custom service that is billed once",
			func(in *Input) {
				in.Lines = nil
				s := &in.Directory.Subscriptions[0]
				s.Kind, s.Offer.Frequency, s.Name = billing.CustomService, billing.OneTime, "Backup"
			},
			about(billing.FindingPeriodMismatch, "s1", "Backup of "+alderName+" (subscription s1): a custom service cannot be billed one-time",
				"bill it monthly or annually, or enter it in Autotask by hand", "0"),
		},
		{
			"a charge type nobody knows",
			func(in *Input) { in.Lines[0].Lines[0].Kind = "transfer" },
			nobodys(about(billing.FindingUnknownCharge, "transfer", `Microsoft used the charge type "transfer", which is not known; its amount counts as stated`,
				"check the lines of this charge type on the invoice", "259.20 EUR")),
		},
		{
			"the invoice lost a line",
			func(in *Input) { in.InvoiceTotals = map[string]money.Amount{invoice: eur("400")} },
			nobodys(about(billing.FindingTotals, "invoice/"+invoice, "the lines of invoice G104775210 add up to 259.20 EUR with tax, but the invoice says 400.00 EUR",
				"read or import the invoice again; if it stays so, ask Microsoft which lines are missing before you close the month", "140.80 EUR")),
		},
		{
			"the set lost a line",
			func(in *Input) { in.Lines[0].Total.Add(eur("1")) },
			nobodys(about(billing.FindingTotals, "billed-lines/"+partner+"/"+invoice, "the lines of invoice G104775210 add up to 259.20 EUR, but its total is 260.20 EUR",
				"read or import the invoice again", "0")),
		},
		{
			"no code for charges",
			func(in *Input) {
				azure(in)
				in.Settings.MaterialCodeID = ""
			},
			nobodys(about(billing.FindingSettings, "Azure and one-off charges",
				"Azure and one-off charges need a material billing code (Azure material code), which is not set: B2s", "set it in the Autotask settings", "6.52 EUR")),
		},
		{
			"usage is missing",
			func(in *Input) {
				azure(in)
				in.Usage = nil
			},
			dunmores(about(billing.FindingUsageMissing, invoice+"/dunmore",
				"no usage stands behind Azure lines of "+dunmoreName+" on invoice G104775210, so they follow the customer's route, not that of a resource group: Virtual Machines",
				"read or import the daily usage of the invoice", "6.52 EUR")),
		},
		{
			"usage differs",
			func(in *Input) {
				azure(in)
				in.Usage[0].Groups[0].Cost = eur("9.52")
			},
			dunmores(about(billing.FindingTotals, "usage/"+invoice+"/dunmore", "usage and lines of invoice G104775210 differ for "+dunmoreName+": Virtual Machines",
				"read both again; what Microsoft bills on the lines is what counts", "3.00 EUR")),
		},
		{
			"a charge in another currency",
			func(in *Input) {
				azure(in)
				in.Catalogue.Companies[1].Currency = "USD"
			},
			dunmores(about(billing.FindingCurrency, "charges/dunmore", "Microsoft bills "+dunmoreName+" in EUR but company 101 is billed in USD, and Spindle does not convert: B2s",
				"bill it by hand, or correct the company's currency", "6.52 EUR")),
		},
		{
			"a charge that makes no price",
			func(in *Input) {
				azure(in)
				rule(in, billing.PriceRule{Kind: billing.MarginRule, Value: num("100")})
			},
			nobodys(about(billing.FindingNoPrice, "rule/list", "price rule list (margin 100) makes no price: B2s", "correct the price rule", "6.52 EUR")),
		},
		{
			"a charge with a price in dollars",
			func(in *Input) {
				azure(in)
				rule(in, billing.PriceRule{Kind: billing.FixedRule, Value: num("9"), Currency: "USD", ProductID: azureProduct})
			},
			nobodys(about(billing.FindingCurrency, "rule/list", "price rule list is in USD but the cost is in EUR: B2s", "correct the price rule", "6.52 EUR")),
		},
		{
			"a charge below cost",
			func(in *Input) {
				azure(in)
				rule(in, billing.PriceRule{Kind: billing.MarkupRule, Value: num("-50")})
			},
			dunmores(about(billing.FindingBelowCost, "azure|9002|2026-09|*|EUR", "Azure consumption 2026-09: the price 3.26 EUR is below the cost 6.52 EUR (rule list)",
				"raise the price, or allow the rule to go below cost", "6.52 EUR")),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := world()
			in.Directory.Subscriptions = []billing.Subscription{seat("s1", 12)}
			in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
			test.edit(&in)
			if diff := cmp.Diff(test.want, findingOf(t, Rate(in), test.want.ID())); diff != "" {
				t.Error(diff)
			}
		})
	}
}
