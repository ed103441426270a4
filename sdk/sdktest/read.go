package sdktest

import (
	"bytes"
	"errors"
	"io"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// recordLimit is the largest record that the suites let a reader take.
const recordLimit = 1 << 20

// reject is a rejected record with its bytes. number counts the records of the whole input, from 0.
type reject struct {
	number int
	text   string
	codec.Reject
}

// reading is what decoders made of some blocks.
type reading struct {
	rows     []string
	origins  []string // the record of each row, if asked for
	numbers  []int    // its number in the input
	rejects  []reject
	records  int
	filtered int
}

// add decodes block with d.
func (r *reading) add(t rapid.TB, d codec.Decoder, block *codec.Block) {
	t.Helper()
	if err := d.Begin(block); err != nil {
		t.Fatalf("Begin: %v", err)
	}
	base := r.records
	for more := true; more; {
		b, res, err := d.Decode()
		if err != nil {
			t.Fatalf("Decode: %v", err)
		}
		if rows := b.Rows(); res.Records != rows+res.Filtered+len(res.Rejects) || b.Len > batch.MaxRows {
			t.Fatalf("%d records became %d rows (of %d), %d filtered, %d rejected", res.Records, rows, b.Len, res.Filtered, len(res.Rejects))
		}
		if res.More && res.Records == 0 {
			t.Fatal("Decode did nothing and says that there is more")
		}
		r.rows = append(r.rows, Rows(b)...)
		r.addOrigins(t, b, block, base)
		for _, bad := range res.Rejects {
			if bad.Start < 0 || bad.End < bad.Start || bad.End > len(block.Buf.Data) || bad.Err == nil || bad.Record < 0 {
				t.Fatalf("reject %+v in a block of %d bytes", bad, len(block.Buf.Data))
			}
			r.rejects = append(r.rejects, reject{base + bad.Record, string(block.Buf.Data[bad.Start:bad.End]), bad})
		}
		r.records += res.Records
		r.filtered += res.Filtered
		more = res.More
	}
	if block.Oversize == nil {
		linesCounted(t, d, block.Buf.Data)
	}
}

// linesCounted fails if d counts lines and did not go past those of data.
func linesCounted(t rapid.TB, d codec.Decoder, data []byte) {
	t.Helper()
	counter, ok := d.(codec.LineCounter)
	if !ok {
		return
	}
	want := bytes.Count(data, []byte{'\n'})
	if len(data) > 0 && data[len(data)-1] != '\n' {
		want++
	}
	if got := counter.Lines(); got != want {
		t.Fatalf("the decoder passed %d lines of a block of %d: %.300q", got, want, data)
	}
}

func (r *reading) addOrigins(t rapid.TB, b *batch.Batch, block *codec.Block, base int) {
	t.Helper()
	if b.Origin == nil {
		return
	}
	if b.Origin.Name != block.Name || b.Origin.Offset != block.Offset {
		t.Errorf("rows come from %q at %d, the block from %q at %d", b.Origin.Name, b.Origin.Offset, block.Name, block.Offset)
	}
	for i := range b.Rows() {
		o := b.OriginRow(b.Row(i))
		r.origins = append(r.origins, string(b.Origin.Record(o)))
		r.numbers = append(r.numbers, base+b.Origin.RecordNumber(o))
	}
}

// mustBe fails unless exactly rows were read, and nothing else.
func (r *reading) mustBe(t rapid.TB, rows []string) {
	t.Helper()
	if len(r.rejects) > 0 {
		t.Fatalf("%q is rejected, column %q: %v", r.rejects[0].text, r.rejects[0].Column, r.rejects[0].Err)
	}
	if diff := Diff(rows, r.rows); diff != "" {
		t.Fatalf("other rows (-want +got):\n%s", short(diff))
	}
}

// read decodes what was written, as one block.
func (f Format) read(t rapid.TB, w written, spec codec.DecodeSpec) *reading {
	t.Helper()
	spec.Schema = w.schema
	r := &reading{}
	d := newDecoder(t, f.Format, spec)
	for _, block := range (input{f: f.Format, data: w.data}).blocks(t, len(w.data)+1) {
		r.add(t, d, block)
	}
	return r
}

// input is bytes that a source reads, from the byte from on, in pieces whose sizes come from piece; nil means all at once.
type input struct {
	f     codec.Format
	data  []byte
	from  int64
	piece func() int
}

// Read reads the next piece.
func (in *input) Read(p []byte) (int, error) {
	rest := in.data[in.from:]
	if len(rest) == 0 {
		return 0, io.EOF
	}
	if in.piece != nil {
		rest = rest[:min(len(rest), in.piece())]
	}
	n := copy(p, rest)
	in.from += int64(n)
	return n, nil
}

// blocks cuts the input into blocks of about size bytes, as a source does.
func (in input) blocks(t rapid.TB, size int) []*codec.Block {
	t.Helper()
	var blocks []*codec.Block
	framer := in.f.NewFramer()
	r := connector.NewBlockReader(&in, framer, in.from, size, recordLimit)
	if in.from > 0 {
		header, err := connector.ReadHeader(&input{data: in.data}, in.f.NewFramer(), recordLimit)
		if err != nil {
			t.Fatalf("reading the header again: %v", err)
		}
		r.SetHeader(header)
	}
	for {
		block := &codec.Block{Name: "input", Buf: (&batch.Pool{}).NewBuffer(0)}
		err := r.Next(block)
		if errors.Is(err, io.EOF) {
			return blocks
		}
		if err != nil {
			t.Fatalf("cutting blocks: %v", err)
		}
		blocks = append(blocks, block)
	}
}
