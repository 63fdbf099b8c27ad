package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// chromium is the one browser of all tests; nil when there is none. TestMain sets it.
var chromium context.Context // chromedp keeps the browser in a context

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	path := findChromium()
	if path == "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "spindle-browser-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	workDir = dir
	alloc, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(dir, "profile")), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(wide, tall),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("no-proxy-server", true), chromedp.Flag("lang", "en-GB"))...)
	defer stop()
	browser, leave := chromedp.NewContext(alloc)
	defer leave()
	if err := chromedp.Do(browser); err != nil { // starts it
		fmt.Fprintf(os.Stderr, "Chromium (%s) does not start: %v\n", path, err)
		return 1
	}
	chromium = browser
	return m.Run()
}

// findChromium gives the browser's path; "" when there is none.
func findChromium() string {
	if path := os.Getenv("SPINDLE_CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// needsBrowser skips a test where there is no browser.
func needsBrowser(t testing.TB) {
	t.Helper()
	if chromium == nil {
		t.Skip("NO CHROMIUM: the console was not tested in a browser; install the Debian package chromium, or name a browser in SPINDLE_CHROMIUM")
	}
}
