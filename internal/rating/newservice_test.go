package rating

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// TestANewServiceInFull pins the catalogue entry that Spindle creates for an offer nobody mapped.
func TestANewServiceInFull(t *testing.T) {
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 12)}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
	want := []billing.DesiredService{{
		Mark:            "spindle:CFQ7TTC07DHZ:0001:P1Y:monthly",
		Offer:           premiumOffer,
		Name:            "Microsoft 365 Business Premium (P1Y, monthly)",
		Description:     "Microsoft Corporation, offer CFQ7TTC07DHZ:0001:P1Y:monthly",
		PeriodType:      billing.PeriodMonth,
		BillingCodeID:   codeSvc,
		VendorCompanyID: "7",
		UnitPrice:       eur("25.92"),
		UnitCost:        eur("21.60"),
	}}
	if diff := cmp.Diff(want, Rate(in).Services); diff != "" {
		t.Error(diff)
	}
	for name, test := range map[string]struct {
		rule  billing.PriceRule
		price string
	}{
		"of the SKU":        {billing.PriceRule{ProductID: premium + ":0001"}, "43.20 EUR"},
		"of another SKU":    {billing.PriceRule{ProductID: premium + ":0002"}, "25.92 EUR"},
		"of the product":    {billing.PriceRule{ProductID: premium}, "43.20 EUR"},
		"of everything":     {billing.PriceRule{}, "43.20 EUR"},
		"of Azure":          {billing.PriceRule{ProductID: azureProduct}, "25.92 EUR"},
		"of a subscription": {billing.PriceRule{SubscriptionID: "s1"}, "25.92 EUR"}, // the standard price is everybody's
		"from today on":     {billing.PriceRule{From: day("2026-10-09")}, "43.20 EUR"},
		"from tomorrow on":  {billing.PriceRule{From: day("2026-10-10")}, "25.92 EUR"},
		"up to yesterday":   {billing.PriceRule{To: day("2026-10-09")}, "25.92 EUR"},
		"with a currency":   {billing.PriceRule{Currency: "USD"}, "43.20 EUR"}, // a markup has no currency
	} {
		test.rule.ID, test.rule.Kind, test.rule.Value = "r", billing.MarkupRule, num("100")
		in.Mappings.Prices = []billing.PriceRule{test.rule}
		if s := Rate(in).Services[0]; s.UnitPrice.String() != test.price {
			t.Errorf("a rule %s: %s, want %s", name, s.UnitPrice, test.price)
		}
	}
}

// TestOneServicePerOffer: customers who hold one offer share its catalogue entry, which shows the cost of the first line in order of key, always the same
// one.
func TestOneServicePerOffer(t *testing.T) {
	other := seat("s2", 3)
	other.CustomerID = dunmore
	dear := change(bought("s2", "3", "90.00"), func(l *billing.LineItem) { l.CustomerID, l.Row = dunmore, 3 })
	for _, subs := range bothWays(seat("s1", 12), other) {
		in := world()
		in.Directory.Subscriptions = subs
		in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"), dear)}
		d := Rate(in)
		if len(d.Lines) != 2 || len(d.Services) != 1 || d.Services[0].UnitCost.String() != "21.60 EUR" || d.Lines[0].Service != d.Lines[1].Service {
			t.Errorf("lines %q, services %+v", lineTexts(d), d.Services)
		}
	}
}

// TestPeriodsOfServices: an offer is mapped to a service of its own period, or the line waits; each offer is judged by itself.
func TestPeriodsOfServices(t *testing.T) {
	for _, test := range []struct {
		frequency billing.Frequency
		service   billing.ServiceID
		held      bool
	}{
		{billing.Monthly, "70", false},
		{billing.Monthly, "71", true},
		{billing.Annual, "70", true},
		{billing.Annual, "71", false},
	} {
		s := seat("s1", 12)
		s.Offer.Frequency = test.frequency
		in := world()
		in.Directory.Subscriptions = []billing.Subscription{s}
		in.Mappings.Services = []billing.ServiceMapping{{Offer: s.Offer, ServiceID: test.service}}
		in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, Value: num("30")}}
		if l := only(t, Rate(in)); l.Service.ID != string(test.service) || (len(l.Holds) > 0) != test.held || test.held && l.Holds[0].Policy != HoldPeriodType {
			t.Errorf("%s on service %s: service %v, holds %v", test.frequency, test.service, l.Service, l.Holds)
		}
	}
}

// TestLongDescriptions: what the catalogue has no room for is cut.
func TestLongDescriptions(t *testing.T) {
	long := strings.Repeat("Ä", 500)
	for publisher, want := range map[string]string{long: strings.Repeat("Ä", 399) + "…", "": "Offer " + strings.Repeat("p", 393) + "…"} {
		s := ours("s1", 1, "5", "9")
		s.Publisher = publisher
		if publisher == "" {
			s.Offer.ProductID = strings.Repeat("p", 500)
		}
		in := world()
		in.Directory.Subscriptions = []billing.Subscription{s}
		if got := Rate(in).Services[0].Description; got != want {
			t.Errorf("%d letters: %s", len([]rune(got)), got)
		}
	}
}

// TestNamesOfOffers: an offer is called as billed last, else as the directory calls it, else by its ids; the term stands beside the frequency where there
// is one.
func TestNamesOfOffers(t *testing.T) {
	tests := []struct {
		name   string
		billed string
		edit   func(*billing.Subscription)
		want   string
	}{
		{"as billed", "Business Premium", func(*billing.Subscription) {}, "Business Premium (P1Y, monthly)"},
		{"as the directory says", "", func(*billing.Subscription) {}, "Microsoft 365 Business Premium (P1Y, monthly)"},
		{"as numbered", "", func(s *billing.Subscription) { s.Name = "" }, "CFQ7TTC07DHZ:0001 (P1Y, monthly)"},
		{"yearly", "", func(s *billing.Subscription) { s.Offer.Frequency = billing.Annual }, "Microsoft 365 Business Premium (P1Y, annual)"},
		{"without a term", "", func(s *billing.Subscription) { s.Offer.Term = "" }, "Microsoft 365 Business Premium (monthly)"},
		{"as long as the field", "", func(s *billing.Subscription) { s.Name = strings.Repeat("x", 85) }, strings.Repeat("x", 85) + " (P1Y, monthly)"},
		{"longer than the field", "", func(s *billing.Subscription) { s.Name = strings.Repeat("x", 86) }, strings.Repeat("x", 84) + "… (P1Y, monthly)"},
	}
	for _, test := range tests {
		s := seat("s1", 1)
		test.edit(&s)
		in := world()
		in.Directory.Subscriptions = []billing.Subscription{s}
		in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, Value: num("30")}}
		in.Lines = []billing.LineSet{billedSet(change(bought("s1", "1", "21.60"), func(l *billing.LineItem) { l.SKUName = test.billed }))}
		if l := only(t, Rate(in)); l.Name != test.want || len([]rune(l.Name)) > serviceNameMax {
			t.Errorf("%s: %q, want %q", test.name, l.Name, test.want)
		}
	}
}

// TestHoldsInFull pins each hold of a line that rating can make: its policy, its reason as the plan shows it, and whether a person may wave it through.
func TestHoldsInFull(t *testing.T) {
	five := usd("5")
	tests := []struct {
		name string
		edit func(*Input)
		want []billing.Hold
	}{
		{"no cost", func(in *Input) { in.Lines = nil },
			[]billing.Hold{{Policy: HoldNoCost, Why: "no line of this offer has been billed yet", Blocks: true}}},
		{"no cost, but a price", func(in *Input) {
			in.Lines = nil
			in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, Value: num("30")}}
		}, nil},
		{"a margin that makes no price", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "m", Kind: billing.MarginRule, Value: num("120")}}
		}, []billing.Hold{{Policy: HoldNoPrice, Why: "price rule m (margin 120) makes no price", Blocks: true}}},
		{"below cost", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, Value: num("21.59")}}
		}, []billing.Hold{{Policy: HoldBelowMargin, Why: "the price 21.59 EUR is below the cost 21.60 EUR (rule f)"}}},
		{"at cost", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, Value: num("21.60")}}
		}, nil},
		{"a cost in dollars, a price in euros: nobody can compare them", func(in *Input) {
			in.Lines[0].Lines[0].Cost, in.Lines[0].Lines[0].Total = usd("2592"), usd("2592")
			in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, Value: num("5")}}
		}, []billing.Hold{{Policy: HoldCurrency, Why: "the money is in USD but company 100 is billed in EUR, and Spindle does not convert", Blocks: true}}},
		{"a cost in dollars and a markup", func(in *Input) {
			in.Lines[0].Lines[0].Cost, in.Lines[0].Lines[0].Total = usd("2592"), usd("2592")
		}, []billing.Hold{{Policy: HoldCurrency, Why: "the money is in USD but company 100 is billed in EUR, and Spindle does not convert", Blocks: true}}},
		{"a custom service priced in dollars", func(in *Input) {
			s := &in.Directory.Subscriptions[0]
			s.Kind, s.UnitPrice = billing.CustomService, &five
		}, []billing.Hold{{Policy: HoldCurrency, Why: "the money is in USD but company 100 is billed in EUR, and Spindle does not convert", Blocks: true}}},
		{"the company and the contract's", func(in *Input) {
			in.Catalogue.Companies[0].Active, in.Mappings.Companies[0].CompanyName = false, "Alder"
			in.Mappings.Routes[0].ContractID = dunCon
		}, []billing.Hold{
			{Policy: HoldCompany, Why: "company 100 (Alder) that Alder Ridge Dental Group is mapped to is missing or inactive in the target", Blocks: true},
			{Policy: HoldContract, Why: "contract 9002 (Cloud) belongs to company 101, but Alder Ridge Dental Group is mapped to company 100", Blocks: true},
		}},
		{"the company alone: its contract is none of its trouble", func(in *Input) {
			in.Mappings.Companies[0].CompanyID, in.Mappings.Companies[0].CompanyName, in.Catalogue.Contracts[0].CompanyID = "404", "Gone", "404"
		}, []billing.Hold{{Policy: HoldCompany, Why: "company 404 (Gone) that Alder Ridge Dental Group is mapped to is missing or inactive in the target", Blocks: true}}},
		{"no code for services", func(in *Input) { in.Settings.ServiceCodeID = "" },
			[]billing.Hold{{Policy: HoldSettings, Why: "new services need a billing code for services (service allocation), which is not set", Blocks: true}}},
		{"a service of another period", func(in *Input) {
			in.Mappings.Services = []billing.ServiceMapping{{Offer: premiumOffer, ServiceID: "71"}}
		}, []billing.Hold{{Policy: HoldPeriodType, Why: "service 71 (M365 BP yearly) is billed yearly but Microsoft 365 Business Premium (P1Y, monthly) is charged monthly", Blocks: true}}},
	}
	for _, test := range tests {
		in := world()
		in.Directory.Subscriptions = []billing.Subscription{seat("s1", 12)}
		in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
		test.edit(&in)
		if l := only(t, Rate(in)); !slices.Equal(l.Holds, test.want) {
			t.Errorf("%s: %+v, want %+v", test.name, l.Holds, test.want)
		}
	}
	for policy, text := range map[string]string{ // stored: a released word never changes
		HoldBelowMargin: "hold-below-margin", HoldCurrency: "hold-currency", HoldNoCost: "hold-no-cost", HoldNoPrice: "hold-no-price", HoldPeriodType: "hold-period-type",
		HoldContract: "hold-contract-missing", HoldCompany: "hold-company-missing", HoldService: "hold-service-missing", HoldSettings: "hold-settings",
		RuleBillingOff: "billing-off", RuleBeforeFirst: "before-first-month", RuleTrial: "trial", RuleFree: "free", RuleZeroAmount: "zero-amount",
		ruleServiceMarkup: "organization-service-markup", ruleProductMarkup: "organization-product-markup", ruleCustomService: "custom-service",
	} {
		if policy != text {
			t.Errorf("the stored word %q became %q", text, policy)
		}
	}
}

// TestForeignPrices: only a fixed price has a currency; a percentage of euros is euros, whatever currency stands beside it.
func TestForeignPrices(t *testing.T) {
	tests := []struct {
		kind     billing.PriceRuleKind
		currency money.Currency
		foreign  bool
	}{
		{billing.FixedRule, "", false},
		{billing.FixedRule, "EUR", false},
		{billing.FixedRule, "USD", true},
		{billing.MarkupRule, "USD", false},
		{billing.MarginRule, "USD", false},
	}
	for _, test := range tests {
		if got := isForeign(billing.PriceRule{Kind: test.kind, Currency: test.currency}, "EUR"); got != test.foreign {
			t.Errorf("%s in %q is foreign: %v", test.kind, test.currency, got)
		}
	}
}
