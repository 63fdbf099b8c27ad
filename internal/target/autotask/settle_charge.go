package autotask

import (
	"context"

	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/target"
)

func (t *Target) settleCharge(ctx context.Context, c plan.Change) (target.Settlement, error) {
	if c.NewCharge == nil || c.NewCharge.Mark == "" {
		return target.Settlement{}, incomplete(c, "new charge with a mark")
	}
	mark := c.NewCharge.Mark
	rows, err := query[wireCharge](ctx, t, "ContractCharges", chargeFields(), textIs("internalPurchaseOrderNumber", mark))
	if err != nil {
		return target.Settlement{}, err
	}
	var ids []string
	for _, row := range rows {
		ids = append(ids, row.ID.String())
	}
	return t.byMark(ctx, "ContractCharges", mark, ids)
}

func (t *Target) settleCorrection(ctx context.Context, c plan.Change) (target.Settlement, error) {
	if c.After.Amount == nil {
		return target.Settlement{}, incomplete(c, "amount")
	}
	var row wireCharge
	found, err := t.get(ctx, "ContractCharges", c.Charge.ID, &row)
	if err != nil {
		return target.Settlement{}, err
	}
	if !found {
		return unsure("charge %s is not shown any more", c.Charge.ID), nil
	}
	amount := row.Quantity.value.Mul(row.UnitPrice.value).Round(4, money.HalfAwayFromZero)
	is := func(a *money.Amount) bool {
		return a != nil && amount.Equal(a.Value().Round(4, money.HalfAwayFromZero))
	}
	switch {
	case is(c.After.Amount) && is(c.Before.Amount):
		return t.settleText(c, row), nil
	case is(c.After.Amount):
		return happened("", "charge %s amounts to %s", c.Charge.ID, amount), nil
	case is(c.Before.Amount):
		return didNot("charge %s still amounts to %s", c.Charge.ID, amount), nil
	}
	return unsure("charge %s amounts to %s, neither before nor after the correction", c.Charge.ID, amount), nil
}

// settleText settles a correction that keeps the amount. Sending the same text twice adds nothing, so a difference means "no".
func (t *Target) settleText(c plan.Change, row wireCharge) target.Settlement {
	if d := c.NewCharge; d != nil && row.Date.Date == d.Date && row.Quantity.value.Equal(d.Quantity) && row.UnitPrice.value.Equal(d.UnitPrice.Value()) &&
		(row.Name == d.Name || len(row.Name) < len(d.Name)) && (row.Description == d.Description || len(row.Description) < len(d.Description)) {
		return happened("", "charge %s reads as corrected", c.Charge.ID)
	}
	return didNot("charge %s reads as before", c.Charge.ID)
}

func (t *Target) settleRemoval(ctx context.Context, c plan.Change) (target.Settlement, error) {
	var row wireCharge
	found, err := t.get(ctx, "ContractCharges", c.Charge.ID, &row)
	if err != nil {
		return target.Settlement{}, err
	}
	if found {
		return didNot("charge %s is still there", c.Charge.ID), nil
	}
	return t.goneForGood(ctx, c)
}

// goneForGood tells a removed charge from a hidden one.
func (t *Target) goneForGood(ctx context.Context, c plan.Change) (target.Settlement, error) {
	access, err := t.access(ctx, "ContractCharges")
	if err != nil {
		return target.Settlement{}, err
	}
	if !access.canQuery() {
		return unsure("charge %s is not shown, but the API user may not read all charges", c.Charge.ID), nil
	}
	return happened("", "charge %s is gone", c.Charge.ID), nil
}
