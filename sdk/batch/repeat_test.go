package batch_test

import (
	"slices"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

func TestRepeaterCarriesKindsAndOrigins(t *testing.T) {
	src := &batch.Batch{
		Len: 3, Kinds: []batch.Change{batch.Insert, batch.UpdateBefore, batch.UpdateAfter},
		Origin: &batch.Origin{Block: batch.WrapBuffer([]byte("abc")), Starts: []uint32{0, 1, 2}, Ends: []uint32{1, 2, 3}}, OriginRows: []uint16{2, 1, 0},
	}
	var r batch.Repeater
	var dst batch.Batch
	r.Carry(&dst, src, []uint16{0, 1, 2})
	if dst.Len != 3 || !slices.Equal(dst.Kinds, []batch.Change{batch.Insert, batch.Delete, batch.Insert}) {
		t.Errorf("%+v", dst)
	}
	if got := dst.Origin.Record(dst.OriginRow(2)); string(got) != "a" {
		t.Errorf("row 2 comes from %q", got)
	}
	r.Carry(&dst, &batch.Batch{Len: 1}, []uint16{0})
	if dst.Len != 1 || dst.Kinds != nil || dst.Origin != nil || dst.OriginRows != nil {
		t.Errorf("%+v", dst)
	}
	pool := &batch.Pool{}
	c := r.Column(pool, 2, schema.Of(schema.Text))
	if r.Column(pool, 2, schema.Of(schema.Text)) != c || r.Column(pool, 0, schema.Of(schema.Bool)) == c {
		t.Error("a slot has one column of its own")
	}
}

func TestNestedCountsValuesBelowArrays(t *testing.T) {
	inner := schema.ArrayOf(schema.Of(schema.Int32))
	c := batch.NewColumn(&batch.Pool{}, schema.RowOf(schema.Field{Name: "a", Type: schema.ArrayOf(inner)}, schema.Field{Name: "b", Type: schema.Of(schema.Bool)}))
	c.Reset(2)
	outer := c.Child(0)
	outer.Child(0).Resize(3)
	outer.Child(0).Child(0).Resize(5)
	copy(outer.Child(0).Offsets(), []int32{0, 2, 2, 5})
	copy(outer.Offsets(), []int32{0, 1, 3})
	for row, want := range []int{3, 5} {
		if got := c.Nested(row, row+1); got != want {
			t.Errorf("row %d holds %d values, want %d", row, got, want)
		}
	}
	if got := c.Nested(0, 2); got != 8 {
		t.Errorf("all hold %d", got)
	}
}
