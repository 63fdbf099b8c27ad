package engine

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/rating"
)

// crowd are customers with two subscriptions each, whose invoices of two months, with Azure for every third, are stored. All but the last are
// mapped, billed and routed: in fours to contracts that the first company owns, as sites of one company are; every fifth has a managed one.
const crowd = 40

func site(n int) billing.CustomerID { return billing.CustomerID(fmt.Sprintf("site-%02d", n)) }

// sharedContract is the contract of a site.
func sharedContract(n int) billing.ContractID { return billing.ContractID(fmt.Sprint(900 + n/4)) }

// seatsOf is the nth site's subscription: all have the first offer, some the second.
func seatsOf(n, nth int) billing.Subscription {
	id := site(n)
	return billing.Subscription{ID: billing.SubscriptionID(fmt.Sprintf("%s-%d", id, nth)), CustomerID: id, Kind: billing.Licence, Status: billing.Active,
		Offer: billing.Offer{ProductID: fmt.Sprintf("CFQ7TTC%d", nth*(1+n%2)), SKUID: "0001", Term: "P1Y", Frequency: billing.Monthly},
		Name:  "Business Premium", Quantity: int64(2 + n), Start: billing.NewDate(2026, 9, 1)}
}

func newCrowd(t *testing.T) *office {
	o := newOffice(t)
	ctx, org := t.Context(), o.org.ID
	var d billing.Directory
	c := billing.Catalogue{Currency: "EUR", Services: []billing.Service{{ID: "70", Name: "Business Premium", Active: true, PeriodType: billing.PeriodMonth}}}
	var companies []billing.CompanyMapping
	var switches []billing.BillingSwitch
	var routes []billing.Route
	for n := range crowd {
		id, company := site(n), billing.CompanyID(fmt.Sprint(100+n/4))
		d.Customers = append(d.Customers, billing.Customer{ID: id, Name: strings.ToUpper(string(id))})
		d.Subscriptions = append(d.Subscriptions, seatsOf(n, 1), seatsOf(n, 2))
		if n%4 == 0 {
			c.Companies = append(c.Companies, billing.Company{ID: company, Name: "Company", Active: true, Currency: "EUR"})
			c.Contracts = append(c.Contracts, billing.Contract{ID: sharedContract(n), CompanyID: company, Name: "Cloud", Active: true, Recurring: true,
				PeriodType: billing.PeriodMonth, Start: billing.NewDate(2026, 1, 1), End: billing.NewDate(2028, 12, 31)})
		}
		if n == crowd-1 {
			continue
		}
		companies = append(companies, billing.CompanyMapping{CustomerID: id, CompanyID: company})
		switches = append(switches, billing.BillingSwitch{CustomerID: id, On: true})
		routes = append(routes, billing.Route{CustomerID: id, ContractID: sharedContract(n)})
		if n%5 == 0 {
			routes[n] = billing.Route{CustomerID: id, Managed: true}
		}
	}
	o.check(o.Store.SaveDirectory(ctx, org, sourcePartnerCenter, d))
	o.check(o.Store.SaveCatalogue(ctx, org, c))
	o.check(o.Store.MapCustomers(ctx, org, companies, "ann"))
	o.check(o.Store.SetSwitches(ctx, org, switches, "ann"))
	o.check(o.Store.SaveRoutes(ctx, org, routes, "ann"))
	o.check(o.Store.SaveSettings(ctx, org, billing.Settings{Currency: "EUR", BillFrom: "2026-09", VendorCompanyID: "7", ServiceCodeID: "500",
		MaterialCodeID: "600", ContractStartDay: 1, PricePlaces: 2, ServiceMarkup: money.Int(15), ProductMarkup: money.Int(10)}, "ann"))
	for i, month := range []billing.Month{"2026-09", "2026-10"} {
		o.invoices(i, month, d)
	}
	_, err := o.Store.SavePriceRule(ctx, org, billing.PriceRule{Kind: billing.MarkupRule, Value: money.Int(40), CustomerID: site(6)}, "ann")
	o.check(err)
	o.standing()
	return o
}

// invoices stores the lines and the usage of a month.
func (o *office) invoices(i int, month billing.Month, d billing.Directory) {
	period, number := month.Period(), fmt.Sprintf("G%d", i)
	id := billing.SetID{Kind: billing.BilledLines, PartnerID: "partner", Invoice: number, Currency: "EUR"}
	lines := billing.LineSet{ID: id, Version: "1"}
	for row, s := range d.Subscriptions {
		price, quantity := money.New(int64(500+row), -2), money.Int(s.Quantity)
		cost := money.Of(price.Mul(quantity), "EUR")
		lines.Lines = append(lines.Lines, billing.LineItem{Key: fmt.Sprint(row), Row: row + 2, Invoice: number, CustomerID: s.CustomerID,
			ProductID: s.Offer.ProductID, SKUID: s.Offer.SKUID, SKUName: s.Name, Kind: billing.ChargeCycle, SubscriptionID: s.ID, Frequency: billing.Monthly,
			Charged: period, TermPeriod: billing.Period{Start: s.Start, End: s.Start.AddMonths(12)}, OrderDate: period.Start, ListUnitCost: price,
			EffectiveUnitCost: price, Quantity: quantity, BillableQuantity: quantity, PricingCurrency: "EUR", ExchangeRate: money.Int(1), Cost: cost, Total: cost})
	}
	id.Kind = billing.BilledUsage
	usage := billing.UsageSet{ID: id, Version: "1"}
	for n := 0; n < crowd; n += 3 {
		cost := money.Of(money.New(int64(1000+n), -2), "EUR")
		line := billing.LineItem{Key: fmt.Sprintf("azure-%d", n), Row: 1000 + n, Invoice: number, CustomerID: site(n), ProductID: "DZH318Z0BPS6", SKUID: "0001",
			Publisher: "Microsoft", Kind: billing.ChargeNew, SubscriptionID: "plan-" + billing.SubscriptionID(site(n)), Charged: period, OrderDate: period.Start,
			Quantity: money.Int(1), BillableQuantity: money.Int(1), PricingCurrency: "EUR", ExchangeRate: money.Int(1), Cost: cost, Total: cost}
		lines.Lines = append(lines.Lines, line)
		usage.Groups = append(usage.Groups, billing.UsageGroup{CustomerID: site(n), PlanID: line.SubscriptionID, AzureSubscriptionID: "prod",
			ResourceGroup: "rg", ProductID: line.ProductID, SKUID: "0001", MeterCategory: "Storage", Charged: period, Rows: 3, Cost: cost, BeforePEC: cost,
			FirstDay: period.Start, LastDay: period.LastDay(), ExchangeRate: money.Int(1), PricingCurrency: "EUR"})
	}
	ctx, org := o.t.Context(), o.org.ID
	_, err := o.Store.SaveLineSet(ctx, org, lines, sourcePartnerCenter)
	o.check(err)
	_, err = o.Store.SaveUsageSet(ctx, org, usage, sourcePartnerCenter)
	o.check(err)
	o.check(o.Store.SaveInvoices(ctx, org, []billing.Invoice{{ID: number, Date: period.End, Period: period}}, sourcePartnerCenter))
}

// standing makes half of what is wanted stand in Autotask.
func (o *office) standing() {
	in, _, err := o.storedInput(o.t.Context(), o.org)
	o.check(err)
	in.Catalogue, _, err = o.Store.Catalogue(o.t.Context(), o.org.ID)
	o.check(err)
	for i, l := range rateMonths(in).Lines {
		if i%2 == 0 {
			o.check(o.Store.AdoptLine(o.t.Context(), o.org.ID, plan.Applied{LineKey: l.Key, LineID: billing.ContractServiceID(fmt.Sprint(i + 1)),
				CustomerID: l.CustomerID, Units: l.Units, UnitPrice: l.UnitPrice}, "ann"))
		}
	}
}

// What a decision about a few customers would change is worked out from their lines alone, and must be what it is among all.
func TestFewAreAnsweredAsAll(t *testing.T) {
	o := newCrowd(t)
	switchOff := func(id billing.CustomerID) func(*rating.Input) {
		return func(in *rating.Input) {
			in.Mappings.Switches = replaceSwitches(in.Mappings.Switches, []billing.BillingSwitch{{CustomerID: id}})
		}
	}
	for _, tc := range []struct {
		name   string
		about  concerned
		change func(*rating.Input)
		says   string // among what it says
	}{
		{"one is switched off", only(site(2)), switchOff(site(2)), "Spindle no longer changes or ends it"},
		{"one with Azure, on a contract of its own", only(site(15)), switchOff(site(15)), "would not be charged any more"},
		{"one is mapped", only(site(crowd - 1)), func(in *rating.Input) {
			in.Mappings.Companies = append(keep(in.Mappings.Companies, func(billing.CompanyMapping) bool { return true }), billing.CompanyMapping{CustomerID: site(crowd - 1), CompanyID: "109"})
			in.Mappings.Switches = replaceSwitches(in.Mappings.Switches, []billing.BillingSwitch{{CustomerID: site(crowd - 1), On: true}})
			in.Mappings.Routes = append(keep(in.Mappings.Routes, func(billing.Route) bool { return true }), billing.Route{CustomerID: site(crowd - 1), ContractID: sharedContract(crowd - 1)})
		}, ""},
		{"one moves to the contract of others", only(site(4)), func(in *rating.Input) {
			in.Mappings.Routes = append(keep(in.Mappings.Routes, func(r billing.Route) bool { return r.CustomerID != site(4) }), billing.Route{CustomerID: site(4), ContractID: sharedContract(9)})
		}, ""},
		{"another price", priced(billing.PriceRule{CustomerID: site(7), Kind: billing.MarkupRule}), func(in *rating.Input) {
			in.Mappings.Prices = append(keep(in.Mappings.Prices, func(billing.PriceRule) bool { return true }), billing.PriceRule{ID: "x", Kind: billing.MarkupRule, Value: money.Int(77), CustomerID: site(7)})
		}, "another price"},
		{"a subscription goes", holders(func(s billing.Subscription) bool { return s.ID == seatsOf(11, 1).ID }), func(in *rating.Input) {
			in.Directory.Subscriptions = keep(in.Directory.Subscriptions, func(s billing.Subscription) bool { return s.ID != seatsOf(11, 1).ID })
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			few, err := o.ask(t.Context(), o.org, tc.about, tc.change)
			o.check(err)
			all, err := o.ask(t.Context(), o.org, everybody, tc.change)
			o.check(err)
			if picked := len(few.before.Lines[1].Lines); picked == 0 || picked*manyConcerned > len(all.before.Lines[1].Lines) {
				t.Fatalf("%d of %d lines were looked at", picked, len(all.before.Lines[1].Lines))
			}
			answer := func(q question) (Consequence, PricePreview) {
				before, after, err := rated(q, sideOf)
				o.check(err)
				return compareDesired(before, after, q.memory), priceMoves(before.desired, after.desired)
			}
			gotC, gotP := answer(few)
			wantC, wantP := answer(all)
			if !reflect.DeepEqual(gotC, wantC) || !reflect.DeepEqual(gotP, wantP) {
				t.Errorf("from few  %+v %+v\nfrom all %+v %+v", gotC.Sentences(), gotP, wantC.Sentences(), wantP)
			}
			if wantC.Nothing() || !strings.Contains(strings.Join(wantC.Sentences(), "|"), tc.says) {
				t.Errorf("says %q, want %q in it", wantC.Sentences(), tc.says)
			}
		})
	}
}

// Where something about a few has to be found out from what others were billed, everything is looked at.
func TestFewThatNeedTheOthers(t *testing.T) {
	nothing := func(*rating.Input) {}
	for _, tc := range []struct {
		name       string
		edit       func(*office)
		all, again bool
	}{
		{"all is known", func(*office) {}, false, false},
		{"a subscription that was never billed costs what it costs others", func(o *office) {
			d, err := o.Store.Directory(o.t.Context(), o.org.ID)
			o.check(err)
			young := seatsOf(2, 1)
			young.ID = "young"
			d.Subscriptions = append(d.Subscriptions, young)
			o.check(o.Store.SaveDirectory(o.t.Context(), o.org.ID, sourcePartnerCenter, d))
		}, true, true},
		{"the month of a file is that of most of its lines, which is remembered", func(o *office) {
			set := billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, PartnerID: "partner", Invoice: "file", Currency: "EUR"}, Version: "1"}
			for row, date := range []billing.Date{billing.NewDate(2026, 11, 3), billing.NewDate(2026, 11, 4), billing.NewDate(2026, 12, 1)} {
				set.Lines = append(set.Lines, billing.LineItem{Key: fmt.Sprint(row), Row: row, CustomerID: site(row), OrderDate: date})
			}
			_, err := o.Store.SaveLineSet(o.t.Context(), o.org.ID, set, "file")
			o.check(err)
		}, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newCrowd(t)
			tc.edit(o)
			q, err := o.ask(t.Context(), o.org, only(site(2)), nothing)
			o.check(err)
			if all := len(q.before.Directory.Subscriptions) >= 2*crowd; all != tc.all {
				t.Errorf("%d subscriptions were looked at", len(q.before.Directory.Subscriptions))
			}
			again, err := o.ask(t.Context(), o.org, only(site(2)), nothing)
			o.check(err)
			if all := len(again.before.Directory.Subscriptions) >= 2*crowd; all != tc.again {
				t.Errorf("the second time %d subscriptions were looked at", len(again.before.Directory.Subscriptions))
			}
			if again.before.Month != q.before.Month {
				t.Errorf("the month is %s, then %s", q.before.Month, again.before.Month)
			}
		})
	}
}

// Who shares a contract, also by way of a third, may share a line.
func TestTogetherWith(t *testing.T) {
	routes := []billing.Route{
		{CustomerID: "a", ContractID: "1"}, {CustomerID: "b", ContractID: "1"}, {CustomerID: "b", SubscriptionID: "s", ContractID: "2"},
		{CustomerID: "c", ContractID: "2"}, {CustomerID: "d", ContractID: "3"}, {CustomerID: "e", Managed: true}, {CustomerID: "f", Managed: true},
	}
	for _, tc := range []struct {
		of   []billing.CustomerID
		want string
	}{
		{nil, "[]"}, {[]billing.CustomerID{"a"}, "[a b c]"}, {[]billing.CustomerID{"c"}, "[a b c]"}, {[]billing.CustomerID{"d"}, "[d]"},
		{[]billing.CustomerID{"e"}, "[e]"}, {[]billing.CustomerID{"d", "new"}, "[d new]"},
	} {
		if got := fmt.Sprint(sortedCustomers(togetherWith(tc.of, routes))); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.of, got, tc.want)
		}
	}
}

// A fault of ours in a rating fails the question, not the process and everybody's pages with it.
func TestARatingThatPanicsFailsTheQuestion(t *testing.T) {
	_, _, err := rated(question{after: rating.Input{Month: "2026-10"}}, func(in rating.Input) int {
		if in.Month != "" {
			panic("no such month")
		}
		return 0
	})
	if fault.KindOf(err) != fault.KindInternal || !strings.Contains(err.Error(), "no such month") {
		t.Errorf("%v", err)
	}
}

// Usage that no rated month looks at is left out, but for what it says of customers whom nobody lists: what is rated stays the same.
func TestUsageOfMonthsThatAreOver(t *testing.T) {
	for _, tc := range []struct {
		name     string
		billFrom billing.Month
		of       []billing.CustomerID
		left     int // groups of the older month
	}{
		{"both months are rated", "2026-09", nil, (crowd+2)/3 + 1},
		{"one month is over", "2026-10", nil, 1},
		{"some customers", "2026-10", []billing.CustomerID{site(1), site(3), "left"}, 1},
		{"some that are listed", "2026-10", []billing.CustomerID{site(1), site(3)}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newCrowd(t)
			ctx, org := t.Context(), o.org.ID
			o.billFrom(tc.billFrom)
			o.maps("left")
			o.check(o.Store.SetSwitch(ctx, org, billing.BillingSwitch{CustomerID: "left", On: true}, "ann"))
			for i, name := range []string{"Alder as it was called", "Zelkova"} { // of its names the first counts, which the older month tells
				id := billing.SetID{Kind: billing.BilledUsage, PartnerID: "partner", Invoice: fmt.Sprintf("G%d", i), Currency: "EUR"}
				set, err := o.Store.UsageSet(ctx, org, id)
				o.check(err)
				group := set.Groups[0]
				group.CustomerID, group.CustomerName = "left", name
				set.Groups, set.Version = append(set.Groups, group), "2"
				_, err = o.Store.SaveUsageSet(ctx, org, set, sourcePartnerCenter)
				o.check(err)
			}
			whole, _, err := o.storedDecisions(ctx, o.org, tc.of...)
			o.check(err)
			whole.Catalogue, _, err = o.Store.Catalogue(ctx, org)
			o.check(err)
			part := whole
			o.check(o.addSets(ctx, o.org, &whole, tc.of...))
			if done, err := o.addSetsRated(ctx, o.org, &part, tc.of); err != nil || !done {
				t.Fatalf("done: %v, %v", done, err)
			}
			if n := len(part.Usage[0].Groups); n != tc.left {
				t.Errorf("%d groups of the older month were read, want %d", n, tc.left)
			}
			want := rateMonths(whole)
			if got := rateMonths(part); !reflect.DeepEqual(got, want) {
				t.Errorf("rated %+v\nwant  %+v", got.Findings, want.Findings)
			}
			called := slices.ContainsFunc(want.Findings, func(f billing.Finding) bool { return f.Customer == "Alder as it was called" })
			if about := len(tc.of) == 0 || slices.Contains(tc.of, "left"); called != about {
				t.Errorf("findings %+v", want.Findings)
			}
		})
	}
}

// The month of a set is that of its version in force: one that is replaced while nothing else is known of it is found out anew.
func TestUsageThatWasReplaced(t *testing.T) {
	o := newOffice(t)
	ctx, org := t.Context(), o.org.ID
	save := func(version string, month billing.Month, groups int) {
		set := billing.UsageSet{ID: billing.SetID{Kind: billing.BilledUsage, PartnerID: "partner", Invoice: "file", Currency: "EUR"}, Version: version}
		for range groups {
			set.Groups = append(set.Groups, billing.UsageGroup{CustomerID: "alder", Charged: month.Period(), Rows: 1, FirstDay: month.Period().Start, LastDay: month.Period().LastDay(),
				Cost: money.Of(money.Int(5), "EUR")})
		}
		_, err := o.Store.SaveUsageSet(ctx, org, set, "file")
		o.check(err)
	}
	for i, month := range []billing.Month{"2026-09", "2026-10"} {
		save(fmt.Sprint(i), month, i+1)
		for _, again := range []string{"first", "again"} {
			q, err := o.ask(ctx, o.org, everybody, func(*rating.Input) {})
			o.check(err)
			if q.before.Month != month || len(q.before.Usage[0].Groups) != i+1 {
				t.Errorf("%s: %s with %d groups, want %s with %d", again, q.before.Month, len(q.before.Usage[0].Groups), month, i+1)
			}
		}
	}
}
