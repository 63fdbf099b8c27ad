package engine

import (
	"context"
	"strconv"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/rating"
	"spindle/internal/store"
)

// SourceLineColumns names the cells of SourceLines. Scripts read them: released names are never changed, new ones go to the end.
func SourceLineColumns() []string {
	return []string{"set", "row", "line", "outcome", "by", "cost", "currency", "customer_id", "customer", "product", "charge", "days", "quantity", "by_name"}
}

// SourceLineNumbers names the columns of SourceLineColumns that hold decimal numbers.
func SourceLineNumbers() []string { return []string{"row", "cost", "quantity"} }

// SourceLines gives every line that Microsoft billed for the months of a run, with what became of it. What a line was about is read from the
// data of its invoice as it is now: it stays empty when a newer version of the invoice does not have the line any more.
func (e *Engine) SourceLines(ctx context.Context, org store.Organization, run store.RunID) ([][]string, error) {
	desired, err := e.Store.Desired(ctx, org.ID, run)
	if err != nil {
		return nil, err
	}
	names, err := e.namesOfOutcomes(ctx, org, run, desired)
	if err != nil {
		return nil, err
	}
	sources := map[billing.SetID]map[string]sourceFacts{}
	var records [][]string
	for _, d := range desired.Dispositions {
		if sources[d.Set] == nil {
			if sources[d.Set], err = e.factsOf(ctx, org, d.Set); err != nil {
				return nil, err
			}
		}
		by := names[d.By]
		if d.Outcome == billing.Excluded {
			by = ruleWords(d.By)
		}
		f := sources[d.Set][d.LineKey]
		records = append(records, []string{d.Set.String(), strconv.Itoa(d.Row), d.LineKey, string(d.Outcome), d.By, d.Cost.Number(), string(d.Cost.Currency()),
			string(f.customer), f.name, f.product, f.charge, f.days, f.quantity, by})
	}
	return records, nil
}

// sourceFacts are what a clerk recognizes a source line by.
type sourceFacts struct {
	customer                              billing.CustomerID
	name, product, charge, days, quantity string
}

// factsOf reads the lines of a set, or its usage; none when the set is gone.
func (e *Engine) factsOf(ctx context.Context, org store.Organization, id billing.SetID) (map[string]sourceFacts, error) {
	facts := map[string]sourceFacts{}
	if id.Kind == billing.BilledUsage || id.Kind == billing.UnbilledUsage {
		set, err := e.Store.UsageSet(ctx, org.ID, id)
		for i := range set.Groups {
			g := &set.Groups[i]
			facts[rating.UsageKey(g)] = sourceFacts{g.CustomerID, g.CustomerName, joinedWords(g.MeterCategory, g.ResourceGroup), "usage", daysText(g.Charged), g.Quantity.String()}
		}
		return facts, unlessGone(err)
	}
	set, err := e.Store.LineSet(ctx, org.ID, id)
	for _, l := range set.Lines {
		product := l.SKUName
		if product == "" {
			product = l.ProductName
		}
		facts[l.Key] = sourceFacts{l.CustomerID, l.CustomerName, product, l.KindText, daysText(l.Charged), l.BillableQuantity.String()}
	}
	return facts, unlessGone(err)
}

func unlessGone(err error) error {
	if fault.KindOf(err) == fault.KindNotFound {
		return nil
	}
	return err
}

// daysText writes the first and the last day.
func daysText(p billing.Period) string {
	if p.IsZero() {
		return ""
	}
	return p.String()
}

func joinedWords(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}

// namesOfOutcomes says in words what bills source lines or holds them.
func (e *Engine) namesOfOutcomes(ctx context.Context, org store.Organization, run store.RunID, desired billing.Desired) (map[string]string, error) {
	names := map[string]string{}
	for _, l := range desired.Lines {
		names[l.Key] = l.Name
	}
	for _, c := range desired.Charges {
		names[c.Key] = c.Name
	}
	var walk store.Walk
	for n := 1; ; n++ {
		page, err := e.Store.PlanFindings(ctx, org.ID, run, store.Page{Number: n, Size: findingsPage, Walk: &walk})
		if err != nil {
			return nil, err
		}
		for _, f := range page.Rows {
			names[f.ID()] = f.Message
		}
		if len(page.Rows) < findingsPage {
			return names, nil
		}
	}
}

// findingsPage is how many findings are read at once.
const findingsPage = 500
