package microsoft

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

const rowsPerBlob = 3000

// finish works out the data of an export when it is first seen finished.
func (s *Server) finish(c call, e *export) {
	if e.built {
		return
	}
	e.built, e.touched = true, s.now()
	lines, ok := s.exportLines(e)
	switch {
	case e.fault == "failExport" && e.invoice != "":
		e.failure = "No reconciliation data available currently for Invoice " + e.invoice + ". Please try again later."
		return
	case e.noData || e.fault == "failExport" || ok && len(lines) == 0 || !ok && s.dialect["unbilledLast"] == "failed":
		e.failure = "No data available"
		return
	}
	tag := contentTag(e, lines)
	if e.fault == "emptyBlobs" {
		lines = nil
	}
	s.store(c, e, tag, s.pack(tag, lines))
}

// exportLines are the encoded rows; ok is false for a month that is billed by now.
func (s *Server) exportLines(e *export) (lines [][]byte, ok bool) {
	style := rowStyle{
		dialect: s.dialect, partnerName: s.world.scenario.PartnerName, unknownColumns: e.fault == "unknownColumns",
		unknownCharge: e.fault == "unknownChargeType", nullFields: e.fault == "nullFields",
	}
	var recon []reconLine
	var usage []usageRow
	ok = true
	if inv := s.world.invoice(e.invoice); inv != nil {
		s.world.build(inv, s.pricing())
		recon, usage = inv.recon, inv.usage
	} else if e.invoice == "" {
		recon, usage, ok = s.world.unbilled(e.month, s.today(), s.pricing())
		s.placeholder(recon, usage)
	}
	if s.dialect["refundSign"] == "quantity" {
		recon = minusOnQuantity(recon)
	}
	switch e.subject {
	case "usage":
		style.basicUsage = e.basic == "basic"
		return encodeRows(usage, style), ok
	case "aggregatedusage":
		return encodeRows(aggregate(usage), style), ok
	}
	style.basicRecon = e.basic == "basic" && s.dialect["reconBasic"] == "reduced"
	return encodeRows(recon, style), ok
}

func (s *Server) placeholder(recon []reconLine, usage []usageRow) {
	if s.dialect["unbilledInvoiceNumber"] != "placeholder" {
		return
	}
	for i := range recon {
		recon[i].InvoiceNumber = "Unbilled"
	}
	for i := range usage {
		usage[i].InvoiceNumber = "Unbilled"
	}
}

// minusOnQuantity moves the minus of refund lines from the price to the quantity (sheet §4.4); amounts stay.
func minusOnQuantity(lines []reconLine) []reconLine {
	out := slices.Clone(lines)
	for i := range out {
		if l := &out[i]; l.EffectiveUnitPrice.IsNegative() {
			l.EffectiveUnitPrice, l.BillableQuantity = l.EffectiveUnitPrice.Neg(), l.BillableQuantity.Neg()
		}
	}
	return out
}

// aggregate sums usage per customer, Azure subscription and meter over the invoice. The real columns are not published.
func aggregate(rows []usageRow) []usageRow {
	var out []usageRow
	at := map[string]int{}
	for _, r := range rows {
		key := strings.Join([]string{r.CustomerID, r.EntitlementID, r.MeterID, r.BenefitOrderID, r.ChargeStartDate.String()}, "|")
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			r.UsageDate, r.ResourceGroup, r.ResourceURI, r.Tags, r.AdditionalInfo = r.ChargeStartDate, "", "", "", ""
			out = append(out, r)
			continue
		}
		out[i].Quantity = out[i].Quantity.Add(r.Quantity)
		out[i].PricingPreTaxTotal = out[i].PricingPreTaxTotal.Add(r.PricingPreTaxTotal)
		out[i].BillingPreTaxTotal = out[i].BillingPreTaxTotal.Add(r.BillingPreTaxTotal)
	}
	return out
}

// contentTag is the eTag: equal data, equal tag (sheet §3.3).
func contentTag(e *export, lines [][]byte) string {
	return shortID(14, e.subject, e.invoice, e.month.String(), e.basic, string(bytes.Join(lines, []byte("\n"))))
}

// pack shuffles the rows over several blobs and compresses them.
func (s *Server) pack(tag string, lines [][]byte) []packed {
	if len(lines) == 0 {
		return nil
	}
	if s.dialect["blobOrder"] == "shuffled" {
		seed := digest("shuffle", tag)
		r := rand.New(rand.NewChaCha8(seed))
		lines = slices.Clone(lines)
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	}
	parts := min(len(lines), 2+len(lines)/rowsPerBlob)
	var out []packed
	for i := range parts {
		chunk := lines[i*len(lines)/parts : (i+1)*len(lines)/parts]
		out = append(out, packed{
			name: fmt.Sprintf("part-%05d-%s.c000.json.gz", 49+i, guidOf("part", tag, fmt.Sprint(i))), items: len(chunk),
			body: s.compress(chunk, i == 0 && s.dialect["blobBOM"] == "first"),
		})
	}
	return out
}

type packed struct {
	name  string
	items int
	body  []byte
}

// compress writes JSON Lines, in several gzip members unless the dialect says otherwise (sheet §3.4).
func (s *Server) compress(lines [][]byte, bom bool) []byte {
	members := 1
	if s.dialect["gzipMembers"] == "multi" {
		members = min(3, len(lines))
	}
	var out bytes.Buffer
	for m := range members {
		z, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed) // the level is valid
		if bom && m == 0 {
			_, _ = z.Write([]byte("\xef\xbb\xbf"))
		}
		for _, line := range lines[m*len(lines)/members : (m+1)*len(lines)/members] {
			_, _ = z.Write(append(slices.Clip(line), '\n'))
		}
		_ = z.Close() // into memory
	}
	return out.Bytes()
}

// store places the blobs in their directory and writes the manifest.
func (s *Server) store(c call, e *export, tag string, parts []packed) {
	container, fragment := "billedusagefastpath", "full"
	if e.basic == "basic" {
		fragment = "basic"
	}
	invoice, version := e.invoice, e.month.AddDate(0, 1, 0).Format("200601")
	if invoice == "" {
		container, invoice = "unbilledusagefastpath", "Unbilled"
	}
	dir := "v1/PartnerTenantId=" + s.world.scenario.PartnerTenantID + "/BillingMonth=" + e.month.Format("200601") + "/InvoiceId=" + invoice +
		"/InvoiceVersion=" + version + "/Fragment=" + fragment + "/PartitionType=" + s.dialect["partitionType"]
	e.root = container + "/" + dir
	entries := []any{}
	for _, p := range parts {
		entry := map[string]any{"name": p.name, "partitionValue": "default"}
		if s.dialect["blobEntry"] == "long" {
			entry["sizeInBytes"], entry["itemCount"] = len(p.body), p.items
		}
		entries = append(entries, entry)
		e.blobs[p.name] = p.body
	}
	count := len(entries)
	if e.fault == "missingBlob" && count > 0 {
		entries[count-1].(map[string]any)["name"] = "part-99999-" + e.id + ".c000.json.gz"
		count++
	}
	partner := s.world.scenario.PartnerTenantID
	if e.fault == "foreignPartner" {
		partner = guidOf("foreign partner")
	}
	e.manifest = map[string]any{
		"id": e.manifestID, "schemaVersion": "2", "dataFormat": s.dialect["dataFormat"], "createdDateTime": s.now().Format(seconds), "eTag": tag,
		"partnerTenantId": partner, "rootDirectory": c.base() + "/blob/" + e.root + map[string]string{"slash": "/"}[s.dialect["rootDirectory"]],
		"sasToken": s.sas(e.root), "partitionType": s.dialect["partitionType"], "blobCount": count, "blobs": entries,
	}
}

// InvoiceTotals are the sums of an invoice: pre-tax, tax and what the invoice charges. ok is false for an unknown invoice.
func (s *Server) InvoiceTotals(id string) (subtotal, tax, total decimal.Decimal, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv := s.world.invoice(id)
	if inv == nil || inv.legacy {
		return subtotal, tax, total, false
	}
	total = s.world.total(inv, s.pricing())
	for i := range inv.recon {
		subtotal, tax = subtotal.Add(inv.recon[i].Subtotal), tax.Add(inv.recon[i].TaxTotal)
	}
	return subtotal, tax, total, true
}
