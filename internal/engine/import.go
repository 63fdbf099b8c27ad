package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/store"
)

// FileContent is what a number of files held together.
type FileContent struct {
	Lines  []billing.LineSet
	Usage  []billing.UsageSet
	Broken []billing.SetID // sets that may lack rows
	Files  []FileReport
}

// FileReport is the control report of one file.
type FileReport struct {
	Name     string
	Kind     string // what the file is, in words
	Sets     []billing.SetID
	Rows     int64 // rows read, broken ones included
	Refused  int64
	Totals   money.Totals // cost before tax
	Problems []store.ImportProblem
	Notices  []string // duplicates, unknown columns and the like, in words
}

// Imported is the result of importing one file.
type Imported struct {
	Report  store.ImportReport
	Kind    string
	Notices []string
}

// Import reads files into stored sets. Broken rows are reported by file, line and field; good rows around them are kept. A set with
// broken rows never takes the place of a whole one (law 2, law 12). Importing the same content again changes nothing.
func (e *Engine) Import(ctx context.Context, org store.Organization, paths []string, by string) ([]Imported, error) {
	content, err := e.ReadFiles(ctx, paths)
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		return nil, fault.NotFoundf("%s: %w", pathError.Path, pathError.Err).Do("check the file's name")
	}
	if err != nil {
		return nil, err
	}
	changed, kept, err := e.saveSets(ctx, org, content)
	if err != nil {
		return nil, err
	}
	var all []Imported
	for _, f := range content.Files {
		imported, err := e.report(ctx, org, f, changed, by)
		if err != nil {
			return all, err
		}
		for _, id := range f.Sets {
			if kept[id.String()] {
				imported.Notices = append(imported.Notices, fmt.Sprintf("set %s has broken rows and did not replace the whole one that is stored", id))
			}
		}
		all = append(all, imported)
	}
	return all, e.deriveFromFiles(ctx, org, &Collected{Sources: e.connected(ctx, org)})
}

// saveSets stores sets and says which changed, and which were not stored because a whole one stands there.
func (e *Engine) saveSets(ctx context.Context, org store.Organization, c FileContent) (changed, kept map[string]bool, err error) {
	changed, kept = map[string]bool{}, map[string]bool{}
	for _, set := range c.Lines {
		if kept[set.ID.String()], err = e.keepsWhole(ctx, org, set.ID, c.Broken); err != nil {
			return changed, kept, err
		}
		if kept[set.ID.String()] {
			continue
		}
		if changed[set.ID.String()], err = e.Store.SaveLineSet(ctx, org.ID, set, sourceFiles); err != nil {
			return changed, kept, err
		}
	}
	for _, set := range c.Usage {
		if kept[set.ID.String()], err = e.keepsWhole(ctx, org, set.ID, c.Broken); err != nil {
			return changed, kept, err
		}
		if kept[set.ID.String()] {
			continue
		}
		if changed[set.ID.String()], err = e.Store.SaveUsageSet(ctx, org.ID, set, sourceFiles); err != nil {
			return changed, kept, err
		}
	}
	return changed, kept, nil
}

// keepsWhole reports whether a broken set would take the place of a whole one.
func (e *Engine) keepsWhole(ctx context.Context, org store.Organization, id billing.SetID, broken []billing.SetID) (bool, error) {
	if !slices.Contains(broken, id) {
		return false, nil
	}
	reports, err := e.Store.ImportReports(ctx, org.ID, reportsMax)
	if err != nil {
		return false, err
	}
	for _, r := range reports {
		if len(r.Problems) == 0 && slices.Contains(r.Sets, id.String()) {
			return true, nil
		}
	}
	return false, nil
}

func (e *Engine) report(ctx context.Context, org store.Organization, f FileReport, changed map[string]bool, by string) (Imported, error) {
	r := store.ImportReport{Origin: filepath.Base(f.Name), By: by, Rows: f.Rows, Kept: f.Rows - f.Refused, Refused: f.Refused,
		Totals: f.Totals, Problems: f.Problems}
	for _, id := range f.Sets {
		r.Sets = append(r.Sets, id.String())
		r.Changed = r.Changed || changed[id.String()]
	}
	r, err := e.Store.SaveImportReport(ctx, org.ID, r)
	return Imported{Report: r, Kind: f.Kind, Notices: f.Notices}, err
}

// CustomerLookup gives the id of a customer by its exact name, for files that name customers only.
type CustomerLookup func(name string) (billing.CustomerID, bool)

// ImportServices reads a list of custom services. It replaces the list of the same file name; services that are no longer in it end.
// With broken rows nothing is replaced: the good rows are added, and the report says what to repair.
func (e *Engine) ImportServices(ctx context.Context, org store.Organization, path, by string) (Imported, error) {
	lookup, err := e.customerLookup(ctx, org)
	if err != nil {
		return Imported{}, err
	}
	services, problems, err := e.ReadServices(ctx, path, lookup)
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		return Imported{}, fault.NotFoundf("%s: %w", pathError.Path, pathError.Err).Do("check the file's name")
	}
	if err != nil {
		return Imported{}, err
	}
	name := filepath.Base(path)
	save, broken := e.Store.SaveCustomServices, brokenRows(problems)
	if broken > 0 {
		save = e.Store.AddCustomServices
	}
	if err := save(ctx, org.ID, name, services, by); err != nil {
		return Imported{}, err
	}
	kept := int64(len(services))
	r, err := e.Store.SaveImportReport(ctx, org.ID, store.ImportReport{Origin: name, By: by, Rows: kept + broken, Kept: kept,
		Refused: broken, Changed: true, Problems: problems})
	return Imported{Report: r, Kind: "custom services"}, err
}

// brokenRows counts the rows that problems are about: one row may have several.
func brokenRows(problems []store.ImportProblem) int64 {
	lines := map[int]bool{}
	for _, p := range problems {
		lines[p.Line] = true
	}
	return int64(len(lines))
}

func (e *Engine) connected(ctx context.Context, org store.Organization) int {
	if _, found, err := e.Source(ctx, org); err == nil && found {
		return 1
	}
	return 0
}

func (e *Engine) customerLookup(ctx context.Context, org store.Organization) (CustomerLookup, error) {
	directory, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	ids := map[string]billing.CustomerID{}
	for _, c := range directory.Customers {
		if _, twice := ids[c.Name]; twice {
			ids[c.Name] = "" // two customers of one name: the file must give the id
			continue
		}
		ids[c.Name] = c.ID
	}
	return func(name string) (billing.CustomerID, bool) {
		id := ids[name]
		return id, id != ""
	}, nil
}
