package engine

import (
	"fmt"
	"regexp"
	"strings"

	"spindle/internal/billing"
)

// GapGroup is what could not be read for one and the same cause.
type GapGroup struct {
	What  string   // "subscriptions", "invoice data"; alone it says it all when Names is empty
	Names []string // of which customers, or which sets, in the order they came
	Why   string   // the cause, without the ids that differ from one to the next
	of    string   // what is counted: "customer", "set"
}

// namesInGroup is how many of a group are named.
const namesInGroup = 3

// String says what could not be read: "subscriptions of 9 customers (Alder; Brightwater, B.V.; Cobalt; and 6 more)". Names
// may hold commas.
func (g GapGroup) String() string {
	switch n := len(g.Names); {
	case n == 0:
		return g.What
	case n == 1 && g.of == "customer":
		return g.What + " of " + g.Names[0]
	case n == 1:
		return g.What + " " + g.Names[0]
	case n <= namesInGroup:
		return fmt.Sprintf("%s of %s (%s)", g.What, counted(n, g.of), strings.Join(g.Names, "; "))
	default:
		return fmt.Sprintf("%s of %s (%s; and %d more)", g.What, counted(n, g.of), strings.Join(g.Names[:namesInGroup], "; "), n-namesInGroup)
	}
}

// GroupGaps puts gaps with the same cause together, in the order in which the first of each came.
func GroupGaps(gaps []billing.Gap) []GapGroup {
	var groups []GapGroup
	at := map[[2]string]int{}
	for _, g := range gaps {
		what, name, of := partsOfGap(g)
		key := [2]string{what, causeOf(g.Why)}
		i, known := at[key]
		if !known {
			i, at[key] = len(groups), len(groups)
			groups = append(groups, GapGroup{What: what, Why: g.Why, of: of})
		}
		if name != "" {
			groups[i].Names = append(groups[i].Names, name)
		}
		if groups[i].Why != g.Why {
			groups[i].Why = key[1]
		}
	}
	return groups
}

// planOf is how an Azure plan is named inside a gap.
var planOf = regexp.MustCompile(`^plan \S+ of `)

// partsOfGap tells what could not be read from whose it is.
func partsOfGap(g billing.Gap) (what, name, of string) {
	if before, after, found := strings.Cut(g.What, " of "); found && g.CustomerID != "" {
		return before, planOf.ReplaceAllString(after, ""), "customer"
	}
	if set, found := strings.CutPrefix(g.What, "invoice data "); found {
		return "invoice data", set, "set"
	}
	return g.What, "", ""
}

// differing are the parts of an error that differ from one call to the next: ids, and long numbers.
var differing = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4,}`)

// causeOf is an error without what differs from one call to the next.
func causeOf(why string) string { return differing.ReplaceAllString(why, "…") }
