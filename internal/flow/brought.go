package flow

import (
	"cmp"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// The rows of a batch may bring back far more than memory has room for: each a key with all of its rows. What keys bring is counted as they are read, and a piece has no more rows than there is room for what they will bring, one at
// least. What has left memory since may bring more than what was read before: so the pieces are short then, and become longer as long as nothing is amiss.

const (
	// firstReach is how many rows a piece has while nothing is known of what their keys bring; each may have reachGrowth times as many as one before.
	firstReach  = 16
	reachGrowth = 4
	// goneShare is the part of that which a piece may have when something has left memory.
	goneShare = 16
	// broughtEntry is about what an entry takes in memory beside its bytes.
	broughtEntry = 96
	// easing: what a key brings counts for less by one part in so many of what is too much, when those that are read bring less.
	easing = 4
	// marginShare: a piece is made shorter by one part in so many more than it must be, since what it needs does not become less as its rows do where keys repeat.
	marginShare = 8
)

// brought is what keys of a step bring into memory that are read back. It belongs to the goroutine of the step's task.
type brought struct {
	// tables are what was read of each table since the piece at work began.
	tables []broughtTable
	// keyBytes is about what a key brings, reach how many rows a piece may have; 0: nothing is known.
	keyBytes int64
	reach    int
	// short: the piece at work is short because of what its keys bring.
	short bool
}

// broughtTable is what was read of a table: so many bytes, and keys at most by one lookup, since what is away lies in several slices, in each of them some of a key. Tables are keyed otherwise: one by groups, another by the values of each.
type broughtTable struct {
	space store.Space
	bytes int64
	keys  int
}

// read notes a lookup.
func (b *brought) read(space store.Space, bytes int64, keys int) {
	for i := range b.tables {
		if t := &b.tables[i]; t.space == space {
			t.bytes, t.keys = t.bytes+bytes, max(t.keys, keys)
			return
		}
	}
	b.tables = append(b.tables, broughtTable{space, bytes, keys})
}

// meter is a reader that counts what is looked up with it.
type meter struct {
	store.Reader
	brought *brought
}

// Lookup gives what the reader does.
func (m *meter) Lookup(s store.Space, slice int64, hashes []uint64, f func(hash uint64, key, value []byte) error) error {
	bytes, keys, last := int64(0), 0, uint64(0)
	err := m.Reader.Lookup(s, slice, hashes, func(hash uint64, key, value []byte) error {
		if keys == 0 || hash != last {
			keys, last = keys+1, hash
		}
		bytes += int64(len(key)+len(value)) + broughtEntry
		return f(hash, key, value)
	})
	m.brought.read(s, bytes, keys)
	return err
}

// Spared tells the reader; see store.Sparing.
func (m *meter) Spared(asked, spared int64) {
	if r, ok := m.Reader.(store.Sparing); ok {
		r.Spared(asked, spared)
	}
}

// begin begins a piece.
func (b *brought) begin() { b.tables = b.tables[:0] }

// end notes what a piece of so many rows has brought.
func (b *brought) end(rows int) {
	reach := min(rows*reachGrowth, batch.MaxRows)
	if !b.short {
		reach = max(reach, b.reach)
	}
	b.reach = max(reach, firstReach)
	read := int64(0)
	for _, t := range b.tables {
		read += t.bytes / int64(max(t.keys, 1))
	}
	if read > 0 {
		b.keyBytes = max(read, b.keyBytes-(b.keyBytes-read)/easing)
	}
}

// gone notes that something has left memory.
func (b *brought) gone() { b.reach = max(b.reach/goneShare, firstReach) }

// within is how many rows of b from one on bring no more than there is room for, and about how many bytes they bring.
func (s *step) within(input int, b *batch.Batch, from int) (rows int, bytes int64) {
	p, a := s.chain.pipeline, &s.brought
	rows = b.Rows() - from
	budget := p.settings.Budget
	if budget.Limit() == limit.Unlimited {
		return rows, 0
	}
	rows = min(rows, max(a.reach, firstReach))
	room := p.promises.left(budget, p.scratchLeft()) / pieceShare
	for bytes = a.keyBytes * int64(rows); bytes > room; {
		if bytes = a.keyBytes * int64(s.absent(input, s.pieceOf(b, from, from+rows))); bytes <= room || rows == 1 {
			break
		}
		a.short = true
		rows = max(int(int64(rows)*room/(bytes+bytes/marginShare)), 1)
	}
	return rows, bytes
}

// keyedRow is a row of a batch with the hash of its key.
type keyedRow struct {
	hash uint64
	row  uint16
}

// sorts makes sorted the rows of b from one on, those of a key behind each other, where it is better for the operator to be given them so: a key whose rows are in several pieces may be read back for each. It reports whether it has.
func (s *step) sorts(input int, b *batch.Batch, from int) bool {
	separable, ok := s.op.(op.Separable)
	if !ok || !s.brought.short || b == &s.sorted || !inserts(b) {
		return false
	}
	hashes := separable.Separate(input, s.pieceOf(b, from, b.Rows()))
	if hashes == nil {
		return false
	}
	rows := make([]keyedRow, len(hashes))
	for i, row := range s.sel {
		rows[i] = keyedRow{hashes[i], row}
	}
	slices.SortFunc(rows, func(a, b keyedRow) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.row, b.row))
	})
	s.order = s.order[:0]
	for _, r := range rows {
		s.order = append(s.order, r.row)
	}
	s.sorted.View(b, s.order)
	return true
}

// inserts reports whether no row of b takes another one back, or takes its place.
func inserts(b *batch.Batch) bool {
	for i := 0; b.Kinds != nil && i < b.Rows(); i++ {
		if b.Kinds[b.Row(i)] != batch.Insert {
			return false
		}
	}
	return true
}

// absent is about how many keys rows of an input would have to be brought into memory for them.
func (s *step) absent(input int, in *batch.Batch) int {
	s.needer.Needs(input, in, &s.needs)
	return s.needs.Absent(s.tables)
}
