package plan

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// autotask is a model of the target for tests: what it stores, what it refuses, what it shows (Autotask sheet §5.5, §5.6, §10.4, §10.5).
// The zero switches are the defaults of §10.5.
type autotask struct {
	day          billing.Date
	overlap      bool // split=overlap: a row keeps its end when a later one starts inside it
	fullPartial  bool // partialPrice=full: rows of a part of a period are not prorated
	contractSpan bool // rows span the contract's period, not the service's

	contracts []billing.Contract
	services  []billing.Service
	lines     []*modelLine
	charges   []billing.Charge
	next      int
}

// modelLine is a contract service with the adjustments it was made by.
type modelLine struct {
	id            billing.ContractServiceID
	contract      billing.ContractID
	service       billing.ServiceID
	mark          string
	adjustments   []modelAdjustment // ordered by date
	postedRows    map[billing.Date]billing.UnitRow
	postedPeriods []billing.Period
}

type modelAdjustment struct {
	date  billing.Date
	delta int64
	price *money.Amount
}

const horizonMonths = 14

func (m *autotask) newID() string {
	m.next++
	return strconv.Itoa(m.next)
}

func (m *autotask) contract(id billing.ContractID) *billing.Contract {
	for i := range m.contracts {
		if m.contracts[i].ID == id {
			return &m.contracts[i]
		}
	}
	return nil
}

func (m *autotask) service(id billing.ServiceID) *billing.Service {
	for i := range m.services {
		if m.services[i].ID == id {
			return &m.services[i]
		}
	}
	return nil
}

func (m *autotask) line(id billing.ContractServiceID) *modelLine {
	for _, l := range m.lines {
		if l.id == id {
			return l
		}
	}
	return nil
}

func (m *autotask) spanOf(l *modelLine) billing.PeriodType {
	if m.contractSpan {
		return m.contract(l.contract).PeriodType
	}
	return m.service(l.service).PeriodType
}

func (l *modelLine) unitsOn(d billing.Date) int64 {
	var units int64
	for _, a := range l.adjustments {
		if !a.date.After(d) {
			units += a.delta
		}
	}
	return units
}

// priceOn is the price in force: the last adjusted one, else the catalogue's.
func (m *autotask) priceOn(l *modelLine, d billing.Date) money.Amount {
	price := m.service(l.service).UnitPrice
	for _, a := range l.adjustments {
		if !a.date.After(d) && a.price != nil {
			price = *a.price
		}
	}
	return price
}

// worthOn is what a whole period costs with the units and the price of a day.
func (m *autotask) worthOn(l *modelLine, d billing.Date) money.Amount {
	return m.priceOn(l, d).Mul(money.Int(l.unitsOn(d)))
}

// attach is a POST of a contract service: no quantity, and refused when the service is on the contract already.
func (m *autotask) attach(contract billing.ContractID, service billing.ServiceID, mark string) (billing.ContractServiceID, error) {
	if m.contract(contract) == nil || m.service(service) == nil {
		return "", fmt.Errorf("reference to contract %q or service %q does not exist", contract, service)
	}
	for _, l := range m.lines {
		if l.contract == contract && l.service == service {
			return "", fmt.Errorf("service %s is already on contract %s", service, contract)
		}
	}
	return m.addLine(contract, service, mark).id, nil
}

func (m *autotask) addLine(contract billing.ContractID, service billing.ServiceID, mark string) *modelLine {
	l := &modelLine{id: billing.ContractServiceID(m.newID()), contract: contract, service: service, mark: mark, postedRows: map[billing.Date]billing.UnitRow{}}
	m.lines = append(m.lines, l)
	return l
}

// adjust is a POST of an adjustment with everything Autotask refuses.
func (m *autotask) adjust(id billing.ContractServiceID, date billing.Date, delta int64, price *money.Amount) error {
	l := m.line(id)
	if l == nil {
		return fmt.Errorf("contract service %q does not exist", id)
	}
	c := m.contract(l.contract)
	if date.Before(c.Start) || date.After(c.End) {
		return fmt.Errorf("date %s is not within the contract (%s to %s)", date, c.Start, c.End)
	}
	if delta == 0 && price == nil {
		return fmt.Errorf("the adjustment of line %s on %s changes nothing", id, date)
	}
	after := &modelLine{adjustments: append(slices.Clone(l.adjustments), modelAdjustment{date, delta, price})}
	for _, a := range l.adjustments {
		if a.date == date {
			return fmt.Errorf("line %s already has an adjustment on %s", id, date)
		}
		if !a.date.Before(date) && after.unitsOn(a.date) < 0 {
			return fmt.Errorf("line %s: units would be negative on %s", id, a.date)
		}
	}
	if after.unitsOn(date) < 0 {
		return fmt.Errorf("line %s: units would be negative on %s", id, date)
	}
	l.adjustments = after.adjustments
	sort.SliceStable(l.adjustments, func(i, j int) bool { return l.adjustments[i].date.Before(l.adjustments[j].date) })
	return nil
}

// rows generates the unit rows of a line (§10.5).
func (m *autotask) rows(l *modelLine) []billing.UnitRow {
	return m.rowsUntil(l, m.day.AddMonths(horizonMonths))
}

// rowsUntil generates them for the periods that begin up to a day.
func (m *autotask) rowsUntil(l *modelLine, last billing.Date) []billing.UnitRow {
	if len(l.adjustments) == 0 {
		return nil
	}
	c, t := m.contract(l.contract), m.spanOf(l)
	first := l.adjustments[0].date
	last = earlier(earlier(last, m.day.AddMonths(horizonMonths)), c.End)
	var rows []billing.UnitRow
	for p := t.PeriodAt(c.Start, first); !p.Start.After(last); p = t.PeriodAt(c.Start, p.End) {
		end := earlier(p.End, c.End.AddDays(1))
		cuts := []billing.Date{billing.Later(p.Start, first)}
		for _, a := range l.adjustments {
			if a.date.After(cuts[len(cuts)-1]) && a.date.Before(end) {
				cuts = append(cuts, a.date)
			}
		}
		for i, start := range cuts {
			rowEnd := end
			if i+1 < len(cuts) && !m.overlap {
				rowEnd = cuts[i+1]
			}
			rows = append(rows, m.row(l, billing.Period{Start: start, End: rowEnd}, p))
		}
	}
	return rows
}

func (m *autotask) row(l *modelLine, span, whole billing.Period) billing.UnitRow {
	r := billing.UnitRow{ID: string(l.id) + strings.ReplaceAll(span.Start.String(), "-", ""), Period: span, Units: l.unitsOn(span.Start), Price: m.worthOn(l, span.Start)}
	if !m.fullPartial && span != whole {
		value, _ := r.Price.Value().Mul(money.Int(int64(span.Days()))).Div(money.Int(int64(whole.Days())), 4, money.HalfAwayFromZero)
		r.Price = money.Of(value, r.Price.Currency())
	}
	if stored, posted := l.postedRows[span.Start]; posted {
		r.Units, r.Price, r.Posted = stored.Units, stored.Price, true
	}
	return r
}

// post is approve-and-post in the user interface: the rows of all periods that start up to a day keep what they say.
func (m *autotask) post(l *modelLine, until billing.Date) {
	c, t := m.contract(l.contract), m.spanOf(l)
	for _, r := range m.rows(l) {
		p := t.PeriodAt(c.Start, r.Period.Start)
		if p.Start.After(until) {
			continue
		}
		if _, done := l.postedRows[r.Period.Start]; !done {
			l.postedRows[r.Period.Start] = r
		}
		if !slices.Contains(l.postedPeriods, p) {
			l.postedPeriods = append(l.postedPeriods, p)
		}
	}
}

func (m *autotask) isPosted(l *modelLine, d billing.Date) bool {
	return slices.ContainsFunc(l.postedPeriods, func(p billing.Period) bool { return p.Contains(d) })
}

// read shows what the reader of the target reads: for each line the rows from the period that contains the day to the end of the next.
func (m *autotask) read() billing.Observed { return m.readFrom(m.day) }

// readFrom reads from the period that contains an earlier day.
func (m *autotask) readFrom(from billing.Date) billing.Observed {
	o := billing.Observed{Contracts: slices.Clone(m.contracts), Services: slices.Clone(m.services), Charges: slices.Clone(m.charges)}
	for _, l := range m.lines {
		line := billing.ContractService{ID: l.id, ContractID: l.contract, ServiceID: l.service, Mark: l.mark, RowsFrom: from}
		c, t := m.contract(l.contract), m.service(l.service).PeriodType
		now := t.PeriodAt(c.Start, earlier(billing.Later(m.day, c.Start), c.End))
		until := t.PeriodAt(c.Start, now.End).End
		begin := earlier(now.Start, t.PeriodAt(c.Start, billing.Later(from, c.Start)).Start)
		var before []billing.UnitRow
		for _, r := range m.rowsUntil(l, until) {
			switch {
			case !r.Period.End.After(begin):
				before = []billing.UnitRow{r}
			case r.Period.Start.Before(until):
				line.Rows = append(line.Rows, r)
			}
		}
		if len(line.Rows) == 0 {
			line.Rows = before
		}
		o.Lines = append(o.Lines, line)
	}
	return o
}

// bench is a model together with the memory that the engine keeps of it.
type bench struct {
	at     *autotask
	memory Memory
	done   map[string]bool // ids of the applied changes
}

func newBench(day billing.Date) *bench {
	return &bench{at: &autotask{day: day}, done: map[string]bool{},
		memory: Memory{Contracts: map[string]billing.ContractID{}, Services: map[string]billing.ServiceID{}}}
}

// apply sends one change the way the engine does: resolve marks to ids, write, remember.
func (b *bench) apply(c Change) error {
	for _, id := range c.Requires {
		if !b.done[id] {
			return fmt.Errorf("%s of %s requires %s, which was not applied before it", c.Kind, c.What, id)
		}
	}
	if c.Contract.ID == "" {
		c.Contract.ID = string(b.memory.Contracts[c.Contract.Mark])
	}
	if c.Service.ID == "" {
		c.Service.ID = string(b.memory.Services[c.Service.Mark])
	}
	if a, found := b.remembered(c.LineKey); found && c.Line.ID == "" && c.LineKey != "" && c.Kind != AttachService && c.Kind != AddRepeat {
		c.Line.ID = string(a.LineID)
	}
	id, err := b.send(c)
	if err != nil {
		return fmt.Errorf("%s %s from %s (%s): %w", c.Kind, c.What, c.Effective, c.Reason, err)
	}
	b.learn(c, id)
	b.done[c.ID] = true
	return nil
}

func (b *bench) send(c Change) (string, error) {
	switch c.Kind {
	case CreateContract:
		d := c.NewContract
		created := billing.Contract{ID: billing.ContractID(b.at.newID()), Mark: d.Mark, CompanyID: d.CompanyID, Name: d.Name, PeriodType: d.PeriodType,
			Active: true, Recurring: true, Start: d.Start, End: d.End}
		b.at.contracts = append(b.at.contracts, created)
		return string(created.ID), nil
	case ExtendContract:
		contract := b.at.contract(billing.ContractID(c.Contract.ID))
		if contract == nil || !contract.End.Before(c.After.End) {
			return "", fmt.Errorf("the contract cannot be extended to %s", c.After.End)
		}
		contract.End = c.After.End
		return c.Contract.ID, nil
	case CreateService:
		d := c.NewService
		created := billing.Service{ID: billing.ServiceID(b.at.newID()), Mark: d.Mark, Name: d.Name, PeriodType: d.PeriodType, UnitPrice: d.UnitPrice, Active: true}
		b.at.services = append(b.at.services, created)
		return string(created.ID), nil
	case CreateCharge, CorrectCharge:
		return b.sendCharge(c)
	case RemoveCharge:
		return b.sendRemoval(c)
	}
	return b.sendLine(c)
}

func (b *bench) sendCharge(c Change) (string, error) {
	d := c.NewCharge
	if contract := b.at.contract(billing.ContractID(c.Contract.ID)); contract == nil || d.Date.Before(contract.Start) || d.Date.After(contract.End) {
		return "", fmt.Errorf("charge on %s is outside contract %q", d.Date, c.Contract.ID)
	}
	charge := billing.Charge{ID: billing.ChargeID(c.Charge.ID), ContractID: billing.ContractID(c.Contract.ID), Mark: d.Mark, Name: d.Name,
		Date: d.Date, Quantity: d.Quantity, UnitPrice: d.UnitPrice}
	for i, standing := range b.at.charges {
		if c.Kind == CorrectCharge && standing.ID == charge.ID {
			if standing.Billed {
				return "", fmt.Errorf("charge %s is billed", charge.ID)
			}
			b.at.charges[i] = charge
			return c.Charge.ID, nil
		}
	}
	if c.Kind == CorrectCharge {
		return "", fmt.Errorf("charge %q does not exist", charge.ID)
	}
	charge.ID = billing.ChargeID(b.at.newID())
	b.at.charges = append(b.at.charges, charge)
	return string(charge.ID), nil
}

// sendRemoval deletes a charge; one that is billed cannot be deleted (Autotask sheet §5.9).
func (b *bench) sendRemoval(c Change) (string, error) {
	i := slices.IndexFunc(b.at.charges, func(x billing.Charge) bool { return string(x.ID) == c.Charge.ID })
	if i < 0 || b.at.charges[i].Billed || string(b.at.charges[i].ContractID) != c.Contract.ID {
		return "", fmt.Errorf("charge %q cannot be deleted from contract %q", c.Charge.ID, c.Contract.ID)
	}
	b.at.charges = slices.Delete(b.at.charges, i, i+1)
	return c.Charge.ID, nil
}

func (b *bench) sendLine(c Change) (string, error) {
	contract, service := billing.ContractID(c.Contract.ID), billing.ServiceID(c.Service.ID)
	switch c.Kind {
	case AttachService:
		id, err := b.at.attach(contract, service, c.Line.Mark)
		return string(id), err
	case AddRepeat:
		l := b.at.addLine(contract, service, "")
		return string(l.id), b.at.adjust(l.id, c.Effective, c.Adjust.UnitChange, c.Adjust.UnitPrice)
	case MarkLine:
		l := b.at.line(billing.ContractServiceID(c.Line.ID))
		if l == nil {
			return "", fmt.Errorf("contract service %q does not exist", c.Line.ID)
		}
		l.mark = c.Line.Mark
		return c.Line.ID, nil
	}
	return "", b.at.adjust(billing.ContractServiceID(c.Line.ID), c.Effective, c.Adjust.UnitChange, c.Adjust.UnitPrice)
}

func (b *bench) remembered(key string) (Applied, bool) {
	i := slices.IndexFunc(b.memory.Lines, func(a Applied) bool { return a.LineKey == key })
	if i < 0 {
		return Applied{LineKey: key}, false
	}
	return b.memory.Lines[i], true
}

// learn keeps what the engine keeps of an applied change.
func (b *bench) learn(c Change, id string) {
	switch c.Kind {
	case CreateContract, ExtendContract:
		b.memory.Contracts[c.Contract.Mark] = billing.ContractID(id)
		return
	case CreateService:
		b.memory.Services[c.Service.Mark] = billing.ServiceID(id)
		return
	case CreateCharge, CorrectCharge, RemoveCharge:
		var before Charged
		b.memory.Charges = slices.DeleteFunc(b.memory.Charges, func(paper Charged) bool {
			if paper.Key == c.ChargeKey {
				before = paper
			}
			return paper.Key == c.ChargeKey
		})
		b.memory.Charges = append(b.memory.Charges, before.After(c, id))
		return
	}
	a, known := b.remembered(c.LineKey)
	a.CustomerID, a.Customer, a.What = c.CustomerID, c.Customer, c.What
	a.ContractID, a.ServiceID = billing.ContractID(c.Contract.ID), billing.ServiceID(c.Service.ID)
	a.LineID = billing.ContractServiceID(c.Line.ID)
	if c.Kind == AttachService || c.Kind == AddRepeat {
		a.LineID = billing.ContractServiceID(id)
	}
	if c.Kind == AttachService || c.Kind == AddRepeat {
		a.Shares, a.Moves = nil, nil // another instance
	}
	a.Marked = a.Marked && c.Kind != AddRepeat || c.Kind == AttachService || c.Kind == MarkLine
	switch {
	case c.Kind == AttachService:
	case c.Kind == MarkLine:
		if !known {
			a.Units, a.From = c.After.Units, b.at.day
			a = a.After(c)
		}
	default:
		a = a.After(c)
	}
	if i := slices.IndexFunc(b.memory.Lines, func(x Applied) bool { return x.LineKey == c.LineKey }); i >= 0 {
		b.memory.Lines[i] = a
		return
	}
	b.memory.Lines = append(b.memory.Lines, a)
}

// String shows the lines for failure messages.
func (m *autotask) String() string {
	var out string
	for _, l := range m.lines {
		out += fmt.Sprintf("line %s mark %s contract %s posted %v\n", l.id, l.mark, l.contract, l.postedPeriods)
		for _, a := range l.adjustments {
			out += fmt.Sprintf("  %s %+d %s\n", a.date, a.delta, amountText(a.price))
		}
		for _, r := range m.rows(l)[:min(6, len(m.rows(l)))] {
			out += fmt.Sprintf("    %s %d %s %t\n", r.Period, r.Units, r.Price, r.Posted)
		}
	}
	return out
}
