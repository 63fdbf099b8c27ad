package web

import (
	"net/url"
	"strings"
	"testing"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// found makes a run whose plan has findings.
func (ts *testServer) found(all ...billing.Finding) store.RunID {
	ts.t.Helper()
	run, err := ts.Store.CreateRun(ts.t.Context(), testOrg, "ann", store.Scope{})
	ts.must(err)
	ts.must(ts.Store.SavePlan(ts.t.Context(), testOrg, run.ID, plan.Plan{Changes: testPlan(), Findings: all, Fingerprint: "f-" + string(run.ID), Complete: true}, billing.Desired{}))
	return run.ID
}

func sampleFindings() []billing.Finding {
	return []billing.Finding{
		{Kind: billing.FindingUnmapped, Subject: "birch", CustomerID: "birch", Customer: "Birch <AG>", Message: "Birch is not mapped", Remedy: "spindle customers suggest", Money: euro(900)},
		{Kind: billing.FindingNoRoute, Subject: "alder", CustomerID: "alder", Customer: "Alder", Message: "Alder has no contract", Remedy: "choose one with spindle contracts map", Money: euro(40)},
		{Kind: billing.FindingDrift, Subject: "11|7|x/y/units", CustomerID: "alder", Customer: "Alder", Message: "changed by hand", Money: euro(70)},
		{Kind: billing.FindingUnbilled, Subject: "11|7|x/y/2026-10-05", CustomerID: "alder", Customer: "Alder", Message: "a posted month lacks money", Money: euro(60)},
		{Kind: billing.FindingSettings, Subject: "vendor", Message: "the vendor is not set"},
		{Kind: billing.FindingIncomplete, Subject: "gap", Message: "Microsoft did not answer", Remedy: "Run again once the connection works; spindle doctor tests it."},
		{Kind: billing.FindingBelowCost, Subject: "rule/r1", Message: "price rule r1 is below cost"},
	}
}

func TestTodayOfAFreshOrganizationTeachesTheNextStep(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	owner.get("/o/northwind-it").says(t, 200, "Next step of the set-up", "Connect or upload", `href="/o/northwind-it/setup/microsoft"`, "none yet", "the schedule is off").
		hides(t, "To decide", "Start a plan")
	owner.get("/o/northwind-it/setup").says(t, 200, "My organization", "No connection and no imported file", `aria-current="step"`, "Writing to Autotask")
}

func TestTodayRanksFindingsByMoneyWithOneActionEach(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	run := ts.found(sampleFindings()...)
	page := owner.get("/o/northwind-it/today").says(t, 200, "changes wait", "Look at the plan", "At stake", "Birch &lt;AG&gt;", "Customers › Suggestions.", "on the customer&#39;s page.",
		`href="/o/northwind-it/customers/birch">Map the customer`, `href="/o/northwind-it/customers/alder">Choose the contract`, "Complete the settings", "Check the connection",
		`href="/o/northwind-it/runs/`+string(run)+`?customer=alder">Decide in the plan`, `href="/o/northwind-it/lines/11%7C7%7Cx%2Fy">Look at the line`,
		`href="/o/northwind-it/prices?edit=r1#rule">Correct the rule`).hides(t, "spindle doctor", "Next step of the set-up")
	last := -1
	for _, text := range []string{"Birch is not mapped", "Changed by hand", "A posted month lacks money", "Alder has no contract", "The vendor is not set"} {
		at := strings.Index(page.body, text)
		if at < last {
			t.Errorf("%q stands too high", text)
		}
		last = at
	}
	owner.get("/o/northwind-it/today?kind=settings").says(t, 200, "The vendor is not set", "1–1 of 1").hides(t, "Birch is not mapped")
	owner.get("/o/northwind-it/today?q=birch").says(t, 200, "Birch is not mapped").hides(t, "The vendor is not set")
	owner.get("/o/northwind-it/today?size=2&page=2").says(t, 200, "A posted month", "Page 2 of 4")
	export := owner.get("/o/northwind-it/today?as=csv&kind=customer-unmapped").says(t, 200, "customer-unmapped,open,birch,Birch <AG>", "900", "T09:00:00Z").hides(t, "–")
	if n := strings.Count(export.body, "\n"); n != 2 {
		t.Errorf("%d lines exported:\n%s", n, export.body)
	}
}

func TestDecideFindings(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ts.found(sampleFindings()...)
	f, err := ts.Store.Finding(t.Context(), testOrg, "settings/vendor")
	ts.must(err)
	decide := func(b *browser, pairs ...string) answer {
		return b.post("/o/northwind-it/findings/decide", append([]string{"id", "settings/vendor", "version", f.Version, "back", "/o/northwind-it/today?q=vendor"}, pairs...)...)
	}
	decide(owner, "decision", "snoozed", "until", "", "note", "ask <Bob>").says(t, 422, "choose the day it comes back", `value="ask &lt;Bob&gt;"`, `aria-invalid="true"`, `value="vendor"`)
	decide(owner, "decision", "snoozed", "until", "31.12.").says(t, 422, "is no day", `value="31.12."`)
	decide(owner, "decision", "snoozed", "until", "2026-11-01").says(t, 422, "is not in the future")
	decide(owner, "decision", "eaten").says(t, 422, "cannot be made")
	decide(owner, "decision", "snoozed", "until", "2026-12-01", "note", "ask Bob").redirects(t, "/o/northwind-it/today?q=vendor")
	owner.get("/o/northwind-it/today?q=vendor").says(t, 200, "Snoozed until 2026-12-01", "No finding fits")
	owner.get("/o/northwind-it/today?state=snoozed").says(t, 200, "The vendor is not set", "ask Bob", "olga@northwind.example", "Open it again")
	decide(owner, "decision", "open").redirects(t, "/o/northwind-it/today?q=vendor")
	owner.post("/o/northwind-it/findings/decide", "id", "settings/vendor", "decision", "ignored", "back", "https://evil.example/o/northwind-it/today").redirects(t, "/o/northwind-it/today")
	owner.post("/o/northwind-it/findings/decide", "id", "settings/vendor", "decision", "done", "back", "//evil.example").redirects(t, "/o/northwind-it/today")
	owner.post("/o/northwind-it/findings/decide", "id", "none", "decision", "done").redirects(t, "/o/northwind-it/today")
	owner.get("/o/northwind-it/today").says(t, 200, "there is no finding")
	ts.member(account.Viewer).get("/o/northwind-it/today").says(t, 200, "Birch is not mapped").hides(t, "Decide…")
	decide(ts.member(account.Approver), "decision", "done").redirects(t, "/o/northwind-it/today?q=vendor")
}

func TestAStaleDecisionIsRefusedInWords(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	all := sampleFindings()
	ts.found(all...)
	f, err := ts.Store.Finding(t.Context(), testOrg, all[0].ID())
	ts.must(err)
	all[0].Money, all[0].Message = euro(1200), "Birch is not mapped and buys more"
	ts.found(all...)
	owner.post("/o/northwind-it/findings/decide", "id", all[0].ID(), "version", f.Version, "decision", "ignored").redirects(t, "/o/northwind-it/today")
	owner.get("/o/northwind-it/today").says(t, 200, "the finding says something else now", "buys more", url.QueryEscape("birch"))
}
