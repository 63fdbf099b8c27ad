package file

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/source"
	"spindle/internal/source/derive"
)

// Source is a set of imported files as a source. A set imported again replaces the earlier one.
type Source struct {
	day    billing.Date
	lines  map[billing.SetID]billing.LineSet
	usage  map[billing.SetID]billing.UsageSet
	custom []billing.Subscription
	broken map[billing.SetID]bool
	errors int // problems of files, of which the sets may not know
}

var _ source.Source = (*Source)(nil)

// New makes a source of imports, oldest first, and of custom services, which may be nil. The directory is derived for the given day.
func New(day billing.Date, custom []billing.Subscription, imports ...Import) *Source {
	s := &Source{day: day, custom: slices.Clone(custom), lines: map[billing.SetID]billing.LineSet{},
		usage: map[billing.SetID]billing.UsageSet{}, broken: map[billing.SetID]bool{}}
	for _, im := range imports {
		for _, set := range im.Lines {
			s.lines[set.ID] = set
			s.broken[set.ID] = !im.Complete(set.ID)
		}
		for _, set := range im.Usage {
			s.usage[set.ID] = set
			s.broken[set.ID] = !im.Complete(set.ID)
		}
		s.errors += len(im.Errors)
	}
	return s
}

// Directory derives customers and subscriptions from the rows that could be read, and adds the custom services. Rows that could not
// be read are a Gap of the whole.
func (s *Source) Directory(ctx context.Context) (billing.Directory, error) {
	if err := ctx.Err(); err != nil {
		return billing.Directory{}, err
	}
	d := derive.DirectoryFromLines(values(s.lines), values(s.usage), s.day)
	d.Subscriptions = append(d.Subscriptions, s.custom...)
	slices.SortStableFunc(d.Subscriptions, func(a, b billing.Subscription) int {
		return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.ID, b.ID))
	})
	if s.errors > 0 {
		d.Incomplete = append(d.Incomplete, billing.Gap{What: "imported files", Why: fmt.Sprintf("%d places in them could not be read", s.errors)})
	}
	return d, nil
}

func values[S any](sets map[billing.SetID]S) []S {
	var all []S
	for _, id := range sortedIDs(sets) {
		all = append(all, sets[id])
	}
	return all
}

func sortedIDs[S any](sets map[billing.SetID]S) []billing.SetID {
	ids := make([]billing.SetID, 0, len(sets))
	for id := range sets {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b billing.SetID) int { return cmp.Compare(a.String(), b.String()) })
	return ids
}

// Sets lists the imported sets, newest month first.
func (s *Source) Sets(ctx context.Context) ([]source.Available, error) {
	var all []source.Available
	for _, set := range values(s.lines) {
		all = append(all, source.Available{ID: set.ID, Version: set.Version, Invoice: invoiceOf(set)})
	}
	for _, set := range values(s.usage) {
		a := source.Available{ID: set.ID, Version: set.Version}
		for _, g := range set.Groups {
			a.Invoice = billing.Invoice{ID: set.ID.Invoice, Kind: "invoice", Period: laterMonth(a.Invoice.Period, g.LastDay)}
		}
		if lines, ok := s.lines[billing.SetID{Kind: billing.BilledLines, PartnerID: set.ID.PartnerID, Invoice: set.ID.Invoice}]; ok {
			a.Invoice = invoiceOf(lines)
		}
		if set.ID.Invoice == "" {
			a.Invoice = billing.Invoice{}
		}
		all = append(all, a)
	}
	slices.SortStableFunc(all, func(a, b source.Available) int {
		return cmp.Or(month(b).Compare(month(a)), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return all, ctx.Err()
}

func month(a source.Available) billing.Date {
	if a.ID.Month != "" {
		return a.ID.Month.Period().Start
	}
	return a.Invoice.Period.Start
}

// invoiceOf describes the invoice as far as its rows tell. The total is theirs: the document itself is not in the file.
func invoiceOf(set billing.LineSet) billing.Invoice {
	if set.ID.Invoice == "" {
		return billing.Invoice{}
	}
	invoice := billing.Invoice{ID: set.ID.Invoice, Kind: "invoice"}
	for _, line := range set.Lines {
		invoice.Period = laterMonth(invoice.Period, line.OrderDate)
	}
	if sums := set.Total.Amounts(); len(sums) == 1 {
		invoice.Total = sums[0]
	} else {
		invoice.Total = money.Amount{}
	}
	return invoice
}

// laterMonth gives the calendar month of day when it is later than p: invoice periods are months (Microsoft sheet §5.1).
func laterMonth(p billing.Period, day billing.Date) billing.Period {
	if day.IsZero() || day.Before(p.End) {
		return p
	}
	return billing.MonthOf(day).Period()
}

// Lines gives a set whole; a set whose file had unreadable rows is an error.
func (s *Source) Lines(ctx context.Context, id billing.SetID) (billing.LineSet, error) {
	set, ok := s.lines[id]
	if err := s.check(id, ok); err != nil {
		return billing.LineSet{}, err
	}
	return set, ctx.Err()
}

// Usage gives a set whole; a set whose file had unreadable rows is an error.
func (s *Source) Usage(ctx context.Context, id billing.SetID) (billing.UsageSet, error) {
	set, ok := s.usage[id]
	if err := s.check(id, ok); err != nil {
		return billing.UsageSet{}, err
	}
	return set, ctx.Err()
}

func (s *Source) check(id billing.SetID, exists bool) error {
	if !exists {
		return fault.NotFoundf("no imported file holds %s", id).Do("import the file: spindle microsoft import FILE")
	}
	if s.broken[id] {
		return fault.Invalidf("%s is not whole: rows of its file could not be read", id).Do("correct the file and import it again")
	}
	return nil
}
