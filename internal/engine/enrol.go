package engine

import (
	"context"

	"spindle/internal/billing"
	"spindle/internal/rating"
	"spindle/internal/store"
)

// enrolledBy stands in the audit trail behind switches that Spindle set by itself.
const enrolledBy = "bill on --all: a new customer"

// finishCollect does what follows every read of a source: the directory of imported files, and the customers that appeared.
func (e *Engine) finishCollect(ctx context.Context, org store.Organization, c *Collected) error {
	if err := e.deriveFromFiles(ctx, org, c); err != nil {
		return err
	}
	return e.enrol(ctx, org)
}

// enrol switches billing on for customers that nobody has decided about, when the organization bills all, also those that appear later. They
// begin with the month in which the source first lists them.
func (e *Engine) enrol(ctx context.Context, org store.Organization) error {
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil || !settings.BillNewCustomers {
		return err
	}
	directory, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return err
	}
	mappings, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return err
	}
	decided := map[billing.CustomerID]bool{}
	for _, b := range mappings.Switches {
		decided[b.CustomerID] = true
	}
	appeared := keep(directory.Customers, func(c billing.Customer) bool { return !decided[c.ID] })
	if len(appeared) == 0 {
		return nil
	}
	var billed map[billing.CustomerID]billing.Month
	if settings.BillFrom != "" { // before the first plan nothing has begun that could reach back
		if billed, err = e.firstBilledMonths(ctx, org, settings.BillFrom); err != nil {
			return err
		}
	}
	running := max(billing.MonthOf(e.Today()), settings.BillFrom)
	var switches []billing.BillingSwitch
	for _, c := range appeared {
		from := running
		if month, found := billed[c.ID]; found {
			from = min(from, month)
		}
		switches = append(switches, billing.BillingSwitch{CustomerID: c.ID, On: true, From: from})
	}
	return e.Store.SetSwitches(ctx, org.ID, switches, enrolledBy)
}

// firstBilledMonths gives the first month, not before a given one, in which Microsoft billed something for each customer: an invoice may be
// read weeks after its month, together with a customer that nobody knew.
func (e *Engine) firstBilledMonths(ctx context.Context, org store.Organization, from billing.Month) (map[billing.CustomerID]billing.Month, error) {
	lines, err := e.Store.LoadLineSets(ctx, org.ID, from)
	if err != nil {
		return nil, err
	}
	usage, err := e.Store.LoadUsageSets(ctx, org.ID, from)
	if err != nil {
		return nil, err
	}
	known, _, err := e.invoicesKnown(ctx, org)
	if err != nil {
		return nil, err
	}
	first := map[billing.CustomerID]billing.Month{}
	note := func(id billing.CustomerID, month billing.Month) {
		if old, found := first[id]; month != "" && month >= from && (!found || month < old) {
			first[id] = month
		}
	}
	months := rating.SetMonths(rating.Input{Lines: lines, Usage: usage, InvoiceMonths: known})
	for _, set := range lines {
		month := months[set.ID]
		for _, l := range set.Lines {
			note(l.CustomerID, month)
		}
	}
	for _, set := range usage {
		month := months[set.ID]
		for _, g := range set.Groups {
			note(g.CustomerID, month)
		}
	}
	return first, nil
}
