package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"spindle/internal/plan"
)

// action is what the gate does with a write.
type action string

// The actions. Lost answers come in two kinds: applied before the loss, and not.
const (
	pass        action = "pass"
	drop        action = "dropped before applying"
	appliedDrop action = "applied, then dropped"
	hang        action = "hang"
	appliedHang action = "applied, then hang"
	throttle    action = "429"
	throttleFor action = "429 with Retry-After"
	refuse      action = "500 JSON"
	page        action = "500 HTML"
	appliedPage action = "applied, then 500 HTML"
	landsLate   action = "dropped, applied 90 seconds later"
)

// lateBy is how long a late write is on its way. Autotask goes on with what it was asked, also when nobody waits for the answer any more.
const lateBy = 90 * time.Second

// write is one write request that reached Autotask.
type write struct {
	method, path, body string
	status             int // 0: never handed to Autotask
}

func (w write) key() string { return w.method + " " + w.path + " " + w.body }

// gate stands before the Autotask simulator. It keeps the writes and can spoil their answers.
type gate struct {
	next http.Handler

	mu     sync.Mutex
	writes []write
	done   int // of them accepted
	late   []lateWrite
	decide func(n int, w write) action         // n counts writes from 1; nil passes
	around func(n int, after bool) (stop bool) // told before and after each write is applied; nil does nothing
}

// isWrite reports whether a request can change something: everything but reads and queries.
func isWrite(r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return false
	}
	return !strings.Contains(strings.ToLower(r.URL.Path), "/query") // also /query/count and /query/next
}

// lateWrite is a write that is applied later, whatever its sender thinks by then.
type lateWrite struct {
	n       int
	due     time.Time
	request *http.Request
}

func (g *gate) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	g.land(stampOf(r))
	if !isWrite(r) {
		g.next.ServeHTTP(rw, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	n, what := g.enter(write{method: r.Method, path: r.URL.Path, body: string(body)})
	if what == landsLate {
		g.postpone(n, r, body)
	}
	if g.tell(n, false) {
		return
	}
	var answer *httptest.ResponseRecorder
	switch what {
	case pass, appliedDrop, appliedHang, appliedPage:
		answer = httptest.NewRecorder()
		g.next.ServeHTTP(answer, r)
		g.status(n, answer.Code)
		if g.tell(n, true) {
			return
		}
	}
	spoil(rw, r, what, answer)
}

func spoil(rw http.ResponseWriter, r *http.Request, what action, answer *httptest.ResponseRecorder) {
	switch what {
	case pass:
		for name, values := range answer.Header() {
			rw.Header()[name] = values
		}
		rw.WriteHeader(answer.Code)
		_, _ = rw.Write(answer.Body.Bytes()) // the client may have gone
	case drop, appliedDrop, landsLate:
		panic(http.ErrAbortHandler) // net/http's way to drop a connection
	case hang, appliedHang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case throttle, throttleFor:
		if what == throttleFor {
			rw.Header().Set("Retry-After", "7")
		}
		reply(rw, http.StatusTooManyRequests, "application/json", `{"errors":["Too many requests."]}`)
	case refuse:
		reply(rw, http.StatusInternalServerError, "application/json", `{"errors":["A business rule says no."]}`)
	case page, appliedPage:
		reply(rw, http.StatusInternalServerError, "text/html", "<html><body><h1>Server Error</h1></body></html>")
	}
}

func (g *gate) postpone(n int, r *http.Request, body []byte) {
	later := r.Clone(context.WithoutCancel(r.Context()))
	later.Body = io.NopCloser(bytes.NewReader(body))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.late = append(g.late, lateWrite{n, stampOf(r).Add(lateBy), later})
}

// stampOf is the time at which a call was made by its sender's clock, see manners.
func stampOf(r *http.Request) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, r.Header.Get("X-Request-Id")) // others send no time: nothing is due by it
	return at
}

// land applies the late writes that are due.
func (g *gate) land(now time.Time) {
	g.mu.Lock()
	var due []lateWrite
	g.late = slices.DeleteFunc(g.late, func(l lateWrite) bool {
		if l.due.After(now) {
			return false
		}
		due = append(due, l)
		return true
	})
	g.mu.Unlock()
	for _, l := range due {
		answer := httptest.NewRecorder()
		g.next.ServeHTTP(answer, l.request)
		g.status(l.n, answer.Code)
	}
}

func reply(rw http.ResponseWriter, status int, kind, body string) {
	rw.Header().Set("Content-Type", kind)
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, body) // the client may have gone
}

func (g *gate) enter(w write) (int, action) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writes = append(g.writes, w)
	n := len(g.writes)
	if g.decide == nil {
		return n, pass
	}
	return n, g.decide(n, w)
}

func (g *gate) tell(n int, after bool) bool {
	g.mu.Lock()
	around := g.around
	g.mu.Unlock()
	return around != nil && around(n, after)
}

// watch sets what is told before and after each write.
func (g *gate) watch(around func(n int, after bool) (stop bool)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.around = around
}

// answer sets what becomes of each write.
func (g *gate) answer(decide func(n int, w write) action) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.decide = decide
}

func (g *gate) status(n, status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writes[n-1].status = status
	if status >= 200 && status <= 299 {
		g.done++
	}
}

// sent gives the writes so far and forgets them. What is still on its way arrives before.
func (g *gate) sent() []write {
	g.land(firstDay().AddDate(10, 0, 0))
	g.mu.Lock()
	defer g.mu.Unlock()
	sent := g.writes
	g.writes, g.done = nil, 0
	return sent
}

// applied is how many writes Autotask accepted so far.
func (g *gate) applied() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.done
}

// seen gives the writes so far.
func (g *gate) seen() []write {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.writes)
}

// accepted keeps the writes that Autotask accepted.
func accepted(all []write) []write {
	return slices.DeleteFunc(slices.Clone(all), func(w write) bool { return w.status < 200 || w.status > 299 })
}

// doubles names writes that were accepted more than once.
func doubles(all []write) []string {
	seen := map[string]int{}
	var found []string
	for _, w := range accepted(all) {
		if seen[w.key()]++; seen[w.key()] == 2 {
			found = append(found, w.key())
		}
	}
	return found
}

// kinds counts changes by kind, for messages.
func kinds(changes []plan.Change) string {
	counts := map[plan.ChangeKind]int{}
	for _, c := range changes {
		counts[c.Kind]++
	}
	var parts []string
	for kind, n := range counts {
		parts = append(parts, strconv.Itoa(n)+" "+string(kind))
	}
	slices.Sort(parts)
	text := strings.Join(parts, ", ")
	if len(changes) == 0 || len(changes) > 8 {
		return text
	}
	for _, c := range changes {
		text += fmt.Sprintf("\n  %s %s (%s): %s, %d → %d from %s: %s", c.Kind, c.What, c.LineKey, c.Customer, c.Before.Units, c.After.Units, c.Effective, c.Reason)
	}
	return text
}

func queryValue(query, name string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	return values.Get(name)
}
