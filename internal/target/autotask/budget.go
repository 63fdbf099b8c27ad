package autotask

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"spindle/internal/target"
	"spindle/internal/transport"
)

// Budget grants calls out of what a tenant has left, and learns from the tenant's own counter (design §6.7).
type Budget interface {
	transport.Taker
	LookDue(ctx context.Context) (bool, error)
	Observe(ctx context.Context, used, limit int) error
}

// tenantName names the database whose calls are limited (Autotask sheet §1.3, §3.4): its number within the zone's host, so that every API
// user of the database leads to the same budget. A connection that skips the zone lookup knows no number and is told by its user.
func tenantName(zone *url.URL, number wireID, user string) string {
	host := strings.ToLower(zone.Host)
	if number.set {
		return host + " database " + number.String()
	}
	return host + " user " + strings.ToLower(user)
}

// openBudget finds the budget of the tenant, once its zone is known.
func (t *Target) openBudget(ctx context.Context, tenant string) error {
	if t.cfg.Budget == nil {
		return nil
	}
	budget, err := t.cfg.Budget(ctx, tenant)
	if err == nil {
		t.budget.set(budget)
	}
	return err
}

// budgetGate lets calls pass until the tenant is known: only the zone lookup is made before.
type budgetGate struct {
	mu    sync.Mutex
	inner Budget
}

func (g *budgetGate) set(b Budget) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inner = b
}

func (g *budgetGate) get() Budget {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inner
}

// Take implements transport.Taker.
func (g *budgetGate) Take(ctx context.Context) (time.Duration, error) {
	if b := g.get(); b != nil {
		return b.Take(ctx)
	}
	return 0, nil
}

// mindBudget looks at the tenant's counter when it is time: other integrations use the same calls.
func (t *Target) mindBudget(ctx context.Context) error {
	if _, err := t.base(ctx); err != nil {
		return err
	}
	budget := t.budget.get()
	if budget == nil {
		return nil
	}
	due, err := budget.LookDue(ctx)
	if err != nil || !due {
		return err
	}
	_, err = t.Threshold(ctx)
	return err
}

// Threshold reads the tenant's call counter, and tells the budget about the calls of others. It is read also when the budget has nothing
// left: it is how the budget learns that there is room again.
func (t *Target) Threshold(ctx context.Context) (target.CallBudget, error) {
	var counter struct {
		Limit  wireDecimal `json:"externalRequestThreshold"`
		Window wireDecimal `json:"requestThresholdTimeframe"`
		Used   wireDecimal `json:"currentTimeframeRequestCount"`
	}
	if err := t.read(transport.WithoutBudget(ctx), http.MethodGet, "ThresholdInformation", nil, &counter); err != nil {
		return target.CallBudget{}, err
	}
	whole := func(d wireDecimal) int { n, _ := d.value.Int64(); return int(n) }
	if budget := t.budget.get(); budget != nil {
		if err := budget.Observe(ctx, whole(counter.Used), whole(counter.Limit)); err != nil {
			return target.CallBudget{}, err
		}
	}
	return target.CallBudget{Limit: whole(counter.Limit), Used: whole(counter.Used), Window: whole(counter.Window)}, nil
}
