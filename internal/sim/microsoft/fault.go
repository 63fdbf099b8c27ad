package microsoft

import (
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Fault is something that goes wrong with matching requests. An empty field matches everything.
type Fault struct {
	Kind       string `json:"kind"`             // see FaultKinds
	Method     string `json:"method,omitempty"` // GET, POST, …
	Path       string `json:"path,omitempty"`   // glob over the whole path; * stays within a segment, ** crosses them
	Query      string `json:"query,omitempty"`  // text that the raw query contains
	Nth        int    `json:"nth,omitempty"`    // first match that is hit, counted from 1
	Count      int    `json:"count,omitempty"`  // how many matches are hit; 0 = all
	RetryAfter string `json:"retryAfter,omitempty"`
	DelayMS    int    `json:"delayMs,omitempty"` // real milliseconds before the answer
}

type activeFault struct {
	Fault
	ID   int `json:"id"`
	Seen int `json:"seen"`
	Hits int `json:"hits"`
}

// FaultKinds names every kind with its meaning.
func FaultKinds() map[string]string {
	return map[string]string{
		"429":               "throttled with Retry-After: gateway body on Partner Center, Graph error on Graph",
		"500":               "HTML error page",
		"500json":           "vendor-style error body",
		"503":               "service unavailable with Retry-After",
		"504":               "gateway time-out with Retry-After",
		"401":               "token refused although it is valid",
		"drop":              "handled, then the connection is closed without an answer",
		"dropBody":          "connection closed in the middle of the body",
		"truncate":          "half the body with a matching length (a truncated gzip on a blob)",
		"slow":              "answered after delayMs",
		"hang":              "closed after delayMs without an answer (10 s when 0)",
		"failExport":        "on an export POST: the operation ends failed with 5000",
		"stuckExport":       "on an export POST: the operation stays running",
		"expireExport":      "on an export POST: the operation is gone at its second poll",
		"emptyBlobs":        "on an export POST: manifest with blobCount 0",
		"missingBlob":       "on an export POST: blobCount is larger than the list, and the last listed blob is not there",
		"unknownColumns":    "on an export POST: columns nobody knows",
		"unknownChargeType": "on an export POST: charge types nobody knows",
		"nullFields":        "on an export POST: null where values are expected",
		"foreignPartner":    "on an export POST: the manifest names another partner tenant",
	}
}

// AddFault arms a fault and returns its number.
func (s *Server) AddFault(f Fault) (int, error) {
	if _, ok := FaultKinds()[f.Kind]; !ok {
		return 0, fmt.Errorf("unknown fault kind %q: use one of %s", f.Kind, strings.Join(slices.Sorted(maps.Keys(FaultKinds())), ", "))
	}
	if f.Nth < 0 || f.Count < 0 || f.DelayMS < 0 {
		return 0, fmt.Errorf("fault %s: nth, count and delayMs must not be negative", f.Kind)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	if f.Kind == "hang" && f.DelayMS == 0 {
		f.DelayMS = 10_000
	}
	s.faults = append(s.faults, &activeFault{Fault: f, ID: s.serial})
	return s.serial, nil
}

// ClearFaults disarms every fault.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// takeFault counts the request against every armed fault and returns the first that hits.
func (s *Server) takeFault(r *http.Request) *activeFault {
	var hit *activeFault
	for _, f := range s.faults {
		if !f.matches(r) {
			continue
		}
		f.Seen++
		due := f.Seen >= max(1, f.Nth) && (f.Count == 0 || f.Hits < f.Count)
		if due && hit == nil {
			f.Hits++
			copied := *f
			hit = &copied
		}
	}
	return hit
}

func (f *activeFault) matches(r *http.Request) bool {
	return (f.Method == "" || strings.EqualFold(f.Method, r.Method)) &&
		(f.Path == "" || glob(f.Path, r.URL.Path)) &&
		(f.Query == "" || strings.Contains(r.URL.RawQuery, f.Query))
}

// glob matches segment by segment; ** stands for any number of segments.
func glob(pattern, name string) bool {
	return globParts(strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(name, "/"), "/"))
}

func globParts(pattern, name []string) bool {
	if len(pattern) == 0 {
		return len(name) == 0
	}
	if pattern[0] == "**" {
		for i := 0; i <= len(name); i++ {
			if globParts(pattern[1:], name[i:]) {
				return true
			}
		}
		return false
	}
	if len(name) == 0 {
		return false
	}
	ok, err := path.Match(pattern[0], name[0])
	return err == nil && ok && globParts(pattern[1:], name[1:])
}

// faultReply is the answer of faults that never reach a handler; stopped is false for the others.
func (s *Server) faultReply(f *activeFault, r *http.Request) (out reply, stopped bool) {
	if f == nil {
		return reply{}, false
	}
	surface := segments(r.URL.Path)[0]
	switch f.Kind {
	case "429":
		out := s.errorFor(surface, 429, "Too many requests.")
		if surface == "v1" {
			out = jsonReply(429, map[string]any{"statusCode": 429, "message": "Rate limit is exceeded. Try again in " + f.wait("1") + " seconds."})
		}
		return out.with("Retry-After", f.wait("1")), true
	case "500":
		return reply{status: 500, body: []byte("<html><head><title>500</title></head><body><h1>Internal Server Error</h1></body></html>")}.with("Content-Type", "text/html"), true
	case "500json":
		return s.errorFor(surface, 500, "An unexpected error occurred."), true
	case "503", "504":
		status, _ := strconv.Atoi(f.Kind)
		return s.errorFor(surface, status, "The service is unavailable.").with("Retry-After", f.wait("1")), true
	case "401":
		return s.errorFor(surface, 401, "Access denied."), true
	case "hang":
		return reply{}, true
	}
	return reply{}, false
}

func (f *activeFault) wait(fallback string) string {
	if f.RetryAfter != "" {
		return f.RetryAfter
	}
	return fallback
}

// errorFor is an error in the style of the surface.
func (s *Server) errorFor(surface string, status int, text string) reply {
	switch surface {
	case "v1.0", "beta":
		return s.graphError(status, graphCode(status), text)
	case "blob":
		return blobError(status, "ServerBusy", text)
	case "v1":
		return s.pcError(status, partnerCode(status), text)
	}
	return jsonReply(status, map[string]any{"error": "temporarily_unavailable", "error_description": text})
}

func lengthOf(whole, body []byte, f *activeFault) string {
	if f != nil && f.Kind == "dropBody" {
		return strconv.Itoa(len(whole))
	}
	return strconv.Itoa(len(body))
}
