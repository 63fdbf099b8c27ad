package account_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"spindle/internal/account"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// idp is an OpenID Connect provider on loopback, written from the standard: discovery, keys and the token endpoint with PKCE.
type idp struct {
	*httptest.Server
	t      testing.TB
	key    *ecdsa.PrivateKey
	now    func() time.Time
	person map[string]any // claims of who signs in next
	change func(claims map[string]any)
	forge  *ecdsa.PrivateKey // signs instead of the key
	codes  map[string]url.Values
	post   bool // wants the client's secret in the form
}

func newIDP(t testing.TB) *idp {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	p := &idp{t: t, key: key, codes: map[string]url.Values{}, person: map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		d := map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
			"jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"}}
		if p.post {
			d["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
		}
		_ = json.NewEncoder(w).Encode(d)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1",
			"x": b64(key.X.FillBytes(make([]byte, 32))), "y": b64(key.Y.FillBytes(make([]byte, 32)))}}})
	})
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// visit is the browser at the provider: it signs its person in and comes back with state and code.
func (p *idp) visit(address string) (state, code string) {
	p.t.Helper()
	u, err := url.Parse(address)
	must(p.t, err)
	q := u.Query()
	if u.Path != "/authorize" || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("client_id") != "spindle" ||
		!strings.Contains(q.Get("scope"), "openid") || len(q.Get("state")) < 20 || len(q.Get("nonce")) < 20 {
		p.t.Fatalf("asked with %s", address)
	}
	code = rand.Text()
	p.codes[code] = q
	return q.Get("state"), code
}

func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	q, known := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	id, password, header := r.BasicAuth()
	if p.post {
		id, password = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !known || header == p.post || id != "spindle" || password != "client-secret" || r.FormValue("grant_type") != "authorization_code" ||
		b64(challenge[:]) != q.Get("code_challenge") || r.FormValue("redirect_uri") != q.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	claims := map[string]any{"iss": p.URL, "aud": "spindle", "nonce": q.Get("nonce"), "iat": p.now().Unix(), "exp": p.now().Add(time.Hour).Unix()}
	for name, v := range p.person {
		claims[name] = v
	}
	if p.change != nil {
		p.change(claims)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": p.sign(claims)})
}

func (p *idp) sign(claims map[string]any) string {
	body, err := json.Marshal(claims)
	must(p.t, err)
	text := b64([]byte(`{"alg":"ES256","kid":"k1"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(text))
	key := p.key
	if p.forge != nil {
		key = p.forge
	}
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	must(p.t, err)
	return text + "." + b64(append(fill32(r), fill32(s)...))
}

func fill32(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }

// withIDP makes a world beside a provider.
func withIDP(t testing.TB, trust bool) (*world, *idp) {
	t.Helper()
	p := newIDP(t)
	w := owned(empty(t, storetest.File(t), &account.OIDC{Issuer: p.URL, ClientID: "spindle", Secret: secret.New("client-secret"),
		RedirectURL: "http://127.0.0.1/oidc/callback", TrustEmail: trust}))
	p.now = func() time.Time { return w.now }
	return w, p
}

// come signs the provider's person in.
func (w *world) come(p *idp) (account.SignIn, error) {
	w.t.Helper()
	address, carry, err := w.BeginOIDC(w.t.Context())
	must(w.t, err)
	state, code := p.visit(address)
	return w.FinishOIDC(w.t.Context(), carry, state, code)
}

func TestOIDCLetsInWhoIsKnownOrInvited(t *testing.T) {
	w, p := withIDP(t, false)
	ctx := t.Context()
	if !w.HasOIDC() {
		t.Error("the provider is not seen")
	}
	p.person = map[string]any{"sub": "s-ann", "email": "Ann@Northwind.example", "email_verified": true, "name": "Ann A."}
	in, err := w.come(p)
	must(t, err)
	if in.User.ID != w.ann.ID || in.User.Subject != "s-ann" || in.User.Name != "Ann Archer" {
		t.Errorf("in as %+v", in.User)
	}
	p.person["email"] = "ann@married.example" // the identity counts from now on, not the address
	delete(p.person, "email_verified")
	in, err = w.come(p)
	must(t, err)
	if in.User.ID != w.ann.ID {
		t.Errorf("in as %+v", in.User)
	}

	p.person = map[string]any{"sub": "s-eve", "email": "ann@northwind.example", "email_verified": true}
	_, err = w.come(p) // somebody else who has her address now
	wantKind(t, err, fault.KindUnauthorized)

	p.person = map[string]any{"sub": "s-bob", "email": "bob@northwind.example", "email_verified": "true", "name": "Bob Baker"}
	_, err = w.come(p)
	wantKind(t, err, fault.KindUnauthorized)
	if _, err := w.Store.UserByEmail(ctx, "bob@northwind.example"); !fault.Is(err, fault.KindNotFound) {
		t.Errorf("a stranger became a user: %v", err)
	}
	l, err := w.Invite(ctx, w.org, "bob@northwind.example", account.Approver, ops)
	must(t, err)
	in, err = w.come(p)
	must(t, err)
	if in.User.Name != "Bob Baker" || in.User.Password || w.actor(in.User.ID, w.org).Role != account.Approver {
		t.Errorf("in as %+v", in.User)
	}
	_, err = w.Invitation(ctx, l.Token.Reveal())
	wantKind(t, err, fault.KindNotFound)
	_, err = w.SignIn(ctx, "bob@northwind.example", secret.String{})
	wantKind(t, err, fault.KindUnauthorized)
	_, err = w.ChangePassword(ctx, in.User.ID, secret.String{}, good)
	wantKind(t, err, fault.KindConflict)
	must(t, w.Disable(ctx, in.User.ID, ops))
	_, err = w.come(p)
	wantKind(t, err, fault.KindUnauthorized)

	entries, err := w.Store.Audit(ctx, w.org, store.AuditFilter{Action: "user.signed-in"})
	must(t, err)
	if len(entries) != 3 || entries[0].Detail != `{"how":"openid-connect"}` {
		t.Errorf("audit: %+v", entries)
	}
}

// TestOIDCBelievesVerifiedAddressesOnly is the attack of the made-up address: anybody may write any address into his own directory.
func TestOIDCBelievesVerifiedAddressesOnly(t *testing.T) {
	for _, c := range []struct {
		name   string
		claims map[string]any
		trust  bool
		in     bool
	}{
		{"verified", map[string]any{"email_verified": true}, false, true},
		{"verified as text", map[string]any{"email_verified": "true"}, false, true},
		{"Entra's word for it", map[string]any{"xms_edov": true}, false, true},
		{"Entra's other word for it", map[string]any{"xms_edov": "1"}, false, true},
		{"not verified", map[string]any{"email_verified": false}, false, false},
		{"nothing said", nil, false, false},
		{"nothing said, trusted", nil, true, true},
		{"no address, trusted", map[string]any{"email": ""}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, p := withIDP(t, c.trust)
			p.person = map[string]any{"sub": "s", "email": w.ann.Email}
			for k, v := range c.claims {
				p.person[k] = v
			}
			in, err := w.come(p)
			if c.in && (err != nil || in.User.ID != w.ann.ID) {
				t.Errorf("not in: %v", err)
			}
			if !c.in {
				wantKind(t, err, fault.KindUnauthorized)
			}
		})
	}
}

func TestOIDCRefusesWhatIsNotItsOwn(t *testing.T) {
	w, p := withIDP(t, false)
	ctx := t.Context()
	p.person = map[string]any{"sub": "s-ann", "email": w.ann.Email, "email_verified": true}
	for name, change := range map[string]func(claims map[string]any){
		"nonce of another":  func(c map[string]any) { c["nonce"] = "another" },
		"no nonce":          func(c map[string]any) { delete(c, "nonce") },
		"another audience":  func(c map[string]any) { c["aud"] = "other" },
		"another issuer":    func(c map[string]any) { c["iss"] = "https://evil.example" },
		"expired":           func(c map[string]any) { c["exp"] = w.now.Add(-time.Minute).Unix() },
		"name is no claims": func(c map[string]any) { c["name"] = 7 },
	} {
		p.change = change
		if _, err := w.come(p); !fault.Is(err, fault.KindUnauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.change = nil
	var err error
	p.forge, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	_, err = w.come(p)
	wantKind(t, err, fault.KindUnauthorized)
	p.forge = nil

	address, carry, err := w.BeginOIDC(ctx)
	must(t, err)
	state, code := p.visit(address)
	_, other, err := w.BeginOIDC(ctx)
	must(t, err)
	for name, try := range map[string][3]string{
		"state of another":    {carry, "x" + state[1:], code},
		"no state":            {carry, "", code},
		"another browser":     {other, state, code},
		"no browser":          {"", state, code},
		"a code of no use":    {carry, state, "nothing"},
		"a ticket for a flow": {ticketOf(t, w), state, code},
	} {
		if _, err := w.FinishOIDC(ctx, try[0], try[1], try[2]); !fault.Is(err, fault.KindUnauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = w.FinishOIDC(ctx, carry, state, code)
	must(t, err)
	_, err = w.FinishOIDC(ctx, carry, state, code) // the code is used up
	wantKind(t, err, fault.KindUnauthorized)
	address, carry, err = w.BeginOIDC(ctx)
	must(t, err)
	state, code = p.visit(address)
	w.pass(10 * time.Minute)
	_, err = w.FinishOIDC(ctx, carry, state, code)
	wantKind(t, err, fault.KindUnauthorized)
}

// ticketOf gives a sealed text that is good for something else.
func ticketOf(t testing.TB, w *world) string {
	t.Helper()
	bob, _ := w.join(w.org, "bob@x.example", account.Viewer)
	w.enrol(bob.ID)
	in, err := w.SignIn(t.Context(), bob.Email, good)
	must(t, err)
	return in.Ticket
}

func TestOIDCSendsTheSecretAsTheProviderWantsIt(t *testing.T) {
	w, p := withIDP(t, false)
	p.post = true
	p.person = map[string]any{"sub": "s-ann", "email": w.ann.Email, "email_verified": true}
	_, err := w.come(p)
	must(t, err)
}

func TestOIDCMayBeAwayForAWhile(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.BeginOIDC(t.Context())
	wantKind(t, err, fault.KindNotFound)
	p := newIDP(t)
	p.Close()
	away := owned(empty(t, storetest.File(t), &account.OIDC{Issuer: p.URL, ClientID: "spindle"}))
	_, _, err = away.BeginOIDC(t.Context())
	wantKind(t, err, fault.KindTransient)
}
