package crash_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wire.example/wire/internal/foundation/fault"
)

// built is the program under test, with kill points.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// program builds the program if it was not built, as it is shipped but with kill points.
func program(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "wire-crash"); built.err != nil { // it outlives the test that needs it first
			return
		}
		c := exec.CommandContext(context.Background(), "go", "build", "-tags", "killpoints", "-o", filepath.Join(built.dir, "wire"), "wire.example/wire/cmd/wire") // as above
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	must(t, built.err)
	return filepath.Join(built.dir, "wire")
}

// heavy reports whether the tests may take long.
func heavy() bool { return os.Getenv("WIRE_TEST_HEAVY") == "1" }

// seed is what the cut and random moments are drawn from.
func seed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("WIRE_SEED")
	if text == "" {
		return 1
	}
	n, err := strconv.ParseUint(text, 10, 64)
	must(t, err)
	return n
}

// patience bounds a process: one that takes longer hangs, is killed, and fails its test.
const patience = 3 * time.Minute

// process is a run of the program under way.
type process struct {
	t      *testing.T
	pid    int
	log    string
	status syscall.WaitStatus
	ended  bool
}

// start runs the program in dir with more in its environment.
func start(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	stderr, err := os.CreateTemp(dir, "stderr-")
	must(t, err)
	defer stderr.Close()
	c := exec.CommandContext(context.Background(), program(t), args...) // its end is waited for here, by number
	c.Dir, c.Stdout, c.Stderr, c.Env = dir, stderr, stderr, append(os.Environ(), env...)
	must(t, c.Start())
	p := &process{t: t, pid: c.Process.Pid, log: stderr.Name()}
	must(t, c.Process.Release())
	t.Cleanup(func() {
		if !p.ended {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
			p.wait()
		}
	})
	return p
}

// wait waits until the process has stopped or ended.
func (p *process) wait() {
	timer := time.AfterFunc(patience, func() { _ = syscall.Kill(p.pid, syscall.SIGKILL) }) //nolint:forbidigo // processes live in the machine's time
	defer timer.Stop()
	for {
		_, err := syscall.Wait4(p.pid, &p.status, syscall.WUNTRACED, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			p.t.Errorf("waiting for process %d: %v", p.pid, err)
			p.ended = true
		}
		break
	}
	p.ended = p.ended || !p.status.Stopped()
}

// signal sends s.
func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	must(p.t, syscall.Kill(p.pid, s))
}

// says is what the process wrote.
func (p *process) says() string {
	text, _ := os.ReadFile(p.log) // for a message
	return string(text)
}

// awaits waits until the process has written text. It reports false if it does not in time.
func awaits(p *process, text string) bool {
	for range patience / (20 * time.Millisecond) {
		if strings.Contains(p.says(), text) {
			return true
		}
		time.Sleep(20 * time.Millisecond) //nolint:forbidigo // as above
	}
	return false
}

func (p *process) killed() bool { return p.status.Signaled() && p.status.Signal() == syscall.SIGKILL }

func (p *process) stopped() bool { return p.status.Stopped() }

// exit is the exit code; -1 of a process that was killed.
func (p *process) exit() int { return p.status.ExitStatus() }

// aim is where a run is killed or stopped, "" for nowhere, and what guarantee it is without, "" for none.
type aim struct {
	point  string
	signal string
	weak   string
}

func (a aim) env() []string {
	return []string{
		fault.KillPointVariable + "=" + a.point, fault.KillSignalVariable + "=" + a.signal, fault.WeakVariable + "=" + a.weak,
		fault.PauseVariable + "=source/block=4ms", // a run takes several checkpoints, and most of its time does nothing
	}
}

// run runs the pipeline in dir until it ends or stops.
func (p *pipeline) run(t *testing.T, dir string, a aim, parallelism int, flags ...string) *process {
	t.Helper()
	started := p.start(t, dir, a, parallelism, flags...)
	started.wait()
	return started
}

func (p *pipeline) start(t *testing.T, dir string, a aim, parallelism int, flags ...string) *process {
	t.Helper()
	args := append([]string{"run", "--checkpoint-interval", "1ms", "--block-bytes", "1024", "--parallelism", strconv.Itoa(parallelism), "--summary", "none"}, flags...)
	return start(t, dir, a.env(), append(args, p.file)...)
}

// finishes fails unless the run came to its end.
func (p *process) finishes() error {
	if p.ended && p.exit() == 0 {
		return nil
	}
	return fmt.Errorf("a run ended with %d (killed: %t): %s", p.exit(), p.killed(), tail(p.says()))
}

func tail(text string) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-12):], "\n")
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
	r := start(t, dir, nil, "run", "--ephemeral", "--parallelism", "1", p.file)
	r.wait()
	must(t, r.finishes())
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
