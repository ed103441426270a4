package flow

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/store"
)

// keep makes the steps of the task ones whose state goes to the store.
func (t *task) keep() {
	if t.pipeline.settings.Keeper == nil {
		return
	}
	_ = t.downwards(func(s *step) error {
		if !stateful(s.op) {
			return nil
		}
		record, known := t.pipeline.states[s.plan.Name]
		if !known {
			record.Number = t.pipeline.nextState
			t.pipeline.nextState++
			t.pipeline.states[s.plan.Name] = record
		}
		from, to := t.hashes()
		k := s.keep(record.Number, from, to)
		k.version, k.stored, k.highest, k.outlines = record.Version, record.Layout, record.Highest, record.Slices
		if m := t.pipeline.settings.Resume; m != nil {
			if former, ok := m.Former[s.plan.Name]; ok {
				k.former = &former
			}
		}
		t.kept = append(t.kept, k)
		return nil
	})
}

// fillTasks puts in what is stored of all tasks' state, of several tasks at once.
func (p *Pipeline) fillTasks(ctx context.Context) error {
	p.filling = p.settings.Clock.Monotonic()
	errs := make([]error, len(p.tasks))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(p.tasks)) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(p.tasks)); i = next.Add(1) - 1 {
				errs[i] = p.tasks[i].fill(ctx)
			}
		})
	}
	wait.Wait()
	for _, err := range errs { // one is enough: what one task cannot read, the others cannot either
		if err != nil {
			return err
		}
	}
	return nil
}

// fill puts in what is stored of the task's state.
func (t *task) fill(ctx context.Context) error {
	if len(t.kept) == 0 {
		return nil
	}
	keeper := t.pipeline.settings.Keeper
	if err := t.widen(ctx, keeper); err != nil {
		return err
	}
	reader, err := keeper.Reader(ctx)
	if err != nil {
		return err
	}
	for _, k := range t.kept {
		if err = k.attach(ctx, keeper); err == nil {
			err = k.restore(ctx, reader, k.stored)
		}
		if err != nil {
			break
		}
		fault.Point("restore/step")
	}
	return errors.Join(err, reader.Close())
}

// settleLayouts notes how the state of steps is stored from now on. All tasks have put in what was stored.
func (p *Pipeline) settleLayouts() {
	for _, t := range p.tasks {
		for _, k := range t.kept {
			r := p.states[k.step.plan.Name]
			r.Layout, r.Parts, r.Version = k.layout(), len(k.parts), 0
			r.Tables = nil
			for _, part := range k.parts {
				r.Tables = append(r.Tables, recordOf(part))
			}
			if k.durable != nil {
				r.Version = op.EntriesVersion(k.durable)
			}
			p.states[k.step.plan.Name] = r
		}
	}
}

// hashes are the first and the last hash of the key groups that the task owns.
func (t *task) hashes() (from, to uint64) {
	first, last := -1, -1
	for g, owner := range t.stage.owner {
		if int(owner) == t.number {
			if first < 0 {
				first = g
			}
			last = g
		}
	}
	if fault.Weak("restore/owner") {
		return 0, math.MaxUint64
	}
	if first < 0 { // more tasks than key groups
		return math.MaxUint64, math.MaxUint64
	}
	return uint64(first) << groupShift, uint64(last)<<groupShift | (1<<groupShift - 1) //nolint:gosec // below op.KeyGroups
}

// seal ends the epoch for the state of all steps, which is written from now on, piece by piece.
func (t *task) seal(epoch int64) error {
	if t.pipeline.settings.Keeper == nil {
		return nil
	}
	if !t.settled() { // the one before was given up: no checkpoint has it, and what follows must not come before it
		if err := t.settleAll(); err != nil {
			return fmt.Errorf("state of epoch %d: %w", t.sealed, err)
		}
	}
	defer t.stalls()()
	t.changes, t.booked = &store.Changes{}, 0
	if len(t.kept) > 0 {
		t.noteAway()
		t.changes, t.booked = t.emptyChanges()
	}
	t.sealed, t.refused, t.piece = epoch, false, t.aheadAt()
	for _, k := range t.kept {
		if err := k.seal(t.changes); err != nil {
			return err
		}
	}
	return nil
}

// drainSome writes a piece of what was sealed, if anything is left, and tells the coordinator when all is written. While a piece is under way to the store it may do nothing.
func (t *task) drainSome() error {
	if t.changes == nil {
		return nil
	}
	defer t.stalls()()
	if t.held = !t.sendAhead(); t.held {
		return nil
	}
	left := int64(drainBytes)
	for _, k := range t.kept {
		before := t.changes.Bytes()
		more, err := k.drain(t.changes, left)
		fault.Point("epoch/piece")
		t.book()
		if more || err != nil {
			return err
		}
		if left -= t.changes.Bytes() - before; left <= 0 {
			return nil
		}
	}
	t.book()
	if t.held = !t.hasLanded(); t.held {
		return nil
	}
	t.pipeline.worker.keep(t.sealed, changed{task: t.index, changes: t.changes, booked: t.booked})
	t.changes, t.booked = nil, 0
	return t.tell(t.sealed, taskDrained{})
}

// bookedShare: what was written is booked only while this part of the budget is left beside it, since it is gone soon and rows must find room meanwhile.
const bookedShare = 3

// book takes the memory of what was written so far, if there is that much: it exists anyway, and who looks how much is left shall know.
func (t *task) book() {
	budget := t.pipeline.settings.Budget
	more := t.changes.Held() - t.booked
	if more > 0 && budget.Available()-more >= budget.Limit()/bookedShare && t.pipeline.pending.TryReserve(more) {
		t.booked += more
	}
}

// drainMore writes a piece of what was sealed and reports whether there is more. A task does so rather than wait for those behind it: they may wait, for room in memory, until the store has
// the epoch.
func (t *task) drainMore() (more bool, err error) {
	if err = t.awaitAhead(); err == nil {
		err = t.drainSome()
	}
	return t.changes != nil, err
}

// drainAll writes the rest of what was sealed, and returns what is to be removed now that the task has ended.
func (t *task) drainAll() (*store.Changes, error) {
	for more := true; more; {
		var err error
		if more, err = t.drainMore(); err != nil {
			return nil, err
		}
	}
	if len(t.kept) == 0 || t.stage.restored() {
		return nil, nil
	}
	removed := &store.Changes{}
	removed.Log(t.pipeline.logged())
	for _, k := range t.kept {
		k.drop(removed)
	}
	return removed, nil
}

// settled reports whether the store has all that was sealed.
func (t *task) settled() bool {
	return t.changes == nil && t.pipeline.worker.hasApplied(t.sealed)
}

// settleAll writes the rest of what was sealed and waits until the store has it. The task has passed the barrier on before, and who
// waits for room in its queues writes what he sealed meanwhile: so nobody whom that epoch waits for waits for the task.
func (t *task) settleAll() error {
	t.checkpointing.Add(1)
	defer t.checkpointing.Add(-1)
	for more := true; more; {
		var err error
		if more, err = t.drainMore(); err != nil {
			return err
		}
	}
	for {
		applied, stranded, wait := t.pipeline.worker.settled(t)
		if applied {
			return nil
		}
		if stranded.changes != nil {
			err := t.pipeline.settings.Keeper.Spill(t.ctx, stranded.changes)
			t.pipeline.pending.Release(stranded.booked)
			t.sealed = 0
			return err
		}
		select {
		case <-wait:
		case <-t.ctx.Done():
			return context.Cause(t.ctx)
		}
	}
}

// stalls returns what is to be called when the task looks after its rows again.
func (t *task) stalls() func() {
	told := t.pipeline.settings.Stalled
	if told == nil {
		return func() {}
	}
	clock := t.pipeline.settings.Clock
	began := clock.Monotonic()
	return func() { told(clock.Monotonic() - began) }
}
