package autotask

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/transport"
)

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   []byte
	safe   bool // the call was a read
	what   string
}

// readRepeats is how often a read whose answer broke off is asked again.
const readRepeats = 2

// read asks for something that changes nothing and decodes the answer. Path is below v1.0, or an absolute address of the same origin.
func (t *Target) read(ctx context.Context, method, path string, body, into any) error {
	for n := 0; ; n++ {
		r, err := t.call(transport.Safe(ctx), method, path, body)
		if err == nil {
			return t.decode(r, into)
		}
		if !isBroken(err) || n == readRepeats || ctx.Err() != nil {
			return err
		}
	}
}

func (t *Target) decode(r reply, into any) error {
	if err := t.failure(r); err != nil {
		return err
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		return fault.Transientf("%s: Autotask's answer cannot be read: %w", r.what, err)
	}
	return nil
}

// call sends one request with credentials. The answer may have any status.
func (t *Target) call(ctx context.Context, method, path string, body any) (reply, error) {
	base, err := t.base(ctx)
	if err != nil {
		return reply{}, err
	}
	address, err := base.Parse(path)
	if err != nil || address.Host != base.Host || address.Scheme != base.Scheme {
		return reply{}, fault.Invalidf("Autotask points at another host: refused, no credentials were sent there")
	}
	req, err := newRequest(ctx, method, address, body)
	if err != nil {
		return reply{}, err
	}
	t.authorize(req.Header)
	return t.send(req)
}

func newRequest(ctx context.Context, method string, address *url.URL, body any) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, fault.Newf(fault.KindInternal, "a request body cannot be written: %w", err)
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, address.String(), content)
	if err != nil {
		return nil, fault.Newf(fault.KindInternal, "a request cannot be made: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// authorize sets the three credential headers (Autotask sheet §1.1).
func (t *Target) authorize(h http.Header) {
	h.Set("ApiIntegrationCode", t.cfg.IntegrationCode)
	h.Set("UserName", t.cfg.UserName)
	h.Set("Secret", t.cfg.Secret.Reveal())
}

// brokenAnswer marks a read whose answer broke off.
type brokenAnswer struct{ error }

func isBroken(err error) bool {
	f := fault.Find(err)
	if f == nil {
		return false
	}
	_, ok := f.Err.(brokenAnswer)
	return ok
}

// send carries a request and reads the answer. A write whose answer breaks off has an unknown outcome.
func (t *Target) send(req *http.Request) (reply, error) {
	what := req.Method + " " + req.URL.Path
	resp, err := transport.Do(t.http, req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	safe := req.Method == http.MethodGet || transport.IsSafe(req)
	body, err := io.ReadAll(resp.Body)
	if err != nil && !safe {
		return reply{}, fault.UnknownOutcomef("%s: the answer broke off: %w", what, err).Do(settleRemedy)
	}
	if err != nil {
		return reply{}, fault.Transientf("%s: the answer broke off: %w", what, brokenAnswer{err})
	}
	return reply{status: resp.StatusCode, header: resp.Header, body: body, safe: safe, what: what}, nil
}

// scrub removes the credentials from a text that Autotask or we wrote (law 10).
func (t *Target) scrub(text string) string {
	for _, value := range []string{t.cfg.Secret.Reveal(), t.cfg.IntegrationCode, t.cfg.UserName} {
		if value != "" {
			text = strings.ReplaceAll(text, value, secret.Redacted)
		}
	}
	return text
}
