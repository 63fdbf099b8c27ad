package gallery

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/target"
	"spindle/internal/web/view"
)

// at is when everything in the samples happens.
func at(day, hour, minute int) time.Time {
	return time.Date(2026, time.October, day, hour, minute, 0, 0, time.UTC)
}

func eur(cents int64) money.Amount { return money.Of(money.New(cents, -2), "EUR") }

func eurs(cents int64) *money.Amount {
	a := eur(cents)
	return &a
}

func sums(all ...money.Amount) money.Totals {
	var t money.Totals
	for _, a := range all {
		t.Add(a)
	}
	return t
}

func listOf(base string, total int, values ...string) view.List {
	l := view.List{Base: base, Values: url.Values{}, Page: 1, Size: 50, Total: total}
	for i := 0; i+1 < len(values); i += 2 {
		l.Values.Set(values[i], values[i+1])
	}
	return l
}

func sampleRun(id store.RunID, state store.RunState) store.RunRow {
	r := store.RunRow{Run: store.Run{ID: id, State: state, CreatedAt: at(3, 9, 12), CreatedBy: "ann@northwind.example",
		PlannedAt: at(3, 9, 14), PlanDay: billing.NewDate(2026, 10, 3), Complete: true, Fingerprint: "f00d",
		Scope: store.Scope{Trigger: "console"}}, Findings: 4}
	return r
}

// planChanges are the changes of the sample plan, by customer.
func planChanges() [][]store.ChangeState {
	alder, birch := "Alder Ridge Dental Group", "Birch & Vale Solicitors"
	held := []billing.Hold{{Policy: "hold-over", Why: "its money effect of +1250.00 EUR is over the limit of 1000.00 EUR"}}
	return [][]store.ChangeState{
		{{State: store.ChangeProposed, Change: plan.Change{ID: "c01", Kind: plan.CreateService, What: "Microsoft 365 E5, P1Y monthly",
			Reason: "No service stands for this offer yet.", Service: billing.Ref{Mark: "spindle:CFQ7TTC0LFLX:0002:P1Y:monthly"},
			After: plan.State{Exists: true, UnitPrice: eurs(6480)}}}},
		{
			unitChange("c02", alder, plan.Increase, "Microsoft 365 Business Premium, P1Y monthly", [2]int64{42, 45}, 2244),
			unitChange("c03", alder, plan.Decrease, "Exchange Online Plan 1, P1M monthly", [2]int64{12, 9}, 480),
			unitChange("c04", alder, plan.Reprice, "Microsoft Teams Rooms Pro, P1Y monthly", [2]int64{4, 4}, 4800),
		},
		{
			withHolds(unitChange("c05", birch, plan.Increase, "Microsoft 365 E5, P1Y monthly", [2]int64{0, 25}, 6480), held),
			chargeChange("c06", birch, "Azure usage, September 2026", 41288),
		},
	}
}

func withHolds(c store.ChangeState, holds []billing.Hold) store.ChangeState {
	c.Change.Holds = holds
	return c
}

func unitChange(id, customer string, kind plan.ChangeKind, what string, units [2]int64, price int64) store.ChangeState {
	delta := eur(price * (units[1] - units[0]))
	c := store.ChangeState{Run: "17", State: store.ChangeProposed, Change: plan.Change{ID: id, Kind: kind, CustomerID: billing.CustomerID("cust-" + id[:2]),
		Customer: customer, What: what, LineKey: "1201|77|" + what,
		Reason:    "Quantity at Microsoft is " + strconv.FormatInt(units[1], 10) + "; from 2026-10-01, start of the current period, which is not posted.",
		Contract:  billing.Ref{ID: "1201"},
		Effective: billing.NewDate(2026, 10, 1), Before: plan.State{Exists: units[0] > 0, Units: units[0], UnitPrice: eurs(price)},
		After: plan.State{Exists: true, Units: units[1], UnitPrice: eurs(price)}, Recurring: delta, PerPeriod: billing.PeriodMonth,
		ContractName: customer + " – Microsoft CSP", Adjust: &plan.Adjustment{UnitChange: units[1] - units[0]}}}
	if kind == plan.Increase {
		c.Change.Proration = eur(price * (units[1] - units[0]) / 3)
	}
	if kind == plan.Reprice {
		c.Change.Recurring = eur(800)
		c.Change.Before.UnitPrice = eurs(price - 200)
		c.Change.Reason = "Cost rose from 38.00 to 40.00; markup 20 %."
	}
	return c
}

func chargeChange(id, customer, what string, amount int64) store.ChangeState {
	return store.ChangeState{Run: "17", State: store.ChangeProposed, Change: plan.Change{ID: id, Kind: plan.CreateCharge, CustomerID: "cust-birch", Customer: customer,
		What: what, ChargeKey: "azure|1201|2026-09|EUR", Reason: "Azure consumption of September 2026, invoice G004411220.",
		Contract: billing.Ref{ID: "1201"}, ContractName: customer + " – Microsoft CSP", Effective: billing.NewDate(2026, 10, 1),
		After: plan.State{Exists: true, Amount: eurs(amount)}, OneOff: eur(amount)}}
}

// counted fills in the figures of a run and its groups as the store does.
func counted(run store.RunRow, groups [][]store.ChangeState) (store.RunRow, []view.RunGroup) {
	var shown []view.RunGroup
	var all []plan.Change
	run.States = map[store.ChangeStateKind]int{}
	for _, changes := range groups {
		first := changes[0].Change
		g := view.RunGroup{Rows: changes}
		g.Customer, g.CustomerName, g.ContractName, g.Contract = first.CustomerID, first.Customer, first.ContractName, first.Contract.String()
		var of []plan.Change
		for _, c := range changes {
			of = append(of, c.Change)
			run.States[c.State]++
			if c.Change.Held() {
				run.Held++
				if c.State == store.ChangeProposed {
					run.HeldOpen++
				}
			}
		}
		g.Changes, g.Effect = len(of), store.EffectOf(of...)
		all = append(all, of...)
		shown = append(shown, g)
	}
	run.Changes, run.Effect = len(all), store.EffectOf(all...)
	return run, shown
}

func runPages() []Page {
	run, groups := counted(sampleRun("17", store.RunPlanned), planChanges())
	proposed := view.RunPage{Shell: runShell("runs", "Run 17"), Run: run, Groups: groups, List: listOf("/o/northwind/runs/17", len(groups)), Seen: "1"}
	pages := []Page{
		{"runs", "full", view.Runs(sampleRuns(run))},
		{"runs", "empty", view.Runs(view.RunsPage{Shell: runShell("runs", "Plans & runs"), List: listOf("/o/northwind/runs", 0), Customer: oneCustomer(), Offline: offline()})},
		{"run", "to approve", view.Run(proposed)},
		{"run", "queued", view.Run(liveRun(store.RunQueued))},
		{"run", "reading", view.Run(liveRun(store.RunReading))},
		{"run", "applying", view.Run(liveRun(store.RunApplying))},
		{"run", "held", view.Run(decidedRun(store.RunPlanned, "", func(i int) store.ChangeStateKind {
			if i == 4 {
				return store.ChangeProposed // the one that a policy holds
			}
			return store.ChangeRejected
		}))},
		{"run", "approved, to apply", view.Run(decidedRun(store.RunApproved, "", func(int) store.ChangeStateKind { return store.ChangeApproved }))},
		{"run", "verified", view.Run(decidedRun(store.RunVerified, "6 changes applied and read back", func(int) store.ChangeStateKind { return store.ChangeApplied }))},
		{"run", "stale and without an answer", view.Run(decidedRun(store.RunIncomplete, "4 changes still to make", func(i int) store.ChangeStateKind {
			return []store.ChangeStateKind{store.ChangeApplied, store.ChangeStale, store.ChangeUnknown, store.ChangeSkipped, store.ChangeRefused, store.ChangeSending}[i%6]
		}))},
		{"run", "applied", view.Run(appliedRun())},
		{"run", "replaced", view.Run(replacedRun(proposed))},
		{"run", "in step", view.Run(quietRun())},
		{"run", "failed", view.Run(failedRun())},
		{"run", "nothing fits", view.Run(view.RunPage{Shell: runShell("runs", "Run 17"), Run: run, List: listOf("/o/northwind/runs/17", 0, "q", "zzz")})},
		{"decide", "approve held", view.Decide(sampleDecision(run))},
		{"decide", "reason missing", view.Decide(sampleRejection())},
		{"decide", "apply", view.Decide(sampleApply(false))},
		{"decide", "apply, not enabled", view.Decide(sampleApply(true))},
		{"change", "applied", view.Change(view.ChangePage{Shell: runShell("runs", "Change"), Run: run.Run, Proof: appliedProof()})},
		{"change", "refused", view.Change(view.ChangePage{Shell: runShell("runs", "Change"), Run: run.Run, Proof: refusedProof()})},
		{"change", "to decide", view.Change(view.ChangePage{Shell: runShell("runs", "Change"), Run: run.Run, Proof: store.ChangeProof{ChangeState: planChanges()[2][0]}})},
		{"run findings", "full", view.RunFindings(sampleFindings(run.Run))},
		{"run findings", "empty", view.RunFindings(view.FindingsPage{Shell: runShell("runs", "Findings"), Run: run.Run, List: listOf("/o/northwind/runs/17/findings", 0)})},
		{"run", "long texts", view.Run(longRun())},
		{"runs", "customer unknown", view.Runs(unknownCustomer(run))},
	}
	for _, role := range otherRoles() {
		page, list := proposed, sampleRuns(run)
		page.Shell, list.Shell = shellAs(role, "runs", "Run 17"), shellAs(role, "runs", "Plans & runs")
		pages = append(pages, Page{"run", "as " + string(role), view.Run(page)}, Page{"runs", "as " + string(role), view.Runs(list)})
	}
	return pages
}

// longRun is a plan whose names and reasons are longer than any table likes.
func longRun() view.RunPage {
	changes := planChanges()
	for n, group := range changes {
		for i := range group {
			c := &group[i].Change
			c.Customer, c.ContractName, c.Contract.ID = longName, "Rahmenvertrag "+longName, strconv.Itoa(1201+n)
			c.What += " – " + longName
			c.Reason += " " + strings.Repeat("The quantity was changed several times within the period. ", 4)
		}
	}
	changes[1][0].Change.Recurring = eur(123_456_789_012)
	run, groups := counted(sampleRun("17", store.RunPlanned), changes)
	return view.RunPage{Shell: manyOrganizations(runShell("runs", "Run 17")), Run: run, Groups: groups, List: listOf("/o/northwind/runs/17", len(groups)), Seen: "1"}
}

func unknownCustomer(run store.RunRow) view.RunsPage {
	p := sampleRuns(run)
	p.Customer.Value, p.Customer.Error = "Zebra", "no customer is called \"Zebra\": look it up under Customers"
	p.Shell = noticed(p.Shell, view.Notice{Tone: "bad", Text: "Nothing was saved: 1 field needs another value"})
	return p
}

func oneCustomer() view.Field {
	return view.Field{Name: "customer", Label: "Customer", Help: "Name, part of it, or Microsoft tenant id.", Required: true}
}

func offline() view.Field {
	return view.Field{Name: "offline", Label: "Plan from what was read last, without asking Microsoft again", Type: "checkbox"}
}

func sampleRuns(newest store.RunRow) view.RunsPage {
	p := view.RunsPage{Shell: runShell("runs", "Plans & runs"), Any: true, List: listOf("/o/northwind/runs", 214), Customer: oneCustomer(),
		Offline: offline()}
	states := []store.RunState{store.RunApplying, store.RunPlanned, store.RunVerified, store.RunIncomplete, store.RunFailed, store.RunSuperseded, store.RunVerified}
	for i, s := range states {
		r := newest
		r.ID, r.State = store.RunID(strconv.Itoa(19-i)), s
		r.CreatedAt = newest.CreatedAt.AddDate(0, 0, -i)
		switch s {
		case store.RunFailed:
			r.PlannedAt, r.Note = time.Time{}, "Partner Center refused the credentials: AADSTS7000222, the secret has expired"
		case store.RunVerified:
			r.Scope.Trigger, r.CreatedBy = "schedule", "spindle"
		case store.RunIncomplete:
			r.Note = "2 changes still to make"
		}
		p.Rows = append(p.Rows, r)
	}
	return p
}

func liveRun(state store.RunState) view.RunPage {
	run, groups := counted(sampleRun("17", state), planChanges())
	p := view.RunPage{Shell: runShell("runs", "Run 17"), Run: run, Groups: groups, Live: true, List: listOf("/o/northwind/runs/17", 3),
		Progress: view.Progress{State: state, Phase: "sending changes to Autotask", Done: 128, Total: 412, Rate: "96 a minute",
			Remaining: "about 3 minutes", Since: "1 minute ago"}}
	if state == store.RunReading {
		p.Run.PlannedAt = time.Time{}
		p.Progress = view.Progress{State: state, Phase: "reading Autotask", Since: "just now"}
	}
	return p
}

func appliedRun() view.RunPage {
	changes := planChanges()
	for i := range changes {
		for j := range changes[i] {
			c := &changes[i][j]
			c.State, c.By, c.DecidedAt = store.ChangeApplied, "bob@northwind.example", at(3, 10, 2)
		}
	}
	changes[2][0].State, changes[2][0].Message = store.ChangeRefused, "Autotask: the effective date is in a period that is posted"
	run, groups := counted(sampleRun("17", store.RunIncomplete), changes)
	run.Note = "1 change still to make"
	return view.RunPage{Shell: runShell("runs", "Run 17"), Run: run, Groups: groups, List: listOf("/o/northwind/runs/17", len(groups))}
}

// decidedRun is the sample plan with the state of each change by its place.
func decidedRun(state store.RunState, note string, of func(int) store.ChangeStateKind) view.RunPage {
	changes, n := planChanges(), 0
	for i := range changes {
		for j := range changes[i] {
			c := &changes[i][j]
			c.State = of(n)
			if n++; c.State != store.ChangeProposed {
				c.By, c.DecidedAt = "bob@northwind.example", at(3, 10, 2)
			}
			switch c.State {
			case store.ChangeStale:
				c.Message = "Autotask holds 43 units now, not 42 as when this was planned"
			case store.ChangeUnknown:
				c.Message = "the connection was closed before an answer came"
			case store.ChangeRefused:
				c.Message = "Autotask: the effective date is in a period that is posted"
			}
		}
	}
	run, groups := counted(sampleRun("17", state), changes)
	run.Note = note
	return view.RunPage{Shell: runShell("runs", "Run 17"), Run: run, Groups: groups, List: listOf("/o/northwind/runs/17", len(groups)), Seen: "1"}
}

// refusedProof is a change that got no answer first, was settled by reading, and was refused then.
func refusedProof() store.ChangeProof {
	p := appliedProof()
	p.State, p.Message, p.Readback = store.ChangeRefused, "Autotask: the effective date is in a period that is posted", nil
	refused := p.Attempts[0]
	refused.Number, refused.State, refused.Message = 2, store.ChangeRefused, p.Message
	refused.Receipt.Response = "500\n{\"errors\": [\"The effectiveDate is in a period that is posted.\"]}"
	p.Attempts[0].State, p.Attempts[0].Message, p.Attempts[0].Receipt.Response = store.ChangeUnknown, "the connection was closed before an answer came; read back: not there", ""
	p.Attempts = append(p.Attempts, refused)
	return p
}

func replacedRun(p view.RunPage) view.RunPage {
	p.Run.State, p.Newer, p.Undecidable = store.RunSuperseded, "18", "a newer plan has replaced this one"
	p.Run.Note = "the plan of run 18 took over"
	return p
}

func quietRun() view.RunPage {
	run := sampleRun("17", store.RunVerified)
	run.Note = "in step, nothing to do"
	return view.RunPage{Shell: runShell("runs", "Run 17"), Run: run, List: listOf("/o/northwind/runs/17", 0)}
}

func failedRun() view.RunPage {
	run := sampleRun("17", store.RunFailed)
	run.PlannedAt, run.Note = time.Time{}, "Partner Center refused the credentials: AADSTS7000222, the secret has expired"
	return view.RunPage{Shell: runShell("runs", "Run 17"), Run: run, List: listOf("/o/northwind/runs/17", 0)}
}

func sampleDecision(run store.RunRow) view.DecidePage {
	return view.DecidePage{Shell: runShell("runs", "Approve"), Title: "Approve 6 changes?", Crumbs: []view.Crumb{{Label: "Run 17", Href: "/o/northwind/runs/17"}},
		Text:   "Approved changes are written to Autotask when somebody applies the run.",
		Lines:  []string{"6 changes for 2 customers", "1 of them is held by a policy"},
		Effect: &run.Effect, Notes: []view.Carried{{Name: "hold-over", Value: "1 change"}}, Action: "/o/northwind/runs/17/decide",
		Reason: view.Field{Name: "reason", Label: "Why", Type: "textarea", Help: "Kept in the audit trail."}, Button: "Approve 6 changes", Back: "/o/northwind/runs/17"}
}

func sampleRejection() view.DecidePage {
	return view.DecidePage{Shell: runShell("runs", "Reject"), Title: "Reject 2 changes?", Crumbs: []view.Crumb{{Label: "Run 17", Href: "/o/northwind/runs/17"}},
		Text:  "They are not written. The next plan proposes them again while the difference lasts.",
		Lines: []string{"2 changes for 1 customer"}, Action: "/o/northwind/runs/17/decide",
		Reason: view.Field{Name: "reason", Label: "Why", Type: "textarea", Required: true, Error: "say why: the audit trail keeps it"},
		Button: "Reject 2 changes", Danger: true, Back: "/o/northwind/runs/17"}
}

func sampleApply(off bool) view.DecidePage {
	p := view.DecidePage{Shell: runShell("runs", "Apply"), Title: "Write 6 changes to Autotask?", Crumbs: []view.Crumb{{Label: "Run 17", Href: "/o/northwind/runs/17"}},
		Text:  "They are sent one by one, then read back. What was written is not taken back by itself.",
		Lines: []string{"6 approved changes for 2 customers", "2 changes stay undecided and are left alone"}, Action: "/o/northwind/runs/17/apply",
		Button: "Write 6 changes to Autotask", Back: "/o/northwind/runs/17"}
	if off {
		p.Blocked, p.Remedy = "Writing to Autotask is switched off for this organization.", view.Crumb{Label: "Switch it on in Setup", Href: "/o/northwind/setup"}
	}
	return p
}

func appliedProof() store.ChangeProof {
	c := unitChange("c02", "Alder Ridge Dental Group", plan.Increase, "Microsoft 365 Business Premium, P1Y monthly", [2]int64{42, 45}, 2244)
	c.State, c.By, c.DecidedAt = store.ChangeApplied, "bob@northwind.example", at(3, 10, 2)
	c.Change.Requires = []string{"c01"}
	c.Change.Proof = []string{"subscription 3f1c…: 45 seats at Microsoft", "price rule organization-service-markup"}
	return store.ChangeProof{ChangeState: c,
		Decision: &store.Decision{Approved: true, By: c.By, At: c.DecidedAt, Reason: "agreed with the customer"},
		Attempts: []store.Attempt{{Number: 1, StartedAt: at(3, 10, 5), FinishedAt: at(3, 10, 5), State: store.ChangeApplied,
			Receipt: target.Receipt{Request: "POST /v1.0/ContractServiceAdjustments\n{\"contractServiceID\": 8231, \"unitChange\": 3, \"effectiveDate\": \"2026-10-01\"}",
				Response: "200\n{\"itemId\": 0}"}}},
		Readback: &store.Readback{ChangeID: "c02", Verified: true, What: "contract service 8231: 45 units on 2026-10-01"}}
}

func sampleFindings(run store.Run) view.FindingsPage {
	return view.FindingsPage{Shell: runShell("runs", "Findings"), Run: run, List: listOf("/o/northwind/runs/17/findings", 2), Rows: []billing.Finding{
		{CustomerID: "cust-c0", Customer: "Alder Ridge Dental Group", Message: "Power BI Pro has been billed by Microsoft, but no contract is chosen for it.",
			Remedy: "Choose a contract on the customer's page.", Money: eur(9120)},
		{Message: "2 usage rows of invoice G004411220 could not be read.", Remedy: "Import the usage file again."},
	}, Excluded: []engine.RuleSum{{Rule: "before-first-month", Cost: sums(eur(9_266_626))}, {Rule: "billing-off", Cost: sums(eur(13_440), money.Of(money.New(99, -2), "USD"))}}}
}
