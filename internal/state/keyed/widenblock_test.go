package keyed

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/schema"
)

// widest is a type with room for more than t has.
func widest(t schema.Type) schema.Type {
	switch t.Kind {
	case schema.Int16, schema.Int32:
		return schema.Of(schema.Int64)
	case schema.Float32:
		return schema.Of(schema.Float64)
	case schema.Array:
		elem := widest(*t.Elem)
		t.Elem = &elem
	case schema.Row:
		t.Fields = slices.Clone(t.Fields)
		for i := range t.Fields {
			t.Fields[i].Type = widest(t.Fields[i].Type)
		}
	}
	return t
}

// TestBlocksAreWidened: a block of wider types has the rows that each row by itself is made.
func TestBlocksAreWidened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types, b := drawnBlock(t)
		wide := make([]schema.Type, len(types))
		for i := range types {
			wide[i] = widest(types[i])
		}
		old := compacted(types, b)
		data := appendBlock(nil, types, old, b.Len)
		w := &Widener{from: Shape{Columns: types, Slice: SliceRun}, to: Shape{Columns: wide, Slice: SliceRun}}
		_, got, err := w.Entry(7, nil, data)
		if err != nil {
			t.Fatal(err)
		}
		cols := newColumns(wide)
		in := &reader{what: "test", data: got}
		if n := in.block(cols); in.end() != nil || n != b.Len {
			t.Fatalf("%d rows of %d: %v", n, b.Len, in.err)
		}
		for row := range b.Len {
			for i := range types {
				one := &reader{what: "test", data: appendExact(nil, old[i], row)}
				want := one.widen(nil, &types[i], &wide[i])
				if is := appendExact(nil, cols[i], row); !slices.Equal(is, want) {
					t.Fatalf("row %d of %v became %x, should be %x", row, types[i], is, want)
				}
			}
		}
		if len(data) == 0 {
			return
		}
		var corrupt *CorruptError
		if _, _, err := w.Entry(7, nil, data[:rapid.IntRange(0, len(data)-1).Draw(t, "cut")]); err != nil && !errors.As(err, &corrupt) {
			t.Fatal(err)
		}
	})
}

func TestTheIndexOfRunsIsNotWidened(t *testing.T) {
	w, err := NewWidener(Shape{Columns: []schema.Type{schema.Of(schema.Int32)}, Slice: SliceRun}, Shape{Columns: []schema.Type{schema.Of(schema.Int64)}, Slice: SliceRun}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, value, err := w.Entry(indexSlice, []byte{1}, []byte{9, 9}); err != nil || !slices.Equal(value, []byte{9, 9}) {
		t.Errorf("%x (%v)", value, err)
	}
}
