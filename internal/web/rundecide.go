package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

// decision is what a person wants done with changes of a plan.
type decision struct {
	engine.Choice
	approve bool
	ask     bool // the question comes first, with the numbers
}

// readDecision reads the form of a plan. What was pressed is "approve-selected", "reject-customer:ID" and so on.
func (r *request) readDecision() (decision, error) {
	what, customer, _ := strings.Cut(r.text("what"), ":")
	verb, scope, _ := strings.Cut(what, "-")
	d := decision{approve: verb == "approve"}
	d.Fingerprint, d.Reason, d.Required = r.text("fingerprint"), r.text("reason"), d.approve
	if seen, err := strconv.ParseInt(r.text("seen"), 10, 64); err == nil {
		d.Seen = time.UnixMicro(seen)
	}
	if verb != "approve" && verb != "reject" || d.Fingerprint == "" || d.Seen.IsZero() {
		return d, fault.Invalidf("the form does not say what to decide, or about which plan").Do("go back to the plan and press one of its buttons")
	}
	switch scope {
	case "selected":
		d.Changes = r.PostForm["change"]
		if len(d.Changes) == 0 {
			return d, fault.Invalidf("no change is selected").Do("tick the changes, or decide on all of a customer or of the plan")
		}
	case "customer":
		if d.Customer = billing.CustomerID(customer); customer == "" {
			return d, fault.Invalidf("the form names no customer").Do("go back to the plan and press the button again")
		}
	case "held":
		d.Held, d.ask = true, true
	case "all":
		d.ask = true
	default:
		return d, fault.Invalidf("%q is nothing that can be decided", scope).Do("go back to the plan and press one of its buttons")
	}
	d.ask = d.ask || !d.approve
	return d, nil
}

// decideRun approves or rejects changes. What is large, held by a policy or a rejection is asked about first.
func decideRun(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	id, back := r.runID(), r.backToRun()
	d, err := r.readDecision()
	if err != nil {
		return r.refused(w, back, err)
	}
	weigh := r.s.Engine.WeighRejection
	if d.approve {
		weigh = r.s.Engine.WeighApproval
	}
	weight, err := weigh(r.Context(), r.org, id, d.Choice, r.by())
	switch {
	case err != nil:
		return r.overtaken(w, id, back, err)
	case weight.Changes == 0:
		return r.overtaken(w, id, back, fault.Conflictf("nothing was left to decide like this").Do("the page below shows the plan as it is now"))
	case d.approve && r.confirmed() && r.text("counted") != "" && r.text("counted") != strconv.Itoa(weight.Changes):
		p := r.question(d, weight, back, "")
		p.Text = "Nothing was approved: somebody decided on this plan after you were asked. This is what is left. " + p.Text
		return r.page(w, http.StatusConflict, view.Decide(p))
	case !r.confirmed() && (d.ask || weight.Held > 0):
		return r.page(w, http.StatusOK, view.Decide(r.question(d, weight, back, "")))
	case !d.approve && d.Reason == "":
		return r.again(w, view.Decide(r.question(d, weight, back, "say why: the audit trail keeps it")))
	case d.approve:
		return r.approve(w, d, back)
	}
	return r.reject(w, d, back)
}

func (r *request) approve(w http.ResponseWriter, d decision, back string) error {
	approved, left, err := r.s.Engine.Approve(r.Context(), r.org, r.runID(), d.Choice, r.by())
	if err != nil {
		return r.overtaken(w, r.runID(), back, err)
	}
	text := "Approved " + view.Plural(approved, "change", "changes") + "."
	if left > 0 {
		text += " " + view.Plural(left, "is", "are") + " not decided yet."
	}
	return r.done(w, back, text)
}

func (r *request) reject(w http.ResponseWriter, d decision, back string) error {
	rejected, err := r.s.Engine.Reject(r.Context(), r.org, r.runID(), d.Choice, r.by())
	if err != nil {
		return r.overtaken(w, r.runID(), back, err)
	}
	return r.done(w, back, "Rejected "+view.Plural(rejected, "change", "changes")+". They come back with the next plan while the difference lasts.")
}

// backToRun is the page of the plan that the form was on.
func (r *request) backToRun() string {
	path := r.runPath(r.runID())
	if back := local(r.text("back")); back == path || strings.HasPrefix(back, path+"?") {
		return back
	}
	return path
}

// overtaken sends back to the plan with why nothing was done: mostly because things have moved on.
func (r *request) overtaken(w http.ResponseWriter, id store.RunID, back string, err error) error {
	if fault.KindOf(err) == fault.KindInternal || fault.Is(err, fault.KindNotFound) {
		return err
	}
	run, broken := r.s.Store.Run(r.Context(), r.org.ID, id)
	if broken != nil {
		return broken
	}
	n := noticeOf(err)
	switch {
	case run.State == store.RunSuperseded:
		n = view.Notice{Tone: "bad", Text: "Nothing was done: a newer plan has replaced this one.", Remedy: "The link below leads to it."}
	case fault.Is(err, fault.KindStale):
		n.Text, n.Remedy = "Nothing was done: "+n.Text+".", "The page below shows the plan as it is now."
	case strings.Contains(n.Remedy, "pindle "): // a command; here there are pages
		n.Remedy = "The page below shows the plan as it is now."
	}
	return r.doneWith(w, back, n)
}

// question asks whether changes shall be approved or rejected.
func (r *request) question(d decision, weight engine.Weight, back, wrong string) view.DecidePage {
	id := r.runID()
	n := view.Plural(weight.Changes, "change", "changes")
	p := view.DecidePage{Action: r.runPath(id, "decide"), Effect: &weight.Effect, Back: back,
		Crumbs: []view.Crumb{{Label: "Plans & runs", Href: r.path("runs")}, {Label: "Run " + string(id), Href: r.runPath(id)}},
		Lines:  []string{n + customersText(weight.Customers)}, Values: carried(r.PostForm, "what", "fingerprint", "seen", "back", "change")}
	p.Reason = view.Field{Name: "reason", Label: "Why", Type: "textarea", Value: d.Reason, Error: wrong, Help: "Kept in the audit trail."}
	if d.approve {
		p.Title, p.Button = "Approve "+n+"?", "Approve "+n
		p.Values = append(p.Values, view.Carried{Name: "counted", Value: strconv.Itoa(weight.Changes)})
		p.Text = "Approved changes are written to Autotask when somebody applies the run."
		for _, policy := range slices.Sorted(maps.Keys(weight.Policies)) {
			p.Notes = append(p.Notes, view.Carried{Name: policy, Value: view.Plural(weight.Policies[policy], "change", "changes")})
		}
		if d.Reason == "" && weight.Held == 0 {
			p.Reason = view.Field{}
		}
	} else {
		p.Title, p.Button, p.Danger, p.Reason.Required = "Reject "+n+"?", "Reject "+n, true, true
		p.Text = "They are not written, and what requires them is rejected too. The next plan proposes them again while the difference lasts."
		if weight.Approved > 0 {
			p.Lines = append(p.Lines, view.Plural(weight.Approved, "of them is approved already: the approval is withdrawn", "of them are approved already: their approval is withdrawn"))
		}
	}
	p.Shell = r.shell("runs", p.Title)
	return p
}

func customersText(n int) string {
	if n == 0 {
		return ""
	}
	return " for " + view.Plural(n, "customer", "customers")
}

// carried takes values of a form along to the next one.
func carried(form url.Values, names ...string) []view.Carried {
	var all []view.Carried
	for _, name := range names {
		for _, value := range form[name] {
			all = append(all, view.Carried{Name: name, Value: value})
		}
	}
	return all
}

// askApply shows what an apply would send, before it is sent.
func askApply(w http.ResponseWriter, r *request) error {
	p, _, err := r.applyQuestion()
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.Decide(p))
}

func (r *request) applyQuestion() (view.DecidePage, engine.Weight, error) {
	id := r.runID()
	run, err := r.s.Store.RunSummary(r.Context(), r.org.ID, id)
	if err != nil {
		return view.DecidePage{}, engine.Weight{}, err
	}
	weight, err := r.s.Engine.WeighApply(r.Context(), r.org, id)
	if err != nil {
		return view.DecidePage{}, weight, err
	}
	n := view.Plural(weight.Changes, "change", "changes")
	p := view.DecidePage{Title: "Write " + n + " to Autotask?", Action: r.runPath(id, "apply"), Back: r.runPath(id), Effect: &weight.Effect,
		Text:   "They are sent one by one, in order, and then read back. What was written is not taken back by itself.",
		Crumbs: []view.Crumb{{Label: "Plans & runs", Href: r.path("runs")}, {Label: "Run " + string(id), Href: r.runPath(id)}},
		Lines:  []string{view.Plural(weight.Changes, "approved change", "approved changes") + customersText(weight.Customers)}, Button: "Write " + n + " to Autotask",
		Values: []view.Carried{{Name: "fingerprint", Value: run.Fingerprint}, {Name: "approved", Value: strconv.Itoa(weight.Changes)}}}
	if left := run.States[store.ChangeProposed]; left > 0 {
		p.Lines = append(p.Lines, view.Plural(left, "change stays undecided and is left alone", "changes stay undecided and are left alone"))
	}
	switch {
	case !r.org.Enabled:
		p.Blocked, p.Remedy = "Writing to Autotask is switched off for "+r.org.Name+".", view.Crumb{Label: "Switch it on in Setup", Href: r.path("setup")}
	case weight.Changes == 0:
		p.Blocked, p.Remedy = "Nothing of this run is approved.", view.Crumb{Label: "To the plan", Href: r.runPath(id)}
	case run.State.Finished():
		p.Blocked, p.Remedy = "This run is over: nothing in it is left to apply.", view.Crumb{Label: "To plans & runs", Href: r.path("runs")}
	}
	p.Shell = r.shell("runs", p.Title)
	return p, weight, nil
}

// applyRun lets the approved changes be sent, if they are the ones that were looked at.
func applyRun(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	id := r.runID()
	run, err := r.s.Store.Run(r.Context(), r.org.ID, id)
	if err != nil {
		return err
	}
	if run.State == store.RunApplying { // pressed twice
		http.Redirect(w, r.Request, r.runPath(id), http.StatusSeeOther)
		return nil
	}
	p, weight, err := r.applyQuestion()
	if err != nil {
		return err
	}
	if p.Blocked == "" && (r.text("approved") != strconv.Itoa(weight.Changes) || r.text("fingerprint") != run.Fingerprint) {
		p.Shell.Notice = view.Notice{Tone: "bad", Text: "Nothing was sent: what is approved has changed since you looked.",
			Remedy: "Look at the numbers below and confirm them, or go back to the plan."}
		return r.page(w, http.StatusConflict, view.Decide(p))
	}
	if err := r.s.Engine.StartApply(r.Context(), r.org, id, r.by()); err != nil {
		return r.overtaken(w, id, r.runPath(id), err)
	}
	r.nudge(job.RunSync{OrganizationID: string(r.org.ID), RunID: string(id)})
	http.Redirect(w, r.Request, r.runPath(id), http.StatusSeeOther)
	return nil
}
