package plan

import (
	"fmt"
	"slices"
	"strings"
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
		What: s.want.Name, Units: units, UnitPrice: s.want.UnitPrice, Marked: true, From: d, Dates: []billing.Date{d}})
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
	return Input{Organization: "o", Desired: d, Observed: s.b.at.read(), Memory: s.b.memory, Settings: s.setup, Enabled: s.enabled}
}

func (s *scene) plan() Plan { return wellSaid(Make(s.input())) }

// wellSaid asserts of any plan that a clerk can read it: every change says what it is about, whose it is and why, every finding whose it is and what
// to do about it.
func wellSaid(p Plan) Plan {
	for _, c := range p.Changes {
		if c.ID == "" || c.What == "" || c.Reason == "" || (c.CustomerID == "") != (c.Kind == CreateService) || (c.Customer == "") != (c.CustomerID == "") {
			panic(fmt.Sprintf("change %s does not say all: %+v", c.Kind, c))
		}
	}
	for _, f := range p.Findings {
		ofAll := f.Kind == billing.FindingIncomplete || f.Kind == billing.FindingDuplicate && strings.Contains(f.Subject, "/") || f.Kind == billing.FindingServiceGone
		if f.Message == "" || f.Remedy == "" || !ofAll && (f.CustomerID == "" || f.Customer == "") {
			panic(fmt.Sprintf("finding does not say all: %+v", f))
		}
	}
	return p
}

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

// applied applies a plan whole and asserts that each change was still due when it was sent, that reading tells of it what can be told, and that nothing
// is left to do.
func (s *scene) applied(t *testing.T, p Plan) {
	t.Helper()
	adjusts := map[string]bool{}
	for _, c := range p.Changes {
		behind := slices.ContainsFunc(c.Requires, func(id string) bool { return adjusts[id] })
		if got, why := Stands(c, s.b.at.read(), behind); got != Due {
			t.Errorf("%s of %s from %s is %s before it is sent: %s", c.Kind, c.What, c.Effective, got, why)
		}
		if err := s.b.apply(c); err != nil {
			t.Fatal(err)
		}
		told := Done
		if c.Kind == AddRepeat {
			told = Moved // its mark is a change of its own: until then it may be somebody else's
		}
		got, why := Stands(c, s.b.at.readFrom(earlier(c.Effective, s.b.at.day)), false)
		if got != told && c.Kind != Reprice { // the price of a part of a period proves nothing
			t.Errorf("%s of %s from %s is %s after it was sent: %s", c.Kind, c.What, c.Effective, got, why)
		}
		adjusts[c.ID] = c.Kind.IsAdjustment()
	}
	s.expect(t)
}

// entry is one day of a diary: what happens before the run of that day, the rows that the run sees, and what it must plan and find.
type entry struct {
	day      string
	event    string // as a clerk would put it
	do       func(s *scene)
	rows     []string
	plan     []planned
	findings []string
	held     bool // the plan is looked at and not applied
}

// planned is one change as a diary writes it.
type planned struct {
	what  string // kind, effective date, units before → after, the price when one is written
	money string // recurring effect and its period, then what is added once for the rest of a period
	why   string // the reason, word for word
	needs string // the changes of the same plan that must be applied first, by their number
	held  string // the policies that hold it
}

// keep plays a diary against the model of the target: every plan must be as written, be accepted whole, and leave nothing to do.
func (s *scene) keep(t *testing.T, diary []entry) {
	t.Helper()
	for _, e := range diary {
		s.b.at.day = date(e.day)
		if e.do != nil {
			e.do(s)
		}
		rows := s.rowsInSight()
		p := s.planWithPast()
		got := entry{rows: rows, plan: plannedIn(p), findings: findingsIn(p)}
		if fmt.Sprint(got.rows, got.plan, got.findings) != fmt.Sprint(e.rows, e.plan, e.findings) {
			t.Errorf("%s, %s: the run gives\n%s", e.day, e.event, got)
		}
		if !e.held {
			s.applied(t, p)
		}
	}
}

// rowsInSight shows what the reader of the target sees of every line.
func (s *scene) rowsInSight() []string {
	var out []string
	for _, l := range s.b.at.read().Lines {
		for _, r := range l.Rows {
			row := fmt.Sprintf("%s: %s %d for %s", l.ID, r.Period, r.Units, r.Price)
			if r.Posted {
				row += ", posted"
			}
			out = append(out, row)
		}
	}
	return out
}

// begun are the changes of a line that begins by itself: its service comes onto the contract, and then its first units.
func begun(day string, units int64, price, money, why string) []planned {
	return []planned{
		{what: "attach-service " + day + " 0→0", why: "The service is not on the contract yet."},
		{what: fmt.Sprintf("increase %s 0→%d at %s", day, units, price), money: money, why: fmt.Sprintf("New line: %d from %s, %s.", units, day, why), needs: "#1"},
	}
}

func plannedIn(p Plan) []planned {
	number := map[string]string{}
	var out []planned
	short := brief(p)
	for i, c := range p.Changes {
		number[c.ID] = fmt.Sprintf("#%d", i+1)
		one := planned{what: short[i], money: moneyOf(c), why: c.Reason, held: strings.Join(policies(c), " ")}
		var needs []string
		for _, id := range c.Requires {
			needs = append(needs, number[id])
		}
		one.needs = strings.Join(needs, " ")
		out = append(out, one)
	}
	return out
}

func moneyOf(c Change) string {
	var parts []string
	if !c.Recurring.IsZero() {
		parts = append(parts, c.Recurring.Signed()+" "+string(c.PerPeriod))
	}
	for _, once := range []money.Amount{c.Proration, c.OneOff} {
		if !once.IsZero() {
			parts = append(parts, once.Signed()+" once")
		}
	}
	return strings.Join(parts, ", ")
}

func findingsIn(p Plan) []string {
	var out []string
	for _, f := range p.Findings {
		line := fmt.Sprintf("%s | %s | %s", f.ID(), f.Message, f.Remedy)
		if !f.Money.IsZero() {
			line += " | " + f.Money.String()
		}
		out = append(out, line)
	}
	return out
}

// String writes what a run gave the way a diary is written.
func (e entry) String() string {
	var b strings.Builder
	list := func(name string, items []string) {
		if len(items) == 0 {
			return
		}
		fmt.Fprintf(&b, "\t\t\t%s: []string{\n", name)
		for _, item := range items {
			fmt.Fprintf(&b, "\t\t\t\t%q,\n", item)
		}
		b.WriteString("\t\t\t},\n")
	}
	list("rows", e.rows)
	if len(e.plan) > 0 {
		b.WriteString("\t\t\tplan: []planned{\n")
	}
	for _, c := range e.plan {
		fmt.Fprintf(&b, "\t\t\t\t{what: %q, money: %q,\n\t\t\t\t\twhy: %q, needs: %q, held: %q},\n", c.what, c.money, c.why, c.needs, c.held)
	}
	if len(e.plan) > 0 {
		b.WriteString("\t\t\t},\n")
	}
	list("findings", e.findings)
	return strings.NewReplacer(`, money: ""`, "", `, needs: ""`, "", `, held: ""`, "").Replace(b.String())
}

// priced wants another price.
func priced(cents int64) func(*scene) {
	return func(s *scene) {
		price := euros(cents)
		s.want.UnitPrice = &price
	}
}

// seats wants another quantity.
func seats(n int64) func(*scene) { return func(s *scene) { s.want.Units = n } }

// posts approves and posts everything up to a day, in Autotask.
func posts(until string) func(*scene) {
	return func(s *scene) {
		for _, l := range s.b.at.lines {
			s.b.at.post(l, date(until))
		}
	}
}

// both lets two things happen on one day.
func both(a, b func(*scene)) func(*scene) { return func(s *scene) { a(s); b(s) } }

// ends lets the subscription end on a day.
func ends(day string) func(*scene) {
	return func(s *scene) { s.want.Units, s.want.EndedOn = 0, date(day) }
}

// byHand adjusts the first line of the target as a person may.
func byHand(day string, delta int64, cents int64) func(*scene) {
	return func(s *scene) {
		var price *money.Amount
		if cents != 0 {
			amount := euros(cents)
			price = &amount
		}
		if err := s.b.at.adjust(s.b.at.lines[0].id, date(day), delta, price); err != nil {
			panic(err)
		}
	}
}

// same compares two lists word for word.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
