package microsoft

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	fraction7 = "2006-01-02T15:04:05.0000000Z"
	seconds   = "2006-01-02T15:04:05Z"
	openEnd   = "9999-12-14T00:00:00Z"
)

// listSubscriptions is the whole list, never paged (sheet §2.3).
func (s *Server) listSubscriptions(c call) reply {
	cu, problem := s.wantCustomer(c)
	if problem != nil {
		return *problem
	}
	items := []any{}
	for _, sub := range cu.subs {
		if s.isListed(sub) && (c.query.Get("order_id") == "" || c.query.Get("order_id") == sub.orderID()) {
			items = append(items, s.subscriptionItem(cu, sub))
		}
	}
	if cu.plan != nil && c.query.Get("order_id") == "" {
		items = append(items, s.planItem(cu))
	}
	return s.pcJSON(s.collection(items, "/customers/"+cu.tenantID+"/subscriptions"), true)
}

// isListed hides what Microsoft knows only from charges, and what starts in the future.
func (s *Server) isListed(sub *subscription) bool {
	return sub.listed && !sub.created.After(s.today())
}

func (s *Server) wantSubscription(c call) (*customer, *subscription, *reply) {
	cu, problem := s.wantCustomer(c)
	if problem != nil {
		return nil, nil, problem
	}
	sub := cu.sub(strings.ToLower(c.vars["subscription"]))
	if sub == nil || !s.isListed(sub) {
		out := s.pcError(404, 20003, "Subscription "+c.vars["subscription"]+" was not found.")
		return nil, nil, &out
	}
	return cu, sub, nil
}

func (s *Server) getSubscription(c call) reply {
	cu, problem := s.wantCustomer(c)
	if problem != nil {
		return *problem
	}
	if cu.plan != nil && strings.EqualFold(c.vars["subscription"], cu.plan.id) {
		return s.pcJSON(s.planItem(cu), false)
	}
	cu, sub, problem := s.wantSubscription(c)
	if problem != nil {
		return *problem
	}
	return s.pcJSON(s.subscriptionItem(cu, sub), false)
}

// etag is short-lived: it changes with every change of the subscription.
func (s *subscription) etag() string {
	return base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf(`{"id":%q,"version":%d}`, s.id, s.revision)))
}

// statusOn is the state of a subscription on a day; a stated status wins over what the calendar says (sheet §5.3).
func (s *subscription) statusOn(day time.Time) string {
	switch {
	case s.status != "":
		return s.status
	case !s.cancelled.IsZero() && !day.Before(s.cancelled):
		return "deleted"
	case s.ends.IsZero() || !day.After(s.ends):
		return "active"
	case day.Before(s.ends.AddDate(0, 0, 31)):
		return "expired"
	case day.Before(s.ends.AddDate(0, 0, 121)):
		return "disabled"
	}
	return "deleted"
}

func (k kind) productType() map[string]any {
	id, sub := "OnlineServicesNCE", ""
	switch k {
	case perpetual:
		id = "Software"
	case saas:
		id = "SaaS"
	case azure:
		id = "Azure"
	case reservation:
		id, sub = "Azure", "VirtualMachineReservedInstance"
	case savingsPlan:
		id, sub = "Azure", "SavingsPlan"
	}
	out := map[string]any{"id": id, "displayName": id}
	if sub != "" {
		out["subType"] = map[string]any{"id": sub, "displayName": sub}
	}
	return out
}

func (s *Server) subscriptionItem(cu *customer, sub *subscription) map[string]any {
	self := "/customers/" + cu.tenantID + "/subscriptions/" + sub.id
	today := s.today()
	created := sub.created.Add(time.Duration(1+pick(80000, "created", sub.id))*time.Second + time.Duration(pick(9999999, "ticks", sub.id))*100)
	item := map[string]any{
		"id": sub.id, "offerId": sub.productID + ":" + sub.skuID + ":" + sub.listAvailabilityID, "offerName": sub.name, "friendlyName": sub.friendlyName,
		"entitlementId": sub.orderID(), "productType": sub.kind.productType(), "quantity": sub.quantityOn(today), "unitType": "Licenses", "hasPurchasableAddons": false,
		"creationDate": created.Format(fraction7), "effectiveStartDate": sub.created.Format(seconds), "status": sub.statusOn(today),
		"autoRenewEnabled": sub.autoRenew, "isTrial": sub.trial, "billingType": "license", "billingCycle": sub.billingCycle, "termDuration": sub.term,
		"renewalTermDuration": "", "isMicrosoftProduct": strings.HasPrefix(sub.publisher, "Microsoft"), "publisherName": sub.publisher,
		"contractType": "subscription", "actions": []string{"edit", "cancel"}, "orderId": sub.orderID(), "attentionNeeded": false, "actionTaken": false,
		"links": map[string]any{
			"self": s.link(self), "product": s.link("/products/" + sub.productID + "?country=" + cu.country),
			"sku":          s.link("/products/" + sub.productID + "/skus/" + sub.skuID + "?country=" + cu.country),
			"availability": s.link("/products/" + sub.productID + "/skus/" + sub.skuID + "/availabilities/" + sub.listAvailabilityID + "?country=" + cu.country),
		},
		"attributes": map[string]any{"etag": sub.etag(), "objectType": "Subscription"},
	}
	s.addDates(item, sub, created, today)
	for name, value := range map[string]string{"promotionId": sub.promotionID, "productOrderId": sub.reservationOrder} {
		if value != "" {
			item[name] = value
		}
	}
	switch item["status"] {
	case "suspended":
		item["suspensionReasons"] = []string{"PartnerRequested"}
	case "deleted", "expired", "disabled":
		item["actions"] = []string{}
	}
	if sub.trial {
		item["scheduledNextTermInstructions"] = map[string]any{"quantity": sub.quantityOn(today), "product": map[string]any{
			"productId": sub.productID, "skuId": "0001", "availabilityId": sub.availabilityID, "billingCycle": "monthly", "termDuration": "P1Y",
		}}
	}
	return item
}

// addDates fills term, cycle and refund windows as of today.
func (s *Server) addDates(item map[string]any, sub *subscription, created, today time.Time) {
	at := earlier(today, orNever(sub.ends))
	cy, ok := sub.cycleAt(at)
	if !ok || cy.end.IsZero() { // perpetual, trial or not started
		item["commitmentEndDate"], item["commitmentEndDateTime"] = openEnd, "9999-12-14T23:59:59Z"
		if sub.trial {
			end := addMonths(sub.created, 1).AddDate(0, 0, -1)
			item["commitmentEndDate"], item["commitmentEndDateTime"] = s.dayText(end), endOfDay(end)
		}
		return
	}
	item["commitmentEndDate"], item["commitmentEndDateTime"] = s.dayText(cy.termEnd), endOfDay(cy.termEnd)
	item["billingCycleEndDate"], item["billingCycleEndDateTime"] = s.dayText(cy.end), endOfDay(cy.end)
	item["effectiveStartDate"] = cy.termStart.Format(seconds)
	window := cy.termStart.Add(created.Sub(sub.created)).AddDate(0, 0, 7)
	if s.now().Before(window) && item["status"] == "active" {
		item["cancellationAllowedUntilDate"] = window.Format(fraction7)
		item["refundOptions"] = []any{map[string]any{"type": "Partial", "expiresAt": window.Format(fraction7)}}
	}
	s.addRefundable(item, sub)
}

// addRefundable lists the seats whose own seven-day window is still open.
func (s *Server) addRefundable(item map[string]any, sub *subscription) {
	var details []any
	total := 0
	for _, ch := range sub.changes {
		added := ch.to - sub.quantityBefore(ch.day)
		until := ch.day.AddDate(0, 0, 7).Add(10 * time.Hour)
		if added > 0 && !ch.day.After(s.today()) && s.now().Before(until) {
			details = append(details, map[string]any{"quantity": added, "allowedUntilDateTime": until.Format(seconds)})
			total += added
		}
	}
	if total > 0 {
		item["refundableQuantity"] = map[string]any{"totalQuantity": total, "details": details}
	}
}

func orNever(t time.Time) time.Time {
	if t.IsZero() {
		return date(9999, 12, 31)
	}
	return t
}

func (s *Server) dayText(t time.Time) string {
	if s.dialect["commitmentEnd"] == "endOfDay" {
		return endOfDay(t)
	}
	return t.Format(seconds)
}

func endOfDay(t time.Time) string { return t.Format("2006-01-02") + "T23:59:59Z" }

// planItem is the Azure plan: a usage subscription without a term.
func (s *Server) planItem(cu *customer) map[string]any {
	p := cu.plan
	self := "/customers/" + cu.tenantID + "/subscriptions/" + p.id
	return map[string]any{
		"id": p.id, "offerId": "DZH318Z0BPS6:0001:DZH318Z0BMTX", "offerName": "Azure plan", "friendlyName": "Azure plan", "entitlementId": p.id,
		"productType": azure.productType(), "quantity": 1, "unitType": "Usage-based", "hasPurchasableAddons": false,
		"creationDate": p.created.Add(time.Duration(pick(9999999, p.id)) * 100).Format(fraction7), "effectiveStartDate": p.created.Format(seconds),
		"commitmentEndDate": openEnd, "commitmentEndDateTime": "9999-12-14T23:59:59Z", "status": "active", "autoRenewEnabled": false, "isTrial": false,
		"billingType": "usage", "billingCycle": "monthly", "termDuration": "", "renewalTermDuration": "", "isMicrosoftProduct": true, "publisherName": "Microsoft Corporation",
		"contractType": "subscription", "actions": []string{"edit", "cancel"}, "orderId": hexID(12, "order", p.id), "attentionNeeded": false, "actionTaken": false,
		"links": map[string]any{"self": s.link(self)}, "attributes": map[string]any{"etag": base64.StdEncoding.EncodeToString([]byte(p.id)), "objectType": "Subscription"},
	}
}

func (s *Server) wantPlan(c call) (*customer, *reply) {
	cu, problem := s.wantCustomer(c)
	if problem != nil {
		return nil, problem
	}
	if cu.plan == nil || !strings.EqualFold(c.vars["subscription"], cu.plan.id) {
		out := s.pcError(404, 20003, "Subscription "+c.vars["subscription"]+" is not an Azure plan of this customer.")
		return nil, &out
	}
	return cu, nil
}

func (s *Server) entitlementItem(cu *customer, e entitlement) map[string]any {
	return map[string]any{
		"id": e.id, "friendlyName": e.name, "status": e.status, "subscriptionId": cu.plan.id,
		"links":      map[string]any{"self": s.link("/customers/" + cu.tenantID + "/subscriptions/" + cu.plan.id + "/azureEntitlements/" + e.id)},
		"attributes": map[string]any{"objectType": "AzureEntitlement"},
	}
}

func (s *Server) listAzureEntitlements(c call) reply {
	cu, problem := s.wantPlan(c)
	if problem != nil {
		return *problem
	}
	items := []any{}
	for _, e := range cu.plan.entitlements {
		items = append(items, s.entitlementItem(cu, e))
	}
	return s.pcJSON(s.collection(items, "/customers/"+cu.tenantID+"/subscriptions/"+cu.plan.id+"/azureEntitlements"), false)
}

func (s *Server) getAzureEntitlement(c call) reply {
	cu, problem := s.wantPlan(c)
	if problem != nil {
		return *problem
	}
	i := slices.IndexFunc(cu.plan.entitlements, func(e entitlement) bool { return strings.EqualFold(e.id, c.vars["entitlement"]) })
	if i < 0 {
		return s.pcError(404, 1000, "Azure entitlement not found.")
	}
	return s.pcJSON(s.entitlementItem(cu, cu.plan.entitlements[i]), false)
}

// listEntitlements are perpetual software and reservations (sheet §2.4).
func (s *Server) listEntitlements(c call) reply {
	cu, problem := s.wantCustomer(c)
	if problem != nil {
		return *problem
	}
	wanted := strings.ToLower(c.query.Get("entitlementType"))
	items := []any{}
	for _, sub := range cu.subs {
		if sub.created.After(s.today()) {
			continue
		}
		switch {
		case sub.kind == perpetual && wanted != "reservedinstance":
			items = append(items, s.artifact(sub, "software", "virtualGroup"))
		case (sub.kind == reservation || sub.kind == savingsPlan) && wanted != "software":
			items = append(items, s.artifact(sub, "reservedinstance", "reservedInstance"))
		}
	}
	return s.pcJSON(s.collection(items, "/customers/"+cu.tenantID+"/entitlements"), false)
}

func (s *Server) artifact(sub *subscription, entitlementType, artifactType string) map[string]any {
	q := sub.quantityOn(s.today())
	item := map[string]any{
		"includedEntitlements": []any{}, "referenceOrder": map[string]any{"id": sub.orderID(), "lineItemId": "0", "alternateId": sub.orderID()},
		"productId": sub.productID, "skuId": sub.skuID, "quantity": q, "quantityDetails": []any{map[string]any{"quantity": q, "status": "Valid"}},
		"entitlementType": entitlementType, "entitledArtifacts": []any{map[string]any{"resourceId": sub.reservationOrder, "artifactType": artifactType}},
	}
	if cy, ok := sub.cycleAt(s.today()); ok && !cy.termEnd.IsZero() {
		item["expiryDate"] = cy.termEnd.Format(seconds)
	}
	return item
}

// subscribedSkus counts assigned licences; ids are Entra SKU GUIDs, not catalogue ids (sheet §2.4).
func (s *Server) subscribedSkus(c call) reply {
	cu, problem := s.wantCustomer(c)
	if problem != nil {
		return *problem
	}
	items := []any{}
	for _, sub := range cu.subs {
		if sub.kind == licence && s.isListed(sub) && sub.statusOn(s.today()) == "active" {
			q := sub.quantityOn(s.today())
			items = append(items, map[string]any{
				"availableUnits": 1, "activeUnits": q, "consumedUnits": q - 1, "suspendedUnits": 0, "totalUnits": q, "warningUnits": 0,
				"productSku":       map[string]any{"id": guidOf("sku", sub.productID, sub.skuID), "name": sub.name, "skuPartNumber": strings.ToUpper(strings.ReplaceAll(sub.name, " ", "_")), "targetType": "User"},
				"capabilityStatus": "Enabled",
			})
		}
	}
	return s.pcJSON(s.collection(items, "/customers/"+cu.tenantID+"/subscribedskus"), false)
}

func (s *Server) licenceUsage(c call) reply {
	cu, problem := s.wantCustomer(c)
	if problem != nil {
		return *problem
	}
	items := []any{}
	for _, sub := range cu.subs {
		if sub.kind == licence && s.isListed(sub) {
			items = append(items, map[string]any{
				"customerName": cu.name, "productName": sub.name, "licensesActive": sub.quantityOn(s.today()), "licensesQualified": sub.quantityOn(s.today()),
				"usagePercent": 1, "workloadName": "ALL", "serviceName": "o365", "channel": "Reseller", "processedDateTime": s.today().Format(seconds),
			})
		}
	}
	return s.pcJSON(s.collection(items, "/customers/"+cu.tenantID+"/analytics/licenses/usage"), false)
}
