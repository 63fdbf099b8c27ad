package browser

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// slowly lets every write to Autotask take a while, so that an apply can be watched; quickly ends that.
func (h *house) slowly() {
	h.t.Helper()
	for _, entity := range []string{"Contracts", "Services", "ContractServices", "ContractServiceAdjustments", "ContractCharges"} {
		h.autotask(http.MethodPost, "/faults", map[string]any{"kind": "slow", "method": "POST", "entity": entity, "count": 0, "delayMs": 700})
	}
}

func (h *house) quickly() {
	h.t.Helper()
	h.autotask(http.MethodDelete, "/faults", nil)
}

// progress is how far the page says that the run is: "sending …", 3 of 40. done is -1 while the page says nothing of it.
func (b *tab) progress() (done int, text string) {
	b.t.Helper()
	text, err := try[string](b, `(document.querySelector("[data-live]")?.innerText ?? "").replace(/\s+/g, " ")`)
	if err != nil {
		return -1, ""
	}
	total := 0
	for i := range text {
		if n, _ := fmt.Sscanf(text[i:], "%d of %d", &done, &total); n == 2 && total > 0 {
			return done, text
		}
	}
	return -1, text
}

// advances waits until the page, left alone, shows that the run went on past what it had done.
func (b *tab) advances(past int) int {
	b.t.Helper()
	now := 0
	b.until(func() bool { now, _ = b.progress(); return now > past }, func() string { return fmt.Sprintf("the progress never passes %d", past) })
	return now
}

// block keeps requests for these addresses from leaving the browser, or none.
func (b *tab) block(patterns ...string) {
	b.t.Helper()
	var order network.SetBlockedURLsParams
	for _, p := range patterns {
		order.URLPatterns = append(order.URLPatterns, &network.BlockPattern{URLPattern: p, Block: true})
	}
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.SetBlockedURLs, order)
		return err
	}))
}

// TestLiveProgress watches an apply: the page follows it by itself, also after a reload and in a second tab, and after the program was killed in
// the middle and started again. The run ends verified and nothing was written twice.
func TestLiveProgress(t *testing.T) {
	t.Parallel()
	h := newHouse(t).ready()
	b := h.join("Olive", "owner")
	run := b.startsPlan()
	b.ok("Approve all…")
	b.ok(b.button("Approve "))
	h.slowly()
	b.ok(b.button("Apply "))
	b.ok(b.button("Write "))
	done := b.advances(b.advances(0))
	b.block("*://*:*/*/events")
	b.reload()
	b.block()
	done = b.advances(done) // also when the first word never came
	b.takeConsole()         // it was not let through
	if status := b.reload(); status != http.StatusOK {
		t.Errorf("a reload gives status %d", status)
	}
	b.advances(done)
	b.wantSilence()
	b.says("You can leave this page; the work goes on.")
	b.complain("an apply that goes on", true)

	h.console.kill()
	_, frozen := b.progress()
	h.serve(h.address())
	b.until(func() bool { // the page comes back by itself: nobody reloads it
		_, text := b.progress()
		return text != "" && text != frozen
	}, func() string { return fmt.Sprintf("after a restart the page still says %q", frozen) })
	h.quickly()
	b.awaits("verified")
	b.takeConsole() // while the program was down the browser could not reach it
	b.ok("Plans & runs")
	b.says("Run "+run, "verified")

	sent := map[string]int{}
	for _, w := range h.writes() {
		sent[w]++
	}
	t.Logf("writes: %v", sent)
	b.ok("Start a plan")
	b.awaits("Nothing to write")
	b.wantSilence()
}
