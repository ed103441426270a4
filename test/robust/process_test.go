package robust_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the program under test.
var built struct {
	once sync.Once
	path string
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

// program returns the path of wire, building it if WIRE_BIN does not name it.
func program(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.path = os.Getenv("WIRE_BIN"); built.path != "" {
			return
		}
		if built.dir, built.err = os.MkdirTemp("", "wire-robust"); built.err != nil { // it outlives the test that needs it first
			return
		}
		built.path = filepath.Join(built.dir, "wire")
		out, err := exec.CommandContext(context.Background(), "go", "build", "-o", built.path, "wire.example/wire/cmd/wire").CombinedOutput() // as above
		if err != nil {
			built.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// heavy reports whether the tests may take long.
func heavy() bool { return os.Getenv("WIRE_TEST_HEAVY") == "1" }

// patience bounds a process: one that takes longer hangs, is killed, and fails its test.
const patience = 2 * time.Minute

// process is a wire run under way.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout io.Reader
	stderr *talk
	ended  bool
}

// setting changes how a process is started.
type setting func(*exec.Cmd)

// start starts wire in dir. Nobody reads its standard output until the test does.
func start(t *testing.T, dir string, args []string, settings ...setting) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience) // t's is done before the process is waited for
	p := &process{t: t, stderr: newTalk(), cmd: exec.CommandContext(ctx, program(t), args...)}
	p.cmd.Dir, p.cmd.Stderr = dir, p.stderr
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.stdout = w, r
	for _, s := range settings {
		s(p.cmd)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() {
		if !p.ended {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
		cancel()
		r.Close()
		if t.Failed() {
			t.Logf("standard error of %v:\n%s", args, p.stderr)
		}
	})
	return p
}

// run runs wire in dir to its end and returns its exit code.
func run(t *testing.T, dir string, args ...string) (*process, int) {
	t.Helper()
	p := start(t, dir, append([]string{"run"}, args...))
	_, _ = io.Copy(io.Discard, p.stdout)
	return p, p.wait()
}

// wait waits for the end and returns the exit code, or 128 + the signal that killed the process.
func (p *process) wait() int {
	p.t.Helper()
	err := p.cmd.Wait()
	p.ended = true
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return p.cmd.ProcessState.ExitCode()
}

// signal sends s.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// peakBytes is the most memory that was resident: of a process that runs, from /proc; of one that was waited for, as the system accounts it.
func (p *process) peakBytes() int64 {
	p.t.Helper()
	if p.ended {
		usage, ok := p.cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			p.t.Fatal("no account of the process")
		}
		return usage.Maxrss << 10
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Skipf("SKIP: no /proc: %v", err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 10, 64)
			if err != nil {
				p.t.Fatal(err)
			}
			return kilobytes << 10
		}
	}
	p.t.Fatal("no VmHWM in /proc")
	return 0
}

// wants fails unless the process ended with code, having said all of texts on standard error.
func (p *process) wants(got, code int, texts ...string) {
	p.t.Helper()
	if got != code {
		p.t.Errorf("exit code %d, want %d", got, code)
	}
	for _, text := range texts {
		if !strings.Contains(p.stderr.String(), text) {
			p.t.Errorf("standard error has no %q", text)
		}
	}
}

// talk keeps what a process says and lets others wait for a part of it.
type talk struct {
	mu   sync.Mutex
	cond *sync.Cond
	text bytes.Buffer
}

func newTalk() *talk {
	t := &talk{}
	t.cond = sync.NewCond(&t.mu)
	return t
}

func (t *talk) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.cond.Broadcast()
	return t.text.Write(p)
}

func (t *talk) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// await returns when what was said contains part. The process, which patience bounds, must say it.
func (t *talk) await(part string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for !bytes.Contains(t.text.Bytes(), []byte(part)) {
		t.cond.Wait()
	}
}

// write writes a file below dir.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// read returns a file below dir, "" if there is none.
func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

// names lists the files of dir.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if e.Name() != ".wire" { // what runs keep
			list = append(list, e.Name())
		}
	}
	return list
}

// fifo makes a named pipe in dir.
func fifo(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// feed opens a named pipe for writing, which waits until the process has opened it for reading.
func feed(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// rows returns the lines {"id":from} to {"id":to-1}.
func rows(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "{\"id\":%d}\n", i)
	}
	return b.String()
}

// passing is a pipeline from source to sink, both in flow style, that makes each row anew.
func passing(source, sink string) string {
	return "name: p\nsources: {a: {" + source + ", schema: {id: BIGINT}}}\ntransforms: {t: {from: a, select: {id: id}}}\nsinks: {out: {from: t, " + sink + "}}\n"
}

// must fails the test on an error of the test's own doing.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
