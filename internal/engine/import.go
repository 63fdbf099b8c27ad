package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/mapping"
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
	Ended   []ServiceChange // custom services that ended
}

// ImportChoice is what a person says of files that they cannot say themselves.
type ImportChoice struct {
	DayFirst bool // dates are written with the day before the month
	Replace  bool // Microsoft took rows away: a file may take the place of one that held more
}

// Import reads files into stored sets. Broken rows are reported by file, line and field; good rows around them are kept. A set with
// broken rows never takes the place of a whole one, nor does one that lacks rows unless a person says so (law 2, law 12). Importing the
// same content again changes nothing.
func (e *Engine) Import(ctx context.Context, org store.Organization, paths []string, choice ImportChoice, by string) ([]Imported, error) {
	content, err := e.ReadFiles(ctx, paths, choice.DayFirst)
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		return nil, fault.NotFoundf("%s: %w", pathError.Path, pathError.Err).Do("check the file's name")
	}
	if err != nil {
		return nil, err
	}
	changed, kept, doubts, err := e.saveSets(ctx, org, content, choice)
	if err != nil {
		return nil, err
	}
	var all []Imported
	for _, f := range content.Files {
		for _, id := range slices.Clone(f.Sets) {
			if doubt, found := doubts[id.String()]; found {
				f.Problems = append(f.Problems, doubt)
				f.Sets = slices.DeleteFunc(slices.Clone(f.Sets), func(s billing.SetID) bool { return s == id }) // nothing of it was taken
			}
			if len(f.Problems) == 0 && slices.Contains(content.Broken, id) { // else this report would say that the set is whole
				f.Problems = append(f.Problems, store.ImportProblem{Message: fmt.Sprintf("another part of what was given for %s could not be read", setWords(id)),
					Remedy: "give all parts again together, whole"})
			}
			if kept[id.String()] {
				f.Notices = append(f.Notices, fmt.Sprintf("something in what was given could not be read, so set %s did not replace the whole one that is stored", id))
			}
		}
		imported, err := e.report(ctx, org, f, changed, by)
		if err != nil {
			return all, err
		}
		all = append(all, imported)
	}
	return all, e.finishCollect(ctx, org, &Collected{Sources: e.connected(ctx, org)})
}

// saveSets stores sets and says which changed, which were not stored because a whole one stands there, and which a person has to look at
// first.
func (e *Engine) saveSets(ctx context.Context, org store.Organization, c FileContent, choice ImportChoice) (changed, kept map[string]bool, doubts map[string]store.ImportProblem, err error) {
	changed, kept, doubts = map[string]bool{}, map[string]bool{}, map[string]store.ImportProblem{}
	// stands reports whether a set goes in force.
	stands := func(given givenSet) (bool, error) {
		key := given.id.String()
		broken := slices.Contains(c.Broken, given.id)
		if kept[key], err = e.keepsWhole(ctx, org, given.id, c.Broken); err != nil || kept[key] {
			return false, err
		}
		doubt, found, err := e.doubt(ctx, org, given, choice.Replace || broken) // a broken set stands where no whole one does
		if found {
			doubts[key] = doubt
		}
		return !found, err
	}
	for _, set := range c.Lines {
		if goes, err := stands(linesGiven(set)); err != nil || !goes {
			if err != nil {
				return changed, kept, doubts, err
			}
			continue
		}
		if changed[set.ID.String()], err = e.Store.SaveLineSet(ctx, org.ID, set, sourceFiles); err != nil {
			return changed, kept, doubts, err
		}
	}
	for _, set := range c.Usage {
		if goes, err := stands(usageGiven(set)); err != nil || !goes {
			if err != nil {
				return changed, kept, doubts, err
			}
			continue
		}
		if changed[set.ID.String()], err = e.Store.SaveUsageSet(ctx, org.ID, set, sourceFiles); err != nil {
			return changed, kept, doubts, err
		}
	}
	return changed, kept, doubts, nil
}

// keepsWhole reports whether a broken set would take the place of a whole one.
func (e *Engine) keepsWhole(ctx context.Context, org store.Organization, id billing.SetID, broken []billing.SetID) (bool, error) {
	if !slices.Contains(broken, id) {
		return false, nil
	}
	if read, err := e.isCollected(ctx, org, id); read || err != nil {
		return read, err
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

// isCollected reports whether the set in force was read over a connection: those are whole, and no import report speaks of them.
func (e *Engine) isCollected(ctx context.Context, org store.Organization, id billing.SetID) (bool, error) {
	list := e.Store.LineSets
	if id.Kind == billing.BilledUsage || id.Kind == billing.UnbilledUsage {
		list = e.Store.UsageSets
	}
	stored, err := list(ctx, org.ID, store.SetFilter{Kind: id.Kind})
	return slices.ContainsFunc(stored, func(s store.SetInfo) bool { return s.ID.String() == id.String() && s.Origin != sourceFiles }), err
}

func (e *Engine) report(ctx context.Context, org store.Organization, f FileReport, changed map[string]bool, by string) (Imported, error) {
	r := store.ImportReport{Origin: filepath.Base(f.Name), By: by, Rows: f.Rows, Kept: f.Rows - f.Refused, Refused: f.Refused,
		Totals: f.Totals, Problems: f.Problems, Kind: f.Kind, Notices: f.Notices}
	if len(f.Sets) == 0 && len(f.Problems) > 0 {
		r.Kept = 0
	}
	for _, id := range f.Sets {
		r.Sets = append(r.Sets, id.String())
		r.Changed = r.Changed || changed[id.String()]
	}
	r, err := e.Store.SaveImportReport(ctx, org.ID, r)
	return Imported{Report: r, Kind: f.Kind, Notices: f.Notices}, err
}

// CustomerLookup gives the id of a customer by its tenant id or exact name, for files. An error says why there is none, with near matches.
type CustomerLookup func(text string) (billing.CustomerID, error)

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
	stored, err := e.Store.CustomServices(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	known := map[billing.CustomerID]bool{}
	for _, c := range stored {
		known[c.CustomerID] = true // Microsoft may not list the customer any more: its services are still the MSP's
	}
	return lookupOf(directory.Customers, known), nil
}

// lookupOf looks among customers, and accepts the ids that are known otherwise.
func lookupOf(customers []billing.Customer, known map[billing.CustomerID]bool) CustomerLookup {
	byName := map[string][]billing.CustomerID{}
	names := map[string]string{} // of customers, by their id and by their name
	var ids, called []string
	for _, c := range customers {
		byName[c.Name] = append(byName[c.Name], c.ID)
		names[string(c.ID)] = c.Name
		ids, called = append(ids, string(c.ID)), append(called, c.Name)
	}
	return func(text string) (billing.CustomerID, error) {
		id := billing.CustomerID(strings.ToLower(text))
		if _, listed := names[string(id)]; listed || known[id] {
			return id, nil
		}
		switch same := byName[text]; {
		case len(same) == 1:
			return same[0], nil
		case len(same) > 1:
			return "", fault.Invalidf("%d customers have this name", len(same)).Dof("write the tenant id: %s or %s", same[0], same[1])
		}
		missing := fault.Invalidf("there is no customer with this tenant id or exact name")
		if near := mapping.Near(string(id), ids, 3); len(near) > 0 {
			for i, n := range near {
				near[i] = fmt.Sprintf("%s (%s)", n, names[n])
			}
			return "", missing.Dof("near ids: %s", strings.Join(near, ", "))
		}
		return "", missing.Do(nearCustomers(text, called))
	}
}
