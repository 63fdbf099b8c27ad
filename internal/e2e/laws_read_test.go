package e2e

import (
	"slices"
	"testing"

	"spindle/internal/engine"
	"spindle/internal/plan"
	simautotask "spindle/internal/sim/autotask"
	simmicrosoft "spindle/internal/sim/microsoft"
	"spindle/internal/sim/scenario"
)

// Law 2: an incomplete read never leads to a decrease, an end or a deletion. The organization is in step; then Microsoft takes seats away
// and a subscription, a customer has nothing left in the list, and one read goes wrong. Without the fault the plan reduces, which each case
// proves at its end: so the case fails when the gap is overlooked.

// reduced is a stage where a complete read leads to reductions of the first customer and to nothing else.
func reduced(t *testing.T) *stage {
	s := newStage(t, laterWorld(t), options{}).setUp()
	s.twinPrice()
	s.month(true)
	subs := s.world.Customers[0].Subscriptions
	check(t, s.microsoft.SetQuantity(subs[0].ID, firstDay(), 1))
	check(t, s.microsoft.Cancel(subs[1].ID, firstDay()))
	return s
}

func TestIncompleteReadOfMicrosoftReducesNothing(t *testing.T) {
	t.Parallel()
	firstTenant := laterWorld(t).Customers[0].TenantID
	for name, f := range map[string]simmicrosoft.Fault{
		"customers refused":           {Kind: "500", Path: "/v1/customers"},
		"customers dropped":           {Kind: "dropBody", Path: "/v1/customers"},
		"customers cut":               {Kind: "truncate", Path: "/v1/customers"},
		"subscriptions refused":       {Kind: "500", Path: "/v1/customers/*/subscriptions"},
		"subscriptions refused, JSON": {Kind: "500json", Path: "/v1/customers/*/subscriptions"},
		"subscriptions dropped":       {Kind: "dropBody", Path: "/v1/customers/*/subscriptions"},
		"subscriptions cut":           {Kind: "truncate", Path: "/v1/customers/*/subscriptions"},
		"subscriptions throttled":     {Kind: "429", Path: "/v1/customers/*/subscriptions", RetryAfter: "3600"},
		// The others are read well: the plan is made, with a gap.
		"one customer's subscriptions refused": {Kind: "500", Path: "/v1/customers/" + firstTenant + "/subscriptions"},
		"one customer's subscriptions cut":     {Kind: "truncate", Path: "/v1/customers/" + firstTenant + "/subscriptions"},
		"sign-in refused":                      {Kind: "401", Path: "/v1/**"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := reduced(t)
			must(s.microsoft.AddFault(f))(t)
			s.wantNoReduction()
			s.microsoft.ClearFaults()
			s.wantReduction()
		})
	}
}

// Customers come in pages. The second half of the chain is lost after the first half was read well.
func TestHalfAPageChainReducesNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"500", "truncate"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, crowd(t), options{}).setUp()
			s.twinPrice()
			s.month(true)
			s.microsoft.ClearRequests()
			s.plan(true)
			if !slices.ContainsFunc(s.microsoft.Requests(), func(r simmicrosoft.Request) bool {
				return r.Path == "/v1/customers" && slices.Contains([]string{"Next"}, queryValue(r.Query, "seekOperation"))
			}) {
				t.Fatal("the list of customers has one page only: the test shows nothing")
			}
			must(s.microsoft.AddFault(simmicrosoft.Fault{Kind: kind, Path: "/v1/customers", Query: "seekOperation=Next", RetryAfter: "3600"}))(t)
			s.wantNoReduction()
		})
	}
}

// crowd is the tiny world among so many customers without subscriptions that the list has several pages.
func crowd(t testing.TB) scenario.Scenario {
	w := tinyWorld(t)
	large := must(scenario.Named("large", firstDay()))(t)
	for _, c := range large.Customers[600:1000] {
		c.Subscriptions, c.Contracts = nil, nil
		w.Customers = append(w.Customers, c)
	}
	for _, c := range large.Customers[100:300] {
		c.Subscriptions, c.Contracts = nil, nil
		w.Customers = append(w.Customers, c)
	}
	return w
}

func TestIncompleteReadOfAutotaskReducesNothing(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]simautotask.Fault{
		"contracts":            {Entity: "Contracts", Kind: simautotask.FaultStatus, Body: simautotask.BodyHTML},
		"contract services":    {Entity: "ContractServices", Kind: simautotask.FaultStatus, Body: simautotask.BodyHTML},
		"units":                {Entity: "ContractServiceUnits", Kind: simautotask.FaultStatus, Body: simautotask.BodyHTML},
		"units, JSON":          {Entity: "ContractServiceUnits", Kind: simautotask.FaultStatus, Body: simautotask.BodyJSON},
		"units dropped":        {Entity: "ContractServiceUnits", Kind: simautotask.FaultDrop},
		"services":             {Entity: "Services", Kind: simautotask.FaultStatus, Body: simautotask.BodyHTML},
		"charges":              {Entity: "ContractCharges", Kind: simautotask.FaultStatus, Body: simautotask.BodyHTML},
		"everything throttled": {Kind: simautotask.FaultThrottle, RetryAfter: "3600"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := reduced(t)
			must(s.autotask.InjectFault(f))(t)
			s.wantNoReduction()
			s.autotask.ClearFaults()
			s.wantReduction()
		})
	}
}

// A customer that is no longer in a list that was read whole may have left: a person decides.
func TestACustomerWhoLeftIsHeld(t *testing.T) {
	t.Parallel()
	s := newStage(t, laterWorld(t), options{}).setUp()
	s.twinPrice()
	s.month(true)
	check(t, s.microsoft.RemoveCustomer(s.world.Customers[0].TenantID))
	p := s.plan(true)
	if len(p.Plan.Changes)+len(p.Plan.Findings) == 0 {
		t.Error("a customer left and nothing says so")
	}
	for _, c := range p.Plan.Changes {
		if c.Kind.IsReduction() && !c.Held() {
			t.Errorf("a customer left the list and is reduced without a person: %s", kinds([]plan.Change{c}))
		}
	}
}

// wantNoReduction plans, and applies what can be planned: nothing is taken away in Autotask.
func (s *stage) wantNoReduction() {
	s.t.Helper()
	s.gate.sent()
	p, err := s.app.Engine.Plan(s.t.Context(), s.org, engine.PlanOptions{}, clerk)
	if err != nil {
		s.t.Logf("no plan: %v", err)
		s.wantNoWrites()
		return
	}
	for _, c := range p.Plan.Changes {
		if c.Kind.IsReduction() || c.Adjust != nil && c.Adjust.UnitChange < 0 {
			s.t.Errorf("a reduction after an incomplete read: %s", kinds([]plan.Change{c}))
		}
	}
	if p.Plan.Complete {
		s.t.Errorf("the plan says that both sides were read whole; gaps: %v", p.Collected.Gaps)
	}
}

// wantReduction proves that the reductions were only waiting for a complete read.
func (s *stage) wantReduction() {
	s.t.Helper()
	p := s.plan(true)
	if !slices.ContainsFunc(p.Plan.Changes, func(c plan.Change) bool { return c.Kind.IsReduction() }) {
		s.t.Errorf("a complete read does not reduce either: %s", kinds(p.Plan.Changes))
	}
	s.month(true)
	s.wantQuiet(true)
}
