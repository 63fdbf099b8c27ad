package rating

import (
	"slices"
	"testing"

	"spindle/internal/billing"
)

// TestPriceRules: the most specific valid rule wins (design §6.3). The seat costs 21.60 EUR; the organization adds 20 %.
func TestPriceRules(t *testing.T) {
	rule := func(id string, edit func(*billing.PriceRule)) billing.PriceRule {
		r := billing.PriceRule{ID: id, Kind: billing.MarkupRule, Value: num("50")}
		edit(&r)
		return r
	}
	organization := rule("organization", func(r *billing.PriceRule) { r.Value = num("1") })
	customer := rule("customer", func(r *billing.PriceRule) { r.CustomerID, r.Value = alder, num("2") })
	product := rule("product", func(r *billing.PriceRule) { r.ProductID, r.Value = premium, num("3") })
	sku := rule("sku", func(r *billing.PriceRule) { r.ProductID, r.Value = premium+":0001", num("4") })
	both := rule("both", func(r *billing.PriceRule) { r.CustomerID, r.ProductID, r.Value = alder, premium, num("5") })
	single := rule("single", func(r *billing.PriceRule) { r.SubscriptionID, r.Value = "s1", num("6") })
	tests := []struct {
		name  string
		rules []billing.PriceRule
		price string
		rule  string
	}{
		{"organization's markup", nil, "25.92 EUR", ruleServiceMarkup},
		{"a rule for everything", []billing.PriceRule{organization}, "21.82 EUR", "organization"}, // 21.816
		{"customer over organization", []billing.PriceRule{organization, customer}, "22.03 EUR", "customer"},
		{"product over customer", []billing.PriceRule{customer, product}, "22.25 EUR", "product"},
		{"SKU over product", []billing.PriceRule{product, sku}, "22.46 EUR", "sku"},
		{"customer and product over SKU", []billing.PriceRule{sku, both}, "22.68 EUR", "both"},
		{"subscription over all", []billing.PriceRule{both, single, sku, product, customer, organization}, "22.90 EUR", "single"},
		{"another customer's rule", []billing.PriceRule{rule("x", func(r *billing.PriceRule) { r.CustomerID = dunmore })}, "25.92 EUR", ruleServiceMarkup},
		{"another product's rule", []billing.PriceRule{rule("x", func(r *billing.PriceRule) { r.ProductID = "CFQ7TTC0LS7V" })}, "25.92 EUR", ruleServiceMarkup},
		{"another SKU's rule", []billing.PriceRule{rule("x", func(r *billing.PriceRule) { r.ProductID = premium + ":0002" })}, "25.92 EUR", ruleServiceMarkup},
		{"Azure's rule", []billing.PriceRule{rule("x", func(r *billing.PriceRule) { r.ProductID = azureProduct })}, "25.92 EUR", ruleServiceMarkup},
		{"another subscription's rule", []billing.PriceRule{rule("x", func(r *billing.PriceRule) { r.SubscriptionID = "s2" })}, "25.92 EUR", ruleServiceMarkup},
		{"not valid yet", []billing.PriceRule{rule("x", func(r *billing.PriceRule) { r.From = day("2026-10-10") })}, "25.92 EUR", ruleServiceMarkup},
		{"valid from today", []billing.PriceRule{rule("x", func(r *billing.PriceRule) { r.From = day("2026-10-09") })}, "32.40 EUR", "x"},
		{"not valid any more", []billing.PriceRule{rule("x", func(r *billing.PriceRule) { r.To = day("2026-10-09") })}, "25.92 EUR", ruleServiceMarkup},
		{"valid to the end of today", []billing.PriceRule{rule("x", func(r *billing.PriceRule) { r.To = day("2026-10-10") })}, "32.40 EUR", "x"},
		{"the newer of two", []billing.PriceRule{rule("a", func(r *billing.PriceRule) { r.From = day("2026-01-01") }),
			rule("b", func(r *billing.PriceRule) { r.From, r.Value = day("2026-10-01"), num("10") })}, "23.76 EUR", "b"},
		{"of two alike the first id", []billing.PriceRule{rule("b", func(r *billing.PriceRule) { r.Value = num("10") }), rule("a", func(r *billing.PriceRule) {})}, "32.40 EUR", "a"},
		{"margin", []billing.PriceRule{rule("m", func(r *billing.PriceRule) { r.Kind, r.Value = billing.MarginRule, num("20") })}, "27.00 EUR", "m"},
		{"margin that needs rounding", []billing.PriceRule{rule("m", func(r *billing.PriceRule) { r.Kind, r.Value = billing.MarginRule, num("35") })}, "33.23 EUR", "m"}, // 33.2307…
		{"fixed", []billing.PriceRule{rule("f", func(r *billing.PriceRule) { r.Kind, r.Value, r.Currency = billing.FixedRule, num("29.95"), "EUR" })}, "29.95 EUR", "f"},
		{"fixed is rounded too", []billing.PriceRule{rule("f", func(r *billing.PriceRule) { r.Kind, r.Value = billing.FixedRule, num("29.955") })}, "29.96 EUR", "f"},
		{"half a cent goes up", []billing.PriceRule{rule("h", func(r *billing.PriceRule) { r.Value = num("0.3009259259259259259") })}, "21.66 EUR", "h"}, // 21.664999…
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := world()
			in.Directory.Subscriptions = []billing.Subscription{seat("s1", 15)}
			in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
			in.Mappings.Prices = test.rules
			l := only(t, Rate(in))
			if l.UnitPrice == nil || l.UnitPrice.String() != test.price || l.PriceRule != test.rule || len(l.Holds) != 0 {
				t.Errorf("price %v by %s with %v, want %s by %s", l.UnitPrice, l.PriceRule, l.Holds, test.price, test.rule)
			}
		})
	}
}

func TestPriceRounding(t *testing.T) {
	tests := []struct {
		markup string
		places int32
		want   string
	}{
		{"20", 2, "4.00"},   // 3.3333 × 1.2 = 3.99996
		{"20", 4, "4.0000"}, // 3.99996 → 4.0000
		{"0", 4, "3.3333"},
		{"0", 2, "3.33"},
		{"0", 0, "3.33"}, // no setting: the currency's minor unit
		{"-10", 2, "3.00"},
		{"50.015", 4, "5.0004"}, // 5.00044999…
	}
	for _, test := range tests {
		in := world()
		in.Settings.ServiceMarkup, in.Settings.PricePlaces = num(test.markup), test.places
		in.Directory.Subscriptions = []billing.Subscription{seat("s1", 3)}
		in.Lines = []billing.LineSet{billedSet(bought("s1", "3", "10.00"))}
		l := only(t, Rate(in))
		if want := eur(test.want); !l.UnitPrice.Equal(want) {
			t.Errorf("markup %s, %d places: %s, want %s", test.markup, test.places, l.UnitPrice, want)
		}
	}
}

// TestPriceTrouble: what keeps a line from a price holds it and is a finding; the quantity stays desired, so that nothing is ended.
func TestPriceTrouble(t *testing.T) {
	tests := []struct {
		name    string
		edit    func(*Input)
		hold    string // "" for none
		finding string
		price   string // "" for none
		outcome billing.Outcome
	}{
		{"below cost", func(in *Input) { in.Settings.ServiceMarkup = num("-1") }, HoldBelowMargin, "below-cost/s1", "21.38 EUR", billing.Billed},
		{"below cost on purpose", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "loss", Kind: billing.MarkupRule, Value: num("-1"), BelowCost: true}}
		}, "", "", "21.38 EUR", billing.Billed},
		{"at cost", func(in *Input) { in.Settings.ServiceMarkup = num("0") }, "", "", "21.60 EUR", billing.Billed},
		{"no cost", func(in *Input) { in.Lines = nil }, HoldNoCost, "no-cost/s1", "", ""},
		{"no cost but a fixed price", func(in *Input) {
			in.Lines = nil
			in.Mappings.Prices = []billing.PriceRule{{ID: "fix", Kind: billing.FixedRule, Value: num("30"), Currency: "EUR"}}
		}, "", "", "30.00 EUR", ""},
		{"a margin of 100 %", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "all", Kind: billing.MarginRule, Value: num("100")}}
		}, HoldNoPrice, "no-price/s1", "", billing.HeldBack},
		{"an unknown kind of rule", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "odd", Kind: "odd", Value: num("1")}}
		}, HoldNoPrice, "no-price/s1", "", billing.HeldBack},
		{"the company is billed in dollars", func(in *Input) { in.Catalogue.Companies[0].Currency = "USD" }, HoldCurrency, "currency/s1", "", billing.HeldBack},
		{"the company says its currency", func(in *Input) { in.Catalogue.Companies[0].Currency = "EUR" }, "", "", "25.92 EUR", billing.Billed},
		{"a fixed price in another currency", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "fix", Kind: billing.FixedRule, Value: num("30"), Currency: "USD"}}
		}, HoldCurrency, "currency/s1", "", billing.HeldBack},
		{"the price is kept in Autotask", func(in *Input) {
			in.Mappings.Authorities = []billing.AuthorityRule{{ProductID: premium, Authority: billing.AutotaskPrices}}
		}, "", "", "", billing.Billed},
		{"internal currency from the catalogue", func(in *Input) { in.Settings.Currency = "" }, "", "", "25.92 EUR", billing.Billed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := world()
			in.Directory.Subscriptions = []billing.Subscription{seat("s1", 15)}
			in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
			test.edit(&in)
			d := Rate(in)
			l := only(t, d)
			if l.Units != 15 {
				t.Errorf("units %d", l.Units)
			}
			if got := l.UnitPrice; (got == nil) != (test.price == "") || got != nil && got.String() != test.price {
				t.Errorf("price %v, want %q", got, test.price)
			}
			if (len(l.Holds) == 0) != (test.hold == "") || test.hold != "" && l.Holds[0].Policy != test.hold {
				t.Errorf("holds %v, want %q", l.Holds, test.hold)
			}
			if test.finding == "" && len(d.Findings) > 0 || test.finding != "" && !slices.Contains(findingIDs(d), test.finding) {
				t.Errorf("findings %v, want %q", findingIDs(d), test.finding)
			}
			if test.outcome != "" && d.Dispositions[0].Outcome != test.outcome {
				t.Errorf("outcome %+v, want %s", d.Dispositions, test.outcome)
			}
		})
	}
}

func TestAuthority(t *testing.T) {
	all := billing.AuthorityRule{Authority: billing.AutotaskPrices}
	customer := billing.AuthorityRule{CustomerID: alder, Authority: billing.SpindlePrices}
	product := billing.AuthorityRule{ProductID: premium, Authority: billing.AutotaskPrices}
	sku := billing.AuthorityRule{ProductID: premium + ":0001", Authority: billing.SpindlePrices}
	both := billing.AuthorityRule{CustomerID: alder, ProductID: premium, Authority: billing.AutotaskPrices}
	other := billing.AuthorityRule{CustomerID: dunmore, Authority: billing.AutotaskPrices}
	tests := []struct {
		name  string
		rules []billing.AuthorityRule
		want  billing.PriceAuthority
	}{
		{"none", nil, billing.SpindlePrices},
		{"everything", []billing.AuthorityRule{all}, billing.AutotaskPrices},
		{"customer over everything", []billing.AuthorityRule{all, customer}, billing.SpindlePrices},
		{"product over customer", []billing.AuthorityRule{customer, product}, billing.AutotaskPrices},
		{"SKU over product", []billing.AuthorityRule{product, sku}, billing.SpindlePrices},
		{"customer and product over SKU", []billing.AuthorityRule{sku, both}, billing.AutotaskPrices},
		{"another customer", []billing.AuthorityRule{other}, billing.SpindlePrices},
		{"on doubt nothing is written", []billing.AuthorityRule{{Authority: billing.SpindlePrices}, all}, billing.AutotaskPrices},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for range 2 {
				if got := newDecisions(billing.Mappings{Authorities: test.rules}).authority(alder, premiumOffer); got != test.want {
					t.Errorf("authority %s, want %s", got, test.want)
				}
				slices.Reverse(test.rules)
			}
		})
	}
}

func TestCustomService(t *testing.T) {
	cost, price := eur("4"), eur("9.90")
	backup := billing.Subscription{
		ID: "backup-1", CustomerID: alder, Kind: billing.CustomService, Offer: billing.Offer{ProductID: "backup", Frequency: billing.Monthly},
		Name: "Backup per workplace", Quantity: 12, Status: billing.Active, Start: day("2026-03-01"), UnitCost: &cost, UnitPrice: &price,
	}
	tests := []struct {
		name        string
		edit        func(*billing.Subscription)
		rules       []billing.PriceRule
		price, rule string
		finding     string
	}{
		{"its own price", nil, nil, "9.90 EUR", ruleCustomService, ""},
		{"its own price beats a customer's rule", nil, []billing.PriceRule{{ID: "c", Kind: billing.MarkupRule, CustomerID: alder, Value: num("50")}}, "9.90 EUR", ruleCustomService, ""},
		{"a rule for the subscription beats its own price", nil, []billing.PriceRule{{ID: "s", Kind: billing.MarkupRule, SubscriptionID: "backup-1", Value: num("50")}}, "6.00 EUR", "s", ""},
		{"without a price the rules price it", func(s *billing.Subscription) { s.UnitPrice = nil }, nil, "4.80 EUR", ruleServiceMarkup, ""},
		{"price without cost", func(s *billing.Subscription) { s.UnitCost = nil }, nil, "9.90 EUR", ruleCustomService, ""},
		{"neither", func(s *billing.Subscription) { s.UnitCost, s.UnitPrice = nil, nil }, nil, "", ruleServiceMarkup, "no-cost/backup-1"},
		{"price below cost", func(s *billing.Subscription) { low := eur("3.99"); s.UnitPrice = &low }, nil, "3.99 EUR", ruleCustomService, "below-cost/backup-1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := world()
			s := backup
			if test.edit != nil {
				test.edit(&s)
			}
			in.Directory.Subscriptions = []billing.Subscription{s}
			in.Mappings.Prices = test.rules
			d := Rate(in)
			l := only(t, d)
			if got := l.UnitPrice; (got == nil) != (test.price == "") || got != nil && got.String() != test.price {
				t.Errorf("price %v, want %q", got, test.price)
			}
			if l.PriceRule != test.rule || l.Units != 12 || l.Name != "Backup per workplace (monthly)" || l.Since != day("2026-03-01") {
				t.Errorf("line %+v", l)
			}
			if want := []string{test.finding}; test.finding != "" && !slices.Equal(findingIDs(d), want) || test.finding == "" && len(d.Findings) != 0 {
				t.Errorf("findings %v, want %q", findingIDs(d), test.finding)
			}
		})
	}
	in := world()
	backup.Offer.Frequency = billing.OneTime
	in.Directory.Subscriptions = []billing.Subscription{backup}
	if d := Rate(in); len(d.Lines) != 0 || !slices.Equal(findingIDs(d), []string{"period-type/backup-1"}) {
		t.Errorf("one-time custom service: %+v, findings %v", d.Lines, findingIDs(d))
	}
}

// TestOwnPricesAreOfCustomServices: only what the MSP sells by itself has a price and a cost of its own; a licence is priced by what Microsoft billed and by the rules,
// whatever stands beside it.
func TestOwnPricesAreOfCustomServices(t *testing.T) {
	cost, price := eur("1"), eur("2")
	for kind, want := range map[billing.SubscriptionKind]string{billing.Licence: "25.92 EUR for 21.60 EUR by organization-service-markup", billing.CustomService: "2.00 EUR for 1.00 EUR by custom-service"} {
		s := seat("s1", 12)
		s.Kind, s.UnitCost, s.UnitPrice = kind, &cost, &price
		in := world()
		in.Directory.Subscriptions, in.Lines = []billing.Subscription{s}, []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
		if l := only(t, Rate(in)); l.UnitPrice.String()+" for "+l.UnitCost.String()+" by "+l.PriceRule != want {
			t.Errorf("%s: %s for %s by %s, want %s", kind, l.UnitPrice, l.UnitCost, l.PriceRule, want)
		}
	}
}
