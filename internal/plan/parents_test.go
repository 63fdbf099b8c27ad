package plan

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// managed wants the line on a contract that Spindle makes itself.
func managed(s *scene, start, end string) *scene {
	s.desired.Contracts = []billing.DesiredContract{{Mark: "SPN-m", CustomerID: "c1", CompanyID: "22", Name: "Managed", PeriodType: billing.PeriodMonth, Start: date(start), End: date(end)}}
	s.want.Contract = billing.Ref{Mark: "SPN-m"}
	return s
}

// Three years of a contract that Spindle manages: made with its first line, extended two months before its end, again for a change
// that would fall behind it, and left alone when a person extended it.
func TestDiaryOfAManagedContract(t *testing.T) {
	managed(november(upNow), "2026-03-01", "2027-02-28").keep(t, []entry{
		{day: "2026-03-12", event: "the first line brings its contract",
			plan: []planned{
				{what: "create-contract  0→0",
					why: "Spindle manages this contract: 2026-03-01 to 2027-02-28, extended before it ends."},
				{what: "attach-service 2026-03-01 0→0",
					why: "The service is not on the contract yet.", needs: "#1"},
				{what: "increase 2026-03-01 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-03-01, start of the current period, which is not posted.", needs: "#1 #2"},
			},
		},
		{day: "2026-12-29", event: "sixty-one days before the end: nothing yet",
			rows: []string{
				"2: 2026-12-01 to 2026-12-31 5 for 50.00 EUR",
				"2: 2027-01-01 to 2027-01-31 5 for 50.00 EUR",
			},
		},
		{day: "2026-12-31", event: "less than sixty",
			rows: []string{
				"2: 2026-12-01 to 2026-12-31 5 for 50.00 EUR",
				"2: 2027-01-01 to 2027-01-31 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "extend-contract  0→0",
					why: "The contract ends on 2027-02-28, in 60 days or less."},
			},
		},
		{day: "2027-05-20", event: "a seat more", do: seats(6),
			rows: []string{
				"2: 2027-05-01 to 2027-05-31 5 for 50.00 EUR",
				"2: 2027-06-01 to 2027-06-30 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2027-05-01 5→6", money: "+10.00 EUR monthly",
					why: "5 → 6 from 2027-05-01, start of the current period, which is not posted."},
			},
		},
		{day: "2027-11-20", event: "a person extended it by five years", do: func(s *scene) { s.b.at.contract("1").End = date("2033-02-28") },
			rows: []string{
				"2: 2027-11-01 to 2027-11-30 6 for 60.00 EUR",
				"2: 2027-12-01 to 2027-12-31 6 for 60.00 EUR",
			},
		},
		{day: "2028-02-10", event: "so nothing needs to be extended",
			rows: []string{
				"2: 2028-02-01 to 2028-02-29 6 for 60.00 EUR",
				"2: 2028-03-01 to 2028-03-31 6 for 60.00 EUR",
			},
		},
	})
}

// A contract of the MSP's own that ends: the line is billed to its end, warned of, and goes on when somebody extends it.
func TestDiaryOfAnOwnContractThatEnds(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.b.at.contracts[0].End = date("2027-01-14")
	s.keep(t, []entry{
		{day: "2026-11-10", event: "two periods left: quiet",
			rows: []string{
				"1: 2026-10-15 to 2026-11-14 5 for 50.00 EUR",
				"1: 2026-11-15 to 2026-12-14 5 for 50.00 EUR",
			},
		},
		{day: "2026-12-20", event: "the last period, fewer seats would count behind the end", do: seats(3),
			rows: []string{
				"1: 2026-12-15 to 2027-01-14 5 for 50.00 EUR",
			},
			findings: []string{
				"contract-ends/900 | Contract \"Cloud\" ends on 2027-01-14, before the next billing period is over. | Extend or renew it in Autotask, or map the customer to another contract with spindle contracts map.",
				"contract-ends/line | Premium: The change would take effect on 2027-01-15, but contract \"Cloud\" ends on 2027-01-14. | Extend the contract in Autotask, or map the line to its successor with spindle contracts map. | 30.00 EUR",
			},
		},
		{day: "2026-12-21", event: "more seats count now", do: seats(7),
			rows: []string{
				"1: 2026-12-15 to 2027-01-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-12-15 5→7", money: "+20.00 EUR monthly",
					why: "5 → 7 from 2026-12-15, start of the current period, which is not posted."},
			},
			findings: []string{
				"contract-ends/900 | Contract \"Cloud\" ends on 2027-01-14, before the next billing period is over. | Extend or renew it in Autotask, or map the customer to another contract with spindle contracts map.",
			},
		},
		{day: "2026-12-28", event: "extended by a year in Autotask, and two go", do: both(func(s *scene) { s.b.at.contracts[0].End = date("2028-01-14") }, seats(5)),
			rows: []string{
				"1: 2026-12-15 to 2027-01-14 7 for 70.00 EUR",
				"1: 2027-01-15 to 2027-02-14 7 for 70.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2027-01-15 7→5", money: "-20.00 EUR monthly",
					why: "7 → 5 from 2027-01-15, start of the next period."},
			},
		},
	})
}

// A product that Autotask has no service for: made once, found again by memory and by mark, never made a second time.
func TestDiaryOfAServiceThatSpindleMakes(t *testing.T) {
	s := november(upNow)
	s.want.Service = billing.Ref{Mark: "spindle:x"}
	s.desired.Services = []billing.DesiredService{{Mark: "spindle:x", Name: "X", PeriodType: billing.PeriodMonth, UnitPrice: euros(900)}}
	s.keep(t, []entry{
		{day: "2026-03-12", event: "the service comes before its line",
			plan: []planned{
				{what: "create-service  0→0",
					why: "No Autotask service stands for this product, term and frequency yet."},
				{what: "attach-service 2026-02-15 0→0",
					why: "The service is not on the contract yet.", needs: "#1"},
				{what: "increase 2026-02-15 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-02-15, start of the current period, which is not posted.", needs: "#1 #2"},
			},
		},
		{day: "2026-03-20", event: "renamed and its mark erased: it is still known by its id", do: func(s *scene) { s.b.at.services[2].Name, s.b.at.services[2].Mark = "Renamed", "" },
			rows: []string{
				"2: 2026-03-15 to 2026-04-14 5 for 50.00 EUR",
				"2: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
			},
		},
		{day: "2026-03-21", event: "deactivated", do: func(s *scene) { s.b.at.services[2].Active = false; s.want.Units = 6 },
			rows: []string{
				"2: 2026-03-15 to 2026-04-14 5 for 50.00 EUR",
				"2: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
			},
			findings: []string{
				"service-missing/1 | Service \"Renamed\" (1) is inactive in Autotask. | Activate it in Autotask, or map the product to another service with spindle services map.",
				"service-missing/line | Premium: Service spindle:x is missing or inactive in Autotask. | Map the product to another service with spindle services map. | 60.00 EUR",
			},
		},
		{day: "2026-03-22", event: "activated again", do: func(s *scene) { s.b.at.services[2].Active = true },
			rows: []string{
				"2: 2026-03-15 to 2026-04-14 5 for 50.00 EUR",
				"2: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-03-15 5→6", money: "+10.00 EUR monthly",
					why: "5 → 6 from 2026-03-15, start of the current period, which is not posted."},
			},
		},
	})
}

func TestCoveringEnd(t *testing.T) {
	for _, tc := range []struct {
		name                  string
		day, end, needs, want string
		extendTo              string
	}{
		{"sixty-one days are enough", "2026-11-15", "2027-01-15", "", "2027-01-15", ""},
		{"sixty are not", "2026-11-16", "2027-01-15", "", "2028-01-15", ""},
		{"already over", "2026-11-16", "2026-10-31", "", "2027-10-31", ""},
		{"years ago", "2026-11-16", "2021-10-31", "", "2027-10-31", ""},
		{"29 February stays the month's last day where it can", "2023-12-31", "2024-02-29", "", "2025-02-28", ""},
		{"28 February is followed by 29", "2026-12-31", "2027-02-28", "", "2028-02-29", ""},
		{"a change two years ahead", "2026-11-16", "2027-11-15", "2028-12-01", "2029-11-15", ""},
		{"a change on the last day", "2026-11-16", "2027-11-15", "2027-11-15", "2027-11-15", ""},
		{"a change the day after", "2026-11-16", "2027-11-15", "2027-11-16", "2028-11-15", ""},
		{"the window that is wanted", "2026-11-16", "2026-12-31", "", "2027-06-30", "2027-06-30"},
		{"a window that is too short is no window", "2026-11-16", "2026-12-31", "", "2027-12-31", "2027-01-10"},
	} {
		p := newPlanner(Input{Desired: billing.Desired{Day: date(tc.day)}})
		if tc.needs != "" {
			p.needs = map[string]billing.Date{"SPN-m": date(tc.needs)}
		}
		if got := p.coveringEnd(billing.DesiredContract{Mark: "SPN-m", ExtendTo: optional(tc.extendTo)}, date(tc.end)); got != date(tc.want) {
			t.Errorf("%s: %s on %s is extended to %s, want %s", tc.name, tc.end, tc.day, got, tc.want)
		}
	}
}

// Findings about contracts and services, word for word: what is wrong, what to do, and the money at stake.
func TestFindingsAboutParents(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*scene)
		want   []string
	}{
		{"contract unknown", func(s *scene) { s.want.Contract = billing.Ref{ID: "999"} },
			[]string{"contract-missing/line | Premium: Contract 999 is not an active recurring contract in Autotask. | Map the line to another contract with spindle contracts map. | 50.00 EUR"}},
		{"contract inactive", func(s *scene) { s.b.at.contracts[0].Active = false },
			[]string{"contract-missing/line | Premium: Contract 900 is not an active recurring contract in Autotask. | Map the line to another contract with spindle contracts map. | 50.00 EUR"}},
		{"service unknown", func(s *scene) { s.want.Service = billing.Ref{Mark: "spindle:gone"} },
			[]string{"service-missing/line | Premium: Service spindle:gone is missing or inactive in Autotask. | Map the product to another service with spindle services map. | 50.00 EUR"}},
		{"managed contract removed by hand", func(s *scene) { managed(s, "2026-03-01", "2027-02-28"); s.b.memory.Contracts["SPN-m"] = "77" },
			[]string{`contract-missing/contract/SPN-m | Contract "Managed", which Spindle managed, is not in Autotask any more. Somebody removed it, so it is not made again. | Map the customer to another contract with spindle contracts map.`,
				"contract-missing/line | Premium: Contract SPN-m is not an active recurring contract in Autotask. | Map the line to another contract with spindle contracts map. | 50.00 EUR"}},
		{"our service removed by hand", func(s *scene) {
			s.desired.Services = []billing.DesiredService{{Mark: "spindle:x", Name: "X"}}
			s.want.Service, s.b.memory.Services["spindle:x"] = billing.Ref{Mark: "spindle:x"}, "77"
		}, []string{"service-missing/line | Premium: Service spindle:x is missing or inactive in Autotask. | Map the product to another service with spindle services map. | 50.00 EUR",
			`service-missing/service/spindle:x | Service "X", which Spindle created, is not in Autotask any more. Somebody removed it, so it is not made again. | Map the product to another service with spindle services map.`}},
		{"ends inside the next period", func(s *scene) { s.b.at.contracts[0].End = date("2026-12-31") },
			[]string{`contract-ends/900 | Contract "Cloud" ends on 2026-12-31, before the next billing period is over. | Extend or renew it in Autotask, or map the customer to another contract with spindle contracts map.`}},
		{"is over", func(s *scene) { s.b.at.contracts[0].End = date("2026-11-10") },
			[]string{`contract-ends/900 | Contract "Cloud" ended on 2026-11-10. | Extend or renew it in Autotask, or map the customer to another contract with spindle contracts map.`,
				`contract-ends/line | Premium: The change would take effect on 2026-11-15, but contract "Cloud" ended on 2026-11-10. | Extend the contract in Autotask, or map the line to its successor with spindle contracts map. | 50.00 EUR`}},
		{"the source has a gap", func(s *scene) {
			s.want.Units = 0
			s.gaps = []billing.Gap{{What: "invoices", Why: "no answer"}}
		},
			[]string{"incomplete-read//invoices | Could not read invoices: no answer. The source could not be read whole, so nothing is reduced or ended. | Run again once the connection works; spindle doctor tests it."}},
	} {
		s := november(upNow)
		tc.change(s)
		p := s.plan()
		same(t, tc.name, findingsIn(p), tc.want)
		for _, c := range p.Changes {
			if c.LineKey == "line" && tc.name != "ends inside the next period" {
				t.Errorf("%s: %s is planned all the same", tc.name, c.Kind)
			}
		}
	}
	in := november(upNow).input()
	in.Observed.Incomplete = []billing.Gap{{CustomerID: "c1", What: "unit rows of contract 900", Why: "HTTP 500"}}
	same(t, "the target has a gap", findingsIn(Make(in)), []string{
		"incomplete-read/c1/unit rows of contract 900 | Could not read unit rows of contract 900: HTTP 500. Autotask could not be read whole, so nothing is planned. | Run again once the connection works; spindle doctor tests it."})
}

// Findings name the customer, so that a person sees whom they concern.
func TestFindingsNameTheCustomer(t *testing.T) {
	s := november(upNow)
	s.want.Contract.ID = "999"
	s.charge("azure", 500)
	s.desired.Charges[0].Contract.ID = "999"
	for _, f := range s.plan().Findings {
		if f.CustomerID != "c1" || f.Customer != "Alder" || f.Remedy == "" {
			t.Errorf("%+v", f)
		}
	}
}

// A line that rating blocks stays as it stands, whatever is wanted, and a charge that is held is planned and held.
func TestBlockedLinesStay(t *testing.T) {
	blocks := billing.Hold{Policy: "no-price", Why: "no price rule", Blocks: true}
	for _, tc := range []struct {
		name  string
		setup func(*scene)
	}{
		{"new", func(*scene) {}},
		{"more", func(s *scene) { s.stands(5, "2026-03-10"); s.want.Units = 7 }},
		{"fewer", func(s *scene) { s.stands(5, "2026-03-10"); s.want.Units = 3 }},
		{"another price", func(s *scene) { s.stands(5, "2026-03-10"); priced(1100)(s) }},
		{"ended", func(s *scene) { s.stands(5, "2026-03-10"); ends("2026-11-18")(s) }},
		{"made by hand", func(s *scene) { s.handMade(4) }},
	} {
		s := november(upNow)
		tc.setup(s)
		s.want.Holds = []billing.Hold{blocks}
		if p := s.plan(); len(p.Changes) > 0 {
			t.Errorf("%s: %s", tc.name, text(p))
		}
		s.want.Holds[0].Blocks = false // the same hold, waved through by a person
		p := s.plan()
		if len(p.Changes) == 0 {
			t.Errorf("%s: nothing is planned without the block", tc.name)
		}
		for _, c := range p.Changes {
			if !c.Held() {
				t.Errorf("%s: %s is not held", tc.name, c.Kind)
			}
		}
	}
}

// The order of a plan: contracts, services, attaches, quantities and marks, charges; within them by customer, contract and day.
func TestTheOrderOfAPlan(t *testing.T) {
	at := func(phase int, customer, contract, day string, seq int) ordered {
		return ordered{&Change{Customer: customer, CustomerID: billing.CustomerID(customer), Effective: optional(day)}, contract, phase, seq}
	}
	inOrder := []ordered{
		at(phaseContracts, "Zeder", "900", "", 9),
		at(phaseServices, "", "", "", 8),
		at(phaseAttach, "Birch", "900", "2026-12-15", 7),
		at(phaseLines, "Alder", "900", "2026-12-15", 6),
		at(phaseLines, "Birch", "100", "2026-12-16", 5),
		at(phaseLines, "Birch", "900", "2026-11-15", 4),
		at(phaseLines, "Birch", "900", "2026-12-15", 2),
		at(phaseLines, "Birch", "900", "2026-12-15", 3),
		at(phaseCharges, "Alder", "900", "2026-01-01", 1),
	}
	for i, a := range inOrder {
		for j, b := range inOrder {
			if got := inPlanOrder(a, b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%d and %d: %d", i, j, got)
			}
		}
	}
}

func TestProof(t *testing.T) {
	for _, tc := range []struct {
		want billing.DesiredLine
		text []string
	}{
		{billing.DesiredLine{}, nil},
		{billing.DesiredLine{CostBasis: "invoice G1", PriceRule: "organization", Shares: []billing.Share{{SubscriptionID: "sub-1", Units: 4}, {SubscriptionID: "sub-2", Units: 1}}},
			[]string{"subscription sub-1: 4", "subscription sub-2: 1", "cost: invoice G1", "price rule: organization"}},
	} {
		same(t, "line", proofOf(&tc.want), tc.text)
	}
	same(t, "charge", chargeProof(billing.DesiredCharge{Notes: "12 usage lines", PriceRule: "markup"}), []string{"12 usage lines", "price rule: markup"})
	same(t, "charge without words", chargeProof(billing.DesiredCharge{UnitPrice: money.Amount{}}), nil)
}
