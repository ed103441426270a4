package pebblestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// tableLeast is how long a table of an epoch is at least, before compression, in bytes, but the last one. A table has whole shards.
const tableLeast = 8 << 20

// settlePause is how long settle waits before it looks again.
const settlePause = 100 * time.Millisecond

// Apply writes the changes to a log, if all have the form of one, else as tables, and ingests these in one step. All entries and range deletes of a table get one sequence number, and a range delete
// covers only what is older: so drops come before the puts beside them.
func (s *Store) Apply(ctx context.Context, changes []*store.Changes) error {
	if err := errors.Join(ctx.Err(), store.Check(changes)); err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.failures.take(); err != nil {
		return err
	}
	size := int64(0)
	for _, c := range changes {
		size += c.Bytes()
	}
	written, err := s.applyTo(ctx, changes)
	if err != nil {
		return fmt.Errorf("apply changes to the state store in %s: %w", s.dir, wrapped(err))
	}
	s.counters.applied.Add(size)
	s.counters.flushed.Add(written)
	s.settle(ctx, s.most)
	return s.failures.check()
}

// applyTo writes the changes to a log, or to tables, and returns how much that was.
func (s *Store) applyTo(ctx context.Context, changes []*store.Changes) (written int64, err error) {
	some := slices.DeleteFunc(slices.Clone(changes), func(c *store.Changes) bool { return c.Len() == 0 })
	if len(some) == 0 {
		return 0, nil
	}
	size, most := heldBy(some), logsFor(some)
	if s.logs.full(size, most, some) { // before anything is applied: after an error nothing is
		if err := s.fold(ctx); err != nil {
			return 0, err
		}
	}
	if size <= most {
		return s.log(some)
	}
	defer s.sorted.Release()
	s.sorted.Sort(some)
	return s.ingest(ctx, &s.sorted)
}

// heldBy is the size of changes, in bytes.
func heldBy(changes []*store.Changes) (size int64) {
	for _, c := range changes {
		size += c.Held()
	}
	return size
}

// ingest makes what was sorted tables, and Pebble's.
func (s *Store) ingest(ctx context.Context, sorted *store.Sorted) (written int64, err error) {
	drops, err := s.ranges(sorted.Drops())
	if err != nil {
		return 0, err
	}
	paths, written, err := s.writeTables(sorted, drops)
	if err == nil && len(paths) > 0 {
		err = s.db.Ingest(ctx, paths)
	}
	if err != nil {
		for _, path := range paths {
			_ = s.fs.Remove(path) // whatever is left of it; the live directory is scratch
		}
	}
	return written, err
}

// settle waits for compactions that run while reads would have to look into more than so many levels of level 0. One that ended may still count as running
// when it is told, and one that failed is not begun again for a while: so it looks again before long, and goes on when none runs.
func (s *Store) settle(ctx context.Context, most int32) {
	for {
		m := s.db.Metrics()
		if m.Levels[0].Sublevels <= most || m.Compact.NumInProgress == 0 || !s.failures.quiet() {
			return
		}
		timer := s.clock.NewTimer(settlePause)
		select {
		case <-s.failures.moved:
		case <-timer.C():
		case <-ctx.Done(): // what was applied stays so
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// keyRange are keys from low on and before high.
type keyRange struct{ low, high []byte }

// ranges makes drops ranges of keys: of each shard, in order, not overlapping.
func (s *Store) ranges(drops []store.Drop) ([store.Shards][]keyRange, error) {
	var out [store.Shards][]keyRange
	for _, d := range drops {
		if d.From > d.To {
			continue
		}
		for shard := store.ShardOf(d.From); shard <= store.ShardOf(d.To); shard++ {
			first, last := store.ShardHashes(shard)
			from, to := max(d.From, first), min(d.To, last)
			switch {
			case !d.AllSlices:
				out[shard] = append(out[shard], sliceRange(d.Space, d.Slice, from, to))
			case from == first && to == last:
				prefix := store.AppendSpace(nil, shard, d.Space)
				out[shard] = append(out[shard], keyRange{low: prefix, high: store.AppendAfter(nil, prefix)})
			default:
				parts, err := s.slicesWith(shard, d.Space, from, to)
				if err != nil {
					return out, err
				}
				out[shard] = append(out[shard], parts...)
			}
		}
	}
	for shard := range out {
		out[shard] = united(out[shard])
	}
	return out, nil
}

// sliceRange are the keys of a slice with hashes from..to, all of one shard.
func sliceRange(space store.Space, slice int64, from, to uint64) keyRange {
	return keyRange{
		low:  store.AppendPrefix(nil, space, slice, from),
		high: store.AppendAfter(nil, store.AppendPrefix(nil, space, slice, to)),
	}
}

// slicesWith finds the slices of a space that have hashes from..to, all of one shard, and returns their ranges.
func (s *Store) slicesWith(shard int, space store.Space, from, to uint64) (parts []keyRange, err error) {
	prefix := store.AppendSpace(nil, shard, space)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: store.AppendAfter(nil, prefix)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; {
		key, err := store.ParseKey(it.Key())
		if err != nil {
			return nil, err
		}
		switch {
		case key.Hash < from:
			ok = it.SeekGE(store.AppendPrefix(nil, space, key.Slice, from))
			continue
		case key.Hash <= to:
			parts = append(parts, sliceRange(space, key.Slice, from, to))
		}
		if key.Slice == math.MaxInt64 {
			break
		}
		ok = it.SeekGE(store.AppendPrefix(nil, space, key.Slice+1, from))
	}
	return parts, nil
}

// united sorts ranges and joins those that touch.
func united(ranges []keyRange) []keyRange {
	slices.SortFunc(ranges, func(a, b keyRange) int { return bytes.Compare(a.low, b.low) })
	out := ranges[:0]
	for _, r := range ranges {
		if n := len(out); n > 0 && bytes.Compare(r.low, out[n-1].high) <= 0 {
			if bytes.Compare(out[n-1].high, r.high) < 0 {
				out[n-1].high = r.high
			}
			continue
		}
		out = append(out, r)
	}
	return out
}

// writeTables writes what was sorted, and drops, to tables that do not overlap, each synced. After an error paths are what to remove.
func (s *Store) writeTables(sorted *store.Sorted, drops [store.Shards][]keyRange) (paths []string, written int64, err error) {
	begun := false
	finish := func() error {
		begun = false
		n, err := s.writer.finish()
		written += n
		return err
	}
	for shard := range store.Shards {
		if !sorted.Has(shard) && len(drops[shard]) == 0 {
			continue
		}
		if !begun {
			path, err := s.beginTable()
			if err != nil {
				return paths, 0, err
			}
			paths, begun = append(paths, path), true
		}
		for _, d := range drops[shard] {
			s.writer.deleteRange(d)
		}
		if err := sorted.Each(shard, s.writer.add); err != nil {
			s.writer.abort()
			return paths, 0, err
		}
		if s.writer.bytes() >= tableLeast {
			if err := finish(); err != nil {
				return paths, 0, err
			}
		}
	}
	if begun {
		err = finish()
	}
	return paths, written, err
}

// beginTable begins a new table and returns its path.
func (s *Store) beginTable() (string, error) {
	s.ingested++
	path := filepath.Join(s.dir, fmt.Sprintf("new-%d%s", s.ingested, tableSuffix))
	if s.buffer == nil {
		s.buffer = vfs.DirectBuffer(writeSize + roomBehind)
	}
	f, err := s.fs.createTable(path, s.buffer)
	if err != nil {
		return "", err
	}
	s.writer.begin(f)
	return path, nil
}
