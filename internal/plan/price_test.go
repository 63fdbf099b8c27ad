package plan

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// A year of renewals: the price moves alone, with a quantity, behind a change, back and forth.
func TestDiaryOfPrices(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.keep(t, []entry{
		{day: "2026-04-20", event: "renewed at 12.00", do: priced(1200),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-04-15 5→5 at 12.00 EUR", money: "+10.00 EUR monthly",
					why: "The price becomes 12.00 EUR from 2026-04-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-04-25", event: "corrected to 11.80 in the same period", do: priced(1180),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 5 for 60.00 EUR",
				"1: 2026-05-15 to 2026-06-14 5 for 60.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-04-25 5→5 at 11.80 EUR", money: "-1.00 EUR monthly, -0.67 EUR once",
					why: "The price becomes 11.80 EUR from 2026-04-25, 2026-04-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-05-20", event: "a seat more and 12.50", do: both(seats(6), priced(1250)),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 5 for 59.00 EUR",
				"1: 2026-06-15 to 2026-07-14 5 for 59.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-05-15 5→6 at 12.50 EUR", money: "+16.00 EUR monthly",
					why: "5 → 6 from 2026-05-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-06-20", event: "June is posted, 13.00 waits for July", do: both(posts("2026-06-15"), priced(1300)),
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 6 for 75.00 EUR, posted",
				"1: 2026-07-15 to 2026-08-14 6 for 75.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-07-15 6→6 at 13.00 EUR", money: "+3.00 EUR monthly",
					why: "The price becomes 13.00 EUR from 2026-07-15, first day after the posted periods (posted up to 2026-07-14)."},
			},
		},
		{day: "2026-06-25", event: "13.00 was a mistake: 12.50 stays", do: priced(1250),
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 6 for 75.00 EUR, posted",
				"1: 2026-07-15 to 2026-08-14 6 for 78.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-07-16 6→6 at 12.50 EUR", money: "-3.00 EUR monthly, -2.90 EUR once",
					why: "The price becomes 12.50 EUR from 2026-07-16, 2026-07-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-07-20", event: "quiet",
			rows: []string{
				"1: 2026-07-15 to 2026-07-15 6 for 2.5161 EUR",
				"1: 2026-07-16 to 2026-08-14 6 for 72.5806 EUR",
				"1: 2026-08-15 to 2026-09-14 6 for 75.00 EUR",
			},
		},
		{day: "2026-08-20", event: "four digits after the point", do: func(s *scene) { p := money.Of(money.New(125375, -4), "EUR"); s.want.UnitPrice = &p },
			rows: []string{
				"1: 2026-08-15 to 2026-09-14 6 for 75.00 EUR",
				"1: 2026-09-15 to 2026-10-14 6 for 75.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-08-15 6→6 at 12.5375 EUR", money: "+0.225 EUR monthly",
					why: "The price becomes 12.5375 EUR from 2026-08-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-09-20", event: "free of charge", do: priced(0),
			rows: []string{
				"1: 2026-09-15 to 2026-10-14 6 for 75.225 EUR",
				"1: 2026-10-15 to 2026-11-14 6 for 75.225 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-09-15 6→6 at 0.00 EUR", money: "-75.225 EUR monthly",
					why: "The price becomes 0.00 EUR from 2026-09-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-10-20", event: "and priced again", do: priced(1000),
			rows: []string{
				"1: 2026-10-15 to 2026-11-14 6 for 0.00 EUR",
				"1: 2026-11-15 to 2026-12-14 6 for 0.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-10-15 6→6 at 10.00 EUR", money: "+60.00 EUR monthly",
					why: "The price becomes 10.00 EUR from 2026-10-15, start of the current period, which is not posted."},
			},
		},
	})
}

// Autotask is the price authority: Spindle writes no price, whatever a person sets stays, and money is predicted with what is read.
func TestDiaryOfAutotaskAsPriceAuthority(t *testing.T) {
	s := november(upNow)
	s.want.UnitPrice = nil
	s.keep(t, []entry{
		{day: "2026-03-12", event: "five seats at the catalogue's price",
			plan: []planned{
				{what: "attach-service 2026-02-15 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-02-15 0→5", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-02-15, start of the current period, which is not posted.", needs: "#1"},
			},
		},
		{day: "2026-04-20", event: "somebody sets 8.00 for this contract", do: byHand("2026-04-15", 0, 800),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 5 for 40.00 EUR",
				"1: 2026-05-15 to 2026-06-14 5 for 40.00 EUR",
			},
		},
		{day: "2026-05-20", event: "two more seats, at what the rows say", do: seats(7),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 5 for 40.00 EUR",
				"1: 2026-06-15 to 2026-07-14 5 for 40.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-05-15 5→7", money: "+16.00 EUR monthly",
					why: "5 → 7 from 2026-05-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-06-20", event: "three go", do: seats(4),
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 7 for 56.00 EUR",
				"1: 2026-07-15 to 2026-08-14 7 for 56.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-07-15 7→4", money: "-24.00 EUR monthly",
					why: "7 → 4 from 2026-07-15, start of the next period."},
			},
		},
		{day: "2026-08-20", event: "August is posted, one comes", do: both(posts("2026-08-15"), seats(5)),
			rows: []string{
				"1: 2026-08-15 to 2026-09-14 4 for 32.00 EUR, posted",
				"1: 2026-09-15 to 2026-10-14 4 for 32.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-09-15 4→5", money: "+8.00 EUR monthly",
					why: "4 → 5 from 2026-09-15, first day after the posted periods (posted up to 2026-09-14)."},
			},
			findings: []string{
				"unbilled-difference/line/2026-08-15 | Premium: +1 take effect on 2026-09-15 because the running period is posted; until then about 6.71 EUR stay unbilled. | Add a charge for the difference in Autotask. | 6.71 EUR",
			},
		},
	})
}

// A yearly service, contract from 15 January: seats that come in the middle of the year are prorated to its end, a price waits for the
// next cycle (ADR 0004).
func TestDiaryOfAYearlyService(t *testing.T) {
	s := november(upNow)
	s.want.Service, s.want.Since = billing.Ref{ID: "801"}, date("2026-03-10")
	priced(12000)(s)
	s.keep(t, []entry{
		{day: "2026-03-12", event: "five seats since the tenth",
			plan: []planned{
				{what: "attach-service 2026-03-10 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-03-10 0→5 at 120.00 EUR", money: "+600.00 EUR yearly, +511.23 EUR once",
					why: "New line: 5 from 2026-03-10, the day the subscription is charged from.", needs: "#1"},
			},
		},
		{day: "2026-07-01", event: "two more in the middle of the year", do: seats(7),
			rows: []string{
				"1: 2026-03-10 to 2027-01-14 5 for 511.2329 EUR",
				"1: 2027-01-15 to 2028-01-14 5 for 600.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-07-01 5→7", money: "+240.00 EUR yearly, +130.19 EUR once",
					why: "5 → 7 from 2026-07-01, on the day, prorated by Autotask."},
			},
		},
		{day: "2026-09-01", event: "one goes: Microsoft keeps charging it to the renewal, so do we", do: seats(6),
			rows: []string{
				"1: 2026-03-10 to 2026-06-30 5 for 185.7534 EUR",
				"1: 2026-07-01 to 2027-01-14 7 for 455.6712 EUR",
				"1: 2027-01-15 to 2028-01-14 7 for 840.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2027-01-15 7→6", money: "-120.00 EUR yearly",
					why: "7 → 6 from 2027-01-15, start of the next period."},
			},
		},
		{day: "2026-10-01", event: "the list price rises", do: priced(13200),
			rows: []string{
				"1: 2026-03-10 to 2026-06-30 5 for 185.7534 EUR",
				"1: 2026-07-01 to 2027-01-14 7 for 455.6712 EUR",
				"1: 2027-01-15 to 2028-01-14 6 for 720.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2027-01-16 6→6 at 132.00 EUR", money: "+72.00 EUR yearly, +71.80 EUR once",
					why: "The price becomes 132.00 EUR from 2027-01-16, 2027-01-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2027-01-15", event: "the new year",
			rows: []string{
				"1: 2027-01-15 to 2027-01-15 6 for 1.9726 EUR",
				"1: 2027-01-16 to 2028-01-14 6 for 789.8301 EUR",
				"1: 2028-01-15 to 2029-01-14 6 for 792.00 EUR",
			},
		},
		{day: "2027-02-01", event: "one more at the new price", do: seats(7),
			rows: []string{
				"1: 2027-01-15 to 2027-01-15 6 for 1.9726 EUR",
				"1: 2027-01-16 to 2028-01-14 6 for 789.8301 EUR",
				"1: 2028-01-15 to 2029-01-14 6 for 792.00 EUR",
			},
			plan: []planned{
				{what: "increase 2027-02-01 6→7", money: "+132.00 EUR yearly, +125.85 EUR once",
					why: "6 → 7 from 2027-02-01, on the day, prorated by Autotask."},
			},
		},
		{day: "2027-03-10", event: "it is not renewed", do: ends("2027-03-10"),
			rows: []string{
				"1: 2027-01-15 to 2027-01-15 6 for 1.9726 EUR",
				"1: 2027-01-16 to 2027-01-31 6 for 34.7178 EUR",
				"1: 2027-02-01 to 2028-01-14 7 for 880.9644 EUR",
				"1: 2028-01-15 to 2029-01-14 7 for 924.00 EUR",
			},
			plan: []planned{
				{what: "end 2028-01-15 7→0", money: "-924.00 EUR yearly",
					why: "The subscription ended on 2027-03-10; the line ends from 2028-01-15, start of the next period."},
			},
		},
	})
}

// A currency that differs leaves the price alone on every day, and quantities move on.
func TestDiaryOfAnotherCurrency(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	dollars := money.Of(money.Int(11), "USD")
	s.want.UnitPrice = &dollars
	s.keep(t, []entry{
		{day: "2026-04-20", event: "the price rule turned to dollars",
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
			},
			findings: []string{
				"currency/line | Premium: Autotask bills it in EUR, the price is in USD; the price is left as it is. | Set a fixed price rule in the customer's currency, or correct the currency of the company in Autotask. | 55.00 USD",
			},
		},
		{day: "2026-04-21", event: "a seat more", do: seats(6),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-04-15 5→6", money: "+10.00 EUR monthly",
					why: "5 → 6 from 2026-04-15, start of the current period, which is not posted."},
			},
			findings: []string{
				"currency/line | Premium: Autotask bills it in EUR, the price is in USD; the price is left as it is. | Set a fixed price rule in the customer's currency, or correct the currency of the company in Autotask. | 66.00 USD",
			},
		},
		{day: "2026-05-20", event: "the rule is mended", do: priced(1100),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 6 for 60.00 EUR",
				"1: 2026-06-15 to 2026-07-14 6 for 60.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-05-15 6→6 at 11.00 EUR", money: "+6.00 EUR monthly",
					why: "The price becomes 11.00 EUR from 2026-05-15, start of the current period, which is not posted."},
			},
		},
	})
}

func TestPriceEffect(t *testing.T) {
	for _, tc := range []struct {
		name                 string
		from                 string
		end                  string
		before, after        int64 // cents a period
		recurring, proration string
	}{
		{"the first day of a period", "2026-11-15", "2029-01-14", 5000, 7000, "20.00 EUR", "0"},
		{"25 of 30 days", "2026-11-20", "2029-01-14", 5000, 7000, "20.00 EUR", "16.67 EUR"},
		{"the last day", "2026-12-14", "2029-01-14", 5000, 7000, "20.00 EUR", "0.67 EUR"},
		{"half a cent is rounded away from zero", "2026-11-30", "2029-01-14", 0, 101, "1.01 EUR", "0.51 EUR"},
		{"and so is a credit", "2026-11-30", "2029-01-14", 101, 0, "-1.01 EUR", "-0.51 EUR"},
		{"a contract that ends inside the period", "2026-11-20", "2026-11-24", 5000, 7000, "20.00 EUR", "3.33 EUR"},
		{"and cuts a whole one", "2026-11-15", "2026-11-29", 5000, 7000, "20.00 EUR", "10.00 EUR"},
		{"no difference", "2026-11-20", "2029-01-14", 5000, 5000, "0.00 EUR", "0.00 EUR"},
	} {
		s := &subject{contract: &billing.Contract{End: date(tc.end)}, clock: clock{period: billing.PeriodMonth, start: date("2026-01-15")}}
		c := Change{Effective: date(tc.from)}
		s.priceEffect(&c, euros(tc.before), euros(tc.after))
		if c.Recurring.String() != tc.recurring || c.Proration.String() != tc.proration {
			t.Errorf("%s: %s and once %s, want %s and %s", tc.name, c.Recurring, c.Proration, tc.recurring, tc.proration)
		}
	}
	s := &subject{contract: &billing.Contract{}, clock: clock{period: billing.PeriodMonth, start: date("2026-01-15")}}
	c := Change{Effective: date("2026-11-20")}
	if s.priceEffect(&c, euros(100), money.Of(money.Int(1), "USD")); !c.Recurring.IsZero() || !c.Proration.IsZero() {
		t.Errorf("a sum of two currencies: %s, %s", c.Recurring, c.Proration)
	}
}

// The money of a change is only said when every price that it needs is known: nothing is not the same as not known.
func TestPredictedOnlyWhatIsKnown(t *testing.T) {
	ten, eleven, dollars := euros(1000), euros(1100), money.Of(money.Int(10), "USD")
	for _, tc := range []struct {
		name          string
		before, after int64
		was, becomes  *money.Amount
		recurring     string
		priced        bool
	}{
		{"an increase", 5, 7, &ten, &ten, "20.00 EUR", true},
		{"a new price", 5, 5, &ten, &eleven, "5.00 EUR", true},
		{"the same price", 5, 5, &ten, &ten, "0.00 EUR", true},
		{"a beginning, of which there was no price before", 0, 7, nil, &ten, "70.00 EUR", true},
		{"an end, after which there is none", 7, 0, &ten, nil, "-70.00 EUR", true},
		{"seven at a price that nobody knows", 5, 7, nil, nil, "0", false},
		{"what it cost is not known", 5, 7, nil, &ten, "0", false},
		{"what it will cost is not known", 5, 7, &ten, nil, "0", false},
		{"two currencies", 5, 7, &ten, &dollars, "0", false},
	} {
		s := &subject{contract: &billing.Contract{End: date("2029-01-14")}, clock: clock{day: date("2026-11-20"), period: billing.PeriodMonth, start: date("2026-01-15")}}
		c := Change{Effective: date("2026-11-15"), Adjust: &Adjustment{UnitChange: tc.after - tc.before}, Before: State{Units: tc.before}, After: State{Units: tc.after}}
		s.predict(&c, tc.was, tc.becomes)
		if c.Recurring.String() != tc.recurring || c.isPriced() != tc.priced {
			t.Errorf("%s: %s a period, known %t; want %s, %t", tc.name, c.Recurring, c.isPriced(), tc.recurring, tc.priced)
		}
	}
}

// What is added once is a share of the change per period, never more, and of the same sign: fails when remaining and whole days are
// swapped.
func TestProrationIsAShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		period := pick(t, "period", billing.PeriodMonth, billing.PeriodQuarter, billing.PeriodYear)
		start := date("2026-01-01").AddDays(rapid.IntRange(0, 60).Draw(t, "start"))
		s := &subject{contract: &billing.Contract{End: start.AddMonths(60)}, clock: clock{period: period, start: start}}
		c := Change{Effective: start.AddDays(rapid.IntRange(0, 900).Draw(t, "effective"))}
		before, after := euros(rapid.Int64Range(0, 9999).Draw(t, "before")), euros(rapid.Int64Range(0, 9999).Draw(t, "after"))
		s.priceEffect(&c, before, after)
		if delta, _ := after.Sub(before); !delta.Equal(c.Recurring) {
			t.Fatalf("%s → %s is %s a period", before, after, c.Recurring)
		}
		if c.Proration.Value().Abs().Cmp(c.Recurring.Value().Abs()) > 0 || c.Proration.Sign()*c.Recurring.Sign() < 0 {
			t.Fatalf("%s once of %s a period, from %s", c.Proration, c.Recurring, c.Effective)
		}
		if c.Effective == period.PeriodAt(start, c.Effective).Start != (c.Proration == money.Amount{}) {
			t.Fatalf("%s once from %s, periods from %s", c.Proration, c.Effective, start)
		}
	})
}

func TestWorth(t *testing.T) {
	price := euros(1250)
	for units, want := range map[int64]string{0: "0.00 EUR", 1: "12.50 EUR", 7: "87.50 EUR", -2: "-25.00 EUR"} {
		if got := worth(&price, units); got.String() != want {
			t.Errorf("%d × %s is %s", units, price, got)
		}
	}
	if got := worth(nil, 7); !got.IsZero() || got.Currency() != "" {
		t.Errorf("an unknown price is worth %s", got)
	}
}

// What a change of several steps costs, each from the price that holds before it: the one the plan has set by then, or the one that waits in the
// rows; and a cost is sent with a price, never alone.
func TestTheMoneyOfSeveralSteps(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  func(*scene)
		want []string
	}{
		{"a price waits, and another one is wanted", both(byHand("2026-12-15", 0, 1100), priced(1200)),
			[]string{"reprice 2026-11-15 5→5 at 12.00 EUR: +10.00 EUR monthly", "reprice 2026-12-16 5→5 at 12.00 EUR: +5.00 EUR monthly, +4.84 EUR once"}},
		{"a new price, then fewer twice", both(both(byHand("2026-12-20", 3, 0), priced(1200)), seats(4)),
			[]string{"reprice 2026-11-15 5→5 at 12.00 EUR: +10.00 EUR monthly", "decrease 2026-12-15 5→4: -12.00 EUR monthly", "decrease 2026-12-21 7→4 at 12.00 EUR: -36.00 EUR monthly, -29.03 EUR once"}},
		{"fewer, then fewer again", both(byHand("2026-12-20", 3, 0), seats(4)),
			[]string{"decrease 2026-12-15 5→4: -10.00 EUR monthly", "decrease 2026-12-21 7→4: -30.00 EUR monthly, -24.19 EUR once"}},
	} {
		s := november(upNow)
		s.stands(5, "2026-03-10")
		cost := euros(777)
		s.want.UnitCost = &cost
		tc.set(s)
		p := s.plan()
		var got []string
		for i, c := range p.Changes {
			got = append(got, brief(p)[i]+": "+moneyOf(c))
			if (c.Adjust.UnitCost != nil) != (c.Adjust.UnitPrice != nil) || c.Adjust.UnitCost != nil && !c.Adjust.UnitCost.Equal(cost) {
				t.Errorf("%s: %s sends the cost %s", tc.name, c.Kind, amountText(c.Adjust.UnitCost))
			}
		}
		same(t, tc.name, got, tc.want)
	}
}

// A line that falls to nothing for some days is not ended while something is wanted of it: units come from another line.
func TestADecreaseToNothingIsNoEnd(t *testing.T) {
	for want, kind := range map[int64]ChangeKind{0: End, 3: Decrease} {
		s := stepsSubject(t, trueDate, want, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"})
		c := s.adjustment(Change{}, step{choice: choice{date: date("2026-11-20"), why: "why"}, before: 5, delta: -5}, nil)
		if c.Kind != kind {
			t.Errorf("%d wanted: %s, %s", want, c.Kind, c.Reason)
		}
	}
}

// A price is not set on a line that bills nothing yet: it comes with the units that another line gives. Where some are billed already it is set at once.
func TestAPriceComesWithTheUnitsThatMove(t *testing.T) {
	two := []string{"2026-11-15 2026-12-15 2 2000", "2026-12-15 2027-01-15 2 2000"}
	for _, tc := range []struct {
		name  string
		rows  []string
		day   string // of the move
		cents int64
		want  int64
		steps string
	}{
		{"nothing is billed before", nil, "2026-12-15", 1000, 5, "12-15 0+5 at 10.00 EUR"},
		{"units come before the price would", nil, "2026-11-10", 1000, 5, "11-15 0+5 at 10.00 EUR"},
		{"two are billed already, at another price", two, "2026-12-15", 1100, 7, "11-15 2+0 at 11.00 EUR, 12-15 2+5"},
		{"two are billed already, at that price", two, "2026-12-15", 1000, 7, "12-15 2+5"},
	} {
		s := stepsSubject(t, upNow, tc.want, tc.rows)
		price := euros(tc.cents)
		s.want.UnitPrice = &price
		s.goOn()
		s.moves = []moving{{Move: Move{"s1", 5, date(tc.day)}, why: "moves"}}
		if got := stepText(s.priceSteps(s.quantitySteps())); got != tc.steps {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.steps)
		}
	}
}

// A price that the plan sets holds on a later day unless something is adjusted between, which may carry a price of its own.
func TestWhatAPriceStepReaches(t *testing.T) {
	price := euros(1000)
	at := func(day string) step { return step{choice: choice{date: date(day)}, price: &price} }
	for _, tc := range []struct {
		name  string
		steps []step
		taken []string
		want  bool
	}{
		{"no step", nil, nil, false},
		{"a step before", []step{at("2026-11-20")}, nil, true},
		{"a step of the day", []step{at("2026-12-15")}, nil, true},
		{"a step of the day after", []step{at("2026-12-16")}, nil, false},
		{"a step that sets no price", []step{{choice: choice{date: date("2026-11-20")}, delta: 1}}, nil, false},
		{"an adjustment between", []step{at("2026-11-20")}, []string{"2026-12-01"}, false},
		{"an adjustment of the day", []step{at("2026-11-20")}, []string{"2026-12-15"}, false},
		{"an adjustment behind the day", []step{at("2026-11-20")}, []string{"2026-12-16"}, true},
		{"an adjustment on the day of the step", []step{at("2026-11-20")}, []string{"2026-11-20"}, true},
		{"a second step behind it", []step{at("2026-11-20"), at("2026-12-02")}, []string{"2026-12-01"}, true},
	} {
		s := &subject{}
		for _, day := range tc.taken {
			s.clock.taken = append(s.clock.taken, date(day))
		}
		if got := s.isPriced(tc.steps, date("2026-12-15")); got != tc.want {
			t.Errorf("%s: %t", tc.name, got)
		}
	}
}

// What Autotask charges when nobody has set a price: the catalogue's, unless the line bills in another currency or the catalogue has none.
func TestTheCataloguesPrice(t *testing.T) {
	for _, tc := range []struct {
		name  string
		price money.Amount
		rows  []string
		want  string
	}{
		{"a line that bills nothing", euros(700), nil, "7.00 EUR"},
		{"a line in that currency", euros(700), []string{"2026-11-15 2026-12-15 5 5000"}, "7.00 EUR"},
		{"a line in another one", money.Of(money.Int(7), "USD"), []string{"2026-11-15 2026-12-15 5 5000"}, "-"},
		{"no price", euros(0), nil, "-"},
		{"no price, and a line", euros(0), []string{"2026-11-15 2026-12-15 5 5000"}, "-"},
	} {
		s := rowsSubject(t, month, month, tc.rows...)
		s.service.UnitPrice = tc.price
		if got := amountText(s.cataloguePrice()); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// What is added once for a change of 20.00 a period, looked at on 9 December on a contract from the first: the rest of a period that has begun, all of
// those that are over, nothing for one that begins with the change; a contract that ends cuts its last days.
func TestWhatIsAddedOnce(t *testing.T) {
	for _, tc := range []struct{ from, end, want string }{
		{"2026-12-01", "2029-01-14", "0"},
		{"2026-12-09", "2029-01-14", "14.84 EUR"}, // 23 of 31 days
		{"2026-12-31", "2029-01-14", "0.65 EUR"},
		{"2027-01-01", "2029-01-14", "0"},
		{"2026-12-15", "2029-01-14", "10.97 EUR"},
		{"2026-11-20", "2029-01-14", "7.33 EUR"}, // 11 of 30, and all of December with its period
		{"2026-11-01", "2029-01-14", "20.00 EUR"},
		{"2026-10-15", "2029-01-14", "30.97 EUR"}, // 17 of 31, and November
		{"2026-12-01", "2026-12-20", "12.90 EUR"}, // 20 of 31
		{"2026-12-15", "2026-12-20", "3.87 EUR"},
		{"2026-11-01", "2026-12-31", "20.00 EUR"},
		{"2026-11-01", "2026-11-20", "13.33 EUR"}, // 20 of 30, and nothing of December
		{"2026-11-01", "2026-11-30", "20.00 EUR"},
	} {
		s := &subject{contract: &billing.Contract{End: date(tc.end)}, clock: clock{day: date("2026-12-09"), period: billing.PeriodMonth, start: date("2026-01-01")}}
		c := Change{Effective: date(tc.from)}
		if s.priceEffect(&c, euros(5000), euros(7000)); c.Proration.String() != tc.want || !c.Recurring.Equal(euros(2000)) {
			t.Errorf("from %s, contract to %s: %s, %s a period, want %s", tc.from, tc.end, c.Proration, c.Recurring, tc.want)
		}
	}
	s := &subject{contract: &billing.Contract{End: date("2029-01-14")}, clock: clock{day: date("2026-12-09"), period: billing.PeriodMonth, start: date("2026-01-01")}}
	c := Change{Effective: date("2026-12-09"), Adjust: &Adjustment{}}
	if s.priceEffect(&c, money.Of(money.Int(50), "USD"), euros(7000)); c.isPriced() || !c.Proration.IsZero() {
		t.Errorf("two currencies: %s a period, %s once", c.Recurring, c.Proration) // law 9: unknown, which no tolerance lets pass
	}
}

// Whether the wanted price is written over one that is in force; while the source has gaps a price only rises, and only where it is known (law 2).
func TestWhatPriceIsWritten(t *testing.T) {
	price := func(cents int64) *money.Amount { p := euros(cents); return &p }
	for _, tc := range []struct {
		inForce   *money.Amount
		all, adds bool
	}{{nil, true, false}, {price(900), true, true}, {price(1000), false, false}, {price(1100), true, false}} {
		s := &subject{want: &billing.DesiredLine{UnitPrice: price(1000)}}
		all := s.changes(tc.inForce)
		s.onlyAdds = true
		if adds := s.changes(tc.inForce); all != tc.all || adds != tc.adds {
			t.Errorf("over %s: %t, with a gap %t", amountText(tc.inForce), all, adds)
		}
	}
	ten := price(1000)
	begins := func(before, delta int64, day string, price *money.Amount) step {
		return step{choice: choice{date: date(day)}, before: before, delta: delta, price: price}
	}
	for _, tc := range []struct {
		name  string
		steps []step
		want  string
	}{
		{"none", nil, "-"},
		{"units that begin before", []step{begins(0, 5, "2026-11-15", ten)}, "10.00 EUR"},
		{"units that begin that day", []step{begins(0, 5, "2026-11-20", ten)}, "10.00 EUR"},
		{"units that begin the day after", []step{begins(0, 5, "2026-11-21", ten)}, "-"},
		{"one seat that begins", []step{begins(0, 1, "2026-11-15", ten)}, "10.00 EUR"},
		{"more of what is there", []step{begins(2, 5, "2026-11-15", ten)}, "-"},
		{"a price alone, while nothing is there", []step{begins(0, 0, "2026-11-15", ten)}, "-"},
	} {
		if got := amountText(pricedBy(tc.steps, date("2026-11-20"))); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// The price is repeated behind the last change that waits inside a period, which may carry another one: not behind one that is over or begins a period,
// nor where nothing is billed.
func TestAPriceIsRepeatedBehindWhatWaits(t *testing.T) {
	for _, tc := range []struct {
		name string
		rows []string
		date string // of the price
		want string
	}{
		{"nothing waits", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, "2026-11-20", ""},
		{"one waits inside this period", []string{"2026-11-15 2026-11-25 5 1667", "2026-11-25 2026-12-15 6 4000", "2026-12-15 2027-01-15 6 6000"}, "2026-11-20", "11-26 6+0 at 11.00 EUR"},
		{"it is over", []string{"2026-11-15 2026-11-18 5 500", "2026-11-18 2026-12-15 6 5400", "2026-12-15 2027-01-15 6 6000"}, "2026-11-15", ""},
		{"it begins today", []string{"2026-11-15 2026-11-20 5 833", "2026-11-20 2026-12-15 6 5000", "2026-12-15 2027-01-15 6 6000"}, "2026-11-15", ""},
		{"it begins with the price", []string{"2026-11-15 2026-11-25 5 1667", "2026-11-25 2026-12-15 6 4000", "2026-12-15 2027-01-15 6 6000"}, "2026-11-25", ""},
		{"two wait", []string{"2026-11-15 2026-11-25 5 1667", "2026-11-25 2026-12-01 6 1200", "2026-12-01 2026-12-15 7 3267", "2026-12-15 2027-01-15 7 7000"}, "2026-11-20", "12-02 7+0 at 11.00 EUR"},
		{"one waits with the next period", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 6 6000"}, "2026-11-20", ""},
		{"one waits inside the next period", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2026-12-20 5 806", "2026-12-20 2027-01-15 1 839"}, "2026-11-20", "12-21 1+0 at 11.00 EUR"},
		{"the end waits", []string{"2026-11-15 2026-11-25 5 1667", "2026-11-25 2026-12-15 0 0", "2026-12-15 2027-01-15 0 0"}, "2026-11-20", ""},
	} {
		s := stepsSubject(t, trueDate, 5, tc.rows)
		price := euros(1100)
		s.want.UnitPrice = &price
		steps := s.priceBehind(nil, date(tc.date))
		if got := stepText(steps); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
		for _, st := range steps {
			if why := st.choice.because(); why != st.choice.of.String()+" already has an adjustment of this line and Autotask takes one a day" {
				t.Errorf("%s: because %q", tc.name, why)
			}
		}
	}
}

// Behind units that begin anew the price is repeated after the last adjustment of ours that waits while nothing stands: it may carry another price, which rows
// without units cannot tell. What is ours no longer, lies before the units or has units of its own needs nothing.
func TestAPriceIsRepeatedBehindOurOwn(t *testing.T) {
	nothing := []string{"2026-11-15 2026-12-15 0 0", "2026-12-15 2027-01-15 0 0"}
	for _, tc := range []struct {
		name   string
		line   billing.ContractServiceID // that we wrote
		dates  string                    // on which we adjusted it
		rows   []string
		before int64
		delta  int64
		want   string
	}{
		{"we adjusted nothing", "1", "", nothing, 0, 5, ""},
		{"one waits with the next period", "1", "2026-12-15", nothing, 0, 5, "12-16 5+0 at 11.00 EUR"},
		{"two wait: behind the later", "1", "2026-12-15 2026-12-20", nothing, 0, 5, "12-21 5+0 at 11.00 EUR"},
		{"in whatever order they are kept", "1", "2026-12-20 2026-12-15", nothing, 0, 5, "12-21 5+0 at 11.00 EUR"},
		{"the last one was before the units", "1", "2026-11-16", nothing, 0, 5, ""},
		{"on the day on which they begin", "1", "2026-11-20", nothing, 0, 5, ""},
		{"the day after", "1", "2026-11-21", nothing, 0, 5, "11-22 5+0 at 11.00 EUR"},
		{"its own units tell their price", "1", "2026-12-15", []string{"2026-11-15 2026-12-15 0 0", "2026-12-15 2027-01-15 5 5000"}, 0, 5, ""},
		{"one with units after one without", "1", "2026-11-25 2026-12-15", []string{"2026-11-15 2026-12-15 0 0", "2026-12-15 2027-01-15 5 5000"}, 0, 5, "11-26 5+0 at 11.00 EUR"},
		{"another line was ours", "9", "2026-12-15", nothing, 0, 5, ""},
		{"the units go on", "1", "2026-12-15", nothing, 2, 3, ""},
		{"one seat", "1", "2026-12-15", nothing, 0, 1, "12-16 1+0 at 11.00 EUR"},
		{"a price without units", "1", "2026-12-15", nothing, 0, 0, ""},
	} {
		s := stepsSubject(t, trueDate, 5, tc.rows)
		price := euros(1100)
		s.want.UnitPrice, s.line.ID, s.applied = &price, "1", &Applied{LineID: tc.line}
		for text := range strings.FieldsSeq(tc.dates) {
			s.applied.Dates = append(s.applied.Dates, date(text))
		}
		s.clock.taken = s.applied.Dates
		begins := []step{{choice: choice{date: date("2026-11-20")}, before: tc.before, delta: tc.delta, price: &price}}
		after := s.priceBehindOurs(slices.Clone(begins))
		if len(after) < len(begins) || stepText(after[len(begins):]) != tc.want || stepText(after[:len(begins)]) != stepText(begins) {
			t.Errorf("%s: %q after %q, want %q", tc.name, stepText(after), stepText(begins), tc.want)
		}
		if none := s.priceBehindOurs(nil); none != nil {
			t.Errorf("%s: nothing begins, but %q", tc.name, stepText(none))
		}
	}
}

// The currency a line bills in is told by its first row that bills anything.
func TestTheCurrencyOfALine(t *testing.T) {
	dollars := money.Of(money.Int(11), "USD")
	for want, prices := range map[money.Currency][]money.Amount{"": {euros(0)}, "USD": {euros(0), dollars}, "EUR": {euros(500), dollars}} {
		s := &subject{line: &billing.ContractService{}}
		for _, p := range prices {
			s.line.Rows = append(s.line.Rows, billing.UnitRow{Price: p})
		}
		if got := s.currency(); got != want {
			t.Errorf("%v: %q, want %q", prices, got, want)
		}
	}
}
