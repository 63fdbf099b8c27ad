package autotask

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"spindle/internal/sim/scenario"
)

// ControlHandler serves the control surface. It must be served on a port of its own.
func (s *Server) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /reset", act(func(struct{}) (any, error) { return done, s.Reset() }))
	mux.HandleFunc("POST /seed", act(s.controlSeed))
	mux.HandleFunc("GET /clock", show(func(*http.Request) (any, error) { return map[string]any{"now": s.Now()}, nil }))
	mux.HandleFunc("POST /clock", act(s.controlClock))
	mux.HandleFunc("POST /post", act(s.controlPost))
	mux.HandleFunc("POST /unpost", act(s.controlUnpost))
	mux.HandleFunc("POST /invoice", act(s.controlInvoice))
	mux.HandleFunc("POST /void", act(func(in invoiceRef) (any, error) { return done, s.Void(in.InvoiceID) }))
	mux.HandleFunc("GET /faults", show(func(*http.Request) (any, error) { return map[string]any{"faults": s.Faults()}, nil }))
	mux.HandleFunc("POST /faults", act(s.controlFault))
	mux.HandleFunc("DELETE /faults", act(func(struct{}) (any, error) { s.ClearFaults(); return done, nil }))
	mux.HandleFunc("GET /dialects", show(func(*http.Request) (any, error) {
		return map[string]any{"current": s.CurrentDialects(), "known": Dialects()}, nil
	}))
	mux.HandleFunc("POST /dialects", act(func(in map[string]string) (any, error) { return done, s.SetDialects(in) }))
	mux.HandleFunc("POST /profile", act(s.controlProfile))
	mux.HandleFunc("GET /usage", show(func(*http.Request) (any, error) { return s.Usage(), nil }))
	mux.HandleFunc("POST /usage", act(func(in Usage) (any, error) { return done, s.SetUsage(in) }))
	mux.HandleFunc("GET /requests", show(s.controlRequests))
	mux.HandleFunc("DELETE /requests", act(func(struct{}) (any, error) { s.ClearRequests(); return done, nil }))
	mux.HandleFunc("GET /credentials", show(func(*http.Request) (any, error) { return s.Credentials(), nil }))
	mux.HandleFunc("GET /state", s.controlState)
	return mux
}

var done = map[string]bool{"ok": true}

// act reads a JSON body, which may be empty, and answers what the function returns. Errors are 400.
func act[In any](f func(In) (any, error)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		var in In
		decoder := json.NewDecoder(http.MaxBytesReader(rw, r.Body, bodyBytesMax))
		decoder.DisallowUnknownFields()
		if r.ContentLength != 0 {
			if err := decoder.Decode(&in); err != nil {
				jsonAnswer(http.StatusBadRequest, map[string]any{"error": err.Error()}).write(rw)
				return
			}
		}
		reply(rw, func() (any, error) { return f(in) })
	}
}

func show(f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) { reply(rw, func() (any, error) { return f(r) }) }
}

func reply(rw http.ResponseWriter, f func() (any, error)) {
	out, err := f()
	if err != nil {
		jsonAnswer(http.StatusBadRequest, map[string]any{"error": err.Error()}).write(rw)
		return
	}
	jsonAnswer(http.StatusOK, out).write(rw)
}

type seedRequest struct {
	Scenario string `json:"scenario"`
	Today    string `json:"today"` // YYYY-MM-DD; empty keeps the day
}

func (s *Server) controlSeed(in seedRequest) (any, error) {
	today := s.Now()
	if in.Today != "" {
		var err error
		if today, err = time.Parse(dayLayout, in.Today); err != nil {
			return nil, fmt.Errorf("today: %w", err)
		}
	}
	sc, err := scenario.Named(in.Scenario, today)
	if err != nil {
		return nil, err
	}
	return done, s.Seed(sc)
}

type clockRequest struct {
	Set     string `json:"set"`     // date or RFC 3339 time
	Advance string `json:"advance"` // duration such as 36h
	Days    int    `json:"days"`    // whole days to advance
}

func (s *Server) controlClock(in clockRequest) (any, error) {
	if in.Set != "" {
		t, err := parseInstant(in.Set)
		if err != nil {
			return nil, fmt.Errorf("set: %w", err)
		}
		s.SetClock(t)
	}
	if in.Advance != "" {
		d, err := time.ParseDuration(in.Advance)
		if err != nil {
			return nil, fmt.Errorf("advance: %w", err)
		}
		s.AdvanceClock(d)
	}
	if in.Days != 0 {
		s.AdvanceClock(time.Duration(in.Days) * 24 * time.Hour)
	}
	return map[string]any{"now": s.Now()}, nil
}

type postRequest struct {
	Until      string `json:"until"` // last day to post
	From       string `json:"from"`  // first day to un-post
	ContractID int64  `json:"contractID"`
}

func (s *Server) controlPost(in postRequest) (any, error) {
	until, err := time.Parse(dayLayout, in.Until)
	if err != nil {
		return nil, fmt.Errorf("until: %w", err)
	}
	if err := s.known("Contracts", in.ContractID); err != nil {
		return nil, err
	}
	return s.Post(until, in.ContractID), nil
}

func (s *Server) controlUnpost(in postRequest) (any, error) {
	var from time.Time
	if in.From != "" {
		var err error
		if from, err = time.Parse(dayLayout, in.From); err != nil {
			return nil, fmt.Errorf("from: %w", err)
		}
	}
	if err := s.known("Contracts", in.ContractID); err != nil {
		return nil, err
	}
	return s.Unpost(from, in.ContractID), nil
}

// known refuses an id that no row of an entity has; 0 stands for all rows.
func (s *Server) known(entityName string, id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != 0 && !s.world.exists(entityName, id) {
		return fmt.Errorf("%s has no id %d", entityName, id)
	}
	return nil
}

type invoiceRequest struct {
	CompanyID      *int64  `json:"companyID"`
	BillingItemIDs []int64 `json:"billingItemIDs"`
}

type invoiceRef struct {
	InvoiceID int64 `json:"invoiceID"`
}

func (s *Server) controlInvoice(in invoiceRequest) (any, error) {
	if in.CompanyID == nil {
		return nil, fmt.Errorf("companyID is missing")
	}
	if err := s.known("Companies", *in.CompanyID); err != nil {
		return nil, err
	}
	id, err := s.Invoice(*in.CompanyID, in.BillingItemIDs...)
	return invoiceRef{InvoiceID: id}, err
}

func (s *Server) controlFault(in Fault) (any, error) {
	id, err := s.InjectFault(in)
	return map[string]any{"id": id}, err
}

type profileRequest struct {
	Profile      string `json:"profile"` // empty keeps it
	UserDisabled *bool  `json:"userDisabled"`
}

func (s *Server) controlProfile(in profileRequest) (any, error) {
	if in.Profile != "" {
		if err := s.SetProfile(in.Profile); err != nil {
			return nil, err
		}
	}
	if in.UserDisabled != nil {
		s.SetUserDisabled(*in.UserDisabled)
	}
	return done, nil
}

func (s *Server) controlRequests(r *http.Request) (any, error) {
	from := int64(0)
	if text := r.URL.Query().Get("from"); text != "" {
		var err error
		if from, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, fmt.Errorf("from: %w", err)
		}
	}
	return map[string]any{"requests": orEmpty(s.Requests(from))}, nil
}

func (s *Server) controlState(rw http.ResponseWriter, _ *http.Request) {
	answer{status: http.StatusOK, kind: typeJSON, body: s.State()}.write(rw)
}
