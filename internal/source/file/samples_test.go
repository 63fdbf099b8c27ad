package file

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/source/rows"
)

// equalSets compares by value: decimals by number, totals by sums.
func equalSets() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b money.Decimal) bool { return a.Equal(b) }),
		cmp.Comparer(func(a, b money.Amount) bool { return a.Equal(b) }),
		cmp.Comparer(func(a, b money.Totals) bool { return a.Equal(b) }),
	}
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func mustRead(t *testing.T, inputs ...Input) Import {
	t.Helper()
	im, err := Read(context.Background(), inputs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return im
}

func clean(t *testing.T, im Import) Import {
	t.Helper()
	for _, e := range im.Errors {
		t.Errorf("unexpected: %v — %s", e, e.Remedy)
	}
	return im
}

func TestSampleReconciliationTotalsEqualTheVendors(t *testing.T) {
	for _, name := range []string{"recon-nce.csv", "recon-nce.jsonl"} {
		t.Run(name, func(t *testing.T) {
			im := clean(t, mustRead(t, Bytes(name, sample(t, name))))
			if len(im.Lines) != 1 || len(im.Usage) != 0 || len(im.Lines[0].Lines) != 34 {
				t.Fatalf("want one set of 34 lines, got %d sets", len(im.Lines))
			}
			set := im.Lines[0]
			want := billing.SetID{Kind: billing.BilledLines, PartnerID: "bacf63c8-a16a-4bb5-a7cd-e14076792a40", Invoice: "G104775210"}
			if set.ID != want {
				t.Errorf("set id %v", set.ID)
			}
			var cost, tax money.Decimal
			for _, l := range set.Lines {
				cost, tax = cost.Add(l.Cost.Value()), tax.Add(l.Tax.Value())
			}
			if got := fmt.Sprint(cost, " ", tax, " ", set.Total); got != "12106.46 2784.49 14890.95 EUR" {
				t.Errorf("totals %s", got)
			}
			c := im.Files[0].Control
			if c.Rows != 34 || c.Customers != 5 || c.Broken != 0 || c.Duplicates != 0 || c.OutOfPeriod != 1 || len(c.UnknownColumns)+len(c.UnknownWords) != 0 {
				t.Errorf("control report %+v", c)
			}
		})
	}
}

func TestSampleCSVAndJSONAreEqual(t *testing.T) {
	fromCSV := mustRead(t, Bytes("a", sample(t, "recon-nce.csv"))).Lines
	fromJSON := mustRead(t, Bytes("b", sample(t, "recon-nce.jsonl"))).Lines
	// The row number and the spelling of the charge type are kept as read; everything else must agree, keys and version too.
	ignore := cmpopts.IgnoreFields(billing.LineItem{}, "Row", "KindText")
	if diff := cmp.Diff(fromCSV, fromJSON, equalSets(), ignore); diff != "" {
		t.Error(diff)
	}
}

func TestSampleUsageEqualsIndependentSum(t *testing.T) {
	data := sample(t, "daily-rated-usage.jsonl")
	want, wantRows := map[string]*big.Rat{}, map[string]int64{}
	for line := range bytes.Lines(data) {
		var row map[string]any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		k := row["PartnerId"].(string) + "/" + row["InvoiceNumber"].(string) + " " + row["BillingCurrency"].(string)
		if want[k] == nil {
			want[k] = new(big.Rat)
		}
		cost, _ := new(big.Rat).SetString(row["BillingPreTaxTotal"].(json.Number).String())
		want[k].Add(want[k], cost)
		wantRows[k]++
	}
	im := clean(t, mustRead(t, Bytes("u", data)))
	if len(im.Usage) != 2 || len(want) != 2 {
		t.Fatalf("want a set per partner, got %d", len(im.Usage))
	}
	for _, set := range im.Usage {
		sums := set.Total.Amounts()
		k := set.ID.PartnerID + "/" + set.ID.Invoice + " " + string(sums[0].Currency())
		got, _ := new(big.Rat).SetString(sums[0].Value().String())
		if len(sums) != 1 || want[k] == nil || got.Cmp(want[k]) != 0 || set.Rows != wantRows[k] {
			t.Errorf("%s: %v in %d rows, want %v in %d", k, sums, set.Rows, want[k], wantRows[k])
		}
		var n int64
		for _, g := range set.Groups {
			n += g.Rows
		}
		if n != set.Rows {
			t.Errorf("groups hold %d of %d rows", n, set.Rows)
		}
	}
}

func TestImportTwiceIsEqual(t *testing.T) {
	for _, name := range []string{"recon-nce.csv", "recon-nce.jsonl", "daily-rated-usage.jsonl"} {
		a, b := mustRead(t, Bytes(name, sample(t, name))), mustRead(t, Bytes(name, sample(t, name)))
		if diff := cmp.Diff(a, b, equalSets()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		both := clean(t, mustRead(t, Bytes(name, sample(t, name)), Bytes("copy of "+name, sample(t, name))))
		if diff := cmp.Diff(a.Lines, both.Lines, equalSets()); diff != "" || both.Files[1].SameAs != name {
			t.Errorf("%s given twice adds up: %s", name, diff)
		}
	}
}

func TestSameSetInTwoFormatsCountsOnce(t *testing.T) {
	im := clean(t, mustRead(t, Bytes("a.csv", sample(t, "recon-nce.csv")), Bytes("a.jsonl", sample(t, "recon-nce.jsonl"))))
	if len(im.Lines) != 1 || len(im.Lines[0].Lines) != 34 || im.Files[1].SameAs != "a.csv" {
		t.Errorf("%d lines, same as %q", len(im.Lines[0].Lines), im.Files[1].SameAs)
	}
}

// lineOf finds a line of the sample by its number in the fact sheet's table (1 = first data row).
func lineOf(t *testing.T, number int) billing.LineItem {
	t.Helper()
	return mustRead(t, Bytes("recon-nce.csv", sample(t, "recon-nce.csv"))).Lines[0].Lines[number-1]
}

func TestTrapApostropheGuardWithEighteenDecimals(t *testing.T) {
	l := lineOf(t, 26)
	if l.ListUnitCost.String() != "0.048" || l.BillableQuantity.String() != "185.7666670001" || l.Cost.String() != "6.52 EUR" {
		t.Errorf("got %v %v %v", l.ListUnitCost, l.BillableQuantity, l.Cost)
	}
}

func TestTrapScientificZero(t *testing.T) {
	if l := lineOf(t, 15); !l.EffectiveUnitCost.IsZero() || l.Frequency != billing.Free || !l.Trial {
		t.Errorf("trial line: %v %v", l.EffectiveUnitCost, l.Frequency)
	}
}

func TestTrapChargeTypeCase(t *testing.T) {
	if l := lineOf(t, 26); l.Kind != billing.ChargeNew || l.KindText != "New" || l.Frequency != billing.Metered || !l.IsUsage() {
		t.Errorf("usage line: %q %q %q", l.Kind, l.KindText, l.Frequency)
	}
}

func TestTrapQuotedNameWithComma(t *testing.T) {
	for i := 1; i <= 34; i++ {
		if strings.Contains(lineOf(t, i).CustomerName, ",") {
			return
		}
	}
	t.Error("no customer name kept its comma")
}

func TestTrapReferenceIDInBothForms(t *testing.T) {
	if l := lineOf(t, 7); !rows.IsGUID(l.ReferenceID) {
		t.Errorf("GUID reference: %q", l.ReferenceID)
	}
	if a, b := lineOf(t, 2).ReferenceID, lineOf(t, 3).ReferenceID; a != "0kz05KnBhehs" || a != b {
		t.Errorf("JSON references: %q %q", a, b)
	}
}

func TestTrapReservationOrderOnPlainLicence(t *testing.T) {
	if l := lineOf(t, 7); l.ReservationOrderID == "" || l.Frequency != billing.Monthly || l.Kind != billing.ChargeCycle {
		t.Errorf("line 7: %+v", l)
	}
}

func TestTrapPerpetualHasNoEndAndNoFrequency(t *testing.T) {
	if l := lineOf(t, 24); !l.Charged.IsZero() || l.Frequency != billing.OneTime || l.Cost.String() != "985.00 EUR" {
		t.Errorf("line 24: %v %v %v", l.Charged, l.Frequency, l.Cost)
	}
}

func TestTrapSubtotalIsNeverRecomputed(t *testing.T) {
	// On these two lines the documented formula and the truncated product disagree (Microsoft sheet, Appendix B).
	if a, b := lineOf(t, 8).Cost.String(), lineOf(t, 25).Cost.String(); a != "1106.60 EUR" || b != "140.00 EUR" {
		t.Errorf("got %s and %s", a, b)
	}
}

func TestTrapInclusiveEnds(t *testing.T) {
	if l := lineOf(t, 1); l.Charged.String() != "2026-09-10 to 2026-10-09" || l.Charged.Days() != 30 || l.TermPeriod.End.String() != "2027-09-10" {
		t.Errorf("line 1: %v, term %v", l.Charged, l.TermPeriod)
	}
}

func TestTrapLateUsageKeepsItsPeriod(t *testing.T) {
	if l := lineOf(t, 28); l.Charged.String() != "2026-08-01 to 2026-08-31" || l.Invoice != "G104775210" {
		t.Errorf("line 28: %v on %s", l.Charged, l.Invoice)
	}
	im := mustRead(t, Bytes("u", sample(t, "daily-rated-usage.jsonl")))
	late := 0
	for _, g := range im.Usage[0].Groups {
		if g.Charged.Start.String() == "2026-08-01" {
			late++
		}
	}
	if late == 0 || im.Files[0].Control.OutOfPeriod == 0 {
		t.Error("late usage rows lost their period")
	}
}

func TestTrapCustomerCreditIsNegative(t *testing.T) {
	if l := lineOf(t, 34); l.Kind != billing.ChargeCustomerCredit || l.Cost.String() != "-9.34 EUR" {
		t.Errorf("line 34: %v %v", l.Kind, l.Cost)
	}
}

func TestTrapFloatNoiseIsKeptExactly(t *testing.T) {
	data := sample(t, "daily-rated-usage.jsonl")
	for _, noisy := range []string{"23.999999999999996", "24.0000000001", "3.1E-07"} {
		if !bytes.Contains(data, []byte(noisy)) {
			t.Fatalf("the sample has no %s", noisy)
		}
		d, err := rows.ParseNumber(noisy)
		if want, _ := money.Parse(noisy); err != nil || !d.Equal(want) {
			t.Errorf("%s read as %v, %v", noisy, d, err)
		}
	}
}

func TestTrapResourceGroupCase(t *testing.T) {
	if !bytes.Contains(sample(t, "daily-rated-usage.jsonl"), []byte(`"RG-ERP-PROD"`)) {
		t.Fatal("the sample has no upper-case group")
	}
	for _, set := range mustRead(t, Bytes("u", sample(t, "daily-rated-usage.jsonl"))).Usage {
		for _, g := range set.Groups {
			if g.ResourceGroup != strings.ToLower(g.ResourceGroup) {
				t.Errorf("resource group %q", g.ResourceGroup)
			}
		}
	}
}

// TestTrapEarnedCreditAndZeroCost checks BeforePEC against the rows themselves: list price for earned credit, cost for the rest.
func TestTrapEarnedCreditAndZeroCost(t *testing.T) {
	data := sample(t, "daily-rated-usage.jsonl")
	want, plain, credited, zero := new(big.Rat), 0, 0, 0
	num := func(row map[string]any, k string) *big.Rat {
		r, _ := new(big.Rat).SetString(row[k].(json.Number).String())
		return r
	}
	for line := range bytes.Lines(data) {
		var row map[string]any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		_ = d.Decode(&row)
		if row["InvoiceNumber"] != "G104775210" {
			continue
		}
		switch cost := num(row, "BillingPreTaxTotal"); {
		case cost.Sign() == 0:
			zero++
		case num(row, "PartnerEarnedCreditPercentage").Sign() > 0:
			credited++
			p := num(row, "UnitPrice")
			p.Mul(p, num(row, "Quantity"))
			want.Add(want, p.Mul(p, num(row, "PCToBCExchangeRate")))
		default:
			plain++
			want.Add(want, cost)
		}
	}
	if plain == 0 || credited == 0 || zero == 0 {
		t.Fatalf("the sample lost a trap: %d plain, %d credited, %d zero", plain, credited, zero)
	}
	got := money.Totals{}
	for _, g := range mustRead(t, Bytes("u", data)).Usage[0].Groups {
		got.Add(g.BeforePEC)
	}
	sum, _ := new(big.Rat).SetString(got.In("EUR").Value().String())
	if sum.Cmp(want) != 0 {
		t.Errorf("before earned credit %v, want %s", got, want.FloatString(18))
	}
}

func TestTrapTwoPartnersStayApart(t *testing.T) {
	im := clean(t, mustRead(t, Bytes("u", sample(t, "daily-rated-usage.jsonl"))))
	if im.Usage[0].ID.PartnerID == im.Usage[1].ID.PartnerID || im.Usage[0].Rows != 29 || im.Usage[1].Rows != 4 || len(im.Files[0].Sets) != 2 {
		t.Errorf("sets %v (%d) and %v (%d)", im.Usage[0].ID, im.Usage[0].Rows, im.Usage[1].ID, im.Usage[1].Rows)
	}
	if im.Usage[1].Total.Amounts()[0].Currency() != "USD" {
		t.Errorf("second partner in %v", im.Usage[1].Total)
	}
}

func TestTagsWithEscapedQuotesDoNotBreakRows(t *testing.T) {
	if !bytes.Contains(sample(t, "daily-rated-usage.jsonl"), []byte(`\"`)) {
		t.Fatal("the sample has no escaped quotes")
	}
	clean(t, mustRead(t, Bytes("u", sample(t, "daily-rated-usage.jsonl"))))
}

func gz(t *testing.T, parts ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, p := range parts {
		w := gzip.NewWriter(&out)
		_, _ = w.Write(p)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}
