package cli

import (
	"fmt"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/engine"
)

// printGaps says what could not be read, once for each cause; --json lists every one.
func (s *session) printGaps(gaps []billing.Gap) {
	groups := engine.GroupGaps(gaps)
	for _, g := range groups {
		s.printf("%s\n", wrap(fmt.Sprintf("! could not read %s: %s", g, g.Why), "    "))
	}
	if len(groups) < len(gaps) {
		s.printf("    --json lists each of the %d.\n", len(gaps))
	}
}

func gapViews(gaps []billing.Gap) []map[string]string {
	views := []map[string]string{}
	for _, g := range gaps {
		views = append(views, map[string]string{"customer_id": string(g.CustomerID), "what": g.What, "why": g.Why})
	}
	return views
}

// couldNotRead begins the findings about what could not be read.
const couldNotRead = "Could not read "

// groupUnread puts the findings about customers that could not be read for one and the same cause into one.
func groupUnread(findings []billing.Finding) []billing.Finding {
	var gaps []billing.Gap
	var first *billing.Finding
	var kept []billing.Finding
	for _, f := range findings {
		text, unread := strings.CutPrefix(f.Message, couldNotRead)
		what, why, cut := strings.Cut(text, ": ")
		if f.Kind != billing.FindingIncomplete || f.CustomerID == "" || !unread || !cut {
			kept = append(kept, f)
			continue
		}
		if first == nil {
			first = &f
		}
		gaps = append(gaps, billing.Gap{CustomerID: f.CustomerID, What: what, Why: why})
	}
	var grouped []billing.Finding
	for _, g := range engine.GroupGaps(gaps) {
		grouped = append(grouped, billing.Finding{Kind: first.Kind, Message: fmt.Sprintf("%s%s: %s", couldNotRead, g, g.Why), Remedy: first.Remedy})
	}
	return append(grouped, kept...)
}
