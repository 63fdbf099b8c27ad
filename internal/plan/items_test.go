package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// What one charge of a month is called, whose it is, and what it bills: as it is asked for, else as Spindle wrote it, else as it stands. What the
// target merely rounded counts as written, what a person deleted as if it stood.
func TestWhatIsKnownOfACharge(t *testing.T) {
	want := &billing.DesiredCharge{Key: "k", Name: "Azure 2026-10", CustomerID: "c2", Customer: "Birch", Month: "2026-10", Quantity: money.Int(3), UnitPrice: euros(100), Places: []billing.Place{{CustomerID: "c1"}}}
	paper := &Charged{Key: "k", Name: "Azure, as written", CustomerID: "c3", Customer: "Cedar", Customers: []billing.CustomerID{"c1", "c4"}, Month: "2026-09", Amount: money.Of(money.New(12345, -4), "EUR"), Cost: euros(80)}
	nameless := &Charged{Key: "k", Month: "2026-09"}
	stands := func(cents int64, billed bool) []billing.Charge {
		return []billing.Charge{{ID: "7", Name: "Azure, as it stands", Quantity: money.Int(1), UnitPrice: euros(cents), Billed: billed}}
	}
	dollars := []billing.Charge{{ID: "7", Name: "Azure, as it stands", Quantity: money.Int(2), UnitPrice: money.Of(money.Int(9), "USD")}}
	for _, tc := range []struct {
		name string
		e    item
		want string // name, customer, currency, month; customers; wants, bills, cost; what it is
	}{
		{"asked for", item{want: want}, "Azure 2026-10 of c2 Birch, EUR 2026-10; [c1 c2]; 3 0 0; new"},
		{"asked for and standing", item{want: want, found: stands(300, false)}, "Azure 2026-10 of c2 Birch, EUR 2026-10; [c1 c2]; 3 3 0; stands"},
		{"asked for, written and billed", item{want: want, paper: paper, found: stands(300, true)}, "Azure 2026-10 of c2 Birch, EUR 2026-10; [c1 c2 c3 c4]; 3 3 0.8; stands billed"},
		{"written, and rounded by the target", item{paper: paper, found: stands(123, false)}, "Azure, as written of c3 Cedar, EUR 2026-09; [c1 c3 c4]; 0 1.2345 0.8; stands"},
		{"written, and changed by a hand", item{paper: paper, found: stands(124, false)}, "Azure, as written of c3 Cedar, EUR 2026-09; [c1 c3 c4]; 0 1.24 0.8; stands"},
		{"written, and deleted", item{paper: paper}, "Azure, as written of c3 Cedar, EUR 2026-09; [c1 c3 c4]; 0 1.2345 0.8; "},
		{"written by an earlier version", item{key: "k", paper: nameless, found: dollars}, "Azure, as it stands of  , USD 2026-09; []; 0 18 0; stands"},
		{"written by an earlier version, and deleted", item{key: "k", paper: nameless}, "k of  ,  2026-09; []; 0 0 0; "},
		{"twice there", item{want: want, found: append(stands(300, true), stands(300, true)...)}, "Azure 2026-10 of c2 Birch, EUR 2026-10; [c1 c2]; 3 0 0; new"},
	} {
		e := &tc.e
		what, customer, called := e.name()
		is := []string{}
		for word, true := range map[string]bool{"new": e.isNew(), "stands": e.stands(), "billed": e.billed()} {
			if true {
				is = append(is, word)
			}
		}
		slices.Sort(is)
		slices.Reverse(is)
		customers := e.customers()
		if len(customers) > 0 && customers[0] == "" {
			customers = customers[1:] // of nobody that is known
		}
		got := fmt.Sprintf("%s of %s %s, %s %s; %v; %s %s %s; %s", what, customer, called, e.currency(), e.monthOf(), customers, e.wants(), e.amount(), e.cost(), strings.Join(is, " "))
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	if got := (&item{}).currency(); got != "" {
		t.Errorf("nothing is known, but it bills in %s", got)
	}
	p := newPlanner(Input{})
	if holds := p.chargeDrift(&item{key: "k", paper: nameless, found: stands(1000, false)}); len(holds) > 0 || len(p.findings) > 0 {
		t.Errorf("nobody knows what was written, but it drifted: %v", holds)
	}
}

// planner gives the planner of a scene before it plans anything.
func (s *scene) planner() *planner { return newPlanner(inOrder(s.input())) }

// On which contract of which company a charge is: where it stands, else where it is asked for, else where it was written.
func TestWhereAChargeIs(t *testing.T) {
	written := func(s *scene) {
		s.applied(t, s.plan())
		s.desired.Charges = nil
		s.desired.Months = []billing.ChargedMonth{{Month: "2026-10", Lines: true}}
	}
	for _, tc := range []struct {
		name string
		set  func(*scene)
		want string
	}{
		{"asked for", func(*scene) {}, "900 of 1"},
		{"asked for on a contract of another company than the customer's", func(s *scene) { s.desired.Charges[0].CompanyID = "9" }, "900 of 1"},
		{"asked for on a contract that is not there", func(s *scene) {
			s.desired.Charges[0].Contract, s.desired.Charges[0].CompanyID = billing.Ref{ID: "999"}, "9"
		}, "999 of 9"},
		{"asked for on a contract that Spindle creates", func(s *scene) {
			s.desired.Charges[0].Contract, s.desired.Charges[0].CompanyID = billing.Ref{Mark: "SPN-m"}, "9"
			s.desired.Contracts = []billing.DesiredContract{{Mark: "SPN-m", CustomerID: "c1", CompanyID: "8", Start: date("2026-01-15"), End: date("2028-01-14")}}
		}, "SPN-m of 9"},
		{"asked for by the mark of a contract", func(s *scene) {
			s.b.at.contracts[1].Mark, s.desired.Charges[0].Contract = "SPN-m", billing.Ref{Mark: "SPN-m"}
		}, "901 of 1"},
		{"asked for elsewhere than it stands", func(s *scene) { written(s); s.asks(ask{"900 *": 10000}); s.b.at.charges[0].ContractID = "902" }, "902 of 1"},
		{"written", written, "900 of 1"},
		{"written, and deleted", func(s *scene) { written(s); s.b.at.charges = nil }, "900 of 1"},
		{"written, and put on another contract by a hand", func(s *scene) { written(s); s.b.at.charges[0].ContractID = "901" }, "901 of 1"},
		{"written, and nobody says where it stands", func(s *scene) { written(s); s.b.at.charges[0].ContractID = "" }, "900 of 1"},
		{"written for a company that is another one now", func(s *scene) { written(s); s.b.at.contracts[0].CompanyID = "7" }, "900 of 1"},
	} {
		s := ledgerScene()
		s.asks(ask{"900 *": 10000})
		tc.set(s)
		p := s.planner()
		for _, c := range s.desired.Contracts {
			p.planContract(c)
		}
		items := p.chargeItems()
		if len(items) != 1 {
			t.Fatalf("%s: %d charges", tc.name, len(items))
		}
		if got := fmt.Sprintf("%s of %s", items[0].contract, items[0].company); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// Whose money is looked at together: of one kind, one month and one currency, whatever has a customer or a contract in common, directly or through
// others, also through a charge that is gone. A charge that was written counts when its month was rated, so that nobody asking for it means
// something (law 2).
func TestWhoseMoneyIsLookedAtTogether(t *testing.T) {
	paper := func(key, id, contract string, customers ...billing.CustomerID) Charged {
		c := Charged{Key: key, Mark: billing.ChargeMark("o", key), ID: billing.ChargeID(id), CustomerID: customers[0], Customers: customers, ContractID: billing.ContractID(contract), Month: "2026-10", Amount: euros(100)}
		return c
	}
	for _, tc := range []struct {
		name   string
		asks   []string
		ledger []Charged
		months []billing.ChargedMonth
		want   []string // kind month currency customers: contracts of the charges
	}{
		{"one", []string{"900 * c1"}, nil, nil, []string{"azure 2026-10 EUR [c1]: 900"}},
		{"two of one customer on two contracts", []string{"900 * c1", "901 * c1"}, nil, nil, []string{"azure 2026-10 EUR [c1]: 900 901"}},
		{"two customers on one contract", []string{"900 Compute c1", "900 Storage c2"}, nil, nil, []string{"azure 2026-10 EUR [c1 c2]: 900 900"}},
		{"two customers on two contracts", []string{"900 * c1", "901 * c2"}, nil, nil, []string{"azure 2026-10 EUR [c1]: 900", "azure 2026-10 EUR [c2]: 901"}},
		{"joined by a third charge", []string{"900 * c1", "901 Compute c1+c2", "902 * c2"}, nil, nil, []string{"azure 2026-10 EUR [c1 c2]: 900 901 902"}},
		{"a line and usage", []string{"900 * c1", "900 line-1 c1"}, nil, nil, []string{"azure 2026-10 EUR [c1]: 900", "line 2026-10 EUR [c1]: 900"}},
		{"joined by a charge that was removed", []string{"900 * c1", "901 * c2"}, []Charged{paper("azure|900|2026-10|Old|EUR", "", "900", "c2", "c1")}, nil, []string{"azure 2026-10 EUR [c1 c2]: 900 901"}},
		{"joined by a charge of the one on the contract of the other that was removed", []string{"900 * c1", "901 * c2"}, []Charged{paper("azure|900|2026-10|Old|EUR", "", "900", "c2")}, nil,
			[]string{"azure 2026-10 EUR [c1 c2]: 900 901"}},
		{"not joined by one of another kind that was removed", []string{"900 * c1", "901 * c2"}, []Charged{paper("line|900|s|r", "", "900", "c2", "c1")}, nil,
			[]string{"azure 2026-10 EUR [c1]: 900", "azure 2026-10 EUR [c2]: 901"}},
		{"joined by one that stands and that nobody asks for", []string{"900 * c1", "901 * c2"}, []Charged{paper("azure|902|2026-10|Old|EUR", "7", "902", "c2", "c1")}, nil,
			[]string{"azure 2026-10 EUR [c1 c2]: 900 901 902"}},
		{"what was written and nobody asks for", nil, []Charged{paper("azure|900|2026-10|*|EUR", "7", "900", "c1")}, []billing.ChargedMonth{{Month: "2026-10"}}, []string{"azure 2026-10 EUR [c1]: 900"}},
		{"in a month that was not rated", nil, []Charged{paper("azure|900|2026-10|*|EUR", "7", "900", "c1")}, []billing.ChargedMonth{{Month: "2026-11", Lines: true}}, nil},
		{"a line, in a month of which only usage was rated", nil, []Charged{paper("line|900|s|r", "7", "900", "c1")}, []billing.ChargedMonth{{Month: "2026-10"}}, nil},
		{"a line, in a month that was rated", nil, []Charged{paper("line|900|s|r", "7", "900", "c1")}, []billing.ChargedMonth{{Month: "2026-10", Lines: true}}, []string{"line 2026-10 EUR [c1]: 900"}},
		{"a line, in a month of which something else is asked for", []string{"901 * c2"}, []Charged{paper("line|900|s|r", "7", "900", "c1")}, nil,
			[]string{"azure 2026-10 EUR [c2]: 901", "line 2026-10 EUR [c1]: 900"}},
		{"without a month", nil, []Charged{func() Charged { c := paper("azure|900|x|*|EUR", "7", "900", "c1"); c.Month = ""; return c }()}, []billing.ChargedMonth{{Month: "", Lines: true}}, nil},
		{"a correction, with its kind", nil, []Charged{paper(billing.TrueUpKey("azure", "900", "2026-10", "EUR", 2), "7", "900", "c1"), paper("azure|901|2026-10|*|EUR", "8", "901", "c1")},
			[]billing.ChargedMonth{{Month: "2026-10"}}, []string{"azure 2026-10 EUR [c1]: 901 900#2"}},
	} {
		s := ledgerScene()
		s.desired.Months = tc.months
		for _, text := range tc.asks {
			s.desired.Charges = append(s.desired.Charges, s.asked(text, 100))
		}
		s.b.memory.Charges = tc.ledger
		for range 2 {
			var got []string
			for _, a := range s.planner().accounts() {
				text := fmt.Sprintf("%s %s %s %v:", a.kind, a.month, a.currency, a.customers)
				for _, e := range a.items {
					if text += " " + e.contract; e.number > 0 {
						text += fmt.Sprint("#", e.number)
					}
				}
				got = append(got, text)
			}
			slices.Sort(got)
			same(t, tc.name, got, tc.want)
			slices.Reverse(s.desired.Charges)
			slices.Reverse(s.b.memory.Charges)
		}
	}
}
