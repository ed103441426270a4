package batch

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// The capacity classes of a Pool: powers of two words, from minClass (64 words, 512 bytes) to maxClass (128 Ki words, 1 MiB). What is
// larger is allocated and left to the garbage collector.
const (
	minClass   = 6
	maxClass   = 17
	classCount = maxClass - minClass + 1
)

// maxFreeBytes bounds the free memory that a Pool keeps in one class; see Keep for that of all.
const maxFreeBytes = 8 << 20

// Pool lends word slices and Buffers by capacity class and counts what it does. Its zero value is ready. Safe for concurrent use.
type Pool struct {
	classes [classCount]class
	gets    atomic.Int64
	puts    atomic.Int64
	misses  atomic.Int64
	bytes   atomic.Int64
	free    atomic.Int64 // bytes of the slices that are kept
	keep    atomic.Int64 // see Keep
}

type class struct {
	mu   sync.Mutex
	free [][]uint64
	idle int // how many of them nobody has needed since trim
}

// Stats are a Pool's counters since it was made.
type Stats struct {
	Gets   int64 // slices lent
	Puts   int64 // slices given back
	Misses int64 // gets that had to allocate
	Bytes  int64 // bytes lent and not given back
}

// Stats returns the counters; they are read one by one, so they may differ by what happens meanwhile.
func (p *Pool) Stats() Stats {
	return Stats{Gets: p.gets.Load(), Puts: p.puts.Load(), Misses: p.misses.Load(), Bytes: p.bytes.Load()}
}

// Keep bounds the free memory that p keeps for later, in bytes: what is given back beyond that is left to the garbage collector, what nobody has needed for long first. 0 means maxFreeBytes a class.
func (p *Pool) Keep(bytes int64) {
	p.keep.Store(bytes)
	if !p.trim() { // which has noted what was idle
		p.trim()
	}
}

// trim drops the free slices of classes, the largest first, that nobody has needed since the last trim, while p has more than it is to keep. It reports whether they have less now.
func (p *Pool) trim() bool {
	keep := p.keep.Load()
	for ci := classCount - 1; ci >= 0; ci-- {
		if keep <= 0 || p.free.Load() < keep {
			return true
		}
		c := &p.classes[ci]
		c.mu.Lock()
		kept := copy(c.free, c.free[c.idle:]) // the ones lent last stand at the end
		clear(c.free[kept:])
		c.free = c.free[:kept]
		p.free.Add(-int64(c.idle) << (ci + minClass + 3))
		c.idle = kept
		c.mu.Unlock()
	}
	return p.free.Load() < keep
}

// classOf returns the class that holds at least n words; it may be past the last.
func classOf(n int) int {
	if n <= 1<<minClass {
		return 0
	}
	return bits.Len(uint(n-1)) - minClass
}

// Get returns a slice of n words with undefined contents, owned by the caller until Put.
func (p *Pool) Get(n int) []uint64 {
	p.gets.Add(1)
	ci := classOf(n)
	if ci >= classCount {
		p.misses.Add(1)
		p.bytes.Add(int64(n) * 8)
		return make([]uint64, n)
	}
	p.bytes.Add(8 << (ci + minClass))
	c := &p.classes[ci]
	c.mu.Lock()
	if last := len(c.free) - 1; last >= 0 {
		s := c.free[last]
		c.free[last] = nil
		c.free = c.free[:last]
		c.idle = min(c.idle, last)
		c.mu.Unlock()
		p.free.Add(-8 << (ci + minClass))
		return s[:n]
	}
	c.mu.Unlock()
	p.misses.Add(1)
	return make([]uint64, n, 1<<(ci+minClass))
}

// Put gives back a slice that Get returned. The caller must not touch it again.
func (p *Pool) Put(s []uint64) {
	if cap(s) == 0 {
		return
	}
	p.puts.Add(1)
	p.bytes.Add(int64(-cap(s) * 8))
	s = s[:cap(s)]
	poisonWords(s)
	ci := classOf(cap(s))
	if ci >= classCount || cap(s) != 1<<(ci+minClass) {
		return
	}
	if !p.trim() {
		return
	}
	c := &p.classes[ci]
	c.mu.Lock()
	if len(c.free) < max(4, maxFreeBytes>>(ci+minClass+3)) {
		c.free = append(c.free, s)
		p.free.Add(8 << (ci + minClass))
	}
	c.mu.Unlock()
}
