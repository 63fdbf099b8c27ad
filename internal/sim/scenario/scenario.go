// Package scenario describes the small invented worlds that the two simulators are seeded with.
//
// A scenario is neutral: plain names, numbers and dates that an Autotask tenant and a Microsoft partner tenant could both
// know. Each simulator turns it into its own vendor's shapes. The package imports nothing of ours, so that no type of a
// client under test can reach a simulator. Equal name and equal day give equal worlds, to the byte.
package scenario

import (
	"fmt"
	"strings"
	"time"
)

// Names lists the scenarios that Named accepts.
func Names() []string { return []string{"demo", "traps", "large"} }

// Scenario is one invented world on one day.
type Scenario struct {
	Name     string
	Today    time.Time // midnight UTC of the virtual day
	Currency string    // billing currency of the partner and internal currency of the Autotask tenant

	PartnerTenantID string
	PartnerName     string
	MpnID           string
	VendorCompany   string // the Autotask company that stands for Microsoft
	ServiceCode     string // name of the billing code for recurring contract services
	MaterialCode    string // name of the material billing code for Azure usage

	Customers []Customer
}

// Customer is an end client as both vendors know it.
type Customer struct {
	TenantID    string // Microsoft's customer tenant id, lower-case GUID
	Name        string // as Microsoft spells it
	Domain      string
	Country     string // ISO-2
	CompanyName string // as Autotask spells it
	CompanyNo   string // Autotask companyNumber

	Subscriptions []Subscription
	Azure         []AzureSubscription // below one Azure plan; empty when the customer has none
	AzurePlanID   string              // subscription id of the Azure plan, "" when none
	Contracts     []Contract          // recurring contracts that already exist in Autotask
}

// Subscription is a licence commitment.
type Subscription struct {
	ID             string
	ProductID      string
	SKUID          string
	AvailabilityID string
	Name           string
	Publisher      string
	Quantity       int
	Term           string // P1M, P1Y, P3Y
	BillingCycle   string // monthly, annual, triennial
	UnitPrice      string // decimal text, partner's cost for one unit and one billing cycle, in the scenario's currency
	Start          time.Time
}

// AzureSubscription is an Azure subscription ("entitlement") below the customer's Azure plan.
type AzureSubscription struct {
	ID             string
	Name           string
	ResourceGroups []string
}

// Contract is a recurring service contract that exists before Spindle arrives.
type Contract struct {
	Name       string
	Number     string
	PeriodType int // 2 monthly, 3 quarterly, 4 semi-annual, 5 yearly
	Start, End time.Time
}

// Product is one entry of the invented price list.
type Product struct {
	ProductID, SKUID, AvailabilityID, Name, Publisher string
	Monthly                                           string // unit price per month on a monthly term
	AnnualMonthly                                     string // unit price per month on an annual term billed monthly
	Annual                                            string // unit price per year on an annual term billed annually
}

// Products is the invented price list, in a fixed order.
func Products() []Product {
	return []Product{
		{"CFQ7TTC07DHZ", "0001", "CFQ7TTC0WPD9", "Microsoft 365 Business Premium", "Microsoft Corporation", "24.70", "21.60", "247.00"},
		{"CFQ7TTC0LS7V", "0001", "CFQ7TTC05WFJ", "Exchange Online (Plan 1)", "Microsoft Corporation", "4.80", "4.20", "48.00"},
		{"CFQ7TTC0Q1N5", "0001", "CFQ7TTC0Z5B1", "Microsoft 365 Business Standard", "Microsoft Corporation", "14.00", "11.70", "133.80"},
		{"CFQ7TTC09Q8C", "0001", "CFQ7TTC0LL3M", "Microsoft 365 Business Basic", "Microsoft Corporation", "6.70", "5.60", "64.00"},
		{"CFQ7TTC034ZW", "0001", "CFQ7TTC03H8L", "Microsoft 365 E3 (no Teams)", "Microsoft Corporation", "43.60", "37.95", "433.70"},
		{"CFQ7TTC03H9C", "0001", "CFQ7TTC07QCT", "Power BI Pro", "Microsoft Corporation", "12.00", "10.24", "117.00"},
		{"CFQ7TTC010XW", "0001", "CFQ7TTC08T2K", "Visio Plan 2", "Microsoft Corporation", "18.00", "15.60", "178.30"},
		{"CFQ7TTC0P7ZL", "0001", "CFQ7TTC06D4N", "Planner and Project Plan 3", "Microsoft Corporation", "32.40", "28.35", "324.00"},
		{"CFQ7TTC04P4W", "0002", "CFQ7TTC0RVLG", "Dynamics 365 Sales Professional", "Microsoft Corporation", "78.00", "65.10", "744.00"},
		{"CFQ7TTC0VN83", "0001", "CFQ7TTC0N6C8", "Microsoft Teams Premium", "Microsoft Corporation", "10.10", "8.40", "96.00"},
	}
}

// Named builds a scenario for a virtual day. The time of day is dropped. An unknown name is an error that lists the known ones.
func Named(name string, today time.Time) (Scenario, error) {
	today = time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC)
	s := Scenario{
		Name: name, Today: today, Currency: "EUR",
		PartnerTenantID: "bacf63c8-a16a-4bb5-a7cd-e14076792a40", PartnerName: "Northwind IT", MpnID: "6911204",
		VendorCompany: "Microsoft", ServiceCode: "Cloud Subscriptions", MaterialCode: "Azure Consumption",
	}
	switch name {
	case "demo", "traps":
		s.Customers = demoCustomers(today)
	case "large":
		s.Customers = largeCustomers(today)
	default:
		return Scenario{}, fmt.Errorf("unknown scenario %q: there are %s", name, strings.Join(Names(), ", "))
	}
	return s, nil
}

// InvoiceMonth is the first day of the last closed month: the month of the newest invoice.
func (s Scenario) InvoiceMonth() time.Time { return monthStart(s.Today).AddDate(0, -1, 0) }

// InvoiceID is the id of the invoice for the month that starts at m.
func (s Scenario) InvoiceID(m time.Time) string {
	return fmt.Sprintf("G1%04d%02d00", m.Year(), m.Month())
}

func monthStart(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

type seedCustomer struct{ name, company, domain, country string }

func demoSeeds() []seedCustomer {
	return []seedCustomer{
		{"Alder Ridge Dental Group", "Alder Ridge Dental", "alderridgedental.onmicrosoft.com", "NL"},
		{"Brightwater Logistics, B.V.", "Brightwater Logistics BV", "brightwaterlog.onmicrosoft.com", "NL"},
		{"Cobalt Harbor Foods GmbH", "Cobalt Harbor Foods", "cobaltharbor.onmicrosoft.com", "DE"},
		{"Dunmore Analytics Ltd", "Dunmore Analytics Limited", "dunmoreanalytics.onmicrosoft.com", "IE"},
		{"Eastfen Municipal Library", "Library Eastfen (Municipal)", "eastfenlib.onmicrosoft.com", "BE"},
		{"Foxglove Community Care", "Foxglove Community Care", "foxglovecare.onmicrosoft.com", "IE"},
		{"Granite & Vale Solicitors", "Granite and Vale Solicitors LLP", "granitevale.onmicrosoft.com", "IE"},
		{"Hollins Precision Engineering", "Hollins Precision Eng.", "hollinsprecision.onmicrosoft.com", "NL"},
		{"Isar Medizintechnik GmbH & Co. KG", "Isar Medizintechnik", "isarmed.onmicrosoft.com", "DE"},
		{"Juniper Street Architects", "Juniper Street Architects", "juniperstreet.onmicrosoft.com", "IE"},
		{"Kestrel Aviation Services", "Kestrel Aviation", "kestrelaviation.onmicrosoft.com", "NL"},
		{"Lindqvist & Söner AB", "Lindqvist och Söner AB", "lindqvist.onmicrosoft.com", "BE"},
	}
}

func demoCustomers(today time.Time) []Customer {
	var customers []Customer
	for i, seed := range demoSeeds() {
		c := Customer{
			TenantID: guid(1, i), Name: seed.name, CompanyName: seed.company, Domain: seed.domain, Country: seed.country,
			CompanyNo: fmt.Sprintf("C%05d", 10010+i*10),
		}
		azure := i%4 == 1 // the second, sixth and tenth customer
		licences := 5
		if azure {
			licences = 4
			c.AzurePlanID = guid(3, i)
			for a := range 1 + i%3 {
				c.Azure = append(c.Azure, AzureSubscription{
					ID: guid(4, i*10+a), Name: fmt.Sprintf("%s-%s", seed.domain[:4], []string{"prod", "dev", "shared"}[a]),
					ResourceGroups: []string{"rg-erp-prod", "rg-web-prod", "rg-backup"}[:1+(i+a)%3],
				})
			}
		}
		c.Subscriptions = licencesOf(i, licences, today)
		if i%12 < 7 {
			c.Contracts = []Contract{{
				Name: "Cloud services " + seed.company, Number: fmt.Sprintf("CS-%d", 2001+i), PeriodType: 2,
				Start: time.Date(today.Year()-1, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(today.Year()+1, 12, 31, 0, 0, 0, 0, time.UTC),
			}}
		}
		customers = append(customers, c)
	}
	return customers
}

func largeCustomers(today time.Time) []Customer {
	adjectives := []string{"Amber", "Birch", "Cedar", "Delta", "Ember", "Fjord", "Garnet", "Heron", "Iron", "Jade"}
	nouns := []string{"Mill", "Harbour", "Bridge", "Field", "Quarry", "Orchard", "Meadow", "Tower", "Wharf", "Grove"}
	trades := []string{"Dental", "Logistics", "Foods", "Analytics", "Engineering", "Law", "Media", "Clinic", "Schools", "Motors"}
	var customers []Customer
	for i := range 1000 {
		name := fmt.Sprintf("%s %s %s", adjectives[i%10], nouns[i/10%10], trades[i/100])
		c := Customer{
			TenantID: guid(1, i), Name: name + " Ltd", CompanyName: name, Domain: fmt.Sprintf("c%04d.onmicrosoft.com", i), Country: "IE",
			CompanyNo: fmt.Sprintf("C%05d", 10000+i), Subscriptions: licencesOf(i, 8, today),
		}
		for k := range 2 {
			c.Contracts = append(c.Contracts, Contract{
				Name: fmt.Sprintf("%s %s", []string{"Managed services", "Cloud services"}[k], name), Number: fmt.Sprintf("CS-%d", 2001+i*2+k), PeriodType: 2,
				Start: time.Date(today.Year()-1, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(today.Year()+1, 12, 31, 0, 0, 0, 0, time.UTC),
			})
		}
		customers = append(customers, c)
	}
	return customers
}

// licencesOf gives customer i its n licences: different products, a mix of terms, all bought before the last closed month ended
// and all with a charge in the last closed month when they are billed monthly.
func licencesOf(i, n int, today time.Time) []Subscription {
	products := Products()
	closed := monthStart(today).AddDate(0, -1, 0)
	var subs []Subscription
	for k := range n {
		p := products[(i+k)%len(products)]
		s := Subscription{
			ID: guid(2, i*100+k), ProductID: p.ProductID, SKUID: p.SKUID, AvailabilityID: p.AvailabilityID, Name: p.Name, Publisher: p.Publisher,
			Quantity: 3 + (i*7+k*5)%37,
		}
		day := 1 + (i*3+k*2)%27
		switch (i + k) % 5 {
		case 0: // monthly term
			s.Term, s.BillingCycle, s.UnitPrice = "P1M", "monthly", p.Monthly
			s.Start = closed.AddDate(0, -(k+1)%4, day-1)
		case 4: // annual term, billed annually, renewed or bought in the closed month
			s.Term, s.BillingCycle, s.UnitPrice = "P1Y", "annual", p.Annual
			s.Start = closed.AddDate(0, 0, day-1)
		default: // annual term, billed monthly
			s.Term, s.BillingCycle, s.UnitPrice = "P1Y", "monthly", p.AnnualMonthly
			s.Start = closed.AddDate(0, -(i+k)%11, day-1)
		}
		subs = append(subs, s)
	}
	return subs
}

// guid makes a readable, stable GUID from a kind and a number.
func guid(kind, n int) string {
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", 0x5a000000+kind*0x10000+n, kind, n%0xfff, (n*7)%0xfff, 0x5b1d1e000000+n)
}
