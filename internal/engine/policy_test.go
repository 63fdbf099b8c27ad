package engine

import (
	"testing"

	"spindle/internal/billing"
)

// The day of a change of policy is kept, whatever else is set: the days before it are measured by the policy that held then (ADR 0003).
func TestAChangeOfPolicyKeepsItsDay(t *testing.T) {
	o := newOffice(t)
	for _, step := range []struct {
		set   map[string]string
		later int // days
		want  string
	}{
		{map[string]string{"effective": "up-now-down-next"}, 0, "up-now-down-next "}, // what held anyway
		{map[string]string{"effective": "true-date"}, 1, "true-date 2026-11-11"},
		{map[string]string{"effective": "true-date", "start-day": "3"}, 1, "true-date 2026-11-11"},
		{map[string]string{"price-places": "4"}, 1, "true-date 2026-11-11"},
		{map[string]string{"effective": "next-period"}, 1, "next-period 2026-11-14"},
	} {
		o.now = o.now.AddDate(0, 0, step.later)
		_, err := o.ApplySettings(t.Context(), o.org, step.set, "ann")
		o.check(err)
		stored, err := o.Store.Settings(t.Context(), o.org.ID)
		o.check(err)
		since := ""
		if stored.EffectiveSince != (billing.Date{}) {
			since = stored.EffectiveSince.String()
		}
		if got := string(stored.EffectivePolicy) + " " + since; got != step.want {
			t.Errorf("after %v: %q, want %q", step.set, got, step.want)
		}
	}
}
