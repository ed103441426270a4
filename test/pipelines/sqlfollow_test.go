package pipelines_test

import (
	"bytes"
	"context"
	"fmt"
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

// runFollow runs c at two parallelisms, each in a process of its own; and killed when its rows have come, and resumed at another parallelism.
func (c *sqlCase) runFollow(t *testing.T, program string) (wrong []string) {
	t.Helper()
	ways := [][]string{{"1"}, {"3"}}
	if !spared(t, c.name) {
		ways = append(ways, []string{"2", "3"})
	}
	for _, parallelisms := range ways {
		t.Chdir(t.TempDir())
		if err := c.lay(); err != nil {
			t.Fatal(err)
		}
		for leg, parallelism := range parallelisms {
			if err := c.followOnce(t, program, parallelism, leg > 0, leg+1 < len(parallelisms)); err != nil {
				wrong = append(wrong, fmt.Sprintf("parallelisms %v, run %d: %v", parallelisms, leg, err))
			}
		}
	}
	return wrong
}

// followOnce runs c until its rows have come, and stops it, or kills it. A run that goes on finds all its input there.
func (c *sqlCase) followOnce(t *testing.T, program, parallelism string, goesOn, killed bool) error {
	t.Helper()
	var out, said bytes.Buffer
	args := []string{"run", "--checkpoint-interval", "50ms", "--summary", "json", "--quiet", "--parallelism", parallelism, "pipeline.sql"}
	p := exec.CommandContext(t.Context(), program, args...)
	p.Stdout, p.Stderr = &out, &said
	if err := p.Start(); err != nil {
		return err
	}
	var err error
	for i := 0; i < len(*c.follow) && err == nil; i++ {
		stage := (*c.follow)[i]
		if goesOn {
			stage.add = nil
		}
		err = stage.play(t.Context(), i > 0 && !goesOn)
	}
	if err == nil && goesOn {
		err = awaitCheckpoints(t.Context())
	}
	if err == nil && killed {
		err = awaitCheckpoints(t.Context()) // one has all that it read
	}
	if err != nil {
		_ = p.Process.Kill() // it did not do what it should
		_ = p.Wait()
		return fmt.Errorf("%w; it said %s", err, said.String())
	}
	if killed {
		_ = p.Process.Kill() // the next run goes on
		_ = p.Wait()
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

// play adds to inputs, a while after what came before, and waits until files have their rows.
func (f *stage) play(ctx context.Context, later bool) error {
	clk := clock.System()
	if later {
		if err := clk.Sleep(ctx, pause); err != nil {
			return err
		}
	}
	if err := f.append(); err != nil {
		return err
	}
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
