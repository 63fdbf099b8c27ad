package rows

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// identity gives the SHA-256 of the canonical row: name=value pairs sorted by canonical name, decimals normalised, dates as ISO days,
// ids and the charge type in lower case, empty cells left out (Microsoft sheet, importer recipe 7). CSV and JSON Lines of the same
// row agree. Call it only for rows whose cells can be read.
func (c *cells) identity() string {
	pairs := make([]string, 0, 64)
	for column := range columnCount {
		if column == vendorNoise || c.text(column) == "" {
			continue
		}
		pairs = append(pairs, column.String()+"="+c.canonical(column))
	}
	for name, text := range c.row.extra {
		if text != "" {
			pairs = append(pairs, "+"+strings.ToLower(name)+"="+text)
		}
	}
	slices.Sort(pairs)
	sum := sha256.Sum256([]byte(strings.Join(pairs, "\x00")))
	return hex.EncodeToString(sum[:])
}

func (c *cells) canonical(column Column) string {
	text := c.text(column)
	switch specByColumn[column].shape {
	case asNumber:
		if d, err := c.style.decimal(text); err == nil {
			return d.String()
		}
	case asDate:
		if m, err := c.style.date(text); err == nil {
			return m.date.String()
		}
	case asID:
		return c.id(column)
	}
	switch column {
	case ChargeType:
		return strings.ToLower(text)
	case SkuID:
		return c.sku()
	}
	return text
}

// rowKey makes identical rows of one set distinct: they are legal and count each (Microsoft sheet §7.1).
func rowKey(identity string, occurrence int) string {
	return identity[:32] + "-" + strconv.Itoa(occurrence)
}

// version gives a content hash that does not depend on the order of the parts.
func version(parts []string) string {
	sorted := slices.Sorted(slices.Values(parts))
	sum := sha256.Sum256([]byte(strings.Join(sorted, "\n")))
	return "sha256:" + hex.EncodeToString(sum[:])
}
