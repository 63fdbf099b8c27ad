package microsoft

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

func amount(d decimal.Decimal) json.RawMessage { return json.RawMessage(d.String()) }

func (s *Server) currencySymbol() string {
	switch s.world.scenario.Currency {
	case "EUR":
		return "€"
	case "GBP":
		return "£"
	}
	return "$"
}

// listInvoices is offset-based: totalCount is the overall count (sheet §2.1, §2.5).
func (s *Server) listInvoices(c call) reply {
	all := slices.Clone(s.world.invoices)
	slices.Reverse(all)
	size, offset := len(all), 0
	for name, into := range map[string]*int{"size": &size, "offset": &offset} {
		if raw := c.query.Get(name); raw != "" {
			n, err := strconv.Atoi(raw)
			if err != nil || n < 0 {
				return s.pcError(400, 800002, "The parameter "+name+" must be a whole number.")
			}
			*into = n
		}
	}
	items := []any{}
	for _, inv := range all[min(offset, len(all)):min(offset+size, len(all))] {
		items = append(items, s.invoiceItem(inv, false))
	}
	out := s.collection(items, "/invoices?size="+strconv.Itoa(size)+"&offset="+strconv.Itoa(offset))
	out["totalCount"] = len(all)
	return s.pcJSON(out, false)
}

func (s *Server) getInvoice(c call) reply {
	inv := s.world.invoice(c.vars["invoice"])
	switch {
	case inv == nil:
		return s.pcError(404, 1000, "Invoice "+c.vars["invoice"]+" was not found.")
	case c.token.Kind == "app" && s.dialect["invoiceByIdAppOnly"] == "refused":
		return s.pcError(403, 900329, "The resource does not support app-only authentication.")
	}
	return s.pcJSON(s.invoiceItem(inv, true), false)
}

func (s *Server) invoiceItem(inv *invoice, byID bool) map[string]any {
	total := s.invoiceTotal(inv)
	item := map[string]any{
		"id": inv.id, "invoiceDate": inv.dated.Format(seconds), "billingPeriodStartDate": inv.month.Format(seconds), "billingPeriodEndDate": monthEnd(inv.month).Format(seconds),
		"totalCharges": amount(total), "paidAmount": amount(s.paid(inv, total)), "currencyCode": s.world.scenario.Currency, "currencySymbol": s.currencySymbol(),
		"documentType": inv.docType, "invoiceType": "OneTime", "state": "ready", "amendments": []any{}, "invoiceDetails": s.invoiceDetails(inv),
		"links": map[string]any{"self": s.link("/invoices/" + inv.id)}, "attributes": map[string]any{"objectType": "Invoice"},
	}
	if inv.legacy {
		item["invoiceType"] = "Recurring"
	}
	if inv.amends != "" {
		item["amendsOf"] = inv.amends
	}
	notes := []any{}
	for _, n := range inv.notes {
		notes = append(notes, s.invoiceItem(n, false))
	}
	item["amendments"] = notes
	if byID {
		item["pdfDownloadLink"] = s.link("/invoices/" + inv.id + "/documents/statement")["uri"]
		item["taxReceipts"] = []any{map[string]any{"id": "R" + inv.id, "taxReceiptPdfDownloadLink": s.link("/invoices/" + inv.id + "/receipts/R" + inv.id + "/documents/statement")["uri"]}}
	}
	return item
}

func (s *Server) invoiceTotal(inv *invoice) decimal.Decimal {
	if inv.legacy {
		return decimal.RequireFromString("118.40")
	}
	return s.world.total(inv, s.pricing())
}

// paid: everything but the newest invoice has been paid; terms are net 60 days.
func (s *Server) paid(inv *invoice, total decimal.Decimal) decimal.Decimal {
	if inv.month.AddDate(0, 1, 0).Before(s.world.openMonth()) {
		return total
	}
	return decimal.Zero
}

func (s *Server) invoiceDetails(inv *invoice) []any {
	detail := func(itemType, provider, uri string) map[string]any {
		return map[string]any{
			"invoiceLineItemType": itemType, "billingProvider": provider, "links": map[string]any{"self": s.link(uri)},
			"attributes": map[string]any{"objectType": "InvoiceDetail"},
		}
	}
	if inv.legacy {
		return []any{detail("billing_line_items", "office", "/invoices/"+inv.id+"/lineitems/Office/BillingLineItems")}
	}
	return []any{
		detail("billing_line_items", "one_time", "/invoices/OneTime-"+inv.id+"/lineitems/OneTime/BillingLineItems"),
		detail("usage_line_items", "one_time", "/invoices/"+inv.id+"/lineitems?provider=onetime&invoicelineitemtype=usagelineitems&size=2000"),
	}
}

// invoicePDF is a stub that is a PDF by its first bytes.
func (s *Server) invoicePDF(c call) reply {
	if s.world.invoice(c.vars["invoice"]) == nil {
		return s.pcError(404, 1000, "Invoice "+c.vars["invoice"]+" was not found.")
	}
	pdf := "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj " +
		"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n% " + c.vars["invoice"] + "\ntrailer<</Root 1 0 R>>\n%%EOF\n"
	return reply{status: 200, body: []byte(pdf)}.with("Content-Type", "application/pdf")
}

func (s *Server) balance() (total decimal.Decimal, newest *invoice) {
	for _, inv := range s.world.invoices {
		if inv.legacy {
			continue
		}
		charges := s.invoiceTotal(inv)
		total = total.Add(charges).Sub(s.paid(inv, charges))
		newest = inv
	}
	return total, newest
}

func (s *Server) summaryItem() map[string]any {
	total, newest := s.balance()
	return map[string]any{
		"balanceAmount": amount(total), "currencyCode": s.world.scenario.Currency, "currencySymbol": s.currencySymbol(), "accountingDate": s.today().Format(seconds),
		"firstInvoiceCreationDate": s.world.invoices[0].dated.Format(seconds), "lastPaymentDate": "0001-01-01T00:00:00", "lastPaymentAmount": 0,
		"latestInvoiceDate": newest.dated.Format(seconds), "attributes": map[string]any{"objectType": "InvoiceSummary"},
	}
}

func (s *Server) invoiceSummaries(call) reply {
	item := s.summaryItem()
	item["details"] = []any{map[string]any{"invoiceType": "OneTime", "summary": s.summaryItem()}}
	return s.pcJSON(s.collection([]any{item}, "/invoices/summaries"), false)
}

func (s *Server) invoiceSummary(call) reply { return s.pcJSON(s.summaryItem(), false) }

func (s *Server) estimateLinks(c call) reply {
	currency := c.query.Get("currencycode")
	if currency == "" {
		return s.pcError(400, 800002, "The parameter currencycode is required.")
	}
	items := []any{}
	if strings.EqualFold(currency, s.world.scenario.Currency) {
		for _, kind := range []struct{ kind, lineType string }{{"daily_rated_usage", "usagelineitems"}, {"non_consumption", "billinglineitems"}} {
			for _, period := range []string{"Current", "Previous"} {
				uri := "/invoices/unbilled/lineitems?provider=onetime&invoicelineitemtype=" + kind.lineType + "&currencycode=" + strings.ToLower(currency) + "&period=" + strings.ToLower(period) + "&size=2000"
				items = append(items, map[string]any{
					"type": kind.kind, "title": "Estimate " + kind.kind, "description": "Estimate for the " + strings.ToLower(period) + " period", "period": period, "link": s.link(uri),
				})
			}
		}
	}
	return s.pcJSON(s.collection(items, "/invoices/estimates/links?currencycode="+currency), false)
}

// lineItems of v1: new-commerce data is no longer served there (sheet §0, §2.6), unless the dialect says so.
func (s *Server) lineItems(c call) reply {
	id := strings.TrimPrefix(c.vars["invoice"], "OneTime-")
	provider := strings.ToLower(c.query.Get("provider") + c.vars["provider"])
	if provider == "one_time" {
		return jsonReply(400, map[string]any{"message": "The request is invalid."})
	}
	inv := s.world.invoice(id)
	switch {
	case inv == nil && id != "unbilled":
		return s.pcError(404, 1000, "Invoice "+id+" was not found.")
	case inv != nil && inv.legacy:
		return s.pcJSON(s.collection([]any{}, "/invoices/"+id+"/lineitems"), false)
	case s.dialect["v1LineItems"] == "retired" || id == "unbilled":
		return s.pcError(400, 800002, "Line items of new-commerce invoices are served by the partner billing export of Microsoft Graph.")
	}
	return s.servedLineItems(c, inv)
}
