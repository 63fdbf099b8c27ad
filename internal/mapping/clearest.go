package mapping

import "spindle/internal/billing"

// Clearest gives the suggestions that may be accepted in bulk: those that score at least the given score, whose customer has no second
// company with the same score, and whose company is the best of no other customer. All must be ordered best first.
func Clearest(all []Suggestion, least int) []Suggestion {
	best := map[billing.CustomerID]Suggestion{}
	rival := map[billing.CustomerID]int{}
	wanted := map[billing.CompanyID]int{}
	var order []billing.CustomerID
	for _, s := range all {
		if first, seen := best[s.CustomerID]; !seen {
			best[s.CustomerID] = s
			order = append(order, s.CustomerID)
			wanted[s.CompanyID]++
		} else if s.CompanyID != first.CompanyID {
			rival[s.CustomerID] = max(rival[s.CustomerID], s.Score)
		}
	}
	var chosen []Suggestion
	for _, id := range order {
		if b := best[id]; b.Score >= least && rival[id] < b.Score && wanted[b.CompanyID] == 1 {
			chosen = append(chosen, b)
		}
	}
	return chosen
}
