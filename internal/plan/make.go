package plan

import (
	"fmt"
	"sort"

	"spindle/internal/billing"
)

// Input is everything a plan is made from.
type Input struct {
	Desired  billing.Desired
	Observed billing.Observed
	Memory   Memory
	Settings billing.Settings
	// Enabled names the customers that are mapped and have billing switched on for something. A line of ours whose customer is not
	// among them is reported and left alone (law 1).
	Enabled []billing.CustomerID
}

// extendAhead is how long before its end a managed contract is extended, in days; extendMonths is by how much.
const (
	extendAhead  = 60
	extendMonths = 12
)

// Make compares desired with observed and gives the ordered plan.
func Make(in Input) Plan {
	p := newPlanner(in)
	if len(in.Observed.Incomplete) > 0 {
		// What stands in the target is not known, so even an addition could be a duplicate.
		p.reportGaps(in.Observed.Incomplete, "Autotask could not be read whole, so nothing is planned.")
		return p.finish()
	}
	p.reportGaps(in.Desired.Incomplete, "The source could not be read whole, so nothing is reduced or ended.")
	for _, c := range in.Desired.Contracts {
		p.planContract(c)
	}
	for _, s := range in.Desired.Services {
		p.planService(s)
	}
	for _, l := range in.Desired.Lines {
		p.planLine(l)
	}
	p.planOrphans()
	for _, c := range in.Desired.Charges {
		p.planCharge(c)
	}
	return p.finish()
}

// planner holds the indexes and collects the result. It lives for one call of Make.
type planner struct {
	in        Input
	contracts map[string]billing.Contract // by id and by mark
	services  map[string]billing.Service  // by id and by mark
	linesByID map[billing.ContractServiceID]billing.ContractService
	lineMarks map[string][]billing.ContractService
	instances map[string][]billing.ContractService // by contract and service id
	charges   map[string][]billing.Charge          // by mark
	applied   map[string]Applied                   // by line key
	ours      map[billing.ContractServiceID]string // line key of every line that is ours
	enabled   map[billing.CustomerID]bool
	known     map[billing.CustomerID]bool // customers that already have a line of ours
	creating  map[string]string           // mark of what this plan creates → change id
	attached  map[string]string           // contract and service → change id of the attach in this plan
	changes   []ordered
	findings  []billing.Finding
}

// ordered is a change with the place it takes in the plan.
type ordered struct {
	change Change
	phase  int
	seq    int
}

func newPlanner(in Input) *planner {
	p := &planner{
		in: in, contracts: map[string]billing.Contract{}, services: map[string]billing.Service{},
		linesByID: map[billing.ContractServiceID]billing.ContractService{}, lineMarks: map[string][]billing.ContractService{},
		instances: map[string][]billing.ContractService{}, charges: map[string][]billing.Charge{}, applied: map[string]Applied{},
		ours: map[billing.ContractServiceID]string{}, enabled: map[billing.CustomerID]bool{}, known: map[billing.CustomerID]bool{},
		creating: map[string]string{}, attached: map[string]string{},
	}
	for _, c := range in.Observed.Contracts {
		p.indexContract(c)
	}
	for _, s := range in.Observed.Services {
		p.indexService(s)
	}
	for _, l := range in.Observed.Lines {
		p.linesByID[l.ID] = l
		key := instanceKey(string(l.ContractID), string(l.ServiceID))
		p.instances[key] = append(p.instances[key], l)
		if l.Mark != "" {
			p.lineMarks[l.Mark] = append(p.lineMarks[l.Mark], l)
		}
	}
	for _, c := range in.Observed.Charges {
		if c.Mark != "" {
			p.charges[c.Mark] = append(p.charges[c.Mark], c)
		}
	}
	for _, a := range in.Memory.Lines {
		p.applied[a.LineKey] = a
		p.ours[a.LineID] = a.LineKey
		p.known[a.CustomerID] = true
	}
	for _, id := range in.Enabled {
		p.enabled[id] = true
	}
	return p
}

func (p *planner) indexContract(c billing.Contract) {
	p.contracts[string(c.ID)] = c
	if c.Mark == "" {
		return
	}
	if other, found := p.contracts[c.Mark]; found {
		p.find(billing.Finding{Kind: billing.FindingDuplicate, Subject: "contract/" + c.Mark,
			Message: fmt.Sprintf("Contracts %s and %s both carry our mark %s.", other.ID, c.ID, c.Mark),
			Remedy:  "Remove the contract number from the one that is not used, in Autotask."})
		return
	}
	p.contracts[c.Mark] = c
}

func (p *planner) indexService(s billing.Service) {
	p.services[string(s.ID)] = s
	if s.Mark == "" {
		return
	}
	if other, found := p.services[s.Mark]; found {
		p.find(billing.Finding{Kind: billing.FindingDuplicate, Subject: "service/" + s.Mark,
			Message: fmt.Sprintf("Services %s and %s both carry our mark %s; the first is used.", other.ID, s.ID, s.Mark),
			Remedy:  "Deactivate or rename the second one in Autotask."})
		return
	}
	p.services[s.Mark] = s
}

func instanceKey(contract, service string) string { return contract + "/" + service }

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
	for _, g := range p.in.Desired.Incomplete {
		if g.CustomerID == "" || g.CustomerID == customer {
			return true
		}
	}
	return false
}

// contract resolves a reference to what stands in the target. exists is false for a managed contract that this plan creates.
func (p *planner) contract(ref billing.Ref) (c billing.Contract, exists, known bool) {
	if ref.ID == "" {
		if id, found := p.in.Memory.Contracts[ref.Mark]; found {
			ref.ID = string(id)
		}
	}
	if c, found := p.contracts[ref.String()]; found {
		return c, true, true
	}
	for _, d := range p.in.Desired.Contracts {
		if ref.ID == "" && d.Mark == ref.Mark {
			return billing.Contract{Mark: d.Mark, CompanyID: d.CompanyID, Name: d.Name, PeriodType: d.PeriodType,
				Active: true, Recurring: true, Start: d.Start, End: d.End}, false, true
		}
	}
	return billing.Contract{}, false, false
}

// service resolves a reference like contract does.
func (p *planner) service(ref billing.Ref) (s billing.Service, exists, known bool) {
	if ref.ID == "" {
		if id, found := p.in.Memory.Services[ref.Mark]; found {
			ref.ID = string(id)
		}
	}
	if s, found := p.services[ref.String()]; found {
		return s, true, true
	}
	for _, d := range p.in.Desired.Services {
		if ref.ID == "" && d.Mark == ref.Mark {
			return billing.Service{Mark: d.Mark, Name: d.Name, PeriodType: d.PeriodType, Active: true, UnitPrice: d.UnitPrice}, false, true
		}
	}
	return billing.Service{}, false, false
}

// add puts a change into the plan, with its id and the policies that hold it.
func (p *planner) add(phase int, c Change) string {
	if c.Kind.IsReduction() && p.incompleteFor(c.CustomerID) {
		return "" // law 2; the gap is already a finding
	}
	c.Holds = append(c.Holds, p.policyHolds(c)...)
	c.ID = changeID(c)
	p.changes = append(p.changes, ordered{c, phase, len(p.changes)})
	return c.ID
}

// The phases of a plan, in order: what others need comes first.
const (
	phaseContracts = iota
	phaseServices
	phaseLines
	phaseCharges
)

func (p *planner) finish() Plan {
	sort.SliceStable(p.changes, func(i, j int) bool { return before(p.changes[i], p.changes[j]) })
	sort.SliceStable(p.findings, func(i, j int) bool { return p.findings[i].ID() < p.findings[j].ID() })
	plan := Plan{Day: p.in.Desired.Day, Complete: len(p.in.Desired.Incomplete) == 0 && len(p.in.Observed.Incomplete) == 0}
	for _, o := range p.changes {
		plan.Changes = append(plan.Changes, o.change)
	}
	for _, f := range append(p.in.Desired.Findings, p.findings...) {
		if n := len(plan.Findings); n == 0 || plan.Findings[n-1].ID() != f.ID() {
			plan.Findings = append(plan.Findings, f)
		}
	}
	plan.Fingerprint = fingerprint(plan, p.in)
	return plan
}

// before orders changes: by phase, then customer and contract, then the day they take effect (oldest first, one at a time per
// contract: Autotask sheet §5.5), then as they were made, which respects what requires what.
func before(a, b ordered) bool {
	x, y := a.change, b.change
	switch {
	case a.phase != b.phase:
		return a.phase < b.phase
	case x.Customer != y.Customer:
		return x.Customer < y.Customer
	case x.CustomerID != y.CustomerID:
		return x.CustomerID < y.CustomerID
	case x.Contract.String() != y.Contract.String():
		return x.Contract.String() < y.Contract.String()
	case x.Effective != y.Effective:
		return x.Effective.Before(y.Effective)
	}
	return a.seq < b.seq
}

func (p *planner) planContract(d billing.DesiredContract) {
	c, exists, _ := p.contract(billing.Ref{Mark: d.Mark})
	if !exists {
		p.creating[d.Mark] = p.add(phaseContracts, Change{
			Kind: CreateContract, CustomerID: d.CustomerID, Customer: p.customerName(d.CustomerID), What: d.Name, ContractName: d.Name,
			Contract: billing.Ref{Mark: d.Mark}, After: State{Exists: true, End: d.End}, NewContract: &d,
			Reason: fmt.Sprintf("Spindle manages this contract: %s to %s, extended before it ends.", d.Start, d.End),
		})
		return
	}
	if p.in.Desired.Day.AddDays(extendAhead).Before(c.End) || !c.Active {
		return
	}
	end := c.End
	for !p.in.Desired.Day.AddDays(extendAhead).Before(end) {
		end = end.AddDays(1).AddMonths(extendMonths).AddDays(-1)
	}
	p.add(phaseContracts, Change{
		Kind: ExtendContract, CustomerID: d.CustomerID, Customer: p.customerName(d.CustomerID), What: c.Name, ContractName: c.Name,
		Contract: billing.Ref{ID: string(c.ID), Mark: d.Mark}, Before: State{Exists: true, End: c.End}, After: State{Exists: true, End: end},
		Reason: fmt.Sprintf("The contract ends on %s, in less than %d days.", c.End, extendAhead),
	})
}

func (p *planner) planService(d billing.DesiredService) {
	s, exists, _ := p.service(billing.Ref{Mark: d.Mark})
	switch {
	case !exists:
		p.creating[d.Mark] = p.add(phaseServices, Change{
			Kind: CreateService, What: d.Name, Service: billing.Ref{Mark: d.Mark}, After: State{Exists: true, UnitPrice: &d.UnitPrice},
			NewService: &d, Reason: "No Autotask service stands for this product, term and frequency yet.",
		})
	case !s.Active:
		p.find(billing.Finding{Kind: billing.FindingServiceGone, Subject: string(s.ID),
			Message: fmt.Sprintf("Service %q (%s) is inactive in Autotask.", s.Name, s.ID),
			Remedy:  "Activate it in Autotask, or map the product to another service with spindle services map."})
	}
}

func (p *planner) customerName(id billing.CustomerID) string {
	for _, l := range p.in.Desired.Lines {
		if l.CustomerID == id {
			return l.Customer
		}
	}
	for _, c := range p.in.Desired.Charges {
		if c.CustomerID == id {
			return c.Customer
		}
	}
	return string(id)
}
