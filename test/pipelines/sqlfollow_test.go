package pipelines_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/testserver"
	"wire.example/wire/test/process"
)

// follow is how a script over inputs that never end goes on, stage by stage: its run ends by a signal behind the last.
type follow []stage

// stage is what is added to inputs, and how many rows sinks have to have before the next one.
type stage struct {
	add   map[string]string
	until []sinkRows
}

// sinkRows is a file, or the parts of one, and how many lines it is to have.
type sinkRows struct {
	file string
	rows int
}

// patience is how long a script waits for rows, pause how long before it adds to inputs, so that splits without rows are idle.
const (
	patience = 5 * time.Minute
	pause    = 600 * time.Millisecond
)

// readUntil reads lines FILE: ROWS.
func readUntil(text string) (all []sinkRows, err error) {
	for _, line := range lines(text) {
		name, count, _ := strings.Cut(line, ": ")
		n, err := strconv.Atoi(count)
		if err != nil {
			return nil, fmt.Errorf("%q is not FILE: ROWS", line)
		}
		all = append(all, sinkRows{name, n})
	}
	return all, nil
}

// followLeg is one run of a script over inputs that never end.
type followLeg struct {
	parallelism string
	// resumed: it goes on where another was killed. given is how many stages have their inputs already.
	resumed bool
	given   int
	// killed: it is killed when its rows have come, or in the middle: so long after the stage dies has got its input, whatever has come by then.
	killed, middle bool
	dies           int
	within         time.Duration
}

// mostWithin is how long after its input has come a run is killed in the middle, at most: time to start, for some epochs, and for rows to be published.
const mostWithin = 300 * time.Millisecond

// runFollow runs c at two parallelisms, each in a process of its own; and killed in the middle of a stage, again when its rows have come, and resumed at other parallelisms.
func (c *sqlCase) runFollow(t *testing.T, program string) (wrong []string) {
	t.Helper()
	ways := [][]followLeg{{{parallelism: "1"}}, {{parallelism: "3"}}}
	if !spared(t, c.name) {
		random := rand.New(rand.NewPCG(process.Seed(t), uint64(hash(c.name)))) //nolint:gosec // repeatable
		dies := random.IntN(len(*c.follow))
		within := time.Duration(random.Int64N(int64(mostWithin)))
		t.Logf("killed %v after the input of stage %d", within, dies)
		ways = append(ways, []followLeg{
			{parallelism: "2", killed: true, middle: true, dies: dies, within: within},
			{parallelism: "3", resumed: true, given: dies + 1, killed: true},
			{parallelism: "2", resumed: true, given: len(*c.follow)},
		})
	}
	for _, legs := range ways {
		t.Chdir(t.TempDir())
		if err := c.lay(); err != nil {
			t.Fatal(err)
		}
		for _, leg := range legs {
			if err := c.followOnce(t, program, leg); err != nil {
				wrong = append(wrong, fmt.Sprintf("%+v: %v", leg, err))
			}
		}
	}
	return wrong
}

// followOnce runs c until its rows have come, and stops it, or kills it.
func (c *sqlCase) followOnce(t *testing.T, program string, leg followLeg) error {
	t.Helper()
	var out, said bytes.Buffer
	args := []string{"run", "--checkpoint-interval", "50ms", "--summary", "json", "--quiet", "--parallelism", leg.parallelism, "pipeline.sql"}
	p := exec.CommandContext(t.Context(), program, args...)
	p.Stdout, p.Stderr = &out, &said
	if err := p.Start(); err != nil {
		return err
	}
	if err := leg.play(t.Context(), *c.follow); err != nil {
		_ = p.Process.Kill() // it did not do what it should
		_ = p.Wait()
		return fmt.Errorf("%w; it said %s", err, said.String())
	}
	if leg.killed {
		_ = p.Process.Kill() // the next run goes on
		if err := p.Wait(); p.ProcessState.ExitCode() != -1 {
			return fmt.Errorf("it ended before it was killed: %w: %s", err, said.String())
		}
		return nil
	}
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	_ = p.Wait() // the code says how
	if code := p.ProcessState.ExitCode(); code != 130 {
		return fmt.Errorf("exit code %d: %s", code, said.String())
	}
	o := outcome{account: map[string]numbers{}}
	if _, err := o.add(out.String()); err != nil {
		return err
	}
	return c.files()
}

// play gives a run its inputs, stage by stage, and waits until it is time to end it.
func (l *followLeg) play(ctx context.Context, stages follow) error {
	for i, stage := range stages {
		if i >= l.given {
			if err := stage.give(ctx, i > 0); err != nil {
				return err
			}
		}
		if l.middle && i == l.dies {
			return clock.System().Sleep(ctx, l.within)
		}
		if err := stage.await(ctx); err != nil {
			return err
		}
	}
	if l.resumed || l.killed {
		return awaitCheckpoints(ctx) // one has all that it read
	}
	return nil
}

// awaitCheckpoints waits until a run has taken some checkpoints, and so has read what there is.
func awaitCheckpoints(ctx context.Context) error {
	clk := clock.System()
	seen := map[string]bool{}
	for began := clk.Monotonic(); len(seen) < 5; {
		names, err := filepath.Glob(".wire/pipeline/manifests/*")
		if err != nil {
			return err
		}
		if len(names) > 0 {
			seen[slices.Max(names)] = true
		}
		if err := clk.Sleep(ctx, 10*time.Millisecond); err != nil {
			return err
		}
		if clk.Monotonic()-began > patience {
			return fmt.Errorf("%d checkpoints after %v", len(seen), patience)
		}
	}
	return nil
}

// give adds to inputs, a while after what came before.
func (f *stage) give(ctx context.Context, later bool) error {
	if later {
		if err := clock.System().Sleep(ctx, pause); err != nil {
			return err
		}
	}
	return f.append()
}

// await waits until files have their rows.
func (f *stage) await(ctx context.Context) error {
	clk := clock.System()
	for _, s := range f.until {
		for began := clk.Monotonic(); ; {
			lines, err := readParts(s.file)
			if err == nil && len(lines) >= s.rows {
				break
			}
			if err := clk.Sleep(ctx, 20*time.Millisecond); err != nil {
				return err
			}
			if clk.Monotonic()-began > patience {
				return fmt.Errorf("%s has %d rows after %v, and is to have %d", s.file, len(lines), patience, s.rows)
			}
		}
	}
	return nil
}

// append appends to inputs.
func (f *stage) append() error {
	for name, text := range f.add {
		file, err := os.OpenFile(filepath.FromSlash(name), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		if _, err := file.WriteString(text); err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}

// program is built once for all scripts that need a process.
func program(t *testing.T, groups []*group) string {
	t.Helper()
	for _, g := range groups {
		for _, c := range g.cases {
			if c.follow != nil {
				return testserver.Wire(t)
			}
		}
	}
	return ""
}
