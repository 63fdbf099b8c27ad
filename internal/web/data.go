package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"spindle/internal/account"
	"spindle/internal/fault"
	"spindle/internal/sheet"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func data(w http.ResponseWriter, r *request) error {
	v := view.Data{Database: "SQLite", Backup: r.s.Store.Dialect() == store.SQLite}
	if !v.Backup {
		v.Database = "PostgreSQL"
	}
	all, err := r.storedData()
	if err != nil {
		return err
	}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, dataSheet(all))
	}
	for _, d := range all {
		v.Sources = append(v.Sources, view.SourceRow{Name: d.name, Saved: view.When(d.newest), Detail: d.detail()})
	}
	return r.page(w, http.StatusOK, view.DataPage(r.shell("settings", "Data & backup"), v))
}

// storedKind is a kind of data that was read: a directory, which is there once, or documents.
type storedKind struct {
	name      string
	newest    time.Time
	documents int // 0: a directory
	rows      int64
	gaps      bool // of a directory
}

func (d storedKind) detail() string {
	switch {
	case d.documents > 0:
		return view.Plural(d.documents, "document", "documents") + ", " + view.Plural(int(d.rows), "row", "rows")
	case d.gaps:
		return "with gaps: nothing is taken away until a whole read"
	}
	return "whole"
}

func dataSheet(all []storedKind) sheet.Table {
	var records [][]string
	for _, d := range all {
		documents, rows, state := strconv.Itoa(d.documents), strconv.FormatInt(d.rows, 10), ""
		if d.documents == 0 {
			documents, rows, state = "", "", d.detail()
		}
		records = append(records, []string{d.name, moment(d.newest), documents, rows, state})
	}
	return sheet.Table{Name: "data", Columns: slices.Concat(sheet.Text("what", "newest_utc"), numbers("documents", "rows"), sheet.Text("state")), Rows: sheet.Rows(records)}
}

func (r *request) storedData() ([]storedKind, error) {
	ctx := r.Context()
	var all []storedKind
	sources, err := r.s.Store.Sources(ctx, r.org.ID)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		all = append(all, storedKind{name: "Directory of " + s.Name, newest: s.SavedAt, gaps: !s.Complete})
	}
	lines, err := r.s.Store.LineSets(ctx, r.org.ID, store.SetFilter{})
	if err != nil {
		return nil, err
	}
	usage, err := r.s.Store.UsageSets(ctx, r.org.ID, store.SetFilter{})
	if err != nil {
		return nil, err
	}
	for _, kind := range []struct {
		name string
		sets []store.SetInfo
	}{{"Reconciliation lines", lines}, {"Usage", usage}} {
		d := storedKind{name: kind.name, documents: len(kind.sets)}
		for _, s := range kind.sets {
			d.rows += s.Rows
			if s.SavedAt.After(d.newest) {
				d.newest = s.SavedAt
			}
		}
		if d.documents > 0 {
			all = append(all, d)
		}
	}
	return all, nil
}

// backup makes a copy and sends it. The copy holds every organization of the installation and the hash of everybody's password, so it is for
// those who own all of them: an admin could work on an owner's.
func backup(w http.ResponseWriter, r *request) error {
	if err := r.ownsAll(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(r.s.UploadDir, "backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "spindle.db")
	if err := r.s.Store.Backup(r.Context(), path); err != nil {
		return r.refused(w, r.path("settings", "data"), err)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w.Header().Set("Content-Type", "application/vnd.sqlite3")
	w.Header().Set("Content-Disposition", `attachment; filename="spindle-`+r.s.Now().UTC().Format("20060102-1504")+`.db"`)
	if _, err := io.Copy(w, f); err != nil && !errors.Is(err, http.ErrHandlerTimeout) {
		r.s.Log.WarnContext(r.Context(), "a backup was not sent whole", "error", err)
	}
	return nil
}

// ownsAll refuses who does not own every organization of the installation.
func (r *request) ownsAll() error {
	orgs, err := r.s.Store.Organizations(r.Context())
	if err != nil {
		return err
	}
	mine := map[string]bool{}
	for _, m := range r.memberships {
		mine[string(m.Organization.ID)] = m.Role.May(account.Owners)
	}
	for _, o := range orgs {
		if !mine[string(o.ID)] {
			return fault.Unauthorizedf("a backup holds every organization of this installation, and you do not own all of them").
				Do("ask the operator: spindle backup FILE")
		}
	}
	return nil
}
