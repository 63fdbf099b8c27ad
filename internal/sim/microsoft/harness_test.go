package microsoft

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"spindle/internal/sim/scenario"
)

var testDay = date(2026, 11, 10)

// client is a plain HTTP client with a memory for tokens.
type client struct {
	t      *testing.T
	sim    *Server
	url    string
	tokens map[string]string
}

func newClient(t *testing.T, name string, dialect map[string]string) *client {
	t.Helper()
	return newClientOn(t, name, testDay, dialect)
}

func newClientOn(t *testing.T, name string, day time.Time, dialect map[string]string) *client {
	t.Helper()
	sc, err := scenario.Named(name, day)
	if err != nil {
		t.Fatal(err)
	}
	sim, err := New(Options{Scenario: sc, Dialect: dialect})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim.Handler())
	t.Cleanup(srv.Close)
	return &client{t: t, sim: sim, url: srv.URL, tokens: map[string]string{}}
}

// answer is a response read to its end.
type response struct {
	status int
	header http.Header
	body   []byte
}

func (r response) json(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(r.body, []byte("\xef\xbb\xbf"))))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		t.Fatalf("body %q: %v", r.body, err)
	}
	return out
}

// do sends a request; header is name, value, name, value.
func (c *client) do(method, target, body string, header ...string) response {
	c.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = c.url + target
	}
	req, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response{res.StatusCode, res.Header, raw}
}

func (c *client) tokenRequest(tenant, version string, form map[string]string) response {
	c.t.Helper()
	values := url.Values{}
	for k, v := range form {
		values.Set(k, v)
	}
	return c.do("POST", "/"+tenant+version, values.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

func (c *client) credentials() map[string]string {
	creds := c.sim.Credentials()
	return map[string]string{"grant_type": "client_credentials", "client_id": creds.ClientID, "client_secret": creds.ClientSecret}
}

// app is an app-only token for an audience.
func (c *client) app(audience string) string {
	c.t.Helper()
	if c.tokens[audience] == "" {
		form := c.credentials()
		form["scope"] = audience + "/.default"
		c.tokens[audience], _ = c.tokenRequest(c.sim.Credentials().TenantID, "/oauth2/v2.0/token", form).json(c.t)["access_token"].(string)
	}
	return c.tokens[audience]
}

// user is a token of the partner user.
func (c *client) user(audience string, mfa bool) string {
	c.t.Helper()
	form := c.credentials()
	form["grant_type"], form["refresh_token"], form["resource"] = "refresh_token", c.sim.NewRefreshToken(mfa), audience
	out, _ := c.tokenRequest(c.sim.Credentials().TenantID, "/oauth2/token", form).json(c.t)["access_token"].(string)
	return out
}

// pc reads a Partner Center resource app-only.
func (c *client) pc(path string, header ...string) response {
	c.t.Helper()
	return c.do("GET", "/v1"+path, "", append([]string{"Authorization", "Bearer " + c.app(audiencePartnerCenter)}, header...)...)
}

func (c *client) graph(method, target, body string) response {
	c.t.Helper()
	return c.do(method, target, body, "Authorization", "Bearer "+c.app(audienceGraph), "Content-Type", "application/json")
}

// manifestOf runs an export to its manifest, in whatever form it comes.
func (c *client) manifestOf(action, body string) map[string]any {
	c.t.Helper()
	op := c.operationOf(action, body)
	if m, ok := op["resourceLocation"].(map[string]any); ok {
		return m
	}
	link, ok := op["resourceLocation@odata.navigationLink"].(string)
	if !ok {
		c.t.Fatalf("no manifest in %v", op)
	}
	return c.graph("GET", link, "").json(c.t)
}

// operationOf runs an export to its last state.
func (c *client) operationOf(action, body string) map[string]any {
	c.t.Helper()
	res := c.graph("POST", "/v1.0/reports/partners/billing/"+action, body)
	if res.status != 202 || len(res.body) != 0 {
		c.t.Fatalf("export: %d %s", res.status, res.body)
	}
	for range 10 {
		op := c.graph("GET", res.header.Get("Location"), "").json(c.t)
		switch strings.ToLower(op["status"].(string)) {
		case "running", "notstarted":
			continue
		}
		return op
	}
	c.t.Fatal("the operation never ends")
	return nil
}

// blobs downloads every blob of a manifest.
func (c *client) blobs(m map[string]any) [][]byte {
	c.t.Helper()
	var out [][]byte
	for _, b := range m["blobs"].([]any) {
		res := c.do("GET", blobURL(m, b.(map[string]any)["name"].(string)), "")
		if res.status != 200 {
			c.t.Fatalf("blob: %d %s", res.status, res.body)
		}
		out = append(out, res.body)
	}
	return out
}

func blobURL(m map[string]any, name string) string {
	return strings.TrimSuffix(m["rootDirectory"].(string), "/") + "/" + name + "?" + strings.TrimPrefix(m["sasToken"].(string), "?")
}

// rows are all rows of an export.
func (c *client) rows(action, body string) []map[string]any {
	c.t.Helper()
	var out []map[string]any
	for _, blob := range c.blobs(c.manifestOf(action, body)) {
		out = append(out, parseRows(c.t, blob)...)
	}
	return out
}

func parseRows(t *testing.T, blob []byte) []map[string]any {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(blob))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for line := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(string(raw), "\ufeff"), "\n"), "\n") {
		var row map[string]any
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, row)
	}
	return out
}

func num(t *testing.T, v any) decimal.Decimal {
	t.Helper()
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		t.Fatalf("number %v: %v", v, err)
	}
	return d
}

func sum(t *testing.T, rows []map[string]any, column string) decimal.Decimal {
	t.Helper()
	total := decimal.Zero
	for _, r := range rows {
		total = total.Add(num(t, r[column]))
	}
	return total
}

func (c *client) newest() string { return c.sim.InvoiceIDs()[0] }
