package engine

import (
	"context"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/target"
)

// readEarlier reads the unit rows of some contracts from an earlier day on, and puts their lines in the place of what was read of them.
// Most runs need none of it: the rows of the running period and the next one say all (design §6.7).
func readEarlier(ctx context.Context, t target.Target, o *billing.Observed, scope target.Scope) error {
	if len(scope.Contracts) == 0 {
		return nil
	}
	earlier, err := t.Read(ctx, scope)
	if err != nil {
		return err
	}
	lines := map[billing.ContractServiceID]billing.ContractService{}
	for _, l := range earlier.Lines {
		lines[l.ID] = l
	}
	o.Lines = slices.Clone(o.Lines)
	for i, l := range o.Lines {
		if with, found := lines[l.ID]; found {
			o.Lines[i] = with
		}
	}
	o.Incomplete = append(slices.Clone(o.Incomplete), earlier.Incomplete...)
	return nil
}

// rowsFrom tells from which day on the rows of the lines must be read to see the days on which changes in a state take effect. Lines that this
// apply has yet to create are not among them.
func rowsFrom(states []store.ChangeState, in store.ChangeStateKind, known *knowledge) map[billing.ContractServiceID]billing.Date {
	from := map[billing.ContractServiceID]billing.Date{}
	for _, s := range states {
		id := billing.ContractServiceID(s.Change.Line.ID)
		if id == "" {
			id = known.lines[s.Change.LineKey].LineID
		}
		if day, named := from[id]; s.State == in && s.Change.Adjust != nil && id != "" && (!named || s.Change.Effective.Before(day)) {
			from[id] = s.Change.Effective
		}
	}
	return from
}

// unseen tells from which day on, and for which contracts, rows must be read to see the days on which changes in a state take effect.
func unseen(states []store.ChangeState, in store.ChangeStateKind, o billing.Observed, known *knowledge) target.Scope {
	lines := map[billing.ContractServiceID]billing.ContractService{}
	for _, l := range o.Lines {
		lines[l.ID] = l
	}
	var scope target.Scope
	for _, s := range states {
		id := billing.ContractServiceID(s.Change.Line.ID)
		if id == "" {
			id = known.lines[s.Change.LineKey].LineID
		}
		line, found := lines[id]
		if s.State != in || s.Change.Adjust == nil || !found || len(line.Rows) == 0 || !line.Rows[0].Period.Start.After(s.Change.Effective) {
			continue
		}
		if len(scope.Contracts) == 0 || s.Change.Effective.Before(scope.From) {
			scope.From = s.Change.Effective
		}
		scope.Contracts = append(scope.Contracts, line.ContractID)
	}
	slices.Sort(scope.Contracts)
	scope.Contracts = slices.Compact(scope.Contracts)
	return scope
}

// lookBack reads what the past of the lines asks for.
func lookBack(ctx context.Context, t target.Target, in *plan.Input) error {
	if len(in.Observed.Incomplete) > 0 {
		return nil
	}
	from, contracts := plan.LookBack(*in)
	return readEarlier(ctx, t, &in.Observed, target.Scope{Day: in.Desired.Day, From: from, Contracts: contracts})
}
