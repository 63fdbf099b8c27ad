package autotask

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// metaCache holds the fields of entities. A failed read is never kept: a client that did so billed yearly services as monthly
// (Autotask sheet §8.4).
type metaCache struct {
	mu       sync.Mutex
	entities map[string]*entityMeta
}

// entityMeta is what entityInformation/fields says of one entity.
type entityMeta struct {
	name   string
	fields map[string]wireField // by lower-case name: letter case varies
}

// wireField is one field (Autotask sheet §4.2).
type wireField struct {
	Name       string          `json:"name"`
	Length     int             `json:"length"`
	IsRequired bool            `json:"isRequired"`
	IsReadOnly bool            `json:"isReadOnly"`
	IsPickList bool            `json:"isPickList"`
	Values     []wirePickValue `json:"picklistValues"`
}

// wirePickValue is one choice of a picklist. Value is text even for integer fields.
type wirePickValue struct {
	Value     wireText `json:"value"`
	Label     string   `json:"label"`
	IsDefault wireBool `json:"isDefaultValue"`
	IsActive  wireBool `json:"isActive"`
}

// fields reads an entity's fields once.
func (t *Target) fields(ctx context.Context, entity string) (*entityMeta, error) {
	t.meta.mu.Lock()
	cached := t.meta.entities[entity]
	t.meta.mu.Unlock()
	if cached != nil {
		return cached, nil
	}
	var answer struct {
		Fields []wireField `json:"fields"`
	}
	if err := t.read(ctx, http.MethodGet, entity+"/entityInformation/fields", nil, &answer); err != nil {
		return nil, err
	}
	if len(answer.Fields) == 0 {
		return nil, fault.Transientf("Autotask lists no fields of %s", entity)
	}
	m := &entityMeta{name: entity, fields: map[string]wireField{}}
	for _, f := range answer.Fields {
		m.fields[strings.ToLower(f.Name)] = f
	}
	t.meta.mu.Lock()
	defer t.meta.mu.Unlock()
	if t.meta.entities == nil {
		t.meta.entities = map[string]*entityMeta{}
	}
	t.meta.entities[entity] = m
	return m, nil
}

func (m *entityMeta) field(name string) (wireField, bool) {
	f, ok := m.fields[strings.ToLower(name)]
	return f, ok
}

// has reports whether the tenant has a field that takes a text of this length.
func (m *entityMeta) has(field string, length int) bool {
	f, ok := m.field(field)
	return ok && (f.Length == 0 || f.Length >= length)
}

// pick gives the picklist value of the first label that matches. Tenants rename labels: then fallback, the documented value, is used
// if the list has it (Autotask sheet §4.2, §12).
func (m *entityMeta) pick(field, fallback string, labels ...string) string {
	f, _ := m.field(field)
	for _, label := range labels {
		for _, v := range f.Values {
			if strings.EqualFold(strings.TrimSpace(v.Label), label) {
				return string(v.Value)
			}
		}
	}
	return fallback
}

// label gives the label of a picklist value, or "".
func (m *entityMeta) label(field, value string) string {
	f, _ := m.field(field)
	for _, v := range f.Values {
		if string(v.Value) == value {
			return v.Label
		}
	}
	return ""
}

// defaultValue gives the value a picklist starts with, or "".
func (m *entityMeta) defaultValue(field string) string {
	f, _ := m.field(field)
	for _, v := range f.Values {
		if v.IsDefault {
			return string(v.Value)
		}
	}
	return ""
}

// fit cuts a text to the field's length by characters, and to limit if that is greater than 0. cut reports whether it did.
func (m *entityMeta) fit(field, text string, limit int) (fitted string, cut bool) {
	if f, ok := m.field(field); ok && f.Length > 0 && (limit == 0 || f.Length < limit) {
		limit = f.Length
	}
	if limit == 0 || utf8.RuneCountInString(text) <= limit {
		return text, false
	}
	return strings.TrimSpace(string([]rune(text)[:limit])), true
}

// The lists whose values the sheet only partly knows.

func useTypeOf(m *entityMeta, use billing.CodeUse) string {
	if use == billing.MaterialUse {
		return m.pick("useType", "4", "Material Cost Code", "Material", "Material Code")
	}
	return m.pick("useType", "5", "Recurring Contract Service Code", "Recurring Contract Service")
}

// chargeType prefers the label, then the value a new charge would have, then 1 (Autotask sheet §5.9).
func chargeType(m *entityMeta) string {
	return m.pick("chargeType", orText(m.defaultValue("chargeType"), "1"), "Operational")
}

// contractTypeRecurring is documented by the vendor (Autotask sheet §5.2); renamed labels fall back to it.
const contractTypeRecurring = "7"

func recurringType(m *entityMeta) string {
	return m.pick("contractType", contractTypeRecurring, "Recurring Service")
}

const contractInEffect = "1"

func inEffect(m *entityMeta) string {
	return m.pick("status", contractInEffect, "In Effect", "Active")
}

// periodValues are the documented values of periodType and contractPeriodType; older answers carry the SOAP letter
// (Autotask sheet §5.2, §5.3).
func periodTypes() []struct {
	period        billing.PeriodType
	value, letter string
	label         string
} {
	return []struct {
		period        billing.PeriodType
		value, letter string
		label         string
	}{
		{billing.PeriodMonth, "2", "m", "Monthly"}, {billing.PeriodQuarter, "3", "q", "Quarterly"},
		{billing.PeriodHalfYear, "4", "s", "Semi-Annual"}, {billing.PeriodYear, "5", "y", "Yearly"},
	}
}

// periodOf reads a period type, "" when it is none that Spindle bills.
func periodOf(value string) billing.PeriodType {
	for _, p := range periodTypes() {
		if value == p.value || strings.EqualFold(value, p.letter) {
			return p.period
		}
	}
	return ""
}

// periodValue gives the picklist value of a period type.
func periodValue(m *entityMeta, field string, period billing.PeriodType) (string, error) {
	for _, p := range periodTypes() {
		if p.period == period {
			return m.pick(field, p.value, p.label), nil
		}
	}
	return "", fault.Invalidf("%q is not a period type Autotask knows", period)
}

// markFields are the places of a service's mark, best first; description is there in every tenant (Autotask sheet §6.9).
func markFields() []string {
	return []string{"sku", "externalID", "catalogNumberPartNumber", "description"}
}

// markField picks the first field that exists and is long enough.
func markField(m *entityMeta, mark string) string {
	fields := markFields()
	i := slices.IndexFunc(fields, func(name string) bool { return m.has(name, utf8.RuneCountInString(mark)) })
	if i < 0 {
		return "description"
	}
	return fields[i]
}
