package targettest

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/target"
)

// testReads checks the state that the built world must show.
func testReads(t *testing.T, f Fixture) {
	w := build(t, f)
	o := w.read()
	if len(o.Incomplete) > 0 {
		t.Fatalf("gaps in a whole read: %v", o.Incomplete)
	}
	line := w.lineByID(o, w.line)
	if line.Mark != billing.LineMark(org, "first") {
		t.Errorf("mark %q", line.Mark)
	}
	row, found := line.RowOn(w.Day)
	if !found || row.Units != 5 || row.Period.Start != w.Day.MonthStart() || row.Period.End != w.next() || row.Posted || !row.Price.Equal(w.price(unitCents).Mul(money.Int(5))) {
		t.Errorf("row of today %+v", row)
	}
	if next, _ := line.RowOn(w.next()); next.Units != 5 || next.Period.Start != w.next() {
		t.Errorf("row of the next period %+v: it must be read too", next)
	}
	wantOrder(w, o)
	if again := w.read(); !reflect.DeepEqual(o, again) {
		t.Error("two reads of the same state differ")
	}
	byID, err := w.Target.Read(t.Context(), target.Scope{Day: w.Day, Contracts: []billing.ContractID{billing.ContractID(w.contract)}})
	if err != nil || len(byID.Contracts) != 1 || !reflect.DeepEqual(w.lineByID(byID, w.line), line) {
		t.Errorf("read by contract id: %v, %d contracts", err, len(byID.Contracts))
	}
	empty, err := w.Target.Read(t.Context(), target.Scope{Day: w.Day, Charges: []string{billing.ChargeMark(org, "never")}})
	if err != nil || len(empty.Charges)+len(empty.Contracts)+len(empty.Lines) != 0 {
		t.Errorf("nothing asked for: %v, %+v", err, empty)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if o, err := w.Target.Read(cancelled, w.scope()); err == nil && len(o.Incomplete) == 0 {
		t.Error("a cancelled read looks whole")
	}
}

// wantOrder expects ascending ids and, within a line, rows by start.
func wantOrder(w *world, o billing.Observed) {
	w.Helper()
	ascending := func(what string, ids []string) {
		numeric := func(a, b string) int {
			x, _ := strconv.ParseInt(a, 10, 64)
			y, _ := strconv.ParseInt(b, 10, 64)
			return int(x - y)
		}
		if !slices.IsSortedFunc(ids, numeric) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
			w.Errorf("%s are not in order of ids: %v", what, ids)
		}
	}
	ascending("contracts", idsOf(o.Contracts, func(c billing.Contract) string { return string(c.ID) }))
	ascending("services", idsOf(o.Services, func(s billing.Service) string { return string(s.ID) }))
	ascending("lines", idsOf(o.Lines, func(l billing.ContractService) string { return string(l.ID) }))
	ascending("charges", idsOf(o.Charges, func(c billing.Charge) string { return string(c.ID) }))
	for _, l := range o.Lines {
		if !slices.IsSortedFunc(l.Rows, func(a, b billing.UnitRow) int { return a.Period.Start.Compare(b.Period.Start) }) {
			w.Errorf("rows of %s are not in order", l.ID)
		}
	}
}

func idsOf[T any](list []T, id func(T) string) []string {
	var ids []string
	for _, x := range list {
		ids = append(ids, id(x))
	}
	return ids
}

// testIncomplete breaks one part after the other: the result is an error or names the gap, and never looks whole.
func testIncomplete(t *testing.T, f Fixture) {
	w := build(t, f)
	whole := w.read()
	for _, part := range w.Parts {
		t.Run(part, func(t *testing.T) {
			for _, kind := range []FaultKind{Garbled, Refused, Dropped} {
				w.Break(Fault{Kind: kind, Part: part})
				o, err := w.Target.Read(t.Context(), w.scope())
				w.Heal()
				if err == nil && len(o.Incomplete) == 0 {
					t.Errorf("%s: the read looks whole", kind)
				}
				for _, gap := range o.Incomplete {
					if gap.What == "" || gap.Why == "" {
						t.Errorf("%s: a gap without words: %+v", kind, gap)
					}
					w.wantNoSecret(gap.What + gap.Why)
				}
			}
		})
	}
	if !reflect.DeepEqual(w.read(), whole) {
		t.Error("after the faults the same state reads otherwise")
	}
}

// testCheck expects a healthy system to pass, and what settings choose from to be there.
func testCheck(t *testing.T, f Fixture) {
	w := build(t, f)
	before := w.State()
	report, err := w.Target.Check(t.Context())
	if err != nil || !report.OK() || len(report.Items) == 0 {
		t.Errorf("check of a healthy system: %v, %+v", err, report)
	}
	for _, item := range report.Items {
		if item.Name == "" || item.Found == "" || item.State == target.CheckFailed && item.Remedy == "" {
			t.Errorf("item without words: %+v", item)
		}
		w.wantNoSecret(item.Found + item.Remedy)
	}
	c, err := w.Target.Catalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	find(w, c.Companies, "the customer", func(x billing.Company) bool { return x.ID == w.Company && x.Active && x.Currency == w.Currency })
	find(w, c.Codes, "the service code", func(x billing.BillingCode) bool { return x.ID == w.ServiceCode && x.Use == billing.RecurringServiceUse })
	find(w, c.Codes, "the material code", func(x billing.BillingCode) bool { return x.ID == w.MaterialCode && x.Use == billing.MaterialUse })
	find(w, c.Services, "the service", func(x billing.Service) bool {
		return string(x.ID) == w.service && strings.HasPrefix(x.Mark, "spindle:")
	})
	find(w, c.Contracts, "the contract", func(x billing.Contract) bool { return string(x.ID) == w.contract && x.Active && x.Recurring })
	if c.Currency != w.Internal {
		t.Errorf("internal currency %s, want %s", c.Currency, w.Internal)
	}
	w.Break(Fault{Kind: Unauthorized, Part: "everything"})
	report, err = w.Target.Check(t.Context())
	w.Heal()
	if err == nil && report.OK() {
		t.Error("a refused user passes the check")
	}
	_, err = w.Target.Apply(t.Context(), plan.Change{Kind: plan.Increase})
	if err == nil {
		t.Error("an empty change was accepted")
	}
	if w.State() != before {
		t.Error("checking changed the tenant")
	}
}
