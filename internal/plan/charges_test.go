package plan

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// azure is a scene with one charge and no line.
func azure(cents int64) *scene {
	s := november(upNow)
	s.want = billing.DesiredLine{}
	s.charge("azure", cents)
	return s
}

func TestChargesAreCreatedOnceAndCorrected(t *testing.T) {
	s := azure(1234)
	p := s.expect(t, "charge 2026-11-20 0→0")
	if c := p.Changes[0]; !c.OneOff.Equal(euros(1234)) || c.Charge.Mark != "SPN-azure" || !c.After.Amount.Equal(euros(1234)) {
		t.Errorf("%+v", c)
	}
	s.applied(t, p)

	s.desired.Charges[0].UnitPrice = euros(1300)
	p = s.expect(t, "correct-charge 2026-11-20 0→0")
	if c := p.Changes[0]; !c.OneOff.Equal(euros(66)) || c.Charge.ID == "" || !c.Before.Amount.Equal(euros(1234)) {
		t.Errorf("%+v", c)
	}
	s.applied(t, p)
}

func TestEqualMoneyIsNoCorrection(t *testing.T) {
	s := azure(1200)
	s.applied(t, s.plan())
	s.desired.Charges[0].Quantity, s.desired.Charges[0].UnitPrice = money.Int(2), euros(600)
	s.expect(t)
}

func TestABilledChargeGetsATrueUp(t *testing.T) {
	s := azure(1234)
	s.applied(t, s.plan())
	s.b.at.charges[0].Billed = true
	s.expect(t)
	s.desired.Charges[0].UnitPrice = euros(1000)
	p := s.expect(t, "charge 2026-11-30 0→0")
	if c := p.Changes[0]; !c.OneOff.Equal(euros(-234)) || c.What != "Azure 2026-10, correction" || c.NewCharge.TrueUp != 1 || c.NewCharge.Month != "2026-10" {
		t.Errorf("%+v", c)
	}
	s.applied(t, p)
}

func TestAChargeDeletedByHandStaysDeleted(t *testing.T) {
	s := azure(1234)
	s.applied(t, s.plan())
	s.b.at.charges = nil
	finding(t, s.expect(t), billing.FindingDrift)
}

func TestAChargeWhoseMarkWasErasedIsStillOurs(t *testing.T) {
	s := azure(1234)
	s.applied(t, s.plan())
	s.b.at.charges[0].Mark = ""
	s.expect(t)
	s.desired.Charges[0].UnitPrice = euros(1300)
	p := s.expect(t, "correct-charge 2026-11-20 0→0")
	if standing, why := Stands(p.Changes[0], s.b.at.read(), false); standing != Due {
		t.Errorf("%s: %s", standing, why)
	}
}

func TestTwoChargesWithOurMarkAreLeftAlone(t *testing.T) {
	s := azure(1234)
	s.applied(t, s.plan())
	copied := s.b.at.charges[0]
	copied.ID = "777"
	s.b.at.charges = append(s.b.at.charges, copied)
	finding(t, s.expect(t), billing.FindingDuplicate)
}

func TestAChargeInAnotherCurrency(t *testing.T) {
	s := azure(1234)
	s.applied(t, s.plan())
	s.desired.Charges[0].UnitPrice = money.Of(money.Int(13), "USD")
	finding(t, s.expect(t), billing.FindingCurrency)
}

func TestTheContractOfACharge(t *testing.T) {
	s := azure(1234)
	s.desired.Charges[0].Date = date("2025-12-31") // before the contract
	s.applied(t, s.expect(t, "charge 2026-01-15 0→0"))

	s = azure(1234)
	s.b.at.contracts[0].End = date("2026-11-19")
	finding(t, s.expect(t), billing.FindingContractEnds)

	s = azure(1234)
	s.b.at.contracts[0].Active = false
	finding(t, s.expect(t), billing.FindingContractGone)

	s = managedScene("2026-06-20", "2026-09-14")
	s.want = billing.DesiredLine{}
	s.charge("azure", 500)
	s.desired.Charges[0].Contract, s.desired.Charges[0].Date = billing.Ref{Mark: "SPN-m"}, date("2026-09-30")
	p := s.expect(t, "extend-contract  0→0", "charge 2026-09-30 0→0")
	if len(p.Changes[1].Requires) != 1 {
		t.Errorf("the charge requires %v", p.Changes[1].Requires)
	}
	s.applied(t, p)
}

// Months of Azure charges: written, corrected while open, made good by true-ups once posted, never written twice.
func TestDiaryOfCharges(t *testing.T) {
	s := azure(1234)
	s.desired.Charges = nil
	month := func(key, on string, cents int64) func(*scene) {
		return func(s *scene) {
			s.charge(key, cents)
			s.desired.Charges[len(s.desired.Charges)-1].Date = date(on)
			s.desired.Charges[len(s.desired.Charges)-1].Month = billing.MonthOf(date(on))
		}
	}
	costs := func(i int, cents int64) func(*scene) {
		return func(s *scene) { s.desired.Charges[i].UnitPrice = euros(cents) }
	}
	posted := func(s *scene) { s.b.at.charges[0].Billed = true }
	allPosted := func(s *scene) {
		for i := range s.b.at.charges {
			s.b.at.charges[i].Billed = true
		}
	}
	s.keep(t, []entry{
		{day: "2026-10-05", event: "September is closed", do: month("azure-09", "2026-09-30", 12345),
			plan: []planned{
				{what: "charge 2026-09-30 0→0", money: "+123.45 EUR once",
					why: "Azure of 2026-09, from what Microsoft billed."},
			},
		},
		{day: "2026-10-06", event: "a late line raises it", do: costs(0, 12400),
			plan: []planned{
				{what: "correct-charge 2026-09-30 0→0", money: "+0.55 EUR once",
					why: "Microsoft's data, the price rules or the routes for 2026-09 changed: 123.45 EUR → 124.00 EUR."},
			},
		},
		{day: "2026-10-07", event: "a credit lowers it", do: costs(0, 11000),
			plan: []planned{
				{what: "correct-charge 2026-09-30 0→0", money: "-14.00 EUR once",
					why: "Microsoft's data, the price rules or the routes for 2026-09 changed: 124.00 EUR → 110.00 EUR."},
			},
		},
		{day: "2026-10-20", event: "posted, and corrected by Microsoft afterwards", do: both(posted, costs(0, 10550)),
			plan: []planned{
				{what: "charge 2026-10-31 0→0", money: "-4.50 EUR once",
					why: "Correction of 2026-09, which is posted: 110.00 EUR were charged, Microsoft's data, the price rules or the routes now give 105.50 EUR."},
			},
		},
		{day: "2026-10-21", event: "more of it comes back, while the correction is not posted", do: costs(0, 10000),
			plan: []planned{
				{what: "correct-charge 2026-10-31 0→0", money: "-5.50 EUR once",
					why: "Correction of 2026-09, which is posted: 105.50 EUR were charged, Microsoft's data, the price rules or the routes now give 100.00 EUR."},
			},
		},
		{day: "2026-11-05", event: "the correction is posted, October is closed, September is back where it was",
			do: both(allPosted, both(costs(0, 11000), month("azure-10", "2026-10-31", 5000))),
			plan: []planned{
				{what: "charge 2026-10-31 0→0", money: "+50.00 EUR once",
					why: "Azure of 2026-10, from what Microsoft billed."},
				{what: "charge 2026-11-30 0→0", money: "+10.00 EUR once",
					why: "Correction of 2026-09, which is posted: 100.00 EUR were charged, Microsoft's data, the price rules or the routes now give 110.00 EUR."},
			},
		},
		{day: "2026-11-06", event: "it was nothing: the second correction is not needed", do: costs(0, 10000), held: false,
			plan: []planned{
				{what: "remove-charge 2026-11-30 0→0", money: "-10.00 EUR once",
					why: "Nothing asks for this charge of 2026-09 any more, and it is not posted yet.", held: "hold-unwanted"},
			},
		},
		{day: "2026-11-06", event: "somebody deleted October's", do: func(s *scene) { s.b.at.charges = s.b.at.charges[:2] },
			findings: []string{
				"changed-by-hand/azure-10 | Azure: The charge was deleted in Autotask after Spindle wrote it. | Enter it by hand if it should be billed after all; Spindle does not write it twice. | 50.00 EUR",
			},
		},
		{day: "2026-11-07", event: "October disappears from the data, what is gone stays gone", do: func(s *scene) { s.desired.Charges = s.desired.Charges[:1] }},
	})
}

// Every way in which a charge cannot be written, word for word.
func TestFindingsAboutCharges(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*scene)
		want   string
	}{
		{"contract unknown", func(s *scene) { s.desired.Charges[0].Contract.ID = "999" },
			"contract-missing/azure | Azure: Contract 999 is not an active contract in Autotask. | Map the customer or its resource groups to another contract with spindle contracts map. | 12.34 EUR"},
		{"contract over", func(s *scene) { s.b.at.contracts[0].End = date("2026-11-19") },
			`contract-ends/azure | Azure: Contract "Cloud" ended on 2026-11-19, before the charge's date 2026-11-20. | Map the customer to the contract's successor with spindle contracts map. | 12.34 EUR`},
		{"deleted by hand", func(s *scene) {
			s.b.memory.Charges = []Charged{{Key: "azure", Mark: "SPN-azure", ID: "70", CustomerID: "c1", Month: "2026-10", Amount: euros(1234)}}
		},
			"changed-by-hand/azure | Azure: The charge was deleted in Autotask after Spindle wrote it. | Enter it by hand if it should be billed after all; Spindle does not write it twice. | 12.34 EUR"},
		{"copied by hand", func(s *scene) {
			s.b.at.charges = []billing.Charge{{ID: "70", Mark: "SPN-azure"}, {ID: "71", Mark: "SPN-azure"}}
		}, "duplicate/azure | Azure: 2 charges in Autotask carry our mark SPN-azure. | Delete all but one in Autotask. | 12.34 EUR"},
		{"another currency", func(s *scene) {
			s.b.at.charges = []billing.Charge{{ID: "70", Mark: "SPN-azure", Quantity: money.Int(1), UnitPrice: money.Of(money.Int(9), "USD")}}
		}, "currency/azure | Azure: The charge stands in USD but is now in EUR. | Correct the currency of the company in Autotask. | 12.34 EUR"},
		{"posted, and the contract is over", func(s *scene) {
			s.b.at.charges = []billing.Charge{{ID: "70", Mark: "SPN-azure", Quantity: money.Int(2), UnitPrice: euros(500), Billed: true}}
			s.b.at.contracts[0].End = date("2026-11-20")
		}, `posted-period/true-up|azure|900|2026-10|EUR|1 | Azure 2026-10, correction: 2.34 EUR are still to be charged, but Contract "Cloud" ends on 2026-11-20, before the charge's date 2026-11-30. | Charge or credit the difference by hand in Autotask. | 2.34 EUR`},
		{"open, and the contract is over", func(s *scene) {
			s.b.at.charges = []billing.Charge{{ID: "70", Mark: "SPN-azure", Quantity: money.Int(1), UnitPrice: euros(500)}}
			s.b.at.contracts[0].End = date("2026-11-19")
		}, `contract-ends/azure | Azure: Contract "Cloud" ended on 2026-11-19, before the charge's date 2026-11-20. | Map the customer to the contract's successor with spindle contracts map. | 12.34 EUR`},
		{"deleted by hand once it was a correction", func(s *scene) {
			key := billing.TrueUpKey("azure", "900", "2026-10", "EUR", 1)
			s.b.at.charges = []billing.Charge{{ID: "70", Mark: "SPN-azure", Quantity: money.Int(1), UnitPrice: euros(1000), Billed: true}}
			s.b.memory.Charges = []Charged{{Key: key, Mark: "SPN-1", ID: "71", CustomerID: "c1", Customer: "Alder", ContractID: "900", Month: "2026-10", Name: "Azure 2026-10, correction", Amount: euros(234)}}
		}, "changed-by-hand/true-up|azure|900|2026-10|EUR|1 | Azure 2026-10, correction: The charge was deleted in Autotask after Spindle wrote it. | Enter it by hand if it should be billed after all; Spindle does not write it twice. | 2.34 EUR"},
	} {
		s := azure(1234)
		tc.change(s)
		p := s.expect(t)
		same(t, tc.name, findingsIn(p), []string{tc.want})
	}
}

// A hold that rating knows of a charge stays with it, whether it is written or corrected: no person has seen it yet.
func TestHoldsOfChargesAreKept(t *testing.T) {
	s := azure(1234)
	s.desired.Charges[0].Holds = []billing.Hold{{Policy: "hold-below-margin", Why: "2 % is below 5 %"}}
	wantHolds(t, s.expect(t, "charge 2026-11-20 0→0").Changes[0], "hold-below-margin")
	s.b.at.charges = []billing.Charge{{ID: "70", Mark: "SPN-azure", ContractID: "900", Quantity: money.Int(1), UnitPrice: euros(500)}}
	wantHolds(t, s.expect(t, "correct-charge 2026-11-20 0→0").Changes[0], "hold-below-margin")
}

func TestAmountOfACharge(t *testing.T) {
	for _, tc := range []struct{ quantity, price, want string }{
		{"1", "12.34 EUR", "12.34 EUR"},
		{"3", "0.3333 EUR", "0.9999 EUR"},
		{"2.5", "0.00005 EUR", "0.0001 EUR"}, // 0.000125
		{"1", "0.00005 EUR", "0.0001 EUR"},   // half is rounded away from zero
		{"-1", "0.00005 EUR", "-0.0001 EUR"},
		{"0", "12.34 EUR", "0.00 EUR"},
	} {
		quantity, err := money.Parse(tc.quantity)
		if err != nil {
			t.Fatal(err)
		}
		price, err := money.ParseAmount(tc.price)
		if err != nil {
			t.Fatal(err)
		}
		if got := amountOf(quantity, price); got.String() != tc.want {
			t.Errorf("%s × %s = %s, want %s", tc.quantity, tc.price, got, tc.want)
		}
	}
}
