package microsoft

import (
	"net/http"
	"strconv"
	"strings"
)

// partnerRoutes are the Partner Center REST v1 resources, without the leading v1 (sheet §2).
func partnerRoutes() []endpoint {
	return []endpoint{
		{method: "GET", pattern: "customers", serve: (*Server).listCustomers},
		{method: "GET", pattern: "customers/{customer}", serve: (*Server).getCustomer},
		{method: "PATCH", pattern: "customers/{customer}", serve: (*Server).patchCustomer},
		{method: "GET", pattern: "customers/{customer}/profiles/billing", serve: (*Server).getBillingProfile},
		{method: "GET", pattern: "customers/{customer}/profiles/company", serve: (*Server).getCompanyProfile},
		{method: "GET", pattern: "customers/{customer}/subscriptions", serve: (*Server).listSubscriptions},
		{method: "GET", pattern: "customers/{customer}/subscriptions/{subscription}", serve: (*Server).getSubscription},
		{method: "PATCH", pattern: "customers/{customer}/subscriptions/{subscription}", serve: (*Server).patchSubscription},
		{method: "GET", pattern: "customers/{customer}/subscriptions/{subscription}/azureEntitlements", serve: (*Server).listAzureEntitlements},
		{method: "GET", pattern: "customers/{customer}/subscriptions/{subscription}/azureEntitlements/{entitlement}", serve: (*Server).getAzureEntitlement},
		{method: "GET", pattern: "customers/{customer}/entitlements", serve: (*Server).listEntitlements},
		{method: "GET", pattern: "customers/{customer}/subscribedskus", serve: (*Server).subscribedSkus, userOnly: true},
		{method: "GET", pattern: "customers/{customer}/analytics/licenses/usage", serve: (*Server).licenceUsage, userOnly: true},
		{method: "GET", pattern: "invoices", serve: (*Server).listInvoices},
		{method: "GET", pattern: "invoices/summaries", serve: (*Server).invoiceSummaries},
		{method: "GET", pattern: "invoices/summary", serve: (*Server).invoiceSummary},
		{method: "GET", pattern: "invoices/estimates/links", serve: (*Server).estimateLinks},
		{method: "GET", pattern: "invoices/{invoice}", serve: (*Server).getInvoice},
		{method: "GET", pattern: "invoices/{invoice}/documents/statement", serve: (*Server).invoicePDF, userOnly: true},
		{method: "GET", pattern: "invoices/{invoice}/receipts/{receipt}/documents/statement", serve: (*Server).invoicePDF, userOnly: true},
		{method: "GET", pattern: "invoices/{invoice}/lineitems", serve: (*Server).lineItems},
		{method: "GET", pattern: "invoices/{invoice}/lineitems/{provider}/{type}", serve: (*Server).lineItems},
		{method: "GET", pattern: "partnerRequests", serve: (*Server).partnerRequests},
	}
}

// partnerCenter checks the token and dispatches.
func (s *Server) partnerCenter(c call) reply {
	out, endpoint := s.partnerGate(&c)
	if endpoint != nil {
		out = endpoint.serve(s, c)
	}
	for _, name := range []string{"MS-RequestId", "MS-CorrelationId"} {
		value := c.r.Header.Get(name)
		if value == "" {
			value = s.nextID(name)
		}
		out = out.with(name, value)
	}
	if strings.EqualFold(c.r.Header.Get("ValidateMfa"), "true") && c.token.Audience != "" {
		out = out.with("isMfaCompliant", strconv.FormatBool(c.token.mfa()))
	}
	return out.with("MS-CV", shortID(16, "cv", strconv.Itoa(s.serial))+".0").with("MS-ServerId", "simulator").with("Date", s.now().Format(http.TimeFormat))
}

// partnerGate is everything that can be wrong before a resource is looked at.
func (s *Server) partnerGate(c *call) (reply, *endpoint) {
	token, ok := s.verify(c.r)
	switch {
	case !ok:
		return s.pcError(401, 800001, "The partner token is missing, invalid or expired."), nil
	case token.Audience == audienceRetired:
		return s.pcError(401, 900420, "Tokens for the audience graph.windows.net are no longer accepted."), nil
	case token.Audience != audiencePartnerCenter:
		return s.pcError(401, 400, "Access denied: the token was issued for "+token.Audience+"."), nil
	case token.Kind == "user" && (!token.mfa() || s.dialect["mfaClaim"] == "missing"):
		return s.pcError(401, 900421, "The token does not carry the multi-factor authentication claim."), nil
	}
	c.token = token
	found, known := match(partnerRoutes(), c, c.path[1:])
	switch {
	case found == nil && known:
		return s.pcError(405, 3000, "The resource does not support "+c.r.Method+"."), nil
	case found == nil:
		return s.pcError(404, 1000, "Resource not found."), nil
	case found.userOnly && token.Kind == "app":
		return s.pcError(403, 900329, "The resource does not support app-only authentication."), nil
	case s.dialect["contractVersion"] == "required" && c.r.Header.Get("MS-Contract-Version") == "" && c.r.Header.Get("api-version") == "":
		return s.pcError(400, 800002, "The header MS-Contract-Version is required."), nil
	}
	return reply{}, found
}

func partnerCode(status int) int {
	switch status {
	case 401:
		return 800001
	case 403:
		return 2032
	case 404:
		return 1000
	case 429, 503, 504, 500:
		return 800003
	}
	return 3000
}

// pcError is Partner Center's error body (sheet §1.7).
func (s *Server) pcError(status, code int, text string) reply {
	body := map[string]any{"code": code, "description": strings.ReplaceAll(text, "'", "&#39;"), "data": []string{}, "source": "PartnerFD"}
	if s.dialect["errorCodeType"] == "string" {
		body["code"] = strconv.Itoa(code)
	}
	out := jsonReply(status, body)
	if status == 401 {
		out = out.with("WWW-Authenticate", "OAuth realm=urn:cpsvc:cpid:"+guidOf("realm"))
	}
	return out
}

// pcJSON is a Partner Center answer, with a byte-order mark where the dialect wants one.
func (s *Server) pcJSON(v any, list bool) reply {
	out := jsonReply(200, v)
	if s.dialect["bom"] == "always" || s.dialect["bom"] == "some" && list {
		out.body = append([]byte("\xef\xbb\xbf"), out.body...)
	}
	return out
}

// link is a relative link with or without the version prefix (sheet §2.1).
func (s *Server) link(uri string) map[string]any {
	if s.dialect["linkPrefix"] == "with" {
		uri = "/v1" + uri
	}
	return map[string]any{"uri": uri, "method": "GET", "headers": []any{}}
}

func (s *Server) collection(items []any, self string) map[string]any {
	return map[string]any{
		"totalCount": len(items), "items": items, "links": map[string]any{"self": s.link(self)},
		"attributes": map[string]any{"objectType": "Collection"},
	}
}

func (s *Server) partnerRequests(c call) reply {
	return s.pcJSON(s.collection([]any{map[string]any{
		"applicationId": c.token.AppID, "mfaCompliant": c.token.mfa(), "tenantId": c.token.Tenant, "attributes": map[string]any{"objectType": "PartnerRequest"},
	}}, "/partnerRequests"), false)
}
