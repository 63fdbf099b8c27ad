package rating

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// row is a billed line of a seat: what happened, how many seats, the days charged, and the sign of the money.
func row(kind billing.ChargeKind, seats int64, from, to string, sign int64) billing.LineItem {
	l := bought("s1", fmt.Sprint(seats), "1")
	l.Kind, l.KindText, l.Key = kind, string(kind), fmt.Sprintf("%s %d %s %d", kind, seats, from, sign)
	l.Charged, l.OrderDate = days(from, to), day(from)
	l.Cost = money.Of(money.Int(sign*seats), "EUR")
	l.EffectiveUnitCost, l.Total = money.Int(sign), l.Cost
	l.ReferenceID = string(kind) + from
	return l
}

// pair is a change of quantity: the old seats are taken back, the new ones charged (Microsoft sheet §4.4).
func pair(kind billing.ChargeKind, before, after int64, from, to string) []billing.LineItem {
	return []billing.LineItem{row(kind, before, from, to, -1), row(kind, after, from, to, 1)}
}

func stepsText(l billing.DesiredLine) []string {
	out := []string{}
	for _, s := range l.Steps {
		out = append(out, fmt.Sprintf("%s %d", s.From, s.Units))
	}
	return out
}

// The dated quantities that the lines of an invoice prove. The subscription began on 10 September with a month's cycle; the day is 9 October.
func TestStepsOfBilledLines(t *testing.T) {
	const first, last = "2026-09-10", "2026-10-09"
	add, remove := billing.ChargeAddQuantity, billing.ChargeRemoveQuantity
	for _, tc := range []struct {
		name  string
		lines []billing.LineItem
		want  []string
	}{
		{"bought", []billing.LineItem{row(billing.ChargeNew, 12, first, last, 1)}, []string{"2026-09-10 12"}},
		{"a product split over two lines counts once", slices.Concat(pair(add, 12, 15, "2026-09-14", last), []billing.LineItem{
			row(billing.ChargeNew, 12, first, last, 1), change(row(billing.ChargeNew, 12, first, last, 1), func(l *billing.LineItem) { l.Key = "second half" })}),
			[]string{"2026-09-10 12", "2026-09-14 15"}},
		{"added", append(pair(add, 12, 15, "2026-09-14", last), row(billing.ChargeNew, 12, first, last, 1)), []string{"2026-09-10 12", "2026-09-14 15"}},
		{"removed", append(pair(remove, 12, 5, "2026-09-14", last), row(billing.ChargeNew, 12, first, last, 1)), []string{"2026-09-10 12", "2026-09-14 5"}},
		{"added on the day of purchase", append(pair(add, 12, 15, first, last), row(billing.ChargeNew, 12, first, last, 1)), []string{"2026-09-10 15"}},
		{"forth and back on one day", slices.Concat(pair(add, 12, 15, "2026-09-14", last), pair(remove, 15, 12, "2026-09-14", last),
			[]billing.LineItem{row(billing.ChargeNew, 12, first, last, 1)}), []string{"2026-09-10 12"}},
		{"forth, back and forth again on one day", slices.Concat(pair(add, 12, 15, "2026-09-14", last), pair(remove, 15, 12, "2026-09-14", last),
			[]billing.LineItem{change(row(add, 12, "2026-09-14", last, -1), func(l *billing.LineItem) { l.ReferenceID, l.Key = "again", "again 1" }),
				change(row(add, 15, "2026-09-14", last, 1), func(l *billing.LineItem) { l.ReferenceID, l.Key = "again", "again 2" }),
				row(billing.ChargeNew, 12, first, last, 1)}), []string{"2026-09-10 12", "2026-09-14 15"}},
		{"the minus on the quantity", []billing.LineItem{row(billing.ChargeNew, 12, first, last, 1), row(add, 15, "2026-09-14", last, 1),
			change(row(add, 12, "2026-09-14", last, -1), func(l *billing.LineItem) { l.BillableQuantity = money.Int(-12) })}, []string{"2026-09-10 12", "2026-09-14 15"}},
		{"the purchase is on an invoice that is not here", pair(add, 12, 15, "2026-09-14", last), []string{"2026-09-10 12", "2026-09-14 15"}},
		{"cancelled", []billing.LineItem{row(billing.ChargeNew, 12, first, last, 1), row(billing.ChargeCancelImmediate, 12, "2026-09-12", last, -1)},
			[]string{"2026-09-10 12", "2026-09-12 0"}},
		{"fewer seats at renewal", []billing.LineItem{row(billing.ChargeCycle, 12, "2026-08-20", "2026-09-19", 1), row(billing.ChargeRenew, 9, "2026-09-20", "2026-10-19", 1)},
			[]string{"2026-08-20 12", "2026-09-20 9"}},
		{"a credit says nothing of seats", []billing.LineItem{row(billing.ChargeNew, 12, first, last, 1), row(billing.ChargeCustomerCredit, 3, "2026-09-14", last, -1)},
			[]string{"2026-09-10 12"}},
		{"another product of the subscription", []billing.LineItem{row(billing.ChargeNew, 12, first, last, 1),
			change(row(billing.ChargeConvert, 30, "2026-09-20", last, 1), func(l *billing.LineItem) { l.SKUID = "0009" })}, []string{"2026-09-10 12"}},
		{"half a seat is no quantity", []billing.LineItem{change(row(billing.ChargeNew, 12, first, last, 1), func(l *billing.LineItem) { l.BillableQuantity = num("12.5") })}, []string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := world()
			in.Directory.Subscriptions = []billing.Subscription{seat("s1", 12)}
			in.Lines = []billing.LineSet{billedSet(tc.lines...)}
			line := only(t, Rate(in))
			if got := stepsText(line); !slices.Equal(got, tc.want) {
				t.Errorf("steps %q, want %q", got, tc.want)
			}
			if want := (len(tc.want) > 0); want != (line.ProvenTo == day("2026-10-01")) || want == line.ProvenTo.IsZero() {
				t.Errorf("proven to %s", line.ProvenTo)
			}
		})
	}
}

// What the snapshot adds to the lines: a subscription too young for an invoice begins on its start, an ended one ends on its end; a quantity
// that no line proves leaves the steps alone; and seats of several subscriptions add up.
func TestStepsOfTheSnapshot(t *testing.T) {
	september := billedSet(row(billing.ChargeNew, 12, "2026-09-10", "2026-10-09", 1))
	young := seat("s2", 4)
	young.Start = day("2026-10-03")
	old := young
	old.Start = day("2026-09-03")
	ended := seat("s2", 0)
	ended.Status, ended.End = billing.Ended, day("2026-10-05")
	endedLine := change(row(billing.ChargeNew, 3, "2026-09-05", "2026-10-04", 1), func(l *billing.LineItem) { l.SubscriptionID = "s2" })
	for _, tc := range []struct {
		name string
		subs []billing.Subscription
		more []billing.LineItem
		want []string
	}{
		{"as billed", []billing.Subscription{seat("s1", 12)}, nil, []string{"2026-09-10 12"}},
		{"the snapshot differs: no day is made up", []billing.Subscription{seat("s1", 20)}, nil, []string{"2026-09-10 12"}},
		{"a young one joins", []billing.Subscription{seat("s1", 12), young}, nil, []string{"2026-09-10 12", "2026-10-03 16"}},
		{"one that should be billed and is not", []billing.Subscription{seat("s1", 12), old}, nil, []string{}},
		{"one ended", []billing.Subscription{seat("s1", 12), ended}, []billing.LineItem{endedLine}, []string{"2026-09-05 3", "2026-09-10 15", "2026-10-05 12"}},
		{"one ended before all invoices", []billing.Subscription{seat("s1", 12), ended}, nil, []string{"2026-09-10 12"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := world()
			in.Directory.Subscriptions = tc.subs
			set := september
			set.Lines = slices.Concat(set.Lines, tc.more)
			in.Lines = []billing.LineSet{set}
			if got := stepsText(only(t, Rate(in))); !slices.Equal(got, tc.want) {
				t.Errorf("steps %q, want %q", got, tc.want)
			}
		})
	}
}

// Whatever happened to a subscription over two months, the lines that Microsoft bills for it give back its quantity of every day, in
// whatever order they come.
func TestStepsGiveBackEveryDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := day("2026-07-15").AddDays(rapid.IntRange(0, 25).Draw(t, "start"))
		seats := map[billing.Date]int64{}
		var lines []billing.LineItem
		quantity := rapid.Int64Range(1, 20).Draw(t, "seats")
		for d, cycle := start, start; d.Before(day("2026-10-01")); d = d.AddDays(1) {
			next := 1
			for !start.AddMonths(next).After(cycle) {
				next++
			}
			end := start.AddMonths(next)
			if d == cycle {
				kind := billing.ChargeCycle
				if d == start {
					kind = billing.ChargeNew
				}
				lines = append(lines, row(kind, quantity, d.String(), end.AddDays(-1).String(), 1))
			}
			for n := range rapid.SampledFrom([]int{0, 0, 0, 0, 0, 1, 2}).Draw(t, "changes") {
				after := rapid.Int64Range(1, 20).Draw(t, "seats")
				if after == quantity {
					continue
				}
				for _, l := range pair(billing.ChargeAddQuantity, quantity, after, d.String(), end.AddDays(-1).String()) {
					l.ReferenceID, l.Key = fmt.Sprint(d, n), fmt.Sprint(l.Key, n)
					lines = append(lines, l)
				}
				quantity = after
			}
			seats[d] = quantity
			if d.AddDays(1) == end {
				cycle = end
			}
		}
		in := world()
		sub := seat("s1", quantity)
		sub.Start = start
		in.Directory.Subscriptions = []billing.Subscription{sub}
		in.Lines = []billing.LineSet{billedSet(rapid.Permutation(lines).Draw(t, "order")...)}
		d := Rate(in)
		if len(d.Lines) != 1 {
			t.Fatalf("%d lines", len(d.Lines))
		}
		h := history{steps: d.Lines[0].Steps}
		for d, want := range seats {
			if got := h.at(d); got != want {
				t.Fatalf("%d on %s, want %d: %v", got, d, want, h.steps)
			}
		}
	})
}

// A contract that Spindle makes begins early enough for everything that is billed on it, and not before the month that billing begins.
func TestAManagedContractBeginsWithWhatItBills(t *testing.T) {
	for _, tc := range []struct {
		from  billing.Month
		start string
		want  string
	}{
		{"2026-10", "2026-03-10", "2026-10-01"},
		{"2026-09", "2026-03-10", "2026-09-01"},
		{"2026-08", "2026-09-10", "2026-09-01"},
		{"2026-08", "2026-08-20", "2026-08-01"},
		{"", "2026-08-20", "2026-10-01"},
	} {
		in := world()
		in.Settings.BillFrom = tc.from
		in.Mappings.Routes[0] = billing.Route{CustomerID: alder, Managed: true}
		sub := seat("s1", 12)
		sub.Start = day(tc.start)
		in.Directory.Subscriptions = []billing.Subscription{sub}
		in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
		d := Rate(in)
		if len(d.Contracts) != 1 || d.Contracts[0].Start != day(tc.want) {
			t.Errorf("billed from %s, charged since %s: contracts %+v, want one from %s", tc.from, tc.start, d.Contracts, tc.want)
		}
	}
}

// Withhold moves whole source lines: those of the days on which what is not billed was added, and those that charge for nothing but days
// that are not billed at all. The sums stay (law 6).
func TestWithhold(t *testing.T) {
	set := billedSet(slices.Concat([]billing.LineItem{row(billing.ChargeNew, 5, "2026-09-10", "2026-10-09", 1)}, pair(billing.ChargeAddQuantity, 5, 7, "2026-09-20", "2026-10-09"))...)
	var all []billing.Disposition
	for _, l := range set.Lines {
		all = append(all, billing.Disposition{Set: set.ID, LineKey: l.Key, Outcome: billing.Billed, By: "key", Cost: l.Cost})
	}
	elsewhere := billing.Disposition{Set: set.ID, LineKey: set.Lines[1].Key, Outcome: billing.Excluded, By: "key", Cost: eur("1")}
	all = append(all, elsewhere)
	for _, tc := range []struct {
		name     string
		shortage billing.Shortage
		held     []string
	}{
		{"none", billing.Shortage{}, nil},
		{"the seats that were added", billing.Shortage{Finding: "f", LineKey: "key", Raised: []billing.Date{day("2026-09-20")}}, []string{"addquantity 5 2026-09-20 -1", "addquantity 7 2026-09-20 1"}},
		{"of another line", billing.Shortage{Finding: "f", LineKey: "other", Raised: []billing.Date{day("2026-09-20")}}, nil},
		{"a whole cycle", billing.Shortage{Finding: "f", LineKey: "key", Whole: days("2026-09-01", "2026-10-09")},
			[]string{"addquantity 5 2026-09-20 -1", "addquantity 7 2026-09-20 1", "new 5 2026-09-10 1"}},
		{"not quite a whole cycle", billing.Shortage{Finding: "f", LineKey: "key", Whole: days("2026-09-01", "2026-10-08")}, nil},
	} {
		before := fmt.Sprint(all)
		d := Withhold(billing.Desired{Dispositions: all}, []billing.LineSet{set}, []billing.Shortage{tc.shortage})
		var held []string
		var sum, want money.Totals
		for _, x := range d.Dispositions {
			if x.Outcome == billing.HeldBack && x.By == "f" {
				held = append(held, x.LineKey)
			}
			sum.Add(x.Cost)
		}
		for _, x := range all {
			want.Add(x.Cost)
		}
		slices.Sort(held)
		if !slices.Equal(held, tc.held) || !sum.Equal(want) || fmt.Sprint(all) != before || !slices.Contains(d.Dispositions, elsewhere) {
			t.Errorf("%s: held %q, want %q; %s of %s", tc.name, held, tc.held, sum, want)
		}
	}
}
