package rating

import (
	"fmt"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// addOneOff makes a charge of its own from a line that neither consumption nor a recurring line answers for: reservations, savings
// plans, marketplace, perpetual licences, three-year charges, credits (design §6.4).
func (m *month) addOneOff(line sourceLine, l billing.LineItem) {
	d, v := m.receive(line, place{customer: l.CustomerID, subscription: l.SubscriptionID})
	if !v.passes() {
		m.dispose(line, v)
		return
	}
	rule := m.r.ruleFor(ruleQuery{
		priced: priced{l.SubscriptionID, l.CustomerID, l.ProductID, l.SKUID, m.isCommitment(l), m.lastDay},
		allow: func(rule billing.PriceRule) bool { // the price of a unit says nothing about a credit that names as many units
			return rule.Kind != billing.FixedRule || l.Kind != billing.ChargeCustomerCredit
		},
	})
	exact, v := m.chargePrice(rule, line.cost.Value(), line.cost.Currency())
	if !v.passes() {
		m.dispose(line, v)
		return
	}
	if rule.Kind == billing.FixedRule {
		exact = fixedFor(exact, l)
	}
	key := strings.Join([]string{"line", d.ref.String(), line.set.String(), line.key}, "|")
	b := m.builder(key, d, line.cost.Currency())
	b.what = oneOffName(l)
	b.name = b.what
	b.detail = oneOffDetail(l)
	b.take(line, l.CustomerID)
	b.priceBy(rule, exact)
	b.prove(azurePart{invoice: l.Invoice, rate: l.ExchangeRate, pricing: l.PricingCurrency}, line)
}

// fixedFor multiplies a fixed unit price with the units of the line; a refund takes it back.
func fixedFor(price money.Decimal, l billing.LineItem) money.Decimal {
	total := price.Mul(l.BillableQuantity.Abs())
	if l.Cost.Sign() < 0 {
		return total.Neg()
	}
	return total
}

// azureProductPrefix begins the product ids of Azure and the marketplace.
const azureProductPrefix = "DZH"

// isCommitment finds Azure reservations and savings plans, which are priced like consumption; what third parties sell on the
// marketplace is priced like a service.
func (m *month) isCommitment(l billing.LineItem) bool {
	if sub, known := m.r.subs[l.SubscriptionID]; known && sub.Kind == billing.Licence {
		return false // licences may carry a reservation order too (Microsoft sheet, appendix B)
	}
	microsoft := l.Publisher == "" || strings.HasPrefix(strings.ToLower(l.Publisher), "microsoft")
	return microsoft && (l.ReservationOrderID != "" || strings.HasPrefix(l.ProductID, azureProductPrefix))
}

func oneOffName(l billing.LineItem) string {
	name := l.ProductName
	if name == "" || l.SKUName != "" && strings.Contains(l.SKUName, name) {
		name = whatOf(l)
	} else if l.SKUName != "" && !strings.Contains(name, l.SKUName) {
		name += " " + l.SKUName
	}
	if l.Kind == billing.ChargeCustomerCredit {
		name = "Credit: " + name
	}
	return clip(name, chargeNameMax)
}

func oneOffDetail(l billing.LineItem) string {
	text := fmt.Sprintf("Quantity %s", l.BillableQuantity)
	if !l.Charged.IsZero() {
		text += ", charged for " + l.Charged.String()
	}
	if l.Frequency == billing.Triennial {
		text += ", billed once for three years because Autotask has no such period"
	}
	return text + "."
}
