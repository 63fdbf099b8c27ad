package billing

import (
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/money"
)

func TestPeriodAt(t *testing.T) {
	tests := []struct {
		period      PeriodType
		anchor, day string
		want        string // with inclusive end
	}{
		{PeriodMonth, "2026-01-17", "2026-01-17", "2026-01-17 to 2026-02-16"},
		{PeriodMonth, "2026-01-17", "2026-02-16", "2026-01-17 to 2026-02-16"},
		{PeriodMonth, "2026-01-17", "2026-02-17", "2026-02-17 to 2026-03-16"},
		{PeriodMonth, "2026-01-01", "2026-12-31", "2026-12-01 to 2026-12-31"},
		// the anchor's day comes back after a short month (Microsoft sheet §5.1)
		{PeriodMonth, "2026-01-31", "2026-02-27", "2026-01-31 to 2026-02-27"},
		{PeriodMonth, "2026-01-31", "2026-02-28", "2026-02-28 to 2026-03-30"},
		{PeriodMonth, "2026-01-31", "2026-03-31", "2026-03-31 to 2026-04-29"},
		{PeriodMonth, "2026-01-31", "2026-04-30", "2026-04-30 to 2026-05-30"},
		{PeriodMonth, "2026-01-30", "2026-02-28", "2026-02-28 to 2026-03-29"},
		{PeriodMonth, "2026-01-29", "2026-02-28", "2026-02-28 to 2026-03-28"},
		{PeriodMonth, "2024-01-31", "2024-02-29", "2024-02-29 to 2024-03-30"},
		// before the anchor
		{PeriodMonth, "2026-01-17", "2026-01-16", "2025-12-17 to 2026-01-16"},
		{PeriodMonth, "2026-03-31", "2026-02-27", "2026-01-31 to 2026-02-27"},
		{PeriodMonth, "2026-03-31", "2026-02-28", "2026-02-28 to 2026-03-30"},
		{PeriodQuarter, "2026-02-15", "2026-02-14", "2025-11-15 to 2026-02-14"},
		{PeriodQuarter, "2026-02-15", "2025-11-14", "2025-08-15 to 2025-11-14"},
		{PeriodYear, "2026-02-15", "2025-02-14", "2024-02-15 to 2025-02-14"},
		// longer periods
		{PeriodQuarter, "2026-01-01", "2026-03-31", "2026-01-01 to 2026-03-31"},
		{PeriodQuarter, "2026-11-30", "2027-02-28", "2027-02-28 to 2027-05-29"},
		{PeriodHalfYear, "2026-08-31", "2027-02-28", "2027-02-28 to 2027-08-30"},
		{PeriodYear, "2024-02-29", "2025-02-28", "2025-02-28 to 2026-02-27"},
		{PeriodYear, "2024-02-29", "2028-02-29", "2028-02-29 to 2029-02-27"},
		{"unheard of", "2026-01-17", "2026-02-17", "2026-02-17 to 2026-03-16"}, // counts as monthly
	}
	for _, test := range tests {
		if got := test.period.PeriodAt(on(test.anchor), on(test.day)); got.String() != test.want {
			t.Errorf("%s from %s at %s = %s, want %s", test.period, test.anchor, test.day, got, test.want)
		}
	}
}

// TestPeriodsAreConsecutive: the period contains the day; its neighbours touch it; every day of it gives the same period; the anchor
// starts one.
func TestPeriodsAreConsecutive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]PeriodType{PeriodMonth, PeriodQuarter, PeriodHalfYear, PeriodYear}).Draw(t, "type")
		anchor, day := drawDate(t, "anchor"), drawDate(t, "day")
		if rapid.Bool().Draw(t, "late anchor") {
			anchor = anchor.OnDay(rapid.IntRange(28, 31).Draw(t, "anchor day"))
		}
		p := kind.PeriodAt(anchor, day)
		if !p.Contains(day) {
			t.Fatalf("%s does not contain %s", p, day)
		}
		if next := kind.PeriodAt(anchor, p.End); next.Start != p.End {
			t.Fatalf("%s is followed by %s", p, next)
		}
		if last := kind.PeriodAt(anchor, p.Start.AddDays(-1)); last.End != p.Start {
			t.Fatalf("%s comes after %s", p, last)
		}
		inside := p.Start.AddDays(rapid.IntRange(0, p.Days()-1).Draw(t, "inside"))
		if same := kind.PeriodAt(anchor, inside); same != p {
			t.Fatalf("%s lies in %s, not %s", inside, same, p)
		}
		if p.Start.Day > anchor.Day || p.Start.Day < min(anchor.Day, 28) {
			t.Fatalf("anchor %s gives %s", anchor, p)
		}
		if at := kind.PeriodAt(anchor, anchor); at.Start != anchor {
			t.Fatalf("anchor %s lies in %s", anchor, at)
		}
	})
}

func TestMonths(t *testing.T) {
	for kind, want := range map[PeriodType]int{PeriodMonth: 1, PeriodQuarter: 3, PeriodHalfYear: 6, PeriodYear: 12, "": 1} {
		if got := kind.Months(); got != want {
			t.Errorf("%q has %d months", kind, got)
		}
	}
}

// row is a unit row with inclusive days, as the target shows them.
func row(id, from, to string, units int64) UnitRow {
	return UnitRow{ID: id, Period: Period{on(from), on(to).AddDays(1)}, Units: units}
}

// TestUnitsOn covers both layouts that Autotask may use after an adjustment (Autotask sheet §5.6): the earlier row is cut short, or it
// stays and the rows overlap.
func TestUnitsOn(t *testing.T) {
	cut := []UnitRow{row("1", "2026-09-01", "2026-09-13", 12), row("2", "2026-09-14", "2026-09-30", 15), row("3", "2026-10-01", "2026-10-31", 15)}
	overlap := []UnitRow{row("1", "2026-09-01", "2026-09-30", 12), row("2", "2026-09-14", "2026-09-30", 15), row("3", "2026-10-01", "2026-10-31", 15)}
	gap := []UnitRow{row("1", "2026-07-01", "2026-07-31", 4), row("2", "2026-08-01", "2026-08-31", 5), row("9", "2026-11-01", "2026-11-30", 7)}
	sameDay := []UnitRow{row("1", "2026-09-01", "2026-09-30", 12), row("2", "2026-09-01", "2026-09-30", 9)}
	nested := []UnitRow{row("1", "2026-09-01", "2026-12-31", 3), row("2", "2026-09-10", "2026-09-20", 8)}
	tests := []struct {
		name  string
		rows  []UnitRow
		day   string
		id    string
		units int64
	}{
		{"cut, before the change", cut, "2026-09-13", "1", 12},
		{"cut, on the change", cut, "2026-09-14", "2", 15},
		{"cut, next period", cut, "2026-10-01", "3", 15},
		{"overlap, before the change", overlap, "2026-09-13", "1", 12},
		{"overlap, on the change", overlap, "2026-09-14", "2", 15},
		{"overlap, last day", overlap, "2026-09-30", "2", 15},
		{"before all rows", cut, "2026-08-31", "", 0},
		{"in a gap the last row before counts", gap, "2026-10-15", "2", 5},
		{"after the gap", gap, "2026-11-01", "9", 7},
		{"after all rows", gap, "2027-03-01", "9", 7},
		{"two rows of one day: the greatest id", sameDay, "2026-09-05", "2", 9},
		{"after the shorter row the longer counts again", nested, "2026-09-21", "1", 3},
		{"no rows", nil, "2026-09-21", "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			line := ContractService{Rows: test.rows}
			got, found := line.RowOn(on(test.day))
			if found != (test.id != "") || got.ID != test.id {
				t.Errorf("row %q, %v; want %q", got.ID, found, test.id)
			}
			if units, ok := line.UnitsOn(on(test.day)); units != test.units || ok != found {
				t.Errorf("units %d, %v; want %d", units, ok, test.units)
			}
		})
	}
}

// TestLayoutsAgree: whatever adjustments were made, the two layouts give the same units on every day.
func TestLayoutsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := on("2026-01-01")
		end := start.AddMonths(3)
		var cut, overlap []UnitRow
		starts := []Date{start}
		for range rapid.IntRange(0, 5).Draw(t, "changes") {
			next := starts[len(starts)-1].AddDays(rapid.IntRange(1, 15).Draw(t, "gap"))
			if next.Before(end) {
				starts = append(starts, next)
			}
		}
		for i, s := range starts {
			until := end
			if i+1 < len(starts) {
				until = starts[i+1]
			}
			units := rapid.Int64Range(0, 50).Draw(t, "units")
			cut = append(cut, UnitRow{ID: s.String(), Period: Period{s, until}, Units: units})
			overlap = append(overlap, UnitRow{ID: s.String(), Period: Period{s, end}, Units: units})
		}
		day := start.AddDays(rapid.IntRange(-5, 120).Draw(t, "day"))
		a, foundA := ContractService{Rows: cut}.UnitsOn(day)
		b, foundB := ContractService{Rows: overlap}.UnitsOn(day)
		if a != b || foundA != foundB {
			t.Fatalf("on %s: %d %v cut, %d %v overlapping", day, a, foundA, b, foundB)
		}
	})
}

func TestRef(t *testing.T) {
	tests := []struct {
		ref  Ref
		text string
		zero bool
	}{{Ref{}, "", true}, {Ref{ID: "5"}, "5", false}, {Ref{Mark: "SPN-1"}, "SPN-1", false}, {Ref{ID: "5", Mark: "SPN-1"}, "5", false}}
	for _, test := range tests {
		if test.ref.String() != test.text || test.ref.IsZero() != test.zero {
			t.Errorf("%+v: %q, zero %v", test.ref, test.ref.String(), test.ref.IsZero())
		}
	}
}

func TestLineItemIsUsage(t *testing.T) {
	if (LineItem{}).IsUsage() || !(LineItem{Meter: "Virtual Machines"}).IsUsage() {
		t.Error("a line with a meter is usage")
	}
	if (LineItem{Cost: money.Of(money.Int(1), "EUR"), ReservationOrderID: "r"}).IsUsage() {
		t.Error("a reservation is not usage")
	}
}
