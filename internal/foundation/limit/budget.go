package limit

import (
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
)

// Unlimited is the limit of a budget that only counts.
const Unlimited int64 = math.MaxInt64

// Budget is a number of bytes shared by whoever reserves from it. All methods are safe for concurrent use.
type Budget struct {
	name   string
	limit  int64
	parent *Budget // nil at the root
	queue  *queue  // of the whole tree

	used atomic.Int64 // may exceed limit for an instant while a failing reservation is taken back, but never when one succeeds
	peak atomic.Int64
}

// New returns the root of a tree of budgets. A limit that is not positive means Unlimited.
func New(name string, limit int64) *Budget {
	return &Budget{name: name, limit: orUnlimited(limit), queue: &queue{}}
}

// Child returns a budget within b. Its limit may exceed b's, which binds all the same; not positive means Unlimited, that is b's.
// A child with nothing used needs no closing.
func (b *Budget) Child(name string, limit int64) *Budget {
	return &Budget{name: b.name + "/" + name, limit: orUnlimited(limit), parent: b, queue: b.queue}
}

func orUnlimited(limit int64) int64 {
	if limit <= 0 {
		return Unlimited
	}
	return limit
}

// Name is the path of names from the root, joined by slashes.
func (b *Budget) Name() string { return b.name }

// Limit is the most that can be used, in bytes; an ancestor's may be lower.
func (b *Budget) Limit() int64 { return b.limit }

// Used is the number of bytes reserved in b and its descendants.
func (b *Budget) Used() int64 { return b.used.Load() }

// Peak is the highest Used that successful reservations reached.
func (b *Budget) Peak() int64 { return b.peak.Load() }

// Available is how much could be reserved now in b, its ancestors considered; 0 when one is exhausted.
func (b *Budget) Available() int64 {
	room := Unlimited
	for node := b; node != nil; node = node.parent {
		room = min(room, node.limit-node.used.Load())
	}
	return max(room, 0)
}

// TryReserve is Reserve for callers that have another way and need no error; it does not allocate.
func (b *Budget) TryReserve(n int64) bool {
	return b.reserve(n) == nil
}

// Reserve takes n bytes or returns an *ExceededError that names the budget without room. It never waits, and it does not queue behind
// Acquire: whoever reserves is at work, and must be able to finish or spill before those who wait can go on. While another reservation
// is being refused, it may be refused too although its own bytes would just fit. It panics when n is negative.
func (b *Budget) Reserve(n int64) error {
	if full := b.reserve(n); full != nil {
		return full.exceeded(n)
	}
	return nil
}

// reserve takes n and wakes who may have failed because of an attempt of ours that is now taken back.
func (b *Budget) reserve(n int64) *Budget {
	full := b.take(n)
	if full != nil {
		b.queue.wake()
	}
	return full
}

// Release gives n bytes back and lets waiting Acquires through. It panics when n is negative or more than b has: the books are wrong then,
// and memory would grow beyond every limit.
func (b *Budget) Release(n int64) {
	mustNotBeNegative(n)
	for node := b; node != nil; node = node.parent {
		if left := node.used.Add(-n); left < 0 {
			panic(fmt.Sprintf("limit: %d bytes released to budget %s, which has only %d", n, node.name, left+n))
		}
	}
	b.queue.wake()
}

// Close releases whatever b still uses and returns that number, which is a leak unless the owner dropped everything at once. No other
// call on b or its descendants may run at the same time or follow, and the descendants must have nothing in use.
func (b *Budget) Close() int64 {
	left := b.used.Load()
	b.Release(left)
	return left
}

// take reserves n in b and its ancestors, or nowhere; then it returns the budget that has no room.
func (b *Budget) take(n int64) *Budget {
	mustNotBeNegative(n)
	if b.limit-b.used.Load() < n { // keeps hopeless attempts from disturbing the counts
		return b
	}
	used := b.used.Add(n)
	if used > b.limit || used < n { // the second: beyond int64
		b.used.Add(-n)
		return b
	}
	if b.parent != nil {
		if full := b.parent.take(n); full != nil {
			b.used.Add(-n)
			return full
		}
	}
	b.raisePeak(used)
	return nil
}

func (b *Budget) raisePeak(used int64) {
	for {
		peak := b.peak.Load()
		if used <= peak || b.peak.CompareAndSwap(peak, used) {
			return
		}
	}
}

// tooSmall is the first budget from b upwards whose limit is below n, or nil.
func (b *Budget) tooSmall(n int64) *Budget {
	for node := b; node != nil; node = node.parent {
		if n > node.limit {
			return node
		}
	}
	return nil
}

func (b *Budget) exceeded(n int64) *ExceededError {
	return &ExceededError{Budget: b.name, Requested: n, Used: b.used.Load(), Limit: b.limit}
}

func mustNotBeNegative(n int64) {
	if n < 0 {
		panic("limit: negative number of bytes: " + strconv.FormatInt(n, 10))
	}
}

// ExceededError says which budget had no room. All numbers are bytes.
type ExceededError struct {
	Budget    string // the path of names
	Requested int64
	Used      int64 // about when the request was refused
	Limit     int64
}

// Error names the budget and how to mend it.
func (e *ExceededError) Error() string {
	return fmt.Sprintf("memory budget %s exceeded: %d bytes requested, %d of %d in use; raise the limit or process less at once",
		e.Budget, e.Requested, e.Used, e.Limit)
}
