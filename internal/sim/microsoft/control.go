package microsoft

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"spindle/internal/sim/scenario"
)

// Request is one entry of the request log. Secrets are not kept.
type Request struct {
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Query  string    `json:"query,omitempty"`
	Status int       `json:"status"` // 0 when a fault closed the connection
	Fault  string    `json:"fault,omitempty"`
	Body   string    `json:"body,omitempty"` // JSON bodies only
	At     time.Time `json:"at"`             // virtual
}

const requestLogMax = 10_000

func (s *Server) record(r *http.Request, body []byte, status int, f *activeFault) {
	q := r.URL.Query()
	if q.Has("sig") {
		q.Set("sig", "***")
	}
	entry := Request{Method: r.Method, Path: r.URL.Path, Query: q.Encode(), Status: status, At: s.now()}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		entry.Body = string(body)
	}
	if f != nil {
		entry.Fault = f.Kind
	}
	if len(s.log) >= requestLogMax {
		s.log = s.log[requestLogMax/2:]
	}
	s.log = append(s.log, entry)
}

// Requests is the request log, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request{}, s.log...)
}

// ClearRequests empties the request log.
func (s *Server) ClearRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// Now is the virtual time.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// SetClock stops the virtual clock at t.
func (s *Server) SetClock(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fixed = t.UTC()
}

// SetDialect changes switches; an unknown name or value is an error and changes nothing.
func (s *Server) SetDialect(changes map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	dialect, err := resolveDialect(s.dialect, changes)
	if err != nil {
		return err
	}
	s.dialect = dialect
	s.world.forget()
	return nil
}

// DialectNow is the value of every switch.
func (s *Server) DialectNow() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, _ := resolveDialect(s.dialect, nil) // values in force are known
	return out
}

func (s *Server) wantOpen(day time.Time) error {
	if open := s.world.openMonth(); day.Before(open) {
		return fmt.Errorf("the day %s lies in a billed month: use a day from %s on", day.Format(time.DateOnly), open.Format(time.DateOnly))
	}
	return nil
}

func (s *Server) anySubscription(id string) (*customer, *subscription, error) {
	for _, c := range s.world.customers {
		if sub := c.sub(strings.ToLower(id)); sub != nil {
			return c, sub, nil
		}
	}
	return nil, nil, fmt.Errorf("no subscription %q: GET /subscriptions lists them", id)
}

// SetQuantity changes the seats of a subscription from a day on: recon gets the pair of lines, the list the new number. The
// day must lie in a month that is not billed, and not before the last change.
func (s *Server) SetQuantity(subscriptionID string, day time.Time, quantity int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, sub, err := s.anySubscription(subscriptionID)
	if err != nil {
		return err
	}
	day = dayOf(day)
	if err := s.wantOpen(day); err != nil {
		return err
	}
	if quantity < 1 || quantity > seatLimit {
		return fmt.Errorf("quantity %d: must be 1 to %d", quantity, seatLimit)
	}
	if n := len(sub.changes); n > 0 && sub.changes[n-1].day.After(day) {
		return fmt.Errorf("subscription %s already changes on %s: use that day or a later one", sub.id, sub.changes[n-1].day.Format(time.DateOnly))
	}
	sub.change(day, quantity)
	return nil
}

// Cancel ends a subscription on a day of a month that is not billed, with the refund to the end of its cycle.
func (s *Server) Cancel(subscriptionID string, day time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, sub, err := s.anySubscription(subscriptionID)
	if err != nil {
		return err
	}
	day = dayOf(day)
	if err := s.wantOpen(day); err != nil {
		return err
	}
	if !sub.cancelled.IsZero() {
		return fmt.Errorf("subscription %s was cancelled on %s already", sub.id, sub.cancelled.Format(time.DateOnly))
	}
	sub.cancelled, sub.autoRenew = day, false
	sub.revision++
	return nil
}

// SetRenewing makes a subscription answer 409 900278 to updates.
func (s *Server) SetRenewing(subscriptionID string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, sub, err := s.anySubscription(subscriptionID)
	if err == nil {
		sub.renewing = on
	}
	return err
}

// RemoveCustomer ends the reseller relationship: the customer leaves the list, charges keep arriving.
func (s *Server) RemoveCustomer(tenantID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.world.customer(strings.ToLower(tenantID))
	if c == nil {
		return fmt.Errorf("no customer %q", tenantID)
	}
	c.removed = true
	return nil
}

// Restate changes one row of an invoice, and one usage row when it has usage, so that new exports carry a new eTag.
func (s *Server) Restate(invoiceID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv := s.world.invoice(invoiceID)
	if inv == nil || inv.legacy || inv.amends != "" {
		return fmt.Errorf("no invoice %q that can be restated", invoiceID)
	}
	inv.restated++
	s.world.forget()
	return nil
}

// CloseMonth bills the open month and returns the id of the new invoice. The clock moves to the day the invoice is dated when
// it is behind.
func (s *Server) CloseMonth() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv := s.world.closeMonth()
	if s.now().Before(inv.dated) {
		s.fixed = inv.dated.Add(12 * time.Hour)
	}
	return inv.id
}

// ControlHandler serves the control surface: JSON over HTTP, documented in docs/simulators-microsoft.md.
func (s *Server) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	get := func(pattern string, f func() any) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, f()) })
	}
	get("/clock", func() any { return map[string]any{"now": s.Now()} })
	get("/dialects", func() any { return map[string]any{"dialects": Dialects(), "now": s.DialectNow()} })
	get("/faults", func() any { return map[string]any{"kinds": FaultKinds(), "armed": s.armed()} })
	get("/requests", func() any { return s.Requests() })
	get("/subscriptions", func() any { return s.subscriptionSummary() })
	get("/invoices", func() any { return s.InvoiceIDs() })
	get("/credentials", func() any { return s.Credentials() })
	post(mux, "POST /reset", func(struct{}) (any, error) { return ok, s.Reset() })
	post(mux, "POST /seed", s.controlSeed)
	post(mux, "POST /clock", s.controlClock)
	post(mux, "POST /dialects", func(b map[string]string) (any, error) {
		err := s.SetDialect(b)
		return s.DialectNow(), err
	})
	post(mux, "POST /faults", func(f Fault) (any, error) {
		id, err := s.AddFault(f)
		return map[string]any{"id": id}, err
	})
	post(mux, "DELETE /faults", func(struct{}) (any, error) { s.ClearFaults(); return ok, nil })
	post(mux, "DELETE /requests", func(struct{}) (any, error) { s.ClearRequests(); return ok, nil })
	post(mux, "POST /close-month", func(struct{}) (any, error) { return map[string]any{"invoiceId": s.CloseMonth()}, nil })
	post(mux, "POST /restate", func(b struct{ InvoiceID string }) (any, error) { return ok, s.Restate(b.InvoiceID) })
	post(mux, "POST /refresh-token", func(b struct{ WithoutMFA bool }) (any, error) {
		return map[string]any{"refreshToken": s.NewRefreshToken(!b.WithoutMFA)}, nil
	})
	post(mux, "DELETE /refresh-token", func(struct{}) (any, error) { s.RevokeRefreshTokens(); return ok, nil })
	post(mux, "POST /remove-customer", func(b struct{ TenantID string }) (any, error) { return ok, s.RemoveCustomer(b.TenantID) })
	s.subscriptionControls(mux)
	return mux
}

func (s *Server) subscriptionControls(mux *http.ServeMux) {
	post(mux, "POST /quantity", func(b struct {
		SubscriptionID, Date string
		Quantity             int
	},
	) (any, error) {
		day, err := controlDay(b.Date)
		if err != nil {
			return nil, err
		}
		return ok, s.SetQuantity(b.SubscriptionID, day, b.Quantity)
	})
	post(mux, "POST /cancel", func(b struct{ SubscriptionID, Date string }) (any, error) {
		day, err := controlDay(b.Date)
		if err != nil {
			return nil, err
		}
		return ok, s.Cancel(b.SubscriptionID, day)
	})
	post(mux, "POST /renewing", func(b struct {
		SubscriptionID string
		On             bool
	},
	) (any, error) {
		return ok, s.SetRenewing(b.SubscriptionID, b.On)
	})
}

var ok = map[string]bool{"ok": true}

func controlDay(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, fmt.Errorf("date %q: use YYYY-MM-DD", text)
	}
	return day, nil
}

func (s *Server) controlSeed(b struct{ Scenario, Today string }) (any, error) {
	day := dayOf(s.Now())
	if b.Today != "" {
		var err error
		if day, err = controlDay(b.Today); err != nil {
			return nil, err
		}
	}
	sc, err := scenario.Named(b.Scenario, day)
	if err != nil {
		return nil, err
	}
	return ok, s.Seed(sc)
}

func (s *Server) controlClock(b struct{ Now, Advance string }) (any, error) {
	switch {
	case b.Now != "":
		t, err := time.Parse(time.RFC3339, b.Now)
		if err != nil {
			return nil, fmt.Errorf("now %q: use RFC 3339, for example 2026-11-10T12:00:00Z", b.Now)
		}
		s.SetClock(t)
	case b.Advance != "":
		d, err := time.ParseDuration(b.Advance)
		if err != nil {
			return nil, fmt.Errorf("advance %q: use a Go duration, for example 26h or 15m", b.Advance)
		}
		s.SetClock(s.Now().Add(d))
	default:
		return nil, errors.New("give now (RFC 3339) or advance (duration)")
	}
	return map[string]any{"now": s.Now()}, nil
}

func (s *Server) armed() []activeFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []activeFault{}
	for _, f := range s.faults {
		out = append(out, *f)
	}
	return out
}

func (s *Server) subscriptionSummary() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []any{}
	for _, c := range s.world.customers {
		for _, sub := range c.subs {
			out = append(out, map[string]any{
				"customerId": c.tenantID, "customer": c.name, "subscriptionId": sub.id, "product": sub.name, "term": sub.term, "billingCycle": sub.billingCycle,
				"quantity": sub.quantityOn(s.today()), "status": sub.statusOn(s.today()), "listed": s.isListed(sub),
			})
		}
	}
	return out
}

// post adapts a typed function to a control endpoint. An empty body is an empty object; unknown fields are errors.
func post[T any](mux *http.ServeMux, pattern string, f func(T) (any, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		var in T
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil && r.ContentLength != 0 {
			answer(w, 400, map[string]string{"error": "request body: " + err.Error()})
			return
		}
		out, err := f(in)
		if err != nil {
			answer(w, 400, map[string]string{"error": err.Error()})
			return
		}
		answer(w, 200, out)
	})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller may have gone
}
