package autotask

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"spindle/internal/fault"
	"spindle/internal/target"
)

// patchNotFound tells a row that is gone from a tenant that has no PATCH on collections: one zone was reported to answer 404 pages to
// it while PUT works (Autotask sheet §2.1). A 404 proves that nothing was written, so one further write is still the first.
func (t *Target) patchNotFound(ctx context.Context, w write, receipt target.Receipt, notFound error) (target.Receipt, error) {
	var row map[string]json.RawMessage
	found, err := t.get(ctx, w.entity, w.id, &row)
	if err != nil {
		return receipt, err
	}
	if !found {
		return receipt, notFound
	}
	t.putOnly.Store(w.entity, true)
	return t.put(ctx, w)
}

// put sends a PATCH as PUT. PUT empties every writable field that the body leaves out (Autotask sheet §2.6), so the body is the row as
// it stands with the changes on top.
func (t *Target) put(ctx context.Context, w write) (target.Receipt, error) {
	var row map[string]json.RawMessage
	found, err := t.get(ctx, w.entity, w.id, &row)
	if err != nil {
		return target.Receipt{}, err
	}
	if !found {
		return target.Receipt{}, fault.NotFoundf("%s %s does not exist any more", w.entity, w.id)
	}
	body, err := t.wholeRow(ctx, w.entity, row)
	if err != nil {
		return target.Receipt{}, err
	}
	for name := range body {
		for changed := range w.body {
			if strings.EqualFold(name, changed) {
				delete(body, name)
			}
		}
	}
	maps.Copy(body, w.body)
	w.method, w.body = http.MethodPut, body
	return t.sendWrite(ctx, w)
}

// wholeRow keeps what a PUT may write.
func (t *Target) wholeRow(ctx context.Context, entity string, row map[string]json.RawMessage) (map[string]any, error) {
	m, err := t.fields(ctx, entity)
	if err != nil {
		return nil, err
	}
	body := map[string]any{}
	for name, value := range row {
		f, known := m.field(name)
		if known && !f.IsReadOnly && string(value) != "null" || strings.EqualFold(name, "userDefinedFields") {
			body[name] = value
		}
	}
	if entity != "ContractServices" {
		return body, nil
	}
	return body, keepPrice(row, body)
}

// keepPrice adds the contract price, which Autotask takes but never shows, from its trace in internal currency (Autotask sheet §5.4).
func keepPrice(row map[string]json.RawMessage, body map[string]any) error {
	raw, err := json.Marshal(row)
	if err != nil {
		return fault.Newf(fault.KindInternal, "a row cannot be written: %w", err)
	}
	var line wireLine
	if err := json.Unmarshal(raw, &line); err != nil {
		return fault.Transientf("a contract service cannot be read: %w", err)
	}
	if price, ok := line.adjustedPrice(); ok {
		body["adjustedPrice"] = number(price)
	}
	return nil
}
