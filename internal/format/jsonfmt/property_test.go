package jsonfmt

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
	"wire.example/wire/sdk/temporal"
)

// scalarKinds are the kinds of which a value is drawn by set.
var scalarKinds = []schema.Kind{
	schema.Bool, schema.Int16, schema.Int32, schema.Int64, schema.Float32, schema.Float64, schema.Numeric, schema.Text, schema.Bytes,
	schema.Date, schema.Time, schema.Timestamp, schema.TimestampTZ, schema.Interval, schema.UUID, schema.JSONB,
}

func drawType(t *rapid.T, depth int) schema.Type {
	switch kind := rapid.IntRange(0, len(scalarKinds)+1).Draw(t, "kind"); {
	case kind < len(scalarKinds) || depth == 0:
		return schema.Of(scalarKinds[kind%len(scalarKinds)])
	case kind == len(scalarKinds):
		return schema.ArrayOf(drawType(t, depth-1))
	}
	fields := []schema.Field{{Name: "a", Type: drawType(t, depth-1)}, {Name: `b "quoted"`, Type: drawType(t, depth-1)}}
	return schema.RowOf(fields[:rapid.IntRange(1, 2).Draw(t, "fields")]...)
}

// set draws value row of c.
func set(t *rapid.T, c *batch.Column, row int) {
	if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		c.SetNull(row)
		return
	}
	switch c.Kind() {
	case schema.Bool:
		c.Bits().Put(row, rapid.Bool().Draw(t, "v"))
	case schema.Int16:
		c.Int16s()[row] = rapid.Int16().Draw(t, "v")
	case schema.Int32:
		c.Int32s()[row] = rapid.Int32().Draw(t, "v")
	case schema.Int64:
		c.Int64s()[row] = rapid.Int64().Draw(t, "v")
	case schema.Float32:
		c.Float32s()[row] = rapid.Float32().Draw(t, "v")
	case schema.Float64:
		c.Float64s()[row] = rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1)})).Draw(t, "v")
	case schema.Numeric:
		d := numeric.Decimal{Coef: numeric.MulInt64(rapid.Int64().Draw(t, "v"), rapid.Int64Range(0, 1e18).Draw(t, "w")), Scale: rapid.Int16Range(-3, 38).Draw(t, "scale")}
		if d.Scale < 0 {
			d.Coef = numeric.Int128{}
		}
		c.SetDecimal(row, d)
	case schema.Text:
		c.SetBytes(row, []byte(strings.ReplaceAll(strings.ToValidUTF8(rapid.String().Draw(t, "v"), "?"), "\x00", "")))
	case schema.JSONB:
		c.SetBytes(row, []byte(rapid.SampledFrom([]string{`true`, `1.50`, `"x\ny"`, `{"a": [1, {}], "bb": "é"}`, `[]`}).Draw(t, "v")))
	case schema.Bytes:
		c.SetBytes(row, rapid.SliceOf(rapid.Byte()).Draw(t, "v"))
	case schema.Date:
		c.Int32s()[row] = rapid.Int32Range(temporal.MinDate, temporal.MaxDate).Draw(t, "v")
	case schema.Time:
		c.Int64s()[row] = rapid.Int64Range(0, temporal.MaxTime).Draw(t, "v")
	case schema.Timestamp, schema.TimestampTZ:
		c.Int64s()[row] = rapid.Int64Range(temporal.MinTimestamp, temporal.MaxTimestamp).Draw(t, "v")
	case schema.Interval:
		c.Intervals()[row] = temporal.Interval{
			Months: rapid.Int32Range(-1e6, 1e6).Draw(t, "months"), Days: rapid.Int32Range(-1e6, 1e6).Draw(t, "days"), Micros: rapid.Int64Range(-1e15, 1e15).Draw(t, "µs"),
		}
	case schema.UUID:
		copy(c.UUIDs()[row][:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v"))
	case schema.Array:
		n := rapid.IntRange(0, 3).Draw(t, "n")
		from := int(c.Offsets()[row])
		c.Child(0).Resize(from + n)
		for i := range n {
			set(t, c.Child(0), from+i)
		}
		for i := row + 1; i <= c.Len(); i++ {
			c.Offsets()[i] = int32(from + n)
		}
	case schema.Row:
		for i := range c.Type().Fields {
			set(t, c.Child(i), row)
		}
	}
}

// TestDecodeUndoesEncode: rows of any types, written and read, are the same text when written again, and are valid JSON.
func TestDecodeUndoesEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pool := &batch.Pool{}
		s := &schema.Schema{}
		rows := rapid.IntRange(1, 4).Draw(t, "rows")
		in := &batch.Batch{Len: rows}
		for i := range rapid.IntRange(1, 3).Draw(t, "columns") {
			typ := drawType(t, 2)
			s.Fields = append(s.Fields, schema.Field{Name: string(rune('x' + i)), Type: typ})
			c := batch.NewColumn(pool, typ)
			c.Reset(rows)
			for row := range rows {
				set(t, c, row)
			}
			in.Cols = append(in.Cols, c)
		}
		f, _ := New(Options{})
		e, err := f.NewEncoder(codec.EncodeSpec{Schema: s})
		if err != nil {
			t.Fatal(err)
		}
		text, ends, _ := e.Encode(nil, nil, in)
		if len(ends) != rows || ends[rows-1] != len(text) {
			t.Fatalf("ends %v for %d rows", ends, rows)
		}
		for line := range bytes.Lines(text) {
			if !json.Valid(line) {
				t.Fatalf("not JSON: %s", line)
			}
		}
		d, err := f.NewDecoder(codec.DecodeSpec{Schema: s, Pool: pool})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Begin(&codec.Block{Buf: batch.WrapBuffer(text)}); err != nil {
			t.Fatal(err)
		}
		out, res, _ := d.Decode()
		if len(res.Rejects) > 0 {
			t.Fatalf("%s of %s: %v", res.Rejects[0].Column, text, res.Rejects[0].Err)
		}
		again, _, _ := e.Encode(nil, nil, out)
		if !bytes.Equal(text, again) {
			t.Fatalf("written %s\nread back %s", text, again)
		}
		a, b := batch.HashRows(nil, in), batch.HashRows(nil, out)
		for i := range a {
			if plain(s) && a[i] != b[i] {
				t.Fatalf("row %d of %s differs", i, text)
			}
		}
	})
}

// plain reports whether equal values of s always hash alike: NULLs below a ROW or ARRAY do not matter, NaN has many bit patterns.
func plain(s *schema.Schema) bool {
	for _, f := range s.Fields {
		if f.Type.Kind.IsNested() || f.Type.Kind.IsFloat() {
			return false
		}
	}
	return true
}

// FuzzDecode: no input breaks the decoder, a good row between bad ones is kept, and what is accepted can be read again.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"b":"x","c":{"d":[1.5,null],"e":"2015-07-15 00:00:00"},"j":{"q":[]}}`, `{"a":1e5,"b":"\u00e9\\"`, "{\"b\":\"\xff\"}", `{}`, `{"a":`, `[`, "\r", `{"c":{"d":[[[`,
		`{"A":1,"a":2,"B":true}`, `{"j":{"b":1,"a":2,"b":3}}`, "{\"op\":\"-U\"}\n\n{\"op\":\"+U\"}\n{\"a\":1,\"op\":\"-\\u0055\"}",
	} {
		f.Add([]byte(seed))
	}
	s := schema.New(
		schema.Field{Name: "a", Type: schema.Of(schema.Int64)}, schema.Field{Name: "b", Type: schema.Of(schema.Text)},
		schema.Field{Name: "c", Type: schema.RowOf(
			schema.Field{Name: "d", Type: schema.ArrayOf(schema.Of(schema.Numeric))}, schema.Field{Name: "e", Type: schema.Of(schema.Timestamp)})},
		schema.Field{Name: "j", Type: schema.Of(schema.JSONB)},
	)
	f.Fuzz(func(t *testing.T, data []byte) {
		const good = `{"a":1,"b":"good","c":{"d":[2],"e":"2015-07-15T00:00:00"},"j":null}` + "\n"
		all := good + string(data) + "\n" + good
		got, _ := decodeAll(t, Options{Epoch: "ms"}, codec.DecodeSpec{Schema: s}, &codec.Block{Buf: batch.WrapBuffer([]byte(all))})
		if !strings.HasPrefix(got, good) || !strings.HasSuffix(got, good) {
			t.Fatalf("good rows lost around %q: %s", data, got)
		}
		again, rejects := decodeAll(t, Options{}, codec.DecodeSpec{Schema: s}, &codec.Block{Buf: batch.WrapBuffer([]byte(got))})
		if len(rejects) > 0 || again != got {
			t.Fatalf("%s reads back as %s, rejects %+v", got, again, rejects)
		}
		skipped, _ := decodeAll(t, Options{}, codec.DecodeSpec{Schema: s, Need: make([]codec.Need, 4)}, &codec.Block{Buf: batch.WrapBuffer([]byte(all))})
		if strings.Count(skipped, "\n") < strings.Count(got, "\n") {
			t.Fatalf("fewer rows when nothing is needed: %s", skipped)
		}
		sdktest.FuzzFormat(t, newFormat(t, Options{Changelog: true}), s, []byte("{\"op\":\"-U\"}\n"), data)
	})
}
