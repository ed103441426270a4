package fault_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/test/process"
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

const allSteps = "before 1\nbefore 2\nbefore 3\n"

func TestReleaseBuildIgnoresAim(t *testing.T) {
	program := process.Aim{Point: "test/step:1"}.StartProgram(t, build(t, ""), ".", nil)
	if program.Wait(); program.Finishes() != nil || program.Says() != allSteps {
		t.Errorf("exit %d, output %q", program.Exit(), program.Says())
	}
}

// Killed from outside at a point, the program does nothing any more.
func TestKillPointsBuild(t *testing.T) {
	bin := build(t, "killpoints")
	for _, test := range []struct {
		point, after string
		want         string
		killed       bool
	}{
		{"", "", allSteps + "test/end=1\ntest/step=3\n", false},
		{"test/other", "", allSteps + "test/end=1\ntest/step=3\n", false},
		{"test/step", "", "before 1\n", true},
		{"test/step:2", "", "before 1\nbefore 2\n", true},
		{"test/step:4", "", allSteps + "test/end=1\ntest/step=3\n", false},
		{"test/end", "", allSteps, true},
		{"test/end", "test/step", allSteps, true},
		{"test/step", "test/end", allSteps + "test/end=1\ntest/step=3\n", false},
	} {
		t.Run(test.point+" after "+test.after, func(t *testing.T) {
			program := process.Aim{Point: test.point, After: test.after}.StartProgram(t, bin, ".", nil)
			program.Wait()
			if program.Says() != test.want {
				t.Errorf("output %q, want %q", program.Says(), test.want)
			}
			if program.Killed() != test.killed {
				t.Errorf("killed = %v (exit %d), want %v", program.Killed(), program.Exit(), test.killed)
			}
		})
	}
}

func TestMalformedAimStopsTheProgram(t *testing.T) {
	program := process.Aim{Point: "test/step:zero"}.StartProgram(t, build(t, "killpoints"), ".", nil)
	if program.Wait(); program.Exit() == 0 || !strings.Contains(program.Says(), `WIRE_KILL_POINT="test/step:zero": want name or name:n`) {
		t.Errorf("exit %d, output %q", program.Exit(), program.Says())
	}
}

// Stopped at a point, the program goes no step further until it is woken, and comes to its end then.
func TestStopFreezesUntilContinued(t *testing.T) {
	program := process.Aim{Point: "test/step:2", Signal: "STOP"}.StartProgram(t, build(t, "killpoints"), ".", nil)
	program.Wait()
	if !program.Stopped() || program.Says() != "before 1\nbefore 2\n" {
		t.Fatalf("stopped: %v, output %q", program.Stopped(), program.Says())
	}
	program.Signal(syscall.SIGCONT)
	if program.Wait(); program.Finishes() != nil || !strings.HasPrefix(program.Says(), allSteps) {
		t.Errorf("after SIGCONT: exit %d, output %q", program.Exit(), program.Says())
	}
}

func TestPointInThisBuild(t *testing.T) {
	fault.Point("test/here")
	if got := len(fault.Points()) > 0; got != fault.KillPointsEnabled {
		t.Errorf("Points known: %v, enabled: %v", got, fault.KillPointsEnabled)
	}
}
