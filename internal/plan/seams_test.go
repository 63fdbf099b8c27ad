package plan

import (
	"fmt"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// managed lets Spindle manage a contract of the relocation, which ends on a day.
func (r *relocation) managed(id billing.ContractID, end string) {
	c := r.on(id)
	c.Mark, c.End = "SPN-"+string(id), date(end)
	r.desired.Contracts = append(r.desired.Contracts, billing.DesiredContract{Mark: c.Mark, CustomerID: "c1", Name: c.Name, PeriodType: c.PeriodType, Start: c.Start, End: c.End})
}

// The day of a move and its reason, word for word: the latest day that one of the lines would choose, put off by what is posted or taken on either,
// brought forward by the end of the old contract, and never before the units have come to the line that they leave again.
func TestTheDayOfAMoveInWords(t *testing.T) {
	yearly := func(r *relocation) {
		r.b.at.services[0].PeriodType, r.on("900").Start = billing.PeriodYear, date("2026-02-15")
	}
	for _, tc := range []struct {
		name   string
		policy billing.EffectivePolicy
		anchor string
		two    bool
		before func(*testing.T, *relocation)
		want   []string
	}{
		{"as the old line ends", upNow, "2026-04-15", true, nil, []string{
			`increase 2026-12-15 2→7 [{s1 5 2026-12-15}] together [#2] after []: 5 move from contract "Cloud" to contract "Cloud 2" on 2026-12-15: 2 → 7 from 2026-12-15, start of the next period (contract "Cloud").`,
			`end 2026-12-15 5→0 [{s1 -5 2026-12-15}] together [#1] after [#1]: Moves from contract "Cloud" to contract "Cloud 2" on 2026-12-15: the line ends from 2026-12-15, start of the next period (contract "Cloud").`,
		}},
		{"as the new line begins", nextPeriod, "2026-04-20", true, nil, []string{
			`increase 2026-12-20 2→7 [{s1 5 2026-12-20}] together [#2] after []: 5 move from contract "Cloud" to contract "Cloud 2" on 2026-12-20: 2 → 7 from 2026-12-20, start of the next period (contract "Cloud 2").`,
			`end 2026-12-20 5→0 [{s1 -5 2026-12-20}] together [#1] after [#1]: Moves from contract "Cloud" to contract "Cloud 2" on 2026-12-20: the line ends from 2026-12-20, start of the next period (contract "Cloud 2").`,
		}},
		{"what is posted on the new one", trueDate, "2026-04-01", true, func(_ *testing.T, r *relocation) { r.b.at.post(r.here, r.b.at.day) }, []string{
			`increase 2026-12-01 2→7 [{s1 5 2026-12-01}] together [#2] after []: 5 move from contract "Cloud" to contract "Cloud 2" on 2026-12-01: 2 → 7 from 2026-12-01, first day after the posted periods (posted up to 2026-11-30) (contract "Cloud 2").`,
			`end 2026-12-01 5→0 [{s1 -5 2026-12-01}] together [#1] after [#1]: Moves from contract "Cloud" to contract "Cloud 2" on 2026-12-01: the line ends from 2026-12-01, first day after the posted periods (posted up to 2026-11-30) (contract "Cloud 2").`,
		}},
		{"the old contract ends before", upNow, "2026-04-15", true, func(_ *testing.T, r *relocation) { r.on("900").End = date("2026-12-09") }, []string{
			`increase 2026-12-10 2→7 [{s1 5 2026-12-10}] together [] after []: 5 move from contract "Cloud" to contract "Cloud 2" on 2026-12-10: 2 → 7 from 2026-12-10, the day after contract "Cloud" ends.`,
		}},
		{"the old contract ends before, and the day after is taken on the new one", upNow, "2026-04-15", true, func(_ *testing.T, r *relocation) {
			r.on("900").End = date("2026-12-09")
			r.byHand(r.here, "2026-12-10", 1)
		}, []string{
			`decrease 2026-12-15 3→2 [] together [] after []: 3 → 2 from 2026-12-15, start of the next period.`,
			`Premium: The quantity was changed by hand: Spindle wrote 2, Autotask now has 3 from 2026-12-10 on, Microsoft says 7.`,
			`Premium: 5 move from contract "Cloud" to contract "Cloud 2", but contract "Cloud" ends on 2026-12-09 and the first day on which all of it can move is 2026-12-11, 2026-12-10 already has an adjustment of this line and Autotask takes one a day (contract "Cloud 2"): about 1.67 EUR would stay unbilled between. Neither side is written.`,
		}},
		{"the old contract ends on the day itself", upNow, "2026-04-15", true, func(_ *testing.T, r *relocation) { r.on("900").End = date("2026-12-15") }, []string{
			`increase 2026-12-15 2→7 [{s1 5 2026-12-15}] together [#2] after []: 5 move from contract "Cloud" to contract "Cloud 2" on 2026-12-15: 2 → 7 from 2026-12-15, start of the next period (contract "Cloud").`,
			`end 2026-12-15 5→0 [{s1 -5 2026-12-15}] together [#1] after [#1]: Moves from contract "Cloud" to contract "Cloud 2" on 2026-12-15: the line ends from 2026-12-15, start of the next period (contract "Cloud").`,
		}},
		{"the old contract is Spindle's and ends before the day", upNow, "2026-04-15", false, func(_ *testing.T, r *relocation) { yearly(r); r.managed("900", "2027-01-31") }, []string{
			`extend-contract  0→0 [] together [] after []: The contract ends on 2027-01-31, before a change of this plan takes effect.`,
			`attach-service 2027-02-15 0→0 [] together [] after []: The service is not on the contract yet.`,
			`increase 2027-02-15 0→5 at 10.00 EUR [{s1 5 2027-02-15}] together [#4] after [#2]: Moves from contract "Cloud" to contract "Cloud 2" on 2027-02-15: New line: 5 from 2027-02-15, start of the next period (contract "Cloud").`,
			`end 2027-02-15 5→0 [{s1 -5 2027-02-15}] together [#3] after [#1 #3]: Moves from contract "Cloud" to contract "Cloud 2" on 2027-02-15: the line ends from 2027-02-15, start of the next period (contract "Cloud").`,
		}},
		{"the old contract is Spindle's and ends the day before", upNow, "2026-04-15", false, func(_ *testing.T, r *relocation) { yearly(r); r.managed("900", "2027-02-14") }, []string{
			`extend-contract  0→0 [] together [] after []: The contract ends on 2027-02-14, before a change of this plan takes effect.`,
			`attach-service 2027-02-15 0→0 [] together [] after []: The service is not on the contract yet.`,
			`increase 2027-02-15 0→5 at 10.00 EUR [{s1 5 2027-02-15}] together [#4] after [#2]: Moves from contract "Cloud" to contract "Cloud 2" on 2027-02-15: New line: 5 from 2027-02-15, start of the next period (contract "Cloud").`,
			`end 2027-02-15 5→0 [{s1 -5 2027-02-15}] together [#3] after [#1 #3]: Moves from contract "Cloud" to contract "Cloud 2" on 2027-02-15: the line ends from 2027-02-15, start of the next period (contract "Cloud").`,
		}},
		{"the old contract is Spindle's and ends on the day", upNow, "2026-04-15", false, func(_ *testing.T, r *relocation) { yearly(r); r.managed("900", "2027-02-15") }, []string{
			`attach-service 2027-02-15 0→0 [] together [] after []: The service is not on the contract yet.`,
			`increase 2027-02-15 0→5 at 10.00 EUR [{s1 5 2027-02-15}] together [#3] after [#1]: Moves from contract "Cloud" to contract "Cloud 2" on 2027-02-15: New line: 5 from 2027-02-15, start of the next period (contract "Cloud").`,
			`end 2027-02-15 5→0 [{s1 -5 2027-02-15}] together [#2] after [#2]: Moves from contract "Cloud" to contract "Cloud 2" on 2027-02-15: the line ends from 2027-02-15, start of the next period (contract "Cloud").`,
		}},
		{"the new contract is Spindle's and ends before the day", upNow, "2026-04-15", false, func(_ *testing.T, r *relocation) { yearly(r); r.managed("910", "2027-01-31") }, []string{
			`extend-contract  0→0 [] together [] after []: The contract ends on 2027-01-31, before a change of this plan takes effect.`,
			`attach-service 2027-02-15 0→0 [] together [] after [#1]: The service is not on the contract yet.`,
			`increase 2027-02-15 0→5 at 10.00 EUR [{s1 5 2027-02-15}] together [#4] after [#2 #1]: Moves from contract "Cloud" to contract "Cloud 2" on 2027-02-15: New line: 5 from 2027-02-15, start of the next period (contract "Cloud").`,
			`end 2027-02-15 5→0 [{s1 -5 2027-02-15}] together [#3] after [#3]: Moves from contract "Cloud" to contract "Cloud 2" on 2027-02-15: the line ends from 2027-02-15, start of the next period (contract "Cloud").`,
		}},
		{"the new contract is not Spindle's and ends before the day", upNow, "2026-04-15", false, func(_ *testing.T, r *relocation) { yearly(r); r.on("910").End = date("2027-01-31") }, []string{
			`Premium: 5 move from contract "Cloud" to contract "Cloud 2", but contract "Cloud 2" ends on 2027-01-31, before they could begin there on 2027-02-15. Neither side is written.`,
		}},
		{"back again before it has come", upNow, "2026-04-15", true, func(t *testing.T, r *relocation) {
			r.applied(t, r.plan())
			r.b.at.day = date("2026-11-25")
			r.switches(trueDate, date("2026-11-22"))
			r.back()
		}, []string{
			`increase 2026-12-16 0→5 at 10.00 EUR [{s1 5 2026-12-16}] together [#2] after []: Moves from contract "Cloud 2" to contract "Cloud" on 2026-12-16: 0 → 5 from 2026-12-16, 2026-12-15 already has an adjustment of this line and Autotask takes one a day (contract "Cloud").`,
			`decrease 2026-12-16 7→2 [{s1 -5 2026-12-16}] together [#1] after [#1]: 5 move from contract "Cloud 2" to contract "Cloud" on 2026-12-16: 7 → 2 from 2026-12-16, 2026-12-15 already has an adjustment of this line and Autotask takes one a day (contract "Cloud").`,
		}},
		{"back again on the day it has come", upNow, "2026-04-15", true, func(t *testing.T, r *relocation) {
			r.applied(t, r.plan())
			r.b.at.day = date("2026-12-15")
			r.switches(trueDate, date("2026-11-22"))
			r.back()
		}, []string{
			`increase 2026-12-16 0→5 at 10.00 EUR [{s1 5 2026-12-16}] together [#2] after []: Moves from contract "Cloud 2" to contract "Cloud" on 2026-12-16: 0 → 5 from 2026-12-16, 2026-12-15 already has an adjustment of this line and Autotask takes one a day (contract "Cloud").`,
			`decrease 2026-12-16 7→2 [{s1 -5 2026-12-16}] together [#1] after [#1]: 5 move from contract "Cloud 2" to contract "Cloud" on 2026-12-16: 7 → 2 from 2026-12-16, 2026-12-15 already has an adjustment of this line and Autotask takes one a day (contract "Cloud").`,
		}},
		{"somebody removed the new line after it had begun", trueDate, "2026-04-15", true, func(t *testing.T, r *relocation) {
			r.side(t, r.plan(), Increase)
			r.b.at.lines = r.b.at.lines[:1]
		}, []string{
			`attach-service 2026-11-20 0→0 [] together [] after []: The service is not on the contract yet.`,
			`increase 2026-11-20 0→7 at 10.00 EUR [{s1 5 2026-11-20}] together [#3] after [#1]: Moves from contract "Cloud" to contract "Cloud 2" on 2026-11-20: New line: 7 from 2026-11-20, on the day, credited by Autotask (contract "Cloud").`,
			`end 2026-11-20 5→0 [{s1 -5 2026-11-20}] together [#2] after [#2]: Moves from contract "Cloud" to contract "Cloud 2" on 2026-11-20: the line ends from 2026-11-20, on the day, credited by Autotask (contract "Cloud").`,
			`Premium: The line was removed by hand: Spindle wrote 7 on contract service 2, which is not in Autotask any more.`,
		}},
		{"one begun a week ago and one goes today", trueDate, "2026-04-15", true, func(t *testing.T, r *relocation) {
			stays := r.want
			stays.Key, stays.Mark, stays.Contract, stays.Units, stays.Shares = "line", "spindle:line", billing.Ref{ID: "900"}, 3, []billing.Share{{SubscriptionID: "s3", Units: 3}}
			r.desired.Lines = append(r.desired.Lines, stays)
			r.b.memory.Lines[0].Shares = []billing.Share{{SubscriptionID: "s1", Units: 2}, {SubscriptionID: "s3", Units: 3}}
			r.want.Units, r.want.Shares = 4, []billing.Share{{SubscriptionID: "s1", Units: 2}, {SubscriptionID: "s2", Units: 2}}
			r.side(t, r.plan(), Increase)
			r.b.at.day = date("2026-11-27")
			r.desired.Lines = nil
			r.want.Units, r.want.Shares = 7, append(r.want.Shares, billing.Share{SubscriptionID: "s3", Units: 3})
		}, []string{
			`decrease 2026-11-20 5→3 [{s1 -2 2026-11-20}] together [] after []: 2 move from contract "Cloud" to contract "Cloud 2" on 2026-11-20: 5 → 3 from 2026-11-20, the day it began on its new line.`,
			`increase 2026-11-27 4→7 [{s3 3 2026-11-27}] together [#3] after []: 3 move from contract "Cloud" to contract "Cloud 2" on 2026-11-27: 4 → 7 from 2026-11-27, on the day, credited by Autotask (contract "Cloud").`,
			`end 2026-11-27 3→0 [{s3 -3 2026-11-27}] together [#2] after [#1 #2]: Moves from contract "Cloud" to contract "Cloud 2" on 2026-11-27: the line ends from 2026-11-27, on the day, credited by Autotask (contract "Cloud").`,
		}},
	} {
		r := relocate(tc.policy, tc.anchor, tc.two)
		if tc.before != nil {
			tc.before(t, r)
		}
		p := r.plan()
		number := map[string]string{}
		for i, c := range p.Changes {
			number[c.ID] = fmt.Sprint("#", i+1)
		}
		of := func(ids []string) string {
			var all []string
			for _, id := range ids {
				all = append(all, number[id])
			}
			return strings.Join(all, " ")
		}
		var got []string
		for i, c := range p.Changes {
			got = append(got, fmt.Sprintf("%s %v together [%s] after [%s]: %s", brief(p)[i], c.Moves, of(c.Together), of(c.Requires), c.Reason))
		}
		for _, f := range p.Findings {
			got = append(got, f.Message)
		}
		if strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
			t.Errorf("%s:\n%s", tc.name, strings.Join(got, "\n"))
		}
	}
}

// back wants what moved to contract 910 on contract 900 again.
func (r *relocation) back() {
	home := r.want
	home.Key, home.Mark, home.Contract, home.Units, home.Shares = "line", "spindle:line", billing.Ref{ID: "900"}, 5, []billing.Share{{SubscriptionID: "s1", Units: 5}}
	r.desired.Lines = append(r.desired.Lines, home)
	r.want.Units, r.want.Shares = 2, []billing.Share{{SubscriptionID: "s2", Units: 2}}
}
