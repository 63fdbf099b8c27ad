package autotask

import (
	"fmt"
	"time"

	"spindle/internal/sim/scenario"
)

// fillerCompanies make the companies of the traps tenant more than two pages.
const fillerCompanies = 1_020

// trapSeed carries what the traps share.
type trapSeed struct {
	*seeder
	sc                   scenario.Scenario
	owner, euro, dollar  int64
	code                 int64 // recurring service code
	monthly, yearly      int64 // services
	month, previousMonth time.Time
}

// traps seeds the tenant of Autotask sheet §10.7: every row below is there because a connector has once fallen over it. The
// scenario's customers exist; the traps hang on them.
func (s *seeder) traps(sc scenario.Scenario) {
	if s.err != nil {
		return
	}
	month := dateOf(sc.Today.Year(), sc.Today.Month(), 1)
	t := &trapSeed{seeder: s, sc: sc, owner: s.w.table("Resources").order[0], euro: s.w.table("Currencies").order[0],
		month: month, previousMonth: month.AddDate(0, -1, 0)}
	t.dollar = s.add("Currencies", values{"name": "USD", "description": "US Dollar", "displaySymbol": 2, "exchangeRate": "1.25",
		"isInternalCurrency": false, "isActive": true})
	t.code = s.codeFor(sc.ServiceCode, useService)
	t.services()
	companies := t.companies()
	t.contracts(companies)
	t.fillers()
}

// services seeds the catalogue: duplicate names, an inactive one, a credit, yearly and monthly.
func (t *trapSeed) services() {
	t.catalog(t.sc)
	t.monthly = t.service("Cloud backup", "19.90", "7.25", 2, t.code, nil)
	t.yearly = t.service("Domain and certificate", "120", "48", 5, t.code, nil)
	for _, sku := range []string{"CB-S", "CB-L"} {
		id := t.service("Cloud backup", "24.90", "9.10", 2, t.code, nil)
		r, _ := t.w.find("Services", id)
		r.set("sku", sku)
	}
	for _, row := range t.w.table("PriceListServices").all() {
		if row.num("serviceID") == t.yearly {
			row.set("usesInternalCurrencyPrice", false) // an own price in the second currency
			price, err := seedValue(row.entity.field("unitPrice"), "150")
			t.fail(err)
			row.set("unitPrice", price)
		}
	}
}

func (t *trapSeed) companies() []int64 {
	var ids []int64
	for i, customer := range t.sc.Customers {
		currency := t.euro
		if i == 7 {
			currency = t.dollar
		}
		id := t.company(-1, t.owner, currency, customer.CompanyName, customer.CompanyNo, companyCustomer)
		ids = append(ids, id)
		r, _ := t.w.find("Companies", id)
		switch i {
		case 1: // a second company of the same name
			t.company(-1, t.owner, t.euro, customer.CompanyName, "C90001", companyCustomer)
		case 2:
			r.set("isActive", false)
		case 9:
			r.set("companyType", t.w.role("Companies.companyType", companyProspect))
		}
	}
	return ids
}

func (t *trapSeed) contracts(companies []int64) {
	last := t.month.AddDate(0, 1, -1)
	yearStart, yearEnd := dateOf(t.sc.Today.Year()-1, 1, 1), dateOf(t.sc.Today.Year()+1, 12, 31)
	posted := t.plain(companies[0], "Managed services", yearStart, yearEnd)
	t.line(posted, t.monthly, t.previousMonth, 6, "")
	t.plain(companies[1], "Cloud services", yearStart, yearEnd)
	t.plain(companies[2], "Cloud services (inactive customer)", yearStart, yearEnd)
	t.otherType(companies[3], yearStart, yearEnd)
	t.plain(companies[3], "Cloud services", yearStart, yearEnd)
	t.plain(companies[4], "Cloud services A", yearStart, yearEnd)
	t.plain(companies[4], "Cloud services B", t.previousMonth, yearEnd)
	t.successor(companies[5], yearStart, last, yearEnd)
	t.mixed(companies[6], yearStart, yearEnd)
	dollars := t.plain(companies[7], "Cloud services USD", yearStart, yearEnd)
	t.line(dollars, t.monthly, t.previousMonth, 3, "")
	t.line(dollars, t.yearly, dateOf(t.sc.Today.Year(), 1, 1), 1, "")
	anchored := t.plain(companies[8], "Cloud services from the 31st", dateOf(t.sc.Today.Year()-1, 12, 31), dateOf(t.sc.Today.Year()+1, 12, 30))
	t.line(anchored, t.monthly, dateOf(t.sc.Today.Year()-1, 12, 31), 2, "")
	t.plain(companies[9], "Trial of a prospect", yearStart, yearEnd)
	t.w.post(t.month.AddDate(0, 0, -1), 0)
	t.w.post(last, posted) // current month posted, next month not
	_, err := t.w.invoice(companies[0], nil)
	t.fail(err)
}

func (t *trapSeed) plain(company int64, name string, start, end time.Time) int64 {
	return t.contract(company, name, fmt.Sprintf("CS-%d", t.w.table("Contracts").next%10_000), 2, start, end)
}

func (t *trapSeed) line(contract, service int64, from time.Time, units int64, price string) int64 {
	id := t.add("ContractServices", values{"contractID": contract, "serviceID": service, "unitCost": "7.25"})
	t.adjust(id, from, units, price)
	return id
}

// otherType seeds a time-and-materials contract beside the recurring ones.
func (t *trapSeed) otherType(company int64, start, end time.Time) {
	t.add("Contracts", values{"companyID": company, "contractName": "Support by the hour", "contractType": 1, "status": 1, "startDate": start,
		"endDate": end, "timeReportingRequiresStartAndStopTimes": 1})
}

// successor seeds a contract that ends this month and the one that follows it.
func (t *trapSeed) successor(company int64, start, last, end time.Time) {
	old := t.plain(company, "Cloud services", start, last)
	t.line(old, t.monthly, t.previousMonth, 4, "")
	next := t.plain(company, "Cloud services (renewed)", last.AddDate(0, 0, 1), end)
	r, _ := t.w.find("Contracts", next)
	r.set("renewedContractID", old)
}

// mixed seeds one contract with everything that makes joins go wrong.
func (t *trapSeed) mixed(company int64, start, end time.Time) {
	contract := t.plain(company, "Everything", start, end)
	t.line(contract, t.monthly, t.previousMonth, 10, "18.5")
	t.line(contract, t.monthly, t.previousMonth, 4, "17") // the same service again
	t.line(contract, t.yearly, dateOf(t.sc.Today.Year(), 1, 1), 2, "")
	gone := t.service("Retired antivirus", "3.20", "1.10", 2, t.code, nil)
	t.line(contract, gone, t.previousMonth, 7, "")
	r, _ := t.w.find("Services", gone)
	r.set("isActive", false)
	credit := t.service("Loyalty credit", "-15", "0", 2, t.code, nil)
	t.line(contract, credit, t.previousMonth, 1, "")
	emptied := t.service("Fax line", "9", "4", 2, t.code, nil)
	id := t.line(contract, emptied, t.previousMonth.AddDate(0, -1, 0), 5, "")
	t.adjust(id, t.previousMonth, -5, "")
	t.bundleLine(contract)
}

func (t *trapSeed) bundleLine(contract int64) {
	bundle := t.add("ServiceBundles", values{"name": "Workplace bundle", "unitPrice": "55", "periodType": 2, "billingCodeID": t.code, "invoiceDescription": "Workplace"})
	t.add("ServiceBundleServices", values{"serviceBundleID": bundle, "serviceID": t.monthly})
	id := t.add("ContractServiceBundles", values{"contractID": contract, "serviceBundleID": bundle})
	t.w.bundle.byID[id].add(adjustment{id: t.w.bundle.nextAdjustment, date: t.previousMonth, change: 3})
	t.w.bundle.nextAdjustment++
}

// fillers seed enough companies for three pages.
func (t *trapSeed) fillers() {
	kinds := []int{companyCustomer, companyPartnerLead, companyProspect}
	for i := range fillerCompanies {
		t.company(-1, t.owner, t.euro, fmt.Sprintf("Archive Trading %04d", i+1), "", kinds[i%len(kinds)])
	}
}
