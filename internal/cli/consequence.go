package cli

import (
	"strings"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/money"
)

// ask wants a yes to something with consequences, and says them in numbers first. Without a person to ask it refuses with the same words.
func (s *session) ask(c engine.Consequence, question string, yes bool) error {
	lines := c.Sentences()
	if !c.Known {
		lines = append(lines, "What it means in money is not known: no invoice of Microsoft or nothing of Autotask was read yet.")
	}
	return s.confirm(strings.Join(append(lines, question), "\n"), yes)
}

// decided tells what was decided and what follows from it: as text, or as one JSON document with the numbers.
func (s *session) decided(sentence string, c engine.Consequence, more map[string]any) error {
	lines := append([]string{sentence}, c.Sentences()...)
	if !s.globals.JSON {
		s.printf("%s\n", strings.Join(lines, "\n  "))
		return nil
	}
	view := map[string]any{"message": strings.Join(lines, " "), "consequence": consequenceView(c)}
	for key, value := range more {
		view[key] = value
	}
	return s.printJSON(view)
}

func consequenceView(c engine.Consequence) map[string]any {
	view := map[string]any{"known": c.Known, "charges": monthViews(c.Charges), "uncharged": monthViews(c.Uncharged),
		"withdrawn": map[string]any{"charges": c.Withdrawn.Charges, "money": c.Withdrawn.Money.Amounts()},
		"stranded":  map[string]any{"charges": c.Stranded.Charges, "money": c.Stranded.Money.Amounts()}}
	for name, n := range map[string]engine.Count{"ends": c.Ends, "reduces": c.Reduces, "strands": c.Strands, "blocks": c.Blocks,
		"reprices": c.Reprices, "starts": c.Starts, "drops": c.Drops, "cycles": c.Cycles, "waits": c.Waits, "earlier": c.Earlier, "later": c.Later} {
		view[name] = map[string]any{"lines": n.Lines, "unpriced": n.Unpriced, "money": countMoney(n)}
	}
	return view
}

func countMoney(n engine.Count) map[billing.PeriodType][]money.Amount {
	sums := map[billing.PeriodType][]money.Amount{}
	for period, totals := range n.Money {
		sums[period] = totals.Amounts()
	}
	return sums
}

func monthViews(months []engine.MonthCharges) []map[string]any {
	views := []map[string]any{}
	for _, m := range months {
		views = append(views, map[string]any{"month": m.Month, "charges": m.Charges, "money": m.Money.Amounts()})
	}
	return views
}
