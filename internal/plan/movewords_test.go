package plan

import (
	"testing"

	"spindle/internal/billing"
)

// What a clerk reads on both sides of a move: how many go where, and what the line does besides.
func TestMovesInWords(t *testing.T) {
	other := func(r *relocation) { r.want.Contract, r.want.Service = billing.Ref{ID: "900"}, billing.Ref{ID: "803"} }
	for _, tc := range []struct {
		name   string
		two    bool
		before func(*relocation)
		want   []string
	}{
		{"another contract", false, func(*relocation) {}, []string{"attach-service: The service is not on the contract yet.",
			"increase: Moves from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20: New line: 5 from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\").",
			"end: Moves from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20: the line ends from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\")."}},
		{"onto a line that stands", true, func(*relocation) {}, []string{"increase: 5 move from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20: 2 → 7 from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\").",
			"end: Moves from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20: the line ends from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\")."}},
		{"onto a line that grows besides", true, func(r *relocation) { r.want.Units, r.want.Shares[1].Units = 9, 4 }, []string{"increase: 5 move from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20: 2 → 9 from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\").",
			"end: Moves from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20: the line ends from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\")."}},
		{"onto a line that shrinks besides", true, func(r *relocation) { r.want.Units, r.want.Shares[1].Units = 6, 1 }, []string{"increase: 5 move from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20: 2 → 6 from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\").",
			"end: Moves from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20: the line ends from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\")."}},
		{"another service", false, other, []string{"attach-service: The service is not on the contract yet.",
			"increase: Moves from service \"Premium\" to service \"Basic\" on 2026-11-20: New line: 5 from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\").",
			"end: Moves from service \"Premium\" to service \"Basic\" on 2026-11-20: the line ends from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\")."}},
		{"another contract and service", false, func(r *relocation) { r.want.Service = billing.Ref{ID: "803"} }, []string{"attach-service: The service is not on the contract yet.",
			"increase: Moves from service \"Premium\" on contract \"Cloud\" to service \"Basic\" on contract \"Cloud 2\" on 2026-11-20: New line: 5 from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\").",
			"end: Moves from service \"Premium\" on contract \"Cloud\" to service \"Basic\" on contract \"Cloud 2\" on 2026-11-20: the line ends from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\")."}},
		{"another price", false, func(r *relocation) {
			r.want.Contract, r.want.Repeat = billing.Ref{ID: "900"}, true
			priced(900)(r.scene)
		}, []string{"add-repeat: Moves to a line with another price on 2026-11-20: New line: 5 from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\").",
			"mark-line: So that Spindle finds this instance again.",
			"end: Moves to a line with another price on 2026-11-20: the line ends from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\")."}},
		{"part of a line", false, func(r *relocation) {
			stays := r.want
			stays.Key, stays.Mark, stays.Contract, stays.Units = "line", "spindle:line", billing.Ref{ID: "900"}, 3
			stays.Shares = []billing.Share{{SubscriptionID: "s3", Units: 3}}
			r.desired.Lines = append(r.desired.Lines, stays)
			r.want.Units, r.want.Shares = 2, []billing.Share{{SubscriptionID: "s1", Units: 2}}
			r.b.memory.Lines[0].Shares = []billing.Share{{SubscriptionID: "s1", Units: 2}, {SubscriptionID: "s3", Units: 3}}
		}, []string{"attach-service: The service is not on the contract yet.",
			"increase: Moves from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20: New line: 2 from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\").",
			"decrease: 2 move from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20: 5 → 3 from 2026-11-20, on the day, credited by Autotask (contract \"Cloud\")."}},
	} {
		r := relocate(trueDate, "2026-04-15", tc.two)
		r.b.at.services = append(r.b.at.services, billing.Service{ID: "803", Name: "Basic", PeriodType: billing.PeriodMonth, UnitPrice: euros(1000), Active: true})
		tc.before(r)
		p := r.plan()
		var got []string
		for _, c := range p.Changes {
			got = append(got, string(c.Kind)+": "+c.Reason)
		}
		same(t, tc.name, got, tc.want)
		r.applied(t, p)
	}
}
