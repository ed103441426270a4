package batch_test

import (
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestCopyRow: rows copied one by one hash as those of the source, for every type, wherever they go.
func TestCopyRow(t *testing.T) {
	scalars := []schema.Type{
		schema.Of(schema.Bool), schema.Of(schema.Int16), schema.Of(schema.Int32), schema.Of(schema.Int64), schema.Of(schema.Float32),
		schema.Of(schema.Float64), schema.Of(schema.Numeric), schema.Of(schema.Text), schema.Of(schema.Interval), schema.Of(schema.UUID),
	}
	types := append([]schema.Type(nil), scalars...)
	for _, s := range scalars {
		types = append(types, schema.ArrayOf(s), schema.ArrayOf(schema.ArrayOf(s)), schema.RowOf(
			schema.Field{Name: "a", Type: s}, schema.Field{Name: "b", Type: schema.ArrayOf(s)}))
	}
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(types).Draw(t, "type")
		pool := &batch.Pool{}
		src, dst := batch.NewColumn(pool, typ), batch.NewColumn(pool, typ)
		n := rapid.IntRange(1, 30).Draw(t, "n")
		src.Reset(n)
		draw(t, src, n)
		rows := rapid.SliceOfN(rapid.IntRange(0, n-1), 1, 50).Draw(t, "rows")
		dst.Reset(len(rows))
		for i, row := range rows {
			dst.CopyRow(i, src, row)
		}
		want := batch.HashRows(nil, &batch.Batch{Cols: []*batch.Column{src}, Len: n})
		got := batch.HashRows(nil, &batch.Batch{Cols: []*batch.Column{dst}, Len: len(rows)})
		for i, row := range rows {
			if got[i] != want[row] || dst.IsNull(i) != src.IsNull(row) {
				t.Fatalf("%v: row %d is not row %d of the source", typ, i, row)
			}
		}
	})
}
