package web

import (
	"iter"
	"net/http"

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
	if err := table.Write(w, format); err != nil {
		r.s.Log.ErrorContext(r.Context(), "an export broke off", "table", table.Name, "error", err)
		panic(http.ErrAbortHandler) // the browser sees a broken download instead of a file that looks whole
	}
	return nil
}

// exportPage is how many rows an export reads at once.
const exportPage = 500

// pages makes the rows of an export from a list of the store: every row that the filters choose.
func pages[T any](r *request, list func(store.Page) (store.Listed[T], error), record func(T) []string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for row, err := range eachRow(r, list) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(record(row), nil) {
				return
			}
		}
	}
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
