package plan

import (
	"cmp"
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// book is the part of an account that stands on one contract, or is to stand there.
type book struct {
	contract  string
	company   billing.CompanyID
	originals []*item
	trueUps   []*item // ordered by number
	moved     bool    // what was billed here would now be charged to another company: nothing of it is touched
	guests    []*item // wanted otherwise or elsewhere, but their money was billed here already: only the difference is charged, here
}

// booksOf splits an account by contract, in order, and adds true-ups that the ledger does not know but that carry our mark: a person may
// have entered one that Autotask did not take from us.
func (p *planner) booksOf(a *account) []*book {
	byContract := map[string]*book{}
	var books []*book
	for _, e := range a.items {
		b := byContract[e.contract]
		if b == nil {
			b = &book{contract: e.contract, company: e.company}
			byContract[e.contract] = b
			books = append(books, b)
		}
		if e.number > 0 {
			b.trueUps = append(b.trueUps, e)
		} else {
			b.originals = append(b.originals, e)
		}
	}
	slices.SortFunc(books, func(a, b *book) int { return compareIDs(a.contract, b.contract) })
	for _, b := range books {
		p.findTrueUps(a, b)
		slices.SortFunc(b.trueUps, func(a, b *item) int { return cmp.Compare(a.number, b.number) })
	}
	return books
}

func (p *planner) findTrueUps(a *account, b *book) {
	for n := b.lastNumber() + 1; ; n++ {
		key := billing.TrueUpKey(a.kind, billing.ContractID(b.contract), a.month, a.currency, n)
		mark := billing.ChargeMark(p.in.Organization, key)
		found := p.charges[mark]
		if len(found) != 1 || found[0].UnitPrice.Currency() != a.currency {
			return
		}
		b.trueUps = append(b.trueUps, &item{key: key, mark: mark, kind: a.kind, number: n, found: found, contract: b.contract, company: b.company})
	}
}

func (b *book) lastNumber() int {
	last := 0
	for _, e := range b.trueUps {
		last = max(last, e.number)
	}
	return last
}

// isBilled reports whether an original of the book was billed: what is wrong with it can only be made good by a true-up (law 8).
func (b *book) isBilled() bool { return slices.ContainsFunc(b.originals, (*item).billed) }

// outlived gives a billed charge that nothing asks for any more: what is asked for instead was billed with it.
func (b *book) outlived() *item {
	i := slices.IndexFunc(b.originals, func(e *item) bool { return e.billed() && e.want == nil })
	if i < 0 {
		return nil
	}
	return b.originals[i]
}

// surplus is how much more was billed on the contract than is wanted there.
func (b *book) surplus() money.Decimal {
	var sum money.Decimal
	for _, e := range b.originals {
		if e.billed() {
			sum = sum.Add(e.amount())
		}
		sum = sum.Sub(e.wants())
	}
	for _, e := range b.trueUps {
		if e.billed() || !e.stands() {
			sum = sum.Add(e.amount())
		}
	}
	return sum
}

// host finds the book that holds the money of a charge that was never written: its own, when a billed charge there is not asked for any
// more, or another one that was billed for more than is wanted there. None: the charge is written.
func (b *book) host(books []*book) *book {
	if b.outlived() != nil {
		return b
	}
	var host *book
	for _, other := range books {
		holds := other != b && other.isBilled() && other.surplus().Sign() > 0
		if holds && (host == nil || host.company != b.company && other.company == b.company) {
			host = other
		}
	}
	return host
}

// house decides for every charge that was never written whether it is. Money that was billed under another grouping or route is not billed
// again (law 3); when it was billed to another company, moving it is a person's decision.
func (p *planner) house(a *account, books []*book) {
	var moved []*item
	var from *book
	for _, b := range books {
		for _, e := range b.originals {
			if !e.isNew() {
				continue
			}
			host := b.host(books)
			switch {
			case host == nil:
			case host.company != "" && b.company != "" && host.company != b.company:
				e.guest, host.moved, from = true, true, host
				moved = append(moved, e)
			default:
				e.guest = true
				host.guests = append(host.guests, e)
				p.rebook(e, billing.Billed, host.answers())
			}
		}
	}
	if len(moved) > 0 {
		p.reportMoved(a, from, moved)
	}
}

// capped leaves out what would be added to an account of which something was billed to another company than it would be charged to now, when
// more would be charged in all than is wanted.
func (p *planner) capped(a *account, books []*book, steps []Change) []Change {
	if !slices.ContainsFunc(books, func(b *book) bool { return b.moved }) {
		return steps
	}
	var over money.Decimal
	for _, e := range a.items {
		over = over.Add(e.amount()).Sub(e.wants())
	}
	for _, c := range steps {
		over = over.Add(c.OneOff.Value())
	}
	if over.Sign() <= 0 {
		return steps
	}
	return slices.DeleteFunc(steps, func(c Change) bool {
		if added := c.OneOff.Sign() > 0; added && c.Kind == CreateCharge {
			p.rebooked[c.ChargeKey] = Rebooking{billing.HeldBack, string(billing.FindingDuplicate) + "/" + a.subject()}
		}
		return c.OneOff.Sign() > 0
	})
}

// answers names the charge that billed what guests ask for.
func (b *book) answers() string {
	if e := b.outlived(); e != nil {
		return e.key
	}
	return b.originals[slices.IndexFunc(b.originals, (*item).billed)].key
}

// reportMoved says where a month was billed that would now be charged to another company.
func (p *planner) reportMoved(a *account, from *book, moved []*item) {
	var stands, wanted money.Decimal
	charges := ""
	for _, e := range slices.Concat(from.originals, from.trueUps) {
		if e.billed() {
			stands = stands.Add(e.amount())
			charges += ", " + string(e.found[0].ID)
		}
	}
	for _, e := range moved {
		wanted = wanted.Add(e.wants())
	}
	what, customer, called := moved[0].name()
	f := billing.Finding{Kind: billing.FindingDuplicate, Subject: a.subject(), CustomerID: customer, Customer: called,
		Message: fmt.Sprintf("%s: %s was charged to company %s before: %s, posted as charge %s on contract %s. The customer is mapped to company %s now, where %s would be charged. Nothing is.",
			what, a.month, from.company, a.money(stands), charges[2:], from.contract, moved[0].company, a.money(wanted)),
		Remedy: "Leave it, and the change holds from the next month on; or credit the one company and charge the other by hand in Autotask.",
		Money:  a.money(wanted.Sub(stands))}
	p.find(f)
	for _, e := range moved {
		p.rebook(e, billing.HeldBack, f.ID())
	}
}

// settle gives the steps after which a book comes to what is wanted: open charges are corrected, created or removed, billed ones made good
// by a true-up. While a billed charge holds what is wanted otherwise, open ones beside it stay.
func (p *planner) settle(a *account, b *book) []Change {
	var steps []Change
	var rest money.Decimal // what true-ups have to come to
	step := func(c Change, ok bool) {
		if ok {
			steps = append(steps, c)
		}
	}
	for _, e := range b.originals {
		switch {
		case e.guest:
		case !e.stands():
			step(p.createCharge(e))
		case e.billed():
			rest = rest.Add(e.wants()).Sub(e.amount())
		case e.want != nil:
			step(p.correctCharge(a, e))
		case len(b.guests) > 0:
			rest = rest.Sub(e.amount())
		default:
			step(p.takeBack(a, e))
		}
	}
	for _, e := range b.guests {
		rest = rest.Add(e.wants())
	}
	for _, e := range b.trueUps {
		if e.stands() || b.isBilled() {
			rest = rest.Sub(e.amount())
		}
	}
	if b.moved {
		return slices.DeleteFunc(steps, func(c Change) bool { return c.Kind != CreateCharge })
	}
	if !rest.IsZero() && !b.isRounding(rest) {
		step(p.trueUp(a, b, rest))
	}
	return steps
}

// isRounding recognises the cents that another grouping of the same cost rounds to.
func (b *book) isRounding(rest money.Decimal) bool {
	wanted := b.wanted()
	most := money.New(int64(len(wanted)+len(b.originals)), -roundedPlaces)
	cost, known := b.costRest(nil)
	return len(b.guests) > 0 && known && cost.Abs().Cmp(most) <= 0 && rest.Abs().Cmp(most) <= 0
}

// costRest is how much more what true-ups have to make good costs than what was charged, one true-up left out; known when costs are.
func (b *book) costRest(open *item) (rest money.Decimal, known bool) {
	for _, e := range b.wanted() {
		known = known || !e.want.UnitCost.IsZero()
		if e.guest || e.billed() {
			rest = rest.Add(amountOf(e.want.Quantity, e.want.UnitCost).Value())
		}
	}
	for _, e := range slices.Concat(b.originals, b.trueUps) {
		if e != open && (e.number > 0 || e.billed() || e.stands() && e.want == nil && len(b.guests) > 0) {
			rest = rest.Sub(e.cost())
		}
	}
	return rest, known
}

// take puts the steps of an account into the plan. What adds money waits for everything that takes money back, because it may be the same
// money; and when nothing may be taken back, nothing that waits for it is added.
func (p *planner) take(a *account, steps []Change) {
	var less, undone, more []Change // undone: credits taken back
	var back money.Decimal
	for _, c := range steps {
		switch {
		case !c.reduces():
			more = append(more, c)
			continue
		case c.OneOff.Sign() < 0:
			less = append(less, c)
		default:
			undone = append(undone, c)
		}
		back = back.Add(c.OneOff.Value())
	}
	if why := p.mayNotReduce(a); why != "" && len(less)+len(undone) > 0 {
		p.withhold(a, more, a.money(back), why)
		return
	}
	ids := p.addAll(phaseTakeBack, less, nil)
	ids = append(ids, p.addAll(phaseUndo, undone, ids)...)
	p.addAll(phaseCharges, more, ids)
}

// addAll adds changes that wait for others, and gives their ids.
func (p *planner) addAll(phase int, changes []Change, after []string) []string {
	var ids []string
	for _, c := range changes {
		c.Requires = slices.Concat(c.Requires, after)
		if id := p.add(phase, c); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// mayNotReduce says why nothing of an account may be taken back: it is not known whether it is still owed (law 2).
func (p *planner) mayNotReduce(a *account) string {
	month := p.months[a.month]
	for _, c := range a.customers {
		if p.incompleteFor(c) {
			return "the source could not be read whole"
		}
		if slices.Contains(month.Held, c) {
			return "a finding holds something that Microsoft bills for the month"
		}
	}
	if len(month.Unread) > 0 {
		return "its data could not be read whole: " + month.Unread[0]
	}
	return ""
}

func (p *planner) withhold(a *account, more []Change, back money.Amount, why string) {
	customer, called := p.who(a)
	f := billing.Finding{Kind: billing.FindingIncomplete, Subject: a.subject(), CustomerID: customer, Customer: called,
		Message: fmt.Sprintf("Of what was charged for %s, %s would be taken back, but %s. Nothing is changed.", a.month, back.Neg(), why),
		Remedy:  "Mend what the other findings say and plan again.", Money: back}
	p.find(f)
	for _, c := range more {
		if c.Kind == CreateCharge {
			p.rebooked[c.ChargeKey] = Rebooking{billing.HeldBack, f.ID()}
		}
	}
}
