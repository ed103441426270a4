package metrics

import (
	"slices"
	"strings"
)

// Scope registers series that carry its labels, for an owner who removes them together. It is immutable and safe for concurrent use.
//
// Its methods return the metric to record into, the same one when asked again with equal labels. They panic when a name breaks the
// conventions, changes its Desc or kind, or has a label twice: such names are written in code. After Close they return metrics that
// nobody sees.
type Scope struct {
	registry *Registry
	owner    *owner
	labels   []Label
}

// With returns a scope with more labels and the same owner: Close of either removes the series of both.
func (s *Scope) With(labels ...Label) *Scope {
	return &Scope{registry: s.registry, owner: s.owner, labels: slices.Concat(s.labels, labels)}
}

// Counter registers a counter.
func (s *Scope) Counter(desc Desc, labels ...Label) *Counter {
	return s.add(desc, CounterKind, labels, &Counter{}, nil).metric.(*Counter)
}

// Gauge registers a gauge.
func (s *Scope) Gauge(desc Desc, labels ...Label) *Gauge {
	return s.add(desc, GaugeKind, labels, &Gauge{}, nil).metric.(*Gauge)
}

// Histogram registers a histogram.
func (s *Scope) Histogram(desc Desc, labels ...Label) *Histogram {
	return s.add(desc, HistogramKind, labels, &Histogram{}, nil).metric.(*Histogram)
}

// CounterFunc registers a counter that value reads; it must never fall. Value is called at each collection, from any goroutine, and must
// not block. A second registration replaces the first.
func (s *Scope) CounterFunc(desc Desc, value func() float64, labels ...Label) {
	s.add(desc, CounterKind, labels, nil, value)
}

// GaugeFunc registers a gauge that value reads, as CounterFunc does.
func (s *Scope) GaugeFunc(desc Desc, value func() float64, labels ...Label) {
	s.add(desc, GaugeKind, labels, nil, value)
}

// Close removes all series of this scope and of those made from it by With. It may be called twice.
func (s *Scope) Close() {
	s.registry.remove(s.owner)
}

func (s *Scope) add(desc Desc, kind Kind, labels []Label, metric any, value func() float64) *series {
	all := slices.Concat(s.labels, labels)
	slices.SortFunc(all, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
	for i, l := range all {
		if !labelName.MatchString(l.Name) || i > 0 && all[i-1].Name == l.Name {
			panic("metrics: " + desc.Name + ": label " + l.Name + " is malformed or given twice")
		}
		all[i].Value = strings.ToValidUTF8(l.Value, "\uFFFD")
	}
	return s.registry.register(desc, kind, &series{owner: s.owner, labels: all, metric: metric, value: value})
}
