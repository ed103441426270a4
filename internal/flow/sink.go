package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/connector"
)

// queueDepth is the number of chunks that may wait for a remote sink.
const queueDepth = 4

// ackGroup calls ack once every sink has delivered its part of a block. A nil group is nobody's.
type ackGroup struct {
	left atomic.Int32
	once sync.Once
	ack  func(error)
}

func newAckGroup(ack func(error), sinks int) *ackGroup {
	if ack == nil {
		return nil
	}
	if sinks == 0 { // the rows go nowhere
		ack(nil)
		return nil
	}
	g := &ackGroup{ack: ack}
	g.left.Store(int32(sinks))
	return g
}

func (g *ackGroup) done(err error) {
	if g == nil {
		return
	}
	if left := g.left.Add(-1); err != nil || left <= 0 {
		g.once.Do(func() { g.ack(err) })
	}
}

// queued is an entry of a remote sink's queue: a chunk, or the barrier of epoch.
type queued struct {
	chunk connector.Chunk
	ack   *ackGroup
	epoch int64
	final bool
}

// sinkTask is the one writer of a sink. Sources write through it in the order of their turns; it holds back a source that has passed a
// barrier until all others have passed it too.
type sinkTask struct {
	plan  *physical.Sink
	sink  connector.Sink
	stats SinkStats
	// prepare tells the coordinator what the sink has prepared.
	prepare func(epoch int64, state json.RawMessage) error

	// epochs are what the coordinator has said of epochs.
	epochs sinkEpochs

	mu   sync.Mutex
	cond *sync.Cond
	passage
	err error
	// waits says of each writer that it waits for its turn, or for other writers; pushing is above 0 while the sink is given rows.
	waits   []atomic.Bool
	pushing atomic.Int32

	// dead takes rows that the target refuses, as writer deadSlot of the dead-letter sink; nil if the policy is another.
	dead     *deadLetters
	deadSlot int

	queue chan queued
	free  chan connector.Chunk
	done  chan struct{} // closed when run has returned
	// waiting are acknowledgements of chunks that are written but not flushed; the writer goroutine's own.
	waiting []*ackGroup
}

// sinkEpochs is what a sink asks about epochs.
type sinkEpochs interface {
	// gaveUp reports whether nobody waits for an epoch any more.
	gaveUp(epoch int64) bool
	// within is ctx, done when the epoch is given up.
	within(ctx context.Context, epoch int64) (context.Context, context.CancelFunc)
}

func newSinkTask(plan *physical.Sink, writers int, epochs sinkEpochs) *sinkTask {
	t := &sinkTask{plan: plan, passage: passage{passed: make([]int64, writers)}, waits: make([]atomic.Bool, writers), epochs: epochs, done: make(chan struct{})}
	t.cond = sync.NewCond(&t.mu)
	return t
}

// open makes the queue of a remote sink. Chunks must be made after the sink was opened.
func (t *sinkTask) open() error {
	if !t.plan.Type.Remote {
		return nil
	}
	t.queue = make(chan queued, queueDepth)
	t.free = make(chan connector.Chunk, queueDepth+1)
	for range cap(t.free) {
		chunk, err := t.sink.NewChunk()
		if err != nil {
			return err
		}
		t.free <- chunk
	}
	return nil
}

// absent declares that source from never writes here.
func (t *sinkTask) absent(from int) { t.passed[from] = 1<<63 - 1 }

// write takes the rows of chunk for source from and returns an empty chunk to go on with, which need not be the same.
func (t *sinkTask) write(ctx context.Context, from int, chunk connector.Chunk, ack *ackGroup) (connector.Chunk, error) {
	t.waits[from].Store(true)
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.holds(from) && !t.epochs.gaveUp(t.passed[from]) && t.err == nil {
		t.cond.Wait()
	}
	t.waits[from].Store(false)
	if t.err != nil {
		ack.done(t.err)
		return chunk, t.err
	}
	if t.queue != nil {
		return t.enqueue(ctx, chunk, ack)
	}
	defer during(&t.pushing)()
	err := t.writeNow(ctx, chunk)
	if err == nil && ack != nil {
		err = t.flushSink(ctx)
	}
	ack.done(err)
	return chunk, t.wrap(err)
}

func (t *sinkTask) enqueue(ctx context.Context, chunk connector.Chunk, ack *ackGroup) (connector.Chunk, error) {
	defer during(&t.pushing)()
	select {
	case next := <-t.free:
		select {
		case t.queue <- queued{chunk: chunk, ack: ack}:
			return next, nil
		case <-ctx.Done():
		}
	case <-ctx.Done():
	}
	ack.done(context.Cause(ctx))
	return chunk, context.Cause(ctx)
}

func (t *sinkTask) writeNow(ctx context.Context, chunk connector.Chunk) error {
	defer during(&t.pushing)()
	rows, bytes := chunk.Size()
	if err := t.refused(ctx, t.sink.Write(ctx, chunk)); err != nil {
		return err
	}
	chunk.Reset()
	t.stats.Rows.Add(int64(rows))
	t.stats.Bytes.Add(bytes)
	return nil
}

func (t *sinkTask) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sink %q: %w", t.plan.Name, err)
}

// barrier notes that source from has passed the barrier of epoch; the last one makes the sink prepare.
func (t *sinkTask) barrier(ctx context.Context, from int, epoch int64, final bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.pass(from, epoch) || t.epochs.gaveUp(epoch) {
		return t.err
	}
	if t.queue != nil {
		select {
		case t.queue <- queued{epoch: epoch, final: final}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	} else if err := t.prepareNow(ctx, epoch); err != nil {
		return err
	}
	t.aligned = epoch
	t.cond.Broadcast()
	return nil
}

// giveUp lets writers go on that wait for others to pass the barrier of an epoch which was given up.
func (t *sinkTask) giveUp() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cond.Broadcast()
}

// prepareNow prepares an epoch, unless it was given up: the next one has what it would have had.
func (t *sinkTask) prepareNow(ctx context.Context, epoch int64) error {
	bound, cancel := t.epochs.within(ctx, epoch)
	defer cancel()
	if t.epochs.gaveUp(epoch) {
		return nil
	}
	if t.plan.Type.Remote { // it brings rows to a target that may not be there
		defer during(&t.pushing)()
	}
	state, err := t.prepareSink(bound, epoch)
	if err != nil {
		if ctx.Err() == nil && bound.Err() != nil && errors.Is(err, context.Canceled) {
			return nil
		}
		return t.wrap(err)
	}
	t.stats.Epochs.Add(1)
	if err := t.prepare(epoch, state); err != nil {
		return err
	}
	if t.dead == nil {
		return nil
	}
	return t.dead.task.barrier(ctx, t.deadSlot, epoch, false)
}

// run is the writer of a remote sink. It ends when the queue is closed or ctx is done.
func (t *sinkTask) run(ctx context.Context) error {
	defer close(t.done)
	for {
		select {
		case q, ok := <-t.queue:
			if !ok {
				return nil
			}
			if err := t.handle(ctx, q); err != nil {
				t.failAcks(err)
				return err
			}
		case <-ctx.Done():
			t.failAcks(context.Cause(ctx))
			return nil
		}
	}
}

func (t *sinkTask) handle(ctx context.Context, q queued) error {
	if q.chunk == nil {
		if err := t.flushAcks(ctx); err != nil {
			return err
		}
		return t.prepareNow(ctx, q.epoch)
	}
	if q.ack != nil {
		t.waiting = append(t.waiting, q.ack)
	}
	if err := t.writeNow(ctx, q.chunk); err != nil {
		return t.wrap(err)
	}
	t.free <- q.chunk
	if len(t.queue) == 0 {
		return t.flushAcks(ctx)
	}
	return nil
}

func (t *sinkTask) flushAcks(ctx context.Context) error {
	if len(t.waiting) == 0 {
		return nil
	}
	defer during(&t.pushing)()
	if err := t.flushSink(ctx); err != nil {
		return t.wrap(err)
	}
	for _, a := range t.waiting {
		a.done(nil)
	}
	t.waiting = t.waiting[:0]
	return nil
}

// failAcks answers everything that was not delivered with err.
func (t *sinkTask) failAcks(err error) {
	for _, a := range t.waiting {
		a.done(err)
	}
	t.waiting = nil
	for {
		select {
		case q, ok := <-t.queue:
			if !ok {
				return
			}
			q.ack.done(err)
		default:
			return
		}
	}
}

// abort makes every writer that waits here return err.
func (t *sinkTask) abort(err error) {
	t.mu.Lock()
	if t.err == nil {
		t.err = err
	}
	t.mu.Unlock()
	t.cond.Broadcast()
}
