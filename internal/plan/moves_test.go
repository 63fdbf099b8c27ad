package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// relocation is one subscription of five on contract 900, from the 15th, that is to be billed on contract 910. There may be two more on
// 910 already.
type relocation struct {
	*scene
	old, here *modelLine // nil: not there yet
}

func relocate(policy billing.EffectivePolicy, anchor string, two bool) *relocation {
	r := &relocation{scene: november(policy)}
	r.b.at.contracts = append(r.b.at.contracts, billing.Contract{ID: "910", Name: "Cloud 2", PeriodType: billing.PeriodMonth, Active: true, Recurring: true,
		Start: date(anchor), End: date("2029-12-31")})
	r.want.Shares = []billing.Share{{SubscriptionID: "s1", Units: 5}}
	r.old = r.stands(5, "2026-03-10")
	r.b.memory.Lines[0].Shares = r.want.Shares
	moved(r.scene)
	if two {
		r.want.Shares = []billing.Share{{SubscriptionID: "s2", Units: 2}}
		r.here = r.stands(2, "2026-05-01")
		r.b.memory.Lines[1].Shares = r.want.Shares
		r.want.Shares = []billing.Share{{SubscriptionID: "s1", Units: 5}, {SubscriptionID: "s2", Units: 2}}
		r.want.Units = 7
	}
	return r
}

// on910 gives the line on the new contract.
func (r *relocation) on910() *modelLine {
	for _, l := range r.b.at.lines {
		if l.contract == "910" {
			return l
		}
	}
	return &modelLine{}
}

// wantEveryDayOnce counts the units on both contracts, day by day.
func (r *relocation) wantEveryDayOnce(t *testing.T, from, until string, want int64) {
	t.Helper()
	for d := date(from); d.Before(date(until)); d = d.AddDays(1) {
		if got := r.old.unitsOn(d) + r.on910().unitsOn(d); got != want {
			t.Fatalf("%d units are billed on %s, want %d\n%s", got, d, want, r.b.at)
		}
	}
}

// A move under every policy, with the running period of either contract posted or not, when both contracts' periods start on the same day
// and when they do not, onto a new line and onto one that stands: the old line ends on the day the new one starts, whatever day that is.
func TestAMoveBillsEveryDayOnce(t *testing.T) {
	type dates struct{ open, oldPosted, newPosted string } // the running period of which line is posted
	same, first := "2026-04-15", "2026-04-01"
	for _, tc := range []struct {
		policy billing.EffectivePolicy
		anchor string
		dates
	}{
		{upNow, same, dates{"2026-12-15", "2026-12-15", "2026-12-15"}},
		{upNow, first, dates{"2026-12-15", "2026-12-15", "2026-12-15"}},
		{trueDate, same, dates{"2026-11-20", "2026-12-15", "2026-12-15"}},
		{trueDate, first, dates{"2026-11-20", "2026-12-15", "2026-12-01"}},
		{periodStart, same, dates{"2026-11-15", "2026-12-15", "2026-12-15"}},
		{periodStart, first, dates{"2026-11-15", "2026-12-15", "2026-12-01"}},
		{nextPeriod, same, dates{"2026-12-15", "2026-12-15", "2026-12-15"}},
		{nextPeriod, first, dates{"2026-12-15", "2026-12-15", "2026-12-15"}},
	} {
		for _, two := range []bool{false, true} {
			for posted, want := range map[string]string{"open": tc.open, "old posted": tc.oldPosted, "new posted": tc.newPosted, "both posted": laterOf(tc.oldPosted, tc.newPosted)} {
				if !two && posted != "open" && posted != "old posted" {
					continue // what does not stand yet cannot be posted
				}
				t.Run(fmt.Sprintf("%s/%s/two %v/%s", tc.policy, tc.anchor[8:], two, posted), func(t *testing.T) {
					r := relocate(tc.policy, tc.anchor, two)
					if posted == "old posted" || posted == "both posted" {
						r.b.at.post(r.old, r.b.at.day)
					}
					if posted == "new posted" || posted == "both posted" {
						r.b.at.post(r.here, r.b.at.day)
					}
					r.playMove(t, want)
				})
			}
		}
	}
}

func laterOf(a, b string) string { return max(a, b) }

// playMove applies the plan of the day and looks at both contracts, then at the plans of the weeks after.
func (r *relocation) playMove(t *testing.T, day string) {
	t.Helper()
	before := r.on910().unitsOn(date("2029-01-01"))
	p := r.plan()
	want := []string{fmt.Sprintf("increase %s %d→%d", day, before, before+5), fmt.Sprintf("end %s 5→0", day)}
	if before == 0 {
		want = []string{"attach-service " + day + " 0→0", want[0] + " at 10.00 EUR", want[1]}
	}
	same(t, "plan", brief(p), want)
	same(t, "findings", findingsIn(p), nil)
	start, end := p.Changes[len(p.Changes)-2], p.Changes[len(p.Changes)-1]
	words := `contract "Cloud" to contract "Cloud 2" on ` + day
	for _, c := range []Change{start, end} {
		if !strings.Contains(c.Reason, words) || c.Held() {
			t.Errorf("%s: %q, held %v", c.Kind, c.Reason, c.Holds)
		}
	}
	if !slices.Equal(start.Together, []string{end.ID}) || !slices.Equal(end.Together, []string{start.ID}) || !slices.Contains(end.Requires, start.ID) {
		t.Errorf("start %s with %v, end %s with %v after %v", start.ID, start.Together, end.ID, end.Together, end.Requires)
	}
	r.applied(t, p)
	r.wantEveryDayOnce(t, "2026-05-01", "2028-12-31", before+5)
	if r.old.unitsOn(date(day).AddDays(-1)) != 5 || r.old.unitsOn(date(day)) != 0 {
		t.Errorf("the old line does not end on %s", day)
	}
	for range 45 { // and it stays so
		r.b.at.day = r.b.at.day.AddDays(1)
		r.expect(t)
	}
}

// What a hand took off a line before is gone already: of two subscriptions that leave it, only what still stands ends there, and the new line
// begins with what is wanted.
func TestOnlyWhatStandsMoves(t *testing.T) {
	for _, tc := range []struct {
		taken int64
		want  []string
	}{
		{0, []string{"attach-service 2026-11-20 0→0", "increase 2026-11-20 0→5 at 10.00 EUR", "end 2026-11-20 5→0"}},
		{1, []string{"attach-service 2026-11-20 0→0", "increase 2026-11-20 0→5 at 10.00 EUR", "end 2026-11-20 4→0"}},
		{4, []string{"attach-service 2026-11-20 0→0", "increase 2026-11-20 0→5 at 10.00 EUR", "end 2026-11-20 1→0"}},
		{5, []string{"attach-service 2026-11-15 0→0", "increase 2026-11-15 0→5 at 10.00 EUR"}},
	} {
		r := relocate(trueDate, "2026-04-15", false)
		r.want.Shares = []billing.Share{{SubscriptionID: "s1", Units: 2}, {SubscriptionID: "s2", Units: 3}}
		r.b.memory.Lines[0].Shares = r.want.Shares
		if tc.taken > 0 {
			if err := r.b.at.adjust(r.old.id, date("2026-11-15"), -tc.taken, nil); err != nil {
				t.Fatal(err)
			}
		}
		p := r.plan()
		same(t, fmt.Sprint(tc.taken, " taken by hand"), brief(p), tc.want)
		r.applied(t, p)
		r.wantEveryDayOnce(t, "2026-11-20", "2028-12-31", 5)
	}
}

// A line whose old contract cannot be read stays where it is, and the new one does not begin: nobody knows what stands there.
func TestAMoveFromAContractOutOfSight(t *testing.T) {
	r := relocate(trueDate, "2026-04-15", false)
	in := r.input()
	in.Observed.Contracts = slices.DeleteFunc(in.Observed.Contracts, func(c billing.Contract) bool { return c.ID == "900" })
	p := Make(in)
	same(t, "plan", brief(p), nil)
	f := finding(t, p, billing.FindingMove)
	if !strings.Contains(f.Message, "the line on contract 900 cannot be written. Neither side is written") {
		t.Error(f.Message)
	}
}
