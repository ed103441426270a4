package timejoin

import (
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// keys are the keys of a join in one of its inputs.
type keys struct {
	columns []int
	// strict are columns in which a NULL means that the row matches nothing.
	strict []int
	hasher *keyed.Hasher
	zeros  []uint64
	cols   []*batch.Column
	sel    []uint16 // rows that may match
	rest   []uint16 // and those that do not
	view   batch.Batch
}

// newKeys returns the keys; more are other columns that must not be NULL.
func newKeys(c *Config, input int, more ...int) *keys {
	k := &keys{columns: c.HashColumns(input)}
	for _, key := range c.Keys {
		if !key.NotDistinct {
			k.strict = append(k.strict, key.column(input))
		}
	}
	k.strict = append(k.strict, more...)
	k.hasher = keyed.NewHasher(k.columns)
	return k
}

// types are those of the key columns.
func (k *keys) types(all []schema.Type) []schema.Type {
	types := make([]schema.Type, len(k.columns))
	for i, c := range k.columns {
		types[i] = all[c]
	}
	return types
}

// hash returns the hashes of the rows of b that count; without keys they are 0. Lent until the next call.
func (k *keys) hash(b *batch.Batch) []uint64 {
	if len(k.columns) > 0 {
		return k.hasher.Hash(b)
	}
	for len(k.zeros) < b.Rows() || k.zeros == nil {
		k.zeros = append(k.zeros, 0)
	}
	return k.zeros[:b.Rows()]
}

// of returns the key columns of b, lent until the next call.
func (k *keys) of(b *batch.Batch) []*batch.Column {
	k.cols = k.cols[:0]
	for _, c := range k.columns {
		k.cols = append(k.cols, b.Cols[c])
	}
	return k.cols
}

// divide returns the rows of in that may match, and the numbers of those that do not. Both are lent until the next call.
func (k *keys) divide(in *batch.Batch) (able *batch.Batch, unable []uint16) {
	if !k.nullable(in) {
		return in, nil
	}
	if k.sel == nil {
		k.sel = make([]uint16, 0, batch.MaxRows) // never nil: that would select every row
	}
	k.sel, k.rest = k.sel[:0], k.rest[:0]
	for i := range in.Rows() {
		row := uint16(in.Row(i)) //nolint:gosec // a row number of a batch
		if k.anyNull(in, int(row)) {
			k.rest = append(k.rest, row)
		} else {
			k.sel = append(k.sel, row)
		}
	}
	k.view.View(in, k.sel)
	return &k.view, k.rest
}

// nullable reports whether a column in which a NULL matches nothing may have one.
func (k *keys) nullable(in *batch.Batch) bool {
	for _, c := range k.strict {
		if in.Cols[c].HasNulls() {
			return true
		}
	}
	return false
}

func (k *keys) anyNull(in *batch.Batch, row int) bool {
	for _, c := range k.strict {
		if in.Cols[c].IsNull(row) {
			return true
		}
	}
	return false
}
