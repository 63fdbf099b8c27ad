package cli

import (
	"fmt"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// printPlan shows a plan the way a clerk reads it: contract by contract, one row per change that moves money.
func (s *session) printPlan(run store.Run, p plan.Plan, states []store.ChangeState, every bool) {
	s.printf("Run %s, plan for %s: %s", run.ID, p.Day, plural(len(p.Changes), "change"))
	if !p.Complete {
		s.printf(", from an incomplete read: nothing is reduced")
	}
	s.printf(" (%s)\n", run.State)
	s.printNew(states, every)
	s.printContracts(states, every)
	s.printTotals(p)
	s.printFindings(p.Findings)
	if len(p.Changes) == 0 {
		s.printf("Autotask is in step with Microsoft: nothing to do.\n")
	}
}

// printNew lists what the plan creates that belongs to no line: contracts and catalogue services.
func (s *session) printNew(states []store.ChangeState, every bool) {
	t := table{headers: []string{"id", "step", "what", "why", "state"}, indent: "  "}
	for _, c := range states {
		switch c.Change.Kind {
		case plan.CreateContract, plan.ExtendContract, plan.CreateService:
			what := c.Change.What
			if c.Change.Customer != "" {
				what = c.Change.Customer + ": " + what
			}
			t.add(c.Change.ID, string(c.Change.Kind), cut(what, 64), cut(c.Change.Reason, 66), stateWord(c))
		}
	}
	if len(t.rows) > 0 {
		s.printf("\nContracts and services\n")
		t.write(s.Out)
	}
}

// quietKinds are steps without money of their own that prepare or mark a line.
func quiet(k plan.ChangeKind) bool { return k == plan.AttachService || k == plan.MarkLine }

func (s *session) printContracts(states []store.ChangeState, every bool) {
	group := ""
	var t *table
	flush := func() {
		if t != nil && len(t.rows) > 0 {
			t.write(s.Out)
		}
	}
	for _, c := range states {
		switch c.Change.Kind {
		case plan.CreateContract, plan.ExtendContract, plan.CreateService:
			continue
		}
		if quiet(c.Change.Kind) && !every && !c.Change.Held() {
			continue
		}
		title := fmt.Sprintf("%s · %s", c.Change.Customer, c.Change.ContractName)
		if isCharge(c.Change.Kind) {
			title += " · charges"
		}
		if title != group {
			flush()
			s.printf("\n%s\n", title)
			group = title
			t = &table{headers: []string{"id", "what", ">before", "", ">after", "from", ">unit price", ">effect", "why", "state"}, indent: "  "}
		}
		t.add(planRow(c)...)
	}
	flush()
}

func isCharge(k plan.ChangeKind) bool {
	return k == plan.CreateCharge || k == plan.CorrectCharge || k == plan.RemoveCharge
}

func planRow(s store.ChangeState) []string {
	c := s.Change
	before, after, price := strconv.FormatInt(c.Before.Units, 10), strconv.FormatInt(c.After.Units, 10), ""
	if !c.Before.Exists || c.Kind == plan.AttachService {
		before = "—"
	}
	if isCharge(c.Kind) {
		before, after = "—", "—"
		if c.Before.Amount != nil {
			before = c.Before.Amount.Number()
		}
		if c.After.Amount != nil {
			after = c.After.Amount.Number()
		}
	} else if c.After.UnitPrice != nil {
		price = c.After.UnitPrice.String()
	}
	return []string{c.ID, cut(c.What, 46), before, "→", after, c.Effective.String(), price, effect(c), cut(c.Reason, 72), stateWord(s)}
}

func effect(c plan.Change) string {
	switch {
	case !c.OneOff.IsZero():
		return c.OneOff.Signed() + " once"
	case c.Recurring.IsZero():
		return "—"
	}
	text := c.Recurring.Signed() + "/" + map[billing.PeriodType]string{billing.PeriodMonth: "month", billing.PeriodQuarter: "quarter",
		billing.PeriodHalfYear: "half-year", billing.PeriodYear: "year"}[c.PerPeriod]
	if !c.Proration.IsZero() {
		text += " (first " + c.Proration.Signed() + ")"
	}
	return text
}

func stateWord(s store.ChangeState) string {
	if s.State == store.ChangeProposed && s.Change.Held() {
		var policies []string
		for _, h := range s.Change.Holds {
			policies = append(policies, h.Policy)
		}
		return "held: " + strings.Join(policies, ", ")
	}
	if s.Message != "" && s.State != store.ChangeApplied {
		return string(s.State) + ": " + cut(s.Message, 60)
	}
	return string(s.State)
}

func (s *session) printTotals(p plan.Plan) {
	recurring := map[billing.PeriodType]*money.Totals{}
	var once, proration money.Totals
	for _, c := range p.Changes {
		if recurring[c.PerPeriod] == nil {
			recurring[c.PerPeriod] = &money.Totals{}
		}
		recurring[c.PerPeriod].Add(c.Recurring)
		proration.Add(c.Proration)
		once.Add(c.OneOff)
	}
	if len(p.Changes) == 0 {
		return
	}
	s.printf("\nTogether:")
	sep := ""
	for _, period := range []billing.PeriodType{billing.PeriodMonth, billing.PeriodQuarter, billing.PeriodHalfYear, billing.PeriodYear} {
		if t := recurring[period]; t != nil && t.String() != "0" {
			s.printf("%s %s %s recurring", sep, t, period)
			sep = ","
		}
	}
	if once.String() != "0" {
		s.printf("%s %s in charges", sep, once)
		sep = ","
	}
	if proration.String() != "0" {
		s.printf("%s %s prorated by Autotask", sep, proration)
	}
	s.printf("\n")
}

func (s *session) printFindings(findings []billing.Finding) {
	if len(findings) == 0 {
		return
	}
	s.printf("\n%s for a person\n", plural(len(findings), "finding"))
	for _, f := range findings {
		who := ""
		if f.Customer != "" && !strings.Contains(f.Message, f.Customer) {
			who = f.Customer + ": "
		}
		at := ""
		if !f.Money.IsZero() {
			at = " [" + f.Money.String() + "]"
		}
		s.printf("  %s%s%s\n", who, f.Message, at)
		if f.Remedy != "" {
			s.printf("    → %s\n", f.Remedy)
		}
	}
}

// printProof shows, change by change, what is behind it and what became of it.
func (s *session) printProof(states []store.ChangeState, readbacks []store.Readback) {
	read := map[string]store.Readback{}
	for _, r := range readbacks {
		read[r.ChangeID] = r
	}
	s.printf("\nProof\n")
	for _, c := range states {
		s.printf("  %s %s %s: %s\n", c.Change.ID, c.Change.Kind, c.Change.What, c.State)
		s.printf("      why: %s\n", c.Change.Reason)
		for _, h := range c.Change.Holds {
			s.printf("      held by %s: %s\n", h.Policy, h.Why)
		}
		for _, p := range c.Change.Proof {
			s.printf("      from: %s\n", p)
		}
		if c.By != "" {
			s.printf("      decided by %s on %s\n", c.By, c.DecidedAt.UTC().Format("2006-01-02 15:04"))
		}
		if c.Receipt.Request != "" {
			s.printf("      sent: %s\n      answer: %s\n", oneLine(c.Receipt.Request), oneLine(c.Receipt.Response))
		}
		if r, found := read[c.Change.ID]; found {
			s.printf("      read back: %s (%s)\n", r.What, onOff(r.Verified, "verified", "NOT verified"))
		}
	}
}

func oneLine(text string) string { return cut(strings.Join(strings.Fields(text), " "), 300) }

func itoa(n int) string { return strconv.Itoa(n) }
