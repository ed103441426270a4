package csvfmt

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// bidSchema is that of an auction's bids.
func bidSchema() *schema.Schema {
	return schema.New(
		schema.Field{Name: "auction", Type: schema.Of(schema.Int64)},
		schema.Field{Name: "bidder", Type: schema.Of(schema.Int64)},
		schema.Field{Name: "price", Type: schema.Of(schema.Int64)},
		schema.Field{Name: "channel", Type: schema.Of(schema.Text)},
		schema.Field{Name: "url", Type: schema.Of(schema.Text)},
		schema.Field{Name: "date_time", Type: schema.Of(schema.Timestamp)},
		schema.Field{Name: "extra", Type: schema.Of(schema.Text)},
	)
}

const bidHeader = "auction,bidder,price,channel,url,date_time,extra\n"

// bidLines are n lines of about 100 bytes; text is in quotes if quote is a quote.
func bidLines(n int, quote string) []byte {
	var b bytes.Buffer
	for i := range n {
		text := func(format string, args ...any) string { return quote + fmt.Sprintf(format, args...) + quote }
		fmt.Fprintf(&b, "%d,%d,%d,%s,%s,2015-07-15 00:%02d:%02d.%03d,%s\n", 1000+i%977, 1000+i*7%9973, 100+i*31%99991,
			text("channel-%d", i%1000), text("https://nexmark.com/item?query=%d", i%1000), i/60000%60, i/1000%60, i%1000, text("%s", strings.Repeat("abcd", 6)[:10+i%13]))
	}
	return b.Bytes()
}

// paddedBlock is data as the engine lends it, with room behind.
func paddedBlock(data []byte) *codec.Block {
	return &codec.Block{Buf: batch.WrapBuffer(append(make([]byte, 0, len(data)+padding), data...)), FileHeader: []byte(bidHeader)}
}

func BenchmarkDecodeBids(b *testing.B) {
	const lines = 3000
	plain, inQuotes := bidLines(lines, ""), bidLines(lines, `"`)
	three := make([]codec.Need, 7)
	three[0].Read, three[2].Read, three[5].Read = true, true, true
	for _, c := range []struct {
		name string
		data []byte
		spec codec.DecodeSpec
	}{
		{"all", plain, codec.DecodeSpec{}},
		{"all, text in quotes", inQuotes, codec.DecodeSpec{}},
		{"3 of 7", plain, codec.DecodeSpec{Need: three}},
		{"filtered", plain, codec.DecodeSpec{Filter: []codec.Condition{{Column: 0, Op: codec.Less, Int: 1}}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.spec.Schema, c.spec.Pool = bidSchema(), &batch.Pool{}
			d, err := newFormat(b, Options{Header: true}).NewDecoder(c.spec)
			if err != nil {
				b.Fatal(err)
			}
			block := paddedBlock(c.data)
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				rows = 0
				if err := d.Begin(block); err != nil {
					b.Fatal(err)
				}
				for more := true; more; {
					_, res, _ := d.Decode()
					if len(res.Rejects) > 0 {
						b.Fatal(res.Rejects[0].Err, res.Rejects[0].Column)
					}
					rows += res.Records
					more = res.More
				}
			}
			if rows != lines {
				b.Fatal("rows", rows)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/row")
		})
	}
}

func BenchmarkCut(b *testing.B) {
	const lines = 3000
	for _, quote := range []string{"", `"`} {
		b.Run("quote "+quote, func(b *testing.B) {
			data := bidLines(lines, quote)
			data = data[:len(data)-20]
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				f := newFormat(b, Options{}).NewFramer()
				if n := f.Cut(data, false); n <= len(data)-200 {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/row")
		})
	}
}

func BenchmarkEncodeBids(b *testing.B) {
	d, err := newFormat(b, Options{Header: true}).NewDecoder(codec.DecodeSpec{Schema: bidSchema(), Pool: &batch.Pool{}})
	if err != nil {
		b.Fatal(err)
	}
	if err := d.Begin(paddedBlock(bidLines(batchRows, ""))); err != nil {
		b.Fatal(err)
	}
	in, _, _ := d.Decode()
	e, err := newFormat(b, Options{Header: true}).NewEncoder(codec.EncodeSpec{Schema: bidSchema()})
	if err != nil {
		b.Fatal(err)
	}
	var dst []byte
	var ends []int
	b.ReportAllocs()
	for b.Loop() {
		dst, ends, _ = e.Encode(dst[:0], ends[:0], in)
	}
	b.SetBytes(int64(len(dst)))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(ends)), "ns/row")
}
