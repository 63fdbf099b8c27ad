package web

import (
	"bufio"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/target"
)

const testOrg billing.OrganizationID = "northwind-it"

func euro(n int64) money.Amount { return money.Of(money.Int(n), "EUR") }

// testPlan is a plan for two customers: one change of Birch is held, and what Alder needs is created first.
func testPlan() []plan.Change {
	price := money.Of(money.New(2244, -2), "EUR")
	return []plan.Change{
		{ID: "service", Kind: plan.CreateService, What: "Microsoft 365 E5", Reason: "No service stands for it."},
		{ID: "a1", Kind: plan.Increase, CustomerID: "alder", Customer: "Alder <Dental>", Contract: billing.Ref{ID: "11"}, ContractName: "Alder CSP", What: "Business Premium",
			LineKey: "11|7|x/y:P1Y", Reason: "3 more seats.", Before: plan.State{Exists: true, Units: 42}, After: plan.State{Exists: true, Units: 45, UnitPrice: &price},
			Recurring: euro(67), PerPeriod: billing.PeriodMonth, Proration: euro(22), Effective: billing.NewDate(2026, 11, 1), Requires: []string{"service"}},
		{ID: "a2", Kind: plan.Decrease, CustomerID: "alder", Customer: "Alder <Dental>", Contract: billing.Ref{ID: "11"}, ContractName: "Alder CSP", What: "Exchange Online",
			Recurring: euro(-14), PerPeriod: billing.PeriodMonth, Effective: billing.NewDate(2026, 12, 1)},
		{ID: "b1", Kind: plan.CreateCharge, CustomerID: "birch", Customer: "Birch", Contract: billing.Ref{ID: "12"}, ContractName: "Birch CSP", What: "Azure usage",
			ChargeKey: "azure|12|2026-10|EUR", OneOff: euro(412), Holds: []billing.Hold{{Policy: "hold-over", Why: "over the limit"}}},
	}
}

// planned makes a run with a plan; its fingerprint is "f-" and the run's id.
func (ts *testServer) planned(by string, changes ...plan.Change) store.RunID {
	ts.t.Helper()
	run, err := ts.Store.CreateRun(ts.t.Context(), testOrg, by, store.Scope{Trigger: "console"})
	if err == nil {
		err = ts.Store.SavePlan(ts.t.Context(), testOrg, run.ID, plan.Plan{Changes: changes, Fingerprint: "f-" + string(run.ID), Complete: true,
			Findings: []billing.Finding{{Kind: billing.FindingNoRoute, Subject: "s", CustomerID: "birch", Customer: "Birch", Message: "has no contract", Remedy: "choose one", Money: euro(9)}}},
			billing.Desired{})
	}
	if err != nil {
		ts.t.Fatal(err)
	}
	return run.ID
}

// TestWhatNoFindingAsksAbout: what a rule keeps from being billed is told in money on the page of the findings, not only in an export.
func TestWhatNoFindingAsksAbout(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ts.withCustomers()
	run, err := ts.Store.CreateRun(t.Context(), testOrg, "ann", store.Scope{})
	ts.must(err)
	left := func(rule string, euros int64) billing.Disposition {
		return billing.Disposition{Outcome: billing.Excluded, By: rule, Cost: euro(euros)}
	}
	findings := []billing.Finding{{Kind: billing.FindingContractGone, Subject: "l", CustomerID: "c-alder", Customer: "Alder", Message: "the contract is gone", Money: euro(5),
		Remedy: "map the customer to another contract with spindle contracts map"}, {Kind: billing.FindingNoRoute, Subject: "m", Message: "the dearest", Money: euro(900)}}
	ts.must(ts.Store.SavePlan(t.Context(), testOrg, run.ID, plan.Plan{Fingerprint: "f", Complete: true, Findings: findings}, billing.Desired{Dispositions: []billing.Disposition{
		left("before-first-month", 20), left("before-first-month", 20), left("before-first-month", 3), left("billing-off", 7), left("trial", 0),
		{Outcome: billing.Billed, By: "k", Cost: euro(100)}}}))
	decide := owner.get("/o/northwind-it/customers/c-alder").says(t, 200, "The contract is gone", `href="/o/northwind-it/today?q=`)
	_, link, _ := strings.Cut(decide.body, `href="/o/northwind-it/today?q=`)
	link, _, _ = strings.Cut(link, "#")
	owner.get("/o/northwind-it/today?q="+link).says(t, 200, "The contract is gone", "1–1 of 1")
	page := "/o/northwind-it/runs/" + string(run.ID)
	owner.get(page).says(t, 200, `href="`+page+`/findings#excluded"`)
	if body := owner.get(page + "/findings").body; strings.Index(body, "The dearest") > strings.Index(body, "The contract is gone") {
		t.Error("the smaller finding stands first")
	}
	for _, at := range []string{page + "/findings", "/o/northwind-it/customers/c-alder"} { // a remedy leads to a page, not to a command
		owner.get(at).says(t, 200, "The contract is gone", "Map the customer to another contract").hides(t, "spindle contracts map")
	}
	owner.get(page+"/findings").says(t, 200, "Not billed, by rule", "Before the first billed month", "43.00", "Billing is off", "7.00").hides(t, "Free of charge", "100.00")
}

// states gives where the changes of a run stand: "a1:approved a2:proposed".
func (ts *testServer) states(run store.RunID) string {
	ts.t.Helper()
	_, all, err := ts.Store.Plan(ts.t.Context(), testOrg, run)
	if err != nil {
		ts.t.Fatal(err)
	}
	var texts []string
	for _, c := range all {
		texts = append(texts, c.Change.ID+":"+string(c.State))
	}
	return strings.Join(texts, " ")
}

func (ts *testServer) wantStates(run store.RunID, want string) {
	ts.t.Helper()
	if got := ts.states(run); got != want {
		ts.t.Fatalf("changes are %s, want %s", got, want)
	}
}

// decide posts the form of a plan as the page made it now.
func (b *browser) decide(run store.RunID, what string, more ...string) answer {
	b.ts.t.Helper()
	seen := strconv.FormatInt(b.ts.clock.Now().UnixMicro(), 10)
	return b.post("/o/northwind-it/runs/"+string(run)+"/decide", append([]string{"what", what, "fingerprint", "f-" + string(run), "seen", seen}, more...)...)
}

func (ts *testServer) nudges() []job.Args {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return slices.Clone(ts.nudged)
}

func TestStartPlan(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	owner.get("/o/northwind-it/runs").says(t, 200, "No plan yet", "Start a plan")
	owner.post("/o/northwind-it/runs").redirects(t, "/o/northwind-it/runs/1")
	owner.post("/o/northwind-it/runs").redirects(t, "/o/northwind-it/runs/1") // it waits already
	if got := ts.nudges(); len(got) != 2 || got[0] != (job.RunSync{OrganizationID: "northwind-it", RunID: "1"}) {
		t.Errorf("nudged %v", got)
	}
	owner.get("/o/northwind-it/runs").says(t, 200, "Run 1", "waiting to start", "in the console", "olga@northwind.example")
	owner.get("/o/northwind-it/runs/1").says(t, 200, "Waiting for its turn", `hx-sse:connect="/o/northwind-it/runs/1/events"`, "reload</a>")
	owner.get("/o/northwind-it/runs/9").says(t, 404, "there is no run")

	viewer := ts.member(account.Viewer)
	viewer.get("/o/northwind-it/runs").says(t, 200, "Run 1").hides(t, "Start a plan")
	viewer.post("/o/northwind-it/runs").says(t, 403, "does not include")
}

func TestStartPlanForOneCustomer(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ts.must(ts.Store.SaveDirectory(t.Context(), testOrg, "files", billing.Directory{Customers: []billing.Customer{{ID: "alder", Name: "Alder Dental"}, {ID: "elm", Name: "Alder Street Clinic"}}}))
	owner.post("/o/northwind-it/runs", "one", "yes", "customer", "Zebra <x>").says(t, 422, "no customer is called", `value="Zebra &lt;x&gt;"`, `aria-invalid="true"`)
	owner.post("/o/northwind-it/runs", "one", "yes", "customer", "alder").redirects(t, "/o/northwind-it/runs/1")
	owner.post("/o/northwind-it/runs", "one", "yes", "customer", "Al").says(t, 422, "fits 2 customers")
	owner.post("/o/northwind-it/runs", "one", "yes", "customer", " ").says(t, 422, "no customer was named")
	run, err := ts.Store.Run(t.Context(), testOrg, "1")
	ts.must(err)
	if !slices.Equal(run.Scope.Customers, []billing.CustomerID{"alder"}) || run.Scope.Offline {
		t.Errorf("scope %+v", run.Scope)
	}
}

func (ts *testServer) must(err error) {
	ts.t.Helper()
	if err != nil {
		ts.t.Fatal(err)
	}
}

func TestRunPageShowsThePlan(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	run := ts.planned("ann", testPlan()...)
	path := "/o/northwind-it/runs/" + string(run)
	owner.get(path).says(t, 200, "Alder &lt;Dental&gt;", "Alder CSP", "+53.00", "EUR/month", "+412.00", "3 more seats.", "more money than the limit", "over the limit", "42", "45",
		"2026-11-01", "Catalogue", `value="f-1"`, "Approve all not held", `Reject…<span class="visually-hidden"> all of Alder`, `<p class="on-paper">Northwind IT`).hides(t, "Alder <Dental>", "data-live")
	owner.get(path+"?state=held").says(t, 200, "Azure usage").hides(t, "Business Premium", "Exchange Online")
	owner.get(path+"?kind=decrease").says(t, 200, "Exchange Online", "1–1 of 1 changes").hides(t, "Business Premium")
	owner.get(path+"?q=birch").says(t, 200, "Azure usage").hides(t, "Business Premium")
	owner.get(path+"?customer=alder&contract=11&group=1").says(t, 200, "Only changes of Alder &lt;Dental&gt; on Alder CSP", "Business Premium").hides(t, "Azure usage")
	owner.get(path+"?customer=alder").says(t, 200, "Only changes of Alder", "Exchange Online").hides(t, "Azure usage")
	owner.get(path+"?q=nothing").says(t, 200, "No change fits these filters")
	owner.get(path+"/findings").says(t, 200, "Has no contract", "Choose one.", "9.00")
	owner.get("/o/northwind-it/runs").says(t, 200, "to approve", "+53.00")

	viewer := ts.member(account.Viewer)
	viewer.get(path).says(t, 200, "Business Premium").hides(t, "Approve all", "checkbox")
}

// TestMoneyThatIsNotKnown: a price repeated behind a change that may carry another one is not said to cost nothing.
func TestMoneyThatIsNotKnown(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	price := money.Of(money.New(2244, -2), "EUR")
	stands := plan.State{Exists: true, Units: 42, UnitPrice: &price}
	run := ts.planned("ann", plan.Change{ID: "r", Kind: plan.Reprice, CustomerID: "alder", Customer: "Alder", Contract: billing.Ref{ID: "11"}, ContractName: "Alder CSP", What: "Business Premium",
		LineKey: "11|7|x/y:P1Y", Before: stands, After: stands, Adjust: &plan.Adjustment{UnitPrice: &price}, Recurring: euro(0), PerPeriod: billing.PeriodMonth, Effective: billing.NewDate(2026, 11, 1)})
	path := "/o/northwind-it/runs/" + string(run)
	owner.get(path).says(t, 200, "not known")
	owner.get(path+"?as=csv").says(t, 200, ",22.44,EUR,,monthly,,0.00,")
}

func TestRunExports(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	run := ts.planned("ann", testPlan()...)
	path := "/o/northwind-it/runs/" + string(run)
	got := owner.get(path+"?as=csv&kind=decrease").says(t, 200, "change,kind,state,", "\na2,decrease,proposed,alder,Alder <Dental>,Alder CSP,Exchange Online,0,0,2026-12-01,,EUR,-14.00,monthly,0.00,0.00,,,,11,\n")
	if strings.Count(got.body, "\n") != 2 {
		t.Errorf("rows of other kinds:\n%s", got.body)
	}
	owner.get(path+"?as=csv").says(t, 200, "Business Premium,42,45,2026-11-01,22.44,EUR,67", ",11,11|7|x/y:P1Y\n", "Microsoft 365 E5,,,,")
	owner.get("/o/northwind-it/runs?as=csv").says(t, 200, "run,state,", "\n1,planned,")
	owner.get(path+"/findings?as=csv").says(t, 200, "no-contract,birch,Birch,has no contract,choose one,EUR,9.00")
	if owner.get(path + "?as=xlsx").body[:2] != "PK" {
		t.Error("no XLSX")
	}
	owner.get(path+"?as=exe").says(t, 422, "no format of a table")
}

func TestApproveInTheConsole(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	run := ts.planned("ann", testPlan()...)
	path := "/o/northwind-it/runs/" + string(run)
	owner.follow(owner.decide(run, "approve-selected").redirects(t, path)).says(t, 200, "no change is selected")
	owner.decide(run, "approve-selected", "change", "").redirects(t, path)
	ts.wantStates(run, "service:proposed a1:proposed a2:proposed b1:proposed")

	done := owner.decide(run, "approve-selected", "change", "a1", "back", path+"?q=alder").redirects(t, path+"?q=alder")
	owner.follow(done).says(t, 200, "Approved 2 changes. 2 are not decided yet.", "Apply 2 approved changes")
	ts.wantStates(run, "service:approved a1:approved a2:proposed b1:proposed")

	owner.decide(run, "approve-selected", "change", "b1").says(t, 200, "Approve 1 change?", "more money than the limit", "+412.00", `name="change" value="b1"`)
	ts.wantStates(run, "service:approved a1:approved a2:proposed b1:proposed")
	owner.decide(run, "approve-all").says(t, 200, "Approve 1 change?", "−14.00", "1 change for 1 customer")
	owner.decide(run, "approve-held").says(t, 200, "Approve 2 changes?")
	owner.decide(run, "approve-held", "confirmed", "yes", "reason", "seen by me").redirects(t, path)
	ts.wantStates(run, "service:approved a1:approved a2:approved b1:approved")
	owner.follow(owner.decide(run, "approve-all", "confirmed", "yes").redirects(t, path)).says(t, 200, "nothing was left to decide")
	owner.get(path+"/changes/b1").says(t, 200, "seen by me", "olga@northwind.example")
}

func TestApproveACustomer(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	run := ts.planned("ann", testPlan()...)
	path := "/o/northwind-it/runs/" + string(run)
	owner.decide(run, "approve-customer:alder").redirects(t, path)
	ts.wantStates(run, "service:approved a1:approved a2:approved b1:proposed")
	owner.follow(owner.decide(run, "approve-customer:birch").redirects(t, path)).says(t, 200, "nothing of this customer is left", "as it is now")
	for _, what := range []string{"approve-customer:", "approve-customer", "approve-everything", "sign-all", ""} {
		owner.decide(run, what).redirects(t, path)
	}
	owner.post(path+"/decide", "what", "approve-all", "confirmed", "yes").redirects(t, path) // no fingerprint: whose plan was it?
	ts.wantStates(run, "service:approved a1:approved a2:approved b1:proposed")
}

func TestRejectNeedsAReason(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	run := ts.planned("ann", testPlan()...)
	path := "/o/northwind-it/runs/" + string(run)
	owner.decide(run, "reject-selected", "change", "service").says(t, 200, "Reject 2 changes?", "required")
	owner.decide(run, "reject-selected", "change", "service", "confirmed", "yes").says(t, 422, "say why", `aria-invalid="true"`, `name="change" value="service"`)
	ts.wantStates(run, "service:proposed a1:proposed a2:proposed b1:proposed")
	owner.decide(run, "reject-selected", "change", "service", "confirmed", "yes", "reason", "wrong offer").redirects(t, path)
	ts.wantStates(run, "service:rejected a1:rejected a2:proposed b1:proposed")
	owner.get(path).says(t, 200, "Rejected 2 changes.", "rejected", "wrong offer")
	owner.decide(run, "approve-customer:alder").redirects(t, path)
	owner.decide(run, "reject-customer:alder").says(t, 200, "1 of them is approved already: the approval is withdrawn")
	owner.decide(run, "reject-all", "confirmed", "yes", "reason", "start over").redirects(t, path)
	ts.wantStates(run, "service:rejected a1:rejected a2:rejected b1:rejected")
}

func TestTwoPeopleOnOnePlan(t *testing.T) {
	ts := newTestServer(t)
	owner, approver := ts.owner(), ts.member(account.Approver)
	run := ts.planned("ann", testPlan()...)
	path := "/o/northwind-it/runs/" + string(run)
	seen := strconv.FormatInt(ts.clock.Now().UnixMicro(), 10) // both have opened the page
	ts.clock.Advance(60e9)
	approver.decide(run, "approve-customer:alder").redirects(t, path)
	stale := owner.post(path+"/decide", "what", "reject-selected", "change", "a1", "fingerprint", "f-1", "seen", seen, "confirmed", "yes", "reason", "no").redirects(t, path)
	owner.follow(stale).says(t, 200, "Nothing was done: Business Premium of Alder &lt;Dental&gt; was approved by approver@northwind.example at", "after you opened the plan",
		"The page below shows the plan as it is now.", `<span class="small">approver@northwind.example</span>`)
	ts.wantStates(run, "service:approved a1:approved a2:approved b1:proposed")

	other := owner.post(path+"/decide", "what", "approve-held", "fingerprint", "of another plan", "seen", seen, "confirmed", "yes").redirects(t, path)
	owner.follow(other).says(t, 200, "Nothing was done", "another one").hides(t, "spindle show")

	newer := ts.planned("bob", testPlan()...)
	late := owner.decide(run, "approve-held", "confirmed", "yes").redirects(t, path)
	owner.follow(late).says(t, 200, "Nothing was done: a newer plan has replaced this one.", `href="/o/northwind-it/runs/`+string(newer)+`"`, "A newer plan has replaced this one").
		hides(t, "checkbox", "data-selection")
	ts.wantStates(newer, "service:proposed a1:proposed a2:proposed b1:proposed")
}

// TestAnApprovalIsOfWhatWasShown: the money that a question names is what is approved, or nothing is: another person rejected some meanwhile.
func TestAnApprovalIsOfWhatWasShown(t *testing.T) {
	ts := newTestServer(t)
	owner, approver := ts.owner(), ts.member(account.Approver)
	run := ts.planned("ann", testPlan()...)
	owner.decide(run, "approve-held").says(t, 200, "Approve 4 changes?", `name="counted" value="4"`)
	owner.get("/o/northwind-it/today").says(t, 200, "4 changes wait").hides(t, "The whole plan")
	approver.decide(run, "reject-selected", "change", "b1", "confirmed", "yes", "reason", "no").redirects(t, "/o/northwind-it/runs/"+string(run))
	owner.decide(run, "approve-held", "confirmed", "yes", "counted", "4").
		says(t, 409, "Nothing was approved: somebody decided on this plan after you were asked", "Approve 3 changes?", `name="counted" value="3"`)
	ts.wantStates(run, "service:proposed a1:proposed a2:proposed b1:rejected")
	owner.decide(run, "approve-held", "confirmed", "yes", "counted", "3").redirects(t, "/o/northwind-it/runs/"+string(run))
	ts.wantStates(run, "service:approved a1:approved a2:approved b1:rejected")
	owner.get("/o/northwind-it/runs/"+string(run)).says(t, 200, "as planned, with what was rejected")
	owner.get("/o/northwind-it/today").says(t, 200, "3 changes wait", "The whole plan, with what was decided or rejected already:")
}

func TestFourEyesInTheConsole(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	org, err := ts.Store.Organization(t.Context(), string(testOrg))
	ts.must(err)
	_, err = ts.Engine.ApplySettings(t.Context(), org, map[string]string{"four-eyes": "on"}, "ops")
	ts.must(err)
	run := ts.planned("olga@northwind.example", testPlan()...)
	path := "/o/northwind-it/runs/" + string(run)
	const who = "by an owner, admin or approver; you are " // a plan without buttons says whose turn it is
	ts.member(account.Biller).get(path).says(t, 200, who+"biller here")
	owner.get(path).hides(t, who)
	owner.follow(owner.decide(run, "approve-all").redirects(t, path)).says(t, 200, "may not approve it: four eyes are wanted")
	ts.wantStates(run, "service:proposed a1:proposed a2:proposed b1:proposed")
	ts.member(account.Approver).decide(run, "approve-all", "confirmed", "yes").redirects(t, path)
}

func TestApplyInTheConsole(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	run := ts.planned("ann", testPlan()...)
	path := "/o/northwind-it/runs/" + string(run)
	owner.get(path+"/apply").says(t, 200, "switched off for Northwind IT", `href="/o/northwind-it/setup"`).hides(t, `name="confirmed"`)
	owner.follow(owner.post(path+"/apply", "approved", "0", "fingerprint", "f-1").redirects(t, path)).says(t, 200, "switched off")
	ts.must(ts.Store.SetTargetEnabled(t.Context(), testOrg, true, "ops"))
	owner.get(path+"/apply").says(t, 200, "Nothing of this run is approved.")

	owner.decide(run, "approve-customer:alder").redirects(t, path)
	owner.get(path+"/apply").says(t, 200, "Write 3 changes to Autotask?", "+53.00", "1 change stays undecided", `name="approved" value="3"`)
	owner.decide(run, "approve-held", "confirmed", "yes").redirects(t, path)
	owner.post(path+"/apply", "approved", "3", "fingerprint", "f-1").says(t, 409, "what is approved has changed since you looked", `name="approved" value="4"`)
	owner.post(path+"/apply", "approved", "4", "fingerprint", "f-1").redirects(t, path)
	owner.post(path+"/apply", "approved", "4", "fingerprint", "f-1").redirects(t, path) // pressed twice
	if got := ts.nudges(); len(got) != 1 || got[0] != (job.RunSync{OrganizationID: "northwind-it", RunID: "1"}) {
		t.Errorf("nudged %v", got)
	}
	owner.get(path).says(t, 200, "Sending changes to Autotask", "data-live")

	biller := ts.member(account.Biller)
	biller.get(path+"/apply").says(t, 403)
	biller.post(path+"/apply").says(t, 403)
	biller.decide(run, "reject-all").says(t, 403)
}

func TestChangePageShowsTheReceipt(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	run := ts.planned("ann", testPlan()...)
	ctx := t.Context()
	_, err := ts.Store.Approve(ctx, testOrg, run, store.Approval{ChangeIDs: []string{"a2"}, Fingerprint: "f-1", By: "bob", Reason: "as agreed"})
	ts.must(err)
	ts.must(ts.Store.SetTargetEnabled(ctx, testOrg, true, "ops"))
	_, err = ts.Store.BeginSend(ctx, testOrg, run, "a2", "less mail")
	ts.must(err)
	ts.must(ts.Store.FinishSend(ctx, testOrg, run, "a2", store.Outcome{State: store.ChangeApplied, Receipt: target.Receipt{Request: `POST /x {"unitChange": -3}`, Response: "200 <ok>"}}))
	ts.must(ts.Store.SaveReadbacks(ctx, testOrg, run, []store.Readback{{ChangeID: "a2", Verified: true, What: "9 units stand"}}))
	owner.get("/o/northwind-it/runs/1/changes/a2").says(t, 200, "Exchange Online", "as agreed", "bob", "unitChange", "200 &lt;ok&gt;", "verified", "9 units stand", "applied")
	owner.get("/o/northwind-it/runs/1/changes/zz").says(t, 404)
}

func TestEventsFollowARunToItsEnd(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ctx := t.Context()
	run, err := ts.Store.CreateRun(ctx, testOrg, "ann", store.Scope{})
	ts.must(err)
	ts.must(ts.Store.SetRunState(ctx, testOrg, run.ID, store.RunReading, ""))
	now := ts.clock.Now()
	ts.must(ts.Store.SaveProgress(ctx, testOrg, run.ID, store.Progress{Phase: "reading <Autotask>", Done: 30, Total: 90, StartedAt: now.Add(-60e9), UpdatedAt: now}))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, ts.http.URL+"/o/northwind-it/runs/1/events", nil)
	ts.must(err)
	res, err := owner.client.Do(req)
	ts.must(err)
	defer res.Body.Close()
	if ct := res.Header.Get("Content-Type"); ct != "text/event-stream" {
		t.Fatalf("type %q", ct)
	}
	if len(ts.turns) != 0 {
		t.Error("who follows a run keeps pages from being worked out")
	}
	var told strings.Builder
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		told.WriteString(lines.Text() + "\n")
		if lines.Text() == "" && !strings.Contains(told.String(), "spindle:over") {
			if err := ts.Store.SetRunState(ctx, testOrg, run.ID, store.RunFailed, "no connection"); err != nil && !fault.Is(err, fault.KindConflict) {
				t.Fatal(err)
			}
		}
	}
	for _, text := range []string{"data: <p", "Reading &lt;Autotask&gt;", "30", "of 90", "30 a minute", "about 2 minutes left", "event: spindle:over\ndata: failed\n"} {
		if !strings.Contains(told.String(), text) {
			t.Errorf("the stream does not tell %q:\n%s", text, told.String())
		}
	}
	owner.get("/o/northwind-it/runs/1").says(t, 200, "failed", "no connection", "This run has no plan")
	ts.browser().get("/o/northwind-it/runs/1/events").redirects(t, "/sign-in?next=%2Fo%2Fnorthwind-it%2Fruns%2F1%2Fevents")
}

func TestProgressInWords(t *testing.T) {
	moved := time.Date(2026, time.November, 10, 9, 0, 0, 0, time.UTC)
	run := func(state store.RunState, started, updated time.Duration, done, total int64) store.RunProgress {
		return store.RunProgress{Run: store.Run{State: state, CreatedAt: moved.Add(-time.Hour), UpdatedAt: moved},
			Progress: store.Progress{Phase: "sending", Done: done, Total: total, StartedAt: moved.Add(started), UpdatedAt: moved.Add(updated)}}
	}
	for _, c := range []struct {
		name                   string
		p                      store.RunProgress
		phase, rate, remaining string
	}{
		{"of the planning before", run(store.RunApplying, -time.Second, 0, 3, 9), "", "", ""},
		{"too early to say", run(store.RunApplying, time.Second, 2*time.Second, 3, 9), "sending", "", ""},
		{"slow", run(store.RunApplying, time.Second, 61*time.Second, 30, 90), "sending", "30 a minute", "about 2 minutes"},
		{"fast", run(store.RunApplying, time.Second, 11*time.Second, 1000, 1500), "sending", "100 a second", "a few seconds"},
		{"nearly done", run(store.RunApplying, time.Second, 61*time.Second, 60, 90), "sending", "1 a second", "less than a minute"},
		{"long", run(store.RunApplying, time.Second, 3601*time.Second, 100, 400), "sending", "1 a minute", "about 3 hours"},
		{"without a count", run(store.RunReading, 0, 60*time.Second, 0, 0), "sending", "", ""},
	} {
		got := progressOf(c.p, moved.Add(time.Hour))
		since := "1 hour ago"
		if c.p.State == store.RunReading { // as old as the run; an apply is as old as its beginning
			since = "2 hours ago"
		}
		if got.Phase != c.phase || got.Rate != c.rate || got.Remaining != c.remaining || got.Since != since {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
