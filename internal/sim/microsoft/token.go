package microsoft

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// claims are what an access token says.
type claims struct {
	Audience  string   `json:"aud"`
	Issuer    string   `json:"iss"`
	Tenant    string   `json:"tid"`
	AppID     string   `json:"appid"`
	Kind      string   `json:"idtyp"` // app or user
	Methods   []string `json:"amr,omitempty"`
	Roles     []string `json:"roles,omitempty"`
	Scopes    string   `json:"scp,omitempty"`
	Object    string   `json:"oid"`
	IssuedAt  int64    `json:"iat"`
	NotBefore int64    `json:"nbf"`
	Expires   int64    `json:"exp"`
	Serial    int      `json:"uti"`
}

// grant is an authorization code or a refresh token.
type grant struct {
	used     time.Time // last use; refresh tokens die after 90 days without one
	redirect string
	mfa      bool
	revoked  bool
	redeemed bool // a refresh token that gave a new one
}

const (
	audiencePartnerCenter = "https://api.partnercenter.microsoft.com"
	audienceGraph         = "https://graph.microsoft.com"
	audienceRetired       = "https://graph.windows.net"
	audiencePricing       = "https://api.partner.microsoft.com"
	tokenSeconds          = 3599
	refreshLife           = 90 * 24 * time.Hour
)

// audienceOf maps a resource or scope to an audience; "" when nobody knows it.
func audienceOf(resource string) string {
	switch strings.ToLower(strings.TrimRight(resource, "/")) {
	case audiencePartnerCenter, "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd":
		return audiencePartnerCenter
	case audienceGraph, "00000003-0000-0000-c000-000000000000":
		return audienceGraph
	case audienceRetired, "00000002-0000-0000-c000-000000000000":
		return audienceRetired
	case audiencePricing, "4990cffe-04e8-4e8b-808a-1175604b879f":
		return audiencePricing
	}
	return ""
}

// tokenError is an Entra error (sheet §1.2).
func (s *Server) tokenError(status int, kind string, code int, text string) reply {
	trace, correlation := s.nextID("trace"), s.nextID("correlation")
	at := s.now().Format("2006-01-02 15:04:05Z")
	return jsonReply(status, map[string]any{
		"error":             kind,
		"error_description": "AADSTS" + strconv.Itoa(code) + ": " + text + " Trace ID: " + trace + " Correlation ID: " + correlation + " Timestamp: " + at,
		"error_codes":       []int{code}, "timestamp": at, "trace_id": trace, "correlation_id": correlation,
		"error_uri": "https://login.microsoftonline.com/error?code=" + strconv.Itoa(code),
	})
}

// token answers both token endpoints: client_credentials, refresh_token and authorization_code.
func (s *Server) token(c call) reply {
	v2 := len(c.path) == 4
	form, err := url.ParseQuery(string(c.body))
	if err != nil || c.r.Method != http.MethodPost {
		return s.tokenError(400, "invalid_request", 900144, "The request body must be application/x-www-form-urlencoded and sent by POST.")
	}
	if problem := s.checkTenant(c.vars["tenant"]); problem != nil {
		return *problem
	}
	if problem := s.checkClient(c, form); problem != nil {
		return *problem
	}
	switch form.Get("grant_type") {
	case "client_credentials":
		return s.clientCredentials(c, form, v2)
	case "refresh_token":
		return s.redeemRefresh(c, form, v2)
	case "authorization_code":
		return s.redeemCode(c, form, v2)
	case "":
		return s.tokenError(400, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'.")
	}
	return s.tokenError(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '"+form.Get("grant_type")+"'.")
}

func (s *Server) checkTenant(tenant string) *reply {
	creds := s.credentials()
	var out reply
	switch {
	case strings.EqualFold(tenant, creds.TenantID):
		return nil
	case s.world.customer(strings.ToLower(tenant)) != nil:
		out = s.tokenError(400, "unauthorized_client", 700016, "Application with identifier '"+creds.ClientID+"' was not found in the directory '"+tenant+"'.")
	case tenant == "common" || tenant == "organizations":
		return nil
	default:
		out = s.tokenError(400, "invalid_request", 90002, "Tenant '"+tenant+"' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.")
	}
	return &out
}

// checkClient takes the client's secret from the form or from a Basic header.
func (s *Server) checkClient(c call, form url.Values) *reply {
	creds := s.credentials()
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, pass, ok := c.r.BasicAuth(); ok && id == "" {
		id, _ = url.QueryUnescape(user)
		secret, _ = url.QueryUnescape(pass)
	} else if ok && secret == "" {
		secret, _ = url.QueryUnescape(pass)
	}
	var out reply
	switch {
	case id == "":
		out = s.tokenError(400, "invalid_request", 900144, "The request body must contain the following parameter: 'client_id'.")
	case !strings.EqualFold(id, creds.ClientID):
		out = s.tokenError(400, "unauthorized_client", 700016, "Application with identifier '"+id+"' was not found in the directory '"+creds.TenantID+"'.")
	case form.Get("client_assertion") != "":
		out = s.tokenError(401, "invalid_client", 700027, "The certificate with identifier used to sign the client assertion is not registered on application.")
	case secret == "":
		out = s.tokenError(401, "invalid_client", 7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	case secret != creds.ClientSecret:
		out = s.tokenError(401, "invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.")
	default:
		return nil
	}
	return &out
}

// wanted reads the audience from resource (v1) or scope (v2).
func (s *Server) wanted(form url.Values, v2, appOnly bool) (string, *reply) {
	if !v2 {
		audience := audienceOf(form.Get("resource"))
		if audience == "" {
			out := s.tokenError(400, "invalid_resource", 500011, "The resource principal named '"+form.Get("resource")+"' was not found in the tenant.")
			return "", &out
		}
		return audience, nil
	}
	for scope := range strings.FieldsSeq(form.Get("scope")) {
		resource, ok := strings.CutSuffix(scope, "/.default")
		if !ok && !appOnly {
			if i := strings.LastIndex(scope, "/"); i > len("https://") {
				resource, ok = scope[:i], true
			}
		}
		if audience := audienceOf(resource); ok && audience != "" {
			return audience, nil
		}
		if ok {
			out := s.tokenError(400, "invalid_resource", 500011, "The resource principal named '"+resource+"' was not found in the tenant.")
			return "", &out
		}
	}
	if !appOnly {
		return audienceGraph, nil
	}
	out := s.tokenError(400, "invalid_scope", 1002012, "The provided value for scope "+form.Get("scope")+" is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.")
	return "", &out
}

func (s *Server) clientCredentials(c call, form url.Values, v2 bool) reply {
	audience, problem := s.wanted(form, v2, true)
	if problem != nil {
		return *problem
	}
	if t := c.vars["tenant"]; t == "common" || t == "organizations" {
		return s.tokenError(400, "invalid_request", 53003, "The tenant for tenant-less client credentials cannot be determined: use the tenant id instead of '"+t+"'.")
	}
	return jsonReply(200, s.tokenBody(s.issue(c, audience, "app", false), audience, v2)).with("Cache-Control", "no-store, no-cache")
}

func (s *Server) redeemRefresh(c call, form url.Values, v2 bool) reply {
	g, ok := s.refresh[form.Get("refresh_token")]
	if !ok {
		return s.tokenError(400, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid: the refresh token is not known or was revoked.")
	}
	if g.revoked {
		return s.tokenError(400, "invalid_grant", 50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.")
	}
	if g.redeemed && s.dialect["refreshReuse"] == "refused" {
		return s.tokenError(400, "invalid_grant", 70008, "The provided authorization code or refresh token has expired or was already redeemed.")
	}
	if s.now().Sub(g.used) > refreshLife {
		return s.tokenError(400, "invalid_grant", 700082, "The refresh token has expired due to inactivity. The token was issued on "+g.used.Format(time.RFC3339)+" and was inactive for 90.00:00:00.")
	}
	audience, problem := s.wanted(form, v2, false)
	if problem != nil {
		return *problem
	}
	g.redeemed = true
	s.refresh[form.Get("refresh_token")] = g
	return s.userTokens(c, form, audience, g.mfa, v2)
}

func (s *Server) redeemCode(c call, form url.Values, v2 bool) reply {
	g, ok := s.codes[form.Get("code")]
	switch {
	case !ok || s.now().Sub(g.used) > 10*time.Minute:
		return s.tokenError(400, "invalid_grant", 70008, "The provided authorization code or refresh token has expired or was already redeemed.")
	case g.redirect != form.Get("redirect_uri"):
		return s.tokenError(400, "invalid_client", 500112, "The reply address does not match the reply address provided when requesting the authorization code.")
	}
	audience, problem := s.wanted(form, v2, false)
	if problem != nil {
		return *problem
	}
	delete(s.codes, form.Get("code"))
	return s.userTokens(c, form, audience, g.mfa, v2)
}

func (s *Server) userTokens(c call, form url.Values, audience string, mfa, v2 bool) reply {
	body := s.tokenBody(s.issue(c, audience, "user", mfa), audience, v2)
	body["refresh_token"] = s.newRefresh(mfa)
	body["scope"] = audience + "/user_impersonation"
	body["id_token"] = s.sign(map[string]any{
		"iss": c.base() + "/" + s.credentials().TenantID + "/v2.0", "aud": s.credentials().ClientID, "tid": s.credentials().TenantID,
		"oid": guidOf("user"), "sub": shortID(43, "subject"), "preferred_username": "billing@northwindit.example", "name": "Billing", "ver": "2.0",
		"iat": s.now().Unix(), "nbf": s.now().Unix(), "exp": s.now().Unix() + tokenSeconds,
	})
	if form.Get("client_info") != "" {
		info, _ := json.Marshal(map[string]string{"uid": guidOf("user"), "utid": s.credentials().TenantID})
		body["client_info"] = base64.RawURLEncoding.EncodeToString(info)
	}
	return jsonReply(200, body).with("Cache-Control", "no-store, no-cache")
}

func (s *Server) newRefresh(mfa bool) string {
	s.serial++
	token := "0.A" + shortID(60, "refresh", strconv.Itoa(s.serial))
	s.refresh[token] = grant{used: s.now(), mfa: mfa}
	return token
}

// NewRefreshToken signs a partner user in out of band and returns the refresh token; the MFA claim follows mfa.
func (s *Server) NewRefreshToken(mfa bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newRefresh(mfa)
}

// RevokeRefreshTokens revokes every refresh token, as a password reset does.
func (s *Server) RevokeRefreshTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, g := range s.refresh {
		g.revoked = true
		s.refresh[token] = g
	}
}

func (s *Server) issue(c call, audience, kind string, mfa bool) string {
	s.serial++
	now, creds := s.now().Unix(), s.credentials()
	t := claims{
		Audience: audience, Issuer: c.base() + "/" + creds.TenantID + "/", Tenant: creds.TenantID, AppID: creds.ClientID, Kind: kind, Object: guidOf(kind),
		IssuedAt: now, NotBefore: now, Expires: now + tokenSeconds, Serial: s.serial,
	}
	if kind == "app" {
		t.Roles = []string{"PartnerBilling.Read.All"}
	} else {
		t.Scopes, t.Methods = "user_impersonation", []string{"pwd"}
		if mfa {
			t.Methods = append(t.Methods, "mfa")
		}
	}
	return s.sign(t)
}

// tokenBody has numbers as strings on the v1 endpoint and as numbers on v2 (sheet §1.2).
func (s *Server) tokenBody(token, audience string, v2 bool) map[string]any {
	if v2 {
		return map[string]any{"token_type": "Bearer", "expires_in": tokenSeconds, "ext_expires_in": tokenSeconds, "access_token": token}
	}
	now, life := s.now().Unix(), strconv.Itoa(tokenSeconds)
	return map[string]any{
		"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token, "resource": audience,
		"expires_on": strconv.FormatInt(now+tokenSeconds, 10), "not_before": strconv.FormatInt(now-300, 10),
	}
}

func (s *Server) sign(payload any) string {
	raw, _ := json.Marshal(payload) // claims are plain strings and numbers
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256","kid":"simulator"}`))
	text := head + "." + base64.RawURLEncoding.EncodeToString(raw)
	return text + "." + base64.RawURLEncoding.EncodeToString(s.mac(text))
}

func (s *Server) mac(text string) []byte {
	m := hmac.New(sha256.New, []byte("simulator "+s.opts.Scenario.PartnerTenantID))
	m.Write([]byte(text))
	return m.Sum(nil)
}

// verify reads the bearer token; ok is false when it is missing, forged, too old or too young.
func (s *Server) verify(r *http.Request) (claims, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	i := strings.LastIndex(token, ".")
	if !strings.EqualFold(scheme, "Bearer") || i < 0 {
		return claims{}, false
	}
	signature, err := base64.RawURLEncoding.DecodeString(token[i+1:])
	if err != nil || !hmac.Equal(signature, s.mac(token[:i])) {
		return claims{}, false
	}
	_, payload, _ := strings.Cut(token[:i], ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	var t claims
	if err != nil || json.Unmarshal(raw, &t) != nil || t.Audience == "" {
		return claims{}, false
	}
	now := s.now().Unix()
	return t, now < t.Expires && now >= t.NotBefore-300
}

func (t claims) mfa() bool { return slices.Contains(t.Methods, "mfa") }
