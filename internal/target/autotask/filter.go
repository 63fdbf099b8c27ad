package autotask

import (
	"slices"
	"strconv"
	"strings"

	"spindle/internal/billing"
)

// listMax is how long a list in one condition may be: Autotask counts every entry as an OR and stops at 500 (Autotask sheet §2.3).
const listMax = 200

// orsMax is how many conditions of a query are joined with OR at most, with room below Autotask's 500.
const orsMax = 450

// filter is a condition or group. Only the functions below make one, because Autotask silently ignores an unknown operator, which
// would widen the answer (Autotask sheet §2.3). Booleans and nulls are never compared on the server: readings differ.
type filter struct {
	Op    string   `json:"op"`
	Field string   `json:"field,omitempty"`
	Value any      `json:"value,omitempty"`
	Items []filter `json:"items,omitempty"`
}

func everything() filter                   { return filter{Op: "gte", Field: "id", Value: 0} }
func idIs(field string, id int64) filter   { return filter{Op: "eq", Field: field, Value: id} }
func idFrom(field string, id int64) filter { return filter{Op: "gte", Field: field, Value: id} }
func idUpTo(field string, id int64) filter { return filter{Op: "lte", Field: field, Value: id} }
func textIs(field, text string) filter     { return filter{Op: "eq", Field: field, Value: text} }
func textContains(field, text string) filter {
	return filter{Op: "contains", Field: field, Value: text}
}
func dayFrom(f string, d billing.Date) filter   { return filter{Op: "gte", Field: f, Value: d.String()} }
func dayBefore(f string, d billing.Date) filter { return filter{Op: "lt", Field: f, Value: d.String()} }
func anyOf(items ...filter) filter              { return filter{Op: "or", Items: items} }
func allOf(items ...filter) filter              { return filter{Op: "and", Items: items} }

func idIn(field string, ids []int64) filter {
	return filter{Op: "in", Field: field, Value: ids}
}

func textIn(field string, texts []string) filter {
	return filter{Op: "in", Field: field, Value: texts}
}

// chunks cuts a list into pieces that fit one condition.
func chunks[T any](list []T) [][]T { return slices.Collect(slices.Chunk(list, listMax)) }

// parseIDs turns ids of the domain into sorted numbers without doubles; bad holds the ones that no Autotask id looks like.
func parseIDs[T ~string](ids []T) (numbers []int64, bad []string) {
	for _, id := range ids {
		n, err := strconv.ParseInt(strings.TrimSpace(string(id)), 10, 64)
		if err != nil {
			bad = append(bad, string(id))
			continue
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), bad
}
