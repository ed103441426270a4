package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// hashRest is the version of what belongs to no part of a hash join: docs/format/entries.md.
const hashRest = 1

// Kept are the rows that are held and those of the build side, which from then on are kept with their keys, so that they are found by them again; and, where only keys matter of that side, these
// and the groups that they make. A build side that is broadcast is stored as a whole.
func (h *Hash) Kept() []keyed.Kept {
	h.held.rows.SetExtras(keyed.Extras{Ranged: true})
	held := &heldRows{h.held.rows, h.away}
	if h.cfg.Broadcast {
		return []keyed.Kept{held}
	}
	s := h.build
	s.describe(&h.cfg)
	kept := []keyed.Kept{held, &buildRows{s.rows, h.away}}
	if s.byHash {
		kept[1] = h.found
	}
	if s.bare && s.table != nil {
		kept = append(kept, s.table)
		if s.dealt != nil {
			kept = append(kept, s.dealt)
		}
	}
	return kept
}

// describe says how the rows, or the groups that are kept without rows, are stored.
func (s *side) describe(c *Config) {
	for _, column := range s.keys.columns {
		s.widened = s.widened || !s.keep[column]
		s.keep[column] = true
	}
	s.read.Cols = s.read.Cols[:0]
	for i, typ := range c.types(s.input) {
		s.read.Cols = append(s.read.Cols, nil)
		if s.keep[i] {
			s.read.Cols[i] = batch.NewColumn(c.Pool, typ)
		}
	}
	s.byHash = s.foundByHash(c)
	e := keyed.Extras{Loaded: s.load, Ranged: s.leaves(c) && !s.byHash}
	if s.byHash {
		e.Has = s.table.HasHash
	}
	s.rows.SetExtras(e)
	if s.bare && s.leaves(c) {
		s.table.SetValues(keyed.Values{Leave: true})
	}
	if s.bare && s.dealt != nil {
		s.dealt.SetValues(keyed.Values{
			Append:  func(dst []byte, slot uint32) []byte { return s.appendGroup(dst, s.groups.At(slot)) },
			Restore: func(slot uint32, value []byte) error { return s.restoreGroup(0, slot, value) },
		})
	}
}

// load makes rows that were put in found.
func (s *side) load(ids []uint32) error {
	s.rows.Gather(ids, s.read.Cols)
	s.read.Len = len(ids)
	hashes, dealt := s.keys.hash(&s.read)
	for i := 0; s.byHash && i < len(ids); i++ {
		s.misplaced = s.misplaced || s.rows.HashOf(ids[i]) != dealt[i]
	}
	if err := s.chain(&s.read, hashes, ids); err != nil {
		return err
	}
	return s.group(&s.read, dealt, ids)
}

// restoreGroup sets what is kept of the rows that are equal in the dealt columns, those of key group number.
func (s *side) restoreGroup(number uint8, slot uint32, value []byte) error {
	g, err := s.readGroup(number, value)
	if err != nil {
		return err
	}
	if err := s.groups.Grow(s.dealt.Limit()); err != nil {
		return op.OutOfMemory(s.name, err)
	}
	*s.groups.At(slot) = g
	return nil
}

// Rest returns what is kept of all rows together, where only keys matter.
func (h *Hash) Rest(group op.KeyGroup) ([]byte, error) {
	s := h.build
	if h.cfg.Broadcast || group != 0 || !s.bare || s.dealt != nil || s.whole.nulls|s.whole.seen == 0 {
		return nil, nil
	}
	return []byte{hashRest, s.whole.nulls, s.whole.seen}, nil
}

// RestoreRest puts it in again.
func (h *Hash) RestoreRest(_ op.KeyGroup, data []byte) error {
	if len(data) != 1+groupFlags || data[0] != hashRest {
		return &keyed.CorruptError{What: h.cfg.title(), Reason: "it is not known what was stored beside the keys"}
	}
	h.build.whole.nulls, h.build.whole.seen = data[1], data[2]
	return nil
}

// Restored has the build rows found of which the key groups are in memory.
func (h *Hash) Restored() error {
	if h.build.byHash {
		return h.found.restoreWhole()
	}
	if !h.away.any {
		return nil
	}
	return op.OutOfMemory(h.cfg.title(), h.build.reindex())
}

// touch notes that stored rows are about to be marked, each with its truth, isTrue where there are none: those of which less was known.
func (p *prober) touch(ids []uint32, truths []uint8) error {
	rows := p.side.rows
	if !rows.Noting() || p.quiet {
		return nil
	}
	p.touched = p.touched[:0]
	for i, id := range ids {
		if id == keyed.NoRow {
			continue
		}
		truth := isTrue
		if truths != nil {
			truth = truths[i]
		}
		if truth != failed && truth > *rows.Mark(id) {
			p.touched = append(p.touched, id)
		}
	}
	return rows.Touch(p.touched)
}
