package plan

import (
	"slices"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// Charged is what Spindle last wrote for a charge. All of them together are the ledger by which a customer's month is charged once only,
// whatever is routed, grouped or mapped otherwise afterwards (law 3).
type Charged struct {
	Key        string
	Mark       string
	ID         billing.ChargeID // "": nothing stands, because Spindle removed it or the target refused it
	CustomerID billing.CustomerID
	Customer   string
	Customers  []billing.CustomerID // everybody whose money is or was in it, in order
	CompanyID  billing.CompanyID
	ContractID billing.ContractID
	Month      billing.Month // the month it bills, or corrects
	Name       string
	Amount     money.Amount // quantity × unit price, as sent
	Cost       money.Amount
	Refused    string // why the target did not take it
}

// After gives the entry once a creation, correction or removal was applied to the charge with an id.
func (l Charged) After(c Change, id string) Charged {
	l.Key, l.Mark, l.ID, l.Refused = c.ChargeKey, c.Charge.Mark, billing.ChargeID(id), ""
	if c.Kind == RemoveCharge {
		l.ID = ""
	}
	d := c.NewCharge
	if d == nil {
		return l
	}
	l.CustomerID, l.Customer, l.CompanyID, l.ContractID = c.CustomerID, c.Customer, d.CompanyID, billing.ContractID(c.Contract.ID)
	l.Customers = slices.Concat(l.Customers, d.Customers())
	slices.Sort(l.Customers)
	l.Customers = slices.Compact(l.Customers)
	l.Month, l.Name, l.Amount, l.Cost = d.Month, d.Name, amountOf(d.Quantity, d.UnitPrice), amountOf(d.Quantity, d.UnitCost)
	return l
}

// RefusedAs gives the entry once the target refused to create the charge.
func (l Charged) RefusedAs(c Change, why string) Charged {
	l = l.After(c, "")
	l.Refused = why
	return l
}

// Rebooking says where the source lines of a desired charge end that is not written: in another charge, or in a finding (law 6).
type Rebooking struct {
	Outcome billing.Outcome
	By      string // key of the charge, or id of the finding
}

// Rebook gives the dispositions as the plan leaves them. What it is given stays as it is.
func (p Plan) Rebook(dispositions []billing.Disposition) []billing.Disposition {
	if len(p.Rebooked) == 0 {
		return dispositions
	}
	booked := make([]billing.Disposition, len(dispositions))
	for i, d := range dispositions {
		if r, moved := p.Rebooked[d.By]; moved && d.Outcome == billing.Billed {
			d.Outcome, d.By = r.Outcome, r.By
		}
		booked[i] = d
	}
	return booked
}
