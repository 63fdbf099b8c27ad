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

// withhold takes the charges out of what is desired that a charge standing in the target has billed already, and says so in findings. A
// charge that a person deleted in the target stands in nobody's way.
func (b chargedBefore) withhold(d billing.Desired, o billing.Observed) billing.Desired {
	suspects := b.suspects()
	if len(suspects) == 0 {
		return d
	}
	held := map[string]string{} // finding ids by charge key
	d.Charges = slices.Clone(d.Charges)
	d.Charges = slices.DeleteFunc(d.Charges, func(c billing.DesiredCharge) bool {
		for _, key := range suspects[c.Key] {
			if standing, found := b.stands(key, o); found && b.billsSame(c, key, standing, d, o) {
				f := chargedFinding(c, standing)
				held[c.Key] = f.ID()
				d.Findings = append(slices.Clone(d.Findings), f)
				return true
			}
		}
		return false
	})
	if len(held) == 0 {
		return d
	}
	d.Dispositions = slices.Clone(d.Dispositions)
	for i, x := range d.Dispositions {
		if id, found := held[x.By]; found && x.Outcome == billing.Billed {
			d.Dispositions[i].Outcome, d.Dispositions[i].By = billing.HeldBack, id
		}
	}
	return d
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

func chargedFinding(c billing.DesiredCharge, standing billing.Charge) billing.Finding {
	remedy := fmt.Sprintf("To bill it the new way, delete charge %s in Autotask and plan again; else leave it: the change holds from the next month on.", standing.ID)
	if standing.Billed {
		remedy = fmt.Sprintf("Charge %s is billed: leave it, the change holds from the next month on, or credit it and bill the difference by hand.", standing.ID)
	}
	stands := standing.UnitPrice.Mul(standing.Quantity).Round(priceShown, money.HalfAwayFromZero)
	return billing.Finding{Kind: billing.FindingDuplicate, Subject: c.Key, CustomerID: c.CustomerID, Customer: c.Customer,
		Message: fmt.Sprintf("%s is not charged on contract %s: %q on contract %s (%s) has billed it already, under an earlier route or grouping.",
			c.Name, c.Contract, standing.Name, standing.ContractID, stands),
		Remedy: remedy, Money: c.UnitPrice.Mul(c.Quantity).Round(priceShown, money.HalfAwayFromZero)}
}

// priceShown is how many decimals of an amount a message shows.
const priceShown = 2
