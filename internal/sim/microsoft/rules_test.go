package microsoft

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spindle/internal/sim/scenario"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// TestCycles: anchor day kept and clamped on annual terms, monthly terms anchored anew (sheet §5.1).
func TestCycles(t *testing.T) {
	for _, tt := range []struct {
		name, term, billing string
		created             time.Time
		want                []string
	}{
		{"annual term, monthly, 31 January", "P1Y", "monthly", date(2027, 1, 31), []string{"2027-01-31..2027-02-27", "2027-02-28..2027-03-30", "2027-03-31..2027-04-29", "2027-04-30..2027-05-30"}},
		{"monthly term, 31 January", "P1M", "monthly", date(2027, 1, 31), []string{"2027-01-31..2027-02-27", "2027-02-28..2027-03-27", "2027-03-28..2027-04-27"}},
		{"annual, leap day", "P1Y", "annual", date(2028, 2, 29), []string{"2028-02-29..2029-02-27", "2029-02-28..2030-02-27"}},
		{"triennial", "P3Y", "triennial", date(2026, 5, 10), []string{"2026-05-10..2029-05-09", "2029-05-10..2032-05-09"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := subscription{term: tt.term, billingCycle: tt.billing, created: tt.created}
			got := s.cycles(date(2033, 1, 1))
			for i, want := range tt.want {
				if text := got[i].start.Format(time.DateOnly) + ".." + got[i].end.Format(time.DateOnly); text != want {
					t.Errorf("cycle %d: %s, want %s", i, text, want)
				}
			}
		})
	}
}

// TestDocumentedAmounts: the worked examples of sheet §4.5 that follow the formula.
func TestDocumentedAmounts(t *testing.T) {
	sc, err := scenario.Named("demo", testDay)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{scenario: sc}
	c := &customer{tenantID: guidOf("c")}
	s := &subscription{id: "s", term: "P1M", billingCycle: "monthly", unitPrice: dec("10.08"), pricingCurrency: "EUR", created: date(2026, 6, 18), initial: 10}
	s.change(date(2026, 6, 20), 12)
	lines := w.licenceLines(c, s, date(2026, 6, 1), date(2026, 6, 30), pricing{})
	want := []string{"new 10.08 10 100.8", "addQuantity -9.408 10 -94", "addQuantity 9.408 12 112.8"}
	for i, l := range lines {
		if got := fmt.Sprint(l.ChargeType, " ", l.EffectiveUnitPrice, " ", l.BillableQuantity, " ", l.Subtotal); got != want[i] {
			t.Errorf("line %d: %s, want %s", i, got, want[i])
		}
	}
	bought := &subscription{id: "b", term: "P1M", billingCycle: "monthly", unitPrice: dec("10.08"), pricingCurrency: "EUR", created: date(2026, 7, 15), initial: 10, cancelled: date(2026, 7, 17)}
	cancelled := w.licenceLines(c, bought, date(2026, 7, 1), date(2026, 9, 30), pricing{})
	if l := cancelled[len(cancelled)-1]; len(cancelled) != 2 || l.ChargeType != "cancelImmediate" || l.EffectiveUnitPrice.String() != "-9.4297" || l.Subtotal.String() != "-94.2" {
		t.Errorf("cancel: %+v", cancelled)
	}
	usd := reconLine{EffectiveUnitPrice: dec("3.25"), PCToBCExchangeRate: dec("0.8617"), BillableQuantity: dec("50")}
	if usd.price(pricing{}); usd.Subtotal.String() != "140" || usd.TaxTotal.String() != "32.2" {
		t.Errorf("formula: %s %s", usd.Subtotal, usd.TaxTotal)
	}
	if usd.price(pricing{productRounding: true}); usd.Subtotal.String() != "140.02" {
		t.Errorf("product: %s", usd.Subtotal)
	}
	for quantity, cents := range map[string]string{"29": "21.39", "210.950039": "155.63", "555.950039": "410.17"} {
		m := meter{price: dec("0.868"), earnedCredit: true}
		row := w.rate15([]usageRow{{Quantity: dec(quantity), PCToBCExchangeRate: decimal.NewFromInt(1)}}, m, pricing{})[0]
		if row.EffectiveUnitPrice.Mul(row.Quantity).Truncate(2).String() != cents {
			t.Errorf("earned credit for %s units: %s", quantity, row.EffectiveUnitPrice)
		}
	}
}

func TestNumberText(t *testing.T) {
	for in, want := range map[string]string{"0": "0", "0.00000031": "3.1e-07", "-0.00000031": "-3.1e-07", "0.000038": "3.8e-05", "0.0001": "0.0001", "12.50": "12.5", "0.00000000534254": "5.34254e-09", "0.00000000000005": "5e-14"} {
		if got := numberText(dec(in)); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestMovedDates(t *testing.T) {
	for _, tt := range []struct {
		in     time.Time
		months int
		want   time.Time
	}{
		{date(2026, 9, 30), 1, date(2026, 10, 31)}, {date(2026, 8, 31), 1, date(2026, 9, 30)}, {date(2026, 9, 10), -7, date(2026, 2, 10)},
		{date(2026, 9, 30).Add(24*time.Hour - time.Second), 1, date(2026, 10, 31).Add(24*time.Hour - time.Second)}, {time.Time{}, 3, time.Time{}},
	} {
		if got := moved(tt.in, tt.months); !got.Equal(tt.want) {
			t.Errorf("%s + %d: %s", tt.in, tt.months, got)
		}
	}
}

// TestSumsTie: on any day, in any world and under any pricing, recon ties with usage, with the invoice and with the seats that
// the subscription list shows (sheet §5.6).
func TestSumsTie(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		day := date(2024, 1, 1).AddDate(0, 0, rapid.IntRange(0, 1500).Draw(rt, "day"))
		sc, err := scenario.Named(rapid.SampledFrom([]string{"demo", "traps"}).Draw(rt, "scenario"), day)
		if err != nil {
			rt.Fatal(err)
		}
		p := pricing{productRounding: rapid.Bool().Draw(rt, "product"), invoiceTax: rapid.Bool().Draw(rt, "invoice tax"), exclusiveUsage: rapid.Bool().Draw(rt, "exclusive"), referenceID: "byDate"}
		w, err := buildWorld(sc)
		if err != nil {
			rt.Fatal(err)
		}
		inv := w.invoices[len(w.invoices)-1-rapid.IntRange(0, 2).Draw(rt, "months back")]
		inv.restated = rapid.IntRange(0, 1).Draw(rt, "restated")
		checkSums(rt, w, inv, p)
		checkSeats(rt, w, p)
	})
}

func checkSums(t *rapid.T, w *world, inv *invoice, p pricing) {
	total, net := w.total(inv, p), decimal.Zero
	rated := map[string]decimal.Decimal{}
	for _, r := range inv.usage {
		if r.BenefitType == "" {
			key := r.CustomerID + r.ProductID + r.ChargeStartDate.String()
			rated[key] = rated[key].Add(r.BillingPreTaxTotal)
		}
	}
	lines := decimal.Zero
	for _, l := range inv.recon {
		net, lines = net.Add(l.Subtotal), lines.Add(l.Total)
		if !l.Subtotal.Equal(l.Subtotal.Truncate(2)) {
			t.Fatalf("%s: Subtotal %s", inv, l.Subtotal)
		}
		if l.MeterDescription != "" && l.ChargeType == "new" {
			key := l.CustomerID + l.ProductID + l.ChargeStartDate.String()
			rated[key] = rated[key].Sub(l.Subtotal)
		}
	}
	for key, left := range rated {
		if left.IsNegative() || left.GreaterThanOrEqual(decimal.New(2, -2)) {
			t.Fatalf("%s %s: usage less recon is %s", inv, key, left)
		}
	}
	if p.invoiceTax {
		lines = net.Add(net.Mul(taxRate).Round(2))
	}
	if !total.Equal(lines) || inv.dated.After(w.scenario.Today) {
		t.Fatalf("%s dated %s: total %s, lines %s", inv, inv.dated, total, lines)
	}
}

// checkSeats derives the seats of every listed licence from all lines up to today.
func checkSeats(t *rapid.T, w *world, p pricing) {
	today := w.scenario.Today
	for _, c := range w.customers {
		for _, s := range c.subs {
			if !s.listed || !s.chargedFrom.IsZero() || s.statusOn(today) != "active" {
				continue
			}
			seats := decimal.Zero
			for _, l := range w.licenceLines(c, s, s.created, today, p) {
				if l.ChargeStartDate.After(today) || l.ChargeEndDate.Before(today) {
					continue
				}
				if l.EffectiveUnitPrice.IsNegative() {
					seats = seats.Sub(l.BillableQuantity)
				} else {
					seats = seats.Add(l.BillableQuantity)
				}
			}
			if !seats.Equal(decimal.NewFromInt(int64(s.quantityOn(today)))) {
				t.Fatalf("%s %s: lines say %s seats, the list %d", c.name, s.name, seats, s.quantityOn(today))
			}
		}
	}
}

// TestQuantitiesEndAtTheScenario: whatever history was invented, today's list is the scenario's.
func TestQuantitiesEndAtTheScenario(t *testing.T) {
	for _, name := range scenario.Names() {
		for _, day := range []time.Time{testDay, date(2026, 11, 1), date(2027, 3, 31)} {
			sc, err := scenario.Named(name, day)
			if err != nil {
				t.Fatal(err)
			}
			w, err := buildWorld(sc)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range sc.Customers {
				for k, s := range c.Subscriptions {
					if got := w.customers[i].subs[k].quantityOn(day); got != s.Quantity {
						t.Errorf("%s %s %s: %d, want %d", name, day, s.ID, got, s.Quantity)
					}
				}
			}
		}
	}
}

// TestLargeIsBilled: 8,000 subscriptions give their lines over several blobs, and no usage.
func TestLargeIsBilled(t *testing.T) {
	if testing.Short() {
		t.Skip("the large world takes minutes with the race detector")
	}
	c := newClient(t, "large", nil)
	rows := c.rows("reconciliation/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest()))
	if len(rows) < 8000 || !sum(t, rows, "Total").Equal(num(t, c.pc("/invoices/" + c.newest()).json(t)["totalCharges"])) {
		t.Errorf("%d rows", len(rows))
	}
	if op := c.operationOf("usage/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest())); op["status"] != "failed" {
		t.Errorf("large has no Azure: %v", op)
	}
}
