package partnercenter

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/sim/microsoft"
	"spindle/internal/source/sourcetest"
)

// reading is all of a world that a dialect must not change.
type reading struct {
	directory billing.Directory
	lines     billing.LineSet
	usage     billing.UsageSet
}

func read(t *testing.T, dialect map[string]string) (r reading, err error) {
	t.Helper()
	return readParts(t, dialect, true)
}

func readParts(t *testing.T, dialect map[string]string, usage bool) (r reading, err error) {
	t.Helper()
	w := newWorld(t, dialect)
	c := w.client(t)
	if r.directory, err = c.Directory(t.Context()); err != nil {
		return r, err
	}
	sets, err := c.Sets(t.Context())
	if err != nil {
		return r, err
	}
	for _, s := range sets[:2] {
		switch {
		case s.ID.Kind == billing.BilledLines:
			r.lines, err = c.Lines(t.Context(), s.ID)
		case usage:
			r.usage, err = c.Usage(t.Context(), s.ID)
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

func costs(set billing.LineSet) money.Totals {
	var sum money.Totals
	for _, l := range set.Lines {
		sum.Add(l.Cost)
	}
	return sum
}

// everyShort is how many switches a short run goes on by.
const everyShort = 5

// TestEveryDialect reads the same world under every documented-but-unverified reading of the vendor, one switch at a time.
func TestEveryDialect(t *testing.T) {
	base, err := read(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range microsoft.Dialects() {
		if testing.Short() && i%everyShort != 0 {
			continue
		}
		for _, value := range d.Values[1:] {
			t.Run(d.Name+"="+value, func(t *testing.T) {
				t.Parallel()
				rows := d.Section[0] >= '3' // the switches of sections 1 and 2 do not reach usage
				got, err := readParts(t, map[string]string{d.Name: value}, rows)
				if d.Name == "graphPermission" {
					if fault.KindOf(err) != fault.KindUnauthorized || fault.Remedy(err) == "" {
						t.Errorf("got %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(base.directory, got.directory, sourcetest.Compare()); diff != "" {
					t.Errorf("other directory: %s", diff)
				}
				ignoreVersion := cmpopts.IgnoreFields(billing.UsageSet{}, "Version")
				if diff := cmp.Diff(base.usage, got.usage, sourcetest.Compare(), ignoreVersion); rows && diff != "" {
					t.Errorf("other usage: %s", diff)
				}
				sameLines(t, d.Name, base.lines, got.lines)
			})
		}
	}
}

func sameLines(t *testing.T, dialect string, want, got billing.LineSet) {
	t.Helper()
	if len(got.Lines) != len(want.Lines) {
		t.Errorf("%d lines, want %d", len(got.Lines), len(want.Lines))
	}
	if dialect != "licenceRounding" && !costs(got).Equal(costs(want)) {
		t.Errorf("cost %v, want %v", costs(got), costs(want))
	}
	for _, l := range got.Lines {
		if !l.Kind.Known() || l.CustomerID == "" || l.OrderDate.IsZero() {
			t.Errorf("line %+v", l)
		}
	}
	periods := func(set billing.LineSet) (all []string) {
		for _, l := range set.Lines {
			all = append(all, string(l.SubscriptionID)+" "+string(l.Kind)+" "+l.Charged.String()+" "+l.TermPeriod.String()+" "+string(l.Frequency))
		}
		slices.Sort(all)
		return all
	}
	if diff := cmp.Diff(periods(want), periods(got)); diff != "" {
		t.Errorf("other periods: %s", diff)
	}
}

func TestUnbilledRows(t *testing.T) {
	for _, dialect := range []map[string]string{nil, {"unbilledInvoiceNumber": "placeholder"}} {
		w := newWorld(t, dialect)
		c := w.client(t)
		id := billing.SetID{Kind: billing.UnbilledLines, PartnerID: c.tenant, Currency: "EUR", Month: "2026-11"}
		lines, err := c.Lines(t.Context(), id)
		if err != nil || len(lines.Lines) == 0 || lines.ID != id || lines.Lines[0].Invoice != "" {
			t.Errorf("%d lines of %s, %v", len(lines.Lines), lines.ID, err)
		}
		id.Kind = billing.UnbilledUsage
		usage, err := c.Usage(t.Context(), id)
		if err != nil || usage.Rows == 0 {
			t.Errorf("%d rows, %v", usage.Rows, err)
		}
		id.Month = "2026-07"
		if _, err := c.Usage(t.Context(), id); !fault.Is(err, fault.KindNotFound) {
			t.Errorf("a month long gone: %v", err)
		}
	}
}
