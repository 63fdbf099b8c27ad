package rating

import (
	"fmt"
	"slices"
	"sort"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// drawWorld makes a random input: some customers unmapped, not switched or not routed, every kind of line, usage that fits or not.
func drawWorld(t *rapid.T) Input {
	in := world()
	customers := []billing.CustomerID{alder, dunmore, "c3", "c4", ""}
	in.Mappings = billing.Mappings{}
	for i, c := range customers[:4] {
		if rapid.IntRange(0, 9).Draw(t, "mapped") < 8 {
			company := []billing.CompanyID{alderCo, dunCo, "gone"}[rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2}).Draw(t, "company")]
			in.Mappings.Companies = append(in.Mappings.Companies, billing.CompanyMapping{CustomerID: c, CompanyID: company})
		}
		if rapid.IntRange(0, 9).Draw(t, "switched") < 8 {
			in.Mappings.Switches = append(in.Mappings.Switches, billing.BillingSwitch{CustomerID: c, On: rapid.IntRange(0, 5).Draw(t, "on") > 0,
				From: rapid.SampledFrom([]billing.Month{"", "", "2026-08", "2026-09", "2026-10", "2026-11"}).Draw(t, "from")})
		}
		if rapid.IntRange(0, 9).Draw(t, "routed") < 8 {
			in.Mappings.Routes = append(in.Mappings.Routes, drawRoute(t, c))
		}
		in.Directory.Customers = append(in.Directory.Customers, billing.Customer{ID: c, Name: fmt.Sprintf("Customer %d", i)})
	}
	for range rapid.IntRange(0, 3).Draw(t, "narrow routes") {
		r := drawRoute(t, rapid.SampledFrom(customers[:4]).Draw(t, "customer"))
		r.SubscriptionID = billing.SubscriptionID(rapid.SampledFrom([]string{"", "s1", "plan1"}).Draw(t, "route sub"))
		r.ResourceGroup = rapid.SampledFrom([]string{"", "rg1", "rg2"}).Draw(t, "route group")
		r.AzureSubscriptionID = billing.AzureSubscriptionID(rapid.SampledFrom([]string{"", "az1"}).Draw(t, "route azure"))
		in.Mappings.Routes = append(in.Mappings.Routes, r)
	}
	for range rapid.IntRange(0, 4).Draw(t, "rules") {
		in.Mappings.Prices = append(in.Mappings.Prices, drawRule(t, customers))
	}
	if rapid.Bool().Draw(t, "map service") {
		in.Mappings.Services = append(in.Mappings.Services, billing.ServiceMapping{Offer: premiumOffer,
			ServiceID: billing.ServiceID(rapid.SampledFrom([]string{"70", "71", "72", "nowhere"}).Draw(t, "service"))})
	}
	if rapid.IntRange(0, 4).Draw(t, "authority") == 0 {
		in.Mappings.Authorities = append(in.Mappings.Authorities, billing.AuthorityRule{ProductID: premium, Authority: billing.AutotaskPrices})
	}
	in.Settings.AzureBundled = rapid.Bool().Draw(t, "bundled")
	in.Settings.KeepEarnedCredit = rapid.Bool().Draw(t, "keep")
	for i := range rapid.IntRange(0, 7).Draw(t, "subs") {
		in.Directory.Subscriptions = append(in.Directory.Subscriptions, drawSubscription(t, fmt.Sprintf("s%d", i+1), customers))
	}
	in.Directory.Subscriptions = append(in.Directory.Subscriptions,
		billing.Subscription{ID: "plan1", CustomerID: alder, Kind: billing.AzurePlan, Status: billing.Active, Offer: billing.Offer{Frequency: billing.Metered}})
	for s := range rapid.IntRange(0, 2).Draw(t, "sets") {
		set := billedSet(drawLines(t, customers)...)
		set.ID.Invoice = fmt.Sprintf("G%d", s)
		set.ID.Month = "2026-09"
		in.Lines = append(in.Lines, set)
	}
	for s := range rapid.IntRange(0, 3).Draw(t, "usage sets") {
		set := usageSet(drawGroups(t, customers)...)
		set.ID.Invoice = fmt.Sprintf("G%d", s)
		set.ID.Month = "2026-09"
		in.Usage = append(in.Usage, set)
	}
	for _, l := range Rate(in).Lines {
		if price := rapid.SampledFrom([]string{"", "same", "12.00"}).Draw(t, "last price"); price == "same" && l.UnitPrice != nil {
			in.LinePrices[l.Key] = l.UnitPrice.Value()
		} else if price == "12.00" {
			in.LinePrices[l.Key] = num(price)
		}
	}
	return in
}

func drawRoute(t *rapid.T, c billing.CustomerID) billing.Route {
	r := billing.Route{CustomerID: c, ContractID: rapid.SampledFrom([]billing.ContractID{alderCon, dunCon, "missing", ""}).Draw(t, "contract")}
	r.Managed = r.ContractID == "" && rapid.IntRange(0, 5).Draw(t, "managed") > 0
	r.StartDay = rapid.SampledFrom([]int{0, 0, 5, 31}).Draw(t, "start day")
	return r
}

func drawRule(t *rapid.T, customers []billing.CustomerID) billing.PriceRule {
	return billing.PriceRule{
		ID:    fmt.Sprintf("r%d", rapid.IntRange(1, 1000000).Draw(t, "rule")),
		Kind:  rapid.SampledFrom([]billing.PriceRuleKind{billing.MarkupRule, billing.MarginRule, billing.FixedRule}).Draw(t, "kind"),
		Value: money.New(rapid.Int64Range(-2000, 11000).Draw(t, "value"), -2), Currency: "EUR",
		SubscriptionID: billing.SubscriptionID(rapid.SampledFrom([]string{"", "", "s1", "plan1"}).Draw(t, "rule sub")),
		CustomerID:     rapid.SampledFrom(append([]billing.CustomerID{""}, customers...)).Draw(t, "rule customer"),
		ProductID:      rapid.SampledFrom([]string{"", premium, premium + ":0001", "azure", vm}).Draw(t, "rule product"),
		BelowCost:      rapid.Bool().Draw(t, "below"),
	}
}

func drawSubscription(t *rapid.T, id string, customers []billing.CustomerID) billing.Subscription {
	s := seat(billing.SubscriptionID(id), rapid.Int64Range(0, 40).Draw(t, "quantity"))
	s.CustomerID = rapid.SampledFrom(customers[:4]).Draw(t, "sub customer")
	s.Kind = rapid.SampledFrom([]billing.SubscriptionKind{billing.Licence, billing.Licence, billing.Licence, billing.CustomService, billing.OtherPurchase}).Draw(t, "kind")
	s.Status = rapid.SampledFrom([]billing.SubscriptionStatus{billing.Active, billing.Active, billing.Suspended, billing.Ended, billing.Pending}).Draw(t, "status")
	s.Trial = rapid.IntRange(0, 9).Draw(t, "trial") == 0
	s.Offer.Frequency = rapid.SampledFrom([]billing.Frequency{billing.Monthly, billing.Monthly, billing.Monthly, billing.Annual, billing.Triennial, billing.Free}).Draw(t, "frequency")
	if s.Kind == billing.CustomService && rapid.Bool().Draw(t, "has money") {
		cost, price := eur("5"), eur("9.5")
		s.UnitCost, s.UnitPrice = &cost, &price
	}
	return s
}

func drawLines(t *rapid.T, customers []billing.CustomerID) []billing.LineItem {
	var lines []billing.LineItem
	for i := range rapid.IntRange(0, 12).Draw(t, "lines") {
		id := billing.SubscriptionID(rapid.SampledFrom([]string{"s1", "s2", "s3", "s4", "stranger", "plan1", ""}).Draw(t, "line sub"))
		l := bought(id, "1", "0")
		l.Key, l.Row = fmt.Sprintf("k%d", i), i+2
		l.CustomerID = rapid.SampledFrom(customers).Draw(t, "line customer")
		currency := rapid.SampledFrom([]money.Currency{"EUR", "EUR", "EUR", "USD"}).Draw(t, "currency")
		l.Cost = money.Of(money.New(rapid.Int64Range(-3000, 9000).Draw(t, "cost"), -2), currency)
		if rapid.IntRange(0, 9).Draw(t, "zero") == 0 {
			l.Cost = money.Of(num("0"), currency)
		}
		l.Total = l.Cost
		l.BillableQuantity = money.Int(rapid.Int64Range(-3, 20).Draw(t, "billable"))
		l.ProductID = rapid.SampledFrom([]string{premium, premium, vm, "DG7GMGF0MH7L"}).Draw(t, "product")
		l.Frequency = rapid.SampledFrom([]billing.Frequency{billing.Monthly, billing.Annual, billing.OneTime, billing.Triennial}).Draw(t, "line frequency")
		l.Kind = rapid.SampledFrom([]billing.ChargeKind{billing.ChargeNew, billing.ChargeCycle, billing.ChargeAddQuantity, billing.ChargeCustomerCredit, "mystery"}).Draw(t, "charge")
		l.Trial = rapid.IntRange(0, 9).Draw(t, "line trial") == 0
		if l.ProductID == vm && rapid.Bool().Draw(t, "usage") {
			l.Meter, l.SubscriptionID, l.AvailabilityID = "Virtual Machines - BS", "plan1", "A"
		}
		lines = append(lines, l)
	}
	return lines
}

func drawGroups(t *rapid.T, customers []billing.CustomerID) []billing.UsageGroup {
	var groups []billing.UsageGroup
	for i := range rapid.IntRange(0, 6).Draw(t, "groups") {
		g := billing.UsageGroup{
			CustomerID: rapid.SampledFrom(customers[:4]).Draw(t, "group customer"), PlanID: "plan1",
			AzureSubscriptionID: billing.AzureSubscriptionID(rapid.SampledFrom([]string{"az1", "az2"}).Draw(t, "azure")),
			ResourceGroup:       fmt.Sprintf("rg%d", i), // groups of one set differ in what they are named by
			ProductID:           vm, SKUID: "0001", AvailabilityID: "A", MeterCategory: rapid.SampledFrom([]string{"Virtual Machines", "Storage"}).Draw(t, "category"),
			Charged: days("2026-09-10", "2026-10-09"), Rows: rapid.Int64Range(1, 30).Draw(t, "rows"),
			FirstDay: day("2026-09-10"),
			Cost:     money.Of(money.New(rapid.Int64Range(-100, 500000).Draw(t, "usage cost"), -5), "EUR"),
		}
		g.BeforePEC = money.Of(g.Cost.Value().Mul(num("1.17")), "EUR")
		groups = append(groups, g)
	}
	return groups
}

// TestNothingIsLost is law 6: the outcomes of the month add up to what was billed, every one of them names something that exists, and
// every charge holds exactly the cost of the lines that it bills.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		d := Rate(in)
		var source, sum money.Totals
		lines := map[string]money.Totals{}
		for _, set := range in.Lines {
			for _, l := range set.Lines {
				source.Add(l.Cost)
				total := lines[set.ID.String()+"/"+l.Key]
				total.Add(l.Cost)
				lines[set.ID.String()+"/"+l.Key] = total
			}
		}
		for _, set := range in.Usage {
			if !slices.ContainsFunc(in.Lines, func(l billing.LineSet) bool { return l.ID.Invoice == set.ID.Invoice }) {
				for i := range set.Groups {
					source.Add(set.Groups[i].Cost)
					total := lines[set.ID.String()+"/"+UsageKey(&set.Groups[i])]
					total.Add(set.Groups[i].Cost)
					lines[set.ID.String()+"/"+UsageKey(&set.Groups[i])] = total
				}
			}
		}
		perLine := map[string]money.Totals{}
		byKey := map[string]money.Totals{}
		for _, x := range d.Dispositions {
			sum.Add(x.Cost)
			total := perLine[x.Set.String()+"/"+x.LineKey]
			total.Add(x.Cost)
			perLine[x.Set.String()+"/"+x.LineKey] = total
			total = byKey[x.By]
			total.Add(x.Cost)
			byKey[x.By] = total
			if !exists(d, x) {
				t.Fatalf("%+v names nothing that exists", x)
			}
		}
		if !sum.Equal(source) {
			t.Fatalf("outcomes %s, source %s", sum, source)
		}
		for key, total := range lines {
			if got, found := perLine[key]; !found || !got.Equal(total) {
				t.Fatalf("line %s: outcomes %s, cost %s", key, got, total)
			}
		}
		for _, c := range d.Charges {
			if got := byKey[c.Key].In(c.UnitCost.Currency()).Round(4, money.HalfAwayFromZero); !got.Equal(c.UnitCost) {
				t.Fatalf("charge %s costs %s but bills lines of %s", c.Key, c.UnitCost, got)
			}
		}
		for _, f := range d.Findings {
			if f.Kind == billing.FindingTotals && f.Subject == "month/2026-09" {
				t.Fatal(f.Message)
			}
		}
	})
}

// exists reports whether what a disposition names is there.
func exists(d billing.Desired, x billing.Disposition) bool {
	switch x.Outcome {
	case billing.Billed:
		return slices.ContainsFunc(d.Lines, func(l billing.DesiredLine) bool { return l.Key == x.By }) ||
			slices.ContainsFunc(d.Charges, func(c billing.DesiredCharge) bool { return c.Key == x.By })
	case billing.HeldBack:
		return slices.ContainsFunc(d.Findings, func(f billing.Finding) bool { return f.ID() == x.By })
	case billing.Excluded:
		return slices.Contains([]string{RuleBillingOff, RuleBeforeFirst, RuleTrial, RuleFree, RuleZeroAmount}, x.By)
	}
	return false
}

// TestOrderOfInputDoesNotMatter is law 4.
func TestOrderOfInputDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		want := Rate(in)
		got := Rate(permuted(t, in))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("permuted input gives another answer:\n%s", diff)
		}
	})
}

func shuffled[T any](t *rapid.T, list []T) []T { return rapid.Permutation(list).Draw(t, "order") }

func permuted(t *rapid.T, in Input) Input {
	m := in.Mappings
	in.Mappings = billing.Mappings{
		Companies: shuffled(t, m.Companies), Switches: shuffled(t, m.Switches), Routes: shuffled(t, m.Routes),
		Services: shuffled(t, m.Services), Authorities: shuffled(t, m.Authorities), Prices: shuffled(t, m.Prices),
	}
	in.Directory.Customers = shuffled(t, in.Directory.Customers)
	in.Directory.Subscriptions = shuffled(t, in.Directory.Subscriptions)
	in.Lines = shuffled(t, in.Lines)
	for i := range in.Lines {
		in.Lines[i].Lines = shuffled(t, in.Lines[i].Lines)
	}
	in.Usage = shuffled(t, in.Usage)
	for i := range in.Usage {
		in.Usage[i].Groups = shuffled(t, in.Usage[i].Groups)
	}
	in.Catalogue.Contracts = shuffled(t, in.Catalogue.Contracts)
	in.Catalogue.Companies = shuffled(t, in.Catalogue.Companies)
	return in
}

// TestNothingUnmappedIsDesired is law 1: lines and charges belong to customers that are mapped, switched on and routed.
func TestNothingUnmappedIsDesired(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		d := Rate(in)
		check := func(what string, c billing.CustomerID) {
			mapped := slices.ContainsFunc(in.Mappings.Companies, func(m billing.CompanyMapping) bool { return m.CustomerID == c })
			on := slices.ContainsFunc(in.Mappings.Switches, func(s billing.BillingSwitch) bool { return s.CustomerID == c && s.On })
			routed := slices.ContainsFunc(in.Mappings.Routes, func(r billing.Route) bool { return r.CustomerID == c && (r.Managed || r.ContractID != "") })
			if !mapped || !on || !routed {
				t.Fatalf("%s of %q: mapped %v, on %v, routed %v", what, c, mapped, on, routed)
			}
		}
		for _, l := range d.Lines {
			check("line "+l.Key, l.CustomerID)
		}
		for _, c := range d.Charges {
			check("charge "+c.Key, c.CustomerID)
		}
		for _, c := range d.Contracts {
			check("contract "+c.Mark, c.CustomerID)
		}
	})
}

// TestLinesAreWellFormed: keys are unique and ordered, units are the sum of the shares, every subscription has at most one line, one
// instance per contract and service is plain, and everything a line refers to is there.
func TestLinesAreWellFormed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		d := Rate(in)
		if !sort.SliceIsSorted(d.Lines, func(i, j int) bool { return d.Lines[i].Key < d.Lines[j].Key }) {
			t.Fatal("lines are not in order of key")
		}
		keys, marks := map[string]bool{}, map[string]bool{}
		shared := map[billing.SubscriptionID]string{}
		plain := map[string]int{}
		for _, l := range d.Lines {
			if keys[l.Key] || marks[l.Mark] {
				t.Fatalf("two lines have the key %s", l.Key)
			}
			keys[l.Key], marks[l.Mark] = true, true
			var units int64
			for _, s := range l.Shares {
				units += s.Units
				if other := shared[s.SubscriptionID]; other != "" && l.EndedOn.IsZero() {
					t.Fatalf("subscription %s is on %s and %s", s.SubscriptionID, other, l.Key)
				}
				shared[s.SubscriptionID] = l.Key
			}
			if units != l.Units || len(l.Shares) == 0 {
				t.Fatalf("line %s has %d units, shares %v", l.Key, l.Units, l.Shares)
			}
			if !l.EndedOn.IsZero() && l.Units != 0 {
				t.Fatalf("line %s ended but has %d units", l.Key, l.Units)
			}
			instance := l.Contract.String() + "|" + l.Service.String()
			if plain[instance] += 0; !l.Repeat {
				plain[instance]++
			}
			checkReferences(t, in, d, l)
		}
		for instance, n := range plain {
			if n != 1 {
				t.Fatalf("%s has %d plain instances", instance, n)
			}
		}
	})
}

func checkReferences(t *rapid.T, in Input, d billing.Desired, l billing.DesiredLine) {
	if l.Contract.Mark != "" && !slices.ContainsFunc(d.Contracts, func(c billing.DesiredContract) bool { return c.Mark == l.Contract.Mark }) && l.EndedOn.IsZero() {
		t.Fatalf("line %s is on contract %s, which is not desired", l.Key, l.Contract.Mark)
	}
	if l.Contract.ID != "" && l.EndedOn.IsZero() && !slices.ContainsFunc(in.Catalogue.Contracts, func(c billing.Contract) bool { return string(c.ID) == l.Contract.ID }) {
		t.Fatalf("line %s is on contract %s, which does not exist", l.Key, l.Contract.ID)
	}
	if l.Service.Mark != "" && l.EndedOn.IsZero() && !slices.ContainsFunc(d.Services, func(s billing.DesiredService) bool { return s.Mark == l.Service.Mark }) {
		t.Fatalf("line %s uses service %s, which is not desired", l.Key, l.Service.Mark)
	}
	if l.UnitPrice != nil && !l.UnitPrice.Equal(l.UnitPrice.Round(2, money.HalfAwayFromZero)) {
		t.Fatalf("line %s has the price %s, which is not rounded", l.Key, l.UnitPrice)
	}
	if l.UnitPrice == nil && len(l.Holds) == 0 && l.EndedOn.IsZero() && l.PriceRule != "price kept in Autotask" {
		t.Fatalf("line %s has no price and nothing holds it", l.Key)
	}
}
