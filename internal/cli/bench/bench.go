package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"

	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/internal/foundation/clock"
)

// Settings are what a run measures and how.
type Settings struct {
	// Program is the wire binary; each measurement is a process of it.
	Program string
	// Events and Short are the lengths of the two inputs, in events.
	Events, Short int64
	// Runs is how many pairs are measured; the median counts.
	Runs int
	// Match selects cases by name; nil means all.
	Match *regexp.Regexp
	// Dir is where inputs and outputs go; "" means a temporary folder that is removed.
	Dir   string
	Clock clock.Clock
	// Progress hears what is being done, a line at a time.
	Progress io.Writer
	// Version and Commit name the build in the result.
	Version, Commit string
}

// Result is one run of the list, with what is needed to understand it later.
type Result struct {
	Version string      `json:"version"`
	Commit  string      `json:"commit"`
	Go      string      `json:"go"`
	CPU     string      `json:"cpu"`
	Cores   int         `json:"cores"`
	Events  int64       `json:"events"`
	Short   int64       `json:"short"`
	Runs    int         `json:"runs"`
	Bytes   int64       `json:"bytes_an_event"`
	Cases   []CaseCost  `json:"cases"`
	Other   []OtherCost `json:"other"`
}

// CaseCost is what one pipeline costs.
type CaseCost struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
	// NanosPerEvent is CPU time at parallelism 1: the median; Least and Most bound the runs.
	NanosPerEvent float64 `json:"ns_an_event"`
	Least         float64 `json:"ns_an_event_least"`
	Most          float64 `json:"ns_an_event_most"`
	Reach         float64 `json:"ns_an_event_to_reach,omitempty"`
	// EventsPerSecond is by the clock, with a lane for each core.
	EventsPerSecond float64 `json:"events_a_second"`
	PeakBytes       int64   `json:"peak_resident_bytes"`
	// GCShare is the part of NanosPerEvent that collecting garbage took, and Allocations are objects an event, where the runs said so.
	GCShare     float64 `json:"gc_share,omitempty"`
	Allocations float64 `json:"allocations_an_event,omitempty"`
}

// OtherCost is a measurement that is no cost of an event.
type OtherCost struct {
	Name  string  `json:"name"`
	Doc   string  `json:"doc"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Reach string  `json:"to_reach,omitempty"`
}

// bench is a run under way.
type bench struct {
	Settings
	long, short string
}

// Run measures the list. It makes its inputs first, and removes them and all outputs if it made the folder.
func Run(ctx context.Context, s Settings) (*Result, error) {
	b, clean, err := open(s)
	if err != nil {
		return nil, err
	}
	defer clean()
	bytes, err := b.inputs()
	if err != nil {
		return nil, err
	}
	r := &Result{
		Version: s.Version, Commit: s.Commit, Go: runtime.Version(), CPU: processor(), Cores: runtime.GOMAXPROCS(0), Events: s.Events,
		Short: s.Short, Runs: s.Runs, Bytes: bytes / s.Events,
	}
	return r, b.measure(ctx, r)
}

// open checks the settings and makes the folder, which clean removes if it was made.
func open(s Settings) (b *bench, clean func(), err error) {
	b, clean = &bench{Settings: s}, func() {}
	if b.Short <= 0 || b.Events <= b.Short || b.Runs < 1 {
		return nil, nil, fmt.Errorf("a bench needs at least one run and more events than the %d of its short input", b.Short)
	}
	if b.Dir == "" {
		if b.Dir, err = os.MkdirTemp("", "wire-bench"); err != nil {
			return nil, nil, err
		}
		clean = func() { os.RemoveAll(b.Dir) } //nolint:errcheck // a folder of temporary files
	}
	return b, clean, os.MkdirAll(b.Dir, 0o750)
}

// inputs writes the two files of events, and returns the size of the longer one.
func (b *bench) inputs() (int64, error) {
	b.long, b.short = filepath.Join(b.Dir, "long.jsonl"), filepath.Join(b.Dir, "short.jsonl")
	b.say("making %d and %d events", b.Events, b.Short)
	if _, err := writeEvents(b.short, b.Short); err != nil {
		return 0, err
	}
	return writeEvents(b.long, b.Events)
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.Progress, "bench: "+format+"\n", args...)
}

func writeEvents(path string, events int64) (int64, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	c := nexmark.DefaultConfig()
	c.Events, c.GroupSize = events, 40
	n, err := nexmark.WriteJSON(f, c)
	return n, errors.Join(err, f.Close())
}

func (b *bench) measure(ctx context.Context, r *Result) error {
	list := cases()
	for i := range list {
		if b.wants(list[i].Name) {
			cost, err := b.cost(ctx, &list[i])
			if err != nil {
				return fmt.Errorf("%s: %w", list[i].Name, err)
			}
			r.Cases = append(r.Cases, cost)
		}
	}
	if b.wants(yardstickName) {
		cost, err := b.yardstick(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", yardstickName, err)
		}
		r.Cases = append(r.Cases, cost)
	}
	for _, other := range others() {
		if !b.wants(other.name) {
			continue
		}
		b.say("%s", other.name)
		cost, err := other.measure(b, ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", other.name, err)
		}
		r.Other = append(r.Other, cost...)
	}
	return nil
}

func (b *bench) wants(name string) bool { return b.Match == nil || b.Match.MatchString(name) }

// WriteJSON writes the result for a machine.
func (r *Result) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
