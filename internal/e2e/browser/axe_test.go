package browser

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// axe is axe-core, unchanged, under the Mozilla Public License 2.0 (testdata/axe/LICENSE). It is in the tests only.
//
//go:embed testdata/axe/axe.min.js
var axe string

// finding is one rule that a page breaks.
type finding struct {
	ID, Impact, Help string
	Nodes            []struct {
		Target         []any
		FailureSummary string
	}
}

// axeFindings lets axe-core look at the page; it gives what it finds.
func (b *tab) axeFindings() []string {
	b.t.Helper()
	if eval[bool](b, `typeof axe === "undefined"`) {
		b.do(chromedp.Evaluate[chromedp.Void](axe))
	}
	found := eval[[]finding](b, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help,
		nodes: v.nodes.map(n => ({target: n.target, failureSummary: n.failureSummary}))})))`, chromedp.EvalAwaitPromise)
	var all []string
	for _, f := range found {
		text := fmt.Sprintf("axe %s (%s): %s", f.ID, f.Impact, f.Help)
		for i, n := range f.Nodes {
			if i == 3 {
				text += fmt.Sprintf("\n    and %d more", len(f.Nodes)-i)
				break
			}
			text += fmt.Sprintf("\n    %v: %s", n.Target, strings.ReplaceAll(n.FailureSummary, "\n", " "))
		}
		all = append(all, text)
	}
	return all
}

// overflow says by how much the page is wider than the window; "" when it is not.
func (b *tab) overflow() string {
	b.t.Helper()
	return eval[string](b, `(() => {
		const d = document.documentElement, w = d.clientWidth;
		if (d.scrollWidth <= w) return "";
		const wide = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > w + 1 && !e.closest(".table") && e.tagName !== "OPTION");
		return "the page is " + (d.scrollWidth - w) + " px wider than the window: " +
			wide.slice(-3).map(e => e.tagName.toLowerCase() + "." + e.className + " " + e.textContent.trim().slice(0, 40)).join(" | ");
	})()`)
}

// TestAxeFindsFaults shows that the check can fail.
func TestAxeFindsFaults(t *testing.T) {
	b := newTab(t, "")
	b.open(`data:text/html,<html lang="en"><title>x</title><main><h1>y</h1><input><p style="color:%23ddd;background:%23fff">pale</p><div style="width:3000px">wide</div></main>`)
	found := strings.Join(b.axeFindings(), "\n")
	for _, rule := range []string{"axe label", "axe color-contrast"} {
		if !strings.Contains(found, rule) {
			t.Errorf("%q is not among the findings:\n%s", rule, found)
		}
	}
	if b.overflow() == "" {
		t.Error("a page that is too wide was not seen")
	}
}
