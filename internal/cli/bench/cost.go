package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// usage is what one process took.
type usage struct {
	cpu  time.Duration
	wall time.Duration
	peak int64 // bytes
	// gc are seconds of cpu, and objects those put on the heap, where the run said so.
	gc, objects float64
}

// process runs the program and returns what it took. Its messages become the error's.
func (b *bench) process(ctx context.Context, args ...string) (usage, error) {
	return b.processTo(ctx, nil, args...)
}

// processTo is process with the standard output in out, unless it is nil.
func (b *bench) processTo(ctx context.Context, out io.Writer, args ...string) (usage, error) {
	var messages bytes.Buffer
	c := exec.CommandContext(ctx, b.Program, args...) //nolint:gosec // this program itself
	c.Dir, c.Stdout, c.Stderr = b.Dir, out, &messages
	began := b.Clock.Monotonic()
	if err := c.Run(); err != nil {
		return usage{}, fmt.Errorf("wire %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(messages.String()))
	}
	u := usage{wall: b.Clock.Monotonic() - began, cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}
	if r, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = r.Maxrss * maxrssUnit
	}
	return u, nil
}

// file writes the pipeline of c over input and returns its path.
func (b *bench) file(c *benchCase, input string) (string, error) {
	path := filepath.Join(b.Dir, c.Name+"-"+strings.TrimSuffix(filepath.Base(input), ".jsonl")+".yaml")
	return path, os.WriteFile(path, []byte(c.pipeline(input)), 0o600)
}

// cost measures one pipeline.
func (b *bench) cost(ctx context.Context, c *benchCase) (CaseCost, error) {
	b.say("%s: %s", c.Name, c.Doc)
	long, err := b.file(c, b.long)
	if err != nil {
		return CaseCost{}, err
	}
	short, err := b.file(c, b.short)
	if err != nil {
		return CaseCost{}, err
	}
	run := func(path string, lanes int) (usage, error) {
		return b.process(ctx, "run", "--ephemeral", "--quiet", "--parallelism", fmt.Sprint(lanes), path)
	}
	out, err := b.slope(c.Name, c.Doc, func() (usage, error) { return run(long, 1) }, func() (usage, error) { return run(short, 1) })
	if err != nil {
		return out, err
	}
	out.Reach = c.Reach
	var rates []float64
	for range b.Runs {
		u, err := run(long, 0)
		if err != nil {
			return out, err
		}
		rates = append(rates, float64(b.Events)/u.wall.Seconds())
	}
	out.EventsPerSecond = median(rates)
	return out, nil
}

// slope measures pairs of runs and returns the CPU time an event between them.
func (b *bench) slope(name, doc string, long, short func() (usage, error)) (CaseCost, error) {
	out := CaseCost{Name: name, Doc: doc}
	var nanos, objects []float64
	longGC, shortGC := math.Inf(1), math.Inf(1)
	for range b.Runs {
		l, err := long()
		if err != nil {
			return out, err
		}
		s, err := short()
		if err != nil {
			return out, err
		}
		nanos = append(nanos, float64(l.cpu-s.cpu)/float64(b.Events-b.Short))
		longGC, shortGC = min(longGC, l.gc), min(shortGC, s.gc)
		objects = append(objects, (l.objects-s.objects)/float64(b.Events-b.Short))
		out.EventsPerSecond = float64(b.Events) / l.wall.Seconds()
		out.PeakBytes = max(out.PeakBytes, l.peak)
	}
	out.NanosPerEvent, out.Least, out.Most = median(nanos), slices.Min(nanos), slices.Max(nanos)
	out.Allocations = median(objects)
	// Go's runtime takes this time by the clock: what others on the machine add to it is only ever more, and so the least of all runs counts.
	if collecting := (longGC - shortGC) * 1e9 / float64(b.Events-b.Short); collecting > 0 && out.NanosPerEvent > 0 {
		out.GCShare = collecting / out.NanosPerEvent
	}
	return out, nil
}

// median returns the middle of values, the upper one of two; it sorts them.
func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
