package join

import (
	"encoding/binary"
	"fmt"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// The version of the state of joins, and its parts for a key group: docs/format/state.md.
const (
	stateVersion = 1
	partFlags    = 0 // which inputs are over, a bit each
	partRows     = 1
	partTable    = 2
	partDealt    = 3
	partWhole    = 4
	partHeld     = 5
	parts        = 6
)

// Snapshot returns the state of a key group. Once an input has ended, every group has some: that it has.
func (h *Hash) Snapshot(groupNumber op.KeyGroup) ([]byte, error) {
	var p [parts][]byte
	var err error
	if flags := endedFlags(h.ended); flags != 0 {
		p[partFlags] = []byte{flags}
	}
	if err = h.build.snapshot(uint8(groupNumber), &p); err != nil {
		return nil, err
	}
	if p[partHeld], err = h.held.rows.Snapshot(uint8(groupNumber)); err != nil {
		return nil, err
	}
	return keyed.AppendParts(nil, stateVersion, p[:]...), nil
}

// Restore puts the state of a key group in.
func (h *Hash) Restore(groupNumber op.KeyGroup, data []byte) error {
	p, err := keyed.Parts(h.cfg.title(), data, stateVersion, parts)
	if err != nil {
		return err
	}
	if err := h.build.restore(uint8(groupNumber), p); err != nil {
		return err
	}
	if p[partHeld] != nil {
		if err := h.held.rows.Restore(uint8(groupNumber), p[partHeld]); err != nil {
			return err
		}
	}
	ended, err := readFlags(h.cfg.title(), p[partFlags])
	if err != nil {
		return err
	}
	if h.restored {
		ended = [2]bool{ended[0] && h.ended[0], ended[1] && h.ended[1]}
	}
	h.ended, h.restored = ended, true
	switch {
	case !h.ended[h.cfg.Build]:
		h.phase = building
	case !h.ended[h.cfg.probe()]:
		h.phase = probing
	default:
		h.phase = finished
	}
	return nil
}

func endedFlags(ended [2]bool) (flags byte) {
	for i, over := range ended {
		if over {
			flags |= 1 << i
		}
	}
	return flags
}

func readFlags(name string, data []byte) (ended [2]bool, err error) {
	if len(data) == 0 {
		return ended, nil
	}
	if len(data) != 1 || data[0] > 3 {
		return ended, &keyed.CorruptError{What: name, Reason: fmt.Sprintf("%x does not say which inputs are over", data)}
	}
	return [2]bool{data[0]&1 != 0, data[0]&2 != 0}, nil
}

// snapshot sets the parts that a side has.
func (s *side) snapshot(number uint8, p *[parts][]byte) (err error) {
	if p[partRows], err = s.rows.Snapshot(number); err != nil {
		return err
	}
	if s.table != nil {
		p[partTable], err = s.table.Snapshot(number, func(dst []byte, slot uint32) []byte { return s.appendChain(dst, *s.chains.At(slot)) })
		if err != nil {
			return err
		}
	}
	if s.dealt != nil {
		p[partDealt], err = s.dealt.Snapshot(number, func(dst []byte, slot uint32) []byte { return s.appendGroup(dst, s.groups.At(slot)) })
	}
	if s.dealt == nil && number == 0 && s.whole.nulls|s.whole.seen != 0 {
		p[partWhole] = []byte{s.whole.nulls, s.whole.seen}
	}
	return err
}

func (s *side) restore(number uint8, p [][]byte) (err error) {
	if p[partRows] != nil {
		if err := s.rows.Restore(number, p[partRows]); err != nil {
			return err
		}
	}
	if s.table != nil && p[partTable] != nil {
		err := s.table.Restore(number, p[partTable], func(slot uint32, value []byte) error {
			c, err := s.readChain(number, value)
			if err != nil {
				return err
			}
			if err := s.chains.Grow(s.table.Limit()); err != nil {
				return refused(s.name, err)
			}
			*s.chains.At(slot) = c
			s.repeated = s.repeated || c.head != c.tail
			return nil
		})
		if err != nil {
			return err
		}
	}
	if s.dealt != nil && p[partDealt] != nil {
		err := s.dealt.Restore(number, p[partDealt], func(slot uint32, value []byte) error {
			g, err := s.readGroup(number, value)
			if err != nil {
				return err
			}
			if err := s.groups.Grow(s.dealt.Limit()); err != nil {
				return refused(s.name, err)
			}
			*s.groups.At(slot) = g
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(p[partWhole]) == groupFlags {
		s.whole.nulls, s.whole.seen = p[partWhole][0], p[partWhole][1]
	}
	if s.listed() {
		return s.list(s.rows.AppendGroup(nil, number))
	}
	return nil
}

const (
	// chainBytes are the ordinals of the first and the last row of a chain.
	chainBytes = 8
	// groupFlags follow them for a group.
	groupFlags = 2
)

func (s *side) appendChain(dst []byte, c chain) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, s.rows.Ordinal(c.head))
	return binary.LittleEndian.AppendUint32(dst, s.rows.Ordinal(c.tail))
}

func (s *side) appendGroup(dst []byte, g *group) []byte {
	return append(s.appendChain(dst, g.chain), g.nulls, g.seen)
}

func (s *side) readChain(number uint8, value []byte) (chain, error) {
	if len(value) != chainBytes {
		return chain{}, &keyed.CorruptError{What: s.name, Reason: fmt.Sprintf("a chain of %d bytes", len(value))}
	}
	c := chain{
		head: s.rows.At(number, binary.LittleEndian.Uint32(value)),
		tail: s.rows.At(number, binary.LittleEndian.Uint32(value[4:])),
	}
	if c.head == keyed.NoRow || c.tail == keyed.NoRow {
		return chain{}, &keyed.CorruptError{What: s.name, Reason: "a chain of rows that are not there"}
	}
	return c, nil
}

func (s *side) readGroup(number uint8, value []byte) (group, error) {
	if len(value) != chainBytes+groupFlags {
		return group{}, &keyed.CorruptError{What: s.name, Reason: fmt.Sprintf("a group of %d bytes", len(value))}
	}
	c, err := s.readChain(number, value[:chainBytes])
	return group{chain: c, nulls: value[chainBytes], seen: value[chainBytes+1]}, err
}
