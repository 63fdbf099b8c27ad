package plan

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// twoLeave puts two subscriptions of two and three seats on the line that is left, so that both move.
func twoLeave(r *relocation) {
	r.want.Shares = []billing.Share{{SubscriptionID: "s1", Units: 2}, {SubscriptionID: "s3", Units: 3}}
	r.b.memory.Lines[0].Shares = r.want.Shares
	if r.here != nil {
		r.want.Shares = append(r.want.Shares, billing.Share{SubscriptionID: "s2", Units: 2})
	}
}

// oneStays leaves three seats of another subscription on the line that is left.
func oneStays(r *relocation) {
	stays := r.want
	stays.Key, stays.Mark, stays.Contract, stays.Units, stays.Shares = "line", "spindle:line", billing.Ref{ID: "900"}, 3, []billing.Share{{SubscriptionID: "s4", Units: 3}}
	r.desired.Lines = append(r.desired.Lines, stays)
	r.want.Units, r.want.Shares[0].Units = r.want.Units-3, 2
	r.b.memory.Lines[0].Shares = []billing.Share{{SubscriptionID: "s1", Units: 2}, {SubscriptionID: "s4", Units: 3}}
}

// bothKnow lets both lines have the subscription, as far as we know, with no move written: an earlier version moved it.
func bothKnow(r *relocation) {
	r.byHand(r.here, "2026-05-15", 5)
	r.b.memory.Lines[1].Units, r.b.memory.Lines[1].Shares = 7, r.want.Shares
	r.b.memory.Lines[1].Dates, r.b.memory.Lines[1].From = append(r.b.memory.Lines[1].Dates, date("2026-05-15")), date("2026-05-15")
}

// What the other half of a move is written with: on which day and why, whose units, and how many of whom when a hand has taken some.
func TestTheOtherHalfInWords(t *testing.T) {
	for _, tc := range []struct {
		name    string
		policy  billing.EffectivePolicy
		two     bool
		set     func(*relocation)
		written ChangeKind // "": nothing
		day     string
		before  func(*relocation)
		want    []string
	}{
		{"begun, then ended", trueDate, true, nil, Increase, "2026-11-27", nil, []string{
			`end 2026-11-20 5→0, moves [{s1 -5 2026-11-20}], held by []: Moves from contract "Cloud" to contract "Cloud 2" on 2026-11-20: the line ends from 2026-11-20, the day it began on its new line.`,
		}},
		{"ended, then begun", trueDate, true, nil, End, "2026-11-27", nil, []string{
			`increase 2026-11-20 2→7, moves [{s1 5 2026-11-20}], held by []: 2 → 7 from 2026-11-20, the day it left its old line.`,
		}},
		{"ended, then begun on a new line", trueDate, false, nil, End, "2026-11-27", nil, []string{
			`attach-service 2026-11-20 0→0, moves [], held by []: The service is not on the contract yet.`,
			`increase 2026-11-20 0→5 at 10.00 EUR, moves [{s1 5 2026-11-20}], held by []: New line: 5 from 2026-11-20, the day it left its old line.`,
		}},
		{"ended, and half of it is left", trueDate, true, nil, End, "2026-11-27", func(r *relocation) { r.want.Units, r.want.Shares[0].Units = 4, 2 }, []string{
			`increase 2026-11-20 2→4, moves [{s1 2 2026-11-20}], held by []: 2 → 4 from 2026-11-20, the day it left its old line.`,
		}},
		{"ended, and more is wanted now", trueDate, true, nil, End, "2026-11-27", func(r *relocation) { r.want.Units, r.want.Shares[0].Units = 9, 7 }, []string{
			`increase 2026-11-20 2→7, moves [{s1 5 2026-11-20}], held by []: 2 → 7 from 2026-11-20, the day it left its old line.`,
			`increase 2026-11-27 7→9, moves [], held by []: 7 → 9 from 2026-11-27, on the day, prorated by Autotask.`,
		}},
		{"two begun, then ended", trueDate, true, twoLeave, Increase, "2026-11-27", nil, []string{
			`end 2026-11-20 5→0, moves [{s1 -2 2026-11-20} {s3 -3 2026-11-20}], held by []: Moves from contract "Cloud" to contract "Cloud 2" on 2026-11-20: the line ends from 2026-11-20, the day it began on its new line.`,
		}},
		{"two begun, and a hand takes three off the old line", trueDate, true, twoLeave, Increase, "2026-11-27", func(r *relocation) { r.byHand(r.old, "2026-11-20", -3) }, []string{
			`end 2026-11-27 2→0, moves [{s1 -2 2026-11-27}], held by ["hold-on-drift"]: Moves from contract "Cloud" to contract "Cloud 2" on 2026-11-27: the line ends from 2026-11-27, 2026-11-20 already has an adjustment of this line and Autotask takes one a day (contract "Cloud").`,
			`Premium: The quantity was changed by hand: Spindle wrote 5, Autotask now has 2, Microsoft says 0.`,
			`Premium: 2 moved from contract "Cloud" to contract "Cloud 2" on 2026-11-20, but the old line can only end them on 2026-11-27, 2026-11-20 already has an adjustment of this line and Autotask takes one a day (contract "Cloud"); until then about 4.67 EUR are billed twice.`,
		}},
		{"two begun, and a hand takes one off it", trueDate, true, twoLeave, Increase, "2026-11-27", func(r *relocation) { r.byHand(r.old, "2026-11-20", -1) }, []string{
			`end 2026-11-27 4→0, moves [{s1 -2 2026-11-27} {s3 -2 2026-11-27}], held by ["hold-on-drift"]: Moves from contract "Cloud" to contract "Cloud 2" on 2026-11-27: the line ends from 2026-11-27, 2026-11-20 already has an adjustment of this line and Autotask takes one a day (contract "Cloud").`,
			`Premium: The quantity was changed by hand: Spindle wrote 5, Autotask now has 4, Microsoft says 0.`,
			`Premium: 2 moved from contract "Cloud" to contract "Cloud 2" on 2026-11-20, but the old line can only end them on 2026-11-27, 2026-11-20 already has an adjustment of this line and Autotask takes one a day (contract "Cloud"); until then about 4.67 EUR are billed twice.`,
			`Premium: 2 moved from contract "Cloud" to contract "Cloud 2" on 2026-11-20, but the old line can only end them on 2026-11-27, 2026-11-20 already has an adjustment of this line and Autotask takes one a day (contract "Cloud"); until then about 4.67 EUR are billed twice.`,
		}},
		{"two begun, and a hand takes four off it five days late", trueDate, true, twoLeave, Increase, "2026-11-27", func(r *relocation) { r.byHand(r.old, "2026-11-25", -4) }, []string{
			`end 2026-11-27 1→0, moves [{s1 -1 2026-11-27}], held by ["hold-on-drift"]: Moves from contract "Cloud" to contract "Cloud 2" on 2026-11-27: the line ends from 2026-11-27, the quantity already changed inside this period, so the change starts on the day (contract "Cloud").`,
			`Premium: The quantity was changed by hand: Spindle wrote 5, Autotask now has 1, Microsoft says 0.`,
			`Premium: 1 moved from contract "Cloud" to contract "Cloud 2" on 2026-11-20, but the old line can only end them on 2026-11-27, the quantity already changed inside this period, so the change starts on the day (contract "Cloud"); until then about 2.33 EUR are billed twice.`,
			`Premium: 2 moved from contract "Cloud" to contract "Cloud 2" on 2026-11-20, and up to 1 of them stood on the old line as well from 2026-11-20 to 2026-11-24, until they were ended there by hand; about 1.67 EUR are billed twice.`,
			`Premium: 3 moved from contract "Cloud" to contract "Cloud 2" on 2026-11-20, and up to 3 of them stood on the old line as well from 2026-11-20 to 2026-11-24, until they were ended there by hand; about 5.00 EUR are billed twice.`,
		}},
		{"two begun, and a hand takes two off it in time and two late", trueDate, true, twoLeave, Increase, "2026-11-27", func(r *relocation) { r.byHand(r.old, "2026-11-20", -2); r.byHand(r.old, "2026-11-25", -2) }, []string{
			`end 2026-11-27 1→0, moves [{s1 -1 2026-11-27}], held by ["hold-on-drift"]: Moves from contract "Cloud" to contract "Cloud 2" on 2026-11-27: the line ends from 2026-11-27, 2026-11-20 already has an adjustment of this line and Autotask takes one a day (contract "Cloud").`,
			`Premium: The quantity was changed by hand: Spindle wrote 5, Autotask now has 1, Microsoft says 0.`,
			`Premium: 1 moved from contract "Cloud" to contract "Cloud 2" on 2026-11-20, but the old line can only end them on 2026-11-27, 2026-11-20 already has an adjustment of this line and Autotask takes one a day (contract "Cloud"); until then about 2.33 EUR are billed twice.`,
			`Premium: 2 moved from contract "Cloud" to contract "Cloud 2" on 2026-11-20, and up to 1 of them stood on the old line as well from 2026-11-20 to 2026-11-24, until they were ended there by hand; about 1.67 EUR are billed twice.`,
			`Premium: 3 moved from contract "Cloud" to contract "Cloud 2" on 2026-11-20, and up to 1 of them stood on the old line as well from 2026-11-20 to 2026-11-24, until they were ended there by hand; about 1.67 EUR are billed twice.`,
		}},
		{"two ended, then begun", trueDate, true, twoLeave, End, "2026-11-27", nil, []string{
			`increase 2026-11-20 2→7, moves [{s1 2 2026-11-20} {s3 3 2026-11-20}], held by []: 2 → 7 from 2026-11-20, the day it left its old line.`,
		}},
		{"two ended, and a hand puts three on the new line in time", trueDate, true, twoLeave, End, "2026-11-27", func(r *relocation) { r.byHand(r.here, "2026-11-20", 3) }, []string{
			`increase 2026-11-27 5→7, moves [{s1 2 2026-11-27}], held by ["hold-on-drift"]: 5 → 7 from 2026-11-27, 2026-11-20 already has an adjustment of this line and Autotask takes one a day (contract "Cloud 2").`,
			`Premium: The quantity was changed by hand: Spindle wrote 2, Autotask now has 5, Microsoft says 7.`,
			`Premium: 2 left their old line on 2026-11-20, but the new one can only begin them on 2026-11-27, 2026-11-20 already has an adjustment of this line and Autotask takes one a day (contract "Cloud 2"); until then about 4.67 EUR stay unbilled.`,
		}},
		{"two ended, and a hand puts four on it five days late", trueDate, true, twoLeave, End, "2026-11-27", func(r *relocation) { r.byHand(r.here, "2026-11-25", 4) }, []string{
			`increase 2026-11-27 6→7, moves [{s1 1 2026-11-27}], held by ["hold-on-drift"]: 6 → 7 from 2026-11-27, the quantity already changed inside this period, so the change starts on the day (contract "Cloud 2").`,
			`Premium: The quantity was changed by hand: Spindle wrote 2, Autotask now has 6, Microsoft says 7.`,
			`Premium: 1 left their old line on 2026-11-20, but the new one can only begin them on 2026-11-27, the quantity already changed inside this period, so the change starts on the day (contract "Cloud 2"); until then about 2.33 EUR stay unbilled.`,
			`Premium: 2 left their old line on 2026-11-20, and up to 1 of them stood on no line from 2026-11-20 to 2026-11-24, until they were put on the new one by hand; about 1.67 EUR stay unbilled.`,
			`Premium: 3 left their old line on 2026-11-20, and up to 3 of them stood on no line from 2026-11-20 to 2026-11-24, until they were put on the new one by hand; about 5.00 EUR stay unbilled.`,
		}},
		{"begun, others stay", trueDate, true, oneStays, Increase, "2026-11-27", nil, []string{
			`decrease 2026-11-20 5→3, moves [{s1 -2 2026-11-20}], held by []: 2 move from contract "Cloud" to contract "Cloud 2" on 2026-11-20: 5 → 3 from 2026-11-20, the day it began on its new line.`,
		}},
		{"begun, others stay, and the old contract ends before its first open day", trueDate, true, oneStays, Increase, "2026-11-27", func(r *relocation) { r.b.at.post(r.old, r.b.at.day); r.on("900").End = date("2026-12-14") }, []string{
			`Contract "Cloud" ends on 2026-12-14, before the next billing period is over.`,
			`Premium: 2 moved from contract "Cloud" to contract "Cloud 2" on 2026-11-20, but the old line can only end them on 2026-12-15, first day after the posted periods (posted up to 2026-12-14) (contract "Cloud"); until then about 16.67 EUR are billed twice.`,
		}},
		{"begun, others stay, and the old contract ends on its first open day", trueDate, true, oneStays, Increase, "2026-11-27", func(r *relocation) { r.b.at.post(r.old, r.b.at.day); r.on("900").End = date("2026-12-15") }, []string{
			`decrease 2026-12-15 5→3, moves [{s1 -2 2026-12-15}], held by []: 2 move from contract "Cloud" to contract "Cloud 2" on 2026-12-15: 5 → 3 from 2026-12-15, first day after the posted periods (posted up to 2026-12-14) (contract "Cloud").`,
			`Contract "Cloud" ends on 2026-12-15, before the next billing period is over.`,
			`Premium: 2 moved from contract "Cloud" to contract "Cloud 2" on 2026-11-20, but the old line can only end them on 2026-12-15, first day after the posted periods (posted up to 2026-12-14) (contract "Cloud"); until then about 16.67 EUR are billed twice.`,
		}},
		{"begun, others stay, and two months are posted", trueDate, true, oneStays, Increase, "2026-11-27", func(r *relocation) { r.b.at.post(r.old, date("2026-12-15")) }, []string{
			`Premium: 2 moved from contract "Cloud" to contract "Cloud 2" on 2026-11-20, but the old line can only end them on 2027-01-15, first day after the posted periods (posted up to 2027-01-14) (contract "Cloud"); until then about 36.67 EUR are billed twice.`,
		}},
		{"on both lines, nobody knows since when", trueDate, true, bothKnow, "", "2026-11-27", nil, []string{
			`end 2026-11-27 5→0, moves [{s1 -5 2026-11-27}], held by []: Moves from contract "Cloud" to contract "Cloud 2" on 2026-11-27: the line ends from 2026-11-27, on the day, credited by Autotask (contract "Cloud").`,
		}},
		{"on both lines, nobody knows since when, and decreases wait", upNow, true, bothKnow, "", "2026-11-27", nil, []string{
			`end 2026-12-15 5→0, moves [{s1 -5 2026-12-15}], held by []: Moves from contract "Cloud" to contract "Cloud 2" on 2026-12-15: the line ends from 2026-12-15, start of the next period (contract "Cloud").`,
		}},
		{"on both lines, and the old month is posted", trueDate, true, bothKnow, "", "2026-11-27", func(r *relocation) { r.b.at.post(r.old, r.b.at.day) }, []string{
			`end 2026-12-15 5→0, moves [{s1 -5 2026-12-15}], held by []: Moves from contract "Cloud" to contract "Cloud 2" on 2026-12-15: the line ends from 2026-12-15, first day after the posted periods (posted up to 2026-12-14) (contract "Cloud").`,
		}},
		{"begun, posted, and the source has gaps", trueDate, true, nil, Increase, "2026-11-27", func(r *relocation) {
			r.b.at.post(r.old, r.b.at.day)
			r.gaps = []billing.Gap{{CustomerID: "c1", What: "subscriptions of Alder", Why: "HTTP 503"}}
		}, []string{
			`Could not read subscriptions of Alder: HTTP 503. The source could not be read whole, so nothing is reduced or ended.`,
		}},
		{"ended, the new one grows besides, and only two of the five are left", trueDate, true, nil, End, "2026-11-27", func(r *relocation) {
			r.want.Units, r.want.Shares[0].Units, r.want.Shares[1].Units = 9, 2, 7
		}, []string{
			`increase 2026-11-20 2→4, moves [{s1 2 2026-11-20}], held by []: 2 → 4 from 2026-11-20, the day it left its old line.`,
			`increase 2026-11-27 4→9, moves [], held by []: 4 → 9 from 2026-11-27, on the day, prorated by Autotask.`,
		}},
		{"ended, and a hand puts more on the new one than is wanted", trueDate, true, nil, End, "2026-11-27", func(r *relocation) { r.byHand(r.here, "2026-11-20", 7) }, []string{
			`decrease 2026-11-27 9→7, moves [], held by ["hold-on-drift"]: 9 → 7 from 2026-11-27, on the day, credited by Autotask.`,
			`Premium: The quantity was changed by hand: Spindle wrote 2, Autotask now has 9, Microsoft says 7.`,
		}},
		{"begun, and billing is off", trueDate, true, nil, Increase, "2026-11-27", func(r *relocation) { r.enabled = nil }, nil},
	} {
		r := relocate(tc.policy, "2026-04-15", tc.two)
		if tc.set != nil {
			tc.set(r)
		}
		if tc.written != "" {
			r.side(t, r.plan(), tc.written)
		}
		r.b.at.day = date(tc.day)
		if tc.before != nil {
			tc.before(r)
		}
		p := r.planWithPast()
		var got []string
		for i, c := range p.Changes {
			got = append(got, fmt.Sprintf("%s, moves %v, held by %q: %s", brief(p)[i], c.Moves, policies(c), c.Reason))
		}
		for _, f := range p.Findings {
			got = append(got, f.Message)
		}
		if strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
			t.Errorf("%s:\n%s", tc.name, strings.Join(got, "\n"))
		}
	}
}

// Whatever a hand takes off the old line, or puts on the new one, while the moves of several subscriptions are half written, the findings name exactly
// the days that both lines bill, or neither, once the plan is applied: not less, which would be silent, and none of them twice (law 6).
func TestWhatHalvesLeaveIsNamedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := relocate(trueDate, "2026-04-15", true)
		r.want.Shares, r.want.Units = nil, 0
		for i := range rapid.IntRange(1, 3).Draw(t, "subscriptions") {
			units := rapid.Int64Range(1, 4).Draw(t, "units")
			r.want.Shares = append(r.want.Shares, billing.Share{SubscriptionID: billing.SubscriptionID(fmt.Sprint("s", i)), Units: units})
			r.want.Units += units
		}
		if more := r.want.Units - 5; more != 0 {
			if err := r.b.at.adjust(r.old.id, date("2026-04-15"), more, nil); err != nil {
				t.Fatal(err)
			}
		}
		a := &r.b.memory.Lines[0]
		a.Units, a.Shares, a.From, a.Dates = r.want.Units, r.want.Shares, date("2026-04-15"), append(a.Dates, date("2026-04-15"))
		r.want.Shares = append(r.want.Shares, billing.Share{SubscriptionID: "stays", Units: 2})
		r.want.Units += 2
		r.b.memory.Lines[1].Shares = []billing.Share{{SubscriptionID: "stays", Units: 2}}
		begun := rapid.Bool().Draw(t, "begun") // else the old line has ended
		r.half(t, map[bool]ChangeKind{true: Increase, false: End}[begun])
		for range rapid.IntRange(0, 3).Draw(t, "hands") {
			day, units := date("2026-11-20").AddDays(rapid.IntRange(0, 40).Draw(t, "day")), rapid.Int64Range(1, 3).Draw(t, "units by hand")
			if begun {
				_ = r.b.at.adjust(r.old.id, day, -units, nil) // a refusal is no edit
			} else if r.here.unitsOn(date("2029-01-01"))+units <= r.want.Units && !day.After(date("2026-11-27")) { // what waits further on is taken back, a day late
				_ = r.b.at.adjust(r.here.id, day, units, nil)
			}
		}
		r.b.at.day = date("2026-11-27")
		p := r.planWithPast()
		for _, c := range p.Changes {
			if err := r.b.apply(c); err != nil {
				t.Fatalf("refused: %v\n%s", err, text(p))
			}
		}
		var lacks, named, findings int64 // in parts of a cent: a seat costs 1000 a period
		for day := date("2026-11-20"); day.Before(date("2027-01-15")); day = day.AddDays(1) {
			seats := r.want.Units - r.here.unitsOn(day) - r.old.unitsOn(day)
			lacks += seats * 1000 * 100 / int64(month.PeriodAt(date("2026-01-15"), day).Days())
		}
		for _, f := range p.Findings {
			if f.Kind == billing.FindingUnbilled {
				cents, _ := f.Money.Value().Mul(money.Int(100 * 100)).Int64()
				named, findings = named+cents, findings+1
			}
		}
		if off := lacks - named; off > 100+100*findings || off < -100-100*findings { // each finding is rounded, twice when it reaches into a second period
			t.Fatalf("%d hundredths of a cent lack, %d are named\n%s\n%s", lacks, named, text(p), r.b.at)
		}
	})
}

// half applies the changes of one kind of the plan, as if the others were refused.
func (r *relocation) half(t *rapid.T, kind ChangeKind) {
	p := r.plan()
	for _, c := range p.Changes {
		r.b.done[c.ID] = true
	}
	for _, c := range p.Changes {
		if c.Kind != kind {
			continue
		}
		if err := r.b.apply(c); err != nil {
			t.Fatal(err)
		}
	}
	r.b.done = map[string]bool{}
}
