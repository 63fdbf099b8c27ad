package plan

import (
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// amountOf is what a charge bills: quantity × unit price at the digits the target stores.
func amountOf(quantity money.Decimal, price money.Amount) money.Amount {
	return price.Mul(quantity).Round(pricePlaces, money.HalfAwayFromZero)
}

func (p *planner) planCharge(want billing.DesiredCharge) {
	contract, known := p.contract(want.Contract)
	if !known || !contract.Active {
		p.chargeFinding(want, billing.FindingContractGone, fmt.Sprintf("Contract %s is not an active contract in Autotask.", want.Contract),
			"Map the customer or its resource groups to another contract with spindle contracts map.")
		return
	}
	if want.Date.Before(contract.Start) {
		want.Date = contract.Start
	}
	if want.Date.After(contract.End) && p.managed[want.Contract.Mark] {
		p.short[want.Contract.Mark] = billing.Later(p.short[want.Contract.Mark], want.Date)
		return
	}
	if want.Date.After(contract.End) {
		p.chargeFinding(want, billing.FindingContractEnds, fmt.Sprintf("Contract %q ended on %s, before the charge's date %s.", contract.Name, contract.End, want.Date),
			"Map the customer to the contract's successor with spindle contracts map.")
		return
	}
	amount := amountOf(want.Quantity, want.UnitPrice)
	c := Change{
		CustomerID: want.CustomerID, Customer: want.Customer, What: want.Name, ChargeKey: want.Key,
		Contract: refOf(string(contract.ID), want.Contract.Mark), ContractName: contract.Name, Charge: billing.Ref{Mark: want.Mark},
		Effective: want.Date, NewCharge: &want, After: State{Exists: true, UnitPrice: &want.UnitPrice, Amount: &amount},
		Holds: want.Holds, Proof: chargeProof(want),
	}
	if id := p.creating[want.Contract.Mark]; want.Contract.Mark != "" && id != "" {
		c.Requires = append(c.Requires, id)
	}
	p.planChargeState(want, c, amount)
}

func chargeProof(want billing.DesiredCharge) []string {
	var proof []string
	if want.Notes != "" {
		proof = append(proof, want.Notes)
	}
	if want.PriceRule != "" {
		proof = append(proof, "price rule: "+want.PriceRule)
	}
	return proof
}

// planChargeState creates the charge, corrects one that is not billed yet, or reports one that cannot be changed any more.
func (p *planner) planChargeState(want billing.DesiredCharge, c Change, amount money.Amount) {
	standing := p.charges[want.Mark]
	id, remembered := p.in.Memory.Charges[want.Key]
	if known, found := p.chargeByID[id]; found && len(standing) == 0 {
		standing = []billing.Charge{known} // somebody took our mark away
	}
	switch {
	case len(standing) > 1:
		p.chargeFinding(want, billing.FindingDuplicate, fmt.Sprintf("%d charges in Autotask carry our mark %s.", len(standing), want.Mark),
			"Delete all but one in Autotask.")
	case len(standing) == 0 && remembered:
		p.chargeFinding(want, billing.FindingDrift, "The charge was deleted in Autotask after Spindle wrote it.",
			"Enter it by hand if it should be billed after all; Spindle does not write it twice.")
	case len(standing) == 0:
		c.Kind, c.OneOff = CreateCharge, amount
		c.Reason = fmt.Sprintf("%s of %s, from what Microsoft billed.", want.Name, want.Month)
		p.add(phaseCharges, c)
	default:
		p.correctCharge(want, c, standing[0], amount)
	}
}

func (p *planner) correctCharge(want billing.DesiredCharge, c Change, standing billing.Charge, amount money.Amount) {
	stands := amountOf(standing.Quantity, standing.UnitPrice)
	if stands.Equal(amount) {
		return
	}
	difference, err := amount.Sub(stands)
	if err != nil {
		p.chargeFinding(want, billing.FindingCurrency, fmt.Sprintf("The charge stands in %s but is now in %s.", stands.Currency(), amount.Currency()),
			"Correct the currency of the company in Autotask.")
		return
	}
	if standing.Billed {
		remedy := "Add a charge for the difference; a posted charge is never changed."
		if difference.Sign() < 0 {
			remedy = "Credit the difference; a posted charge is never changed."
		}
		p.find(billing.Finding{Kind: billing.FindingPosted, Subject: want.Key, CustomerID: want.CustomerID, Customer: want.Customer,
			Message: fmt.Sprintf("%s: the charge of %s was posted with %s, Microsoft's data now give %s.", want.Name, want.Month, stands, amount),
			Remedy:  remedy, Money: difference})
		return
	}
	c.Kind, c.OneOff = CorrectCharge, difference
	c.Charge.ID = string(standing.ID)
	c.Before = State{Exists: true, UnitPrice: &standing.UnitPrice, Amount: &stands}
	c.Reason = fmt.Sprintf("Microsoft's data or the price rules for %s changed: %s → %s.", want.Month, stands, amount)
	p.add(phaseCharges, c)
}

func (p *planner) chargeFinding(want billing.DesiredCharge, kind billing.FindingKind, message, remedy string) {
	p.find(billing.Finding{Kind: kind, Subject: want.Key, CustomerID: want.CustomerID, Customer: want.Customer,
		Message: want.Name + ": " + message, Remedy: remedy, Money: amountOf(want.Quantity, want.UnitPrice)})
}
