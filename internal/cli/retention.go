package cli

import (
	"context"
	"strconv"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/store"
)

type retentionCommand struct {
	Show retentionShow `cmd:"" default:"1" help:"Show for how long what is kept, and what would go now."`
	Set  retentionSet  `cmd:"" help:"Change for how long what is kept. What a line, a charge or an open run needs is kept whatever is set."`
	Run  retentionRun  `cmd:"" help:"Remove now what the settings let go; a running server does it once a day."`
}

type retentionShow struct{}

// Run shows the settings and what they would remove.
func (retentionShow) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return err
	}
	would, err := e.ReviewRetention(ctx, org, settings.Retention)
	if err != nil {
		return err
	}
	if s.globals.JSON {
		view := map[string]any{"would_remove": removalView(would)}
		for _, rule := range engine.RetentionRules() {
			view[rule.Key+"_months"] = *rule.Of(&settings.Retention)
		}
		return s.printJSON(view)
	}
	t := table{headers: []string{"setting", ">months", "what is kept so long"}}
	for _, rule := range engine.RetentionRules() {
		t.add(rule.Key, months(*rule.Of(&settings.Retention)), rule.What)
	}
	t.write(s.Out)
	s.printRemoval(would, "would be removed now", "Nothing would be removed now.")
	return nil
}

func months(n int) string {
	if n == 0 {
		return "for good"
	}
	return strconv.Itoa(n)
}

func removalView(r store.Removal) map[string]int64 {
	return map[string]int64{"versions": int64(r.Versions), "version_rows": r.VersionRows, "runs": int64(r.Runs), "run_rows": r.RunRows, "receipts": int64(r.Receipts)}
}

func (s *session) printRemoval(r store.Removal, verb, nothing string) {
	if r.Nothing() {
		s.printf("%s\n", nothing)
	}
	for _, sentence := range engine.RemovalSentences(r, verb) {
		s.printf("%s\n", wrap(sentence, "  "))
	}
}

type retentionSet struct {
	Versions *int `help:"Months to keep rows of superseded versions of Microsoft's documents; 0: for good, at least 3." placeholder:"MONTHS"`
	Papers   *int `help:"Months to keep working papers of runs that are over; 0: for good, at least 13." placeholder:"MONTHS"`
	Receipts *int `help:"Months to keep requests and answers of lines that have ended; 0: for good, at least 24." placeholder:"MONTHS"`
	Yes      bool `help:"Do not ask." short:"y"`
}

// Run saves the settings after saying what they remove.
func (c *retentionSet) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return err
	}
	wanted := settings.Retention
	for _, x := range []struct {
		typed *int
		into  *int
	}{{c.Versions, &wanted.Versions}, {c.Papers, &wanted.Papers}, {c.Receipts, &wanted.Receipts}} {
		if x.typed != nil {
			*x.into = *x.typed
		}
	}
	would, err := e.ReviewRetention(ctx, org, wanted)
	if err != nil {
		return err
	}
	if !would.Nothing() {
		if !s.globals.JSON {
			s.printRemoval(would, "would be removed", "")
		}
		if err := s.confirm("Remove that, and every day what has become older? It can't be brought back but from a backup.", c.Yes); err != nil {
			return err
		}
	}
	if err := e.SaveRetention(ctx, org, wanted, s.actor()); err != nil {
		return err
	}
	if wanted == (billing.Retention{}) {
		return s.done("Everything is kept for good.")
	}
	return s.done("Saved. spindle serve removes what is older once a day; spindle retention run does it now.")
}

type retentionRun struct {
	Yes bool `help:"Do not ask." short:"y"`
}

// Run removes what the settings let go.
func (c *retentionRun) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return err
	}
	would, err := e.ReviewRetention(ctx, org, settings.Retention)
	if err != nil {
		return err
	}
	if would.Nothing() {
		return s.done("There is nothing to remove.")
	}
	if !s.globals.JSON {
		s.printRemoval(would, "would be removed", "")
	}
	if err := s.confirm("Remove that? It can't be brought back but from a backup.", c.Yes); err != nil {
		return err
	}
	gone, err := e.Retain(ctx, org, s.actor())
	if err != nil {
		return err
	}
	if s.globals.JSON {
		return s.printJSON(map[string]any{"removed": removalView(gone)})
	}
	s.printRemoval(gone, "were removed", "Nothing was removed.")
	return nil
}
