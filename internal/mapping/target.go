package mapping

import (
	"fmt"
	"sort"
	"strings"

	"spindle/internal/billing"
)

// ContractSuggestion is a contract that may take a customer's lines.
type ContractSuggestion struct {
	ContractID billing.ContractID
	Name       string
	Score      int
	Evidence   []string
}

// cloudWords in a contract's name say that it is meant for subscriptions.
var cloudWords = []string{"cloud", "microsoft", "365", "azure", "csp", "licen", "lizenz", "subscription", "abonnement", "saas", "software"}

// SuggestContracts ranks the active recurring contracts of a company, best first.
func SuggestContracts(company billing.CompanyID, contracts []billing.Contract) []ContractSuggestion {
	var list []ContractSuggestion
	for _, c := range contracts {
		if c.CompanyID != company || !c.Active || !c.Recurring {
			continue
		}
		list = append(list, scoreContract(c))
	}
	if len(list) == 1 {
		list[0].Score = max(list[0].Score, 80)
		list[0].Evidence = append(list[0].Evidence, "the company's only recurring contract")
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Score != list[j].Score {
			return list[i].Score > list[j].Score
		}
		return list[i].ContractID < list[j].ContractID
	})
	return list
}

func scoreContract(c billing.Contract) ContractSuggestion {
	s := ContractSuggestion{ContractID: c.ID, Name: c.Name, Score: 40}
	var words []string
	lower := strings.ToLower(c.Name)
	for _, w := range cloudWords {
		if strings.Contains(lower, w) {
			words = append(words, w)
		}
	}
	if len(words) > 0 {
		s.Score += 25 + 5*min(len(words), 3)
		s.Evidence = append(s.Evidence, "the name says "+strings.Join(words, ", "))
	}
	if c.PeriodType == billing.PeriodMonth {
		s.Score += 5
		s.Evidence = append(s.Evidence, "billed monthly")
	} else if c.PeriodType != "" {
		s.Evidence = append(s.Evidence, fmt.Sprintf("billed %s", c.PeriodType))
	}
	if c.Mark != "" {
		s.Score += 15
		s.Evidence = append(s.Evidence, "managed by Spindle")
	}
	s.Score = min(s.Score, 100)
	return s
}

// ServiceSuggestion is a catalogue service that may stand for an offer.
type ServiceSuggestion struct {
	ServiceID billing.ServiceID
	Name      string
	Score     int
	Evidence  []string
}

// wrongNumberCap keeps services whose numbers differ out of reach: Plan 1 is not Plan 2, E3 is not E5.
const wrongNumberCap = 30

// SuggestServices ranks active services for an offer, best first, at most five. A service of another period type is never suggested:
// it would bill a month's price for a year.
func SuggestServices(offer billing.Offer, offerName string, services []billing.Service) []ServiceSuggestion {
	want := parse(withoutTerm(offerName))
	var list []ServiceSuggestion
	for _, s := range services {
		if !s.Active || !periodFits(offer.Frequency, s.PeriodType) {
			continue
		}
		if suggestion := scoreService(offer, want, s); suggestion.Score >= scoreMin {
			list = append(list, suggestion)
		}
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Score != list[j].Score {
			return list[i].Score > list[j].Score
		}
		return list[i].ServiceID < list[j].ServiceID
	})
	return list[:min(len(list), perCustomer)]
}

func periodFits(f billing.Frequency, p billing.PeriodType) bool {
	switch f {
	case billing.Monthly:
		return p == billing.PeriodMonth
	case billing.Annual:
		return p == billing.PeriodYear
	}
	return false
}

// withoutTerm drops the "(P1Y, monthly)" that Spindle adds to an offer's name.
func withoutTerm(offerName string) string {
	for _, f := range []billing.Frequency{billing.Monthly, billing.Annual} {
		if i := strings.LastIndex(offerName, " ("); i > 0 && strings.HasSuffix(offerName[i:], string(f)+")") {
			return offerName[:i]
		}
	}
	return offerName
}

func scoreService(offer billing.Offer, want name, s billing.Service) ServiceSuggestion {
	have := parse(withoutTerm(s.Name))
	suggestion := ServiceSuggestion{ServiceID: s.ID, Name: s.Name}
	sku := strings.ToUpper(s.SKU)
	switch {
	case s.Mark == billing.ServiceMark(offer):
		suggestion.Score, suggestion.Evidence = 100, []string{"made by Spindle for this offer"}
		return suggestion
	case strings.HasPrefix(sku, offer.ProductID+":"+offer.SKUID) && offer.ProductID != "":
		suggestion.Score, suggestion.Evidence = 97, []string{"SKU " + s.SKU + " is the offer's"}
		return suggestion
	}
	score, why := compareNames(want, have)
	if why != "" {
		suggestion.Evidence = append(suggestion.Evidence, why)
	}
	if !sameNumbers(want, have) {
		score = min(score, wrongNumberCap)
	}
	suggestion.Score = score
	return suggestion
}

// sameNumbers compares the words with digits: they tell plans apart.
func sameNumbers(a, b name) bool {
	return strings.Join(numbered(a), " ") == strings.Join(numbered(b), " ")
}

func numbered(n name) []string {
	var list []string
	for _, t := range n.tokens {
		if strings.ContainsAny(t, "0123456789") {
			list = append(list, t)
		}
	}
	sort.Strings(list)
	return list
}
