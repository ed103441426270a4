package keyed

import (
	"bytes"
	"errors"

	"wire.example/wire/internal/foundation/invariant"
	"wire.example/wire/sdk/batch"
)

// Rows that leave memory by ranges of hashes are not looked up: who appended them knows which ranges are away, and reads those one after the other.

// rangedMask is the part of a hash that such rows do not keep: their number among all rows takes its place, so that hashes differ, and rows of one hash stand in the order in which they came.
const rangedMask = 1<<32 - 1

// RangeOf returns the last hash under which rows may be stored that were appended with the hash that one is stored under, of rows that leave memory by ranges.
func RangeOf(hash uint64) (last uint64) { return hash | rangedMask }

// Bookmark is a place among stored rows: behind the row that was read last, or at the first one with a hash.
type Bookmark struct {
	Hash uint64
	key  []byte
}

// At puts p before the first row with a hash, or with one above.
func (p *Bookmark) At(hash uint64) { p.Hash, p.key = hash, p.key[:0] }

// errEnough ends a read.
var errEnough = errors.New("enough was read")

// Read gives take the rows that the store has and that are the part's own, behind a bookmark, up to those of the hash last, until that answers false, and moves it behind them. It reports whether there are no more. Rows in
// memory that the store has are given, too. Bytes are lent for the call.
func (r *Rows) Read(at *Bookmark, last uint64, take func(hash uint64, key, value []byte) bool) (over bool, err error) {
	home := r.kept.home
	from := at.Hash
	if last = min(last, home.To); max(from, home.From) > last {
		return true, nil
	}
	behind := append([]byte(nil), at.key...)
	err = r.away.reader.ScanSlice(home.Space, r.slice, max(from, home.From), last, func(hash uint64, key, value []byte) error {
		if hash == from && len(behind) > 0 && bytes.Compare(key, behind) <= 0 {
			return nil
		}
		at.Hash, at.key = hash, append(at.key[:0], key...)
		if !take(hash, key, value) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return false, nil
	}
	return err == nil, err
}

// Decode sets cols, of the types of all columns, to stored rows, as Read gives them. The error is a *CorruptError.
func (r *Rows) Decode(keys, values [][]byte, cols []*batch.Column) error {
	return r.decode(keys, values, cols, func(int, uint8, []byte) {})
}

// DecodeEach decodes stored rows, and gives f some at a time: columns of the types of all columns with n rows, lent for the call. The error is a *CorruptError, or what f returns.
func (r *Rows) DecodeEach(e *Entries, f func(cols []*batch.Column, n int) error) error {
	cols := make([]*batch.Column, len(r.types))
	for i, typ := range r.types {
		cols[i] = batch.NewColumn(r.pool, typ)
	}
	defer release(cols)
	for from := 0; from < e.Len(); from += batch.MaxRows {
		to := min(from+batch.MaxRows, e.Len())
		if err := r.Decode(e.Keys[from:to], e.Values[from:to], cols); err != nil {
			return err
		}
		if err := f(cols, to-from); err != nil {
			return err
		}
	}
	return nil
}

// decode sets cols to stored rows, and tells of each its mark and what stands behind its columns.
func (r *Rows) decode(keys, values [][]byte, cols []*batch.Column, beside func(row int, mark uint8, rest []byte)) error {
	for _, c := range cols {
		c.Reset(len(keys))
	}
	for i, value := range values {
		in := &reader{what: r.name, data: value}
		mark := in.byte()
		for _, c := range cols {
			in.value(c, i)
		}
		switch {
		case in.err != nil:
			return in.err
		case len(keys[i]) != wordBytes+len(r.label):
			return &CorruptError{What: r.name, Reason: "a row without a number"}
		case r.extras.Restore == nil && in.at < len(value):
			in.fail("%d bytes too many", len(value)-in.at)
			return in.err
		}
		beside(i, mark, value[in.at:])
	}
	return nil
}

// Beside returns what is kept beside a row that is stored as value. Lent as value is. The error is a *CorruptError.
func (r *Rows) Beside(value []byte) ([]byte, error) {
	in := &reader{what: r.name, data: value}
	in.byte()
	for i := range r.types {
		in.skip(&r.types[i])
	}
	return value[in.at:], in.err
}

// Away reports whether rows of a key group have left memory.
func (r *Rows) Away(group uint8) bool { return r.away != nil && r.away.groups[group] > 0 }

// HasAway reports whether rows have left memory.
func (r *Rows) HasAway() bool { return r.away != nil && r.away.any }

// Unload takes all rows out of memory. The store has all of them that still matter, and nothing of them is to be written any more.
func (r *Rows) Unload() {
	if invariant.Enabled {
		invariant.Check(r.extras.Ranged, "rows that are found by hash leave as if they were not")
	}
	r.unload()
}

func (r *Rows) unload() {
	k := r.kept
	k.unload()
	k.hashes.free()
	k.numbers.Free()
	r.release()
}

// Leave is Unload for rows that the store has and that still matter: they are away from then on.
func (r *Rows) Leave() {
	if invariant.Enabled {
		invariant.Check(r.extras.Ranged, "rows that are found by hash leave as if they were not")
	}
	r.leave()
}

// Returned says that no row is away any more, of rows that leave as a whole: those that had left were removed, or come back by Admit before anything else.
func (r *Rows) Returned() {
	if invariant.Enabled {
		invariant.Check(r.extras.Ranged && !r.away.unread && !r.away.closed, "rows that are away count as returned")
	}
	r.away.groups, r.away.any = [Groups]uint64{}, false
}

func (r *Rows) leave() {
	if r.len > 0 {
		r.away.keyBytes = max(r.away.keyBytes, r.Bytes()/int64(r.len))
	}
	for g, n := range r.CountGroups() {
		if n > 0 {
			r.away.groups[g] += uint64(n) //nolint:gosec // a count
			r.away.any = true
		}
	}
	r.unload()
}

// Stored reports whether the store has all rows as they are.
func (r *Rows) Stored(settled bool) bool {
	var ids [Groups]uint32
	for c := (Cursor{}); ; {
		n := r.Scan(&c, ids[:])
		if n == 0 {
			return true
		}
		for _, id := range ids[:n] {
			if !r.kept.clean(id, settled) {
				return false
			}
		}
	}
}

// NumberOf returns the number of a row among all rows that ever were, of rows whose changes are noted: they grow in the order in which rows are appended.
func (r *Rows) NumberOf(id uint32) uint64 { return r.kept.numbers.of(id) }

// DropStored removes the rows that the store has with hashes from..to, both included. None of them is in memory.
func (r *Rows) DropStored(from, to uint64) {
	k := r.kept
	if from, to = max(from, k.home.From), min(to, k.home.To); from <= to {
		k.used = true
		k.gone.Drop(k.home.Space, k.slice, from, to)
	}
}

// HasAway reports whether keys have left memory.
func (t *Table) HasAway() bool { return t.away != nil && t.away.any }

// MayBeAway reports whether rows of a hash may have left memory.
func (r *Rows) MayBeAway(hash uint64) bool {
	return r.away != nil && r.away.any && r.away.mayHave(hash)
}

// Settled reports whether all rows that were removed and that the store has still are known by their hashes: otherwise no others may leave memory.
func (r *Rows) Settled() bool { return r.away == nil || !r.away.isLoose() }

// Lookup gives take the rows that the store has under hashes, which are in order; see Read. Bytes are lent for the call.
func (r *Rows) Lookup(hashes []uint64, take func(hash uint64, key, value []byte)) error {
	return r.away.reader.Lookup(r.kept.home.Space, r.slice, hashes, func(hash uint64, key, value []byte) error {
		take(hash, key, value)
		return nil
	})
}

// DeleteStored removes a row that the store has under a hash and a key, and that is not in memory. The error is SQLSTATE 53200.
func (r *Rows) DeleteStored(hash uint64, key []byte) error {
	k := r.kept
	k.used = true
	k.gone.Delete(k.home.Space, k.slice, hash, key)
	r.away.crowded = r.away.crowded || r.away.low > 0 && k.gone.Held() > r.away.low/buriedShare
	return k.settle()
}
