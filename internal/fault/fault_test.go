package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"spindle/internal/fault"
)

func TestKindOf(t *testing.T) {
	at := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	wait := fault.WaitUntilf(at, "budget used up")
	tests := []struct {
		name string
		err  error
		want fault.Kind
		exit int
	}{
		{"nil", nil, fault.KindNone, 0},
		{"plain error", io.EOF, fault.KindInternal, 1},
		{"invalid", fault.Invalidf("x"), fault.KindInvalid, 2},
		{"not found", fault.NotFoundf("x"), fault.KindNotFound, 3},
		{"conflict", fault.Conflictf("x"), fault.KindConflict, 4},
		{"stale", fault.Stalef("x"), fault.KindStale, 4},
		{"unauthorized", fault.Unauthorizedf("x"), fault.KindUnauthorized, 5},
		{"wait", wait, fault.KindWaitUntil, 6},
		{"transient", fault.Transientf("x"), fault.KindTransient, 6},
		{"needs person", fault.NeedsPersonf("x"), fault.KindNeedsPerson, 7},
		{"unknown outcome", fault.UnknownOutcomef("x"), fault.KindUnknownOutcome, 8},
		{"wrapped", fmt.Errorf("a: %w", fmt.Errorf("b: %w", wait)), fault.KindWaitUntil, 6},
		{"outermost wins", fault.NeedsPersonf("x: %w", fault.Transientf("y")), fault.KindNeedsPerson, 7},
		{"plain branch does not count", errors.Join(io.EOF, fault.Stalef("x")), fault.KindStale, 4},
		{"joined plain errors", errors.Join(io.EOF, io.EOF), fault.KindInternal, 1},
		{"unknown outcome beats all", errors.Join(fault.NeedsPersonf("x"), fault.UnknownOutcomef("y"), fault.Transientf("z")), fault.KindUnknownOutcome, 8},
		{"person beats retry", errors.Join(fault.Transientf("x"), wait, fault.NeedsPersonf("y")), fault.KindNeedsPerson, 7},
		{"waiting beats retrying at once", errors.Join(fault.Transientf("x"), wait), fault.KindWaitUntil, 6},
		{"several %w", fmt.Errorf("%w and %w", io.EOF, fault.Conflictf("x")), fault.KindConflict, 4},
		{"kind from elsewhere", &fault.Error{Kind: "odd"}, "odd", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.KindOf(tt.err); got != tt.want {
				t.Errorf("KindOf = %q, want %q", got, tt.want)
			}
			if !fault.Is(tt.err, tt.want) {
				t.Errorf("Is(%q) = false", tt.want)
			}
			if got := fault.ExitCode(fault.KindOf(tt.err)); got != tt.exit {
				t.Errorf("ExitCode = %d, want %d", got, tt.exit)
			}
		})
	}
}

// The kinds are stored in databases and scripts: their text never changes.
func TestKindTextIsStable(t *testing.T) {
	want := map[fault.Kind]string{
		fault.KindInternal: "internal", fault.KindInvalid: "invalid", fault.KindNotFound: "not_found",
		fault.KindConflict: "conflict", fault.KindStale: "stale", fault.KindUnauthorized: "unauthorized",
		fault.KindWaitUntil: "wait_until", fault.KindTransient: "transient",
		fault.KindNeedsPerson: "needs_person", fault.KindUnknownOutcome: "unknown_outcome",
	}
	for k, text := range want {
		if string(k) != text {
			t.Errorf("kind %q, want %q", string(k), text)
		}
	}
}

func TestErrorText(t *testing.T) {
	tests := []struct {
		name string
		err  *fault.Error
		want string
	}{
		{"message", fault.Invalidf("day %d is not in 1 to 31", 32), "day 32 is not in 1 to 31"},
		{"field leads", fault.Invalidf("must be 1 to 31").WithField("start day"), "start day: must be 1 to 31"},
		{"cause by %w is said once", fault.Transientf("read zone: %w", io.EOF), "read zone: EOF"},
		{"cause added", fault.Transientf("read zone").WithCause(io.EOF), "read zone: EOF"},
		{"nil cause", fault.Transientf("read zone").WithCause(nil), "read zone"},
		{"only a cause", &fault.Error{Kind: fault.KindStale, Err: io.EOF}, "EOF"},
		{"only a kind", &fault.Error{Kind: fault.KindStale}, "stale"},
		{"remedy stays out", fault.NotFoundf("gone").Do("look again"), "gone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("Error() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCausesAreKept(t *testing.T) {
	for name, err := range map[string]error{
		"%w":        fault.Transientf("a: %w", io.EOF),
		"two %w":    fault.Transientf("a: %w, %w", io.ErrClosedPipe, io.EOF),
		"WithCause": fault.Transientf("a").WithCause(io.EOF),
	} {
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: cause lost", name)
		}
	}
}

func TestRefiningCopies(t *testing.T) {
	base := fault.Invalidf("bad")
	refined := base.Do("fix it").WithField("f").WithCause(io.EOF)
	if base.Remedy != "" || base.Field != "" || base.Err != nil || base.Message != "bad" {
		t.Errorf("the original changed: %+v", base)
	}
	if refined.Remedy != "fix it" || refined.Field != "f" || refined.Kind != fault.KindInvalid {
		t.Errorf("refined = %+v", refined)
	}
}

func TestRemedy(t *testing.T) {
	inner := fault.Unauthorizedf("refused").Dof("run spindle %s", "doctor")
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"nil", nil, ""},
		{"plain", io.EOF, ""},
		{"none given", fault.Invalidf("x"), ""},
		{"own", inner, "run spindle doctor"},
		{"through wrapping", fmt.Errorf("a: %w", inner), "run spindle doctor"},
		{"from the cause", fault.NeedsPersonf("b: %w", inner), "run spindle doctor"},
		{"outer first", fault.NeedsPersonf("b: %w", inner).Do("ask"), "ask"},
		{"of the deciding branch", errors.Join(fault.Transientf("x").Do("wait"), inner), "run spindle doctor"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.Remedy(tt.err); got != tt.want {
				t.Errorf("Remedy = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRetryAt(t *testing.T) {
	at := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	got, ok := fault.RetryAt(fmt.Errorf("a: %w", fault.WaitUntilf(at, "full")))
	if !ok || !got.Equal(at) {
		t.Errorf("RetryAt = %v, %v; want %v, true", got, ok, at)
	}
	for _, err := range []error{nil, io.EOF, fault.Transientf("x"), errors.Join(fault.WaitUntilf(at, "x"), fault.NeedsPersonf("y"))} {
		if _, ok := fault.RetryAt(err); ok {
			t.Errorf("RetryAt(%v) says wait", err)
		}
	}
}

func TestListKeepsEveryMistake(t *testing.T) {
	err := errors.Join(
		fault.Invalidf("one").WithField("a"),
		fmt.Errorf("file x: %w", fault.Invalidf("two").Do("fix two")),
		fmt.Errorf("both: %w", errors.Join(io.EOF, fault.NotFoundf("three"))),
	)
	got := fault.List(err)
	want := []string{"a: one", "file x: two", "EOF", "three"}
	if len(got) != len(want) {
		t.Fatalf("List gave %d faults, want %d: %v", len(got), len(want), got)
	}
	for i, w := range want {
		if got[i].Error() != w {
			t.Errorf("List[%d] = %q, want %q", i, got[i].Error(), w)
		}
	}
	if got[1].Remedy != "fix two" || got[2].Kind != fault.KindInternal {
		t.Errorf("details lost: %+v, %+v", got[1], got[2])
	}
	if fault.List(nil) != nil {
		t.Error("List(nil) is not empty")
	}
}
