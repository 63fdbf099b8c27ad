package plan

import (
	"fmt"

	"spindle/internal/billing"
)

// extendAhead is how long before its end a managed contract is extended, in days; extendMonths is by how much.
const (
	extendAhead  = 60
	extendMonths = 12
)

// planContract creates a contract that Spindle manages, or extends it before it cuts a line.
func (p *planner) planContract(d billing.DesiredContract) {
	c, exists := p.contract(billing.Ref{Mark: d.Mark})
	if _, remembered := p.in.Memory.Contracts[d.Mark]; !exists && remembered {
		p.find(billing.Finding{Kind: billing.FindingContractGone, Subject: "contract/" + d.Mark, CustomerID: d.CustomerID, Customer: p.customerName(d.CustomerID),
			Message: fmt.Sprintf("Contract %q, which Spindle managed, is not in Autotask any more. Somebody removed it, so it is not made again.", d.Name),
			Remedy:  "Map the customer to another contract with spindle contracts map."})
		return
	}
	if !exists {
		p.createContract(d)
		return
	}
	end := p.coveringEnd(d, c.End)
	if end == c.End || !c.Active {
		return
	}
	id := p.add(phaseContracts, Change{
		Kind: ExtendContract, CustomerID: d.CustomerID, Customer: p.customerName(d.CustomerID), What: c.Name, ContractName: c.Name,
		Contract: refOf(string(c.ID), d.Mark), Before: State{Exists: true, End: c.End}, After: State{Exists: true, End: end},
		Reason: p.extendReason(d, c.End),
	})
	p.extended[string(c.ID)] = extension{change: id, oldEnd: c.End}
	longer := *c
	longer.End = end
	p.contracts[string(c.ID)] = &longer
	if marked := p.contracts[d.Mark]; marked != nil && marked.ID == c.ID {
		p.contracts[d.Mark] = &longer
	}
}

func (p *planner) createContract(d billing.DesiredContract) {
	d.End = p.coveringEnd(d, d.End)
	p.creating[d.Mark] = p.add(phaseContracts, Change{
		Kind: CreateContract, CustomerID: d.CustomerID, Customer: p.customerName(d.CustomerID), What: d.Name, ContractName: d.Name,
		Contract: billing.Ref{Mark: d.Mark}, After: State{Exists: true, End: d.End}, NewContract: &d,
		Reason: fmt.Sprintf("Spindle manages this contract: %s to %s, extended before it ends.", d.Start, d.End),
	})
	p.contracts[d.Mark] = &billing.Contract{Mark: d.Mark, CompanyID: d.CompanyID, Name: d.Name, PeriodType: d.PeriodType,
		Active: true, Recurring: true, Start: d.Start, End: d.End}
}

// coveringEnd gives the last day a managed contract needs: beyond the next sixty days and beyond every change of this plan.
func (p *planner) coveringEnd(d billing.DesiredContract, end billing.Date) billing.Date {
	need := billing.Later(p.in.Desired.Day.AddDays(extendAhead+1), p.needs[d.Mark])
	if !end.Before(need) {
		return end
	}
	if !d.ExtendTo.Before(need) {
		return d.ExtendTo
	}
	for end.Before(need) {
		end = end.AddDays(1).AddMonths(extendMonths).AddDays(-1)
	}
	return end
}

func (p *planner) extendReason(d billing.DesiredContract, end billing.Date) string {
	switch {
	case end.Before(p.in.Desired.Day):
		return fmt.Sprintf("The contract ended on %s.", end)
	case p.in.Desired.Day.AddDays(extendAhead).Before(end):
		return fmt.Sprintf("The contract ends on %s, before a change of this plan takes effect.", end)
	}
	return fmt.Sprintf("The contract ends on %s, in %d days or less.", end, extendAhead)
}

func (p *planner) planService(d billing.DesiredService) {
	s, exists := p.service(billing.Ref{Mark: d.Mark})
	_, remembered := p.in.Memory.Services[d.Mark]
	switch {
	case !exists && remembered:
		p.find(billing.Finding{Kind: billing.FindingServiceGone, Subject: "service/" + d.Mark,
			Message: fmt.Sprintf("Service %q, which Spindle created, is not in Autotask any more. Somebody removed it, so it is not made again.", d.Name),
			Remedy:  "Map the product to another service with spindle services map."})
	case !exists:
		p.creating[d.Mark] = p.add(phaseServices, Change{
			Kind: CreateService, What: d.Name, Service: billing.Ref{Mark: d.Mark}, After: State{Exists: true, UnitPrice: &d.UnitPrice},
			NewService: &d, Reason: "No Autotask service stands for this product, term and frequency yet.",
		})
		p.services[d.Mark] = &billing.Service{Mark: d.Mark, Name: d.Name, PeriodType: d.PeriodType, Active: true, UnitPrice: d.UnitPrice}
	case !s.Active:
		p.find(billing.Finding{Kind: billing.FindingServiceGone, Subject: string(s.ID),
			Message: fmt.Sprintf("Service %q (%s) is inactive in Autotask.", s.Name, s.ID),
			Remedy:  "Activate it in Autotask, or map the product to another service with spindle services map."})
	}
}
