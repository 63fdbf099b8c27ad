package browser

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"spindle/internal/web"
	"spindle/internal/web/gallery"
)

// tabsAtOnce is how many tabs look at samples side by side.
const tabsAtOnce = 3

// sample is a page of the gallery and whether it is looked at in more ways than one.
type sample struct {
	path string
	more bool
}

// allSamples lists the gallery. One state of each page, and all with long texts, are looked at narrow and dark too; the others with
// SPINDLE_SOAK only.
func allSamples() []sample {
	all := []sample{{"/", true}}
	seen := map[string]bool{}
	for _, p := range gallery.Pages() {
		all = append(all, sample{p.Path(), !seen[p.Name] || strings.Contains(p.State, "long")})
		seen[p.Name] = true
	}
	return all
}

// TestGallery opens every sample: axe-core has nothing to say, no page is wider than the window, wide or narrow, and the browser's console
// stays empty, which it would not if the content security policy stopped anything.
func TestGallery(t *testing.T) {
	needsBrowser(t)
	server := httptest.NewServer(web.Secured(gallery.Handler()))
	t.Cleanup(server.Close)
	samples := make(chan sample)
	go func() {
		defer close(samples)
		for _, s := range allSamples() {
			samples <- s
		}
	}()
	t.Run("samples", func(t *testing.T) {
		for range tabsAtOnce {
			t.Run("tab", func(t *testing.T) {
				t.Parallel()
				b := newTab(t, server.URL)
				for s := range samples {
					b.examine(s)
				}
			})
		}
	})
}

// examine looks at one sample.
func (b *tab) examine(s sample) {
	b.t.Helper()
	b.look(wide, "light")
	if status := b.open(s.path); status != http.StatusOK {
		b.t.Errorf("%s: status %d", s.path, status)
	}
	b.complain(s.path+", wide and light", true)
	if s.more || os.Getenv("SPINDLE_SOAK") != "" {
		b.look(narrow, "dark")
		b.complain(s.path+", narrow and dark", s.more)
	}
	if said := b.takeConsole(); len(said) > 0 {
		b.t.Errorf("%s: the browser says\n%s", s.path, strings.Join(said, "\n"))
	}
}

func (b *tab) complain(where string, withAxe bool) {
	b.t.Helper()
	var found []string
	if withAxe {
		found = b.axeFindings()
	}
	if text := b.overflow(); text != "" {
		found = append(found, text)
	}
	if len(found) > 0 {
		b.t.Errorf("%s:\n%s", where, strings.Join(found, "\n"))
	}
}
