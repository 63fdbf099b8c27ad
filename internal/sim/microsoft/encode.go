package microsoft

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// rowStyle says how rows are written into blobs.
type rowStyle struct {
	dialect        map[string]string
	basicUsage     bool
	basicRecon     bool
	partnerName    string
	unknownColumns bool // faults
	unknownCharge  bool
	nullFields     bool
}

// basicColumns is the smaller attribute set of daily usage (sheet §3.5).
var basicColumns = set("AdditionalInfo BenefitOrderId BenefitType BillingCurrency BillingPreTaxTotal ChargeEndDate ChargeStartDate ChargeType CreditPercentage " +
	"CreditType CustomerId CustomerName EffectiveUnitPrice EntitlementId InvoiceNumber PartnerId PartnerName PCToBCExchangeRate PricingCurrency PricingPreTaxTotal " +
	"ProductId PublisherName Quantity ResourceURI SkuId SkuName SubscriptionId UnitPrice UnitType UsageDate PCToBCExchangeRateDate")

// reducedRecon are columns that a basic recon export leaves out under the dialect reconBasic=reduced; the real split is unknown.
var reducedRecon = set("CustomerDomainName CustomerCountry MeterDescription ProductQualifiers PromotionId ProductCategory ReferenceId")

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// encodeRows writes one JSON object per row, without line ends. Rows is a slice of reconLine or usageRow.
func encodeRows[T any](rows []T, st rowStyle) [][]byte {
	t := reflect.TypeFor[T]()
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("json")
		if names[i] == "" {
			names[i] = t.Field(i).Name
		}
	}
	out := make([][]byte, 0, len(rows))
	for i := range rows {
		out = append(out, st.row(reflect.ValueOf(&rows[i]).Elem(), names, i))
	}
	return out
}

func (st rowStyle) row(v reflect.Value, names []string, n int) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range names {
		if st.skips(name) {
			continue
		}
		value := st.value(name, v.Field(i).Interface(), n)
		if value == "" {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + st.spelled(name) + `":` + value)
	}
	if v.Type() == reflect.TypeFor[reconLine]() && st.dialect["extraColumns"] == "present" {
		b.WriteString(`,"PartnerName":` + quote(st.partnerName) + `,"PublisherDiscount":0,"DiscountDetails":""`)
	}
	if st.unknownColumns {
		b.WriteString(`,"ShinyNewColumn":"surprise","NestedNews":{"a":[1,2]}`)
	}
	b.WriteByte('}')
	return b.Bytes()
}

func (st rowStyle) skips(name string) bool {
	return st.basicUsage && !basicColumns[name] || st.basicRecon && reducedRecon[name]
}

func (st rowStyle) spelled(name string) string {
	switch st.dialect["columnNames"] + " " + name {
	case "docs BenefitOrderId":
		return "BenefitOrderID"
	case "docs BenefitId":
		return "BenefitID"
	case "docs MpnId":
		return "MPNID"
	case "older Tier2MpnId":
		return "ResellerMpnId"
	}
	return name
}

// value is the JSON text of one field, or "" when the property is left out.
func (st rowStyle) value(name string, v any, n int) string {
	if st.nullFields && n%3 == 0 && (name == "CustomerName" || name == "SkuName" || name == "Tags" || name == "UnitPrice" || name == "SubscriptionDescription") {
		return "null"
	}
	switch v := v.(type) {
	case decimal.Decimal:
		if st.dialect["blobNumbers"] == "string" {
			return `"` + numberText(v) + `"`
		}
		return numberText(v)
	case time.Time:
		if v.IsZero() {
			return st.absent(true)
		}
		return quote(st.dateText(v))
	case string:
		return st.text(name, v, n)
	}
	return "null"
}

func (st rowStyle) text(name, v string, n int) string {
	switch {
	case v == "" && name == "ProductCategory" && st.dialect["productCategory"] == "filled":
		v = "SaaS"
	case name == "ChargeType" && st.unknownCharge && n%5 == 0:
		v = "transferOwnership"
	case name == "ChargeType":
		v = chargeCase(v, st.dialect["chargeTypeCase"])
	}
	if v == "" {
		return st.absent(false)
	}
	if (name == "ProductQualifiers" || name == "PriceAdjustmentDescription") && st.dialect["qualifiers"] == "array" && json.Valid([]byte(v)) {
		return v
	}
	return quote(v)
}

func (st rowStyle) absent(isDate bool) string {
	switch st.dialect["nullStyle"] {
	case "null":
		return "null"
	case "omitted":
		return ""
	case "blankDates":
		return `""`
	}
	if isDate {
		return "null"
	}
	return `""`
}

func (st rowStyle) dateText(t time.Time) string {
	switch st.dialect["rowDates"] {
	case "bare":
		return t.UTC().Format("2006-01-02T15:04:05")
	case "offset":
		return t.In(time.FixedZone("", -8*3600)).Format("2006-01-02T15:04:05-07:00")
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func chargeCase(v, style string) string {
	switch style {
	case "pascal":
		return strings.ToUpper(v[:1]) + v[1:]
	case "lower":
		return strings.ToLower(v)
	}
	return v
}

// numberText is the JSON number; very small ones are written with an exponent, as the real files do (sheet §7.4).
func numberText(d decimal.Decimal) string {
	if d.IsZero() {
		return "0"
	}
	plain := d.String()
	if d.Abs().GreaterThanOrEqual(decimal.New(1, -4)) {
		return plain
	}
	digits := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(plain, "-"), "0."), "0")
	point := strings.Index(plain, ".")
	exponent := len(plain) - point - 1 - len(digits) + 1
	mantissa := digits[:1]
	if rest := strings.TrimRight(digits[1:], "0"); rest != "" {
		mantissa += "." + rest
	}
	if d.IsNegative() {
		mantissa = "-" + mantissa
	}
	return mantissa + "e-" + twoDigits(exponent)
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + string(rune('0'+n))
	}
	return string(rune('0'+n/10)) + string(rune('0'+n%10))
}

// quote is JSON text without the escaping of <, > and & that Microsoft's writers do not do either.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}
