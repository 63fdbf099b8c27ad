package microsoft

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

const lineItemPage = 2000

// servedLineItems is the v1 form of an invoice's rows: camelCase names, some renamed, recon decimals as text and usage
// decimals as numbers, the end of a usage period exclusive (sheet §2.6, §4.1).
func (s *Server) servedLineItems(c call, inv *invoice) reply {
	s.world.build(inv, s.pricing())
	isUsage := strings.EqualFold(c.query.Get("invoicelineitemtype")+c.vars["type"], "usagelineitems")
	count := len(inv.recon)
	if isUsage {
		count = len(inv.usage)
	}
	offset := 0
	if strings.EqualFold(c.query.Get("seekOperation"), "Next") {
		var ok bool
		if offset, ok = readContinuation("lineitems", lineItemPage, c.r.Header.Get("MS-ContinuationToken")); !ok {
			return s.pcError(400, 800002, "The header MS-ContinuationToken is missing or invalid for this collection.")
		}
	}
	end := min(offset+lineItemPage, count)
	offset = min(offset, end)
	items := []any{}
	if isUsage {
		for _, row := range inv.usage[offset:end] {
			row.ChargeEndDate = row.ChargeStartDate.AddDate(0, 1, 0)
			items = append(items, v1Item([]usageRow{row}, false, "DailyRatedUsageLineItem", "usage_line_items"))
		}
	} else {
		for _, line := range inv.recon[offset:end] {
			items = append(items, v1Item([]reconLine{line}, true, "OneTimeInvoiceLineItem", "billing_line_items"))
		}
	}
	self := "/invoices/" + inv.id + "/lineitems/OneTime/" + map[bool]string{true: "UsageLineItems", false: "BillingLineItems"}[isUsage]
	out := s.collection(items, self)
	if end < count {
		token := continuation("lineitems", lineItemPage, end)
		link := s.link(self + "?seekOperation=Next")
		link["headers"] = []any{map[string]any{"key": "MS-ContinuationToken", "value": token}}
		out["links"].(map[string]any)["next"] = link
		out["continuationToken"] = token
	}
	return s.pcJSON(out, false)
}

// v1Item renames the columns of one row.
func v1Item[T any](row []T, numbersAsText bool, objectType, itemType string) map[string]any {
	style := rowStyle{dialect: map[string]string{"qualifiers": "array"}}
	if numbersAsText {
		style.dialect["blobNumbers"] = "string"
	}
	var columns map[string]json.RawMessage
	_ = json.Unmarshal(encodeRows(row, style)[0], &columns) // our own writing
	out := map[string]any{"invoiceLineItemType": itemType, "billingProvider": "one_time", "attributes": map[string]any{"objectType": objectType}}
	for name, value := range columns {
		out[v1Name(name)] = v1Value(name, value)
	}
	return out
}

func v1Name(name string) string {
	switch name {
	case "Tier2MpnId":
		return "resellerMpnId"
	case "Total":
		return "totalForCustomer"
	case "Unit":
		return "unitOfMeasure"
	case "ResourceURI":
		return "resourceUri"
	case "PartnerEarnedCreditPercentage":
		return "rateOfPartnerEarnedCredit"
	case "CreditPercentage":
		return "rateOfCredit"
	case "PCToBCExchangeRate", "PCToBCExchangeRateDate":
		return "pcToBC" + strings.TrimPrefix(name, "PCToBC")
	}
	return strings.ToLower(name[:1]) + name[1:]
}

// v1Value turns percentages into fractions.
func v1Value(name string, value json.RawMessage) json.RawMessage {
	if name != "PartnerEarnedCreditPercentage" && name != "CreditPercentage" {
		return value
	}
	plain, err := strconv.Unquote(string(value))
	if err != nil {
		plain = string(value)
	}
	d, err := decimal.NewFromString(plain)
	if err != nil {
		return value
	}
	return json.RawMessage(d.Shift(-2).String())
}
