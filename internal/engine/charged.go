package engine

import (
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
)

// A charge's key names the contract and, for Azure, how the month is grouped. When an operator changes either, the same month gets other
// keys: the new charges would bill once more what the old ones billed (law 3). chargedBefore finds such charges.
type chargedBefore struct {
	organization string
	remembered   map[string]billing.ChargeID // plan.Memory.Charges
	wanted       map[string]billing.DesiredCharge
}

func newChargedBefore(organization string, d billing.Desired, m plan.Memory) chargedBefore {
	b := chargedBefore{organization: organization, remembered: m.Charges, wanted: map[string]billing.DesiredCharge{}}
	for _, c := range d.Charges {
		b.wanted[c.Key] = c
	}
	return b
}

// sameMoney is what two keys have in common when they bill the same: for Azure the month and the currency, for a one-off line the line.
func sameMoney(key string) string {
	parts := strings.SplitN(key, "|", 3)
	if len(parts) < 3 {
		return key
	}
	if parts[0] != "azure" {
		return parts[0] + "|" + parts[2]
	}
	month, rest, _ := strings.Cut(parts[2], "|")
	return "azure|" + month + "|" + rest[strings.LastIndexByte(rest, '|')+1:]
}

// suspects gives, for every wanted charge that was never written, the keys of remembered charges that may have billed the same.
func (b chargedBefore) suspects() map[string][]string {
	earlier := map[string][]string{}
	for key := range b.remembered {
		earlier[sameMoney(key)] = append(earlier[sameMoney(key)], key)
	}
	suspects := map[string][]string{}
	for key := range b.wanted {
		if _, written := b.remembered[key]; written {
			continue
		}
		if keys := earlier[sameMoney(key)]; len(keys) > 0 {
			slices.Sort(keys)
			suspects[key] = keys
		}
	}
	return suspects
}

// marks gives the marks of all suspects, so that they can be read.
func (b chargedBefore) marks() []string {
	var marks []string
	for _, keys := range b.suspects() {
		for _, key := range keys {
			marks = append(marks, billing.ChargeMark(b.organization, key))
		}
	}
	slices.Sort(marks)
	return slices.Compact(marks)
}

// withhold takes the charges out of what is desired that charges standing in the target have billed already. Where they were billed with the
// same money there is nothing to decide; else a finding says what differs. A charge that a person deleted in the target stands in nobody's way.
func (b chargedBefore) withhold(d billing.Desired, o billing.Observed) billing.Desired {
	suspects := b.suspects()
	repeats := map[string]*repeat{}
	of := map[string]*repeat{} // by charge key
	d.Charges = slices.DeleteFunc(slices.Clone(d.Charges), func(c billing.DesiredCharge) bool {
		for _, key := range suspects[c.Key] {
			standing, found := b.stands(key, o)
			if !found || !b.billsSame(c, key, standing, d, o) {
				continue
			}
			if of[c.Key] == nil {
				company, _ := companyOfContract(c.Contract, d, o)
				group := sameMoney(c.Key) + "|" + string(company)
				if repeats[group] == nil {
					repeats[group] = &repeat{first: c, standing: map[string]billing.Charge{}}
				}
				of[c.Key] = repeats[group]
				of[c.Key].wanted = append(of[c.Key].wanted, c)
			}
			of[c.Key].standing[key] = standing
		}
		return of[c.Key] != nil
	})
	if len(of) == 0 {
		return d
	}
	d.Findings, d.Dispositions = slices.Clone(d.Findings), slices.Clone(d.Dispositions)
	for _, group := range sortedKeys(repeats) {
		if f, differs := repeats[group].finding(); differs {
			d.Findings = append(d.Findings, f)
		}
	}
	for i, x := range d.Dispositions {
		if r := of[x.By]; r != nil && x.Outcome == billing.Billed {
			d.Dispositions[i].Outcome, d.Dispositions[i].By = r.outcome()
		}
	}
	return d
}

// repeat is money that charges of one month and company have billed and that other charges would bill again.
type repeat struct {
	first    billing.DesiredCharge
	wanted   []billing.DesiredCharge
	standing map[string]billing.Charge // by charge key
}

// outcome is where the source lines of the withheld charges end: in the charge that billed them, or in the finding.
func (r *repeat) outcome() (outcome billing.Outcome, by string) {
	if f, differs := r.finding(); differs {
		return billing.HeldBack, f.ID()
	}
	return billing.Billed, sortedKeys(r.standing)[0]
}

// finding says what a person must decide. There is nothing to decide when the same money is billed for good; every charge may differ by
// one rounding.
func (r *repeat) finding() (billing.Finding, bool) {
	currency := r.first.UnitPrice.Currency()
	var wanted, stands money.Decimal
	for _, c := range r.wanted {
		wanted = wanted.Add(c.UnitPrice.Value().Mul(c.Quantity))
	}
	var ids []string
	final := true
	for _, key := range sortedKeys(r.standing) {
		c := r.standing[key]
		stands = stands.Add(c.UnitPrice.Value().Mul(c.Quantity))
		ids = append(ids, string(c.ID))
		final = final && c.Billed
	}
	rounding := money.New(int64(len(r.wanted)+len(r.standing)), -priceShown)
	if final && wanted.Sub(stands).Abs().Cmp(rounding) <= 0 {
		return billing.Finding{}, false
	}
	shown := func(d money.Decimal) money.Amount {
		return money.Of(d, currency).Round(priceShown, money.HalfAwayFromZero)
	}
	remedy := fmt.Sprintf("To bill it the new way, delete charge %s in Autotask and plan again; else leave it: the change holds from the next month on.",
		strings.Join(ids, ", "))
	if final {
		remedy = "What is posted is never changed: bill or credit the difference by hand. The change holds from the next month on."
	}
	return billing.Finding{Kind: billing.FindingDuplicate, Subject: r.first.Key, CustomerID: r.first.CustomerID, Customer: r.first.Customer,
		Message: fmt.Sprintf("%s would be billed twice, under another route or grouping than before: %s stands as charge %s on contract %s, %s is wanted now. Nothing is charged.",
			r.first.Name, shown(stands), strings.Join(ids, ", "), r.standing[sortedKeys(r.standing)[0]].ContractID, shown(wanted)),
		Remedy: remedy, Money: shown(wanted.Sub(stands))}, true
}

// stands finds the charge of a remembered key in the target.
func (b chargedBefore) stands(key string, o billing.Observed) (billing.Charge, bool) {
	mark := billing.ChargeMark(b.organization, key)
	for _, c := range o.Charges {
		if c.Mark == mark || c.ID == b.remembered[key] {
			return c, true
		}
	}
	return billing.Charge{}, false
}

// billsSame reports whether a standing charge holds money that the wanted one would bill again: it is of the same company, and it is either
// not wanted any more or was posted with more than is wanted of it now.
func (b chargedBefore) billsSame(c billing.DesiredCharge, key string, standing billing.Charge, d billing.Desired, o billing.Observed) bool {
	company, known := companyOfContract(c.Contract, d, o)
	theirs, theirsKnown := companyOfContract(billing.Ref{ID: string(standing.ContractID)}, d, o)
	if known && theirsKnown && company != theirs {
		return false
	}
	if !theirsKnown && strings.HasPrefix(key, "azure|") {
		return false // a contract of a company that nobody is mapped to
	}
	still, wanted := b.wanted[key]
	if !wanted {
		return true
	}
	return standing.Billed && still.UnitPrice.Value().Mul(still.Quantity).Cmp(standing.UnitPrice.Value().Mul(standing.Quantity)) < 0
}

func companyOfContract(r billing.Ref, d billing.Desired, o billing.Observed) (billing.CompanyID, bool) {
	for _, c := range o.Contracts {
		if r.ID != "" && string(c.ID) == r.ID || r.Mark != "" && c.Mark == r.Mark {
			return c.CompanyID, true
		}
	}
	for _, c := range d.Contracts {
		if r.Mark != "" && c.Mark == r.Mark {
			return c.CompanyID, true
		}
	}
	return "", false
}

// priceShown is how many decimals of an amount a message shows.
const priceShown = 2
