package jsonfmt

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// eventSchema is that of the combined auction stream: which kind of event, and one nested row for bids.
func eventSchema() *schema.Schema {
	return schema.New(
		schema.Field{Name: "event_type", Type: schema.Of(schema.Int32)},
		schema.Field{Name: "bid", Type: schema.RowOf(
			schema.Field{Name: "auction", Type: schema.Of(schema.Int64)},
			schema.Field{Name: "bidder", Type: schema.Of(schema.Int64)},
			schema.Field{Name: "price", Type: schema.Of(schema.Int64)},
			schema.Field{Name: "channel", Type: schema.Of(schema.Text)},
			schema.Field{Name: "url", Type: schema.Of(schema.Text)},
			schema.Field{Name: "date_time", Type: schema.Of(schema.Timestamp)},
			schema.Field{Name: "extra", Type: schema.Of(schema.Text)},
		)},
	)
}

// bidLines are n lines of about 306 bytes.
func bidLines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"event_type":2,"bid":{"auction":%d,"bidder":%d,"price":%d,"channel":"channel-%d",`+
			`"url":"https://www.nexmark.com/abcd/efgh/ijkl/item.htm?query=1&channel_id=%d",`+
			`"date_time":"2015-07-15 00:%02d:%02d.%06d","extra":"%s"}}`+"\n",
			1000+i%977, 1000+i*7%9973, 100+i*31%99991, i%10000, 100000000+i%1000,
			i/60000%60, i/1000%60, i*100%1000000, strings.Repeat("abcdefgh", 13)[:80+i%13])
	}
	return b.Bytes()
}

// paddedBlock is data as the engine lends it, with room behind.
func paddedBlock(data []byte) *codec.Block {
	return &codec.Block{Buf: batch.WrapBuffer(append(make([]byte, 0, len(data)+padding), data...)), Header: true}
}

func BenchmarkDecodeBids(b *testing.B) {
	const lines = 3000
	data := bidLines(lines)
	seven := codec.Need{Read: true, Members: []codec.Need{{Read: true}, {Read: true}, {Read: true}, {}, {}, {Read: true}, {Read: true}}}
	for _, c := range []struct {
		name string
		spec codec.DecodeSpec
	}{
		{"all", codec.DecodeSpec{}},
		{"type and 5 of bid", codec.DecodeSpec{Need: []codec.Need{{Read: true}, seven}}},
		{"type only", codec.DecodeSpec{Need: []codec.Need{{Read: true}, {}}}},
		{"filtered", codec.DecodeSpec{Filter: []codec.Condition{{Column: 0, Int: 1}}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			f, _ := New(Options{})
			c.spec.Schema, c.spec.Pool = eventSchema(), &batch.Pool{}
			d, err := f.NewDecoder(c.spec)
			if err != nil {
				b.Fatal(err)
			}
			block := paddedBlock(data)
			b.SetBytes(int64(len(data)))
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

func BenchmarkEncodeBids(b *testing.B) {
	f, _ := New(Options{})
	pool := &batch.Pool{}
	d, err := f.NewDecoder(codec.DecodeSpec{Schema: eventSchema(), Pool: pool})
	if err != nil {
		b.Fatal(err)
	}
	if err := d.Begin(paddedBlock(bidLines(batchRows))); err != nil {
		b.Fatal(err)
	}
	in, _, _ := d.Decode()
	fields := eventSchema().Fields[1].Type.Fields
	picked := []int{0, 1, 2, 5, 6}
	out := batch.Batch{Len: in.Len}
	s := &schema.Schema{}
	for _, i := range picked {
		out.Cols = append(out.Cols, in.Cols[1].Child(i))
		s.Fields = append(s.Fields, fields[i])
	}
	e, err := f.NewEncoder(codec.EncodeSpec{Schema: s})
	if err != nil {
		b.Fatal(err)
	}
	var dst []byte
	var ends []int
	b.ReportAllocs()
	for b.Loop() {
		dst, ends, _ = e.Encode(dst[:0], ends[:0], &out)
	}
	b.SetBytes(int64(len(dst)))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(ends)), "ns/row")
}
