package account_test

import (
	"slices"
	"testing"

	"spindle/internal/account"
	"spindle/internal/fault"
)

// TestRolesMay states the whole table once more, by hand.
func TestRolesMay(t *testing.T) {
	want := map[account.Role][]account.Permission{
		account.Owner: {account.View, account.Map, account.Price, account.Import, account.Plan, account.Decide, account.Approve, account.Apply,
			account.Configure, account.Users, account.Owners},
		account.Admin: {account.View, account.Map, account.Price, account.Import, account.Plan, account.Decide, account.Approve, account.Apply,
			account.Configure, account.Users},
		account.Biller:   {account.View, account.Map, account.Price, account.Import, account.Plan, account.Decide},
		account.Approver: {account.View, account.Decide, account.Approve, account.Apply},
		account.Viewer:   {account.View},
		"":               nil,
		"superuser":      nil,
	}
	for role, permissions := range want {
		for _, p := range append(account.Permissions(), "", "everything") {
			if got := role.May(p); got != slices.Contains(permissions, p) {
				t.Errorf("%q may %q: %v", role, p, got)
			}
		}
	}
	if len(account.Roles()) != 5 || len(account.Permissions()) != 11 {
		t.Errorf("roles %v, permissions %v", account.Roles(), account.Permissions())
	}
	for _, r := range account.Roles() {
		if r.Means() == "" {
			t.Errorf("nothing says what %s is for", r)
		}
	}
}

func TestRolesCover(t *testing.T) {
	for _, c := range []struct {
		role, other account.Role
		want        bool
	}{
		{account.Owner, account.Owner, true}, {account.Owner, account.Admin, true}, {account.Admin, account.Owner, false},
		{account.Admin, account.Approver, true}, {account.Biller, account.Approver, false}, {account.Approver, account.Biller, false},
		{account.Viewer, account.Biller, false}, {account.Approver, account.Viewer, true}, {"", account.Viewer, false},
	} {
		if got := c.role.Covers(c.other); got != c.want {
			t.Errorf("%s covers %s: %v", c.role, c.other, got)
		}
	}
}

func TestParseRole(t *testing.T) {
	for _, r := range account.Roles() {
		if got, err := account.ParseRole(string(r)); err != nil || got != r {
			t.Errorf("ParseRole(%q) = %q, %v", r, got, err)
		}
	}
	for _, text := range []string{"", "Owner", "root"} {
		_, err := account.ParseRole(text)
		if f := fault.Find(err); f == nil || f.Kind != fault.KindInvalid || f.Field != "role" || f.Remedy == "" {
			t.Errorf("ParseRole(%q): %v", text, err)
		}
	}
}
