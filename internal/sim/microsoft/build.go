package microsoft

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"spindle/internal/sim/scenario"
)

// buildWorld turns a neutral scenario into Microsoft's view of it, with an invoice for each of the last three closed months.
func buildWorld(sc scenario.Scenario) (*world, error) {
	w := &world{scenario: sc}
	closed := sc.InvoiceMonth()
	n := 0
	for i, c := range sc.Customers {
		built := &customer{tenantID: c.TenantID, name: c.Name, domain: c.Domain, country: c.Country}
		for _, s := range c.Subscriptions {
			sub, err := licenceOf(s, sc.Currency, closed)
			if err != nil {
				return nil, fmt.Errorf("customer %s: %w", c.Name, err)
			}
			w.giveHistory(sub, n, closed)
			built.subs = append(built.subs, sub)
			n++
		}
		if c.AzurePlanID != "" {
			built.plan = planOf(c, closed, i)
		}
		w.customers = append(w.customers, built)
	}
	for back := 2; back >= 0; back-- {
		w.addInvoice(closed.AddDate(0, -back, 0))
	}
	if sc.Name != "large" {
		w.addExtras(closed)
	}
	if sc.Name == "traps" {
		if err := w.addTraps(closed); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func licenceOf(s scenario.Subscription, currency string, closed time.Time) (*subscription, error) {
	price, err := decimal.NewFromString(s.UnitPrice)
	if err != nil {
		return nil, fmt.Errorf("subscription %s: unit price %q is not a number", s.ID, s.UnitPrice)
	}
	sub := &subscription{
		id: s.ID, productID: s.ProductID, skuID: s.SKUID, availabilityID: s.AvailabilityID, listAvailabilityID: s.AvailabilityID,
		name: s.Name, friendlyName: s.Name, publisher: s.Publisher, pricingCurrency: currency, term: s.Term, billingCycle: s.BillingCycle,
		unitPrice: price, created: s.Start, initial: s.Quantity, listed: true, autoRenew: true,
	}
	if s.ProductID == "CFQ7TTC0LS7V" { // availability ids move on: the list names a newer one than recon (sheet §2.3)
		sub.listAvailabilityID = "CFQ7TTC0K971"
	}
	if s.BillingCycle == "annual" && pick(2, "renewed", s.ID) == 0 {
		sub.created = addMonths(s.Start, -12)
	}
	return sub, nil
}

// giveHistory makes some subscriptions change, always so that the history ends at the scenario's quantity.
func (w *world) giveHistory(s *subscription, n int, closed time.Time) {
	q, every := s.initial, 11
	if w.scenario.Name == "large" {
		every = 50
	}
	switch n % every {
	case 1: // seats added in the middle of the newest invoice's month
		if day := closed.AddDate(0, 0, 17); s.created.Before(day) {
			s.initial = max(1, q-2)
			s.change(day, q)
		}
	case 3: // bought or added with too many seats, put right within the seven days
		day := s.created.AddDate(0, 0, 4)
		if monthOf(s.created).Equal(closed) && monthOf(day).Equal(closed) {
			s.initial = q + 3
			s.change(day, q)
		} else if add := closed.AddDate(0, 0, 11); s.created.Before(add) {
			s.change(add, q+5)
			s.change(add.AddDate(0, 0, 3), q)
		}
	case 5: // seats added in the open month
		if day := closed.AddDate(0, 1, 1); !day.After(w.scenario.Today) {
			s.initial = max(1, q-1)
			s.change(day, q)
		}
	case 6: // promotion
		if s.term == "P1Y" && n%3 == 0 {
			s.promotionID = "39NFJQT1PN01:0001:39NFJQT178VZ"
			s.discount = decimal.New(15, -2)
		}
	}
	s.revision = 1
}

func planOf(c scenario.Customer, closed time.Time, i int) *azurePlan {
	p := &azurePlan{id: c.AzurePlanID, created: addMonths(closed, -14)}
	for _, a := range c.Azure {
		p.entitlements = append(p.entitlements, entitlement{a.ID, a.Name, "active", a.ResourceGroups})
	}
	p.credited = i%12 == 1
	if i%12 == 5 {
		p.savingsOrder = guidOf("savings order", c.TenantID)
	}
	return p
}

// addExtras adds what a licence list alone would not show: a reservation, a savings plan, a perpetual licence, third-party
// SaaS and a purchase that was cancelled within its window. They are charged in recon but not listed as subscriptions any
// more or ever (entitlements list the first three), as sheet §2.4 and §7.15 allow.
func (w *world) addExtras(closed time.Time) {
	if len(w.customers) < 10 {
		return
	}
	extra := func(i int, s subscription) {
		c := w.customers[i]
		s.id = guidOf("extra", c.tenantID, s.productID)
		s.friendlyName, s.listAvailabilityID, s.autoRenew, s.revision = s.name, s.availabilityID, true, 1
		c.subs = append(c.subs, &s)
	}
	extra(9, subscription{
		kind: reservation, productID: "DZH318Z0LNT0", skuID: "00VG", availabilityID: "DZH318Z0C8W6", name: "Reserved VM Instance, Standard_D2s_v5, EU West, 1 Year",
		publisher: "Microsoft Corporation", pricingCurrency: "USD", term: "P1Y", billingCycle: "monthly", unitPrice: decimal.RequireFromString("24.5"),
		created: addMonths(closed, -5).AddDate(0, 0, 6), initial: 2, reservationOrder: "RIOderId" + guidOf("reservation", "9"),
	})
	extra(5, subscription{
		kind: savingsPlan, productID: "DZH318Z0ML23", skuID: "0011", availabilityID: "DZH318Z084DC", name: "Compute Savings Plan, 3 Years",
		publisher: "Microsoft Corporation", pricingCurrency: "USD", term: "P3Y", billingCycle: "monthly", unitPrice: decimal.RequireFromString("255.5"),
		created: addMonths(closed, -12).AddDate(0, 0, 3), initial: 1, reservationOrder: w.customers[5].savingsOrder(),
	})
	extra(4, subscription{
		kind: perpetual, productID: "DG7GMGF0MH7L", skuID: "0003", availabilityID: "CFQ7TTC04QR2", name: "Windows Server 2025 Standard - 16 Core License Pack",
		publisher: "Microsoft Corporation", pricingCurrency: w.scenario.Currency, billingCycle: "one_time", unitPrice: decimal.RequireFromString("985"),
		created: closed.AddDate(0, 0, 14), initial: 1,
	})
	saasStart := addMonths(closed, -2).AddDate(0, 0, 15)
	extra(0, subscription{
		kind: saas, productID: "DZH318Z09CC5", skuID: "000Q", availabilityID: "DZH318Z098LD", name: "Fernbank Backup - Per User",
		publisher: "Fernbank Software Ltd", publisherID: "40817263", pricingCurrency: "USD", term: "P1M", billingCycle: "monthly",
		unitPrice: decimal.RequireFromString("3.25"), created: saasStart, ends: addMonths(saasStart, 2).AddDate(0, 0, -1), initial: 50,
	})
	extra(1, subscription{
		kind: licence, productID: "CFQ7TTC0LH2H", skuID: "0001", availabilityID: "CFQ7TTC0LL2B", name: "Microsoft Defender for Business",
		publisher: "Microsoft Corporation", pricingCurrency: w.scenario.Currency, term: "P1M", billingCycle: "monthly", unitPrice: decimal.RequireFromString("3.00"),
		created: closed.AddDate(0, 0, 23), initial: 6, cancelled: closed.AddDate(0, 0, 25), status: "deleted",
	})
}

func (c *customer) savingsOrder() string {
	if c.plan == nil {
		return ""
	}
	return c.plan.savingsOrder
}
