package flow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
)

// What a restore has left in the store unread is read by the task, piece by piece, when it has nothing else to do, and between batches, for as long as rows took: then they find it in memory.

const (
	// readOnEntries is about how many entries are read at once: what waits meanwhile waits about a millisecond.
	readOnEntries = 1024
	// readOnMost is how long a task reads on, at most, before it looks after its rows again.
	readOnMost = 20 * time.Millisecond
)

// errPostponed ends a restore of a part: the rest stays unread.
var errPostponed = errors.New("the rest is read later")

// postpone leaves the entries of a part with hashes from from on in the store, unread, if it can do so.
func (k *keptStep) postpone(table uint8, part keyed.Evictable, from uint64) (postponed bool, err error) {
	if o, ok := part.(keyed.Outlined); ok {
		return k.postponeSlices(table, o, from)
	}
	p, ok := part.(keyed.Postponable)
	if !ok || !p.MayPostpone() || jointOf(part) != nil {
		return false, nil
	}
	if n, ok := part.(keyed.Numbered); ok {
		if int(table) >= len(k.highest) || k.highest[table] == 0 { // nobody knows it
			return false, nil
		}
		n.Above(k.highest[table])
	}
	p.Postpone(from)
	k.unread = append(k.unread, p)
	return true, nil
}

// postponeSlices does so with a part whose entries are of several slices.
func (k *keptStep) postponeSlices(table uint8, part keyed.Outlined, from uint64) (postponed bool, err error) {
	if int(table) >= len(k.outlines) || k.outlines[table] == nil {
		return false, nil
	}
	postponed, err = part.PostponeSlices(from, k.outlines[table])
	if u, ok := part.(keyed.Unread); ok && postponed {
		k.unread = append(k.unread, u)
	}
	return postponed, err
}

// jointOf is what a part is restored with; nil: it is restored by itself.
func jointOf(part keyed.Kept) *keyed.Joint {
	if p, ok := part.(keyed.InJoint); ok {
		return p.Joint()
	}
	return nil
}

// restoreJoints puts in what is stored of parts that are restored together, as far as there is time and room, leaves the rest unread, and returns those joints. The others are restored part by part.
func (k *keptStep) restoreJoints(ctx context.Context) (restored []*keyed.Joint, err error) {
	for i, part := range k.parts {
		j := jointOf(part)
		if j == nil || slices.Contains(restored, j) || k.whole || len(k.highest) < len(k.parts) { // nobody knows the numbers
			continue
		}
		if s := &k.step.chain.pipeline.settings; s.RestoreFor == 0 && s.Budget.Limit() == limit.Unlimited { // all is put in
			continue
		}
		if len(k.leaving) == 0 { // memory has no bounds
			if err := k.attachAll(ctx); err != nil {
				return nil, err
			}
		}
		k.postponeJoint(i, j)
		restored = append(restored, j)
		if err := k.fillJoint(ctx, part, j); err != nil {
			return nil, err
		}
	}
	return restored, nil
}

// postponeJoint leaves all entries of the parts of a joint, the first of which is known, in the store, unread.
func (k *keptStep) postponeJoint(first int, j *keyed.Joint) {
	for i := first; i < len(k.parts); i++ {
		if n, numbered := k.parts[i].(keyed.Numbered); numbered && jointOf(k.parts[i]) == j {
			n.Above(k.highest[i])
		}
	}
	j.Postpone(k.from)
}

// fillJoint reads a joint on while there is time and room.
func (k *keptStep) fillJoint(ctx context.Context, part keyed.Kept, j *keyed.Joint) error {
	for {
		full, err := k.full(ctx, part)
		if err != nil {
			return err
		}
		if full != nil {
			k.unread = append(k.unread, j)
			return nil
		}
		if more, err := j.ReadOn(admitEntries, false); !more || err != nil {
			return err
		}
	}
}

// hasUnread reports whether state of the task is unread that it should read.
func (t *task) hasUnread() bool {
	for _, k := range t.kept {
		if len(k.unread) > 0 && !k.closed {
			return true
		}
	}
	return false
}

// readOn reads a piece of what is unread. Where little memory is left it is not put in, but known to be in the store.
func (t *task) readOn() error {
	budget := t.pipeline.settings.Budget
	for _, k := range t.kept {
		if len(k.unread) == 0 || k.closed {
			continue
		}
		fault.Point("state/unread")
		more, err := k.unread[0].ReadOn(readOnEntries, budget.Available() < budget.Limit()/restoredShare)
		if err != nil {
			return fmt.Errorf("state of step %q: %w", k.step.plan.Name, err)
		}
		if !more {
			k.unread = k.unread[1:]
		}
		return nil
	}
	return nil
}

// readOnFor reads pieces of what is unread for about as long as rows took that were handled since a time of the monotonic clock; one piece at least.
func (t *task) readOnFor(since time.Duration) error {
	clock := t.pipeline.settings.Clock
	now := clock.Monotonic()
	for until := now + min(now-since, readOnMost); t.hasUnread(); {
		if err := t.readOn(); err != nil {
			return err
		}
		if clock.Monotonic() >= until {
			return nil
		}
	}
	return nil
}

// readBehind reads on behind an entry that was handled since a time of the monotonic clock. What its rows have left to emit is emitted before: it would wait until all is read, since rows
// that wait for a task which reads on keep it from being idle.
func (t *task) readBehind(kind entryKind, since time.Duration) error {
	if kind == entryRows {
		if err := t.hurry(); err != nil {
			return err
		}
	}
	return t.readOnFor(since)
}

// highest are the highest numbers of entries of the task's state, by step; see StateRecord.
func (t *task) highest() map[string][]uint64 {
	var all map[string][]uint64
	for _, k := range t.kept {
		for i, part := range k.parts {
			n, ok := part.(keyed.Numbered)
			if !ok || !n.MayPostpone() {
				continue
			}
			if all == nil {
				all = map[string][]uint64{}
			}
			name := k.step.plan.Name
			if all[name] == nil {
				all[name] = make([]uint64, len(k.parts))
			}
			all[name][i] = n.Highest()
		}
	}
	return all
}

// outlines say what slices the parts of the task's state have, by step; see StateRecord.
func (t *task) outlines() map[string][][]byte {
	var all map[string][][]byte
	for _, k := range t.kept {
		for i, part := range k.parts {
			o, ok := part.(keyed.Outlined)
			if !ok {
				continue
			}
			if all == nil {
				all = map[string][][]byte{}
			}
			name := k.step.plan.Name
			if all[name] == nil {
				all[name] = make([][]byte, len(k.parts))
			}
			if outline, ok := o.Outline(); ok && len(outline) <= keyed.MostOutline {
				all[name][i] = outline
			}
		}
	}
	return all
}

// slicesAt puts together what the tasks of a step say of the slices of its parts: of each part all that is different, nil if one of them says nothing.
func slicesAt(e *epochState, name string) (all [][][]byte) {
	first := true
	for _, part := range e.tasks {
		outlines := part.outlines[name]
		if outlines == nil {
			continue
		}
		if first {
			all = make([][][]byte, len(outlines))
		}
		for i, outline := range outlines {
			same := func(other []byte) bool { return bytes.Equal(other, outline) }
			switch {
			case outline == nil || !first && all[i] == nil:
				all[i] = nil
			case !slices.ContainsFunc(all[i], same):
				all[i] = append(all[i], outline)
			}
		}
		first = false
	}
	return all
}

// statesAt says where the state of steps is kept, as it was at an epoch.
func (p *Pipeline) statesAt(e *epochState) map[string]StateRecord {
	states := maps.Clone(p.states)
	for name, record := range states {
		record.Groups, record.Highest, record.Slices = wholeStore(), nil, slicesAt(e, name)
		for _, part := range e.tasks {
			numbers := part.highest[name]
			if record.Highest == nil {
				record.Highest = slices.Clone(numbers)
				continue
			}
			for i, n := range numbers {
				record.Highest[i] = max(record.Highest[i], n)
			}
		}
		states[name] = record
	}
	return states
}
