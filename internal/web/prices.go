package web

import (
	"net/http"
	"slices"
	"strings"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/sheet"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func priceRoutes() []route {
	return []route{
		{"GET /o/{org}/prices", in(account.View), prices},
		{"POST /o/{org}/prices", in(account.Price), savePrice},
		{"POST /o/{org}/prices/{rule}/remove", in(account.Price), removePrice},
	}
}

func prices(w http.ResponseWriter, r *request) error {
	rules, err := r.s.Store.PriceRules(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	var edited billing.PriceRule
	if id := r.URL.Query().Get("edit"); id != "" {
		found := false
		for _, rule := range rules {
			if rule.ID == id {
				edited, found = rule, true
			}
		}
		if !found {
			return r.refused(w, r.path("prices"), fault.NotFoundf("there is no price rule %q any more", id).Do("look at the rules that there are"))
		}
	}
	v, err := r.pricesView(rules, r.ruleForm(edited, nil))
	if err != nil {
		return err
	}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, rulesSheet(v))
	}
	return r.page(w, http.StatusOK, view.PricesPage(r.shell("prices", "Prices"), v))
}

// rulesSheet has what the page shows: the rules in order of precedence, then the markups of the settings.
func rulesSheet(v view.Prices) sheet.Table {
	var records [][]string
	for _, row := range v.Rows {
		rule, below := row.Rule, ""
		if rule.BelowCost {
			below = "yes"
		}
		records = append(records, []string{rule.ID, string(rule.Kind), rule.Value.String(), string(rule.Currency), string(rule.SubscriptionID), string(rule.CustomerID),
			rule.ProductID, rule.From.String(), rule.To.String(), below, row.Level, row.Customer, row.Product})
	}
	for _, m := range v.Standard {
		records = append(records, []string{"", string(billing.MarkupRule), m.Percent.String(), "", "", "", m.ProductID, "", "", "", "Setting", "", m.Name})
	}
	columns := slices.Concat(sheet.Text("rule", "kind"), numbers("value"), sheet.Text("currency", "subscription_id", "customer_id", "product_id", "from", "to", "below_cost",
		"level", "customer", "product"))
	return sheet.Table{Name: "prices", Rows: sheet.Rows(records), Columns: columns}
}

func (r *request) pricesView(rules []billing.PriceRule, form view.PriceForm) (view.Prices, error) {
	v := view.Prices{Form: form, Clear: r.path("prices"), List: r.list(r.path("prices"), "customer")}
	settings, err := r.s.Store.Settings(r.Context(), r.org.ID)
	if err != nil {
		return v, err
	}
	only := billing.CustomerID(r.URL.Query().Get("customer"))
	ids := []billing.CustomerID{only}
	for _, rule := range rules {
		ids = append(ids, rule.CustomerID)
	}
	names, err := r.s.Store.CustomerNames(r.Context(), r.org.ID, ids...)
	if err != nil {
		return v, err
	}
	if v.Form.Customer.Suggestions, err = r.customersOffered(); err != nil {
		return v, err
	}
	products, err := r.s.Store.Products(r.Context(), r.org.ID, "", namesOffered)
	if err != nil {
		return v, err
	}
	v.Form.Product.Suggestions = []string{"azure"}
	for _, p := range products {
		v.Form.Product.Suggestions = append(v.Form.Product.Suggestions, p.ProductID+":"+p.SKUID+" "+p.Name)
	}
	billing.SortPriceRules(rules)
	shell := view.Shell{Org: view.Org{ID: string(r.org.ID)}}
	for _, rule := range rules {
		sub, whose, err := r.subscribed(rule.SubscriptionID)
		if err != nil {
			return v, err
		}
		if only == "" || rule.CustomerID == only || sub.CustomerID == only {
			row := view.RuleRow(shell, rule, first(names[rule.CustomerID], string(rule.CustomerID)))
			if row.Product = productName(products, rule.ProductID); sub.Name != "" {
				row.Product = sub.Name + " of " + whose
			}
			v.Rows = append(v.Rows, row)
		}
	}
	if only != "" {
		v.Customer = first(names[only], string(only))
	}
	v.Standard = []view.StandardMarkup{{Name: "subscriptions and custom services", Percent: settings.ServiceMarkup},
		{Name: "Azure consumption", ProductID: "azure", Percent: settings.ProductMarkup, Earned: settings.KeepEarnedCredit}}
	return v, nil
}

// subscribed gives a subscription and the name of its customer; nothing when none is named or no source lists it any more.
func (r *request) subscribed(id billing.SubscriptionID) (sub billing.Subscription, whose string, err error) {
	if id == "" {
		return sub, "", nil
	}
	if sub, err = r.s.Store.Subscription(r.Context(), r.org.ID, id); err != nil {
		if fault.Is(err, fault.KindNotFound) {
			err = nil
		}
		return billing.Subscription{}, "", err
	}
	names, err := r.s.Store.CustomerNames(r.Context(), r.org.ID, sub.CustomerID)
	return sub, first(names[sub.CustomerID], string(sub.CustomerID)), err
}

// productName names what a rule is for, when it is one of the products listed; "" when it is not.
func productName(products []store.Product, id string) string {
	for _, p := range products {
		if id == p.ProductID+":"+p.SKUID || id == p.ProductID {
			return p.Name
		}
	}
	return ""
}

// customersOffered are the names that a field offers while typing; one that is not offered may be typed all the same.
func (r *request) customersOffered() ([]string, error) {
	return r.s.Store.CustomerNameList(r.Context(), r.org.ID, namesOffered)
}

// ruleForm is the form of a rule: as it is stored, or as it was typed.
func (r *request) ruleForm(rule billing.PriceRule, errs map[string]string) view.PriceForm {
	typed := r.Method == http.MethodPost
	text := func(name, stored string) string {
		if typed {
			return r.text(name)
		}
		return stored
	}
	value := ""
	if rule.Kind != "" {
		value = rule.Value.String()
	}
	kind := text("kind", string(rule.Kind))
	return view.PriceForm{ID: text("id", rule.ID),
		Kind: view.Field{Name: "kind", Label: "Kind", Type: "select", Error: errs["kind"], Options: []view.Option{
			{Value: string(billing.MarkupRule), Label: "Markup: percent on cost", Selected: kind == string(billing.MarkupRule)},
			{Value: string(billing.MarginRule), Label: "Margin: percent of the price", Selected: kind == string(billing.MarginRule)},
			{Value: string(billing.FixedRule), Label: "Fixed price per unit", Selected: kind == string(billing.FixedRule)}}},
		Value: view.Field{Name: "value", Label: "Value", Value: text("value", value), Error: errs["value"], Required: true, InputMode: "decimal",
			Help: "A percentage such as 15, or a price such as 12.50."},
		Currency: view.Field{Name: "currency", Label: "Currency of a fixed price", Value: text("currency", string(rule.Currency)), Error: errs["currency"],
			Help: "Empty: Autotask's own."},
		Customer: view.Field{Name: "customer", Label: "Only this customer", Value: text("customer", string(rule.CustomerID)), Error: errs["customer"],
			Help: "Empty: all customers."},
		Product: view.Field{Name: "product", Label: "Only this product", Value: text("product", rule.ProductID), Error: errs["product"],
			Help: "A product id, product:SKU, or azure. Empty: all."},
		Subscription: view.Field{Name: "subscription", Label: "Only this subscription", Value: text("subscription", string(rule.SubscriptionID)),
			Error: errs["subscription"], Help: "Its id. Empty: all."},
		From: view.Field{Name: "from", Label: "First day", Type: "date", Value: text("from", dateValue(rule.From)), Error: errs["from"]},
		To:   view.Field{Name: "to", Label: "First day without it", Type: "date", Value: text("to", dateValue(rule.To)), Error: errs["to"]},
		BelowCost: view.Field{Name: "below-cost", Label: "The price may be below cost", Type: "checkbox",
			Checked: typed && r.on("below-cost") || !typed && rule.BelowCost}}
}

func dateValue(d billing.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// typedRule reads the form.
func (r *request) typedRule() (billing.PriceRule, error) {
	rule := billing.PriceRule{ID: r.text("id"), Kind: billing.PriceRuleKind(r.text("kind")), BelowCost: r.on("below-cost")}
	var err error
	switch rule.Kind {
	case billing.MarkupRule, billing.MarginRule, billing.FixedRule:
	default:
		return rule, fault.Invalidf("%q is no kind of price", rule.Kind).WithField("kind").Do("choose markup, margin or fixed price")
	}
	number := strings.TrimSpace(strings.TrimSuffix(r.text("value"), "%"))
	if _, after, found := strings.Cut(number, ","); found && len(after) == 3 {
		return rule, fault.Invalidf("%q may be thousands or thousandths", r.text("value")).WithField("value").Do("write it without the comma, such as 1250 or 1.25")
	}
	number = strings.ReplaceAll(number, ",", ".")
	if rule.Value, err = money.Parse(number); err != nil {
		return rule, fault.Invalidf("%q is not a number", r.text("value")).WithField("value").Do("write a number such as 15 or 12.50")
	}
	if text := r.text("currency"); text != "" {
		if rule.Currency, err = money.ParseCurrency(strings.ToUpper(text)); err != nil {
			return rule, fault.Invalidf("%w", err).WithField("currency").Do("write three letters such as EUR, or leave it empty")
		}
	}
	for _, date := range []struct {
		name string
		into *billing.Date
	}{{"from", &rule.From}, {"to", &rule.To}} {
		if text := r.text(date.name); text != "" {
			if *date.into, err = billing.ParseDate(text); err != nil {
				return rule, fault.Invalidf("%w", err).WithField(date.name).Do("write it as 2026-12-31")
			}
		}
	}
	return r.typedScope(rule)
}

// typedScope reads what the rule is for. A customer may be named, a product may be followed by its name.
func (r *request) typedScope(rule billing.PriceRule) (billing.PriceRule, error) {
	if text := r.text("customer"); text != "" {
		c, err := r.s.Engine.FindCustomer(r.Context(), r.org, text)
		if err != nil {
			return rule, fault.Invalidf("%w", err).WithField("customer").Do(fault.Remedy(err))
		}
		rule.CustomerID = c.ID
	}
	rule.ProductID, _, _ = strings.Cut(r.text("product"), " ")
	if text := r.text("subscription"); text != "" {
		for _, id := range []string{text, strings.ToLower(text)} {
			s, err := r.s.Store.Subscription(r.Context(), r.org.ID, billing.SubscriptionID(id))
			if err == nil {
				rule.SubscriptionID = s.ID
				return rule, nil
			}
			if !fault.Is(err, fault.KindNotFound) {
				return rule, err
			}
		}
		return rule, fault.Invalidf("no subscription has the id %q", text).WithField("subscription").Do("copy it from the customer's page")
	}
	return rule, nil
}

func savePrice(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	rule, err := r.typedRule()
	if err == nil && r.text("act") == "preview" {
		return r.previewPrice(w, rule)
	}
	if err == nil {
		rule, err = r.s.Engine.SavePriceRule(r.Context(), r.org, rule, r.by())
	}
	if err == nil {
		return r.savedPrice(w, rule)
	}
	return r.pricesAgain(w, err)
}

// savedPrice says that a rule is saved, and when it is for a product that nobody has: a rule may come before its product, but it may be a slip.
func (r *request) savedPrice(w http.ResponseWriter, rule billing.PriceRule) error {
	directory, err := r.s.Store.Directory(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	n := view.Notice{Tone: "good", Text: "Rule " + rule.ID + " is saved. The next plan proposes the prices it makes."}
	had := rule.ProductID == "" || rule.ProductID == "azure"
	for _, s := range directory.Subscriptions {
		had = had || rule.ProductID == s.Offer.ProductID || rule.ProductID == s.Offer.ProductID+":"+s.Offer.SKUID
	}
	if !had {
		n.Tone, n.Remedy = "warn", "Nobody has the product "+rule.ProductID+" at the moment, so the rule waits. If it is a slip, change the rule."
	}
	return r.doneWith(w, r.path("prices"), n)
}

// pricesAgain shows the page with what is wrong in the form.
func (r *request) pricesAgain(w http.ResponseWriter, err error) error {
	if fault.KindOf(err) == fault.KindInternal {
		return err
	}
	errs, notice := fieldErrors(err)
	rules, failed := r.s.Store.PriceRules(r.Context(), r.org.ID)
	if failed != nil {
		return failed
	}
	v, failed := r.pricesView(rules, r.ruleForm(billing.PriceRule{}, errs))
	if failed != nil {
		return failed
	}
	shell := r.shell("prices", "Prices")
	shell.Notice = notice
	return r.again(w, view.PricesPage(shell, v))
}

func (r *request) previewPrice(w http.ResponseWriter, rule billing.PriceRule) error {
	preview, err := r.s.Engine.PreviewPriceRule(r.Context(), r.org, rule)
	if err != nil {
		return r.pricesAgain(w, err)
	}
	if as := r.text("as"); as != "" {
		return r.export(w, as, previewSheet(preview))
	}
	rules, err := r.s.Store.PriceRules(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	v, err := r.pricesView(rules, r.ruleForm(rule, nil))
	if err != nil {
		return err
	}
	v.Preview, v.Previewed = &preview, carried(r.PostForm, sortedNames(r.PostForm)...)
	return r.page(w, http.StatusOK, view.PricesPage(r.shell("prices", "Prices"), v))
}

// previewSheet has every line and charge that a rule would give another price, not only the first.
func previewSheet(p engine.PricePreview) sheet.Table {
	var records [][]string
	for _, all := range []struct {
		what  string
		moves []engine.PriceMove
	}{{"line", p.Lines}, {"charge", p.Charges}} {
		for _, m := range all.moves {
			records = append(records, moveRecord(all.what, m))
		}
	}
	columns := slices.Concat(sheet.Text("kind", "customer_id", "customer", "key", "name", "per", "month"), numbers("units"), sheet.Text("cost_currency"),
		numbers("unit_cost"), sheet.Text("currency"), numbers("unit_price_now", "unit_price_then", "difference"), sheet.Text("rule_now", "rule_then"))
	return sheet.Table{Name: "price-preview", Columns: columns, Rows: sheet.Rows(records)}
}

func moveRecord(what string, m engine.PriceMove) []string {
	return []string{what, string(m.CustomerID), m.Customer, m.Key, m.Name, string(m.Period), string(m.Month), m.Units.String(), string(currencyOf(m.Cost)), number(m.Cost),
		string(currencyOf(m.After, m.Before)), number(m.Before), number(m.After), number(m.Difference()), m.RuleBefore, m.RuleAfter}
}

func removePrice(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	id, back := r.PathValue("rule"), r.path("prices")
	effect, err := r.s.Engine.ReviewRuleRemoval(r.Context(), r.org, id)
	if err != nil {
		return r.refused(w, back, err)
	}
	if !r.confirmed() {
		return r.ask(w, "Remove rule "+id+"?", "Remove it", true, back, effect)
	}
	if err := r.s.Store.DeletePriceRule(r.Context(), r.org.ID, id, r.by()); err != nil {
		return r.refused(w, back, err)
	}
	return r.done(w, back, "Rule "+id+" is removed. Its words stay in the audit trail.")
}
