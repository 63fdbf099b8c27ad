package plan

import (
	"fmt"
	"testing"

	"spindle/internal/billing"
)

// Whether a line begins only, and on which day it is written to begin: a beginning that was taken back within three days is none.
func TestWhetherALineBegins(t *testing.T) {
	for _, tc := range []struct {
		name string
		rows []string
		want string // fresh, and the day ahead on which it is written to begin
	}{
		{"attached only", nil, "true "},
		{"it stands", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, "false "},
		{"it stands for nothing", []string{"2026-11-15 2026-12-15 0 0", "2026-12-15 2027-01-15 0 0"}, "true "},
		{"it ended", []string{"2026-11-15 2026-11-19 5 667", "2026-11-19 2026-12-15 0 0", "2026-12-15 2027-01-15 0 0"}, "false "},
		{"it begins ahead", []string{"2026-12-20 2027-01-15 5 4194"}, "true 2026-12-20"},
		{"with one seat", []string{"2026-12-20 2027-01-15 1 839"}, "true 2026-12-20"},
		{"it begins ahead, and goes on", []string{"2026-12-20 2027-01-15 5 4194", "2027-01-15 2027-02-15 6 6000"}, "true 2026-12-20"},
		{"it begins after a period for nothing", []string{"2026-11-15 2026-12-15 0 0", "2026-12-15 2027-01-15 5 5000"}, "true 2026-12-15"},
		{"it begins ahead and ends", []string{"2026-12-15 2026-12-20 5 806", "2026-12-20 2027-01-15 0 0"}, "true "},
		{"it begins today", []string{"2026-11-20 2026-12-15 5 4167", "2026-12-15 2027-01-15 5 5000"}, "false "},
		{"it begins tomorrow", []string{"2026-11-21 2026-12-15 5 4000", "2026-12-15 2027-01-15 5 5000"}, "true 2026-11-21"},
		{"taken back on the next day", []string{"2026-11-15 2026-11-16 5 167", "2026-11-16 2026-12-15 0 0"}, "true "},
		{"taken back after three days", []string{"2026-11-15 2026-11-18 5 500", "2026-11-18 2026-12-15 0 0"}, "true "},
		{"taken back after four days", []string{"2026-11-15 2026-11-19 5 667", "2026-11-19 2026-12-15 0 0"}, "false "},
		{"taken back to one seat", []string{"2026-11-15 2026-11-16 5 167", "2026-11-16 2026-12-15 1 967"}, "false "},
		{"changed on the second day and taken back on the fourth", []string{"2026-11-15 2026-11-17 5 333", "2026-11-17 2026-11-19 6 400", "2026-11-19 2026-12-15 0 0"}, "false "},
		{"taken back, and it begins again ahead", []string{"2026-11-15 2026-11-16 5 167", "2026-11-16 2026-12-15 0 0", "2026-12-15 2027-01-15 4 4000"}, "true 2026-12-15"},
		{"written for one day at the end of what is read", []string{"2026-11-15 2026-11-16 5 167"}, "false "},
	} {
		s := stepsSubject(t, trueDate, 5, tc.rows)
		if got := fmt.Sprint(s.clock.fresh, " ", s.clock.starts); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// The policies that held for a line before: what is kept of it, and the one it was written under until the day the organization changed it, when
// both are known.
func TestThePoliciesThatHeldBefore(t *testing.T) {
	kept := []billing.FormerPolicy{{Policy: nextPeriod, Until: date("2026-06-01")}}
	for _, tc := range []struct {
		name  string
		wrote billing.EffectivePolicy
		since string
		set   func(*subject)
		want  string
	}{
		{"it did not change", trueDate, "2026-11-01", nil, "[{next-period 2026-06-01}]"},
		{"it changed", upNow, "2026-11-01", nil, "[{next-period 2026-06-01} {up-now-down-next 2026-11-01}]"},
		{"it changed, nobody knows when", upNow, "", nil, "[{next-period 2026-06-01}]"},
		{"nobody knows what it was", "", "2026-11-01", nil, "[{next-period 2026-06-01}]"},
		{"another line was written", upNow, "2026-11-01", func(s *subject) { s.applied.LineID = "2" }, "[]"},
		{"nothing stands", upNow, "2026-11-01", func(s *subject) { s.found = false }, "[]"},
	} {
		s := stepsSubject(t, trueDate, 5, nil)
		s.line.ID, s.applied = "1", &Applied{LineID: "1", Policy: tc.wrote, Formerly: kept}
		if tc.set != nil {
			tc.set(s)
		}
		var since billing.Date
		if tc.since != "" {
			since = date(tc.since)
		}
		if got := fmt.Sprint(s.formerly(since)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
		if len(kept) != 1 {
			t.Fatalf("%s: what is kept became %v", tc.name, kept)
		}
	}
}

// Which contract service is a line's: the one we wrote, else the one on its contract with its mark, else an unmarked one of its service that no other
// line leads to, which people may have made. A repeat instance and a line that was removed by hand are never found in somebody else's.
func TestWhichContractServiceIsALines(t *testing.T) {
	lines := func(texts ...string) (all []billing.ContractService) { // "id contract service mark"
		for _, text := range texts {
			var id, contract, service, mark string
			_, _ = fmt.Sscan(text, &id, &contract, &service, &mark)
			all = append(all, billing.ContractService{ID: billing.ContractServiceID(id), ContractID: billing.ContractID(contract), ServiceID: billing.ServiceID(service), Mark: mark})
		}
		return all
	}
	for _, tc := range []struct {
		name   string
		stands []billing.ContractService
		memory []Applied
		set    func(*billing.DesiredLine)
		want   string
	}{
		{"nothing stands", nil, nil, nil, ""},
		{"ours by memory", lines("7 900 800 x", "8 900 800 m"), []Applied{{LineKey: "line", LineID: "7"}}, nil, "7"},
		{"ours by its mark", lines("7 900 800", "8 900 800 m"), nil, nil, "8"},
		{"the mark is on another contract", lines("7 910 800 m"), nil, nil, ""},
		{"the mark is on another contract too", lines("7 910 800 m", "8 900 800 m"), nil, nil, "8"},
		{"made by hand", lines("7 900 800"), nil, nil, "7"},
		{"made by hand, on another contract", lines("7 910 800"), nil, nil, ""},
		{"made by hand, of another service", lines("7 900 801"), nil, nil, ""},
		{"made by hand, and marked by another line", lines("7 900 800 other"), nil, nil, ""},
		{"another line of ours leads to it", lines("7 900 800"), []Applied{{LineKey: "other", LineID: "7"}}, nil, ""},
		{"two made by hand: the first", lines("9 900 800", "10 900 800"), nil, nil, "9"},
		{"made by hand, and the line is a repeat", lines("7 900 800"), nil, func(l *billing.DesiredLine) { l.Repeat = true }, ""},
		{"ours was removed by hand, and another one stands", lines("8 900 800"), []Applied{{LineKey: "line", LineID: "7"}}, nil, ""},
		{"ours was removed by hand, and one with its mark stands", lines("8 900 800 m"), []Applied{{LineKey: "line", LineID: "7"}}, nil, "8"},
	} {
		in := Input{Desired: billing.Desired{Day: date("2026-11-20"), Lines: []billing.DesiredLine{{Key: "line", Mark: "m", Contract: billing.Ref{ID: "900"}, Service: billing.Ref{ID: "800"}}}},
			Observed: billing.Observed{Lines: tc.stands, Contracts: []billing.Contract{{ID: "900", Active: true, Recurring: true, Start: date("2026-01-15"), End: date("2029-01-14")}}, Services: []billing.Service{{ID: "800", Active: true}}},
			Memory:   Memory{Lines: tc.memory}}
		if tc.set != nil {
			tc.set(&in.Desired.Lines[0])
		}
		p := newPlanner(inOrder(in))
		s, resolved := p.subjectOf(p.lines[0])
		if got := string(s.line.ID); got != tc.want || s.found != (tc.want != "") || !resolved {
			t.Errorf("%s: %q, found %t, want %q", tc.name, got, s.found, tc.want)
		}
	}
}

// What people made leads to one line only.
func TestAHandMadeServiceIsTakenOnce(t *testing.T) {
	s := november(upNow)
	s.handMade(5)
	p := newPlanner(inOrder(s.input()))
	first := *p.lines[0]
	second := first
	second.Key, second.Mark = "line2", "spindle:line2"
	if got, _ := p.subjectOf(&first); got.line.ID != "1" {
		t.Errorf("it is %q", got.line.ID)
	}
	if got, _ := p.subjectOf(&second); got.found {
		t.Errorf("a second line takes %s as well", got.line.ID)
	}
}

// A contract of the MSP's own that ends before the next billing period is over is said to end in time: within two months, and not when nothing is
// wanted or Spindle extends it.
func TestWhenAContractsEndIsSaid(t *testing.T) {
	for _, tc := range []struct {
		name, end string
		set       func(*scene)
		want      string
	}{
		{"with the next period", "2027-01-14", nil, ""},
		{"a day before", "2027-01-13", nil, `Contract "Cloud" ends on 2027-01-13, before the next billing period is over.`},
		{"after it, within two months", "2027-01-17", nil, ""},
		{"today", "2026-11-20", nil, `Contract "Cloud" ends on 2026-11-20, before the next billing period is over.`},
		{"yesterday", "2026-11-19", nil, `Contract "Cloud" ended on 2026-11-19.`},
		{"nothing is wanted", "2026-12-01", seats(0), ""},
		{"Spindle extends it", "2026-12-01", func(s *scene) {
			s.b.at.contracts[0].Mark = "SPN-m"
			s.desired.Contracts = []billing.DesiredContract{{Mark: "SPN-m"}}
		}, ""},
		{"a year's service, within two months", "2027-01-19", func(s *scene) { s.want.Service.ID = "801" }, `Contract "Cloud" ends on 2027-01-19, before the next billing period is over.`},
		{"a year's service, in two months", "2027-01-20", func(s *scene) { s.want.Service.ID = "801" }, ""},
	} {
		s := november(upNow)
		s.b.at.contracts[0].End = date(tc.end)
		if tc.set != nil {
			tc.set(s)
		}
		p := newPlanner(inOrder(s.input()))
		p.subjectOf(p.lines[0])
		got := ""
		for _, f := range p.findings {
			if got += f.Message; f.Kind != billing.FindingContractEnds || f.Subject != "900" || f.CustomerID != "c1" || f.Customer != "Alder" ||
				f.Remedy != "Extend or renew it in Autotask, or map the customer to another contract with spindle contracts map." {
				t.Errorf("%s: %+v", tc.name, f)
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// The days that hold an adjustment of ours are those of the contract service that stands: what was written on another one does not keep its days.
func TestWhoseDaysAreTaken(t *testing.T) {
	rows := []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}
	for _, tc := range []struct {
		name  string
		lines billing.ContractServiceID
		found bool
		want  string
	}{
		{"of this one", "1", true, "[2026-11-20]"},
		{"of another one", "2", true, "[]"},
		{"nothing stands", "1", false, "[]"},
	} {
		s := stepsSubject(t, trueDate, 5, rows)
		s.line.ID, s.found, s.days = "1", tc.found, nil
		s.applied = &Applied{LineID: tc.lines, Dates: []billing.Date{date("2026-11-20")}}
		newPlanner(Input{Desired: billing.Desired{Day: date("2026-11-20")}}).wind(s)
		if got := fmt.Sprint(s.clock.taken); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}
