package microsoft

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestBlobServer(t *testing.T) {
	c := newClient(t, "demo", nil)
	m := c.manifestOf("reconciliation/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest()))
	good := blobURL(m, m["blobs"].([]any)[0].(map[string]any)["name"].(string))
	whole := c.do("GET", good, "", "x-ms-version", "2024-11-04")
	if whole.status != 200 || whole.header.Get("x-ms-version") != "2024-11-04" || whole.header.Get("x-ms-blob-type") != "BlockBlob" || whole.header.Get("ETag") == "" || whole.header.Get("Content-Encoding") != "" {
		t.Fatalf("%d %v", whole.status, whole.header)
	}
	plain, query, _ := strings.Cut(good, "?")
	for _, tt := range []struct {
		name, url string
		header    []string
		status    int
		code      string
	}{
		{"bearer", good, []string{"Authorization", "Bearer " + c.app(audienceGraph)}, 403, "AuthenticationFailed"},
		{"no SAS", plain, nil, 409, "PublicAccessNotPermitted"},
		{"forged signature", strings.Replace(good, "sig=", "sig=AA", 1), nil, 403, "AuthenticationFailed"},
		{"longer life", strings.Replace(good, "&se=2026", "&se=2027", 1), nil, 403, "AuthenticationFailed"},
		{"blob SAS", strings.Replace(good, "sr=d", "sr=b", 1), nil, 403, "AuthenticationFailed"},
		{"another directory", strings.Replace(good, "Fragment=full", "Fragment=basic", 1), nil, 403, "AuthenticationFailed"},
		{"unknown blob", plain + "x?" + query, nil, 404, "BlobNotFound"},
		{"range outside", good, []string{"x-ms-range", "bytes=99999999-"}, 416, "InvalidRange"},
		{"other version of the blob", good, []string{"If-Match", `"0x0"`}, 412, "ConditionNotMet"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res := c.do("GET", tt.url, "", tt.header...)
			if res.status != tt.status || !bytes.Contains(res.body, []byte("<Code>"+tt.code+"</Code>")) || res.header.Get("x-ms-error-code") != tt.code {
				t.Errorf("%d %s", res.status, res.body)
			}
		})
	}
	if res := c.do("PUT", good, "x"); res.status != 405 {
		t.Errorf("PUT: %d", res.status)
	}
	for spec, want := range map[string][]byte{"bytes=0-9": whole.body[:10], "bytes=10-": whole.body[10:], "bytes=-5": whole.body[len(whole.body)-5:]} {
		res := c.do("GET", good, "", "Range", spec)
		if res.status != 206 || !bytes.Equal(res.body, want) || res.header.Get("Content-Range") == "" {
			t.Errorf("%s: %d %d bytes", spec, res.status, len(res.body))
		}
	}
	if head := c.do("HEAD", good, ""); head.status != 200 || head.header.Get("Content-Length") != fmt.Sprint(len(whole.body)) {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
}
