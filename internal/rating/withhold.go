package rating

import (
	"slices"

	"spindle/internal/billing"
)

// Withhold counts the source lines behind what the target will never bill as held by the finding that says so, no longer as billed by the
// line (law 6). Concerned are the lines of the days on which the quantity was raised by the units that are not billed, and lines that
// charge for nothing but days on which the line bills nothing at all. It changes nothing it is given.
func Withhold(d billing.Desired, sets []billing.LineSet, shortages []billing.Shortage) billing.Desired {
	if len(shortages) == 0 {
		return d
	}
	byLine := map[string][]billing.Shortage{}
	for _, s := range shortages {
		byLine[s.LineKey] = append(byLine[s.LineKey], s)
	}
	charged := periodsOf(newestSets(sets))
	d.Dispositions = slices.Clone(d.Dispositions)
	for i, x := range d.Dispositions {
		if x.Outcome != billing.Billed {
			continue
		}
		for _, s := range byLine[x.By] {
			if concerns(s, charged[sourceKey{x.Set, x.LineKey}]) {
				d.Dispositions[i].Outcome, d.Dispositions[i].By = billing.HeldBack, s.Finding
				break
			}
		}
	}
	slices.SortFunc(d.Dispositions, compareDispositions)
	return d
}

// sourceKey is the identity of a source line.
type sourceKey struct {
	set billing.SetID
	key string
}

// periodsOf gives the days that every source line charges for.
func periodsOf(sets []billing.LineSet) map[sourceKey]billing.Period {
	periods := map[sourceKey]billing.Period{}
	for _, set := range sets {
		for _, l := range set.Lines {
			periods[sourceKey{set.ID, l.Key}] = l.Charged
		}
	}
	return periods
}

// concerns reports whether a source line is behind a shortage.
func concerns(s billing.Shortage, charged billing.Period) bool {
	unbilled := !s.Whole.IsZero() && !charged.Start.Before(s.Whole.Start) && !charged.End.After(s.Whole.End)
	return unbilled || slices.Contains(s.Raised, charged.Start)
}
