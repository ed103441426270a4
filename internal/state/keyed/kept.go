package keyed

import (
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Kept is a part of an operator's state that is stored entry by entry: a Table, Rows, or what an operator makes of them. An operator has each of its
// parts at a fixed place, the number of the part's space.
//
// After Keep it notes what changes. Seal ends an epoch in constant time; Drain then writes what changed in it, piece by piece, as it was at the seal, while the
// operator goes on. Admit puts stored entries in.
type Kept interface {
	// Keep has changes noted from now on. It is called once, while the part is empty.
	Keep(at Home)
	// Seal ends an epoch. The one before must be drained.
	Seal()
	// Drain appends sealed changes, about most bytes of them, to into, and reports whether there are more. The error is that of a value which cannot be written.
	Drain(into *store.Changes, most int64) (more bool, err error)
	// Admit puts entries in that the store has: it has none of them yet. The error is a *CorruptError or SQLSTATE 53200.
	Admit(e *Entries) error
}

// Home is where a part is stored: in a space, with the hashes from From to To, both included, of which the part has all that there are.
type Home struct {
	Space    store.Space
	From, To uint64
}

// Entries are some of the entries of a space, in the order of slices, hashes and keys: those of one hash come in one piece or in several that follow each other. Keys and values are lent for the call.
type Entries struct {
	Slices []int64
	Hashes []uint64
	Keys   [][]byte
	Values [][]byte
}

// Len returns the number of entries.
func (e *Entries) Len() int { return len(e.Hashes) }

// Reset forgets all entries.
func (e *Entries) Reset() {
	e.Slices, e.Hashes, e.Keys, e.Values = e.Slices[:0], e.Hashes[:0], e.Keys[:0], e.Values[:0]
}

// Values are how a table's owner writes what it keeps beside a key, and reads it.
type Values struct {
	// Append appends what is kept for a slot.
	Append func(dst []byte, slot uint32) []byte
	// Restore sets what is kept for a slot, whose home in slabs must be grown first. The value is lent. nil, with Append, for a table of keys alone.
	Restore func(slot uint32, value []byte) error
	// Beside writes, behind the entry of a key, what another part has of it; nil: there is none.
	Beside func(into *store.Changes, slot uint32, hash uint64)
	// Leave says that keys may leave memory: the operator says what it Needs before each call, of an event, too, and remembers no slots from one flush to the next call.
	Leave bool
	// Postpone says that keys which may leave memory may stay in the store unread when the others are restored; see Postponable.
	Postpone bool
	// Free forgets what is kept for a slot whose key leaves memory, unless it answers false: then the key stays. nil: there is nothing to forget.
	Free func(slot uint32) bool
	// Vacate gives back the memory of what is kept for all slots: all keys have left memory. For tables that Depart.
	Vacate func()
}

// keptTable is what a table needs for its journal.
type keptTable struct {
	*journal
	values Values
	cols   []*batch.Column
	key    []byte
	ends   []int // of several in key
	slots  []uint32
	// keys, hashes and put are of the slots that are written.
	keys, put store.Pieces
	hashes    []uint64
	// loading: keys that are put in are stored already.
	loading bool
	// adopted is the first key group with keys that were there before changes were noted and that count as changed.
	adopted int
}

// SetValues says how the values beside the keys are written, for Keep: before it, and before there is a key.
func (t *Table) SetValues(v Values) { t.values = v }

// SetSlice says which slice of the space the table is, for Keep, and what is appended to each stored key: tables that share a slice differ in that, and have labels of one
// length. Without it the slice is 0. A table without keys of which all was said (HandOver) may become another slice. label is lent for good.
func (t *Table) SetSlice(slice int64, label []byte) {
	if t.slice, t.label = slice, label; t.kept != nil {
		t.kept.slice, t.kept.label = slice, label
	}
	if t.away != nil {
		t.away.label = label
	}
}

// Keep has changes noted; see Kept.
func (t *Table) Keep(at Home) {
	t.kept = &keptTable{journal: newJournal(t.name, at, t.slice, t.label, t.budget), values: t.values, cols: t.keyColumns(), adopted: Groups}
	t.kept.write, t.kept.remove = t.writeEntries, t.removeEntries
}

// Adopt has the keys that are there count as changed; see Late.
func (t *Table) Adopt() error {
	k := t.kept
	if err := k.grow(int(t.limit)); err != nil {
		return t.refused(err)
	}
	for _, g := range &t.groups {
		if g == nil {
			continue
		}
		for _, slot := range g.order {
			if !t.isGone(slot) {
				k.adopt(slot)
			}
		}
	}
	k.adopted = 0
	return nil
}

// Noting reports whether changes are noted.
func (t *Table) Noting() bool { return t.kept != nil }

// Touch notes that what is kept for slots, which may repeat, is about to change. It must be called before the change. The error is SQLSTATE 53200.
func (t *Table) Touch(slots []uint32) error {
	if t.kept == nil {
		return nil
	}
	return t.kept.touch(slots)
}

// TouchOne is Touch for one slot.
func (t *Table) TouchOne(slot uint32) error {
	if t.kept == nil {
		return nil
	}
	return t.kept.touchOne(slot)
}

// Seal ends an epoch; see Kept.
func (t *Table) Seal() {
	t.kept.adopted = Groups
	t.kept.seal()
	t.away.seal()
}

// Drain writes what changed in the sealed epoch; see Kept.
func (t *Table) Drain(into *store.Changes, most int64) (more bool, err error) {
	return t.kept.drain(into, most), nil
}

// Retire is Free for a part of several tables, one a slice, that is done with this one: what its journal still has to say goes into what the part has for the sealed epoch
// and for the one under way.
func (t *Table) Retire(sealed, current *store.Changes) {
	t.Free()
	t.HandOver(sealed, current)
}

// HandOver is what Retire does behind Free, for a table that was freed.
func (t *Table) HandOver(sealed, current *store.Changes) {
	if t.kept != nil {
		t.kept.handOver(sealed, current)
	}
}

// enterFresh notes the new keys of an Upsert.
func (t *Table) enterFresh(fresh []uint16, slots []uint32) error {
	k := t.kept
	if err := k.grow(int(t.limit)); err != nil {
		return err
	}
	k.slots = k.slots[:0]
	for _, i := range fresh {
		k.slots = append(k.slots, slots[i])
	}
	return k.enter(k.slots)
}

// fullHash returns the hash that the key in slot was put in with, or one of the same key group that is equal for equal keys.
func (t *Table) fullHash(slot uint32) uint64 {
	return placed(t.hashOf(slot), t.GroupOf(slot))
}

// placed is a hash whose key group is another one.
func placed(hash uint64, group uint8) uint64 {
	return hash&^(0xff<<groupShift) | uint64(group)<<groupShift
}

func (t *Table) writeEntries(into *store.Changes, slots []uint32) {
	for len(slots) > 0 {
		slots = slots[t.writeSome(into, slots[:min(len(slots), drained)]):]
	}
}

// manyBytes is about how many bytes of keys, and of values, are put in at once.
const manyBytes = 64 << 10

// writeSome writes the first of no more than drained slots and returns how many.
func (t *Table) writeSome(into *store.Changes, slots []uint32) int {
	k := t.kept
	t.gatherForKeys(slots)
	slots = slots[:t.appendKeys(slots)]
	k.put.Reset()
	for i, slot := range slots {
		if k.values.Append != nil {
			k.put.Data = k.values.Append(k.put.Data, slot)
		}
		if k.put.End(); len(k.put.Data) >= manyBytes {
			slots = slots[:i+1]
			break
		}
	}
	t.hashGathered(slots)
	into.PutMany(k.home.Space, k.slice, k.hashes, &k.keys, &k.put)
	if k.values.Beside != nil {
		for i, hash := range k.hashes {
			k.values.Beside(into, slots[i], hash)
		}
	}
	return len(k.hashes)
}

// hashGathered makes hashes the full hashes of slots, the first of those that were gathered.
func (t *Table) hashGathered(slots []uint32) {
	k := t.kept
	if t.layout == encoded {
		k.hashes = k.hashes[:0]
		for _, slot := range slots {
			k.hashes = append(k.hashes, t.fullHash(slot))
		}
		return
	}
	k.hashes = hashColumns(k.hashes, k.cols, nil, len(slots))
	for i, slot := range slots {
		k.hashes[i] = placed(k.hashes[i], t.GroupOf(slot))
	}
}

// appendKeys makes keys what the first of slots, which were gathered, are stored under, and returns how many.
func (t *Table) appendKeys(slots []uint32) int {
	k := t.kept
	if (t.layout == oneWord || t.layout == twoWords) && t.rows.plain && len(k.label) == 0 {
		t.rows.encodePlain(k.cols, nil, len(slots))
		k.keys = store.Pieces{Data: t.rows.data, Ends: t.rows.ends}
		return len(slots)
	}
	keys := store.Pieces{Data: k.key[:0], Ends: k.ends[:0]}
	for i, slot := range slots {
		if t.layout == encoded {
			keys.Data = append(keys.Data, t.exactKey(slot)...)
		} else {
			for _, c := range k.cols {
				keys.Data = appendExact(keys.Data, c, i)
			}
		}
		keys.Data = append(keys.Data, k.label...)
		if keys.End(); len(keys.Data) >= manyBytes {
			break
		}
	}
	k.key, k.ends, k.keys = keys.Data, keys.Ends, keys
	return len(keys.Ends)
}

func (t *Table) removeEntries(into *store.Changes, slots []uint32) {
	k := t.kept
	for len(slots) > 0 {
		some := slots[:min(len(slots), drained)]
		t.gatherForKeys(some)
		some = some[:t.appendKeys(some)]
		from := 0
		for i, slot := range some {
			end := k.keys.Ends[i]
			into.Delete(k.home.Space, k.slice, t.fullHash(slot), k.keys.Data[from:end])
			from = end
		}
		slots = slots[len(some):]
	}
}

// gatherForKeys gathers what appendKeys needs of slots. Keys that are kept as bytes are stored as these are.
func (t *Table) gatherForKeys(slots []uint32) {
	if t.layout != encoded {
		t.GatherKeys(slots, t.kept.cols)
	} else if t.guard != nil {
		t.guardSlots(slots)
	}
}

// Admit puts keys in that the store has; see Kept.
func (t *Table) Admit(e *Entries) error {
	k := t.kept
	for from := 0; from < e.Len(); from += batch.MaxRows {
		to := min(from+batch.MaxRows, e.Len())
		if err := t.admitSome(k, e.Hashes[from:to], e.Keys[from:to], e.Values[from:to]); err != nil {
			return err
		}
	}
	return nil
}

func (t *Table) admitSome(k *keptTable, hashes []uint64, keys, values [][]byte) error {
	for _, c := range k.cols {
		c.Reset(len(keys))
	}
	for i, key := range keys {
		if len(key) < len(k.label) {
			return &CorruptError{What: t.name, Reason: "a key without the label of its slice"}
		}
		r := &reader{what: t.name, data: key[:len(key)-len(k.label)]}
		for _, c := range k.cols {
			r.value(c, i)
		}
		if err := r.end(); err != nil {
			return err
		}
	}
	var err error
	if k.hashes, err = t.misplaced(hashes, k.cols, k.hashes); err != nil {
		return err
	}
	if len(k.slots) < len(keys) {
		k.slots = make([]uint32, batch.MaxRows)
	}
	slots := k.slots[:len(keys)]
	k.loading = true
	fresh, err := t.Upsert(hashes, k.cols, nil, slots)
	k.loading = false
	if err != nil {
		return err
	}
	if len(fresh) != len(keys) {
		return &CorruptError{What: t.name, Reason: "a key is stored twice"}
	}
	if err := k.grow(int(t.limit)); err != nil {
		return outOfMemory(t.name, err)
	}
	k.stored(slots)
	if k.values.Restore == nil {
		return nil
	}
	for i, slot := range slots {
		if err := k.values.Restore(slot, values[i]); err != nil {
			return err
		}
	}
	return nil
}

// misplaced is the error for keys of cols some of which are stored with hashes that they do not have, in whatever key groups, else nil: a key is looked for by the hash that follows from it when it is removed. room is for hashes, and is returned.
func (t *Table) misplaced(hashes []uint64, cols []*batch.Column, room []uint64) ([]uint64, error) {
	if t.layout == encoded { // hashes stand beside the keys
		return room, nil
	}
	room = hashColumns(room, cols, nil, len(hashes))
	for i, hash := range hashes {
		if placed(room[i], uint8(hash>>groupShift)) != hash {
			return room, &CorruptError{What: t.name, Reason: "a key is stored with the hash of another one"}
		}
	}
	return room, nil
}
