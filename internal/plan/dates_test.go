package plan

import (
	"strings"
	"testing"

	"spindle/internal/billing"
)

const (
	upNow       = billing.UpNowDownNext
	trueDate    = billing.TrueDate
	periodStart = billing.PeriodStart
	nextPeriod  = billing.NextPeriod
)

// The rules of ADR 0003: policy × what changes × what already happened in the period. 15 November starts the running period, the day
// is 20 November, 15 December starts the next period.
func TestEffectiveDates(t *testing.T) {
	type dates struct{ open, posted, second string }
	next := dates{"2026-12-15", "2026-12-15", "2026-12-15"}
	onTheDay := dates{"2026-11-20", "2026-12-15", "2026-11-20"}
	fromStart := dates{"2026-11-15", "2026-12-15", "2026-11-20"}
	for _, tc := range []struct {
		policy                           billing.EffectivePolicy
		increase, decrease, reprice, end dates
	}{
		{upNow, fromStart, next, fromStart, next},
		{trueDate, onTheDay, onTheDay, onTheDay, dates{"2026-11-18", "2026-12-15", "2026-11-18"}},
		{periodStart, fromStart, fromStart, fromStart, fromStart},
		{nextPeriod, next, next, next, next},
	} {
		for what, want := range map[string]dates{"increase": tc.increase, "decrease": tc.decrease, "reprice": tc.reprice, "end": tc.end} {
			for when, effective := range map[string]string{"open": want.open, "posted": want.posted, "second": want.second} {
				t.Run(string(tc.policy)+"/"+what+"/"+when, func(t *testing.T) {
					s := november(tc.policy)
					l := s.stands(5, "2026-03-10")
					switch when {
					case "posted":
						s.b.at.post(l, date("2026-11-15"))
					case "second":
						s.adjustedByUs(t, l, "2026-11-15", 1)
					}
					p := s.expect(t, s.change(what)+" "+effective+s.levels(what, l))
					s.applied(t, p)
				})
			}
		}
	}
}

// adjustedByUs lets an earlier run have changed the quantity.
func (s *scene) adjustedByUs(t *testing.T, l *modelLine, day string, delta int64) {
	t.Helper()
	before := l.unitsOn(date(day))
	if err := s.b.at.adjust(l.id, date(day), delta, nil); err != nil {
		t.Fatal(err)
	}
	s.b.memory.Lines[0] = s.b.memory.Lines[0].After(Change{Effective: date(day), Adjust: &Adjustment{UnitChange: delta}, After: State{Units: before + delta}})
	s.want.Units += delta
}

// change asks for something new and gives the kind of change it must lead to.
func (s *scene) change(what string) string {
	switch what {
	case "increase":
		s.want.Units += 2
	case "decrease":
		s.want.Units -= 2
	case "reprice":
		price := euros(1100)
		s.want.UnitPrice = &price
	case "end":
		s.want.Units, s.want.EndedOn = 0, date("2026-11-18")
	}
	return what
}

func (s *scene) levels(what string, l *modelLine) string {
	units := l.unitsOn(s.b.at.day)
	after := map[string]int64{"increase": units + 2, "decrease": units - 2, "reprice": units}[what]
	levels := " " + itoa(units) + "→" + itoa(after)
	if what == "reprice" {
		levels += " at 11.00 EUR"
	}
	return levels
}

func itoa(n int64) string { return string(rune('0' + n)) } // single digits are enough here

func TestANewLineBegins(t *testing.T) {
	for _, tc := range []struct {
		policy      billing.EffectivePolicy
		since, want string
	}{
		{upNow, "2026-11-17", "2026-11-15"},
		{upNow, "2026-03-10", "2026-11-15"},
		{periodStart, "2026-11-17", "2026-11-15"},
		{nextPeriod, "2026-11-17", "2026-12-15"},
		{trueDate, "2026-11-17", "2026-11-17"},
		{trueDate, "2026-03-10", "2026-11-15"}, // earlier periods are closed
		{trueDate, "", "2026-11-20"},           // not known: nothing is made up
		// It begins ahead: never before its own period.
		{upNow, "2026-12-20", "2026-12-15"},
		{trueDate, "2026-12-20", "2026-12-20"},
		{nextPeriod, "2026-12-15", "2026-12-15"},
	} {
		t.Run(string(tc.policy)+" since "+tc.since, func(t *testing.T) {
			s := november(tc.policy)
			s.want.Since = billing.Date{}
			if tc.since != "" {
				s.want.Since = date(tc.since)
			}
			p := s.expect(t, "attach-service "+tc.want+" 0→0", "increase "+tc.want+" 0→5 at 10.00 EUR")
			s.applied(t, p)
			s.b.at.day = s.b.at.day.AddDays(1)
			s.expect(t)
		})
	}
}

func TestALineThatBeginsTooFarAheadWaits(t *testing.T) {
	s := november(trueDate)
	s.want.Since = date("2027-01-15") // the period after the next one: its rows are not read yet
	s.expect(t)
	s.b.at.day = date("2026-12-15")
	s.expect(t, "attach-service 2027-01-15 0→0", "increase 2027-01-15 0→5 at 10.00 EUR")
}

func TestAContractThatStartsLater(t *testing.T) {
	for _, policy := range billing.EffectivePolicies() {
		s := november(policy)
		s.b.at.contracts[0].Start = date("2026-12-05")
		p := s.expect(t, "attach-service 2026-12-05 0→0", "increase 2026-12-05 0→5 at 10.00 EUR")
		s.applied(t, p)
		s.want.Units = 7 // the contract's first day holds an adjustment now
		s.applied(t, s.expect(t, "increase 2026-12-06 5→7"))
		s.want.Units = 0 // cancelled before it began
		s.applied(t, s.expect(t, "end 2026-12-07 7→0"))
	}
}

func TestAPendingChangeIsTakenBack(t *testing.T) {
	for _, policy := range billing.EffectivePolicies() {
		t.Run(string(policy)+"/decrease", func(t *testing.T) {
			s := november(policy)
			l := s.stands(5, "2026-03-10")
			s.adjustedByUs(t, l, "2026-12-15", -2)
			s.want.Units = 5
			p := s.expect(t, "increase 2026-12-16 3→5")
			s.applied(t, p)
		})
	}
	s := november(upNow)
	l := s.stands(5, "2026-03-10")
	s.adjustedByUs(t, l, "2026-12-15", 2)
	s.want.Units = 5
	s.applied(t, s.expect(t, "decrease 2026-12-16 7→5"))
}

func TestAnIncreaseOverAPendingDecreaseIsOneChangeNowAndOneThen(t *testing.T) {
	s := november(upNow)
	l := s.stands(5, "2026-03-10")
	s.adjustedByUs(t, l, "2026-12-15", -2)
	s.want.Units = 6
	p := s.expect(t, "increase 2026-11-15 5→6", "increase 2026-12-16 4→6")
	if len(p.Changes[1].Requires) != 1 || p.Changes[1].Requires[0] != p.Changes[0].ID {
		t.Fatalf("the second change requires %v", p.Changes[1].Requires)
	}
	s.applied(t, p)
}

// A decrease never asks for more than a later decrease leaves: Autotask would refuse it.
func TestADecreaseLeavesRoomForAPendingOne(t *testing.T) {
	s := november(trueDate)
	l := s.stands(5, "2026-03-10")
	s.adjustedByUs(t, l, "2026-12-15", -3)
	s.want.Units = 0
	s.applied(t, s.expect(t, "decrease 2026-11-20 5→3"))
	if got := l.unitsOn(date("2026-12-15")); got != 0 {
		t.Fatalf("%d units stand after the pending decrease", got)
	}
}

func TestAnIncreaseReachesBackOnlyOverAnUnchangedQuantity(t *testing.T) {
	s := november(upNow)
	l := s.stands(9, "2026-03-10")
	s.adjustedByUs(t, l, "2026-11-18", -4) // true-date before: 9 until the 17th, 5 since
	s.want.Units = 8
	s.applied(t, s.expect(t, "increase 2026-11-20 5→8")) // from the 15th it would have billed 12 for three days
}

func TestAnEndAheadCountsFromItsOwnDay(t *testing.T) {
	for _, tc := range []struct {
		policy        billing.EffectivePolicy
		endedOn, want string
	}{
		{upNow, "2026-11-25", "2026-12-15"},
		{upNow, "2026-12-15", "2026-12-15"}, // its last day is the period's last day
		{nextPeriod, "2026-12-15", "2026-12-15"},
		{trueDate, "2026-12-20", "2026-12-20"},
		{periodStart, "2026-12-20", "2026-12-15"},
		{upNow, "2026-12-20", ""}, // 15 January: not in sight yet
	} {
		s := november(tc.policy)
		s.stands(5, "2026-03-10")
		s.want.Units, s.want.EndedOn = 0, date(tc.endedOn)
		if tc.want == "" {
			s.expect(t)
			continue
		}
		s.applied(t, s.expect(t, "end "+tc.want+" 5→0"))
	}
}

func TestAPostedPeriodIsReportedInMoney(t *testing.T) {
	s := november(upNow)
	l := s.stands(5, "2026-03-10")
	s.b.at.post(l, s.b.at.day)
	s.want.Units = 7
	p := s.expect(t, "increase 2026-12-15 5→7")
	if !strings.Contains(p.Changes[0].Reason, "posted up to 2026-12-14") {
		t.Errorf("the reason does not say so: %s", p.Changes[0].Reason)
	}
	// 2 × 10.00 × 25 of 30 days.
	if len(p.Findings) != 1 || p.Findings[0].Kind != billing.FindingUnbilled || !p.Findings[0].Money.Equal(euros(1667)) {
		t.Errorf("findings: %+v", p.Findings)
	}

	s = november(periodStart)
	l = s.stands(5, "2026-03-10")
	s.b.at.post(l, s.b.at.day)
	s.want.Units = 3
	p = s.expect(t, "decrease 2026-12-15 5→3")
	if len(p.Findings) != 1 || !p.Findings[0].Money.Equal(euros(-1667)) || !strings.Contains(p.Findings[0].Message, "billed too much") {
		t.Errorf("findings: %+v", p.Findings)
	}
}

// A hand edit inside a posted period cuts the posted row short; the whole period stays out of bounds all the same.
func TestAPostedPeriodStaysPostedWhenItsRowWasCut(t *testing.T) {
	s := november(trueDate)
	l := s.stands(5, "2026-03-10")
	s.b.at.post(l, s.b.at.day)
	if err := s.b.at.adjust(l.id, date("2026-11-18"), 1, nil); err != nil {
		t.Fatal(err)
	}
	s.want.Units = 8
	s.expect(t, "increase 2026-12-15 6→8")
}

func TestQuantityAndPriceOfOneDayAreOneAdjustment(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	price := euros(1100)
	s.want.Units, s.want.UnitPrice = 7, &price
	p := s.expect(t, "increase 2026-11-15 5→7 at 11.00 EUR")
	if !p.Changes[0].Recurring.Equal(euros(2700)) {
		t.Errorf("5 × 10 → 7 × 11 is +27.00, not %s", p.Changes[0].Recurring)
	}
	s.applied(t, p)

	s = november(upNow)
	s.stands(5, "2026-03-10")
	s.want.Units, s.want.UnitPrice = 3, &price
	p = s.expect(t, "reprice 2026-11-15 5→5 at 11.00 EUR", "decrease 2026-12-15 5→3")
	if !p.Changes[1].Recurring.Equal(euros(-2200)) {
		t.Errorf("the decrease is at the new price: -22.00, not %s", p.Changes[1].Recurring)
	}
	s.applied(t, p)
}

func TestProrationIsPredicted(t *testing.T) {
	s := november(trueDate)
	s.stands(5, "2026-03-10")
	s.want.Units = 8
	p := s.expect(t, "increase 2026-11-20 5→8")
	if c := p.Changes[0]; !c.Recurring.Equal(euros(3000)) || !c.Proration.Equal(euros(2500)) { // 25 of 30 days
		t.Errorf("recurring %s, proration %s", c.Recurring, c.Proration)
	}
	s = november(upNow)
	s.stands(5, "2026-03-10")
	s.want.Units = 8
	if c := s.plan().Changes[0]; !c.Proration.IsZero() {
		t.Errorf("a change at a period's start is not prorated: %s", c.Proration)
	}
}

// The rules of ADR 0004.
func TestLongPeriodsNeverReachBack(t *testing.T) {
	yearly := func(policy billing.EffectivePolicy) *scene {
		s := november(policy)
		price := euros(12000)
		s.want.Service, s.want.UnitPrice = billing.Ref{ID: "801"}, &price
		return s
	}
	for _, tc := range []struct {
		policy                       billing.EffectivePolicy
		increase, decrease, newPrice string
	}{
		{upNow, "2026-11-20", "2027-01-15", "2027-01-15"},
		{periodStart, "2026-11-20", "2026-11-20", "2027-01-15"},
		{trueDate, "2026-11-20", "2026-11-20", "2026-11-20"},
		{nextPeriod, "2027-01-15", "2027-01-15", "2027-01-15"},
	} {
		t.Run(string(tc.policy), func(t *testing.T) {
			s := yearly(tc.policy)
			s.stands(5, "2026-03-10")
			s.want.Units = 7
			s.applied(t, s.expect(t, "increase "+tc.increase+" 5→7"))
			s = yearly(tc.policy)
			s.stands(5, "2026-03-10")
			s.want.Units = 4
			s.applied(t, s.expect(t, "decrease "+tc.decrease+" 5→4"))
			s = yearly(tc.policy)
			s.stands(5, "2026-03-10")
			price := euros(13000)
			s.want.UnitPrice = &price
			s.applied(t, s.expect(t, "reprice "+tc.newPrice+" 5→5 at 130.00 EUR"))
		})
	}
	for _, tc := range []struct{ since, want string }{
		{"2026-10-01", "2026-10-01"}, // began in the last closed month
		{"2026-11-17", "2026-11-17"},
		{"2026-12-03", "2026-12-03"}, // begins ahead
		{"2026-09-30", "2027-09-30"}, // billed before Spindle came: its next cycle
		{"2024-06-10", "2027-06-10"},
		{"", "2027-01-15"},
	} {
		t.Run("first cycle since "+tc.since, func(t *testing.T) {
			s := yearly(upNow)
			s.want.Since = billing.Date{}
			if tc.since != "" {
				s.want.Since = date(tc.since)
			}
			s.applied(t, s.expect(t, "attach-service "+tc.want+" 0→0", "increase "+tc.want+" 0→5 at 120.00 EUR"))
			for range 40 { // whatever month it is, the first cycle stays where it is
				s.b.at.day = s.b.at.day.AddDays(11)
				s.expect(t)
			}
		})
	}
}
