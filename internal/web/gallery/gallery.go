// Package gallery shows every page of the console in every state, with sample data: for people who look at them, and for tests.
//
// A sample is a page of package view with values made up here; nothing is read and nothing acts. The browser tests open every sample.
package gallery

import (
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// Page is one page in one state.
type Page struct {
	Name, State string
	Body        templ.Component
}

// Path is the address of the sample below Handler.
func (p Page) Path() string { return "/" + slug(p.Name) + "/" + slug(p.State) }

// Pages gives all pages in all states, those of one name together.
func Pages() []Page {
	all := slices.Concat(todayPages(), setupPages(), runPages(), linePages(), customerPages(), pricePages(), productPages(), azurePages(), activityPages(), healthPages(), settingsPages(), signInPages(), otherPages())
	first := map[string]int{}
	for i, p := range all {
		if _, seen := first[p.Name]; !seen {
			first[p.Name] = i
		}
	}
	slices.SortStableFunc(all, func(a, b Page) int { return first[a.Name] - first[b.Name] })
	return all
}

// slug makes a part of an address of a name: "approve held" is "approve-held".
func slug(text string) string {
	text = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return ' '
	}, strings.ToLower(text))
	return strings.Join(strings.Fields(text), "-")
}
