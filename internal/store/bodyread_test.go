package store

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
)

// Bodies are read as encoding/json reads them, whatever stands in them: as they are written, with bytes changed, cut off, doubled or moved.
func TestBodiesAreReadAsJSON(t *testing.T) {
	t.Run("lines of an invoice", readsAsJSON[storedLine])
	t.Run("usage", readsAsJSON[storedUsage])
	t.Run("subscriptions", readsAsJSON[billing.Subscription])
	t.Run("customers", readsAsJSON[billing.Customer])
	t.Run("changes", readsAsJSON[plan.Change])
	t.Run("lines", readsAsJSON[storedLineRow])
	t.Run("amounts", readsAsJSON[[]money.Amount])
	t.Run("lists and pointers", readsAsJSON[struct {
		Bytes    []byte
		Lists    [][]int64
		Pointers []*money.Decimal
		Pointer  **bool
		Left     *billing.Date `json:",omitempty"`
	}])
}

func readsAsJSON[T any](t *testing.T) {
	values := rapid.Custom(func(t *rapid.T) (v T) {
		drawInto(t, reflect.ValueOf(&v).Elem())
		return v
	})
	rapid.Check(t, func(t *rapid.T) {
		b := newBodies[T]()
		for _, value := range rapid.SliceOfN(values, 1, 4).Draw(t, "values") {
			text, err := encode(value)
			if err != nil {
				t.Fatal(err)
			}
			for _, body := range []string{text, drawChanged(t, text), text} { // what was kept of a changed one is no better for the next
				var want T
				wantErr := json.Unmarshal([]byte(body), &want)
				got, err := b.read([]byte(body))
				if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
					t.Fatalf("%s\nread %+v %v\nwant %+v %v", body, got, err, want, wantErr)
				}
			}
		}
	})
}

func drawText(t *rapid.T) string {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "a", "EUR", "Büro", `say "so"`, `back\slash`, "two\nlines", "1", "null", "{", ","}), rapid.String()).Draw(t, "text")
}

func drawDate(t *rapid.T) billing.Date {
	if rapid.Bool().Draw(t, "none") {
		return billing.Date{}
	}
	return billing.NewDate(2026, 1, rapid.IntRange(1, 400).Draw(t, "day"))
}

func drawNumber(t *rapid.T) money.Decimal {
	return money.New(rapid.Int64Range(-10_000, 10_000).Draw(t, "number"), int32(rapid.IntRange(-6, 3).Draw(t, "exponent")))
}

func drawMoney(t *rapid.T) money.Amount {
	return money.Of(drawNumber(t), rapid.SampledFrom([]money.Currency{"EUR", "USD", "JPY"}).Draw(t, "currency"))
}

// drawInto draws a value of any type that is stored.
func drawInto(t *rapid.T, v reflect.Value) {
	switch into := v.Addr().Interface().(type) {
	case *money.Decimal:
		*into = drawNumber(t)
		return
	case *money.Amount:
		*into = drawMoney(t)
		return
	case *billing.Date:
		*into = drawDate(t)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(drawText(t))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "truth"))
	case reflect.Int, reflect.Int64, reflect.Uint8:
		n := rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64()).Draw(t, "whole number")
		if v.CanInt() {
			v.SetInt(n)
		} else {
			v.SetUint(uint64(n) % 256)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				drawInto(t, v.Field(i))
			}
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "points") {
			v.Set(reflect.New(v.Type().Elem()))
			drawInto(t, v.Elem())
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 2).Draw(t, "length"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				drawInto(t, v.Index(i))
			}
		}
	case reflect.Map:
		if rapid.Bool().Draw(t, "has a map") {
			v.Set(reflect.MakeMap(v.Type()))
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			drawInto(t, key)
			drawInto(t, value)
			v.SetMapIndex(key, value)
		}
	default:
		t.Fatalf("nobody knows how to draw a %s", v.Type())
	}
}

// drawChanged does to a body what a fault would, or somebody who knows other ways to write JSON.
func drawChanged(t *rapid.T, body string) string {
	b := []byte(body)
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		if len(b) == 0 {
			break
		}
		at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		to := rapid.IntRange(at, len(b)).Draw(t, "to")
		switch rapid.IntRange(0, 4).Draw(t, "how") {
		case 0:
			b[at] = rapid.SampledFrom([]byte("\"\\{}[],:0019-.eEnulltrfas \t\n\x00\xff")).Draw(t, "byte")
		case 1:
			b = slices.Delete(b, at, to)
		case 2:
			b = slices.Insert(b, at, b[at:to]...)
		case 3:
			b = b[:at]
		case 4:
			b = slices.Insert(b, at, ' ')
		}
	}
	return string(b)
}

// The rows that there are most of need nobody's help: otherwise nothing is gained, and no test would say so.
func TestBodiesOfManyRowsAreReadAtOnce(t *testing.T) {
	cost, period := money.Of(money.New(1250, -2), "EUR"), billing.Period{Start: billing.NewDate(2026, 10, 1), End: billing.NewDate(2026, 11, 1)}
	readsAtOnce(t, storedLine{Key: "a-1", Row: 2, Invoice: "G1", CustomerID: "c", CustomerName: "Bürohaus", Charged: period, OrderDate: period.Start,
		Quantity: money.Int(3), Cost: cost, Total: cost, Trial: true})
	readsAtOnce(t, storedUsage{CustomerID: "c", Charged: period, Rows: 30, Quantity: money.New(7205, -1), Cost: cost, BeforePEC: cost, FirstDay: period.Start})
	readsAtOnce(t, billing.Customer{ID: "c", Name: "Alder", Country: "DE"})
	readsAtOnce(t, billing.Subscription{ID: "s", CustomerID: "c", Kind: billing.Licence, Quantity: 4, Status: billing.Active, Start: period.Start,
		Offer: billing.Offer{ProductID: "CFQ7", SKUID: "0001", Term: "P1Y", Frequency: billing.Monthly}})
	readsAtOnce(t, billing.AzureSubscription{ID: "a", CustomerID: "c", Active: true})

	price := money.Of(money.New(-2150, -2), "EUR")
	ref, shares := billing.Ref{ID: "200001", Mark: "m"}, []billing.Share{{SubscriptionID: "s", Units: 4}, {SubscriptionID: "t", Units: -1}}
	holds, step := []billing.Hold{{Policy: "price", Why: "below cost", Blocks: true}}, billing.Step{From: period.Start, Units: 3, Proof: "invoice G1"}
	readsAtOnce(t, storedLineRow{Contract: "Bürohaus", Line: billing.DesiredLine{Key: "k", Contract: ref, UnitPrice: &price, Since: period.Start, Shares: shares,
		Holds: holds, Steps: []billing.Step{step, step}}})
	readsAtOnce(t, plan.Change{ID: "c", Contract: ref, Effective: period.Start, Before: plan.State{Exists: true, Units: -3, UnitPrice: &price},
		NewContract: &billing.DesiredContract{Mark: "m", Start: period.Start}, NewService: &billing.DesiredService{Name: "s", UnitPrice: price},
		NewCharge: &billing.DesiredCharge{Key: "k", Month: "2026-10", Quantity: money.Int(1)}, Adjust: &plan.Adjustment{UnitChange: -2, UnitPrice: &price},
		Requires: []string{"a", "b"}, Proof: []string{}, Holds: holds, Shares: shares, Moves: []plan.Move{{SubscriptionID: "s", Units: -1, Day: period.Start}},
		Formerly: []billing.FormerPolicy{{Policy: billing.TrueDate, Until: period.End}}})
}

func readsAtOnce[T any](t *testing.T, want T) {
	t.Helper()
	text, err := encode(want)
	if err != nil {
		t.Fatal(err)
	}
	var got T
	r := bodyReader{rest: []byte(text), kept: newKeptValues(1)}
	if !plainText(r.rest) || !r.value(shapeOf(reflect.TypeFor[T]()), reflect.ValueOf(&got).Elem()) || len(r.rest) > 0 {
		t.Fatalf("%s is not read at once", text)
	}
	if again, err := encode(got); err != nil || again != text {
		t.Errorf("read %s\nof   %s", again, text)
	}
}

// BenchmarkReadBodies reads the bodies of lines as they come on an invoice, and the same with encoding/json.
func BenchmarkReadBodies(b *testing.B) {
	var bodies [][]byte
	for i := range 1000 {
		cost, start := money.Of(money.New(int64(100+i), -2), "EUR"), billing.NewDate(2026, 10, 1)
		text, err := encode(storedLine{Key: fmt.Sprint(i), Row: i + 2, Invoice: "G1", CustomerID: billing.CustomerID(fmt.Sprintf("customer-%d", i/10)),
			CustomerName: "Alder Ridge Dental Group", ProductID: "CFQ7TTC07DHZ", SKUID: "0001", SKUName: "Microsoft 365 Business Premium", Kind: billing.ChargeCycle,
			SubscriptionID: billing.SubscriptionID(fmt.Sprintf("subscription-%d", i)), Frequency: billing.Monthly,
			Charged: billing.Period{Start: start, End: start.AddMonths(1)}, OrderDate: start, Quantity: money.Int(1), BillableQuantity: money.Int(1),
			PricingCurrency: "EUR", ExchangeRate: money.Int(1), Cost: cost, Total: cost})
		if err != nil {
			b.Fatal(err)
		}
		bodies = append(bodies, []byte(text))
	}
	known := newBodies[storedLine]()
	for _, way := range []struct {
		name string
		read func([]byte) (storedLine, error)
	}{
		{"bodies", known.read},
		{"encoding/json", func(body []byte) (l storedLine, err error) { return l, json.Unmarshal(body, &l) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, body := range bodies {
					if l, err := way.read(body); err != nil || l.Row == 0 {
						b.Fatal(l, err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(bodies)), "ns/row")
		})
	}
}
