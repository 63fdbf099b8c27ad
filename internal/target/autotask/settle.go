package autotask

import (
	"context"
	"fmt"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/target"
)

// Settle reads whether a change whose answer was lost happened. A read that fails is an error, never an answer: a failed lookup is not
// "does not exist" (Autotask sheet §8.3).
func (t *Target) Settle(ctx context.Context, c plan.Change) (target.Settlement, error) {
	switch c.Kind {
	case plan.CreateContract:
		return t.settleContract(ctx, c)
	case plan.ExtendContract:
		return t.settleExtension(ctx, c)
	case plan.CreateService:
		return t.settleService(ctx, c)
	case plan.AttachService:
		return t.settleAttached(ctx, c)
	case plan.AddRepeat:
		return t.settleRepeat(ctx, c)
	case plan.MarkLine:
		return t.settleMark(ctx, c)
	case plan.Increase, plan.Decrease, plan.Reprice, plan.End:
		return t.settleAdjustment(ctx, c)
	case plan.CreateCharge:
		return t.settleCharge(ctx, c)
	case plan.CorrectCharge:
		return t.settleCorrection(ctx, c)
	case plan.RemoveCharge:
		return t.settleRemoval(ctx, c)
	}
	return target.Settlement{}, fault.Newf(fault.KindInternal, "a change of kind %q cannot be settled", c.Kind)
}

func happened(id, format string, args ...any) target.Settlement {
	return target.Settlement{Outcome: target.Happened, ID: id, Why: fmt.Sprintf(format, args...)}
}

func didNot(format string, args ...any) target.Settlement {
	return target.Settlement{Outcome: target.DidNotHappen, Why: fmt.Sprintf(format, args...)}
}

func unsure(format string, args ...any) target.Settlement {
	return target.Settlement{Outcome: target.OutcomeUnsure, Why: fmt.Sprintf(format, args...)}
}

// byMark settles a create: the one row that carries the mark is it. An empty answer counts only when the API user sees everything.
func (t *Target) byMark(ctx context.Context, entity, mark string, ids []string) (target.Settlement, error) {
	switch len(ids) {
	case 0:
		return t.none(ctx, entity, "the mark "+mark)
	case 1:
		return happened(ids[0], "%s %s carries the mark %s", entity, ids[0], mark), nil
	}
	return unsure("%d rows of %s carry the mark %s: ids %s", len(ids), entity, mark, strings.Join(ids, ", ")), nil
}

// none settles a create that left no trace.
func (t *Target) none(ctx context.Context, entity, trace string) (target.Settlement, error) {
	access, err := t.access(ctx, entity)
	if err != nil {
		return target.Settlement{}, err
	}
	if !access.canQuery() {
		return unsure("Autotask shows no row of %s with %s, but the API user may not read all of them", entity, trace), nil
	}
	return didNot("no row of %s shows %s", entity, trace), nil
}

func (t *Target) settleContract(ctx context.Context, c plan.Change) (target.Settlement, error) {
	if c.NewContract == nil || c.NewContract.Mark == "" {
		return target.Settlement{}, incomplete(c, "new contract with a mark")
	}
	mark := c.NewContract.Mark
	rows, err := query[wireContract](ctx, t, "Contracts", contractFields(), textIs("contractNumber", mark))
	if err != nil {
		return target.Settlement{}, err
	}
	var ids []string
	for _, row := range rows {
		ids = append(ids, row.ID.String())
	}
	return t.byMark(ctx, "Contracts", mark, ids)
}

func (t *Target) settleExtension(ctx context.Context, c plan.Change) (target.Settlement, error) {
	var row wireContract
	found, err := t.get(ctx, "Contracts", c.Contract.ID, &row)
	switch {
	case err != nil:
		return target.Settlement{}, err
	case !found:
		return unsure("contract %s is not shown any more", c.Contract.ID), nil
	case row.End.Date == c.After.End:
		return happened("", "contract %s ends on %s", c.Contract.ID, row.End), nil
	case row.End.Date == c.Before.End:
		return didNot("contract %s still ends on %s", c.Contract.ID, row.End), nil
	}
	return unsure("contract %s ends on %s, neither %s nor %s", c.Contract.ID, row.End, c.Before.End, c.After.End), nil
}

func (t *Target) settleService(ctx context.Context, c plan.Change) (target.Settlement, error) {
	if c.NewService == nil || c.NewService.Mark == "" {
		return target.Settlement{}, incomplete(c, "new service with a mark")
	}
	mark := c.NewService.Mark
	m, err := t.fields(ctx, "Services")
	if err != nil {
		return target.Settlement{}, err
	}
	field := markField(m, mark)
	condition := textIs(field, mark)
	if field == "description" {
		condition = textContains(field, mark)
	}
	rows, err := query[wireService](ctx, t, "Services", nil, condition)
	if err != nil {
		return target.Settlement{}, err
	}
	var ids []string
	for _, row := range rows {
		if row.mark() == mark {
			ids = append(ids, row.ID.String())
		}
	}
	return t.byMark(ctx, "Services", mark, ids)
}

// linesOn reads the contract services of one contract.
func (t *Target) linesOn(ctx context.Context, contract string) ([]wireLine, error) {
	ids, bad := parseIDs([]billing.ContractID{billing.ContractID(contract)})
	if len(bad) > 0 {
		return nil, fault.Invalidf("%q is not an Autotask id", contract)
	}
	return query[wireLine](ctx, t, "ContractServices", lineFields(), idIs("contractID", ids[0]))
}

func (t *Target) settleAttached(ctx context.Context, c plan.Change) (target.Settlement, error) {
	if c.Line.Mark == "" {
		return target.Settlement{}, incomplete(c, "line mark")
	}
	lines, err := t.linesOn(ctx, c.Contract.ID)
	if err != nil {
		return target.Settlement{}, err
	}
	var ids []string
	for _, l := range lines {
		if billing.MarkIn(l.InternalDescription) == c.Line.Mark {
			ids = append(ids, l.ID.String())
		}
	}
	return t.byMark(ctx, "ContractServices", c.Line.Mark, ids)
}

// settleRepeat looks for the instance that was not there before. Adjustments carry no mark, so its quantity must fit too.
func (t *Target) settleRepeat(ctx context.Context, c plan.Change) (target.Settlement, error) {
	if c.Adjust == nil {
		return target.Settlement{}, incomplete(c, "adjustment")
	}
	lines, err := t.linesOn(ctx, c.Contract.ID)
	if err != nil {
		return target.Settlement{}, err
	}
	before := map[string]bool{}
	for _, id := range c.Instances {
		before[string(id)] = true
	}
	var fresh []string
	for _, l := range lines {
		if l.Service.String() == c.Service.ID && !before[l.ID.String()] {
			fresh = append(fresh, l.ID.String())
		}
	}
	switch len(fresh) {
	case 0:
		return t.none(ctx, "ContractServices", "a further instance of service "+c.Service.ID)
	case 1:
		return t.settleInstance(ctx, c, fresh[0])
	}
	return unsure("%d further instances of service %s stand on contract %s: ids %s", len(fresh), c.Service.ID, c.Contract.ID, strings.Join(fresh, ", ")), nil
}

func (t *Target) settleInstance(ctx context.Context, c plan.Change, id string) (target.Settlement, error) {
	line, err := t.unitRows(ctx, id)
	if err != nil {
		return target.Settlement{}, err
	}
	if units, found := line.UnitsOn(c.Effective); !found || units != c.Adjust.UnitChange {
		return unsure("contract service %s is new on contract %s, but has %d units on %s, not %d", id, c.Contract.ID, units, c.Effective, c.Adjust.UnitChange), nil
	}
	return happened(id, "contract service %s is new on contract %s with %d units on %s", id, c.Contract.ID, c.Adjust.UnitChange, c.Effective), nil
}

func (t *Target) settleMark(ctx context.Context, c plan.Change) (target.Settlement, error) {
	var row wireLine
	found, err := t.get(ctx, "ContractServices", c.Line.ID, &row)
	switch {
	case err != nil:
		return target.Settlement{}, err
	case !found:
		return unsure("contract service %s is not shown any more", c.Line.ID), nil
	case billing.MarkIn(row.InternalDescription) == c.Line.Mark:
		return happened("", "contract service %s carries the mark %s", c.Line.ID, c.Line.Mark), nil
	}
	return didNot("contract service %s does not carry the mark %s", c.Line.ID, c.Line.Mark), nil
}
