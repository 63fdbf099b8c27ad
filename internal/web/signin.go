package web

import (
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"strings"

	"spindle/internal/account"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/web/view"
)

func signInRoutes() []route {
	return []route{
		{"GET /{$}", anyone, root},
		{"GET /start", anyone, startForm},
		{"POST /start", anyone, start},
		{"GET /sign-in", anyone, signInForm},
		{"POST /sign-in", anyone, signIn},
		{"GET /sign-in/second", anyone, secondForm},
		{"POST /sign-in/second", anyone, second},
		{"POST /sign-in/openid", anyone, openID},
		{"GET /oidc/callback", anyone, openIDCallback},
		{"POST /sign-out", anyone, signOut},
		{"GET " + account.SignInPath + "{token}", anyone, linkForm},
		{"POST " + account.SignInPath + "{token}", anyone, followLink},
		{"GET " + account.OpenPath + "{token}", anyone, openLink},
		{"GET " + account.InvitePath + "{token}", anyone, inviteForm},
		{"POST " + account.InvitePath + "{token}", anyone, acceptInvite},
		{"GET " + account.ResetPath + "{token}", anyone, resetForm},
		{"POST " + account.ResetPath + "{token}", anyone, reset},
	}
}

// root leads to where the person was last, or to sign-in, or to the first start.
func root(w http.ResponseWriter, r *request) error {
	if r.person.ID != "" {
		http.Redirect(w, r.Request, r.home(), http.StatusSeeOther)
		return nil
	}
	first, err := r.s.Accounts.FirstStart(r.Context())
	if err != nil {
		return err
	}
	if first {
		http.Redirect(w, r.Request, "/start", http.StatusSeeOther)
		return nil
	}
	return r.askWho(w)
}

// mayStart refuses strangers: an installation that others can reach belongs to who can read what serve printed, or can use this machine.
func (r *request) mayStart() error {
	first, err := r.s.Accounts.FirstStart(r.Context())
	if err != nil {
		return err
	}
	if !first {
		return fault.Conflictf("this installation has an owner already").Do("sign in, or ask an owner for an invitation")
	}
	if r.s.StartToken.IsZero() || r.s.StartToken.Equal(secret.New(r.FormValue("token"))) || r.fromHere() {
		return nil
	}
	return fault.Unauthorizedf("the first start needs the link that spindle serve printed when it started").
		Do("open that link, or open this page on the machine Spindle runs on")
}

// fromHere reports whether the browser is on this machine, with no proxy between.
func (r *request) fromHere() bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	if err != nil || ip == nil || !ip.IsLoopback() {
		return false
	}
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	name := r.Host
	if h, _, err := net.SplitHostPort(r.Host); err == nil {
		name = h
	}
	asked := net.ParseIP(strings.Trim(name, "[]"))
	return name == "localhost" || asked != nil && asked.IsLoopback()
}

func (r *request) joinView(errs map[string]string) (view.Join, error) {
	v := view.Join{Title: "Welcome to Spindle", Text: "You are the first here, so you become the owner of this installation. Others come by invitation.",
		Action: "/start", Button: "Begin",
		Name:     view.Field{Name: "name", Label: "Your name", Value: r.text("name"), Error: errs["name"], Required: true, Autocomplete: "name"},
		Email:    &view.Field{Name: "email", Label: "E-mail address", Type: "email", Value: r.text("email"), Error: errs["email"], Required: true, Autocomplete: "username"},
		Password: newPassword("password", "Password", errs["password"])}
	if token := r.FormValue("token"); token != "" {
		v.Action += "?token=" + url.QueryEscape(token)
	}
	orgs, err := r.s.Store.Organizations(r.Context())
	if len(orgs) == 0 {
		v.Organization = &view.Field{Name: "organization", Label: "Your company", Value: r.text("organization"), Error: errs["organization"], Required: true,
			Autofocus: true, Autocomplete: "organization", Help: "The MSP whose Autotask is kept in step. More can be added later."}
	}
	return v, err
}

func newPassword(name, label, problem string) view.Field {
	return view.Field{Name: name, Label: label, Type: "password", Error: problem, Required: true, Autocomplete: "new-password",
		Help: "At least 12 characters; a few words in a row are good."}
}

// startForm leads the owner, who went back to where he began, to where he is now.
func startForm(w http.ResponseWriter, r *request) error {
	if r.person.ID != "" {
		http.Redirect(w, r.Request, r.home(), http.StatusSeeOther)
		return nil
	}
	if err := r.mayStart(); err != nil {
		return err
	}
	v, err := r.joinView(nil)
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.JoinPage(v))
}

func start(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	if err := r.mayStart(); err != nil {
		return err
	}
	owner, err := r.s.Accounts.CreateOwner(r.Context(), account.NewOwner{Email: r.text("email"), Name: r.text("name"),
		Password: secret.New(r.PostFormValue("password")), Organization: r.text("organization")})
	if fault.Is(err, fault.KindInvalid) || fault.Is(err, fault.KindConflict) {
		errs, notice := fieldErrors(err)
		v, err := r.joinView(errs)
		if err != nil {
			return err
		}
		v.Notice = notice
		return r.again(w, view.JoinPage(v))
	}
	if err != nil {
		return err
	}
	if owner, err = r.s.Accounts.Entered(r.Context(), owner.ID, "first start"); err != nil {
		return err
	}
	if err := r.welcome(owner); err != nil {
		return err
	}
	return r.done(w, r.home()+"/setup", "Welcome. These steps lead to the first verified run; each says what it needs.")
}

func (r *request) signInView(n view.Notice) view.SignIn {
	v := view.SignIn{Next: local(r.FormValue("next")), Notice: n,
		Email:    view.Field{Name: "email", Label: "E-mail address", Type: "email", Value: r.text("email"), Required: true, Autocomplete: "username", Autofocus: true},
		Password: view.Field{Name: "password", Label: "Password", Type: "password", Required: true, Autocomplete: "current-password"}}
	if r.s.Accounts.HasOIDC() {
		v.OpenID = "your company's account"
	}
	return v
}

func signInForm(w http.ResponseWriter, r *request) error {
	if r.person.ID != "" {
		http.Redirect(w, r.Request, local(r.FormValue("next")), http.StatusSeeOther)
		return nil
	}
	return r.page(w, http.StatusOK, view.SignInPage(r.signInView(r.takeNotice())))
}

func signIn(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	came, err := r.s.Accounts.SignIn(r.Context(), r.text("email"), secret.New(r.PostFormValue("password")))
	if fault.Is(err, fault.KindUnauthorized) || fault.Is(err, fault.KindWaitUntil) {
		return r.again(w, view.SignInPage(r.signInView(noticeOf(err))))
	}
	if err != nil {
		return err
	}
	r.s.sessions.Put(r.Context(), nextKey, local(r.PostFormValue("next")))
	return r.letIn(w, came)
}

// letIn goes on after a first step: in, or to the one-time password.
func (r *request) letIn(w http.ResponseWriter, came account.SignIn) error {
	ctx := r.Context()
	if came.Ticket != "" {
		if err := r.s.sessions.RenewToken(ctx); err != nil {
			return err
		}
		r.s.sessions.Put(ctx, pendingKey, came.Ticket)
		http.Redirect(w, r.Request, "/sign-in/second", http.StatusSeeOther)
		return nil
	}
	next := r.s.sessions.PopString(ctx, nextKey)
	if err := r.welcome(came.User); err != nil {
		return err
	}
	if next == "" || next == "/" {
		next = r.home()
	}
	http.Redirect(w, r.Request, local(next), http.StatusSeeOther)
	return nil
}

func secondView(n view.Notice) view.SecondFactor {
	return view.SecondFactor{Notice: n, Code: view.Field{Name: "code", Label: "Code", Required: true, Autofocus: true,
		Autocomplete: "one-time-code", InputMode: "text"}}
}

func secondForm(w http.ResponseWriter, r *request) error {
	if r.s.sessions.GetString(r.Context(), pendingKey) == "" {
		return r.askWho(w)
	}
	return r.page(w, http.StatusOK, view.SecondFactorPage(secondView(view.Notice{})))
}

func second(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	ticket := r.s.sessions.GetString(r.Context(), pendingKey)
	if ticket == "" {
		return r.askWho(w)
	}
	came, err := r.s.Accounts.SignInTOTP(r.Context(), ticket, r.text("code"))
	if fault.Is(err, fault.KindUnauthorized) || fault.Is(err, fault.KindWaitUntil) {
		return r.again(w, view.SecondFactorPage(secondView(noticeOf(err))))
	}
	if err != nil {
		r.s.sessions.Remove(r.Context(), pendingKey)
		return r.refused(w, "/sign-in", err)
	}
	return r.letIn(w, came)
}

const carryKey = "openid"

func openID(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	if !r.s.Accounts.HasOIDC() {
		return fault.NotFoundf("sign-in with an identity provider is not set up")
	}
	address, carry, err := r.s.Accounts.BeginOIDC(r.Context())
	if err != nil {
		return r.refused(w, "/sign-in", err)
	}
	r.s.sessions.Put(r.Context(), carryKey, carry)
	r.s.sessions.Put(r.Context(), nextKey, local(r.PostFormValue("next")))
	http.Redirect(w, r.Request, address, http.StatusSeeOther)
	return nil
}

func openIDCallback(w http.ResponseWriter, r *request) error {
	carry := r.s.sessions.PopString(r.Context(), carryKey)
	q := r.URL.Query()
	if problem := q.Get("error"); problem != "" {
		return r.refused(w, "/sign-in", fault.Unauthorizedf("the identity provider refused: %.200s", problem).Do("try again, or sign in with a password"))
	}
	came, err := r.s.Accounts.FinishOIDC(r.Context(), carry, q.Get("state"), q.Get("code"))
	if err != nil {
		return r.refused(w, "/sign-in", err)
	}
	return r.letIn(w, came)
}

func signOut(w http.ResponseWriter, r *request) error {
	if err := r.s.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	w.Header().Set("Clear-Site-Data", `"cache"`) // nobody goes back to what this person saw
	http.Redirect(w, r.Request, "/sign-in", http.StatusSeeOther)
	return nil
}

// linkForm shows a one-time link with one button. To look at it uses nothing up: mail programs open links to look what is behind them.
func linkForm(w http.ResponseWriter, r *request) error {
	person, err := r.s.Accounts.SignInFor(r.Context(), r.PathValue("token"))
	if err != nil {
		return r.refused(w, "/sign-in", err)
	}
	v := view.Link{Title: "Sign in", Action: r.URL.Path, Button: "Sign in", Text: "This link signs in " + person.Name + " (" + person.Email + "), once."}
	if r.person.ID != "" && r.person.ID != person.ID {
		v.Text += " You are " + r.person.Name + " at the moment and would be signed out."
	}
	return r.page(w, http.StatusOK, view.LinkPage(v))
}

// followLink signs in with a one-time link. Who is signed in as somebody else already becomes the link's person.
func followLink(w http.ResponseWriter, r *request) error {
	came, err := r.s.Accounts.Redeem(r.Context(), r.PathValue("token"))
	if err != nil {
		return r.refused(w, "/sign-in", err)
	}
	return r.letIn(w, came)
}

// openLink signs in with a link from the terminal, which nobody but its reader opens.
func openLink(w http.ResponseWriter, r *request) error {
	came, err := r.s.Accounts.Open(r.Context(), r.PathValue("token"))
	if err != nil {
		return r.refused(w, "/sign-in", err)
	}
	return r.letIn(w, came)
}

func (r *request) inviteView(invited account.Invited, errs map[string]string) view.Join {
	return view.Join{Title: "Join " + invited.Organization.Name, Action: r.URL.Path, Button: "Join",
		Text:     "You were invited as " + string(invited.Role) + ": " + invited.Role.Means() + ". You will sign in as " + invited.Email + ".",
		Name:     view.Field{Name: "name", Label: "Your name", Value: r.text("name"), Error: errs["name"], Required: true, Autofocus: true, Autocomplete: "name"},
		Password: newPassword("password", "Password", errs["password"])}
}

func inviteForm(w http.ResponseWriter, r *request) error {
	invited, err := r.s.Accounts.Invitation(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	if invited.Known {
		return r.page(w, http.StatusOK, view.LinkPage(view.Link{Title: "Join " + invited.Organization.Name, Action: r.URL.Path, Button: "Join",
			Text: invited.Email + " has an account here already. It becomes " + string(invited.Role) + " of " + invited.Organization.Name + "."}))
	}
	return r.page(w, http.StatusOK, view.JoinPage(r.inviteView(invited, nil)))
}

func acceptInvite(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	ctx, token := r.Context(), r.PathValue("token")
	invited, err := r.s.Accounts.Invitation(ctx, token)
	if err != nil {
		return err
	}
	person, created, err := r.s.Accounts.AcceptInvite(ctx, token, r.text("name"), secret.New(r.PostFormValue("password")))
	if fault.Is(err, fault.KindInvalid) {
		errs, notice := fieldErrors(err)
		v := r.inviteView(invited, errs)
		v.Notice = notice
		return r.again(w, view.JoinPage(v))
	}
	if err != nil {
		return err
	}
	if !created {
		return r.done(w, "/sign-in?next=/o/"+string(invited.Organization.ID), "You are a member of "+invited.Organization.Name+" now. Sign in as always.")
	}
	if person, err = r.s.Accounts.Entered(ctx, person.ID, "invitation"); err != nil {
		return err
	}
	if err := r.welcome(person); err != nil {
		return err
	}
	return r.done(w, "/o/"+string(invited.Organization.ID), "Welcome to "+invited.Organization.Name+".")
}

func resetView(r *request, problem string) view.Join {
	return view.Join{Title: "A new password", Text: "Choose a new password. You are signed out everywhere else.", Action: r.URL.Path, Button: "Set it",
		Name:     view.Field{},
		Password: newPassword("password", "New password", problem)}
}

func resetForm(w http.ResponseWriter, r *request) error {
	return r.page(w, http.StatusOK, view.JoinPage(resetView(r, "")))
}

func reset(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	_, err := r.s.Accounts.ResetPassword(r.Context(), r.PathValue("token"), secret.New(r.PostFormValue("password")))
	if fault.Is(err, fault.KindInvalid) {
		errs, _ := fieldErrors(err)
		return r.again(w, view.JoinPage(resetView(r, errs["password"])))
	}
	if err != nil {
		return err
	}
	return r.done(w, "/sign-in", "The password is set. Sign in with it.")
}

// dataURL makes an address of a picture that is part of the page.
func dataURL(mediaType, data string) string {
	return "data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString([]byte(data))
}
