package engine

import (
	"cmp"
	"strconv"
	"strings"

	"spindle/internal/plan"
	"spindle/internal/store"
)

// PlanColumns names the cells of PlanRecord. Scripts read them: released names are never changed, new ones go to the end.
func PlanColumns() []string {
	return []string{"change", "kind", "state", "customer_id", "customer", "contract", "what", "before", "after", "effective", "unit_price", "currency",
		"recurring_effect", "per", "proration", "one_off", "reason", "held_by", "decided_by", "contract_id", "key"}
}

// PlanNumbers names the columns of PlanColumns that hold decimal numbers.
func PlanNumbers() []string {
	return []string{"before", "after", "unit_price", "recurring_effect", "proration", "one_off"}
}

// PlanRecord writes a change as one row of a table, for files.
func PlanRecord(s store.ChangeState) []string {
	c := s.Change
	price, currency := "", cmp.Or(c.Recurring.Currency(), c.OneOff.Currency(), c.Proration.Currency())
	if c.After.UnitPrice != nil {
		price, currency = c.After.UnitPrice.Number(), c.After.UnitPrice.Currency()
	}
	recurring, proration := c.Recurring.Number(), c.Proration.Number()
	if !c.MoneyKnown() {
		recurring, proration = "", ""
	}
	var holds []string
	for _, h := range c.Holds {
		holds = append(holds, h.Policy)
	}
	return []string{c.ID, string(c.Kind), string(s.State), string(c.CustomerID), c.Customer, c.ContractName, c.What,
		sideText(c.Kind, c.Before), sideText(c.Kind, c.After), c.Effective.String(), price, string(currency),
		recurring, string(c.PerPeriod), proration, c.OneOff.Number(), c.Reason, strings.Join(holds, " "), s.By,
		string(c.Contract.ID), cmp.Or(c.LineKey, c.ChargeKey)}
}

// sideText writes what is before or after a change: a quantity, the amount of a charge, nothing where neither says anything.
func sideText(k plan.ChangeKind, s plan.State) string {
	switch {
	case k.IsCharge() && s.Amount != nil:
		return s.Amount.Number()
	case k.CountsUnits():
		return strconv.FormatInt(s.Units, 10)
	}
	return ""
}
