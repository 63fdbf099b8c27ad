// Package transport gives every outgoing call its manners: limits per endpoint and per second, a call budget, retries of what is safe to
// repeat, time and size caps, request ids and logs without secrets.
//
// A [Stack] is an http.RoundTripper. What it may repeat is decided by one question: can the request have had an effect? Reads (GET, HEAD,
// and calls marked with [Safe]) are repeated after 429, after answers that the [Judge] calls temporary, and after network errors. Writes
// are repeated only when the request surely did not reach the server, or when the server surely refused to look at it (429). Anything
// else about a write is a fault of kind unknown outcome, for the caller to settle by reading (law 3).
package transport

import (
	"context"
	"crypto/x509"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"spindle/internal/fault"
)

// The limits of a stack whose options leave them open.
const (
	ConnectTimeout      = 10 * time.Second
	DefaultReadTimeout  = 60 * time.Second
	DefaultWriteTimeout = 100 * time.Second
	DefaultBodyBytesMax = 32 << 20
	DefaultRetriesMax   = 4
	DefaultWaitMax      = 30 * time.Second

	retryBase     = 500 * time.Millisecond
	retryCap      = 15 * time.Second
	errorBytesMax = 1 << 20 // of an answer that the judge looks at
)

// Options are the manners towards one vendor account. The zero value is usable: no limits but the default caps.
type Options struct {
	Base      http.RoundTripper // nil: a transport of its own with TLS ≥ 1.2 and a connect timeout
	RootCAs   *x509.CertPool    // whom that transport trusts; nil: the system's
	UserAgent string            // "" sends "spindle"

	// RequestIDHeader names the header that carries a fresh id per call, the same for its retries; "" is X-Request-Id.
	RequestIDHeader string
	NewID           func() string // nil: random

	Endpoint    func(*http.Request) string // key for limits and counters; nil: the host
	PerEndpoint int                        // concurrent calls per endpoint; 0: no limit
	Rate        rate.Limit                 // calls per second; 0: no limit
	Burst       int                        // least 1
	Budget      Taker                      // nil: none

	Judge      Judge         // nil: DefaultJudge
	RetriesMax int           // repetitions of one call; 0: DefaultRetriesMax, negative: none
	WaitMax    time.Duration // a longer demanded wait is not waited for: the answer goes to the caller; 0: DefaultWaitMax

	ReadTimeout  time.Duration // of one attempt with its body; 0: DefaultReadTimeout
	WriteTimeout time.Duration // 0: DefaultWriteTimeout
	BodyBytesMax int64         // 0: DefaultBodyBytesMax, negative: no cap

	Record func(Call)   // called once per attempt; may be nil
	Log    *slog.Logger // nil: silent

	Now    func() time.Time                                        // nil: time.Now
	Sleep  func(ctx context.Context, d time.Duration) error        // nil: a timer
	Jitter func(ceiling time.Duration) time.Duration               // nil: uniform in [0, ceiling)
	Dial   func(context.Context, string, string) (net.Conn, error) // nil: net.Dialer; only used when Base is nil
}

// Stack is an http.RoundTripper with manners. It is safe for concurrent use; its limits hold for all users together.
type Stack struct {
	opts    Options
	limiter *rate.Limiter
	gates   gates
}

// New builds a stack.
func New(opts Options) *Stack {
	s := &Stack{opts: withDefaults(opts)}
	s.gates.size = opts.PerEndpoint
	if opts.Rate > 0 {
		s.limiter = rate.NewLimiter(opts.Rate, max(opts.Burst, 1))
	}
	return s
}

func withDefaults(o Options) Options {
	if o.Base == nil {
		o.Base = baseTransport(o.Dial, o.RootCAs)
	}
	setDefault(&o.UserAgent, "spindle")
	setDefault(&o.RequestIDHeader, "X-Request-Id")
	setDefault(&o.RetriesMax, DefaultRetriesMax)
	setDefault(&o.WaitMax, DefaultWaitMax)
	setDefault(&o.ReadTimeout, DefaultReadTimeout)
	setDefault(&o.WriteTimeout, DefaultWriteTimeout)
	setDefault(&o.BodyBytesMax, DefaultBodyBytesMax)
	if o.NewID == nil {
		o.NewID = randomID
	}
	if o.Endpoint == nil {
		o.Endpoint = func(r *http.Request) string { return r.URL.Host }
	}
	if o.Judge == nil {
		o.Judge = DefaultJudge
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Jitter == nil {
		o.Jitter = func(ceiling time.Duration) time.Duration { return rand.N(max(ceiling, 1)) }
	}
	return o
}

func setDefault[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}

// Client gives an http.Client on the stack: no cookies, and redirects only within the host, and only of reads.
func (s *Stack) Client() *http.Client {
	return &http.Client{Transport: s, CheckRedirect: checkRedirect}
}

// checkRedirect keeps credentials on the host they were meant for and never sends a write a second time.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case next.URL.Host != first.URL.Host || next.URL.Scheme != first.URL.Scheme:
		return fault.Invalidf("%s redirects to another host, %s: refused", first.URL.Host, next.URL.Host).
			Do("check the base URL of this connection")
	case !IsSafe(first):
		return http.ErrUseLastResponse
	case len(via) >= 5:
		return fault.Transientf("%s redirects in a circle", first.URL.Host)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
