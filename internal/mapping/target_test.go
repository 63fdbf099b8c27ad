package mapping

import (
	"strings"
	"testing"

	"spindle/internal/billing"
)

func TestSuggestContracts(t *testing.T) {
	contract := func(id billing.ContractID, name string, change ...func(*billing.Contract)) billing.Contract {
		c := billing.Contract{ID: id, CompanyID: "1", Name: name, PeriodType: billing.PeriodMonth, Active: true, Recurring: true}
		for _, f := range change {
			f(&c)
		}
		return c
	}
	contracts := []billing.Contract{
		contract("10", "Managed workplace"),
		contract("11", "Microsoft 365 licences"),
		contract("12", "Cloud", func(c *billing.Contract) { c.Active = false }),
		contract("13", "Cloud", func(c *billing.Contract) { c.Recurring = false }),
		contract("14", "Cloud", func(c *billing.Contract) { c.CompanyID = "2" }),
		contract("15", "Cloud services – Alder Ridge", func(c *billing.Contract) { c.Mark = "SPN-0123456789abcdef" }),
		contract("16", "Support", func(c *billing.Contract) { c.PeriodType = billing.PeriodYear }),
	}
	got := SuggestContracts("1", contracts)
	var order []string
	for _, s := range got {
		order = append(order, string(s.ContractID))
	}
	if strings.Join(order, " ") != "15 11 10 16" {
		t.Errorf("order %v: %+v", order, got)
	}
	only := SuggestContracts("2", contracts)
	if len(only) != 1 || only[0].Score < 80 || !strings.Contains(strings.Join(only[0].Evidence, ";"), "only recurring contract") {
		t.Errorf("only contract: %+v", only)
	}
	if none := SuggestContracts("3", contracts); len(none) != 0 {
		t.Errorf("foreign contracts: %+v", none)
	}
}

func TestSuggestServices(t *testing.T) {
	service := func(id billing.ServiceID, name string, period billing.PeriodType) billing.Service {
		return billing.Service{ID: id, Name: name, PeriodType: period, Active: true}
	}
	month := func(product string) billing.Offer {
		return billing.Offer{ProductID: product, SKUID: "0001", Term: "P1Y", Frequency: billing.Monthly}
	}
	catalogue := []billing.Service{
		service("1", "Microsoft 365 Business Premium", billing.PeriodMonth),
		service("2", "Microsoft 365 Business Premium", billing.PeriodYear),
		service("3", "M365 Business Standard", billing.PeriodMonth),
		service("4", "Exchange Online Plan 1", billing.PeriodMonth),
		service("5", "Exchange Online (Plan 2)", billing.PeriodMonth),
		service("6", "Office 365 E3", billing.PeriodMonth),
		service("7", "Office 365 E5", billing.PeriodMonth),
		{ID: "8", Name: "Power BI Pro", PeriodType: billing.PeriodMonth},
		{ID: "9", Name: "Old name", SKU: "CFQ7TTC034ZW:0001:P1Y:monthly", PeriodType: billing.PeriodMonth, Active: true},
		{ID: "10", Name: "Renamed by a clerk", Mark: billing.ServiceMark(month("CFQ7TTC0VN83")), PeriodType: billing.PeriodMonth, Active: true},
	}
	tests := []struct {
		name  string
		offer billing.Offer
		text  string
		best  billing.ServiceID
		low   int
	}{
		{"same name", month("CFQ7TTC07DHZ"), "Microsoft 365 Business Premium (P1Y, monthly)", "1", 95},
		{"yearly takes the yearly one", billing.Offer{ProductID: "CFQ7TTC07DHZ", SKUID: "0001", Term: "P1Y", Frequency: billing.Annual}, "Microsoft 365 Business Premium (P1Y, annual)", "2", 95},
		{"short form", month("x"), "Microsoft 365 Business Standard", "3", 90},
		{"plan 1 is not plan 2", month("x"), "Exchange Online (Plan 1)", "4", 95},
		{"plan 2 is not plan 1", month("x"), "Exchange Online (Plan 2)", "5", 95},
		{"E5 is not E3", month("x"), "Office 365 E5", "7", 95},
		{"E1 is neither", month("x"), "Office 365 E1", "", 0},
		{"inactive", month("x"), "Power BI Pro", "", 0},
		{"by SKU", month("CFQ7TTC034ZW"), "Microsoft 365 E3 (no Teams)", "9", 97},
		{"by our mark", month("CFQ7TTC0VN83"), "Microsoft Teams Premium", "10", 100},
		{"three years have no service", billing.Offer{ProductID: "p", Frequency: billing.Triennial}, "Microsoft 365 Business Premium", "", 0},
		{"nothing alike", month("x"), "Visio Plan 2", "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := SuggestServices(test.offer, test.text, catalogue)
			if test.best == "" {
				if len(got) > 0 {
					t.Fatalf("suggested %+v", got)
				}
				return
			}
			if len(got) == 0 || got[0].ServiceID != test.best || got[0].Score < test.low || len(got[0].Evidence) == 0 {
				t.Fatalf("got %+v, want %s with %d or more", got, test.best, test.low)
			}
		})
	}
}

func TestParseNames(t *testing.T) {
	tests := []struct{ raw, core, forms string }{
		{"Alder Ridge Dental Group B.V.", "alderridgedentalgroup", "bv"},
		{"Weber GmbH & Co. KG", "weber", "co gmbh kg"},
		{"The Book Company", "book", "co"},
		{"Stichting Zorg", "zorg", "stichting"},
		{"AG", "ag", ""},
		{"O'Neill & Sons plc", "oneillsons", "plc"},
		{"Größe 100", "grosse100", ""},
		{"M365 Std", "microsoft365standard", ""},
		{"", "", ""},
	}
	for _, test := range tests {
		n := parse(test.raw)
		if core := strings.ReplaceAll(n.core, "oe", "o"); core != test.core || strings.Join(n.forms, " ") != test.forms {
			t.Errorf("parse(%q) = %q %v, want %q %q", test.raw, n.core, n.forms, test.core, test.forms)
		}
	}
}

func TestEdits(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"müller", "muller", 1}}
	for _, test := range tests {
		if got := edits([]rune(test.a), []rune(test.b)); got != test.want {
			t.Errorf("edits(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
		if got := edits([]rune(test.b), []rune(test.a)); got != test.want {
			t.Errorf("edits(%q, %q) = %d, want %d", test.b, test.a, got, test.want)
		}
	}
}
