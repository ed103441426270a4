package keyed

import (
	"cmp"
	"slices"

	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// ReadBack gives the rows that a part of a shape has stored at a place, of rows in memory or of sorted runs, to f, which borrows them for the call: first the columns, as many as there are. Rows that are equal in an order that
// runs have come as they came. The error is a *CorruptError, the store's, or f's.
func ReadBack(pool *batch.Pool, r store.Reader, at Home, shape Shape, f func(rows *batch.Batch) error) error {
	b := &backReader{EntryReader: NewEntryReader(pool, shape), reader: r, at: at, give: f}
	defer release(b.Columns())
	if shape.Slice == SliceRun {
		return b.runs()
	}
	return b.rows()
}

// backReader reads rows back.
type backReader struct {
	*EntryReader
	reader store.Reader
	at     Home
	give   func(*batch.Batch) error
	keys   [][]byte
	values [][]byte
	bytes  int // of keys and values
	out    batch.Batch
	sel    []uint16
}

// How many rows, and about how many bytes of them, are given at once.
const (
	backRows  = 1024
	backBytes = 1 << 20
)

func (b *backReader) rows() error {
	err := b.reader.Scan(b.at.Space, b.at.From, b.at.To, func(_ int64, _ uint64, key, value []byte) error {
		b.keys, b.values = append(b.keys, slices.Clone(key)), append(b.values, slices.Clone(value))
		if b.bytes += len(key) + len(value); len(b.keys) < backRows && b.bytes < backBytes {
			return nil
		}
		return b.giveRows()
	})
	if err != nil || len(b.keys) == 0 {
		return err
	}
	return b.giveRows()
}

func (b *backReader) giveRows() error {
	b.Reset(len(b.keys))
	for i, key := range b.keys {
		if _, err := b.Read(i, key, b.values[i]); err != nil {
			return err
		}
	}
	b.out = batch.Batch{Cols: slices.Clone(b.Columns()), Len: len(b.keys)}
	b.keys, b.values, b.bytes = b.keys[:0], b.values[:0], 0
	return b.give(&b.out)
}

func (b *backReader) runs() error {
	r := NewRuns(RunsConfig{Name: "a run"})
	err := b.reader.ScanSlice(b.at.Space, indexSlice, b.at.From, b.at.To, func(hash uint64, key, value []byte) error {
		return r.Admit(&Entries{Slices: []int64{indexSlice}, Hashes: []uint64{hash}, Keys: [][]byte{slices.Clone(key)}, Values: [][]byte{slices.Clone(value)}})
	})
	if err != nil {
		return err
	}
	for group, runs := range &r.groups {
		slices.SortFunc(runs, func(a, b sortedRun) int { return cmp.Compare(a.order, b.order) })
		for _, run := range runs {
			if err := b.run(uint8(group), &run); err != nil { //nolint:gosec // below Groups
				return err
			}
		}
	}
	return nil
}

// run gives the rows of a run that were not passed.
func (b *backReader) run(group uint8, run *sortedRun) error {
	first := firstHash(group)
	return b.reader.ScanSlice(b.at.Space, run.slice, first|run.first, first|(run.blocks-1), func(hash uint64, _, value []byte) error {
		in := &reader{what: "a block of rows", data: value}
		n := in.block(b.Columns())
		if err := in.end(); err != nil {
			return err
		}
		b.out = batch.Batch{Cols: slices.Clone(b.Columns()), Len: n}
		if skip := int(run.skip); hash == first|run.first && skip > 0 { //nolint:gosec // a row of a block
			b.sel = b.sel[:0]
			for row := skip; row < n; row++ {
				b.sel = append(b.sel, uint16(row)) //nolint:gosec // a row of a block
			}
			b.out.Sel = b.sel
		}
		return b.give(&b.out)
	})
}
