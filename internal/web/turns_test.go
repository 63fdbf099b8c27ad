package web

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spindle/internal/sheet"
)

func TestPagesAreWorkedOutInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const atOnce, work = 2, 10 * time.Millisecond
		turns, began := make(turns, atOnce), time.Now()
		var pages sync.WaitGroup
		for n := range 7 {
			pages.Go(func() {
				defer turns.take(t.Context())()
				time.Sleep(work)
				if took, want := time.Since(began), time.Duration(n/atOnce+1)*work; took != want {
					t.Errorf("page %d is done after %s, want %s", n, took, want)
				}
			})
			synctest.Wait() // it has its turn, or waits for it
		}
		pages.Wait()
	})
}

func TestNobodyKeepsOthersOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns, began := make(turns, 1), time.Now()
		slow := turns.take(t.Context())
		late := turns.take(t.Context())
		if took := time.Since(began); took != turnWait {
			t.Errorf("waited %s, want %s", took, turnWait)
		}
		late() // had no turn: ends none
		if len(turns) != 1 {
			t.Error("the turn of the slow one was ended by somebody else")
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		turns.take(gone)()
		if took := time.Since(began); took != turnWait {
			t.Errorf("who has gone away waited until %s", took)
		}
		slow()
		slow() // as a handler that ended its turn early does
		next := turns.take(t.Context())
		if len(turns) != 1 {
			t.Error("the next one has no turn")
		}
		next()
	})
}

// What takes long gives its turn up: while a file is sent, pages are worked out. TestEventsFollowARunToItsEnd shows it of events.
func TestFilesKeepNoTurn(t *testing.T) {
	ts := newTestServer(t)
	held := map[string]int{}
	note := func(when string) { held[when] = len(ts.turns) }
	pages := httptest.NewServer(ts.sessions.LoadAndSave(ts.handle(route{needs: signedIn, answer: func(w http.ResponseWriter, r *request) error {
		note("page of " + r.Method)
		return r.export(w, "csv", sheet.Table{Name: "lines", Rows: func(func([]string, error) bool) { note("file of " + r.Method) }})
	}})))
	defer pages.Close()
	client := ts.owner().client
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		req, err := http.NewRequestWithContext(t.Context(), method, pages.URL, nil)
		ts.must(err)
		res, err := client.Do(req)
		ts.must(err)
		ts.must(res.Body.Close())
	}
	if want := map[string]int{"page of GET": 1, "file of GET": 0, "page of POST": 0, "file of POST": 0}; !maps.Equal(held, want) {
		t.Errorf("turns held: %v, want %v", held, want)
	}
	if len(ts.turns) != 0 {
		t.Error("a turn is never given back")
	}
}
