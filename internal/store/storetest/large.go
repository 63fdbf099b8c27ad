package storetest

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// Size says how much Large puts into a database.
type Size struct {
	Customers int
	Lines     int // recurring lines of all customers
	Months    int // with a run that looks at everything
}

// Full is the size that the console must answer fast with (design §9).
func Full() Size { return Size{Customers: 10_000, Lines: 100_000, Months: 24} }

//go:embed large.go
var source []byte

// Stamp tells whether a database that was filled before is what Large would make now.
func (z Size) Stamp() string { return fmt.Sprintf("%+v %x", z, sha256.Sum256(source)) }

// large fills a database month by month, as use would.
type large struct {
	testing.TB
	*store.Store
	size  Size
	org   billing.OrganizationID
	first billing.Date // of the first month
}

const currency = "EUR"

// One customer in every so many …
const (
	everyUnmapped = 20   // is mapped to nobody
	everyOff      = 33   // is not billed
	everyAzure    = 3    // has Azure
	everyHeld     = 40   // has a change that a policy holds, of those that have one
	sendsPerMonth = 40   // lines changed and answered in each month, and half as many charges; fewer in a small database
	laterChanges  = 2000 // changes of every month after the first
	emptyRuns     = 30   // runs of each month that never got a plan; fewer in a small database
	azureGroups   = 6    // resource groups of an Azure customer
	provenMonths  = 3    // newest months with reconciliation lines and what became of them
	chargedMonths = 3    // months whose charges every plan still wants
)

// Clock gives the clock to open the database with, so that its history lies in the months it is about.
func (z Size) Clock() *Months {
	return &Months{at: time.Date(2024, time.December, 1, 6, 0, 0, 0, time.UTC)}
}

// Months is a clock that is moved by hand and runs a millisecond at every look.
type Months struct{ at time.Time }

// Now gives the time.
func (m *Months) Now() time.Time {
	m.at = m.at.Add(time.Millisecond)
	return m.at
}

// MoveTo sets the clock to the morning of a day of the nth month.
func (m *Months) MoveTo(month, day int) {
	m.at = time.Date(2024, time.November+time.Month(month), day, 6, 0, 0, 0, time.UTC)
}

// Large fills an empty store, opened with the clock, with one organization: customers in every state, their subscriptions and mappings, and a
// history of months, each with invoices, usage, a whole plan, decisions, sent changes and an audit trail.
func Large(tb testing.TB, s *store.Store, clock *Months, size Size) billing.OrganizationID {
	tb.Helper()
	l := &large{TB: tb, Store: s, size: size, first: billing.DateOf(clock.at)}
	org, err := s.CreateOrganization(tb.Context(), "Northwind IT", "clerk")
	l.must(err)
	l.org = org.ID
	l.must(s.SetTargetEnabled(tb.Context(), l.org, true, "owner"))
	l.must(s.SaveSettings(tb.Context(), l.org, billing.Settings{Currency: "EUR", SyncOn: true, Schedule: "0 6 * * *"}, "owner"))
	l.must(s.SaveCatalogue(tb.Context(), l.org, l.catalogue()))
	l.must(s.SaveDirectory(tb.Context(), l.org, "partnercenter", l.directory()))
	l.decide()
	for m := range size.Months {
		clock.MoveTo(m+1, 5)
		l.month(m)
	}
	return l.org
}

func (l *large) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// Customer gives the id of the nth customer that Large makes.
func (z Size) Customer(n int) billing.CustomerID {
	return billing.CustomerID(fmt.Sprintf("%08x-0000-4000-8000-%012x", n*2654435761%(1<<32), n))
}

func customerName(n int) string {
	first := []string{"Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ivy", "Juniper", "Kestrel", "Larch", "Maple"}
	kind := []string{"Dental", "Logistics", "Legal", "Brewing", "Architects", "Insurance", "Foods"}
	return fmt.Sprintf("%s Ridge %s %d", first[n%len(first)], kind[n%len(kind)], n)
}

func (l *large) mapped(n int) bool { return n%everyUnmapped != 0 }
func (l *large) billed(n int) bool { return l.mapped(n) && n%everyOff != 0 }
func (l *large) azure(n int) bool  { return n%everyAzure == 0 }

func contractID(n int) string { return fmt.Sprint(200_000 + n) }

func (l *large) catalogue() billing.Catalogue {
	c := billing.Catalogue{Currency: currency}
	for n := range l.size.Customers {
		company := billing.CompanyID(fmt.Sprint(100_000 + n))
		c.Companies = append(c.Companies, billing.Company{ID: company, Name: customerName(n), Active: true})
		c.Contracts = append(c.Contracts, billing.Contract{
			ID: billing.ContractID(contractID(n)), CompanyID: company, Name: "Cloud services – " + customerName(n), Active: true,
			PeriodType: billing.PeriodMonth, Start: l.first,
		})
	}
	for n := range products {
		c.Services = append(c.Services, billing.Service{ID: billing.ServiceID(fmt.Sprint(300 + n)), Name: productName(n), Active: true})
	}
	c.Codes = []billing.BillingCode{{ID: "1", Name: "Azure", Use: billing.MaterialUse, Active: true}, {ID: "2", Name: "Cloud", Use: billing.RecurringServiceUse, Active: true}}
	return c
}

const products = 200

func productName(n int) string { return fmt.Sprintf("Microsoft 365 product %d, P1Y monthly", n) }

// product gives the product of a line: those of one customer differ.
func (l *large) product(n int) int { return (n + n/l.size.Customers) % products }

func (l *large) offer(n int) billing.Offer {
	return billing.Offer{ProductID: fmt.Sprintf("CFQ7TTC%05d", l.product(n)), SKUID: "0001", Term: "P1Y", Frequency: billing.Monthly}
}

func (l *large) subscription(line int) billing.SubscriptionID {
	return billing.SubscriptionID(fmt.Sprintf("5b%06x-0000-4000-8000-000000000000", line))
}

func (l *large) directory() billing.Directory {
	var d billing.Directory
	for n := range l.size.Customers {
		id := l.size.Customer(n)
		d.Customers = append(d.Customers, billing.Customer{ID: id, Name: customerName(n), Domain: fmt.Sprintf("customer%d.onmicrosoft.com", n), Country: "DE"})
		if l.azure(n) {
			d.Azure = append(d.Azure, billing.AzureSubscription{
				ID: billing.AzureSubscriptionID(fmt.Sprintf("a%d", n)), CustomerID: id, Name: "Production", Active: true,
			})
		}
	}
	for line := range l.size.Lines {
		d.Subscriptions = append(d.Subscriptions, billing.Subscription{
			ID: l.subscription(line), CustomerID: l.size.Customer(line % l.size.Customers), Kind: billing.Licence, Offer: l.offer(line),
			Name: productName(l.product(line)), Publisher: "Microsoft", Quantity: int64(line%17 + 1), Status: billing.Active, Start: l.first,
		})
	}
	return d
}

// decide maps, switches and routes.
func (l *large) decide() {
	ctx := l.Context()
	var mappings []billing.CompanyMapping
	var switches []billing.BillingSwitch
	var routes []billing.Route
	for n := range l.size.Customers {
		id := l.size.Customer(n)
		if l.mapped(n) {
			mappings = append(mappings, billing.CompanyMapping{
				CustomerID: id, CompanyID: billing.CompanyID(fmt.Sprint(100_000 + n)), CompanyName: customerName(n),
			})
		}
		if l.billed(n) {
			switches = append(switches, billing.BillingSwitch{CustomerID: id, On: true})
			routes = append(routes, billing.Route{CustomerID: id, ContractID: billing.ContractID(contractID(n))})
		}
	}
	l.must(l.MapCustomers(ctx, l.org, mappings, "clerk"))
	l.must(l.SetSwitches(ctx, l.org, switches, "clerk"))
	l.must(l.SaveRoutes(ctx, l.org, routes, "clerk"))
	for n := range 20 {
		_, err := l.SavePriceRule(ctx, l.org, billing.PriceRule{Kind: billing.MarkupRule, Value: money.Int(int64(n)), ProductID: l.offer(n).ProductID}, "owner")
		l.must(err)
	}
}

func (l *large) eur(hundredths int64) money.Amount {
	return money.Of(money.New(hundredths, -2), currency)
}

func (l *large) line(n, m int) billing.DesiredLine {
	customer := n % l.size.Customers
	price, cost := l.eur(int64(1000+n%900+l.moved(n, m))), l.eur(int64(800+n%700))
	return billing.DesiredLine{
		Key: contractID(customer) + "|" + fmt.Sprint(300+l.product(n)) + "|" + l.offer(n).String(), Mark: fmt.Sprintf("spindle:%016x", n),
		CustomerID: l.size.Customer(customer), Customer: customerName(customer), Contract: billing.Ref{ID: contractID(customer)},
		Service: billing.Ref{ID: fmt.Sprint(300 + l.product(n))}, Offer: l.offer(n), Name: productName(l.product(n)), PeriodType: billing.PeriodMonth,
		Units: int64(n%17 + 1), UnitPrice: &price, UnitCost: &cost, Since: l.first, Policy: billing.UpNowDownNext,
		Shares:    []billing.Share{{SubscriptionID: l.subscription(n), Units: int64(n%17 + 1)}},
		PriceRule: fmt.Sprintf("p%d", l.product(n)+1), CostBasis: "what invoice G000001 charged for 1 unit",
	}
}

// moved gives by how much the price of a line has changed until a month: some lines change in every month.
func (l *large) moved(n, m int) int {
	changed := 0
	for at := 1; at <= m; at++ {
		if l.changes(n, at) {
			changed++
		}
	}
	return changed
}

// changes reports whether a line changes in a month: all in the first, then laterChanges of them.
func (l *large) changes(n, m int) bool {
	if m == 0 {
		return true
	}
	every := max(l.size.Lines/laterChanges, 1)
	return (n+m*7919)%every == 0
}

func (l *large) change(line billing.DesiredLine, n, m int) plan.Change {
	c := plan.Change{
		ID: fmt.Sprintf("%02x%08x%06x", m, n*2654435761%(1<<32), n), Kind: plan.Increase, CustomerID: line.CustomerID, Customer: line.Customer,
		What: line.Name, Reason: "Microsoft charges for more units since the first of the month.", Contract: line.Contract,
		ContractName: "Cloud services – " + line.Customer, Service: line.Service, Line: billing.Ref{Mark: line.Mark}, LineKey: line.Key,
		Effective: l.first.AddMonths(m), Before: plan.State{Exists: true, Units: line.Units - 1, UnitPrice: line.UnitPrice},
		After: plan.State{Exists: true, Units: line.Units, UnitPrice: line.UnitPrice}, Adjust: &plan.Adjustment{UnitChange: 1},
		Recurring: *line.UnitPrice, PerPeriod: line.PeriodType, Proof: []string{"subscription " + string(line.Shares[0].SubscriptionID)},
	}
	if n%7 == 0 {
		c.Kind = plan.Reprice
	}
	if n%everyHeld == 0 {
		c.Holds = []billing.Hold{{Policy: "hold-over", Why: "its money effect is over the limit"}}
	}
	return c
}

func (l *large) charge(n, m int, category string) billing.DesiredCharge {
	month := billing.MonthOf(l.first.AddMonths(m))
	key := "azure|" + contractID(n) + "|" + string(month) + "|" + category + "|EUR"
	return billing.DesiredCharge{
		Key: key, Mark: billing.ChargeMark(string(l.org), key), CustomerID: l.size.Customer(n), Customer: customerName(n),
		Contract: billing.Ref{ID: contractID(n)}, Month: month, Name: category + " " + string(month), Description: "Azure consumption",
		Date: month.Period().LastDay(), Quantity: money.Int(1), UnitPrice: l.eur(int64(12_000 + n%5000)), UnitCost: l.eur(int64(10_000 + n%4000)),
		PriceRule: "organization-product-markup",
	}
}

// month plays one month: what Microsoft billed, the plan, and what people and the engine did with it.
func (l *large) month(m int) {
	ctx := l.Context()
	month := billing.MonthOf(l.first.AddMonths(m))
	_, err := l.SaveUsageSet(ctx, l.org, l.usage(m, month), "partnercenter")
	l.must(err)
	if m >= l.size.Months-provenMonths {
		_, err := l.SaveLineSet(ctx, l.org, l.invoice(m, month), "partnercenter")
		l.must(err)
	}
	for range min(emptyRuns, l.size.Customers/10) {
		run, err := l.CreateRun(ctx, l.org, "schedule", store.Scope{Trigger: "schedule"})
		l.must(err)
		l.must(l.SetRunState(ctx, l.org, run.ID, store.RunFailed, "Autotask did not answer"))
	}
	run, err := l.CreateRun(ctx, l.org, "clerk", store.Scope{Trigger: "console"})
	l.must(err)
	made, desired := l.plan(m, month)
	l.must(l.SavePlan(ctx, l.org, run.ID, made, desired))
	l.apply(run.ID, made)
	_, err = l.SaveImportReport(ctx, l.org, store.ImportReport{Origin: string(month) + ".csv", By: "clerk", Rows: 1000, Kept: 1000})
	l.must(err)
}

func (l *large) plan(m int, month billing.Month) (plan.Plan, billing.Desired) {
	day := month.Period().Start.AddDays(4)
	made := plan.Plan{Day: day, Complete: true, Fingerprint: "f" + string(month)}
	desired := billing.Desired{Day: day}
	for n := range l.size.Lines {
		if !l.billed(n % l.size.Customers) {
			continue
		}
		line := l.line(n, m)
		desired.Lines = append(desired.Lines, line)
		if l.changes(n, m) {
			made.Changes = append(made.Changes, l.change(line, n, m))
		}
		if m >= l.size.Months-provenMonths {
			desired.Dispositions = append(desired.Dispositions, l.disposition(n, m, line.Key))
		}
	}
	for n := range l.size.Customers {
		if !l.billed(n) {
			made.Findings = append(made.Findings, l.finding(n, billing.FindingUnmapped))
			continue
		}
		if n%5 == 0 {
			made.Findings = append(made.Findings, l.finding(n, billing.FindingNoCost), l.finding(n, billing.FindingDrift))
		}
		if l.azure(n) {
			l.planCharges(n, m, &made, &desired)
		}
	}
	return made, desired
}

func (l *large) planCharges(n, m int, made *plan.Plan, desired *billing.Desired) {
	for at := max(m-chargedMonths+1, 0); at <= m; at++ {
		for _, category := range []string{"Virtual Machines", "Storage"} {
			c := l.charge(n, at, category)
			desired.Charges = append(desired.Charges, c)
			if at == m {
				made.Changes = append(made.Changes, plan.Change{
					ID: fmt.Sprintf("c%02x%06x%s", m, n, category[:1]), Kind: plan.CreateCharge, CustomerID: c.CustomerID, Customer: c.Customer, What: c.Name,
					Contract: c.Contract, ContractName: "Cloud services – " + c.Customer, ChargeKey: c.Key, Charge: billing.Ref{Mark: c.Mark},
					Effective: c.Date, NewCharge: &c, OneOff: c.UnitPrice, After: plan.State{Exists: true, Amount: &c.UnitPrice},
				})
			}
		}
	}
}

func (l *large) finding(n int, kind billing.FindingKind) billing.Finding {
	return billing.Finding{
		Kind: kind, Subject: string(l.size.Customer(n)), CustomerID: l.size.Customer(n), Customer: customerName(n),
		Message: customerName(n) + " needs somebody to decide: something of it is not billed as it should be", Remedy: "look at the customer",
		Money: l.eur(int64(n*37%1_000_000 + 1)),
	}
}

func (l *large) invoiceID(m int, kind billing.SetKind) billing.SetID {
	return billing.SetID{Kind: kind, PartnerID: "partner", Invoice: fmt.Sprintf("G%06d", m), Currency: currency}
}

func itemKey(n int) string { return fmt.Sprintf("item-%d", n) }

func (l *large) disposition(n, m int, key string) billing.Disposition {
	return billing.Disposition{
		Set: l.invoiceID(m, billing.BilledLines), LineKey: itemKey(n), Row: n + 2, Outcome: billing.Billed, By: key, Cost: l.eur(int64(800 + n%700)),
	}
}

func (l *large) invoice(m int, month billing.Month) billing.LineSet {
	set := billing.LineSet{ID: l.invoiceID(m, billing.BilledLines), Version: "v1"}
	for n := range l.size.Lines {
		cost := l.eur(int64(800 + n%700))
		set.Lines = append(set.Lines, billing.LineItem{
			Key: itemKey(n), Row: n + 2, Invoice: set.ID.Invoice, CustomerID: l.size.Customer(n % l.size.Customers), CustomerName: customerName(n % l.size.Customers),
			ProductID: l.offer(n).ProductID, SKUID: "0001", SKUName: productName(l.product(n)), Kind: billing.ChargeCycle,
			SubscriptionID: l.subscription(n), Frequency: billing.Monthly, Charged: month.Period(), OrderDate: month.Period().Start,
			Quantity: money.Int(1), BillableQuantity: money.Int(1), PricingCurrency: currency, ExchangeRate: money.Int(1), Cost: cost, Total: cost,
		})
		set.Total.Add(cost)
	}
	return set
}

func (l *large) usage(m int, month billing.Month) billing.UsageSet {
	set := billing.UsageSet{ID: l.invoiceID(m, billing.BilledUsage), Version: "v1"}
	for n := range l.size.Customers {
		for g := range azureGroups {
			if !l.azure(n) {
				continue
			}
			cost := l.eur(int64(1000 + n%3000 + g))
			set.Groups = append(set.Groups, billing.UsageGroup{
				CustomerID: l.size.Customer(n), CustomerName: customerName(n), PlanID: "plan", AzureSubscriptionID: billing.AzureSubscriptionID(fmt.Sprintf("a%d", n)),
				AzureSubscriptionName: "Production", ResourceGroup: fmt.Sprintf("rg-%d", g), ProductID: "DZH318Z0BP04", SKUID: "001",
				MeterCategory: "Virtual Machines", Charged: month.Period(), Rows: 30, Quantity: money.Int(720), Unit: "1 Hour", Cost: cost, BeforePEC: cost,
				FirstDay: month.Period().Start, LastDay: month.Period().LastDay(), ExchangeRate: money.Int(1), PricingCurrency: currency,
			})
			set.Total.Add(cost)
			set.Rows += 30
		}
	}
	return set
}

// apply approves what nothing holds in some groups, and sends some of it.
func (l *large) apply(run store.RunID, p plan.Plan) {
	ctx := l.Context()
	var ids []string
	sends := min(sendsPerMonth, l.size.Lines/6)
	for _, c := range p.Changes {
		if len(c.Holds) == 0 && c.LineKey != "" && len(ids) < sends {
			ids = append(ids, c.ID)
		}
	}
	sends = len(ids) + sends/2
	for i := len(p.Changes) - 1; i >= 0 && len(ids) < sends; i-- { // charges come last
		ids = append(ids, p.Changes[i].ID)
	}
	_, err := l.Approve(ctx, l.org, run, store.Approval{ChangeIDs: ids, Fingerprint: p.Fingerprint, By: "approver", Reason: "looked at"})
	l.must(err)
	byID := map[string]plan.Change{}
	for _, c := range p.Changes {
		byID[c.ID] = c
	}
	for i, id := range ids {
		_, err := l.BeginSend(ctx, l.org, run, id, "POST /V1.0/ContractServiceAdjustments")
		l.must(err)
		o := store.Outcome{State: store.ChangeApplied}
		o.Receipt.Request, o.Receipt.Response = `POST {"unitChange":1}`, `200 {"itemId":7}`
		switch c := byID[id]; {
		case i%10 == 9:
			o.State, o.Message = store.ChangeRefused, "Autotask refused it"
		case c.ChargeKey != "":
			paper := plan.Charged{}.After(c, "9"+c.ID)
			o.Memory.Charge = &paper
		default:
			o.Memory.Line = &plan.Applied{LineKey: c.LineKey, LineID: billing.ContractServiceID("5" + c.ID), CustomerID: c.CustomerID}
		}
		l.must(l.FinishSend(ctx, l.org, run, id, o))
	}
	var back []store.Readback
	for _, id := range ids {
		back = append(back, store.Readback{ChangeID: id, Verified: true, What: "there"})
	}
	l.must(l.SaveReadbacks(ctx, l.org, run, back))
}
