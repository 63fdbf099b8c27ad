package autotask

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// matchesAll reports whether a row meets every condition.
func (w *world) matchesAll(r row, conditions []condition) bool {
	for i := range conditions {
		if !w.matches(r, &conditions[i]) {
			return false
		}
	}
	return true
}

func (w *world) matches(r row, c *condition) bool {
	switch c.op {
	case "and":
		return w.matchesAll(r, c.items)
	case "or":
		return slices.ContainsFunc(c.items, func(item condition) bool { return w.matches(r, &item) })
	}
	v := w.operandValue(r, c)
	switch c.op {
	case "exist":
		return v != nil
	case "notExist":
		return v == nil
	case "in":
		return v != nil && c.holds(v)
	case "notIn":
		if v == nil {
			return w.d.is("noteqNull", "include")
		}
		return !c.holds(v)
	}
	return w.compares(v, c)
}

func (w *world) operandValue(r row, c *condition) any {
	if c.udf != "" {
		return r.udf(c.field.name)
	}
	return r.value(w, c.field)
}

// holds reports whether the list of an in condition contains a value.
func (c *condition) holds(v any) bool {
	switch v := v.(type) {
	case int64:
		if c.integers != nil {
			return c.integers[v]
		}
	case string:
		if c.texts != nil {
			return c.texts[strings.ToLower(v)]
		}
	}
	return slices.ContainsFunc(c.list, func(o operand) bool { return !o.null && !o.never && o.compare(v) == 0 })
}

// compares applies a comparison. Nothing equals null, not even null.
func (w *world) compares(v any, c *condition) bool {
	if c.operand.null || c.operand.never {
		return false
	}
	if v == nil {
		return c.op == "noteq" && w.d.is("noteqNull", "include")
	}
	switch c.op {
	case "beginsWith":
		return strings.HasPrefix(lowered(v), c.operand.text)
	case "endsWith":
		return strings.HasSuffix(lowered(v), c.operand.text)
	case "contains":
		return strings.Contains(lowered(v), c.operand.text)
	}
	return accepts(c.op, c.operand.compare(v))
}

func accepts(op string, order int) bool {
	switch op {
	case "eq":
		return order == 0
	case "noteq":
		return order != 0
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "lt":
		return order < 0
	}
	return order <= 0 // lte
}

func lowered(v any) string {
	s, _ := v.(string)
	return strings.ToLower(s)
}

// compare orders a row's value against the operand: negative when the value is smaller.
func (o operand) compare(v any) int {
	switch v := v.(type) {
	case int64:
		if o.integral {
			return cmp.Compare(v, o.integer)
		}
		return decimal.NewFromInt(v).Cmp(o.number)
	case decimal.Decimal:
		return v.Cmp(o.number)
	case string:
		return strings.Compare(strings.ToLower(v), o.text)
	case time.Time:
		return v.Compare(o.instant)
	case bool:
		return cmp.Compare(bit(v), bit(o.truth))
	}
	return 1
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
