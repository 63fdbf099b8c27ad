package plan

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"spindle/internal/billing"
)

var update = flag.Bool("update", false, "write testdata/plan.golden anew")

// wholePlan is one plan with every kind of change: a new managed contract and service with a line, a repeat instance, an adoption, an
// increase over a pending decrease, a new price with a later decrease, an end, an orphan, a new charge and a correction.
func wholePlan() Plan {
	s := november(upNow)
	s.setup.HoldOver = euros(4000)
	s.desired.Contracts = []billing.DesiredContract{{Mark: "SPN-birch", CustomerID: "birch", CompanyID: "22", Name: "Birch cloud", PeriodType: billing.PeriodMonth,
		Start: date("2026-11-15"), End: date("2027-11-14")}}
	s.desired.Services = []billing.DesiredService{{Mark: "spindle:basic", Name: "Basic", PeriodType: billing.PeriodMonth, UnitPrice: euros(600), UnitCost: euros(500)}}
	l := s.stands(5, "2026-03-10")
	_ = s.b.at.adjust(l.id, date("2026-12-15"), -2, nil)
	s.b.memory.Lines[0] = s.b.memory.Lines[0].After(Change{Effective: date("2026-12-15"), Adjust: &Adjustment{UnitChange: -2}, After: State{Units: 3}})
	s.want.Units = 6
	s.want.Shares = []billing.Share{{SubscriptionID: "sub-1", Units: 4}, {SubscriptionID: "sub-2", Units: 2}}
	s.want.PriceRule, s.want.CostBasis = "organization", "invoice G1"
	add := func(key, customer string, change func(*billing.DesiredLine)) {
		d := s.want
		d.Key, d.Mark, d.Customer, d.CustomerID, d.Shares = key, "spindle:"+key, customer, billing.CustomerID(strings.ToLower(customer)), nil
		change(&d)
		s.desired.Lines = append(s.desired.Lines, d)
	}
	nine := euros(900)
	add("repeat", "Alder", func(d *billing.DesiredLine) { d.Repeat, d.UnitPrice, d.Units = true, &nine, 2 })
	add("new", "Birch", func(d *billing.DesiredLine) {
		d.Contract, d.Service, d.Units, d.UnitPrice = billing.Ref{Mark: "SPN-birch"}, billing.Ref{Mark: "spindle:basic"}, 12, &nine
	})
	for i, name := range []string{"adopted", "dearer", "ended", "unwanted"} {
		id := billing.ContractID(fmt.Sprint(910 + i))
		s.b.at.contracts = append(s.b.at.contracts, billing.Contract{ID: id, Name: "Cedar " + name, PeriodType: billing.PeriodMonth, Active: true, Recurring: true,
			Start: date("2026-01-01"), End: date("2028-12-31")})
		line := s.b.at.addLine(id, "800", "")
		_ = s.b.at.adjust(line.id, date("2026-02-01"), 4, &nine)
		if name != "adopted" {
			line.mark = "spindle:" + name
			s.b.memory.Lines = append(s.b.memory.Lines, Applied{LineKey: name, LineID: line.id, CustomerID: "c1", Customer: "Cedar", ContractID: id, ServiceID: "800", What: "Premium",
				Units: 4, UnitPrice: &nine, From: date("2026-02-01"), Dates: []billing.Date{date("2026-02-01")}})
		}
		if name != "unwanted" {
			add(name, "Cedar", func(d *billing.DesiredLine) {
				d.Contract = billing.Ref{ID: string(id)}
				d.Units = map[string]int64{"adopted": 4, "dearer": 3, "ended": 0}[name]
				d.EndedOn = map[string]billing.Date{"ended": date("2026-11-18")}[name]
			})
		}
	}
	s.charge("azure", 12345)
	s.charge("egress", 700)
	in := s.input()
	in.Observed.Charges = []billing.Charge{{ID: "70", Mark: "SPN-egress", ContractID: "900", Quantity: s.desired.Charges[1].Quantity, UnitPrice: euros(650)}}
	return Make(in)
}

func golden(p Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "day %s complete %t\nfingerprint %s\n", p.Day, p.Complete, p.Fingerprint)
	for _, c := range p.Changes {
		fmt.Fprintf(&b, "\n%s %s\n  %s | %s | %s\n  effective %s, %d → %d, %s → %s\n  recurring %s per %s, proration %s, one-off %s\n  %s\n", c.ID, c.Kind, c.Customer, c.ContractName, c.What,
			c.Effective, c.Before.Units, c.After.Units, amountText(c.Before.UnitPrice), amountText(c.After.UnitPrice),
			c.Recurring.Signed(), c.PerPeriod, c.Proration.Signed(), c.OneOff.Signed(), c.Reason)
		for _, id := range c.Requires {
			fmt.Fprintf(&b, "  requires %s\n", id)
		}
		for _, h := range c.Holds {
			fmt.Fprintf(&b, "  held by %s: %s\n", h.Policy, h.Why)
		}
		for _, proof := range c.Proof {
			fmt.Fprintf(&b, "  proof %s\n", proof)
		}
	}
	for _, f := range p.Findings {
		fmt.Fprintf(&b, "\nfinding %s\n  %s\n  %s\n", f.ID(), f.Message, f.Remedy)
	}
	return b.String()
}

func TestOneWholePlan(t *testing.T) {
	got := golden(wholePlan())
	if *update {
		if err := os.WriteFile("testdata/plan.golden", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/plan.golden")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the plan changed; look at every line, then run with -update:\n%s", got)
	}
}
