package browser

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// counts gives what counts the forms that are sent to an address from now on.
func (b *tab) counts(path string) func() int64 {
	b.t.Helper()
	var sent atomic.Int64
	if err := chromedp.Listen(b.ctx, func(event any) {
		if e, is := event.(*network.EventRequestWillBeSent); is && e.Request.Method == http.MethodPost && strings.HasSuffix(e.Request.URL, path) {
			sent.Add(1)
		}
	}); err != nil {
		b.t.Fatal(err)
	}
	return sent.Load
}

// TestSentOnce presses a button again and again while the answer takes its time: the button says that it works, and the form is sent once. The
// page presses by itself, because a browser that waits for an answer tells nothing about the page.
func TestSentOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t).ready()
	b := h.join("Olive", "owner")
	b.ok("Service health")
	sent := b.counts("/health/check")
	h.autotask(http.MethodPost, "/faults", map[string]any{"kind": "slow", "entity": "ContractServiceUnits", "count": 0, "delayMs": 2500})
	b.do(chromedp.Evaluate[chromedp.Void](`(() => {
		const button = [...document.querySelectorAll("main button")].find(b => b.textContent === "Check everything now");
		new MutationObserver(() => sessionStorage.setItem("busy", button.getAttribute("aria-busy"))).observe(button, {attributes: true});
		for (const pause of [0, 600, 1200]) setTimeout(() => button.click(), pause);
	})()`))
	b.awaits("Checked at")
	if busy := eval[string](b, `sessionStorage.getItem("busy") ?? ""`); busy != "true" {
		t.Errorf("the button says %q while it works", busy)
	}
	if n := sent(); n != 1 {
		t.Errorf("the form was sent %d times", n)
	}
	b.wantSilence()
}
