package gallery

import (
	"spindle/internal/account"
	"spindle/internal/web/view"
)

// longName is a name that no table was made for.
const longName = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft für Tourismus, Verkehr & Energie mbH"

// shellAs is what surrounds a page for somebody with a role.
func shellAs(role account.Role, nav, title string) view.Shell {
	s := view.Shell{Title: title, Nav: nav, Org: view.Org{ID: "northwind", Name: "Northwind IT", Role: string(role)},
		Person: view.Person{Name: "Ann Baker", Email: "ann@northwind.example", Role: string(role)}, May: map[string]bool{}}
	for _, p := range account.Permissions() {
		s.May[string(p)] = role.May(p)
	}
	return s
}

// runShell surrounds a page for somebody who may do everything.
func runShell(nav, title string) view.Shell { return shellAs(account.Owner, nav, title) }

// otherRoles are those besides the owner, in which all other samples are.
func otherRoles() []account.Role { return account.Roles()[1:] }

// manyOrganizations adds the switcher to a shell.
func manyOrganizations(s view.Shell) view.Shell {
	s.Orgs = []view.Org{s.Org, {ID: "southwind", Name: "Southwind Services", Role: "viewer"}, {ID: "long", Name: longName, Role: "approver"}}
	return s
}

// noticed puts a notice on top of a page.
func noticed(s view.Shell, n view.Notice) view.Shell {
	s.Notice = n
	return s
}
