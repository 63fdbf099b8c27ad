package store

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// bodies reads what encode wrote for many rows of one type, several times as fast as encoding/json: it expects the fields in the order of the
// type, with nothing escaped, and keeps texts, numbers and dates that come again and again once. Whatever is written otherwise goes to
// encoding/json, which has the last word. It is for one goroutine.
type bodies[T any] struct {
	shape bodyShape
	kept  *keptValues
}

func newBodies[T any]() bodies[T] {
	return bodies[T]{shapeOf(reflect.TypeFor[T]()), newKeptValues(keptOfMany)}
}

// read gives the value that a body says. The body is not kept.
func (b bodies[T]) read(body []byte) (v T, err error) {
	if plainText(body) {
		r := bodyReader{rest: body, kept: b.kept}
		if r.value(b.shape, reflect.ValueOf(&v).Elem()) && len(r.rest) == 0 {
			return v, nil
		}
		v = *new(T)
	}
	return v, json.Unmarshal(body, &v)
}

// pageValues are what decodeRow keeps values in.
var pageValues = sync.Pool{New: func() any { return newKeptValues(keptOfPage) }}

// decodeRow reads the body of a row that is one of a page.
func decodeRow[T any](body string, into *T) (err error) {
	kept := pageValues.Get().(*keptValues)
	defer pageValues.Put(kept)
	if *into, err = (bodies[T]{shapeOf(reflect.TypeFor[T]()), kept}).read([]byte(body)); err != nil {
		return fmt.Errorf("store: decode %T: %w", into, err)
	}
	return nil
}

// plainText reports whether a body has neither escapes nor control characters, and only whole runes.
func plainText(body []byte) bool {
	ascii := true
	for _, c := range body {
		if c < ' ' || c == '\\' {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || utf8.Valid(body)
}

// bodyKind says how a value is written.
type bodyKind int

const (
	bodyOther bodyKind = iota // encoding/json reads the whole body
	bodyText
	bodyNumber
	bodyTruth
	bodyDecimal
	bodyAmount
	bodyDate
	bodyObject
	bodyList
	bodyPointer
)

// bodyShape says how the values of a type are written.
type bodyShape struct {
	kind bodyKind
	plan *bodyPlan  // of bodyObject
	of   *bodyShape // what bodyList lists and bodyPointer points to
}

type bodyField struct {
	name  string
	index int
	shape bodyShape
}

// bodyPlan lists the fields of a type in their order.
type bodyPlan struct{ fields []bodyField }

var bodyPlans sync.Map // reflect.Type → *bodyPlan

func planOf(t reflect.Type) *bodyPlan {
	if known, found := bodyPlans.Load(t); found {
		return known.(*bodyPlan)
	}
	p := &bodyPlan{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" || strings.Contains(f.Tag.Get("json"), ",string") {
			p = &bodyPlan{} // written in a way of its own: without fields nothing is read here
			break
		}
		if name == "" {
			name = f.Name
		}
		p.fields = append(p.fields, bodyField{name, i, shapeOf(f.Type)})
	}
	bodyPlans.Store(t, p)
	return p
}

func shapeOf(t reflect.Type) bodyShape {
	switch t {
	case reflect.TypeFor[money.Decimal]():
		return bodyShape{kind: bodyDecimal}
	case reflect.TypeFor[money.Amount]():
		return bodyShape{kind: bodyAmount}
	case reflect.TypeFor[billing.Date]():
		return bodyShape{kind: bodyDate}
	}
	if p := reflect.PointerTo(t); p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return bodyShape{}
	}
	switch t.Kind() {
	case reflect.String:
		return bodyShape{kind: bodyText}
	case reflect.Int, reflect.Int64:
		return bodyShape{kind: bodyNumber}
	case reflect.Bool:
		return bodyShape{kind: bodyTruth}
	case reflect.Struct:
		return bodyShape{kind: bodyObject, plan: planOf(t)}
	case reflect.Slice, reflect.Pointer:
		of := shapeOf(t.Elem())
		if t.Kind() == reflect.Pointer {
			return bodyShape{kind: bodyPointer, of: &of}
		}
		if t.Elem().Kind() != reflect.Uint8 {
			return bodyShape{kind: bodyList, of: &of}
		}
	}
	return bodyShape{}
}

// bodyReader goes through one body. Its methods give false when they meet what they do not expect.
type bodyReader struct {
	rest []byte
	kept *keptValues
}

func (r *bodyReader) skip(c byte) bool {
	if len(r.rest) == 0 || r.rest[0] != c {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// text takes a text in quotation marks.
func (r *bodyReader) text() ([]byte, bool) {
	if !r.skip('"') {
		return nil, false
	}
	end := bytes.IndexByte(r.rest, '"')
	if end < 0 {
		return nil, false
	}
	text := r.rest[:end]
	r.rest = r.rest[end+1:]
	return text, true
}

// word takes what stands until the next comma, brace or bracket: a number, true, false or null.
func (r *bodyReader) word() []byte {
	end := slices.IndexFunc(r.rest, func(c byte) bool { return c == ',' || c == '}' || c == ']' })
	if end < 0 {
		end = len(r.rest)
	}
	word := r.rest[:end]
	r.rest = r.rest[end:]
	return word
}

func (r *bodyReader) object(p *bodyPlan, into reflect.Value) bool {
	if !r.skip('{') {
		return false
	}
	if r.skip('}') {
		return true
	}
	for next := 0; ; next++ {
		name, ok := r.text()
		if !ok || !r.skip(':') {
			return false
		}
		for next < len(p.fields) && p.fields[next].name != string(name) {
			next++ // left out
		}
		if next == len(p.fields) || !r.value(p.fields[next].shape, into.Field(p.fields[next].index)) {
			return false
		}
		if r.skip('}') {
			return true
		}
		if !r.skip(',') {
			return false
		}
	}
}

func (r *bodyReader) value(s bodyShape, into reflect.Value) bool {
	switch s.kind {
	case bodyText:
		text, ok := r.text()
		if ok {
			value, _ := r.kept.texts.of(text) // any text is one
			into.SetString(value)
		}
		return ok
	case bodyNumber:
		return r.number(into)
	case bodyTruth:
		switch word := r.word(); {
		case string(word) == "true":
			into.SetBool(true)
		case string(word) != "false":
			return false
		}
		return true
	case bodyObject:
		return r.object(s.plan, into)
	case bodyList:
		return r.list(*s.of, into)
	case bodyPointer:
		if r.null() {
			return true
		}
		into.Set(reflect.New(into.Type().Elem()))
		return r.value(*s.of, into.Elem())
	case bodyDecimal, bodyAmount, bodyDate:
		text, ok := r.text()
		return ok && r.kept.set(text, into.Addr().Interface())
	}
	return false
}

// null takes a null, if that is what comes.
func (r *bodyReader) null() bool {
	rest, found := bytes.CutPrefix(r.rest, []byte("null"))
	r.rest = rest
	return found
}

func (r *bodyReader) list(of bodyShape, into reflect.Value) bool {
	if r.null() {
		return true
	}
	if !r.skip('[') {
		return false
	}
	into.Set(reflect.MakeSlice(into.Type(), 0, 1))
	if r.skip(']') {
		return true
	}
	for n := 0; ; n++ {
		into.Grow(1)
		into.SetLen(n + 1)
		if !r.value(of, into.Index(n)) {
			return false
		}
		if r.skip(']') {
			return true
		}
		if !r.skip(',') {
			return false
		}
	}
}

// set puts the value of a text in its place.
func (k *keptValues) set(text []byte, into any) bool {
	var err error
	switch into := into.(type) {
	case *money.Decimal:
		*into, err = k.decimals.of(text)
	case *money.Amount:
		*into, err = k.amounts.of(text)
	case *billing.Date:
		*into, err = k.dates.of(text)
	}
	return err == nil
}

// digitsSure is how many digits always fit into a number.
const digitsSure = 18

// number takes a whole number, as JSON writes it.
func (r *bodyReader) number(into reflect.Value) bool {
	negative := r.skip('-')
	word := r.word()
	if len(word) == 0 || len(word) > digitsSure || word[0] == '0' && len(word) > 1 {
		return false
	}
	for _, c := range word {
		if c < '0' || c > '9' {
			return false
		}
	}
	n, err := strconv.ParseInt(string(word), 10, 64)
	if negative {
		n = -n
	}
	if err != nil || into.OverflowInt(n) {
		return false
	}
	into.SetInt(n)
	return true
}

// keptValues keeps values under the text that they were read from. Nobody changes them: they are as good for the next row.
type keptValues struct {
	texts    kept[string]
	decimals kept[money.Decimal]
	amounts  kept[money.Amount]
	dates    kept[billing.Date]
}

func newKeptValues(places int) *keptValues {
	seed := maphash.MakeSeed()
	return &keptValues{
		texts:    kept[string]{seed, func(text string) (string, error) { return text, nil }, make([]keptValue[string], places)},
		decimals: kept[money.Decimal]{seed, textual[money.Decimal], make([]keptValue[money.Decimal], places)},
		amounts:  kept[money.Amount]{seed, textual[money.Amount], make([]keptValue[money.Amount], places)},
		dates:    kept[billing.Date]{seed, textual[billing.Date], make([]keptValue[billing.Date], places)},
	}
}

// textual reads a value as encoding/json would from a text.
func textual[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](text string) (v T, err error) {
	err = P(&v).UnmarshalText([]byte(text))
	return v, err
}

// How many values of a kind are kept. Each has a place, from which the next one for the place drives it away.
const (
	keptOfMany = 1 << 12 // for all rows of a table
	keptOfPage = 1 << 8  // for some dozens of rows
)

type kept[T any] struct {
	seed   maphash.Seed
	parse  func(string) (T, error)
	places []keptValue[T]
}

type keptValue[T any] struct {
	text  string // never empty: an empty text is not kept
	value T
}

// of gives the value of a text.
func (k *kept[T]) of(text []byte) (T, error) {
	at := &k.places[maphash.Bytes(k.seed, text)%uint64(len(k.places))]
	if len(text) > 0 && at.text == string(text) {
		return at.value, nil
	}
	own := string(text)
	value, err := k.parse(own)
	if err == nil {
		*at = keptValue[T]{own, value}
	}
	return value, err
}
