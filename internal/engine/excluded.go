package engine

import (
	"context"
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/rating"
	"spindle/internal/store"
)

// RuleSum is what a rule keeps from being billed, at cost.
type RuleSum struct {
	Rule string // rating.RuleBeforeFirst and its like
	Cost money.Totals
}

// ExcludedSums adds up what rules exclude, in order of rule; rules that exclude nothing that costs are left out (law 6).
func ExcludedSums(dispositions []billing.Disposition) []RuleSum {
	sums := map[string]*RuleSum{}
	for _, d := range dispositions {
		if d.Outcome != billing.Excluded || d.Cost.IsZero() {
			continue
		}
		if sums[d.By] == nil {
			sums[d.By] = &RuleSum{Rule: d.By}
		}
		sums[d.By].Cost.Add(d.Cost)
	}
	var all []RuleSum
	for _, rule := range sortedKeys(sums) {
		all = append(all, *sums[rule])
	}
	return all
}

// Excluded gives the same sums of a run that is stored, without reading all of it.
func (e *Engine) Excluded(ctx context.Context, org store.Organization, run store.RunID) ([]RuleSum, error) {
	costs, err := e.Store.RuleCosts(ctx, org.ID, run, rating.RuleBeforeFirst, rating.RuleBillingOff, rating.RuleTrial, rating.RuleFree, rating.RuleZeroAmount)
	if err != nil {
		return nil, err
	}
	var all []RuleSum
	for _, c := range costs { // in order of rule
		if c.Cost.IsZero() {
			continue
		}
		if len(all) == 0 || all[len(all)-1].Rule != c.Rule {
			all = append(all, RuleSum{Rule: c.Rule})
		}
		all[len(all)-1].Cost.Add(c.Cost.Mul(money.Int(c.Lines)))
	}
	return all, nil
}

// Words says why a rule leaves something out.
func (s RuleSum) Words() string { return ruleWords(s.Rule) }

// String says it in words.
func (s RuleSum) String() string { return fmt.Sprintf("%s %s", ruleWords(s.Rule), s.Cost) }

// ruleWords says why a rule leaves something out.
func ruleWords(rule string) string {
	switch rule {
	case rating.RuleBeforeFirst:
		return "before the first billed month"
	case rating.RuleBillingOff:
		return "billing is off"
	case rating.RuleTrial, rating.RuleFree:
		return "free of charge"
	case rating.RuleZeroAmount:
		return "nets to zero"
	}
	return rule
}
