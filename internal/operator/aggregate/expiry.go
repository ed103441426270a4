package aggregate

import (
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/timer"
	"wire.example/wire/sdk/batch"
)

// expiry forgets groups that no row has come for in a while. A group that has expired is forgotten at the latest when the next row comes for it, so that it does not
// show when it was swept.
type expiry struct {
	timer.Sweep
	// last is when a row came for a group last, 0 for before first.
	last *keyed.Slab[int64]
	// orphans are how many groups were forgotten, by key group, of which values may be left among those seen.
	orphans [keyed.Groups]int
	gone    []uint32
	live    []int64
}

// expired reports whether the group in slot is.
func (e *expiry) expired(slot uint32) bool {
	return e.Expired(*e.last.At(slot))
}

// renew notes that rows came for slots, of which those at fresh positions are new, and makes those that had expired new.
func (g *groups) renew(slots []uint32, fresh []uint16, hashes []uint64) error {
	e := g.expiry
	for _, i := range fresh {
		*e.last.At(slots[i]) = e.Now()
	}
	for i, slot := range slots {
		if e.expired(slot) && !g.lasting(slot) {
			if err := g.forget(slot); err != nil {
				return err
			}
			if g.numbers != nil {
				g.numbers.name([]uint16{uint16(i)}, slots, hashes) //nolint:gosec // a row number of a batch
			}
		}
		if now := e.Now(); now > 0 {
			*e.last.At(slot) = now
		}
	}
	return nil
}

// lasting reports whether a group is there without rows.
func (g *groups) lasting(slot uint32) bool {
	return g.table == nil || slices.Contains(g.counted.always, slot)
}

// forget makes a slot that of a group that never was.
func (g *groups) forget(slot uint32) error {
	if g.changes != nil {
		*g.changes.marks.At(slot) = 0
	}
	if g.rows != nil {
		*g.rows.At(slot) = 0
	}
	if g.expiry != nil && len(g.seen) > 0 {
		g.expiry.orphans[g.table.GroupOf(slot)]++
	}
	for _, c := range g.calls {
		if err := c.drop(slot); err != nil {
			return err
		}
	}
	return nil
}

// OnTime forgets groups that have expired. What has changed before is emitted first.
func (o *Operator) OnTime(micros int64, out *op.Output) (more bool, err error) {
	if o.expiry == nil {
		return false, nil
	}
	more, err = o.expiry.Run(micros, func() (bool, error) { return o.OnFlush(out) }, o.sweep)
	return more, op.OutOfMemory(o.config.Name, err)
}

// sweep forgets the groups of a key group that have expired, and returns how much it looked at.
func (o *Operator) sweep(group uint8) (int, error) {
	if o.table == nil {
		return 0, nil
	}
	e := o.expiry
	e.gone = e.gone[:0]
	n := 0
	for slot := range o.table.Slots(group) {
		if n++; e.expired(slot) && !o.lasting(slot) {
			e.gone = append(e.gone, slot)
		}
	}
	for _, slot := range e.gone {
		if err := o.remove(slot); err != nil {
			return n, err
		}
	}
	if e.orphans[group] == 0 {
		return n, nil
	}
	e.orphans[group] = 0
	e.live = e.live[:0]
	for slot := range o.table.Slots(group) {
		e.live = append(e.live, *o.numbers.of.At(slot))
	}
	slices.Sort(e.live)
	for _, s := range o.seen {
		swept, err := s.sweep(group, e.live)
		if n += swept; err != nil {
			return n, err
		}
	}
	return n, nil
}

// sweep forgets the values of a key group whose groups are not among those with the given numbers, and returns how many it looked at.
func (s *seen) sweep(group uint8, live []int64) (int, error) {
	cols := make([]*batch.Column, 0, 1+len(s.args))
	cols = append(cols, batch.NewColumn(s.groups.pool, s.groups.numbers.column.Type()))
	for _, a := range s.args {
		cols = append(cols, batch.NewColumn(s.groups.pool, s.groups.config.Types[a]))
	}
	all := slices.Collect(s.table.Slots(group))
	for slots := range slices.Chunk(all, batch.MaxRows) {
		s.table.GatherKeys(slots, cols)
		for i, number := range cols[0].Int64s() {
			if _, is := slices.BinarySearch(live, number); is {
				continue
			}
			if err := s.table.Delete(slots[i]); err != nil {
				return len(all), err
			}
		}
	}
	for _, c := range cols {
		c.Release()
	}
	return len(all), nil
}
