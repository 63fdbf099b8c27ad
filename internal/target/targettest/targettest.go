// Package targettest is the contract of package target as executable tests. Every target runs it against a simulator of its vendor over
// real HTTP; a fixture says how to reach the simulator's inside.
//
// What it holds a target to: a change is exactly one write; nil means accepted; a refusal is a fault of kind invalid and changes nothing;
// a lost answer is a fault of kind unknown outcome, is never sent again, and is settled by reading; settling writes nothing; what could
// not be read is named; equal states are read equally, in order of ids.
package targettest

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/target"
)

// System is a target in front of a fresh simulated tenant.
type System struct {
	Target       target.Target
	Day          billing.Date
	Company      billing.CompanyID // an active customer
	Vendor       billing.CompanyID
	ServiceCode  billing.BillingCodeID
	MaterialCode billing.BillingCodeID
	Currency     money.Currency    // of the company
	Internal     money.Currency    // of the catalogue
	Writes       func() int        // writes that reached the tenant so far, but for those refused unseen
	State        func() string     // everything in the tenant, equal for equal tenants
	Break        func(f Fault)     // makes the next matching request fail
	Heal         func()            // removes faults that are still set
	Parts        []string          // what Read reads, in the fixture's words, for Fault.Part
	Secrets      []string          // texts that may appear nowhere
	Refuses      []plan.ChangeKind // kinds that this tenant's rules refuse even when nothing is wrong
}

// FaultKind is a way in which a call fails.
type FaultKind string

// The ways. Those that start with Applied happen after the tenant took the write over.
const (
	Dropped        FaultKind = "dropped"
	AppliedDropped FaultKind = "applied-dropped"
	Hung           FaultKind = "hung"
	AppliedHung    FaultKind = "applied-hung"
	Garbled        FaultKind = "garbled" // a web-server page instead of an answer
	AppliedGarbled FaultKind = "applied-garbled"
	Empty          FaultKind = "empty" // a failure without a word
	Refused        FaultKind = "refused"
	Throttled      FaultKind = "throttled"  // too many calls, try much later
	ThrottledOnce  FaultKind = "retry-soon" // too many calls, try at once
	Unauthorized   FaultKind = "unauthorized"
)

// Fault is one failure to come. Part "" means the next write, else a part of Read: then the failure stays until Heal.
type Fault struct {
	Kind FaultKind
	Part string
}

// Fixture makes systems.
type Fixture struct {
	New func(t testing.TB) System
	// Faults are tried for every kind of change; nil tries all.
	Faults []FaultKind
}

func (f Fixture) faults() []FaultKind {
	if f.Faults != nil {
		return f.Faults
	}
	return []FaultKind{Dropped, AppliedDropped, Hung, AppliedHung, Garbled, AppliedGarbled, Empty, Refused, Throttled, ThrottledOnce, Unauthorized}
}

// Run runs the whole suite.
func Run(t *testing.T, f Fixture) {
	for _, c := range cases() {
		t.Run(string(c.kind), func(t *testing.T) { testCase(t, f, c) })
	}
	t.Run("refusals", func(t *testing.T) { testRefusals(t, f) })
	t.Run("reads", func(t *testing.T) { testReads(t, f) })
	t.Run("incomplete reads", func(t *testing.T) { testIncomplete(t, f) })
	t.Run("check and catalogue", func(t *testing.T) { testCheck(t, f) })
}
