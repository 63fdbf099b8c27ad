package autotask

import (
	"time"

	"spindle/internal/sim/scenario"
)

// customers seeds the companies, contracts, catalogue and unrelated lines of a scenario.
func (s *seeder) customers(sc scenario.Scenario) {
	if s.err != nil {
		return
	}
	owner, euro := s.w.table("Resources").order[0], s.w.table("Currencies").order[0]
	contracts := s.customerContracts(sc, owner, euro)
	for _, name := range []string{sc.VendorCompany + " Partner Events", sc.VendorCompany + " Ireland Users Group"} {
		s.company(-1, owner, euro, name, "", companyPartnerLead)
	}
	for _, name := range []string{"Alder Ridge Veterinary", "Brightwater Leisure", "Granite Vale Golf Club"} {
		s.company(-1, owner, euro, name, "", companyProspect)
	}
	s.catalog(sc)
	managed := s.service("Managed workstation", "38.50", "11.00", 2, s.codeFor("Managed services", useService), nil)
	backup := s.service("Server backup", "25.00", "9.75", 2, s.codeFor("Managed services", useService), nil)
	s.unrelatedLines(sc, contracts, managed, backup)
}

// companyPartnerLead is the position of Lead in the company types.
const companyPartnerLead = 1

func (s *seeder) customerContracts(sc scenario.Scenario, owner, euro int64) []int64 {
	var contracts []int64
	for _, customer := range sc.Customers {
		company := s.company(-1, owner, euro, customer.CompanyName, customer.CompanyNo, companyCustomer)
		for _, c := range customer.Contracts {
			contracts = append(contracts, s.contract(company, c.Name, c.Number, c.PeriodType, c.Start, c.End))
		}
	}
	return contracts
}

// contract seeds an active recurring contract.
func (s *seeder) contract(company int64, name, number string, periodType int, start, end time.Time) int64 {
	return s.add("Contracts", values{"companyID": company, "contractName": name, "contractNumber": number, "contractType": contractTypeRecurring,
		"status": 1, "startDate": midnight(start), "endDate": midnight(end), "contractPeriodType": periodType,
		"timeReportingRequiresStartAndStopTimes": 0, "contractCategory": 12})
}

func (s *seeder) service(name, price, cost string, periodType int, code int64, vendor any) int64 {
	v := values{"name": name, "unitPrice": price, "unitCost": cost, "periodType": periodType, "billingCodeID": code,
		"invoiceDescription": name + ", per period"}
	if vendor != nil {
		v["vendorCompanyID"] = vendor
	}
	return s.add("Services", v)
}

// catalog seeds three services a tenant had made by hand for products of the price list; only one says which product.
func (s *seeder) catalog(sc scenario.Scenario) {
	products := scenario.Products()
	code := s.codeFor(sc.ServiceCode, useService)
	vendor := s.w.table("Companies").order[1] // after the own company
	s.service(products[0].Name, "27.00", products[0].AnnualMonthly, 2, code, vendor)
	s.service(products[1].Name, "5.50", products[1].AnnualMonthly, 2, code, vendor)
	marked := s.service(products[5].Name, "12.80", products[5].AnnualMonthly, 2, code, vendor)
	r, _ := s.w.find("Services", marked)
	r.set("sku", products[5].ProductID)
}

// unrelatedLines seeds the MSP's own services on some contracts. They must be left alone. The last month is posted, and one
// company is invoiced.
func (s *seeder) unrelatedLines(sc scenario.Scenario, contracts []int64, managed, backup int64) {
	first := dateOf(sc.Today.Year(), sc.Today.Month(), 1)
	step := 2
	if len(contracts) > 100 {
		step = 4
	}
	var invoiced int64
	for i, contract := range contracts {
		if i%step != 0 {
			continue
		}
		id := s.add("ContractServices", values{"contractID": contract, "serviceID": managed, "unitCost": "11.00"})
		s.adjust(id, first.AddDate(0, -2, 0), int64(5+i%9), "")
		if i%(2*step) == 0 {
			id = s.add("ContractServices", values{"contractID": contract, "serviceID": backup, "unitCost": "9.75"})
			s.adjust(id, first.AddDate(0, -2, 0), 2, "23.50")
			s.adjust(id, first.AddDate(0, -1, 9), 1, "")
		}
		if r, ok := s.w.find("Contracts", contract); ok && invoiced == 0 {
			invoiced = r.num("companyID")
		}
	}
	s.w.post(first.AddDate(0, 0, -1), 0)
	if invoiced != 0 {
		_, err := s.w.invoice(invoiced, nil)
		s.fail(err)
	}
}
