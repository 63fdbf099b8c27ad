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

// TestFindingsAreActionable: every finding has an identity of its own, says in a few lines what is the matter and what to do, and names no
// more than five things.
func TestFindingsAreActionable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seen := map[string]bool{}
		for _, f := range Rate(drawWorld(t)).Findings {
			if seen[f.ID()] || f.Subject == "" || f.Message == "" || f.Remedy == "" {
				t.Fatalf("finding %+v", f)
			}
			seen[f.ID()] = true
			if n := len([]rune(f.Message)); n > 600 || strings.HasSuffix(f.Message, ": ") {
				t.Fatalf("%d characters: %s", n, f.Message)
			}
			if f.CustomerID != "" && f.Customer == "" {
				t.Fatalf("%s does not name the customer", f.ID())
			}
		}
	})
}

// TestHeldMoneyIsAtStake: what a finding keeps from being billed is the money it shows. A finding that forgot a line, or counted one twice,
// would rank wrong in the inbox.
func TestHeldMoneyIsAtStake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Rate(drawWorld(t))
		held := map[string]money.Totals{}
		for _, x := range d.Dispositions {
			if x.Outcome == billing.HeldBack {
				total := held[x.By]
				total.Add(x.Cost)
				held[x.By] = total
			}
		}
		for _, f := range d.Findings {
			if total, holds := held[f.ID()]; holds && !largest(total).IsZero() && !largest(total).Equal(f.Money) {
				t.Fatalf("%s holds %s but shows %s", f.ID(), total, f.Money)
			}
		}
	})
}

// TestBlockedMoneyIsNotBilled: no source line counts as billed by a line that a blocking hold keeps from being applied, nor as held by a
// finding while its line goes through. Billed must mean that the customer gets it.
func TestBlockedMoneyIsNotBilled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Rate(drawWorld(t))
		blocked, open := map[string]bool{}, map[billing.SubscriptionID]string{}
		for _, l := range d.Lines {
			if slices.ContainsFunc(l.Holds, func(h billing.Hold) bool { return h.Blocks }) {
				blocked[l.Key] = true
			}
		}
		for _, x := range d.Dispositions {
			if x.Outcome == billing.Billed && blocked[x.By] {
				t.Fatalf("%+v is billed by a line that is blocked", x)
			}
		}
		for _, l := range d.Lines {
			for _, s := range l.Shares {
				if l.EndedOn.IsZero() && !blocked[l.Key] {
					open[s.SubscriptionID] = l.Key
				}
			}
		}
		for _, f := range d.Findings {
			if key := open[billing.SubscriptionID(f.Subject)]; key != "" && (f.Kind == billing.FindingNoPrice || f.Kind == billing.FindingCurrency || f.Kind == billing.FindingNoCost) {
				t.Fatalf("%s is a finding, but nothing holds line %s", f.ID(), key)
			}
		}
	})
}

// TestEnumerate: lists are in order, end in words, and never say "and 0 more" or hide a single name behind "and 1 more" when five were shown.
func TestEnumerate(t *testing.T) {
	for n, want := range []string{"", "a0", "a0, a1", "a0, a1, a2", "a0, a1, a2, a3", "a0, a1, a2, a3, a4", "a0, a1, a2, a3, a4 and 1 more", "a0, a1, a2, a3, a4 and 2 more"} {
		set := map[string]bool{}
		for i := range n {
			set[fmt.Sprintf("a%d", i)] = true
		}
		if got := enumerate(set); got != want {
			t.Errorf("%d names: %q, want %q", n, got, want)
		}
	}
}

// TestLargest: a finding shows the sum that weighs most, credits by their size; of equal ones the first currency.
func TestLargest(t *testing.T) {
	tests := []struct {
		amounts []money.Amount
		want    string
	}{
		{nil, "0"}, {[]money.Amount{eur("5"), usd("9")}, "9.00 USD"}, {[]money.Amount{eur("-9"), usd("5")}, "-9.00 EUR"}, {[]money.Amount{eur("5"), usd("-9")}, "-9.00 USD"}, {[]money.Amount{usd("5"), eur("5")}, "5.00 EUR"},
		{[]money.Amount{eur("5"), eur("-5"), usd("0.01")}, "0.01 USD"}, {[]money.Amount{eur("5"), eur("-5")}, "0"},
	}
	for _, test := range tests {
		var total money.Totals
		for _, a := range test.amounts {
			total.Add(a)
		}
		if got := largest(total); got.String() != test.want {
			t.Errorf("%v: %s, want %s", test.amounts, got, test.want)
		}
	}
}

// TestEveryBlockOfALine: what keeps a line from being applied blocks it, holds its money, and says so in the finding; what a person may wave
// through does neither.
func TestEveryBlockOfALine(t *testing.T) {
	mapped := func(in *Input, service billing.ServiceID) {
		in.Mappings.Services = []billing.ServiceMapping{{Offer: premiumOffer, ServiceID: service, Name: "chosen"}}
	}
	tests := []struct {
		policy, finding string
		edit            func(*Input)
		blocks          bool
	}{
		{HoldBelowMargin, "below-cost/s1", func(in *Input) { in.Settings.ServiceMarkup = num("-5") }, false},
		{HoldCurrency, "currency/s1", func(in *Input) { in.Catalogue.Companies[0].Currency = "CHF" }, true},
		{HoldNoPrice, "no-price/s1", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "r", Kind: billing.MarginRule, Value: num("100")}}
		}, true},
		{HoldPeriodType, "period-type/" + premiumOffer.String(), func(in *Input) { mapped(in, "71") }, true},
		{HoldContract, "contract-missing/alder/9002", func(in *Input) { in.Mappings.Routes[0].ContractID = dunCon }, true},
		{HoldCompany, "customer-gone/alder", func(in *Input) { in.Catalogue.Companies[0].Active = false }, true},
		{HoldSettings, "settings/new services", func(in *Input) { in.Settings.ServiceCodeID = "" }, true},
	}
	for _, test := range tests {
		in := world()
		in.Directory.Subscriptions = []billing.Subscription{seat("s1", 12)}
		in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
		test.edit(&in)
		d := Rate(in)
		l := only(t, d)
		i := slices.IndexFunc(l.Holds, func(h billing.Hold) bool { return h.Policy == test.policy })
		if i < 0 || l.Holds[i].Blocks != test.blocks || l.Holds[i].Why == "" {
			t.Errorf("%s: holds %+v", test.policy, l.Holds)
			continue
		}
		want := "billed 259.20 EUR"
		if test.blocks {
			want = "held 259.20 EUR"
		}
		if byOutcome(d) != want || !slices.Contains(findingIDs(d), test.finding) {
			t.Errorf("%s: %s, findings %v", test.policy, byOutcome(d), findingIDs(d))
		}
		if f := findingOf(t, d, test.finding); !strings.Contains(f.Message, l.Holds[i].Why) || f.Money.String() != "259.20 EUR" {
			t.Errorf("%s: the hold says %q, the finding %q over %s", test.policy, l.Holds[i].Why, f.Message, f.Money)
		}
	}
}

// TestLinesThatNameNobody: a line without customer is nobody's, and licence lines without subscription are one finding per customer: one
// identity for all would show one customer's name on the money of others.
func TestLinesThatNameNobody(t *testing.T) {
	nameless := func(key string, c billing.CustomerID, cost string) billing.LineItem {
		return change(bought("", "1", cost), func(l *billing.LineItem) { l.Key, l.CustomerID = key, c })
	}
	in := world()
	in.Lines = []billing.LineSet{billedSet(nameless("a", alder, "1.00"), nameless("b", dunmore, "2.00"), nameless("c", "", "4.00"), nameless("d", alder, "8.00"))}
	d := Rate(in)
	want := []string{"customer-unmapped/nobody 4.00 EUR", "line-without-subscription/none/alder 9.00 EUR", "line-without-subscription/none/dunmore 2.00 EUR"}
	if got := findingTexts(d); !slices.Equal(got, want) || d.Findings[0].Customer != "" {
		t.Errorf("findings %q, want %q", got, want)
	}
}

// TestOneBlockHoldsTheLine: subscriptions that share a line share its fate: when one of them cannot be billed, the money of the others, and of
// those that ended, is held by the same finding instead of passing for billed.
func TestOneBlockHoldsTheLine(t *testing.T) {
	foreign := change(bought("s2", "5", "0"), func(l *billing.LineItem) { l.Cost, l.Total = usd("100"), usd("100") })
	ended := seat("s3", 0)
	ended.Status = billing.Ended
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 10), seat("s2", 5), ended}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "10", "216.00"), foreign, bought("s3", "1", "21.60"))}
	in.Mappings.Prices = []billing.PriceRule{{ID: "fix", Kind: billing.FixedRule, Value: num("30"), Currency: "EUR"}} // one price, so one line
	d := Rate(in)
	if l := only(t, d); l.Units != 15 || len(l.Holds) != 1 || l.Holds[0].Policy != HoldCurrency {
		t.Errorf("line %+v", l)
	}
	if got := byOutcome(d); got != "held 237.60 EUR, 100.00 USD" {
		t.Errorf("outcomes %s", got)
	}
}

// TestOneTextPerFinding: of two texts with one identity the first in order of letters is shown, however the lines came that told of it; their money adds up and
// what they name is listed once.
func TestOneTextPerFinding(t *testing.T) {
	told := func(message, remedy string) billing.Finding {
		return billing.Finding{Kind: "k", Subject: "s", Message: message, Remedy: remedy}
	}
	for _, texts := range bothWays(told("a", "of a"), told("b", "of b")) {
		fs := newFindings()
		for _, f := range texts {
			fs.atStake(f, "thing", eur("2"))
			fs.about(f, "", eur("50"))
		}
		want := told("a: thing", "of a")
		want.Money = eur("4")
		if got := fs.list(); len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(want) {
			t.Errorf("findings %+v, want %+v", got, want)
		}
	}
	fs := newFindings() // money of a closed month goes before what a cycle costs; a sum of nothing does not
	fs.atStake(told("a", ""), "", eur("0"))
	fs.about(told("a", ""), "", eur("50"))
	if got := fs.list(); got[0].Money.String() != "50.00 EUR" || got[0].Message != "a" {
		t.Errorf("findings %+v", got)
	}
}

// TestWhatFindingsCut: names of more than sixty letters are cut with a sign and no blank before it; a name the sentence holds already is not repeated.
func TestWhatFindingsCut(t *testing.T) {
	for what, want := range map[string]string{
		strings.Repeat("n", 60):                 "look at it: " + strings.Repeat("n", 60),
		strings.Repeat("n", 61):                 "look at it: " + strings.Repeat("n", 59) + "…",
		strings.Repeat("n", 57) + "  and more":  "look at it: " + strings.Repeat("n", 57) + "…",
		strings.Repeat("ß", 61):                 "look at it: " + strings.Repeat("ß", 59) + "…",
		"it":                                    "look at it",
		"":                                      "look at it",
		"It":                                    "look at it: It",
		"Microsoft 365 Business Premium (P1Y)":  "look at it: Microsoft 365 Business Premium (P1Y)",
		"a, b":                                  "look at it: a, b",
		"\"quoted\"":                            "look at it: \"quoted\"",
		"100 % of it is what the sentence says": "look at it: 100 % of it is what the sentence says",
	} {
		fs := newFindings()
		fs.atStake(billing.Finding{Message: "look at it"}, what, eur("1"))
		if got := fs.list()[0].Message; got != want {
			t.Errorf("%q: %q, want %q", what, got, want)
		}
	}
}
