package file

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

func alder(text string) (billing.CustomerID, error) {
	const id = "b81e8504-f0cc-4f67-b67d-ab32807ff65f"
	if text == id || text == "Alder Ridge Dental Group" {
		return id, nil
	}
	return "", fault.Invalidf("there is no such customer").Do("near ids: " + id)
}

// Law 12: a tenant id of nobody is not taken for a customer: the row is refused with its line, field and value and the near matches, and the
// rows around it are kept.
func TestACustomerThatNobodyKnows(t *testing.T) {
	const rest = ",backup,Backup,1,4.50,,EUR,monthly,2026-10-01,\n"
	text := "customer,id,name,quantity,unit_cost,unit_price,currency,frequency,start,end\nAlder Ridge Dental Group" + rest +
		"b81e8504-f0cc-4f67-b67d-ab32807ff65e" + rest + "b81e8504-f0cc-4f67-b67d-ab32807ff65f" + strings.Replace(rest, "backup", "other", 1)
	got, broken, err := ReadCustomServices("c.csv", strings.NewReader(text), alder)
	if err != nil || len(got) != 2 || len(broken) != 1 {
		t.Fatalf("%d services, %+v, %v", len(got), broken, err)
	}
	want := RowError{File: "c.csv", Line: 3, Field: "customer", Value: "b81e8504-f0cc-4f67-b67d-ab32807ff65e", Problem: "there is no such customer",
		Remedy: "near ids: b81e8504-f0cc-4f67-b67d-ab32807ff65f"}
	if diff := cmp.Diff(want, broken[0]); diff != "" {
		t.Error(diff)
	}
}

func TestCustomTemplateReads(t *testing.T) {
	got, broken, err := ReadCustomServices("t.csv", strings.NewReader(CustomTemplate()), alder)
	if err != nil || len(broken) != 0 || len(got) != 2 {
		t.Fatalf("%v %v %v", got, broken, err)
	}
	a, b := got[0], got[1]
	if a.ID != "custom:managed-backup:b81e8504-f0cc-4f67-b67d-ab32807ff65f" || a.Quantity != 12 || a.UnitCost.String() != "4.50 EUR" || a.UnitPrice.String() != "7.90 EUR" ||
		a.Offer.String() != "custom:managed-backup::monthly" || !a.End.IsZero() || a.Kind != billing.CustomService {
		t.Errorf("%+v", a)
	}
	if b.CustomerID != a.CustomerID || b.UnitPrice != nil || b.End.String() != "2027-10-01" || b.Offer.Frequency != billing.Annual {
		t.Errorf("%+v", b)
	}
}

// A spreadsheet in German saves the template with semicolons, decimal commas and 01.10.2026: nothing in that has to be guessed.
func TestCustomServicesOfAGermanSpreadsheet(t *testing.T) {
	template := strings.NewReplacer(",", ";", "2026-10-01", "01.10.2026", "2027-09-30", "30.9.2027").Replace(CustomTemplate())
	for text, want := range map[string]string{
		strings.NewReplacer("4.50", "4,50", "7.90", "7,90", "220.00", "220").Replace(template): "4.50 EUR",
		template: "4.50 EUR", // points beside semicolons are as plain
	} {
		got, broken, err := ReadCustomServices("t.csv", strings.NewReader(text), alder)
		if err != nil || len(broken) != 0 || len(got) != 2 {
			t.Fatalf("%v %+v %v", got, broken, err)
		}
		if got[0].UnitCost.String() != want || got[0].Start.String() != "2026-10-01" || got[1].End.String() != "2027-10-01" {
			t.Errorf("%+v", got)
		}
	}
	// One file that writes both, and thousands, are not guessed.
	mixed := strings.Replace(template, "7.90", "7,90", 1)
	if _, broken, _ := ReadCustomServices("t.csv", strings.NewReader(mixed), alder); len(broken) != 1 || broken[0].Field != "unit_price" {
		t.Errorf("mixed: %+v", broken)
	}
	if _, broken := ParseCustomService(map[string]string{"unit_cost": "1,250"}, alder); !slices.ContainsFunc(broken, func(e RowError) bool {
		return e.Field == "unit_cost" && e.Problem == "the comma may stand for thousands or decimals"
	}) {
		t.Errorf("thousands: %+v", broken)
	}
}

func TestBrokenCustomServices(t *testing.T) {
	const id = "b81e8504-f0cc-4f67-b67d-ab32807ff65f"
	text := "\ufeffCustomer;ID;Name;Quantity;Unit_Cost;Unit_Price;Currency;Frequency;Start;End\r\n" +
		id + ";good;Good;2;1.5;;EUR;monthly;2026-10-01;\r\n" +
		"Nobody;a;A;2;1.5;;EUR;monthly;2026-10-01;\r\n" +
		id + ";b;B;2.5;1,5;;EUR;weekly;10/1/2026;\r\n" +
		id + ";good;Good;2;1.5;;EUR;monthly;2026-10-01;\r\n" +
		id + ";;D;;;;;;;\r\n" +
		id + ";e;E;2;-1;;EURO;annual;2026-10-01;2026-09-01\r\n" +
		"too;few\r\n" +
		id + ";last;Last;0;0;;EUR;monthly;2026-10-01;\r\n"
	got, broken, err := ReadCustomServices("c.csv", strings.NewReader(text), nil)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d services, %v", len(got), err)
	}
	var places []string
	for _, e := range broken {
		if e.File != "c.csv" || e.Remedy == "" || e.Problem == "" {
			t.Errorf("poor error %+v", e)
		}
		places = append(places, strings.TrimSpace(fmt.Sprint(e.Line, " ", e.Field)))
	}
	want := []string{"3 customer", "4 frequency", "4 quantity", "4 unit_cost", "4 start", "5 id", "6 id", "6 frequency", "6 quantity", "6 currency", "6 unit_cost", "6 start",
		"7 currency", "7 unit_cost", "7 end", "8"}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Error(diff)
	}
}

func TestCustomServicesWithoutColumns(t *testing.T) {
	for _, text := range []string{"", "a,b\n"} {
		if _, _, err := ReadCustomServices("c.csv", strings.NewReader(text), nil); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
