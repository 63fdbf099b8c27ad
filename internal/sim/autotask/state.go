package autotask

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// State dumps the tenant as canonical JSON: equal tenants give equal bytes, whatever order they were built in. Ids are replaced
// by natural keys, audit stamps are left out, nulls are left out, unit rows and adjustments stand below their line.
func (s *Server) State() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &dump{w: s.world, keys: map[string]map[int64]string{}, bases: map[string]map[int64]string{}}
	entities := map[string]any{}
	for _, e := range s.world.model.entities {
		if rows := d.entity(e); len(rows) > 0 {
			entities[e.name] = rows
		}
	}
	settings := map[string]invoiceSettings{}
	for id, v := range s.settings {
		settings[d.keysOf("Companies")[id]] = v
	}
	out, err := json.MarshalIndent(map[string]any{"today": s.world.today().Format(dayLayout), "entities": entities, "invoiceSettings": settings}, "", " ")
	if err != nil { // maps of plain values always encode
		return []byte(err.Error())
	}
	return append(out, '\n')
}

// naturalKeys names the fields that identify a row to a person. Entities that are not listed use their name.
func naturalKeys(entityName string) []string {
	switch entityName {
	case "Companies":
		return []string{"companyName", "companyNumber"}
	case "Resources":
		return []string{"userName"}
	case "Services":
		return []string{"name", "sku", "periodType"}
	case "BillingCodes":
		return []string{"name", "useType", "isActive"}
	case "Contracts":
		return []string{"companyID", "contractName", "contractNumber", "startDate"}
	case "ContractServices":
		return []string{"contractID", "serviceID", "internalDescription"}
	case "ContractServiceBundles":
		return []string{"contractID", "serviceBundleID", "internalDescription"}
	case "ContractCharges":
		return []string{"contractID", "name", "datePurchased", "internalPurchaseOrderNumber"}
	case "ContractNotes":
		return []string{"contractID", "title"}
	case "Invoices":
		return []string{"companyID", "invoiceNumber"}
	case "BillingItems":
		return []string{"contractID", "itemDate", "itemName"}
	case "ServiceBundleServices":
		return []string{"serviceBundleID", "serviceID"}
	case "PriceListServices":
		return []string{"serviceID", "currencyID"}
	case "Taxes":
		return []string{"taxName"}
	}
	return []string{"name"}
}

// dump works out keys entity by entity, each after those it refers to.
type dump struct {
	w     *world
	keys  map[string]map[int64]string // with a number where several rows share a natural key
	bases map[string]map[int64]string
}

func (d *dump) basesOf(entityName string) map[int64]string {
	if known, ok := d.bases[entityName]; ok {
		return known
	}
	out := map[int64]string{}
	d.bases[entityName] = out
	for _, r := range d.w.table(entityName).all() {
		var parts []string
		for _, name := range naturalKeys(entityName) {
			f := r.entity.field(name)
			v := r.values[f.index]
			if id, ok := v.(int64); ok && d.w.tables[f.ref] != nil {
				parts = append(parts, "("+d.keysOf(f.ref)[id]+")")
				continue
			}
			parts = append(parts, plainText(v))
		}
		out[r.id] = strings.Join(parts, " / ")
	}
	return out
}

// keysOf gives every row of an entity a key of its own: rows with the same natural key are numbered in the order of their content.
func (d *dump) keysOf(entityName string) map[int64]string {
	if known, ok := d.keys[entityName]; ok {
		return known
	}
	out := map[int64]string{}
	bases := d.basesOf(entityName)
	groups := map[string][]*record{}
	for _, r := range d.w.table(entityName).all() {
		groups[bases[r.id]] = append(groups[bases[r.id]], r)
		out[r.id] = bases[r.id]
	}
	d.keys[entityName] = out
	for base, rows := range groups {
		if len(rows) == 1 {
			continue
		}
		content := map[int64]string{}
		for _, r := range rows {
			text, err := json.Marshal(d.row(r))
			if err == nil {
				content[r.id] = string(text)
			}
		}
		slices.SortFunc(rows, func(a, b *record) int {
			return cmp.Or(strings.Compare(content[a.id], content[b.id]), cmp.Compare(a.id, b.id))
		})
		for i, r := range rows {
			out[r.id] = base + " #" + strconv.Itoa(i+1)
		}
	}
	return out
}

func (d *dump) entity(e *entity) []map[string]any {
	keys := d.keysOf(e.name)
	var rows []map[string]any
	for _, r := range d.w.table(e.name).all() {
		row := d.row(r)
		row["key"] = keys[r.id]
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b map[string]any) int { return strings.Compare(a["key"].(string), b["key"].(string)) })
	return rows
}

// row is the content of a stored row without ids and stamps.
func (d *dump) row(r *record) map[string]any {
	out := map[string]any{}
	for _, f := range r.entity.fields {
		v := r.values[f.index]
		if f.compute != nil && f.name != "invoiceID" {
			v = f.compute(d.w, r)
		}
		if v == nil || f.name == "id" || volatile(f.name) {
			continue
		}
		out[f.name] = d.fieldText(r, f, v)
	}
	for name, v := range r.udfs {
		out["udf "+name] = v
	}
	switch r.entity.name {
	case "ContractServices":
		d.line(out, &d.w.lines, d.w.lines.byID[r.id])
	case "ContractServiceBundles":
		d.line(out, &d.w.bundle, d.w.bundle.byID[r.id])
	}
	return out
}

func (d *dump) fieldText(r *record, f *field, v any) any {
	id, ok := v.(int64)
	switch {
	case ok && f.ref == r.entity.name:
		return d.basesOf(f.ref)[id]
	case ok && d.w.tables[f.ref] != nil:
		return d.keysOf(f.ref)[id]
	case ok && strings.HasSuffix(f.name, "PeriodID"):
		return "regular"
	case ok && strings.HasSuffix(f.name, "AdjustmentID"):
		return "proration"
	}
	return plainText(v)
}

// line adds adjustments and unit rows.
func (d *dump) line(out map[string]any, set *lineSet, l *line) {
	var adjustments, units []map[string]any
	for _, a := range l.adjustments {
		entry := map[string]any{"date": a.date.Format(dayLayout), "unitChange": a.change}
		if a.price != nil {
			entry["price"] = a.price.String()
		}
		if a.cost != nil {
			entry["cost"] = a.cost.String()
		}
		adjustments = append(adjustments, entry)
	}
	for _, u := range d.w.rows(set, l) {
		units = append(units, map[string]any{"start": u.start.Format(dayLayout), "end": u.end.Format(dayLayout), "units": u.units,
			"price": u.price.String(), "cost": u.cost.String(), "posted": !u.posted.IsZero()})
	}
	out["adjustments"], out["units"] = orEmpty(adjustments), orEmpty(units)
}

func plainText(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case decimal.Decimal:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case string:
		return v
	case time.Time:
		if v.Equal(midnight(v)) {
			return v.Format(dayLayout)
		}
		return v.Format(time.RFC3339)
	}
	return ""
}
