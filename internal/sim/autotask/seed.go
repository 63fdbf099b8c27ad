package autotask

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"spindle/internal/sim/scenario"
)

// values are the fields of a seeded row by name. Integers, strings, booleans, times and decimal text are understood.
type values map[string]any

// seeder fills a world and remembers the first mistake.
type seeder struct {
	w   *world
	err error
}

// seed fills a tenant with a scenario.
func seed(w *world, sc scenario.Scenario) error {
	s := &seeder{w: w}
	s.basics(sc)
	if sc.Name == "traps" {
		s.traps(sc)
	} else {
		s.customers(sc)
	}
	return s.err
}

// add stores a row and returns its id.
func (s *seeder) add(entityName string, v values) int64 { return s.put(entityName, -1, v) }

// put stores a row under a given id, or under the next one when it is negative.
func (s *seeder) put(entityName string, id int64, v values) int64 {
	t := s.w.table(entityName)
	r := t.blank()
	s.w.defaults(r)
	for name, raw := range v {
		f := t.entity.field(name)
		if f == nil {
			s.fail(fmt.Errorf("%s has no field %s", entityName, name))
			return 0
		}
		value, err := seedValue(f, raw)
		if err != nil {
			s.fail(err)
			return 0
		}
		r.values[f.index] = value
	}
	s.w.stamp(r, true)
	if id >= 0 {
		t.insertAs(r, id)
	} else {
		id = t.insert(r)
	}
	s.w.afterCreate(r)
	return id
}

func seedValue(f *field, raw any) (any, error) {
	switch v := raw.(type) {
	case int:
		raw = int64(v)
	case string:
		if f.kind == kindDouble || f.kind == kindDecimal {
			return decimal.NewFromString(v)
		}
	}
	if n, ok := raw.(int64); ok && (f.kind == kindDouble || f.kind == kindDecimal) {
		return decimal.NewFromInt(n), nil
	}
	return raw, nil
}

func (s *seeder) fail(err error) {
	if s.err == nil && err != nil {
		s.err = err
	}
}

// adjust changes the units of a line as the engine would.
func (s *seeder) adjust(lineID int64, day time.Time, change int64, price string) {
	l := s.w.lines.byID[lineID]
	a := adjustment{id: s.w.lines.nextAdjustment, date: day, change: change}
	if price != "" {
		d, err := decimal.NewFromString(price)
		s.fail(err)
		a.price = &d
	}
	s.w.lines.nextAdjustment++
	l.add(a)
}

// basics seeds what every tenant has: resources, currency, terms, billing codes, own company, vendor.
func (s *seeder) basics(sc scenario.Scenario) {
	s.w.actorID = s.w.table("Resources").next + 1
	owner := s.add("Resources", values{"firstName": "Petra", "lastName": "Marsh", "userName": "pmarsh", "email": "pmarsh@northwindit.example",
		"isActive": true, "licenseType": 1, "resourceType": "Employee", "title": "Account manager"})
	s.add("Resources", values{"firstName": "API", "lastName": "Billing", "userName": "apibilling", "email": "api@northwindit.example",
		"isActive": true, "licenseType": licenseAPI, "resourceType": "Employee", "title": "API user"})
	s.add("Resources", values{"firstName": "Former", "lastName": "Colleague", "userName": "fcolleague", "email": "gone@northwindit.example",
		"isActive": false, "licenseType": 1, "resourceType": "Employee"})
	euro := s.add("Currencies", values{"name": sc.Currency, "description": "Internal currency", "displaySymbol": 1, "exchangeRate": "1",
		"isInternalCurrency": true, "isActive": true})
	s.add("PaymentTerms", values{"name": "Net 30 days", "paymentDueInDays": 30})
	s.add("PaymentTerms", values{"name": "Net 14 days", "paymentDueInDays": 14})
	s.add("Countries", values{"countryCode": "IE", "name": "Ireland", "displayName": "Ireland", "isDefaultCountry": true, "isActive": true})
	s.add("Countries", values{"countryCode": "NL", "name": "Netherlands", "displayName": "Netherlands", "isActive": true})
	s.add("TaxRegions", values{"name": "Domestic"})
	category := s.add("TaxCategories", values{"name": "Standard rate"})
	s.add("Taxes", values{"taxRegionID": 1, "taxCategoryID": category, "taxName": "VAT", "taxRate": "0.23"})
	s.add("InternalLocations", values{"name": "Head office", "city": "Dublin", "country": "Ireland", "timeZone": "(UTC+00:00) Dublin", "isDefault": true})
	s.add("InvoiceTemplates", values{"name": "Standard invoice"})
	s.billingCodes(sc)
	s.company(0, owner, euro, sc.PartnerName, "", companyCustomer)
	s.company(-1, owner, euro, sc.VendorCompany, "V00001", companyVendor)
}

// billingCodes seeds the two codes a connector needs and codes that must not be taken for them.
func (s *seeder) billingCodes(sc scenario.Scenario) {
	use := func(position int) int64 { return s.w.role("BillingCodes.useType", position) }
	code := func(name string, position int, active bool, ledger int) {
		s.add("BillingCodes", values{"name": name, "useType": use(position), "billingCodeType": 0, "isActive": active, "generalLedgerAccount": ledger,
			"taxCategoryID": 1, "isExcludedFromNewContracts": false})
	}
	code("Remote support", useWork, true, 11)
	code(sc.ServiceCode, useWork, true, 11) // the same name for another use
	code("Legacy "+sc.ServiceCode, useService, false, 11)
	code(sc.ServiceCode, useService, true, 12)
	code("Managed services", useService, true, 11)
	code("Legacy "+sc.MaterialCode, useMaterial, false, 12)
	code(sc.MaterialCode, useMaterial, true, 12)
	code("Hardware", useMaterial, true, 12)
}

// company seeds one organization; id -1 takes the next one.
func (s *seeder) company(id, owner, currency int64, name, number string, kindOf int) int64 {
	v := values{"companyName": name, "companyType": s.w.role("Companies.companyType", kindOf), "phone": "+353 1 555 0100", "ownerResourceID": owner,
		"isActive": true, "currencyID": currency, "isTaxExempt": false, "taxRegionID": 1}
	if number != "" {
		v["companyNumber"] = number
	}
	return s.put("Companies", id, v)
}

// codeFor finds an active billing code by name and use.
func (s *seeder) codeFor(name string, position int) int64 {
	for _, r := range s.w.table("BillingCodes").all() {
		if r.text("name") == name && r.num("useType") == s.w.role("BillingCodes.useType", position) && r.flag("isActive") {
			return r.id
		}
	}
	s.fail(fmt.Errorf("no billing code %s", name))
	return 0
}
