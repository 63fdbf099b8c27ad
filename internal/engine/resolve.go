package engine

import (
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// resolve fills the ids of what earlier changes of the plan created, from our memory.
func (a *apply) resolve(c plan.Change) (plan.Change, error) {
	if c.Contract.ID == "" && c.Contract.Mark != "" && c.Kind != plan.CreateContract {
		c.Contract.ID = string(a.known.contracts[c.Contract.Mark])
		if c.Contract.ID == "" {
			return c, fmt.Errorf("the contract %s it needs was not created", c.Contract.Mark)
		}
	}
	if c.Service.ID == "" && c.Service.Mark != "" && c.Kind != plan.CreateService {
		c.Service.ID = string(a.known.services[c.Service.Mark])
		if c.Service.ID == "" {
			return c, fmt.Errorf("the service %s it needs was not created", c.Service.Mark)
		}
	}
	if c.Charge.ID == "" && c.Kind != plan.CreateCharge {
		c.Charge.ID = string(a.known.charges[c.ChargeKey].ID)
	}
	if c.Kind == plan.AddRepeat {
		own := a.known.lines[c.LineKey].LineID
		for _, id := range a.known.instances[billing.ContractID(c.Contract.ID)] {
			if id != own && !slices.Contains(c.Instances, id) {
				c.Instances = append(slices.Clone(c.Instances), id)
			}
		}
		return c, nil
	}
	if c.Line.ID == "" && c.LineKey != "" && c.Kind != plan.AttachService {
		line, found := a.remembered(c.LineKey)
		if !found {
			return c, fmt.Errorf("the contract service it adjusts was not created")
		}
		c.Line.ID = string(line.LineID)
	}
	return c, nil
}

func (a *apply) remembered(lineKey string) (plan.Applied, bool) {
	line, known := a.known.lines[lineKey]
	return line, known
}

// learn is what an applied change adds to our memory. id is what the target created, if anything.
func (a *apply) learn(c plan.Change, id string) store.MemoryUpdate {
	switch c.Kind {
	case plan.CreateContract:
		return store.MemoryUpdate{Contract: store.Created{Mark: c.Contract.Mark, ID: id}}
	case plan.CreateService:
		return store.MemoryUpdate{Service: store.Created{Mark: c.Service.Mark, ID: id, Name: c.What}}
	case plan.CreateCharge, plan.CorrectCharge, plan.RemoveCharge:
		if c.Kind == plan.CorrectCharge {
			id = c.Charge.ID
		}
		paper := a.known.charges[c.ChargeKey].After(c, id)
		return store.MemoryUpdate{Charge: &paper}
	case plan.ExtendContract:
		return store.MemoryUpdate{Contract: store.Created{Mark: c.Contract.Mark, ID: c.Contract.ID}}
	}
	return store.MemoryUpdate{Line: a.learnLine(c, id)}
}

func (a *apply) learnLine(c plan.Change, id string) *plan.Applied {
	line, known := a.remembered(c.LineKey)
	if !known {
		line = plan.Applied{LineKey: c.LineKey}
	}
	line.CustomerID, line.Customer, line.What = c.CustomerID, c.Customer, c.What
	line.ContractID, line.ServiceID = billing.ContractID(c.Contract.ID), billing.ServiceID(c.Service.ID)
	switch c.Kind {
	case plan.AttachService:
		line.LineID, line.Marked = billing.ContractServiceID(id), true
		line.Shares, line.Moves = nil, nil
		return &line
	case plan.MarkLine:
		line.LineID, line.Marked = billing.ContractServiceID(c.Line.ID), true
		if !known {
			line.Units, line.From = c.After.Units, a.Today() // from now on the line is Spindle's
			line = line.After(c)
		}
		return &line
	case plan.AddRepeat:
		line.LineID, line.Marked = billing.ContractServiceID(id), false
		line.Shares, line.Moves = nil, nil
	default:
		line.LineID = billing.ContractServiceID(c.Line.ID)
	}
	line = line.After(c)
	return &line
}
