package checkpoint

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/test/process"
)

// killPoints are all points of this package.
var killPoints = []string{
	"checkpoint/half-staged", "checkpoint/files-staged", "checkpoint/before-publish", "checkpoint/linked", "checkpoint/published",
	"retention/before-delete", "retention/half-deleted", "restore/half",
}

// owner is a run of testdata/owner.
type owner struct {
	*process.Process
	t *testing.T
}

// runOwner starts a run, and waits until it has ended, or is stopped at a point.
func runOwner(t *testing.T, bin, dir string, aim process.Aim, mode string) *owner {
	t.Helper()
	o := &owner{t: t, Process: aim.StartProgram(t, bin, ".", []string{dir, mode})}
	o.Wait()
	return o
}

// epochs reads what the process went on from and what it may have committed last.
func (o *owner) epochs() (from, committed int64) {
	o.t.Helper()
	from = -1
	for line := range strings.Lines(o.Says()) {
		word, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		to := map[string]*int64{"from": &from, "commit": &committed}[word]
		if to == nil {
			continue
		}
		if _, err := fmt.Sscan(number, to); err != nil {
			o.t.Fatal(err)
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
	if err := runOwner(t, bin, dir, process.Aim{}, "start").Finishes(); err != nil {
		t.Fatal(err)
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
			killed := runOwner(t, bin, dir, process.Aim{Point: fmt.Sprintf("%s:%d", point, n)}, "start")
			if !killed.Killed() {
				if err := killed.Finishes(); err != nil || n == 1 {
					t.Errorf("%s was not passed: %v", point, err)
				}
				break // it is not passed as often
			}
			_, committed := killed.epochs()
			whole(t, dir)
			next := runOwner(t, bin, dir, process.Aim{}, "start")
			if err := next.Finishes(); err != nil {
				t.Fatalf("after %s:%d: %s%v", point, n, killed.Says(), err)
			}
			if from, last := next.epochs(); from < max(committed, 4) || last != from+4 {
				t.Errorf("after %s:%d, when %d was committed: %s", point, n, committed, next.Says())
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
		stopped := runOwner(t, bin, dir, process.Aim{Point: fmt.Sprintf("%s:%d", point, n), Signal: "STOP"}, "start")
		if !stopped.Stopped() {
			t.Fatalf("%s was not passed: %s", point, stopped.Says())
		}
		refused := runOwner(t, bin, dir, process.Aim{}, "start")
		if refused.Exit() == 0 || !strings.Contains(refused.Says(), fmt.Sprintf("the pipeline is run by process %d", stopped.PID)) {
			t.Errorf("%s: a second run: %s", point, refused.Says())
		}
		heir := runOwner(t, bin, dir, process.Aim{}, "take-over")
		if err := heir.Finishes(); err != nil {
			t.Errorf("%s: %v", point, err)
		}
		before := stopped.Says()
		stopped.Signal(syscall.SIGCONT)
		if stopped.Wait(); stopped.Exit() == 0 && !strings.Contains(stopped.Says(), "fenced\n") {
			t.Errorf("%s: woke and went on: %s", point, stopped.Says())
		}
		if after := strings.TrimPrefix(stopped.Says(), before); strings.Contains(after, "commit") {
			t.Errorf("%s: committed after it woke: %s", point, after)
		}
		_, committed := stopped.epochs()
		from, last := heir.epochs()
		if from < committed || last != from+4 {
			t.Errorf("%s: %d was committed, and the heir: %s", point, committed, heir.Says())
		}
		next := runOwner(t, bin, dir, process.Aim{}, "start")
		if err := next.Finishes(); err != nil {
			t.Errorf("%s: %v", point, err)
		}
		if again, _ := next.epochs(); again != last {
			t.Errorf("%s: the next run goes on from %d, the heir had got to %d", point, again, last)
		}
		whole(t, dir)
	}
}
