package autotask

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Service endpoints and metadata (Autotask sheet §1.3, §1.4, §3.4, §4).

func handleZone(c *call) (answer, *failure) {
	if !strings.EqualFold(c.request.URL.Query().Get("user"), c.server.credentials.UserName) {
		return answer{}, refuse("Zone information could not be determined")
	}
	return jsonAnswer(http.StatusOK, map[string]any{
		"zoneName": "Simulated Zone 1", "url": c.base, "webUrl": strings.TrimSuffix(c.base, "ATServicesRest/"), "ci": 123456,
	}), nil
}

func handleVersionInformation(*call) (answer, *failure) {
	return jsonAnswer(http.StatusOK, map[string]any{"apiVersions": []string{"1.0"}}), nil
}

func handleVersion(*call) (answer, *failure) {
	return jsonAnswer(http.StatusOK, map[string]any{"apiVersions": []string{"1.0"}, "version": "2026.3"}), nil
}

// handleThreshold answers the usage of the last hour; the call counts itself (Autotask sheet §13.15).
func handleThreshold(c *call) (answer, *failure) {
	u := &c.server.usage
	return jsonAnswer(http.StatusOK, map[string]any{
		"externalRequestThreshold": u.threshold, "requestThresholdTimeframe": int(usageWindow.Minutes()),
		"currentTimeframeRequestCount": u.current(c.server.trafficNow()),
	}), nil
}

func handleModules(*call) (answer, *failure) {
	var list []map[string]any
	for _, name := range []string{"CRM", "Contracts", "ServiceDesk", "Inventory", "ProcurementAndInventory"} {
		list = append(list, map[string]any{"key": name, "value": name != "Inventory"})
	}
	return jsonAnswer(http.StatusOK, map[string]any{"modules": list}), nil
}

func handleAllEntities(c *call) (answer, *failure) {
	var list []map[string]any
	for _, e := range c.world.model.entities {
		list = append(list, map[string]any{"info": c.describe(e)})
	}
	return jsonAnswer(http.StatusOK, map[string]any{"entityDescriptions": list}), nil
}

func handleEntityInformation(c *call) (answer, *failure) {
	return jsonAnswer(http.StatusOK, map[string]any{"info": c.describe(c.entity)}), nil
}

// describe is the info object of an entity, with the rights of the calling user.
func (c *call) describe(e *entity) map[string]any {
	a := e.access
	rights := map[string]bool{"Create": a.rootCreate || a.childCreate, "Update": a.rootUpdate || a.childUpdate,
		"Delete": a.rootDelete || a.childDelete, "Query": !a.unreadable}
	info := map[string]any{"name": e.singular, "hasUserDefinedFields": e.hasUDF, "supportsWebhookCallouts": e.webhooks}
	for verb, can := range rights {
		info["can"+verb] = can
		allowed := can && (c.server.profile != ProfileNoContracts || !e.contracts)
		info["userAccessFor"+verb] = c.accessLevel(allowed)
	}
	return info
}

func (c *call) accessLevel(allowed bool) any {
	if c.world.d.is("accessLevel", "number") {
		return bit(allowed) * 2
	}
	if allowed {
		return "All"
	}
	return "None"
}

func handleFields(c *call) (answer, *failure) {
	list := []map[string]any{}
	for _, f := range c.entity.fields {
		if !f.hidden {
			list = append(list, c.describeField(f))
		}
	}
	return jsonAnswer(http.StatusOK, map[string]any{"fields": list}), nil
}

func (c *call) describeField(f *field) map[string]any {
	name, kindName := f.name, f.kind
	if c.world.d.is("metadataNames", "pascal") {
		name = strings.ToUpper(name[:1]) + name[1:]
	}
	if kindName == kindDate {
		kindName = kindDateTime
	}
	out := map[string]any{
		"name": name, "dataType": string(kindName), "length": f.length, "isRequired": f.required || f.name == "id",
		"isReadOnly": f.readOnly || f.fixed, "isQueryable": !f.unfiltered, "isReference": f.ref != "", "referenceEntityType": "",
		"isPickList": f.pick != "", "picklistValues": nil, "picklistParentValueField": "", "isSupportedWebhookField": c.entity.webhooks,
	}
	if f.ref != "" {
		out["referenceEntityType"] = c.world.singular(f.ref)
	}
	if f.pick != "" {
		out["picklistValues"] = c.describeChoices(f.pick)
	}
	return out
}

func (c *call) describeChoices(list string) []map[string]any {
	values := []map[string]any{}
	for _, item := range c.world.picks[list] {
		values = append(values, map[string]any{"value": item.text(), "label": item.label, "isDefaultValue": item.standard, "sortOrder": item.sortOrder,
			"parentValue": "", "isActive": !item.inactive, "isSystem": item.system})
	}
	return values
}

func handleUserDefinedFields(c *call) (answer, *failure) {
	if !c.entity.hasUDF && c.world.d.is("udfRoute", "404") {
		return answer{}, notFoundPage()
	}
	list := []map[string]any{}
	for _, u := range c.entity.udfs {
		list = append(list, map[string]any{
			"name": u.name, "label": u.label, "type": "string", "dataType": "string", "length": u.length, "description": "", "isRequired": u.required,
			"isReadOnly": false, "isQueryable": u.queryable, "isReference": false, "referenceEntityType": "", "isPickList": false,
			"picklistValues": nil, "picklistParentValueField": "", "defaultValue": "", "isSupportedWebhookField": false,
		})
	}
	return jsonAnswer(http.StatusOK, map[string]any{"fields": list}), nil
}

// invoiceSettings are the invoice preferences of a company (Autotask sheet §5.1).
type invoiceSettings struct {
	InvoiceEmailingEnabled bool     `json:"invoiceEmailingEnabled"`
	ContactRecipients      []int64  `json:"contactRecipients"`
	ResourceRecipients     []int64  `json:"resourceRecipients"`
	OtherEmails            []string `json:"otherEmails"`
}

func (c *call) company() (*record, *failure) {
	r, ok := c.world.find("Companies", c.id)
	if !ok {
		return nil, failWith(http.StatusNotFound, "No matching records found.")
	}
	return r, nil
}

func handleInvoiceSettings(c *call) (answer, *failure) {
	r, bad := c.company()
	if bad != nil {
		return answer{}, bad
	}
	s := c.server.settings[c.id]
	return jsonAnswer(http.StatusOK, map[string]any{
		"taxExempt": r.flag("isTaxExempt"), "taxRegionId": r.get("taxRegionID"), "taxId": r.get("taxID"),
		"invoiceEmailingEnabled": s.InvoiceEmailingEnabled, "contactRecipients": orEmpty(s.ContactRecipients),
		"resourceRecipients": orEmpty(s.ResourceRecipients), "otherEmails": orEmpty(s.OtherEmails),
	}), nil
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func handlePutInvoiceSettings(c *call) (answer, *failure) {
	r, bad := c.company()
	if bad != nil {
		return answer{}, bad
	}
	object, bad := c.decodeObject(c.body)
	if bad != nil {
		return answer{}, bad
	}
	var s invoiceSettings
	if err := jsonInto(c.body, &s); err != nil {
		return answer{}, failWith(http.StatusBadRequest, "The request is not valid: %v", err)
	}
	c.server.settings[c.id] = s
	for name, target := range map[string]string{"taxExempt": "isTaxExempt", "taxRegionId": "taxRegionID", "taxId": "taxID"} {
		raw, ok := anyCase(object, name)
		if !ok {
			continue
		}
		v, err := c.world.fieldValue(c.world.model.entity("Companies").field(target), raw)
		if err != nil {
			return answer{}, refuse("%v", err)
		}
		r.set(target, v)
	}
	return itemID(c.world, c.id), nil
}

func handleInvoicePDF(c *call) (answer, *failure) {
	r, ok := c.world.find("Invoices", c.id)
	if !ok {
		return answer{}, failWith(http.StatusNotFound, "No matching records found.")
	}
	page := []byte("%PDF-1.4\n% " + r.text("invoiceNumber") + "\n%%EOF\n")
	return jsonAnswer(http.StatusOK, map[string]any{"id": c.id, "contentType": "application/pdf", "fileName": r.text("invoiceNumber") + ".pdf",
		"fileSize": len(page), "data": base64.StdEncoding.EncodeToString(page)}), nil
}

func handleInvoiceMarkup(c *call) (answer, *failure) {
	r, ok := c.world.find("Invoices", c.id)
	if !ok {
		return answer{}, failWith(http.StatusNotFound, "No matching records found.")
	}
	var buf bytes.Buffer
	fmt.Fprintf(&buf, "<invoice number=%s>", strconv.Quote(r.text("invoiceNumber")))
	for _, item := range c.world.table("BillingItems").all() {
		if id, ok := item.ref("invoiceID"); ok && id == c.id {
			fmt.Fprintf(&buf, "<line amount=\"%s\"/>", item.amount("totalAmount"))
		}
	}
	buf.WriteString("</invoice>")
	return jsonAnswer(http.StatusOK, map[string]any{"invoiceMarkup": buf.String()}), nil
}
