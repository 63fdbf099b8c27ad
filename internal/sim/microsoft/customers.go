package microsoft

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	customerPageDefault = 100
	customerPageMax     = 500
)

// listCustomers pages by continuation token: the token comes in links.next.headers and goes back as a header, together with
// seekOperation=Next (sheet §2.1).
func (s *Server) listCustomers(c call) reply {
	all := s.world.listed()
	if raw := c.query.Get("filter"); raw != "" {
		filtered, problem := s.filterCustomers(all, raw)
		if problem != nil {
			return *problem
		}
		all = filtered
	}
	size, problem := s.customerPageSize(c.query, len(all))
	if problem != nil {
		return *problem
	}
	offset := 0
	if strings.EqualFold(c.query.Get("seekOperation"), "Next") {
		var ok bool
		if offset, ok = readContinuation("customers", size, c.r.Header.Get("MS-ContinuationToken")); !ok {
			return s.pcError(400, 800002, "The header MS-ContinuationToken is missing or invalid for this collection.")
		}
	}
	page := all[min(offset, len(all)):min(offset+size, len(all))]
	items := make([]any, 0, len(page))
	for _, cu := range page {
		items = append(items, s.customerItem(cu))
	}
	self := "/customers?size=" + strconv.Itoa(size)
	out := s.collection(items, self)
	if s.dialect["totalCount"] == "overall" {
		out["totalCount"] = len(all)
	}
	if next := offset + len(page); next < len(all) {
		uri := self + "&seekOperation=Next"
		if raw := c.query.Get("filter"); raw != "" {
			uri += "&filter=" + url.QueryEscape(raw)
		}
		link := s.link(uri)
		link["headers"] = []any{map[string]any{"key": "MS-ContinuationToken", "value": continuation("customers", size, next)}}
		out["links"].(map[string]any)["next"] = link
	}
	return s.pcJSON(out, true)
}

func (s *Server) customerPageSize(q url.Values, total int) (int, *reply) {
	raw := q.Get("size")
	size, err := strconv.Atoi(raw)
	switch {
	case raw == "" && s.dialect["customersSizeRequired"] == "required", raw != "" && (err != nil || size < 0):
		out := s.pcError(400, 800002, "The parameter size is required and must be a whole number.")
		return 0, &out
	case raw == "" && s.dialect["customersSizeRequired"] == "page":
		return customerPageDefault, nil
	case raw == "" || size == 0:
		return max(total, 1), nil
	}
	return min(size, customerPageMax), nil
}

// continuation is opaque and, on purpose, holds characters that must not be URL-encoded.
func continuation(kind string, size, offset int) string {
	return "AAAB," + base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("%s/%d/%d", kind, size, offset))) + "/+=="
}

func readContinuation(kind string, size int, token string) (int, bool) {
	body, ok := strings.CutSuffix(strings.TrimPrefix(token, "AAAB,"), "/+==")
	raw, err := base64.StdEncoding.DecodeString(body)
	parts := strings.Split(string(raw), "/")
	if !ok || err != nil || len(parts) != 3 || parts[0] != kind || parts[1] != strconv.Itoa(size) {
		return 0, false
	}
	offset, err := strconv.Atoi(parts[2])
	return offset, err == nil && offset > 0
}

// filterCustomers knows CompanyName and Domain with starts_with, as the samples show.
func (s *Server) filterCustomers(all []*customer, raw string) ([]*customer, *reply) {
	var f struct{ Field, Value, Operator string }
	if err := json.Unmarshal([]byte(raw), &f); err != nil || !slices.Contains([]string{"CompanyName", "Domain", "IndirectReseller"}, f.Field) {
		out := s.pcError(400, 3000, "The filter must be JSON with Field (CompanyName, Domain, IndirectReseller), Value and Operator.")
		return nil, &out
	}
	return slices.DeleteFunc(slices.Clone(all), func(c *customer) bool {
		switch f.Field {
		case "CompanyName":
			return !strings.HasPrefix(strings.ToLower(c.name), strings.ToLower(f.Value))
		case "Domain":
			return !strings.HasPrefix(strings.ToLower(c.domain), strings.ToLower(f.Value))
		}
		return true // a direct partner has no indirect resellers
	}), nil
}

func (s *Server) customerItem(c *customer) map[string]any {
	return map[string]any{
		"id": c.tenantID, "relationshipToPartner": "reseller", "links": map[string]any{"self": s.link("/customers/" + c.tenantID)},
		"companyProfile": s.companyProfile(c, false),
		"attributes":     map[string]any{"objectType": "Customer"},
	}
}

// companyProfile is short in lists.
func (s *Server) companyProfile(c *customer, full bool) map[string]any {
	profile := map[string]any{
		"tenantId": c.tenantID, "domain": c.domain, "companyName": c.name, "links": map[string]any{"self": s.link("/customers/" + c.tenantID + "/profiles/company")},
		"attributes": map[string]any{"objectType": "CustomerCompanyProfile"},
	}
	if full {
		profile["address"], profile["email"] = s.address(c), "it@"+c.domain
	}
	return profile
}

// wantCustomer finds the customer of the path: a malformed id is 400 900118, a stranger 403 20002 (sheet §1.7).
func (s *Server) wantCustomer(c call) (*customer, *reply) {
	id := strings.ToLower(c.vars["customer"])
	if len(id) != 36 || strings.Count(id, "-") != 4 {
		out := s.pcError(400, 900118, "Invalid customer id.")
		return nil, &out
	}
	found := s.world.customer(id)
	if found == nil || found.removed {
		out := s.pcError(403, 20002, "There is no commerce relationship with the customer "+id+".")
		return nil, &out
	}
	return found, nil
}

func (s *Server) getCustomer(c call) reply {
	cu, problem := s.wantCustomer(c)
	if problem != nil {
		return *problem
	}
	item := s.customerItem(cu)
	item["companyProfile"] = s.companyProfile(cu, true)
	item["commerceId"], item["allowDelegatedAccess"], item["customDomains"] = guidOf("commerce", cu.tenantID), true, []string{cu.domain}
	item["billingProfile"] = s.billingProfile(cu)
	return s.pcJSON(item, false)
}

func (s *Server) address(c *customer) map[string]any {
	return map[string]any{"country": c.country, "city": "Sampletown", "addressLine1": strconv.Itoa(1+pick(90, c.tenantID)) + " Sample Street", "postalCode": "1000"}
}

func (s *Server) billingProfile(c *customer) map[string]any {
	self := "/customers/" + c.tenantID + "/profiles/billing"
	return map[string]any{
		"id": guidOf("profile", c.tenantID), "firstName": "Robin", "lastName": "Sample", "email": "billing@" + c.domain, "culture": "en-IE", "language": "en",
		"companyName": c.name, "defaultAddress": s.address(c), "links": map[string]any{"self": s.link(self)},
		"attributes": map[string]any{"etag": shortID(20, "profile", c.tenantID), "objectType": "CustomerBillingProfile"},
	}
}

func (s *Server) getCompanyProfile(c call) reply {
	cu, problem := s.wantCustomer(c)
	if problem != nil {
		return *problem
	}
	return s.pcJSON(s.companyProfile(cu, true), false)
}

func (s *Server) getBillingProfile(c call) reply {
	cu, problem := s.wantCustomer(c)
	if problem != nil {
		return *problem
	}
	return s.pcJSON(s.billingProfile(cu), false)
}

// patchCustomer ends the relationship; the customer leaves the list and late charges keep arriving (sheet §2.2).
func (s *Server) patchCustomer(c call) reply {
	cu, problem := s.wantCustomer(c)
	if problem != nil {
		return *problem
	}
	var body struct {
		Relationship string `json:"relationshipToPartner"`
	}
	if err := json.Unmarshal(c.body, &body); err != nil || body.Relationship != "none" {
		return s.pcError(400, 3000, "Only relationshipToPartner none can be set.")
	}
	cu.removed = true
	item := s.customerItem(cu)
	item["relationshipToPartner"] = "none"
	return s.pcJSON(item, false)
}
