package crash_test

import (
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"wire.example/wire/test/process"
)

func TestMain(m *testing.M) {
	code := m.Run()
	process.Remove()
	os.Exit(code)
}

// run runs the pipeline in dir until it ends or stops.
func (p *pipeline) run(t *testing.T, dir string, a process.Aim, parallelism int, flags ...string) *process.Process {
	t.Helper()
	started := p.start(t, dir, a, parallelism, flags...)
	started.Wait()
	return started
}

func (p *pipeline) start(t *testing.T, dir string, a process.Aim, parallelism int, flags ...string) *process.Process {
	t.Helper()
	pause := "4ms"
	if len(p.flags) > 0 { // it has many blocks
		pause = "1ms"
	}
	if a.Pause == "" {
		a.Pause = "source/block=" + pause // a run takes several checkpoints, and most of its time does nothing
	}
	args := append([]string{"run", "--checkpoint-interval", "1ms", "--checkpoint-blocks", "6", "--block-bytes", "1024", "--parallelism", strconv.Itoa(parallelism), "--summary", "none"}, append(flags, p.flags...)...)
	if leavesUnread(t, a, parallelism) {
		args = append(args, "--restore-for", "1ns")
	}
	return a.Start(t, dir, nil, append(args, p.file)...)
}

// leavesUnread reports whether a run leaves what it goes on from in the store until it is needed: half of all runs do, by the seed, and those that are to be killed meanwhile. A run without a guarantee
// does as on any other day: some breaches are noticed in one half alone.
func leavesUnread(t *testing.T, a process.Aim, parallelism int) bool {
	t.Helper()
	name, _, _ := strings.Cut(a.Point, ":")
	if strings.HasSuffix(name, "/unread") {
		return true
	}
	seed := process.Seed(t)
	if a.Weak != "" {
		seed = process.FixedSeed(t)
	}
	h := fnv.New64a()
	_, _ = h.Write(fmt.Append(nil, seed, t.Name(), a.Point, parallelism))
	return h.Sum64()&1 == 0
}

// world makes directories in which pipelines are run, and knows their answers.
type world struct {
	mu      sync.Mutex
	answers map[string][]string
}

// want is the answer of a run that keeps nothing.
func (w *world) want(t *testing.T, p *pipeline) []string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if want, ok := w.answers[p.name]; ok {
		return want
	}
	dir := t.TempDir()
	p.lay(t, dir)
	r := process.Start(t, dir, nil, "run", "--ephemeral", "--parallelism", "1", p.file)
	r.Wait()
	must(t, r.Finishes())
	want := p.answer(t, dir)
	if len(want) < 30 {
		t.Fatalf("%s: the answer has %d rows only: %q", p.name, len(want), want)
	}
	if w.answers == nil {
		w.answers = map[string][]string{}
	}
	w.answers[p.name] = want
	return want
}
