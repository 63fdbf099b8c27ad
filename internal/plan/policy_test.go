package plan

import (
	"slices"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

func TestPoliciesHoldWhatTheyName(t *testing.T) {
	for _, tc := range []struct {
		name  string
		setup func(*billing.Settings)
		units int64
		want  []string
	}{
		{"nothing set", func(*billing.Settings) {}, 3, nil},
		{"never-reduce and a decrease", func(s *billing.Settings) { s.NeverReduce = true }, 3, []string{"never-reduce"}},
		{"never-reduce and an end", func(s *billing.Settings) { s.NeverReduce = true }, 0, []string{"never-reduce"}},
		{"never-reduce and an increase", func(s *billing.Settings) { s.NeverReduce = true }, 7, nil},
		{"hold-over at the limit", func(s *billing.Settings) { s.HoldOver = euros(2000) }, 7, nil},
		{"hold-over above it", func(s *billing.Settings) { s.HoldOver = euros(1999) }, 7, []string{"hold-over"}},
		{"hold-over counts what is taken away", func(s *billing.Settings) { s.HoldOver = euros(1999) }, 3, []string{"hold-over"}},
		{"hold-over in another currency", func(s *billing.Settings) { s.HoldOver = money.Of(money.Int(999), "USD") }, 7, []string{"hold-over"}},
		{"hold-first-time of a known customer", func(s *billing.Settings) { s.HoldFirstTime = true }, 7, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := november(upNow)
			s.stands(5, "2026-03-10")
			s.want.Units = tc.units
			tc.setup(&s.setup)
			wantHolds(t, s.plan().Changes[0], tc.want...)
		})
	}
	s := november(upNow)
	s.setup.HoldFirstTime = true
	for _, c := range s.plan().Changes {
		wantHolds(t, c, "hold-first-time")
	}
	s.want.Holds = []billing.Hold{{Policy: "below-cost", Why: "9.00 is below 9.50"}}
	for _, c := range s.plan().Changes {
		wantHolds(t, c, "below-cost", "hold-first-time")
	}
}

func TestAutoApproved(t *testing.T) {
	small := Change{Kind: Increase, Recurring: euros(500)}
	for _, tc := range []struct {
		name   string
		change func(*Change)
		within money.Amount
		want   bool
	}{
		{"inside", func(*Change) {}, euros(500), true},
		{"outside", func(*Change) {}, euros(499), false},
		{"no tolerance", func(*Change) {}, money.Amount{}, false},
		{"another currency", func(*Change) {}, money.Of(money.Int(999), "USD"), false},
		{"proration outside", func(c *Change) { c.Proration = euros(501) }, euros(500), false},
		{"one-off outside", func(c *Change) { c.Kind, c.OneOff = CreateCharge, euros(501) }, euros(500), false},
		{"held", func(c *Change) { c.Holds = []billing.Hold{{Policy: "hold-over"}} }, euros(500), false},
		{"requires another", func(c *Change) { c.Requires = []string{"x"} }, euros(500), false},
		{"decrease", func(c *Change) { c.Kind = Decrease }, euros(500), false},
		{"end", func(c *Change) { c.Kind = End }, euros(500), false},
		{"downward correction", func(c *Change) { c.Kind, c.OneOff = CorrectCharge, euros(-1) }, euros(500), false},
		{"upward correction", func(c *Change) { c.Kind, c.OneOff = CorrectCharge, euros(1) }, euros(500), true},
		{"mark", func(c *Change) { c.Kind = MarkLine }, euros(500), false},
		{"contract", func(c *Change) { c.Kind = CreateContract }, euros(500), false},
	} {
		c := small
		tc.change(&c)
		if got := AutoApproved(c, tc.within); got != tc.want {
			t.Errorf("%s: %t, want %t", tc.name, got, tc.want)
		}
	}
}

func TestKindsKnowWhatTheyAre(t *testing.T) {
	all := []ChangeKind{CreateContract, ExtendContract, CreateService, AttachService, AddRepeat, MarkLine, Increase, Decrease, Reprice, End, CreateCharge, CorrectCharge, RemoveCharge}
	adjusts, reduces := []ChangeKind{Increase, Decrease, Reprice, End}, []ChangeKind{Decrease, End, RemoveCharge}
	for _, k := range all {
		if k.IsAdjustment() != slices.Contains(adjusts, k) || k.IsReduction() != slices.Contains(reduces, k) {
			t.Errorf("%s: adjustment %t, reduction %t", k, k.IsAdjustment(), k.IsReduction())
		}
	}
}

// An adjustment that takes effect before an earlier written one moves that later level by its delta.
func TestWhatIsKnownAfterAnAdjustment(t *testing.T) {
	old, fresh := euros(1000), euros(1100)
	a := Applied{Units: 3, UnitPrice: &fresh, From: date("2026-12-15"), Dates: []billing.Date{date("2026-12-15")}}
	a = a.After(Change{Effective: date("2026-11-20"), Adjust: &Adjustment{UnitChange: 2}, After: State{Units: 7, UnitPrice: &old}})
	if a.Units != 5 || !a.UnitPrice.Equal(fresh) || a.From != date("2026-12-15") || len(a.Dates) != 2 {
		t.Errorf("%+v", a)
	}
	a = a.After(Change{Effective: date("2027-01-15"), Adjust: &Adjustment{UnitChange: -1, UnitPrice: &old}, After: State{Units: 4, UnitPrice: &old}})
	if a.Units != 4 || !a.UnitPrice.Equal(old) || a.From != date("2027-01-15") {
		t.Errorf("%+v", a)
	}
	if b := a.After(Change{Kind: MarkLine, After: State{Units: 99}}); b.Units != 4 {
		t.Errorf("a mark changes no units: %+v", b)
	}
}
