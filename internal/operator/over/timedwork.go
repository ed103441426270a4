package over

import (
	"math"
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/state/keyed"
)

// plan makes jobs of the rows whose time has come.
func (t *Timed) plan(limit int64, all bool) error {
	if err := t.choose(limit, all); err != nil {
		return err
	}
	t.limit = less(limit, t.sight.ahead)
	if all {
		t.limit = math.MaxInt64
	}
	slots := t.partly
	t.partly = nil
	for _, id := range t.due {
		slot := *t.slotOf.At(id)
		t.room += t.queues[slot].push(id)
		slots = append(slots, slot)
	}
	t.due = t.due[:0]
	slices.Sort(slots)
	t.jobs.reset()
	for _, slot := range slices.Compact(slots) {
		if err := t.addJob(slot, all); err != nil {
			return err
		}
	}
	if err := t.touchPartitions(); err != nil {
		return err
	}
	return t.reserve()
}

// choose finds the rows that have become complete, in order, and has those that are not wait.
func (t *Timed) choose(limit int64, all bool) error {
	isDue := func(id uint32) bool {
		at, ok := t.timeOf(id)
		return all || ok && at < limit
	}
	for id := t.waiting.First(t.root); id != keyed.NoRow && isDue(id); id = t.waiting.First(t.root) {
		t.root = t.waiting.Delete(t.root, id)
		t.due = append(t.due, id)
	}
	for _, id := range t.fresh {
		if isDue(id) {
			t.due = append(t.due, id)
			continue
		}
		var err error
		if t.root, err = t.waiting.Insert(t.root, id, t.waiting.PrefixOf(id)); err != nil {
			return err
		}
	}
	t.fresh = t.fresh[:0]
	if err := t.reserve(); err != nil {
		return err
	}
	return t.order.Sort(t.e.rows, t.due)
}

// timeOf returns the time of a row, if it has one.
func (t *Timed) timeOf(id uint32) (at int64, ok bool) {
	cols, row := t.e.rows.Row(id)
	if c := cols[t.time]; c != nil && !c.IsNull(row) {
		return c.Int64s()[row], true
	}
	return 0, false
}

// addJob adds the rows of a partition that can be answered for.
func (t *Timed) addJob(slot uint32, all bool) error {
	j, part, ids := &t.jobs, t.parts.At(slot), t.queues[slot].rows()
	from := int(part.answered)
	to := from
	for ; to < len(ids); to++ {
		if at, ok := t.timeOf(ids[to]); !all && (!ok || at >= t.limit) {
			t.partly = append(t.partly, slot)
			break
		}
	}
	if from == to {
		return nil
	}
	if t.heads && part.head == keyed.NoRow {
		part.head = ids[from]
		if err := t.e.rows.TouchOne(part.head); err != nil {
			return err
		}
		*t.e.rows.Mark(part.head) |= headOfAll
	}
	j.list = append(j.list, job{ids: ids, from: from, to: to, slot: slot, head: part.head})
	j.targets = append(j.targets, ids[from:to]...)
	return nil
}

// finish notes what was answered, and drops the rows that no frame will see any more.
func (t *Timed) finish() error {
	t.gone = t.gone[:0]
	for i := range t.jobs.list {
		j := &t.jobs.list[i]
		ids := j.ids
		c := t.e.counts.At(j.slot)
		c.rows += int64(j.to - j.from)
		for k := j.from; t.groups && k < j.to; k++ {
			if k == j.from || t.e.peers.CompareIDs(t.e.rows, ids[k-1], ids[k]) != 0 {
				c.groups++
			}
		}
		keep := t.sight.keepFrom(ids, j.to, t.limit)
		if err := t.e.rows.Touch(ids[max(keep, j.from):j.to]); err != nil {
			return err
		}
		for _, id := range ids[max(keep, j.from):j.to] {
			*t.e.rows.Mark(id) |= answered
		}
		if err := t.cut(j.slot, ids, keep, j.to); err != nil {
			return err
		}
	}
	t.jobs.reset()
	return t.e.rows.Delete(t.gone)
}

// cut drops the first rows of a partition, keep of ids, of which the first to are answered. What is left without anything is forgotten.
func (t *Timed) cut(slot uint32, ids []uint32, keep, to int) error {
	if fault.Weak("over/past") {
		keep = 0
	}
	for _, s := range t.sliding {
		if err := s.drop(slot, ids, keep); err != nil {
			return err
		}
	}
	part := t.parts.At(slot)
	for _, id := range ids[:keep] {
		if id == part.head {
			if err := t.e.rows.TouchOne(id); err != nil {
				return err
			}
			*t.e.rows.Mark(id) = headOfAll
			continue
		}
		t.gone = append(t.gone, id)
		part.rows--
	}
	part.answered = uint32(to - keep) //nolint:gosec // fewer rows than numbers
	t.room -= t.queues[slot].pop(keep)
	if part.rows == 0 && !t.keeps && t.table != nil {
		return t.table.Delete(slot)
	}
	return nil
}

// second is a second, in µs.
const second = 1_000_000

// trim drops, in all partitions, the rows that no frame will see any more, now and then: those that come no rows for.
func (t *Timed) trim(limit int64) error {
	if !t.sight.timed || t.table == nil {
		return nil
	}
	limit = less(limit, t.sight.ahead)
	if limit < t.trimmed || t.trimmed != math.MinInt64 && limit-t.trimmed < max(t.sight.back/4, second) {
		return nil
	}
	t.trimmed = limit
	t.gone = t.gone[:0]
	for group := range keyed.Groups {
		for slot := range t.table.Slots(uint8(group)) { //nolint:gosec // below 256
			part := t.parts.At(slot)
			if part.answered == 0 {
				continue
			}
			ids, to := t.queues[slot].rows(), int(part.answered)
			if err := t.cut(slot, ids, t.sight.keepFrom(ids, to, limit), to); err != nil {
				return err
			}
		}
	}
	return t.e.rows.Delete(t.gone)
}
