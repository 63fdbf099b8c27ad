package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"spindle/internal/fault"
)

// RoundTrip sends a request, repeating it where that is safe. The answer of the last attempt is returned whatever its status; errors are
// faults: transient when nothing can have happened, unknown outcome when a write may have reached the server.
func (s *Stack) RoundTrip(req *http.Request) (*http.Response, error) {
	next, err := bodies(req)
	if err != nil {
		return nil, err
	}
	id := s.opts.NewID()
	for attempt := 1; ; attempt++ {
		body, err := next()
		if err != nil {
			return nil, err
		}
		resp, sent, err := s.attempt(req, body, id, attempt)
		again, wait := s.again(req, resp, sent, err)
		if !again || attempt > s.opts.RetriesMax {
			return resp, s.explain(req, sent, err)
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
		if sleepErr := s.opts.Sleep(req.Context(), s.pause(attempt, wait)); sleepErr != nil {
			return nil, s.explain(req, false, sleepErr)
		}
	}
}

// bodies gives a function that makes a fresh body per attempt. Bodies are small JSON texts: they are read once.
func bodies(req *http.Request) (func() (io.ReadCloser, error), error) {
	if req.Body == nil || req.Body == http.NoBody {
		return func() (io.ReadCloser, error) { return req.Body, nil }, nil
	}
	if req.GetBody != nil {
		_ = req.Body.Close()
		return req.GetBody, nil
	}
	content, err := io.ReadAll(io.LimitReader(req.Body, DefaultBodyBytesMax))
	_ = req.Body.Close()
	if err != nil {
		return nil, fault.Newf(fault.KindInternal, "reading the body of a request: %w", err)
	}
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }, nil
}

// attempt waits for its turn and sends once. sent reports whether the request may have reached the server.
func (s *Stack) attempt(req *http.Request, body io.ReadCloser, id string, n int) (resp *http.Response, sent bool, err error) {
	endpoint := s.opts.Endpoint(req)
	leave, err := s.turn(req.Context(), endpoint)
	if err != nil {
		return nil, false, err
	}
	ctx, cancel := req.Context(), context.CancelFunc(func() {})
	if d := s.timeoutOf(req); d > 0 {
		ctx, cancel = context.WithTimeoutCause(ctx, d, timeoutError(d))
	}
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	out := req.Clone(httptrace.WithClientTrace(ctx, trace))
	out.Body = body
	out.Header.Set("User-Agent", s.opts.UserAgent)
	out.Header.Set(s.opts.RequestIDHeader, id)

	start := s.opts.Now()
	resp, err = s.opts.Base.RoundTrip(out)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	err = distrust(req, err)
	// A base other than net/http's may not trace: without a trace only a dial error proves that nothing was sent.
	sent = connected.Load() || !isDialError(err) && !s.traces()
	s.note(Call{Endpoint: endpoint, Method: req.Method, Path: req.URL.Path, Safe: IsSafe(req), Status: statusOf(resp), Attempt: n,
		Duration: s.opts.Now().Sub(start), Err: err}, id)
	if err != nil {
		leave()
		cancel()
		return nil, sent, err
	}
	resp.Body = &cappedBody{ReadCloser: resp.Body, left: s.bodyBytesMaxOf(req), capped: s.bodyBytesMaxOf(req) >= 0,
		ctx: ctx, done: func() { leave(); cancel() }}
	return resp, true, nil
}

func (s *Stack) traces() bool { _, ok := s.opts.Base.(*http.Transport); return ok }

// turn takes a call from the budget, a token from the bucket and a place at the endpoint, in this order.
func (s *Stack) turn(ctx context.Context, endpoint string) (leave func(), err error) {
	var wait time.Duration
	if free, _ := ctx.Value(freeKey).(bool); s.opts.Budget != nil && !free {
		if wait, err = s.opts.Budget.Take(ctx); err != nil {
			return nil, err
		}
	}
	if s.limiter != nil {
		now := s.opts.Now()
		wait = max(wait, s.limiter.ReserveN(now, 1).DelayFrom(now))
	}
	if wait > 0 {
		if err := s.opts.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
	return s.gates.enter(ctx, endpoint)
}

// again decides whether to repeat, and after which demanded wait.
func (s *Stack) again(req *http.Request, resp *http.Response, sent bool, err error) (bool, time.Duration) {
	if err != nil {
		var f *fault.Error
		if errors.As(err, &f) && f.Kind != fault.KindTransient || req.Context().Err() != nil {
			return false, 0
		}
		return IsSafe(req) || !sent, 0
	}
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode < 500 {
		return false, 0
	}
	head, readErr := io.ReadAll(io.LimitReader(resp.Body, errorBytesMax))
	resp.Body = &replay{Reader: io.MultiReader(bytes.NewReader(head), resp.Body), Closer: resp.Body}
	if readErr != nil && !IsSafe(req) {
		return false, 0
	}
	verdict := s.opts.Judge(resp.StatusCode, resp.Header, head)
	wait, told := RetryAfter(resp.Header, s.opts.Now())
	if !told {
		wait = verdict.After
	}
	return verdict.Temporary && (IsSafe(req) || verdict.NotDone) && wait <= s.opts.WaitMax, wait
}

// explain turns an error into a fault that says who acts next.
func (s *Stack) explain(req *http.Request, sent bool, err error) error {
	var f *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f) && f.Kind != fault.KindTransient:
		return err
	case sent && !IsSafe(req):
		return fault.UnknownOutcomef("%s %s: no answer came back: %w", req.Method, req.URL.Path, err).
			Do("nothing is sent again: Spindle reads whether it happened")
	}
	return fault.Transientf("%s %s on %s failed: %w", req.Method, req.URL.Path, req.URL.Host, err).Do("check the network and try again")
}

func (s *Stack) note(call Call, id string) {
	if s.opts.Record != nil {
		s.opts.Record(call)
	}
	level := slog.LevelDebug
	attrs := []slog.Attr{slog.String("method", call.Method), slog.String("path", call.Path), slog.Int("status", call.Status),
		slog.Duration("duration", call.Duration), slog.Int("attempt", call.Attempt), slog.String("request", id)}
	if call.Err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("error", call.Err.Error()))
	} else if call.Status >= 400 {
		level = slog.LevelInfo
	}
	s.opts.Log.LogAttrs(context.Background(), level, "call", attrs...)
}

func statusOf(resp *http.Response) int {
	if resp == nil {
		return 0
	}
	return resp.StatusCode
}

// distrust tells a certificate that nobody vouches for from a network that does not work: trying again does not help.
func distrust(req *http.Request, err error) error {
	var refused *tls.CertificateVerificationError
	if !errors.As(err, &refused) {
		return err
	}
	return fault.NeedsPersonf("the certificate of %s is not trusted: %w", req.URL.Host, refused.Err).
		Do("check the address; for a simulator or a proxy of yours, name the certificate of its authority with SPINDLE_CA_FILE or ca-file in the settings file")
}

func isDialError(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

func timeoutError(d time.Duration) error { return fault.Transientf("no answer within %s", d) }
