package engine

import (
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// TestRetentionIsCarriedOutOnceADay: by default nothing goes; what a setting lets go is counted before, and a sweep removes it once a day.
func TestRetentionIsCarriedOutOnceADay(t *testing.T) {
	ctx := t.Context()
	now := time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	s, err := store.Open(ctx, store.Options{URL: storetest.File(t), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	org, err := s.CreateOrganization(ctx, "Northwind IT", "ann")
	if err != nil {
		t.Fatal(err)
	}
	e := New(Deps{Store: s, Now: clock}, "test")
	save := func(version string) {
		t.Helper()
		cost := money.Of(money.Int(1), "EUR")
		set := billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, Invoice: "G1"}, Version: version, Lines: []billing.LineItem{{Key: "k", Row: 2, Cost: cost, Total: cost}}}
		if _, err := s.SaveLineSet(ctx, org.ID, set, "file"); err != nil {
			t.Fatal(err)
		}
	}
	left := func() int {
		t.Helper()
		sets, err := s.LineSets(ctx, org.ID, store.SetFilter{Superseded: true})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, set := range sets {
			if set.RemovedAt.IsZero() {
				n++
			}
		}
		return n
	}
	sweep := func() {
		t.Helper()
		if err := e.Sweep(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}
	save("1")
	save("2")
	now = now.AddDate(1, 0, 0)
	sweep()
	if left() != 2 {
		t.Fatal("something went by default")
	}
	err = e.SaveRetention(ctx, org, billing.Retention{Versions: 1, Papers: 12, Receipts: 241}, "ann")
	if !fault.Is(err, fault.KindInvalid) || len(fault.List(err)) != 3 || !strings.Contains(err.Error(), "1 months is not from 3 to 240") {
		t.Errorf("%v", err)
	}
	wanted := billing.Retention{Versions: 6}
	would, err := e.ReviewRetention(ctx, org, wanted)
	if err != nil || would != (store.Removal{Versions: 1, VersionRows: 1}) || left() != 2 {
		t.Errorf("%+v would go (%v)", would, err)
	}
	if err := e.SaveRetention(ctx, org, wanted, "ann"); err != nil {
		t.Fatal(err)
	}
	sweep()
	if left() != 1 {
		t.Errorf("%d versions have their rows after the sweep", left())
	}
	save("3")
	now = now.AddDate(0, 0, 1)
	sweep()
	if left() != 2 {
		t.Error("a young version went")
	}
	entries, err := s.Audit(ctx, org.ID, store.AuditFilter{})
	if err != nil {
		t.Fatal(err)
	}
	removed := 0
	for _, entry := range entries {
		if entry.Action == "retention.removed" && entry.Actor == "schedule" {
			removed++
		}
	}
	if removed != 1 {
		t.Errorf("%d entries of the audit trail say that something went", removed)
	}
}

func TestRemovalSentences(t *testing.T) {
	if got := RemovalSentences(store.Removal{}, "would be removed"); len(got) != 0 {
		t.Errorf("nothing is %q", got)
	}
	got := strings.Join(RemovalSentences(store.Removal{Versions: 2, VersionRows: 31, Runs: 1, RunRows: 1, Receipts: 3}, "would be removed"), " ")
	want := "2 superseded versions of Microsoft's documents with 31 rows would be removed; the versions in force stay. " +
		"The working papers of 1 run, 1 row, would be removed; their changes, decisions and receipts stay. 3 request and answer pairs of lines that have ended would be removed; that they were sent, and what was meant, stays."
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
