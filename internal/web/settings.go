package web

import (
	"net"
	"net/http"
	"strings"
	"time"

	"spindle/internal/account"
	"spindle/internal/fault"
	"spindle/internal/sheet"
	"spindle/internal/web/view"
)

func settingsRoutes() []route {
	return []route{
		{"GET /o/{org}/settings", in(account.View), members},
		{"POST /o/{org}/settings/invite", in(account.Users), invite},
		{"POST /o/{org}/settings/invitations/{id}/revoke", in(account.Users), revokeInvitation},
		{"POST /o/{org}/settings/people/{user}/role", in(account.Users), setRole},
		{"POST /o/{org}/settings/people/{user}/link", in(account.Users), signInLink},
		{"POST /o/{org}/settings/people/{user}/remove", in(account.Users), removeMember},
		{"GET /o/{org}/settings/tokens", in(account.View), tokens},
		{"POST /o/{org}/settings/tokens", in(account.Users), makeToken},
		{"POST /o/{org}/settings/tokens/{id}/revoke", in(account.Users), revokeToken},
		{"GET /o/{org}/settings/data", in(account.View), data},
		{"GET /o/{org}/settings/retention", in(account.View), retention},
		{"POST /o/{org}/settings/retention", in(account.Configure), saveRetention},
		{"POST /o/{org}/settings/backup", in(account.Owners), backup},
	}
}

// roleOptions are the roles that the person acting may give.
func (r *request) roleOptions(selected account.Role) []view.Option {
	var options []view.Option
	for _, role := range account.Roles() {
		if r.actor.Role.Covers(role) || role == selected {
			options = append(options, view.Option{Value: string(role), Label: string(role), Selected: role == selected})
		}
	}
	return options
}

func (r *request) membersView(errs map[string]string) (view.Members, error) {
	ctx := r.Context()
	v := view.Members{
		Invite:     view.Field{Name: "email", Label: "E-mail address", Type: "email", Value: r.text("email"), Error: errs["email"], Required: true},
		InviteRole: view.Field{Name: "role", Label: "Role", Type: "select", Error: errs["role"], Options: r.roleOptions(account.Biller)},
	}
	for _, role := range account.Roles() {
		v.Roles = append(v.Roles, view.Option{Value: string(role), Label: role.Means()})
	}
	settings, err := r.s.Store.Settings(ctx, r.org.ID)
	if err != nil {
		return v, err
	}
	v.FourEyes = settings.FourEyes
	all, err := r.s.Accounts.Members(ctx, r.org.ID)
	if err != nil {
		return v, err
	}
	for _, m := range all {
		row := view.MemberRow{ID: string(m.ID), Name: m.Name, Email: m.Email, Role: string(m.Role), Roles: r.roleOptions(m.Role),
			SignedIn: view.When(m.SignedInAt), TOTP: m.TOTP, Disabled: !m.DisabledAt.IsZero(), Self: m.ID == r.person.ID}
		if m.Locked.After(r.s.Now()) {
			row.Locked = view.When(m.Locked)
		}
		v.Rows = append(v.Rows, row)
	}
	invited, err := r.s.Accounts.Invitations(ctx, r.org.ID)
	for _, i := range invited {
		v.Invited = append(v.Invited, view.InvitedRow{ID: i.ID, Email: i.Email, Role: i.Role, Until: view.When(i.ExpiresAt), By: i.CreatedBy})
	}
	return v, err
}

func members(w http.ResponseWriter, r *request) error {
	if as := r.URL.Query().Get("as"); as != "" {
		return r.exportMembers(w, as)
	}
	v, err := r.membersView(nil)
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.MembersPage(r.shell("settings", "Settings"), v))
}

// exportMembers writes who may do what here: the members, then open invitations.
func (r *request) exportMembers(w http.ResponseWriter, as string) error {
	all, err := r.s.Accounts.Members(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	invited, err := r.s.Accounts.Invitations(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	var records [][]string
	for _, m := range all {
		state, second := "member", "off"
		switch {
		case !m.DisabledAt.IsZero():
			state = "disabled"
		case m.Locked.After(r.s.Now()):
			state = "locked"
		}
		if m.TOTP {
			second = "on"
		}
		records = append(records, []string{m.Email, m.Name, string(m.Role), state, moment(m.Since), moment(m.SignedInAt), second, "", ""})
	}
	for _, i := range invited {
		records = append(records, []string{i.Email, "", i.Role, "invited", "", "", "", i.CreatedBy, moment(i.ExpiresAt)})
	}
	return r.export(w, as, sheet.Table{Name: "people", Rows: sheet.Rows(records),
		Columns: sheet.Text("email", "name", "role", "state", "member_since_utc", "signed_in_utc", "one_time_password", "invited_by", "invited_until_utc")})
}

// membersWith shows the page with a link that is shown once: it can't wait in the session, which is no place for secrets.
func (r *request) membersWith(w http.ResponseWriter, origin string, link account.Link, email string) error {
	v, err := r.membersView(nil)
	if err != nil {
		return err
	}
	v.Link, v.LinkFor = origin+link.Path(), email
	return r.pageOnce(w, http.StatusOK, view.MembersPage(r.shell("settings", "Settings"), v))
}

// origin is the console's address for links that let people in: the configured one. Without one it is what the request calls this server,
// but only when that can be nobody else's: this machine, an address in numbers, or the name of the machine. Any other name may be made up
// by whoever made the request, or lead elsewhere tomorrow (ADR 0012).
func (r *request) origin() (string, error) {
	if r.s.PublicURL != "" {
		return r.s.PublicURL, nil
	}
	name := r.Host
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		name = host
	}
	own := strings.EqualFold(name, "localhost") || net.ParseIP(strings.Trim(name, "[]")) != nil || r.s.HostName != "" && strings.EqualFold(name, r.s.HostName)
	if !own {
		return "", fault.Invalidf("links cannot be made here, because it is not configured how people reach Spindle, and %q may be anybody's name", name).
			Do("set SPINDLE_PUBLIC_URL to the address that people use, such as https://spindle.example, and start spindle serve again; or make the link on the command line: spindle users")
	}
	if r.TLS != nil || r.s.Secure {
		return "https://" + r.Host, nil
	}
	return "http://" + r.Host, nil
}

func invite(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	origin, err := r.origin()
	var link account.Link
	if err == nil {
		link, err = r.s.Accounts.Invite(r.Context(), r.org.ID, r.text("email"), account.Role(r.text("role")), r.actor)
	}
	if err == nil {
		r.Form.Del("email")
		return r.membersWith(w, origin, link, link.Email)
	}
	if fault.KindOf(err) == fault.KindInternal {
		return err
	}
	errs, notice := fieldErrors(err)
	v, err := r.membersView(errs)
	if err != nil {
		return err
	}
	v.Notice = notice
	return r.again(w, view.MembersPage(r.shell("settings", "Settings"), v))
}

func revokeInvitation(w http.ResponseWriter, r *request) error {
	if err := r.s.Accounts.RevokeInvitation(r.Context(), r.org.ID, r.PathValue("id"), r.actor); err != nil {
		return r.refused(w, r.path("settings"), err)
	}
	return r.done(w, r.path("settings"), "The invitation is withdrawn: its link opens nothing.")
}

// member finds the person of the address among the members.
func (r *request) member() (account.Member, error) {
	all, err := r.s.Accounts.Members(r.Context(), r.org.ID)
	if err != nil {
		return account.Member{}, err
	}
	for _, m := range all {
		if string(m.ID) == r.PathValue("user") {
			return m, nil
		}
	}
	return account.Member{}, fault.NotFoundf("%s is no member of %s", r.PathValue("user"), r.org.Name)
}

func setRole(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	m, err := r.member()
	if err != nil {
		return err
	}
	role := account.Role(r.text("role"))
	if err := r.s.Accounts.SetRole(r.Context(), r.org.ID, m.ID, role, r.actor); err != nil {
		return r.refused(w, r.path("settings"), err)
	}
	return r.done(w, r.path("settings"), m.Name+" is "+string(role)+" now: "+role.Means()+".")
}

func signInLink(w http.ResponseWriter, r *request) error {
	m, err := r.member()
	if err != nil {
		return err
	}
	origin, err := r.origin()
	if err != nil {
		return r.refused(w, r.path("settings"), err)
	}
	link, err := r.s.Accounts.SignInLink(r.Context(), m.ID, r.actor)
	if err != nil {
		return r.refused(w, r.path("settings"), err)
	}
	return r.membersWith(w, origin, link, m.Name)
}

func removeMember(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	m, err := r.member()
	if err != nil {
		return err
	}
	if !r.confirmed() {
		return r.page(w, http.StatusOK, view.ConfirmPage(r.shell("settings", "Remove "+m.Name), view.Confirm{
			Title: "Remove " + m.Name + "?", Text: m.Email + " can no longer see or do anything in " + r.org.Name + ". What they did stays in the audit trail under their name.",
			Action: r.URL.Path, Button: "Remove", Danger: true, Back: r.path("settings"), Crumbs: []view.Crumb{{Label: "Settings", Href: r.path("settings")}}}))
	}
	if err := r.s.Accounts.RemoveMember(r.Context(), r.org.ID, m.ID, r.actor); err != nil {
		return r.refused(w, r.path("settings"), err)
	}
	return r.done(w, r.path("settings"), m.Name+" is no member any more.")
}

func (r *request) tokensView(errs map[string]string) (view.Tokens, error) {
	v := view.Tokens{
		Name:    view.Field{Name: "name", Label: "What it is for", Value: r.text("name"), Error: errs["name"], Required: true, Placeholder: "monthly report"},
		Role:    view.Field{Name: "role", Label: "Role", Type: "select", Error: errs["role"], Options: r.roleOptions(account.Viewer)},
		Expires: view.Field{Name: "expires", Label: "Good until", Type: "date", Value: r.text("expires"), Error: errs["expires"], Help: "Empty: until it is revoked."},
	}
	all, err := r.s.Accounts.Tokens(r.Context(), r.org.ID)
	now := r.s.Now()
	for _, t := range all {
		row := view.TokenRow{ID: t.ID, Name: t.Name, Role: t.Role, Made: view.When(t.CreatedAt), By: t.CreatedBy, Used: view.Ago(t.LastUsedAt, now),
			Expires: view.When(t.ExpiresAt), Tone: view.Good, Word: "in force", InForce: true}
		switch {
		case !t.RevokedAt.IsZero():
			row.Tone, row.Word, row.InForce = view.Off, "revoked", false
		case !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now):
			row.Tone, row.Word, row.InForce = view.Off, "expired", false
		}
		v.Rows = append(v.Rows, row)
	}
	return v, err
}

func tokens(w http.ResponseWriter, r *request) error {
	if as := r.URL.Query().Get("as"); as != "" {
		return r.exportTokens(w, as)
	}
	v, err := r.tokensView(nil)
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.TokensPage(r.shell("settings", "API tokens"), v))
}

// exportTokens writes which programs may read here; the tokens themselves are not kept.
func (r *request) exportTokens(w http.ResponseWriter, as string) error {
	all, err := r.s.Accounts.Tokens(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	var records [][]string
	for _, t := range all {
		records = append(records, []string{t.ID, t.Name, t.Role, moment(t.CreatedAt), t.CreatedBy, moment(t.LastUsedAt), moment(t.ExpiresAt), moment(t.RevokedAt)})
	}
	return r.export(w, as, sheet.Table{Name: "tokens", Rows: sheet.Rows(records),
		Columns: sheet.Text("token", "name", "role", "made_utc", "made_by", "used_utc", "expires_utc", "revoked_utc")})
}

func makeToken(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	wanted := account.NewToken{Name: r.text("name"), Role: account.Role(r.text("role"))}
	var text string
	var err error
	if day := r.text("expires"); day != "" {
		if wanted.ExpiresAt, err = time.Parse("2006-01-02", day); err != nil {
			err = fault.Invalidf("%q is no day", day).WithField("expires").Do("write it as 2027-01-31")
		}
	}
	if err == nil {
		token, shown, failed := r.s.Accounts.CreateToken(r.Context(), r.org.ID, wanted, r.actor)
		_, text, err = token, shown.Reveal(), failed
	}
	if err != nil && fault.KindOf(err) == fault.KindInternal {
		return err
	}
	errs, notice := fieldErrors(err)
	if err == nil {
		r.Form.Del("name")
	}
	v, failed := r.tokensView(errs)
	if failed != nil {
		return failed
	}
	if err != nil {
		v.Notice = notice
		return r.again(w, view.TokensPage(r.shell("settings", "API tokens"), v))
	}
	v.Text = text
	return r.pageOnce(w, http.StatusOK, view.TokensPage(r.shell("settings", "API tokens"), v))
}

func revokeToken(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	back := r.path("settings", "tokens")
	if !r.confirmed() {
		return r.page(w, http.StatusOK, view.ConfirmPage(r.shell("settings", "Revoke a token"), view.Confirm{Title: "Revoke token " + r.PathValue("id") + "?",
			Text: "Programs that use it get no answer from then on. It can't be brought back; make a new one instead.", Action: r.URL.Path, Button: "Revoke",
			Danger: true, Back: back, Crumbs: []view.Crumb{{Label: "API tokens", Href: back}}}))
	}
	if err := r.s.Accounts.RevokeToken(r.Context(), r.org.ID, r.PathValue("id"), r.actor); err != nil {
		return r.refused(w, back, err)
	}
	return r.done(w, back, "The token is revoked.")
}
