package plan

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// travels is a random life of subscriptions that change contracts and services, and never their units: the sum over all lines must be the
// same on every day.
type travels struct {
	*story
	places []*billing.DesiredLine // where a subscription can be, by key
	at     map[billing.SubscriptionID]int
	units  map[billing.SubscriptionID]int64
	// dense: many subscriptions of a seat or two move between few places, and often on before a day has passed, so that they swap, come back and take
	// the place of what is still to come.
	dense bool
}

func drawTravels(t *rapid.T) *travels {
	day := billing.NewDate(2026, 1, 1).AddDays(rapid.IntRange(0, 500).Draw(t, "first day"))
	v := &travels{story: &story{t: t, b: newBench(day), policy: pick(t, "policy", billing.EffectivePolicies()...)},
		at: map[billing.SubscriptionID]int{}, units: map[billing.SubscriptionID]int64{}}
	m := v.b.at
	m.overlap, m.fullPartial = rapid.Bool().Draw(t, "overlap"), rapid.Bool().Draw(t, "full partial")
	for i := range 3 {
		start := day.AddMonths(rapid.IntRange(-13, -1).Draw(t, "start month")).OnDay(pick(t, "anchor", 1, 9, 15, 31))
		m.contracts = append(m.contracts, billing.Contract{ID: billing.ContractID(fmt.Sprint(900 + i)), Name: fmt.Sprint("C", i), PeriodType: billing.PeriodMonth, Active: true, Recurring: true,
			Start: start, End: start.AddMonths(96)})
	}
	kinds := []billing.PeriodType{billing.PeriodMonth, billing.PeriodMonth, billing.PeriodMonth}
	if rapid.IntRange(0, 2).Draw(t, "long") == 0 {
		kinds[2] = pick(t, "period", billing.PeriodQuarter, billing.PeriodYear)
	}
	for i, period := range kinds {
		m.services = append(m.services, billing.Service{ID: billing.ServiceID(fmt.Sprint(800 + i)), Name: fmt.Sprint("S", i), PeriodType: period, UnitPrice: euros(1000), Active: true})
	}
	for _, c := range m.contracts {
		for _, s := range m.services {
			for point := range 2 {
				key, price := fmt.Sprintf("%s|%s|%d", c.ID, s.ID, point), euros(int64(1000+100*point))
				v.places = append(v.places, &billing.DesiredLine{Key: key, Mark: "spindle:" + key, CustomerID: "c1", Customer: "Alder", Name: key, Policy: v.policy,
					Contract: billing.Ref{ID: string(c.ID)}, Service: billing.Ref{ID: string(s.ID)}, UnitPrice: &price, Repeat: point > 0, Since: day.AddMonths(-1)})
			}
		}
	}
	most, seats := 4, int64(9)
	if v.dense = rapid.Bool().Draw(t, "dense"); v.dense {
		most, seats = 6, 2
	}
	for i := range rapid.IntRange(1, most).Draw(t, "subscriptions") {
		id := billing.SubscriptionID(fmt.Sprint("s", i))
		v.at[id] = rapid.IntRange(0, 5).Draw(t, "place")/2*6 + rapid.IntRange(0, 3).Draw(t, "service") // not on the long service at first: it may begin years ahead
		v.units[id] = rapid.Int64Range(1, seats).Draw(t, "units")
	}
	return v
}

// rate gathers the subscriptions on their lines, as rating does: a line that nobody asks for is not desired.
func (v *travels) rate() {
	v.desired.Lines = nil
	for i, place := range v.places {
		line := *place
		for id, at := range v.at {
			if at == i {
				line.Units += v.units[id]
				line.Shares = append(line.Shares, billing.Share{SubscriptionID: id, Units: v.units[id]})
			}
		}
		slices.SortFunc(line.Shares, func(a, b billing.Share) int { return cmp.Compare(a.SubscriptionID, b.SubscriptionID) })
		if line.Units > 0 {
			v.desired.Lines = append(v.desired.Lines, line)
		}
	}
}

func (v *travels) total() int64 {
	var sum int64
	for _, units := range v.units {
		sum += units
	}
	return sum
}

// begin writes the first lines; from the day it gives on, everything is billed.
func (v *travels) begin() billing.Date {
	v.rate()
	from := v.b.at.day
	for _, c := range v.run().Changes {
		from = billing.Later(from, c.Effective)
	}
	return from
}

func (v *travels) wander() {
	if !v.dense || rapid.IntRange(0, 3).Draw(v.t, "later") == 0 {
		v.b.at.day = v.b.at.day.AddDays(rapid.IntRange(0, 40).Draw(v.t, "days pass"))
	}
	for _, id := range v.ids() {
		switch {
		case v.dense && rapid.Bool().Draw(v.t, "moves"):
			v.at[id] = pick(v.t, "to", 0, 1, 6, 12, 13)
		case !v.dense && rapid.IntRange(0, 2).Draw(v.t, "moves") == 0:
			v.at[id] = rapid.IntRange(0, len(v.places)-1).Draw(v.t, "to")
		}
	}
	for _, l := range v.b.at.lines {
		if rapid.IntRange(0, 2).Draw(v.t, "post") == 0 {
			v.b.at.post(l, v.b.at.day.AddDays(rapid.IntRange(-40, 10).Draw(v.t, "posted until")))
		}
	}
	v.rate()
}

// verify remembers what the read after an apply shows, as the engine does.
func (v *travels) verify() {
	in := v.input()
	for key, shares := range InStep(in, Make(in)) {
		i := slices.IndexFunc(v.b.memory.Lines, func(a Applied) bool { return a.LineKey == key })
		v.b.memory.Lines[i].Shares = shares
	}
}

func (v *travels) ids() []billing.SubscriptionID {
	var ids []billing.SubscriptionID
	for i := range len(v.units) {
		ids = append(ids, billing.SubscriptionID(fmt.Sprint("s", i)))
	}
	return ids
}

func (v *travels) checkEveryDay(from billing.Date, p Plan) {
	days := []billing.Date{from}
	for _, l := range v.b.at.lines {
		for _, a := range l.adjustments { // between them nothing changes
			days = append(days, billing.Later(from, a.date))
		}
	}
	for _, d := range days {
		var sum int64
		for _, l := range v.b.at.lines {
			sum += l.unitsOn(d)
		}
		if sum != v.total() {
			v.t.Fatalf("%d units are billed on %s, want %d (today is %s)\n%s\n%s", sum, d, v.total(), v.b.at.day, text(p), v.b.at)
		}
	}
}

func TestSubscriptionsThatTravelAreBilledOnceADay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawTravels(t)
		from := v.begin()
		v.b.at.day = from // a line that waits to begin is looked at elsewhere
		for range rapid.IntRange(1, 12).Draw(t, "turns") {
			v.wander()
			p := v.run()
			noDrift(t, p)
			v.checkEveryDay(from, p)
			v.checkQuiet("the same day")
			v.verify()
		}
	})
}

// An apply that stops anywhere, and a new plan instead of going on: the other side is written on the same day, and all is as if nothing had
// happened.
func TestAMoveThatWasInterruptedIsFinishedByTheNextPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawTravels(t)
		from := v.begin()
		v.b.at.day = from
		for range rapid.IntRange(1, 9).Draw(t, "turns") {
			v.wander()
			p := Make(v.input())
			for _, c := range p.Changes[:rapid.IntRange(0, len(p.Changes)).Draw(t, "applied")] {
				if err := v.b.apply(c); err != nil {
					t.Fatalf("refused: %v\n%s", err, text(p))
				}
			}
			morning := rapid.Bool().Draw(t, "looked at the next morning")
			if morning {
				v.b.at.day = v.b.at.day.AddDays(1)
			}
			p = v.run()
			noDrift(t, p)
			if hasFinding(p, billing.FindingUnbilled) { // yesterday was another period, which is closed
				if !morning {
					t.Fatalf("the other side is not written on the same day:\n%s", text(p))
				}
				for _, c := range p.Changes {
					from = billing.Later(from, c.Effective)
				}
			}
			v.checkEveryDay(from, p)
			v.checkQuiet("the same day")
			v.verify()
		}
	})
}
