package plan

import (
	"fmt"
	"slices"
	"testing"

	"spindle/internal/billing"
)

func TestIDsAreOrderedAsNumbers(t *testing.T) {
	ordered := []string{"", "7", "9", "10", "99", "100", "29683", "29684"}
	for i, a := range ordered {
		for j, b := range ordered {
			got := compareIDs(a, b)
			if (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%q and %q: %d", a, b, got)
			}
		}
	}
}

func TestWhatIsInOrderIsNotCopied(t *testing.T) {
	in := Input{Observed: seen()}
	if got := inOrder(in); &got.Observed.Lines[0] != &in.Observed.Lines[0] || &got.Observed.Lines[0].Rows[0] != &in.Observed.Lines[0].Rows[0] {
		t.Error("lines in order were copied")
	}
	rows := in.Observed.Lines[0].Rows
	rows[0], rows[1] = rows[1], rows[0]
	got := inOrder(in)
	if got.Observed.Lines[0].Rows[0].ID != "11" {
		t.Errorf("rows %v", got.Observed.Lines[0].Rows)
	}
	if rows[0].ID != "12" || in.Observed.Lines[0].Rows[0].ID != "12" {
		t.Error("the rows of the input were sorted in place")
	}
	in.Observed.Lines = append([]billing.ContractService{{ID: "10"}}, in.Observed.Lines...)
	if got := inOrder(in); got.Observed.Lines[0].ID != "1" || in.Observed.Lines[0].ID != "10" {
		t.Errorf("lines %s, input %s", got.Observed.Lines[0].ID, in.Observed.Lines[0].ID)
	}
}

// A reference leads to its id; without one to what our memory has for its mark, then to what carries the mark.
func TestReferences(t *testing.T) {
	o := seen()
	o.Contracts = append(o.Contracts, billing.Contract{ID: "901", Name: "Moved"})
	o.Services = append(o.Services, billing.Service{ID: "801", Name: "Moved"})
	for _, tc := range []struct {
		name              string
		ref               billing.Ref
		contract, service string // names; "" not found
		remember          bool   // that the marks stand for 901 and 801
	}{
		{"contract by id", billing.Ref{ID: "900"}, "Cloud", "", false},
		{"service by id", billing.Ref{ID: "800"}, "", "Premium", false},
		{"contract by mark", billing.Ref{Mark: "SPN-m"}, "Cloud", "", false},
		{"service by mark", billing.Ref{Mark: "spindle:s"}, "", "Premium", false},
		{"contract: memory goes before the mark", billing.Ref{Mark: "SPN-m"}, "Moved", "", true},
		{"service: memory goes before the mark", billing.Ref{Mark: "spindle:s"}, "", "Moved", true},
		{"an id goes before memory", billing.Ref{ID: "900", Mark: "SPN-m"}, "Cloud", "", true},
		{"service: an id goes before memory", billing.Ref{ID: "800", Mark: "spindle:s"}, "", "Premium", true},
		{"nothing", billing.Ref{}, "", "", false},
		{"unknown", billing.Ref{ID: "77", Mark: "SPN-m"}, "", "", false},
	} {
		in := Input{Observed: o}
		if tc.remember {
			in.Memory.Contracts = map[string]billing.ContractID{"SPN-m": "901"}
			in.Memory.Services = map[string]billing.ServiceID{"spindle:s": "801"}
		}
		p := newPlanner(in)
		c, foundContract := p.contract(tc.ref)
		s, foundService := p.service(tc.ref)
		if foundContract != (tc.contract != "") || foundContract && c.Name != tc.contract {
			t.Errorf("%s: contract %v", tc.name, c)
		}
		if foundService != (tc.service != "") || foundService && s.Name != tc.service {
			t.Errorf("%s: service %v", tc.name, s)
		}
	}
}

// Lines that carry the same mark are all found, in the order of their ids, and none of them is lost to a neighbour.
func TestLinesByMark(t *testing.T) {
	var o billing.Observed
	marks := []string{"a", "b", "", "a", "c", "b", "a"}
	for i, mark := range marks {
		o.Lines = append(o.Lines, billing.ContractService{ID: billing.ContractServiceID(fmt.Sprint(i + 1)), ContractID: "900", ServiceID: "800", Mark: mark})
	}
	p := newPlanner(Input{Observed: o})
	for mark, want := range map[string]string{"a": "[1 4 7]", "b": "[2 6]", "c": "[5]", "": "[]", "x": "[]"} {
		ids := []billing.ContractServiceID{}
		for _, l := range p.stands().marks[mark] {
			ids = append(ids, l.ID)
		}
		if got := fmt.Sprint(ids); got != want {
			t.Errorf("mark %q: %s, want %s", mark, got, want)
		}
	}
	if got := len(p.stands().instances[instance{"900", "800"}]); got != len(marks) {
		t.Errorf("%d instances", got)
	}
	if got := len(p.stands().instances[instance{"9008", "00"}]); got != 0 {
		t.Errorf("%d instances of another contract", got)
	}
}

// The same mark on a line of another contract is not ours to take: the line that is wanted here is new.
func TestAMarkOnAnotherContractDoesNotLead(t *testing.T) {
	s := withSecondContract(november(upNow))
	l := s.b.at.addLine("910", "800", s.want.Mark)
	if err := s.b.at.adjust(l.id, date("2026-05-01"), 5, nil); err != nil {
		t.Fatal(err)
	}
	s.applied(t, s.expect(t, "attach-service 2026-11-15 0→0", "increase 2026-11-15 0→5 at 10.00 EUR"))
	if got := l.unitsOn(date("2026-12-01")); got != 5 {
		t.Errorf("the other line stands at %d", got)
	}
}

func TestDuplicateMarks(t *testing.T) {
	o := seen()
	o.Contracts = append(o.Contracts, billing.Contract{ID: "901", Mark: "SPN-m"})
	o.Services = append(o.Services, billing.Service{ID: "801", Mark: "spindle:s"})
	p := Make(Input{Desired: billing.Desired{Day: date("2026-11-20")}, Observed: o})
	same(t, "findings", findingsIn(p), []string{
		"duplicate/contract/SPN-m | Contracts 900 and 901 both carry our mark SPN-m; the first is used. | Remove the contract number from the one that is not used, in Autotask.",
		"duplicate/service/spindle:s | Services 800 and 801 both carry our mark spindle:s; the first is used. | Deactivate or rename the second one in Autotask.",
	})
	used := newPlanner(Input{Observed: o})
	if c, _ := used.contract(billing.Ref{Mark: "SPN-m"}); c.ID != "900" {
		t.Errorf("contract %s is used", c.ID)
	}
	if s, _ := used.service(billing.Ref{Mark: "spindle:s"}); s.ID != "800" {
		t.Errorf("service %s is used", s.ID)
	}
}

// Findings come in order, and one of those that say the same about the same thing is kept.
func TestOneFindingPerID(t *testing.T) {
	f := func(kind billing.FindingKind, subject, customer, message string) billing.Finding {
		return billing.Finding{Kind: kind, Subject: subject, CustomerID: billing.CustomerID(customer), Message: message}
	}
	in := []billing.Finding{f("b", "2", "c1", "second"), f("b", "1", "c2", "z"), f("a", "9", "", "x"), f("b", "1", "c1", "y"), f("b", "2", "c1", "first"), f("a", "10", "", "x")}
	same(t, "findings", findingsIn(Plan{Findings: onePerID(in)}), []string{"a/10 | x | ", "a/9 | x | ", "b/1 | y | ", "b/2 | first | "})
	if got := onePerID(nil); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestCustomerNames(t *testing.T) {
	p := newPlanner(Input{Desired: billing.Desired{
		Lines:   []billing.DesiredLine{{Key: "l", CustomerID: "c1", Customer: "Alder"}, {Key: "m", CustomerID: "c1", Customer: "Alder again"}, {Key: "n", CustomerID: "c4", Customer: "Dogwood"}, {Key: "o", CustomerID: "c1", Customer: "Alder once more"}},
		Charges: []billing.DesiredCharge{{CustomerID: "c2", Customer: "Birch"}, {CustomerID: "c1", Customer: "Charged"}}}})
	for id, want := range map[billing.CustomerID]string{"c1": "Alder", "c2": "Birch", "c3": "c3", "": ""} {
		if got := p.customerName(id); got != want {
			t.Errorf("%q is called %q, want %q", id, got, want)
		}
	}
	// Of two names that charges have for a customer, the one of the first key counts, however they come (law 4).
	for _, keys := range [][2]string{{"a", "b"}, {"b", "a"}} {
		p := newPlanner(inOrder(Input{Desired: billing.Desired{Charges: []billing.DesiredCharge{{Key: keys[0], CustomerID: "c1", Customer: "name of " + keys[0]}, {Key: keys[1], CustomerID: "c1", Customer: "name of " + keys[1]}}}}))
		if got := p.customerName("c1"); got != "name of a" {
			t.Errorf("with charges %v: %q", keys, got)
		}
	}
}

// A contract that still carries a mark of ours, but that nothing asks for any more, is the MSP's own again: a line that is mapped to it does not extend it.
func TestWhoseContractAMarkSays(t *testing.T) {
	for _, tc := range []struct {
		name      string
		ref, mark string // of the reference, and on the contract
		want      string
	}{
		{"nobody's", "", "", ""},
		{"managed, by the reference", "SPN-m", "SPN-m", "SPN-m"},
		{"managed, mapped by its number", "", "SPN-m", "SPN-m"},
		{"managed, and somebody took the mark off", "SPN-m", "", "SPN-m"},
		{"managed no longer", "", "SPN-old", ""},
		{"managed no longer, by the reference", "SPN-old", "SPN-old", ""},
		{"the reference goes before the mark", "SPN-m", "SPN-n", "SPN-m"},
		{"a reference that means nothing any more", "SPN-old", "SPN-n", "SPN-n"},
	} {
		c := billing.Contract{ID: "900", Mark: tc.mark}
		p := newPlanner(Input{Desired: billing.Desired{Contracts: []billing.DesiredContract{{Mark: "SPN-m"}, {Mark: "SPN-n"}}}, Observed: billing.Observed{Contracts: []billing.Contract{c}},
			Memory: Memory{Contracts: map[string]billing.ContractID{"SPN-m": "900"}}})
		if got := p.managedMark(billing.Ref{Mark: tc.ref}, &c); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.b.at.contracts[0].Mark, s.b.at.contracts[0].End, s.want.Units = "SPN-old", date("2026-12-14"), 3
	p := s.expect(t)
	same(t, "findings", findingsIn(p), []string{
		"contract-ends/900 | Contract \"Cloud\" ends on 2026-12-14, before the next billing period is over. | Extend or renew it in Autotask, or map the customer to another contract with spindle contracts map.",
		"contract-ends/line | Premium: The change would take effect on 2026-12-15, but contract \"Cloud\" ends on 2026-12-14. | Extend the contract in Autotask, or map the line to its successor with spindle contracts map. | 30.00 EUR",
	})
}

// Law 4: of two that carry one mark the first by its number is used, and what has no customer or contract keeps the order of its mark, however they are
// read. Nothing of it may depend on the page on which Autotask happens to list something.
func TestEverySliceIsPutInOrder(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 10000, "901 Storage c2": 500, "902 Files c3": 50})
	s.b.at.contracts = append(s.b.at.contracts, billing.Contract{ID: "99", Mark: "SPN-m", Name: "Ninety-nine", Active: true, Recurring: true, Start: date("2026-01-15"), End: date("2029-01-14")},
		billing.Contract{ID: "100", Mark: "SPN-m", Name: "Hundred", Active: true, Recurring: true, Start: date("2026-01-15"), End: date("2029-01-14")})
	s.b.at.services = append(s.b.at.services, billing.Service{ID: "9", Mark: "spindle:s", Active: true}, billing.Service{ID: "10", Mark: "spindle:s", Active: true})
	charge := s.asked("900 Third", 700)
	charge.Contract = billing.Ref{Mark: "SPN-m"}
	s.desired.Charges = append(s.desired.Charges, charge)
	for _, mark := range []string{"spindle:x", "spindle:y", "spindle:z"} {
		s.desired.Services = append(s.desired.Services, billing.DesiredService{Mark: mark, Name: "New " + mark, PeriodType: billing.PeriodMonth, UnitPrice: euros(100)})
		s.desired.Contracts = append(s.desired.Contracts, billing.DesiredContract{Mark: "SPN-" + mark, CustomerID: "c1", Name: mark, PeriodType: billing.PeriodMonth, Start: date("2026-11-15"), End: date("2027-11-14")})
	}
	in := s.input()
	want := whole(Make(in))
	for name, reverse := range map[string]func(*Input){
		"contracts wanted":  func(in *Input) { slices.Reverse(in.Desired.Contracts) },
		"services wanted":   func(in *Input) { slices.Reverse(in.Desired.Services) },
		"charges wanted":    func(in *Input) { slices.Reverse(in.Desired.Charges) },
		"contracts read":    func(in *Input) { slices.Reverse(in.Observed.Contracts) },
		"services read":     func(in *Input) { slices.Reverse(in.Observed.Services) },
		"charges in memory": func(in *Input) { slices.Reverse(in.Memory.Charges) },
	} {
		other := s.input()
		other.Desired.Contracts, other.Desired.Services, other.Desired.Charges = slices.Clone(in.Desired.Contracts), slices.Clone(in.Desired.Services), slices.Clone(in.Desired.Charges)
		reverse(&other)
		if got := whole(Make(other)); got != want {
			t.Errorf("%s, the other way round:\n%s\nwant\n%s", name, got, want)
		}
	}
}

// A change that takes effect after the old end of a contract waits for its extension; one up to that day does not, nor does one on another contract.
func TestWhichDaysWaitForAnExtension(t *testing.T) {
	for _, tc := range []struct {
		contract, day string
		phase         int
		waits         bool
	}{
		{"900", "2026-12-14", phaseLines, false},
		{"900", "2026-12-15", phaseLines, false},
		{"900", "2026-12-16", phaseLines, true},
		{"900", "2026-12-16", phaseAttach, true},
		{"900", "2026-12-16", phaseCharges, true},
		{"900", "2026-12-16", phaseContracts, false}, // the extension itself
		{"901", "2026-12-16", phaseLines, false},
	} {
		p := newPlanner(Input{})
		p.extended["900"] = extension{change: "extends", oldEnd: date("2026-12-15")}
		before := []string{"other"}
		p.add(tc.phase, Change{Kind: Increase, Contract: billing.Ref{ID: tc.contract}, Effective: date(tc.day), Requires: before[:1:1]})
		want := "[other]"
		if tc.waits {
			want = "[other extends]"
		}
		if got := fmt.Sprint(p.changes[0].change.Requires); got != want {
			t.Errorf("%s on contract %s in phase %d requires %s, want %s", tc.day, tc.contract, tc.phase, got, want)
		}
	}
}

// A plan is complete when both sides were read whole; every gap is a finding that says whose it is, what could not be read, why and what follows.
func TestWhetherAPlanIsComplete(t *testing.T) {
	gap := []billing.Gap{{CustomerID: "c1", What: "subscriptions of Alder", Why: "HTTP 503"}}
	const words, remedy = "incomplete-read/c1/subscriptions of Alder | Could not read subscriptions of Alder: HTTP 503. ", " | Run again once the connection works; spindle doctor tests it."
	for _, tc := range []struct {
		name           string
		source, target []billing.Gap
		complete       bool
		findings       []string
		changes        bool
	}{
		{"both whole", nil, nil, true, nil, true},
		{"the source is not", gap, nil, false, []string{words + "The source could not be read whole, so nothing is reduced or ended." + remedy}, true},
		{"the target is not", nil, gap, false, []string{words + "Autotask could not be read whole, so nothing is planned." + remedy}, false},
	} {
		s := november(upNow)
		in := s.input()
		in.Desired.Incomplete, in.Observed.Incomplete = tc.source, tc.target
		p := Make(in)
		same(t, tc.name, findingsIn(p), tc.findings)
		if p.Complete != tc.complete || len(p.Changes) > 0 != tc.changes || len(p.Findings) > 0 && p.Findings[0].CustomerID != "c1" {
			t.Errorf("%s: complete %t, %d changes, %+v", tc.name, p.Complete, len(p.Changes), p.Findings)
		}
	}
}
