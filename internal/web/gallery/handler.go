package gallery

import (
	"net/http"

	"github.com/a-h/templ"

	"spindle/internal/web/asset"
	"spindle/internal/web/view"
)

// Handler serves an index of the samples at /, each sample at its Path, and the static files. Security headers and compression are for
// who mounts it: they are the console's own.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+asset.Prefix, asset.Handler())
	pages := Pages()
	mux.Handle("GET /{$}", sample(indexPage(pages), http.StatusOK))
	for _, p := range pages {
		mux.Handle("GET "+p.Path(), sample(p.Body, http.StatusOK))
	}
	mux.HandleFunc("GET /o/northwind/runs/{run}/events", silence)
	mux.Handle("/", sample(view.ProblemPage(view.Problem{Title: "This is the gallery", Text: "The pages here are samples: their links and buttons lead nowhere.",
		Remedy: "Go back, or choose another sample.", Back: view.Crumb{Label: "All samples", Href: "/"}}), http.StatusNotFound))
	return mux
}

func sample(page templ.Component, status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_ = page.Render(r.Context(), w) // the reader may have gone
	})
}

// silence is the stream of a run about which there is no news.
func silence(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	if _, err := w.Write([]byte(": nothing moves in a sample\n\n")); err != nil {
		return
	}
	if err := http.NewResponseController(w).Flush(); err != nil {
		return
	}
	<-r.Context().Done()
}
