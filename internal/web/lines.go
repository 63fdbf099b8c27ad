package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/sheet"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func lineRoutes() []route {
	return []route{
		{"GET /o/{org}/lines", in(account.View), lines},
		{"GET /o/{org}/lines/{key...}", in(account.View), proof},
		{"GET /o/{org}/find", in(account.View), find},
		{"GET /o/{org}/sources", in(account.View), sourceRow},
	}
}

func lines(w http.ResponseWriter, r *request) error {
	list := r.list(r.path("lines"), "status", "customer", "rule", "contract")
	column, descending := sortBy(list)
	filter := store.LineFilter{Query: list.Get("q"), Status: store.LineStatus(list.Get("status")), Customer: billing.CustomerID(list.Get("customer")),
		Rule: list.Get("rule"), Contract: list.Get("contract"), Sort: store.LineSort(column), Desc: descending}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, r.linesSheet(filter))
	}
	filter.Page = store.Page{Number: list.Page, Size: list.Size}
	found, err := r.s.Store.Lines(r.Context(), r.org.ID, filter)
	if err != nil {
		return err
	}
	if err := r.counted(&list, found.Total); err != nil {
		return err
	}
	p := view.LinesPage{Shell: r.shell("lines", "Lines"), List: list, Rows: found.Rows, Chosen: chosenLines(list, found.Rows),
		Any: found.Total > 0 || list.Get("q")+list.Get("status")+list.Get("customer")+list.Get("rule")+list.Get("contract") != ""}
	return r.page(w, http.StatusOK, view.Lines(p))
}

// chosenLines says what a link chose, in words.
func chosenLines(l view.List, rows []store.LineRow) string {
	var parts []string
	if id := l.Get("customer"); id != "" {
		if len(rows) > 0 {
			id = rows[0].Customer
		}
		parts = append(parts, "of "+id)
	}
	if id := l.Get("contract"); id != "" {
		if len(rows) > 0 && rows[0].ContractName != "" {
			id = rows[0].ContractName
		}
		parts = append(parts, "on contract "+id)
	}
	if id := l.Get("rule"); id != "" {
		parts = append(parts, "priced by "+view.RuleWord(id))
	}
	if len(parts) == 0 {
		return ""
	}
	return "lines " + strings.Join(parts, ", ")
}

// numbers are columns of numbers in a sheet.
func numbers(names ...string) []sheet.Column {
	var columns []sheet.Column
	for _, n := range names {
		columns = append(columns, sheet.Column{Name: n, Number: true})
	}
	return columns
}

func (r *request) linesSheet(f store.LineFilter) sheet.Table {
	columns := slices.Concat(sheet.Text("key", "line", "customer_id", "customer", "contract", "service", "autotask_id", "status", "per", "price_rule", "currency"),
		numbers("units", "unit_cost", "unit_price", "price"), sheet.Text("since", "run"), numbers("cost", "margin", "margin_month"))
	return sheet.Table{Name: "lines", Columns: columns, Rows: pages(r, func(p store.Page) (store.Listed[store.LineRow], error) {
		f.Page = p
		return r.s.Store.Lines(r.Context(), r.org.ID, f)
	}, lineRecord)}
}

// unitCurrency is the currency of a line's unit price or, without one, of its unit cost.
func unitCurrency(l store.LineRow) money.Currency { return currencyOf(l.UnitPrice, l.UnitCost) }

// currencyOf is the currency of the first amount that there is.
func currencyOf(amounts ...*money.Amount) money.Currency {
	for _, a := range amounts {
		if a != nil {
			return a.Currency()
		}
	}
	return ""
}

func lineRecord(l store.LineRow) []string {
	currency, price, cost, margin, month := unitCurrency(l), "", "", "", ""
	if l.UnitCost != nil {
		cost = l.Period.Cost.In(l.UnitCost.Currency()).Number()
	}
	if l.UnitPrice != nil {
		price = l.Period.Price.In(currency).Number()
	}
	if l.UnitCost != nil && l.UnitPrice != nil {
		margin, month = l.Period.Margin.In(currency).Number(), l.Monthly.Margin.In(currency).Number()
	}
	return []string{l.Key, l.Name, string(l.CustomerID), l.Customer, l.ContractName, l.ServiceName, string(l.LineID), string(l.Status), string(l.PeriodType),
		l.PriceRule, string(currency), strconv.FormatInt(l.Units, 10), number(l.UnitCost), number(l.UnitPrice), price, l.Since.String(), string(l.Run), cost, margin, month}
}

// number writes an amount's digits; "" for none.
func number(a *money.Amount) string {
	if a == nil {
		return ""
	}
	return a.Number()
}

// proofRuns bounds how many runs a proof names the maker of.
const proofRuns = 20

func proof(w http.ResponseWriter, r *request) error {
	key := r.PathValue("key")
	list := r.list(r.path("lines", key))
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, r.sourcesSheet(key))
	}
	found, err := r.s.Store.LineProof(r.Context(), r.org.ID, key, store.Page{Number: list.Page, Size: list.Size})
	if err != nil {
		return err
	}
	list.Total = found.Sources.Total
	p := view.ProofPage{Proof: found, List: list, Runs: map[store.RunID]store.Run{}}
	if p.Rules, err = r.rulesOf(found); err != nil {
		return err
	}
	for _, c := range found.Changes {
		if _, known := p.Runs[c.Run]; known || len(p.Runs) == proofRuns {
			continue
		}
		if p.Runs[c.Run], err = r.s.Store.Run(r.Context(), r.org.ID, c.Run); err != nil {
			return err
		}
	}
	p.Shell = r.shell("lines", "Proof")
	return r.page(w, http.StatusOK, view.Proof(p))
}

// rulesOf adds the markups of the settings to the price rules of a proof: they are rules too.
func (r *request) rulesOf(p store.LineProof) ([]billing.PriceRule, error) {
	settings, err := r.s.Store.Settings(r.Context(), r.org.ID)
	if err != nil {
		return nil, err
	}
	rules := slices.Clone(p.Rules)
	for _, id := range p.RuleIDs {
		if rule, found := view.SettingsRule(id, settings); found {
			rules = append(rules, rule)
		}
	}
	return rules, nil
}

func (r *request) sourcesSheet(key string) sheet.Table {
	columns := slices.Concat(sheet.Text("set", "row", "outcome", "what", "days"), numbers("quantity", "cost"), sheet.Text("currency", "customer_id", "customer"))
	return sheet.Table{Name: "sources", Columns: columns, Rows: pages(r, func(p store.Page) (store.Listed[store.ProofSource], error) {
		found, err := r.s.Store.LineProof(r.Context(), r.org.ID, key, p)
		return found.Sources, err
	}, func(s store.ProofSource) []string {
		what, days, quantity := "", "", ""
		var customer billing.CustomerID
		var name string
		switch {
		case s.Item != nil:
			what, days, quantity = s.Item.SKUName+" "+s.Item.KindText, s.Item.Charged.String(), s.Item.BillableQuantity.String()
			customer, name = s.Item.CustomerID, s.Item.CustomerName
		case s.Usage != nil:
			what, days, quantity = s.Usage.MeterCategory+" "+s.Usage.ResourceGroup, s.Usage.Charged.String(), s.Usage.Quantity.String()
			customer, name = s.Usage.CustomerID, s.Usage.CustomerName
		}
		return []string{s.Set.String(), strconv.Itoa(s.Row), string(s.Outcome), what, days, quantity, s.Cost.Number(), string(s.Cost.Currency()), string(customer), name}
	})}
}

// find leads from what stands in Autotask back to the proof.
func find(w http.ResponseWriter, r *request) error {
	p := view.FoundPage{Query: r.text("q"), List: r.list(r.path("find"))}
	if p.Query == "" {
		p.Shell = r.shell("lines", "Find a proof")
		return r.page(w, http.StatusOK, view.Found(p))
	}
	keys, err := r.s.Store.FindLines(r.Context(), r.org.ID, p.Query)
	if err != nil {
		return err
	}
	as := r.URL.Query().Get("as")
	if len(keys) == 1 && as == "" {
		http.Redirect(w, r.Request, r.path("lines", keys[0]), http.StatusSeeOther)
		return nil
	}
	for _, key := range keys {
		found, err := r.s.Store.LineProof(r.Context(), r.org.ID, key, store.Page{Size: 1})
		if err != nil {
			return err
		}
		p.Found = append(p.Found, view.FoundOf(found))
	}
	if as != "" {
		return r.export(w, as, foundSheet(p.Found))
	}
	p.Shell = r.shell("lines", "Find a proof")
	return r.page(w, http.StatusOK, view.Found(p))
}

func foundSheet(found []view.FoundLine) sheet.Table {
	var records [][]string
	for _, f := range found {
		records = append(records, []string{f.Key, f.Name, f.Customer, f.Kind})
	}
	return sheet.Table{Name: "found", Columns: sheet.Text("key", "name", "customer", "kind"), Rows: sheet.Rows(records)}
}

// sourceRow says what became of one of Microsoft's rows.
func sourceRow(w http.ResponseWriter, r *request) error {
	set, row := view.SourceOf(r.URL.Query())
	uses, err := r.s.Store.SourceUses(r.Context(), r.org.ID, set, row)
	if err != nil {
		return err
	}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, usesSheet(uses))
	}
	list := view.List{Base: r.path("sources"), Values: r.URL.Query()}
	return r.page(w, http.StatusOK, view.Source(view.SourcePage{Shell: r.shell("lines", "Row "+strconv.Itoa(row)), Set: set, Row: row, List: list, Uses: uses}))
}

// usesSheet says what became of the parts of a row.
func usesSheet(uses []store.SourceUse) sheet.Table {
	var records [][]string
	for _, u := range uses {
		records = append(records, []string{u.Set.String(), strconv.Itoa(u.Row), string(u.Outcome), u.By, u.Cost.Number(), string(u.Cost.Currency()), string(u.Run)})
	}
	return sheet.Table{Name: "row", Columns: slices.Concat(sheet.Text("set", "row", "outcome", "by"), numbers("cost"), sheet.Text("currency", "run")), Rows: sheet.Rows(records)}
}
