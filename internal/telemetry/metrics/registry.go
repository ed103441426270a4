package metrics

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Kind is the kind of a family.
type Kind uint8

// The kinds, as Prometheus names them.
const (
	CounterKind Kind = iota
	GaugeKind
	HistogramKind
)

// String is Prometheus' word for the kind.
func (k Kind) String() string {
	switch k {
	case CounterKind:
		return "counter"
	case GaugeKind:
		return "gauge"
	default:
		return "histogram"
	}
}

// Label is a name and a value that tell series of one family apart.
type Label struct {
	Name  string
	Value string
}

// Desc describes a family: all series of one name. Two registrations of a name must agree on it.
type Desc struct {
	// Name is wire_subject_unit, in base units (seconds, bytes, rows); a counter's ends in _total.
	Name string
	// Help is one sentence.
	Help string
	// Scale multiplies what a Histogram observed to give the unit of the name: 1e-9 for nanoseconds in a family in seconds. 0: 1. Counters,
	// gauges and functions give the unit themselves.
	Scale float64
}

// Registry holds families of series. It is safe for concurrent use.
type Registry struct {
	mu       sync.RWMutex
	families map[string]*family
}

// family is the series of one name.
type family struct {
	desc   Desc
	kind   Kind
	series map[string]*series // by key of the labels
}

// series is one metric with its labels. One of the values is set.
type series struct {
	owner  *owner
	labels []Label
	metric any // *Counter, *Gauge or *Histogram; nil for a function
	value  func() float64
}

// owner is what Close removes; scopes derived by With share it. It must not be of size zero, as it is told apart by address.
type owner struct{ closed bool }

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{families: map[string]*family{}}
}

// Scope returns a scope of its own, whose series all carry labels and are removed by its Close.
func (r *Registry) Scope(labels ...Label) *Scope {
	return &Scope{registry: r, owner: &owner{}, labels: labels}
}

// register adds a series, or returns the one that the same owner has under the name and labels. That of another owner is replaced: it is
// a former run of the same pipeline that is still stopping.
func (r *Registry) register(desc Desc, kind Kind, s *series) *series {
	key := keyOf(s.labels)
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.owner.closed {
		return s // counts on, unseen
	}
	f := r.families[desc.Name]
	if f == nil {
		mustFollowConventions(desc, kind)
		f = &family{desc: desc, kind: kind, series: map[string]*series{}}
		r.families[desc.Name] = f
	}
	if f.desc != desc || f.kind != kind {
		panic(fmt.Sprintf("metrics: %s is registered as %s %+v and as %s %+v", desc.Name, f.kind, f.desc, kind, desc))
	}
	if old := f.series[key]; old != nil && old.owner == s.owner && old.metric != nil && s.metric != nil {
		return old
	}
	f.series[key] = s
	return s
}

// remove drops an owner's series, and families that are empty then.
func (r *Registry) remove(o *owner) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o.closed = true
	for name, f := range r.families {
		for key, s := range f.series {
			if s.owner == o {
				delete(f.series, key)
			}
		}
		if len(f.series) == 0 {
			delete(r.families, name)
		}
	}
}

// Sample is one series at one time. Histogram is set, and Value is not, for a histogram.
type Sample struct {
	Desc      Desc
	Kind      Kind
	Labels    []Label // in the order of names; not to be changed
	Value     float64
	Histogram *HistogramSnapshot
}

// Samples reads every series, in the order of names and labels. Functions are called without a lock held, in this goroutine.
func (r *Registry) Samples() []Sample {
	type entry struct {
		key    string
		series *series
		sample Sample
	}
	var entries []entry
	r.mu.RLock()
	for _, f := range r.families {
		for key, s := range f.series {
			entries = append(entries, entry{key, s, Sample{Desc: f.desc, Kind: f.kind, Labels: s.labels}})
		}
	}
	r.mu.RUnlock()
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.sample.Desc.Name, b.sample.Desc.Name), cmp.Compare(a.key, b.key))
	})
	samples := make([]Sample, len(entries))
	for i, e := range entries {
		e.series.read(&e.sample)
		samples[i] = e.sample
	}
	return samples
}

// read puts the present value into a sample.
func (s *series) read(into *Sample) {
	switch m := s.metric.(type) {
	case *Counter:
		into.Value = float64(m.Value())
	case *Gauge:
		into.Value = float64(m.Value())
	case *Histogram:
		into.Histogram = m.Snapshot()
	default:
		into.Value = s.value()
	}
}

// keyOf is a string that differs for different labels, which are in the order of names. A byte that no UTF-8 text has separates them.
func keyOf(labels []Label) string {
	var b strings.Builder
	for _, l := range labels {
		b.WriteString(l.Name + "\xff" + l.Value + "\xff")
	}
	return b.String()
}

var ( //nolint:gochecknoglobals // immutable
	familyName = regexp.MustCompile(`^wire(_[a-z][a-z0-9]*)+$`)
	labelName  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// mustFollowConventions panics over names that break https://prometheus.io/docs/practices/naming/: they are written in code.
func mustFollowConventions(desc Desc, kind Kind) {
	problem := ""
	switch {
	case !familyName.MatchString(desc.Name):
		problem = "must be wire_ and lower-case words"
	case desc.Help == "":
		problem = "needs help"
	case strings.HasSuffix(desc.Name, "_total") != (kind == CounterKind):
		problem = "must end in _total if, and only if, it is a counter"
	case strings.HasSuffix(desc.Name, "_count"), strings.HasSuffix(desc.Name, "_sum"), strings.HasSuffix(desc.Name, "_bucket"):
		problem = "must not end as the parts of a histogram do"
	}
	if problem != "" {
		panic(fmt.Sprintf("metrics: %s %q %s", kind, desc.Name, problem))
	}
}
