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
		dst = append(dst, at.marks&lasting)
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
		if err := s.newest.Grow(int(key) + 1); err != nil {
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
		if n <= 0 || m <= 0 || n+m >= len(value) || value[n+m]&^lasting != 0 {
			return corrupt
		}
		id, err := s.take()
		if err != nil {
			return err
		}
		*s.sessions.At(id) = session{start: start, end: end, next: none, key: key, shown: keyed.NoRow, marks: live | value[n+m], due: math.MinInt64}
		value = value[n+m+1:]
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
		if err := s.schedule(id, s.closeTime(end)); err != nil {
			return err
		}
	}
	if len(value) > 0 {
		return corrupt
	}
	return nil
}
