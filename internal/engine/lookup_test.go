package engine

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// A row names its customer by tenant id or exact name; what fits nobody is answered with what is near.
func TestWhoARowIsFor(t *testing.T) {
	find := lookupOf([]billing.Customer{{ID: "5a010002-0001-4002-800e-5b1d1e000002", Name: "Cobalt Harbor Foods"}, {ID: "5a010003-0001-4003-8015-5b1d1e000003", Name: "Dunmore"},
		{ID: "77777777-0001-4003-8015-5b1d1e000009", Name: "Dunmore"}, {ID: "88888888-9999-4003-8015-5b1d1e000010"}}, map[billing.CustomerID]bool{"99999999-8888-4777-8666-555555555555": true})
	for _, tc := range []struct{ text, id, problem, remedy string }{
		{"5a010002-0001-4002-800e-5b1d1e000002", "5a010002-0001-4002-800e-5b1d1e000002", "", ""},
		{"5A010002-0001-4002-800E-5B1D1E000002", "5a010002-0001-4002-800e-5b1d1e000002", "", ""},
		{"88888888-9999-4003-8015-5b1d1e000010", "88888888-9999-4003-8015-5b1d1e000010", "", ""}, // its name is not known
		{"99999999-8888-4777-8666-555555555555", "99999999-8888-4777-8666-555555555555", "", ""}, // gone at Microsoft, and has services
		{"Cobalt Harbor Foods", "5a010002-0001-4002-800e-5b1d1e000002", "", ""},
		{"Dunmore", "", "2 customers have this name", "write the tenant id: 5a010003-0001-4003-8015-5b1d1e000003 or 77777777-0001-4003-8015-5b1d1e000009"},
		{"5a010002-0001-4002-800e-5b1d1e000020", "", "there is no customer with this tenant id or exact name", "near ids: 5a010002-0001-4002-800e-5b1d1e000002 (Cobalt Harbor Foods), 5a010003-0001-4003-8015-5b1d1e000003 (Dunmore), 77777777-0001-4003-8015-5b1d1e000009 (Dunmore)"},
		{"Cobalt Habor Foods", "", "there is no customer with this tenant id or exact name", "near names: \"Cobalt Harbor Foods\"; spindle customers list shows all"},
		{"Zephyr", "", "there is no customer with this tenant id or exact name", "spindle customers list shows all"},
	} {
		id, err := find(tc.text)
		problem := ""
		if err != nil {
			problem = err.Error()
		}
		if string(id) != tc.id || problem != tc.problem || fault.Remedy(err) != tc.remedy {
			t.Errorf("%s: %q, %q, %q", tc.text, id, problem, fault.Remedy(err))
		}
	}
}
