package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/source"
	"spindle/internal/source/derive"
	"spindle/internal/store"
)

// names of sources in the store. Stored: never renamed.
const (
	sourcePartnerCenter = "partnercenter"
	sourceFiles         = "files"
)

// setsKept is how many closed months of a Partner Center account are read at the first collect: enough to know the cost of everything
// that is charged monthly; annual charges further back are read when nothing newer tells a cost.
const setsKept = 3

// Collected says what a collect read.
type Collected struct {
	Sets    []string                   // sets that are new or were restated
	Known   int                        // sets that had not changed
	Gaps    []billing.Gap              // what could not be read, all of it
	SetGaps []billing.Gap              // the invoice data among them
	Unread  map[billing.Month][]string // the same by month
	Sources int
}

// Collect reads the sources of an organization into stored snapshots. What cannot be read is named as a gap and the last good snapshot
// stays; only the failure of everything is an error.
func (e *Engine) Collect(ctx context.Context, org store.Organization) (Collected, error) {
	return e.collect(ctx, org, nil)
}

func (e *Engine) collect(ctx context.Context, org store.Organization, tell *teller) (Collected, error) {
	var c Collected
	s, found, err := e.Source(ctx, org)
	if err != nil {
		return c, err
	}
	if found {
		c.Sources++
		tell.phase(ctx, "reading customers and subscriptions from Microsoft", 0)
		directory, err := s.Directory(ctx)
		if err != nil {
			return c, err
		}
		c.Gaps = append(c.Gaps, directory.Incomplete...)
		if err := e.Store.SaveDirectory(ctx, org.ID, sourcePartnerCenter, directory); err != nil {
			return c, err
		}
		if err := e.collectSets(ctx, org, &reading{s, &c, tell}); err != nil {
			return c, err
		}
	}
	return c, e.finishCollect(ctx, org, &c)
}

// collectSets reads the newest invoices and their usage. A set that cannot be read is a gap: its month is then not charged.
func (e *Engine) collectSets(ctx context.Context, org store.Organization, r *reading) error {
	s, c := r.source, r.collected
	available, err := s.Sets(ctx)
	if err != nil {
		return err
	}
	stored, err := e.storedSets(ctx, org)
	if err != nil {
		return err
	}
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return err
	}
	r.tell.phase(ctx, "reading invoices from Microsoft", setsRead(available, settings.BillFrom))
	var invoices []billing.Invoice
	months := map[billing.Month]bool{}
	for _, set := range available {
		month := billing.MonthOf(set.Invoice.Period.Start)
		if months[month] = true; !isRead(month, len(months), settings.BillFrom) {
			break
		}
		r.tell.step(ctx)
		invoices = append(invoices, set.Invoice)
		if stored[set.ID.String()] && set.Invoice.Date.AddDays(restatedFor).Before(e.Today()) {
			c.Known++
			continue
		}
		changed, err := e.collectSet(ctx, org, s, set.ID)
		switch {
		case fault.Is(err, fault.KindTransient) && set.ID.Kind == billing.BilledUsage && e.billsNoUsage(ctx, org, available, set):
			c.Known++ // there is nothing to read: the invoice has no Azure consumption
		case fault.Is(err, fault.KindUnauthorized):
			return err
		case err != nil:
			gap := billing.Gap{What: "invoice data " + set.ID.String(), Why: err.Error()}
			c.Gaps, c.SetGaps = append(c.Gaps, gap), append(c.SetGaps, gap)
			if c.Unread == nil {
				c.Unread = map[billing.Month][]string{}
			}
			c.Unread[month] = append(c.Unread[month], gap.What)
		case changed:
			c.Sets = append(c.Sets, set.ID.String())
		default:
			c.Known++
		}
	}
	return e.Store.SaveInvoices(ctx, org.ID, invoices, sourcePartnerCenter)
}

// reading is a collect from a connection under way.
type reading struct {
	source    source.Source
	collected *Collected
	tell      *teller
}

// setsRead counts the sets that a collect looks at.
func setsRead(available []source.Available, billFrom billing.Month) int {
	months := map[billing.Month]bool{}
	for i, set := range available {
		month := billing.MonthOf(set.Invoice.Period.Start)
		if months[month] = true; !isRead(month, len(months), billFrom) {
			return i
		}
	}
	return len(available)
}

// isRead reports whether the nth newest month of invoices is read: the newest ones for their costs, and every month since billing began,
// however long nobody has run Spindle, because each must be charged (law 6).
func isRead(month billing.Month, nth int, billFrom billing.Month) bool {
	return nth <= setsKept || billFrom != "" && month >= billFrom
}

// billsNoUsage reports whether the stored lines of an invoice show that it bills no metered consumption: Microsoft then answers that it has
// no usage data (Microsoft sheet §3.2).
func (e *Engine) billsNoUsage(ctx context.Context, org store.Organization, available []source.Available, usage source.Available) bool {
	for _, set := range available {
		if set.ID.Kind != billing.BilledLines || set.ID.Invoice != usage.ID.Invoice {
			continue
		}
		lines, err := e.Store.LineSet(ctx, org.ID, set.ID)
		if err != nil {
			return false
		}
		return !slices.ContainsFunc(lines.Lines, billing.LineItem.IsUsage)
	}
	return false
}

// restatedFor is how many days after its date an invoice is still read again, because Microsoft may restate it (Microsoft sheet §7).
const restatedFor = 40

func (e *Engine) storedSets(ctx context.Context, org store.Organization) (map[string]bool, error) {
	stored := map[string]bool{}
	lines, err := e.Store.LineSets(ctx, org.ID, store.SetFilter{})
	if err != nil {
		return nil, err
	}
	usage, err := e.Store.UsageSets(ctx, org.ID, store.SetFilter{})
	for _, info := range append(lines, usage...) {
		stored[info.ID.String()] = true
	}
	return stored, err
}

func (e *Engine) collectSet(ctx context.Context, org store.Organization, s source.Source, id billing.SetID) (bool, error) {
	if id.Kind == billing.BilledUsage || id.Kind == billing.UnbilledUsage {
		set, err := s.Usage(ctx, id)
		if err != nil {
			return false, err
		}
		return e.Store.SaveUsageSet(ctx, org.ID, set, sourcePartnerCenter)
	}
	set, err := s.Lines(ctx, id)
	if err != nil {
		return false, err
	}
	return e.Store.SaveLineSet(ctx, org.ID, set, sourcePartnerCenter)
}

// deriveFromFiles makes a directory from imported files when there is no Partner Center connection to read one from.
func (e *Engine) deriveFromFiles(ctx context.Context, org store.Organization, c *Collected) error {
	if c.Sources > 0 {
		return nil
	}
	lines, err := e.Store.LoadLineSets(ctx, org.ID, "")
	if err != nil {
		return err
	}
	usage, err := e.Store.LoadUsageSets(ctx, org.ID, "")
	if err != nil {
		return err
	}
	if len(lines) == 0 && len(usage) == 0 {
		return nil
	}
	c.Sources++
	directory := derive.DirectoryFromLines(lines, usage, e.Today())
	gaps, err := e.brokenFiles(ctx, org)
	if err != nil {
		return err
	}
	directory.Incomplete = append(directory.Incomplete, gaps...)
	c.Gaps = append(c.Gaps, directory.Incomplete...)
	return e.Store.SaveDirectory(ctx, org.ID, sourceFiles, directory)
}

// reportsMax is how many import reports are looked through for broken files.
const reportsMax = 500

// brokenFiles names the imports with broken rows whose sets no later import brought whole: until then nothing may be reduced (law 2).
func (e *Engine) brokenFiles(ctx context.Context, org store.Organization) ([]billing.Gap, error) {
	reports, err := e.Store.ImportReports(ctx, org.ID, reportsMax)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(reports, func(a, b store.ImportReport) int { return cmp.Compare(b.Number, a.Number) })
	whole := map[string]bool{}    // sets that a later report without problems brought
	files := map[[2]string]bool{} // and by which file
	named := map[string]bool{}    // one gap a file
	var gaps []billing.Gap
	for _, r := range reports {
		if len(r.Sets) == 0 {
			continue // nothing of it was taken, so no set lacks its rows; or it is a list of custom services, which ends nothing by itself
		}
		if len(r.Problems) == 0 {
			for _, set := range r.Sets {
				whole[set], files[[2]string{r.Origin, set}] = true, true
			}
			continue
		}
		// A broken cell may have named a set that does not exist: the same file, repaired, has the others. The name alone says nothing, since
		// downloads are called the same every month.
		repaired := slices.ContainsFunc(r.Sets, func(set string) bool { return files[[2]string{r.Origin, set}] }) ||
			!slices.ContainsFunc(r.Sets, func(set string) bool { return !whole[set] })
		if !repaired && !named[r.Origin] {
			gaps = append(gaps, billing.Gap{What: "file " + r.Origin, Why: fmt.Sprintf("%d of its rows could not be read", max(r.Refused, 1))})
			named[r.Origin] = true
		}
	}
	return gaps, nil
}
