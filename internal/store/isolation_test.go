package store_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

const hour = time.Hour

// farAway is a day that everything was before.
var farAway = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// notScoped are the methods that belong to no organization.
var notScoped = []string{
	"Backup", "Close", "CreateOrganization", "Cut", "DB", "Dialect", "Organization", "Organizations", "Ping", "Postgres", "Reader", "SQLite",
	// People belong to the installation.
	"BeginSignIn", "ClearTOTP", "ConfirmTOTP", "CreateFirstUser", "CreateUserLink", "Credentials", "DeleteSession", "EndSessions",
	"FailSignIn", "FinishSignIn", "HasUsers", "InvitationsFor", "Link", "Memberships", "OfferTOTP", "PassSignIn", "RedeemLink",
	"ResetPassword", "SaveSession", "Session", "SetDisabled", "SetPassword", "SetSubject", "TokenByHash", "UseRecoveryCode",
	"UseTOTPStep", "User", "UserByEmail", "UserBySubject",
	// A vendor's limit belongs to the tenant, which several organizations may share.
	"TenantCalls", "UpdateTenantCalls",
}

// tenantTables are keyed by vendor tenant: see migration 4.
var tenantTables = []string{"call_account", "call_slot"}

// peopleTables are keyed by person, browser or link: see migration 5.
var peopleTables = []string{"people_counter", "user_account", "recovery_code", "one_time_link", "web_session"}

// reads names one call of every method that reads, with the ids of another organization.
func reads(w world) map[string]func(ctx context.Context) (any, error) {
	set := lineSet("", 0).ID
	usage := billing.SetID{Kind: billing.BilledUsage, Invoice: "G1"}
	return map[string]func(ctx context.Context) (any, error){
		"Connection":         func(ctx context.Context) (any, error) { return w.Connection(ctx, w.org, store.Autotask) },
		"Directory":          func(ctx context.Context) (any, error) { return w.Directory(ctx, w.org) },
		"CustomersListed":    func(ctx context.Context) (any, error) { return w.CustomersListed(ctx, w.org) },
		"CustomersWithUsage": func(ctx context.Context) (any, error) { return w.CustomersWithUsage(ctx, w.org, "") },
		"Gone":               func(ctx context.Context) (any, error) { return w.Gone(ctx, w.org) },
		"Sources":            func(ctx context.Context) (any, error) { return w.Sources(ctx, w.org) },
		"CustomServices":     func(ctx context.Context) (any, error) { return w.CustomServices(ctx, w.org) },
		"Mappings":           func(ctx context.Context) (any, error) { return w.Mappings(ctx, w.org) },
		"Authorities":        func(ctx context.Context) (any, error) { return w.Authorities(ctx, w.org) },
		"LineSet":            func(ctx context.Context) (any, error) { return w.LineSet(ctx, w.org, set) },
		"LineSets": func(ctx context.Context) (any, error) {
			return w.LineSets(ctx, w.org, store.SetFilter{Superseded: true})
		},
		"LoadLineSets": func(ctx context.Context) (any, error) { return w.LoadLineSets(ctx, w.org, "") },
		"UsageSet":     func(ctx context.Context) (any, error) { return w.UsageSet(ctx, w.org, usage) },
		"UsageSets": func(ctx context.Context) (any, error) {
			return w.UsageSets(ctx, w.org, store.SetFilter{Superseded: true})
		},
		"LoadUsageSets": func(ctx context.Context) (any, error) { return w.LoadUsageSets(ctx, w.org, "") },
		"Invoices":      func(ctx context.Context) (any, error) { return w.Invoices(ctx, w.org) },
		"ImportReports": func(ctx context.Context) (any, error) { return w.ImportReports(ctx, w.org, 10) },
		"Run":           func(ctx context.Context) (any, error) { return w.Run(ctx, w.org, "2") },
		"Runs":          func(ctx context.Context) (any, error) { return w.Runs(ctx, w.org, store.RunFilter{}) },
		"Plan":          func(ctx context.Context) (any, error) { p, _, err := w.Plan(ctx, w.org, "2"); return p, err },
		"PlanFindings": func(ctx context.Context) (any, error) {
			p, err := w.PlanFindings(ctx, w.org, "2", store.Page{})
			return p.Rows, err
		},
		"Desired":    func(ctx context.Context) (any, error) { return w.Desired(ctx, w.org, "2") },
		"RuleCosts":  func(ctx context.Context) (any, error) { return w.RuleCosts(ctx, w.org, "2", "trial") },
		"Decisions":  func(ctx context.Context) (any, error) { return w.Decisions(ctx, w.org, "2") },
		"Unfinished": func(ctx context.Context) (any, error) { return w.Unfinished(ctx, w.org) },
		"Memory": func(ctx context.Context) (any, error) {
			m, err := w.Memory(ctx, w.org)
			if len(m.Contracts)+len(m.Services)+len(m.Charges)+len(m.Lines) == 0 {
				return plan.Memory{}, err
			}
			return m, err
		},
		"ServiceNames": func(ctx context.Context) (any, error) { n, err := w.ServiceNames(ctx, w.org); return len(n) > 0, err },
		"LockHolder": func(ctx context.Context) (any, error) {
			holder, _, err := w.LockHolder(ctx, w.org)
			return holder, err
		},
		"Catalogue":       func(ctx context.Context) (any, error) { c, _, err := w.Catalogue(ctx, w.org); return c, err },
		"Catalogued":      func(ctx context.Context) (any, error) { return w.Catalogued(ctx, w.org) },
		"PriceRules":      func(ctx context.Context) (any, error) { return w.PriceRules(ctx, w.org) },
		"Customers":       func(ctx context.Context) (any, error) { return w.Customers(ctx, w.org) },
		"CompanyMappings": func(ctx context.Context) (any, error) { return w.CompanyMappings(ctx, w.org) },
		"ChangesIn": func(ctx context.Context) (any, error) {
			return w.ChangesIn(ctx, w.org, "2", store.ChangeProposed, store.ChangeSending, store.ChangeApproved, store.ChangeApplied)
		},
		"Matching": func(ctx context.Context) (any, error) { // its own number is no secret: the one of the full organization is higher
			n, err := w.Matching(ctx, w.org)
			return n > 1, err
		},
		"Writes": func(ctx context.Context) (any, error) { // its own number is no secret: the one of the full organization is high
			n, err := w.Writes(ctx, w.org)
			return n > 5, err
		},
		"Readbacks":         func(ctx context.Context) (any, error) { return w.Readbacks(ctx, w.org, "2") },
		"OrganizationCalls": func(ctx context.Context) (any, error) { return w.OrganizationCalls(ctx, w.org) },
		"SharedTenant":      func(ctx context.Context) (any, error) { return w.SharedTenant(ctx, w.org) }, // how many: who they are it does not say
		"Settings": func(ctx context.Context) (any, error) {
			settings, err := w.Settings(ctx, w.org)
			if settings == store.DefaultSettings() {
				return billing.Settings{}, err
			}
			return settings, err
		},
		"Audit": func(ctx context.Context) (any, error) { // its own: that it was made
			all, err := w.Audit(ctx, w.org, store.AuditFilter{AfterSeq: 1})
			return all, err
		},
		"Members":     func(ctx context.Context) (any, error) { return w.Members(ctx, w.org) },
		"Member":      func(ctx context.Context) (any, error) { return w.Member(ctx, w.org, "u1") },
		"Invitations": func(ctx context.Context) (any, error) { return w.Invitations(ctx, w.org) },
		"Tokens":      func(ctx context.Context) (any, error) { return w.Tokens(ctx, w.org) },
		"Removable": func(ctx context.Context) (any, error) {
			return w.Removable(ctx, w.org, store.RetentionCut{Papers: farAway})
		},
		"RetainedOn":  func(ctx context.Context) (any, error) { return w.RetainedOn(ctx, w.org) },
		"AzureDays":   func(ctx context.Context) (any, error) { return w.AzureDays(ctx, w.org, "", "c1") },
		"VerifyAudit": func(ctx context.Context) (any, error) { return nil, w.VerifyAudit(ctx, w.org) },
	}
}

// TestEveryMethodIsCoveredByTheIsolationTests keeps the two lists whole when a method is added.
func TestEveryMethodIsCoveredByTheIsolationTests(t *testing.T) {
	s := storetest.New(t)
	covered := map[string]bool{}
	for _, name := range notScoped {
		covered[name] = true
	}
	for name := range consoleReads(office{}, "") {
		covered[name] = true
	}
	for name := range reads(world{Store: s}) {
		covered[name] = true
	}
	for _, c := range writes(world{Store: s}) {
		covered[c.method] = true
	}
	for m := range reflect.TypeFor[*store.Store]().Methods() {
		if !covered[m.Name] {
			t.Errorf("Store.%s is in none of notScoped, reads and writes", m.Name)
		}
		scoped := m.Type.NumIn() > 2 && m.Type.In(2) == reflect.TypeFor[billing.OrganizationID]()
		if listed := strings.Contains(" "+strings.Join(notScoped, " ")+" ", " "+m.Name+" "); listed == scoped {
			t.Errorf("Store.%s: organization is its first parameter: %v, listed as not scoped: %v", m.Name, scoped, listed)
		}
	}
}

// TestOrganizationsDoNotSeeEachOther fills one organization and asks for all of it in the name of another.
func TestOrganizationsDoNotSeeEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		full := newWorld(t, s, "Northwind IT")
		for _, c := range writes(full) {
			if strings.HasPrefix(c.method, "Delete") || strings.HasPrefix(c.method, "Un") || c.method == "ClearSwitch" || c.method == "BreakLock" {
				continue // keep something of everything
			}
			must(t, c.do(t.Context()))
		}
		_, err := s.BeginSend(t.Context(), full.org, "2", "c", "{}") // something unfinished
		must(t, err)
		must(t, s.SaveDirectory(t.Context(), full.org, "old", subscriptions("s9"))) // something gone
		must(t, s.SaveDirectory(t.Context(), full.org, "old", billing.Directory{}))
		must(t, s.UpdateTenantCalls(t.Context(), "zone/1", func(a *store.CallAccount) { a.Others = 7 }))
		must(t, s.JoinCalls(t.Context(), organization(t, s, "Neighbour"), "zone/1"))
		stranger := world{s, organization(t, s, "Fabrikam")}
		for name, read := range reads(full) {
			got, err := read(t.Context())
			must(t, err)
			if v := reflect.ValueOf(got); name != "VerifyAudit" && v.IsZero() {
				t.Errorf("%s finds nothing in the full organization: the test below would prove nothing", name)
			}
		}
		for name, read := range reads(stranger) {
			got, err := read(t.Context())
			if err != nil {
				if !fault.Is(err, fault.KindNotFound) {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			if v := reflect.ValueOf(got); v.IsValid() && !v.IsZero() {
				t.Errorf("%s shows another organization's %+v", name, got)
			}
		}
	})
}

// TestOrganizationsDoNotTouchEachOther makes every write in the name of one organization and looks at the rows of another.
func TestOrganizationsDoNotTouchEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		full := newWorld(t, s, "Northwind IT")
		for _, c := range writes(full) {
			must(t, c.do(t.Context()))
		}
		before := dump(t, s, full.org)
		if len(before) < 30 {
			t.Fatalf("only %d rows", len(before))
		}
		other := newWorld(t, s, "Fabrikam")
		for _, c := range writes(other) {
			must(t, c.do(t.Context()))
		}
		empty := world{s, organization(t, s, "Contoso")}
		for _, c := range writes(empty) {
			_ = c.do(t.Context()) // some need a plan and refuse
		}
		equal(t, dump(t, s, full.org), before)
	})
}

func TestUnknownOrganizationCannotWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, c := range writes(world{s, "nobody"}) {
			if err := c.do(t.Context()); !fault.Is(err, fault.KindNotFound) {
				t.Errorf("%s: %v", c.method, err)
			}
		}
		equal(t, dump(t, s, ""), []string(nil))
	})
}

func TestEveryTableKeyStartsWithTheOrganization(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		keys := tables(t, s)
		if len(keys) < 25 {
			t.Fatalf("only %d tables found", len(keys))
		}
		for table, columns := range keys {
			if slices.Contains(peopleTables, table) || slices.Contains(tenantTables, table) {
				continue
			}
			if want := map[bool]string{true: "id", false: "organization_id"}[table == "organization"]; columns[0] != want {
				t.Errorf("the key of %s starts with %s", table, columns[0])
			}
		}
	})
}
