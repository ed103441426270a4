package over

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// Where memory is short a Timed gives back what it has, though there are rows that wait: these lie anywhere among others, and what those take that leave is gaps. So all leave, and the partitions of
// which rows wait come back at once, to memory that has no gaps.

// depart has all rows leave memory, and all partitions, which leave does for their table; the store has them as they are. Nothing is being answered. The error is SQLSTATE 53200.
func (t *Timed) depart(leave func() error) error {
	waiting := keyed.NewList[uint64](t.budget)
	defer waiting.Free()
	if err := t.empty(waiting); err != nil {
		return op.OutOfMemory(t.config.Name, err)
	}
	if err := leave(); err != nil {
		return err
	}
	if err := t.e.rows.Depart(); err != nil {
		return err
	}
	t.vacate()
	t.away.departing = true
	defer func() { t.away.departing = false }()
	return t.fetch(waiting.Items())
}

// empty forgets what is kept of all partitions, and notes the hashes of those that may not leave: rows of theirs wait, or did when others were swept.
func (t *Timed) empty(waiting *keyed.List[uint64]) error {
	for group := range keyed.Groups {
		for slot := range t.table.Slots(uint8(group)) { //nolint:gosec // below 256
			if !t.idle(slot) || t.over(t.parts.At(slot).stamp) {
				if err := waiting.Append(t.table.HashOf(slot)); err != nil {
					return err
				}
			}
			t.forget(slot)
		}
	}
	return nil
}

// vacate gives back what lies beside the rows, of which there are none. Slots of partitions are given anew.
func (t *Timed) vacate() {
	t.waiting.Free()
	t.root = keyed.NoRow
	t.queues, t.fresh, t.due, t.partly, t.room = nil, nil, nil, nil, 0
	t.jobs = jobs{}
	t.parts.Free()
	t.slotOf.Free()
	t.e.counts.Free()
	t.budget.Release(t.held)
	t.held = 0
}
