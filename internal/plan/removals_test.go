package plan

import (
	"fmt"
	"slices"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// What a clerk approves when an open charge is taken back: which one, on which contract, what it billed, and where its money goes instead.
func TestWhyAnOpenChargeIsTakenBack(t *testing.T) {
	nobody := `hold-unwanted: nothing Microsoft bills leads to this charge any more; a person must see that it goes`
	for _, tc := range []struct {
		name   string
		then   ask
		before func(*scene)
		holds  []string
	}{
		{"nothing leads to it", ask{}, nil, []string{nobody}},
		{"another grouping", ask{"900 Storage": 10000}, nil, []string{"hold-unwanted: the month is charged under another route or grouping instead; a person must see that this charge goes"}},
		{"another contract of the company", ask{"901 *": 10000}, nil, []string{"hold-unwanted: the month is charged under another route or grouping instead; a person must see that this charge goes"}},
		{"another company", ask{"902 *": 10000}, nil,
			[]string{"hold-unwanted: 2026-10 was charged to company 1 on contract 900 with 100.00 EUR; the customer is mapped to company 2 now, and moving it is a person's decision"}},
		{"switched off", ask{}, off, []string{"hold-unwanted: billing was switched off; a person must see that the charge goes"}},
		{"a hand changed it", ask{}, func(s *scene) { s.b.at.charges[0].UnitPrice = euros(9000) }, []string{nobody, "hold-on-drift: Spindle wrote 100.00 EUR, Autotask now has 90.00 EUR"}},
		{"its contract is not read", ask{}, func(s *scene) { s.b.at.contracts = s.b.at.contracts[1:] }, []string{nobody}},
	} {
		s := ledgerScene()
		s.b.at.contracts[0].Mark = "SPN-900"
		s.asks(ask{"900 *": 10000})
		s.applied(t, s.plan())
		s.asks(tc.then)
		if tc.before != nil {
			tc.before(s)
		}
		var got []string
		for _, c := range s.plan().Changes {
			if c.Kind != RemoveCharge {
				continue
			}
			for _, h := range c.Holds {
				got = append(got, h.Policy+": "+h.Why)
			}
			billed := s.b.at.charges[0].UnitPrice
			name, mark := "Cloud 900", "SPN-900"
			if s.b.at.contract("900") == nil {
				name, mark = "900", ""
			}
			if !c.Before.Exists || !c.Before.UnitPrice.Equal(billed) || !c.Before.Amount.Equal(billed) || c.After.Exists || !c.OneOff.Equal(billed.Neg()) || c.Effective != date("2026-10-31") ||
				c.Contract != (billing.Ref{ID: "900", Mark: mark}) || c.ContractName != name || c.Charge != (billing.Ref{ID: "1", Mark: s.b.at.charges[0].Mark}) || c.What != "Microsoft Azure 2026-10" ||
				c.ChargeKey != "azure|900|2026-10|*|EUR" || c.CustomerID != "c1" || c.Customer != "Alder" || c.Reason != "Nothing asks for this charge of 2026-10 any more, and it is not posted yet." {
				t.Errorf("%s: %+v", tc.name, c)
			}
		}
		same(t, tc.name, got, tc.holds)
	}
}

// A charge that is corrected downwards because part of its money moves to another company waits for a person; one that rises does not.
func TestWhenPartOfAChargeMovesToAnotherCompany(t *testing.T) {
	moves := "hold-unwanted: 2026-10 was charged to company 1 on contract 900 with 100.00 EUR; the customer is mapped to company 2 now, and moving it is a person's decision"
	for _, tc := range []struct {
		then ask
		want string
	}{
		{ask{"900 * c1": 4000, "902 * c2": 6000}, "-60.00 EUR " + moves},
		{ask{"900 * c1": 10100, "902 * c2": 6000}, "+1.00 EUR "},
		{ask{"900 * c1": 9999, "902 * c2": 6000}, "-0.01 EUR " + moves},
		{ask{"900 * c1": 4000, "901 * c2": 6000}, "-60.00 EUR "}, // the same company
	} {
		s := ledgerScene()
		s.asks(ask{"900 * c1+c2": 10000})
		s.applied(t, s.plan())
		s.asks(tc.then)
		got := ""
		for _, c := range s.plan().Changes {
			if c.Kind == CorrectCharge {
				got += c.OneOff.Signed() + " "
				for _, h := range c.Holds {
					got += h.Policy + ": " + h.Why
				}
			}
		}
		if got != tc.want {
			t.Errorf("%v: %q, want %q", tc.then, got, tc.want)
		}
	}
}

// A charge moves to another company when one that is to be written belongs to another one than it is on, as far as both are known.
func TestWhatMovesToAnotherCompany(t *testing.T) {
	want := &billing.DesiredCharge{}
	here := func(company billing.CompanyID) *item {
		return &item{company: company, found: []billing.Charge{{ID: "7"}}}
	}
	for _, tc := range []struct {
		name  string
		other *item
		e     *item
		moves bool
	}{
		{"to be written for another company", &item{want: want, company: "2"}, here("1"), true},
		{"for the same company", &item{want: want, company: "1"}, here("1"), false},
		{"for nobody knows whom", &item{want: want}, here("1"), false},
		{"from nobody knows whom", &item{want: want, company: "2"}, here(""), false},
		{"it stands already", &item{want: want, company: "2", found: []billing.Charge{{ID: "8"}}}, here("1"), false},
		{"nobody asks for it", &item{company: "2"}, here("1"), false},
		{"a guest, whose money stays", &item{want: want, company: "2", guest: true}, here("1"), false},
	} {
		a := &account{items: []*item{tc.e, tc.other}}
		if got := a.movedFrom(tc.e); (got == tc.other) != tc.moves || got != nil && !tc.moves {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

// An original that Autotask refused is not sent again by itself either, nor is one that could not be written lost: its lines are held by the finding
// that says why.
func TestAChargeThatAutotaskRefused(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 10000})
	c := s.plan().Changes[0]
	s.b.memory.Charges = append(s.b.memory.Charges, Charged{}.RefusedAs(c, "billing code is inactive"))
	p := s.plan()
	same(t, "changes", charged(p), []string{`charge 900 "Microsoft Azure 2026-10" +100.00 EUR held: hold-refused`})
	same(t, "findings", findingsIn(p), []string{"posted-period/azure|900|2026-10|*|EUR | Microsoft Azure 2026-10: Autotask did not take a charge of 100.00 EUR: billing code is inactive | Charge it by hand; a charge with the internal purchase order number " +
		c.Charge.Mark + " counts as ours. Or mend the cause and approve the change. | 100.00 EUR"})
	s.applyAll(t, p)
	if p = s.plan(); len(p.Changes) > 0 || len(p.Findings) > 0 {
		t.Errorf("approved and taken: %v, %v", charged(p), findingsIn(p))
	}
}

func (s *scene) applyAll(t *testing.T, p Plan) {
	t.Helper()
	for _, c := range p.Changes {
		if err := s.b.apply(c); err != nil {
			t.Fatal(err)
		}
	}
}

// What a charge that is written says: everything that goes to Autotask, what stands there before and after, the proof behind it, and what has to be
// there first.
func TestWhatAWrittenChargeSays(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 0})
	d := &s.desired.Charges[0]
	d.Quantity, d.UnitPrice, d.Notes, d.PriceRule = money.Int(3), euros(250), "Microsoft invoice G1 (3 lines).", "organization"
	c := s.plan().Changes[0]
	if got := fmt.Sprintf("%s %s of %s %s on %s %q as %s, %s from %s; before %t, after %t: %s, %s; %s; %q after %q: %s", c.Kind, c.What, c.CustomerID, c.Customer, c.Contract, c.ContractName, c.Charge, c.ChargeKey,
		c.Effective, c.Before.Exists, c.After.Exists, c.After.UnitPrice, c.After.Amount, c.OneOff, c.Proof, c.Requires, c.Reason); got != `charge Microsoft Azure 2026-10 of c1 Alder on 900 "Cloud 900" as `+d.Mark+
		`, azure|900|2026-10|*|EUR from 2026-10-31; before false, after true: 2.50 EUR, 7.50 EUR; 7.50 EUR; ["Microsoft invoice G1 (3 lines)." "price rule: organization"] after []: Microsoft Azure 2026-10, from what Microsoft billed.` {
		t.Error(got)
	}
	s.applied(t, s.plan())
	d.UnitPrice = euros(300)
	c = s.plan().Changes[0]
	if got := fmt.Sprintf("%s %s: before %t %s, %s; after %s, %s; %s: %s", c.Kind, c.Charge.ID, c.Before.Exists, c.Before.UnitPrice, c.Before.Amount, c.After.UnitPrice, c.After.Amount, c.OneOff, c.Reason); got !=
		"correct-charge 1: before true 2.50 EUR, 7.50 EUR; after 3.00 EUR, 9.00 EUR; 1.50 EUR: Microsoft's data, the price rules or the routes for 2026-10 changed: 7.50 EUR → 9.00 EUR." {
		t.Error(got)
	}

	s = ledgerScene()
	s.desired.Contracts = []billing.DesiredContract{{Mark: "SPN-m", CustomerID: "c1", CompanyID: "1", Name: "Managed", PeriodType: billing.PeriodMonth, Start: date("2026-01-15"), End: date("2028-01-14")}}
	s.asks(ask{"900 *": 500})
	s.desired.Charges[0].Contract = billing.Ref{Mark: "SPN-m"}
	p := s.plan()
	if len(p.Changes) != 2 || fmt.Sprint(p.Changes[1].Requires) != fmt.Sprint([]string{p.Changes[0].ID}) || p.Changes[1].Contract.Mark != "SPN-m" {
		t.Errorf("%v", charged(p))
	}
	if proof := s.plan().Changes[1].Proof; len(proof) > 0 {
		t.Errorf("nothing is behind it, but %q", proof)
	}
}

// Law 6: the lines of a charge whose contract cannot take it are held by the finding that says so; those of one that stands are billed as they were.
func TestAChargeThatCannotBeWrittenHoldsItsLines(t *testing.T) {
	for _, tc := range []struct {
		name   string
		stands bool
		end    string
		active bool
		writes bool
		want   []string
	}{
		{"the contract ended the day before", false, "2026-10-30", true, false, []string{"azure|900|2026-10|*|EUR held contract-ends/azure|900|2026-10|*|EUR"}},
		{"the contract ends that day", false, "2026-10-31", true, true, nil},
		{"the contract is closed", false, "2029-01-14", false, false, []string{"azure|900|2026-10|*|EUR held contract-missing/azure|900|2026-10|*|EUR"}},
		{"it stands, and the contract ended the day before", true, "2026-10-30", true, false, nil},
	} {
		s := ledgerScene()
		s.asks(ask{"900 *": 10000})
		if tc.stands {
			s.applied(t, s.plan())
			s.asks(ask{"900 *": 9000})
		}
		s.b.at.contracts[0].End, s.b.at.contracts[0].Active = date(tc.end), tc.active
		p := s.plan()
		same(t, tc.name, rebookedIn(p), tc.want)
		if wrote := len(p.Changes) > 0; wrote != tc.writes || wrote == (len(p.Findings) > 0) {
			t.Errorf("%s: %v, %v", tc.name, charged(p), findingsIn(p))
		}
	}
}

// What a clerk reads when somebody changed the amount of a charge, whether it is to be restored or taken back.
func TestAnAmountThatAHandChanged(t *testing.T) {
	for then, money := range map[*ask]string{{"900 *": 10000}: "100.00 EUR", {}: "90.00 EUR"} {
		s := ledgerScene()
		s.asks(ask{"900 *": 10000})
		s.applied(t, s.plan())
		s.b.at.charges[0].UnitPrice = euros(9000)
		s.asks(*then)
		same(t, fmt.Sprint(*then), findingsIn(s.plan()), []string{
			"changed-by-hand/azure|900|2026-10|*|EUR | Microsoft Azure 2026-10: The amount was changed by hand: Spindle wrote 100.00 EUR, Autotask now has 90.00 EUR. | Approve the change to restore what Microsoft's data give, or reject it to keep the hand edit. | " + money})
	}
}

// A plan for one customer touches his charges and those his money is together with, and says nothing of others, however wrong they are.
func TestTheChargesOfOneCustomer(t *testing.T) {
	for customer, want := range map[billing.CustomerID][]string{
		"":   {`charge 901 "Files 2026-10" +7.00 EUR`, `charge 900 "Compute 2026-10" +5.00 EUR`, `charge 900 "Storage 2026-10" +6.00 EUR`},
		"c1": {`charge 900 "Compute 2026-10" +5.00 EUR`, `charge 900 "Storage 2026-10" +6.00 EUR`},
		"c2": {`charge 900 "Compute 2026-10" +5.00 EUR`, `charge 900 "Storage 2026-10" +6.00 EUR`},
		"c3": {`charge 901 "Files 2026-10" +7.00 EUR`},
		"c4": nil, "c5": nil,
	} {
		s := ledgerScene()
		s.asks(ask{"900 Compute c1": 500, "900 Storage c2": 600, "901 Files c3": 700, "902 Backup c4": 800})
		twice := s.asked("902 Backup c4", 800)
		for i, id := range []billing.ChargeID{"7", "8"} { // the one of c4 is there twice
			s.b.at.charges = append(s.b.at.charges, billing.Charge{ID: id, Mark: twice.Mark, ContractID: "902", Quantity: money.Int(int64(i + 1)), UnitPrice: euros(800)})
		}
		in := s.input()
		in.Customer = customer
		p := Make(in)
		got := charged(p)
		slices.Sort(got)
		same(t, string(customer), got, slices.Sorted(slices.Values(want)))
		if said := len(p.Findings) > 0; said != (customer == "c4" || customer == "") {
			t.Errorf("%q: %v", customer, findingsIn(p))
		}
	}
}

// TestAChargeWhoseCustomerIsSwitchedOff: nothing is written for him (law 1), the finding says what stands, and switched on again all is in step.
func TestAChargeWhoseCustomerIsSwitchedOff(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 10000})
	s.applied(t, s.plan())
	s.asks(ask{})
	off(s)
	s.enabled = nil
	p := s.plan()
	if len(p.Changes) != 0 || len(p.Findings) != 1 {
		t.Fatalf("%s", text(p))
	}
	want := billing.Finding{
		Kind: billing.FindingNotEnabled, Subject: "azure|900|2026-10|*|EUR", CustomerID: "c1", Customer: "Alder", Money: euros(10000),
		Message: "Microsoft Azure 2026-10: 100.00 EUR stand on contract 900 and are not posted yet, but billing is off for this customer.",
		Remedy:  "Switch billing on to let Spindle keep the charge in step, or delete it in Autotask if it is not owed.",
	}
	if got := p.Findings[0]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v", got)
	}
	s.enabled = []billing.CustomerID{"c1"}
	s.asks(ask{"900 *": 10000})
	if p := s.plan(); len(p.Changes)+len(p.Findings) != 0 {
		t.Errorf("switched on again: %s", text(p))
	}
}
