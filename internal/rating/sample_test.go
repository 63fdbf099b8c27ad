package rating

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// sampleLines is the invoice of the Microsoft sheet's appendix B, all 34 lines: row, subscription, product, name, charge type, frequency,
// charged from and to, term from and to, list and effective unit price, quantity, pricing currency, cost, tax, meter category. The
// subscription's name begins with the customer.
const sampleLines = `
1 | alder-premium | CFQ7TTC07DHZ:0001 | Microsoft 365 Business Premium | new | monthly | 2026-09-10 | 2026-10-09 | 2026-09-10 | 2027-09-09 | 21.6 | 21.6 | 12 | EUR | 259.20 | 59.62 | -
2 | alder-premium | CFQ7TTC07DHZ:0001 | Microsoft 365 Business Premium | addquantity | monthly | 2026-09-14 | 2026-10-09 | 2026-09-10 | 2027-09-09 | 21.6 | -18.72 | 12 | EUR | -224.64 | -51.67 | -
3 | alder-premium | CFQ7TTC07DHZ:0001 | Microsoft 365 Business Premium | addquantity | monthly | 2026-09-14 | 2026-10-09 | 2026-09-10 | 2027-09-09 | 21.6 | 18.72 | 15 | EUR | 280.80 | 64.58 | -
4 | bright-exchange | CFQ7TTC0LS7V:0001 | Exchange Online (Plan 1) | new | monthly | 2026-09-03 | 2026-10-02 | 2026-09-03 | 2026-10-02 | 4.8 | 4.8 | 40 | EUR | 192.00 | 44.16 | -
5 | bright-exchange | CFQ7TTC0LS7V:0001 | Exchange Online (Plan 1) | removequantity | monthly | 2026-09-08 | 2026-10-02 | 2026-09-03 | 2026-10-02 | 4.8 | -4 | 40 | EUR | -160.00 | -36.80 | -
6 | bright-exchange | CFQ7TTC0LS7V:0001 | Exchange Online (Plan 1) | removequantity | monthly | 2026-09-08 | 2026-10-02 | 2026-09-03 | 2026-10-02 | 4.8 | 4 | 32 | EUR | 128.00 | 29.44 | -
7 | cobalt-e3 | CFQ7TTC034ZW:0001 | Microsoft 365 E3 (no Teams) | cyclecharge | monthly | 2026-09-14 | 2026-10-13 | 2026-02-14 | 2027-02-13 | 37.95 | 37.95 | 85 | EUR | 3225.75 | 741.92 | -
8 | dunmore-dynamics | CFQ7TTC04P4W:0002 | Dynamics 365 Sales Professional | cyclecharge | monthly | 2026-09-19 | 2026-10-18 | 2026-06-19 | 2027-06-18 | 65.1 | 55.335 | 20 | EUR | 1106.60 | 254.52 | -
9 | dunmore-powerbi | CFQ7TTC03H9C:0001 | Power BI Pro | renew | annual | 2026-09-22 | 2027-09-21 | 2026-09-22 | 2027-09-21 | 117 | 117 | 25 | EUR | 2925.00 | 672.75 | -
10 | eastfen-business | CFQ7TTC09Q8C:0001 | Microsoft 365 Business Basic | cyclecharge | monthly | 2026-09-05 | 2026-10-04 | 2026-01-05 | 2027-01-04 | 5.6 | 5.6 | 30 | EUR | 168.00 | 38.64 | -
11 | eastfen-business | CFQ7TTC09Q8C:0001 | Microsoft 365 Business Basic | convert | monthly | 2026-09-20 | 2026-10-04 | 2026-01-05 | 2027-01-04 | 5.6 | -2.8 | 30 | EUR | -84.00 | -19.32 | -
12 | eastfen-business | CFQ7TTC0Q1N5:0001 | Microsoft 365 Business Standard | convert | monthly | 2026-09-20 | 2026-10-04 | 2026-01-05 | 2027-01-04 | 11.6 | 5.8 | 30 | EUR | 174.00 | 40.02 | -
13 | bright-visio | CFQ7TTC010XW:0001 | Visio Plan 2 | new | monthly | 2026-09-24 | 2026-10-23 | 2026-09-24 | 2026-10-23 | 18 | 18 | 6 | EUR | 108.00 | 24.84 | -
14 | bright-visio | CFQ7TTC010XW:0001 | Visio Plan 2 | cancelimmediate | monthly | 2026-09-26 | 2026-10-23 | 2026-09-24 | 2026-10-23 | 18 | -16.8 | 6 | EUR | -100.80 | -23.18 | -
15 | cobalt-trial | CFQ7TTC0VN83:0007 | Microsoft Teams Premium Trial | new | - | 2026-09-01 | 2026-09-30 | 2026-09-01 | 2026-09-30 | 0 | 0 | 25 | EUR | 0.00 | 0.00 | -
16 | dunmore-teams | CFQ7TTC0VN83:0007 | Microsoft Teams Premium Trial | convert | - | 2026-09-17 | 2026-09-17 | 2026-08-18 | 2026-09-16 | 0 | 0 | 25 | EUR | 0.00 | 0.00 | -
17 | dunmore-teams | CFQ7TTC0VN83:0001 | Microsoft Teams Premium | convert | monthly | 2026-09-17 | 2026-10-16 | 2026-09-17 | 2027-09-16 | 8.4 | 8.4 | 25 | EUR | 210.00 | 48.30 | -
18 | cobalt-planner | CFQ7TTC0P7ZL:0001 | Planner and Project Plan 3 | changebillingplan | annual | 2026-09-12 | 2027-08-11 | 2026-08-12 | 2027-08-11 | 324 | 297 | 8 | EUR | 2376.00 | 546.48 | -
19 | bright-standard | CFQ7TTC0Q1N5:0001 | Microsoft 365 Business Standard | movequantity | monthly | 2026-09-18 | 2026-10-04 | 2026-03-05 | 2027-03-04 | 11.7 | -6.63 | 10 | EUR | -66.30 | -15.25 | -
20 | bright-premium | CFQ7TTC07DHZ:0001 | Microsoft 365 Business Premium | movequantity | monthly | 2026-09-18 | 2026-10-11 | 2026-05-12 | 2027-05-11 | 21.6 | -17.28 | 20 | EUR | -345.60 | -79.49 | -
21 | bright-premium | CFQ7TTC07DHZ:0001 | Microsoft 365 Business Premium | movequantity | monthly | 2026-09-18 | 2026-10-11 | 2026-05-12 | 2027-05-11 | 21.6 | 17.28 | 30 | EUR | 518.40 | 119.23 | -
22 | cobalt-reservation | DZH318Z0LNT0:00VG | Reserved VM Instance, Standard_B2ms, EU West, 1 Year | cyclecharge | monthly | 2026-09-07 | 2026-10-06 | 2026-04-07 | 2027-04-06 | 24.5 | 24.5 | 2 | USD | 42.22 | 9.71 | -
23 | dunmore-savings | DZH318Z0ML23:0011 | Azure savings plan for compute, 3 Years | cyclecharge | monthly | 2026-09-04 | 2026-10-03 | 2025-09-04 | 2028-09-03 | 255.5 | 255.5 | 1 | USD | 220.16 | 50.64 | -
24 | eastfen-windows | DG7GMGF0MH7L:0003 | Windows Server 2025 Standard - 16 Core License Pack | new | - | 2026-09-15 | - | 2026-09-15 | - | 985 | 985 | 1 | EUR | 985.00 | 226.55 | -
25 | alder-backup | DZH318Z09CC5:000Q | Fernbank Backup - Per User | new | monthly | 2026-09-16 | 2026-10-15 | 2026-09-16 | 2026-10-15 | 3.25 | 3.25 | 50 | USD | 140.00 | 32.20 | -
26 | dunmore-azure | DZH318Z0M1T9:00VL | Virtual Machines BS Series | new | monthly | 2026-09-01 | 2026-09-30 | 2025-01-01 | - | 0.048 | 0.0408 | 185.7666670001 | USD | 6.52 | 1.50 | Virtual Machines
27 | dunmore-azure | DZH318Z0X542:004V | Storage Tables | new | monthly | 2026-09-01 | 2026-09-30 | 2025-01-01 | - | 0.045 | 0.03825 | 287.120247 | USD | 9.46 | 2.18 | Storage
28 | dunmore-azure | DZH318Z0X542:004V | Storage Tables | new | monthly | 2026-08-01 | 2026-08-31 | 2025-01-01 | - | 0.045 | 0.03825 | 69.298104 | USD | 2.28 | 0.52 | Storage
29 | dunmore-azure | DZH318Z0WXP4:00GV | Log Analytics | new | monthly | 2026-09-01 | 2026-09-30 | 2025-01-01 | - | 2.76 | 2.76 | 2.785419 | USD | 6.61 | 1.52 | Log Analytics
30 | dunmore-azure | DZH318Z09WSJ:00KT | Virtual Machines Dsv5 Series | new | monthly | 2026-09-01 | 2026-09-30 | 2025-01-01 | - | 0.23 | 0.23 | 2.6 | USD | 0.50 | 0.12 | Virtual Machines
31 | cobalt-azure | DZH318Z0RXGR:00L5 | Bandwidth Inter-Region | new | monthly | 2026-09-01 | 2026-09-30 | 2025-01-01 | - | 0.02 | 0.02 | 45.75413431 | USD | 0.78 | 0.18 | Bandwidth
32 | cobalt-azure | DZH318Z0M1T9:00VL | Virtual Machines BS Series | new | monthly | 2026-09-01 | 2026-09-30 | 2025-01-01 | - | 0.048 | 0.0408 | 72 | USD | 2.52 | 0.58 | Virtual Machines
33 | bright-azure | DZH318Z0X542:004V | Storage Tables | new | monthly | 2026-09-01 | 2026-09-30 | 2025-01-01 | - | 0.045 | 0.045 | 241 | USD | 9.34 | 2.15 | Storage
34 | bright-azure | DZH318Z0X542:004V | Storage Tables | customercredit | monthly | 2026-09-01 | 2026-09-30 | 2025-01-01 | - | 0.045 | -0.045 | 241 | USD | -9.34 | -2.15 | Storage
`

// sampleUsage is the daily usage of that invoice: plan, resource group, product, meter category, charged from and to, rows, cost, cost
// before partner earned credit.
const sampleUsage = `
dunmore-azure | rg-erp-prod | DZH318Z0M1T9:00VL | Virtual Machines | 2026-09-01 | 2026-09-30 | 6 | 4.623778807722636 | 5.43973977379133616
dunmore-azure | rg-web-prod | DZH318Z0M1T9:00VL | Virtual Machines | 2026-09-01 | 2026-09-30 | 3 | 1.90728678 | 2.2438668
dunmore-azure | rg-erp-prod | DZH318Z0X542:004V | Storage | 2026-09-01 | 2026-09-30 | 4 | 9.463490519126175 | 11.1335182577955
dunmore-azure | rg-erp-prod | DZH318Z0X542:004V | Storage | 2026-08-01 | 2026-08-31 | 1 | 2.2840672402926 | 2.687137929756
dunmore-azure | rg-dev-shared | DZH318Z0WXP4:00GV | Log Analytics | 2026-09-01 | 2026-09-30 | 3 | 6.624539724348 | 6.624539724348
dunmore-azure | rg-etl-prod | DZH318Z09WSJ:00KT | Virtual Machines | 2026-09-01 | 2026-09-30 | 3 | 0.5152966 | 0.5152966
cobalt-azure | rg-shared-net | DZH318Z0RXGR:00L5 | Bandwidth | 2026-09-01 | 2026-09-30 | 4 | 0.78852675069854 | 0.78852675069854
cobalt-azure | rg-shared-vm | DZH318Z0M1T9:00VL | Virtual Machines | 2026-09-01 | 2026-09-30 | 3 | 2.53132992 | 2.9780352
bright-azure | rg-archive | DZH318Z0X542:004V | Storage | 2026-09-01 | 2026-09-30 | 2 | 9.3451365 | 9.3451365
`

// sampleSeats are the subscriptions on the day of the plan: id, kind, seats, status, product, term, frequency.
const sampleSeats = `
alder-premium | licence | 15 | active | CFQ7TTC07DHZ:0001 | P1Y | monthly
alder-backup | other | 50 | active | DZH318Z09CC5:000Q | P1M | monthly
bright-exchange | licence | 32 | active | CFQ7TTC0LS7V:0001 | P1M | monthly
bright-visio | licence | 0 | ended | CFQ7TTC010XW:0001 | P1M | monthly
bright-standard | licence | 0 | ended | CFQ7TTC0Q1N5:0001 | P1Y | monthly
bright-premium | licence | 30 | active | CFQ7TTC07DHZ:0001 | P1Y | monthly
bright-azure | azure-plan | 1 | active | : | - | metered
cobalt-e3 | licence | 85 | active | CFQ7TTC034ZW:0001 | P1Y | monthly
cobalt-trial | licence | 25 | ended | CFQ7TTC0VN83:0007 | P1M | free
cobalt-planner | licence | 8 | active | CFQ7TTC0P7ZL:0001 | P1Y | annual
cobalt-reservation | other | 2 | active | DZH318Z0LNT0:00VG | P1Y | monthly
cobalt-azure | azure-plan | 1 | active | : | - | metered
dunmore-dynamics | licence | 20 | active | CFQ7TTC04P4W:0002 | P1Y | monthly
dunmore-powerbi | licence | 25 | active | CFQ7TTC03H9C:0001 | P1Y | annual
dunmore-teams | licence | 25 | active | CFQ7TTC0VN83:0001 | P1Y | monthly
dunmore-savings | other | 1 | active | DZH318Z0ML23:0011 | P3Y | monthly
dunmore-azure | azure-plan | 1 | active | : | - | metered
eastfen-business | licence | 30 | active | CFQ7TTC0Q1N5:0001 | P1Y | monthly
eastfen-windows | other | 1 | active | DG7GMGF0MH7L:0003 | - | one-time
`

// cells splits a table into rows and cells; "-" is an empty cell.
func cells(table string) [][]string {
	var rows [][]string
	for line := range strings.Lines(strings.TrimSpace(table)) {
		var row []string
		for cell := range strings.SplitSeq(strings.TrimSpace(line), " | ") {
			row = append(row, strings.TrimSuffix(strings.TrimSpace(cell), "-"))
		}
		rows = append(rows, row)
	}
	return rows
}

// maybe makes a period from inclusive days; without a last day it is open.
func maybe(from, to string) billing.Period {
	if to == "" {
		return billing.Period{Start: day(from)}
	}
	return days(from, to)
}

// ownerOf gives the customer that a sample subscription's name begins with.
func ownerOf(subscription string) billing.CustomerID {
	customer, _, _ := strings.Cut(subscription, "-")
	return billing.CustomerID(customer)
}

func sampleLine(row []string) billing.LineItem {
	number, _ := strconv.Atoi(row[0])
	product, sku, _ := strings.Cut(row[2], ":")
	l := billing.LineItem{
		Key: "row-" + row[0], Row: number, Invoice: invoice, CustomerID: ownerOf(row[1]), SubscriptionID: billing.SubscriptionID(row[1]),
		ProductID: product, SKUID: sku, SKUName: row[3], ProductName: row[3], Publisher: "Microsoft Corporation", Kind: billing.ChargeKind(row[4]),
		Frequency: billing.Frequency(row[5]), Charged: maybe(row[6], row[7]), TermPeriod: maybe(row[8], row[9]), OrderDate: day(row[6]),
		ListUnitCost: num(row[10]), EffectiveUnitCost: num(row[11]), Quantity: num(row[12]), BillableQuantity: num(row[12]),
		PricingCurrency: money.Currency(row[13]), ExchangeRate: num("1"), Cost: eur(row[14]), Tax: eur(row[15]), Meter: row[16],
		Trial: strings.Contains(row[3], "Trial"),
	}
	l.Total, _ = l.Cost.Add(l.Tax)
	if l.PricingCurrency == "USD" {
		l.ExchangeRate = num("0.8617")
	}
	switch {
	case l.Charged.IsOpen(): // perpetual
		l.Charged, l.Frequency = billing.Period{}, billing.OneTime
	case l.SubscriptionID == "alder-backup":
		l.Publisher = "Fernbank Software Ltd"
	case l.SubscriptionID == "cobalt-e3", l.SubscriptionID == "cobalt-reservation", l.SubscriptionID == "dunmore-savings":
		l.ReservationOrderID = "order" // a plain licence line carries one too
	}
	return l
}

func sampleGroup(row []string) billing.UsageGroup {
	product, sku, _ := strings.Cut(row[2], ":")
	n, _ := strconv.ParseInt(row[6], 10, 64)
	return billing.UsageGroup{
		CustomerID: ownerOf(row[0]), PlanID: billing.SubscriptionID(row[0]), AzureSubscriptionID: billing.AzureSubscriptionID("sub of " + row[1]),
		ResourceGroup: row[1], ProductID: product, SKUID: sku, MeterCategory: row[3], Charged: days(row[4], row[5]), Rows: n, FirstDay: day(row[4]),
		Cost: eur(row[7]), BeforePEC: eur(row[8]), ExchangeRate: num("0.8617"), PricingCurrency: "USD",
	}
}

func sampleSubscription(row []string) billing.Subscription {
	product, sku, _ := strings.Cut(row[4], ":")
	n, _ := strconv.ParseInt(row[2], 10, 64)
	return billing.Subscription{
		ID: billing.SubscriptionID(row[0]), CustomerID: ownerOf(row[0]), Kind: billing.SubscriptionKind(row[1]), Quantity: n,
		Status: billing.SubscriptionStatus(row[3]), Trial: row[6] == "free", Start: day("2026-01-05"), Publisher: "Microsoft Corporation",
		Offer: billing.Offer{ProductID: product, SKUID: sku, Term: billing.Term(row[5]), Frequency: billing.Frequency(row[6])},
	}
}

// sampleWorld is the month of the sample with everybody mapped, switched on and routed to a contract of their own. Brightwater's
// Business Standard stands on its contract already; its Visio came and went within the month.
func sampleWorld() Input {
	in := world()
	in.Mappings, in.Catalogue, in.Directory = billing.Mappings{}, billing.Catalogue{Currency: "EUR"}, billing.Directory{}
	names := []string{"alder", "Alder Ridge Dental Group", "bright", "Brightwater Logistics, B.V.", "cobalt", "Cobalt Harbor Foods GmbH",
		"dunmore", "Dunmore Analytics Ltd", "eastfen", "Eastfen Municipal Library"}
	for i := 0; i < len(names); i += 2 {
		id, company := billing.CustomerID(names[i]), billing.CompanyID("company of "+names[i])
		in.Directory.Customers = append(in.Directory.Customers, billing.Customer{ID: id, Name: names[i+1]})
		in.Mappings.Companies = append(in.Mappings.Companies, billing.CompanyMapping{CustomerID: id, CompanyID: company})
		in.Mappings.Switches = append(in.Mappings.Switches, billing.BillingSwitch{CustomerID: id, On: true})
		in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: id, ContractID: billing.ContractID(id)})
		in.Catalogue.Companies = append(in.Catalogue.Companies, billing.Company{ID: company, Name: names[i+1], Active: true})
		in.Catalogue.Contracts = append(in.Catalogue.Contracts, billing.Contract{ID: billing.ContractID(id), CompanyID: company, Active: true, Recurring: true, Start: day("2026-01-01")})
	}
	for _, row := range cells(sampleSeats) {
		in.Directory.Subscriptions = append(in.Directory.Subscriptions, sampleSubscription(row))
	}
	var lines []billing.LineItem
	for _, row := range cells(sampleLines) {
		lines = append(lines, sampleLine(row))
	}
	var groups []billing.UsageGroup
	for _, row := range cells(sampleUsage) {
		groups = append(groups, sampleGroup(row))
	}
	in.Lines, in.Usage = []billing.LineSet{billedSet(lines...)}, []billing.UsageSet{usageSet(groups...)}
	in.LinePrices = map[string]money.Decimal{sampleKey("bright", "CFQ7TTC0Q1N5", "P1Y", billing.Monthly): num("14.04")}
	return in
}

// sampleKey is the key of a customer's line for SKU 0001 of a product.
func sampleKey(customer, product string, term billing.Term, f billing.Frequency) string {
	o := billing.Offer{ProductID: product, SKUID: "0001", Term: term, Frequency: f}
	return customer + "|" + billing.ServiceMark(o) + "|" + o.String()
}

// byOutcome adds the dispositions up: "billed 1.00 EUR, held 2.00 EUR".
func byOutcome(d billing.Desired) string {
	sums := map[string]money.Totals{}
	for _, x := range d.Dispositions {
		total := sums[string(x.Outcome)]
		total.Add(x.Cost)
		sums[string(x.Outcome)] = total
	}
	var parts []string
	for _, outcome := range sortedKeys(sums) {
		parts = append(parts, outcome+" "+sums[outcome].String())
	}
	return strings.Join(parts, ", ")
}

// lineTexts gives "contract name units cost → price" of every line, in order.
func lineTexts(d billing.Desired) []string {
	list := []string{}
	for _, l := range d.Lines {
		text := fmt.Sprintf("%s %s %d", l.Contract, l.Name, l.Units)
		switch {
		case !l.EndedOn.IsZero():
			text += " ended " + l.EndedOn.String()
		case l.UnitPrice == nil:
			text += fmt.Sprintf(" %s → no price", l.UnitCost)
		default:
			text += fmt.Sprintf(" %s → %s", l.UnitCost, l.UnitPrice)
		}
		list = append(list, text)
	}
	return list
}

// TestSampleLines: the recurring lines that the sample month asks for. Services carry 20 % markup; costs are what was billed for a whole
// cycle, or the list price where only part of a cycle was (Eastfen's upgrade, Cobalt's plan change, Brightwater's moved seats).
func TestSampleLines(t *testing.T) {
	want := []string{
		"alder Microsoft 365 Business Premium (P1Y, monthly) 15 21.60 EUR → 25.92 EUR",
		"bright Microsoft 365 Business Premium (P1Y, monthly) 30 21.60 EUR → 25.92 EUR",
		"bright Exchange Online (Plan 1) (P1M, monthly) 32 4.80 EUR → 5.76 EUR",
		"bright Microsoft 365 Business Standard (P1Y, monthly) 0 ended 2026-10-09",
		"cobalt Microsoft 365 E3 (no Teams) (P1Y, monthly) 85 37.95 EUR → 45.54 EUR",
		"cobalt Planner and Project Plan 3 (P1Y, annual) 8 324.00 EUR → 388.80 EUR",
		"dunmore Power BI Pro (P1Y, annual) 25 117.00 EUR → 140.40 EUR",
		"dunmore Dynamics 365 Sales Professional (P1Y, monthly) 20 55.33 EUR → 66.40 EUR", // not 55.335: what was billed counts
		"dunmore Microsoft Teams Premium (P1Y, monthly) 25 8.40 EUR → 10.08 EUR",
		"eastfen Microsoft 365 Business Standard (P1Y, monthly) 30 11.60 EUR → 13.92 EUR",
	}
	if got := lineTexts(Rate(sampleWorld())); !slices.Equal(got, want) {
		t.Errorf("lines\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestSampleCharges: the one-off charges of the sample month: Azure and commitments with 10 % markup, what third parties sell and
// perpetual licences with 20 %.
func TestSampleCharges(t *testing.T) {
	want := []string{
		"cobalt Azure consumption 2026-09 3.30 EUR → 3.63 EUR",
		"dunmore Azure consumption 2026-09 25.37 EUR → 27.91 EUR", // 27.907
		"alder Fernbank Backup - Per User 140.00 EUR → 168.00 EUR",
		"cobalt Reserved VM Instance, Standard_B2ms, EU West, 1 Year 42.22 EUR → 46.44 EUR", // 46.442
		"dunmore Azure savings plan for compute, 3 Years 220.16 EUR → 242.18 EUR",           // 242.176
		"eastfen Windows Server 2025 Standard - 16 Core License Pack 985.00 EUR → 1182.00 EUR",
	}
	if got := summary(Rate(sampleWorld())); !slices.Equal(got, want) {
		t.Errorf("charges\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestSampleDispositions is law 6 on the sample: each of the 34 lines ends in one outcome, and they add up to the invoice's 12,106.46.
// Were a line dropped or counted twice, its row here and the sum would both be off.
func TestSampleDispositions(t *testing.T) {
	line := func(key string) string { return "billed " + key }
	alone := func(contract, row string) string {
		return "billed line|" + contract + "|billed-lines/" + partner + "/" + invoice + "|row-" + row
	}
	premiumOf := func(customer string) string { return line(sampleKey(customer, premium, "P1Y", billing.Monthly)) }
	exchange := line(sampleKey("bright", "CFQ7TTC0LS7V", "P1M", billing.Monthly))
	eastfen := line(sampleKey("eastfen", "CFQ7TTC0Q1N5", "P1Y", billing.Monthly))
	azureOf := func(customer string) string { return "billed azure|" + customer + "|2026-09|*|EUR" }
	const visio = "held line-without-subscription/bright-visio"
	want := []string{
		premiumOf("alder"), premiumOf("alder"), premiumOf("alder"), // new, and the addQuantity pair
		exchange, exchange, exchange, // new, and the removeQuantity pair
		line(sampleKey("cobalt", "CFQ7TTC034ZW", "P1Y", billing.Monthly)), // its reservation order makes it no reservation
		line("dunmore|spindle:CFQ7TTC04P4W:0002:P1Y:monthly|CFQ7TTC04P4W:0002:P1Y:monthly"),
		line(sampleKey("dunmore", "CFQ7TTC03H9C", "P1Y", billing.Annual)),
		eastfen, eastfen, eastfen, // cycle and refund of Business Basic, and the upgrade
		visio, visio, // bought and cancelled before it was on any contract
		"excluded trial", "excluded trial",
		line(sampleKey("dunmore", "CFQ7TTC0VN83", "P1Y", billing.Monthly)),
		line(sampleKey("cobalt", "CFQ7TTC0P7ZL", "P1Y", billing.Annual)),
		line(sampleKey("bright", "CFQ7TTC0Q1N5", "P1Y", billing.Monthly)), premiumOf("bright"), premiumOf("bright"), // the moveQuantity trio
		alone("cobalt", "22"), alone("dunmore", "23"), alone("eastfen", "24"), alone("alder", "25"),
		azureOf("dunmore"), azureOf("dunmore"), azureOf("dunmore"), azureOf("dunmore"), azureOf("dunmore"),
		azureOf("cobalt"), azureOf("cobalt"),
		"excluded zero-amount", "excluded zero-amount", // the usage and the credit that takes it back
	}
	in := sampleWorld()
	d := Rate(in)
	if len(d.Dispositions) != len(want) {
		t.Fatalf("%d dispositions, want %d", len(d.Dispositions), len(want))
	}
	var sum money.Totals
	for i, x := range d.Dispositions {
		if got := string(x.Outcome) + " " + x.By; x.Row != i+1 || got != want[i] || !x.Cost.Equal(in.Lines[0].Lines[i].Cost) {
			t.Errorf("row %d %s: %s, want row %d %s", x.Row, x.Cost, got, i+1, want[i])
		}
		sum.Add(x.Cost)
	}
	if sum.String() != "12106.46 EUR" || in.Lines[0].Total.String() != "14890.95 EUR" {
		t.Errorf("outcomes add up to %s, lines with tax to %s", sum, in.Lines[0].Total)
	}
	if got := byOutcome(d); got != "billed 12099.26 EUR, excluded 0.00 EUR, held 7.20 EUR" {
		t.Errorf("outcomes %s", got)
	}
}

// findingTexts gives "id money" of every finding, in order.
func findingTexts(d billing.Desired) []string {
	list := []string{}
	for _, f := range d.Findings {
		list = append(list, f.ID()+" "+f.Money.String())
	}
	return list
}

const visioFinding = "line-without-subscription/bright-visio 7.20 EUR"

// sampleAzure is what Azure alone is charged for in the sample month.
var sampleAzure = []string{"cobalt Azure consumption 2026-09 3.30 EUR → 3.63 EUR", "dunmore Azure consumption 2026-09 25.37 EUR → 27.91 EUR"}

// TestSampleDecisions changes one decision or one source at a time. Money only moves between outcomes: what is not billed is held or
// excluded, by name, and what Microsoft billed stays 12,106.46 EUR.
func TestSampleDecisions(t *testing.T) {
	route := func(in *Input, r billing.Route) {
		in.Mappings.Routes = append(in.Mappings.Routes, r)
		in.Catalogue.Contracts = append(in.Catalogue.Contracts, billing.Contract{ID: r.ContractID, CompanyID: billing.CompanyID("company of " + r.CustomerID), Active: true, Recurring: true})
	}
	tests := []struct {
		name     string
		edit     func(*Input)
		lines    int
		azure    []string // charges for consumption
		outcomes string
		findings []string
	}{
		{"as it is", func(*Input) {}, 10, sampleAzure, "billed 12099.26 EUR, excluded 0.00 EUR, held 7.20 EUR", []string{visioFinding}},
		{"Cobalt is not mapped", func(in *Input) { in.Mappings.Companies = slices.Delete(in.Mappings.Companies, 2, 3) }, 8, sampleAzure[1:],
			"billed 6451.99 EUR, excluded 0.00 EUR, held 5654.47 EUR", []string{"customer-unmapped/cobalt 5647.27 EUR", visioFinding}},
		{"nobody is mapped", func(in *Input) { in.Mappings.Companies = nil }, 0, nil, "excluded 0.00 EUR, held 12106.46 EUR",
			[]string{"customer-unmapped/alder 455.36 EUR", "customer-unmapped/bright 273.70 EUR", "customer-unmapped/cobalt 5647.27 EUR",
				"customer-unmapped/dunmore 4487.13 EUR", "customer-unmapped/eastfen 1243.00 EUR"}},
		{"Dunmore is switched off", func(in *Input) { in.Mappings.Switches[3].On = false }, 7, sampleAzure[:1],
			"billed 7612.13 EUR, excluded 4487.13 EUR, held 7.20 EUR", []string{visioFinding}},
		{"Dunmore's Azure is switched off", func(in *Input) {
			in.Mappings.Switches = append(in.Mappings.Switches, billing.BillingSwitch{CustomerID: "dunmore", SubscriptionID: "dunmore-azure"})
		}, 10, sampleAzure[:1], "billed 12073.89 EUR, excluded 25.37 EUR, held 7.20 EUR", []string{visioFinding}},
		{"Eastfen has no contract", func(in *Input) { in.Mappings.Routes = slices.Delete(in.Mappings.Routes, 4, 5) }, 9, sampleAzure,
			"billed 10856.26 EUR, excluded 0.00 EUR, held 1250.20 EUR", []string{visioFinding, "no-contract/eastfen 1243.00 EUR"}},
		{"one resource group goes elsewhere", func(in *Input) {
			route(in, billing.Route{CustomerID: "dunmore", ResourceGroup: "rg-web-prod", ContractID: "web"})
		}, 10, []string{sampleAzure[0], "dunmore Azure consumption 2026-09 23.47 EUR → 25.82 EUR", "web Azure consumption 2026-09 1.90 EUR → 2.09 EUR"}, // 6.52 is 4.62 and 1.90
			"billed 12099.26 EUR, excluded 0.00 EUR, held 7.20 EUR", []string{visioFinding}},
		{"one Azure subscription goes elsewhere", func(in *Input) {
			route(in, billing.Route{CustomerID: "dunmore", AzureSubscriptionID: "sub of rg-dev-shared", ContractID: "dev"})
		}, 10, []string{sampleAzure[0], "dev Azure consumption 2026-09 6.61 EUR → 7.27 EUR", "dunmore Azure consumption 2026-09 18.76 EUR → 20.64 EUR"}, // 7.271, 20.636
			"billed 12099.26 EUR, excluded 0.00 EUR, held 7.20 EUR", []string{visioFinding}},
		{"one line per meter category", func(in *Input) { in.Settings.AzureBundled = false }, 10, []string{
			"cobalt Bandwidth 2026-09 0.78 EUR → 0.86 EUR", "cobalt Virtual Machines 2026-09 2.52 EUR → 2.77 EUR", "dunmore Log Analytics 2026-09 6.61 EUR → 7.27 EUR",
			"dunmore Storage 2026-09 11.74 EUR → 12.91 EUR", "dunmore Virtual Machines 2026-09 7.02 EUR → 7.72 EUR"}, // each is rounded: a cent less than bundled
			"billed 12099.26 EUR, excluded 0.00 EUR, held 7.20 EUR", []string{visioFinding}},
		{"earned credit stays with the MSP", func(in *Input) { in.Settings.KeepEarnedCredit = true }, 10, []string{
			"cobalt Azure consumption 2026-09 3.30 EUR → 4.12 EUR", "dunmore Azure consumption 2026-09 25.37 EUR → 31.45 EUR"}, // only what had credit: 2.52 ÷ 0.85, not 0.78
			"billed 12099.26 EUR, excluded 0.00 EUR, held 7.20 EUR", []string{visioFinding}},
		{"no usage was read", func(in *Input) { in.Usage = nil }, 10, sampleAzure, "billed 12099.26 EUR, excluded 0.00 EUR, held 7.20 EUR",
			[]string{visioFinding, "usage-missing/G104775210/bright 9.34 EUR", "usage-missing/G104775210/cobalt 3.30 EUR", "usage-missing/G104775210/dunmore 25.37 EUR"}},
		{"the usage of one customer is missing", func(in *Input) {
			in.Usage[0].Groups = slices.DeleteFunc(in.Usage[0].Groups, func(g billing.UsageGroup) bool { return g.CustomerID == "cobalt" })
		}, 10, sampleAzure, "billed 12099.26 EUR, excluded 0.00 EUR, held 7.20 EUR", []string{visioFinding, "usage-missing/G104775210/cobalt 3.30 EUR"}},
		{"only usage was read", func(in *Input) { in.Lines, in.Directory.Subscriptions, in.LinePrices = nil, nil, nil }, 0, []string{
			"bright Azure consumption 2026-09 9.3451 EUR → 10.28 EUR", "cobalt Azure consumption 2026-09 3.3199 EUR → 3.65 EUR", "dunmore Azure consumption 2026-09 25.4185 EUR → 27.96 EUR"},
			"billed 38.083452842187951 EUR", nil},
		{"no code for charges", func(in *Input) { in.Settings.MaterialCodeID = "" }, 10, nil, "billed 10683.21 EUR, excluded 0.00 EUR, held 1423.25 EUR",
			[]string{visioFinding, "settings/Azure and one-off charges 1416.05 EUR"}},
		{"no code for new services", func(in *Input) { in.Settings.ServiceCodeID = "" }, 10, sampleAzure, "billed 1349.75 EUR, excluded 0.00 EUR, held 10756.71 EUR",
			[]string{visioFinding, "settings/new services 10749.51 EUR"}},
		{"Dunmore is billed in dollars", func(in *Input) { in.Catalogue.Companies[3].Currency = "USD" }, 10, sampleAzure[:1], "billed 7612.13 EUR, excluded 0.00 EUR, held 4494.33 EUR",
			[]string{"currency/charges/dunmore 245.53 EUR", "currency/dunmore-dynamics 1106.60 EUR", "currency/dunmore-powerbi 2925.00 EUR", "currency/dunmore-teams 210.00 EUR", visioFinding}},
		{"Brightwater's old line never stood", func(in *Input) { in.LinePrices = nil }, 9, sampleAzure, "billed 12165.56 EUR, excluded 0.00 EUR, held -59.10 EUR",
			[]string{"line-without-subscription/bright-standard -66.30 EUR", visioFinding}},
		{"the invoice belongs to October", func(in *Input) { in.InvoiceMonths = map[string]billing.Month{invoice: "2026-10"} }, 10, nil, "", nil},
		{"nothing is known about subscriptions", func(in *Input) { in.Directory.Subscriptions = nil }, 0, sampleAzure, "billed 1416.05 EUR, excluded 0.00 EUR, held 10690.41 EUR",
			[]string{"line-without-subscription/alder-premium 315.36 EUR", "line-without-subscription/bright-exchange 160.00 EUR", "line-without-subscription/bright-premium 172.80 EUR",
				"line-without-subscription/bright-standard -66.30 EUR", visioFinding, "line-without-subscription/cobalt-e3 3225.75 EUR", "line-without-subscription/cobalt-planner 2376.00 EUR",
				"line-without-subscription/dunmore-dynamics 1106.60 EUR", "line-without-subscription/dunmore-powerbi 2925.00 EUR", "line-without-subscription/dunmore-teams 210.00 EUR",
				"line-without-subscription/eastfen-business 258.00 EUR"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := sampleWorld()
			test.edit(&in)
			d := Rate(in)
			if len(d.Lines) != test.lines {
				t.Errorf("%d lines, want %d: %q", len(d.Lines), test.lines, lineTexts(d))
			}
			azure := slices.DeleteFunc(summary(d), func(c string) bool { return !strings.Contains(c, " 2026-09 ") })
			if !slices.Equal(azure, append([]string{}, test.azure...)) {
				t.Errorf("Azure %q, want %q", azure, test.azure)
			}
			if got := byOutcome(d); got != test.outcomes {
				t.Errorf("outcomes %q, want %q", got, test.outcomes)
			}
			if got := findingTexts(d); !slices.Equal(got, append([]string{}, test.findings...)) {
				t.Errorf("findings %q, want %q", got, test.findings)
			}
		})
	}
}

// TestSampleAgain: the same invoice next to a second one of the same month, a restated one, one of the month before and an unbilled
// estimate. Each invoice is counted once; only invoices of the month are charged.
func TestSampleAgain(t *testing.T) {
	credit := func(number string, edit func(*billing.LineItem)) billing.LineSet {
		l := sampleLine(cells(sampleLines)[24]) // Fernbank Backup
		l.Key, l.Invoice, l.Cost, l.Total = "credit", number, eur("-28.00"), eur("-28.00")
		if edit != nil {
			edit(&l)
		}
		set := billedSet(l)
		set.ID.Invoice = number
		return set
	}
	tests := []struct {
		name     string
		add      func(*Input)
		outcomes string
		count    int // dispositions
	}{
		{"a second invoice of the month", func(in *Input) { in.Lines = append(in.Lines, credit("G104775999", nil)) }, "billed 12071.26 EUR, excluded 0.00 EUR, held 7.20 EUR", 35},
		{"the first one once more", func(in *Input) { in.Lines = append(in.Lines, in.Lines[0]) }, "billed 12099.26 EUR, excluded 0.00 EUR, held 7.20 EUR", 34},
		{"restated with one line less", func(in *Input) {
			again := billedSet(in.Lines[0].Lines[:33]...) // without the credit on Brightwater's storage
			again.Version = "2"
			in.Lines = append(in.Lines, again)
		}, "billed 12108.60 EUR, excluded 0.00 EUR, held 7.20 EUR", 33},
		{"an invoice of August", func(in *Input) {
			in.Lines = append(in.Lines, credit("G104700000", func(l *billing.LineItem) {
				l.Charged, l.OrderDate = days("2026-08-16", "2026-09-15"), day("2026-08-16")
			}))
		}, "billed 12099.26 EUR, excluded 0.00 EUR, held 7.20 EUR", 34},
		{"an estimate", func(in *Input) {
			set := credit("", nil)
			set.ID = billing.SetID{Kind: billing.UnbilledLines, PartnerID: partner, Currency: "EUR", Month: "2026-09"}
			in.Lines = append(in.Lines, set)
		}, "billed 12099.26 EUR, excluded 0.00 EUR, held 7.20 EUR", 34},
		{"one number of two partners", func(in *Input) {
			set := credit(invoice, nil)
			set.ID.PartnerID = "another partner"
			in.Lines = append(in.Lines, set)
		}, "billed 12071.26 EUR, excluded 0.00 EUR, held 7.20 EUR", 35},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := sampleWorld()
			test.add(&in)
			d := Rate(in)
			if got := byOutcome(d); got != test.outcomes || len(d.Dispositions) != test.count {
				t.Errorf("outcomes %q of %d, want %q of %d", got, len(d.Dispositions), test.outcomes, test.count)
			}
			if costs := lineTexts(d); !slices.Equal(costs, lineTexts(Rate(sampleWorld()))) {
				t.Errorf("another document changed the lines: %q", costs)
			}
		})
	}
}

// TestFindingsNameThingsOnce: what a finding concerns is listed by one name each, whether a subscription or an invoice line told of it,
// at most five of them, and never again when the sentence names it already.
func TestFindingsNameThingsOnce(t *testing.T) {
	in := sampleWorld()
	in.Mappings.Companies = nil
	d := Rate(in)
	tests := []struct{ id, want string }{
		{"customer-unmapped/bright", "so nothing of it is billed: Exchange Online (Plan 1), Microsoft 365 Business Premium, Microsoft 365 Business Standard, Storage Tables, Visio Plan 2"},
		{"customer-unmapped/dunmore", "Power BI Pro and 3 more"},
		{"customer-unmapped/eastfen", "billed: Microsoft 365 Business Basic, Microsoft 365 Business Standard, Windows Server 2025 Standard - 16 Core License Pack"},
	}
	for _, test := range tests {
		if f := findingOf(t, d, test.id); !strings.HasSuffix(f.Message, test.want) {
			t.Errorf("%s says %q, want %q at its end", test.id, f.Message, test.want)
		}
	}
	in = sampleWorld()
	for i := range in.Directory.Subscriptions {
		in.Directory.Subscriptions[i].Name = "Visio Plan 2"
	}
	if f := findingOf(t, Rate(in), "line-without-subscription/bright-visio"); strings.Count(f.Message, "Visio Plan 2") != 1 {
		t.Errorf("message %q", f.Message)
	}
	entry := newFindings()
	entry.about(billing.Finding{Message: "look at"}, strings.Repeat("long ", 30), money.Amount{})
	if message := entry.list()[0].Message; len([]rune(message)) > len("look at: ")+whatNameMax {
		t.Errorf("a long name is not cut: %q", message)
	}
}
