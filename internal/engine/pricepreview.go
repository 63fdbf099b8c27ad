package engine

import (
	"cmp"
	"context"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/rating"
	"spindle/internal/store"
)

// PricePreview is what a price rule would change, computed from what was read last. Nothing is saved.
type PricePreview struct {
	Known   bool // false while there is no invoice data to compute from
	Lines   []PriceMove
	Charges []PriceMove
	Total   map[billing.PeriodType]money.Totals // change of what the lines cost customers per period
	OneOff  money.Totals                        // change of the charges
	Below   int                                 // lines and charges that would be priced below cost
	Lost    int                                 // lines that have a price and would have none: another currency than the company's, or no cost
}

// PriceMove is one line or charge with its price before and after. Prices are per unit.
type PriceMove struct {
	Key           string
	CustomerID    billing.CustomerID
	Customer      string
	Name          string
	Period        billing.PeriodType // "" for charges
	Month         billing.Month      // of charges
	Units         money.Decimal
	Cost          *money.Amount // nil: not known
	Before, After *money.Amount // nil: no price, or Autotask's
	RuleBefore    string
	RuleAfter     string
}

// NewRule is the id that a rule has in a preview before it is saved.
const NewRule = "this rule"

// PreviewPriceRule says which lines and charges would get another price if the rule were saved: as a new one, or in the place of the one
// with its id. An empty kind takes the rule with the id away. A rule whose value makes no price is a fault of kind invalid.
func (e *Engine) PreviewPriceRule(ctx context.Context, org store.Organization, r billing.PriceRule) (PricePreview, error) {
	if r.Kind != "" {
		checked, err := e.checkPriceRule(ctx, org, r)
		if err != nil {
			return PricePreview{}, err
		}
		r = checked
	}
	q, err := e.ask(ctx, org, priced(r), func(in *rating.Input) {
		in.Mappings.Prices = keep(in.Mappings.Prices, func(other billing.PriceRule) bool { return other.ID != r.ID })
		if r.Kind != "" {
			added := r
			added.ID = cmp.Or(r.ID, NewRule)
			in.Mappings.Prices = append(in.Mappings.Prices, added)
		}
	})
	if err != nil {
		return PricePreview{}, err
	}
	before, after, err := rated(q, func(in rating.Input) billing.Desired { return rating.Wanted(in, nil) })
	if err != nil {
		return PricePreview{}, err
	}
	p := priceMoves(before, after)
	p.Known = q.before.Month != ""
	return p, nil
}

// priced finds the customers whose prices a rule decides, or the one with its id that it takes the place of.
func priced(r billing.PriceRule) concerned {
	return func(k known) ([]billing.CustomerID, error) {
		rules := keep(k.mappings.Prices, func(other billing.PriceRule) bool { return other.ID == r.ID })
		if r.Kind != "" {
			rules = append(rules, r)
		}
		var all []billing.CustomerID
		for _, rule := range rules {
			some := []billing.CustomerID{rule.CustomerID}
			if rule.SubscriptionID != "" {
				var err error
				if some, err = holders(func(s billing.Subscription) bool { return s.ID == rule.SubscriptionID })(k); err != nil {
					return nil, err
				}
			}
			if len(some) == 0 || some[0] == "" {
				return everybody(k)
			}
			all = append(all, some...)
		}
		return all, nil
	}
}

// priceMoves compares two ratings of the same facts.
func priceMoves(before, after billing.Desired) PricePreview {
	p := PricePreview{Total: map[billing.PeriodType]money.Totals{}}
	was := linesByKey(before)
	for _, l := range after.Lines {
		old := was[l.Key]
		if old == nil || samePrice(old.UnitPrice, l.UnitPrice) && old.PriceRule == l.PriceRule {
			continue
		}
		move := PriceMove{Key: l.Key, CustomerID: l.CustomerID, Customer: l.Customer, Name: l.Name, Period: l.PeriodType, Units: money.Int(l.Units),
			Cost: l.UnitCost, Before: old.UnitPrice, After: l.UnitPrice, RuleBefore: old.PriceRule, RuleAfter: l.PriceRule}
		p.Lines = append(p.Lines, move)
		total := p.Total[l.PeriodType]
		move.addDifference(&total)
		p.Total[l.PeriodType] = total
		p.count(move)
	}
	charges := map[string]billing.DesiredCharge{}
	for _, c := range before.Charges {
		charges[c.Key] = c
	}
	for _, c := range after.Charges {
		old, found := charges[c.Key]
		if !found || samePrice(&old.UnitPrice, &c.UnitPrice) && old.PriceRule == c.PriceRule {
			continue
		}
		move := PriceMove{Key: c.Key, CustomerID: c.CustomerID, Customer: c.Customer, Name: c.Name, Month: c.Month, Units: c.Quantity,
			Cost: &c.UnitCost, Before: &old.UnitPrice, After: &c.UnitPrice, RuleBefore: old.PriceRule, RuleAfter: c.PriceRule}
		p.Charges = append(p.Charges, move)
		move.addDifference(&p.OneOff)
		p.count(move)
	}
	return p
}

// count notes what a person should know before the rule is saved.
func (p *PricePreview) count(m PriceMove) {
	if m.After == nil && m.Before != nil {
		p.Lost++
	}
	if m.After == nil || m.Cost == nil {
		return
	}
	if margin, err := m.After.Sub(*m.Cost); err == nil && margin.Sign() < 0 {
		p.Below++
	}
}

// Difference is the change of the price of all units; nil when one of the prices is not ours.
func (m PriceMove) Difference() *money.Amount {
	if m.Before == nil || m.After == nil {
		return nil
	}
	d, err := m.After.Mul(m.Units).Sub(m.Before.Mul(m.Units))
	if err != nil {
		return nil // both are in the currency of the company
	}
	return &d
}

func (m PriceMove) addDifference(t *money.Totals) {
	if d := m.Difference(); d != nil {
		t.Add(*d)
	}
}

func samePrice(a, b *money.Amount) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
