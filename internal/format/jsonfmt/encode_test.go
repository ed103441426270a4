package jsonfmt

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
)

// TestQuickAndPlainEncodingAgree: what the encoder puts into free space is what the appending functions write, for every type.
func TestQuickAndPlainEncodingAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pool, s := &batch.Pool{}, &schema.Schema{}
		in := &batch.Batch{Len: rapid.IntRange(1, 5).Draw(t, "rows")}
		for i := range rapid.IntRange(0, 4).Draw(t, "columns") {
			typ := drawType(t, 1)
			s.Fields = append(s.Fields, schema.Field{Name: rapid.StringMatching(`[a-z"]{0,30}`).Draw(t, "name"), Type: typ})
			c := batch.NewColumn(pool, typ)
			c.Reset(in.Len)
			for row := range in.Len {
				set(t, c, row)
			}
			if in.Cols = append(in.Cols, c); rapid.IntRange(0, 9).Draw(t, "absent") == 0 {
				in.Cols[i] = nil
			}
		}
		f, _ := New(Options{})
		e, err := f.NewEncoder(codec.EncodeSpec{Schema: s})
		if err != nil {
			t.Fatal(err)
		}
		var want []byte
		for row := range in.Len {
			writers := newWriters(s.Fields, false)
			if len(writers) == 0 {
				want = append(want, '{')
			}
			for i := range writers {
				want = writers[i].append(append(want, writers[i].key...), in.Cols[i], row)
			}
			want = append(want, "}\n"...)
		}
		before := make([]byte, rapid.IntRange(0, 40).Draw(t, "before"))
		got, ends, bad := e.Encode(before, nil, in)
		if string(got[len(before):]) != string(want) || len(ends) != in.Len || len(bad) > 0 {
			t.Fatalf("got\n%swant\n%s", got[len(before):], want)
		}
	})
}

func TestDecimalsArePut(t *testing.T) {
	room := make([]byte, 128)
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Numeric))
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64().Draw(t, "v") >> rapid.UintRange(0, 63).Draw(t, "shift")
		d := numeric.Decimal{Coef: numeric.Int128FromInt64(v), Scale: rapid.Int16Range(0, 10).Draw(t, "scale")}
		if rapid.IntRange(0, 9).Draw(t, "special") == 0 {
			d = rapid.SampledFrom([]numeric.Decimal{numeric.NaN(), numeric.Inf(1), numeric.Inf(-1), {Coef: numeric.MulInt64(math.MaxInt64, 3)}}).Draw(t, "d")
		}
		c.Reset(1)
		c.SetDecimal(0, d)
		want := string(codec.AppendDecimal(nil, d))
		if n := putDecimal(unsafe.Pointer(&room[0]), 0, c, 0); n > 0 && string(room[:n]) != want {
			t.Fatalf("%s is put as %s", want, room[:n])
		} else if n == 0 && d.Scale >= 0 && d.Scale <= 8 && d.Coef.FitsInt64() && len(want) < 18 {
			t.Fatalf("%s is left to the slow way", want)
		}
	})
}

// TestOutputGrows: there is always enough room, however long texts and names are.
func TestOutputGrows(t *testing.T) {
	pool := &batch.Pool{}
	var s schema.Schema
	in := &batch.Batch{Len: 3}
	for i, size := range []int{0, 12, 13, 5000, 70000, 1} {
		s.Fields = append(s.Fields, schema.Field{Name: strings.Repeat("n", 100*i+1), Type: schema.Of(schema.Text)})
		c := batch.NewColumn(pool, schema.Of(schema.Text))
		c.Reset(3)
		for row := range 3 {
			c.SetBytes(row, []byte(strings.Repeat("ä", size/2)+strings.Repeat("\n", row)))
		}
		in.Cols = append(in.Cols, c)
	}
	f, _ := New(Options{})
	e, _ := f.NewEncoder(codec.EncodeSpec{Schema: &s})
	got, ends, _ := e.Encode(nil, nil, in)
	back, rejects := decodeAll(t, Options{}, codec.DecodeSpec{Schema: &s}, paddedBlock(got))
	if back != string(got) || len(rejects) > 0 || len(ends) != 3 {
		t.Errorf("%d bytes became %d, rejects %+v", len(got), len(back), rejects)
	}
	if err := json.Unmarshal(got[:ends[0]], new(map[string]string)); err != nil {
		t.Error(err)
	}
}

// FuzzEncode: output is valid JSON, and read back as what it was.
func FuzzEncode(f *testing.F) {
	f.Add("name", []byte("text \"\\\n\x01\x7f ä"), int64(-5), 1.5)
	f.Add("", []byte("short"), int64(math.MinInt64), math.Inf(-1))
	f.Add("\x00\xff", []byte("a much longer text with \xc3\xa9 in it"), int64(123456789012), 1e300)
	f.Fuzz(func(t *testing.T, name string, text []byte, v int64, x float64) {
		if !utf8.ValidString(name) || strings.Contains(name, "\x00") || codec.CheckText(text) != nil {
			return
		}
		s := schema.New(field("t"+name, schema.Text), field("v"+name, schema.Int64), field("x"+name, schema.Float64), field("d"+name, schema.Timestamp))
		in := &batch.Batch{Len: 1}
		for i := range s.Fields {
			c := batch.NewColumn(&batch.Pool{}, s.Fields[i].Type)
			c.Reset(1)
			in.Cols = append(in.Cols, c)
		}
		in.Cols[0].SetBytes(0, text)
		in.Cols[1].Int64s()[0], in.Cols[2].Float64s()[0], in.Cols[3].Int64s()[0] = v, x, v%1e15
		e, _ := newEncoder(&format{}, encodeSpec(s))
		got, _, _ := e.Encode(nil, nil, in)
		if !json.Valid(got) {
			t.Fatalf("not JSON: %s", got)
		}
		d, _ := newDecoder(&format{}, decodeSpec(s))
		_ = d.Begin(paddedBlock(got))
		out, res, _ := d.Decode()
		if len(res.Rejects) > 0 {
			t.Fatalf("%s is rejected: %v", got, res.Rejects[0].Err)
		}
		y := out.Cols[2].Float64s()[0]
		if string(out.Cols[0].Bytes(0)) != string(text) || out.Cols[1].Int64s()[0] != v || y != x && !(y != y && x != x) || out.Cols[3].Int64s()[0] != v%1e15 {
			t.Fatalf("%s is read back as other values", got)
		}
	})
}
