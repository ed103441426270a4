package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/sqlstate"
)

// Scratch is where state goes that finds no room in memory, of a run which keeps nothing: a flow.Scratch. It is a directory of its own among temporary files, made when something goes there. What
// a killed process has left is removed by whoever makes a Scratch in the same place.
type Scratch struct {
	counting
	parent string
	memory int64
	packs  store.Compression
	log    *slog.Logger

	mu    sync.Mutex // held while the store is opened and written to
	dir   string
	lock  vfs.File
	store store.Store
}

// The names of scratch directories, and of the lock in each that its process holds.
const (
	scratchPrefix = "wire-scratch-"
	scratchLock   = "lock"
)

// mostScratch is what the store of a Scratch takes at most, in bytes.
const mostScratch = 256 << 20

// NewScratch returns a Scratch under the directory for temporary files, for a run with a budget, whose store compresses what it writes so. It makes nothing, but removes what dead processes have left there.
func NewScratch(budget *limit.Budget, packs store.Compression, log *slog.Logger) *Scratch {
	s := &Scratch{parent: os.TempDir(), packs: packs, log: log}
	if budget != nil && budget.Limit() != limit.Unlimited {
		s.memory = min(storeOf(budget.Limit()), mostScratch)
	}
	s.removeStale()
	return s
}

// Memory is what the store takes once it is open, in bytes.
func (s *Scratch) Memory() int64 { return s.memory }

// removeStale removes the directories of processes that are no more. What cannot be removed stays: it may be another user's.
func (s *Scratch) removeStale() {
	dir, err := os.Open(s.parent)
	if err != nil {
		return
	}
	names, err := dir.Readdirnames(-1)
	if closed := dir.Close(); err != nil || closed != nil {
		return
	}
	for _, name := range names {
		if strings.HasPrefix(name, scratchPrefix) {
			s.removeIfStale(filepath.Join(s.parent, name))
		}
	}
}

// removeIfStale removes a directory whose lock nobody holds. One without a lock is just being made, or removed.
func (s *Scratch) removeIfStale(dir string) {
	path := filepath.Join(dir, scratchLock)
	if _, err := os.Lstat(path); err != nil {
		return
	}
	lock, err := vfs.OS().Lock(path)
	if err != nil {
		return
	}
	if err := errors.Join(os.RemoveAll(dir), lock.Close()); err != nil {
		s.log.Debug("an old scratch directory could not be removed", "dir", dir, "error", err)
	}
}

// open makes the directory and opens the store. The caller holds mu.
func (s *Scratch) open(ctx context.Context) error {
	if s.store != nil {
		return nil
	}
	if err := s.makeDir(); err != nil {
		return s.failed(err)
	}
	opened, err := pebblestore.Open(ctx, pebblestore.Options{FS: unsynced{vfs.OS()}, Dir: filepath.Join(s.dir, "store"), Memory: s.memory, Compression: s.packs, Log: s.log})
	if err != nil {
		return s.failed(err)
	}
	s.store = opened
	s.opened.Store(opened)
	return nil
}

// makeDir makes the directory and takes its lock. Another process may take the directory for a dead one's between the two: then it is made again.
func (s *Scratch) makeDir() error {
	for s.lock == nil {
		dir, err := os.MkdirTemp(s.parent, scratchPrefix)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, scratchLock)
		lock, err := vfs.OS().Lock(path)
		if errors.Is(err, vfs.ErrLocked) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
		if _, err := os.Lstat(path); err != nil {
			if err := lock.Close(); err != nil {
				return err
			}
			continue
		}
		s.dir, s.lock = dir, lock
	}
	return nil
}

// failed says where the scratch lies and how it is laid elsewhere.
func (s *Scratch) failed(err error) error {
	where := s.dir
	if where == "" {
		where = s.parent
	}
	const hint = "The environment variable TMPDIR says where temporary files go; with more --memory less goes there."
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return sqlstate.Errorf(sqlstate.DiskFull, "the state of the query needs more than memory, and there is no room for it in %s: %v", where, err).WithHint(hint)
	}
	return sqlstate.Errorf(sqlstate.IOError, "the state of the query needs more than memory, and it cannot be put into %s: %v", where, err).WithHint(hint)
}

// Reader opens the store, if it is not open, and reads it; see flow.Scratch.
func (s *Scratch) Reader(ctx context.Context) (store.Reader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	return s.store.Reader(), nil
}

// Spill puts what one task changed into the store; see flow.Scratch.
func (s *Scratch) Spill(ctx context.Context, changes *store.Changes) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.open(ctx)
	if err != nil {
		return err
	}
	if err = s.store.Apply(ctx, []*store.Changes{changes}); err == nil || ctx.Err() != nil {
		fault.Point("scratch/spilled")
		return err
	}
	return s.failed(err)
}

// Dir is where the store lies; "" while nothing is there.
func (s *Scratch) Dir() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dir
}

// Close closes the store and removes the directory.
func (s *Scratch) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.store != nil {
		err = s.store.Close()
	}
	if s.lock != nil {
		err = errors.Join(err, os.RemoveAll(s.dir), s.lock.Close())
	}
	s.store, s.lock, s.dir = nil, nil, ""
	if err != nil {
		return fmt.Errorf("remove scratch: %w", err)
	}
	return nil
}

// unsynced is a file system whose files need not outlive the process: nothing is synced.
type unsynced struct{ vfs.FS }

func (u unsynced) OpenFile(name string, flag int, perm fs.FileMode) (vfs.File, error) {
	f, err := u.FS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return unsyncedFile{f}, nil
}

func (unsynced) SyncDir(string) error { return nil }

type unsyncedFile struct{ vfs.File }

func (unsyncedFile) Sync() error { return nil }
