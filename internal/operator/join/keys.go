package join

import (
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// keyColumns are the keys of a join in one of its inputs.
type keyColumns struct {
	// columns are those of all keys; dealt those by which rows come to tasks and key groups; equal and in those of keys compared so.
	columns, dealt, equal, in []int
	// strict are columns in which a NULL means that the row equals no other one.
	strict []int

	hasher, dealer *keyed.Hasher // dealer is nil if all columns are dealt
	cols           []*batch.Column
	groupless      []uint64
}

func newKeyColumns(c *Config, input int) *keyColumns {
	k := &keyColumns{dealt: c.HashColumns(input)}
	for _, key := range c.Keys {
		column := key.column(input)
		k.columns = append(k.columns, column)
		switch key.Match {
		case Equal:
			k.equal = append(k.equal, column)
			k.strict = append(k.strict, column)
		case In:
			k.in = append(k.in, column)
			k.strict = append(k.strict, column)
		case NotDistinct:
		}
	}
	k.hasher = keyed.NewHasher(k.columns)
	if len(k.in) > 0 && len(k.dealt) > 0 {
		k.dealer = keyed.NewHasher(k.dealt)
	}
	return k
}

// hash returns the hashes of all keys, in the key groups that the rows are dealt by, and those of the dealt columns. Lent until the next call.
func (k *keyColumns) hash(b *batch.Batch) (hashes, dealt []uint64) {
	if len(k.dealt) == 0 { // all rows are in group 0
		for len(k.groupless) < b.Rows() {
			k.groupless = append(k.groupless, 0)
		}
		dealt = k.groupless[:b.Rows()]
		if len(k.columns) == 0 {
			return dealt, dealt
		}
		hashes = k.hasher.Hash(b)
		keyed.Place(hashes, dealt)
		return hashes, dealt
	}
	hashes = k.hasher.Hash(b)
	if k.dealer == nil {
		return hashes, hashes
	}
	dealt = k.dealer.Hash(b)
	keyed.Place(hashes, dealt)
	return hashes, dealt
}

// of returns columns of b, lent until the next call.
func (k *keyColumns) of(b *batch.Batch, columns []int) []*batch.Column {
	k.cols = k.cols[:0]
	for _, c := range columns {
		k.cols = append(k.cols, b.Cols[c])
	}
	return k.cols
}

// nullable reports whether one of columns may have NULLs in b.
func nullable(b *batch.Batch, columns []int) bool {
	for _, c := range columns {
		if b.Cols[c].HasNulls() {
			return true
		}
	}
	return false
}

// hasNull reports whether one of columns is NULL in row.
func hasNull(cols []*batch.Column, columns []int, row int) bool {
	for _, c := range columns {
		if cols[c].IsNull(row) {
			return true
		}
	}
	return false
}

// subset is some of the rows of a batch that count, with their hashes.
type subset struct {
	positions []uint16 // among the rows that count
	rows      []uint16 // physical
	hashes    []uint64
}

// without makes s the rows of b that have no NULL in columns.
func (s *subset) without(b *batch.Batch, columns []int, hashes []uint64) {
	s.positions, s.rows, s.hashes = s.positions[:0], s.rows[:0], s.hashes[:0]
	for i, h := range hashes {
		if row := b.Row(i); !hasNull(b.Cols, columns, row) {
			s.positions = append(s.positions, uint16(i)) //nolint:gosec // at most batch.MaxRows
			s.rows = append(s.rows, uint16(row))         //nolint:gosec // a row number of a batch
			s.hashes = append(s.hashes, h)
		}
	}
}
