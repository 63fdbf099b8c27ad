package engine

import (
	"errors"
	"testing"

	"spindle/internal/mapping"
)

// TestSuggestionsAreWorkedOutOnceForEachState: what is known is given until a write changes the state, and what failed is tried again.
func TestSuggestionsAreWorkedOutOnceForEachState(t *testing.T) {
	var s kept[mapping.Suggestion]
	worked := 0
	work := func() ([]mapping.Suggestion, error) {
		worked++
		return []mapping.Suggestion{{CustomerID: "c1", Score: worked}}, nil
	}
	fail := func() ([]mapping.Suggestion, error) { return nil, errors.New("not read") }
	for i, step := range []struct {
		version int64
		fails   bool
		score   int
	}{{version: 1, fails: true}, {version: 1, score: 1}, {version: 1, score: 1}, {version: 2, fails: true}, {version: 2, score: 2}, {version: 1, score: 3}} {
		do := work
		if step.fails {
			do = fail
		}
		all, err := s.of("org", step.version, do)
		if step.fails != (err != nil) || err == nil && all[0].Score != step.score {
			t.Errorf("step %d: %v, %v", i, all, err)
		}
		if err == nil {
			all[0].Score = -1 // what is given is the caller's
		}
	}
}

// TestOneOrganizationDoesNotWaitForAnothersSuggestions: the Autotask of one may be slow, or down.
func TestOneOrganizationDoesNotWaitForAnothersSuggestions(t *testing.T) {
	var s kept[mapping.Suggestion]
	reading, done := make(chan struct{}), make(chan struct{})
	finish := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.of("slow", 1, func() ([]mapping.Suggestion, error) {
			close(reading)
			<-finish
			return nil, nil
		})
	}()
	<-reading
	if _, err := s.of("quick", 1, func() ([]mapping.Suggestion, error) { return nil, nil }); err != nil {
		t.Error(err)
	}
	close(finish)
	<-done
}
