package microsoft

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

//go:embed seed/recon-nce.jsonl seed/daily-rated-usage.jsonl
var seedFiles embed.FS

// recorded are sample rows that are served as they are, moved to the scenario's newest closed month.
type recorded struct {
	lines []reconLine
	usage []usageRow
}

// rows are copies, so that a restatement never touches the samples.
func (r recorded) rows(p pricing) ([]reconLine, []usageRow) {
	lines, usage := slices.Clone(r.lines), slices.Clone(r.usage)
	for i := range lines {
		lines[i].tax(p)
		if p.exclusiveUsage && lines[i].MeterDescription != "" {
			lines[i].ChargeEndDate = lines[i].ChargeStartDate.AddDate(0, 1, 0)
		}
	}
	for i := range usage {
		if p.exclusiveUsage {
			usage[i].ChargeEndDate = usage[i].ChargeStartDate.AddDate(0, 1, 0)
		}
	}
	return lines, usage
}

// sampleMonth is the month of the sample rows.
var sampleMonth = date(2026, 9, 1)

// addTraps adds the sample rows with the customers, subscriptions and Azure subscriptions they speak of, a customer that left
// although charges still arrive, subscriptions in every state, a legacy invoice and an amended one.
func (w *world) addTraps(closed time.Time) error {
	lines, err := readSeed[reconLine]("seed/recon-nce.jsonl")
	if err != nil {
		return err
	}
	usage, err := readSeed[usageRow]("seed/daily-rated-usage.jsonl")
	if err != nil {
		return err
	}
	months := (closed.Year()-sampleMonth.Year())*12 + int(closed.Month()-sampleMonth.Month())
	for i := range lines {
		l := &lines[i]
		for _, t := range []*time.Time{&l.OrderDate, &l.ChargeStartDate, &l.ChargeEndDate, &l.PCToBCExchangeRateDate, &l.SubscriptionStartDate, &l.SubscriptionEndDate} {
			*t = moved(*t, months)
		}
		w.learnLine(*l)
	}
	for i := range usage {
		u := &usage[i]
		u.PartnerName = w.scenario.PartnerName
		for _, t := range []*time.Time{&u.ChargeStartDate, &u.ChargeEndDate, &u.UsageDate, &u.PCToBCExchangeRateDate} {
			*t = moved(*t, months)
		}
		w.learnUsage(*u)
	}
	w.recorded = recorded{lines, usage}
	newest := w.invoices[len(w.invoices)-1]
	newest.recorded = true
	w.addStates(closed)
	w.addOddInvoices()
	return nil
}

func readSeed[T any](name string) ([]T, error) {
	raw, err := seedFiles.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var out []T
	scan := bufio.NewScanner(bytes.NewReader(raw))
	scan.Buffer(nil, 1<<20)
	for n := 1; scan.Scan(); n++ {
		var row T
		if err := json.Unmarshal(scan.Bytes(), &row); err != nil {
			return nil, fmt.Errorf("%s line %d: %w", name, n, err)
		}
		out = append(out, row)
	}
	return out, scan.Err()
}

// moved shifts a sample date by whole months; the last day of a month stays the last day.
func moved(t time.Time, months int) time.Time {
	if t.IsZero() || months == 0 {
		return t
	}
	clock := t.Sub(dayOf(t))
	if dayOf(t).Equal(monthEnd(t)) {
		return monthEnd(monthOf(t).AddDate(0, months, 0)).Add(clock)
	}
	return addMonths(dayOf(t), months).Add(clock)
}

// learnLine makes sure that the customer and the subscription of a sample line exist, in the state the line leaves them in.
func (w *world) learnLine(l reconLine) {
	c := w.learnCustomer(l.CustomerID, l.CustomerName, l.CustomerDomainName, l.CustomerCountry)
	if l.MeterDescription != "" {
		return
	}
	s := c.sub(l.SubscriptionID)
	if s == nil {
		s = &subscription{id: l.SubscriptionID, listed: true, chargedFrom: w.openMonth(), autoRenew: true, revision: 1}
		c.subs = append(c.subs, s)
	}
	if l.ChargeType == "cancelImmediate" {
		s.status, s.autoRenew = "deleted", false
		return
	}
	if l.EffectiveUnitPrice.IsNegative() {
		return
	}
	s.productID, s.skuID, s.availabilityID, s.listAvailabilityID = l.ProductID, l.SkuID, l.AvailabilityID, l.AvailabilityID
	s.name, s.friendlyName, s.publisher, s.publisherID = l.SkuName, l.SubscriptionDescription, l.PublisherName, l.PublisherID
	s.pricingCurrency, s.unitPrice, s.reservationOrder, s.promotionID = l.PricingCurrency, l.UnitPrice, "", l.PromotionID
	s.created, s.initial = l.SubscriptionStartDate, int(l.BillableQuantity.IntPart())
	s.trial = l.ProductQualifiers == `["Trial"]`
	s.term, s.billingCycle, s.kind = recordedTerm(l), recordedBilling(l), recordedKind(l)
	if s.kind == reservation || s.kind == savingsPlan {
		s.reservationOrder = l.ReservationOrderID
	}
}

func recordedTerm(l reconLine) string {
	switch {
	case l.SubscriptionEndDate.IsZero():
		return ""
	case days(l.SubscriptionStartDate, l.SubscriptionEndDate) <= 31:
		return "P1M"
	case days(l.SubscriptionStartDate, l.SubscriptionEndDate) <= 366:
		return "P1Y"
	}
	return "P3Y"
}

func recordedBilling(l reconLine) string {
	switch {
	case l.ProductQualifiers == `["Trial"]`:
		return "none"
	case l.BillingFrequency == "Monthly":
		return "monthly"
	case l.BillingFrequency == "Annual":
		return "annual"
	}
	return "one_time"
}

func recordedKind(l reconLine) kind {
	switch {
	case l.ProductID == "DZH318Z0LNT0":
		return reservation
	case l.ProductID == "DZH318Z0ML23":
		return savingsPlan
	case l.PublisherID != "":
		return saas
	case l.SubscriptionEndDate.IsZero():
		return perpetual
	}
	return licence
}

func (w *world) learnCustomer(tenant, name, domain, country string) *customer {
	if c := w.customer(tenant); c != nil {
		return c
	}
	c := &customer{tenantID: tenant, name: name, domain: domain, country: country}
	w.customers = append(w.customers, c)
	return c
}

func (w *world) learnUsage(u usageRow) {
	c := w.learnCustomer(u.CustomerID, u.CustomerName, u.CustomerDomainName, u.CustomerCountry)
	if c.plan == nil {
		c.plan = &azurePlan{id: u.SubscriptionID, created: date(2025, 1, 1), fromRecord: true}
	}
	i := slices.IndexFunc(c.plan.entitlements, func(e entitlement) bool { return e.id == u.EntitlementID })
	if i < 0 {
		c.plan.entitlements = append(c.plan.entitlements, entitlement{id: u.EntitlementID, name: u.EntitlementDescription, status: "active"})
	}
}

// addStates gives the world a subscription in every state, and charges for a customer that left.
func (w *world) addStates(closed time.Time) {
	last := addMonths(closed, -13).AddDate(0, 0, 8)
	for i, status := range []string{"suspended", "expired", "disabled", "deleted", "pending"} {
		s := &subscription{
			id: guidOf("state", status), productID: "CFQ7TTC0H6RT", skuID: "0001", availabilityID: "CFQ7TTC0JMX3", listAvailabilityID: "CFQ7TTC0JMX3",
			name: "Microsoft Intune Plan 1", friendlyName: "Intune (" + status + ")", publisher: "Microsoft Corporation", pricingCurrency: w.scenario.Currency,
			term: "P1Y", billingCycle: "annual", unitPrice: decimal.NewFromInt(88), created: last, ends: addMonths(last, 12).AddDate(0, 0, -1),
			initial: 4 + i, status: status, listed: true, revision: 1,
		}
		if status == "suspended" { // suspended subscriptions keep being billed (sheet §5.3)
			s.billingCycle, s.unitPrice, s.created, s.ends = "monthly", decimal.RequireFromString("7.70"), addMonths(closed, -6).AddDate(0, 0, 8), time.Time{}
		}
		if status == "pending" {
			s.created, s.ends = w.scenario.Today, time.Time{}
		}
		w.customers[i].subs = append(w.customers[i].subs, s)
	}
	gone := &customer{tenantID: guidOf("customer", "gone"), name: "Quillfeather Press", domain: "quillfeather.onmicrosoft.com", country: "IE", removed: true}
	gone.subs = []*subscription{{
		id: guidOf("subscription", "gone"), productID: "CFQ7TTC09Q8C", skuID: "0001", availabilityID: "CFQ7TTC0LL3M", listAvailabilityID: "CFQ7TTC0LL3M",
		name: "Microsoft 365 Business Basic", friendlyName: "Microsoft 365 Business Basic", publisher: "Microsoft Corporation", pricingCurrency: w.scenario.Currency,
		term: "P1Y", billingCycle: "monthly", unitPrice: decimal.RequireFromString("5.60"), created: addMonths(closed, -4).AddDate(0, 0, 10), initial: 9, revision: 1,
	}}
	w.customers = append(w.customers, gone)
}

// addOddInvoices adds a legacy invoice, for which the exports have no data, and an adjustment note to the oldest invoice.
func (w *world) addOddInvoices() {
	oldest := w.invoices[0]
	oldest.notes = []*invoice{{id: oldest.id[:len(oldest.id)-2] + "01", month: oldest.month, dated: oldest.dated.AddDate(0, 1, 0), docType: "adjustment_note", amends: oldest.id}}
	w.invoices = append([]*invoice{{id: "D" + hexID(9, "legacy"), month: oldest.month, dated: oldest.month.AddDate(0, 0, 19), docType: "invoice", legacy: true}}, w.invoices...)
}
