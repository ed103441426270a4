package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// Store is a store.Store on disk.
type Store struct {
	disk     vfs.FS
	fs       *diskFS
	dir      string
	db       *pebble.DB
	options  *pebble.Options
	clock    clock.Clock
	packs    store.Compression
	failures *failures
	names    *names
	sorted   store.Sorted // of Apply
	writer   *tableWriter // of Apply; guarded by writing
	buffer   []byte       // what is written of a table, of writeSize and roomBehind; nil before the first one; guarded by writing
	counters counters
	most     int32       // levels of level 0, from which on Apply waits for compactions
	writing  sync.Mutex  // held by Apply, Checkpoint and whoever folds logs
	piece    int64       // how much of logs is folded at once, in bytes
	ingested int         // tables that Apply wrote; guarded by writing
	logs     logs        // guarded by writing
	pending  atomic.Bool // there are logs, which must be folded before anything is read
	// folding is held, behind writing, while logs become tables, some at once, and shared by who begins to read: he sees all of them, or none.
	folding sync.RWMutex

	mu     sync.Mutex
	idle   *sync.Cond // of mu: nothing is in flight
	flying int        // calls in flight
	closed bool
	last   store.Stats // once closed
}

// counters are what Stats does not learn from Pebble.
type counters struct {
	applied, flushed, checkpoints, asked, spared, lookups, found atomic.Int64
}

// Open makes the live directory and opens the store on the files of a checkpoint. They are linked, or copied where that is impossible, and belong
// to the caller as before. It is quick: nothing of a table is read.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.FS == nil {
		o.FS = vfs.OS()
	}
	o.FS = vfs.Deaf(o.FS, "store")
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{disk: o.FS, fs: newDiskFS(o.FS), dir: o.Dir, clock: o.Clock, packs: o.Compression, failures: newFailures(o.Log), names: newNames()}
	if s.most = levelZeroMost; o.Late {
		s.most = lateMost
	}
	s.idle = sync.NewCond(&s.mu)
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	if len(o.From) > 0 {
		if err := s.restore(ctx, o.From); err != nil {
			return nil, err
		}
	}
	if s.piece = max(o.Memory/pieceShare, leastPiece); o.Late {
		s.piece = latePiece
	}
	s.options = pebbleOptions(o, s.fs, s.failures)
	s.writer = newTableWriter(s.options.Levels[0].BlockSize, o.Compression)
	compactions := newScheduler()
	s.options.Experimental.CompactionScheduler = compactions
	db, err := pebble.Open(s.dir, s.options)
	if err != nil {
		compactions.Unregister()
		return nil, fmt.Errorf("open the state store in %s: %w", s.dir, wrapped(err))
	}
	s.db = db
	if len(o.From) > 0 {
		// Pebble begins a manifest of its own with the first change of its tables; until then a checkpoint would have an empty one. An empty flush is such a
		// change.
		if err := db.Flush(); err != nil {
			return nil, errors.Join(fmt.Errorf("open the state store in %s: %w", s.dir, wrapped(err)), db.Close())
		}
	}
	return s, nil
}

// makeDir makes the live directory, which may be there, but empty.
func (s *Store) makeDir() error {
	if err := s.fs.MkdirAll(s.dir, 0o777); err != nil {
		return err
	}
	entries, err := s.disk.ReadDir(s.dir)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("the live directory %s of a state store is not empty: it holds %s; remove it, it is worth nothing", s.dir, entries[0].Name())
	}
	return nil
}

// begin notes a call in flight, unless the store is closed or broken. The caller calls end.
func (s *Store) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	if err := s.failures.check(); err != nil {
		return err
	}
	s.flying++
	return nil
}

func (s *Store) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying--
	if s.flying == 0 {
		s.idle.Broadcast()
	}
}

// Close waits for calls in flight, and ends compactions.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return store.ErrClosed
	}
	s.closed = true
	for s.flying > 0 {
		s.idle.Wait()
	}
	s.last = s.stats()
	s.mu.Unlock()
	if w := s.logs.open; w != nil {
		w.file.Abort() // the live directory is scratch
	}
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close the state store in %s: %w", s.dir, wrapped(err))
	}
	return nil
}

// Stats counts; after Close it says what was last.
func (s *Store) Stats() store.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return s.last
	}
	return s.stats()
}

func (s *Store) stats() store.Stats {
	m := s.db.Metrics()
	out := store.Stats{
		Disk:         int64(m.Table.Local.LiveSize + m.Table.Local.ObsoleteSize + m.Table.Local.ZombieSize), //nolint:gosec // sizes of files
		Applied:      s.counters.applied.Load(),
		Flushed:      s.counters.flushed.Load(),
		Compacted:    s.fs.written.Load() - s.counters.flushed.Load(),
		Checkpoints:  s.counters.checkpoints.Load(),
		CacheBytes:   m.BlockCache.Size,
		MemtableSize: int64(m.MemTable.Size + m.MemTable.ZombieSize), //nolint:gosec // sizes of memory
		Asked:        s.counters.asked.Load(),
		Spared:       s.counters.spared.Load(),
		Lookups:      s.counters.lookups.Load(),
		Found:        s.counters.found.Load(),
		FilterHits:   m.Filter.Hits,
		FilterMisses: m.Filter.Misses,
		CacheHits:    m.BlockCache.Hits,
		CacheMiss:    m.BlockCache.Misses,
	}
	for i := range m.Levels {
		out.Files += int(m.Levels[i].TablesCount)
	}
	out.Files += int(s.logs.files.Load())
	out.Disk += s.logs.bytes.Load()
	out.Memory = out.CacheBytes + out.MemtableSize
	return out
}
