package transport

import (
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spindle/internal/fault"
)

// TestCertificates: a server is trusted by its authority alone; without it a person is asked at once, and nothing is tried again.
func TestCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	for _, tt := range []struct {
		roots *x509.CertPool
		fine  bool
	}{{pool, true}, {x509.NewCertPool(), false}, {nil, false}} {
		var calls Counter
		stack := New(Options{RootCAs: tt.roots, Record: calls.Record})
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			request, err := http.NewRequestWithContext(t.Context(), method, server.URL, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := Do(stack.Client(), request)
			if tt.fine {
				if err != nil {
					t.Fatal(err)
				}
				_ = response.Body.Close()
				continue
			}
			if !fault.Is(err, fault.KindNeedsPerson) || !strings.Contains(fault.Remedy(err), "SPINDLE_CA_FILE") {
				t.Errorf("%s: %v; %s", method, err, fault.Remedy(err))
			}
		}
		if calls.Total() != 2 {
			t.Errorf("%d attempts for two calls", calls.Total())
		}
	}
}
