package rows

import (
	"maps"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// Control is the control report of what was read (Microsoft sheet, importer recipe 10).
type Control struct {
	Rows           int64 // taken
	Broken         int64 // refused; each has its errors, up to a limit
	Sums           []KindSum
	Customers      int
	UnknownColumns []string // kept with the rows, by name
	UnknownWords   []string // charge kinds and billing frequencies the fact sheet does not describe
	OutOfPeriod    int64    // rows for an earlier month than the newest one
	Duplicates     int64    // reconciliation rows that are the same as another row of their set: legal, but worth a look
}

// KindSum adds up the rows of one charge kind and currency.
type KindSum struct {
	Kind string
	Rows int64
	Cost money.Amount // before tax
}

// tally gathers a Control while rows are taken.
type tally struct {
	rows, broken, duplicates int64
	sums                     map[sumKey]*KindSum
	customers                map[billing.CustomerID]bool
	columns, words           map[string]bool
	months                   map[billing.Month]int64
}

type sumKey struct {
	kind     string
	currency money.Currency
}

func newTally() *tally {
	return &tally{sums: map[sumKey]*KindSum{}, customers: map[billing.CustomerID]bool{}, columns: map[string]bool{},
		words: map[string]bool{}, months: map[billing.Month]int64{}}
}

func (t *tally) take(kind string, customer billing.CustomerID, cost money.Amount, month billing.Month) {
	t.takeRows(1, kind, customer, cost, month)
}

// takeRows takes rows that are alike; cost is that of all of them.
func (t *tally) takeRows(n int64, kind string, customer billing.CustomerID, cost money.Amount, month billing.Month) {
	t.rows += n
	t.customers[customer] = true
	t.months[month] += n
	key := sumKey{kind, cost.Currency()}
	sum := t.sums[key]
	if sum == nil {
		sum = &KindSum{Kind: kind}
		t.sums[key] = sum
	}
	sum.Rows += n
	sum.Cost = money.Of(sum.Cost.Value().Add(cost.Value()), cost.Currency())
}

func (t *tally) unknownColumns(row *Row) {
	for name := range row.extra {
		t.columns[name] = true
	}
}

func (t *tally) report() Control {
	c := Control{Rows: t.rows, Broken: t.broken, Customers: len(t.customers), Duplicates: t.duplicates,
		UnknownColumns: slices.Sorted(maps.Keys(t.columns)), UnknownWords: slices.Sorted(maps.Keys(t.words))}
	for _, sum := range t.sums {
		c.Sums = append(c.Sums, *sum)
	}
	slices.SortFunc(c.Sums, func(a, b KindSum) int {
		if n := strings.Compare(a.Kind, b.Kind); n != 0 {
			return n
		}
		return strings.Compare(string(a.Cost.Currency()), string(b.Cost.Currency()))
	})
	months := slices.Sorted(maps.Keys(t.months))
	for i, m := range months {
		if i < len(months)-1 {
			c.OutOfPeriod += t.months[m]
		}
	}
	return c
}
