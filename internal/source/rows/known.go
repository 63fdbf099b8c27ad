package rows

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// knownUsage adds up JSON rows of daily usage whose words have been read before. From row to row of one meter only the day and some numbers
// change: such a row is recognised by the text of all its other cells that count, and nothing but its numbers is read. A row that is not
// exactly as expected is left to UsageCollector.Add, which reads it in full, reports what is wrong with it, and has the last word.
type knownUsage struct {
	most   int    // how many kinds of rows are known at once
	layout []slot // of the row that was read in full last; none: nothing is known yet
	end    []byte // what stands behind its last value
	words  []byte // which columns its words are of: begins every key
	kinds  map[string]*knownRows
	days   map[string]billing.Date

	key  []byte // words of the row being read
	read [roleCount][]byte
}

// knownMost is enough for the meters of thousands of customers, and knownDays for every spelling of the days of some years.
const (
	knownMost = 1 << 16
	knownDays = 1 << 12
)

// role says what a cell is for. A test holds the roles against what UsageCollector reads.
type role int

const (
	roleNone role = iota // read by nobody
	roleWord             // makes rows alike
	roleDay              // and the others are read in each row
	roleCost
	roleQuantity
	roleEffectivePrice
	roleCount
)

func roleOf(c Column) role {
	switch c {
	case UsageDate:
		return roleDay
	case BillingPreTaxTotal:
		return roleCost
	case Quantity:
		return roleQuantity
	case EffectiveUnitPrice:
		return roleEffectivePrice
	case PartnerID, InvoiceNumber, BillingCurrency, CustomerID, CustomerName, SubscriptionID, EntitlementID, EntitlementDescription, ResourceGroup,
		ProductID, SkuID, AvailabilityID, MeterCategory, ChargeType, ChargeStartDate, ChargeEndDate, Unit, UnitPrice, ExchangeRate, PricingCurrency,
		EarnedCreditPercent, EarnedCreditFraction:
		return roleWord
	}
	return roleNone
}

// slot is one cell of a layout.
type slot struct {
	before []byte // what stands before its value: the name, and what separates it from the cell before
	role   role
}

// knownRows are rows of one kind that were added up and not yet given to their set.
type knownRows struct {
	set   *usageSet
	group *billing.UsageGroup
	days  costDays // of its customer
	kind  string

	credited  bool          // its price includes partner earned credit
	priced    bool          // list can be reckoned
	listPrice money.Decimal // of a unit without the credit, in the currency that is billed

	rows        int64
	first, last billing.Date
	quantity    money.Accumulator
	cost        money.Accumulator
	atCost      money.Accumulator // cost of rows whose list price is their cost
	atList      money.Accumulator // quantity of rows at list price
}

// split looks at a line by the layout. It fills key and read, and gives false for a line that is anything else than expected.
func (k *knownUsage) split(line []byte) bool {
	if len(k.layout) == 0 || !plainLine(line) {
		return false
	}
	k.key, k.read = append(k.key[:0], k.words...), [roleCount][]byte{}
	rest := line
	for _, s := range k.layout {
		if !bytes.HasPrefix(rest, s.before) {
			return false
		}
		rest = rest[len(s.before):]
		n := scalarEnd(rest)
		if n == 0 {
			return false
		}
		switch s.role {
		case roleNone:
		case roleWord:
			k.key = append(append(k.key, rest[:n]...), 0)
		default:
			k.read[s.role] = rest[:n]
		}
		rest = rest[n:]
	}
	return bytes.Equal(rest, k.end)
}

// take adds a row up, or gives false.
func (k *knownUsage) take(line []byte) bool {
	if !k.split(line) {
		return false
	}
	e := k.kinds[string(k.key)]
	if e == nil {
		return false
	}
	cost, ok := numberOf(k.read[roleCost])
	quantity, ok2 := numberOf(k.read[roleQuantity])
	effective, ok3 := numberOf(k.read[roleEffectivePrice])
	day := k.day(k.read[roleDay])
	atList := e.credited && !cost.isZero() && !effective.isZero()
	if !ok || !ok2 || !ok3 || cost.empty || day.IsZero() || atList && !e.priced {
		return false
	}
	e.rows++
	quantity.addTo(&e.quantity)
	cost.addTo(&e.cost)
	if atList {
		quantity.addTo(&e.atList)
	} else {
		cost.addTo(&e.atCost)
	}
	if e.first.IsZero() || day.Before(e.first) {
		e.first = day
	}
	e.last = billing.Later(e.last, day)
	cost.addTo(e.days.of(day))
	return true
}

// learn remembers a row that was read in full and taken into a group of a set. When it knows enough, it first gives all away and begins anew.
func (k *knownUsage) learn(line []byte, c *cells, u usageRow, set *usageSet, group *billing.UsageGroup, t *tally) {
	if !k.split(line) && !(k.arrange(line) && k.split(line)) {
		return
	}
	if k.kinds[string(k.key)] != nil { // it was read in full for its numbers
		return
	}
	if c.charged(true).IsZero() { // the period comes from the day then, and with it the group
		return
	}
	e := &knownRows{set: set, group: group, days: set.daysOf(group.CustomerID), kind: u.kind, credited: c.earnedCredit()}
	if price := c.number(UnitPrice); c.text(UnitPrice) != "" && len(c.broken) == 0 {
		e.priced, e.listPrice = true, price.Mul(u.group.ExchangeRate)
	}
	if len(k.kinds) == k.most {
		k.give(t)
		clear(k.kinds)
	}
	k.kinds[string(k.key)] = e
}

// give gives what was added up to the sets.
func (k *knownUsage) give(t *tally) {
	for _, e := range k.kinds {
		e.give(t)
	}
}

// arrange takes the layout from a line that is a JSON object. It gives false when a cell is nested or stands in it twice.
func (k *knownUsage) arrange(line []byte) bool {
	k.layout, k.end = nil, nil
	if k.kinds == nil {
		k.kinds, k.days = map[string]*knownRows{}, map[string]billing.Date{}
	}
	var layout []slot
	var words []byte
	var seen [columnCount]bool
	begin, at := 0, 1
	for {
		name := nextOf(line, at, '"')
		if name < 0 {
			return false
		}
		n := scalarEnd(line[name:])
		if n == 0 {
			return false
		}
		colon := nextOf(line, name+n, ':')
		if colon < 0 {
			return false
		}
		value := len(line) - len(space(line[colon+1:]))
		end := value + scalarEnd(line[value:])
		if end == value {
			return false
		}
		s := slot{before: bytes.Clone(line[begin:value])}
		if c, known := ColumnNamed(unquoted(line[name : name+n])); known {
			if seen[c] && roleOf(c) != roleNone {
				return false
			}
			seen[c], s.role = true, roleOf(c)
			if s.role == roleWord {
				words = append(words, byte(c))
			}
		}
		layout = append(layout, s)
		begin, at = end, end
		if comma := nextOf(line, at, ','); comma >= 0 {
			at = comma + 1
			continue
		}
		k.layout, k.end, k.words = layout, bytes.Clone(line[end:]), words
		return true
	}
}

// nextOf gives where the sign stands that follows, behind space alone; -1 when another one does.
func nextOf(line []byte, at int, sign byte) int {
	at = len(line) - len(space(line[at:]))
	if at == len(line) || line[at] != sign {
		return -1
	}
	return at
}

// day reads a day; zero for none, or for one that needs a second look.
func (k *knownUsage) day(raw []byte) billing.Date {
	if day, known := k.days[string(raw)]; known {
		return day
	}
	text, plain := plainText(raw)
	if !plain || len(k.days) == knownDays {
		return billing.Date{}
	}
	m, err := Style{}.date(string(text))
	if err != nil {
		return billing.Date{}
	}
	k.days[string(raw)] = m.date
	return m.date
}

// give adds the rows to their group and set.
func (e *knownRows) give(t *tally) {
	if e.rows == 0 {
		return
	}
	currency := e.group.Cost.Currency()
	cost := money.Of(e.cost.Decimal(), currency)
	before := e.atCost.Decimal().Add(e.listPrice.Mul(e.atList.Decimal()))
	sum := *e.group
	sum.Rows, sum.Quantity, sum.Cost, sum.BeforePEC, sum.FirstDay, sum.LastDay = e.rows, e.quantity.Decimal(), cost, money.Of(before, currency), e.first, e.last
	addUsage(e.group, sum)
	e.set.rows += e.rows
	e.set.month = max(e.set.month, billing.MonthOf(e.last))
	t.takeRows(e.rows, e.kind, e.group.CustomerID, cost, billing.MonthOf(e.group.Charged.Start))
	*e = knownRows{set: e.set, group: e.group, days: e.days, kind: e.kind, credited: e.credited, priced: e.priced, listPrice: e.listPrice}
}

// number is a number of a cell: digits without a point where they fit, as nearly all do.
type number struct {
	digits int64
	places int
	large  *money.Decimal // instead, when they do not
	empty  bool           // there is none, which counts as 0
}

func (n number) isZero() bool { return n.digits == 0 && (n.large == nil || n.large.IsZero()) }

func (n number) addTo(sum *money.Accumulator) {
	if n.large != nil {
		sum.Add(*n.large)
		return
	}
	sum.AddFixed(n.digits, n.places)
}

// numberOf reads a number, with or without quotation marks, as cells.number does.
func numberOf(raw []byte) (n number, ok bool) {
	text, plain := plainText(raw)
	switch {
	case !plain:
		return n, false
	case len(text) == 0:
		return number{empty: true}, true
	}
	if n, ok = fixedOf(text); ok {
		return n, true
	}
	d, err := Style{}.decimal(string(text))
	return number{large: &d}, err == nil
}

// fixedOf reads the usual spellings: digits, perhaps with a sign, a point and an exponent. What it does not take may be a number all the same.
func fixedOf(text []byte) (n number, ok bool) {
	rest := text
	negative := rest[0] == '-'
	if negative {
		rest = rest[1:]
	}
	digits, point := 0, -1
	for len(rest) > 0 {
		c := rest[0]
		switch {
		case c >= '0' && c <= '9' && digits < money.FixedPlaces:
			n.digits = 10*n.digits + int64(c-'0')
			digits++
		case c == '.' && point < 0 && digits > 0:
			point = digits
		case c == 'E' || c == 'e':
			exponent, err := strconv.Atoi(string(rest[1:]))
			if err != nil || exponent > 0 || exponent < -money.FixedPlaces {
				return n, false
			}
			n.places, rest = -exponent, rest[:1]
		default:
			return n, false
		}
		rest = rest[1:]
	}
	if point == digits || digits == 0 { // a point behind all digits, or none at all
		return n, false
	}
	if point > 0 {
		n.places += digits - point
	}
	if negative {
		n.digits = -n.digits
	}
	return n, n.places <= money.FixedPlaces
}

// plainText gives what a scalar says, if it says it without escapes: nothing for null and for a cell that there is not.
func plainText(raw []byte) (text []byte, plain bool) {
	switch {
	case len(raw) == 0 || raw[0] == 'n':
		return nil, true
	case raw[0] == '"':
		text = raw[1 : len(raw)-1]
		return text, bytes.IndexByte(text, '\\') < 0
	}
	return raw, true
}

// plainLine reports whether a line has whole runes and no control characters.
func plainLine(line []byte) bool {
	const each = 0x0101010101010101
	ascii := true
	for rest := line; ; rest = rest[8:] {
		if len(rest) < 8 {
			for _, c := range rest {
				if c < ' ' {
					return false
				}
				ascii = ascii && c < utf8.RuneSelf
			}
			return ascii || utf8.Valid(line)
		}
		eight := binary.LittleEndian.Uint64(rest)
		high := eight & (0x80 * each)
		if (eight-' '*each)&^eight&(0x80*each) != 0 {
			return false
		}
		ascii = ascii && high == 0
	}
}

// scalarEnd gives the length of the text, number or word that a text without control characters begins with; 0 when there is none.
func scalarEnd(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	switch c := text[0]; {
	case c == '"':
		return quotedEnd(text)
	case c == '-' || c >= '0' && c <= '9':
		return numberEnd(text)
	}
	for _, word := range [...]string{"null", "true", "false"} {
		if len(text) >= len(word) && string(text[:len(word)]) == word {
			return len(word)
		}
	}
	return 0
}

func quotedEnd(text []byte) int {
	for at := 1; ; {
		end := bytes.IndexByte(text[at:], '"')
		if end < 0 {
			return 0
		}
		escape := bytes.IndexByte(text[at:at+end], '\\')
		if escape < 0 {
			return at + end + 1
		}
		at += escape
		n := escapeEnd(text[at:])
		if n == 0 {
			return 0
		}
		at += n
	}
}

// escapeEnd gives the length of the escape that a text begins with.
func escapeEnd(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	if text[1] != 'u' {
		if strings.IndexByte(`"\/bfnrt`, text[1]) < 0 {
			return 0
		}
		return 2
	}
	const length = len(`\u0000`)
	if len(text) < length {
		return 0
	}
	for _, c := range text[2:length] {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return 0
		}
	}
	return length
}

func numberEnd(text []byte) int {
	at := 0
	if text[0] == '-' {
		at = 1
	}
	whole := digitsEnd(text, at)
	if whole == at || text[at] == '0' && whole > at+1 {
		return 0
	}
	at = whole
	if at < len(text) && text[at] == '.' {
		end := digitsEnd(text, at+1)
		if end == at+1 {
			return 0
		}
		at = end
	}
	if at < len(text) && (text[at] == 'e' || text[at] == 'E') {
		at++
		if at < len(text) && (text[at] == '+' || text[at] == '-') {
			at++
		}
		end := digitsEnd(text, at)
		if end == at {
			return 0
		}
		at = end
	}
	return at
}

// digitsEnd gives where the digits end that stand at a place.
func digitsEnd(text []byte, at int) int {
	for at < len(text) && text[at] >= '0' && text[at] <= '9' {
		at++
	}
	return at
}
