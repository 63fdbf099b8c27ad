package billing

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/money"
)

// tellsApart asserts of any two drawn things that they have one name when they are the same thing, and two when they are not: a name that two things share
// would let one of them be billed as the other.
func tellsApart[T comparable](t *testing.T, what string, draw func(*rapid.T, string) T, name func(T) string) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		if same := name(a) == name(b); same != (a == b) {
			t.Fatalf("%s: %+v and %+v are called %q and %q", what, a, b, name(a), name(b))
		}
		if name(a) == "" {
			t.Fatalf("%s: %+v has no name", what, a)
		}
	})
}

// parts are texts of which two may run into each other when they are put together without a border: "a" and "bc", "ab" and "c".
func parts(t *rapid.T, label string) string {
	return few(t, label, "", "a", "ab", "b", "bc", "c", "1", "12")
}

// owned is what a mark is made for.
type owned struct{ kind, organization, customer, key string }

func (o owned) mark() string {
	switch o.kind {
	case "line":
		return LineMark(o.organization, o.key)
	case "contract":
		return ContractMark(o.organization, CustomerID(o.customer), o.key)
	}
	return ChargeMark(o.organization, o.key)
}

// TestNamesTellApart: offers, sets, true-ups, findings and everything that carries a mark.
func TestNamesTellApart(t *testing.T) {
	tellsApart(t, "offers", func(t *rapid.T, label string) Offer {
		return Offer{parts(t, label+" product"), parts(t, label+" SKU"), Term(few(t, label+" term", "", "P1M", "P1Y", "P3Y")), Frequency(few(t, label+" frequency", "monthly", "annual", "triennial"))}
	}, Offer.String)
	tellsApart(t, "services", func(t *rapid.T, label string) Offer { // readable or not: short, long and with blanks
		return Offer{few(t, label+" product", "", "a", "CFQ7TTC07DHZ", "my backup", "my backups", strings.Repeat("x", 40), strings.Repeat("x", 41)), few(t, label+" SKU", "0001", "0002"),
			Term(few(t, label+" term", "P1M", "P1Y", "P3Y")), Frequency(few(t, label+" frequency", "monthly", "annual"))}
	}, ServiceMark)
	tellsApart(t, "billed sets", func(t *rapid.T, label string) SetID {
		return SetID{Kind: SetKind(few(t, label+" kind", string(BilledLines), string(BilledUsage))), PartnerID: parts(t, label+" partner"), Invoice: few(t, label+" invoice", "G1", "G12", "G2")}
	}, SetID.String)
	tellsApart(t, "open sets", func(t *rapid.T, label string) SetID {
		return SetID{Kind: SetKind(few(t, label+" kind", string(UnbilledLines), string(UnbilledUsage))), PartnerID: parts(t, label+" partner"),
			Currency: money.Currency(few(t, label+" currency", "EUR", "USD")), Month: Month(few(t, label+" month", "2026-09", "2026-10"))}
	}, SetID.String)
	type trueUp struct {
		kind, contract, month, currency string
		n                               int
	}
	tellsApart(t, "true-ups", func(t *rapid.T, label string) trueUp {
		return trueUp{few(t, label+" kind", "azure", "line"), parts(t, label+" contract"), few(t, label+" month", "2026-09", "2026-10"), few(t, label+" currency", "EUR", "USD"), rapid.IntRange(1, 12).Draw(t, label+" number")}
	}, func(u trueUp) string {
		return TrueUpKey(u.kind, ContractID(u.contract), Month(u.month), money.Currency(u.currency), u.n)
	})
	type subject struct{ kind, subject string }
	tellsApart(t, "findings", func(t *rapid.T, label string) subject {
		return subject{few(t, label+" kind", string(FindingDrift), string(FindingMove), string(FindingNoCost), string(FindingNoPrice)), parts(t, label+" subject")}
	}, func(s subject) string { return Finding{Kind: FindingKind(s.kind), Subject: s.subject}.ID() })
	tellsApart(t, "marks", func(t *rapid.T, label string) owned {
		o := owned{kind: few(t, label+" kind", "line", "contract", "charge"), organization: parts(t, label+" organization"), key: parts(t, label+" key")}
		if o.kind == "contract" {
			o.customer = parts(t, label+" customer")
		}
		return o
	}, owned.mark)
}

// TestNamesLeaveOutWhatDoesNotMatter: the currency and the month of an invoice are the invoice's, the words of a finding may change from run to run, and what a
// person writes around a mark is not part of it.
func TestNamesLeaveOutWhatDoesNotMatter(t *testing.T) {
	billed := SetID{Kind: BilledLines, PartnerID: "p", Invoice: "G1", Currency: "EUR", Month: "2026-09"}
	other := billed
	other.Currency, other.Month = "USD", "2026-10"
	if billed.String() != other.String() {
		t.Errorf("one invoice is two sets: %s and %s", billed, other)
	}
	found := Finding{Kind: FindingDrift, Subject: "line", CustomerID: "c1", Customer: "Alder", Message: "m", Remedy: "r", Money: money.Of(money.Int(1), "EUR")}
	if bare := (Finding{Kind: FindingDrift, Subject: "line"}); found.ID() != bare.ID() {
		t.Errorf("one finding is two: %s and %s", found.ID(), bare.ID())
	}
	rapid.Check(t, func(t *rapid.T) {
		o := owned{few(t, "kind", "line", "contract", "charge"), parts(t, "organization"), parts(t, "customer"), parts(t, "key")}
		word := rapid.StringMatching(`[a-z0-9:.,-]{0,30}`)
		before, after := word.Draw(t, "before"), word.Draw(t, "after")
		if got := MarkIn(before + " " + o.mark() + "\n" + after); got != o.mark() && MarkIn(before) == "" {
			t.Fatalf("between %q and %q it is found as %q", before, after, got)
		}
		if glued := MarkIn("x" + o.mark()); glued != "" {
			t.Fatalf("inside a word it is found as %q", glued)
		}
	})
}

// decides gives the row that decides a day by the words of the sheet: of the rows that cover it the one that starts last, then the one with the greatest id; when
// none does, the one that was over last.
func decides(rows []UnitRow, day Date) (UnitRow, bool) {
	best := func(rows []UnitRow, key func(UnitRow) []Date) (UnitRow, bool) {
		if len(rows) == 0 {
			return UnitRow{}, false
		}
		return slices.MaxFunc(rows, func(a, b UnitRow) int {
			if order := slices.CompareFunc(key(a), key(b), Date.Compare); order != 0 {
				return order
			}
			return strings.Compare(a.ID, b.ID)
		}), true
	}
	var cover, over []UnitRow
	for _, r := range rows {
		switch {
		case !r.Period.Start.After(day) && r.Period.End.After(day):
			cover = append(cover, r)
		case !r.Period.End.After(day):
			over = append(over, r)
		}
	}
	if row, found := best(cover, func(r UnitRow) []Date { return []Date{r.Period.Start} }); found {
		return row, true
	}
	return best(over, func(r UnitRow) []Date { return []Date{r.Period.End, r.Period.Start} })
}

// TestTheDecidingRowByDefinition compares RowOn with the definition, over rows that overlap, leave gaps, are nested and begin or end together.
func TestTheDecidingRowByDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []UnitRow
		for i := range rapid.IntRange(0, 6).Draw(t, "rows") {
			start := on("2026-03-01").AddDays(rapid.IntRange(0, 12).Draw(t, "start"))
			rows = append(rows, UnitRow{ID: fmt.Sprint(i + 1), Period: Period{start, start.AddDays(rapid.IntRange(1, 9).Draw(t, "days"))}, Units: rapid.Int64Range(0, 9).Draw(t, "units")})
		}
		slices.SortFunc(rows, func(a, b UnitRow) int {
			if order := a.Period.Start.Compare(b.Period.Start); order != 0 {
				return order
			}
			return strings.Compare(a.ID, b.ID)
		})
		line := ContractService{Rows: rows}
		for day := on("2026-02-27"); day.Before(on("2026-03-28")); day = day.AddDays(1) {
			want, exists := decides(rows, day)
			if got, found := line.RowOn(day); got.ID != want.ID || found != exists {
				t.Fatalf("%s is decided by row %q, %v; want %q, %v, of %v", day, got.ID, found, want.ID, exists, rows)
			}
			if units, found := line.UnitsOn(day); units != want.Units || found != exists {
				t.Fatalf("%d units on %s, want %d", units, day, want.Units)
			}
		}
	})
}

// TestTheRowThatWasOverLast: a line whose contract ended keeps saying what it billed last, in either layout of its rows, also when several rows ended together.
func TestTheRowThatWasOverLast(t *testing.T) {
	tests := []struct {
		name string
		rows []UnitRow
		day  string
		want string
	}{
		{"two rows that end together: the one that began last", []UnitRow{row("1", "2026-09-01", "2026-09-30", 12), row("2", "2026-09-14", "2026-09-30", 15)}, "2026-10-15", "2"},
		{"and began together: the greatest id", []UnitRow{row("1", "2026-09-01", "2026-09-30", 12), row("2", "2026-09-01", "2026-09-30", 15)}, "2026-10-15", "2"},
		{"the one that began last was over before", []UnitRow{row("1", "2026-09-01", "2026-09-30", 12), row("2", "2026-09-14", "2026-09-20", 15)}, "2026-10-15", "1"},
		{"on the day after", []UnitRow{row("1", "2026-09-01", "2026-09-30", 12)}, "2026-10-01", "1"},
		{"a row ahead decides nothing yet", []UnitRow{row("1", "2026-09-01", "2026-09-30", 12), row("2", "2026-11-01", "2026-11-30", 15)}, "2026-10-31", "1"},
		{"its first day does", []UnitRow{row("1", "2026-09-01", "2026-09-30", 12), row("2", "2026-11-01", "2026-11-30", 15)}, "2026-11-01", "2"},
	}
	for _, test := range tests {
		if got, found := (ContractService{Rows: test.rows}).RowOn(on(test.day)); got.ID != test.want || !found {
			t.Errorf("%s: row %q, want %q", test.name, got.ID, test.want)
		}
	}
}
