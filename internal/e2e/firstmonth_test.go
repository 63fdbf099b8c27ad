package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/rating"
	"spindle/internal/store"
)

// The organization bills from September; a customer that is switched on in November pays for neither September nor October: what Microsoft
// billed for it then is excluded by a named rule, and every line is still accounted for (law 6). It fails when a customer that comes later
// is charged for all months since the organization began.
func TestACustomerBeginsWithItsOwnMonth(t *testing.T) {
	t.Parallel()
	s := newStage(t, smallWorld(t), options{})
	s.org = must(s.app.Engine.CreateOrganization(t.Context(), s.world.PartnerName, clerk))(t)
	s.connectMicrosoft()
	s.connectAutotask()
	s.mapCustomers()
	early, late := billing.CustomerID(s.world.Customers[0].TenantID), billing.CustomerID(s.world.Customers[1].TenantID)
	must(s.app.Engine.ApplySettings(t.Context(), s.org, map[string]string{"bill-from": "2026-09"}, clerk))(t)
	s.bill(engine.BillingOrder{On: true, Customer: early, From: "2026-09"})
	s.bill(engine.BillingOrder{On: true, Customer: late})
	must(s.app.Engine.RouteAll(t.Context(), s.org, clerk))(t)
	check(t, s.app.Engine.EnableTarget(t.Context(), s.org, true, clerk))
	s.reload()

	p := s.month(true)
	s.wantCharged(early, "2026-09", "2026-10")
	s.wantCharged(late)
	d := must(s.app.Store.Desired(t.Context(), s.org.ID, p.Run.ID))(t)
	s.wantAllAccountedFor(d)
	if sums := engine.ExcludedSums(d.Dispositions); !slices.ContainsFunc(sums, func(r engine.RuleSum) bool { return r.Rule == rating.RuleBeforeFirst }) {
		t.Errorf("no rule says that a month was left out: %v", sums)
	} else if stored := must(s.app.Engine.Excluded(t.Context(), s.org, p.Run.ID))(t); fmt.Sprint(stored) != fmt.Sprint(sums) {
		t.Errorf("the run's page says %v, the plan %v", stored, sums)
	}
	for _, l := range d.Lines {
		if l.CustomerID == late && l.PeriodType == billing.PeriodYear && l.Since.Before(l.BillFrom) {
			s.wantNothingBefore(l, day(time.November, 1))
		}
	}
	s.wantQuiet(true)

	// In December its first month is charged, and only that; then a person opens October, after seeing what it means.
	s.microsoft.CloseMonth()
	s.goTo(day(time.December, 9))
	s.month(true)
	s.wantCharged(late, "2026-11")
	r := s.bill(engine.BillingOrder{On: true, Customer: late, From: "2026-10"})
	if !r.Reaches || len(r.Effect.Charges) != 1 || r.Effect.Charges[0].Month != "2026-10" {
		t.Fatalf("what opening October means: %+v", r.Effect)
	}
	opened := s.month(true)
	s.wantCharged(late, "2026-10", "2026-11")
	var money []string
	for _, c := range opened.Plan.Changes {
		if !c.OneOff.IsZero() {
			money = append(money, c.OneOff.String())
		}
	}
	if want := r.Effect.Charges[0].Money.String(); strings.Join(money, ", ") != want {
		t.Errorf("charged %v, and said before: %s", money, want)
	}
	s.wantQuiet(true)

	// Off and on again: nothing of what lies between.
	s.bill(engine.BillingOrder{Customer: late})
	s.microsoft.CloseMonth()
	s.goTo(time.Date(2027, time.January, 12, 9, 0, 0, 0, time.UTC))
	s.bill(engine.BillingOrder{On: true, Customer: late})
	s.month(true)
	s.wantCharged(late, "2026-10", "2026-11")
	s.wantCharged(early, "2026-09", "2026-10", "2026-11", "2026-12")
	s.wantQuiet(true)
}

// bill reviews and saves an order.
func (s *stage) bill(o engine.BillingOrder) engine.BillingReview {
	s.t.Helper()
	r := must(s.app.Engine.ReviewBilling(s.t.Context(), s.org, o))(s.t)
	check(s.t, s.app.Engine.SaveBilling(s.t.Context(), s.org, r, clerk))
	return r
}

// wantCharged wants exactly the charges of these months to have been written for a customer, one each.
func (s *stage) wantCharged(customer billing.CustomerID, months ...string) {
	s.t.Helper()
	var found []string
	for _, run := range must(s.app.Store.Runs(s.t.Context(), s.org.ID, store.RunFilter{}))(s.t) {
		_, states, err := s.app.Store.Plan(s.t.Context(), s.org.ID, run.ID)
		check(s.t, err)
		for _, c := range states {
			if c.Change.NewCharge != nil && c.Change.CustomerID == customer && c.State == store.ChangeApplied {
				found = append(found, string(c.Change.NewCharge.Month))
			}
		}
	}
	slices.Sort(found)
	if !slices.Equal(found, months) {
		s.t.Errorf("charged for %v, want %v", found, months)
	}
}

// wantNothingBefore wants a line to have no units before its next cycle: the running one began before the first billed month.
func (s *stage) wantNothingBefore(l billing.DesiredLine, today time.Time) {
	s.t.Helper()
	memory := must(s.app.Store.Memory(s.t.Context(), s.org.ID))(s.t)
	for _, a := range memory.Lines {
		if a.LineKey == l.Key && !a.From.After(billing.DateOf(today)) {
			s.t.Errorf("%s, charged since %s, begins on %s although billing begins on %s", l.Name, l.Since, a.From, l.BillFrom)
		}
	}
}
