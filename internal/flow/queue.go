package flow

import (
	"sync"
	"sync/atomic"

	"wire.example/wire/internal/foundation/fault"
)

// defaultQueueDepth is how many entries a queue between a producer and a task holds: enough that neither is woken for every batch, and few enough
// that what waits stays in the cache.
const defaultQueueDepth = 4

type entryKind uint8

const (
	entryRows      entryKind = iota // carton: rows for one input
	entryWatermark                  // mark: the producer has reached this event time, in µs
	entryTime                       // mark: the coordinator's clock, in µs
	entryIdle                       // mark: 1 says that the producer's event time is not to be waited for, 0 that it is again
	entryBarrier                    // mark: the epoch whose barrier stands here; clock: the coordinator's clock then, in µs
	entryEnd                        // nothing follows
)

// entry is what stands in a queue: rows, or a mark between rows. A mark is for all inputs that the producer leads to.
type entry struct {
	kind   entryKind
	carton *carton
	mark   int64
	clock  int64
}

// inbox is what waits for one task: a queue from each of its producers. One lock guards all its queues; whoever holds it only moves pointers.
type inbox struct {
	mu     sync.Mutex
	filled *sync.Cond // the task waits for an entry
	queues []*queue
	turn   int // the queue that is looked at first
	closed bool
	err    error
	// givenUp is what it has been told of: nobody waits for those barriers.
	givenUp givenUp
	// poked: the task is to look after something else.
	poked bool
}

// queue leads from one producer to one task, which takes its entries in their order. At any time one goroutine pushes.
type queue struct {
	inbox   *inbox
	stage   *stage // the task's
	number  int    // of the producer
	entries []entry
	first   int
	count   int
	room    *sync.Cond // the producer waits for room
	// held is the epoch of which the producer has passed the barrier and others have not: the task takes nothing from here; 0 if it does.
	held int64
	// full says that the producer waits for room.
	full bool
	from *producer
	// meanwhile is called by a producer that would have to wait for room, without the lock, as long as it reports that there is more to do; nil: there is nothing.
	meanwhile func() (more bool, err error)
	// waiting is count, to be read without the lock: whether the task has something to do.
	waiting atomic.Int32
}

func newInbox() *inbox {
	b := &inbox{}
	b.filled = sync.NewCond(&b.mu)
	return b
}

// add makes the queue of another producer. Before the run.
func (b *inbox) add(number, depth int) *queue {
	q := &queue{inbox: b, number: number, entries: make([]entry, depth), from: &producer{}}
	q.room = sync.NewCond(&b.mu)
	b.queues = append(b.queues, q)
	return q
}

// push puts e behind what waits; it waits while the queue is full. The queue owns the carton from here on.
//
// Where the budget has no room for the rows it waits, too, as long as others are in the queue. Those that find it empty pass in any case, since the task may be the one whose state has to leave
// memory, which it does when rows come: one carton a queue is what may be under way beyond the budget.
//
// A task that is behind is not given many small batches: while there is no room, rows go into the carton that was put there last, if they fit.
// That carton is taken out meanwhile, so that the copy needs no lock.
func (q *queue) push(e entry) error {
	b := q.inbox
	more := q.meanwhile != nil
	b.mu.Lock()
	for b.err == nil {
		if e.kind == entryRows {
			if last := q.appendable(e.carton); last != nil {
				b.mu.Unlock()
				q.join(last, e.carton)
				return nil
			}
		}
		if q.raise(e) {
			break
		}
		if q.count < len(q.entries) && (e.kind != entryRows || e.carton.book() || q.count == 0 || fault.Weak("memory/wait")) {
			q.put(e)
			break
		}
		if !more {
			q.wait()
			continue
		}
		var err error
		b.mu.Unlock()
		if more, err = q.meanwhile(); err != nil {
			return err
		}
		b.mu.Lock()
	}
	err := b.err
	b.mu.Unlock()
	b.filled.Signal()
	return err
}

// wait waits for room. The lock is held.
func (q *queue) wait() {
	q.full = true
	q.from.waits.Add(1)
	q.room.Wait()
	q.from.waits.Add(-1)
	q.full = false
}

// hold has nothing more taken from q until all producers have passed the barrier of epoch, unless that was given up.
func (q *queue) hold(epoch int64) {
	q.inbox.mu.Lock()
	defer q.inbox.mu.Unlock()
	if !q.inbox.givenUp.covers(epoch) {
		q.held = epoch
	}
}

// release takes from all queues again.
func (b *inbox) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, q := range b.queues {
		q.held = 0
	}
}

// giveUp takes from queues again that wait for the barriers of epoch, or of earlier ones.
func (b *inbox) giveUp(epoch int64) {
	b.mu.Lock()
	b.givenUp.hear(epoch)
	for _, q := range b.queues {
		if b.givenUp.covers(q.held) {
			q.held = 0
		}
	}
	b.mu.Unlock()
	b.filled.Signal()
}

// presses reports whether a producer waits for room although the task takes from it.
func (b *inbox) presses() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, q := range b.queues {
		if q.full && q.held == 0 {
			return true
		}
	}
	return false
}

// put puts e last. There is room, and the lock is held.
func (q *queue) put(e entry) {
	q.entries[(q.first+q.count)%len(q.entries)] = e
	q.count++
	q.waiting.Store(int32(q.count)) //nolint:gosec // at most the depth
}

// join appends the rows of c to last, which was taken out of the queue, and puts that back.
func (q *queue) join(last, c *carton) {
	last.join(c)
	q.inbox.mu.Lock()
	q.put(entry{kind: entryRows, carton: last})
	q.inbox.mu.Unlock()
	q.inbox.filled.Signal()
}

// raise makes a watermark or time that stands last that of e, which is of the same kind; false if something else stands there, or e is another mark.
func (q *queue) raise(e entry) bool {
	if e.kind != entryWatermark && e.kind != entryTime || q.count == 0 || q.last().kind != e.kind {
		return false
	}
	q.last().mark = max(q.last().mark, e.mark)
	return true
}

func (q *queue) last() *entry { return &q.entries[(q.first+q.count-1)%len(q.entries)] }

// appendable takes out the last carton, if c's rows are to go there.
func (q *queue) appendable(c *carton) *carton {
	if q.count < len(q.entries) {
		return nil
	}
	last := q.last()
	if last.kind != entryRows || !last.carton.accepts(c) {
		return nil
	}
	out := last.carton
	*last = entry{}
	q.count--
	return out
}

// idle reports whether the task has taken everything.
func (q *queue) idle() bool { return q.waiting.Load() == 0 }

// take returns the next entry of a queue that is not held, and the queue. Queues take turns. Without an entry it waits, or returns no queue if
// wait is false or the task was poked; nor does it return one after close.
func (b *inbox) take(wait bool) (entry, *queue, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		if b.err != nil {
			return entry{}, nil, b.err
		}
		for i := range b.queues {
			at := (b.turn + i) % len(b.queues)
			if q := b.queues[at]; q.count > 0 && q.held == 0 {
				b.turn = at + 1
				return q.take(), q, nil
			}
		}
		if !wait || b.closed || b.poked {
			return entry{}, nil, nil
		}
		b.filled.Wait()
	}
}

// poke has a task that waits for an entry go on without one, or the next that would, until forgetPoke.
func (b *inbox) poke() {
	b.mu.Lock()
	b.poked = true
	b.mu.Unlock()
	b.filled.Signal()
}

func (b *inbox) forgetPoke() {
	b.mu.Lock()
	b.poked = false
	b.mu.Unlock()
}

func (q *queue) take() entry {
	e := q.entries[q.first]
	q.entries[q.first] = entry{}
	q.first = (q.first + 1) % len(q.entries)
	q.count--
	q.waiting.Store(int32(q.count)) //nolint:gosec // at most the depth
	q.room.Signal()
	return e
}

// close lets the task go once nothing waits: nothing more will come.
func (b *inbox) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.filled.Signal()
}

// isClosed reports whether nothing more will come.
func (b *inbox) isClosed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}

// abort makes every push and take, now and later, return err.
func (b *inbox) abort(err error) {
	b.mu.Lock()
	if b.err == nil {
		b.err = err
	}
	b.mu.Unlock()
	b.filled.Signal()
	for _, q := range b.queues {
		q.room.Broadcast()
	}
}

// fill returns how many entries wait, and how many may.
func (b *inbox) fill() (waiting, room int64) {
	for _, q := range b.queues {
		waiting += int64(q.waiting.Load())
		room += int64(len(q.entries))
	}
	return waiting, room
}
