package plan

import (
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// amountOf is what a charge bills: quantity × unit price at the digits the target stores.
func amountOf(quantity money.Decimal, price money.Amount) money.Amount {
	return price.Mul(quantity).Round(pricePlaces, money.HalfAwayFromZero)
}

// createCharge writes a charge that was never written.
func (p *planner) createCharge(e *item) (Change, bool) {
	want := *e.want
	c, ok := p.writable(e, &want)
	if !ok {
		return c, false
	}
	c.Kind, c.OneOff = CreateCharge, *c.After.Amount
	c.Reason = monthly(want.Name, want.Month) + ", from what Microsoft billed."
	c.Holds = append(slices.Clone(c.Holds), p.strangeCharges(e, &want)...)
	if why := p.refused[want.Key]; why != "" {
		c.Holds = append(c.Holds, p.refusedHold(want, why))
	}
	return c, true
}

// monthly names a charge and its month; most names end with it.
func monthly(name string, month billing.Month) string {
	if strings.Contains(name, string(month)) {
		return name
	}
	return fmt.Sprintf("%s of %s", name, month)
}

// correctCharge changes an open charge in place.
func (p *planner) correctCharge(a *account, e *item) (Change, bool) {
	stands, wants := e.amount(), e.wants()
	if stands.Equal(wants) {
		return Change{}, false
	}
	want := *e.want
	c, ok := p.writable(e, &want)
	if !ok {
		return c, false
	}
	standing := &e.found[0]
	before := money.Of(stands, want.UnitPrice.Currency())
	c.Kind, c.OneOff = CorrectCharge, money.Of(wants.Sub(stands), before.Currency())
	c.Charge.ID = string(standing.ID)
	c.Before = State{Exists: true, UnitPrice: &standing.UnitPrice, Amount: &before}
	c.Reason = fmt.Sprintf("Microsoft's data, the price rules or the routes for %s changed: %s → %s.", want.Month, before, c.After.Amount)
	c.Holds = append(slices.Clone(c.Holds), p.chargeDrift(e)...)
	if other := a.movedFrom(e); other != nil && c.OneOff.Sign() < 0 {
		c.Holds = append(c.Holds, billing.Hold{Policy: "hold-unwanted", Why: movedWords(a, e, other)})
	}
	return c, true
}

// movedFrom gives a charge of the account that would be written to another company than an item is on.
func (a *account) movedFrom(e *item) *item {
	for _, other := range a.items {
		if other.isNew() && !other.guest && other.company != e.company && other.company != "" && e.company != "" {
			return other
		}
	}
	return nil
}

func movedWords(a *account, e, other *item) string {
	return fmt.Sprintf("%s was charged to company %s on contract %s with %s; the customer is mapped to company %s now, and moving it is a person's decision",
		a.month, e.company, e.contract, a.money(e.amount()), other.company)
}

// takeBack takes back an open charge that nothing asks for any more, unless everybody it was for is switched off altogether: then nothing is written
// for them, and the charge is reported and left alone as a line is (law 1).
func (p *planner) takeBack(a *account, e *item) (Change, bool) {
	if slices.ContainsFunc(a.customers, func(c billing.CustomerID) bool { return p.enabled[c] }) {
		return p.removeCharge(a, e), true
	}
	p.itemFinding(e, billing.FindingNotEnabled, fmt.Sprintf("%s stand on contract %s and are not posted yet, but billing is off for this customer.", a.money(e.amount()), e.contract),
		"Switch billing on to let Spindle keep the charge in step, or delete it in Autotask if it is not owed.")
	return Change{}, false
}

// removeCharge deletes an open charge. That it is open matters: a billed one can be neither changed nor deleted (Autotask sheet §5.9). A person
// always sees it.
func (p *planner) removeCharge(a *account, e *item) Change {
	standing := &e.found[0]
	what, customer, called := e.name()
	before := a.money(e.amount())
	c := Change{
		Kind: RemoveCharge, CustomerID: customer, Customer: called, What: what, ChargeKey: e.key,
		Contract: refOf(e.contract, ""), ContractName: e.contract, Charge: refOf(string(standing.ID), e.mark), Effective: standing.Date,
		Before: State{Exists: true, UnitPrice: &standing.UnitPrice, Amount: &before}, OneOff: before.Neg(),
		Reason: fmt.Sprintf("Nothing asks for this charge of %s any more, and it is not posted yet.", a.month),
		Holds:  []billing.Hold{{Policy: "hold-unwanted", Why: p.whyUnwanted(a, e)}},
	}
	if contract, known := p.contracts[e.contract]; known {
		c.Contract.Mark, c.ContractName = contract.Mark, contract.Name
	}
	c.Holds = append(c.Holds, p.chargeDrift(e)...)
	return c
}

// whyUnwanted tells where the money of a charge goes that is taken back.
func (p *planner) whyUnwanted(a *account, e *item) string {
	if e.number > 0 {
		return "the correction is not needed any more; a person must see that it goes"
	}
	if other := a.movedFrom(e); other != nil {
		return movedWords(a, e, other)
	}
	if slices.ContainsFunc(a.items, func(other *item) bool { return other.isNew() && !other.guest }) {
		return "the month is charged under another route or grouping instead; a person must see that this charge goes"
	}
	if p.switchedOff(a) != "" {
		return "billing was switched off; a person must see that the charge goes"
	}
	return "nothing Microsoft bills leads to this charge any more; a person must see that it goes"
}

// writable gives the change that writes a charge, or a finding why it cannot be written.
func (p *planner) writable(e *item, want *billing.DesiredCharge) (Change, bool) {
	c, why := p.chargeChange(want)
	if why == "" {
		return c, true
	}
	kind, remedy := billing.FindingContractEnds, "Map the customer to the contract's successor with spindle contracts map."
	if contract, known := p.contract(want.Contract); !known || !contract.Active {
		kind, remedy = billing.FindingContractGone, "Map the customer or its resource groups to another contract with spindle contracts map."
	}
	id := p.itemFinding(e, kind, why, remedy)
	if !e.stands() {
		p.rebook(e, billing.HeldBack, id)
	}
	return c, false
}

// chargeChange makes the change that writes a charge, without saying yet how, or says why its contract cannot take it. A date before the
// contract is moved to its start.
func (p *planner) chargeChange(want *billing.DesiredCharge) (c Change, why string) {
	contract, known := p.contract(want.Contract)
	if !known || !contract.Active {
		return c, fmt.Sprintf("Contract %s is not an active contract in Autotask.", want.Contract)
	}
	want.Date = billing.Later(want.Date, contract.Start)
	if want.Date.After(contract.End) {
		mark := p.managedMark(want.Contract, contract)
		if mark == "" {
			return c, fmt.Sprintf("Contract %q %s, before the charge's date %s.", contract.Name, p.endsOn(contract.End), want.Date)
		}
		p.short[mark] = billing.Later(p.short[mark], want.Date) // a second pass plans with it extended
	}
	amount := amountOf(want.Quantity, want.UnitPrice)
	c = Change{
		CustomerID: want.CustomerID, Customer: want.Customer, What: want.Name, ChargeKey: want.Key,
		Contract: refOf(string(contract.ID), want.Contract.Mark), ContractName: contract.Name, Charge: billing.Ref{Mark: want.Mark},
		Effective: want.Date, NewCharge: want, After: State{Exists: true, UnitPrice: &want.UnitPrice, Amount: &amount},
		Holds: want.Holds, Proof: chargeProof(*want),
	}
	if id := p.creating[want.Contract.Mark]; want.Contract.Mark != "" && id != "" {
		c.Requires = append(c.Requires, id)
	}
	return c, ""
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

// chargeDrift compares what we wrote last with what stands now (law 7): a difference is somebody's decision.
func (p *planner) chargeDrift(e *item) []billing.Hold {
	wrote, known := e.wrote()
	stands := e.amount()
	if !known || stands.Equal(wrote) {
		return nil
	}
	currency := e.currency()
	why := fmt.Sprintf("Spindle wrote %s, Autotask now has %s", money.Of(wrote, currency), money.Of(stands, currency))
	p.itemFinding(e, billing.FindingDrift, "The amount was changed by hand: "+why+".",
		"Approve the change to restore what Microsoft's data give, or reject it to keep the hand edit.")
	return []billing.Hold{{Policy: "hold-on-drift", Why: why}}
}
