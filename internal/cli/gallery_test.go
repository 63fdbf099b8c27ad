package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"

	"spindle/internal/cli"
)

// visitor does something with the first line that a command prints, then stops it.
type visitor struct {
	visit func(line []byte)
	stop  func()
}

func (v *visitor) Write(p []byte) (int, error) {
	v.visit(p)
	v.stop()
	return len(p), nil
}

// galleryRun starts the gallery, visits it and gives what came of it.
func galleryRun(t *testing.T, visit func(line []byte), args ...string) (code int, problems string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var errs bytes.Buffer
	code = cli.Run(ctx, append([]string{"gallery"}, args...), cli.Streams{In: strings.NewReader(""), Out: &visitor{visit: visit, stop: stop}, Err: &errs,
		Env: func(string) (string, bool) { return "", false }}, "test")
	return code, errs.String()
}

func TestGalleryServesSamples(t *testing.T) {
	t.Parallel()
	visited := false
	code, problems := galleryRun(t, func(line []byte) {
		var at struct{ URL string }
		if err := json.Unmarshal(line, &at); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		visited = true
		if status, body := get(t, at.URL+"/"); status != http.StatusOK || !strings.Contains(body, `href="/run/to-approve"`) {
			t.Errorf("index: %d %.300s", status, body)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.URL+"/run/to-approve", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Frame-Options": "DENY", "Content-Type": "text/html; charset=utf-8"} {
			if got := response.Header.Get(name); !strings.Contains(got, want) {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	}, "--listen", "127.0.0.1:0", "--json")
	if code != 0 || !visited {
		t.Errorf("exit code %d, visited %t: %s", code, visited, problems)
	}
}

func TestGallerySaysWhereItIs(t *testing.T) {
	t.Parallel()
	code, _ := galleryRun(t, func(line []byte) {
		if !strings.Contains(string(line), "sample data: http://127.0.0.1:") {
			t.Errorf("%s", line)
		}
	}, "--listen", "127.0.0.1:0")
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if code, problems := galleryRun(t, func([]byte) {}, "--listen", taken.Addr().String()); code != 2 || !strings.Contains(problems, "--listen HOST:PORT") {
		t.Errorf("exit code %d\n%s", code, problems)
	}
}
