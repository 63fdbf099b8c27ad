package autotask

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// changes are the values a body sets, by field. A nil value is an explicit null.
type changes struct {
	set  map[*field]any
	bad  map[*field]bool // named with a value that cannot be taken
	udfs map[string]any
}

// problems collects what is wrong with a body; they are joined into one text, as the service does (Autotask sheet §3.1).
type problems struct {
	texts    []string
	picklist bool
}

func (p *problems) add(format string, args ...any) {
	p.texts = append(p.texts, fmt.Sprintf(format, args...))
}

func (p *problems) failure() *failure {
	if len(p.texts) == 0 {
		return nil
	}
	text := strings.Join(p.texts, "; ")
	if p.picklist {
		text += " ; on record number [1]."
	}
	return refuse("%s", text)
}

// readChanges takes the writable fields out of a body. Unknown and read-only properties are ignored silently.
func (c *call) readChanges(object map[string]any, creating bool, p *problems) changes {
	ch := changes{set: map[*field]any{}, bad: map[*field]bool{}, udfs: map[string]any{}}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		raw, f := object[name], c.entity.field(name)
		if f == nil || f.name == "id" || f.readOnly || (costField(f.name) && c.server.profile == ProfileNoCost) {
			continue
		}
		if !f.writable(creating) && c.world.d.is("immutable", "ignore") {
			continue
		}
		v, err := c.world.fieldValue(f, raw)
		if err != nil {
			p.add("%v", err)
			ch.bad[f] = true
			continue
		}
		ch.set[f] = v
	}
	c.readUDFs(object, &ch, p)
	return ch
}

func (c *call) readUDFs(object map[string]any, ch *changes, p *problems) {
	raw, ok := anyCase(object, "userDefinedFields")
	if !ok || !c.entity.hasUDF {
		return
	}
	list, _ := raw.([]any)
	for _, item := range list {
		pair, ok := item.(map[string]any)
		if !ok {
			p.add("userDefinedFields must be a list of name and value")
			return
		}
		lower := lowerKeys(pair)
		name, _ := lower["name"].(string)
		u, ok := c.entity.userField(name)
		if !ok {
			p.add("User-defined field %s does not exist", name)
			continue
		}
		ch.udfs[u.name] = u.value(lower["value"], p)
	}
}

func (e *entity) userField(name string) (udf, bool) {
	for _, u := range e.udfs {
		if strings.EqualFold(u.name, name) {
			return u, true
		}
	}
	return udf{}, false
}

func (u udf) value(raw any, p *problems) any {
	if raw == nil {
		return nil
	}
	text := fmt.Sprint(raw)
	if utf8.RuneCountInString(text) > u.length {
		p.add("String length of field %s exceeds the maximum of %d characters", u.name, u.length)
	}
	return text
}

// fieldValue reads a JSON value as a field's type.
func (w *world) fieldValue(f *field, raw any) (any, error) {
	if raw == nil {
		return nil, nil
	}
	if text, ok := raw.(string); ok && f.kind != kindString && strings.TrimSpace(text) == "" {
		return nil, nil
	}
	switch {
	case f.kind == kindString:
		return stringValue(f, raw)
	case f.kind == kindBool:
		return w.boolValue(f, raw)
	case f.kind.temporal():
		return timeValue(f, raw)
	}
	return w.numberValue(f, raw)
}

func stringValue(f *field, raw any) (any, error) {
	var text string
	switch v := raw.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	default:
		return nil, fmt.Errorf("Error converting value of field %s to type string", f.name)
	}
	if n := utf8.RuneCountInString(text); n > f.length {
		//lint:ignore ST1005 Autotask's own words
		return nil, fmt.Errorf("String length of field %s exceeds the maximum of %d characters", f.name, f.length)
	}
	return text, nil
}

func (w *world) boolValue(f *field, raw any) (any, error) {
	if b, ok := raw.(bool); ok {
		return b, nil
	}
	if text, ok := raw.(string); ok && w.d.is("numericStrings", "accept") {
		switch strings.ToLower(text) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	return nil, fmt.Errorf("Error converting value %v of field %s to type boolean", raw, f.name)
}

func (w *world) numberValue(f *field, raw any) (any, error) {
	var text string
	switch v := raw.(type) {
	case json.Number:
		text = v.String()
	case string:
		if w.d.is("numericStrings", "accept") {
			text = strings.TrimSpace(v)
		}
	}
	number, err := parseNumber(text)
	if err != nil {
		return nil, fmt.Errorf("Error converting value %v of field %s to type %s", raw, f.name, f.kind)
	}
	switch f.kind {
	case kindDouble:
		return number.Round(4), nil
	case kindDecimal:
		return number, nil
	}
	if !number.IsInteger() || number.Abs().GreaterThan(decimal.NewFromInt(limitOf(f.kind))) {
		return nil, fmt.Errorf("Error converting value %v of field %s to type %s", raw, f.name, f.kind)
	}
	return number.IntPart(), nil
}

// parseNumber reads a decimal of a sane size; exponents beyond it would cost memory without meaning anything.
func parseNumber(text string) (decimal.Decimal, error) {
	number, err := decimal.NewFromString(text)
	if err == nil && (number.Exponent() > 30 || number.Exponent() < -30) {
		err = fmt.Errorf("%q is out of range", text)
	}
	return number, err
}

func limitOf(k kind) int64 {
	switch k {
	case kindShort:
		return math.MaxInt16
	case kindInt:
		return math.MaxInt32
	}
	return math.MaxInt64
}

// timeValue reads a datetime. Of a date field only the date part counts, as written, without time-zone conversion
// (Autotask sheet §5.5).
func timeValue(f *field, raw any) (any, error) {
	text, ok := raw.(string)
	if !ok {
		return nil, fmt.Errorf("Error converting value %v of field %s to type datetime", raw, f.name)
	}
	instant, err := parseInstant(text)
	if err != nil {
		return nil, fmt.Errorf("Error converting value %q of field %s to type datetime", text, f.name)
	}
	if f.kind == kindDate {
		day, err := time.Parse(dayLayout, text[:10])
		if err != nil {
			return nil, fmt.Errorf("Error converting value %q of field %s to type datetime", text, f.name)
		}
		return day, nil
	}
	return instant, nil
}
