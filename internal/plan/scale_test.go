package plan_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
)

const (
	benchLines     = 100_000
	benchContracts = 20_000
	benchCustomers = 5_000
)

// benchWorld is 100,000 lines on 20,000 contracts of 5,000 customers. Without moving, everything is in step; with it, of ten lines one is
// new, one grows, one shrinks and one has a new price.
func benchWorld(moving bool) plan.Input {
	day := billing.NewDate(2026, 11, 10)
	start := billing.NewDate(2026, 1, 1)
	now := billing.PeriodMonth.PeriodAt(start, day)
	next := billing.Period{Start: now.End, End: now.End.AddMonths(1)}
	in := plan.Input{
		Desired:  billing.Desired{Day: day},
		Settings: billing.Settings{Currency: "EUR", EffectivePolicy: billing.UpNowDownNext, PricePlaces: 2},
	}
	for i := range 5 {
		in.Observed.Services = append(in.Observed.Services, billing.Service{ID: billing.ServiceID(fmt.Sprint(800 + i)), Name: fmt.Sprintf("Service %d", i),
			PeriodType: billing.PeriodMonth, UnitPrice: benchPrice(int64(i)), Active: true})
	}
	for i := range benchContracts {
		in.Observed.Contracts = append(in.Observed.Contracts, billing.Contract{ID: billing.ContractID(fmt.Sprint(100_000 + i)), Name: "Cloud services",
			PeriodType: billing.PeriodMonth, Active: true, Recurring: true, Start: start, End: billing.NewDate(2028, 12, 31)})
	}
	for i := range benchLines {
		want := benchLine(i)
		in.Desired.Lines = append(in.Desired.Lines, want)
		kind := i % 10
		if moving && kind == 0 {
			continue
		}
		units, price := want.Units, *want.UnitPrice
		switch {
		case moving && kind == 1:
			units--
		case moving && kind == 2:
			units++
		case moving && kind == 3:
			price = benchPrice(int64(i) + 1)
		}
		line := benchStanding(i, want, []billing.Period{now, next}, units, price)
		in.Observed.Lines = append(in.Observed.Lines, line)
		in.Memory.Lines = append(in.Memory.Lines, plan.Applied{LineKey: want.Key, LineID: line.ID, CustomerID: want.CustomerID, Customer: want.Customer,
			ContractID: line.ContractID, ServiceID: line.ServiceID, What: want.Name, Units: units, UnitPrice: &price, From: start, Dates: []billing.Date{start}})
	}
	for i := range benchCustomers {
		in.Enabled = append(in.Enabled, billing.CustomerID(fmt.Sprintf("customer-%d", i)))
	}
	return in
}

func benchPrice(i int64) money.Amount { return money.Of(money.New(500+i%4000, -2), "EUR") }

func benchLine(i int) billing.DesiredLine {
	contract, service := i%benchContracts, i/benchContracts
	customer := contract % benchCustomers
	price, cost := benchPrice(int64(i)), benchPrice(int64(i)/2)
	key := fmt.Sprintf("%d|%d|CFQ7TTC0%04d:0001:P1Y:monthly", 100_000+contract, 800+service, service)
	return billing.DesiredLine{Key: key, Mark: billing.LineMark("bench", key), CustomerID: billing.CustomerID(fmt.Sprintf("customer-%d", customer)),
		Customer: fmt.Sprintf("Customer %d", customer), Contract: billing.Ref{ID: fmt.Sprint(100_000 + contract)}, Service: billing.Ref{ID: fmt.Sprint(800 + service)},
		Name: fmt.Sprintf("Service %d", service), PeriodType: billing.PeriodMonth, Units: int64(2 + i%50), UnitPrice: &price, UnitCost: &cost,
		Since: billing.NewDate(2026, 1, 1), Policy: billing.UpNowDownNext, PriceRule: "organization",
		Shares: []billing.Share{{SubscriptionID: billing.SubscriptionID(fmt.Sprintf("subscription-%d", i)), Units: int64(2 + i%50)}}}
}

func benchStanding(i int, want billing.DesiredLine, periods []billing.Period, units int64, price money.Amount) billing.ContractService {
	id := fmt.Sprint(1_000_000 + i)
	line := billing.ContractService{ID: billing.ContractServiceID(id), ContractID: billing.ContractID(want.Contract.ID), ServiceID: billing.ServiceID(want.Service.ID), Mark: want.Mark}
	for n, period := range periods {
		line.Rows = append(line.Rows, billing.UnitRow{ID: fmt.Sprintf("%s%d", id, n), Period: period, Units: units, Price: price.Mul(money.Int(units))})
	}
	return line
}

// BenchmarkMake100k holds the plan of 100,000 lines against its budget: at most one second and 200 MiB (design §9). B/op counts
// everything ever allocated, so what is in use at once is less. cpu-s/op is what the process worked, on all cores and with the
// collector: on a busy machine it says more than the time that passed.
func BenchmarkMake100k(b *testing.B) {
	for _, c := range []struct {
		name    string
		moving  bool
		changes int
	}{{"in-step", false, 0}, {"four-of-ten-change", true, 50_000}} {
		b.Run(c.name, func(b *testing.B) {
			in := benchWorld(c.moving)
			runtime.GC()
			b.ReportAllocs()
			before := worked(b)
			for b.Loop() {
				if p := plan.Make(in); len(p.Changes) != c.changes || len(p.Findings) != 0 {
					b.Fatalf("%d changes, %d findings", len(p.Changes), len(p.Findings))
				}
			}
			b.ReportMetric((worked(b)-before).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(benchLines*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// worked is the processor time this process has used.
func worked(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
