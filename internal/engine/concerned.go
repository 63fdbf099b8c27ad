package engine

import (
	"context"
	"maps"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/plan"
	"spindle/internal/rating"
	"spindle/internal/store"
)

// concerned finds the customers whose bills a decision can change; none stands for everybody.
type concerned func(known) ([]billing.CustomerID, error)

// known is what customers are found by: the decisions as they are, and what there is, which takes longer to read.
type known struct {
	mappings      billing.Mappings
	subscriptions func() ([]billing.Subscription, error)
}

func everybody(known) ([]billing.CustomerID, error) { return nil, nil }

func only(customers ...billing.CustomerID) concerned {
	return func(known) ([]billing.CustomerID, error) { return customers, nil }
}

// holders are the customers with a subscription that is meant.
func holders(meant func(billing.Subscription) bool) concerned {
	return func(k known) ([]billing.CustomerID, error) {
		all, err := k.subscriptions()
		found := map[billing.CustomerID]bool{}
		for _, s := range all {
			if meant(s) {
				found[s.CustomerID] = true
			}
		}
		return sortedCustomers(found), err
	}
}

// manyConcerned is the part of all customers, as a divisor, from which on reading everything is as fast as picking them.
const manyConcerned = 5

// question is a decision that is looked at before it is taken: the input as the decisions are, and as they would be.
type question struct {
	before, after rating.Input
	memory        plan.Memory
	known         bool // there is something to compute from: invoice data, and a catalogue of Autotask
}

// ask reads what a decision about some customers can change. What concerns few of many is answered from their own lines.
func (e *Engine) ask(ctx context.Context, org store.Organization, about concerned, change func(*rating.Input)) (question, error) {
	customers, err := e.few(ctx, org, about, change)
	if err != nil {
		return question{}, err
	}
	var q question
	few := len(customers) > 0
	if few {
		q, few, err = e.questionAbout(ctx, org, customers)
	}
	if err == nil && !few {
		q, _, err = e.questionAbout(ctx, org, nil)
	}
	if err != nil {
		return question{}, err
	}
	q.after = q.before
	change(&q.after)
	q.known = q.known && q.before.Month != ""
	return q, nil
}

// few gives the customers that a decision is about and those who share contracts with them, when they are few of many.
func (e *Engine) few(ctx context.Context, org store.Organization, about concerned, change func(*rating.Input)) ([]billing.CustomerID, error) {
	mappings, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	whom, err := about(known{mappings, func() ([]billing.Subscription, error) {
		d, err := e.Store.Directory(ctx, org.ID)
		return d.Subscriptions, err
	}})
	if err != nil || len(whom) == 0 {
		return nil, err
	}
	draft := rating.Input{Mappings: mappings}
	change(&draft)
	customers := togetherWith(whom, slices.Concat(mappings.Routes, draft.Mappings.Routes))
	if n, err := e.Store.CustomersListed(ctx, org.ID); err != nil || len(customers)*manyConcerned >= n {
		return nil, err
	}
	return sortedCustomers(customers), nil
}

// questionAbout reads what a question about some customers is answered from, or one about everybody when none are named. It tells whether that
// is enough to rate them as they are rated among all: whether nothing about them has to be found out from what others were billed.
func (e *Engine) questionAbout(ctx context.Context, org store.Organization, customers []billing.CustomerID) (q question, enough bool, err error) {
	if q.before, q.memory, err = e.storedDecisions(ctx, org, customers...); err != nil {
		return q, false, err
	}
	if q.before.Catalogue, q.known, err = e.Store.Catalogue(ctx, org.ID); err != nil {
		return q, false, err
	}
	some, err := e.addSetsRated(ctx, org, &q.before, customers)
	if err == nil && !some {
		err = e.addSets(ctx, org, &q.before, customers...)
	}
	if err != nil {
		return q, false, err
	}
	return q, len(customers) == 0 || rating.KnowsMonths(q.before) && rating.KnowsCosts(q.before), nil
}

// addSetsRated does what addSets does, but leaves usage out that no month that is rated looks at: most of it lies in months that are over. It
// gives false when it cannot, because the month of a set has to be found out from its usage.
func (e *Engine) addSetsRated(ctx context.Context, org store.Organization, in *rating.Input, of []billing.CustomerID) (bool, error) {
	inForce := store.SetFilter{From: oldestRated(in.Day)}
	lines, err := e.Store.LineSets(ctx, org.ID, inForce)
	if err != nil {
		return false, err
	}
	usage, err := e.Store.UsageSets(ctx, org.ID, inForce)
	if err != nil {
		return false, err
	}
	draft := *in
	for _, i := range usage {
		draft.Usage = append(draft.Usage, billing.UsageSet{ID: i.ID, Version: i.Version, Rows: i.Rows, Total: i.Total})
	}
	if e.months.learn(org.ID, &draft, false); !rating.KnowsMonths(draft) {
		return false, nil
	}
	draft.Lines = make([]billing.LineSet, len(lines))
	if err := twoByTwo(len(lines), func(i int) (err error) {
		draft.Lines[i], err = e.Store.LineSet(ctx, org.ID, lines[i].ID, of...)
		return err
	}); err != nil {
		return false, err
	}
	if e.months.learn(org.ID, &draft, len(of) == 0); !rating.KnowsMonths(draft) {
		return false, nil
	}
	closeMonth(&draft)
	strangers, err := e.strangers(ctx, org, draft.Directory.Customers, of)
	if err != nil {
		return false, err
	}
	looked := rating.UsageOf(draft, append(earlierMonths(draft), draft.Month)...)
	if err := twoByTwo(len(usage), func(i int) (err error) {
		whose := of
		if !looked[usage[i].ID] {
			whose = strangers
		}
		if looked[usage[i].ID] || len(whose) > 0 {
			draft.Usage[i], err = e.Store.UsageSet(ctx, org.ID, usage[i].ID, whose...)
		}
		return err
	}); err != nil {
		return false, err
	}
	for i, set := range draft.Usage {
		if set.Version != usage[i].Version { // replaced meanwhile: its month may be another
			return false, nil
		}
	}
	*in = draft
	return true, nil
}

// twoByTwo does something n times, two at a time: on as many connections as may be busy for long without others waiting.
func twoByTwo(n int, do func(i int) error) error {
	from := func(first int) func() error {
		return func() error {
			for i := first; i < n; i += 2 {
				if err := do(i); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return sideBySide(from(0), from(1))
}

// strangers gives the customers, of some or of all, whom no source lists any more: what they are called only their invoices and usage tell.
func (e *Engine) strangers(ctx context.Context, org store.Organization, listed []billing.Customer, of []billing.CustomerID) ([]billing.CustomerID, error) {
	all, err := e.Store.CustomersWithUsage(ctx, org.ID, oldestRated(e.Today()))
	known, asked := map[billing.CustomerID]bool{}, map[billing.CustomerID]bool{}
	for _, c := range listed {
		known[c.ID] = true
	}
	for _, id := range of {
		asked[id] = true
	}
	return keep(all, func(id billing.CustomerID) bool { return !known[id] && (len(of) == 0 || asked[id]) }), err
}

// rated gives what a rating makes of both inputs, which are computed side by side.
func rated[T any](q question, rate func(rating.Input) T) (before, after T, err error) {
	err = sideBySide(
		func() error { before = rate(q.before); return nil },
		func() error { after = rate(q.after); return nil },
	)
	return before, after, err
}

// togetherWith adds to customers all who share a contract with one of them, and so perhaps a line, and who share one with those. None stay none.
func togetherWith(customers []billing.CustomerID, routes []billing.Route) map[billing.CustomerID]bool {
	onContract := map[billing.ContractID][]billing.CustomerID{}
	contracts := map[billing.CustomerID][]billing.ContractID{}
	for _, r := range routes {
		if r.ContractID != "" {
			onContract[r.ContractID] = append(onContract[r.ContractID], r.CustomerID)
			contracts[r.CustomerID] = append(contracts[r.CustomerID], r.ContractID)
		}
	}
	all := map[billing.CustomerID]bool{}
	for next := slices.Clone(customers); len(next) > 0; {
		id := next[len(next)-1]
		next = next[:len(next)-1]
		if all[id] {
			continue
		}
		all[id] = true
		for _, contract := range contracts[id] {
			next = append(next, onContract[contract]...)
			delete(onContract, contract)
		}
	}
	return all
}

func sortedCustomers(set map[billing.CustomerID]bool) []billing.CustomerID {
	return slices.Sorted(maps.Keys(set))
}
