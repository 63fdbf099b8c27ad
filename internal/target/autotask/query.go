package autotask

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"spindle/internal/fault"
)

const (
	pageRows = 500    // Autotask's largest page (Autotask sheet §2.2)
	pagesMax = 20_000 // of one query: ten million rows
)

// identified is a wire row.
type identified interface{ key() int64 }

type queryBody struct {
	MaxRecords    int      `json:"maxRecords"`
	IncludeFields []string `json:"includeFields,omitempty"`
	Filter        []filter `json:"filter"`
}

type page[T any] struct {
	Items   []T `json:"items"`
	Details struct {
		Count       *int    `json:"count"`
		NextPageURL *string `json:"nextPageUrl"`
	} `json:"pageDetails"`
}

// query reads every row that the filters (ANDed) match, in order of ids. A page that is cut, repeated or endless is an error: rows are
// never silently fewer (law 2).
func query[T identified](ctx context.Context, t *Target, entity string, fields []string, filters ...filter) ([]T, error) {
	return queryPages[T](ctx, t, entity, pageRows, fields, filters)
}

// peek reads the first rows that match, at most n.
func peek[T identified](ctx context.Context, t *Target, entity string, n int, fields []string, filters ...filter) ([]T, error) {
	var p page[T]
	if err := t.read(ctx, http.MethodPost, entity+"/query", newQuery(n, fields, filters), &p); err != nil {
		return nil, err
	}
	return p.Items[:min(n, len(p.Items))], nil
}

func newQuery(size int, fields []string, filters []filter) queryBody {
	if len(fields) > 0 && !slices.Contains(fields, "id") {
		fields = append([]string{"id"}, fields...) // paging needs it
	}
	if len(filters) == 0 {
		filters = []filter{everything()}
	}
	return queryBody{MaxRecords: size, IncludeFields: fields, Filter: filters}
}

func queryPages[T identified](ctx context.Context, t *Target, entity string, size int, fields []string, filters []filter) ([]T, error) {
	body := newQuery(size, fields, filters)
	var rows []T
	last := int64(-1 << 62)
	address := entity + "/query"
	for range pagesMax {
		var p page[T]
		// The next page wants the same verb and the same body (Autotask sheet §2.4).
		if err := t.read(ctx, http.MethodPost, address, body, &p); err != nil {
			return nil, err
		}
		if p.Details.Count != nil && *p.Details.Count != len(p.Items) {
			return nil, fault.Transientf("%s: a page says %d rows and holds %d", entity, *p.Details.Count, len(p.Items))
		}
		for _, row := range p.Items {
			if row.key() <= last {
				return nil, fault.Transientf("%s: Autotask repeats a page", entity)
			}
			last = row.key()
		}
		rows = append(rows, p.Items...)
		next := p.Details.NextPageURL
		if next == nil || *next == "" {
			return rows, nil
		}
		if len(p.Items) == 0 {
			return nil, fault.Transientf("%s: Autotask sends an empty page and promises more", entity)
		}
		address = *next
	}
	return nil, fault.Transientf("%s: more than %d pages", entity, pagesMax)
}

// count asks how many rows match.
func (t *Target) count(ctx context.Context, entity string, filters ...filter) (int, error) {
	var answer struct {
		Count *int `json:"queryCount"`
	}
	body := struct {
		Filter []filter `json:"filter"`
	}{filters}
	if err := t.read(ctx, http.MethodPost, entity+"/query/count", body, &answer); err != nil {
		return 0, err
	}
	if answer.Count == nil {
		return 0, fault.Transientf("%s: the count is missing in Autotask's answer", entity)
	}
	return *answer.Count, nil
}

// get reads one row. found is false when it does not exist: Autotask answers 404, or 200 with a null item (Autotask sheet §13 row 4).
func (t *Target) get(ctx context.Context, entity, id string, into any) (found bool, err error) {
	var answer struct {
		Item json.RawMessage `json:"item"`
	}
	if _, err := idNumber(id); err != nil {
		return false, fault.Invalidf("%s: %w", entity, err)
	}
	err = t.read(ctx, http.MethodGet, entity+"/"+id, nil, &answer)
	switch {
	case fault.Is(err, fault.KindNotFound):
		return false, nil
	case err != nil:
		return false, err
	case len(answer.Item) == 0 || strings.TrimSpace(string(answer.Item)) == "null":
		return false, nil
	}
	if err := json.Unmarshal(answer.Item, into); err != nil {
		return false, fault.Transientf("%s %s cannot be read: %w", entity, id, err)
	}
	return true, nil
}
