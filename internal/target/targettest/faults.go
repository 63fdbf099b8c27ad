package targettest

import (
	"slices"
	"strings"
	"testing"

	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/target"
)

// testCase applies one kind of change undisturbed, then once under every fault, and compares the ends.
func testCase(t *testing.T, f Fixture, c writeCase) {
	w := build(t, f)
	if slices.Contains(w.Refuses, c.kind) {
		before := w.State()
		_, err := w.Target.Apply(t.Context(), c.change(w))
		w.wantKind(err, fault.KindInvalid)
		if w.State() != before {
			t.Error("a refused change left a trace")
		}
		return
	}
	end := undisturbed(t, w, c)
	for _, kind := range f.faults() {
		t.Run(string(kind), func(t *testing.T) { disturbed(t, build(t, f), c, kind, end) })
	}
}

// undisturbed checks a change that meets no fault, and gives the tenant's state after it.
func undisturbed(t *testing.T, w *world, c writeCase) string {
	if c.prepare != nil {
		c.prepare(w)
	}
	change := c.change(w)
	before := w.State()
	w.wantSettled(change, target.DidNotHappen)
	if w.State() != before {
		t.Error("settling changed the tenant")
	}
	writes := w.Writes()
	receipt, err := w.Target.Apply(t.Context(), change)
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	if n := w.Writes() - writes; n != 1 {
		t.Errorf("%d writes, want exactly one", n)
	}
	if (receipt.ID != "") != c.creates || receipt.Request == "" || receipt.Response == "" {
		t.Errorf("receipt %+v", receipt)
	}
	w.wantNoSecret(receipt.Request + receipt.Response)
	settled := w.wantSettled(change, target.Happened)
	if c.creates && settled.ID != receipt.ID || c.finds != (settled.ID != "") {
		t.Errorf("settling found id %q, the receipt says %q", settled.ID, receipt.ID)
	}
	c.verify(w, change, settled.ID)
	return w.State()
}

// disturbed applies under a fault, settles as the engine would, and expects the undisturbed end.
func disturbed(t *testing.T, w *world, c writeCase, kind FaultKind, end string) {
	if c.prepare != nil {
		c.prepare(w)
	}
	change := c.change(w)
	want := expectations()[kind]
	before, writes := w.State(), w.Writes()
	w.Break(Fault{Kind: kind})
	receipt, err := w.Target.Apply(t.Context(), change)
	w.Heal()
	w.wantKind(err, want.kind)
	if err != nil {
		w.wantNoSecret(err.Error() + fault.Remedy(err))
	}
	w.wantNoSecret(receipt.Request + receipt.Response)
	if n := w.Writes() - writes; n != want.writes {
		t.Errorf("%d writes reached the tenant, want %d", n, want.writes)
	}
	if applied := w.State() != before; applied != want.applied {
		t.Errorf("applied: %v, want %v", applied, want.applied)
	}
	if !want.applied {
		w.wantSettled(change, target.DidNotHappen)
		w.mustApply(change)
	}
	w.wantSettled(change, target.Happened)
	if w.State() != end {
		t.Error("the tenant ends otherwise than undisturbed")
	}
}

// expectation is what a fault must lead to.
type expectation struct {
	kind    fault.Kind
	writes  int
	applied bool
}

func expectations() map[FaultKind]expectation {
	return map[FaultKind]expectation{
		Dropped:        {fault.KindUnknownOutcome, 1, false},
		AppliedDropped: {fault.KindUnknownOutcome, 1, true},
		Hung:           {fault.KindUnknownOutcome, 1, false},
		AppliedHung:    {fault.KindUnknownOutcome, 1, true},
		Garbled:        {fault.KindUnknownOutcome, 1, false},
		AppliedGarbled: {fault.KindUnknownOutcome, 1, true},
		Empty:          {fault.KindUnknownOutcome, 1, false},
		Refused:        {fault.KindInvalid, 1, false},
		Throttled:      {fault.KindWaitUntil, 0, false},
		ThrottledOnce:  {fault.KindNone, 1, true}, // refused unseen, then sent again
		Unauthorized:   {fault.KindUnauthorized, 1, false},
	}
}

func (w *world) wantSettled(c plan.Change, want target.Outcome) target.Settlement {
	w.Helper()
	writes := w.Writes()
	s, err := w.Target.Settle(w.Context(), c)
	if err != nil {
		w.Fatalf("settle: %v", err)
	}
	if s.Outcome != want || s.Why == "" {
		w.Errorf("settled as %+v, want %s", s, want)
	}
	if w.Writes() != writes {
		w.Error("settling wrote")
	}
	return s
}

func (w *world) wantNoSecret(text string) {
	w.Helper()
	for _, secret := range w.Secrets {
		if secret != "" && strings.Contains(text, secret) {
			w.Errorf("a secret shows in %q", text)
		}
	}
}

// testRefusals checks business rules that every billing system has.
func testRefusals(t *testing.T, f Fixture) {
	w := build(t, f)
	before := w.State()
	outside := w.adjust(plan.Increase, w.end().AddDays(1), 1, 5, nil)
	negative := w.adjust(plan.Decrease, w.next(), -6, 5, nil)
	twice := w.adjust(plan.Increase, w.Day.MonthStart(), 1, 5, nil) // the first increase counts from that day
	for name, change := range map[string]plan.Change{"outside the contract": outside, "below zero": negative, "twice on a day": twice} {
		_, err := w.Target.Apply(t.Context(), change)
		w.wantKind(err, fault.KindInvalid)
		if fault.Remedy(err) == "" {
			t.Errorf("%s: a refusal without a remedy: %v", name, err)
		}
	}
	unresolved := w.adjust(plan.Increase, w.next(), 1, 5, nil)
	unresolved.Line.ID = ""
	if _, err := w.Target.Apply(t.Context(), unresolved); err == nil {
		t.Error("a change without the line's id was accepted")
	}
	if _, err := w.Target.Apply(t.Context(), plan.Change{Kind: "no-such-kind"}); err == nil {
		t.Error("an unknown kind was accepted")
	}
	if w.State() != before {
		t.Error("refused changes left a trace")
	}
}
