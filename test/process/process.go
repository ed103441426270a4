package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"wire.example/wire/internal/foundation/fault"
)

// built is the program with kill points, one for all tests of a process.
var built struct { //nolint:gochecknoglobals // building takes long
	once sync.Once
	dir  string
	err  error
}

// Program builds the program as it is shipped but with kill points, once, and returns its path. TestMain calls Remove.
func Program(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "wire-process"); built.err != nil { // it outlives the test that needs it first
			return
		}
		c := exec.CommandContext(context.Background(), "go", "build", "-tags", "killpoints", "-o", filepath.Join(built.dir, "wire"), "wire.example/wire/cmd/wire") // as above
		if _, here, _, ok := runtime.Caller(0); ok {
			// The test may have gone to another directory.
			c.Dir = filepath.Dir(here)
		}
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "wire")
}

// Remove removes the program.
func Remove() {
	if built.dir != "" {
		_ = os.RemoveAll(built.dir) // it is the system's folder for what may be lost
	}
}

// Heavy reports whether the tests may take long.
func Heavy() bool { return os.Getenv("WIRE_TEST_HEAVY") == "1" }

// Patience bounds a process: one that takes longer hangs, is killed, and fails its test.
const Patience = 10 * time.Minute

// Aim is where a run is killed or stopped, "" for nowhere, and what guarantee it is without, "" for none. The run stops at the point by itself, at which nothing of it goes on; it is killed from outside, as soon as
// Wait sees it stopped.
type Aim struct {
	Point string
	// After is a point that the run has to pass before passes of Point count, as fault.KillAfterVariable has it.
	After string
	// Signal is "KILL", the default, or "STOP" for a run that is left as it is: the zombie that wakes later.
	Signal string
	Weak   string
	// Pause is a point and how long the run sleeps there, as fault.PauseVariable has it.
	Pause string
}

// Env is the aim for a process.
func (a Aim) Env() []string {
	return []string{
		fault.KillPointVariable + "=" + a.Point, fault.KillAfterVariable + "=" + a.After, fault.WeakVariable + "=" + a.Weak, fault.PauseVariable + "=" + a.Pause,
	}
}

// Start runs the program in dir, aimed, with more in its environment.
func (a Aim) Start(t testing.TB, dir string, env []string, args ...string) *Process {
	t.Helper()
	return a.StartProgram(t, Program(t), dir, args, func(c *exec.Cmd) { c.Env = append(os.Environ(), env...) })
}

// StartProgram runs a program with kill points in dir, aimed.
func (a Aim) StartProgram(t testing.TB, program, dir string, args []string, settings ...Setting) *Process {
	t.Helper()
	aimed := func(c *exec.Cmd) { c.Env = append(c.Environ(), a.Env()...) }
	p := StartProgram(t, program, dir, args, append(settings, aimed)...)
	p.doomed = a.Point != "" && a.Signal != "STOP"
	return p
}

// Process is a run of the program under way.
type Process struct {
	PID    int
	t      testing.TB
	stdout string
	stderr string
	status syscall.WaitStatus
	usage  syscall.Rusage
	ended  bool
	// doomed: it is killed when it stops; shot: it was killed by its test, not for hanging, nor by the system.
	doomed bool
	shot   atomic.Bool
}

// Start runs the program in dir with more in its environment.
func Start(t testing.TB, dir string, env []string, args ...string) *Process {
	t.Helper()
	return StartProgram(t, Program(t), dir, args, func(c *exec.Cmd) { c.Env = append(os.Environ(), env...) })
}

// Setting changes how a process is started.
type Setting func(c *exec.Cmd)

// StartProgram runs a program in dir. What it writes goes to files, unless a setting says where to.
func StartProgram(t testing.TB, program, dir string, args []string, settings ...Setting) *Process {
	t.Helper()
	logs := t.TempDir()
	p := &Process{t: t, stdout: filepath.Join(logs, "stdout"), stderr: filepath.Join(logs, "stderr")}
	out, err := os.Create(p.stdout)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() //nolint:errcheck // the process has its own
	said, err := os.Create(p.stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()                                               //nolint:errcheck // as above
	c := exec.CommandContext(context.Background(), program, args...) // its end is waited for here, by number
	c.Dir, c.Stdout, c.Stderr = dir, out, said
	for _, set := range settings {
		set(c)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p.PID = c.Process.Pid
	if err := c.Process.Release(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !p.ended {
			_ = syscall.Kill(p.PID, syscall.SIGKILL)
			p.Wait()
		}
	})
	return p
}

// Wait waits until the process has stopped or ended. One that is to be killed at a point is killed where it has stopped: all of its threads have, by then.
func (p *Process) Wait() {
	p.t.Helper()
	for p.wait(); p.doomed && p.Stopped(); p.wait() {
		p.Kill()
	}
}

// wait waits until the process has stopped or ended.
func (p *Process) wait() {
	timer := time.AfterFunc(Patience, func() { _ = syscall.Kill(p.PID, syscall.SIGKILL) }) //nolint:forbidigo // processes live in the machine's time
	defer timer.Stop()
	for {
		_, err := syscall.Wait4(p.PID, &p.status, syscall.WUNTRACED, &p.usage)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			p.t.Errorf("waiting for process %d: %v", p.PID, err)
			p.ended = true
		}
		break
	}
	p.ended = p.ended || !p.status.Stopped()
}

// Kill kills the process, if it has not ended. Any goroutine may call it.
func (p *Process) Kill() {
	p.shot.Store(true)
	_ = syscall.Kill(p.PID, syscall.SIGKILL) // whoever waits sees what came of it
}

// Signal sends s.
func (p *Process) Signal(s syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(p.PID, s); err != nil {
		p.t.Fatal(err)
	}
}

// Says is what the process wrote to standard error, and then to standard output.
func (p *Process) Says() string { return read(p.stderr) + read(p.stdout) }

// Prints is what the process wrote to standard output.
func (p *Process) Prints() string { return read(p.stdout) }

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Awaits waits until the process has written text. It reports false if it does not in time.
func (p *Process) Awaits(text string) bool {
	for range Patience / (20 * time.Millisecond) {
		if strings.Contains(p.Says(), text) {
			return true
		}
		time.Sleep(20 * time.Millisecond) //nolint:forbidigo // as above
	}
	return false
}

// Killed reports whether its test killed it. One that hung was killed, too, but is none of those.
func (p *Process) Killed() bool {
	return p.status.Signaled() && p.status.Signal() == syscall.SIGKILL && p.shot.Load()
}

// Stopped reports whether it is stopped.
func (p *Process) Stopped() bool { return p.status.Stopped() }

// Exit is the exit code; -1 of a process that was killed.
func (p *Process) Exit() int { return p.status.ExitStatus() }

// Code is the exit code, or 128 + the signal that killed it.
func (p *Process) Code() int {
	if p.status.Signaled() {
		return 128 + int(p.status.Signal())
	}
	return p.Exit()
}

// PeakBytes is the most memory that was resident: of a process that runs, from /proc, without which the test is skipped; of one that has ended, as the system accounts it.
func (p *Process) PeakBytes() int64 {
	p.t.Helper()
	if p.ended {
		return p.usage.Maxrss << 10
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
	if err != nil {
		p.t.Skipf("SKIP: no /proc: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	p.t.Fatal("no VmHWM in /proc")
	return 0
}

// Finishes fails unless the run came to its end.
func (p *Process) Finishes() error {
	if p.ended && p.Exit() == 0 {
		return nil
	}
	if p.Code() == 128+int(syscall.SIGKILL) && !p.Killed() {
		return fmt.Errorf("a run hung, or the system killed it: %s", Tail(p.Says()))
	}
	return fmt.Errorf("a run ended with %d (killed: %t): %s", p.Exit(), p.Killed(), Tail(p.Says()))
}

// Tail is the last lines of a text.
func Tail(text string) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-12):], "\n")
}
