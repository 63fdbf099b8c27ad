package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/rating"
	"spindle/internal/store"
)

// BillingOrder says what to switch on or off, and from which month: exactly one of Subscription, Customer, Customers and All.
type BillingOrder struct {
	On           bool
	Subscription billing.SubscriptionID
	Customer     billing.CustomerID
	Customers    []billing.CustomerID // these, reviewed together
	All          bool                 // every customer, also those that appear later
	// From is the first month that is billed. Empty: what is off begins with the running month, what is on keeps its month.
	From billing.Month
}

// BillingReview is what an order would do, before anything is saved.
type BillingReview struct {
	Order    BillingOrder
	Switches []billing.BillingSwitch // what is saved; empty when everything stands as ordered already
	// Kept counts the customers or subscriptions that stand as ordered already.
	Kept int
	// Whom names the customer or subscription of an order that is not about all.
	Whom string
	// Own counts subscriptions with a switch of their own, which a switch of their customer does not change.
	Own int
	// Moved are the switches that are on already and get another first month.
	Moved []MonthMove
	// WasOff counts customers that somebody had switched off and that --all would switch on.
	WasOff int
	// Reaches reports whether months before the running one would be billed that were not before.
	Reaches bool
	// Idle is the latest first month when it lies after the next one: until then nothing is billed. Empty otherwise.
	Idle   billing.Month
	Effect Consequence
}

// MonthMove is a first billed month that is changed.
type MonthMove struct {
	Customer     string
	Subscription billing.SubscriptionID // empty: the customer
	From, To     billing.Month
}

// First gives the first and the last of the first months that are saved; they are equal for one month.
func (r BillingReview) First() (first, last billing.Month) {
	for i, b := range r.Switches {
		if i == 0 || b.From < first {
			first = b.From
		}
		last = max(last, b.From)
	}
	return first, last
}

// ReviewBilling works out what an order would do, checks its month, and says what it would change. Nothing is saved.
func (e *Engine) ReviewBilling(ctx context.Context, org store.Organization, o BillingOrder) (BillingReview, error) {
	r, err := e.DraftBilling(ctx, org, o)
	if err != nil {
		return r, err
	}
	var whom []billing.CustomerID
	for _, b := range r.Switches {
		whom = append(whom, b.CustomerID)
	}
	r.Effect, err = e.consequence(ctx, org, only(whom...), func(in *rating.Input) {
		in.Mappings.Switches = replaceSwitches(in.Mappings.Switches, r.Switches)
	})
	return r, err
}

// DraftBilling is ReviewBilling without what the order would change, which takes by far the longest: for who has been told and said yes.
func (e *Engine) DraftBilling(ctx context.Context, org store.Organization, o BillingOrder) (BillingReview, error) {
	r := BillingReview{Order: o}
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return r, err
	}
	if err := e.checkFirstMonth(o, settings); err != nil {
		return r, err
	}
	directory, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return r, err
	}
	mappings, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return r, err
	}
	scope, err := o.scope(directory, mappings)
	if err != nil {
		return r, err
	}
	b := billingDraft{order: o, settings: settings, running: billing.MonthOf(e.Today()), names: namesOf(directory),
		switches: map[billing.CustomerID][]billing.BillingSwitch{}}
	for _, s := range mappings.Switches {
		b.switches[s.CustomerID] = append(b.switches[s.CustomerID], s)
	}
	for _, of := range scope {
		b.draft(&r, of)
	}
	if !o.All && len(o.Customers) == 0 {
		r.Whom = whomOf(scope[0], b.names)
	}
	return r, nil
}

// SaveBilling saves what a review found. With All it also decides about customers that appear later.
func (e *Engine) SaveBilling(ctx context.Context, org store.Organization, r BillingReview, by string) error {
	if len(r.Switches) > 0 {
		if err := e.Store.SetSwitches(ctx, org.ID, r.Switches, by); err != nil {
			return err
		}
	}
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil || !r.Order.All || settings.BillNewCustomers == r.Order.On {
		return err
	}
	settings.BillNewCustomers = r.Order.On
	return e.Store.SaveSettings(ctx, org.ID, settings, by)
}

// monthsAhead is how far ahead a first month may lie: further is a slip of the pen.
const monthsAhead = 12

// checkFirstMonth wants a month that can be billed: not before the organization's, not further back than invoices are kept in mind, not
// out of reach.
func (e *Engine) checkFirstMonth(o BillingOrder, settings billing.Settings) error {
	if o.From == "" {
		return nil
	}
	if !o.On {
		return fault.Invalidf("a first month belongs to switching billing on").WithField("from").Do("leave --from out to switch billing off")
	}
	if settings.BillFrom != "" && o.From < settings.BillFrom {
		return fault.Invalidf("%s lies before %s, the first month that Spindle bills for anybody", o.From, settings.BillFrom).WithField("from").
			Dof("choose %s or later, or begin earlier altogether: spindle autotask settings bill-from=%s", settings.BillFrom, o.From)
	}
	return e.withinReach(o.From)
}

// withinReach refuses months that no invoice is kept for, and months so far ahead that they are slips of the pen.
func (e *Engine) withinReach(month billing.Month) error {
	today := e.Today().MonthStart()
	first, last := billing.MonthOf(today.AddMonths(-monthsRated)), billing.MonthOf(today.AddMonths(monthsAhead))
	switch {
	case month < first:
		return fault.Invalidf("%s lies too far back: Spindle reads the invoices of %d months", month, monthsRated).WithField("from").
			Dof("choose %s or later", first)
	case month > last:
		return fault.Invalidf("%s lies more than a year ahead", month).WithField("from").Dof("choose %s or earlier", last)
	}
	return nil
}

// switchScope names what one switch is for.
type switchScope struct {
	customer     billing.CustomerID
	subscription billing.SubscriptionID
}

// scope lists what an order is about.
func (o BillingOrder) scope(d billing.Directory, m billing.Mappings) ([]switchScope, error) {
	given := 0
	for _, one := range []bool{o.Subscription != "", o.Customer != "", len(o.Customers) > 0, o.All} {
		if one {
			given++
		}
	}
	if given != 1 {
		return nil, fault.Invalidf("say what to switch %s", onOrOff(o.On)).Do("give one subscription id, or --customer NAME, or --all")
	}
	if o.Customer != "" {
		return []switchScope{{customer: o.Customer}}, nil
	}
	if o.Subscription != "" {
		for _, sub := range d.Subscriptions {
			if strings.EqualFold(string(sub.ID), string(o.Subscription)) {
				return []switchScope{{sub.CustomerID, sub.ID}}, nil
			}
		}
		return nil, fault.NotFoundf("no subscription has the id %s", o.Subscription).Do("spindle subscriptions list shows the ids")
	}
	if len(o.Customers) > 0 {
		return o.chosen(everyCustomer(d, m))
	}
	if len(m.Companies) == 0 {
		return nil, fault.Conflictf("no customer is mapped yet").Do("spindle customers suggest")
	}
	var all []switchScope
	for _, id := range everyCustomer(d, m) {
		all = append(all, switchScope{customer: id})
	}
	return all, nil
}

// chosen gives the scope of an order about some customers, each of which must be known.
func (o BillingOrder) chosen(known []billing.CustomerID) ([]switchScope, error) {
	var all []switchScope
	ids := slices.Clone(o.Customers)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if _, found := slices.BinarySearch(known, id); !found {
			return nil, fault.NotFoundf("there is no customer %q", id).Do("look at the list of customers again")
		}
		all = append(all, switchScope{customer: id})
	}
	return all, nil
}

// everyCustomer gives the customers that sources list, that are mapped or that have a switch, in order.
func everyCustomer(d billing.Directory, m billing.Mappings) []billing.CustomerID {
	var ids []billing.CustomerID
	for _, c := range d.Customers {
		ids = append(ids, c.ID)
	}
	for _, c := range m.Companies {
		ids = append(ids, c.CustomerID)
	}
	for _, s := range m.Switches {
		ids = append(ids, s.CustomerID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func onOrOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// billingDraft turns an order into switches.
type billingDraft struct {
	order    BillingOrder
	settings billing.Settings
	switches map[billing.CustomerID][]billing.BillingSwitch // of each customer; "": single subscriptions' of nobody
	running  billing.Month
	names    map[billing.CustomerID]string
}

// draft adds to a review what becomes of one customer or subscription.
func (b billingDraft) draft(r *BillingReview, of switchScope) {
	own := b.switches[of.customer]
	if of.subscription == "" {
		r.Own += len(keep(own, func(s billing.BillingSwitch) bool { return s.SubscriptionID != "" }))
	}
	decides, decided := billing.Mappings{Switches: slices.Concat(own, b.switches[""])}.Switch(of.customer, of.subscription)
	wanted := b.switchOf(of, decides)
	if decided && decides == wanted {
		r.Kept++
		return
	}
	was := b.settings.FirstMonth(decides)
	switch {
	case !wanted.On:
	case decides.On && was != wanted.From:
		r.Moved = append(r.Moved, MonthMove{b.names[of.customer], of.subscription, was, wanted.From})
	case !decides.On && decided && of.subscription == "":
		r.WasOff++
	}
	if !decides.On || was == "" {
		was = b.begins()
	}
	r.Reaches = r.Reaches || wanted.On && wanted.From < was
	if next := billing.MonthOf(b.running.Period().End); wanted.On && b.order.From != "" && wanted.From > next {
		r.Idle = max(r.Idle, wanted.From)
	}
	r.Switches = append(r.Switches, wanted)
}

func whomOf(of switchScope, names map[billing.CustomerID]string) string {
	if of.subscription != "" {
		return fmt.Sprintf("subscription %s of %s", of.subscription, names[of.customer])
	}
	return names[of.customer]
}

// begins is the month with which something begins that is switched on now: the running one, but never one before the organization's.
func (b billingDraft) begins() billing.Month { return max(b.running, b.settings.BillFrom) }

// switchOf gives the switch that an order asks for. What was off and is switched on again begins anew: the months between stay as they are.
func (b billingDraft) switchOf(of switchScope, decides billing.BillingSwitch) billing.BillingSwitch {
	wanted := billing.BillingSwitch{CustomerID: of.customer, SubscriptionID: of.subscription, On: b.order.On, From: decides.From}
	switch {
	case !b.order.On:
	case b.order.From != "":
		wanted.From = b.order.From
	case !decides.On:
		wanted.From = b.begins()
	}
	return wanted
}

// replaceSwitches gives switches with some of them replaced or added.
func replaceSwitches(all, changed []billing.BillingSwitch) []billing.BillingSwitch {
	of := map[switchScope]bool{}
	for _, b := range changed {
		of[switchScope{b.CustomerID, b.SubscriptionID}] = true
	}
	kept := keep(all, func(b billing.BillingSwitch) bool { return !of[switchScope{b.CustomerID, b.SubscriptionID}] })
	return append(kept, changed...)
}

func namesOf(d billing.Directory) map[billing.CustomerID]string {
	names := map[billing.CustomerID]string{}
	for _, c := range d.Customers {
		names[c.ID] = c.Name
	}
	return names
}

// firstBilled gives the month with which billing begins when no plan has fixed it yet: the newest closed one, or an earlier one that
// somebody chose for a customer or subscription.
func firstBilled(in rating.Input) billing.Month {
	first := in.Month
	for _, b := range in.Mappings.Switches {
		if b.On && b.From != "" {
			first = min(first, b.From)
		}
	}
	return first
}

// keepMonths writes down the month of everything that follows the organization's, before that moves to an earlier one: nobody's old months
// are opened by a decision about somebody else.
func (e *Engine) keepMonths(ctx context.Context, org store.Organization, month billing.Month, by string) error {
	mappings, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return err
	}
	var changed []billing.BillingSwitch
	for _, b := range mappings.Switches {
		if b.On && b.From == "" {
			b.From = month
			changed = append(changed, b)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return e.Store.SetSwitches(ctx, org.ID, changed, by)
}

// String says what is moved: "Dunmore: 2026-11 → 2026-09".
func (m MonthMove) String() string {
	what := m.Customer
	if m.Subscription != "" {
		what = "subscription " + string(m.Subscription)
	}
	return fmt.Sprintf("%s: %s → %s", what, monthText(m.From), m.To)
}

func monthText(m billing.Month) string {
	if m == "" {
		return "the month of the first plan"
	}
	return string(m)
}
