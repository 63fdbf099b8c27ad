package rating

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// purchase is a line that neither consumption nor a recurring line answers for.
func purchase(edit func(*billing.LineItem)) billing.LineItem {
	l := billing.LineItem{
		Key: "p1", Row: 30, Invoice: invoice, CustomerID: dunmore, ProductID: "DZH318Z0ML23", SKUID: "0011", SKUName: "Azure savings plan for compute",
		ProductName: "Azure savings plan for compute", Publisher: "Microsoft", Kind: billing.ChargeCycle, SubscriptionID: "order-1", Frequency: billing.Monthly,
		Charged: days("2026-09-04", "2026-10-03"), OrderDate: day("2026-09-04"), ListUnitCost: num("255.5"), EffectiveUnitCost: num("255.5"),
		Quantity: num("1"), BillableQuantity: num("1"), PricingCurrency: "USD", ExchangeRate: num("0.8617"), Cost: eur("220.16"), Total: eur("220.16"), ReservationOrderID: "e28237",
	}
	edit(&l)
	return l
}

// TestOneOffLines: every kind of line that is neither consumption nor a licence becomes a charge of its own (design §6.4).
func TestOneOffLines(t *testing.T) {
	same := func(*billing.LineItem) {}
	tests := []struct {
		name     string
		edit     func(*billing.LineItem)
		kind     billing.SubscriptionKind // "" for a subscription the directory does not know
		rules    []billing.PriceRule
		charge   string // "" for none
		detail   string
		outcome  string // "" for billed
		findings []string
	}{
		{"savings plan", same, "", nil, "9002 Azure savings plan for compute 220.16 EUR → 242.18 EUR", "charged for 2026-09-04 to 2026-10-03", "", nil}, // 242.176
		{"reservation known to the directory", same, billing.OtherPurchase, nil, "9002 Azure savings plan for compute 220.16 EUR → 242.18 EUR", "1 USD = 0.8617 EUR", "", nil},
		{"a rule for Azure prices commitments", same, "", []billing.PriceRule{{ID: "az", Kind: billing.MarkupRule, ProductID: azureProduct, Value: num("0")}}, "9002 Azure savings plan for compute 220.16 EUR → 220.16 EUR", "", "", nil},
		{"marketplace", func(l *billing.LineItem) {
			l.ReservationOrderID, l.Publisher, l.ProductName, l.SKUName, l.Cost, l.Total = "", "Fernbank", "Fernbank Backup for Microsoft 365", "Standard", eur("140.00"), eur("140.00")
		}, "", nil, "9002 Fernbank Backup for Microsoft 365 Standard 140.00 EUR → 168.00 EUR", "", "", nil},
		{"perpetual licence", func(l *billing.LineItem) {
			l.ReservationOrderID, l.ProductID, l.ProductName, l.SKUName, l.Frequency, l.Charged = "", "DG7GMGF0MH7L", "Windows Server 2025 Standard", "", billing.OneTime, billing.Period{}
			l.PricingCurrency, l.ExchangeRate, l.Cost, l.Total = "EUR", num("1"), eur("985.00"), eur("985.00")
		}, "", nil, "9002 Windows Server 2025 Standard 985.00 EUR → 1182.00 EUR", "Quantity 1.", "", nil},
		{"fixed price per unit", func(l *billing.LineItem) { l.BillableQuantity = num("2") }, "",
			[]billing.PriceRule{{ID: "f", Kind: billing.FixedRule, ProductID: "DZH318Z0ML23", Value: num("150"), Currency: "EUR"}}, "9002 Azure savings plan for compute 220.16 EUR → 300.00 EUR", "Quantity 2", "", nil},
		{"returned at a fixed price", func(l *billing.LineItem) {
			l.BillableQuantity, l.Cost, l.Total = num("2"), eur("-220.16"), eur("-220.16")
		}, "",
			[]billing.PriceRule{{ID: "f", Kind: billing.FixedRule, ProductID: "DZH318Z0ML23", Value: num("150"), Currency: "EUR"}}, "9002 Azure savings plan for compute -220.16 EUR → -300.00 EUR", "", "", nil},
		{"returned", func(l *billing.LineItem) { l.Cost, l.Total = eur("-220.16"), eur("-220.16") }, "", nil, "9002 Azure savings plan for compute -220.16 EUR → -242.18 EUR", "", "", nil},
		{"half a cent goes away from zero", func(l *billing.LineItem) { l.Cost, l.Total = eur("-0.05"), eur("-0.05") }, "", nil, "9002 Azure savings plan for compute -0.05 EUR → -0.06 EUR", "", "", nil}, // −0.055
		{"goodwill credit on a licence", func(l *billing.LineItem) {
			l.ReservationOrderID, l.ProductID, l.Kind, l.Cost, l.Total = "", premium, billing.ChargeCustomerCredit, eur("-10.00"), eur("-10.00")
		}, billing.Licence, nil, "9002 Credit: Azure savings plan for compute -10.00 EUR → -12.00 EUR", "", "", []string{"no-cost/order-1"}},
		{"nothing to pay", func(l *billing.LineItem) { l.Cost, l.Total = eur("0"), eur("0") }, "", nil, "", "", "excluded zero-amount", nil},
		{"trial", func(l *billing.LineItem) { l.Cost, l.Total, l.Trial = eur("0"), eur("0"), true }, "", nil, "", "", "excluded trial", nil},
		{"customer nobody mapped", func(l *billing.LineItem) { l.CustomerID = "stranger" }, "", nil, "", "", "held customer-unmapped/stranger", []string{"customer-unmapped/stranger"}},
		{"unknown charge type", func(l *billing.LineItem) { l.Kind = "transfer" }, "", nil, "9002 Azure savings plan for compute 220.16 EUR → 242.18 EUR", "", "", []string{"unknown-charge-type/transfer"}},
		{"in dollars", func(l *billing.LineItem) { l.Cost, l.Total = usd("10"), usd("10") }, "", nil, "", "", "held currency/charges/dunmore", []string{"currency/charges/dunmore"}},
		{"licence of an unknown subscription", func(l *billing.LineItem) { l.ProductID, l.ReservationOrderID = premium, "" }, "", nil, "", "", "held line-without-subscription/order-1", []string{"line-without-subscription/order-1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := world()
			l := purchase(test.edit)
			in.Lines = []billing.LineSet{billedSet(l)}
			in.Mappings.Prices = test.rules
			if test.kind != "" {
				in.Directory.Subscriptions = []billing.Subscription{{ID: "order-1", CustomerID: dunmore, Kind: test.kind, Status: billing.Active, Quantity: 1,
					Offer: billing.Offer{ProductID: l.ProductID, SKUID: l.SKUID, Term: "P3Y", Frequency: billing.Monthly}}}
			}
			d := Rate(in)
			if got := summary(d); test.charge == "" && len(got) > 0 || test.charge != "" && !slices.Equal(got, []string{test.charge}) {
				t.Fatalf("charges %q, want %q; outcomes %q", got, test.charge, outcomes(d))
			}
			want := test.outcome
			if test.charge != "" {
				want = "billed line|9002|billed-lines/" + partner + "/" + invoice + "|p1"
				if c := d.Charges[0]; !strings.Contains(c.Description, test.detail) || !strings.Contains(c.Notes, invoice) || c.Date != day("2026-09-30") || c.BillingCodeID != codeMat {
					t.Errorf("charge %+v", c)
				}
			}
			if got := outcomes(d); !slices.Equal(got, []string{want + " " + l.Cost.String()}) {
				t.Errorf("outcomes %q, want %q", got, want)
			}
			if got := findingIDs(d); !slices.Equal(got, append([]string{}, test.findings...)) {
				t.Errorf("findings %v, want %v", got, test.findings)
			}
		})
	}
}

// TestTriennialIsChargedLineByLine: Autotask has no period of three years.
func TestTriennialIsChargedLineByLine(t *testing.T) {
	s := seat("s1", 10)
	s.Offer.Term, s.Offer.Frequency = "P3Y", billing.Triennial
	l := change(bought("s1", "10", "7000.00"), func(l *billing.LineItem) {
		l.Frequency, l.Charged = billing.Triennial, days("2026-09-10", "2029-09-09")
	})
	in := world()
	in.Directory.Subscriptions, in.Lines = []billing.Subscription{s}, []billing.LineSet{billedSet(l)}
	d := Rate(in)
	if got := summary(d); !slices.Equal(got, []string{"9001 Microsoft 365 Business Premium 7000.00 EUR → 8400.00 EUR"}) || len(d.Lines) != 0 {
		t.Fatalf("charges %q lines %v", got, d.Lines)
	}
	if !strings.Contains(d.Charges[0].Description, "three years") {
		t.Errorf("description %q", d.Charges[0].Description)
	}
}

// TestLicenceLinesOfTheMonth: all lines of a subscription are billed by its line, whatever happened in the month (the worked pairs of
// the sheet's §4.4 and §4.5).
func TestLicenceLinesOfTheMonth(t *testing.T) {
	first := bought("s1", "12", "259.20")
	event := func(key string, kind billing.ChargeKind, quantity, cost string) billing.LineItem {
		return change(first, func(l *billing.LineItem) {
			l.Key, l.Row, l.Kind, l.Charged, l.OrderDate = key, 3, kind, days("2026-09-14", "2026-10-09"), day("2026-09-14")
			l.BillableQuantity, l.Cost, l.Total = num(quantity), eur(cost), eur(cost)
		})
	}
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 15)}
	in.Lines = []billing.LineSet{billedSet(first, event("k1", billing.ChargeAddQuantity, "12", "-224.64"), event("k2", billing.ChargeAddQuantity, "15", "280.80"),
		event("k3", billing.ChargeMoveQuantity, "10", "-66.30"), event("k4", "brandnew", "1", "1.00"), event("k5", billing.ChargeCancel, "1", "-1.00"))}
	d := Rate(in)
	if l := only(t, d); l.UnitCost.String() != "21.60 EUR" {
		t.Errorf("cost %s (%s)", l.UnitCost, l.CostBasis)
	}
	var sum money.Totals
	for _, x := range d.Dispositions {
		if x.Outcome != billing.Billed || x.By != premiumKey {
			t.Errorf("outcome %+v", x)
		}
		sum.Add(x.Cost)
	}
	if sum.String() != "249.06 EUR" || len(d.Dispositions) != 6 || len(d.Charges) != 0 {
		t.Errorf("%d outcomes, sum %s", len(d.Dispositions), sum)
	}
	if ids := findingIDs(d); !slices.Equal(ids, []string{"unknown-charge-type/brandnew"}) {
		t.Errorf("findings %v", ids)
	}
}

func TestMonthOf(t *testing.T) {
	line := func(start string) billing.LineItem {
		return billing.LineItem{Charged: billing.Period{Start: day(start), End: day(start).AddMonths(1)}}
	}
	tests := []struct {
		name string
		set  billing.LineSet
		want billing.Month
	}{
		{"most lines", billing.LineSet{Lines: []billing.LineItem{line("2026-09-01"), line("2026-09-20"), line("2026-08-01")}}, "2026-09"},
		{"late and current alike: the later", billing.LineSet{Lines: []billing.LineItem{line("2026-08-01"), line("2026-09-20")}}, "2026-09"},
		{"the set says", billing.LineSet{ID: billing.SetID{Month: "2026-07"}, Lines: []billing.LineItem{line("2026-09-01")}}, "2026-07"},
		{"the day of the event, not the days it charges for", billing.LineSet{Lines: []billing.LineItem{
			change(line("2026-10-01"), func(l *billing.LineItem) { l.OrderDate = day("2026-09-30") }), // renewed on the last day
			change(line("2026-08-01"), func(l *billing.LineItem) { l.OrderDate = day("2026-09-30") }), // late usage
			line("2026-10-01")}}, "2026-09"},
		{"order date for perpetual licences", billing.LineSet{Lines: []billing.LineItem{{OrderDate: day("2026-09-15")}}}, "2026-09"},
		{"no dates", billing.LineSet{Lines: []billing.LineItem{{}}}, ""},
		{"empty", billing.LineSet{}, ""},
	}
	for _, test := range tests {
		if got := MonthOf(test.set); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	usage := billing.UsageSet{Groups: []billing.UsageGroup{{FirstDay: day("2026-08-31"), Rows: 2}, {FirstDay: day("2026-09-01"), Rows: 5}, {Charged: days("2026-07-01", "2026-07-31"), Rows: 1}}}
	if got := UsageMonth(usage); got != "2026-09" {
		t.Errorf("usage month %q", got)
	}
	usage.ID.Month = "2026-06"
	if got := UsageMonth(usage); got != "2026-06" {
		t.Errorf("usage month %q", got)
	}
	if got := UsageMonth(billing.UsageSet{}); got != "" {
		t.Errorf("empty usage month %q", got)
	}
}

// TestOnlyTheMonthIsCharged: other months' sets and unbilled ones give costs, never charges or outcomes.
func TestOnlyTheMonthIsCharged(t *testing.T) {
	base := func() Input {
		in := world()
		in.Lines = []billing.LineSet{billedSet(purchase(func(*billing.LineItem) {}))}
		return in
	}
	tests := []struct {
		name string
		edit func(*Input)
		want int
	}{
		{"its month", func(*Input) {}, 1},
		{"another month", func(in *Input) { in.Month = "2026-10" }, 0},
		{"no month known", func(in *Input) { in.Month = "" }, 0},
		{"a month that is none", func(in *Input) { in.Month = "soon" }, 0},
		{"unbilled", func(in *Input) { in.Lines[0].ID.Kind = billing.UnbilledLines }, 0},
		{"the invoice says another month", func(in *Input) { in.InvoiceMonths = map[string]billing.Month{invoice: "2026-10"} }, 0},
		{"the invoice says this month", func(in *Input) {
			in.InvoiceMonths, in.Month = map[string]billing.Month{invoice: "2026-10"}, "2026-10"
		}, 1},
		{"told twice, the newer version counts", func(in *Input) {
			again := billedSet(purchase(func(l *billing.LineItem) { l.Key = "p2" }), purchase(func(l *billing.LineItem) { l.Key = "p3" }))
			again.Version = "2"
			in.Lines = append(in.Lines, again)
		}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := base()
			test.edit(&in)
			d := Rate(in)
			if len(d.Charges) != test.want || len(d.Dispositions) != test.want {
				t.Errorf("charges %q outcomes %q, want %d", summary(d), outcomes(d), test.want)
			}
		})
	}
}

// TestTotalsAreChecked: lines that do not add up to the vendor's total are a finding.
func TestTotalsAreChecked(t *testing.T) {
	in := world()
	set := billedSet(purchase(func(*billing.LineItem) {}))
	set.Total.Add(eur("0.01"))
	in.Lines = []billing.LineSet{set}
	if ids := findingIDs(Rate(in)); !slices.Equal(ids, []string{"totals-differ/billed-lines/" + partner + "/" + invoice}) {
		t.Errorf("findings %v", ids)
	}
}

// TestManyCurrencies: totals are kept per currency, and a charge never mixes two.
func TestManyCurrencies(t *testing.T) {
	in := world()
	in.Catalogue.Companies[0].Currency = "USD"
	second := purchase(func(l *billing.LineItem) { l.Key, l.CustomerID, l.Cost, l.Total = "p2", alder, usd("10"), usd("10") })
	in.Lines = []billing.LineSet{billedSet(purchase(func(*billing.LineItem) {}), second)}
	if got := summary(Rate(in)); !slices.Equal(got, []string{"9001 Azure savings plan for compute 10.00 USD → 11.00 USD", "9002 Azure savings plan for compute 220.16 EUR → 242.18 EUR"}) {
		t.Errorf("charges %q", got)
	}
}

// BenchmarkRate rates a distributor's reseller: 8,000 subscriptions with a month of lines, and usage for a tenth of the customers.
func BenchmarkRate(b *testing.B) {
	in := world()
	in.Mappings = billing.Mappings{}
	var lines []billing.LineItem
	var groups []billing.UsageGroup
	for c := range 1000 {
		id, company := billing.CustomerID(fmt.Sprintf("c%04d", c)), billing.CompanyID(fmt.Sprint(10000+c))
		in.Mappings.Companies = append(in.Mappings.Companies, billing.CompanyMapping{CustomerID: id, CompanyID: company})
		in.Mappings.Switches = append(in.Mappings.Switches, billing.BillingSwitch{CustomerID: id, On: true})
		in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: id, Managed: true})
		in.Catalogue.Companies = append(in.Catalogue.Companies, billing.Company{ID: company, Active: true})
		for n := range 8 {
			sub := seat(billing.SubscriptionID(fmt.Sprintf("%s-%d", id, n)), 10)
			sub.CustomerID, sub.Offer.SKUID = id, fmt.Sprintf("%04d", n)
			in.Directory.Subscriptions = append(in.Directory.Subscriptions, sub)
			l := bought(sub.ID, "10", "216.00")
			l.CustomerID, l.SKUID = id, sub.Offer.SKUID
			lines = append(lines, l)
		}
		if c%10 == 0 {
			for n := range 50 {
				l := consumed(fmt.Sprintf("%s-u%d", id, n), fmt.Sprintf("DZH%09d", n), "Storage - x", "10.00")
				l.CustomerID, l.SubscriptionID = id, billing.SubscriptionID(id)
				lines = append(lines, l)
				for g := range 4 {
					u := used(l.ProductID, fmt.Sprintf("rg%d", g), "Storage", "2.50")
					u.CustomerID, u.PlanID = id, billing.SubscriptionID(id)
					groups = append(groups, u)
				}
			}
		}
	}
	in.Lines, in.Usage = []billing.LineSet{billedSet(lines...)}, []billing.UsageSet{usageSet(groups...)}
	b.ReportAllocs()
	for b.Loop() {
		if d := Rate(in); len(d.Lines) != 8000 || len(d.Charges) != 100 {
			b.Fatal(len(d.Lines), len(d.Charges), findingIDs(d)[:min(3, len(d.Findings))])
		}
	}
}
