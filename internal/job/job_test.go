package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/job/jobtest"
)

type inlineStore struct{}

func (inlineStore) Open(_ testing.TB, s jobtest.Setup) job.Queue {
	return job.NewInline(s.Handlers, s.Log)
}

func TestInline(t *testing.T) {
	jobtest.Run(t, jobtest.Capabilities{}, func(testing.TB) jobtest.Store { return inlineStore{} })
}

// Kinds and arguments are stored: released text never changes.
func TestStoredFormat(t *testing.T) {
	tests := []struct {
		args       job.Args
		kind, json string
	}{
		{job.Sweep{}, "spindle.sweep", `{}`},
		{job.RunSync{OrganizationID: "o", RunID: "r"}, "spindle.run_sync", `{"organization_id":"o","run_id":"r"}`},
		{job.Collect{OrganizationID: "o", By: "ann"}, "spindle.collect", `{"organization_id":"o","by":"ann"}`},
		{job.Import{OrganizationID: "o", ImportID: "i"}, "spindle.import", `{"organization_id":"o","import_id":"i"}`},
	}
	for _, tt := range tests {
		encoded, err := json.Marshal(tt.args)
		if err != nil || string(encoded) != tt.json || tt.args.Kind() != tt.kind {
			t.Errorf("%T: kind %s, JSON %s (%v)", tt.args, tt.args.Kind(), encoded, err)
		}
	}
}

func TestDecide(t *testing.T) {
	at := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		err  error
		want job.Verdict
	}{
		{"nil", nil, job.VerdictDone},
		{"plain", errors.New("x"), job.VerdictRetry},
		{"transient", fault.Transientf("x"), job.VerdictRetry},
		{"stale", fault.Stalef("x"), job.VerdictRetry},
		{"wait", fault.WaitUntilf(at, "x"), job.VerdictSnooze},
		{"person", fault.NeedsPersonf("x"), job.VerdictCancel},
		{"unknown outcome", fault.UnknownOutcomef("x"), job.VerdictCancel},
		{"invalid", fault.Invalidf("x"), job.VerdictCancel},
		{"unauthorized", fault.Unauthorizedf("x"), job.VerdictCancel},
		{"not found", fault.NotFoundf("x"), job.VerdictCancel},
		{"conflict", fault.Conflictf("x"), job.VerdictCancel},
		{"wait and unknown outcome", errors.Join(fault.WaitUntilf(at, "x"), fault.UnknownOutcomef("y")), job.VerdictCancel},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, until := job.Decide(tt.err)
			if got != tt.want || (got == job.VerdictSnooze) != until.Equal(at) {
				t.Errorf("Decide = %s, %v; want %s", got, until, tt.want)
			}
		})
	}
}

func TestRetryDelayGrowsToALimit(t *testing.T) {
	want := []time.Duration{2 * time.Second, 8 * time.Second, 32 * time.Second, 128 * time.Second, 5 * time.Minute, 5 * time.Minute}
	for i, w := range want {
		if got := job.RetryDelay(i + 1); got != w {
			t.Errorf("RetryDelay(%d) = %s, want %s", i+1, got, w)
		}
	}
	if job.RetryDelay(0) != want[0] || job.RetryDelay(1<<30) != 5*time.Minute {
		t.Error("RetryDelay is unbounded at its ends")
	}
}

func TestParseCron(t *testing.T) {
	from := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	valid := map[string]string{
		"15 3 * * *":                       "2026-11-02T03:15:00Z",
		" @daily":                          "2026-11-02T00:00:00Z",
		"@every 10m":                       "2026-11-01T08:10:00Z",
		"CRON_TZ=Europe/Berlin 15 3 * * *": "2026-11-02T02:15:00Z",
		"0 0 29 2 *":                       "2028-02-29T00:00:00Z",
	}
	for text, want := range valid {
		s, err := job.ParseCron(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := s.Next(from).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%q: next %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "x", "* * * *", "60 * * * *", "@every", "@every x", "CRON_TZ=Nowhere/Land * * * * *", "CRON_TZ=UTC", "TZ=", "0 0 31 2 *"} {
		if _, err := job.ParseCron(text); !fault.Is(err, fault.KindInvalid) || fault.Remedy(err) == "" {
			t.Errorf("%q: err = %v, want invalid with a remedy", text, err)
		}
	}
}

func TestHandlersTable(t *testing.T) {
	h := job.Handle(func(context.Context, job.Sweep) error { return nil })
	if _, err := job.NewHandlers(h, h); !fault.Is(err, fault.KindInternal) {
		t.Errorf("two handlers of a kind: %v", err)
	}
	if _, err := job.NewHandlers(job.Handler{}); !fault.Is(err, fault.KindInternal) {
		t.Errorf("empty handler: %v", err)
	}
	if err := h.Work(t.Context(), slog.New(slog.DiscardHandler), json.RawMessage(`[1]`)); !fault.Is(err, fault.KindInvalid) {
		t.Errorf("arguments of another shape: %v", err)
	}
}
