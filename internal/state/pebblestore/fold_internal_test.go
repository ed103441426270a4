package pebblestore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"syscall"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/state/store/storetest"
)

// everyKey sets n keys to a value.
func everyKey(n int, value uint64, upTo int64) []*store.Changes {
	c := &store.Changes{}
	c.Log(upTo)
	for i := range n {
		c.Put(store.Space{Operator: 1}, 0, uint64(i)*0x9e3779b97f4a7c15, fmt.Append(nil, i), binary.BigEndian.AppendUint64(nil, value))
	}
	return []*store.Changes{c}
}

// A call of a reader that begins before logs are there and looks while they are folded sees nothing of them, or all.
func TestReadBesideFold(t *testing.T) {
	s, err := Open(t.Context(), Options{FS: vfs.NewMem(), Dir: "/live"})
	if err != nil {
		t.Fatal(err)
	}
	s.piece = 512
	const keys = 400
	if err := s.Apply(t.Context(), everyKey(keys, 0, 0)); err != nil {
		t.Fatal(err)
	}
	var ended atomic.Bool
	failed := make(chan error, 4)
	for range cap(failed) {
		go func() {
			r := s.Reader()
			for !ended.Load() {
				values := map[uint64]int{}
				if err := r.Scan(store.Space{Operator: 1}, 0, math.MaxUint64, func(_ int64, _ uint64, _, value []byte) error {
					values[binary.BigEndian.Uint64(value)]++
					return nil
				}); err != nil {
					failed <- err
					return
				}
				if len(values) != 1 {
					failed <- fmt.Errorf("a call saw %v", values)
					return
				}
			}
			failed <- r.Close()
		}()
	}
	for epoch := range uint64(150) {
		upTo := int64(1 - epoch%2)
		if err := s.Apply(t.Context(), everyKey(keys, epoch+1, upTo)); err != nil {
			t.Fatal(err)
		}
	}
	ended.Store(true)
	for range cap(failed) {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// The suite, with pieces of a few entries.
func TestStoreInPieces(t *testing.T) {
	storetest.RunLogged(t, func(ctx context.Context, fsys vfs.FS, dir string, from []string) (store.Store, error) {
		s, err := Open(ctx, Options{FS: fsys, Dir: dir, From: from})
		if err != nil {
			return nil, err
		}
		s.piece = 100
		return s, nil
	})
}

// valuesOf reads what everyKey wrote, and how often each value is there.
func valuesOf(t *testing.T, s *Store) string {
	t.Helper()
	r := s.Reader()
	values := map[uint64]int{}
	if err := r.Scan(store.Space{Operator: 1}, 0, math.MaxUint64, func(_ int64, _ uint64, _, value []byte) error {
		values[binary.BigEndian.Uint64(value)]++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(values)
}

// openFailing opens a store on a disk that fails.
func openFailing(t *testing.T) (*Store, *vfs.Failing) {
	t.Helper()
	disk := vfs.Fail(vfs.NewMem())
	s, err := Open(t.Context(), Options{FS: disk, Dir: "/live"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, disk
}

// Where logs are full and cannot be folded nothing is applied.
func TestFullLogsAndFullDisk(t *testing.T) {
	s, disk := openFailing(t)
	if err := s.Apply(t.Context(), everyKey(10, 1, 1)); err != nil {
		t.Fatal(err)
	}
	disk.Add(vfs.Rule{Call: vfs.CallWrite, Path: "new-*", Err: syscall.ENOSPC})
	if err := s.Apply(t.Context(), everyKey(10, 2, 1)); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("apply: %v", err)
	}
	if got := valuesOf(t, s); got != "map[1:10]" {
		t.Errorf("after a refusal: %s", got)
	}
	if err := s.Apply(t.Context(), everyKey(10, 2, 1)); err != nil {
		t.Fatal(err)
	}
	if got := valuesOf(t, s); got != "map[2:10]" {
		t.Error(got)
	}
}

// A log that is not removed does no harm.
func TestLogStays(t *testing.T) {
	s, disk := openFailing(t)
	for epoch := range uint64(2) {
		if err := s.Apply(t.Context(), everyKey(10, epoch, 1<<30)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Checkpoint(t.Context(), fmt.Sprint("/checkpoint-", epoch)); err != nil {
			t.Fatal(err)
		}
	}
	disk.Add(vfs.Rule{Call: vfs.CallRemove, Path: "log-2.changes"})
	for range 2 {
		if got := valuesOf(t, s); got != "map[1:10]" || disk.Failed() != 1 {
			t.Errorf("%s; %d calls failed", got, disk.Failed())
		}
	}
	if files, bytes := s.logs.files.Load(), s.logs.bytes.Load(); files != 0 || bytes != 0 {
		t.Errorf("%d logs of %d bytes are left", files, bytes)
	}
	if err := s.Apply(t.Context(), everyKey(10, 2, 1<<30)); err != nil {
		t.Fatal(err)
	}
	if got := valuesOf(t, s); got != "map[2:10]" {
		t.Error(got)
	}
	if err := s.Apply(t.Context(), everyKey(10, 3, 1<<30)); err != nil {
		t.Fatal(err)
	}
	disk.Add(vfs.Rule{Call: vfs.CallRemove, Path: "log-*"})
	all := &store.Changes{}
	all.Log(1 << 30)
	all.DropAll(store.Space{Operator: 1}, 0, math.MaxUint64)
	if _, err := s.Checkpoint(t.Context(), "/checkpoint-3"); err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), []*store.Changes{all}); err != nil {
		t.Fatal(err)
	}
	if got := valuesOf(t, s); got != "map[]" || disk.Failed() != 2 {
		t.Errorf("%s; %d calls failed", got, disk.Failed())
	}
}

// Logs that were folded when somebody gave up waiting for it are not looked for again.
func TestFoldGivenUpAtItsEnd(t *testing.T) {
	s, _ := openFailing(t)
	if err := s.Apply(t.Context(), everyKey(10, 1, 1<<30)); err != nil {
		t.Fatal(err)
	}
	if got := valuesOf(t, s); got != "map[1:10]" {
		t.Error(got)
	}
	s.pending.Store(true) // as a fold leaves it whose last log became tables before it was given up
	if got := valuesOf(t, s); got != "map[1:10]" || s.pending.Load() {
		t.Errorf("%s; logs are looked for with each call: %v", got, s.pending.Load())
	}
}

// Reads of what many small pieces became need not look into all of them: a fold waits for compactions.
func TestFoldWaitsForCompactions(t *testing.T) {
	s, _ := openFailing(t)
	s.piece, s.most = 16<<10, 1
	for epoch := range uint64(16) {
		if err := s.Apply(t.Context(), everyKey(5000, epoch, 1<<30)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.foldFirst(); err != nil {
		t.Fatal(err)
	}
	if m := s.db.Metrics(); m.Levels[0].Sublevels > foldMost && m.Compact.NumInProgress > 0 {
		t.Errorf("level 0 has %d levels behind a fold, and is merged", m.Levels[0].Sublevels)
	}
	if got := valuesOf(t, s); got != "map[15:5000]" {
		t.Error(got)
	}
}

// However many drops there are, the log can be read.
func TestManyDrops(t *testing.T) {
	s, _ := openFailing(t)
	if err := s.Apply(t.Context(), everyKey(10, 1, 1<<30)); err != nil {
		t.Fatal(err)
	}
	c := &store.Changes{}
	c.Log(1 << 30)
	for i := range 3 << 20 {
		c.Drop(store.Space{Operator: 1}, int64(i), 0, math.MaxUint64)
	}
	if err := s.Apply(t.Context(), []*store.Changes{c}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Checkpoint(t.Context(), "/checkpoint"); err != nil {
		t.Fatal(err)
	}
	if _, err := countLog(s.disk, s.logPath(1)); err != nil {
		t.Error(err)
	}
}
