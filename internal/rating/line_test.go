package rating

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

const premiumKey = "9001|spindle:CFQ7TTC07DHZ:0001:P1Y:monthly|CFQ7TTC07DHZ:0001:P1Y:monthly"

func TestLicenceBecomesALine(t *testing.T) {
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 15)}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
	d := Rate(in)
	l := only(t, d)
	if l.Key != premiumKey || l.Mark != billing.LineMark(org, l.Key) {
		t.Errorf("key %q mark %q", l.Key, l.Mark)
	}
	if l.Units != 15 || l.UnitCost.String() != "21.60 EUR" || l.UnitPrice.String() != "25.92 EUR" || l.PriceRule != ruleServiceMarkup {
		t.Errorf("line %+v cost %v price %v", l, l.UnitCost, l.UnitPrice)
	}
	if len(d.Findings) != 0 || len(l.Holds) != 0 || l.Repeat || l.Policy != billing.UpNowDownNext || l.Since != day("2026-09-10") || !l.EndedOn.IsZero() {
		t.Errorf("findings %v line %+v", d.Findings, l)
	}
	if want := []string{"billed " + l.Key + " 259.20 EUR"}; !slices.Equal(outcomes(d), want) {
		t.Errorf("outcomes %v, want %v", outcomes(d), want)
	}
	if len(d.Services) != 1 || d.Services[0].Name != "Microsoft 365 Business Premium (P1Y, monthly)" || d.Services[0].UnitPrice.String() != "25.92 EUR" {
		t.Errorf("services %+v", d.Services)
	}
	if s := d.Services[0]; s.BillingCodeID != codeSvc || s.VendorCompanyID != "7" || s.PeriodType != billing.PeriodMonth || s.UnitCost.String() != "21.60 EUR" {
		t.Errorf("service %+v", s)
	}
}

// TestWhatIsBilled is law 1 case by case: what becomes a line, and what becomes of the source line when it does not.
func TestWhatIsBilled(t *testing.T) {
	tests := []struct {
		name    string
		edit    func(*Input, *billing.Subscription)
		lines   int
		outcome string // of the source line, without its cost
	}{
		{"active", nil, 1, "billed " + premiumKey},
		{"suspended is still billed by Microsoft", func(_ *Input, s *billing.Subscription) { s.Status = billing.Suspended }, 1, "billed " + premiumKey},
		{"pending", func(_ *Input, s *billing.Subscription) { s.Status = billing.Pending }, 0, "held line-without-subscription/s1"},
		{"trial that costs", func(_ *Input, s *billing.Subscription) { s.Trial = true }, 0, "held line-without-subscription/s1"},
		{"free that costs", func(_ *Input, s *billing.Subscription) { s.Offer.Frequency = billing.Free }, 0, "held line-without-subscription/s1"},
		{"not mapped", func(in *Input, _ *billing.Subscription) { in.Mappings.Companies = nil }, 0, "held customer-unmapped/alder"},
		{"nobody switched it", func(in *Input, _ *billing.Subscription) { in.Mappings.Switches = nil }, 0, "excluded billing-off"},
		{"switched off", func(in *Input, _ *billing.Subscription) { in.Mappings.Switches[0].On = false }, 0, "excluded billing-off"},
		{"switched off and not mapped", func(in *Input, _ *billing.Subscription) {
			in.Mappings.Switches[0].On, in.Mappings.Companies = false, nil
		}, 0, "excluded billing-off"},
		{"single switch off wins", func(in *Input, _ *billing.Subscription) {
			in.Mappings.Switches = append(in.Mappings.Switches, billing.BillingSwitch{CustomerID: alder, SubscriptionID: "s1"})
		}, 0, "excluded billing-off"},
		{"single switch on wins", func(in *Input, _ *billing.Subscription) {
			in.Mappings.Switches = []billing.BillingSwitch{{CustomerID: alder}, {CustomerID: alder, SubscriptionID: "s1", On: true}}
		}, 1, "billed " + premiumKey},
		{"another subscription's switch", func(in *Input, _ *billing.Subscription) {
			in.Mappings.Switches = []billing.BillingSwitch{{CustomerID: alder, SubscriptionID: "s2", On: true}}
		}, 0, "excluded billing-off"},
		{"two answers: the cautious one", func(in *Input, _ *billing.Subscription) {
			in.Mappings.Switches = []billing.BillingSwitch{{CustomerID: alder, On: true}, {CustomerID: alder}}
		}, 0, "excluded billing-off"},
		{"no route", func(in *Input, _ *billing.Subscription) { in.Mappings.Routes = nil }, 0, "held no-contract/alder"},
		{"route to nowhere", func(in *Input, _ *billing.Subscription) { in.Mappings.Routes[0].ContractID = "" }, 0, "held no-contract/alder"},
		{"another subscription's route", func(in *Input, _ *billing.Subscription) { in.Mappings.Routes[0].SubscriptionID = "s2" }, 0, "held no-contract/alder"},
		{"a resource group's route", func(in *Input, _ *billing.Subscription) { in.Mappings.Routes[0].ResourceGroup = "rg1" }, 0, "held no-contract/alder"},
		{"contract is gone", func(in *Input, _ *billing.Subscription) { in.Mappings.Routes[0].ContractID = "404" }, 0, "held contract-missing/alder/404"},
		{"contract of another company", func(in *Input, _ *billing.Subscription) { in.Mappings.Routes[0].ContractID = dunCon }, 1, "held contract-missing/alder/9002"},
		{"company is gone", func(in *Input, _ *billing.Subscription) { in.Mappings.Companies[0].CompanyID = "404" }, 1, "held customer-gone/alder"},
		{"company is inactive", func(in *Input, _ *billing.Subscription) { in.Catalogue.Companies[0].Active = false }, 1, "held customer-gone/alder"},
		{"service is gone", func(in *Input, s *billing.Subscription) {
			in.Mappings.Services = []billing.ServiceMapping{{Offer: s.Offer, ServiceID: "404"}}
		}, 0, "held service-missing/CFQ7TTC07DHZ:0001:P1Y:monthly"},
		{"service is inactive", func(in *Input, s *billing.Subscription) {
			in.Mappings.Services = []billing.ServiceMapping{{Offer: s.Offer, ServiceID: "72"}}
		}, 0, "held service-missing/CFQ7TTC07DHZ:0001:P1Y:monthly"},
		{"service of another period", func(in *Input, s *billing.Subscription) {
			in.Mappings.Services = []billing.ServiceMapping{{Offer: s.Offer, ServiceID: "71"}}
		}, 1, "held period-type/CFQ7TTC07DHZ:0001:P1Y:monthly"},
		{"no billing code for new services", func(in *Input, _ *billing.Subscription) { in.Settings.ServiceCodeID = "" }, 1, "held settings/new services"},
		{"Microsoft's directory does not know it", func(in *Input, s *billing.Subscription) { s.ID = "s9" }, 1, "held line-without-subscription/s1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := world()
			s := seat("s1", 15)
			if test.edit != nil {
				test.edit(&in, &s)
			}
			in.Directory.Subscriptions = []billing.Subscription{s}
			in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
			d := Rate(in)
			if len(d.Lines) != test.lines {
				t.Errorf("%d lines, want %d: %+v", len(d.Lines), test.lines, d.Lines)
			}
			if got, want := outcomes(d), test.outcome+" 259.20 EUR"; len(got) != 1 || got[0] != want {
				t.Errorf("outcomes %q, want %q", got, want)
			}
			if strings.HasPrefix(test.outcome, "held ") {
				f := findingOf(t, d, strings.TrimPrefix(test.outcome, "held "))
				if f.Remedy == "" || f.Message == "" || f.Money.String() != "259.20 EUR" {
					t.Errorf("finding %+v must say what to do and what is at stake", f)
				}
				if test.lines == 1 && test.outcome[5:12] != "line-wi" && len(d.Lines[0].Holds) == 0 {
					t.Error("the line is not held")
				}
			} else if len(d.Findings) != 0 {
				t.Errorf("findings %v", findingIDs(d))
			}
		})
	}
}

// TestOneFindingPerCustomer: a customer with many subscriptions is one finding with all the money.
func TestOneFindingPerCustomer(t *testing.T) {
	in := world()
	in.Mappings.Companies = nil
	for i := range 8 {
		in.Directory.Subscriptions = append(in.Directory.Subscriptions, seat(billing.SubscriptionID(fmt.Sprintf("s%d", i)), 10))
	}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"), bought("s2", "10", "216.00"))}
	d := Rate(in)
	if len(d.Findings) != 1 || d.Findings[0].Money.String() != "475.20 EUR" || d.Findings[0].Customer != "Alder Ridge Dental Group" {
		t.Errorf("findings %+v", d.Findings)
	}
	in.Month = ""
	if d := Rate(in); len(d.Findings) != 1 || d.Findings[0].Money.String() != "1728.00 EUR" { // 80 seats at 21.60 a month
		t.Errorf("without a closed month: %+v", d.Findings)
	}
}

// TestPricePoints: subscriptions add up; different prices make separate lines (design §6.1).
func TestPricePoints(t *testing.T) {
	cheap, dear := eur("10"), eur("12")
	custom := func(id billing.SubscriptionID, n int64, price *money.Amount) billing.Subscription {
		cost := eur("5")
		return billing.Subscription{ID: id, CustomerID: alder, Kind: billing.CustomService, Offer: premiumOffer, Name: "x", Quantity: n, Status: billing.Active, UnitCost: &cost, UnitPrice: price}
	}
	at := func(price string) string { return premiumKey + "@" + price }
	tests := []struct {
		name string
		subs []billing.Subscription
		last map[string]money.Decimal
		want []string // key suffix, units, price, repeat
	}{
		{"one price adds up", []billing.Subscription{custom("a", 3, &cheap), custom("b", 4, &cheap)}, nil, []string{" 7 10.00 EUR"}},
		{"the larger one is plain", []billing.Subscription{custom("a", 3, &cheap), custom("b", 4, &dear)}, nil, []string{" 4 12.00 EUR", "@10.00 3 10.00 EUR repeat"}},
		{"equal quantities: the lowest subscription", []billing.Subscription{custom("a", 4, &dear), custom("b", 4, &cheap)}, nil, []string{" 4 12.00 EUR", "@10.00 4 10.00 EUR repeat"}},
		{"the last applied price stays plain", []billing.Subscription{custom("a", 3, &cheap), custom("b", 40, &dear)}, map[string]money.Decimal{premiumKey: num("10.0")},
			[]string{" 3 10.00 EUR", "@12.00 40 12.00 EUR repeat"}},
		{"a line of its own stays one when the plain one goes", []billing.Subscription{custom("b", 40, &dear)}, map[string]money.Decimal{premiumKey: num("10"), at("12.00"): num("12")},
			[]string{"@12.00 40 12.00 EUR"}},
		{"a new price takes the plain line over", []billing.Subscription{custom("a", 3, &cheap), custom("b", 40, &dear)}, map[string]money.Decimal{premiumKey: num("9"), at("12.00"): num("12")},
			[]string{" 3 10.00 EUR", "@12.00 40 12.00 EUR repeat"}},
		{"a new price of the only line", []billing.Subscription{custom("a", 3, &cheap)}, map[string]money.Decimal{premiumKey: num("9")}, []string{" 3 10.00 EUR"}},
		{"quantity below zero counts as none", []billing.Subscription{custom("a", -3, &cheap), custom("b", 2, &cheap)}, nil, []string{" 2 10.00 EUR"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := world()
			in.Directory.Subscriptions, in.LinePrices = test.subs, test.last
			var got []string
			for _, l := range Rate(in).Lines {
				text := fmt.Sprintf("%s %d %s", strings.TrimPrefix(l.Key, premiumKey), l.Units, l.UnitPrice)
				if l.Repeat {
					text += " repeat"
				}
				got = append(got, text)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAverageCost(t *testing.T) {
	in := world()
	in.Mappings.Prices = []billing.PriceRule{{ID: "fix", Kind: billing.FixedRule, Value: num("30"), Currency: "EUR"}}
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 10), seat("s2", 5)}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "10", "216.00"), bought("s2", "5", "120.00"))}
	l := only(t, Rate(in))
	if l.UnitCost.String() != "22.40 EUR" || !strings.Contains(l.CostBasis, "average of 2") || len(l.Shares) != 2 || l.Units != 15 {
		t.Errorf("line %+v cost %s", l, l.UnitCost)
	}
}

// TestRepeatInstances: two offers mapped to one service are two instances of it; the one that stands already stays plain.
func TestRepeatInstances(t *testing.T) {
	other := premiumOffer
	other.ProductID = "CFQ7AAAAAAAA"
	second := seat("s2", 4)
	second.Offer = other
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 15), second}
	in.Mappings.Services = []billing.ServiceMapping{{Offer: premiumOffer, ServiceID: "70"}, {Offer: other, ServiceID: "70"}}
	in.Mappings.Prices = []billing.PriceRule{{ID: "fix", Kind: billing.FixedRule, Value: num("30"), Currency: "EUR"}}
	repeats := func() []bool {
		var list []bool
		for _, l := range Rate(in).Lines {
			list = append(list, l.Repeat)
		}
		return list
	}
	if got := repeats(); !slices.Equal(got, []bool{false, true}) {
		t.Errorf("repeats %v: without history the first key is plain", got)
	}
	standing := Rate(in).Lines[1].Key
	in.LinePrices = map[string]money.Decimal{standing: num("30")}
	if got := repeats(); !slices.Equal(got, []bool{true, false}) {
		t.Errorf("repeats %v: the standing line must stay plain", got)
	}
}

// TestEndedSubscriptions: the line ends when its last subscription has ended; what ended before it was ever applied needs a person.
func TestEndedSubscriptions(t *testing.T) {
	ended := func(id billing.SubscriptionID, end string) billing.Subscription {
		s := seat(id, 15)
		s.Status, s.End = billing.Ended, day(end)
		return s
	}
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{ended("s1", "2026-09-20"), ended("s2", "2026-10-01")}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
	in.LinePrices = map[string]money.Decimal{premiumKey: num("25.92")}
	d := Rate(in)
	l := only(t, d)
	if l.Units != 0 || l.EndedOn != day("2026-10-01") || l.UnitPrice != nil || len(d.Services) != 0 || len(d.Findings) != 0 {
		t.Errorf("line %+v services %v findings %v", l, d.Services, d.Findings)
	}
	if got := outcomes(d); !slices.Equal(got, []string{"billed " + premiumKey + " 259.20 EUR"}) {
		t.Errorf("outcomes %v", got)
	}

	in.LinePrices = nil
	if d := Rate(in); len(d.Lines) != 0 || !slices.Equal(outcomes(d), []string{"held line-without-subscription/s1 259.20 EUR"}) {
		t.Errorf("never applied: %+v, %v", d.Lines, outcomes(d))
	}

	in.Directory.Subscriptions = append(in.Directory.Subscriptions, seat("s3", 4))
	l = only(t, Rate(in))
	if l.Units != 4 || !l.EndedOn.IsZero() || len(l.Shares) != 1 {
		t.Errorf("with one left: %+v", l)
	}
}

func TestIncompletePassesOn(t *testing.T) {
	in := world()
	in.Directory.Incomplete = []billing.Gap{{CustomerID: dunmore, What: "b", Why: "503"}, {What: "a", Why: "timeout"}, {CustomerID: dunmore, What: "a", Why: "503"}}
	got := Rate(in).Incomplete
	if len(got) != 3 || got[0].CustomerID != "" || got[1].What != "a" || got[2].What != "b" {
		t.Errorf("incomplete %+v", got)
	}
}

// TestDoubledSubscription: one subscription told twice is billed once, in the state that bills.
func TestDoubledSubscription(t *testing.T) {
	old := seat("s1", 15)
	old.Status = billing.Ended
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{old, seat("s1", 12), seat("s1", 15)}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
	if l := only(t, Rate(in)); l.Units != 15 || !l.EndedOn.IsZero() {
		t.Errorf("line %+v", l)
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("Very long product name ", 10)
	s := seat("s1", 1)
	s.Name = long
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{s}
	in.Mappings.Prices = []billing.PriceRule{{ID: "fix", Kind: billing.FixedRule, Value: num("30"), Currency: "EUR"}}
	d := Rate(in)
	if n := d.Services[0].Name; len([]rune(n)) > 100 || !strings.HasSuffix(n, "… (P1Y, monthly)") {
		t.Errorf("service name %q", n)
	}
	s.Name, s.Publisher = "", ""
	in.Directory.Subscriptions = []billing.Subscription{s}
	if d := Rate(in); d.Services[0].Name != "CFQ7TTC07DHZ:0001 (P1Y, monthly)" || d.Services[0].Description != "Offer CFQ7TTC07DHZ:0001:P1Y:monthly" {
		t.Errorf("service %+v", d.Services[0])
	}
}

func TestClip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, most := rapid.String().Draw(t, "text"), rapid.IntRange(1, 50).Draw(t, "max")
		got := clip(text, most)
		if n := len([]rune(got)); n > most || len([]rune(text)) <= most && got != text {
			t.Fatalf("clip(%q, %d) = %q", text, most, got)
		}
	})
}

func TestPeriodOf(t *testing.T) {
	for f, want := range map[billing.Frequency]billing.PeriodType{billing.Monthly: billing.PeriodMonth, billing.Annual: billing.PeriodYear,
		billing.Triennial: "", billing.OneTime: "", billing.Metered: "", billing.Free: "", "": ""} {
		if got, ok := periodOf(f); got != want || ok != (want != "") {
			t.Errorf("%q is billed %q, %v", f, got, ok)
		}
	}
}
