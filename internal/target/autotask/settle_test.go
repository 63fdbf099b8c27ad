package autotask_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/secret"
	sim "spindle/internal/sim/autotask"
	"spindle/internal/target"
	"spindle/internal/target/autotask"
	"spindle/internal/target/targettest"
)

func jsonID(id string) json.Number { return json.Number(id) }

func secretOf(text string) secret.String { return secret.New(text) }

const contractMark = "SPN-00112233445566aa"

func (n *tenant) anyContract(company billing.CompanyID) plan.Change {
	return plan.Change{ID: "c1", Kind: plan.CreateContract, NewContract: &billing.DesiredContract{Mark: contractMark, CompanyID: company, Name: "Cloud",
		PeriodType: billing.PeriodMonth, Start: billing.NewDate(2026, 1, 1), End: billing.NewDate(2027, 12, 31)}}
}

func (n *tenant) anyService(s targettest.System) plan.Change {
	return plan.Change{ID: "s1", Kind: plan.CreateService, NewService: &billing.DesiredService{Mark: "spindle:CFQ7TTC0LS7V:0001:P1Y:monthly", Name: "Exchange",
		PeriodType: billing.PeriodMonth, BillingCodeID: s.ServiceCode, UnitPrice: money.Of(money.Int(5), s.Internal), UnitCost: money.Of(money.Int(4), s.Internal)}}
}

// line puts a line with units on a new contract and gives its id.
func (n *tenant) line(s targettest.System, units int64) (contract, line string) {
	n.Helper()
	contract = n.apply(n.anyContract(s.Company))
	service := n.apply(n.anyService(s))
	line = n.apply(plan.Change{ID: "a1", Kind: plan.AttachService, Contract: billing.Ref{ID: contract}, Service: billing.Ref{ID: service},
		Line: billing.Ref{Mark: "spindle:0123456789abcdef"}})
	n.apply(adjust(line, billing.NewDate(2026, 11, 1), 0, units))
	return contract, line
}

func adjust(line string, day billing.Date, before, delta int64) plan.Change {
	return plan.Change{ID: "u1", Kind: plan.Increase, Line: billing.Ref{ID: line}, Effective: day, Adjust: &plan.Adjustment{UnitChange: delta},
		Before: plan.State{Exists: true, Units: before}, After: plan.State{Exists: true, Units: before + delta}}
}

func (n *tenant) apply(c plan.Change) string {
	n.Helper()
	receipt, err := n.client.Apply(n.Context(), c)
	if err != nil {
		n.Fatalf("%s: %v", c.Kind, err)
	}
	return receipt.ID
}

func (n *tenant) wantUnsure(c plan.Change, words string) {
	n.Helper()
	s, err := n.client.Settle(n.Context(), c)
	if err != nil || s.Outcome != target.OutcomeUnsure || !strings.Contains(s.Why, words) {
		n.Errorf("%s settled as %+v, %v; want unclear with %q", c.Kind, s, err, words)
	}
}

func TestSettleDoubles(t *testing.T) {
	n := newTenant(t, tenantOptions{})
	s := n.system("")
	first, second := n.apply(n.anyContract(s.Company)), n.apply(n.anyContract(s.Company))
	n.wantUnsure(n.anyContract(s.Company), first+", "+second)
	a, b := n.apply(n.anyService(s)), n.apply(n.anyService(s))
	n.wantUnsure(n.anyService(s), a+", "+b)
	charge := plan.Change{ID: "h1", Kind: plan.CreateCharge, Contract: billing.Ref{ID: first}, NewCharge: &billing.DesiredCharge{Mark: "SPN-aaaabbbbccccdddd", Name: "Azure",
		Date: billing.NewDate(2026, 11, 1), Quantity: money.Int(1), UnitPrice: money.Of(money.Int(10), "EUR"), BillingCodeID: s.MaterialCode}}
	x, y := n.apply(charge), n.apply(charge)
	n.wantUnsure(charge, x+", "+y)
}

// A change by somebody else in between is nobody's to guess.
func TestSettleMovedState(t *testing.T) {
	n := newTenant(t, tenantOptions{})
	contract, line := n.line(n.system(""), 5)
	next := billing.NewDate(2026, 12, 1)
	n.post("ContractServiceAdjustments", map[string]any{"contractServiceID": jsonID(line), "effectiveDate": "2026-12-01", "unitChange": 7})
	n.wantUnsure(adjust(line, next, 5, 2), "12 units")
	n.wantUnsure(plan.Change{Kind: plan.ExtendContract, Contract: billing.Ref{ID: contract}, Before: plan.State{End: billing.NewDate(2026, 12, 31)},
		After: plan.State{End: billing.NewDate(2029, 12, 31)}}, "2027-12-31")
	n.wantUnsure(plan.Change{Kind: plan.ExtendContract, Contract: billing.Ref{ID: "424242"}}, "not shown")
}

// A posted row keeps its values, so it cannot show whether an adjustment arrived.
func TestSettlePostedRow(t *testing.T) {
	n := newTenant(t, tenantOptions{})
	_, line := n.line(n.system(""), 5)
	n.sim.Post(time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC), 0)
	n.wantUnsure(adjust(line, billing.NewDate(2026, 11, 1), 5, 2), "posted")
}

// Days for which no row is made yet cannot show a change either.
func TestSettleBeyondTheRows(t *testing.T) {
	n := newTenant(t, tenantOptions{})
	s := n.system("")
	contract := n.anyContract(s.Company)
	contract.NewContract.End = billing.NewDate(2031, 12, 31)
	id, service := n.apply(contract), n.apply(n.anyService(s))
	line := n.apply(plan.Change{ID: "a1", Kind: plan.AttachService, Contract: billing.Ref{ID: id}, Service: billing.Ref{ID: service}, Line: billing.Ref{Mark: "spindle:0123456789abcdef"}})
	far := adjust(line, billing.NewDate(2030, 6, 1), 0, 3)
	n.apply(far)
	n.wantUnsure(far, "too far ahead")
	n.apply(adjust(line, billing.NewDate(2026, 12, 1), 0, 4))
	n.wantUnsure(adjust(line, billing.NewDate(2030, 7, 1), 4, 3), "no row")
}

// Absence proves nothing to a user who may not look.
func TestSettleHidden(t *testing.T) {
	n := newTenant(t, tenantOptions{})
	s := n.system("")
	if err := n.sim.SetProfile(sim.ProfileNoContracts); err != nil {
		t.Fatal(err)
	}
	n.wantUnsure(n.anyContract(s.Company), "may not read")
	n.wantUnsure(plan.Change{Kind: plan.RemoveCharge, Charge: billing.Ref{ID: "6001"}}, "may not read")
	if err := n.sim.SetProfile(sim.ProfileFull); err != nil {
		t.Fatal(err)
	}
	n.inject(sim.Fault{Kind: sim.FaultStatus, Body: sim.BodyHTML})
	if settled, err := n.client.Settle(t.Context(), n.anyContract(s.Company)); !fault.Is(err, fault.KindTransient) {
		t.Errorf("a failed read settles as %+v, %v", settled, err)
	}
}

func TestSettleCostAlone(t *testing.T) {
	n := newTenant(t, tenantOptions{})
	_, line := n.line(n.system(""), 5)
	cost := money.Of(money.New(425, -2), "EUR")
	change := plan.Change{ID: "k1", Kind: plan.Reprice, Line: billing.Ref{ID: line}, Effective: billing.NewDate(2026, 12, 1), Adjust: &plan.Adjustment{UnitCost: &cost}}
	for _, want := range []target.Outcome{target.DidNotHappen, target.Happened} {
		if s, err := n.client.Settle(t.Context(), change); err != nil || s.Outcome != want {
			t.Errorf("settled as %+v, %v; want %s", s, err, want)
		}
		if want == target.DidNotHappen {
			n.apply(change)
		}
	}
}

// A yearly line that is priced anew within its year shows no full period for a year: the part that the new price begins has to tell.
func TestSettlePriceWithinALongPeriod(t *testing.T) {
	for name, dialect := range map[string]map[string]string{"days": nil, "whole": {"partialPrice": "full"}, "overlap": {"split": "overlap"}} {
		t.Run(name, func(t *testing.T) {
			n := newTenant(t, tenantOptions{dialect: dialect})
			s := n.system("")
			service := n.anyService(s)
			service.NewService.PeriodType = billing.PeriodYear
			contract, id := n.apply(n.anyContract(s.Company)), n.apply(service)
			line := n.apply(plan.Change{ID: "a1", Kind: plan.AttachService, Contract: billing.Ref{ID: contract}, Service: billing.Ref{ID: id},
				Line: billing.Ref{Mark: "spindle:0123456789abcdef"}})
			old, fresh := money.Of(money.New(43370, -2), "EUR"), money.Of(money.Int(101), "EUR")
			first := adjust(line, billing.NewDate(2027, 1, 1), 0, 5)
			first.Adjust.UnitPrice = &old
			n.apply(first)
			change := plan.Change{ID: "p1", Kind: plan.Reprice, Line: billing.Ref{ID: line}, Effective: billing.NewDate(2027, 1, 2),
				Adjust: &plan.Adjustment{UnitPrice: &fresh}, Before: plan.State{UnitPrice: &old, Units: 5}, After: plan.State{UnitPrice: &fresh, Units: 5}}
			near := change // less than a day's worth of the year apart: either could be shown
			almost := money.Of(money.New(43371, -2), "EUR")
			near.Adjust = &plan.Adjustment{UnitPrice: &almost}
			n.wantUnsure(near, "does not tell")
			for _, want := range []target.Outcome{target.DidNotHappen, target.Happened} {
				if s, err := n.client.Settle(t.Context(), change); err != nil || s.Outcome != want {
					t.Errorf("settled as %+v, %v; want %s", s, err, want)
				}
				if want == target.DidNotHappen {
					n.apply(change)
				}
			}
		})
	}
}

func TestSettleRepeatedInstances(t *testing.T) {
	n := newTenant(t, tenantOptions{})
	s := n.system("")
	contract, line := n.line(s, 5)
	o, err := n.client.Read(t.Context(), target.Scope{Day: s.Day, Contracts: []billing.ContractID{billing.ContractID(contract)}})
	if err != nil {
		t.Fatal(err)
	}
	repeat := plan.Change{ID: "r1", Kind: plan.AddRepeat, Contract: billing.Ref{ID: contract}, Service: billing.Ref{ID: string(o.Lines[0].ServiceID)},
		Effective: billing.NewDate(2026, 11, 1), Adjust: &plan.Adjustment{UnitChange: 3}, Instances: []billing.ContractServiceID{billing.ContractServiceID(line)}}
	n.apply(repeat)
	other := repeat
	other.Adjust = &plan.Adjustment{UnitChange: 9}
	n.wantUnsure(other, "3 units")
	n.apply(repeat)
	n.wantUnsure(repeat, "2 further instances")
}

// Text that people wrote beside our mark stays, and a text without room is not cut.
func TestMarkKeepsHumanText(t *testing.T) {
	for _, patch := range []string{"works", "404"} {
		n := newTenant(t, tenantOptions{dialect: map[string]string{"collectionPatch": patch}})
		contract, line := n.line(n.system(""), 5)
		mark := func(m string) plan.Change {
			return plan.Change{ID: "m1", Kind: plan.MarkLine, Contract: billing.Ref{ID: contract}, Line: billing.Ref{ID: line, Mark: m}}
		}
		text := func() string {
			o, err := n.client.Read(t.Context(), target.Scope{Day: billing.DateOf(today), Contracts: []billing.ContractID{billing.ContractID(contract)}})
			if err != nil {
				t.Fatal(err)
			}
			return o.Lines[0].InternalDescription
		}
		n.put("Contracts/"+contract+"/Services", map[string]any{"id": jsonID(line), "internalDescription": "see ticket 12 spindle:0123456789abcdef (Ann)"})
		n.apply(mark("spindle:fedcba9876543210"))
		if got := text(); got != "see ticket 12 spindle:fedcba9876543210 (Ann)" {
			t.Errorf("text is %q", got)
		}
		n.put("Contracts/"+contract+"/Services", map[string]any{"id": jsonID(line), "internalDescription": strings.Repeat("x", 90)})
		if _, err := n.client.Apply(t.Context(), mark("spindle:fedcba9876543210")); !fault.Is(err, fault.KindInvalid) || fault.Remedy(err) == "" {
			t.Errorf("no room for the mark: %v", err)
		}
		if got := text(); got != strings.Repeat("x", 90) {
			t.Errorf("text is %q", got)
		}
		gone := mark("spindle:fedcba9876543210")
		gone.Line.ID = "999999"
		if _, err := n.client.Apply(t.Context(), gone); !fault.Is(err, fault.KindNotFound) {
			t.Errorf("a line that is gone: %v", err)
		}
		missing := plan.Change{Kind: plan.ExtendContract, Contract: billing.Ref{ID: "999999"}, After: plan.State{End: billing.NewDate(2028, 1, 1)}}
		if _, err := n.client.Apply(t.Context(), missing); !fault.Is(err, fault.KindNotFound) {
			t.Errorf("a contract that is gone: %v", err)
		}
	}
}

var _ target.Target = (*autotask.Target)(nil)
