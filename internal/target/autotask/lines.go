package autotask

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"spindle/internal/billing"
)

// partsAtOnce is how many parts of one entity are asked for together; the transport holds it at perEndpoint anyway.
const partsAtOnce = perEndpoint

// readLines reads the contract services of the contracts.
func (r *reading) readLines(ctx context.Context) error {
	ids := make([]int64, 0, len(r.contracts))
	for _, c := range r.contracts {
		ids = append(ids, c.key())
	}
	if len(ids) == 0 {
		return nil
	}
	read := r.linesByList
	if r.dense {
		read = r.linesByRange
	}
	if err := read(ctx, ids); err != nil {
		return r.gap("contract services", err)
	}
	slices.SortFunc(r.lines, func(a, b wireLine) int { return cmp.Compare(a.key(), b.key()) })
	if len(r.lines) == 0 {
		return r.suspect(ctx, "ContractServices", "contract services")
	}
	r.missServices()
	return nil
}

// missServices names lines whose service the catalogue does not show. Only when the catalogue itself was read.
func (r *reading) missServices() {
	known := map[int64]bool{}
	for _, s := range r.services {
		known[s.key()] = true
	}
	for _, l := range r.lines {
		if len(known) > 0 && !known[l.Service.n] {
			r.miss(fmt.Sprintf("service %s of contract service %s", l.Service, l.ID), "Autotask does not show it: it is hidden from the API user")
		}
	}
}

func (r *reading) linesByRange(ctx context.Context, ids []int64) error {
	span := []filter{idFrom("contractID", ids[0]), idUpTo("contractID", ids[len(ids)-1])}
	rows, counted, err := walk[wireLine](ctx, r.t, "ContractServices", lineFields(), span)
	if err != nil {
		return err
	}
	r.expect("contract services", counted, len(rows))
	r.lines = slices.DeleteFunc(rows, func(l wireLine) bool {
		_, wanted := slices.BinarySearch(ids, l.Contract.n)
		return !wanted
	})
	return nil
}

// linesByList reads by lists of contracts and lets Autotask count two lists with one call.
func (r *reading) linesByList(ctx context.Context, ids []int64) error {
	parts := chunks(ids)
	found := make([][]wireLine, len(parts))
	counts := make([]int, (len(parts)+1)/2)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for i, part := range parts {
		group.Go(func() (err error) {
			found[i], err = query[wireLine](ctx, r.t, "ContractServices", lineFields(), idIn("contractID", part))
			return err
		})
	}
	for i, pair := range slices.Collect(slices.Chunk(parts, 2)) {
		group.Go(func() (err error) {
			counts[i], err = r.t.count(ctx, "ContractServices", inAny("contractID", pair))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, rows := range slices.Collect(slices.Chunk(found, 2)) {
		n := 0
		for _, part := range rows {
			n += len(part)
		}
		r.expect("contract services", counts[i], n)
	}
	r.lines = slices.Concat(found...)
	return nil
}

// inAny matches one or two lists: 400 entries stay below Autotask's 500 ORs.
func inAny(field string, parts [][]int64) filter {
	if len(parts) == 1 {
		return idIn(field, parts[0])
	}
	return anyOf(idIn(field, parts[0]), idIn(field, parts[1]))
}

// walk reads all rows of a span and how many Autotask counts in it.
func walk[T identified](ctx context.Context, t *Target, entity string, fields []string, span []filter) (rows []T, counted int, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		counted, err = t.count(ctx, entity, span...)
		return err
	})
	group.Go(func() (err error) {
		rows, err = query[T](ctx, t, entity, fields, span...)
		return err
	})
	err = group.Wait()
	return rows, counted, err
}

// lineWindow is a line with the days whose unit rows the planner needs.
type lineWindow struct {
	line   int64
	class  billing.PeriodType
	window billing.Period
}

// windows gives each line's days: from the start of its billing period that contains the day, or an earlier one that is asked for, to the
// end of the next one. A contract that has not begun counts from its start, one that is over from its last day.
func (r *reading) windows() []lineWindow {
	contracts := map[int64]billing.Contract{}
	for _, c := range r.contracts {
		contracts[c.key()] = c.contract()
	}
	periods := map[int64]billing.PeriodType{}
	for _, s := range r.services {
		periods[s.key()] = periodOf(string(s.PeriodType))
	}
	list := make([]lineWindow, 0, len(r.lines))
	for _, l := range r.lines {
		c := contracts[l.Contract.n]
		class := cmp.Or(periods[l.Service.n], c.PeriodType, billing.PeriodMonth)
		list = append(list, lineWindow{l.key(), class, windowOf(c, class, r.scope.Day, r.scope.RowsOf(billing.ContractServiceID(l.ID.String())))})
	}
	return list
}

func windowOf(c billing.Contract, class billing.PeriodType, day, from billing.Date) billing.Period {
	day = billing.Later(day, c.Start)
	if !c.End.IsZero() && day.After(c.End) {
		day = c.End
	}
	now := class.PeriodAt(c.Start, day)
	window := billing.Period{Start: now.Start, End: class.PeriodAt(c.Start, now.End).End}
	if !from.IsZero() {
		window.Start = earlier(window.Start, class.PeriodAt(c.Start, billing.Later(from, c.Start)).Start)
	}
	if c.Start.Day > 28 { // how such periods are anchored is not documented: allow for either reading (Autotask sheet §6.2)
		window.Start, window.End = window.Start.AddDays(-3), window.End.AddDays(3)
	}
	return window
}
