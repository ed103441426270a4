package connector_test

import (
	"slices"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

// digits writes each row as its number; row 2 cannot be written.
type digits struct{ size int }

func (d digits) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	var bad []codec.RowError
	for i := range b.Rows() {
		row := b.Row(i)
		if row == 2 {
			bad = append(bad, codec.RowError{Row: row, Err: sqlstate.New(sqlstate.UntranslatableCharacter, "no")})
			continue
		}
		for range d.size {
			dst = append(dst, byte('0'+row))
		}
		ends = append(ends, len(dst))
	}
	return dst, ends, bad
}

func TestRowsGatherBatches(t *testing.T) {
	r := connector.NewRows(digits{size: 2})
	bad := r.Encode(&batch.Batch{Len: 4})
	if len(bad) != 1 || bad[0].Row != 2 {
		t.Errorf("%v", bad)
	}
	if bad := r.Encode(&batch.Batch{Len: 9, Sel: []uint16{8}}); bad != nil {
		t.Errorf("%v", bad)
	}
	if string(r.Data) != "00113388" || !slices.Equal(r.Ends, []int{2, 4, 6, 8}) {
		t.Errorf("%q, ends %v", r.Data, r.Ends)
	}
	if rows, bytes := r.Size(); rows != 4 || bytes != 8 {
		t.Errorf("%d rows, %d bytes", rows, bytes)
	}
	r.Reset()
	if rows, bytes := r.Size(); rows != 0 || bytes != 0 || cap(r.Data) == 0 {
		t.Errorf("%d rows, %d bytes, %d kept", rows, bytes, cap(r.Data))
	}
}

func TestRowsGiveUpHugeMemory(t *testing.T) {
	r := connector.NewRows(digits{size: 9 << 20})
	r.Encode(&batch.Batch{Len: 1})
	r.Reset()
	if cap(r.Data) != 0 {
		t.Errorf("%d bytes kept", cap(r.Data))
	}
}
