package autotask

import (
	"strings"
	"testing"
)

// step is one adjustment of a worked example.
type step struct {
	day    string
	change int
	price  string
}

// worked is one example of the unit-row engine (Autotask sheet §10.5).
type worked struct {
	name       string
	start, end string
	price      string
	periodType int
	dialect    map[string]string
	steps      []step
	upTo       string
	want       string
}

func (e worked) run(t *testing.T) {
	h := newHarness(t, "demo", e.dialect)
	contract, service := h.newContract(e.start, e.end), h.newService(e.price, e.periodType)
	for _, s := range e.steps {
		extra := map[string]any{}
		if s.price != "" {
			extra["adjustedUnitPrice"] = s.price
		}
		h.mustAdjust(contract, service, s.day, s.change, extra)
	}
	if got := h.units(contract, e.upTo); got != strings.TrimSpace(e.want) {
		t.Errorf("got\n%s\nwant\n%s", got, strings.TrimSpace(e.want))
	}
}

func TestUnitRows(t *testing.T) {
	for _, e := range workedExamples() {
		t.Run(e.name, e.run)
	}
}

func workedExamples() []worked {
	return []worked{
		{name: "whole periods", start: "2026-09-01", end: "2026-12-31", price: "23.10", periodType: 2, upTo: "2026-12-31",
			steps: []step{{"2026-10-01", 11, ""}}, want: `
2026-10-01 2026-10-31 11 254.1
2026-11-01 2026-11-30 11 254.1
2026-12-01 2026-12-31 11 254.1`},
		{name: "contract on the 17th, change inside a period", start: "2026-09-17", end: "2027-09-16", price: "10", periodType: 2, upTo: "2026-11-30",
			steps: []step{{"2026-09-17", 3, ""}, {"2026-10-20", 2, ""}}, want: `
2026-09-17 2026-10-16 3 30
2026-10-17 2026-10-19 3 2.9032
2026-10-20 2026-11-16 5 45.1613
2026-11-17 2026-12-16 5 50`},
		{name: "first adjustment inside a period", start: "2026-09-01", end: "2027-08-31", price: "30", periodType: 2, upTo: "2026-10-31",
			steps: []step{{"2026-09-16", 2, ""}}, want: `
2026-09-16 2026-09-30 2 30
2026-10-01 2026-10-31 2 60`},
		{name: "yearly service in a monthly contract", start: "2026-01-15", end: "2027-07-14", price: "120", periodType: 5, upTo: "2027-12-31",
			steps: []step{{"2026-01-15", 2, ""}, {"2026-07-15", 1, ""}}, want: `
2026-01-15 2026-07-14 2 119.0137
2026-07-15 2027-01-14 3 181.4795
2027-01-15 2027-07-14 3 360`},
		{name: "start on the 31st", start: "2026-08-31", end: "2027-08-30", price: "10", periodType: 2, upTo: "2027-03-31",
			steps: []step{{"2026-08-31", 1, ""}}, want: `
2026-08-31 2026-09-29 1 10
2026-09-30 2026-10-30 1 10
2026-10-31 2026-11-29 1 10
2026-11-30 2026-12-30 1 10
2026-12-31 2027-01-30 1 10
2027-01-31 2027-02-27 1 10
2027-02-28 2027-03-30 1 10
2027-03-31 2027-04-29 1 10`},
		{name: "backdated change raises every later row", start: "2026-09-01", end: "2026-11-30", price: "10", periodType: 2, upTo: "2026-12-31",
			steps: []step{{"2026-09-01", 5, ""}, {"2026-11-01", 1, ""}, {"2026-10-01", 2, ""}}, want: `
2026-09-01 2026-09-30 5 50
2026-10-01 2026-10-31 7 70
2026-11-01 2026-11-30 8 80`},
		{name: "price only, then units at the new price", start: "2026-09-01", end: "2026-11-30", price: "10", periodType: 2, upTo: "2026-12-31",
			steps: []step{{"2026-09-01", 4, ""}, {"2026-10-01", 0, "12.345"}, {"2026-11-01", -4, ""}}, want: `
2026-09-01 2026-09-30 4 40
2026-10-01 2026-10-31 4 49.38
2026-11-01 2026-11-30 0 0`},
		{name: "quarterly", start: "2026-07-01", end: "2027-06-30", price: "90", periodType: 3, upTo: "2026-12-31",
			steps: []step{{"2026-07-01", 1, ""}}, want: `
2026-07-01 2026-09-30 1 90
2026-10-01 2026-12-31 1 90`},
		{name: "negative price", start: "2026-10-01", end: "2026-11-30", price: "-3.5", periodType: 2, upTo: "2026-12-31",
			steps: []step{{"2026-10-01", 2, ""}}, want: `
2026-10-01 2026-10-31 2 -7
2026-11-01 2026-11-30 2 -7`},
		{name: "overlap", start: "2026-10-01", end: "2026-11-30", price: "31", periodType: 2, upTo: "2026-10-31", dialect: map[string]string{"split": "overlap"},
			steps: []step{{"2026-10-01", 2, ""}, {"2026-10-22", 1, ""}}, want: `
2026-10-01 2026-10-31 2 62
2026-10-22 2026-10-31 3 30`},
		{name: "partial rows in full", start: "2026-10-01", end: "2026-11-30", price: "31", periodType: 2, upTo: "2026-10-31", dialect: map[string]string{"partialPrice": "full"},
			steps: []step{{"2026-10-01", 2, ""}, {"2026-10-22", 1, ""}}, want: `
2026-10-01 2026-10-21 2 62
2026-10-22 2026-10-31 3 93`},
	}
}
