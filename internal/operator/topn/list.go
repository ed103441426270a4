package topn

import (
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// touch returns a partition among those that were touched, at a place of its list.
func (o *Operator) touch(slot uint32, part *partitionState, place int) *touch {
	o.changed++
	if part.touched == 0 {
		o.touched = append(o.touched, touch{slot: slot, gone: keyed.NoRow, low: math.MaxInt})
		part.touched = uint32(len(o.touched)) //nolint:gosec // bounded by maxTouched
	}
	t := &o.touched[part.touched-1]
	t.low = min(t.low, place)
	return t
}

// add puts row id, which has the prefix at position i, in the list of a partition, and drops those that do not count any more.
func (o *Operator) add(slot, id uint32, i int, out *op.Output) (err error) {
	part := o.parts.At(slot)
	if part.last != keyed.NoRow {
		if cols, row := o.rows.Row(id); o.isBehind(part, cols, i, row) {
			o.gone = append(o.gone, id)
			out.Counts.Filtered++
			return nil
		}
	}
	out.Counts.Absorbed++
	if o.tail.any() {
		if cols, row := o.rows.Row(id); o.isBehindList(part, cols, i, row) {
			return o.addBehind(id, i, 0)
		}
	}
	return o.enter(slot, part, id, i)
}

// enter puts a row that counts in the list of a partition.
func (o *Operator) enter(slot uint32, part *partitionState, id uint32, i int) (err error) {
	if part.root, err = o.lists.Insert(part.root, id, o.prefixes[i]); err != nil {
		return err
	}
	if o.twins != nil {
		if err := o.twins.add(part, id, i); err != nil {
			return err
		}
	}
	t := o.touch(slot, part, o.lists.Place(id))
	if !o.config.Changes && o.end < math.MaxInt64 {
		o.cut(part, t, id)
	}
	return nil
}

// cut drops the rows that are behind those that count, now that id has come to a list of rows that are only added.
func (o *Operator) cut(part *partitionState, t *touch, id uint32) {
	n := int64(o.lists.Len(part.root))
	switch {
	case o.config.Function == DenseRank:
		if !o.isPeer(id, o.lists.Previous(id)) && !o.isPeer(id, o.lists.Next(id)) {
			part.keys++
		}
		if int64(part.keys) < o.end {
			return
		}
		if int64(part.keys) > o.end {
			o.dropLastKey(part, t)
		}
	case n < o.end:
		return
	case o.counted():
		if bound := o.lists.At(part.root, int(o.end)-1); !o.isPeer(bound, o.lists.Last(part.root)) {
			o.dropLastKey(part, t)
		}
	case n > o.end:
		o.drop(part, t, o.lists.Last(part.root))
	}
	part.last = o.lists.Last(part.root)
	part.worst = o.lists.Prefix(part.last)
}

// isPeer reports whether two rows are equal in the keys; other may be none.
func (o *Operator) isPeer(id, other uint32) bool {
	return other != keyed.NoRow && o.keys.CompareIDs(o.rows, id, other) == 0
}

// dropLastKey drops the last row of a list, and those that are equal to it in the keys.
func (o *Operator) dropLastKey(part *partitionState, t *touch) {
	part.keys--
	for last := o.lists.Last(part.root); ; {
		before := o.lists.Previous(last)
		more := o.isPeer(last, before)
		o.drop(part, t, last)
		if last = before; !more {
			return
		}
	}
}

// drop takes a row out of the list of a partition. What was emitted is kept until it is taken back.
func (o *Operator) drop(part *partitionState, t *touch, id uint32) {
	part.root = o.lists.Delete(part.root, id)
	n := o.notes.At(id)
	if n.place == keyed.NoRow {
		o.gone = append(o.gone, id)
		return
	}
	n.next = t.gone
	t.gone = id
	t.count++
}

// takeBack takes back row row of cols, the i-th that counts.
func (o *Operator) takeBack(slot uint32, cols []*batch.Column, i, row int, out *op.Output) error {
	part := o.parts.At(slot)
	if o.tail.any() && o.isBehindList(part, cols, i, row) {
		out.Counts.Absorbed++
		return o.takeBehind(cols, i, row)
	}
	var id uint32
	var found bool
	if o.twins != nil {
		id, found = o.twins.take(part, cols, i, row)
	} else {
		id, found = o.lists.Find(part.root, cols, row, o.prefixes[i])
	}
	if !found {
		out.Counts.Filtered++
		o.touch(slot, part, math.MaxInt) // it may have no rows
		return nil
	}
	out.Counts.Absorbed++
	o.drop(part, o.touch(slot, part, o.lists.Place(id)), id)
	return nil
}
