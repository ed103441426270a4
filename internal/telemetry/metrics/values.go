package metrics

import "sync/atomic"

// cacheLine is the size in bytes that keeps two values from slowing each other down: a line of amd64 and of most arm64 processors.
const cacheLine = 64

// Counter is a number that only grows. It fills a cache line of its own, so that counters of two goroutines do not slow each other down.
// The zero value is ready; it must not be copied. Safe for concurrent use, though cheapest where one goroutine adds, once a batch.
type Counter struct {
	value atomic.Uint64
	_     [cacheLine - 8]byte
}

// Add raises the counter by n.
func (c *Counter) Add(n uint64) { c.value.Add(n) }

// Inc raises the counter by one.
func (c *Counter) Inc() { c.value.Add(1) }

// Value is the present sum.
func (c *Counter) Value() uint64 { return c.value.Load() }

// Gauge is a number that goes up and down. The zero value is ready; it must not be copied. Safe for concurrent use.
type Gauge struct {
	value atomic.Int64
	_     [cacheLine - 8]byte
}

// Set makes v the value.
func (g *Gauge) Set(v int64) { g.value.Store(v) }

// Add changes the value by n, which may be negative.
func (g *Gauge) Add(n int64) { g.value.Add(n) }

// Value is the present value.
func (g *Gauge) Value() int64 { return g.value.Load() }
