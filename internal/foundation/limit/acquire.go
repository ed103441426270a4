package limit

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Acquire takes n bytes, waiting until others release enough. Requests that need the same budget are served in the order they came, so
// that a large one is not starved by small ones; a request never waits behind one that only another branch of the tree holds up.
//
// It returns an *ExceededError at once when n is larger than a limit on the path to the root, and ctx.Err() when ctx is done first;
// nothing is reserved then. Whoever waits here should hold nothing that others wait for.
func (b *Budget) Acquire(ctx context.Context, n int64) error {
	mustNotBeNegative(n)
	if small := b.tooSmall(n); small != nil {
		return small.exceeded(n)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.queue.waiting.Load() == 0 && b.reserve(n) == nil {
		return nil
	}
	r := &request{budget: b, bytes: n, granted: make(chan struct{})}
	b.queue.add(r)
	select {
	case <-r.granted:
		return nil
	case <-ctx.Done():
		if b.queue.remove(r) {
			return ctx.Err()
		}
		return nil // granted at the same moment
	}
}

// Waiting is the number of Acquires that wait anywhere in the tree.
func (b *Budget) Waiting() int {
	return int(b.queue.waiting.Load())
}

// request is an Acquire that waits.
type request struct {
	budget  *Budget
	bytes   int64
	granted chan struct{} // closed when the bytes were taken
}

// queue holds the waiting requests of a tree in the order they came.
//
// No wake-up is lost: who waits raises waiting before it tries, who releases lowers used before it reads waiting; atomics are
// sequentially consistent, so at least one of the two sees the other.
type queue struct {
	waiting  atomic.Int64 // len(requests), or one more while one is being added
	mu       sync.Mutex
	requests []*request // guarded by mu
}

// add appends r and tries it.
func (q *queue) add(r *request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting.Add(1)
	q.requests = append(q.requests, r)
	q.serve()
}

// remove takes r out and reports whether it still waited. Those behind it get their chance.
func (q *queue) remove(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.requests, r)
	if i < 0 {
		return false
	}
	q.requests = slices.Delete(q.requests, i, i+1)
	q.waiting.Add(-1)
	q.serve()
	return true
}

// wake serves the queue if anyone waits; one atomic load if nobody does.
func (q *queue) wake() {
	if q.waiting.Load() == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.serve()
}

// serve grants every request, oldest first, that fits and passes through no budget an older one still waits for. The caller holds mu.
func (q *queue) serve() {
	var full []*Budget // what older requests wait for
	q.requests = slices.DeleteFunc(q.requests, func(r *request) bool {
		if r.budget.within(full) {
			return false
		}
		if b := r.budget.take(r.bytes); b != nil {
			full = append(full, b)
			return false
		}
		q.waiting.Add(-1)
		close(r.granted)
		return true
	})
}

// within reports whether b or an ancestor is among budgets.
func (b *Budget) within(budgets []*Budget) bool {
	for node := b; node != nil && len(budgets) > 0; node = node.parent {
		if slices.Contains(budgets, node) {
			return true
		}
	}
	return false
}
