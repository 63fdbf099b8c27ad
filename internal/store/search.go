package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/plan"
)

// Lines and changes are not searched one by one: their texts are, each of which is stored once (search_text), and then the rows that have
// them are read from an index. A hundred thousand lines speak of some thousand customers and some hundred products.

// searchPart says what a text is about. Stored: never renamed.
type searchPart string

const (
	searchWho  searchPart = "who"  // customer and contract
	searchWhat searchPart = "what" // product, or what is charged
)

func searchParts() []searchPart { return []searchPart{searchWho, searchWhat} }

// searchTexts gathers the texts of rows that are written.
type searchTexts map[searchPart]map[int64]string

// add notes the text that the fields make and gives its id.
func (x searchTexts) add(part searchPart, fields ...string) int64 {
	text := fold(fields...)
	id := textID(text)
	if x[part] == nil {
		x[part] = map[int64]string{}
	}
	x[part][id] = text
	return id
}

// ofLine notes the texts of a line.
func (x searchTexts) ofLine(l billing.DesiredLine, contract string) (who, what int64) {
	return x.add(searchWho, l.Customer, string(l.CustomerID), contract), x.add(searchWhat, l.Name)
}

// ofChange notes the texts of a change.
func (x searchTexts) ofChange(c plan.Change) (who, what int64) {
	return x.add(searchWho, c.Customer, string(c.CustomerID), c.ContractName), x.add(searchWhat, c.What)
}

// textID works the id of a text out from it, so that the same text has the same id whoever writes it first. It is never 0, which stands for
// rows that have no text yet.
func textID(text string) int64 {
	sum := sha256.Sum256([]byte(text))
	return max(int64(binary.BigEndian.Uint64(sum[:])>>1), 1)
}

// saveTexts stores the texts that are not known yet.
func (t *txn) saveTexts(ctx context.Context, texts searchTexts) error {
	for _, part := range searchParts() {
		known, err := list(ctx, t, scanNumber, `SELECT text_id FROM search_text WHERE organization_id = $1 AND part = $2`, t.org, part)
		if err != nil {
			return err
		}
		for _, id := range known {
			delete(texts[part], id)
		}
		var fresh [][]any
		for id, text := range texts[part] {
			fresh = append(fresh, []any{string(t.org), string(part), id, text})
		}
		if err := t.bulk(ctx, "search_text", []string{"organization_id", "part", "text_id", "text"}, len(fresh),
			func(i int) ([]any, error) { return fresh[i], nil }); err != nil {
			return err
		}
	}
	return nil
}

// textsMax is how many texts a search may find for rows to be looked up by them. When more are found, or more rows than anybody counts, it is
// quicker to go through the rows in their order until there are enough.
const textsMax = 2000

// search says how a list is searched.
type search struct {
	text    string
	table   string // what the list's conditions call the table
	columns string // the key and the columns that the list is ordered by
	order   string // its order, told so that the database sorts what it finds instead of searching in order
	also    string // condition of rows that are found by something else than their texts; ""
	most    int    // how many rows there are to search, 0: not known
}

// searched is paged for a search.
func searched[T any](ctx context.Context, t *txn, l pagedList[T], s search) (Listed[T], error) {
	var page Listed[T]
	texts, few, err := t.findTexts(ctx, s.text)
	if err != nil {
		return page, err
	}
	if !few && t.store.dialect == SQLite && l.page.Walk == nil && (s.most == 0 || s.most > t.store.countMax) {
		if page.Capped, err = s.plenty(ctx, t, l.table(), l.where); err != nil {
			return page, err
		}
	}
	from, order := "", l.order
	if few {
		from, order = s.lookUp(l.table(), l.where, texts), s.order
	} else {
		from = s.walk(l.table(), l.where)
	}
	if from == "" {
		return page, nil
	}
	l.args = t.once(l.where.args)
	if l.page.Walk != nil {
		return l.walked(ctx, t, from, order)
	}
	if page.Capped {
		page.Total = t.store.countMax
	} else if page.Total, page.Capped, err = t.count(ctx, from, l.args); err != nil {
		return page, err
	}
	limit, offset := l.page.limits()
	if offset >= page.Total && !page.Capped {
		return page, nil
	}
	if few && page.Capped { // few texts that many rows have
		from, order = s.walk(l.table(), l.where), l.order
		l.args = t.once(l.where.args)
	}
	keys, err := l.keys(ctx, t, from, order, fmt.Sprintf(` LIMIT %d OFFSET %d`, limit, offset))
	if err != nil {
		return page, err
	}
	page.Rows, err = l.byKeys(ctx, t, keys)
	return page, err
}

// findTexts gives the ids of the texts that contain a text, each part's as a list to write out; few is false when they are too many to look
// rows up by.
func (t *txn) findTexts(ctx context.Context, text string) (found map[searchPart]string, few bool, err error) {
	found = map[searchPart]string{}
	for _, part := range searchParts() {
		var ids string
		var n int
		if _, err := t.row(ctx, fmt.Sprintf(`SELECT COALESCE(string_agg(CAST(text_id AS TEXT), ', '), ''), COUNT(*) FROM (SELECT text_id FROM search_text
			WHERE organization_id = $1 AND part = $2 AND text LIKE $3 ESCAPE '\' LIMIT %d) x`, t.store.textsMax+1),
			[]any{t.org, part, containing(text)}, &ids, &n); err != nil || n > t.store.textsMax {
			return nil, false, err
		}
		found[part] = ids
	}
	return found, true, nil
}

// plenty reports whether more rows than anybody counts match by one part alone. It goes from text to text, as far as it takes, which only
// SQLite can be told to do: to count them in their order, all texts must be known first.
func (s search) plenty(ctx context.Context, t *txn, table string, q *query) (capped bool, err error) {
	for _, part := range searchParts() {
		p := &query{where: q.where, args: slices.Clip(q.args)}
		from := fmt.Sprintf(`search_text x CROSS JOIN %s%s AND `, table, p.text()) +
			p.place(fmt.Sprintf(`x.organization_id = $1 AND x.part = '%s' AND x.text LIKE %%s ESCAPE '\' AND %s.%s_text = x.text_id`, part, s.table, part), containing(s.text))
		if _, capped, err = t.count(ctx, from, p.args); err != nil || capped {
			return capped, err
		}
	}
	return false, nil
}

// lookUp gives what to select the rows from that have one of the texts, each part from an index of its own; "" when there are none. Ids are
// written out, not passed: they are our own numbers, and the driver's search for places grows with the square of their number.
func (s search) lookUp(table string, q *query, texts map[searchPart]string) string {
	var parts []string
	choose := func(condition string) {
		parts = append(parts, fmt.Sprintf(`SELECT %s FROM %s%s AND %s`, s.columns, table, q.text(), condition))
	}
	for _, part := range searchParts() {
		if ids := texts[part]; ids != "" {
			choose(fmt.Sprintf(`%s.%s_text IN (%s)`, s.table, part, ids))
		}
	}
	if s.also != "" {
		choose(s.also)
	}
	if len(parts) == 0 {
		return ""
	}
	return `(` + strings.Join(parts, ` UNION `) + `) ` + s.table
}

// walk gives what to select the rows from, in order, that have one of many texts. The columns are hidden from their indexes, which do not
// have the order.
func (s search) walk(table string, q *query) string {
	var parts []string
	pattern := containing(s.text)
	for _, part := range searchParts() {
		parts = append(parts, q.place(fmt.Sprintf(`%s.%s_text + 0 IN (SELECT text_id FROM search_text WHERE organization_id = $1 AND part = '%s'
			AND text LIKE %%s ESCAPE '\')`, s.table, part, part), pattern))
	}
	if s.also != "" {
		parts = append(parts, s.also)
	}
	return table + q.text() + ` AND (` + strings.Join(parts, ` OR `) + `)`
}
