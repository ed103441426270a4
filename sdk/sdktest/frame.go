package sdktest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// framer returns a new framer that has passed the header of data, and the rest.
func (f Format) framer(t rapid.TB, data []byte) (codec.Framer, []byte) {
	t.Helper()
	framer := f.Format.NewFramer()
	if h, ok := framer.(codec.HeaderFramer); ok {
		n, whole := h.CutHeader(data, true)
		if !whole || n < 0 || n > len(data) {
			t.Fatalf("a header of %d bytes, whole %v, at the end of %q", n, whole, data)
		}
		data = data[n:]
	}
	return framer, data
}

func framersCutRecords(t testing.TB, f Format) {
	rapid.Check(t, func(t *rapid.T) {
		w := f.draw(t, f.drawSchema(t), 12)
		framer, data := f.framer(t, w.data)
		if len(data) != len(w.data)-w.header {
			t.Fatalf("the header is %q, want the first %d bytes of %q", w.data[:len(w.data)-len(data)], w.header, w.data)
		}
		ends := []int{0}
		for _, end := range w.ends {
			ends = append(ends, end-w.header)
		}
		at, piece := 0, drawPieces(t)
		for seen := 0; seen < len(data); {
			seen = min(len(data), seen+piece())
			n := framer.Cut(data[at:seen], false)
			last, _ := slices.BinarySearch(ends, seen+1)
			if at += n; at != ends[last-1] {
				t.Fatalf("Cut ends at byte %d of %q, of which %d were seen; the last whole record ends at %d", at, data, seen, ends[last-1])
			}
		}
		fresh, _ := f.framer(t, w.data)
		if n := fresh.Cut(data, true); n != len(data) {
			t.Fatalf("Cut takes %d bytes at the end of input, of %d", n, len(data))
		}
		f.skip(t, w, data, ends)
	})
}

// skip passes over a record of which only the beginning was cut.
func (f Format) skip(t *rapid.T, w written, data []byte, ends []int) {
	k := rapid.IntRange(0, len(w.rows)-1).Draw(t, "record to skip")
	start, end := ends[k], ends[k+1]
	if end-start < 2 {
		return
	}
	framer, _ := f.framer(t, w.data)
	if n := framer.Cut(data[:start], false); n != start {
		t.Fatalf("Cut takes %d bytes of whole records, of %d", n, start)
	}
	at := rapid.IntRange(start+1, end-1).Draw(t, "bytes seen")
	if n := framer.Cut(data[start:at], false); n != 0 {
		t.Fatalf("Cut takes %d bytes of the record that begins with %q", n, data[start:at])
	}
	for piece, found := drawPieces(t), false; !found; {
		to := min(len(data), at+piece())
		var n int
		n, found = framer.Skip(data[at:to])
		at += n
		if !found && (at != to || at >= end) {
			t.Fatalf("Skip takes %d bytes without an end and is at byte %d of %q; the record ends at %d", n, at, data, end)
		}
	}
	if at != end {
		t.Fatalf("Skip ends at byte %d of %q, the record at %d", at, data, end)
	}
	if n := framer.Cut(data[end:], true); n != len(data)-end {
		t.Fatalf("after Skip, Cut takes %d bytes of the last %d", n, len(data)-end)
	}
}

func anyBytes(t testing.TB, f Format) {
	rapid.Check(t, func(t *rapid.T) {
		w := f.draw(t, f.drawSchema(t), 6)
		damaged := slices.Clone(w.data)
		for range rapid.IntRange(0, 4).Draw(t, "damages") {
			i := rapid.IntRange(w.header, len(damaged)).Draw(t, "at")
			piece := rapid.OneOf(rapid.SampledFrom([]string{"", "\"", "\n", "\r", ",", "\\", "{", "}", "\x00", "\xff", "null"}), rapid.StringN(0, 4, 8)).Draw(t, "piece")
			cut := min(len(damaged), i+rapid.IntRange(0, 3).Draw(t, "cut"))
			damaged = slices.Concat(damaged[:i], []byte(piece), damaged[cut:])
		}
		f.readAny(t, w.schema, damaged, w.header)
		noise := append(slices.Clone(w.data[:w.header]), rapid.SliceOf(rapid.Byte()).Draw(t, "noise")...)
		f.readAny(t, w.schema, noise, w.header)
	})
}

// readAny reads data, whatever it is: nothing may break, every byte must be in some block, and every record counted.
func (f Format) readAny(t rapid.TB, s *schema.Schema, data []byte, header int) {
	t.Helper()
	r := &reading{}
	d := newDecoder(t, f.Format, codec.DecodeSpec{Schema: s, Origin: true})
	var all []byte
	for _, block := range (input{f: f.Format, data: data}).blocks(t, 64) {
		all = append(all, block.Buf.Data...)
		r.add(t, d, block)
	}
	if !bytes.HasSuffix(data, all) || len(all) > len(data) || header == 0 && len(all) != len(data) {
		t.Fatalf("the blocks hold %q, of %q", all, data)
	}
	if r.records != len(r.rows)+len(r.rejects)+r.filtered {
		t.Fatalf("%d records, %d rows, %d rejects", r.records, len(r.rows), len(r.rejects))
	}
}

// FuzzFormat is the body of a fuzz target: data, in a file of f after header, must break neither framer nor decoder, whatever the blocks; every
// record is counted, and what is accepted must read the same in one block and in many.
func FuzzFormat(t *testing.T, f codec.Format, s *schema.Schema, header, data []byte) {
	t.Helper()
	data = append(slices.Clone(header), data...)
	read := func(size int) (*reading, error) {
		r := &reading{}
		d := newDecoder(t, f, codec.DecodeSpec{Schema: s, Origin: true})
		blocks := connector.NewBlockReader(&input{data: data, piece: func() int { return size }}, f.NewFramer(), 0, size, recordLimit)
		for {
			block := &codec.Block{Name: "input", Buf: (&batch.Pool{}).NewBuffer(0)}
			err := blocks.Next(block)
			if errors.Is(err, io.EOF) {
				return r, nil
			}
			if err != nil {
				return nil, err
			}
			r.add(t, d, block)
		}
	}
	whole, err := read(len(data) + 1)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := read(16)
	if err != nil {
		t.Fatal(err)
	}
	if diff := Diff(whole.rows, parts.rows); diff != "" || len(whole.rejects) != len(parts.rejects) {
		t.Fatalf("one block gives %d rejects, many give %d; rows (-one +many):\n%s", len(whole.rejects), len(parts.rejects), short(diff))
	}
}
