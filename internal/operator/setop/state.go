package setop

import (
	"encoding/binary"
	"fmt"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Tables are the state.
func (s *SetOp) Tables() []op.Table { return []op.Table{s.table} }

// Needs declares the rows of in; the end goes through all, but a flush through those that were touched, which have stayed where rows may leave memory.
func (s *SetOp) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	switch {
	case in != nil:
		needs.Keys(0, s.hash(in))
	case s.table.Departed():
		s.needRange(needs)
	case !s.leaves() || !s.table.Noting():
		needs.All(0)
	case s.expiry != nil:
		needs.Keys(0, s.expiry.waking.Hashes())
	}
}

// needRange declares the rows that come out next, where some were away.
func (s *SetOp) needRange(needs *op.Needs) {
	if s.ranges == nil {
		s.ranges, s.spent = s.table.Ranges(), true
	}
	if !s.spent || s.over {
		return
	}
	from, to, ok := s.ranges.Next()
	if s.over = !ok; ok {
		needs.Range(0, from, to)
		s.walk, s.spent = keyed.Cursor{}, false
	}
}

// Closes says that the end of the input which is over last goes through all rows, unless the answer has come by changes.
func (s *SetOp) Closes(input int) bool {
	return s.changes == nil && input >= 0 && s.ended[1-input] && !s.done
}

// Snapshot returns the state of a key group: docs/format/state.md.
func (s *SetOp) Snapshot(group op.KeyGroup) ([]byte, error) {
	return s.table.Snapshot(uint8(group), s.appendCounts)
}

// appendCounts appends how often a row came, and when it came last.
func (s *SetOp) appendCounts(dst []byte, slot uint32) []byte {
	c := s.counts.At(slot)
	dst = binary.AppendUvarint(binary.AppendUvarint(dst, c.left), c.right)
	if s.expiry != nil {
		dst = binary.AppendVarint(dst, *s.expiry.last.At(slot))
	}
	return dst
}

// Restore puts the state of a key group in. A time to live may have come to the plan or gone from it since.
func (s *SetOp) Restore(group op.KeyGroup, data []byte) error {
	return s.table.Restore(uint8(group), data, s.restoreCounts)
}

// restoreCounts reads what appendCounts wrote.
func (s *SetOp) restoreCounts(slot uint32, value []byte) error {
	c, last, ok := read(value)
	if !ok {
		return &keyed.CorruptError{What: s.name, Reason: fmt.Sprintf("%x are not two counts, nor two counts and a time", value)}
	}
	if err := s.grow(); err != nil {
		return err
	}
	if s.changes != nil { // a flush came before the snapshot
		*s.changes.shown.At(slot) = shown{times: s.times(&c)}
	}
	if s.expiry != nil {
		*s.expiry.last.At(slot) = last
	}
	if *s.counts.At(slot) = c; c.stranger() {
		s.strangers++
	}
	return nil
}

// Kept is the table.
func (s *SetOp) Kept() []keyed.Kept { return []keyed.Kept{s.table} }

// Leaves reports whether rows may leave memory.
func (s *SetOp) Leaves() bool { return s.leaves() }

// Rest returns nothing: the table has all there is.
func (s *SetOp) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (s *SetOp) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored has nothing to make.
func (s *SetOp) Restored() error { return nil }

// read takes what is stored of a row apart. last is 0 where no time is stored.
func read(value []byte) (c counts, last int64, ok bool) {
	left, n := binary.Uvarint(value)
	right, m := binary.Uvarint(value[max(n, 0):])
	if n <= 0 || m <= 0 {
		return c, 0, false
	}
	c = counts{left: left, right: right}
	if value = value[n+m:]; len(value) == 0 {
		return c, 0, true
	}
	last, n = binary.Varint(value)
	return c, last, n == len(value)
}
