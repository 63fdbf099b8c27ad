package store_test

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// small is a database like the one that benchmarks use, with little of everything.
var small = storetest.Size{Customers: 42, Lines: 126, Months: 3}

// office is a small database with its organization, and another organization beside it that has nothing.
type office struct {
	world
	stranger billing.OrganizationID
	last     store.RunID // the newest run with a plan
}

// eachOffice runs a test on each database.
func eachOffice(t *testing.T, test func(t *testing.T, o office)) {
	t.Helper()
	storetest.EachURL(t, func(t *testing.T, address string) {
		clock := small.Clock()
		s := storetest.Open(t, store.Options{URL: address, Now: clock.Now})
		o := office{world: world{s, storetest.Large(t, s, clock, small)}, stranger: organization(t, s, "Fabrikam")}
		runs, err := s.RunList(t.Context(), o.org, store.RunListFilter{Trigger: "console", Page: store.Page{Size: 1}})
		must(t, err)
		equal(t, runs.Total, small.Months)
		o.last = runs.Rows[0].ID
		test(t, o)
	})
}

// consoleReads names one call of every read of the console, with the ids of the office.
func consoleReads(o office, org billing.OrganizationID) map[string]func(ctx context.Context) (any, error) {
	customer, month := small.Customer(3), billing.Month("2025-02")
	key := "200003|303|CFQ7TTC00003:0001:P1Y:monthly"
	return map[string]func(ctx context.Context) (any, error){
		"BillingCodes":     func(ctx context.Context) (any, error) { return o.BillingCodes(ctx, org, billing.MaterialUse) },
		"Companies":        func(ctx context.Context) (any, error) { return o.Companies(ctx, org, "ridge", 5) },
		"Company":          func(ctx context.Context) (any, error) { return o.Company(ctx, org, "100003") },
		"Contract":         func(ctx context.Context) (any, error) { return o.Contract(ctx, org, "200003") },
		"Contracts":        func(ctx context.Context) (any, error) { return o.Contracts(ctx, org, "100003") },
		"CustomerMappings": func(ctx context.Context) (any, error) { return o.CustomerMappings(ctx, org, small.Customer(4)) },
		"CustomerNames": func(ctx context.Context) (any, error) {
			names, err := o.CustomerNames(ctx, org, customer)
			return names[customer], err
		},
		"CustomerNameList": func(ctx context.Context) (any, error) { return o.CustomerNameList(ctx, org, 3) },
		"Products":         func(ctx context.Context) (any, error) { return o.Products(ctx, org, "product 3", 5) },
		"Services":         func(ctx context.Context) (any, error) { return o.Services(ctx, org, "303", 5) },
		"Subscription": func(ctx context.Context) (any, error) {
			return o.Subscription(ctx, org, "5b000003-0000-4000-8000-000000000000")
		},
		"AuditList": func(ctx context.Context) (any, error) {
			return o.AuditList(ctx, org, store.AuditListFilter{Action: "mapping."})
		},
		"AzureApprovals": func(ctx context.Context) (any, error) { return o.AzureApprovals(ctx, org, month) },
		"AzureCustomer":  func(ctx context.Context) (any, error) { return o.AzureCustomer(ctx, org, customer, month) },
		"AzureCustomers": func(ctx context.Context) (any, error) {
			return o.AzureCustomers(ctx, org, store.AzureFilter{Month: month})
		},
		"AzureMonths": func(ctx context.Context) (any, error) { return o.AzureMonths(ctx, org, 24) },
		"AzureUsage": func(ctx context.Context) (any, error) {
			return o.AzureUsage(ctx, org, store.AzureUsageFilter{Customer: customer, Month: month})
		},
		"CustomerDetail": func(ctx context.Context) (any, error) { return o.CustomerDetail(ctx, org, customer) },
		"CustomerRows":   func(ctx context.Context) (any, error) { return rowsFound(o.CustomerRows(ctx, org, customer, "none")) },
		"CustomerList":   func(ctx context.Context) (any, error) { return o.CustomerList(ctx, org, store.CustomerFilter{}) },
		"FindLines":      func(ctx context.Context) (any, error) { return o.FindLines(ctx, org, key) },
		"Finding": func(ctx context.Context) (any, error) {
			return o.Finding(ctx, org, "customer-unmapped/"+string(small.Customer(0)))
		},
		"Findings":         func(ctx context.Context) (any, error) { return o.Findings(ctx, org, store.FindingFilter{}) },
		"ImportReport":     func(ctx context.Context) (any, error) { return o.ImportReport(ctx, org, 1) },
		"ImportReportList": func(ctx context.Context) (any, error) { return o.ImportReportList(ctx, org, store.Page{}) },
		"LineProof":        func(ctx context.Context) (any, error) { return o.LineProof(ctx, org, key, store.Page{}) },
		"Lines":            func(ctx context.Context) (any, error) { return o.Lines(ctx, org, store.LineFilter{}) },
		"MonthTotals":      func(ctx context.Context) (any, error) { return o.MonthTotals(ctx, org, 24) },
		"PlanChange": func(ctx context.Context) (any, error) {
			page, err := o.PlanChanges(ctx, o.org, o.last, store.PlanChangeFilter{})
			if err != nil {
				return nil, err
			}
			return o.PlanChange(ctx, org, o.last, page.Rows[0].Change.ID)
		},
		"PlanChanges": func(ctx context.Context) (any, error) {
			return o.PlanChanges(ctx, org, o.last, store.PlanChangeFilter{})
		},
		"PlanGroupChanges": func(ctx context.Context) (any, error) {
			groups, err := o.PlanGroups(ctx, org, o.last, store.PlanGroupFilter{})
			if err != nil {
				return nil, err
			}
			return o.PlanGroupChanges(ctx, org, o.last, []store.PlanGroupKey{groups.Rows[0].PlanGroupKey}, store.PlanChangeFilter{}, 1)
		},
		"PlanGroups":  func(ctx context.Context) (any, error) { return o.PlanGroups(ctx, org, o.last, store.PlanGroupFilter{}) },
		"RunList":     func(ctx context.Context) (any, error) { return o.RunList(ctx, org, store.RunListFilter{}) },
		"RunProgress": func(ctx context.Context) (any, error) { return o.RunProgress(ctx, org, o.last) },
		"RunSummary":  func(ctx context.Context) (any, error) { return o.RunSummary(ctx, org, o.last) },
		"SourceUses": func(ctx context.Context) (any, error) {
			return o.SourceUses(ctx, org, billing.SetID{Kind: billing.BilledLines, PartnerID: "partner", Invoice: "G000002", Currency: "EUR"}, 5)
		},
	}
}

// TestConsoleShowsNothingOfOtherOrganizations asks for everything in the name of an organization that has nothing.
func TestConsoleShowsNothingOfOtherOrganizations(t *testing.T) {
	eachOffice(t, func(t *testing.T, o office) {
		for name, read := range consoleReads(o, o.org) {
			got, err := read(t.Context())
			must(t, err)
			if reflect.ValueOf(got).IsZero() {
				t.Errorf("%s finds nothing in the full organization: the test below would prove nothing", name)
			}
		}
		for name, read := range consoleReads(o, o.stranger) {
			got, err := read(t.Context())
			if err != nil {
				wantKind(t, err, fault.KindNotFound)
				continue
			}
			if v := reflect.ValueOf(got); !v.IsZero() {
				t.Errorf("%s shows another organization's %+v", name, got)
			}
		}
	})
}

// rowsFound makes no rows nothing.
func rowsFound[K comparable, V any](rows map[K]V, err error) (any, error) {
	return len(rows), err
}

// everyPage reads a list page by page and checks that the pages make up the whole.
func everyPage[T any](t *testing.T, read func(store.Page) (store.Listed[T], error)) []T {
	t.Helper()
	const size = 7
	var all []T
	for number := 1; ; number++ {
		page, err := read(store.Page{Number: number, Size: size})
		must(t, err)
		all = append(all, page.Rows...)
		if len(page.Rows) < size {
			equal(t, len(all), page.Total)
			walked(t, read, all)
			return all
		}
	}
}

// walked reads a list as exports do, and wants the same.
func walked[T any](t *testing.T, read func(store.Page) (store.Listed[T], error), want []T) {
	t.Helper()
	const size = 5
	var walk store.Walk
	var all []T
	for number := 1; ; number++ {
		page, err := read(store.Page{Number: number, Size: size, Walk: &walk})
		must(t, err)
		if all = append(all, page.Rows...); len(page.Rows) < size {
			equal(t, all, want)
			return
		}
	}
}

func ordered[T any, K cmp.Ordered](t *testing.T, what string, rows []T, desc bool, key func(T) K) {
	t.Helper()
	keys := make([]K, len(rows))
	for i, r := range rows {
		keys[i] = key(r)
	}
	if desc {
		slices.Reverse(keys)
	}
	if !slices.IsSorted(keys) {
		t.Errorf("%s is not in order: %v", what, keys)
	}
}

func TestCustomersAreListedByWhatIsAsked(t *testing.T) {
	eachOffice(t, func(t *testing.T, o office) {
		ctx := t.Context()
		list := func(f store.CustomerFilter) []store.CustomerRow {
			return everyPage(t, func(p store.Page) (store.Listed[store.CustomerRow], error) {
				f.Page = p
				page, err := o.CustomerList(ctx, o.org, f)
				return page.Listed, err
			})
		}
		all := list(store.CustomerFilter{})
		equal(t, len(all), small.Customers)
		for _, desc := range []bool{false, true} {
			ordered(t, "name", list(store.CustomerFilter{Sort: store.CustomersByName, Desc: desc}), desc, func(c store.CustomerRow) string { return store.Fold(c.Name) })
			ordered(t, "price", list(store.CustomerFilter{Sort: store.CustomersByPrice, Desc: desc}), desc, func(c store.CustomerRow) int64 {
				return store.SortKey(c.Monthly.Price) + store.SortKey(c.Charges.Price)
			})
			ordered(t, "margin", list(store.CustomerFilter{Sort: store.CustomersByMargin, Desc: desc}), desc, func(c store.CustomerRow) int64 {
				return store.SortKey(c.Monthly.Margin) + store.SortKey(c.Charges.Margin)
			})
			ordered(t, "status", list(store.CustomerFilter{Sort: store.CustomersByStatus, Desc: desc}), desc, func(c store.CustomerRow) int {
				return slices.Index(store.CustomerStatuses(), c.Status)
			})
		}
		page, err := o.CustomerList(ctx, o.org, store.CustomerFilter{State: store.CustomerOff})
		must(t, err)
		counts := map[store.CustomerStatus]int{}
		for _, c := range all {
			counts[c.Status]++
		}
		equal(t, page.States, counts) // whatever state is asked for
		equal(t, page.Total, counts[store.CustomerOff])
		for _, status := range []store.CustomerStatus{store.CustomerUnmapped, store.CustomerOff, store.CustomerFinding} {
			if counts[status] == 0 {
				t.Errorf("no customer is %s: %v", status, counts)
			}
		}
		for query, want := range map[string]int{"RIDGE": 42, "legal 2": 2, "customer41.onmicrosoft": 1, string(small.Customer(7)): 1, "100%": 0, "_": 0, " ridge ": 42} {
			equal(t, len(list(store.CustomerFilter{Query: query})), want)
		}
		_, err = o.CustomerList(ctx, o.org, store.CustomerFilter{Sort: "; DROP"})
		wantKind(t, err, fault.KindInvalid)
		_, err = o.CustomerList(ctx, o.org, store.CustomerFilter{State: "x"})
		wantKind(t, err, fault.KindInvalid)
	})
}

// TestCustomerStatusFollowsEveryDecision takes one customer from unknown to in step; the list shows each step at once.
func TestCustomerStatusFollowsEveryDecision(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		must(t, s.SetTargetEnabled(ctx, org, true, "ann"))
		status := func() store.CustomerStatus {
			t.Helper()
			page, err := s.CustomerList(ctx, org, store.CustomerFilter{})
			must(t, err)
			equal(t, page.Total, 1)
			return page.Rows[0].Status
		}
		directory := billing.Directory{Customers: []billing.Customer{{ID: "c", Name: "Äpfel"}}, Subscriptions: []billing.Subscription{{ID: "s", CustomerID: "c"}}}
		must(t, s.SaveDirectory(ctx, org, "partnercenter", directory))
		equal(t, status(), store.CustomerUnmapped)
		must(t, s.MapCustomer(ctx, org, billing.CompanyMapping{CustomerID: "c", CompanyID: "1"}, "ann"))
		equal(t, status(), store.CustomerOff)
		must(t, s.SetSwitch(ctx, org, billing.BillingSwitch{CustomerID: "c", SubscriptionID: "s", On: true}, "ann"))
		equal(t, status(), store.CustomerNoContract)
		must(t, s.SaveRoute(ctx, org, billing.Route{CustomerID: "c", Managed: true}, "ann"))
		equal(t, status(), store.CustomerUnplanned)
		held := plan.Change{ID: "held", CustomerID: "c", Holds: []billing.Hold{{Policy: "hold-over"}}}
		run := planned(t, s, org, store.Scope{}, held, plan.Change{ID: "free", CustomerID: "c"})
		equal(t, status(), store.CustomerHeld)
		decide := func(judge func(context.Context, billing.OrganizationID, store.RunID, store.Approval) ([]string, error), id string) {
			t.Helper()
			_, err := judge(ctx, org, run, store.Approval{ChangeIDs: []string{id}, Fingerprint: fingerprint(run), By: "ann"})
			must(t, err)
		}
		decide(s.Reject, "held")
		equal(t, status(), store.CustomerWaiting)
		decide(s.Approve, "free")
		equal(t, status(), store.CustomerApplying)
		_, err := s.BeginSend(ctx, org, run, "free", "{}")
		must(t, err)
		equal(t, status(), store.CustomerApplying)
		must(t, s.FinishSend(ctx, org, run, "free", store.Outcome{State: store.ChangeUnknown}))
		equal(t, status(), store.CustomerFailed)
		must(t, s.FinishSend(ctx, org, run, "free", store.Outcome{State: store.ChangeApplied}))
		equal(t, status(), store.CustomerFailed) // what was rejected is not in Autotask
		planned(t, s, org, store.Scope{})
		equal(t, status(), store.CustomerInStep)
		must(t, s.DeleteRoute(ctx, org, billing.Route{CustomerID: "c"}, "ann"))
		equal(t, status(), store.CustomerNoContract)
		must(t, s.ClearSwitch(ctx, org, billing.BillingSwitch{CustomerID: "c", SubscriptionID: "s"}, "ann"))
		equal(t, status(), store.CustomerOff)
		must(t, s.UnmapCustomer(ctx, org, "c", "ann"))
		equal(t, status(), store.CustomerUnmapped)
		must(t, s.SaveDirectory(ctx, org, "partnercenter", billing.Directory{}))
		equal(t, status(), store.CustomerGone)
		page, err := s.CustomerList(ctx, org, store.CustomerFilter{Query: "ÄPFEL"})
		must(t, err)
		equal(t, page.Total, 1)
	})
}

func TestCustomerDetailSaysWhyNothingIsBilled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		sub := func(id string, status billing.SubscriptionStatus) billing.Subscription {
			return billing.Subscription{ID: billing.SubscriptionID(id), CustomerID: "c", Kind: billing.Licence, Name: id, Status: status,
				Offer: billing.Offer{Frequency: billing.Monthly}}
		}
		trial := sub("trial", billing.Active)
		trial.Trial = true
		must(t, s.SaveDirectory(ctx, org, "partnercenter", billing.Directory{
			Customers:     []billing.Customer{{ID: "c", Name: "C"}},
			Subscriptions: []billing.Subscription{sub("billed", billing.Active), sub("off", billing.Active), sub("over", billing.Ended), trial},
		}))
		why := func() map[string]string {
			t.Helper()
			d, err := s.CustomerDetail(ctx, org, "c")
			must(t, err)
			texts := map[string]string{}
			for _, row := range d.Subscribed {
				texts[string(row.ID)] = row.Why
				if row.Line != nil {
					texts[string(row.ID)] = "line " + row.Line.Key + " " + string(row.LineStatus)
				}
			}
			return texts
		}
		equal(t, why()["billed"], "the customer is not mapped to a company")
		must(t, s.MapCustomer(ctx, org, billing.CompanyMapping{CustomerID: "c", CompanyID: "1"}, "ann"))
		equal(t, why()["billed"], "billing is off")
		must(t, s.SetSwitches(ctx, org, []billing.BillingSwitch{{CustomerID: "c", On: true}, {CustomerID: "c", SubscriptionID: "off"}}, "ann"))
		equal(t, why()["billed"], "no contract is chosen")
		must(t, s.SaveRoute(ctx, org, billing.Route{CustomerID: "c", ContractID: "7"}, "ann"))
		equal(t, why(), map[string]string{"billed": "not planned yet", "off": "billing is off", "over": "it has ended", "trial": "a trial costs nothing"})
		run, err := s.CreateRun(ctx, org, "ann", store.Scope{})
		must(t, err)
		must(t, s.SavePlan(ctx, org, run.ID, plan.Plan{Fingerprint: "f", Changes: []plan.Change{{ID: "a", LineKey: "k", CustomerID: "c"}}},
			billing.Desired{Lines: []billing.DesiredLine{{Key: "k", CustomerID: "c", Shares: []billing.Share{{SubscriptionID: "billed", Units: 1}}}}}))
		equal(t, why()["billed"], "line k waiting")
		d, err := s.CustomerDetail(ctx, org, "c")
		must(t, err)
		if len(d.History) < 4 || d.History[0].Action != "mapping.route.saved" {
			t.Errorf("history: %+v", d.History)
		}
		// A slip of the pen in the first month must not read as "see the findings", of which there are none.
		must(t, s.SetSwitches(ctx, org, []billing.BillingSwitch{{CustomerID: "c", On: true, From: "2026-10"}, {CustomerID: "c", SubscriptionID: "off", On: true, From: "2027-10"}}, "ann"))
		equal(t, why()["off"], "billing begins with 2027-10")
		late, err := s.CustomerDetail(ctx, org, "c")
		must(t, err)
		equal(t, late.From, billing.Month("2026-10"))
		_, err = s.CustomerDetail(ctx, org, "nobody")
		wantKind(t, err, fault.KindNotFound)
	})
}

// TestMonthsAddUp compares the month's totals with the lines and charges that plans had.
func TestMonthsAddUp(t *testing.T) {
	eachOffice(t, func(t *testing.T, o office) {
		ctx := t.Context()
		months, err := o.MonthTotals(ctx, o.org, 24)
		must(t, err)
		equal(t, len(months), small.Months)
		desired, err := o.Desired(ctx, o.org, o.last)
		must(t, err)
		newest := months[len(months)-1]
		var price, cost, charged money.Totals
		for _, l := range desired.Lines {
			price.Add(l.UnitPrice.Mul(money.Int(l.Units)))
			cost.Add(l.UnitCost.Mul(money.Int(l.Units)))
		}
		for _, c := range desired.Charges {
			if c.Month == newest.Month {
				charged.Add(c.UnitPrice)
			}
		}
		if !newest.Recurring.Price.Equal(price) || !newest.Recurring.Cost.Equal(cost) || !newest.Charges.Price.Equal(charged) {
			t.Errorf("%s: got %+v", newest.Month, newest)
		}
		margin := money.Of(price.In("EUR").Value().Sub(cost.In("EUR").Value()), "EUR")
		if !newest.Recurring.Margin.In("EUR").Equal(margin) {
			t.Errorf("margin: got %s, want %s", newest.Recurring.Margin, margin)
		}
		var perCustomer store.Figures
		customers, err := o.CustomerList(ctx, o.org, store.CustomerFilter{})
		must(t, err)
		for _, c := range customers.Rows {
			for _, a := range c.Monthly.Price.Amounts() {
				perCustomer.Price.Add(a)
			}
		}
		if !perCustomer.Price.Equal(price) {
			t.Errorf("customers add up to %s, lines to %s", perCustomer.Price, price)
		}
		azure, err := o.AzureMonths(ctx, o.org, 2)
		must(t, err)
		equal(t, len(azure), 2)
		if azure[0].Month != newest.Month || !azure[0].Price.Equal(charged) {
			t.Errorf("Azure: got %+v, want %s", azure[0], charged)
		}
	})
}

// TestYearlyLinesCountATwelfth: a month holds a twelfth of a yearly line; the parts are rounded, and margin is price less cost of the parts.
func TestYearlyLinesCountATwelfth(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		run, err := s.CreateRun(ctx, org, "ann", store.Scope{})
		must(t, err)
		price, cost := money.Of(money.Int(100), "EUR"), money.Of(money.Int(80), "EUR")
		must(t, s.SavePlan(ctx, org, run.ID, plan.Plan{Day: billing.NewDate(2026, 9, 3), Fingerprint: "f"}, billing.Desired{Lines: []billing.DesiredLine{
			{Key: "a", CustomerID: "c", PeriodType: billing.PeriodYear, Units: 1, UnitPrice: &price, UnitCost: &cost},
			{Key: "b", CustomerID: "c", PeriodType: billing.PeriodMonth, Units: 2, UnitCost: &cost},
			{Key: "held", CustomerID: "c", PeriodType: billing.PeriodMonth, Units: 1, UnitCost: &cost, Holds: []billing.Hold{{Policy: "currency", Why: "USD", Blocks: true}}},
			{Key: "c", CustomerID: "c", PeriodType: billing.PeriodMonth, EndedOn: billing.NewDate(2026, 9, 1), Units: 9, UnitPrice: &price},
		}}))
		months, err := s.MonthTotals(ctx, org, 24)
		must(t, err)
		equal(t, []string{months[0].Recurring.Price.String(), months[0].Recurring.Cost.String(), months[0].Recurring.Margin.String()},
			[]string{"8.3333 EUR", "246.6667 EUR", "1.6666 EUR"})
		equal(t, []int{months[0].Lines, months[0].Unpriced, months[0].Withheld}, []int{3, 1, 1}) // what a finding holds, nobody has priced
	})
}

func TestPlansAreListedByWhatIsAsked(t *testing.T) {
	eachOffice(t, func(t *testing.T, o office) {
		ctx := t.Context()
		_, states, err := o.Plan(ctx, o.org, o.last)
		must(t, err)
		changes := func(f store.PlanChangeFilter) []string {
			t.Helper()
			var ids []string
			for _, c := range everyPage(t, func(p store.Page) (store.Listed[store.ChangeState], error) {
				f.Page = p
				return o.PlanChanges(ctx, o.org, o.last, f)
			}) {
				ids = append(ids, c.Change.ID)
			}
			return ids
		}
		want := func(match func(store.ChangeState) bool) []string {
			var ids []string
			for _, c := range states {
				if match(c) {
					ids = append(ids, c.Change.ID)
				}
			}
			return ids
		}
		equal(t, changes(store.PlanChangeFilter{}), want(func(store.ChangeState) bool { return true }))
		equal(t, changes(store.PlanChangeFilter{State: store.ChangeRefused}), want(func(c store.ChangeState) bool { return c.State == store.ChangeRefused }))
		equal(t, changes(store.PlanChangeFilter{Kind: plan.CreateCharge}), want(func(c store.ChangeState) bool { return c.Change.Kind == plan.CreateCharge }))
		equal(t, changes(store.PlanChangeFilter{HeldOpen: true}), want(func(c store.ChangeState) bool {
			return c.State == store.ChangeProposed && c.Change.Held()
		}))
		for _, most := range []int{0, 1000} { // going through all changes, and looking them up by their texts
			store.SetTextsMax(o.Store, most)
			equal(t, changes(store.PlanChangeFilter{Query: "LEGAL 2"}), want(func(c store.ChangeState) bool { return strings.Contains(c.Change.Customer, "Legal 2") }))
			legal := func(c store.ChangeState) bool { return strings.Contains(c.Change.Customer, "Legal") }
			equal(t, changes(store.PlanChangeFilter{Query: "legal", State: store.ChangeProposed, HeldOpen: true}), want(func(c store.ChangeState) bool {
				return legal(c) && c.State == store.ChangeProposed && c.Change.Held()
			}))
			equal(t, changes(store.PlanChangeFilter{Query: "legal", Kind: plan.CreateCharge, Customer: small.Customer(9)}), want(func(c store.ChangeState) bool {
				return legal(c) && c.Change.Kind == plan.CreateCharge && c.Change.CustomerID == small.Customer(9)
			}))
			equal(t, changes(store.PlanChangeFilter{Query: "no such thing"}), []string(nil))
			some := states[len(states)/2].Change
			for _, query := range []string{some.ID, strings.ToUpper(some.ID[:8]), some.What, some.ContractName, string(some.CustomerID), "storage 20"} {
				text := strings.ToLower(query)
				equal(t, changes(store.PlanChangeFilter{Query: query}), want(func(c store.ChangeState) bool {
					return strings.HasPrefix(c.Change.ID, text) || strings.Contains(strings.ToLower(c.Change.What), text) ||
						strings.Contains(string(c.Change.CustomerID), text) || strings.Contains(strings.ToLower(c.Change.Customer), text) || strings.Contains(strings.ToLower(c.Change.ContractName), text)
				}))
			}
		}
		groups := everyPage(t, func(p store.Page) (store.Listed[store.PlanGroup], error) {
			return o.PlanGroups(ctx, o.org, o.last, store.PlanGroupFilter{Page: p})
		})
		counted := 0
		for _, g := range groups {
			counted += g.Changes
			equal(t, changes(store.PlanChangeFilter{Group: &g.PlanGroupKey}), want(func(c store.ChangeState) bool {
				return c.Change.CustomerID == g.Customer && c.Change.Contract.String() == g.Contract
			}))
		}
		equal(t, counted, len(states))
		testGroupChanges(t, o, groups, states)
		for _, f := range []store.PlanGroupFilter{{State: "; --"}, {Sort: "x"}} {
			_, err := o.PlanGroups(ctx, o.org, o.last, f)
			wantKind(t, err, fault.KindInvalid)
		}
		applied, err := o.PlanGroups(ctx, o.org, o.last, store.PlanGroupFilter{State: store.ChangeApplied, Page: store.Page{Size: 500}})
		must(t, err)
		for _, g := range applied.Rows {
			if g.States[store.ChangeApplied] == 0 {
				t.Errorf("%+v has nothing applied", g.PlanGroupKey)
			}
		}
	})
}

// testGroupChanges asks for the changes of several groups at once.
func testGroupChanges(t *testing.T, o office, groups []store.PlanGroup, states []store.ChangeState) {
	t.Helper()
	const each = 3
	groups = groups[:min(len(groups), 40)]
	var keys []store.PlanGroupKey
	for _, g := range groups {
		keys = append(keys, g.PlanGroupKey)
	}
	more := false
	for _, f := range []store.PlanChangeFilter{{}, {State: store.ChangeApplied}, {HeldOpen: true}, {Kind: plan.CreateCharge}, {Kind: plan.Reprice, State: store.ChangeProposed}} {
		found, err := o.PlanGroupChanges(t.Context(), o.org, o.last, keys, f, each)
		must(t, err)
		for _, g := range groups {
			var want store.Listed[store.ChangeState]
			for _, c := range states {
				if c.Change.CustomerID != g.Customer || c.Change.Contract.String() != g.Contract || f.State != "" && c.State != f.State ||
					f.Kind != "" && c.Change.Kind != f.Kind || f.HeldOpen && (c.State != store.ChangeProposed || !c.Change.Held()) {
					continue
				}
				if want.Total++; len(want.Rows) < each {
					want.Rows = append(want.Rows, c)
				}
			}
			more = more || want.Total > each
			equal(t, found[g.PlanGroupKey], want)
		}
	}
	if !more {
		t.Error("no group has more changes than are asked for")
	}
	none, err := o.PlanGroupChanges(t.Context(), o.org, o.last, nil, store.PlanChangeFilter{}, each)
	must(t, err)
	equal(t, len(none), 0)
}

func TestLinesAreListedByWhatIsAsked(t *testing.T) {
	eachOffice(t, func(t *testing.T, o office) {
		ctx := t.Context()
		desired, err := o.Desired(ctx, o.org, o.last)
		must(t, err)
		list := func(f store.LineFilter) []store.LineRow {
			t.Helper()
			return everyPage(t, func(p store.Page) (store.Listed[store.LineRow], error) {
				f.Page = p
				return o.Lines(ctx, o.org, f)
			})
		}
		want := func(match func(billing.DesiredLine) bool) (keys []string) {
			for _, l := range desired.Lines {
				if match(l) {
					keys = append(keys, l.Key)
				}
			}
			slices.Sort(keys)
			return keys
		}
		sorted := func(rows []store.LineRow) (keys []string) {
			for _, l := range rows {
				keys = append(keys, l.Key)
			}
			slices.Sort(keys)
			return keys
		}
		byStatus := map[store.LineStatus][]string{}
		for _, l := range list(store.LineFilter{}) {
			byStatus[l.Status] = append(byStatus[l.Status], l.Key)
		}
		if len(byStatus[store.LineFailed]) == 0 || len(byStatus[store.LineInStep]) == 0 {
			t.Errorf("statuses: %v", byStatus)
		}
		customer := small.Customer(9)
		for _, sort := range []store.LineSort{"", store.LinesByPrice, store.LinesByMargin} {
			for _, desc := range []bool{false, true} {
				f := store.LineFilter{Sort: sort, Desc: desc}
				for i, query := range []string{"", "LEGAL 2", "product 1", "nobody", string(customer), "9", "Legal_2", "services – kestrel"} {
					store.SetTextsMax(o.Store, i%2*1000) // going through all lines, and looking them up by their texts
					f.Query = query
					rows := list(f)
					text := strings.ToLower(query)
					equal(t, sorted(rows), want(func(l billing.DesiredLine) bool {
						return strings.Contains(strings.ToLower(l.Name), text) || strings.Contains(strings.ToLower("Cloud services – "+l.Customer), text) ||
							strings.Contains(string(l.CustomerID), text)
					}))
					ordered(t, string(sort), rows, desc, func(l store.LineRow) string {
						return map[store.LineSort]string{"": store.Fold(l.Customer, l.Name), store.LinesByPrice: fmt.Sprintf("%020d", store.SortKey(l.Monthly.Price)),
							store.LinesByMargin: fmt.Sprintf("%020d", store.SortKey(l.Monthly.Margin))}[sort]
					})
				}
				equal(t, sorted(list(store.LineFilter{Sort: sort, Desc: desc, Customer: customer, Query: "product"})),
					want(func(l billing.DesiredLine) bool { return l.CustomerID == customer }))
			}
		}
		for status, keys := range byStatus {
			slices.Sort(keys)
			equal(t, sorted(list(store.LineFilter{Status: status})), keys)
			equal(t, sorted(list(store.LineFilter{Status: status, Query: "product"})), keys)
		}
		equal(t, sorted(list(store.LineFilter{Rule: "p8"})), want(func(l billing.DesiredLine) bool { return l.PriceRule == "p8" }))
		equal(t, sorted(list(store.LineFilter{Contract: "200009"})), want(func(l billing.DesiredLine) bool { return l.CustomerID == customer }))
	})
}

// TestSearchesCountAsFarAsAnybodyLooks: where more rows match than are counted the page is the same, and where fewer do the count is right, also
// when some match by both their texts.
func TestSearchesCountAsFarAsAnybodyLooks(t *testing.T) {
	eachOffice(t, func(t *testing.T, o office) {
		ctx := t.Context()
		for _, query := range []string{"9", "product 1", "legal", "services – kestrel", "nobody"} {
			for _, sort := range []store.LineSort{"", store.LinesByPrice} {
				f := store.LineFilter{Query: query, Sort: sort, Page: store.Page{Size: 7, Number: 2}}
				store.SetCountMax(o.Store, 10_000)
				whole, err := o.Lines(ctx, o.org, f)
				must(t, err)
				for i, most := range []int{0, 3, whole.Total - 1, whole.Total, whole.Total + 1, 0, 3, whole.Total - 1, whole.Total, whole.Total + 1} {
					if most < 0 {
						continue
					}
					store.SetCountMax(o.Store, most)
					store.SetTextsMax(o.Store, i/5*1000) // going through all lines, and looking them up by their texts
					got, err := o.Lines(ctx, o.org, f)
					must(t, err)
					want := whole
					want.Total, want.Capped = min(whole.Total, most), whole.Total > most
					equal(t, got, want)
				}
			}
		}
	})
}

// TestProofLeadsBothWays goes from a line to Microsoft's row and to Autotask, and back from both.
func TestProofLeadsBothWays(t *testing.T) {
	eachOffice(t, func(t *testing.T, o office) {
		ctx := t.Context()
		sent, err := o.PlanChanges(ctx, o.org, o.last, store.PlanChangeFilter{State: store.ChangeApplied, Page: store.Page{Size: 500}})
		must(t, err)
		lines, charges := 0, 0
		for _, c := range sent.Rows {
			key := c.Change.LineKey + c.Change.ChargeKey
			p, err := o.LineProof(ctx, o.org, key, store.Page{})
			must(t, err)
			equal(t, p.Run, o.last)
			newest := p.Changes[0]
			if newest.Decision == nil || newest.Decision.By != "approver" || newest.Decision.Reason != "looked at" || !newest.Decision.Approved {
				t.Errorf("%s: decision %+v", key, newest.Decision)
			}
			if len(newest.Attempts) != 1 || newest.Attempts[0].Receipt.Request == "" || newest.Readback == nil || !newest.Readback.Verified {
				t.Errorf("%s: attempts %+v, read back %+v", key, newest.Attempts, newest.Readback)
			}
			inTarget := string(p.ChargeID)
			if p.Line != nil {
				lines++
				inTarget = string(p.Memory.LineID)
				equal(t, p.Sources.Total, 1)
				source := p.Sources.Rows[0]
				if source.Item == nil || source.Item.Row != source.Row || !p.Cost.In("EUR").Equal(source.Item.Cost) {
					t.Errorf("%s: source %+v, cost %s", key, source, p.Cost)
				}
				uses, err := o.SourceUses(ctx, o.org, source.Set, source.Row)
				must(t, err)
				equal(t, []string{uses[0].Key, string(uses[0].Run)}, []string{key, string(o.last)})
			} else {
				charges++
			}
			for _, text := range []string{inTarget, key} {
				found, err := o.FindLines(ctx, o.org, text)
				must(t, err)
				equal(t, found, []string{key})
			}
		}
		if lines == 0 || charges == 0 {
			t.Errorf("%d lines and %d charges were sent", lines, charges)
		}
		_, err = o.LineProof(ctx, o.org, "no such key", store.Page{})
		wantKind(t, err, fault.KindNotFound)
	})
}

func TestFindingsAreDecidedAndComeBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		plans := 0
		found := func(scope store.Scope, complete bool, findings ...billing.Finding) {
			t.Helper()
			plans++
			run, err := s.CreateRun(ctx, org, "ann", scope)
			must(t, err)
			must(t, s.SavePlan(ctx, org, run.ID, plan.Plan{Day: billing.NewDate(2026, 9, plans), Fingerprint: fmt.Sprint(plans), Complete: complete, Findings: findings}, billing.Desired{}))
		}
		finding := func(subject string, euros int64, message string) billing.Finding {
			return billing.Finding{Kind: billing.FindingNoCost, Subject: subject, CustomerID: billing.CustomerID(subject), Message: message, Money: money.Of(money.Int(euros), "EUR")}
		}
		open := func() string {
			t.Helper()
			page, err := s.Findings(ctx, org, store.FindingFilter{})
			must(t, err)
			var ids []string
			for _, f := range page.Rows {
				ids = append(ids, f.Subject)
			}
			return strings.Join(ids, " ") + " " + page.AtStake.String()
		}
		decide := func(subject string, d store.FindingDecision) error {
			return s.DecideFinding(ctx, org, "no-cost/"+subject, d, "bob")
		}
		found(store.Scope{}, true, finding("a", 5, "x"), finding("b", -50, "x"), finding("c", 20, "x"))
		equal(t, open(), "b c a -25.00 EUR")
		f, err := s.Finding(ctx, org, "no-cost/b")
		must(t, err)
		must(t, decide("b", store.FindingDecision{State: store.FindingDone, Note: "by hand", Version: f.Version}))
		equal(t, open(), "c a 25.00 EUR")
		wantKind(t, decide("c", store.FindingDecision{State: store.FindingDone, Version: "other"}), fault.KindStale)
		wantKind(t, decide("c", store.FindingDecision{State: store.FindingCleared}), fault.KindInvalid)
		wantKind(t, decide("c", store.FindingDecision{State: store.FindingSnoozed}), fault.KindInvalid)
		wantKind(t, decide("c", store.FindingDecision{State: store.FindingSnoozed, Until: billing.NewDate(2020, 1, 1)}), fault.KindInvalid)
		wantKind(t, decide("z", store.FindingDecision{State: store.FindingDone}), fault.KindNotFound)

		found(store.Scope{}, true, finding("a", 5, "x"), finding("b", -50, "x"))
		equal(t, open(), "a 5.00 EUR") // c is gone, b stays done
		wantKind(t, decide("c", store.FindingDecision{State: store.FindingDone}), fault.KindConflict)
		found(store.Scope{}, true, finding("a", 5, "x"), finding("b", -60, "x"))
		equal(t, open(), "b a -55.00 EUR") // more money
		f, err = s.Finding(ctx, org, "no-cost/b")
		must(t, err)
		equal(t, []string{f.Reopened, f.By, f.Note}, []string{"its amount was -50.00 EUR and is -60.00 EUR", "bob", "by hand"})
		must(t, decide("b", store.FindingDecision{State: store.FindingIgnored}))
		found(store.Scope{}, true, finding("a", 5, "x"), finding("b", -60, "y"))
		equal(t, open(), "b a -55.00 EUR") // other words
		found(store.Scope{}, false, finding("a", 5, "x"))
		equal(t, open(), "b a -55.00 EUR") // an incomplete look clears nothing
		found(store.Scope{Customers: []billing.CustomerID{"a"}}, true)
		equal(t, open(), "b -60.00 EUR") // a look at one customer clears its own
		must(t, decide("b", store.FindingDecision{State: store.FindingDone}))
		found(store.Scope{}, true)
		found(store.Scope{}, true, finding("b", -60, "y"))
		f, err = s.Finding(ctx, org, "no-cost/b")
		must(t, err)
		equal(t, []string{string(f.State), f.Reopened}, []string{"open", "it was gone and is back"})
		reopened, err := s.Audit(ctx, org, store.AuditFilter{Action: "finding.reopened"})
		must(t, err)
		equal(t, len(reopened), 3)
		must(t, s.VerifyAudit(ctx, org))
	})
}

func TestSnoozedFindingsComeBackOnTheirDay(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, address string) {
		now := time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)
		s := storetest.Open(t, store.Options{URL: address, Now: func() time.Time { return now }})
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		run, err := s.CreateRun(ctx, org, "ann", store.Scope{})
		must(t, err)
		must(t, s.SavePlan(ctx, org, run.ID, plan.Plan{Fingerprint: "f", Findings: []billing.Finding{{Kind: billing.FindingNoCost, CustomerID: "c"}}}, billing.Desired{}))
		must(t, s.DecideFinding(ctx, org, "no-cost/", store.FindingDecision{State: store.FindingSnoozed, Until: billing.NewDate(2026, 9, 5)}, "ann"))
		for day, want := range map[int]int{4: 0, 5: 1, 6: 1} {
			now = time.Date(2026, 9, day, 0, 0, 1, 0, time.UTC)
			page, err := s.Findings(ctx, org, store.FindingFilter{})
			must(t, err)
			equal(t, []int{page.Total, page.Kinds[billing.FindingNoCost]}, []int{want, want})
			snoozed, err := s.Findings(ctx, org, store.FindingFilter{State: store.FindingSnoozed})
			must(t, err)
			equal(t, snoozed.Total, 1-want)
		}
	})
}

// TestAuditListIsTheTrailBackwards compares the list with the trail.
func TestAuditListIsTheTrailBackwards(t *testing.T) {
	eachOffice(t, func(t *testing.T, o office) {
		ctx := t.Context()
		trail, err := o.Audit(ctx, o.org, store.AuditFilter{Limit: 100_000})
		must(t, err)
		slices.Reverse(trail)
		list := func(f store.AuditListFilter) (seqs []int64) {
			t.Helper()
			for number := 1; ; number++ {
				f.Page = store.Page{Number: number, Size: 300}
				page, err := o.AuditList(ctx, o.org, f)
				must(t, err)
				for _, e := range page.Rows {
					seqs = append(seqs, e.Seq)
				}
				if len(page.Rows) < 300 {
					equal(t, len(seqs), page.Total)
					return seqs
				}
			}
		}
		want := func(match func(store.AuditEntry) bool) (seqs []int64) {
			for _, e := range trail {
				if match(e) {
					seqs = append(seqs, e.Seq)
				}
			}
			return seqs
		}
		since, until := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC)
		run := string(o.last)
		equal(t, list(store.AuditListFilter{}), want(func(store.AuditEntry) bool { return true }))
		equal(t, list(store.AuditListFilter{Actor: "clerk", Action: "mapping."}), want(func(e store.AuditEntry) bool {
			return e.Actor == "clerk" && strings.HasPrefix(e.Action, "mapping.")
		}))
		equal(t, list(store.AuditListFilter{Subject: run}), want(func(e store.AuditEntry) bool {
			return e.Subject == run || strings.HasPrefix(e.Subject, run+"/")
		}))
		equal(t, list(store.AuditListFilter{Since: since, Until: until}), want(func(e store.AuditEntry) bool { return !e.At.Before(since) && e.At.Before(until) }))
		equal(t, list(store.AuditListFilter{Since: until.AddDate(9, 0, 0)}), []int64(nil))
	})
}

// TestLookupsFollowTheCatalogue: what Autotask does not list any more is offered no more.
func TestLookupsFollowTheCatalogue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		company := func(id, name string, active bool) billing.Company {
			return billing.Company{ID: billing.CompanyID(id), Name: name, Active: active}
		}
		must(t, s.SaveCatalogue(ctx, org, billing.Catalogue{
			Companies: []billing.Company{company("1", "Birch 100%", true), company("2", "ÄPFEL", true), company("3", "Cedar", false)},
			Contracts: []billing.Contract{{ID: "10", CompanyID: "1", Name: "b"}, {ID: "11", CompanyID: "1", Name: "A"}, {ID: "12", CompanyID: "2"}},
			Codes:     []billing.BillingCode{{ID: "5", Use: billing.MaterialUse}, {ID: "6", Use: billing.RecurringServiceUse}},
		}))
		found := func(text string) (ids string) {
			t.Helper()
			all, err := s.Companies(ctx, org, text, 10)
			must(t, err)
			for _, c := range all {
				ids += string(c.ID)
			}
			return ids
		}
		for text, want := range map[string]string{"": "12", "birch": "1", "0%": "1", "%%": "", "äpf": "2", "2": "2", "cedar": "", "3": ""} {
			equal(t, found(text), want)
		}
		contracts, err := s.Contracts(ctx, org, "1")
		must(t, err)
		equal(t, []billing.ContractID{contracts[0].ID, contracts[1].ID}, []billing.ContractID{"11", "10"})
		codes, err := s.BillingCodes(ctx, org, billing.MaterialUse)
		must(t, err)
		equal(t, len(codes), 1)
		must(t, s.SaveCatalogue(ctx, org, billing.Catalogue{Companies: []billing.Company{company("1", "Alder", true), company("3", "Cedar", true)}}))
		equal(t, found(""), "13")
		_, err = s.Company(ctx, org, "2")
		wantKind(t, err, fault.KindNotFound)
		_, err = s.Contract(ctx, org, "10")
		wantKind(t, err, fault.KindNotFound)
	})
}

// TestNamesAreThoseOfTheCustomerList: what a field offers is in the order of the list, from its top.
func TestNamesAreThoseOfTheCustomerList(t *testing.T) {
	eachOffice(t, func(t *testing.T, o office) {
		const some = 5
		page, err := o.CustomerList(t.Context(), o.org, store.CustomerFilter{Page: store.Page{Size: some}})
		must(t, err)
		names, err := o.CustomerNameList(t.Context(), o.org, some)
		must(t, err)
		var want []string
		for _, c := range page.Rows {
			want = append(want, c.Name)
		}
		equal(t, len(names), some)
		equal(t, names, want)
	})
}

func TestBeginApply(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		run := planned(t, s, org, store.Scope{}, plan.Change{ID: "a"})
		wantKind(t, s.BeginApply(ctx, org, run, "ann"), fault.KindConflict) // switched off
		must(t, s.SetTargetEnabled(ctx, org, true, "ann"))
		wantKind(t, s.BeginApply(ctx, org, run, "ann"), fault.KindConflict) // nothing approved
		_, err := s.Approve(ctx, org, run, store.Approval{Fingerprint: fingerprint(run), By: "ann"})
		must(t, err)
		must(t, s.BeginApply(ctx, org, run, "bob"))
		must(t, s.BeginApply(ctx, org, run, "bob")) // asked twice
		r, err := s.Run(ctx, org, run)
		must(t, err)
		equal(t, r.State, store.RunApplying)
		trail, err := s.Audit(ctx, org, store.AuditFilter{Action: "run.apply"})
		must(t, err)
		equal(t, len(trail), 1)
		equal(t, trail[0].Actor, "bob")
		other := planned(t, s, org, store.Scope{}, plan.Change{ID: "b"})
		must(t, s.SetRunState(ctx, org, other, store.RunStopped, ""))
		wantKind(t, s.BeginApply(ctx, org, other, "ann"), fault.KindConflict)
	})
}

func TestRunProgressShowsWhatWasTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		run := planned(t, s, org, store.Scope{Trigger: "console"}, plan.Change{ID: "a", Holds: []billing.Hold{{Policy: "p"}}}, plan.Change{ID: "b"})
		at := time.UnixMicro(1_790_000_000_000_000).UTC()
		for done := range int64(3) {
			told := store.Progress{Phase: "reading", Done: done, Total: 3, StartedAt: at, UpdatedAt: at.Add(time.Second)}
			must(t, s.SaveProgress(ctx, org, run, told))
			p, err := s.RunProgress(ctx, org, run)
			must(t, err)
			equal(t, p.Progress, told)
			equal(t, []int{p.Changes, p.HeldOpen, p.States[store.ChangeProposed]}, []int{2, 1, 2})
		}
		wantKind(t, s.SaveProgress(ctx, org, "99", store.Progress{}), fault.KindNotFound)
		for trigger, want := range map[string]int{"console": 1, "schedule": 0, "": 1} {
			page, err := s.RunList(ctx, org, store.RunListFilter{Trigger: trigger, By: "tester"})
			must(t, err)
			equal(t, page.Total, want)
		}
	})
}
