package autotask

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// encoder writes rows as JSON the way the vendor does: camelCase, money as plain numbers, nulls present.
type encoder struct {
	w        *world
	hideCost bool
	buf      *bytes.Buffer
}

// row writes one row. With include only those properties appear, and user-defined fields become an empty list.
func (e encoder) row(ent *entity, r row, include []*field) {
	fields := ent.fields
	if include != nil {
		fields = include
	}
	e.buf.WriteByte('{')
	first := true
	for _, f := range fields {
		if f.hidden {
			continue
		}
		if !first {
			e.buf.WriteByte(',')
		}
		first = false
		e.buf.WriteByte('"')
		e.buf.WriteString(f.name)
		e.buf.WriteString(`":`)
		e.value(e.visible(f, r.value(e.w, f)), int(r.key())+f.index, f.kind)
	}
	if ent.hasUDF {
		if !first {
			e.buf.WriteByte(',')
		}
		e.udfs(ent, r, include != nil)
	}
	e.buf.WriteByte('}')
}

// visible hides costs from a user who may not read them.
func (e encoder) visible(f *field, v any) any {
	if !e.hideCost || !costField(f.name) {
		return v
	}
	if e.w.d.is("hiddenCost", "zero") {
		return decimal.Decimal{}
	}
	return nil
}

func (e encoder) udfs(ent *entity, r row, empty bool) {
	e.buf.WriteString(`"userDefinedFields":[`)
	if !empty {
		for i, u := range ent.udfs {
			if i > 0 {
				e.buf.WriteByte(',')
			}
			e.buf.WriteString(`{"name":`)
			e.text(u.name)
			e.buf.WriteString(`,"value":`)
			e.value(r.udf(u.name), 0, kindString)
			e.buf.WriteByte('}')
		}
	}
	e.buf.WriteByte(']')
}

func (e encoder) value(v any, salt int, k kind) {
	switch v := v.(type) {
	case nil:
		e.buf.WriteString("null")
	case int64:
		e.buf.Write(strconv.AppendInt(e.buf.AvailableBuffer(), v, 10))
	case decimal.Decimal:
		e.buf.WriteString(v.String())
	case bool:
		e.buf.Write(strconv.AppendBool(e.buf.AvailableBuffer(), v))
	case time.Time:
		e.buf.WriteByte('"')
		e.buf.Write(v.AppendFormat(e.buf.AvailableBuffer(), e.w.dateLayout(salt)))
		e.buf.WriteByte('"')
	case string:
		e.text(v)
	}
}

func (e encoder) text(s string) {
	body, err := json.Marshal(s)
	if err != nil { // a string always encodes
		body = []byte(`""`)
	}
	e.buf.Write(body)
}

// dateLayout is the wire format of a datetime (Autotask sheet §8.1, dialect dateFormat).
func (w *world) dateLayout(salt int) string {
	plain, zulu := "2006-01-02T15:04:05", "2006-01-02T15:04:05Z"
	switch w.d["dateFormat"] {
	case "z":
		return zulu
	case "plain":
		return plain
	}
	return [...]string{zulu, plain, "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05.000"}[salt&3]
}
