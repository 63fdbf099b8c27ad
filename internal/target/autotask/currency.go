package autotask

import (
	"context"
	"sync"

	"spindle/internal/fault"
	"spindle/internal/money"
)

// currencies know the tenant's internal currency and that of every company asked for (Autotask sheet §6.8).
type currencies struct {
	internal money.Currency
	codes    map[int64]money.Currency // by currency id
	foreign  []int64                  // ids of the currencies that are not internal
	company  map[int64]money.Currency // companies whose currency is not the internal one
}

// currencyCache keeps the tenant's list of currencies. A failed read is never kept.
type currencyCache struct {
	mu   sync.Mutex
	list *currencies
}

// currencies gives the list with no companies yet. It is read once: what a currency's number means does not change, and one that is added
// later is refused until the next connection. Without the list no amount can be trusted, so a failure is an error, not a gap.
func (t *Target) currencies(ctx context.Context) (*currencies, error) {
	t.money.mu.Lock()
	defer t.money.mu.Unlock()
	if t.money.list == nil {
		list, err := t.readCurrencies(ctx)
		if err != nil {
			return nil, err
		}
		t.money.list = list
	}
	fresh := *t.money.list
	fresh.company = map[int64]money.Currency{}
	return &fresh, nil
}

func (t *Target) readCurrencies(ctx context.Context) (*currencies, error) {
	rows, err := query[wireCurrency](ctx, t, "Currencies", []string{"id", "name", "isInternalCurrency"})
	if err != nil {
		return nil, err
	}
	c := &currencies{codes: map[int64]money.Currency{}}
	for _, row := range rows {
		code, err := money.ParseCurrency(row.Code)
		if err != nil {
			continue // a currency without ISO code cannot be billed in; a company that uses it is refused below
		}
		c.codes[row.ID.n] = code
		if row.Internal {
			c.internal = code
		}
	}
	for _, row := range rows {
		if !row.Internal {
			c.foreign = append(c.foreign, row.ID.n)
		}
	}
	if c.internal == "" {
		return nil, fault.NeedsPersonf("Autotask names no internal currency").
			Do("let the API user read Currencies, and mark the internal currency in Autotask: Admin > Currency")
	}
	return c, nil
}

// companyCurrency takes the company rows' currencies over.
func (c *currencies) take(rows []wireCompany) error {
	for _, row := range rows {
		if !row.Currency.set {
			continue
		}
		code, ok := c.codes[row.Currency.n]
		if !ok {
			return fault.NeedsPersonf("company %s has currency number %s, which Autotask does not list as an ISO currency", row.ID, row.Currency).
				Do("give the currency its three-letter code in Autotask: Admin > Currency")
		}
		if code != c.internal {
			c.company[row.ID.n] = code
		}
	}
	return nil
}

// of gives a company's currency.
func (c *currencies) of(company int64) money.Currency {
	if code, ok := c.company[company]; ok {
		return code
	}
	return c.internal
}

// ofCompanies reads which of the companies have a currency of their own. A tenant with one currency needs no call; a few companies are
// asked by id, which also shows the ones that cannot be read; for many only those with a foreign currency are.
func (t *Target) ofCompanies(ctx context.Context, c *currencies, companies []int64) (unreadable []int64, err error) {
	if len(c.foreign) == 0 || len(companies) == 0 {
		return nil, nil
	}
	fields := []string{"id", "currencyID"}
	if len(companies) > listMax {
		var rows []wireCompany
		for _, ids := range chunks(c.foreign) {
			part, err := query[wireCompany](ctx, t, "Companies", fields, idIn("currencyID", ids))
			if err != nil {
				return nil, err
			}
			rows = append(rows, part...)
		}
		return nil, c.take(rows)
	}
	rows, err := query[wireCompany](ctx, t, "Companies", fields, idIn("id", companies))
	if err != nil {
		return nil, err
	}
	seen := map[int64]bool{}
	for _, row := range rows {
		seen[row.ID.n] = true
	}
	for _, id := range companies {
		if !seen[id] {
			unreadable = append(unreadable, id)
		}
	}
	return unreadable, c.take(rows)
}
