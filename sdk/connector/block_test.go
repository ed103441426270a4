package connector_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// newline is the framer of lines.
type newline struct{}

func (newline) Cut(data []byte, last bool) int {
	if last {
		return len(data)
	}
	return bytes.LastIndexByte(data, '\n') + 1
}

func (newline) Skip(data []byte) (int, bool) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, true
	}
	return len(data), false
}

// paired is a framer of lines of which those that begin with a letter of the first half of the alphabet belong beside the next one.
type paired struct{ newline }

func opens(line []byte) bool { return line[0] >= 'a' && line[0] < 'n' }

// CutPairs leaves a last line that belongs beside the next one.
func (p paired) CutPairs(data []byte) (n, held int) {
	n = p.Cut(data, false)
	if start := lastLine(data[:n]); n > 0 && opens(data[start:]) {
		return start, n - start
	}
	return n, 0
}

// lastLine returns where the last line of lines begins, whether it has an end or not.
func lastLine(lines []byte) int {
	return bytes.LastIndexByte(lines[:max(len(lines)-1, 0)], '\n') + 1
}

// TestBlocksAreTheStreamCutAtRecords: whatever the records and the reads, the blocks put together are the input without the records that
// are too long, each block begins at a record, and none ends with one that belongs beside the next, unless that is too long.
func TestBlocksAreTheStreamCutAtRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]int{50, 4000, 6000}).Draw(t, "limit")
		lengths := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(limit-2, limit+3), rapid.IntRange(0, 20_000), rapid.Just(70_000)), 0, 60).Draw(t, "lengths")
		var input, want []byte
		var long int
		for i, n := range lengths {
			end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
			record := append(bytes.Repeat([]byte{byte('a' + i%26)}, n), end...)
			if i == len(lengths)-1 && rapid.Bool().Draw(t, "unended") {
				record = record[:n]
			}
			input = append(input, record...)
			if len(record) > limit+2 || len(record) == n && n > limit+1 { // a line end has up to two bytes
				long++
			}
			want = append(want, record...)
		}
		var in io.Reader = bytes.NewReader(input)
		if rapid.Bool().Draw(t, "dribble") {
			in = iotest.HalfReader(in)
		}
		size := rapid.SampledFrom([]int{1, 7, 60, 4096}).Draw(t, "block")
		checkBlocks(t, connector.NewBlockReader(in, newline{}, 0, size, int64(limit)), input, want, long)
		if in = bytes.NewReader(input); rapid.Bool().Draw(t, "dribble pairs") {
			in = iotest.HalfReader(in)
		}
		checkBlocks(t, connector.NewBlockReader(in, paired{}, 0, size, int64(limit)), input, want, long)
		checkPairs(t, connector.NewBlockReader(bytes.NewReader(input), paired{}, 0, size, int64(limit)))
	})
}

func checkBlocks(t *rapid.T, r *connector.BlockReader, input, want []byte, long int) {
	pool := &batch.Pool{}
	var got []byte
	oversize, at := 0, int64(0)
	for {
		block := codec.Block{Buf: pool.NewBuffer(0)}
		err := r.Next(&block)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if block.Offset != at {
			t.Fatalf("block at %d, want %d", block.Offset, at)
		}
		if o := block.Oversize; o != nil {
			oversize++
			record := input[at:]
			if i := bytes.IndexByte(record, '\n'); i >= 0 {
				record = record[:i+1]
			}
			plain := bytes.TrimRight(record, "\r\n")
			if o.Length != int64(len(plain)) || !bytes.Equal(block.Buf.Data, plain[:min(len(plain), codec.RejectedBytes)]) {
				t.Fatalf("oversize of %d bytes, the record has %d", o.Length, len(record))
			}
			got = append(got, record...)
		} else {
			got = append(got, block.Buf.Data...)
		}
		if block.Header != (at == 0 && block.Oversize == nil) {
			t.Fatalf("header %v at offset %d", block.Header, at)
		}
		at = r.Offset()
	}
	if !bytes.Equal(got, want) || oversize != long {
		t.Fatalf("%d bytes with %d over-long records, want %d with %d", len(got), oversize, len(want), long)
	}
}

func checkPairs(t *rapid.T, r *connector.BlockReader) {
	waits := false
	for {
		block := codec.Block{Buf: batch.WrapBuffer(nil)}
		err := r.Next(&block)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		data := block.Buf.Data
		if waits && block.Oversize == nil && !opens(data) {
			t.Fatalf("the block at %d ought to have been part of the one before", block.Offset)
		}
		waits = block.Oversize == nil && len(data) > 0 && opens(data[lastLine(data):])
	}
}

// TestWhatWaitsForTheNextRecordIsNotDealt: a follower at its file's end stands before it, until the next record or the end comes.
func TestWhatWaitsForTheNextRecordIsNotDealt(t *testing.T) {
	r := connector.NewBlockReader(&stalling{pieces: []string{"one\ntwo\nan", "d\n", "ze", "ro\nbut\n", "best\n"}}, paired{}, 0, 4096, 100)
	var got []string
	for range 12 {
		block := codec.Block{Buf: batch.WrapBuffer(nil)}
		switch err := r.Next(&block); {
		case err == nil:
			got = append(got, string(block.Buf.Data))
		case !errors.Is(err, io.ErrNoProgress):
			t.Fatal(err)
		}
	}
	if want := []string{"one\ntwo\n", "and\nzero\n", "but\n"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if r.Offset() != int64(len("one\ntwo\nand\nzero\nbut\n")) {
		t.Errorf("the reader stands at byte %d", r.Offset())
	}
}

// TestWhatWaitsIsBounded: what waits takes no more memory than a record.
func TestWhatWaitsIsBounded(t *testing.T) {
	r := connector.NewBlockReader(strings.NewReader("and\n"+strings.Repeat("\n", 500)), blanks{}, 0, 10, 20)
	block := codec.Block{Buf: batch.WrapBuffer(nil)}
	if err := r.Next(&block); err != nil || len(block.Buf.Data) > 50 {
		t.Errorf("%d bytes, %v", len(block.Buf.Data), err)
	}
}

// blanks is a framer to which everything waits.
type blanks struct{ newline }

func (b blanks) CutPairs(data []byte) (n, held int) { return 0, b.Cut(data, false) }

// stalling returns nothing, without an error, after each piece: a follower at the end of its file.
type stalling struct {
	pieces []string
	stall  bool
}

func (s *stalling) Read(p []byte) (int, error) {
	if s.stall = !s.stall; !s.stall || len(s.pieces) == 0 {
		return 0, nil
	}
	n := copy(p, s.pieces[0])
	s.pieces = s.pieces[1:]
	return n, nil
}

func TestAReaderThatStallsGoesOnLater(t *testing.T) {
	r := connector.NewBlockReader(&stalling{pieces: []string{"on", "e\ntw", "o\n"}}, newline{}, 0, 4096, 100)
	var got []string
	for range 20 {
		block := codec.Block{Buf: (&batch.Pool{}).NewBuffer(0)}
		err := r.Next(&block)
		if err != nil && !errors.Is(err, io.ErrNoProgress) {
			t.Fatal(err)
		}
		if err == nil {
			got = append(got, string(block.Buf.Data))
		}
	}
	if strings.Join(got, "|") != "one\n|two\n" {
		t.Errorf("%q", got)
	}
}

func TestBlocksCanBeAsSmallAsARecord(t *testing.T) {
	r := connector.NewBlockReader(strings.NewReader("a\nbb\nccc\n"), newline{}, 0, 1, 100)
	block := codec.Block{Buf: batch.WrapBuffer(nil)}
	for _, want := range []string{"a\n", "bb\n", "ccc\n"} {
		if err := r.Next(&block); err != nil || string(block.Buf.Data) != want {
			t.Errorf("block %q, %v, want %q", block.Buf.Data, err, want)
		}
	}
}

func TestAReaderThatFails(t *testing.T) {
	broken := errors.New("broken")
	r := connector.NewBlockReader(iotest.ErrReader(broken), newline{}, 0, 4096, 100)
	if err := r.Next(&codec.Block{Buf: (&batch.Pool{}).NewBuffer(0)}); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// TestATrickleTakesNoMemoryThatItsBytesDoNotNeed: a record that arrives byte by byte.
func TestATrickleTakesNoMemoryThatItsBytesDoNotNeed(t *testing.T) {
	pool := &batch.Pool{}
	r := connector.NewBlockReader(iotest.OneByteReader(strings.NewReader(strings.Repeat("x", 500)+"\n")), newline{}, 0, 4096, 1000)
	block := codec.Block{Buf: pool.NewBuffer(0)}
	if err := r.Next(&block); err != nil || len(block.Buf.Data) != 501 {
		t.Fatal(len(block.Buf.Data), err)
	}
	if lent := pool.Stats().Bytes; lent > 64<<10 {
		t.Errorf("%d bytes of memory for a record of 501", lent)
	}
}

// headed is a framer of lines under a header of one line.
type headed struct{ newline }

func (headed) CutHeader(data []byte, last bool) (int, bool) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, true
	}
	return len(data), last
}

func TestEveryBlockHasTheHeaderOfItsFile(t *testing.T) {
	const text = "head\none\ntwo\nthree\n"
	for _, reader := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
		r := connector.NewBlockReader(reader, headed{}, 0, 1, 100)
		var all []byte
		for {
			block := codec.Block{Buf: (&batch.Pool{}).NewBuffer(0)}
			if err := r.Next(&block); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if string(block.FileHeader) != "head\n" || block.Offset != int64(5+len(all)) || block.Header != (len(all) == 0) {
				t.Errorf("header %q, offset %d, first %v after %q", block.FileHeader, block.Offset, block.Header, all)
			}
			all = append(all, block.Buf.Data...)
		}
		if string(all) != "one\ntwo\nthree\n" || r.Offset() != int64(len(text)) {
			t.Errorf("%q up to %d", all, r.Offset())
		}
	}
}

func TestHeadersThatEndEarlyOrNever(t *testing.T) {
	for text, want := range map[string]string{"": "", "head": "head", "head\n": "head\n"} {
		header, err := connector.ReadHeader(strings.NewReader(text), headed{}, 100)
		if err != nil || string(header) != want {
			t.Errorf("%q: %q, %v", text, header, err)
		}
		r := connector.NewBlockReader(strings.NewReader(text), headed{}, 0, 10, 100)
		if err := r.Next(&codec.Block{Buf: batch.WrapBuffer(nil)}); !errors.Is(err, io.EOF) {
			t.Errorf("%q: a block, %v", text, err)
		}
	}
	if header, err := connector.ReadHeader(strings.NewReader("x\n"), newline{}, 100); header != nil || err != nil {
		t.Errorf("a framer without headers: %q, %v", header, err)
	}
	if _, err := connector.ReadHeader(strings.NewReader(strings.Repeat("x", 9000)), headed{}, 5000); err == nil || !strings.Contains(err.Error(), "header is longer") {
		t.Errorf("a header without an end: %v", err)
	}
	r := connector.NewBlockReader(strings.NewReader("two\n"), headed{}, 9, 10, 100)
	r.SetHeader([]byte("head\n"))
	block := codec.Block{Buf: batch.WrapBuffer(nil)}
	if err := r.Next(&block); err != nil || string(block.FileHeader) != "head\n" || block.Header || block.Offset != 9 {
		t.Errorf("in the middle: %+v, %v", block, err)
	}
}
