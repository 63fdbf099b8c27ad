package account

import (
	"context"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/store"
)

// Actor is who acts: a member in one organization, a program with an API token, or the operator at the command line.
type Actor struct {
	Name         string       // in the audit trail; of a member his address
	User         store.UserID // "" for the operator and for tokens he made
	Organization billing.OrganizationID
	Role         Role
	Operator     bool // the whole installation is his: he has the database and the key
}

// Operator is who uses the command line under a name.
func Operator(name string) Actor { return Actor{Name: name, Role: Owner, Operator: true} }

// May reports whether the actor has a permission in his organization.
func (a Actor) May(p Permission) bool { return a.Role.May(p) }

// must refuses an actor who lacks a permission.
func (a Actor) must(p Permission) error {
	if a.May(p) {
		return nil
	}
	return fault.Unauthorizedf("the role %s may not do this: it needs the permission %q", a.Role, p).Do("ask an owner")
}

// mustIn refuses an actor who lacks a permission, or has it in another organization only.
func (a Actor) mustIn(org billing.OrganizationID, p Permission) error {
	if !a.Operator && a.Organization != org {
		return fault.NotFoundf("there is no organization %q", org)
	}
	return a.must(p)
}

// mustGrant refuses an actor who would give or take a role that may more than his own.
func (a Actor) mustGrant(r Role) error {
	if a.Role.Covers(r) {
		return nil
	}
	return fault.Unauthorizedf("the role %s may not give or take the role %s", a.Role, r).WithField("role").Do("ask an owner")
}

// overUser refuses acts on a person as a whole: his links, his lock, his one-time passwords. They would open every organization he
// belongs to, so they take somebody whose role covers his in all of them. Everybody may do them to himself.
func (s *Service) overUser(ctx context.Context, user store.UserID, by Actor) error {
	if by.Operator || by.User != "" && by.User == user {
		return nil
	}
	if err := by.must(Users); err != nil {
		return err
	}
	memberships, err := s.Store.Memberships(ctx, user)
	if err != nil {
		return err
	}
	mine := false
	for _, m := range memberships {
		mine = mine || m.Organization.ID == by.Organization
	}
	if !mine {
		return fault.NotFoundf("there is no user %s", user)
	}
	if len(memberships) > 1 {
		return fault.Unauthorizedf("this person belongs to other organizations too").
			Do("remove the membership here, or ask the operator of this installation: spindle users --help")
	}
	return by.mustGrant(Role(memberships[0].Role))
}
