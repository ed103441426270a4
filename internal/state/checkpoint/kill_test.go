package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
)

// killPoints are all points of this package.
var killPoints = []string{
	"checkpoint/half-staged", "checkpoint/files-staged", "checkpoint/before-publish", "checkpoint/linked", "checkpoint/published",
	"retention/before-delete", "retention/half-deleted", "restore/half",
}

// process is a run of testdata/owner.
type process struct {
	*exec.Cmd
	t   *testing.T
	out *os.File // read while it writes
}

func newProcess(t *testing.T, bin, dir, point, signal, mode string) *process {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	p := &process{Cmd: exec.Command(bin, dir, mode), t: t, out: out}
	p.Env = append(os.Environ(), fault.KillPointVariable+"="+point, fault.KillSignalVariable+"="+signal)
	p.Stdout, p.Stderr = out, out
	return p
}

// said is what it has printed so far.
func (p *process) said() string {
	p.t.Helper()
	text, err := os.ReadFile(p.out.Name())
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// epochs reads what the process went on from and what it may have committed last.
func (p *process) epochs() (from, committed int64) {
	p.t.Helper()
	from = -1
	for line := range strings.Lines(p.said()) {
		word, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		to := map[string]*int64{"from": &from, "commit": &committed}[word]
		if to == nil {
			continue
		}
		if _, err := fmt.Sscan(number, to); err != nil {
			p.t.Fatal(err)
		}
	}
	return from, committed
}

func buildOwner(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "owner")
	if out, err := exec.Command("go", "build", "-tags", "killpoints", "-o", bin, "./testdata/owner").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// state makes a directory in which a run has ended in order.
func stateOf(t *testing.T, bin string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	if p := newProcess(t, bin, dir, "", "", "start"); p.Run() != nil {
		t.Fatal(p.said())
	}
	return dir
}

// whole verifies all manifests on the disk.
func whole(t *testing.T, dir string) {
	t.Helper()
	b := newBed(t, vfs.OS())
	i, err := Inspect(t.Context(), vfs.OS(), dir)
	b.must(err)
	for _, e := range i.Entries {
		b.must(e.Err)
		report, err := Verify(t.Context(), NewDirectory(vfs.OS(), dir, 0), e.Manifest)
		b.must(err)
		if !report.OK() {
			t.Errorf("manifest %d: %v", e.Number, report.Damaged)
		}
	}
}

// A process that is killed at any point leaves a state directory from which the next one goes on, not behind what was committed.
func TestKilledOwner(t *testing.T) {
	bin := buildOwner(t)
	for _, point := range killPoints {
		for n := 1; n <= 3; n++ {
			dir := stateOf(t, bin)
			killed := newProcess(t, bin, dir, fmt.Sprintf("%s:%d", point, n), "KILL", "start")
			err := killed.Run()
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				if n == 1 {
					t.Errorf("%s was not passed", point)
				}
				break // it is not passed as often
			}
			_, committed := killed.epochs()
			whole(t, dir)
			next := newProcess(t, bin, dir, "", "", "start")
			if err := next.Run(); err != nil {
				t.Fatalf("after %s:%d: %s%s", point, n, killed.said(), next.said())
			}
			if from, last := next.epochs(); from < max(committed, 4) || last != from+4 {
				t.Errorf("after %s:%d, when %d was committed: %s", point, n, committed, next.said())
			}
			whole(t, dir)
		}
	}
}

// A process that is stopped at any point, and wakes when another has taken over, has gone on and has deleted what was old, commits nothing any more.
func TestStoppedOwner(t *testing.T) {
	bin := buildOwner(t)
	for _, point := range killPoints {
		dir := stateOf(t, bin)
		n := 1
		if strings.HasPrefix(point, "checkpoint/") {
			n = 2 // of a checkpoint, not of the claim at its start
		}
		stopped := newProcess(t, bin, dir, fmt.Sprintf("%s:%d", point, n), "STOP", "start")
		if err := stopped.Start(); err != nil {
			t.Fatal(err)
		}
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(stopped.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
			t.Fatalf("%s: %v %v", point, status, err)
		}
		refused := newProcess(t, bin, dir, "", "", "start")
		if refused.Run() == nil || !strings.Contains(refused.said(), fmt.Sprintf("the pipeline is run by process %d", stopped.Process.Pid)) {
			t.Errorf("%s: a second run: %s", point, refused.said())
		}
		heir := newProcess(t, bin, dir, "", "", "take-over")
		if err := heir.Run(); err != nil {
			t.Errorf("%s: %s", point, heir.said())
		}
		before := stopped.said()
		if err := stopped.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if err := stopped.Wait(); err == nil && !strings.Contains(stopped.said(), "fenced\n") {
			t.Errorf("%s: woke and went on: %s", point, stopped.said())
		}
		if after := strings.TrimPrefix(stopped.said(), before); strings.Contains(after, "commit") {
			t.Errorf("%s: committed after it woke: %s", point, after)
		}
		_, committed := stopped.epochs()
		from, last := heir.epochs()
		if from < committed || last != from+4 {
			t.Errorf("%s: %d was committed, and the heir: %s", point, committed, heir.said())
		}
		next := newProcess(t, bin, dir, "", "", "start")
		if err := next.Run(); err != nil {
			t.Errorf("%s: %s", point, next.said())
		}
		if again, _ := next.epochs(); again != last {
			t.Errorf("%s: the next run goes on from %d, the heir had got to %d", point, again, last)
		}
		whole(t, dir)
	}
}
