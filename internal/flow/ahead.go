package flow

import "wire.example/wire/internal/state/store"

// How much of what it sealed a task writes before that goes to the store, ahead of the rest: so an epoch of any size takes the memory of two pieces. A piece is a part of all state, since each is merged with what the store has,
// but no less than a table is worth, and no more than is sorted where the processor has it at hand (store.Sorted).
const (
	leastAhead = 12 << 20 // bytes
	mostAhead  = 128 << 20
	aheadShare = 16
	// loggedAhead is how much goes ahead of what is logged, which is neither merged nor sorted then: what was written is at hand yet when it is copied.
	loggedAhead = 4 << 20
)

// aheadAt is how large a piece becomes in the epoch under way, in bytes.
func (t *task) aheadAt() int64 {
	if t.changes.Logged() > 0 {
		return loggedAhead
	}
	return min(max(t.pipeline.settings.Budget.Used()/aheadShare/int64(len(t.stage.tasks)), leastAhead), mostAhead)
}

// ahead is a piece of a sealed epoch on its way to the store. The epoch's checkpoint is made when the store has all of it: until then nobody but the task reads what is there of its state, and of that
// only what did not change in the epoch.
type ahead struct {
	changes *store.Changes
	booked  int64 // bytes, in Pipeline.pending
	landed  chan struct{}
	err     error // once landed is closed
}

// sendAhead sends what was written so far to the store, if that is a piece, and reports whether there is room to write more: not while the piece before is under way.
func (t *task) sendAhead() bool {
	if t.changes.Bytes() < t.piece || t.refused {
		return true
	}
	if !t.hasLanded() {
		return false
	}
	if t.refused {
		return true
	}
	a := &ahead{changes: t.changes, booked: t.booked, landed: make(chan struct{})}
	t.ahead = a
	t.changes, t.booked = t.emptyChanges()
	keeper := t.pipeline.settings.Keeper
	t.pipeline.worker.helpers.Go(func() {
		a.err = keeper.Spill(t.ctx, a.changes)
		t.inbox.poke()
		close(a.landed)
	})
	return true
}

// hasLanded reports whether no piece is under way. One that the store refused goes there again with all that follows, when the epoch is applied.
func (t *task) hasLanded() bool {
	a := t.ahead
	if a == nil {
		return true
	}
	select {
	case <-a.landed:
	default:
		return false
	}
	t.ahead = nil
	t.inbox.forgetPoke()
	if a.err != nil {
		t.refused = true
		a.changes.Add(t.changes)
		t.changes, t.booked = a.changes, t.booked+a.booked
		return true
	}
	t.pipeline.pending.Release(a.booked)
	t.pipeline.spare.put(a.changes)
	return true
}

// awaitAhead waits for the piece that is under way, if nothing more can be written before it has landed.
func (t *task) awaitAhead() error {
	if !t.held {
		return nil
	}
	select {
	case <-t.ahead.landed:
		return nil
	case <-t.ctx.Done():
		return t.alive()
	}
}
