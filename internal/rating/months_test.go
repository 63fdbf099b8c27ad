package rating

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// remember gives the prices that stand after the lines were applied: those of the lines, zero where the price is not ours.
func remember(last map[string]money.Decimal, d billing.Desired) map[string]money.Decimal {
	next := maps.Clone(last)
	if next == nil {
		next = map[string]money.Decimal{}
	}
	for _, l := range d.Lines {
		next[l.Key] = money.Decimal{}
		if l.UnitPrice != nil {
			next[l.Key] = l.UnitPrice.Value()
		}
	}
	return next
}

// TestPricePointsOverMonths plays a contract month by month, each time with the prices of the month before: seats stay on their line while
// prices and quantities move around them. Every move would be an end and a new line on the customer's invoice.
func TestPricePointsOverMonths(t *testing.T) {
	months := []struct {
		story string
		seats string // "id quantity price" …
		want  string // "suffix units price" …; "plain" is the line without price point
	}{
		{"two prices: the larger is plain", "a 10 10.00, b 5 12.00", "plain 10 10.00, @12.00 5 12.00"},
		{"the smaller one outgrows it and stays where it is", "a 10 10.00, b 50 12.00", "plain 10 10.00, @12.00 50 12.00"},
		{"the plain price rises: it is still the plain line", "a 10 11.00, b 50 12.00", "plain 10 11.00, @12.00 50 12.00"},
		{"the plain line's seats go: the other does not move", "b 50 12.00", "@12.00 50 12.00"},
		{"a newcomer takes the plain line", "b 50 12.00, c 3 9.00", "plain 3 9.00, @12.00 50 12.00"},
		{"both at one price: they join on the line that has it", "b 50 9.00, c 3 9.00", "plain 53 9.00"},
		{"and part again", "b 50 12.00, c 3 9.00", "plain 3 9.00, @12.00 50 12.00"},
		{"all at the price of the second line", "b 50 12.00, c 3 12.00", "@12.00 53 12.00"},
		{"three prices", "b 50 12.00, c 3 9.00, d 1 8.00", "plain 3 9.00, @12.00 50 12.00, @8.00 1 8.00"},
		{"nobody left", "", ""},
	}
	for _, forgets := range []bool{false, true} { // whether lines that are gone are still remembered must not matter
		last := map[string]money.Decimal{}
		for _, month := range months {
			in := world()
			in.LinePrices = last
			for text := range strings.SplitSeq(month.seats, ", ") {
				var id, price string
				var n int64
				if _, err := fmt.Sscan(text, &id, &n, &price); err != nil {
					continue
				}
				cost, unit := eur("5"), eur(price)
				in.Directory.Subscriptions = append(in.Directory.Subscriptions, billing.Subscription{ID: billing.SubscriptionID(id), CustomerID: alder,
					Kind: billing.CustomService, Offer: premiumOffer, Name: "x", Quantity: n, Status: billing.Active, UnitCost: &cost, UnitPrice: &unit})
			}
			d := Rate(in)
			var got []string
			for _, l := range d.Lines {
				suffix := strings.TrimPrefix(l.Key, premiumKey)
				if suffix == "" {
					suffix = "plain"
				}
				got = append(got, fmt.Sprintf("%s %d %s", suffix, l.Units, l.UnitPrice.Number()))
			}
			if strings.Join(got, ", ") != month.want {
				t.Errorf("%s: %q, want %q", month.story, got, month.want)
			}
			if forgets {
				last = nil
			}
			last = remember(last, d)
		}
	}
}

// TestHandingThePriceOver: when the price becomes Autotask's, all seats of an offer share the plain line again, whatever price points stood.
func TestHandingThePriceOver(t *testing.T) {
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 10), seat("s2", 5)}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "10", "216.00"), bought("s2", "5", "120.00"))}
	before := Rate(in)
	if got := lineTexts(before); len(got) != 2 {
		t.Fatalf("two costs make two prices: %q", got)
	}
	in.LinePrices = remember(nil, before)
	in.Mappings.Authorities = []billing.AuthorityRule{{ProductID: premium, Authority: billing.AutotaskPrices}}
	if l := only(t, Rate(in)); l.Key != premiumKey || l.UnitPrice != nil || l.Units != 15 || l.PriceRule != "price kept in Autotask" {
		t.Errorf("line %+v", l)
	}
}

// TestRatingAgainIsQuiet is law 5 for rating: when what it asked for stands, it asks for the same again. Were a price point's key chosen by
// size alone, seats would wander between lines.
func TestRatingAgainIsQuiet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		first := Rate(in)
		in.LinePrices = remember(in.LinePrices, first)
		second := Rate(in)
		for i := range first.Lines {
			first.Lines[i].Repeat = false // says how to create a line, not what it is
		}
		for i := range second.Lines {
			second.Lines[i].Repeat = false
		}
		if diff := cmp.Diff(first.Lines, second.Lines); diff != "" {
			t.Fatalf("the second rating differs:\n%s", diff)
		}
		if diff := cmp.Diff(first.Charges, second.Charges); diff != "" {
			t.Fatalf("the second rating charges otherwise:\n%s", diff)
		}
	})
}

// TestLifeOfASubscription follows one licence through its statuses, month by month, with what stood before. The fact sheet's rule: suspended
// is still billed, expired is not (Microsoft sheet §5.3).
func TestLifeOfASubscription(t *testing.T) {
	months := []struct {
		status billing.SubscriptionStatus
		seats  int64
		end    string
		want   string // of the line
		source string // what becomes of the month's invoice line
	}{
		{billing.Pending, 12, "2027-09-10", "", "held 259.20 EUR"},
		{billing.Active, 12, "2027-09-10", "12 units", "billed 259.20 EUR"},
		{billing.Active, 15, "2027-09-10", "15 units", "billed 259.20 EUR"},
		{billing.Suspended, 15, "2027-09-10", "15 units", "billed 259.20 EUR"},
		{billing.Active, 0, "2027-09-10", "0 units", "billed 259.20 EUR"},
		{billing.Ended, 0, "2026-10-05", "ended 2026-10-05", "billed 259.20 EUR"},
		{billing.Ended, 0, "2027-09-10", "ended 2026-10-09", "billed 259.20 EUR"}, // ended early, nothing tells when: today
		{billing.Active, 12, "2028-09-10", "12 units", "billed 259.20 EUR"},       // bought again
	}
	last := map[string]money.Decimal{}
	for i, month := range months {
		s := seat("s1", month.seats)
		s.Status, s.End = month.status, day(month.end)
		in := world()
		in.Directory.Subscriptions, in.LinePrices = []billing.Subscription{s}, last
		in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
		d := Rate(in)
		got := ""
		for _, l := range d.Lines {
			if got = fmt.Sprintf("%d units", l.Units); !l.EndedOn.IsZero() {
				got = "ended " + l.EndedOn.String()
			}
		}
		if got != month.want || byOutcome(d) != month.source {
			t.Errorf("month %d, %s: %q, %s; want %q, %s", i, month.status, got, byOutcome(d), month.want, month.source)
		}
		last = remember(last, d)
	}
}

// TestEveryPricePointEnds: when all seats of an offer end, each of its lines ends, and what Microsoft still billed has a line to go to.
func TestEveryPricePointEnds(t *testing.T) {
	in := world()
	for _, id := range []billing.SubscriptionID{"s1", "s2"} {
		s := seat(id, 0)
		s.Status, s.End = billing.Ended, day("2026-10-01")
		in.Directory.Subscriptions = append(in.Directory.Subscriptions, s)
	}
	in.LinePrices = map[string]money.Decimal{premiumKey: num("10"), premiumKey + "@12.00": num("12"), "9002|other|offer": num("1")}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "1", "21.60"), bought("s2", "1", "21.60"))}
	d := Rate(in)
	var got []string
	for _, l := range d.Lines {
		got = append(got, l.Key+" "+l.EndedOn.String())
	}
	if want := []string{premiumKey + " 2026-10-01", premiumKey + "@12.00 2026-10-01"}; !slices.Equal(got, want) || byOutcome(d) != "billed 43.20 EUR" {
		t.Errorf("lines %q, want %q; outcomes %s", got, want, byOutcome(d))
	}
}

// TestStartDays: for every start day of the settings the contract begins on the latest such day that has come, clamped to short months,
// and lasts a year of whole periods.
func TestStartDays(t *testing.T) {
	type span struct {
		first, last int
		month       string // "2026-02" or, when clamped, the day
	}
	tests := []struct {
		today string
		spans []span
	}{
		{"2026-03-30", []span{{1, 30, "2026-03"}, {31, 31, "2026-02-28"}}},
		{"2026-03-01", []span{{1, 1, "2026-03"}, {2, 28, "2026-02"}, {29, 31, "2026-02-28"}}},
		{"2024-03-10", []span{{1, 10, "2024-03"}, {11, 29, "2024-02"}, {30, 31, "2024-02-29"}}},
		{"2026-02-28", []span{{1, 28, "2026-02"}, {29, 31, "2026-02-28"}}},
		{"2024-02-28", []span{{1, 28, "2024-02"}, {29, 31, "2024-01"}}},
		{"2027-01-01", []span{{1, 1, "2027-01"}, {2, 31, "2026-12"}}},
		{"2026-04-30", []span{{1, 30, "2026-04"}, {31, 31, "2026-04-30"}}},
	}
	for _, test := range tests {
		checked := 0
		for _, s := range test.spans {
			for wanted := s.first; wanted <= s.last; wanted++ {
				in := managedWorld()
				in.Day, in.Settings.ContractStartDay = day(test.today), wanted
				start := s.month
				if len(start) == len("2026-02") {
					start += fmt.Sprintf("-%02d", wanted)
				}
				c := Rate(in).Contracts[0]
				if c.Start.String() != start || c.End.AddDays(1) != c.Start.AddMonths(12) || c.ExtendTo != c.End {
					t.Errorf("day %d on %s: %s to %s, extended to %s; want a year from %s", wanted, test.today, c.Start, c.End, c.ExtendTo, start)
				}
				checked++
			}
		}
		if checked != 31 {
			t.Errorf("%s: %d days are in the table", test.today, checked)
		}
	}
}

// TestManagedContractLives walks a managed contract through six years of monthly plans, extending it as each says: it keeps its start, grows by
// whole years, and never has fewer than 60 days left after a plan. Extending by 365 days, or from a clamped end, would drift.
func TestManagedContractLives(t *testing.T) {
	for wanted := 1; wanted <= 31; wanted++ {
		in := managedWorld()
		in.Day, in.Settings.ContractStartDay = day("2024-01-31"), wanted
		made := Rate(in).Contracts[0]
		standing := billing.Contract{ID: "77", Mark: made.Mark, CompanyID: alderCo, Active: true, Recurring: true, PeriodType: made.PeriodType, Start: made.Start, End: made.End}
		base := in.Catalogue.Contracts
		extensions := 0
		for month := range 72 {
			in.Day = day("2024-01-31").AddMonths(month)
			in.Catalogue.Contracts = append(slices.Clone(base), standing)
			c := Rate(in).Contracts[0]
			if c.Start != made.Start || c.End != standing.End || in.Day.DaysTo(c.ExtendTo) < 60 {
				t.Fatalf("day %d on %s: %s to %s, extended to %s", wanted, in.Day, c.Start, c.End, c.ExtendTo)
			}
			if c.ExtendTo != standing.End {
				extensions++
				if c.ExtendTo.AddDays(1) != standing.End.AddDays(1).AddMonths(12) {
					t.Fatalf("day %d on %s: %s is extended to %s", wanted, in.Day, standing.End, c.ExtendTo)
				}
			}
			standing.End = c.ExtendTo
		}
		if extensions != 6 && extensions != 5 {
			t.Errorf("day %d: %d extensions in six years", wanted, extensions)
		}
	}
}

// TestUsageGoesWhereItsGroupsGo shares consumption over contracts to the cent: spare cents go to the group that lost most, ties to the first,
// and a credit takes back exactly what was charged, on each contract.
func TestUsageGoesWhereItsGroupsGo(t *testing.T) {
	tests := []struct {
		name string
		cost string
		rgs  []string // cost per resource group; group i is routed to contract "c<i>"
		want []string // cost per contract, "" for none
	}{
		{"thirds", "1.00", []string{"5", "5", "5"}, []string{"0.34", "0.33", "0.33"}},
		{"two cents over three", "0.02", []string{"5", "5", "5"}, []string{"0.01", "0.01", ""}},
		{"one cent goes to the largest", "0.01", []string{"1", "5", "2"}, []string{"", "0.01", ""}},
		{"zero-cost group gets nothing", "6.52", []string{"4.62", "0", "1.90"}, []string{"4.62", "", "1.90"}},
		{"groups with credits of their own get nothing", "6.52", []string{"-3", "6.52"}, []string{"", "6.52"}},
		{"only zero-cost groups: the first", "0.05", []string{"0", "0"}, []string{"0.05", ""}},
		{"rounding of Microsoft's", "6.52", []string{"4.623778807722636", "1.90728678"}, []string{"4.62", "1.90"}},
		{"a hundred to one", "10.00", []string{"1000", "10"}, []string{"9.90", "0.10"}},
	}
	for _, test := range tests {
		for _, sign := range []string{"", "-"} {
			line := consumed("k1", vm, "Virtual Machines", sign+test.cost)
			var groups []billing.UsageGroup
			var routes []billing.Route
			var contracts []billing.Contract
			for i, cost := range test.rgs {
				name := fmt.Sprintf("rg%d", i)
				groups = append(groups, used(vm, name, "Virtual Machines", cost))
				routes = append(routes, billing.Route{CustomerID: dunmore, ResourceGroup: name, ContractID: billing.ContractID(fmt.Sprintf("c%d", i))})
				contracts = append(contracts, billing.Contract{ID: routes[i].ContractID, CompanyID: dunCo, Active: true, Recurring: true, Start: day("2026-01-01")})
			}
			in := azureWorld([]billing.LineItem{line}, groups...)
			in.Mappings.Routes, in.Catalogue.Contracts = routes, contracts
			got := make([]string, len(test.rgs))
			for _, c := range Rate(in).Charges {
				got[slices.Index(contractIDs(contracts), c.Contract.ID)] = strings.TrimPrefix(c.UnitCost.Number(), sign)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%s%s %s: %q, want %q", sign, test.cost, test.name, got, test.want)
			}
			credit := change(line, func(l *billing.LineItem) {
				l.Key, l.Row, l.Kind, l.Cost, l.Total = "k2", 21, billing.ChargeCustomerCredit, l.Cost.Neg(), l.Total.Neg()
			})
			in.Lines = []billing.LineSet{billedSet(line, credit)}
			if d := Rate(in); len(d.Charges) != 0 || byOutcome(d) != "excluded 0.00 EUR" {
				t.Errorf("%s: a full credit leaves %q", test.name, summary(d))
			}
		}
	}
}

func contractIDs(contracts []billing.Contract) []string {
	var ids []string
	for _, c := range contracts {
		ids = append(ids, string(c.ID))
	}
	return ids
}

// TestLateUsageOfSeveralMonths: a bundled charge says which earlier months it includes, in order, and is still of the month that billed them.
func TestLateUsageOfSeveralMonths(t *testing.T) {
	late := func(key, from, to, cost string) (billing.LineItem, billing.UsageGroup) {
		line, group := consumed(key, vm, "Virtual Machines", cost), used(vm, "rg", "Virtual Machines", cost)
		line.Charged, group.Charged = days(from, to), days(from, to)
		return line, group
	}
	now, nowGroup := late("k1", "2026-09-01", "2026-09-30", "5.00")
	august, augustGroup := late("k2", "2026-08-01", "2026-08-31", "2.00")
	july, julyGroup := late("k3", "2026-07-01", "2026-07-31", "1.00")
	in := azureWorld([]billing.LineItem{august, now, july}, augustGroup, nowGroup, julyGroup)
	in.InvoiceMonths = map[string]billing.Month{invoice: "2026-09"}
	d := Rate(in)
	if len(d.Charges) != 1 || d.Charges[0].UnitPrice.String() != "8.80 EUR" || d.Charges[0].Month != "2026-09" || len(d.Findings) != 0 {
		t.Fatalf("charges %q findings %v", summary(d), findingIDs(d))
	}
	if want := "Includes usage of 2026-07-01 to 2026-07-31, 2026-08-01 to 2026-08-31 that Microsoft billed late."; !strings.HasSuffix(d.Charges[0].Description, want) {
		t.Errorf("description %q", d.Charges[0].Description)
	}
}

// TestTwoInvoicesOneCharge: the Azure of two invoices of one month is one charge whose proof names both; each keeps its own usage, and usage
// of a third invoice without lines counts by itself.
func TestTwoInvoicesOneCharge(t *testing.T) {
	first := billedSet(consumed("k1", vm, "Virtual Machines", "6.00"))
	second := billedSet(change(consumed("k1", vm, "Virtual Machines", "4.00"), func(l *billing.LineItem) { l.Invoice = "G2" }))
	second.ID.Invoice = "G2"
	usage := func(number, version string, groups ...billing.UsageGroup) billing.UsageSet {
		set := usageSet(groups...)
		set.ID.Invoice, set.Version = number, version
		return set
	}
	in := azureWorld(nil)
	in.Lines = []billing.LineSet{first, second}
	in.Usage = []billing.UsageSet{
		usage(invoice, "1", used(vm, "rg", "Virtual Machines", "6.00")),
		usage("G2", "1", used(vm, "rg", "Virtual Machines", "9.99")), // restated below
		usage("G2", "2", used(vm, "rg", "Virtual Machines", "4.00")),
		usage("G3", "1", used(vm, "rg", "Virtual Machines", "1.00")),
	}
	d := Rate(in)
	if got := summary(d); !slices.Equal(got, []string{"9002 Azure consumption 2026-09 11.00 EUR → 12.10 EUR"}) || len(d.Findings) != 0 {
		t.Fatalf("charges %q, findings %+v", got, d.Findings)
	}
	if notes := d.Charges[0].Notes; !strings.Contains(notes, "Microsoft invoice G104775210 (1 line), G2 (1 line), G3 (1 line), 18 usage rows, cost 11.00 EUR") {
		t.Errorf("notes %q", notes)
	}
}
