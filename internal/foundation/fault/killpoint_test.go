package fault_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/foundation/fault"
)

// build compiles testdata/program, in which a kill point is passed three times.
func build(t *testing.T, tags string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("go", "build", "-tags", tags, "-o", bin, "./testdata/program").CombinedOutput(); err != nil {
		t.Fatalf("go build -tags %q: %v\n%s", tags, err, out)
	}
	return bin
}

// environ is this process's environment aimed at point.
func environ(point, signal string) []string {
	return append(os.Environ(), fault.KillPointVariable+"="+point, fault.KillSignalVariable+"="+signal)
}

const allSteps = "before 1\nbefore 2\nbefore 3\n"

func TestReleaseBuildIgnoresAim(t *testing.T) {
	program := exec.Command(build(t, ""))
	program.Env = environ("test/step:1", "KILL")
	if out, err := program.CombinedOutput(); err != nil || string(out) != allSteps {
		t.Errorf("err %v, output %q", err, out)
	}
}

func TestKillPointsBuild(t *testing.T) {
	bin := build(t, "killpoints")
	for _, test := range []struct {
		point  string
		want   string
		killed bool
	}{
		{"", allSteps + "test/end=1\ntest/step=3\n", false},
		{"test/other", allSteps + "test/end=1\ntest/step=3\n", false},
		{"test/step", "before 1\n", true},
		{"test/step:2", "before 1\nbefore 2\n", true},
		{"test/step:4", allSteps + "test/end=1\ntest/step=3\n", false},
		{"test/end", allSteps, true},
	} {
		t.Run(test.point, func(t *testing.T) {
			program := exec.Command(bin)
			program.Env = environ(test.point, "")
			out, err := program.CombinedOutput()
			if string(out) != test.want {
				t.Errorf("output %q, want %q", out, test.want)
			}
			if got := signalOf(err) == syscall.SIGKILL; got != test.killed {
				t.Errorf("killed = %v (%v), want %v", got, err, test.killed)
			}
		})
	}
}

// signalOf is the signal that ended the process behind err, or -1.
func signalOf(err error) syscall.Signal {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return -1
	}
	return exit.Sys().(syscall.WaitStatus).Signal()
}

func TestMalformedAimStopsTheProgram(t *testing.T) {
	program := exec.Command(build(t, "killpoints"))
	program.Env = environ("test/step:zero", "")
	out, err := program.CombinedOutput()
	if err == nil || !strings.Contains(string(out), `WIRE_KILL_POINT="test/step:zero": want name or name:n`) {
		t.Errorf("err %v, output %q", err, out)
	}
}

func TestStopFreezesUntilContinued(t *testing.T) {
	program := exec.Command(build(t, "killpoints"))
	program.Env = environ("test/step:2", "STOP")
	var out bytes.Buffer
	program.Stdout = &out
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(program.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil {
		t.Fatal(err)
	}
	if !status.Stopped() || status.StopSignal() != syscall.SIGSTOP {
		t.Fatalf("status %v, want stopped", status)
	}
	if err := program.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := program.Wait(); err != nil || !strings.HasPrefix(out.String(), allSteps) {
		t.Errorf("after SIGCONT: %v, output %q", err, out.String())
	}
}

func TestPointInThisBuild(t *testing.T) {
	fault.Point("test/here")
	if got := len(fault.Points()) > 0; got != fault.KillPointsEnabled {
		t.Errorf("Points known: %v, enabled: %v", got, fault.KillPointsEnabled)
	}
}
