package microsoft

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"spindle/internal/sim/scenario"
)

// Options say what world to simulate and how.
type Options struct {
	Scenario scenario.Scenario
	Now      func() time.Time  // virtual clock; nil stands still at noon UTC of the scenario's day until it is set
	Dialect  map[string]string // switches by name, see Dialects
	TLS      *tls.Config       // certificates for Start to serve the vendor surfaces with over HTTPS; nil = HTTP
}

// Server is one simulated partner tenant. Its methods may be called while it serves.
type Server struct {
	mu      sync.Mutex
	opts    Options
	world   *world
	dialect map[string]string
	fixed   time.Time // clock set through control; zero = opts.Now
	serial  int       // of tokens, operations and request ids

	codes   map[string]grant
	refresh map[string]grant
	exports map[string]*export // by operation id
	faults  []*activeFault
	log     []Request
}

// Credentials are what a client needs to sign in app-only.
type Credentials struct {
	TenantID     string `json:"tenantId"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
}

// New builds the world of the scenario. It returns an error for an unknown dialect name or value and for a scenario whose
// amounts cannot be read.
func New(opts Options) (*Server, error) {
	if opts.Scenario.Today.IsZero() {
		return nil, errors.New("microsoft simulator: the scenario has no day: build it with scenario.Named")
	}
	s := &Server{opts: opts}
	if err := s.Reset(); err != nil {
		return nil, err
	}
	return s, nil
}

// Reset returns to the state of New: world, clock, dialect, tokens, exports, faults and request log.
func (s *Server) Reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reset(s.opts.Scenario)
}

// Seed replaces the scenario and resets; an error changes nothing.
func (s *Server) Seed(sc scenario.Scenario) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reset(sc)
}

func (s *Server) reset(sc scenario.Scenario) error {
	dialect, err := resolveDialect(nil, s.opts.Dialect)
	if err != nil {
		return fmt.Errorf("microsoft simulator: %w", err)
	}
	w, err := buildWorld(sc)
	if err != nil {
		return fmt.Errorf("microsoft simulator: %w", err)
	}
	s.opts.Scenario = sc
	s.world, s.dialect, s.fixed = w, dialect, time.Time{}
	s.codes, s.refresh, s.exports = map[string]grant{}, map[string]grant{}, map[string]*export{}
	s.faults, s.log = nil, nil
	return nil
}

// Credentials of the registered application.
func (s *Server) Credentials() Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.credentials()
}

func (s *Server) credentials() Credentials {
	t := s.opts.Scenario.PartnerTenantID
	return Credentials{TenantID: t, ClientID: guidOf("client", t), ClientSecret: "Sp8Q~" + shortID(35, "secret", t)}
}

// InvoiceIDs lists the ids of new-commerce invoices, newest first.
func (s *Server) InvoiceIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, inv := range slices.Backward(s.world.invoices) {
		if !inv.legacy {
			ids = append(ids, inv.id)
		}
	}
	return ids
}

// now is the virtual time. The caller holds the lock.
func (s *Server) now() time.Time {
	switch {
	case !s.fixed.IsZero():
		return s.fixed
	case s.opts.Now != nil:
		return s.opts.Now().UTC()
	}
	return s.opts.Scenario.Today.Add(12 * time.Hour)
}

func (s *Server) today() time.Time { return dayOf(s.now()) }

func (s *Server) pricing() pricing { return pricingOf(s.dialect) }

// nextID is a fresh GUID. The caller holds the lock.
func (s *Server) nextID(kind string) string {
	s.serial++
	return guidOf(kind, fmt.Sprint(s.serial), s.opts.Scenario.PartnerTenantID)
}

// Handler serves every vendor surface; they are told apart by path.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serveVendor) }
