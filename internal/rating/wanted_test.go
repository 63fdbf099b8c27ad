package rating

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// TestWantedIsWhatIsRated: what is worked out for a comparison alone is what a plan would be made from.
func TestWantedIsWhatIsRated(t *testing.T) {
	lines, charges, ended := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		if rapid.Bool().Draw(t, "all billed") {
			in.Mappings.Companies, in.Mappings.Switches, in.Mappings.Routes = nil, nil, nil
			for _, c := range in.Directory.Customers {
				in.Mappings.Companies = append(in.Mappings.Companies, billing.CompanyMapping{CustomerID: c.ID, CompanyID: alderCo})
				in.Mappings.Switches = append(in.Mappings.Switches, billing.BillingSwitch{CustomerID: c.ID, On: true})
				in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: c.ID, Managed: true})
			}
		}
		if n := len(in.Directory.Subscriptions); n > 0 && rapid.Bool().Draw(t, "one ends") {
			for _, l := range Rate(in).Lines {
				in.LinePrices[l.Key] = num("12.00")
			}
			in.Directory.Subscriptions[rapid.IntRange(0, n-1).Draw(t, "which")].Status = billing.Ended
		}
		earlier := rapid.SampledFrom([][]billing.Month{nil, {"2026-08"}, {"2026-09"}, {"2026-09", "2026-08"}}).Draw(t, "earlier")
		in.Month = rapid.SampledFrom([]billing.Month{in.Month, in.Month, "2026-10", ""}).Draw(t, "month")
		want, got := RateMonths(in, earlier), Wanted(in, earlier)
		lines, charges = lines+len(got.Lines), charges+len(got.Charges)
		for i, l := range want.Lines {
			if !l.EndedOn.IsZero() {
				ended++
			}
			want.Lines[i].Steps, want.Lines[i].ProvenTo, want.Lines[i].CostBasis, want.Lines[i].Repeat = nil, billing.Date{}, "", false
		}
		want.Findings, want.Dispositions = nil, nil
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
	if lines == 0 || charges == 0 || ended == 0 {
		t.Errorf("%d lines, %d charges, %d lines that end: nothing is compared", lines, charges, ended)
	}
}
