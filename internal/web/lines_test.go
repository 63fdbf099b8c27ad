package web

import (
	"fmt"
	"strings"
	"testing"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/sheet"
	"spindle/internal/store"
)

// lineKey has everything in it that an address must not be confused by.
const lineKey = "11|7|CFQ7/00 01:P1Y:monthly@22.44"

// proven saves an invoice and a plan: a line of two rows of it and an Azure charge of a third, whose usage is known.
func (ts *testServer) proven() store.RunID {
	ts.t.Helper()
	ctx := ts.t.Context()
	eur := func(cents int64) money.Amount { return money.Of(money.New(cents, -2), "EUR") }
	set := billing.SetID{Kind: billing.BilledLines, PartnerID: "p", Invoice: "G0044"}
	row := func(n int, what string, cost int64) billing.LineItem {
		return billing.LineItem{Key: fmt.Sprintf("r%d", n), Row: n, Invoice: "G0044", CustomerID: "alder", SKUName: what, KindText: "cycleCharge", Quantity: money.Int(3),
			BillableQuantity: money.Int(3), EffectiveUnitCost: money.New(1870, -2), PricingCurrency: "EUR", Cost: eur(cost), Total: eur(cost)}
	}
	lines := billing.LineSet{ID: set, Version: "1", Lines: []billing.LineItem{row(118, "Business <Premium>", 5610), row(119, "Business <Premium>", 5610), row(120, "Azure plan", 9000)}}
	for _, l := range lines.Lines {
		lines.Total.Add(l.Total)
	}
	_, err := ts.Store.SaveLineSet(ctx, testOrg, lines, "file")
	ts.must(err)
	usage := billing.UsageSet{ID: billing.SetID{Kind: billing.BilledUsage, PartnerID: "p", Invoice: "G0044"}, Version: "1"}
	for i, group := range []string{"rg-prod", "rg-test"} {
		usage.Groups = append(usage.Groups, billing.UsageGroup{CustomerID: "alder", CustomerName: "Alder Dental", AzureSubscriptionID: "az1", AzureSubscriptionName: "Alder production", ResourceGroup: group,
			MeterCategory: fmt.Sprintf("Virtual Machines %d", i), Cost: eur(6000 - 3000*int64(i)), Rows: 30, Unit: "hours", Quantity: money.Int(744),
			Charged: billing.Period{Start: billing.NewDate(2026, 10, 1), End: billing.NewDate(2026, 11, 1)}, FirstDay: billing.NewDate(2026, 10, 1), LastDay: billing.NewDate(2026, 10, 31)})
	}
	_, err = ts.Store.SaveUsageSet(ctx, testOrg, usage, "file")
	ts.must(err)
	settings, err := ts.Store.Settings(ctx, testOrg)
	ts.must(err)
	settings.ServiceMarkup, settings.ProductMarkup = money.Int(20), money.Int(25)
	ts.must(ts.Store.SaveSettings(ctx, testOrg, settings, "ops"))

	run, err := ts.Store.CreateRun(ctx, testOrg, "ann", store.Scope{})
	ts.must(err)
	price, cost := eur(2244), eur(1870)
	line := billing.DesiredLine{Key: lineKey, Mark: "spindle:0123456789abcdef", CustomerID: "alder", Customer: "Alder Dental", Contract: billing.Ref{ID: "11"}, Service: billing.Ref{ID: "7"},
		Name: "Business Premium", PeriodType: billing.PeriodMonth, Units: 6, UnitPrice: &price, UnitCost: &cost, Since: billing.NewDate(2026, 3, 1), PriceRule: "organization-service-markup",
		CostBasis: "invoice G0044, row 118", Shares: []billing.Share{{SubscriptionID: "sub-1", Units: 6}}}
	charge := billing.DesiredCharge{Key: "azure|11|2026-10|EUR", Mark: "SPN-0123456789abcdef", CustomerID: "alder", Customer: "Alder Dental", Contract: billing.Ref{ID: "11"}, Month: "2026-10",
		Name: "Azure usage", Description: "Azure, October", Notes: "90.00 + 25 %", Quantity: money.Int(1), UnitPrice: eur(11250), UnitCost: eur(9000), PriceRule: "organization-product-markup"}
	dispose := func(n int, by string, cost int64) billing.Disposition {
		return billing.Disposition{Set: set, LineKey: fmt.Sprintf("r%d", n), Row: n, Outcome: billing.Billed, By: by, Cost: eur(cost)}
	}
	ts.must(ts.Store.SavePlan(ctx, testOrg, run.ID, plan.Plan{Day: billing.NewDate(2026, 11, 10), Fingerprint: "f-" + string(run.ID), Complete: true, Changes: []plan.Change{
		{ID: "up", Kind: plan.Increase, CustomerID: "alder", Customer: "Alder Dental", Contract: billing.Ref{ID: "11"}, ContractName: "Alder CSP", LineKey: lineKey, What: "Business Premium",
			Reason: "one more", Before: plan.State{Exists: true, Units: 5}, After: plan.State{Exists: true, Units: 6}, Recurring: price, PerPeriod: billing.PeriodMonth},
		{ID: "az", Kind: plan.CreateCharge, CustomerID: "alder", Customer: "Alder Dental", Contract: billing.Ref{ID: "11"}, ContractName: "Alder CSP", ChargeKey: charge.Key, What: "Azure usage",
			After: plan.State{Exists: true, Amount: &charge.UnitPrice}, OneOff: charge.UnitPrice},
	}}, billing.Desired{Lines: []billing.DesiredLine{line}, Charges: []billing.DesiredCharge{charge},
		Dispositions: []billing.Disposition{dispose(118, lineKey, 5610), dispose(119, lineKey, 5610), dispose(120, charge.Key, 9000)}}))
	return run.ID
}

// TestEveryTableIsAFileToo: each page with a table offers it as a file, and the file is one.
func TestEveryTableIsAFileToo(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ts.withCustomers()
	ts.must(ts.Store.SaveRoute(t.Context(), testOrg, billing.Route{CustomerID: "c-alder", Managed: true}, "ann"))
	ts.must(ts.Store.SaveRoute(t.Context(), testOrg, billing.Route{CustomerID: "c-birch", Managed: true}, "ann"))
	owner.post("/o/northwind-it/settings/tokens", "name", "report", "role", "viewer")
	owner.post("/o/northwind-it/settings/invite", "email", "ben@northwind.example", "role", "biller")
	for page, want := range map[string]string{
		"/customers/c-alder": "\ns-alder,Business Premium,licence,P1,0001,P1M,monthly,partnercenter,5,",
		"/suggestions":       "\nc-birch,Birch,birch.example,12,Birch GmbH,100,same name ",
		"/settings":          "\nben@northwind.example,,biller,invited,,,,olga@northwind.example,2026-",
		"/settings/tokens":   "\nt1,report,viewer,2026-11-10T09:00:00Z,olga@northwind.example,,,\n",
	} {
		owner.get("/o/northwind-it"+page).says(t, 200, `href="/o/northwind-it`+page+`?as=csv"`)
		owner.get("/o/northwind-it"+page+"?as=csv").says(t, 200, want).hides(t, "<html")
	}
	alder := "/o/northwind-it/customers/c-alder"
	owner.get(alder+"?as=csv&of=groups").says(t, 200, "azure_subscription_id,azure_subscription,resource_group,month,currency,cost,contract\n")
	owner.get(alder+"?as=csv&of=everything").says(t, 422, "this page has no table &#34;everything&#34;", "Choose findings, groups, history")
	owner.get(alder).says(t, 200, alder+`?as=csv&amp;of=history" aria-label="CSV of the history"`)
	owner.get(alder+"?as=csv&of=history").says(t, 200, "no,at_utc,actor,what,decided,action,subject\n",
		",2026-11-10T09:00:00Z,ann,contract chosen,a contract that Spindle manages,mapping.route.saved,c-alder").hides(t, "c-birch", "token")
	owner.get(alder+"?as=xlsx&of=history").says(t, 200, "PK")
}

// TestTablesInsideAPage: each of several tables on one page is a file of its own.
func TestTablesInsideAPage(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ts.withCustomers()
	run := ts.proven()
	home := "/o/northwind-it"
	ts.must(ts.Store.SaveDirectory(t.Context(), testOrg, "files", billing.Directory{Customers: []billing.Customer{{ID: "x", Name: "X"}}, Incomplete: []billing.Gap{{What: "a page"}}}))
	month := home + "/azure/2026-10/alder"
	row := home + "/sources?invoice=G0044&kind=billed-lines&partner=p&row=120"
	proof := home + "/lines/11%7C7%7CCFQ7%2F00%2001:P1Y:monthly@22.44"
	for page, files := range map[string]map[string]string{
		month: {
			"of=charges": "\n2026-10,azure|11|2026-10|EUR,Azure usage,\"Azure, October\",Alder CSP,final,,,EUR,90.00,112.50,22.50,organization-product-markup,,1,az,proposed\n",
			"of=groups":  "\naz1,Alder production,rg-prod,2026-10,EUR,60.00,\naz1,Alder production,rg-test,2026-10,EUR,30.00,\n",
		},
		row:   {"": "set,row,outcome,by,cost,currency,run\nbilled-lines/p/G0044,120,billed,azure|11|2026-10|EUR,90.00,EUR,1\n"},
		proof: {"": "billed-lines/p/G0044,118,billed,"},
		home + "/settings/data": {"": "what,newest_utc,documents,rows,state\nDirectory of files,2026-11-10T09:00:00Z,,,with gaps: nothing is taken away until a whole read\n" +
			"Directory of partnercenter,2026-11-10T09:00:00Z,,,whole\nReconciliation lines,2026-11-10T09:00:00Z,1,3,\nUsage,2026-11-10T09:00:00Z,1,"},
	} {
		shown := owner.get(page).says(t, 200)
		for of, want := range files {
			link := page + "?as=csv"
			if of != "" {
				link += "&" + of
			}
			if path, values, found := strings.Cut(page, "?"); found {
				link = path + "?as=csv&" + values
			}
			if !strings.Contains(shown.body, `href="`+strings.ReplaceAll(link, "&", "&amp;")+`"`) {
				t.Errorf("%s does not offer %s", page, link)
			}
			owner.get(link).says(t, 200, want).hides(t, "<html")
		}
	}
	owner.get(month+"?as=csv&of=months").says(t, 200, "\n2026-10,alder,Alder Dental,final,1,1,0,EUR,90.00,90.00,112.50,22.50\n")
	owner.get(home+"/today?as=csv&of=months").says(t, 200, "\n2026-10,"+string(run)+",0,0,EUR,0.00,0.00,0.00,90.00,112.50,22.50,90.00,112.50,22.50\n",
		"\n2026-11,"+string(run)+",1,0,EUR,112.20,134.64,22.44,0.00,0.00,0.00,112.20,134.64,22.44\n")
	owner.get(home+"/azure/2026-09/alder?as=csv").says(t, 404)
}

// The file of a customer's months has the month of the page, and then those before it.
func TestEarlierMonthsAreInTheFile(t *testing.T) {
	row := func(month billing.Month, held int, cents int64) store.AzureRow {
		r := store.AzureRow{CustomerID: "alder", CustomerName: "Alder", Month: month, State: store.AzureFinal, Charges: 2, Waiting: 1, Held: held}
		r.Usage.Add(money.Of(money.New(cents, -2), "EUR"))
		return r
	}
	file := earlierSheet(store.AzureDetail{AzureRow: row("2026-10", 1, 9000), Earlier: []store.AzureRow{row("2026-09", 0, 8000), row("2026-08", 0, 7000)}})
	var text strings.Builder
	if err := file.Write(&text, sheet.CSV); err != nil {
		t.Fatal(err)
	}
	want := `month,customer_id,customer,state,charges,waiting,held,currency,usage,cost,price,margin
2026-10,alder,Alder,final,2,1,1,EUR,90.00,0.00,0.00,0.00
2026-09,alder,Alder,final,2,1,0,EUR,80.00,0.00,0.00,0.00
2026-08,alder,Alder,final,2,1,0,EUR,70.00,0.00,0.00,0.00
`
	if got := strings.ReplaceAll(text.String(), "\r\n", "\n"); got != want {
		t.Errorf("the file is\n%s\nwant\n%s", got, want)
	}
}

// TestDaysOfUseAreAFile has what the chart of a month shows, day by day.
func TestDaysOfUseAreAFile(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ts.proven()
	usage := billing.UsageSet{ID: billing.SetID{Kind: billing.BilledUsage, PartnerID: "p", Invoice: "G0045"}, Version: "1"}
	eur := money.Of(money.New(1234567, -6), "EUR")
	usage.Days = []billing.UsageDay{{CustomerID: "alder", Day: billing.NewDate(2026, 10, 3), Cost: eur}}
	usage.Groups = []billing.UsageGroup{{CustomerID: "alder", CustomerName: "Alder Dental", Cost: eur, Rows: 1, Charged: billing.Period{Start: billing.NewDate(2026, 10, 1), End: billing.NewDate(2026, 11, 1)},
		FirstDay: billing.NewDate(2026, 10, 3), LastDay: billing.NewDate(2026, 10, 3)}}
	_, err := ts.Store.SaveUsageSet(t.Context(), testOrg, usage, "file")
	ts.must(err)
	for _, page := range []string{"/o/northwind-it/azure/2026-10", "/o/northwind-it/azure/2026-10/alder"} {
		owner.get(page).says(t, 200, page+`?as=csv&amp;of=days"`)
		owner.get(page+"?as=csv&of=days").says(t, 200, "day,currency,usage\n2026-10-03,EUR,1.234567\n")
	}
}

// TestFilesHoldNumbers: what a page shows as money is a number with its currency beside it in the file, not a text.
func TestFilesHoldNumbers(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ts.withCustomers()
	ts.proven()
	owner.get("/o/northwind-it/customers?as=csv").says(t, 200, "subscriptions,custom_services,currency,cost_month,price_month,margin_month,findings,waiting\n",
		"\nc-birch,Birch,birch.example,not mapped,,,off,1,0,,,,,0,0\n", ",EUR,112.20,134.64,22.44,")
	owner.get("/o/northwind-it/runs?as=csv").says(t, 200, ",changes,held,findings,currency,recurring_month,recurring_quarter,recurring_half_year,recurring_year,charges,prorated\n",
		",EUR,22.44,0.00,0.00,0.00,112.50,0.00\n")
}

func TestLinesLeadToTheirProof(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	owner.get("/o/northwind-it/lines").says(t, 200, "No lines yet")
	ts.proven()
	address := "/o/northwind-it/lines/11%7C7%7CCFQ7%2F00%2001:P1Y:monthly@22.44"
	list := owner.get("/o/northwind-it/lines").says(t, 200, "Business Premium", "Alder Dental", "Alder CSP", "134.64", "22.44", "16.7 %", "waiting for approval", `href="`+address+`"`)
	if strings.Count(list.body, "<tr>") != 2 {
		t.Error("one line and its head are not two rows")
	}
	owner.get("/o/northwind-it/lines?q=zzz").says(t, 200, "No line fits")
	owner.get("/o/northwind-it/lines?rule=organization-service-markup").says(t, 200, "priced by service markup of the settings", "Business Premium")
	owner.get("/o/northwind-it/lines?customer=alder&status=held").says(t, 200, "No line fits")
	owner.get("/o/northwind-it/lines?sort=nonsense").says(t, 422, "cannot be sorted")
	owner.get("/o/northwind-it/lines?as=csv").says(t, 200, "key,line,customer_id", lineKey+",Business Premium,alder,Alder Dental,Alder CSP,", ",6,18.70,22.44,134.64,2026-03-01,1,112.20,22.44,22.44\n")

	owner.get(address).says(t, 200, "Row 118", "Row 119", "invoice G0044", "Business &lt;Premium&gt;", "112.20", "invoice G0044, row 118",
		"18.70 × (100 % + 20 %) = 22.44 EUR", "6 × 22.44 =", "134.64", "sub-1", "one more", "run 1", "Nobody has decided yet", "spindle:0123456789abcdef",
		"invoice=G0044&amp;kind=billed-lines&amp;partner=p&amp;row=118").hides(t, "Row 120")
	owner.get("/o/northwind-it/lines/none").says(t, 404, "no plan ever had")
	owner.get(address+"?as=csv").says(t, 200, "billed-lines/p/G0044,118,billed,Business <Premium> cycleCharge,,3,56.10,EUR")
	owner.get("/o/northwind-it/lines/azure%7C11%7C2026-10%7CEUR").says(t, 200, "charge for October 2026", "112.50", "Row 120", "90.00 + 25 %", "Product markup of the settings", "SPN-0123456789abcdef")
}

func TestProofOfWhatWasApplied(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	run := ts.proven()
	ctx := t.Context()
	owner.decide(run, "approve-selected", "change", "up").redirects(t, "/o/northwind-it/runs/1")
	ts.must(ts.Store.SetTargetEnabled(ctx, testOrg, true, "ops"))
	_, err := ts.Store.BeginSend(ctx, testOrg, run, "up", "one more")
	ts.must(err)
	price := money.Of(money.New(2244, -2), "EUR")
	ts.must(ts.Store.FinishSend(ctx, testOrg, run, "up", store.Outcome{State: store.ChangeApplied, Memory: store.MemoryUpdate{Line: &plan.Applied{
		LineKey: lineKey, LineID: "8231", CustomerID: "alder", ContractID: "11", ServiceID: "7", Units: 6, UnitPrice: &price, From: billing.NewDate(2026, 11, 1)}}}))
	found := owner.get("/o/northwind-it/find?q=+8231+")
	owner.follow(found).says(t, 200, "Autotask id <strong>8231</strong>", "6 units at 22.44 EUR from 2026-11-01", "Approved</strong> by olga@northwind.example")
	if to := owner.get("/o/northwind-it/find?q=spindle:0123456789abcdef").header.Get("Location"); to != found.header.Get("Location") {
		t.Errorf("the mark leads to %q", to)
	}
	owner.get("/o/northwind-it/find?q=999").says(t, 200, "Nothing of ours has this id or mark", `value="999"`)
	owner.get("/o/northwind-it/find").says(t, 200, "Autotask id or mark")
}

// A line that a finding holds is in no price, and no page says that Autotask prices it or that all is well with it.
func TestProofOfWhatAFindingHolds(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ts.proven()
	run, err := ts.Store.CreateRun(t.Context(), testOrg, "ann", store.Scope{})
	ts.must(err)
	cost := money.Of(money.Int(65), "EUR")
	ts.must(ts.Store.SavePlan(t.Context(), testOrg, run.ID, plan.Plan{Day: billing.NewDate(2026, 11, 10), Fingerprint: "f", Complete: true}, billing.Desired{Lines: []billing.DesiredLine{{
		Key: "held", CustomerID: "alder", Customer: "Alder Dental", Contract: billing.Ref{ID: "11"}, Name: "Sales", PeriodType: billing.PeriodMonth, Units: 20, UnitCost: &cost,
		CostBasis: "billed on invoice G0044", Holds: []billing.Hold{{Policy: "currency", Why: "the money is in EUR but the company is billed in USD", Blocks: true}}}}}))
	owner.get("/o/northwind-it/lines/held").says(t, 200, "the company is billed in USD", "No row of Microsoft is billed by it while it is held.", "No price is made while it is held.",
		"No plan proposes anything for it while it is held.", "before what holds it is decided").hides(t, "authority on this price", "as it should")
	run, err = ts.Store.CreateRun(t.Context(), testOrg, "ann", store.Scope{})
	ts.must(err)
	ts.must(ts.Store.SavePlan(t.Context(), testOrg, run.ID, plan.Plan{Day: billing.NewDate(2026, 11, 10), Fingerprint: "g", Complete: true}, billing.Desired{Lines: []billing.DesiredLine{
		{Key: "new", CustomerID: "alder", Customer: "Alder Dental", Contract: billing.Ref{ID: "11"}, Name: "Mail", PeriodType: billing.PeriodMonth, Units: 2, UnitCost: &cost, CostBasis: "billed for October on invoice G0044"},
		{Key: "held", CustomerID: "alder", Customer: "Alder Dental", Contract: billing.Ref{ID: "11"}, PeriodType: billing.PeriodMonth, UnitCost: &cost, Holds: []billing.Hold{{Policy: "currency", Blocks: true}}}}}))
	owner.get("/o/northwind-it/lines/new").says(t, 200, "is billed by it yet", "is known from elsewhere: billed for October on invoice G0044.", "authority on this price")
	owner.get("/o/northwind-it/today").says(t, 200, "1 line</a> without a price, which findings hold, in cost only.", "lines?status=held", "1 line is priced by Autotask")
}

func TestRowsOfMicrosoftLeadBack(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ts.proven()
	owner.get("/o/northwind-it/sources?kind=billed-lines&partner=p&invoice=G0044&row=120").says(t, 200, "billed", "90.00", "azure%7C11%7C2026-10%7CEUR", "Run 1")
	owner.get("/o/northwind-it/sources?kind=billed-lines&partner=p&invoice=G0044&row=7").says(t, 200, "No plan has dealt with this row")
	owner.get("/o/northwind-it/runs/1").says(t, 200, "/runs/1?of=sources&amp;as=csv")
	owner.get("/o/northwind-it/runs/1?of=sources&as=csv").says(t, 200, "set,row,line,outcome,by,cost,currency,customer_id,customer,product,", ",120,", ",billed,azure|11|2026-10|EUR,90.00,EUR,")
	if xlsx := owner.get("/o/northwind-it/runs/1?of=sources&as=xlsx"); !strings.HasPrefix(xlsx.body, "PK") {
		t.Errorf("no XLSX: %.60q", xlsx.body)
	}
	owner.get("/o/northwind-it/sources?row=x").says(t, 200, "No plan has dealt with this row")
}

func TestAzureMonths(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	owner.get("/o/northwind-it/azure").says(t, 200, "No Azure usage yet")
	ts.proven()
	owner.get("/o/northwind-it/azure").says(t, 200, "October 2026", "final", "90.00", "112.50", "22.50", "20 %")
	owner.get("/o/northwind-it/azure/2026-10").says(t, 200, "invoiced at cost")
	owner.get("/o/northwind-it/azure/2026-10/alder").says(t, 200, "invoiced at cost")
	owner.get("/o/northwind-it/today").says(t, 200, "Cost, price and margin", "October 2026: charges only. No plan was made in the month")
	owner.get("/o/northwind-it/azure?as=csv").says(t, 200, "2026-10,1,1,EUR,90.00,90.00,112.50,22.50")
	owner.get("/o/northwind-it/azure/2026-10").says(t, 200, "Alder Dental", "112.50", "Approve the whole month", "1 customer waits")
	owner.get("/o/northwind-it/azure/2026-10?state=charged").says(t, 200, "No customer fits")
	owner.get("/o/northwind-it/azure/2026-10?as=csv").says(t, 200, "2026-10,alder,Alder Dental,final,1,1,0,EUR,90.00,90.00,112.50,22.50")
	owner.get("/o/northwind-it/azure/2026-07").says(t, 404, "nothing of Azure is known of July 2026")
	owner.get("/o/northwind-it/azure/soon").says(t, 404, "is no month")
	// What the price is made from is said wherever "cost plus" would mislead.
	settings, err := ts.Store.Settings(t.Context(), testOrg)
	ts.must(err)
	for _, page := range []string{"/o/northwind-it/azure/2026-10", "/o/northwind-it/prices"} {
		for _, settings.KeepEarnedCredit = range []bool{false, true} {
			ts.must(ts.Store.SaveSettings(t.Context(), testOrg, settings, "ann"))
			if a := owner.get(page); settings.KeepEarnedCredit {
				a.says(t, 200, "before Microsoft's partner earned credit")
			} else {
				a.says(t, 200).hides(t, "earned credit")
			}
		}
	}

	detail := "/o/northwind-it/azure/2026-10/alder"
	owner.get(detail).says(t, 200, "Alder Dental, October 2026", "Azure, October", "in run 1", "rg-prod", "rg-test", "Virtual Machines 0", "Virtual Machines 1", "1–2 of 2 meters")
	owner.get(detail+"?group=rg-prod&subscription=az1").says(t, 200, "Virtual Machines 0").hides(t, "Virtual Machines 1")
	owner.get(detail+"?as=csv").says(t, 200, "az1,Alder production,rg-prod,Virtual Machines 0,,,2026-10-01,2026-10-31,30,744,hours,60.00,EUR")
	owner.get("/o/northwind-it/azure/2026-10/nobody").says(t, 404)
}

// Who shares a contract may share its charge: nobody may read "not billed" of usage that a charge bills.
func TestAzureOfASharedCharge(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	ctx := t.Context()
	eur := func(n int64) money.Amount { return money.Of(money.Int(n), "EUR") }
	set := billing.UsageSet{ID: billing.SetID{Kind: billing.BilledUsage, PartnerID: "p", Invoice: "G1"}, Version: "1"}
	for _, c := range []billing.CustomerID{"alder", "birch"} {
		set.Groups = append(set.Groups, billing.UsageGroup{CustomerID: c, CustomerName: string(c), Cost: eur(5), Rows: 1, FirstDay: billing.NewDate(2026, 10, 1), LastDay: billing.NewDate(2026, 10, 31)})
	}
	_, err := ts.Store.SaveUsageSet(ctx, testOrg, set, "file")
	ts.must(err)
	owner.get("/o/northwind-it/azure/2026-10/birch").says(t, 200, "not billed").hides(t, "Charged as")
	run, err := ts.Store.CreateRun(ctx, testOrg, "ann", store.Scope{})
	ts.must(err)
	charge := billing.DesiredCharge{Key: "azure|10|2026-10|*|EUR", CustomerID: "alder", Customer: "Alder Dental", Contract: billing.Ref{ID: "10"}, Month: "2026-10", Name: "Azure", Quantity: money.Int(1),
		UnitPrice: eur(12), UnitCost: eur(10), Places: []billing.Place{{CustomerID: "alder"}, {CustomerID: "birch"}}}
	ts.must(ts.Store.SavePlan(ctx, testOrg, run.ID, plan.Plan{Day: billing.NewDate(2026, 11, 10), Fingerprint: "f", Complete: true}, billing.Desired{Charges: []billing.DesiredCharge{charge}}))
	owner.get("/o/northwind-it/azure/2026-10").says(t, 200, "2 final", "in a charge that counts for another customer", "12.00").hides(t, "1 not billed", "24.00")
	owner.get("/o/northwind-it/azure/2026-10/birch").says(t, 200, "final", "Charged as one charge per contract.", "Its money counts for Alder Dental, who shares the contract.").hides(t, "not billed", "keeps this month")
	owner.get("/o/northwind-it/azure/2026-10/alder").says(t, 200, "12.00").hides(t, "counts for")
}

func TestApproveAnAzureMonth(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	run := ts.proven()
	month := "/o/northwind-it/azure/2026-10"
	ts.member(account.Viewer).post(month+"/approve", "what", "all").says(t, 403)
	owner.follow(owner.post(month+"/approve", "what", "selected").redirects(t, month)).says(t, 200, "no customer is selected")
	owner.post(month+"/approve", "what", "selected", "customer", "alder").says(t, 200, "Approve Azure of October 2026?", "Run 1: 1 change for 1 customer, +112.50", `name="plan" value="1:f-1:1"`)
	owner.post(month+"/approve", "what", "all", "confirmed", "yes", "plan", "1:other:1").says(t, 409, "has changed since you looked", `value="1:f-1:1"`)
	ts.wantStates(run, "up:proposed az:proposed")
	done := owner.post(month+"/approve", "what", "all", "confirmed", "yes", "plan", "1:f-1:1").redirects(t, month)
	owner.follow(done).says(t, 200, "Approved 1 change.", "apply run 1", "approved").hides(t, "Approve the whole month")
	ts.wantStates(run, "up:proposed az:approved")
	owner.follow(owner.post(month+"/approve", "what", "all").redirects(t, month)).says(t, 200, "Nothing of this waits for approval any more.")
}
