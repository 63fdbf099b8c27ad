package autotask

import "time"

const dayLayout = "2006-01-02"

func dateOf(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func midnight(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return dateOf(y, m, d)
}

// days counts the days from a to b, both included.
func days(a, b time.Time) int64 { return int64(b.Sub(a)/(24*time.Hour)) + 1 }

// addMonths moves a date by whole months; a day the month does not have becomes its last day.
func addMonths(t time.Time, n int) time.Time {
	first := dateOf(t.Year(), t.Month()+time.Month(n), 1)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// period is one billing period of a line, both ends included. Length is the number of days a full charge stands for.
type period struct {
	start, end time.Time
	length     int64
}

// periodRule cuts time into periods (Autotask sheet §10.5).
type periodRule struct {
	anchor, end time.Time // contract start and end
	months      int
	drift       bool // dialect monthEnd=drift
	clipProrate bool // dialect clippedPeriod=prorated
}

func (r periodRule) startOf(k int) time.Time {
	if !r.drift {
		return addMonths(r.anchor, k*r.months)
	}
	t := r.anchor
	for range k {
		t = addMonths(t, r.months)
	}
	return t
}

// at returns period k. A period that starts after the contract's end does not exist.
func (r periodRule) at(k int) (period, bool) {
	p := period{start: r.startOf(k), end: r.startOf(k+1).AddDate(0, 0, -1)}
	if p.start.After(r.end) {
		return period{}, false
	}
	whole := days(p.start, p.end)
	if p.end.After(r.end) {
		p.end = r.end
	}
	p.length = days(p.start, p.end)
	if r.clipProrate {
		p.length = whole
	}
	return p, true
}

// until lists the periods that end on or after from and start on or before to.
func (r periodRule) between(from, to time.Time) []period {
	var list []period
	for k := 0; ; k++ {
		p, ok := r.at(k)
		if !ok || p.start.After(to) {
			return list
		}
		if !p.end.Before(from) {
			list = append(list, p)
		}
	}
}

// monthsOf gives the months of a period type: 2 monthly, 3 quarterly, 4 semi-annual, 5 yearly (Autotask sheet §5.2, §5.3).
func monthsOf(periodType int64) int {
	switch periodType {
	case 3:
		return 3
	case 4:
		return 6
	case 5:
		return 12
	}
	return 1
}
