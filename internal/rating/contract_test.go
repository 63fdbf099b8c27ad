package rating

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

func managedWorld() Input {
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 15)}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
	in.Mappings.Routes = []billing.Route{{CustomerID: alder, Managed: true}}
	return in
}

func TestManagedContract(t *testing.T) {
	mark := billing.ContractMark(org, alder, "cloud")
	tests := []struct {
		name                   string
		edit                   func(*Input)
		start, end, extendedTo string
	}{
		{"organization's start day", nil, "2026-10-01", "2027-09-30", "2027-09-30"},
		{"start day later in the month", func(in *Input) { in.Settings.ContractStartDay = 17 }, "2026-09-17", "2027-09-16", "2027-09-16"},
		{"start day today", func(in *Input) { in.Settings.ContractStartDay = 9 }, "2026-10-09", "2027-10-08", "2027-10-08"},
		{"start day clamped", func(in *Input) { in.Settings.ContractStartDay = 31 }, "2026-09-30", "2027-09-29", "2027-09-29"},
		{"no start day", func(in *Input) { in.Settings.ContractStartDay = 0 }, "2026-10-01", "2027-09-30", "2027-09-30"},
		{"the route's start day", func(in *Input) { in.Mappings.Routes[0].StartDay = 5 }, "2026-10-05", "2027-10-04", "2027-10-04"},
		{"it exists", func(in *Input) {
			in.Catalogue.Contracts = append(in.Catalogue.Contracts, billing.Contract{ID: "77", Mark: mark, CompanyID: alderCo, Active: true, Recurring: true,
				Start: day("2026-02-01"), End: day("2027-01-31"), PeriodType: billing.PeriodMonth})
		}, "2026-02-01", "2027-01-31", "2027-01-31"},
		{"it exists and ends soon", func(in *Input) {
			in.Day = day("2026-12-03")
			in.Catalogue.Contracts = append(in.Catalogue.Contracts, billing.Contract{ID: "77", Mark: mark, CompanyID: alderCo, Active: true, Recurring: true,
				Start: day("2026-02-01"), End: day("2027-01-31"), PeriodType: billing.PeriodMonth})
		}, "2026-02-01", "2027-01-31", "2028-01-31"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := managedWorld()
			if test.edit != nil {
				test.edit(&in)
			}
			d := Rate(in)
			l := only(t, d)
			if l.Contract != (billing.Ref{Mark: mark}) || len(l.Holds) != 0 {
				t.Errorf("line on %v, held by %v", l.Contract, l.Holds)
			}
			if len(d.Contracts) != 1 {
				t.Fatalf("contracts %+v", d.Contracts)
			}
			c := d.Contracts[0]
			if c.Start != day(test.start) || c.End != day(test.end) || c.ExtendTo != day(test.extendedTo) {
				t.Errorf("%s to %s, extended to %s; want %s to %s, %s", c.Start, c.End, c.ExtendTo, test.start, test.end, test.extendedTo)
			}
			if c.Mark != mark || c.CompanyID != alderCo || c.Name != "Cloud services – Alder Ridge Dental Group" || c.PeriodType != billing.PeriodMonth {
				t.Errorf("contract %+v", c)
			}
		})
	}
}

func TestManagedContractNameIsCapped(t *testing.T) {
	in := managedWorld()
	in.Directory.Customers[0].Name = strings.Repeat("Zahnärzte ", 20)
	if name := Rate(in).Contracts[0].Name; len([]rune(name)) > 100 || !strings.HasPrefix(name, "Cloud services – Zahnärzte") {
		t.Errorf("name %q", name)
	}
}

// TestStartDayOfNarrowRoute: a narrower route shares the customer's managed contract unless it asks for another start day.
func TestStartDayOfNarrowRoute(t *testing.T) {
	tests := []struct {
		name             string
		customer, narrow int
		contracts        int
	}{
		{"neither says", 0, 0, 1}, {"only the customer says", 5, 0, 1}, {"the same", 5, 5, 1}, {"another", 5, 6, 2}, {"only the narrow one says", 0, 6, 2},
	}
	for _, test := range tests {
		in := managedWorld()
		in.Directory.Subscriptions = append(in.Directory.Subscriptions, seat("s2", 3))
		in.Mappings.Routes = []billing.Route{{CustomerID: alder, Managed: true, StartDay: test.customer}, {CustomerID: alder, SubscriptionID: "s2", Managed: true, StartDay: test.narrow}}
		d := Rate(in)
		if len(d.Contracts) != test.contracts || len(d.Lines) != test.contracts {
			t.Errorf("%s: contracts %+v", test.name, d.Contracts)
		}
		days := map[int]bool{}
		for _, c := range d.Contracts {
			days[c.Start.Day] = true
		}
		if len(days) != test.contracts || !days[max(test.customer, 1)] {
			t.Errorf("%s: start days %v", test.name, days)
		}
	}
}

func TestManagedContractOfAnotherCompany(t *testing.T) {
	in := managedWorld()
	in.Catalogue.Contracts = append(in.Catalogue.Contracts, billing.Contract{ID: "77", Mark: billing.ContractMark(org, alder, "cloud"), CompanyID: dunCo,
		Active: true, Recurring: true, Start: day("2026-02-01"), End: day("2027-01-31"), PeriodType: billing.PeriodMonth})
	d := Rate(in)
	if l := only(t, d); len(l.Holds) != 1 || l.Holds[0].Policy != HoldContract {
		t.Errorf("holds %v", l.Holds)
	}
	if ids := findingIDs(d); !slices.Equal(ids, []string{"contract-missing/alder/77"}) {
		t.Errorf("findings %v", ids)
	}
}

func TestNoContractForNothing(t *testing.T) {
	in := managedWorld()
	in.Directory.Subscriptions, in.Lines = nil, nil
	if d := Rate(in); len(d.Contracts) != 0 {
		t.Errorf("contracts %+v", d.Contracts)
	}
}

func TestRouteOrder(t *testing.T) {
	customer := billing.Route{CustomerID: alder, ContractID: "customer"}
	sub := billing.Route{CustomerID: alder, SubscriptionID: "plan", ContractID: "subscription"}
	azure := billing.Route{CustomerID: alder, AzureSubscriptionID: "az1", ContractID: "azure"}
	group := billing.Route{CustomerID: alder, ResourceGroup: "rg1", ContractID: "group"}
	groupIn := billing.Route{CustomerID: alder, AzureSubscriptionID: "az1", ResourceGroup: "rg1", ContractID: "group in azure"}
	all := []billing.Route{customer, sub, azure, group, groupIn}
	tests := []struct {
		name   string
		routes []billing.Route
		place  place
		want   billing.ContractID // "" for none
	}{
		{"resource group inside the Azure subscription", all, place{alder, "plan", "az1", "rg1"}, "group in azure"},
		{"resource group anywhere", all, place{alder, "plan", "az2", "rg1"}, "group"},
		{"Azure subscription", all, place{alder, "plan", "az1", "rg2"}, "azure"},
		{"subscription", all, place{alder, "plan", "az2", "rg2"}, "subscription"},
		{"customer", all, place{alder, "other", "az2", "rg2"}, "customer"},
		{"a licence", all, place{customer: alder, subscription: "s1"}, "customer"},
		{"another customer", all, place{dunmore, "plan", "az1", "rg1"}, ""},
		{"nothing fits", []billing.Route{group}, place{alder, "plan", "az1", "rg2"}, ""},
		{"of two alike the first contract", []billing.Route{{CustomerID: alder, ContractID: "b"}, {CustomerID: alder, ContractID: "a"}}, place{customer: alder}, "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for range 2 {
				route, found := newDecisions(billing.Mappings{Routes: test.routes}).route(test.place)
				if found != (test.want != "") || route.ContractID != test.want {
					t.Errorf("route %+v, %v; want %q", route, found, test.want)
				}
				slices.Reverse(test.routes)
			}
		})
	}
}

// TestStartDay: the start is the latest such day that is not in the future, and its day is the wanted one, clamped.
func TestStartDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		today := billing.NewDate(2020, 1, 1).AddDays(rapid.IntRange(0, 4000).Draw(t, "today"))
		wanted := rapid.IntRange(1, 31).Draw(t, "day")
		start := startDay(today, wanted)
		if start.After(today) || start != start.OnDay(wanted) {
			t.Fatalf("start %s for day %d at %s", start, wanted, today)
		}
		if next := start.MonthStart().AddMonths(1).OnDay(wanted); !next.After(today) {
			t.Fatalf("start %s for day %d at %s: %s is later", start, wanted, today, next)
		}
	})
}

func TestExtended(t *testing.T) {
	tests := []struct{ end, today, want string }{
		{"2027-01-31", "2026-12-02", "2027-01-31"}, // 60 days left
		{"2027-01-31", "2026-12-03", "2028-01-31"}, // 59
		{"2027-01-31", "2027-01-31", "2028-01-31"},
		{"2024-01-31", "2027-03-01", "2028-01-31"}, // long over: as many years as it takes
		{"2027-02-28", "2027-02-01", "2028-02-29"}, // the window starts on 1 March
		{"2028-02-29", "2028-02-01", "2029-02-28"},
	}
	for _, test := range tests {
		if got := extended(day(test.end), day(test.today)); got != day(test.want) {
			t.Errorf("extended(%s at %s) = %s, want %s", test.end, test.today, got, test.want)
		}
	}
	if got := extended(billing.Date{}, day("2026-01-01")); !got.IsZero() {
		t.Errorf("a contract without end is extended to %s", got)
	}
}
