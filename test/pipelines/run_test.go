package pipelines_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"wire.example/wire/test/process"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) { process.Remove(); os.Exit(code) }))
}

// way is how a script is run.
type way struct {
	name string
	// flags of the first run and, after a stop, of all others.
	first, later []string
	// kept says that checkpoints are taken all the time, though the run is not stopped.
	kept bool
	// killed says that the run is killed on its way, and that later goes on; processes, that it is a process.
	killed, processes bool
}

// ways lists the ways of a script in YAML; the first is the plain one.
func ways(t *testing.T, name string) []way {
	t.Helper()
	all := []way{
		{name: "straight", first: []string{"--parallelism", "1"}},
		{name: "two lanes with checkpoints", first: small("2", "--checkpoint-blocks", "2"), kept: true},
		{name: "three lanes", first: small("3")},
		{name: "stopped", first: small("2", "--stop-after", "1"), later: small("3", "--restore-for", "1ns")},
		{name: "stopped at every block", first: small("1", "--stop-after", "1"), later: small("1", "--stop-after", "1")},
	}
	if !spared(t, name) {
		all = append(all, killedWays()...)
	}
	return all
}

// result is what one process, or one call of the command line, did.
type result struct {
	exit           int
	stdout, stderr string
	changes        int // calls that changed the disk, where they were counted
}

// command runs wire in the current directory.
func command(t *testing.T, args, env []string) result {
	t.Helper()
	bin := os.Getenv("WIRE_BIN")
	if bin == "" {
		r, _ := commandOnDisk(t, args, -1)
		return r
	}
	var stdout, stderr safeBuffer
	c := exec.CommandContext(context.Background(), bin, args...) // the process ends by itself, or its test is killed with it
	c.Stdout, c.Stderr, c.Env = &stdout, &stderr, append(os.Environ(), env...)
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{exit: c.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
}

// safeBuffer may be written by several goroutines.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// maxRuns bounds the runs of a script that is stopped at every block.
const maxRuns = 200

// outcome is what all runs of a way came to.
type outcome struct {
	result
	account map[string]numbers
	stops   int
}

// run runs s in the current directory until it is finished or fails. changes is how many calls of an undisturbed run change the disk.
func (s *script) run(t *testing.T, w way, changes int) outcome {
	t.Helper()
	all := outcome{account: map[string]numbers{}}
	flags, k := w.first, newKiller(t, s.name, changes, 10, w.processes)
	for range maxRuns {
		args := append(append([]string{"run"}, w.state()...), flags...)
		if s.stdout == "" {
			args = append(args, "--summary", "json")
		}
		args = append(append(args, s.flags...), "pipeline.yaml")
		if !w.killed {
			all.result = command(t, args, s.env)
		} else {
			var killed bool
			if all.result, killed = k.run(t, args, s.env); killed {
				all.stops++
				flags = w.later
				continue
			}
		}
		if s.stdout != "" || all.exit != 0 || w.killed && finishedAlready(all.result) {
			return all
		}
		stopped, err := all.add(all.stdout)
		if err != nil {
			t.Fatalf("%s: %v\n%s", w.name, err, all.stderr)
		}
		if !stopped {
			return all
		}
		all.stops++
		flags = w.later
	}
	t.Fatalf("%s: not finished after %d runs", w.name, maxRuns)
	return all
}

// state are the flags that say where the state of a script is kept: nowhere if it is run in one piece.
func (w way) state() []string {
	if w.kept {
		return []string{"--state-dir", "state"}
	}
	if w.later == nil {
		return []string{"--ephemeral"}
	}
	return []string{"--state-dir", "state", "--checkpoint-interval", "1h"}
}

// summary is the part of the JSON account that is compared.
type summary struct {
	Status   string           `json:"status"`
	Balanced bool             `json:"balanced"`
	Sources  []map[string]any `json:"sources"`
	Steps    []map[string]any `json:"steps"`
	Sinks    []map[string]any `json:"sinks"`
}

// add adds the account of a run. stopped says that there is more to come.
func (o *outcome) add(text string) (stopped bool, err error) {
	var s summary
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return false, fmt.Errorf("the account: %w: %s", err, text)
	}
	if !s.Balanced {
		return false, fmt.Errorf("the account does not add up: %s", text)
	}
	for kind, list := range map[string][]map[string]any{"source": s.Sources, "step": s.Steps, "sink": s.Sinks} {
		for _, one := range list {
			o.addLine(kind+" "+fmt.Sprint(one["name"]), one)
		}
	}
	return s.Status == "stopped", nil
}

// incidental are numbers that depend on how a script is run, or say the same as others.
var incidental = map[string]bool{"bytes": true, "blocks": true, "epochs": true, "emitted": true} //nolint:gochecknoglobals // immutable table

func (o *outcome) addLine(name string, members map[string]any) {
	n := o.account[name]
	if n == nil {
		n = numbers{}
		o.account[name] = n
	}
	for member, value := range members {
		if count, ok := value.(float64); ok && count != 0 && !incidental[member] {
			n[member] += int64(count)
		}
	}
}
