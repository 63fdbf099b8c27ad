package engine

import (
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/rating"
	"spindle/internal/store"
)

// Every source line says whose it is, what it is about and, in words, what became of it: a clerk cannot read keys. A line that a newer version
// of its invoice does not have keeps its outcome.
func TestSourceLinesInWords(t *testing.T) {
	o := newOffice(t)
	euro := func(n int64) money.Amount { return money.Of(money.Int(n), "EUR") }
	lines := billing.SetID{Kind: billing.BilledLines, PartnerID: "p", Invoice: "G1", Currency: "EUR"}
	used := billing.SetID{Kind: billing.BilledUsage, PartnerID: "p", Invoice: "G1", Currency: "EUR"}
	days := billing.Period{Start: day(t, "2026-10-10"), End: day(t, "2026-11-10")}
	_, err := o.Store.SaveLineSet(t.Context(), o.org.ID, billing.LineSet{ID: lines, Version: "1", Lines: []billing.LineItem{
		{Key: "k1", Row: 2, CustomerID: "alder", CustomerName: "=Alder", SKUName: "Business Premium", ProductName: "Microsoft 365", KindText: "new", Charged: days, BillableQuantity: money.Int(12), Cost: euro(259)},
		{Key: "k2", Row: 3, CustomerID: "dunmore", CustomerName: "Dunmore", ProductName: "Visio", KindText: "cancelImmediate", BillableQuantity: money.Int(1), Cost: euro(-5)},
	}}, "test")
	o.check(err)
	group := billing.UsageGroup{CustomerID: "alder", CustomerName: "=Alder", MeterCategory: "Storage", ResourceGroup: "rg-1", Quantity: money.Int(7), Cost: euro(3), Charged: days}
	_, err = o.Store.SaveUsageSet(t.Context(), o.org.ID, billing.UsageSet{ID: used, Version: "1", Groups: []billing.UsageGroup{group}}, "test")
	o.check(err)
	run, err := o.Store.CreateRun(t.Context(), o.org.ID, "ann", store.Scope{Trigger: "test"})
	o.check(err)
	held := billing.Finding{Kind: billing.FindingUnmapped, Subject: "dunmore", Message: "Dunmore is not mapped", Remedy: "map it"}
	gone := billing.SetID{Kind: billing.BilledLines, PartnerID: "p", Invoice: "G0"}
	o.check(o.Store.SavePlan(t.Context(), o.org.ID, run.ID, plan.Plan{Complete: true, Fingerprint: "f", Findings: []billing.Finding{held}}, billing.Desired{
		Lines:   []billing.DesiredLine{{Key: "line-1", Name: "Business Premium (P1Y, monthly)"}},
		Charges: []billing.DesiredCharge{{Key: "azure-1", Name: "Microsoft Azure 2026-10"}},
		Dispositions: []billing.Disposition{
			{Set: gone, LineKey: "k0", Row: 9, Outcome: billing.Billed, By: "line-0", Cost: euro(1)},
			{Set: lines, LineKey: "k1", Row: 2, Outcome: billing.Billed, By: "line-1", Cost: euro(259)},
			{Set: lines, LineKey: "k2", Row: 3, Outcome: billing.HeldBack, By: held.ID(), Cost: euro(-5)},
			{Set: lines, LineKey: "k3", Row: 4, Outcome: billing.Excluded, By: rating.RuleBeforeFirst, Cost: euro(8)},
			{Set: used, LineKey: rating.UsageKey(&group), Outcome: billing.Billed, By: "azure-1", Cost: euro(3)},
		}}))
	records, err := o.SourceLines(t.Context(), o.org, run.ID)
	o.check(err)
	var got []string
	for _, r := range records {
		if len(r) != len(SourceLineColumns()) {
			t.Fatalf("%d cells for %d columns", len(r), len(SourceLineColumns()))
		}
		got = append(got, strings.Join(r[3:4], "")+" "+strings.Join(r[5:], "|"))
	}
	want := []string{
		"billed 1.00|EUR|||||||",
		"billed 259.00|EUR|alder|=Alder|Business Premium|new|2026-10-10 to 2026-11-09|12|Business Premium (P1Y, monthly)",
		"held -5.00|EUR|dunmore|Dunmore|Visio|cancelImmediate||1|Dunmore is not mapped",
		"excluded 8.00|EUR|||||||before the first billed month",
		"billed 3.00|EUR|alder|=Alder|Storage, rg-1|usage|2026-10-10 to 2026-11-09|7|Microsoft Azure 2026-10",
	}
	for _, w := range want {
		found := false
		for _, g := range got {
			found = found || g == w
		}
		if !found {
			t.Errorf("no %q among\n%s", w, strings.Join(got, "\n"))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
}
