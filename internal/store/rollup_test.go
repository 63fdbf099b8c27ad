package store_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// play is an organization in which anything may happen, step by step.
type play struct {
	world
	*rapid.T
	tb   testing.TB
	runs []store.RunID
	n    int // names things
}

func (p *play) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(p.T, label)
}

func (p *play) customer() billing.CustomerID {
	return billing.CustomerID(p.pick("customer", "c1", "c2", "c3", "Über GmbH"))
}

func (p *play) amount(label string) money.Amount {
	n := rapid.Int64Range(-100_000, 100_000).Draw(p.T, label)
	return money.Of(money.New(n, -3), money.Currency(p.pick("currency", "EUR", "USD")))
}

func (p *play) line() billing.DesiredLine {
	customer := p.customer()
	l := billing.DesiredLine{
		Key: fmt.Sprintf("%s|line %d", customer, rapid.IntRange(1, 3).Draw(p.T, "line")), CustomerID: customer, Customer: "Customer " + string(customer),
		Contract: billing.Ref{ID: p.pick("contract", "10", "11")}, Name: p.pick("name", "Premium", "Basic"),
		PeriodType: billing.PeriodType(p.pick("period", "monthly", "yearly")), Units: rapid.Int64Range(0, 9).Draw(p.T, "units"),
	}
	if rapid.Bool().Draw(p.T, "priced") {
		price := p.amount("price")
		l.UnitPrice = &price
	}
	if rapid.Bool().Draw(p.T, "costed") {
		cost := p.amount("cost")
		l.UnitCost = &cost
	}
	l.Shares = []billing.Share{{SubscriptionID: billing.SubscriptionID(p.pick("share", "s1", "s2", "s3")), Units: l.Units}}
	return l
}

func (p *play) charge() billing.DesiredCharge {
	customer := p.customer()
	month := billing.Month(p.pick("month", "2026-08", "2026-09"))
	kind := p.pick("charge kind", "azure", "line")
	return billing.DesiredCharge{
		Key: fmt.Sprintf("%s|10|%s|%s|EUR", kind, month, customer), CustomerID: customer, Customer: "Customer " + string(customer),
		Contract: billing.Ref{ID: "10"}, Month: month, Name: "Azure", Quantity: money.Int(1),
		// Few prices: most plans say of a charge what the plan before said.
		UnitPrice: money.Of(money.New(rapid.Int64Range(998, 1001).Draw(p.T, "price"), -2), "EUR"), UnitCost: money.Of(money.New(7, 0), "EUR"),
		Places: []billing.Place{{CustomerID: customer}, {CustomerID: p.customer()}}, // who shares the contract may share the charge
	}
}

// plan saves a plan of anything.
func (p *play) plan() {
	var scope store.Scope
	if rapid.IntRange(0, 3).Draw(p.T, "scoped") == 0 {
		scope.Customers = []billing.CustomerID{p.customer()}
	}
	run, err := p.CreateRun(p.Context(), p.org, "tester", scope)
	p.must(err)
	covered := func(c billing.CustomerID) bool {
		return len(scope.Customers) == 0 || slices.Contains(scope.Customers, c)
	}
	made := plan.Plan{Day: billing.NewDate(2026, 9, 1+p.n%60), Fingerprint: fingerprint(run.ID), Complete: rapid.Bool().Draw(p.T, "complete")}
	desired := billing.Desired{Day: made.Day}
	seen := map[string]bool{}
	for range rapid.IntRange(0, 6).Draw(p.T, "lines") {
		l := p.line()
		if seen[l.Key] || !covered(l.CustomerID) {
			continue
		}
		seen[l.Key] = true
		desired.Lines = append(desired.Lines, l)
		if rapid.Bool().Draw(p.T, "changed") {
			made.Changes = append(made.Changes, p.change(plan.Change{
				Kind: plan.ChangeKind(p.pick("kind", "increase", "decrease", "reprice")), CustomerID: l.CustomerID, Customer: l.Customer, Contract: l.Contract,
				LineKey: l.Key, What: l.Name, Recurring: p.amount("recurring"), PerPeriod: l.PeriodType, Proration: p.amount("proration"),
			}))
		}
	}
	for range rapid.IntRange(0, 4).Draw(p.T, "charges") {
		c := p.charge()
		if seen[c.Key] || !covered(c.CustomerID) {
			continue
		}
		seen[c.Key] = true
		desired.Charges = append(desired.Charges, c)
		if rapid.Bool().Draw(p.T, "changed") {
			made.Changes = append(made.Changes, p.change(plan.Change{
				Kind: plan.ChangeKind(p.pick("kind", "charge", "correct-charge")), CustomerID: c.CustomerID, Customer: c.Customer, Contract: c.Contract,
				ChargeKey: c.Key, What: c.Name, OneOff: c.UnitPrice,
			}))
		}
	}
	for range rapid.IntRange(0, 3).Draw(p.T, "findings") {
		made.Findings = append(made.Findings, billing.Finding{
			Kind: billing.FindingNoCost, Subject: p.pick("subject", "a", "b", "c"), CustomerID: p.customer(), Message: p.pick("message", "x", "y"),
			Money: p.amount("at stake"),
		})
	}
	desired.Dispositions = p.dispositions(desired, len(scope.Customers) == 0)
	p.must(p.SavePlan(p.Context(), p.org, run.ID, made, desired))
	p.runs = append(p.runs, run.ID)
}

// documents have three rows each in every game.
func documents() []billing.SetID {
	return []billing.SetID{{Kind: billing.BilledLines, PartnerID: "p", Invoice: "G1"}, {Kind: billing.BilledLines, PartnerID: "p", Invoice: "G2"}}
}

// dispositions say what became of the rows of some documents: of all rows when the plan looked at every customer (law 6).
func (p *play) dispositions(desired billing.Desired, whole bool) []billing.Disposition {
	var all []billing.Disposition
	for _, document := range documents() {
		if !rapid.Bool().Draw(p.T, "document") {
			continue
		}
		for row := 1; row <= 3; row++ {
			if !whole && rapid.Bool().Draw(p.T, "not in scope") {
				continue
			}
			d := billing.Disposition{Set: document, Row: row, LineKey: fmt.Sprint("row ", row), Outcome: billing.HeldBack, By: "no-route/x", Cost: p.amount("row")}
			if n := len(desired.Lines); n > 0 && rapid.Bool().Draw(p.T, "billed") {
				d.Outcome, d.By = billing.Billed, desired.Lines[row%n].Key
			}
			all = append(all, d)
		}
	}
	return all
}

func (p *play) change(c plan.Change) plan.Change {
	p.n++
	c.ID = fmt.Sprintf("change-%d", p.n)
	if rapid.IntRange(0, 2).Draw(p.T, "held") == 0 {
		c.Holds = []billing.Hold{{Policy: "hold-over"}}
	}
	return c
}

func (p *play) must(err error) {
	if err != nil {
		p.Fatal(err)
	}
}

// move takes any legal step of any change.
func (p *play) move() {
	if len(p.runs) == 0 {
		return
	}
	run := rapid.SampledFrom(p.runs).Draw(p.T, "run")
	_, states, err := p.Plan(p.Context(), p.org, run)
	p.must(err)
	if len(states) == 0 {
		return
	}
	c := rapid.SampledFrom(states).Draw(p.T, "change")
	id := c.Change.ID
	outcome := store.ChangeStateKind(p.pick("outcome", "applied", "refused", "stale", "unknown", "approved"))
	named := store.Approval{ChangeIDs: []string{id}, Fingerprint: fingerprint(run), By: "ann"}
	switch c.State {
	case store.ChangeProposed:
		if rapid.Bool().Draw(p.T, "all") {
			named.ChangeIDs = nil
		}
		if rapid.IntRange(0, 3).Draw(p.T, "reject") == 0 {
			_, err = p.Reject(p.Context(), p.org, run, named)
		} else {
			_, err = p.Approve(p.Context(), p.org, run, named)
		}
	case store.ChangeApproved:
		if rapid.IntRange(0, 3).Draw(p.T, "skip") == 0 {
			err = p.SkipChange(p.Context(), p.org, run, id, store.Outcome{State: store.ChangeSkipped})
		} else {
			_, err = p.BeginSend(p.Context(), p.org, run, id, "{}")
		}
	case store.ChangeSending, store.ChangeUnknown:
		o := store.Outcome{State: outcome}
		if outcome == store.ChangeApplied && c.Change.ChargeKey != "" {
			o.Memory.Charge = &plan.Charged{Key: c.Change.ChargeKey, ID: billing.ChargeID("7" + id)}
			if c.Change.Kind == plan.RemoveCharge {
				o.Memory.Charge.ID = ""
			}
		}
		err = p.FinishSend(p.Context(), p.org, run, id, o)
	}
	p.must(err)
}

// retain ends what runs are over, and removes the papers of those that nothing needs.
func (p *play) retain() {
	for _, run := range p.runs {
		_, states, err := p.Plan(p.Context(), p.org, run)
		p.must(err)
		open := slices.ContainsFunc(states, func(c store.ChangeState) bool {
			return slices.Contains([]store.ChangeStateKind{store.ChangeProposed, store.ChangeApproved, store.ChangeSending, store.ChangeUnknown}, c.State)
		})
		r, err := p.Run(p.Context(), p.org, run)
		p.must(err)
		if !open && (r.State == store.RunPlanned || r.State == store.RunApproved) {
			p.must(p.SetRunState(p.Context(), p.org, run, store.RunVerified, ""))
		}
	}
	before := p.proofs()
	defer func() {
		if after := p.proofs(); !slices.Equal(before, after) {
			p.Fatalf("proofs are lost:\n%s\nnow\n%s", missingIn(before, after), missingIn(after, before))
		}
		p.must(p.VerifyAudit(p.Context(), p.org))
	}()
	for {
		cut := store.RetentionCut{Versions: farAway, Papers: farAway}
		gone, err := p.Remove(p.Context(), p.org, cut, billing.NewDate(2026, 9, 1), "ann")
		p.must(err)
		if gone.Nothing() {
			return
		}
	}
}

// proofs are the ways from every line and charge to the rows behind it, and from every row to what bills it.
func (p *play) proofs() []string {
	var all []string
	for _, customer := range []string{"c1", "c2", "c3", "Über GmbH"} {
		keys := []string{"azure|10|2026-08|", "azure|10|2026-09|", "line|10|2026-08|", "line|10|2026-09|"}
		for i := range keys {
			keys[i] += customer + "|EUR"
		}
		for n := range 3 {
			keys = append(keys, fmt.Sprintf("%s|line %d", customer, n+1))
		}
		for _, key := range keys {
			proof, err := p.LineProof(p.Context(), p.org, key, store.Page{})
			if !fault.Is(err, fault.KindNotFound) {
				p.must(err)
				text, err := json.Marshal(proof)
				p.must(err)
				all = append(all, string(text))
			}
		}
	}
	for _, document := range documents() {
		for row := 1; row <= 3; row++ {
			uses, err := p.SourceUses(p.Context(), p.org, document, row)
			p.must(err)
			all = append(all, fmt.Sprintf("%s row %d: %+v", document, row, uses))
		}
	}
	return all
}

// decide changes what is listed, mapped or switched.
func (p *play) decide() {
	ctx, customer := p.Context(), p.customer()
	switch rapid.IntRange(0, 5).Draw(p.T, "decision") {
	case 0:
		p.must(p.MapCustomer(ctx, p.org, billing.CompanyMapping{CustomerID: customer, CompanyID: "9", CompanyName: "Company"}, "ann"))
	case 1:
		p.must(p.SetSwitch(ctx, p.org, billing.BillingSwitch{
			CustomerID: customer, SubscriptionID: billing.SubscriptionID(p.pick("switched", "", "s1")), On: rapid.Bool().Draw(p.T, "on"),
		}, "ann"))
	case 2:
		p.must(p.SaveRoute(ctx, p.org, billing.Route{CustomerID: customer, Managed: true}, "ann"))
	case 3:
		var d billing.Directory
		for i, id := range []billing.CustomerID{"c1", "c2", "Über GmbH"} {
			if rapid.Bool().Draw(p.T, "listed") {
				d.Customers = append(d.Customers, billing.Customer{ID: id, Name: "Name of " + string(id), Domain: "example.com"})
				d.Subscriptions = append(d.Subscriptions, billing.Subscription{ID: billing.SubscriptionID(fmt.Sprintf("s%d", i)), CustomerID: id})
			}
		}
		p.must(p.SaveDirectory(ctx, p.org, p.pick("source", "one", "two"), d))
	case 4:
		all, err := p.Findings(ctx, p.org, store.FindingFilter{})
		p.must(err)
		if len(all.Rows) > 0 {
			f := rapid.SampledFrom(all.Rows).Draw(p.T, "finding")
			p.must(p.DecideFinding(ctx, p.org, f.ID(), store.FindingDecision{State: store.FindingDone, Version: f.Version}, "ann"))
		}
	case 5:
		p.usage()
	}
}

func (p *play) usage() {
	p.n++
	set := billing.UsageSet{ID: billing.SetID{Kind: billing.SetKind(p.pick("usage", "billed-usage", "unbilled-usage")), PartnerID: "p"}, Version: fmt.Sprint(p.n)}
	if set.ID.Kind == billing.BilledUsage {
		set.ID.Invoice = p.pick("invoice", "G1", "G2")
	} else {
		set.ID.Month, set.ID.Currency = "2026-09", "EUR"
	}
	for range rapid.IntRange(0, 3).Draw(p.T, "groups") {
		p.n++
		set.Groups = append(set.Groups, billing.UsageGroup{
			CustomerID: p.customer(), ResourceGroup: p.pick("group", "rg1", "rg2"), Cost: p.amount("usage"), Rows: 1, MeterCategory: fmt.Sprint(p.n),
			FirstDay: billing.NewDate(2026, 8, 1), LastDay: billing.NewDate(2026, 8, 31),
		})
	}
	_, err := p.SaveUsageSet(p.Context(), p.org, set, "file")
	p.must(err)
}

// TestRollUpsAreTheSumsOverChanges plays plans, decisions and sends in any order. At every moment the counts and sums that lists show are
// those of the changes themselves, and working everything out again from nothing gives the same rows.
func TestRollUpsAreTheSumsOverChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		games := 0
		rapid.Check(t, func(r *rapid.T) {
			games++
			org, err := s.CreateOrganization(t.Context(), fmt.Sprintf("Game %d", games), "tester")
			if err != nil {
				r.Fatal(err)
			}
			p := &play{world: world{s, org.ID}, T: r, tb: t}
			p.must(s.SetTargetEnabled(t.Context(), org.ID, true, "ann"))
			// Known before the first plan: from nothing, nobody can tell whether a plan or the customer came first.
			p.must(s.SaveDirectory(t.Context(), org.ID, "one", billing.Directory{Customers: []billing.Customer{{ID: "c1"}, {ID: "c2"}, {ID: "Über GmbH"}}}))
			for range rapid.IntRange(1, 12).Draw(r, "steps") {
				rapid.SampledFrom([]func(){p.plan, p.move, p.move, p.move, p.decide, p.decide, p.retain}).Draw(r, "step")()
			}
			p.checkSums()
			before := p.derived()
			p.must(store.Rebuild(t.Context(), s, org.ID))
			if after := p.derived(); !slices.Equal(before, after) {
				r.Fatalf("working it out again gives something else:\nkept   %s\nworked %s", missingIn(before, after), missingIn(after, before))
			}
			before = append(before, dumpRows(t, s, "plan_change", "SELECT * FROM plan_change WHERE organization_id = $1", string(p.org))...)
			p.must(store.ForgetTexts(t.Context(), s, org.ID))
			p.must(store.AddTexts(t.Context(), s, org.ID))
			p.must(store.ForgetGuests(t.Context(), s, org.ID))
			p.must(store.AddGuests(t.Context(), s, org.ID))
			after := append(p.derived(), dumpRows(t, s, "plan_change", "SELECT * FROM plan_change WHERE organization_id = $1", string(p.org))...)
			if !slices.Equal(before, after) {
				r.Fatalf("adding the texts and guests gives something else:\nkept   %s\nworked %s", missingIn(before, after), missingIn(after, before))
			}
		})
	})
}

func missingIn(all, other []string) string {
	var missing []string
	for _, line := range all {
		if !slices.Contains(other, line) {
			missing = append(missing, line)
		}
	}
	return strings.Join(missing, "\n       ")
}

// TestChargesOfPlansWithoutPapers: where a charge stands is worked out anew also from the change of a plan whose desired state retention has removed, while
// a later plan that wants the charge says nothing new of it.
func TestChargesOfPlansWithoutPapers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p := &play{world: world{s, organization(t, s, "Northwind IT")}, tb: t}
		must(t, s.SaveDirectory(ctx, p.org, "one", billing.Directory{Customers: []billing.Customer{{ID: "c1"}}}))
		one := money.Of(money.Int(1), "EUR")
		charge := billing.DesiredCharge{Key: "line|10|2026-08|c1|EUR", CustomerID: "c1", Customer: "Customer", Contract: billing.Ref{ID: "10"}, Month: "2026-08", Name: "Azure",
			Quantity: money.Int(1), UnitPrice: one, UnitCost: one}
		save := func(changes ...plan.Change) {
			run, err := s.CreateRun(ctx, p.org, "tester", store.Scope{})
			must(t, err)
			must(t, s.SavePlan(ctx, p.org, run.ID, plan.Plan{Day: billing.NewDate(2026, 9, 1), Changes: changes, Fingerprint: fingerprint(run.ID), Complete: true},
				billing.Desired{Day: billing.NewDate(2026, 9, 1), Charges: []billing.DesiredCharge{charge}}))
		}
		save(plan.Change{ID: "makes", Kind: plan.CreateCharge, CustomerID: "c1", Customer: "Customer", Contract: charge.Contract, ChargeKey: charge.Key, OneOff: one})
		save() // leaves the change of the first plan behind, and wants the charge all the same
		gone, err := s.Remove(ctx, p.org, store.RetentionCut{Versions: farAway, Papers: farAway}, billing.NewDate(2026, 9, 1), "ann")
		must(t, err)
		if gone.Nothing() {
			t.Fatal("no papers were removed: the test would prove nothing")
		}
		before := p.derived()
		must(t, store.Rebuild(ctx, s, p.org))
		if after := p.derived(); !slices.Equal(before, after) {
			t.Errorf("kept   %s\nworked %s", missingIn(before, after), missingIn(after, before))
		}
	})
}

// derived gives the rows of the tables that are worked out, without the column that only says whether a row must be written again.
func (p *play) derived() []string {
	var lines []string
	for _, table := range store.DerivedTables() {
		for _, line := range dumpRows(p.tb, p.Store, table, "SELECT * FROM "+table+" WHERE organization_id = $1", string(p.org)) {
			before, after, found := strings.Cut(line, " digest=")
			if _, rest, more := strings.Cut(after, " "); found && more {
				line = before + " " + rest
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// checkSums adds up every plan by hand.
func (p *play) checkSums() {
	for _, run := range p.runs {
		_, states, err := p.Plan(p.Context(), p.org, run)
		p.must(err)
		total, groups := store.PlanCounts{}, map[store.PlanGroupKey]*store.PlanCounts{}
		for _, c := range states {
			key := store.PlanGroupKey{Customer: c.Change.CustomerID, Contract: c.Change.Contract.String()}
			if groups[key] == nil {
				groups[key] = &store.PlanCounts{}
			}
			count(&total, c)
			count(groups[key], c)
		}
		row, err := p.RunSummary(p.Context(), p.org, run)
		p.must(err)
		sameCounts(p, "run "+string(run), row.PlanCounts, total)
		listed, err := p.PlanGroups(p.Context(), p.org, run, store.PlanGroupFilter{})
		p.must(err)
		if listed.Total != len(groups) || len(listed.Rows) != len(groups) {
			p.Fatalf("run %s has %d groups, %d are listed", run, len(groups), listed.Total)
		}
		for _, g := range listed.Rows {
			sameCounts(p, fmt.Sprint(g.PlanGroupKey), g.PlanCounts, *groups[g.PlanGroupKey])
		}
	}
}

func count(to *store.PlanCounts, c store.ChangeState) {
	if to.Kinds == nil {
		to.Kinds, to.States = map[plan.ChangeKind]int{}, map[store.ChangeStateKind]int{}
	}
	to.Changes++
	to.Kinds[c.Change.Kind]++
	to.States[c.State]++
	if c.Change.Held() {
		to.Held++
		if c.State == store.ChangeProposed {
			to.HeldOpen++
		}
	}
	to.Effect.OneOff.Add(c.Change.OneOff)
	to.Effect.Proration.Add(c.Change.Proration)
	for i := range to.Effect.Recurring {
		if to.Effect.Recurring[i].Period == c.Change.PerPeriod {
			to.Effect.Recurring[i].Money.Add(c.Change.Recurring)
			return
		}
	}
	e := store.PeriodEffect{Period: c.Change.PerPeriod}
	e.Money.Add(c.Change.Recurring)
	to.Effect.Recurring = append(to.Effect.Recurring, e)
}

func sameCounts(t *play, what string, got, want store.PlanCounts) {
	if got.Changes != want.Changes || got.Held != want.Held || got.HeldOpen != want.HeldOpen || !maps.Equal(got.Kinds, want.Kinds) ||
		!maps.Equal(got.States, want.States) {
		t.Fatalf("%s: got %+v, want %+v", what, got, want)
	}
	if !got.Effect.OneOff.Equal(want.Effect.OneOff) || !got.Effect.Proration.Equal(want.Effect.Proration) {
		t.Fatalf("%s: got %s and %s, want %s and %s", what, got.Effect.OneOff, got.Effect.Proration, want.Effect.OneOff, want.Effect.Proration)
	}
	perPeriod := func(c store.PlanCounts, p billing.PeriodType) money.Totals {
		for _, e := range c.Effect.Recurring {
			if e.Period == p {
				return e.Money
			}
		}
		return money.Totals{}
	}
	for _, p := range []billing.PeriodType{billing.PeriodMonth, billing.PeriodYear} {
		if a, b := perPeriod(got, p), perPeriod(want, p); !a.Equal(b) {
			t.Fatalf("%s, %s: got %s, want %s", what, p, a, b)
		}
	}
}
