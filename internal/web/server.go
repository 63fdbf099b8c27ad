// Package web is the console: pages over engine, store and account, for people in a browser.
//
// One table (routes.go) names every page, who may see it and which function answers. A handler reads, makes a typed view of package view
// and writes it, or calls the engine and sends the browser on; no rule of billing lives here. Everything an organization owns is below
// /o/{org}/, and a person who is no member of it is told that it does not exist.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/klauspost/compress/gzhttp"

	"spindle/internal/account"
	"spindle/internal/engine"
	"spindle/internal/job"
	"spindle/internal/secret"
	"spindle/internal/store"
	"spindle/internal/web/asset"
)

// Deps are what the console stands on.
type Deps struct {
	Engine   *engine.Engine
	Store    *store.Store
	Accounts *account.Service
	// Nudge hands work to the queue: runs go on there, never in a request.
	Nudge func(context.Context, job.Args) error
	Log   *slog.Logger
	Now   func() time.Time
	// UploadDir takes uploaded files while they are read.
	UploadDir string
	// UploadMax is the size of one upload in bytes.
	UploadMax int64
	Version   string
	// ServicesTemplate is a list of custom services to start from, as CSV.
	ServicesTemplate string
	// StartToken is part of the link that serve prints while the installation has no owner: who has it becomes the owner. Browsers on this
	// machine need none. Empty: nobody needs it.
	StartToken secret.String
	// Closing is closed when the server stops: streams of events end then. Nil: never.
	Closing <-chan struct{}
	// PublicURL is how people reach the console, where that is configured: links are made of it. Empty: see request.origin.
	PublicURL string
	// HostName is the name of this machine.
	HostName string
	// Secure marks cookies for https only.
	Secure bool
}

// Server answers for the console.
type Server struct {
	Deps
	sessions *scs.SessionManager
	turns    turns
}

// sessionLife is how long a person stays signed in: a working day. Nothing is written while pages are read, so there is no idle time.
const sessionLife = 12 * time.Hour

// New makes the console. Handler serves it.
func New(d Deps) *Server {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.UploadMax == 0 {
		d.UploadMax = uploadMax
	}
	s := &Server{Deps: d, sessions: scs.New(), turns: newTurns()}
	s.sessions.Store = account.Sessions{Store: d.Store, Now: d.Now}
	s.sessions.HashTokenInStore = true
	s.sessions.Lifetime = sessionLife
	s.sessions.Cookie.Name = "spindle"
	if d.Secure {
		s.sessions.Cookie.Name = "__Host-spindle" // browsers take it from this host over https only, never from a neighbour under the same domain
	}
	s.sessions.Cookie.HttpOnly = true
	s.sessions.Cookie.SameSite = http.SameSiteLaxMode // a link in a mail leads to the page, not to sign-in
	s.sessions.Cookie.Secure = d.Secure
	s.sessions.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) { s.fail(w, r, err) }
	return s
}

// uploadMax is the default size of one upload: larger files are for the command line.
const uploadMax = 256 << 20

// Handler is the whole console.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+asset.Prefix, asset.Handler())
	pages := http.NewServeMux()
	for _, route := range routes() {
		pages.Handle(route.pattern, s.handle(route))
	}
	pages.HandleFunc("/", s.notFound)
	mux.Handle("/", s.sessions.LoadAndSave(pages))
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(s.crossSite))
	return secured(s.onlyHTTPS(cross.Handler(compressed(mux))))
}

// onlyHTTPS tells browsers to come back over https only, where that is how they come; TLS may end at a proxy.
func (s *Server) onlyHTTPS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil || s.Secure {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// eventStream is the media type of server-sent events.
const eventStream = "text/event-stream"

// compressed leaves streams of events alone: they are sent word by word.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.ContentTypeFilter(func(ct string) bool {
		return gzhttp.DefaultContentTypeFilter(ct) && ct != eventStream
	}))
	if err != nil {
		return next // only wrong options fail
	}
	return wrap(next)
}

// policy lets pages use what this server serves and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secured sets the headers that every answer has.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		h.Set("Cache-Control", "no-store") // pages hold what customers pay; static files say otherwise
		next.ServeHTTP(w, r)
	})
}
