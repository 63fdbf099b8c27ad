package file

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/source/rows"
)

// customBytesMax bounds the custom services file: a list people write by hand.
const customBytesMax = 32 << 20

// CustomTemplate gives a custom services file to start from.
func CustomTemplate() string {
	return "customer,id,name,quantity,unit_cost,unit_price,currency,frequency,start,end\n" +
		"b81e8504-f0cc-4f67-b67d-ab32807ff65f,managed-backup,Managed Backup,12,4.50,7.90,EUR,monthly,2026-10-01,\n" +
		"Alder Ridge Dental Group,firewall,Managed Firewall,1,220.00,,EUR,annual,2026-10-01,2027-09-30\n"
}

// FindCustomer gives the customer with this tenant id or exactly this name. An error says why there is none, with the remedy.
type FindCustomer func(text string) (billing.CustomerID, error)

// ReadCustomServices reads the MSP's own services from CSV. Columns: customer (Microsoft tenant id, or the exact name; any tenant id when find is
// nil), id, name, quantity (whole), unit_cost, unit_price (optional), currency, frequency (monthly, annual), start, end (optional,
// last day). Ids name the service: several customers may hold the same one. Broken rows are reported and left out; the error says
// that the file as a whole cannot be read.
func ReadCustomServices(name string, in io.Reader, find FindCustomer) ([]billing.Subscription, []RowError, error) {
	text, err := io.ReadAll(io.LimitReader(in, customBytesMax+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > customBytesMax {
		return nil, nil, fault.Invalidf("%s is larger than 32 MiB", name).Do("give a list of custom services; see the template")
	}
	c := customReader{file: name, find: find, csv: customCSV(text), seen: map[billing.SubscriptionID]int{}}
	if err := c.header(); err != nil {
		return nil, nil, err
	}
	c.style = c.survey(customCSV(text))
	return c.services, c.broken, c.rows()
}

// customCSV begins to read the text; spreadsheets that write decimal commas put semicolons between cells.
func customCSV(text []byte) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	r.FieldsPerRecord = -1
	if first, _, _ := bytes.Cut(text, []byte("\n")); bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		r.Comma = ';'
	}
	return r
}

// survey settles how the file writes amounts before any is taken.
func (c *customReader) survey(in *csv.Reader) rows.Style {
	var amounts []string
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows.SurveyNumbers(amounts)
		}
		for i := range min(len(cells), len(c.columns)) {
			if c.columns[i] == "unit_cost" || c.columns[i] == "unit_price" {
				amounts = append(amounts, cells[i])
			}
		}
	}
}

// ParseCustomService reads one service from its cells by column, as a form gives them. Problems name the column as their field.
func ParseCustomService(cells map[string]string, find FindCustomer) (billing.Subscription, []RowError) {
	c := customReader{find: find, record: map[string]string{}}
	for column, text := range cells {
		c.record[column] = strings.TrimSpace(text)
	}
	c.style = rows.SurveyNumbers([]string{c.record["unit_cost"], c.record["unit_price"]})
	return c.service(), c.broken
}

type customReader struct {
	file     string
	find     FindCustomer
	csv      *csv.Reader
	style    rows.Style // how it writes amounts
	columns  []string
	line     int
	record   map[string]string
	seen     map[billing.SubscriptionID]int // line by id
	services []billing.Subscription
	broken   []RowError
}

func (c *customReader) header() error {
	names, err := c.csv.Read()
	if err != nil {
		return fault.Invalidf("%s: there is no header row", c.file).Do("start from the template: " + strings.SplitN(CustomTemplate(), "\n", 2)[0])
	}
	has := map[string]bool{}
	for _, n := range names {
		n = strings.ToLower(strings.TrimSpace(n))
		c.columns = append(c.columns, n)
		has[n] = true
	}
	for _, need := range []string{"customer", "id", "name", "quantity", "unit_cost", "currency", "frequency", "start"} {
		if !has[need] {
			return fault.Invalidf("%s: line 1: the column %s is missing", c.file, need).WithField(need).
				Do("start from the template: " + strings.SplitN(CustomTemplate(), "\n", 2)[0])
		}
	}
	return nil
}

func (c *customReader) rows() error {
	for {
		cells, err := c.csv.Read()
		var parse *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &parse):
			c.broken = append(c.broken, RowError{File: c.file, Line: parse.StartLine, Problem: "the row has an unpaired quote", Remedy: "correct the row"})
			continue
		case err != nil:
			return err
		}
		c.line, _ = c.csv.FieldPos(0)
		if len(cells) != len(c.columns) {
			c.broken = append(c.broken, RowError{File: c.file, Line: c.line, Problem: fmt.Sprintf("the row has %d cells, the header has %d", len(cells), len(c.columns)), Remedy: "correct the row"})
			continue
		}
		c.row(cells)
	}
}

func (c *customReader) fail(field, problem, remedy string) {
	c.broken = append(c.broken, RowError{File: c.file, Line: c.line, Field: field, Value: c.record[field], Problem: problem, Remedy: remedy})
}

func (c *customReader) row(cells []string) {
	c.record = map[string]string{}
	for i, text := range cells {
		c.record[c.columns[i]] = strings.TrimSpace(text)
	}
	before := len(c.broken)
	s := c.service()
	if other, twice := c.seen[s.ID]; twice && len(c.broken) == before {
		c.fail("id", fmt.Sprintf("the customer has this service already, in line %d", other), "add the quantities up in one row, or give the second one an id of its own")
	}
	if len(c.broken) == before {
		c.seen[s.ID] = c.line
		c.services = append(c.services, s)
	}
}

func (c *customReader) service() billing.Subscription {
	s := billing.Subscription{Kind: billing.CustomService, CustomerID: c.customer(), Name: c.need("name"), Status: billing.Active, AutoRenew: true}
	id := slug(c.need("id"))
	if id == "" && c.record["id"] != "" {
		c.fail("id", "the id has no letter or digit", "use an id such as managed-backup")
	}
	s.ID = billing.SubscriptionID("custom:" + id + ":" + string(s.CustomerID))
	s.Offer = billing.Offer{ProductID: "custom", SKUID: id, Frequency: c.frequency()}
	s.Quantity = c.quantity()
	currency, err := money.ParseCurrency(c.need("currency"))
	if err != nil && c.record["currency"] != "" {
		c.fail("currency", err.Error(), "write the currency as three letters")
	}
	s.UnitCost = c.money("unit_cost", currency)
	if s.UnitCost == nil {
		c.fail("unit_cost", "the cell is empty", "write what one unit costs you, 0 if nothing")
	}
	s.UnitPrice = c.money("unit_price", currency)
	s.Start = c.date("start")
	if s.Start.IsZero() && c.record["start"] == "" {
		c.fail("start", "the cell is empty", "write the first day as 2026-10-01")
	}
	if end := c.date("end"); !end.IsZero() {
		s.End = end.AddDays(1)
		if !s.End.After(s.Start) {
			c.fail("end", "the end is before the start", "write the last day on which the service is billed")
		}
	}
	return s
}

func (c *customReader) need(field string) string {
	if c.record[field] == "" {
		c.fail(field, "the cell is empty", "fill in the cell")
	}
	return c.record[field]
}

func (c *customReader) customer() billing.CustomerID {
	text := c.need("customer")
	if text == "" {
		return ""
	}
	if id := strings.ToLower(text); c.find == nil && rows.IsGUID(id) {
		return billing.CustomerID(id)
	}
	if c.find == nil {
		c.fail("customer", "this is no tenant id", "copy the id from: spindle customers list")
		return ""
	}
	id, err := c.find(text)
	if err != nil {
		c.fail("customer", err.Error(), fault.Remedy(err))
	}
	return id
}

func (c *customReader) frequency() billing.Frequency {
	switch f := billing.Frequency(strings.ToLower(c.need("frequency"))); f {
	case billing.Monthly, billing.Annual:
		return f
	case "":
	default:
		c.fail("frequency", "this is not a billing frequency", "write monthly or annual")
	}
	return ""
}

func (c *customReader) quantity() int64 {
	text := c.need("quantity")
	d, err := rows.ParseNumber(text)
	n, whole := d.Int64()
	if text != "" && (err != nil || !whole || n < 0) {
		c.fail("quantity", "this is not a whole number of units", "write a number such as 12")
	}
	return n
}

func (c *customReader) money(field string, currency money.Currency) *billing.UnitMoney {
	text := c.record[field]
	if text == "" {
		return nil
	}
	d, err := c.style.ParseNumber(text)
	if err != nil {
		problem := err.Error()
		if c.file == "" && strings.Contains(text, ",") {
			problem = "the comma may stand for thousands or decimals"
		}
		c.fail(field, problem, "write an amount such as 4.50, without currency and thousands separators")
	} else if d.Sign() < 0 {
		c.fail(field, "the amount is negative", "write what one unit costs as a positive number")
	}
	amount := money.Of(d, currency)
	return &amount
}

func (c *customReader) date(field string) billing.Date {
	if c.record[field] == "" {
		return billing.Date{}
	}
	d, err := billing.ParseDate(c.record[field])
	if dotted, problem := time.Parse("2.1.2006", c.record[field]); problem == nil { // with dots the day is always first
		d, err = billing.DateOf(dotted), nil
	}
	if err != nil {
		c.fail(field, "this is not a date", "write the date as 2026-10-01")
	}
	return d
}

// slug keeps letters and digits, and one dash for everything between them.
func slug(id string) string {
	words := strings.FieldsFunc(strings.ToLower(id), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(words, "-")
}
