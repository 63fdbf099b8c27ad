package autotask

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// The wire types read leniently what Autotask sends loosely (Autotask sheet §2.7, §8.1, §8.2). encoding/json matches property names in
// any letter case, which Autotask needs.

// wireID is an id: a number, an integral float, a quoted number, or null. Company id 0 is real, so absence is its own bit.
type wireID struct {
	n   int64
	set bool
}

// UnmarshalJSON reads an id.
func (id *wireID) UnmarshalJSON(raw []byte) error {
	*id = wireID{}
	text := token(raw)
	if text == "" {
		return nil
	}
	d, err := money.Parse(text)
	if err != nil {
		return fmt.Errorf("%q is not an id", text)
	}
	n, ok := d.Int64()
	if !ok {
		return fmt.Errorf("%q is not an id", text)
	}
	*id = wireID{n, true}
	return nil
}

// String gives the id as text, "" when there is none.
func (id wireID) String() string {
	if !id.set {
		return ""
	}
	return strconv.FormatInt(id.n, 10)
}

// token gives the text of a number, of a quoted text, or "" for null.
func token(raw []byte) string {
	raw = bytes.TrimSpace(raw)
	var text string
	if len(raw) > 0 && raw[0] == '"' {
		_ = json.Unmarshal(raw, &text)
		return strings.TrimSpace(text)
	}
	if string(raw) == "null" {
		return ""
	}
	return string(raw)
}

// wireDecimal is money or a quantity from the raw token, never through a float (law 9).
type wireDecimal struct {
	value money.Decimal
	set   bool
}

// UnmarshalJSON reads a decimal.
func (d *wireDecimal) UnmarshalJSON(raw []byte) error {
	*d = wireDecimal{}
	text := token(raw)
	if text == "" {
		return nil
	}
	value, err := money.Parse(text)
	if err != nil {
		return err
	}
	*d = wireDecimal{value, true}
	return nil
}

// wireDate is the date part of a timestamp as text: zones are never converted, or days would shift (Autotask sheet §8.1).
type wireDate struct{ billing.Date }

// UnmarshalJSON reads a date.
func (d *wireDate) UnmarshalJSON(raw []byte) error {
	d.Date = billing.Date{}
	text := token(raw)
	if text == "" {
		return nil
	}
	if len(text) > 10 {
		text = text[:10]
	}
	parsed, err := billing.ParseDate(text)
	d.Date = parsed
	return err
}

// wireBool is a boolean that may come as 0 or 1.
type wireBool bool

// UnmarshalJSON reads a boolean.
func (b *wireBool) UnmarshalJSON(raw []byte) error {
	switch strings.ToLower(token(raw)) {
	case "true", "1":
		*b = true
	case "", "false", "0":
		*b = false
	default:
		return fmt.Errorf("%s is not true or false", raw)
	}
	return nil
}

// wireText is a text that may come as a number or null.
type wireText string

// UnmarshalJSON reads a text.
func (s *wireText) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*s = wireText(text)
		return nil
	}
	*s = wireText(token(raw))
	return nil
}

// number makes a decimal a JSON number.
func number(d money.Decimal) json.Number { return json.Number(d.String()) }

// idNumber makes an id a JSON number.
func idNumber(id string) (json.Number, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%q is not an Autotask id", id)
	}
	return json.Number(strconv.FormatInt(n, 10)), nil
}
