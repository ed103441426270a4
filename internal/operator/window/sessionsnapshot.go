package window

import (
	"encoding/binary"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// sessionsVersion is that of the layout of sessions: docs/format/window.md.
const sessionsVersion = 1

// Snapshot returns the sessions of the keys of a group.
func (s *Sessions) Snapshot(group op.KeyGroup) ([]byte, error) {
	if s.table == nil {
		if group != 0 || s.newest.Len() == 0 || *s.newest.At(0) == none {
			return nil, nil
		}
		return keyed.AppendParts(nil, sessionsVersion, s.appendKey(nil, 0)), nil
	}
	main, err := s.table.Snapshot(uint8(group), s.appendKey)
	return keyed.AppendParts(nil, sessionsVersion, main), err
}

func (s *Sessions) appendKey(dst []byte, key uint32) []byte {
	n := uint64(0)
	for id := *s.newest.At(key); id != none; id = s.sessions.At(id).next {
		n++
	}
	dst = binary.AppendUvarint(dst, n)
	for id := *s.newest.At(key); id != none; id = s.sessions.At(id).next {
		at := s.sessions.At(id)
		dst = binary.AppendVarint(binary.AppendVarint(dst, at.start), at.end)
		dst = s.appendShown(dst, at)
		for _, c := range s.calls {
			dst = c.state.Append(id, dst)
		}
	}
	return dst
}

// Restore puts the sessions of a snapshot in.
func (s *Sessions) Restore(group op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(s.cfg.Name, data, sessionsVersion, 1)
	if err != nil {
		return err
	}
	restore := func(key uint32, value []byte) error {
		if err := s.growKeys(int(key) + 1); err != nil {
			return err
		}
		*s.newest.At(key) = none
		return s.restoreKey(key, value)
	}
	if s.table == nil {
		return op.OutOfMemory(s.cfg.Name, restore(0, parts[0]))
	}
	return op.OutOfMemory(s.cfg.Name, s.table.Restore(uint8(group), parts[0], restore))
}

func (s *Sessions) restoreKey(key uint32, value []byte) error {
	corrupt := &keyed.CorruptError{What: "sessions of " + s.cfg.Name, Reason: "they do not end where they should"}
	left, n := binary.Uvarint(value)
	if n <= 0 {
		return corrupt
	}
	value = value[n:]
	last := none
	for ; left > 0; left-- {
		start, n := binary.Varint(value)
		end, m := binary.Varint(value[max(n, 0):])
		if n <= 0 || m <= 0 || n+m >= len(value) || value[n+m]&^(lasting|owing) != 0 {
			return corrupt
		}
		id, err := s.take()
		if err != nil {
			return err
		}
		*s.sessions.At(id) = session{start: start, end: end, next: none, key: key, shown: keyed.NoRow, marks: live | value[n+m]&lasting, due: math.MinInt64}
		if value, err = s.restoreShown(id, value[n+m+1:], value[n+m]); err != nil {
			return err
		}
		for _, c := range s.calls {
			if value, err = c.state.Restore(id, value); err != nil {
				return err
			}
		}
		if last == none {
			*s.newest.At(key) = id
		} else {
			s.sessions.At(last).next = id
		}
		last = id
		s.times.ends.see(end)
		if err := s.schedule(id, s.closeTime(end)); err != nil {
			return err
		}
	}
	if len(value) > 0 {
		return corrupt
	}
	return nil
}

// appendShown appends the marks of a session, and the rows that were emitted for it and must be taken back, if there are any.
func (s *Sessions) appendShown(dst []byte, at *session) []byte {
	if at.shown == keyed.NoRow {
		return append(dst, at.marks&lasting)
	}
	n := uint64(0)
	for row := at.shown; row != keyed.NoRow; row = *s.shown.Link(row, 0) {
		n++
	}
	dst = binary.AppendUvarint(append(dst, at.marks&lasting|owing), n)
	for row := at.shown; row != keyed.NoRow; row = *s.shown.Link(row, 0) {
		cols, i := s.shown.Row(row)
		dst = keyed.AppendRow(dst, cols[len(s.cfg.Keys):], i)
	}
	return dst
}

// restoreShown reads the rows of a session behind its marks, and has the next flush look at it if it waits for one.
func (s *Sessions) restoreShown(id uint32, value []byte, marks uint8) (rest []byte, err error) {
	if marks&stirred != 0 {
		s.stirred = append(s.stirred, id)
	}
	if marks&owing == 0 {
		return value, nil
	}
	left, n := binary.Uvarint(value)
	if n <= 0 {
		return nil, &keyed.CorruptError{What: "sessions of " + s.cfg.Name, Reason: "the number of rows of one has no end"}
	}
	last := keyed.NoRow
	k := len(s.cfg.Keys)
	for value = value[n:]; left > 0; left-- {
		for _, c := range s.emit.news {
			c.Reset(1)
		}
		if s.table != nil {
			s.table.GatherKeys([]uint32{s.sessions.At(id).key}, s.emit.news[:k])
		}
		if value, err = keyed.ReadRow("sessions of "+s.cfg.Name, value, s.emit.news[k:], 0); err != nil {
			return nil, err
		}
		row := [1]uint32{}
		if err := s.shown.Append(s.emit.news, nil, nil, row[:]); err != nil {
			return nil, err
		}
		*s.shown.Link(row[0], 0) = keyed.NoRow
		if last == keyed.NoRow {
			s.sessions.At(id).shown = row[0]
		} else {
			*s.shown.Link(last, 0) = row[0]
		}
		last = row[0]
	}
	return value, nil
}
