package rating

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// seatsLife is a licence as Microsoft bills it, and how many seats it really had on each day.
type seatsLife struct {
	sub   billing.Subscription
	lines []billing.LineItem
	truth map[billing.Date]int64
	split bool // a product on two lines: each of them names all seats
}

// seatsBySheet counts the seats of a day as the fact sheet does (§4.4): those of the charges whose days contain it, less those of the refunds.
func (s seatsLife) seatsBySheet(d billing.Date) (seats money.Decimal) {
	for _, l := range s.lines {
		if l.Charged.Contains(d) {
			seats = seats.Add(l.BillableQuantity.Mul(money.Int(int64(direction(&l)))))
		}
	}
	return seats
}

// drawLife plays a licence by the rules of the Microsoft sheet (§4.4, §5.3): a whole cycle is charged on its first day; a change takes the old seats back and
// charges the new ones to the cycle's end; a renewal may have other seats; a cancellation refunds all there is, and the directory may go on naming the end of
// the term. A product may be split over two lines of each event.
func drawLife(t *rapid.T, id billing.SubscriptionID, until billing.Date) seatsLife {
	start := day("2026-07-10").AddDays(rapid.IntRange(0, 40).Draw(t, "start"))
	life := seatsLife{sub: seat(id, 0), truth: map[billing.Date]int64{}}
	life.sub.Start = start
	seats, event := rapid.Int64Range(1, 9).Draw(t, "seats"), 0
	life.split = rapid.IntRange(0, 3).Draw(t, "split") == 0
	bill := func(kind billing.ChargeKind, n int64, from, end billing.Date, sign int64) {
		halves := 1
		if life.split {
			halves = 2
		}
		for half := range halves {
			l := row(kind, n, from.String(), end.AddDays(-1).String(), sign)
			l.SubscriptionID, l.ReferenceID = id, fmt.Sprint("event ", event)
			l.Key = fmt.Sprint(id, " ", len(life.lines))
			if wholeCycle := kind == billing.ChargeCycle || kind == billing.ChargeNew; wholeCycle {
				l.ReferenceID = fmt.Sprint("half ", half) // whole cycles are split under references of their own
			}
			life.lines = append(life.lines, l)
		}
	}
	cycle, end := 0, start
	for d := start; d.Before(until); d = d.AddDays(1) {
		event++
		if d == end {
			cycle++
			end = start.AddMonths(cycle)
			kind := billing.ChargeCycle
			switch {
			case d == start:
				kind = billing.ChargeNew
			case rapid.IntRange(0, 2).Draw(t, "renewed") == 0:
				kind, seats = billing.ChargeRenew, rapid.Int64Range(1, 9).Draw(t, "seats after renewal")
			}
			bill(kind, seats, d, end, 1)
		}
		for range rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, 1, 2, 3}).Draw(t, "changes") {
			event++
			if after := rapid.Int64Range(1, 9).Draw(t, "seats"); after != seats {
				kind := billing.ChargeAddQuantity
				if after < seats {
					kind = billing.ChargeRemoveQuantity
				}
				bill(kind, seats, d, end, -1)
				bill(kind, after, d, end, 1)
				seats = after
			}
		}
		often := 40
		if d.AddMonths(1) == end && d != start {
			often = 3 // on the day of a renewal all is paid back
		}
		if rapid.IntRange(0, often).Draw(t, "cancelled") == 0 {
			event++
			bill(billing.ChargeCancelImmediate, seats, d, end, -1)
			life.sub.Status, life.sub.End = billing.Ended, rapid.SampledFrom([]billing.Date{d, start.AddMonths(12)}).Draw(t, "end in the directory")
			return life // no seats on this day or any later
		}
		life.truth[d] = seats
	}
	life.sub.Quantity = seats
	return life
}

// TestStepsOfALife: whatever happened to the seats of one or two subscriptions on a line, also several times on one day, the steps give back how many there were on
// each day that is proven.
func TestStepsOfALife(t *testing.T) {
	const until = "2026-10-01"
	rapid.Check(t, func(t *rapid.T) {
		lives := []seatsLife{drawLife(t, "s1", day(until))}
		if rapid.Bool().Draw(t, "two") {
			lives = append(lives, drawLife(t, "s2", day(until)))
		}
		in := world()
		var lines []billing.LineItem
		truth := map[billing.Date]int64{}
		first := day(until)
		for _, life := range lives {
			in.Directory.Subscriptions = append(in.Directory.Subscriptions, life.sub)
			lines = append(lines, life.lines...)
			first = earlier(first, life.sub.Start)
			for d := life.sub.Start; d.Before(day(until)); d = d.AddDays(1) {
				truth[d] += life.truth[d]
				if bySheet := life.seatsBySheet(d); !life.split && !bySheet.Equal(money.Int(life.truth[d])) {
					t.Fatalf("%d seats on %s, by the sheet %s", life.truth[d], d, bySheet)
				}
			}
		}
		in.Lines = []billing.LineSet{billedSet(rapid.Permutation(lines).Draw(t, "order")...)}
		in.InvoiceMonths = map[string]billing.Month{invoice: "2026-09"}
		in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, Value: num("30")}}
		in.LinePrices = map[string]money.Decimal{premiumKey: num("30")} // so that the line stands when all of it has ended
		for _, l := range Rate(in).Lines {
			if len(l.Steps) > 0 && l.ProvenTo != day(until) {
				t.Fatalf("proven to %q", l.ProvenTo)
			}
			h := history{steps: l.Steps}
			for d := first; d.Before(day(until)); d = d.AddDays(1) {
				if got := h.at(d); got != truth[d] {
					t.Fatalf("%d seats on %s, there were %d: %v", got, d, truth[d], l.Steps)
				}
			}
		}
	})
}
