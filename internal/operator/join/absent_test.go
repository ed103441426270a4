package join_test

import (
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestAbsentKeysAreCounted: a key counts whose rows have left memory, once, and none that is there or never was.
func TestAbsentKeysAreCounted(t *testing.T) {
	const keys = 1000
	types := []schema.Type{schema.Of(schema.Int64)}
	memory := store.NewMemory()
	c := join.Config{Name: "j", Kind: join.Inner, Left: types, Right: types, Keys: []join.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("test", 0)}
	j, err := join.NewChanging(&c)
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range j.Kept() {
		part.Keep(keyed.Home{Space: store.Space{Operator: 1, Table: uint8(i)}, To: math.MaxUint64}) //nolint:gosec // few
		part.(keyed.Evictable).Attach(memory.Reader(), 1<<20)
	}
	rows := func(from, to int) *batch.Batch {
		column := batch.NewColumn(c.Pool, types[0])
		column.Reset(to - from)
		for i := range to - from {
			column.Int64s()[i] = int64(from + i)
		}
		return &batch.Batch{Cols: []*batch.Column{column}, Len: to - from}
	}
	absent := func(from, to int) int {
		var needs op.Needs
		j.Needs(join.RightInput, rows(from, to), &needs)
		j.Needs(join.RightInput, rows(from, to), &needs) // each twice
		return needs.Absent(j.Tables())
	}
	if hashes := j.Separate(join.LeftInput, rows(0, 3)); len(hashes) != 3 || hashes[0] == hashes[1] {
		t.Errorf("three keys have the hashes %x", hashes)
	}
	out := op.NewOutput(1)
	for range 2 {
		if _, err := j.ApplyInput(join.LeftInput, rows(0, keys), out); err != nil {
			t.Fatal(err)
		}
	}
	if n := absent(0, keys); n != 0 {
		t.Errorf("%d keys are absent before any has left", n)
	}
	changes := &store.Changes{}
	for _, part := range j.Kept() {
		part.Seal()
		if _, err := part.Drain(changes, math.MaxInt64); err != nil {
			t.Fatal(err)
		}
	}
	if err := memory.Apply(t.Context(), []*store.Changes{changes}); err != nil {
		t.Fatal(err)
	}
	for _, part := range j.Kept() {
		if err := part.(keyed.Departing).Depart(false); err != nil {
			t.Fatal(err)
		}
	}
	if n := absent(0, keys); n != keys {
		t.Errorf("%d keys are absent of %d that have left", n, keys)
	}
	var needs op.Needs
	j.Needs(join.RightInput, rows(0, 10), &needs)
	if err := needs.Load(j.Tables()); err != nil {
		t.Fatal(err)
	}
	if n := absent(0, keys); n != keys-10 {
		t.Errorf("%d keys are absent when 10 of %d are back", n, keys)
	}
	if n := absent(5000, 6000); n > 100 { // a filter takes a few for others
		t.Errorf("%d of 1000 keys are absent that never were", n)
	}
}

// TestKeysWithoutColumnsStayInOrder: rows of a join that compares no column by = do not leave memory by keys, and keep their order.
func TestKeysWithoutColumnsStayInOrder(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	c := join.Config{Name: "j", Kind: join.Inner, Left: types, Right: types, Pool: &batch.Pool{}, Budget: limit.New("test", 0)}
	j, err := join.NewChanging(&c)
	if err != nil {
		t.Fatal(err)
	}
	if hashes := j.Separate(join.LeftInput, &batch.Batch{Cols: []*batch.Column{batch.NewColumn(c.Pool, types[0])}}); hashes != nil {
		t.Errorf("the hashes are %x", hashes)
	}
}
