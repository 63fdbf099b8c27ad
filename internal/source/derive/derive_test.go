package derive

import (
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// charge writes a line in one row of a table test: kind, seats, price per seat, window, day of the event.
func charge(kind billing.ChargeKind, seats, cost int64, start, end, on string) billing.LineItem {
	date := func(s string) billing.Date {
		d, err := billing.ParseDate(s)
		if err != nil {
			panic(err)
		}
		return d
	}
	return billing.LineItem{CustomerID: "c1", CustomerName: "Alder Ridge", SubscriptionID: "s1", ProductID: "CFQ1", SKUID: "0001", SKUName: "Business Premium",
		Kind: kind, Frequency: billing.Monthly, TermText: "One-Year commitment for monthly/yearly billing", BillableQuantity: money.Int(seats),
		EffectiveUnitCost: money.New(cost, -2), Cost: money.Of(money.New(cost, -2), "EUR"), Charged: billing.Period{Start: date(start), End: date(end).AddDays(1)},
		TermPeriod: billing.Period{Start: date(start), End: date(start).AddMonths(12)}, OrderDate: date(on)}
}

func product(line billing.LineItem, sku string) billing.LineItem { line.SKUID = sku; return line }

func set(lines ...billing.LineItem) []billing.LineSet {
	return []billing.LineSet{{ID: billing.SetID{Kind: billing.BilledLines, PartnerID: "p", Invoice: "G1"}, Lines: lines}}
}

func TestSeats(t *testing.T) {
	const s, e = "2026-09-10", "2026-10-09"
	free := charge(billing.ChargeNew, 25, 0, s, e, s)
	free.Trial, free.Frequency = true, billing.Free
	minusInQuantity := charge(billing.ChargeAddQuantity, -12, -100, "2026-09-14", e, "2026-09-14")
	split := charge(billing.ChargeRenew, 10, 200, s, e, s)
	split2 := charge(billing.ChargeRenew, 10, 55, s, e, s)
	for name, c := range map[string]struct {
		lines  []billing.LineItem
		seats  int64
		status billing.SubscriptionStatus
		sku    string
		gap    bool
	}{
		"bought":                  {[]billing.LineItem{charge(billing.ChargeNew, 12, 100, s, e, s)}, 12, billing.Active, "0001", false},
		"seats added":             {[]billing.LineItem{charge(billing.ChargeNew, 12, 100, s, e, s), charge(billing.ChargeAddQuantity, 12, -90, "2026-09-14", e, "2026-09-14"), charge(billing.ChargeAddQuantity, 15, 95, "2026-09-14", e, "2026-09-14")}, 15, billing.Active, "0001", false},
		"minus in the quantity":   {[]billing.LineItem{charge(billing.ChargeNew, 12, 100, s, e, s), minusInQuantity, charge(billing.ChargeAddQuantity, 15, 95, "2026-09-14", e, "2026-09-14")}, 15, billing.Active, "0001", false},
		"twice on one day":        {[]billing.LineItem{charge(billing.ChargeAddQuantity, 15, 9, s, e, s), charge(billing.ChargeAddQuantity, 15, -9, s, e, s), charge(billing.ChargeAddQuantity, 12, -9, s, e, s), charge(billing.ChargeAddQuantity, 20, 9, s, e, s)}, 20, billing.Active, "0001", false},
		"without the opening":     {[]billing.LineItem{charge(billing.ChargeRemoveQuantity, 40, -9, s, e, s), charge(billing.ChargeRemoveQuantity, 32, 9, s, e, s)}, 32, billing.Active, "0001", false},
		"only taken away":         {[]billing.LineItem{charge(billing.ChargeMoveQuantity, 10, -9, s, e, s)}, 0, billing.Active, "0001", true},
		"cancelled":               {[]billing.LineItem{charge(billing.ChargeNew, 6, 100, s, e, s), charge(billing.ChargeCancelImmediate, 6, -90, "2026-09-12", e, "2026-09-12")}, 0, billing.Ended, "0001", false},
		"cancelled, opening gone": {[]billing.LineItem{charge(billing.ChargeCancelImmediate, 6, -90, "2026-09-12", e, "2026-09-12")}, 0, billing.Ended, "0001", false},
		"upgraded":                {[]billing.LineItem{charge(billing.ChargeCycle, 30, 100, s, e, s), charge(billing.ChargeConvert, 30, -50, "2026-09-20", e, "2026-09-20"), product(charge(billing.ChargeConvert, 30, 80, "2026-09-20", e, "2026-09-20"), "0002")}, 30, billing.Active, "0002", false},
		"moved in part":           {[]billing.LineItem{charge(billing.ChargeCycle, 30, 100, s, e, s), charge(billing.ChargeMoveQuantity, 10, -50, "2026-09-20", e, "2026-09-20")}, 20, billing.Active, "0001", false},
		"trial":                   {[]billing.LineItem{free}, 25, billing.Active, "0001", false},
		"billed in two parts":     {[]billing.LineItem{split, split2}, 10, billing.Active, "0001", false},
		"next cycle":              {[]billing.LineItem{charge(billing.ChargeCycle, 5, 10, "2026-08-10", "2026-09-09", "2026-08-10"), charge(billing.ChargeCycle, 7, 10, s, e, s)}, 7, billing.Active, "0001", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := DirectoryFromLines(set(c.lines...), nil, billing.NewDate(2026, 9, 30))
			if len(d.Subscriptions) != 1 {
				t.Fatalf("%d subscriptions", len(d.Subscriptions))
			}
			got := d.Subscriptions[0]
			if got.Quantity != c.seats || got.Status != c.status || got.Offer.SKUID != c.sku || got.Offer.Term != "P1Y" || (len(d.Incomplete) > 0) != c.gap {
				t.Errorf("got %+v, gaps %v", got, d.Incomplete)
			}
		})
	}
}

func TestSubscriptionWithoutNewChargesEnds(t *testing.T) {
	old := charge(billing.ChargeCycle, 5, 10, "2026-09-05", "2026-10-04", "2026-09-05")
	other := charge(billing.ChargeCycle, 5, 10, "2026-10-20", "2026-11-19", "2026-10-20")
	other.SubscriptionID = "s2"
	late := charge(billing.ChargeCycle, 5, 10, "2026-09-30", "2026-10-30", "2026-09-30")
	late.SubscriptionID = "s3"
	d := DirectoryFromLines(set(old, other, late), nil, billing.NewDate(2026, 11, 8))
	if s := d.Subscriptions[0]; s.Status != billing.Ended || s.End.String() != "2026-10-05" {
		t.Errorf("s1: %+v", s)
	}
	if s := d.Subscriptions[1]; s.Status != billing.Active {
		t.Errorf("s2: %+v", s)
	}
	// Its next charge may carry an order date of 1 November, which belongs to an invoice that is not here.
	if s := d.Subscriptions[2]; s.Status != billing.Active {
		t.Errorf("s3: %+v", s)
	}
}

func TestKinds(t *testing.T) {
	const s, e = "2026-09-10", "2026-10-09"
	licence := charge(billing.ChargeNew, 1, 10, s, e, s)
	licence.ReservationOrderID = "2e30dc6e" // plain licences carry one too
	reservation := charge(billing.ChargeCycle, 2, 10, s, e, s)
	reservation.SubscriptionID, reservation.ProductID, reservation.ReservationOrderID = "s2", "DZH1", "RIOderId1"
	perpetual := charge(billing.ChargeNew, 1, 10, s, e, s)
	perpetual.SubscriptionID, perpetual.Frequency, perpetual.Charged = "s3", billing.OneTime, billing.Period{}
	azure := charge(billing.ChargeNew, 1, 10, s, e, s)
	azure.SubscriptionID, azure.Meter, azure.Publisher = "s4", "Virtual Machines", "Microsoft"
	credit := charge(billing.ChargeCustomerCredit, 1, -10, s, e, s)
	credit.SubscriptionID = "s5"
	usage := billing.UsageSet{Groups: []billing.UsageGroup{{CustomerID: "c2", CustomerName: "Brightwater", PlanID: "s6", AzureSubscriptionID: "a1", AzureSubscriptionName: "prod"}}}
	d := DirectoryFromLines(set(licence, reservation, perpetual, azure, credit), []billing.UsageSet{usage}, billing.NewDate(2026, 9, 30))
	var got []string
	for _, s := range d.Subscriptions {
		got = append(got, string(s.ID)+" "+string(s.Kind))
	}
	if text := strings.Join(got, ", "); text != "s1 licence, s2 other, s3 other, s4 azure-plan, s6 azure-plan" {
		t.Error(text)
	}
	if len(d.Azure) != 1 || d.Azure[0].PlanID != "s6" || len(d.Customers) != 2 {
		t.Errorf("%+v %+v", d.Azure, d.Customers)
	}
}

func TestUnbilledLinesOfABilledMonthAreNotCountedTwice(t *testing.T) {
	line := charge(billing.ChargeNew, 12, 100, "2026-09-10", "2026-10-09", "2026-09-10")
	unbilled := billing.LineSet{ID: billing.SetID{Kind: billing.UnbilledLines, PartnerID: "p", Currency: "EUR", Month: "2026-09"}, Lines: []billing.LineItem{line}}
	d := DirectoryFromLines(append(set(line), unbilled), nil, billing.NewDate(2026, 9, 30))
	if q := d.Subscriptions[0].Quantity; q != 12 {
		t.Errorf("%d seats", q)
	}
}

func TestNewestNameWins(t *testing.T) {
	a := charge(billing.ChargeNew, 1, 1, "2026-09-10", "2026-10-09", "2026-09-10")
	b := charge(billing.ChargeNew, 1, 1, "2026-09-12", "2026-10-11", "2026-09-12")
	b.CustomerName = "Alder Ridge Group"
	for _, lines := range [][]billing.LineItem{{a, b}, {b, a}} {
		if d := DirectoryFromLines(set(lines...), nil, billing.NewDate(2026, 9, 30)); d.Customers[0].Name != "Alder Ridge Group" {
			t.Errorf("name %q", d.Customers[0].Name)
		}
	}
}
