package batch_test

import (
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
)

// TestGather: row i of the result hashes as row rows[i] of the source, for every type.
func TestGather(t *testing.T) {
	scalars := []schema.Type{
		schema.Of(schema.Bool), schema.Of(schema.Int16), schema.Of(schema.Int32), schema.Of(schema.Int64), schema.Of(schema.Float32),
		schema.Of(schema.Float64), schema.Of(schema.Numeric), schema.Of(schema.Text), schema.Of(schema.Interval), schema.Of(schema.UUID),
	}
	types := append([]schema.Type(nil), scalars...)
	for _, s := range scalars {
		types = append(types, schema.ArrayOf(s), schema.RowOf(schema.Field{Name: "a", Type: s}, schema.Field{Name: "b", Type: schema.ArrayOf(s)}))
	}
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(types).Draw(t, "type")
		pool := &batch.Pool{}
		src, dst := batch.NewColumn(pool, typ), batch.NewColumn(pool, typ)
		n := rapid.IntRange(1, 50).Draw(t, "n")
		src.Reset(n)
		draw(t, src, n)
		for range 2 {
			rows := rapid.SliceOfN(rapid.Uint16Range(0, uint16(n-1)), 0, 80).Draw(t, "rows")
			dst.Gather(src, rows)
			want := batch.HashRows(nil, &batch.Batch{Cols: []*batch.Column{src}, Len: n})
			got := batch.HashRows(nil, &batch.Batch{Cols: []*batch.Column{dst}, Len: len(rows)})
			for i, row := range rows {
				if got[i] != want[row] || dst.IsNull(i) != src.IsNull(int(row)) {
					t.Fatalf("%v: row %d is not row %d of the source", typ, i, row)
				}
			}
		}
	})
}

// draw gives rows 0 to n-1 of c random values, some NULL.
func draw(t *rapid.T, c *batch.Column, n int) {
	for i := range n {
		v := rapid.Int64().Draw(t, "v")
		switch c.Kind() {
		case schema.Bool:
			c.Bits().Put(i, v&1 != 0)
		case schema.Int16:
			c.Int16s()[i] = int16(v)
		case schema.Int32:
			c.Int32s()[i] = int32(v)
		case schema.Int64:
			c.Int64s()[i] = v
		case schema.Float32:
			c.Float32s()[i] = float32(v)
		case schema.Float64:
			c.Float64s()[i] = float64(v)
		case schema.Numeric:
			c.SetDecimal(i, numeric.Decimal{Coef: numeric.Int128{Lo: uint64(v)}, Scale: int16(v & 3)})
		case schema.Text:
			c.SetBytes(i, []byte(rapid.StringN(0, 30, 40).Draw(t, "text")))
		case schema.Interval:
			c.Intervals()[i].Micros = v
			c.Intervals()[i].Days = int32(v)
			c.Intervals()[i].Months = 0
		case schema.UUID:
			c.UUIDs()[i] = batch.UUID{byte(v)}
		default:
		}
		if v&7 == 0 {
			c.SetNull(i)
		}
	}
	drawNested(t, c, n)
}

func drawNested(t *rapid.T, c *batch.Column, n int) {
	switch c.Kind() {
	case schema.Array:
		at := int32(0)
		for i := range n {
			c.Offsets()[i] = at
			at += int32(rapid.IntRange(0, 3).Draw(t, "len"))
		}
		c.Offsets()[n] = at
		c.Child(0).Reset(int(at))
		draw(t, c.Child(0), int(at))
	case schema.Row:
		for k := range c.Type().Fields {
			draw(t, c.Child(k), n)
		}
	default:
	}
}

// TestGatherUnreadMembers: a member that the source does not have is not made up.
func TestGatherUnreadMembers(t *testing.T) {
	typ := schema.RowOf(schema.Field{Name: "a", Type: schema.Of(schema.Int64)}, schema.Field{Name: "b", Type: schema.Of(schema.Text)})
	pool := &batch.Pool{}
	src, dst := batch.NewColumn(pool, typ), batch.NewColumn(pool, typ)
	src.SetChild(1, nil)
	src.Reset(2)
	src.Child(0).Int64s()[1] = 7
	for range 2 {
		dst.Gather(src, []uint16{1, 1, 0})
		if dst.Child(1) != nil || dst.Child(0).Int64s()[1] != 7 {
			t.Error("member b is there, or a is not")
		}
	}
}
