package engine

import (
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
)

func euros(t *testing.T, text string) money.Amount {
	t.Helper()
	value, err := money.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return money.Of(value, "EUR")
}

// TestChargedBefore changes routes and grouping after a month was charged: nothing may be billed a second time, and everything that was
// not billed yet must pass.
func TestChargedBefore(t *testing.T) {
	const bundled, other = "azure|100|2026-10|*|EUR", "azure|200|2026-10|*|EUR"
	const oneOff, oneOffMoved = "line|100|billed-lines/p/G1|r1", "line|200|billed-lines/p/G1|r1"
	contracts := []billing.Contract{{ID: "100", CompanyID: "1"}, {ID: "200", CompanyID: "1"}, {ID: "300", CompanyID: "2"}}
	tests := []struct {
		name     string
		charged  []string // remembered keys
		gone     bool     // a person deleted the charges in the target
		billed   bool
		stands   string // unit price of what stands
		want     []string
		wantHeld bool
		quiet    bool // held, and nothing to decide
	}{
		{name: "never charged", want: []string{bundled}},
		{name: "the same key is corrected by the plan", charged: []string{bundled}, want: []string{bundled}},
		{name: "grouping changed", charged: []string{bundled}, want: []string{"azure|100|2026-10|Storage|EUR"}, wantHeld: true},
		{name: "grouping changed back", charged: []string{"azure|100|2026-10|Storage|EUR"}, want: []string{bundled}, wantHeld: true},
		{name: "route changed", charged: []string{bundled}, want: []string{other}, wantHeld: true},
		{name: "route changed, the old charge is deleted", charged: []string{bundled}, gone: true, want: []string{other}},
		{name: "route changed after it was billed", charged: []string{bundled}, billed: true, want: []string{other}, wantHeld: true, quiet: true},
		{name: "route and money changed after it was billed", charged: []string{bundled}, billed: true, stands: "25", want: []string{other}, wantHeld: true},
		{name: "another month", charged: []string{"azure|100|2026-09|*|EUR"}, want: []string{other}},
		{name: "another currency", charged: []string{"azure|100|2026-10|*|USD"}, want: []string{other}},
		{name: "another company", charged: []string{"azure|300|2026-10|*|EUR"}, want: []string{other}},
		{name: "part of it moves while the rest can be corrected", charged: []string{bundled}, stands: "30", want: []string{bundled, other}},
		{name: "part of it moves but all was billed", charged: []string{bundled}, billed: true, stands: "30", want: []string{bundled, other}, wantHeld: true},
		{name: "one-off line moved", charged: []string{oneOff}, want: []string{oneOffMoved}, wantHeld: true},
		{name: "another one-off line", charged: []string{oneOff}, want: []string{"line|200|billed-lines/p/G1|r2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			memory := plan.Memory{Charges: map[string]billing.ChargeID{}}
			observed := billing.Observed{Contracts: contracts}
			for _, key := range tt.charged {
				memory.Charges[key] = "9"
				if tt.gone {
					continue
				}
				stands := "20"
				if tt.stands != "" {
					stands = tt.stands
				}
				observed.Charges = append(observed.Charges, billing.Charge{ID: "9", ContractID: billing.ContractID(strings.Split(key, "|")[1]),
					Mark: billing.ChargeMark("o", key), Quantity: money.Int(1), UnitPrice: euros(t, stands), Billed: tt.billed})
			}
			var d billing.Desired
			for _, key := range tt.want {
				d.Charges = append(d.Charges, billing.DesiredCharge{Key: key, Contract: billing.Ref{ID: strings.Split(key, "|")[1]},
					Quantity: money.Int(1), UnitPrice: euros(t, "20")})
				d.Dispositions = append(d.Dispositions, billing.Disposition{LineKey: key, Outcome: billing.Billed, By: key, Cost: euros(t, "18")})
			}
			got := newChargedBefore("o", d, memory).withhold(d, observed)
			last := tt.want[len(tt.want)-1]
			passed := len(got.Charges) == len(tt.want)
			if passed == tt.wantHeld {
				t.Fatalf("charges: got %d of %d, want %s held: %t", len(got.Charges), len(tt.want), last, tt.wantHeld)
			}
			x := got.Dispositions[len(got.Dispositions)-1]
			if tt.quiet {
				if len(got.Findings) != 0 || x.Outcome != billing.Billed || x.By != tt.charged[0] {
					t.Errorf("the charge that billed it must answer for its lines: got %+v, %+v", x, got.Findings)
				}
				return
			}
			if tt.wantHeld && (len(got.Findings) != 1 || x.Outcome != billing.HeldBack || x.By != got.Findings[0].ID()) {
				t.Errorf("a withheld charge must leave its lines held by one finding: got %+v, %+v", x, got.Findings)
			}
			if !tt.wantHeld && (len(got.Findings) != 0 || x.Outcome != billing.Billed) {
				t.Errorf("nothing was withheld, but got %+v, %+v", x, got.Findings)
			}
			if d.Dispositions[len(d.Dispositions)-1].Outcome != billing.Billed {
				t.Error("the input was changed")
			}
		})
	}
}
