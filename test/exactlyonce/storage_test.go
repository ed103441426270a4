package exactlyonce_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/checkpoint"
	"wire.example/wire/test/process"
)

// fileRecords is how many lines each file of the input has.
const fileRecords = 60

// patience bounds a run, so that one which hangs is a failure.
const patience = 10 * time.Minute

// endsWell runs the pipeline from what is on mem to its end, and wants the output and the account of an undisturbed run, and nothing left behind.
func endsWell(ctx context.Context, mem *vfs.Mem, lanes int, want map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	a, err := run(ctx, mem, lanes)
	if err != nil {
		return fmt.Errorf("the next run: %w", err)
	}
	if err := holds(mem, want, false); err != nil {
		return err
	}
	if a.ran && (!a.Balanced() || (a.before+a.Sources[0].Records)%fileRecords != 0) {
		return fmt.Errorf("%d records before, and the account %+v", a.before, a.Report)
	}
	return tidy(ctx, mem)
}

// tidy wants nothing of an ended run but its output and checkpoints that are whole.
func tidy(ctx context.Context, mem *vfs.Mem) error {
	for _, pattern := range []string{"/out/.*", "/out/parts/.*", "/state/live-*", "/state/tmp/*"} {
		if left, err := vfs.Glob(mem, pattern); err != nil || len(left) > 0 {
			return fmt.Errorf("%q are left: %w", left, err)
		}
	}
	found, err := checkpoint.Inspect(ctx, mem, "/state")
	if err != nil {
		return err
	}
	if len(found.Unneeded) > 0 {
		return fmt.Errorf("nobody needs %q", found.Unneeded)
	}
	for _, e := range found.Entries {
		if e.Err != nil {
			return e.Err
		}
		report, err := checkpoint.Verify(ctx, checkpoint.NewDirectory(mem, "/state", 0), e.Manifest)
		if err != nil || !report.OK() {
			return fmt.Errorf("checkpoint %d: %v, %w", e.Manifest.Epoch, report, err)
		}
	}
	return nil
}

// share is the part of all cases that is tried without WIRE_TEST_HEAVY.
func share(all int) int {
	if process.Heavy() {
		return 1
	}
	return all
}

// image is what a power failure leaves behind a change that a run makes on its disk.
type image struct {
	*vfs.Mem
	what string
	// next is how many lanes the next run has.
	next int
}

// content is a sum over the names, files and links of a file system: images with equal sums are equal but for times.
func content(t *testing.T, fsys vfs.FS) [sha256.Size]byte {
	t.Helper()
	sum := sha256.New()
	var walk func(dir string)
	walk = func(dir string) {
		entries, err := fsys.ReadDir(dir)
		must(t, err)
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			info, err := e.Info()
			must(t, err)
			_, _ = fmt.Fprintf(sum, "%q %v %v %d\n", path, info.Mode(), info.Sys(), info.Size())
			if e.IsDir() {
				walk(path)
				continue
			}
			text, err := vfs.ReadFile(fsys, path)
			must(t, err)
			sum.Write(text)
		}
	}
	walk("/")
	return [sha256.Size]byte(sum.Sum(nil))
}

// images runs the pipeline and gives try an image of what a power failure leaves behind every change that it makes on its disk, unsynced changes dropped, kept and torn: all of
// them, or a part that is drawn. What is equal to an image before is not tried again: the change was none, as far as the disk is concerned.
func images(t *testing.T, random *rand.Rand, lanes, part int, try func(image)) (changes, drawn, tried int) {
	t.Helper()
	mem := begin(t)
	var mu sync.Mutex
	seen := map[[sha256.Size]byte]bool{}
	_, err := run(t.Context(), vfs.Watch(mem, func(op vfs.Op) {
		if !op.Changes() {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		changes++
		for _, options := range []vfs.CrashOptions{{}, {Keep: 1, Tear: true, Rand: random}, {Keep: 0.5, Tear: true, Rand: random}} {
			if random.IntN(part) > 0 {
				continue
			}
			drawn++
			left := mem.CrashImage(options)
			if sum := content(t, left); !seen[sum] {
				seen[sum] = true
				tried++
				try(image{left, fmt.Sprintf("%d lanes, cut behind change %d, %s, with %v of what was not synced", lanes, changes, op, options.Keep), 1 + random.IntN(3)})
			}
		}
	}), lanes)
	must(t, err)
	return changes, drawn, tried
}

// TestEveryCrashImage cuts the power behind every change that a run makes on its disk, to checkpoints, to the store's files and to sinks, and goes on from what is left.
func TestEveryCrashImage(t *testing.T) {
	want := answer(t)
	part := share(36)
	for lanes := 1; lanes <= 3; lanes++ {
		random := rand.New(rand.NewPCG(process.Seed(t), uint64(lanes))) //nolint:gosec // small
		queue := make(chan image)
		var workers sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			workers.Go(func() {
				for i := range queue {
					err := holds(i, want, true)
					if err == nil {
						err = endsWell(t.Context(), i.Mem, i.next, want)
					}
					if err != nil {
						t.Errorf("%s: %v", i.what, err)
					}
				}
			})
		}
		changes, drawn, tried := images(t, random, lanes, part, func(i image) { queue <- i })
		close(queue)
		workers.Wait()
		t.Logf("%d lanes: %d changes, %d images, %d of them different", lanes, changes, drawn, tried)
		if changes < 3*mostChanges/4 || drawn*part < changes {
			t.Errorf("%d lanes: only %d changes, %d images", lanes, changes, drawn)
		}
	}
}

// failure is a kind of call that fails once, or from some time on.
type failure struct {
	call  vfs.Call
	times int
	err   error
}

// TestEveryFailingCall has the nth call of each kind to the disk fail: the run goes on and has the right output, or it ends and says why. What the next run leaves is right, also if
// the power was cut between the two.
func TestEveryFailingCall(t *testing.T) {
	want := answer(t)
	calls := map[vfs.Call]int{}
	var mu sync.Mutex
	_, err := run(t.Context(), vfs.Watch(begin(t), func(op vfs.Op) {
		mu.Lock()
		defer mu.Unlock()
		calls[op.Call]++
	}), 2)
	must(t, err)
	allWent, allEnded := 0, 0
	for _, f := range []failure{
		{vfs.CallSync, 1, syscall.EIO},
		{vfs.CallSync, vfs.Forever, syscall.EIO},
		{vfs.CallSyncDir, 1, syscall.EIO},
		{vfs.CallSyncDir, vfs.Forever, syscall.EIO},
		{vfs.CallWrite, 1, syscall.EIO},
		{vfs.CallWrite, 1, syscall.ENOSPC},
		{vfs.CallWrite, 20, syscall.ENOSPC},
		{vfs.CallWrite, vfs.Forever, syscall.ENOSPC},
		{vfs.CallOpen, 1, syscall.ENOSPC},
		{vfs.CallMkdirAll, 1, syscall.ENOSPC},
		{vfs.CallLink, 1, syscall.ENOSPC},
		{vfs.CallLink, vfs.Forever, syscall.ENOSPC},
		{vfs.CallRead, 1, syscall.EIO},
		{vfs.CallReadDir, 1, syscall.EIO},
		{vfs.CallRename, 1, syscall.EIO},
		{vfs.CallRenameNoReplace, 1, syscall.EIO},
		{vfs.CallRemove, 1, syscall.EIO},
		{vfs.CallTruncate, 1, syscall.EIO},
	} {
		random := rand.New(rand.NewPCG(process.Seed(t), uint64(f.times))) //nolint:gosec // repeatable
		if calls[f.call] == 0 {
			t.Errorf("no %s is called", f.call)
		}
		went, ended := 0, 0
		for nth := 1; nth <= calls[f.call]; nth++ {
			if random.IntN(share(8)) > 0 {
				continue
			}
			goesOn, err := fails(t, f, nth, random, want)
			switch {
			case err != nil:
				t.Errorf("%s number %d of %d, %d times, %v: %v", f.call, nth, calls[f.call], f.times, f.err, err)
			case goesOn:
				went++
			default:
				ended++
			}
		}
		t.Logf("%s, %d times, %v: %d runs went on, %d ended", f.call, f.times, f.err, went, ended)
		allWent, allEnded = allWent+went, allEnded+ended
	}
	if allWent == 0 || allEnded == 0 {
		t.Errorf("%d runs went on, %d ended: failures of one kind or the other are not seen", allWent, allEnded)
	}
}

// fails has one call fail, and reports whether the run went on.
func fails(t *testing.T, f failure, nth int, random *rand.Rand, want map[string]string) (goesOn bool, wrong error) {
	t.Helper()
	mem := begin(t)
	failing := vfs.Fail(mem, vfs.Rule{Call: f.call, Nth: nth, Times: f.times, Err: f.err})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := run(ctx, failing, 1+random.IntN(3))
	switch {
	case ctx.Err() != nil:
		return false, errors.New("the run hangs")
	case err != nil && !errors.Is(err, f.err) && !strings.Contains(err.Error(), f.err.Error()):
		return false, fmt.Errorf("the run does not say why it ended: %w", err)
	case err == nil:
		if wrong := holds(mem, want, false); wrong != nil {
			return true, wrong
		}
	}
	if random.IntN(2) == 0 {
		mem = mem.CrashImage(vfs.CrashOptions{})
	}
	if wrong := holds(mem, want, true); wrong != nil {
		return err == nil, wrong
	}
	return err == nil, endsWell(t.Context(), mem, 1+random.IntN(3), want)
}
