package web

import (
	"errors"
	"net/http"
	"strconv"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func retention(w http.ResponseWriter, r *request) error {
	v, err := r.retentionView(nil)
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.RetentionPage(r.shell("settings", "Retention"), v))
}

// retentionView is the page: as it is stored, or as it was typed.
func (r *request) retentionView(errs map[string]string) (view.Retention, error) {
	var v view.Retention
	settings, err := r.s.Store.Settings(r.Context(), r.org.ID)
	if err != nil {
		return v, err
	}
	for _, rule := range engine.RetentionRules() {
		f := view.Field{Name: rule.Key, Label: "Months to keep " + rule.What, InputMode: "numeric", Error: errs[rule.Key], Autocomplete: "off",
			Help: "Empty: for good. At least " + strconv.Itoa(rule.Min) + "."}
		if months := *rule.Of(&settings.Retention); months > 0 {
			f.Value = strconv.Itoa(months)
		}
		if r.Method == http.MethodPost {
			f.Value = r.text(rule.Key)
		}
		v.Fields = append(v.Fields, f)
	}
	v.ForGood = settings.Retention.Nothing()
	last, err := r.s.Store.RetainedOn(r.Context(), r.org.ID)
	v.Last = last
	return v, err
}

// typedRetention reads the form.
func (r *request) typedRetention() (billing.Retention, error) {
	var wanted billing.Retention
	var wrong []error
	for _, rule := range engine.RetentionRules() {
		text := r.text(rule.Key)
		if text == "" {
			continue
		}
		months, err := strconv.Atoi(text)
		if err != nil || months <= 0 {
			wrong = append(wrong, fault.Invalidf("%q is no number of months", text).WithField(rule.Key).Do("write a number such as 36, or leave it empty to keep everything"))
		}
		*rule.Of(&wanted) = months
	}
	return wanted, errors.Join(wrong...)
}

// saveRetention shows what a setting would remove, or saves it after the question that says so in numbers.
func saveRetention(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	wanted, err := r.typedRetention()
	var would store.Removal
	if err == nil {
		would, err = r.s.Engine.ReviewRetention(r.Context(), r.org, wanted)
	}
	if err != nil {
		return r.retentionAgain(w, err)
	}
	back := r.path("settings", "retention")
	if r.text("act") == "preview" {
		v, err := r.retentionView(nil)
		if err != nil {
			return err
		}
		v.Preview, v.Would = true, engine.RemovalSentences(would, "would be removed")
		return r.page(w, http.StatusOK, view.RetentionPage(r.shell("settings", "Retention"), v))
	}
	if !would.Nothing() && !r.confirmed() {
		c := view.Confirm{Title: "Remove what is older?", Text: "It begins within minutes and goes on every day. What is removed can't be brought back but from a backup.",
			Consequences: engine.RemovalSentences(would, "would be removed"), Action: r.URL.Path, Button: "Save and remove", Danger: true, Back: back,
			Crumbs: []view.Crumb{{Label: "Settings", Href: r.path("settings")}, {Label: "Retention", Href: back}}, Values: carried(r.PostForm, "versions", "papers", "receipts")}
		return r.page(w, http.StatusOK, view.ConfirmPage(r.shell("settings", c.Title), c))
	}
	if err := r.s.Engine.SaveRetention(r.Context(), r.org, wanted, r.by()); err != nil {
		return r.retentionAgain(w, err)
	}
	if wanted.Nothing() {
		return r.done(w, back, "Everything is kept for good.")
	}
	return r.done(w, back, "Saved. Once a day the running program removes what is older.")
}

func (r *request) retentionAgain(w http.ResponseWriter, wrong error) error {
	if fault.KindOf(wrong) == fault.KindInternal {
		return wrong
	}
	errs, notice := fieldErrors(wrong)
	v, err := r.retentionView(errs)
	if err != nil {
		return err
	}
	v.Notice = notice
	return r.again(w, view.RetentionPage(r.shell("settings", "Retention"), v))
}
