package plan

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// mixed gives the input with everything that has a key or an id in another order.
func mixed(r *rand.Rand, in Input) Input {
	d, o := &in.Desired, &in.Observed
	d.Lines, d.Contracts, d.Services = shuffled(r, d.Lines), shuffled(r, d.Contracts), shuffled(r, d.Services)
	d.Charges, d.Findings, d.Months = shuffled(r, d.Charges), shuffled(r, d.Findings), shuffled(r, d.Months)
	o.Lines, o.Contracts, o.Services, o.Charges = shuffled(r, o.Lines), shuffled(r, o.Contracts), shuffled(r, o.Services), shuffled(r, o.Charges)
	in.Memory.Lines, in.Memory.Charges, in.Enabled = shuffled(r, in.Memory.Lines), shuffled(r, in.Memory.Charges), shuffled(r, in.Enabled)
	for i := range o.Lines {
		o.Lines[i].Rows = shuffled(r, o.Lines[i].Rows)
	}
	return in
}

// whole shows all that a plan says, stored or not.
func whole(p Plan) string {
	out := deref(p)
	for _, c := range p.Changes {
		out = append(out, fmt.Sprint(c.Together, c.Shares, c.Moves, c.Instances, c.Proof, c.Customer))
		if c.NewCharge != nil {
			out = append(out, fmt.Sprintf("%+v", *c.NewCharge))
		}
	}
	out = append(out, rebookedIn(p)...)
	return strings.Join(append(out, fmt.Sprintf("%+v", p.Shortages)), "\n")
}

// Law 4 where subscriptions travel: who moves with whom, and what ends after what, does not depend on what is read first.
func TestTheOrderOfTravelsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawTravels(t)
		v.b.at.day = v.begin()
		r := rand.New(rand.NewSource(rapid.Int64().Draw(t, "shuffle")))
		for range rapid.IntRange(1, 4).Draw(t, "turns") {
			v.wander()
			in := v.input()
			p, again := Make(in), Make(mixed(r, in))
			if whole(p) != whole(again) {
				t.Fatalf("another order gives another plan:\n%s\n---\n%s", whole(p), whole(again))
			}
			from, contracts := LookBack(in)
			if fromToo, contractsToo := LookBack(mixed(r, in)); from != fromToo || !slices.Equal(contracts, contractsToo) {
				t.Fatalf("looks back to %s on %v, or to %s on %v", from, contracts, fromToo, contractsToo)
			}
			if got, want := fmt.Sprint(InStep(mixed(r, in), p)), fmt.Sprint(InStep(in, p)); got != want {
				t.Fatalf("in step are %s, or %s", want, got)
			}
			for _, c := range p.Changes[:rapid.IntRange(0, len(p.Changes)).Draw(t, "applied")] { // half a move is a plan's input as well
				if err := v.b.apply(c); err != nil {
					t.Fatalf("refused: %v\n%s", err, text(p))
				}
			}
		}
	})
}

// Law 4 for charges: which charge holds whose money does not depend on what is read first.
func TestTheOrderOfChargesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := drawUsage(t)
		r := rand.New(rand.NewSource(rapid.Int64().Draw(t, "shuffle")))
		for range rapid.IntRange(1, 5).Draw(t, "runs") {
			for range rapid.IntRange(0, 3).Draw(t, "turns") {
				u.turn(true)
			}
			u.wants()
			in := u.s.input()
			if p, again := Make(in), Make(mixed(r, in)); whole(p) != whole(again) {
				t.Fatalf("another order gives another plan:\n%s\n---\n%s", whole(p), whole(again))
			}
			u.run(rapid.Bool().Draw(t, "only some is approved"))
		}
	})
}

// A plan for one customer has exactly those charges of the plan for all in which the customer's money is, or was: neither more, which would touch
// others, nor less, which would charge something twice.
func TestAPlanOfOneCustomersCharges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := drawUsage(t)
		for range rapid.IntRange(1, 5).Draw(t, "runs") {
			for range rapid.IntRange(0, 3).Draw(t, "turns") {
				u.turn(true)
			}
			u.wants()
			in := u.s.input()
			all := Make(in)
			for _, customer := range storyCustomers {
				in.Customer = customer
				months := map[billing.Month]bool{} // in which the customer's money is
				for _, a := range newPlanner(inOrder(in)).accounts() {
					months[a.month] = months[a.month] || slices.Contains(a.customers, customer)
				}
				one := Make(in)
				for _, c := range one.Changes {
					if !slices.ContainsFunc(all.Changes, func(x Change) bool { return x.ID == c.ID && x.Reason == c.Reason }) {
						t.Fatalf("the plan for %s has a change more: %s of %s\n%s", customer, c.Kind, c.ChargeKey, text(all))
					}
				}
				for _, c := range all.Changes {
					whose := c.NewCharge != nil && slices.Contains(c.NewCharge.Customers(), customer) || c.CustomerID == customer
					if planned := slices.ContainsFunc(one.Changes, func(x Change) bool { return x.ID == c.ID }); whose && !planned {
						t.Fatalf("the plan for %s lacks %s of %s\n%s", customer, c.Kind, c.ChargeKey, text(one))
					}
				}
				for _, c := range one.Changes {
					if c.NewCharge != nil && !months[c.NewCharge.Month] {
						t.Fatalf("%s has no money in %s, but\n%s", customer, c.NewCharge.Month, text(one))
					}
				}
			}
			u.run(false)
		}
	})
}

// What a plan is made from stays as it was, where units travel and where months are corrected too.
func TestMakeLeavesMovesAndChargesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawTravels(t)
		v.b.at.day = v.begin()
		v.wander()
		in := v.input()
		before := fmt.Sprintf("%+v", in)
		p := Make(in)
		InStep(in, p)
		LookBack(in)
		if after := fmt.Sprintf("%+v", in); after != before {
			t.Fatalf("the input was changed:\n%s\n%s", before, after)
		}
		u := drawUsage(t)
		u.run(false)
		for range rapid.IntRange(1, 4).Draw(t, "turns") {
			u.turn(true)
		}
		u.wants()
		in = u.s.input()
		before = fmt.Sprintf("%+v", in)
		Make(in)
		if after := fmt.Sprintf("%+v", in); after != before {
			t.Fatalf("the input was changed:\n%s\n%s", before, after)
		}
	})
}

// The word of a gap reaches everybody it touches: with a gap of one customer, everything of the others is planned as if there were none.
func TestAGapOfOneCustomerLeavesTheOthersAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStory(t)
		s.run()
		s.turn()
		in := s.input()
		want := deref(Make(in))
		in.Desired.Incomplete = []billing.Gap{{CustomerID: "c2", What: "subscriptions of Birch", Why: "no answer"}}
		p := Make(in)
		if p.Complete || !hasFinding(p, billing.FindingIncomplete) {
			t.Fatal("the gap is not said")
		}
		p.Complete, p.Findings = true, slices.DeleteFunc(p.Findings, func(f billing.Finding) bool { return f.Kind == billing.FindingIncomplete })
		if got := deref(p); !slices.Equal(got[1:], want[1:]) { // the fingerprint differs
			t.Fatalf("%v\nwant\n%v", got, want)
		}
	})
}

// neighbour is the same life lived by another customer, on contracts and lines of its own; the catalogue is shared.
func neighbour(in Input) Input {
	other := in
	other.Desired.Lines, other.Observed.Lines, other.Observed.Contracts, other.Memory.Lines = nil, nil, nil, nil
	subscriptions := func(shares []billing.Share) (renamed []billing.Share) {
		for _, share := range shares {
			renamed = append(renamed, billing.Share{SubscriptionID: "n" + share.SubscriptionID, Units: share.Units})
		}
		return renamed
	}
	for _, l := range in.Desired.Lines {
		l.Key, l.Mark, l.CustomerID, l.Contract.ID, l.Shares = "n"+l.Key, "n"+l.Mark, "c2", "1"+l.Contract.ID, subscriptions(l.Shares)
		other.Desired.Lines = append(other.Desired.Lines, l)
	}
	for _, c := range in.Observed.Contracts {
		c.ID = "1" + c.ID
		other.Observed.Contracts = append(other.Observed.Contracts, c)
	}
	for _, l := range in.Observed.Lines {
		l.ID, l.ContractID = "1000"+l.ID, "1"+l.ContractID
		if l.Mark != "" {
			l.Mark = "n" + l.Mark
		}
		other.Observed.Lines = append(other.Observed.Lines, l)
	}
	for _, a := range in.Memory.Lines {
		a.LineKey, a.LineID, a.CustomerID, a.ContractID, a.Shares = "n"+a.LineKey, "1000"+a.LineID, "c2", "1"+a.ContractID, subscriptions(a.Shares)
		var moves []Move
		for _, m := range a.Moves {
			m.SubscriptionID = "n" + m.SubscriptionID
			moves = append(moves, m)
		}
		a.Moves = moves
		other.Memory.Lines = append(other.Memory.Lines, a)
	}
	return other
}

// Customers are planned as if they were alone: neither what another one orders, moves or ends, nor a hand on his lines, changes a word of the plan for
// the first (the fear of a distributor: one reseller's bad data).
func TestCustomersArePlannedAsIfAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mine, theirs := drawTravels(t), drawTravels(t)
		mine.b.at.day = mine.begin()
		theirs.b.at.day = theirs.begin()
		for range rapid.IntRange(1, 3).Draw(t, "turns") {
			mine.wander()
			theirs.wander()
			theirs.b.at.day, theirs.policy = mine.b.at.day, mine.policy
			in, beside := mine.input(), neighbour(theirs.input())
			alone := Make(in)
			in.Desired.Lines = append(slices.Clone(in.Desired.Lines), beside.Desired.Lines...)
			in.Observed.Lines = append(slices.Clone(in.Observed.Lines), beside.Observed.Lines...)
			in.Observed.Contracts = append(slices.Clone(in.Observed.Contracts), beside.Observed.Contracts...)
			in.Memory.Lines = append(slices.Clone(in.Memory.Lines), beside.Memory.Lines...)
			in.Enabled = []billing.CustomerID{"c1", "c2"}
			together := Make(in)
			together.Changes = slices.DeleteFunc(together.Changes, func(c Change) bool { return c.CustomerID != "c1" })
			together.Findings = slices.DeleteFunc(together.Findings, func(f billing.Finding) bool { return f.CustomerID != "c1" })
			together.Fingerprint = alone.Fingerprint
			if whole(together) != whole(alone) {
				t.Fatalf("alone:\n%s\n---\nbeside another customer:\n%s", whole(alone), whole(together))
			}
			for _, c := range alone.Changes[:rapid.IntRange(0, len(alone.Changes)).Draw(t, "applied")] {
				if err := mine.b.apply(c); err != nil {
					t.Fatalf("refused: %v\n%s", err, text(alone))
				}
			}
		}
	})
}
