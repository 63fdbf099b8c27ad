package microsoft

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// reply is a finished answer; keeping it whole lets faults cut it short.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) with(name, value string) reply {
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set(name, value)
	return r
}

// call is one request on its way through a handler.
type call struct {
	r     *http.Request
	body  []byte
	path  []string // segments of the path, as sent
	query url.Values
	vars  map[string]string
	token claims
	fault *activeFault // a fault that changes data, nil when none
}

// base is scheme and host as the client sees them.
func (c call) base() string {
	if c.r.TLS != nil {
		return "https://" + c.r.Host
	}
	return "http://" + c.r.Host
}

func jsonReply(status int, v any) reply {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return reply{status: http.StatusInternalServerError, body: []byte(err.Error())}
	}
	return reply{status: status, body: bytes.TrimRight(b.Bytes(), "\n")}.with("Content-Type", "application/json; charset=utf-8")
}

const bodyLimit = 4 << 20

// readBody inflates gzipped bodies, which Microsoft's Go SDK sends (sheet D2).
func readBody(r *http.Request) ([]byte, error) {
	var in io.Reader = http.MaxBytesReader(nil, r.Body, bodyLimit)
	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = io.LimitReader(z, bodyLimit)
	}
	return io.ReadAll(in)
}

func (s *Server) serveVendor(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		http.Error(w, `{"message":"The request is invalid."}`, http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	f := s.takeFault(r)
	out, stopped := s.faultReply(f, r)
	if !stopped {
		out = s.route(call{r: r, body: body, path: segments(r.URL.Path), query: r.URL.Query(), fault: f})
	}
	s.record(r, body, out.status, f)
	s.mu.Unlock()
	deliver(w, r, out, f)
}

// segments splits a path. A doubled version prefix, which clients with a base URL of their own make, counts once.
func segments(path string) []string {
	out := strings.Split(strings.Trim(path, "/"), "/")
	if len(out) > 1 && out[0] == out[1] && (out[0] == "v1" || out[0] == "v1.0" || out[0] == "beta") {
		out = out[1:]
	}
	return out
}

// route picks the surface by the first path segment.
func (s *Server) route(c call) reply {
	switch strings.ToLower(c.path[0]) {
	case "v1":
		return s.partnerCenter(c)
	case "v1.0", "beta":
		return s.graph(c)
	case "blob":
		return s.blob(c)
	}
	return s.login(c)
}

// endpoint is one row of a route table. Names in braces are captured; the rest compares case-insensitively.
type endpoint struct {
	method, pattern string
	serve           func(*Server, call) reply
	userOnly        bool // app-only tokens are refused with 900329
}

// match finds the endpoint; known says that the path exists under another method.
func match(table []endpoint, c *call, path []string) (found *endpoint, known bool) {
	for i, e := range table {
		vars, ok := capture(strings.Split(e.pattern, "/"), path)
		if !ok {
			continue
		}
		known = true
		if e.method == c.r.Method || e.method == http.MethodGet && c.r.Method == http.MethodHead {
			c.vars = vars
			return &table[i], true
		}
	}
	return nil, known
}

func capture(pattern, path []string) (map[string]string, bool) {
	if len(pattern) != len(path) {
		return nil, false
	}
	vars := map[string]string{}
	for i, p := range pattern {
		if name, ok := strings.CutPrefix(p, "{"); ok {
			vars[strings.TrimSuffix(name, "}")] = path[i]
		} else if !strings.EqualFold(p, path[i]) {
			return nil, false
		}
	}
	return vars, true
}

// deliver writes the answer, as whole or as broken as the fault wants it.
func deliver(w http.ResponseWriter, r *http.Request, out reply, f *activeFault) {
	if f != nil && f.DelayMS > 0 {
		select {
		case <-time.After(time.Duration(f.DelayMS) * time.Millisecond):
		case <-r.Context().Done():
		}
	}
	if f != nil && (f.Kind == "drop" || f.Kind == "hang") {
		panic(http.ErrAbortHandler)
	}
	for name, values := range out.header {
		w.Header()[name] = values
	}
	body := out.body
	if f != nil && f.Kind == "truncate" {
		body = body[:len(body)/2]
	}
	if r.Method != http.MethodHead {
		w.Header().Set("Content-Length", lengthOf(out.body, body, f))
	}
	w.WriteHeader(out.status)
	if r.Method == http.MethodHead {
		return
	}
	if f != nil && f.Kind == "dropBody" {
		_, _ = w.Write(body[:len(body)/2])
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body) // a client that went away is its own business
}
