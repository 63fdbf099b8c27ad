package plan

import (
	"testing"

	"spindle/internal/billing"
)

// TestAMonthThatAnotherSpindleCharged: a database that was lost, or a second installation, leaves charges whose marks lead nowhere. Beside one of the
// same month on the same contract a new charge waits for a person, and a finding says why; other months, contracts and what people charge by hand
// hold nothing, nor does a charge of ours.
func TestAMonthThatAnotherSpindleCharged(t *testing.T) {
	charge := func(edit func(*billing.Charge)) func(*scene) {
		return func(s *scene) {
			c := billing.Charge{ID: "77", ContractID: "900", Mark: "SPN-0123456789abcdef", Name: "Azure", Date: date("2026-10-31"), Quantity: euros(200).Value(), UnitPrice: euros(4500)}
			edit(&c)
			s.b.at.charges = append(s.b.at.charges, c)
		}
	}
	const held = `charge 900 "Microsoft Azure 2026-10" +100.00 EUR held: adopt-only`
	for _, tc := range []struct {
		name     string
		stands   func(*scene)
		want     []string
		findings []string
	}{
		{"the same month", charge(func(*billing.Charge) {}), []string{held}, []string{
			`not-ours/azure|900|2026-10|*|EUR | Microsoft Azure 2026-10: Contract 900 already has the charge "Azure" of 90.00 EUR (77), written by another Spindle or one whose database was lost.` +
				` | If a database was lost, restore its newest backup; if another Spindle or organization bills this company, let only one of them do it. Approve the change only if it comes on top. | 100.00 EUR`}},
		{"the same month, on its first day", charge(func(c *billing.Charge) { c.Date = date("2026-10-01") }), []string{held}, nil},
		{"the month before", charge(func(c *billing.Charge) { c.Date = date("2026-09-30") }), []string{`charge 900 "Microsoft Azure 2026-10" +100.00 EUR`}, []string{}},
		{"another contract", charge(func(c *billing.Charge) { c.ContractID = "901" }), []string{`charge 900 "Microsoft Azure 2026-10" +100.00 EUR`}, []string{}},
		{"charged by hand", charge(func(c *billing.Charge) { c.Mark = "" }), []string{`charge 900 "Microsoft Azure 2026-10" +100.00 EUR`}, []string{}},
		{"a charge of ours that was taken back", charge(func(c *billing.Charge) { c.Mark = "SPN-remembered" }), []string{`charge 900 "Microsoft Azure 2026-10" +100.00 EUR`}, []string{}},
	} {
		s := ledgerScene()
		s.b.memory.Charges = append(s.b.memory.Charges, Charged{Key: "line|remembered", Mark: "SPN-remembered"})
		s.asks(ask{"900 *": 10000})
		tc.stands(s)
		p := s.plan()
		same(t, tc.name, charged(p), tc.want)
		if tc.findings != nil {
			same(t, tc.name+": findings", findingsIn(p), tc.findings)
		} else if len(p.Findings) != 1 {
			t.Errorf("%s: %s", tc.name, text(p))
		}
	}
}
