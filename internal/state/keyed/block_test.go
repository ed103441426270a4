package keyed

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// drawnBlock draws rows of a schema, as the types and columns of a block.
func drawnBlock(t *rapid.T) ([]schema.Type, *batch.Batch) {
	s := sdktest.DrawSchema(t, sdktest.Types())
	types := make([]schema.Type, 0, len(s.Fields))
	for _, f := range s.Fields {
		types = append(types, f.Type)
	}
	return types, sdktest.Values{}.DrawBatch(t, &batch.Pool{}, s, rapid.IntRange(0, 40).Draw(t, "rows"))
}

func newColumns(types []schema.Type) []*batch.Column {
	cols := make([]*batch.Column, len(types))
	for i, typ := range types {
		cols[i] = batch.NewColumn(&batch.Pool{}, typ)
	}
	return cols
}

// compacted are the rows of b with arrays that have their own elements alone, as rows that were gathered do.
func compacted(types []schema.Type, b *batch.Batch) []*batch.Column {
	cols, rows := newColumns(types), make([]uint16, b.Len)
	for i := range rows {
		rows[i] = uint16(i)
	}
	for i, c := range cols {
		c.Reset(0)
		appendRows(c, b.Cols[i], rows)
	}
	return cols
}

func TestBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types, b := drawnBlock(t)
		data := appendBlock([]byte("before"), types, compacted(types, b), b.Len)
		in, cols := &reader{what: "test", data: data, at: len("before")}, newColumns(types)
		n := in.block(cols)
		if err := in.end(); err != nil || n != b.Len {
			t.Fatalf("%d rows of %d: %v", n, b.Len, err)
		}
		if diff := sdktest.Diff(sdktest.Rows(b), sdktest.Rows(&batch.Batch{Cols: cols, Len: n})); diff != "" {
			t.Fatal(diff)
		}
		again := appendBlock(nil, types, cols, n)
		if !slices.Equal(again, data[len("before"):]) {
			t.Fatalf("what was read is written as %x, and was %x", again, data)
		}
		cut := rapid.IntRange(len("before"), len(data)-1).Draw(t, "cut")
		in = &reader{what: "test", data: data[:cut], at: len("before")}
		if in.block(cols); in.end() == nil {
			t.Fatalf("%x is read", data[:cut])
		}
	})
}

// FuzzBlock: damaged blocks are refused or read as something, and nothing panics.
func FuzzBlock(f *testing.F) {
	types := []schema.Type{
		schema.Of(schema.Bool), schema.Of(schema.Int64), schema.Of(schema.Text), schema.Of(schema.Numeric), schema.Of(schema.Interval), schema.Of(schema.UUID),
		schema.ArrayOf(schema.Of(schema.Int16)), schema.RowOf(schema.Field{Name: "a", Type: schema.Of(schema.Float64)}, schema.Field{Name: "b", Type: schema.ArrayOf(schema.Of(schema.JSONB))}),
	}
	cols := newColumns(types)
	for _, c := range cols {
		c.Reset(3)
		for i := range 3 {
			c.PutNull(i)
		}
	}
	cols[1].DropValid()
	copy(cols[1].Int64s(), []int64{1, 2, 3})
	f.Add(appendBlock(nil, types, cols, 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, cols := &reader{what: "test", data: data}, newColumns(types)
		n := in.block(cols)
		if in.end() != nil {
			return
		}
		in = &reader{what: "test", data: appendBlock(nil, types, cols, n)}
		if again := in.block(cols); in.end() != nil || again != n {
			t.Fatalf("%d rows, then %d: %v", n, again, in.err)
		}
	})
}
