package rating

import (
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// change edits a copy of a line.
func change(l billing.LineItem, edit func(*billing.LineItem)) billing.LineItem {
	edit(&l)
	return l
}

// TestUnitCost: the cost comes from what was billed, the newest whole cycle first (design §6.3). The figures are those of the sheet.
func TestUnitCost(t *testing.T) {
	first := bought("s1", "12", "259.20")
	annual := billing.Offer{ProductID: premium, SKUID: "0001", Term: "P1Y", Frequency: billing.Annual}
	later := change(first, func(l *billing.LineItem) {
		l.Key, l.Kind, l.Charged, l.OrderDate = "cycle", billing.ChargeCycle, days("2026-10-10", "2026-11-09"), day("2026-10-10")
		l.BillableQuantity, l.Cost = num("15"), eur("330.00")
	})
	refund := change(first, func(l *billing.LineItem) {
		l.Key, l.Kind, l.Charged, l.OrderDate = "minus", billing.ChargeAddQuantity, days("2026-09-14", "2026-10-09"), day("2026-09-14")
		l.EffectiveUnitCost, l.Cost = num("-18.72"), eur("-224.64")
	})
	added := change(refund, func(l *billing.LineItem) {
		l.Key, l.EffectiveUnitCost, l.BillableQuantity, l.Cost = "plus", num("18.72"), num("15"), eur("280.80")
	})
	tests := []struct {
		name  string
		offer billing.Offer
		lines []billing.LineItem
		want  string // "" for unknown
		basis string
	}{
		{"a whole first cycle", premiumOffer, []billing.LineItem{first}, "21.60 EUR", "259.20 EUR ÷ 12"},
		{"the newest cycle wins", premiumOffer, []billing.LineItem{later, first}, "22.00 EUR", "2026-10-10"},
		{"a change of quantity is no cycle", premiumOffer, []billing.LineItem{first, refund, added}, "21.60 EUR", "÷ 12"},
		{"only a change of quantity: list price", premiumOffer, []billing.LineItem{refund, added}, "21.60 EUR", "list price 21.60 EUR × 1"},
		{"subtotal, not unit price: Dynamics promotion of the sample", premiumOffer, []billing.LineItem{change(first, func(l *billing.LineItem) {
			l.ListUnitCost, l.EffectiveUnitCost, l.BillableQuantity, l.Cost = num("65.1"), num("55.335"), num("20"), eur("1106.60")
		})}, "55.33 EUR", "÷ 20"},
		{"rounded to four places, half away from zero", premiumOffer, []billing.LineItem{change(first, func(l *billing.LineItem) {
			l.BillableQuantity, l.Cost = num("3"), eur("10.00")
		})}, "3.3333 EUR", "÷ 3"},
		{"rounded up", premiumOffer, []billing.LineItem{change(first, func(l *billing.LineItem) {
			l.BillableQuantity, l.Cost = num("3"), eur("20.00")
		})}, "6.6667 EUR", ""},
		{"telco split: two lines of one event add up", premiumOffer, []billing.LineItem{
			change(first, func(l *billing.LineItem) { l.Key, l.Cost = "a", eur("200.00") }),
			change(first, func(l *billing.LineItem) { l.Key, l.Cost = "b", eur("40.00") }),
		}, "20.00 EUR", "240.00 EUR ÷ 12"},
		{"lines of another quantity are another event", premiumOffer, []billing.LineItem{
			change(first, func(l *billing.LineItem) { l.Key, l.Row = "a", 9 }),
			change(first, func(l *billing.LineItem) { l.Key, l.BillableQuantity, l.Cost = "b", num("1"), eur("50.00") }),
		}, "21.60 EUR", ""},
		{"credits do not count", premiumOffer, []billing.LineItem{first, change(first, func(l *billing.LineItem) {
			l.Key, l.Kind, l.Charged, l.Cost = "credit", billing.ChargeCustomerCredit, days("2026-10-10", "2026-11-09"), eur("-259.20")
		})}, "21.60 EUR", ""},
		{"trial lines do not count", premiumOffer, []billing.LineItem{change(first, func(l *billing.LineItem) { l.Trial = true })}, "", "no line of this offer"},
		{"changed plan: monthly lines do not price the year", annual, []billing.LineItem{first}, "", ""},
		{"changed plan: part of a year is no cycle, list price instead", annual, []billing.LineItem{first, change(first, func(l *billing.LineItem) {
			l.Key, l.Kind, l.Frequency, l.Charged = "year", billing.ChargeChangeBillingPlan, billing.Annual, days("2026-09-12", "2027-08-11")
			l.ListUnitCost, l.EffectiveUnitCost, l.BillableQuantity, l.Cost = num("324"), num("297"), num("8"), eur("2376.00")
		})}, "324.00 EUR", "list price"},
		{"renewed for a year", annual, []billing.LineItem{change(first, func(l *billing.LineItem) {
			l.Kind, l.Frequency, l.Charged, l.BillableQuantity, l.Cost = billing.ChargeRenew, billing.Annual, days("2026-09-22", "2027-09-21"), num("25"), eur("2925.00")
		})}, "117.00 EUR", ""},
		{"upgraded: lines of the old product do not count", billing.Offer{ProductID: "CFQ7TTC0Q1N5", SKUID: "0001", Term: "P1Y", Frequency: billing.Monthly},
			[]billing.LineItem{first, change(first, func(l *billing.LineItem) {
				l.Key, l.ProductID, l.Kind, l.Charged = "up", "CFQ7TTC0Q1N5", billing.ChargeConvert, days("2026-09-20", "2026-10-04")
				l.ListUnitCost, l.BillableQuantity, l.Cost = num("11.6"), num("30"), eur("174.00")
			})}, "11.60 EUR", "list price"},
		{"list price in dollars is truncated to cents", premiumOffer, []billing.LineItem{change(added, func(l *billing.LineItem) {
			l.ListUnitCost, l.PricingCurrency, l.ExchangeRate = num("3.257"), "USD", num("0.8617") // 2.8065…
		})}, "2.80 EUR", "3.257 USD × 0.8617"},
		{"two changes of one day are two events", premiumOffer, []billing.LineItem{
			change(added, func(l *billing.LineItem) { l.Key, l.ReferenceID = "one", "r1" }), change(added, func(l *billing.LineItem) { l.Key, l.ReferenceID = "two", "r2" }),
		}, "21.60 EUR", "list price 21.60 EUR"},
		{"telco split of a change: both list prices", premiumOffer, []billing.LineItem{
			change(added, func(l *billing.LineItem) { l.Key, l.ReferenceID, l.ListUnitCost = "one", "r1", num("20.10") }),
			change(added, func(l *billing.LineItem) { l.Key, l.ReferenceID, l.ListUnitCost = "two", "r1", num("1.50") }),
		}, "21.60 EUR", "list price 21.60 EUR"},
		{"list price without a rate is not converted", premiumOffer, []billing.LineItem{change(added, func(l *billing.LineItem) {
			l.PricingCurrency, l.ExchangeRate = "USD", money.Decimal{}
		})}, "", ""},
		{"list price without a rate in one currency", premiumOffer, []billing.LineItem{change(added, func(l *billing.LineItem) { l.ExchangeRate = money.Decimal{} })}, "21.60 EUR", ""},
		{"billed quantity with a minus", premiumOffer, []billing.LineItem{change(first, func(l *billing.LineItem) { l.BillableQuantity = num("-12") })}, "21.60 EUR", ""},
		{"no quantity", premiumOffer, []billing.LineItem{change(first, func(l *billing.LineItem) { l.BillableQuantity = money.Decimal{} })}, "", ""},
		{"free of charge", premiumOffer, []billing.LineItem{change(first, func(l *billing.LineItem) { l.Cost = eur("0") })}, "", ""},
		{"end of month, short", premiumOffer, []billing.LineItem{change(first, func(l *billing.LineItem) { l.Charged = days("2026-01-31", "2026-02-27") })}, "21.60 EUR", "billed for 2026-01-31"},
		{"end of month, after the short one", premiumOffer, []billing.LineItem{change(first, func(l *billing.LineItem) { l.Charged = days("2026-02-28", "2026-03-30") })}, "21.60 EUR", "billed for 2026-02-28"},
		{"nothing billed", premiumOffer, nil, "", "no line of this offer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := seat("s1", 15)
			s.Offer = test.offer
			got := newCosts([]billing.LineSet{billedSet(test.lines...)}).of(s)
			if test.want == "" {
				if got.amount != nil {
					t.Fatalf("cost %s (%s), want unknown", got.amount, got.basis)
				}
			} else if got.amount == nil || got.amount.String() != test.want {
				t.Fatalf("cost %v (%s), want %s", got.amount, got.basis, test.want)
			}
			if !strings.Contains(got.basis, test.basis) || got.basis == "" {
				t.Errorf("basis %q lacks %q", got.basis, test.basis)
			}
		})
	}
}

// TestCostOfAnotherSubscription: without lines of its own a subscription costs what the same offer cost elsewhere, at the same partner.
func TestCostOfAnotherSubscription(t *testing.T) {
	other := bought("s9", "12", "259.20")
	other.CustomerID = dunmore
	foreign := billedSet(change(other, func(l *billing.LineItem) { l.Cost = eur("600.00") }))
	foreign.ID.PartnerID = "another partner"
	own := bought("s2", "1", "5.00")
	own.ProductID = "CFQ7TTC0LS7V" // tells the partner of Alder Ridge
	tests := []struct {
		name string
		sets []billing.LineSet
		edit func(*billing.Subscription)
		want string
	}{
		{"same offer of another customer", []billing.LineSet{billedSet(other)}, nil, "21.60 EUR"},
		{"the customer's partner counts", []billing.LineSet{foreign, billedSet(own)}, nil, ""},
		{"of two partners the customer's", []billing.LineSet{foreign, billedSet(own, other)}, nil, "21.60 EUR"},
		{"partner not known: any", []billing.LineSet{foreign}, nil, "50.00 EUR"},
		{"another term", []billing.LineSet{billedSet(other)}, func(s *billing.Subscription) { s.Offer.Term = "P1M" }, ""},
		{"three years", []billing.LineSet{billedSet(other)}, func(s *billing.Subscription) { s.Offer.Term = "P3Y" }, ""},
		{"another frequency", []billing.LineSet{billedSet(other)}, func(s *billing.Subscription) { s.Offer.Frequency = billing.Annual }, ""},
		{"another SKU", []billing.LineSet{billedSet(other)}, func(s *billing.Subscription) { s.Offer.SKUID = "0002" }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := seat("s1", 15)
			if test.edit != nil {
				test.edit(&s)
			}
			got := newCosts(test.sets).of(s)
			if test.want == "" {
				if got.amount != nil {
					t.Fatalf("cost %s (%s), want unknown", got.amount, got.basis)
				}
				return
			}
			if got.amount == nil || got.amount.String() != test.want || !strings.Contains(got.basis, "subscription s9") {
				t.Fatalf("cost %v (%s), want %s", got.amount, got.basis, test.want)
			}
		})
	}
}

func TestSince(t *testing.T) {
	line := bought("s1", "12", "259.20")
	early := change(line, func(l *billing.LineItem) { l.Key, l.Charged = "early", days("2026-08-10", "2026-09-09") })
	year := change(line, func(l *billing.LineItem) {
		l.Key, l.Kind, l.Frequency, l.Charged = "year", billing.ChargeRenew, billing.Annual, days("2026-09-22", "2027-09-21")
	})
	tests := []struct {
		name  string
		edit  func(*billing.Subscription)
		lines []billing.LineItem
		want  string
	}{
		{"start of the commitment", nil, []billing.LineItem{line}, "2026-09-10"},
		{"first charged day", func(s *billing.Subscription) { s.Start = billing.Date{} }, []billing.LineItem{line, early}, "2026-08-10"},
		{"nothing known", func(s *billing.Subscription) { s.Start = billing.Date{} }, nil, ""},
		{"yearly: start of the running cycle", func(s *billing.Subscription) { s.Offer.Frequency, s.Start = billing.Annual, day("2022-09-22") }, []billing.LineItem{year}, "2026-09-22"},
		{"yearly without lines", func(s *billing.Subscription) { s.Offer.Frequency = billing.Annual }, nil, "2026-09-10"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := seat("s1", 15)
			if test.edit != nil {
				test.edit(&s)
			}
			if got := newCosts([]billing.LineSet{billedSet(test.lines...)}).since(s, day("2026-10-09")); got.String() != test.want {
				t.Errorf("since %s, want %s", got, test.want)
			}
		})
	}
}

func TestEndedOn(t *testing.T) {
	cancelled := change(bought("s1", "6", "-100.80"), func(l *billing.LineItem) {
		l.Kind, l.Charged = billing.ChargeCancelImmediate, days("2026-09-26", "2026-10-23")
	})
	tests := []struct {
		name, end string
		lines     []billing.LineItem
		want      string
	}{
		{"its end has come", "2026-10-01", []billing.LineItem{cancelled}, "2026-10-01"},
		{"it ends today", "2026-10-09", nil, "2026-10-09"},
		{"cancelled before its end", "2027-09-10", []billing.LineItem{cancelled}, "2026-09-26"},
		{"cancelled, no end known", "", []billing.LineItem{cancelled}, "2026-09-26"},
		{"nothing tells", "2027-09-10", nil, "2026-10-09"},
		{"a cancellation that is still to come", "2027-09-10", []billing.LineItem{change(cancelled, func(l *billing.LineItem) { l.Charged = days("2026-10-20", "2026-10-23") })}, "2026-10-09"},
		{"a cancellation that says no day", "2027-09-10", []billing.LineItem{change(cancelled, func(l *billing.LineItem) { l.Charged = billing.Period{} })}, "2026-10-09"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := seat("s1", 0)
			s.End = billing.Date{}
			if test.end != "" {
				s.End = day(test.end)
			}
			if got := newCosts([]billing.LineSet{billedSet(test.lines...)}).endedOn(s, day("2026-10-09")); got.String() != test.want {
				t.Errorf("ended on %s, want %s", got, test.want)
			}
		})
	}
}
