package plan

import (
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
)

// sayMoves writes into a change what comes to the line or leaves it that day, and from or to where.
func (p *planner) sayMoves(s *subject, c *Change) {
	if len(s.moves) == 0 {
		return
	}
	c.Moves = s.movesOn(c.Effective)
	if len(c.Moves) == 0 {
		return
	}
	var net int64
	for _, m := range c.Moves {
		net += m.Units
	}
	if net == c.Adjust.UnitChange { // its new line says why it ends
		c.Holds = slices.DeleteFunc(slices.Clone(c.Holds), func(h billing.Hold) bool { return h.Policy == unwanted })
	}
	c.Holds = append(slices.Clone(c.Holds), s.handHolds(c.Effective)...)
	how := c.Reason
	if c.Kind == End {
		how = fmt.Sprintf("the line ends from %s, %s.", c.Effective, s.whyOn(c.Effective))
	}
	ways := p.told(p.transfersOn(s.want.Key, c.Moves))
	if len(ways) == 0 {
		return // it left its old line before: the reason of its day says so
	}
	lead := strings.Join(ways, ", ") + " on " + c.Effective.String()
	if whole := c.Before.Units == 0 || c.After.Units == 0; whole && len(ways) == 1 {
		_, way, _ := strings.Cut(lead, " move ")
		lead = "Moves " + way
	}
	c.Reason = lead + ": " + how
}

// transfersOn finds the transfers behind what a line gains and gives.
func (p *planner) transfersOn(key string, moves []Move) []transfer {
	var found []transfer
	for _, t := range p.transferred {
		speaks := func(m Move) bool {
			return m.SubscriptionID == t.subscription && (m.Units < 0 && t.from == key || m.Units > 0 && t.to == key)
		}
		if slices.ContainsFunc(moves, speaks) {
			found = append(found, t)
		}
	}
	return found
}

// told says how many units go each way: "5 move from contract A to contract B".
func (p *planner) told(transfers []transfer) []string {
	var ways []string
	units := map[string]int64{}
	for _, t := range transfers {
		way := p.way(t)
		if _, told := units[way]; !told {
			ways = append(ways, way)
		}
		units[way] += t.units
	}
	for i, way := range ways {
		ways[i] = fmt.Sprintf("%d move %s", units[way], way)
	}
	return ways
}

// way names the two ends of a transfer by what tells them apart.
func (p *planner) way(t transfer) string {
	from, to := &p.movers[t.from].subject, &p.movers[t.to].subject
	if !p.movers[t.from].resolved || !p.movers[t.to].resolved {
		return fmt.Sprintf("from %s to %s", from.place(), to.place())
	}
	otherContract := from.contract.ID != to.contract.ID || from.contract.Mark != to.contract.Mark
	otherService := from.service.ID != to.service.ID || from.service.Mark != to.service.Mark
	switch {
	case otherContract && otherService:
		return fmt.Sprintf("from service %q on %s to service %q on %s", from.service.Name, from.place(), to.service.Name, to.place())
	case otherContract:
		return fmt.Sprintf("from %s to %s", from.place(), to.place())
	case otherService:
		return fmt.Sprintf("from service %q to service %q", from.service.Name, to.service.Name)
	}
	return "to a line with another price"
}

// place names the contract of a line.
func (s *subject) place() string {
	if s.contract != nil {
		return fmt.Sprintf("contract %q", s.contract.Name)
	}
	return "contract " + s.want.Contract.String()
}
