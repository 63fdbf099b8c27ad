package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/store"
)

// retentionRounds bounds how much one call of Retain removes, so that a sweep comes to the next organization.
const retentionRounds = 50

// RetentionRule is one of the retention settings as people see it.
type RetentionRule struct {
	Key  string // of forms and flags
	What string
	Min  int // months
	Of   func(*billing.Retention) *int
}

// RetentionRules lists the retention settings.
func RetentionRules() []RetentionRule {
	return []RetentionRule{
		{"versions", "rows of superseded versions of Microsoft's documents", billing.VersionsMonthsMin, func(r *billing.Retention) *int { return &r.Versions }},
		{"papers", "working papers of runs that are over: the desired state, and what became of each source line", billing.PapersMonthsMin,
			func(r *billing.Retention) *int { return &r.Papers }},
		{"receipts", "requests and answers of changes to lines that have ended", billing.ReceiptsMonthsMin, func(r *billing.Retention) *int { return &r.Receipts }},
	}
}

// checkRetention refuses months that would take what may still be needed.
func checkRetention(r billing.Retention) error {
	var wrong []error
	for _, rule := range RetentionRules() {
		months := *rule.Of(&r)
		if months != 0 && (months < rule.Min || months > billing.RetentionMonthsMax) {
			wrong = append(wrong, fault.Invalidf("%d months is not from %d to %d", months, rule.Min, billing.RetentionMonthsMax).WithField(rule.Key).
				Dof("write at least %d, or 0 to keep everything", rule.Min))
		}
	}
	return errors.Join(wrong...)
}

// retentionCut is what a setting means today.
func (e *Engine) retentionCut(r billing.Retention) store.RetentionCut {
	before := func(months int) time.Time {
		if months == 0 {
			return time.Time{}
		}
		return e.Now().UTC().AddDate(0, -months, 0)
	}
	return store.RetentionCut{Versions: before(r.Versions), Papers: before(r.Papers), Receipts: before(r.Receipts)}
}

// ReviewRetention says what would be removed under a setting now, and removes nothing.
func (e *Engine) ReviewRetention(ctx context.Context, org store.Organization, r billing.Retention) (store.Removal, error) {
	if err := checkRetention(r); err != nil {
		return store.Removal{}, err
	}
	return e.Store.Removable(ctx, org.ID, e.retentionCut(r))
}

// SaveRetention stores for how long what is kept. The next sweep of a running server carries it out, and every day after that.
func (e *Engine) SaveRetention(ctx context.Context, org store.Organization, r billing.Retention, by string) error {
	if err := checkRetention(r); err != nil {
		return err
	}
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return err
	}
	settings.Retention = r
	return e.Store.SaveSettings(ctx, org.ID, settings, by)
}

// Retain removes what the stored setting lets go, in steps of their own; a step that was not reached is taken the next time.
func (e *Engine) Retain(ctx context.Context, org store.Organization, by string) (store.Removal, error) {
	var gone store.Removal
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil || settings.Retention.Nothing() {
		return gone, err
	}
	cut := e.retentionCut(settings.Retention)
	for range retentionRounds {
		some, err := e.Store.Remove(ctx, org.ID, cut, e.Today(), by)
		if err != nil || some.Nothing() {
			return gone, err
		}
		gone.Add(some)
	}
	return gone, nil
}

// retainDaily carries the retention settings out once a day.
func (e *Engine) retainDaily(ctx context.Context, org store.Organization) error {
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil || settings.Retention.Nothing() {
		return err
	}
	last, err := e.Store.RetainedOn(ctx, org.ID)
	if err != nil || last == e.Today() {
		return err
	}
	_, err = e.Retain(ctx, org, "schedule")
	return err
}

// RemovalSentences says a removal in numbers; none when nothing goes. verb is "would be removed" or "were removed".
func RemovalSentences(r store.Removal, verb string) []string {
	var all []string
	say := func(n int, text string) {
		if n > 0 {
			all = append(all, text)
		}
	}
	say(r.Versions, fmt.Sprintf("%s of Microsoft's documents with %s %s; the versions in force stay.", counted(r.Versions, "superseded version"),
		counted(int(r.VersionRows), "row"), verb))
	say(r.Runs, fmt.Sprintf("The working papers of %s, %s, %s; their changes, decisions and receipts stay.", counted(r.Runs, "run"), counted(int(r.RunRows), "row"), verb))
	say(r.Receipts, fmt.Sprintf("%s of lines that have ended %s; that they were sent, and what was meant, stays.", counted(r.Receipts, "request and answer pair"), verb))
	return all
}
