package view

import (
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/store"
	"spindle/internal/web/chart"
)

// Today is where a day begins: what a person must decide, what waits, and how the service does.
type Today struct {
	Steps      []StepRow // of the set-up; shown until there is a plan
	Next       *StepRow  // the first that nobody has begun
	Waiting    *store.RunRow
	Last       *store.RunRow
	NextRun    string // when the schedule starts the next one; "" when it is off
	Month      *store.MonthTotal
	Sum        store.Figures // of Month: recurring lines and charges
	Months     []store.MonthTotal
	Systems    []SystemRow
	Budget     *chart.Share
	BudgetNote string

	List     List
	Kinds    []Option
	Findings []FindingItem
	Open     int // findings that are open, of all kinds
	AtStake  money.Totals
	Notice   Notice
}

// FindingItem is a finding with its one action, and the form to decide it.
type FindingItem struct {
	store.FindingRow
	Kind   string // in words
	Remedy string
	Action Crumb // the page or form that mends it; empty: the decision is the action

	Editing   bool   // the form is open
	TypedDay  string // as typed: the day to snooze until
	TypedNote string
	Error     string // what is wrong with what was typed
}

// StepRow is a step of the set-up.
type StepRow struct {
	Key, Title  string
	Tone        Tone
	Word        string
	Found, Left string
	Href        string
	Action      string
	Teach       string // why, for who meets it first
}

// FindingWord names a kind of finding.
func FindingWord(k billing.FindingKind) string {
	switch k {
	case billing.FindingUnmapped:
		return "not mapped"
	case billing.FindingNotEnabled:
		return "billing off"
	case billing.FindingNoRoute:
		return "no contract"
	case billing.FindingNoCost:
		return "no cost"
	case billing.FindingNoPrice:
		return "no price"
	case billing.FindingBelowCost:
		return "below cost"
	case billing.FindingCurrency:
		return "currency"
	case billing.FindingIncomplete:
		return "incomplete read"
	case billing.FindingDrift:
		return "changed by hand"
	case billing.FindingContractEnds:
		return "contract ends"
	case billing.FindingContractGone:
		return "contract missing"
	case billing.FindingServiceGone:
		return "service missing"
	case billing.FindingUnmarked:
		return "not ours"
	case billing.FindingPosted:
		return "posted already"
	case billing.FindingUnknownCharge:
		return "unknown charge type"
	case billing.FindingUnknownSub:
		return "line without subscription"
	case billing.FindingTotals:
		return "totals differ"
	case billing.FindingPeriodMismatch:
		return "period does not fit"
	case billing.FindingDuplicate:
		return "there twice"
	case billing.FindingUsageMissing:
		return "usage missing"
	case billing.FindingCustomerGone:
		return "customer gone"
	case billing.FindingSettings:
		return "settings"
	case billing.FindingUnbilled:
		return "not billed"
	}
	return string(k)
}

// findingStatus gives the dot and the word of where a finding stands.
func findingStatus(f store.FindingRow) (Tone, string) {
	switch f.State {
	case store.FindingDone:
		return Good, "done"
	case store.FindingIgnored:
		return Off, "ignored"
	case store.FindingSnoozed:
		return Info, "until " + f.Until.String()
	case store.FindingCleared:
		return Good, "cleared"
	}
	return Warn, "open"
}

// FindingStateOptions are the choices of a filter by state.
func FindingStateOptions() []Option {
	return []Option{
		{Value: "", Label: "Open"}, {Value: string(store.FindingSnoozed), Label: "Snoozed"}, {Value: string(store.FindingDone), Label: "Done"},
		{Value: string(store.FindingIgnored), Label: "Ignored"}, {Value: string(store.FindingCleared), Label: "Cleared by a later plan"},
	}
}

// decided reports whether a person decided the finding and no plan brought it back.
func (f FindingItem) decided() bool {
	return f.State == store.FindingDone || f.State == store.FindingIgnored || f.State == store.FindingSnoozed
}

func (f FindingItem) id(part string) string { return htmlID("f-", f.ID()) + "-" + part }

// fresh reports whether there is nothing to look at but the set-up.
func (v Today) fresh() bool { return len(v.Steps) > 0 }

func (v Today) filtered() bool {
	return v.List.Get("q")+v.List.Get("kind")+v.List.Get("state") != ""
}

// monthChart shows cost, price and margin by month in the currency that most of the money is in.
func (v Today) monthChart() chart.Columns {
	var sums []money.Totals
	for _, m := range v.Months {
		sums = append(sums, m.Recurring.Price, m.Charges.Price, m.Recurring.Cost, m.Charges.Cost)
	}
	currency := mainCurrency(sums...)
	c := chart.Columns{ID: "months", Unit: string(currency), Title: "Cost, price and margin by month in " + string(currency)}
	cost, price, margin := chart.Series{Name: "Cost", Class: "b"}, chart.Series{Name: "Price", Class: "a"}, chart.Series{Name: "Margin", Class: "c"}
	for _, m := range v.Months {
		sum := MonthSum(m)
		c.Labels = append(c.Labels, string(m.Month))
		cost.Values = append(cost.Values, sum.Cost.In(currency))
		price.Values = append(price.Values, sum.Price.In(currency))
		margin.Values = append(margin.Values, sum.Margin.In(currency))
	}
	c.Series = []chart.Series{cost, price, margin}
	return c
}

// chargesOnly names the months of the chart that would look small: what recurs is known only of months in which a plan was made.
func (v Today) chargesOnly() string {
	var names []string
	for _, m := range v.Months {
		if m.Lines == 0 && len(m.Recurring.Price.Amounts()) == 0 && len(m.Charges.Price.Amounts()) > 0 {
			names = append(names, MonthName(m.Month))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return strings.Join(names, ", ") + ": charges only. No plan was made in the month, so what recurs in it is not counted here."
}

// MonthSum adds what recurs in a month and what is charged for it.
func MonthSum(m store.MonthTotal) store.Figures {
	var sum store.Figures
	for _, f := range []store.Figures{m.Recurring, m.Charges} {
		for _, part := range []struct {
			to   *money.Totals
			from money.Totals
		}{{&sum.Cost, f.Cost}, {&sum.Price, f.Price}, {&sum.Margin, f.Margin}} {
			for _, a := range part.from.Amounts() {
				part.to.Add(a)
			}
		}
	}
	return sum
}

// waits counts the changes of a run that a person must still decide or apply.
func waits(r store.RunRow) (n int, what string) {
	if n := r.States[store.ChangeProposed]; n > 0 {
		return n, "for approval"
	}
	return r.States[store.ChangeApproved], "to be applied"
}
