package join

import (
	"encoding/binary"
	"fmt"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// The version of the state of joins, and its parts for a key group: docs/format/state.md.
const (
	stateVersion = 1
	datedVersion = 2 // of a key group of a hash join whose probe rows are dated
	partRows     = 0
	partTable    = 1
	partDealt    = 2
	partWhole    = 3
	partHeld     = 4
	parts        = 5
)

// Snapshot returns the state of a key group.
func (h *Hash) Snapshot(number op.KeyGroup) ([]byte, error) {
	var p [parts][]byte
	var err error
	if !h.cfg.Broadcast {
		if err = h.build.snapshot(uint8(number), p[:]); err != nil {
			return nil, err
		}
	}
	if p[partHeld], err = h.held.rows.Snapshot(uint8(number)); err != nil {
		return nil, err
	}
	version := byte(stateVersion)
	if h.cfg.Dated {
		version = datedVersion
	}
	return keyed.AppendParts(nil, version, p[:]...), nil
}

// Restore puts the state of a key group in.
func (h *Hash) Restore(number op.KeyGroup, data []byte) error {
	version := max(keyed.PartsVersion(data), stateVersion)
	if version > datedVersion {
		version = datedVersion
	}
	p, err := keyed.Parts(h.cfg.title(), data, version, parts)
	if err != nil {
		return err
	}
	switch {
	case p[partHeld] == nil:
	case h.cfg.Dated == (version == datedVersion):
		err = h.held.rows.Restore(uint8(number), p[partHeld])
	default:
		err = h.held.restoreOther(&h.cfg, uint8(number), p[partHeld])
	}
	if err != nil {
		return err
	}
	if h.build.widened && p[partRows] != nil {
		return fmt.Errorf("%s was stored as whole key groups, which have not the keys of its rows; start it with --fresh", h.cfg.title())
	}
	return h.build.restore(uint8(number), p)
}

// SnapshotShared returns the build side of a broadcast join.
func (h *Hash) SnapshotShared() ([]byte, error) {
	if !h.cfg.Broadcast {
		return nil, nil
	}
	var groups [op.KeyGroups][]byte
	for g := range groups {
		var p [parts][]byte
		if err := h.build.snapshot(uint8(g), p[:]); err != nil { //nolint:gosec // less than KeyGroups
			return nil, err
		}
		groups[g] = keyed.AppendParts(nil, stateVersion, p[:]...)
	}
	return keyed.AppendParts(nil, stateVersion, groups[:]...), nil
}

// RestoreShared puts the build side of a broadcast join in.
func (h *Hash) RestoreShared(data []byte) error {
	groups, err := keyed.Parts(h.cfg.title(), data, stateVersion, op.KeyGroups)
	if err != nil {
		return err
	}
	for g, part := range groups {
		if part == nil {
			continue
		}
		p, err := keyed.Parts(h.cfg.title(), part, stateVersion, parts)
		if err != nil {
			return err
		}
		if err := h.build.restore(uint8(g), p); err != nil { //nolint:gosec // less than KeyGroups
			return err
		}
	}
	return nil
}

// The tables of a hash join, as Needs numbers them.
const (
	tableHeld = iota
	tableRows
	tableKeys
	tableDealt
)

// Tables are the state.
func (h *Hash) Tables() []op.Table {
	tables := []op.Table{h.held.rows, h.build.rows}
	if h.build.table != nil {
		tables = append(tables, h.build.table)
	}
	if h.build.dealt != nil {
		tables = append(tables, h.build.dealt)
	}
	return append(tables, h.away)
}

// Needs declares the keys of in; the end of an input goes through everything, or through a page of held rows.
func (h *Hash) Needs(input int, in *batch.Batch, needs *op.Needs) {
	switch {
	case in == nil && h.away.some():
		if h.away.pages.ready {
			h.needs(h.probe.keys, &h.held.b, needs)
		}
	case in == nil:
		for i := range h.Tables() {
			needs.All(i)
		}
	case input == h.cfg.Build:
		h.needs(h.build.keys, in, needs)
	case h.phase == building:
		needs.Keys(tableHeld, h.held.hash(in))
	default:
		h.needs(h.probe.keys, in, needs)
	}
}

func (h *Hash) needs(keys *keyColumns, in *batch.Batch, needs *op.Needs) {
	hashes, dealt := keys.hash(in)
	needs.Keys(tableRows, dealt)
	if h.build.table != nil {
		needs.Keys(tableKeys, hashes)
	}
	if h.build.dealt != nil {
		needs.Keys(tableDealt, dealt)
	}
}

// snapshot sets the parts that a side has.
func (s *side) snapshot(number uint8, p [][]byte) (err error) {
	if p[partRows], err = s.rows.Snapshot(number); err != nil {
		return err
	}
	if s.table != nil {
		p[partTable], err = s.table.Snapshot(number, func(dst []byte, slot uint32) []byte {
			if s.bare {
				return dst
			}
			return s.appendChain(dst, *s.chains.At(slot))
		})
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
			if err != nil || s.bare {
				return err
			}
			if err := s.chains.Grow(s.table.Limit()); err != nil {
				return op.OutOfMemory(s.name, err)
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
		err := s.dealt.Restore(number, p[partDealt], func(slot uint32, value []byte) error { return s.restoreGroup(number, slot, value) })
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
	if !s.bare {
		dst = s.appendChain(dst, g.chain)
	}
	return append(dst, g.nulls, g.seen)
}

func (s *side) readChain(number uint8, value []byte) (chain, error) {
	none := chain{keyed.NoRow, keyed.NoRow}
	if s.bare && len(value) == 0 {
		return none, nil
	}
	if s.bare || len(value) != chainBytes {
		return none, &keyed.CorruptError{What: s.name, Reason: fmt.Sprintf("a chain of %d bytes", len(value))}
	}
	c := chain{
		head: s.rows.At(number, binary.LittleEndian.Uint32(value)),
		tail: s.rows.At(number, binary.LittleEndian.Uint32(value[4:])),
	}
	if c.head == keyed.NoRow || c.tail == keyed.NoRow {
		return none, &keyed.CorruptError{What: s.name, Reason: "a chain of rows that are not there"}
	}
	return c, nil
}

func (s *side) readGroup(number uint8, value []byte) (group, error) {
	at := len(value) - groupFlags
	if at < 0 {
		return group{}, &keyed.CorruptError{What: s.name, Reason: fmt.Sprintf("a group of %d bytes", len(value))}
	}
	c, err := s.readChain(number, value[:at])
	return group{chain: c, nulls: value[at], seen: value[at+1]}, err
}
