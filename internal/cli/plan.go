package cli

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/store"
)

type planCommand struct {
	Customer string `help:"Only this customer." placeholder:"NAME"`
	Offline  bool   `help:"Plan from what was read last, without asking Microsoft again."`
}

// Run makes a plan and shows it.
func (c *planCommand) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	options := engine.PlanOptions{Offline: c.Offline, Trigger: "command"}
	if c.Customer != "" {
		customer, err := e.FindCustomer(ctx, org, c.Customer)
		if err != nil {
			return err
		}
		options.Customer = customer.ID
	}
	planned, err := e.Plan(ctx, org, options, s.actor())
	if err != nil {
		return err
	}
	_, states, err := e.Store.Plan(ctx, org.ID, planned.Run.ID)
	if err != nil {
		return err
	}
	if s.globals.JSON {
		return s.printJSON(planView(planned.Run, planned.Plan, states))
	}
	s.printGaps(planned.Collected.Gaps)
	s.printPlan(planned.Run, planned.Plan, states, false)
	desired, err := e.Store.Desired(ctx, org.ID, planned.Run.ID)
	if err != nil {
		return err
	}
	s.printExcluded(desired.Dispositions)
	if len(planned.Plan.Changes) > 0 {
		s.printf("\nNothing is written yet. Next: spindle approve %s, then spindle apply %s\n", planned.Run.ID, planned.Run.ID)
	}
	return nil
}

type showCommand struct {
	Run_    string `arg:"" name:"run" help:"Run number."`
	Changes bool   `help:"Every step, also those without money, with ids, states and proof."`
}

// Run shows a stored plan.
func (c *showCommand) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	run, err := e.Store.Run(ctx, org.ID, store.RunID(c.Run_))
	if err != nil {
		return err
	}
	p, states, err := e.Store.Plan(ctx, org.ID, run.ID)
	if err != nil {
		return err
	}
	if s.globals.JSON {
		return s.printJSON(planView(run, p, states))
	}
	s.printPlan(run, p, states, c.Changes)
	if run.RemovedAt.IsZero() {
		desired, err := e.Store.Desired(ctx, org.ID, run.ID)
		if err != nil {
			return err
		}
		s.printExcluded(desired.Dispositions)
	} else {
		s.printf("\nIts working papers were removed on %s, as the retention settings say.\n", run.RemovedAt.Format(time.DateOnly))
	}
	if run.Note != "" {
		s.printf("\nNote: %s\n", run.Note)
	}
	if c.Changes {
		readbacks, err := e.Store.Readbacks(ctx, org.ID, run.ID)
		if err != nil {
			return err
		}
		s.printProof(states, readbacks)
	}
	return nil
}

// printExcluded says what Microsoft billed that no rule bills on, and by which rule.
func (s *session) printExcluded(dispositions []billing.Disposition) {
	var parts []string
	for _, sum := range engine.ExcludedSums(dispositions) {
		parts = append(parts, sum.String())
	}
	if len(parts) > 0 {
		s.printf("\nNot billed, by rule, at cost: %s\n", strings.Join(parts, "; "))
	}
}

// selection are the flags of approve and reject.
type selection struct {
	Run_   string   `arg:"" name:"run" help:"Run number."`
	Change []string `help:"Change id, or its beginning. Repeat for several; without any, everything proposed." placeholder:"ID" sep:"none"`
	Reason string   `help:"Why, for the audit trail." placeholder:"TEXT"`
}

type approveCommand struct {
	selection
	Held     bool `help:"Also approve what policies hold for a person."`
	Required bool `help:"With --change: also approve what these require, such as the new contract or service they go to."`
}

// Run approves changes.
func (c *approveCommand) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	choice := engine.Choice{Changes: c.Change, Held: c.Held, Required: c.Required, Reason: c.Reason}
	approved, left, err := e.Approve(ctx, org, store.RunID(c.Run_), choice, s.actor())
	if err != nil {
		return err
	}
	if s.globals.JSON {
		return s.printJSON(map[string]int{"approved": approved, "left": left})
	}
	if approved == 0 && left == 0 {
		s.printf("Nothing of run %s was left to approve: spindle show %s tells where it stands.\n", c.Run_, c.Run_)
		return nil
	}
	s.printf("Approved %s of run %s.", plural(approved, "change"), c.Run_)
	if left > 0 {
		s.printf(" Undecided: %d. spindle show %s --changes says why; approve them by id with --change, or all with --held.", left, c.Run_)
	}
	if approved > 0 {
		s.printf(" Next: spindle apply %s", c.Run_)
	}
	s.printf("\n")
	return nil
}

type rejectCommand struct{ selection }

// Run rejects changes.
func (c *rejectCommand) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	rejected, err := e.Reject(ctx, org, store.RunID(c.Run_), engine.Choice{Changes: c.Change, Reason: c.Reason}, s.actor())
	if err != nil {
		return err
	}
	if s.globals.JSON {
		return s.printJSON(map[string]int{"rejected": rejected})
	}
	if rejected == 0 {
		s.printf("Nothing of run %s was left to reject: spindle show %s tells where it stands.\n", c.Run_, c.Run_)
		return nil
	}
	s.printf("Rejected %s of run %s. They come back with the next plan while the difference lasts.\n", plural(rejected, "change"), c.Run_)
	return nil
}

type applyCommand struct {
	Run_ string `arg:"" name:"run" help:"Run number."`
}

// Run applies a run.
func (c *applyCommand) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	result, err := s.apply(ctx, e, org, store.RunID(c.Run_))
	if err != nil {
		return err
	}
	_, states, err := e.Store.Plan(ctx, org.ID, result.Run.ID)
	if err != nil {
		return err
	}
	if s.globals.JSON {
		if err := s.printJSON(appliedView(result)); err != nil {
			return err
		}
	} else {
		s.printApplied(result, undecided(states))
	}
	if !result.Verified {
		return fault.NeedsPersonf("run %s is not verified: %s", result.Run.ID, leftWords(result)).
			Dof("spindle show %s --changes shows what happened; spindle plan shows what is left", result.Run.ID)
	}
	return nil
}

// leftWords says why an apply is not verified.
func leftWords(r engine.Applied) string {
	if len(r.Left) > 0 {
		return plural(len(r.Left), "change") + " still to make"
	}
	return "not everything approved was applied and read back"
}

// apply runs an apply with a progress bar for people.
func (s *session) apply(ctx context.Context, e *engine.Engine, org store.Organization, id store.RunID) (engine.Applied, error) {
	if s.globals.JSON || !isTerminal(s.Err) {
		return e.Apply(ctx, org, id, func(p engine.Progress) {
			if p.State != store.ChangeApplied && !s.globals.JSON {
				s.printf("  %s %s: %s: %s\n", p.Change.Kind, p.Change.What, p.State, p.Message)
			}
		})
	}
	var bar *progressbar.ProgressBar
	return e.Apply(ctx, org, id, func(p engine.Progress) {
		if bar == nil {
			bar = progressbar.NewOptions(p.Total, progressbar.OptionSetWriter(s.Err), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
				progressbar.OptionSetItsString("changes"), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(),
				progressbar.OptionSetDescription("applying"))
		}
		_ = bar.Set(p.Done) // a broken terminal must not stop an apply
		if p.State != store.ChangeApplied {
			fmt.Fprintf(s.Err, "\n  %s %s: %s: %s\n", p.Change.Kind, p.Change.What, p.State, p.Message)
		}
	})
}

// undecided counts the changes that nobody approved or rejected.
func undecided(states []store.ChangeState) int {
	n := 0
	for _, c := range states {
		if c.State == store.ChangeProposed {
			n++
		}
	}
	return n
}

func (s *session) printApplied(r engine.Applied, open int) {
	if r.Settled > 0 {
		s.printf("Settled %s of an interrupted apply by reading.\n", plural(r.Settled, "change"))
	}
	var states []string
	for state := range r.Counts {
		states = append(states, string(state))
	}
	sort.Strings(states)
	for _, state := range states {
		s.printf("%6d %s\n", r.Counts[store.ChangeStateKind(state)], state)
	}
	if len(states) == 0 {
		s.printf("Nothing approved was left to apply in run %s.\n", r.Run.ID)
	}
	if r.Verified {
		s.printf("Verified by reading back: Autotask shows what was approved, and nothing approved is left to do.\n")
	}
	if open > 0 {
		s.printf("Not approved: %s. What is still wanted comes back with the next plan: spindle plan\n", plural(open, "change"))
	}
	if n := len(r.Findings); n > 0 {
		s.printf("For a person: %s. spindle show %s lists them.\n", plural(n, "finding"), r.Run.ID)
	}
}

func appliedView(r engine.Applied) map[string]any {
	left := []map[string]any{}
	for _, c := range r.Left {
		left = append(left, map[string]any{"kind": c.Kind, "customer": c.Customer, "what": c.What, "reason": c.Reason})
	}
	counts := r.Counts
	if counts == nil {
		counts = map[store.ChangeStateKind]int{}
	}
	return map[string]any{"run": r.Run.ID, "state": r.Run.State, "verified": r.Verified, "counts": counts, "settled": r.Settled, "left": left}
}

type runsCommand struct{}

// Run lists runs.
func (runsCommand) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	runs, err := e.Store.Runs(ctx, org.ID, store.RunFilter{})
	if err != nil {
		return err
	}
	if s.globals.JSON {
		views := []map[string]any{}
		for _, r := range runs {
			views = append(views, runView(r))
		}
		return s.printJSON(views)
	}
	if len(runs) == 0 {
		s.printf("No runs yet. Make the first plan: spindle plan\n")
		return nil
	}
	t := table{headers: []string{">run", "state", "day", "made (UTC)", "by", "note"}}
	for _, r := range runs {
		t.add(string(r.ID), string(r.State), orDash(r.PlanDay.String()), r.CreatedAt.UTC().Format("2006-01-02 15:04"), r.CreatedBy, cut(r.Note, 80))
	}
	t.write(s.Out)
	return nil
}

func runView(r store.Run) map[string]any {
	return map[string]any{"run": r.ID, "state": r.State, "note": r.Note, "day": r.PlanDay, "created_at": r.CreatedAt.UTC(), "created_by": r.CreatedBy,
		"complete": r.Complete, "fingerprint": r.Fingerprint}
}

func planView(run store.Run, p plan.Plan, states []store.ChangeState) map[string]any {
	view := runView(run)
	changes := []map[string]any{}
	for _, c := range states {
		changes = append(changes, changeView(c))
	}
	findings := []map[string]any{}
	for _, f := range p.Findings {
		findings = append(findings, map[string]any{"id": f.ID(), "kind": f.Kind, "customer_id": f.CustomerID, "customer": f.Customer,
			"message": f.Message, "remedy": f.Remedy, "money": f.Money})
	}
	view["changes"], view["findings"] = changes, findings
	return view
}

func changeView(s store.ChangeState) map[string]any {
	c := s.Change
	holds := []map[string]string{}
	for _, h := range c.Holds {
		holds = append(holds, map[string]string{"policy": h.Policy, "why": h.Why})
	}
	recurring, proration := &c.Recurring, &c.Proration
	if !c.MoneyKnown() {
		recurring, proration = nil, nil
	}
	return map[string]any{"id": c.ID, "kind": c.Kind, "state": s.State, "message": s.Message, "customer_id": c.CustomerID, "customer": c.Customer,
		"what": c.What, "contract": c.Contract.String(), "contract_name": c.ContractName, "effective": c.Effective, "before": stateView(c.Before), "after": stateView(c.After),
		"recurring": recurring, "per": c.PerPeriod, "proration": proration, "one_off": c.OneOff, "reason": c.Reason, "holds": holds,
		"requires": orEmpty(c.Requires), "proof": orEmpty(c.Proof), "approved_by": s.By, "request": s.Receipt.Request, "response": s.Receipt.Response}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func stateView(s plan.State) map[string]any {
	return map[string]any{"exists": s.Exists, "units": s.Units, "unit_price": s.UnitPrice, "amount": s.Amount, "end": s.End}
}
