package plan

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

func shuffled[T any](r *rand.Rand, items []T) []T {
	items = slices.Clone(items)
	r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	return items
}

// withCharges adds charges and findings to a story's input, so that every slice has something to permute.
func withCharges(t *rapid.T, in Input) Input {
	for i := range rapid.IntRange(0, 4).Draw(t, "charges") {
		in.Desired.Charges = append(in.Desired.Charges, billing.DesiredCharge{Key: fmt.Sprintf("charge-%d", i), Mark: fmt.Sprintf("SPN-%d", i), CustomerID: "c1",
			Contract: billing.Ref{ID: "900"}, Month: "2026-01", Name: "Azure", Date: in.Desired.Day, Quantity: money.Int(1), UnitPrice: euros(int64(100 * i))})
		in.Observed.Charges = append(in.Observed.Charges, billing.Charge{ID: billing.ChargeID(fmt.Sprint(9 + i)), Mark: fmt.Sprintf("SPN-%d", i/2), ContractID: "900",
			Quantity: money.Int(1), UnitPrice: euros(200)})
		in.Desired.Findings = append(in.Desired.Findings, billing.Finding{Kind: billing.FindingUnmapped, Subject: fmt.Sprint(i / 2), Message: fmt.Sprint(i)})
	}
	return in
}

// Law 4.
func TestTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStory(t)
		s.run()
		s.turn()
		in := withCharges(t, s.input())
		r := rand.New(rand.NewSource(rapid.Int64().Draw(t, "shuffle")))
		want := fmt.Sprintf("%+v", deref(Make(in)))
		in.Desired.Lines, in.Desired.Contracts = shuffled(r, in.Desired.Lines), shuffled(r, in.Desired.Contracts)
		in.Desired.Services, in.Desired.Charges = shuffled(r, in.Desired.Services), shuffled(r, in.Desired.Charges)
		in.Desired.Findings = shuffled(r, in.Desired.Findings)
		in.Observed.Lines, in.Observed.Contracts = shuffled(r, in.Observed.Lines), shuffled(r, in.Observed.Contracts)
		in.Observed.Services, in.Observed.Charges = shuffled(r, in.Observed.Services), shuffled(r, in.Observed.Charges)
		in.Memory.Lines = shuffled(r, in.Memory.Lines)
		for i := range in.Observed.Lines {
			in.Observed.Lines[i].Rows = shuffled(r, in.Observed.Lines[i].Rows)
		}
		if got := fmt.Sprintf("%+v", deref(Make(in))); got != want {
			t.Fatalf("permuted input gives another plan:\n%s\n---\n%s", want, got)
		}
	})
}

// deref shows a plan without addresses.
func deref(p Plan) []string {
	out := []string{p.Fingerprint, p.Day.String(), fmt.Sprint(p.Complete)}
	for _, c := range p.Changes {
		line := fmt.Sprintf("%s %s %s %q %q %s %s %s %s %v %v %v %v %v %d %d", c.ID, c.Kind, c.CustomerID, c.What, c.Reason, c.Contract, c.Service, c.Line, c.Effective,
			c.Recurring, c.Proration, c.OneOff, c.Requires, c.Holds, c.Before.Units, c.After.Units)
		if c.Adjust != nil {
			line += fmt.Sprintf(" %d %s", c.Adjust.UnitChange, amountText(c.Adjust.UnitPrice))
		}
		out = append(out, line)
	}
	for _, f := range p.Findings {
		out = append(out, fmt.Sprintf("%+v", f))
	}
	return out
}

func TestMakeLeavesItsInputAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStory(t)
		s.run()
		s.turn()
		in := withCharges(t, s.input())
		in.Desired.Findings = append(make([]billing.Finding, 0, 64), in.Desired.Findings...) // room behind, which a careless append would use
		before := fmt.Sprintf("%+v %+v", in, in.Desired.Findings[:cap(in.Desired.Findings)])
		Make(in)
		if after := fmt.Sprintf("%+v %+v", in, in.Desired.Findings[:cap(in.Desired.Findings)]); after != before {
			t.Fatalf("Make changed its input:\n%s\n%s", before, after)
		}
	})
}

// Law 2: with a gap in the source, no plan takes anything away, on any day: neither units nor money.
func TestAnIncompleteSourceNeverReduces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStory(t)
		for range rapid.IntRange(1, 5).Draw(t, "turns") {
			s.desired.Incomplete = nil
			s.run()
			s.turn()
			s.desired.Incomplete = []billing.Gap{{CustomerID: pick(t, "gap", billing.CustomerID(""), "c1"), What: "subscriptions", Why: "no answer"}}
			before := map[billing.ContractServiceID]*modelLine{}
			for _, l := range s.b.at.lines {
				old := *l
				before[l.id] = &old
			}
			if p := s.run(); p.Complete {
				t.Fatal("the plan says it is complete")
			}
			for _, l := range s.b.at.lines {
				old := before[l.id]
				if old == nil {
					continue
				}
				for d := s.b.at.day.AddDays(-60); d.Before(s.b.at.day.AddDays(420)); d = d.AddDays(1) {
					if l.unitsOn(d) < old.unitsOn(d) {
						t.Fatalf("law 2: line %s fell from %d to %d on %s", l.id, old.unitsOn(d), l.unitsOn(d), d)
					}
					if was, is := s.b.at.worthOn(old, d), s.b.at.worthOn(l, d); is.Value().Cmp(was.Value()) < 0 {
						t.Fatalf("law 2: line %s fell from %s to %s a period on %s\n%s", l.id, was, is, d, s.b.at)
					}
				}
			}
		}
	})
}

func TestAGapOfAnotherCustomerReducesAsUsual(t *testing.T) {
	s := november(billing.PeriodStart)
	s.stands(5, "2026-11-01")
	s.want.Units = 3
	s.gaps = []billing.Gap{{CustomerID: "c2", What: "subscriptions of Birch", Why: "no answer"}}
	s.expect(t, "decrease 2026-11-15 5→3")
	s.gaps[0].CustomerID = "c1"
	s.expect(t)
}

// Law 2: what stands in the target is not known, so even an addition could be a duplicate.
func TestAnIncompleteTargetGivesNothingAtAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStory(t)
		in := withCharges(t, s.input())
		in.Observed.Incomplete = []billing.Gap{{What: "unit rows", Why: "no answer"}}
		p := Make(in)
		if len(p.Changes) > 0 || p.Complete {
			t.Fatalf("planned on half a target: %s", text(p))
		}
		if !hasFinding(p, billing.FindingIncomplete) {
			t.Fatal("the gap is not reported")
		}
	})
}

func hasFinding(p Plan, kind billing.FindingKind) bool {
	return slices.ContainsFunc(p.Findings, func(f billing.Finding) bool { return f.Kind == kind })
}

func TestAGapNeverCorrectsAChargeDownwards(t *testing.T) {
	s := november(billing.UpNowDownNext)
	s.want.Units = 0
	s.charge("azure", 900)
	s.b.at.charges = []billing.Charge{{ID: "70", Mark: "SPN-azure", ContractID: "900", Quantity: money.Int(1), UnitPrice: euros(1000)}}
	s.expect(t, "correct-charge 2026-11-20 0→0")
	s.gaps = []billing.Gap{{What: "usage", Why: "no answer"}}
	s.expect(t)
	s.desired.Charges[0].UnitPrice = euros(1100)
	s.expect(t, "correct-charge 2026-11-20 0→0")
}

// Law 2 at the gate: whatever a rule may propose, what takes something away of a customer whom a gap touches does not get into a plan.
func TestNothingThatReducesPassesTheGate(t *testing.T) {
	trueUp, original := &billing.DesiredCharge{TrueUp: 1}, &billing.DesiredCharge{}
	for _, tc := range []struct {
		name    string
		c       Change
		reduces bool
	}{
		{"decrease", Change{Kind: Decrease}, true},
		{"end", Change{Kind: End}, true},
		{"removal", Change{Kind: RemoveCharge}, true},
		{"correction downwards", Change{Kind: CorrectCharge, OneOff: euros(-1)}, true},
		{"true-up downwards", Change{Kind: CreateCharge, NewCharge: trueUp, OneOff: euros(-1)}, true},
		{"increase", Change{Kind: Increase}, false},
		{"new price", Change{Kind: Reprice}, false},
		{"correction upwards", Change{Kind: CorrectCharge, OneOff: euros(1)}, false},
		{"true-up upwards", Change{Kind: CreateCharge, NewCharge: trueUp, OneOff: euros(1)}, false},
		{"a credit of Microsoft's own", Change{Kind: CreateCharge, NewCharge: original, OneOff: euros(-1)}, false},
	} {
		for gap, touches := range map[billing.CustomerID]bool{"": true, "c1": true, "c2": false} {
			p := newPlanner(Input{Desired: billing.Desired{Incomplete: []billing.Gap{{CustomerID: gap}}}})
			tc.c.CustomerID = "c1"
			id := p.add(phaseLines, tc.c)
			if stopped := id == ""; stopped != (touches && tc.reduces) || stopped != (len(p.changes) == 0) {
				t.Errorf("%s with a gap of %q: id %q, %d changes", tc.name, gap, id, len(p.changes))
			}
		}
		if p := newPlanner(Input{}); p.add(phaseLines, tc.c) == "" {
			t.Errorf("%s without a gap does not pass", tc.name)
		}
	}
}
