package plan

import (
	"fmt"

	"spindle/internal/billing"
)

// What bears a mark of Spindle's that this database does not know was written by another installation or organization, or by one whose database
// was lost. It bills the customer all the same, so nothing comes beside it without a person.

const strangeRemedy = "If a database was lost, restore its newest backup; if another Spindle or organization bills this company, let only one of them do it. " +
	"Approve the change only if it comes on top."

// isStrange reports whether a contract service that this database does not remember bears a mark that leads to no line that is wanted. One of ours
// whose answer was lost bears the mark of a wanted line.
func (p *planner) isStrange(line *billing.ContractService) bool {
	if p.lineMarks == nil {
		p.lineMarks = make(map[string]bool, len(p.lines))
		for _, want := range p.lines {
			p.lineMarks[want.Mark] = true
		}
	}
	return line.Mark != "" && !p.lineMarks[line.Mark]
}

// strangeLine holds a new line beside a contract service that bears a mark unknown here.
func (p *planner) strangeLine(s *subject, line *billing.ContractService, units int64) billing.Hold {
	p.lineFinding(s.want, billing.FindingUnmarked, fmt.Sprintf("Contract %q already has this service (%s) with %d units, written by another Spindle or one whose database was lost.",
		s.contract.Name, line.ID, units), strangeRemedy)
	return billing.Hold{Policy: "adopt-only", Why: fmt.Sprintf("contract service %s bears the mark of another Spindle and bills %d of the same service", line.ID, units)}
}

// strangeCharges holds a new charge beside those on its contract, dated in the same month, that bear marks unknown here.
func (p *planner) strangeCharges(e *item, want *billing.DesiredCharge) []billing.Hold {
	var holds []billing.Hold
	for _, c := range p.unknownCharges()[want.Contract.ID] {
		if billing.MonthOf(c.Date) != billing.MonthOf(want.Date) {
			continue
		}
		p.itemFinding(e, billing.FindingUnmarked, fmt.Sprintf("Contract %s already has the charge %q of %s (%s), written by another Spindle or one whose database was lost.",
			want.Contract.ID, c.Name, c.UnitPrice.Mul(c.Quantity), c.ID), strangeRemedy)
		holds = append(holds, billing.Hold{Policy: "adopt-only", Why: fmt.Sprintf("charge %s of the same month bears the mark of another Spindle", c.ID)})
	}
	return holds
}

// unknownCharges gives the charges by contract whose marks lead to nothing that is wanted or remembered.
func (p *planner) unknownCharges() map[string][]billing.Charge {
	if p.unknown != nil {
		return p.unknown
	}
	known := make(map[string]bool, len(p.in.Memory.Charges)+len(p.in.Desired.Charges))
	for _, c := range p.in.Memory.Charges {
		known[c.Mark] = true
	}
	for _, c := range p.in.Desired.Charges {
		known[c.Mark] = true
	}
	p.unknown = map[string][]billing.Charge{}
	for _, c := range p.in.Observed.Charges {
		if c.Mark != "" && !known[c.Mark] {
			p.unknown[string(c.ContractID)] = append(p.unknown[string(c.ContractID)], c)
		}
	}
	return p.unknown
}
