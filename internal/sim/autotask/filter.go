package autotask

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// condition is one compiled filter condition or group (Autotask sheet §2.3).
type condition struct {
	op       string
	field    *field
	udf      string
	operand  operand
	list     []operand
	integers map[int64]bool  // in and notIn on whole numbers
	texts    map[string]bool // in and notIn on strings, lower case
	items    []condition
}

// operand is a value to compare with, read once in the type of its field.
type operand struct {
	null, never bool
	integral    bool
	integer     int64
	number      decimal.Decimal
	text        string // lower case
	instant     time.Time
	truth       bool
}

var comparisons = [...]string{"eq", "noteq", "gt", "gte", "lt", "lte", "beginsWith", "endsWith", "contains", "exist", "notExist", "in", "notIn"}

const orMax = 500

// compiler turns filter JSON into conditions and counts what is limited or logged.
type compiler struct {
	w       *world
	entity  *entity
	dropped int // conditions with an operator nobody knows
	ors     int
	udfs    map[string]bool
}

// compile reads the value of "filter". Unknown operators are dropped silently, which widens the result.
func (c *compiler) compile(raw any) ([]condition, *failure) {
	list, ok := raw.([]any)
	if !ok {
		return nil, refuse("Error converting value of filter: a JSON array of conditions is required.")
	}
	if len(list) == 0 && c.w.d.is("emptyFilter", "error") {
		return nil, refuse("Invalid query syntax. The filter must hold at least one condition.")
	}
	conditions, err := c.items(list, false)
	if err != nil {
		return nil, err
	}
	if c.ors > orMax {
		return nil, refuse("Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions.")
	}
	return conditions, nil
}

func (c *compiler) items(list []any, inOr bool) ([]condition, *failure) {
	var out []condition
	for _, raw := range list {
		object, ok := raw.(map[string]any)
		if !ok {
			return nil, refuse("Invalid query syntax. Each condition must be a JSON object.")
		}
		cond, keep, err := c.condition(lowerKeys(object), inOr)
		if err != nil {
			return nil, err
		}
		if keep {
			out = append(out, cond)
		}
	}
	return out, nil
}

func (c *compiler) condition(object map[string]any, inOr bool) (condition, bool, *failure) {
	op, _ := object["op"].(string)
	if op == "and" || op == "or" {
		return c.group(op, object, inOr)
	}
	if !known(op) {
		c.dropped++
		return condition{}, false, nil
	}
	if inOr {
		c.ors++
	}
	name, _ := object["field"].(string)
	cond := condition{op: op}
	f, err := c.resolve(name, object["udf"] == true)
	if err != nil {
		return condition{}, false, err
	}
	if cond.field = f; object["udf"] == true {
		cond.udf = name
	}
	return cond, true, c.operands(&cond, object)
}

func (c *compiler) group(op string, object map[string]any, inOr bool) (condition, bool, *failure) {
	list, ok := object["items"].([]any)
	if !ok {
		return condition{}, false, refuse("Invalid query syntax. A group needs items.")
	}
	items, err := c.items(list, inOr || op == "or")
	return condition{op: op, items: items}, len(items) > 0, err
}

func known(op string) bool {
	for _, name := range comparisons {
		if name == op {
			return true
		}
	}
	return false
}

// resolve finds the field a condition names. User-defined fields need the udf flag.
func (c *compiler) resolve(name string, isUDF bool) (*field, *failure) {
	if isUDF {
		return c.resolveUDF(name)
	}
	f := c.entity.field(name)
	if f == nil || f.hidden {
		return nil, unableToFind(name, c.entity)
	}
	if f.unfiltered {
		return nil, refuse("Field %s of the %s Entity is not queryable.", f.name, c.entity.singular)
	}
	return f, nil
}

func (c *compiler) resolveUDF(name string) (*field, *failure) {
	for _, u := range c.entity.udfs {
		if !strings.EqualFold(u.name, name) {
			continue
		}
		if !u.queryable {
			return nil, refuse("User-defined field %s is not queryable.", u.name)
		}
		if c.udfs == nil {
			c.udfs = map[string]bool{}
		}
		c.udfs[strings.ToLower(name)] = true
		if limit, _ := strconv.Atoi(c.w.d["udfPerQuery"]); len(c.udfs) > limit {
			return nil, refuse("Invalid query syntax. Too many user-defined fields in one query.")
		}
		return &field{name: u.name, kind: kindString}, nil
	}
	return nil, unableToFind(name, c.entity)
}

func unableToFind(name string, e *entity) *failure {
	return refuse("Unable to find %s in the %s Entity.", name, e.singular)
}

func (c *compiler) operands(cond *condition, object map[string]any) *failure {
	var err *failure
	switch cond.op {
	case "exist", "notExist":
	case "in", "notIn":
		list, ok := object["value"].([]any)
		if !ok {
			return refuse("Invalid query syntax. Operator %s needs an array of values.", cond.op)
		}
		c.ors += len(list)
		for _, raw := range list {
			var o operand
			if o, err = c.operand(cond.field, raw); err != nil {
				return err
			}
			cond.list = append(cond.list, o)
		}
		cond.hash()
	case "beginsWith", "endsWith", "contains":
		if cond.field.kind != kindString {
			return refuse("Operator %s cannot be used with field %s of type %s.", cond.op, cond.field.name, cond.field.kind)
		}
		cond.operand, err = c.operand(cond.field, object["value"])
	default:
		cond.operand, err = c.operand(cond.field, object["value"])
	}
	return err
}

// hash makes long lists cheap to test.
func (c *condition) hash() {
	if c.field.kind == kindString {
		c.texts = map[string]bool{}
	} else if c.field.kind.integral() {
		c.integers = map[int64]bool{}
	}
	for _, o := range c.list {
		switch {
		case o.null || o.never:
		case c.texts != nil:
			c.texts[o.text] = true
		case c.integers != nil && o.integral:
			c.integers[o.integer] = true
		}
	}
}

// operand reads a JSON value in the type of a field (Autotask sheet §2.3, §13.7, §13.13).
func (c *compiler) operand(f *field, raw any) (operand, *failure) {
	if raw == nil {
		return operand{null: true}, nil
	}
	switch {
	case f.kind == kindString:
		return textOperand(raw)
	case f.kind.temporal():
		return instantOperand(raw)
	case f.kind == kindBool:
		return c.truthOperand(raw)
	}
	return numberOperand(raw)
}

func textOperand(raw any) (operand, *failure) {
	switch v := raw.(type) {
	case string:
		return operand{text: strings.ToLower(v)}, nil
	case json.Number:
		return operand{text: v.String()}, nil
	case bool:
		return operand{text: fmt.Sprint(v)}, nil
	}
	return operand{}, refuse("Invalid query syntax. A single value is required.")
}

func numberOperand(raw any) (operand, *failure) {
	var text string
	switch v := raw.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = strings.TrimSpace(v)
	case bool:
		text = fmt.Sprint(v)
	default:
		return operand{}, refuse("Invalid query syntax. A single value is required.")
	}
	number, err := parseNumber(text)
	if err != nil {
		return operand{}, refuse("Conversion failed when converting varchar '%s' to data type int", text)
	}
	o := operand{number: number}
	if number.IsInteger() && number.Abs().LessThan(decimal.New(1, 18)) {
		o.integral, o.integer = true, number.IntPart()
	}
	return o, nil
}

func instantOperand(raw any) (operand, *failure) {
	text, ok := raw.(string)
	if !ok {
		return operand{}, refuse("Conversion failed when converting date and/or time from character string.")
	}
	instant, err := parseInstant(text)
	if err != nil {
		return operand{}, refuse("Conversion failed when converting date and/or time from character string.")
	}
	return operand{instant: instant}, nil
}

func (c *compiler) truthOperand(raw any) (operand, *failure) {
	switch v := raw.(type) {
	case bool:
		return operand{truth: v, never: !v && c.w.d.is("boolFilter", "numeric")}, nil
	case json.Number:
		if v == "0" || v == "1" {
			return operand{truth: v == "1"}, nil
		}
	}
	return operand{}, refuse("Conversion failed when converting varchar '%v' to data type bit", raw)
}

// parseInstant reads a date or datetime as UTC; a bare date is midnight (Autotask sheet §8.1).
func parseInstant(text string) (time.Time, error) {
	for _, layout := range []string{dayLayout, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a date", text)
}

func lowerKeys(object map[string]any) map[string]any {
	out := make(map[string]any, len(object))
	for k, v := range object {
		out[strings.ToLower(k)] = v
	}
	return out
}
