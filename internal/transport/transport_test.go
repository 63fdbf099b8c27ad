package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"spindle/internal/fault"
)

// script is a base transport that answers from a list; the last entry repeats.
type script struct {
	mu      sync.Mutex
	answers []any // error, or func(*http.Request) *http.Response, or int status
	sent    []string
	ids     []string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body := ""
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
	}
	s.sent = append(s.sent, r.Method+" "+r.URL.Path+" "+body)
	s.ids = append(s.ids, r.Header.Get("X-Request-Id"))
	next := s.answers[min(len(s.sent)-1, len(s.answers)-1)]
	switch a := next.(type) {
	case error:
		return nil, a
	case int:
		return answer(a, ""), nil
	case func(*http.Request) *http.Response:
		return a(r), nil
	}
	panic("unknown answer")
}

func answer(status int, retryAfter string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(fmt.Sprint("body ", status)))}
	if retryAfter != "" {
		resp.Header.Set("Retry-After", retryAfter)
	}
	return resp
}

func dialError() error { return &net.OpError{Op: "dial", Err: errors.New("connection refused")} }

func newRequest(ctx context.Context, method string) *http.Request {
	var body io.Reader
	if method != http.MethodGet {
		body = strings.NewReader("{}")
	}
	req, err := http.NewRequestWithContext(ctx, method, "https://example.test/v1/things?secret=hidden", body)
	if err != nil {
		panic(err)
	}
	return req
}

func TestRepeatsOnlyWhatIsSafe(t *testing.T) {
	lost := errors.New("connection reset by peer")
	notDone := func(status int, _ http.Header, body []byte) Verdict {
		return Verdict{Temporary: true, NotDone: status == 429}
	}
	final := func(int, http.Header, []byte) Verdict { return Verdict{} }
	tests := []struct {
		name    string
		method  string
		safe    bool
		answers []any
		judge   Judge
		calls   int
		status  int
		kind    fault.Kind
	}{
		{"read after reset", "GET", false, []any{lost, 200}, nil, 2, 200, ""},
		{"marked read after reset", "POST", true, []any{lost, lost, 200}, nil, 3, 200, ""},
		{"read gives up after four repetitions", "GET", false, []any{lost}, nil, 5, 0, fault.KindTransient},
		{"read after 503", "GET", false, []any{503, 200}, nil, 2, 200, ""},
		{"read of a business error", "POST", true, []any{500}, final, 1, 500, ""},
		{"read keeps the last answer", "GET", false, []any{500}, nil, 5, 500, ""},
		{"write after reset", "POST", false, []any{lost, 200}, nil, 1, 0, fault.KindUnknownOutcome},
		{"write that could not be dialled", "POST", false, []any{dialError(), 200}, nil, 2, 200, ""},
		{"write that never could be dialled", "PATCH", false, []any{dialError()}, nil, 5, 0, fault.KindTransient},
		{"write after 429", "POST", false, []any{429, 429, 200}, nil, 3, 200, ""},
		{"write after 500", "DELETE", false, []any{500, 200}, nil, 1, 500, ""},
		{"write after temporary 500", "POST", false, []any{500, 200}, notDone, 1, 500, ""},
		{"write refused at the door with 503", "POST", false, []any{503, 200},
			func(int, http.Header, []byte) Verdict { return Verdict{Temporary: true, NotDone: true} }, 2, 200, ""},
		{"404 is an answer", "GET", false, []any{404, 200}, nil, 1, 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				base := &script{answers: tt.answers}
				stack := New(Options{Base: base, Judge: tt.judge})
				ctx := t.Context()
				if tt.safe {
					ctx = Safe(ctx)
				}
				resp, err := Do(stack.Client(), newRequest(ctx, tt.method))
				if got := fault.KindOf(err); got != tt.kind {
					t.Fatalf("kind %q, want %q: %v", got, tt.kind, err)
				}
				if len(base.sent) != tt.calls {
					t.Errorf("%d calls, want %d", len(base.sent), tt.calls)
				}
				for i := range base.sent {
					if base.sent[i] != base.sent[0] || base.ids[i] != base.ids[0] || base.ids[i] == "" {
						t.Errorf("repetition %d differs: %q %q", i, base.sent[i], base.ids[i])
					}
				}
				if err == nil {
					defer resp.Body.Close()
					content, _ := io.ReadAll(resp.Body)
					if resp.StatusCode != tt.status || string(content) != fmt.Sprint("body ", tt.status) {
						t.Errorf("got %d %q, want %d with its whole body", resp.StatusCode, content, tt.status)
					}
				}
			})
		})
	}
}

func TestWaitsAsTold(t *testing.T) {
	tests := []struct {
		name   string
		header func(now time.Time) string
		after  time.Duration
		jitter time.Duration
		want   time.Duration
		status int
	}{
		{"seconds", func(time.Time) string { return "7" }, 0, 0, 7 * time.Second, 200},
		{"date", func(now time.Time) string { return now.Add(9 * time.Second).UTC().Format(http.TimeFormat) }, 0, 0, 9 * time.Second, 200},
		{"date in the past", func(now time.Time) string { return now.Add(-time.Hour).UTC().Format(http.TimeFormat) }, 0, 0, 0, 200},
		{"garbage falls back to the judge", func(time.Time) string { return "soon" }, 3 * time.Second, 0, 3 * time.Second, 200},
		{"jitter comes on top", func(time.Time) string { return "2" }, 0, 300 * time.Millisecond, 2300 * time.Millisecond, 200},
		{"longer than the longest wait", func(time.Time) string { return "3600" }, 0, 0, 0, 429},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				base := &script{answers: []any{func(*http.Request) *http.Response { return answer(429, tt.header(start)) }, 200}}
				stack := New(Options{
					Base: base, Jitter: func(time.Duration) time.Duration { return tt.jitter },
					Judge: func(int, http.Header, []byte) Verdict {
						return Verdict{Temporary: true, NotDone: true, After: tt.after}
					},
				})
				resp, err := stack.RoundTrip(newRequest(t.Context(), "POST"))
				if err != nil {
					t.Fatal(err)
				}
				if got := time.Since(start); got != tt.want || resp.StatusCode != tt.status {
					t.Errorf("waited %s and got %d, want %s and %d", got, resp.StatusCode, tt.want, tt.status)
				}
			})
		})
	}
}

func TestFullJitterGrowsToACap(t *testing.T) {
	var ceilings []time.Duration
	stack := New(Options{Jitter: func(c time.Duration) time.Duration { ceilings = append(ceilings, c); return c }})
	for n := range 9 {
		stack.pause(n, 0)
	}
	want := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, retryCap, retryCap, retryCap, retryCap}
	for i := range want {
		if ceilings[i] != want[i] {
			t.Errorf("ceiling %d is %s, want %s", i, ceilings[i], want[i])
		}
	}
	drawn := New(Options{})
	for range 200 {
		if got := drawn.pause(1, time.Minute); got < time.Minute || got >= time.Minute+time.Second {
			t.Fatalf("pause %s outside [1m, 1m1s)", got)
		}
	}
}

func TestTwoPerEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		base := baseFunc(func(r *http.Request) (*http.Response, error) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second)
			now.Add(-1)
			return answer(200, ""), nil
		})
		stack := New(Options{Base: base, PerEndpoint: 2, Endpoint: func(r *http.Request) string { return r.URL.Path }})
		start := time.Now()
		var wg sync.WaitGroup
		for range 7 {
			wg.Go(func() {
				resp, err := stack.RoundTrip(newRequest(t.Context(), "GET"))
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Second) // the place is held until the body is closed
				_ = resp.Body.Close()
			})
		}
		wg.Wait()
		if most.Load() != 2 || time.Since(start) != 8*time.Second {
			t.Errorf("at most %d at once in %s, want 2 in 8s", most.Load(), time.Since(start))
		}
	})
}

type baseFunc func(*http.Request) (*http.Response, error)

func (f baseFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRateSpacesCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stack := New(Options{Base: &script{answers: []any{200}}, Rate: 2, Burst: 1})
		start := time.Now()
		for range 5 {
			if _, err := stack.RoundTrip(newRequest(t.Context(), "GET")); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(start); got != 2*time.Second {
			t.Errorf("five calls at two per second took %s, want 2s", got)
		}
	})
}

func TestTimeouts(t *testing.T) {
	tests := []struct {
		method string
		kind   fault.Kind
		took   time.Duration
	}{
		{"GET", fault.KindTransient, 5 * DefaultReadTimeout},
		{"POST", fault.KindUnknownOutcome, DefaultWriteTimeout},
	}
	for _, tt := range tests {
		t.Run(tt.method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				base := baseFunc(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
				stack := New(Options{Base: base, Jitter: func(time.Duration) time.Duration { return 0 }})
				start := time.Now()
				_, err := stack.RoundTrip(newRequest(t.Context(), tt.method))
				if fault.KindOf(err) != tt.kind || time.Since(start) != tt.took {
					t.Errorf("%v after %s, want %s after %s", err, time.Since(start), tt.kind, tt.took)
				}
				if !strings.Contains(err.Error(), "no answer within") {
					t.Errorf("the message does not name the limit: %v", err)
				}
			})
		})
	}
}

func TestCallerCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := &script{answers: []any{errors.New("reset")}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		stack := New(Options{Base: base, Jitter: func(time.Duration) time.Duration { return time.Hour }})
		_, err := stack.RoundTrip(newRequest(ctx, "GET"))
		if !errors.Is(err, context.DeadlineExceeded) || len(base.sent) != 1 {
			t.Errorf("%v after %d calls", err, len(base.sent))
		}
	})
}

func TestBodyCap(t *testing.T) {
	body := func(*http.Request) *http.Response {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("0123456789"))}
	}
	for _, tt := range []struct {
		limit int64
		ctx   int64
		fails bool
	}{{limit: 9, fails: true}, {limit: 10}, {limit: -1}, {limit: 9, ctx: 10}, {limit: 100, ctx: 5, fails: true}} {
		stack := New(Options{Base: &script{answers: []any{body}}, BodyBytesMax: tt.limit})
		ctx := t.Context()
		if tt.ctx != 0 {
			ctx = WithBodyBytesMax(ctx, tt.ctx)
		}
		resp, err := stack.RoundTrip(newRequest(ctx, "GET"))
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(resp.Body)
		if (err != nil) != tt.fails || !tt.fails && string(content) != "0123456789" {
			t.Errorf("cap %d/%d: %q, %v", tt.limit, tt.ctx, content, err)
		}
	}
}

func TestRedirects(t *testing.T) {
	var foreignHits atomic.Int32
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { foreignHits.Add(1) }))
	defer foreign.Close()
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, foreign.URL, http.StatusTemporaryRedirect)
		case "/near":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		case "/circle":
			http.Redirect(w, r, "/circle", http.StatusFound)
		}
	}))
	defer home.Close()
	client := New(Options{RetriesMax: -1}).Client()
	for _, tt := range []struct {
		method, path string
		status       int
		kind         fault.Kind
	}{
		{"GET", "/away", 0, fault.KindInvalid}, {"POST", "/away", 0, fault.KindInvalid}, {"GET", "/near", 200, ""},
		{"POST", "/near", 307, ""}, {"GET", "/circle", 0, fault.KindTransient},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), tt.method, home.URL+tt.path, strings.NewReader("x"))
		resp, err := Do(client, req)
		if fault.KindOf(err) != tt.kind || err == nil && resp.StatusCode != tt.status {
			t.Errorf("%s %s: %v %v", tt.method, tt.path, resp, err)
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
	}
	if foreignHits.Load() != 0 {
		t.Error("the foreign host was called")
	}
}

// A real server that reads the request and drops the connection: a write has an unknown outcome and is sent once.
func TestDroppedConnection(t *testing.T) {
	var hits atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		hits.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}))
	defer server.Close()
	client := New(Options{Jitter: func(time.Duration) time.Duration { return 0 }}).Client()
	for _, method := range []string{"POST", "PATCH", "DELETE"} {
		hits.Store(0)
		req, _ := http.NewRequestWithContext(t.Context(), method, server.URL, strings.NewReader("x"))
		if _, err := Do(client, req); fault.KindOf(err) != fault.KindUnknownOutcome || hits.Load() != 1 {
			t.Errorf("%s: %v after %d sends", method, err, hits.Load())
		}
	}
	address := server.URL
	server.Close()
	req, _ := http.NewRequestWithContext(t.Context(), "POST", address, strings.NewReader("x"))
	if _, err := Do(client, req); fault.KindOf(err) != fault.KindTransient {
		t.Errorf("a server that is not there: %v", err)
	}
}

func TestLogsAndErrorsHideSecrets(t *testing.T) {
	var log bytes.Buffer
	counter := &Counter{}
	synctest.Test(t, func(t *testing.T) {
		stack := New(Options{
			Base: &script{answers: []any{errors.New("reset"), 503, 200, 404}}, Record: counter.Record,
			Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		for range 2 {
			req := newRequest(t.Context(), "GET")
			req.Header.Set("Secret", "hidden-too")
			resp, err := Do(stack.Client(), req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
		}
		bad := New(Options{Base: &script{answers: []any{errors.New("reset")}}})
		if _, err := Do(bad.Client(), newRequest(t.Context(), "POST")); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("error %v", err)
		}
	})
	text := log.String()
	if strings.Contains(text, "hidden") || !strings.Contains(text, "path=/v1/things") || !strings.Contains(text, "status=503") ||
		!strings.Contains(text, "attempt=3") || !strings.Contains(text, "duration=") {
		t.Errorf("log:\n%s", text)
	}
	if counter.Total() != 4 || counter.Counts()["example.test"] != 4 {
		t.Errorf("counted %v, want 4", counter.Counts())
	}
}
