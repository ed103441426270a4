package robust_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wire.example/wire/test/process"
)

func TestMain(m *testing.M) {
	code := m.Run()
	process.Remove()
	os.Exit(code)
}

// program returns the path of wire, building it if WIRE_BIN does not name it.
func program(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("WIRE_BIN"); path != "" {
		return path
	}
	return process.Program(t)
}

// child is a wire run under way, whose standard output goes into a pipe.
type child struct {
	*process.Process
	t      *testing.T
	stdout io.ReadCloser
}

// start starts wire in dir. Nobody reads its standard output until the test does.
func start(t *testing.T, dir string, args []string, settings ...process.Setting) *child {
	t.Helper()
	r, w, err := os.Pipe()
	must(t, err)
	toPipe := func(c *exec.Cmd) { c.Stdout = w }
	p := &child{t: t, stdout: r, Process: process.StartProgram(t, program(t), dir, args, append([]process.Setting{toPipe}, settings...)...)}
	must(t, w.Close())
	hangs := time.AfterFunc(process.Patience, func() { _ = syscall.Kill(p.PID, syscall.SIGKILL) }) //nolint:forbidigo // processes live in the machine's time
	t.Cleanup(func() {
		hangs.Stop()
		_ = r.Close() // the test may have done so
		if t.Failed() {
			t.Logf("standard error of %v:\n%s", args, p.Says())
		}
	})
	return p
}

// run runs wire in dir to its end and returns its exit code.
func run(t *testing.T, dir string, args ...string) (*child, int) {
	t.Helper()
	p := start(t, dir, append([]string{"run"}, args...))
	_, _ = io.Copy(io.Discard, p.stdout)
	return p, p.wait()
}

// wait waits for the end and returns the exit code, or 128 + the signal that killed the process.
func (p *child) wait() int {
	p.t.Helper()
	p.Wait()
	return p.Code()
}

// awaits fails unless the process says text.
func (p *child) awaits(text string) {
	p.t.Helper()
	if !p.Awaits(text) {
		p.t.Fatalf("nobody says %q", text)
	}
}

// wants fails unless the process ended with code, having said all of texts on standard error.
func (p *child) wants(got, code int, texts ...string) {
	p.t.Helper()
	if got != code {
		p.t.Errorf("exit code %d, want %d", got, code)
	}
	for _, text := range texts {
		if !strings.Contains(p.Says(), text) {
			p.t.Errorf("standard error has no %q", text)
		}
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
