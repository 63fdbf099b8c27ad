package view

import (
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/money"
)

// Prices is the page of price rules.
type Prices struct {
	Rows      []PriceRow
	Customer  string // the rules shown are of this customer; "" for all
	Form      PriceForm
	Preview   *engine.PricePreview
	Previewed []Carried // the form that the preview answers, for its files
	Standard  []StandardMarkup
	List      List   // the rules as a table, for its files
	Clear     string // address that shows all rules again
}

// StandardMarkup is what holds where no rule does.
type StandardMarkup struct {
	Name      string
	ProductID string // "azure", or "" for everything else
	Percent   money.Decimal
	Earned    bool // priced before partner earned credit
}

// PriceRow is a rule in words.
type PriceRow struct {
	Rule                         billing.PriceRule
	Customer                     string // name; "" for all
	ID, Level, For, Price, Valid string
	BelowCost                    bool
	Lines                        string // address of the lines it prices
	Product, Products            string // name of the product or subscription it is for, and the address of the products page that shows it; "" when it is for none
}

// PriceForm is the form of a rule.
type PriceForm struct {
	ID                                                     string // of the rule that is changed; "" for a new one
	Kind, Value, Currency, Customer, Product, Subscription Field
	From, To, BelowCost                                    Field
}

// priceLevel names the level of precedence (design §6.3).
func priceLevel(r billing.PriceRule) string {
	switch {
	case r.SubscriptionID != "":
		return "Subscription"
	case r.CustomerID != "" && r.ProductID != "":
		return "Customer and product"
	case r.ProductID != "":
		return "Product"
	case r.CustomerID != "":
		return "Customer"
	}
	return "Everything"
}

// RuleRow puts a rule in words; name is of its customer.
func RuleRow(s Shell, r billing.PriceRule, name string) PriceRow {
	row := PriceRow{Rule: r, ID: r.ID, Level: priceLevel(r), Price: upperFirst(ruleText(r)), Valid: "always", BelowCost: r.BelowCost, Lines: s.Path("lines") + "?rule=" + r.ID}
	switch {
	case r.SubscriptionID != "":
		row.For = string(r.SubscriptionID)
	case r.CustomerID != "" && r.ProductID != "":
		row.For = name + ", " + r.ProductID
	case r.ProductID != "":
		row.For = r.ProductID
	case r.CustomerID != "":
		row.For = name
	default:
		row.For = "everything"
	}
	if r.ProductID != "" && r.ProductID != "azure" {
		row.Products = s.Path("products") + "?q=" + urlText(r.ProductID)
	}
	if r.CustomerID != "" {
		row.Customer = name
	}
	switch {
	case !r.From.IsZero() && !r.To.IsZero():
		row.Valid = "from " + Day(r.From) + " until before " + Day(r.To)
	case !r.From.IsZero():
		row.Valid = "from " + Day(r.From)
	case !r.To.IsZero():
		row.Valid = "until before " + Day(r.To)
	}
	return row
}

// movesText says what a preview changes in a sentence.
func movesText(p engine.PricePreview) string {
	if len(p.Lines)+len(p.Charges) == 0 {
		return "No line and no charge gets another price by it."
	}
	return Plural(len(p.Lines), "line", "lines") + " and " + Plural(len(p.Charges), "charge", "charges") + " get another price."
}

// movesShown is how many lines a preview lists; its file has all.
const movesShown = 200

func shownMoves(all []engine.PriceMove) []engine.PriceMove { return all[:min(len(all), movesShown)] }
