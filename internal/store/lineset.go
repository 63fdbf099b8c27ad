package store

import (
	"context"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
)

// storedLine is billing.LineItem with the short names it is stored under. The conversion between the two only compiles while both have
// the same fields, so no field can be forgotten; a new one is added at the same place with a name of its own. Names are never reused.
type storedLine struct {
	Key string `json:"k,omitzero"`
	Row int    `json:"row,omitzero"`

	Invoice        string             `json:"inv,omitzero"`
	CustomerID     billing.CustomerID `json:"cid,omitzero"`
	CustomerName   string             `json:"cn,omitzero"`
	CustomerDomain string             `json:"cd,omitzero"`
	Country        string             `json:"cc,omitzero"`

	ProductID      string `json:"pid,omitzero"`
	SKUID          string `json:"sku,omitzero"`
	AvailabilityID string `json:"av,omitzero"`
	SKUName        string `json:"skun,omitzero"`
	ProductName    string `json:"pn,omitzero"`
	Publisher      string `json:"pub,omitzero"`

	Kind     billing.ChargeKind `json:"kind,omitzero"`
	KindText string             `json:"kindt,omitzero"`

	SubscriptionID   billing.SubscriptionID `json:"sid,omitzero"`
	SubscriptionName string                 `json:"sn,omitzero"`
	Frequency        billing.Frequency      `json:"freq,omitzero"`
	TermText         string                 `json:"term,omitzero"`
	Charged          billing.Period         `json:"ch,omitzero"`
	TermPeriod       billing.Period         `json:"tp,omitzero"`
	OrderDate        billing.Date           `json:"od,omitzero"`

	ListUnitCost      money.Decimal  `json:"luc,omitzero"`
	EffectiveUnitCost money.Decimal  `json:"euc,omitzero"`
	Quantity          money.Decimal  `json:"q,omitzero"`
	BillableQuantity  money.Decimal  `json:"bq,omitzero"`
	PricingCurrency   money.Currency `json:"pc,omitzero"`
	ExchangeRate      money.Decimal  `json:"xr,omitzero"`
	ExchangeRateDate  billing.Date   `json:"xd,omitzero"`

	Cost  money.Amount `json:"cost"`
	Tax   money.Amount `json:"tax"`
	Total money.Amount `json:"total"`

	Meter              string            `json:"meter,omitzero"`
	ReservationOrderID string            `json:"ro,omitzero"`
	CreditReason       string            `json:"cr,omitzero"`
	ReferenceID        string            `json:"ref,omitzero"`
	PromotionID        string            `json:"promo,omitzero"`
	PriceAdjustments   string            `json:"pa,omitzero"`
	Trial              bool              `json:"trial,omitzero"`
	Extra              map[string]string `json:"extra,omitempty"`
}

// SaveLineSet puts a set of lines in force, whole or not at all. The version it replaces stays as history; the same version again
// changes nothing and gives false. The set's month is the latest day of order among its lines, or its own when it has one.
func (s *Store) SaveLineSet(ctx context.Context, org billing.OrganizationID, set billing.LineSet, origin string) (changed bool, err error) {
	if err := checkKind(set.ID, lineKinds()); err != nil {
		return false, err
	}
	n := newSet{
		id: set.ID, version: set.Version, origin: origin, month: set.ID.Month,
		items: len(set.Lines), rows: int64(len(set.Lines)), total: set.Total, action: "lines.saved",
	}
	if err := checkLineKeys(set.Lines); err != nil {
		return false, err
	}
	if n.month == "" {
		n.month = linesMonth(set.Lines)
	}
	return s.saveSet(ctx, org, n, func(t *txn, number int64) error {
		columns := []string{"organization_id", "set_no", "seq", "customer_id", "subscription_id", "body", "item_key"}
		return t.bulk(ctx, "line_item", columns, len(set.Lines), func(i int) ([]any, error) {
			l := set.Lines[i]
			body, err := encode(storedLine(l))
			return []any{string(org), number, int64(i), string(l.CustomerID), string(l.SubscriptionID), body, l.Key}, err
		})
	})
}

func checkLineKeys(lines []billing.LineItem) error {
	seen := make(map[string]int, len(lines))
	for _, l := range lines {
		if row, twice := seen[l.Key]; twice || l.Key == "" {
			return fault.Invalidf("rows %d and %d have the same key %q", row, l.Row, l.Key).WithField("key")
		}
		seen[l.Key] = l.Row
	}
	return nil
}

func linesMonth(lines []billing.LineItem) billing.Month {
	var ordered, charged billing.Month
	for _, l := range lines {
		ordered, charged = laterMonth(ordered, l.OrderDate), laterMonth(charged, l.Charged.Start)
	}
	if ordered == "" {
		return charged
	}
	return ordered
}

// LineSet reads the version of a set that is in force: whole, or the lines of some customers.
func (s *Store) LineSet(ctx context.Context, org billing.OrganizationID, id billing.SetID, of ...billing.CustomerID) (billing.LineSet, error) {
	var set billing.LineSet
	if err := checkKind(id, lineKinds()); err != nil {
		return set, err
	}
	err := s.read(ctx, org, func(t *txn) error {
		info, err := t.set(ctx, id)
		if err != nil {
			return err
		}
		set, err = t.lines(ctx, info, of...)
		return err
	})
	return set, err
}

// lines reads the lines of a set: all, or those of some customers.
func (t *txn) lines(ctx context.Context, info SetInfo, of ...billing.CustomerID) (billing.LineSet, error) {
	lines, err := itemsOf(ctx, t, `line_item`, info, of, func(l storedLine) billing.LineItem { return billing.LineItem(l) })
	return billing.LineSet{ID: info.ID, Version: info.Version, Total: info.Total, Lines: lines}, err
}

// LineSets describes the stored sets of lines, ordered by id; earlier versions follow the one in force.
func (s *Store) LineSets(ctx context.Context, org billing.OrganizationID, f SetFilter) ([]SetInfo, error) {
	return s.listSets(ctx, org, lineKinds(), f)
}

// LoadLineSets reads all sets of lines in force whose month is not earlier than from, ordered by id. An empty from reads all. Where customers
// are named the sets hold their lines alone, which do not add up to the totals then.
func (s *Store) LoadLineSets(ctx context.Context, org billing.OrganizationID, from billing.Month, of ...billing.CustomerID) ([]billing.LineSet, error) {
	return loadSets(ctx, s, org, lineKinds(), from, func(t *txn, info SetInfo) (billing.LineSet, error) { return t.lines(ctx, info, of...) })
}
