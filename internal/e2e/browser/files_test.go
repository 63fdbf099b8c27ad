package browser

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// download is a file as the browser keeps it.
type download struct {
	name, mediaType string
	content         []byte
}

// downloads presses what leads to a file and waits until the browser has all of it.
func (b *tab) downloads(words string) download {
	b.t.Helper()
	dir := b.t.TempDir()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	at := b.locate("act", words)
	b.clicks++
	events := true
	if _, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName,
		BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID, DownloadPath: dir, EventsEnabled: &events}); err != nil {
		b.fatal(err)
	}
	answers := chromedp.Events(ctx, network.ResponseReceived)
	starts, ends := chromedp.BrowserEvents(ctx, browser.DownloadWillBegin), chromedp.BrowserEvents(ctx, browser.DownloadProgress)
	b.do(b.mouse(at))
	var d download
	guid, address := "", ""
	for e, err := range starts {
		if err != nil {
			b.fatal(err)
		}
		d.name, guid, address = e.SuggestedFilename, e.GUID, e.URL
		break
	}
	for e, err := range answers {
		if err != nil {
			b.fatal(err)
		}
		if e.Response.URL == address {
			d.mediaType = e.Response.Headers["Content-Type"].(string)
			break
		}
	}
	for e, err := range ends {
		if err != nil {
			b.fatal(err)
		}
		if e.GUID == guid && e.State == browser.DownloadProgressStateCompleted {
			break
		}
		if e.GUID == guid && e.State == browser.DownloadProgressStateCanceled {
			b.t.Fatalf("the download of %s broke off", d.name)
		}
	}
	var err error
	if d.content, err = os.ReadFile(filepath.Join(dir, guid)); err != nil {
		b.fatal(err)
	}
	return d
}

// wantTable wants a file that opens as a table, with a name and a type that fit.
func (d download) wantTable(t *testing.T, name string) [][]string {
	t.Helper()
	if !strings.HasPrefix(d.name, "northwind-it-"+name) || !strings.Contains(d.name, "20261110") {
		t.Errorf("the file is called %q", d.name)
	}
	if strings.HasSuffix(d.name, ".xlsx") {
		if d.mediaType != "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" {
			t.Errorf("%s is of type %q", d.name, d.mediaType)
		}
		z, err := zip.NewReader(bytes.NewReader(d.content), int64(len(d.content)))
		if err != nil {
			t.Errorf("%s does not open: %v", d.name, err)
			return nil
		}
		if _, err := z.Open("xl/worksheets/sheet1.xml"); err != nil {
			t.Errorf("%s has no sheet: %v", d.name, err)
		}
		return nil
	}
	if d.mediaType != "text/csv; charset=utf-8" {
		t.Errorf("%s is of type %q", d.name, d.mediaType)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(d.content, []byte("\xef\xbb\xbf")))).ReadAll()
	if err != nil {
		t.Errorf("%s does not open: %v", d.name, err)
	}
	return rows
}

// TestFiles uploads Microsoft's files and a list of custom services, each with its control report, and downloads tables.
func TestFiles(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.spindle("", "org", "create", "Northwind IT")
	b := h.join("Olive", "owner")
	samples := func(name string) string { return filepath.Join("..", "..", "source", "file", "testdata", name) }

	b.ok("Setup", "Connect or upload")
	b.attach("Files", must(filepath.Abs(samples("recon-nce.csv")))(t), must(filepath.Abs(samples("daily-rated-usage.jsonl")))(t))
	b.ok("Upload")
	b.says("2 files imported", "recon-nce.csv", "daily-rated-usage.jsonl", "Rows read", "Total before tax")
	b.complain("control report", true)
	if status := b.reload(); status != http.StatusOK {
		t.Errorf("a reload of the report gives status %d", status)
	}
	b.ok("Upload more")
	b.says("Latest control reports", "recon-nce.csv")
	reports := eval[int](b, `document.querySelectorAll("table[aria-label='Control reports'] tbody tr, [aria-label='Control reports'] tbody tr").length`)
	if reports != 2 {
		t.Errorf("%d control reports after one upload of two files and a reload", reports)
	}
	b.attach("Files", must(filepath.Abs(samples("recon-nce.csv")))(t))
	b.ok("Upload")
	b.says("Nothing new: this content is stored already.")

	broken := filepath.Join(t.TempDir(), "broken.csv")
	text := string(must(os.ReadFile(samples("recon-nce.csv")))(t))
	if err := os.WriteFile(broken, []byte(strings.Replace(text, ",259.20,", ",259.2O,", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	b.ok("Upload more")
	b.attach("Files", broken)
	b.ok("Upload")
	b.says("1 row refused", "Subtotal", "259.2O", "Good rows around a bad one are kept")
	if rows := b.downloads("CSV").wantTable(t, "import-"); len(rows) != 2 || rows[1][1] != "2" {
		t.Errorf("the problems of the file are exported as %q", rows)
	}

	h.customServices(b)
	b.ok("Customers")
	if rows := b.downloads("CSV").wantTable(t, "customers"); len(rows) < 2 || rows[0][1] != "customer" {
		t.Errorf("the customers are exported as %.300q", rows)
	}
	b.downloads("XLSX").wantTable(t, "customers")
	b.wantSilence()
}

// customServices enters one service in the form and more in a list, changes one and ends one.
func (h *house) customServices(b *tab) {
	t := h.t
	b.ok("Setup", "Custom services")
	template := b.downloads("Template")
	if template.name != "custom-services.csv" || !strings.HasPrefix(string(template.content), "customer,id,name,") {
		t.Errorf("the template %q is %.200q", template.name, template.content)
	}
	b.write("Customer", "Alder Ridge", "Id", "managed-backup", "Name on the invoice", "Managed Backup", "Quantity", "3", "Cost of one unit", "4.50", "Currency", "EUR")
	b.set("First day", "2026-11-01")
	b.ok("Add it")
	b.says("Managed Backup is saved.", "Alder Ridge Dental Group")

	list := filepath.Join(t.TempDir(), "services.csv")
	if err := os.WriteFile(list, []byte("customer,id,name,quantity,unit_cost,unit_price,currency,frequency,start,end\n"+
		"Alder Ridge Dental Group,firewall,=Managed Firewall,1,220.00,,EUR,annual,2026-11-01,\n"+
		"Nobody Ltd,firewall,Managed Firewall,1,220.00,,EUR,annual,2026-11-01,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.attach("List as CSV", list)
	b.ok("Upload")
	b.says("1 row refused", "there is no customer with this tenant id or exact name")
	b.lacks("spindle customers")
	b.ok("Setup", "Custom services")
	b.says("=Managed Firewall", "Managed Backup")
	rows := b.downloads("CSV").wantTable(t.(*testing.T), "custom-services")
	if !strings.Contains(strings.Join(flat(rows), "|"), "'=Managed Firewall") {
		t.Errorf("a formula is not guarded in %q", rows)
	}
	b.ok("Change Managed Backup of Alder Ridge Dental Group")
	b.write("Quantity", "5")
	b.ok("Save")
	b.says("Managed Backup is saved.")
	b.ok("End =Managed Firewall of Alder Ridge Dental Group")
	b.says("End 1 custom service?")
	b.ok("End")
	b.says("1 custom service has ended.")
	b.complain("custom services", true)
}

func flat(rows [][]string) (all []string) {
	for _, r := range rows {
		all = append(all, r...)
	}
	return all
}

// must fails the test on an error and gives the value otherwise.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
