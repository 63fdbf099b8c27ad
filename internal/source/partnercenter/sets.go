package partnercenter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/source/rows"
)

// Lines reads the reconciliation lines of a billed invoice or of an open month, whole or not at all.
func (c *Client) Lines(ctx context.Context, id billing.SetID) (billing.LineSet, error) {
	if id.Kind != billing.BilledLines && id.Kind != billing.UnbilledLines {
		return billing.LineSet{}, fault.NotFoundf("%s is no set of lines", id)
	}
	var collector *rows.LineCollector
	m, err := c.readSet(ctx, id, func() rows.Collector {
		collector = rows.NewLineCollector("", rows.Style{})
		return collector
	})
	if err != nil {
		return billing.LineSet{}, err
	}
	set := billing.LineSet{}
	for _, s := range collector.Sets() {
		set = s // readSet lets only rows of this one set pass
	}
	if len(set.Lines) == 0 && id.Kind == billing.BilledLines {
		return billing.LineSet{}, fault.Transientf("the export of %s is empty, although there is an invoice", id).Do("try again in some hours")
	}
	for i := range set.Lines {
		set.Lines[i].Row = 0 // there is no file, and exports shuffle rows
	}
	slices.SortFunc(set.Lines, func(a, b billing.LineItem) int {
		return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.SubscriptionID, b.SubscriptionID),
			a.OrderDate.Compare(b.OrderDate), cmp.Compare(a.Key, b.Key))
	})
	set.ID, set.Version = id, cmp.Or(m.ETag, set.Version)
	return set, nil
}

// Usage reads the daily usage of a billed invoice or of an open month, whole or not at all. Rows are added up while they stream.
func (c *Client) Usage(ctx context.Context, id billing.SetID) (billing.UsageSet, error) {
	if id.Kind != billing.BilledUsage && id.Kind != billing.UnbilledUsage {
		return billing.UsageSet{}, fault.NotFoundf("%s is no set of usage", id)
	}
	var collector *rows.UsageCollector
	m, err := c.readSet(ctx, id, func() rows.Collector {
		collector = rows.NewUsageCollector("", rows.Style{})
		return collector
	})
	if err != nil {
		return billing.UsageSet{}, err
	}
	set := billing.UsageSet{}
	for _, s := range collector.Sets() {
		set = s
	}
	set.ID, set.Version = id, cmp.Or(m.ETag, set.Version)
	return set, nil
}

// readSet exports a set and reads all its parts into a fresh collector; what a new export may heal begins anew.
func (c *Client) readSet(ctx context.Context, id billing.SetID, fresh func() rows.Collector) (manifest, error) {
	var err error
	for range exportAttempts {
		var m manifest
		if m, err = c.export(ctx, id); err == nil {
			if err = c.readParts(ctx, id, m, fresh()); err == nil {
				return m, nil
			}
		}
		if !errors.Is(err, errAgain) || ctx.Err() != nil {
			break
		}
	}
	if ctx.Err() != nil {
		return manifest{}, ctx.Err()
	}
	return manifest{}, err
}

func (c *Client) readParts(ctx context.Context, id billing.SetID, m manifest, into rows.Collector) error {
	for i := range m.Blobs {
		if err := c.readPart(ctx, id, m, i, into); err != nil {
			return err
		}
	}
	return nil
}

// readPart reads every row of a part. One unreadable row, or one that belongs elsewhere, fails the set: a set is whole or an error.
func (c *Client) readPart(ctx context.Context, id billing.SetID, m manifest, i int, into rows.Collector) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	part := c.openBlob(ctx, m, i)
	defer part.Close()
	into.Rename(part.name)
	text, err := opened(part)
	if err != nil {
		return damaged(part.name, err)
	}
	ahead := rows.Ahead(text)
	defer func() {
		stop() // nothing more is waited for
		_ = ahead.Close()
	}()
	reader := rows.NewJSONLines(part.name, ahead)
	if usage, adds := into.(*rows.UsageCollector); adds {
		reader.Pass = usage.AddKnown // what belongs is checked for a row that is alike
	}
	var row rows.Row
	for {
		err := reader.Next(&row)
		var broken rows.RowError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &broken):
			return notWhole(id, broken)
		case err != nil:
			return damaged(part.name, err)
		}
		if problems := into.Add(&row); len(problems) > 0 {
			return notWhole(id, problems[0])
		}
		if err := c.belongs(id, part.name, &row); err != nil {
			return err
		}
	}
}

func notWhole(id billing.SetID, e rows.RowError) error {
	return fault.NeedsPersonf("%s is not taken because one of its rows cannot be read: %w", id, e).
		Do("try again later; if it stays, download the file in Partner Center and import it, which keeps the good rows, and report this")
}

// damaged tells a part that arrived broken from failures that already say who acts next.
func damaged(name string, err error) error {
	if errors.Is(err, errAgain) || fault.Find(err) != nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", errAgain, fault.Transientf("the part %s arrived damaged: %w", name, err).Do("try again"))
}

// belongs checks what storage promises: rows of the requested invoice and partner only (Microsoft sheet §3.4, importer recipe 11).
func (c *Client) belongs(id billing.SetID, name string, row *rows.Row) error {
	if partner := row.Cell(rows.PartnerID); !strings.EqualFold(partner, id.PartnerID) {
		return fault.NeedsPersonf("%s line %d belongs to the partner %s, not to %s", name, row.Line, partner, id.PartnerID).Do("report this to Microsoft: an export must not mix partners")
	}
	if invoice := row.Cell(rows.InvoiceNumber); id.Invoice != "" && invoice != id.Invoice {
		return fault.NeedsPersonf("%s line %d belongs to invoice %q, not to %s", name, row.Line, invoice, id.Invoice).Do("report this to Microsoft: an export must not mix invoices")
	}
	return nil
}
