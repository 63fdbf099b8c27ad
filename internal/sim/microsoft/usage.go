package microsoft

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// usageRow is one daily rated usage line, in file order (sheet §4.3).
type usageRow struct {
	PartnerID                     string `json:"PartnerId"`
	PartnerName                   string
	CustomerID                    string `json:"CustomerId"`
	CustomerName                  string
	CustomerDomainName            string
	CustomerCountry               string
	MpnID                         string `json:"MpnId"`
	Tier2MpnID                    string `json:"Tier2MpnId"`
	InvoiceNumber                 string
	ProductID                     string `json:"ProductId"`
	SkuID                         string `json:"SkuId"`
	AvailabilityID                string `json:"AvailabilityId"`
	SkuName                       string
	ProductName                   string
	PublisherName                 string
	PublisherID                   string `json:"PublisherId"`
	SubscriptionDescription       string
	SubscriptionID                string `json:"SubscriptionId"`
	ChargeStartDate               time.Time
	ChargeEndDate                 time.Time
	UsageDate                     time.Time
	MeterType                     string
	MeterCategory                 string
	MeterID                       string `json:"MeterId"`
	MeterSubCategory              string
	MeterName                     string
	MeterRegion                   string
	Unit                          string
	ResourceLocation              string
	ConsumedService               string
	ResourceGroup                 string
	ResourceURI                   string
	ChargeType                    string
	UnitPrice                     decimal.Decimal
	Quantity                      decimal.Decimal
	UnitType                      string
	BillingPreTaxTotal            decimal.Decimal
	BillingCurrency               string
	PricingPreTaxTotal            decimal.Decimal
	PricingCurrency               string
	ServiceInfo1                  string
	ServiceInfo2                  string
	Tags                          string
	AdditionalInfo                string
	EffectiveUnitPrice            decimal.Decimal
	PCToBCExchangeRate            decimal.Decimal
	PCToBCExchangeRateDate        time.Time
	EntitlementID                 string `json:"EntitlementId"`
	EntitlementDescription        string
	PartnerEarnedCreditPercentage decimal.Decimal
	CreditPercentage              decimal.Decimal
	CreditType                    string
	BenefitOrderID                string `json:"BenefitOrderId"`
	BenefitID                     string `json:"BenefitId"`
	BenefitType                   string
}

// meter is one priced thing of the Azure price list.
type meter struct {
	product, sku, availability     string
	skuName, productName           string
	meterType, category, id        string
	subCategory, name, region      string
	unit, service, provider        string
	price                          decimal.Decimal
	earnedCredit                   bool
	perDay                         int  // usual quantity a day, in thousandths
	hours                          bool // a machine that runs all day
	benefit                        bool // covered by a savings plan when there is one
	credit                         bool // paid by the Azure credit offer of a credited customer
	lateMonth                      bool // some of it arrives a month late
	onlyWithSavingsPlan, noURISome bool
}

func meters() []meter {
	return []meter{
		{product: "DZH318Z0M1T9", sku: "00VL", availability: "DZH318Z0WMN1", skuName: "BS Series - B2s - EU West", productName: "Virtual Machines BS Series",
			meterType: "1 Compute Hour", category: "Virtual Machines", id: "73032bbe-8274-4546-a920-b8597d326794", subCategory: "BS Series", name: "B2s", region: "EU West",
			unit: "1 Hour", service: "Microsoft.Compute", provider: "virtualMachines/vm", price: decimal.New(48, -3), earnedCredit: true, perDay: 24000, hours: true},
		{product: "DZH318Z0X542", sku: "004V", availability: "DZH318Z04XF0", skuName: "Tables - LRS Data Stored - EU West", productName: "Storage Tables",
			meterType: "1 GB/Month", category: "Storage", id: "577d71b1-d4cf-4c20-859e-54b21869e649", subCategory: "Tables", name: "LRS Data Stored", region: "EU West",
			unit: "1 GB/Month", service: "Microsoft.Storage", provider: "storageAccounts/sa", price: decimal.New(45, -3), earnedCredit: true, perDay: 71613, lateMonth: true},
		{product: "DZH318Z0WXP4", sku: "00GV", availability: "DZH318Z05V87", skuName: "Log Analytics - Pay-as-you-go Data Ingestion - EU North", productName: "Log Analytics",
			meterType: "1 GB", category: "Log Analytics", id: "02dee5f9-02c8-4eb7-87ed-19d875d4ce5d", name: "Pay-as-you-go Data Ingestion", region: "EU North",
			unit: "1 GB", service: "microsoft.operationalinsights", provider: "workspaces/law", price: decimal.New(276, -2), perDay: 1383},
		{product: "DZH318Z0RXGR", sku: "00L5", availability: "DZH318Z0MZBT", skuName: "Inter-Region - Intra Continent Data Transfer Out - Zone 1", productName: "Bandwidth Inter-Region",
			meterType: "1 GB", category: "Bandwidth", id: "cd63012b-1410-498f-9af0-478d7ad430cc", subCategory: "Inter-Region", name: "Intra Continent Data Transfer Out", region: "Zone 1",
			unit: "1 GB", service: "Microsoft.Network", provider: "publicIPAddresses/pip", price: decimal.New(2, -2), perDay: 14503, credit: true, noURISome: true},
		{product: "DZH318Z09WSJ", sku: "00KT", availability: "DZH318Z05Q03", skuName: "Dsv5 Series - D4s v5 - EU West", productName: "Virtual Machines Dsv5 Series",
			meterType: "1 Compute Hour", category: "Virtual Machines", id: "5504c4b1-8408-4975-ae19-0207dda99009", subCategory: "Dsv5 Series", name: "D4s v5", region: "EU West",
			unit: "1 Hour", service: "Microsoft.Compute", provider: "virtualMachines/etl", price: decimal.New(23, -2), perDay: 24000, hours: true, benefit: true, onlyWithSavingsPlan: true},
	}
}

// usageRows are a customer's rows of one month with a usage day up to cutoff, and the late rows of the month before.
func (w *world) usageRows(c *customer, month, cutoff time.Time, restated int, p pricing) []usageRow {
	if c.plan == nil || c.plan.fromRecord {
		return nil
	}
	var rows []usageRow
	for _, m := range meters() {
		if m.onlyWithSavingsPlan && c.plan.savingsOrder == "" {
			continue
		}
		group := w.meterRows(c, m, month, cutoff)
		if m.lateMonth {
			for n := range restated {
				row := w.usageHead(c, c.plan.entitlements[0], m, month, month)
				dressResource(&row, c.plan.entitlements[0], 0, m, month)
				row.Quantity = decimal.New(int64(1000+n), -3)
				group = append(group, row)
			}
			previous := month.AddDate(0, -1, 0)
			late := w.usageHead(c, c.plan.entitlements[0], m, previous, monthEnd(previous))
			dressResource(&late, c.plan.entitlements[0], 0, m, late.UsageDate)
			late.Quantity = decimal.New(69298104+int64(pick(1000, "late", c.tenantID, month.Format(time.DateOnly))), -6)
			rows = append(rows, w.rate15([]usageRow{late}, m, p)...)
		}
		rows = append(rows, w.rate15(group, m, p)...)
	}
	return rows
}

// meterRows are the days of one meter over all Azure subscriptions and resource groups, not priced yet.
func (w *world) meterRows(c *customer, m meter, month, cutoff time.Time) []usageRow {
	var rows []usageRow
	last := earlier(cutoff, monthEnd(month))
	for _, e := range c.plan.entitlements {
		for g := range e.groups {
			if m.onlyWithSavingsPlan && g > 0 {
				continue
			}
			head := w.usageHead(c, e, m, month, month)
			rows = slices.Grow(rows, 64)
			for day := month; !day.After(last); day = day.AddDate(0, 0, 1) {
				row := head
				row.UsageDate = day
				dressResource(&row, e, g, m, day)
				row.Quantity = dayQuantity(m, e.id+e.groups[g]+day.Format(time.DateOnly))
				rows = append(rows, row)
				if m.noURISome && day.Day() == 7 { // two equal rows are legal and both count (sheet §7.1)
					rows = append(rows, row)
				}
				if m.benefit {
					covered := row
					covered.BenefitOrderID = c.plan.savingsOrder
					covered.BenefitID = "/providers/Microsoft.BillingBenefits/savingsPlanOrders/" + c.plan.savingsOrder + "/savingsPlans/" + guidOf("plan", c.plan.savingsOrder)
					covered.BenefitType = "SavingsPlan"
					covered.Quantity = decimal.New(214, -1)
					rows[len(rows)-1].Quantity = decimal.New(26, -1)
					rows = append(rows, covered)
				}
			}
		}
	}
	return rows
}

// dayQuantity varies by day and carries the float noise of the real files (sheet §7.4).
func dayQuantity(m meter, key string) decimal.Decimal {
	if m.hours {
		switch pick(9, "hours", m.id, key) {
		case 0:
			return decimal.RequireFromString("23.999999999999996")
		case 1:
			return decimal.RequireFromString("24.000000000000004")
		case 2:
			return decimal.RequireFromString("24.0000000001")
		case 3:
			return decimal.New(11516667, -6)
		}
		return decimal.NewFromInt(24)
	}
	if pick(40, "tiny", m.id, key) == 0 {
		return decimal.New(31, -8)
	}
	swing := int64(pick(m.perDay*200, "swing", m.id, key)) // up to a fifth, in millionths
	return decimal.New(int64(m.perDay)*1000+swing, -6)
}

func (w *world) usageHead(c *customer, e entitlement, m meter, month, day time.Time) usageRow {
	row := usageRow{
		PartnerID: w.scenario.PartnerTenantID, PartnerName: w.scenario.PartnerName, CustomerID: c.tenantID, CustomerName: c.name,
		CustomerDomainName: c.domain, CustomerCountry: c.country, MpnID: w.scenario.MpnID, Tier2MpnID: "0",
		ProductID: m.product, SkuID: m.sku, AvailabilityID: m.availability, SkuName: m.skuName, ProductName: m.productName, PublisherName: "Microsoft",
		SubscriptionDescription: "Azure plan", SubscriptionID: c.plan.id,
		ChargeStartDate: month, ChargeEndDate: month.AddDate(0, 1, 0).Add(-time.Second), UsageDate: day,
		MeterType: m.meterType, MeterCategory: m.category, MeterID: m.id, MeterSubCategory: m.subCategory, MeterName: m.name, MeterRegion: m.region,
		Unit: m.unit, UnitType: m.unit, ResourceLocation: "westeurope", ConsumedService: m.service, ChargeType: "new",
		UnitPrice: m.price, BillingCurrency: w.scenario.Currency, PricingCurrency: "USD",
		PCToBCExchangeRate: w.rate("USD", month), PCToBCExchangeRateDate: month, EntitlementID: e.id, EntitlementDescription: e.name,
		CreditType: "Credit Not Applied",
	}
	if m.earnedCredit {
		row.PartnerEarnedCreditPercentage = decimal.NewFromInt(15)
	}
	if m.credit && c.plan.credited {
		row.CreditPercentage, row.CreditType = decimal.NewFromInt(100), "Azure Credit Applied"
	}
	return row
}

// dressResource names the resource; the casing of groups and places wanders as in real files (sheet §4.3 #29, #31).
func dressResource(row *usageRow, e entitlement, g int, m meter, day time.Time) {
	if len(e.groups) == 0 {
		return
	}
	row.ResourceGroup = e.groups[g]
	key := day.Format(time.DateOnly) + m.id + e.id + e.groups[g]
	if pick(6, "casing", key) == 0 {
		row.ResourceGroup = strings.ToUpper(row.ResourceGroup)
	}
	if pick(11, "place", key) == 0 {
		row.ResourceLocation = "WESTEUROPE"
	}
	name := m.provider + strconv.Itoa(g+1)
	row.ResourceURI = "/subscriptions/" + e.id + "/resourceGroups/" + row.ResourceGroup + "/providers/" + m.service + "/" + name
	if m.noURISome && day.Day()%7 == 0 {
		row.ResourceURI = ""
	}
	switch pick(5, "tags", e.id, e.groups[g]) {
	case 0:
		row.Tags = `{"env":"prod","owner":"Web, \"blue\" team"}`
	case 1:
		row.Tags = `{"costcenter":"4410","env":"prod"}`
	case 2:
		row.Tags = `env:prod`
	}
	if m.hours {
		row.AdditionalInfo = `{"ImageType":null,"ServiceType":"Standard_` + strings.ReplaceAll(m.name, " ", "_") + `",  "VMProperties":null,"UsageType":"ComputeHR"}`
	}
}

// rate15 prices the rows of one meter and window. With partner earned credit the effective price is the truncated monthly
// amount over the monthly quantity, so that it drifts while the month is open (sheet §4.5); prices and amounts are carried to
// 15 places and rounded up, so that rows never sum to less than the invoice line.
func (w *world) rate15(rows []usageRow, m meter, p pricing) []usageRow {
	total := decimal.Zero
	for _, r := range rows {
		if r.BenefitType == "" {
			total = total.Add(r.Quantity)
		}
	}
	effective := m.price
	if m.earnedCredit && !total.IsZero() {
		cents := m.price.Mul(total).Mul(decimal.New(85, -2)).Truncate(2)
		effective = cents.DivRound(total, 20).RoundCeil(15)
	}
	for i := range rows {
		r := &rows[i]
		if p.exclusiveUsage {
			r.ChargeEndDate = r.ChargeStartDate.AddDate(0, 1, 0)
		}
		if r.BenefitType != "" {
			continue
		}
		r.EffectiveUnitPrice = effective
		exact := effective.Mul(r.Quantity)
		r.PricingPreTaxTotal = exact.RoundCeil(15)
		r.BillingPreTaxTotal = exact.Mul(r.PCToBCExchangeRate).RoundCeil(15)
	}
	return rows
}

// azureLines derives a customer's recon lines from daily usage: one per product and charge window, truncated twice
// (sheet §4.5, §5.6 #2), and a credit beside a line that an Azure credit pays.
func (w *world) azureLines(c *customer, rows []usageRow, invoiceMonth time.Time, p pricing) []reconLine {
	var order []string
	groups := map[string][]usageRow{}
	for _, r := range rows {
		if r.BenefitType != "" {
			continue
		}
		key := r.ProductID + r.SkuID + r.AvailabilityID + r.ChargeStartDate.String()
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], r)
	}
	var out []reconLine
	for _, key := range order {
		line := w.azureLine(c, groups[key], invoiceMonth, p)
		out = append(out, line)
		if groups[key][0].CreditPercentage.IsPositive() {
			credit := line
			credit.ChargeType, credit.CreditReasonCode = "customerCredit", "AzureCreditOffer"
			credit.EffectiveUnitPrice, credit.Subtotal = line.EffectiveUnitPrice.Neg(), line.Subtotal.Neg()
			credit.ReferenceID = referenceOf(p, credit.OrderDate, "credit", key, c.tenantID)
			credit.tax(p)
			out = append(out, credit)
		}
	}
	return out
}

func (w *world) azureLine(c *customer, rows []usageRow, invoiceMonth time.Time, p pricing) reconLine {
	first, total := rows[0], decimal.Zero
	for _, r := range rows {
		total = total.Add(r.Quantity)
	}
	l := w.lineHead(c, monthEnd(invoiceMonth))
	l.OrderID = hexID(12, "usage", first.SubscriptionID, first.ProductID)
	l.AlternateID = l.OrderID
	l.ProductID, l.SkuID, l.AvailabilityID, l.SkuName, l.ProductName = first.ProductID, first.SkuID, first.AvailabilityID, first.SkuName, first.ProductName
	l.ChargeType, l.PublisherName = "new", first.PublisherName
	l.UnitPrice, l.Quantity, l.BillableQuantity, l.EffectiveUnitPrice = first.UnitPrice, decimal.NewFromInt(1), total, first.EffectiveUnitPrice
	l.SubscriptionID, l.SubscriptionDescription, l.SubscriptionStartDate = first.SubscriptionID, first.SubscriptionDescription, c.plan.created
	l.ChargeStartDate, l.ChargeEndDate = first.ChargeStartDate, dayOf(first.ChargeEndDate)
	l.TermAndBillingCycle, l.UnitType, l.BillingFrequency = first.UnitType, first.UnitType, "Monthly"
	l.PricingCurrency, l.PCToBCExchangeRate, l.PCToBCExchangeRateDate = first.PricingCurrency, first.PCToBCExchangeRate, first.PCToBCExchangeRateDate
	l.MeterDescription = strings.Join([]string{first.MeterCategory, first.MeterSubCategory, first.MeterName, first.MeterRegion}, " - ")
	if first.PartnerEarnedCreditPercentage.IsPositive() {
		l.PriceAdjustmentDescription = `["15.0% Partner earned credit for services managed"]`
	}
	l.ReferenceID = referenceOf(p, l.OrderDate, "usage", first.SubscriptionID, first.ProductID, first.ChargeStartDate.String())
	l.Subtotal = l.EffectiveUnitPrice.Mul(total).Truncate(2).Mul(l.PCToBCExchangeRate).Truncate(2)
	l.tax(p)
	return l
}
