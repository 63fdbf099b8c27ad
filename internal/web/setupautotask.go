package web

import (
	"net/http"

	"spindle/internal/account"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store"
	"spindle/internal/target"
	"spindle/internal/web/view"
)

func setupAutotaskRoutes() []route {
	return []route{
		{"GET /o/{org}/setup/autotask", in(account.View), setupAutotask},
		{"POST /o/{org}/setup/autotask", in(account.Configure), connectAutotask},
		{"POST /o/{org}/setup/autotask/check", in(account.View), checkAutotask},
		{"POST /o/{org}/setup/autotask/enable", in(account.Configure), enableAutotask},
		{"POST /o/{org}/setup/autotask/disable", in(account.Configure), disableAutotask},
	}
}

// storedWords says when a connection was saved, and by whom.
func storedWords(c engine.StoredConnection) string { return view.When(c.At) + " UTC by " + c.By }

func (r *request) setupAutotaskView(errs map[string]string) (view.SetupAutotask, error) {
	v := view.SetupAutotask{Enabled: r.org.Enabled}
	c, err := r.s.Engine.StoredConnection(r.Context(), r.org, store.Autotask)
	switch {
	case err == nil:
		v.Connected, v.Stored, v.UserName, v.Address = true, storedWords(c), c.Autotask.UserName, c.Autotask.BaseURL
	case !fault.Is(err, fault.KindNotFound):
		return v, err
	}
	user, address := v.UserName, v.Address
	if _, typed := r.PostForm["username"]; typed {
		user, address = r.text("username"), r.text("url")
	}
	v.Open = !v.Connected || len(errs) > 0
	v.Form = []view.Field{
		{Name: "username", Label: "User name (key)", Value: user, Error: errs["username"], Required: true, Autocomplete: "off",
			Help: "In Autotask: Admin › Resources (Users), the API user, Username (Key)."},
		{Name: "secret", Label: "Secret", Type: "password", Error: errs["secret"], Required: true, Autocomplete: "off", Help: "Password (Secret) of the same page. It is never shown again."},
		{Name: "integration_code", Label: "Integration code (tracking identifier)", Type: "password", Error: errs["integration_code"], Required: true, Autocomplete: "off",
			Help: "API Tracking Identifier of the same page: Custom, with an internal integration name."},
	}
	v.Other = []view.Field{{Name: "url", Label: "Address", Type: "url", Value: address, Error: errs["url"], Placeholder: "https://…",
		Help: "Only for simulators. Empty: Autotask's own zone lookup."}}
	return v, nil
}

func (r *request) setupAutotaskPage(w http.ResponseWriter, status int, v view.SetupAutotask) error {
	return r.page(w, status, view.SetupAutotaskPage(r.shell("setup", "Autotask"), v))
}

func setupAutotask(w http.ResponseWriter, r *request) error {
	v, err := r.setupAutotaskView(nil)
	if err != nil {
		return err
	}
	return r.setupAutotaskPage(w, http.StatusOK, v)
}

// fieldsNamed gives faults that name fields in words the names of the form's fields.
func fieldsNamed(fields, names map[string]string) map[string]string {
	for in, of := range names {
		if text, found := fields[in]; found {
			delete(fields, in)
			fields[of] = text
		}
	}
	return fields
}

// connectAutotask tests the credentials and stores them. What Autotask offers is read at once, so that the settings can offer it.
func connectAutotask(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	report, err := r.s.Engine.ConnectTarget(r.Context(), r.org, engine.TargetConfig{BaseURL: r.text("url"), UserName: r.text("username"),
		IntegrationCode: r.text("integration_code"), Secret: secret.New(r.text("secret"))}, r.by())
	if err != nil {
		if fault.KindOf(err) == fault.KindInternal {
			return err
		}
		fields, notice := fieldErrors(err)
		v, broken := r.setupAutotaskView(fieldsNamed(fields, map[string]string{"user name": "username", "integration code": "integration_code", "base URL": "url"}))
		if broken != nil {
			return broken
		}
		v.Notice, v.Open = notice, true
		return r.setupAutotaskPage(w, http.StatusUnprocessableEntity, v)
	}
	if _, err := r.s.Engine.RefreshCatalogue(r.Context(), r.org); err != nil {
		r.s.Log.WarnContext(r.Context(), "the catalogue was not read after connecting", "organization", r.org.ID, "error", err)
	}
	return r.doneWith(w, r.path("setup", "autotask"), connectedNotice(report))
}

// connectedNotice says that the credentials work, and what the check found missing besides.
func connectedNotice(report target.Report) view.Notice {
	n := view.Notice{Tone: "good", Text: "The credentials work and are stored sealed. Next: the service settings."}
	for _, item := range report.Items {
		if item.State == target.CheckFailed {
			n.Details = append(n.Details, item.Name+": "+item.Found+remedyAfter(item.Remedy))
		}
	}
	if len(n.Details) > 0 {
		n.Tone, n.Text = "warn", "The credentials work and are stored sealed, but something is missing in Autotask:"
	}
	return n
}

// checkAutotask tests every prerequisite now, by calling both vendors.
func checkAutotask(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	report, err := r.s.Engine.Doctor(r.Context(), r.org)
	if err != nil {
		return r.refused(w, r.path("setup", "autotask"), err)
	}
	if as := r.text("as"); as != "" {
		return r.export(w, as, r.checkSheet(report))
	}
	v, err := r.setupAutotaskView(nil)
	if err != nil {
		return err
	}
	v.Open = !v.Connected
	v.Checks, v.Checked = r.checkRows(report), view.When(r.s.Now())
	return r.setupAutotaskPage(w, http.StatusOK, v)
}

func (r *request) autotaskCrumbs() []view.Crumb {
	return []view.Crumb{{Label: "Setup", Href: r.path("setup")}, {Label: "Autotask", Href: r.path("setup", "autotask")}}
}

// enableAutotask asks with the numbers of what could be written, then allows it.
func enableAutotask(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	back := r.path("setup", "autotask")
	if r.confirmed() {
		if err := r.s.Engine.EnableTarget(r.Context(), r.org, true, r.by()); err != nil {
			return r.refused(w, back, err)
		}
		return r.done(w, back, "Writing to Autotask is on. Switch it off here at any time.")
	}
	review, err := r.s.Engine.ReviewEnable(r.Context(), r.org)
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.ConfirmPage(r.shell("setup", "Allow writing"), view.Confirm{
		Title: "Allow Spindle to write to the Autotask of " + r.org.Name + "?", Crumbs: r.autotaskCrumbs(), Action: r.URL.Path, Button: "Allow writing", Back: back,
		Text:         "It may then create contracts, services, adjustments and charges, for what was mapped, switched on and approved, and for nothing else.",
		Consequences: enableWords(review),
	}))
}

func enableWords(e engine.EnableReview) []string {
	var all []string
	if !e.Connected {
		all = append(all, "There are no credentials yet, so nothing can be written until they are entered.")
	}
	all = append(all, view.Plural(e.Customers, "customer is", "customers are")+" mapped, with billing on and a contract.")
	run := e.Waiting
	switch approved := run.States[store.ChangeApproved]; {
	case run.ID == "":
		all = append(all, "No plan waits, so nothing is written now.")
	case approved > 0:
		all = append(all, "Run "+string(run.ID)+" has "+view.Plural(approved, "approved change", "approved changes")+" that could then be applied; the whole plan is "+view.EffectText(run.Effect)+".")
	default:
		all = append(all, "Run "+string(run.ID)+" has "+view.Plural(run.Changes, "change", "changes")+", "+view.EffectText(run.Effect)+"; none of them is approved, so nothing is written now.")
	}
	return append(all, "It can be switched off at any time; what was written stays.")
}

// disableAutotask asks, then forbids writing.
func disableAutotask(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	back := r.path("setup", "autotask")
	if r.confirmed() {
		if err := r.s.Engine.EnableTarget(r.Context(), r.org, false, r.by()); err != nil {
			return r.refused(w, back, err)
		}
		return r.done(w, back, "Writing to Autotask is off. Plans can still be made.")
	}
	review, err := r.s.Engine.ReviewEnable(r.Context(), r.org)
	if err != nil {
		return err
	}
	consequences := []string{"Autotask goes on billing what stands there, for " + view.Plural(review.Customers, "customer", "customers") + "; it is not kept in step any more."}
	if approved := review.Waiting.States[store.ChangeApproved]; approved > 0 {
		consequences = append(consequences, view.Plural(approved, "approved change waits", "approved changes wait")+" until writing is on again.")
	}
	return r.page(w, http.StatusOK, view.ConfirmPage(r.shell("setup", "Forbid writing"), view.Confirm{
		Title: "Forbid Spindle to write to the Autotask of " + r.org.Name + "?", Text: "Nothing is written until it is allowed again. Plans can still be made.",
		Crumbs: r.autotaskCrumbs(), Consequences: consequences, Action: r.URL.Path, Button: "Forbid writing", Danger: true, Back: back,
	}))
}
