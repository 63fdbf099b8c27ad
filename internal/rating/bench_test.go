package rating_test

import (
	"fmt"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/rating"
)

// benchInput is 1,000 customers with 8,000 licence subscriptions of 40 offers and three months of their lines, on 1,000 contracts.
func benchInput() rating.Input {
	const customers, subscriptions, months = 1_000, 8_000, 3
	in := rating.Input{Organization: "bench", Day: billing.NewDate(2026, 11, 10), Month: "2026-10", InvoiceMonths: map[string]billing.Month{},
		Settings: billing.Settings{ServiceMarkup: money.Int(15), ProductMarkup: money.Int(10), ContractStartDay: 1, ServiceCodeID: "500", MaterialCodeID: "600",
			VendorCompanyID: "7", Currency: "EUR", EffectivePolicy: billing.UpNowDownNext, PricePlaces: 2},
		Catalogue:  billing.Catalogue{Currency: "EUR"},
		LinePrices: map[string]money.Decimal{}}
	for i := range customers {
		id, company, contract := billing.CustomerID(fmt.Sprintf("customer-%04d", i)), billing.CompanyID(fmt.Sprint(1000+i)), billing.ContractID(fmt.Sprint(5000+i))
		in.Directory.Customers = append(in.Directory.Customers, billing.Customer{ID: id, Name: fmt.Sprintf("Customer %d", i)})
		in.Mappings.Companies = append(in.Mappings.Companies, billing.CompanyMapping{CustomerID: id, CompanyID: company})
		in.Mappings.Switches = append(in.Mappings.Switches, billing.BillingSwitch{CustomerID: id, On: true})
		in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: id, ContractID: contract})
		in.Catalogue.Companies = append(in.Catalogue.Companies, billing.Company{ID: company, Name: fmt.Sprintf("Customer %d", i), Active: true})
		in.Catalogue.Contracts = append(in.Catalogue.Contracts, billing.Contract{ID: contract, CompanyID: company, PeriodType: billing.PeriodMonth, Active: true,
			Recurring: true, Start: billing.NewDate(2026, 1, 1), End: billing.NewDate(2028, 12, 31)})
	}
	for i := range subscriptions {
		in.Directory.Subscriptions = append(in.Directory.Subscriptions, benchSubscription(i, customers))
	}
	for m := range months {
		start := billing.NewDate(2026, 8, 1).AddMonths(m)
		set := billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, PartnerID: "partner", Invoice: fmt.Sprintf("G%d", m), Currency: "EUR"}}
		in.InvoiceMonths[set.ID.Invoice] = billing.MonthOf(start)
		for i, s := range in.Directory.Subscriptions {
			line := benchSourceLine(i, s, start, set.ID.Invoice)
			set.Lines = append(set.Lines, line)
			set.Total.Add(line.Total)
		}
		in.Lines = append(in.Lines, set)
	}
	return in
}

func benchSubscription(i, customers int) billing.Subscription {
	return billing.Subscription{ID: billing.SubscriptionID(fmt.Sprintf("subscription-%05d", i)), CustomerID: billing.CustomerID(fmt.Sprintf("customer-%04d", i%customers)),
		Kind: billing.Licence, Offer: billing.Offer{ProductID: fmt.Sprintf("CFQ7TTC0%04d", i/customers), SKUID: fmt.Sprintf("%04d", i%5), Term: "P1Y", Frequency: billing.Monthly},
		Name: fmt.Sprintf("Product %d", i/customers), Quantity: int64(1 + i%60), Status: billing.Active, Start: billing.NewDate(2026, 3, 1), End: billing.NewDate(2027, 3, 1)}
}

func benchSourceLine(i int, s billing.Subscription, start billing.Date, invoice string) billing.LineItem {
	quantity, price := money.Int(s.Quantity), money.New(int64(500+i%3000), -2)
	cost := money.Of(price.Mul(quantity), "EUR")
	return billing.LineItem{Key: fmt.Sprint(i), Row: i + 2, Invoice: invoice, CustomerID: s.CustomerID, ProductID: s.Offer.ProductID, SKUID: s.Offer.SKUID, SKUName: s.Name,
		Kind: billing.ChargeCycle, SubscriptionID: s.ID, Frequency: billing.Monthly, Charged: billing.Period{Start: start, End: start.AddMonths(1)},
		TermPeriod: billing.Period{Start: s.Start, End: s.End}, OrderDate: start, ListUnitCost: price, EffectiveUnitCost: price, Quantity: quantity,
		BillableQuantity: quantity, PricingCurrency: "EUR", ExchangeRate: money.Int(1), Cost: cost, Total: cost}
}

// BenchmarkRate8000 rates 8,000 subscriptions of 1,000 customers from three months of lines.
func BenchmarkRate8000(b *testing.B) {
	in := benchInput()
	b.ReportAllocs()
	for b.Loop() {
		d := rating.Rate(in)
		units := int64(0)
		for _, l := range d.Lines {
			units += l.Units
		}
		if len(d.Lines) == 0 || units == 0 || len(d.Dispositions) != 8_000 {
			b.Fatalf("%d lines, %d units, %d dispositions", len(d.Lines), units, len(d.Dispositions))
		}
	}
	b.ReportMetric(8_000*float64(b.N)/b.Elapsed().Seconds(), "subscriptions/s")
}

// BenchmarkRateMonths8000 does the same with the charges of the two months before: the lines are rated once, whatever the number of months.
func BenchmarkRateMonths8000(b *testing.B) {
	in := benchInput()
	b.ReportAllocs()
	for b.Loop() {
		if d := rating.RateMonths(in, []billing.Month{"2026-09", "2026-08"}); len(d.Dispositions) != 3*8_000 {
			b.Fatalf("%d dispositions", len(d.Dispositions))
		}
	}
}
