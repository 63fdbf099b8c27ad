package plan

import (
	"fmt"
	"testing"

	"spindle/internal/billing"
)

// BenchmarkMake plans 100,000 standing lines of which every tenth changes (design §9: at most 1 s and 200 MiB).
func BenchmarkMake(b *testing.B) {
	s := november(upNow)
	s.want = billing.DesiredLine{}
	price := euros(1000)
	row := func(start, end string) billing.UnitRow {
		return billing.UnitRow{Period: billing.Period{Start: date(start), End: date(end)}, Units: 5, Price: euros(5000)}
	}
	in := s.input()
	for i := range 100_000 {
		key, id := fmt.Sprintf("line-%06d", i), billing.ContractServiceID(fmt.Sprint(i+1))
		customer := billing.CustomerID(fmt.Sprint(i / 50))
		in.Desired.Lines = append(in.Desired.Lines, billing.DesiredLine{Key: key, Mark: "spindle:" + key, CustomerID: customer, Customer: string(customer), Policy: upNow,
			Contract: billing.Ref{ID: "900"}, Service: billing.Ref{ID: "800"}, Units: 5 + int64(i%10/9), UnitPrice: &price})
		in.Observed.Lines = append(in.Observed.Lines, billing.ContractService{ID: id, ContractID: "900", ServiceID: "800", Mark: "spindle:" + key,
			Rows: []billing.UnitRow{row("2026-11-15", "2026-12-15"), row("2026-12-15", "2027-01-15")}})
		in.Memory.Lines = append(in.Memory.Lines, Applied{LineKey: key, LineID: id, CustomerID: customer, ContractID: "900", ServiceID: "800", Units: 5, UnitPrice: &price, From: date("2026-03-15")})
	}
	b.ReportAllocs()
	for b.Loop() {
		if p := Make(in); len(p.Changes) != 10_000 {
			b.Fatalf("%d changes", len(p.Changes))
		}
	}
}
