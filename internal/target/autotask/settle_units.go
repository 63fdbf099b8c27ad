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

// settlePrice compares the price per unit of rows that cover a full period; partial rows may be prorated (Autotask sheet §5.6).
func (t *Target) settlePrice(ctx context.Context, c plan.Change, line billing.ContractService) (target.Settlement, error) {
	if c.Adjust.UnitPrice == nil {
		return t.settleCost(ctx, c, line)
	}
	full, err := t.fullRows(ctx, c, line)
	if err != nil {
		return target.Settlement{}, err
	}
	if len(full) == 0 {
		return unsure("contract service %s has no full period with units from %s on that would show its price", c.Line.ID, c.Effective), nil
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
	full, err := t.fullRows(ctx, c, line)
	if err != nil {
		return target.Settlement{}, err
	}
	if len(full) == 0 {
		return unsure("contract service %s has no full period with units from %s on that would show its cost", c.Line.ID, c.Effective), nil
	}
	row := full[0]
	if matches(row.Cost, row.Units, c.Adjust.UnitCost) {
		return happened("", "the row from %s shows a cost of %s per unit", row.Period.Start, c.Adjust.UnitCost), nil
	}
	return didNot("the row from %s shows a cost of %s for %d units", row.Period.Start, row.Cost, row.Units), nil
}

// matches compares an extended amount with units × price, rounded as Autotask stores it.
func matches(extended money.Amount, units int64, unit *money.Amount) bool {
	want := unit.Mul(money.Int(units)).Value()
	got := extended.Value()
	return got.Equal(want.Round(4, money.HalfAwayFromZero)) || got.Equal(want)
}

// fullRows gives the unposted rows with units from the effective date on that cover a whole period of the service, or of the contract:
// which of the two a row spans is not documented (Autotask sheet §6.2).
func (t *Target) fullRows(ctx context.Context, c plan.Change, line billing.ContractService) ([]billing.UnitRow, error) {
	var own wireLine
	found, err := t.get(ctx, "ContractServices", c.Line.ID, &own)
	if err != nil || !found {
		return nil, err
	}
	var contract wireContract
	if found, err = t.get(ctx, "Contracts", own.Contract.String(), &contract); err != nil || !found {
		return nil, err
	}
	var service wireService
	if found, err = t.get(ctx, "Services", own.Service.String(), &service); err != nil || !found {
		return nil, err
	}
	classes := []billing.PeriodType{periodOf(string(service.PeriodType)), cmp.Or(periodOf(string(contract.PeriodType)), billing.PeriodMonth)}
	return slices.DeleteFunc(slices.Clone(line.Rows), func(row billing.UnitRow) bool {
		return row.Posted || row.Units == 0 || row.Period.Start.Before(c.Effective) || !slices.ContainsFunc(classes, func(class billing.PeriodType) bool {
			return isFull(row.Period, contract.Start.Date, class)
		})
	}), nil
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
