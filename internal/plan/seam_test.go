package plan

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// unmovable is one way in which five seats of s1 cannot go from contract 900 to contract 910 on the day the policy says.
type unmovable struct {
	name     string
	policy   billing.EffectivePolicy
	anchor   string // day from which the new contract's periods are counted
	two      bool   // the line on the new contract stands already, with two seats of s2
	before   func(*relocation)
	plan     []string
	findings []string
}

// Every way in which a move is put off or refused, word for word and to the cent: neither side is written unless both are.
func TestMovesThatCannotHappen(t *testing.T) {
	for _, tc := range unmovables {
		t.Run(tc.name, func(t *testing.T) {
			r := relocate(tc.policy, tc.anchor, tc.two)
			tc.before(r)
			p := r.plan()
			same(t, "plan", brief(p), tc.plan)
			same(t, "findings", findingsIn(p), tc.findings)
		})
	}
}

// on gives the contract of a scene, to be changed.
func (s *scene) on(id billing.ContractID) *billing.Contract { return s.b.at.contract(id) }

var unmovables = []unmovable{
	{name: "the old contract ends long before the new one begins", policy: upNow, anchor: "2026-12-20",
		before:   func(r *relocation) { r.on("900").End = date("2026-12-09") },
		findings: []string{"move-waits/line to line@910 | Premium: 5 move from contract \"Cloud\" to contract \"Cloud 2\", but contract \"Cloud\" ends on 2026-12-09 and the first day on which all of it can move is 2026-12-20, the contract's first day (contract \"Cloud 2\"): about 16.39 EUR would stay unbilled between. Neither side is written. | Extend the old contract up to that day in Autotask, or let the new one begin earlier. | 50.00 EUR"}},
	{name: "the old contract ends on the last day before the new one begins", policy: upNow, anchor: "2026-12-10",
		before: func(r *relocation) { r.on("900").End = date("2026-12-09") },
		plan:   []string{"attach-service 2026-12-10 0→0", "increase 2026-12-10 0→5 at 10.00 EUR"}},
	{name: "the old contract ended a month ago", policy: upNow, anchor: "2026-11-01",
		before: func(r *relocation) { r.on("900").End = date("2026-10-14") },
		plan:   []string{"attach-service 2026-11-01 0→0", "increase 2026-11-01 0→5 at 10.00 EUR"}},
	{name: "the new contract ends before they could begin", policy: nextPeriod, anchor: "2026-01-15",
		before: func(r *relocation) { r.on("910").End = date("2026-12-10") },
		findings: []string{"contract-ends/910 | Contract \"Cloud 2\" ends on 2026-12-10, before the next billing period is over. | Extend or renew it in Autotask, or map the customer to another contract with spindle contracts map.",
			"move-waits/line to line@910 | Premium: 5 move from contract \"Cloud\" to contract \"Cloud 2\", but contract \"Cloud 2\" ends on 2026-12-10, before they could begin there on 2026-12-15. Neither side is written. | Extend the contract in Autotask, or map the line to its successor with spindle contracts map. | 50.00 EUR"}},
	{name: "the new contract ends on the day they begin", policy: nextPeriod, anchor: "2026-01-15",
		before:   func(r *relocation) { r.on("910").End = date("2026-12-15") },
		plan:     []string{"attach-service 2026-12-15 0→0", "increase 2026-12-15 0→5 at 10.00 EUR", "end 2026-12-15 5→0"},
		findings: []string{"contract-ends/910 | Contract \"Cloud 2\" ends on 2026-12-15, before the next billing period is over. | Extend or renew it in Autotask, or map the customer to another contract with spindle contracts map."}},
	{name: "the new contract is not there", policy: upNow, anchor: "2026-04-15",
		before: func(r *relocation) { r.b.at.contracts = r.b.at.contracts[:1] },
		findings: []string{"contract-missing/line@910 | Premium: Contract 910 is not an active recurring contract in Autotask. | Map the line to another contract with spindle contracts map. | 50.00 EUR",
			"move-waits/line to line@910 | Premium: 5 move from contract \"Cloud\" to contract 910, but the line on contract 910 cannot be written. Neither side is written. | Mend what the finding about that line says. | 50.00 EUR"}},
	{name: "what stands on the new contract was made by hand", policy: upNow, anchor: "2026-04-15",
		before: func(r *relocation) {
			l := r.b.at.addLine("910", "800", "")
			_ = r.b.at.adjust(l.id, date("2026-05-15"), 3, nil)
		},
		plan: []string{"mark-line  3→3"},
		findings: []string{"move-waits/line to line@910 | Premium: 5 move from contract \"Cloud\" to contract \"Cloud 2\", but contract service 2, which stands on contract \"Cloud 2\" already, is not Spindle's yet. Neither side is written. | Mend what the finding about that line says. | 50.00 EUR",
			"not-ours/line@910 | Premium: Contract \"Cloud 2\" already has this service (2) with 3 units, made by hand. | Approve its mark-line change to let Spindle keep it in step, or map the product to another service. | 50.00 EUR"}},
	{name: "the line on the new contract cannot be priced", policy: upNow, anchor: "2026-04-15", two: true,
		before:   func(r *relocation) { r.want.Holds = []billing.Hold{{Policy: "no-price", Why: "no rule", Blocks: true}} },
		findings: []string{"move-waits/line to line@910 | Premium: 5 move from contract \"Cloud\" to contract \"Cloud 2\", but the line on contract \"Cloud 2\" cannot be written. Neither side is written. | Mend what the finding about that line says. | 50.00 EUR"}},
	{name: "billing is off for the customer", policy: upNow, anchor: "2026-04-15",
		before:   func(r *relocation) { r.enabled = nil },
		findings: []string{"move-waits/line to line@910 | Premium: 5 move from contract \"Cloud\" to contract \"Cloud 2\", but the line on contract \"Cloud\" cannot be written. Neither side is written. | Mend what the finding about that line says. | 50.00 EUR"}},
	{name: "the source has gaps", policy: upNow, anchor: "2026-04-15",
		before: func(r *relocation) {
			r.gaps = []billing.Gap{{CustomerID: "c1", What: "subscriptions of Alder", Why: "HTTP 503"}}
		},
		findings: []string{"incomplete-read/c1/subscriptions of Alder | Could not read subscriptions of Alder: HTTP 503. The source could not be read whole, so nothing is reduced or ended. | Run again once the connection works; spindle doctor tests it."}},
	{name: "the old contract's next period is posted as well", policy: upNow, anchor: "2026-04-15",
		before:   func(r *relocation) { r.b.at.post(r.old, date("2026-12-15")) },
		findings: []string{"move-waits/line to line@910 | Premium: 5 move from contract \"Cloud\" to contract \"Cloud 2\", on 2027-01-15, first day after the posted periods (posted up to 2027-01-14) (contract \"Cloud\"). It is planned when that day comes into sight; until then nothing changes. | Nothing to do yet."}},
	{name: "a change waits on the day", policy: upNow, anchor: "2026-04-15", two: true,
		before:   func(r *relocation) { _ = r.b.at.adjust(r.here.id, date("2026-12-15"), 1, nil) },
		plan:     []string{"increase 2026-12-16 3→7", "end 2026-12-16 5→0"},
		findings: []string{"changed-by-hand/line@910 | Premium: The quantity was changed by hand: Spindle wrote 2, Autotask now has 3 from 2026-12-15 on, Microsoft says 7. | Approve the change to restore Microsoft's quantity, reject it to keep the hand edit, or change the subscription. | 40.00 EUR"}},
}

// side applies one change of a move and lets the others be refused, whatever they require.
func (r *relocation) side(t *testing.T, p Plan, kind ChangeKind) {
	t.Helper()
	for _, c := range p.Changes {
		r.b.done[c.ID] = true
	}
	for _, c := range p.Changes {
		if c.Kind == kind || c.Kind == AttachService && kind == Increase {
			if err := r.b.apply(c); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.b.done = map[string]bool{}
}

// halfMove is a move of which only one side came about, and what the next plan makes of it: the other side on the same day when that is still
// possible, else on the first day that is, with the money of the days between.
type halfMove struct {
	name     string
	written  ChangeKind // the side that came about
	day      string     // of the next plan
	before   func(*relocation)
	plan     []string
	findings []string
}

func TestHalfAMoveIsFinished(t *testing.T) {
	for _, tc := range halfMoves {
		t.Run(tc.name, func(t *testing.T) {
			r := relocate(trueDate, "2026-04-15", true)
			r.side(t, r.plan(), tc.written)
			r.b.at.day = date(tc.day)
			if tc.before != nil {
				tc.before(r)
			}
			p := r.plan()
			same(t, "plan", brief(p), tc.plan)
			same(t, "findings", findingsIn(p), tc.findings)
			if len(p.Changes) > 0 {
				r.applied(t, p)
			}
		})
	}
}

var halfMoves = []halfMove{
	{name: "begun, then ended the same day", written: Increase, day: "2026-11-20",
		plan: []string{"end 2026-11-20 5→0"}},
	{name: "begun, then ended a week later", written: Increase, day: "2026-11-27",
		plan: []string{"end 2026-11-20 5→0"}},
	{name: "begun, and the old month is posted", written: Increase, day: "2026-11-27", before: func(r *relocation) { r.b.at.post(r.old, r.b.at.day) },
		plan:     []string{"end 2026-12-15 5→0"},
		findings: []string{"unbilled-difference/line/s1 | Premium: 5 moved from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20, but the old line can only end them on 2026-12-15, first day after the posted periods (posted up to 2026-12-14) (contract \"Cloud\"); until then about 41.67 EUR are billed twice. | Credit the difference in Autotask. | -41.67 EUR"}},
	{name: "begun, and two old months are posted", written: Increase, day: "2026-11-27", before: func(r *relocation) { r.b.at.post(r.old, date("2026-12-15")) },
		findings: []string{"unbilled-difference/line/s1 | Premium: 5 moved from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20, but the old line can only end them on 2027-01-15, first day after the posted periods (posted up to 2027-01-14) (contract \"Cloud\"); until then about 91.67 EUR are billed twice. | Credit the difference in Autotask. | -91.67 EUR"}},
	{name: "begun, posted, and the old contract ends before", written: Increase, day: "2026-11-27",
		before:   func(r *relocation) { r.b.at.post(r.old, r.b.at.day); r.on("900").End = date("2026-11-29") },
		findings: []string{"unbilled-difference/line/s1 | Premium: 5 moved from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20, but the old line can only end them on 2026-12-15, first day after the posted periods (posted up to 2026-12-14) (contract \"Cloud\"); until then about 16.67 EUR are billed twice. | Credit the difference in Autotask. | -16.67 EUR"}},
	{name: "begun, and the source has gaps", written: Increase, day: "2026-11-27", before: func(r *relocation) { r.gaps = []billing.Gap{{What: "subscriptions", Why: "HTTP 503"}} },
		findings: []string{"incomplete-read//subscriptions | Could not read subscriptions: HTTP 503. The source could not be read whole, so nothing is reduced or ended. | Run again once the connection works; spindle doctor tests it."}},
	{name: "ended, then begun the same day", written: End, day: "2026-11-20",
		plan: []string{"increase 2026-11-20 2→7"}},
	{name: "ended, then begun a week later", written: End, day: "2026-11-27",
		plan: []string{"increase 2026-11-20 2→7"}},
	{name: "ended, and the new month is posted", written: End, day: "2026-11-27", before: func(r *relocation) { r.b.at.post(r.here, r.b.at.day) },
		plan:     []string{"increase 2026-12-15 2→7"},
		findings: []string{"unbilled-difference/line@910/s1 | Premium: 5 left their old line on 2026-11-20, but the new one can only begin them on 2026-12-15, first day after the posted periods (posted up to 2026-12-14) (contract \"Cloud 2\"); until then about 41.67 EUR stay unbilled. | Add a charge for the difference in Autotask. | 41.67 EUR"}},
	{name: "ended, and two new months are posted", written: End, day: "2026-11-27", before: func(r *relocation) { r.b.at.post(r.here, date("2026-12-15")) },
		findings: []string{"unbilled-difference/line@910/s1 | Premium: 5 left their old line on 2026-11-20, but the new one can only begin them on 2027-01-15, first day after the posted periods (posted up to 2027-01-14) (contract \"Cloud 2\"); until then about 91.67 EUR stay unbilled. | Add a charge for the difference in Autotask. | 91.67 EUR"}},
	{name: "ended, and only three of them are left", written: End, day: "2026-11-27",
		before: func(r *relocation) { r.want.Units, r.want.Shares[0].Units = 5, 3 },
		plan:   []string{"increase 2026-11-20 2→5"}},
	{name: "ended, and the new line cannot be priced", written: End, day: "2026-11-27", before: func(r *relocation) { r.want.Holds = []billing.Hold{{Policy: "no-price", Blocks: true}} }},
	{name: "ended, and a hand put five on the new line", written: End, day: "2026-11-27", before: func(r *relocation) { _ = r.b.at.adjust(r.here.id, date("2026-11-20"), 5, nil) }},
}

// What units cost from day to day, each period by its own days, at the price that the rows tell, else the one we wrote, else the catalogue's.
func TestWhatDaysCost(t *testing.T) {
	twelve := euros(1200)
	whole := []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}
	part := []string{"2026-11-18 2026-12-15 5 4500"}
	for _, tc := range []struct {
		name        string
		rows        []string
		wrote       *money.Amount
		catalogue   int64
		units       int64
		from, until string
		want        string
	}{
		{"the rest of a period", whole, &twelve, 700, 3, "2026-11-20", "2026-12-15", "25.00 EUR"},
		{"a period and three days", whole, nil, 700, 3, "2026-11-15", "2026-12-18", "32.90 EUR"},
		{"one day", whole, nil, 700, 1, "2026-12-14", "2026-12-15", "0.33 EUR"},
		{"no day", whole, nil, 700, 3, "2026-12-15", "2026-12-15", "0.00 EUR"},
		{"a day that is over", whole, nil, 700, 3, "2026-12-15", "2026-12-14", "0.00 EUR"},
		{"priced by what we wrote", part, &twelve, 700, 3, "2026-11-20", "2026-12-15", "30.00 EUR"},
		{"priced by the catalogue", part, nil, 700, 3, "2026-11-20", "2026-12-15", "17.50 EUR"},
		{"without a price", part, nil, 0, 3, "2026-11-20", "2026-12-15", "0"},
	} {
		contract := &billing.Contract{PeriodType: billing.PeriodMonth, Start: date("2026-01-15"), End: date("2029-01-14")}
		service := &billing.Service{PeriodType: billing.PeriodMonth, UnitPrice: euros(tc.catalogue)}
		line := &billing.ContractService{Rows: rowsOf(t, tc.rows...)}
		s := &subject{want: &billing.DesiredLine{}, contract: contract, service: service, line: line, applied: &Applied{UnitPrice: tc.wrote},
			span: spanOf(line, contract, service, nil), clock: clock{day: date("2026-11-20"), period: billing.PeriodMonth, start: contract.Start}}
		if got := s.worthOf(tc.units, date(tc.from), date(tc.until)).String(); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}
