package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/store"
)

// givenSet is what an imported set is held against: what is stored of the same invoice.
type givenSet struct {
	id        billing.SetID
	version   string
	rows      int64
	total     money.Totals                  // before tax, as the control report shows it
	customers map[billing.CustomerID]string // their names
}

func linesGiven(set billing.LineSet) givenSet {
	g := givenSet{set.ID, set.Version, int64(len(set.Lines)), money.Totals{}, map[billing.CustomerID]string{}}
	for _, l := range set.Lines {
		g.total.Add(l.Cost)
		g.customers[l.CustomerID] = l.CustomerName
	}
	return g
}

func usageGiven(set billing.UsageSet) givenSet {
	g := givenSet{set.ID, set.Version, set.Rows, set.Total, map[billing.CustomerID]string{}}
	for _, u := range set.Groups {
		g.customers[u.CustomerID] = u.CustomerName
	}
	return g
}

func setWords(id billing.SetID) string {
	if id.Invoice == "" {
		return "the open month"
	}
	return "invoice " + id.Invoice
}

// doubt tells why a person has to look at a billed set before it counts: it lacks what the stored one has, which looks like cancelled
// subscriptions (law 2), or it is stored as another partner's already and would be billed twice.
func (e *Engine) doubt(ctx context.Context, org store.Organization, given givenSet, replace bool) (store.ImportProblem, bool, error) {
	if given.id.Kind != billing.BilledLines && given.id.Kind != billing.BilledUsage {
		return store.ImportProblem{}, false, nil // estimates come and go
	}
	list := e.Store.LineSets
	if given.id.Kind == billing.BilledUsage {
		list = e.Store.UsageSets
	}
	stored, err := list(ctx, org.ID, store.SetFilter{Kind: given.id.Kind})
	if err != nil {
		return store.ImportProblem{}, false, err
	}
	for _, s := range stored {
		if s.ID.Invoice != given.id.Invoice || s.Version == given.version || s.ID == given.id && replace {
			continue
		}
		before, err := e.storedSet(ctx, org, s.ID)
		if err != nil {
			return store.ImportProblem{}, false, err
		}
		before.rows = s.Rows
		problem, found := lacking(given, before)
		if s.ID != given.id {
			problem, found = twicePartner(given, before)
		}
		if found {
			return problem, true, nil
		}
	}
	return store.ImportProblem{}, false, nil
}

func (e *Engine) storedSet(ctx context.Context, org store.Organization, id billing.SetID) (givenSet, error) {
	if id.Kind == billing.BilledUsage {
		set, err := e.Store.UsageSet(ctx, org.ID, id)
		return usageGiven(set), err
	}
	set, err := e.Store.LineSet(ctx, org.ID, id)
	return linesGiven(set), err
}

// lacking compares a set with the one that it would replace.
func lacking(given, before givenSet) (store.ImportProblem, bool) {
	var gone []string
	for _, id := range slices.Sorted(maps.Keys(before.customers)) {
		if _, stays := given.customers[id]; !stays {
			gone = append(gone, before.customers[id])
		}
	}
	if given.rows >= before.rows && len(gone) == 0 {
		return store.ImportProblem{}, false
	}
	cents := func(t money.Totals) money.Totals { return t.Round(2, money.HalfAwayFromZero) }
	message := fmt.Sprintf("of %s %d rows with %s are stored, and here are %d with %s", setWords(given.id), before.rows, cents(before.total), given.rows, cents(given.total))
	if len(gone) > 0 {
		message += "; nothing is here of " + few(gone)
	}
	return store.ImportProblem{Message: message + ": what is stored stays, because half a file looks like cancelled subscriptions",
		Remedy: "give the whole file, parts of one download together in a zip; if Microsoft did take rows away, import it again and say that it replaces what is stored (--replace)"}, true
}

// twicePartner compares a set with the same invoice of another partner.
func twicePartner(given, other givenSet) (store.ImportProblem, bool) {
	var both []string
	for _, id := range slices.Sorted(maps.Keys(given.customers)) {
		if _, twice := other.customers[id]; twice {
			both = append(both, given.customers[id])
		}
	}
	if len(both) == 0 {
		return store.ImportProblem{}, false // numbers that distributors gave themselves
	}
	return store.ImportProblem{Field: "PartnerId", Message: fmt.Sprintf("%s is stored already as one of partner %s, and both bill %s: it would be billed twice, so it was not kept",
		setWords(given.id), other.id.PartnerID, few(both)), Remedy: "give the file with the partner id that the invoice was imported with first"}, true
}

// few names up to three of a list.
func few(names []string) string {
	if len(names) <= 3 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more customers", strings.Join(names[:3], ", "), len(names)-3)
}
