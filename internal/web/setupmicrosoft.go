package web

import (
	"net/http"
	"strconv"

	"spindle/internal/account"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/secret"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func setupMicrosoftRoutes() []route {
	return []route{
		{"GET /o/{org}/setup/microsoft", in(account.View), setupMicrosoft},
		{"POST /o/{org}/setup/microsoft", in(account.Configure), connectMicrosoft},
		{"POST /o/{org}/setup/microsoft/collect", in(account.Import), collectNow},
	}
}

// latestReports is how many control reports the page shows; the list has all.
const latestReports = 5

func (r *request) setupMicrosoftView(errs map[string]string) (view.SetupMicrosoft, error) {
	v := view.SetupMicrosoft{UploadMax: view.Count(int(r.s.UploadMax>>20)) + " MB"}
	c, err := r.s.Engine.StoredConnection(r.Context(), r.org, store.Microsoft)
	switch {
	case err == nil:
		v.Connected, v.Stored, v.Tenant, v.Client, v.Address = true, storedWords(c), c.Microsoft.TenantID, c.Microsoft.ClientID, c.Microsoft.PartnerCenterURL
	case !fault.Is(err, fault.KindNotFound):
		return v, err
	}
	v.Open = len(errs) > 0
	r.microsoftForm(&v, c.Microsoft, errs)
	found, err := r.s.Store.ImportReportList(r.Context(), r.org.ID, store.Page{Size: latestReports})
	if err != nil {
		return v, err
	}
	v.Reports = found.Rows
	v.List = view.List{Base: r.path("setup", "imports"), Total: found.Total, Size: latestReports, Page: 1}
	v.Collect = r.collectState(found.Rows)
	v.Upload = view.UploadFields(v.UploadMax, errs["files"])
	return v, nil
}

// microsoftForm asks for the connection, with what is stored or was typed; never with a secret.
func (r *request) microsoftForm(v *view.SetupMicrosoft, c engine.MicrosoftConfig, errs map[string]string) {
	value := func(name, stored string) string {
		if _, typed := r.PostForm["tenant_id"]; typed {
			return r.text(name)
		}
		return stored
	}
	v.Form = []view.Field{
		{Name: "tenant_id", Label: "Partner tenant id", Value: value("tenant_id", c.TenantID), Error: errs["tenant_id"], Required: true, Autocomplete: "off",
			Help: "Partner Center › Settings › Account settings › Identifiers: Microsoft ID."},
		{Name: "client_id", Label: "Application (client) id", Value: value("client_id", c.ClientID), Error: errs["client_id"], Required: true, Autocomplete: "off",
			Help: "Of an application registered in the partner tenant."},
		{Name: "client_secret", Label: "Client secret", Type: "password", Error: errs["client_secret"], Required: true, Autocomplete: "off", Help: "It is never shown again."},
		{Name: "refresh_token", Label: "Refresh token (only to sign in in a user's name)", Type: "password", Error: errs["refresh_token"], Autocomplete: "off",
			Help: "Secure application model, of a partner user with multi-factor authentication. Empty: the application signs in alone, which is enough."},
	}
	v.Other = []view.Field{
		{Name: "login_url", Label: "Sign-in address", Type: "url", Value: value("login_url", c.LoginURL), Error: errs["login_url"], Help: "Only for simulators and sovereign clouds. Empty: Microsoft's own."},
		{Name: "graph_url", Label: "Graph address", Type: "url", Value: value("graph_url", c.GraphURL), Error: errs["graph_url"]},
		{Name: "partner_center_url", Label: "Partner Center address", Type: "url", Value: value("partner_center_url", c.PartnerCenterURL), Error: errs["partner_center_url"]},
	}
}

// collectState follows a reading that was asked for: since names the newest report of that moment.
func (r *request) collectState(reports []store.ImportReport) view.CollectState {
	since, err := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64)
	if err != nil {
		return view.CollectState{}
	}
	for _, report := range reports {
		if report.Number > since && report.Origin == engine.CollectOrigin {
			return view.CollectState{Report: report.Number}
		}
	}
	return view.CollectState{Running: true, Href: r.path("setup", "microsoft") + "?since=" + strconv.FormatInt(since, 10)}
}

func setupMicrosoft(w http.ResponseWriter, r *request) error {
	v, err := r.setupMicrosoftView(nil)
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.SetupMicrosoftPage(r.shell("setup", "Microsoft"), v))
}

// microsoftAgain shows the page once more with what is wrong in one of its forms.
func (r *request) microsoftAgain(w http.ResponseWriter, wrong error, change func(*view.SetupMicrosoft)) error {
	if fault.KindOf(wrong) == fault.KindInternal && wrong != nil {
		return wrong
	}
	fields, notice := map[string]string{}, view.Notice{}
	if wrong != nil {
		fields, notice = fieldErrors(wrong)
	}
	v, err := r.setupMicrosoftView(fields)
	if err != nil {
		return err
	}
	v.Notice = notice
	change(&v)
	return r.again(w, view.SetupMicrosoftPage(r.shell("setup", "Microsoft"), v))
}

func (r *request) openForm(v *view.SetupMicrosoft) { v.Open = true }

// connectMicrosoft tests the connection, stores it and begins to read. To replace the connection to another account is asked for in the form
// itself, because a page between would have to carry the secrets.
func connectMicrosoft(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	before, effect, err := r.s.Engine.ReviewMicrosoft(r.Context(), r.org, r.text("tenant_id"))
	if err != nil {
		return err
	}
	if before != "" && !r.on("replace") && r.text("tenant_id") != "" {
		return r.microsoftAgain(w, nil, func(v *view.SetupMicrosoft) {
			v.Open = true
			v.Notice = view.Notice{Tone: "warn", Text: "This is another Partner Center account than " + before + ", which is connected now.",
				Details: append([]string{"Whatever that account lists is gone with the next reading."}, effect.Sentences()...),
				Remedy:  "Tick the box and enter the secret again, or leave things as they are."}
			v.Replace = &view.Field{Name: "replace", Label: "Replace the connection to " + before, Type: "checkbox"}
		})
	}
	_, err = r.s.Engine.ConnectMicrosoft(r.Context(), r.org, engine.MicrosoftConfig{TenantID: r.text("tenant_id"), ClientID: r.text("client_id"), LoginURL: r.text("login_url"),
		GraphURL: r.text("graph_url"), PartnerCenterURL: r.text("partner_center_url"), Secret: secret.New(r.text("client_secret")),
		RefreshToken: secret.New(r.text("refresh_token"))}, r.by())
	if err != nil {
		return r.microsoftAgain(w, err, r.openForm)
	}
	return r.beginCollect(w, "Partner Center answers. The connection is stored sealed.")
}

// collectNow reads the account in the background.
func collectNow(w http.ResponseWriter, r *request) error {
	if _, err := r.s.Engine.StoredConnection(r.Context(), r.org, store.Microsoft); err != nil {
		return r.refused(w, r.path("setup", "microsoft"), err)
	}
	return r.beginCollect(w, "Microsoft is being read.")
}

// beginCollect asks for the work and leads to the page that follows it. Unlike a run it leaves no trace before it is done, so a lost request
// is an error.
func (r *request) beginCollect(w http.ResponseWriter, notice string) error {
	newest, err := r.s.Store.ImportReportList(r.Context(), r.org.ID, store.Page{Size: 1})
	if err != nil {
		return err
	}
	since := int64(0)
	if len(newest.Rows) > 0 {
		since = newest.Rows[0].Number
	}
	if err := r.s.Nudge(r.Context(), job.Collect{OrganizationID: string(r.org.ID), By: r.by()}); err != nil {
		return err
	}
	return r.done(w, r.path("setup", "microsoft")+"?since="+strconv.FormatInt(since, 10), notice)
}
