package file

import (
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/source/rows"
)

// finish adds the sets of a part to the import.
func (r *reading) finish(input string) {
	unread := r.report.Control.Broken // rows that never reached a collector
	switch {
	case r.lines != nil:
		r.report.Control = r.lines.Report()
		r.report.Control.Broken += unread
	case r.usage != nil:
		r.report.Control = r.usage.Report()
		r.report.Control.Broken += unread
	}
	if r.report.SHA256 != "" {
		if twin, seen := r.im.hashes[r.report.SHA256]; seen {
			r.report.SameAs = twin
			return
		}
		r.im.hashes[r.report.SHA256] = r.name
	}
	if r.lines != nil {
		doubled := r.lines.Doubled()
		for _, set := range r.lines.Sets() {
			if slices.Contains(doubled, set.ID) {
				r.fail(RowError{File: r.name, Problem: fmt.Sprintf("every row of invoice %s stands in the file more than once: all of it would be billed again", set.ID.Invoice),
					Remedy: "give the file as it was downloaded, with each row once"})
				continue
			}
			r.addLines(input, set)
		}
	}
	if r.usage != nil {
		for _, set := range r.usage.Sets() {
			r.addUsage(input, set)
		}
	}
}

func (r *reading) addLines(input string, set billing.LineSet) {
	known := r.im.lines[set.ID]
	switch {
	case known == nil:
		r.im.lines[set.ID] = &held[billing.LineSet]{set, input, r.name}
		r.im.order = append(r.im.order, set.ID)
	case known.set.Version == set.Version:
		r.report.SameAs = known.file
	case known.input == input:
		known.set = rows.MergeLines(known.set, set)
	default:
		r.contradicts(set.ID, known.file)
		return
	}
	r.report.Sets = append(r.report.Sets, set.ID)
}

func (r *reading) addUsage(input string, set billing.UsageSet) {
	known := r.im.usage[set.ID]
	switch {
	case known == nil:
		r.im.usage[set.ID] = &held[billing.UsageSet]{set, input, r.name}
		r.im.order = append(r.im.order, set.ID)
	case known.set.Version == set.Version:
		r.report.SameAs = known.file
	case known.input == input:
		known.set = rows.MergeUsage(known.set, set)
	default:
		r.contradicts(set.ID, known.file)
		return
	}
	r.report.Sets = append(r.report.Sets, set.ID)
}

// contradicts reports two files that hold different rows of one set. Which of them counts, or whether they are parts of one download,
// is for a person to say.
func (r *reading) contradicts(id billing.SetID, other string) {
	what := "invoice " + id.Invoice
	if id.Invoice == "" {
		what = "the open month"
	}
	r.fail(RowError{File: r.name, Problem: fmt.Sprintf("the file has other rows for %s than %s", what, other),
		Remedy: "give only the newer file; if they are parts of one download, put them into one zip archive"})
	r.report.Sets = append(r.report.Sets, id)
}
