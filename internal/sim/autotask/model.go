package autotask

import (
	"fmt"
	"strconv"
	"strings"
)

// model is what a tenant is made of: entities by lower-case plural name, in a fixed order.
type model struct {
	entities []*entity
	byName   map[string]*entity
	children map[string]*entity // "contracts/services" → ContractServices
}

// newModel reads the field tables. An error is a mistake in a table and is found by any test.
func newModel(d dialects) (*model, error) {
	m := &model{byName: map[string]*entity{}, children: map[string]*entity{}}
	for _, group := range [][]tableSpec{crmTables(), catalogTables(), contractTables(), billingTables()} {
		for _, spec := range group {
			e := spec.entity
			if err := e.parseFields(spec.fields); err != nil {
				return nil, err
			}
			m.entities = append(m.entities, &e)
			m.byName[strings.ToLower(e.name)] = &e
			if e.parent != "" {
				m.children[strings.ToLower(e.parent+"/"+e.segment)] = &e
			}
		}
	}
	if err := m.applyLengths(d); err != nil {
		return nil, err
	}
	m.attachComputed()
	return m, nil
}

func (m *model) applyLengths(d dialects) error {
	for name, f := range map[string]*field{
		"serviceNameLength": m.entity("Services").field("name"),
		"postalCodeLength":  m.entity("Companies").field("postalCode"),
	} {
		n, err := strconv.Atoi(d[name])
		if err != nil {
			return fmt.Errorf("dialect %s: %w", name, err)
		}
		f.length = n
	}
	return nil
}

func (m *model) entity(name string) *entity { return m.byName[strings.ToLower(name)] }

// tableSpec is an entity and its field table.
type tableSpec struct {
	entity entity
	fields string
}

func crmTables() []tableSpec {
	update := access{rootUpdate: true}
	return []tableSpec{
		{entity{name: "Companies", singular: "Company", firstID: 29_680_000, hasUDF: true, webhooks: true, access: access{rootCreate: true, rootUpdate: true},
			udfs: []udf{{name: "Microsoft Tenant ID", label: "Microsoft Tenant ID", length: 100, queryable: true}, {name: "Portal Password", label: "Portal Password", length: 100}}}, companyFields},
		{entity{name: "Resources", singular: "Resource", firstID: 29_682_885}, resourceFields},
		{entity{name: "Currencies", singular: "Currency", firstID: 1, access: update}, currencyFields},
		{entity{name: "PaymentTerms", singular: "PaymentTerm", firstID: 1, access: access{rootCreate: true, rootUpdate: true}}, paymentTermFields},
		{entity{name: "TaxRegions", singular: "TaxRegion", firstID: 1, access: access{rootCreate: true, rootUpdate: true}}, taxRegionFields},
		{entity{name: "TaxCategories", singular: "TaxCategory", firstID: 1, access: update}, taxCategoryFields},
		{entity{name: "Taxes", singular: "Tax", firstID: 1, access: access{rootCreate: true, rootUpdate: true}}, taxFields},
		{entity{name: "InternalLocations", singular: "InternalLocation", firstID: 1}, internalLocationFields},
		{entity{name: "Countries", singular: "Country", firstID: 1}, countryFields},
		{entity{name: "InvoiceTemplates", singular: "InvoiceTemplate", firstID: 101}, invoiceTemplateFields},
	}
}

func catalogTables() []tableSpec {
	write := access{rootCreate: true, rootUpdate: true}
	return []tableSpec{
		{entity{name: "Services", singular: "Service", firstID: 11, hasUDF: true, access: write}, serviceFields},
		{entity{name: "ServiceBundles", singular: "ServiceBundle", firstID: 3, hasUDF: true, access: access{rootCreate: true, rootUpdate: true, rootDelete: true}}, serviceBundleFields},
		{entity{name: "ServiceBundleServices", singular: "ServiceBundleService", firstID: 5, parent: "ServiceBundles", segment: "Services", parentField: "serviceBundleID",
			access: access{childCreate: true, childDelete: true}}, serviceBundleServiceFields},
		{entity{name: "BillingCodes", singular: "BillingCode", firstID: 21}, billingCodeFields},
		{entity{name: "Products", singular: "Product", firstID: 41, hasUDF: true, access: write}, productFields},
		{entity{name: "PriceListServices", singular: "PriceListService", firstID: 1, access: access{rootUpdate: true}}, priceListServiceFields},
	}
}

func contractTables() []tableSpec {
	child := func(name, singular, segment string, first int64, a access) entity {
		return entity{name: name, singular: singular, parent: "Contracts", segment: segment, parentField: "contractID", firstID: first, access: a, contracts: true}
	}
	writable := access{childCreate: true, childUpdate: true}
	command := access{rootCreate: true, childCreate: true, unreadable: true}
	return []tableSpec{
		{entity{name: "Contracts", singular: "Contract", firstID: 29_780_000, hasUDF: true, contracts: true, access: access{rootCreate: true, rootUpdate: true}}, contractFields},
		{child("ContractServices", "ContractService", "Services", 501, writable), contractServiceFields},
		{child("ContractServiceAdjustments", "ContractServiceAdjustment", "ServiceAdjustments", 9_001, command), contractServiceAdjustmentFields},
		{child("ContractServiceUnits", "ContractServiceUnit", "ServiceUnits", 70_001, access{}), contractServiceUnitFields},
		{child("ContractServiceBundles", "ContractServiceBundle", "ServiceBundles", 301, writable), contractServiceBundleFields},
		{child("ContractServiceBundleAdjustments", "ContractServiceBundleAdjustment", "ServiceBundleAdjustments", 4_001, command), contractServiceBundleAdjustmentFields},
		{child("ContractServiceBundleUnits", "ContractServiceBundleUnit", "ServiceBundleUnits", 40_001, access{}), contractServiceBundleUnitFields},
		{child("ContractCharges", "ContractCharge", "Charges", 6_001, access{childCreate: true, childUpdate: true, childDelete: true}), contractChargeFields},
		{child("ContractNotes", "ContractNote", "Notes", 2_001, writable), contractNoteFields},
	}
}

func billingTables() []tableSpec {
	return []tableSpec{
		{entity{name: "Invoices", singular: "Invoice", firstID: 3_301, access: access{rootUpdate: true}}, invoiceFields},
		{entity{name: "BillingItems", singular: "BillingItem", firstID: 880_001, access: access{rootUpdate: true}}, billingItemFields},
	}
}
