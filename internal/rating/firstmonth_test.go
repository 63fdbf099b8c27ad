package rating

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// TestFirstMonth switches a customer, or a subscription by itself, on from some month and rates September, played on 9 October: what lies
// before the first month is excluded by a named rule (law 6), and a month that has not begun makes no line.
func TestFirstMonth(t *testing.T) {
	type on = billing.BillingSwitch
	const excluded, licence, one = "excluded before-first-month", "billed " + premiumKey, "billed line|9001|billed-lines/" + partner + "/" + invoice + "|p1"
	for _, test := range []struct {
		name         string
		organization billing.Month
		switches     []billing.BillingSwitch
		line         bool
		licence, one string // outcomes of the licence and of the one-off line
		from         string
	}{
		{"no month", "", []on{{CustomerID: alder, On: true}}, true, licence, one, ""},
		{"the organization's", "2026-08", []on{{CustomerID: alder, On: true}}, true, licence, one, "2026-08-01"},
		{"the month itself", "2026-08", []on{{CustomerID: alder, On: true, From: "2026-09"}}, true, licence, one, "2026-09-01"},
		{"the month after", "2026-08", []on{{CustomerID: alder, On: true, From: "2026-10"}}, true, excluded, excluded, "2026-10-01"},
		{"a month to come", "2026-08", []on{{CustomerID: alder, On: true, From: "2026-11"}}, false, excluded, excluded, ""},
		{"never before the organization's", "2026-10", []on{{CustomerID: alder, On: true, From: "2026-07"}}, true, excluded, excluded, "2026-10-01"},
		{"the subscription's own is earlier", "", []on{{CustomerID: alder, On: true, From: "2026-10"}, {CustomerID: alder, SubscriptionID: "s1", On: true, From: "2026-09"}},
			true, licence, excluded, "2026-09-01"},
		{"the subscription's own is later", "", []on{{CustomerID: alder, On: true, From: "2026-08"}, {CustomerID: alder, SubscriptionID: "s1", On: true, From: "2026-10"}},
			true, excluded, one, "2026-10-01"},
		{"two answers: the cautious one", "", []on{{CustomerID: alder, On: true, From: "2026-10"}, {CustomerID: alder, On: true, From: "2026-08"}}, true, excluded, excluded, "2026-10-01"},
		{"off has no month", "", []on{{CustomerID: alder, From: "2026-08"}}, false, "excluded billing-off", "excluded billing-off", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := world()
			in.Settings.BillFrom, in.Mappings.Switches = test.organization, test.switches
			in.Directory.Subscriptions = []billing.Subscription{seat("s1", 12)}
			in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"), purchase(func(l *billing.LineItem) { l.CustomerID = alder }))}
			d := Rate(in)
			if len(d.Lines) == 1 != test.line || test.line && only(t, d).BillFrom.String() != test.from {
				t.Errorf("lines %+v, want one from %s: %v", d.Lines, test.from, test.line)
			}
			want := []string{test.licence + " 259.20 EUR", test.one + " 220.16 EUR"}
			if got := outcomes(d); !slices.Equal(got, want) {
				t.Errorf("outcomes %q, want %q", got, want)
			}
			if strings.HasPrefix(test.one, "excluded") && len(d.Charges) > 0 {
				t.Errorf("charges %q", summary(d))
			}
		})
	}
}

// TestFirstMonthOfAzure: consumption and credits on it follow the customer's first month too, and a customer that is not mapped yet does
// not wait for a month that will never be billed.
func TestFirstMonthOfAzure(t *testing.T) {
	in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "6.52")}, used(vm, "rg-erp", "Virtual Machines", "6.52"))
	in.Mappings.Switches[1].From, in.Usage = "2026-10", nil // nor does anybody miss its usage
	for _, mapped := range []bool{true, false} {
		if !mapped {
			in.Mappings.Companies = nil
		}
		d := Rate(in)
		if len(d.Findings) > 0 {
			t.Errorf("mapped %v: findings about a month that is not billed: %v", mapped, findingIDs(d))
		}
		if got := outcomes(d); len(d.Charges) > 0 || !slices.Equal(got, []string{"excluded before-first-month 6.52 EUR"}) {
			t.Errorf("mapped %v: outcomes %q, charges %q", mapped, got, summary(d))
		}
	}
}

// TestFirstMonthOfALineIsTheLatest: two subscriptions share a line; the line begins in the later one's first month, so that nobody pays
// for a month too many.
func TestFirstMonthOfALineIsTheLatest(t *testing.T) {
	in := world()
	in.Mappings.Switches = []billing.BillingSwitch{{CustomerID: alder, SubscriptionID: "s1", On: true, From: "2026-08"}, {CustomerID: alder, SubscriptionID: "s2", On: true, From: "2026-10"}}
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 1), seat("s2", 2)}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "1", "21.60"), bought("s2", "2", "43.20"))}
	if line := only(t, Rate(in)); line.Units != 3 || line.BillFrom != day("2026-10-01") {
		t.Errorf("%d units from %s", line.Units, line.BillFrom)
	}
}

// TestNothingBeforeTheFirstMonth: whatever the world, no charge names a customer whose first month is later, and no line begins to be
// wanted before its own.
func TestNothingBeforeTheFirstMonth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		d := Rate(in)
		first := func(c billing.CustomerID, s billing.SubscriptionID) billing.Month {
			b, _ := in.Mappings.Switch(c, s)
			return in.Settings.FirstMonth(b)
		}
		for _, x := range d.Dispositions {
			if x.By == RuleBeforeFirst && x.Outcome != billing.Excluded {
				t.Fatalf("%+v", x)
			}
		}
		for _, c := range d.Charges {
			if strings.HasPrefix(c.Key, "line|") && first(c.CustomerID, "") > c.Month {
				t.Fatalf("charge %s of %s, first month %s", c.Key, c.Month, first(c.CustomerID, ""))
			}
		}
		for _, l := range d.Lines {
			for _, share := range l.Shares {
				if month := first(l.CustomerID, share.SubscriptionID); l.Units > 0 && month > billing.MonthOf(in.Day) {
					t.Fatalf("line %s with subscription %s, whose first month is %s", l.Key, share.SubscriptionID, month)
				}
			}
		}
	})
}
