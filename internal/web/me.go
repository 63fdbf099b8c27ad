package web

import (
	"net/http"

	"spindle/internal/account"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func meRoutes() []route {
	return []route{
		{"GET /me", signedIn, me},
		{"POST /me/password", signedIn, changePassword},
		{"POST /me/organizations", signedIn, addOrganization},
		{"GET /me/totp", signedIn, enrolForm},
		{"POST /me/totp", signedIn, enrol},
		{"POST /me/totp/off", signedIn, dropTOTP},
		{"POST /me/sign-out-everywhere", signedIn, signOutEverywhere},
	}
}

// self is the person acting on his own account, which takes no role.
func (r *request) self() account.Actor { return account.Actor{Name: r.person.Email, User: r.person.ID} }

func (r *request) meView(errs map[string]string) view.Me {
	v := view.Me{Person: view.Person{Name: r.person.Name, Email: r.person.Email}, TOTP: r.person.TOTP, Password: r.person.Password,
		Current: view.Field{Name: "current", Label: "Current password", Type: "password", Error: errs["current"], Required: true, Autocomplete: "current-password"},
		New:     newPassword("password", "New password", errs["password"]),
		NewOrg:  view.Field{Name: "name", Label: "Name of the organization", Value: r.text("name"), Error: errs["name"], Required: true}}
	for _, m := range r.memberships {
		v.Organizations = append(v.Organizations, view.Org{ID: string(m.Organization.ID), Name: m.Organization.Name, Role: string(m.Role)})
		v.MayCreate = v.MayCreate || m.Role.May(account.Owners)
	}
	return v
}

func me(w http.ResponseWriter, r *request) error {
	v := r.meView(nil)
	v.Notice = r.takeNotice()
	return r.page(w, http.StatusOK, view.MePage(v))
}

// meAgain shows the page with what is wrong in one of its forms.
func (r *request) meAgain(w http.ResponseWriter, err error) error {
	if fault.KindOf(err) == fault.KindInternal {
		return err
	}
	errs, notice := fieldErrors(err)
	v := r.meView(fieldsNamed(errs, map[string]string{"old-password": "current"}))
	v.Notice = notice
	return r.again(w, view.MePage(v))
}

// stay keeps this session when all of the person's sessions ended.
func (r *request) stay(person store.User) error {
	if err := r.s.sessions.RenewToken(r.Context()); err != nil {
		return err
	}
	r.s.sessions.Put(r.Context(), epochKey, person.Epoch)
	return nil
}

func changePassword(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	person, err := r.s.Accounts.ChangePassword(r.Context(), r.person.ID, secret.New(r.PostFormValue("current")), secret.New(r.PostFormValue("password")))
	if err != nil {
		return r.meAgain(w, err)
	}
	if err := r.stay(person); err != nil {
		return err
	}
	return r.done(w, "/me", "The password is changed. Other sessions of yours have ended.")
}

func addOrganization(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	for _, m := range r.memberships {
		if !m.Role.May(account.Owners) {
			continue
		}
		actor, err := r.s.Accounts.Act(r.Context(), r.person.ID, m.Organization.ID)
		if err != nil {
			return err
		}
		org, err := r.s.Accounts.CreateOrganization(r.Context(), r.text("name"), actor)
		if err != nil {
			return r.meAgain(w, err)
		}
		return r.done(w, "/o/"+string(org.ID)+"/setup", org.Name+" is added. It shares nothing with your other organizations.")
	}
	return fault.Unauthorizedf("only an owner may add an organization").Do("ask one")
}

func codeField(problem string) view.Field {
	return view.Field{Name: "code", Label: "Six digits from the app", Error: problem, Required: true, Autocomplete: "one-time-code", InputMode: "numeric"}
}

func enrolForm(w http.ResponseWriter, r *request) error {
	e, err := r.s.Accounts.EnrollTOTP(r.Context(), r.person.ID)
	if err != nil {
		return r.refused(w, "/me", err)
	}
	return r.page(w, http.StatusOK, view.EnrolPage(view.Enrol{QR: dataURL("image/png", e.PNG.Reveal()), Secret: e.Secret.Reveal(), Code: codeField("")}))
}

// enrol asks again for the code when it is wrong; the secret in the app stays the one that was offered.
func enrol(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	codes, err := r.s.Accounts.ConfirmTOTP(r.Context(), r.person.ID, r.text("code"))
	if fault.Is(err, fault.KindInvalid) || fault.Is(err, fault.KindUnauthorized) {
		errs, notice := fieldErrors(err)
		return r.again(w, view.EnrolPage(view.Enrol{Notice: notice, Code: codeField(errs["code"])}))
	}
	if err != nil {
		return r.refused(w, "/me", err)
	}
	var v view.Enrol
	for _, c := range codes {
		v.Recovery = append(v.Recovery, c.Reveal())
	}
	return r.pageOnce(w, http.StatusOK, view.RecoveryPage(v))
}

func dropTOTP(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	if !r.confirmed() {
		return r.page(w, http.StatusOK, view.LinkPage(view.Link{Title: "Switch off one-time passwords?",
			Text:   "From then on your password alone opens your account. Your recovery codes stop working.",
			Action: "/me/totp/off", Button: "Switch them off", Danger: true, Back: "/me"}))
	}
	if err := r.s.Accounts.DisableTOTP(r.Context(), r.person.ID, r.self()); err != nil {
		return r.refused(w, "/me", err)
	}
	return r.done(w, "/me", "One-time passwords are off.")
}

func signOutEverywhere(w http.ResponseWriter, r *request) error {
	person, err := r.s.Accounts.SignOutEverywhere(r.Context(), r.person.ID, r.self())
	if err != nil {
		return r.refused(w, "/me", err)
	}
	if err := r.stay(person); err != nil {
		return err
	}
	return r.done(w, "/me", "All other sessions of yours have ended.")
}
