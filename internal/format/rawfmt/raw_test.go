package rawfmt

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// decode reads data and returns the values and the rejects.
func decode(t testing.TB, f codec.Format, block *codec.Block) (values []string, rejects []codec.Reject) {
	t.Helper()
	fixed, _ := f.(codec.Fixed)
	d, err := f.NewDecoder(codec.DecodeSpec{Schema: fixed.FixedSchema(), Pool: &batch.Pool{}, Origin: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Begin(block); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		out, res, err := d.Decode()
		if err != nil {
			t.Fatal(err)
		}
		for i := range out.Len {
			value := string(out.Cols[0].Bytes(i))
			if value != string(out.Origin.Record(i)) {
				t.Errorf("row %d is %q, its record %q", i, value, out.Origin.Record(i))
			}
			values = append(values, value)
		}
		rejects = append(rejects, res.Rejects...)
		if res.Records != out.Len+len(res.Rejects) {
			t.Errorf("%d records, %d rows, %d rejects", res.Records, out.Len, len(res.Rejects))
		}
		more = res.More
	}
	return values, rejects
}

func block(data string) *codec.Block { return &codec.Block{Buf: batch.WrapBuffer([]byte(data))} }

func TestDecode(t *testing.T) {
	tests := []struct {
		name, in string
		format   codec.Format
		want     []string
		bad      int
	}{
		{"lines", "a\r\nlong enough for a buffer\n\nlast", NewLines(), []string{"a", "long enough for a buffer", "", "last"}, 0},
		{"wrong encoding", "a\n\xff\nb\x00\nc\n", NewLines(), []string{"a", "c"}, 2},
		{"empty", "", NewLines(), nil, 0},
		{"bytes", "a\n\xff\x00", NewBytes(), []string{"a\n\xff\x00"}, 0},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			got, rejects := decode(t, c.format, block(c.in))
			if strings.Join(got, "|") != strings.Join(c.want, "|") || len(got) != len(c.want) || len(rejects) != c.bad {
				t.Errorf("got %q, rejects %+v", got, rejects)
			}
		})
	}
}

func TestOversizeIsOneReject(t *testing.T) {
	b := block("head\nof it")
	b.Oversize = &codec.Oversize{Length: 100, Limit: 50}
	got, rejects := decode(t, NewLines(), b)
	if len(got) != 0 || len(rejects) != 1 || rejects[0].End != 10 || rejects[0].Err.Code != "54000" {
		t.Errorf("got %q, rejects %+v", got, rejects)
	}
}

func TestRefusals(t *testing.T) {
	two := schema.New(schema.Field{Name: "a", Type: schema.Of(schema.Text)}, schema.Field{Name: "b", Type: schema.Of(schema.Text)})
	if _, err := NewLines().NewDecoder(codec.DecodeSpec{Schema: two}); err == nil {
		t.Error("two columns were read from lines")
	}
	if _, err := NewLines().NewEncoder(codec.EncodeSpec{Schema: two}); err == nil {
		t.Error("two columns were written as lines")
	}
	one := schema.New(two.Fields[0])
	if _, err := NewLines().NewEncoder(codec.EncodeSpec{Schema: one, Changelog: true}); err == nil {
		t.Error("a changelog was written as lines")
	}
	d, err := NewLines().NewDecoder(codec.DecodeSpec{Schema: one, Pool: &batch.Pool{}})
	if err != nil || d.Begin(&codec.Block{}) == nil {
		t.Error("a block without bytes was taken")
	}
}

func TestEncodeErrors(t *testing.T) {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))
	c.Reset(3)
	c.SetBytes(0, []byte("a\nb"))
	c.SetNull(1)
	c.SetBytes(2, []byte("fine"))
	e, err := NewLines().NewEncoder(codec.EncodeSpec{Schema: schema.New(schema.Field{Name: "x", Type: c.Type()})})
	if err != nil {
		t.Fatal(err)
	}
	dst, ends, bad := e.Encode(nil, nil, &batch.Batch{Cols: []*batch.Column{c}, Len: 3})
	if string(dst) != "fine\n" || len(ends) != 1 || len(bad) != 2 || bad[0].Row != 0 || bad[1].Row != 1 {
		t.Errorf("wrote %q, errors %+v", dst, bad)
	}
}

// TestDecodeUndoesEncode holds for every text without line ends at its end and every byte string.
func TestDecodeUndoesEncode(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		f, typ := NewLines(), schema.Text
		value := []byte(rapid.StringMatching(`[^\n\r\x00]*`).Draw(r, "line"))
		if rapid.Bool().Draw(r, "bytes") {
			f, typ = NewBytes(), schema.Bytes
			value = rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(r, "data")
		}
		c := batch.NewColumn(&batch.Pool{}, schema.Of(typ))
		c.Reset(1)
		c.SetBytes(0, value)
		e, err := f.NewEncoder(codec.EncodeSpec{Schema: schema.New(schema.Field{Name: "x", Type: c.Type()})})
		if err != nil {
			r.Fatal(err)
		}
		dst, _, _ := e.Encode(nil, nil, &batch.Batch{Cols: []*batch.Column{c}, Len: 1})
		got, rejects := decode(t, f, block(string(dst)))
		if len(got) != 1 || got[0] != string(value) || len(rejects) > 0 {
			r.Fatalf("%q became %q, rejects %+v", value, got, rejects)
		}
	})
}

// FuzzDecode: every line is a row or a reject, and the good ones around stay.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("a\nb"))
	f.Add([]byte("\xff\r\n\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, rejects := decode(t, NewLines(), block("good\n"+string(data)+"\ngood\n"))
		if want := bytes.Count(data, []byte("\n")) + 3; len(got)+len(rejects) != want || got[0] != "good" || got[len(got)-1] != "good" {
			t.Fatalf("%d rows and %d rejects of %d lines", len(got), len(rejects), want)
		}
	})
}

func BenchmarkDecodeLines(b *testing.B) {
	const rows = 4000
	in := block(strings.Repeat(strings.Repeat("x", 241)+"\n", rows))
	f := &format{name: LineColumn, kind: schema.Text}
	d, err := f.NewDecoder(codec.DecodeSpec{Schema: f.FixedSchema(), Pool: &batch.Pool{}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = d.Begin(in)
		for more := true; more; {
			_, res, _ := d.Decode()
			more = res.More
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
