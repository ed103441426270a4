package sdktest

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

func timesOfEveryRow(t testing.TB, f Format) {
	if !slices.ContainsFunc(f.Types, func(typ schema.Type) bool { return typ.Kind == schema.Timestamp }) || f.Schema != nil {
		t.Skip("the format has no timestamps")
	}
	nested := slices.ContainsFunc(f.Types, func(typ schema.Type) bool { return typ.Kind == schema.Row })
	rapid.Check(t, func(t *rapid.T) {
		s, paths := drawTimes(t, f.Types, nested)
		b := f.Values.DrawBatch(t, &batch.Pool{}, s, rapid.IntRange(1, 15).Draw(t, "rows"))
		w := f.write(t, s, b)
		spec := codec.DecodeSpec{Schema: s, Times: paths, Origin: true, Need: drawNeed(t, s)}
		if c, ok := drawCondition(t, s); ok && spec.Need[c.Column].Read {
			spec.Filter = []codec.Condition{c}
		}
		d, first := newDecoder(t, f.Format, spec), 0
		for _, block := range (input{f: f.Format, data: w.data}).blocks(t, rapid.IntRange(1, 300).Draw(t, "block size")) {
			first += blockTimes(t, d, block, spec, timesOf(b, paths)[first:])
		}
		if first != b.Len {
			t.Fatalf("%d records of %d", first, b.Len)
		}
	})
}

// drawTimes draws a schema and the paths of its event time.
func drawTimes(t *rapid.T, types []schema.Type, nested bool) (*schema.Schema, [][]int) {
	s := DrawSchema(t, types)
	kind := schema.Of(rapid.SampledFrom([]schema.Kind{schema.Timestamp, schema.TimestampTZ}).Draw(t, "kind of time"))
	var paths [][]int
	for range rapid.IntRange(1, 3).Draw(t, "times") {
		at := s.Len()
		name := string(rune('a' + at))
		if !nested || rapid.Bool().Draw(t, "top level") {
			s.Fields = append(s.Fields, schema.Field{Name: name, Type: kind})
			paths = append(paths, []int{at})
			continue
		}
		inner := schema.RowOf(schema.Field{Name: "n", Type: schema.Of(schema.Int64)}, schema.Field{Name: "t", Type: kind})
		s.Fields = append(s.Fields, schema.Field{Name: name, Type: inner})
		paths = append(paths, []int{at, 1})
	}
	return s, paths
}

// timesOf are the event times of the rows of b.
func timesOf(b *batch.Batch, paths [][]int) []int64 {
	var columns []*batch.Column
	for _, path := range paths {
		c := b.Cols[path[0]]
		if len(path) > 1 {
			c = c.Child(path[1])
		}
		columns = append(columns, c)
	}
	times := make([]int64, b.Len)
	for row := range times {
		times[row] = codec.FirstTime(columns, row)
	}
	return times
}

// blockTimes decodes a block and checks it against the times of its rows and those behind. It returns how many it has.
func blockTimes(t *rapid.T, d codec.Decoder, block *codec.Block, spec codec.DecodeSpec, times []int64) (records int) {
	t.Helper()
	if err := d.Begin(block); err != nil {
		t.Fatal(err)
	}
	before := make([]int64, len(times)+1)
	before[0] = math.MinInt64
	for i, micros := range times {
		before[i+1] = before[i]
		if micros != codec.NoTime && micros != math.MaxInt64 {
			before[i+1] = max(before[i], micros)
		}
	}
	for more := true; more; {
		b, res, err := d.Decode()
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Rows() {
			row := b.Row(i)
			if n := b.Origin.RecordNumber(b.OriginRow(row)); b.Before[row] != before[n] {
				t.Fatalf("record %d comes after time %d, and it says %d; all times are %v", n, before[n], b.Before[row], times)
			}
		}
		for i, need := range spec.Need {
			if !need.Read && b.Cols[i] != nil {
				t.Fatalf("column %d is not needed, and is there", i)
			}
		}
		records += res.Records
		if more = res.More; res.Top != before[records] {
			t.Fatalf("after %d records with the times %v the largest is %d", records, times, res.Top)
		}
	}
	return records
}
