package flow

import (
	"fmt"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/state/keyed"
)

// How many entries are to leave memory, and whether that was enough.

// evictFor has entries of all parts leave memory until each has room for so many others. It reports whether hardly any were left to leave although no part has that room: what memory the parts have is gaps then. While few have left
// since they gave up their memory it is not said, since each time costs the store a table. Where hardly any left in all, others have the memory: it is not tried again
// before this task has taken some more. Else the few that come would leave at once, piece by piece, each with a table.
func (s *step) evictFor(t *task, room int) (bare bool, err error) {
	k := s.leaving
	flushed, short := false, true
	wanted, gone := 0, 0
	for _, part := range k.leaving {
		want := room - part.Room()
		if want < max(room/worthShare, 1) {
			short = false
			continue
		}
		if !flushed {
			if err := s.flushFor(); err != nil {
				return false, err
			}
			flushed = true
		}
		evicted, err := t.evict(part, want)
		if err != nil {
			return false, fmt.Errorf("state of step %q: %w", s.plan.Name, err)
		}
		if evicted > 0 {
			s.brought.gone()
			fault.Point("state/left")
		}
		wanted, gone = wanted+want, gone+evicted
		short = short && evicted < want/bareShare
	}
	if k.lean = 0; gone < wanted/bareShare {
		k.lean = t.pipeline.settings.Budget.Available() - t.pipeline.scratchLeft()
	}
	k.gone += gone
	return short && k.gone >= k.several(), nil
}

// room is how many entries there must be room for, where memory is tight. What leaves leaves gaps, which not every entry fits into, and so memory may grow on: then more leaves.
func (k *keptStep) room(left int64) int {
	several := k.several()
	if k.wanted == 0 {
		k.wanted, k.left = several, left
	}
	if left < k.left-grown {
		k.wanted, k.left = min(k.wanted+several/4, mostRoom*several), left
	}
	return k.wanted
}

// several is how many entries a task has room for, at least, after its state has left memory.
func (k *keptStep) several() int { return wantedRoom / max(k.step.chain.tasks, 1) }

// evict has about so many entries of a part leave memory, and returns how many did.
func (t *task) evict(part keyed.Evictable, want int) (evicted int, err error) {
	evicted, err = part.Evict(want, t.settled())
	if err != nil || evicted >= want {
		return evicted, err
	}
	if err := t.settleAll(); err != nil {
		return evicted, err
	}
	if err := t.spillChanges(part); err != nil {
		return evicted, err
	}
	more, err := part.Evict(want-evicted, true)
	return evicted + more, err
}
