package autotask

import (
	"context"
	"strings"

	"golang.org/x/sync/errgroup"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// catalogue is what Autotask offers, as read.
type catalogue struct {
	money     *currencies
	companies []wireCompany
	types     *entityMeta // of companies
	codes     []wireCode
	uses      *entityMeta // of billing codes
	services  []wireService
	contracts []wireContract
}

// Catalogue reads what settings and mappings choose from: active companies, billing codes, services and the recurring contracts in
// effect. It is whole or an error: a list with silent holes would lead to wrong mappings.
func (t *Target) Catalogue(ctx context.Context) (billing.Catalogue, error) {
	var c catalogue
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { c.money, err = t.currencies(ctx); return err })
	group.Go(func() (err error) { c.companies, err = t.companies(ctx); return err })
	group.Go(func() (err error) { c.types, err = t.fields(ctx, "Companies"); return err })
	group.Go(func() (err error) { c.codes, err = t.codes(ctx); return err })
	group.Go(func() (err error) { c.uses, err = t.fields(ctx, "BillingCodes"); return err })
	group.Go(func() (err error) { c.services, err = query[wireService](ctx, t, "Services", nil); return err })
	group.Go(func() (err error) {
		c.contracts, err = query[wireContract](ctx, t, "Contracts", contractFields(), filter{Op: "eq", Field: "contractType", Value: 7})
		return err
	})
	if err := group.Wait(); err != nil {
		return billing.Catalogue{}, err
	}
	return c.translate(t.today()), nil
}

func (t *Target) today() billing.Date { return billing.DateOf(t.cfg.Now()) }

func (t *Target) companies(ctx context.Context) ([]wireCompany, error) {
	return query[wireCompany](ctx, t, "Companies", []string{"id", "companyName", "companyNumber", "companyType", "isActive", "currencyID"})
}

func (t *Target) codes(ctx context.Context) ([]wireCode, error) {
	return query[wireCode](ctx, t, "BillingCodes", []string{"id", "name", "isActive", "useType"})
}

func (c *catalogue) translate(today billing.Date) billing.Catalogue {
	out := billing.Catalogue{Currency: c.money.internal}
	for _, row := range c.companies {
		if row.Active {
			out.Companies = append(out.Companies, c.company(row))
		}
	}
	for _, row := range c.codes {
		out.Codes = append(out.Codes, billing.BillingCode{ID: billing.BillingCodeID(row.ID.String()), Name: row.Name,
			Use: codeUse(c.uses, string(row.Use)), Active: bool(row.Active)})
	}
	for _, row := range c.services {
		out.Services = append(out.Services, row.service(c.money.internal))
	}
	for _, row := range c.contracts {
		if contract := row.contract(); contract.Active && !today.After(contract.End) {
			out.Contracts = append(out.Contracts, contract)
		}
	}
	return out
}

func (c *catalogue) company(row wireCompany) billing.Company {
	code := c.money.internal
	if row.Currency.set {
		code = c.money.codes[row.Currency.n] // "" for a currency without ISO code: it cannot be billed in
	}
	return billing.Company{ID: billing.CompanyID(row.ID.String()), Name: row.Name, Number: string(row.Number),
		Type: companyType(c.types, string(row.Type)), Active: bool(row.Active), Currency: money.Currency(code)}
}

// companyType gives the label of a company's type. Tenants rename labels, so the two values that are confirmed keep their own name
// (Autotask sheet §5.1).
func companyType(m *entityMeta, value string) string {
	switch value {
	case "1":
		return "Customer"
	case "3":
		return "Prospect"
	}
	return m.label("companyType", value)
}

// codeUse gives the use of a billing code by its label; renamed labels fall back to the documented values (Autotask sheet §5.10).
func codeUse(m *entityMeta, value string) billing.CodeUse {
	switch value {
	case useTypeOf(m, billing.RecurringServiceUse):
		return billing.RecurringServiceUse
	case useTypeOf(m, billing.MaterialUse):
		return billing.MaterialUse
	}
	return billing.CodeUse(strings.ToLower(orText(m.label("useType", value), value)))
}
