package billing

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var premium = Offer{ProductID: "CFQ7TTC07DHZ", SKUID: "0001", Term: "P1Y", Frequency: Monthly}

func TestOfferText(t *testing.T) {
	if got := premium.String(); got != "CFQ7TTC07DHZ:0001:P1Y:monthly" {
		t.Errorf("offer %q", got)
	}
}

// TestMarksAreStable pins marks as they are stored in customers' databases: they may never change.
func TestMarksAreStable(t *testing.T) {
	tests := []struct{ name, got, pattern string }{
		{"line", LineMark("northwind", "9001|s|o"), `^spindle:[0-9a-f]{16}$`},
		{"contract", ContractMark("northwind", "alder", "cloud"), `^SPN-[0-9a-f]{16}$`},
		{"charge", ChargeMark("northwind", "azure|9001|2026-09"), `^SPN-[0-9a-f]{16}$`},
		{"service", ServiceMark(premium), `^spindle:CFQ7TTC07DHZ:0001:P1Y:monthly$`},
		{"long service", ServiceMark(Offer{ProductID: strings.Repeat("X", 60)}), `^spindle:[0-9a-f]{16}$`},
		{"service with blanks", ServiceMark(Offer{ProductID: "my own backup service", Frequency: Monthly}), `^spindle:[0-9a-f]{16}$`},
		{"short service", ServiceMark(Offer{ProductID: "b", Frequency: Monthly}), `^spindle:[0-9a-f]{16}$`},
	}
	for _, test := range tests {
		if !regexp.MustCompile(test.pattern).MatchString(test.got) {
			t.Errorf("%s mark %q does not match %s", test.name, test.got, test.pattern)
		}
		if len(test.got) > 50 {
			t.Errorf("%s mark %q is longer than the shortest field", test.name, test.got)
		}
	}
	if got := LineMark("northwind", "9001|s|o"); got != "spindle:a34a26e34700397d" {
		t.Errorf("line mark %q", got)
	}
	if got := ContractMark("northwind", "alder", "cloud"); got != "SPN-015f6dbb6eb5fb3b" {
		t.Errorf("contract mark %q", got)
	}
}

func TestMarksDiffer(t *testing.T) {
	marks := []string{
		LineMark("a", "k"), LineMark("b", "k"), LineMark("a", "l"), LineMark("ak", ""), LineMark("", "ak"),
		ContractMark("a", "c", "cloud"), ContractMark("b", "c", "cloud"), ContractMark("a", "d", "cloud"), ContractMark("a", "c", "azure"), ContractMark("a", "cc", "loud"),
		ChargeMark("a", "k"), ChargeMark("b", "k"), ChargeMark("a", "l"),
		ServiceMark(premium), ServiceMark(Offer{ProductID: premium.ProductID, SKUID: "0001", Term: "P1Y", Frequency: Annual}),
	}
	sorted := slices.Clone(marks)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(marks) {
		t.Errorf("two marks are equal: %q", marks)
	}
}

func TestMarkIn(t *testing.T) {
	line, contract := LineMark("a", "k"), ContractMark("a", "c", "cloud")
	tests := []struct{ text, want string }{
		{line, line},
		{contract, contract},
		{"kept by " + line, line},
		{line + " do not touch", line},
		{"\t" + line + "\r\n", line},
		{"old " + contract + " and " + line, contract},
		{ServiceMark(premium), ServiceMark(premium)},
		{"", ""},
		{"no mark here", ""},
		{"spindle:", ""},
		{"spindle: see handbook", ""},
		{"spindle:abc", ""},
		{"SPN-123", ""},
		{contract + "0", ""},
		{"x" + line, ""},
		{"SPN-", ""},
	}
	for _, test := range tests {
		if got := MarkIn(test.text); got != test.want {
			t.Errorf("MarkIn(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

// TestMarksAreFoundAgain: whatever the keys, a mark is found in the text around it and fits its field.
func TestMarksAreFoundAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		org, key := rapid.String().Draw(t, "org"), rapid.String().Draw(t, "key")
		offer := Offer{ProductID: rapid.String().Draw(t, "product"), SKUID: rapid.String().Draw(t, "sku"), Term: "P1Y", Frequency: Monthly}
		for _, mark := range []string{LineMark(org, key), ContractMark(org, CustomerID(key), "cloud"), ChargeMark(org, key), ServiceMark(offer)} {
			if got := MarkIn("before " + mark + " after"); got != mark || len(mark) > 50 {
				t.Fatalf("%q is found as %q", mark, got)
			}
		}
	})
}

func TestSetID(t *testing.T) {
	tests := []struct {
		id   SetID
		want string
	}{
		{SetID{Kind: BilledLines, PartnerID: "p", Invoice: "G1", Currency: "EUR"}, "billed-lines/p/G1"},
		{SetID{Kind: BilledUsage, PartnerID: "p", Invoice: "G1"}, "billed-usage/p/G1"},
		{SetID{Kind: UnbilledLines, PartnerID: "p", Currency: "EUR", Month: "2026-10"}, "unbilled-lines/p/EUR/2026-10"},
		{SetID{Kind: UnbilledUsage, PartnerID: "p", Currency: "USD", Month: "2026-10"}, "unbilled-usage/p/USD/2026-10"},
	}
	for _, test := range tests {
		if got := test.id.String(); got != test.want {
			t.Errorf("%+v = %q, want %q", test.id, got, test.want)
		}
	}
}

func TestChargeKindKnown(t *testing.T) {
	known := []ChargeKind{ChargeNew, ChargeRenew, ChargeCycle, ChargeAddQuantity, ChargeRemoveQuantity, ChargeCancelImmediate, ChargeCancel,
		ChargeConvert, ChargeMoveQuantity, ChargeChangeBillingPlan, ChargeCustomerCredit}
	for _, k := range known {
		if !k.Known() || string(k) != strings.ToLower(string(k)) {
			t.Errorf("%q must be known and lower-case", k)
		}
	}
	for _, k := range []ChargeKind{"", "cycleCharge", "addon", "transfer"} {
		if k.Known() {
			t.Errorf("%q is known", k)
		}
	}
}

func TestFindingID(t *testing.T) {
	f := Finding{Kind: FindingUnmapped, Subject: "alder", Message: "words do not matter"}
	if f.ID() != "customer-unmapped/alder" {
		t.Errorf("id %q", f.ID())
	}
}

func TestEffectivePolicies(t *testing.T) {
	got := EffectivePolicies()
	for _, p := range []EffectivePolicy{TrueDate, PeriodStart, UpNowDownNext, NextPeriod} {
		if !slices.Contains(got, p) {
			t.Errorf("%s is missing", p)
		}
	}
	if len(got) != 4 {
		t.Errorf("policies %v", got)
	}
}
