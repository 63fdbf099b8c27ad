package plan

import (
	"cmp"
	"fmt"
	"slices"

	"spindle/internal/billing"
)

// Input is everything a plan is made from.
type Input struct {
	Organization string             // for the marks of true-ups
	Customer     billing.CustomerID // charges of this one only, and of those whose money is together with theirs; "" for all
	Desired      billing.Desired
	Observed     billing.Observed
	Memory       Memory
	Settings     billing.Settings
	// Enabled names the customers that are mapped and have billing switched on for something. A line or charge of ours whose customer is
	// not among them is reported and left alone (law 1).
	Enabled []billing.CustomerID
}

// Make compares desired with observed and gives the ordered plan. It changes nothing it is given, and the order of the slices it is
// given does not matter.
func Make(in Input) Plan {
	in = inOrder(in)
	p := newPlanner(in)
	if len(in.Observed.Incomplete) > 0 {
		// What stands in the target is not known, so even an addition could be a duplicate.
		p.reportGaps(in.Observed.Incomplete, "Autotask could not be read whole, so nothing is planned.")
		return p.finish()
	}
	p.plan()
	if needs := p.short; len(needs) > 0 {
		// A contract we manage ends before a change takes effect: plan again with the windows widened. Dates do not depend on the
		// contract's end, so the second pass needs nothing more.
		p = newPlanner(in)
		p.needs = needs
		p.plan()
	}
	return p.finish()
}

func (p *planner) plan() {
	p.reportGaps(p.in.Desired.Incomplete, "The source could not be read whole, so nothing is reduced or ended.")
	for _, c := range p.in.Desired.Contracts {
		p.planContract(c)
	}
	for _, s := range p.in.Desired.Services {
		p.planService(s)
	}
	p.findMoves()
	for _, want := range p.lines {
		p.planLine(want)
	}
	p.planOrphans()
	p.tieMoves()
	p.planCharges()
}

func (p *planner) find(f billing.Finding) { p.findings = append(p.findings, f) }

func (p *planner) reportGaps(gaps []billing.Gap, consequence string) {
	for _, g := range gaps {
		p.find(billing.Finding{Kind: billing.FindingIncomplete, Subject: string(g.CustomerID) + "/" + g.What, CustomerID: g.CustomerID,
			Message: fmt.Sprintf("Could not read %s: %s. %s", g.What, g.Why, consequence),
			Remedy:  "Run again once the connection works; spindle doctor tests it."})
	}
}

// incompleteFor reports whether a gap of the source touches the customer (law 2).
func (p *planner) incompleteFor(customer billing.CustomerID) bool {
	return p.gaps[""] || p.gaps[customer]
}

// add puts a change into the plan, with its id and the policies that hold it. It gives the id, or "" when the change may not be planned.
func (p *planner) add(phase int, c Change) string {
	if c.reduces() && p.incompleteFor(c.CustomerID) {
		return "" // law 2; the gap is already a finding
	}
	if e, found := p.extended[c.Contract.ID]; found && phase > phaseContracts && c.Effective.After(e.oldEnd) {
		c.Requires = append(slices.Clone(c.Requires), e.change)
	}
	c.Holds = append(slices.Clone(c.Holds), p.policyHolds(&c)...)
	c.ID = p.scratch.changeID(&c)
	p.changes = append(p.changes, ordered{&c, c.Contract.String(), phase, len(p.changes)})
	return c.ID
}

// The phases of a plan, in order: what others need comes first.
const (
	phaseContracts = iota
	phaseServices
	phaseAttach // before all quantities: a repeat instance needs the first one, whenever either takes effect
	phaseLines
	phaseMoves                        // what ends because it moved, after it has begun on its new line: as many steps as lines give to lines
	phaseTakeBack = 1 << 30           // charges made smaller: what is charged instead waits for it
	phaseUndo     = phaseTakeBack + 1 // credits taken back, likewise
	phaseCharges  = phaseUndo + 1
)

func (p *planner) finish() Plan {
	slices.SortFunc(p.changes, inPlanOrder)
	plan := Plan{Day: p.in.Desired.Day, Complete: len(p.in.Desired.Incomplete) == 0 && len(p.in.Observed.Incomplete) == 0}
	if len(p.changes) > 0 {
		plan.Changes = make([]Change, len(p.changes))
	}
	for i, o := range p.changes {
		plan.Changes[i] = *o.change
	}
	plan.Rebooked, plan.Shortages = p.rebooked, p.shortages
	plan.Findings = onePerID(slices.Concat(p.in.Desired.Findings, p.findings))
	plan.Fingerprint = p.scratch.fingerprint(&plan, p.in.Observed)
	return plan
}

// onePerID orders findings and keeps one of those that say the same about the same thing.
func onePerID(findings []billing.Finding) []billing.Finding {
	type keyed struct {
		key, id string
		finding billing.Finding
	}
	all := make([]keyed, len(findings))
	for i, f := range findings {
		id := f.ID()
		all[i] = keyed{id + "\x00" + string(f.CustomerID) + "\x00" + f.Message, id, f}
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	kept := findings[:0]
	for i, k := range all {
		if i == 0 || k.id != all[i-1].id {
			kept = append(kept, k.finding)
		}
	}
	return kept
}

// inPlanOrder orders changes: by phase, then customer and contract, then the day they take effect (oldest first, one at a time per
// contract: Autotask sheet §5.5), then as they were made, which respects what requires what.
func inPlanOrder(a, b ordered) int {
	x, y := a.change, b.change
	if a.phase != b.phase {
		return cmp.Compare(a.phase, b.phase)
	}
	if x.CustomerID != y.CustomerID { // cmp.Or would compare everything else first, each time
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.CustomerID, y.CustomerID))
	}
	return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(a.contract, b.contract), x.Effective.Compare(y.Effective), cmp.Compare(a.seq, b.seq))
}
