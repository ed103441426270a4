package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

// otherCase is a measurement that is no cost of an event.
type otherCase struct {
	name    string
	measure func(b *bench, ctx context.Context) ([]OtherCost, error)
}

func others() []otherCase {
	return []otherCase{
		{"two-cores", (*bench).twoCores},
		{"first-row", (*bench).firstRow},
		{"idle", (*bench).idle},
		{"http", (*bench).latency},
	}
}

// twoCores compares one process with two lanes with two processes of one lane each, which share nothing.
func (b *bench) twoCores(ctx context.Context) ([]OtherCost, error) {
	c := cases()[0]
	path, err := b.file(&c, b.long)
	if err != nil {
		return nil, err
	}
	var ratios []float64
	for range b.Runs {
		one, err := b.process(ctx, "run", "--ephemeral", "--quiet", "--parallelism", "2", path)
		if err != nil {
			return nil, err
		}
		copies, err := b.twice(ctx, path)
		if err != nil {
			return nil, err
		}
		ratios = append(ratios, copies.Seconds()/2/one.wall.Seconds())
	}
	return []OtherCost{{
		Name: "two cores", Doc: "q0: events/s of one process with 2 lanes, against two processes with 1 lane at once", Value: 100 * median(ratios),
		Unit: "%", Reach: "≥ 90 %",
	}}, nil
}

// twice runs two copies at once and returns the time until both have ended.
func (b *bench) twice(ctx context.Context, path string) (time.Duration, error) {
	began := b.Clock.Monotonic()
	var wait sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		wait.Go(func() { _, errs[i] = b.process(ctx, "run", "--ephemeral", "--quiet", "--parallelism", "1", path) })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return b.Clock.Monotonic() - began, nil
}

// firstRow is the time from the start of the process to the first row on its standard output.
func (b *bench) firstRow(ctx context.Context) ([]OtherCost, error) {
	c := cases()[0]
	c.Name, c.Sink = "first-row", "connector: stdout, format: json"
	path, err := b.file(&c, b.short)
	if err != nil {
		return nil, err
	}
	var millis []float64
	for range 2*b.Runs + 1 {
		took, err := b.untilOutput(ctx, path)
		if err != nil {
			return nil, err
		}
		millis = append(millis, float64(took.Microseconds())/1000)
	}
	return []OtherCost{{Name: "first row", Doc: "q0 to standard output, from the start of the process", Value: median(millis), Unit: "ms", Reach: "≤ 150 ms"}}, nil
}

func (b *bench) untilOutput(ctx context.Context, path string) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := exec.CommandContext(ctx, b.Program, "run", "--ephemeral", "--quiet", path) //nolint:gosec // this program itself
	c.Dir = b.Dir
	out, err := c.StdoutPipe()
	if err != nil {
		return 0, err
	}
	began := b.Clock.Monotonic()
	if err := c.Start(); err != nil {
		return 0, err
	}
	_, err = bufio.NewReader(out).ReadString('\n')
	took := b.Clock.Monotonic() - began
	cancel()
	_, _ = io.Copy(io.Discard, out) // the process is being killed
	if waitErr := c.Wait(); err != nil {
		return 0, fmt.Errorf("no row came: %w: %w", err, waitErr)
	}
	return took, nil
}
