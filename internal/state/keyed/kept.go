package keyed

import (
	"encoding/binary"
	"iter"

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

// Extras are how the owner of rows writes what it keeps beside a row, and reads it. All may be nil.
type Extras struct {
	// Append appends what is kept beside a row.
	Append func(dst []byte, id uint32) []byte
	// Restore sets what is kept beside a row and returns what follows; slabs must be grown there.
	Restore func(id uint32, value []byte) error
	// Has reports whether rows of a hash are in memory, for rows that may leave it.
	Has func(hash uint64) bool
	// Postpone says that rows which may leave memory may stay in the store unread when others are restored; see Postponable.
	Postpone bool
	// Ranged says that rows may leave memory without it, by ranges of hashes: they are not loaded by hash, but read (Read). Where they may, the lower half of a hash is not kept.
	Ranged bool
	// Hashed are columns that rows are hashed by when they are appended: all of them, by a Hasher, and nothing else. Where they are few bytes wide the hash is not kept beside a row. None: it may be any other.
	Hashed []int
	// Loaded links rows that were loaded. They come in the order of their hashes, those of one hash in the order in which they were appended.
	Loaded func(ids []uint32) error
}

// keptRows is what rows need for their journal.
type keptRows struct {
	*journal
	extras Extras
	// hashes and numbers have, by row, the hash it was appended with and its number among all rows that ever were, of which last is that of the last one.
	hashes     *rowHashes
	numbers    *numbering
	last       uint64
	plain      plainRows
	cols       []*batch.Column
	key, value []byte
	ids        []uint32
	loading    bool
	ranged     bool // rows may leave memory by ranges
}

// SetExtras says what is kept beside rows, for Keep: before it.
func (r *Rows) SetExtras(e Extras) { r.extras = e }

// SetSlice says which slice of the space the rows are; see Table.SetSlice.
func (r *Rows) SetSlice(slice int64, label []byte) {
	if r.slice, r.label = slice, label; r.kept != nil {
		r.kept.slice, r.kept.label = slice, label
	}
	if r.away != nil {
		r.away.label = label
	}
}

// Keep has changes noted; see Kept. Links are not stored: Extras.Loaded makes them anew.
func (r *Rows) Keep(at Home) {
	k := &keptRows{journal: newJournal(r.name, at, r.slice, r.label, r.budget), extras: r.extras, hashes: newRowHashes(r, r.budget), numbers: newNumbering(r.budget)}
	k.write, k.remove = r.writeEntries, r.removeEntries
	r.kept = k
}

// AdoptAs is the Adopt of a Late part for rows: all is every row with the hash that it belongs to, those of one hash in the order in which they were appended. The error is SQLSTATE 53200.
func (r *Rows) AdoptAs(all iter.Seq2[uint32, uint64]) error {
	k := r.kept
	if err := k.room(r.bound()); err != nil {
		return outOfMemory(r.name, err)
	}
	for id, hash := range all {
		k.last++
		if r.extras.Ranged {
			hash = hash&^rangedMask | k.last&rangedMask
		}
		if err := k.numbers.set(id, k.last); err != nil {
			return outOfMemory(r.name, err)
		}
		k.hashes.set(id, hash)
		k.adopt(id)
	}
	return k.settle()
}

// Noting reports whether changes are noted.
func (r *Rows) Noting() bool { return r.kept != nil }

// Touch notes that the marks of rows, or what is kept beside them, are about to change. It must be called before the change. The error is SQLSTATE 53200.
func (r *Rows) Touch(ids []uint32) error {
	if r.kept == nil {
		return nil
	}
	return r.kept.touch(ids)
}

// TouchOne is Touch for one row.
func (r *Rows) TouchOne(id uint32) error {
	if r.kept == nil {
		return nil
	}
	return r.kept.touchOne(id)
}

// Seal ends an epoch; see Kept.
func (r *Rows) Seal() {
	r.kept.seal()
	r.away.seal()
}

// Drain writes what changed in the sealed epoch; see Kept.
func (r *Rows) Drain(into *store.Changes, most int64) (more bool, err error) {
	return r.kept.drain(into, most), nil
}

// Retire is Free for a part of several stores of rows, one a slice, that is done with this one; see Table.Retire.
func (r *Rows) Retire(sealed, current *store.Changes) {
	r.Free()
	r.HandOver(sealed, current)
}

// HandOver is what Retire does behind Free, for a store that was freed.
func (r *Rows) HandOver(sealed, current *store.Changes) {
	if r.kept != nil {
		r.kept.handOver(sealed, current)
	}
}

// Rename makes the rows those of another slice, for a part of several stores of rows, one a slice. What the journal still has to say of the slice that they were goes into what the part
// has for the sealed epoch and for the one under way. The error is SQLSTATE 53200.
func (r *Rows) Rename(slice int64, sealed, current *store.Changes) error {
	r.slice = slice
	k := r.kept
	if k == nil {
		return nil
	}
	k.clear()
	k.handOver(sealed, current)
	k.slice = slice
	if err := k.grow(r.bound()); err != nil {
		return outOfMemory(r.name, err)
	}
	for g := range Groups {
		if err := k.journal.enter(r.AppendGroup(nil, uint8(g))); err != nil { //nolint:gosec // below Groups
			return err
		}
	}
	return nil
}

// take makes what another one has noted of rows, which was new, its own. It was cleared itself.
func (k *keptRows) take(from *keptRows) {
	k.budget.Release(k.bytes)
	k.marks, k.now, k.touched, k.sealed, k.next, k.bytes = from.marks, from.now, from.touched, nil, 0, from.bytes
	k.dense, k.wasDense = from.dense, false
	k.used = k.used || from.used
	k.hashes.take(from.hashes)
	k.numbers, k.last = from.numbers, from.last
}

// enter notes rows that were appended.
func (k *keptRows) enter(limit int, ids []uint32, hashes []uint64) error {
	if err := k.room(limit); err != nil {
		return err
	}
	if k.loading {
		return nil
	}
	if err := k.number(ids, hashes); err != nil {
		return err
	}
	return k.journal.enter(ids)
}

// number gives rows their numbers among all, and notes their hashes; nil: all are 0.
func (k *keptRows) number(ids []uint32, hashes []uint64) error {
	last := k.last
	k.last += uint64(len(ids))
	k.noteHashes(ids, hashes, last)
	return k.numbers.give(ids, last)
}

// noteHashes notes the hashes of rows whose numbers follow last.
func (k *keptRows) noteHashes(ids []uint32, hashes []uint64, last uint64) {
	own, ranged := k.hashes.noted, k.ranged
	if own == nil {
		k.hashes.check(ids, hashes)
		return
	}
	for i, id := range ids {
		hash := uint64(0)
		if hashes != nil {
			hash = hashes[i]
		}
		if ranged {
			hash = hash&^rangedMask | (last+1+uint64(i))&rangedMask //nolint:gosec // not negative
		}
		*own.At(id) = hash
	}
}

// room makes room for the rows 0 to limit-1.
func (k *keptRows) room(limit int) error {
	if err := k.grow(limit); err != nil {
		return err
	}
	k.numbers.grow(limit)
	return k.hashes.grow(limit)
}

func (r *Rows) writeEntries(into *store.Changes, ids []uint32) {
	if r.plain {
		r.writePlain(into, ids)
	} else {
		r.writeEach(into, ids)
	}
}

func (r *Rows) writeEach(into *store.Changes, ids []uint32) {
	k := r.kept
	for _, id := range ids {
		cols, row := r.Row(id)
		k.value = append(k.value[:0], *r.Mark(id))
		for _, c := range cols {
			k.value = appendExact(k.value, c, row)
		}
		if k.extras.Append != nil {
			k.value = k.extras.Append(k.value, id)
		}
		into.Put(k.home.Space, k.slice, k.hashes.of(id), k.keyOf(id), k.value)
	}
}

func (r *Rows) removeEntries(into *store.Changes, ids []uint32) {
	k := r.kept
	for _, id := range ids {
		into.Delete(k.home.Space, k.slice, k.hashes.of(id), k.keyOf(id))
	}
}

// keyOf returns what a row is stored under: its number among all rows that ever were.
func (k *keptRows) keyOf(id uint32) []byte {
	k.key = append(binary.BigEndian.AppendUint64(k.key[:0], k.numbers.of(id)), k.label...)
	return k.key
}

// Admit puts rows in that the store has; see Kept.
func (r *Rows) Admit(e *Entries) error {
	k := r.kept
	for _, t := range r.types {
		k.cols = append(k.cols, batch.NewColumn(r.pool, t))
	}
	defer func() {
		release(k.cols)
		k.cols, k.ids = nil, nil
	}()
	for from := 0; from < e.Len(); from += batch.MaxRows {
		to := min(from+batch.MaxRows, e.Len())
		if err := r.admitSome(e.Hashes[from:to], e.Keys[from:to], e.Values[from:to]); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rows) admitSome(hashes []uint64, keys, values [][]byte) error {
	k := r.kept
	marks, rest := make([]uint8, len(keys)), make([][]byte, len(keys))
	err := r.decode(keys, values, k.cols, func(row int, mark uint8, beside []byte) { marks[row], rest[row] = mark, beside })
	if err != nil {
		return err
	}
	if !k.hashes.fit(hashes, k.cols) {
		return &CorruptError{What: r.name, Reason: "a row is stored with the hash of another one"}
	}
	if len(k.ids) < len(keys) {
		k.ids = make([]uint32, batch.MaxRows)
	}
	ids := k.ids[:len(keys)]
	k.loading = true
	err = r.Append(k.cols, hashes, nil, ids)
	k.loading = false
	if err != nil {
		return err
	}
	k.stored(ids)
	for i, id := range ids {
		*r.Mark(id) = marks[i]
		number := binary.BigEndian.Uint64(keys[i])
		if err := k.numbers.set(id, number); err != nil {
			return outOfMemory(r.name, err)
		}
		k.hashes.set(id, hashes[i])
		k.last = max(k.last, number)
		if k.extras.Restore != nil {
			if err := k.extras.Restore(id, rest[i]); err != nil {
				return err
			}
		}
	}
	if k.extras.Loaded == nil {
		return nil
	}
	return k.extras.Loaded(ids)
}
