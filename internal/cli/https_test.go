package cli_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spindle/internal/cli"
)

// simAddresses are the part of spindle sim --json that these tests read.
type simAddresses struct {
	CAFile    string            `json:"ca_file"`
	Autotask  map[string]string `json:"autotask"`
	Microsoft map[string]any    `json:"microsoft"`
}

// serveHTTPS runs spindle sim --https until the test ends, and gives what it printed. The second function stops it and waits.
func serveHTTPS(t *testing.T, flags ...string) (simAddresses, func()) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	read, write := io.Pipe()
	done := make(chan int, 1)
	go func() {
		args := append([]string{"sim", "--https", "--json", "--autotask", "127.0.0.1:0", "--microsoft", "127.0.0.1:0", "--today", today}, flags...)
		done <- cli.Run(ctx, args, cli.Streams{In: strings.NewReader(""), Out: write, Err: io.Discard, Env: func(string) (string, bool) { return "", false }}, "test")
		_ = write.Close()
	}()
	var s simAddresses
	if err := json.NewDecoder(read).Decode(&s); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		interrupt()
		if code := <-done; code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
	t.Cleanup(stop)
	return s, stop
}

// trusting is a client that knows one authority and no other.
func trusting(t *testing.T, file string) *http.Client {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) || bytes.Contains(text, []byte("PRIVATE KEY")) {
		t.Fatalf("not a certificate alone:\n%s", text)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
}

func fetch(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v\n%s", url, response.Status, err, body)
	}
	return string(body)
}

// TestSimulatorsOverHTTPS: a client with the authority's certificate reaches both, and every address they hand out is HTTPS too.
func TestSimulatorsOverHTTPS(t *testing.T) {
	s, stop := serveHTTPS(t)
	client := trusting(t, s.CAFile)
	zone := fetch(t, client, s.Autotask["url"]+"/atservicesrest/v1.0/zoneInformation?user="+s.Autotask["username"])
	if !strings.HasPrefix(s.Autotask["url"], "https://127.0.0.1:") || !strings.Contains(zone, `"url":"`+s.Autotask["url"]) {
		t.Errorf("%s\n%s", s.Autotask["url"], zone)
	}
	tenant := s.Microsoft["tenant_id"].(string)
	for _, name := range []string{"login_url", "graph_url", "partner_center_url", "blob_url"} {
		if !strings.HasPrefix(s.Microsoft[name].(string), "https://127.0.0.1:") {
			t.Errorf("%s is %s", name, s.Microsoft[name])
		}
	}
	login := s.Microsoft["login_url"].(string)
	openID := fetch(t, client, login+"/"+tenant+"/v2.0/.well-known/openid-configuration")
	if !strings.Contains(openID, `"token_endpoint":"`+login+"/"+tenant) || strings.Contains(openID, "http://") {
		t.Errorf("%s", openID)
	}
	local := strings.Replace(login, "127.0.0.1", "localhost", 1) // Graph SDKs like names better than numbers
	fetch(t, client, local+"/common/discovery/instance")
	fetch(t, http.DefaultClient, s.Autotask["control_url"]+"/clock")
	if _, err := http.Get(s.Autotask["url"]); err == nil { // must not get far
		t.Error("a client that does not know the authority trusts the certificate")
	}
	stop()
	if _, err := os.Stat(s.CAFile); !os.IsNotExist(err) {
		t.Errorf("the temporary certificate is still there: %v", err)
	}
}

// TestSpindleOverHTTPS: Spindle itself plays against the simulators once it is told whom to trust, and says what is wrong before.
func TestSpindleOverHTTPS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	s, stop := serveHTTPS(t, "--write-ca", file)
	if s.CAFile != file {
		t.Errorf("ca_file is %s", s.CAFile)
	}
	env := map[string]string{"SPINDLE_DATA_DIR": t.TempDir(), "SPINDLE_TODAY": today, "SPINDLE_AS": "clerk"}
	run := func(in any, args ...string) (int, string) {
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		code := cli.Run(t.Context(), args, cli.Streams{In: bytes.NewReader(text), Out: &out, Err: &out, Env: func(name string) (string, bool) {
			value, ok := env[name]
			return value, ok
		}}, "test")
		return code, out.String()
	}
	if code, out := run(nil, "org", "create", "Northwind IT"); code != 0 {
		t.Fatal(out)
	}
	if code, out := run(s.Autotask, "autotask", "credentials", "--stdin"); code != 5 || !strings.Contains(out, "is not trusted") || !strings.Contains(out, "SPINDLE_CA_FILE") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	env["SPINDLE_CA_FILE"] = filepath.Join(t.TempDir(), "none.pem")
	if code, out := run(nil, "org", "list"); code != 2 || !strings.Contains(out, "ca-file") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	env["SPINDLE_CA_FILE"] = file
	for _, step := range []struct {
		in   any
		args []string
	}{{s.Autotask, []string{"autotask", "credentials", "--stdin"}}, {s.Microsoft, []string{"microsoft", "connect", "--stdin"}}} {
		if code, out := run(step.in, step.args...); code != 0 {
			t.Errorf("%v: exit code %d\n%s", step.args, code, out)
		}
	}
	stop()
	if _, err := os.Stat(file); err != nil {
		t.Errorf("a file that was asked for is kept: %v", err)
	}
}
