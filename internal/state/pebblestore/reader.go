package pebblestore

import (
	"math"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"wire.example/wire/internal/foundation/invariant"
	"wire.example/wire/internal/state/store"
)

// Reader returns a reader that sees what was applied when a call begins.
func (s *Store) Reader() store.Reader { return &reader{store: s} }

// reader has an iterator for each call, and buffers for keys.
type reader struct {
	store *Store
	low   []byte
	high  []byte
	done  bool
	// asked are hashes that were looked up, missed those of them that were not there: of the last few thousand.
	asked, missed int
}

const (
	// missedShare: while fewer than one hash in so many is missed, filters of the lowest level, which has most of the entries, cost more than they spare: all of them together are larger than the cache.
	missedShare = 4
	// askedMost is how many hashes count in full for that, those before them for half, and so on.
	askedMost = 8192
)

// filters reports whether a lookup is to look at the filters of the lowest level.
func (r *reader) filters() bool { return r.missed*missedShare >= r.asked }

// note notes what became of a lookup.
func (r *reader) note(asked, missed int) {
	r.asked, r.missed = r.asked+asked, r.missed+missed
	for r.asked > askedMost {
		r.asked, r.missed = r.asked/2, r.missed/2
	}
}

// Spared counts; see store.Sparing.
func (r *reader) Spared(asked, spared int64) {
	r.store.counters.asked.Add(asked)
	r.store.counters.spared.Add(spared)
}

func (r *reader) Close() error {
	if r.done {
		return store.ErrClosed
	}
	r.done = true
	return nil
}

// read gives f an iterator over keys from low on and before high, and says afterwards what was wrong.
func (r *reader) read(f func(it *pebble.Iterator) error) (err error) {
	if r.done {
		return store.ErrClosed
	}
	if err := r.store.begin(); err != nil {
		return err
	}
	defer r.store.end()
	it, err := r.store.view(&pebble.IterOptions{LowerBound: r.low, UpperBound: r.high, UseL6Filters: r.filters()})
	if err != nil {
		return err
	}
	err = f(it)
	if closeErr := it.Close(); err == nil {
		err = wrapped(closeErr)
	}
	if err == nil {
		err = r.store.failures.check()
	}
	return err
}

func (r *reader) Scan(s store.Space, from, to uint64, f func(slice int64, hash uint64, key, value []byte) error) error {
	if from > to {
		return r.read(func(*pebble.Iterator) error { return nil })
	}
	r.low = store.AppendSpace(r.low[:0], store.ShardOf(from), s)
	r.high = store.AppendAfter(r.high[:0], store.AppendSpace(nil, store.ShardOf(to), s))
	return r.read(func(it *pebble.Iterator) error {
		var seek []byte
		for ok := it.First(); ok; {
			key, err := store.ParseKey(it.Key())
			if err != nil {
				return err
			}
			shard := store.ShardOf(key.Hash)
			first, _ := store.ShardHashes(shard)
			// What is not wanted is jumped over: other spaces, and within a slice what is before or behind the hashes.
			switch order := key.Space.Compare(s); {
			case order < 0:
				seek = store.AppendSpace(seek[:0], shard, s)
			case order > 0 || key.Hash > to && key.Slice == math.MaxInt64:
				if shard++; shard == store.Shards {
					return it.Error()
				}
				seek = store.AppendSpace(seek[:0], shard, s)
			case key.Hash < from:
				seek = store.AppendPrefix(seek[:0], s, key.Slice, from)
			case key.Hash > to:
				seek = store.AppendPrefix(seek[:0], s, key.Slice+1, max(from, first))
			default:
				value, err := it.ValueAndErr()
				if err != nil {
					return wrapped(err)
				}
				if err := f(key.Slice, key.Hash, key.Bytes, value); err != nil {
					return err
				}
				ok = it.Next()
				continue
			}
			ok = it.SeekGE(seek)
		}
		return wrapped(it.Error())
	})
}

func (r *reader) ScanSlice(s store.Space, slice int64, from, to uint64, f func(hash uint64, key, value []byte) error) error {
	if from > to {
		return r.read(func(*pebble.Iterator) error { return nil })
	}
	for shard := store.ShardOf(from); shard <= store.ShardOf(to); shard++ {
		first, last := store.ShardHashes(shard)
		part := sliceRange(s, slice, max(from, first), min(to, last))
		r.low, r.high = part.low, part.high
		if err := r.read(func(it *pebble.Iterator) error {
			for ok := it.First(); ok; ok = it.Next() {
				if err := given(it, f); err != nil {
					return err
				}
			}
			return wrapped(it.Error())
		}); err != nil {
			return err
		}
	}
	return nil
}

// given gives f the entry at the iterator.
func given(it *pebble.Iterator, f func(hash uint64, key, value []byte) error) error {
	key, err := store.ParseKey(it.Key())
	if err != nil {
		return err
	}
	value, err := it.ValueAndErr()
	if err != nil {
		return wrapped(err)
	}
	return f(key.Hash, key.Bytes, value)
}

func (r *reader) Lookup(s store.Space, slice int64, hashes []uint64, f func(hash uint64, key, value []byte) error) error {
	if len(hashes) == 0 {
		return r.read(func(*pebble.Iterator) error { return nil })
	}
	if invariant.Enabled {
		invariant.Check(slices.IsSorted(hashes), "hashes to look up are not sorted")
	}
	part := keyRange{
		low:  store.AppendPrefix(nil, s, slice, hashes[0]),
		high: store.AppendAfter(nil, store.AppendPrefix(nil, s, slice, hashes[len(hashes)-1])),
	}
	r.low, r.high = part.low, part.high
	r.store.counters.lookups.Add(int64(len(hashes)))
	found, different, missed := int64(0), 0, 0
	defer func() {
		r.store.counters.found.Add(found)
		r.note(different, missed)
	}()
	return r.read(func(it *pebble.Iterator) error {
		var seek []byte
		for i, hash := range hashes {
			if i > 0 && hash == hashes[i-1] {
				continue
			}
			seek = store.AppendPrefix(seek[:0], s, slice, hash)
			before := found
			for ok := it.SeekPrefixGE(seek); ok; ok = it.Next() {
				found++
				if err := given(it, f); err != nil {
					return err
				}
			}
			if err := it.Error(); err != nil {
				return wrapped(err)
			}
			if different++; found == before {
				missed++
			}
		}
		return nil
	})
}
