package flow

import (
	"context"
	"fmt"
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// State leaves memory when little of the budget is left. It does so between two batches: first what the store has as it is; then the rest, which is given to the store before. That waits for a
// sealed epoch to be applied, since what came after it must not get into its checkpoint.

const (
	// lowShare: memory is tight when less than this part of the budget is left.
	lowShare = 6
	// shrinkShare: state leaves memory in whole when less than this part of that is left although state has left; leastShare: and at once when so little is left.
	shrinkShare = 2
	leastShare  = 4
	// restoredShare: a restore stops when less than this part of the budget is left, since rows under way have not taken theirs yet.
	restoredShare = 2
	// wantedRoom is how many entries there is room for after state has left memory: those of several batches, divided among the tasks that share them, and mostRoom times as many when hardly any memory is left.
	wantedRoom = 3 * batch.MaxRows
	mostRoom   = 8
	// piledEarly: when less than so many times what is low is left, no part may have more than one in piledShare of that in changes that were written before their turn.
	piledEarly = 2
	piledShare = 4
	// worthShare: entries leave when at least one part in so many of the room there is to be is missing. Each time costs the store a table.
	worthShare = 4
	// bareShare: parts are bare where less than one part in so many of what is to leave can.
	bareShare = 8
	// grown is by how much memory must have grown for more to leave; leanShare: or by one part in so many of what is low, where hardly any were left to leave.
	grown     = 256 << 10
	leanShare = 16
	// shrunkShare: or by one part in so many of what was left when parts had given up their memory.
	shrunkShare = 4
	// boundlessLow is what is low where memory has no bounds: parts work off what is away in pieces of a share of it.
	boundlessLow = 256 << 20
)

// lowOf is how much of a budget is left when memory is tight.
func lowOf(budget *limit.Budget) int64 { return budget.Limit() / lowShare }

// lowOfParts is how much is left when memory is tight for parts of state: what is the store's, in a run which keeps nothing, is nothing that they could have.
func (p *Pipeline) lowOfParts() int64 {
	room := p.settings.Budget.Limit()
	if p.settings.Keeper == nil {
		room -= p.settings.ScratchMemory
	}
	return max(room, 0) / lowShare
}

// attach lets parts of the step's state leave memory, if memory is limited.
func (k *keptStep) attach(ctx context.Context, scratch Scratch) error {
	if err := k.attachSpillers(ctx, scratch); err != nil {
		return err
	}
	budget := k.step.chain.pipeline.settings.Budget
	if budget.Limit() == limit.Unlimited {
		return nil
	}
	for _, part := range k.parts {
		leaving, ok := part.(keyed.Evictable)
		if !ok || !leaving.MayLeave() {
			continue
		}
		if err := k.attachPart(ctx, scratch, leaving, k.step.chain.pipeline.lowOfParts()); err != nil {
			return err
		}
	}
	if len(k.leaving) > 0 {
		k.step.leaving = k
	}
	return nil
}

// attachSpillers lets rows be written to parts of the step's state. They may have some already, however much memory there is now.
func (k *keptStep) attachSpillers(ctx context.Context, scratch Scratch) error {
	for _, part := range k.parts {
		spiller, ok := part.(keyed.Spiller)
		if !ok {
			continue
		}
		reader, err := scratch.Reader(ctx)
		if err != nil {
			return err
		}
		k.readers = append(k.readers, reader)
		spiller.Attach(reader, lowOf(k.step.chain.pipeline.settings.Budget)+k.step.chain.pipeline.scratchLeft())
		k.spillers = append(k.spillers, spiller)
	}
	if len(k.spillers) > 0 {
		k.step.leaving = k
	}
	return nil
}

// makeRoom has state leave memory before the next batch, if memory is tight.
func (s *step) makeRoom(t *task) error {
	k := s.leaving
	if fault.Weak("state/evict") {
		return nil
	}
	if err := s.flushForSpill(); err != nil {
		return err
	}
	if err := s.spill(t); err != nil || k.closed || k.late == nil && len(k.leaving) == 0 {
		return err
	}
	if err := s.spillCrowded(t); err != nil {
		return err
	}
	budget := t.pipeline.settings.Budget
	low := lowOf(budget)
	left := budget.Available() - t.pipeline.scratchLeft()
	if left < low*piledEarly {
		if err := s.spillPiled(t, low/piledShare); err != nil {
			return err
		}
		left = budget.Available() - t.pipeline.scratchLeft()
	}
	if left >= low/shrinkShare {
		k.shrunk = 0
	}
	if left >= low {
		k.lean = 0
		return nil
	}
	if k.late != nil {
		if err := k.begin(t.ctx); err != nil {
			return fmt.Errorf("state of step %q: %w", s.plan.Name, err)
		}
	}
	if left < low/leastShare {
		shrunk, err := s.shrink(t, low, false)
		if err != nil {
			return err
		}
		if shrunk {
			t.pipeline.reserveScratch()
			return k.renew()
		}
	}
	if k.lean > 0 && left >= low/shrinkShare && left > k.lean-min(grown, low/leanShare) {
		return nil // what has come since is not worth a table
	}
	bare, err := s.evictFor(t, k.room(left))
	if err != nil {
		return err
	}
	t.pipeline.reserveScratch()
	if _, err := s.shrink(t, low, bare); err != nil {
		return err
	}
	return k.renew()
}

// renew has parts note anew what has left memory, where most of what they have noted is no more.
func (k *keptStep) renew() error {
	for _, part := range k.leaving {
		if renewing, ok := part.(keyed.Renewing); ok {
			if err := renewing.Renew(); err != nil {
				return fmt.Errorf("state of step %q: %w", k.step.plan.Name, err)
			}
		}
	}
	return nil
}

// spillCrowded spills parts of which too much has been removed in the epoch under way.
func (s *step) spillCrowded(t *task) error {
	return s.spillFull(t, func(part keyed.Evictable) bool {
		crowded, ok := part.(keyed.Crowded)
		return ok && crowded.Crowded()
	})
}

// spillPiled has parts give the store what they have written of their changes before its turn, of which they may have most bytes: of entries that change again, or leave, while a sealed epoch waits to be drained there may be as many as
// the state has, and of deletions in the epoch under way, too.
func (s *step) spillPiled(t *task, most int64) error {
	return s.spillFull(t, func(part keyed.Evictable) bool {
		piling, ok := part.(keyed.Piling)
		return ok && piling.Piled() > most
	})
}

// spillFull gives the store the sealed epoch where a part is full, and what changed in the one under way of those that still are.
func (s *step) spillFull(t *task, full func(keyed.Evictable) bool) error {
	for _, part := range s.leaving.leaving {
		if !full(part) {
			continue
		}
		err := t.settleAll()
		if err == nil && full(part) {
			err = t.spillChanges(part)
		}
		if err != nil {
			return fmt.Errorf("state of step %q: %w", s.plan.Name, err)
		}
	}
	return nil
}

// shrink has all state of the step leave memory, with the memory itself, if little is left although there is room for entries: what has left leaves gaps, and filters grow; or if it is bare, and nothing but gaps.
// Where that was too little, since what stays has the memory, it is not done again before less is left. It reports whether it has.
func (s *step) shrink(t *task, low int64, bare bool) (shrunk bool, err error) {
	left, worth := t.pipeline.settings.Budget.Available()-t.pipeline.scratchLeft(), low
	if left < low/leastShare { // others have the most of it: they do the same
		worth = low / leastShare
	}
	if left >= low/shrinkShare && !bare || t.pipeline.budgets[s.plan.Name].Used() < worth {
		return false, nil
	}
	k := s.leaving
	if k.shrunk > 0 && left > k.shrunk-min(grown, low/leanShare, k.shrunk/shrunkShare) {
		return false, nil // what stays has it
	}
	if err := s.flushFor(); err != nil {
		return false, err
	}
	k.wanted, k.gone, k.lean = 0, 0, 0
	if err := s.depart(t, false); err != nil {
		return false, err
	}
	k.shrunk = 0
	if left := t.pipeline.settings.Budget.Available() - t.pipeline.scratchLeft(); left < low/shrinkShare {
		k.shrunk = max(left, 1)
	}
	return true, nil
}

// depart has all state of the step leave memory that may. Nothing is left to flush.
func (s *step) depart(t *task, forGood bool) error {
	if err := t.settleAll(); err != nil {
		return err
	}
	s.brought.gone()
	for _, part := range s.leaving.leaving {
		departing, ok := part.(keyed.Departing)
		if !ok {
			continue
		}
		err := t.spillChanges(part)
		if err == nil {
			err = departing.Depart(forGood)
		}
		if err != nil {
			return fmt.Errorf("state of step %q: %w", s.plan.Name, err)
		}
	}
	return nil
}

// close makes ready for the end of an input, -1 for that of all, at which the operator goes through all of its state: if some is away, all leaves; from then on nothing else does.
func (s *step) close(input int) error {
	closer, ok := s.op.(op.Closer)
	if !ok || s.leaving == nil || !closer.Closes(input) {
		return nil
	}
	s.leaving.closed = true
	if s.resident() {
		return nil
	}
	return s.depart(s.chain.host.(*task), true)
}

// makeRoomBetween has state leave memory between two calls for an event, but for what must be flushed before.
func (s *step) makeRoomBetween() error {
	switch t, _ := s.chain.host.(*task); {
	case s.leaving == nil:
		return nil
	case s.flush != nil && !s.pauses():
		return s.spill(t)
	case s.pausing:
		return nil
	default:
		return s.makeRoom(t)
	}
}

// flushFor flushes the operator before state leaves memory.
func (s *step) flushFor() error {
	s.pausing = true
	err := s.flushOut()
	s.pausing = false
	return err
}

// pauses reports whether the operator may be flushed between two calls for an event.
func (s *step) pauses() bool {
	pausing, ok := s.op.(op.Pausing)
	return ok && pausing.Pauses()
}

// Sizes of what is spilled at once, in bytes: a share of the budget within these bounds.
const (
	spillShare = 16
	leastSpill = 64 << 10
	mostSpill  = 8 << 20
)

// spilledAtOnce is about how many bytes are spilled at once.
func (p *Pipeline) spilledAtOnce() int64 {
	return min(max(p.settings.Budget.Limit()/spillShare, leastSpill), mostSpill)
}

// spill has rows written that leave memory before the next call, if memory is too tight for them.
func (s *step) spill(t *task) error {
	for _, part := range s.leaving.spillers {
		if !part.Tight() {
			continue
		}
		if err := t.spillRows(part); err != nil {
			return fmt.Errorf("state of step %q: %w", s.plan.Name, err)
		}
	}
	return nil
}

// flushForSpill flushes the operator before rows leave memory that must be flushed for that.
func (s *step) flushForSpill() error {
	for _, part := range s.leaving.spillers {
		if flushing, ok := part.(keyed.Flushing); ok && flushing.Flushes() {
			return s.flushFor()
		}
	}
	return nil
}

func (t *task) spillRows(part keyed.Spiller) error {
	if err := t.settleAll(); err != nil {
		return err
	}
	return t.pipeline.spillAll(t.ctx, part)
}

// spillAll writes the rows in memory to a part, which has nothing of a sealed epoch to write.
func (p *Pipeline) spillAll(ctx context.Context, part keyed.Spiller) error {
	piece := p.spilledAtOnce()
	changes := &store.Changes{}
	for more := true; more; {
		var err error
		if more, err = part.SpillSome(changes, piece); err != nil {
			return err
		}
		if changes.Len() > 0 {
			if err := p.scratch().Spill(ctx, changes); err != nil {
				return err
			}
			changes.Reset()
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
	}
	return nil
}

// full returns a part that is being restored if it has its share of memory, or of time, and what is left of it may stay in the store alone, else nil.
func (k *keptStep) full(ctx context.Context, part keyed.Kept) (keyed.Evictable, error) {
	leaving, ok := part.(keyed.Evictable)
	if !ok || k.whole || !leaving.MayLeave() {
		return nil, nil
	}
	p := k.step.chain.pipeline
	budget := p.settings.Budget
	attached := slices.Contains(k.leaving, leaving)
	switch {
	case attached && budget.Available() < budget.Limit()/restoredShare:
		return leaving, nil
	case p.settings.RestoreFor == 0 || p.settings.Clock.Monotonic()-p.filling < p.settings.RestoreFor:
		return nil, nil
	case !attached:
		return leaving, k.attachAll(ctx)
	}
	return leaving, nil
}

// attachAll lets all parts leave memory that may, of a step none of which was attached, since memory has no bounds: what hangs together leaves together, and at the end what is away comes back range by range.
func (k *keptStep) attachAll(ctx context.Context) error {
	k.step.leaving = k
	for _, part := range k.parts {
		leaving, ok := part.(keyed.Evictable)
		if !ok || !leaving.MayLeave() || slices.Contains(k.leaving, leaving) {
			continue
		}
		if err := k.attachPart(ctx, k.step.chain.pipeline.settings.Keeper, leaving, boundlessLow); err != nil {
			return err
		}
	}
	return nil
}

// attachPart lets a part leave memory, which is tight while less than low bytes of the budget are left.
func (k *keptStep) attachPart(ctx context.Context, scratch Scratch, part keyed.Evictable, low int64) error {
	reader, err := scratch.Reader(ctx)
	if err != nil {
		return err
	}
	k.readers = append(k.readers, reader)
	part.Attach(&meter{Reader: reader, brought: &k.step.brought}, low)
	k.leaving = append(k.leaving, part)
	return nil
}

// settleFor gives the store all that may leave memory, if the operator needs that for its next call.
func (s *step) settleFor() error {
	if s.leaving == nil || s.settler == nil || !s.settler.Settles() {
		return nil
	}
	t := s.chain.host.(*task)
	if err := t.settleAll(); err != nil {
		return err
	}
	for _, part := range s.leaving.leaving {
		if err := t.spillChanges(part); err != nil {
			return fmt.Errorf("state of step %q: %w", s.plan.Name, err)
		}
	}
	return nil
}
