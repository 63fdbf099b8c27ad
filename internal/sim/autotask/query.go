package autotask

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const pageSizeMax = 500

// query is a parsed query body (Autotask sheet §2.2).
type query struct {
	conditions []condition
	include    []*field // nil = all
	hasID      bool
	size       int
	search     []byte // as received
}

// queryText is the JSON of a query: the search parameter of a GET, the body of a POST.
func (c *call) queryText() []byte {
	if c.request.Method == http.MethodGet {
		return []byte(c.request.URL.Query().Get("search"))
	}
	return c.body
}

// parseQuery reads a query. Keys match in any letter case unless the dialect queryKeys says otherwise.
func (c *call) parseQuery() (query, *failure) {
	q, object, bad := c.parseFilter()
	if bad != nil {
		return q, bad
	}
	if bad := c.readSize(&q, object); bad != nil {
		return q, bad
	}
	return q, c.readInclude(&q, object)
}

// parseFilter reads what a query asks for and leaves the rest of it alone, as a count does (Autotask sheet §2.5).
func (c *call) parseFilter() (query, map[string]any, *failure) {
	q := query{size: pageSizeMax, search: c.queryText()}
	object, bad := c.decodeObject(q.search)
	if bad != nil {
		return q, nil, bad
	}
	raw, ok := anyCase(object, "filter")
	if !ok {
		return q, nil, refuse("Value does not exist for the required field filter")
	}
	if _, isText := raw.(string); isText {
		return q, nil, refuse("Error converting value of filter: a JSON array is required, not a string.")
	}
	compiler := &compiler{w: c.world, entity: c.entity}
	q.conditions, bad = compiler.compile(raw)
	c.dropped = compiler.dropped
	if bad != nil {
		return q, nil, bad
	}
	return q, object, nil
}

// option finds maxRecords or includeFields.
func (c *call) option(object map[string]any, name string) (any, bool) {
	if c.world.d.is("queryKeys", "exact") {
		v, ok := object[name]
		return v, ok && v != nil
	}
	v, ok := anyCase(object, name)
	return v, ok && v != nil
}

func (c *call) readSize(q *query, object map[string]any) *failure {
	raw, ok := c.option(object, "maxRecords")
	if !ok {
		return nil
	}
	text := ""
	switch v := raw.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > pageSizeMax {
		return refuse("The value of maxCountOfRecordsToReturn must be between 1 and 500.")
	}
	q.size = n
	return nil
}

func (c *call) readInclude(q *query, object map[string]any) *failure {
	raw, ok := c.option(object, "includeFields")
	if !ok {
		return nil
	}
	list, ok := raw.([]any)
	if !ok {
		return refuse("Error converting value of includeFields: a JSON array is required.")
	}
	wanted := map[*field]bool{}
	for _, item := range list {
		name, _ := item.(string)
		if strings.EqualFold(name, "userDefinedFields") && c.entity.hasUDF {
			continue
		}
		f := c.entity.field(name)
		if f == nil || f.hidden {
			bad := unableToFind(name, c.entity)
			bad.status, _ = strconv.Atoi(c.world.d["includeFieldsUnknown"])
			return bad
		}
		wanted[f] = true
	}
	for _, f := range c.entity.fields {
		if wanted[f] {
			q.include = append(q.include, f)
			q.hasID = q.hasID || f.name == "id"
		}
	}
	return nil
}

// candidates narrows the rows to look at by equality on an id; all conditions are still evaluated.
func (c *call) candidates(conditions []condition) []row {
	if set := c.unitSet(); set != nil {
		return c.unitCandidates(set, conditions)
	}
	t := c.world.table(c.entity.name)
	for i := range conditions {
		if ids, ok := conditions[i].ids("id"); ok {
			var rows []row
			for _, id := range ids {
				if r, ok := t.rows[id]; ok {
					rows = append(rows, r)
				}
			}
			return rows
		}
	}
	rows := make([]row, len(t.order))
	for i, id := range t.order {
		rows[i] = t.rows[id]
	}
	return rows
}

func (c *call) unitSet() *lineSet {
	switch c.entity.name {
	case "ContractServiceUnits":
		return &c.world.lines
	case "ContractServiceBundleUnits":
		return &c.world.bundle
	}
	return nil
}

func (c *call) unitCandidates(set *lineSet, conditions []condition) []row {
	var units []*unitRow
	found := false
	for i := range conditions {
		if ids, ok := conditions[i].ids("contractID"); ok {
			var lines []*line
			for _, id := range ids {
				lines = append(lines, set.byContract[id]...)
			}
			units, found = c.world.rowsOf(set, lines), true
			break
		}
	}
	if !found {
		units = c.world.allRows(set)
	}
	rows := make([]row, len(units))
	for i, u := range units {
		rows[i] = u
	}
	return rows
}

// ids returns the ascending ids a condition fixes a field to.
func (c *condition) ids(name string) ([]int64, bool) {
	if c.field == nil || c.udf != "" || c.field.name != name {
		return nil, false
	}
	switch {
	case c.op == "eq" && c.operand.integral:
		return []int64{c.operand.integer}, true
	case c.op == "in" && c.integers != nil:
		ids := make([]int64, 0, len(c.integers))
		for id := range c.integers {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		return ids, true
	}
	return nil, false
}

// page is one page of rows and whether neighbours exist.
type page struct {
	rows       []row
	more, less bool
}

// pageAfter collects rows after a cursor, or before it when going backward.
func (c *call) pageAfter(q query, cursor int64, backward bool) page {
	rows := c.candidates(q.conditions)
	if backward {
		slices.Reverse(rows)
	}
	var p page
	for _, r := range rows {
		if (backward && r.key() >= cursor) || (!backward && r.key() <= cursor) {
			continue
		}
		if !c.world.matchesAll(r, q.conditions) {
			continue
		}
		if len(p.rows) == q.size {
			p.more = true
			break
		}
		p.rows = append(p.rows, r)
	}
	if backward {
		slices.Reverse(p.rows)
		p.more, p.less = true, p.more
	}
	return p
}

// restricted reports what a query on an entity that the user may not see gives (Autotask sheet §1.2, dialect restrictedQuery).
func (c *call) restricted() (bool, *failure) {
	if c.server.profile != ProfileNoContracts || !c.entity.contracts {
		return false, nil
	}
	if c.world.d.is("restrictedQuery", "error") {
		return true, refuse("The logged in Resource does not have the adequate permissions to query this entity type.")
	}
	return true, nil
}

func handleQuery(c *call) (answer, *failure) {
	q, bad := c.parseQuery()
	if bad != nil {
		return answer{}, bad
	}
	return c.answerPage(q, -1, false)
}

func handleNext(c *call) (answer, *failure) {
	token, bad := c.readToken(c.queryText())
	if bad != nil {
		return answer{}, bad
	}
	q, bad := c.parseQuery()
	if bad != nil {
		return answer{}, bad
	}
	q.size = token.PageSize
	if token.backward() {
		return c.answerPage(q, firstOf(token.PreviousIDs), true)
	}
	return c.answerPage(q, firstOf(token.NextIDs), false)
}

func firstOf(ids []int64) int64 {
	if len(ids) == 0 {
		return -1
	}
	return ids[0]
}

func (c *call) answerPage(q query, cursor int64, backward bool) (answer, *failure) {
	hidden, bad := c.restricted()
	if bad != nil {
		return answer{}, bad
	}
	var p page
	if !hidden {
		p = c.pageAfter(q, cursor, backward)
	}
	if !backward {
		p.less = cursor >= 0
	}
	return c.encodePage(q, p), nil
}

// encodePage writes items and pageDetails (Autotask sheet §2.4).
func (c *call) encodePage(q query, p page) answer {
	token := pageToken{PageSize: q.size, Verb: c.request.Method, Query: hashJSON(q.search), NoID: q.include != nil && !q.hasID}
	var next, prev any
	if len(p.rows) > 0 && (p.more || p.less) {
		c.server.pageSerial++
		token.Page = c.server.pageSerial
		if p.more {
			token.PreviousIDs, token.NextIDs = []int64{-1}, []int64{p.rows[len(p.rows)-1].key()}
			next = c.pageURL(token, string(q.search))
		}
		if p.less {
			token.PreviousIDs, token.NextIDs = []int64{p.rows[0].key()}, []int64{-1}
			prev = c.pageURL(token, string(q.search))
		}
	}
	var buf bytes.Buffer
	c.encodeItems(&buf, p.rows, q.include)
	details, err := json.Marshal(map[string]any{"count": len(p.rows), "requestCount": q.size, "prevPageUrl": prev, "nextPageUrl": next})
	if err != nil { // plain values always encode
		return failureAnswer(refuse("%v", err))
	}
	buf.Truncate(buf.Len() - 1)
	buf.WriteString(`,"pageDetails":`)
	buf.Write(details)
	buf.WriteByte('}')
	return answer{status: http.StatusOK, kind: typeJSON, body: buf.Bytes()}
}

func (c *call) encodeItems(buf *bytes.Buffer, rows []row, include []*field) {
	enc := c.encoder(buf)
	buf.WriteString(`{"items":[`)
	for i, r := range rows {
		if i > 0 {
			buf.WriteByte(',')
		}
		enc.row(c.entity, r, include)
	}
	buf.WriteString(`]}`)
}

func (c *call) encoder(buf *bytes.Buffer) encoder {
	return encoder{w: c.world, hideCost: c.server.profile == ProfileNoCost, buf: buf}
}

func handleCount(c *call) (answer, *failure) {
	q, _, bad := c.parseFilter()
	if bad != nil {
		return answer{}, bad
	}
	hidden, bad := c.restricted()
	if bad != nil {
		return answer{}, bad
	}
	n := 0
	if !hidden {
		for _, r := range c.candidates(q.conditions) {
			if c.world.matchesAll(r, q.conditions) {
				n++
			}
		}
	}
	return jsonAnswer(http.StatusOK, map[string]any{"queryCount": n}), nil
}

// rowByID finds one row of any readable entity.
func (c *call) rowByID(id int64) (row, bool) {
	if set := c.unitSet(); set != nil {
		for _, u := range c.world.allRows(set) {
			if u.id == id {
				return u, true
			}
		}
		return nil, false
	}
	r, ok := c.world.find(c.entity.name, id)
	return r, ok
}

func handleGet(c *call) (answer, *failure) {
	hidden, bad := c.restricted()
	if bad != nil {
		return answer{}, bad
	}
	r, ok := c.rowByID(c.id)
	if ok && c.nested && c.parentOf(r) != c.parentID {
		ok = false
	}
	var buf bytes.Buffer
	if !ok || hidden {
		if c.world.d.is("missingID", "404") {
			return answer{}, &failure{status: http.StatusNotFound, messages: []string{"No matching records found."}}
		}
		return answer{status: http.StatusOK, kind: typeJSON, body: []byte(`{"item":null}`)}, nil
	}
	if c.nested && c.world.d.is("childGet", "items") {
		return c.encodePage(query{size: pageSizeMax}, page{rows: []row{r}}), nil
	}
	buf.WriteString(`{"item":`)
	c.encoder(&buf).row(c.entity, r, nil)
	buf.WriteByte('}')
	return answer{status: http.StatusOK, kind: typeJSON, body: buf.Bytes()}, nil
}

func (c *call) parentOf(r row) int64 {
	id, _ := r.value(c.world, c.entity.field(c.entity.parentField)).(int64)
	return id
}

// handleChildren lists the children of one parent. Further pages continue on the child entity's own query.
func handleChildren(c *call) (answer, *failure) {
	search := []byte(`{"filter":[{"op":"eq","field":"` + c.entity.parentField + `","value":` + strconv.FormatInt(c.parentID, 10) + `}]}`)
	object, bad := c.decodeObject(search)
	if bad != nil {
		return answer{}, bad
	}
	compiler := &compiler{w: c.world, entity: c.entity}
	conditions, bad := compiler.compile(object["filter"])
	if bad != nil {
		return answer{}, bad
	}
	return c.answerPage(query{conditions: conditions, size: pageSizeMax, search: search}, -1, false)
}

// decodeObject reads a JSON object with numbers kept as text.
func (c *call) decodeObject(text []byte) (map[string]any, *failure) {
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, refuse("The request body is empty.")
	}
	if err := decoder.Decode(&object); err != nil {
		status, _ := strconv.Atoi(c.world.d["malformedJSON"])
		if _, other := errors.AsType[*json.UnmarshalTypeError](err); other {
			return nil, failWith(status, "The request is not one JSON object.")
		}
		return nil, failWith(status, "The request is not valid JSON: %v", err)
	}
	if _, err := decoder.Token(); err != io.EOF || object == nil {
		status, _ := strconv.Atoi(c.world.d["malformedJSON"])
		return nil, failWith(status, "The request is not one JSON object.")
	}
	return object, nil
}

// anyCase finds a key in any letter case, the exact one first.
func anyCase(object map[string]any, name string) (any, bool) {
	if v, ok := object[name]; ok {
		return v, true
	}
	for _, k := range slices.Sorted(maps.Keys(object)) {
		if strings.EqualFold(k, name) {
			return object[k], true
		}
	}
	return nil, false
}
