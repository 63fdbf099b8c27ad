package rating

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// TestPlacesOfACharge: a charge names whose subscriptions are in it, once and in order, and the resource groups only where routes tell them
// apart (law 1: all of it is looked at again right before the charge is written).
func TestPlacesOfACharge(t *testing.T) {
	in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "6.52")},
		used(vm, "rg-web", "Virtual Machines", "1.8983"), used(vm, "rg-erp", "Virtual Machines", "4.62443"))
	d := Rate(in)
	if got := d.Charges[0].Places; !slices.Equal(got, []billing.Place{{CustomerID: dunmore, SubscriptionID: plan}}) {
		t.Errorf("places %+v", got)
	}
	if c := d.Charges[0]; c.CompanyID != dunCo || !slices.Equal(c.Customers(), []billing.CustomerID{dunmore}) {
		t.Errorf("company %s, customers %v", c.CompanyID, c.Customers())
	}
	in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: dunmore, ResourceGroup: "rg-other", ContractID: alderCon})
	want := []billing.Place{{CustomerID: dunmore, SubscriptionID: plan, AzureSubscriptionID: "az1", ResourceGroup: "rg-erp", Whole: true},
		{CustomerID: dunmore, SubscriptionID: plan, AzureSubscriptionID: "az1", ResourceGroup: "rg-web", Whole: true}}
	if got := Rate(in).Charges[0].Places; !slices.Equal(got, want) {
		t.Errorf("places %+v", got)
	}
}

// TestMonthsThatWereRated: a month says whether its lines were there and whose money is held or switched off, so that a charge that stands
// for it is not taken for one that nothing asks for.
func TestMonthsThatWereRated(t *testing.T) {
	line := consumed("k1", vm, "Virtual Machines - BS", "6.52")
	credit := change(bought("gone", "1", "-5.00"), func(l *billing.LineItem) { l.Kind = billing.ChargeCustomerCredit })
	off := []billing.BillingSwitch{{CustomerID: alder, On: true}, {CustomerID: dunmore}}
	for _, test := range []struct {
		name       string
		change     func(*Input)
		month      billing.Month
		lines      bool
		held, gone []billing.CustomerID
	}{
		{"all charged", func(*Input) {}, "2026-09", true, nil, nil},
		{"switched off", func(in *Input) { in.Mappings.Switches = off }, "2026-09", true, nil, []billing.CustomerID{dunmore}},
		{"not mapped", func(in *Input) { in.Mappings.Companies = in.Mappings.Companies[:1] }, "2026-09", true, []billing.CustomerID{dunmore}, nil},
		{"no contract", func(in *Input) { in.Mappings.Routes = nil }, "2026-09", true, []billing.CustomerID{alder, dunmore}, nil},
		{"usage alone", func(in *Input) {
			in.Lines, in.Usage = nil, []billing.UsageSet{usageSet(used(vm, "rg", "Virtual Machines", "4"))}
		}, "2026-09", false, nil, nil},
		{"nothing of the month", func(in *Input) { in.Month = "2026-08" }, "", false, nil, nil},
	} {
		in := azureWorld([]billing.LineItem{line, credit})
		test.change(&in)
		months := Rate(in).Months
		if test.month == "" {
			if len(months) != 0 {
				t.Errorf("%s: %+v", test.name, months)
			}
			continue
		}
		if len(months) != 1 || months[0].Month != test.month || months[0].Lines != test.lines || !slices.Equal(months[0].Held, test.held) || !slices.Equal(months[0].Off, test.gone) {
			t.Errorf("%s: %+v", test.name, months)
		}
	}
}

// TestRoutesAnswerWhatRatingDecides: the way of a place that is looked up before a charge is written is the one that rating chose.
func TestRoutesAnswerWhatRatingDecides(t *testing.T) {
	day := func(n int) billing.Route { return billing.Route{CustomerID: dunmore, Managed: true, StartDay: n} }
	group := func(r billing.Route) billing.Route { r.ResourceGroup = "rg-erp"; return r }
	for name, routes := range map[string][]billing.Route{
		"contract":                 {{CustomerID: dunmore, ContractID: dunCon}},
		"managed":                  {day(0)},
		"managed from a day":       {day(5)},
		"one group managed":        {{CustomerID: dunmore, ContractID: dunCon}, group(day(0))},
		"one group from its day":   {day(5), group(day(9))},
		"one group from the same":  {day(5), group(day(5))},
		"one Azure subscription":   {{CustomerID: dunmore, ContractID: dunCon}, {CustomerID: dunmore, AzureSubscriptionID: "az1", Managed: true}},
		"the subscription's route": {{CustomerID: dunmore, ContractID: dunCon}, {CustomerID: dunmore, SubscriptionID: plan, Managed: true, StartDay: 3}},
	} {
		in := azureWorld(nil, used(vm, "rg-web", "Virtual Machines", "1.5"), used(vm, "rg-erp", "Virtual Machines", "4.5"))
		in.Lines, in.Mappings.Routes = nil, routes
		d := Rate(in)
		if len(d.Charges) == 0 {
			t.Fatalf("%s: nothing is charged: %v", name, findingIDs(d))
		}
		at := NewRoutes(org, in.Mappings)
		for _, c := range d.Charges {
			for _, p := range c.Places {
				if got, ok := at.Contract(p); !ok || got != c.Contract {
					t.Errorf("%s: %+v goes to %v (%t), rated to %v", name, p, got, ok, c.Contract)
				}
			}
		}
	}
	in := world()
	if got, ok := NewRoutes(org, in.Mappings).Contract(billing.Place{CustomerID: "nobody"}); !ok || !got.IsZero() {
		t.Errorf("a place without a route goes to %v (%t)", got, ok)
	}
	in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: dunmore, ResourceGroup: "rg-new", Managed: true})
	if _, ok := NewRoutes(org, in.Mappings).Contract(billing.Place{CustomerID: dunmore, SubscriptionID: plan}); ok {
		t.Error("a place noted without its resource group cannot be known to stay where it was")
	}
}

// TestPlacesThatSayTooLittle: where routes tell Azure subscriptions or resource groups apart, a place that names neither cannot be looked up; one that names either
// can. Elsewhere it always can.
func TestPlacesThatSayTooLittle(t *testing.T) {
	whole := billing.Route{CustomerID: dunmore, ContractID: dunCon}
	sub := billing.Route{CustomerID: dunmore, SubscriptionID: plan, ContractID: "c-plan"}
	azure := billing.Route{CustomerID: dunmore, AzureSubscriptionID: "az1", ContractID: "c-az"}
	group := billing.Route{CustomerID: dunmore, ResourceGroup: "rg", ContractID: "c-rg"}
	tests := []struct {
		name   string
		routes []billing.Route
		place  billing.Place
		want   billing.Ref
		ok     bool
	}{
		{"one route", []billing.Route{whole}, billing.Place{}, billing.Ref{ID: "9002"}, true},
		{"a route for the plan", []billing.Route{whole, sub}, billing.Place{}, billing.Ref{ID: "c-plan"}, true},
		{"a route for a group, a place without", []billing.Route{whole, group}, billing.Place{}, billing.Ref{}, false},
		{"a route for a group alone, a place without", []billing.Route{group}, billing.Place{}, billing.Ref{}, false},
		{"a route for an Azure subscription, a place without", []billing.Route{whole, sub, azure}, billing.Place{}, billing.Ref{}, false},
		{"a route for a group, a whole place that has none", []billing.Route{whole, group}, billing.Place{Whole: true}, billing.Ref{ID: "9002"}, true},
		{"routes for groups alone, a whole place that has none", []billing.Route{group}, billing.Place{Whole: true}, billing.Ref{}, true},
		{"a route for a group, a place with it", []billing.Route{whole, group}, billing.Place{ResourceGroup: "rg"}, billing.Ref{ID: "c-rg"}, true},
		{"a route for a group, a place with another", []billing.Route{whole, group}, billing.Place{ResourceGroup: "rg2"}, billing.Ref{ID: "9002"}, true},
		{"a route for a group, a place with an Azure subscription", []billing.Route{whole, group}, billing.Place{AzureSubscriptionID: "az1"}, billing.Ref{ID: "9002"}, true},
		{"a route for both, a place with both", []billing.Route{whole, azure, group}, billing.Place{AzureSubscriptionID: "az1", ResourceGroup: "rg"}, billing.Ref{ID: "c-rg"}, true},
		{"no route", nil, billing.Place{}, billing.Ref{}, true},
		{"a route that leads nowhere", []billing.Route{{CustomerID: dunmore}}, billing.Place{}, billing.Ref{}, true},
		{"another customer's routes", []billing.Route{{CustomerID: alder, ResourceGroup: "rg", ContractID: "x"}, whole}, billing.Place{}, billing.Ref{ID: "9002"}, true},
	}
	for _, test := range tests {
		for range 2 {
			test.place.CustomerID, test.place.SubscriptionID = dunmore, plan
			if got, ok := NewRoutes(org, billing.Mappings{Routes: test.routes}).Contract(test.place); got != test.want || ok != test.ok {
				t.Errorf("%s: %v, %v; want %v, %v", test.name, got, ok, test.want, test.ok)
			}
			slices.Reverse(test.routes)
		}
	}
}

// TestWhatIsChargedMayBeWritten: with nothing decided in between, the contract that is looked up right before a charge is written is the one it is on, whatever is in
// it: a reservation or consumption without usage has no resource group, and no route for one may keep it from being written for good.
func TestWhatIsChargedMayBeWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		at := NewRoutes(in.Organization, in.Mappings)
		for _, c := range Rate(in).Charges {
			for _, p := range c.Places {
				if got, ok := at.Contract(p); !ok || got != c.Contract {
					t.Fatalf("%s: %+v goes to %v (%t), rated to %v", c.Key, p, got, ok, c.Contract)
				}
			}
		}
	})
}
