package plan

import (
	"fmt"
	"slices"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

func TestStands(t *testing.T) {
	rows := func(units int64) []billing.UnitRow {
		p := billing.Period{Start: date("2026-11-15"), End: date("2026-12-15")}
		q := billing.Period{Start: date("2026-12-15"), End: date("2027-01-15")}
		return []billing.UnitRow{{Period: p, Units: units, Price: euros(1000).Mul(money.Int(units))}, {Period: q, Units: units, Price: euros(1000).Mul(money.Int(units))}}
	}
	line := func(id, mark string, units int64) billing.ContractService {
		return billing.ContractService{ID: billing.ContractServiceID(id), ContractID: "900", ServiceID: "800", Mark: mark, Rows: rows(units)}
	}
	charge := func(id string, cents int64, billed bool) billing.Charge {
		return billing.Charge{ID: billing.ChargeID(id), Mark: "SPN-c", Quantity: money.Int(1), UnitPrice: euros(cents), Billed: billed}
	}
	lines := func(l ...billing.ContractService) billing.Observed { return billing.Observed{Lines: l} }
	charges := func(c ...billing.Charge) billing.Observed { return billing.Observed{Charges: c} }
	contract := func(end string) billing.Observed {
		return billing.Observed{Contracts: []billing.Contract{{ID: "900", Mark: "SPN-m", End: date(end)}}}
	}
	five, six, ten, eleven := euros(500), euros(600), euros(1000), euros(1100)
	fine := money.Of(money.New(50049, -4), "EUR")
	at := Change{Contract: billing.Ref{ID: "900"}, Service: billing.Ref{ID: "800"}, Effective: date("2026-11-20")}
	kind := func(k ChangeKind, set func(*Change)) Change { c := at; c.Kind = k; set(&c); return c }
	byMark := func(c *Change) { c.Line = billing.Ref{Mark: "m"} }
	increase := kind(Increase, func(c *Change) { c.Line, c.Before.Units, c.After.Units = billing.Ref{ID: "1"}, 5, 7 })
	reprice := kind(Reprice, func(c *Change) {
		c.Line, c.Before, c.After = billing.Ref{ID: "1"}, State{Units: 5, UnitPrice: &eleven}, State{Units: 5, UnitPrice: &ten}
	})
	create := kind(CreateCharge, func(c *Change) { c.Charge, c.After.Amount = billing.Ref{Mark: "SPN-c"}, &six })
	correct := kind(CorrectCharge, func(c *Change) { c.Charge, c.Before.Amount, c.After.Amount = billing.Ref{Mark: "SPN-c"}, &five, &six })
	remove := kind(RemoveCharge, func(c *Change) { c.Charge, c.Before.Amount = billing.Ref{Mark: "SPN-c"}, &five })
	newContract := kind(CreateContract, func(c *Change) { c.Contract = billing.Ref{Mark: "SPN-m"} })
	extend := kind(ExtendContract, func(c *Change) { c.Before.End, c.After.End = date("2026-12-31"), date("2027-12-31") })
	newService := kind(CreateService, func(c *Change) { c.Service = billing.Ref{Mark: "s"} })
	attach, mark := kind(AttachService, byMark), kind(MarkLine, func(c *Change) { c.Line = billing.Ref{ID: "1", Mark: "m"} })
	repeat := kind(AddRepeat, func(c *Change) { byMark(c); c.Instances = []billing.ContractServiceID{"1"} })

	for _, tc := range []struct {
		name   string
		change Change
		now    billing.Observed
		early  bool
		want   Standing
	}{
		{"contract absent", newContract, billing.Observed{}, false, Due},
		{"contract there", newContract, contract("2026-12-31"), false, Done},
		{"contract twice", newContract, billing.Observed{Contracts: []billing.Contract{{Mark: "SPN-m"}, {Mark: "SPN-m"}}}, false, Moved},
		{"extension due", extend, contract("2026-12-31"), false, Due},
		{"extension done", extend, contract("2027-12-31"), false, Done},
		{"extended further", extend, contract("2028-12-31"), false, Done},
		{"shortened", extend, contract("2026-11-30"), false, Moved},
		{"contract to extend gone", extend, billing.Observed{}, false, Moved},
		{"service absent", newService, billing.Observed{}, false, Due},
		{"service there", newService, billing.Observed{Services: []billing.Service{{Mark: "s"}}}, false, Done},
		{"attach due", attach, lines(), false, Due},
		{"attach done", attach, lines(line("1", "m", 0)), false, Done},
		{"attached by a hand meanwhile", attach, lines(line("1", "", 4)), false, Moved},
		{"repeat due", repeat, lines(line("1", "", 4)), false, Due},
		{"repeat beside a marked sibling", repeat, lines(line("1", "", 4), line("2", "other", 4)), false, Due},
		{"repeat that came without its mark", repeat, lines(line("1", "", 4), line("2", "", 4)), false, Moved},
		{"repeat done", repeat, lines(line("1", "", 4), line("2", "m", 4)), false, Done},
		{"mark due", mark, lines(line("1", "", 4)), false, Due},
		{"mark done", mark, lines(line("1", "m", 4)), false, Done},
		{"another mark", mark, lines(line("1", "x", 4)), false, Moved},
		{"line to mark gone", mark, lines(), false, Moved},
		{"increase due", increase, lines(line("1", "m", 5)), false, Due},
		{"increase done", increase, lines(line("1", "m", 7)), false, Done},
		{"increase moved", increase, lines(line("1", "m", 6)), false, Moved},
		{"increase behind another", increase, lines(line("1", "m", 6)), true, Due},
		{"line to increase gone", increase, lines(), false, Moved},
		{"line that the plan brings", kind(Increase, byMark), lines(), true, Due},
		{"decrease due", kind(Decrease, func(c *Change) { *c = increase; c.Kind, c.After.Units = Decrease, 3 }), lines(line("1", "m", 5)), false, Due},
		{"end done", kind(End, func(c *Change) { *c = increase; c.Kind, c.After.Units = End, 0 }), lines(line("1", "m", 0)), false, Done},
		{"reprice done", reprice, lines(line("1", "m", 5)), false, Done},
		{"reprice due", kind(Reprice, func(c *Change) { *c = reprice; c.Before.UnitPrice, c.After.UnitPrice = &ten, &eleven }), lines(line("1", "m", 5)), false, Due},
		{"reprice of another quantity", kind(Reprice, func(c *Change) { *c = reprice; c.Before.UnitPrice, c.After.UnitPrice = &ten, &eleven }), lines(line("1", "m", 6)), false, Moved},
		{"charge due", create, charges(), false, Due},
		{"charge there", create, charges(charge("1", 600, false)), false, Done},
		{"charge there with other money", create, charges(charge("1", 500, false)), false, Moved},
		{"charge twice", create, charges(charge("1", 600, false), charge("2", 600, false)), false, Moved},
		{"correction due", correct, charges(charge("1", 500, false)), false, Due},
		{"correction done", correct, charges(charge("1", 600, false)), false, Done},
		{"correction of a billed one", correct, charges(charge("1", 500, true)), false, Moved},
		{"correction of a third amount", correct, charges(charge("1", 550, false)), false, Moved},
		{"correction of a deleted one", correct, charges(), false, Moved},
		{"correction due of what the target rounded", kind(CorrectCharge, func(c *Change) { *c = correct; c.Before.Amount = &fine }), charges(charge("1", 500, false)), false, Due},
		{"correction done and rounded", kind(CorrectCharge, func(c *Change) { *c = correct; c.Before.Amount, c.After.Amount = &six, &fine }), charges(charge("1", 500, false)), false, Done},
		{"correction due of four digits that the target kept", kind(CorrectCharge, func(c *Change) { *c = correct; c.Before.Amount = &fine }),
			charges(billing.Charge{ID: "1", Mark: "SPN-c", Quantity: money.Int(1), UnitPrice: fine}), false, Due},
		{"a cent is no rounding", kind(CorrectCharge, func(c *Change) { *c = correct; c.Before.Amount = &fine }), charges(charge("1", 501, false)), false, Moved},
		{"removal due of what the target rounded", kind(RemoveCharge, func(c *Change) { *c = remove; c.Before.Amount = &fine }), charges(charge("1", 500, false)), false, Due},
		{"removal due", remove, charges(charge("1", 500, false)), false, Due},
		{"removal done", remove, charges(), false, Done},
		{"removal of a billed one", remove, charges(charge("1", 500, true)), false, Moved},
	} {
		if got, why := Stands(tc.change, tc.now, tc.early); got != tc.want {
			t.Errorf("%s: %s (%s), want %s", tc.name, got, why, tc.want)
		} else if got != Due && why == "" {
			t.Errorf("%s: %s without a reason", tc.name, got)
		}
	}
}

// Which contract service a change is about when the plan has only a mark for it, and which ones make it stale: an unmarked instance of the same service on the
// same contract may be ours or somebody else's; anything on another contract, of another service or under a mark is neither.
func TestWhichContractServiceAChangeMeans(t *testing.T) {
	line := func(id, contract, service, mark string, units int64) billing.ContractService {
		return billing.ContractService{ID: billing.ContractServiceID(id), ContractID: billing.ContractID(contract), ServiceID: billing.ServiceID(service), Mark: mark,
			Rows: rowsOf(t, fmt.Sprintf("2026-11-15 2026-12-15 %d 0", units))}
	}
	change := func(kind ChangeKind, contract string, ref billing.Ref) Change {
		return Change{Kind: kind, Contract: billing.Ref{ID: contract, Mark: "SPN-m"}, Service: billing.Ref{ID: "800"}, Line: ref, Effective: date("2026-11-20"), Before: State{Units: 5}, After: State{Units: 7}}
	}
	const gone, appeared = "the contract service is not there any more", "contract service 1 with the same service appeared without a mark"
	byID, byMark := billing.Ref{ID: "1", Mark: "m"}, billing.Ref{Mark: "m"}
	for _, tc := range []struct {
		name string
		c    Change
		now  billing.ContractService
		want Standing
		why  string
	}{
		{"an unmarked instance appeared", change(AttachService, "900", byMark), line("1", "900", "800", "", 5), Moved, appeared},
		{"of another service", change(AttachService, "900", byMark), line("1", "900", "801", "", 5), Due, ""},
		{"on another contract", change(AttachService, "900", byMark), line("1", "910", "800", "", 5), Due, ""},
		{"somebody's under another mark", change(AttachService, "900", byMark), line("1", "900", "800", "x", 5), Due, ""},
		{"the contract is made by the plan", change(AttachService, "", byMark), line("1", "900", "800", "", 5), Due, ""},
		{"a repeat appeared", change(AddRepeat, "900", byMark), line("1", "900", "800", "", 5), Moved, appeared},
		{"a repeat of another service", change(AddRepeat, "900", byMark), line("1", "900", "801", "", 5), Due, ""},
		{"a repeat on another contract", change(AddRepeat, "900", byMark), line("1", "910", "800", "", 5), Due, ""},
		{"our mark is on the contract", change(AttachService, "900", byMark), line("1", "900", "800", "m", 0), Done, "the service is on the contract"},
		{"our mark is on another contract", change(AttachService, "900", byMark), line("1", "910", "800", "m", 0), Due, ""},
		{"our mark, and the contract had no number when it was planned", change(AttachService, "", byMark), line("1", "900", "800", "m", 0), Done, "the service is on the contract"},
		{"the second step of a line that is not there yet", change(Increase, "900", byMark), line("9", "900", "800", "", 1), Due, ""},
		{"found by its mark, as the plan saw it", change(Increase, "900", byMark), line("1", "900", "800", "m", 5), Due, ""},
		{"found by its mark, and done", change(Increase, "900", byMark), line("1", "900", "800", "m", 7), Done, "7 units stand on 2026-11-20 already"},
		{"found by its mark, and moved", change(Increase, "900", byMark), line("1", "900", "800", "m", 6), Moved, "6 units stand on 2026-11-20, the plan saw 5"},
		{"its mark on another contract is another line", change(Increase, "900", byMark), line("1", "910", "800", "m", 6), Due, ""},
		{"its number goes before its mark", change(Increase, "900", byID), line("2", "900", "800", "m", 7), Moved, gone},
		{"its number, and somebody took the mark off", change(Increase, "900", byID), line("1", "900", "800", "", 7), Done, "7 units stand on 2026-11-20 already"},
		{"neither number nor mark: nothing is taken for it", change(Increase, "900", billing.Ref{}), line("1", "900", "800", "", 7), Due, ""},
	} {
		if got, why := Stands(tc.c, billing.Observed{Lines: []billing.ContractService{tc.now}}, false); got != tc.want || why != tc.why {
			t.Errorf("%s: %s, %q; want %s, %q", tc.name, got, why, tc.want, tc.why)
		}
	}
}

// What the price of a line says about a change that sets one: a price that nobody saw proves nothing, the new price already there is no surprise, and the part
// of a period that an adjustment may have cut tells no price.
func TestWhatThePriceOfALineProves(t *testing.T) {
	ten, eleven := euros(1000), euros(1100)
	change := func(kind ChangeKind, units int64, before, after *money.Amount) Change {
		return Change{Kind: kind, Line: billing.Ref{ID: "1"}, Effective: date("2026-11-15"), Before: State{Units: 5, UnitPrice: before}, After: State{Units: units, UnitPrice: after},
			Adjust: &Adjustment{UnitChange: units - 5, UnitPrice: after}}
	}
	for _, tc := range []struct {
		name   string
		c      Change
		period billing.PeriodType // of the service; the contract is monthly
		rows   []string
		want   Standing
		why    string
	}{
		{"as the plan saw it", change(Increase, 7, &ten, &eleven), month, []string{"2026-11-15 2026-12-15 5 5000"}, Due, ""},
		{"a hand gave another price", change(Increase, 7, &ten, &eleven), month, []string{"2026-11-15 2026-12-15 5 4750"}, Moved, "a unit costs 9.50 EUR on 2026-11-15, the plan saw 10.00 EUR"},
		{"a hand gave the new price, the seats are still missing", change(Increase, 7, &ten, &eleven), month, []string{"2026-11-15 2026-12-15 5 5500"}, Due, ""},
		{"the plan saw no price", change(Increase, 7, nil, &eleven), month, []string{"2026-11-15 2026-12-15 5 4750"}, Due, ""},
		{"a new price that the plan saw none before, and that is there", change(Reprice, 5, nil, &eleven), month, []string{"2026-11-15 2026-12-15 5 5500"}, Done, "it already bills 11.00 EUR a unit"},
		{"and that is not", change(Reprice, 5, nil, &eleven), month, []string{"2026-11-15 2026-12-15 5 5000"}, Due, ""},
		{"a new price from the very day", change(Reprice, 5, &ten, &eleven), month, []string{"2026-10-15 2026-11-15 5 5000", "2026-11-15 2026-12-15 5 5500"}, Done, "it already bills 11.00 EUR a unit"},
		{"a new price up to the day before", change(Reprice, 5, &ten, &eleven), month, []string{"2026-11-14 2026-11-15 5 5500", "2026-11-15 2026-12-15 5 5000"}, Due, ""},
		{"what may be a part of a year", change(Increase, 7, &ten, &eleven), year, []string{"2026-11-15 2026-12-15 5 4750", "2026-12-15 2027-01-15 5 4750"}, Due, ""},
	} {
		o := billing.Observed{Contracts: []billing.Contract{{ID: "900", PeriodType: month, Start: date("2026-01-15")}}, Services: []billing.Service{{ID: "800", PeriodType: tc.period}},
			Lines: []billing.ContractService{{ID: "1", ContractID: "900", ServiceID: "800", Rows: rowsOf(t, tc.rows...)}}}
		if got, why := Stands(tc.c, o, false); got != tc.want || why != tc.why {
			t.Errorf("%s: %s, %q; want %s, %q", tc.name, got, why, tc.want, tc.why)
		}
	}
}

// Whatever a plan does, before it is applied each first change is due, and after it each change is done.
func TestStandsFollowsAPlan(t *testing.T) {
	s := november(upNow)
	s.want.Service = billing.Ref{Mark: "spindle:x"}
	s.desired.Services = []billing.DesiredService{{Mark: "spindle:x", Name: "X", PeriodType: billing.PeriodMonth, UnitPrice: euros(900)}}
	s.charge("azure", 500)
	p := s.plan()
	for _, c := range p.Changes {
		if got, why := Stands(c, s.b.at.read(), len(c.Requires) > 0); got != Due {
			t.Errorf("%s before: %s (%s)", c.Kind, got, why)
		}
		if err := s.b.apply(c); err != nil {
			t.Fatal(err)
		}
		if got, why := Stands(c, s.b.at.read(), false); got != Done {
			t.Errorf("%s after: %s (%s)", c.Kind, got, why)
		}
	}
}

func TestChangeIDs(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.want.Units = 7
	first := s.plan()
	s.b.at.day = s.b.at.day.AddDays(2)
	s.want.Name, s.want.CostBasis, s.want.Holds = "Renamed", "another basis", []billing.Hold{{Policy: "x"}}
	if again := s.plan(); again.Changes[0].ID != first.Changes[0].ID {
		t.Error("the same proposal has another id after a day, a new name, proof and hold")
	}
	seen := []string{first.Changes[0].ID}
	for _, change := range []func(){
		func() { s.want.Units = 8 },
		func() { price := euros(1100); s.want.UnitPrice = &price },
		func() { s.want.Policy = trueDate },
	} {
		change()
		id := s.plan().Changes[0].ID
		if slices.Contains(seen, id) {
			t.Errorf("another proposal has the id %s again", id)
		}
		seen = append(seen, id)
	}
}

func TestTheFingerprintCoversBothSides(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	first := s.plan().Fingerprint
	s.b.at.contracts[0].Name = "Renamed"
	if s.plan().Fingerprint != first {
		t.Error("a name changes the fingerprint")
	}
	s.b.at.post(s.b.at.lines[0], s.b.at.day)
	if s.plan().Fingerprint == first {
		t.Error("a posted row does not change the fingerprint")
	}
}

// A plan is applied halfway, the target moves, and the rest is looked at again: what the clerk reads about each change.
func TestStandingsInWords(t *testing.T) {
	s := november(upNow)
	l := s.stands(5, "2026-03-10")
	s.want.Units = 7
	more := s.plan().Changes[0]
	for _, step := range []struct {
		name string
		do   func()
		want Standing
		why  string
	}{
		{"untouched", func() {}, Due, ""},
		{"a hand took the plan's step", func() { byHand("2026-11-15", 2, 0)(s) }, Done, "7 units stand on 2026-11-15 already"},
		{"a hand went further", func() { byHand("2026-11-16", 1, 0)(s) }, Done, "7 units stand on 2026-11-15 already"}, // the next plan sees the sixteenth
		{"the day itself was changed", func() { l.adjustments[1].delta = 4 }, Moved, "9 units stand on 2026-11-15, the plan saw 5"},
		{"the line was removed", func() { s.b.at.lines = nil }, Moved, "the contract service is not there any more"},
	} {
		step.do()
		if got, why := Stands(more, s.b.at.read(), false); got != step.want || why != step.why {
			t.Errorf("%s: %s, %q; want %s, %q", step.name, got, why, step.want, step.why)
		}
	}
}

func TestStandingsOfAContractInWords(t *testing.T) {
	s := managedScene("2026-11-20", "2026-12-31")
	extend := s.plan().Changes[0]
	for _, tc := range []struct {
		end  string
		want Standing
		why  string
	}{
		{"2026-12-31", Due, ""},
		{"2027-12-31", Done, "the contract already ends on 2027-12-31"},
		{"2030-12-31", Done, "the contract already ends on 2030-12-31"},
		{"2026-11-30", Moved, "the contract now ends on 2026-11-30, the plan saw 2026-12-31"},
		{"2027-06-30", Moved, "the contract now ends on 2027-06-30, the plan saw 2026-12-31"},
	} {
		s.b.at.contracts[1].End = date(tc.end)
		if got, why := Stands(extend, s.b.at.read(), false); got != tc.want || why != tc.why {
			t.Errorf("ends %s: %s, %q; want %s, %q", tc.end, got, why, tc.want, tc.why)
		}
	}
	s.b.at.contracts = s.b.at.contracts[:1]
	if got, why := Stands(extend, s.b.at.read(), false); got != Moved || why != "the contract is not there any more" {
		t.Errorf("gone: %s, %q", got, why)
	}
}

// What cannot be told from units is told from rows that bill the new price, and only from those.
func TestANewPriceIsDoneWhenARowBillsIt(t *testing.T) {
	ten, eleven := euros(1000), euros(1100)
	change := Change{Kind: Reprice, Line: billing.Ref{ID: "1"}, Effective: date("2026-11-20"), Before: State{Units: 5, UnitPrice: &ten}, After: State{Units: 5, UnitPrice: &eleven}}
	for _, tc := range []struct {
		name string
		rows []string
		want Standing
	}{
		{"nothing changed", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, Due},
		{"a prorated part proves nothing, the whole row after it does", []string{"2026-11-15 2026-11-20 5 833", "2026-11-20 2026-12-15 5 4583", "2026-12-15 2027-01-15 5 5500"}, Done},
		{"a row before the day proves nothing", []string{"2026-11-15 2026-12-15 5 5500", "2026-12-15 2027-01-15 5 5000"}, Due},
		{"no units prove nothing", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 0 0"}, Due},
		{"other units moved", []string{"2026-11-15 2026-12-15 6 6000", "2026-12-15 2027-01-15 6 6000"}, Moved},
	} {
		o := billing.Observed{Lines: []billing.ContractService{{ID: "1", Rows: rowsOf(t, tc.rows...)}}}
		if got, why := Stands(change, o, false); got != tc.want {
			t.Errorf("%s: %s (%s), want %s", tc.name, got, why, tc.want)
		}
	}
	change.Before.UnitPrice = &eleven // repeated behind a change that waits: the rows cannot tell that it was sent
	o := billing.Observed{Lines: []billing.ContractService{{ID: "1", Rows: rowsOf(t, "2026-11-15 2026-12-15 5 5500", "2026-12-15 2027-01-15 5 5500")}}}
	if got, why := Stands(change, o, false); got != Due {
		t.Errorf("a repeated price: %s (%s)", got, why)
	}
}
