package store

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"wire.example/wire/internal/foundation/vfs"
)

// Memory is a Store that keeps all entries in memory, each shard in sorted blocks that never change: Apply makes new ones of those that it touches
// and then shows them all at once. Its checkpoints are one file a shard, written in full when the shard changed.
type Memory struct {
	fs     vfs.FS
	life   string
	sorted Sorted // of Apply
	shown  atomic.Pointer[shards]
	stats  memoryStats

	mu       sync.Mutex
	attempts int // checkpoints begun
	closed   bool
}

// memoryStats are the counters of Stats that readers and Apply move.
type memoryStats struct {
	applied, flushed, checkpoints, lookups, found atomic.Int64
}

// shards are what readers see. Nothing of it changes.
type shards struct {
	shards [Shards]shard
	bytes  int64
}

// shard is a list of blocks in the order of keys, none of them empty.
type shard struct {
	blocks []*block
	name   string // of the file that has it; empty while none has
	bytes  int64
}

// NewMemory returns an empty store, whose checkpoints go to the machine's file system.
func NewMemory() *Memory {
	m := &Memory{fs: vfs.OS(), life: newLife()}
	m.shown.Store(&shards{})
	return m
}

// Apply shows all changes at once. It is not cancelled half-way: it does no I/O.
func (m *Memory) Apply(ctx context.Context, changes []*Changes) error {
	if err := Check(changes); err != nil {
		return err
	}
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	defer m.sorted.Release()
	m.sorted.Sort(changes)
	next := *m.shown.Load()
	next.bytes = 0
	for i := range next.shards {
		s := &next.shards[i]
		drops := shardDrops(i, m.sorted.Drops())
		if m.sorted.Has(i) || len(drops) > 0 {
			*s = s.rewritten(entriesOf(&m.sorted, i), drops)
		}
		next.bytes += s.bytes
	}
	m.shown.Store(&next)
	for _, c := range changes {
		m.stats.applied.Add(c.Bytes())
	}
	return nil
}

// enter locks the store, unless it is closed.
func (m *Memory) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return ErrClosed
	}
	return nil
}

// Reader returns a reader that sees what was applied when a call begins.
func (m *Memory) Reader() Reader { return &memoryReader{store: m} }

// Stats counts. Nothing lies on disk but checkpoints, which the store does not keep.
func (m *Memory) Stats() Stats {
	size := m.shown.Load().bytes
	return Stats{
		Applied:      m.stats.applied.Load(),
		Flushed:      m.stats.flushed.Load(),
		Checkpoints:  m.stats.checkpoints.Load(),
		Memory:       size,
		MemtableSize: size,
		Lookups:      m.stats.lookups.Load(),
		Found:        m.stats.found.Load(),
	}
}

// Close gives the entries' memory free once the readers are done.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	m.closed = true
	m.shown.Store(&shards{})
	return nil
}

// rangeDrop is a Drop in one shard: keys from low and before high, and of those the hashes from..to.
type rangeDrop struct {
	low, high []byte
	from, to  uint64
}

// shardDrops are the parts of drops in one shard.
func shardDrops(shard int, drops []Drop) []rangeDrop {
	first, last := ShardHashes(shard)
	var out []rangeDrop
	for _, d := range drops {
		from, to := max(d.From, first), min(d.To, last)
		if from > to {
			continue
		}
		prefix := AppendSpace(nil, shard, d.Space)
		if !d.AllSlices {
			prefix = AppendSlice(nil, shard, d.Space, d.Slice)
		}
		out = append(out, rangeDrop{low: prefix, high: AppendAfter(nil, prefix), from: from, to: to})
	}
	return out
}

// touches reports whether a block may have keys of the range.
func (d *rangeDrop) touches(b *block) bool {
	return bytes.Compare(b.last(), d.low) >= 0 && bytes.Compare(b.first(), d.high) < 0
}

func (d *rangeDrop) drops(key []byte) bool {
	if bytes.Compare(key, d.low) < 0 || bytes.Compare(key, d.high) >= 0 {
		return false
	}
	hash := hashOf(key)
	return d.from <= hash && hash <= d.to
}

// entriesOf are the sorted entries of a shard.
func entriesOf(sorted *Sorted, shard int) []Entry {
	var all []Entry
	_ = sorted.Each(shard, func(entries []Entry) error { // there is no error but that of the function
		all = append(all, entries...)
		return nil
	})
	return all
}

// rewritten is the shard after drops and then the sorted entries. A block that nothing touches is taken over.
func (s *shard) rewritten(entries []Entry, drops []rangeDrop) shard {
	w := blockWriter{}
	next := change{entries: entries}
	next.load()
	for i, b := range s.blocks {
		// A block owns the changes before the first key of the next one, and the first block those before its own.
		var until []byte
		if i+1 < len(s.blocks) {
			until = s.blocks[i+1].first()
		}
		touching := slices.DeleteFunc(slices.Clone(drops), func(d rangeDrop) bool { return !d.touches(b) })
		if len(touching) == 0 && !next.before(until) && !w.small() {
			w.flush()
			w.blocks = append(w.blocks, b)
			continue
		}
		for at := 0; at < len(b.offsets); at++ {
			key, value := b.entry(at)
			if slices.ContainsFunc(touching, func(d rangeDrop) bool { return d.drops(key) }) {
				continue
			}
			for next.before(key) {
				next.put(&w)
			}
			if next.is(key) {
				next.put(&w)
				continue
			}
			w.add(key, value)
		}
		for next.before(until) {
			next.put(&w)
		}
	}
	for next.at < len(next.entries) {
		next.put(&w)
	}
	w.flush()
	out := shard{blocks: w.blocks}
	for _, b := range out.blocks {
		out.bytes += b.size()
	}
	return out
}

// change is the next of a run of sorted entries.
type change struct {
	entries []Entry
	at      int
	entry   Entry
	key     []byte // with its prefix
}

func (c *change) load() {
	if c.at < len(c.entries) {
		c.entry = c.entries[c.at]
		c.key = AppendKey(c.key[:0], c.entry.Space, c.entry.Slice, c.entry.Hash, c.entry.Key)
	}
}

// before reports whether there is a change before key; nil is after all keys.
func (c *change) before(key []byte) bool {
	return c.at < len(c.entries) && (key == nil || bytes.Compare(c.key, key) < 0)
}

func (c *change) is(key []byte) bool {
	return c.at < len(c.entries) && bytes.Equal(c.key, key)
}

// put carries the change out and goes on to the next.
func (c *change) put(w *blockWriter) {
	if !c.entry.Deleted {
		w.add(c.key, c.entry.Value)
	}
	c.at++
	c.load()
}
