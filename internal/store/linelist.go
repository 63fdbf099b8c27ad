package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// LineStatus says how a line or charge stands. Stored: never renamed.
type LineStatus string

// The line statuses; of several that fit the first one counts.
const (
	LineFailed  LineStatus = "failed"  // its last change was refused, stale, skipped or has no known outcome
	LineHeld    LineStatus = "held"    // a policy holds its change, or rating holds the line
	LineWaiting LineStatus = "waiting" // its change waits for approval
	LineSending LineStatus = "applying"
	// LineRejected: a person rejected its change, so Autotask does not hold what is wanted. The next plan proposes it again.
	LineRejected LineStatus = "rejected"
	LineEnded    LineStatus = "ended"
	LineInStep   LineStatus = "in-step"
	LineNone     LineStatus = "none" // there is no line: see SubscriptionRow.Why
)

// Word gives the status for people.
func (l LineStatus) Word() string {
	switch l {
	case LineFailed:
		return "not applied"
	case LineHeld:
		return "held"
	case LineWaiting:
		return "waiting for approval"
	case LineSending:
		return "approved"
	case LineRejected:
		return "rejected"
	case LineEnded:
		return "ended"
	case LineInStep:
		return "in step"
	}
	return "not billed"
}

// LineRow is one recurring line, as the newest plan that looked at its customer wants it.
type LineRow struct {
	billing.DesiredLine
	ContractName string                    // "" when no change has named it yet
	ServiceName  string                    // as the catalogue names it
	LineID       billing.ContractServiceID // in Autotask; "" until it is written
	Authority    billing.PriceAuthority
	Period       Figures // all units, per billing period
	Monthly      Figures // as one month of it
	Status       LineStatus
	Run          RunID
}

// LineSort names a column to sort lines by.
type LineSort string

// The sort columns of lines. Money sorts by its number per month, whatever the currency.
const (
	LinesByCustomer LineSort = "customer" // then by name
	LinesByPrice    LineSort = "price"
	LinesByMargin   LineSort = "margin"
)

// LineFilter chooses lines. Zero fields choose all, ordered by customer.
type LineFilter struct {
	Customer billing.CustomerID
	Contract string // billing.Ref.String of the contract
	Rule     string // id of the price rule that made the price
	Query    string // part of the name of the line, the customer or the contract
	Status   LineStatus
	Sort     LineSort
	Desc     bool
	Page     Page
}

const (
	lineBase       = `l.organization_id = $1 AND l.wanted = TRUE`
	lineRowColumns = `l.body, l.status, l.wanted, l.run_no, COALESCE(s.run_no, 0), COALESCE(m.line_id, '')`
	lineTables     = `line_summary l LEFT JOIN customer_summary s ON s.organization_id = l.organization_id AND s.customer_id = l.customer_id
		LEFT JOIN memory_line m ON m.organization_id = l.organization_id AND m.line_key = l.line_key`
)

func scanLine(r scanner) (LineRow, error) {
	var l LineRow
	var body string
	var wanted bool
	var last, newest int64
	if err := r.Scan(&body, &l.Status, &wanted, &last, &newest, &l.LineID); err != nil {
		return l, err
	}
	var stored storedLineRow
	if err := decodeRow(body, &stored); err != nil {
		return l, err
	}
	if wanted {
		last = newest
	}
	l.DesiredLine, l.ContractName, l.ServiceName, l.Run = stored.Line, stored.Contract, stored.Service, RunID(runText(last))
	l.Period = periodFigures(l.DesiredLine)
	l.Monthly = l.Period.perMonth(l.PeriodType)
	l.Authority = authorityOf(l.DesiredLine)
	return l, nil
}

// authorityOf says who decides a line's price: a line without a price that nothing holds has it in the target.
func authorityOf(l billing.DesiredLine) billing.PriceAuthority {
	held := slices.ContainsFunc(l.Holds, func(h billing.Hold) bool { return h.Blocks })
	if l.UnitPrice == nil && l.EndedOn.IsZero() && !held {
		return billing.AutotaskPrices
	}
	return billing.SpindlePrices
}

// Lines lists recurring lines.
func (s *Store) Lines(ctx context.Context, org billing.OrganizationID, f LineFilter) (Listed[LineRow], error) {
	var page Listed[LineRow]
	column := map[LineSort]string{
		"": `l.order_key`, LinesByCustomer: `l.order_key`, LinesByPrice: `l.price_sort`, LinesByMargin: `l.margin_sort`,
	}[f.Sort]
	if column == "" {
		return page, fault.Invalidf("lines cannot be sorted by %q", f.Sort).WithField("sort")
	}
	order := column + direction(f.Desc) + `, l.line_key`
	err := s.read(ctx, org, func(t *txn) (err error) {
		l := pagedList[LineRow]{
			columns: lineRowColumns, from: lineTables, counted: `line_summary l`, where: t.query(lineBase), order: order, page: f.Page, scan: scanLine,
			key: `l.line_key`, base: `l.organization_id = $1`, based: 1,
		}
		if f.Sort == LinesByPrice || f.Sort == LinesByMargin {
			l.few = "+" + l.order
		}
		if fold(f.Query) == "" {
			f.narrow(l.where, ``)
			page, err = paged(ctx, t, l)
			return err
		}
		f.narrow(l.where, ` || ''`) // hidden from the columns' own indexes: those of the texts find fewer
		page, err = searched(ctx, t, l, search{text: f.Query, table: `l`, columns: column + `, l.line_key`, order: cmp.Or(l.few, strings.Replace(order, column, column+` || ''`, 1))})
		return err
	})
	return page, err
}

// narrow adds all but the text; hide is written after every column.
func (f LineFilter) narrow(q *query, hide string) {
	for _, c := range []struct{ column, value string }{
		{"customer_id", string(f.Customer)}, {"contract", f.Contract}, {"price_rule", f.Rule}, {"status", string(f.Status)},
	} {
		if c.value != "" {
			q.and(`l.`+c.column+hide+` = %s`, c.value)
		}
	}
}
