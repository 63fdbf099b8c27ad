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
	// Ninety seats at a price that nobody knows: the catalogue has none and it is not ours to write one.
	s := november(upNow)
	s.want.Units, s.want.UnitPrice, s.b.at.services[0].UnitPrice = 90, nil, money.Amount{}
	if c := s.plan().Changes[1]; c.Kind != Increase || AutoApproved(Change{Kind: c.Kind, Adjust: c.Adjust, Recurring: c.Recurring}, euros(1)) {
		t.Errorf("%s of %d at an unknown price passes by itself", c.Kind, c.After.Units)
	}
	s.setup.HoldOver = euros(999999)
	wantHolds(t, s.plan().Changes[1], "hold-over")
	s = november(upNow)
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
		{"moves with another", func(c *Change) { c.Together = []string{"x"} }, euros(500), false},
		{"decrease", func(c *Change) { c.Kind = Decrease }, euros(500), false},
		{"end", func(c *Change) { c.Kind = End }, euros(500), false},
		{"downward correction", func(c *Change) { c.Kind, c.OneOff = CorrectCharge, euros(-1) }, euros(500), false},
		{"upward correction", func(c *Change) { c.Kind, c.OneOff = CorrectCharge, euros(1) }, euros(500), true},
		{"a correction that changes no money", func(c *Change) { c.Kind, c.Recurring, c.OneOff = CorrectCharge, money.Amount{}, euros(0) }, euros(500), true},
		{"a cent of a correction upwards", func(c *Change) { c.Kind, c.Recurring, c.OneOff = CorrectCharge, money.Amount{}, euros(1) }, euros(1), true},
		{"a credit of Microsoft's, charged for the first time", func(c *Change) { c.Kind, c.Recurring, c.OneOff = CreateCharge, money.Amount{}, euros(-500) }, euros(500), true},
		{"a true-up downwards", func(c *Change) {
			c.Kind, c.Recurring, c.OneOff, c.NewCharge = CreateCharge, money.Amount{}, euros(-1), &billing.DesiredCharge{TrueUp: 1}
		}, euros(500), false},
		{"a true-up upwards", func(c *Change) {
			c.Kind, c.Recurring, c.OneOff, c.NewCharge = CreateCharge, money.Amount{}, euros(1), &billing.DesiredCharge{TrueUp: 1}
		}, euros(500), true},
		{"nothing, with no tolerance", func(c *Change) { c.Recurring = euros(0) }, money.Amount{}, false},
		{"money not known", func(c *Change) { c.Adjust, c.Recurring = &Adjustment{UnitChange: 90}, money.Amount{} }, euros(500), false},
		{"a price behind what may carry another one", func(c *Change) {
			c.Kind, c.Recurring, c.Before.UnitPrice, c.After.UnitPrice = Reprice, euros(0), new(euros(700)), new(euros(700))
		}, euros(500), false},
		{"another price", func(c *Change) {
			c.Kind, c.Before.UnitPrice, c.After.UnitPrice = Reprice, new(euros(600)), new(euros(700))
		}, euros(500), true},
		{"known to be nothing", func(c *Change) { c.Adjust, c.Recurring = &Adjustment{UnitChange: 90}, euros(0) }, euros(500), true},
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
	prepares := []ChangeKind{CreateContract, CreateService, AttachService}
	for _, k := range all {
		if k.IsAdjustment() != slices.Contains(adjusts, k) || k.IsReduction() != slices.Contains(reduces, k) || k.Prepares() != slices.Contains(prepares, k) {
			t.Errorf("%s: adjustment %t, reduction %t, preparation %t", k, k.IsAdjustment(), k.IsReduction(), k.Prepares())
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

// What a hold says, word for word, for a month in which everything is held.
func TestDiaryUnderPolicies(t *testing.T) {
	s := november(upNow)
	s.setup.NeverReduce, s.setup.HoldFirstTime, s.setup.HoldOver = true, true, euros(4500)
	s.keep(t, []entry{
		{day: "2026-03-12", event: "the customer's first line, over the limit",
			plan: []planned{
				{what: "attach-service 2026-02-15 0→0",
					why: "The service is not on the contract yet.", held: "hold-first-time"},
				{what: "increase 2026-02-15 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-02-15, start of the current period, which is not posted.", needs: "#1", held: "hold-over hold-first-time"},
			},
		},
		{day: "2026-04-20", event: "one more is neither", do: seats(6),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-04-15 5→6", money: "+10.00 EUR monthly",
					why: "5 → 6 from 2026-04-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-05-20", event: "one less is a reduction", do: seats(5),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 6 for 60.00 EUR",
				"1: 2026-06-15 to 2026-07-14 6 for 60.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-06-15 6→5", money: "-10.00 EUR monthly",
					why: "6 → 5 from 2026-06-15, start of the next period.", held: "never-reduce"},
			},
		},
		{day: "2026-06-20", event: "a lower price is none: the units stay", do: priced(900),
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 5 for 50.00 EUR",
				"1: 2026-07-15 to 2026-08-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-06-20 5→5 at 9.00 EUR", money: "-5.00 EUR monthly, -4.17 EUR once",
					why: "The price becomes 9.00 EUR from 2026-06-20, 2026-06-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-07-20", event: "five seats at 9.00 are 45.00, the limit itself; the end is a reduction all the same", do: ends("2026-07-20"),
			rows: []string{
				"1: 2026-07-15 to 2026-08-14 5 for 45.00 EUR",
				"1: 2026-08-15 to 2026-09-14 5 for 45.00 EUR",
			},
			plan: []planned{
				{what: "end 2026-08-15 5→0", money: "-45.00 EUR monthly",
					why: "The subscription ended on 2026-07-20; the line ends from 2026-08-15, start of the next period.", held: "never-reduce"},
			},
		},
	})
}

func TestHoldsInWords(t *testing.T) {
	why := func(c Change, setup billing.Settings) []string {
		var out []string
		for _, h := range newPlanner(Input{Settings: setup}).policyHolds(&c) {
			out = append(out, h.Policy+": "+h.Why)
		}
		return out
	}
	for _, tc := range []struct {
		name   string
		change Change
		setup  billing.Settings
		want   []string
	}{
		{"nothing set", Change{Kind: End, CustomerID: "c1", Recurring: euros(-99999)}, billing.Settings{}, nil},
		{"a reduction", Change{Kind: Decrease}, billing.Settings{NeverReduce: true}, []string{"never-reduce: this organization lets nothing be reduced without a person"}},
		{"a charge corrected downwards", Change{Kind: CorrectCharge, OneOff: euros(-1)}, billing.Settings{NeverReduce: true}, []string{"never-reduce: this organization lets nothing be reduced without a person"}},
		{"a charge corrected upwards", Change{Kind: CorrectCharge, OneOff: euros(1)}, billing.Settings{NeverReduce: true}, nil},
		{"a charge over the limit", Change{Kind: CreateCharge, OneOff: euros(5001)}, billing.Settings{HoldOver: euros(5000)}, []string{"hold-over: its money effect of +50.01 EUR is over the limit of 50.00 EUR"}},
		{"a credit over the limit", Change{Kind: Decrease, Recurring: euros(-5001)}, billing.Settings{HoldOver: euros(5000)}, []string{"hold-over: its money effect of -50.01 EUR is over the limit of 50.00 EUR"}},
		{"what is added once over the limit", Change{Kind: Increase, Recurring: euros(5000), Proration: euros(5001)}, billing.Settings{HoldOver: euros(5000)}, []string{"hold-over: its money effect of +50.01 EUR is over the limit of 50.00 EUR"}},
		{"a currency that the limit cannot judge", Change{Kind: Increase, Recurring: money.Of(money.Int(1), "USD")}, billing.Settings{HoldOver: euros(5000)}, []string{"hold-over: its money effect of +1.00 USD is over the limit of 50.00 EUR"}},
		{"a customer's first change", Change{Kind: Increase, CustomerID: "c1"}, billing.Settings{HoldFirstTime: true}, []string{"hold-first-time: nothing was ever billed to this customer by Spindle"}},
		{"a service belongs to no customer", Change{Kind: CreateService}, billing.Settings{HoldFirstTime: true}, nil},
	} {
		same(t, tc.name, why(tc.change, tc.setup), tc.want)
	}
}

// What the limit of an organization says, word for word: over it in either direction, in whichever of the three effects, in a currency that cannot be
// compared, or not known at all.
func TestTheLimitInWords(t *testing.T) {
	adjust := func(set func(*Change)) Change {
		c := Change{Kind: Increase, Adjust: &Adjustment{UnitChange: 1}, Recurring: euros(0)}
		set(&c)
		return c
	}
	dollar := money.Of(money.Int(1), "USD")
	for _, tc := range []struct {
		name  string
		limit money.Amount
		c     Change
		why   string
	}{
		{"at the limit", euros(4000), adjust(func(c *Change) { c.Recurring = euros(4000) }), ""},
		{"a cent over it", euros(4000), adjust(func(c *Change) { c.Recurring = euros(4001) }), "its money effect of +40.01 EUR is over the limit of 40.00 EUR"},
		{"a cent under it, downwards", euros(4000), adjust(func(c *Change) { c.Recurring = euros(-4001) }), "its money effect of -40.01 EUR is over the limit of 40.00 EUR"},
		{"once", euros(4000), adjust(func(c *Change) { c.Proration = euros(5000) }), "its money effect of +50.00 EUR is over the limit of 40.00 EUR"},
		{"a charge", euros(4000), Change{Kind: CreateCharge, OneOff: euros(4001)}, "its money effect of +40.01 EUR is over the limit of 40.00 EUR"},
		{"a charge of nothing", euros(4000), Change{Kind: CreateCharge}, ""},
		{"in another currency", euros(4000), Change{Kind: CreateCharge, OneOff: dollar}, "its money effect of +1.00 USD is over the limit of 40.00 EUR"},
		{"nothing in another currency", euros(4000), Change{Kind: CreateCharge, OneOff: money.Of(money.Int(0), "USD")}, ""},
		{"not known", euros(4000), Change{Kind: Increase, Adjust: &Adjustment{UnitChange: 1}}, "its money effect is not known, and the limit is 40.00 EUR"},
		{"a mark, which has no money", euros(4000), Change{Kind: MarkLine}, ""},
		{"no limit", euros(0), adjust(func(c *Change) { c.Recurring = euros(999999) }), ""},
	} {
		p := newPlanner(Input{Settings: billing.Settings{HoldOver: tc.limit}})
		hold, held := p.holdOver(&tc.c)
		if hold.Why != tc.why || held != (tc.why != "") || held && hold.Policy != "hold-over" {
			t.Errorf("%s: %t %+v, want %q", tc.name, held, hold, tc.why)
		}
	}
}
