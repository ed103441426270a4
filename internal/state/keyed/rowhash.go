package keyed

import (
	"slices"

	"wire.example/wire/internal/foundation/invariant"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// rowHashes has, by row, the hash that it was appended with: noted, or, where it follows from columns of the row, made again when somebody asks, which is when a row is written and when it leaves, or might.
type rowHashes struct {
	noted *Slab[uint64] // nil: they are made again
	rows  *Rows
	from  []int // the columns that they follow from
	cols  []*batch.Column
	row   [1]uint16
	made  []uint64
}

// newRowHashes returns the hashes of rows that have not been appended yet. What is noted is reserved in budget.
func newRowHashes(rows *Rows, budget *limit.Budget) *rowHashes {
	h := &rowHashes{rows: rows}
	if !rows.extras.Ranged && hashesAgain(rows.types, rows.extras.Hashed) {
		h.from = rows.extras.Hashed
	} else {
		h.noted = NewSlab[uint64](budget)
	}
	return h
}

// hashesAgain reports whether the hashes of columns are made again: where there are some, all of a few bytes. Text lies elsewhere.
func hashesAgain(types []schema.Type, columns []int) bool {
	for _, c := range columns {
		if kind := types[c].Kind; !isPlain(kind) || kind.IsVariable() {
			return false
		}
	}
	return len(columns) > 0
}

// of returns the hash of a row.
func (h *rowHashes) of(id uint32) uint64 {
	if h.noted != nil {
		return *h.noted.At(id)
	}
	h.row[0] = uint16(id & (chunkRows - 1)) //nolint:gosec // below chunkRows
	h.made = h.some(h.made, id>>chunkShift, h.row[:])
	return h.made[0]
}

// some returns the hashes of rows of a chunk, in the memory of dst if it suffices.
func (h *rowHashes) some(dst []uint64, chunk uint32, rows []uint16) []uint64 {
	if h.noted == nil {
		h.cols = appendColumns(h.cols[:0], h.rows.chunks[chunk].cols, h.from)
		return hashColumns(dst, h.cols, rows, len(rows))
	}
	noted := h.noted.Part(chunk << chunkShift)
	dst = dst[:0]
	for _, row := range rows {
		dst = append(dst, noted[row])
	}
	return dst
}

// appendColumns appends the columns of cols that have these ordinals.
func appendColumns(dst, cols []*batch.Column, ordinals []int) []*batch.Column {
	for _, c := range ordinals {
		dst = append(dst, cols[c])
	}
	return dst
}

// set notes the hash of a row that was appended.
func (h *rowHashes) set(id uint32, hash uint64) {
	if h.noted != nil {
		*h.noted.At(id) = hash
	}
}

// fit reports whether hashes that rows are stored with, which are about to be put in with all of cols, are those that are made again: by those they are looked for when they are removed.
func (h *rowHashes) fit(hashes []uint64, cols []*batch.Column) bool {
	if h.noted != nil {
		return true
	}
	h.cols = appendColumns(h.cols[:0], cols, h.from)
	h.made = hashColumns(h.made, h.cols, nil, len(hashes))
	return slices.Equal(h.made, hashes)
}

// check checks that rows were appended with the hashes that are made again.
func (h *rowHashes) check(ids []uint32, hashes []uint64) {
	if !invariant.Enabled {
		return
	}
	for i, id := range ids {
		invariant.Check(h.of(id) == hashes[i], "row %d of %s has another hash than its columns", id, h.rows.name)
	}
}

// grow makes room for the rows 0 to n-1. The error is a *limit.ExceededError.
func (h *rowHashes) grow(n int) error {
	if h.noted == nil {
		return nil
	}
	return h.noted.Grow(n)
}

// free forgets all hashes, and gives their memory back.
func (h *rowHashes) free() {
	if h.noted != nil {
		h.noted.Free()
	}
}

// take makes the hashes that others have noted its own.
func (h *rowHashes) take(from *rowHashes) { h.noted = from.noted }
