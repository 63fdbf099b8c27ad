package web

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"spindle/internal/account"
	"spindle/internal/fault"
	"spindle/internal/sheet"
	"spindle/internal/store"
	"spindle/internal/target"
	"spindle/internal/web/chart"
	"spindle/internal/web/view"
)

func healthRoutes() []route {
	return []route{
		{"GET /o/{org}/health", in(account.View), health},
		{"POST /o/{org}/health/check", in(account.View), checkHealth},
	}
}

func health(w http.ResponseWriter, r *request) error {
	if as := r.URL.Query().Get("as"); as != "" {
		all, err := r.work()
		if err != nil {
			return err
		}
		return r.export(w, as, workSheet(all))
	}
	v, err := r.healthView()
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.HealthPage(r.shell("health", "Service health"), v))
}

// checkHealth tests every connection and prerequisite now, by calling both vendors.
func checkHealth(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	report, err := r.s.Engine.Doctor(r.Context(), r.org)
	if err != nil {
		return r.refused(w, r.path("health"), err)
	}
	if as := r.text("as"); as != "" {
		return r.export(w, as, r.checkSheet(report))
	}
	v, err := r.healthView()
	if err != nil {
		return err
	}
	v.Checks, v.Checked = r.checkRows(report), view.When(r.s.Now())
	return r.page(w, http.StatusOK, view.HealthPage(r.shell("health", "Service health"), v))
}

// checkRows puts a report of checks in words.
func (r *request) checkRows(report target.Report) []view.CheckRow {
	var rows []view.CheckRow
	for _, item := range report.Items {
		row := view.CheckRow{Name: item.Name, Found: item.Found, Remedy: sentence(item.Remedy)}
		row.Href, row.Place = r.remedyPath(item.Remedy)
		switch item.State {
		case target.CheckPassed:
			row.Tone, row.Word = view.Good, "ok"
		case target.CheckWarned:
			row.Tone, row.Word = view.Warn, "look"
		case target.CheckFailed:
			row.Tone, row.Word = view.Bad, "failed"
		default:
			row.Tone, row.Word = view.Off, "not checked"
		}
		rows = append(rows, row)
	}
	return rows
}

// checkSheet has the checks of a report that was made now.
func (r *request) checkSheet(report target.Report) sheet.Table {
	var records [][]string
	for _, row := range r.checkRows(report) {
		records = append(records, []string{moment(r.s.Now()), row.Name, row.Word, row.Found, row.Remedy})
	}
	return sheet.Table{Name: "checks", Columns: sheet.Text("checked_utc", "check", "state", "found", "remedy"), Rows: sheet.Rows(records)}
}

// runsLooked is how many of the latest runs the page looks through for bad ends.
const runsLooked = 50

func (r *request) healthView() (view.Health, error) {
	var v view.Health
	var err error
	if v.Systems, err = r.systemRows(); err != nil {
		return v, err
	}
	v.Budget, v.BudgetNote = r.budget()
	all, err := r.work()
	if err != nil {
		return v, err
	}
	for _, t := range all {
		row := view.WorkRow{Name: t.name, Href: r.path("runs", string(t.run)), Tone: t.tone, Word: t.state, Since: view.When(t.since), Note: t.note}
		switch t.tone {
		case view.Warn:
			row.Note = strings.TrimSuffix(view.Plural(t.attempts, "attempt", "attempts")+": "+t.note, ": ")
			v.Unclear = append(v.Unclear, row)
		case view.Info:
			v.Working = append(v.Working, row)
		default:
			v.Failed = append(v.Failed, row)
		}
	}
	v.Facts, err = r.installation()
	return v, err
}

// task is a piece of work that goes on, did not end well, or of which nobody knows yet how it ended.
type task struct {
	tone     view.Tone // Warn: the outcome is not known yet, Info: it goes on, Bad: it did not end well
	run      store.RunID
	name     string
	state    string
	since    time.Time
	attempts int // of a change: sends begun
	note     string
}

// work gives the changes without an outcome, then the runs that go on or did not end well, newest first.
func (r *request) work() ([]task, error) {
	unclear, err := r.s.Store.Unfinished(r.Context(), r.org.ID)
	if err != nil {
		return nil, err
	}
	var all []task
	for _, c := range unclear {
		all = append(all, task{tone: view.Warn, run: c.Run, name: c.Change.What, state: string(c.State), since: c.SentAt, attempts: c.Attempts, note: c.Message})
	}
	runs, err := r.s.Store.Runs(r.Context(), r.org.ID, store.RunFilter{Limit: runsLooked})
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		t := task{run: run.ID, name: "Run " + string(run.ID), state: string(run.State), since: run.UpdatedAt, note: run.Note}
		switch run.State {
		case store.RunQueued, store.RunReading, store.RunApplying:
			t.tone = view.Info
		case store.RunFailed, store.RunIncomplete:
			t.tone = view.Bad
		default:
			continue
		}
		all = append(all, t)
	}
	return all, nil
}

func workSheet(all []task) sheet.Table {
	kinds := map[view.Tone]string{view.Warn: "outcome not known", view.Info: "in progress", view.Bad: "did not end well"}
	var records [][]string
	for _, t := range all {
		attempts := ""
		if t.attempts > 0 {
			attempts = strconv.Itoa(t.attempts)
		}
		records = append(records, []string{kinds[t.tone], string(t.run), t.name, t.state, moment(t.since), attempts, t.note})
	}
	return sheet.Table{Name: "work", Columns: slices.Concat(sheet.Text("kind", "run", "what", "state", "since_utc"), numbers("attempts"), sheet.Text("note")), Rows: sheet.Rows(records)}
}

// systemRows says which systems the organization is connected to; whether they answer is for the check.
func (r *request) systemRows() ([]view.SystemRow, error) {
	var rows []view.SystemRow
	for _, s := range []struct{ system, name, page, missing string }{
		{store.Autotask, "Autotask", "autotask", "No credentials yet. Nothing can be planned without them."},
		{store.Microsoft, "Microsoft Partner Center", "microsoft", "No connection. Files can be imported instead."},
	} {
		row := view.SystemRow{Name: s.name, Href: r.path("setup", s.page), Action: "Change"}
		c, err := r.s.Store.Connection(r.Context(), r.org.ID, s.system)
		switch {
		case fault.Is(err, fault.KindNotFound):
			row.Tone, row.Word, row.Detail, row.Action = view.Off, "not connected", s.missing, "Connect"
		case err != nil:
			return nil, err
		default:
			row.Tone, row.Word, row.Detail = view.Good, "connected", fmt.Sprintf("Saved %s UTC by %s.", view.When(c.UpdatedAt), c.UpdatedBy)
			if s.system == store.Autotask && !r.org.Enabled {
				row.Tone, row.Word = view.Warn, "connected, writing is off"
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// budget says how much of Autotask's calls are used; nil while nothing is known.
func (r *request) budget() (*chart.Share, string) {
	b, err := r.s.Engine.Budget(r.Context(), r.org)
	if err != nil || b.Limit == 0 {
		return nil, ""
	}
	share := &chart.Share{Used: b.Used, Limit: b.Limit, StopAt: b.Stop,
		Title: view.Count(b.Used) + " of " + view.Count(b.Limit) + " calls used; Spindle stops at " + view.Count(b.Stop)}
	if !b.ResumesAt.IsZero() {
		return share, "Work goes on by itself at " + view.When(b.ResumesAt) + " UTC."
	}
	return share, "All integrations of the tenant count."
}

func (r *request) installation() ([]view.Fact, error) {
	all := []view.Fact{{Name: "Version", Value: r.s.Version}, {Name: "Database", Value: r.s.Store.Dialect()}, {Name: "Go", Value: runtime.Version()},
		{Name: "Time here (UTC)", Value: view.When(r.s.Now())}}
	holder, until, err := r.s.Store.LockHolder(r.Context(), r.org.ID)
	if holder != "" {
		all = append(all, view.Fact{Name: "Working on this organization", Value: holder + " until " + view.When(until)})
	}
	return all, err
}
