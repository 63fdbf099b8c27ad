package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/sheet"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func activityRoutes() []route {
	return []route{
		{"GET /o/{org}/activity", in(account.View), activity},
		{"POST /o/{org}/activity/check", in(account.View), checkChain},
	}
}

func activity(w http.ResponseWriter, r *request) error {
	list := r.list(r.path("activity"), "actor", "action", "since", "until")
	filter, err := auditFilter(list)
	if err != nil {
		return r.refused(w, list.Base, err)
	}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, auditSheet(r, filter))
	}
	found, err := r.s.Store.AuditList(r.Context(), r.org.ID, filter)
	if err != nil {
		return err
	}
	if err := r.counted(&list, found.Total); err != nil {
		return err
	}
	v := view.Activity{List: list, Actors: []view.Option{{Label: "Anybody"}}, Actions: actionOptions()}
	people, err := r.s.Accounts.Members(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	for _, p := range people {
		v.Actors = append(v.Actors, view.Option{Value: p.Email, Label: p.Name})
	}
	if actor := list.Get("actor"); actor != "" && !slices.ContainsFunc(v.Actors, func(o view.Option) bool { return o.Value == actor }) {
		v.Actors = append(v.Actors, view.Option{Value: actor, Label: actor})
	}
	for _, e := range found.Rows {
		v.Rows = append(v.Rows, r.activityRow(e))
	}
	return r.page(w, http.StatusOK, view.ActivityPage(r.shell("activity", "Activity"), v))
}

// auditFilter reads the filters of the address.
func auditFilter(l view.List) (store.AuditListFilter, error) {
	f := store.AuditListFilter{Actor: l.Get("actor"), Action: l.Get("action"), Subject: l.Get("q"), Page: store.Page{Number: l.Page, Size: l.Size}}
	for _, bound := range []struct {
		name string
		into *time.Time
		days int
	}{{"since", &f.Since, 0}, {"until", &f.Until, 1}} {
		text := l.Get(bound.name)
		if text == "" {
			continue
		}
		day, err := time.Parse("2006-01-02", text)
		if err != nil {
			return f, fault.Invalidf("%q is no day", text).WithField(bound.name).Do("write it as 2026-10-31")
		}
		*bound.into = day.AddDate(0, 0, bound.days)
	}
	return f, nil
}

// actionOptions are the choices of the filter by action.
func actionOptions() []view.Option {
	return []view.Option{
		{Value: "", Label: "Anything"}, {Value: "change.", Label: "Changes sent and answered"}, {Value: "plan.", Label: "Plans and approvals"}, {Value: "run.", Label: "Runs"},
		{Value: "mapping.", Label: "Mappings and prices"}, {Value: "mapping.customer.", Label: "Companies"}, {Value: "mapping.switch.", Label: "Billing on and off"},
		{Value: "mapping.route.", Label: "Contracts"}, {Value: "mapping.service.", Label: "Services"}, {Value: "mapping.price.", Label: "Price rules"},
		{Value: "settings.", Label: "Settings"}, {Value: "connection.", Label: "Connections"}, {Value: "import.", Label: "Imports"}, {Value: "finding.", Label: "Findings"}, {Value: "member.", Label: "People"}, {Value: "user.", Label: "Sign-in"},
		{Value: "token.", Label: "API tokens"}, {Value: "organization.", Label: "Organization"},
	}
}

// decisionWords are what clerks call the decisions about customers, products and prices.
var decisionWords = map[string]string{
	"mapping.customer.saved": "company mapped", "mapping.customer.deleted": "company no longer mapped",
	"mapping.switch.saved": "billing switched", "mapping.switch.deleted": "billing switch taken back",
	"mapping.route.saved": "contract chosen", "mapping.route.deleted": "choice of contract taken back",
	"mapping.service.saved": "service mapped", "mapping.service.deleted": "service no longer mapped",
	"mapping.price.saved": "price rule saved", "mapping.price.deleted": "price rule removed",
	"mapping.authority.saved": "price authority set", "mapping.authority.deleted": "price authority taken back",
}

// actionInWords makes words of a stored action: "run.created" is "run: created".
func actionInWords(action string) string {
	if words := decisionWords[action]; words != "" {
		return words
	}
	family, rest, _ := strings.Cut(action, ".")
	return strings.ReplaceAll(family, "-", " ") + ": " + strings.NewReplacer(".", " ", "-", " ").Replace(rest)
}

func (r *request) activityRow(e store.AuditEntry) view.ActivityRow {
	return view.ActivityRow{Seq: strconv.FormatInt(e.Seq, 10), When: e.At.UTC().Format("2006-01-02 15:04:05"), Actor: e.Actor, What: actionInWords(e.Action),
		Action: e.Action, Subject: e.Subject, Href: r.subjectHref(e), Detail: facts(e.Detail), Hash: e.Hash}
}

// subjectHref leads to what an entry is about, where there is a page of it.
func (r *request) subjectHref(e store.AuditEntry) string {
	family, _, _ := strings.Cut(e.Action, ".")
	head, _, _ := strings.Cut(e.Subject, "/")
	switch family {
	case "mapping":
		switch kind := strings.Split(e.Action, ".")[1]; kind {
		case "customer", "switch", "route":
			return r.path("customers", head)
		case "price":
			return r.path("prices")
		case "service", "authority":
			return r.path("products")
		}
	case "run", "plan", "change", "approval":
		if _, err := strconv.Atoi(head); err == nil {
			return r.path("runs", head)
		}
	case "member", "token", "user":
		return r.path("settings")
	case "settings", "connection", "organization":
		return r.path("setup")
	}
	return ""
}

// decisionText says what was decided about a customer: "on from October 2026". name gives a subscription's name by its id.
func decisionText(e store.AuditEntry, name func(string) string) string {
	var text string
	var of billing.Route // what of the customer it is about
	switch e.Action {
	case "mapping.customer.saved":
		var m billing.CompanyMapping
		if json.Unmarshal([]byte(e.Detail), &m) == nil {
			text = strings.TrimSpace(m.CompanyName + " " + string(m.CompanyID))
		}
	case "mapping.switch.saved":
		var b billing.BillingSwitch
		if json.Unmarshal([]byte(e.Detail), &b) == nil {
			of.SubscriptionID = b.SubscriptionID
			switch {
			case !b.On:
				text = "off"
			case b.From != "":
				text = "on from " + view.MonthName(b.From)
			default:
				text = "on"
			}
		}
	case "mapping.route.saved":
		if json.Unmarshal([]byte(e.Detail), &of) == nil {
			if text = "contract " + string(of.ContractID); of.Managed {
				text = "a contract that Spindle manages"
			}
		}
	default:
		parts := append(strings.Split(e.Subject, "/"), "", "", "")
		of = billing.Route{SubscriptionID: billing.SubscriptionID(parts[1]), AzureSubscriptionID: billing.AzureSubscriptionID(parts[2]), ResourceGroup: parts[3]}
	}
	for _, part := range []struct{ word, value string }{
		{"", name(string(of.SubscriptionID))}, {"Azure subscription ", string(of.AzureSubscriptionID)}, {"resource group ", of.ResourceGroup}} {
		if part.value != "" {
			text = strings.TrimPrefix(text+", "+part.word+part.value, ", ")
		}
	}
	return text
}

// facts flattens the detail of an entry, which is JSON, into names and values.
func facts(detail string) []view.Fact {
	var all []view.Fact
	var walk func(name string, value any)
	walk = func(name string, value any) {
		switch v := value.(type) {
		case map[string]any:
			keys := make([]string, 0, len(v))
			for k := range v {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			for _, k := range keys {
				walk(strings.TrimPrefix(name+" "+k, " "), v[k])
			}
		case []any:
			for i, one := range v {
				walk(fmt.Sprintf("%s %d", name, i+1), one)
			}
		case nil:
		default:
			if text := fmt.Sprint(v); text != "" {
				all = append(all, view.Fact{Name: name, Value: text})
			}
		}
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader([]byte(detail)))
	decoder.UseNumber() // numbers as they are written
	if detail == "" || decoder.Decode(&value) != nil {
		return nil
	}
	walk("", value)
	return all[:min(len(all), factsMax)]
}

// factsMax is how many values of an entry the page shows; the export has all.
const factsMax = 40

func auditSheet(r *request, f store.AuditListFilter) sheet.Table {
	return sheet.Table{Name: "audit", Columns: sheet.Text("no", "at_utc", "actor", "action", "subject", "detail", "previous_hash", "hash"),
		Rows: pages(r, func(p store.Page) (store.Listed[store.AuditEntry], error) {
			f.Page = p
			return r.s.Store.AuditList(r.Context(), r.org.ID, f)
		}, func(e store.AuditEntry) []string {
			return []string{strconv.FormatInt(e.Seq, 10), e.At.UTC().Format(time.RFC3339Nano), e.Actor, e.Action, e.Subject, e.Detail, e.Prev, e.Hash}
		})}
}

// checkChain recomputes the hashes of the whole trail.
func checkChain(w http.ResponseWriter, r *request) error {
	err := r.s.Store.VerifyAudit(r.Context(), r.org.ID)
	if err != nil {
		return r.refused(w, r.path("activity"), err)
	}
	return r.done(w, r.path("activity"), "The chain is whole: no entry was changed, taken out or put in.")
}
