package rating

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// TestOfTwoDecisions: people decide one thing twice, by hand and by import. The same answer counts, whichever was stored first: of companies and services the
// lower id, of switches the cautious one, of routes the existing contract, the lower id, the lower day.
func TestOfTwoDecisions(t *testing.T) {
	for _, twice := range bothWays(billing.CompanyMapping{CustomerID: alder, CompanyID: "100"}, billing.CompanyMapping{CustomerID: alder, CompanyID: "200"}) {
		if got := newDecisions(billing.Mappings{Companies: twice}).companies[alder].CompanyID; got != "100" {
			t.Errorf("companies %v: %s", twice, got)
		}
	}
	for _, twice := range bothWays(billing.ServiceMapping{Offer: premiumOffer, ServiceID: "70"}, billing.ServiceMapping{Offer: premiumOffer, ServiceID: "71"}) {
		if got := newDecisions(billing.Mappings{Services: twice}).services[premiumOffer].ServiceID; got != "70" {
			t.Errorf("services %v: %s", twice, got)
		}
	}
	managed := func(day int) billing.Route { return billing.Route{CustomerID: alder, Managed: true, StartDay: day} }
	contract := func(id billing.ContractID) billing.Route {
		return billing.Route{CustomerID: alder, ContractID: id}
	}
	narrow := func(r billing.Route, edit func(*billing.Route)) billing.Route {
		edit(&r)
		return r
	}
	routes := []struct {
		name       string
		wins, twin billing.Route
	}{
		{"an existing contract over a managed one", contract("9"), managed(1)},
		{"the lower contract", contract("100"), contract("9")}, // ids are texts
		{"the lower day", managed(5), managed(17)},
		{"a subscription over everything", narrow(managed(1), func(r *billing.Route) { r.SubscriptionID = "s1" }), contract("9")},
		{"an Azure subscription over a subscription", narrow(managed(1), func(r *billing.Route) { r.AzureSubscriptionID = "az" }),
			narrow(contract("9"), func(r *billing.Route) { r.SubscriptionID = "s1" })},
		{"a resource group over an Azure subscription", narrow(managed(1), func(r *billing.Route) { r.ResourceGroup = "rg" }),
			narrow(contract("9"), func(r *billing.Route) { r.AzureSubscriptionID = "az" })},
		{"a resource group over an Azure subscription and a subscription", narrow(managed(1), func(r *billing.Route) { r.ResourceGroup = "rg" }),
			narrow(contract("9"), func(r *billing.Route) { r.AzureSubscriptionID, r.SubscriptionID = "az", "s1" })},
		{"a resource group of a subscription over one of any", narrow(managed(1), func(r *billing.Route) { r.ResourceGroup, r.SubscriptionID = "rg", "s1" }),
			narrow(contract("9"), func(r *billing.Route) { r.ResourceGroup = "rg" })},
	}
	for _, test := range routes {
		for _, twice := range bothWays(test.wins, test.twin) {
			if got, _ := newDecisions(billing.Mappings{Routes: twice}).route(place{alder, "s1", "az", "rg"}); got != test.wins {
				t.Errorf("%s: %+v", test.name, got)
			}
		}
	}
}

// TestStartDayOfTheCustomer: only a managed route for the whole customer says on which day its contract begins.
func TestStartDayOfTheCustomer(t *testing.T) {
	tests := []struct {
		name   string
		routes []billing.Route
		want   int
	}{
		{"none", nil, 0},
		{"the customer's", []billing.Route{{CustomerID: alder, Managed: true, StartDay: 17}}, 17},
		{"a subscription's", []billing.Route{{CustomerID: alder, SubscriptionID: "s1", Managed: true, StartDay: 17}}, 0},
		{"a resource group's, beside the customer's", []billing.Route{{CustomerID: alder, ResourceGroup: "rg", Managed: true, StartDay: 5}, {CustomerID: alder, Managed: true, StartDay: 17}}, 17},
		{"one that is not managed", []billing.Route{{CustomerID: alder, ContractID: "9", StartDay: 17}}, 0},
		{"another customer's", []billing.Route{{CustomerID: dunmore, Managed: true, StartDay: 17}}, 0},
	}
	for _, test := range tests {
		if got := newDecisions(billing.Mappings{Routes: test.routes}).startDay(alder); got != test.want {
			t.Errorf("%s: day %d, want %d", test.name, got, test.want)
		}
	}
}

// TestWhomAnAuthorityConcerns: an answer about another product, SKU or customer says nothing of this one.
func TestWhomAnAuthorityConcerns(t *testing.T) {
	for _, test := range []struct {
		rule billing.AuthorityRule
		want billing.PriceAuthority
	}{
		{billing.AuthorityRule{ProductID: premium}, billing.AutotaskPrices},
		{billing.AuthorityRule{ProductID: premium + ":0001"}, billing.AutotaskPrices},
		{billing.AuthorityRule{ProductID: premium + ":0002"}, billing.SpindlePrices},
		{billing.AuthorityRule{ProductID: vm}, billing.SpindlePrices},
		{billing.AuthorityRule{ProductID: azureProduct}, billing.SpindlePrices},
		{billing.AuthorityRule{CustomerID: alder}, billing.AutotaskPrices},
		{billing.AuthorityRule{CustomerID: dunmore}, billing.SpindlePrices},
		{billing.AuthorityRule{CustomerID: alder, ProductID: vm}, billing.SpindlePrices},
		{billing.AuthorityRule{CustomerID: dunmore, ProductID: premium}, billing.SpindlePrices},
		{billing.AuthorityRule{CustomerID: alder, ProductID: premium}, billing.AutotaskPrices},
	} {
		test.rule.Authority = billing.AutotaskPrices
		if got := newDecisions(billing.Mappings{Authorities: []billing.AuthorityRule{test.rule}}).authority(alder, premiumOffer); got != test.want {
			t.Errorf("%+v: %s, want %s", test.rule, got, test.want)
		}
	}
}

// TestRatingChangesNothingItIsGiven: what is rated is compared with, stored and shown afterwards; a sort in place would move decisions under the feet of others
// who read them at the same time.
func TestRatingChangesNothingItIsGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		for range rapid.IntRange(0, 3).Draw(t, "authorities") {
			in.Mappings.Authorities = append(in.Mappings.Authorities, billing.AuthorityRule{Authority: billing.SpindlePrices,
				ProductID: rapid.SampledFrom([]string{"", premium, premium + ":0001"}).Draw(t, "product")})
		}
		in.Directory.Incomplete = []billing.Gap{{What: "z"}, {What: "a"}}
		in = permuted(t, in)
		before := fmt.Sprintf("%+v", in)
		RateMonths(in, []billing.Month{"2026-08"})
		if after := fmt.Sprintf("%+v", in); after != before {
			t.Fatalf("the input was\n%s\nand is\n%s", before, after)
		}
	})
}
