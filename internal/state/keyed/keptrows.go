package keyed

import (
	"encoding/binary"
	"iter"

	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

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
