package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// account is everything that the same customers were and are to be charged for one month: of one kind and in one currency. All of it together
// comes to what Microsoft's data give for the month, whatever contracts and groupings it was charged under (law 3).
type account struct {
	kind      string
	month     billing.Month
	currency  money.Currency
	customers []billing.CustomerID // in order
	items     []*item              // ordered by key
}

// item is one charge of an account: wanted, in our ledger, standing in the target, or several of these. A charge made by hand is none: it
// has neither our mark nor a place in the ledger.
type item struct {
	key      string
	mark     string
	kind     string
	number   int // 0: an original; n: the nth true-up
	want     *billing.DesiredCharge
	paper    *Charged
	found    []billing.Charge // what stands in the target with the mark or the id
	contract string           // id, or mark of one that is not there yet
	company  billing.CompanyID
	guest    bool // not written: a charge that was billed elsewhere already holds its money
}

func (e *item) stands() bool { return len(e.found) == 1 }
func (e *item) billed() bool { return e.stands() && e.found[0].Billed }
func (e *item) isNew() bool  { return e.want != nil && !e.stands() }

// wants is what is asked for.
func (e *item) wants() money.Decimal {
	if e.want == nil {
		return money.Decimal{}
	}
	return amountOf(e.want.Quantity, e.want.UnitPrice).Value()
}

// wrote is what Spindle wrote last, and whether it is known.
func (e *item) wrote() (money.Decimal, bool) {
	if e.paper == nil || e.paper.Amount.Currency() == "" {
		return money.Decimal{}, false
	}
	return e.paper.Amount.Value(), true
}

// amount is what the charge bills: what stands, and what the ledger says where the target merely rounded that (Autotask sheet §5.9) or
// where a person deleted it.
func (e *item) amount() money.Decimal {
	wrote, known := e.wrote()
	if !e.stands() {
		return wrote
	}
	stands := amountOf(e.found[0].Quantity, e.found[0].UnitPrice).Value()
	if known && stands.Equal(wrote.Round(roundedPlaces, money.HalfAwayFromZero)) {
		return wrote
	}
	return stands
}

// cost is what the charge costs us, zero when it is not known.
func (e *item) cost() money.Decimal {
	if e.paper == nil {
		return money.Decimal{}
	}
	return e.paper.Cost.Value()
}

// roundedPlaces are the fewest decimals a target keeps of a charge.
const roundedPlaces = 2

// name gives the words for an item, and whose it is.
func (e *item) name() (what string, customer billing.CustomerID, called string) {
	switch {
	case e.want != nil:
		return e.want.Name, e.want.CustomerID, e.want.Customer
	case e.paper != nil && e.paper.Name != "":
		return e.paper.Name, e.paper.CustomerID, e.paper.Customer
	case e.stands():
		return e.found[0].Name, "", ""
	}
	return e.key, "", ""
}

func (e *item) monthOf() billing.Month {
	if e.want != nil {
		return e.want.Month
	}
	return e.paper.Month
}

func (e *item) currency() money.Currency {
	switch _, known := e.wrote(); {
	case e.want != nil:
		return e.want.UnitPrice.Currency()
	case known:
		return e.paper.Amount.Currency()
	case e.stands():
		return e.found[0].UnitPrice.Currency()
	}
	return ""
}

func (e *item) customers() []billing.CustomerID {
	var all []billing.CustomerID
	if e.want != nil {
		all = e.want.Customers()
	}
	if e.paper != nil {
		all = append(append(all, e.paper.CustomerID), e.paper.Customers...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// chargeItems gathers what is wanted and what the ledger holds of the months that were rated, ordered by key.
func (p *planner) chargeItems() []*item {
	byKey := map[string]*item{}
	at := func(key, mark string) *item {
		if byKey[key] == nil {
			e := &item{key: key, mark: mark}
			e.kind, e.number = billing.ParseChargeKey(key)
			byKey[key] = e
		}
		return byKey[key]
	}
	for i := range p.in.Desired.Charges {
		c := &p.in.Desired.Charges[i]
		at(c.Key, c.Mark).want = c
	}
	for i := range p.in.Memory.Charges {
		paper := &p.in.Memory.Charges[i]
		if _, wanted := byKey[paper.Key]; paper.ID != "" && (wanted || p.isRated(paper)) {
			at(paper.Key, paper.Mark).paper = paper
		}
	}
	var items []*item
	for _, e := range byKey {
		p.locate(e)
		items = append(items, e)
	}
	slices.SortFunc(items, func(a, b *item) int { return cmp.Compare(a.key, b.key) })
	return items
}

// isRated reports whether the month of a written charge was rated, so that nobody asking for it means something (law 2).
func (p *planner) isRated(paper *Charged) bool {
	month, rated := p.months[paper.Month]
	kind, _ := billing.ParseChargeKey(paper.Key)
	return rated && paper.Month != "" && (month.Lines || kind != lineKind)
}

// lineKind is the kind of a charge that is one source line.
const lineKind = "line"

// locate finds what stands in the target for an item, and on which contract of which company.
func (p *planner) locate(e *item) {
	e.found = p.charges[e.mark]
	if e.paper != nil && len(e.found) == 0 {
		if known, found := p.chargeByID[e.paper.ID]; found {
			e.found = []billing.Charge{known} // somebody took our mark away
		}
	}
	if e.want != nil {
		e.contract, e.company = e.want.Contract.String(), e.want.CompanyID
		if contract, known := p.contract(e.want.Contract); known && contract.ID != "" {
			e.contract, e.company = string(contract.ID), contract.CompanyID
		}
	}
	if e.paper != nil && e.want == nil {
		e.contract, e.company = string(e.paper.ContractID), e.paper.CompanyID
	}
	if e.stands() && e.found[0].ContractID != "" {
		e.contract = string(e.found[0].ContractID)
	}
}

// party is one customer, or one contract, in the books of a kind, a month and a currency.
type party struct {
	kind     string
	month    billing.Month
	currency money.Currency
	customer billing.CustomerID
	contract string
}

// parties says who belongs together: each leads to another one, and in the end to the one that stands for all.
type parties map[party]party

func (ps parties) lead(c party) party {
	for ps[c] != (party{}) && ps[c] != c {
		c = ps[c]
	}
	return c
}

// link puts customers together with a contract.
func (ps parties) link(contract party, customers []billing.CustomerID) {
	for _, c := range customers {
		customer := contract
		customer.customer, customer.contract = c, ""
		ps[ps.lead(customer)] = ps.lead(contract)
	}
}

// accounts gathers items that have a customer or the contract in common, directly or through others: their money may have moved from one
// to the other. What was removed still tells whose money was together.
func (p *planner) accounts() []*account {
	together := parties{}
	customers := map[party][]billing.CustomerID{} // by contract
	join := func(contract party, of []billing.CustomerID) {
		together.link(contract, of)
		customers[contract] = append(customers[contract], of...)
	}
	items := p.chargeItems()
	for _, e := range items {
		join(e.party(), e.customers())
	}
	for i := range p.in.Memory.Charges {
		if paper := &p.in.Memory.Charges[i]; paper.ID == "" {
			join(paper.party(), paper.Customers)
		}
	}
	byLead := map[party]*account{}
	var accounts []*account
	for _, e := range items {
		at := together.lead(e.party())
		if byLead[at] == nil {
			byLead[at] = &account{kind: at.kind, month: at.month, currency: at.currency}
			accounts = append(accounts, byLead[at])
		}
		byLead[at].items = append(byLead[at].items, e)
	}
	for contract, of := range customers {
		if a := byLead[together.lead(contract)]; a != nil {
			a.customers = append(a.customers, of...)
		}
	}
	for _, a := range accounts {
		slices.Sort(a.customers)
		a.customers = slices.Compact(a.customers)
	}
	return accounts
}

func (e *item) party() party {
	return party{kind: e.kind, month: e.monthOf(), currency: e.currency(), contract: e.contract}
}

func (l *Charged) party() party {
	kind, _ := billing.ParseChargeKey(l.Key)
	return party{kind: kind, month: l.Month, currency: l.Amount.Currency(), contract: string(l.ContractID)}
}

// subject is the stable key of what a finding about the account is about.
func (a *account) subject() string {
	return strings.Join([]string{"charges", a.kind, string(a.month), string(a.currency), string(a.customers[0])}, "/")
}

func (a *account) money(value money.Decimal) money.Amount {
	return money.Of(value, a.currency).Round(pricePlaces, money.HalfAwayFromZero)
}

// who names an account's first customer.
func (p *planner) who(a *account) (billing.CustomerID, string) {
	for _, e := range a.items {
		if _, id, name := e.name(); id == a.customers[0] && name != "" {
			return id, name
		}
	}
	return a.customers[0], p.customerName(a.customers[0])
}

// planCharges brings every account to what is wanted.
func (p *planner) planCharges() {
	for _, a := range p.accounts() {
		if only := p.in.Customer; only != "" && !slices.Contains(a.customers, only) || p.isUnclear(a) {
			continue
		}
		p.leaveDeleted(a)
		books := p.booksOf(a)
		p.house(a, books)
		var steps []Change
		for _, b := range books {
			steps = append(steps, p.settle(a, b)...)
		}
		p.take(a, p.capped(a, books, steps))
	}
}

// isUnclear reports an account in which nobody can say what stands: one mark twice, or another currency. Nothing of it is touched.
func (p *planner) isUnclear(a *account) bool {
	id := ""
	for _, e := range a.items {
		switch {
		case len(e.found) > 1:
			id = p.itemFinding(e, billing.FindingDuplicate, fmt.Sprintf("%d charges in Autotask carry our mark %s.", len(e.found), e.mark),
				"Delete all but one in Autotask.")
		case e.stands() && e.found[0].UnitPrice.Currency() != a.currency:
			id = p.itemFinding(e, billing.FindingCurrency, fmt.Sprintf("The charge stands in %s but is now in %s.", e.found[0].UnitPrice.Currency(), a.currency),
				"Correct the currency of the company in Autotask.")
		}
	}
	for _, e := range a.items {
		if id != "" && e.isNew() {
			p.rebook(e, billing.HeldBack, id)
		}
	}
	return id != ""
}

// leaveDeleted takes out what a person deleted in Autotask: it is not written twice. A true-up that was deleted stays deleted too, so it
// keeps counting.
func (p *planner) leaveDeleted(a *account) {
	a.items = slices.DeleteFunc(a.items, func(e *item) bool {
		if e.paper == nil || e.stands() {
			return false
		}
		if e.want != nil || e.number > 0 {
			id := p.itemFinding(e, billing.FindingDrift, "The charge was deleted in Autotask after Spindle wrote it.",
				"Enter it by hand if it should be billed after all; Spindle does not write it twice.")
			p.rebook(e, billing.HeldBack, id)
		}
		return e.number == 0
	})
}

// rebook notes where the source lines of a desired charge end that is not written.
func (p *planner) rebook(e *item, outcome billing.Outcome, by string) {
	if e.want != nil {
		p.rebooked[e.key] = Rebooking{outcome, by}
	}
}

// itemFinding reports something about a charge and gives the finding's id.
func (p *planner) itemFinding(e *item, kind billing.FindingKind, message, remedy string) string {
	what, customer, called := e.name()
	amount := e.amount()
	if e.want != nil {
		amount = e.wants()
	}
	f := billing.Finding{Kind: kind, Subject: e.key, CustomerID: customer, Customer: called, Message: what + ": " + message, Remedy: remedy,
		Money: money.Of(amount, e.currency())}
	p.find(f)
	return f.ID()
}
