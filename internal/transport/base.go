package transport

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// ThisMachine reports whether a host is the machine itself: the only one that credentials may go to unencrypted.
func ThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func baseTransport(dial func(context.Context, string, string) (net.Conn, error), roots *x509.CertPool) http.RoundTripper {
	if dial == nil {
		dial = (&net.Dialer{Timeout: ConnectTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dial,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout: ConnectTimeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     90 * time.Second,
	}
}

func randomID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

// Do sends a request and gives errors without the URL that http.Client wraps around them: a URL can carry a secret (law 10).
func Do(client *http.Client, req *http.Request) (*http.Response, error) {
	resp, err := client.Do(req)
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return resp, err
}

type ctxKey int

const (
	safeKey ctxKey = iota
	timeoutKey
	bodyKey
	freeKey
)

// Safe marks the calls made with the returned context as reads, whatever their method: they may be repeated.
func Safe(ctx context.Context) context.Context { return context.WithValue(ctx, safeKey, true) }

// WithoutBudget lets the calls made with the returned context pass without the budget: those that read the vendor's own counter, also
// when nothing is left.
func WithoutBudget(ctx context.Context) context.Context { return context.WithValue(ctx, freeKey, true) }

// WithTimeout gives the attempts made with the returned context their own time limit, for long downloads. Negative: none.
func WithTimeout(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, timeoutKey, d)
}

// WithBodyBytesMax gives the calls made with the returned context their own cap on answers, for streamed files. Negative: none.
func WithBodyBytesMax(ctx context.Context, n int64) context.Context {
	return context.WithValue(ctx, bodyKey, n)
}

// IsSafe reports whether a request is a read: GET, HEAD, or made with a context from Safe.
func IsSafe(r *http.Request) bool {
	if marked, _ := r.Context().Value(safeKey).(bool); marked {
		return true
	}
	return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == ""
}

func (s *Stack) timeoutOf(r *http.Request) time.Duration {
	if d, ok := r.Context().Value(timeoutKey).(time.Duration); ok {
		return d
	}
	if IsSafe(r) {
		return s.opts.ReadTimeout
	}
	return s.opts.WriteTimeout
}

func (s *Stack) bodyBytesMaxOf(r *http.Request) int64 {
	if n, ok := r.Context().Value(bodyKey).(int64); ok {
		return n
	}
	return s.opts.BodyBytesMax
}
