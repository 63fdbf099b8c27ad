package rating

import (
	"fmt"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// addOneOff makes a charge of its own from a line that neither consumption nor a recurring line answers for: reservations, savings
// plans, marketplace, perpetual licences, three-year charges, credits (design §6.4).
func (m *month) addOneOff(line sourceLine, l *billing.LineItem) {
	from := place{customer: l.CustomerID, subscription: l.SubscriptionID}
	d, v := m.receive(line, from)
	if !v.passes() {
		m.keepBack(line, l.CustomerID, v)
		return
	}
	rule := m.r.ruleFor(ruleQuery{
		priced: priced{l.SubscriptionID, l.CustomerID, l.ProductID, l.SKUID, m.isCommitment(l), m.lastDay},
		allow: func(rule billing.PriceRule) bool { // the price of a unit says nothing about a credit that names as many units
			return rule.Kind != billing.FixedRule || namesUnits(rule) && l.Kind != billing.ChargeCustomerCredit
		},
	})
	exact, v := m.chargePrice(rule, line.cost.Value(), line.cost.Currency())
	if !v.passes() {
		m.keepBack(line, l.CustomerID, v)
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
	if days, cycle := partOfCycle(l); rule.Kind == billing.FixedRule && days < cycle {
		b.detail += fmt.Sprintf(" The fixed price counts for %d of the %d days of the cycle.", days, cycle)
	}
	b.take(line, m.r.decisions.origin(from))
	b.priceBy(rule, exact, line.cost.Value())
	b.prove(azurePart{invoice: l.Invoice, rate: l.ExchangeRate, pricing: l.PricingCurrency}, line)
}

// namesUnits reports whether a fixed price is that of a unit somebody bought: it names what. The price of every seat of a customer, or of a
// month of Azure, says nothing about a server licence or a reservation.
func namesUnits(rule billing.PriceRule) bool {
	return rule.ProductID != azureProduct && (rule.ProductID != "" || rule.SubscriptionID != "")
}

// fixedFor multiplies a fixed unit price with the units of the line, for the part of its cycle that it bills; a refund takes it back.
func fixedFor(price money.Decimal, l *billing.LineItem) money.Decimal {
	total := price.Mul(l.BillableQuantity.Abs())
	if days, cycle := partOfCycle(l); days < cycle {
		total, _ = total.Mul(money.Int(int64(days))).Div(money.Int(int64(cycle)), divisionPlaces, money.HalfAwayFromZero)
	}
	if l.Cost.Sign() < 0 {
		return total.Neg()
	}
	return total
}

// partOfCycle gives the days that a line bills and those of its whole charge cycle. What changes or begins inside a cycle is billed to the
// cycle's end (Microsoft sheet §4.4), by days (§5.1). Equal for a line that bills a whole cycle, and for what has none: purchases.
func partOfCycle(l *billing.LineItem) (days, cycle int) {
	days = l.Charged.Days()
	months := cycleMonths[l.Frequency]
	if months == 0 || l.Charged.IsZero() || isMonths(l.Charged, months) {
		return days, days
	}
	return days, l.Charged.End.AddMonths(-months).DaysTo(l.Charged.End)
}

// azureProductPrefix begins the product ids of Azure and the marketplace.
const azureProductPrefix = "DZH"

// isCommitment finds Azure reservations and savings plans, which are priced like consumption; what third parties sell on the
// marketplace is priced like a service.
func (m *month) isCommitment(l *billing.LineItem) bool {
	if sub, known := m.r.subscriptionOf(l); known && sub.Kind == billing.Licence {
		return false // licences may carry a reservation order too (Microsoft sheet, appendix B)
	}
	return isMicrosoft(l.Publisher) && (l.ReservationOrderID != "" || strings.HasPrefix(l.ProductID, azureProductPrefix))
}

func oneOffName(l *billing.LineItem) string {
	name := l.ProductName
	if name == "" || strings.Contains(l.SKUName, name) {
		name = whatOf(l)
	} else if !strings.Contains(name, l.SKUName) {
		name += " " + l.SKUName
	}
	if l.Kind == billing.ChargeCustomerCredit {
		name = "Credit: " + name
	}
	return clip(name, chargeNameMax)
}

func oneOffDetail(l *billing.LineItem) string {
	text := fmt.Sprintf("Quantity %s", l.BillableQuantity)
	if !l.Charged.IsZero() {
		text += ", charged for " + l.Charged.String()
	}
	if l.Frequency == billing.Triennial {
		text += ", billed once for three years because Autotask has no such period"
	}
	return text + "."
}
