package partnercenter

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/source"
	"spindle/internal/source/rows"
)

// wireInvoice holds the fields of an invoice that count (Microsoft sheet §2.5).
type wireInvoice struct {
	ID           string            `json:"id"`
	Date         string            `json:"invoiceDate"`
	Start        string            `json:"billingPeriodStartDate"`
	End          string            `json:"billingPeriodEndDate"`
	Total        flexible          `json:"totalCharges"`
	Currency     string            `json:"currencyCode"`
	DocumentType string            `json:"documentType"`
	InvoiceType  string            `json:"invoiceType"`
	Amendments   []json.RawMessage `json:"amendments"`
	AmendsOf     string            `json:"amendsOf"`
}

const documentInvoice = "invoice"

// documents are all new-commerce documents of the account.
type documents struct {
	invoices []billing.Invoice // newest first
	notes    []billing.Invoice // void and adjustment notes, newest first
	voided   map[string]bool   // invoices taken back by a void note
}

// Sets lists the new-commerce invoices, newest first, each with its set of lines and of usage. An invoice that a void note took back
// has none: the bill that replaces it has. Old-commerce invoices (D…) are not served by the exports and are left out.
func (c *Client) Sets(ctx context.Context) ([]source.Available, error) {
	docs, err := c.documents(ctx)
	if err != nil {
		return nil, err
	}
	for _, note := range docs.notes {
		c.log.LogAttrs(ctx, slog.LevelWarn, "amended invoice", slog.String("note", note.ID), slog.String("kind", note.Kind), slog.String("total", note.Total.String()))
	}
	var sets []source.Available
	for _, invoice := range docs.invoices {
		if docs.voided[invoice.ID] {
			continue
		}
		for _, kind := range []billing.SetKind{billing.BilledLines, billing.BilledUsage} {
			sets = append(sets, source.Available{ID: billing.SetID{Kind: kind, PartnerID: c.tenant, Invoice: invoice.ID}, Invoice: invoice})
		}
	}
	return sets, nil
}

// Notes lists the void and adjustment notes, newest first: what a person should look at when a month was billed already.
func (c *Client) Notes(ctx context.Context) ([]billing.Invoice, error) {
	docs, err := c.documents(ctx)
	return docs.notes, err
}

func (c *Client) documents(ctx context.Context) (documents, error) {
	docs := documents{voided: map[string]bool{}}
	seen := map[string]bool{}
	// Modern invoices may ignore size and offset (Microsoft sheet §2.5): a page that brings nothing new is the end.
	for offset := 0; ; {
		items, fresh := 0, 0
		err := c.pages(ctx, fmt.Sprintf("/v1/invoices?size=%d&offset=%d", invoicesPerPage, offset), func(raw json.RawMessage) error {
			items++
			var w wireInvoice
			if err := json.Unmarshal(raw, &w); err != nil || w.ID == "" {
				return fault.Transientf("an invoice in the list cannot be read")
			}
			if seen[w.ID] {
				return nil
			}
			seen[w.ID] = true
			fresh++
			return docs.take(w, "")
		})
		if err != nil {
			return documents{}, err
		}
		if fresh == 0 {
			break
		}
		offset += items
	}
	for _, list := range [][]billing.Invoice{docs.invoices, docs.notes} {
		slices.SortFunc(list, func(a, b billing.Invoice) int { return cmp.Or(b.Date.Compare(a.Date), cmp.Compare(b.ID, a.ID)) })
	}
	docs.notes = slices.CompactFunc(docs.notes, func(a, b billing.Invoice) bool { return a.ID == b.ID })
	return docs, nil
}

// take sorts a document in, and the amendments nested in it.
func (d *documents) take(w wireInvoice, amends string) error {
	if strings.EqualFold(w.InvoiceType, "Recurring") || strings.HasPrefix(w.ID, "D") {
		return nil
	}
	invoice, err := w.invoice()
	if err != nil {
		return err
	}
	amends = cmp.Or(w.AmendsOf, amends)
	switch {
	case invoice.Kind != documentInvoice:
		d.notes = append(d.notes, invoice)
		if invoice.Kind == "void_note" {
			d.voided[amends] = true
		}
	case amends == "":
		d.invoices = append(d.invoices, invoice)
	}
	for _, raw := range w.Amendments {
		var amendment wireInvoice
		if err := json.Unmarshal(raw, &amendment); err != nil {
			return fault.Transientf("an amendment of invoice %s cannot be read: %w", w.ID, err)
		}
		if err := d.take(amendment, w.ID); err != nil {
			return err
		}
	}
	return nil
}

func (w wireInvoice) invoice() (billing.Invoice, error) {
	invoice := billing.Invoice{ID: w.ID, Kind: strings.ToLower(cmp.Or(w.DocumentType, documentInvoice))}
	bad := func(field, value string, err error) (billing.Invoice, error) {
		return billing.Invoice{}, fault.Transientf("invoice %s: %s %q: %w", w.ID, field, value, err)
	}
	var err error
	if invoice.Date, err = rows.ParseDate(w.Date); err != nil {
		return bad("invoiceDate", w.Date, err)
	}
	if invoice.Period.Start, err = rows.ParseDate(w.Start); err != nil {
		return bad("billingPeriodStartDate", w.Start, err)
	}
	last, err := rows.ParseDate(w.End)
	if err != nil {
		return bad("billingPeriodEndDate", w.End, err)
	}
	if !last.IsZero() {
		invoice.Period.End = last.AddDays(1)
	}
	total, err := rows.ParseNumber(cmp.Or(string(w.Total), "0"))
	if err != nil {
		return bad("totalCharges", string(w.Total), err)
	}
	currency, err := money.ParseCurrency(w.Currency)
	if err != nil {
		return bad("currencyCode", w.Currency, err)
	}
	invoice.Total = money.Of(total, currency)
	return invoice, nil
}
