package rating

import (
	"slices"
	"testing"

	"spindle/internal/billing"
)

func TestLicenceBecomesALine(t *testing.T) {
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 15)}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
	d := Rate(in)
	l := only(t, d)
	if l.Key != "9001|spindle:CFQ7TTC07DHZ:0001:P1Y:monthly|CFQ7TTC07DHZ:0001:P1Y:monthly" || l.Mark != billing.LineMark(org, l.Key) {
		t.Errorf("key %q mark %q", l.Key, l.Mark)
	}
	if l.Units != 15 || l.UnitCost.String() != "21.60 EUR" || l.UnitPrice.String() != "25.92 EUR" || l.PriceRule != ruleServiceMarkup {
		t.Errorf("line %+v cost %v price %v", l, l.UnitCost, l.UnitPrice)
	}
	if len(d.Findings) != 0 || len(l.Holds) != 0 {
		t.Errorf("findings %v holds %v", d.Findings, l.Holds)
	}
	if want := []string{"billed " + l.Key + " 259.20 EUR"}; !slices.Equal(outcomes(d), want) {
		t.Errorf("outcomes %v, want %v", outcomes(d), want)
	}
	if len(d.Services) != 1 || d.Services[0].Name != "Microsoft 365 Business Premium (P1Y, monthly)" || d.Services[0].UnitPrice.String() != "25.92 EUR" {
		t.Errorf("services %+v", d.Services)
	}
}
