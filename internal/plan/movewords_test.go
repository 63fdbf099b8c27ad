package plan

import (
	"fmt"
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

// Which moves a line's change speaks of: those in which its subscriptions come to it or leave it, each once, also when one comes from two lines.
func TestWhichMovesAChangeSpeaksOf(t *testing.T) {
	p := &planner{transferred: []transfer{
		{subscription: "s1", units: 5, from: "a", to: "b"}, {subscription: "s2", units: 2, from: "c", to: "a"}, {subscription: "s3", units: 4, from: "b", to: "d"},
		{subscription: "s4", units: 3, from: "a", to: "e"}, {subscription: "s4", units: 1, from: "b", to: "e"},
	}}
	for _, tc := range []struct {
		key   string
		moves []Move
		want  string
	}{
		{"a", []Move{{SubscriptionID: "s1", Units: -5}, {SubscriptionID: "s2", Units: 2}}, "s1 a>b, s2 c>a"},
		{"a", []Move{{SubscriptionID: "s2", Units: 2}}, "s2 c>a"},
		{"a", []Move{{SubscriptionID: "s2", Units: -2}}, ""},
		{"a", []Move{{SubscriptionID: "s1", Units: 5}}, ""},
		{"b", []Move{{SubscriptionID: "s1", Units: 5}, {SubscriptionID: "s3", Units: -4}}, "s1 a>b, s3 b>d"},
		{"b", []Move{{SubscriptionID: "s1", Units: 1}, {SubscriptionID: "s3", Units: -1}}, "s1 a>b, s3 b>d"},
		{"e", []Move{{SubscriptionID: "s4", Units: 3}, {SubscriptionID: "s4", Units: 1}}, "s4 a>e, s4 b>e"},
		{"d", nil, ""},
	} {
		got := ""
		for _, tr := range p.transfersOn(tc.key, tc.moves) {
			if got != "" {
				got += ", "
			}
			got += fmt.Sprintf("%s %s>%s", tr.subscription, tr.from, tr.to)
		}
		if got != tc.want {
			t.Errorf("%s with %v: %q, want %q", tc.key, tc.moves, got, tc.want)
		}
	}
}

// A line of which only a part moves and the rest is wanted by nobody ends for more than the move: a person still has to see that it ends. And who gives
// to two lines at once says so.
func TestALineOfWhichOnlyAPartMoves(t *testing.T) {
	r := relocate(trueDate, "2026-04-15", false)
	r.want.Units, r.want.Shares = 2, []billing.Share{{SubscriptionID: "s1", Units: 2}}
	r.b.memory.Lines[0].Shares = []billing.Share{{SubscriptionID: "s1", Units: 2}, {SubscriptionID: "gone", Units: 3}}
	p := r.plan()
	same(t, "plan", brief(p), []string{"attach-service 2026-11-20 0→0", "increase 2026-11-20 0→2 at 10.00 EUR", "end 2026-11-20 5→0"})
	wantHolds(t, p.Changes[1])
	wantHolds(t, p.Changes[2], "hold-unwanted")

	r = relocate(trueDate, "2026-04-15", false)
	third := r.b.at.contracts[1]
	third.ID, third.Name = "920", "Cloud 3"
	r.b.at.contracts = append(r.b.at.contracts, third)
	r.b.memory.Lines[0].Shares = []billing.Share{{SubscriptionID: "s1", Units: 2}, {SubscriptionID: "s3", Units: 3}}
	r.want.Units, r.want.Shares = 2, []billing.Share{{SubscriptionID: "s1", Units: 2}}
	other := r.want
	other.Key, other.Mark, other.Contract, other.Units, other.Shares = "line@920", "spindle:line@920", billing.Ref{ID: "920"}, 3, []billing.Share{{SubscriptionID: "s3", Units: 3}}
	r.desired.Lines = append(r.desired.Lines, other)
	p = r.plan()
	if got := p.Changes[len(p.Changes)-1].Reason; got !=
		`2 move from contract "Cloud" to contract "Cloud 2", 3 move from contract "Cloud" to contract "Cloud 3" on 2026-11-20: the line ends from 2026-11-20, on the day, credited by Autotask (contract "Cloud").` {
		t.Error(got)
	}
	r.applied(t, p)
}
