package keyed

import (
	"encoding/binary"
	"math"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
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
	case oneWord, twoWords:
		t.gatherPacked(slots, out)
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

// gatherPacked first fetches the words of the keys, and then takes them apart column by column.
func (t *Table) gatherPacked(slots []uint32, out []*batch.Column) {
	t.packed.own[0] = zeroed(t.packed.own[0], len(slots))
	words := [2][]uint64{t.packed.own[0]}
	if t.layout == oneWord {
		for i, slot := range slots {
			words[0][i] = *t.words.At(slot)
		}
	} else {
		t.packed.own[1] = zeroed(t.packed.own[1], len(slots))
		words[1] = t.packed.own[1]
		for i, slot := range slots {
			key := t.pairs.At(slot)
			words[0][i], words[1][i] = key[0], key[1]
		}
	}
	for k, c := range out {
		if t.fields == nil {
			for i := range slots {
				u := &c.UUIDs()[i]
				binary.LittleEndian.PutUint64(u[:], words[0][i])
				binary.LittleEndian.PutUint64(u[8:], words[1][i])
			}
		} else {
			t.fields[k].unpack(c, words[t.fields[k].word])
		}
		if t.marks != nil {
			t.gatherMarks(k, c, slots)
		}
	}
}

// gatherMarks makes NULL, or -0, what is so in column k.
func (t *Table) gatherMarks(k int, c *batch.Column, slots []uint32) {
	for i, slot := range slots {
		switch mark := t.markOf(slot); {
		case mark>>k&1 != 0:
			c.SetNull(i)
		case mark>>(k+maxPacked)&1 == 0:
		case c.Kind() == schema.Float32:
			c.Float32s()[i] = float32(math.Copysign(0, -1))
		default:
			c.Float64s()[i] = math.Copysign(0, -1)
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
