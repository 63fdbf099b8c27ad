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

func TestABilledChargeIsReportedWithTheDifference(t *testing.T) {
	s := azure(1234)
	s.applied(t, s.plan())
	s.b.at.charges[0].Billed = true
	s.expect(t)
	s.desired.Charges[0].UnitPrice = euros(1000)
	if f := finding(t, s.expect(t), billing.FindingPosted); !f.Money.Equal(euros(-234)) {
		t.Errorf("difference %s", f.Money)
	}
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
