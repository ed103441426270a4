package flow

import (
	"bytes"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestPiecesKeepUpdatesTogether: a piece ends between rows that need not stay together, and covers one row at least.
func TestPiecesKeepUpdatesTogether(t *testing.T) {
	b := &batch.Batch{Len: 6, Sel: []uint16{0, 2, 3, 4, 5}, Kinds: []batch.Change{batch.Insert, batch.UpdateBefore, batch.UpdateBefore, batch.UpdateAfter, batch.Delete, batch.Insert}}
	for n, want := range map[int]int{1: 1, 2: 3, 3: 3, 4: 4, 9: 5} {
		if end := pieceEnd(b, 0, n); end != want {
			t.Errorf("a piece of %d rows ends at %d, want %d", n, end, want)
		}
	}
	if end := pieceEnd(b, 3, 1); end != 4 {
		t.Errorf("a piece from 3 on ends at %d", end)
	}
	b.Kinds = nil
	if end := pieceEnd(b, 0, 2); end != 2 {
		t.Errorf("a piece of inserts ends at %d", end)
	}
}

// TestPiecesLeaveWhatWasPromised: a piece takes half of what is left and nobody was promised at most, but for a few rows; with much left a batch is one piece, and nothing is promised for it.
func TestPiecesLeaveWhatWasPromised(t *testing.T) {
	const mebi = 1 << 20
	budget := limit.New("test", 16*mebi)
	p := &Pipeline{settings: Settings{Budget: budget}}
	s := &step{chain: &chain{pipeline: p}}
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))
	c.Reset(4000)
	for i := range 4000 {
		c.SetBytes(i, bytes.Repeat([]byte("x"), 436))
	}
	b := &batch.Batch{Cols: []*batch.Column{c}, Len: 4000} // 500 bytes a row, which may become 2,000
	for _, test := range []struct{ used, promised, from, rows, want int64 }{
		{used: 8 * mebi, rows: 4000},
		{used: 9 * mebi, rows: 7 * mebi / 2 / 2000, want: 7 * mebi / 2},
		{used: 9 * mebi, promised: 5 * mebi, rows: mebi / 2000, want: mebi},
		{used: 9 * mebi, from: 3900, rows: 100, want: 200_000},
		{used: 9 * mebi, promised: 9 * mebi, rows: leastPiece, want: leastPiece * 2000},
		{used: 16 * mebi, from: 3990, rows: 10, want: 20_000},
	} {
		if err := budget.Reserve(test.used); err != nil {
			t.Fatal(err)
		}
		p.promised.Store(test.promised)
		rows, promised := s.pieceRows(b, int(test.from))
		if int64(rows) != test.rows || promised > test.want || promised < test.want-2000 {
			t.Errorf("%+v: %d rows, %d bytes promised", test, rows, promised)
		}
		budget.Release(test.used)
	}
}
