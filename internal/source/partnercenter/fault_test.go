package partnercenter

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/sim/microsoft"
	"spindle/internal/source/sourcetest"
)

// TestPassingFaultsHeal hits one call after the other with faults that pass; the result must be that of an undisturbed read.
func TestPassingFaultsHeal(t *testing.T) {
	base, err := read(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := []microsoft.Fault{
		{Kind: "429", Path: "/v1/**", Count: 2, RetryAfter: "7"},
		{Kind: "503", Path: "/v1/**", Count: 3, RetryAfter: "5"},
		{Kind: "504", Path: "/v1/**", Nth: 3, Count: 1},
		{Kind: "500", Path: "/v1/**", Nth: 4, Count: 1},
		{Kind: "drop", Path: "/v1/**", Nth: 2, Count: 1},
		{Kind: "dropBody", Path: "/v1/**", Nth: 2, Count: 1},
		{Kind: "401", Path: "/v1/**", Nth: 2, Count: 1},
		{Kind: "429", Path: "/*/oauth2/v2.0/token", Count: 1},
		{Kind: "drop", Path: "/*/oauth2/v2.0/token", Count: 1},
		{Kind: "401", Path: exportPath, Count: 1},
		{Kind: "429", Path: exportPath, Count: 1, RetryAfter: "20"},
		{Kind: "drop", Path: exportPath, Count: 1},
		{Kind: "expireExport", Path: exportPath, Count: 1},
		{Kind: "missingBlob", Path: exportPath, Count: 1},
		{Kind: "503", Path: blobPath, Count: 2},
		{Kind: "drop", Path: blobPath, Count: 1},
		{Kind: "dropBody", Path: blobPath, Count: 3},
		{Kind: "truncate", Path: blobPath, Count: 1},
		{Kind: "unknownColumns", Path: exportPath},
	}
	for _, f := range all {
		t.Run(f.Kind+" "+f.Path, func(t *testing.T) {
			w := newWorld(t, nil).fault(t, f)
			c := w.client(t)
			directory, err := c.Directory(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			lines, err := c.Lines(t.Context(), base.lines.ID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(base.directory, directory, sourcetest.Compare()); diff != "" {
				t.Errorf("other directory: %s", diff)
			}
			ignore := cmp.Options{cmpopts.IgnoreFields(billing.LineItem{}, "Extra", "Key"), cmpopts.IgnoreFields(billing.LineSet{}, "Version")}
			if f.Kind != "unknownColumns" { // new columns change the identity of rows, and so their order
				if diff := cmp.Diff(base.lines, lines, sourcetest.Compare(), ignore); diff != "" {
					t.Errorf("other lines: %s", diff)
				}
			} else if !lines.Total.Equal(base.lines.Total) || lines.Lines[0].Extra == nil {
				t.Errorf("total %v, want %v; extra %v", lines.Total, base.lines.Total, lines.Lines[0].Extra)
			}
		})
	}
}

func TestUnknownChargeTypesAreKept(t *testing.T) {
	base, _ := read(t, nil)
	w := newWorld(t, nil).fault(t, microsoft.Fault{Kind: "unknownChargeType", Path: exportPath})
	lines, err := w.client(t).Lines(t.Context(), base.lines.ID)
	if err != nil || !lines.Total.Equal(base.lines.Total) {
		t.Errorf("total %v, want %v: %v", lines.Total, base.lines.Total, err)
	}
}

func TestNullFieldsLoseNoMoney(t *testing.T) {
	base, _ := read(t, nil)
	w := newWorld(t, nil).fault(t, microsoft.Fault{Kind: "nullFields", Path: exportPath})
	lines, err := w.client(t).Lines(t.Context(), base.lines.ID)
	if err != nil || !lines.Total.Equal(base.lines.Total) {
		t.Errorf("total %v, want %v: %v", lines.Total, base.lines.Total, err)
	}
	if usage, err := w.client(t).Usage(t.Context(), base.usage.ID); err == nil && !usage.Total.Equal(base.usage.Total) {
		t.Errorf("total %v, want %v", usage.Total, base.usage.Total)
	}
}

func TestWrongCredentials(t *testing.T) {
	w := newWorld(t, nil)
	for name, change := range map[string]func(*Config){
		"secret": func(c *Config) { c.ClientSecret = secret.New("wrong") },
		"client": func(c *Config) { c.ClientID = "11111111-1111-4111-8111-111111111111" },
		"tenant": func(c *Config) { c.TenantID = "11111111-1111-4111-8111-111111111111" },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.client(t, change).Directory(t.Context())
			if !fault.Is(err, fault.KindUnauthorized) || fault.Remedy(err) == "" {
				t.Errorf("%v; remedy %q", err, fault.Remedy(err))
			}
			if login := w.Credentials(); strings.Contains(err.Error(), login.ClientSecret) || strings.Contains(err.Error(), "wrong") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestChecks(t *testing.T) {
	ok := func(checks []Check) (text string) {
		for _, c := range checks {
			if c.OK {
				text += c.Name + " ok; "
			} else {
				text += c.Name + " failed; "
				if c.Detail == "" || c.Remedy == "" {
					text += "without words; "
				}
			}
		}
		return text
	}
	good := newWorld(t, nil)
	if got := ok(good.client(t).Test(t.Context())); got != "sign-in ok; customers ok; invoices ok; billing exports ok; " {
		t.Error(got)
	}
	bare := newWorld(t, map[string]string{"graphPermission": "missing"})
	if got := ok(bare.client(t).Test(t.Context())); got != "sign-in ok; customers ok; invoices ok; billing exports failed; " {
		t.Error(got)
	}
	wrong := func(c *Config) { c.ClientSecret = secret.New("wrong") }
	if got := ok(good.client(t, wrong).Test(t.Context())); got != "sign-in failed; " {
		t.Error(got)
	}
}

func TestTokenIsFetchedOncePerAudience(t *testing.T) {
	w := newWorld(t, nil)
	c := w.client(t)
	w.ClearRequests()
	if _, err := c.Directory(t.Context()); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, r := range w.Requests() {
		if strings.HasSuffix(r.Path, "/token") {
			count++
		}
	}
	if count != 1 {
		t.Errorf("%d token requests", count)
	}
	w.SetClock(w.Now().Add(56 * time.Minute)) // less than five minutes before its end
	if _, err := c.Sets(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range w.Requests() {
		if strings.HasSuffix(r.Path, "/token") {
			count++
		}
	}
	if count != 3 { // the first one is counted twice
		t.Errorf("the token was not renewed in time: %d", count)
	}
}

func TestRestatedExportHasAnotherVersion(t *testing.T) {
	w := newWorld(t, nil)
	c := w.client(t)
	sets, err := c.Sets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before, err := c.Lines(t.Context(), sets[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Restate(sets[0].ID.Invoice); err != nil {
		t.Fatal(err)
	}
	after, err := c.Lines(t.Context(), sets[0].ID)
	if err != nil || after.Version == before.Version {
		t.Errorf("version %q stays: %v", after.Version, err)
	}
}

func TestTokensStayOnTheirHost(t *testing.T) {
	c, err := New(Config{TenantID: "t", ClientID: "c", ClientSecret: secret.New("s")})
	if err != nil {
		t.Fatal(err)
	}
	for _, uri := range []string{"/customers?size=1", "/v1/customers?size=1", "customers?size=1", DefaultPartnerCenterURL + "/v1/customers?size=1"} {
		if got, err := c.resolve(uri); err != nil || got != DefaultPartnerCenterURL+"/v1/customers?size=1" {
			t.Errorf("%s leads to %s, %v", uri, got, err)
		}
	}
	for _, uri := range []string{"https://evil.example/v1/customers", "//evil.example/x", "http://api.partnercenter.microsoft.com/v1/customers"} {
		if got, err := c.resolve(uri); err == nil {
			t.Errorf("%s leads to %s", uri, got)
		}
	}
}

func TestMissingSettings(t *testing.T) {
	good := Config{TenantID: "t", ClientID: "c", ClientSecret: secret.New("s")}
	for field, change := range map[string]func(*Config){
		"tenant_id": func(c *Config) { c.TenantID = " " }, "client_id": func(c *Config) { c.ClientID = "" },
		"client_secret": func(c *Config) { c.ClientSecret = secret.String{} }, "graph_url": func(c *Config) { c.GraphURL = "graph" },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg); fault.Find(err) == nil || fault.Find(err).Field != field || fault.Remedy(err) == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}
