package billing

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/money"
)

// TestTrueUpKeysComeBack: whatever is trued up, its key says what kind it is and the how manieth, and no other key does.
func TestTrueUpKeysComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]string{"azure", "line"}).Draw(t, "kind")
		contract := ContractID(rapid.StringMatching(`[0-9]{1,6}|SPN-[0-9a-f]{16}`).Draw(t, "contract"))
		month := MonthOf(drawDate(t, "month"))
		n := rapid.IntRange(1, 500).Draw(t, "n")
		key := TrueUpKey(kind, contract, month, "EUR", n)
		if gotKind, gotN := ParseChargeKey(key); gotKind != kind || gotN != n {
			t.Fatalf("%q is the true-up %d of %q", key, gotN, gotKind)
		}
		if next := TrueUpKey(kind, contract, month, "EUR", n+1); next == key {
			t.Fatalf("two true-ups are called %q", key)
		}
		original := strings.Join([]string{kind, string(contract), string(month), "*", "EUR"}, "|")
		if gotKind, gotN := ParseChargeKey(original); gotKind != kind || gotN != 0 {
			t.Fatalf("%q is the true-up %d of %q", original, gotN, gotKind)
		}
	})
}

// TestMarksAtTheEdges: a service mark is readable as long as the field takes it and it can be found again; one letter more or less and it is a digest, always
// the same one.
func TestMarksAtTheEdges(t *testing.T) {
	of := func(product string) string {
		return ServiceMark(Offer{ProductID: product, SKUID: "0001", Term: "P1Y", Frequency: Monthly})
	}
	const rest = ":0001:P1Y:monthly" // and the product and "spindle:" before it
	tests := []struct {
		name    string
		product string
		readable,
		found bool
	}{
		{"as long as the field", strings.Repeat("x", serviceMarkMax-len("spindle:")-len(rest)), true, true},
		{"one letter longer", strings.Repeat("x", serviceMarkMax-len("spindle:")-len(rest)+1), false, true},
		{"as short as a mark", "", true, true},
		{"a blank inside", "my product", false, true},
		{"a line break inside", "my\nproduct", false, true},
		{"a blank of another script", "my\u00a0product", false, true},
	}
	for _, test := range tests {
		mark := of(test.product)
		if got := mark == "spindle:"+test.product+rest; got != test.readable || (MarkIn("x "+mark+" y") == mark) != test.found || len(mark) > serviceMarkMax {
			t.Errorf("%s: %q (%d)", test.name, mark, len(mark))
		}
	}
	for n, readable := range map[int]bool{lineMarkLength: true, lineMarkLength - 1: false} { // the text of three colons and a product
		product := strings.Repeat("p", n-len("spindle:")-3)
		if mark := ServiceMark(Offer{ProductID: product}); (mark == "spindle:"+product+":::") != readable || MarkIn(mark) != mark {
			t.Errorf("a mark of %d letters: %q", n, mark)
		}
	}
	for mark, want := range map[string]string{ // stored in customers' databases
		ServiceMark(Offer{ProductID: "my own backup service", Frequency: Monthly}): "spindle:bf933a40e9a8f992",
		ChargeMark("northwind", "azure|9001|2026-09"):                              "SPN-a3f6b9f66baaa1b1",
		ContractMark("northwind", "alder", "cloud:5"):                              "SPN-d4681a7d9ce80984",
	} {
		if mark != want {
			t.Errorf("mark %q, want %q", mark, want)
		}
	}
}

// TestMarksInOtherTexts: only a whole word of the right length is a mark; what merely looks like one is somebody else's text, and ours is never taken for it.
func TestMarksInOtherTexts(t *testing.T) {
	charge := ChargeMark("a", "k")
	for text, want := range map[string]string{
		charge:                              charge,
		"PO 4711 " + charge:                 charge,
		charge + "," + charge:               "",
		charge[:len(charge)-1]:              "",
		"XPN-" + charge[4:]:                 "",
		strings.ToLower(charge):             "",
		strings.ToUpper(LineMark("a", "k")): "",
		"order " + strings.Repeat("7", 20):  "",
		"SPN-1 " + charge:                   charge,
		"spindle:x " + charge:               charge,
		charge + " " + LineMark("a", "k"):   charge,
	} {
		if got := MarkIn(text); got != want {
			t.Errorf("%q holds %q, want %q", text, got, want)
		}
	}
}

// TestSwitchByDefinition compares Switch with its definition: the narrowest switches that speak of the subscription decide together: on only when all are on,
// from the latest of their months.
func TestSwitchByDefinition(t *testing.T) {
	customers, subscriptions := []CustomerID{"", "c", "d"}, []SubscriptionID{"", "s", "t"}
	rapid.Check(t, func(t *rapid.T) {
		var m Mappings
		for range rapid.IntRange(0, 7).Draw(t, "switches") {
			m.Switches = append(m.Switches, BillingSwitch{
				CustomerID: rapid.SampledFrom(customers).Draw(t, "customer"), SubscriptionID: rapid.SampledFrom(subscriptions).Draw(t, "subscription"),
				On: rapid.Bool().Draw(t, "on"), From: rapid.SampledFrom([]Month{"", "2026-09", "2026-10"}).Draw(t, "from"),
			})
		}
		for _, c := range customers {
			for _, s := range subscriptions {
				on, from, found := true, Month(""), false
				for _, key := range []struct {
					c CustomerID
					s SubscriptionID
				}{{c, s}, {"", s}, {c, ""}} {
					if found || key.c == "" && key.s == "" || key.s == "" && key.c != c {
						continue
					}
					for _, b := range m.Switches {
						if b.CustomerID == key.c && b.SubscriptionID == key.s {
							on, from, found = on && b.On, max(from, b.From), true
						}
					}
				}
				if got, ok := m.Switch(c, s); ok != found || found && (got.On != on || got.From != from) {
					t.Fatalf("customer %q, subscription %q: %+v, %v; want %v from %q, %v", c, s, got, ok, on, from, found)
				}
			}
		}
	})
}

// TestFirstMonthNeverEarlier: the first month is one of the two, and never before either: nobody is billed for a month that was billed without Spindle.
func TestFirstMonthNeverEarlier(t *testing.T) {
	months := []Month{"", "2025-12", "2026-01", "2026-09", "2026-10"}
	for _, organization := range months {
		for _, own := range months {
			got := (Settings{BillFrom: organization}).FirstMonth(BillingSwitch{From: own})
			if got < organization || got < own || got != organization && got != own {
				t.Errorf("organization from %q, switch from %q: %q", organization, own, got)
			}
		}
	}
}

// TestRetention: nothing set keeps everything for good; any one setting does not.
func TestRetention(t *testing.T) {
	for r, nothing := range map[Retention]bool{{}: true, {Versions: 3}: false, {Papers: 13}: false, {Receipts: 24}: false, {3, 13, 24}: false} {
		if r.Nothing() != nothing {
			t.Errorf("%+v keeps everything: %v", r, r.Nothing())
		}
	}
	// Corrections come within three months, a yearly period and its month are over after thirteen, its proof is asked for a year later.
	if VersionsMonthsMin != 3 || PapersMonthsMin != 13 || ReceiptsMonthsMin != 24 || RetentionMonthsMax != 240 {
		t.Error("the least that is kept was changed")
	}
}

// fill gives every field of a value something of its own, so that a field that gets lost shows.
func fill(v reflect.Value, n *int) {
	*n++
	switch at := v.Addr().Interface().(type) {
	case *Date:
		*at = on("2026-01-01").AddDays(*n)
		return
	case *money.Amount:
		*at = money.Of(money.New(int64(*n), -2), "EUR")
		return
	case *money.Decimal:
		*at = money.New(int64(*n), -3)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic("a kind of field that no noun has yet: " + v.Type().String())
	}
}

// comesBack writes a filled value as JSON and reads it again: nothing may be lost, renamed or rounded on the way through the database.
func comesBack[T any](t *testing.T) {
	t.Helper()
	var in, out T
	n := 0
	fill(reflect.ValueOf(&in).Elem(), &n)
	text, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	again, _ := json.Marshal(out)
	if err != nil || string(again) != string(text) || n < 2 {
		t.Errorf("%T: %v\n%s\n%s", in, err, text, again)
	}
	if strings.Contains(string(text), "{}") || strings.Contains(string(text), "null") {
		t.Errorf("%T loses a field: %s", in, text)
	}
	var zero, none T // and nothing stays nothing
	if text, err = json.Marshal(zero); err != nil || json.Unmarshal(text, &none) != nil {
		t.Errorf("an empty %T: %s, %v", in, text, err)
	}
	if empty, _ := json.Marshal(none); string(empty) != string(text) {
		t.Errorf("an empty %T becomes %s, was %s", in, empty, text)
	}
}

// TestNounsComeBack: every noun that is stored as a document.
func TestNounsComeBack(t *testing.T) {
	comesBack[Customer](t)
	comesBack[Subscription](t)
	comesBack[AzureSubscription](t)
	comesBack[Directory](t)
	comesBack[Gap](t)
	comesBack[LineItem](t)
	comesBack[UsageGroup](t)
	comesBack[UsageDay](t)
	comesBack[Invoice](t)
	comesBack[SetID](t)
	comesBack[Settings](t)
	comesBack[Retention](t)
	comesBack[Mappings](t)
	comesBack[PriceRule](t)
	comesBack[Catalogue](t)
	comesBack[Observed](t)
	comesBack[DesiredContract](t)
	comesBack[DesiredService](t)
	comesBack[DesiredLine](t)
	comesBack[DesiredCharge](t)
	comesBack[ChargedMonth](t)
	comesBack[Disposition](t)
	comesBack[Finding](t)
	comesBack[Shortage](t)
	comesBack[Hold](t)
	comesBack[Desired](t)
	comesBack[Ref](t)
}

// TestCustomersLeaveThePlaces: who asks a charge for its customers changes nothing of it.
func TestCustomersLeaveThePlaces(t *testing.T) {
	c := DesiredCharge{CustomerID: "m", Places: []Place{{CustomerID: "z"}, {CustomerID: "a"}, {CustomerID: "m"}}}
	before := slices.Clone(c.Places)
	if got := c.Customers(); !slices.Equal(got, []CustomerID{"a", "m", "z"}) || !slices.Equal(c.Places, before) {
		t.Errorf("customers %v of %v", got, c.Places)
	}
}

// TestRefsAreToldApart: a thing that exists is called by its id, one that is to be made by its mark; only what says neither points at nothing.
func TestRefsAreToldApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.SampledFrom([]string{"", "5", "SPN-5"})
		a, b := Ref{draw.Draw(t, "id"), draw.Draw(t, "mark")}, Ref{draw.Draw(t, "other id"), draw.Draw(t, "other mark")}
		if a.IsZero() != (a.ID == "" && a.Mark == "") || a.IsZero() != (a.String() == "") {
			t.Fatalf("%+v is nothing: %v", a, a.IsZero())
		}
		if a.ID != "" && b.ID != "" && (a.String() == b.String()) != (a.ID == b.ID) {
			t.Fatalf("%+v and %+v are %q and %q", a, b, a, b)
		}
	})
}
