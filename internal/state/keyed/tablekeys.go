package keyed

import (
	"encoding/binary"

	"wire.example/wire/sdk/batch"
)

// GatherKeys makes out, columns of the key's types, the keys in slots, in their order. Long text is not copied: out borrows it until the next
// Upsert, Restore or Free.
func (t *Table) GatherKeys(slots []uint32, out []*batch.Column) {
	if t.guard != nil {
		t.guardSlots(slots)
	}
	for _, c := range out {
		c.Reset(len(slots))
	}
	switch t.layout {
	case oneWord:
		for i, slot := range slots {
			t.unpack(out, i, slot, [2]uint64{*t.words.At(slot)})
		}
	case twoWords:
		for i, slot := range slots {
			t.unpack(out, i, slot, *t.pairs.At(slot))
		}
	case text:
		out[0].ShareBuffers(t.arena.shared)
		views := out[0].Views()
		for i, slot := range slots {
			if views[i] = *t.views.At(slot); views[i] == nullView() {
				views[i] = batch.View{}
				out[0].SetNull(i)
			}
		}
	case encoded:
		for i, slot := range slots {
			r := reader{what: t.name, data: t.exactKey(slot)}
			for _, c := range out {
				r.value(c, i)
			}
		}
	}
}

func (t *Table) unpack(out []*batch.Column, i int, slot uint32, words [2]uint64) {
	mark := t.markOf(slot)
	for k, c := range out {
		switch {
		case mark>>k&1 != 0:
			c.SetNull(i)
		case t.fields == nil:
			u := &c.UUIDs()[i]
			binary.LittleEndian.PutUint64(u[:], words[0])
			binary.LittleEndian.PutUint64(u[8:], words[1])
		default:
			t.fields[k].unpack(c, i, words, mark>>(k+8)&1 != 0)
		}
	}
}

// exactKey returns an encoded key as it came.
func (t *Table) exactKey(slot uint32) []byte {
	s := t.spans.At(slot)
	if s.exact == 0 {
		return t.arena.get(s.buf, s.off, s.canonical)
	}
	return t.arena.get(s.buf, s.off+s.canonical, s.exact)
}
