package plan

import (
	"fmt"
	"testing"

	"spindle/internal/billing"
)

// What a contract that Spindle creates or extends says: whose it is, from when to when and why; one that would end within sixty days is made long
// enough at once, and one that somebody closed is left alone.
func TestWhatAManagedContractSays(t *testing.T) {
	wanted := func(end, extendTo string) billing.DesiredContract {
		d := billing.DesiredContract{Mark: "SPN-m", CustomerID: "c1", CompanyID: "22", Name: "Alder cloud", PeriodType: billing.PeriodMonth, Start: date("2026-01-15"), End: date(end)}
		if extendTo != "" {
			d.ExtendTo = date(extendTo)
		}
		return d
	}
	stands := func(end string, active bool) *billing.Contract {
		return &billing.Contract{ID: "901", Mark: "SPN-m", Name: "Alder cloud, as it stands", Active: active, Recurring: true, Start: date("2026-01-15"), End: date(end)}
	}
	for _, tc := range []struct {
		name   string
		d      billing.DesiredContract
		stands *billing.Contract
		want   string
	}{
		{"created", wanted("2027-11-14", ""), nil, `create-contract "Alder cloud" of c1 Alder, SPN-m: false  → true 2027-11-14, company 22: Spindle manages this contract: 2026-01-15 to 2027-11-14, extended before it ends.`},
		{"created for longer than was asked", wanted("2026-12-14", ""), nil, `create-contract "Alder cloud" of c1 Alder, SPN-m: false  → true 2027-12-14, company 22: Spindle manages this contract: 2026-01-15 to 2027-12-14, extended before it ends.`},
		{"created up to where it may be extended", wanted("2026-12-14", "2028-06-30"), nil, `create-contract "Alder cloud" of c1 Alder, SPN-m: false  → true 2028-06-30, company 22: Spindle manages this contract: 2026-01-15 to 2028-06-30, extended before it ends.`},
		{"long enough: sixty-one days", wanted("2027-01-20", ""), stands("2027-01-20", true), ""},
		{"too short: sixty days", wanted("2027-01-19", ""), stands("2027-01-19", true), `extend-contract "Alder cloud, as it stands" of c1 Alder, 901: true 2027-01-19 → true 2028-01-19: The contract ends on 2027-01-19, in 60 days or less.`},
		{"it ends on the last day of February", wanted("2027-01-19", ""), stands("2026-02-28", true), `extend-contract "Alder cloud, as it stands" of c1 Alder, 901: true 2026-02-28 → true 2027-02-28: The contract ended on 2026-02-28.`},
		{"too short, and closed by somebody", wanted("2027-01-19", ""), stands("2027-01-19", false), ""},
	} {
		in := Input{Desired: billing.Desired{Day: date("2026-11-20"), Contracts: []billing.DesiredContract{tc.d}, Lines: []billing.DesiredLine{{Key: "l", CustomerID: "c1", Customer: "Alder"}}}}
		if tc.stands != nil {
			in.Observed.Contracts = []billing.Contract{*tc.stands}
		}
		p := newPlanner(in)
		p.planContract(tc.d)
		got := ""
		for _, o := range p.changes {
			c := o.change
			got = fmt.Sprintf("%s %q of %s %s, %s: %t %s → %t %s", c.Kind, c.What, c.CustomerID, c.Customer, c.Contract, c.Before.Exists, c.Before.End, c.After.Exists, c.After.End)
			if c.NewContract != nil {
				got += fmt.Sprintf(", company %s", c.NewContract.CompanyID)
				if c.NewContract.End != c.After.End || c.Contract.ID != "" {
					t.Errorf("%s: sends %s as %s", tc.name, c.NewContract.End, c.Contract)
				}
			}
			got += ": " + c.Reason
			if c.ContractName != c.What || c.Contract.Mark != "SPN-m" {
				t.Errorf("%s: contract %q, mark %q", tc.name, c.ContractName, c.Contract.Mark)
			}
			by, found := p.contract(billing.Ref{Mark: "SPN-m"}) // what the rest of the plan sees
			if !found || by.End != c.After.End || by.Mark != "SPN-m" || !by.Active || !by.Recurring || by.Start != date("2026-01-15") || tc.stands == nil && (by.CompanyID != "22" || by.Name != "Alder cloud" || by.PeriodType != billing.PeriodMonth) {
				t.Errorf("%s: the plan sees %+v", tc.name, by)
			}
			if tc.stands != nil && p.contracts["901"].End != c.After.End {
				t.Errorf("%s: by its id it ends on %s", tc.name, p.contracts["901"].End)
			}
		}
		if got != tc.want {
			t.Errorf("%s: %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

// An old line on a contract and of a service that Spindle manages names both by their marks too, so that they are found when their numbers change.
func TestAnOldLineNamesWhatSpindleManages(t *testing.T) {
	s := november(trueDate)
	s.stands(5, "2026-03-10")
	s.b.at.contracts[0].Mark, s.b.at.services[0].Mark = "SPN-m", "spindle:s"
	s.want = billing.DesiredLine{}
	c := s.expect(t, "end 2026-11-20 5→0").Changes[0]
	if c.Contract != (billing.Ref{ID: "900", Mark: "SPN-m"}) || c.Service != (billing.Ref{ID: "800", Mark: "spindle:s"}) || c.Line != (billing.Ref{ID: "1", Mark: "spindle:line"}) {
		t.Errorf("contract %+v, service %+v, line %+v", c.Contract, c.Service, c.Line)
	}
}

// A service that the plan creates is what its lines are planned with: its name, its period and its catalogue price.
func TestWhatACreatedServiceIs(t *testing.T) {
	p := newPlanner(Input{})
	p.planService(billing.DesiredService{Mark: "spindle:new", Name: "New", PeriodType: billing.PeriodQuarter, UnitPrice: euros(700), UnitCost: euros(600), BillingCodeID: "600", VendorCompanyID: "33"})
	s, found := p.service(billing.Ref{Mark: "spindle:new"})
	if !found || s.Mark != "spindle:new" || s.Name != "New" || s.PeriodType != billing.PeriodQuarter || !s.Active || !s.UnitPrice.Equal(euros(700)) || s.ID != "" {
		t.Errorf("the plan sees %+v", s)
	}
	c := p.changes[0].change
	if c.Kind != CreateService || c.What != "New" || c.Service != (billing.Ref{Mark: "spindle:new"}) || !c.After.Exists || !c.After.UnitPrice.Equal(euros(700)) || c.Before.Exists || c.CustomerID != "" ||
		c.NewService.BillingCodeID != "600" || c.NewService.VendorCompanyID != "33" || !c.NewService.UnitCost.Equal(euros(600)) || c.Reason != "No Autotask service stands for this product, term and frequency yet." {
		t.Errorf("%+v", c)
	}
	if p.creating["spindle:new"] != c.ID {
		t.Errorf("its lines wait for %q", p.creating["spindle:new"])
	}
}

// Up to where a contract is extended: to the day that is asked for when that is far enough, else by whole years; and far enough for every change of the
// plan.
func TestHowFarAContractIsExtended(t *testing.T) {
	for _, tc := range []struct{ end, extendTo, needs, want string }{
		{"2027-01-20", "", "", "2027-01-20"},
		{"2027-01-19", "", "", "2028-01-19"},
		{"2027-01-19", "2027-01-19", "", "2028-01-19"}, // not far enough
		{"2027-01-19", "2027-01-20", "", "2027-01-20"},
		{"2027-01-20", "2030-12-31", "", "2027-01-20"}, // it is long enough as it is
		{"2027-01-20", "", "2027-01-20", "2027-01-20"},
		{"2027-01-20", "", "2027-01-21", "2028-01-20"},
		{"2027-01-20", "", "2029-06-01", "2030-01-20"},
		{"2025-01-31", "", "", "2027-01-31"},
		{"2027-01-20", "2029-05-31", "2029-06-01", "2030-01-20"},
		{"2027-01-20", "2029-06-01", "2029-06-01", "2029-06-01"},
	} {
		p := newPlanner(Input{Desired: billing.Desired{Day: date("2026-11-20")}})
		p.needs = map[string]billing.Date{"SPN-m": optional(tc.needs)}
		if got := p.coveringEnd(billing.DesiredContract{Mark: "SPN-m", ExtendTo: optional(tc.extendTo)}, date(tc.end)); got != date(tc.want) {
			t.Errorf("%s, may be extended to %q, needs %q: %s, want %s", tc.end, tc.extendTo, tc.needs, got, tc.want)
		}
	}
}

// Somebody copied the contract that Spindle manages, with its mark, and a customer is mapped to the copy: the mark leads to the first, and only that one
// is extended. What would take effect after the copy's end is a finding. Fails when the copy counts as managed: the first one is extended for it, the
// line is planned after the end of its own contract, and Autotask refuses it.
func TestACopyOfAManagedContractIsNotExtended(t *testing.T) {
	s := november(upNow)
	s.b.at.contracts[0].Mark = "SPN-m"
	own := s.b.at.contracts[0]
	s.desired.Contracts = []billing.DesiredContract{{Mark: own.Mark, CustomerID: "c1", Name: own.Name, PeriodType: own.PeriodType, Start: own.Start, End: own.End}}
	copied := own
	copied.ID, copied.Name, copied.End = "910", "Copy", date("2026-12-14")
	s.b.at.contracts = append(s.b.at.contracts, copied)
	s.want.Contract = billing.Ref{ID: "910"}
	s.stands(5, "2026-03-10")
	s.want.Units = 3
	s.charge("azure", 1000)
	s.desired.Charges[0].Contract, s.desired.Charges[0].Date = billing.Ref{ID: "910"}, date("2026-12-31")
	same(t, "findings", findingsIn(s.expect(t)), []string{
		`contract-ends/910 | Contract "Copy" ends on 2026-12-14, before the next billing period is over. | Extend or renew it in Autotask, or map the customer to another contract with spindle contracts map.`,
		`contract-ends/azure | Azure: Contract "Copy" ends on 2026-12-14, before the charge's date 2026-12-31. | Map the customer to the contract's successor with spindle contracts map. | 10.00 EUR`,
		`contract-ends/line | Premium: The change would take effect on 2026-12-15, but contract "Copy" ends on 2026-12-14. | Extend the contract in Autotask, or map the line to its successor with spindle contracts map. | 30.00 EUR`,
		`duplicate/contract/SPN-m | Contracts 900 and 910 both carry our mark SPN-m; the first is used. | Remove the contract number from the one that is not used, in Autotask.`,
	})
}
