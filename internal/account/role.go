// Package account knows the people of an installation: how they prove who they are and what each of them may do.
//
// Everything here is a rule over the store: roles and permissions, passwords, one-time passwords, lock-out, one-time links, API tokens
// and sign-in through an OpenID Connect provider. The console and the command line call the same methods of [Service]. No secret leaves
// a method except the one it was asked to make, and none is stored in clear (law 10).
package account

import (
	"slices"

	"spindle/internal/fault"
)

// Role is what a member of an organization is. It is a stored format: released values are never renamed.
type Role string

// The roles, the mightiest first.
const (
	Owner    Role = "owner"    // everything
	Admin    Role = "admin"    // everything but owners
	Biller   Role = "biller"   // maps, prices, imports and plans
	Approver Role = "approver" // approves, rejects and applies
	Viewer   Role = "viewer"   // looks
)

// Roles lists the roles, the mightiest first.
func Roles() []Role { return []Role{Owner, Admin, Biller, Approver, Viewer} }

// Permission is one kind of act.
type Permission string

// The permissions.
const (
	View      Permission = "view"      // see everything but secrets
	Map       Permission = "map"       // customers, contracts, services, billing switches
	Price     Permission = "price"     // price rules and price authority
	Import    Permission = "import"    // files and custom services
	Plan      Permission = "plan"      // start runs
	Decide    Permission = "decide"    // findings: done, ignored, snoozed
	Approve   Permission = "approve"   // approve and reject changes
	Apply     Permission = "apply"     // write to the target
	Configure Permission = "configure" // connections, settings, the enable switch, backup
	Users     Permission = "users"     // members, invitations, API tokens
	Owners    Permission = "owners"    // appoint and remove owners
)

// Permissions lists the permissions.
func Permissions() []Permission {
	return []Permission{View, Map, Price, Import, Plan, Decide, Approve, Apply, Configure, Users, Owners}
}

// granted is the one table of who may do what.
func (r Role) granted() []Permission {
	switch r {
	case Owner:
		return Permissions()
	case Admin:
		return []Permission{View, Map, Price, Import, Plan, Decide, Approve, Apply, Configure, Users}
	case Biller:
		return []Permission{View, Map, Price, Import, Plan, Decide}
	case Approver:
		return []Permission{View, Decide, Approve, Apply}
	case Viewer:
		return []Permission{View}
	}
	return nil
}

// May reports whether the role has the permission. An unknown role has none.
func (r Role) May(p Permission) bool { return slices.Contains(r.granted(), p) }

// Covers reports whether the role may do everything the other may: nobody gives away more than he has.
func (r Role) Covers(other Role) bool {
	for _, p := range other.granted() {
		if !r.May(p) {
			return false
		}
	}
	return true
}

// Means says in a few words what the role is for.
func (r Role) Means() string {
	switch r {
	case Owner:
		return "everything, owners included"
	case Admin:
		return "everything but owners"
	case Biller:
		return "maps, prices, imports and plans"
	case Approver:
		return "approves, rejects and applies"
	case Viewer:
		return "looks and changes nothing"
	}
	return ""
}

// ParseRole reads a role. Anything but the five words is a fault of kind invalid at field "role".
func ParseRole(text string) (Role, error) {
	if r := Role(text); slices.Contains(Roles(), r) {
		return r, nil
	}
	return "", fault.Invalidf("%q is not a role", text).WithField("role").Do("choose owner, admin, biller, approver or viewer")
}
