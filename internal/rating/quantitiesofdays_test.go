package rating

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// provenOf gives the steps that lines and the directory prove for a subscription, "2026-09-10 12", and whether anything is proven.
func provenOf(s billing.Subscription, lines ...billing.LineItem) ([]string, bool) {
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{s}
	in.Lines = []billing.LineSet{billedSet(lines...)}
	r := newRater(in)
	h, ok := r.historyOf(&candidate{sub: s, ended: s.Status == billing.Ended})
	return stepsText(billing.DesiredLine{Steps: h.steps}), ok
}

// unnamed is a line as files without references have it.
func unnamed(l billing.LineItem) billing.LineItem {
	l.ReferenceID = ""
	return l
}

// named gives a line the reference of its event.
func named(reference string, lines ...billing.LineItem) []billing.LineItem {
	for i := range lines {
		lines[i].ReferenceID = reference
		lines[i].Key += reference
	}
	return lines
}

// TestManyChangesOfOneDay: whatever Microsoft takes back and charges again on one day, the day ends with what was charged last, also when the lines name no
// reference. A wrong pairing would bill seats that were given back, or none.
func TestManyChangesOfOneDay(t *testing.T) {
	const first, last, changed = "2026-09-10", "2026-10-09", "2026-09-14"
	add, remove := billing.ChargeAddQuantity, billing.ChargeRemoveQuantity
	fresh := row(billing.ChargeNew, 12, first, last, 1)
	bare := func(lines []billing.LineItem) []billing.LineItem {
		for i := range lines {
			lines[i] = unnamed(lines[i])
		}
		return lines
	}
	tests := []struct {
		name  string
		lines [][]billing.LineItem
		want  []string
	}{
		{"bought, cut and raised again on the day of purchase, without references",
			[][]billing.LineItem{{unnamed(fresh)}, bare(pair(remove, 12, 5, first, last)), bare(pair(add, 5, 12, first, last))}, []string{first + " 12"}},
		{"raised twice, without references",
			[][]billing.LineItem{{fresh}, bare(pair(add, 12, 15, changed, last)), bare(pair(add, 15, 20, changed, last))}, []string{first + " 12", changed + " 20"}},
		{"cut twice, without references",
			[][]billing.LineItem{{fresh}, bare(pair(remove, 12, 9, changed, last)), bare(pair(remove, 9, 4, changed, last))}, []string{first + " 12", changed + " 4"}},
		{"cut, raised and cut again",
			[][]billing.LineItem{{row(billing.ChargeNew, 15, first, last, 1)}, named("r1", pair(remove, 15, 12, changed, last)...), named("r2", pair(add, 12, 15, changed, last)...),
				named("r3", pair(remove, 15, 12, changed, last)...)}, []string{first + " 15", changed + " 12"}},
		{"raised by as many as there were", [][]billing.LineItem{{fresh}, pair(add, 12, 24, changed, last)}, []string{first + " 12", changed + " 24"}},
		{"two purchases under one subscription add up", [][]billing.LineItem{{fresh}, {row(billing.ChargeConvert, 3, first, last, 1)}}, []string{first + " 15"}},
		{"moved away to the last seat", [][]billing.LineItem{{fresh}, {row(billing.ChargeMoveQuantity, 12, changed, last, -1)}}, []string{first + " 12", changed + " 0"}},
		{"moved away in part", [][]billing.LineItem{{fresh}, {row(billing.ChargeMoveQuantity, 12, changed, last, -1), row(billing.ChargeMoveQuantity, 7, changed, last, 1)}},
			[]string{first + " 12", changed + " 7"}},
		{"a refund of more than there was leaves none", [][]billing.LineItem{{fresh}, {row(billing.ChargeCancel, 20, changed, last, -1)}}, []string{first + " 12", changed + " 0"}},
		{"a refund of part of it", [][]billing.LineItem{{fresh}, {row(billing.ChargeCancel, 5, changed, last, -1)}}, []string{first + " 12", changed + " 7"}},
		{"a cycle on two lines with references of their own counts once",
			[][]billing.LineItem{{fresh}, named("r1", row(billing.ChargeCycle, 12, "2026-10-10", "2026-11-09", 1)), named("r2", row(billing.ChargeCycle, 12, "2026-10-10", "2026-11-09", 1))},
			[]string{first + " 12"}},
		{"a purchase on two lines with references of their own counts once",
			[][]billing.LineItem{named("r1", fresh), named("r2", row(billing.ChargeNew, 12, first, last, 1))}, []string{first + " 12"}},
		{"renewed, and cancelled within a day", [][]billing.LineItem{{fresh}, {row(billing.ChargeRenew, 12, "2026-10-10", "2026-11-09", 1)},
			{row(billing.ChargeCancelImmediate, 12, "2026-10-10", "2026-11-09", -1)}}, []string{first + " 12", "2026-10-10 0"}},
		{"renewed, and cancelled within a day, on two lines each", [][]billing.LineItem{{fresh},
			named("r1", row(billing.ChargeCycle, 12, "2026-10-10", "2026-11-09", 1)), named("r2", row(billing.ChargeCycle, 12, "2026-10-10", "2026-11-09", 1)),
			named("r3", row(billing.ChargeCancel, 12, "2026-10-10", "2026-11-09", -1)), named("r4", row(billing.ChargeCancel, 12, "2026-10-10", "2026-11-09", -1))},
			[]string{first + " 12", "2026-10-10 0"}},
		{"renewed on two lines, cancelled within a day on one", [][]billing.LineItem{{fresh},
			named("r1", row(billing.ChargeRenew, 12, "2026-10-10", "2026-11-09", 1)), named("r2", row(billing.ChargeRenew, 12, "2026-10-10", "2026-11-09", 1)),
			{row(billing.ChargeCancelImmediate, 12, "2026-10-10", "2026-11-09", -1)}}, []string{first + " 12", "2026-10-10 0"}},
		{"renewed, raised and cancelled within a day", [][]billing.LineItem{{fresh}, {row(billing.ChargeRenew, 12, "2026-10-10", "2026-11-09", 1)},
			pair(add, 12, 15, "2026-10-10", "2026-11-09"), {row(billing.ChargeCancelImmediate, 15, "2026-10-10", "2026-11-09", -1)}}, []string{first + " 12", "2026-10-10 0"}},
		{"bought and cancelled within a day", [][]billing.LineItem{{fresh}, {row(billing.ChargeCancelImmediate, 12, first, last, -1)}}, []string{}},
		{"a cycle that was charged, taken back and charged again", [][]billing.LineItem{{fresh}, {row(billing.ChargeCycle, 12, "2026-10-10", "2026-11-09", 1)},
			{row(billing.ChargeCycle, 12, "2026-10-10", "2026-11-09", -1)}}, []string{first + " 12"}},
		{"the next cycle with as many seats is no step", [][]billing.LineItem{{fresh}, {row(billing.ChargeCycle, 12, "2026-10-10", "2026-11-09", 1)}}, []string{first + " 12"}},
		{"the next cycle with fewer is one", [][]billing.LineItem{{fresh}, {row(billing.ChargeCycle, 11, "2026-10-10", "2026-11-09", 1)}}, []string{first + " 12", "2026-10-10 11"}},
	}
	for _, test := range tests {
		lines := slices.Concat(test.lines...)
		rapid.Check(t, func(t *rapid.T) {
			if got, ok := provenOf(seat("s1", 12), rapid.Permutation(lines).Draw(t, "order")...); !ok || !slices.Equal(got, test.want) {
				t.Fatalf("%s: %q, %v; want %q", test.name, got, ok, test.want)
			}
		})
	}
}

// TestHowAHistoryBegins: a purchase, an upgrade, seats that were moved here and a new billing plan begin a history; a cycle, a renewal and a change go on
// with one, which then reaches back to the subscription's start: nothing else could have been charged before.
func TestHowAHistoryBegins(t *testing.T) {
	const first, last = "2026-09-10", "2026-10-09"
	for kind, begins := range map[billing.ChargeKind]bool{
		billing.ChargeNew:               true,
		billing.ChargeConvert:           true,
		billing.ChargeMoveQuantity:      true,
		billing.ChargeChangeBillingPlan: true,
		billing.ChargeCycle:             false,
		billing.ChargeRenew:             false,
		billing.ChargeAddQuantity:       false,
		billing.ChargeRemoveQuantity:    false,
	} {
		for start, reaches := range map[string]string{"": "", "2026-07-20": "2026-07-20 12", first: "", "2026-09-20": ""} {
			s := seat("s1", 12)
			if s.Start = (billing.Date{}); start != "" {
				s.Start = day(start)
			}
			want := []string{first + " 12"}
			if reaches != "" && !begins {
				want = []string{reaches} // and stands since then
			}
			if got, ok := provenOf(s, row(kind, 12, first, last, 1)); !ok || !slices.Equal(got, want) {
				t.Errorf("%s, started %q: %q, %v; want %q", kind, start, got, ok, want)
			}
		}
	}
	s := seat("s1", 12)
	s.Start = day("2026-07-20")
	if got, _ := provenOf(s, pair(billing.ChargeAddQuantity, 12, 15, first, last)...); !slices.Equal(got, []string{"2026-07-20 12", first + " 15"}) {
		t.Errorf("a history that begins with a change: %q", got)
	}
}

// TestWhichLinesTellSeats: only billed lines with days and money of the very offer tell how many seats are charged; what is wrong with any other must not make
// a quantity.
func TestWhichLinesTellSeats(t *testing.T) {
	tests := []struct {
		name string
		edit func(*billing.LineItem, *billing.SetID)
		want bool
	}{
		{"a charge", func(*billing.LineItem, *billing.SetID) {}, true},
		{"a refund", func(l *billing.LineItem, _ *billing.SetID) { l.Cost = l.Cost.Neg() }, true},
		{"an estimate", func(_ *billing.LineItem, s *billing.SetID) { s.Kind = billing.UnbilledLines }, false},
		{"a trial", func(l *billing.LineItem, _ *billing.SetID) { l.Trial = true }, false},
		{"a credit", func(l *billing.LineItem, _ *billing.SetID) { l.Kind = billing.ChargeCustomerCredit }, false},
		{"without days", func(l *billing.LineItem, _ *billing.SetID) { l.Charged = billing.Period{} }, false},
		{"without money", func(l *billing.LineItem, _ *billing.SetID) { l.Cost, l.EffectiveUnitCost = eur("0"), num("0") }, false},
		{"nothing to pay at a unit price", func(l *billing.LineItem, _ *billing.SetID) { l.Cost = eur("0") }, true},
		{"another product", func(l *billing.LineItem, _ *billing.SetID) { l.ProductID = vm }, false},
		{"another SKU", func(l *billing.LineItem, _ *billing.SetID) { l.SKUID = "0002" }, false},
		{"another frequency", func(l *billing.LineItem, _ *billing.SetID) { l.Frequency = billing.Annual }, false},
		{"another term", func(l *billing.LineItem, _ *billing.SetID) { l.TermPeriod = days("2026-09-10", "2026-10-09") }, false},
		{"a charge type nobody knows", func(l *billing.LineItem, _ *billing.SetID) { l.Kind = "brandnew" }, true},
	}
	for _, test := range tests {
		l := row(billing.ChargeNew, 12, "2026-09-10", "2026-10-09", 1)
		set := billing.SetID{Kind: billing.BilledLines}
		test.edit(&l, &set)
		if got := tellsQuantity(costLine{&l, &set}, premiumOffer); got != test.want {
			t.Errorf("%s tells seats: %v", test.name, got)
		}
	}
}

// TestDirectionOfALine: the sign of the amount says whether a line charges or refunds, and only without an amount that of the unit: refunds carry their minus in
// different columns.
func TestDirectionOfALine(t *testing.T) {
	for _, test := range []struct {
		cost, unit string
		want       int
	}{{"5", "1", 1}, {"5", "-1", 1}, {"-5", "1", -1}, {"-5", "-1", -1}, {"0", "1", 1}, {"0", "-1", -1}, {"0", "0", 0}, {"5", "0", 1}, {"-0.01", "0", -1}} {
		if got := direction(&billing.LineItem{Cost: eur(test.cost), EffectiveUnitCost: num(test.unit)}); got != test.want {
			t.Errorf("an amount of %s at %s: %d, want %d", test.cost, test.unit, got, test.want)
		}
	}
}

// TestWhatTheDirectoryProves: the start of a subscription that no invoice can have billed yet, and the end of one that is over. It never overrules an invoice,
// and never says anything of what nobody bills yet.
func TestWhatTheDirectoryProves(t *testing.T) {
	const first, last = "2026-09-10", "2026-10-09"
	fresh := row(billing.ChargeNew, 12, first, last, 1)
	other := change(fresh, func(l *billing.LineItem) { l.SubscriptionID = "s9" }) // the customer is billed up to 1 October
	sub := func(edit func(*billing.Subscription)) billing.Subscription {
		s := seat("s1", 12)
		edit(&s)
		return s
	}
	ended := func(end string) billing.Subscription {
		return sub(func(s *billing.Subscription) {
			if s.Status, s.Quantity, s.End = billing.Ended, 0, (billing.Date{}); end != "" {
				s.End = day(end)
			}
		})
	}
	tests := []struct {
		name string
		sub  billing.Subscription
		line billing.LineItem
		want []string
		ok   bool
	}{
		{"begun on the first day that is not billed", sub(func(s *billing.Subscription) { s.Start = day("2026-10-01") }), other, []string{"2026-10-01 12"}, true},
		{"begun on the last day that is billed, and not billed", sub(func(s *billing.Subscription) { s.Start = day("2026-09-30") }), other, []string{}, false},
		{"begun on a day nobody knows", sub(func(s *billing.Subscription) { s.Start = billing.Date{} }), other, []string{}, false},
		{"begun with fewer than no seats", sub(func(s *billing.Subscription) { s.Start, s.Quantity = day("2026-10-01"), -4 }), other, []string{"2026-10-01 0"}, true},
		{"billed: the invoice counts, not the seats of today", sub(func(s *billing.Subscription) { s.Quantity = 50 }), fresh, []string{first + " 12"}, true},
		{"no licence", sub(func(s *billing.Subscription) { s.Kind, s.Start = billing.CustomService, day("2026-10-03") }), other, []string{}, false},
		{"no licence, but lines", sub(func(s *billing.Subscription) { s.Kind = billing.CustomService }), fresh, []string{}, false},
		{"of a customer whom nobody billed", sub(func(s *billing.Subscription) { s.CustomerID, s.Start = "c3", day("2026-10-03") }), other, []string{}, false},
		{"ended today", ended("2026-10-09"), fresh, []string{first + " 12", "2026-10-09 0"}, true},
		{"ends tomorrow", ended("2026-10-10"), fresh, []string{first + " 12"}, true},
		{"ended on a day nobody knows", ended(""), fresh, []string{first + " 12"}, true},
		{"ended on the day it began", ended(first), fresh, []string{}, true},
		{"ended before it began", ended("2026-09-01"), fresh, []string{}, true},
		{"active beyond its end", sub(func(s *billing.Subscription) { s.End = day("2026-10-01") }), fresh, []string{first + " 12"}, true},
		{"ended, never billed", ended("2026-09-20"), other, []string{}, true},
		{"part of a seat", sub(func(*billing.Subscription) {}), change(fresh, func(l *billing.LineItem) { l.BillableQuantity = num("12.5") }), []string{}, false},
		{"more seats than can be counted", sub(func(*billing.Subscription) {}), change(fresh, func(l *billing.LineItem) { l.BillableQuantity = num("1e20") }), []string{}, false},
		{"whole seats with a point", sub(func(*billing.Subscription) {}), change(fresh, func(l *billing.LineItem) { l.BillableQuantity = num("12.000") }), []string{first + " 12"}, true},
	}
	for _, test := range tests {
		if got, ok := provenOf(test.sub, test.line); ok != test.ok || ok && !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, %v; want %q, %v", test.name, got, ok, test.want, test.ok)
		}
	}
}

// TestProofsOfSteps: each step names the document that proves it, as a clerk reads it.
func TestProofsOfSteps(t *testing.T) {
	young := seat("s2", 4)
	young.Start = day("2026-10-03")
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 12), young}
	october := billedSet(change(row(billing.ChargeCycle, 9, "2026-10-10", "2026-11-09", 1), func(l *billing.LineItem) { l.Invoice = "G2" }))
	october.ID.Invoice = "G2"
	in.Lines = []billing.LineSet{billedSet(row(billing.ChargeNew, 12, "2026-09-10", "2026-10-09", 1)), october}
	in.InvoiceMonths = map[string]billing.Month{"G2": "2026-09"}
	want := []billing.Step{
		{From: day("2026-09-10"), Units: 12, Proof: "invoice G104775210"},
		{From: day("2026-10-03"), Units: 16, Proof: "the start of the subscription"},
		{From: day("2026-10-10"), Units: 13, Proof: "invoice G2"},
	}
	if l := only(t, Rate(in)); !slices.Equal(l.Steps, want) {
		t.Errorf("steps %+v, want %+v", l.Steps, want)
	}
	// Two subscriptions that change on one day: the proof that sorts first, in whatever order they come.
	first, second := row(billing.ChargeNew, 12, "2026-09-10", "2026-10-09", 1), row(billing.ChargeNew, 3, "2026-09-10", "2026-10-09", 1)
	second.SubscriptionID = "s2"
	for _, invoices := range bothWays("G0", "G1") {
		first.Invoice, second.Invoice = invoices[0], invoices[1]
		in := world()
		in.Directory.Subscriptions, in.Lines = []billing.Subscription{seat("s1", 12), seat("s2", 3)}, []billing.LineSet{billedSet(first, second)}
		if l := only(t, Rate(in)); len(l.Steps) != 1 || l.Steps[0].Units != 15 || l.Steps[0].Proof != "invoice G0" {
			t.Errorf("steps %+v", l.Steps)
		}
	}
}

// TestBilledUpTo: the days of a customer are known up to the end of the newest invoice month of everybody who bills them, of several partners up to the earliest;
// an estimate bills nothing.
func TestBilledUpTo(t *testing.T) {
	of := func(tenant, number string, month billing.Month, kind billing.SetKind) billing.LineSet {
		set := billedSet(bought("s1", "1", "21.60"))
		set.ID = billing.SetID{Kind: kind, PartnerID: tenant, Invoice: number, Month: month}
		return set
	}
	billed := billing.BilledLines
	tests := []struct {
		name string
		sets []billing.LineSet
		want string
	}{
		{"nobody bills them", nil, ""},
		{"one invoice", []billing.LineSet{of("t1", "G1", "2026-08", billed)}, "2026-09-01"},
		{"the newest of two", []billing.LineSet{of("t1", "G1", "2026-08", billed), of("t1", "G2", "2026-09", billed)}, "2026-10-01"},
		{"the newest of two, read the other way", []billing.LineSet{of("t1", "G1", "2026-09", billed), of("t1", "G2", "2026-08", billed)}, "2026-10-01"},
		{"two partners: the earlier", []billing.LineSet{of("t1", "G1", "2026-08", billed), of("t2", "G1", "2026-09", billed)}, "2026-09-01"},
		{"two partners, the other way", []billing.LineSet{of("t1", "G1", "2026-09", billed), of("t2", "G1", "2026-08", billed)}, "2026-09-01"},
		{"an estimate of a later month", []billing.LineSet{of("t1", "G1", "2026-08", billed), of("t1", "", "2026-10", billing.UnbilledLines)}, "2026-09-01"},
		{"an estimate alone", []billing.LineSet{of("t1", "", "2026-10", billing.UnbilledLines)}, ""},
		{"an estimate of another partner", []billing.LineSet{of("t1", "G1", "2026-08", billed), of("t2", "", "2026-10", billing.UnbilledLines)}, ""},
		{"the year's end", []billing.LineSet{of("t1", "G1", "2026-12", billed)}, "2027-01-01"},
	}
	for _, test := range tests {
		for range 2 {
			in := world()
			in.Lines = test.sets
			if got := newRater(in).billedTo[alder]; got.String() != test.want {
				t.Errorf("%s: billed up to %q, want %q", test.name, got, test.want)
			}
			slices.Reverse(test.sets)
		}
	}
	in := world() // whoever bills only others has no say
	stranger := of("t2", "G1", "2026-07", billed)
	stranger.Lines[0].CustomerID = dunmore
	in.Lines = []billing.LineSet{of("t1", "G1", "2026-09", billed), stranger}
	if got := newRater(in).billedTo; got[alder] != day("2026-10-01") || got[dunmore] != day("2026-08-01") {
		t.Errorf("billed up to %v", got)
	}
}

// TestProvenToTheEarliest: a line that two customers of different partners share is proven as far as both are.
func TestProvenToTheEarliest(t *testing.T) {
	second := seat("s2", 5)
	second.CustomerID = dunmore
	for _, months := range bothWays[billing.Month]("2026-08", "2026-09") {
		in := world()
		in.Mappings.Companies[1].CompanyID, in.Mappings.Routes[1].ContractID = alderCo, alderCon
		in.Directory.Subscriptions = []billing.Subscription{seat("s1", 10), second}
		in.Lines = []billing.LineSet{billedSet(row(billing.ChargeNew, 10, "2026-09-10", "2026-10-09", 1)),
			billedSet(change(row(billing.ChargeNew, 5, "2026-09-10", "2026-10-09", 1), func(l *billing.LineItem) { l.SubscriptionID, l.CustomerID = "s2", dunmore }))}
		in.Lines[1].ID.PartnerID = "another"
		in.Lines[0].ID.Month, in.Lines[1].ID.Month = months[0], months[1]
		if l := only(t, Rate(in)); l.Units != 15 || l.ProvenTo != day("2026-09-01") || !slices.Equal(stepsText(l), []string{"2026-09-10 15"}) {
			t.Errorf("invoices of %v: proven to %s, steps %q", months, l.ProvenTo, stepsText(l))
		}
	}
}

// TestStepsAreAClock: whatever lines stand on an invoice, steps come in order of days, never repeat a quantity, never go below zero, and name their proof. A
// plan that walks them needs no other care.
func TestStepsAreAClock(t *testing.T) {
	kinds := []billing.ChargeKind{billing.ChargeNew, billing.ChargeCycle, billing.ChargeRenew, billing.ChargeAddQuantity, billing.ChargeRemoveQuantity, billing.ChargeCancel,
		billing.ChargeConvert, billing.ChargeMoveQuantity, billing.ChargeCustomerCredit, "brandnew"}
	rapid.Check(t, func(t *rapid.T) {
		var lines []billing.LineItem
		for i := range rapid.IntRange(1, 10).Draw(t, "lines") {
			from := day("2026-08-01").AddDays(rapid.IntRange(0, 50).Draw(t, "from"))
			l := row(rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.Int64Range(0, 5).Draw(t, "seats"), from.String(), from.AddDays(20).String(), rapid.SampledFrom([]int64{1, 1, -1}).Draw(t, "sign"))
			l.Key = fmt.Sprint(i)
			lines = append(lines, l)
		}
		s := seat("s1", rapid.Int64Range(0, 5).Draw(t, "today"))
		s.Start = day("2026-07-20").AddDays(rapid.IntRange(0, 60).Draw(t, "start"))
		if rapid.Bool().Draw(t, "ended") {
			s.Status, s.End = billing.Ended, day("2026-08-01").AddDays(rapid.IntRange(0, 90).Draw(t, "end"))
		}
		in := world()
		in.Directory.Subscriptions, in.LinePrices = []billing.Subscription{s}, map[string]money.Decimal{premiumKey: num("25.92")}
		in.Lines = []billing.LineSet{billedSet(lines...)}
		in.InvoiceMonths = map[string]billing.Month{invoice: "2026-09"}
		for _, l := range Rate(in).Lines {
			if (len(l.Steps) == 0) != l.ProvenTo.IsZero() {
				t.Fatalf("%d steps, proven to %q", len(l.Steps), l.ProvenTo)
			}
			before := billing.Step{}
			for _, step := range l.Steps {
				if !step.From.After(before.From) || step.Units == before.Units || step.Units < 0 || step.Proof == "" {
					t.Fatalf("steps %v", l.Steps)
				}
				before = step
			}
			if end := s.End; s.Status == billing.Ended && !end.After(in.Day) && (history{steps: l.Steps}).at(end) != 0 {
				t.Fatalf("it ended on %s, but %v", end, l.Steps)
			}
		}
	})
}

// TestARenewalThatWasCancelled: whoever cancels within a day of the renewal gets all of it back (Microsoft sheet §5.3), and the directory still names the end of the
// term as the end. The seats of that subscription are gone from the renewal on; those of its neighbours stay.
func TestARenewalThatWasCancelled(t *testing.T) {
	of := func(kind billing.ChargeKind, from, to string, sign int64) billing.LineItem {
		return change(row(kind, 3, from, to, sign), func(l *billing.LineItem) { l.SubscriptionID = "s2" })
	}
	gone := seat("s2", 0)
	gone.Status, gone.Start, gone.End = billing.Ended, day("2025-09-20"), day("2027-09-20") // paid for by nobody
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 12), gone}
	in.Lines = []billing.LineSet{billedSet(row(billing.ChargeNew, 12, "2026-09-10", "2026-10-09", 1), of(billing.ChargeCycle, "2026-08-20", "2026-09-19", 1),
		of(billing.ChargeRenew, "2026-09-20", "2026-10-19", 1), of(billing.ChargeCancelImmediate, "2026-09-20", "2026-10-19", -1))}
	if l := only(t, Rate(in)); l.Units != 12 || !slices.Equal(stepsText(l), []string{"2025-09-20 3", "2026-09-10 15", "2026-09-20 12"}) {
		t.Errorf("%d units, steps %q", l.Units, stepsText(l))
	}
}
