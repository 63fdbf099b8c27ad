package web

import (
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/sheet"
	"spindle/internal/store"
)

// export sends a table as a file. Once the first bytes are on their way an error can only break the file off, and is logged.
func (r *request) export(w http.ResponseWriter, as string, table sheet.Table) error {
	format, err := sheet.ParseFormat(as)
	if err != nil {
		return err
	}
	name := string(r.org.ID) + "-" + table.Name + "-" + r.s.Now().UTC().Format("20060102") + "." + string(format)
	w.Header().Set("Content-Type", format.ContentType())
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	r.endTurn()
	if err := table.Write(w, format); err != nil {
		r.s.Log.ErrorContext(r.Context(), "an export broke off", "table", table.Name, "error", err)
		panic(http.ErrAbortHandler) // the browser sees a broken download instead of a file that looks whole
	}
	return nil
}

// exportOne sends one of the tables of a page that has several: the one that the address names, or the one without a name.
func (r *request) exportOne(w http.ResponseWriter, as string, tables map[string]sheet.Table) error {
	of := r.URL.Query().Get("of")
	table, found := tables[of]
	if !found {
		names := slices.DeleteFunc(slices.Sorted(maps.Keys(tables)), func(name string) bool { return name == "" })
		return fault.Invalidf("this page has no table %q", of).WithField("of").Do("choose " + strings.Join(names, ", "))
	}
	return r.export(w, as, table)
}

// exportPage is how many rows an export reads at once.
const exportPage = 500

// pages makes the rows of an export from a list of the store: every row that the filters choose.
func pages[T any](r *request, list func(store.Page) (store.Listed[T], error), record func(T) []string) iter.Seq2[[]string, error] {
	return spread(r, list, func(row T) [][]string { return [][]string{record(row)} })
}

// spread is pages for lists of which a row may be several of the file, such as one per currency.
func spread[T any](r *request, list func(store.Page) (store.Listed[T], error), records func(T) [][]string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for row, err := range eachRow(r, list) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, record := range records(row) {
				if !yield(record, nil) {
					return
				}
			}
		}
	}
}

// moment writes a time for programs; "" for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// currencies lists the currencies of sums, in order.
func currencies(all ...money.Totals) []money.Currency {
	found := map[money.Currency]bool{}
	for _, t := range all {
		for _, a := range t.Amounts() {
			found[a.Currency()] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// orNone gives a row without money its one row in a file.
func orNone(found []money.Currency) []money.Currency {
	if len(found) == 0 {
		return []money.Currency{""}
	}
	return found
}

// costPriceMargin writes figures in one currency.
func costPriceMargin(f store.Figures, c money.Currency) []string {
	return []string{f.Cost.In(c).Number(), f.Price.In(c).Number(), f.Margin.In(c).Number()}
}

// eachRow reads a list of the store page by page. An error ends it.
func eachRow[T any](r *request, list func(store.Page) (store.Listed[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		var walk store.Walk
		for n := 1; ; n++ {
			if err := r.Context().Err(); err != nil {
				yield(none, err)
				return
			}
			found, err := list(store.Page{Number: n, Size: exportPage, Walk: &walk})
			if err != nil {
				yield(none, err)
				return
			}
			for _, row := range found.Rows {
				if !yield(row, nil) {
					return
				}
			}
			if len(found.Rows) < exportPage {
				return
			}
		}
	}
}
