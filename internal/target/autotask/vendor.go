package autotask

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/target"
)

// vendor looks for the company that the settings name as vendor: it must be exactly one, active (design §2, step 4).
func (c *checking) vendor(ctx context.Context) {
	const name = "Vendor company"
	s := c.t.cfg.Settings
	if s.VendorName == "" && s.VendorCompanyID == "" {
		c.add(name, target.CheckSkipped, "no vendor is set yet", "")
		return
	}
	companies, err := c.t.companies(ctx)
	if c.failed(name, err) {
		return
	}
	var exact []wireCompany
	for _, company := range companies {
		if s.VendorCompanyID != "" && company.ID.String() == string(s.VendorCompanyID) || s.VendorCompanyID == "" && company.Name == s.VendorName {
			exact = append(exact, company)
		}
	}
	const remedy = "set the vendor name to one company's exact name in the service settings, or create the company in Autotask: CRM > New > Organization, type Vendor"
	wanted := orText(s.VendorName, "company "+string(s.VendorCompanyID))
	switch {
	case len(exact) == 0:
		c.add(name, target.CheckFailed, fmt.Sprintf("no company is called %q; near matches: %s", wanted, orText(listed(nearest(companies, wanted)), "none")), remedy)
	case len(exact) > 1:
		var ids []string
		for _, company := range exact {
			ids = append(ids, company.ID.String())
		}
		c.add(name, target.CheckFailed, fmt.Sprintf("%d companies are called %q: ids %s", len(exact), wanted, strings.Join(ids, ", ")), "give the vendor's company a name of its own in Autotask")
	case s.VendorName != "" && exact[0].Name != s.VendorName:
		c.add(name, target.CheckFailed, fmt.Sprintf("company %s is called %q, the settings say %q", s.VendorCompanyID, exact[0].Name, s.VendorName), remedy)
	case !bool(exact[0].Active):
		c.add(name, target.CheckFailed, fmt.Sprintf("%q is inactive", exact[0].Name), "activate the company in Autotask, or name another one")
	default:
		c.add(name, target.CheckPassed, fmt.Sprintf("%s, id %s", exact[0].Name, exact[0].ID), "")
	}
}

// nearPerMille is how alike a name must be to be offered.
const nearPerMille = 300

// nearest lists up to five company names that share most letter pairs with the wanted one, best first.
func nearest(companies []wireCompany, wanted string) []string {
	type scored struct {
		name  string
		score int
	}
	var near []scored
	for _, company := range companies {
		if s := similarity(company.Name, wanted); s >= nearPerMille {
			near = append(near, scored{company.Name, s})
		}
	}
	slices.SortFunc(near, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.name, b.name)) })
	var names []string
	for _, n := range near[:min(5, len(near))] {
		names = append(names, n.name)
	}
	return names
}

// similarity is the share of letter pairs that two names have in common, in per mille, whatever their case.
func similarity(a, b string) int {
	left, right := pairs(a), pairs(b)
	if len(left)+len(right) == 0 {
		return 0
	}
	counts := map[string]int{}
	for _, p := range left {
		counts[p]++
	}
	common := 0
	for _, p := range right {
		if counts[p] > 0 {
			counts[p]--
			common++
		}
	}
	return 2000 * common / (len(left) + len(right))
}

func pairs(name string) []string {
	letters := []rune(strings.ToLower(name))
	var list []string
	for i := 0; i+1 < len(letters); i++ {
		list = append(list, string(letters[i:i+2]))
	}
	return list
}
