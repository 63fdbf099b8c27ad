package rating

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// TestMonthOfUsage: usage belongs to the month in which most of its rows fell, by the day of use where that is known, else by the cycle it is
// charged for. A group that counts no rows counts once: it is there.
func TestMonthOfUsage(t *testing.T) {
	type group = billing.UsageGroup
	dated := func(first string, rows int64) group { return group{FirstDay: day(first), Rows: rows} }
	cycle := func(from, to string, rows int64) group { return group{Charged: days(from, to), Rows: rows} }
	tests := []struct {
		name   string
		groups []group
		want   billing.Month
	}{
		{"most rows, not most groups", []group{dated("2026-08-31", 2), dated("2026-08-30", 2), dated("2026-09-01", 5)}, "2026-09"},
		{"most rows are late", []group{dated("2026-08-31", 9), dated("2026-09-01", 5)}, "2026-08"},
		{"without days of use: by the first day charged", []group{cycle("2026-08-01", "2026-08-31", 3), cycle("2026-09-20", "2026-10-19", 4)}, "2026-09"},
		{"without days of use, and rows that name none", []group{cycle("2026-08-01", "2026-08-31", 0), cycle("2026-08-02", "2026-08-31", 0), dated("2026-09-01", 1)}, "2026-08"},
		{"the day of use goes before the cycle", []group{{FirstDay: day("2026-09-30"), Charged: days("2026-08-15", "2026-09-14")}}, "2026-09"},
		{"no rows counted: each group once", []group{dated("2026-08-01", 0), dated("2026-08-02", 0), dated("2026-09-01", 1)}, "2026-08"},
		{"no rows counted, by the cycle: once", []group{cycle("2026-08-01", "2026-08-31", 0), dated("2026-09-01", 1)}, "2026-09"},
		{"an open cycle begins some day, too", []group{{Charged: billing.Period{Start: day("2026-08-01")}, Rows: 2}, dated("2026-09-01", 1)}, "2026-08"},
		{"rows below zero count once", []group{dated("2026-08-01", -7), dated("2026-08-02", -7), dated("2026-09-01", 1)}, "2026-08"},
		{"what has no dates has no say", []group{{Rows: 100}, dated("2026-09-01", 1)}, "2026-09"},
		{"no dates at all", []group{{Rows: 100}}, ""},
		{"as many late as current: the later", []group{dated("2026-08-01", 4), dated("2026-09-01", 4)}, "2026-09"},
	}
	for _, test := range tests {
		if got := UsageMonth(billing.UsageSet{Groups: test.groups}); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestTheLaterMonthOfEqualOnes: when as many events fell in several months the invoice is of the latest, however the months come (law 4).
func TestTheLaterMonthOfEqualOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		votes, want := map[billing.Month]int64{}, billing.Month("")
		for i := range rapid.IntRange(1, 12).Draw(t, "months") {
			month := billing.MonthOf(day("2026-01-15").AddMonths(i))
			votes[month], want = 3, month
		}
		votes["2030-01"] = 2
		if got := mostVoted(votes); got != want {
			t.Fatalf("%q of %v, want %q", got, votes, want)
		}
	})
}

// TestWhenMonthsAreKnown: only where each document or its invoice names its month may documents be left out of the input.
func TestWhenMonthsAreKnown(t *testing.T) {
	lines := func(number string, month billing.Month) billing.LineSet {
		return billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, Invoice: number, Month: month}}
	}
	usage := func(number string, month billing.Month) billing.UsageSet {
		return billing.UsageSet{ID: billing.SetID{Kind: billing.BilledUsage, Invoice: number, Month: month}}
	}
	known := map[string]billing.Month{"G1": "2026-09", "G3": ""}
	tests := []struct {
		name  string
		lines []billing.LineSet
		usage []billing.UsageSet
		want  bool
	}{
		{"nothing", nil, nil, true},
		{"the invoice is known", []billing.LineSet{lines("G1", "")}, []billing.UsageSet{usage("G1", "")}, true},
		{"the set says", []billing.LineSet{lines("G2", "2026-09")}, []billing.UsageSet{usage("G2", "2026-09")}, true},
		{"neither, of lines", []billing.LineSet{lines("G1", ""), lines("G2", "")}, nil, false},
		{"neither, of usage", nil, []billing.UsageSet{usage("G1", ""), usage("G2", "")}, false},
		{"neither, of usage beside lines that are known", []billing.LineSet{lines("G1", "")}, []billing.UsageSet{usage("G2", "")}, false},
		{"neither, of lines beside usage that is known", []billing.LineSet{lines("G2", "")}, []billing.UsageSet{usage("G1", "")}, false},
		{"an invoice whose month was not found", []billing.LineSet{lines("G3", "")}, nil, false},
	}
	for _, test := range tests {
		if got := KnowsMonths(Input{Lines: test.lines, Usage: test.usage, InvoiceMonths: known}); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// TestUsageWhoseInvoiceHasNoLines: it is charged by itself, in its own month and once. Usage of an invoice whose lines are here, of whatever
// month, never is: it would be charged twice.
func TestUsageWhoseInvoiceHasNoLines(t *testing.T) {
	alone := func(edit func(*billing.UsageSet)) billing.UsageSet {
		set := usageSet(used(vm, "rg", "Virtual Machines", "6.52"))
		edit(&set)
		return set
	}
	line := func(edit func(*billing.LineSet)) []billing.LineSet {
		set := billedSet(consumed("k1", vm, "Virtual Machines", "1.00"))
		edit(&set)
		return []billing.LineSet{set}
	}
	tests := []struct {
		name  string
		usage billing.UsageSet
		lines []billing.LineSet
		want  []string
	}{
		{"of the month", alone(func(*billing.UsageSet) {}), nil, []string{"9002 Azure consumption 2026-09 6.52 EUR → 7.17 EUR"}},
		{"of another month", alone(func(s *billing.UsageSet) { s.ID.Month = "2026-08" }), nil, nil},
		{"of a month nobody knows", alone(func(s *billing.UsageSet) {
			s.Groups[0].FirstDay, s.Groups[0].Charged = billing.Date{}, billing.Period{}
		}), nil, nil},
		{"an estimate of the open month", alone(func(s *billing.UsageSet) { s.ID.Kind = billing.UnbilledUsage }), nil, nil},
		{"lines of another invoice", alone(func(s *billing.UsageSet) { s.ID.Invoice = "G2" }), line(func(*billing.LineSet) {}),
			[]string{"9002 Azure consumption 2026-09 7.52 EUR → 8.27 EUR"}},
		{"lines of the same number from another partner", alone(func(s *billing.UsageSet) { s.ID.PartnerID = "another" }), line(func(*billing.LineSet) {}),
			[]string{"9002 Azure consumption 2026-09 7.52 EUR → 8.27 EUR"}},
		{"lines of the invoice, charged in another month", alone(func(*billing.UsageSet) {}), line(func(s *billing.LineSet) { s.ID.Month = "2026-08" }), nil},
		{"an estimate of the lines is no invoice", alone(func(s *billing.UsageSet) { s.ID.Invoice = "" }), line(func(s *billing.LineSet) {
			s.ID.Kind, s.ID.Invoice, s.ID.Month = billing.UnbilledLines, "", "2026-09"
		}), []string{"9002 Azure consumption 2026-09 6.52 EUR → 7.17 EUR"}},
	}
	for _, test := range tests {
		in := azureWorld(nil)
		in.Lines, in.Usage = test.lines, []billing.UsageSet{test.usage}
		if got := summary(Rate(in)); !slices.Equal(got, append([]string{}, test.want...)) {
			t.Errorf("%s: charges %q, want %q", test.name, got, test.want)
		}
	}
}

// TestAMonthThatIsNone: without a closed month nothing is charged and nothing is judged, not even what names no month either.
func TestAMonthThatIsNone(t *testing.T) {
	dateless := purchase(func(l *billing.LineItem) { l.Charged, l.OrderDate = billing.Period{}, billing.Date{} })
	group := used(vm, "rg", "Virtual Machines", "6.52")
	group.FirstDay, group.Charged = billing.Date{}, billing.Period{}
	for _, month := range []billing.Month{"", "soon", "2026-13"} {
		in := world()
		in.Month, in.Lines, in.Usage = month, []billing.LineSet{billedSet(dateless)}, []billing.UsageSet{usageSet(group)}
		in.InvoiceMonths = map[string]billing.Month{invoice: month}
		if d := Rate(in); len(d.Charges)+len(d.Dispositions)+len(d.Months)+len(d.Findings) > 0 {
			t.Errorf("%q: charges %q, outcomes %q, months %v, findings %v", month, summary(d), outcomes(d), d.Months, findingIDs(d))
		}
	}
}

// TestOfTwoVersionsTheNewer: a restated document takes the place of the former one, in whatever order they were stored.
func TestOfTwoVersionsTheNewer(t *testing.T) {
	lines := func(version, cost string) billing.LineSet {
		set := billedSet(purchase(func(l *billing.LineItem) { l.Cost, l.Total = eur(cost), eur(cost) }))
		set.Version = version
		return set
	}
	for _, sets := range bothWays(lines("1", "100.00"), lines("2", "50.00")) {
		in := world()
		in.Lines = sets
		if got := byOutcome(Rate(in)); got != "billed 50.00 EUR" {
			t.Errorf("lines: %s", got)
		}
	}
	usage := func(version, cost string) billing.UsageSet {
		set := usageSet(used(vm, "rg", "Virtual Machines", cost))
		set.Version = version
		return set
	}
	for _, sets := range bothWays(usage("1", "100.00"), usage("2", "50.00")) {
		in := azureWorld(nil)
		in.Lines, in.Usage = nil, sets
		if got := byOutcome(Rate(in)); got != "billed 50.00 EUR" {
			t.Errorf("usage: %s", got)
		}
	}
}

// TestStatedTotalOfASet: a set whose total nobody stated is taken as it is; a stated one is met or a person is told, per currency.
func TestStatedTotalOfASet(t *testing.T) {
	total := func(amounts ...money.Amount) money.Totals {
		var sum money.Totals
		for _, a := range amounts {
			sum.Add(a)
		}
		return sum
	}
	tests := []struct {
		name  string
		total money.Totals
		want  string // message of the finding; "" for none
	}{
		{"not stated", money.Totals{}, ""},
		{"met", total(eur("220.16"), usd("10")), ""},
		{"a cent more", total(eur("220.17"), usd("10")), "the lines of invoice G104775210 add up to 220.16 EUR, 10.00 USD, but its total is 220.17 EUR, 10.00 USD"},
		{"a currency is missing", total(eur("220.16")), "the lines of invoice G104775210 add up to 220.16 EUR, 10.00 USD, but its total is 220.16 EUR"},
		{"stated as nothing", total(eur("0")), "the lines of invoice G104775210 add up to 220.16 EUR, 10.00 USD, but its total is 0.00 EUR"},
	}
	for _, test := range tests {
		in := world()
		set := billedSet(purchase(func(*billing.LineItem) {}), purchase(func(l *billing.LineItem) { l.Key, l.CustomerID, l.Cost, l.Total = "p2", alder, usd("10"), usd("10") }))
		in.Catalogue.Companies[0].Currency, set.Total = "USD", test.total
		in.Lines = []billing.LineSet{set}
		d := Rate(in)
		message := ""
		for _, f := range d.Findings {
			if f.Kind == billing.FindingTotals {
				message = f.Message
			}
		}
		if message != test.want {
			t.Errorf("%s: %q, want %q", test.name, message, test.want)
		}
		if len(d.Charges) != 2 {
			t.Errorf("%s: the lines are charged all the same: %q", test.name, summary(d))
		}
	}
}

// TestTheMonthProvesItself is law 6 from within: were an outcome dropped or counted twice, the month says so, for that month alone.
func TestTheMonthProvesItself(t *testing.T) {
	outcome := func(cost money.Amount) billing.Disposition {
		return billing.Disposition{Outcome: billing.Billed, Cost: cost}
	}
	tests := []struct {
		name     string
		outcomes []billing.Disposition // the first is of an earlier month
		want     string
	}{
		{"in step", []billing.Disposition{outcome(eur("99")), outcome(eur("4")), outcome(eur("6"))}, ""},
		{"one is lost", []billing.Disposition{outcome(eur("99")), outcome(eur("4"))}, "the outcomes of 2026-09 add up to 4.00 EUR but Microsoft billed 10.00 EUR"},
		{"one too many", []billing.Disposition{outcome(eur("99")), outcome(eur("4")), outcome(eur("6")), outcome(usd("1"))},
			"the outcomes of 2026-09 add up to 10.00 EUR, 1.00 USD but Microsoft billed 10.00 EUR"},
		{"none", []billing.Disposition{outcome(eur("99"))}, "the outcomes of 2026-09 add up to 0 but Microsoft billed 10.00 EUR"},
	}
	for _, test := range tests {
		r := newRater(world())
		r.dispositions = test.outcomes
		m := &month{r: r, first: 1}
		m.source.Add(eur("10"))
		m.checkTotals()
		want := []billing.Finding{}
		if test.want != "" {
			want = append(want, billing.Finding{Kind: billing.FindingTotals, Subject: "month/2026-09", Message: test.want, Remedy: "do not close the month; report this as a defect"})
		}
		if got := r.findings.list(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", test.name, got, want)
		}
	}
	// Months that are rated together are each proven by their own lines.
	in := world()
	in.Lines = []billing.LineSet{monthlySet("2026-08", purchase(func(*billing.LineItem) {})), monthlySet("2026-09", purchase(func(*billing.LineItem) {}))}
	if d := RateMonths(in, []billing.Month{"2026-08"}); len(d.Findings) > 0 || len(d.Dispositions) != 2 {
		t.Errorf("findings %v, outcomes %q", findingIDs(d), outcomes(d))
	}
}

// TestLinesThatShareAKey: keys are told apart by files, and a file may be wrong. Two lines with one key keep their money, each in its currency, and
// the charge is called by the later row, in whatever order they were read (law 4).
func TestLinesThatShareAKey(t *testing.T) {
	first := purchase(func(l *billing.LineItem) { l.Row, l.ProductName, l.SKUName = 3, "First", "" })
	second := purchase(func(l *billing.LineItem) { l.Row, l.ProductName, l.SKUName = 4, "Second", "" })
	for _, lines := range bothWays(first, second) {
		in := world()
		in.Lines = []billing.LineSet{billedSet(lines...)}
		d := Rate(in)
		if got := summary(d); !slices.Equal(got, []string{"9002 Second 440.32 EUR → 484.35 EUR"}) || len(d.Dispositions) != 2 { // 484.352
			t.Errorf("charges %q, outcomes %q", got, outcomes(d))
		}
	}
	priced := func(cost money.Amount) billing.LineItem {
		return purchase(func(l *billing.LineItem) { l.CustomerID, l.Cost, l.Total = "stranger", cost, cost })
	}
	want := []string{"held customer-unmapped/stranger 2.00 USD", "held customer-unmapped/stranger 4.00 EUR"}
	rapid.Check(t, func(t *rapid.T) {
		in := world()
		in.Lines = []billing.LineSet{billedSet(rapid.Permutation([]billing.LineItem{priced(eur("1")), priced(usd("2")), priced(eur("3"))}).Draw(t, "order")...)}
		if got := outcomes(Rate(in)); !slices.Equal(got, want) {
			t.Fatalf("outcomes %q, want %q", got, want)
		}
	})
}

// TestASubscriptionBilledToTwo: a finding about a subscription that nobody knows is always of the same customer, though lines of two who share a name
// bill it: of the one told apart by what sorts first.
func TestASubscriptionBilledToTwo(t *testing.T) {
	line := func(key string, c billing.CustomerID) billing.LineItem {
		return change(bought("gone", "1", "5.00"), func(l *billing.LineItem) { l.Key, l.Row, l.CustomerID = key, 0, c })
	}
	for _, lines := range bothWays(line("a", dunmore), line("b", alder)) {
		in := world()
		in.Directory.Customers[0].Name, in.Directory.Customers[1].Name = "Twin Ltd", "Twin Ltd"
		in.Lines = []billing.LineSet{billedSet(lines...)}
		if f := findingOf(t, Rate(in), "line-without-subscription/gone"); f.CustomerID != alder || f.Customer != "Twin Ltd (alder)" || f.Money.String() != "10.00 EUR" {
			t.Errorf("finding %+v", f)
		}
	}
}

// TestConsumptionIsOfItsPlan: what makes a line consumption is its own plan and its meter. A plan that is another customer's, or a purchase on a
// plan, makes none; and a purchase never passes for the bill of usage.
func TestConsumptionIsOfItsPlan(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(*billing.LineItem)
		charge string
	}{
		{"a third party's meter on the customer's plan", func(*billing.LineItem) {}, "9002 Azure consumption 2026-09 50.00 EUR → 55.00 EUR"},
		{"a third party's meter on another customer's plan", func(l *billing.LineItem) { l.SubscriptionID = "plan-a" }, "9002 Fernbank Backup Pay as you go 50.00 EUR → 60.00 EUR"},
		{"bought on the plan, without a meter", func(l *billing.LineItem) { l.Meter = "" }, "9002 Fernbank Backup Pay as you go 50.00 EUR → 60.00 EUR"},
		{"credited on the plan, without a meter", func(l *billing.LineItem) {
			l.Meter, l.Kind, l.Cost, l.Total = "", billing.ChargeCustomerCredit, eur("-50"), eur("-50")
		}, "9002 Azure consumption 2026-09 -50.00 EUR → -55.00 EUR"},
	}
	for _, test := range tests {
		in := azureWorld([]billing.LineItem{metered(func(l *billing.LineItem) {
			l.SubscriptionID = plan
			test.edit(l)
		})})
		in.Directory.Subscriptions = append(in.Directory.Subscriptions, billing.Subscription{ID: "plan-a", CustomerID: alder, Kind: billing.AzurePlan, Status: billing.Active})
		if got := summary(Rate(in)); !slices.Equal(got, []string{test.charge}) {
			t.Errorf("%s: %q, want %q", test.name, got, test.charge)
		}
	}
	bill := consumed("k1", vm, "", "6.52") // says nothing of a meter: bought, not used
	in := azureWorld([]billing.LineItem{bill}, used(vm, "rg", "Virtual Machines", "6.52"))
	if got := findingTexts(Rate(in)); !slices.Equal(got, []string{"totals-differ/usage/G104775210/dunmore 6.52 EUR"}) {
		t.Errorf("usage that no meter bills: findings %q", got)
	}
}

// TestALineOfAKnownLicence: a subscription that the directory calls a licence is billed by its line, whatever its product is numbered; one that it
// calls a purchase is charged by itself, however much its product looks like a seat.
func TestALineOfAKnownLicence(t *testing.T) {
	for kind, want := range map[billing.SubscriptionKind]string{billing.Licence: "1 lines, 0 charges", billing.CustomService: "1 lines, 0 charges",
		billing.OtherPurchase: "0 lines, 1 charges", billing.AzurePlan: "0 lines, 1 charges"} {
		for _, product := range []string{premium, "DZH318Z0M365"} {
			s := seat("s1", 12)
			s.Kind, s.Offer.ProductID = kind, product
			in := world()
			in.Directory.Subscriptions = []billing.Subscription{s}
			in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, Value: num("30"), Currency: "EUR", SubscriptionID: "s1"}}
			in.Lines = []billing.LineSet{billedSet(change(bought("s1", "12", "259.20"), func(l *billing.LineItem) { l.ProductID = product }))}
			d := Rate(in)
			if got := fmt.Sprintf("%d lines, %d charges", len(d.Lines), len(d.Charges)); got != want || byOutcome(d) != "billed 259.20 EUR" {
				t.Errorf("%s of %s: %s, %s; want %s", kind, product, got, byOutcome(d), want)
			}
		}
	}
}

// TestRememberedMonths: what was found out of a set once goes before what its invoice says and what its lines look like, and handing all of it back answers as
// before: then lines may be left out.
func TestRememberedMonths(t *testing.T) {
	set := billedSet(purchase(func(*billing.LineItem) {})) // of September by its lines
	usage := usageSet(used(vm, "rg", "Virtual Machines", "1"))
	usage.ID.Invoice = "G2"
	tests := []struct {
		name       string
		remembered map[billing.SetID]billing.Month
		invoices   map[string]billing.Month
		lines      billing.Month
		usage      billing.Month
		known      bool
	}{
		{"nothing", nil, nil, "2026-09", "2026-09", false},
		{"the invoice of the lines", nil, map[string]billing.Month{invoice: "2026-10"}, "2026-10", "2026-09", false},
		{"both invoices", nil, map[string]billing.Month{invoice: "2026-10", "G2": "2026-07"}, "2026-10", "2026-07", true},
		{"an invoice that names no month", nil, map[string]billing.Month{invoice: "", "G2": "2026-07"}, "2026-09", "2026-07", false},
		{"the lines", map[billing.SetID]billing.Month{set.ID: "2026-08"}, nil, "2026-08", "2026-09", false},
		{"both sets", map[billing.SetID]billing.Month{set.ID: "2026-08", usage.ID: "2026-06"}, nil, "2026-08", "2026-06", true},
		{"the sets before their invoices", map[billing.SetID]billing.Month{set.ID: "2026-08", usage.ID: "2026-06"}, map[string]billing.Month{invoice: "2026-10", "G2": "2026-07"},
			"2026-08", "2026-06", true},
		{"that a set has no month", map[billing.SetID]billing.Month{set.ID: "", usage.ID: "2026-06"}, map[string]billing.Month{invoice: "2026-10"}, "", "2026-06", true},
	}
	for _, test := range tests {
		in := Input{Lines: []billing.LineSet{set}, Usage: []billing.UsageSet{usage}, SetMonths: test.remembered, InvoiceMonths: test.invoices}
		got := SetMonths(in)
		if len(got) != 2 || got[set.ID] != test.lines || got[usage.ID] != test.usage || KnowsMonths(in) != test.known {
			t.Errorf("%s: %v, known %v; want %q, %q, %v", test.name, got, KnowsMonths(in), test.lines, test.usage, test.known)
		}
		in.SetMonths = got
		if again := SetMonths(in); !maps.Equal(again, got) || !KnowsMonths(in) {
			t.Errorf("%s: handed back it is %v, was %v", test.name, again, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		want := outcomes(Rate(in))
		in.SetMonths = SetMonths(in)
		if got := outcomes(Rate(in)); !slices.Equal(got, want) {
			t.Fatalf("outcomes %q, want %q", got, want)
		}
	})
}

// TestNamesOfBilledThings: a line is listed under the name of its subscription's product, else as it calls itself: SKU, product, number. A subscription that is now
// another product, or somebody else's, gives no name.
func TestNamesOfBilledThings(t *testing.T) {
	tests := []struct {
		name string
		edit func(*billing.LineItem, *billing.Subscription)
		want string
	}{
		{"by the subscription", func(*billing.LineItem, *billing.Subscription) {}, "Directory name"},
		{"of another SKU now", func(_ *billing.LineItem, s *billing.Subscription) { s.Offer.SKUID = "0009" }, "SKU name"},
		{"of another product now", func(_ *billing.LineItem, s *billing.Subscription) { s.Offer.ProductID = vm }, "SKU name"},
		{"another customer's", func(_ *billing.LineItem, s *billing.Subscription) { s.CustomerID = dunmore }, "SKU name"},
		{"without a SKU name", func(l *billing.LineItem, s *billing.Subscription) { s.ID, l.SKUName = "other", "" }, "Product name"},
		{"without any name", func(l *billing.LineItem, s *billing.Subscription) { s.ID, l.SKUName, l.ProductName = "other", "", "" }, premium},
	}
	for _, test := range tests {
		s, l := seat("s1", 1), bought("s1", "1", "-5.00") // a refund tells no cost, and so no name of the product
		s.Name, l.SKUName, l.ProductName = "Directory name", "SKU name", "Product name"
		test.edit(&l, &s)
		in := world()
		in.Mappings.Companies, in.Directory.Subscriptions, in.Lines = nil, []billing.Subscription{s}, []billing.LineSet{billedSet(l)}
		r := newRater(in)
		if got := (&month{r: r}).nameOf(&l); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestChargeTypesNobodyKnows: a line of an unknown charge type counts as stated and is a finding, with its money; one without money, or of a type that is known, is
// none.
func TestChargeTypesNobodyKnows(t *testing.T) {
	tests := []struct {
		kind billing.ChargeKind
		cost string
		want []string
	}{
		{"brandnew", "5.00", []string{"unknown-charge-type/brandnew 5.00 EUR"}},
		{"brandnew", "-5.00", []string{"unknown-charge-type/brandnew -5.00 EUR"}},
		{"brandnew", "0", []string{}},
		{"", "5.00", []string{"unknown-charge-type/ 5.00 EUR"}},
		{billing.ChargeNew, "5.00", []string{}},
	}
	for _, test := range tests {
		d := Rate(oneOffWorld(func(l *billing.LineItem) { l.Kind, l.Cost, l.Total = test.kind, eur(test.cost), eur(test.cost) }))
		if got := findingTexts(d); !slices.Equal(got, test.want) || len(d.Dispositions) != 1 || d.Dispositions[0].Outcome == billing.HeldBack {
			t.Errorf("%q over %s: findings %q, outcomes %q; want %q", test.kind, test.cost, got, outcomes(d), test.want)
		}
	}
}
