package web

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// measureExports times downloads: they are as long as the list, so they have no budget but memory.
func (b *bench) measureExports() {
	d := b.data()
	month, newest := "/azure/"+string(d.month), "/runs/"+string(d.newest)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "\t%s export\tms\tbytes\trows\t\n", b.store.Dialect())
	for _, path := range []string{
		"/customers?as=csv", "/customers?as=xlsx", "/lines?as=csv", "/lines?as=xlsx", newest + "?as=csv", "/runs/" + string(d.first) + "?as=csv", newest + "/findings?as=csv",
		"/today?as=csv", "/runs?as=csv", "/activity?as=csv", "/prices?as=csv", "/azure?as=csv", month + "?as=csv", month + "/" + string(b.size.Customer(9)) + "?as=csv",
		"/lines/" + url.PathEscape(d.lines[0].Key) + "?as=csv", "/setup/services?as=csv", "/setup/imports?as=csv",
		"/today?as=csv&of=months", month + "?as=csv&of=days", month + "/" + string(b.size.Customer(9)) + "?as=csv&of=charges", "/products?as=csv", "/health?as=csv", "/settings/data?as=csv",
		"/customers/" + string(b.size.Customer(9)) + "?as=csv&of=history", "/customers/" + string(b.size.Customer(9)) + "?as=csv&of=findings",
	} {
		if !regexp.MustCompile(os.Getenv(benchOnly)).MatchString("export " + path) {
			continue
		}
		began := time.Now()
		w := b.ask(http.MethodGet, "/o/"+string(benchOrg)+path, nil, b.people[0])
		took := time.Since(began)
		if w.Code != http.StatusOK || w.Header().Get("Content-Disposition") == "" {
			b.Errorf("%s: %d\n%.300s", path, w.Code, text(b, w))
		}
		rows := "-"
		if strings.HasSuffix(path, "csv") {
			rows = strconv.Itoa(strings.Count(text(b, w), "\n") - 1)
		}
		fmt.Fprintf(out, "\t%s\t%s\t%d\t%s\t\n", path, millis(took), w.Body.Len(), rows)
	}
	_ = out.Flush()
}

// act is a form that somebody sends, and what the answer must say.
type act struct {
	name, path string
	form       url.Values
	says       string
}

// measureActs times what people do to many things at once. It changes the database.
func (b *bench) measureActs() {
	if !regexp.MustCompile(os.Getenv(benchOnly)).MatchString("acts") {
		return
	}
	fmt.Printf("%32s %9s %9s %9s\n", b.store.Dialect()+" act", "ms", "CPU ms", "queries")
	for _, a := range b.acts() {
		before, began, cpu := b.statements.Load(), time.Now(), cpuTime(b)
		w := b.ask(http.MethodPost, "/o/"+string(benchOrg)+a.path, a.form, b.people[0])
		took, statements := time.Since(began), b.statements.Load()-before
		cpu = cpuTime(b) - cpu
		said := text(b, w)
		if w.Code == http.StatusSeeOther {
			said = text(b, b.ask(http.MethodGet, w.Header().Get("Location"), nil, b.people[0]))
		}
		if !strings.Contains(said, a.says) {
			b.Errorf("%s: %d, does not say %q\n%s", a.name, w.Code, a.says, notice(said))
		}
		fmt.Printf("%32s %9s %9s %9d\n", a.name, millis(took), millis(cpu), statements)
	}
}

// notice cuts what a page says first out of it.
func notice(page string) string {
	if i := strings.Index(page, `id="content"`); i >= 0 {
		page = page[i:]
	}
	return page[:min(len(page), 1500)]
}

// acts are done one after the other.
func (b *bench) acts() []act {
	d := b.data()
	newest, back := "/runs/"+string(d.newest)+"/decide", "/o/"+string(benchOrg)+"/customers"
	seen := strconv.FormatInt(b.server.Now().UnixMicro(), 10)
	run, err := b.store.Run(b.Context(), benchOrg, d.newest)
	must(b, err)
	decide := func(what string) url.Values {
		return url.Values{"what": {what}, "fingerprint": {run.Fingerprint}, "seen": {seen}, "reason": {"looked at"}}
	}
	return []act{
		{"approve all? (plan of a month)", newest, decide("approve-all"), "Approve "},
		{"approve all (plan of a month)", newest, with(decide("approve-all"), "confirmed", "yes"), "Approved "},
		{"reject all? (plan of a month)", newest, decide("reject-all"), "Reject "},
		{"approve Azure of a month?", "/azure/" + string(d.month) + "/approve", url.Values{"what": {"all"}}, "Approve"},
		{"switch everybody's billing on?", "/billing", url.Values{"act": {"all"}, "back": {back}}, "Switch billing on"},
		{"switch everybody's billing on", "/billing", url.Values{"act": {"all"}, "back": {back}, "confirmed": {"yes"}}, "Billing is switched on"},
		{"switch 500 customers off?", "/billing", b.ticked("off", 500), "Switch billing off"},
		{"switch 500 customers off", "/billing", with(b.ticked("off", 500), "back", back, "confirmed", "yes"), "Billing is switched off"},
		{"give everybody a contract", "/billing", url.Values{"act": {"contracts"}, "back": {back}}, "contract"},
		{"map 500 customers", "/suggestions", b.pairs(500), "mapped"},
		{"preview a price rule", "/prices", url.Values{"act": {"preview"}, "kind": {"markup"}, "value": {"17"}}, "17"},
		{"preview a price of one customer", "/prices", url.Values{"act": {"preview"}, "kind": {"markup"}, "value": {"17"}, "customer": {string(b.size.Customer(7))}}, "17"},
		{"unmap one customer?", "/customers/" + string(b.size.Customer(7)) + "/company", url.Values{"act": {"unmap"}}, "Autotask"},
		{"start a plan", "/runs", url.Values{}, ""},
		{"check the audit trail", "/activity/check", url.Values{}, "chain is whole"},
	}
}

func with(form url.Values, pairs ...string) url.Values {
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func (b *bench) ticked(act string, n int) url.Values {
	form := url.Values{"act": {act}}
	for i := range min(n, b.size.Customers/2) {
		form.Add("customer", string(b.size.Customer(i*2+1)))
	}
	return form
}

// pairs maps customers to the companies that are theirs.
func (b *bench) pairs(n int) url.Values {
	form := url.Values{}
	for i := range min(n, b.size.Customers) {
		at := i * 20 % b.size.Customers
		form.Add("pair", string(b.size.Customer(at))+"|"+strconv.Itoa(100_000+at))
	}
	return form
}
