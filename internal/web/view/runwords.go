package view

import (
	"strings"

	"github.com/a-h/templ"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// runStatus gives the dot and the word of a run's state.
func runStatus(r store.RunRow) (Tone, string) {
	switch r.State {
	case store.RunQueued:
		return Info, "waiting to start"
	case store.RunReading:
		return Info, "reading"
	case store.RunPlanned:
		if r.HeldOpen > 0 && r.HeldOpen == r.States[store.ChangeProposed] {
			return Warn, "held"
		}
		return Warn, "to approve"
	case store.RunApproved:
		return Info, "approved, not applied"
	case store.RunApplying:
		return Info, "applying"
	case store.RunVerified:
		return Good, "verified"
	case store.RunIncomplete:
		return Warn, "not finished"
	case store.RunFailed:
		return Bad, "failed"
	case store.RunStopped:
		return Off, "stopped"
	case store.RunSuperseded:
		return Off, "replaced"
	}
	return Off, string(r.State)
}

// RunStateOptions are the choices of a filter by state.
func RunStateOptions() []Option {
	return []Option{
		{Value: "", Label: "All"}, {Value: "open", Label: "Waiting for a person"}, {Value: "busy", Label: "Under way"},
		{Value: string(store.RunVerified), Label: "Verified"}, {Value: "left", Label: "Not finished or failed"},
		{Value: string(store.RunSuperseded), Label: "Replaced"},
	}
}

// RunStates gives the states behind a choice of RunStateOptions; none for all.
func RunStates(choice string) []store.RunState {
	switch choice {
	case "":
		return nil
	case "open":
		return []store.RunState{store.RunPlanned, store.RunApproved}
	case "busy":
		return []store.RunState{store.RunQueued, store.RunReading, store.RunApplying}
	case "left":
		return []store.RunState{store.RunIncomplete, store.RunFailed, store.RunStopped}
	}
	return []store.RunState{store.RunState(choice)}
}

// triggerWord says why a run was started.
func triggerWord(trigger string) string {
	switch trigger {
	case "schedule":
		return "on schedule"
	case "command":
		return "at the command line"
	case "console":
		return "in the console"
	}
	return trigger
}

// changeStatus gives the dot and the word of where a change stands.
func changeStatus(c store.ChangeState) (Tone, string) {
	switch c.State {
	case store.ChangeProposed:
		if c.Change.Held() {
			return Warn, "held"
		}
		return Info, "to approve"
	case store.ChangeApproved:
		return Info, "approved"
	case store.ChangeRejected:
		return Off, "rejected"
	case store.ChangeSending:
		return Info, "being sent"
	case store.ChangeApplied:
		return Good, "applied"
	case store.ChangeRefused:
		return Bad, "refused by Autotask"
	case store.ChangeStale:
		return Warn, "Autotask has moved"
	case store.ChangeUnknown:
		return Bad, "no answer yet"
	case store.ChangeSuperseded:
		return Off, "replaced"
	case store.ChangeSkipped:
		return Warn, "skipped"
	}
	return Off, string(c.State)
}

// ChangeStateOptions are the choices of a filter of changes by state.
func ChangeStateOptions() []Option {
	options := []Option{{Value: "", Label: "Any state"}, {Value: "held", Label: "Held"}}
	for _, k := range store.ChangeStates() {
		_, word := changeStatus(store.ChangeState{State: k})
		options = append(options, Option{Value: string(k), Label: upperFirst(word)})
	}
	return options
}

// kindWord says what a change does, as a clerk says it.
func kindWord(k plan.ChangeKind) string {
	switch k {
	case plan.CreateContract:
		return "new contract"
	case plan.ExtendContract:
		return "extend contract"
	case plan.CreateService:
		return "new service"
	case plan.AttachService:
		return "put on contract"
	case plan.AddRepeat:
		return "second line of a service"
	case plan.MarkLine:
		return "mark as ours"
	case plan.Increase:
		return "more units"
	case plan.Decrease:
		return "fewer units"
	case plan.Reprice:
		return "new price"
	case plan.End:
		return "end"
	case plan.CreateCharge:
		return "charge"
	case plan.CorrectCharge:
		return "correct charge"
	case plan.RemoveCharge:
		return "remove charge"
	}
	return string(k)
}

// ChangeKindOptions are the choices of a filter of changes by kind.
func ChangeKindOptions() []Option {
	options := []Option{{Value: "", Label: "Any kind"}}
	for _, k := range []plan.ChangeKind{
		plan.CreateContract, plan.ExtendContract, plan.CreateService, plan.AttachService, plan.AddRepeat, plan.MarkLine, plan.Increase,
		plan.Decrease, plan.Reprice, plan.End, plan.CreateCharge, plan.CorrectCharge, plan.RemoveCharge,
	} {
		word := kindWord(k)
		options = append(options, Option{Value: string(k), Label: upperFirst(word)})
	}
	return options
}

// policyWord names a policy that holds changes.
func policyWord(policy string) string {
	switch policy {
	case "never-reduce":
		return "nothing is reduced without a person"
	case "hold-over":
		return "more money than the limit"
	case "hold-first-time":
		return "first time for this customer"
	}
	return strings.ReplaceAll(policy, "-", " ")
}

// perWord is how a recurring amount names its period: "/month".
func perWord(p billing.PeriodType) string {
	switch p {
	case billing.PeriodMonth:
		return "/month"
	case billing.PeriodQuarter:
		return "/quarter"
	case billing.PeriodHalfYear:
		return "/half-year"
	case billing.PeriodYear:
		return "/year"
	}
	return ""
}

// EffectText says in a line what changes do to the money; "no money moves" when nothing does.
func EffectText(e store.Effect) string {
	var parts []string
	say := func(t money.Totals, after string) {
		for _, a := range t.Amounts() {
			if !a.IsZero() {
				parts = append(parts, signedText(a)+after)
			}
		}
	}
	for _, p := range e.Recurring {
		say(p.Money, perWord(p.Period))
	}
	say(e.OneOff, " in charges")
	say(e.Proration, " prorated once")
	if len(parts) == 0 {
		return "no money moves"
	}
	return strings.Join(parts, ", ")
}

func signedText(a money.Amount) string { return Signed(a) + "\u00a0" + string(a.Currency()) }

// beforeText and afterText are the two sides of a change; "–" where there is nothing.
func beforeText(c plan.Change) string { return sideText(c, c.Before) }

func afterText(c plan.Change) string { return sideText(c, c.After) }

func sideText(c plan.Change, s plan.State) string {
	switch {
	case c.Kind.IsCharge() && s.Amount != nil:
		return Figure(*s.Amount)
	case c.Kind == plan.ExtendContract && !s.End.IsZero():
		return "to " + s.End.String()
	case c.Kind == plan.Reprice && s.UnitPrice != nil:
		return Figure(*s.UnitPrice)
	case c.Kind.CountsUnits() && s.Exists:
		return Count(int(s.Units))
	}
	return "–"
}

// hasSides tells the changes for which before and after say something.
func hasSides(c plan.Change) bool { return beforeText(c) != "–" || afterText(c) != "–" }

// proofKey is the key of the line or charge a change is about.
func proofKey(c plan.Change) string {
	if c.LineKey != "" {
		return c.LineKey
	}
	return c.ChargeKey
}

// lineStatus gives the dot of a line's status.
func lineStatus(s store.LineStatus) Tone {
	switch s {
	case store.LineInStep:
		return Good
	case store.LineHeld, store.LineWaiting, store.LineRejected:
		return Warn
	case store.LineFailed:
		return Bad
	case store.LineSending:
		return Info
	}
	return Off
}

// LineStatusOptions are the choices of a filter of lines by status.
func LineStatusOptions() []Option {
	options := []Option{{Value: "", Label: "Any status"}}
	for _, s := range []store.LineStatus{
		store.LineInStep, store.LineWaiting, store.LineHeld, store.LineSending, store.LineRejected, store.LineFailed, store.LineEnded,
	} {
		word := s.Word()
		options = append(options, Option{Value: string(s), Label: upperFirst(word)})
	}
	return options
}

// azureStatus gives the dot and the word of an Azure month's state. A month before from was billed without Spindle.
func azureStatus(s store.AzureState, month, from billing.Month) (Tone, string) {
	switch s {
	case store.AzureCharged, store.AzureCorrected:
		return Good, s.Word()
	case store.AzureApproved:
		return Info, s.Word()
	case store.AzureFinal:
		return Warn, s.Word()
	case store.AzureUnbilled:
		if month < from {
			return Off, "before Spindle"
		}
		return Bad, s.Word()
	}
	return Off, s.Word()
}

// AzureStateOptions are the choices of a filter by state.
func AzureStateOptions() []Option {
	options := []Option{{Value: "", Label: "Any state"}}
	for _, s := range store.AzureStates() {
		word := s.Word()
		options = append(options, Option{Value: string(s), Label: upperFirst(word)})
	}
	return options
}

// The ids under which lines have the markups of the settings.
const (
	serviceMarkup = "organization-service-markup"
	productMarkup = "organization-product-markup"
)

// RuleWord names a price rule by its id: those of the settings and of custom services have names of their own.
func RuleWord(id string) string {
	switch id {
	case "":
		return "no rule"
	case serviceMarkup:
		return "service markup of the settings"
	case productMarkup:
		return "product markup of the settings"
	case "custom-service":
		return "price of the custom service"
	case engine.NewRule:
		return "the rule previewed"
	}
	return "price rule " + id
}

func upperFirst(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// rounded is an amount as people read it. What is stored and exported keeps its digits.
func rounded(a money.Amount) money.Amount {
	return a.Round(a.Currency().MinorPlaces(), money.HalfAwayFromZero)
}

// exactly tells all digits of an amount that is shown rounded.
func exactly(a money.Amount) templ.Attributes {
	if rounded(a).Equal(a) {
		return nil
	}
	return templ.Attributes{"title": a.String()}
}

// stepWord says what a change does: an increase from nothing is a new line.
func stepWord(c plan.Change) string {
	if c.Kind == plan.Increase && !c.Before.Exists {
		return "new line"
	}
	return kindWord(c.Kind)
}

func allZero(t money.Totals) bool {
	for _, a := range t.Amounts() {
		if !a.IsZero() {
			return false
		}
	}
	return true
}

// statesText says where the changes of a run stand: "12 to approve, 3 applied".
func statesText(r store.RunRow) string {
	var parts []string
	for _, k := range store.ChangeStates() {
		if n := r.States[k]; n > 0 {
			_, word := changeStatus(store.ChangeState{State: k})
			parts = append(parts, Count(n)+" "+word)
		}
	}
	return strings.Join(parts, ", ")
}

func inStepText(r store.RunRow) string {
	if r.Findings == 0 {
		return "Autotask is in step with Microsoft."
	}
	return "Autotask is in step with Microsoft, but for what waits for a person."
}
