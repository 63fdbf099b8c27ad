package plan

import (
	"slices"

	"spindle/internal/billing"
)

// After gives what is known of a line once an adjustment of it, or its add-repeat, was applied. An adjustment that takes effect before
// one that was written earlier moves that later level by its delta and leaves its price alone: units and price always speak of From.
func (a Applied) After(c Change) Applied {
	if c.Adjust == nil {
		return a
	}
	latest := !c.Effective.Before(a.From)
	switch {
	case latest:
		a.Units, a.From = c.After.Units, c.Effective
	default:
		a.Units += c.Adjust.UnitChange
	}
	if price := c.Adjust.UnitPrice; price != nil {
		a.UnitPrice = price
	} else if latest && c.After.UnitPrice != nil {
		a.UnitPrice = c.After.UnitPrice
	}
	a.Dates = append(slices.Clone(a.Dates), c.Effective)
	slices.SortFunc(a.Dates, billing.Date.Compare)
	return a
}
