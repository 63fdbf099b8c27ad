package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/a-h/templ"

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

// What takes long gives its turn up: while a file or a page is sent, pages are worked out. TestEventsFollowARunToItsEnd shows it of events.
func TestSendingKeepsNoTurn(t *testing.T) {
	ts := newTestServer(t)
	var held []string
	note := func(when string) { held = append(held, fmt.Sprintf("%s: %d", when, len(ts.turns))) }
	answers := map[string]handler{
		"/file": func(w http.ResponseWriter, r *request) error {
			note(r.Method + " file")
			return r.export(w, "csv", sheet.Table{Name: "lines", Rows: func(func([]string, error) bool) { note("is sent") }})
		},
		"/page": func(w http.ResponseWriter, r *request) error {
			note(r.Method + " page")
			return r.page(noted{w, func() { note("is sent") }}, http.StatusOK, templ.Raw("words"))
		},
	}
	pages := http.NewServeMux()
	for path, answer := range answers {
		pages.Handle(path, ts.handle(route{needs: signedIn, answer: answer}))
	}
	server := httptest.NewServer(ts.sessions.LoadAndSave(pages))
	defer server.Close()
	client := ts.owner().client
	for _, asked := range []string{"GET /file", "POST /file", "GET /page", "POST /page", "HEAD /page"} {
		method, path, _ := strings.Cut(asked, " ")
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
		ts.must(err)
		res, err := client.Do(req)
		ts.must(err)
		ts.must(res.Body.Close())
	}
	want := []string{"GET file: 1", "is sent: 0", "POST file: 0", "is sent: 0", "GET page: 1", "is sent: 0", "POST page: 0", "is sent: 0", "HEAD page: 1", "is sent: 0"}
	if !slices.Equal(held, want) {
		t.Errorf("turns held: %q\nwant %q", held, want)
	}
	if len(ts.turns) != 0 {
		t.Error("a turn is never given back")
	}
}

// noted is told of what is sent.
type noted struct {
	http.ResponseWriter
	sent func()
}

func (n noted) Write(p []byte) (int, error) {
	n.sent()
	return n.ResponseWriter.Write(p)
}

// A page that can't be shown is a page in words, not half of one with the status of a whole.
func TestNoPageIsSentInHalf(t *testing.T) {
	ts := newTestServer(t)
	broken := templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "half of a page")
		return errors.Join(err, errors.New("a template broke"))
	})
	server := httptest.NewServer(ts.sessions.LoadAndSave(ts.handle(route{needs: signedIn, answer: func(w http.ResponseWriter, r *request) error {
		return r.page(w, http.StatusOK, broken)
	}})))
	defer server.Close()
	res, err := ts.owner().client.Get(server.URL)
	ts.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	ts.must(err)
	if res.StatusCode != http.StatusInternalServerError || strings.Contains(string(body), "half of a page") || !strings.Contains(string(body), "report it with the log entry") {
		t.Errorf("status %d: %s", res.StatusCode, body)
	}
}
