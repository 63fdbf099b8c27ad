package autotask_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"spindle/internal/billing"
	sim "spindle/internal/sim/autotask"
	"spindle/internal/target"
)

// mapped lists the customers, as a clerk would have mapped them.
func mapped(c billing.Catalogue) []billing.CompanyID {
	var ids []billing.CompanyID
	for _, company := range c.Companies {
		if strings.HasPrefix(company.Number, "C1") {
			ids = append(ids, company.ID)
		}
	}
	return ids
}

// budget is what design §6.7 allows for one read of this size, the zone lookup apart.
func budget(o billing.Observed, marks int) int {
	rows := 0
	for _, l := range o.Lines {
		rows += len(l.Rows)
	}
	pages := 0
	for _, n := range []int{len(o.Contracts), len(o.Services), len(o.Lines), rows, 1 /* currencies */} {
		pages += max(1, (n+499)/500)
	}
	if marks > 0 {
		pages += max(1, (len(o.Charges)+499)/500)
	}
	return pages * 3 / 2
}

// readCalls reads once and checks the calls against the budget.
func (n *tenant) readCalls(scope target.Scope) (billing.Observed, int) {
	n.Helper()
	before := n.calls.Total()
	o, err := n.client.Read(n.Context(), scope)
	if err != nil || len(o.Incomplete) > 0 {
		n.Fatalf("%v, gaps %v", err, o.Incomplete)
	}
	calls := n.calls.Total() - before
	if allowed := budget(o, len(scope.Charges)); calls > allowed {
		n.Errorf("%d calls, allowed are %d: %v", calls, allowed, n.calls.Counts())
	}
	return o, calls
}

func TestReadBudgetSmall(t *testing.T) {
	n := newTenant(t, tenantOptions{})
	scope := target.Scope{Day: billing.DateOf(today), Companies: mapped(n.catalogue()), Charges: []string{"SPN-0123456789abcdef"}}
	o, calls := n.readCalls(scope)
	t.Logf("demo: %d contracts, %d lines, %d calls", len(o.Contracts), len(o.Lines), calls)
}

// TestReadBudgetLarge reads 1,000 customers with 2,000 contracts and 8,000 lines: at most 100 calls.
func TestReadBudgetLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("seeds 8,000 lines over HTTP")
	}
	n := newTenant(t, tenantOptions{scenario: "large"})
	c := n.catalogue()
	n.fill(c, 4)
	scope := target.Scope{Day: billing.DateOf(today), Companies: mapped(c)}
	o, calls := n.readCalls(scope)
	t.Logf("large: %d contracts, %d lines, %d calls", len(o.Contracts), len(o.Lines), calls)
	if len(o.Contracts) != 2000 || len(o.Lines) < 8000 || calls > 100 {
		t.Errorf("%d contracts, %d lines, %d calls", len(o.Contracts), len(o.Lines), calls)
	}
	for _, l := range o.Lines {
		if units, _ := l.UnitsOn(scope.Day); units == 0 {
			t.Fatalf("contract service %s shows no units: %+v", l.ID, l.Rows)
		}
	}
	// Half of the customers: lists of ids instead of a walk.
	scope.Companies = scope.Companies[:500]
	half, calls := n.readCalls(scope)
	if len(half.Contracts) != 1000 || len(half.Lines)*2 != len(o.Lines) {
		t.Errorf("half: %d contracts, %d lines", len(half.Contracts), len(half.Lines))
	}
	t.Logf("half of it: %d lines, %d calls", len(half.Lines), calls)
	sameLines(t, o, half)
}

// sameLines expects every line of part to read exactly as in whole, however it was fetched.
func sameLines(t *testing.T, whole, part billing.Observed) {
	t.Helper()
	lines := map[billing.ContractServiceID]string{}
	for _, l := range whole.Lines {
		lines[l.ID] = fmt.Sprintf("%+v", l)
	}
	for _, l := range part.Lines {
		if got := fmt.Sprintf("%+v", l); lines[l.ID] != got {
			t.Fatalf("line %s reads differently:\n%s\n%s", l.ID, lines[l.ID], got)
		}
	}
}

// fill brings every contract to a number of lines, beside our client: an adjustment that names contract and service adds the line.
func (n *tenant) fill(c billing.Catalogue, perContract int) {
	n.Helper()
	o, err := n.client.Read(n.Context(), target.Scope{Day: billing.DateOf(today), Companies: mapped(c)})
	if err != nil {
		n.Fatal(err)
	}
	has := map[billing.ContractID]int{}
	for _, l := range o.Lines {
		has[l.ContractID]++
	}
	work := make(chan map[string]any)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for body := range work {
				n.post("ContractServiceAdjustments", body)
			}
		})
	}
	for _, contract := range o.Contracts {
		for k := has[contract.ID]; k < perContract; k++ {
			s := o.Services[k%len(o.Services)]
			work <- map[string]any{"contractID": json.Number(contract.ID), "serviceID": json.Number(s.ID), "allowRepeatService": true, "unitChange": 3 + k,
				"effectiveDate": "2026-01-01"}
		}
	}
	close(work)
	wg.Wait()
	if err := n.sim.SetUsage(sim.Usage{}); err != nil {
		n.Fatal(err)
	}
}

// post writes to the tenant beside our client.
func (n *tenant) post(path string, body map[string]any) { n.send(http.MethodPost, path, body) }

// put changes a row beside our client, as a person would.
func (n *tenant) put(path string, body map[string]any) { n.send(http.MethodPut, path, body) }

func (n *tenant) send(method, path string, body map[string]any) {
	raw, err := json.Marshal(body)
	if err != nil {
		n.Error(err)
		return
	}
	keys := n.sim.Credentials()
	req, err := http.NewRequestWithContext(n.Context(), method, n.url+"/ATServicesRest/v1.0/"+path, bytes.NewReader(raw))
	if err != nil {
		n.Error(err)
		return
	}
	req.Header.Set("ApiIntegrationCode", keys.IntegrationCode)
	req.Header.Set("UserName", keys.UserName)
	req.Header.Set("Secret", keys.Secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		n.Error(err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		n.Errorf("%s %s: %d", method, path, resp.StatusCode)
	}
}
