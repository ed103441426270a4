package jsonfmt

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"

	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// The benchmarks read Nexmark's combined stream, of which 46 in 50 events are bids, from blocks that together are larger than any cache.
const (
	benchEvents = 200_000
	benchBlock  = 512 << 10
)

func field(name string, kind schema.Kind) schema.Field {
	return schema.Field{Name: name, Type: schema.Of(kind)}
}

// eventSchema is that of the combined stream.
func eventSchema() *schema.Schema {
	return schema.New(
		field("event_type", schema.Int32),
		schema.Field{Name: "person", Type: schema.RowOf(
			field("id", schema.Int64), field("name", schema.Text), field("email_address", schema.Text), field("credit_card", schema.Text),
			field("city", schema.Text), field("state", schema.Text), field("date_time", schema.Timestamp), field("extra", schema.Text))},
		schema.Field{Name: "auction", Type: schema.RowOf(
			field("id", schema.Int64), field("item_name", schema.Text), field("description", schema.Text), field("initial_bid", schema.Int64),
			field("reserve", schema.Int64), field("date_time", schema.Timestamp), field("expires", schema.Timestamp),
			field("seller", schema.Int64), field("category", schema.Int64), field("extra", schema.Text))},
		schema.Field{Name: "bid", Type: schema.RowOf(
			field("auction", schema.Int64), field("bidder", schema.Int64), field("price", schema.Int64), field("channel", schema.Text),
			field("url", schema.Text), field("date_time", schema.Timestamp), field("extra", schema.Text))},
	)
}

// Columns of eventSchema and members of its bids.
const (
	typeColumn = 0
	bidColumn  = 3
)

// needBids asks for event_type and the members of bid that are named by number; none means all.
func needBids(members ...int) []codec.Need {
	bid := codec.Need{Read: true}
	if len(members) > 0 {
		bid.Members = make([]codec.Need, 7)
		for _, i := range members {
			bid.Members[i].Read = true
		}
	}
	return []codec.Need{typeColumn: {Read: true}, bidColumn: bid}
}

// onlyBids is the filter event_type = 2.
func onlyBids() []codec.Condition {
	return []codec.Condition{{Column: typeColumn, Op: codec.Equal, Int: 2}}
}

// nexmarkBlocks are benchEvents events, as a file source would deal them.
var nexmarkBlocks = sync.OnceValue(func() []*codec.Block {
	g, err := nexmark.NewGenerator(nexmark.DefaultConfig())
	if err != nil {
		panic(err)
	}
	var blocks []*codec.Block
	data := make([]byte, 0, benchBlock)
	for k := range uint64(benchEvents) {
		data = append(nexmark.AppendJSON(data, g.At(k)), '\n')
		if len(data)+4<<10 > benchBlock || k == benchEvents-1 {
			blocks = append(blocks, paddedBlock(data))
			data = data[:0]
		}
	}
	return blocks
})

// paddedBlock is a copy of data as the engine lends it, with room behind.
func paddedBlock(data []byte) *codec.Block {
	return &codec.Block{Buf: batch.WrapBuffer(append(make([]byte, 0, len(data)+padding), data...)), Header: true}
}

// report tells what one of n events of all iterations took: time of the processor since begin, which others on the machine disturb less
// than time of the clock.
func report(b *testing.B, begin int64, size, n int) {
	events := float64(b.N) * float64(n)
	b.SetBytes(int64(size))
	b.ReportMetric(float64(int64(sdktest.Spent(b))-begin)/events, "ns/event")
	b.ReportMetric(float64(size)/float64(n), "B/event")
	b.ReportMetric(0, "ns/op")
}

// benchDecode decodes all blocks once an iteration.
func benchDecode(b *testing.B, spec codec.DecodeSpec, wantRows int) {
	f, _ := New(Options{})
	spec.Schema, spec.Pool = eventSchema(), &batch.Pool{}
	d, err := f.NewDecoder(spec)
	if err != nil {
		b.Fatal(err)
	}
	blocks, size := nexmarkBlocks(), 0
	live := paddedBlock(make([]byte, benchBlock))
	b.ReportAllocs()
	begin := int64(sdktest.Spent(b))
	for b.Loop() {
		records, rows := 0, 0
		size = 0
		for _, block := range blocks {
			size += len(block.Buf.Data)
			live.Buf.Data = append(live.Buf.Data[:0], block.Buf.Data...) // as a read does; BenchmarkYardstickCopy tells what it takes
			if err := d.Begin(live); err != nil {
				b.Fatal(err)
			}
			for more := true; more; {
				out, res, _ := d.Decode()
				if len(res.Rejects) > 0 {
					b.Fatal(res.Rejects[0].Err, res.Rejects[0].Column)
				}
				records += res.Records
				rows += out.Len
				more = res.More
			}
		}
		if records != benchEvents || rows != wantRows {
			b.Fatalf("%d records, %d rows, want %d", records, rows, wantRows)
		}
	}
	report(b, begin, size, benchEvents)
}

const benchBids = benchEvents / 50 * 46

// BenchmarkDecodeNexmarkBid reads all seven members of bids, as q0 does.
func BenchmarkDecodeNexmarkBid(b *testing.B) {
	benchDecode(b, codec.DecodeSpec{Need: needBids(), Filter: onlyBids()}, benchBids)
}

// BenchmarkDecodeNexmarkFive reads five members of bids, as q1 into four columns and a filter do.
func BenchmarkDecodeNexmarkFive(b *testing.B) {
	benchDecode(b, codec.DecodeSpec{Need: needBids(0, 1, 2, 5, 6), Filter: onlyBids()}, benchBids)
}

// BenchmarkDecodeNexmarkTwoColumns reads auction and price, as q2 does.
func BenchmarkDecodeNexmarkTwoColumns(b *testing.B) {
	benchDecode(b, codec.DecodeSpec{Need: needBids(0, 2), Filter: onlyBids()}, benchBids)
}

// BenchmarkDecodeNexmarkOrigin reads one column and keeps the place of each line, as a filter with raw output does.
func BenchmarkDecodeNexmarkOrigin(b *testing.B) {
	benchDecode(b, codec.DecodeSpec{Need: needBids(0), Filter: onlyBids(), Origin: true}, benchBids)
}

// BenchmarkDecodeNexmarkPersons keeps one row in fifty.
func BenchmarkDecodeNexmarkPersons(b *testing.B) {
	need := []codec.Need{{Read: true}, {Read: true}, {}, {}}
	benchDecode(b, codec.DecodeSpec{Need: need, Filter: []codec.Condition{{Column: typeColumn, Int: 0}}}, benchEvents/50)
}

// BenchmarkDecodeNexmarkTimesOfDropped keeps persons and auctions and reads the event time of all, as q8 does.
func BenchmarkDecodeNexmarkTimesOfDropped(b *testing.B) {
	person := codec.Need{Read: true, Members: []codec.Need{{Read: true}, {Read: true}, 6: {Read: true}, 7: {}}}
	auction := codec.Need{Read: true, Members: []codec.Need{5: {Read: true}, 7: {Read: true}, 9: {}}}
	bid := codec.Need{Read: true, Members: []codec.Need{5: {Read: true}, 6: {}}}
	benchDecode(b, codec.DecodeSpec{
		Need: []codec.Need{{Read: true}, person, auction, bid}, Filter: []codec.Condition{{Column: typeColumn, Op: codec.LessEqual, Int: 1}},
		Times: [][]int{{3, 5}, {2, 5}, {1, 6}},
	}, benchEvents/50*4)
}

// BenchmarkDecodeNexmarkSkipAll needs no column at all: structure only.
func BenchmarkDecodeNexmarkSkipAll(b *testing.B) {
	benchDecode(b, codec.DecodeSpec{Need: make([]codec.Need, 4)}, benchEvents)
}

// BenchmarkDecodeNexmarkAll reads every member of every event.
func BenchmarkDecodeNexmarkAll(b *testing.B) { benchDecode(b, codec.DecodeSpec{}, benchEvents) }

// BenchmarkYardstickCopy is the part of every decoding benchmark that is no decoding: each block is copied to one place, as by a read.
func BenchmarkYardstickCopy(b *testing.B) {
	blocks, size := nexmarkBlocks(), 0
	live := paddedBlock(make([]byte, benchBlock))
	begin := int64(sdktest.Spent(b))
	for b.Loop() {
		size = 0
		for _, block := range blocks {
			size += len(block.Buf.Data)
			live.Buf.Data = append(live.Buf.Data[:0], block.Buf.Data...)
		}
	}
	report(b, begin, size, benchEvents)
}

// BenchmarkYardstickNewlines finds the line feeds and does nothing else.
func BenchmarkYardstickNewlines(b *testing.B) {
	blocks, size := nexmarkBlocks(), 0
	begin := int64(sdktest.Spent(b))
	for b.Loop() {
		lines := 0
		size = 0
		for _, block := range blocks {
			data := block.Buf.Data
			size += len(data)
			for i := 0; i < len(data); lines++ {
				i += bytes.IndexByte(data[i:], '\n') + 1
			}
		}
		if lines != benchEvents {
			b.Fatal("lines", lines)
		}
	}
	report(b, begin, size, benchEvents)
}

// BenchmarkYardstickEncodingJSON decodes bids into a struct with the standard library.
func BenchmarkYardstickEncodingJSON(b *testing.B) {
	type event struct {
		EventType int32 `json:"event_type"`
		Bid       *struct {
			Auction  int64  `json:"auction"`
			Bidder   int64  `json:"bidder"`
			Price    int64  `json:"price"`
			Channel  string `json:"channel"`
			URL      string `json:"url"`
			DateTime string `json:"date_time"`
			Extra    string `json:"extra"`
		} `json:"bid"`
	}
	block := nexmarkBlocks()[0]
	n := 0
	begin := int64(sdktest.Spent(b))
	for b.Loop() {
		n = 0
		for line := range bytes.Lines(block.Buf.Data) {
			var e event
			if err := json.Unmarshal(line, &e); err != nil {
				b.Fatal(err)
			}
			n++
		}
	}
	report(b, begin, len(block.Buf.Data), n)
}

// bidBatches are the bids of one block, which is as much as lies in the cache when a pipeline encodes what it has just decoded.
func bidBatches(b *testing.B, pick ...int) ([]*batch.Batch, *schema.Schema) {
	b.Helper()
	f, _ := New(Options{})
	var out []*batch.Batch
	fields := eventSchema().Fields[bidColumn].Type.Fields
	s := &schema.Schema{}
	for _, i := range pick {
		s.Fields = append(s.Fields, fields[i])
	}
	for _, block := range nexmarkBlocks()[:1] {
		d, err := f.NewDecoder(codec.DecodeSpec{Schema: eventSchema(), Pool: &batch.Pool{}, Need: needBids(pick...), Filter: onlyBids(), Origin: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Begin(block); err != nil {
			b.Fatal(err)
		}
		in, _, _ := d.Decode()
		picked := &batch.Batch{Len: in.Len, Origin: in.Origin}
		for _, i := range pick {
			picked.Cols = append(picked.Cols, in.Cols[bidColumn].Child(i))
		}
		out = append(out, picked)
	}
	return out, s
}

func benchEncode(b *testing.B, spec codec.EncodeSpec, batches []*batch.Batch) {
	f, _ := New(Options{})
	e, err := f.NewEncoder(spec)
	if err != nil {
		b.Fatal(err)
	}
	var dst []byte
	var ends []int
	rows, size := 0, 0
	b.ReportAllocs()
	begin := int64(sdktest.Spent(b))
	for b.Loop() {
		rows, size = 0, 0
		for _, in := range batches {
			dst, ends, _ = e.Encode(dst[:0], ends[:0], in)
			size += len(dst)
			rows += len(ends)
		}
	}
	report(b, begin, size, rows)
}

// BenchmarkEncodeFiveFields writes auction, bidder, price, date_time and extra.
func BenchmarkEncodeFiveFields(b *testing.B) {
	batches, s := bidBatches(b, 0, 1, 2, 5, 6)
	benchEncode(b, codec.EncodeSpec{Schema: s}, batches)
}

// BenchmarkEncodeSevenFields writes whole bids.
func BenchmarkEncodeSevenFields(b *testing.B) {
	batches, s := bidBatches(b, 0, 1, 2, 3, 4, 5, 6)
	benchEncode(b, codec.EncodeSpec{Schema: s}, batches)
}

// BenchmarkRawPassthrough writes the lines that the rows came from.
func BenchmarkRawPassthrough(b *testing.B) {
	batches, s := bidBatches(b, 0)
	benchEncode(b, codec.EncodeSpec{Schema: s, Raw: true}, batches)
}
