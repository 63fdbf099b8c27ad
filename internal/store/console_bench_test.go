package store_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// benchRounds is how often each query is asked, with another question each time.
const benchRounds = 200

// BenchmarkConsole measures every read of the console with the database that design §9 names, on both databases, and prints the half of the
// answers and all but one in a hundred came in which time. SPINDLE_BENCH_CUSTOMERS makes a smaller one.
func BenchmarkConsole(b *testing.B) {
	size := storetest.Full()
	if n, err := strconv.Atoi(os.Getenv("SPINDLE_BENCH_CUSTOMERS")); err == nil {
		size = storetest.Size{Customers: n, Lines: 10 * n, Months: 24}
	}
	for _, database := range []struct {
		name string
		url  func(testing.TB) string
	}{{store.SQLite, storetest.SQLite}, {store.Postgres, storetest.Postgres}} {
		b.Run(database.name, func(b *testing.B) {
			clock := size.Clock()
			url := database.url(b)
			s := storetest.Open(b, store.Options{URL: url, Now: clock.Now})
			began := time.Now()
			org := storetest.Large(b, s, clock, size)
			if s.Dialect() == store.Postgres { // what its own upkeep does within a minute
				_, err := s.DB().ExecContext(b.Context(), "ANALYZE")
				must(b, err)
			}
			b.Logf("%d customers, %d lines, %d months in %s", size.Customers, size.Lines, size.Months, time.Since(began).Round(time.Second))
			for _, q := range consoleQueries(b, s, org, size) {
				b.Run(q.name, func(b *testing.B) { measure(b, q) })
			}
		})
	}
}

type consoleQuery struct {
	name string
	ask  func(ctx context.Context, round int) (rows int, err error)
}

// measure asks a query many times and reports percentiles.
func measure(b *testing.B, q consoleQuery) {
	ctx := b.Context()
	var times []time.Duration
	rows := 0
	for b.Loop() {
		for round := range benchRounds {
			began := time.Now()
			n, err := q.ask(ctx, round)
			times = append(times, time.Since(began))
			if err != nil {
				b.Fatal(err)
			}
			rows += n
		}
	}
	if rows == 0 {
		b.Errorf("%s finds nothing: it measures nothing", q.name)
	}
	slices.Sort(times)
	at := func(percent int) float64 {
		return float64(times[min(len(times)*percent/100, len(times)-1)].Microseconds()) / 1000
	}
	b.ReportMetric(at(50), "p50-ms")
	b.ReportMetric(at(99), "p99-ms")
	b.ReportMetric(0, "ns/op")
}

func consoleQueries(b *testing.B, s *store.Store, org billing.OrganizationID, size storetest.Size) []consoleQuery {
	runs, err := s.RunList(b.Context(), org, store.RunListFilter{Trigger: "console", Page: store.Page{Size: 100}})
	must(b, err)
	newest, first := runs.Rows[0].ID, runs.Rows[len(runs.Rows)-1].ID
	lines, err := s.Lines(b.Context(), org, store.LineFilter{Page: store.Page{Size: 100}})
	must(b, err)
	months, err := s.AzureMonths(b.Context(), org, 24)
	must(b, err)
	month := months[0].Month
	azureCustomer := size.Customer(9)
	detail, err := s.AzureCustomer(b.Context(), org, azureCustomer, month)
	must(b, err)
	words := []string{"kestrel", "dental 12", "customer77", "4000-8000", "nobody at all", "Ridge", "9"}
	word := func(i int) string { return words[i%len(words)] }
	customers := []store.CustomerFilter{
		{}, {Sort: store.CustomersByMargin, Desc: true}, {Sort: store.CustomersByPrice}, {Sort: store.CustomersByStatus}, {State: store.CustomerUnmapped},
		{State: store.CustomerHeld, Sort: store.CustomersByCost}, {Page: store.Page{Number: 180}}, {Sort: store.CustomersByLines, Desc: true},
	}
	query := func(name string, ask func(ctx context.Context, i int) (int, error)) consoleQuery {
		return consoleQuery{name, ask}
	}
	return []consoleQuery{
		query("customers", func(ctx context.Context, i int) (int, error) {
			page, err := s.CustomerList(ctx, org, customers[i%len(customers)])
			return len(page.Rows), err
		}),
		query("customers-search", func(ctx context.Context, i int) (int, error) {
			f := customers[i%len(customers)]
			f.Query = word(i)
			page, err := s.CustomerList(ctx, org, f)
			return len(page.Rows), err
		}),
		query("customer", func(ctx context.Context, i int) (int, error) {
			d, err := s.CustomerDetail(ctx, org, size.Customer(i*37%size.Customers))
			return len(d.Subscribed), err
		}),
		query("plan-groups", func(ctx context.Context, i int) (int, error) {
			page, err := s.PlanGroups(ctx, org, []store.RunID{newest, first}[i%2], []store.PlanGroupFilter{
				{}, {Sort: store.PlanByMoney, Desc: true}, {HeldOpen: true}, {Query: word(i)}, {State: store.ChangeApplied}, {Sort: store.PlanByCustomer, Page: store.Page{Number: 90}},
			}[i%6])
			return len(page.Rows), err
		}),
		query("plan-changes", func(ctx context.Context, i int) (int, error) {
			page, err := s.PlanChanges(ctx, org, []store.RunID{newest, first}[i%2], []store.PlanChangeFilter{
				{}, {State: store.ChangeRefused}, {HeldOpen: true}, {Kind: plan.CreateCharge}, {Customer: size.Customer(i * 31 % size.Customers)}, {Page: store.Page{Number: 150}},
			}[i%6])
			return len(page.Rows), err
		}),
		query("plan-changes-search", func(ctx context.Context, i int) (int, error) {
			page, err := s.PlanChanges(ctx, org, []store.RunID{newest, first}[i%2], store.PlanChangeFilter{Query: word(i)})
			return len(page.Rows), err
		}),
		query("run-progress", func(ctx context.Context, i int) (int, error) {
			p, err := s.RunProgress(ctx, org, []store.RunID{newest, first}[i%2])
			return p.Changes, err
		}),
		query("runs", func(ctx context.Context, i int) (int, error) {
			page, err := s.RunList(ctx, org, []store.RunListFilter{{}, {Trigger: "console"}, {States: []store.RunState{store.RunFailed}, Page: store.Page{Number: 9}}}[i%3])
			return len(page.Rows), err
		}),
		query("findings", func(ctx context.Context, i int) (int, error) {
			page, err := s.Findings(ctx, org, []store.FindingFilter{{}, {Kind: billing.FindingDrift}, {Query: word(i)}, {Newest: true}, {Page: store.Page{Number: 60}}, {State: store.FindingDone}}[i%6])
			return len(page.Kinds), err
		}),
		query("month-totals", func(ctx context.Context, _ int) (int, error) {
			all, err := s.MonthTotals(ctx, org, 24)
			return len(all), err
		}),
		query("azure-months", func(ctx context.Context, _ int) (int, error) {
			all, err := s.AzureMonths(ctx, org, 24)
			return len(all), err
		}),
		query("azure-customers", func(ctx context.Context, i int) (int, error) {
			page, err := s.AzureCustomers(ctx, org, []store.AzureFilter{
				{Month: month}, {Month: month, Sort: store.AzureByPrice, Desc: true}, {Month: month, State: store.AzureFinal}, {Month: month, Query: word(i)},
			}[i%4])
			return len(page.Rows), err
		}),
		query("azure-customer", func(ctx context.Context, i int) (int, error) {
			d, err := s.AzureCustomer(ctx, org, azureCustomer, months[i%len(months)].Month)
			return len(d.Lines), err
		}),
		query("azure-usage", func(ctx context.Context, i int) (int, error) {
			page, err := s.AzureUsage(ctx, org, store.AzureUsageFilter{Customer: azureCustomer, Month: months[i%len(months)].Month})
			return len(page.Rows), err
		}),
		query("azure-approvals", func(ctx context.Context, _ int) (int, error) {
			all, err := s.AzureApprovals(ctx, org, month, size.Customer(9), size.Customer(12))
			return len(all), err
		}),
		query("lines", func(ctx context.Context, i int) (int, error) {
			page, err := s.Lines(ctx, org, []store.LineFilter{
				{}, {Sort: store.LinesByMargin, Desc: true}, {Status: store.LineHeld}, {Rule: "p7"}, {Customer: size.Customer(i * 3)}, {Sort: store.LinesByPrice, Page: store.Page{Number: 150}},
			}[i%6])
			return len(page.Rows), err
		}),
		query("lines-search", func(ctx context.Context, i int) (int, error) {
			page, err := s.Lines(ctx, org, store.LineFilter{Query: word(i)})
			return len(page.Rows), err
		}),
		query("line-proof", func(ctx context.Context, i int) (int, error) {
			p, err := s.LineProof(ctx, org, lines.Rows[i%len(lines.Rows)].Key, store.Page{})
			return len(p.Changes), err
		}),
		query("charge-proof", func(ctx context.Context, i int) (int, error) {
			p, err := s.LineProof(ctx, org, detail.Lines[i%len(detail.Lines)].Key, store.Page{})
			return len(p.Changes), err
		}),
		query("source-uses", func(ctx context.Context, i int) (int, error) {
			uses, err := s.SourceUses(ctx, org, billing.SetID{Kind: billing.BilledLines, PartnerID: "partner", Invoice: fmt.Sprintf("G%06d", size.Months-1), Currency: "EUR"}, 3+i)
			return len(uses), err
		}),
		query("find-lines", func(ctx context.Context, i int) (int, error) {
			keys, err := s.FindLines(ctx, org, lines.Rows[i%len(lines.Rows)].Mark)
			return len(keys), err
		}),
		query("audit", func(ctx context.Context, i int) (int, error) {
			page, err := s.AuditList(ctx, org, []store.AuditListFilter{
				{}, {Actor: "spindle"}, {Action: "mapping."}, {Subject: string(size.Customer(i*41 + 1))}, {Actor: "nobody"},
				{Since: time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)}, {Page: store.Page{Number: 200}},
			}[i%7])
			return len(page.Rows), err
		}),
		query("companies", func(ctx context.Context, i int) (int, error) {
			all, err := s.Companies(ctx, org, word(i), 20)
			return len(all), err
		}),
		query("customer-decisions", func(ctx context.Context, i int) (int, error) {
			m, err := s.CustomerMappings(ctx, org, size.Customer(i))
			return len(m.Prices), err
		}),
		query("products", func(ctx context.Context, i int) (int, error) {
			all, err := s.Products(ctx, org, fmt.Sprint(i), 20)
			return len(all), err
		}),
		query("imports", func(ctx context.Context, _ int) (int, error) {
			page, err := s.ImportReportList(ctx, org, store.Page{})
			return len(page.Rows), err
		}),
	}
}
