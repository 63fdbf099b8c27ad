package autotask

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"spindle/internal/billing"
)

// rowsBack is how far a line without rows in its window is searched for the row that was in force last.
const rowsBack = 13 // months

// unitClass is the lines of one period type, by window. Their windows differ much from those of other types.
type unitClass struct {
	period billing.PeriodType
	lines  []lineWindow
	mixed  bool // there are other classes
}

// unitClasses sorts each class by window, so that the common window of a part of its lines stays tight whatever day contracts start on.
func (r *reading) unitClasses() []unitClass {
	byPeriod := map[billing.PeriodType][]lineWindow{}
	for _, w := range r.windows() {
		byPeriod[w.class] = append(byPeriod[w.class], w)
	}
	var classes []unitClass
	for _, class := range periodTypes() {
		lines := byPeriod[class.period]
		if len(lines) == 0 {
			continue
		}
		slices.SortFunc(lines, func(a, b lineWindow) int {
			return cmp.Or(a.window.Start.Compare(b.window.Start), a.window.End.Compare(b.window.End), cmp.Compare(a.line, b.line))
		})
		classes = append(classes, unitClass{class.period, lines, len(byPeriod) > 1})
	}
	return classes
}

// readUnits reads the unit rows of the lines, one period type after the other.
func (r *reading) readUnits(ctx context.Context) error {
	classes := r.unitClasses()
	sums, err := r.countLists(ctx, classes)
	if err := r.gap("unit rows", err); err != nil {
		return err
	}
	rows := map[int64]wireUnits{} // by row id: a row may be delivered twice
	for _, c := range classes {
		found, err := r.unitsOf(ctx, c)
		if err != nil {
			if err := r.gap("unit rows of "+string(c.period)+" services", err); err != nil {
				return err
			}
			sums.forget(c.period)
			continue
		}
		sums.read(c.period, len(found))
		for _, row := range inWindow(c.lines, found) {
			rows[row.key()] = row
		}
		for _, row := range r.unitsBefore(ctx, c.lines, rows) {
			rows[row.key()] = row
		}
	}
	for _, s := range sums {
		r.expect("unit rows", s.counted, s.found)
	}
	for _, row := range rows {
		r.rows[row.Line.n] = append(r.rows[row.Line.n], row)
	}
	if len(r.lines) > 0 && len(rows) == 0 {
		return r.suspect(ctx, "ContractServiceUnits", "unit rows")
	}
	return nil
}

// unitSum is what Autotask counts for some classes together, and what their lists delivered.
type unitSum struct {
	classes        []billing.PeriodType
	counted, found int
}

type unitSums []*unitSum

func (u unitSums) read(class billing.PeriodType, rows int) {
	for _, s := range u {
		if slices.Contains(s.classes, class) {
			s.found += rows
		}
	}
}

// forget drops the sum of a class that could not be read: that is a gap already.
func (u unitSums) forget(class billing.PeriodType) {
	for _, s := range u {
		if slices.Contains(s.classes, class) {
			s.counted = 0
		}
	}
}

// countLists lets Autotask count the rows of classes that one list reads, as many classes with one call as its limit on conditions allows.
// Classes of several lists are not counted, or the reads would leave their budget: the pages' own counts have to do.
func (r *reading) countLists(ctx context.Context, classes []unitClass) (unitSums, error) {
	var sums unitSums
	var spans [][]filter
	conditions := 0
	for _, c := range classes {
		if len(c.lines) > listMax {
			continue
		}
		if len(sums) == 0 || conditions+len(c.lines) > orsMax {
			sums, spans, conditions = append(sums, &unitSum{}), append(spans, nil), 0
		}
		last := len(sums) - 1
		conditions += len(c.lines) + 1 // the group is a condition of its own
		sums[last].classes = append(sums[last].classes, c.period)
		spans[last] = append(spans[last], allOf(spanOf(c.lines)...))
	}
	for i, span := range spans {
		n, err := r.t.count(ctx, "ContractServiceUnits", anyOf(span...))
		if err != nil {
			return nil, err
		}
		sums[i].counted = n
	}
	return sums, nil
}

// inWindow keeps the rows that overlap their line's window, so that what is read does not depend on how it was fetched.
func inWindow(lines []lineWindow, rows []wireUnits) []wireUnits {
	windows := make(map[int64]billing.Period, len(lines))
	for _, w := range lines {
		windows[w.line] = w.window
	}
	return slices.DeleteFunc(rows, func(row wireUnits) bool {
		w, wanted := windows[row.Line.n]
		return !wanted || row.End.Before(w.Start) || !row.Start.Before(w.End)
	})
}

// unitsOf reads the rows of one class.
func (r *reading) unitsOf(ctx context.Context, c unitClass) ([]wireUnits, error) {
	same := c.lines[0].window == c.lines[len(c.lines)-1].window
	if r.dense && same && len(c.lines) > listMax {
		return r.unitsByRange(ctx, c.period, c.lines[0].window, c.mixed)
	}
	return r.unitsByList(ctx, c.lines)
}

// unitsByRange walks all rows of the window on the tenant's contracts, restricted to the services of the period type when there are
// others.
func (r *reading) unitsByRange(ctx context.Context, class billing.PeriodType, window billing.Period, mixed bool) ([]wireUnits, error) {
	span := append(during(window), idFrom("contractID", r.contracts[0].key()), idUpTo("contractID", r.contracts[len(r.contracts)-1].key()))
	if services := r.servicesOf(class); mixed && len(services) <= listMax {
		span = append(span, idIn("serviceID", services))
	}
	rows, counted, err := walk[wireUnits](ctx, r.t, "ContractServiceUnits", unitFields(), span)
	if err == nil {
		r.expect("unit rows", counted, len(rows))
	}
	return rows, err
}

// servicesOf lists the services of a period type that the lines use.
func (r *reading) servicesOf(class billing.PeriodType) []int64 {
	used := map[int64]bool{}
	for _, l := range r.lines {
		used[l.Service.n] = true
	}
	var ids []int64
	for _, s := range r.services {
		if used[s.key()] && periodOf(string(s.PeriodType)) == class {
			ids = append(ids, s.key())
		}
	}
	return ids
}

// unitsByList reads by lists of lines.
func (r *reading) unitsByList(ctx context.Context, lines []lineWindow) ([]wireUnits, error) {
	parts := chunks(lines)
	found := make([][]wireUnits, len(parts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for i, part := range parts {
		group.Go(func() (err error) {
			found[i], err = query[wireUnits](ctx, r.t, "ContractServiceUnits", unitFields(), spanOf(part)...)
			return err
		})
	}
	err := group.Wait()
	return slices.Concat(found...), err
}

// spanOf matches the rows of lines in their common window.
func spanOf(lines []lineWindow) []filter {
	window := lines[0].window
	ids := make([]int64, len(lines))
	for k, w := range lines {
		ids[k] = w.line
		window.Start = earlier(window.Start, w.window.Start)
		window.End = billing.Later(window.End, w.window.End)
	}
	return append(during(window), idIn("contractServiceID", ids))
}

// during matches rows that overlap a window; Autotask's last day of a row is inclusive.
func during(window billing.Period) []filter {
	return []filter{dayFrom("endDate", window.Start), dayBefore("startDate", window.End)}
}

// unitsBefore looks for the last rows of lines that have none in their window: rows may not be generated yet, and the quantity then is
// the last one before (Autotask sheet §5.6). A failure is a gap.
func (r *reading) unitsBefore(ctx context.Context, lines []lineWindow, have map[int64]wireUnits) []wireUnits {
	with := map[int64]bool{}
	for _, row := range have {
		with[row.Line.n] = true
	}
	bare := slices.DeleteFunc(slices.Clone(lines), func(w lineWindow) bool { return with[w.line] })
	var rows []wireUnits
	for _, part := range chunks(bare) {
		ids := make([]int64, len(part))
		last := part[0].window.Start
		for i, w := range part {
			ids[i], last = w.line, billing.Later(last, w.window.Start)
		}
		found, err := query[wireUnits](ctx, r.t, "ContractServiceUnits", unitFields(), idIn("contractServiceID", ids),
			dayFrom("endDate", last.AddMonths(-rowsBack)), dayBefore("endDate", last))
		if err != nil {
			r.miss("unit rows", err.Error())
			return nil
		}
		rows = append(rows, found...)
	}
	return lastRows(rows)
}

// lastRows keeps each line's rows that end last.
func lastRows(rows []wireUnits) []wireUnits {
	end := map[int64]billing.Date{}
	for _, row := range rows {
		end[row.Line.n] = billing.Later(end[row.Line.n], row.End.Date)
	}
	return slices.DeleteFunc(rows, func(row wireUnits) bool { return row.End.Date != end[row.Line.n] })
}

func earlier(a, b billing.Date) billing.Date {
	if b.Before(a) {
		return b
	}
	return a
}
