package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/connector"
)

// worker is the part of a process in the epochs of a run: it carries out what the coordinator orders, reports what its sources, tasks and sinks say, and holds what tasks have changed until the store has it.
type worker struct {
	pipeline *Pipeline
	origin   origin
	helpers  sync.WaitGroup

	mu sync.Mutex
	// collecting is the epoch whose barriers are under way, 0 if there is none; bound is done, by cancel, when it is given up.
	collecting int64
	bound      context.Context //nolint:containedctx // of the epoch
	cancel     context.CancelFunc
	// sealed is what tasks changed in the epoch under way, in the order in which they handed it over.
	sealed []changed
	// left is what ended tasks have removed, by task, until the epoch that knows of their end has it.
	left map[int]*store.Changes
	// stranded is what tasks wrote of epochs that were given up.
	stranded map[int]changed
	// applied is the last epoch whose changes the store has, givenUp what was given up; told is closed when there is news of either.
	applied int64
	givenUp givenUp
	told    chan struct{}
	// dropped says that what steps had left that are no more is dropped.
	dropped bool
}

// changed is what a task changed in an epoch; left says that it is what the task removed when it ended.
type changed struct {
	task    int
	changes *store.Changes
	left    bool
	booked  int64 // bytes, in Pipeline.pending
}

func newWorker(p *Pipeline) *worker {
	return &worker{
		pipeline: p, origin: originOf(p.settings.Identity), left: map[int]*store.Changes{}, stranded: map[int]changed{}, told: make(chan struct{}),
		bound: context.Background(), cancel: func() {},
	}
}

// report sends a message to the coordinator. The error ends the run.
func (w *worker) report(from int, epoch int64, body any) error {
	return w.pipeline.coordinator.take(report{Origin: w.origin, From: from, Epoch: epoch, Body: body})
}

// errForeign is returned for an order of another run.
var errForeign = errors.New("internal error: an order of another run")

// take carries out an order.
func (w *worker) take(ctx context.Context, o order) error {
	if o.Origin != w.origin && !fault.Weak("message/origin") {
		return fault.Fatal(fmt.Errorf("%w: of generation %d of lineage %q, where generation %d of %q runs", errForeign, o.Origin.Generation, o.Origin.Lineage, w.origin.Generation, w.origin.Lineage))
	}
	switch body := o.Body.(type) {
	case beginEpoch:
		w.begin(ctx, o.Epoch, body)
	case passBarrier:
		w.pass(ctx, o.Epoch, body)
	case giveUpEpoch:
		w.giveUp(o.Epoch)
	case storeStranded:
		return w.spillStranded(ctx)
	case storeEpoch:
		return w.apply(ctx, o.Epoch)
	case commitEpoch:
		return w.commit(ctx, o.Epoch, body)
	case tellTime:
		for _, index := range body.Sources {
			w.pipeline.sources[index].tick(body.Clock)
		}
	case stopReading:
		w.pipeline.stopReading()
	default:
		return fmt.Errorf("internal error: unknown order %T", body)
	}
	return nil
}

// begin has sources pass the barrier of an epoch.
func (w *worker) begin(ctx context.Context, epoch int64, o beginEpoch) {
	w.mu.Lock()
	w.cancel()
	w.collecting = epoch
	w.bound, w.cancel = context.WithCancel(ctx)
	w.mu.Unlock()
	for i, index := range o.Sources {
		if i > 0 {
			fault.Point("epoch/half-begun")
		}
		w.pipeline.sources[index].post(barrier{epoch: epoch, stop: o.Stop, clock: o.Clock})
	}
}

// pass passes the barrier of an epoch at the sinks for sources and tasks that have ended. Tasks need no barrier from a producer that has ended. Sinks may wait, and prepare, beside everything else.
func (w *worker) pass(ctx context.Context, epoch int64, o passBarrier) {
	writers := slices.Clone(o.Sources)
	w.mu.Lock()
	for _, index := range o.Tasks {
		if removed := w.left[index]; removed != nil {
			w.sealed = append(w.sealed, changed{task: index, changes: removed, left: true})
			delete(w.left, index)
		}
		writers = append(writers, w.pipeline.tasks[index].writer)
	}
	w.mu.Unlock()
	w.helpers.Go(func() {
		for _, writer := range writers {
			w.pipeline.failOn(w.pipeline.toSinks(ctx, writer, epoch))
		}
	})
}

// keep keeps what a task had changed when it passed the barrier of an epoch.
func (w *worker) keep(epoch int64, c changed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if epoch == w.collecting {
		w.sealed = append(w.sealed, c)
	} else {
		w.stranded[c.task] = c
	}
}

// keepLeft keeps what is to be removed of a task's state, since that has ended.
func (w *worker) keepLeft(task int, removed *store.Changes) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left[task] = removed
}

// giveUp keeps what belongs to an epoch that is given up, and lets everybody go on who waits for it.
func (w *worker) giveUp(epoch int64) {
	w.mu.Lock()
	for _, c := range w.sealed {
		switch {
		case fault.Weak("epoch/stranded"):
		case c.left:
			w.left[c.task] = c.changes
		default:
			w.stranded[c.task] = c
		}
	}
	w.sealed, w.collecting = nil, 0
	w.givenUp.hear(epoch)
	w.tell()
	w.cancel()
	w.mu.Unlock()
	p := w.pipeline
	for _, s := range p.sources {
		s.withdraw(epoch)
	}
	for _, t := range p.tasks {
		t.inbox.giveUp(epoch)
	}
	for _, t := range p.sinkOrder {
		w.helpers.Go(t.giveUp) // it may be preparing
	}
}

// tell wakes who waits for news of epochs. The lock is held.
func (w *worker) tell() {
	close(w.told)
	w.told = make(chan struct{})
}

// spillStranded puts into the store what tasks wrote of epochs that were given up, and have ended since: those that go on did so themselves before the epoch. Of one table a call
// takes only one task's changes of one epoch: what they remove is what was there before.
func (w *worker) spillStranded(ctx context.Context) error {
	for {
		one, ok := w.anyStranded()
		if !ok {
			return nil
		}
		if err := w.pipeline.settings.Keeper.Spill(ctx, one.changes); err != nil {
			return err
		}
		w.pipeline.pending.Release(one.booked)
		w.mu.Lock()
		delete(w.stranded, one.task)
		w.mu.Unlock()
	}
}

func (w *worker) anyStranded() (one changed, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.stranded {
		return one, true
	}
	return changed{}, false
}

// apply puts into the store what was changed in an epoch that all have reported of.
func (w *worker) apply(ctx context.Context, epoch int64) error {
	w.mu.Lock()
	sealed, first := w.sealed, !w.dropped
	w.mu.Unlock()
	changes := make([]*store.Changes, 0, len(sealed)+1)
	for i := range sealed {
		changes = append(changes, sealed[i].changes)
	}
	if first {
		if obsolete := w.pipeline.settings.Resume.dropObsolete(); obsolete != nil {
			changes = append(changes, obsolete)
		}
	}
	if err := w.pipeline.settings.Keeper.Apply(ctx, epoch, changes); err != nil {
		return err
	}
	for i := range sealed {
		w.pipeline.pending.Release(sealed[i].booked)
		if !sealed[i].left {
			w.pipeline.spare.put(sealed[i].changes)
		}
	}
	w.mu.Lock()
	w.sealed, w.applied, w.dropped = nil, epoch, true
	w.tell()
	w.mu.Unlock()
	fault.Point("epoch/applied")
	return nil
}

// commit commits a published epoch at the sinks and lets the sources forget what is durable.
func (w *worker) commit(ctx context.Context, epoch int64, o commitEpoch) error {
	if err := w.pipeline.commit(ctx, epoch, &o); err != nil {
		return err
	}
	fault.Point("epoch/committed")
	for _, s := range w.pipeline.sources {
		s.owed.committed(epoch, o.Ended[s.index])
		if a, ok := s.reader.(connector.Acknowledger); ok {
			if err := a.Acknowledge(ctx, epoch); err != nil {
				return fmt.Errorf("source %q: %w", s.plan.Name, err)
			}
		}
	}
	fault.Point("epoch/acknowledged")
	return nil
}

// close ends what waits for epochs of a run that is over, and waits for what was begun beside it.
func (w *worker) close() {
	w.helpers.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel()
}

// gaveUp reports whether an epoch, or a later one, was given up.
func (w *worker) gaveUp(epoch int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.givenUp.covers(epoch)
}

// within is ctx, done when the epoch is given up.
func (w *worker) within(ctx context.Context, epoch int64) (context.Context, context.CancelFunc) {
	bound, cancel := context.WithCancel(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.collecting != epoch {
		cancel()
		return bound, cancel
	}
	undo := context.AfterFunc(w.bound, cancel)
	return bound, func() {
		undo()
		cancel()
	}
}

// settled says whether the store has what a task sealed last: applied, or not yet, and then wait is closed when that may be so. What the task wrote of an epoch that was given up is
// returned: it puts it into the store itself.
func (w *worker) settled(t *task) (applied bool, stranded changed, wait <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.applied >= t.sealed {
		return true, changed{}, nil
	}
	stranded = w.stranded[t.index]
	delete(w.stranded, t.index)
	return false, stranded, w.told
}

// hasApplied reports whether the store has what was changed in an epoch.
func (w *worker) hasApplied(epoch int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.applied >= epoch
}
