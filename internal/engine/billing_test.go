package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/rating"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// office is an engine with an empty organization, two customers with a subscription each, and a clock that is set by hand.
type office struct {
	*Engine
	t   *testing.T
	org store.Organization
	now time.Time
}

func newOffice(t *testing.T) *office {
	o := &office{t: t, now: time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)}
	o.Engine = New(Deps{Store: storetest.New(t), Now: func() time.Time { return o.now }}, "test")
	org, err := o.CreateOrganization(t.Context(), "Northwind IT", "ann")
	o.check(err)
	o.org = org
	o.lists("alder", "dunmore")
	return o
}

func (o *office) check(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// lists saves what a source lists: customers, each with a subscription of its own.
func (o *office) lists(customers ...billing.CustomerID) {
	o.t.Helper()
	var d billing.Directory
	for _, c := range customers {
		d.Customers = append(d.Customers, billing.Customer{ID: c, Name: strings.ToUpper(string(c))})
		d.Subscriptions = append(d.Subscriptions, billing.Subscription{ID: billing.SubscriptionID(c) + "-1", CustomerID: c, Kind: billing.Licence})
	}
	o.check(o.Store.SaveDirectory(o.t.Context(), o.org.ID, sourcePartnerCenter, d))
}

func (o *office) maps(customer billing.CustomerID) {
	o.t.Helper()
	o.check(o.Store.MapCustomer(o.t.Context(), o.org.ID, billing.CompanyMapping{CustomerID: customer, CompanyID: "1"}, "ann"))
}

func (o *office) billFrom(month billing.Month) {
	o.t.Helper()
	s, err := o.Store.Settings(o.t.Context(), o.org.ID)
	o.check(err)
	s.BillFrom = month
	o.check(o.Store.SaveSettings(o.t.Context(), o.org.ID, s, "ann"))
}

// orders reviews and saves an order.
func (o *office) orders(order BillingOrder) BillingReview {
	o.t.Helper()
	r, err := o.ReviewBilling(o.t.Context(), o.org, order)
	o.check(err)
	o.check(o.SaveBilling(o.t.Context(), o.org, r, "ann"))
	return r
}

// switches gives what is stored: "alder on 2026-11, dunmore/dunmore-1 off".
func (o *office) switches() string {
	o.t.Helper()
	m, err := o.Store.Mappings(o.t.Context(), o.org.ID)
	o.check(err)
	var texts []string
	for _, b := range m.Switches {
		text := string(b.CustomerID)
		if b.SubscriptionID != "" {
			text += "/" + string(b.SubscriptionID)
		}
		texts = append(texts, strings.TrimSpace(text+" "+onOrOff(b.On)+" "+string(b.From)))
	}
	return strings.Join(texts, ", ")
}

func (o *office) wants(want string) {
	o.t.Helper()
	if got := o.switches(); got != want {
		o.t.Errorf("switches: %s\nwant:     %s", got, want)
	}
}

// TestAFirstMonthFarAheadIsTold takes 2027-11 for 2026-11: a year unbilled must not pass without a question. The next month is an ordinary choice.
func TestAFirstMonthFarAheadIsTold(t *testing.T) {
	o := newOffice(t)
	for from, want := range map[billing.Month]billing.Month{"": "", "2026-10": "", "2026-11": "", "2026-12": "", "2027-01": "2027-01", "2027-11": "2027-11"} {
		r, err := o.DraftBilling(t.Context(), o.org, BillingOrder{On: true, Customer: "alder", From: from})
		if err != nil || r.Idle != want {
			t.Errorf("from %q: idle until %q, %v; want %q", from, r.Idle, err, want)
		}
	}
}

// TestBillingBeginsWithTheRunningMonth plays half a year of switching on, off and on again: what begins, begins with the month of that day
// or the one chosen, never before the organization's, and nothing opens an old month by itself.
func TestBillingBeginsWithTheRunningMonth(t *testing.T) {
	o := newOffice(t)
	o.billFrom("2026-09")
	o.orders(BillingOrder{On: true, Customer: "alder"})
	o.wants("alder on 2026-11")
	if r := o.orders(BillingOrder{On: true, Customer: "alder"}); len(r.Switches) != 0 || r.Kept != 1 {
		t.Errorf("switched on twice: %+v", r)
	}
	o.now = o.now.AddDate(0, 1, 0)
	o.orders(BillingOrder{On: true, Customer: "alder"}) // on already: its month stays
	o.wants("alder on 2026-11")
	o.orders(BillingOrder{On: true, Subscription: "ALDER-1"}) // billed under its customer's switch already
	o.wants("alder on 2026-11, alder/alder-1 on 2026-11")
	if r := o.orders(BillingOrder{On: true, Customer: "dunmore", From: "2026-10"}); !r.Reaches {
		t.Error("a month before the running one is not told")
	}
	o.wants("alder on 2026-11, alder/alder-1 on 2026-11, dunmore on 2026-10")

	if r := o.orders(BillingOrder{Customer: "alder"}); r.Own != 1 {
		t.Errorf("switches of its own: %d", r.Own)
	}
	o.orders(BillingOrder{Subscription: "alder-1"})
	o.wants("alder off 2026-11, alder/alder-1 off 2026-11, dunmore on 2026-10")
	o.now = o.now.AddDate(0, 2, 0)
	o.orders(BillingOrder{On: true, Customer: "alder"})
	o.orders(BillingOrder{On: true, Subscription: "alder-1"})
	o.wants("alder on 2027-02, alder/alder-1 on 2027-02, dunmore on 2026-10")

	r := o.orders(BillingOrder{On: true, Customer: "alder", From: "2026-12"})
	if want := []MonthMove{{"ALDER", "", "2027-02", "2026-12"}}; !slices.Equal(r.Moved, want) || !r.Reaches {
		t.Errorf("moved %v, reaches back %v, want %v", r.Moved, r.Reaches, want)
	}
	if r := o.orders(BillingOrder{On: true, Customer: "alder", From: "2027-01"}); r.Reaches || len(r.Moved) != 1 {
		t.Errorf("moved to a later month: %+v", r)
	}
	o.billFrom("2027-05") // the organization begins later: nobody before it
	o.orders(BillingOrder{Customer: "dunmore"})
	o.orders(BillingOrder{On: true, Customer: "dunmore"})
	o.wants("alder on 2027-01, alder/alder-1 on 2027-02, dunmore on 2027-05")
}

func TestWrongBillingOrders(t *testing.T) {
	o := newOffice(t)
	for _, test := range []struct {
		name, organization string
		order              BillingOrder
		kind               fault.Kind
		want               string
	}{
		{"nobody", "", BillingOrder{On: true}, fault.KindInvalid, "say what to switch on"},
		{"two", "", BillingOrder{Customer: "alder", All: true}, fault.KindInvalid, "say what to switch off"},
		{"unknown subscription", "", BillingOrder{On: true, Subscription: "x"}, fault.KindNotFound, "no subscription has the id x"},
		{"all, nobody mapped", "", BillingOrder{On: true, All: true}, fault.KindConflict, "no customer is mapped yet"},
		{"a month to switch off", "", BillingOrder{Customer: "alder", From: "2026-11"}, fault.KindInvalid, "belongs to switching billing on"},
		{"before the organization's", "2026-10", BillingOrder{On: true, Customer: "alder", From: "2026-09"}, fault.KindInvalid, "2026-09 lies before 2026-10"},
		{"far back", "", BillingOrder{On: true, Customer: "alder", From: "2025-09"}, fault.KindInvalid, "too far back"},
		{"far ahead", "", BillingOrder{On: true, Customer: "alder", From: "2027-12"}, fault.KindInvalid, "more than a year ahead"},
	} {
		o.billFrom(billing.Month(test.organization))
		_, err := o.ReviewBilling(t.Context(), o.org, test.order)
		if fault.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.want) || fault.Remedy(err) == "" {
			t.Errorf("%s: %v (remedy %q), want %s %q", test.name, err, fault.Remedy(err), test.kind, test.want)
		}
	}
	o.wants("")
	for _, month := range []billing.Month{"2025-10", "2027-11"} {
		if _, err := o.ReviewBilling(t.Context(), o.org, BillingOrder{On: true, Customer: "alder", From: month}); err != nil {
			t.Errorf("%s: %v", month, err)
		}
	}
}

// TestCustomersThatAppearLater: after --all a customer that a source lists for the first time begins with the month it appears in, or with
// the month of the first invoice that names it; somebody else's decision is never overruled.
func TestCustomersThatAppearLater(t *testing.T) {
	o := newOffice(t)
	o.billFrom("2026-10")
	o.lists("alder", "dunmore")
	o.check(o.enrol(t.Context(), o.org)) // nobody said all
	o.wants("")
	o.maps("alder")
	if r := o.orders(BillingOrder{On: true, All: true}); len(r.Switches) != 2 {
		t.Errorf("all: %+v", r)
	}
	o.orders(BillingOrder{Customer: "dunmore"})
	o.now = o.now.AddDate(0, 3, 0) // February
	o.lists("alder", "dunmore", "elm", "fox")
	for _, invoice := range []struct {
		id    string
		month string
		of    billing.CustomerID
	}{{"G1", "2026-09-30", "elm"}, {"G2", "2026-12-03", "elm"}, {"G3", "2027-01-03", "elm"}, {"G4", "2027-01-03", "dunmore"}} {
		cost := money.Of(money.Int(5), "EUR")
		_, err := o.Store.SaveLineSet(t.Context(), o.org.ID, billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, PartnerID: "p", Invoice: invoice.id}, Version: "1",
			Lines: []billing.LineItem{{Key: "k", CustomerID: invoice.of, Charged: billing.Period{Start: day(t, invoice.month)}, Cost: cost, Total: cost}}}, "test")
		o.check(err)
	}
	o.check(o.enrol(t.Context(), o.org))
	o.wants("alder on 2026-11, dunmore off 2026-11, elm on 2026-12, fox on 2027-02")
	o.check(o.enrol(t.Context(), o.org)) // again: nothing
	o.wants("alder on 2026-11, dunmore off 2026-11, elm on 2026-12, fox on 2027-02")

	o.orders(BillingOrder{All: true})
	o.lists("alder", "gorse")
	o.check(o.enrol(t.Context(), o.org))
	o.wants("alder off 2026-11, dunmore off 2026-11, elm off 2026-12, fox off 2027-02")
}

// TestEarlierOrganizationOpensNobody: when the organization's first month moves back, whoever followed it keeps the month that held.
func TestEarlierOrganizationOpensNobody(t *testing.T) {
	o := newOffice(t)
	o.billFrom("2026-10")
	o.check(o.Store.SetSwitch(t.Context(), o.org.ID, billing.BillingSwitch{CustomerID: "alder", On: true}, "ann"))
	o.check(o.Store.SetSwitch(t.Context(), o.org.ID, billing.BillingSwitch{CustomerID: "dunmore"}, "ann"))
	for _, step := range []struct{ month, want string }{
		{"2026-11", "alder on, dunmore off"}, // later: nothing to keep
		{"2026-08", "alder on 2026-11, dunmore off"},
	} {
		_, err := o.ApplySettings(t.Context(), o.org, map[string]string{"bill-from": step.month}, "ann")
		o.check(err)
		o.wants(step.want)
	}
	for _, month := range []string{"2024-01", "2028-01", "soon"} {
		if _, err := o.ApplySettings(t.Context(), o.org, map[string]string{"bill-from": month}, "ann"); fault.KindOf(err) != fault.KindInvalid {
			t.Errorf("bill-from=%s: %v", month, err)
		}
	}
}

func TestFirstBilledMonth(t *testing.T) {
	on := func(from billing.Month) billing.BillingSwitch {
		return billing.BillingSwitch{CustomerID: "c", On: true, From: from}
	}
	for _, test := range []struct {
		name     string
		closed   billing.Month
		switches []billing.BillingSwitch
		want     billing.Month
	}{
		{"nobody chose", "2026-10", []billing.BillingSwitch{on(""), on("2026-11")}, "2026-10"},
		{"somebody chose earlier", "2026-10", []billing.BillingSwitch{on("2026-11"), on("2026-08"), on("2026-09")}, "2026-08"},
		{"who is off does not count", "2026-10", []billing.BillingSwitch{{CustomerID: "c", From: "2026-08"}}, "2026-10"},
		{"nothing was read", "", []billing.BillingSwitch{on("2026-08")}, ""},
	} {
		in := rating.Input{Month: test.closed}
		in.Mappings.Switches = test.switches
		if got := firstBilled(in); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
