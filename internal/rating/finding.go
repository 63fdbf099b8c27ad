package rating

import (
	"fmt"
	"sort"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// verdict is what becomes of the source lines of something: billed by a key, held by a finding, or excluded by a rule.
type verdict struct {
	outcome billing.Outcome
	by      string
	finding *billing.Finding // set when held
}

func billedBy(key string) verdict      { return verdict{outcome: billing.Billed, by: key} }
func excludedBy(rule string) verdict   { return verdict{outcome: billing.Excluded, by: rule} }
func (v verdict) passes() bool         { return v.outcome == billing.Billed }
func heldBy(f billing.Finding) verdict { return verdict{billing.HeldBack, f.ID(), &f} }

// block is a hold with the finding that explains it. A blocking hold keeps money from being billed at all, unlike a policy that a
// person may wave through.
type block struct {
	hold    billing.Hold
	finding billing.Finding
}

// findings gathers findings by their identity: the money at stake adds up and the things concerned are listed.
// Its zero value gathers none.
type findings struct{ byID map[string]*foundEntry }

type foundEntry struct {
	finding   billing.Finding
	month     money.Totals // what the vendor billed in the months that are rated
	recurring money.Totals // cost per charge cycle, used when the months hold nothing
	whats     map[string]bool
}

func newFindings() findings { return findings{map[string]*foundEntry{}} }

// entry registers a finding. The first text wins; texts of one identity never differ in meaning.
func (fs findings) entry(f billing.Finding) *foundEntry {
	e, known := fs.byID[f.ID()]
	if !known {
		e = &foundEntry{finding: f, whats: map[string]bool{}}
		fs.byID[f.ID()] = e
	}
	if f.Message < e.finding.Message {
		e.finding = f
	}
	return e
}

// about adds a thing the finding concerns and what it costs per cycle.
func (fs findings) about(f billing.Finding, what string, recurring money.Amount) {
	if fs.byID == nil {
		return
	}
	e := fs.entry(f)
	if what != "" {
		e.whats[what] = true
	}
	e.recurring.Add(recurring)
}

// atStake adds money of a closed month that the finding keeps from being billed.
func (fs findings) atStake(f billing.Finding, what string, cost money.Amount) {
	if fs.byID == nil {
		return
	}
	e := fs.entry(f)
	if what != "" {
		e.whats[what] = true
	}
	e.month.Add(cost)
}

// A message lists a few things, by names that fit on a line.
const (
	whatsMax    = 5
	whatNameMax = 60
)

func (fs findings) list() []billing.Finding {
	var list []billing.Finding
	for _, e := range fs.byID {
		f := e.finding
		if f.Money = largest(e.month); f.Money.IsZero() {
			f.Money = largest(e.recurring)
		}
		if whats := e.unnamed(); len(whats) > 0 {
			f.Message += ": " + enumerate(whats)
		}
		list = append(list, f)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID() < list[j].ID() })
	return list
}

// unnamed gives the things concerned that the message does not name already.
func (e *foundEntry) unnamed() map[string]bool {
	whats := map[string]bool{}
	for what := range e.whats {
		if !strings.Contains(e.finding.Message, what) {
			whats[clip(what, whatNameMax)] = true
		}
	}
	return whats
}

// largest gives the sum that weighs most when a total holds several currencies; the finding has room for one.
func largest(t money.Totals) money.Amount {
	var best money.Amount
	for _, a := range t.Amounts() {
		if a.Value().Abs().Cmp(best.Value().Abs()) > 0 {
			best = a
		}
	}
	return best
}

func enumerate(set map[string]bool) string {
	var whats []string
	for what := range set {
		whats = append(whats, what)
	}
	sort.Strings(whats)
	if n := len(whats) - whatsMax; n > 0 {
		return strings.Join(whats[:whatsMax], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(whats, ", ")
}

// called names something of the target by its id, and by its name where one is known.
func called(id, name string) string {
	if name == "" {
		return id
	}
	return id + " (" + name + ")"
}

// clip cuts a text to at most max characters, with an ellipsis when something is lost.
func clip(text string, max int) string {
	runes := []rune(text)
	if len(runes) <= max {
		return text
	}
	return strings.TrimSpace(string(runes[:max-1])) + "…"
}
