package autotask

import (
	"context"
	"encoding/json"
	"runtime"
	"testing"
	"time"
)

func contextWithCancel() (context.Context, context.CancelFunc) {
	return context.WithCancel(context.Background())
}

// waitUntil yields until a condition holds; a test that never gets there fails after five seconds.
func waitUntil(t testing.TB, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !condition(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("condition not reached within 5 s")
		}
	}
}

func (s *Server) threadCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, used := range s.threads {
		n += used
	}
	return n
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
