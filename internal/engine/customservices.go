package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/rating"
	"spindle/internal/store"
)

// ServiceReview is what importing a list of custom services would do, before anything is saved.
type ServiceReview struct {
	File     string                 // its name without the folder
	Services []billing.Subscription // the good rows
	Problems []store.ImportProblem  // broken rows, which are left out
	Added    []ServiceChange
	Changed  []ServiceChange
	Same     int
	Missing  []store.CustomService // stored, and not in the list: they stay unless they are to be ended
	names    map[billing.CustomerID]string
}

// ServiceChange is one custom service that a list adds or changes, or that ends because the list lacks it.
type ServiceChange struct {
	Service  billing.Subscription
	Customer string
	What     string // what changes, in words: "quantity 12 → 14"; empty when the service is new or ends
}

// String names the service, its customer and what changes.
func (c ServiceChange) String() string {
	text := fmt.Sprintf("%s of %s", c.Service.Name, c.Customer)
	if c.What != "" {
		text += ": " + c.What
	}
	return text
}

// ReviewServices reads a list of custom services and compares it with what is stored. A service is known by its customer and id, whatever
// the file is called. Nothing is saved.
func (e *Engine) ReviewServices(ctx context.Context, org store.Organization, path string) (ServiceReview, error) {
	r := ServiceReview{File: filepath.Base(path), names: map[billing.CustomerID]string{}}
	lookup, err := e.customerLookup(ctx, org)
	if err != nil {
		return r, err
	}
	r.Services, r.Problems, err = e.ReadServices(ctx, path, lookup)
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		return r, fault.NotFoundf("%s: %w", pathError.Path, pathError.Err).Do("check the file's name")
	}
	if err != nil {
		return r, err
	}
	directory, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return r, err
	}
	for _, c := range directory.Customers {
		r.names[c.ID] = c.Name
	}
	stored, err := e.Store.CustomServices(ctx, org.ID)
	if err != nil {
		return r, err
	}
	r.compare(stored)
	return r, nil
}

// compare sorts the rows of a list into what is new, changed and the same, and finds what is stored and not listed.
func (r *ServiceReview) compare(stored []store.CustomService) {
	known := map[billing.SubscriptionID]store.CustomService{}
	for _, c := range stored {
		known[c.ID] = c
	}
	listed := map[billing.SubscriptionID]bool{}
	for _, s := range r.Services {
		listed[s.ID] = true
		change := r.named(s)
		old, found := known[s.ID]
		switch change.What = differences(old.Subscription, s); {
		case !found:
			change.What = ""
			r.Added = append(r.Added, change)
		case change.What != "":
			r.Changed = append(r.Changed, change)
		default:
			r.Same++
		}
	}
	r.Missing = keep(stored, func(c store.CustomService) bool { return !listed[c.ID] })
}

func (r *ServiceReview) named(s billing.Subscription) ServiceChange {
	name := r.names[s.CustomerID]
	if name == "" {
		name = "customer " + string(s.CustomerID)
	}
	return ServiceChange{Service: s, Customer: name}
}

// Ends gives the missing services as changes.
func (r *ServiceReview) Ends() []ServiceChange {
	var all []ServiceChange
	for _, c := range r.Missing {
		all = append(all, r.named(c.Subscription))
	}
	return all
}

// differences says in words what changes from one version of a custom service to the next; "" when nothing does.
func differences(a, b billing.Subscription) string {
	var words []string
	for _, field := range []struct{ name, before, after string }{
		{"name", a.Name, b.Name},
		{"quantity", fmt.Sprint(a.Quantity), fmt.Sprint(b.Quantity)},
		{"cost", moneyText(a.UnitCost), moneyText(b.UnitCost)},
		{"price", moneyText(a.UnitPrice), moneyText(b.UnitPrice)},
		{"billed", string(a.Offer.Frequency), string(b.Offer.Frequency)},
		{"start", dateText(a.Start), dateText(b.Start)},
		{"end", dateText(a.End), dateText(b.End)},
	} {
		if field.before != field.after {
			words = append(words, fmt.Sprintf("%s %s → %s", field.name, field.before, field.after))
		}
	}
	return strings.Join(words, ", ")
}

func moneyText(m *billing.UnitMoney) string {
	if m == nil {
		return "by the price rules"
	}
	return m.String()
}

func dateText(d billing.Date) string {
	if d.IsZero() {
		return "open"
	}
	return d.String()
}

// ReplaceServices says what it would do to the lines in Autotask to end the services that a list lacks.
func (e *Engine) ReplaceServices(ctx context.Context, org store.Organization, r ServiceReview) (Consequence, error) {
	var whom []billing.CustomerID
	for _, c := range r.Missing {
		whom = append(whom, c.CustomerID)
	}
	return e.consequence(ctx, org, only(whom...), func(in *rating.Input) {
		in.Directory.Subscriptions = keep(in.Directory.Subscriptions, func(s billing.Subscription) bool {
			return !slices.ContainsFunc(r.Missing, func(c store.CustomService) bool { return c.ID == s.ID })
		})
	})
}

// SaveServices saves what a review found: new services are added and known ones changed. Those that the list lacks stay, unless replace says
// that the list is everything there is; then they end. A list with broken rows never ends anything, because nobody knows what they would
// have said (law 2).
func (e *Engine) SaveServices(ctx context.Context, org store.Organization, r ServiceReview, replace bool, by string) (Imported, error) {
	broken := brokenRows(r.Problems)
	list := store.CustomList{Origin: r.File, Services: r.Services}
	imported := Imported{Kind: "custom services"}
	switch {
	case replace && broken > 0 && len(r.Missing) > 0:
		imported.Notices = append(imported.Notices, fmt.Sprintf("%s broken, so nothing is ended: repair the file first", countedIs(int(broken), "row")))
	case replace:
		for _, c := range r.Missing {
			list.Ended = append(list.Ended, c.ID)
		}
		imported.Ended = r.Ends()
	}
	if len(list.Services)+len(list.Ended) > 0 {
		if err := e.Store.SaveCustomServices(ctx, org.ID, list, by); err != nil {
			return imported, err
		}
	}
	kept := int64(len(r.Services))
	report, err := e.Store.SaveImportReport(ctx, org.ID, store.ImportReport{Origin: r.File, By: by, Rows: kept + broken, Kept: kept, Refused: broken,
		Changed: len(r.Added)+len(r.Changed)+len(list.Ended) > 0, Problems: r.Problems, Kind: imported.Kind, Notices: r.notices(imported)})
	imported.Report = report
	return imported, err
}

// changesNamed is how many services of a kind a control report names.
const changesNamed = 50

// notices says for the control report what the list added, changed and ended.
func (r *ServiceReview) notices(i Imported) []string {
	all := []string{fmt.Sprintf("%d added, %d changed, %d as before, %d ended", len(r.Added), len(r.Changed), r.Same, len(i.Ended))}
	for _, part := range []struct {
		word string
		all  []ServiceChange
	}{{"added", r.Added}, {"changed", r.Changed}, {"ended", i.Ended}} {
		for n, change := range part.all {
			if n == changesNamed {
				all = append(all, fmt.Sprintf("%s: %d more", part.word, len(part.all)-n))
				break
			}
			all = append(all, part.word+": "+change.String())
		}
	}
	if stay := len(r.Missing) - len(i.Ended); stay > 0 {
		all = append(all, fmt.Sprintf("not in this list and unchanged: %s", counted(stay, "service")))
	}
	return append(all, i.Notices...)
}

// byHand is the origin of services that were entered in a form.
const byHand = "entered by hand"

// SaveService checks one custom service like a row of a list and saves it. was is the service that is changed, whose id and customer stay;
// "" adds one. Mistakes name the column as their field.
func (e *Engine) SaveService(ctx context.Context, org store.Organization, cells map[string]string, was billing.SubscriptionID, by string) (billing.Subscription, error) {
	stored, err := e.Store.CustomServices(ctx, org.ID)
	if err != nil {
		return billing.Subscription{}, err
	}
	cells = maps.Clone(cells)
	var customer billing.CustomerID
	var problems []error
	if was == "" {
		customer, err = e.serviceCustomer(ctx, org, cells["customer"])
	} else {
		customer, err = keepIdentity(cells, stored, was)
	}
	switch {
	case fault.Is(err, fault.KindInvalid):
		problems = append(problems, err)
	case err != nil:
		return billing.Subscription{}, err
	}
	service, broken := e.ReadService(cells, func(string) (billing.CustomerID, error) {
		if customer == "" {
			return "", fault.Invalidf("there is no such customer").Do("choose one of the list")
		}
		return customer, nil
	})
	for _, p := range broken {
		if p.Field != "customer" || len(problems) == 0 {
			problems = append(problems, fault.Invalidf("%s", p.Message).WithField(p.Field).Do(p.Remedy))
		}
	}
	if was == "" && slices.ContainsFunc(stored, func(c store.CustomService) bool { return c.ID == service.ID }) {
		problems = append(problems, fault.Invalidf("the customer has a service with this id already").WithField("id").Do("change that one, or choose another id"))
	}
	if len(problems) > 0 {
		return service, errors.Join(problems...)
	}
	return service, e.Store.SaveCustomServices(ctx, org.ID, store.CustomList{Origin: byHand, Services: []billing.Subscription{service}}, by)
}

// serviceCustomer finds whom a new service is for. An empty text is left to the row's own check.
func (e *Engine) serviceCustomer(ctx context.Context, org store.Organization, name string) (billing.CustomerID, error) {
	if strings.TrimSpace(name) == "" {
		return "", nil
	}
	found, err := e.FindCustomer(ctx, org, strings.TrimSpace(name))
	if k := fault.KindOf(err); err != nil && (k == fault.KindNotFound || k == fault.KindInvalid) {
		return "", fault.Invalidf("%s", err).WithField("customer").Do(fault.Remedy(err))
	}
	return found.ID, err
}

// keepIdentity gives the row the id and customer of the service that it changes.
func keepIdentity(cells map[string]string, stored []store.CustomService, was billing.SubscriptionID) (billing.CustomerID, error) {
	at := slices.IndexFunc(stored, func(c store.CustomService) bool { return c.ID == was })
	if at < 0 {
		return "", fault.Stalef("the custom service %s has ended, or was never there", was).Do("look at the list again")
	}
	cells["id"], cells["customer"] = stored[at].Offer.SKUID, string(stored[at].CustomerID)
	return stored[at].CustomerID, nil
}

// ReviewEndServices says what it would do to the lines in Autotask to end custom services.
func (e *Engine) ReviewEndServices(ctx context.Context, org store.Organization, ids []billing.SubscriptionID) (Consequence, error) {
	isMeant := func(s billing.Subscription) bool { return slices.Contains(ids, s.ID) }
	return e.consequence(ctx, org, holders(isMeant), func(in *rating.Input) {
		in.Directory.Subscriptions = keep(in.Directory.Subscriptions, func(s billing.Subscription) bool { return !isMeant(s) })
	})
}

// EndServices ends custom services, all or none: one that has ended already is a fault of kind not-found.
func (e *Engine) EndServices(ctx context.Context, org store.Organization, ids []billing.SubscriptionID, by string) error {
	if len(ids) == 0 {
		return fault.Invalidf("no service was chosen").Do("choose at least one")
	}
	return e.Store.SaveCustomServices(ctx, org.ID, store.CustomList{Ended: ids}, by)
}
