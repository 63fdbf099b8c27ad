package plan

import (
	"fmt"
	"slices"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// scene is one line on one contract that starts on the 15th, looked at on 20 November 2026: the running period is 15 November to
// 14 December.
type scene struct {
	b       *bench
	desired billing.Desired
	want    billing.DesiredLine
	gaps    []billing.Gap
	setup   billing.Settings
	enabled []billing.CustomerID
}

func date(text string) billing.Date {
	d, err := billing.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

func november(policy billing.EffectivePolicy) *scene {
	day := date("2026-11-20")
	s := &scene{b: newBench(day), desired: billing.Desired{Day: day}, setup: billing.Settings{EffectivePolicy: policy}, enabled: []billing.CustomerID{"c1"}}
	s.b.at.contracts = []billing.Contract{{ID: "900", Name: "Cloud", PeriodType: billing.PeriodMonth, Active: true, Recurring: true, Start: date("2026-01-15"), End: date("2029-01-14")}}
	s.b.at.services = []billing.Service{
		{ID: "800", Name: "Premium", PeriodType: billing.PeriodMonth, UnitPrice: euros(1000), Active: true},
		{ID: "801", Name: "Premium yearly", PeriodType: billing.PeriodYear, UnitPrice: euros(12000), Active: true},
	}
	price := euros(1000)
	s.want = billing.DesiredLine{Key: "line", Mark: "spindle:line", CustomerID: "c1", Customer: "Alder", Name: "Premium", Policy: policy,
		Contract: billing.Ref{ID: "900"}, Service: billing.Ref{ID: "800"}, Units: 5, UnitPrice: &price, Since: date("2026-03-10")}
	return s
}

// stands puts the line into the target and into our memory, as an earlier run did.
func (s *scene) stands(units int64, from string) *modelLine {
	l := s.b.at.addLine(billing.ContractID(s.want.Contract.ID), billing.ServiceID(s.want.Service.ID), s.want.Mark)
	d := billing.Later(date(from), s.b.at.contracts[0].Start)
	if err := s.b.at.adjust(l.id, d, units, s.want.UnitPrice); err != nil {
		panic(err)
	}
	s.b.memory.Lines = append(s.b.memory.Lines, Applied{LineKey: s.want.Key, LineID: l.id, CustomerID: "c1", Customer: "Alder", ContractID: l.contract, ServiceID: l.service,
		What: s.want.Name, Units: units, UnitPrice: s.want.UnitPrice, From: d, Dates: []billing.Date{d}})
	return l
}

func (s *scene) charge(key string, cents int64) {
	s.desired.Charges = append(s.desired.Charges, billing.DesiredCharge{Key: key, Mark: "SPN-" + key, CustomerID: "c1", Customer: "Alder", Contract: billing.Ref{ID: "900"},
		Month: "2026-10", Name: "Azure", Date: s.desired.Day, Quantity: money.Int(1), UnitPrice: euros(cents), PriceRule: "markup"})
}

func (s *scene) input() Input {
	d := s.desired
	d.Day = s.b.at.day
	d.Incomplete = s.gaps
	if s.want.Key != "" {
		d.Lines = append(slices.Clone(d.Lines), s.want)
	}
	return Input{Desired: d, Observed: s.b.at.read(), Memory: s.b.memory, Settings: s.setup, Enabled: s.enabled}
}

func (s *scene) plan() Plan { return Make(s.input()) }

func brief(p Plan) []string {
	var out []string
	for _, c := range p.Changes {
		line := fmt.Sprintf("%s %s %d→%d", c.Kind, c.Effective, c.Before.Units, c.After.Units)
		if c.Adjust != nil && c.Adjust.UnitPrice != nil {
			line += " at " + c.Adjust.UnitPrice.String()
		}
		out = append(out, line)
	}
	return out
}

// expect plans and compares the changes in brief: kind, date, units before and after, and the price when one is written.
func (s *scene) expect(t *testing.T, want ...string) Plan {
	t.Helper()
	p := s.plan()
	if got := brief(p); !slices.Equal(got, want) {
		t.Fatalf("plan:\n%q\nwant:\n%q\n%s", got, want, text(p))
	}
	return p
}

// applied applies a plan whole and asserts that nothing is left to do.
func (s *scene) applied(t *testing.T, p Plan) {
	t.Helper()
	for _, c := range p.Changes {
		if err := s.b.apply(c); err != nil {
			t.Fatal(err)
		}
	}
	s.expect(t)
}
