package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"spindle/internal/fault"
)

// stopTime is how long requests and jobs may take to end when the process is asked to stop. An apply cut off is settled at the next start.
const stopTime = 30 * time.Second

// Serve runs the console, the schedule, the worker and the health endpoints until ctx ends. ready is called once they are up.
func (a *App) Serve(ctx context.Context, ready func(Serving)) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.Config.Listen)
	if err != nil {
		return fault.Invalidf("%w", err).Do("choose another address with --listen HOST:PORT; port 0 takes any free one")
	}
	queue, err := a.Queue(ctx)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := queue.Start(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	serving := Serving{URL: first(a.Config.PublicURL, "http://"+listener.Addr().String())}
	closing := make(chan struct{}) // streams of events end when it closes; Shutdown would wait for them
	console, start, err := a.console(ctx, queue, serving.URL, closing)
	if err != nil {
		return errors.Join(err, listener.Close(), queue.Stop(ctx))
	}
	serving.StartPath = start
	server := &http.Server{Handler: a.handler(console), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	server.RegisterOnShutdown(func() { close(closing) })
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	ready(serving)
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	return errors.Join(err, server.Shutdown(stop), queue.Stop(stop))
}

// handler answers the health checks and the metrics; the rest is the console.
func (a *App) handler(console http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", console)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := a.Store.Ping(ctx); err != nil {
			a.Log.ErrorContext(ctx, "not ready", "error", err)
			answer(w, http.StatusServiceUnavailable, "the database does not answer")
			return
		}
		answer(w, http.StatusOK, "ready")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics(), promhttp.HandlerOpts{}))
	return mux
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the client may have gone
}

// metrics are read from the counters and the database when somebody asks.
func (a *App) metrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &metrics{app: a})
	return registry
}

type metrics struct{ app *App }

func callsDesc() *prometheus.Desc {
	return prometheus.NewDesc("spindle_vendor_calls_total", "Calls made by this process, by vendor and endpoint.", []string{"vendor", "endpoint"}, nil)
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) { ch <- callsDesc() }

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	for vendor, counts := range map[string]map[string]int{"autotask": m.app.calls.Autotask.Counts(), "microsoft": m.app.calls.Microsoft.Counts()} {
		for endpoint, n := range counts {
			ch <- prometheus.MustNewConstMetric(callsDesc(), prometheus.CounterValue, float64(n), vendor, endpoint)
		}
	}
}
