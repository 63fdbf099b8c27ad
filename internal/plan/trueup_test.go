package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// costs sets price and cost of the asked charges, by the last word of their keys, and says where they come from.
func (s *scene) costs(of map[string][2]int64) {
	for i := range s.desired.Charges {
		d := &s.desired.Charges[i]
		word := d.Key[strings.LastIndex(strings.TrimSuffix(d.Key, "|EUR"), "|")+1:]
		word = strings.TrimSuffix(word, "|EUR")
		d.UnitPrice, d.UnitCost, d.Notes, d.PriceRule = euros(of[word][0]), euros(of[word][1]), "Invoice of "+word+".", "rule "+word
	}
}

// correctionIn writes the one change of a plan that corrects a month, the way a clerk would check it.
func correctionIn(t *testing.T, p Plan) []string {
	t.Helper()
	if len(p.Changes) != 1 {
		t.Fatalf("not one change: %v", charged(p))
	}
	c := p.Changes[0]
	d := c.NewCharge
	if d == nil {
		t.Fatalf("writes no charge: %v", charged(p))
	}
	out := []string{
		fmt.Sprintf("%s %q on %s of %s, company %s", c.Kind, d.Name, d.Date, c.Contract, d.CompanyID),
		fmt.Sprintf("%s × %s, cost %s, code %s: %s now, %s before", d.Quantity, d.UnitPrice, d.UnitCost, d.BillingCodeID, c.OneOff.Signed(), amountText(c.Before.Amount)),
		d.Description, c.Reason,
	}
	for _, h := range c.Holds {
		out = append(out, h.Policy+": "+h.Why)
	}
	corrects := c.Kind == CorrectCharge
	if c.Before.Exists != corrects || corrects && !c.Before.UnitPrice.Equal(*c.Before.Amount) || (c.Charge.ID != "") != corrects {
		t.Errorf("%s of charge %q starts from %+v", c.Kind, c.Charge.ID, c.Before)
	}
	return out
}

// A posted month that is corrected again and again, as the customer and the clerk read it: one charge for the difference in the next open month,
// corrected in place while it is not posted, a further one once it is, taken back when it is nothing after all (design §6.4).
func TestDiaryOfCorrections(t *testing.T) {
	s := ledgerScene()
	posted := func(*scene) { s.post() }
	for _, e := range []struct {
		day, event  string
		before      func(*scene)
		price, cost int64
		want        []string
	}{
		{"2026-11-20", "Microsoft raises the posted month", posted, 10500, 8400, []string{
			`charge "Microsoft Azure 2026-10, correction" on 2026-11-30 of 900, company 1`,
			"1 × 5.00 EUR, cost 4.00 EUR, code 600: +5.00 EUR now, - before",
			"Correction of 2026-10-01 to 2026-10-31: 100.00 EUR charged so far, 105.00 EUR in all.",
			"Correction of 2026-10, which is posted: 100.00 EUR were charged, Microsoft's data, the price rules or the routes now give 105.00 EUR.",
		}},
		{"2026-11-21", "and raises it once more, before the correction is posted", nil, 11000, 8800, []string{
			`correct-charge "Microsoft Azure 2026-10, correction" on 2026-11-30 of 900, company 1`,
			"1 × 10.00 EUR, cost 8.00 EUR, code 600: +5.00 EUR now, 5.00 EUR before",
			"Correction of 2026-10-01 to 2026-10-31: 100.00 EUR charged so far, 110.00 EUR in all.",
			"Correction of 2026-10, which is posted: 105.00 EUR were charged, Microsoft's data, the price rules or the routes now give 110.00 EUR.",
		}},
		{"2026-12-05", "a credit, in the next month: the open correction keeps its day", nil, 9950, 7960, []string{
			`correct-charge "Microsoft Azure 2026-10, correction" on 2026-11-30 of 900, company 1`,
			"1 × -0.50 EUR, cost -0.40 EUR, code 600: -10.50 EUR now, 10.00 EUR before",
			"Correction of 2026-10-01 to 2026-10-31: 100.00 EUR charged so far, 99.50 EUR in all.",
			"Correction of 2026-10, which is posted: 110.00 EUR were charged, Microsoft's data, the price rules or the routes now give 99.50 EUR.",
		}},
		{"2026-12-06", "the correction is posted, and another one follows", posted, 9960, 7970, []string{
			`charge "Microsoft Azure 2026-10, correction 2" on 2026-12-31 of 900, company 1`,
			"1 × 0.10 EUR, cost 0.10 EUR, code 600: +0.10 EUR now, - before",
			"Correction of 2026-10-01 to 2026-10-31: 99.50 EUR charged so far, 99.60 EUR in all.",
			"Correction of 2026-10, which is posted: 99.50 EUR were charged, Microsoft's data, the price rules or the routes now give 99.60 EUR.",
		}},
		{"2026-12-07", "somebody takes its date away, and Microsoft adds ten cents", func(s *scene) { s.b.at.charges[2].Date = billing.Date{} }, 9970, 7980, []string{
			`correct-charge "Microsoft Azure 2026-10, correction 2" on 2026-12-31 of 900, company 1`,
			"1 × 0.20 EUR, cost 0.20 EUR, code 600: +0.10 EUR now, 0.10 EUR before",
			"Correction of 2026-10-01 to 2026-10-31: 99.50 EUR charged so far, 99.70 EUR in all.",
			"Correction of 2026-10, which is posted: 99.60 EUR were charged, Microsoft's data, the price rules or the routes now give 99.70 EUR.",
		}},
		{"2026-12-08", "it is posted, and a price rule is changed: Microsoft bills the same", posted, 12000, 7980, []string{
			`charge "Microsoft Azure 2026-10, correction 3" on 2027-01-31 of 900, company 1`,
			"1 × 20.30 EUR, cost 0.00 EUR, code 600: +20.30 EUR now, - before",
			"Correction of 2026-10-01 to 2026-10-31: 99.70 EUR charged so far, 120.00 EUR in all.",
			"Correction of 2026-10, which is posted: 99.70 EUR were charged, Microsoft's data, the price rules or the routes now give 120.00 EUR.",
			"hold-repriced: what Microsoft bills for 2026-10 is unchanged: price rules or switches were changed after the month was posted",
		}},
		{"2026-12-09", "once a person let it pass, the next step of it needs nobody", nil, 12500, 7980, []string{
			`correct-charge "Microsoft Azure 2026-10, correction 3" on 2027-01-31 of 900, company 1`,
			"1 × 25.30 EUR, cost 0.00 EUR, code 600: +5.00 EUR now, 20.30 EUR before",
			"Correction of 2026-10-01 to 2026-10-31: 99.70 EUR charged so far, 125.00 EUR in all.",
			"Correction of 2026-10, which is posted: 120.00 EUR were charged, Microsoft's data, the price rules or the routes now give 125.00 EUR.",
		}},
	} {
		if len(s.b.at.charges) == 0 {
			s.asks(ask{"900 *": 0})
			s.costs(map[string][2]int64{"*": {10000, 8000}})
			s.applied(t, s.plan())
		}
		s.b.at.day = date(e.day)
		if e.before != nil {
			e.before(s)
		}
		s.costs(map[string][2]int64{"*": {e.price, e.cost}})
		p := s.plan()
		same(t, e.day+", "+e.event, correctionIn(t, p), e.want)
		s.applied(t, p)
		if got := s.standing(); !got.Equal(euros(e.price)) {
			t.Errorf("%s: %s stand for the month, want %s", e.day, got, euros(e.price))
		}
	}
	s.costs(map[string][2]int64{"*": {9970, 7980}})
	p := s.plan()
	same(t, "nothing of it after all", charged(p), []string{`remove-charge 900 "Microsoft Azure 2026-10, correction 3" -25.30 EUR held: hold-unwanted`})
	if why := p.Changes[0].Holds[0].Why; why != "the correction is not needed any more; a person must see that it goes" {
		t.Error(why)
	}
	s.applied(t, p)
}

// A correction that a person deleted keeps counting, because it is not written twice: the next one brings only what is owed besides, with a number
// and a mark of its own.
func TestACorrectionThatWasDeleted(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 10000})
	s.applied(t, s.plan())
	s.post()
	s.asks(ask{"900 *": 10500})
	s.applied(t, s.plan())
	first := s.b.at.charges[1].Mark
	s.b.at.charges = s.b.at.charges[:1]
	s.asks(ask{"900 *": 10750})
	p := s.plan()
	same(t, "correction", correctionIn(t, p), []string{
		`charge "Microsoft Azure 2026-10, correction 2" on 2026-11-30 of 900, company 1`,
		"1 × 2.50 EUR, cost 0.00 EUR, code 600: +2.50 EUR now, - before",
		"Correction of 2026-10-01 to 2026-10-31: 105.00 EUR charged so far, 107.50 EUR in all.",
		"Correction of 2026-10, which is posted: 105.00 EUR were charged, Microsoft's data, the price rules or the routes now give 107.50 EUR.",
	})
	if p.Changes[0].Charge.Mark == first || len(p.Rebooked) > 0 {
		t.Errorf("both are marked %s, or lines nobody asks for are rebooked: %v", first, p.Rebooked)
	}
	finding(t, p, billing.FindingDrift)
}

// What a correction is called: after what was charged when that is one thing, after its kind when it is several, always with the month and the
// word, cut before these when it is too long for Autotask (sheet §5.9: 100).
func TestTheNameOfACorrection(t *testing.T) {
	long := strings.Repeat("Azure ", 20)
	for _, tc := range []struct {
		name      string
		kind      string
		originals []string // names; "-" before a name: it does not stand
		n         int
		want      string
	}{
		{"one charge", "azure", []string{"Microsoft Azure 2026-10"}, 1, "Microsoft Azure 2026-10, correction"},
		{"the second correction", "azure", []string{"Microsoft Azure 2026-10"}, 2, "Microsoft Azure 2026-10, correction 2"},
		{"a name without its month", "azure", []string{"Microsoft Azure"}, 1, "Microsoft Azure 2026-10, correction"},
		{"a name with another month", "azure", []string{"Microsoft Azure 2026-09"}, 1, "Microsoft Azure 2026-09 2026-10, correction"},
		{"two of one name", "azure", []string{"Compute 2026-10", "Compute 2026-10"}, 1, "Compute 2026-10, correction"},
		{"two products", "azure", []string{"Compute 2026-10", "Storage 2026-10"}, 1, "Azure usage 2026-10, correction"},
		{"three products, two of one name", "azure", []string{"Compute 2026-10", "Storage 2026-10", "Storage 2026-10"}, 12, "Azure usage 2026-10, correction 12"},
		{"two lines", "line", []string{"Setup 2026-10", "Licence 2026-10"}, 1, "One-off charges 2026-10, correction"},
		{"one of two stands", "azure", []string{"-Compute 2026-10", "Storage 2026-10"}, 1, "Storage 2026-10, correction"},
		{"one of two stands, the first", "azure", []string{"Compute 2026-10", "-Storage 2026-10"}, 1, "Compute 2026-10, correction"},
		{"nothing stands", "azure", []string{"-Compute 2026-10"}, 1, " 2026-10, correction"},
		{"too long", "azure", []string{long + "2026-10"}, 1, long[:80] + " 2026-10, correction"},
		{"too long, and counted", "azure", []string{long + "2026-10"}, 10, long[:77] + " 2026-10, correction 10"},
		{"as long as it may be", "azure", []string{strings.Repeat("x", 80) + " 2026-10"}, 1, strings.Repeat("x", 80) + " 2026-10, correction"},
		{"not between the bytes of a letter", "azure", []string{strings.Repeat("x", 79) + "ß 2026-10"}, 1, strings.Repeat("x", 79) + " 2026-10, correction"},
	} {
		b := &book{}
		for _, name := range tc.originals {
			e := &item{want: &billing.DesiredCharge{Name: strings.TrimPrefix(name, "-")}, found: []billing.Charge{{ID: "7"}}}
			if strings.HasPrefix(name, "-") {
				e.found = nil
			}
			b.originals = append(b.originals, e)
		}
		got := newPlanner(Input{}).trueUpName(&account{kind: tc.kind, month: "2026-10"}, b, tc.n)
		if got != tc.want || len(got) > chargeNameMax {
			t.Errorf("%s: %q (%d), want %q", tc.name, got, len(got), tc.want)
		}
	}
}

func TestTextsAreCutBetweenLetters(t *testing.T) {
	for _, tc := range []struct {
		text string
		most int
		want string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"abß", 3, "ab"}, {"abß", 4, "abß"}, {"€€", 5, "€"}, {"€", 2, ""}, {"abc", 0, ""},
	} {
		if got := clipped(tc.text, tc.most); got != tc.want {
			t.Errorf("%q to %d bytes: %q, want %q", tc.text, tc.most, got, tc.want)
		}
	}
	for want, texts := range map[string][]string{"": {"", ""}, "a": {"a"}, "a, b": {"a", "b"}, "b, a": {"b", "a", "b"}, "c, a, b": {"c", "", "a", "a", "b", "c"}} {
		if got := joined(texts, ", "); got != want {
			t.Errorf("%q: %q, want %q", texts, got, want)
		}
	}
}

// The first month whose charges on the contract are not billed yet: what is billed of this month or a later one closes it, whoever wrote it and
// in whatever order it is read.
func TestTheFirstOpenMonth(t *testing.T) {
	for _, tc := range []struct {
		name    string
		day     string
		charges []string // "contract day", and "open" when it is not billed
		want    string
	}{
		{"nothing is charged", "2026-11-20", nil, "2026-11-30"},
		{"the last day of a month", "2026-11-30", nil, "2026-11-30"},
		{"the first day of a month", "2026-12-01", nil, "2026-12-31"},
		{"last month is billed", "2026-11-20", []string{"900 2026-10-31"}, "2026-11-30"},
		{"something of this month is billed, before its end", "2026-11-20", []string{"900 2026-11-29"}, "2026-11-30"},
		{"this month is billed", "2026-11-20", []string{"900 2026-11-30"}, "2026-12-31"},
		{"this month is charged and open", "2026-11-20", []string{"900 2026-11-30 open"}, "2026-11-30"},
		{"another contract's is billed", "2026-11-20", []string{"901 2026-11-30"}, "2026-11-30"},
		{"something of the next month is billed, before its end", "2026-11-20", []string{"900 2026-12-30"}, "2026-12-31"},
		{"the next month is billed", "2026-11-20", []string{"900 2026-12-31"}, "2027-01-31"},
		{"three of them", "2026-11-20", []string{"900 2026-12-31", "900 2026-11-30", "900 2026-10-31"}, "2027-01-31"},
		{"far ahead", "2026-11-20", []string{"900 2027-02-28"}, "2027-03-31"},
	} {
		in := Input{Desired: billing.Desired{Day: date(tc.day)}}
		for _, text := range tc.charges {
			words := strings.Fields(text)
			in.Observed.Charges = append(in.Observed.Charges, billing.Charge{ContractID: billing.ContractID(words[0]), Date: date(words[1]), Billed: len(words) == 2})
		}
		for range 2 {
			if got := newPlanner(in).openMonthEnd("900"); got != date(tc.want) {
				t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
			}
			slices.Reverse(in.Observed.Charges)
		}
	}
}

// Whose name stands on a correction: of what is wanted the first, guests after what is at home; else of what was charged, as far as the ledger
// knows whose it was; else what there is.
func TestWhoACorrectionIsFor(t *testing.T) {
	want := func(e *item, name string) *item {
		e.want = &billing.DesiredCharge{Name: name}
		return e
	}
	paid := func(e *item, name string, customer billing.CustomerID) *item {
		e.paper = &Charged{Name: name, CustomerID: customer}
		return e
	}
	for _, tc := range []struct {
		name string
		b    book
		lead string
		want string // all that is wanted
	}{
		{"one of two is wanted", book{originals: []*item{paid(&item{}, "gone", "c1"), want(&item{}, "wanted")}}, "wanted", "[wanted]"},
		{"at home before guests", book{originals: []*item{want(&item{}, "home")}, guests: []*item{want(&item{}, "guest")}}, "home", "[home guest]"},
		{"only guests", book{originals: []*item{paid(&item{}, "gone", "c1")}, guests: []*item{want(&item{}, "guest")}}, "guest", "[guest]"},
		{"what is a guest elsewhere is not wanted here", book{originals: []*item{want(&item{guest: true}, "away"), paid(&item{}, "gone", "c1")}}, "gone", "[]"},
		{"nothing is wanted, and the ledger knows whose the second was", book{originals: []*item{paid(&item{}, "nobody's", ""), paid(&item{}, "known", "c1")}}, "known", "[]"},
		{"nothing is wanted, and the ledger knows nobody", book{originals: []*item{paid(&item{}, "nobody's", "")}}, "nobody's", "[]"},
		{"only corrections are left", book{trueUps: []*item{paid(&item{number: 1}, "correction", "c1")}}, "correction", "[]"},
	} {
		if got, _, _ := tc.b.lead().name(); got != tc.lead {
			t.Errorf("%s: for %q, want %q", tc.name, got, tc.lead)
		}
		names := []string{}
		for _, e := range tc.b.wanted() {
			names = append(names, e.want.Name)
		}
		if got := fmt.Sprint(names); got != tc.want {
			t.Errorf("%s: %s are wanted, want %s", tc.name, got, tc.want)
		}
	}
}

// A correction of several charges speaks for all of them: who pays, where the money comes from, which rules made it, each once; its billing code
// is that of what is asked for, and of the settings when nothing is asked for any more.
func TestACorrectionOfSeveralCharges(t *testing.T) {
	s := ledgerScene()
	s.setup.MaterialCodeID = "611"
	s.asks(ask{"900 Compute c1+c2": 0, "900 Storage c2": 0, "900 Backup c3": 0})
	s.costs(map[string][2]int64{"Compute": {6000, 5000}, "Storage": {3000, 2000}, "Backup": {1000, 900}})
	s.applied(t, s.plan())
	s.post()
	s.costs(map[string][2]int64{"Compute": {6600, 5500}, "Storage": {2700, 1800}, "Backup": {1000, 900}})
	for i := range s.desired.Charges {
		s.desired.Charges[i].BillingCodeID = "622"
	}
	p := s.plan()
	same(t, "correction", correctionIn(t, p), []string{
		`charge "Azure usage 2026-10, correction" on 2026-11-30 of 900, company 1`,
		"1 × 3.00 EUR, cost 3.00 EUR, code 622: +3.00 EUR now, - before",
		"Correction of 2026-10-01 to 2026-10-31: 100.00 EUR charged so far, 103.00 EUR in all.",
		"Correction of 2026-10, which is posted: 100.00 EUR were charged, Microsoft's data, the price rules or the routes now give 103.00 EUR.",
	})
	d := p.Changes[0].NewCharge
	if d.Notes != "Invoice of Backup. Invoice of Compute. Invoice of Storage." || d.PriceRule != "rule Backup, rule Compute, rule Storage" || d.CustomerID != "c3" || d.TrueUp != 1 ||
		d.Mark != billing.ChargeMark("o", d.Key) || d.Key != billing.TrueUpKey("azure", "900", "2026-10", "EUR", 1) {
		t.Errorf("%+v", d)
	}
	if got := fmt.Sprint(d.Places); got != "[{c1 sub-c1   false} {c2 sub-c2   false} {c3 sub-c3   false}]" {
		t.Errorf("places %s", got)
	}
	if proof := p.Changes[0].Proof; !slices.Equal(proof, []string{d.Notes, "price rule: " + d.PriceRule}) {
		t.Errorf("proof %q", proof)
	}

	s.desired.Charges[0].Notes = strings.Repeat("Invoice G1. ", 200)
	if d = s.plan().Changes[0].NewCharge; len(d.Notes) != chargeNotesMax {
		t.Errorf("%d bytes of notes", len(d.Notes))
	}

	s.asks(ask{})
	d = s.plan().Changes[0].NewCharge
	if got := fmt.Sprint(d.Places); got != "[{c1    false} {c2    false} {c3    false}]" || d.BillingCodeID != "611" || !d.UnitCost.Equal(euros(-7900)) || !d.UnitPrice.Equal(euros(-10000)) {
		t.Errorf("nothing is wanted any more: %+v", d)
	}
}

// A person decides about a correction whose amounts a hand changed, that no invoice of Microsoft's explains, or that Autotask refused before, and
// about one of a charge that itself must be seen.
func TestWhyAPersonSeesACorrection(t *testing.T) {
	below := []billing.Hold{{Policy: "hold-below-margin", Why: "the price 1.00 EUR is below the cost 2.00 EUR (rule a)"}}
	for _, tc := range []struct {
		name   string
		before func(*scene) // after the month was posted with Compute at 60.00 and Storage at 30.00
		want   []string
	}{
		{"Microsoft bills more", func(s *scene) { s.costs(map[string][2]int64{"Compute": {6600, 5500}, "Storage": {3000, 2000}}) }, nil},
		{"the price rules give more", func(s *scene) { s.costs(map[string][2]int64{"Compute": {6600, 5000}, "Storage": {3000, 2000}}) },
			[]string{"hold-repriced: what Microsoft bills for 2026-10 is unchanged: price rules or switches were changed after the month was posted"}},
		{"nobody knows the cost", func(s *scene) { s.costs(map[string][2]int64{"Compute": {6600, 0}, "Storage": {3000, 0}}) }, nil},
		{"a hand changed one of them", func(s *scene) { s.b.at.charges[1].UnitPrice = euros(2900) },
			[]string{"hold-on-drift: Spindle wrote 30.00 EUR, Autotask now has 29.00 EUR",
				"hold-repriced: what Microsoft bills for 2026-10 is unchanged: price rules or switches were changed after the month was posted"}},
		{"a hand changed both of them", func(s *scene) {
			s.b.at.charges[0].UnitPrice, s.b.at.charges[1].UnitPrice = euros(6100), euros(2900)
			s.costs(map[string][2]int64{"Compute": {6600, 5500}, "Storage": {3000, 2000}})
		}, []string{"hold-on-drift: Spindle wrote 60.00 EUR, Autotask now has 61.00 EUR", "hold-on-drift: Spindle wrote 30.00 EUR, Autotask now has 29.00 EUR"}},
		{"Autotask refused it", func(s *scene) {
			s.costs(map[string][2]int64{"Compute": {6600, 5500}, "Storage": {3000, 2000}})
			s.b.memory.Charges = append(s.b.memory.Charges, Charged{}.RefusedAs(s.plan().Changes[0], "the month is closed"))
		}, []string{"hold-refused: Autotask refused it before: the month is closed"}},
		{"it is sold below its cost now", func(s *scene) {
			s.costs(map[string][2]int64{"Compute": {6600, 7000}, "Storage": {3000, 2000}})
			s.desired.Charges[0].Holds = below
		}, []string{"hold-below-margin: " + below[0].Why}},
		{"another charge is sold below its cost as before", func(s *scene) {
			s.costs(map[string][2]int64{"Compute": {6600, 5500}, "Storage": {3000, 2000}})
			s.desired.Charges[1].Holds = below
		}, nil},
		{"it is grouped otherwise and sold below its cost now", func(s *scene) {
			s.asks(ask{"900 *": 9600})
			s.costs(map[string][2]int64{"*": {9600, 10000}})
			s.desired.Charges[0].Holds = below
		}, []string{"hold-below-margin: " + below[0].Why}},
	} {
		s := ledgerScene()
		s.asks(ask{"900 Compute": 0, "900 Storage": 0})
		slices.SortFunc(s.desired.Charges, func(a, b billing.DesiredCharge) int { return strings.Compare(a.Key, b.Key) })
		s.costs(map[string][2]int64{"Compute": {6000, 5000}, "Storage": {3000, 2000}})
		s.applied(t, s.plan())
		s.post()
		tc.before(s)
		same(t, tc.name, correctionIn(t, s.plan())[4:], tc.want)
	}

	s := ledgerScene() // a charge that is still open is seen where it is corrected itself
	s.asks(ask{"900 Compute": 6000, "900 Storage": 3000})
	s.applied(t, s.plan())
	s.b.at.charges[0].Billed = true
	s.asks(ask{"900 Compute": 6600, "900 Storage": 3300})
	for i := range s.desired.Charges {
		if strings.Contains(s.desired.Charges[i].Key, "Storage") {
			s.desired.Charges[i].Holds = below
		}
	}
	same(t, "one open, one posted", charged(s.plan()), []string{`correct-charge 900 "Storage 2026-10" +3.00 EUR held: hold-below-margin`, `charge 900 "Azure usage 2026-10, correction" +6.00 EUR`})
}

// What was billed stays billed when a person switches something off; only a difference that is left is named, whoever it is of.
func TestCorrectionsOfWhatIsSwitchedOff(t *testing.T) {
	part := func(who string) string {
		return "posted-period/charges/azure/2026-10/EUR/c1/900 | Microsoft Azure 2026-10: 2026-10 was posted with 100.00 EUR, and 40.00 EUR are asked for now that billing of something of " + who +
			" is switched off. What was billed stays billed. | Charge or credit the difference by hand if it is owed. | -60.00 EUR"
	}
	for _, tc := range []struct {
		name     string
		posted   bool
		off      []billing.CustomerID
		then     ask
		want     []string
		findings []string
	}{
		{"all of it, posted", true, []billing.CustomerID{"c1"}, ask{}, nil, nil},
		{"part of it, posted", true, []billing.CustomerID{"c1"}, ask{"900 * c1+c2": 4000}, nil, []string{part("Alder")}},
		{"part of it, of another customer on the charge", true, []billing.CustomerID{"c2"}, ask{"900 * c1+c2": 4000}, nil, []string{part("c2")}},
		{"of a customer whose money is not in it", true, []billing.CustomerID{"c9"}, ask{"900 * c1+c2": 4000}, []string{`charge 900 "Microsoft Azure 2026-10, correction" -60.00 EUR`}, nil},
		{"part of it, open: corrected in place", false, []billing.CustomerID{"c1"}, ask{"900 * c1+c2": 4000}, []string{`correct-charge 900 "Microsoft Azure 2026-10" -60.00 EUR`}, nil},
		{"as much as before, posted", true, []billing.CustomerID{"c1"}, ask{"900 * c1+c2": 10000}, nil, nil},
	} {
		s := ledgerScene()
		s.asks(ask{"900 * c1+c2": 10000})
		s.applied(t, s.plan())
		if tc.posted {
			s.post()
		}
		s.asks(tc.then)
		s.desired.Months[0].Off = tc.off
		p := s.plan()
		same(t, tc.name, charged(p), tc.want)
		same(t, tc.name+": findings", findingsIn(p), tc.findings)
		s.applied(t, p)
	}
}

// A month whose charge somebody un-posted holds nothing that is billed: switched off, it is taken back, its open correction too.
func TestAnUnpostedMonthThatIsSwitchedOff(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 10000})
	s.applied(t, s.plan())
	s.post()
	s.asks(ask{"900 *": 10500})
	s.applied(t, s.plan())
	s.b.at.charges[0].Billed = false
	s.asks(ask{})
	off(s)
	p := s.plan()
	same(t, "changes", charged(p), []string{`remove-charge 900 "Microsoft Azure 2026-10" -100.00 EUR held: hold-unwanted`,
		`remove-charge 900 "Microsoft Azure 2026-10, correction" -5.00 EUR held: hold-unwanted`})
	for i, want := range []string{"billing was switched off; a person must see that the charge goes", "the correction is not needed any more; a person must see that it goes"} {
		if got := p.Changes[i].Holds[0].Why; got != want {
			t.Errorf("%s: %q, want %q", p.Changes[i].What, got, want)
		}
	}
	same(t, "findings", findingsIn(p), nil)
	s.applied(t, p)
}

// A deleted correction keeps counting only while its month is posted: a month that is open again is corrected in place, and all of it is there.
func TestADeletedCorrectionOfAnUnpostedMonth(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 10000})
	s.applied(t, s.plan())
	s.post()
	s.asks(ask{"900 *": 10500})
	s.applied(t, s.plan())
	s.b.at.charges = s.b.at.charges[:1]
	s.b.at.charges[0].Billed = false
	p := s.plan()
	same(t, "changes", charged(p), []string{`correct-charge 900 "Microsoft Azure 2026-10" +5.00 EUR`})
	s.applied(t, p)
	if got := s.standing(); !got.Equal(euros(10500)) {
		t.Errorf("%s stand for the month", got)
	}
}

// What Autotask refused, word for word: the amount, the reason it gave, the mark to enter it by hand with.
func TestARefusedCorrectionInWords(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 10000})
	s.applied(t, s.plan())
	s.post()
	s.asks(ask{"900 *": 9000})
	c := s.plan().Changes[0]
	s.b.memory.Charges = append(s.b.memory.Charges, Charged{}.RefusedAs(c, "no negative charges"))
	same(t, "findings", findingsIn(s.plan()), []string{
		"posted-period/true-up|azure|900|2026-10|EUR|1 | Microsoft Azure 2026-10, correction: Autotask did not take a charge of -10.00 EUR: no negative charges | Credit it by hand; a charge with the internal purchase order number " +
			c.Charge.Mark + " counts as ours. Or mend the cause and approve the change. | -10.00 EUR"})
}

// A correction that stands and is posted alone, its month's charge deleted by hand, is still billed: what it made good stays as it is while
// billing is off.
func TestACorrectionAloneHoldsABook(t *testing.T) {
	for _, tc := range []struct {
		entries []string
		want    bool
	}{
		{[]string{"billed 30"}, true},
		{[]string{"open 30"}, false},
		{[]string{"open 30", "billed 4, #1"}, true},
		{[]string{"open 30", "open 4, #1"}, false},
		{[]string{"gone 30", "gone 4, #1"}, false},
	} {
		if got := bookOf(t, tc.entries...).holdsBilled(); got != tc.want {
			t.Errorf("%v: %t", tc.entries, got)
		}
	}
}

// Where a correction cannot be written the finding says how much is owed, and what was to be written waits for a contract that Spindle extends.
func TestCorrectionsThatCannotBeWritten(t *testing.T) {
	s := ledgerScene()
	s.asks(ask{"900 *": 10000})
	s.applied(t, s.plan())
	s.post()
	s.asks(ask{"900 *": 10250})
	s.b.at.contracts[0].End = date("2026-11-29")
	same(t, "the contract is over", findingsIn(s.expect(t)), []string{
		`posted-period/true-up|azure|900|2026-10|EUR|1 | Microsoft Azure 2026-10, correction: 2.50 EUR are still to be charged, but Contract "Cloud 900" ends on 2026-11-29, before the charge's date 2026-11-30. | Charge or credit the difference by hand in Autotask. | 2.50 EUR`})
	s.b.at.contracts[0].Active = false
	same(t, "the contract is closed", findingsIn(s.expect(t)), []string{
		"posted-period/true-up|azure|900|2026-10|EUR|1 | Microsoft Azure 2026-10, correction: 2.50 EUR are still to be charged, but Contract 900 is not an active contract in Autotask. | Charge or credit the difference by hand in Autotask. | 2.50 EUR"})
	if f := s.plan().Findings[0]; f.CustomerID != "c1" || f.Customer != "Alder" {
		t.Errorf("the finding is about %q %q", f.CustomerID, f.Customer)
	}

	closed := s.b.at.contracts
	s.b.at.contracts = closed[1:]
	same(t, "the contract is gone", findingsIn(s.plan()), findingsIn(Plan{Findings: []billing.Finding{{Kind: billing.FindingPosted, Subject: "true-up|azure|900|2026-10|EUR|1",
		Message: "Microsoft Azure 2026-10, correction: 2.50 EUR are still to be charged, but Contract 900 is not an active contract in Autotask.", Remedy: "Charge or credit the difference by hand in Autotask.",
		Money: euros(250)}}}))

	s.b.at.contracts = closed
	s.b.at.contracts[0].Active, s.b.at.contracts[0].Mark = true, "SPN-m"
	s.desired.Contracts = []billing.DesiredContract{{Mark: "SPN-m", CustomerID: "c1", Name: "Cloud 900", PeriodType: billing.PeriodMonth, Start: date("2026-01-15"), End: date("2026-11-29")}}
	s.b.at.charges[0].Date = date("2027-12-31") // far ahead, so that the next open month is
	p := s.expect(t, "extend-contract  0→0", "charge 2028-01-31 0→0")
	if c := p.Changes[1]; !slices.Equal(c.Requires, []string{p.Changes[0].ID}) || c.Contract.Mark != "SPN-m" || p.Changes[0].After.End.Before(c.Effective) {
		t.Errorf("%v %s, contract to %s", c.Requires, c.Contract.Mark, p.Changes[0].After.End)
	}
	s.applied(t, p)
}

// monthsOf sums up the effect of a plan's changes by month.
func monthsOf(t *rapid.T, p Plan, papers []Charged) map[billing.Month]int64 {
	sums := map[billing.Month]int64{}
	for _, c := range p.Changes {
		var month billing.Month
		if c.NewCharge != nil {
			month = c.NewCharge.Month
		}
		for _, paper := range papers {
			if paper.Key == c.ChargeKey && month == "" {
				month = paper.Month
			}
		}
		cents, whole := c.OneOff.Value().Mul(money.Int(100)).Int64()
		if !whole || month == "" {
			t.Fatalf("%s of %s has the effect %s", c.Kind, c.ChargeKey, c.OneOff)
		}
		sums[month] += cents
	}
	return sums
}

// Whatever happens to months, a plan of charges keeps these laws: its money is exactly the difference of what stands before and after; what is
// billed stays as it is, to the cent and the day (law 8); a month has at most one correction on a contract that is not billed; and what Autotask
// would refuse for its length is never sent.
func TestLawsOfCharges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := drawUsage(t)
		for range rapid.IntRange(1, 6).Draw(t, "runs") {
			for range rapid.IntRange(0, 3).Draw(t, "turns") {
				u.turn(rapid.Bool().Draw(t, "companies"))
			}
			billed := map[billing.ChargeID]billing.Charge{}
			for _, c := range u.s.b.at.charges {
				if c.Billed {
					billed[c.ID] = c
				}
			}
			u.wants()
			before, papers, open := u.stands(), slices.Clone(u.s.b.memory.Charges), u.openCorrections()
			p := u.run(false)
			after, effect := u.stands(), monthsOf(t, p, papers)
			for _, month := range storyMonths {
				if after[month]-before[month] != effect[month] {
					t.Fatalf("%s: from %d to %d cents, and the plan says %+d\n%s", month, before[month], after[month], effect[month], text(p))
				}
			}
			for _, c := range u.s.b.at.charges {
				if was, found := billed[c.ID]; found && fmt.Sprint(was) != fmt.Sprint(c) {
					t.Fatalf("law 8: the billed charge %v is %v now\n%s", was, c, text(p))
				}
				delete(billed, c.ID)
				if len(c.Name) > chargeNameMax {
					t.Fatalf("%q is too long", c.Name)
				}
			}
			if len(billed) > 0 {
				t.Fatalf("law 8: billed charges are gone: %v\n%s", slices.Collect(maps.Keys(billed)), text(p))
			}
			for _, c := range p.Changes {
				if c.Kind == CreateCharge && c.NewCharge.TrueUp > 0 {
					where := fmt.Sprint(c.NewCharge.Month, " ", c.Contract)
					if open[where] {
						t.Fatalf("a second correction of %s, and the first is not billed\n%s", where, text(p))
					}
					open[where] = true
				}
			}
		}
	})
}

// openCorrections lists the corrections that stand and are not billed, by month and contract.
func (u *usageStory) openCorrections() map[string]bool {
	open := map[string]bool{}
	for _, paper := range u.s.b.memory.Charges {
		_, number := billing.ParseChargeKey(paper.Key)
		for _, c := range u.s.b.at.charges {
			if c.ID == paper.ID && number > 0 && !c.Billed {
				open[fmt.Sprint(paper.Month, " ", c.ContractID)] = true
			}
		}
	}
	return open
}

// Law 6 for charges: every charge that is asked for stands once the plan is applied, or the plan says where its source lines end: in a charge that
// was posted before and still stands, or held by a finding that the plan has.
func TestEveryChargeEndsSomewhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := drawUsage(t)
		for range rapid.IntRange(1, 6).Draw(t, "runs") {
			for range rapid.IntRange(0, 3).Draw(t, "turns") {
				u.turn(true)
			}
			if len(u.s.b.at.charges) > 0 && rapid.IntRange(0, 5).Draw(t, "somebody deletes a charge") == 0 {
				u.s.b.at.charges = u.s.b.at.charges[1:]
			}
			u.wants()
			p := u.s.plan()
			for _, c := range p.Changes {
				if err := u.s.b.apply(c); err != nil {
					t.Fatalf("%v\n%s", err, text(p))
				}
			}
			for _, d := range u.s.desired.Charges {
				u.endsSomewhere(p, d)
			}
			for key := range p.Rebooked {
				if !slices.ContainsFunc(u.s.desired.Charges, func(d billing.DesiredCharge) bool { return d.Key == key }) {
					t.Fatalf("%s is rebooked and nobody asked for it\n%s", key, text(p))
				}
			}
		}
	})
}

func (u *usageStory) endsSomewhere(p Plan, d billing.DesiredCharge) {
	standing := func(key string) *billing.Charge {
		for i, c := range u.s.b.at.charges {
			if c.Mark == billing.ChargeMark("o", key) {
				return &u.s.b.at.charges[i]
			}
		}
		return nil
	}
	r, rebooked := p.Rebooked[d.Key]
	written := slices.ContainsFunc(p.Changes, func(c Change) bool { return c.ChargeKey == d.Key && c.Kind == CreateCharge })
	switch {
	case written && rebooked:
		u.t.Fatalf("%s is written and rebooked to %s\n%s", d.Key, r.By, text(p))
	case !rebooked && standing(d.Key) == nil:
		u.t.Fatalf("%s is asked for and ends nowhere\n%s", d.Key, text(p))
	case rebooked && r.Outcome == billing.Billed && (standing(r.By) == nil || !standing(r.By).Billed):
		u.t.Fatalf("%s is said to be billed by %s, which does not stand\n%s", d.Key, r.By, text(p))
	case rebooked && r.Outcome == billing.HeldBack && !slices.ContainsFunc(p.Findings, func(f billing.Finding) bool { return f.ID() == r.By }):
		u.t.Fatalf("%s is held by %s, which the plan does not say\n%s", d.Key, r.By, text(p))
	}
}
