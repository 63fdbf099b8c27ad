package autotask

// Rules of companies, services, contracts and charges (Autotask sheet §10.4).

func (w *world) companyRules(old, r *record) *failure {
	owner, ok := w.find("Resources", r.num("ownerResourceID"))
	changed := old == nil || old.num("ownerResourceID") != r.num("ownerResourceID")
	if changed && ok && (!owner.flag("isActive") || owner.num("licenseType") == licenseAPI) {
		return refuse("Reference value on field: ownerResourceID of type: Resource does not exist or is invalid.")
	}
	if r.get("currencyID") == nil {
		r.set("currencyID", w.internalCurrencyID())
	}
	if old != nil && w.d.is("companyCurrency", "fixed") && old.num("currencyID") != r.num("currencyID") {
		r.set("currencyID", old.get("currencyID"))
	}
	return nil
}

// licenseAPI is the licence type of API-only users, who cannot own anything (Autotask sheet §1.2).
const licenseAPI = 7

func (w *world) internalCurrencyID() any {
	for _, c := range w.table("Currencies").all() {
		if c.flag("isInternalCurrency") {
			return c.id
		}
	}
	return nil
}

func (w *world) serviceRules(old, r *record) *failure {
	if old != nil && old.num("billingCodeID") == r.num("billingCodeID") {
		return nil // an inactive code is tolerated while unchanged
	}
	code, ok := w.find("BillingCodes", r.num("billingCodeID"))
	if !ok || !code.flag("isActive") || code.num("useType") != w.role("BillingCodes.useType", useService) {
		return refuse("Data violation: billingCodeID must reference an active Recurring Contract Service billing code.")
	}
	return nil
}

func (w *world) contractRules(old, r *record) *failure {
	if !r.date("endDate").After(r.date("startDate")) {
		return refuse("Data violation: endDate must be later than startDate.")
	}
	if r.num("contractType") == contractTypeRecurring && r.get("contractPeriodType") == nil {
		return refuse("Value does not exist for the required field contractPeriodType")
	}
	if old == nil {
		return nil
	}
	return w.contractDateRules(old, r)
}

// contractDateRules refuses date changes that would remove or cut a posted period (Autotask sheet §6.6, §10.6).
func (w *world) contractDateRules(old, r *record) *failure {
	start, end := r.date("startDate"), r.date("endDate")
	moved := !start.Equal(old.date("startDate"))
	for _, set := range []*lineSet{&w.lines, &w.bundle} {
		for _, l := range set.byContract[r.id] {
			if moved && len(l.posted) > 0 {
				return refuse(textPosted)
			}
			for _, pp := range l.posted {
				if pp.end.After(end) && end.Before(old.date("endDate")) {
					return refuse(textPosted)
				}
			}
			if moved && len(l.adjustments) > 0 && l.adjustments[0].date.Before(start) {
				return refuse("Data violation: startDate cannot be later than an existing adjustment of a service.")
			}
		}
	}
	return nil
}

func (w *world) contractServiceRules(old, r *record, set *lineSet, itemField string) *failure {
	if old != nil {
		return nil
	}
	contract, ok := w.find("Contracts", r.num("contractID"))
	if !ok || contract.num("contractType") != contractTypeRecurring {
		return refuse("Data violation: contractID must reference a Recurring Service contract.")
	}
	if len(set.instances(contract.id, r.num(itemField))) > 0 {
		return refuse("Data violation: the %s is already on the contract.", r.entity.field(itemField).name)
	}
	if bad := w.usableItem(itemField, r.num(itemField)); bad != nil {
		return bad
	}
	w.completeLine(r, itemField)
	return nil
}

// usableItem refuses to put an inactive service or bundle on a contract.
func (w *world) usableItem(itemField string, id int64) *failure {
	name, singular := "Services", "Service"
	if itemField == "serviceBundleID" {
		name, singular = "ServiceBundles", "ServiceBundle"
	}
	if item, ok := w.find(name, id); !ok || !item.flag("isActive") {
		return refuse("Reference value on field: %s of type: %s does not exist or is invalid.", itemField, singular)
	}
	return nil
}

// completeLine takes over the cost of the service and drops a price that creating ignores (dialect adjustedPricePost).
func (w *world) completeLine(r *record, itemField string) {
	if w.d.is("adjustedPricePost", "ignore") {
		r.set("adjustedPrice", nil)
	}
	if itemField != "serviceID" || r.get("unitCost") != nil {
		return
	}
	if service, ok := w.find("Services", r.num("serviceID")); ok {
		r.set("unitCost", service.get("unitCost"))
	}
}

func (w *world) chargeRules(old, r *record) *failure {
	if old != nil && old.flag("isBilled") {
		return refuse("Data violation: the charge has been approved and posted and cannot be changed.")
	}
	codeID, hasCode := r.ref("billingCodeID")
	productID, hasProduct := r.ref("productID")
	if !hasCode && !hasProduct {
		return refuse("billingCodeID is a required field when productID is not provided.")
	}
	if hasCode {
		code, ok := w.find("BillingCodes", codeID)
		unchanged := old != nil && old.num("billingCodeID") == codeID
		if !ok || (!unchanged && !code.flag("isActive")) || code.num("useType") != w.role("BillingCodes.useType", useMaterial) {
			return refuse("Data violation: billingCodeID must reference an active Material Cost Code.")
		}
		r.fillFrom(code)
	}
	if hasProduct {
		if product, ok := w.find("Products", productID); ok {
			r.fillFrom(product)
		}
	}
	if bad := w.chargeLine(r); bad != nil {
		return bad
	}
	digits := int32(w.d["chargeRounding"][0] - '0')
	for _, name := range []string{"unitQuantity", "unitCost", "unitPrice"} {
		if r.get(name) != nil {
			r.set(name, r.amount(name).Round(digits))
		}
	}
	if old == nil {
		r.set("isBilled", false)
		r.set("status", int64(7))
	}
	return nil
}

// fillFrom takes an empty price and cost from the billing code or product (Autotask sheet §5.9).
func (r *record) fillFrom(source *record) {
	for _, name := range []string{"unitCost", "unitPrice"} {
		if r.get(name) == nil {
			r.set(name, source.get(name))
		}
	}
}

// chargeLine refuses a contract line of another contract.
func (w *world) chargeLine(r *record) *failure {
	if id, ok := r.ref("contractServiceID"); ok && w.lines.byID[id].contractID != r.num("contractID") {
		return refuse("Reference value on field: contractServiceID of type: ContractService does not exist or is invalid.")
	}
	if id, ok := r.ref("contractServiceBundleID"); ok && w.bundle.byID[id].contractID != r.num("contractID") {
		return refuse("Reference value on field: contractServiceBundleID of type: ContractServiceBundle does not exist or is invalid.")
	}
	return nil
}
