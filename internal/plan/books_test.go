package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// Corrections that the ledger does not know and that carry our mark are found one after the other, as a person entered what Autotask had not taken
// from us: in the currency of the month, once each, up to the first that is missing.
func TestCorrectionsThatAPersonEntered(t *testing.T) {
	entered := func(n int, currency money.Currency) billing.Charge {
		return billing.Charge{ID: billing.ChargeID(fmt.Sprint(90 + n)), ContractID: "900", Mark: billing.ChargeMark("o", billing.TrueUpKey("azure", "900", "2026-10", "EUR", n)),
			Quantity: money.Int(1), UnitPrice: money.Of(money.Int(int64(n)), currency)}
	}
	for _, tc := range []struct {
		name    string
		charges []billing.Charge
		known   int // the greatest number that the ledger knows
		want    string
	}{
		{"none", nil, 0, ""},
		{"the first", []billing.Charge{entered(1, "EUR")}, 0, "1 for 1"},
		{"three, of which the ledger knows one", []billing.Charge{entered(3, "EUR"), entered(2, "EUR")}, 1, "1 for 5, 2 for 2, 3 for 3"},
		{"the third without the second", []billing.Charge{entered(3, "EUR")}, 1, "1 for 5"},
		{"in another currency", []billing.Charge{entered(1, "USD")}, 0, ""},
		{"twice", []billing.Charge{entered(1, "EUR"), entered(1, "EUR")}, 0, ""},
	} {
		s := ledgerScene()
		s.b.at.charges = tc.charges
		a := &account{kind: "azure", month: "2026-10", currency: "EUR", items: []*item{{key: "original", contract: "900", company: "1"}}}
		for n := tc.known; n > 0; n-- { // in whatever order the ledger has them
			a.items = append(a.items, &item{key: "known", number: n, contract: "900", company: "1", paper: &Charged{Amount: euros(500)}})
		}
		books := s.planner().booksOf(a)
		if len(books) != 1 || len(books[0].originals) != 1 {
			t.Fatalf("%s: %d books", tc.name, len(books))
		}
		var got []string
		for _, e := range books[0].trueUps {
			got = append(got, fmt.Sprintf("%d for %s", e.number, e.amount()))
			key := billing.TrueUpKey("azure", "900", "2026-10", "EUR", e.number)
			if e.paper == nil && (e.key != key || e.mark != billing.ChargeMark("o", key) || e.kind != "azure" || e.contract != "900" || e.company != "1" || !e.stands()) {
				t.Errorf("%s: %+v", tc.name, e)
			}
		}
		if text := strings.Join(got, ", "); text != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, text, tc.want)
		}
	}
}

// The books of a month come in the order of their contracts, 99 before 900, and the corrections of a book in the order of their numbers.
func TestBooksAreInOrder(t *testing.T) {
	a := &account{kind: "azure", month: "2026-10", currency: "EUR"}
	for _, text := range []string{"901 0", "99 2", "900 0", "99 0", "900 10", "99 1", "900 9"} {
		e := &item{key: text}
		if _, err := fmt.Sscan(text, &e.contract, &e.number); err != nil {
			t.Fatal(err)
		}
		a.items = append(a.items, e)
	}
	for range 2 {
		got := ""
		for _, b := range ledgerScene().planner().booksOf(a) {
			got += b.contract + ":"
			for _, e := range b.trueUps {
				got += fmt.Sprint(" ", e.number)
			}
			got += fmt.Sprintf(" beside %d; ", len(b.originals))
		}
		if got != "99: 1 2 beside 1; 900: 9 10 beside 1; 901: beside 1; " {
			t.Error(got)
		}
		slices.Reverse(a.items)
	}
}

// Where the money of a new charge is: with a posted charge of the same company it is a guest there, with one of another company a person decides;
// as long as nobody knows whose a contract is, it counts as the same.
func TestWhoseGuestACharge(t *testing.T) {
	for _, tc := range []struct {
		name         string
		here, there  billing.CompanyID // of the new charge and of the posted one
		there2       billing.CompanyID // of another posted one; "-": there is none
		guest, moved bool
		in           string // the contract whose guest it is
	}{
		{"the same company", "1", "1", "-", true, false, "901"},
		{"another company", "1", "2", "-", true, true, ""},
		{"nobody knows whose the posted one is", "1", "", "-", true, false, "901"},
		{"nobody knows whose the new one is", "", "2", "-", true, false, "901"},
		{"the same company before another one", "1", "2", "1", true, false, "902"},
		{"the first of two of the same company", "1", "1", "1", true, false, "901"},
		{"the first of two of other companies", "1", "2", "3", true, true, ""},
	} {
		posted := func(contract string, company billing.CompanyID) *book {
			return &book{contract: contract, company: company, originals: []*item{{key: contract, paper: &Charged{Name: "Azure"}, found: []billing.Charge{{ID: "7", Quantity: money.Int(1), UnitPrice: euros(3000), Billed: true}}}}}
		}
		e := &item{key: "new", company: tc.here, want: &billing.DesiredCharge{Name: "Azure", Quantity: money.Int(1), UnitPrice: euros(2000)}}
		books := []*book{{contract: "900", company: tc.here, originals: []*item{e}}, posted("901", tc.there)}
		if tc.there2 != "-" {
			books = append(books, posted("902", tc.there2))
		}
		p := newPlanner(Input{})
		p.house(&account{kind: "azure", month: "2026-10", currency: "EUR", customers: []billing.CustomerID{"c1"}}, books)
		in := ""
		for _, b := range books {
			for range b.guests {
				in += b.contract
			}
			if b.moved != (tc.moved && b.contract == "901") {
				t.Errorf("%s: of %s nothing is touched: %t", tc.name, b.contract, b.moved)
			}
		}
		if e.guest != tc.guest || in != tc.in || (len(p.findings) == 1) != tc.moved {
			t.Errorf("%s: a guest %t of %q, %d findings", tc.name, e.guest, in, len(p.findings))
		}
		if r := p.rebooked["new"]; tc.moved && r.Outcome != billing.HeldBack || !tc.moved && (r.Outcome != billing.Billed || r.By != tc.in) {
			t.Errorf("%s: rebooked %+v", tc.name, r)
		}
	}
}

// What a clerk reads when a month was billed to another company than the customer is mapped to now, and when something may not be taken back.
func TestWordsAboutMoneyThatStays(t *testing.T) {
	for _, tc := range []struct {
		name   string
		first  ask
		then   ask
		before func(*scene)
		want   string
		about  string
	}{
		{"another company", ask{"900 *": 10000}, ask{"902 *": 7000}, nil,
			"duplicate/charges/azure/2026-10/EUR/c1 | Microsoft Azure 2026-10: 2026-10 was charged to company 1 before: 100.00 EUR, posted as charge 1 on contract 900. The customer is mapped to company 2 now, where 70.00 EUR would be charged. Nothing is. | Leave it, and the change holds from the next month on; or credit the one company and charge the other by hand in Autotask. | -30.00 EUR", "c1 Alder"},
		{"two charges at another company", ask{"900 Compute": 6000, "900 Storage": 4500}, ask{"902 Compute": 7000, "902 Storage": 4500}, nil,
			"duplicate/charges/azure/2026-10/EUR/c1 | Compute 2026-10: 2026-10 was charged to company 1 before: 105.00 EUR, posted as charge 1, 2 on contract 900. The customer is mapped to company 2 now, where 115.00 EUR would be charged. Nothing is. | Leave it, and the change holds from the next month on; or credit the one company and charge the other by hand in Autotask. | 10.00 EUR", "c1 Alder"},
		{"a finding holds something", ask{"900 *": 10000}, ask{"900 *": 7000}, held,
			"incomplete-read/charges/azure/2026-10/EUR/c1 | Of what was charged for 2026-10, 30.00 EUR would be taken back, but a finding holds something that Microsoft bills for the month. Nothing is changed. | Mend what the other findings say and plan again. | -30.00 EUR", "c1 Alder"},
		{"the month could not be read", ask{"900 *": 10000}, ask{"900 *": 7000}, func(s *scene) { s.desired.Months[0].Unread = []string{"invoice G1: no such file", "invoice G2"} },
			"incomplete-read/charges/azure/2026-10/EUR/c1 | Of what was charged for 2026-10, 30.00 EUR would be taken back, but its data could not be read whole: invoice G1: no such file. Nothing is changed. | Mend what the other findings say and plan again. | -30.00 EUR", "c1 Alder"},
		{"two open charges, one of them a credit", ask{"900 Compute": 6000, "901 Storage": -2000}, ask{}, func(s *scene) { s.b.at.charges[0].Billed, s.b.at.charges[1].Billed = false, false; held(s) },
			"incomplete-read/charges/azure/2026-10/EUR/c1 | Of what was charged for 2026-10, 40.00 EUR would be taken back, but a finding holds something that Microsoft bills for the month. Nothing is changed. | Mend what the other findings say and plan again. | -40.00 EUR", "c1 Alder"},
	} {
		s := ledgerScene()
		s.asks(tc.first)
		slices.SortFunc(s.desired.Charges, func(a, b billing.DesiredCharge) int { return strings.Compare(a.Key, b.Key) })
		s.applied(t, s.plan())
		s.post()
		s.asks(tc.then)
		if tc.before != nil {
			tc.before(s)
		}
		p := s.plan()
		same(t, tc.name, findingsIn(p), []string{tc.want})
		if f := p.Findings[0]; fmt.Sprint(f.CustomerID, " ", f.Customer) != tc.about {
			t.Errorf("%s: about %s %s", tc.name, f.CustomerID, f.Customer)
		}
		if len(p.Changes) > 0 {
			t.Errorf("%s: %v", tc.name, charged(p))
		}
	}
}

// The source that could not be read whole is named too, where its customer's money would be taken back.
func TestWhyNothingIsTakenBack(t *testing.T) {
	a := &account{month: "2026-10", customers: []billing.CustomerID{"c1", "c2"}}
	for _, tc := range []struct {
		name string
		gap  billing.CustomerID // "-": none
		m    billing.ChargedMonth
		want string
	}{
		{"nothing is wrong", "-", billing.ChargedMonth{}, ""},
		{"a gap of everybody's", "", billing.ChargedMonth{}, "the source could not be read whole"},
		{"a gap of the second customer's", "c2", billing.ChargedMonth{}, "the source could not be read whole"},
		{"a gap of another customer's", "c3", billing.ChargedMonth{}, ""},
		{"something of the second customer's is held", "-", billing.ChargedMonth{Held: []billing.CustomerID{"c2"}}, "a finding holds something that Microsoft bills for the month"},
		{"something of another customer's is held", "-", billing.ChargedMonth{Held: []billing.CustomerID{"c3"}}, ""},
		{"a file was not read", "-", billing.ChargedMonth{Unread: []string{"G1"}}, "its data could not be read whole: G1"},
	} {
		p := newPlanner(Input{})
		if tc.gap != "-" {
			p.gaps[tc.gap] = true
		}
		tc.m.Month = "2026-10"
		p.months["2026-10"] = tc.m
		if got := p.mayNotReduce(a); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// What adds money waits for everything that takes money back, and credits are taken back after charges, because it may all be the same money.
func TestWhatIsTakenBackComesFirst(t *testing.T) {
	change := func(key string, kind ChangeKind, cents int64, trueUp int) Change {
		return Change{Kind: kind, ChargeKey: key, CustomerID: "c1", OneOff: euros(cents), NewCharge: &billing.DesiredCharge{TrueUp: trueUp}}
	}
	steps := []Change{
		change("new", CreateCharge, 500, 0), change("credit taken back", RemoveCharge, 300, 0), change("less", CorrectCharge, -200, 0),
		change("correction downwards", CreateCharge, -100, 1), change("more", CorrectCharge, 100, 0), change("gone", RemoveCharge, -400, 0), change("a credit of Microsoft's", CreateCharge, -50, 0),
		change("for nothing", RemoveCharge, 0, 0),
	}
	p := newPlanner(Input{})
	p.take(&account{month: "2026-10", customers: []billing.CustomerID{"c1"}}, steps)
	plan := p.finish()
	key := map[string]string{}
	var got []string
	for _, c := range plan.Changes {
		key[c.ID] = c.ChargeKey
		var after []string
		for _, id := range c.Requires {
			after = append(after, key[id])
		}
		got = append(got, c.ChargeKey+" after "+strings.Join(after, ", "))
	}
	less, undone := "less, correction downwards, gone", "less, correction downwards, gone, credit taken back, for nothing"
	same(t, "changes", got, []string{"less after ", "correction downwards after ", "gone after ", "credit taken back after " + less, "for nothing after " + less,
		"new after " + undone, "more after " + undone, "a credit of Microsoft's after " + undone})

	p = newPlanner(Input{})
	p.months["2026-10"] = billing.ChargedMonth{Held: []billing.CustomerID{"c1"}}
	p.take(&account{kind: "azure", month: "2026-10", currency: "EUR", customers: []billing.CustomerID{"c1"}}, steps)
	if plan = p.finish(); len(plan.Changes) > 0 || len(plan.Findings) != 1 || !plan.Findings[0].Money.Equal(euros(-400)) {
		t.Errorf("%v, %v", charged(plan), findingsIn(plan))
	}
	if got := strings.Join(rebookedIn(plan), "; "); got != "a credit of Microsoft's held incomplete-read/charges/azure/2026-10/EUR/c1; new held incomplete-read/charges/azure/2026-10/EUR/c1" {
		t.Error(got)
	}
	p.take(&account{kind: "azure", month: "2026-10", currency: "EUR", customers: []billing.CustomerID{"c1"}}, []Change{steps[0], steps[4]})
	if plan = p.finish(); len(plan.Changes) != 2 {
		t.Errorf("nothing is taken back, so nothing waits: %v", charged(plan))
	}
}

// A charge in which nobody can say what stands is left alone, and so is everything it may have to do with: its source lines are held by the finding.
func TestUnclearMonthsHoldTheirLines(t *testing.T) {
	copied := func(s *scene) { s.b.at.charges = append(s.b.at.charges, s.b.at.charges[0]) }
	for _, tc := range []struct {
		name   string
		before func(*scene)
		id     string
		held   []string // keys of the charges whose lines it holds
		wrote  bool
	}{
		{"a charge is there twice", copied, "duplicate/azure|900|2026-10|*|EUR", []string{"azure|900|2026-10|*|EUR", "azure|901|2026-10|Storage|EUR"}, false},
		{"a charge is in another currency, and stands", func(s *scene) { s.b.at.charges[0].UnitPrice = money.Of(money.Int(9), "USD") }, "currency/azure|900|2026-10|*|EUR",
			[]string{"azure|901|2026-10|Storage|EUR"}, false},
		{"a charge was deleted: the other one is written", func(s *scene) { s.b.at.charges = nil }, "changed-by-hand/azure|900|2026-10|*|EUR", []string{"azure|900|2026-10|*|EUR"}, true},
	} {
		s := ledgerScene()
		s.asks(ask{"900 *": 10000})
		s.applied(t, s.plan())
		tc.before(s)
		s.asks(ask{"900 *": 12000, "901 Storage": 500})
		p := s.plan()
		var want []string
		for _, key := range tc.held {
			want = append(want, key+" held "+tc.id)
		}
		same(t, tc.name, rebookedIn(p), want)
		if !slices.ContainsFunc(p.Findings, func(f billing.Finding) bool { return f.ID() == tc.id }) || len(p.Changes) > 0 != tc.wrote {
			t.Errorf("%s: %v, %v", tc.name, charged(p), findingsIn(p))
		}
	}
}

// An account is named after its first customer, by the name that one of its charges has for him, else by the one that the lines have.
func TestWhoAnAccountIsOf(t *testing.T) {
	of := func(id billing.CustomerID, name string) *item {
		return &item{want: &billing.DesiredCharge{CustomerID: id, Customer: name}}
	}
	for _, tc := range []struct {
		items []*item
		want  string
	}{
		{[]*item{of("c1", "Alder")}, "c1 Alder"},
		{[]*item{of("c2", "Birch"), of("c1", "Alder")}, "c1 Alder"},
		{[]*item{of("c1", ""), of("c1", "Alder")}, "c1 Alder"},
		{[]*item{of("c2", "Birch")}, "c1 Alder of the lines"},
	} {
		p := newPlanner(Input{Desired: billing.Desired{Lines: []billing.DesiredLine{{CustomerID: "c1", Customer: "Alder of the lines"}}}})
		id, name := p.who(&account{customers: []billing.CustomerID{"c1", "c2"}, items: tc.items})
		if got := fmt.Sprint(id, " ", name); got != tc.want {
			t.Errorf("%s, want %s", got, tc.want)
		}
	}
}
