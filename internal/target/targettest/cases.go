package targettest

import (
	"slices"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
)

// writeCase is one kind of change on the built world and what a read must show afterwards.
type writeCase struct {
	kind    plan.ChangeKind
	creates bool                       // the receipt carries an id
	finds   bool                       // settling gives the id of what was created
	prepare func(w *world)             // may be nil
	change  func(w *world) plan.Change // built after prepare
	verify  func(w *world, c plan.Change, id string)
}

func cases() []writeCase {
	return slices.Concat(createCases(), lineCases(), chargeCases())
}

func createCases() []writeCase {
	return []writeCase{
		{
			kind: plan.CreateContract, creates: true, finds: true,
			change: func(w *world) plan.Change { return w.createContract("second") },
			verify: func(w *world, c plan.Change, id string) {
				got := find(w, w.read().Contracts, "the contract", func(x billing.Contract) bool { return string(x.ID) == id })
				want := billing.Contract{ID: billing.ContractID(id), Mark: c.NewContract.Mark, CompanyID: w.Company, Name: c.NewContract.Name,
					Number: c.NewContract.Mark, PeriodType: billing.PeriodMonth, Active: true, Recurring: true, Start: w.start(), End: w.end()}
				if got != want {
					w.Errorf("read %+v\nwant %+v", got, want)
				}
			},
		},
		{
			kind: plan.ExtendContract,
			change: func(w *world) plan.Change {
				return plan.Change{ID: "extend", Kind: plan.ExtendContract, Contract: billing.Ref{ID: w.contract},
					Before: plan.State{Exists: true, End: w.end()}, After: plan.State{Exists: true, End: w.end().AddDays(1).AddMonths(12).AddDays(-1)}}
			},
			verify: func(w *world, c plan.Change, _ string) {
				got := find(w, w.read().Contracts, "the contract", func(x billing.Contract) bool { return string(x.ID) == w.contract })
				if got.End != c.After.End || got.Mark == "" || got.Name != "Cloud services first" {
					w.Errorf("read %+v, want it to end on %s and to keep the rest", got, c.After.End)
				}
			},
		},
		{
			kind: plan.CreateService, creates: true, finds: true,
			change: func(w *world) plan.Change { return w.createService("second") },
			verify: func(w *world, c plan.Change, id string) {
				got := find(w, w.read().Services, "the service", func(x billing.Service) bool { return string(x.ID) == id })
				d := c.NewService
				if got.Mark != d.Mark || got.Name != d.Name || got.PeriodType != d.PeriodType || got.BillingCodeID != d.BillingCodeID ||
					got.VendorCompanyID != d.VendorCompanyID || !got.UnitPrice.Equal(d.UnitPrice) || !got.UnitCost.Equal(d.UnitCost) || !got.Active {
					w.Errorf("read %+v\nwant %+v", got, d)
				}
			},
		},
	}
}

func lineCases() []writeCase {
	return []writeCase{
		{
			kind: plan.AttachService, creates: true, finds: true,
			prepare: func(w *world) { w.service = w.mustApply(w.createService("second")).ID },
			change:  func(w *world) plan.Change { return w.attach("second", w.service) },
			verify: func(w *world, c plan.Change, id string) {
				got := w.lineByID(w.read(), id)
				if got.Mark != c.Line.Mark || string(got.ServiceID) != w.service || string(got.ContractID) != w.contract {
					w.Errorf("read %+v", got)
				}
				if units, _ := got.UnitsOn(w.Day); units != 0 {
					w.Errorf("a service just attached has %d units", units)
				}
			},
		},
		{
			kind: plan.AddRepeat, finds: true,
			change: func(w *world) plan.Change {
				c := w.adjust(plan.AddRepeat, w.Day.MonthStart(), 3, 0, w.price(2075))
				c.Line = billing.Ref{Mark: billing.LineMark(org, "repeat")}
				c.Before, c.Instances = plan.State{}, []billing.ContractServiceID{billing.ContractServiceID(w.line)}
				return c
			},
			verify: func(w *world, _ plan.Change, _ string) {
				got := find(w, w.read().Lines, "the further instance", func(l billing.ContractService) bool {
					return string(l.ServiceID) == w.service && string(l.ContractID) == w.contract && string(l.ID) != w.line
				})
				if units, _ := got.UnitsOn(w.Day); units != 3 {
					w.Errorf("the further instance has %d units, want 3", units)
				}
				w.wantUnits(w.line, w.Day, 5)
			},
		},
		{
			kind: plan.MarkLine,
			change: func(w *world) plan.Change {
				return plan.Change{ID: "mark", Kind: plan.MarkLine, Contract: billing.Ref{ID: w.contract}, Line: billing.Ref{ID: w.line, Mark: billing.LineMark(org, "other")}}
			},
			verify: func(w *world, c plan.Change, _ string) {
				got := w.lineByID(w.read(), w.line)
				if got.Mark != c.Line.Mark {
					w.Errorf("read mark %q, want %q", got.Mark, c.Line.Mark)
				}
				w.wantPrice(unitCents)
			},
		},
		adjustCase(plan.Increase, 2, nil),
		adjustCase(plan.Decrease, -2, nil),
		adjustCase(plan.End, -5, nil),
		adjustCase(plan.Reprice, 0, func(w *world) *money.Amount { return w.price(1199) }),
	}
}

func adjustCase(kind plan.ChangeKind, delta int64, price func(*world) *money.Amount) writeCase {
	return writeCase{
		kind: kind,
		change: func(w *world) plan.Change {
			c := w.adjust(kind, w.next(), delta, 5, nil)
			if price != nil {
				c = w.adjust(kind, w.next(), delta, 5, price(w))
			}
			return c
		},
		verify: func(w *world, c plan.Change, _ string) {
			w.wantUnits(w.line, w.Day, 5)
			w.wantUnits(w.line, c.Effective, 5+delta)
			w.wantPrice(unitCents)
			if row, _ := w.lineByID(w.read(), w.line).RowOn(c.Effective); !row.Price.Equal(c.After.UnitPrice.Mul(money.Int(row.Units))) {
				w.Errorf("the row of %s costs %s for %d units, want %s each", c.Effective, row.Price, row.Units, c.After.UnitPrice)
			}
		},
	}
}

// wantPrice looks at the row of today, which no case changes.
func (w *world) wantPrice(cents int64) {
	w.Helper()
	row, found := w.lineByID(w.read(), w.line).RowOn(w.Day)
	if !found || !row.Price.Equal(w.price(cents).Mul(money.Int(row.Units))) || row.Price.Currency() != w.Currency {
		w.Errorf("the row of %s costs %s for %d units, want %s each", w.Day, row.Price, row.Units, w.price(cents))
	}
}

func chargeCases() []writeCase {
	wantCharge := func(w *world, id string, cents int64) {
		w.Helper()
		got := find(w, w.read().Charges, "the charge", func(c billing.Charge) bool { return string(c.ID) == id })
		if !got.UnitPrice.Equal(*w.price(cents)) || got.Mark == "" || got.Billed || string(got.ContractID) != w.contract || got.Date != w.Day.MonthStart().AddDays(-1) {
			w.Errorf("read %+v, want %s", got, w.price(cents))
		}
	}
	existing := func(w *world, kind plan.ChangeKind, cents int64) plan.Change {
		c := w.newCharge("first", cents)
		c.Kind, c.Charge = kind, billing.Ref{ID: w.charge, Mark: c.NewCharge.Mark}
		c.Before = plan.State{Exists: true, Amount: w.price(2000)}
		return c
	}
	return []writeCase{
		{
			kind: plan.CreateCharge, creates: true, finds: true,
			change: func(w *world) plan.Change { return w.newCharge("second", 3145) },
			verify: func(w *world, _ plan.Change, id string) { wantCharge(w, id, 3145) },
		},
		{
			kind:   plan.CorrectCharge,
			change: func(w *world) plan.Change { return existing(w, plan.CorrectCharge, 1775) },
			verify: func(w *world, _ plan.Change, _ string) { wantCharge(w, w.charge, 1775) },
		},
		{
			kind: plan.RemoveCharge,
			change: func(w *world) plan.Change {
				c := existing(w, plan.RemoveCharge, 2000)
				c.NewCharge, c.After = nil, plan.State{}
				return c
			},
			verify: func(w *world, _ plan.Change, _ string) {
				if charges := w.read().Charges; len(charges) != 0 {
					w.Errorf("%d charges are still there", len(charges))
				}
			},
		},
	}
}
