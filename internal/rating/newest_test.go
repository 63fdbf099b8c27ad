package rating

import (
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// TestTheNewestLineTellsTheCost: whichever order invoices and lines come in, the cost is that of the newest line: by the first day it charges
// for, the day of the event, the invoice, the row, the key. The same line tells it to subscriptions of the same offer that have none.
func TestTheNewestLineTellsTheCost(t *testing.T) {
	type lineOf struct {
		invoice string
		edit    func(*billing.LineItem)
	}
	older := lineOf{"G2", func(*billing.LineItem) {}}
	tests := []struct {
		name  string
		newer lineOf
	}{
		{"a later cycle", lineOf{"G1", func(l *billing.LineItem) {
			l.Charged, l.OrderDate = days("2026-10-10", "2026-11-09"), day("2026-09-01")
		}}},
		{"a later event", lineOf{"G1", func(l *billing.LineItem) { l.OrderDate = day("2026-09-11") }}},
		{"a later invoice", lineOf{"G3", func(l *billing.LineItem) { l.Row = 1 }}},
		{"a later row", lineOf{"G2", func(l *billing.LineItem) { l.Row, l.Key = 9, "a" }}},
		{"a later key", lineOf{"G2", func(l *billing.LineItem) { l.Key = "z" }}},
	}
	for _, test := range tests {
		line := func(of lineOf, cost string) billing.LineSet {
			l := change(bought("s1", "12", cost), func(l *billing.LineItem) { l.Kind = billing.ChargeCycle })
			of.edit(&l)
			if cost == "240.00" {
				l.Kind = billing.ChargeRenew // two events, not one product on two lines
			}
			l.Invoice = of.invoice
			set := billedSet(l)
			set.ID.Invoice = of.invoice
			return set
		}
		for _, sets := range bothWays(line(older, "259.20"), line(test.newer, "240.00")) {
			if sets[0].ID == sets[1].ID { // lines of one invoice
				sets = []billing.LineSet{billedSet(sets[0].Lines[0], sets[1].Lines[0])}
			}
			c := newCosts(sets)
			if got := c.of(seat("s1", 12)); got.amount == nil || got.amount.String() != "20.00 EUR" {
				t.Errorf("%s: cost %v (%s)", test.name, got.amount, got.basis)
			}
			if got := c.of(seat("s2", 5)); got.amount == nil || got.amount.String() != "20.00 EUR" || !strings.HasSuffix(got.basis, ", of subscription s1 with the same offer") {
				t.Errorf("%s: cost of another subscription %v (%s)", test.name, got.amount, got.basis)
			}
		}
	}
}

// TestWhatTellsNoCost: refunds, credits, trials, consumption, other products and other frequencies say nothing of what a seat costs, to nobody.
func TestWhatTellsNoCost(t *testing.T) {
	for name, edit := range map[string]func(*billing.LineItem){
		"refund":            func(l *billing.LineItem) { l.Cost = eur("-259.20") },
		"credit":            func(l *billing.LineItem) { l.Kind = billing.ChargeCustomerCredit },
		"trial":             func(l *billing.LineItem) { l.Trial = true },
		"free":              func(l *billing.LineItem) { l.Cost = eur("0") },
		"no quantity":       func(l *billing.LineItem) { l.BillableQuantity = num("0") },
		"consumption":       func(l *billing.LineItem) { l.Meter = "Storage" },
		"no subscription":   func(l *billing.LineItem) { l.SubscriptionID = "" },
		"another product":   func(l *billing.LineItem) { l.ProductID = "CFQ7TTC0LS7V" },
		"another SKU":       func(l *billing.LineItem) { l.SKUID = "0002" },
		"another frequency": func(l *billing.LineItem) { l.Frequency = billing.Annual },
	} {
		c := newCosts([]billing.LineSet{billedSet(change(bought("s1", "12", "259.20"), edit))})
		for _, s := range []billing.Subscription{seat("s1", 12), seat("s2", 1)} {
			if got := c.of(s); got.amount != nil || got.basis != "no line of this offer has been billed yet" {
				t.Errorf("%s: %s costs %s (%s)", name, s.ID, got.amount, got.basis)
			}
		}
	}
	minus := change(bought("s1", "-12", "259.20"), func(*billing.LineItem) {}) // some files put the minus on the quantity
	if got := newCosts([]billing.LineSet{billedSet(minus)}).of(seat("s1", 12)); got.amount == nil || got.amount.String() != "21.60 EUR" || !strings.HasSuffix(got.basis, "(259.20 EUR ÷ 12)") {
		t.Errorf("a negative quantity: %v (%s)", got.amount, got.basis)
	}
}

// TestListPriceOfOneEvent: without a whole cycle the list price counts, once: seats that were added on two days are two events, also when
// neither names a reference.
func TestListPriceOfOneEvent(t *testing.T) {
	added := func(key, from string) billing.LineItem {
		return change(bought("s1", "15", "200.00"), func(l *billing.LineItem) {
			l.Key, l.Kind, l.Charged, l.OrderDate = key, billing.ChargeAddQuantity, days(from, "2026-10-09"), day(from)
		})
	}
	got := newCosts([]billing.LineSet{billedSet(added("a", "2026-09-14"), added("b", "2026-09-20"))}).of(seat("s1", 15))
	if got.amount == nil || got.amount.String() != "21.60 EUR" {
		t.Errorf("cost %v (%s)", got.amount, got.basis)
	}
}

// TestTheRunningYear: a yearly subscription is due from the cycle that runs, as its own lines tell it; those of the product it was before, and
// parts of a year, do not.
func TestTheRunningYear(t *testing.T) {
	yearly := func(edit func(*billing.LineItem)) billing.LineItem {
		return change(bought("s1", "12", "2592.00"), func(l *billing.LineItem) {
			l.Frequency, l.Charged = billing.Annual, days("2026-03-01", "2027-02-28")
			edit(l)
		})
	}
	tests := []struct {
		name string
		line billing.LineItem
		want string
	}{
		{"the running year", yearly(func(*billing.LineItem) {}), "2026-03-01"},
		{"of another product", yearly(func(l *billing.LineItem) { l.SKUID = "0009" }), "2024-03-01"},
		{"eleven months", yearly(func(l *billing.LineItem) { l.Charged = days("2026-04-01", "2027-02-28") }), "2024-03-01"},
		{"over since yesterday", yearly(func(l *billing.LineItem) { l.Charged = days("2025-10-09", "2026-10-08") }), "2024-03-01"},
		{"to its last day", yearly(func(l *billing.LineItem) { l.Charged = days("2025-10-10", "2026-10-09") }), "2025-10-10"},
		{"not begun", yearly(func(l *billing.LineItem) { l.Charged = days("2026-10-10", "2027-10-09") }), "2024-03-01"},
	}
	for _, test := range tests {
		s := seat("s1", 12)
		s.Offer.Frequency, s.Start = billing.Annual, day("2024-03-01")
		c := newCosts([]billing.LineSet{billedSet(test.line)})
		if got := c.since(s, day("2026-10-09")); got != day(test.want) {
			t.Errorf("%s: since %s, want %s", test.name, got, test.want)
		}
	}
	unknown := seat("s1", 12) // a subscription whose start nobody told: since the first line with money
	unknown.Start = billing.Date{}
	free := change(row(billing.ChargeNew, 12, "2026-06-10", "2026-07-09", 1), func(l *billing.LineItem) { l.Cost = eur("0") })
	once := change(row(billing.ChargeNew, 12, "2026-06-10", "2026-07-09", 1), func(l *billing.LineItem) { l.Charged = billing.Period{} })
	c := newCosts([]billing.LineSet{billedSet(free, once, row(billing.ChargeCycle, 12, "2026-08-10", "2026-09-09", 1), row(billing.ChargeCycle, 12, "2026-07-10", "2026-08-09", 1))})
	if got := c.since(unknown, day("2026-10-09")); got != day("2026-07-10") {
		t.Errorf("without a start: since %s", got)
	}
}

// TestFindingsOfLicenceLines: lines that no subscription answers for say which invoice bills what, and what to do.
func TestFindingsOfLicenceLines(t *testing.T) {
	in := world()
	in.Lines = []billing.LineSet{billedSet(bought("", "1", "1.00"), change(bought("gone", "1", "2.00"), func(l *billing.LineItem) { l.Row = 3 }))}
	in.Lines[0].Total.Add(eur("0.50"))
	tests := []struct{ id, message, remedy string }{
		{"line-without-subscription/none/alder", "invoice G104775210 bills licences of Alder Ridge Dental Group without naming a subscription, so no line bills them: Microsoft 365 Business Premium",
			"read or import the invoice again; when it stays so, bill the difference by hand"},
		{"line-without-subscription/gone", "invoice G104775210 bills subscription gone of Alder Ridge Dental Group, which is not among the customer's subscriptions, so no line bills it: Microsoft 365 Business Premium",
			"read the subscriptions again; when it is gone at Microsoft, bill or credit the difference by hand"},
		{"totals-differ/billed-lines/" + partner + "/" + invoice, "the lines of invoice G104775210 add up to 3.00 EUR, but its total is 3.50 EUR", "read or import the invoice again"},
	}
	d := Rate(in)
	for _, test := range tests {
		if f := findingOf(t, d, test.id); f.Message != test.message || f.Remedy != test.remedy {
			t.Errorf("%s: %q, %q", test.id, f.Message, f.Remedy)
		}
	}
	if ids := findingIDs(d); len(ids) != len(tests) || !slices.Equal(outcomes(d), []string{"held line-without-subscription/none/alder 1.00 EUR", "held line-without-subscription/gone 2.00 EUR"}) {
		t.Errorf("findings %v, outcomes %q", ids, outcomes(d))
	}
}
