package plan

import (
	"cmp"
	"fmt"
	"slices"

	"spindle/internal/billing"
)

// planner holds the indexes and collects the result. It lives for one pass of Make.
type planner struct {
	in         Input
	contracts  map[string]*billing.Contract // by id and by mark; marks also lead to what this plan creates
	services   map[string]*billing.Service  // likewise
	linesByID  map[billing.ContractServiceID]*billing.ContractService
	lineMarks  map[string][]*billing.ContractService
	instances  map[instance][]*billing.ContractService
	charges    map[string][]billing.Charge // by mark
	chargeByID map[billing.ChargeID]billing.Charge
	applied    map[string]*Applied                  // by line key
	ours       map[billing.ContractServiceID]string // line key of every line that is ours
	wanted     map[string]bool                      // keys of the desired lines
	managed    map[string]bool                      // marks of the contracts that Spindle manages
	claimed    map[billing.ContractServiceID]bool   // hand-made lines that a desired line already leads to
	enabled    map[billing.CustomerID]bool
	known      map[billing.CustomerID]bool // customers that already have a line of ours
	names      map[billing.CustomerID]string
	gaps       map[billing.CustomerID]bool
	creating   map[string]string       // mark of what this plan creates → change id
	leaving    map[instance][]*Applied // by customer and service: lines of ours that nothing asks for any more
	extended   map[string]extension    // contract id → the change that extends it
	attached   map[instance]string     // change id of the attach in this plan
	short      map[string]billing.Date // managed contracts that end too early: mark → last day they must cover
	needs      map[string]billing.Date // the same, found by an earlier pass
	changes    []ordered
	findings   []billing.Finding
	scratch    scratch
	noLine     billing.ContractService // what a subject without a line points at
	noApplied  Applied
}

// instance names the services of one kind on a contract, or of a customer: by id each, or by mark when this plan creates it.
type instance struct{ contract, service string }

// ordered is a change with the place it takes in the plan.
type ordered struct {
	change   *Change
	contract string
	phase    int
	seq      int
}

// extension is a contract extension of this plan: changes after the old end require it.
type extension struct {
	change string
	oldEnd billing.Date
}

// inOrder gives the input with every slice in its documented order, so that equal content gives equal plans (law 4).
func inOrder(in Input) Input {
	d, o := &in.Desired, &in.Observed
	d.Contracts = sorted(d.Contracts, func(a, b billing.DesiredContract) int { return cmp.Compare(a.Mark, b.Mark) })
	d.Services = sorted(d.Services, func(a, b billing.DesiredService) int { return cmp.Compare(a.Mark, b.Mark) })
	d.Lines = sorted(d.Lines, func(a, b billing.DesiredLine) int { return cmp.Compare(a.Key, b.Key) })
	d.Charges = sorted(d.Charges, func(a, b billing.DesiredCharge) int { return cmp.Compare(a.Key, b.Key) })
	o.Contracts = sorted(o.Contracts, func(a, b billing.Contract) int { return compareIDs(string(a.ID), string(b.ID)) })
	o.Services = sorted(o.Services, func(a, b billing.Service) int { return compareIDs(string(a.ID), string(b.ID)) })
	o.Lines = withRowsInOrder(sorted(o.Lines, func(a, b billing.ContractService) int { return compareIDs(string(a.ID), string(b.ID)) }))
	o.Charges = sorted(o.Charges, func(a, b billing.Charge) int { return compareIDs(string(a.ID), string(b.ID)) })
	in.Memory.Lines = sorted(in.Memory.Lines, func(a, b Applied) int { return cmp.Compare(a.LineKey, b.LineKey) })
	return in
}

// compareIDs orders numbers as text: 9 before 10.
func compareIDs(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// sorted gives the items in order, copied only when they are not.
func sorted[T any](items []T, compare func(a, b T) int) []T {
	if slices.IsSortedFunc(items, compare) {
		return items
	}
	items = slices.Clone(items)
	slices.SortStableFunc(items, compare)
	return items
}

func withRowsInOrder(lines []billing.ContractService) []billing.ContractService {
	byStart := func(a, b billing.UnitRow) int {
		return cmp.Or(a.Period.Start.Compare(b.Period.Start), compareIDs(a.ID, b.ID))
	}
	isSorted := func(l billing.ContractService) bool { return slices.IsSortedFunc(l.Rows, byStart) }
	if !slices.ContainsFunc(lines, func(l billing.ContractService) bool { return !isSorted(l) }) {
		return lines
	}
	lines = slices.Clone(lines)
	for i := range lines {
		lines[i].Rows = sorted(lines[i].Rows, byStart)
	}
	return lines
}

func newPlanner(in Input) *planner {
	p := &planner{
		in: in, contracts: map[string]*billing.Contract{}, services: map[string]*billing.Service{},
		linesByID: make(map[billing.ContractServiceID]*billing.ContractService, len(in.Observed.Lines)), lineMarks: make(map[string][]*billing.ContractService, len(in.Observed.Lines)),
		instances: map[instance][]*billing.ContractService{}, charges: map[string][]billing.Charge{},
		chargeByID: map[billing.ChargeID]billing.Charge{}, applied: make(map[string]*Applied, len(in.Memory.Lines)),
		ours: make(map[billing.ContractServiceID]string, len(in.Memory.Lines)), wanted: make(map[string]bool, len(in.Desired.Lines)),
		managed: map[string]bool{}, claimed: map[billing.ContractServiceID]bool{},
		enabled: map[billing.CustomerID]bool{}, known: map[billing.CustomerID]bool{}, names: map[billing.CustomerID]string{},
		gaps: map[billing.CustomerID]bool{}, creating: map[string]string{}, extended: map[string]extension{},
		attached: map[instance]string{}, leaving: map[instance][]*Applied{}, short: map[string]billing.Date{},
	}
	p.indexObserved(in.Observed)
	p.indexDesired(in.Desired)
	for i := range in.Memory.Lines {
		a := &in.Memory.Lines[i]
		p.applied[a.LineKey] = a
		p.known[a.CustomerID] = true
		if a.LineID != "" {
			p.ours[a.LineID] = a.LineKey
		}
		if !p.wanted[a.LineKey] {
			key := instance{string(a.CustomerID), string(a.ServiceID)}
			p.leaving[key] = append(p.leaving[key], a)
		}
	}
	for _, id := range in.Enabled {
		p.enabled[id] = true
	}
	return p
}

func (p *planner) indexObserved(o billing.Observed) {
	for i := range o.Contracts {
		p.indexContract(&o.Contracts[i])
	}
	for i := range o.Services {
		p.indexService(&o.Services[i])
	}
	marked := make([]*billing.ContractService, len(o.Lines)) // nearly every mark is on one line: one array holds all these slices
	for i := range o.Lines {
		l := &o.Lines[i]
		p.linesByID[l.ID] = l
		key := instance{string(l.ContractID), string(l.ServiceID)}
		p.instances[key] = append(p.instances[key], l)
		if l.Mark == "" {
			continue
		}
		if others := p.lineMarks[l.Mark]; others != nil {
			p.lineMarks[l.Mark] = append(others, l)
			continue
		}
		marked[i] = l
		p.lineMarks[l.Mark] = marked[i : i+1 : i+1]
	}
	for _, c := range o.Charges {
		p.chargeByID[c.ID] = c
		if c.Mark != "" {
			p.charges[c.Mark] = append(p.charges[c.Mark], c)
		}
	}
}

func (p *planner) indexDesired(d billing.Desired) {
	for _, g := range d.Incomplete {
		p.gaps[g.CustomerID] = true
	}
	for _, c := range d.Contracts {
		p.managed[c.Mark] = true
	}
	for i := range d.Lines {
		l := &d.Lines[i]
		p.wanted[l.Key] = true
		if p.names[l.CustomerID] == "" {
			p.names[l.CustomerID] = l.Customer
		}
	}
	for _, c := range d.Charges {
		if p.names[c.CustomerID] == "" {
			p.names[c.CustomerID] = c.Customer
		}
	}
}

func (p *planner) indexContract(c *billing.Contract) {
	p.contracts[string(c.ID)] = c
	if c.Mark == "" {
		return
	}
	if other, found := p.contracts[c.Mark]; found {
		p.find(billing.Finding{Kind: billing.FindingDuplicate, Subject: "contract/" + c.Mark,
			Message: fmt.Sprintf("Contracts %s and %s both carry our mark %s; the first is used.", other.ID, c.ID, c.Mark),
			Remedy:  "Remove the contract number from the one that is not used, in Autotask."})
		return
	}
	p.contracts[c.Mark] = c
}

func (p *planner) indexService(s *billing.Service) {
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

// contract resolves a reference: by its id, by the id our memory has for its mark, by the mark itself, or to what this plan creates,
// which has no id yet.
func (p *planner) contract(ref billing.Ref) (*billing.Contract, bool) {
	if ref.ID == "" {
		if c, found := p.contracts[string(p.in.Memory.Contracts[ref.Mark])]; found {
			return c, true
		}
	}
	c, found := p.contracts[ref.String()]
	return c, found
}

// service resolves a reference like contract does.
func (p *planner) service(ref billing.Ref) (*billing.Service, bool) {
	if ref.ID == "" {
		if s, found := p.services[string(p.in.Memory.Services[ref.Mark])]; found {
			return s, true
		}
	}
	s, found := p.services[ref.String()]
	return s, found
}

func (p *planner) customerName(id billing.CustomerID) string {
	if name := p.names[id]; name != "" {
		return name
	}
	return string(id)
}
