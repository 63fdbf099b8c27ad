// Package mapping suggests mappings: which company a customer is, which contract and which service fit. A suggestion is never a
// decision; it carries a score and the evidence a person needs to decide.
//
// It is pure and deterministic: equal inputs in any order give equal suggestions.
package mapping

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"spindle/internal/billing"
)

const (
	scoreMin         = 40 // below, a suggestion is noise
	perCustomer      = 5  // suggestions shown for one customer
	ambiguousCap     = 75 // never in the range that people accept in bulk
	commonWordsMax   = 200
	otherTypePenalty = 10
	takenPenalty     = 30
	formPenalty      = 15
	countryPenalty   = 10
)

// Suggestion is an unconfirmed mapping of a customer to a company. Score is 0 to 100; 90 and more is safe to accept in bulk.
type Suggestion struct {
	CustomerID  billing.CustomerID
	CompanyID   billing.CompanyID
	CompanyName string
	Score       int
	Evidence    []string
}

// SuggestCompanies suggests companies for customers, best first. taken says which companies are mapped to which customer already.
// Vendors and inactive companies are left out. Twins — companies of one name — are all listed, with a capped score and the reason.
func SuggestCompanies(customers []billing.Customer, companies []billing.Company, taken map[billing.CompanyID]billing.CustomerID) []Suggestion {
	index := newCompanyIndex(companies)
	var all []Suggestion
	for _, group := range byCore(customers) {
		for _, c := range group.customers {
			list := suggestFor(c, index, taken)
			if len(group.customers) > 1 {
				capAll(list, fmt.Sprintf("%d customers are called %s", len(group.customers), c.Name))
			}
			all = append(all, list...)
		}
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		if a.Score != b.Score {
			return a.Score > b.Score
		}
		if a.CustomerID != b.CustomerID {
			return a.CustomerID < b.CustomerID
		}
		return a.CompanyID < b.CompanyID
	})
	return all
}

type customerGroup struct{ customers []billing.Customer }

// byCore groups customers of one name, so that twins at Microsoft are seen too.
func byCore(customers []billing.Customer) map[string]*customerGroup {
	groups := map[string]*customerGroup{}
	seen := map[billing.CustomerID]bool{}
	for _, c := range customers {
		if seen[c.ID] {
			continue
		}
		seen[c.ID] = true
		core := parse(c.Name).core
		if groups[core] == nil {
			groups[core] = &customerGroup{}
		}
		groups[core].customers = append(groups[core].customers, c)
	}
	return groups
}

// companyIndex finds the companies worth comparing, so that thousands of customers and companies stay quick.
type companyIndex struct {
	companies []parsedCompany
	words     map[string][]int
	cores     map[string]int // companies per core name
}

type parsedCompany struct {
	billing.Company
	name name
}

func newCompanyIndex(companies []billing.Company) companyIndex {
	index := companyIndex{words: map[string][]int{}, cores: map[string]int{}}
	for _, c := range companies {
		if c.Active && !strings.EqualFold(c.Type, "vendor") {
			index.companies = append(index.companies, parsedCompany{c, parse(c.Name)})
		}
	}
	sort.Slice(index.companies, func(i, j int) bool { return index.companies[i].ID < index.companies[j].ID })
	for i, c := range index.companies {
		index.cores[c.name.core]++
		for _, key := range keysOf(c.name) {
			index.words[key] = append(index.words[key], i)
		}
		for _, key := range []string{"#" + strings.ToLower(c.Number), "+" + c.name.initials()} {
			index.words[key] = append(index.words[key], i)
		}
	}
	return index
}

// keysOf gives the words of a name and their beginnings, and the beginning of the whole.
func keysOf(n name) []string {
	keys := map[string]bool{"^" + head(n.core): true}
	for _, t := range n.tokens {
		keys[t] = true
		keys[head(t)] = true
	}
	var list []string
	for k := range keys {
		list = append(list, k)
	}
	sort.Strings(list)
	return list
}

func head(s string) string { return string([]rune(s)[:min(4, len([]rune(s)))]) }

// candidates gives the companies that share a word, its beginning, the domain or the number with a customer. Words that very many
// companies share only count when there is nothing better.
func (x companyIndex) candidates(c billing.Customer, n name) []int {
	label := domainLabel(c.Domain)
	rare := append(keysOf(n), "^"+head(label), head(label), "#"+strings.ToLower(string(c.ID)), "#"+strings.ToLower(c.Domain), n.core, n.initials(), "+"+n.core, "+"+label)
	found := map[int]bool{}
	for _, limit := range []int{commonWordsMax, math.MaxInt} {
		for _, key := range rare {
			if at := x.words[key]; key != "#" && key != "^" && key != "+" && len(at) <= limit {
				for _, i := range at {
					found[i] = true
				}
			}
		}
		if len(found) > 0 {
			break
		}
	}
	var list []int
	for i := range found {
		list = append(list, i)
	}
	sort.Ints(list)
	return list
}

// domainLabel gives the part of a domain that names the customer: "alderridgedental" of alderridgedental.onmicrosoft.com.
func domainLabel(domain string) string {
	label, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(domain), "www."), ".")
	return digraphs.Replace(strings.ReplaceAll(label, "-", ""))
}

func suggestFor(c billing.Customer, index companyIndex, taken map[billing.CompanyID]billing.CustomerID) []Suggestion {
	n := parse(c.Name)
	var list []Suggestion
	for _, i := range index.candidates(c, n) {
		company := index.companies[i]
		score, evidence := compare(c, n, company)
		if other, isTaken := taken[company.ID]; isTaken && other != c.ID {
			score -= takenPenalty
			evidence = append(evidence, "already mapped to another customer")
		}
		if score >= scoreMin {
			list = append(list, Suggestion{c.ID, company.ID, company.Name, min(score, 100), evidence})
		}
	}
	flagTwins(list, index)
	sort.Slice(list, func(i, j int) bool {
		if list[i].Score != list[j].Score {
			return list[i].Score > list[j].Score
		}
		return list[i].CompanyID < list[j].CompanyID
	})
	return list[:min(len(list), perCustomer)]
}

// flagTwins caps the score of companies that share a name and that nothing tells apart.
func flagTwins(list []Suggestion, index companyIndex) {
	byName := map[string][]int{}
	for i, s := range list {
		core := parse(s.CompanyName).core
		if index.cores[core] > 1 {
			byName[core] = append(byName[core], i)
		}
	}
	for _, twins := range byName {
		best := 0
		for _, i := range twins {
			best = max(best, list[i].Score)
		}
		near := 0
		for _, i := range twins {
			if best-list[i].Score < formPenalty {
				near++
			}
		}
		if near < 2 {
			continue
		}
		for _, i := range twins {
			list[i].Score = min(list[i].Score, ambiguousCap)
			list[i].Evidence = append(list[i].Evidence, fmt.Sprintf("%d companies are called %s: check the number %s", near, list[i].CompanyName, list[i].CompanyID))
		}
	}
}

func capAll(list []Suggestion, why string) {
	for i := range list {
		list[i].Score = min(list[i].Score, ambiguousCap)
		list[i].Evidence = append(list[i].Evidence, why)
	}
}

// compare scores one pair and says why.
func compare(c billing.Customer, n name, company parsedCompany) (int, []string) {
	if company.Number != "" && (strings.EqualFold(company.Number, string(c.ID)) || strings.EqualFold(company.Number, c.Domain)) {
		return 100, []string{fmt.Sprintf("company number %s is the customer's", company.Number)}
	}
	score, why := compareNames(n, company.name)
	evidence := []string{}
	if why != "" {
		evidence = append(evidence, why)
	}
	bonus, why := compareDomain(c.Domain, company.name, score)
	score += bonus
	if why != "" {
		evidence = append(evidence, why)
	}
	for _, check := range []func() (int, string){
		func() (int, string) { return compareForms(n, company.name) },
		func() (int, string) { return compareCountry(c.Country, company.name) },
		func() (int, string) { return compareType(company.Type) },
	} {
		change, why := check()
		score += change
		if why != "" {
			evidence = append(evidence, why)
		}
	}
	return score, evidence
}

func compareNames(a, b name) (int, string) {
	if a.core == "" || b.core == "" {
		return 0, ""
	}
	part := overlap(a, b)
	spelled := similarity(a.core, b.core)
	switch {
	case strings.EqualFold(a.raw, b.raw):
		return 98, "same name"
	case a.core == b.core:
		return 95, "same name without legal form and spelling"
	case part == 1:
		return 90, "same words in another order"
	case len(a.tokens) >= 3 && b.core == a.initials() || len(b.tokens) >= 3 && a.core == b.initials():
		return 55, "the initials of the other name"
	case spelled >= 0.85 && spelled*88 > part*80:
		return int(spelled * 88), fmt.Sprintf("nearly the same spelling (%d %%)", int(spelled*100))
	case part > 0:
		return int(part * 80), fmt.Sprintf("shares words (%d %%)", int(part*100))
	}
	return 0, ""
}

// compareDomain compares the customer's domain with the company's name.
func compareDomain(domain string, company name, score int) (int, string) {
	label := domainLabel(domain)
	if len(label) < 3 || company.core == "" {
		return 0, ""
	}
	evidence := fmt.Sprintf("domain %s fits the name", domain)
	switch {
	case label == company.core, len(company.tokens) >= 3 && label == company.initials():
		return max(8, 62-score), evidence
	case len(label) >= 5 && (strings.HasPrefix(company.core, label) || strings.HasPrefix(label, company.core) && len(company.core) >= 5):
		return max(5, 50-score), evidence
	}
	return 0, ""
}

// compareForms tells legal entities of one name apart: Acme GmbH is not Acme BV.
func compareForms(a, b name) (int, string) {
	if len(a.forms) == 0 || len(b.forms) == 0 {
		return 0, ""
	}
	for _, f := range a.forms {
		for _, g := range b.forms {
			if f == g {
				return 2, ""
			}
		}
	}
	return -formPenalty, fmt.Sprintf("legal forms differ: %s and %s", strings.Join(a.forms, " "), strings.Join(b.forms, " "))
}

// compareCountry compares the customer's country with the countries that know the company's legal form.
func compareCountry(country string, company name) (int, string) {
	if country == "" {
		return 0, ""
	}
	for _, f := range company.forms {
		if countries := legalForms[f]; countries != "" && !strings.Contains(countries, strings.ToUpper(country)) {
			return -countryPenalty, fmt.Sprintf("the customer is in %s, but %s is a legal form of %s", strings.ToUpper(country), f, countries)
		}
	}
	return 0, ""
}

func compareType(kind string) (int, string) {
	if kind == "" || strings.EqualFold(kind, "customer") {
		return 0, ""
	}
	return -otherTypePenalty, fmt.Sprintf("is a %s there, not a customer", kind)
}

// nearEnough is how much a name must have in common with what was written: a few letters by chance are no mistake that a person makes.
const nearEnough = 0.6

// oneWord is what the likeness of one word says of a whole name: less than a whole name that is alike.
const oneWord = 0.7

// nearestWord says how alike a word is to the most alike word of a name: people write the first word of a customer, and mistype it.
func nearestWord(word, name string) (best float64) {
	for _, part := range strings.Fields(strings.ToLower(name)) {
		best = max(best, similarity(word, strings.Trim(part, ".,;&()")))
	}
	return best
}

// Near gives up to n names that a person may have meant, nearest first.
func Near(wanted string, names []string, n int) []string {
	type scored struct {
		name  string
		score float64
	}
	want := parse(wanted)
	plain := strings.ToLower(strings.TrimSpace(wanted))
	var list []scored
	seen := map[string]bool{}
	for _, candidate := range names {
		if seen[candidate] {
			continue
		}
		seen[candidate] = true
		have := parse(candidate)
		score := max(similarity(plain, strings.ToLower(candidate)), overlap(want, have), similarity(want.core, have.core))
		if plain != "" && len(plain) >= 3 && strings.Contains(strings.ToLower(candidate), plain) {
			score = max(score, 0.75)
		}
		score = max(score, oneWord*nearestWord(plain, candidate))
		if score >= nearEnough {
			list = append(list, scored{candidate, score})
		}
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].score != list[j].score {
			return list[i].score > list[j].score
		}
		return list[i].name < list[j].name
	})
	var near []string
	for _, s := range list[:min(len(list), max(n, 0))] {
		near = append(near, s.name)
	}
	return near
}
