package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// finder finds things on a page as a person does: by their words.
//
//go:embed testdata/finder.js
var finder string

// found is where something is on the page, or why it can't be used now.
type found struct {
	X, Y float64
	Why  string
}

// glance is how often a condition is looked at.
const glance = 25 * time.Millisecond

// until waits for a condition; when it does not come, why says what is the matter.
func (b *tab) until(condition func() bool, why func() string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	again := time.NewTicker(glance)
	defer again.Stop()
	for !condition() {
		select {
		case <-again.C:
		case <-ctx.Done():
			b.t.Fatalf("%s\nat %s\n%s\nthe browser says %q", why(), b.path(), b.text(), b.takeConsole())
		}
	}
}

// try evaluates an expression that may fail because the page is being replaced.
func try[T any](b *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression))
}

// locate waits for a thing of a kind ("act", "field", "file") with these words, brings it into view and says where it is. Words after " › " are
// looked for in the part of the page that the words before it name: a row, a card, a group.
func (b *tab) locate(kind, words string) found {
	b.t.Helper()
	quoted, err := json.Marshal(strings.Split(words, " › "))
	if err != nil {
		b.t.Fatal(err)
	}
	var at found
	why := ""
	b.until(func() bool {
		before := at
		at, err = try[found](b, fmt.Sprintf("(%s)(%q, %s)", finder, kind, quoted))
		switch why = at.Why; {
		case err != nil:
			why = err.Error()
		case why == "" && kind == "act" && at != before:
			why = "it moves" // or was not looked at twice: a click would miss it
		}
		return why == ""
	}, func() string { return fmt.Sprintf("%s %q: %s", kind, words, why) })
	return at
}

func (b *tab) mouse(at found) chromedp.Action[chromedp.Void] {
	return chromedp.MouseClickXY(at.X, at.Y)
}

// press clicks on what has these words and stays on the page.
func (b *tab) press(words string) {
	b.t.Helper()
	at := b.locate("act", words)
	b.clicks++
	b.do(b.mouse(at))
}

// follow clicks on what has these words, waits for the page it leads to, and gives its status.
func (b *tab) follow(words string) int {
	b.t.Helper()
	at := b.locate("act", words)
	b.clicks++
	return b.loads(b.mouse(at))
}

// ok follows words to pages that are as they should be.
func (b *tab) ok(words ...string) {
	b.t.Helper()
	for _, w := range words {
		if status := b.follow(w); status != 200 {
			b.t.Fatalf("%q led to status %d at %s\n%s", w, status, b.path(), b.text())
		}
	}
}

// tick clicks on the box with this label.
func (b *tab) tick(labels ...string) {
	b.t.Helper()
	for _, label := range labels {
		at := b.locate("field", label)
		b.clicks++
		b.do(b.mouse(at))
	}
}

// write types into fields given as labels and texts in turn; what was in them goes.
func (b *tab) write(pairs ...string) {
	b.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		b.typed++
		b.enter(pairs[i])
		b.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)), chromedp.KeyEvent(kb.Delete))
		switch text := pairs[i+1]; {
		case len(text) > pastedFrom:
			b.paste(text)
		case text != "":
			b.do(chromedp.KeyEvent(text))
		}
	}
}

// focused is whether the field that was located last has the focus.
const focused = `document.activeElement === window.spindleFound`

// enter clicks into the field with this label, again when the page moved under the mouse.
func (b *tab) enter(label string) {
	b.t.Helper()
	b.until(func() bool {
		b.do(b.mouse(b.locate("field", label)))
		return eval[bool](b, focused)
	}, func() string { return fmt.Sprintf("a click into the field %q does not give it the focus", label) })
}

// awaitFocus waits until the field with this label has the focus, which the browser gives to a page's first field a moment after the load.
func (b *tab) awaitFocus(label string) {
	b.t.Helper()
	b.locate("field", label)
	b.until(func() bool { return eval[bool](b, focused) },
		func() string { return fmt.Sprintf("the field %q does not get the focus by itself", label) })
}

// pastedFrom is the length of what nobody types: ids, secrets and addresses are pasted.
const pastedFrom = 24

func (b *tab) paste(text string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}

// set puts values into fields whose own widgets a person would use: days, months, times.
func (b *tab) set(pairs ...string) {
	b.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		b.typed++
		b.locate("field", pairs[i])
		b.enters(pairs[i+1])
	}
}

// choose selects an option of a list by its words.
func (b *tab) choose(label, option string) {
	b.t.Helper()
	b.clicks++
	b.locate("field", label)
	value := eval[string](b, fmt.Sprintf(`[...window.spindleFound.options].find(o => o.textContent.replace(/\s+/g, " ").trim() === %q)?.value ?? "\u0000"`, option))
	if value == "\x00" {
		b.t.Fatalf("%q has no option %q", label, option)
	}
	b.enters(value)
}

// enters gives the field that was located last a value, with the events that a person's choice causes.
func (b *tab) enters(value string) {
	b.t.Helper()
	if !eval[bool](b, fmt.Sprintf(`(() => { const f = window.spindleFound; f.value = %q;
		for (const e of ["input", "change"]) f.dispatchEvent(new Event(e, {bubbles: true}));
		return f.value === %q })()`, value, value)) {
		b.t.Fatalf("the field does not take %q", value)
	}
}

// value is what the field with this label holds.
func (b *tab) value(label string) string {
	b.t.Helper()
	b.locate("field", label)
	return eval[string](b, `window.spindleFound.type === "checkbox" ? (window.spindleFound.checked ? "on" : "off") : window.spindleFound.value`)
}

// attach chooses files for the field with this label.
func (b *tab) attach(label string, paths ...string) {
	b.t.Helper()
	b.clicks++
	b.locate("field", label)
	id := eval[string](b, `window.spindleFound.id`)
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#"+id), paths))
}

// has reports whether something to click on has these words, at this moment.
func (b *tab) has(words string) bool {
	b.t.Helper()
	quoted, err := json.Marshal(strings.Split(words, " › "))
	if err != nil {
		b.t.Fatal(err)
	}
	return eval[found](b, fmt.Sprintf("(%s)(%q, %s)", finder, "act", quoted)).Why == ""
}

// awaits waits until the page shows the texts, also across pages.
func (b *tab) awaits(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		b.until(func() bool {
			shown, err := try[string](b, `document.body ? document.body.innerText : ""`)
			return err == nil && strings.Contains(plain(shown), plain(text))
		}, func() string { return fmt.Sprintf("waited for %q", text) })
	}
}

// lacks fails when the page shows a text.
func (b *tab) lacks(texts ...string) {
	b.t.Helper()
	shown := plain(b.text())
	for _, text := range texts {
		if strings.Contains(shown, plain(text)) {
			b.t.Errorf("%s says %q:\n%s", b.path(), text, shown)
		}
	}
}

// keys presses keys as on a keyboard.
func (b *tab) keys(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		b.do(chromedp.KeyEvent(k))
	}
}

// reload loads the page again.
func (b *tab) reload() int {
	b.t.Helper()
	return b.loads(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Call(ctx, page.Reload, page.ReloadParams{})
		return err
	}))
}

// back and forward leaf through the browser's history. They give the status of the page, 0 when the browser would have to send a form again
// and asks about it instead.
func (b *tab) back() int    { return b.leaf(-1) }
func (b *tab) forward() int { return b.leaf(+1) }

func (b *tab) leaf(by int64) int {
	b.t.Helper()
	before, err := b.leaves()
	if err != nil {
		b.t.Fatal(err)
	}
	// In a moment: who leaves at once may not get the answer any more.
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("void setTimeout(() => history.go(%d))", by)))
	b.until(func() bool {
		ready, err := try[bool](b, `document.readyState === "complete"`)
		if err != nil || !ready {
			return false
		}
		now, err := b.leaves() // fails while one page takes the place of another
		return err == nil && now.CurrentIndex == before.CurrentIndex+by
	}, func() string { return fmt.Sprintf("the browser does not leaf by %d", by) })
	return eval[int](b, `location.protocol === "chrome-error:" ? 0 : performance.getEntriesByType("navigation")[0].responseStatus`)
}

func (b *tab) leaves() (page.GetNavigationHistoryResult, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.NavigationEntries())
}
