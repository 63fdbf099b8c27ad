package gallery

import (
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func sampleLine() store.LineRow {
	return store.LineRow{DesiredLine: billing.DesiredLine{Key: "1201|77|CFQ7TTC0LCHC:0002:P1Y:monthly", Mark: "spindle:9f86d081884c7d65",
		CustomerID: "cust-c0", Customer: "Alder Ridge Dental Group", Contract: billing.Ref{ID: "1201"}, Service: billing.Ref{ID: "77"},
		Name: "Microsoft 365 Business Premium, P1Y monthly", PeriodType: billing.PeriodMonth, Units: 45, UnitPrice: eurs(2244), UnitCost: eurs(1870),
		Since: billing.NewDate(2026, 3, 12), PriceRule: "organization-service-markup", CostBasis: "invoice G004411220, row 118",
		Shares: []billing.Share{{SubscriptionID: "3f1c8a52-0c2e-4d0e-9a55-7d5d5f8b1a01", Units: 40}, {SubscriptionID: "b2d4c6e8-1111-4222-8333-944455556666", Units: 5}}},
		ContractName: "Alder Ridge – Microsoft CSP", ServiceName: "M365 Business Premium (annual, monthly)", LineID: "8231", Authority: billing.SpindlePrices,
		Period:  store.Figures{Cost: sums(eur(84150)), Price: sums(eur(100980)), Margin: sums(eur(16830))},
		Monthly: store.Figures{Cost: sums(eur(84150)), Price: sums(eur(100980)), Margin: sums(eur(16830))}, Status: store.LineInStep, Run: "17"}
}

func linePages() []Page {
	full := view.LinesPage{Shell: runShell("lines", "Lines"), Any: true, List: listOf("/o/northwind/lines", 1288, "sort", "customer")}
	statuses := []store.LineStatus{store.LineInStep, store.LineWaiting, store.LineHeld, store.LineSending, store.LineRejected, store.LineFailed, store.LineEnded}
	for i, s := range statuses {
		r := sampleLine()
		r.Status, r.Key = s, fmt.Sprintf("%s-%d", r.Key, i)
		if i == 3 {
			r.UnitPrice, r.Authority, r.Period.Price, r.Monthly.Price, r.Monthly.Margin = nil, billing.AutotaskPrices, money.Totals{}, money.Totals{}, money.Totals{}
		}
		full.Rows = append(full.Rows, r)
	}
	long := full
	long.Rows = nil
	for _, r := range full.Rows[:2] {
		r.Customer, r.Name, r.ContractName = longName, r.Name+" – "+longName, longName
		long.Rows = append(long.Rows, r)
	}
	return []Page{
		{"lines", "full", view.Lines(full)},
		{"lines", "long texts", view.Lines(long)},
		{"lines", "empty", view.Lines(view.LinesPage{Shell: runShell("lines", "Lines"), List: listOf("/o/northwind/lines", 0)})},
		{"lines", "nothing fits", view.Lines(view.LinesPage{Shell: runShell("lines", "Lines"), Any: true, Chosen: "lines of one customer", List: listOf("/o/northwind/lines", 0, "q", "zzz")})},
		{"proof", "line", view.Proof(lineProof())},
		{"proof", "charge", view.Proof(chargeProof())},
		{"find", "several", view.Found(view.FoundPage{Shell: runShell("lines", "Find"), Query: "8231", Found: []view.FoundLine{
			{Key: "k1", Name: "Microsoft 365 Business Premium", Customer: "Alder Ridge Dental Group", Kind: "recurring line"},
			{Key: "k2", Name: "Azure usage, September 2026", Customer: "Birch & Vale Solicitors", Kind: "charge"}}})},
		{"find", "nothing", view.Found(view.FoundPage{Shell: runShell("lines", "Find"), Query: "1"})},
		{"source", "billed", view.Source(view.SourcePage{Shell: runShell("lines", "Row 118"), Row: 118, Set: billing.SetID{Kind: billing.BilledLines, Invoice: "G004411220"},
			Uses: []store.SourceUse{{Disposition: billing.Disposition{Outcome: billing.Billed, Cost: eur(74800)}, Run: "17", Key: "k1"}}})},
		{"source", "unknown", view.Source(view.SourcePage{Shell: runShell("lines", "Row 7"), Row: 7, Set: billing.SetID{Kind: billing.BilledLines, Invoice: "G004411220"}})},
	}
}

func sampleSource(row int, units, cost int64, kind string) store.ProofSource {
	set := billing.SetID{Kind: billing.BilledLines, PartnerID: "p", Invoice: "G004411220"}
	return store.ProofSource{Disposition: billing.Disposition{Set: set, Row: row, Outcome: billing.Billed, Cost: eur(cost)},
		Item: &billing.LineItem{Row: row, SKUName: "Microsoft 365 Business Premium", KindText: kind, Quantity: money.Int(units), BillableQuantity: money.Int(units),
			EffectiveUnitCost: money.New(1870, -2), PricingCurrency: "EUR", Cost: eur(cost),
			Charged: billing.Period{Start: billing.NewDate(2026, 9, 12), End: billing.NewDate(2026, 10, 12)}}}
}

func lineProof() view.ProofPage {
	line := sampleLine()
	change := appliedProof()
	p := view.ProofPage{Shell: runShell("lines", line.Name), List: listOf("/o/northwind/lines/k1", 2),
		Rules: []billing.PriceRule{{ID: "organization-service-markup", Kind: billing.MarkupRule, Value: money.Int(20)}},
		Runs:  map[store.RunID]store.Run{"17": sampleRun("17", store.RunVerified).Run}}
	p.Proof = store.LineProof{Key: line.Key, Line: &line, Run: "17", Day: billing.NewDate(2026, 10, 3), RuleIDs: []string{"organization-service-markup"},
		Sources: store.Listed[store.ProofSource]{Rows: []store.ProofSource{sampleSource(118, 40, 74800, "cycleCharge"), sampleSource(119, 5, 9350, "addQuantity")}, Total: 2},
		Cost:    sums(eur(84150)), Changes: []store.ChangeProof{change},
		Memory: &plan.Applied{LineKey: line.Key, LineID: "8231", ContractID: "1201", ServiceID: "77", Units: 45, UnitPrice: eurs(2244), From: billing.NewDate(2026, 10, 1)}}
	return p
}

func chargeProof() view.ProofPage {
	charge := billing.DesiredCharge{Key: "azure|1201|2026-09|EUR", Mark: "SPN-9f86d081884c7d65", CustomerID: "cust-birch", Customer: "Birch & Vale Solicitors",
		Contract: billing.Ref{ID: "1201"}, Month: "2026-09", Name: "Azure usage", Description: "Microsoft Azure consumption, September 2026",
		Notes: "Virtual Machines 212.40 EUR\nStorage 88.12 EUR\nBandwidth 43.55 EUR\n+ 20 % = 412.88 EUR", Date: billing.NewDate(2026, 10, 1),
		Quantity: money.Int(1), UnitPrice: eur(41288), UnitCost: eur(34407), PriceRule: "organization-product-markup"}
	c := chargeChange("c06", "Birch & Vale Solicitors", "Azure usage, September 2026", 41288)
	src := store.ProofSource{Disposition: billing.Disposition{Set: billing.SetID{Kind: billing.BilledUsage, Invoice: "G004411220"}, Cost: eur(21240)},
		Usage: &billing.UsageGroup{MeterCategory: "Virtual Machines", ResourceGroup: "rg-prod", AzureSubscriptionName: "Birch production", Quantity: money.Int(744), Unit: "hours",
			Charged: billing.Period{Start: billing.NewDate(2026, 9, 1), End: billing.NewDate(2026, 10, 1)}}}
	p := view.ProofPage{Shell: runShell("lines", charge.Name), List: listOf("/o/northwind/lines/k2", 1),
		Rules: []billing.PriceRule{{ID: "organization-product-markup", Kind: billing.MarkupRule, Value: money.Int(20)}}}
	p.Proof = store.LineProof{Key: charge.Key, Charge: &charge, Run: "17", Day: billing.NewDate(2026, 10, 3), RuleIDs: []string{"organization-product-markup", "rule-7"},
		Sources: store.Listed[store.ProofSource]{Rows: []store.ProofSource{src, {Disposition: billing.Disposition{Set: src.Set, Row: 44, Cost: eur(13167)}}}, Total: 2},
		Cost:    sums(eur(34407)), Changes: []store.ChangeProof{{ChangeState: c}}}
	return p
}
