package mapping

import (
	"strings"
	"testing"

	"spindle/internal/billing"
)

func TestClearest(t *testing.T) {
	s := func(customer, company string, score int) Suggestion {
		return Suggestion{CustomerID: billing.CustomerID(customer), CompanyID: billing.CompanyID(company), Score: score}
	}
	for _, tt := range []struct {
		name string
		all  []Suggestion
		want string
	}{
		{"none", nil, ""},
		{"good enough", []Suggestion{s("a", "1", 80)}, "a1"},
		{"too weak", []Suggestion{s("a", "1", 79)}, ""},
		{"rival of the same score", []Suggestion{s("a", "1", 90), s("a", "2", 90)}, ""},
		{"weaker rival", []Suggestion{s("a", "1", 90), s("a", "2", 89)}, "a1"},
		{"two customers want one company", []Suggestion{s("a", "1", 95), s("b", "1", 90), s("c", "3", 85)}, "c3"},
		{"a second choice is no claim", []Suggestion{s("a", "1", 95), s("b", "2", 90), s("b", "1", 60)}, "a1 b2"},
	} {
		var got []string
		for _, c := range Clearest(tt.all, 80) {
			got = append(got, string(c.CustomerID)+string(c.CompanyID))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %v, want %q", tt.name, got, tt.want)
		}
	}
}
