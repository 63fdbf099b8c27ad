package cli

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/sheet"
	"spindle/internal/store"
)

type exportCommand struct {
	What string `arg:"" enum:"plan,lines" help:"plan: the changes. lines: every line Microsoft billed and what became of it."`
	Run_ string `arg:"" optional:"" name:"run" help:"Run number; the newest planned run when left out."`
	CSV  bool   `help:"Write CSV, unless --json asks for JSON." name:"csv" default:"true"`
	File string `help:"Write to this file instead of standard output; as XLSX when its name ends in .xlsx." placeholder:"FILE" type:"path"`
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
	columns := columnsOf(engine.PlanColumns(), engine.PlanNumbers())
	if c.What == "plan" {
		records, err = planRecords(ctx, e, org, run)
	} else {
		columns = columnsOf(engine.SourceLineColumns(), engine.SourceLineNumbers())
		records, err = e.SourceLines(ctx, org, run)
	}
	if err != nil {
		return err
	}
	if c.File == "" && s.globals.JSON {
		return s.printJSON(byColumn(columns, records))
	}
	written := sheet.Table{Name: c.What + "-" + string(run), Columns: columns, Rows: sheet.Rows(records)}
	if c.File == "" {
		return written.Write(s.Out, sheet.CSV)
	}
	format := sheet.CSV
	if strings.EqualFold(filepath.Ext(c.File), ".xlsx") {
		format = sheet.XLSX
	}
	f, err := os.Create(c.File)
	if err != nil {
		return fault.Invalidf("%w", err).WithField("file").Do("name a file in a folder that exists and can be written")
	}
	if err := written.Write(f, format); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return s.done("Wrote " + plural(len(records), "row") + " to " + c.File)
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

// byColumn gives each record by the names of the columns.
func byColumn(columns []sheet.Column, records [][]string) []map[string]string {
	rows := make([]map[string]string, 0, len(records))
	for _, record := range records {
		row := map[string]string{}
		for i, c := range columns {
			row[c.Name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func columnsOf(names, numbers []string) []sheet.Column {
	columns := sheet.Text(names...)
	for i, c := range columns {
		columns[i].Number = slices.Contains(numbers, c.Name)
	}
	return columns
}

func planRecords(ctx context.Context, e *engine.Engine, org store.Organization, run store.RunID) ([][]string, error) {
	_, states, err := e.Store.Plan(ctx, org.ID, run)
	if err != nil {
		return nil, err
	}
	var records [][]string
	for _, s := range states {
		records = append(records, engine.PlanRecord(s))
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
