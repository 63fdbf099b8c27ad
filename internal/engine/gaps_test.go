package engine

import (
	"fmt"
	"strings"
	"testing"

	"spindle/internal/billing"
)

func TestGroupGaps(t *testing.T) {
	of := func(customer, what, why string) billing.Gap {
		return billing.Gap{CustomerID: billing.CustomerID(customer), What: what, Why: why}
	}
	const id = "5a010000-0001-4001-8007-5b1d1e00000"
	var many []billing.Gap
	for i := range 9 {
		many = append(many, of(fmt.Sprint(i), fmt.Sprintf("subscriptions of Customer %d", i), fmt.Sprintf("host/customers/%s%d answered 500, request 7%d1234", id, i, i)))
	}
	for _, test := range []struct {
		name string
		gaps []billing.Gap
		want string
	}{
		{"none", nil, ""},
		{"one keeps its ids", many[:1], "subscriptions of Customer 0: host/customers/" + id + "0 answered 500, request 701234"},
		{"three are named", many[:3], "subscriptions of 3 customers (Customer 0; Customer 1; Customer 2): host/customers/… answered 500, request …"},
		{"names may hold commas", []billing.Gap{of("a", "subscriptions of Brightwater, B.V.", "x"), of("b", "subscriptions of Alder", "x")},
			"subscriptions of 2 customers (Brightwater, B.V.; Alder): x"},
		{"nine are counted", many, "subscriptions of 9 customers (Customer 0; Customer 1; Customer 2; and 6 more): host/customers/… answered 500, request …"},
		{"another cause stays apart", append(many[:2:2], of("x", "subscriptions of Bank of Ireland", "timeout")),
			"subscriptions of 2 customers (Customer 0; Customer 1): host/customers/… answered 500, request …\nsubscriptions of Bank of Ireland: timeout"},
		{"another status stays apart", []billing.Gap{of("a", "subscriptions of A", "answered 500"), of("b", "subscriptions of B", "answered 403")},
			"subscriptions of A: answered 500\nsubscriptions of B: answered 403"},
		{"plans of customers", []billing.Gap{of("a", "Azure subscriptions of plan p1 of A", "x"), of("b", "Azure subscriptions of plan p2 of B", "x")},
			"Azure subscriptions of 2 customers (A; B): x"},
		{"sets", []billing.Gap{of("", "invoice data billed-lines/p/G1", "x"), of("", "invoice data billed-usage/p/G1", "x")},
			"invoice data of 2 sets (billed-lines/p/G1; billed-usage/p/G1): x"},
		{"one set", []billing.Gap{of("", "invoice data billed-lines/p/G1", "x")}, "invoice data billed-lines/p/G1: x"},
		{"files stay as they are", []billing.Gap{of("", "file of october.csv", "2 of its rows could not be read")}, "file of october.csv: 2 of its rows could not be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var lines []string
			for _, g := range GroupGaps(test.gaps) {
				lines = append(lines, g.String()+": "+g.Why)
			}
			if got := strings.Join(lines, "\n"); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
