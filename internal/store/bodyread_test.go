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
)

// Bodies are read as encoding/json reads them, whatever stands in them: as they are written, with bytes changed, cut off, doubled or moved.
func TestBodiesAreReadAsJSON(t *testing.T) {
	t.Run("lines", func(t *testing.T) { readsAsJSON(t, rapid.Custom(drawLine)) })
	t.Run("usage", func(t *testing.T) { readsAsJSON(t, rapid.Custom(drawUsage)) })
	t.Run("subscriptions", func(t *testing.T) { readsAsJSON(t, rapid.Custom(drawSubscription)) })
	t.Run("customers", func(t *testing.T) {
		readsAsJSON(t, rapid.Custom(func(t *rapid.T) billing.Customer {
			return billing.Customer{ID: billing.CustomerID(drawText(t)), Name: drawText(t), Domain: drawText(t)}
		}))
	})
}

func readsAsJSON[T any](t *testing.T, values *rapid.Generator[T]) {
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

func drawLine(t *rapid.T) storedLine {
	l := storedLine{Key: drawText(t), Row: rapid.Int().Draw(t, "row"), Invoice: drawText(t), CustomerName: drawText(t), SKUName: drawText(t),
		Charged: billing.Period{Start: drawDate(t), End: drawDate(t)}, OrderDate: drawDate(t), Quantity: drawNumber(t), PricingCurrency: "EUR",
		Cost: drawMoney(t), Total: drawMoney(t), Trial: rapid.Bool().Draw(t, "trial")}
	if rapid.Bool().Draw(t, "more") {
		l.Extra = map[string]string{drawText(t): drawText(t)}
	}
	return l
}

func drawUsage(t *rapid.T) storedUsage {
	return storedUsage{CustomerID: billing.CustomerID(drawText(t)), ResourceGroup: drawText(t), Charged: billing.Period{Start: drawDate(t), End: drawDate(t)},
		Rows: rapid.Int64().Draw(t, "rows"), Quantity: drawNumber(t), Unit: drawText(t), Cost: drawMoney(t), FirstDay: drawDate(t), ExchangeRate: drawNumber(t)}
}

func drawSubscription(t *rapid.T) billing.Subscription {
	s := billing.Subscription{ID: billing.SubscriptionID(drawText(t)), Kind: billing.Licence, Offer: billing.Offer{ProductID: drawText(t), Term: "P1Y"},
		Name: drawText(t), Quantity: rapid.Int64().Draw(t, "quantity"), AutoRenew: rapid.Bool().Draw(t, "renews"), Start: drawDate(t)}
	if rapid.Bool().Draw(t, "custom") {
		cost := billing.UnitMoney(drawMoney(t))
		s.UnitCost = &cost
	}
	return s
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
}

func readsAtOnce[T any](t *testing.T, want T) {
	t.Helper()
	text, err := encode(want)
	if err != nil {
		t.Fatal(err)
	}
	var got T
	r := bodyReader{rest: []byte(text), kept: newKeptValues()}
	if !plainText(r.rest) || !r.object(planOf(reflect.TypeFor[T]()), reflect.ValueOf(&got).Elem()) || len(r.rest) > 0 {
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
