package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// printPlan shows a plan the way a clerk reads it: contract by contract, one row per change that moves money. every adds the steps that
// only prepare or mark, and whole ids.
func (s *session) printPlan(run store.Run, p plan.Plan, states []store.ChangeState, every bool) {
	s.printf("Run %s, plan for %s: %s", run.ID, p.Day, plural(len(p.Changes), "change"))
	if !p.Complete {
		s.printf(", from an incomplete read: nothing is reduced")
	}
	s.printf(" (%s)\n", run.State)
	v := newPlanTable(states, every)
	s.printNew(v)
	s.printContracts(v)
	s.printTotals(p)
	s.printFindings(p.Findings)
	switch {
	case len(p.Changes) > 0:
	case len(p.Findings) == 0:
		s.printf("Autotask is in step with Microsoft: nothing to do.\n")
	default:
		s.printf("Nothing to write: Autotask is in step with Microsoft, but for what waits for a person above.\n")
	}
}

// planTable is a plan prepared for print.
type planTable struct {
	states []store.ChangeState
	every  bool
	idSize int // how much of an id tells it from the others
	mixed  bool
	held   map[string]bool // keys of lines whose own change is held: the steps before it need no row
}

// idSizeMin is the least that is shown of a change's id.
const idSizeMin = 6

func newPlanTable(states []store.ChangeState, every bool) planTable {
	v := planTable{states: states, every: every, idSize: idSizeMin, held: map[string]bool{}}
	var ids []string
	for _, c := range states {
		ids = append(ids, c.Change.ID)
		if c.Change.Held() && !quiet(c.Change.Kind) && c.Change.LineKey != "" {
			v.held[c.Change.LineKey] = true
		}
		v.mixed = v.mixed || stateWord(c) != string(store.ChangeProposed)
	}
	slices.Sort(ids)
	for i := 1; i < len(ids); i++ {
		same := 0
		for same < min(len(ids[i]), len(ids[i-1])) && ids[i][same] == ids[i-1][same] {
			same++
		}
		v.idSize = max(v.idSize, same+1)
	}
	return v
}

func (v planTable) id(c plan.Change) string {
	if v.every || len(c.ID) <= v.idSize {
		return c.ID
	}
	return c.ID[:v.idSize]
}

// state is empty while everything is only proposed.
func (v planTable) state(c store.ChangeState) string {
	if !v.mixed {
		return ""
	}
	return stateWord(c)
}

// prepares tells the steps that create what lines need and belong to no line.
func prepares(k plan.ChangeKind) bool {
	return k == plan.CreateContract || k == plan.ExtendContract || k == plan.CreateService
}

// quiet tells the steps without money of their own that prepare or mark a line.
func quiet(k plan.ChangeKind) bool { return k == plan.AttachService || k == plan.MarkLine }

// told reports whether a change has a row of its own. Quiet steps are only counted, unless a policy or Autotask stopped them.
func (v planTable) told(c store.ChangeState) bool {
	if v.every || c.Change.Held() && !(quiet(c.Change.Kind) && v.held[c.Change.LineKey]) || !quiet(c.Change.Kind) && !prepares(c.Change.Kind) {
		return true
	}
	switch c.State {
	case store.ChangeProposed, store.ChangeApproved, store.ChangeApplied:
		return false
	}
	return true
}

// printNew says what the plan creates: in a line each for contracts and services, or step by step.
func (s *session) printNew(v planTable) {
	names := map[plan.ChangeKind][]string{}
	t := table{headers: []string{"id", "step", "what", "why", "state"}, indent: "  "}
	for _, c := range v.states {
		if !prepares(c.Change.Kind) {
			if quiet(c.Change.Kind) && !v.told(c) {
				names[c.Change.Kind] = append(names[c.Change.Kind], "")
			}
			continue
		}
		what := c.Change.What
		if c.Change.Kind != plan.CreateService && c.Change.Customer != "" {
			what = c.Change.Customer
		}
		if !v.told(c) {
			names[c.Change.Kind] = append(names[c.Change.Kind], what)
			continue
		}
		t.add(v.id(c.Change), string(c.Change.Kind), cut(what, 60), cut(c.Change.Reason, 66), v.state(c))
		if why := stopped(c); why != "" {
			t.noted("→ " + why)
		}
	}
	s.printNames("New contracts", names[plan.CreateContract])
	s.printNames("Extended contracts", names[plan.ExtendContract])
	s.printNames("New services", names[plan.CreateService])
	if n := len(names[plan.AttachService]); n > 0 {
		s.printf("Services put on contracts: %d\n", n)
	}
	if n := len(names[plan.MarkLine]); n > 0 {
		s.printf("Lines marked as ours: %d\n", n)
	}
	if len(t.rows) > 0 {
		s.printf("\n")
		t.write(s.Out)
	}
}

// namesMax is how many names are listed of what a plan creates.
const namesMax = 30

func (s *session) printNames(title string, names []string) {
	if len(names) == 0 {
		return
	}
	more := ""
	title = fmt.Sprintf("%s: %d", title, len(names))
	if len(names) > namesMax {
		more = fmt.Sprintf(", and %d more", len(names)-namesMax)
		names = names[:namesMax]
	}
	s.printf("%s\n", wrap(title+" – "+strings.Join(names, "; ")+more, "    "))
}

// contractGroup is everything a plan does on one contract.
type contractGroup struct {
	title  string
	states []store.ChangeState
}

// groups gathers the changes contract by contract, lines before charges, in the order of the plan.
func (v planTable) groups() []contractGroup {
	var all []contractGroup
	at := map[string]int{}
	for _, c := range v.states {
		if prepares(c.Change.Kind) || !v.told(c) {
			continue
		}
		key := string(c.Change.CustomerID) + " " + c.Change.Contract.String() + " " + c.Change.ContractName
		if _, seen := at[key]; !seen {
			at[key] = len(all)
			all = append(all, contractGroup{title: c.Change.Customer + " · " + c.Change.ContractName})
		}
		g := &all[at[key]]
		g.states = append(g.states, c)
	}
	return all
}

func (s *session) printContracts(v planTable) {
	t := table{headers: []string{"id", "what", ">before", "", ">after", "from", ">unit price", ">effect", ">prorated", "why", "state"}, indent: "  "}
	for _, g := range v.groups() {
		var sum effects
		for _, c := range g.states {
			sum.add(c.Change)
		}
		title := g.title
		if text := sum.String(); text != "" {
			title += ": " + text
		}
		t.titled(title)
		for _, c := range g.states {
			t.add(v.row(c)...)
			if why := stopped(c); why != "" {
				t.noted("→ " + why)
			}
		}
	}
	if len(t.rows) > 0 {
		footnotes := t.fit(whyColumn, tableWidth)
		s.printf("\n")
		t.write(s.Out)
		s.printFootnotes(footnotes)
	}
}

// printFootnotes says in full what the table had no room for.
func (s *session) printFootnotes(texts []string) {
	if len(texts) > 0 {
		s.printf("\n")
	}
	for i, text := range texts {
		s.printf("  %s\n", wrap(fmt.Sprintf("[%d] %s", i+1, text), "      "))
	}
}

// whyColumn is where the plan's table says why, tableWidth how wide the table may become.
const (
	whyColumn  = 9
	tableWidth = 178
)

func (v planTable) row(s store.ChangeState) []string {
	c := s.Change
	before, after, price, prorated := strconv.FormatInt(c.Before.Units, 10), strconv.FormatInt(c.After.Units, 10), "", ""
	if !c.Before.Exists || c.Kind == plan.AttachService {
		before = "—"
	}
	if c.Kind.IsCharge() {
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
	if !c.Proration.IsZero() {
		prorated = c.Proration.Signed()
	}
	return []string{v.id(c), cut(c.What, 46), before, "→", after, c.Effective.String(), price, effect(c), prorated, shortReason(c), v.state(s)}
}

// shortReason leaves out of a reason what the row says already: its name, its numbers and its date.
func shortReason(c plan.Change) string {
	text := strings.TrimSuffix(c.Reason, ".")
	if _, why, found := strings.Cut(text, "from "+c.Effective.String()+", "); found {
		why = strings.Replace(why, "start of the current period, which is not posted", "current period, not posted yet", 1)
		why = strings.Replace(why, "start of its period, which is not posted", "its period, not posted yet", 1)
		why = strings.Replace(why, "the day the subscription is charged from", "the day it is charged from", 1)
		switch {
		case strings.HasPrefix(text, "New line"):
			return "new: " + why
		case c.Kind == plan.End:
			lead, _, _ := strings.Cut(text, ";")
			return lead + "; " + why
		case c.Kind == plan.Reprice:
			return "price: " + why
		}
		return why
	}
	return strings.TrimLeft(strings.TrimPrefix(text, c.What), ", ")
}

// periodWord is how a recurring amount names its period.
func periodWord(p billing.PeriodType) string {
	switch p {
	case billing.PeriodMonth:
		return "month"
	case billing.PeriodQuarter:
		return "quarter"
	case billing.PeriodHalfYear:
		return "half-year"
	case billing.PeriodYear:
		return "year"
	}
	return string(p)
}

func effect(c plan.Change) string {
	switch {
	case !c.OneOff.IsZero():
		return c.OneOff.Signed() + " once"
	case !c.MoneyKnown():
		return "not known"
	case c.Recurring.IsZero():
		return "—"
	}
	return c.Recurring.Signed() + "/" + periodWord(c.PerPeriod)
}

// effects adds up what changes do to the money.
type effects struct {
	recurring       map[billing.PeriodType]*money.Totals
	once, proration money.Totals
}

func (e *effects) add(c plan.Change) {
	if e.recurring == nil {
		e.recurring = map[billing.PeriodType]*money.Totals{}
	}
	if e.recurring[c.PerPeriod] == nil {
		e.recurring[c.PerPeriod] = &money.Totals{}
	}
	e.recurring[c.PerPeriod].Add(c.Recurring)
	e.proration.Add(c.Proration)
	e.once.Add(c.OneOff)
}

// String says it in one line, recurring money first; empty when no money moves.
func (e *effects) String() string {
	var parts []string
	say := func(t money.Totals, after string) {
		for _, a := range t.Amounts() {
			if !a.IsZero() {
				parts = append(parts, a.Signed()+after)
			}
		}
	}
	for _, period := range []billing.PeriodType{billing.PeriodMonth, billing.PeriodQuarter, billing.PeriodHalfYear, billing.PeriodYear} {
		if t := e.recurring[period]; t != nil {
			say(*t, "/"+periodWord(period))
		}
	}
	say(e.once, " in charges")
	say(e.proration, " prorated once")
	return strings.Join(parts, ", ")
}

func stateWord(s store.ChangeState) string {
	if s.State == store.ChangeProposed && s.Change.Held() {
		var policies []string
		for _, h := range s.Change.Holds {
			policies = append(policies, h.Policy)
		}
		return "held: " + strings.Join(policies, ", ")
	}
	return string(s.State)
}

// stopped says why an approved change did not happen.
func stopped(s store.ChangeState) string {
	switch s.State {
	case store.ChangeRefused, store.ChangeStale, store.ChangeUnknown, store.ChangeSkipped:
		return s.Message
	}
	return ""
}

func (s *session) printTotals(p plan.Plan) {
	if len(p.Changes) == 0 {
		return
	}
	var all effects
	for _, c := range p.Changes {
		all.add(c)
	}
	text := all.String()
	if text == "" {
		text = "no money moves"
	}
	s.printf("\nTogether: %s\n", text)
}

func (s *session) printFindings(findings []billing.Finding) {
	findings = engine.RankFindings(groupUnread(findings))
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
			at = " [" + f.Money.Round(2, money.HalfAwayFromZero).String() + "]"
		}
		s.printf("  %s\n", wrap(who+f.Message+at, "    "))
		if f.Remedy != "" {
			s.printf("    %s\n", wrap("→ "+f.Remedy, "      "))
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
