package mapping

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

func customer(name string) billing.Customer { return billing.Customer{ID: "c1", Name: name} }

func company(id billing.CompanyID, name string) billing.Company {
	return billing.Company{ID: id, Name: name, Type: "Customer", Active: true}
}

// TestSuggestCompanies holds real-life traps. best is the id of the first suggestion, "" for none; low and high bound its score.
func TestSuggestCompanies(t *testing.T) {
	tests := []struct {
		name      string
		customer  billing.Customer
		companies []billing.Company
		best      billing.CompanyID
		low, high int
		evidence  string // part of the evidence of the first
	}{
		{"same name", customer("Alder Ridge Dental Group"), []billing.Company{company("1", "Alder Ridge Dental Group"), company("2", "Cobalt Harbor")}, "1", 95, 100, "same name"},
		{"case and blanks", customer("ALDER RIDGE dental group "), []billing.Company{company("1", "Alder Ridge Dental Group")}, "1", 95, 100, "same name"},
		{"legal form on one side", customer("Dunmore Analytics"), []billing.Company{company("1", "Dunmore Analytics Ltd.")}, "1", 90, 100, "legal form"},
		{"legal form spelled out", customer("Dunmore Analytics Limited"), []billing.Company{company("1", "Dunmore Analytics Ltd")}, "1", 90, 100, ""},
		{"B.V. and bv", customer("Jansen Transport B.V."), []billing.Company{company("1", "Jansen Transport BV")}, "1", 90, 100, ""},
		{"GmbH & Co. KG", customer("Weber Maschinenbau GmbH & Co. KG"), []billing.Company{company("1", "Weber Maschinenbau")}, "1", 90, 100, ""},
		{"umlaut and digraph", customer("Müller Söhne GmbH"), []billing.Company{company("1", "Mueller Soehne")}, "1", 90, 100, ""},
		{"umlaut left out", customer("Müller Söhne GmbH"), []billing.Company{company("1", "Muller Sohne GmbH")}, "1", 90, 100, ""},
		{"nordic letters", customer("Århus Søfart A/S"), []billing.Company{company("1", "Aarhus Soefart AS")}, "1", 90, 100, ""},
		{"french accents", customer("Boulangerie Théâtre SARL"), []billing.Company{company("1", "Boulangerie Theatre")}, "1", 90, 100, ""},
		{"ampersand and and", customer("Smith & Sons"), []billing.Company{company("1", "Smith and Sons Ltd")}, "1", 90, 100, ""},
		{"und and ampersand", customer("Schmidt und Partner"), []billing.Company{company("1", "Schmidt & Partner")}, "1", 90, 100, ""},
		{"words turned round", customer("Brightwater Logistics"), []billing.Company{company("1", "Logistics Brightwater")}, "1", 85, 92, "another order"},
		{"a slip of the pen", customer("Brightwater Logistics"), []billing.Company{company("1", "Brigthwater Logistics")}, "1", 75, 89, ""},
		{"short form", customer("Cobalt Harbor International Manufacturing"), []billing.Company{company("1", "Cobalt Harbor Intl Mfg")}, "1", 85, 100, ""},
		{"initials", customer("Alder Ridge Dental Group"), []billing.Company{company("1", "ARDG")}, "1", 50, 70, "initials"},
		{"more words in the target", customer("Eastfen"), []billing.Company{company("1", "Eastfen Municipal Holding")}, "1", 40, 80, "shares words"},
		{"domain only", billing.Customer{ID: "c1", Name: "Tandartsen Noord", Domain: "alderridgedental.onmicrosoft.com"},
			[]billing.Company{company("1", "Alder Ridge Dental")}, "1", 55, 70, "domain alderridgedental.onmicrosoft.com"},
		{"domain supports the name", billing.Customer{ID: "c1", Name: "Alder Ridge", Domain: "alderridge.nl"},
			[]billing.Company{company("1", "Alder Ridge"), company("2", "Alder Ridge Farm")}, "1", 98, 100, "domain"},
		{"company number is the tenant id", billing.Customer{ID: "b81e8504", Name: "Completely Renamed"},
			[]billing.Company{{ID: "1", Name: "Old Name", Number: "B81E8504", Type: "Customer", Active: true}}, "1", 100, 100, "company number"},
		{"company number is the domain", billing.Customer{ID: "c1", Name: "Completely Renamed", Domain: "old.example"},
			[]billing.Company{{ID: "1", Name: "Old Name", Number: "old.example", Type: "Customer", Active: true}}, "1", 100, 100, "company number"},
		{"no company fits", customer("Zephyr Quantum"), []billing.Company{company("1", "Alder Ridge"), company("2", "Cobalt Harbor")}, "", 0, 0, ""},
		{"only a weak word is shared", customer("Zephyr Group"), []billing.Company{company("1", "Alder Group")}, "", 0, 0, ""},
		{"vendors are left out", customer("Microsoft"), []billing.Company{{ID: "1", Name: "Microsoft", Type: "Vendor", Active: true}}, "", 0, 0, ""},
		{"inactive ones are left out", customer("Alder Ridge"), []billing.Company{{ID: "1", Name: "Alder Ridge", Type: "Customer"}}, "", 0, 0, ""},
		{"a prospect scores less", customer("Alder Ridge"), []billing.Company{{ID: "1", Name: "Alder Ridge", Type: "Prospect", Active: true}}, "1", 80, 89, "Prospect"},
		{"other legal entity", customer("Acme GmbH"), []billing.Company{company("1", "Acme BV"), company("2", "Acme GmbH")}, "2", 90, 100, ""},
		{"only the other legal entity", customer("Acme GmbH"), []billing.Company{company("1", "Acme BV")}, "1", 70, 85, "legal forms differ: gmbh and bv"},
		{"country against legal form", billing.Customer{ID: "c1", Name: "Acme", Country: "NL"}, []billing.Company{company("1", "Acme GmbH")}, "1", 80, 89, "in NL"},
		{"country with legal form", billing.Customer{ID: "c1", Name: "Acme", Country: "nl"}, []billing.Company{company("1", "Acme B.V.")}, "1", 90, 100, ""},
		{"no name at all", customer(""), []billing.Company{company("1", "Alder Ridge")}, "", 0, 0, ""},
		{"a name of signs", customer("***"), []billing.Company{company("1", "---")}, "", 0, 0, ""},
		{"a name that is a legal form", customer("AG"), []billing.Company{company("1", "AG")}, "1", 95, 100, "same name"},
		{"no companies", customer("Alder Ridge"), nil, "", 0, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := SuggestCompanies([]billing.Customer{test.customer}, test.companies, nil)
			if test.best == "" {
				if len(got) != 0 {
					t.Fatalf("suggested %+v, want nothing", got)
				}
				return
			}
			if len(got) == 0 {
				t.Fatal("nothing suggested")
			}
			first := got[0]
			if first.CompanyID != test.best || first.Score < test.low || first.Score > test.high {
				t.Errorf("first %+v, want company %s with %d to %d", first, test.best, test.low, test.high)
			}
			if !strings.Contains(strings.Join(first.Evidence, "; "), test.evidence) {
				t.Errorf("evidence %q lacks %q", first.Evidence, test.evidence)
			}
		})
	}
}

func TestTwinCompaniesAreListedAndCapped(t *testing.T) {
	got := SuggestCompanies([]billing.Customer{customer("Alder Ridge")}, []billing.Company{company("1", "Alder Ridge"), company("2", "Alder Ridge Ltd"), company("3", "Alder Ridge Farm")}, nil)
	if len(got) < 2 || got[0].CompanyID == "3" || got[1].CompanyID == "3" {
		t.Fatalf("got %+v", got)
	}
	for _, s := range got[:2] {
		if s.Score > ambiguousCap || !strings.Contains(strings.Join(s.Evidence, "; "), "2 companies are called") {
			t.Errorf("twin %+v is not flagged", s)
		}
	}
}

func TestTwinCustomersAreCapped(t *testing.T) {
	twins := []billing.Customer{{ID: "c1", Name: "Alder Ridge"}, {ID: "c2", Name: "Alder Ridge BV"}}
	got := SuggestCompanies(twins, []billing.Company{company("1", "Alder Ridge")}, nil)
	if len(got) != 2 {
		t.Fatalf("got %+v", got)
	}
	for _, s := range got {
		if s.Score > ambiguousCap || !strings.Contains(strings.Join(s.Evidence, "; "), "2 customers are called") {
			t.Errorf("%+v is not flagged", s)
		}
	}
	if same := SuggestCompanies([]billing.Customer{twins[0], twins[0]}, []billing.Company{company("1", "Alder Ridge")}, nil); len(same) != 1 || same[0].Score < 90 {
		t.Errorf("a customer given twice is not its own twin: %+v", same)
	}
}

func TestTakenCompaniesComeLast(t *testing.T) {
	companies := []billing.Company{company("1", "Alder Ridge"), company("2", "Alder Ridge Farm")}
	got := SuggestCompanies([]billing.Customer{customer("Alder Ridge")}, companies, map[billing.CompanyID]billing.CustomerID{"1": "somebody"})
	i := slices.IndexFunc(got, func(s Suggestion) bool { return s.CompanyID == "1" })
	if i < 0 || got[i].Score > 70 || !slices.Contains(got[i].Evidence, "already mapped to another customer") {
		t.Errorf("got %+v", got)
	}
	own := SuggestCompanies([]billing.Customer{customer("Alder Ridge")}, companies, map[billing.CompanyID]billing.CustomerID{"1": "c1"})
	if own[0].Score < 95 {
		t.Errorf("its own mapping lowers the score: %+v", own[0])
	}
}

func TestBestFirst(t *testing.T) {
	customers := []billing.Customer{{ID: "c1", Name: "Brightwater Logistics"}, {ID: "c2", Name: "Alder Ridge"}}
	companies := []billing.Company{company("1", "Alder Ridge"), company("2", "Brightwatr Logistics"), company("3", "Brightwater Shipping")}
	got := SuggestCompanies(customers, companies, nil)
	if len(got) < 3 || got[0].CustomerID != "c2" || got[1].CompanyID != "2" || got[2].CompanyID != "3" {
		t.Errorf("got %+v", got)
	}
}

// TestSuggestionsAreDeterministic: order of input does not matter, scores stay in bounds, at most five per customer.
func TestSuggestionsAreDeterministic(t *testing.T) {
	words := []string{"Alder", "Ridge", "Dental", "Group", "GmbH", "BV", "Müller", "&", "Söhne", "Cobalt", "Intl", "AG"}
	drawName := func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 4).Draw(t, "words"), " ")
	}
	rapid.Check(t, func(t *rapid.T) {
		var customers []billing.Customer
		for i := range rapid.IntRange(0, 4).Draw(t, "customers") {
			customers = append(customers, billing.Customer{ID: billing.CustomerID(rune('a' + i)), Name: drawName(t), Domain: rapid.SampledFrom([]string{"", "alderridge.nl", "x"}).Draw(t, "domain")})
		}
		var companies []billing.Company
		for i := range rapid.IntRange(0, 9).Draw(t, "companies") {
			c := company(billing.CompanyID(rune('0'+i)), drawName(t))
			c.Active = rapid.IntRange(0, 5).Draw(t, "active") > 0
			companies = append(companies, c)
		}
		want := SuggestCompanies(customers, companies, nil)
		got := SuggestCompanies(rapid.Permutation(customers).Draw(t, "p"), rapid.Permutation(companies).Draw(t, "q"), nil)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v\n%+v", got, want)
		}
		count := map[billing.CustomerID]int{}
		for _, s := range want {
			count[s.CustomerID]++
			if s.Score < scoreMin || s.Score > 100 || len(s.Evidence) == 0 || count[s.CustomerID] > perCustomer {
				t.Fatalf("bad suggestion %+v", s)
			}
			if i := slices.IndexFunc(companies, func(c billing.Company) bool { return c.ID == s.CompanyID }); !companies[i].Active {
				t.Fatalf("inactive company suggested: %+v", s)
			}
		}
	})
}

func TestNear(t *testing.T) {
	vendors := []string{"Microsoft", "Microsoft Ireland Operations Ltd", "Micro Center", "Ingram Micro", "Dell", "Mikrosoft GmbH"}
	tests := []struct {
		wanted string
		names  []string
		n      int
		want   []string
	}{
		{"Microsoft", vendors, 1, []string{"Microsoft"}},
		{"microsoft", vendors, 2, []string{"Microsoft", "Mikrosoft GmbH"}},
		{"Microsft", vendors, 2, []string{"Microsoft", "Mikrosoft GmbH"}},
		{"Ingram", vendors, 1, []string{"Ingram Micro"}},
		{"Brightwatr", []string{"Alder Ridge Dental", "Brightwater Logistics, B.V."}, 3, []string{"Brightwater Logistics, B.V."}}, // one word, mistyped
		{"Logistcs", []string{"Alder Ridge Dental", "Brightwater Logistics, B.V."}, 3, []string{"Brightwater Logistics, B.V."}},
		{"Nobody", []string{"Alder Ridge Dental", "Brightwater Logistics, B.V."}, 3, nil},
		{"Zephyr", vendors, 3, nil},
		{"Dell", vendors, 0, nil},
		{"Dell", nil, 3, nil},
		{"Dell", []string{"Dell", "Dell"}, 3, []string{"Dell"}},
		{"", []string{"Dell"}, 3, nil},
		{"colour", []string{"hold-over", "schedule", "vendor"}, 3, nil}, // letters in common are no likeness
		{"markup", []string{"hold-over", "product-markup", "service-markup"}, 3, []string{"service-markup", "product-markup"}},
		{"vendor-name", []string{"hold-over", "vendor", "azure-bundle-name"}, 1, []string{"vendor"}},
		{"hold-ovr", []string{"hold-over", "hold-first-time"}, 3, []string{"hold-over"}},
		{"b81e8504-f0cc-4f67-b67d-ab32807ff65e", []string{"b81e8504-f0cc-4f67-b67d-ab32807ff65f", "5a010002-0001-4002-800e-5b1d1e000002"}, 3,
			[]string{"b81e8504-f0cc-4f67-b67d-ab32807ff65f"}},
	}
	for _, test := range tests {
		if got := Near(test.wanted, test.names, test.n); !slices.Equal(got, test.want) {
			t.Errorf("Near(%q, %d) = %q, want %q", test.wanted, test.n, got, test.want)
		}
	}
}

// BenchmarkSuggestCompanies keeps an eye on a large MSP: 1,000 customers, 5,000 companies.
func BenchmarkSuggestCompanies(b *testing.B) {
	words := []string{"Alder", "Ridge", "Cobalt", "Harbor", "North", "Quay", "Fern", "Bank", "Stone", "River", "Dental", "Legal", "Freight", "Foods", "Media", "Paper"}
	pick := func(i int) string {
		return words[i%16] + words[i/16%16] + " " + words[i/256%16] + " " + words[(i*7)%16]
	}
	var customers []billing.Customer
	for i := range 1000 {
		customers = append(customers, billing.Customer{ID: billing.CustomerID(pick(i)), Name: pick(i * 5)})
	}
	var companies []billing.Company
	for i := range 5000 {
		companies = append(companies, company(billing.CompanyID(pick(i)+string(rune(i))), pick(i)+" Ltd"))
	}
	for b.Loop() {
		SuggestCompanies(customers, companies, nil)
	}
}
