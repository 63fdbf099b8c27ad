package microsoft

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Dialect is one switch between documented-but-unverified readings of the vendor's behaviour.
type Dialect struct {
	Name    string   `json:"name"`
	Values  []string `json:"values"` // the first is the default
	Meaning string   `json:"meaning"`
	Section string   `json:"section"` // of the Microsoft sheet
}

// Dialects lists every switch in a fixed order.
func Dialects() []Dialect { return slices.Concat(restDialects(), exportDialects(), rowDialects()) }

func restDialects() []Dialect {
	return []Dialect{
		{"linkPrefix", []string{"without", "with"}, "whether links.*.uri starts with /v1", "2.1"},
		{"bom", []string{"some", "always", "never"}, "which Partner Center bodies start with a byte-order mark; some = lists of customers and subscriptions", "1.6"},
		{"totalCount", []string{"page", "overall"}, "what totalCount of a seek-based collection counts", "2.1"},
		{"customersSizeRequired", []string{"whole", "page", "required"}, "customers without size: the whole set, a page of 100, or 400", "2.1"},
		{"errorCodeType", []string{"number", "string"}, "JSON type of code in Partner Center errors", "1.7"},
		{"etagMismatch", []string{"400", "412"}, "status for an outdated If-Match (code 2055)", "1.7"},
		{"contractVersion", []string{"optional", "required"}, "whether MS-Contract-Version must be sent", "1.6, C10"},
		{"invoiceByIdAppOnly", []string{"allowed", "refused"}, "whether an app-only token may read an invoice by id", "1.3, C10"},
		{"mfaClaim", []string{"present", "missing"}, "whether user tokens carry amr mfa; without it Partner Center answers 401 900421", "1.4"},
		{"refreshReuse", []string{"allowed", "refused"}, "whether a refresh token that gave a new one can be used again", "1.2"},
		{"v1LineItems", []string{"retired", "served"}, "invoice line items of new-commerce invoices through v1", "0, 2.6"},
		{"commitmentEnd", []string{"dateOnly", "endOfDay"}, "time of day in commitmentEndDate and billingCycleEndDate", "2.3"},
	}
}

func exportDialects() []Dialect {
	return []Dialect{
		{"exportStatus", []string{"succeeded", "completed"}, "status literal of a finished operation", "3.2, D3"},
		{"statusCase", []string{"camel", "pascal"}, "case of the status literals", "3.2"},
		{"manifestForm", []string{"inline", "link", "both"}, "how a finished operation gives its manifest", "3.2"},
		{"runningPolls", []string{"1", "0", "2", "5"}, "polls answered running before the result", "3.2"},
		{"retryAfter", []string{"0", "1", "10", "absent"}, "Retry-After of a running operation, seconds", "3.2"},
		{"operationLife", []string{"24h", "1h", "7d"}, "how long operations and manifests live", "3.2, C3"},
		{"expiredStatus", []string{"404", "410"}, "answer for an expired operation or manifest", "3.2"},
		{"dataFormat", []string{"compressedJSON", "compressedJSONLines"}, "manifest.dataFormat", "3.3"},
		{"createdZ", []string{"absent", "present"}, "whether operation.createdDateTime ends in Z", "3.2"},
		{"partitionType", []string{"default", "Default", "ItemCount"}, "manifest.partitionType", "3.3"},
		{"blobEntry", []string{"short", "long"}, "long adds sizeInBytes and itemCount", "3.3"},
		{"sasToken", []string{"bare", "questionMark"}, "whether sasToken starts with ?", "3.3"},
		{"rootDirectory", []string{"bare", "slash"}, "whether rootDirectory ends in /", "3.3"},
		{"sasLife", []string{"12h", "1h"}, "validity of the directory SAS", "3.4, C3"},
		{"gzipMembers", []string{"multi", "single"}, "gzip members per blob", "3.4"},
		{"blobBOM", []string{"first", "none"}, "byte-order mark before the first line of the first blob", "3.4"},
		{"blobOrder", []string{"shuffled", "sorted"}, "order of rows over the blobs", "3.4"},
		{"contentEncoding", []string{"absent", "gzip"}, "whether storage also labels the blob Content-Encoding: gzip", "3.4"},
		{"unbilledLast", []string{"failed", "emptyBlobs"}, "unbilled export of a month that has been billed", "3.6, 7.16"},
		{"graphPermission", []string{"granted", "missing"}, "whether PartnerBilling.Read.All is consented", "1.1"},
	}
}

func rowDialects() []Dialect {
	return []Dialect{
		{"blobNumbers", []string{"number", "string"}, "JSON type of numbers in rows", "4.1, C1"},
		{"nullStyle", []string{"empty", "null", "omitted", "blankDates"}, "absent values: text \"\" and dates null; all null; left out; all \"\"", "C1"},
		{"qualifiers", []string{"text", "array"}, "ProductQualifiers and PriceAdjustmentDescription as JSON text or as arrays", "C1"},
		{"rowDates", []string{"z", "bare", "offset"}, "ISO dates with Z, without, or with -08:00", "4.1, 7.17"},
		{"chargeTypeCase", []string{"camel", "pascal", "lower"}, "case of ChargeType", "4.4, 7.7"},
		{"referenceId", []string{"byDate", "json", "guid"}, "form of ReferenceId; byDate = GUID before 2026-06-15", "4.2 #44, 7.6"},
		{"usageEnd", []string{"inclusive", "exclusive"}, "ChargeEndDate of usage: last day, or first of the next month", "4.2 #29, 4.3 #20"},
		{"taxLevel", []string{"line", "invoice"}, "where tax is stated", "4.2 #20, 7.23"},
		{"licenceRounding", []string{"formula", "product"}, "licence Subtotal: truncate the price, or truncate the product", "4.5, C7"},
		{"refundSign", []string{"price", "quantity"}, "where refund lines carry the minus", "4.4"},
		{"columnNames", []string{"file", "docs", "older"}, "spelling of columns: Tier2MpnId/BenefitOrderId, BenefitOrderID, ResellerMpnId", "4.1, 7.9"},
		{"extraColumns", []string{"absent", "present"}, "PartnerName, PublisherDiscount and DiscountDetails in recon", "4.2, C5"},
		{"productCategory", []string{"empty", "filled"}, "ProductCategory values", "C5"},
		{"unbilledInvoiceNumber", []string{"empty", "placeholder"}, "InvoiceNumber of unbilled rows", "4.2 #6"},
		{"reconBasic", []string{"same", "reduced"}, "recon rows with attributeSet basic", "3.5, C4"},
	}
}

// resolveDialect merges changes over base. An unknown name or value is an error that lists what is known.
func resolveDialect(base, changes map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for _, d := range Dialects() {
		out[d.Name] = d.Values[0]
	}
	maps.Copy(out, base)
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		value := changes[name]
		i := slices.IndexFunc(Dialects(), func(d Dialect) bool { return d.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown dialect %q: GET /dialects lists the %d known names", name, len(Dialects()))
		}
		if known := Dialects()[i].Values; !slices.Contains(known, value) {
			return nil, fmt.Errorf("dialect %s does not know the value %q: use one of %s", name, value, strings.Join(known, ", "))
		}
		out[name] = value
	}
	return out, nil
}
