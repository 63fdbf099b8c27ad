package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"spindle/internal/billing"
	"spindle/internal/store"
)

// benchPage is one page, or one way to ask for it.
type benchPage struct {
	route  string
	name   string
	status int    // 0: 200
	says   string // what the page must say at round 0
	at     func(round int) string
}

// benchWords are what people search for.
func benchWords(i int) string {
	words := []string{"kestrel", "dental 12", "customer77", "Ridge", "4000-8000", "nobody at all", "9"}
	return url.QueryEscape(words[i%len(words)])
}

// benchData are things of the filled database that addresses name.
type benchData struct {
	newest, first store.RunID
	changes       []store.ChangeState // of the newest run
	lines         []store.LineRow
	charges       []string // keys
	months        []store.AzureMonth
	report        int64
	month         billing.Month
}

func (b *bench) data() benchData {
	b.Helper()
	ctx := b.Context()
	var d benchData
	runs, err := b.store.RunList(ctx, benchOrg, store.RunListFilter{Trigger: "console", Page: store.Page{Size: 100}})
	must(b, err)
	d.newest, d.first = runs.Rows[0].ID, runs.Rows[len(runs.Rows)-1].ID
	changes, err := b.store.PlanChanges(ctx, benchOrg, d.newest, store.PlanChangeFilter{Page: store.Page{Size: 500}})
	must(b, err)
	lines, err := b.store.Lines(ctx, benchOrg, store.LineFilter{Page: store.Page{Size: 500}})
	must(b, err)
	d.months, err = b.store.AzureMonths(ctx, benchOrg, 24)
	must(b, err)
	d.month = d.months[0].Month
	azure, err := b.store.AzureCustomer(ctx, benchOrg, b.size.Customer(9), d.month)
	must(b, err)
	for _, l := range azure.Lines {
		d.charges = append(d.charges, l.Key)
	}
	reports, err := b.store.ImportReportList(ctx, benchOrg, store.Page{Size: 1})
	must(b, err)
	d.changes, d.lines, d.report = changes.Rows, lines.Rows, reports.Rows[0].Number
	return d
}

// pages lists every page with the ways to ask for it. The table of routes is compared with it.
func (b *bench) pages() []benchPage {
	var pages []benchPage
	d := b.data()
	for _, list := range [][]benchPage{b.openPages(), b.ownPages(), b.setupPages(d), b.customerPages(), b.runPages(d), b.linePages(d), b.azurePages(d), b.otherPages()} {
		pages = append(pages, list...)
	}
	return pages
}

// deep gives a page near the end of a list of so many rows.
func (b *bench) deep(rows int) string { return strconv.Itoa(max(rows*9/10/pageSize, 1)) }

// always gives the same address at each round.
func always(path string) func(int) string { return func(int) string { return path } }

// oneOf gives one of several addresses, in turn.
func oneOf(base string, tails ...string) func(int) string {
	return func(i int) string { return base + tails[i%len(tails)] }
}

// of gives a page of the organization; the route is the address with /o/{org} before it.
func of(route, name, says string, at func(int) string) benchPage {
	return benchPage{route: "GET /o/{org}" + route, name: name, says: says, at: func(i int) string { return "/o/" + string(benchOrg) + at(i) }}
}

func (b *bench) openPages() []benchPage {
	var pages []benchPage
	for _, p := range []struct {
		route, path string
		status      int
	}{
		{"GET /{$}", "/", http.StatusSeeOther}, {"GET /start", "/start", http.StatusSeeOther}, {"GET /sign-in", "/sign-in", http.StatusSeeOther},
		{"GET /sign-in/second", "/sign-in/second", http.StatusSeeOther}, {"GET /oidc/callback", "/oidc/callback", http.StatusSeeOther},
		{"GET /link/{token}", "/link/none", http.StatusSeeOther}, {"GET /open/{token}", "/open/none", http.StatusSeeOther}, {"GET /invite/{token}", "/invite/none", http.StatusNotFound}, {"GET /reset/{token}", "/reset/none", 0},
	} {
		pages = append(pages, benchPage{route: p.route, name: p.path, status: p.status, at: always(p.path)})
	}
	return pages
}

func (b *bench) ownPages() []benchPage {
	return []benchPage{
		{route: "GET /me", name: "me", says: benchEmail, at: always("/me")},
		{route: "GET /me/totp", name: "me, one-time passwords", says: "data:image/png", at: always("/me/totp")},
		of("", "today", "needs somebody to decide", always("")),
		of("/today", "today, inbox", "needs somebody to decide", oneOf("/today", "?page=2", "?kind=drift", "?state=done", "?page=60")),
		of("/today", "today, search", "needs somebody", func(i int) string { return "/today?q=" + benchWords(i) }),
	}
}

func (b *bench) setupPages(d benchData) []benchPage {
	return []benchPage{
		of("/setup", "setup", "done", always("/setup")),
		of("/setup/autotask", "setup, Autotask", "api@northwind.example", always("/setup/autotask")),
		of("/setup/service", "setup, service", "Billing code", always("/setup/service")),
		of("/setup/microsoft", "setup, Microsoft", ".csv", always("/setup/microsoft")),
		of("/setup/services", "setup, custom services", "unit_cost", oneOf("/setup/services", "", "?q=backup")),
		of("/setup/services/template", "setup, template", "customer", always("/setup/services/template")),
		of("/setup/schedule", "setup, schedule", "UTC", always("/setup/schedule")),
		of("/setup/imports", "setup, imports", ".csv", oneOf("/setup/imports", "", "?size=5&page=3")),
		of("/setup/imports/{report}", "setup, import report", ".csv", always("/setup/imports/"+strconv.FormatInt(d.report, 10))),
	}
}

func (b *bench) customerPages() []benchPage {
	return []benchPage{
		of("/customers", "customers", "Ridge", always("/customers")),
		of("/customers", "customers, search", "Kestrel", func(i int) string { return "/customers?q=" + benchWords(i) }),
		of("/customers", "customers, filter", "Ridge", oneOf("/customers?state=", "unmapped", "held", "in-step", "finding", "waiting")),
		of("/customers", "customers, sort", "Ridge", oneOf("/customers?sort=", "margin", "-price", "status", "-cost", "lines")),
		of("/customers", "customers, deep", "Ridge", oneOf("/customers?page=", b.deep(b.size.Customers), "2", b.deep(b.size.Customers/2)+"&sort=-margin", b.deep(b.size.Customers/10)+"&size=500")),
		of("/customers/{customer}", "customer", "Ridge", func(i int) string { return "/customers/" + string(b.size.Customer((i*37+3)%b.size.Customers)) }),
		of("/suggestions", "suggestions", "Ridge", always("/suggestions")),
		of("/prices", "prices", "CFQ7TTC", always("/prices")),
		of("/prices", "prices, edit", "CFQ7TTC", oneOf("/prices?", "edit=p7", "customer="+string(b.size.Customer(4)))),
	}
}

func (b *bench) runPages(d benchData) []benchPage {
	newest, first := "/runs/"+string(d.newest), "/runs/"+string(d.first)
	customer := func(i int) string { return string(b.size.Customer((i*31 + 1) % b.size.Customers)) }
	return []benchPage{
		of("/runs", "runs", "clerk", oneOf("/runs", "", "?state=failed&page=9", "?page=14")),
		of("/runs/{run}", "plan", "Ridge", oneOf("", newest, first, newest+"?page=90", first+"?page=300")),
		of("/runs/{run}", "plan, filter", "Ridge", oneOf(newest, "?state=proposed", "?state=held", "?state=applied", "?kind=create-charge", "?kind=reprice&page=3", "?state=proposed&page=50")),
		of("/runs/{run}", "plan, one customer", "", func(i int) string { return first + "?customer=" + customer(i) }),
		of("/runs/{run}", "plan, search", "Kestrel", func(i int) string { return newest + "?q=" + benchWords(i) }),
		of("/runs/{run}", "plan of 100,000, search", "Kestrel", func(i int) string { return first + "?q=" + benchWords(i) }),
		of("/runs/{run}/events", "plan, events", "spindle:over", always(newest+"/events")),
		of("/runs/{run}/apply", "plan, apply?", "", oneOf("", newest+"/apply", first+"/apply")),
		of("/runs/{run}/findings", "plan, findings", "needs somebody", oneOf(newest+"/findings", "", "?page=60", "?size=500")),
		of("/runs/{run}/changes/{change}", "change", "Ridge", func(i int) string {
			return newest + "/changes/" + d.changes[i%len(d.changes)].Change.ID
		}),
	}
}

func (b *bench) linePages(d benchData) []benchPage {
	customer := func(i int) string { return string(b.size.Customer((i*3 + 1) % b.size.Customers)) }
	return []benchPage{
		of("/lines", "lines", "product", always("/lines")),
		of("/lines", "lines, search", "Kestrel", func(i int) string { return "/lines?q=" + benchWords(i) }),
		of("/lines", "lines, filter", "product", oneOf("/lines?", "rule=p7", "status=held", "status=in-step&page=40", "contract=200001")),
		of("/lines", "lines, sort", "product", oneOf("/lines?sort=", "-margin", "price", "-price&page=150", "customer")),
		of("/lines", "lines, deep", "product", oneOf("/lines?page=", b.deep(min(b.size.Lines, 10_000)), b.deep(b.size.Lines/10), b.deep(min(b.size.Lines, 10_000)/10)+"&size=500")),
		of("/lines", "lines, one customer", "product", func(i int) string { return "/lines?customer=" + customer(i) }),
		of("/lines/{key...}", "proof of a line", "", func(i int) string { return "/lines/" + url.PathEscape(d.lines[i*7%len(d.lines)].Key) }),
		of("/lines/{key...}", "proof of a charge", "", func(i int) string { return "/lines/" + url.PathEscape(d.charges[i%len(d.charges)]) }),
		of("/products", "products", "", oneOf("/products", "", "?q=product", "?sort=-units", "?state=mapped")),
		of("/products/{offer}", "product", "", func(i int) string { return "/products/" + url.PathEscape(d.lines[i*7%len(d.lines)].Offer.String()) }),
		{route: "GET /o/{org}/find", name: "find", status: http.StatusSeeOther, at: func(i int) string {
			return "/o/" + string(benchOrg) + "/find?q=" + url.QueryEscape(d.lines[i*7%len(d.lines)].Mark)
		}},
		of("/sources", "row of an invoice", "", func(i int) string {
			return fmt.Sprintf("/sources?kind=%s&partner=partner&invoice=G%06d&currency=EUR&row=%d", billing.BilledLines, b.size.Months-1, 3+i)
		}),
	}
}

func (b *bench) azurePages(d benchData) []benchPage {
	month := "/azure/" + string(d.month)
	return []benchPage{
		of("/azure", "Azure", "/azure/20", always("/azure")),
		of("/azure/{month}", "Azure month", "Ridge", oneOf(month, "", "?page=60")),
		of("/azure/{month}", "Azure month, filter", "Ridge", oneOf(month+"?", "state=final", "sort=-price", "sort=margin&page=20", "q=kestrel")),
		of("/azure/{month}/{customer}", "Azure of a customer", "rg-", func(i int) string {
			return "/azure/" + string(d.months[i%len(d.months)].Month) + "/" + string(b.size.Customer(i*3%b.size.Customers))
		}),
	}
}

func (b *bench) otherPages() []benchPage {
	return []benchPage{
		of("/activity", "activity", "spindle", oneOf("/activity", "", "?page=200", "?page=2&size=500")),
		of("/activity", "activity, filter", "mapping", oneOf("/activity?", "action=mapping.", "actor=clerk", "actor=nobody", "q="+string(b.size.Customer(41)), "since=2025-06-01&until=2025-07-01")),
		of("/health", "health", "Autotask", always("/health")),
		of("/settings", "settings", benchEmail, always("/settings")),
		of("/settings/tokens", "settings, tokens", "", always("/settings/tokens")),
		of("/settings/retention", "settings, retention", "", always("/settings/retention")),
		of("/settings/data", "settings, data", "", always("/settings/data")),
	}
}
