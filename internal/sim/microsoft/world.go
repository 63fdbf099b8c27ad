package microsoft

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"spindle/internal/sim/scenario"
)

// world is everything that Microsoft knows: who buys what, since when, and which months have been billed.
type world struct {
	scenario  scenario.Scenario
	customers []*customer
	invoices  []*invoice // oldest first
	recorded  recorded   // sample lines of the traps scenario, part of the newest seeded invoice
}

// customer is an end client. A removed one is not listed any more although charges still arrive (sheet §2.2).
type customer struct {
	tenantID, name, domain, country string
	removed                         bool
	subs                            []*subscription
	plan                            *azurePlan
}

func (c *customer) sub(id string) *subscription {
	i := slices.IndexFunc(c.subs, func(s *subscription) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return c.subs[i]
}

type kind int

const (
	licence kind = iota
	perpetual
	reservation
	savingsPlan
	saas
	azure
)

// subscription is one commitment with its whole history; the lines of every invoice follow from it.
type subscription struct {
	id, productID, skuID, availabilityID string
	listAvailabilityID                   string // the subscriptions API may name a newer availability than recon
	name, friendlyName, publisher        string
	publisherID, pricingCurrency         string
	kind                                 kind
	term, billingCycle                   string
	unitPrice                            decimal.Decimal
	promotionID                          string
	discount                             decimal.Decimal // 0.15 is 15 %
	created                              time.Time       // first day of the first term
	ends                                 time.Time       // last day when it does not renew; zero when open
	initial                              int
	changes                              []change
	cancelled                            time.Time
	status                               string // as listed; "" = active
	listed                               bool
	chargedFrom                          time.Time // first month whose lines are worked out; zero = all
	autoRenew, renewing                  bool
	trial                                bool
	reservationOrder                     string
	revision                             int
}

// change is a new quantity from a day on.
type change struct {
	day time.Time
	to  int
}

// quantityBefore is the number of seats just before the day.
func (s *subscription) quantityBefore(day time.Time) int {
	q := s.initial
	for _, c := range s.changes {
		if c.day.Before(day) {
			q = c.to
		}
	}
	return q
}

// quantityOn is the number of seats at the end of the day.
func (s *subscription) quantityOn(day time.Time) int { return s.quantityBefore(day.AddDate(0, 0, 1)) }

// change appends a quantity; changes stay in the order of their days.
func (s *subscription) change(day time.Time, to int) {
	s.changes = append(s.changes, change{day, to})
	slices.SortStableFunc(s.changes, func(a, b change) int { return cmp.Compare(a.day.Unix(), b.day.Unix()) })
	s.revision++
}

func (s *subscription) orderID() string { return hexID(12, "order", s.id) }

// azurePlan is the usage subscription under which a customer's Azure subscriptions live.
type azurePlan struct {
	id           string
	created      time.Time
	entitlements []entitlement
	credited     bool   // bandwidth is paid by an Azure credit offer
	savingsOrder string // savings plan that covers part of the D4s hours
	fromRecord   bool
}

type entitlement struct {
	id, name, status string
	groups           []string
}

func (w *world) customer(tenant string) *customer {
	i := slices.IndexFunc(w.customers, func(c *customer) bool { return c.tenantID == tenant })
	if i < 0 {
		return nil
	}
	return w.customers[i]
}

func (w *world) listed() []*customer {
	return slices.DeleteFunc(slices.Clone(w.customers), func(c *customer) bool { return c.removed })
}

// openMonth is the first month that has not been billed.
func (w *world) openMonth() time.Time {
	var last time.Time
	for _, inv := range w.invoices {
		if inv.month.After(last) {
			last = inv.month
		}
	}
	return last.AddDate(0, 1, 0)
}

// rate is the exchange rate of a month from a pricing currency to the billing currency (sheet §2.7).
func (w *world) rate(currency string, month time.Time) decimal.Decimal {
	if currency == w.scenario.Currency {
		return decimal.NewFromInt(1)
	}
	return decimal.New(8500+int64(month.Month())*13, -4)
}
