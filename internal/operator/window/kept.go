package window

import (
	"encoding/binary"
	"math"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// restVersion is the version of what the operators' Rest returns: docs/format/entries.md.
const restVersion = 1

// keptPart is a part of an Aggregate's state: what all windows keep in one of the tables or rows that each has. The end of a window is its slice, its start the label.
// Windows with one end are over at the same time, and none comes behind with that end: so a slice is dropped whole.
type keptPart struct {
	aggregate *Aggregate
	number    int
	home      keyed.Home
	// gone has what windows that are over had to say of the epoch under way, early what they had of the sealed one.
	gone, early *store.Changes
	// sealed are the windows that may have something of the sealed epoch.
	sealed []slicePart
}

// slicePart is a table or rows of a window.
type slicePart interface {
	keyed.Kept
	SetSlice(slice int64, label []byte)
	HandOver(sealed, current *store.Changes)
}

// labelBytes is the length of a label: the start of a window, big endian.
const labelBytes = 8

func label(start int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(start)) } //nolint:gosec // the bits of it

// Kept are the tables and the rows that each window has.
func (a *Aggregate) Kept() []keyed.Kept {
	if a.kept == nil {
		for i := range a.spare[0].Kept() {
			a.kept = append(a.kept, &keptPart{aggregate: a, number: i, gone: &store.Changes{}, early: &store.Changes{}})
		}
	}
	parts := make([]keyed.Kept, len(a.kept))
	for i, p := range a.kept {
		parts[i] = p
	}
	if a.Leaves() {
		if a.away == nil {
			a.away = a.newAway()
		}
		for i, p := range a.away.parts {
			parts[i] = p
		}
	}
	return parts
}

// place says which slice the state of a window is; fresh: its part is new.
func (a *Aggregate) place(w *window, b bounds, fresh bool) {
	for i := range w.Kept() {
		a.placePart(w, b, i, fresh)
	}
}

// placePart does that for the next part of the window.
func (a *Aggregate) placePart(w *window, b bounds, number int, fresh bool) {
	part := w.Kept()[number].(slicePart)
	w.kept = append(w.kept, part)
	if part.SetSlice(b.end, label(b.start)); !fresh {
		return
	}
	if part.Keep(a.kept[number].home); a.away != nil {
		a.away.parts[number].attach(part)
	}
}

// retire takes over what a window that was dropped had to say.
func (a *Aggregate) retire(w *window) {
	for i, part := range w.kept {
		part.HandOver(a.kept[i].early, a.kept[i].gone)
	}
}

// Keep has changes noted, in windows to come.
func (p *keptPart) Keep(at keyed.Home) { p.home = at }

// Shape is that of a part of any window; the label of a slice is its start.
func (p *keptPart) Shape() keyed.Shape {
	shaped, ok := p.aggregate.spare[0].Kept()[p.number].(keyed.Shaped)
	if !ok {
		return keyed.Shape{Slice: keyed.SliceWindow}
	}
	shape := shaped.Shape()
	shape.Slice = keyed.SliceWindow
	return shape
}

// Seal ends an epoch.
func (p *keptPart) Seal() {
	p.gone, p.early = p.early, p.gone
	p.sealed = p.sealed[:0]
	for _, w := range p.aggregate.list {
		part := w.of.kept[p.number]
		part.Seal()
		p.sealed = append(p.sealed, part)
	}
}

// Drain writes what changed in the sealed epoch.
func (p *keptPart) Drain(into *store.Changes, most int64) (more bool, err error) {
	into.Add(p.early)
	p.early.Reset()
	for from := into.Bytes(); len(p.sealed) > 0; p.sealed = p.sealed[:len(p.sealed)-1] {
		left := most - (into.Bytes() - from)
		if left <= 0 {
			return true, nil
		}
		if more, err = p.sealed[len(p.sealed)-1].Drain(into, left); more || err != nil {
			return more, err
		}
	}
	return false, nil
}

// Admit puts stored entries in, in the windows that they are of.
func (p *keptPart) Admit(e *keyed.Entries) error {
	return p.deal(e, func(w *dealt[*window], e *keyed.Entries) error { return w.of.kept[p.number].Admit(e) })
}

// deal gives stored entries to put, those of one window after the other.
func (p *keptPart) deal(e *keyed.Entries, put func(w *dealt[*window], e *keyed.Entries) error) error {
	a := p.aggregate
	for from := 0; from < e.Len(); {
		b, err := p.boundsOf(e, from)
		if err != nil {
			return err
		}
		to := from + 1
		for ; to < e.Len(); to++ {
			if next, err := p.boundsOf(e, to); err != nil || next != b {
				break
			}
		}
		w := a.reopened(b)
		run := keyed.Entries{Slices: e.Slices[from:to], Hashes: e.Hashes[from:to], Keys: e.Keys[from:to], Values: e.Values[from:to]}
		if err := put(w, &run); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// boundsOf returns the window of a stored entry.
func (p *keptPart) boundsOf(e *keyed.Entries, i int) (bounds, error) {
	key := e.Keys[i]
	if len(key) < labelBytes {
		return bounds{}, p.aggregate.corrupt("a key without the start of its window")
	}
	return bounds{start: int64(binary.BigEndian.Uint64(key[len(key)-labelBytes:])), end: e.Slices[i]}, nil //nolint:gosec // the bits of it
}

// restHead is what Rest has for each window: start and end.
const restHead = 16

// Rest returns, for each window that numbers its groups, what the aggregate has of a key group.
func (a *Aggregate) Rest(group op.KeyGroup) ([]byte, error) {
	var rest []byte
	for _, w := range a.list {
		data, err := w.of.Rest(group)
		if err != nil {
			return nil, err
		}
		if data == nil {
			continue
		}
		if rest == nil {
			rest = []byte{restVersion}
		}
		rest = binary.BigEndian.AppendUint64(rest, uint64(w.start)) //nolint:gosec // the bits of it
		rest = binary.BigEndian.AppendUint64(rest, uint64(w.end))   //nolint:gosec // the bits of it
		rest = append(binary.AppendUvarint(rest, uint64(len(data))), data...)
	}
	return rest, nil
}

// RestoreRest puts in what Rest returned.
func (a *Aggregate) RestoreRest(group op.KeyGroup, data []byte) error {
	if len(data) == 0 || data[0] != restVersion {
		return a.corrupt("the rest of a key group has another version")
	}
	for data = data[1:]; len(data) > 0; {
		if len(data) < restHead {
			return a.corrupt("the rest of a key group does not end where it should")
		}
		b := bounds{int64(binary.BigEndian.Uint64(data)), int64(binary.BigEndian.Uint64(data[restHead/2:]))} //nolint:gosec // the bits of it
		size, n := binary.Uvarint(data[restHead:])
		if n <= 0 || size > uint64(len(data)-restHead-n) {
			return a.corrupt("the rest of a key group does not end where it should")
		}
		data = data[restHead+n:]
		w := a.reopened(b)
		if err := w.of.RestoreRest(group, data[:size]); err != nil {
			return err
		}
		data = data[size:]
	}
	return nil
}

// EntriesVersion is 2 for entries that say of groups whose window waits for its interval what others know of them, and 3 where rows that are chained leave memory, as in an aggregate.
func (a *Aggregate) EntriesVersion() int { return 1 + a.spare[0].EntriesVersion() }

// OldestEntries is that of entries of which nothing waits.
func (a *Aggregate) OldestEntries() int { return 1 }

// Restored makes what follows from the groups of windows. Those that wait for their interval go on to wait. Where nobody is told of a window before it closes, it has closed if groups of it were told of; what has come to it from
// where it had not is told of by the next flush. What waits in a window that has not is told of when it closes, as if it were new: nobody knows of it.
func (a *Aggregate) Restored() error {
	for _, w := range a.list {
		if err := w.of.Restored(); err != nil {
			return err
		}
		w.of.passed.Add(w.of.Left())
		if a.holds() && !a.whole && (w.of.anyTold() || w.of.passed.Told) {
			if err := a.restoreClosed(w); err != nil {
				return err
			}
		}
		if (w.of.closed || !a.holds()) && (w.of.passed.Waiting || w.of.passed.Untold) {
			w.of.unheard = true
			a.changed(w)
		}
		if err := a.goOn(w, 0, math.MaxUint64); err != nil {
			return err
		}
	}
	return nil
}

// goOn has the groups of a restored window with hashes from..to told of that have changed since others knew of them, or that nobody knows of, since windows were answered when they closed.
func (a *Aggregate) goOn(w *dealt[*window], from, to uint64) error {
	if a.inner.Changes && !a.holds() && len(a.inner.Keys) > 0 {
		if err := w.of.AnnounceRange(from, to); err != nil {
			return err
		}
	}
	if w.of.Touched() > 0 && (w.of.closed || !a.holds()) && !fault.Weak("window/waiting") {
		a.changed(w)
	}
	return nil
}

// anyTold reports whether others know of any group of a window.
func (w *window) anyTold() bool {
	for g := range op.KeyGroups {
		if w.Told(op.KeyGroup(g)) { //nolint:gosec // below 256
			return true
		}
	}
	return false
}

// restoreClosed notes that a window that is being restored has closed. The next flush tells of the groups that are there and that nobody knows of.
func (a *Aggregate) restoreClosed(w *dealt[*window]) error {
	if w.of.closed {
		return nil
	}
	w.of.closed = true
	for g := range op.KeyGroups {
		if w.of.Told(op.KeyGroup(g)) { //nolint:gosec // below 256
			continue
		}
		if err := a.tell(w, op.KeyGroup(g)); err != nil { //nolint:gosec // below 256
			return err
		}
	}
	w.of.Release()
	return nil
}

// Kept are the rows: what else there is follows from them.
func (h *Held) Kept() []keyed.Kept {
	switch {
	case h.leavesAll():
		h.rows.SetExtras(keyed.Extras{Loaded: h.load, Ranged: true})
		return []keyed.Kept{&heldAllRows{h.rows, h}}
	case !h.Leaves():
		h.rows.SetExtras(keyed.Extras{Loaded: h.load})
		return []keyed.Kept{h.rows}
	}
	h.rows.SetExtras(keyed.Extras{Loaded: h.load, Has: h.table.HasHash})
	return []keyed.Kept{h.newHeldRows()}
}

// load chains rows that are stored by their keys.
func (h *Held) load(ids []uint32) error {
	if err := h.next.Grow(h.rows.Limit()); err != nil {
		return op.OutOfMemory(h.cfg.Name, err)
	}
	if h.table == nil { // others may stay in the store
		if err := h.mergeRows(ids); err != nil {
			return op.OutOfMemory(h.cfg.Name, err)
		}
	}
	return op.OutOfMemory(h.cfg.Name, h.rechainAll(ids))
}

// Rest returns nothing: the rows are all there is.
func (h *Held) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (h *Held) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored has nothing to make.
func (h *Held) Restored() error { return nil }

// EntriesVersion is that of entries that say when keys are due which may leave memory; those before say which sessions wait for a flush, and what others know of them.
func (s *Sessions) EntriesVersion() int { return 3 }

// OldestEntries is that of entries of which nothing waits.
func (s *Sessions) OldestEntries() int { return 1 }

// Kept is the table of the keys, if there is one, with the sessions of each.
func (s *Sessions) Kept() []keyed.Kept {
	if s.table == nil {
		return nil
	}
	values := keyed.Values{Append: s.appendKey, Restore: s.restoreEntry}
	if !s.Leaves() {
		s.table.SetValues(values)
		return []keyed.Kept{s.table}
	}
	values.Append, values.Beside = s.appendEntry, s.times.write
	values.Leave, values.Free, values.Vacate = true, s.leave, s.vacate
	s.table.SetValues(values)
	return []keyed.Kept{&sessionsPart{Table: s.table, s: s}, &s.times}
}

// appendEntry appends what is stored of a key.
func (s *Sessions) appendEntry(dst []byte, key uint32) []byte {
	return s.appendKey(s.appendSlice(dst, key), key)
}

// restoreEntry reads the sessions of a key.
func (s *Sessions) restoreEntry(key uint32, value []byte) error {
	if err := s.growKeys(int(key) + 1); err != nil {
		return op.OutOfMemory(s.cfg.Name, err)
	}
	slice, ok := storedSlice(value)
	if ok {
		value = value[sliceBytes:]
	}
	if level := uint8(slice & levelMask); ok && s.times.level == 0 && level >= leastLevel && level <= mostLevel { //nolint:gosec // 6 bits
		s.times.level = level
	}
	if s.times.gone != nil {
		*s.times.levels.At(key) = uint8(slice & levelMask) //nolint:gosec // 6 bits
	}
	*s.newest.At(key) = none
	return op.OutOfMemory(s.cfg.Name, s.restoreKey(key, value))
}

// Rest returns the sessions where there is one key.
func (s *Sessions) Rest(group op.KeyGroup) ([]byte, error) {
	if s.table != nil || group != 0 || s.newest.Len() == 0 || *s.newest.At(0) == none {
		return nil, nil
	}
	return s.appendKey([]byte{restVersion}, 0), nil
}

// RestoreRest puts in what Rest returned.
func (s *Sessions) RestoreRest(_ op.KeyGroup, data []byte) error {
	if len(data) == 0 || data[0] != restVersion || s.table != nil {
		return &keyed.CorruptError{What: "sessions of " + s.cfg.Name, Reason: "they have another version"}
	}
	return s.restoreEntry(0, data[1:])
}

// Restored has keys stored again whose times are not stored.
func (s *Sessions) Restored() error {
	if s.times.gone == nil {
		return nil
	}
	for group := range op.KeyGroups {
		for key := range s.table.Slots(uint8(group)) { //nolint:gosec // below 256
			if *s.times.levels.At(key) != 0 {
				continue
			}
			if err := s.touch(key); err != nil {
				return op.OutOfMemory(s.cfg.Name, err)
			}
		}
	}
	return nil
}

// growKeys makes room for what is known of keys.
func (s *Sessions) growKeys(n int) error {
	if err := s.newest.Grow(n); err != nil {
		return err
	}
	return s.times.grow(n)
}

// touch notes that the sessions of a key are about to change.
func (s *Sessions) touch(key uint32) error {
	if s.table == nil {
		return nil
	}
	return s.table.TouchOne(key)
}
