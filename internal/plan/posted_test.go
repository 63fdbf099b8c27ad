package plan

import (
	"strings"
	"testing"

	"spindle/internal/billing"
)

// What posted months leave unbilled, or billed too much, is named to the cent: from today, or from the day the change would have counted from,
// whichever is later, at the price that is wanted; never what the plan itself brings on an earlier day (law 8).
func TestThePriceOfPostedMonths(t *testing.T) {
	ends15 := func(s *scene) { s.want.Units, s.want.EndedOn = 0, date("2026-12-25") }
	for _, tc := range []struct {
		name     string
		policy   billing.EffectivePolicy
		posted   string
		then     func(*scene)
		findings []string
	}{
		{"two more, this month posted", upNow, "2026-11-15", seats(7), []string{"2026-11-15 | Premium: +2 take effect on 2026-12-15 because the running period is posted; until then about 16.67 EUR stay unbilled."}},
		{"two more at a new price", upNow, "2026-11-15", both(seats(7), priced(1200)), []string{"2026-11-15 | Premium: +2 take effect on 2026-12-15 because the running period is posted; until then about 20.00 EUR stay unbilled."}},
		{"a new price alone", upNow, "2026-11-15", priced(1200), nil},
		{"two fewer from the next month on, which is posted too", upNow, "2026-12-15", seats(3), []string{"2026-12-15/over | Premium: -2 take effect on 2027-01-15 because the running period is posted; until then about 20.00 EUR are billed too much."}},
		{"two fewer from today on, both months posted", trueDate, "2026-12-15", seats(3), []string{"2026-11-15/over | Premium: -2 take effect on 2027-01-15 because the running period is posted; until then about 36.67 EUR are billed too much."}},
		{"all from a day of the next month on, both posted", trueDate, "2026-12-15", ends15, []string{"2026-12-15/over | Premium: -5 take effect on 2027-01-15 because the running period is posted; until then about 33.87 EUR are billed too much."}},
		{"two more from the next month on, this one posted", nextPeriod, "2026-11-15", seats(7), nil},
		{"two more from the next month on, which is posted too", nextPeriod, "2026-12-15", seats(7), []string{"2026-12-15 | Premium: +2 take effect on 2027-01-15 because the running period is posted; until then about 20.00 EUR stay unbilled."}},
		{"nobody knows a price", upNow, "2026-11-15", func(s *scene) {
			s.b.at.contracts[0].End = date("2027-01-13") // it began inside a period and ends inside the next one: no row tells what a whole one bills
			began, known := date("2026-11-18"), &s.b.memory.Lines[0]
			s.b.at.lines[0].adjustments[0].date = began
			known.From, known.Dates, known.UnitPrice = began, []billing.Date{began}, nil
			s.b.at.post(s.b.at.lines[0], date("2026-11-15"))
			s.want.Units, s.want.UnitPrice = 7, nil
		}, nil},
		{"Autotask sets the price", upNow, "2026-11-15", func(s *scene) { s.want.Units, s.want.UnitPrice = 7, nil }, []string{"2026-11-15 | Premium: +2 take effect on 2026-12-15 because the running period is posted; until then about 16.67 EUR stay unbilled."}},
	} {
		s := november(tc.policy)
		l := s.stands(5, "2026-03-10")
		s.b.at.post(l, date(tc.posted))
		tc.then(s)
		var got []string
		for _, f := range unbilled(s.plan()) {
			text, _, _ := strings.Cut(strings.TrimPrefix(f, "unbilled-difference/line/"), " | Add a charge")
			text, _, _ = strings.Cut(text, " | Credit")
			got = append(got, text)
		}
		same(t, tc.name, got, tc.findings)
	}
}

// What an earlier month brings on the first open day is not missing there any more: of 1 January lack three, of the days of December from today on
// five. What December held before today no invoice proves yet.
func TestPostedMonthsBesideACatchUp(t *testing.T) {
	s := december(upNow).proven("2026-11-20", 7)
	s.want.Units, s.want.Shares[0].Units = 10, 10 // three more are not billed yet
	s.b.at.post(s.b.at.lines[0], date("2026-12-01"))
	p := s.planWithPast()
	same(t, "plan", brief(p), []string{"increase 2027-01-01 5→7", "increase 2027-01-02 7→10"})
	same(t, "findings", unbilled(p), []string{
		"unbilled-difference/line/2026-11-01 | Premium: From 2026-11-20 to 2026-11-30 Microsoft charges up to 2 more than Autotask bills (invoice G11), and that period is posted: about 7.33 EUR stay unbilled. | Add a charge for the difference in Autotask. | 7.33 EUR",
		"unbilled-difference/line/2026-12-01 | Premium: +3 take effect on 2027-01-02 because the running period is posted; until then about 38.07 EUR stay unbilled. | Add a charge for the difference in Autotask. | 38.07 EUR",
	})
}

// While a person has to decide what a hand did, nothing of the past is written, and nothing of it is said to be lost: approved or rejected, the next
// run looks at it again.
func TestThePastWaitsForADecision(t *testing.T) {
	s := december(trueDate).proven("2026-11-20", 7)
	same(t, "without a hand", brief(s.planWithPast()), []string{"increase 2026-11-20 5→7"})
	byHand("2026-12-02", 0, 1300)(s)
	p := s.planWithPast()
	for _, c := range p.Changes {
		if !c.Held() || c.Effective.Before(s.b.at.day) {
			t.Errorf("%s on %s, held by %q", c.Kind, c.Effective, policies(c))
		}
	}
	same(t, "findings", unbilled(p), nil)
	finding(t, p, billing.FindingDrift)
}
