package web

import (
	"context"
	"testing"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/plan"
	"spindle/internal/secret"
	"spindle/internal/store"
	"spindle/internal/target"
)

// TestWorkIsAFile: what goes on and what went wrong can be sent to who can mend it.
func TestWorkIsAFile(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ctx := t.Context()
	owner.get("/o/northwind-it/health").says(t, 200, "Nothing is running").hides(t, "as=csv")
	run := ts.proven()
	owner.decide(run, "approve-selected", "change", "up")
	ts.must(ts.Store.SetTargetEnabled(ctx, testOrg, true, "ops"))
	_, err := ts.Store.BeginSend(ctx, testOrg, run, "up", "one more")
	ts.must(err)
	for _, state := range []store.RunState{store.RunFailed, store.RunReading} {
		next, err := ts.Store.CreateRun(ctx, testOrg, "ann", store.Scope{})
		ts.must(err)
		ts.must(ts.Store.SetRunState(ctx, testOrg, next.ID, state, "no connection, to Autotask"))
	}
	owner.get("/o/northwind-it/health").says(t, 200, `href="/o/northwind-it/health?as=csv"`, "<td>1 attempt</td>", "no connection, to Autotask")
	file := owner.get("/o/northwind-it/health?as=csv").says(t, 200, "kind,run,what,state,since_utc,attempts,note\noutcome not known,1,Business Premium,sending,2026-11-10T09:00:00Z,1,\n",
		"\nin progress,3,Run 3,reading,2026-11-10T09:00:00Z,,", "\ndid not end well,2,Run 2,failed,2026-11-10T09:00:00Z,,\"no connection, to Autotask\"\n")
	if got := file.header.Get("Content-Disposition"); got != `attachment; filename="northwind-it-work-20261110.csv"` {
		t.Errorf("the file is called %s", got)
	}
	ts.member(account.Viewer).get("/o/northwind-it/health?as=xlsx").says(t, 200, "PK")
}

// checked is a target that finds one thing missing.
type checked struct{ catalogued }

func (checked) Check(context.Context) (target.Report, error) {
	return target.Report{Items: []target.CheckItem{{Name: "Vendor", State: target.CheckWarned, Found: "none, \"yet\"", Remedy: "name it: spindle autotask settings vendor=NAME"}}}, nil
}

// TestChecksAreAFile: the checks of both pages can be sent too, made once more for it.
func TestChecksAreAFile(t *testing.T) {
	ts := newTestServer(t, func(d *Deps) {
		deps := d.Engine.Deps
		deps.OpenTarget = func(engine.TargetConfig) (target.Target, error) { return checked{}, nil }
		d.Engine = engine.New(deps, "test")
	})
	ts.owner()
	org, err := ts.Store.Organization(t.Context(), string(testOrg))
	ts.must(err)
	_, err = ts.Engine.ConnectTarget(t.Context(), org, engine.TargetConfig{UserName: "api", Secret: secret.New("s"), IntegrationCode: "c"}, "test")
	ts.must(err)
	viewer, before := ts.member(account.Viewer), ts.trail(testOrg)
	for _, page := range []string{"/o/northwind-it/health/check", "/o/northwind-it/setup/autotask/check"} {
		viewer.post(page).says(t, 200, "Vendor", "everything is checked once more", `action="`+page+`" data-download`)
		viewer.post(page, "as", "csv").says(t, 200, "checked_utc,check,state,found,remedy\n", "\n2026-11-10T09:00:00Z,Vendor,look,\"none, \"\"yet\"\"\",Name it").hides(t, "<html", "spindle autotask")
		viewer.post(page, "as", "xlsx").says(t, 200, "PK")
		viewer.post(page, "as", "pdf").says(t, 422, "csv or xlsx")
	}
	if after := ts.trail(testOrg); after != before {
		t.Errorf("the audit trail went from %d to %d entries", before, after)
	}
}

// TestWhatWasFoundIsAFile: a number that several things have in Autotask, and the findings of one customer.
func TestWhatWasFoundIsAFile(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ts.proven()
	ts.withCustomers()
	ctx := t.Context()
	ts.must(ts.Store.Adopt(ctx, testOrg, store.MemoryUpdate{Line: &plan.Applied{LineKey: lineKey, LineID: "8231", CustomerID: "alder", ContractID: "11", ServiceID: "7"}}, "ann"))
	ts.must(ts.Store.Adopt(ctx, testOrg, store.MemoryUpdate{Charge: &plan.Charged{Key: "azure|11|2026-10|EUR", ID: "8231"}}, "ann"))
	owner.get("/o/northwind-it/find?q=8231").says(t, 200, "Several things have it", `href="/o/northwind-it/find?as=csv&amp;q=8231"`)
	owner.get("/o/northwind-it/find?as=csv&q=8231").says(t, 200, "key,name,customer,kind\n"+lineKey+",Business Premium,Alder Dental,recurring line\nazure|11|2026-10|EUR,Azure usage,Alder Dental,charge ")
	owner.get("/o/northwind-it/find?as=csv&q=azure%7C11%7C2026-10%7CEUR").says(t, 200, "\nazure|11|2026-10|EUR,Azure usage,")

	ts.found(billing.Finding{Kind: billing.FindingNoRoute, Subject: "s", CustomerID: "c-birch", Customer: "Birch", Message: "Birch has no contract", Remedy: "choose one", Money: euro(9)},
		billing.Finding{Kind: billing.FindingNoRoute, Subject: "t", CustomerID: "c-alder", Customer: "Alder", Message: "Alder has no contract", Remedy: "choose one", Money: euro(7)})
	page := "/o/northwind-it/customers/c-birch"
	owner.get(page).says(t, 200, "Birch has no contract", `href="`+page+`?as=csv&amp;of=findings"`)
	owner.get(page+"?as=csv&of=findings").says(t, 200, "no-contract,open,c-birch,Birch,Birch has no contract,choose one,EUR,9.00,").hides(t, "Alder")
}
