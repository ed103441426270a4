package batch_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

func TestBitmap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Bool(), 1, 200).Draw(t, "bits")
		n := len(want)
		m := make(batch.Bitmap, batch.Words(n))
		m.Fill(n)
		if m.Count(n) != n {
			t.Fatal("Fill")
		}
		m.Zero(n)
		var ones []uint16
		for i, v := range want {
			m.Put(i, !v)
			m.Put(i, v)
			if v {
				ones = append(ones, uint16(i))
			}
		}
		if got := m.AppendOnes(nil, n); !slices.Equal(got, ones) || m.Count(n) != len(ones) {
			t.Fatalf("ones %v, want %v", got, ones)
		}
		for i, v := range want {
			if m.Get(i) != v {
				t.Fatalf("bit %d", i)
			}
		}
	})
}

func TestViewsHoldWhatTheyWereMadeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "data")
		off := rapid.IntRange(0, len(data)-1).Draw(t, "off")
		n := rapid.IntRange(0, len(data)-off).Draw(t, "n")
		c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Bytes))
		c.Reset(2)
		buf := c.AddBuffer(batch.WrapBuffer(data))
		c.Views()[0] = batch.MakeView(data, buf, off, n)
		c.SetBytes(1, data[off:off+n])
		for row := range 2 {
			if !bytes.Equal(c.Bytes(row), data[off:off+n]) {
				t.Fatalf("row %d is %x, want %x", row, c.Bytes(row), data[off:off+n])
			}
		}
		if n <= batch.InlineLen && c.Views()[0] != c.Views()[1] {
			t.Fatal("equal short values have different views")
		}
		lo := rapid.IntRange(0, n).Draw(t, "lo")
		hi := rapid.IntRange(lo, n).Draw(t, "hi")
		sub := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Bytes))
		sub.Reset(1)
		sub.ShareBuffers(c)
		sub.SetSub(0, c, rapid.IntRange(0, 1).Draw(t, "row"), lo, hi)
		if !bytes.Equal(sub.Bytes(0), data[off+lo:off+hi]) {
			t.Fatalf("%x, want %x", sub.Bytes(0), data[off+lo:off+hi])
		}
	})
}

func TestTextSurvivesGrowth(t *testing.T) {
	pool := &batch.Pool{}
	c := batch.NewColumn(pool, schema.Of(schema.Text))
	for round := range 3 {
		c.Reset(500)
		for i := range 500 {
			text := strings.Repeat(string(rune('a'+(i+round)%26)), i)
			if i%2 == 0 {
				c.SetBytes(i, []byte(text))
				continue
			}
			own := c.OwnBuffer(len(text))
			off := len(own.Data)
			own.Data = append(own.Data, text...)
			c.SetOwn(i, off)
		}
		total := 0
		for i := range 500 {
			want := strings.Repeat(string(rune('a'+(i+round)%26)), i)
			if string(c.Bytes(i)) != want {
				t.Fatalf("row %d is %q", i, c.Bytes(i))
			}
			if i > batch.InlineLen {
				total += i
			}
		}
		if c.TextBytes(nil) != total || c.TextBytes([]uint16{5, 13, 20}) != 33 {
			t.Errorf("%d bytes of text, want %d", c.TextBytes(nil), total)
		}
	}
	c.Release()
	if s := pool.Stats(); s.Bytes != 0 || s.Gets == 0 || s.Misses == 0 || s.Misses > s.Gets {
		t.Errorf("%+v: memory was not given back", s)
	}
}

func TestValidity(t *testing.T) {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(100)
	if c.HasNulls() || c.Valid() != nil || c.IsNull(3) {
		t.Error("a reset column is valid")
	}
	c.SetNull(3)
	if !c.IsNull(3) || c.IsNull(4) || c.Valid().Count(100) != 99 {
		t.Error("row 3 alone is NULL")
	}
	c.Resize(300)
	if !c.IsNull(3) || c.IsNull(299) || c.Len() != 300 {
		t.Error("added rows are valid, old ones as they were")
	}
	d := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	d.Reset(300)
	d.AndValid(c)
	d.SetNull(7)
	c.AndValid(d)
	if !c.IsNull(3) || !c.IsNull(7) || c.IsNull(8) {
		t.Error("AndValid joins the NULLs")
	}
	d.DropValid()
	c.CopyValid(d)
	if c.HasNulls() {
		t.Error("CopyValid of an all-valid column")
	}
	c.SetAllNull()
	if c.Valid().Count(300) != 0 || c.Int64s()[5] != 0 {
		t.Error("SetAllNull")
	}
	c.Release()
}

func TestDecimalsShareAScaleUntilTheyDiffer(t *testing.T) {
	c := batch.NewColumn(&batch.Pool{}, schema.NumericOf(10, 2))
	c.Reset(3)
	c.SetDecimal(0, numeric.Decimal{Coef: numeric.Int128FromInt64(150), Scale: 2})
	if len(c.Scales()) != 0 || c.Scale() != 2 {
		t.Error("one scale is enough")
	}
	c.SetDecimal(1, numeric.NaN())
	if c.ScaleAt(0) != 2 || !c.Decimal(1).IsNaN() || c.Decimal(0).Coef.Int64() != 150 {
		t.Error("each row has its scale")
	}
	c.Resize(5)
	if len(c.Scales()) != 5 || c.ScaleAt(4) != 2 {
		t.Error("added rows have the shared scale")
	}
	c.SetScale(0)
	if c.ScaleAt(1) != 0 {
		t.Error("SetScale is for all")
	}
}

func TestNestedColumnsFollowTheirParent(t *testing.T) {
	typ := schema.RowOf(
		schema.Field{Name: "a", Type: schema.Of(schema.Int32)},
		schema.Field{Name: "b", Type: schema.ArrayOf(schema.Of(schema.Int64))},
	)
	pool := &batch.Pool{}
	c := batch.NewColumn(pool, typ)
	c.Reset(2)
	array := c.Child(1)
	array.Child(0).Resize(3)
	copy(array.Child(0).Int64s(), []int64{1, 2, 3})
	copy(array.Offsets(), []int32{0, 1, 3})
	c.Resize(4)
	if c.Child(0).Len() != 4 || !slices.Equal(array.Offsets(), []int32{0, 1, 3, 3, 3}) {
		t.Errorf("children %d, offsets %v", c.Child(0).Len(), array.Offsets())
	}
	c.SetChild(0, nil)
	c.Reset(1)
	c.Resize(2)
	if c.Child(0) != nil || c.Kind() != schema.Row || c.Type().Kind != schema.Row {
		t.Error("a child that nothing reads stays away")
	}
	c.Release()
	c.Release()
}

func TestBuffersAreCounted(t *testing.T) {
	pool := &batch.Pool{}
	b := pool.NewBuffer(100)
	b.Data = append(b.Data, "hello"...)
	b.Retain()
	if !b.Shared() {
		t.Error("two references")
	}
	b.Release()
	b.Grow(1 << 21)
	if b.Shared() || string(b.Data) != "hello" || cap(b.Data) < 1<<21 {
		t.Error("Grow keeps what there is")
	}
	b.Release()
	if got := pool.Stats().Bytes; got != 0 {
		t.Errorf("%d bytes are out", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("one release too many went unnoticed")
		}
	}()
	w := batch.WrapBuffer([]byte("x"))
	w.Grow(10)
	w.Release()
	w.Release()
}

// oneOfEach has a column of every kind with n rows, row i made of seed+i; every fifth row is NULL.
func oneOfEach(n int, seed int64) *batch.Batch {
	pool := &batch.Pool{}
	b := &batch.Batch{Len: n}
	for kind := schema.Bool; kind <= schema.JSONB; kind++ {
		c := batch.NewColumn(pool, schema.Of(kind))
		c.Reset(n)
		for i := range n {
			fill(c, i, seed+int64(i))
			if (seed+int64(i))%5 == 0 {
				c.SetNull(i)
			}
		}
		b.Cols = append(b.Cols, c)
	}
	array := batch.NewColumn(pool, schema.ArrayOf(schema.Of(schema.Int64)))
	array.Reset(n)
	array.Child(0).Resize(n)
	row := batch.NewColumn(pool, schema.RowOf(schema.Field{Name: "a", Type: schema.Of(schema.Int64)}))
	row.Reset(n)
	for i := range n {
		array.Child(0).Int64s()[i] = seed + int64(i)
		array.Offsets()[i+1] = int32(i + 1)
		row.Child(0).Int64s()[i] = seed + int64(i)
	}
	b.Cols = append(b.Cols, array, row, nil)
	return b
}

func fill(c *batch.Column, i int, v int64) {
	switch c.Kind() {
	case schema.Bool:
		c.Bits().Put(i, v%2 == 0)
	case schema.Int16:
		c.Int16s()[i] = int16(v)
	case schema.Int32, schema.Date:
		c.Int32s()[i] = int32(v)
	case schema.Float32:
		c.Float32s()[i] = float32(v)
	case schema.Float64:
		c.Float64s()[i] = float64(v)
	case schema.Numeric:
		c.Coefs()[i] = numeric.Int128FromInt64(v)
	case schema.Interval:
		c.Intervals()[i] = temporal.Interval{Months: int32(v), Days: 1, Micros: v}
	case schema.UUID:
		c.UUIDs()[i] = batch.UUID{byte(v), byte(v >> 8)}
	case schema.Text, schema.Bytes, schema.JSONB:
		c.SetBytes(i, bytes.Repeat([]byte{byte('a' + v%26)}, int(v%40)))
	default:
		c.Int64s()[i] = v
	}
}

func TestHashesBelongToRowsNotToPlaces(t *testing.T) {
	whole := oneOfEach(60, 100)
	straight := slices.Clone(batch.HashRows(nil, whole))
	distinct := map[uint64]bool{}
	for _, h := range straight {
		distinct[h] = true
	}
	if len(distinct) != 60 {
		t.Errorf("60 rows have %d hashes", len(distinct))
	}
	sel := []uint16{3, 10, 11, 59}
	var part batch.Batch
	part.View(whole, sel)
	for i, h := range batch.HashRows(nil, &part) {
		if h != straight[sel[i]] {
			t.Errorf("row %d hashes otherwise under a selection", sel[i])
		}
	}
	for i, h := range batch.HashRows(nil, oneOfEach(10, 120)) {
		if h != straight[20+i] {
			t.Errorf("row %d hashes otherwise in another batch", 20+i)
		}
	}
	whole.Kinds = make([]batch.Change, 60)
	whole.Kinds[4] = batch.Delete
	for i, h := range batch.HashRows(nil, whole) {
		if (h == straight[i]) != (i != 4) {
			t.Errorf("row %d: a deletion must hash otherwise, an insert alike", i)
		}
	}
	for i := range 60 {
		text := bytes.Repeat([]byte("x"), i)
		if batch.HashBytes(text, 1) == batch.HashBytes(text, 2) || batch.HashBytes(text, 1) == batch.HashBytes(append(text, 'x'), 1) {
			t.Errorf("%d bytes: seed and length must matter", i)
		}
	}
}

func TestHeaders(t *testing.T) {
	b := oneOfEach(5, 1)
	origin := &batch.Origin{Block: batch.WrapBuffer([]byte("abcdef")), Starts: []uint32{0, 2}, Ends: []uint32{2, 6}, FirstRecord: 7}
	if b.OriginRow(1) != -1 || b.Rows() != 5 || b.Row(4) != 4 {
		t.Error("all rows count, from nowhere")
	}
	b.Origin = origin
	var v batch.Batch
	v.View(b, []uint16{1, 3})
	if v.Rows() != 2 || v.Row(1) != 3 || v.OriginRow(1) != 1 || string(origin.Record(1)) != "cdef" || origin.RecordNumber(1) != 8 {
		t.Error("a view keeps the origin")
	}
	v.OriginRows = []uint16{1, 1, 0, 0, 0}
	origin.Lines = []uint32{4, 9}
	if v.OriginRow(0) != 1 || origin.RecordNumber(1) != 9 {
		t.Error("mapped rows and numbered lines")
	}
	for change, want := range map[batch.Change]string{batch.Insert: "+I", batch.UpdateBefore: "-U", batch.UpdateAfter: "+U", batch.Delete: "-D"} {
		if change.String() != want {
			t.Error(change, want)
		}
	}
}

func TestShareBuffersNeedsAnEmptyList(t *testing.T) {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))
	c.Reset(1)
	c.SetBytes(0, bytes.Repeat([]byte("x"), 20))
	defer func() {
		if recover() == nil {
			t.Error("numbers of two columns were mixed")
		}
	}()
	c.ShareBuffers(c)
}
