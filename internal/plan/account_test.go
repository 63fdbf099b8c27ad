package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// ledgerScene is November with three contracts, two of company 1 and one of company 2, and nothing charged yet.
func ledgerScene() *scene {
	s := november(upNow)
	s.want = billing.DesiredLine{}
	contract := func(id billing.ContractID, company billing.CompanyID) billing.Contract {
		return billing.Contract{ID: id, CompanyID: company, Name: "Cloud " + string(id), PeriodType: billing.PeriodMonth, Active: true, Recurring: true,
			Start: date("2026-01-15"), End: date("2029-01-14")}
	}
	s.b.at.contracts = []billing.Contract{contract("900", "1"), contract("901", "1"), contract("902", "2")}
	return s
}

// asks replaces what is wanted of October: "900 *" is Azure of customer c1 bundled on contract 900, "901 Storage" one category, and a third
// word names other customers.
func (s *scene) asks(wanted map[string]int64) {
	s.desired.Charges = nil
	s.desired.Months = []billing.ChargedMonth{{Month: "2026-10", Lines: true}}
	for text, cents := range wanted {
		s.desired.Charges = append(s.desired.Charges, s.asked(text, cents))
	}
}

func (s *scene) asked(text string, cents int64) billing.DesiredCharge {
	words := strings.Fields(text)
	key := "azure|" + words[0] + "|2026-10|" + words[1] + "|EUR"
	if strings.HasPrefix(words[1], "line-") {
		key = "line|" + words[0] + "|billed-lines/p/G1|" + words[1]
	}
	name := words[1] + " 2026-10"
	if words[1] == "*" {
		name = "Microsoft Azure 2026-10"
	}
	customers := []string{"c1"}
	if len(words) > 2 {
		customers = strings.Split(words[2], "+")
	}
	d := billing.DesiredCharge{Key: key, Mark: billing.ChargeMark("o", key), CustomerID: billing.CustomerID(customers[0]), Customer: "Alder", Contract: billing.Ref{ID: words[0]},
		CompanyID: s.b.at.contract(billing.ContractID(words[0])).CompanyID, Month: "2026-10", Name: name, Date: date("2026-10-31"), Quantity: money.Int(1),
		UnitPrice: euros(cents), BillingCodeID: "600"}
	for _, c := range customers {
		d.Places = append(d.Places, billing.Place{CustomerID: billing.CustomerID(c), SubscriptionID: "sub-" + billing.SubscriptionID(c)})
	}
	return d
}

// post bills everything that stands, as a person does in Autotask.
func (s *scene) post() {
	for i := range s.b.at.charges {
		s.b.at.charges[i].Billed = true
	}
}

// charged lists the charges of a plan: kind, contract, name, effect, what it waits for and what holds it.
func charged(p Plan) []string {
	var out []string
	number := map[string]int{}
	for i, c := range p.Changes {
		number[c.ID] = i + 1
		line := fmt.Sprintf("%s %s %q %s", c.Kind, c.Contract, c.What, c.OneOff.Signed())
		for _, id := range c.Requires {
			line += fmt.Sprintf(" after #%d", number[id])
		}
		if names := policies(c); len(names) > 0 {
			line += " held: " + strings.Join(names, " ")
		}
		out = append(out, line)
	}
	return out
}

// standing sums up what stands for October.
func (s *scene) standing() money.Amount {
	sum := money.Of(money.Int(0), "EUR")
	for _, c := range s.b.at.charges {
		sum, _ = sum.Add(amountOf(c.Quantity, c.UnitPrice))
	}
	return sum
}

// ask is what is wanted of October, in cents.
type ask = map[string]int64

// TestAMonthIsChargedOnce changes amounts, grouping, routes, companies and switches after a month was charged. What was not posted is taken
// back and charged anew, what was posted is made good by the difference, and nothing is ever charged twice (laws 3 and 8).
func TestAMonthIsChargedOnce(t *testing.T) {
	for _, tc := range []struct {
		name     string
		first    ask // written by Spindle
		posted   bool
		before   func(*scene) // happens besides
		then     ask
		want     []string
		findings []string // ids
		stands   int64    // cents, once all of it is applied
		rebooked []string // "key outcome by"
	}{
		{name: "nothing changed", first: ask{"900 *": 10000}, then: ask{"900 *": 10000}, stands: 10000},
		{name: "less, not posted", first: ask{"900 *": 10000}, then: ask{"900 *": 9000}, stands: 9000,
			want: []string{`correct-charge 900 "Microsoft Azure 2026-10" -10.00 EUR`}},
		{name: "zero, not posted", first: ask{"900 *": 10000}, then: ask{}, stands: 0,
			want: []string{`remove-charge 900 "Microsoft Azure 2026-10" -100.00 EUR held: hold-unwanted`}},
		{name: "zero, posted", first: ask{"900 *": 10000}, posted: true, then: ask{}, stands: 0,
			want: []string{`charge 900 "Microsoft Azure 2026-10, correction" -100.00 EUR`}},
		{name: "more, posted", first: ask{"900 *": 10000}, posted: true, then: ask{"900 *": 10500}, stands: 10500,
			want: []string{`charge 900 "Microsoft Azure 2026-10, correction" +5.00 EUR`}},
		{name: "bundled, then by product", first: ask{"900 *": 10000}, then: ask{"900 Storage": 6000, "900 Compute": 4500}, stands: 10500,
			want: []string{`remove-charge 900 "Microsoft Azure 2026-10" -100.00 EUR held: hold-unwanted`,
				`charge 900 "Compute 2026-10" +45.00 EUR after #1`, `charge 900 "Storage 2026-10" +60.00 EUR after #1`}},
		{name: "bundled and posted, then by product", first: ask{"900 *": 10000}, posted: true, then: ask{"900 Storage": 6000, "900 Compute": 4500}, stands: 10500,
			want:     []string{`charge 900 "Microsoft Azure 2026-10, correction" +5.00 EUR`},
			rebooked: []string{"azure|900|2026-10|Compute|EUR billed azure|900|2026-10|*|EUR", "azure|900|2026-10|Storage|EUR billed azure|900|2026-10|*|EUR"}},
		{name: "by product and posted, then bundled", first: ask{"900 Storage": 6000, "900 Compute": 4000}, posted: true, then: ask{"900 *": 9000}, stands: 9000,
			want:     []string{`charge 900 "Azure usage 2026-10, correction" -10.00 EUR`},
			rebooked: []string{"azure|900|2026-10|*|EUR billed azure|900|2026-10|Compute|EUR"}},
		{name: "one product posted, then bundled", first: ask{"900 Storage": 6000, "900 Compute": 4000}, before: func(s *scene) { s.b.at.charges[0].Billed = true },
			then: ask{"900 *": 10000}, stands: 10000, rebooked: []string{"azure|900|2026-10|*|EUR billed azure|900|2026-10|Compute|EUR"}},
		{name: "another contract", first: ask{"900 *": 10000}, then: ask{"901 *": 10000}, stands: 10000,
			want: []string{`remove-charge 900 "Microsoft Azure 2026-10" -100.00 EUR held: hold-unwanted`, `charge 901 "Microsoft Azure 2026-10" +100.00 EUR after #1`}},
		{name: "another contract, posted", first: ask{"900 *": 10000}, posted: true, then: ask{"901 *": 10000}, stands: 10000,
			rebooked: []string{"azure|901|2026-10|*|EUR billed azure|900|2026-10|*|EUR"}},
		{name: "another contract and another amount, posted", first: ask{"900 *": 10000}, posted: true, then: ask{"901 *": 11000}, stands: 11000,
			want:     []string{`charge 900 "Microsoft Azure 2026-10, correction" +10.00 EUR`},
			rebooked: []string{"azure|901|2026-10|*|EUR billed azure|900|2026-10|*|EUR"}},
		{name: "part of it to another contract", first: ask{"900 *": 3000}, then: ask{"900 *": 1000, "901 *": 2000}, stands: 3000,
			want: []string{`correct-charge 900 "Microsoft Azure 2026-10" -20.00 EUR`, `charge 901 "Microsoft Azure 2026-10" +20.00 EUR after #1`}},
		{name: "part of it to another contract, posted", first: ask{"900 *": 3000}, posted: true, then: ask{"900 *": 1000, "901 *": 2000}, stands: 3000,
			rebooked: []string{"azure|901|2026-10|*|EUR billed azure|900|2026-10|*|EUR"}},
		{name: "something new on another contract, posted", first: ask{"900 *": 3000}, posted: true, then: ask{"900 *": 3000, "901 *": 2000}, stands: 5000,
			want: []string{`charge 901 "Microsoft Azure 2026-10" +20.00 EUR`}},
		{name: "another company", first: ask{"900 *": 10000}, then: ask{"902 *": 10000}, stands: 10000,
			want: []string{`remove-charge 900 "Microsoft Azure 2026-10" -100.00 EUR held: hold-unwanted`, `charge 902 "Microsoft Azure 2026-10" +100.00 EUR after #1`}},
		{name: "another company, posted", first: ask{"900 *": 10000}, posted: true, then: ask{"902 *": 10000}, stands: 10000,
			findings: []string{"duplicate/charges/azure/2026-10/EUR/c1"},
			rebooked: []string{"azure|902|2026-10|*|EUR held duplicate/charges/azure/2026-10/EUR/c1"}},
		{name: "another company and less, posted", first: ask{"900 *": 10000}, posted: true, then: ask{"902 *": 7000}, stands: 10000,
			findings: []string{"duplicate/charges/azure/2026-10/EUR/c1"},
			rebooked: []string{"azure|902|2026-10|*|EUR held duplicate/charges/azure/2026-10/EUR/c1"}},
		{name: "one of two customers to another company", first: ask{"900 * c1+c2": 10000}, then: ask{"900 * c1": 4000, "902 * c2": 6000}, stands: 10000,
			want: []string{`correct-charge 900 "Microsoft Azure 2026-10" -60.00 EUR held: hold-unwanted`, `charge 902 "Microsoft Azure 2026-10" +60.00 EUR after #1`}},
		{name: "one of two customers to another company, posted", first: ask{"900 * c1+c2": 10000}, posted: true, then: ask{"900 * c1": 4000, "902 * c2": 6000}, stands: 10000,
			findings: []string{"duplicate/charges/azure/2026-10/EUR/c1"},
			rebooked: []string{"azure|902|2026-10|*|EUR held duplicate/charges/azure/2026-10/EUR/c1"}},
		{name: "another company, and more of what is still open here", first: ask{"900 *": 10000, "901 Storage": 1000}, before: func(s *scene) { s.b.at.charges[0].Billed = true },
			then: ask{"902 *": 10000, "901 Storage": 3000}, stands: 13000, findings: []string{"duplicate/charges/azure/2026-10/EUR/c1"},
			want:     []string{`correct-charge 901 "Storage 2026-10" +20.00 EUR`},
			rebooked: []string{"azure|902|2026-10|*|EUR held duplicate/charges/azure/2026-10/EUR/c1"}},
		{name: "another company and less, and more of what is still open here", first: ask{"900 *": 10000, "901 Storage": 1000}, before: func(s *scene) { s.b.at.charges[0].Billed = true },
			then: ask{"902 *": 7000, "901 Storage": 3000}, stands: 11000, findings: []string{"duplicate/charges/azure/2026-10/EUR/c1"},
			rebooked: []string{"azure|902|2026-10|*|EUR held duplicate/charges/azure/2026-10/EUR/c1"}},
		{name: "another company and a little less, and more of what is still open here", first: ask{"900 *": 10000, "901 Storage": 1000}, before: func(s *scene) { s.b.at.charges[0].Billed = true },
			then: ask{"902 *": 9000, "901 Storage": 3000}, stands: 11000, findings: []string{"duplicate/charges/azure/2026-10/EUR/c1"}, // more would be charged in all than is wanted
			rebooked: []string{"azure|902|2026-10|*|EUR held duplicate/charges/azure/2026-10/EUR/c1"}},
		{name: "one of two products is called otherwise, posted", first: ask{"900 Compute": 6000, "900 Storage": 4000}, posted: true, then: ask{"900 Compute": 6000, "900 Files": 4000}, stands: 10000,
			rebooked: []string{"azure|900|2026-10|Files|EUR billed azure|900|2026-10|Storage|EUR"}},
		{name: "most of it to another company, and something new beside the rest", first: ask{"900 *": 10000}, posted: true,
			then: ask{"900 *": 1000, "900 Storage": 500, "902 *": 6000}, stands: 10000, findings: []string{"duplicate/charges/azure/2026-10/EUR/c1"},
			rebooked: []string{"azure|900|2026-10|Storage|EUR held duplicate/charges/azure/2026-10/EUR/c1", "azure|902|2026-10|*|EUR held duplicate/charges/azure/2026-10/EUR/c1"}},
		{name: "all of it to another company, and something new beside the rest", first: ask{"900 *": 10000}, posted: true,
			then: ask{"900 *": 1000, "900 Storage": 500, "902 *": 9000}, stands: 10500, findings: []string{"duplicate/charges/azure/2026-10/EUR/c1"},
			want:     []string{`charge 900 "Storage 2026-10" +5.00 EUR`},
			rebooked: []string{"azure|902|2026-10|*|EUR held duplicate/charges/azure/2026-10/EUR/c1"}},
		{name: "another customer on another contract", first: ask{"900 *": 10000}, posted: true, then: ask{"900 *": 9000, "901 * c2": 5000}, stands: 14000,
			want: []string{`charge 900 "Microsoft Azure 2026-10, correction" -10.00 EUR`, `charge 901 "Microsoft Azure 2026-10" +50.00 EUR`}},
		{name: "switched off", first: ask{"900 *": 10000}, then: ask{}, before: off, stands: 0,
			want: []string{`remove-charge 900 "Microsoft Azure 2026-10" -100.00 EUR held: hold-unwanted`}},
		{name: "all of the customer switched off", first: ask{"900 *": 10000}, then: ask{}, before: func(s *scene) { off(s); s.enabled = nil }, stands: 10000,
			findings: []string{"billing-off/azure|900|2026-10|*|EUR"}},
		{name: "all of one of two customers of the contract switched off", first: ask{"900 *": 10000, "900 Storage c2": 500}, then: ask{"900 Storage c2": 500}, stands: 500,
			before: func(s *scene) { off(s); s.enabled = []billing.CustomerID{"c2"} }, want: []string{`remove-charge 900 "Microsoft Azure 2026-10" -100.00 EUR held: hold-unwanted`}},
		{name: "all of it switched off, posted", first: ask{"900 *": 10000}, posted: true, then: ask{}, before: func(s *scene) { off(s); s.enabled = nil }, stands: 10000},
		{name: "switched off, posted", first: ask{"900 *": 10000}, posted: true, then: ask{}, before: off, stands: 10000},
		{name: "part of it switched off, posted", first: ask{"900 *": 10000}, posted: true, then: ask{"900 *": 4000}, before: off, stands: 10000,
			findings: []string{"posted-period/charges/azure/2026-10/EUR/c1/900"}},
		{name: "held by a finding", first: ask{"900 *": 10000}, then: ask{}, before: held, stands: 10000,
			findings: []string{"incomplete-read/charges/azure/2026-10/EUR/c1"}},
		{name: "held by a finding, posted", first: ask{"900 *": 10000}, posted: true, then: ask{"900 *": 100}, before: held, stands: 10000,
			findings: []string{"incomplete-read/charges/azure/2026-10/EUR/c1"}},
		{name: "regrouped while something is held", first: ask{"900 *": 10000}, then: ask{"900 Storage": 6000}, before: held, stands: 10000,
			findings: []string{"incomplete-read/charges/azure/2026-10/EUR/c1"},
			rebooked: []string{"azure|900|2026-10|Storage|EUR held incomplete-read/charges/azure/2026-10/EUR/c1"}},
		{name: "more while something is held, posted", first: ask{"900 *": 10000}, posted: true, then: ask{"900 *": 10100}, before: held, stands: 10100,
			want: []string{`charge 900 "Microsoft Azure 2026-10, correction" +1.00 EUR`}},
		{name: "the month could not be read", first: ask{"900 *": 10000}, then: ask{}, before: func(s *scene) { s.desired.Months[0].Unread = []string{"invoice G1"} }, stands: 10000,
			findings: []string{"incomplete-read/charges/azure/2026-10/EUR/c1"}},
		{name: "the month is not among those rated", first: ask{"900 *": 10000}, then: ask{}, before: func(s *scene) { s.desired.Months = nil }, stands: 10000},
		{name: "only usage of the month is here", first: ask{"900 line-1": 10000}, then: ask{}, before: func(s *scene) { s.desired.Months[0].Lines = false }, stands: 10000},
		{name: "a line is gone", first: ask{"900 line-1": 10000, "900 line-2": 500}, then: ask{"900 line-2": 500}, stands: 500,
			want: []string{`remove-charge 900 "line-1 2026-10" -100.00 EUR held: hold-unwanted`}},
		{name: "a line was restated", first: ask{"900 line-1": 10000}, then: ask{"900 line-2": 9000}, stands: 9000,
			want: []string{`remove-charge 900 "line-1 2026-10" -100.00 EUR held: hold-unwanted`, `charge 900 "line-2 2026-10" +90.00 EUR after #1`}},
		{name: "a line was restated, posted", first: ask{"900 line-1": 10000}, posted: true, then: ask{"900 line-2": 9000}, stands: 9000,
			want:     []string{`charge 900 "line-1 2026-10, correction" -10.00 EUR`},
			rebooked: []string{"line|900|billed-lines/p/G1|line-2 billed line|900|billed-lines/p/G1|line-1"}},
		{name: "a line more, posted", first: ask{"900 line-1": 10000}, posted: true, then: ask{"900 line-1": 10000, "900 line-2": 500}, stands: 10500,
			want: []string{`charge 900 "line-2 2026-10" +5.00 EUR`}},
		{name: "the charge was deleted by hand, then by product", first: ask{"900 *": 10000}, before: func(s *scene) { s.b.at.charges = nil },
			then: ask{"900 Storage": 6000}, stands: 6000, want: []string{`charge 900 "Storage 2026-10" +60.00 EUR`}},
		{name: "a charge of a hand is not ours", first: ask{}, before: func(s *scene) {
			s.b.at.charges = []billing.Charge{{ID: "7", ContractID: "900", Name: "Microsoft Azure 2026-10", Quantity: money.Int(1), UnitPrice: euros(10000)}}
		}, then: ask{"900 *": 500}, stands: 10500, want: []string{`charge 900 "Microsoft Azure 2026-10" +5.00 EUR`}},
		{name: "changed by hand, not posted", first: ask{"900 *": 10000}, before: func(s *scene) { s.b.at.charges[0].UnitPrice = euros(9500) },
			then: ask{"900 *": 10000}, stands: 10000, findings: []string{"changed-by-hand/azure|900|2026-10|*|EUR"},
			want: []string{`correct-charge 900 "Microsoft Azure 2026-10" +5.00 EUR held: hold-on-drift`}},
		{name: "changed by hand and posted", first: ask{"900 *": 10000}, before: func(s *scene) { s.b.at.charges[0].UnitPrice = euros(9500); s.post() },
			then: ask{"900 *": 10000}, stands: 10000, findings: []string{"changed-by-hand/azure|900|2026-10|*|EUR"},
			want: []string{`charge 900 "Microsoft Azure 2026-10, correction" +5.00 EUR held: hold-on-drift`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := ledgerScene()
			s.asks(tc.first)
			s.applied(t, s.plan())
			if tc.posted {
				s.post()
			}
			s.asks(tc.then)
			if tc.before != nil {
				tc.before(s)
			}
			p := s.plan()
			same(t, "changes", charged(p), tc.want)
			var ids []string
			for _, f := range p.Findings {
				ids = append(ids, f.ID())
			}
			same(t, "findings", ids, tc.findings)
			same(t, "rebooked", rebookedIn(p), tc.rebooked)
			s.applied(t, p)
			if got := s.standing(); !got.Equal(euros(tc.stands)) {
				t.Errorf("%s stand for the month, want %s", got, euros(tc.stands))
			}
		})
	}
}

// off switches billing of something of c1 off, held lets a finding hold something of it.
func off(s *scene)  { s.desired.Months[0].Off = []billing.CustomerID{"c1"} }
func held(s *scene) { s.desired.Months[0].Held = []billing.CustomerID{"c1"} }

func rebookedIn(p Plan) []string {
	var out []string
	for key, r := range p.Rebooked {
		out = append(out, fmt.Sprintf("%s %s %s", key, r.Outcome, r.By))
	}
	slices.Sort(out)
	return out
}

// TestLaw2ForCharges: after an incomplete read of the source nothing that was charged is taken back, and nothing that replaces it is charged.
func TestLaw2ForCharges(t *testing.T) {
	for _, posted := range []bool{false, true} {
		for _, then := range []ask{{}, {"900 *": 4000}, {"900 Storage": 4000}, {"901 *": 9000}} {
			s := ledgerScene()
			s.asks(ask{"900 *": 10000})
			s.applied(t, s.plan())
			if posted {
				s.post()
			}
			s.asks(then)
			s.gaps = []billing.Gap{{CustomerID: "c1", What: "subscriptions", Why: "timeout"}}
			s.expect(t)
		}
	}
}

// TestTrueUpsOfOneMonth: each correction after a posting is a charge of its own with a key and a mark of its own, and names its month.
func TestTrueUpsOfOneMonth(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 10000})
	s.applied(t, s.plan())
	var marks []string
	for i, cents := range []int64{10400, 9900, 9900, 12000} {
		s.post()
		s.b.at.day = s.b.at.day.AddMonths(1)
		s.asks(ask{"900 *": cents})
		p := s.plan()
		s.applied(t, p)
		if i == 2 {
			if len(p.Changes) != 0 {
				t.Errorf("nothing changed: %v", charged(p))
			}
			continue
		}
		c := p.Changes[0]
		marks = append(marks, c.NewCharge.Mark)
		if c.Effective != billing.MonthOf(s.b.at.day).Period().LastDay() || c.NewCharge.Month != "2026-10" || !strings.Contains(c.What, "2026-10, correction") {
			t.Errorf("true-up %q of %s on %s", c.What, c.NewCharge.Month, c.Effective)
		}
	}
	if slices.Sort(marks); len(marks) != 3 || len(slices.Compact(marks)) != 3 {
		t.Errorf("marks %v", marks)
	}
	if got := s.standing(); !got.Equal(euros(12000)) {
		t.Errorf("%s stand for the month", got)
	}
	names := []string{}
	for _, c := range s.b.at.charges {
		names = append(names, c.Name)
	}
	same(t, "names", names, []string{"Microsoft Azure 2026-10", "Microsoft Azure 2026-10, correction", "Microsoft Azure 2026-10, correction 2", "Microsoft Azure 2026-10, correction 3"})
}

// TestTrueUpInWords pins what the customer and the clerk read, the cost, and the places that are looked at again before it is written.
func TestTrueUpInWords(t *testing.T) {
	s := ledgerScene()
	price := func(cents, cost int64) {
		s.asks(ask{"900 * c1+c2": cents})
		s.desired.Charges[0].UnitCost, s.desired.Charges[0].Notes, s.desired.Charges[0].PriceRule = euros(cost), "Microsoft invoice G1 (3 lines).", "organization"
	}
	price(10000, 8000)
	s.applied(t, s.plan())
	s.post()
	price(10500, 8400)
	p := s.expect(t, "charge 2026-11-30 0→0")
	d := p.Changes[0].NewCharge
	if want := "Correction of 2026-10-01 to 2026-10-31: 100.00 EUR charged so far, 105.00 EUR in all."; d.Description != want {
		t.Errorf("description %q", d.Description)
	}
	if !d.UnitCost.Equal(euros(400)) || d.Notes != "Microsoft invoice G1 (3 lines)." || d.PriceRule != "organization" || d.BillingCodeID != "600" || d.CompanyID != "1" ||
		d.Mark != billing.ChargeMark("o", d.Key) || d.Key != billing.TrueUpKey("azure", "900", "2026-10", "EUR", 1) {
		t.Errorf("%+v", d)
	}
	if want := []billing.Place{{CustomerID: "c1", SubscriptionID: "sub-c1"}, {CustomerID: "c2", SubscriptionID: "sub-c2"}}; !slices.Equal(d.Places, want) {
		t.Errorf("places %v", d.Places)
	}
	s.applied(t, p)
	s.post()

	price(11000, 8400) // the same cost: only the price rules changed
	p = s.expect(t, "charge 2026-12-31 0→0")
	same(t, "holds", policies(p.Changes[0]), []string{"hold-repriced"})

	s.asks(ask{})
	if d = s.plan().Changes[0].NewCharge; !slices.Equal(d.Places, []billing.Place{{CustomerID: "c1"}, {CustomerID: "c2"}}) || !d.UnitCost.Equal(euros(-8400)) {
		t.Errorf("nothing is wanted any more: %+v", d)
	}
}

// TestOtherGroupingRoundsOtherwise: cents that the grouping rounds to are no true-up while the cost is the same.
func TestOtherGroupingRoundsOtherwise(t *testing.T) {
	for _, tc := range []struct {
		cost int64
		want []string
	}{
		{8000, nil},
		{8100, []string{`charge 900 "Microsoft Azure 2026-10, correction" +0.02 EUR`}},
	} {
		s := ledgerScene()
		s.asks(ask{"900 *": 10000})
		s.desired.Charges[0].UnitCost = euros(8000)
		s.applied(t, s.plan())
		s.post()
		s.asks(ask{"900 Storage": 6001, "900 Compute": 4001})
		s.desired.Charges[0].UnitCost, s.desired.Charges[1].UnitCost = euros(tc.cost-3000), euros(3000)
		same(t, "changes", charged(s.plan()), tc.want)
	}
}

// TestTheTargetMayRoundCharges: a tenant that keeps two decimals of what was sent with four has not been edited by hand.
func TestTheTargetMayRoundCharges(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 100})
	s.desired.Charges[0].UnitPrice = money.Of(money.New(12345, -4), "EUR")
	s.applied(t, s.plan())
	s.b.at.charges[0].UnitPrice = euros(123)
	s.expect(t)
	s.post()
	s.expect(t)
}

// TestWhatAutotaskRefused is not sent again by itself: it is held, and a finding says the amount and how to enter it by hand. What a person
// then enters under our mark counts.
func TestWhatAutotaskRefused(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 10000})
	s.applied(t, s.plan())
	s.post()
	s.asks(ask{"900 *": 9000})
	p := s.expect(t, "charge 2026-11-30 0→0")
	c := p.Changes[0]
	s.b.memory.Charges = append(s.b.memory.Charges, Charged{}.RefusedAs(c, "no negative charges"))
	p = s.expect(t, "charge 2026-11-30 0→0")
	same(t, "holds", policies(p.Changes[0]), []string{"hold-refused"})
	if f := finding(t, p, billing.FindingPosted); !f.Money.Equal(euros(-1000)) || !strings.Contains(f.Remedy, c.Charge.Mark) || !strings.Contains(f.Message, "no negative charges") {
		t.Errorf("%+v", f)
	}
	s.b.at.charges = append(s.b.at.charges, billing.Charge{ID: "5", ContractID: "900", Mark: c.Charge.Mark, Quantity: money.Int(-1), UnitPrice: euros(1000)})
	if p = s.plan(); len(p.Changes) != 0 || len(p.Findings) != 0 {
		t.Errorf("%v, %v", charged(p), findingsIn(p))
	}
}

// TestTheNextOpenMonth: a true-up is dated in the first month whose charges on the contract are not billed.
func TestTheNextOpenMonth(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 10000})
	s.applied(t, s.plan())
	s.post()
	for i, on := range []string{"2026-11-30", "2026-12-31", "2027-01-31"} {
		s.b.at.charges = append(s.b.at.charges, billing.Charge{ID: billing.ChargeID(fmt.Sprint(400 + i)), ContractID: []billing.ContractID{"900", "900", "901"}[i],
			Quantity: money.Int(1), UnitPrice: euros(1), Billed: true, Date: date(on)})
	}
	s.asks(ask{"900 *": 10001})
	s.expect(t, "charge 2027-01-31 0→0")
}

// TestFindingsAreTheSameWhateverTheOrder: a plan of charges does not depend on the order of what it is given (law 4).
func TestChargesPlanTheSameInAnyOrder(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 * c1+c2": 10000, "901 Storage c3": 700, "901 line-9 c2": 40})
	s.applied(t, s.plan())
	s.b.at.charges[1].Billed = true
	s.asks(ask{"900 Storage c1": 3000, "902 * c2": 7100, "901 Storage c3": 800, "901 line-8 c2": 41})
	in := s.input()
	slices.SortFunc(in.Desired.Charges, func(a, b billing.DesiredCharge) int { return cmp.Compare(a.Key, b.Key) })
	want := Make(in)
	slices.Reverse(in.Desired.Charges)
	slices.Reverse(in.Memory.Charges)
	slices.Reverse(in.Observed.Charges)
	if got := Make(in); got.Fingerprint != want.Fingerprint || len(want.Changes) == 0 {
		t.Errorf("plan:\n%s\nwant:\n%s", text(got), text(want))
	}
}
