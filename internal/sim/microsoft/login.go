package microsoft

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// loginRoutes are the Entra endpoints (sheet §1.2, D5).
func loginRoutes() []endpoint {
	return []endpoint{
		{method: "POST", pattern: "{tenant}/oauth2/token", serve: (*Server).token},
		{method: "POST", pattern: "{tenant}/oauth2/v2.0/token", serve: (*Server).token},
		{method: "GET", pattern: "{tenant}/oauth2/authorize", serve: (*Server).authorize},
		{method: "GET", pattern: "{tenant}/oauth2/v2.0/authorize", serve: (*Server).authorize},
		{method: "GET", pattern: "{tenant}/v2.0/.well-known/openid-configuration", serve: (*Server).openID},
		{method: "GET", pattern: "{tenant}/.well-known/openid-configuration", serve: (*Server).openID},
		{method: "GET", pattern: "{tenant}/discovery/v2.0/keys", serve: func(*Server, call) reply { return jsonReply(200, map[string]any{"keys": []any{}}) }},
		{method: "GET", pattern: "common/discovery/instance", serve: (*Server).discovery},
	}
}

func (s *Server) login(c call) reply {
	found, known := match(loginRoutes(), &c, c.path)
	switch {
	case found != nil:
		return found.serve(s, c)
	case known:
		return s.tokenError(405, "invalid_request", 900561, "The endpoint does not accept "+c.r.Method+" requests.")
	}
	return reply{status: 404, body: []byte("<html><body>404 - not found</body></html>")}.with("Content-Type", "text/html")
}

func (s *Server) openID(c call) reply {
	tenant := c.vars["tenant"]
	if problem := s.checkTenant(tenant); problem != nil && s.world.customer(tenant) == nil {
		return *problem
	}
	root := c.base() + "/" + tenant
	issuer := root + "/v2.0"
	if tenant == "common" || tenant == "organizations" {
		issuer = c.base() + "/{tenantid}/v2.0"
	}
	return jsonReply(200, map[string]any{
		"token_endpoint": root + "/oauth2/v2.0/token", "authorization_endpoint": root + "/oauth2/v2.0/authorize", "issuer": issuer,
		"jwks_uri": root + "/discovery/v2.0/keys", "response_types_supported": []string{"code", "id_token", "code id_token"},
		"response_modes_supported": []string{"query", "fragment", "form_post"}, "subject_types_supported": []string{"pairwise"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic", "private_key_jwt"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"}, "tenant_region_scope": "EU",
	})
}

// discovery answers the instance discovery of MSAL clients.
func (s *Server) discovery(c call) reply {
	return jsonReply(200, map[string]any{
		"tenant_discovery_endpoint": c.base() + "/" + s.credentials().TenantID + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata":                  []any{map[string]any{"preferred_network": c.r.Host, "preferred_cache": c.r.Host, "aliases": []string{c.r.Host}}},
	})
}

// authorize is the interactive consent: the simulated user always agrees, with MFA.
func (s *Server) authorize(c call) reply {
	if problem := s.checkTenant(c.vars["tenant"]); problem != nil {
		return *problem
	}
	redirect := c.query.Get("redirect_uri")
	target, err := url.Parse(redirect)
	switch {
	case !strings.EqualFold(c.query.Get("client_id"), s.credentials().ClientID):
		return s.tokenError(400, "unauthorized_client", 700016, "Application with identifier '"+c.query.Get("client_id")+"' was not found in the directory.")
	case err != nil || target.Host == "":
		return s.tokenError(400, "invalid_request", 900144, "The request must contain the following parameter: 'redirect_uri'.")
	case !strings.Contains(c.query.Get("response_type"), "code"):
		return s.tokenError(400, "unsupported_response_type", 700054, "response_type 'code' is expected.")
	}
	s.serial++
	code := "0.AC" + shortID(50, "code", strconv.Itoa(s.serial))
	s.codes[code] = grant{used: s.now(), redirect: redirect, mfa: true}
	if c.query.Get("response_mode") == "form_post" {
		page := fmt.Sprintf(`<html><body><form method="POST" action="%s"><input type="hidden" name="code" value="%s"/><input type="hidden" name="state" value="%s"/></form></body></html>`,
			html.EscapeString(redirect), code, html.EscapeString(c.query.Get("state")))
		return reply{status: 200, body: []byte(page)}.with("Content-Type", "text/html")
	}
	values := target.Query()
	values.Set("code", code)
	if state := c.query.Get("state"); state != "" {
		values.Set("state", state)
	}
	target.RawQuery = values.Encode()
	return reply{status: http.StatusFound}.with("Location", target.String())
}
