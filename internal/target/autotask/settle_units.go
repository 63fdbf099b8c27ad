package autotask

import (
	"cmp"
	"context"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/target"
)

// horizonMonths is how far ahead Autotask surely shows rows; what takes effect later cannot be seen (Autotask sheet §10.5).
const horizonMonths = 12

// unitRows reads every row of one contract service. Amounts carry no currency: they are only compared.
func (t *Target) unitRows(ctx context.Context, id string) (billing.ContractService, error) {
	ids, bad := parseIDs([]string{id})
	if len(bad) > 0 {
		return billing.ContractService{}, fault.Invalidf("%q is not an Autotask id", id)
	}
	wire, err := query[wireUnits](ctx, t, "ContractServiceUnits", unitFields(), idIs("contractServiceID", ids[0]))
	if err != nil {
		return billing.ContractService{}, err
	}
	r := reading{t: t, rows: map[int64][]wireUnits{ids[0]: wire}}
	line := billing.ContractService{ID: billing.ContractServiceID(id)}
	line.Rows = r.rowsOf(wireLine{ID: wireID{ids[0], true}}, "")
	if len(r.gaps) > 0 {
		return billing.ContractService{}, fault.Transientf("unit rows of contract service %s cannot be read: %s", id, r.gaps[0].Why)
	}
	return line, nil
}

// settleAdjustment compares the rows at the effective date with the states before and after: adjustments themselves cannot be read
// (Autotask sheet §5.5).
func (t *Target) settleAdjustment(ctx context.Context, c plan.Change) (target.Settlement, error) {
	if c.Adjust == nil {
		return target.Settlement{}, incomplete(c, "adjustment")
	}
	line, err := t.unitRows(ctx, c.Line.ID)
	if err != nil {
		return target.Settlement{}, err
	}
	if s, blind := t.blind(c, line); blind {
		return s, nil
	}
	if c.Adjust.UnitChange == 0 {
		return t.settlePrice(ctx, c, line)
	}
	units, _ := line.UnitsOn(c.Effective)
	switch units {
	case c.After.Units:
		return happened("", "contract service %s has %d units on %s", c.Line.ID, units, c.Effective), nil
	case c.Before.Units:
		return didNot("contract service %s still has %d units on %s", c.Line.ID, units, c.Effective), nil
	}
	return unsure("contract service %s has %d units on %s, neither %d nor %d", c.Line.ID, units, c.Effective, c.Before.Units, c.After.Units), nil
}

// blind reports days whose rows cannot show the change: a posted row keeps its values, and rows may not reach that far yet.
func (t *Target) blind(c plan.Change, line billing.ContractService) (target.Settlement, bool) {
	row, found := line.RowOn(c.Effective)
	switch {
	case found && row.Period.Contains(c.Effective) && row.Posted:
		return unsure("the row of contract service %s that holds %s is posted and would not show the change", c.Line.ID, c.Effective), true
	case found && !row.Period.Contains(c.Effective):
		return unsure("contract service %s has no row for %s, the last one ends on %s", c.Line.ID, c.Effective, row.Period.LastDay()), true
	case len(line.Rows) == 0 && c.Effective.After(t.today().AddMonths(horizonMonths)):
		return unsure("contract service %s has no rows, and %s is too far ahead for one", c.Line.ID, c.Effective), true
	}
	return target.Settlement{}, false
}

// settlePrice compares the price per unit of rows that cover a full period, or failing that, of the part of a period that the change
// begins.
func (t *Target) settlePrice(ctx context.Context, c plan.Change, line billing.ContractService) (target.Settlement, error) {
	if c.Adjust.UnitPrice == nil {
		return t.settleCost(ctx, c, line)
	}
	p, err := t.periodsOf(ctx, c)
	if err != nil {
		return target.Settlement{}, err
	}
	full := p.fullRows(c, line)
	if len(full) == 0 {
		return p.settlePart(c, line), nil
	}
	row := full[0]
	switch {
	case matches(row.Price, row.Units, c.Adjust.UnitPrice):
		return happened("", "the row from %s shows %s per unit", row.Period.Start, c.Adjust.UnitPrice), nil
	case c.Before.UnitPrice == nil || matches(row.Price, row.Units, c.Before.UnitPrice):
		return didNot("the row from %s shows %s for %d units, not %s per unit", row.Period.Start, row.Price, row.Units, c.Adjust.UnitPrice), nil
	}
	return unsure("the row from %s shows %s for %d units: neither %s nor %s per unit", row.Period.Start, row.Price, row.Units, c.Before.UnitPrice, c.Adjust.UnitPrice), nil
}

// settleCost settles an adjustment of the cost alone. The state before is not known: a row that shows another cost proves that the
// change did not happen, and setting the same cost twice would not add anything.
func (t *Target) settleCost(ctx context.Context, c plan.Change, line billing.ContractService) (target.Settlement, error) {
	p, err := t.periodsOf(ctx, c)
	if err != nil {
		return target.Settlement{}, err
	}
	full := p.fullRows(c, line)
	if len(full) == 0 {
		return unsure("contract service %s has no full period with units from %s on that would show its cost", c.Line.ID, c.Effective), nil
	}
	row := full[0]
	if matches(row.Cost, row.Units, c.Adjust.UnitCost) {
		return happened("", "the row from %s shows a cost of %s per unit", row.Period.Start, c.Adjust.UnitCost), nil
	}
	return didNot("the row from %s shows a cost of %s for %d units", row.Period.Start, row.Cost, row.Units), nil
}

// settlePart compares the row of a part of a period: its price may stand for the whole period or for its days (Autotask sheet §10.5). Only a
// price that one of the two states explains and the other does not is an answer.
func (p periods) settlePart(c plan.Change, line billing.ContractService) target.Settlement {
	row, found := line.RowOn(c.Effective)
	if !found || row.Units == 0 || c.Before.UnitPrice == nil {
		return unsure("contract service %s has no full period with units from %s on that would show its price", c.Line.ID, c.Effective)
	}
	after, before := p.explains(row, c.Adjust.UnitPrice), p.explains(row, c.Before.UnitPrice)
	switch {
	case after && !before && row.Period.Start == c.Effective:
		return happened("", "the row from %s shows %s for %d units: %s per unit", row.Period.Start, row.Price, row.Units, c.Adjust.UnitPrice)
	case before && !after:
		return didNot("the row from %s shows %s for %d units: still %s per unit", row.Period.Start, row.Price, row.Units, c.Before.UnitPrice)
	}
	return unsure("the row from %s shows %s for %d units, which does not tell %s from %s per unit", row.Period.Start, row.Price, row.Units,
		c.Before.UnitPrice, c.Adjust.UnitPrice)
}

// explains reports whether a row's price is that of its units for a whole period, or for its days. How days are counted is not documented: a
// day more or less is allowed for.
func (p periods) explains(row billing.UnitRow, unit *money.Amount) bool {
	if matches(row.Price, row.Units, unit) {
		return true
	}
	whole := unit.Value().Mul(money.Int(row.Units))
	for _, class := range p.classes {
		if class == "" {
			continue
		}
		all := money.Int(int64(class.PeriodAt(p.anchor, row.Period.Start).Days()))
		part, ok := whole.Mul(money.Int(int64(row.Period.Days()))).Div(all, 4, money.HalfAwayFromZero)
		day, _ := whole.Abs().Div(all, 4, money.HalfAwayFromZero)
		if ok && part.Sub(row.Price.Value()).Abs().Cmp(day) <= 0 {
			return true
		}
	}
	return false
}

// matches compares an extended amount with units × price, rounded as Autotask stores it.
func matches(extended money.Amount, units int64, unit *money.Amount) bool {
	want := unit.Mul(money.Int(units)).Value()
	got := extended.Value()
	return got.Equal(want.Round(4, money.HalfAwayFromZero)) || got.Equal(want)
}

// periods tells what periods the rows of a line may cover: those of the service or those of the contract, which is not documented (Autotask
// sheet §6.2).
type periods struct {
	anchor  billing.Date
	classes []billing.PeriodType
}

// periodsOf reads them for the line of a change. Of a line that is not shown there are none.
func (t *Target) periodsOf(ctx context.Context, c plan.Change) (periods, error) {
	var own wireLine
	found, err := t.get(ctx, "ContractServices", c.Line.ID, &own)
	if err != nil || !found {
		return periods{}, err
	}
	var contract wireContract
	if found, err = t.get(ctx, "Contracts", own.Contract.String(), &contract); err != nil || !found {
		return periods{}, err
	}
	var service wireService
	if found, err = t.get(ctx, "Services", own.Service.String(), &service); err != nil || !found {
		return periods{}, err
	}
	return periods{contract.Start.Date, []billing.PeriodType{
		periodOf(string(service.PeriodType)), cmp.Or(periodOf(string(contract.PeriodType)), billing.PeriodMonth),
	}}, nil
}

// fullRows gives the unposted rows with units from the effective date on that cover a whole period.
func (p periods) fullRows(c plan.Change, line billing.ContractService) []billing.UnitRow {
	return slices.DeleteFunc(slices.Clone(line.Rows), func(row billing.UnitRow) bool {
		return row.Posted || row.Units == 0 || row.Period.Start.Before(c.Effective) || !slices.ContainsFunc(p.classes, func(class billing.PeriodType) bool {
			return isFull(row.Period, p.anchor, class)
		})
	})
}

// isFull reports whether a row covers a billing period. Periods anchored on the 29th to 31st may be cut in two ways, so their ends are
// compared with some days to spare.
func isFull(row billing.Period, anchor billing.Date, class billing.PeriodType) bool {
	if class == "" {
		return false
	}
	period := class.PeriodAt(anchor, row.Start)
	if row == period {
		return true
	}
	if anchor.Day <= 28 {
		return false
	}
	near := func(a, b billing.Date) bool { d := a.DaysTo(b); return -3 <= d && d <= 3 }
	return near(row.Start, period.Start) && near(row.End, period.End) || near(row.Start, period.End) && near(row.End, class.PeriodAt(anchor, period.End).End)
}
