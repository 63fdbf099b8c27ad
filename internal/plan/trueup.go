package plan

import (
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// trueUp makes a billed book good by a charge for the difference in the next open month, on the same contract (design §6.4). An open
// true-up is corrected in place, so that one month has at most one that is not billed.
func (p *planner) trueUp(a *account, b *book, rest money.Decimal) (Change, bool) {
	if why := p.switchedOff(a); why != "" && b.holdsBilled() {
		p.reportOff(a, b, rest, why)
		return Change{}, false
	}
	var open *item
	for _, e := range b.trueUps {
		if e.stands() && !e.billed() {
			open = e
		}
	}
	amount := rest
	if open != nil {
		amount = rest.Add(open.amount())
	}
	if amount.IsZero() {
		return p.takeBack(a, open)
	}
	want := p.trueUpCharge(a, b, open, amount)
	c, why := p.chargeChange(&want)
	if why != "" {
		p.find(billing.Finding{Kind: billing.FindingPosted, Subject: want.Key, CustomerID: want.CustomerID, Customer: want.Customer,
			Message: fmt.Sprintf("%s: %s are still to be charged, but %s", want.Name, a.money(rest), why),
			Remedy:  "Charge or credit the difference by hand in Autotask.", Money: a.money(rest)})
		return c, false
	}
	c.Kind, c.OneOff = CreateCharge, a.money(rest)
	if open != nil {
		stands := a.money(open.amount())
		c.Kind, c.Charge.ID, c.Before = CorrectCharge, string(open.found[0].ID), State{Exists: true, UnitPrice: &open.found[0].UnitPrice, Amount: &stands}
	}
	charged := b.charged()
	c.Reason = fmt.Sprintf("Correction of %s, which is posted: %s were charged, Microsoft's data, the price rules or the routes now give %s.",
		a.month, a.money(charged), a.money(charged.Add(rest)))
	c.Holds = p.trueUpHolds(b, want, open != nil)
	return c, true
}

// holdsBilled reports whether anything of the book was billed.
func (b *book) holdsBilled() bool {
	return b.isBilled() || slices.ContainsFunc(b.trueUps, (*item).billed)
}

// charged is what stands for a book, deleted true-ups included.
func (b *book) charged() money.Decimal {
	var sum money.Decimal
	for _, e := range slices.Concat(b.originals, b.trueUps) {
		sum = sum.Add(e.amount())
	}
	return sum
}

// wanted gives what is asked for of a book, its guests included.
func (b *book) wanted() []*item {
	own := slices.DeleteFunc(slices.Clone(b.originals), func(e *item) bool { return e.want == nil || e.guest })
	return append(own, b.guests...)
}

// trueUpCharge words a true-up: it names the month it corrects.
func (p *planner) trueUpCharge(a *account, b *book, open *item, amount money.Decimal) billing.DesiredCharge {
	n := b.lastNumber() + 1
	if open != nil {
		n = open.number
	}
	key := billing.TrueUpKey(a.kind, billing.ContractID(b.contract), a.month, a.currency, n)
	mark := ""
	if contract, known := p.contracts[b.contract]; known {
		mark = contract.Mark
	}
	_, customer, called := b.lead().name()
	want := billing.DesiredCharge{
		Key: key, Mark: billing.ChargeMark(p.in.Organization, key), CustomerID: customer, Customer: called, CompanyID: b.company,
		Contract: refOf(b.contract, mark), Month: a.month, TrueUp: n, Name: p.trueUpName(a, b, n), Date: p.openMonthEnd(b.contract),
		Quantity: money.Int(1), UnitPrice: a.money(amount), BillingCodeID: p.in.Settings.MaterialCodeID,
	}
	var notes, rules []string
	for _, e := range b.wanted() {
		want.Places = append(want.Places, e.want.Places...)
		notes, rules = append(notes, e.want.Notes), append(rules, e.want.PriceRule)
		want.BillingCodeID = e.want.BillingCodeID
	}
	if len(want.Places) == 0 {
		for _, c := range a.customers {
			want.Places = append(want.Places, billing.Place{CustomerID: c})
		}
	}
	slices.SortFunc(want.Places, billing.Place.Compare)
	want.Places = slices.Compact(want.Places)
	if open != nil {
		want.Date, want.Mark = open.found[0].Date, open.mark
		if want.Date.IsZero() {
			want.Date = p.openMonthEnd(b.contract)
		}
	}
	before := b.charged()
	if open != nil {
		before = before.Sub(open.amount())
	}
	cost, _ := b.costRest(open)
	want.UnitCost = a.money(cost)
	want.Description = fmt.Sprintf("Correction of %s: %s charged so far, %s in all.", a.month.Period(), a.money(before), a.money(before.Add(amount)))
	want.Notes, want.PriceRule = clipped(joined(notes, " "), chargeNotesMax), joined(rules, ", ")
	return want
}

// lead is the entry whose customer the book's true-ups are for.
func (b *book) lead() *item {
	if wanted := b.wanted(); len(wanted) > 0 {
		return wanted[0]
	}
	for _, e := range b.originals {
		if e.paper != nil && e.paper.CustomerID != "" {
			return e
		}
	}
	return slices.Concat(b.originals, b.trueUps)[0]
}

const (
	chargeNameMax  = 100  // Autotask sheet §5.9
	chargeNotesMax = 2000 // likewise
)

// trueUpName names the month and says that it is a correction, whatever has to be cut for it.
func (p *planner) trueUpName(a *account, b *book, n int) string {
	base := ""
	for _, e := range b.originals {
		what, _, _ := e.name()
		if !e.stands() {
			continue
		}
		if base != "" && base != what {
			base = map[string]string{lineKind: "One-off charges"}[a.kind]
			if base == "" {
				base = "Azure usage"
			}
			break
		}
		base = what
	}
	tail := ", correction"
	if n > 1 {
		tail = fmt.Sprintf(", correction %d", n)
	}
	base = strings.TrimSpace(strings.TrimSuffix(base, string(a.month)))
	tail = " " + string(a.month) + tail
	return clipped(base, chargeNameMax-len(tail)) + tail
}

// clipped cuts a text to so many bytes, between characters.
func clipped(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

// joined gives each text once, in order of appearance.
func joined(texts []string, between string) string {
	var once []string
	for _, t := range texts {
		if t != "" && !slices.Contains(once, t) {
			once = append(once, t)
		}
	}
	return strings.Join(once, between)
}

// openMonthEnd is the last day of the first month, from the plan's on, whose charges on the contract are not billed yet.
func (p *planner) openMonthEnd(contract string) billing.Date {
	end := billing.MonthOf(p.in.Desired.Day).Period().LastDay()
	for _, c := range p.in.Observed.Charges {
		for string(c.ContractID) == contract && c.Billed && !c.Date.Before(end) {
			end = billing.MonthOf(end.AddDays(1)).Period().LastDay()
		}
	}
	return end
}

// trueUpHolds are the reasons why a person must see a true-up.
func (p *planner) trueUpHolds(b *book, want billing.DesiredCharge, corrects bool) []billing.Hold {
	var holds []billing.Hold
	for _, e := range b.wanted() {
		if e.guest || e.billed() && !e.wants().Equal(e.amount()) { // what it charges now, no person has seen yet
			holds = append(holds, e.want.Holds...)
		}
	}
	for _, e := range slices.Concat(b.originals, b.trueUps) {
		holds = append(holds, p.chargeDrift(e)...)
	}
	if _, known := b.costRest(nil); known && !corrects && want.UnitCost.IsZero() {
		holds = append(holds, billing.Hold{Policy: "hold-repriced",
			Why: fmt.Sprintf("what Microsoft bills for %s is unchanged: price rules or switches were changed after the month was posted", want.Month)})
	}
	if why := p.refused[want.Key]; why != "" {
		holds = append(holds, p.refusedHold(want, why))
	}
	return holds
}

// refusedHold keeps what Autotask refused from being sent again without a person, and says what to do by hand.
func (p *planner) refusedHold(want billing.DesiredCharge, why string) billing.Hold {
	amount, verb := amountOf(want.Quantity, want.UnitPrice), "Charge"
	if amount.Sign() < 0 {
		verb = "Credit"
	}
	p.find(billing.Finding{Kind: billing.FindingPosted, Subject: want.Key, CustomerID: want.CustomerID, Customer: want.Customer,
		Message: fmt.Sprintf("%s: Autotask did not take a charge of %s: %s", want.Name, amount, why),
		Remedy: fmt.Sprintf("%s it by hand; a charge with the internal purchase order number %s counts as ours. Or mend the cause and approve the change.",
			verb, want.Mark), Money: amount})
	return billing.Hold{Policy: "hold-refused", Why: "Autotask refused it before: " + why}
}

// switchedOff says whose billing a person switched off: what was billed before stays billed.
func (p *planner) switchedOff(a *account) string {
	for _, c := range p.months[a.month].Off {
		if slices.Contains(a.customers, c) {
			return p.customerName(c)
		}
	}
	return ""
}

// reportOff names the difference that is left when part of what was billed is switched off; all of it being off is no difference.
func (p *planner) reportOff(a *account, b *book, rest money.Decimal, who string) {
	if len(b.wanted()) == 0 {
		return
	}
	what, customer, called := b.lead().name()
	p.find(billing.Finding{Kind: billing.FindingPosted, Subject: a.subject() + "/" + b.contract, CustomerID: customer, Customer: called,
		Message: fmt.Sprintf("%s: %s was posted with %s, and %s are asked for now that billing of something of %s is switched off. What was billed stays billed.",
			what, a.month, a.money(b.charged()), a.money(b.charged().Add(rest)), who),
		Remedy: "Charge or credit the difference by hand if it is owed.", Money: a.money(rest)})
}
