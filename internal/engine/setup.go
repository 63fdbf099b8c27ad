package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/store"
)

// StepState says how far a step of the set-up is.
type StepState string

// The states of a step.
const (
	StepDone StepState = "done"
	StepPart StepState = "part" // something is there and something is left, which may be meant so
	StepTodo StepState = "todo"
)

// SetupStep is one step of the set-up, in the order of a first-time user (design §2).
type SetupStep struct {
	Key   string // "organization", "microsoft", "credentials", "settings", "customers", "billing", "contracts", "plan", "enable"
	State StepState
	Found string // what there is, in words
	Left  string // what is missing; "" when nothing is
}

// SetupSteps says how far the set-up of an organization is. It looks at what is stored and asks no vendor.
func (e *Engine) SetupSteps(ctx context.Context, org store.Organization) ([]SetupStep, error) {
	steps := []SetupStep{{Key: "organization", State: StepDone, Found: org.Name}}
	for _, look := range []func(context.Context, store.Organization) ([]SetupStep, error){
		e.microsoftStep, e.credentialsStep, e.settingsStep, e.customerSteps, e.planStep,
	} {
		more, err := look(ctx, org)
		if err != nil {
			return nil, err
		}
		steps = append(steps, more...)
	}
	enable := SetupStep{Key: "enable", State: StepTodo, Found: "off: plans can be made, nothing is written", Left: "switch it on once a plan looks right"}
	if org.Enabled {
		enable = SetupStep{Key: "enable", State: StepDone, Found: "on: what is approved may be written"}
	}
	return append(steps, enable), nil
}

// NextStep gives the first step that nobody has begun; found is false when there is none.
func NextStep(steps []SetupStep) (step SetupStep, found bool) {
	for _, s := range steps {
		if s.State == StepTodo {
			return s, true
		}
	}
	return SetupStep{}, false
}

func (e *Engine) microsoftStep(ctx context.Context, org store.Organization) ([]SetupStep, error) {
	s := SetupStep{Key: "microsoft", State: StepTodo, Found: "no connection and no imported file", Left: "connect Partner Center, or upload the files it gives"}
	connected, err := e.hasConnection(ctx, org, systemMicrosoft)
	if err != nil {
		return nil, err
	}
	sets, err := e.Store.LineSets(ctx, org.ID, store.SetFilter{})
	if err != nil {
		return nil, err
	}
	invoices := counted(len(sets), "reconciliation document")
	switch {
	case connected && len(sets) > 0:
		s = SetupStep{Key: "microsoft", State: StepDone, Found: "Partner Center connected, " + invoices}
	case connected:
		s.State, s.Found, s.Left = StepPart, "Partner Center connected, no invoice data yet", "collect now, or wait for the next plan"
	case len(sets) > 0:
		s = SetupStep{Key: "microsoft", State: StepDone, Found: "files: " + invoices}
	}
	return []SetupStep{s}, nil
}

func (e *Engine) hasConnection(ctx context.Context, org store.Organization, system string) (bool, error) {
	_, err := e.Store.Connection(ctx, org.ID, system)
	if fault.Is(err, fault.KindNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (e *Engine) credentialsStep(ctx context.Context, org store.Organization) ([]SetupStep, error) {
	connected, err := e.hasConnection(ctx, org, systemAutotask)
	if err != nil || connected {
		return []SetupStep{{Key: "credentials", State: StepDone, Found: "stored, sealed"}}, err
	}
	return []SetupStep{{Key: "credentials", State: StepTodo, Found: "none", Left: "enter user name, secret and integration code of the API user"}}, nil
}

func (e *Engine) settingsStep(ctx context.Context, org store.Organization) ([]SetupStep, error) {
	s, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	var there, missing []string
	for _, row := range []struct{ name, value string }{
		{"vendor", s.VendorName}, {"billing code for services", s.ServiceCodeName}, {"billing code for Azure", s.MaterialCodeName},
	} {
		if row.value == "" {
			missing = append(missing, row.name)
		} else {
			there = append(there, row.value)
		}
	}
	step := SetupStep{Key: "settings", State: StepDone, Found: strings.Join(there, ", ")}
	if len(missing) > 0 {
		step.State, step.Found, step.Left = StepTodo, fmt.Sprintf("%d of 3 chosen", len(there)), "choose: "+strings.Join(missing, ", ")
	}
	return []SetupStep{step}, nil
}

// customerSteps counts customers by their status: of several that fit, a customer has the first (store.CustomerStatuses).
func (e *Engine) customerSteps(ctx context.Context, org store.Organization) ([]SetupStep, error) {
	page, err := e.Store.CustomerList(ctx, org.ID, store.CustomerFilter{Page: store.Page{Size: 1}})
	if err != nil {
		return nil, err
	}
	all := 0
	for status, n := range page.States {
		if status != store.CustomerGone {
			all += n
		}
	}
	mapped := all - page.States[store.CustomerUnmapped]
	billed := mapped - page.States[store.CustomerOff]
	routed := billed - page.States[store.CustomerNoContract]
	return []SetupStep{
		shareStep("customers", mapped, all, "mapped to an Autotask company", "customer is not mapped", "customers are not mapped"),
		shareStep("billing", billed, mapped, "with billing on", "mapped customer is not billed", "mapped customers are not billed"),
		shareStep("contracts", routed, billed, "with a contract", "billed customer has no contract", "billed customers have no contract"),
	}, nil
}

func shareStep(key string, n, of int, what, one, many string) SetupStep {
	s := SetupStep{Key: key, State: StepDone, Found: fmt.Sprintf("%d of %d %s", n, of, what)}
	switch left := of - n; {
	case of == 0:
		s.State, s.Found, s.Left = StepTodo, "nobody yet", "the steps before come first"
	case n == 0:
		s.State = StepTodo
		fallthrough
	default:
		if left > 0 && n > 0 {
			s.State = StepPart
		}
		if left == 1 {
			s.Left = "1 " + one
		} else if left > 1 {
			s.Left = fmt.Sprintf("%d %s", left, many)
		}
	}
	return s
}

func (e *Engine) planStep(ctx context.Context, org store.Organization) ([]SetupStep, error) {
	verified, err := e.newestRun(ctx, org, store.RunVerified)
	if err != nil {
		return nil, err
	}
	open, err := e.newestRun(ctx, org, store.RunPlanned, store.RunApproved, store.RunApplying, store.RunIncomplete, store.RunSuperseded)
	if err != nil {
		return nil, err
	}
	switch {
	case verified.ID != "":
		return []SetupStep{{Key: "plan", State: StepDone, Found: fmt.Sprintf("run %s is verified", verified.ID)}}, nil
	case open.ID != "" && !open.PlannedAt.IsZero():
		return []SetupStep{{Key: "plan", State: StepPart, Found: fmt.Sprintf("run %s has a plan of %s", open.ID, counted(open.Changes, "change")),
			Left: "look at it, approve it, apply it"}}, nil
	}
	return []SetupStep{{Key: "plan", State: StepTodo, Found: "none yet", Left: "start a plan: it reads both sides and writes nothing"}}, nil
}

// Planned reports whether a plan was ever made: the set-up is over as far as Today is concerned.
func (e *Engine) Planned(ctx context.Context, org store.Organization) (bool, error) {
	steps, err := e.planStep(ctx, org)
	return len(steps) > 0 && steps[0].State != StepTodo, err
}

// newestRun gives the newest run in one of the states; the zero run when there is none.
func (e *Engine) newestRun(ctx context.Context, org store.Organization, states ...store.RunState) (store.RunRow, error) {
	found, err := e.Store.RunList(ctx, org.ID, store.RunListFilter{States: states, Page: store.Page{Size: 1}})
	if err != nil || len(found.Rows) == 0 {
		return store.RunRow{}, err
	}
	return found.Rows[0], nil
}

// WaitingPlan gives the newest run whose plan waits for a person; found is false when there is none.
func (e *Engine) WaitingPlan(ctx context.Context, org store.Organization) (run store.RunRow, found bool, err error) {
	run, err = e.newestRun(ctx, org, store.RunPlanned, store.RunApproved)
	return run, run.ID != "", err
}

// NextRun gives the time at which the schedule starts the next run; the zero time when it is off.
func (e *Engine) NextRun(ctx context.Context, org store.Organization) (time.Time, error) {
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil || !settings.SyncOn || settings.Schedule == "" {
		return time.Time{}, err
	}
	times, err := NextScheduled(settings.Schedule, e.Now(), 1)
	if err != nil || len(times) == 0 {
		return time.Time{}, err
	}
	return times[0], nil
}

// StoredConnection says how an organization reaches a system, without anything secret; a fault of kind not-found when it does not.
type StoredConnection struct {
	Autotask  TargetConfig    // of store.Autotask
	Microsoft MicrosoftConfig // of store.Microsoft
	At        time.Time
	By        string
}

// StoredConnection reads the clear part of a connection; sealed values stay sealed.
func (e *Engine) StoredConnection(ctx context.Context, org store.Organization, system string) (StoredConnection, error) {
	var s StoredConnection
	c, err := e.Store.Connection(ctx, org.ID, system)
	if err != nil {
		return s, err
	}
	s.At, s.By = c.UpdatedAt, c.UpdatedBy
	var into any = &s.Autotask
	if system == systemMicrosoft {
		into = &s.Microsoft
	}
	if err := json.Unmarshal(c.Config, into); err != nil {
		return s, fault.Newf(fault.KindInternal, "decode the %s connection: %w", system, err)
	}
	return s, nil
}

// EnableReview says in numbers what may be written once writing to the target is on.
type EnableReview struct {
	Connected bool
	Customers int // mapped, with billing on and a contract
	Waiting   store.RunRow
}

// ReviewEnable says what switching writing on comes to.
func (e *Engine) ReviewEnable(ctx context.Context, org store.Organization) (EnableReview, error) {
	var r EnableReview
	var err error
	if r.Connected, err = e.hasConnection(ctx, org, systemAutotask); err != nil {
		return r, err
	}
	page, err := e.Store.CustomerList(ctx, org.ID, store.CustomerFilter{Page: store.Page{Size: 1}})
	if err != nil {
		return r, err
	}
	for status, n := range page.States {
		switch status {
		case store.CustomerGone, store.CustomerUnmapped, store.CustomerOff, store.CustomerNoContract:
		default:
			r.Customers += n
		}
	}
	r.Waiting, _, err = e.WaitingPlan(ctx, org)
	return r, err
}

// CheckSetting tests one value without saving it. Names are looked up in Autotask as it was read last, and in Autotask itself when that read
// does not know them: a company or billing code may have just been made.
func (e *Engine) CheckSetting(ctx context.Context, org store.Organization, key, value string) error {
	chosen, needsTarget, err := chooseSettings(map[string]string{key: value})
	if err != nil {
		return err
	}
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return err
	}
	try := func(c billing.Catalogue) error {
		s := settings
		if s.Currency == "" {
			s.Currency = c.Currency
		}
		if err := chosen[0].set(&s, strings.TrimSpace(value), c); err != nil {
			return fault.Invalidf("%w", err)
		}
		return nil
	}
	stored, found, err := e.Store.Catalogue(ctx, org.ID)
	if err != nil {
		return err
	}
	wrong := try(stored)
	if !needsTarget || found && wrong == nil {
		return wrong
	}
	fresh, err := e.RefreshCatalogue(ctx, org)
	if err != nil {
		return err
	}
	return try(fresh)
}
