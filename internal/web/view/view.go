// Package view turns typed values into the console's pages. It is pure: values in, HTML out; no request, no store, no clock.
//
// Each page has a struct with what it shows, in <page>.go, and a template of the same name in <page>.templ. parts.templ holds what pages
// share. The generated *_templ.go files are committed; make generate renews them.
package view

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// Shell is what every page of an organization shows around its content.
type Shell struct {
	Title  string
	Org    Org
	Orgs   []Org // those of the person, for the switcher
	Person Person
	Nav    string // key of the navigation entry that is current
	Notice Notice // what the last act did
	Counts map[string]int
	May    map[string]bool // permissions by name: "map", "approve"; pages hide what a role can't do, the routes forbid it
}

// Org is an organization as pages name it.
type Org struct{ ID, Name, Role string }

// Person is who is signed in.
type Person struct{ Name, Email, Role string }

// Path gives the address of a page of the shell's organization.
func (s Shell) Path(parts ...string) string {
	path := "/o/" + url.PathEscape(s.Org.ID)
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

// Notice is a message on top of a page. Tone is "good", "warn", "bad" or "info".
type Notice struct {
	Tone    string
	Text    string
	Remedy  string
	Details []string
}

// NavItem is an entry of the navigation.
type NavItem struct{ Key, Label string }

// navItems are the entries in the order of a clerk's day; those in the second group are visited now and then.
func navItems() [][]NavItem {
	return [][]NavItem{
		{{"today", "Today"}, {"runs", "Plans & runs"}, {"lines", "Lines"}, {"customers", "Customers"}, {"prices", "Prices"}, {"azure", "Azure"}},
		{{"setup", "Setup"}, {"activity", "Activity"}, {"health", "Service health"}, {"settings", "Settings"}},
	}
}

// Tone is the colour of a status; the word beside it says the same.
type Tone string

// The tones.
const (
	Good Tone = "good"
	Warn Tone = "warn"
	Bad  Tone = "bad"
	Info Tone = "info"
	Off  Tone = "off"
)

// Crumb is a step on the way to a page.
type Crumb struct{ Label, Href string }

// Field is one input of a form. Type is an HTML input type, or "select", "textarea", "checkbox".
type Field struct {
	Name, Label, Type string
	Value             string
	Help              string
	Error             string // what is wrong with the value
	Options           []Option
	Suggestions       []string // offered while typing
	Placeholder       string
	Required          bool
	Disabled          bool
	Autocomplete      string
	Autofocus         bool
	InputMode         string
	Checked           bool
	Rows              int
	Accept            string
	Multiple          bool
}

// Option is a choice of a select.
type Option struct {
	Value, Label string
	Selected     bool
}

// described lists the ids of the texts that explain a field, for screen readers.
func (f Field) described() string {
	var ids []string
	if f.Help != "" {
		ids = append(ids, f.Name+"-help")
	}
	if f.Error != "" {
		ids = append(ids, f.Name+"-error")
	}
	return strings.Join(ids, " ")
}

// List is the state of a table that lives in its address: search, filters, sort and page.
type List struct {
	Base   string // path
	Values url.Values
	Page   int // from 1
	Size   int
	Total  int
}

// With gives the address of the list with one thing changed. Anything but the page itself goes back to the first page.
func (l List) With(key, value string) string {
	values := url.Values{}
	for k, v := range l.Values {
		values[k] = v
	}
	if key != "page" {
		values.Del("page")
	}
	if value == "" {
		values.Del(key)
	} else {
		values.Set(key, value)
	}
	if len(values) == 0 {
		return l.Base
	}
	return l.Base + "?" + values.Encode()
}

// Of is one of several tables of a page, for its files; "" is the page's own.
func (l List) Of(table string) List {
	values := url.Values{}
	for k, v := range l.Values {
		values[k] = v
	}
	values.Del("of")
	if table != "" {
		values.Set("of", table)
	}
	l.Values = values
	return l
}

// Get gives a value of the address.
func (l List) Get(key string) string { return l.Values.Get(key) }

// Pages is how many pages there are, at least one.
func (l List) Pages() int {
	if l.Size <= 0 {
		return 1
	}
	return max(1, (l.Total+l.Size-1)/l.Size)
}

// From and To number the rows shown, from 1; both are 0 of an empty list.
func (l List) From() int {
	if l.Total == 0 {
		return 0
	}
	return (l.Page-1)*l.Size + 1
}

// To is the number of the last row shown.
func (l List) To() int { return min(l.Page*l.Size, l.Total) }

// sortedBy says how a column is sorted: "ascending", "descending" or "".
func (l List) sortedBy(column string) string {
	switch l.Get("sort") {
	case column:
		return "ascending"
	case "-" + column:
		return "descending"
	}
	return ""
}

// sortHref turns the column round, or sorts by it with its natural direction first: numbers from the greatest.
func (l List) sortHref(column string, numbers bool) string {
	switch {
	case l.sortedBy(column) == "ascending":
		return l.With("sort", "-"+column)
	case l.sortedBy(column) == "descending":
		return l.With("sort", column)
	case numbers:
		return l.With("sort", "-"+column)
	}
	return l.With("sort", column)
}

func pageText(n int) string { return strconv.Itoa(n) }

// Count writes a number with thousands set apart.
func Count(n int) string {
	text := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, text = "−", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "\u00a0" + text[i:]
	}
	return sign + text
}

// Plural writes a number with its noun: "1 change", "2 changes".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Figure writes an amount without its currency: thousands apart, at least two decimals, a true minus sign.
func Figure(a money.Amount) string { return grouped(a.Value()) }

// Signed writes an amount with its sign always.
func Signed(a money.Amount) string {
	if a.Value().Sign() > 0 {
		return "+" + grouped(a.Value())
	}
	return grouped(a.Value())
}

func grouped(d money.Decimal) string {
	text := d.String()
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "−", text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	for len(fraction) < 2 {
		fraction += "0"
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "\u00a0" + whole[i:]
	}
	return sign + whole + "." + fraction
}

// toneOf colours a signed amount: more money for us is good.
func toneOf(a money.Amount) string {
	switch a.Value().Sign() {
	case 1:
		return "plus"
	case -1:
		return "minus"
	}
	return ""
}

// When writes a time in UTC for people; the zero time is a dash.
func When(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// Day writes a date; the zero date is a dash.
func Day(d billing.Date) string {
	if d.IsZero() {
		return "–"
	}
	return d.String()
}

// MonthName writes a month as people say it: "October 2026".
func MonthName(m billing.Month) string {
	t, err := time.Parse("2006-01", string(m))
	if err != nil {
		return string(m)
	}
	return t.Format("January 2006")
}

// Ago says how long before now a time was, roughly.
func Ago(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return Plural(int(d.Minutes()), "minute", "minutes") + " ago"
	case d < 48*time.Hour:
		return Plural(int(d.Hours()), "hour", "hours") + " ago"
	}
	return Plural(int(d.Hours()/24), "day", "days") + " ago"
}

// Percent writes a ratio that is already in percent.
func Percent(d money.Decimal) string {
	text := strings.TrimSuffix(d.Abs().String(), ".0") + " %"
	if d.Sign() < 0 {
		return "−" + text
	}
	return text
}

// ids made of arbitrary text are not safe in HTML ids.
func htmlID(prefix, text string) string {
	var b strings.Builder
	b.WriteString(prefix)
	for _, r := range text {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "_%x", r)
		}
	}
	return b.String()
}

// Rounded rounds sums to the currency's minor unit, half away from zero, for figures that are fractions by nature, such as a year's price
// as one month of it. Only what is shown is rounded; exports and plans hold the exact amounts.
func Rounded(t money.Totals) money.Totals {
	var rounded money.Totals
	for _, a := range t.Amounts() {
		rounded.Add(a.Round(a.Currency().MinorPlaces(), money.HalfAwayFromZero))
	}
	return rounded
}
