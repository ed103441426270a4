package op_test

import (
	"slices"
	"testing"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

func TestHalvesOfUpdates(t *testing.T) {
	const ins, before, after, del = batch.Insert, batch.UpdateBefore, batch.UpdateAfter, batch.Delete
	for _, c := range []struct {
		what        string
		kinds, want []batch.Change
		sel         []uint16
	}{
		{"all inserts", nil, nil, []uint16{1}},
		{"all rows count", []batch.Change{before, after}, []batch.Change{before, after}, nil},
		{"a whole update", []batch.Change{ins, before, after, del}, []batch.Change{ins, before, after, del}, []uint16{1, 2}},
		{"only the old row", []batch.Change{before, after}, []batch.Change{del, after}, []uint16{0}},
		{"only the new row", []batch.Change{before, after}, []batch.Change{before, ins}, []uint16{1}},
		{"halves of two updates", []batch.Change{before, after, before, after}, []batch.Change{before, ins, del, after}, []uint16{1, 2}},
	} {
		b := &batch.Batch{Len: len(c.kinds), Kinds: c.kinds, Sel: c.sel}
		given := slices.Clone(c.kinds)
		if got := op.Pair(b, nil); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
		if !slices.Equal(given, c.kinds) {
			t.Errorf("%s: the kinds that were lent have changed", c.what)
		}
	}
}

func TestRetracted(t *testing.T) {
	b := &batch.Batch{Len: 2, Kinds: []batch.Change{batch.Delete, batch.UpdateAfter}}
	if !op.Retracted(b) {
		t.Error("a row that is deleted takes nothing back")
	}
	if b.Sel = []uint16{1}; op.Retracted(b) {
		t.Error("a row that does not count takes something back")
	}
	if b.Kinds = nil; op.Retracted(b) {
		t.Error("rows without kinds take something back")
	}
}
