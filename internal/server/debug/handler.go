package debug

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/pprof" //nolint:gosec // its handlers are mounted here; nothing serves the default mux, on which it also puts them
	"sync/atomic"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/flow/summary"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/telemetry/metrics"
	"wire.example/wire/sdk/batch"
)

// Pipeline is what the interface shows.
type Pipeline struct {
	Plan *physical.Plan
	// Report returns the account so far, from any goroutine.
	Report func() flow.Report
	// Health returns nil, or why the pipeline does not work as it should. nil means always well.
	Health func() error
	// Uptime is the time since the start.
	Uptime func() time.Duration
	Pool   *batch.Pool
	// State returns what the store of the pipeline's state counts, from any goroutine. nil: there is none.
	State func() store.Stats
	// Version and Commit are the program's.
	Version, Commit string
}

// handler answers requests about one pipeline.
type handler struct {
	Pipeline
	exporter http.Handler
	// latest is the report that metrics read their values off.
	latest atomic.Pointer[flow.Report]
	// counted is what the store counted then.
	counted atomic.Pointer[store.Stats]
}

// NewHandler returns the interface of p, whose report must name all its parts by now: call it after flow.Build. It registers p's metrics with registry, to be shown with all that is there; they stay until the
// registry is dropped.
func NewHandler(p Pipeline, registry *metrics.Registry) http.Handler {
	h := &handler{Pipeline: p, exporter: metrics.NewExporter(registry).Handler()}
	h.refresh()
	h.register(registry)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.index)
	mux.HandleFunc("GET /metrics", h.metrics)
	mux.HandleFunc("GET /healthz", h.health)
	mux.HandleFunc("GET /debug/pipeline", h.pipeline)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// refresh takes a new report.
func (h *handler) refresh() *flow.Report {
	r := h.Report()
	h.latest.Store(&r)
	if h.State != nil {
		stats := h.State()
		h.counted.Store(&stats)
	}
	return &r
}

func (h *handler) metrics(w http.ResponseWriter, r *http.Request) {
	h.refresh()
	h.exporter.ServeHTTP(w, r)
}

func (h *handler) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if h.Health != nil {
		if err := h.Health(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			reply(w, err.Error()+"\n")
			return
		}
	}
	reply(w, "ok\n")
}

func (h *handler) index(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	page := fmt.Sprintf("<!doctype html>\n<title>wire: %[1]s</title>\n<h1>%[1]s</h1>\n<ul>\n", html.EscapeString(h.Plan.Name))
	for _, link := range [][2]string{
		{"/metrics", "metrics for Prometheus"},
		{"/healthz", "health"},
		{"/debug/pipeline", "plan and live counts, as JSON"},
		{"/debug/pprof/", "profiles of the process"},
	} {
		page += fmt.Sprintf("<li><a href=\"%[1]s\">%[1]s</a>: %[2]s</li>\n", link[0], link[1])
	}
	reply(w, page+"</ul>\n<pre>"+html.EscapeString(h.Plan.String())+"</pre>\n")
}

// Status is what /debug/pipeline shows.
type Status struct {
	Pipeline      string         `json:"pipeline"`
	Version       string         `json:"version"`
	Commit        string         `json:"commit"`
	UptimeSeconds float64        `json:"uptime_seconds"`
	Health        string         `json:"health"`
	Plan          Plan           `json:"plan"`
	Report        summary.Report `json:"report"`
	Pool          Pool           `json:"pool"`
}

// Pool is the memory of batches.
type Pool struct {
	Gets      int64 `json:"gets"`
	Puts      int64 `json:"puts"`
	Misses    int64 `json:"misses"`
	LentBytes int64 `json:"lent_bytes"`
}

func (h *handler) pipeline(w http.ResponseWriter, _ *http.Request) {
	s := Status{
		Pipeline: h.Plan.Name, Version: h.Version, Commit: h.Commit, Health: "ok", Plan: planOf(h.Plan), Report: summary.Of(*h.refresh()),
	}
	if h.Uptime != nil {
		s.UptimeSeconds = h.Uptime().Seconds()
	}
	if h.Health != nil {
		if err := h.Health(); err != nil {
			s.Health = err.Error()
		}
	}
	if h.Pool != nil {
		st := h.Pool.Stats()
		s.Pool = Pool{Gets: st.Gets, Puts: st.Puts, Misses: st.Misses, LentBytes: st.Bytes}
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	reply(w, string(text)+"\n")
}

// reply writes a body. A client that went away is not ours to report.
func reply(w http.ResponseWriter, text string) {
	_, _ = w.Write([]byte(text))
}
