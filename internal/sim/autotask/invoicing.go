package autotask

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// UnpostResult counts what un-posting did. Periods and charges that are on an invoice are kept.
type UnpostResult struct {
	Items int `json:"items"`
	Kept  int `json:"kept"`
}

// Unpost takes back the posting of a contract, or with 0 of all contracts, for periods and charges dated on or after a day,
// unless they are invoiced (Autotask sheet §10.6).
func (s *Server) Unpost(from time.Time, contractID int64) UnpostResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	var result UnpostResult
	for _, set := range []*lineSet{&s.world.lines, &s.world.bundle} {
		for _, l := range set.allLines() {
			if contractID == 0 || l.contractID == contractID {
				s.world.unpostLine(l, midnight(from), &result)
			}
		}
	}
	s.world.unpostCharges(midnight(from), contractID, &result)
	return result
}

func (w *world) unpostLine(l *line, from time.Time, result *UnpostResult) {
	for start, pp := range l.posted {
		if start.Before(from) {
			continue
		}
		if slices.ContainsFunc(pp.items, w.invoiced) {
			result.Kept++
			continue
		}
		for _, id := range pp.items {
			w.table("BillingItems").delete(id)
			result.Items++
		}
		delete(l.posted, start)
	}
	l.stale()
}

func (w *world) unpostCharges(from time.Time, contractID int64, result *UnpostResult) {
	for _, item := range w.table("BillingItems").all() {
		chargeID, ok := item.ref("contractChargeID")
		if !ok || item.date("itemDate").Before(from) || (contractID != 0 && item.num("contractID") != contractID) {
			continue
		}
		if w.invoiced(item.id) {
			result.Kept++
			continue
		}
		w.table("BillingItems").delete(item.id)
		result.Items++
		if charge, ok := w.find("ContractCharges", chargeID); ok {
			charge.set("isBilled", false)
		}
	}
}

func (w *world) invoiced(itemID int64) bool {
	item, ok := w.find("BillingItems", itemID)
	return ok && item.get("invoiceID") != nil
}

// Invoice puts posted, un-invoiced items of a company on a new invoice and returns its id. Without ids it takes all of them.
// No items, an unknown item, an item of another company or one that is invoiced already is an error.
func (s *Server) Invoice(companyID int64, itemIDs ...int64) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.invoice(companyID, itemIDs)
}

func (w *world) invoice(companyID int64, itemIDs []int64) (int64, error) {
	items, err := w.invoiceItems(companyID, itemIDs)
	if err != nil {
		return 0, err
	}
	total := decimal.Decimal{}
	from, to := items[0].date("itemDate"), items[0].date("itemDate")
	for _, item := range items {
		total = total.Add(item.amount("totalAmount"))
		if d := item.date("itemDate"); d.Before(from) {
			from = d
		} else {
			to = later(to, d)
		}
	}
	r := w.table("Invoices").blank()
	r.set("companyID", companyID)
	r.set("invoiceNumber", fmt.Sprintf("INV-%05d", 10_000+len(w.table("Invoices").order)))
	r.set("invoiceDateTime", w.today())
	r.set("createDateTime", w.now())
	r.set("invoiceTotal", total.Round(2))
	r.set("totalTaxValue", decimal.Decimal{})
	r.set("fromDate", from)
	r.set("toDate", to)
	r.set("paymentTerm", int64(1))
	r.set("dueDate", w.today().AddDate(0, 0, 30))
	r.set("isVoided", false)
	r.set("creatorResourceID", w.actorID)
	id := w.table("Invoices").insert(r)
	for _, item := range items {
		item.set("invoiceID", id)
	}
	return id, nil
}

func (w *world) invoiceItems(companyID int64, itemIDs []int64) ([]*record, error) {
	var items []*record
	if len(itemIDs) == 0 {
		for _, item := range w.table("BillingItems").all() {
			if item.num("companyID") == companyID && item.get("invoiceID") == nil {
				items = append(items, item)
			}
		}
	}
	for _, id := range itemIDs {
		item, ok := w.find("BillingItems", id)
		if !ok || item.num("companyID") != companyID {
			return nil, fmt.Errorf("billing item %d does not exist for company %d", id, companyID)
		}
		if item.get("invoiceID") != nil {
			return nil, fmt.Errorf("billing item %d is already on invoice %d", id, item.num("invoiceID"))
		}
		items = append(items, item)
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("company %d has no posted items to invoice: post first", companyID)
	}
	return items, nil
}

// Void voids an invoice. Whether its items can be invoiced again is the dialect voidReleases.
func (s *Server) Void(invoiceID int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.world.find("Invoices", invoiceID)
	if !ok {
		return fmt.Errorf("invoice %d does not exist", invoiceID)
	}
	r.set("isVoided", true)
	r.set("voidedDate", s.now())
	r.set("voidedByResourceID", s.world.actorID)
	if s.dialects.is("voidReleases", "yes") {
		for _, item := range s.world.table("BillingItems").all() {
			if item.num("invoiceID") == invoiceID && item.get("invoiceID") != nil {
				item.set("invoiceID", nil)
			}
		}
	}
	return nil
}
