package web

import (
	"fmt"
	"net/http"
	"runtime"

	"spindle/internal/account"
	"spindle/internal/fault"
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
	v, err := r.healthView()
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.HealthPage(r.shell("health", "Service health"), v))
}

// checkHealth tests every connection and prerequisite now, by calling both vendors.
func checkHealth(w http.ResponseWriter, r *request) error {
	report, err := r.s.Engine.Doctor(r.Context(), r.org)
	if err != nil {
		return r.refused(w, r.path("health"), err)
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

// runsLooked is how many of the latest runs the page looks through for bad ends.
const runsLooked = 50

func (r *request) healthView() (view.Health, error) {
	ctx := r.Context()
	var v view.Health
	var err error
	if v.Systems, err = r.systemRows(); err != nil {
		return v, err
	}
	v.Budget, v.BudgetNote = r.budget()
	runs, err := r.s.Store.Runs(ctx, r.org.ID, store.RunFilter{Limit: runsLooked})
	if err != nil {
		return v, err
	}
	for _, run := range runs {
		row := view.WorkRow{Name: "Run " + string(run.ID), Href: r.path("runs", string(run.ID)), Since: view.When(run.UpdatedAt), Note: run.Note}
		switch run.State {
		case store.RunQueued, store.RunReading, store.RunApplying:
			row.Tone, row.Word = view.Info, string(run.State)
			v.Working = append(v.Working, row)
		case store.RunFailed, store.RunIncomplete:
			row.Tone, row.Word = view.Bad, string(run.State)
			v.Failed = append(v.Failed, row)
		}
	}
	unclear, err := r.s.Store.Unfinished(ctx, r.org.ID)
	if err != nil {
		return v, err
	}
	for _, c := range unclear {
		v.Unclear = append(v.Unclear, view.WorkRow{Name: c.Change.What, Href: r.path("runs", string(c.Run)), Tone: view.Warn, Word: string(c.State),
			Since: view.When(c.SentAt), Note: view.Plural(c.Attempts, "attempt", "attempts") + ". " + c.Message})
	}
	v.Facts, err = r.installation()
	return v, err
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
