package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func setupServiceRoutes() []route {
	return []route{
		{"GET /o/{org}/setup/service", in(account.View), setupService},
		{"POST /o/{org}/setup/service", in(account.Configure), saveService},
		{"POST /o/{org}/setup/service/check", in(account.Configure), checkSetting},
		{"POST /o/{org}/setup/service/refresh", in(account.Configure), refreshCatalogue},
	}
}

// settingForm says how one setting is asked for. Its rules are those of engine.Settings.
type settingForm struct {
	key, label, kind string
	help             string
	options          []view.Option
}

// settingGroup are settings that belong together, in the order of the set-up.
type settingGroup struct {
	title, text string
	settings    []settingForm
	meanings    []view.Option
}

func settingGroups() []settingGroup {
	policies := []view.Option{
		{Value: string(billing.UpNowDownNext), Label: "Up now, down next period"}, {Value: string(billing.TrueDate), Label: "On the true date, prorated"},
		{Value: string(billing.PeriodStart), Label: "At the start of the period"}, {Value: string(billing.NextPeriod), Label: "Always next period"},
	}
	return []settingGroup{
		{title: "Names in Autotask", text: "Offered from what Autotask holds, and checked there.", settings: []settingForm{
			{key: "vendor", label: "Vendor company", help: "The company in Autotask that stands for Microsoft or your distributor: its exact name."},
			{key: "service-code", label: "Billing code of services", help: "For services that Spindle creates. Its use must be recurring contract service."},
			{key: "material-code", label: "Billing code of Azure charges", help: "Its use must be material."},
		}},
		{title: "Prices", text: "Used where no price rule says otherwise.", settings: []settingForm{
			{key: "product-markup", label: "Markup on Azure consumption, %", help: "Global product markup."},
			{key: "service-markup", label: "Markup on subscriptions and custom services, %", help: "Global service markup."},
			{key: "price-places", label: "Decimals of a unit price", kind: "select", options: []view.Option{{Value: "2", Label: "2, like the currency"}, {Value: "4", Label: "4, finer"}}},
			{key: "keep-earned-credit", label: "Keep Microsoft's partner earned credit: Azure is priced from the amount before it", kind: "checkbox"},
		}},
		{title: "Azure", settings: []settingForm{
			{key: "azure-bundled", label: "Bundle a month's usage into one line per contract", kind: "checkbox"},
			{key: "azure-bundle-name", label: "Name of the bundled line", help: "1 to 80 characters, as customers read it on the invoice."},
		}},
		{title: "Dates", settings: []settingForm{
			{key: "start-day", label: "Contract start day", help: "The day Microsoft invoices, 1 to 31; shorter months take their last day."},
			{key: "bill-from", label: "First month billed, for anybody", help: "Such as 2026-10. Empty until the first plan sets it. Every customer has a month of its own besides."},
			{key: "effective", label: "When changes take effect", kind: "select", options: policies},
		}, meanings: []view.Option{
			{Value: "Up now, down next period", Label: "More units count from the start of the current period if it is not posted yet, fewer from the next one."},
			{Value: "On the true date, prorated", Label: "From the day it happened at Microsoft. Autotask prorates what is added and credits what is taken away."},
			{Value: "At the start of the period", Label: "Both from the start of the current period if it is not posted yet, otherwise from the next one."},
			{Value: "Always next period", Label: "Both from the start of the next period. Nothing is ever prorated."},
		}},
		{title: "Approval", text: "Policies hold changes for a person; nothing is written that is not approved.", settings: []settingForm{
			{key: "approve-within", label: "Approve by itself up to, per change", help: "Such as 25 EUR; 0: never. Reductions and new contracts always wait for a person."},
			{key: "hold-over", label: "Hold changes with a money effect above", help: "Such as 500 EUR; 0: no limit."},
			{key: "never-reduce", label: "Hold every decrease and every end", kind: "checkbox"},
			{key: "hold-first-time", label: "Hold the first changes of a customer", kind: "checkbox"},
			{key: "four-eyes", label: "Four eyes: who made a plan may not approve it", kind: "checkbox"},
			{key: "bill-new-customers", label: "Switch billing on for customers that appear, from the month they appear in", kind: "checkbox"},
		}},
	}
}

// settingValues gives every setting as text by its key.
func settingValues(s billing.Settings) map[string]string {
	values := map[string]string{}
	for _, setting := range engine.Settings() {
		values[setting.Key] = setting.Value(s)
	}
	return values
}

// fingerprint tells whether settings are still those that a form was made from.
func fingerprint(values map[string]string) string {
	h := sha256.New()
	for _, setting := range engine.Settings() {
		fmt.Fprintf(h, "%s=%q\n", setting.Key, values[setting.Key])
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// namesOffered bounds how many names a field offers while typing; a name that is not offered may be typed all the same.
const namesOffered = 300

// offered are the names in Autotask that would do for a setting, by name; of companies the likely ones first, since there may be too many
// to offer.
func (r *request) offered(key string) (names []string, err error) {
	switch key {
	case "service-code":
		return r.codesOffered(billing.RecurringServiceUse)
	case "material-code":
		return r.codesOffered(billing.MaterialUse)
	case "vendor":
		for _, text := range []string{"microsoft", ""} {
			companies, err := r.s.Store.Companies(r.Context(), r.org.ID, text, namesOffered)
			if err != nil {
				return nil, err
			}
			for _, c := range companies {
				if !slices.Contains(names, c.Name) {
					names = append(names, c.Name)
				}
			}
		}
	}
	return names[:min(len(names), namesOffered)], nil
}

func (r *request) codesOffered(use billing.CodeUse) (names []string, err error) {
	codes, err := r.s.Store.BillingCodes(r.Context(), r.org.ID, use)
	for _, c := range codes {
		if c.Active {
			names = append(names, c.Name)
		}
	}
	return names[:min(len(names), namesOffered)], err
}

// setupServiceView makes the form. values are what the fields show: the settings, or what was typed.
func (r *request) setupServiceView(settings billing.Settings, values, errs map[string]string) (view.SetupService, error) {
	v := view.SetupService{Base: fingerprint(settingValues(settings))}
	known, err := r.s.Store.Catalogued(r.Context(), r.org.ID)
	if err != nil {
		return v, err
	}
	v.Known = known
	_, err = r.s.Store.Connection(r.Context(), r.org.ID, store.Autotask)
	if v.Connected = err == nil; err != nil && !fault.Is(err, fault.KindNotFound) {
		return v, err
	}
	for _, g := range settingGroups() {
		group := view.SettingGroup{Title: g.title, Text: g.text, Meanings: g.meanings}
		for _, s := range g.settings {
			suggestions, err := r.offered(s.key)
			if err != nil {
				return v, err
			}
			f := view.Field{Name: s.key, Label: s.label, Type: s.kind, Value: values[s.key], Help: s.help, Error: errs[s.key], Checked: values[s.key] == "on",
				Disabled: !r.may(account.Configure), Suggestions: suggestions, Autocomplete: "off"}
			for _, o := range s.options {
				o.Selected = o.Value == values[s.key]
				f.Options = append(f.Options, o)
			}
			if s.kind == "checkbox" {
				group.Boxes = append(group.Boxes, f)
			} else {
				group.Fields = append(group.Fields, f)
			}
		}
		v.Groups = append(v.Groups, group)
	}
	return v, nil
}

func setupService(w http.ResponseWriter, r *request) error {
	settings, err := r.s.Store.Settings(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	v, err := r.setupServiceView(settings, settingValues(settings), nil)
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.SetupServicePage(r.shell("setup", "Service settings"), v))
}

// saveService saves the settings that were changed in the form. If somebody else changed some since the form was made, nothing is saved.
func saveService(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	settings, err := r.s.Store.Settings(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	now, typed := settingValues(settings), r.typedSettings()
	changed := map[string]string{}
	for key, value := range typed {
		if value != now[key] {
			changed[key] = value
		}
	}
	if r.text("base") != fingerprint(now) {
		return r.settingsAgain(w, settings, typed, nil, view.Notice{Tone: "bad", Text: "Nothing was saved: somebody changed the settings after you opened this page.",
			Details: differing(changed, now), Remedy: "What you typed is below. Save again to put it in the place of what stands now."})
	}
	if len(changed) == 0 {
		return r.done(w, r.path("setup", "service"), "Nothing was changed.")
	}
	_, err = r.s.Engine.ApplySettings(r.Context(), r.org, changed, r.by())
	if err != nil {
		if fault.KindOf(err) == fault.KindInternal {
			return err
		}
		fields, notice := fieldErrors(err)
		return r.settingsAgain(w, settings, typed, fields, notice)
	}
	return r.done(w, r.path("setup", "service"), view.Plural(len(changed), "setting is", "settings are")+" saved. The next plan uses them.")
}

func (r *request) settingsAgain(w http.ResponseWriter, settings billing.Settings, typed, fields map[string]string, n view.Notice) error {
	v, err := r.setupServiceView(settings, typed, fields)
	if err != nil {
		return err
	}
	v.Notice = n
	return r.again(w, view.SetupServicePage(r.shell("setup", "Service settings"), v))
}

// typedSettings reads the form; a box that is not ticked is off. A field that the form did not have is left alone.
func (r *request) typedSettings() map[string]string {
	typed := map[string]string{}
	for _, g := range settingGroups() {
		for _, s := range g.settings {
			switch _, sent := r.PostForm[s.key]; {
			case s.kind == "checkbox" && r.on(s.key):
				typed[s.key] = "on"
			case s.kind == "checkbox":
				typed[s.key] = "off"
			case sent && (s.key != "bill-from" || r.text(s.key) != ""): // an empty month is one that nobody chose
				typed[s.key] = r.text(s.key)
			}
		}
	}
	return typed
}

// differing says where what was typed is not what stands.
func differing(changed, now map[string]string) []string {
	var all []string
	for _, g := range settingGroups() {
		for _, s := range g.settings {
			if value, found := changed[s.key]; found {
				all = append(all, fmt.Sprintf("%s: now %q, you have %q", s.label, now[s.key], value))
			}
		}
	}
	return all
}

// checkSetting tests one value while the form is filled in, and answers with what is wrong or right about it.
func checkSetting(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	key := r.URL.Query().Get("key")
	f := view.Field{Name: key}
	switch err := r.s.Engine.CheckSetting(r.Context(), r.org, key, r.text(key)); {
	case err == nil:
	case fault.KindOf(err) == fault.KindInternal:
		return err
	default:
		f.Error = err.Error() + remedyAfter(fault.Remedy(err))
	}
	return r.page(w, http.StatusOK, view.Verdict(f, true))
}

// refreshCatalogue reads the names that Autotask offers again.
func refreshCatalogue(w http.ResponseWriter, r *request) error {
	back := r.path("setup", "service")
	c, err := r.s.Engine.RefreshCatalogue(r.Context(), r.org)
	if err != nil {
		return r.refused(w, back, err)
	}
	return r.done(w, back, fmt.Sprintf("Read from Autotask: %s, %s, %s, %s.", view.Plural(len(c.Companies), "company", "companies"),
		view.Plural(len(c.Codes), "billing code", "billing codes"), view.Plural(len(c.Services), "service", "services"), view.Plural(len(c.Contracts), "contract", "contracts")))
}
