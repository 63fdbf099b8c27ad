package microsoft

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// invoice is one billed month. Its rows are worked out when they are first asked for and kept until something changes them.
type invoice struct {
	id       string
	month    time.Time
	dated    time.Time
	legacy   bool
	docType  string
	amends   string     // id of the invoice this one amends, "" for an ordinary one
	notes    []*invoice // amendments
	restated int
	recorded bool // the recorded sample lines belong to it

	built bool
	recon []reconLine
	usage []usageRow
}

func (w *world) addInvoice(month time.Time) *invoice {
	dated := month.AddDate(0, 1, 6)
	if dated.After(w.scenario.Today) && month.Equal(w.scenario.InvoiceMonth()) {
		dated = w.scenario.Today // an early invoice rather than one from the future
	}
	inv := &invoice{id: w.scenario.InvoiceID(month), month: month, dated: dated, docType: "invoice"}
	w.invoices = append(w.invoices, inv)
	return inv
}

// invoice finds an ordinary invoice or an amendment.
func (w *world) invoice(id string) *invoice {
	for _, inv := range w.invoices {
		if inv.id == id {
			return inv
		}
		if i := slices.IndexFunc(inv.notes, func(n *invoice) bool { return n.id == id }); i >= 0 {
			return inv.notes[i]
		}
	}
	return nil
}

// build works out the rows of an invoice once.
func (w *world) build(inv *invoice, p pricing) {
	if inv.built || inv.legacy {
		return
	}
	inv.built = true
	if inv.amends != "" {
		inv.recon = w.adjustment(inv, p)
		return
	}
	inv.recon, inv.usage = w.monthRows(inv.month, monthEnd(inv.month), inv.restated, p)
	if inv.recorded {
		lines, rows := w.recorded.rows(p)
		inv.recon, inv.usage = append(inv.recon, lines...), append(inv.usage, rows...)
	}
	if inv.restated > 0 {
		restate(inv.recon, inv.restated, p)
	}
	for i := range inv.recon {
		inv.recon[i].InvoiceNumber = inv.id
	}
	for i := range inv.usage {
		inv.usage[i].InvoiceNumber = inv.id
	}
}

// monthRows are the recon lines and usage rows of a month as known at the end of the day cutoff.
func (w *world) monthRows(month, cutoff time.Time, restated int, p pricing) ([]reconLine, []usageRow) {
	var lines []reconLine
	var rows []usageRow
	for _, c := range w.customers {
		for _, s := range c.subs {
			lines = append(lines, w.licenceLines(c, s, month, cutoff, p)...)
		}
		used := w.usageRows(c, month, cutoff, restated, p)
		lines = append(lines, w.azureLines(c, used, month, p)...)
		rows = append(rows, used...)
	}
	return lines, rows
}

// restate lowers the price of the first licence charge by n cents a unit.
func restate(lines []reconLine, n int, p pricing) {
	i := slices.IndexFunc(lines, func(l reconLine) bool {
		return l.MeterDescription == "" && l.EffectiveUnitPrice.GreaterThan(decimal.NewFromInt(1))
	})
	if i >= 0 {
		lines[i].EffectiveUnitPrice = lines[i].EffectiveUnitPrice.Sub(decimal.New(int64(n), -2))
		lines[i].price(p)
	}
}

// adjustment is the single line of an adjustment note: a goodwill credit for the amended invoice.
func (w *world) adjustment(inv *invoice, p pricing) []reconLine {
	original := w.invoice(inv.amends)
	w.build(original, p)
	if len(original.recon) == 0 {
		return nil
	}
	l := original.recon[0]
	l.InvoiceNumber, l.ChargeType, l.CreditReasonCode = inv.id, "customerCredit", "Goodwill"
	l.OrderDate, l.EffectiveUnitPrice, l.BillableQuantity = inv.dated, decimal.NewFromInt(-5), decimal.NewFromInt(1)
	l.ReferenceID = referenceOf(p, inv.dated, "adjustment", inv.id)
	l.price(p)
	return []reconLine{l}
}

// total is what the invoice charges: the sum of its lines, with tax on the sum when tax is stated on the invoice only.
func (w *world) total(inv *invoice, p pricing) decimal.Decimal {
	w.build(inv, p)
	sum, net := decimal.Zero, decimal.Zero
	for i := range inv.recon {
		sum, net = sum.Add(inv.recon[i].Total), net.Add(inv.recon[i].Subtotal)
	}
	if p.invoiceTax {
		return net.Add(net.Mul(taxRate).Round(2))
	}
	return sum
}

// forget drops the worked-out rows, because something changed them.
func (w *world) forget() {
	for _, inv := range w.invoices {
		inv.built, inv.recon, inv.usage = false, nil, nil
		for _, n := range inv.notes {
			n.built, n.recon = false, nil
		}
	}
}

// closeMonth bills the open month on the given day.
func (w *world) closeMonth() *invoice {
	month := w.openMonth()
	inv := w.addInvoice(month)
	inv.dated = month.AddDate(0, 1, 6)
	return inv
}

// unbilled are the rows of a month that has no invoice yet, as known on the given day: licences up to today, usage up to
// yesterday. ok is false when the month is billed.
func (w *world) unbilled(month, today time.Time, p pricing) (lines []reconLine, rows []usageRow, ok bool) {
	if month.Before(w.openMonth()) {
		return nil, nil, false
	}
	for _, c := range w.customers {
		for _, s := range c.subs {
			lines = append(lines, w.licenceLines(c, s, month, earlier(today, monthEnd(month)), p)...)
		}
		used := w.usageRows(c, month, earlier(today.AddDate(0, 0, -1), monthEnd(month)), 0, p)
		lines = append(lines, w.azureLines(c, used, month, p)...)
		rows = append(rows, used...)
	}
	return lines, rows, true
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (inv *invoice) String() string {
	return fmt.Sprintf("%s (%s)", inv.id, inv.month.Format("2006-01"))
}
