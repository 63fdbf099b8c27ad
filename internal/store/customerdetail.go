package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
)

// SubscriptionRow is one subscription or custom service of a customer and what becomes of it.
type SubscriptionRow struct {
	billing.Subscription
	Gone   bool   // no source lists it any more
	Source string // "partnercenter", "files", "custom"

	On     bool          // billing is on for it
	From   billing.Month // first billed month; empty while billing is off, or until the first plan sets it
	Own    bool          // by a switch of its own; else by the customer's, or by none
	Route  billing.Route
	Routed bool // false: there is no route

	Line       *LineRow // nil: no line bills it
	LineStatus LineStatus
	Why        string // why no line bills it, in words
}

// ResourceGroupRow is a resource group of a customer's Azure subscription.
type ResourceGroupRow struct {
	AzureSubscriptionID   billing.AzureSubscriptionID
	AzureSubscriptionName string
	ResourceGroup         string
	Month                 billing.Month // newest month with usage
	Cost                  money.Totals  // in that month
	Route                 billing.Route
	Routed                bool

	plan billing.SubscriptionID
}

// CustomerDetail is everything the customer's page shows.
type CustomerDetail struct {
	CustomerRow
	From       billing.Month     // first billed month, as SubscriptionRow.From
	Subscribed []SubscriptionRow // Microsoft's, ordered by name
	Custom     []SubscriptionRow
	Groups     []ResourceGroupRow
	Open       []FindingRow // findings that nobody has decided, largest first
	History    []AuditEntry // newest first, at most 50; AuditList with the customer's id as subject gives the rest
}

// historyMax is how many audit entries a customer's page shows.
const historyMax = 50

// CustomerRows gives rows of the list of customers by their ids; those that nothing is known of are missing.
func (s *Store) CustomerRows(ctx context.Context, org billing.OrganizationID, ids ...billing.CustomerID) (map[billing.CustomerID]CustomerRow, error) {
	rows := map[billing.CustomerID]CustomerRow{}
	err := s.read(ctx, org, func(t *txn) error {
		for some := range slices.Chunk(ids, pageSizeMax) {
			where, args := only("customer_id", some, []any{org})
			found, err := list(ctx, t, scanCustomer, `SELECT `+customerColumns+` FROM customer_summary WHERE organization_id = $1`+where, args...)
			if err != nil {
				return err
			}
			for _, row := range found {
				rows[row.ID] = row
			}
		}
		return nil
	})
	return rows, err
}

func (t *txn) customerRow(ctx context.Context, id billing.CustomerID) (CustomerRow, error) {
	all, err := list(ctx, t, scanCustomer, `SELECT `+customerColumns+` FROM customer_summary WHERE organization_id = $1 AND customer_id = $2`, t.org, id)
	if err == nil && len(all) == 0 {
		err = fault.NotFoundf("there is no customer %q", id)
	}
	if err != nil {
		return CustomerRow{}, err
	}
	return all[0], nil
}

// CustomerDetail gives one customer; a fault of kind not-found when nothing is known of it.
func (s *Store) CustomerDetail(ctx context.Context, org billing.OrganizationID, id billing.CustomerID) (CustomerDetail, error) {
	var d CustomerDetail
	err := s.read(ctx, org, func(t *txn) error {
		row, err := t.customerRow(ctx, id)
		if err != nil {
			return err
		}
		d.CustomerRow = row
		m, err := t.customerMappings(ctx, id)
		if err != nil {
			return err
		}
		settings := DefaultSettings()
		if err := t.settings(ctx, &settings); err != nil {
			return err
		}
		d.From = firstMonth(settings, m, id, "")
		if err := t.addSubscribed(ctx, &d, settings, m); err != nil {
			return err
		}
		if d.Groups, err = t.resourceGroups(ctx, id, ""); err != nil {
			return err
		}
		for i := range d.Groups {
			d.Groups[i].route(m.Routes)
		}
		open, err := t.findings(ctx, FindingFilter{Customer: id, Page: Page{Size: pageSizeMax}})
		if err != nil {
			return err
		}
		d.Open = open.Rows
		d.History, err = t.history(ctx, string(id))
		return err
	})
	return d, err
}

// history gives the newest audit entries about something and what is below it. The two kinds are asked for one by one, so that each is
// read from its index.
func (t *txn) history(ctx context.Context, subject string) ([]AuditEntry, error) {
	var all []AuditEntry
	for _, condition := range []string{` AND subject = $2`, ` AND subject > $2 || '/' AND subject < $2 || '0'`} {
		entries, err := list(ctx, t, scanAudit, auditColumns+condition+fmt.Sprintf(` ORDER BY +seq DESC LIMIT %d`, historyMax), t.org, subject)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	slices.SortFunc(all, func(a, b AuditEntry) int { return cmp.Compare(b.Seq, a.Seq) })
	return all[:min(len(all), historyMax)], nil
}

// customerMappings gives what was decided for one customer.
func (t *txn) customerMappings(ctx context.Context, id billing.CustomerID) (m billing.Mappings, err error) {
	if m.Switches, err = list(ctx, t, scanSwitch, `SELECT customer_id, subscription_id, enabled, from_month FROM billing_switch
		WHERE organization_id = $1 AND customer_id = $2 ORDER BY subscription_id`, t.org, id); err != nil {
		return m, err
	}
	m.Routes, err = list(ctx, t, scanRoute, routeColumns+` AND customer_id = $2`, t.org, id)
	return m, err
}

// routeFor gives the most specific of a customer's routes that fits a place: resource group, Azure subscription, subscription, customer
// (design §6.4). Rating decides the same way.
func routeFor(routes []billing.Route, place billing.Route) (best billing.Route, found bool) {
	weight := func(r billing.Route) int {
		w := 0
		for i, part := range []string{string(r.SubscriptionID), string(r.AzureSubscriptionID), r.ResourceGroup} {
			if part != "" {
				w += 1 << i
			}
		}
		return w
	}
	for _, r := range routes {
		fits := (r.SubscriptionID == "" || r.SubscriptionID == place.SubscriptionID) &&
			(r.AzureSubscriptionID == "" || r.AzureSubscriptionID == place.AzureSubscriptionID) &&
			(r.ResourceGroup == "" || r.ResourceGroup == place.ResourceGroup)
		if fits && (!found || weight(r) > weight(best)) {
			best, found = r, true
		}
	}
	return best, found
}

func (g *ResourceGroupRow) route(routes []billing.Route) {
	g.Route, g.Routed = routeFor(routes, billing.Route{
		SubscriptionID: g.plan, AzureSubscriptionID: g.AzureSubscriptionID, ResourceGroup: g.ResourceGroup,
	})
}

// addSubscribed adds the customer's subscriptions and custom services with the lines that bill them.
func (t *txn) addSubscribed(ctx context.Context, d *CustomerDetail, settings billing.Settings, m billing.Mappings) error {
	planned, err := t.monthOfPlan(ctx, d.Run)
	if err != nil {
		return err
	}
	var last billing.SubscriptionID
	rows, err := list(ctx, t, func(r scanner) (row SubscriptionRow, err error) {
		var body string
		if err = r.Scan(&body, &row.Gone, &row.Source); err == nil {
			err = decodeRow(body, &row.Subscription)
		}
		return row, err
	}, `SELECT e.body, e.gone_at <> 0, e.source FROM directory_entry e
		JOIN source s ON s.organization_id = e.organization_id AND s.name = e.source
		WHERE e.organization_id = $1 AND e.customer_id = $2 AND e.kind = $3 ORDER BY e.id, e.gone_at <> 0, s.saved_at DESC, s.name`,
		t.org, d.ID, entrySubscription)
	if err != nil {
		return err
	}
	lines, err := t.linesBySubscription(ctx, d.CustomerRow)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.ID == last {
			continue // another source lists it too
		}
		last = row.ID
		row.decide(settings, m)
		row.bill(d.CustomerRow, planned, lines[row.ID])
		if row.Kind == billing.CustomService {
			d.Custom = append(d.Custom, row)
		} else {
			d.Subscribed = append(d.Subscribed, row)
		}
	}
	for _, list := range [][]SubscriptionRow{d.Subscribed, d.Custom} {
		slices.SortStableFunc(list, func(a, b SubscriptionRow) int { return strings.Compare(fold(a.Name), fold(b.Name)) })
	}
	return nil
}

// monthOfPlan gives the month of the day that a run planned for; empty without a run.
func (t *txn) monthOfPlan(ctx context.Context, id RunID) (billing.Month, error) {
	if id == "" {
		return "", nil
	}
	run, _, err := t.run(ctx, id)
	return billing.MonthOf(run.PlanDay), err
}

// firstMonth gives the first billed month of a subscription, or of the customer when none is named.
func firstMonth(settings billing.Settings, m billing.Mappings, customer billing.CustomerID, sub billing.SubscriptionID) billing.Month {
	if by, found := m.Switch(customer, sub); found && by.On {
		return settings.FirstMonth(by)
	}
	return ""
}

// decide adds the switch and the route.
func (r *SubscriptionRow) decide(settings billing.Settings, m billing.Mappings) {
	by, found := m.Switch(r.CustomerID, r.ID)
	r.On, r.Own = found && by.On, found && by.SubscriptionID != ""
	r.From = firstMonth(settings, m, r.CustomerID, r.ID)
	r.Route, r.Routed = routeFor(m.Routes, billing.Route{SubscriptionID: r.ID})
}

// bill adds the line, or says why there is none. Planned is the month of the plan that the customer's figures are from.
func (r *SubscriptionRow) bill(c CustomerRow, planned billing.Month, line *LineRow) {
	if line != nil {
		r.Line, r.LineStatus = line, line.Status
		return
	}
	r.LineStatus = LineNone
	switch {
	case r.Kind == billing.AzurePlan:
		r.Why = "billed by consumption, month by month"
	case r.Gone, r.Subscription.Status == billing.Ended:
		r.Why = "it has ended"
	case r.Trial:
		r.Why = "a trial costs nothing"
	case r.Offer.Frequency == billing.Free:
		r.Why = "it is free"
	case c.CompanyID == "":
		r.Why = "the customer is not mapped to a company"
	case !r.On:
		r.Why = "billing is off"
	case !r.Routed:
		r.Why = "no contract is chosen"
	case r.Kind == billing.OtherPurchase, r.Offer.Frequency == billing.OneTime, r.Offer.Frequency == billing.Triennial:
		r.Why = "charged once, from the invoice"
	case c.Run == "":
		r.Why = "not planned yet"
	case r.From > planned:
		r.Why = "billing begins with " + string(r.From)
	default:
		r.Why = "the latest plan has no line for it: see the findings"
	}
}

func (t *txn) linesBySubscription(ctx context.Context, c CustomerRow) (map[billing.SubscriptionID]*LineRow, error) {
	lines := map[billing.SubscriptionID]*LineRow{}
	rows, err := list(ctx, t, scanLine, `SELECT `+lineRowColumns+` FROM `+lineTables+`
		WHERE l.organization_id = $1 AND l.wanted = TRUE AND l.customer_id = $2 ORDER BY l.order_key, l.line_key`, t.org, c.ID)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		for _, share := range rows[i].Shares {
			lines[share.SubscriptionID] = &rows[i]
		}
	}
	return lines, nil
}

// resourceGroups gives the resource groups of a customer in a month, "" for the newest with billed usage, or else with any; largest cost
// first.
func (t *txn) resourceGroups(ctx context.Context, id billing.CustomerID, month billing.Month) ([]ResourceGroupRow, error) {
	var billed bool
	found, err := t.row(ctx, `SELECT month, billed FROM usage_customer WHERE organization_id = $1 AND customer_id = $2 AND ($3 = '' OR month = $3)
		ORDER BY billed DESC, month DESC LIMIT 1`, []any{t.org, id, month}, &month, &billed)
	if err != nil || !found {
		return nil, err
	}
	groups := map[groupKey]*ResourceGroupRow{}
	_, err = list(ctx, t, func(r scanner) (struct{}, error) {
		row := ResourceGroupRow{Month: month}
		var cost string
		if err := r.Scan(&row.AzureSubscriptionID, &row.AzureSubscriptionName, &row.ResourceGroup, &row.plan, &cost); err != nil {
			return struct{}{}, err
		}
		key := groupKey{id, row.AzureSubscriptionID, row.ResourceGroup}
		if groups[key] == nil {
			groups[key] = &row
		}
		totals, err := decodeTotals(cost)
		addTotals(&groups[key].Cost, totals)
		return struct{}{}, err
	}, `SELECT g.azure_subscription_id, g.azure_subscription_name, g.resource_group, g.plan_id, g.cost FROM usage_customer u
		JOIN usage_resource_group g ON g.organization_id = u.organization_id AND g.customer_id = u.customer_id AND g.set_no = u.set_no
		WHERE u.organization_id = $1 AND u.customer_id = $2 AND u.month = $3 AND u.billed = $4`, t.org, id, month, billed)
	var rows []ResourceGroupRow
	for _, g := range groups {
		rows = append(rows, *g)
	}
	slices.SortFunc(rows, func(a, b ResourceGroupRow) int {
		return cmp.Or(cmp.Compare(sortKey(b.Cost), sortKey(a.Cost)), cmp.Compare(a.AzureSubscriptionID, b.AzureSubscriptionID),
			cmp.Compare(a.ResourceGroup, b.ResourceGroup))
	})
	return rows, err
}
