package flow

import (
	"testing"

	"wire.example/wire/sdk/batch"
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
