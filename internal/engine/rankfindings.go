package engine

import (
	"slices"

	"spindle/internal/billing"
)

// RankFindings puts the most money first, behind what no amount can be put to: what could not be read at all, above all.
func RankFindings(findings []billing.Finding) []billing.Finding {
	ranked := slices.Clone(findings)
	slices.SortStableFunc(ranked, func(a, b billing.Finding) int {
		switch {
		case a.Money.IsZero() && b.Money.IsZero():
			return 0
		case a.Money.IsZero():
			return -1
		case b.Money.IsZero():
			return 1
		}
		return b.Money.Value().Abs().Cmp(a.Money.Value().Abs())
	})
	return ranked
}
