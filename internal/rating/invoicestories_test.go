package rating

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// billed is a row of an invoice as the sheet shows it: what happened to how many seats, the days that are charged, the price per seat for them, and what it costs.
func billed(kind billing.ChargeKind, seats int64, from, to, each, cost string) billing.LineItem {
	l := row(kind, seats, from, to, 1)
	l.Key += " " + cost
	l.EffectiveUnitCost, l.Cost, l.Total = num(each), eur(cost), eur(cost)
	return l
}

// licence is a seat's subscription that began on 12 September.
func licence(seats int64, edits ...func(*billing.Subscription)) billing.Subscription {
	s := seat("s1", seats)
	s.Start, s.End = day("2026-09-12"), day("2027-09-12")
	for _, edit := range edits {
		edit(&s)
	}
	return s
}

// tells gives all of an answer: the lines with their money and the quantities that are proven, the charges, what became of the money that Microsoft billed, and
// what a person must decide.
func tells(d billing.Desired) []string {
	var told []string
	for i, text := range lineTexts(d) {
		l := d.Lines[i]
		told = append(told, fmt.Sprintf("line %s, since %s, proven %s to %s, held %d", text, l.Since, strings.Join(stepsText(l), ", "), l.ProvenTo, len(l.Holds)))
	}
	for _, text := range summary(d) {
		told = append(told, "charge "+text)
	}
	sums := map[string]money.Totals{}
	for _, x := range d.Dispositions {
		by := string(x.Outcome) + " by " + strings.Split(x.By, "|")[0]
		total := sums[by]
		total.Add(x.Cost)
		sums[by] = total
	}
	for _, by := range sortedKeys(sums) {
		told = append(told, by+" "+sums[by].String())
	}
	for _, f := range d.Findings {
		told = append(told, fmt.Sprintf("finding %s: %s (%s) %s", f.ID(), f.Message, f.Remedy, f.Money))
	}
	return told
}

// TestInvoiceStories tells what a month's invoice of one customer becomes, for what customers do in a month: every row with the money of the sheet's formulas
// (§4.4, §4.5, §5.2, §5.3), and the whole answer. The day is 9 October, a seat lists at 21.60, services carry 20 percent.
func TestInvoiceStories(t *testing.T) {
	const twelfth, cycle = "2026-09-12", "2026-10-11" // thirty days
	tests := []struct {
		name  string
		sub   billing.Subscription
		lines []billing.LineItem
		edit  func(*Input)
		want  []string
	}{
		{"ten seats", licence(10), []billing.LineItem{billed(billing.ChargeNew, 10, twelfth, cycle, "21.6", "216.00")}, nil, []string{
			"line 9001 Microsoft 365 Business Premium (P1Y, monthly) 10 21.60 EUR → 25.92 EUR, since 2026-09-12, proven 2026-09-12 10 to 2026-10-01, held 0",
			"billed by 9001 216.00 EUR",
		}},
		{"ten seats, three of them given back on the fifth day: 26 of 30 days are left", licence(7), []billing.LineItem{
			billed(billing.ChargeNew, 10, twelfth, cycle, "21.6", "216.00"),
			billed(billing.ChargeRemoveQuantity, 10, "2026-09-16", cycle, "-18.72", "-187.20"), billed(billing.ChargeRemoveQuantity, 7, "2026-09-16", cycle, "18.72", "131.04")}, nil, []string{
			"line 9001 Microsoft 365 Business Premium (P1Y, monthly) 7 21.60 EUR → 25.92 EUR, since 2026-09-12, proven 2026-09-12 10, 2026-09-16 7 to 2026-10-01, held 0",
			"billed by 9001 159.84 EUR",
		}},
		{"all given back after five days", licence(10, func(s *billing.Subscription) { s.Status, s.End = billing.Ended, day("2026-09-17") }), []billing.LineItem{
			billed(billing.ChargeNew, 10, twelfth, cycle, "21.6", "216.00"), billed(billing.ChargeCancelImmediate, 10, "2026-09-17", cycle, "-18", "-180.00")}, nil, []string{
			"held by line-without-subscription/s1 36.00 EUR",
			"finding line-without-subscription/s1: Microsoft 365 Business Premium of Alder Ridge Dental Group (subscription s1): it ended before it was ever on the contract, so no line bills what Microsoft charged for it (bill the difference by hand if the customer should pay it) 36.00 EUR",
		}},
		{"five more in the middle: half of the days are left", licence(15), []billing.LineItem{
			billed(billing.ChargeNew, 10, twelfth, cycle, "21.6", "216.00"),
			billed(billing.ChargeAddQuantity, 10, "2026-09-27", cycle, "-10.8", "-108.00"), billed(billing.ChargeAddQuantity, 15, "2026-09-27", cycle, "10.8", "162.00")}, nil, []string{
			"line 9001 Microsoft 365 Business Premium (P1Y, monthly) 15 21.60 EUR → 25.92 EUR, since 2026-09-12, proven 2026-09-12 10, 2026-09-27 15 to 2026-10-01, held 0",
			"billed by 9001 270.00 EUR",
		}},
		{"renewed with fewer seats at a new price", licence(8, func(s *billing.Subscription) { s.Start, s.End = day("2026-08-20"), day("2027-09-20") }), []billing.LineItem{
			change(billed(billing.ChargeRenew, 8, "2026-09-20", "2026-10-19", "22.5", "180.00"), func(l *billing.LineItem) { l.ListUnitCost = num("22.5") }),
			billed(billing.ChargeCycle, 10, "2026-08-20", "2026-09-19", "21.6", "216.00")}, nil, []string{
			"line 9001 Microsoft 365 Business Premium (P1Y, monthly) 8 22.50 EUR → 27.00 EUR, since 2026-08-20, proven 2026-08-20 10, 2026-09-20 8 to 2026-10-01, held 0",
			"billed by 9001 396.00 EUR",
		}},
		{"a promotion at half the price", licence(10), []billing.LineItem{
			change(billed(billing.ChargeNew, 10, twelfth, cycle, "10.8", "108.00"), func(l *billing.LineItem) { l.PromotionID = "39NFJQT20RDD" })}, nil, []string{
			"line 9001 Microsoft 365 Business Premium (P1Y, monthly) 10 10.80 EUR → 12.96 EUR, since 2026-09-12, proven 2026-09-12 10 to 2026-10-01, held 0",
			"billed by 9001 108.00 EUR",
		}},
		{"the first term ends with another one's: 19 of 30 days are charged", licence(10), []billing.LineItem{billed(billing.ChargeNew, 10, twelfth, "2026-09-30", "13.68", "136.80")}, nil, []string{
			"line 9001 Microsoft 365 Business Premium (P1Y, monthly) 10 21.60 EUR → 25.92 EUR, since 2026-09-12, proven 2026-09-12 10 to 2026-10-01, held 0",
			"billed by 9001 136.80 EUR",
		}},
		{"a year paid at once", licence(10, func(s *billing.Subscription) { s.Offer.Frequency = billing.Annual }), []billing.LineItem{
			change(billed(billing.ChargeNew, 10, twelfth, "2027-09-11", "246.24", "2462.40"), func(l *billing.LineItem) { l.Frequency, l.ListUnitCost = billing.Annual, num("246.24") })}, nil, []string{
			"line 9001 Microsoft 365 Business Premium (P1Y, annual) 10 246.24 EUR → 295.49 EUR, since 2026-09-12, proven 2026-09-12 10 to 2026-10-01, held 0",
			"billed by 9001 2462.40 EUR",
		}},
		{"a trial", licence(25, func(s *billing.Subscription) { s.Trial = true }), []billing.LineItem{
			change(billed(billing.ChargeNew, 25, twelfth, cycle, "0", "0.00"), func(l *billing.LineItem) { l.Trial = true })}, nil, []string{
			"excluded by trial 0.00 EUR",
		}},
		{"suspended, and charged all the same", licence(10, func(s *billing.Subscription) { s.Status = billing.Suspended }), []billing.LineItem{billed(billing.ChargeCycle, 10, twelfth, cycle, "21.6", "216.00")}, nil, []string{
			"line 9001 Microsoft 365 Business Premium (P1Y, monthly) 10 21.60 EUR → 25.92 EUR, since 2026-09-12, proven 2026-09-12 10 to 2026-10-01, held 0",
			"billed by 9001 216.00 EUR",
		}},
		{"Microsoft gives fifty euros back", licence(10), []billing.LineItem{
			billed(billing.ChargeNew, 10, twelfth, cycle, "21.6", "216.00"), change(billed(billing.ChargeCustomerCredit, 1, twelfth, cycle, "-50", "-50.00"), func(l *billing.LineItem) { l.CreditReason = "goodwill" })}, nil, []string{
			"line 9001 Microsoft 365 Business Premium (P1Y, monthly) 10 21.60 EUR → 25.92 EUR, since 2026-09-12, proven 2026-09-12 10 to 2026-10-01, held 0",
			"charge 9001 Credit: Microsoft 365 Business Premium -50.00 EUR → -60.00 EUR",
			"billed by 9001 216.00 EUR",
			"billed by line -50.00 EUR",
		}},
		{"billed in dollars to an MSP that sells in euros", licence(10), []billing.LineItem{change(billed(billing.ChargeNew, 10, twelfth, cycle, "21.6", "216.00"), func(l *billing.LineItem) {
			l.Cost, l.Total, l.PricingCurrency = usd("216.00"), usd("216.00"), "USD"
		})}, nil, []string{
			"line 9001 Microsoft 365 Business Premium (P1Y, monthly) 10 21.60 USD → no price, since 2026-09-12, proven 2026-09-12 10 to 2026-10-01, held 1",
			"held by currency/s1 216.00 USD",
			"finding currency/s1: Microsoft 365 Business Premium of Alder Ridge Dental Group (subscription s1): the money is in USD but company 100 is billed in EUR, and Spindle does not convert (give it a fixed price and cost in the company's currency, or correct the company's currency) 216.00 USD",
		}},
		{"nobody has switched the customer on", licence(10), []billing.LineItem{billed(billing.ChargeNew, 10, twelfth, cycle, "21.6", "216.00")}, func(in *Input) { in.Mappings.Switches = nil }, []string{
			"excluded by billing-off 216.00 EUR",
		}},
		{"the customer is no company yet", licence(10), []billing.LineItem{billed(billing.ChargeNew, 10, twelfth, cycle, "21.6", "216.00")}, func(in *Input) { in.Mappings.Companies = nil }, []string{
			"held by customer-unmapped/alder 216.00 EUR",
			"finding customer-unmapped/alder: Alder Ridge Dental Group is not mapped to a company, so nothing of it is billed: Microsoft 365 Business Premium (map the customer to an Autotask company, or switch its billing off) 216.00 EUR",
		}},
		{"no contract was chosen", licence(10), []billing.LineItem{billed(billing.ChargeNew, 10, twelfth, cycle, "21.6", "216.00")}, func(in *Input) { in.Mappings.Routes = nil }, []string{
			"held by no-contract/alder 216.00 EUR",
			"finding no-contract/alder: no contract is chosen for something of Alder Ridge Dental Group: Microsoft 365 Business Premium (map it, or the whole customer, to a contract, or let Spindle manage one) 216.00 EUR",
		}},
		{"a fixed price below what it costs", licence(10), []billing.LineItem{billed(billing.ChargeNew, 10, twelfth, cycle, "21.6", "216.00")}, func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "too cheap", Kind: billing.FixedRule, Value: num("20"), Currency: "EUR"}}
		}, []string{
			"line 9001 Microsoft 365 Business Premium (P1Y, monthly) 10 21.60 EUR → 20.00 EUR, since 2026-09-12, proven 2026-09-12 10 to 2026-10-01, held 1",
			"billed by 9001 216.00 EUR",
			"finding below-cost/s1: Microsoft 365 Business Premium of Alder Ridge Dental Group (subscription s1): the price 20.00 EUR is below the cost 21.60 EUR (rule too cheap) (raise the price, or allow the rule to go below cost) 216.00 EUR",
		}},
		{"the MSP's own backup of ten seats beside it", ours("own", 10, "5", "8"), nil, nil, []string{
			"line 9001 Seats (P1Y, monthly) 10 5.00 EUR → 8.00 EUR, since 2026-09-10, proven  to , held 0",
		}},
		{"a kind of charge that nobody knows", licence(10), []billing.LineItem{billed(billing.ChargeNew, 10, twelfth, cycle, "21.6", "216.00"), billed("migration", 10, "2026-09-20", cycle, "1", "10.00")}, nil, []string{
			"line 9001 Microsoft 365 Business Premium (P1Y, monthly) 10 21.60 EUR → 25.92 EUR, since 2026-09-12, proven 2026-09-12 10 to 2026-10-01, held 0",
			"billed by 9001 226.00 EUR",
			`finding unknown-charge-type/migration: Microsoft used the charge type "migration", which is not known; its amount counts as stated (check the lines of this charge type on the invoice) 10.00 EUR`,
		}},
	}
	for _, test := range tests {
		in := world()
		in.Directory.Subscriptions, in.Lines = []billing.Subscription{test.sub}, nil
		if test.lines != nil {
			in.Lines = []billing.LineSet{billedSet(test.lines...)}
		}
		in.Directory.Customers = in.Directory.Customers[:1]
		if test.edit != nil {
			test.edit(&in)
		}
		if got := tells(Rate(in)); !slices.Equal(got, test.want) {
			t.Errorf("%s:\n\t\t\t%s", test.name, "\""+strings.Join(got, "\",\n\t\t\t\"")+"\",")
		}
	}
}
