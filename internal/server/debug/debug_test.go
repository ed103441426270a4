package debug_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/server/debug"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/telemetry/metrics"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/connector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plan is a source that two steps, a stage and two sinks are behind.
func plan() *physical.Plan {
	file, hole := &connector.SourceType{Name: "file"}, &connector.SinkType{Name: "blackhole"}
	out, rest := &physical.Sink{Name: "out", Type: hole}, &physical.Sink{Name: "rest", Type: hole, OnError: physical.DeadLetter}
	dead := &physical.Sink{Name: "dead_letters", Type: hole}
	project := &physical.Step{Name: "project", Detail: "select a", Ports: [][]physical.Edge{{{Sink: out}}}}
	tally := &physical.Stage{Name: "tally", Tasks: 3, Inputs: 1, Head: &physical.Step{Name: "count", Ports: [][]physical.Edge{{{Sink: rest}}}}}
	toTally := physical.Edge{Exchange: &physical.Exchange{Kind: physical.Hash, Keys: []int{0}, To: physical.Input{Stage: tally}}}
	split := &physical.Step{Name: "split", Detail: "price > 5", OnError: physical.Drop, Ports: [][]physical.Edge{{{Step: project}}, {toTally, {Step: project}}}}
	return &physical.Plan{
		Stages: []*physical.Stage{tally},
		Name:   "bids <1>", Parallelism: 2, DeadLetters: dead, Sinks: []*physical.Sink{out, rest},
		Sources: []*physical.Source{{Name: "bid", Type: file, Next: []physical.Edge{{Step: split}}}},
	}
}

// report is one of plan's after n records.
func report(n int64) flow.Report {
	return flow.Report{
		Sources: []flow.SourceReport{{
			Name: "bid", Records: n, Rows: n - 3, Filtered: 2, Rejected: 1, Bytes: n * 100, Blocks: 4,
			MaxEventTime: 1436918400_500000, HasEventTime: true, Idle: 2, Done: 25, Total: 100,
		}},
		Steps: []flow.StepReport{
			{Name: "split", Detail: "price > 5", Counts: op.Counts{In: n - 3, Forwarded: n - 3, Emitted: n - 3}},
			{Name: "project", Detail: "select a", Counts: op.Counts{In: 20, Forwarded: 10, Absorbed: 5, Filtered: 1, Late: 1, Rejected: 1, Held: 2, Emitted: 10}},
		},
		Stages: []flow.StageReport{{Name: "tally", Tasks: 3, Queued: 5, QueueEntries: 12}},
		Sinks: []flow.SinkReport{
			{Name: "out", In: 10, Rows: 9, Rejected: 1, Bytes: 90, Epochs: 2, Queued: 1, QueueEntries: 4},
			{Name: "rest", In: 5, Rows: 5, Summary: map[string]string{"checksum": "0123"}},
			{Name: "dead_letters"},
		},
	}
}

// server is the interface of plan under test.
type server struct {
	*debug.Server
	t       *testing.T
	client  *http.Client
	records atomic.Int64
	reports atomic.Int64
	sick    atomic.Pointer[error]
}

func start(t *testing.T) *server { return startWith(t, metrics.NewRegistry()) }

// startWith serves what is in registry, too.
func startWith(t *testing.T, registry *metrics.Registry) *server {
	t.Helper()
	transport := &http.Transport{}
	s := &server{t: t, client: &http.Client{Transport: transport}}
	s.records.Store(100)
	pool := &batch.Pool{}
	pool.Put(pool.Get(100))
	pool.Get(100)
	handler := debug.NewHandler(debug.Pipeline{
		Plan:   plan(),
		Report: func() flow.Report { s.reports.Add(1); return report(s.records.Load()) },
		Health: func() error {
			if err := s.sick.Load(); err != nil {
				return *err
			}
			return nil
		},
		Uptime: func() time.Duration { return 90 * time.Second }, Pool: pool,
		State: func() store.Stats {
			return store.Stats{Asked: 1, Spared: 2, Lookups: 3, Found: 4, FilterHits: 5, FilterMisses: 6, CacheHits: 7, CacheMiss: 8}
		}, Version: "1.2.3", Commit: "abc",
	}, registry)
	var err error
	if s.Server, err = debug.Start(t.Context(), "127.0.0.1:0", handler); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// get returns the answer to a request for path.
func (s *server) get(path string) (status int, header http.Header, body string) {
	s.t.Helper()
	return s.do(http.MethodGet, path)
}

func (s *server) do(method, path string) (status int, header http.Header, body string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.Addr()+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}

// wire returns the lines of a scrape that are Wire's own.
func (s *server) wire() map[string]string {
	s.t.Helper()
	status, _, body := s.get("/metrics")
	if status != http.StatusOK {
		s.t.Fatalf("status %d: %s", status, body)
	}
	values := map[string]string{}
	scanner := bufio.NewScanner(strings.NewReader(body))
	for scanner.Scan() {
		if line := scanner.Text(); strings.HasPrefix(line, "wire_") {
			at := strings.LastIndexByte(line, ' ')
			values[line[:at]] = line[at+1:]
		}
	}
	return values
}

func TestMetricsAreTheReports(t *testing.T) {
	s := start(t)
	const pipeline = `{pipeline="bids <1>"`
	want := map[string]string{
		`wire_source_records_total` + pipeline + `,source="bid"}`:           "100",
		`wire_source_rows_total` + pipeline + `,source="bid"}`:              "97",
		`wire_source_filtered_total` + pipeline + `,source="bid"}`:          "2",
		`wire_source_rejected_total` + pipeline + `,source="bid"}`:          "1",
		`wire_source_bytes_total` + pipeline + `,source="bid"}`:             "10000",
		`wire_source_blocks_total` + pipeline + `,source="bid"}`:            "4",
		`wire_source_idle_total` + pipeline + `,source="bid"}`:              "2",
		`wire_source_event_time_seconds` + pipeline + `,source="bid"}`:      "1.4369184005e+09",
		`wire_source_progress_ratio` + pipeline + `,source="bid"}`:          "0.25",
		`wire_step_rows_in_total` + pipeline + `,step="split"}`:             "97",
		`wire_step_rows_in_total` + pipeline + `,step="project"}`:           "20",
		`wire_step_rows_out_total` + pipeline + `,step="project"}`:          "10",
		`wire_step_rows_forwarded_total` + pipeline + `,step="project"}`:    "10",
		`wire_step_rows_absorbed_total` + pipeline + `,step="project"}`:     "5",
		`wire_step_rows_filtered_total` + pipeline + `,step="project"}`:     "1",
		`wire_step_rows_late_total` + pipeline + `,step="project"}`:         "1",
		`wire_step_rows_rejected_total` + pipeline + `,step="project"}`:     "1",
		`wire_step_rows_held` + pipeline + `,step="project"}`:               "2",
		`wire_sink_rows_in_total` + pipeline + `,sink="out"}`:               "10",
		`wire_sink_rows_written_total` + pipeline + `,sink="out"}`:          "9",
		`wire_sink_rows_rejected_total` + pipeline + `,sink="out"}`:         "1",
		`wire_sink_bytes_total` + pipeline + `,sink="out"}`:                 "90",
		`wire_sink_epochs_total` + pipeline + `,sink="out"}`:                "2",
		`wire_stage_queue_batches` + pipeline + `,stage="tally"}`:           "5",
		`wire_stage_queue_limit_batches` + pipeline + `,stage="tally"}`:     "12",
		`wire_sink_queue_chunks` + pipeline + `,sink="out"}`:                "1",
		`wire_sink_queue_limit_chunks` + pipeline + `,sink="out"}`:          "4",
		`wire_sink_rows_written_total` + pipeline + `,sink="rest"}`:         "5",
		`wire_sink_rows_written_total` + pipeline + `,sink="dead_letters"}`: "0",
		`wire_pool_gets_total` + pipeline + `}`:                             "2",
		`wire_pool_puts_total` + pipeline + `}`:                             "1",
		`wire_pool_misses_total` + pipeline + `}`:                           "1",
		`wire_pool_lent_bytes` + pipeline + `}`:                             "1024",
		`wire_state_keys_asked_total` + pipeline + `}`:                      "1",
		`wire_state_keys_spared_total` + pipeline + `}`:                     "2",
		`wire_state_lookups_total` + pipeline + `}`:                         "3",
		`wire_state_entries_found_total` + pipeline + `}`:                   "4",
		`wire_state_filter_hits_total` + pipeline + `}`:                     "5",
		`wire_state_filter_misses_total` + pipeline + `}`:                   "6",
		`wire_state_cache_hits_total` + pipeline + `}`:                      "7",
		`wire_state_cache_misses_total` + pipeline + `}`:                    "8",
		`wire_build_info{commit="abc",version="1.2.3"}`:                     "1",
	}
	got := s.wire()
	for series, value := range want {
		if got[series] != value {
			t.Errorf("%s is %q, want %s", series, got[series], value)
		}
	}
	before := s.reports.Load()
	s.records.Store(250)
	if got := s.wire()[`wire_source_records_total`+pipeline+`,source="bid"}`]; got != "250" {
		t.Errorf("at the next scrape %s", got)
	}
	if n := s.reports.Load() - before; n != 1 {
		t.Errorf("a scrape took %d reports, want one", n)
	}
}

func TestMetricsFollowTheConventions(t *testing.T) {
	s := start(t)
	_, header, body := s.get("/metrics")
	if got := header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Errorf("content type %s", got)
	}
	for _, family := range []string{"process_cpu_seconds_total", "go_goroutines"} {
		if !strings.Contains(body, "\n"+family+" ") {
			t.Errorf("no %s", family)
		}
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "wire_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func TestValuesThatAreNotKnown(t *testing.T) {
	registry := metrics.NewRegistry()
	debug.NewHandler(debug.Pipeline{Plan: &physical.Plan{Name: "p"}, Report: func() flow.Report {
		return flow.Report{Sources: []flow.SourceReport{{Name: "s", Total: -1}}}
	}}, registry)
	unknown := 0
	for _, sample := range registry.Samples() {
		if sample.Value != sample.Value { // only NaN differs from itself
			unknown++
		}
	}
	if unknown != 2 {
		t.Errorf("%d values are not known, want event time and progress", unknown)
	}
}

func TestAReportThatBecomesShorterIsNoPanic(t *testing.T) {
	registry, calls := metrics.NewRegistry(), 0
	handler := debug.NewHandler(debug.Pipeline{Plan: plan(), Report: func() flow.Report {
		if calls++; calls > 1 {
			return flow.Report{}
		}
		return report(10)
	}}, registry)
	s, err := debug.Start(t.Context(), "127.0.0.1:0", handler)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	server := &server{Server: s, t: t, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	if got := server.wire()[`wire_source_records_total{pipeline="bids <1>",source="bid"}`]; got != "0" {
		t.Errorf("%s", got)
	}
	if status, _, _ := server.get("/debug/pipeline"); status != http.StatusOK {
		t.Errorf("status %d without pool, health and uptime", status)
	}
	if _, _, body := server.get("/healthz"); body != "ok\n" {
		t.Errorf("%q", body)
	}
}

func TestHealth(t *testing.T) {
	s := start(t)
	if status, _, body := s.get("/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("%d %q", status, body)
	}
	sick := errors.New(`sink "out": connection refused for 12 s`)
	s.sick.Store(&sick)
	if status, _, body := s.get("/healthz"); status != http.StatusServiceUnavailable || body != sick.Error()+"\n" {
		t.Errorf("%d %q", status, body)
	}
	if _, _, body := s.get("/debug/pipeline"); !strings.Contains(body, `"health": "sink \"out\": connection refused for 12 s"`) {
		t.Errorf("%s", body)
	}
}

func TestPipelineAsJSON(t *testing.T) {
	s := start(t)
	status, header, body := s.get("/debug/pipeline")
	if status != http.StatusOK || header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v", status, header)
	}
	var got debug.Status
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Pipeline != "bids <1>" || got.UptimeSeconds != 90 || got.Health != "ok" || got.Version != "1.2.3" || got.Pool.LentBytes != 1024 {
		t.Errorf("%+v", got)
	}
	if r := got.Report; len(r.Sources) != 1 || r.Sources[0].Records != 100 || r.Steps[1].Late != 1 || r.Sinks[1].Summary["checksum"] != "0123" {
		t.Errorf("%+v", r)
	}
	text, err := json.Marshal(got.Plan)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"parallelism":2,"sources":[{"name":"bid","connector":"file","on_error":"fail","next":["split"]}],` +
		`"stages":[{"name":"tally","tasks":3,"head":"count"}],"steps":[{"name":"split","detail":"price \u003e 5","on_error":"drop","ports":[["project"],["count","project"]]},` +
		`{"name":"project","detail":"select a","on_error":"fail","ports":[["out"]]},{"name":"count","detail":"","on_error":"fail","ports":[["rest"]]}],` +
		`"sinks":[{"name":"out","connector":"blackhole","on_error":"fail"},{"name":"rest","connector":"blackhole","on_error":"dead_letter"},` +
		`{"name":"dead_letters","connector":"blackhole","on_error":"fail"}],"dead_letters":"dead_letters"}`
	if string(text) != want {
		t.Errorf("plan\n%s\nwant\n%s", text, want)
	}
}

func TestIndexLinksAll(t *testing.T) {
	s := start(t)
	status, _, body := s.get("/")
	if status != http.StatusOK || !strings.Contains(body, "<h1>bids &lt;1&gt;</h1>") || !strings.Contains(body, "price &gt; 5\n") {
		t.Errorf("%d %s", status, body)
	}
	for _, path := range []string{"/metrics", "/healthz", "/debug/pipeline", "/debug/pprof/"} {
		if !strings.Contains(body, `href="`+path+`"`) {
			t.Errorf("no link to %s", path)
		}
		if status, _, _ := s.get(path); status != http.StatusOK {
			t.Errorf("%s: status %d", path, status)
		}
	}
	if status, _, _ := s.get("/nothing"); status != http.StatusNotFound {
		t.Errorf("status %d for what is not there", status)
	}
	if status, _, _ := s.do(http.MethodPost, "/healthz"); status != http.StatusMethodNotAllowed {
		t.Errorf("status %d for a POST", status)
	}
}

func TestProfiles(t *testing.T) {
	s := start(t)
	for path, want := range map[string]string{
		"/debug/pprof/goroutine?debug=1":  "goroutine profile: total ",
		"/debug/pprof/heap?debug=1":       "heap profile: ",
		"/debug/pprof/cmdline":            "debug.test",
		"/debug/pprof/symbol":             "num_symbols: 1",
		"/debug/pprof/trace?seconds=0.01": "go 1.",
	} {
		if status, _, body := s.get(path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, lacks %q", path, status, want)
		}
	}
}

// Close ends a profile that would take half a minute.
func TestCloseDoesNotWaitForAProfile(t *testing.T) {
	s := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr()+"/debug/pprof/trace?seconds=3600", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.client.Do(request) // the header comes when the trace has begun
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(response.Body); err == nil {
		t.Error("the trace came to its end")
	}
}

func TestCloseFreesTheAddress(t *testing.T) {
	s, err := debug.Start(t.Context(), "127.0.0.1:0", http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	again, err := debug.Start(t.Context(), s.Addr(), http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestAddressesThatCannotBeServed(t *testing.T) {
	var config net.ListenConfig
	taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, addr := range []string{taken.Addr().String(), "127.0.0.1", "127.0.0.1:http:x", "no.such.host.invalid:1"} {
		_, err := debug.Start(t.Context(), addr, http.NotFoundHandler())
		if err == nil || !strings.HasPrefix(err.Error(), "--listen "+addr+": listen tcp") {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
