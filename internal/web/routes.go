package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/fault"
)

// access says who may use a route.
type access string

// The kinds of access besides a permission in the organization of the address.
const (
	anyone   access = "anyone"    // sign-in and first start
	signedIn access = "signed in" // pages of one's own
)

// in gives the access of a permission in the organization of the address.
func in(p account.Permission) access { return access(p) }

// route is one page or act of the console.
type route struct {
	pattern string // as http.ServeMux reads it
	needs   access
	answer  handler
}

// routes is the table of all pages and acts; a test goes through every route with every role.
func routes() []route {
	return slices.Concat(
		signInRoutes(),
		meRoutes(),
		settingsRoutes(),
		activityRoutes(),
		healthRoutes(),
		todayRoutes(),
		setupRoutes(),
		setupAutotaskRoutes(),
		setupServiceRoutes(),
		setupMicrosoftRoutes(),
		setupServicesRoutes(),
		setupScheduleRoutes(),
		importRoutes(),
		customerRoutes(),
		priceRoutes(),
		productRoutes(),
		runRoutes(),
		lineRoutes(),
		azureRoutes(),
	)
}

// handle wraps a route's handler: who is it, may they, and what if it fails.
func (s *Server) handle(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := &request{Request: hr, s: s, endTurn: func() {}}
		if hr.Method != http.MethodPost && rt.needs != anyone { // acts and sign-in may wait for somebody else's server
			r.endTurn = s.turns.take(hr.Context())
			defer r.endTurn()
		}
		answered, err := false, onlyText(hr.URL.Path, hr.URL.Query())
		if err == nil {
			answered, err = r.admit(w, rt.needs)
		}
		if err == nil && !answered {
			err = rt.answer(w, r)
		}
		if err != nil {
			s.fail(w, hr, err)
		}
	})
}

// onlyText refuses what no keyboard types and PostgreSQL does not take as text. It may be a password: it is not repeated.
func onlyText(path string, values url.Values) error {
	texts := []string{path}
	for name, given := range values {
		texts = append(append(texts, name), given...)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
			return fault.Invalidf("the address or the form holds signs that are no text").Do("write it anew: text copied from another program may hold signs that can't be seen")
		}
	}
	return nil
}

// admit finds out who asks and whether they may. answered is true when the browser was sent elsewhere.
func (r *request) admit(w http.ResponseWriter, needs access) (answered bool, err error) {
	if err := r.identify(); err != nil {
		return false, err
	}
	if needs == anyone {
		return false, nil
	}
	if r.person.ID == "" && (r.actor.Name == "" || needs == signedIn) {
		return true, r.askWho(w)
	}
	if needs == signedIn {
		return false, nil
	}
	return false, r.enter(account.Permission(needs))
}

// askWho sends a browser to sign-in and back to the page; what is no page view is refused in words, since its form would be lost.
func (r *request) askWho(w http.ResponseWriter) error {
	if r.byProgram() {
		if _, reads := r.bearer(); !reads || r.actor.Name != "" {
			return fault.Newf(fault.KindUnauthorized, "an API token reads the pages of its organization and does nothing else").
				Do("sign in to do this, or use the spindle command")
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="spindle"`) // makes the answer a 401
		return fault.Newf(fault.KindUnauthorized, "this token is not valid").Do("make a new one in Settings, API tokens")
	}
	to := "/sign-in"
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		to += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	http.Redirect(w, r.Request, to, http.StatusSeeOther)
	return nil
}

// enter checks membership and permission. For those who are no member the organization does not exist.
func (r *request) enter(p account.Permission) error {
	id := r.PathValue("org")
	if r.actor.Name == "" { // a person: a token says itself where it may act
		actor, err := r.s.Accounts.Act(r.Context(), r.person.ID, billing.OrganizationID(id))
		if err != nil {
			return err
		}
		r.actor = actor
	}
	if string(r.actor.Organization) != id {
		return fault.NotFoundf("there is no organization %q", id)
	}
	org, err := r.s.Store.Organization(r.Context(), id)
	if err != nil {
		return err
	}
	r.org = org
	if !r.may(p) {
		return fault.Unauthorizedf("your role in %s is %s, which does not include the permission %q", org.Name, r.actor.Role, p).
			Do("ask an owner or admin of the organization to do it, or for another role")
	}
	if r.person.ID != "" && r.s.sessions.GetString(r.Context(), lastOrgKey) != id {
		r.s.sessions.Put(r.Context(), lastOrgKey, id)
	}
	return nil
}

// byProgram reports whether a program asks, with a token, instead of a browser.
func (r *request) byProgram() bool { return r.Header.Get("Authorization") != "" }

// bearer gives the API token of a request, if it has one. Tokens read; they never act.
func (r *request) bearer() (token string, found bool) {
	token, found = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return strings.TrimSpace(token), found && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}
