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
type concerned func(rating.Input) []billing.CustomerID

func everybody(rating.Input) []billing.CustomerID { return nil }

func only(customers ...billing.CustomerID) concerned {
	return func(rating.Input) []billing.CustomerID { return customers }
}

// holders are the customers with a subscription that is meant.
func holders(meant func(billing.Subscription) bool) concerned {
	return func(in rating.Input) []billing.CustomerID {
		found := map[billing.CustomerID]bool{}
		for _, s := range in.Directory.Subscriptions {
			if meant(s) {
				found[s.CustomerID] = true
			}
		}
		return sortedCustomers(found)
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
	in, memory, err := e.storedDecisions(ctx, org)
	if err != nil {
		return question{}, err
	}
	catalogue, found, err := e.Store.Catalogue(ctx, org.ID)
	if err != nil {
		return question{}, err
	}
	in.Catalogue = catalogue
	q := question{memory: memory, known: found}
	draft := in
	change(&draft)
	customers := togetherWith(about(in), slices.Concat(in.Mappings.Routes, draft.Mappings.Routes))
	few := len(customers) > 0 && len(customers)*manyConcerned < len(in.Directory.Customers)
	if few {
		q.before, few, err = e.inputOf(ctx, org, in, customers)
	}
	if err == nil && !few {
		q.before = in
		err = e.addSets(ctx, org, &q.before)
	}
	if err != nil {
		return question{}, err
	}
	q.after = q.before
	change(&q.after)
	q.known = q.known && q.before.Month != ""
	return q, nil
}

// rated gives what a rating makes of both inputs, which are computed side by side.
func rated[T any](q question, rate func(rating.Input) T) (before, after T, err error) {
	err = sideBySide(
		func() error { before = rate(q.before); return nil },
		func() error { after = rate(q.after); return nil },
	)
	return before, after, err
}

// inputOf adds what some customers were billed, and leaves out the subscriptions of all others. It tells whether that is enough to rate them as
// they are rated among all: whether nothing about them has to be found out from what others were billed.
func (e *Engine) inputOf(ctx context.Context, org store.Organization, in rating.Input, customers map[billing.CustomerID]bool) (rating.Input, bool, error) {
	if err := e.addSets(ctx, org, &in, sortedCustomers(customers)...); err != nil {
		return in, false, err
	}
	in.Directory.Subscriptions = keep(in.Directory.Subscriptions, func(s billing.Subscription) bool { return customers[s.CustomerID] })
	return in, rating.KnowsMonths(in) && rating.KnowsCosts(in), nil
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
