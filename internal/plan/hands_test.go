package plan

import (
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// What a person lets wait further on is a decision as much as what stands today (law 7): whatever the policy, the plan may propose to take it
// back, held, and says from when on it would have held. Rejected, it is proposed again in the same words; approved, nothing is left to do.
func TestWhatAHandLetsWaitIsADecision(t *testing.T) {
	for _, tc := range []struct {
		name  string
		edit  func(*scene)
		words string
	}{
		{"two fewer from the next period", byHand("2026-12-15", -2, 0), "The quantity was changed by hand: Spindle wrote 5, Autotask now has 3 from 2026-12-15 on, Microsoft says 5."},
		{"three more from the next period", byHand("2026-12-15", 3, 0), "The quantity was changed by hand: Spindle wrote 5, Autotask now has 8 from 2026-12-15 on, Microsoft says 5."},
		{"none from the next period", byHand("2026-12-15", -5, 0), "The quantity was changed by hand: Spindle wrote 5, Autotask now has 0 from 2026-12-15 on, Microsoft says 5."},
		{"one fewer inside the running period", byHand("2026-12-01", -1, 0), "The quantity was changed by hand: Spindle wrote 5, Autotask now has 4 from 2026-12-01 on, Microsoft says 5."},
		{"one more inside the next period", byHand("2026-12-20", 1, 0), "The quantity was changed by hand: Spindle wrote 5, Autotask now has 6 from 2026-12-20 on, Microsoft says 5."},
		{"a higher price from the next period", byHand("2026-12-15", 0, 1200), "The price was changed by hand: Spindle wrote 10.00 EUR, Autotask now has 12.00 EUR from 2026-12-15 on, the rules say 10.00 EUR."},
		{"a lower price from the next period", byHand("2026-12-15", 0, 900), "The price was changed by hand: Spindle wrote 10.00 EUR, Autotask now has 9.00 EUR from 2026-12-15 on, the rules say 10.00 EUR."},
		{"two fewer today", byHand("2026-11-18", -2, 0), "The quantity was changed by hand: Spindle wrote 5, Autotask now has 3, Microsoft says 5."},
		{"another price today", byHand("2026-11-18", 0, 1200), "The price was changed by hand: Spindle wrote 10.00 EUR, Autotask now has 12.00 EUR, the rules say 10.00 EUR."},
	} {
		for _, policy := range billing.EffectivePolicies() {
			t.Run(string(policy)+"/"+tc.name, func(t *testing.T) {
				s := november(policy)
				l := s.stands(5, "2026-03-10")
				tc.edit(s)
				for _, day := range []string{"2026-11-20", "2026-11-21"} { // rejected on the first
					s.b.at.day = date(day)
					p := s.plan()
					if f := finding(t, p, billing.FindingDrift); f.Message != "Premium: "+tc.words {
						t.Errorf("%s: %s", day, f.Message)
					}
					if len(p.Changes) == 0 {
						t.Fatalf("%s: nothing is proposed", day)
					}
					for _, c := range p.Changes {
						wantHolds(t, c, "hold-on-drift")
					}
				}
				s.applied(t, s.plan())
				if got := l.unitsOn(date("2027-02-01")); got != 5 {
					t.Errorf("restored to %d", got)
				}
				if got := s.b.at.priceOn(l, date("2027-02-01")); !got.Equal(euros(1000)) {
					t.Errorf("restored to %s", got)
				}
			})
		}
	}
}

// A price that a hand lets wait inside a period, where rows keep their end: the row of today bills what is wanted, and the next whole one tells another
// price, which is set right on its first day.
func TestAPriceThatWaitsInsideAPeriod(t *testing.T) {
	s := november(upNow)
	s.b.at.overlap = true
	s.stands(5, "2026-03-10")
	byHand("2026-11-25", 0, 1200)(s)
	p := s.expect(t, "reprice 2026-12-15 5→5 at 10.00 EUR")
	c := p.Changes[0]
	wantHolds(t, c, "hold-on-drift")
	if c.Reason != "The price becomes 10.00 EUR from 2026-12-15, a price that waits there is no longer wanted." || !c.Before.UnitPrice.Equal(euros(1200)) {
		t.Errorf("before %s: %s", c.Before.UnitPrice, c.Reason)
	}
	s.applied(t, p)
}

// A hand that does what Microsoft says, or nothing that lasts, is no finding.
func TestHandsThatAgreeAreNoFinding(t *testing.T) {
	for _, tc := range []struct {
		name string
		edit func(*scene)
	}{
		{"the decrease that Microsoft says too", both(byHand("2026-12-15", -2, 0), seats(3))},
		{"the price that the rules say too", both(byHand("2026-12-15", 0, 1200), priced(1200))},
	} {
		s := november(nextPeriod)
		s.stands(5, "2026-03-10")
		tc.edit(s)
		p := s.expect(t)
		if len(p.Findings) > 0 {
			t.Errorf("%s: %v", tc.name, findingsIn(p))
		}
	}
}

// What Spindle itself let wait is no hand's doing, on any day until it begins and after.
func TestWhatSpindleLetsWaitIsNoDrift(t *testing.T) {
	for _, change := range []func(*scene){seats(3), seats(8), priced(1100), both(seats(2), priced(900)), ends("2026-12-03")} {
		for _, policy := range billing.EffectivePolicies() {
			s := november(policy)
			s.stands(5, "2026-03-10")
			change(s)
			s.applied(t, s.plan())
			for range 60 {
				s.b.at.day = s.b.at.day.AddDays(1)
				if p := s.expect(t); hasFinding(p, billing.FindingDrift) {
					t.Fatalf("%s, %s: %v", policy, s.b.at.day, findingsIn(p))
				}
			}
		}
	}
}

// A special price that somebody gives between planning and applying is not overwritten: the change is stale, whatever it does besides. Where
// no whole row tells the price, the quantity decides alone.
func TestAPriceGivenSinceThePlanMakesItStale(t *testing.T) {
	for _, tc := range []struct {
		name string
		want func(*scene)
		hand func(*scene)
		now  Standing
		why  string
	}{
		{"a new price over a special one", priced(1100), byHand("2026-11-16", 0, 950), Moved, "a unit costs 9.50 EUR on 2026-11-15, the plan saw 10.00 EUR"},
		{"with two seats more", both(priced(1100), seats(7)), byHand("2026-11-16", 0, 950), Moved, "a unit costs 9.50 EUR on 2026-11-15, the plan saw 10.00 EUR"},
		{"seats alone leave the special price", seats(7), byHand("2026-11-16", 0, 950), Due, ""},
		{"nobody did anything", priced(1100), func(*scene) {}, Due, ""},
		{"somebody gave the new price", priced(1100), byHand("2026-11-16", 0, 1100), Done, "it already bills 11.00 EUR a unit"},
		{"the contract is not read", priced(1100), both(byHand("2026-11-16", 0, 950), func(s *scene) { s.want.Contract = billing.Ref{} }), Due, ""},
		{"the service is not read", priced(1100), both(byHand("2026-11-16", 0, 950), func(s *scene) { s.want.Service = billing.Ref{} }), Due, ""},
	} {
		s := november(upNow)
		s.stands(5, "2026-03-10")
		tc.want(s)
		c := s.plan().Changes[0]
		tc.hand(s)
		now := s.b.at.read()
		if s.want.Contract.IsZero() {
			now.Contracts = nil
		}
		if s.want.Service.IsZero() {
			now.Services = nil
		}
		if got, why := Stands(c, now, false); got != tc.now || why != tc.why {
			t.Errorf("%s: %s, %q; want %s, %q", tc.name, got, why, tc.now, tc.why)
		}
	}
}

// Law 2 for prices: while the source could not be read whole, the subscriptions that keep a price where it is may be among those that were not
// read. A price may rise and may come with units that begin; it never falls, not even together with more units.
func TestAGapNeverLowersAPrice(t *testing.T) {
	for _, tc := range []struct {
		name       string
		then       func(*scene)
		gap, whole []string
	}{
		{"lower", priced(800), nil, []string{"reprice 2026-11-15 5→5 at 8.00 EUR"}},
		{"lower, and more seats", both(priced(800), seats(7)), []string{"increase 2026-11-15 5→7"}, []string{"increase 2026-11-15 5→7 at 8.00 EUR"}},
		{"higher", priced(1100), []string{"reprice 2026-11-15 5→5 at 11.00 EUR"}, []string{"reprice 2026-11-15 5→5 at 11.00 EUR"}},
		{"higher, and fewer seats", both(priced(1100), seats(3)), []string{"reprice 2026-11-15 5→5 at 11.00 EUR"},
			[]string{"reprice 2026-11-15 5→5 at 11.00 EUR", "decrease 2026-12-15 5→3"}},
		{"a higher one waits", both(priced(1000), byHand("2026-12-15", 0, 1200)), nil, []string{"reprice 2026-12-16 5→5 at 10.00 EUR"}},
		{"a lower one waits", both(priced(1000), byHand("2026-12-15", 0, 800)), []string{"reprice 2026-12-16 5→5 at 10.00 EUR"}, []string{"reprice 2026-12-16 5→5 at 10.00 EUR"}},
		{"nothing of it is known", func(s *scene) {
			s.b.at.contracts[0].PeriodType = billing.PeriodYear // no row tells what a whole period bills
			s.b.memory.Lines[0].UnitPrice = nil
			priced(800)(s)
		}, nil, []string{"reprice 2026-11-15 5→5 at 8.00 EUR"}},
	} {
		for _, gap := range []bool{true, false} {
			s := november(upNow)
			s.stands(5, "2026-03-10")
			tc.then(s)
			want := tc.whole
			if gap {
				want, s.gaps = tc.gap, []billing.Gap{{CustomerID: "c1", What: "subscriptions of Alder", Why: "HTTP 503"}}
			}
			if got := brief(s.plan()); !slices.Equal(got, want) {
				t.Errorf("%s, gap %t: %q, want %q", tc.name, gap, got, want)
			}
		}
	}
	s := november(upNow)
	s.gaps = []billing.Gap{{CustomerID: "c1", What: "subscriptions of Alder", Why: "HTTP 503"}}
	s.expect(t, "attach-service 2026-11-15 0→0", "increase 2026-11-15 0→5 at 10.00 EUR")
}

// Any row tells the currency that a line bills in, also one of a part of a period, which tells no price: a number in another currency is
// never written over it (law 9).
func TestARowOfAPartOfAPeriodTellsTheCurrency(t *testing.T) {
	dollars := money.Of(money.New(1100, -2), "USD")
	for _, tc := range []struct {
		name, from, until string
		remembered        *money.Amount
	}{
		{"a first part of a period, on a contract that ends with it", "2026-11-18", "2026-12-14", nil},
		{"with what was written in mind", "2026-11-18", "2026-12-14", &dollars},
		{"a whole period", "2026-03-15", "2029-01-14", &dollars},
	} {
		s := november(trueDate)
		s.b.at.services[0].UnitPrice = dollars
		s.b.at.contracts[0].End = date(tc.until)
		l := s.b.at.addLine("900", "800", s.want.Mark)
		if err := s.b.at.adjust(l.id, date(tc.from), 5, &dollars); err != nil {
			t.Fatal(err)
		}
		s.b.memory.Lines = []Applied{{LineKey: "line", LineID: l.id, CustomerID: "c1", ContractID: "900", ServiceID: "800", Units: 5, UnitPrice: tc.remembered, Marked: true,
			From: date(tc.from), Dates: []billing.Date{date(tc.from)}}}
		s.want.Units = 6
		p := s.expect(t, "increase 2026-11-20 5→6")
		if c := p.Changes[0]; c.Adjust.UnitPrice != nil || !c.Recurring.Equal(dollars) {
			t.Errorf("%s: %s a period, writes %v", tc.name, c.Recurring, c.Adjust.UnitPrice)
		}
		if f := finding(t, p, billing.FindingCurrency); !strings.Contains(f.Message, "bills it in USD, the price is in EUR") {
			t.Errorf("%s: %s", tc.name, f.Message)
		}
	}
}
