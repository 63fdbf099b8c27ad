package autotask

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kinds of faults.
const (
	FaultStatus             = "status"               // answer Status with Body
	FaultThrottle           = "throttle"             // 429, with RetryAfter when set
	FaultHang               = "hang"                 // no answer until the client goes away or DelayMs has passed, then drop
	FaultDrop               = "drop"                 // drop the connection, nothing applied
	FaultAppliedThenDropped = "applied-then-dropped" // apply, then drop the connection
	FaultAppliedThenHang    = "applied-then-hang"    // apply, then hang
	FaultAppliedThenStatus  = "applied-then-status"  // apply, then answer Status with Body
	FaultSlow               = "slow"                 // wait DelayMs, then answer as usual
)

// Bodies of status faults.
const (
	BodyJSON  = "json"  // {"errors":[…]}
	BodyHTML  = "html"  // a web-server page
	BodyEmpty = "empty" // nothing
)

// Fault makes some requests fail. Empty match fields match everything; requests refused earlier in the pipeline never match.
type Fault struct {
	ID          int      `json:"id"` // given by the server
	Kind        string   `json:"kind"`
	Method      string   `json:"method,omitempty"`
	Path        string   `json:"path,omitempty"`        // glob below /v1.0, any letter case: "/Contracts/*/Services"
	Entity      string   `json:"entity,omitempty"`      // plural name; child routes count for the child
	Nth         int      `json:"nth,omitempty"`         // first matching request to hit, from 1
	Count       int      `json:"count,omitempty"`       // how many to hit; 0 = no end
	Probability float64  `json:"probability,omitempty"` // 0 = always
	Seed        uint64   `json:"seed,omitempty"`        // of the draw for Probability
	Status      int      `json:"status,omitempty"`      // default 500
	Body        string   `json:"body,omitempty"`        // json (default), html, empty
	Errors      []string `json:"errors,omitempty"`      // texts of a json body
	RetryAfter  string   `json:"retryAfter,omitempty"`  // header text: seconds, an HTTP date, or "date+30" for one that many seconds ahead
	DelayMs     int      `json:"delayMs,omitempty"`

	matched, hits int
	draw          *rand.Rand
}

type faultList struct {
	list []*Fault
	next int
}

func (l *faultList) reseed() { l.list, l.next = nil, 1 }

// InjectFault adds a fault and returns its id. An unknown kind or a bad glob is an error.
func (s *Server) InjectFault(f Fault) (int, error) {
	if err := f.validate(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f.ID = s.faults.next
	f.draw = rand.New(rand.NewPCG(f.Seed, f.Seed^0x9e3779b97f4a7c15))
	s.faults.next++
	s.faults.list = append(s.faults.list, &f)
	return f.ID, nil
}

// Faults lists the faults that are set.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Fault, 0, len(s.faults.list))
	for _, f := range s.faults.list {
		list = append(list, *f)
	}
	return list
}

// ClearFaults removes every fault.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.list = nil
}

func (f *Fault) validate() error {
	kinds := []string{FaultStatus, FaultThrottle, FaultHang, FaultDrop, FaultAppliedThenDropped, FaultAppliedThenHang, FaultAppliedThenStatus, FaultSlow}
	if !slices.Contains(kinds, f.Kind) {
		return fmt.Errorf("fault kind %q: use one of %s", f.Kind, strings.Join(kinds, ", "))
	}
	if f.Body != "" && !slices.Contains([]string{BodyJSON, BodyHTML, BodyEmpty}, f.Body) {
		return fmt.Errorf("fault body %q: use json, html or empty", f.Body)
	}
	if f.Probability < 0 || f.Probability > 1 {
		return fmt.Errorf("fault probability %v: use 0 to 1", f.Probability)
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		return fmt.Errorf("fault status %d: use 200 to 599", f.Status)
	}
	if _, err := path.Match(f.Path, ""); err != nil {
		return fmt.Errorf("fault path %q: %w", f.Path, err)
	}
	return nil
}

// dueFault finds the first fault that hits a request and counts it.
func (s *Server) dueFault(c *call) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults.list {
		if f.matches(c) && f.due() {
			return *f, true
		}
	}
	return Fault{}, false
}

func (f *Fault) matches(c *call) bool {
	if f.Method != "" && !strings.EqualFold(f.Method, c.request.Method) {
		return false
	}
	if f.Entity != "" && !strings.EqualFold(f.Entity, c.name) {
		return false
	}
	if f.Path == "" {
		return true
	}
	parts := cleanPath(strings.ToLower(c.request.URL.Path))
	below := "/" + strings.Join(parts[min(2, len(parts)):], "/")
	ok, err := path.Match(strings.ToLower(f.Path), below)
	return err == nil && ok
}

func (f *Fault) due() bool {
	f.matched++
	if f.matched < f.Nth || (f.Count > 0 && f.hits >= f.Count) {
		return false
	}
	if f.Probability > 0 && f.draw.Float64() >= f.Probability {
		return false
	}
	f.hits++
	return true
}

// meet plays a fault out. False means the connection is to be dropped.
func (s *Server) meet(f Fault, c *call) (answer, bool) {
	delay := time.Duration(f.DelayMs) * time.Millisecond
	switch f.Kind {
	case FaultSlow:
		wait(c.request, delay)
		return s.handle(c), true
	case FaultAppliedThenDropped, FaultAppliedThenHang, FaultAppliedThenStatus:
		s.handle(c)
	}
	switch f.Kind {
	case FaultDrop, FaultAppliedThenDropped:
		return answer{}, false
	case FaultHang, FaultAppliedThenHang:
		hang(c.request, delay)
		return answer{}, false
	}
	return f.answer(), true
}

// hang waits until the client goes away, or for a limited time.
func hang(r *http.Request, limit time.Duration) {
	if limit > 0 {
		wait(r, limit)
		return
	}
	<-r.Context().Done()
}

func (f *Fault) answer() answer {
	status := f.Status
	if status == 0 {
		status = http.StatusInternalServerError
		if f.Kind == FaultThrottle {
			status = http.StatusTooManyRequests
		}
	}
	bad := &failure{status: status, html: f.Body == BodyHTML, messages: f.Errors}
	if f.Body == BodyEmpty {
		bad.messages = nil
	} else if len(bad.messages) == 0 {
		bad.messages = []string{"Injected fault."}
	}
	out := failureAnswer(bad)
	if f.RetryAfter != "" {
		out.header = http.Header{"Retry-After": {retryAfter(f.RetryAfter)}}
	}
	return out
}

// retryAfter makes "date+30" an HTTP date, measured on the real clock like the Date header of the same answer.
func retryAfter(text string) string {
	rest, ok := strings.CutPrefix(text, "date+")
	seconds, err := strconv.Atoi(rest)
	if !ok || err != nil {
		return text
	}
	return time.Now().Add(time.Duration(seconds) * time.Second).UTC().Format(http.TimeFormat)
}
