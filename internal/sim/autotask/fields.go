package autotask

import (
	"fmt"
	"strconv"
	"strings"
)

// kind is the type of a field, as entityInformation/fields names it (Autotask sheet §4.2). A date is a datetime of which
// only the date part, as written, is kept (§8.1).
type kind string

const (
	kindInt      kind = "integer"
	kindLong     kind = "long"
	kindShort    kind = "short"
	kindDouble   kind = "double"
	kindDecimal  kind = "decimal"
	kindBool     kind = "boolean"
	kindDateTime kind = "datetime"
	kindDate     kind = "date"
	kindString   kind = "string"
)

func (k kind) integral() bool { return k == kindInt || k == kindLong || k == kindShort }
func (k kind) temporal() bool { return k == kindDateTime || k == kindDate }

// field is one property of an entity.
type field struct {
	name       string
	kind       kind
	length     int
	required   bool // on create
	readOnly   bool
	fixed      bool // may be set on create, never changed afterwards
	unfiltered bool // isQueryable=false
	hidden     bool // stored, never shown and unknown to queries
	ref        string
	pick       string
	value      string // default on create, as text
	index      int
	compute    func(*world, *record) any
}

// writable reports whether a body may set the field when creating or when updating.
func (f *field) writable(creating bool) bool {
	return f.name != "id" && !f.readOnly && (creating || !f.fixed)
}

// access says under which verbs an entity can be written, and where (Autotask sheet §2.8).
type access struct {
	rootCreate, rootUpdate, rootDelete    bool
	childCreate, childUpdate, childDelete bool
	unreadable                            bool // no get, no query
}

// entity is one row of the tables in tables_*.go.
type entity struct {
	name        string // plural, as in URLs
	singular    string // as reference type and in "Unable to find … in the … Entity."
	parent      string // plural name of the parent whose URL carries the child routes
	segment     string // child segment below the parent
	parentField string
	access      access
	udfs        []udf
	hasUDF      bool
	webhooks    bool
	firstID     int64
	contracts   bool // hidden from the no-contracts profile
	fields      []*field
	byName      map[string]*field // by lower-case name
}

// udf is one user-defined field.
type udf struct {
	name, label string
	length      int
	required    bool
	queryable   bool
}

func (e *entity) field(name string) *field { return e.byName[strings.ToLower(name)] }

// col returns the position of a field that the simulator's own code names.
func (e *entity) col(name string) int {
	f := e.field(name)
	if f == nil {
		panic("autotask simulator: no field " + name + " in " + e.name)
	}
	return f.index
}

// parseFields reads a field table. One field per line: name, type, flags. Types are int, long, short, double, decimal, bool,
// datetime, date and sN. Flags are R (required), RO (read-only), RO* (create only), NQ (not queryable), HIDDEN, PL or
// PL:list (picklist), ->Entity (reference) and =value (default).
func (e *entity) parseFields(table string) error {
	e.byName = map[string]*field{}
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		f, err := parseField(e.name, words)
		if err != nil {
			return err
		}
		f.index = len(e.fields)
		e.fields = append(e.fields, f)
		e.byName[strings.ToLower(f.name)] = f
	}
	return nil
}

func parseField(entityName string, words []string) (*field, error) {
	if len(words) < 2 {
		return nil, fmt.Errorf("%s: field %v has no type", entityName, words)
	}
	f := &field{name: words[0]}
	if n, err := strconv.Atoi(strings.TrimPrefix(words[1], "s")); err == nil {
		f.kind, f.length = kindString, n
	} else if f.kind = kindByWord(words[1]); f.kind == "" {
		return nil, fmt.Errorf("%s.%s: unknown type %q", entityName, f.name, words[1])
	}
	for _, flag := range words[2:] {
		if err := f.setFlag(entityName, flag); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func kindByWord(word string) kind {
	switch word {
	case "int":
		return kindInt
	case "bool":
		return kindBool
	case "long", "short", "double", "decimal", "datetime", "date":
		return kind(word)
	}
	return ""
}

func (f *field) setFlag(entityName, flag string) error {
	switch {
	case flag == "R":
		f.required = true
	case flag == "RO":
		f.readOnly = true
	case flag == "RO*":
		f.fixed = true
	case flag == "NQ":
		f.unfiltered = true
	case flag == "HIDDEN":
		f.hidden = true
	case flag == "PL":
		f.pick = entityName + "." + f.name
	case strings.HasPrefix(flag, "PL:"):
		f.pick = flag[3:]
	case strings.HasPrefix(flag, "->"):
		f.ref = flag[2:]
	case strings.HasPrefix(flag, "="):
		f.value = flag[1:]
	default:
		return fmt.Errorf("%s.%s: unknown flag %q", entityName, f.name, flag)
	}
	return nil
}

// costFields are hidden from a user who may not read costs (Autotask sheet §10.3).
func costField(name string) bool {
	switch name {
	case "unitCost", "cost", "extendedCost", "ourCost", "adjustedUnitCost":
		return true
	}
	return false
}
