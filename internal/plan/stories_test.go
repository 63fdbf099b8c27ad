package plan

import (
	"slices"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// A customer buys ten seats on the 12th and gives three back within seven days. Microsoft takes them back for what they cost; Autotask bills the started
// month in full, from the next one on seven. In May two come, one of which goes in July, after everything was posted.
func TestStoryOfSeatsGivenBack(t *testing.T) {
	s := november(upNow)
	s.want.Units, s.want.Since = 10, date("2026-03-12")
	s.keep(t, []entry{
		{day: "2026-03-13", event: "ten seats since yesterday",
			plan: begun("2026-02-15", 10, "10.00 EUR", "+100.00 EUR monthly", "start of the current period, which is not posted"),
		},
		{day: "2026-03-17", event: "three are given back on the fifth day", do: seats(7),
			rows: []string{
				"1: 2026-03-15 to 2026-04-14 10 for 100.00 EUR",
				"1: 2026-04-15 to 2026-05-14 10 for 100.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-04-15 10→7", money: "-30.00 EUR monthly",
					why: "10 → 7 from 2026-04-15, start of the next period."},
			},
		},
		{day: "2026-04-20", event: "the month of ten is posted", do: posts("2026-03-15"),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 7 for 70.00 EUR",
				"1: 2026-05-15 to 2026-06-14 7 for 70.00 EUR",
			},
		},
		{day: "2026-05-20", event: "two more", do: seats(9),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 7 for 70.00 EUR",
				"1: 2026-06-15 to 2026-07-14 7 for 70.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-05-15 7→9", money: "+20.00 EUR monthly",
					why: "7 → 9 from 2026-05-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-07-16", event: "everything is posted, and one goes", do: both(posts("2026-07-15"), seats(8)),
			rows: []string{
				"1: 2026-07-15 to 2026-08-14 9 for 90.00 EUR, posted",
				"1: 2026-08-15 to 2026-09-14 9 for 90.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-08-15 9→8", money: "-10.00 EUR monthly",
					why: "9 → 8 from 2026-08-15, start of the next period."},
			},
		},
		{day: "2026-08-15", event: "the day it goes",
			rows: []string{
				"1: 2026-08-15 to 2026-09-14 8 for 80.00 EUR",
				"1: 2026-09-15 to 2026-10-14 8 for 80.00 EUR",
			},
		},
	})
}

// The same ten seats on the true day: what Microsoft charges and gives back by the day, Autotask charges and gives back by the day.
func TestStoryOfSeatsGivenBackByTheDay(t *testing.T) {
	s := november(trueDate)
	s.want.Units, s.want.Since = 10, date("2026-03-12")
	s.keep(t, []entry{
		{day: "2026-03-13", event: "ten seats since yesterday",
			plan: begun("2026-03-12", 10, "10.00 EUR", "+100.00 EUR monthly, +10.71 EUR once", "the day the subscription is charged from"),
		},
		{day: "2026-03-17", event: "three are given back on the fifth day", do: seats(7),
			rows: []string{
				"1: 2026-03-15 to 2026-04-14 10 for 100.00 EUR",
				"1: 2026-04-15 to 2026-05-14 10 for 100.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-03-17 10→7", money: "-30.00 EUR monthly, -28.06 EUR once",
					why: "10 → 7 from 2026-03-17, on the day, credited by Autotask."},
			},
		},
		{day: "2026-03-18", event: "one of them was given back by mistake and is bought again", do: seats(8),
			rows: []string{
				"1: 2026-03-15 to 2026-03-16 10 for 6.4516 EUR",
				"1: 2026-03-17 to 2026-04-14 7 for 65.4839 EUR",
				"1: 2026-04-15 to 2026-05-14 7 for 70.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-03-18 7→8", money: "+10.00 EUR monthly, +9.03 EUR once",
					why: "7 → 8 from 2026-03-18, on the day, prorated by Autotask."},
			},
		},
		{day: "2026-03-18", event: "and another one on the same day", do: seats(9),
			rows: []string{
				"1: 2026-03-15 to 2026-03-16 10 for 6.4516 EUR",
				"1: 2026-03-17 to 2026-03-17 7 for 2.2581 EUR",
				"1: 2026-03-18 to 2026-04-14 8 for 72.2581 EUR",
				"1: 2026-04-15 to 2026-05-14 8 for 80.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-03-19 8→9", money: "+10.00 EUR monthly, +8.71 EUR once",
					why: "8 → 9 from 2026-03-19, 2026-03-18 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-03-19", event: "which goes again the day after", do: seats(8),
			rows: []string{
				"1: 2026-03-15 to 2026-03-16 10 for 6.4516 EUR",
				"1: 2026-03-17 to 2026-03-17 7 for 2.2581 EUR",
				"1: 2026-03-18 to 2026-03-18 8 for 2.5806 EUR",
				"1: 2026-03-19 to 2026-04-14 9 for 78.3871 EUR",
				"1: 2026-04-15 to 2026-05-14 9 for 90.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-03-20 9→8", money: "-10.00 EUR monthly, -8.39 EUR once",
					why: "9 → 8 from 2026-03-20, 2026-03-19 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
	})
}

// A subscription that was bought by mistake and cancelled within a day, under each policy. Whoever bills by the month bills one month of it, whoever
// bills by the day bills a day.
func TestStoryOfAPurchaseByMistake(t *testing.T) {
	for _, policy := range billing.EffectivePolicies() {
		t.Run(string(policy), func(t *testing.T) {
			s := november(policy)
			s.want.Since = date("2026-03-20")
			s.keep(t, map[billing.EffectivePolicy][]entry{
				upNow: {
					{day: "2026-03-20", event: "five seats",
						plan: begun("2026-03-15", 5, "10.00 EUR", "+50.00 EUR monthly", "start of the current period, which is not posted"),
					},
					{day: "2026-03-21", event: "cancelled", do: ends("2026-03-21"),
						rows: []string{
							"1: 2026-03-15 to 2026-04-14 5 for 50.00 EUR",
							"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
						},
						plan: []planned{
							{what: "end 2026-04-15 5→0", money: "-50.00 EUR monthly",
								why: "The subscription ended on 2026-03-21; the line ends from 2026-04-15, start of the next period."},
						},
					},
					{day: "2026-04-20", event: "nothing of it is left",
						rows: []string{
							"1: 2026-04-15 to 2026-05-14 0 for 0.00 EUR",
							"1: 2026-05-15 to 2026-06-14 0 for 0.00 EUR",
						},
					},
				},
				trueDate: {
					{day: "2026-03-20", event: "five seats",
						plan: begun("2026-03-20", 5, "10.00 EUR", "+50.00 EUR monthly, +41.94 EUR once", "the day the subscription is charged from"),
					},
					{day: "2026-03-21", event: "cancelled", do: ends("2026-03-21"),
						rows: []string{
							"1: 2026-03-20 to 2026-04-14 5 for 41.9355 EUR",
							"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
						},
						plan: []planned{
							{what: "end 2026-03-21 5→0", money: "-50.00 EUR monthly, -40.32 EUR once",
								why: "The subscription ended on 2026-03-21; the line ends from 2026-03-21, the day the subscription ended."},
						},
					},
					{day: "2026-04-20", event: "nothing of it is left",
						rows: []string{
							"1: 2026-04-15 to 2026-05-14 0 for 0.00 EUR",
							"1: 2026-05-15 to 2026-06-14 0 for 0.00 EUR",
						},
					},
				},
				periodStart: {
					{day: "2026-03-20", event: "five seats",
						plan: begun("2026-03-15", 5, "10.00 EUR", "+50.00 EUR monthly", "start of the current period, which is not posted"),
					},
					{day: "2026-03-21", event: "cancelled", do: ends("2026-03-21"),
						rows: []string{
							"1: 2026-03-15 to 2026-04-14 5 for 50.00 EUR",
							"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
						},
						plan: []planned{
							{what: "end 2026-03-21 5→0", money: "-50.00 EUR monthly, -40.32 EUR once",
								why: "The subscription ended on 2026-03-21; the line ends from 2026-03-21, 2026-03-15 already has an adjustment of this line and Autotask takes one a day."},
						},
					},
					{day: "2026-04-20", event: "nothing of it is left",
						rows: []string{
							"1: 2026-04-15 to 2026-05-14 0 for 0.00 EUR",
							"1: 2026-05-15 to 2026-06-14 0 for 0.00 EUR",
						},
					},
				},
				nextPeriod: {
					{day: "2026-03-20", event: "five seats",
						plan: begun("2026-04-15", 5, "10.00 EUR", "+50.00 EUR monthly", "start of the next period"),
					},
					{day: "2026-03-21", event: "cancelled", do: ends("2026-03-21"),
						rows: []string{
							"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
						},
						plan: []planned{
							{what: "end 2026-04-16 5→0", money: "-50.00 EUR monthly, -48.33 EUR once",
								why: "The subscription ended on 2026-03-21; the line ends from 2026-04-16, 2026-04-15 already has an adjustment of this line and Autotask takes one a day."},
						},
					},
					{day: "2026-04-20", event: "nothing of it is left",
						rows: []string{
							"1: 2026-04-15 to 2026-04-15 5 for 1.6667 EUR",
							"1: 2026-04-16 to 2026-05-14 0 for 0.00 EUR",
							"1: 2026-05-15 to 2026-06-14 0 for 0.00 EUR",
						},
					},
				},
			}[policy])
		})
	}
}

// An upgrade of all seats: the old subscription ends on the day, the new one begins on it. By the day nothing is billed twice.
func TestStoryOfAnUpgrade(t *testing.T) {
	s := november(trueDate)
	s.stands(5, "2026-03-15")
	s.keep(t, []entry{
		{day: "2026-06-25", event: "all five become E5", do: func(s *scene) {
			ends("2026-06-25")(s)
			s.beside("e5", "801", 5, 1800).Since = date("2026-06-25")
			s.b.at.services[1].PeriodType = billing.PeriodMonth
		},
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 5 for 50.00 EUR",
				"1: 2026-07-15 to 2026-08-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "attach-service 2026-06-25 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-06-25 0→5 at 18.00 EUR", money: "+90.00 EUR monthly, +60.00 EUR once",
					why: "New line: 5 from 2026-06-25, the day the subscription is charged from.", needs: "#1"},
				{what: "end 2026-06-25 5→0", money: "-50.00 EUR monthly, -33.33 EUR once",
					why: "The subscription ended on 2026-06-25; the line ends from 2026-06-25, the day the subscription ended."},
			},
		},
		{day: "2026-07-20", event: "a month later",
			rows: []string{
				"1: 2026-07-15 to 2026-08-14 0 for 0.00 EUR",
				"1: 2026-08-15 to 2026-09-14 0 for 0.00 EUR",
				"2: 2026-07-15 to 2026-08-14 5 for 90.00 EUR",
				"2: 2026-08-15 to 2026-09-14 5 for 90.00 EUR",
			},
		},
	})
}

// A partial upgrade: four of ten become something better, six stay. In the month of the change the clerk's policy bills both in full and takes the four
// away with the next month.
func TestStoryOfAPartialUpgrade(t *testing.T) {
	s := november(upNow)
	s.want.Units = 10
	s.stands(10, "2026-03-15")
	s.b.at.services[1].PeriodType = billing.PeriodMonth
	s.keep(t, []entry{
		{day: "2026-06-25", event: "four of ten are upgraded", do: func(s *scene) {
			s.want.Units = 6
			s.beside("e5", "801", 4, 1800).Since = date("2026-06-25")
		},
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 10 for 100.00 EUR",
				"1: 2026-07-15 to 2026-08-14 10 for 100.00 EUR",
			},
			plan: []planned{
				{what: "attach-service 2026-06-15 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-06-15 0→4 at 18.00 EUR", money: "+72.00 EUR monthly",
					why: "New line: 4 from 2026-06-15, start of the current period, which is not posted.", needs: "#1"},
				{what: "decrease 2026-07-15 10→6", money: "-40.00 EUR monthly",
					why: "10 → 6 from 2026-07-15, start of the next period."},
			},
		},
		{day: "2026-06-28", event: "two more follow before the month is over", do: func(s *scene) {
			s.want.Units = 4
			s.desired.Lines[0].Units = 6
		},
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 10 for 100.00 EUR",
				"1: 2026-07-15 to 2026-08-14 6 for 60.00 EUR",
				"2: 2026-06-15 to 2026-07-14 4 for 72.00 EUR",
				"2: 2026-07-15 to 2026-08-14 4 for 72.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-06-28 4→6", money: "+36.00 EUR monthly, +20.40 EUR once",
					why: "4 → 6 from 2026-06-28, 2026-06-15 already has an adjustment of this line and Autotask takes one a day."},
				{what: "decrease 2026-07-16 6→4", money: "-20.00 EUR monthly, -19.35 EUR once",
					why: "6 → 4 from 2026-07-16, 2026-07-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-07-16", event: "one of the six goes back within seven days", do: func(s *scene) {
			s.want.Units = 5
			s.desired.Lines[0].Units = 5
		},
			rows: []string{
				"1: 2026-07-15 to 2026-07-15 6 for 1.9355 EUR",
				"1: 2026-07-16 to 2026-08-14 4 for 38.7097 EUR",
				"1: 2026-08-15 to 2026-09-14 4 for 40.00 EUR",
				"2: 2026-07-15 to 2026-08-14 6 for 108.00 EUR",
				"2: 2026-08-15 to 2026-09-14 6 for 108.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-07-17 4→5", money: "+10.00 EUR monthly, +9.35 EUR once",
					why: "4 → 5 from 2026-07-17, 2026-07-15 already has an adjustment of this line and Autotask takes one a day."},
				{what: "decrease 2026-08-15 6→5", money: "-18.00 EUR monthly",
					why: "6 → 5 from 2026-08-15, start of the next period."},
			},
		},
		{day: "2026-08-20", event: "quiet",
			rows: []string{
				"1: 2026-08-15 to 2026-09-14 5 for 50.00 EUR",
				"1: 2026-09-15 to 2026-10-14 5 for 50.00 EUR",
				"2: 2026-08-15 to 2026-09-14 5 for 90.00 EUR",
				"2: 2026-09-15 to 2026-10-14 5 for 90.00 EUR",
			},
		},
	})
}

// A year that is paid at once, on a contract that begins with it: seats that come inside it cost the share of the year that is left, one that goes back
// within seven days gives back its share, and at the renewal fewer seats and the new price are one adjustment.
func TestStoryOfAYearPaidAtOnce(t *testing.T) {
	s := november(trueDate)
	s.b.at.contracts[0].Start, s.b.at.contracts[0].End = date("2026-03-10"), date("2031-03-09")
	s.want.Service, s.want.Since, s.want.Units = billing.Ref{ID: "801"}, date("2026-03-10"), 10
	priced(12000)(s)
	s.keep(t, []entry{
		{day: "2026-03-12", event: "ten for a year since the tenth",
			plan: begun("2026-03-10", 10, "120.00 EUR", "+1200.00 EUR yearly", "the day the subscription is charged from"),
		},
		{day: "2026-07-01", event: "two come: 252 of 365 days are left", do: seats(12),
			rows: []string{
				"1: 2026-03-10 to 2027-03-09 10 for 1200.00 EUR",
				"1: 2027-03-10 to 2028-03-09 10 for 1200.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-07-01 10→12", money: "+240.00 EUR yearly, +165.70 EUR once",
					why: "10 → 12 from 2026-07-01, on the day, prorated by Autotask."},
			},
		},
		{day: "2026-07-05", event: "one of the two goes back within seven days", do: seats(11),
			rows: []string{
				"1: 2026-03-10 to 2026-06-30 10 for 371.5068 EUR",
				"1: 2026-07-01 to 2027-03-09 12 for 994.1918 EUR",
				"1: 2027-03-10 to 2028-03-09 12 for 1440.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-07-05 12→11", money: "-120.00 EUR yearly, -81.53 EUR once",
					why: "12 → 11 from 2026-07-05, on the day, credited by Autotask."},
			},
		},
		{day: "2027-03-10", event: "three are not renewed, and the others cost more", do: both(seats(8), priced(13200)),
			rows: []string{
				"1: 2027-03-10 to 2028-03-09 11 for 1320.00 EUR",
				"1: 2028-03-10 to 2029-03-09 11 for 1320.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2027-03-10 11→8 at 132.00 EUR", money: "-264.00 EUR yearly",
					why: "11 → 8 from 2027-03-10, on the day, credited by Autotask."},
			},
		},
		{day: "2027-03-20", event: "the second year is posted, and one comes", do: both(posts("2027-03-10"), seats(9)),
			rows: []string{
				"1: 2027-03-10 to 2028-03-09 8 for 1056.00 EUR, posted",
				"1: 2028-03-10 to 2029-03-09 8 for 1056.00 EUR",
			},
			plan: []planned{
				{what: "increase 2028-03-10 8→9", money: "+132.00 EUR yearly",
					why: "8 → 9 from 2028-03-10, first day after the posted periods (posted up to 2028-03-09)."},
			},
			findings: []string{
				"unbilled-difference/line/2027-03-10 | Premium: +1 take effect on 2028-03-10 because the running period is posted; until then about 128.39 EUR stay unbilled. | Add a charge for the difference in Autotask. | 128.39 EUR",
			},
		},
	})
}

// Seats of a second subscription that ends with the first: Microsoft charges 313 of 365 days for them, and so does Autotask. From the renewal on both are
// one line that nobody can tell apart.
func TestStoryOfSubscriptionsThatEndTogether(t *testing.T) {
	s := november(upNow)
	s.b.at.contracts[0].Start = date("2026-03-10")
	s.want.Service, s.want.Since, s.want.Shares = billing.Ref{ID: "801"}, date("2026-03-10"), whose("s1:5")
	priced(12000)(s)
	s.keep(t, []entry{
		{day: "2026-03-10", event: "five for a year",
			plan: begun("2026-03-10", 5, "120.00 EUR", "+600.00 EUR yearly", "the day the subscription is charged from"),
		},
		{day: "2026-05-01", event: "three more, by a subscription that ends on 9 March as well", do: func(s *scene) { s.want.Units, s.want.Shares = 8, whose("s1:5 s2:3") },
			rows: []string{
				"1: 2026-03-10 to 2027-03-09 5 for 600.00 EUR",
				"1: 2027-03-10 to 2028-03-09 5 for 600.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-05-01 5→8", money: "+360.00 EUR yearly, +308.71 EUR once",
					why: "5 → 8 from 2026-05-01, on the day, prorated by Autotask."},
			},
		},
		{day: "2027-03-10", event: "both are renewed as one", do: func(s *scene) { s.want.Shares = whose("s1:8") },
			rows: []string{
				"1: 2027-03-10 to 2028-03-09 8 for 960.00 EUR",
				"1: 2028-03-10 to 2029-01-14 8 for 817.9726 EUR",
			},
		},
	})
	if now := InStep(s.input(), s.plan()); !slices.Equal(now["line"], whose("s1:8")) {
		t.Errorf("the second year is of %v", now)
	}
}

// A subscription that nobody renewed goes on month by month, for more: it has the same id and another term, so it leaves its line for one of another
// service on the same contract, on the day on which that line begins.
func TestStoryOfAnExtendedTerm(t *testing.T) {
	s := november(upNow)
	s.want.Shares = whose("s1:5")
	s.stands(5, "2026-03-15")
	s.b.memory.Lines[0].Shares, s.b.memory.Lines[0].Policy = s.want.Shares, upNow
	s.b.at.services[1] = billing.Service{ID: "801", Name: "Premium month by month", PeriodType: billing.PeriodMonth, UnitPrice: euros(1230), Active: true}
	s.keep(t, []entry{
		{day: "2026-05-20", event: "the term is over, the months cost 23 percent more", do: func(s *scene) {
			l := s.beside("monthly", "801", 5, 1230)
			s.want, s.desired.Lines = *l, nil
		},
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
				"1: 2026-06-15 to 2026-07-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "attach-service 2026-06-15 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-06-15 0→5 at 12.30 EUR", money: "+61.50 EUR monthly",
					why: "Moves from service \"Premium\" to service \"Premium month by month\" on 2026-06-15: New line: 5 from 2026-06-15, start of the next period (contract \"Cloud\").", needs: "#1"},
				{what: "end 2026-06-15 5→0", money: "-50.00 EUR monthly",
					why: "Moves from service \"Premium\" to service \"Premium month by month\" on 2026-06-15: the line ends from 2026-06-15, start of the next period (contract \"Cloud\").", needs: "#2"},
			},
		},
		{day: "2026-06-20", event: "two seats can go now", do: func(s *scene) { s.want.Units, s.want.Shares = 3, whose("s1:3") },
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 0 for 0.00 EUR",
				"1: 2026-07-15 to 2026-08-14 0 for 0.00 EUR",
				"2: 2026-06-15 to 2026-07-14 5 for 61.50 EUR",
				"2: 2026-07-15 to 2026-08-14 5 for 61.50 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-07-15 5→3", money: "-24.60 EUR monthly",
					why: "5 → 3 from 2026-07-15, start of the next period."},
			},
		},
		{day: "2026-07-20", event: "a new year is bought by another subscription, and this one is cancelled", do: func(s *scene) {
			old := s.want
			s.want.Units, s.want.Shares, s.want.EndedOn = 0, nil, date("2026-07-18")
			old.Key, old.Mark, old.Name, old.Service, old.Shares, old.Since = "line", "spindle:line", "Premium", billing.Ref{ID: "800"}, whose("s2:3"), date("2026-07-18")
			price := euros(1000)
			old.UnitPrice = &price
			s.desired.Lines = []billing.DesiredLine{old}
		},
			rows: []string{
				"1: 2026-07-15 to 2026-08-14 0 for 0.00 EUR",
				"1: 2026-08-15 to 2026-09-14 0 for 0.00 EUR",
				"2: 2026-07-15 to 2026-08-14 3 for 36.90 EUR",
				"2: 2026-08-15 to 2026-09-14 3 for 36.90 EUR",
			},
			plan: []planned{
				{what: "increase 2026-07-15 0→3 at 10.00 EUR", money: "+30.00 EUR monthly",
					why: "0 → 3 from 2026-07-15, start of the current period, which is not posted."},
				{what: "end 2026-08-15 3→0", money: "-36.90 EUR monthly",
					why: "The subscription ended on 2026-07-18; the line ends from 2026-08-15, start of the next period."},
			},
		},
	})
}

// A customer that is billed in dollars by an MSP that counts in euros: nothing is converted, no limit in euros lets anything pass, and what is billed is
// in dollars to the end.
func TestStoryOfACustomerInDollars(t *testing.T) {
	s := november(trueDate)
	s.setup.HoldOver = euros(1000000)
	dollars := func(cents int64) func(*scene) {
		return func(s *scene) {
			price := money.Of(money.New(cents, -2), "USD")
			s.want.UnitPrice = &price
		}
	}
	dollars(1200)(s)
	s.want.Since = date("2026-03-20")
	s.keep(t, []entry{
		{day: "2026-03-20", event: "five seats",
			plan: []planned{
				{what: "attach-service 2026-03-20 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-03-20 0→5 at 12.00 USD", money: "+60.00 USD monthly, +50.32 USD once",
					why: "New line: 5 from 2026-03-20, the day the subscription is charged from.", needs: "#1", held: "hold-over"},
			},
		},
		{day: "2026-04-20", event: "two more, and Azure of March", do: func(s *scene) {
			s.want.Units = 7
			s.charge("azure", 0)
			s.desired.Charges[0].Month, s.desired.Charges[0].Date, s.desired.Charges[0].UnitPrice = "2026-03", date("2026-03-31"), money.Of(money.New(9876, -2), "USD")
		},
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 5 for 60.00 USD",
				"1: 2026-05-15 to 2026-06-14 5 for 60.00 USD",
			},
			plan: []planned{
				{what: "increase 2026-04-20 5→7", money: "+24.00 USD monthly, +20.00 USD once",
					why: "5 → 7 from 2026-04-20, on the day, prorated by Autotask.", held: "hold-over"},
				{what: "charge 2026-03-31 0→0", money: "+98.76 USD once",
					why: "Azure of 2026-03, from what Microsoft billed.", held: "hold-over"},
			},
		},
		{day: "2026-05-15", event: "dearer", do: dollars(1250),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 7 for 84.00 USD",
				"1: 2026-06-15 to 2026-07-14 7 for 84.00 USD",
			},
			plan: []planned{
				{what: "reprice 2026-05-15 7→7 at 12.50 USD", money: "+3.50 USD monthly",
					why: "The price becomes 12.50 USD from 2026-05-15, on the day, prorated by Autotask.", held: "hold-over"},
			},
		},
		{day: "2026-06-01", event: "somebody sets the price rule to euros by mistake", do: priced(1250),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 7 for 87.50 USD",
				"1: 2026-06-15 to 2026-07-14 7 for 87.50 USD",
			},
			findings: []string{
				"currency/line | Premium: Autotask bills it in USD, the price is in EUR; the price is left as it is. | Set a fixed price rule in the customer's currency, or correct the currency of the company in Autotask. | 87.50 EUR",
			},
		},
		{day: "2026-06-02", event: "mended, and over", do: both(dollars(1250), ends("2026-06-02")),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 7 for 87.50 USD",
				"1: 2026-06-15 to 2026-07-14 7 for 87.50 USD",
			},
			plan: []planned{
				{what: "end 2026-06-02 7→0", money: "-87.50 USD monthly, -36.69 USD once",
					why: "The subscription ended on 2026-06-02; the line ends from 2026-06-02, the day the subscription ended.", held: "hold-over"},
			},
		},
	})
}

// What was posted too early: the clerk sees that two seats would wait for the next month, takes the posting back, and they count from this one.
func TestStoryOfAPostingTakenBack(t *testing.T) {
	s := november(upNow)
	l := s.stands(5, "2026-03-15")
	s.keep(t, []entry{
		{day: "2026-11-20", event: "posted this morning, then two come", do: both(posts("2026-11-15"), seats(7)), held: true,
			rows: []string{
				"1: 2026-11-15 to 2026-12-14 5 for 50.00 EUR, posted",
				"1: 2026-12-15 to 2027-01-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-12-15 5→7", money: "+20.00 EUR monthly",
					why: "5 → 7 from 2026-12-15, first day after the posted periods (posted up to 2026-12-14)."},
			},
			findings: []string{
				"unbilled-difference/line/2026-11-15 | Premium: +2 take effect on 2026-12-15 because the running period is posted; until then about 16.67 EUR stay unbilled. | Add a charge for the difference in Autotask. | 16.67 EUR",
			},
		},
		{day: "2026-11-20", event: "the posting is taken back", do: func(*scene) { l.postedRows, l.postedPeriods = map[billing.Date]billing.UnitRow{}, nil },
			rows: []string{
				"1: 2026-11-15 to 2026-12-14 5 for 50.00 EUR",
				"1: 2026-12-15 to 2027-01-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-11-15 5→7", money: "+20.00 EUR monthly",
					why: "5 → 7 from 2026-11-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-11-25", event: "posted again, with all seven", do: posts("2026-11-15"),
			rows: []string{
				"1: 2026-11-15 to 2026-12-14 7 for 70.00 EUR, posted",
				"1: 2026-12-15 to 2027-01-14 7 for 70.00 EUR",
			},
		},
	})
}

// A promotion is over with its term: the first three months cost half, then the list price holds. A clerk who learns of it late bills it from the period
// that is not posted yet.
func TestStoryOfAPromotion(t *testing.T) {
	s := november(upNow)
	priced(500)(s)
	s.keep(t, []entry{
		{day: "2026-03-12", event: "five at half the price",
			plan: begun("2026-02-15", 5, "5.00 EUR", "+25.00 EUR monthly", "start of the current period, which is not posted"),
		},
		{day: "2026-06-12", event: "the promotion is over", do: priced(1000),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 5 for 25.00 EUR",
				"1: 2026-06-15 to 2026-07-14 5 for 25.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-05-15 5→5 at 10.00 EUR", money: "+25.00 EUR monthly",
					why: "The price becomes 10.00 EUR from 2026-05-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-07-20", event: "posted; another one begins", do: both(posts("2026-07-15"), priced(750)),
			rows: []string{
				"1: 2026-07-15 to 2026-08-14 5 for 50.00 EUR, posted",
				"1: 2026-08-15 to 2026-09-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-08-15 5→5 at 7.50 EUR", money: "-12.50 EUR monthly",
					why: "The price becomes 7.50 EUR from 2026-08-15, first day after the posted periods (posted up to 2026-08-14)."},
			},
		},
		{day: "2026-07-21", event: "it is taken back before it counts", do: priced(1000),
			rows: []string{
				"1: 2026-07-15 to 2026-08-14 5 for 50.00 EUR, posted",
				"1: 2026-08-15 to 2026-09-14 5 for 37.50 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-08-16 5→5 at 10.00 EUR", money: "+12.50 EUR monthly, +12.10 EUR once",
					why: "The price becomes 10.00 EUR from 2026-08-16, 2026-08-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-09-01", event: "quiet",
			rows: []string{
				"1: 2026-08-15 to 2026-08-15 5 for 1.2097 EUR",
				"1: 2026-08-16 to 2026-09-14 5 for 48.3871 EUR",
				"1: 2026-09-15 to 2026-10-14 5 for 50.00 EUR",
			},
		},
	})
}

// A trial costs nothing and is no line; converted into a paid year it begins on the day of the conversion, not on that of the trial.
func TestStoryOfATrial(t *testing.T) {
	s := november(trueDate)
	trial := s.want
	s.want = billing.DesiredLine{}
	s.keep(t, []entry{
		{day: "2026-03-20", event: "twenty-five on trial"},
		{day: "2026-04-20", event: "converted on the nineteenth", do: func(s *scene) {
			s.want = trial
			s.want.Units, s.want.Since = 25, date("2026-04-19")
		},
			plan: begun("2026-04-19", 25, "10.00 EUR", "+250.00 EUR monthly, +216.67 EUR once", "the day the subscription is charged from"),
		},
		{day: "2026-05-19", event: "twenty go with the first month", do: seats(5),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 25 for 250.00 EUR",
				"1: 2026-06-15 to 2026-07-14 25 for 250.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-05-19 25→5", money: "-200.00 EUR monthly, -174.19 EUR once",
					why: "25 → 5 from 2026-05-19, on the day, credited by Autotask."},
			},
		},
	})
}

// A contract that was renewed in Autotask is another one: its lines have other ids. What stood on the old one ends with it and goes on where the clerk
// maps the customer to.
func TestStoryOfARenewedContract(t *testing.T) {
	s := november(upNow)
	s.want.Shares = []billing.Share{{SubscriptionID: "s1", Units: 5}}
	s.stands(5, "2026-03-15")
	s.b.memory.Lines[0].Shares = s.want.Shares
	s.b.at.contracts[0].End = date("2027-01-14")
	s.keep(t, []entry{
		{day: "2026-11-20", event: "the contract has eight weeks left",
			rows: []string{
				"1: 2026-11-15 to 2026-12-14 5 for 50.00 EUR",
				"1: 2026-12-15 to 2027-01-14 5 for 50.00 EUR",
			},
		},
		{day: "2026-12-10", event: "it was renewed in Autotask and the customer is mapped to the successor", do: func(s *scene) {
			s.b.at.contracts = append(s.b.at.contracts, billing.Contract{ID: "910", Name: "Cloud 2027", PeriodType: billing.PeriodMonth, Active: true, Recurring: true,
				Start: date("2027-01-15"), End: date("2028-01-14")})
			moved(s)
		},
			rows: []string{
				"1: 2026-11-15 to 2026-12-14 5 for 50.00 EUR",
				"1: 2026-12-15 to 2027-01-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "attach-service 2027-01-15 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2027-01-15 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "Moves from contract \"Cloud\" to contract \"Cloud 2027\" on 2027-01-15: New line: 5 from 2027-01-15, start of the current period, which is not posted (contract \"Cloud 2027\").", needs: "#1"},
			},
		},
		{day: "2027-01-20", event: "the first month of the successor: a seat more", do: func(s *scene) { s.want.Units, s.want.Shares[0].Units = 6, 6 },
			rows: []string{
				"1: 2026-12-15 to 2027-01-14 5 for 50.00 EUR",
				"2: 2027-01-15 to 2027-02-14 5 for 50.00 EUR",
				"2: 2027-02-15 to 2027-03-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "increase 2027-01-20 5→6", money: "+10.00 EUR monthly, +8.39 EUR once",
					why: "5 → 6 from 2027-01-20, 2027-01-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2027-02-20", event: "quiet",
			rows: []string{
				"1: 2026-12-15 to 2027-01-14 5 for 50.00 EUR",
				"2: 2027-02-15 to 2027-03-14 6 for 60.00 EUR",
				"2: 2027-03-15 to 2027-04-14 6 for 60.00 EUR",
			},
		},
	})
}

// The MSP's own backup: a custom service with a first and a last day, its own price and cost. It begins ahead of its day and ends ahead of its day.
func TestStoryOfACustomService(t *testing.T) {
	s := november(upNow)
	s.want.Key, s.want.Name, s.want.Since, s.want.Units = "backup", "Backup", date("2026-04-15"), 3
	priced(2500)(s)
	s.keep(t, []entry{
		{day: "2026-03-20", event: "agreed for 15 April",
			plan: begun("2026-04-15", 3, "25.00 EUR", "+75.00 EUR monthly", "start of the current period, which is not posted"),
		},
		{day: "2026-04-20", event: "a server more", do: seats(4),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 3 for 75.00 EUR",
				"1: 2026-05-15 to 2026-06-14 3 for 75.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-04-20 3→4", money: "+25.00 EUR monthly, +20.83 EUR once",
					why: "3 → 4 from 2026-04-20, 2026-04-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-05-10", event: "dearer from now on", do: priced(2750),
			rows: []string{
				"1: 2026-04-15 to 2026-04-19 3 for 12.50 EUR",
				"1: 2026-04-20 to 2026-05-14 4 for 83.3333 EUR",
				"1: 2026-05-15 to 2026-06-14 4 for 100.00 EUR",
			},
			plan: []planned{
				{what: "reprice 2026-05-10 4→4 at 27.50 EUR", money: "+10.00 EUR monthly, +1.67 EUR once",
					why: "The price becomes 27.50 EUR from 2026-05-10, 2026-04-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-06-01", event: "ends with July", do: ends("2026-08-01"),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 4 for 110.00 EUR",
				"1: 2026-06-15 to 2026-07-14 4 for 110.00 EUR",
			},
		},
		{day: "2026-07-20", event: "the end comes nearer",
			rows: []string{
				"1: 2026-07-15 to 2026-08-14 4 for 110.00 EUR",
				"1: 2026-08-15 to 2026-09-14 4 for 110.00 EUR",
			},
			plan: []planned{
				{what: "end 2026-08-15 4→0", money: "-110.00 EUR monthly",
					why: "The subscription ended on 2026-08-01; the line ends from 2026-08-15, start of the next period."},
			},
		},
		{day: "2026-08-20", event: "it is over",
			rows: []string{
				"1: 2026-08-15 to 2026-09-14 0 for 0.00 EUR",
				"1: 2026-09-15 to 2026-10-14 0 for 0.00 EUR",
			},
		},
	})
}

// A suspended subscription is still charged by Microsoft, so it is still billed; when its term ends without renewal, the line ends.
func TestStoryOfASuspendedSubscription(t *testing.T) {
	s := november(periodStart)
	s.stands(5, "2026-03-15")
	s.keep(t, []entry{
		{day: "2026-05-20", event: "suspended: it costs what it cost",
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
				"1: 2026-06-15 to 2026-07-14 5 for 50.00 EUR",
			},
		},
		{day: "2026-06-20", event: "one seat less at the renewal of the term", do: seats(4),
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 5 for 50.00 EUR",
				"1: 2026-07-15 to 2026-08-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "decrease 2026-06-15 5→4", money: "-10.00 EUR monthly",
					why: "5 → 4 from 2026-06-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-07-10", event: "it expires on the tenth", do: ends("2026-07-10"),
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 4 for 40.00 EUR",
				"1: 2026-07-15 to 2026-08-14 4 for 40.00 EUR",
			},
			plan: []planned{
				{what: "end 2026-07-10 4→0", money: "-40.00 EUR monthly, -6.67 EUR once",
					why: "The subscription ended on 2026-07-10; the line ends from 2026-07-10, 2026-06-15 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-07-20", event: "over",
			rows: []string{
				"1: 2026-07-15 to 2026-08-14 0 for 0.00 EUR",
				"1: 2026-08-15 to 2026-09-14 0 for 0.00 EUR",
			},
		},
	})
}

// Azure bundled on one line, then by category, before and after it was posted; a correction of Microsoft's, a purchase with a line of its own, a credit.
func TestStoryOfAnAzureMonth(t *testing.T) {
	s := ledgerScene()
	s.keep(t, []entry{
		{day: "2026-11-08", event: "October is rated, on one line", do: func(s *scene) { s.asks(ask{"900 *": 12345}) },
			plan: []planned{
				{what: "charge 2026-10-31 0→0", money: "+123.45 EUR once",
					why: "Microsoft Azure 2026-10, from what Microsoft billed."},
			},
		},
		{day: "2026-11-09", event: "the customer wants to see it by category", do: func(s *scene) { s.asks(ask{"900 Compute": 10000, "900 Storage": 2345}) },
			plan: []planned{
				{what: "remove-charge 2026-10-31 0→0", money: "-123.45 EUR once",
					why: "Nothing asks for this charge of 2026-10 any more, and it is not posted yet.", held: "hold-unwanted"},
				{what: "charge 2026-10-31 0→0", money: "+100.00 EUR once",
					why: "Compute 2026-10, from what Microsoft billed.", needs: "#1"},
				{what: "charge 2026-10-31 0→0", money: "+23.45 EUR once",
					why: "Storage 2026-10, from what Microsoft billed.", needs: "#1"},
			},
		},
		{day: "2026-11-10", event: "a reservation is on the invoice, a line of its own", do: func(s *scene) {
			s.asks(ask{"900 Compute": 10000, "900 Storage": 2345, "900 line-1": 30000})
		},
			plan: []planned{
				{what: "charge 2026-10-31 0→0", money: "+300.00 EUR once",
					why: "line-1 2026-10, from what Microsoft billed."},
			},
		},
		{day: "2026-11-12", event: "all of it is posted, then Microsoft corrects the storage", do: func(s *scene) {
			s.post()
			s.asks(ask{"900 Compute": 10000, "900 Storage": 2000, "900 line-1": 30000})
		},
			plan: []planned{
				{what: "charge 2026-11-30 0→0", money: "-3.45 EUR once",
					why: "Correction of 2026-10, which is posted: 123.45 EUR were charged, Microsoft's data, the price rules or the routes now give 120.00 EUR."},
			},
		},
		{day: "2026-12-08", event: "the correction is posted; the reservation is given back", do: func(s *scene) {
			s.post()
			s.asks(ask{"900 Compute": 10000, "900 Storage": 2000})
		},
			plan: []planned{
				{what: "charge 2026-12-31 0→0", money: "-300.00 EUR once",
					why: "Correction of 2026-10, which is posted: 300.00 EUR were charged, Microsoft's data, the price rules or the routes now give 0.00 EUR."},
			},
		},
	})
	if got := s.standing(); !got.Equal(euros(12000)) {
		t.Errorf("October stands at %s", got)
	}
}
