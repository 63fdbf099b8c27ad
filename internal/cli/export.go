package cli

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/store"
)

type exportCommand struct {
	What string `arg:"" enum:"plan,lines" help:"plan: the changes. lines: every line Microsoft billed and what became of it."`
	Run_ string `arg:"" optional:"" name:"run" help:"Run number; the newest planned run when left out."`
	CSV  bool   `help:"Write CSV (the only format so far)." name:"csv" default:"true"`
	File string `help:"Write to this file instead of standard output." placeholder:"FILE" type:"path"`
}

// Run exports.
func (c *exportCommand) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	run, err := c.run(ctx, e, org)
	if err != nil {
		return err
	}
	var records [][]string
	if c.What == "plan" {
		records, err = planRecords(ctx, e, org, run)
	} else {
		records, err = lineRecords(ctx, e, org, run)
	}
	if err != nil {
		return err
	}
	if c.File == "" {
		return writeCSV(s.Out, records)
	}
	f, err := os.Create(c.File)
	if err != nil {
		return fault.Invalidf("%w", err).WithField("file").Do("name a file in a folder that exists and can be written")
	}
	if err := writeCSV(f, records); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return s.done("Wrote " + plural(len(records)-1, "row") + " to " + c.File)
}

func (c *exportCommand) run(ctx context.Context, e *engine.Engine, org store.Organization) (store.RunID, error) {
	if c.Run_ != "" {
		return store.RunID(c.Run_), nil
	}
	runs, err := e.Store.Runs(ctx, org.ID, store.RunFilter{})
	if err != nil {
		return "", err
	}
	for _, r := range runs {
		if !r.PlannedAt.IsZero() {
			return r.ID, nil
		}
	}
	return "", fault.NotFoundf("there is no plan yet").Do("spindle plan")
}

// writeCSV guards cells that a spreadsheet would take for a formula.
func writeCSV(w io.Writer, records [][]string) error {
	out := csv.NewWriter(w)
	for _, record := range records {
		for i, cell := range record {
			record[i] = guard(cell)
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// guard puts an apostrophe before text that starts like a formula; numbers keep their sign.
func guard(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return cell
	}
	if strings.Trim(cell[1:], "0123456789.") == "" && len(cell) > 1 && cell[0] != '=' && cell[0] != '@' {
		return cell
	}
	return "'" + cell
}

func planRecords(ctx context.Context, e *engine.Engine, org store.Organization, run store.RunID) ([][]string, error) {
	_, states, err := e.Store.Plan(ctx, org.ID, run)
	if err != nil {
		return nil, err
	}
	records := [][]string{{"change", "kind", "state", "customer_id", "customer", "contract", "what", "before", "after", "effective", "unit_price", "currency",
		"recurring_effect", "per", "proration", "one_off", "reason", "held_by", "decided_by"}}
	for _, s := range states {
		c := s.Change
		price, currency := "", string(c.Recurring.Currency())
		if c.After.UnitPrice != nil {
			price, currency = c.After.UnitPrice.Number(), string(c.After.UnitPrice.Currency())
		}
		var holds []string
		for _, h := range c.Holds {
			holds = append(holds, h.Policy)
		}
		records = append(records, []string{c.ID, string(c.Kind), string(s.State), string(c.CustomerID), c.Customer, c.ContractName, c.What,
			strconv.FormatInt(c.Before.Units, 10), strconv.FormatInt(c.After.Units, 10), c.Effective.String(), price, currency,
			c.Recurring.Number(), string(c.PerPeriod), c.Proration.Number(), c.OneOff.Number(), c.Reason, strings.Join(holds, " "), s.By})
	}
	return records, nil
}

func lineRecords(ctx context.Context, e *engine.Engine, org store.Organization, run store.RunID) ([][]string, error) {
	desired, err := e.Store.Desired(ctx, org.ID, run)
	if err != nil {
		return nil, err
	}
	records := [][]string{{"set", "row", "line", "outcome", "by", "cost", "currency"}}
	for _, d := range desired.Dispositions {
		records = append(records, []string{d.Set.String(), strconv.Itoa(d.Row), d.LineKey, string(d.Outcome), d.By, d.Cost.Number(), string(d.Cost.Currency())})
	}
	return records, nil
}

type auditCommand struct {
	Verify bool `help:"Check that no entry was changed or removed."`
	Limit  int  `help:"How many entries, newest first." default:"50"`
}

// Run shows or verifies the audit trail.
func (c *auditCommand) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	if c.Verify {
		if err := e.Store.VerifyAudit(ctx, org.ID); err != nil {
			return err
		}
		return s.done("The audit trail is unbroken.")
	}
	entries, err := newestEntries(ctx, e, org, c.Limit)
	if err != nil {
		return err
	}
	views := []map[string]any{}
	t := table{headers: []string{">no.", "when (UTC)", "who", "what", "about", "detail"}}
	for _, entry := range entries {
		at := entry.At.UTC().Format("2006-01-02 15:04:05")
		t.add(strconv.FormatInt(int64(entry.Seq), 10), at, entry.Actor, entry.Action, entry.Subject, cut(detail(entry.Detail), 80))
		views = append(views, map[string]any{"seq": entry.Seq, "at": entry.At.UTC(), "actor": entry.Actor, "action": entry.Action, "subject": entry.Subject, "detail": json.RawMessage(orNull(entry.Detail)), "hash": entry.Hash})
	}
	if s.globals.JSON {
		return s.printJSON(views)
	}
	t.write(s.Out)
	return nil
}

func orNull(text string) string {
	if text == "" {
		return "null"
	}
	return text
}

// detail leaves out what is empty.
func detail(text string) string {
	if text == "{}" || text == "null" {
		return ""
	}
	return text
}

// newestEntries gives the last n entries of the trail, newest first. The trail itself is read from its beginning.
func newestEntries(ctx context.Context, e *engine.Engine, org store.Organization, n int) ([]store.AuditEntry, error) {
	if n < 1 {
		return nil, fault.Invalidf("%d entries cannot be shown", n).WithField("limit").Do("write a number of 1 or more")
	}
	var all []store.AuditEntry
	for after := int64(0); ; {
		page, err := e.Store.Audit(ctx, org.ID, store.AuditFilter{AfterSeq: after})
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			slices.Reverse(all)
			return all, nil
		}
		after = page[len(page)-1].Seq
		all = append(all, page...)
		all = slices.Clone(all[max(0, len(all)-n):])
	}
}

type backupCommand struct {
	File string `arg:"" help:"File to write." type:"path"`
}

// Run writes a backup.
func (c *backupCommand) Run(ctx context.Context, s *session) error {
	e, err := s.open(ctx)
	if err != nil {
		return err
	}
	if err := e.Store.Backup(ctx, c.File); err != nil {
		return err
	}
	return s.done("Wrote " + c.File + ". Keep the master key file apart from it: without the key the stored credentials cannot be opened.")
}
