package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/mapping"
	"spindle/internal/sheet"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

// clearScore is the least score of suggestions that are ticked from the start.
const clearScore = 80

func suggestions(w http.ResponseWriter, r *request) error {
	all, err := r.s.Engine.SuggestKnown(r.Context(), r.org)
	if err != nil {
		return r.refused(w, r.path("customers"), err)
	}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.exportSuggestions(w, as, all)
	}
	list := r.list(r.path("suggestions"))
	shown, total := suggestedOn(list, all)
	if err := r.counted(&list, total); err != nil {
		return err
	}
	ids := make([]billing.CustomerID, 0, len(shown))
	for _, s := range shown {
		ids = append(ids, s.CustomerID)
	}
	slices.Sort(ids)
	byID, err := r.s.Store.CustomerRows(r.Context(), r.org.ID, slices.Compact(ids)...)
	if err != nil {
		return err
	}
	clear := map[string]bool{}
	for _, s := range mapping.Clearest(all, clearScore) {
		clear[pairValue(s)] = true
	}
	v := view.Suggestions{List: list}
	seen := map[billing.CustomerID]bool{}
	for _, s := range shown {
		c := byID[s.CustomerID]
		if clear[pairValue(s)] {
			v.Clear++
		}
		v.Rows = append(v.Rows, view.SuggestedRow{Value: pairValue(s), CustomerID: string(s.CustomerID), Customer: c.Name, Domain: c.Domain, Company: s.CompanyName,
			CompanyID: string(s.CompanyID), Score: s.Score, Evidence: s.Evidence, Checked: clear[pairValue(s)], First: !seen[s.CustomerID]})
		seen[s.CustomerID] = true
	}
	open, err := r.s.Store.CustomerList(r.Context(), r.org.ID, store.CustomerFilter{State: store.CustomerUnmapped, Page: store.Page{Size: 1}})
	if err != nil {
		return err
	}
	v.Left = max(0, open.Total-total)
	return r.page(w, http.StatusOK, view.SuggestionsPage(r.shell("customers", "Suggestions"), v))
}

// exportSuggestions writes the suggestions of all customers, best first.
func (r *request) exportSuggestions(w http.ResponseWriter, as string, all []mapping.Suggestion) error {
	var ids []billing.CustomerID
	for _, s := range all {
		ids = append(ids, s.CustomerID)
	}
	slices.Sort(ids)
	byID, err := r.s.Store.CustomerRows(r.Context(), r.org.ID, slices.Compact(ids)...)
	if err != nil {
		return err
	}
	var records [][]string
	for _, s := range all {
		c := byID[s.CustomerID]
		records = append(records, []string{string(s.CustomerID), c.Name, c.Domain, string(s.CompanyID), s.CompanyName, strconv.Itoa(s.Score), strings.Join(s.Evidence, "; ")})
	}
	columns := slices.Concat(sheet.Text("customer_id", "customer", "domain", "company_id", "company"), numbers("score"), sheet.Text("evidence"))
	return r.export(w, as, sheet.Table{Name: "suggestions", Columns: columns, Rows: sheet.Rows(records)})
}

// suggestedOn gives the suggestions of the customers on a page of the list, and how many customers have any. The order is that of the
// suggestions, best first; a customer is where its best one is.
func suggestedOn(l view.List, all []mapping.Suggestion) (shown []mapping.Suggestion, customers int) {
	place := map[billing.CustomerID]int{}
	for _, s := range all {
		if _, known := place[s.CustomerID]; !known {
			place[s.CustomerID] = len(place)
		}
	}
	first := (l.Page - 1) * l.Size
	for _, s := range all {
		if at := place[s.CustomerID]; at >= first && at < first+l.Size {
			shown = append(shown, s)
		}
	}
	return shown, len(place)
}

func pairValue(s mapping.Suggestion) string { return string(s.CustomerID) + "|" + string(s.CompanyID) }

// acceptSuggestions maps what was ticked. A customer ticked with two companies is refused before anything is saved.
func acceptSuggestions(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	chosen := map[billing.CustomerID]billing.CompanyID{}
	var wanted []billing.CompanyMapping
	for _, pair := range r.PostForm["pair"] {
		customer, company, found := strings.Cut(pair, "|")
		id := billing.CustomerID(customer)
		if other, twice := chosen[id]; !found || twice && other != billing.CompanyID(company) {
			return r.refused(w, r.path("suggestions"), fault.Invalidf("one customer is ticked with two companies; nothing was mapped").Do("tick one company for each customer"))
		}
		if _, known := chosen[id]; !known {
			wanted = append(wanted, billing.CompanyMapping{CustomerID: id, CompanyID: billing.CompanyID(company)})
		}
		chosen[id] = billing.CompanyID(company)
	}
	if len(wanted) == 0 {
		return r.refused(w, r.path("suggestions"), fault.Invalidf("nothing is ticked").Do("tick the rows that are right"))
	}
	done, failed, err := r.s.Engine.MapCustomers(r.Context(), r.org, wanted, r.by())
	if err != nil {
		return r.refused(w, r.path("suggestions"), err)
	}
	if err := errors.Join(failed...); err != nil {
		n := noticeOf(err)
		n.Text = view.Plural(done, "customer is", "customers are") + " mapped, " + view.Plural(len(failed), "is", "are") + " not: " + n.Text
		return r.doneWith(w, r.path("suggestions"), n)
	}
	return r.done(w, r.path("customers"), view.Plural(done, "customer is", "customers are")+" mapped.", "Next: switch billing on for them, then give them a contract.")
}
