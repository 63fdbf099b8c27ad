package plan

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// Why a change is not sent, or need not be, in the words that a clerk finds beside it.
func TestWhyAChangeIsStale(t *testing.T) {
	five, six := euros(500), euros(600)
	mine := billing.Charge{ID: "7", Mark: "SPN-c", Quantity: money.Int(1), UnitPrice: euros(500)}
	other, posted, done, by4 := mine, mine, mine, mine
	other.ID, other.Mark, posted.Billed, done.UnitPrice = "8", "SPN-x", true, euros(600)
	by4.UnitPrice = money.Of(money.New(49999, -4), "EUR")
	correct := Change{Kind: CorrectCharge, Charge: billing.Ref{ID: "7", Mark: "SPN-c"}, Before: State{Amount: &five}, After: State{Amount: &six}}
	create := Change{Kind: CreateCharge, Charge: billing.Ref{Mark: "SPN-c"}, After: State{Amount: &six}}
	remove := Change{Kind: RemoveCharge, Charge: billing.Ref{ID: "7", Mark: "SPN-c"}, Before: State{Amount: &five}}
	line := func(mark string) billing.Observed {
		return billing.Observed{Lines: []billing.ContractService{{ID: "1", ContractID: "900", ServiceID: "800", Mark: mark}}}
	}
	at := func(kind ChangeKind, ref billing.Ref) Change {
		return Change{Kind: kind, Contract: billing.Ref{ID: "900"}, Service: billing.Ref{ID: "800"}, Line: ref}
	}
	charges := func(all ...billing.Charge) billing.Observed { return billing.Observed{Charges: all} }
	for _, tc := range []struct {
		name string
		c    Change
		now  billing.Observed
		want Standing
		why  string
	}{
		{"a contract is there", Change{Kind: CreateContract, Contract: billing.Ref{Mark: "SPN-m"}}, billing.Observed{Contracts: []billing.Contract{{Mark: "SPN-m"}, {Mark: "SPN-x"}}}, Done, "a contract with our mark is there"},
		{"two are", Change{Kind: CreateContract, Contract: billing.Ref{Mark: "SPN-m"}}, billing.Observed{Contracts: []billing.Contract{{Mark: "SPN-m"}, {Mark: "SPN-m"}}}, Moved, "2 contracts carry our mark"},
		{"none is", Change{Kind: CreateContract, Contract: billing.Ref{Mark: "SPN-m"}}, billing.Observed{Contracts: []billing.Contract{{Mark: "SPN-x"}}}, Due, ""},
		{"a service is there", Change{Kind: CreateService, Service: billing.Ref{Mark: "s"}}, billing.Observed{Services: []billing.Service{{Mark: "s"}, {Mark: "x"}}}, Done, "a service with our mark is there"},
		{"two services are", Change{Kind: CreateService, Service: billing.Ref{Mark: "s"}}, billing.Observed{Services: []billing.Service{{Mark: "s"}, {Mark: "s"}}}, Moved, "2 services carry our mark"},
		{"a charge as the plan saw it", correct, charges(other, mine), Due, ""},
		{"one that somebody else wrote", create, charges(other), Due, ""},
		{"a charge whose mark was erased", correct, charges(billing.Charge{ID: "7", Quantity: money.Int(1), UnitPrice: euros(500)}), Due, ""},
		{"a charge is there twice", correct, charges(mine, billing.Charge{ID: "9", Mark: "SPN-c"}), Moved, "2 charges carry our mark"},
		{"a charge is gone that was to go", remove, charges(other), Done, "the charge is gone"},
		{"a charge is gone that was to change", correct, charges(other), Moved, "the charge is not there any more"},
		{"a charge bills that already", correct, charges(done), Done, "the charge already bills 6.00 EUR"},
		{"a charge was posted", correct, charges(posted), Moved, "the charge was posted"},
		{"a charge bills something else", correct, charges(by4), Moved, "the charge now bills 4.9999 EUR"},
		{"the service is there", at(AttachService, billing.Ref{Mark: "m"}), line("m"), Done, "the service is on the contract"},
		{"the instance is there", at(AddRepeat, billing.Ref{Mark: "m"}), line("m"), Done, "the instance is on the contract"},
		{"an unmarked one appeared", at(AddRepeat, billing.Ref{Mark: "m"}), line(""), Moved, "contract service 1 with the same service appeared without a mark"},
		{"the line is gone", at(Increase, billing.Ref{ID: "2"}), line("m"), Moved, "the contract service is not there any more"},
		{"the mark is there", at(MarkLine, billing.Ref{ID: "1", Mark: "m"}), line("m"), Done, "the mark is there"},
		{"another mark is there", at(MarkLine, billing.Ref{ID: "1", Mark: "m"}), line("x"), Moved, "another mark is there"},
		{"no mark is there", at(MarkLine, billing.Ref{ID: "1", Mark: "m"}), line(""), Due, ""},
	} {
		if got, why := Stands(tc.c, tc.now, false); got != tc.want || why != tc.why {
			t.Errorf("%s: %s, %q; want %s, %q", tc.name, got, why, tc.want, tc.why)
		}
	}
}

// Whether a quantity stood still between two days: neither a row nor what brings earlier days in step may change it after the first and up to the
// second one.
func TestWhetherAQuantityStoodStill(t *testing.T) {
	still := []string{"2026-11-01 2026-12-01 5 5000", "2026-12-01 2027-01-01 5 5000"}
	turned := []string{"2026-11-01 2026-11-10 5 1500", "2026-11-10 2026-12-01 6 4200", "2026-12-01 2027-01-01 6 6000"}
	for _, tc := range []struct {
		name     string
		rows     []string
		prior    []string
		from, to string
		want     bool
	}{
		{"rows that go on", still, nil, "2026-11-05", "2026-12-09", true},
		{"a row that changes it", turned, nil, "2026-11-05", "2026-11-20", false},
		{"on the second day", turned, nil, "2026-11-05", "2026-11-10", false},
		{"on the first day", turned, nil, "2026-11-10", "2026-11-20", true},
		{"behind both", turned, nil, "2026-11-01", "2026-11-09", true},
		{"a step that changes it", still, []string{"2026-11-10 2"}, "2026-11-05", "2026-11-20", false},
		{"one seat more", still, []string{"2026-11-10 1"}, "2026-11-05", "2026-11-20", false},
		{"a step of the second day", still, []string{"2026-11-20 2"}, "2026-11-05", "2026-11-20", false},
		{"a step of the first day", still, []string{"2026-11-05 2"}, "2026-11-05", "2026-11-20", true},
		{"a step behind both", still, []string{"2026-11-21 2"}, "2026-11-05", "2026-11-20", true},
		{"a step of a price alone", still, []string{"2026-11-10 0"}, "2026-11-05", "2026-11-20", true},
	} {
		s := rowsSubject(t, month, month, tc.rows...)
		s.prior = stepsAt(t, tc.prior...)
		if got := s.unchanged(date(tc.from), date(tc.to)); got != tc.want {
			t.Errorf("%s: %t", tc.name, got)
		}
	}
	s := rowsSubject(t, month, month, "2026-11-01 2026-11-10 1 300", "2026-11-10 2026-11-20 0 0", "2026-11-20 2026-12-01 1 366", "2026-12-01 2027-01-01 1 1000")
	for i, want := range []bool{false, false, true, false} {
		if got := s.beginsAnew(i); got != want {
			t.Errorf("row %d begins anew: %t", i, got)
		}
	}
}
