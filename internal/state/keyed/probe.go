package keyed

import (
	"bytes"
	"encoding/binary"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// probeRows is how many rows are looked up together: while one waits for memory, the others do not.
const probeRows = 256

// probe is the memory of a lookup.
type probe struct {
	entries    [probeRows]uint64
	candidates [probeRows]uint32
	long       []int // positions whose text is to be compared
	// column and rows are those of the call, for keys of text.
	column *batch.Column
	rows   []uint16
}

// row returns the row of cols that position i of the call is about.
func (p *probe) row(i int) int {
	if p.rows != nil {
		return int(p.rows[i])
	}
	return i
}

// lookup sets slots to those of the keys that are there, and to NoSlot for others, whose number it returns. It prepares what findOne and keep
// need to know of the call's rows.
func (t *Table) lookup(hashes []uint64, cols []*batch.Column, rows []uint16, slots []uint32) (missing int) {
	switch t.layout {
	case oneWord, twoWords:
		t.packed.pack(t.layout, t.fields, cols, rows, len(hashes))
	case text:
		t.probe.column, t.probe.rows = cols[0], rows
	case encoded:
		t.rows.encode(cols, rows, len(hashes))
	}
	for from := 0; from < len(hashes); from += probeRows {
		to := min(from+probeRows, len(hashes))
		candidates := t.probe.candidates[:to-from]
		t.findCandidates(hashes[from:to], candidates)
		switch {
		case t.layout == text:
			missing += t.confirmTexts(candidates, hashes, from, slots)
		case t.layout == encoded:
			missing += t.confirmSpans(candidates, hashes, from, slots)
		case t.marks != nil || len(t.packed.marks) > 0:
			missing += t.confirmEach(candidates, hashes, from, slots)
		case t.layout == oneWord:
			missing += t.confirmWords(candidates, hashes, from, slots)
		default:
			missing += t.confirmPairs(candidates, hashes, from, slots)
		}
	}
	return missing
}

// findCandidates sets candidates to the first slot of each hash's tag, or NoSlot. It first looks at all homes, which may have to come from far, and
// only then at what they hold.
func (t *Table) findCandidates(hashes []uint64, candidates []uint32) {
	entries := t.probe.entries[:len(candidates)]
	for i, h := range hashes[:len(entries)] {
		head := &t.heads[h>>groupShift]
		entries[i] = *head.place(head.home(tagOf(h)))
	}
	for i, e := range entries {
		switch tag := tagOf(hashes[i]); {
		case e == 0:
			candidates[i] = NoSlot
		case e>>tagBits == uint64(tag):
			candidates[i] = slotOf(e)
		default:
			head := &t.heads[hashes[i]>>groupShift]
			candidates[i], _ = head.find(tag, head.next(head.home(tag)))
		}
	}
}

func (t *Table) confirmWords(candidates []uint32, hashes []uint64, from int, slots []uint32) (missing int) {
	keys := t.packed.words[0][from : from+len(candidates)]
	slots = slots[from : from+len(candidates)]
	for i, slot := range candidates {
		if slot != NoSlot && *t.words.At(slot) == keys[i] {
			slots[i] = slot
			continue
		}
		missing += t.settle(slot, hashes[from+i], from+i, &slots[i])
	}
	return missing
}

func (t *Table) confirmPairs(candidates []uint32, hashes []uint64, from int, slots []uint32) (missing int) {
	lo, hi := t.packed.words[0][from:from+len(candidates)], t.packed.words[1][from:from+len(candidates)]
	slots = slots[from : from+len(candidates)]
	for i, slot := range candidates {
		if slot != NoSlot {
			if key := t.pairs.At(slot); (key[0]^lo[i])|(key[1]^hi[i]) == 0 {
				slots[i] = slot
				continue
			}
		}
		missing += t.settle(slot, hashes[from+i], from+i, &slots[i])
	}
	return missing
}

func (t *Table) confirmEach(candidates []uint32, hashes []uint64, from int, slots []uint32) (missing int) {
	for i, slot := range candidates {
		if slot != NoSlot && t.equal(slot, hashes[from+i], from+i) {
			slots[from+i] = slot
			continue
		}
		missing += t.settle(slot, hashes[from+i], from+i, &slots[from+i])
	}
	return missing
}

// confirmTexts compares lengths, prefixes and short text first, and then what of the others is left.
func (t *Table) confirmTexts(candidates []uint32, hashes []uint64, from int, slots []uint32) (missing int) {
	c := t.probe.column
	if c.Kind() == schema.Null || c.HasNulls() {
		return t.confirmEach(candidates, hashes, from, slots)
	}
	views, long := c.Views(), t.probe.long[:0]
	for i, slot := range candidates {
		at := from + i
		if slot != NoSlot {
			view := &views[t.probe.row(at)]
			stored := t.views.At(slot)
			if stored.Len == view.Len && stored.Prefix == view.Prefix {
				if view.Len > batch.InlineLen {
					long = append(long, at)
					slots[at] = slot
					continue
				}
				if stored.Buf == view.Buf && stored.Off == view.Off {
					slots[at] = slot
					continue
				}
			}
		}
		missing += t.settle(slot, hashes[at], at, &slots[at])
	}
	for _, at := range long {
		stored := t.views.At(slots[at])
		if !equalLong(t.arena.get(stored.Buf, stored.Off, stored.Len), c.Bytes(t.probe.row(at))) {
			missing += t.settle(slots[at], hashes[at], at, &slots[at])
		}
	}
	t.probe.long = long
	return missing
}

// equalLong compares two texts of one length, of more than batch.InlineLen bytes.
func equalLong(a, b []byte) bool {
	n := len(a)
	if n != len(b) || n > 32 || n < 8 {
		return bytes.Equal(a, b)
	}
	word := binary.LittleEndian.Uint64
	diff := word(a) ^ word(b) | word(a[n-8:]) ^ word(b[n-8:])
	if n > 16 {
		diff |= word(a[8:]) ^ word(b[8:]) | word(a[n-16:]) ^ word(b[n-16:])
	}
	return diff == 0
}

func (t *Table) confirmSpans(candidates []uint32, hashes []uint64, from int, slots []uint32) (missing int) {
	long := t.probe.long[:0]
	for i, slot := range candidates {
		at := from + i
		if slot != NoSlot && t.spans.At(slot).hash == hashes[at] {
			long = append(long, at)
			slots[at] = slot
			continue
		}
		missing += t.settle(slot, hashes[at], at, &slots[at])
	}
	for _, at := range long {
		if s := t.spans.At(slots[at]); !bytes.Equal(t.arena.get(s.buf, s.off, s.canonical), t.rows.canonical(at)) {
			missing += t.settle(slots[at], hashes[at], at, &slots[at])
		}
	}
	t.probe.long = long
	return missing
}

// settle decides about a key that its candidate is not: there is none, or it is another key with the same tag. It returns 1 if the key is missing.
func (t *Table) settle(candidate uint32, h uint64, i int, slot *uint32) int {
	if *slot = candidate; candidate != NoSlot {
		*slot, _ = t.findOne(h, i)
	}
	if *slot == NoSlot {
		return 1
	}
	return 0
}

// findOne finds the key at position i of the call, or NoSlot and the place where it would be put.
func (t *Table) findOne(h uint64, i int) (slot, place uint32) {
	head, tag := &t.heads[h>>groupShift], tagOf(h)
	slot, place = head.find(tag, head.home(tag))
	for slot != NoSlot && !t.equal(slot, h, i) {
		slot, place = head.find(tag, place)
	}
	return slot, place
}

// equal reports whether the key in slot is that at position i of the call.
func (t *Table) equal(slot uint32, h uint64, i int) bool {
	switch t.layout {
	case text:
		stored, view := t.views.At(slot), t.textView(i)
		switch {
		case stored.Len != view.Len || stored.Prefix != view.Prefix:
			return false
		case view.Len <= batch.InlineLen || view == nullView():
			return *stored == view
		}
		return bytes.Equal(t.arena.get(stored.Buf, stored.Off, stored.Len), t.probe.column.Bytes(t.probe.row(i)))
	case encoded:
		s := t.spans.At(slot)
		return s.hash == h && bytes.Equal(t.arena.get(s.buf, s.off, s.canonical), t.rows.canonical(i))
	case oneWord:
		if *t.words.At(slot) != t.packed.words[0][i] {
			return false
		}
	case twoWords:
		if *t.pairs.At(slot) != [2]uint64{t.packed.words[0][i], t.packed.words[1][i]} {
			return false
		}
	}
	const nulls = 0xff
	return t.markOf(slot)&nulls == t.packed.markAt(i)&nulls
}

// nullView is the key of a NULL text: no value has this length.
func nullView() batch.View { return batch.View{Len: ^uint32(0)} }

func (t *Table) textView(i int) batch.View {
	row := t.probe.row(i)
	if isNull(t.probe.column, row) {
		return nullView()
	}
	return t.probe.column.Views()[row]
}

// keep stores the key at position i of the call in a new slot.
func (t *Table) keep(slot uint32, h uint64, i int) (err error) {
	switch t.layout {
	case oneWord:
		*t.words.At(slot) = t.packed.words[0][i]
		return t.setMark(slot, t.packed.markAt(i))
	case twoWords:
		*t.pairs.At(slot) = [2]uint64{t.packed.words[0][i], t.packed.words[1][i]}
		return t.setMark(slot, t.packed.markAt(i))
	case text:
		v := t.textView(i)
		if v.Len > batch.InlineLen && v != nullView() {
			v.Buf, v.Off, err = t.arena.add(t.probe.column.Bytes(t.probe.row(i)))
		}
		*t.views.At(slot) = v
		return err
	default:
		canonical, all := t.rows.canonical(i), t.rows.both(i)
		s := span{hash: h, canonical: uint32(len(canonical)), exact: uint32(len(all) - len(canonical))}
		s.buf, s.off, err = t.arena.add(all)
		*t.spans.At(slot) = s
		return err
	}
}

// setMark notes the marks of a new packed key.
func (t *Table) setMark(slot uint32, mark uint16) error {
	if t.marks == nil {
		if mark == 0 {
			return nil
		}
		t.marks = NewSlab[uint16](t.budget)
	}
	if err := t.marks.Grow(int(t.limit)); err != nil {
		return err
	}
	*t.marks.At(slot) = mark
	return nil
}

func (t *Table) markOf(slot uint32) uint16 {
	if t.marks == nil || int(slot) >= t.marks.Len() {
		return 0
	}
	return *t.marks.At(slot)
}
