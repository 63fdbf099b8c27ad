package autotask

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Writes: what is common to all entities (Autotask sheet §2.6, §10.4). What is special is in rules_*.go.

func itemID(w *world, id any) answer {
	if n, ok := id.(int64); ok && w.d.is("itemIdType", "string") {
		id = strconv.FormatInt(n, 10)
	}
	return jsonAnswer(http.StatusOK, map[string]any{"itemId": id})
}

// mayWrite refuses users whose profile hides contract entities.
func (c *call) mayWrite(verb string) *failure {
	if c.server.profile == ProfileNoContracts && c.entity.contracts {
		return refuse("The logged in Resource does not have the adequate permissions to %s this entity type.", verb)
	}
	return nil
}

func handleCreate(c *call) (answer, *failure) {
	if bad := c.mayWrite("create"); bad != nil {
		return answer{}, bad
	}
	object, bad := c.decodeObject(c.body)
	if bad != nil {
		return answer{}, bad
	}
	if bad := c.takeParent(object); bad != nil {
		return answer{}, bad
	}
	var p problems
	ch := c.readChanges(object, true, &p)
	r := c.world.table(c.entity.name).blank()
	c.world.defaults(r)
	r.apply(ch)
	c.world.validate(r, ch, &p)
	if bad := p.failure(); bad != nil {
		return answer{}, bad
	}
	return c.create(r)
}

// takeParent puts the parent id of the URL into the body. It wins; another one in the body is a mismatch (Autotask sheet §2.8).
func (c *call) takeParent(object map[string]any) *failure {
	if !c.nested {
		return nil
	}
	name := c.entity.parentField
	raw, ok := anyCase(object, name)
	own := json.Number(strconv.FormatInt(c.parentID, 10))
	if ok && raw != nil && c.world.d.is("parentMismatch", "reject") {
		if v, err := c.world.fieldValue(c.entity.field(name), raw); err != nil || v != c.parentID {
			return refuse("The %s in the body does not match the one in the URL.", name)
		}
	}
	for k := range object {
		if strings.EqualFold(k, name) {
			delete(object, k)
		}
	}
	object[name] = own
	return nil
}

// defaults fills what a new row has when the body says nothing.
func (w *world) defaults(r *record) {
	for _, f := range r.entity.fields {
		if f.value == "" {
			continue
		}
		switch f.kind {
		case kindBool:
			r.values[f.index] = f.value == "true"
		default:
			n, _ := strconv.ParseInt(f.value, 10, 64)
			r.values[f.index] = n
		}
	}
}

func (r *record) apply(ch changes) {
	for f, v := range ch.set {
		r.values[f.index] = v
	}
	for name, v := range ch.udfs {
		if v == nil {
			delete(r.udfs, name)
			continue
		}
		r.udfs[name], _ = v.(string)
	}
}

// validate checks required fields everywhere, and picklists and references among the changes.
func (w *world) validate(r *record, ch changes, p *problems) {
	for _, f := range r.entity.fields {
		v := r.values[f.index]
		if f.required && f.name != "id" && !f.readOnly && !ch.bad[f] && (v == nil || v == "") {
			p.add("Value does not exist for the required field %s", f.name)
			continue
		}
		if _, changed := ch.set[f]; !changed || v == nil {
			continue
		}
		w.validatePick(f, v, p)
		if id, ok := v.(int64); ok && f.ref != "" && !w.exists(f.ref, id) {
			p.add("Reference value on field: %s of type: %s does not exist or is invalid.", f.name, w.singular(f.ref))
		}
	}
	for _, u := range r.entity.udfs {
		if u.required && r.udfs[u.name] == "" {
			p.add("Value does not exist for the required field %s", u.name)
		}
	}
}

func (w *world) validatePick(f *field, v any, p *problems) {
	if f.pick == "" {
		return
	}
	n, ok := v.(int64)
	if c, found := w.choice(f.pick, n); ok && (!found || c.inactive) {
		p.add("Picklist value [%d] does not exist for %s.", n, f.name)
		p.picklist = true
	}
}

// exists reports whether a referenced row is there. Kinds of entities the tenant has none of have no rows.
func (w *world) exists(entityName string, id int64) bool {
	t, ok := w.tables[entityName]
	if !ok {
		return false
	}
	_, ok = t.rows[id]
	return ok
}

func (w *world) singular(entityName string) string {
	if e := w.model.entity(entityName); e != nil {
		return e.singular
	}
	return strings.TrimSuffix(entityName, "s")
}

// create runs the entity's rules, stores the row and answers its id.
func (c *call) create(r *record) (answer, *failure) {
	switch c.entity.name {
	case "ContractServiceAdjustments", "ContractServiceBundleAdjustments":
		return c.adjust(r)
	}
	if bad := c.rules(nil, r); bad != nil {
		return answer{}, bad
	}
	c.world.stamp(r, true)
	id := c.world.table(c.entity.name).insert(r)
	c.world.afterCreate(r)
	return itemID(c.world, id), nil
}

func handlePatch(c *call) (answer, *failure) { return c.update(false) }

func handlePut(c *call) (answer, *failure) { return c.update(true) }

// update changes a row. PUT empties every writable field the body leaves out.
func (c *call) update(whole bool) (answer, *failure) {
	if bad := c.mayWrite("update"); bad != nil {
		return answer{}, bad
	}
	old, object, bad := c.updateTarget()
	if bad != nil {
		return answer{}, bad
	}
	var p problems
	ch := c.readChanges(object, false, &p)
	c.dropUnwritable(&ch)
	r := old.clone()
	if bad := c.checkFixed(old, ch); bad != nil {
		return answer{}, bad
	}
	if whole {
		c.empty(r, ch)
	}
	r.apply(ch)
	changed := c.changed(old, r)
	changed.bad = ch.bad
	c.world.validate(r, changed, &p)
	if bad := p.failure(); bad != nil {
		return answer{}, bad
	}
	if bad := c.rules(old, r); bad != nil {
		return answer{}, bad
	}
	c.world.stamp(r, false)
	before := *old
	*old = *r
	c.world.afterUpdate(&before, old)
	return itemID(c.world, r.id), nil
}

// updateTarget finds the row a body's id names.
func (c *call) updateTarget() (*record, map[string]any, *failure) {
	object, bad := c.decodeObject(c.body)
	if bad != nil {
		return nil, nil, bad
	}
	raw, ok := anyCase(object, "id")
	if !ok || raw == nil {
		return nil, nil, refuse("Value does not exist for the required field id")
	}
	number, err := numberOperand(raw)
	if err != nil || !number.integral {
		return nil, nil, refuse("Error converting value of field id to type long")
	}
	if bad := c.takeParent(object); bad != nil {
		return nil, nil, bad
	}
	r, ok := c.world.find(c.entity.name, number.integer)
	if !ok || (c.nested && r.num(c.entity.parentField) != c.parentID) {
		return nil, nil, failWith(http.StatusNotFound, "No matching records found.")
	}
	return r, object, nil
}

// checkFixed refuses changed values of fields that are fixed after creation, under dialect immutable=reject.
func (c *call) checkFixed(old *record, ch changes) *failure {
	for _, f := range c.entity.fields {
		v, ok := ch.set[f]
		if !ok || !f.fixed {
			continue
		}
		if !equalValues(v, old.values[f.index]) {
			return refuse("Field %s cannot be changed after creation.", f.name)
		}
		delete(ch.set, f)
	}
	return nil
}

// empty clears the writable fields that a PUT does not name. Fields that are fixed keep their value.
func (c *call) empty(r *record, ch changes) {
	for _, f := range c.entity.fields {
		if _, named := ch.set[f]; named || !f.writable(false) || f.hidden || (costField(f.name) && c.server.profile == ProfileNoCost) {
			continue
		}
		r.values[f.index] = nil
		if f.kind == kindBool && f.value != "" {
			r.values[f.index] = f.value == "true"
		}
	}
	r.udfs = map[string]string{}
}

// changed lists the fields that differ between two states of a row.
func (c *call) changed(old, r *record) changes {
	ch := changes{set: map[*field]any{}}
	for _, f := range c.entity.fields {
		if !equalValues(old.values[f.index], r.values[f.index]) {
			ch.set[f] = r.values[f.index]
		}
	}
	return ch
}

func equalValues(a, b any) bool {
	if x, ok := a.(decimal.Decimal); ok {
		y, ok := b.(decimal.Decimal)
		return ok && x.Equal(y)
	}
	if x, ok := a.(time.Time); ok {
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	}
	return a == b
}

func handleDelete(c *call) (answer, *failure) {
	if bad := c.mayWrite("delete"); bad != nil {
		return answer{}, bad
	}
	r, ok := c.world.find(c.entity.name, c.id)
	if !ok || (c.nested && r.num(c.entity.parentField) != c.parentID) {
		return answer{}, refuse(textNoRecord)
	}
	if bad := c.world.mayDelete(r); bad != nil {
		return answer{}, bad
	}
	c.world.table(c.entity.name).delete(c.id)
	return itemID(c.world, c.id), nil
}

// stamp sets the audit fields an entity has.
func (w *world) stamp(r *record, creating bool) {
	now := w.now()
	if creating {
		for _, name := range []string{"createDate", "createDateTime", "createdTime"} {
			r.setIfField(name, now)
		}
		for _, name := range []string{"creatorResourceID", "createdByResourceID"} {
			r.setIfField(name, w.actorID)
		}
	}
	for _, name := range []string{"lastModifiedDate", "lastModifiedDateTime", "lastActivityDate", "lastTrackedModifiedDateTime", "statusLastModifiedDate"} {
		r.setIfField(name, now)
	}
	r.setIfField("updateResourceID", w.actorID)
}

func (r *record) setIfField(name string, v any) {
	if f := r.entity.field(name); f != nil {
		r.values[f.index] = v
	}
}

// volatile reports whether a field is an audit stamp, which two equal runs may fill differently.
func volatile(name string) bool {
	return slices.Contains([]string{"createDate", "createDateTime", "createdTime", "creatorResourceID", "createdByResourceID", "lastModifiedDate",
		"lastModifiedDateTime", "lastActivityDate", "lastTrackedModifiedDateTime", "statusLastModifiedDate", "statusLastModifiedBy",
		"updateResourceID", "postedOnTime", "postedDate", "approveAndPostDate"}, name)
}
