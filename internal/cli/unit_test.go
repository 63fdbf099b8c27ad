package cli

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
)

func TestTable(t *testing.T) {
	table := table{headers: []string{"name", ">amount", "empty", "word"}, indent: "  "}
	table.add("東京", "1.50", "", "a")
	table.add("Zoë", "12.00", "", "b")
	table.titled("A title")
	table.add("x", "", "", "")
	table.noted("→ a note")
	var out bytes.Buffer
	table.write(&out)
	want := strings.Join([]string{
		"  NAME  AMOUNT  WORD",
		"  東京    1.50  a",
		"  Zoë    12.00  b",
		"",
		"A title",
		"  x",
		"        → a note",
		"",
	}, "\n")
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestTableWithoutRowsKeepsItsHeads(t *testing.T) {
	var out bytes.Buffer
	(&table{headers: []string{"a", ">b"}}).write(&out)
	if out.String() != "A  B\n" {
		t.Errorf("got %q", out.String())
	}
}

func TestTableFits(t *testing.T) {
	long, other := strings.Repeat("x", 50), strings.Repeat("z", 50)
	filled := func() *table {
		table := &table{headers: []string{"a", "why"}, indent: "  "}
		for _, why := range []string{long, "short", other, long} {
			table.add("1234567890", why)
		}
		table.titled("a title does not count, however long it is: " + strings.Repeat("y", 80))
		return table
	}
	for _, tt := range []struct {
		name        string
		limit, room int
		notes       []string
	}{
		{"no need", 64, 50, nil},
		{"cut, with a footnote for each text", 50, 36, []string{long, other}},
		{"the least width", 10, 20, []string{long, other}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table := filled()
			if notes := table.fit(1, tt.limit); !slices.Equal(notes, tt.notes) {
				t.Errorf("footnotes %q", notes)
			}
			cells := []string{table.rows[0].cells[1], table.rows[2].cells[1], table.rows[3].cells[1]}
			for i, mark := range []string{"… [1]", "… [2]", "… [1]"} {
				if n := len([]rune(cells[i])); n != tt.room || strings.HasSuffix(cells[i], mark) != (tt.notes != nil) {
					t.Errorf("%q, %d characters", cells[i], n)
				}
			}
			if table.rows[1].cells[1] != "short" {
				t.Errorf("what fits is changed: %q", table.rows[1].cells[1])
			}
		})
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		text string
		n    int
		want string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"ab cd", 4, "ab…"}, {"東京都", 6, "東京都"}, {"東京都", 5, "東京…"}, {"東京都", 4, "東…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
	} {
		if got := cut(tt.text, tt.n); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.text, tt.n, got, tt.want)
		}
	}
}

func TestWrap(t *testing.T) {
	long := strings.Repeat("word ", 60)
	got := wrap(long, "    ")
	for i, line := range strings.Split(got, "\n") {
		if len(line) > lineWidth || i > 0 && !strings.HasPrefix(line, "    word") {
			t.Errorf("line %d: %q", i, line)
		}
	}
	if strings.Join(strings.Fields(got), " ") != strings.TrimSpace(long) {
		t.Error("words are lost")
	}
	if wrap("one  two", "") != "one two" || wrap("", "x") != "" {
		t.Error("short texts")
	}
}

func TestParseOffer(t *testing.T) {
	offer, err := parseOffer("CFQ7TTC07DHZ:0001:P1Y:monthly")
	want := billing.Offer{ProductID: "CFQ7TTC07DHZ", SKUID: "0001", Term: "P1Y", Frequency: "monthly"}
	if err != nil || offer != want {
		t.Errorf("got %+v, %v", offer, err)
	}
	if offer, err = parseOffer("custom:::monthly"); err != nil || offer.String() != "custom:::monthly" {
		t.Errorf("got %v, %v", offer, err)
	}
	for _, text := range []string{"", "X", "X:1:P1Y", ":1:P1Y:monthly", "X:1:P1Y:", "X:1:P1Y:monthly:more"} {
		if _, err := parseOffer(text); !fault.Is(err, fault.KindInvalid) || fault.Remedy(err) == "" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestShellWords(t *testing.T) {
	for want, args := range map[string][]string{
		"plan --json":             {"plan", "--json"},
		"org create 'North IT'":   {"org", "create", "North IT"},
		`map 'O'\''Neill' 5`:      {"map", "O'Neill", "5"},
		"x ''":                    {"x", ""},
		`y '$HOME' 'a"b' 'c&d;e'`: {"y", "$HOME", `a"b`, "c&d;e"},
	} {
		if got := shellWords(args); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestNegatives(t *testing.T) {
	got := negatives([]string{"-5", "-1.5%", "--json", "-y", "5", "-"})
	want := []string{minus + "5", minus + "1.5%", "--json", "-y", "5", "-"}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %q", got)
	}
}

func TestShortReason(t *testing.T) {
	day, err := billing.ParseDate("2026-11-01")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		kind         plan.ChangeKind
		reason, want string
	}{
		{plan.Increase, "New line: 8 from 2026-11-01, the contract's first day.", "new: the contract's first day"},
		{plan.Increase, "8 → 9 from 2026-11-01, start of the current period, which is not posted.", "current period, not posted yet"},
		{plan.End, "The subscription ended on 2026-10-20; the line ends from 2026-11-01, the next period.", "The subscription ended on 2026-10-20; the next period"},
		{plan.Reprice, "The price becomes 5.00 EUR from 2026-11-01, the next period.", "price: the next period"},
		{plan.CreateCharge, "Azure 2026-10, from what Microsoft billed.", "from what Microsoft billed"},
		{plan.MarkLine, "Something new", "Something new"},
	} {
		if got := shortReason(plan.Change{Kind: tt.kind, What: "Azure 2026-10", Reason: tt.reason, Effective: day}); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestIDsAreShownAsLongAsTheyMustBe(t *testing.T) {
	states := func(ids ...string) (all []store.ChangeState) {
		for _, id := range ids {
			all = append(all, store.ChangeState{Change: plan.Change{ID: id}, State: store.ChangeProposed})
		}
		return all
	}
	if v := newPlanTable(states("aaaaaaaa1111", "bbbbbbbb1111"), false); v.id(plan.Change{ID: "aaaaaaaa1111"}) != "aaaaaa" {
		t.Errorf("size %d", v.idSize)
	}
	if v := newPlanTable(states("aaaaaaaa1111", "aaaaaaaa2111", "c"), false); v.id(plan.Change{ID: "aaaaaaaa1111"}) != "aaaaaaaa1" {
		t.Errorf("size %d", v.idSize)
	}
	if v := newPlanTable(states("aaaaaaaa1111"), true); v.id(plan.Change{ID: "aaaaaaaa1111"}) != "aaaaaaaa1111" {
		t.Error("every must show whole ids")
	}
}

func TestJoinedErrorsAreToldOneByOne(t *testing.T) {
	err := errors.Join(fault.Invalidf("one").WithField("a").Do("fix a"), errors.Join(fault.NotFoundf("two"), errors.New("three")))
	got := problemsOf(err)
	if len(got) != 3 || got[0].Message != "a: one" || got[0].Remedy != "fix a" || got[0].Field != "a" || got[1].Kind != "not_found" || got[2].Kind != "internal" {
		t.Errorf("got %+v", got)
	}
}

// TestMoneyThatIsNotKnownIsNotNothing: a price repeated behind a change that may carry another one is told as such, in words and in JSON.
func TestMoneyThatIsNotKnownIsNotNothing(t *testing.T) {
	eur := func(n int64) *money.Amount { a := money.Of(money.New(n, -2), "EUR"); return &a }
	stands := plan.State{Exists: true, Units: 5, UnitPrice: eur(210)}
	repeated := plan.Change{Kind: plan.Reprice, Before: stands, After: stands, Adjust: &plan.Adjustment{UnitPrice: eur(210)}, Recurring: *eur(0), PerPeriod: billing.PeriodMonth}
	raised := repeated
	raised.Before.UnitPrice, raised.Recurring = eur(200), *eur(50)
	for _, tt := range []struct {
		change plan.Change
		effect string
		json   any
	}{{repeated, "not known", (*money.Amount)(nil)}, {raised, "+0.50 EUR/month", eur(50)}, {plan.Change{Kind: plan.CreateService}, "—", &money.Amount{}}} {
		if got := effect(tt.change); got != tt.effect {
			t.Errorf("%s: %q, want %q", tt.change.Kind, got, tt.effect)
		}
		if got := changeView(store.ChangeState{Change: tt.change})["recurring"]; !reflect.DeepEqual(got, tt.json) {
			t.Errorf("%s: %v, want %v", tt.change.Kind, got, tt.json)
		}
	}
}
