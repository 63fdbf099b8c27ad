package rating

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// The worked examples of the Microsoft sheet's §4.5, §5.2 and §5.4. Spindle never recomputes what Microsoft billed, so the examples say
// two things: that our decimals can reproduce Microsoft's arithmetic to the last digit, and what unit cost follows from a line of that
// kind.

// down is Microsoft's ROUNDDOWN to cents: towards zero.
func down(d money.Decimal) money.Decimal { return d.Round(2, money.TowardZero) }

func TestUsageFormula(t *testing.T) {
	tests := []struct{ line, effective, quantity, rate, want string }{
		{"26", "0.0408", "185.7666670001", "0.8617", "6.52"}, // 7.57 × 0.8617 = 6.5230…
		{"27", "0.03825", "287.120247", "0.8617", "9.46"},
		{"28", "0.03825", "69.298104", "0.8617", "2.28"},
		{"29", "2.76", "2.785419", "0.8617", "6.61"},
		{"30", "0.23", "2.6", "0.8617", "0.50"},
		{"31", "0.02", "45.75413431", "0.8617", "0.78"},
		{"32", "0.0408", "72", "0.8617", "2.52"},
		{"33", "0.045", "241", "0.8617", "9.34"},
		{"34", "-0.045", "241", "0.8617", "-9.34"}, // towards zero, not down
		{"savings plan of §4.5", "0.3264", "22.9276737383009", "1", "7.48"},
	}
	for _, test := range tests {
		if got := down(down(num(test.effective).Mul(num(test.quantity))).Mul(num(test.rate))); got.Fixed(2) != test.want {
			t.Errorf("line %s: %s × %s × %s = %s, want %s", test.line, test.effective, test.quantity, test.rate, got, test.want)
		}
	}
	if got := num("0.3264").Mul(num("22.9276737383009")); got.String() != "7.48359270818141376" {
		t.Errorf("24 hours less the commitment: %s", got) // the sheet prints 7.48359270818142: a float's last digit
	}
}

// TestLicenceFormula: the documented formula rounds the unit, the worked examples round the product. The tolerance of §4.5 is what lies
// between.
func TestLicenceFormula(t *testing.T) {
	tests := []struct{ name, unit, rate, quantity, byUnit, byProduct, tolerance string }{
		{"ten seats for a cycle", "10.08", "1", "10", "100.80", "100.80", "0.10"},
		{"two added: ten back", "-9.408", "1", "10", "-94.00", "-94.08", "0.10"},
		{"two added: twelve again", "9.408", "1", "12", "112.80", "112.89", "0.12"}, // 112.896
		{"four removed: twelve back", "-9.408", "1", "12", "-112.80", "-112.89", "0.12"},
		{"four removed: eight again", "9.408", "1", "8", "75.20", "75.26", "0.08"},
		{"cancelled", "-9.4297", "1", "10", "-94.20", "-94.29", "0.10"},
		{"converted: old product", "-7.72", "1", "300", "-2316.00", "-2316.00", "3.00"},
		{"converted: new product", "4.92", "1", "300", "1476.00", "1476.00", "3.00"},
		{"sample line 8, Dynamics", "55.335", "1", "20", "1106.60", "1106.70", "0.20"},
		{"sample line 23, savings plan", "255.5", "0.8617", "1", "220.16", "220.16", "0.02"},
		{"sample line 25, SaaS in dollars", "3.25", "0.8617", "50", "140.00", "140.02", "0.50"},
	}
	for _, test := range tests {
		unit, rate, quantity := num(test.unit), num(test.rate), num(test.quantity)
		byUnit, byProduct := down(unit.Mul(rate)).Mul(quantity), down(unit.Mul(rate).Mul(quantity))
		if byUnit.Fixed(2) != test.byUnit || byProduct.Fixed(2) != test.byProduct {
			t.Errorf("%s: by unit %s, by product %s; want %s, %s", test.name, byUnit, byProduct, test.byUnit, test.byProduct)
		}
		tolerance := money.New(1, -2).Mul(quantity)
		if two := money.New(2, -2); tolerance.Cmp(two) < 0 {
			tolerance = two
		}
		if tolerance.Fixed(2) != test.tolerance || byUnit.Sub(byProduct).Abs().Cmp(tolerance) > 0 {
			t.Errorf("%s: %s and %s are further apart than %s", test.name, byUnit, byProduct, tolerance)
		}
	}
}

// TestProration: the effective price is the list price by days of the cycle, or by months when the billing plan changes.
func TestProration(t *testing.T) {
	tests := []struct {
		name             string
		list             string
		cycle, billed    billing.Period
		places           int32
		want             string
		days, billedDays int
	}{
		{"two seats added on the third day", "10.08", days("2026-06-18", "2026-07-17"), days("2026-06-20", "2026-07-17"), 4, "9.408", 30, 28},
		{"cancelled on the third day of 31", "10.08", days("2026-07-15", "2026-08-14"), days("2026-07-17", "2026-08-14"), 4, "9.4297", 31, 29},
		{"sample line 2, seats added on 14 September", "21.6", days("2026-09-10", "2026-10-09"), days("2026-09-14", "2026-10-09"), 4, "18.72", 30, 26},
		{"sample line 5, seats removed on 8 September", "4.8", days("2026-09-03", "2026-10-02"), days("2026-09-08", "2026-10-02"), 4, "4", 30, 25},
		{"sample line 12, upgraded half-way", "11.6", days("2026-09-05", "2026-10-04"), days("2026-09-20", "2026-10-04"), 4, "5.8", 30, 15},
		{"sample line 14, cancelled on the third day", "18", days("2026-09-24", "2026-10-23"), days("2026-09-26", "2026-10-23"), 4, "16.8", 30, 28},
		{"sample line 19, seats moved", "11.7", days("2026-09-05", "2026-10-04"), days("2026-09-18", "2026-10-04"), 4, "6.63", 30, 17},
		{"sample line 20, seats moved", "21.6", days("2026-09-12", "2026-10-11"), days("2026-09-18", "2026-10-11"), 4, "17.28", 30, 24},
		{"a leap year's cycle", "366", days("2024-02-29", "2025-02-27"), days("2024-03-01", "2025-02-27"), 4, "364.9973", 365, 364},
	}
	for _, test := range tests {
		if test.cycle.Days() != test.days || test.billed.Days() != test.billedDays {
			t.Errorf("%s: %d of %d days", test.name, test.billed.Days(), test.cycle.Days())
		}
		got, _ := num(test.list).Mul(money.Int(int64(test.billed.Days()))).Div(money.Int(int64(test.cycle.Days())), test.places, money.HalfAwayFromZero)
		if !got.Equal(num(test.want)) {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	for _, plan := range []struct{ list, want string }{{"250", "229.16"}, {"324", "297.00"}} { // §4.5, and line 18 of the sample: 11 of 12 months
		got, _ := num(plan.list).Mul(money.Int(11)).Div(money.Int(12), 2, money.TowardZero)
		if got.Fixed(2) != plan.want {
			t.Errorf("11 months of %s are %s, want %s", plan.list, got, plan.want)
		}
	}
}

// TestEarnedCreditFormula: EUP = ROUNDDOWN(list × quantity × 0.85, 2) ÷ quantity on the month's cumulative quantity, so it is never
// exactly list × 0.85 and drifts while the month is open. The price base must therefore be what the usage cost before credit, not the
// cost divided by 0.85.
func TestEarnedCreditFormula(t *testing.T) {
	tests := []struct{ quantity, cost, effective string }{
		{"29", "21.39", "0.737586206896552"},
		{"210.950039", "155.63", ""},
		{"555.950039", "410.17", ""},
	}
	for _, test := range tests {
		quantity := num(test.quantity)
		cost := down(num("0.868").Mul(quantity).Mul(num("0.85")))
		if cost.Fixed(2) != test.cost {
			t.Errorf("%s units cost %s, want %s", test.quantity, cost, test.cost)
		}
		effective, _ := cost.Div(quantity, 15, money.HalfAwayFromZero)
		if test.effective != "" && effective.String() != test.effective {
			t.Errorf("%s units: effective price %s, want %s", test.quantity, effective, test.effective)
		}
		if effective.Equal(num("0.7378")) {
			t.Errorf("%s units: the effective price is list × 0.85", test.quantity)
		}
		line := consumed("k", vm, "Virtual Machines", test.cost)
		line.PricingCurrency, line.ExchangeRate = "EUR", num("1")
		line.ListUnitCost, line.EffectiveUnitCost = num("0.868"), effective
		group := used(vm, "rg", "Virtual Machines", test.cost)
		list := num("0.868").Mul(quantity)
		group.BeforePEC = money.Of(list, "EUR")
		in := azureWorld([]billing.LineItem{line}, group)
		in.Settings.KeepEarnedCredit, in.Settings.ProductMarkup = true, num("0")
		want := money.Of(list.Round(2, money.HalfAwayFromZero), "EUR")
		if d := Rate(in); len(d.Charges) != 1 || !d.Charges[0].UnitPrice.Equal(want) {
			t.Errorf("%s units: charges %q, want the list price %s", test.quantity, summary(d), want)
		}
		in.Usage = nil // from the line alone
		if d := Rate(in); len(d.Charges) != 1 || !d.Charges[0].UnitPrice.Equal(want) {
			t.Errorf("%s units without usage: charges %q, want the list price %s", test.quantity, summary(d), want)
		}
	}
}

// TestCostsOfTheSheet: the unit cost that follows from the sheet's example month: bought, seats added, seats removed. Only the whole
// cycle says what a unit costs; the pairs say how much of it was used.
func TestCostsOfTheSheet(t *testing.T) {
	first := change(bought("s1", "10", "100.80"), func(l *billing.LineItem) {
		l.Charged, l.OrderDate, l.ListUnitCost, l.EffectiveUnitCost = days("2026-06-18", "2026-07-17"), day("2026-06-18"), num("10.08"), num("10.08")
	})
	event := func(key string, kind billing.ChargeKind, from, quantity, cost string) billing.LineItem {
		return change(first, func(l *billing.LineItem) {
			l.Key, l.Kind, l.Charged.Start, l.OrderDate, l.BillableQuantity, l.Cost = key, kind, day(from), day(from), num(quantity), eur(cost)
		})
	}
	added := []billing.LineItem{event("a", billing.ChargeAddQuantity, "2026-06-20", "10", "-94.08"), event("b", billing.ChargeAddQuantity, "2026-06-20", "12", "112.89")}
	removed := []billing.LineItem{event("c", billing.ChargeRemoveQuantity, "2026-06-20", "12", "-112.89"), event("d", billing.ChargeRemoveQuantity, "2026-06-20", "8", "75.26")}
	cancelled := event("e", billing.ChargeCancelImmediate, "2026-07-17", "10", "-94.20")
	converted := []billing.LineItem{event("f", billing.ChargeConvert, "2026-06-25", "300", "-2316.00"), event("g", billing.ChargeConvert, "2026-06-25", "300", "1476.00")}
	tests := []struct {
		name  string
		lines []billing.LineItem
		want  string
	}{
		{"bought", []billing.LineItem{first}, "10.08 EUR"},
		{"seats added", append([]billing.LineItem{first}, added...), "10.08 EUR"},
		{"added and removed", append(append([]billing.LineItem{first}, added...), removed...), "10.08 EUR"},
		{"only the pair: 112.89 ÷ 12 of 28 days is no unit cost", added, "10.08 EUR"},
		{"bought and cancelled", []billing.LineItem{first, cancelled}, "10.08 EUR"},
		{"converted with 23 of 30 days left", converted, "10.08 EUR"},
	}
	for _, test := range tests {
		s := seat("s1", 8)
		if got := newCosts([]billing.LineSet{billedSet(test.lines...)}).of(s); got.amount == nil || got.amount.String() != test.want {
			t.Errorf("%s: cost %v (%s), want %s", test.name, got.amount, got.basis, test.want)
		}
	}
}

// TestTermsOfTheSheet walks §5.2: every term with every billing plan it is sold on, and what becomes of each.
func TestTermsOfTheSheet(t *testing.T) {
	tests := []struct {
		term      billing.Term
		frequency billing.Frequency
		kind      billing.SubscriptionKind
		charged   billing.Period
		period    billing.PeriodType // of the line; "" when it becomes a charge
	}{
		{"P1M", billing.Monthly, billing.Licence, days("2026-09-10", "2026-10-09"), billing.PeriodMonth},
		{"P1Y", billing.Monthly, billing.Licence, days("2026-09-10", "2026-10-09"), billing.PeriodMonth},
		{"P1Y", billing.Annual, billing.Licence, days("2026-09-10", "2027-09-09"), billing.PeriodYear},
		{"P3Y", billing.Monthly, billing.Licence, days("2026-09-10", "2026-10-09"), billing.PeriodMonth},
		{"P3Y", billing.Annual, billing.Licence, days("2026-09-10", "2027-09-09"), billing.PeriodYear},
		{"P3Y", billing.Triennial, billing.Licence, days("2026-09-10", "2029-09-09"), ""},
		{"", billing.OneTime, billing.OtherPurchase, billing.Period{}, ""},
		{"P1Y", billing.Monthly, billing.OtherPurchase, days("2026-09-10", "2026-10-09"), ""}, // reservation by instalments
		{"P3Y", billing.OneTime, billing.OtherPurchase, days("2026-09-10", "2029-09-09"), ""}, // reservation up front
	}
	for _, test := range tests {
		s := seat("s1", 12)
		s.Kind, s.Offer.Term, s.Offer.Frequency = test.kind, test.term, test.frequency
		in := world()
		in.Directory.Subscriptions = []billing.Subscription{s}
		in.Lines = []billing.LineSet{billedSet(change(bought("s1", "12", "259.20"), func(l *billing.LineItem) {
			l.Frequency, l.Charged = test.frequency, test.charged
			if test.kind == billing.Licence {
				l.ReservationOrderID = "order" // licences may carry one: it makes them no reservation, which has another markup
			}
		}))}
		d := Rate(in)
		if test.period == "" {
			if len(d.Lines) != 0 || len(d.Charges) != 1 || d.Charges[0].UnitPrice.String() != "311.04 EUR" || byOutcome(d) != "billed 259.20 EUR" {
				t.Errorf("%s %s %s: lines %q charges %q", test.kind, test.term, test.frequency, lineTexts(d), summary(d))
			}
			continue
		}
		if l := only(t, d); l.PeriodType != test.period || l.UnitPrice.String() != "25.92 EUR" || len(d.Charges) != 0 || byOutcome(d) != "billed 259.20 EUR" {
			t.Errorf("%s %s: line %s %v, charges %q", test.term, test.frequency, l.PeriodType, l.UnitPrice, summary(d))
		}
	}
}
