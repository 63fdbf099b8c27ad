package plan

import (
	"testing"

	"spindle/internal/billing"
)

// moved sends the line to the second contract: another route gives it another key.
func moved(s *scene) {
	s.want.Key, s.want.Mark, s.want.Contract = "line@910", "spindle:line@910", billing.Ref{ID: "910"}
}

func withSecondContract(s *scene) *scene {
	s.b.at.contracts = append(s.b.at.contracts, billing.Contract{ID: "910", Name: "Cloud 2", PeriodType: billing.PeriodMonth, Active: true, Recurring: true,
		Start: date("2026-04-01"), End: date("2029-03-31")})
	return s
}

// A line that is routed to another contract begins there and ends where it was, held because a person must see that it ends.
func TestDiaryOfAMoveToAnotherContract(t *testing.T) {
	withSecondContract(november(upNow)).keep(t, []entry{
		{day: "2026-03-12", event: "five seats",
			plan: []planned{
				{what: "attach-service 2026-02-15 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-02-15 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-02-15, start of the current period, which is not posted.", needs: "#1"},
			},
		},
		{day: "2026-05-20", event: "routed to the contract from the first of the month", do: moved,
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
				"1: 2026-06-15 to 2026-07-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "attach-service 2026-05-01 0→0",
					why: "The service is not on the contract yet.", held: "hold-unwanted"},
				{what: "end 2026-06-15 5→0", money: "-50.00 EUR monthly",
					why: "Nothing is billed for it any more; the line ends from 2026-06-15, start of the next period.", held: "hold-unwanted"},
				{what: "increase 2026-05-01 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-05-01, start of the current period, which is not posted.", needs: "#1", held: "hold-unwanted"},
			},
		},
		{day: "2026-06-20", event: "the old line stays ended, the new one takes a change", do: seats(6),
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 0 for 0.00 EUR",
				"1: 2026-07-15 to 2026-08-14 0 for 0.00 EUR",
				"2: 2026-06-01 to 2026-06-30 5 for 50.00 EUR",
				"2: 2026-07-01 to 2026-07-31 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-06-01 5→6", money: "+10.00 EUR monthly",
					why: "5 → 6 from 2026-06-01, start of the current period, which is not posted."},
			},
		},
	})
}

// The same move with the posted month between: the old line is billed to the end of it, the new one from its own period.
func TestDiaryOfAMoveOutOfAPostedMonth(t *testing.T) {
	withSecondContract(november(trueDate)).keep(t, []entry{
		{day: "2026-04-16", event: "five seats",
			plan: []planned{
				{what: "attach-service 2026-04-15 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-04-15 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-04-15, start of the current period, it is charged since 2026-03-10.", needs: "#1"},
			},
		},
		{day: "2026-05-20", event: "posted, then routed to the other contract", do: both(posts("2026-05-15"), moved),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR, posted",
				"1: 2026-06-15 to 2026-07-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "attach-service 2026-05-01 0→0",
					why: "The service is not on the contract yet.", held: "hold-unwanted"},
				{what: "end 2026-06-15 5→0", money: "-50.00 EUR monthly",
					why: "Nothing is billed for it any more; the line ends from 2026-06-15, first day after the posted periods (posted up to 2026-06-14).", held: "hold-unwanted"},
				{what: "increase 2026-05-01 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-05-01, start of the current period, it is charged since 2026-03-10.", needs: "#1", held: "hold-unwanted"},
			},
			findings: []string{
				"unbilled-difference/line/2026-05-15/over | Premium: -5 take effect on 2026-06-15 because the running period is posted; until then about 41.94 EUR are billed too much. | Credit the difference in Autotask. | -41.94 EUR",
			},
		},
		{day: "2026-06-15", event: "nothing is left to do",
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 0 for 0.00 EUR",
				"1: 2026-07-15 to 2026-08-14 0 for 0.00 EUR",
				"2: 2026-06-01 to 2026-06-30 5 for 50.00 EUR",
				"2: 2026-07-01 to 2026-07-31 5 for 50.00 EUR",
			},
		},
	})
}

// Billing is switched off: the line is reported and left alone until somebody decides (law 1).
func TestDiaryOfBillingSwitchedOff(t *testing.T) {
	s := november(upNow)
	standing := s.want
	s.keep(t, []entry{
		{day: "2026-03-12", event: "five seats",
			plan: []planned{
				{what: "attach-service 2026-02-15 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-02-15 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-02-15, start of the current period, which is not posted.", needs: "#1"},
			},
		},
		{day: "2026-04-20", event: "the customer's billing is switched off", do: func(s *scene) { s.want, s.enabled = billing.DesiredLine{}, nil },
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
			},
			findings: []string{
				"billing-off/line | Premium: 5 units stand on contract \"Cloud\", but billing is off for this customer. | Switch billing on to let Spindle end the line, or end it in Autotask. | 50.00 EUR",
			},
		},
		{day: "2026-05-20", event: "only this product is switched off: the line may end", do: func(s *scene) { s.enabled = []billing.CustomerID{"c1"} },
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
				"1: 2026-06-15 to 2026-07-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "end 2026-06-15 5→0", money: "-50.00 EUR monthly",
					why: "Nothing is billed for it any more; the line ends from 2026-06-15, start of the next period.", held: "hold-unwanted"},
			},
		},
		{day: "2026-05-25", event: "it was a mistake", do: func(s *scene) { s.want = standing },
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
				"1: 2026-06-15 to 2026-07-14 0 for 0.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-06-16 0→5 at 10.00 EUR", money: "+50.00 EUR monthly, +48.33 EUR once",
					why: "0 → 5 from 2026-06-16, 2026-06-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-06-16", event: "quiet",
			rows: []string{
				"1: 2026-06-15 to 2026-06-15 0 for 0.00 EUR",
				"1: 2026-06-16 to 2026-07-14 5 for 48.3333 EUR",
				"1: 2026-07-15 to 2026-08-14 5 for 50.00 EUR",
			},
		},
	})
}

func TestWhatAnOrphanNeedsToEnd(t *testing.T) {
	for _, tc := range []struct {
		name     string
		change   func(*scene)
		want     []string
		findings []string
	}{
		{"it ends with the next period", func(*scene) {}, []string{"end 2026-12-15 5→0"}, nil},
		{"true-date of the organization, not of the line that is gone", func(s *scene) { s.setup.EffectivePolicy = trueDate }, []string{"end 2026-11-20 5→0"}, nil},
		{"posted", func(s *scene) { s.setup.EffectivePolicy = periodStart; posts("2026-11-15")(s) }, []string{"end 2026-12-15 5→0"},
			[]string{"unbilled-difference/line/2026-11-15/over | Premium: -5 take effect on 2026-12-15 because the running period is posted; until then about 41.67 EUR are billed too much. | Credit the difference in Autotask. | -41.67 EUR"}},
		{"a hand ended it", func(s *scene) { byHand("2026-11-17", -5, 0)(s) }, nil, nil},
		{"the contract ends it", func(s *scene) { s.b.at.contracts[0].End = date("2026-12-14") }, nil, nil},
		{"a gap in the source", func(s *scene) {
			s.gaps = []billing.Gap{{CustomerID: "c1", What: "subscriptions of Alder", Why: "no answer"}}
		}, nil,
			[]string{"incomplete-read/c1/subscriptions of Alder | Could not read subscriptions of Alder: no answer. The source could not be read whole, so nothing is reduced or ended. | Run again once the connection works; spindle doctor tests it."}},
		{"billing off", func(s *scene) { s.enabled = []billing.CustomerID{"c2"} }, nil,
			[]string{`billing-off/line | Premium: 5 units stand on contract "Cloud", but billing is off for this customer. | Switch billing on to let Spindle end the line, or end it in Autotask. | 50.00 EUR`}},
		{"the line is gone too", func(s *scene) { s.b.at.lines = nil }, nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := november(upNow)
			s.stands(5, "2026-03-10")
			s.want = billing.DesiredLine{}
			tc.change(s)
			p := s.expect(t, tc.want...)
			same(t, "findings", findingsIn(p), tc.findings)
			for _, c := range p.Changes {
				wantHolds(t, c, "hold-unwanted")
			}
		})
	}
}

func TestAnOrphanWhoseServiceIsOutOfSight(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.want = billing.DesiredLine{}
	for name, blind := range map[string]func(*billing.Observed){
		"service":  func(o *billing.Observed) { o.Services = nil },
		"contract": func(o *billing.Observed) { o.Contracts = nil },
	} {
		in := s.input()
		blind(&in.Observed)
		p := Make(in)
		same(t, name, findingsIn(p), []string{"service-missing/line | Premium: 5 units stand on contract service 1, whose contract or service could not be read. | End the line in Autotask."})
		if len(p.Changes) > 0 {
			t.Errorf("%s: %s", name, text(p))
		}
	}
	byHand("2026-11-16", -5, 0)(s) // nothing is billed: nothing to say
	in := s.input()
	in.Observed.Services = nil
	same(t, "ended by hand", findingsIn(Make(in)), nil)
}

// A new line beside one of ours that is on its way out would bill twice: both wait for the same person.
func TestANewLineBesideALeavingOneOfAnotherContract(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*scene)
		want   string
	}{
		{"same customer and service", func(*scene) {}, "contract service 1 on another contract bills the customer 5 of the same service and nothing leads to it any more; approve this together with its end"},
		{"it bills nothing any more", byHand("2026-11-16", -5, 0), ""},
		{"it is removed", func(s *scene) { s.b.at.lines = nil }, ""},
		{"another customer", func(s *scene) { s.b.memory.Lines[0].CustomerID = "c2" }, ""},
		{"another service", func(s *scene) { s.b.memory.Lines[0].ServiceID = "801" }, ""},
	} {
		s := withSecondContract(november(upNow))
		s.stands(5, "2026-03-10")
		tc.change(s)
		moved(s)
		var why []string
		for _, c := range s.plan().Changes {
			if c.LineKey != "line@910" {
				continue
			}
			for _, h := range c.Holds {
				why = append(why, h.Why)
			}
		}
		var want []string
		if tc.want != "" {
			want = []string{tc.want, tc.want} // the attach and the quantity
		}
		same(t, tc.name, why, want)
	}
}
