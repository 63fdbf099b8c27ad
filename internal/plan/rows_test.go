package plan

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// rowsOf reads rows written as "start end units cents", the end as the first day after; "posted" may follow.
func rowsOf(t *testing.T, texts ...string) []billing.UnitRow {
	t.Helper()
	var rows []billing.UnitRow
	for _, text := range texts {
		var start, end, posted string
		var units, cents int64
		if n, err := fmt.Sscan(text, &start, &end, &units, &cents, &posted); n < 4 {
			t.Fatalf("row %q: %v", text, err)
		}
		rows = append(rows, billing.UnitRow{Period: billing.Period{Start: date(start), End: date(end)}, Units: units, Price: euros(cents), Posted: posted != ""})
	}
	return rows
}

// rowsSubject is a monthly service on a contract from 15 January 2026.
func rowsSubject(t *testing.T, contract, service billing.PeriodType, rows ...string) *subject {
	t.Helper()
	s := &subject{want: &billing.DesiredLine{}, applied: &Applied{}, line: &billing.ContractService{Rows: rowsOf(t, rows...)},
		contract: &billing.Contract{Start: date("2026-01-15"), PeriodType: contract}, service: &billing.Service{PeriodType: service}}
	s.span = spanOf(s.line, s.contract, s.service, nil)
	return s
}

const (
	month = billing.PeriodMonth
	year  = billing.PeriodYear
)

func TestTheSpanOfRowsIsReadFromThem(t *testing.T) {
	for _, tc := range []struct {
		name              string
		contract, service billing.PeriodType
		rows              []string
		want              billing.PeriodType
		sure              bool
	}{
		{"both monthly", month, month, []string{"2026-11-15 2026-12-15 5 5000"}, month, true},
		{"both monthly, no rows", month, month, nil, month, true},
		{"yearly service, a row of a year", month, year, []string{"2026-01-15 2027-01-15 5 60000"}, year, true},
		{"yearly service, rows of months", month, year, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, month, true},
		{"yearly contract, a row of a year", year, month, []string{"2026-01-15 2027-01-15 5 60000"}, year, true},
		{"a part of a year may look like a month", month, year, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 6 6000"}, month, false},
		{"no rows tell nothing", month, year, nil, month, false},
	} {
		s := rowsSubject(t, tc.contract, tc.service, tc.rows...)
		if s.span.period != tc.want || s.span.sure != tc.sure {
			t.Errorf("%s: %s, sure %t; want %s, %t", tc.name, s.span.period, s.span.sure, tc.want, tc.sure)
		}
	}
}

func TestPostedTo(t *testing.T) {
	for _, tc := range []struct {
		name string
		rows []string
		want string
	}{
		{"nothing posted", []string{"2026-11-15 2026-12-15 5 5000"}, ""},
		{"the running period", []string{"2026-11-15 2026-12-15 5 5000 posted", "2026-12-15 2027-01-15 5 5000"}, "2026-12-15"},
		{"cut short by a later adjustment", []string{"2026-11-15 2026-11-18 5 500 posted", "2026-11-18 2026-12-15 6 5400"}, "2026-12-15"},
		{"two periods, the later counts", []string{"2026-11-15 2026-12-15 5 5000 posted", "2026-12-15 2027-01-15 5 5000 posted"}, "2027-01-15"},
	} {
		s := rowsSubject(t, month, month, tc.rows...)
		if got := s.span.postedTo(s.line.Rows); got != optional(tc.want) {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestTakenDays(t *testing.T) {
	for _, tc := range []struct {
		name string
		rows []string
		ours []billing.Date
		want string
	}{
		{"whole periods of the same", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, nil, "[]"},
		{"what we remember", []string{"2026-11-15 2026-12-15 5 5000"}, []billing.Date{date("2026-11-15")}, "[2026-11-15]"},
		{"inside a period", []string{"2026-11-15 2026-11-20 5 833", "2026-11-20 2026-12-15 6 5000"}, nil, "[2026-11-20]"},
		{"another quantity", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 6 6000"}, nil, "[2026-12-15]"},
		{"another price", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5500"}, nil, "[2026-12-15]"},
		{"a part costs less and proves nothing", []string{"2026-11-20 2026-12-15 5 4167", "2026-12-15 2027-01-15 5 5000"}, nil, "[2026-11-20]"},
		{"no units have no price", []string{"2026-11-15 2026-12-15 0 0", "2026-12-15 2027-01-15 0 100"}, nil, "[]"},
		{"the contract's first day", []string{"2026-01-15 2026-02-15 5 5000"}, nil, "[2026-01-15]"},
	} {
		s := rowsSubject(t, month, month, tc.rows...)
		if got := fmt.Sprint(s.span.takenDays(nil, tc.ours, s.line.Rows)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestUnitPriceAt(t *testing.T) {
	for _, tc := range []struct {
		name string
		rows []string
		on   string
		want string
	}{
		{"the whole row of the day", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5500"}, "2026-11-20", "10.00 EUR"},
		{"and of its first day", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5500"}, "2026-12-15", "11.00 EUR"},
		{"a part tells nothing, the next whole row does", []string{"2026-11-15 2026-11-20 5 833", "2026-11-20 2026-12-15 5 4167", "2026-12-15 2027-01-15 5 5500"}, "2026-11-20", "11.00 EUR"},
		{"only parts", []string{"2026-11-20 2026-12-15 5 4167"}, "2026-11-20", "-"},
		{"no units", []string{"2026-11-15 2026-12-15 0 0", "2026-12-15 2027-01-15 4 3600"}, "2026-11-20", "9.00 EUR"},
		{"units that begin anew have a price of their own", []string{"2026-11-15 2026-11-20 5 833", "2026-11-20 2026-12-14 5 4000", "2026-12-14 2026-12-15 0 0", "2026-12-15 2027-01-15 5 5500"},
			"2026-11-20", "-"},
		{"no rows", nil, "2026-11-20", "-"},
		{"a third of a cent is kept to four digits", []string{"2026-11-15 2026-12-15 3 1000"}, "2026-11-20", "3.3333 EUR"},
		{"rounded half away from zero", []string{"2026-11-15 2026-12-15 8 1", "2026-12-15 2027-01-15 8 1"}, "2026-11-20", "0.0013 EUR"},
		{"a row that keeps its end under a later one tells only its own days",
			[]string{"2026-11-15 2026-12-15 5 5000", "2026-11-20 2026-12-15 5 4583", "2026-12-15 2027-01-15 5 5500"}, "2026-11-10", "11.00 EUR"},
		{"and nobody tells the price of the others", []string{"2026-11-15 2026-12-15 5 5000", "2026-11-20 2026-12-15 5 4583"}, "2026-11-10", "-"},
		{"after the last row", []string{"2026-11-15 2026-12-15 5 5000"}, "2027-03-01", "-"},
	} {
		s := rowsSubject(t, month, month, tc.rows...)
		if got := amountText(s.unitPriceAt(date(tc.on))); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// A day without units tells no price, but units that begin anew after it do; a price that ended with the units of the day is not that of others.
func TestThePriceOfDaysWithoutUnits(t *testing.T) {
	for _, tc := range []struct {
		name string
		rows []string
		want string
	}{
		{"nothing, still nothing, then five", []string{"2026-11-15 2026-12-01 0 0", "2026-12-01 2026-12-15 0 0", "2026-12-15 2027-01-15 5 5000"}, "10.00 EUR"},
		{"not begun, nothing, then five", []string{"2026-12-15 2027-01-15 0 0", "2027-01-15 2027-02-15 5 5000"}, "10.00 EUR"},
		{"one for a part, nothing, then five", []string{"2026-11-15 2026-11-18 0 0", "2026-11-18 2026-12-01 1 433", "2026-12-01 2026-12-15 0 0", "2026-12-15 2027-01-15 5 5000"}, "-"},
		{"five for a part, then one", []string{"2026-11-18 2026-12-15 5 4333", "2026-12-15 2027-01-15 1 1100"}, "11.00 EUR"},
		{"nothing, and a part of one", []string{"2026-11-15 2026-12-10 0 0", "2026-12-10 2026-12-15 1 166"}, "-"},
		{"nothing at all", []string{"2026-11-15 2026-12-15 0 0", "2026-12-15 2027-01-15 0 0"}, "-"},
	} {
		s := rowsSubject(t, month, month, tc.rows...)
		if got := amountText(s.unitPriceAt(date("2026-11-20"))); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	s := rowsSubject(t, month, month, "2026-11-15 2026-12-01 0 0", "2026-12-01 2026-12-15 0 0", "2026-12-15 2027-01-15 1 1000", "2027-01-15 2027-02-15 5 5000", "2027-02-15 2027-03-15 0 0")
	for i, want := range []bool{false, false, true, false, false} {
		if got := s.beginsAnew(i); got != want {
			t.Errorf("row %d begins anew: %t", i, got)
		}
	}
	if s = rowsSubject(t, month, month, "2026-11-15 2026-12-15 0 0", "2026-12-15 2027-01-15 5 5000"); !s.beginsAnew(1) {
		t.Error("five after a first row of nothing do not begin anew")
	}
}

// Whether months of a yearly service are months of their own, or parts that adjustments cut out of the year: a row that begins where we adjusted, or inside
// a month, proves nothing, and an unproven month tells no price.
func TestMonthsThatMayBePartsOfAYear(t *testing.T) {
	for _, tc := range []struct {
		name string
		rows []string
		ours string
		sure bool
		want string // the price per unit on 20 November
	}{
		{"a month begins with nobody's doing", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, "", true, "10.00 EUR"},
		{"we adjusted the price there", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5500"}, "2026-12-15", false, "-"},
		{"we adjusted another day", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5500"}, "2026-11-15", true, "10.00 EUR"},
		{"somebody adjusted a price inside a month", []string{"2026-11-15 2026-12-01 5 2667", "2026-12-01 2026-12-15 5 2567"}, "", false, "-"},
		{"somebody adjusted the quantity", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 6 6000"}, "", false, "-"},
	} {
		s := rowsSubject(t, month, year, tc.rows...)
		var ours []billing.Date
		if tc.ours != "" {
			ours = []billing.Date{date(tc.ours)}
		}
		s.span = spanOf(s.line, s.contract, s.service, ours)
		whole := billing.Period{Start: date("2026-11-15"), End: date("2026-12-15")}
		if s.span.sure != tc.sure || s.span.isWhole(whole) != tc.sure || s.span.isWhole(billing.Period{Start: whole.Start, End: date("2026-12-14")}) {
			t.Errorf("%s: sure %t, the month is whole %t", tc.name, s.span.sure, s.span.isWhole(whole))
		}
		if got := amountText(s.unitPriceAt(date("2026-11-20"))); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// The price per unit is the same whether it is divided, found by what is wanted, or remembered from the row before. Fails when divided
// gives what is wanted without comparing.
func TestShortcutsOfTheUnitPriceChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := money.Of(money.New(rapid.Int64Range(0, 999_999).Draw(t, "want"), -rapid.Int32Range(0, 6).Draw(t, "places")), pick(t, "currency", money.Currency("EUR"), "USD"))
		short := &subject{want: &billing.DesiredLine{UnitPrice: &want}}
		for range rapid.IntRange(1, 4).Draw(t, "rows") {
			row := billing.UnitRow{Units: rapid.Int64Range(1, 9).Draw(t, "units"), Price: euros(rapid.Int64Range(0, 50).Draw(t, "price") * 100)}
			if rapid.Bool().Draw(t, "as wanted") {
				row.Price = want.Mul(money.Int(row.Units))
			}
			long := &subject{want: &billing.DesiredLine{}}
			if got, expected := short.perUnit(row), long.perUnit(row); got.String() != expected.String() {
				t.Fatalf("%d for %s: %s, divided %s", row.Units, row.Price, got, expected)
			}
		}
	})
}

// What was worked out for one row is only used for another one of the same units, the same total and the same currency, and what is wanted only when the
// row bills exactly that: otherwise a line would be told the price of another one.
func TestWhatIsRememberedOfTheUnitPrice(t *testing.T) {
	dollars := func(cents int64) money.Amount { return money.Of(money.New(cents, -2), "USD") }
	ten, tenDollars := euros(1000), dollars(1000)
	for _, tc := range []struct {
		name string
		want *money.Amount
		rows []billing.UnitRow
		told string
	}{
		{"the same total for other units", nil, []billing.UnitRow{{Units: 5, Price: euros(5000)}, {Units: 10, Price: euros(5000)}, {Units: 5, Price: euros(5000)}}, "[10.00 EUR 5.00 EUR 10.00 EUR]"},
		{"the same total in another currency", nil, []billing.UnitRow{{Units: 5, Price: euros(5000)}, {Units: 5, Price: dollars(5000)}, {Units: 5, Price: euros(5000)}}, "[10.00 EUR 10.00 USD 10.00 EUR]"},
		{"the same units for another total", nil, []billing.UnitRow{{Units: 5, Price: euros(5000)}, {Units: 5, Price: euros(5500)}}, "[10.00 EUR 11.00 EUR]"},
		{"what is wanted, in another currency", &tenDollars, []billing.UnitRow{{Units: 5, Price: euros(5000)}, {Units: 5, Price: dollars(5000)}}, "[10.00 EUR 10.00 USD]"},
		{"what is wanted, for another total", &ten, []billing.UnitRow{{Units: 5, Price: euros(5001)}, {Units: 5, Price: euros(5000)}}, "[10.002 EUR 10.00 EUR]"},
	} {
		s := &subject{want: &billing.DesiredLine{UnitPrice: tc.want}}
		var told []string
		for _, r := range tc.rows {
			told = append(told, s.perUnit(r).String())
		}
		if got := fmt.Sprint(told); got != tc.told {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.told)
		}
	}
}

func TestUnchangedAndRowStarts(t *testing.T) {
	s := rowsSubject(t, month, month, "2026-11-15 2026-11-18 9 900", "2026-11-18 2026-11-19 5 167", "2026-11-19 2026-12-15 5 4333", "2026-12-15 2027-01-15 7 7000")
	for _, tc := range []struct {
		from, to          string
		unchanged, starts bool
	}{
		{"2026-11-15", "2026-11-17", true, false},
		{"2026-11-15", "2026-11-18", false, true},
		{"2026-11-18", "2026-11-20", true, true}, // a row of the same quantity starts on the nineteenth
		{"2026-11-19", "2026-11-20", true, false},
		{"2026-11-20", "2026-12-15", false, true},
		{"2026-11-20", "2026-12-14", true, false},
	} {
		from, to := date(tc.from), date(tc.to)
		if got := s.unchanged(from, to); got != tc.unchanged {
			t.Errorf("%s to %s unchanged: %t", tc.from, tc.to, got)
		}
		if got := s.rowStartsIn(from, to); got != tc.starts {
			t.Errorf("a row starts after %s up to %s: %t", tc.from, tc.to, got)
		}
	}
}

// One line, every way in which Autotask may show it: the plans are the same. Only what a row of a part says differs.
func TestTheDialectOfRowsDoesNotMatter(t *testing.T) {
	for _, overlap := range []bool{false, true} {
		for _, full := range []bool{false, true} {
			t.Run(fmt.Sprintf("overlap %t, full partial %t", overlap, full), func(t *testing.T) {
				s := november(upNow)
				s.b.at.overlap, s.b.at.fullPartial = overlap, full
				s.stands(5, "2026-03-10")
				for _, step := range []struct {
					day  string
					do   func(*scene)
					want []string
				}{
					{"2026-11-20", seats(7), []string{"increase 2026-11-15 5→7"}},
					{"2026-11-21", seats(8), []string{"increase 2026-11-21 7→8"}},
					{"2026-11-25", priced(1100), []string{"reprice 2026-11-25 8→8 at 11.00 EUR"}},
					{"2026-12-01", seats(4), []string{"decrease 2026-12-15 8→4"}},
					{"2026-12-20", both(posts("2026-12-15"), seats(6)), []string{"increase 2027-01-15 4→6"}},
					{"2027-02-20", both(seats(5), priced(1200)), []string{"reprice 2027-02-15 6→6 at 12.00 EUR", "decrease 2027-03-15 6→5"}},
					{"2027-03-20", ends("2027-03-18"), []string{"end 2027-04-15 5→0"}},
				} {
					s.b.at.day = date(step.day)
					step.do(s)
					s.applied(t, s.expect(t, step.want...))
				}
			})
		}
	}
}
