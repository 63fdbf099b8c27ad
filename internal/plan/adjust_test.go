package plan

import (
	"testing"

	"spindle/internal/billing"
)

// A year of a typical line under the default policy: what goes up counts from the start of the running period, what goes down from the
// next one, and a second change in a period starts on its day.
func TestDiaryUpNowDownNext(t *testing.T) {
	november(upNow).keep(t, []entry{
		{day: "2026-02-03", event: "Alder orders five seats",
			plan: []planned{
				{what: "attach-service 2026-02-15 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-02-15 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-02-15, start of the current period, which is not posted.", needs: "#1"},
			},
		},
		{day: "2026-02-20", event: "one seat more, in the middle of the month", do: seats(6),
			rows: []string{
				"1: 2026-02-15 to 2026-03-14 5 for 50.00 EUR",
				"1: 2026-03-15 to 2026-04-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-02-20 5→6", money: "+10.00 EUR monthly, +8.21 EUR once",
					why: "5 → 6 from 2026-02-20, 2026-02-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-02-26", event: "another one in the same month", do: seats(7),
			rows: []string{
				"1: 2026-02-15 to 2026-02-19 5 for 8.9286 EUR",
				"1: 2026-02-20 to 2026-03-14 6 for 49.2857 EUR",
				"1: 2026-03-15 to 2026-04-14 6 for 60.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-02-26 6→7", money: "+10.00 EUR monthly, +6.07 EUR once",
					why: "6 → 7 from 2026-02-26, 2026-02-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-02-26", event: "and another on the same day, which Autotask does not take", do: seats(8),
			rows: []string{
				"1: 2026-02-15 to 2026-02-19 5 for 8.9286 EUR",
				"1: 2026-02-20 to 2026-02-25 6 for 12.8571 EUR",
				"1: 2026-02-26 to 2026-03-14 7 for 42.50 EUR",
				"1: 2026-03-15 to 2026-04-14 7 for 70.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-02-27 7→8", money: "+10.00 EUR monthly, +5.71 EUR once",
					why: "7 → 8 from 2026-02-27, 2026-02-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-03-02", event: "two people leave", do: seats(6),
			rows: []string{
				"1: 2026-02-15 to 2026-02-19 5 for 8.9286 EUR",
				"1: 2026-02-20 to 2026-02-25 6 for 12.8571 EUR",
				"1: 2026-02-26 to 2026-02-26 7 for 2.50 EUR",
				"1: 2026-02-27 to 2026-03-14 8 for 45.7143 EUR",
				"1: 2026-03-15 to 2026-04-14 8 for 80.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-03-15 8→6", money: "-20.00 EUR monthly",
					why: "8 → 6 from 2026-03-15, start of the next period."},
			},
		},
		{day: "2026-03-16", event: "the next month begins, nothing to do",
			rows: []string{
				"1: 2026-03-15 to 2026-04-14 6 for 60.00 EUR",
				"1: 2026-04-15 to 2026-05-14 6 for 60.00 EUR",
			},
		},
		{day: "2026-04-20", event: "renewed at another price", do: priced(1150),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 6 for 60.00 EUR",
				"1: 2026-05-15 to 2026-06-14 6 for 60.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-04-15 6→6 at 11.50 EUR", money: "+9.00 EUR monthly",
					why: "The price becomes 11.50 EUR from 2026-04-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-05-20", event: "May is posted and two seats come on the day after", do: both(posts("2026-05-15"), seats(8)),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 6 for 69.00 EUR, posted",
				"1: 2026-06-15 to 2026-07-14 6 for 69.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-06-15 6→8", money: "+23.00 EUR monthly",
					why: "6 → 8 from 2026-06-15, first day after the posted periods (posted up to 2026-06-14)."},
			},
			findings: []string{
				"unbilled-difference/line/2026-05-15 | Premium: +2 take effect on 2026-06-15 because the running period is posted; until then about 19.29 EUR stay unbilled. | Add a charge for the difference in Autotask. | 19.29 EUR",
			},
		},
		{day: "2026-07-01", event: "three seats less and a lower price at once", do: both(seats(5), priced(1100)),
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 8 for 92.00 EUR",
				"1: 2026-07-15 to 2026-08-14 8 for 92.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-07-01 8→8 at 11.00 EUR", money: "-4.00 EUR monthly, -1.87 EUR once",
					why: "The price becomes 11.00 EUR from 2026-07-01, 2026-06-15 already has an adjustment of this line and Autotask takes one a day."},
				{what: "decrease 2026-07-15 8→5", money: "-33.00 EUR monthly",
					why: "8 → 5 from 2026-07-15, start of the next period.", needs: "#1"},
			},
		},
		{day: "2026-08-15", event: "the first day of a period", do: seats(6),
			rows: []string{
				"1: 2026-08-15 to 2026-09-14 5 for 55.00 EUR",
				"1: 2026-09-15 to 2026-10-14 5 for 55.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-08-15 5→6", money: "+11.00 EUR monthly",
					why: "5 → 6 from 2026-08-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-09-10", event: "the subscription ended yesterday", do: ends("2026-09-09"),
			rows: []string{
				"1: 2026-08-15 to 2026-09-14 6 for 66.00 EUR",
				"1: 2026-09-15 to 2026-10-14 6 for 66.00 EUR",
			},
			plan: []planned{
				{what: "end 2026-09-15 6→0", money: "-66.00 EUR monthly",
					why: "The subscription ended on 2026-09-09; the line ends from 2026-09-15, start of the next period."},
			},
		},
		{day: "2026-10-01", event: "it stays ended",
			rows: []string{
				"1: 2026-09-15 to 2026-10-14 0 for 0.00 EUR",
				"1: 2026-10-15 to 2026-11-14 0 for 0.00 EUR",
			},
		},
		{day: "2026-11-02", event: "Alder comes back with two seats", do: func(s *scene) {
			s.want.Units, s.want.EndedOn, s.want.Since = 2, billing.Date{}, date("2026-11-02")
		},
			rows: []string{
				"1: 2026-10-15 to 2026-11-14 0 for 0.00 EUR",
				"1: 2026-11-15 to 2026-12-14 0 for 0.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-10-15 0→2 at 11.00 EUR", money: "+22.00 EUR monthly",
					why: "0 → 2 from 2026-10-15, start of the current period, which is not posted."},
			},
		},
	})
}

// The same orders under true-date: every change starts on its day, and Autotask prorates it.
func TestDiaryTrueDate(t *testing.T) {
	november(trueDate).keep(t, []entry{
		{day: "2026-03-12", event: "five seats since the tenth",
			plan: []planned{
				{what: "attach-service 2026-03-10 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-03-10 0→5 at 10.00 EUR", money: "+50.00 EUR monthly, +8.93 EUR once",
					why: "New line: 5 from 2026-03-10, the day the subscription is charged from.", needs: "#1"},
			},
		},
		{day: "2026-03-20", event: "two more", do: seats(7),
			rows: []string{
				"1: 2026-03-15 to 2026-04-14 5 for 50.00 EUR",
				"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-03-20 5→7", money: "+20.00 EUR monthly, +16.77 EUR once",
					why: "5 → 7 from 2026-03-20, on the day, prorated by Autotask."},
			},
		},
		{day: "2026-03-20", event: "one of them is taken back the same day", do: seats(6),
			rows: []string{
				"1: 2026-03-15 to 2026-03-19 5 for 8.0645 EUR",
				"1: 2026-03-20 to 2026-04-14 7 for 58.7097 EUR",
				"1: 2026-04-15 to 2026-05-14 7 for 70.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-03-21 7→6", money: "-10.00 EUR monthly, -8.06 EUR once",
					why: "7 → 6 from 2026-03-21, 2026-03-20 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-04-14", event: "the last day of the period", do: seats(8),
			rows: []string{
				"1: 2026-03-15 to 2026-03-19 5 for 8.0645 EUR",
				"1: 2026-03-20 to 2026-03-20 7 for 2.2581 EUR",
				"1: 2026-03-21 to 2026-04-14 6 for 48.3871 EUR",
				"1: 2026-04-15 to 2026-05-14 6 for 60.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-04-14 6→8", money: "+20.00 EUR monthly, +0.65 EUR once",
					why: "6 → 8 from 2026-04-14, on the day, prorated by Autotask."},
			},
		},
		{day: "2026-04-15", event: "the first day of the next one", do: seats(9),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 8 for 80.00 EUR",
				"1: 2026-05-15 to 2026-06-14 8 for 80.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-04-15 8→9", money: "+10.00 EUR monthly",
					why: "8 → 9 from 2026-04-15, on the day, prorated by Autotask."},
			},
		},
		{day: "2026-05-20", event: "May is posted, then two go", do: both(posts("2026-05-15"), seats(7)),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 9 for 90.00 EUR, posted",
				"1: 2026-06-15 to 2026-07-14 9 for 90.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-06-15 9→7", money: "-20.00 EUR monthly",
					why: "9 → 7 from 2026-06-15, first day after the posted periods (posted up to 2026-06-14)."},
			},
			findings: []string{
				"unbilled-difference/line/2026-05-15/over | Premium: -2 take effect on 2026-06-15 because the running period is posted; until then about 16.77 EUR are billed too much. | Credit the difference in Autotask. | -16.77 EUR",
			},
		},
		{day: "2026-06-20", event: "a new price counts from the day", do: priced(1200),
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 7 for 70.00 EUR",
				"1: 2026-07-15 to 2026-08-14 7 for 70.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-06-20 7→7 at 12.00 EUR", money: "+14.00 EUR monthly, +11.67 EUR once",
					why: "The price becomes 12.00 EUR from 2026-06-20, on the day, prorated by Autotask."},
			},
		},
		{day: "2026-07-20", event: "it ended on the eighteenth", do: ends("2026-07-18"),
			rows: []string{
				"1: 2026-07-15 to 2026-08-14 7 for 84.00 EUR",
				"1: 2026-08-15 to 2026-09-14 7 for 84.00 EUR",
			},
			plan: []planned{
				{what: "end 2026-07-18 7→0", money: "-84.00 EUR monthly, -75.87 EUR once",
					why: "The subscription ended on 2026-07-18; the line ends from 2026-07-18, the day the subscription ended."},
			},
		},
	})
}

// Under period-start everything counts from the running period's first day while that day still has no adjustment.
func TestDiaryPeriodStart(t *testing.T) {
	november(periodStart).keep(t, []entry{
		{day: "2026-03-12", event: "five seats",
			plan: []planned{
				{what: "attach-service 2026-02-15 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-02-15 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-02-15, start of the current period, which is not posted.", needs: "#1"},
			},
		},
		{day: "2026-04-20", event: "three go", do: seats(2),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-04-15 5→2", money: "-30.00 EUR monthly",
					why: "5 → 2 from 2026-04-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-04-22", event: "one of them was a mistake", do: seats(3),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 2 for 20.00 EUR",
				"1: 2026-05-15 to 2026-06-14 2 for 20.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-04-22 2→3", money: "+10.00 EUR monthly, +7.67 EUR once",
					why: "2 → 3 from 2026-04-22, 2026-04-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-05-25", event: "May is posted, another one goes", do: both(posts("2026-05-15"), seats(2)),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 3 for 30.00 EUR, posted",
				"1: 2026-06-15 to 2026-07-14 3 for 30.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-06-15 3→2", money: "-10.00 EUR monthly",
					why: "3 → 2 from 2026-06-15, first day after the posted periods (posted up to 2026-06-14)."},
			},
			findings: []string{
				"unbilled-difference/line/2026-05-15/over | Premium: -1 take effect on 2026-06-15 because the running period is posted; until then about 6.77 EUR are billed too much. | Credit the difference in Autotask. | -6.77 EUR",
			},
		},
		{day: "2026-07-14", event: "all go on the last day of the period", do: ends("2026-07-14"),
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 2 for 20.00 EUR",
				"1: 2026-07-15 to 2026-08-14 2 for 20.00 EUR",
			},
			plan: []planned{
				{what: "end 2026-07-14 2→0", money: "-20.00 EUR monthly, -0.67 EUR once",
					why: "The subscription ended on 2026-07-14; the line ends from 2026-07-14, 2026-06-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
	})
}

// Under next-period nothing touches the running period.
func TestDiaryNextPeriod(t *testing.T) {
	november(nextPeriod).keep(t, []entry{
		{day: "2026-03-12", event: "five seats",
			plan: []planned{
				{what: "attach-service 2026-03-15 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-03-15 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-03-15, start of the next period.", needs: "#1"},
			},
		},
		{day: "2026-03-18", event: "one more, the line has begun", do: seats(6),
			rows: []string{
				"1: 2026-03-15 to 2026-04-14 5 for 50.00 EUR",
				"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-04-15 5→6", money: "+10.00 EUR monthly",
					why: "5 → 6 from 2026-04-15, start of the next period."},
			},
		},
		{day: "2026-03-25", event: "and not after all", do: seats(5),
			rows: []string{
				"1: 2026-03-15 to 2026-04-14 5 for 50.00 EUR",
				"1: 2026-04-15 to 2026-05-14 6 for 60.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-04-16 6→5", money: "-10.00 EUR monthly, -9.67 EUR once",
					why: "6 → 5 from 2026-04-16, 2026-04-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-04-20", event: "another price", do: priced(900),
			rows: []string{
				"1: 2026-04-15 to 2026-04-15 6 for 2.00 EUR",
				"1: 2026-04-16 to 2026-05-14 5 for 48.3333 EUR",
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-05-15 5→5 at 9.00 EUR", money: "-5.00 EUR monthly",
					why: "The price becomes 9.00 EUR from 2026-05-15, start of the next period."},
			},
		},
		{day: "2026-05-03", event: "it ends on the tenth", do: ends("2026-05-10"),
			rows: []string{
				"1: 2026-04-15 to 2026-04-15 6 for 2.00 EUR",
				"1: 2026-04-16 to 2026-05-14 5 for 48.3333 EUR",
				"1: 2026-05-15 to 2026-06-14 5 for 45.00 EUR",
			},
			plan: []planned{
				{what: "end 2026-05-16 5→0", money: "-45.00 EUR monthly, -43.55 EUR once",
					why: "The subscription ended on 2026-05-10; the line ends from 2026-05-16, 2026-05-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
	})
}

// A contract from the 31st: the periods start on the last day of shorter months and go back to the 31st afterwards.
func TestDiaryOfAContractFromThe31st(t *testing.T) {
	s := november(upNow)
	s.b.at.contracts[0].Start = date("2026-01-31")
	s.keep(t, []entry{
		{day: "2026-02-10", event: "three seats in the first period", do: seats(3),
			plan: []planned{
				{what: "attach-service 2026-02-28 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-02-28 0→3 at 10.00 EUR", money: "+30.00 EUR monthly",
					why: "New line: 3 from 2026-02-28, start of the current period, which is not posted.", needs: "#1"},
			},
		},
		{day: "2026-02-28", event: "one more on the second period's first day", do: seats(4),
			rows: []string{
				"1: 2026-02-28 to 2026-03-30 3 for 30.00 EUR",
				"1: 2026-03-31 to 2026-04-29 3 for 30.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-03-01 3→4", money: "+10.00 EUR monthly, +9.68 EUR once",
					why: "3 → 4 from 2026-03-01, 2026-02-28 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-03-30", event: "one less on its last day", do: seats(3),
			rows: []string{
				"1: 2026-02-28 to 2026-02-28 3 for 0.9677 EUR",
				"1: 2026-03-01 to 2026-03-30 4 for 38.7097 EUR",
				"1: 2026-03-31 to 2026-04-29 4 for 40.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-03-31 4→3", money: "-10.00 EUR monthly",
					why: "4 → 3 from 2026-03-31, start of the next period."},
			},
		},
		{day: "2026-04-29", event: "two more a day before the April end", do: seats(5),
			rows: []string{
				"1: 2026-03-31 to 2026-04-29 3 for 30.00 EUR",
				"1: 2026-04-30 to 2026-05-30 3 for 30.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-04-29 3→5", money: "+20.00 EUR monthly, +0.67 EUR once",
					why: "3 → 5 from 2026-04-29, 2026-03-31 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-05-01", event: "another price in the period from 30 April", do: priced(1300),
			rows: []string{
				"1: 2026-04-30 to 2026-05-30 5 for 50.00 EUR",
				"1: 2026-05-31 to 2026-06-29 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-04-30 5→5 at 13.00 EUR", money: "+15.00 EUR monthly",
					why: "The price becomes 13.00 EUR from 2026-04-30, start of the current period, which is not posted."},
			},
		},
	})
}

// A decrease that waits is overtaken: more seats now, fewer then, or the decrease is taken back.
func TestDiaryOfAWaitingDecrease(t *testing.T) {
	s := november(upNow)
	s.stands(8, "2026-03-10")
	s.keep(t, []entry{
		{day: "2026-11-20", event: "two go next month", do: seats(6),
			rows: []string{
				"1: 2026-11-15 to 2026-12-14 8 for 80.00 EUR",
				"1: 2026-12-15 to 2027-01-14 8 for 80.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-12-15 8→6", money: "-20.00 EUR monthly",
					why: "8 → 6 from 2026-12-15, start of the next period."},
			},
		},
		{day: "2026-11-25", event: "three come", do: seats(9),
			rows: []string{
				"1: 2026-11-15 to 2026-12-14 8 for 80.00 EUR",
				"1: 2026-12-15 to 2027-01-14 6 for 60.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-11-15 8→9", money: "+10.00 EUR monthly",
					why: "8 → 9 from 2026-11-15, start of the current period, which is not posted."},
				{what: "increase 2026-12-16 7→9", money: "+20.00 EUR monthly, +19.35 EUR once",
					why: "7 → 9 from 2026-12-16, 2026-12-15 already has an adjustment of this line and Autotask takes one a day.", needs: "#1"},
			},
		},
		{day: "2026-12-01", event: "four go", do: seats(5),
			rows: []string{
				"1: 2026-11-15 to 2026-12-14 9 for 90.00 EUR",
				"1: 2026-12-15 to 2026-12-15 7 for 2.2581 EUR",
				"1: 2026-12-16 to 2027-01-14 9 for 87.0968 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-12-17 9→5", money: "-40.00 EUR monthly, -37.42 EUR once",
					why: "9 → 5 from 2026-12-17, 2026-12-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-12-20", event: "the new period has begun",
			rows: []string{
				"1: 2026-12-15 to 2026-12-15 7 for 2.2581 EUR",
				"1: 2026-12-16 to 2026-12-16 9 for 2.9032 EUR",
				"1: 2026-12-17 to 2027-01-14 5 for 46.7742 EUR",
				"1: 2027-01-15 to 2027-02-14 5 for 50.00 EUR",
			},
		},
		{day: "2026-12-21", event: "all go", do: ends("2026-12-21"),
			rows: []string{
				"1: 2026-12-15 to 2026-12-15 7 for 2.2581 EUR",
				"1: 2026-12-16 to 2026-12-16 9 for 2.9032 EUR",
				"1: 2026-12-17 to 2027-01-14 5 for 46.7742 EUR",
				"1: 2027-01-15 to 2027-02-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "end 2027-01-15 5→0", money: "-50.00 EUR monthly",
					why: "The subscription ended on 2026-12-21; the line ends from 2027-01-15, start of the next period."},
			},
		},
		{day: "2026-12-22", event: "one comes back", do: func(s *scene) { s.want.Units, s.want.EndedOn = 1, billing.Date{} },
			rows: []string{
				"1: 2026-12-15 to 2026-12-15 7 for 2.2581 EUR",
				"1: 2026-12-16 to 2026-12-16 9 for 2.9032 EUR",
				"1: 2026-12-17 to 2027-01-14 5 for 46.7742 EUR",
				"1: 2027-01-15 to 2027-02-14 0 for 0.00 EUR",
			},
			plan: []planned{
				{what: "increase 2027-01-16 0→1 at 10.00 EUR", money: "+10.00 EUR monthly, +9.68 EUR once",
					why: "0 → 1 from 2027-01-16, 2027-01-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
	})
}

// A person changes the line in Autotask: the plan says so and holds what would undo it (law 7).
func TestDiaryOfHandEdits(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.keep(t, []entry{
		{day: "2026-11-20", event: "somebody added two on the seventeenth", do: byHand("2026-11-17", 2, 0), held: true,
			rows: []string{
				"1: 2026-11-15 to 2026-11-16 5 for 3.3333 EUR",
				"1: 2026-11-17 to 2026-12-14 7 for 65.3333 EUR",
				"1: 2026-12-15 to 2027-01-14 7 for 70.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-12-15 7→5", money: "-20.00 EUR monthly",
					why: "7 → 5 from 2026-12-15, start of the next period.", held: "hold-on-drift"},
			},
			findings: []string{
				"changed-by-hand/line | Premium: The quantity was changed by hand: Spindle wrote 5, Autotask now has 7, Microsoft says 5. | Approve the change to restore Microsoft's quantity, reject it to keep the hand edit, or change the subscription. | 20.00 EUR",
			},
		},
		{day: "2026-11-21", event: "Microsoft follows", do: seats(7),
			rows: []string{
				"1: 2026-11-15 to 2026-11-16 5 for 3.3333 EUR",
				"1: 2026-11-17 to 2026-12-14 7 for 65.3333 EUR",
				"1: 2026-12-15 to 2027-01-14 7 for 70.00 EUR",
			},
		},
		{day: "2026-11-22", event: "one more is ordered on top of what the hand left", do: seats(8),
			rows: []string{
				"1: 2026-11-15 to 2026-11-16 5 for 3.3333 EUR",
				"1: 2026-11-17 to 2026-12-14 7 for 65.3333 EUR",
				"1: 2026-12-15 to 2027-01-14 7 for 70.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-11-22 7→8", money: "+10.00 EUR monthly, +7.67 EUR once",
					why: "7 → 8 from 2026-11-22, the quantity already changed inside this period, so the change starts on the day.", held: "hold-on-drift"},
			},
			findings: []string{
				"changed-by-hand/line | Premium: The quantity was changed by hand: Spindle wrote 5, Autotask now has 7, Microsoft says 8. | Approve the change to restore Microsoft's quantity, reject it to keep the hand edit, or change the subscription. | 10.00 EUR",
			},
		},
		{day: "2026-12-20", event: "somebody set 9.50 on the eighteenth, which no row of a whole period tells yet", do: byHand("2026-12-18", 0, 950), held: true,
			rows: []string{
				"1: 2026-12-15 to 2026-12-17 8 for 7.7419 EUR",
				"1: 2026-12-18 to 2027-01-14 8 for 68.6452 EUR",
				"1: 2027-01-15 to 2027-02-14 8 for 76.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-12-20 8→8 at 10.00 EUR", money: "+4.00 EUR monthly, +3.35 EUR once",
					why: "The price becomes 10.00 EUR from 2026-12-20, the line already changed inside this period, so the price starts on the day.", held: "hold-on-drift"},
			},
			findings: []string{
				"changed-by-hand/line/price | Premium: The price was changed by hand: Spindle wrote 10.00 EUR, Autotask now has 9.50 EUR, the rules say 10.00 EUR. | Approve the change to restore the price, or adopt the price by a fixed price rule. | 4.00 EUR",
			},
		},
	})
}

// A decrease waits behind the posted month, so the increase brings back more than it adds: only what the customer has and nobody bills
// is named, 3 for twenty days of September's period and 8 for the first day of October's.
func TestTheUnbilledDaysOfAnIncreaseOverAWaitingDecrease(t *testing.T) {
	s := november(upNow)
	s.stands(10, "2026-03-10")
	s.keep(t, []entry{
		{day: "2026-09-15", event: "September is posted, five go", do: both(posts("2026-09-15"), seats(5)),
			rows: []string{
				"1: 2026-09-15 to 2026-10-14 10 for 100.00 EUR, posted",
				"1: 2026-10-15 to 2026-11-14 10 for 100.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-10-15 10→5", money: "-50.00 EUR monthly",
					why: "10 → 5 from 2026-10-15, start of the next period."},
			},
		},
		{day: "2026-09-25", event: "eight come", do: seats(13),
			rows: []string{
				"1: 2026-09-15 to 2026-10-14 10 for 100.00 EUR, posted",
				"1: 2026-10-15 to 2026-11-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-10-16 5→13", money: "+80.00 EUR monthly, +77.42 EUR once",
					why: "5 → 13 from 2026-10-16, 2026-10-15 already has an adjustment of this line and Autotask takes one a day."},
			},
			findings: []string{
				"unbilled-difference/line/2026-09-15 | Premium: +8 take effect on 2026-10-16 because the running period is posted; until then about 22.58 EUR stay unbilled. | Add a charge for the difference in Autotask. | 22.58 EUR",
			},
		},
		{day: "2026-10-10", event: "nothing more to do, nothing more to say",
			rows: []string{
				"1: 2026-09-15 to 2026-10-14 10 for 100.00 EUR, posted",
				"1: 2026-10-15 to 2026-10-15 5 for 1.6129 EUR",
				"1: 2026-10-16 to 2026-11-14 13 for 125.8065 EUR",
			},
		},
	})
}

// Posted months stay as they are; what they miss is named in money (law 8).
func TestDiaryOfPostedMonths(t *testing.T) {
	s := november(upNow)
	s.stands(10, "2026-03-10")
	s.keep(t, []entry{
		{day: "2026-09-15", event: "September is posted on its first day", do: both(posts("2026-09-15"), seats(10)),
			rows: []string{
				"1: 2026-09-15 to 2026-10-14 10 for 100.00 EUR, posted",
				"1: 2026-10-15 to 2026-11-14 10 for 100.00 EUR",
			},
		},
		{day: "2026-09-25", event: "three more", do: seats(13),
			rows: []string{
				"1: 2026-09-15 to 2026-10-14 10 for 100.00 EUR, posted",
				"1: 2026-10-15 to 2026-11-14 10 for 100.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-10-15 10→13", money: "+30.00 EUR monthly",
					why: "10 → 13 from 2026-10-15, first day after the posted periods (posted up to 2026-10-14)."},
			},
			findings: []string{
				"unbilled-difference/line/2026-09-15 | Premium: +3 take effect on 2026-10-15 because the running period is posted; until then about 20.00 EUR stay unbilled. | Add a charge for the difference in Autotask. | 20.00 EUR",
			},
		},
		{day: "2026-10-16", event: "October is posted as well, and four go", do: both(posts("2026-10-15"), seats(9)),
			rows: []string{
				"1: 2026-10-15 to 2026-11-14 13 for 130.00 EUR, posted",
				"1: 2026-11-15 to 2026-12-14 13 for 130.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-11-15 13→9", money: "-40.00 EUR monthly",
					why: "13 → 9 from 2026-11-15, start of the next period."},
			},
		},
		{day: "2026-10-20", event: "November is posted ahead, and one comes: it waits until December comes into sight", do: both(posts("2026-11-15"), seats(10)),
			rows: []string{
				"1: 2026-10-15 to 2026-11-14 13 for 130.00 EUR, posted",
				"1: 2026-11-15 to 2026-12-14 9 for 90.00 EUR, posted",
			},
			findings: []string{ // for November: October still bills thirteen
				"unbilled-difference/line/2026-11-15 | Premium: +1 take effect on 2026-12-15 because the running period is posted; until then about 10.00 EUR stay unbilled. | Add a charge for the difference in Autotask. | 10.00 EUR",
			},
		},
		{day: "2026-11-15", event: "December is in sight",
			rows: []string{
				"1: 2026-11-15 to 2026-12-14 9 for 90.00 EUR, posted",
				"1: 2026-12-15 to 2027-01-14 9 for 90.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-12-15 9→10", money: "+10.00 EUR monthly",
					why: "9 → 10 from 2026-12-15, first day after the posted periods (posted up to 2026-12-14)."},
			},
			findings: []string{
				"unbilled-difference/line/2026-11-15 | Premium: +1 take effect on 2026-12-15 because the running period is posted; until then about 10.00 EUR stay unbilled. | Add a charge for the difference in Autotask. | 10.00 EUR",
			},
		},
	})
}
