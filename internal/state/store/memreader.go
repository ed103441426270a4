package store

import (
	"bytes"
	"math"
	"slices"
	"sort"

	"wire.example/wire/internal/foundation/invariant"
)

// memoryReader reads the blocks that were shown when a call began.
type memoryReader struct {
	store *Memory
	low   []byte
	bound []byte
	done  bool
}

func (r *memoryReader) Close() error {
	if r.done {
		return ErrClosed
	}
	r.done = true
	return nil
}

func (r *memoryReader) begin() (*shards, error) {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	if r.done || r.store.closed {
		return nil, ErrClosed
	}
	return r.store.shown.Load(), nil
}

func (r *memoryReader) Scan(s Space, from, to uint64, f func(slice int64, hash uint64, key, value []byte) error) error {
	shown, err := r.begin()
	if err != nil || from > to {
		return err
	}
	for i := ShardOf(from); i <= ShardOf(to); i++ {
		r.bound = AppendAfter(r.bound[:0], AppendSpace(r.low[:0], i, s))
		r.low = AppendSpace(r.low[:0], i, s)
		if err := r.scanShard(&shown.shards[i], s, from, to, f); err != nil {
			return err
		}
	}
	return nil
}

// scanShard gives the entries from low and before bound whose hashes are in the range. Where one is not it goes on behind those of the slice.
func (r *memoryReader) scanShard(
	shard *shard, s Space, from, to uint64, f func(slice int64, hash uint64, key, value []byte) error,
) error {
	c := shard.seek(r.low)
	for key, value := c.entry(); key != nil && bytes.Compare(key, r.bound) < 0; key, value = c.entry() {
		slice, hash := sliceOf(key), hashOf(key)
		if hash < from || hash > to {
			if hash > to {
				if slice == math.MaxInt64 {
					return nil
				}
				slice++
			}
			first, _ := ShardHashes(ShardOf(hash))
			r.low = AppendPrefix(r.low[:0], s, slice, max(from, first))
			c = shard.seek(r.low)
			continue
		}
		if err := f(slice, hash, key[PrefixLen:], value); err != nil {
			return err
		}
		c.next()
	}
	return nil
}

func (r *memoryReader) ScanSlice(s Space, slice int64, from, to uint64, f func(hash uint64, key, value []byte) error) error {
	shown, err := r.begin()
	if err != nil || from > to {
		return err
	}
	for i := ShardOf(from); i <= ShardOf(to); i++ {
		first, last := ShardHashes(i)
		r.low = AppendPrefix(r.low[:0], s, slice, min(to, last))
		r.bound = AppendAfter(r.bound[:0], r.low)
		r.low = AppendPrefix(r.low[:0], s, slice, max(from, first))
		c := shown.shards[i].seek(r.low)
		for key, value := c.entry(); key != nil && bytes.Compare(key, r.bound) < 0; key, value = c.entry() {
			if err := f(hashOf(key), key[PrefixLen:], value); err != nil {
				return err
			}
			c.next()
		}
	}
	return nil
}

func (r *memoryReader) Lookup(s Space, slice int64, hashes []uint64, f func(hash uint64, key, value []byte) error) error {
	shown, err := r.begin()
	if err != nil {
		return err
	}
	if invariant.Enabled {
		invariant.Check(slices.IsSorted(hashes), "hashes to look up are not sorted")
	}
	r.store.stats.lookups.Add(int64(len(hashes)))
	for i, hash := range hashes {
		if i > 0 && hash == hashes[i-1] {
			continue
		}
		r.low = AppendPrefix(r.low[:0], s, slice, hash)
		c := shown.shards[ShardOf(hash)].seek(r.low)
		for key, value := c.entry(); key != nil && bytes.HasPrefix(key, r.low); key, value = c.entry() {
			r.store.stats.found.Add(1)
			if err := f(hash, key[PrefixLen:], value); err != nil {
				return err
			}
			c.next()
		}
	}
	return nil
}

// cursor is a place in a shard.
type cursor struct {
	blocks []*block // the current one and what follows
	at     int
}

// seek is the place of the first key that is not less than key.
func (s *shard) seek(key []byte) cursor {
	i := sort.Search(len(s.blocks), func(i int) bool { return bytes.Compare(s.blocks[i].last(), key) >= 0 })
	if i == len(s.blocks) {
		return cursor{}
	}
	return cursor{blocks: s.blocks[i:], at: s.blocks[i].search(key)}
}

// entry is the one at the place; a nil key at the end.
func (c *cursor) entry() (key, value []byte) {
	if len(c.blocks) == 0 {
		return nil, nil
	}
	return c.blocks[0].entry(c.at)
}

func (c *cursor) next() {
	c.at++
	if c.at == len(c.blocks[0].offsets) {
		c.blocks, c.at = c.blocks[1:], 0
	}
}
