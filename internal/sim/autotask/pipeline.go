package autotask

import (
	"compress/gzip"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"time"
)

const bodyBytesMax = 32 << 20

// call is one vendor request on its way to a handler.
type call struct {
	server  *Server
	world   *world
	request *http.Request
	base    string // absolute address of …/ATServicesRest/
	body    []byte
	route
	dropped int
}

// serveVendor runs the pipeline of Autotask sheet §10.2 and logs what came out.
func (s *Server) serveVendor(rw http.ResponseWriter, r *http.Request) {
	entry := RequestEntry{Method: r.Method, Path: r.URL.Path}
	c := &call{server: s, request: r, base: baseURL(r)}
	out, ok := s.admit(c, &entry)
	if ok {
		name, open := c.name, c.open
		out, ok = s.perform(c, &entry)
		if !open {
			s.release(name) // before the answer is out, so that a client that waits for it never meets its own thread
		}
	}
	entry.Entity, entry.DroppedOperators = c.name, c.dropped
	if !ok && entry.Fault != "" && out.status == 0 {
		s.record(entry)
		abort(rw)
		return
	}
	entry.Status = out.status
	s.record(entry)
	out.write(rw)
}

// admit is the way to the handler: path, verb, credentials, threads. False means out is the answer.
func (s *Server) admit(c *call, entry *RequestEntry) (answer, bool) {
	s.mu.Lock()
	entry.At = s.now()
	c.world = s.world
	r, ok := s.world.resolve(c.request.URL.Path)
	if ok {
		c.route = r
	}
	bad := s.check(c, ok)
	s.mu.Unlock()
	if bad != nil {
		return failureAnswer(bad), false
	}
	if !c.open && !s.acquire(c.name) {
		status, _ := strconv.Atoi(s.dialect("threadLimit"))
		return failureAnswer(failWith(status, textThreads)), false
	}
	return answer{}, true
}

func (s *Server) dialect(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialects[name]
}

// check tests path, verb and credentials, in that order. The caller holds the lock.
func (s *Server) check(c *call, found bool) *failure {
	if !found || (c.request.Method == http.MethodGet && len(c.request.URL.RawQuery) > 2048 && !isNext(c.request)) {
		return notFoundPage() // a query string beyond the web server's limit is a 404 there
	}
	if c.request.Method == http.MethodPatch && s.dialects.is("collectionPatch", "404") {
		return notFoundPage()
	}
	if _, ok := c.verbs[c.request.Method]; !ok {
		return wrongVerb(c.request.Method)
	}
	if c.open {
		return nil
	}
	return s.authenticate(c.request.Header)
}

func isNext(r *http.Request) bool { return r.URL.Query().Has("paging") }

func wrongVerb(method string) *failure {
	return failWith(http.StatusMethodNotAllowed, "The requested resource does not support http method '%s'.", method)
}

// authenticate checks the three headers (Autotask sheet §1.5).
func (s *Server) authenticate(h http.Header) *failure {
	if !same(h.Get("ApiIntegrationCode"), s.credentials.IntegrationCode) {
		return refuse("IntegrationCode is invalid.")
	}
	locked := s.dialects.is("lockout", "on") && s.failedLogins >= lockoutAfter
	if s.userDisabled || locked || !same(h.Get("UserName"), s.credentials.UserName) || !same(h.Get("Secret"), s.credentials.Secret) {
		s.failedLogins++
		return &failure{status: http.StatusUnauthorized}
	}
	s.failedLogins = 0
	return nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// perform counts the request, meets a fault if one is due, and runs the handler. False means the connection is to be dropped.
func (s *Server) perform(c *call, entry *RequestEntry) (answer, bool) {
	body, bad := readBody(c.request)
	if bad != nil {
		return failureAnswer(bad), true
	}
	c.body = body
	entry.BodyHash = bodyHash(body)
	if !c.open { // the limits are the tenant's; who looks up a zone is not in a tenant yet
		delay, bad := s.count()
		if bad != nil {
			return failureAnswer(bad), true
		}
		entry.Delay = delay
		if scale := s.delayScale(); scale > 0 {
			wait(c.request, time.Duration(float64(delay)*scale))
		}
	}
	f, hit := s.dueFault(c)
	if !hit {
		return s.handle(c), true
	}
	entry.Fault = f.Kind
	return s.meet(f, c)
}

func bodyHash(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}

// count adds the request to the hourly counter, or refuses it beyond the threshold.
func (s *Server) count() (time.Duration, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.trafficNow()
	used := s.usage.current(now)
	if used >= s.usage.threshold {
		status, _ := strconv.Atoi(s.dialects["overThreshold"])
		return 0, failWith(status, "The request threshold of %d requests per %d minutes has been exceeded.", s.usage.threshold, int(usageWindow.Minutes()))
	}
	s.usage.add(now, 1)
	return s.usage.delay(used + 1), nil
}

func (s *Server) delayScale() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage.delayScale
}

// handle runs the handler under the lock.
func (s *Server) handle(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.world = s.world
	if fresh, ok := s.world.resolve(c.request.URL.Path); ok {
		c.route = fresh // the tenant may have been seeded anew meanwhile
	}
	out, bad := c.verbs[c.request.Method](c)
	if bad != nil {
		return failureAnswer(bad)
	}
	return out
}

// readBody reads a request body, inflating gzip (Autotask sheet §13.3).
func readBody(r *http.Request) ([]byte, *failure) {
	var source io.Reader = http.MaxBytesReader(nil, r.Body, bodyBytesMax)
	if r.Header.Get("Content-Encoding") == "gzip" {
		inflated, err := gzip.NewReader(source)
		if err != nil {
			return nil, failWith(http.StatusBadRequest, "The request body is not gzip.")
		}
		source = io.LimitReader(inflated, bodyBytesMax)
	}
	body, err := io.ReadAll(source)
	if err != nil {
		return nil, failWith(http.StatusBadRequest, "The request body cannot be read.")
	}
	return body, nil
}

// wait sleeps, or returns early when the client goes away.
func wait(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

// baseURL is the address of the API as the client reached it.
func baseURL(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + "/ATServicesRest/"
}

// abort drops the connection without an answer.
func abort(rw http.ResponseWriter) {
	if hijacker, ok := rw.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			_ = conn.Close() // dropping it is the point
			return
		}
	}
	panic(http.ErrAbortHandler) // net/http's way to drop a connection that cannot be taken over
}
