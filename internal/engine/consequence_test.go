package engine

import (
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
)

func euro(cents int64) *money.Amount {
	a := money.Of(money.New(cents, -2), "EUR")
	return &a
}

// TestConsequenceSentences compares what is wanted before and after a decision, line by line: what stands in Autotask, what was never
// written, and what nobody may write for any more.
func TestConsequenceSentences(t *testing.T) {
	line := func(key string, units int64, edit ...func(*billing.DesiredLine)) billing.DesiredLine {
		l := billing.DesiredLine{Key: key, CustomerID: "c", Units: units, UnitPrice: euro(1000), PeriodType: billing.PeriodMonth}
		for _, e := range edit {
			e(&l)
		}
		return l
	}
	yearly := func(since, from string) func(*billing.DesiredLine) {
		return func(l *billing.DesiredLine) {
			l.PeriodType, l.Since, l.BillFrom = billing.PeriodYear, day(t, since), day(t, from)
		}
	}
	monthly := func(since, from string) func(*billing.DesiredLine) {
		return func(l *billing.DesiredLine) { l.Since, l.BillFrom = day(t, since), day(t, from) }
	}
	held := func(l *billing.DesiredLine) { l.Holds = []billing.Hold{{Policy: "x", Blocks: true}} }
	priced := func(p *money.Amount) func(*billing.DesiredLine) {
		return func(l *billing.DesiredLine) { l.UnitPrice = p }
	}
	charge := func(key, month string, cents int64) billing.DesiredCharge {
		return billing.DesiredCharge{Key: key, CustomerID: "c", Month: billing.Month(month), Quantity: money.Int(1), UnitPrice: *euro(cents)}
	}
	lines := func(all ...billing.DesiredLine) billing.Desired { return billing.Desired{Lines: all} }
	charges := func(all ...billing.DesiredCharge) billing.Desired { return billing.Desired{Charges: all} }
	const azureOld, azureNew = "azure|900|2026-10|*|EUR", "azure|901|2026-10|*|EUR"
	for _, test := range []struct {
		name          string
		before, after billing.Desired
		off           bool   // the customer is not billed any more
		stands        string // keys of lines with 3 units in Autotask
		written       string // keys of charges in Autotask
		want          string
	}{
		{"nothing changes", lines(line("a", 3)), lines(line("a", 3)), false, "a", "", ""},
		{"not wanted any more", lines(line("a", 3), line("b", 3)), lines(), false, "a b", "",
			"The next plan proposes to end 2 lines, 60.00 EUR/month in Autotask."},
		{"not wanted and never written", lines(line("a", 3)), lines(), false, "", "", "Not begun any more: 1 line, 30.00 EUR/month that no apply has written yet."},
		{"nobody may end it", lines(line("a", 3)), lines(), true, "a", "",
			"In Autotask 1 line, 30.00 EUR/month: billed on as now, but Spindle no longer changes or ends it."},
		{"fewer units", lines(line("a", 3)), lines(line("a", 1)), false, "a", "", "The next plan proposes to reduce 1 line, 20.00 EUR/month in Autotask."},
		{"something is missing now", lines(line("a", 3)), lines(line("a", 3, held)), false, "a", "",
			"In Autotask 1 line, 30.00 EUR/month: billed on as now, but not kept in step until it is mended."},
		{"was missing before", lines(line("a", 3, held)), lines(line("a", 3, held)), false, "a", "", ""},
		{"another price", lines(line("a", 3)), lines(line("a", 3, priced(euro(1250)))), false, "a", "", "The next plan proposes another price for 1 line, 7.50 EUR/month."},
		{"priced by Autotask", lines(line("a", 3)), lines(line("a", 3, priced(nil))), false, "a", "",
			"The next plan proposes another price for 1 line, 1 of them without a price of ours."},
		{"a new line", lines(), lines(line("a", 2)), false, "", "", "The next plan proposes to begin 1 line, 20.00 EUR/month."},
		{"a new line that cannot begin", lines(), lines(line("a", 2, held)), false, "", "", ""},
		{"a running year is opened", lines(line("a", 1, yearly("2026-10-05", "2026-11-01"))), lines(line("a", 1, yearly("2026-10-05", "2026-10-01"))), false, "", "",
			"The running year would now be billed too: 1 line, 10.00 EUR/year."},
		{"a running year is closed", lines(line("a", 1, yearly("2026-10-05", "2026-10-01"))), lines(line("a", 1, yearly("2026-10-05", "2026-11-01"))), false, "", "",
			"The running year would not be billed any more, only the next one: 1 line, 10.00 EUR/year."},
		{"a month is opened for what is billed monthly", lines(line("a", 3, monthly("2026-08-05", "2026-11-01"))), lines(line("a", 3, monthly("2026-08-05", "2026-10-01"))), false, "", "",
			"An earlier month would now be billed too: 1 line, 30.00 EUR/month."},
		{"a month is closed for what is billed monthly", lines(line("a", 3, monthly("2026-08-05", "2026-10-01"))), lines(line("a", 3, monthly("2026-08-05", "2026-11-01"))), false, "", "",
			"Billed only from a later month on: 1 line, 30.00 EUR/month."},
		{"a month is opened in which it was not sold yet", lines(line("a", 3, monthly("2026-11-05", "2026-11-01"))), lines(line("a", 3, monthly("2026-11-05", "2026-10-01"))), false, "", "", ""},
		{"a month is opened for what stands", lines(line("a", 3, monthly("2026-08-05", "2026-11-01"))), lines(line("a", 3, monthly("2026-08-05", "2026-10-01"))), false, "a", "", ""},
		{"a running year that stands", lines(line("a", 3, yearly("2026-10-05", "2026-10-01"))), lines(line("a", 3, yearly("2026-10-05", "2026-11-01"))), false, "a", "", ""},
		{"months are opened", charges(charge("x", "2026-10", 500)), charges(charge("x", "2026-10", 500), charge("y", "2026-09", 1234), charge("z", "2026-09", 100)), false, "", "",
			"2026-09 would now be charged: 13.34 EUR in 2 charges."},
		{"a month is closed", charges(charge("x", "2026-10", 500), charge("y", "2026-09", 700)), charges(), false, "", "y",
			"2026-10 would not be charged any more: 5.00 EUR in 1 charge not written yet.|" +
				"Nothing asks any more for 1 charge in Autotask, 7.00 EUR: the next plan proposes to take back what is not posted yet."},
		{"charges of who is switched off", charges(charge("x", "2026-10", 500), charge("y", "2026-09", 700)), charges(), true, "", "x y",
			"In Autotask 2 charges, 12.00 EUR: billed as they stand, but Spindle no longer corrects them."},
		{"what is written is not charged again under another route", charges(charge(azureOld, "2026-10", 500)), charges(charge(azureNew, "2026-10", 500)), false, "", azureOld, ""},
		{"what is not written goes with the route", charges(charge(azureOld, "2026-10", 500)), charges(charge(azureNew, "2026-10", 500)), false, "", "",
			"2026-10 would now be charged: 5.00 EUR in 1 charge.|2026-10 would not be charged any more: 5.00 EUR in 1 charge not written yet."},
	} {
		t.Run(test.name, func(t *testing.T) {
			memory := plan.Memory{}
			for _, key := range strings.Fields(test.stands) {
				memory.Lines = append(memory.Lines, plan.Applied{LineKey: key, CustomerID: "c", Units: 3, UnitPrice: euro(1000)})
			}
			for _, key := range strings.Fields(test.written) {
				memory.Charges = append(memory.Charges, plan.Charged{Key: key, ID: "7"})
			}
			after := side{test.after, map[billing.CustomerID]bool{"c": true}}
			if test.off {
				after.enabled = nil
			}
			c := compareDesired(side{test.before, map[billing.CustomerID]bool{"c": true}}, after, memory)
			if got := strings.Join(c.Sentences(), "|"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if c.Nothing() != (test.want == "") {
				t.Errorf("nothing changes: %v", c.Nothing())
			}
		})
	}
}
