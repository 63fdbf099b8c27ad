package plan

import (
	"fmt"
	"reflect"
	"testing"

	"spindle/internal/billing"
)

// Where source lines end whose charge is not written is put into their dispositions, and only there (law 6): what is held or excluded, or ends
// in another charge, stays where it was.
func TestRebook(t *testing.T) {
	line := func(row int, outcome billing.Outcome, by string) billing.Disposition {
		return billing.Disposition{LineKey: "s", Row: row, Outcome: outcome, By: by, Cost: euros(int64(row))}
	}
	given := []billing.Disposition{line(1, billing.Billed, "a"), line(2, billing.Billed, "b"), line(3, billing.HeldBack, "a"), line(4, billing.Excluded, "c"), line(5, billing.Billed, "c")}
	before := append([]billing.Disposition(nil), given...)
	p := Plan{Rebooked: map[string]Rebooking{"a": {billing.HeldBack, "duplicate/x"}, "c": {billing.Billed, "d"}}}
	want := []billing.Disposition{line(1, billing.HeldBack, "duplicate/x"), line(2, billing.Billed, "b"), line(3, billing.HeldBack, "a"), line(4, billing.Excluded, "c"), line(5, billing.Billed, "d")}
	if got := p.Rebook(given); !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	if !reflect.DeepEqual(given, before) {
		t.Errorf("what was given was changed: %v", given)
	}
	if got := (Plan{}).Rebook(given); !reflect.DeepEqual(got, given) {
		t.Errorf("nothing is rebooked, but %v", got)
	}
}

// The ledger keeps everybody whose money was ever in a charge: what moves away is still looked for there.
func TestWhatTheLedgerKeeps(t *testing.T) {
	s := ledgerScene()
	first, then := s.asked("900 * c2+c1", 10000), s.asked("900 * c3+c1", 9000)
	first.UnitCost, then.UnitCost = euros(8000), euros(7000)
	create := Change{Kind: CreateCharge, ChargeKey: first.Key, CustomerID: "c2", Customer: "Birch", Contract: billing.Ref{ID: "900"}, Charge: billing.Ref{Mark: first.Mark}, NewCharge: &first}
	l := Charged{}.After(create, "7")
	want := Charged{Key: first.Key, Mark: first.Mark, ID: "7", CustomerID: "c2", Customer: "Birch", Customers: []billing.CustomerID{"c1", "c2"}, CompanyID: "1", ContractID: "900", Month: "2026-10",
		Name: first.Name, Amount: euros(10000), Cost: euros(8000)}
	if fmt.Sprintf("%+v", l) != fmt.Sprintf("%+v", want) {
		t.Errorf("created: %+v\nwant %+v", l, want)
	}
	correct := create
	correct.Kind, correct.CustomerID, correct.Customer, correct.NewCharge = CorrectCharge, "c3", "Cedar", &then
	l = l.After(correct, "7")
	want.CustomerID, want.Customer, want.Customers, want.Amount, want.Cost = "c3", "Cedar", []billing.CustomerID{"c1", "c2", "c3"}, euros(9000), euros(7000)
	if fmt.Sprintf("%+v", l) != fmt.Sprintf("%+v", want) {
		t.Errorf("corrected: %+v\nwant %+v", l, want)
	}
	l = l.After(Change{Kind: RemoveCharge, ChargeKey: first.Key, Charge: billing.Ref{ID: "7", Mark: first.Mark}}, "7")
	want.ID = ""
	if fmt.Sprintf("%+v", l) != fmt.Sprintf("%+v", want) {
		t.Errorf("removed: %+v\nwant %+v", l, want)
	}
	refused := l.RefusedAs(correct, "closed")
	want.Refused = "closed"
	if fmt.Sprintf("%+v", refused) != fmt.Sprintf("%+v", want) {
		t.Errorf("refused: %+v\nwant %+v", refused, want)
	}
	if again := refused.After(create, "8"); again.Refused != "" || again.ID != "8" {
		t.Errorf("taken after all: %+v", again)
	}
}
