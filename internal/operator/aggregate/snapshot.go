package aggregate

import (
	"encoding/binary"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// version is that of the state's layout: docs/format/aggregate.md.
const version = 2

// begun marks the state of an operator that has begun to emit.
const begun = 1

// Snapshot returns the groups of a key group that are still to be emitted, and what the calls keep for them.
func (o *Operator) Snapshot(group op.KeyGroup) ([]byte, error) {
	main, err := o.snapshotGroups(uint8(group))
	if main == nil || err != nil {
		return nil, err
	}
	mark := []byte{0}
	if o.hasEmpty {
		mark[0] = begun
	}
	if o.numbered() {
		mark = binary.AppendUvarint(mark, uint64(o.numbers.next[group]))
	}
	parts := [][]byte{mark, main}
	for _, s := range o.seen {
		part, err := s.snapshot(group)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	for _, c := range o.calls {
		if c.ordered != nil {
			rows, err := c.ordered.rows.Snapshot(uint8(group))
			if err != nil {
				return nil, err
			}
			parts = append(parts, rows)
		}
	}
	return keyed.AppendParts(nil, version, parts...), nil
}

func (o *Operator) snapshotGroups(group uint8) ([]byte, error) {
	if o.over {
		return nil, nil
	}
	if o.table == nil {
		if group != 0 || !o.touched || o.walk.next > 0 {
			return nil, nil
		}
		return o.appendSlot(nil, 0), nil
	}
	if o.ended && o.walk.next > 0 {
		if int(group) < o.walk.group {
			return nil, nil
		}
		if int(group) == o.walk.group {
			if err := o.forgetEmitted(); err != nil {
				return nil, err
			}
		}
	}
	return o.table.Snapshot(group, o.appendSlot)
}

// forgetEmitted takes the groups out of the table that were emitted of the key group which the walk is in.
func (o *Operator) forgetEmitted() error {
	emitted := o.walk.memory[:len(o.walk.memory)-len(o.walk.rest)]
	for _, slot := range emitted {
		if err := o.forgetSlot(slot); err != nil {
			return err
		}
	}
	o.walk.memory = o.walk.rest
	return nil
}

// numbered reports whether the numbers of groups are part of snapshots.
func (o *Operator) numbered() bool { return o.numbers != nil && !o.numbers.stored }

// appendHead appends what is known of a group beside what the calls know.
func (o *Operator) appendHead(dst []byte, slot uint32, numbered bool) []byte {
	if o.changes != nil {
		dst = o.changes.appendMarks(dst, slot)
	}
	if o.rows != nil {
		dst = binary.AppendUvarint(dst, uint64(*o.rows.At(slot)))
	}
	if numbered {
		dst = binary.AppendUvarint(dst, uint64(*o.numbers.of.At(slot)))
	}
	if e := o.expiry; e != nil {
		dst = binary.AppendUvarint(dst, uint64(e.Touched(*e.last.At(slot))))
	}
	return dst
}

// appendSlot appends what the calls know of a group.
func (o *Operator) appendSlot(dst []byte, slot uint32) []byte {
	dst = o.appendHead(dst, slot, o.numbered())
	for _, c := range o.calls {
		if c.ordered == nil {
			dst = c.state.Append(slot, dst)
			continue
		}
		if c.ordered.ranking != nil {
			continue // its rows know their group
		}
		ch := c.ordered.chains.At(slot)
		dst = binary.LittleEndian.AppendUint32(dst, ch.n)
		if ch.n > 0 {
			dst = binary.LittleEndian.AppendUint32(dst, c.ordered.rows.Ordinal(ch.first))
			dst = binary.LittleEndian.AppendUint32(dst, c.ordered.rows.Ordinal(ch.last))
		}
	}
	return dst
}

// Restore puts the groups of a snapshot in.
func (o *Operator) Restore(group op.KeyGroup, data []byte) error {
	o.whole = true
	count := 2 + len(o.seen)
	for _, c := range o.calls {
		if c.ordered != nil {
			count++
		}
	}
	parts, err := keyed.Parts(o.config.Name, data, version, count)
	if err != nil {
		return err
	}
	if err := o.restoreMark(uint8(group), parts[0]); err != nil {
		return err
	}
	main := parts[1]
	if err := o.restoreCalls(uint8(group), parts[2:]); err != nil {
		return err
	}
	restore := func(slot uint32, value []byte) error { return o.restoreSlot(uint8(group), slot, value) }
	if o.table != nil {
		err = o.table.Restore(uint8(group), main, restore)
	} else {
		o.touched = true
		err = op.OutOfMemory(o.config.Name, restore(0, main))
	}
	for _, c := range o.calls {
		switch {
		case err != nil || c.ordered == nil:
		case c.ordered.ranking != nil:
			err = c.ordered.relist(uint8(group))
		case c.ordered.numberOf != nil:
			err = op.OutOfMemory(o.config.Name, c.ordered.ownChains(uint8(group)))
		}
	}
	return err
}

// restoreMark reads what holds for a whole key group.
func (o *Operator) restoreMark(group uint8, mark []byte) error {
	corrupt := &keyed.CorruptError{What: "a key group of " + o.config.Name, Reason: "its mark does not end where it should"}
	if len(mark) == 0 || mark[0] > begun {
		return corrupt
	}
	o.hasEmpty = o.hasEmpty || mark[0] == begun
	mark = mark[1:]
	if o.numbered() {
		next, n := binary.Uvarint(mark)
		if n <= 0 || next > math.MaxInt64 {
			return corrupt
		}
		o.numbers.next[group] = int64(next)
		mark = mark[n:]
	}
	if len(mark) > 0 {
		return corrupt
	}
	return nil
}

// restoreCalls puts in what the calls keep beside the groups.
func (o *Operator) restoreCalls(group uint8, parts [][]byte) error {
	for _, s := range o.seen {
		if len(parts[0]) > 0 {
			if err := s.restore(group, parts[0]); err != nil {
				return err
			}
		}
		parts = parts[1:]
	}
	for _, c := range o.calls {
		if c.ordered != nil {
			if len(parts[0]) > 0 {
				if err := c.ordered.rows.Restore(group, parts[0]); err != nil {
					return err
				}
			}
			parts = parts[1:]
		}
	}
	return nil
}

func (o *Operator) restoreSlot(group uint8, slot uint32, value []byte) error {
	if err := o.grow(int(slot) + 1); err != nil {
		return err
	}
	if o.numbers != nil && o.numbers.stored {
		*o.numbers.of.At(slot) = o.numbers.next[group]
		o.numbers.next[group]++
	}
	value, err := o.restoreHead(slot, value, o.numbered())
	if err != nil {
		return err
	}
	for _, c := range o.calls {
		if c.ordered == nil {
			value, err = c.state.Restore(slot, value)
		} else {
			value, err = c.ordered.restore(group, slot, value)
		}
		if err != nil {
			return err
		}
	}
	if len(value) > 0 {
		return o.corrupt("what is known of it does not end where it should")
	}
	return nil
}

// restoreHead reads what is known of a group beside what the calls know, and returns the rest.
func (o *Operator) restoreHead(slot uint32, value []byte, numbered bool) (rest []byte, err error) {
	if o.changes != nil {
		if value, err = o.changes.restoreMarks(slot, value); err != nil {
			return nil, op.OutOfMemory(o.config.Name, err)
		}
	}
	var numbers []*int64
	if o.rows != nil {
		numbers = append(numbers, o.rows.At(slot))
	}
	if numbered {
		numbers = append(numbers, o.numbers.of.At(slot))
	}
	if o.expiry != nil {
		numbers = append(numbers, o.expiry.last.At(slot))
	}
	for _, to := range numbers {
		v, n := binary.Uvarint(value)
		if n <= 0 || v > math.MaxInt64 {
			return nil, o.corrupt("what is known of it does not end where it should")
		}
		*to = int64(v)
		value = value[n:]
	}
	return value, nil
}

// restore reads a chain; its rows are there already.
func (o *ordered) restore(group uint8, slot uint32, value []byte) ([]byte, error) {
	if o.ranking != nil {
		return value, nil
	}
	corrupt := &keyed.CorruptError{What: "a group of " + o.call.groups.config.Name, Reason: "its rows are not there"}
	if len(value) < 4 {
		return nil, corrupt
	}
	ch := chain{n: binary.LittleEndian.Uint32(value)}
	if value = value[4:]; ch.n > 0 {
		if len(value) < 8 {
			return nil, corrupt
		}
		ch.first = o.rows.At(group, binary.LittleEndian.Uint32(value))
		ch.last = o.rows.At(group, binary.LittleEndian.Uint32(value[4:]))
		if ch.first == keyed.NoRow || ch.last == keyed.NoRow {
			return nil, corrupt
		}
		value = value[8:]
	}
	*o.chains.At(slot) = ch
	return value, nil
}
