package autotask

import (
	"slices"
	"sort"
	"time"

	"github.com/shopspring/decimal"
)

// record is one stored row. Values are nil, int64, decimal.Decimal, bool, string or time.Time, in field order.
type record struct {
	entity *entity
	id     int64
	values []any
	udfs   map[string]string // set user-defined fields by name
}

// row is what queries read: a stored record or a unit row of the engine.
type row interface {
	key() int64
	value(*world, *field) any
	udf(name string) any
}

func (r *record) key() int64 { return r.id }

func (r *record) value(w *world, f *field) any {
	if f.compute != nil {
		return f.compute(w, r)
	}
	return r.values[f.index]
}

func (r *record) udf(name string) any {
	if v, ok := r.udfs[name]; ok {
		return v
	}
	return nil
}

func (r *record) get(name string) any        { return r.values[r.entity.col(name)] }
func (r *record) set(name string, value any) { r.values[r.entity.col(name)] = value }

// num returns an integer field, or 0 when empty.
func (r *record) num(name string) int64 {
	n, _ := r.get(name).(int64)
	return n
}

// ref returns a reference and whether it is set; 0 is a valid id.
func (r *record) ref(name string) (int64, bool) {
	n, ok := r.get(name).(int64)
	return n, ok
}

func (r *record) text(name string) string {
	s, _ := r.get(name).(string)
	return s
}

func (r *record) flag(name string) bool {
	b, _ := r.get(name).(bool)
	return b
}

func (r *record) date(name string) time.Time {
	t, _ := r.get(name).(time.Time)
	return t
}

// amount returns a money field, or zero when empty.
func (r *record) amount(name string) decimal.Decimal {
	d, _ := r.get(name).(decimal.Decimal)
	return d
}

func (r *record) clone() *record {
	c := *r
	c.values = slices.Clone(r.values)
	c.udfs = map[string]string{}
	for k, v := range r.udfs {
		c.udfs[k] = v
	}
	return &c
}

// table holds the rows of one entity in ascending id order.
type table struct {
	entity *entity
	rows   map[int64]*record
	order  []int64
	next   int64
}

func newTable(e *entity) *table {
	return &table{entity: e, rows: map[int64]*record{}, next: e.firstID}
}

// blank makes a row that is not stored yet.
func (t *table) blank() *record {
	return &record{entity: t.entity, values: make([]any, len(t.entity.fields)), udfs: map[string]string{}}
}

// insert stores a row under the next id.
func (t *table) insert(r *record) int64 {
	id := t.next
	t.next++
	t.insertAs(r, id)
	return id
}

func (t *table) insertAs(r *record, id int64) {
	r.id = id
	r.values[0] = id
	t.rows[id] = r
	at := sort.Search(len(t.order), func(i int) bool { return t.order[i] >= id })
	t.order = slices.Insert(t.order, at, id)
}

func (t *table) delete(id int64) {
	delete(t.rows, id)
	if at, ok := slices.BinarySearch(t.order, id); ok {
		t.order = slices.Delete(t.order, at, at+1)
	}
}

// all returns the rows in ascending id order.
func (t *table) all() []*record {
	list := make([]*record, 0, len(t.order))
	for _, id := range t.order {
		list = append(list, t.rows[id])
	}
	return list
}
