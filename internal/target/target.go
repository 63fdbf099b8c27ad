// Package target is the port for the system that bills: read what it offers and what stands in it, apply one change, settle a change
// whose answer was lost.
//
// Contract of every implementation, made executable by package targettest:
//   - Apply sends exactly one write and returns nil only when the target accepted it. A refusal by the target's business rules is a
//     fault of kind invalid. No answer is a fault of kind unknown outcome; Apply never sends again by itself after the request may
//     have reached the target (law 3).
//   - Settle only reads. It says whether the change happened.
//   - Read names in Observed.Incomplete what it could not read; the rest is in the order of ids.
package target

import (
	"context"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
)

// Target is one organization's billing system.
type Target interface {
	// Check tests the connection and the prerequisites and explains each (design §2, step 1).
	Check(ctx context.Context) (Report, error)

	// Catalogue reads companies, billing codes, services and active recurring contracts, for settings and mappings.
	Catalogue(ctx context.Context) (billing.Catalogue, error)

	// Read reads the state a plan is compared with.
	Read(ctx context.Context, scope Scope) (billing.Observed, error)

	// Apply sends one change. The change must be resolved: every Ref has its ID but those of what the change creates.
	Apply(ctx context.Context, change plan.Change) (Receipt, error)

	// Settle reads whether a change whose outcome is unknown happened.
	Settle(ctx context.Context, change plan.Change) (Settlement, error)
}

// Scope says what to read.
type Scope struct {
	Day       billing.Date         // unit rows are read from the period that contains it up to the end of the next one
	From      billing.Date         // an earlier day: unit rows are read from the period that contains it; zero: Day
	Companies []billing.CompanyID  // all recurring contracts of these companies
	Contracts []billing.ContractID // and these, whosever they are
	Charges   []string             // marks of charges that may exist
	// RowsFrom is From for single lines, those whose earlier rows are known to be needed.
	RowsFrom map[billing.ContractServiceID]billing.Date
}

// RowsOf is the earlier day from which the rows of a line are read; zero: there is none.
func (s Scope) RowsOf(line billing.ContractServiceID) billing.Date {
	from := s.From
	if day, named := s.RowsFrom[line]; named && (from.IsZero() || day.Before(from)) {
		from = day
	}
	return from
}

// Receipt is the proof of an applied change (law 11).
type Receipt struct {
	ID       string // id of what was created; "" for adjustments, which have none (Autotask sheet §5.5)
	Request  string // method, path and body as sent, without credentials
	Response string // status and body as received, cut to a few kilobytes
}

// Settlement is the answer to "did it happen?".
type Settlement struct {
	Outcome Outcome
	ID      string // id of what was created, when it happened
	Why     string // what was read, in words
}

// Outcome of settling.
type Outcome string

// The outcomes. Unclear needs a person: the target shows neither the state before nor the state after.
const (
	Happened      Outcome = "happened"
	DidNotHappen  Outcome = "did-not-happen"
	OutcomeUnsure Outcome = "unclear"
)

// Report is the result of Check: one row per prerequisite.
type Report struct {
	Items []CheckItem
	Calls CallBudget
}

// OK reports whether nothing failed.
func (r Report) OK() bool {
	for _, item := range r.Items {
		if item.State == CheckFailed {
			return false
		}
	}
	return true
}

// CheckItem is one prerequisite.
type CheckItem struct {
	Name   string // "Material billing code"
	State  CheckState
	Found  string     // what was read, with the exact names that would do
	Remedy string     // what to click or type when it failed
	Fault  fault.Kind // of the error that a check failed with; empty: what was read does not do
}

// CheckState is the result of one check.
type CheckState string

// The check states.
const (
	CheckPassed  CheckState = "ok"
	CheckWarned  CheckState = "warning"
	CheckFailed  CheckState = "failed"
	CheckSkipped CheckState = "skipped"
)

// CallBudget is the tenant's call counter (design §6.7).
type CallBudget struct {
	Limit  int // calls per window, whole tenant
	Used   int
	Window int // minutes
}
