package web

import (
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// TestRetention: nothing goes by default, wrong months are told, and a setting that removes something asks with the numbers first.
func TestRetention(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	page := "/o/northwind-it/settings/retention"
	b.get(page).says(t, 200, "everything is kept for good", "Nothing was removed so far")
	b.post(page, "versions", "2", "receipts", "soon").says(t, 422, `&#34;soon&#34; is no number of months`, `value="2"`)
	b.post(page, "versions", "2").says(t, 422, "2 months is not from 3 to 240", "write at least 3")
	cost := money.Of(money.Int(1), "EUR")
	for _, version := range []string{"1", "2"} {
		_, err := ts.Store.SaveLineSet(t.Context(), testOrg, billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, Invoice: "G1"}, Version: version,
			Lines: []billing.LineItem{{Key: "k", Row: 2, Cost: cost, Total: cost}}}, "file")
		ts.must(err)
	}
	b.post(page, "act", "preview", "versions", "6").says(t, 200, "there is nothing older that can be spared")
	ts.clock.Advance(365 * 24 * time.Hour)
	b = ts.browser()
	b.post("/sign-in", "email", "olga@northwind.example", "password", testPassword)
	const goes = "1 superseded version of Microsoft&#39;s documents with 1 row would be removed"
	b.post(page, "act", "preview", "versions", "6").says(t, 200, goes, `value="6"`)
	b.post(page, "act", "save", "versions", "6").says(t, 200, "Remove what is older?", goes, `name="versions" value="6"`)
	b.get(page).says(t, 200, "everything is kept for good")
	b.post(page, "act", "save", "versions", "6", "confirmed", "yes").redirects(t, page)
	b.get(page).says(t, 200, "Once a day", `value="6"`).hides(t, "kept for good.</p>")
	ts.must(ts.Engine.Sweep(t.Context(), nil))
	b.get(page).says(t, 200, "Last carried out on 2027-11-10")
	b.post(page, "act", "save", "versions", "").redirects(t, page)
	b.get(page).says(t, 200, "Everything is kept for good")
}
