package autotask

import (
	"time"

	"github.com/shopspring/decimal"
)

// adjustTarget is what an adjustment names, in the words of a service or of a bundle.
type adjustTarget struct {
	set                            *lineSet
	lineField, itemField, repeatBy string
	lines, singular                string // entity of the lines
	contract                       *record
	line                           *line // nil when the adjustment adds an instance
	itemID                         int64
}

func (c *call) newTarget() adjustTarget {
	if c.entity.name == "ContractServiceBundleAdjustments" {
		return adjustTarget{set: &c.world.bundle, lineField: "contractServiceBundleID", itemField: "serviceBundleID", repeatBy: "allowRepeatServiceBundle",
			lines: "ContractServiceBundles", singular: "ContractServiceBundle"}
	}
	return adjustTarget{set: &c.world.lines, lineField: "contractServiceID", itemField: "serviceID", repeatBy: "allowRepeatService",
		lines: "ContractServices", singular: "ContractService"}
}

// adjust carries out an adjustment. Success answers itemId null (Autotask sheet §5.5, §10.4).
func (c *call) adjust(r *record) (answer, *failure) {
	t := c.newTarget()
	if bad := c.findTarget(&t, r); bad != nil {
		return answer{}, bad
	}
	a := adjustment{date: r.date("effectiveDate"), change: r.num("unitChange"), price: optionalAmount(r, "adjustedUnitPrice"), cost: optionalAmount(r, "adjustedUnitCost")}
	if bad := c.world.checkAdjustment(t, a); bad != nil {
		return answer{}, bad
	}
	if t.line == nil {
		t.line = c.addInstance(t)
	}
	a.id = t.set.nextAdjustment
	t.set.nextAdjustment++
	t.line.add(a)
	return itemID(c.world, nil), nil
}

func optionalAmount(r *record, name string) *decimal.Decimal {
	if r.entity.field(name) == nil {
		return nil
	}
	if d, ok := r.get(name).(decimal.Decimal); ok {
		return &d
	}
	return nil
}

// findTarget resolves either the line's id or the pair of contract and service.
func (c *call) findTarget(t *adjustTarget, r *record) *failure {
	contractID, hasContract := r.ref("contractID")
	item, hasItem := r.ref(t.itemField)
	if id, ok := r.ref(t.lineField); ok {
		t.line = t.set.byID[id]
		if (hasContract && t.line.contractID != contractID) || (hasItem && t.line.itemID != item) {
			return refuse("Reference value on field: %s of type: %s does not exist or is invalid.", t.lineField, t.singular)
		}
		contractID, t.itemID = t.line.contractID, t.line.itemID
	} else {
		if !hasContract || !hasItem {
			return refuse("%s is a required field when contractID and %s are not provided.", t.lineField, t.itemField)
		}
		t.itemID = item
	}
	contract, ok := c.world.find("Contracts", contractID)
	if !ok || contract.num("contractType") != contractTypeRecurring {
		return refuse("Data violation: contractID must reference a Recurring Service contract.")
	}
	t.contract = contract
	if t.line == nil {
		return c.chooseInstance(t, r.flag(t.repeatBy))
	}
	return nil
}

// chooseInstance picks the line that a (contract, service) pair means, or none when an instance is to be added.
func (c *call) chooseInstance(t *adjustTarget, repeat bool) *failure {
	existing := t.set.instances(t.contract.id, t.itemID)
	if repeat || len(existing) == 0 {
		return c.world.usableItem(t.itemField, t.itemID)
	}
	t.line = existing[0]
	if c.world.d.is("repeatTarget", "last") {
		t.line = existing[len(existing)-1]
	}
	return nil
}

func (w *world) checkAdjustment(t adjustTarget, a adjustment) *failure {
	if a.date.Before(t.contract.date("startDate")) || a.date.After(t.contract.date("endDate")) {
		return refuse(textWindow)
	}
	if a.change == 0 && a.price == nil && a.cost == nil {
		return refuse("unitChange must not be 0 when neither a price nor a cost is provided.")
	}
	var existing []adjustment
	if t.line != nil {
		existing = t.line.adjustments
		if t.line.adjustedOn(a.date) {
			return refuse(textDuplicate)
		}
		if w.d.is("postedPeriod", "reject") && t.line.postedFrom(a.date) {
			return refuse(textPosted)
		}
	}
	lowest := lowestFrom(withAdjustment(existing, a), a.date)
	if lowest < 0 {
		return refuse(textNegative)
	}
	if lowest == 0 && a.change < 0 && w.d.is("zeroUnits", "reject") {
		return refuse("The adjustment must leave at least one unit.")
	}
	return nil
}

// postedFrom reports whether a period that a change on a day would touch is posted.
func (l *line) postedFrom(day time.Time) bool {
	for _, pp := range l.posted {
		if !pp.end.Before(day) {
			return true
		}
	}
	return false
}

// addInstance puts a further line on the contract (Autotask sheet §5.4).
func (c *call) addInstance(t adjustTarget) *line {
	r := c.world.table(t.lines).blank()
	r.set("contractID", t.contract.id)
	r.set(t.itemField, t.itemID)
	c.world.completeLine(r, t.itemField)
	c.world.table(t.lines).insert(r)
	return c.world.startLine(t.set, r, t.itemField)
}
