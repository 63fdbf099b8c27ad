package autotask

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"
	"time"

	"spindle/internal/sim/scenario"
)

// Options say what a server starts with.
type Options struct {
	Scenario scenario.Scenario // what to seed with; the name "traps" gives the seed of Autotask sheet §10.7
	Now      func() time.Time  // virtual clock; nil = Scenario.Today at 12:00 UTC, standing still until set
	Dialect  map[string]string // switches by name, see Dialects; an unknown name or value is an error
	TLS      *tls.Config       // certificates for Start to serve the vendor surface with over HTTPS; nil = HTTP
}

// Credentials are what a client must send with every call (Autotask sheet §1.1).
type Credentials struct {
	UserName        string `json:"userName"`
	Secret          string `json:"secret"`
	IntegrationCode string `json:"integrationCode"`
}

// Permission profiles of the API user (Autotask sheet §10.2).
const (
	ProfileFull        = "full"
	ProfileNoCost      = "no-cost"
	ProfileNoContracts = "no-contracts"
)

// Server is one simulated tenant. It is safe for concurrent use.
type Server struct {
	mu       sync.Mutex
	options  Options
	dialects dialects
	world    *world
	settings map[int64]invoiceSettings // by company

	clock      time.Time // virtual time once it is set through control, or when no clock was given
	clockFixed bool
	stoodSince time.Time // real time since which the virtual clock stands still, for the hourly window only

	profile      string
	userDisabled bool
	failedLogins int
	credentials  Credentials

	pageSerial int64
	usage      usage
	threads    map[string]int
	faults     faultList
	log        requestLog
}

// New builds a server and seeds it.
func New(options Options) (*Server, error) {
	base := defaultDialects()
	if options.Scenario.Name == "traps" {
		base["picklistLabels"] = "renamed"
	}
	d, err := base.with(options.Dialect)
	if err != nil {
		return nil, err
	}
	s := &Server{options: options, dialects: d, profile: ProfileFull, threads: map[string]int{},
		usage: usage{threshold: hourlyThreshold},
		credentials: Credentials{UserName: "q7x2v9kd4m3hnbt@NORTHWINDIT.EXAMPLE", Secret: `9$kT#2m*Zr4'e~Wq`,
			IntegrationCode: "SPDL7QK2M4X9ZB6RT3WN8VC5HJD"}}
	s.faults.reseed()
	if options.Now == nil {
		s.stopClock(noon(options.Scenario.Today))
	}
	if err := s.reseed(options.Scenario); err != nil {
		return nil, err
	}
	return s, nil
}

func noon(day time.Time) time.Time { return midnight(day).Add(12 * time.Hour) }

// Credentials returns the three values a client must send.
func (s *Server) Credentials() Credentials { return s.credentials }

// now is the virtual time. The caller holds the lock.
func (s *Server) now() time.Time {
	if s.clockFixed || s.options.Now == nil {
		return s.clock
	}
	return s.options.Now().UTC()
}

// reseed replaces the tenant's data. The caller holds the lock or is the constructor.
func (s *Server) reseed(sc scenario.Scenario) error {
	w, err := newWorld(s.dialects, s.now)
	if err != nil {
		return err
	}
	if err := seed(w, sc); err != nil {
		return fmt.Errorf("seed %s: %w", sc.Name, err)
	}
	s.world, s.settings = w, map[int64]invoiceSettings{}
	s.options.Scenario = sc
	return nil
}

// Handler serves the vendor surface.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serveVendor) }
