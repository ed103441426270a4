package keyed

import (
	"math"
	"math/bits"
)

// Departing is a part of which all entries can leave memory at once, with the memory itself: where little is left although there are few entries, and at the end of the input, when entries
// come back range by range.
type Departing interface {
	Evictable
	// Depart has all entries leave, which the store has as they are: nothing is left to flush, and everything was spilled. forGood says that none is asked for by its hash from now on, but ranges
	// alone. The error is SQLSTATE 53200.
	Depart(forGood bool) error
}

// Depart has all keys leave memory; see Departing.
func (t *Table) Depart(forGood bool) error {
	a := t.away
	if t.len > 0 {
		a.keyBytes = max(a.keyBytes, t.Bytes()/int64(t.len))
	}
	if forGood {
		a.forgetFilters()
		for number, g := range &t.groups {
			if g != nil {
				a.groups[number] += uint64(g.live) //nolint:gosec // a count
			}
		}
		if err := a.countUnread(t.kept.home, t.slice, t.HasHash); err != nil {
			return err
		}
		a.any, a.closed = true, true
		t.vacate()
		return nil
	}
	hashes, err := t.takeHashes()
	if err != nil {
		return t.refused(err)
	}
	t.vacate() // filters that grow need the memory
	defer t.budget.Release(int64(cap(hashes)) * wordBytes)
	for _, hash := range hashes {
		if err := a.add(hash); err != nil {
			return t.refused(err)
		}
	}
	return nil
}

// takeHashes returns the hashes of all keys. Their memory, which is reserved, is that of the index, which is given back: the table is to be vacated.
func (t *Table) takeHashes() ([]uint64, error) {
	for i := range t.heads {
		t.dropIndex(t.heads[i])
	}
	t.blocks.Free()
	t.forgetHeads()
	if err := t.budget.Reserve(int64(t.len) * wordBytes); err != nil {
		return nil, err
	}
	hashes := make([]uint64, 0, t.len)
	for _, g := range &t.groups {
		if g == nil {
			continue
		}
		for _, slot := range g.order {
			if !t.isGone(slot) {
				hashes = append(hashes, t.fullHash(slot))
			}
		}
	}
	return hashes, nil
}

// Departed reports whether all keys have left memory for good.
func (t *Table) Departed() bool { return t.away != nil && t.away.closed }

// vacate gives the memory of all keys back, and that of what is kept beside them.
func (t *Table) vacate() {
	t.kept.forget()
	t.release()
	if t.values.Vacate != nil {
		t.values.Vacate()
	}
}

// RangeFrom returns the end of a range of hashes that begins with from, of about as many keys as should be in memory at once, where keys are gone through range by range.
func (t *Table) RangeFrom(from uint64) (to uint64) {
	return min(t.away.rangeEnd(from), t.kept.home.To)
}

// Tight reports whether little memory is left.
func (t *Table) Tight() bool { return t.away.tight() }

// LoadRange makes the keys with hashes from..to resident, both included.
func (t *Table) LoadRange(from, to uint64) error {
	if t.guard != nil {
		t.guard.loadRange(from, to)
	}
	if t.away == nil || !t.away.any {
		return nil
	}
	return t.away.loadRange(t.kept.home, t.slice, from, to, t.HasHash, t.Admit)
}

// LoadRange makes the rows resident that are stored with hashes from..to, both included. Of rows that have left for good, or may leave by ranges, none is in memory; of others those stay away of which Extras.Has says that they are.
func (r *Rows) LoadRange(from, to uint64) error {
	if r.guard != nil {
		r.guard.loadRange(from, to)
	}
	if r.away == nil || !r.away.any {
		return nil
	}
	has := r.extras.Has
	if has == nil || r.away.closed {
		has = func(uint64) bool { return false }
	}
	return r.away.loadRange(r.kept.home, r.slice, from, to, has, r.Admit)
}

// RangeFrom returns the end of a range of hashes that begins with from, of about as many rows as should be in memory at once; see Table.RangeFrom.
func (r *Rows) RangeFrom(from uint64) (to uint64) {
	if r.away == nil {
		return r.kept.home.To
	}
	return min(r.away.rangeEnd(from), r.kept.home.To)
}

// DepartForGood has all rows leave memory, which the store has as they are: none is asked for by its hash from now on, but ranges alone.
func (r *Rows) DepartForGood() {
	r.away.forgetFilters()
	r.away.any, r.away.closed = true, true
	r.leave()
}

// DropRange removes the rows with hashes from..to, both included, all those in memory among them, which are all that there are.
func (r *Rows) DropRange(from, to uint64) {
	r.unload()
	r.DropStored(from, to)
}

// Depart has all rows leave memory; see Departing. Not for good.
func (r *Rows) Depart() error {
	if r.len > 0 {
		r.away.keyBytes = max(r.away.keyBytes, r.Bytes()/int64(r.len))
	}
	r.kept.forget()
	r.kept.numbers.Free()
	held := int64(r.len) * wordBytes
	if !r.budget.TryReserve(held) { // where there is no room for all hashes at once they are noted one by one
		if err := r.eachHash(r.away.add); err != nil {
			return outOfMemory(r.name, err)
		}
		r.kept.hashes.free()
		r.release()
		return nil
	}
	defer r.budget.Release(held)
	hashes := make([]uint64, 0, r.len)
	_ = r.eachHash(func(hash uint64) error {
		hashes = append(hashes, hash)
		return nil
	})
	r.kept.hashes.free()
	r.release() // filters that grow need the memory
	for _, hash := range hashes {
		if err := r.away.add(hash); err != nil {
			return outOfMemory(r.name, err)
		}
	}
	return nil
}

// eachHash gives f the hash of each row.
func (r *Rows) eachHash(f func(hash uint64) error) error {
	ids := make([]uint32, Groups)
	for c := (Cursor{}); ; {
		n := r.Scan(&c, ids)
		if n == 0 {
			return nil
		}
		for _, id := range ids[:n] {
			if err := f(r.HashOf(id)); err != nil {
				return err
			}
		}
	}
}

// Ranges goes through the keys of a table all of which have left memory for good, range by range of their hashes, and the rows that belong to them.
type Ranges struct {
	table    *Table
	rows     []*Rows
	from, to uint64
	begun    bool
	over     bool
	// kept: the store keeps what was gone through.
	kept bool
}

// Keep has the store keep what was gone through, for a table whose slice is dropped as a whole, or shared with others.
func (r *Ranges) Keep() { r.kept = true }

// Ranges returns a walk over the keys of the table, which have all left by Depart, and the rows of each, which have the hash of their key.
func (t *Table) Ranges(rows ...*Rows) *Ranges {
	return &Ranges{table: t, rows: rows, from: t.kept.home.From}
}

// Next drops the keys of the range before and their rows, in the store, too, and returns the next range, which is to be loaded; ok is false at the end. What GatherKeys lent is void.
func (r *Ranges) Next() (from, to uint64, ok bool) {
	t := r.table
	if r.begun && !r.over {
		r.drop()
		r.from, r.over = r.to+1, r.to == t.kept.home.To
	}
	if r.begun = true; r.over {
		return 0, 0, false
	}
	r.to = min(t.away.rangeEnd(r.from), t.kept.home.To)
	for _, rows := range r.rows {
		if rows.away != nil {
			r.to = min(r.to, rows.away.rangeEnd(r.from))
		}
	}
	return r.from, r.to, true
}

// drop drops the keys of the range and their rows.
func (r *Ranges) drop() {
	t := r.table
	if !r.kept {
		t.kept.gone.Drop(t.kept.home.Space, t.slice, r.from, r.to)
	}
	for _, rows := range r.rows {
		if r.kept {
			rows.unload()
		} else {
			rows.DropRange(r.from, r.to)
		}
	}
	t.vacate()
}

// Range is the current range.
func (r *Ranges) Range() (from, to uint64) { return r.from, r.to }

const (
	// rangeShare: a range takes about this part of what is low, as far as what keys took says so, whose values are taken for otherBytes.
	rangeShare = 5
	otherBytes = 128
	leastKeys  = 16
	mostKeys   = 1 << 16
	// mostParts: a key group has at most 2 to this power of ranges, since rows do not keep the lower half of their hash.
	mostParts = groupShift - 32
)

// rangeEnd returns the end of the range that begins at from: a part of a key group, or several whole ones.
func (a *away) rangeEnd(from uint64) uint64 {
	keys := uint64(min(max(a.low/rangeShare/(a.keyBytes+otherBytes), leastKeys), mostKeys)) //nolint:gosec // not negative
	g := from >> groupShift
	if n := a.groups[g]; n > keys {
		parts := bits.Len64((n - 1) / keys) // 2 to this power
		size := uint64(1) << (groupShift - min(parts, mostParts))
		return from | (size - 1) // parts of stores that go together may have other sizes: from may lie within one
	}
	for sum := a.groups[g]; g+1 < Groups && sum+a.groups[g+1] <= keys; g++ {
		sum += a.groups[g+1]
	}
	if g == Groups-1 {
		return math.MaxUint64
	}
	return (g+1)<<groupShift - 1
}
