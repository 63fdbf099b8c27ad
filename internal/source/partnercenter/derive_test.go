package partnercenter

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/source/derive"
)

// TestDerivedDirectoryAgrees checks the invariant of Microsoft sheet §5.6 #3: the seats that the billed and the open rows tell are
// those that Partner Center names.
func TestDerivedDirectoryAgrees(t *testing.T) {
	w := newWorld(t, nil)
	c := w.client(t)
	want, err := c.Directory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	available, err := c.Sets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := []billing.SetID{{Kind: billing.UnbilledLines, PartnerID: c.tenant, Currency: "EUR", Month: "2026-11"}}
	for _, a := range available {
		ids = append(ids, a.ID)
	}
	var lines []billing.LineSet
	var usage []billing.UsageSet
	for _, id := range ids {
		if id.Kind == billing.BilledUsage {
			set, err := c.Usage(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			usage = append(usage, set)
			continue
		}
		set, err := c.Lines(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, set)
	}
	got := derive.DirectoryFromLines(lines, usage, billing.NewDate(2026, 11, 10))
	if len(got.Incomplete) > 0 {
		t.Errorf("gaps %v", got.Incomplete)
	}
	derived := map[billing.SubscriptionID]billing.Subscription{}
	for _, s := range got.Subscriptions {
		derived[s.ID] = s
	}
	for _, s := range want.Subscriptions {
		d, found := derived[s.ID]
		switch {
		case s.Kind != billing.Licence || s.Status == billing.Ended || s.Trial:
		case !found && s.Offer.Frequency != billing.Monthly: // billed before the oldest invoice there is
		case !found || d.Quantity != s.Quantity || d.Offer != s.Offer || d.Status != billing.Active || d.Kind != s.Kind || d.Name != s.Name:
			t.Errorf("Partner Center: %+v\nits rows: %+v", s, d)
		}
	}
	if len(got.Azure) != len(want.Azure) || len(got.Customers) != len(want.Customers) {
		t.Errorf("%d Azure subscriptions and %d customers, want %d and %d", len(got.Azure), len(got.Customers), len(want.Azure), len(want.Customers))
	}
}
