package rating

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// TestAManagedContractInFull pins the contract that Spindle makes, and the one that it found and extends.
func TestAManagedContractInFull(t *testing.T) {
	in := managedWorld()
	mark := billing.ContractMark(org, alder, "cloud")
	want := billing.DesiredContract{
		Mark:       mark,
		CustomerID: alder,
		CompanyID:  alderCo,
		Name:       "Cloud services – Alder Ridge Dental Group",
		PeriodType: billing.PeriodMonth,
		Start:      day("2026-10-01"),
		End:        day("2027-09-30"),
		ExtendTo:   day("2027-09-30"),
	}
	if diff := cmp.Diff([]billing.DesiredContract{want}, Rate(in).Contracts); diff != "" {
		t.Error(diff)
	}
	in.Catalogue.Contracts = append(in.Catalogue.Contracts, billing.Contract{ID: "77", Mark: mark, CompanyID: alderCo, Name: "renamed by hand", Active: true, Recurring: true,
		Start: day("2025-11-17"), End: day("2026-11-16"), PeriodType: billing.PeriodQuarter})
	want.Start, want.End, want.ExtendTo, want.PeriodType = day("2025-11-17"), day("2026-11-16"), day("2027-11-16"), billing.PeriodQuarter
	if diff := cmp.Diff([]billing.DesiredContract{want}, Rate(in).Contracts); diff != "" {
		t.Error(diff)
	}
	in.Directory.Subscriptions[0].Status = billing.Ended // nothing is billed on it any more: what exists is kept alive, what does not is not made
	if d := Rate(in); len(d.Contracts) != 1 {
		t.Errorf("the contract that exists: %+v", d.Contracts)
	}
	in.Catalogue.Contracts = in.Catalogue.Contracts[:2]
	if d := Rate(in); len(d.Contracts) != 0 {
		t.Errorf("a contract for nothing: %+v", d.Contracts)
	}
}

// TestTwoManagedContractsOfACustomer: a narrower route without a day follows the customer's day; one with another day gets its own contract, named after the
// day. Which route is met first does not matter.
func TestTwoManagedContractsOfACustomer(t *testing.T) {
	tests := []struct {
		name             string
		customer, narrow int
		want             []string // "name start", in order of name
	}{
		{"neither has a day", 0, 0, []string{"Cloud services – Alder Ridge Dental Group 2026-10-01"}},
		{"the customer's day", 5, 0, []string{"Cloud services – Alder Ridge Dental Group 2026-10-05"}},
		{"the same day twice", 5, 5, []string{"Cloud services – Alder Ridge Dental Group 2026-10-05"}},
		{"another day", 5, 7, []string{"Cloud services from day 7 – Alder Ridge Dental Group 2026-10-07", "Cloud services – Alder Ridge Dental Group 2026-10-05"}},
		{"a day of its own", 0, 7, []string{"Cloud services from day 7 – Alder Ridge Dental Group 2026-10-07", "Cloud services – Alder Ridge Dental Group 2026-10-01"}},
	}
	for _, test := range tests {
		for _, narrow := range []billing.SubscriptionID{"s1", "s2"} { // rated first, rated last
			in := managedWorld()
			in.Directory.Subscriptions = append(in.Directory.Subscriptions, seat("s2", 3))
			in.Mappings.Routes = []billing.Route{{CustomerID: alder, Managed: true, StartDay: test.customer}, {CustomerID: alder, SubscriptionID: narrow, Managed: true, StartDay: test.narrow}}
			var got []string
			for _, c := range Rate(in).Contracts {
				got = append(got, c.Name+" "+c.Start.String())
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("%s, narrow for %s: %q, want %q", test.name, narrow, got, test.want)
			}
		}
	}
	for start, want := range map[int]string{0: "cloud", 7: "cloud:7"} { // part of the mark: it never changes
		if purpose, own := newDecisions(billing.Mappings{}).purpose(billing.Route{CustomerID: alder, StartDay: start}); purpose != want || own != (start != 0) {
			t.Errorf("day %d has the purpose %q, its own %v", start, purpose, own)
		}
	}
}

// TestTheFirstDayThatIsBilled: a managed contract begins with the earliest day that something recurring of the customer is billed, today at the latest. What
// is not billed, not recurring, or without a known day does not pull it back; a contract that began years early would bill years.
func TestTheFirstDayThatIsBilled(t *testing.T) {
	tests := []struct {
		name string
		from billing.Month // of the customer's switch
		edit func(*Input, *billing.Subscription)
		want string
	}{
		{"charged since before the first month: from that month on", "2026-08", func(*Input, *billing.Subscription) {}, "2026-08-01"},
		{"charged since a day of that month", "2026-03", func(*Input, *billing.Subscription) {}, "2026-03-10"},
		{"charged since before; yearly: only from the next cycle, which is not yet", "2026-08", func(_ *Input, s *billing.Subscription) { s.Offer.Frequency = billing.Annual }, "2026-10-09"},
		{"yearly since a day of that month", "2026-03", func(_ *Input, s *billing.Subscription) { s.Offer.Frequency = billing.Annual }, "2026-03-10"},
		{"yearly since the first of that month", "2026-03", func(_ *Input, s *billing.Subscription) {
			s.Offer.Frequency, s.Start = billing.Annual, day("2026-03-01")
		}, "2026-03-01"},
		{"yearly since the day before", "2026-03", func(_ *Input, s *billing.Subscription) {
			s.Offer.Frequency, s.Start = billing.Annual, day("2026-02-28")
		}, "2026-10-09"},
		{"begins in the future", "2026-03", func(_ *Input, s *billing.Subscription) { s.Start = day("2026-11-10") }, "2026-10-09"},
		{"first month in the future", "2026-11", func(*Input, *billing.Subscription) {}, "2026-10-09"},
		{"no first month", "", func(*Input, *billing.Subscription) {}, "2026-10-09"},
		{"no start", "2026-03", func(_ *Input, s *billing.Subscription) { s.Start = billing.Date{} }, "2026-10-09"},
		{"no start, but a first line", "2026-03", func(in *Input, s *billing.Subscription) {
			s.Start = billing.Date{}
			in.Lines = []billing.LineSet{billedSet(change(bought("s1", "12", "259.20"), func(l *billing.LineItem) { l.Charged = days("2026-06-10", "2026-07-09") }))}
		}, "2026-06-10"},
		{"a trial", "2026-03", func(_ *Input, s *billing.Subscription) { s.Trial = true }, "2026-10-09"},
		{"billed once", "2026-03", func(_ *Input, s *billing.Subscription) { s.Offer.Frequency = billing.OneTime }, "2026-10-09"},
		{"every three years", "2026-03", func(_ *Input, s *billing.Subscription) { s.Offer.Frequency = billing.Triennial }, "2026-10-09"},
		{"switched off", "2026-03", func(in *Input, _ *billing.Subscription) { in.Mappings.Switches[0].On = false }, "2026-10-09"},
		{"nobody switched it", "2026-03", func(in *Input, _ *billing.Subscription) { in.Mappings.Switches = nil }, "2026-10-09"},
		{"another customer's", "2026-03", func(_ *Input, s *billing.Subscription) { s.CustomerID = dunmore }, "2026-10-09"},
		{"a purchase", "2026-03", func(_ *Input, s *billing.Subscription) { s.Kind = billing.OtherPurchase }, "2026-10-09"},
		{"a custom service", "2026-03", func(_ *Input, s *billing.Subscription) { s.Kind = billing.CustomService }, "2026-03-10"},
		{"one that has ended was billed too", "2026-03", func(_ *Input, s *billing.Subscription) { s.Status = billing.Ended }, "2026-03-10"},
		{"the earliest of two", "2026-03", func(in *Input, _ *billing.Subscription) {
			second := seat("s2", 1)
			second.Start = day("2026-05-20")
			in.Directory.Subscriptions = append(in.Directory.Subscriptions, second)
		}, "2026-03-10"},
		{"the earliest of two, the other way", "2026-03", func(in *Input, s *billing.Subscription) {
			second := *s
			second.ID, s.Start = "s2", day("2026-05-20")
			in.Directory.Subscriptions = append(in.Directory.Subscriptions, second)
		}, "2026-03-10"},
	}
	for _, test := range tests {
		in := world()
		in.Mappings.Switches[0].From = test.from
		s := seat("s1", 12)
		s.Start = day("2026-03-10")
		in.Directory.Subscriptions = []billing.Subscription{s}
		test.edit(&in, &in.Directory.Subscriptions[0])
		if got := newRater(in).firstBilled(alder); got != day(test.want) {
			t.Errorf("%s: first billed on %s, want %s", test.name, got, test.want)
		}
	}
}

// TestAContractIsNeverTooLate: whatever stands in the directory, the managed contract begins no later than the first day that any of its lines is billed, and
// never after today.
func TestAContractIsNeverTooLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := managedWorld()
		in.Settings.ContractStartDay = rapid.IntRange(0, 31).Draw(t, "start day")
		in.Settings.BillFrom = rapid.SampledFrom([]billing.Month{"", "2026-05", "2026-09", "2026-10"}).Draw(t, "bill from")
		in.Directory.Subscriptions = nil
		for i := range rapid.IntRange(1, 4).Draw(t, "subscriptions") {
			s := seat(billing.SubscriptionID(fmt.Sprint("s", i)), 3)
			s.Start = day("2026-01-01").AddDays(rapid.IntRange(0, 330).Draw(t, "start"))
			s.Offer.Frequency = rapid.SampledFrom([]billing.Frequency{billing.Monthly, billing.Annual}).Draw(t, "frequency")
			in.Directory.Subscriptions = append(in.Directory.Subscriptions, s)
		}
		in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, Value: num("30")}}
		d := Rate(in)
		for _, c := range d.Contracts {
			if c.Start.After(in.Day) || c.End.AddDays(1) != c.Start.AddMonths(12) || c.ExtendTo.Before(c.End) || in.Day.DaysTo(c.ExtendTo) < contractDaysLeft {
				t.Fatalf("contract %+v", c)
			}
			for _, l := range d.Lines {
				billed := billing.Later(l.Since, l.BillFrom)
				if l.PeriodType == billing.PeriodMonth && !l.BillFrom.IsZero() && !billed.After(in.Day) && c.Start.After(billed) {
					t.Fatalf("the contract begins on %s, the line on %s", c.Start, billed)
				}
			}
		}
	})
}

// TestASwitchThatIsOff: off is off, whatever month stands beside it: the reason that a clerk reads is the switch, not a month to wait for.
func TestASwitchThatIsOff(t *testing.T) {
	for _, from := range []billing.Month{"", "2026-08", "2026-12"} {
		in := world()
		in.Mappings.Switches[0].On, in.Mappings.Switches[0].From = false, from
		in.Directory.Subscriptions = []billing.Subscription{seat("s1", 12)}
		in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"), purchase(func(l *billing.LineItem) { l.CustomerID = alder }))}
		if got := outcomes(Rate(in)); !slices.Equal(got, []string{"excluded billing-off 259.20 EUR", "excluded billing-off 220.16 EUR"}) {
			t.Errorf("from %q: outcomes %q", from, got)
		}
	}
}

// TestDateOfACharge: a charge is dated on the last day of its month, or on the first of its contract when that begins later; the target refuses it before.
func TestDateOfACharge(t *testing.T) {
	for start, want := range map[string]string{"2026-01-01": "2026-09-30", "2026-09-30": "2026-09-30", "2026-10-01": "2026-10-01", "2026-10-05": "2026-10-05"} {
		in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines", "6.52")}, used(vm, "rg", "Virtual Machines", "6.52"))
		in.Catalogue.Contracts[1].Start = day(start)
		if c := Rate(in).Charges[0]; c.Date != day(want) || c.Month != "2026-09" {
			t.Errorf("contract from %s: charge of %s on %s, want %s", start, c.Month, c.Date, want)
		}
	}
}

// TestInternalCurrency: a company that says nothing is billed in the currency of the settings; the target's own only counts where they are silent.
func TestInternalCurrency(t *testing.T) {
	for _, test := range []struct{ settings, catalogue, company, want money.Currency }{
		{"EUR", "EUR", "", "EUR"},
		{"EUR", "USD", "", "EUR"},
		{"", "EUR", "", "EUR"},
		{"USD", "EUR", "EUR", "EUR"},
		{"EUR", "EUR", "USD", "USD"},
		{"", "", "CHF", "CHF"},
	} {
		in := world()
		in.Settings.Currency, in.Catalogue.Currency, in.Catalogue.Companies[0].Currency = test.settings, test.catalogue, test.company
		a, v := newRater(in).admit(alder, "s1", in.Month)
		if !v.passes() || a.company.Currency != test.want {
			t.Errorf("settings %q, target %q, company %q: billed in %q, want %q", test.settings, test.catalogue, test.company, a.company.Currency, test.want)
		}
	}
}

// TestOfTwoMarkedContracts: of two contracts with one mark the lower id counts, in whatever order they were read; a contract without a mark is nobody's.
func TestOfTwoMarkedContracts(t *testing.T) {
	mark := billing.ContractMark(org, alder, "cloud")
	contract := func(id billing.ContractID, start string) billing.Contract {
		return billing.Contract{ID: id, Mark: mark, CompanyID: alderCo, Active: true, Recurring: true, Start: day(start), End: day("2027-12-31"), PeriodType: billing.PeriodMonth}
	}
	for _, contracts := range bothWays(contract("77", "2026-02-01"), contract("78", "2026-03-01")) {
		in := managedWorld()
		in.Catalogue.Contracts = append(in.Catalogue.Contracts, contracts...)
		if c := Rate(in).Contracts[0]; c.Start != day("2026-02-01") {
			t.Errorf("contract from %s", c.Start)
		}
	}
	if got := newCatalogue(billing.Catalogue{Contracts: []billing.Contract{{ID: "1"}, {ID: "2"}}}); len(got.marked) > 0 || len(got.contracts) != 2 {
		t.Errorf("unmarked contracts: %+v", got)
	}
}

// TestEarlier: the earlier of two days; the counterpart of billing.Later.
func TestEarlier(t *testing.T) {
	a, b := day("2026-09-30"), day("2026-10-01")
	if earlier(a, b) != a || earlier(b, a) != a || earlier(a, a) != a {
		t.Error("the earlier day is not the earlier one")
	}
}
