package process

import (
	"strings"
	"testing"
)

// A process that nobody here has killed was not killed by its test, whatever ended it.
func TestKilledByOthers(t *testing.T) {
	p := StartProgram(t, "sh", ".", []string{"-c", "kill -KILL $$"})
	p.Wait()
	if err := p.Finishes(); p.Killed() || p.Code() != 128+9 || err == nil || !strings.Contains(err.Error(), "hung") {
		t.Errorf("killed %v, code %d, %v", p.Killed(), p.Code(), err)
	}
}

// One that is aimed is killed where it has stopped, and not woken; one that is to sleep is left.
func TestWaitKillsWhatHasStopped(t *testing.T) {
	script := []string{"-c", "kill -STOP $$; echo woken"}
	p := Aim{Point: "here"}.StartProgram(t, "sh", ".", script)
	if p.Wait(); !p.Killed() || p.Says() != "" {
		t.Errorf("killed %v, code %d: %s", p.Killed(), p.Code(), p.Says())
	}
	p = Aim{Point: "here", Signal: "STOP"}.StartProgram(t, "sh", ".", script)
	if p.Wait(); !p.Stopped() || p.Killed() {
		t.Errorf("stopped %v, killed %v", p.Stopped(), p.Killed())
	}
}

func TestSeeds(t *testing.T) {
	t.Setenv(SeedVariable, "")
	if Seed(t) < 20260101 || FixedSeed(t) != 1 {
		t.Errorf("without a seed: %d, %d", Seed(t), FixedSeed(t))
	}
	t.Setenv(SeedVariable, "12")
	if Seed(t) != 12 || FixedSeed(t) != 12 {
		t.Errorf("with seed 12: %d, %d", Seed(t), FixedSeed(t))
	}
}
