package metrics_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"wire.example/wire/internal/telemetry/metrics"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func rows() metrics.Desc {
	return metrics.Desc{Name: "wire_rows_total", Help: "Rows that a step took in."}
}

func queue() metrics.Desc {
	return metrics.Desc{Name: "wire_queue_bytes", Help: "Bytes that wait in a queue."}
}

func stall() metrics.Desc {
	return metrics.Desc{Name: "wire_stall_seconds", Help: "Time that a task waited.", Scale: 1e-9}
}

func label(name, value string) metrics.Label {
	return metrics.Label{Name: name, Value: value}
}

// lines shows samples as "name{label=value,…} value".
func lines(r *metrics.Registry) []string {
	var out []string
	for _, s := range r.Samples() {
		labels := make([]string, 0, len(s.Labels))
		for _, l := range s.Labels {
			labels = append(labels, l.Name+"="+l.Value)
		}
		value := s.Value
		if s.Histogram != nil {
			value = float64(s.Histogram.Count)
		}
		out = append(out, fmt.Sprintf("%s %s{%s} %v", s.Kind, s.Desc.Name, strings.Join(labels, ","), value))
	}
	return out
}

func wantLines(t *testing.T, r *metrics.Registry, want ...string) {
	t.Helper()
	if got := lines(r); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestScopeRegistersWithItsLabels(t *testing.T) {
	r := metrics.NewRegistry()
	s := r.Scope(label("pipeline", "p"))
	step := s.With(label("step", "filter"))
	step.Counter(rows(), label("direction", "in")).Add(5)
	step.Counter(rows(), label("direction", "out")).Add(3)
	s.Gauge(queue()).Set(7)
	s.With(label("step", "sink")).Histogram(stall()).Observe(1)
	s.GaugeFunc(metrics.Desc{Name: "wire_lag_seconds", Help: "Lag."}, func() float64 { return 1.5 })
	s.CounterFunc(metrics.Desc{Name: "wire_gets_total", Help: "Gets."}, func() float64 { return 9 })
	wantLines(t, r,
		"counter wire_gets_total{pipeline=p} 9",
		"gauge wire_lag_seconds{pipeline=p} 1.5",
		"gauge wire_queue_bytes{pipeline=p} 7",
		"counter wire_rows_total{direction=in,pipeline=p,step=filter} 5",
		"counter wire_rows_total{direction=out,pipeline=p,step=filter} 3",
		"histogram wire_stall_seconds{pipeline=p,step=sink} 1",
	)
}

func TestSameLabelsGiveTheSameMetric(t *testing.T) {
	s := metrics.NewRegistry().Scope(label("a", "1"))
	one := s.Counter(rows(), label("b", "2"), label("c", "3"))
	if s.With(label("c", "3")).Counter(rows(), label("b", "2")) != one {
		t.Error("the order of labels made another counter")
	}
	if s.Counter(rows(), label("b", "2"), label("c", "4")) == one {
		t.Error("other labels gave the same counter")
	}
	if s.Counter(rows(), label("b", "2=c"), label("c", "")) == s.Counter(rows(), label("b", "2"), label("c", "=c")) {
		t.Error("labels run together")
	}
}

func TestCloseRemovesAPipelinesSeriesOnly(t *testing.T) {
	r := metrics.NewRegistry()
	p, q := r.Scope(label("pipeline", "p")), r.Scope(label("pipeline", "q"))
	counter := p.With(label("step", "s")).Counter(rows())
	p.Gauge(queue())
	q.With(label("step", "s")).Counter(rows()).Add(2)
	p.Close()
	p.Close()
	wantLines(t, r, "counter wire_rows_total{pipeline=q,step=s} 2")
	counter.Add(1) // a task that still runs does no harm
	p.Counter(rows()).Add(1)
	wantLines(t, r, "counter wire_rows_total{pipeline=q,step=s} 2")
	q.Close()
	wantLines(t, r)
	r.Scope().Gauge(metrics.Desc{Name: "wire_queue_bytes", Help: "Another text, now that nobody uses the name."})
}

func TestRestartedPipelineTakesOver(t *testing.T) {
	r := metrics.NewRegistry()
	former, next := r.Scope(label("pipeline", "p")), r.Scope(label("pipeline", "p"))
	former.Counter(rows()).Add(100)
	next.Counter(rows()).Add(1)
	wantLines(t, r, "counter wire_rows_total{pipeline=p} 1")
	former.Close()
	wantLines(t, r, "counter wire_rows_total{pipeline=p} 1")
}

func TestFunctionIsReplaced(t *testing.T) {
	r := metrics.NewRegistry()
	s := r.Scope()
	s.GaugeFunc(queue(), func() float64 { return 1 })
	s.GaugeFunc(queue(), func() float64 { return 2 })
	wantLines(t, r, "gauge wire_queue_bytes{} 2")
}

func TestWrongNamesPanic(t *testing.T) {
	for name, register := range map[string]func(*metrics.Scope){
		"prefix":          func(s *metrics.Scope) { s.Gauge(metrics.Desc{Name: "rows", Help: "x"}) },
		"upper case":      func(s *metrics.Scope) { s.Gauge(metrics.Desc{Name: "wire_Rows", Help: "x"}) },
		"no help":         func(s *metrics.Scope) { s.Gauge(metrics.Desc{Name: "wire_rows"}) },
		"counter":         func(s *metrics.Scope) { s.Counter(metrics.Desc{Name: "wire_rows", Help: "x"}) },
		"gauge of total":  func(s *metrics.Scope) { s.Gauge(metrics.Desc{Name: "wire_rows_total", Help: "x"}) },
		"histogram part":  func(s *metrics.Scope) { s.Gauge(metrics.Desc{Name: "wire_rows_count", Help: "x"}) },
		"other help":      func(s *metrics.Scope) { s.Counter(metrics.Desc{Name: "wire_used_total", Help: "y"}) },
		"label name":      func(s *metrics.Scope) { s.Counter(rows(), label("Step", "")) },
		"label twice":     func(s *metrics.Scope) { s.Counter(rows(), label("own", "")) },
		"label with dash": func(s *metrics.Scope) { s.Counter(rows(), label("a-b", "")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := metrics.NewRegistry().Scope(label("own", "1"))
			s.Counter(metrics.Desc{Name: "wire_used_total", Help: "x"})
			defer func() {
				if v := fmt.Sprint(recover()); !strings.HasPrefix(v, "metrics: ") {
					t.Errorf("recovered %v", v)
				}
			}()
			register(s)
		})
	}
}

// scrape is what Prometheus reads, without the runtime's lines.
func scrape(t *testing.T, r *metrics.Registry) (own, all string) {
	t.Helper()
	answer := httptest.NewRecorder()
	metrics.NewExporter(r).Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, err := io.ReadAll(answer.Result().Body)
	if err != nil || answer.Code != 200 {
		t.Fatalf("status %d, %v: %s", answer.Code, err, body)
	}
	for line := range strings.Lines(string(body)) {
		if strings.Contains(line, "wire_") {
			own += line
		}
	}
	return own, string(body)
}

func TestExporter(t *testing.T) {
	r := metrics.NewRegistry()
	s := r.Scope(label("pipeline", "p"))
	s.Counter(rows(), label("step", "a \"quoted\" \xff name")).Add(12)
	s.Gauge(queue()).Set(-3)
	own, all := scrape(t, r)
	const want = `# HELP wire_queue_bytes Bytes that wait in a queue.
# TYPE wire_queue_bytes gauge
wire_queue_bytes{pipeline="p"} -3
# HELP wire_rows_total Rows that a step took in.
# TYPE wire_rows_total counter
wire_rows_total{pipeline="p",step="a \"quoted\" ` + "\uFFFD" + ` name"} 12
`
	if own != want {
		t.Errorf("got\n%s\nwant\n%s", own, want)
	}
	for _, name := range []string{"go_goroutines", "process_cpu_seconds_total"} {
		if !strings.Contains(all, "\n"+name+" ") {
			t.Errorf("%s is missing", name)
		}
	}
	s.Close()
	if own, _ := scrape(t, r); own != "" {
		t.Errorf("after Close: %s", own)
	}
}

func TestExporterHistograms(t *testing.T) {
	r := metrics.NewRegistry()
	seconds := r.Scope().Histogram(stall())
	for _, nanoseconds := range []uint64{1, 1024, 1025, 1 << 35, 1<<35 + 1} {
		seconds.Observe(nanoseconds)
	}
	sizes := r.Scope().Histogram(metrics.Desc{Name: "wire_batch_rows", Help: "Rows of a batch."})
	sizes.Observe(1)
	sizes.Observe(4096)
	own, _ := scrape(t, r)
	for _, want := range []string{
		"# TYPE wire_stall_seconds histogram\n",
		"wire_stall_seconds_bucket{le=\"1.024e-06\"} 2\n",
		"wire_stall_seconds_bucket{le=\"2.048e-06\"} 3\n",
		"wire_stall_seconds_bucket{le=\"34.359738368\"} 4\n",
		"wire_stall_seconds_bucket{le=\"+Inf\"} 5\n",
		"wire_stall_seconds_count 5\n",
		"wire_batch_rows_bucket{le=\"1\"} 1\n",
		"wire_batch_rows_bucket{le=\"1024\"} 1\n",
		"wire_batch_rows_bucket{le=\"4096\"} 2\n",
		"wire_batch_rows_sum 4097\n",
	} {
		if !strings.Contains(own, want) {
			t.Errorf("missing %q in\n%s", want, own)
		}
	}
}

func TestScrapesAndRegistrationsAtOnce(t *testing.T) {
	r := metrics.NewRegistry()
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for range 50 {
				s := r.Scope(label("pipeline", fmt.Sprint(i)))
				s.Counter(rows()).Inc()
				s.GaugeFunc(queue(), func() float64 { return 1 })
				r.Samples()
				s.Close()
			}
		})
	}
	group.Wait()
	wantLines(t, r)
}
