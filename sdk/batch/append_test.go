package batch_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestAppend: whatever is appended, row by row it hashes as the rows of its sources, which may be changed meanwhile; for every type.
func TestAppend(t *testing.T) {
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
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			dst.Reset(0)
			var want []uint64
			var nulls []bool
			for range rapid.IntRange(0, 4).Draw(t, "pieces") {
				n := rapid.IntRange(1, 30).Draw(t, "n")
				src.Reset(n)
				draw(t, src, n)
				rows := rapid.SliceOfN(rapid.Uint16Range(0, uint16(n-1)), 0, 40).Draw(t, "rows")
				hashes := batch.HashRows(nil, &batch.Batch{Cols: []*batch.Column{src}, Len: n})
				if rapid.Bool().Draw(t, "all") {
					rows = rows[:0]
					for i := range n {
						rows = append(rows, uint16(i))
					}
					dst.Append(src, nil)
				} else {
					dst.Append(src, rows)
				}
				for _, row := range rows {
					want, nulls = append(want, hashes[row]), append(nulls, src.IsNull(int(row)))
				}
			}
			src.Reset(0)
			got := batch.HashRows(nil, &batch.Batch{Cols: []*batch.Column{dst}, Len: dst.Len()})
			if len(got) != len(want) {
				t.Fatalf("%d rows, want %d", len(got), len(want))
			}
			for i := range want {
				if got[i] != want[i] || dst.IsNull(i) != nulls[i] {
					t.Fatalf("%v: row %d is not what was appended", typ, i)
				}
			}
		}
		dst.Release()
		src.Release()
		if lent := pool.Stats().Bytes; lent != 0 {
			t.Fatalf("%d bytes were not given back", lent)
		}
	})
}

// numbersOf is a batch of one BIGINT column.
func numbersOf(pool *batch.Pool, values ...int64) *batch.Batch {
	c := batch.NewColumn(pool, schema.Of(schema.Int64))
	c.Reset(len(values))
	copy(c.Int64s(), values)
	return &batch.Batch{Cols: []*batch.Column{c}, Len: len(values)}
}

func TestAnAppenderTakesRowsOfOneShape(t *testing.T) {
	pool := &batch.Pool{}
	a := batch.NewAppender(pool)
	src := numbersOf(pool, 1, 2, 3)
	if a.Append(src, []uint16{2, 0}); a.Rows() != 2 || a.Batch().Cols[0].Int64s()[0] != 3 {
		t.Errorf("%d rows", a.Rows())
	}
	text := &batch.Batch{Cols: []*batch.Column{batch.NewColumn(pool, schema.Of(schema.Text))}}
	for name, other := range map[string]*batch.Batch{
		"another type": text, "no column": {}, "an unread column": {Cols: []*batch.Column{nil}},
		"a column more": {Cols: []*batch.Column{src.Cols[0], src.Cols[0]}},
	} {
		if a.Fits(other, 1) {
			t.Errorf("%s fits", name)
		}
	}
	if !a.Fits(src, batch.MaxRows-2) || a.Fits(src, batch.MaxRows-1) {
		t.Error("there is room for MaxRows rows")
	}
	a.Reset()
	if !a.Fits(text, 1) || !a.Fits(src, batch.MaxRows) {
		t.Error("an empty one takes everything")
	}
	a.Append(&batch.Batch{Cols: []*batch.Column{nil, src.Cols[0]}, Len: 3}, nil)
	if b := a.Batch(); b.Cols[0] != nil || b.Cols[1].Len() != 3 || a.Memory() < 24 {
		t.Errorf("%+v, %d bytes", b, a.Memory())
	}
	a.Reset()
	if a.Append(&batch.Batch{Len: 7}, nil); a.Rows() != 7 || len(a.Batch().Cols) != 0 {
		t.Errorf("rows without columns: %+v", a.Batch())
	}
	a.Release()
	text.Cols[0].Release()
	src.Cols[0].Release()
	if lent := pool.Stats().Bytes; lent != 0 || a.Memory() != 0 {
		t.Errorf("%d bytes were not given back, %d are held", lent, a.Memory())
	}
}

func TestAnAppenderKeepsKindsOfChange(t *testing.T) {
	pool := &batch.Pool{}
	a := batch.NewAppender(pool)
	plain, changes := numbersOf(pool, 1, 2), numbersOf(pool, 3, 4)
	changes.Kinds = []batch.Change{batch.UpdateBefore, batch.UpdateAfter}
	for range 2 {
		a.Append(plain, nil)
		if a.Batch().Kinds != nil {
			t.Error("inserts alone need no kinds")
		}
		a.Append(changes, []uint16{1, 0})
		a.Append(plain, []uint16{1})
		want := []batch.Change{batch.Insert, batch.Insert, batch.UpdateAfter, batch.UpdateBefore, batch.Insert}
		if got := a.Batch().Kinds; !slices.Equal(got, want) {
			t.Errorf("%v", got)
		}
		a.Reset()
	}
}

// BenchmarkAppend deals a batch of 4,096 rows to two appenders: the copy of an exchange.
func BenchmarkAppend(b *testing.B) {
	pool := &batch.Pool{}
	wide := batch.NewColumn(pool, schema.Of(schema.Text))
	wide.Reset(batch.MaxRows)
	for i := range batch.MaxRows {
		wide.SetBytes(i, []byte(strings.Repeat("x", 140)))
	}
	narrow := numbersOf(pool, make([]int64, batch.MaxRows)...)
	narrow.Cols = append(narrow.Cols, narrow.Cols[0])
	rows := [2][]uint16{}
	for i := range batch.MaxRows {
		rows[i*7919>>3&1] = append(rows[i*7919>>3&1], uint16(i))
	}
	for name, src := range map[string]*batch.Batch{
		"16-byte":  narrow,
		"180-byte": {Cols: []*batch.Column{narrow.Cols[0], narrow.Cols[0], narrow.Cols[0], wide}, Len: batch.MaxRows},
	} {
		to := [2]*batch.Appender{batch.NewAppender(pool), batch.NewAppender(pool)}
		for _, how := range []string{"dealt", "whole"} {
			b.Run(name+"/"+how, func(b *testing.B) {
				for range b.N {
					for part, a := range to {
						a.Reset()
						if how == "dealt" {
							a.Append(src, rows[part])
						} else if part == 0 {
							a.Append(src, nil)
						}
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch.MaxRows, "ns/row")
			})
		}
	}
}

// TestAFreshColumnOfArraysGrowsByCopies takes memory that another column has left its values in.
func TestAFreshColumnOfArraysGrowsByCopies(t *testing.T) {
	pool := &batch.Pool{}
	typ := schema.ArrayOf(schema.Of(schema.Int32))
	for size := 1; size <= batch.MaxRows*16; size *= 2 {
		dirty := pool.Get(size)
		for i := range dirty[:cap(dirty)] {
			dirty[:cap(dirty)][i] = ^uint64(3)
		}
		pool.Put(dirty)
	}
	src := batch.NewColumn(&batch.Pool{}, typ)
	src.Reset(1)
	fresh := batch.NewColumn(pool, typ)
	fresh.Append(src, nil)
	if got := fresh.Offsets(); got[0] != 0 || got[1] != 0 {
		t.Errorf("offsets %v", got)
	}
}

func TestAnAppenderKeepsWhatSplitsHadReached(t *testing.T) {
	pool := &batch.Pool{}
	a := batch.NewAppender(pool)
	plain, dated := numbersOf(pool, 1, 2), numbersOf(pool, 3, 4)
	dated.Before = []int64{30, 40}
	for range 2 {
		a.Append(plain, nil)
		if a.Batch().Before != nil {
			t.Error("rows that are never late need no dates")
		}
		a.Append(dated, []uint16{1, 0})
		a.Append(plain, []uint16{1})
		a.Append(dated, nil)
		want := []int64{math.MinInt64, math.MinInt64, 40, 30, math.MinInt64, 30, 40}
		if got := a.Batch().Before; !slices.Equal(got, want) {
			t.Errorf("%v", got)
		}
		if a.Size() < 2*7*8 || a.Memory() < a.Size() {
			t.Errorf("%d bytes, in %d", a.Size(), a.Memory())
		}
		a.Reset()
	}
}

// Members of a row that is NULL as a whole have undefined values, as memory that is used again leaves them: they are not followed.
func TestMembersOfRowsThatAreNullAreNotFollowed(t *testing.T) {
	inner := schema.RowOf(schema.Field{Name: "t", Type: schema.Of(schema.Text)}, schema.Field{Name: "a", Type: schema.ArrayOf(schema.Of(schema.Text))})
	typ := schema.RowOf(schema.Field{Name: "t", Type: schema.Of(schema.Text)}, schema.Field{Name: "r", Type: inner}, schema.Field{Name: "a", Type: schema.ArrayOf(schema.Of(schema.Int32))})
	const long = "a text that does not fit into its view"
	src := batch.NewColumn(&batch.Pool{}, typ)
	src.Reset(2)
	src.PutNull(1)
	for _, c := range []*batch.Column{src, src.Child(1)} {
		c.Child(0).SetBytes(0, []byte(long))
		c.Child(0).Views()[1] = batch.View{Len: 0xfffffffe, Buf: 201, Off: 300}
	}
	for _, c := range []*batch.Column{src.Child(2), src.Child(1).Child(1)} {
		copy(c.Offsets(), []int32{0, 0, 1 << 30}) // the row that is not NULL has no elements
	}
	for _, rows := range [][]uint16{nil, {1, 0, 1}} {
		appended, gathered := batch.NewColumn(&batch.Pool{}, typ), batch.NewColumn(&batch.Pool{}, typ)
		appended.Append(src, rows)
		want := []bool{false, true}
		if rows != nil {
			want = []bool{true, false, true}
			gathered.Gather(src, rows)
		} else {
			gathered.Gather(src, []uint16{0, 1})
		}
		for _, c := range []*batch.Column{appended, gathered} {
			for i, null := range want {
				if c.IsNull(i) != null {
					t.Errorf("row %d: NULL %v", i, c.IsNull(i))
				}
				if !null && (string(c.Child(0).Bytes(i)) != long || string(c.Child(1).Child(0).Bytes(i)) != long || c.Child(2).Offsets()[i+1] != c.Child(2).Offsets()[i]) {
					t.Errorf("row %d is not what it was", i)
				}
			}
		}
	}
}
