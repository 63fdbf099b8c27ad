package targettest

import (
	"slices"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/target"
)

// world is a tenant in which a contract with one line and one charge of ours stands, with the ids that building it gave.
type world struct {
	testing.TB
	System
	contract, service, line, charge string
}

// Marks of what the suite creates, in the forms of package billing.
const (
	org       = "suite"
	unitCents = 1050
)

func (w *world) start() billing.Date { return w.Day.MonthStart().AddMonths(-2) }
func (w *world) end() billing.Date   { return w.start().AddMonths(14).AddDays(-1) }
func (w *world) next() billing.Date  { return w.Day.MonthStart().AddMonths(1) }

func (w *world) price(cents int64) *money.Amount {
	a := money.Of(money.New(cents, -2), w.Currency)
	return &a
}

// build makes the world step by step through the target itself.
func build(t testing.TB, f Fixture) *world {
	t.Helper()
	w := &world{TB: t, System: f.New(t)}
	w.contract = w.mustApply(w.createContract("first")).ID
	w.service = w.mustApply(w.createService("first")).ID
	w.line = w.mustApply(w.attach("first", w.service)).ID
	w.mustApply(w.adjust(plan.Increase, w.Day.MonthStart(), 5, 0, w.price(unitCents)))
	w.charge = w.mustApply(w.newCharge("first", 2000)).ID
	return w
}

func (w *world) mustApply(c plan.Change) target.Receipt {
	w.Helper()
	receipt, err := w.Target.Apply(w.Context(), c)
	if err != nil {
		w.Fatalf("%s: %v", c.Kind, err)
	}
	return receipt
}

func (w *world) createContract(name string) plan.Change {
	return plan.Change{ID: "contract-" + name, Kind: plan.CreateContract, NewContract: &billing.DesiredContract{
		Mark: billing.ContractMark(org, "customer", name), CompanyID: w.Company, Name: "Cloud services " + name, PeriodType: billing.PeriodMonth,
		Start: w.start(), End: w.end(),
	}, After: plan.State{Exists: true, End: w.end()}}
}

func (w *world) createService(name string) plan.Change {
	offer := billing.Offer{ProductID: "CFQ7TTC0" + name, SKUID: "0001", Term: "P1Y", Frequency: billing.Monthly}
	return plan.Change{ID: "service-" + name, Kind: plan.CreateService, NewService: &billing.DesiredService{
		Mark: billing.ServiceMark(offer), Offer: offer, Name: "Suite service " + name, Description: "made by the suite", PeriodType: billing.PeriodMonth,
		BillingCodeID: w.ServiceCode, VendorCompanyID: w.Vendor,
		UnitPrice: money.Of(money.New(990, -2), w.Internal), UnitCost: money.Of(money.New(8254, -3), w.Internal),
	}, After: plan.State{Exists: true}}
}

func (w *world) attach(name, service string) plan.Change {
	return plan.Change{ID: "attach-" + name, Kind: plan.AttachService, Contract: billing.Ref{ID: w.contract}, Service: billing.Ref{ID: service},
		Line: billing.Ref{Mark: billing.LineMark(org, name)}, LineKey: name, After: plan.State{Exists: true}}
}

func (w *world) adjust(kind plan.ChangeKind, day billing.Date, delta, before int64, price *money.Amount) plan.Change {
	c := plan.Change{ID: string(kind), Kind: kind, Contract: billing.Ref{ID: w.contract}, Service: billing.Ref{ID: w.service}, Line: billing.Ref{ID: w.line},
		Effective: day, Adjust: &plan.Adjustment{UnitChange: delta, UnitPrice: price},
		Before: plan.State{Exists: true, Units: before, UnitPrice: w.price(unitCents)}, After: plan.State{Exists: true, Units: before + delta, UnitPrice: w.price(unitCents)}}
	if price != nil {
		c.After.UnitPrice = price
	}
	return c
}

func (w *world) newCharge(name string, cents int64) plan.Change {
	amount := money.Of(money.New(cents, -2), w.Currency)
	return plan.Change{ID: "charge-" + name, Kind: plan.CreateCharge, Contract: billing.Ref{ID: w.contract}, ChargeKey: name, NewCharge: &billing.DesiredCharge{
		Mark: billing.ChargeMark(org, name), Name: "Azure usage " + name, Description: "Azure usage of a month", Notes: "proof", Date: w.Day.MonthStart().AddDays(-1),
		Quantity: money.Int(1), UnitPrice: amount, UnitCost: money.Of(money.New(cents-100, -2), w.Currency), BillingCodeID: w.MaterialCode,
	}, After: plan.State{Exists: true, Amount: &amount}}
}

func (w *world) read() billing.Observed {
	w.Helper()
	o, err := w.Target.Read(w.Context(), w.scope())
	if err != nil {
		w.Fatalf("read: %v", err)
	}
	return o
}

func (w *world) scope() target.Scope {
	return target.Scope{Day: w.Day, Companies: []billing.CompanyID{w.Company}, Charges: []string{billing.ChargeMark(org, "first"), billing.ChargeMark(org, "second")}}
}

// find gives the element of a list that matches, or stops the test.
func find[T any](w *world, list []T, what string, match func(T) bool) T {
	w.Helper()
	i := slices.IndexFunc(list, match)
	if i < 0 {
		w.Fatalf("%s is not among the %d that were read", what, len(list))
	}
	return list[i]
}

func (w *world) lineByID(o billing.Observed, id string) billing.ContractService {
	w.Helper()
	return find(w, o.Lines, "contract service "+id, func(l billing.ContractService) bool { return string(l.ID) == id })
}

func (w *world) wantUnits(id string, day billing.Date, want int64) {
	w.Helper()
	if got, _ := w.lineByID(w.read(), id).UnitsOn(day); got != want {
		w.Errorf("contract service %s has %d units on %s, want %d", id, got, day, want)
	}
}

func (w *world) wantKind(err error, want fault.Kind) {
	w.Helper()
	if got := fault.KindOf(err); got != want {
		w.Errorf("fault of kind %q, want %q: %v", got, want, err)
	}
}
