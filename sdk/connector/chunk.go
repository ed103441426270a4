package connector

import (
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
)

// Rows is the chunk of sinks that write encoded rows: Data holds them one after the other, Ends the end of each in Data.
type Rows struct {
	Data    []byte
	Ends    []int
	encoder codec.Encoder
}

// NewRows returns an empty chunk that encodes with encoder, which it owns.
func NewRows(encoder codec.Encoder) *Rows { return &Rows{encoder: encoder} }

// Encode appends the rows of b.
func (r *Rows) Encode(b *batch.Batch) []codec.RowError {
	var bad []codec.RowError
	r.Data, r.Ends, bad = r.encoder.Encode(r.Data, r.Ends, b)
	return bad
}

// Size returns the rows and bytes held.
func (r *Rows) Size() (rows int, bytes int64) { return len(r.Ends), int64(len(r.Data)) }

// keepBytes is how much memory an emptied chunk keeps for the next rows.
const keepBytes = 8 << 20

// Reset empties the chunk. Memory from one huge block is given up.
func (r *Rows) Reset() {
	if cap(r.Data) > keepBytes {
		r.Data = nil
	}
	r.Data, r.Ends = r.Data[:0], r.Ends[:0]
}
