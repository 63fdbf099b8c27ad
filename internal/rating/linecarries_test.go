package rating

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// ours is a custom service of the premium offer: its cost and price are in the test's hands. "" leaves one out.
func ours(id billing.SubscriptionID, n int64, cost, price string) billing.Subscription {
	s := seat(id, n)
	s.Kind, s.Name, s.Start = billing.CustomService, "Seats", day("2026-09-10")
	if cost != "" {
		c := eur(cost)
		s.UnitCost = &c
	}
	if price != "" {
		p := eur(price)
		s.UnitPrice = &p
	}
	return s
}

// endedSeat is ours after its end on a day.
func endedSeat(id billing.SubscriptionID, end string) billing.Subscription {
	s := ours(id, 0, "5", "9")
	s.Status, s.End = billing.Ended, day(end)
	return s
}

// TestALineInFull pins a whole line: who, where, what, how many, at what price and cost by which words, from which day. The plan writes all of it.
func TestALineInFull(t *testing.T) {
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 10), seat("s2", 5)}
	in.Mappings.Services = []billing.ServiceMapping{{Offer: premiumOffer, ServiceID: "70", Name: "M365 BP"}}
	in.Mappings.Switches[0].From, in.Settings.EffectivePolicy = "2026-09", billing.NextPeriod
	in.Settings.PricePlaces = 4
	set := billedSet(bought("s1", "10", "216.00"), bought("s2", "5", "108.00"))
	set.ID.Month = "2026-09"
	in.Lines = []billing.LineSet{set}
	price, cost := eur("25.92"), eur("21.60")
	const key = "9001|70|CFQ7TTC07DHZ:0001:P1Y:monthly"
	want := billing.DesiredLine{
		Key:        key,
		Mark:       billing.LineMark(org, key),
		CustomerID: alder,
		Customer:   "Alder Ridge Dental Group",
		Contract:   billing.Ref{ID: "9001"},
		Service:    billing.Ref{ID: "70"},
		Offer:      premiumOffer,
		Name:       "Microsoft 365 Business Premium (P1Y, monthly)",
		PeriodType: billing.PeriodMonth,
		Units:      15,
		UnitPrice:  &price,
		UnitCost:   &cost,
		Since:      day("2026-09-10"),
		BillFrom:   day("2026-09-01"),
		Policy:     billing.NextPeriod,
		Shares:     []billing.Share{{SubscriptionID: "s1", Units: 10}, {SubscriptionID: "s2", Units: 5}},
		PriceRule:  ruleServiceMarkup,
		CostBasis:  "billed for 2026-09-10 to 2026-10-09 on invoice G104775210 (216.00 EUR ÷ 10)",
		Steps:      []billing.Step{{From: day("2026-09-10"), Units: 15, Proof: "invoice G104775210"}},
		ProvenTo:   day("2026-10-01"),
	}
	d := Rate(in)
	if diff := cmp.Diff(want, only(t, d)); diff != "" {
		t.Error(diff)
	}
	if len(d.Services) > 0 {
		t.Errorf("a mapped offer needs no new service: %+v", d.Services)
	}
	in.Settings.EffectivePolicy = ""
	if l := only(t, Rate(in)); l.Policy != billing.UpNowDownNext {
		t.Errorf("without a policy it is %s", l.Policy)
	}
}

// TestAnEndedLineInFull: a line whose every subscription has ended keeps its key and mark, so that the plan finds what to end; it has shares without
// units, no price and no cost, and the last day it is charged for.
func TestAnEndedLineInFull(t *testing.T) {
	gone := func(id billing.SubscriptionID, end string) billing.Subscription {
		s := seat(id, 0)
		s.Status, s.End = billing.Ended, day(end)
		return s
	}
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{gone("s1", "2026-10-05"), gone("s2", "2026-10-02")}
	in.Lines = []billing.LineSet{billedSet(row(billing.ChargeNew, 12, "2026-09-10", "2026-10-09", 1),
		change(row(billing.ChargeNew, 3, "2026-09-10", "2026-10-09", 1), func(l *billing.LineItem) { l.SubscriptionID = "s2" }))}
	in.LinePrices = map[string]money.Decimal{premiumKey: num("25.92")}
	want := billing.DesiredLine{
		Key:        premiumKey,
		Mark:       billing.LineMark(org, premiumKey),
		CustomerID: alder,
		Customer:   "Alder Ridge Dental Group",
		Contract:   billing.Ref{ID: "9001"},
		Service:    billing.Ref{Mark: billing.ServiceMark(premiumOffer)},
		Offer:      premiumOffer,
		Name:       "Microsoft 365 Business Premium (P1Y, monthly)",
		PeriodType: billing.PeriodMonth,
		EndedOn:    day("2026-10-05"),
		Policy:     billing.UpNowDownNext,
		Shares:     []billing.Share{{SubscriptionID: "s1"}, {SubscriptionID: "s2"}},
		Steps: []billing.Step{
			{From: day("2026-09-10"), Units: 15, Proof: "invoice G104775210"},
			{From: day("2026-10-02"), Units: 12, Proof: "the end of the subscription"},
			{From: day("2026-10-05"), Units: 0, Proof: "the end of the subscription"},
		},
		ProvenTo: day("2026-10-01"),
	}
	d := Rate(in)
	if diff := cmp.Diff(want, only(t, d)); diff != "" {
		t.Error(diff)
	}
	if len(d.Services) > 0 || len(d.Findings) > 0 {
		t.Errorf("services %+v, findings %v", d.Services, findingIDs(d))
	}
	in.LinePrices[premiumKey+"@12.00"] = num("12") // seats stood on two lines: nobody can say how many on which
	for _, l := range Rate(in).Lines {
		if len(l.Steps) > 0 || !l.ProvenTo.IsZero() || l.EndedOn != day("2026-10-05") {
			t.Errorf("one of two lines: %+v", l)
		}
	}
}

// TestWhatEndedBesideWhatRuns: seats that ended on a line that goes on are billed by the line that their neighbours are on, and never hold it: what is
// over needs neither cost nor price.
func TestWhatEndedBesideWhatRuns(t *testing.T) {
	billed := change(bought("s2", "1", "9.00"), func(l *billing.LineItem) { l.Key = "ended" })
	at := func(price string) string { return premiumKey + "@" + price }
	tests := []struct {
		name string
		subs []billing.Subscription
		last map[string]money.Decimal
		want string // what bills the line of s2
	}{
		{"one price", []billing.Subscription{ours("s1", 4, "5", "9"), endedSeat("s2", "2026-09-20")}, nil, premiumKey},
		{"the plain line of two", []billing.Subscription{ours("s1", 4, "5", "9"), endedSeat("s2", "2026-09-20"), ours("s3", 2, "5", "8")}, nil, premiumKey},
		{"only a line of its own runs", []billing.Subscription{ours("s1", 4, "5", "9"), endedSeat("s2", "2026-09-20")},
			map[string]money.Decimal{premiumKey: num("7"), at("9.00"): num("9")}, at("9.00")},
		{"two lines of their own run: the first", []billing.Subscription{ours("s1", 4, "5", "9"), endedSeat("s2", "2026-09-20"), ours("s3", 2, "5", "8")},
			map[string]money.Decimal{premiumKey: num("7"), at("9.00"): num("9"), at("8.00"): num("8")}, at("8.00")},
	}
	for _, test := range tests {
		in := world()
		in.Directory.Subscriptions, in.LinePrices = test.subs, test.last
		in.Lines = []billing.LineSet{billedSet(billed)}
		in.Mappings.Prices = []billing.PriceRule{{ID: "none", Kind: billing.MarginRule, Value: num("100"), SubscriptionID: "s2"}}
		d := Rate(in)
		if got := outcomes(d); !slices.Equal(got, []string{"billed " + test.want + " 9.00 EUR"}) || len(d.Findings) > 0 {
			t.Errorf("%s: outcomes %q, findings %v; want it billed by %s", test.name, got, findingIDs(d), test.want)
		}
		for _, l := range d.Lines {
			if !l.EndedOn.IsZero() || len(l.Holds) > 0 {
				t.Errorf("%s: line %+v", test.name, l)
			}
		}
	}
}

// TestStepsOfSharedLines: where seats stand on several lines and some have ended, no line claims the days of the past; while nothing ended each has its
// own.
func TestStepsOfSharedLines(t *testing.T) {
	second := func(status billing.SubscriptionStatus, id billing.SubscriptionID) billing.Subscription {
		s := seat(id, 3)
		if s.Status = status; status == billing.Ended {
			s.Quantity, s.End = 0, day("2026-10-05")
		}
		return s
	}
	line := func(id billing.SubscriptionID, seats int64) billing.LineItem {
		return change(row(billing.ChargeNew, seats, "2026-09-10", "2026-10-09", 1), func(l *billing.LineItem) { l.SubscriptionID, l.Key = id, string(id) })
	}
	for _, test := range []struct {
		name string
		subs []billing.Subscription
		want string
	}{
		{"two prices", []billing.Subscription{seat("s1", 12), second(billing.Active, "s2")}, "2026-09-10 12, 2026-09-10 3"},
		{"two prices and one that ended", []billing.Subscription{seat("s1", 12), second(billing.Active, "s2"), second(billing.Ended, "s3")}, ", "},
		{"one price and one that ended", []billing.Subscription{seat("s1", 12), second(billing.Ended, "s3")}, "2026-09-10 15/2026-10-05 12"},
	} {
		in := world()
		in.Directory.Subscriptions = test.subs
		in.Lines = []billing.LineSet{billedSet(line("s1", 12), line("s2", 3), line("s3", 3))}
		in.Mappings.Prices = []billing.PriceRule{{ID: "s2", Kind: billing.FixedRule, Value: num("50"), SubscriptionID: "s2"}}
		var got []string
		for _, l := range Rate(in).Lines {
			got = append(got, strings.Join(stepsText(l), "/"))
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: steps %q, want %q", test.name, got, test.want)
		}
	}
	in := world() // what cannot be planned has no steps either
	in.Directory.Subscriptions, in.Lines = []billing.Subscription{seat("s1", 12)}, []billing.LineSet{billedSet(line("s1", 12))}
	in.Mappings.Services = []billing.ServiceMapping{{Offer: premiumOffer, ServiceID: "404"}}
	if d := Rate(in); len(d.Lines) > 0 || byOutcome(d) != "held 12.00 EUR" {
		t.Errorf("a service that is gone: %+v, %s", d.Lines, byOutcome(d))
	}
}

// TestWhichPointIsPlain: without a history the price with most seats has the plain key, of equal ones that of the lowest subscription; a price of
// nothing is a price like any other, and seats without a price have a line of their own.
func TestWhichPointIsPlain(t *testing.T) {
	tests := []struct {
		name string
		subs []billing.Subscription
		want string // "suffix units price", in order of key
	}{
		{"the lowest of equal ones, at the lower price", []billing.Subscription{ours("a", 4, "5", "10"), ours("b", 4, "5", "12")}, " 4 10.00, @12.00 4 12.00"},
		{"the lowest of equal ones, at the higher price", []billing.Subscription{ours("a", 4, "5", "12"), ours("b", 4, "5", "10")}, " 4 12.00, @10.00 4 10.00"},
		{"few seats for nothing", []billing.Subscription{ours("a", 1, "0", "0"), ours("b", 4, "5", "10")}, " 4 10.00, @0.00 1 0.00"},
		{"many seats for nothing", []billing.Subscription{ours("a", 9, "0", "0"), ours("b", 4, "5", "10")}, " 9 0.00, @10.00 4 10.00"},
		{"few seats whose price nobody knows", []billing.Subscription{ours("a", 1, "", ""), ours("b", 4, "5", "10")}, " 4 10.00, @none 1 ?"},
		{"many seats whose price nobody knows", []billing.Subscription{ours("a", 9, "", ""), ours("b", 4, "5", "10")}, " 9 ?, @10.00 4 10.00"},
		{"no seats at all", []billing.Subscription{ours("a", 0, "5", "10")}, " 0 10.00"},
		{"three", []billing.Subscription{ours("a", 1, "5", "10"), ours("b", 3, "5", "11"), ours("c", 2, "5", "12")}, " 3 11.00, @10.00 1 10.00, @12.00 2 12.00"},
	}
	for _, test := range tests {
		in := world()
		in.Directory.Subscriptions = test.subs
		var got []string
		for _, l := range Rate(in).Lines {
			price := "?"
			if l.UnitPrice != nil {
				price = l.UnitPrice.Number()
			}
			got = append(got, fmt.Sprintf("%s %d %s", strings.TrimPrefix(l.Key, premiumKey), l.Units, price))
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: %q, want %q", test.name, strings.Join(got, ", "), test.want)
		}
	}
}

// TestRulesOfALine: seats that different rules price alike are one line, which names every rule, once and in order.
func TestRulesOfALine(t *testing.T) {
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 1), seat("s2", 2), seat("s3", 3)}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "1", "21.60"))}
	fixed := func(id string, sub billing.SubscriptionID) billing.PriceRule {
		return billing.PriceRule{ID: id, Kind: billing.FixedRule, Value: num("30"), SubscriptionID: sub}
	}
	in.Mappings.Prices = []billing.PriceRule{fixed("z", "s1"), fixed("a", "s2"), fixed("z", "s3")}
	if l := only(t, Rate(in)); l.Units != 6 || l.PriceRule != "a, z" {
		t.Errorf("%d units by %q", l.Units, l.PriceRule)
	}
}

// TestCostOfALine: seats of one cost have it with its proof; of different costs the average by units, to four places, half away from zero; unknown as
// soon as one is unknown: an average over the known ones would show a margin that is not there.
func TestCostOfALine(t *testing.T) {
	priced := func(id billing.SubscriptionID, n int64, cost string) *candidate {
		c := &candidate{sub: seat(id, n), cost: unitCost{basis: "proof of " + string(id)}}
		if cost != "" {
			amount, err := money.ParseAmount(cost)
			if err != nil {
				t.Fatal(err)
			}
			c.cost.amount = &amount
		}
		return c
	}
	const average = "average of 2 subscriptions with different costs"
	tests := []struct {
		name  string
		group []*candidate
		cost  string // "" for unknown
		basis string
	}{
		{"one", []*candidate{priced("a", 3, "5.00 EUR")}, "5.00 EUR", "proof of a"},
		{"alike", []*candidate{priced("a", 3, "5.00 EUR"), priced("b", 4, "5.0 EUR")}, "5.00 EUR", "proof of a"},
		{"alike, finer than four places", []*candidate{priced("a", 3, "5.000049 EUR"), priced("b", 4, "5.000049 EUR")}, "5.000049 EUR", "proof of a"},
		{"different", []*candidate{priced("a", 1, "5.00 EUR"), priced("b", 3, "6.00 EUR")}, "5.75 EUR", average},
		{"the first and the last alike", []*candidate{priced("a", 1, "5.00 EUR"), priced("b", 2, "6.50 EUR"), priced("c", 1, "5.00 EUR")}, "5.75 EUR",
			"average of 3 subscriptions with different costs"},
		{"a third", []*candidate{priced("a", 1, "5.00 EUR"), priced("b", 2, "6.00 EUR")}, "5.6667 EUR", average},
		{"half of the last place", []*candidate{priced("a", 1, "5.0000 EUR"), priced("b", 1, "5.0001 EUR")}, "5.0001 EUR", average}, // 5.00005
		{"who has no seats has no weight", []*candidate{priced("a", 0, "100.00 EUR"), priced("b", 2, "6.00 EUR")}, "6.00 EUR", average},
		{"fewer than none have no weight", []*candidate{priced("a", -5, "100.00 EUR"), priced("b", 2, "6.00 EUR")}, "6.00 EUR", average},
		{"nobody has seats: the first", []*candidate{priced("a", 0, "5.00 EUR"), priced("b", 0, "6.00 EUR")}, "5.00 EUR", "proof of a"},
		{"the first is unknown", []*candidate{priced("a", 1, ""), priced("b", 2, "6.00 EUR")}, "", "the cost of subscription a is not known: proof of a"},
		{"the second is unknown", []*candidate{priced("a", 1, "5.00 EUR"), priced("b", 2, "")}, "", "the cost of subscription b is not known: proof of b"},
		{"in two currencies", []*candidate{priced("a", 1, "5.00 EUR"), priced("b", 2, "5.00 USD")}, "", "the cost of subscription b is not known: proof of b"},
	}
	for _, test := range tests {
		cost, basis := averageCost(test.group)
		text := ""
		if cost != nil {
			text = cost.String()
		}
		if text != test.cost || basis != test.basis {
			t.Errorf("%s: %q because %q, want %q because %q", test.name, text, basis, test.cost, test.basis)
		}
	}
	rapid.Check(t, func(t *rapid.T) { // the average lies between the lowest and the highest, and ten times the seats cost the same each
		var group, tenfold []*candidate
		low, high := money.Int(1_000_000), money.Int(0)
		for i := range rapid.IntRange(1, 5).Draw(t, "subscriptions") {
			n := rapid.Int64Range(1, 50).Draw(t, "seats")
			value := money.New(rapid.Int64Range(0, 1_000_000).Draw(t, "cost"), -4)
			amount := money.Of(value, "EUR")
			c := &candidate{sub: seat(billing.SubscriptionID(fmt.Sprint(i)), n), cost: unitCost{amount: &amount}}
			group = append(group, c)
			c.sub.Quantity *= 10
			tenfold = append(tenfold, c)
			if value.Cmp(low) < 0 {
				low = value
			}
			if value.Cmp(high) > 0 {
				high = value
			}
		}
		cost, _ := averageCost(group)
		if cost.Value().Cmp(low) < 0 || cost.Value().Cmp(high) > 0 {
			t.Fatalf("%s is not between %s and %s", cost, low, high)
		}
		if same, _ := averageCost(tenfold); !same.Equal(*cost) {
			t.Fatalf("ten times the seats cost %s each, not %s", same, cost)
		}
	})
}

// TestHoldsInOrder: a line shows each hold once, by policy and then by reason, however many seats it is for (law 4).
func TestHoldsInOrder(t *testing.T) {
	hold := func(policy, why string) block { return block{hold: billing.Hold{Policy: policy, Why: why}} }
	want := []billing.Hold{{Policy: "a", Why: "z"}, {Policy: "b", Why: "x"}, {Policy: "b", Why: "y"}, {Policy: "c", Why: "w"}}
	rapid.Check(t, func(t *rapid.T) {
		blocks := []block{hold("a", "z"), hold("b", "x"), hold("b", "y"), hold("c", "w"), hold("b", "x"), hold("a", "z")}
		if got := holdsOf(rapid.Permutation(blocks).Draw(t, "order")); !slices.Equal(got, want) {
			t.Fatalf("holds %v, want %v", got, want)
		}
	})
	if got := holdsOf(nil); got != nil {
		t.Errorf("nothing holds, but %v", got)
	}
}

// TestAtStakeWithoutAnInvoice: before Microsoft billed anything, a finding shows what a cycle costs: that of what is billed, not of what has ended or
// was switched off.
func TestAtStakeWithoutAnInvoice(t *testing.T) {
	tests := []struct {
		name string
		edit func(*Input)
		want []string
	}{
		{"not mapped", func(in *Input) { in.Mappings.Companies = nil }, []string{"customer-unmapped/alder 60.00 EUR"}},
		{"no contract", func(in *Input) { in.Mappings.Routes = nil }, []string{"no-contract/alder 60.00 EUR"}},
		{"no contract for some", func(in *Input) { in.Mappings.Routes[0].SubscriptionID = "s1" }, []string{"no-contract/alder 20.00 EUR"}},
		{"switched off", func(in *Input) { in.Mappings.Switches = nil }, []string{}},
		{"fewer than no seats cost nothing", func(in *Input) {
			in.Mappings.Companies, in.Directory.Subscriptions[1].Quantity = nil, -2
		}, []string{"customer-unmapped/alder 40.00 EUR"}},
		{"the others have ended", func(in *Input) {
			in.Mappings.Companies, in.Directory.Subscriptions[1].Status = nil, billing.Ended
		}, []string{"customer-unmapped/alder 40.00 EUR"}},
		{"all have ended", func(in *Input) {
			in.Mappings.Companies, in.Directory.Subscriptions[0].Status, in.Directory.Subscriptions[1].Status = nil, billing.Ended, billing.Ended
		}, []string{}},
		{"billed once, which has no period", func(in *Input) {
			in.Directory.Subscriptions[0].Offer.Frequency = billing.OneTime
		}, []string{"period-type/s1 0"}},
		{"billed once, and over", func(in *Input) {
			in.Directory.Subscriptions[0].Offer.Frequency, in.Directory.Subscriptions[0].Status = billing.OneTime, billing.Ended
		}, []string{}},
		{"a below-cost price", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "x", Kind: billing.MarkupRule, Value: num("-50"), SubscriptionID: "s2"}}
		}, []string{"below-cost/s2 20.00 EUR"}},
	}
	for _, test := range tests {
		in := world()
		in.Month = ""
		in.Directory.Subscriptions = []billing.Subscription{ours("s1", 4, "10", "15"), ours("s2", 2, "10", "")}
		test.edit(&in)
		if got := findingTexts(Rate(in)); !slices.Equal(got, test.want) {
			t.Errorf("%s: findings %q, want %q", test.name, got, test.want)
		}
	}
	unmapped := world() // and names what it is about, once
	unmapped.Month, unmapped.Mappings.Companies = "", nil
	unmapped.Directory.Subscriptions = []billing.Subscription{ours("s1", 4, "10", "15"), ours("s2", 2, "10", "")}
	if f := findingOf(t, Rate(unmapped), "customer-unmapped/alder"); f.Message != "Alder Ridge Dental Group is not mapped to a company, so nothing of it is billed: Seats" {
		t.Errorf("finding %q", f.Message)
	}
	in := world() // a line of a service that has no period is held by the same finding
	once := ours("s1", 4, "10", "15")
	once.Offer.Frequency = billing.OneTime
	in.Directory.Subscriptions, in.Lines = []billing.Subscription{once}, []billing.LineSet{billedSet(bought("s1", "4", "40.00"))}
	if got := outcomes(Rate(in)); !slices.Equal(got, []string{"held period-type/s1 40.00 EUR"}) {
		t.Errorf("outcomes %q", got)
	}
}
