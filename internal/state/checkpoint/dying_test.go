package checkpoint

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"wire.example/wire/internal/foundation/clock"
)

// A start, and a removal, go on when the process that holds a lock has died meanwhile, be it the owner's or that of somebody who only looks.
func TestWhoIsDyingIsAwaited(t *testing.T) { synctest.Test(t, dyingIsAwaited) }

func dyingIsAwaited(t *testing.T) {
	b, mem := memBed(t)
	o := b.open()
	b.checkpoint(o, 1, 2, 3)
	dies := func(l *lock) {
		time.Sleep(500 * time.Millisecond) //nolint:forbidigo // of the bubble
		b.must(l.file.Close())
	}
	b.options.runs = func(Holder) bool { return false }
	go dies(o.lock)
	next := b.open(as(8))
	if next.Latest().Epoch != 3 || next.Contested() {
		t.Errorf("latest %+v, contested %t", next.Latest(), next.Contested())
	}
	go dies(next.lock)
	_, err := Remove(t.Context(), b.options, []int64{1})
	b.must(err)

	b.options.runs = func(Holder) bool { return true }
	starts, err := takeLock(mem, filepath.Join(stateDir, startLock), Holder{PID: 9})
	b.must(err)
	go dies(starts)
	b.must(b.open().Close())
}

// Who runs is not waited for; of whom nobody knows for a moment, as long as whoever starts wants to.
func TestHowLongOneIsAwaited(t *testing.T) { synctest.Test(t, awaitedSoLong) }

func awaitedSoLong(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	tries := func(ctx context.Context, want time.Duration) {
		t.Helper()
		before := clock.System().Now()
		_, err := Open(ctx, b.options)
		if held := wantAs[*HeldError](t, err); held.Holder.PID != 7 || held.Generation != 1 {
			t.Errorf("%v", err)
		}
		if took := clock.System().Now().Sub(before); took != want {
			t.Errorf("refused after %v, want %v", took, want)
		}
	}
	tries(t.Context(), 0)
	b.options.runs = func(Holder) bool { return false }
	tries(t.Context(), moment)
	ctx, cancel := context.WithTimeout(t.Context(), 95*time.Millisecond)
	defer cancel()
	tries(ctx, 95*time.Millisecond)
	b.must(o.Close())
}

// Only a process of this machine that is there, and was not killed, runs for certain.
func TestWhoRuns(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/proc/self/stat"); errors.Is(err, os.ErrNotExist) {
		t.Skip("SKIP: no /proc")
	}
	me := Holder{PID: os.Getpid(), Host: host}
	if !runs(me) || runs(Holder{PID: me.PID, Host: host + "2"}) || runs(Holder{Host: host}) {
		t.Error("this process is what runs")
	}
	c := exec.CommandContext(t.Context(), "sleep", "1000")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	child := Holder{PID: c.Process.Pid, Host: host}
	if !runs(child) {
		t.Error("it sleeps, and runs")
	}
	if err := c.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if runs(child) {
			t.Error("it was killed, and runs")
		}
	}
	if err := c.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("it ended with %v", err)
	}
	if runs(child) {
		t.Error("it has ended, and runs")
	}
}
