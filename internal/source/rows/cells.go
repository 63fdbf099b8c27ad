package rows

import (
	"encoding/json"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// cells reads the cells of one row and collects what is wrong with them.
type cells struct {
	file   string
	style  Style
	row    *Row
	broken []RowError
}

func (c *cells) fail(column Column, problem, remedy string) {
	c.broken = append(c.broken, RowError{File: c.file, Line: c.row.Line, Field: column.String(),
		Value: shorten(c.row.cells[column]), Problem: problem, Remedy: remedy})
}

func (c *cells) text(column Column) string { return strings.TrimSpace(c.row.cells[column]) }

// id gives an id in lower case: vendors change the case of GUIDs between rows.
func (c *cells) id(column Column) string { return strings.ToLower(unguard(c.row.cells[column])) }

// code gives an id whose case counts, such as a product or invoice number.
func (c *cells) code(column Column) string { return unguard(c.row.cells[column]) }

const remedyCell = "correct the cell, or download the file again; Excel changes ids, dates and numbers when it saves"

func (c *cells) tenant(column Column) string {
	id := c.id(column)
	if !IsGUID(id) {
		c.fail(column, "this is not a tenant id such as b81e8504-f0cc-4f67-b67d-ab32807ff65f", remedyCell)
	}
	return id
}

func (c *cells) need(column Column) string {
	text := c.code(column)
	if text == "" {
		c.fail(column, "the cell is empty", remedyCell)
	}
	return text
}

// number gives 0 for an empty cell.
func (c *cells) number(column Column) money.Decimal {
	if c.row.cells[column] == "" {
		return money.Decimal{}
	}
	d, err := c.style.decimal(c.row.cells[column])
	if err != nil {
		c.fail(column, err.Error(), remedyCell)
	}
	return d
}

func (c *cells) needNumber(column Column) money.Decimal {
	if c.text(column) == "" {
		c.fail(column, "the cell is empty", remedyCell)
		return money.Decimal{}
	}
	return c.number(column)
}

func (s Style) decimal(text string) (money.Decimal, error) {
	normal, err := s.normalNumber(text)
	if err != nil {
		return money.Decimal{}, err
	}
	return money.Parse(normal)
}

func (c *cells) date(column Column) moment {
	if c.row.cells[column] == "" {
		return moment{}
	}
	m, err := c.style.date(c.row.cells[column])
	if err != nil {
		c.fail(column, err.Error(), remedyCell)
	}
	return m
}

func (c *cells) currency(column Column) money.Currency {
	code, err := money.ParseCurrency(c.code(column))
	if err != nil {
		c.fail(column, err.Error(), remedyCell)
	}
	return code
}

func (c *cells) optionalCurrency(column Column) money.Currency {
	if c.code(column) == "" {
		return ""
	}
	return c.currency(column)
}

// sku gives the SKU with the leading zeros that Excel takes away (Microsoft sheet §7.8).
func (c *cells) sku() string {
	sku := c.code(SkuID)
	if digits(sku) && len(sku) < 4 {
		return strings.Repeat("0", 4-len(sku)) + sku
	}
	return sku
}

// earnedCredit reports whether the row says that partner earned credit is part of its price, under either spelling.
func (c *cells) earnedCredit() bool {
	return c.number(EarnedCreditPercent).Sign() > 0 || c.number(EarnedCreditFraction).Sign() > 0
}

// IsGUID reports whether s is a GUID in lower case, as tenant and subscription ids are written.
func IsGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch b := s[i]; i {
		case 8, 13, 18, 23:
			if b != '-' {
				return false
			}
		default:
			if !(b >= '0' && b <= '9' || b >= 'a' && b <= 'f') {
				return false
			}
		}
	}
	return true
}

// reference gives the id that links the lines of one event: a GUID, or since June 2026 the id inside a JSON text
// (Microsoft sheet §4.2 #44, §7.6).
func reference(text string) string {
	var object struct {
		ID string `json:"id"`
	}
	if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &object) == nil && object.ID != "" {
		return object.ID
	}
	if folded := strings.ToLower(text); IsGUID(folded) {
		return folded
	}
	return text
}

// isTrial recognises trials by their qualifier or their term (Microsoft sheet §4.2 #45, §7.22).
func isTrial(qualifiers, term string) bool {
	return strings.Contains(strings.ToLower(qualifiers), "\"trial\"") || strings.EqualFold(qualifiers, "trial") ||
		strings.HasSuffix(strings.ToLower(term), "for trial")
}

// frequency reads BillingFrequency (Microsoft sheet §4.2 #35). Unknown words are kept in lower case; the report names them.
func frequency(text string, usage, trial bool) billing.Frequency {
	switch folded := strings.ToLower(text); {
	case usage:
		return billing.Metered
	case trial:
		return billing.Free
	case folded == "":
		return billing.OneTime
	case folded == "yearly":
		return billing.Annual
	case folded == "3 years", folded == "3-years", folded == "three-year":
		return billing.Triennial
	case folded == "onetime", folded == "one_time", folded == "one time":
		return billing.OneTime
	default:
		return billing.Frequency(folded)
	}
}

// ParseNumber reads a number as JSON rows and files with decimal points write it.
func ParseNumber(text string) (money.Decimal, error) { return Style{}.ParseNumber(text) }

// ParseNumber reads a number of a file that writes numbers like this.
func (s Style) ParseNumber(text string) (money.Decimal, error) { return s.decimal(text) }
