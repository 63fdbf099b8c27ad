// Package asset holds the console's static files: style sheets, fonts, scripts and the icon, embedded in the binary.
//
// A file's address carries a hash of its content, so that a browser may keep it for ever; bodies are compressed once, at start.
package asset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed static
var files embed.FS

// Prefix is where Handler expects to be mounted.
const Prefix = "/static/"

// file is one static file, ready to be sent.
type file struct {
	path        string // as requested: "<hash>/<name>"
	contentType string
	plain, gzip []byte
}

// load reads every file once. An embedded file that can't be read is a broken build.
var load = sync.OnceValue(func() map[string]file {
	entries, err := files.ReadDir("static")
	if err != nil {
		panic(fmt.Sprintf("embedded files: %v", err))
	}
	loaded := make(map[string]file, len(entries))
	// Style sheets come last: they name fonts by their addresses.
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return isStyle(a) - isStyle(b) })
	for _, e := range entries {
		body, err := files.ReadFile("static/" + e.Name())
		if err != nil {
			panic(fmt.Sprintf("embedded file %s: %v", e.Name(), err))
		}
		if isStyle(e) == 1 {
			for name, f := range loaded {
				body = bytes.ReplaceAll(body, []byte(`url("`+name+`")`), []byte(`url("`+Prefix+f.path+`")`))
			}
		}
		sum := sha256.Sum256(body)
		loaded[e.Name()] = file{
			path:        hex.EncodeToString(sum[:6]) + "/" + e.Name(),
			contentType: contentType(e.Name()), plain: body, gzip: compressed(body),
		}
	}
	return loaded
})

func isStyle(e fs.DirEntry) int {
	if strings.HasSuffix(e.Name(), ".css") {
		return 1
	}
	return 0
}

// contentType does not ask the system's table, which differs between machines.
func contentType(name string) string {
	switch {
	case strings.HasSuffix(name, ".css"):
		return "text/css; charset=utf-8"
	case strings.HasSuffix(name, ".js"):
		return "text/javascript; charset=utf-8"
	case strings.HasSuffix(name, ".svg"):
		return "image/svg+xml"
	case strings.HasSuffix(name, ".woff2"):
		return "font/woff2"
	}
	return "text/plain; charset=utf-8"
}

func compressed(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a constant that exists
	_, _ = w.Write(body)                                  // a bytes.Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// Path gives the address of a file by its name. A name that does not exist is a mistake in a template and gives an address that is not
// found; a test asks for all that templates use.
func Path(name string) string {
	f, found := load()[name]
	if !found {
		return Prefix + "missing/" + name
	}
	return Prefix + f.path
}

// Handler serves the files below Prefix. An address with another hash than the file's is not found: it belongs to another version.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, Prefix)
		_, name, _ := strings.Cut(path, "/")
		f, found := load()[name]
		if !found || f.path != path {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.contentType)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Vary", "Accept-Encoding")
		body := f.plain
		if len(f.gzip) < len(f.plain) && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = f.gzip
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(body) // the client may have gone
		}
	})
}
