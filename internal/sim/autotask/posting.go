package autotask

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Approve and post, done by a person in the real product (Autotask sheet §6.7, §10.6).

// billLine is one pending line of Approve & Post.
type billLine struct {
	date       time.Time
	quantity   int64
	rate       decimal.Decimal
	amount     decimal.Decimal // rounded to 4 decimals
	cost       decimal.Decimal
	adjustment int64 // 0 for the regular charge of a period
}

// delta is what one more adjustment is worth from a day to the end of a period: day by day the new total less the old one.
func (w *world) delta(l *line, before []adjustment, a adjustment, p period) billLine {
	after := withAdjustment(before, a)
	from := later(a.date, p.start)
	cuts := []time.Time{from}
	for _, b := range before {
		if b.date.After(from) && !b.date.After(p.end) {
			cuts = append(cuts, b.date)
		}
	}
	cuts = uniqueDays(cuts)
	value, cost := decimal.Decimal{}, decimal.Decimal{}
	for i, cut := range cuts {
		end := p.end
		if i+1 < len(cuts) {
			end = cuts[i+1].AddDate(0, 0, -1)
		}
		n := decimal.NewFromInt(days(cut, end))
		was, is := w.stateOn(l, before, cut), w.stateOn(l, after, cut)
		value = value.Add(is.value().Sub(was.value()).Mul(n))
		cost = cost.Add(is.costValue().Sub(was.costValue()).Mul(n))
	}
	out := billLine{date: from, quantity: 1, adjustment: a.id, amount: share(value, 1, p.length), cost: share(cost, 1, p.length)}
	if a.change != 0 {
		out.quantity = a.change
	}
	out.rate = out.amount.DivRound(decimal.NewFromInt(out.quantity), 4)
	return out
}

// pendingOf lists what a period still has to bill up to a day, and the adjustments that this settles.
func (w *world) pendingOf(l *line, p period, until time.Time) ([]billLine, map[int64]bool) {
	pp := l.posted[p.start]
	settled := map[int64]bool{}
	var before, open []adjustment
	for _, a := range l.adjustments {
		switch {
		case pp == nil && !a.date.After(p.start), pp != nil && pp.settled[a.id]:
			before = append(before, a)
			settled[a.id] = true
		case !later(a.date, p.start).After(p.end) && !later(a.date, p.start).After(until):
			open = append(open, a)
		}
	}
	var lines []billLine
	if pp == nil {
		if s := w.stateOn(l, before, p.start); s.units != 0 {
			part := days(p.start, p.end)
			lines = append(lines, billLine{date: p.start, quantity: s.units, rate: s.price, amount: share(s.value(), part, p.length), cost: share(s.costValue(), part, p.length)})
		}
	} else if added := pp.end.AddDate(0, 0, 1); pp.end.Before(p.end) && w.d.is("clippedPeriod", "prorated") && !added.After(until) {
		s := w.stateOn(l, before, added)
		part := days(added, p.end)
		lines = append(lines, billLine{date: added, quantity: s.units, rate: s.price, amount: share(s.value(), part, p.length), cost: share(s.costValue(), part, p.length)})
	}
	for _, a := range open {
		lines = append(lines, w.delta(l, before, a, p))
		before = withAdjustment(before, a)
		settled[a.id] = true
	}
	return lines, settled
}

// PostResult counts what approve-and-post did.
type PostResult struct {
	Items   int `json:"items"`   // billing items made
	Periods int `json:"periods"` // periods that were posted, in whole or in part
	Charges int `json:"charges"`
}

// Post approves and posts everything that is dated on or before a day, of one contract or, with 0, of all.
func (s *Server) Post(until time.Time, contractID int64) PostResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.post(midnight(until), contractID)
}

func (w *world) post(until time.Time, contractID int64) PostResult {
	var result PostResult
	for _, set := range []*lineSet{&w.lines, &w.bundle} {
		for _, l := range set.allLines() {
			if contractID == 0 || l.contractID == contractID {
				w.postLine(set, l, until, &result)
			}
		}
	}
	for _, charge := range w.table("ContractCharges").all() {
		due := !charge.date("datePurchased").After(until) && charge.flag("isBillableToCompany") && !charge.flag("isBilled")
		if due && (contractID == 0 || charge.num("contractID") == contractID) {
			w.postCharge(charge)
			result.Charges++
			result.Items++
		}
	}
	return result
}

func (w *world) postLine(set *lineSet, l *line, until time.Time, result *PostResult) {
	if len(l.adjustments) == 0 {
		return
	}
	rows := w.rows(set, l)
	for _, p := range w.ruleFor(l).between(l.adjustments[0].date, until) {
		lines, settled := w.pendingOf(l, p, until)
		due := slices.DeleteFunc(slices.Clone(rows), func(r *unitRow) bool {
			return !r.posted.IsZero() || r.start.Before(p.start) || r.start.After(p.end) || r.start.After(until)
		})
		if len(due) == 0 && len(lines) == 0 {
			continue
		}
		w.postPeriod(l, p, due, settled, lines)
		result.Periods++
		result.Items += len(lines)
	}
	l.stale()
}

// postPeriod stores rows as posted and makes the billing items.
func (w *world) postPeriod(l *line, p period, due []*unitRow, settled map[int64]bool, lines []billLine) {
	pp := l.posted[p.start]
	if pp == nil {
		pp = &postedPeriod{start: p.start, settled: map[int64]bool{}}
		l.posted[p.start] = pp
	}
	pp.end = p.end
	for id := range settled {
		pp.settled[id] = true
	}
	for _, r := range due {
		stored := *r
		stored.posted = w.now()
		pp.rows = append(pp.rows, &stored)
	}
	slices.SortFunc(pp.rows, func(a, b *unitRow) int { return cmp.Or(a.start.Compare(b.start), cmp.Compare(a.id, b.id)) })
	for _, b := range lines {
		pp.items = append(pp.items, w.addItem(l, pp, b))
	}
}

// addItem makes the billing item of a pending line.
func (w *world) addItem(l *line, pp *postedPeriod, b billLine) int64 {
	r := w.table("BillingItems").blank()
	prefix, itemTable, itemField, kindOf := "contractService", "Services", "serviceID", itemService
	if l.isBundle() {
		prefix, itemTable, itemField, kindOf = "contractServiceBundle", "ServiceBundles", "serviceBundleID", itemBundle
	}
	r.set("billingItemType", w.role("BillingItems.billingItemType", kindOf))
	r.set(prefix+"ID", l.record.id)
	r.set(itemField, l.itemID)
	r.set("subType", int64(1))
	if b.adjustment != 0 {
		r.set(prefix+"AdjustmentID", b.adjustment)
		r.set("subType", int64(2))
	} else if len(pp.rows) > 0 {
		r.set(prefix+"PeriodID", pp.rows[0].id)
	}
	item, ok := w.find(itemTable, l.itemID)
	if ok {
		r.set("itemName", item.text("name"))
		r.set("billingCodeID", item.get("billingCodeID"))
		r.set("description", invoiceText(w, l.record))
	}
	r.set("vendorID", w.vendorOf(l))
	r.set("itemDate", b.date)
	w.completeItem(r, l.contractID, decimal.NewFromInt(b.quantity), b.rate, b.amount, b.cost)
	return w.table("BillingItems").insert(r)
}

// completeItem fills amounts, owner and stamps. Amounts are rounded when posted, half away from zero.
func (w *world) completeItem(r *record, contractID int64, quantity, rate, amount, cost decimal.Decimal) {
	amount = amount.Round(int32(w.d["postRounding"][0] - '0'))
	c := w.contractConversion(contractID)
	contract, _ := w.find("Contracts", contractID)
	r.set("contractID", contractID)
	r.set("companyID", contract.get("companyID"))
	r.set("purchaseOrderNumber", contract.get("purchaseOrderNumber"))
	r.set("quantity", quantity)
	r.set("rate", rate)
	r.set("extendedPrice", amount)
	r.set("totalAmount", amount)
	r.set("ourCost", cost)
	r.set("taxDollars", decimal.Decimal{})
	r.set("internalCurrencyRate", w.internalValue(c, rate))
	r.set("internalCurrencyExtendedPrice", w.internalValue(c, amount))
	r.set("internalCurrencyTotalAmount", w.internalValue(c, amount))
	r.set("internalCurrencyTaxDollars", w.internalValue(c, decimal.Decimal{}))
	r.set("postedDate", w.now())
	r.set("postedOnTime", w.now())
	r.set("nonBillable", int64(0))
	r.set("lineItemFullDescription", r.get("itemName"))
	if code, ok := w.find("BillingCodes", r.num("billingCodeID")); ok {
		r.set("taxCategoryID", code.get("taxCategoryID"))
	}
}

func (w *world) postCharge(charge *record) {
	r := w.table("BillingItems").blank()
	r.set("billingItemType", w.role("BillingItems.billingItemType", itemCharge))
	r.set("subType", int64(1))
	r.set("contractChargeID", charge.id)
	r.set("itemName", charge.text("name"))
	r.set("description", charge.get("description"))
	r.set("billingCodeID", charge.get("billingCodeID"))
	r.set("itemDate", charge.date("datePurchased"))
	extendedCost := charge.amount("unitQuantity").Mul(charge.amount("unitCost")).Round(4)
	w.completeItem(r, charge.num("contractID"), charge.amount("unitQuantity"), charge.amount("unitPrice"), charge.billable(), extendedCost)
	w.table("BillingItems").insert(r)
	charge.set("isBilled", true)
}
