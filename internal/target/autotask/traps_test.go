package autotask_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	sim "spindle/internal/sim/autotask"
	"spindle/internal/target"
	"spindle/internal/target/autotask"
)

// The tenant of Autotask sheet §10.7: every row there once made a connector fall over.
func TestTrapsRead(t *testing.T) {
	n := newTenant(t, tenantOptions{scenario: "traps"})
	c := n.catalogue()
	var all []billing.CompanyID
	for _, company := range c.Companies {
		all = append(all, company.ID) // more than a thousand: three pages, and several lists
	}
	day := billing.DateOf(today)
	o, err := n.client.Read(t.Context(), target.Scope{Day: day, Companies: all})
	if err != nil || len(o.Incomplete) > 0 {
		t.Fatalf("%v, gaps %v", err, o.Incomplete)
	}
	contract := func(name string) billing.Contract {
		i := slices.IndexFunc(o.Contracts, func(c billing.Contract) bool { return c.Name == name })
		if i < 0 {
			t.Fatalf("contract %q was not read", name)
		}
		return o.Contracts[i]
	}
	lines := func(name string) (list []billing.ContractService) {
		id := contract(name).ID
		for _, l := range o.Lines {
			if l.ContractID == id {
				list = append(list, l)
			}
		}
		return list
	}
	service := func(l billing.ContractService) billing.Service {
		i := slices.IndexFunc(o.Services, func(s billing.Service) bool { return s.ID == l.ServiceID })
		return o.Services[i]
	}

	t.Run("other contract types are left out", func(t *testing.T) {
		for _, c := range o.Contracts {
			if !c.Recurring {
				t.Errorf("contract %+v", c)
			}
		}
	})
	t.Run("posted now, open next", func(t *testing.T) {
		l := lines("Managed services")[0]
		now, _ := l.RowOn(day)
		next, _ := l.RowOn(day.AddMonths(1))
		if !now.Posted || next.Posted || now.Period.Start != day.MonthStart() || now.Period.End != next.Period.Start {
			t.Errorf("now %+v\nnext %+v", now, next)
		}
	})
	t.Run("mixed contract", func(t *testing.T) {
		list := lines("Everything")
		if len(list) != 6 { // the bundle is no service
			t.Fatalf("%d lines, want 6", len(list))
		}
		if list[0].ServiceID != list[1].ServiceID || list[0].ID == list[1].ID {
			t.Error("the same service twice must be two lines")
		}
		if a, _ := list[0].UnitsOn(day); a != 10 {
			t.Errorf("first instance has %d units, want 10", a)
		}
		if b, _ := list[1].UnitsOn(day); b != 4 {
			t.Errorf("second instance has %d units, want 4", b)
		}
		yearly := list[2]
		this, _ := yearly.RowOn(day)
		next, _ := yearly.RowOn(billing.NewDate(2027, 3, 1))
		if service(yearly).PeriodType != billing.PeriodYear || this.Period != (billing.Period{Start: billing.NewDate(2026, 1, 1), End: billing.NewDate(2027, 1, 1)}) ||
			next.Period.Start != billing.NewDate(2027, 1, 1) || next.Units != 2 {
			t.Errorf("yearly service: now %+v, next year %+v", this, next)
		}
		if s := service(list[3]); s.Active || s.Name != "Retired antivirus" {
			t.Errorf("the inactive service in use reads %+v", s)
		}
		if row, _ := list[4].RowOn(day); row.Price.Sign() >= 0 {
			t.Errorf("a credit costs %s", row.Price)
		}
		if units, found := list[5].UnitsOn(day); units != 0 || !found {
			t.Errorf("an emptied line has %d units, found %v", units, found)
		}
	})
	t.Run("second currency", func(t *testing.T) {
		for _, l := range lines("Cloud services USD") {
			for _, row := range l.Rows {
				if row.Price.Currency() != "USD" {
					t.Errorf("row %+v is not in the customer's currency", row)
				}
			}
		}
		if row, _ := lines("Everything")[0].RowOn(day); row.Price.Currency() != "EUR" {
			t.Errorf("row %+v", row)
		}
	})
	t.Run("anchored on the 31st", func(t *testing.T) {
		l := lines("Cloud services from the 31st")[0]
		row, found := l.RowOn(day)
		if !found || !row.Period.Contains(day) || row.Period.Start != billing.NewDate(2026, 10, 31) {
			t.Errorf("row %+v", row)
		}
		if next, _ := l.RowOn(billing.NewDate(2026, 12, 15)); !next.Period.Contains(billing.NewDate(2026, 12, 15)) {
			t.Errorf("the next period is missing: %+v", l.Rows)
		}
	})
	t.Run("contract that ends this month", func(t *testing.T) {
		i := slices.IndexFunc(o.Contracts, func(c billing.Contract) bool { return c.End == billing.NewDate(2026, 11, 30) })
		if i < 0 {
			t.Fatal("its last day must stay inclusive")
		}
	})
}

func TestReadByIDTellsTypes(t *testing.T) {
	n := newTenant(t, tenantOptions{scenario: "traps"})
	ids := []billing.ContractID{"1", "x"}
	for id := 29_780_000; id < 29_780_012; id++ {
		ids = append(ids, billing.ContractID(strconv.Itoa(id)))
	}
	o, err := n.client.Read(t.Context(), target.Scope{Day: billing.DateOf(today), Contracts: ids})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(o.Contracts, func(c billing.Contract) bool { return c.Name == "Support by the hour" })
	if i < 0 || o.Contracts[i].Recurring {
		t.Errorf("the contract by the hour is asked for by its id and must tell its type: %+v", o.Contracts)
	}
	if len(o.Incomplete) != 2 {
		t.Errorf("gaps %v", o.Incomplete)
	}
	for _, want := range []string{"contract 1:", `contracts: "x"`} {
		if !strings.Contains(gapText(o.Incomplete), want) {
			t.Errorf("gap %q is not named in %v", want, o.Incomplete)
		}
	}
}

func gapText(gaps []billing.Gap) string {
	var b strings.Builder
	for _, g := range gaps {
		b.WriteString(g.What + ": " + g.Why + "\n")
	}
	return b.String()
}

// A security level that hides contracts gives no error, only fewer rows: that must never look like an empty tenant.
func TestHiddenContracts(t *testing.T) {
	for _, dialect := range []map[string]string{{}, {"restrictedQuery": "error"}, {"accessLevel": "number"}} {
		n := newTenant(t, tenantOptions{dialect: dialect})
		scope := target.Scope{Day: billing.DateOf(today), Companies: mapped(n.catalogue())}
		if err := n.sim.SetProfile(sim.ProfileNoContracts); err != nil {
			t.Fatal(err)
		}
		o, err := n.client.Read(t.Context(), scope)
		if err == nil && len(o.Incomplete) == 0 {
			t.Errorf("%v: hidden contracts look like none", dialect)
		}
		report, err := n.client.Check(t.Context())
		if err != nil || report.OK() {
			t.Errorf("%v: check %v %+v", dialect, err, report)
		}
		item := itemOf(t, report, "Access to contracts")
		if item.State != target.CheckFailed || !strings.Contains(item.Remedy, "Security Level") {
			t.Errorf("%+v", item)
		}
	}
}

func itemOf(t *testing.T, r target.Report, name string) target.CheckItem {
	t.Helper()
	i := slices.IndexFunc(r.Items, func(item target.CheckItem) bool { return item.Name == name })
	if i < 0 {
		t.Fatalf("no item %q in %+v", name, r.Items)
	}
	return r.Items[i]
}

func TestCheckHiddenCosts(t *testing.T) {
	for _, shown := range []string{"null", "zero"} {
		n := newTenant(t, tenantOptions{dialect: map[string]string{"hiddenCost": shown}})
		if err := n.sim.SetProfile(sim.ProfileNoCost); err != nil {
			t.Fatal(err)
		}
		report, err := n.client.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if item := itemOf(t, report, "Cost visibility"); item.State != target.CheckWarned || item.Remedy == "" {
			t.Errorf("hidden as %s: %+v", shown, item)
		}
	}
}

func TestCheckSettings(t *testing.T) {
	n := newTenant(t, tenantOptions{scenario: "traps", dialect: map[string]string{"picklistLabels": "standard"}})
	c := n.catalogue()
	var service, material, double billing.BillingCode
	for _, code := range c.Codes {
		switch {
		case code.Active && code.Use == billing.RecurringServiceUse:
			service = code
		case code.Active && code.Use == billing.MaterialUse:
			material = code
		case !code.Active:
			double = code
		}
	}
	vendor := c.Companies[slices.IndexFunc(c.Companies, func(c billing.Company) bool { return strings.Contains(c.Name, "Microsoft") })]
	tests := []struct {
		name     string
		settings billing.Settings
		item     string
		state    target.CheckState
		found    string
	}{
		{"vendor by name", billing.Settings{VendorName: vendor.Name}, "Vendor company", target.CheckPassed, string(vendor.ID)},
		{"vendor by id", billing.Settings{VendorName: vendor.Name, VendorCompanyID: vendor.ID}, "Vendor company", target.CheckPassed, vendor.Name},
		{"vendor nearly right", billing.Settings{VendorName: vendor.Name + " Corp"}, "Vendor company", target.CheckFailed, vendor.Name},
		{"vendor in another case", billing.Settings{VendorName: strings.ToUpper(vendor.Name)}, "Vendor company", target.CheckFailed, vendor.Name},
		{"vendor renamed", billing.Settings{VendorName: "Old name", VendorCompanyID: vendor.ID}, "Vendor company", target.CheckFailed, vendor.Name},
		{"no such vendor", billing.Settings{VendorName: "Zzyzx"}, "Vendor company", target.CheckFailed, "near matches: none"},
		{"two of a name", billing.Settings{VendorName: twice(c.Companies)}, "Vendor company", target.CheckFailed, "2 companies"},
		{"service code", billing.Settings{ServiceCodeID: service.ID}, "Recurring service billing code", target.CheckPassed, service.Name},
		{"service code by name", billing.Settings{ServiceCodeName: service.Name}, "Recurring service billing code", target.CheckPassed, service.Name},
		{"service code of the wrong kind", billing.Settings{ServiceCodeID: material.ID}, "Recurring service billing code", target.CheckFailed, service.Name},
		{"material code of the wrong kind", billing.Settings{MaterialCodeID: service.ID}, "Material billing code", target.CheckFailed, material.Name},
		{"unknown code", billing.Settings{MaterialCodeID: "999999"}, "Material billing code", target.CheckFailed, material.Name},
		{"inactive code", billing.Settings{ServiceCodeID: double.ID}, "Recurring service billing code", target.CheckFailed, "inactive"},
		{"currency", billing.Settings{Currency: "EUR"}, "Currencies", target.CheckPassed, "USD"},
		{"other currency", billing.Settings{Currency: "GBP"}, "Currencies", target.CheckFailed, "EUR"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "inactive code" && double.ID == "" {
				t.Skip("the seed has no inactive code")
			}
			client := n.connect(func(c *autotask.Config) { c.Settings = tt.settings })
			report, err := client.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			item := itemOf(t, report, tt.item)
			if item.State != tt.state || !strings.Contains(item.Found, tt.found) || item.State == target.CheckFailed && item.Remedy == "" {
				t.Errorf("%+v, want %s with %q", item, tt.state, tt.found)
			}
		})
	}
}

// twice gives a name that two companies have.
func twice(companies []billing.Company) string {
	seen := map[string]bool{}
	for _, c := range companies {
		if seen[c.Name] {
			return c.Name
		}
		seen[c.Name] = true
	}
	return ""
}

func TestCatalogue(t *testing.T) {
	n := newTenant(t, tenantOptions{scenario: "traps"})
	c := n.catalogue()
	for _, company := range c.Companies {
		if !company.Active || company.Currency == "" || company.Type == "" {
			t.Fatalf("company %+v", company)
		}
	}
	if c.Companies[0].ID != "0" {
		t.Error("the tenant's own company has id 0, which is real")
	}
	for _, contract := range c.Contracts {
		if !contract.Recurring || !contract.Active || contract.End.Before(billing.DateOf(today)) {
			t.Errorf("contract %+v", contract)
		}
	}
	if price := c.Services[0].UnitPrice; price.Currency() != "EUR" || price.Sign() == 0 {
		t.Errorf("catalogue price %s", price)
	}
}

func TestWrongCredentials(t *testing.T) {
	n := newTenant(t, tenantOptions{dialect: map[string]string{"lockout": "on"}})
	tests := []struct {
		name   string
		change func(*autotask.Config)
		item   string
		text   string
	}{
		{"secret", func(c *autotask.Config) { c.Secret = secretOf("wrong") }, "Credentials", "wrong user name or secret"},
		{"integration code", func(c *autotask.Config) { c.IntegrationCode = "WRONG" }, "Credentials", "integration code"},
		{"user name", func(c *autotask.Config) { c.UserName = "nobody@example.test" }, "Zone", "does not know"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := n.calls.Total()
			report, err := n.connect(tt.change).Check(t.Context())
			if err != nil || report.OK() {
				t.Fatalf("%v %+v", err, report)
			}
			item := itemOf(t, report, tt.item)
			if item.State != target.CheckFailed || !strings.Contains(item.Found, tt.text) || item.Remedy == "" {
				t.Errorf("%+v", item)
			}
			if calls := n.calls.Total() - before; calls > 2 {
				t.Errorf("%d calls: a refused login must not be repeated, or the user is locked", calls)
			}
		})
	}
}

func TestThreshold(t *testing.T) {
	for _, status := range []string{"429", "500"} {
		n := newTenant(t, tenantOptions{dialect: map[string]string{"overThreshold": status}})
		w := n.system("")
		if err := n.sim.SetUsage(sim.Usage{Count: 10_000}); err != nil {
			t.Fatal(err)
		}
		_, err := n.client.Read(t.Context(), target.Scope{Day: w.Day, Companies: []billing.CompanyID{w.Company}})
		at, ok := fault.RetryAt(err)
		if !ok || !at.After(n.sim.Now()) {
			t.Errorf("status %s: %v until %v", status, err, at)
		}
		if _, err := n.client.Apply(t.Context(), n.anyContract(w.Company)); !fault.Is(err, fault.KindWaitUntil) {
			t.Errorf("status %s: a write gives %v", status, err)
		}
	}
}

func TestForeignAmountsAreRefused(t *testing.T) {
	n := newTenant(t, tenantOptions{config: func(c *autotask.Config) { c.Settings.Currency = "EUR" }})
	change := n.anyService(n.system(""))
	change.NewService.UnitPrice = money.Of(money.Int(12), "USD")
	if _, err := n.client.Apply(t.Context(), change); !fault.Is(err, fault.KindInvalid) || n.writes.Load() != 0 {
		t.Errorf("a dollar price in a euro catalogue: %v", err)
	}
}
