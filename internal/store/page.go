package store

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// Page asks for one part of a list. The zero value is the first page.
type Page struct {
	Number int // 1 is the first
	Size   int // 0: 50; at most 500

	Walk *Walk // for who reads page after page to the end
}

// Walk keeps the keys of a list's rows from the first page on. All pages are then of one moment, so that no row is missed or told twice when
// others move, and the last page costs no more than the first. Its zero value is ready to use, for one list.
type Walk struct {
	begun bool
	keys  []any
}

// goesOn reports whether the page is not the first of a walk: what a list says of all its rows was said with that.
func (p Page) goesOn() bool { return p.Walk != nil && p.Walk.begun }

const (
	pageSize    = 50
	pageSizeMax = 500

	// countMax bounds the counting of long lists: nobody turns two hundred pages, and counting on would cost more than the page itself.
	countMax = 10_000
)

// limits gives LIMIT and OFFSET.
func (p Page) limits() (limit, offset int) {
	limit = p.Size
	if limit <= 0 {
		limit = pageSize
	}
	limit = min(limit, pageSizeMax)
	return limit, (max(p.Number, 1) - 1) * limit
}

// Listed is one page of a list.
type Listed[T any] struct {
	Rows   []T
	Total  int  // rows on all pages
	Capped bool // there are more than Total: the counting stopped there
}

// query is a SELECT under construction: conditions and their arguments, $1 being the organization.
type query struct {
	where []string
	args  []any
}

func (t *txn) query(condition string, args ...any) *query {
	q := &query{args: []any{t.org}}
	return q.and(condition, args...)
}

// and adds a condition whose %s are the places of its arguments.
func (q *query) and(condition string, args ...any) *query {
	q.where = append(q.where, q.place(condition, args...))
	return q
}

// place takes arguments in and gives the condition with their places in it.
func (q *query) place(condition string, args ...any) string {
	places := make([]any, len(args))
	for i, a := range args {
		q.args = append(q.args, a)
		places[i] = fmt.Sprintf("$%d", len(q.args))
	}
	return fmt.Sprintf(condition, places...)
}

// atOnce is how many keys a statement names when many rows are read or changed: the driver's search for $n grows with the square of them.
const atOnce = 100

// in adds that a column has one of some values, of which there must be one.
func (q *query) in(column string, values []string) *query {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return q.and(column+` IN (`+strings.TrimSuffix(strings.Repeat("%s, ", len(args)), ", ")+`)`, args...)
}

// matching adds that a folded column contains a text; "" is no condition.
func (q *query) matching(column, text string) *query {
	if fold(text) == "" {
		return q
	}
	return q.and(column+` LIKE %s ESCAPE '\'`, containing(text))
}

// text gives the conditions.
func (q *query) text() string { return " WHERE " + strings.Join(q.where, " AND ") }

// count counts the rows that from, which may end in conditions, gives, as far as countMax.
func (t *txn) count(ctx context.Context, from string, args []any) (n int, capped bool, err error) {
	_, err = t.row(ctx, fmt.Sprintf(`SELECT COUNT(*) FROM (SELECT 1 FROM %s LIMIT %d) counted`, from, t.store.countMax+1), args, &n)
	return min(n, t.store.countMax), n > t.store.countMax, err
}

// paged reads the rows of a page and counts all that match.
func paged[T any](ctx context.Context, t *txn, l pagedList[T]) (Listed[T], error) {
	var page Listed[T]
	var err error
	if l.page.Walk != nil && l.key != "" {
		return l.walked(ctx, t, l.table()+l.where.text(), cmp.Or(l.few, l.order))
	}
	if l.matching != nil {
		page.Total, page.Capped = min(*l.matching, t.store.countMax), *l.matching > t.store.countMax
	} else if page.Total, page.Capped, err = t.count(ctx, l.table()+l.where.text(), l.where.args); err != nil {
		return page, err
	}
	limit, offset := l.page.limits()
	if offset >= page.Total && !page.Capped {
		return page, nil
	}
	if l.few == "" || page.Capped {
		l.few = l.order
	}
	page.Rows, err = l.rows(ctx, t, limit, offset)
	return page, err
}

// table gives the tables to look for rows in.
func (l pagedList[T]) table() string { return cmp.Or(l.counted, l.from) }

// rows reads a part of the list. With a key only keys are looked at until the part begins, so that a page near the end costs little more
// than the first.
func (l pagedList[T]) rows(ctx context.Context, t *txn, limit, offset int) ([]T, error) {
	if l.key == "" {
		return list(ctx, t, l.scan, fmt.Sprintf(`SELECT %s FROM %s%s ORDER BY %s LIMIT %d OFFSET %d`, l.columns, l.from, l.where.text(), l.few,
			limit, offset), l.where.args...)
	}
	keys, err := l.keys(ctx, t, l.table()+l.where.text(), l.few, fmt.Sprintf(` LIMIT %d OFFSET %d`, limit, offset))
	if err != nil {
		return nil, err
	}
	return l.byKeys(ctx, t, keys)
}

// keys reads the keys of the rows that from, which may end in conditions, gives in an order.
func (l pagedList[T]) keys(ctx context.Context, t *txn, from, order, limit string) ([]any, error) {
	args := l.where.args
	if l.args != nil {
		args = l.args
	}
	return list(ctx, t, func(r scanner) (k any, err error) {
		err = r.Scan(&k)
		return k, err
	}, `SELECT `+l.key+` FROM `+from+` ORDER BY `+order+limit, args...)
}

// byKeys reads rows by their keys, in the order of the keys. The database is not asked for an order: it would go through all rows in that
// order, looking for the keys.
func (l pagedList[T]) byKeys(ctx context.Context, t *txn, keys []any) ([]T, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	q := &query{where: []string{l.base}, args: l.where.args[:l.based:l.based]}
	q.and(l.key+` IN (`+strings.TrimSuffix(strings.Repeat("%s, ", len(keys)), ", ")+`)`, keys...)
	found := make(map[any]T, len(keys))
	if _, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var key any
		row, err := l.scan(splitScanner{r, []any{&key}})
		found[key] = row
		return struct{}{}, err
	}, fmt.Sprintf(`SELECT %s, %s FROM %s%s`, l.columns, l.key, l.from, q.text()), q.args...); err != nil {
		return nil, err
	}
	rows := make([]T, 0, len(keys))
	for _, key := range keys {
		if row, still := found[key]; still {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// walked reads a page of a walk.
func (l pagedList[T]) walked(ctx context.Context, t *txn, from, order string) (Listed[T], error) {
	w := l.page.Walk
	if !w.begun {
		keys, err := l.keys(ctx, t, from, order, ``)
		if err != nil {
			return Listed[T]{}, err
		}
		w.begun, w.keys = true, keys
	}
	return l.keyed(ctx, t, w.keys)
}

// keyed reads the page of a list whose keys are known.
func (l pagedList[T]) keyed(ctx context.Context, t *txn, keys []any) (Listed[T], error) {
	page := Listed[T]{Total: len(keys)}
	limit, offset := l.page.limits()
	var err error
	page.Rows, err = l.byKeys(ctx, t, keys[min(offset, len(keys)):min(offset+limit, len(keys))])
	return page, err
}

// pagedList is a list that is read page by page.
type pagedList[T any] struct {
	columns  string
	from     string
	counted  string // tables to count in when they are fewer than from
	where    *query
	order    string
	few      string // the same order, told so that the database sorts what it finds instead of searching in order: better for few rows
	page     Page
	args     []any // those of where, when they are not passed as they are
	matching *int  // how many match, when that is known already
	scan     func(scanner) (T, error)

	key   string // column that names a row of counted; "" when there is nothing to gain by it
	base  string // the first conditions of where that make key unmistakable
	based int    // how many arguments they have
}

// direction continues an ORDER BY.
func direction(desc bool) string {
	if desc {
		return " DESC"
	}
	return ""
}
