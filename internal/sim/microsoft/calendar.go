package microsoft

import "time"

func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func dayOf(t time.Time) time.Time {
	t = t.UTC()
	return date(t.Year(), t.Month(), t.Day())
}

func monthOf(t time.Time) time.Time {
	t = t.UTC()
	return date(t.Year(), t.Month(), 1)
}

func monthEnd(m time.Time) time.Time { return monthOf(m).AddDate(0, 1, -1) }

// addMonths moves an anchor day by whole months and clamps it to the month's end (sheet §5.1).
func addMonths(anchor time.Time, n int) time.Time {
	first := monthOf(anchor).AddDate(0, n, 0)
	return first.AddDate(0, 0, min(anchor.Day(), monthEnd(first).Day())-1)
}

// days counts the days from a to b, both included.
func days(a, b time.Time) int { return int(b.Sub(a).Hours()/24) + 1 }

// cycle is one charge cycle of a commitment; both ends are included.
type cycle struct {
	start, end         time.Time
	termStart, termEnd time.Time
	first, renewed     bool
}

func termMonths(term string) int {
	switch term {
	case "P1M":
		return 1
	case "P1Y":
		return 12
	case "P3Y":
		return 36
	}
	return 0
}

func cycleMonths(billing string) int {
	switch billing {
	case "monthly":
		return 1
	case "annual":
		return 12
	case "triennial":
		return 36
	}
	return 0
}

// cycles lists the charge cycles that start on or before until. A term is anchored on its first day; the next term is
// anchored on the day after the last one ended.
func (s *subscription) cycles(until time.Time) []cycle {
	if s.billingCycle == "one_time" {
		return []cycle{{start: s.created, termStart: s.created, first: true}}
	}
	term, step := termMonths(s.term), cycleMonths(s.billingCycle)
	if term == 0 || step == 0 {
		return nil
	}
	var out []cycle
	for start := s.created; !start.After(until); start = addMonths(start, term) {
		for n := 0; n < term; n += step {
			c := cycle{start: addMonths(start, n), end: addMonths(start, n+step).AddDate(0, 0, -1), termStart: start, termEnd: addMonths(start, term).AddDate(0, 0, -1)}
			c.first, c.renewed = n == 0 && start.Equal(s.created), n == 0 && !start.Equal(s.created)
			if c.start.After(until) || (!s.ends.IsZero() && c.start.After(s.ends)) {
				return out
			}
			out = append(out, c)
		}
	}
	return out
}

// cycleAt is the cycle that covers the day; ok is false when none does.
func (s *subscription) cycleAt(day time.Time) (cycle, bool) {
	all := s.cycles(day)
	if len(all) == 0 {
		return cycle{}, false
	}
	return all[len(all)-1], true
}
