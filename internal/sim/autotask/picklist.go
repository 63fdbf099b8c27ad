package autotask

import (
	"strconv"
)

// choice is one picklist value (Autotask sheet §4.2).
type choice struct {
	value     int64
	label     string
	standard  bool // isDefaultValue
	inactive  bool
	system    bool
	sortOrder int
}

// choices builds a list from alternating values and labels.
func choices(pairs ...any) []choice {
	var list []choice
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, choice{value: int64(pairs[i].(int)), label: pairs[i+1].(string), system: true, sortOrder: i/2 + 1})
	}
	return list
}

func numbered(labels ...string) []choice {
	var list []choice
	for i, label := range labels {
		list = append(list, choice{value: int64(i + 1), label: label, system: true, sortOrder: i + 1})
	}
	return list
}

// picklists are the lists of a tenant by name. Integers the sheet marks as unverified depend on the seed-time dialects.
func picklists(d dialects) map[string][]choice {
	lists := map[string][]choice{
		"Companies.companyType":        companyTypes(d),
		"Companies.classification":     choices(6, "Standard", 200, "Premier"),
		"Companies.territoryID":        choices(29682778, "North", 29682779, "South"),
		"Companies.marketSegmentID":    choices(29683330, "Small business", 29683331, "Public sector"),
		"Companies.competitorID":       choices(29683884, "Another MSP"),
		"Companies.billToAddressToUse": choices(1, "Organization Address", 2, "Parent Organization Address", 3, "Another Organization Location", 4, "Custom Address"),
		"Companies.invoiceMethod":      choices(0, "None", 1, "Print", 2, "Email", 3, "Print and Email"),
		"Contracts.contractType": choices(1, "Time & Materials", 3, "Fixed Price", 4, "Block Hours", 6, "Retainer", 7, "Recurring Service",
			8, "Per Ticket", 9, "Umbrella"),
		"Contracts.status": choices(0, "Inactive", 1, "Active"),
		"Contracts.timeReportingRequiresStartAndStopTimes": choices(0, "No", 1, "Yes"),
		"Contracts.contractCategory":                       choices(12, "Standard", 13, "Premium", 14, "Cloud"),
		"Contracts.billingPreference":                      choices(1, "Immediately without review", 2, "Manually", 3, "On timesheet approval"),
		"serviceLevelAgreement":                            choices(1, "Standard SLA", 2, "Gold SLA"),
		"periodType":                                       choices(2, "Monthly", 3, "Quarterly", 4, "Semi-Annual", 5, "Yearly"),
		"ContractCharges.chargeType":                       chargeTypes(d),
		"ContractCharges.status":                           choices(1, "Need to Order/Fulfill", 2, "On Order", 7, "Delivered/Shipped Full"),
		"BillingCodes.useType":                             useTypes(d),
		"BillingCodes.billingCodeType":                     choices(0, "Normal", 1, "System", 2, "Non-Billable"),
		"BillingCodes.generalLedgerAccount":                choices(11, "4000 Services", 12, "4100 Cloud resale"),
		"Products.productCategory":                         choices(1, "Standard", 2, "Hardware"),
		"Products.billingType":                             choices(1, "One-Time", 2, "Recurring"),
		"Products.priceCostMethod":                         choices(1, "Use product cost", 2, "Use average cost"),
		"Invoices.paymentTerm":                             choices(1, "Net 30 days", 2, "Net 14 days"),
		"BillingItems.billingItemType":                     billingItemTypes(d),
		"BillingItems.subType":                             numbered("Regular", "Proration"),
		"Currencies.displaySymbol":                         choices(1, "€", 2, "$", 3, "£"),
		"Resources.licenseType":                            choices(1, "Professional", 7, "API User (API-only)"),
	}
	for _, list := range lists {
		list[0].standard = true
	}
	lists["Contracts.contractCategory"] = append(lists["Contracts.contractCategory"], choice{value: 15, label: "Legacy", inactive: true, sortOrder: 4})
	if d.is("picklistLabels", "renamed") {
		renameLabels(lists)
	}
	return lists
}

func companyTypes(d dialects) []choice {
	labels := []string{"Customer", "Lead", "Prospect", "Dead", "Cancellation", "Vendor", "Partner"}
	list := numbered(labels...)
	if d.is("companyTypeValues", "gap") {
		for i := 4; i < len(list); i++ {
			list[i].value++
		}
	}
	return list
}

func useTypes(d dialects) []choice {
	list := numbered("General Allocation Code", "Expense Category", "Internal Allocation Code", "Material Cost Code", "Recurring Contract Service Code",
		"Milestone Code", "Product Code")
	if d.is("useTypeValues", "other") {
		list[3].value, list[5].value = 6, 4
	}
	return list
}

func chargeTypes(d dialects) []choice {
	if d.is("chargeTypeValues", "swapped") {
		return choices(2, "Operational", 1, "Capitalized")
	}
	return choices(1, "Operational", 2, "Capitalized")
}

func billingItemTypes(d dialects) []choice {
	list := numbered("Labor", "ProjectCost", "Cost", "Expense", "Subscription", "RecurringService", "RecurringServices", "Milestone")
	if d.is("billingItemTypeValues", "other") {
		for i := 1; i < len(list); i++ {
			list[i].value += 10
		}
	}
	return list
}

// renameLabels gives lists the labels of a tenant that speaks its own language (Autotask sheet §4.2, §10.7).
func renameLabels(lists map[string][]choice) {
	renamed := map[string]string{
		"Customer": "Client", "Vendor": "Supplier", "Prospect": "Opportunity (open)", "Active": "In Effect", "Monthly": "Every month",
		"Yearly": "Every year", "Recurring Service": "Recurring Service Agreement", "Operational": "Running cost",
		"Recurring Contract Service Code": "Service billing code", "Material Cost Code": "Charge billing code", "RecurringService": "Service line",
	}
	for _, list := range lists {
		for i := range list {
			if label, ok := renamed[list[i].label]; ok {
				list[i].label = label
			}
		}
	}
}

// Roles are the meanings that rules of the simulator itself depend on, by their position in the delivered lists.
const (
	companyCustomer, companyProspect, companyVendor = 0, 2, 5
	useWork, useMaterial, useService                = 0, 3, 4
	itemCharge, itemService, itemBundle             = 2, 5, 6
	contractTypeRecurring                           = int64(7)
)

// role gives the picklist value at a position of a delivered list.
func (w *world) role(list string, position int) int64 { return w.picks[list][position].value }

func (w *world) choice(list string, value int64) (choice, bool) {
	for _, c := range w.picks[list] {
		if c.value == value {
			return c, true
		}
	}
	return choice{}, false
}

func (c choice) text() string { return strconv.FormatInt(c.value, 10) }
