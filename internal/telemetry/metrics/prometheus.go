package metrics

import (
	"math"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Exporter serves a registry, the Go runtime's and the process's metrics to Prometheus.
type Exporter struct {
	gatherer *prometheus.Registry
}

// NewExporter returns an exporter of what r holds at each scrape.
func NewExporter(r *Registry) *Exporter {
	gatherer := prometheus.NewRegistry()
	gatherer.MustRegister(
		collector{r},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return &Exporter{gatherer: gatherer}
}

// Handler answers scrapes, usually at /metrics.
func (e *Exporter) Handler() http.Handler {
	return promhttp.HandlerFor(e.gatherer, promhttp.HandlerOpts{})
}

// collector presents a Registry to client_golang.
type collector struct {
	registry *Registry
}

// Describe sends nothing, which tells client_golang that the series come and go.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the present value of every series. One that client_golang refuses becomes an error of the scrape.
func (c collector) Collect(out chan<- prometheus.Metric) {
	for _, sample := range c.registry.Samples() {
		names, values := make([]string, len(sample.Labels)), make([]string, len(sample.Labels))
		for i, l := range sample.Labels {
			names[i], values[i] = l.Name, l.Value
		}
		desc := prometheus.NewDesc(sample.Desc.Name, sample.Desc.Help, names, nil)
		metric, err := convert(desc, &sample, values)
		if err != nil {
			metric = prometheus.NewInvalidMetric(desc, err)
		}
		out <- metric
	}
}

func convert(desc *prometheus.Desc, s *Sample, labels []string) (prometheus.Metric, error) {
	switch s.Kind {
	case CounterKind:
		return prometheus.NewConstMetric(desc, prometheus.CounterValue, s.Value, labels...)
	case GaugeKind:
		return prometheus.NewConstMetric(desc, prometheus.GaugeValue, s.Value, labels...)
	default:
		scale := s.Desc.Scale
		if scale == 0 {
			scale = 1
		}
		counts := bounds(s.Histogram, powersOf(s.Desc), scale)
		return prometheus.NewConstHistogram(desc, s.Histogram.Count, float64(s.Histogram.Sum)*scale, counts, labels...)
	}
}

// powers are the exported bounds of a histogram: 2^first to 2^last of what was observed. They are the same for all series of a family, so
// that Prometheus can add them up.
type powers struct{ first, last, step int }

// powersOf gives 1 µs to 34 s, doubling, to nanoseconds in a family of seconds, and 1 to 2^40 by fours to counts and bytes.
func powersOf(desc Desc) powers {
	if strings.HasSuffix(desc.Name, "_seconds") {
		return powers{first: 10, last: 35, step: 1}
	}
	return powers{first: 0, last: 40, step: 2}
}

// bounds gives the cumulative counts by upper bound in the family's unit.
func bounds(s *HistogramSnapshot, p powers, scale float64) map[float64]uint64 {
	counts := make(map[float64]uint64, (p.last-p.first)/p.step+1)
	for power := p.first; power <= p.last; power += p.step {
		counts[math.Ldexp(scale, power)] = s.AtMost(power)
	}
	return counts
}
