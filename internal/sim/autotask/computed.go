package autotask

import "github.com/shopspring/decimal"

// attachComputed links the properties that are worked out on reading.
func (m *model) attachComputed() {
	compute := func(entityName, fieldName string, f func(*world, *record) any) {
		m.entity(entityName).field(fieldName).compute = f
	}
	for _, name := range []string{"ContractServices", "ContractServiceBundles"} {
		compute(name, "unitPrice", func(w *world, r *record) any { return w.standardPrice(w.lineOf(r)) })
		compute(name, "internalCurrencyUnitPrice", func(w *world, r *record) any {
			l := w.lineOf(r)
			return w.internalValue(w.contractConversion(l.contractID), w.standardPrice(l))
		})
		compute(name, "internalCurrencyAdjustedPrice", adjustedPriceShown)
		compute(name, "invoiceDescription", invoiceText)
	}
	compute("ContractCharges", "extendedCost", func(_ *world, r *record) any { return r.amount("unitQuantity").Mul(r.amount("unitCost")).Round(4) })
	compute("ContractCharges", "billableAmount", func(_ *world, r *record) any { return r.billable() })
	compute("ContractCharges", "internalCurrencyUnitPrice", func(w *world, r *record) any {
		return w.internalValue(w.contractConversion(r.num("contractID")), r.amount("unitPrice"))
	})
	compute("ContractCharges", "internalCurrencyBillableAmount", func(w *world, r *record) any {
		return w.internalValue(w.contractConversion(r.num("contractID")), r.billable())
	})
	compute("Contracts", "internalCurrencySetupFee", func(w *world, r *record) any {
		if r.get("setupFee") == nil {
			return nil
		}
		return w.internalValue(w.conversionFor(r.num("companyID")), r.amount("setupFee"))
	})
	compute("Services", "markupRate", markup)
	compute("BillingItems", "invoiceID", uninvoiced)
}

func (r *record) billable() decimal.Decimal {
	return r.amount("unitQuantity").Mul(r.amount("unitPrice")).Round(4)
}

func (w *world) lineOf(r *record) *line {
	if r.entity.name == "ContractServiceBundles" {
		return w.bundle.byID[r.id]
	}
	return w.lines.byID[r.id]
}

// adjustedPriceShown is the only readable trace of a line's own price (Autotask sheet §5.4).
func adjustedPriceShown(w *world, r *record) any {
	l := w.lineOf(r)
	price := w.stateOn(l, l.adjustments, w.today()).price
	if w.d.is("adjustedPriceShown", "latest") {
		price = w.basePrice(l)
		for _, a := range l.adjustments {
			if a.price != nil {
				price = *a.price
			}
		}
	}
	return w.internalValue(w.contractConversion(l.contractID), price)
}

// invoiceText is the line's own description, else the standard one of the service.
func invoiceText(w *world, r *record) any {
	if own := r.get("invoiceDescription"); own != nil {
		return own
	}
	name := "Services"
	l := w.lineOf(r)
	if l.isBundle() {
		name = "ServiceBundles"
	}
	if item, ok := w.find(name, l.itemID); ok {
		return item.get("invoiceDescription")
	}
	return nil
}

func markup(_ *world, r *record) any {
	cost := r.amount("unitCost")
	if cost.IsZero() {
		return nil
	}
	return r.amount("unitPrice").Sub(cost).Mul(decimal.NewFromInt(100)).DivRound(cost, 4)
}

// uninvoiced shows an item without invoice with 0 or null in turn, so that clients handle both (Autotask sheet §10.6).
func uninvoiced(w *world, r *record) any {
	if id := r.get("invoiceID"); id != nil {
		return id
	}
	if w.d.is("uninvoiced", "zero") || (w.d.is("uninvoiced", "mixed") && r.id%2 == 0) {
		return int64(0)
	}
	return nil
}
