package autotask

// rules checks what is special to an entity before a row is stored. old is nil on create. r may be completed.
func (c *call) rules(old, r *record) *failure {
	switch c.entity.name {
	case "Companies":
		return c.world.companyRules(old, r)
	case "Contracts":
		return c.world.contractRules(old, r)
	case "Services", "ServiceBundles":
		return c.world.serviceRules(old, r)
	case "ContractServices":
		return c.world.contractServiceRules(old, r, &c.world.lines, "serviceID")
	case "ContractServiceBundles":
		return c.world.contractServiceRules(old, r, &c.world.bundle, "serviceBundleID")
	case "ContractCharges":
		return c.world.chargeRules(old, r)
	}
	return nil
}

// dropUnwritable removes what an update ignores beyond the field tables (Autotask sheet §10.4).
func (c *call) dropUnwritable(ch *changes) {
	if c.entity.name != "ContractServices" {
		return
	}
	if c.world.d.is("adjustedPricePatch", "ignore") {
		delete(ch.set, c.entity.field("adjustedPrice"))
	}
	if c.world.d.is("contractServiceCost", "ignore") {
		delete(ch.set, c.entity.field("unitCost"))
	}
}

// afterCreate does what follows from a new row.
func (w *world) afterCreate(r *record) {
	switch r.entity.name {
	case "ContractServices":
		w.startLine(&w.lines, r, "serviceID")
	case "ContractServiceBundles":
		w.startLine(&w.bundle, r, "serviceBundleID")
	case "Services":
		w.startPriceList(r)
	}
}

func (w *world) startLine(set *lineSet, r *record, itemField string) *line {
	l := newLine(r, itemField)
	l.frozenPrice = w.catalogPrice(l)
	set.insert(l)
	return l
}

// startPriceList gives a new service one row for each foreign currency (Autotask sheet §5.3, §5.17).
func (w *world) startPriceList(service *record) {
	for _, currency := range w.table("Currencies").all() {
		if currency.flag("isInternalCurrency") || !currency.flag("isActive") {
			continue
		}
		row := w.table("PriceListServices").blank()
		row.set("serviceID", service.id)
		row.set("currencyID", currency.id)
		row.set("usesInternalCurrencyPrice", true)
		w.table("PriceListServices").insert(row)
	}
}

// afterUpdate does what follows from a changed row.
func (w *world) afterUpdate(before, r *record) {
	switch r.entity.name {
	case "Contracts":
		if !before.date("endDate").Equal(r.date("endDate")) {
			w.cutAfter(r.id, r)
		}
		for _, set := range []*lineSet{&w.lines, &w.bundle} {
			for _, l := range set.byContract[r.id] {
				l.stale()
			}
		}
	case "ContractServices":
		w.lines.byID[r.id].stale()
	case "ContractServiceBundles":
		w.bundle.byID[r.id].stale()
	case "Companies":
		if before.num("currencyID") != r.num("currencyID") {
			w.touch()
		}
	case "Services", "ServiceBundles", "Currencies", "PriceListServices":
		w.touch()
	}
}

// cutAfter deletes the adjustments and unposted rows after a contract's new end; setting the old end again does not bring them
// back (Autotask sheet §6.6).
func (w *world) cutAfter(contractID int64, contract *record) {
	end := contract.date("endDate")
	for _, set := range []*lineSet{&w.lines, &w.bundle} {
		for _, l := range set.byContract[contractID] {
			kept := l.adjustments[:0]
			for _, a := range l.adjustments {
				if !a.date.After(end) {
					kept = append(kept, a)
				}
			}
			l.adjustments = kept
			for key := range l.rowIDs {
				if key.start.After(end) {
					delete(l.rowIDs, key)
				}
			}
		}
	}
}

// mayDelete refuses deletes by rule.
func (w *world) mayDelete(r *record) *failure {
	switch r.entity.name {
	case "ContractCharges":
		if r.flag("isBilled") {
			return refuse("Data violation: the charge has been approved and posted and cannot be deleted.")
		}
	case "ServiceBundles":
		for _, l := range w.bundle.byID {
			if l.itemID == r.id {
				return refuse("Data violation: the service bundle is in use and cannot be deleted.")
			}
		}
	}
	return nil
}
