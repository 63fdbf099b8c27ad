package billing

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSwitch: the subscription's own switch decides, then the subscription's whoever holds it, then the customer's; of two answers to one
// question the cautious one (law 1).
func TestSwitch(t *testing.T) {
	type b = BillingSwitch
	customer, later := b{CustomerID: "c", On: true, From: "2026-08"}, b{CustomerID: "c", On: true, From: "2026-10"}
	own, anybodys := b{CustomerID: "c", SubscriptionID: "s", From: "2026-07"}, b{SubscriptionID: "s", On: true, From: "2026-09"}
	tests := []struct {
		name         string
		switches     []BillingSwitch
		customer     CustomerID
		subscription SubscriptionID
		want         BillingSwitch
		found        bool
	}{
		{"nobody decided", nil, "c", "s", b{}, false},
		{"the customer's", []b{customer}, "c", "s", customer, true},
		{"the customer's, asked without a subscription", []b{own, customer}, "c", "", customer, true},
		{"another customer's", []b{{CustomerID: "d", On: true}}, "c", "s", b{}, false},
		{"a customer's, asked for nobody", []b{customer}, "", "s", b{}, false},
		{"its own over the customer's", []b{customer, own}, "c", "s", own, true},
		{"its own over anybody's", []b{anybodys, own, customer}, "c", "s", own, true},
		{"anybody's over the customer's", []b{customer, anybodys}, "c", "s", anybodys, true},
		{"anybody's, asked without a customer", []b{customer, anybodys}, "", "s", anybodys, true},
		{"another subscription's", []b{{CustomerID: "c", SubscriptionID: "t", On: true}}, "c", "s", b{}, false},
		{"of this subscription, but another customer's", []b{{CustomerID: "d", SubscriptionID: "s", On: true}}, "c", "s", b{}, false},
		{"of nothing", []b{{On: true}}, "c", "s", b{}, false},
		{"of nothing, asked for nothing", []b{{On: true}}, "", "", b{}, false},
		{"on and off: off", []b{customer, {CustomerID: "c", From: "2026-01"}}, "c", "s", b{CustomerID: "c", From: "2026-08"}, true},
		{"two months: the later", []b{customer, later}, "c", "s", later, true},
		{"own on and off: off", []b{own, {CustomerID: "c", SubscriptionID: "s", On: true}}, "c", "s", own, true},
	}
	for _, test := range tests {
		for range 2 {
			if got, found := (Mappings{Switches: test.switches}).Switch(test.customer, test.subscription); got.On != test.want.On || got.From != test.want.From || found != test.found {
				t.Errorf("%s: %+v, %v; want %+v, %v", test.name, got, found, test.want, test.found)
			}
			slices.Reverse(test.switches)
		}
	}
}

// TestFirstMonth: a switch has a month of its own, but never one before the organization's.
func TestFirstMonth(t *testing.T) {
	for _, test := range []struct{ organization, own, want Month }{
		{"", "", ""}, {"2026-09", "", "2026-09"}, {"", "2026-09", "2026-09"}, {"2026-09", "2026-10", "2026-10"}, {"2026-10", "2026-09", "2026-10"}, {"2026-12", "2027-01", "2027-01"},
	} {
		if got := (Settings{BillFrom: test.organization}).FirstMonth(BillingSwitch{From: test.own}); got != test.want {
			t.Errorf("organization from %q, switch from %q: %q, want %q", test.organization, test.own, got, test.want)
		}
	}
}

// TestChargeKeys: what a key charges is read back from it: the kind, and which true-up of a month it is.
func TestChargeKeys(t *testing.T) {
	tests := []struct {
		key, kind string
		trueUp    int
	}{
		{"azure|9001|2026-09|*|EUR", "azure", 0},
		{"line|9001|billed-lines/p/G1|k1", "line", 0},
		{TrueUpKey("azure", "9001", "2026-09", "EUR", 1), "azure", 1},
		{TrueUpKey("line", "9001", "2026-09", "EUR", 12), "line", 12},
		{"true-up", "true-up", 0}, // not one of ours: no kind is made up
		{"true-up|azure", "true-up", 0},
		{"true-up|azure|3", "azure", 3},
		{"true-up|azure|x", "azure", 0},
		{"", "", 0},
	}
	for _, test := range tests {
		if kind, trueUp := ParseChargeKey(test.key); kind != test.kind || trueUp != test.trueUp {
			t.Errorf("%q: %q %d, want %q %d", test.key, kind, trueUp, test.kind, test.trueUp)
		}
	}
	if key := TrueUpKey("azure", "9001", "2026-09", "EUR", 2); key != "true-up|azure|9001|2026-09|EUR|2" { // stored in marks
		t.Errorf("key %q", key)
	}
	seen := map[string]bool{}
	for _, key := range []string{TrueUpKey("azure", "1", "2026-09", "EUR", 1), TrueUpKey("line", "1", "2026-09", "EUR", 1), TrueUpKey("azure", "2", "2026-09", "EUR", 1),
		TrueUpKey("azure", "1", "2026-10", "EUR", 1), TrueUpKey("azure", "1", "2026-09", "USD", 1), TrueUpKey("azure", "1", "2026-09", "EUR", 2)} {
		if seen[key] {
			t.Errorf("two true-ups are called %q", key)
		}
		seen[key] = true
	}
}

// TestCustomersOfACharge: everybody whose money is in a charge is named once, in order, also whom only its places name.
func TestCustomersOfACharge(t *testing.T) {
	for _, test := range []struct {
		customer CustomerID
		places   []CustomerID
		want     []CustomerID
	}{
		{"b", nil, []CustomerID{"b"}},
		{"b", []CustomerID{"b"}, []CustomerID{"b"}},
		{"b", []CustomerID{"c", "a", "b", "a"}, []CustomerID{"a", "b", "c"}},
	} {
		c := DesiredCharge{CustomerID: test.customer}
		for _, id := range test.places {
			c.Places = append(c.Places, Place{CustomerID: id})
		}
		if got := c.Customers(); !slices.Equal(got, test.want) {
			t.Errorf("%s and %v: %v, want %v", test.customer, test.places, got, test.want)
		}
	}
}

// TestPlacesInOrder: customer, subscription, Azure subscription, resource group, and each of them counts.
func TestPlacesInOrder(t *testing.T) {
	want := []Place{
		{CustomerID: "a", SubscriptionID: "z", AzureSubscriptionID: "z", ResourceGroup: "z"},
		{CustomerID: "b"},
		{CustomerID: "b", SubscriptionID: "s", AzureSubscriptionID: "z", ResourceGroup: "z"},
		{CustomerID: "b", SubscriptionID: "t"},
		{CustomerID: "b", SubscriptionID: "t", AzureSubscriptionID: "x", ResourceGroup: "z"},
		{CustomerID: "b", SubscriptionID: "t", AzureSubscriptionID: "y"},
		{CustomerID: "b", SubscriptionID: "t", AzureSubscriptionID: "y", ResourceGroup: "g"},
		{CustomerID: "b", SubscriptionID: "t", AzureSubscriptionID: "y", ResourceGroup: "g", Whole: true},
	}
	rapid.Check(t, func(t *rapid.T) {
		got := rapid.Permutation(want).Draw(t, "order")
		if slices.SortFunc(got, Place.Compare); !slices.Equal(got, want) {
			t.Fatalf("%v", got)
		}
	})
	for _, p := range want {
		if p.Compare(p) != 0 {
			t.Errorf("%v is not where it is", p)
		}
	}
}

// TestAddMonthsOverYearZero: counting back over the beginning of the era keeps months between 1 and 12.
func TestAddMonthsOverYearZero(t *testing.T) {
	for _, test := range []struct {
		from Date
		n    int
		want Date
	}{
		{Date{0, 1, 31}, -1, Date{-1, 12, 31}},
		{Date{0, 1, 31}, -2, Date{-1, 11, 30}},
		{Date{0, 3, 31}, -13, Date{-1, 2, 28}},
		{Date{1, 1, 1}, -13, Date{-1, 12, 1}},
		{Date{-1, 12, 31}, 2, Date{0, 2, 29}},
	} {
		if got := test.from.AddMonths(test.n); got != test.want {
			t.Errorf("%+v and %d months: %+v, want %+v", test.from, test.n, got, test.want)
		}
	}
}
