package plan

import (
	"cmp"
	"fmt"
	"slices"

	"spindle/internal/billing"
)

// planner holds the indexes and collects the result. It lives for one pass of Make.
type planner struct {
	in          Input
	lines       []*billing.DesiredLine       // what is wanted, by key
	memory      []*Applied                   // what we wrote, by key
	unwanted    []*Applied                   // what of it nothing asks for any more
	reached     int                          // where the last look-up in memory ended: most come in order
	contracts   map[string]*billing.Contract // by id and by mark; marks also lead to what this plan creates
	services    map[string]*billing.Service  // likewise
	linesByID   map[billing.ContractServiceID]*billing.ContractService
	index       *standingIndex
	charges     map[string][]billing.Charge // by mark
	chargeByID  map[billing.ChargeID]billing.Charge
	unknown     map[string][]billing.Charge            // by contract: those whose marks are not known here; nil until asked for
	lineMarks   map[string]bool                        // of the lines that are wanted; nil until asked for
	months      map[billing.Month]billing.ChargedMonth // the months that were rated
	refused     map[string]string                      // charges that the target did not take: key → why
	rebooked    map[string]Rebooking                   // desired charges that are not written
	managed     map[string]bool                        // marks of the contracts that Spindle manages
	claimed     map[billing.ContractServiceID]bool     // hand-made lines that a desired line already leads to
	enabled     map[billing.CustomerID]bool
	known       map[billing.CustomerID]bool // customers that already have a line of ours
	names       map[billing.CustomerID]string
	gaps        map[billing.CustomerID]bool
	creating    map[string]string       // mark of what this plan creates → change id
	leaving     map[instance][]*Applied // what is unwanted, by customer and service
	ofCustomer  map[billing.CustomerID][]*Applied
	billFrom    billing.Date         // first day of the organization's first month
	extended    map[string]extension // contract id → the change that extends it
	attached    map[instance]string  // change id of the attach in this plan
	movers      map[string]*mover    // by line key: lines that subscriptions move between
	moves       []*move
	transferred []transfer              // the subscriptions that move, in the order of their old lines
	short       map[string]billing.Date // managed contracts that end too early: mark → last day they must cover
	needs       map[string]billing.Date // the same, found by an earlier pass
	changes     []ordered
	findings    []billing.Finding
	shortages   []billing.Shortage
	scratch     scratch
	room        subject                 // of the line that is planned now
	noLine      billing.ContractService // what a subject without a line points at
	noApplied   Applied
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

// inOrder gives the input with every slice in its documented order, so that equal content gives equal plans (law 4). The planner orders the
// lines itself: plans have many thousands of them, and pointers are moved sooner than lines.
func inOrder(in Input) Input {
	d, o := &in.Desired, &in.Observed
	d.Services = sorted(d.Services, func(a, b billing.DesiredService) int { return cmp.Compare(a.Mark, b.Mark) })
	d.Charges = sorted(d.Charges, func(a, b billing.DesiredCharge) int { return cmp.Compare(a.Key, b.Key) })
	o.Contracts = sorted(o.Contracts, func(a, b billing.Contract) int { return compareIDs(string(a.ID), string(b.ID)) })
	o.Services = sorted(o.Services, func(a, b billing.Service) int { return compareIDs(string(a.ID), string(b.ID)) })
	o.Lines = withRowsInOrder(sorted(o.Lines, func(a, b billing.ContractService) int { return compareIDs(string(a.ID), string(b.ID)) }))
	o.Charges = sorted(o.Charges, func(a, b billing.Charge) int { return compareIDs(string(a.ID), string(b.ID)) })
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

// pointersInOrder points at the items in order.
func pointersInOrder[T any](items []T, compare func(a, b *T) int) []*T {
	pointers := make([]*T, len(items))
	for i := range items {
		pointers[i] = &items[i]
	}
	if !slices.IsSortedFunc(pointers, compare) {
		slices.SortStableFunc(pointers, compare)
	}
	return pointers
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
		linesByID: make(map[billing.ContractServiceID]*billing.ContractService, len(in.Observed.Lines)), charges: map[string][]billing.Charge{},
		chargeByID: map[billing.ChargeID]billing.Charge{}, managed: map[string]bool{}, claimed: map[billing.ContractServiceID]bool{},
		movers: map[string]*mover{}, enabled: map[billing.CustomerID]bool{}, known: map[billing.CustomerID]bool{}, names: map[billing.CustomerID]string{},
		gaps: map[billing.CustomerID]bool{}, creating: map[string]string{}, extended: map[string]extension{},
		attached: map[instance]string{}, leaving: map[instance][]*Applied{}, short: map[string]billing.Date{},
		months: map[billing.Month]billing.ChargedMonth{}, refused: map[string]string{}, rebooked: map[string]Rebooking{},
		lines:  pointersInOrder(in.Desired.Lines, func(a, b *billing.DesiredLine) int { return cmp.Compare(a.Key, b.Key) }),
		memory: pointersInOrder(in.Memory.Lines, func(a, b *Applied) int { return cmp.Compare(a.LineKey, b.LineKey) }),
	}
	p.billFrom = in.Settings.BillFrom.Period().Start
	p.indexObserved(in.Observed)
	p.indexDesired(in.Desired)
	p.indexMemory()
	for _, paper := range in.Memory.Charges {
		if paper.ID == "" && paper.Refused != "" {
			p.refused[paper.Key] = paper.Refused
		}
	}
	for _, id := range in.Enabled {
		p.enabled[id] = true
	}
	return p
}

// indexMemory walks over both lists at once, which are in the order of their keys.
func (p *planner) indexMemory() {
	wanted := p.lines
	var last billing.CustomerID
	for _, a := range p.memory {
		if a.CustomerID != last {
			last = a.CustomerID
			p.known[last] = true
		}
		for len(wanted) > 0 && wanted[0].Key < a.LineKey {
			wanted = wanted[1:]
		}
		if len(wanted) == 0 || wanted[0].Key != a.LineKey {
			key := instance{string(a.CustomerID), string(a.ServiceID)}
			p.unwanted, p.leaving[key] = append(p.unwanted, a), append(p.leaving[key], a)
		}
	}
}

// applied gives what we know of a line, nil when it is nothing.
func (p *planner) applied(key string) *Applied {
	if p.reached == len(p.memory) || p.memory[p.reached].LineKey > key { // out of order
		p.reached, _ = slices.BinarySearchFunc(p.memory, key, func(a *Applied, key string) int { return cmp.Compare(a.LineKey, key) })
	}
	for p.reached < len(p.memory) && p.memory[p.reached].LineKey < key {
		p.reached++
	}
	if p.reached == len(p.memory) || p.memory[p.reached].LineKey != key {
		return nil
	}
	return p.memory[p.reached]
}

// wanted gives the desired line with a key, nil when there is none.
func (p *planner) wanted(key string) *billing.DesiredLine {
	at, found := slices.BinarySearchFunc(p.lines, key, func(l *billing.DesiredLine, key string) int { return cmp.Compare(l.Key, key) })
	if !found {
		return nil
	}
	return p.lines[at]
}

// linesOf gives what we wrote for a customer, in order.
func (p *planner) linesOf(customer billing.CustomerID) []*Applied {
	if p.ofCustomer == nil {
		p.ofCustomer = map[billing.CustomerID][]*Applied{}
		for _, a := range p.memory {
			p.ofCustomer[a.CustomerID] = append(p.ofCustomer[a.CustomerID], a)
		}
	}
	return p.ofCustomer[customer]
}

// standingIndex finds contract services by what they are rather than by their id. Only lines that begin need it.
type standingIndex struct {
	marks     map[string][]*billing.ContractService
	instances map[instance][]*billing.ContractService
	ours      map[billing.ContractServiceID]string // line key of every line that is ours
}

// stands gives the index, which is made when the first line begins.
func (p *planner) stands() *standingIndex {
	if p.index != nil {
		return p.index
	}
	n := len(p.in.Observed.Lines)
	x := &standingIndex{make(map[string][]*billing.ContractService, n), make(map[instance][]*billing.ContractService, n), make(map[billing.ContractServiceID]string, len(p.memory))}
	single := make([]*billing.ContractService, n) // nearly every mark is on one line, and nearly every service once on a contract
	for i := range p.in.Observed.Lines {
		l := &p.in.Observed.Lines[i]
		single[i] = l
		one := single[i : i+1 : i+1]
		key := instance{string(l.ContractID), string(l.ServiceID)}
		x.instances[key] = orMore(x.instances[key], one)
		if l.Mark != "" {
			x.marks[l.Mark] = orMore(x.marks[l.Mark], one)
		}
	}
	for _, a := range p.memory {
		if a.LineID != "" {
			x.ours[a.LineID] = a.LineKey
		}
	}
	p.index = x
	return x
}

func orMore[T any](some, one []T) []T {
	if some == nil {
		return one
	}
	return append(some, one...)
}

func (p *planner) indexObserved(o billing.Observed) {
	for i := range o.Contracts {
		p.indexContract(&o.Contracts[i])
	}
	for i := range o.Services {
		p.indexService(&o.Services[i])
	}
	for i := range o.Lines {
		p.linesByID[o.Lines[i].ID] = &o.Lines[i]
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
	var last billing.CustomerID
	for _, l := range p.lines {
		if l.CustomerID == last {
			continue
		}
		if last = l.CustomerID; p.names[last] == "" {
			p.names[last] = l.Customer
		}
	}
	for _, m := range d.Months {
		p.months[m.Month] = m
	}
	for _, c := range d.Charges {
		if _, rated := p.months[c.Month]; !rated { // a month with a charge was rated
			p.months[c.Month] = billing.ChargedMonth{Month: c.Month, Lines: true}
		}
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

// managedMark gives the mark under which Spindle manages a contract, "" when it does not: that of the reference, or the contract's own when people
// were mapped to it by its id. A contract that somebody copied with its mark is not the one that Spindle manages.
func (p *planner) managedMark(ref billing.Ref, c *billing.Contract) string {
	for _, mark := range [...]string{ref.Mark, c.Mark} {
		if mark == "" || !p.managed[mark] {
			continue
		}
		if managed, known := p.contract(billing.Ref{Mark: mark}); known && managed.ID == c.ID {
			return mark
		}
	}
	return ""
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
