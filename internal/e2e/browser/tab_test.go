package browser

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// The sizes of the window in CSS pixels.
const (
	wide   = 1280
	narrow = 390
	tall   = 900
)

// patience is how long one step may take on a busy machine.
const patience = 2 * time.Minute

// tab is one tab with cookies of its own: one person at one desk.
type tab struct {
	t      testing.TB
	ctx    context.Context // chromedp keeps the tab in a context
	base   string
	clicks int           // on links, buttons, boxes and choices
	typed  int           // fields that something was typed into
	aside  time.Duration // spent on looking at pages, as no person would

	mu      sync.Mutex
	said    []string // errors and warnings of the console since takeConsole
	foreign []string // requests that left this machine
	bytes   int64    // received over the network, headers included
}

// newTab opens a tab on the console at base.
func newTab(t testing.TB, base string) *tab {
	t.Helper()
	needsBrowser(t)
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, base: base}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(wide, tall)); err != nil {
		t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	go b.listen(messages)
	b.watch()
	t.Cleanup(b.wantNoForeign)
	return b
}

// listen keeps what the page complains about until the tab closes.
func (b *tab) listen(messages func(func(chromedp.ConsoleMessage, error) bool)) {
	for m, err := range messages {
		if err != nil {
			return
		}
		if kind := strings.ToLower(string(m.Type)); m.IsException() || strings.Contains(kind, "err") || strings.Contains(kind, "warn") || m.Source == "security" {
			b.mu.Lock()
			b.said = append(b.said, fmt.Sprintf("%s (%s)", m, m.URL))
			b.mu.Unlock()
		}
	}
}

// watch follows what the page asks the network for.
func (b *tab) watch() {
	if err := chromedp.Listen(b.ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if u, err := url.Parse(e.Request.URL); err != nil || u.Scheme != "data" && u.Scheme != "blob" && u.Hostname() != "127.0.0.1" {
				b.foreign = append(b.foreign, e.Request.URL)
			}
		case *network.EventLoadingFinished:
			b.bytes += int64(e.EncodedDataLength)
		}
	}); err != nil {
		b.t.Fatal(err)
	}
}

// stillGlances is how many looks in a row must find nothing new before a page counts as loaded to its end.
const stillGlances = 10

// weigh gives the bytes received since it was called last, once no more come.
func (b *tab) weigh() int64 {
	b.t.Helper()
	n, still := int64(-1), 0
	b.until(func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		if still++; n != b.bytes {
			n, still = b.bytes, 0
		}
		return still >= stillGlances
	}, func() string { return "the page never stops loading" })
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes -= n
	return n
}

// uncached empties the browser's cache.
func (b *tab) uncached() {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.ClearBrowserCache, cdp.Empty{})
		return err
	}))
}

// wantNoForeign fails when anything was asked for from another machine.
func (b *tab) wantNoForeign() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, address := range b.foreign {
		b.t.Errorf("a page asked for %.200s", address)
	}
}

// wantSilence fails when the browser complained: about the content policy, a script, or an answer whose status is not among those expected.
func (b *tab) wantSilence(statuses ...int) {
	b.t.Helper()
	if said := b.takeConsole(statuses...); len(said) > 0 {
		b.t.Errorf("the browser says\n%s", strings.Join(said, "\n"))
	}
}

// takeConsole gives the complaints since it was called last, without those about answers with an expected status.
func (b *tab) takeConsole(statuses ...int) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := slices.DeleteFunc(b.said, func(text string) bool {
		return slices.ContainsFunc(statuses, func(status int) bool { return strings.Contains(text, fmt.Sprintf("status of %d", status)) })
	})
	b.said = nil
	return said
}

// do runs steps; a step that fails ends the test with what the page shows.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.fatal(err)
	}
}

func (b *tab) fatal(err error) {
	b.t.Helper()
	b.t.Fatalf("%v\nat %s\n%s", err, b.path(), b.text())
}

// eval gives the value of an expression.
func eval[T any](b *tab, expression string, opts ...chromedp.EvaluateOption) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, opts...))
	if err != nil {
		b.t.Fatalf("%.200s: %v", expression, err)
	}
	return value
}

// text is what a person can read on the page.
func (b *tab) text() string { return eval[string](b, `document.body ? document.body.innerText : ""`) }

// path is the address below the console's.
func (b *tab) path() string { return strings.TrimPrefix(eval[string](b, `location.href`), b.base) }

// loads runs a step that leads to a page and gives the page's status.
func (b *tab) loads(step chromedp.Action[chromedp.Void]) int {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		b.fatal(err)
	}
	if response == nil {
		return 0 // within the page, or out of the browser's memory
	}
	return int(response.Status)
}

// open goes to an address.
func (b *tab) open(path string) int {
	b.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.base + path
	}
	return b.loads(chromedp.Navigate(path))
}

// says fails unless the page shows the texts.
func (b *tab) says(texts ...string) {
	b.t.Helper()
	shown := plain(b.text())
	for _, text := range texts {
		if !strings.Contains(shown, plain(text)) {
			b.t.Fatalf("%s does not say %q:\n%s", b.path(), text, shown)
		}
	}
}

// plain makes one space of every run of white space.
func plain(text string) string { return strings.Join(strings.Fields(text), " ") }

// look sets the width of the window, and light or dark.
func (b *tab) look(width int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, tall), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}, // colours must not be on their way
		}})
		return err
	}))
}
