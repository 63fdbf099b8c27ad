package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"spindle/internal/fault"
	"spindle/internal/web/view"
)

// fail answers with what went wrong. Defects are logged and named by an id; the page says no more than that.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the reader has gone
	}
	var to turnTo
	if errors.As(err, &to) {
		http.Redirect(w, r, string(to), http.StatusSeeOther)
		return
	}
	kind := fault.KindOf(err)
	p := view.Problem{Title: titleOf(kind), Text: err.Error(), Remedy: sentence(fault.Remedy(err)), Back: view.Crumb{Label: "Back to the start", Href: "/"}}
	if org := r.PathValue("org"); org != "" && kind != fault.KindNotFound {
		p.Back.Href = view.Shell{Org: view.Org{ID: org}}.Path()
	}
	if kind == fault.KindInternal {
		p.ID = uuid.NewString()
		p.Text = "Something in Spindle does not work as it should. Nothing was written that the page did not confirm."
		p.Remedy = "Try again; if it happens again, report it with the log entry."
		s.Log.ErrorContext(r.Context(), "page failed", "id", p.ID, "method", r.Method, "path", loggedPath(r), "error", err)
	}
	status := statusOf(kind)
	if w.Header().Get("WWW-Authenticate") != "" {
		status = http.StatusUnauthorized
	}
	s.problem(w, r, status, p)
}

// loggedPath is the path of a request without the token of a link, which opens something.
func loggedPath(r *http.Request) string {
	if token := r.PathValue("token"); token != "" {
		return strings.ReplaceAll(r.URL.Path, token, "…")
	}
	return r.URL.Path
}

func (s *Server) problem(w http.ResponseWriter, r *http.Request, status int, p view.Problem) {
	if r.Header.Get("Authorization") != "" { // a program: its log is no place for a page
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		if _, err := fmt.Fprintln(w, strings.TrimSpace(p.Title+": "+p.Text+"\n"+p.Remedy)); err != nil {
			s.Log.DebugContext(r.Context(), "the reader has gone", "error", err)
		}
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := view.ProblemPage(p).Render(r.Context(), w); err != nil {
		s.Log.DebugContext(r.Context(), "the reader has gone", "error", err)
	}
}

// statusOf is the one place where kinds of fault become HTTP.
func statusOf(k fault.Kind) int {
	switch k {
	case fault.KindInvalid:
		return http.StatusUnprocessableEntity
	case fault.KindNotFound:
		return http.StatusNotFound
	case fault.KindConflict, fault.KindStale, fault.KindNeedsPerson, fault.KindUnknownOutcome:
		return http.StatusConflict
	case fault.KindUnauthorized:
		return http.StatusForbidden
	case fault.KindWaitUntil, fault.KindTransient:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func titleOf(k fault.Kind) string {
	switch k {
	case fault.KindInvalid:
		return "That can't be done like this"
	case fault.KindNotFound:
		return "Not found"
	case fault.KindConflict:
		return "In conflict with how things stand"
	case fault.KindStale:
		return "Things have moved on"
	case fault.KindUnauthorized:
		return "Not allowed"
	case fault.KindWaitUntil, fault.KindTransient:
		return "Not now"
	case fault.KindNeedsPerson, fault.KindUnknownOutcome:
		return "A person must look"
	}
	return "This did not work"
}

// notFound answers for addresses that are no page.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusNotFound, view.Problem{Title: "Not found", Text: "There is no page at this address.",
		Remedy: "Check the address, or start again.", Back: view.Crumb{Label: "Back to the start", Href: "/"}})
}

// crossSite answers requests that another site made a browser send.
func (s *Server) crossSite(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusForbidden, view.Problem{Title: "Refused",
		Text:   "This request came from another site, so nothing was done.",
		Remedy: "Open the page here and press the button again.", Back: view.Crumb{Label: "Back to the start", Href: "/"}})
}
