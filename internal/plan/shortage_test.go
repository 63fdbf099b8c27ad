package plan

import (
	"fmt"
	"slices"
	"testing"

	"spindle/internal/billing"
)

// days reads "2026-11-20 2026-12-01" as a period, the second day not in it.
func days(text string) billing.Period {
	var start, end string
	_, _ = fmt.Sscan(text, &start, &end)
	return billing.Period{Start: date(start), End: date(end)}
}

// The days that the target bills too little are gathered by billing period, which is what a charge is written for: how many units at most, how
// many unit-days, and the days on which nothing at all is billed.
func TestShortagesByPeriod(t *testing.T) {
	s := &subject{clock: clock{period: billing.PeriodMonth, start: date("2026-01-15")}}
	h := &past{steps: stepsOf("2026-11-01 5 G1", "2026-11-20 7 G2")}
	stretchOf := func(text string, bare bool) stretch { return stretch{days: days(text), bare: bare} }
	for _, tc := range []struct {
		name      string
		stretches []stretch
		units     []int64
		want      []string
	}{
		{"nothing", []stretch{stretchOf("2026-11-20 2026-11-25", false)}, []int64{0}, nil},
		{"inside a period", []stretch{stretchOf("2026-11-20 2026-11-25", false)}, []int64{2}, []string{"2026-11-15 to 2026-12-14: 2 at most from 2026-11-20 to 2026-11-24, 10 unit-days, nothing at all "}},
		{"over the end of one", []stretch{stretchOf("2026-12-10 2026-12-20", true)}, []int64{2}, []string{
			"2026-11-15 to 2026-12-14: 2 at most from 2026-12-10 to 2026-12-14, 10 unit-days, nothing at all 2026-12-10 to 2026-12-14",
			"2026-12-15 to 2027-01-14: 2 at most from 2026-12-15 to 2026-12-19, 10 unit-days, nothing at all 2026-12-15 to 2026-12-19"}},
		{"up to the last day", []stretch{stretchOf("2026-12-10 2026-12-15", false)}, []int64{1}, []string{"2026-11-15 to 2026-12-14: 1 at most from 2026-12-10 to 2026-12-14, 5 unit-days, nothing at all "}},
		{"more, then less", []stretch{stretchOf("2026-11-20 2026-11-25", false), stretchOf("2026-11-25 2026-12-01", true), stretchOf("2026-12-01 2026-12-03", false)}, []int64{2, 7, 1}, []string{
			"2026-11-15 to 2026-12-14: 7 at most from 2026-11-20 to 2026-12-02, 54 unit-days, nothing at all 2026-11-25 to 2026-11-30"}},
		{"nothing at all twice", []stretch{stretchOf("2026-11-20 2026-11-22", true), stretchOf("2026-11-22 2026-11-25", false), stretchOf("2026-11-25 2026-12-01", true)}, []int64{2, 1, 2}, []string{
			"2026-11-15 to 2026-12-14: 2 at most from 2026-11-20 to 2026-11-30, 19 unit-days, nothing at all 2026-11-20 to 2026-11-30"}},
		{"in four periods, the last one first", []stretch{stretchOf("2027-02-20 2027-02-21", false), stretchOf("2027-01-20 2027-01-21", false), stretchOf("2026-12-20 2026-12-21", false), stretchOf("2026-11-20 2026-11-21", false)}, []int64{1, 2, 3, 4}, []string{
			"2026-11-15 to 2026-12-14: 4 at most from 2026-11-20 to 2026-11-20, 4 unit-days, nothing at all ",
			"2026-12-15 to 2027-01-14: 3 at most from 2026-12-20 to 2026-12-20, 3 unit-days, nothing at all ",
			"2027-01-15 to 2027-02-14: 2 at most from 2027-01-20 to 2027-01-20, 2 unit-days, nothing at all ",
			"2027-02-15 to 2027-03-14: 1 at most from 2027-02-20 to 2027-02-20, 1 unit-days, nothing at all "}},
		{"too many", []stretch{stretchOf("2026-11-20 2026-11-25", false)}, []int64{-3}, []string{"2026-11-15 to 2026-12-14: 3 at most from 2026-11-20 to 2026-11-24, 15 unit-days, nothing at all "}},
	} {
		found := map[billing.Period]*shortage{}
		for i, st := range tc.stretches {
			h.collect(found, s, st, tc.units[i])
		}
		var got []string
		for _, f := range inOrderOf(found) {
			got = append(got, fmt.Sprintf("%s: %d at most from %s, %d unit-days, nothing at all %s", f.period, f.units, f.days, f.unitDays, f.whole))
		}
		same(t, tc.name, got, tc.want)
	}
}

// Who is to blame for units that lack, or are too many, on a day: the latest steps up to it that went that way, until they add up.
func TestWhichInvoiceRaisedTheUnits(t *testing.T) {
	up := stepsOf("2026-10-01 5 G1", "2026-11-10 7 G2", "2026-11-20 6 G3", "2026-11-25 9 G4")
	for _, tc := range []struct {
		name  string
		steps []billing.Step
		day   string
		units int64
		want  string
	}{
		{"the last one", up, "2026-11-25", 3, "[2026-11-25] [G4]"},
		{"part of the last one", up, "2026-11-30", 1, "[2026-11-25] [G4]"},
		{"the last two", up, "2026-11-30", 4, "[2026-11-25 2026-11-10] [G4 G2]"},
		{"all of them", up, "2026-11-30", 10, "[2026-11-25 2026-11-10 2026-10-01] [G4 G2 G1]"},
		{"too many, by two steps down", stepsOf("2026-10-01 9 G1", "2026-11-01 7 G2", "2026-11-10 6 G3"), "2026-11-20", -2, "[2026-11-10 2026-11-01] [G3 G2]"},
		{"too many, by the last step down alone", stepsOf("2026-10-01 9 G1", "2026-11-01 7 G2", "2026-11-10 6 G3"), "2026-11-20", -1, "[2026-11-10] [G3]"},
		{"the day before it", up, "2026-11-24", 2, "[2026-11-10] [G2]"},
		{"before all of them", up, "2026-09-30", 2, "[] []"},
		{"too many since it went down", up, "2026-11-24", -1, "[2026-11-20] [G3]"},
		{"too many, and nothing went down", up, "2026-11-12", -1, "[] []"},
		{"a step that changes nothing", stepsOf("2026-10-01 5 G1", "2026-11-01 5 G2"), "2026-11-20", 2, "[2026-10-01] [G1]"},
		{"one invoice for two steps", stepsOf("2026-10-01 5 G1", "2026-11-01 6 G2", "2026-11-05 8 G2"), "2026-11-20", 3, "[2026-11-05 2026-11-01] [G2]"},
		{"a step without proof", stepsOf("2026-10-01 5"), "2026-11-20", 3, "[2026-10-01] []"},
	} {
		f := &shortage{}
		h := &past{steps: tc.steps}
		h.blame(f, date(tc.day), tc.units)
		h.blame(f, date(tc.day), tc.units) // the next day of the same finding says nothing new
		if got := fmt.Sprint(f.raised, f.proofs); got != tc.want || slices.Contains(f.proofs, "") {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// What the days are worth: unit-days over the days of their period, to the cent; at the wanted price, else at the one that stands.
func TestWhatAShortageIsWorth(t *testing.T) {
	ten := euros(1000)
	for _, tc := range []struct {
		period   string
		unitDays int64
		wanted   bool
		rows     []string
		want     string
	}{
		{"2026-11-15 2026-12-15", 50, true, nil, "16.67 EUR"},
		{"2026-11-15 2026-12-15", 150, true, nil, "50.00 EUR"},
		{"2026-12-15 2027-01-15", 31, true, nil, "10.00 EUR"},
		{"2026-12-15 2027-01-15", 1, true, nil, "0.32 EUR"},
		{"2026-11-15 2026-12-15", 50, false, []string{"2026-11-15 2026-12-15 5 6000"}, "20.00 EUR"},
		{"2026-11-15 2026-12-15", 50, false, nil, "-"},
	} {
		s := rowsSubject(t, billing.PeriodMonth, billing.PeriodMonth, tc.rows...)
		s.clock.day = date("2026-11-20")
		if tc.wanted {
			s.want.UnitPrice = &ten
		}
		if got := amountText(s.valueOf(&shortage{period: days(tc.period), unitDays: tc.unitDays})); got != tc.want {
			t.Errorf("%d unit-days of %s: %s, want %s", tc.unitDays, tc.period, got, tc.want)
		}
	}
}

// Days that Microsoft charges for and that lie before the contract: no line can bill them, up to the day of the plan.
func TestDaysBeforeTheContract(t *testing.T) {
	for _, tc := range []struct {
		name, start, day string
		period           billing.PeriodType
		steps            []billing.Step
		want             string
	}{
		{"none", "2026-10-01", "2026-11-20", billing.PeriodMonth, stepsOf("2026-10-01 5 G1"), ""},
		{"a week", "2026-10-08", "2026-11-20", billing.PeriodMonth, stepsOf("2026-10-01 5 G1"), "2026-10-01 to 2026-10-07 5"},
		{"with a change inside", "2026-10-08", "2026-11-20", billing.PeriodMonth, stepsOf("2026-10-01 5 G1", "2026-10-04 6 G1"), "2026-10-01 to 2026-10-03 5, 2026-10-04 to 2026-10-07 6"},
		{"with a change after", "2026-10-08", "2026-11-20", billing.PeriodMonth, stepsOf("2026-10-01 5 G1", "2026-10-08 6 G1"), "2026-10-01 to 2026-10-07 5"},
		{"with days without units", "2026-10-08", "2026-11-20", billing.PeriodMonth, stepsOf("2026-10-01 5 G1", "2026-10-03 0 G1", "2026-10-06 2 G1"), "2026-10-01 to 2026-10-02 5, 2026-10-06 to 2026-10-07 2"},
		{"one seat", "2026-10-08", "2026-11-20", billing.PeriodMonth, stepsOf("2026-10-01 1 G1"), "2026-10-01 to 2026-10-07 1"},
		{"a contract that lies ahead", "2027-01-01", "2026-11-20", billing.PeriodMonth, stepsOf("2026-11-19 5 G1"), "2026-11-19 to 2026-11-20 5"},
		{"a year, whose first cycle counts from its own day", "2026-10-08", "2026-11-20", billing.PeriodYear, stepsOf("2026-10-01 5 G1"), ""},
	} {
		s := &subject{contract: &billing.Contract{Start: date(tc.start)}, clock: clock{day: date(tc.day), period: tc.period}}
		got := ""
		for _, st := range s.beforeContract(&past{steps: tc.steps}) {
			if !st.bare || st.over != 0 {
				t.Errorf("%s: %+v", tc.name, st)
			}
			if got != "" {
				got += ", "
			}
			got += fmt.Sprintf("%s %d", st.days, st.short)
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// What a clerk reads of days that lack something or have too much: which days, how many at most, what proves it, why it cannot be written any more
// and what it is worth. What lacks also goes to the reconciliation, so that the invoice lines behind it do not count as billed (law 6).
func TestShortagesInWords(t *testing.T) {
	const short, over = "unbilled-difference/line/2026-11-15 | Premium: ", "unbilled-difference/line/2026-11-15/over | Premium: "
	const charge, credit = " | Add a charge for the difference in Autotask.", " | Credit the difference in Autotask."
	for _, tc := range []struct {
		name        string
		days        string
		contract    string // begins
		posted      string // up to the day before
		proofs      []string
		free        bool // no price is known
		short, over string
	}{
		{"posted", "2026-11-20 2026-11-25", "2026-01-15", "2026-12-15", []string{"invoice G1"}, false,
			short + "From 2026-11-20 to 2026-11-24 Microsoft charges up to 2 more than Autotask bills (invoice G1), and that period is posted: about 3.33 EUR stay unbilled." + charge + " | 3.33 EUR",
			over + "From 2026-11-20 to 2026-11-24 Autotask bills up to 2 more than Microsoft charges (invoice G1), and that period is posted: about 3.33 EUR are billed too much." + credit + " | -3.33 EUR"},
		{"one day, by two invoices", "2026-11-20 2026-11-21", "2026-01-15", "2026-12-15", []string{"invoice G2", "invoice G1"}, false,
			short + "On 2026-11-20 Microsoft charges up to 2 more than Autotask bills (invoice G1, invoice G2), and that period is posted: about 3.33 EUR stay unbilled." + charge + " | 3.33 EUR",
			over + "On 2026-11-20 Autotask bills up to 2 more than Microsoft charges (invoice G1, invoice G2), and that period is posted: about 3.33 EUR are billed too much." + credit + " | -3.33 EUR"},
		{"without a price, and nothing proves it", "2026-11-20 2026-11-25", "2026-01-15", "2026-12-15", nil, true,
			short + "From 2026-11-20 to 2026-11-24 Microsoft charges up to 2 more than Autotask bills, and that period is posted." + charge,
			over + "From 2026-11-20 to 2026-11-24 Autotask bills up to 2 more than Microsoft charges, and that period is posted." + credit},
		{"before the contract", "2026-11-20 2026-11-25", "2026-11-25", "", nil, true,
			short + "From 2026-11-20 to 2026-11-24 Microsoft charges up to 2 more than Autotask bills, and the contract begins on 2026-11-25." + charge,
			over + "From 2026-11-20 to 2026-11-24 Autotask bills up to 2 more than Microsoft charges, and Autotask takes one adjustment of a line a day." + credit},
		{"from the contract's first day on", "2026-11-20 2026-11-25", "2026-11-20", "2026-12-15", nil, true,
			short + "From 2026-11-20 to 2026-11-24 Microsoft charges up to 2 more than Autotask bills, and that period is posted." + charge,
			over + "From 2026-11-20 to 2026-11-24 Autotask bills up to 2 more than Microsoft charges, and that period is posted." + credit},
		{"from the first open day on", "2026-11-20 2026-11-25", "2026-01-15", "2026-11-20", nil, true,
			short + "From 2026-11-20 to 2026-11-24 Microsoft charges up to 2 more than Autotask bills, and Autotask takes one adjustment of a line a day." + charge,
			over + "From 2026-11-20 to 2026-11-24 Autotask bills up to 2 more than Microsoft charges, and Autotask takes one adjustment of a line a day." + credit},
	} {
		s := stepsSubject(t, trueDate, 5, nil)
		s.want.Name, s.want.Customer, s.contract.Start, s.clock.postedTo = "Premium", "Alder", date(tc.contract), billing.Date{}
		if tc.posted != "" {
			s.clock.postedTo = date(tc.posted)
		}
		if ten := euros(1000); !tc.free {
			s.want.UnitPrice = &ten
		}
		f := &shortage{period: days("2026-11-15 2026-12-15"), days: days(tc.days), units: 2, unitDays: 10, proofs: tc.proofs, raised: []billing.Date{date("2026-11-20")}, whole: days("2026-11-20 2026-11-22")}
		p := &planner{}
		p.reportShort(s, f, s.whyShort(f))
		p.reportOver(s, f)
		same(t, tc.name, findingsIn(wellSaid(Plan{Findings: p.findings})), []string{tc.short, tc.over})
		if got, want := fmt.Sprintf("%+v", p.shortages), "[{Finding:unbilled-difference/line/2026-11-15 LineKey:line Raised:[2026-11-20] Whole:2026-11-20 to 2026-11-21}]"; got != want {
			t.Errorf("%s: %s goes on, want %s", tc.name, got, want)
		}
	}
}
