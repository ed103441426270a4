package connector_test

import (
	"bytes"
	"errors"
	"io"
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

// TestBlocksAreTheStreamCutAtRecords: whatever the records and the reads, the blocks put together are the input without the records that
// are too long, and each block begins at a record.
func TestBlocksAreTheStreamCutAtRecords(t *testing.T) {
	const limit = 6000
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 20_000)), 0, 60).Draw(t, "lengths")
		var input, want []byte
		var long int
		for i, n := range lengths {
			record := append(bytes.Repeat([]byte{byte('a' + i%26)}, n), '\n')
			if i == len(lengths)-1 && rapid.Bool().Draw(t, "unended") {
				record = record[:n]
			}
			input = append(input, record...)
			if len(record) > limit*3 { // well over the limit: always skipped
				long++
			}
			want = append(want, record...)
		}
		var in io.Reader = bytes.NewReader(input)
		if rapid.Bool().Draw(t, "dribble") {
			in = iotest.HalfReader(in)
		}
		checkBlocks(t, connector.NewBlockReader(in, newline{}, 0, 4096, limit), input, want, long)
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
			if o.Length != int64(len(record)) || !bytes.HasPrefix(record, block.Buf.Data) {
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
	if !bytes.Equal(got, want) || oversize < long {
		t.Fatalf("%d bytes with %d over-long records, want %d with at least %d", len(got), oversize, len(want), long)
	}
}

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

func TestAReaderThatFails(t *testing.T) {
	broken := errors.New("broken")
	r := connector.NewBlockReader(iotest.ErrReader(broken), newline{}, 0, 4096, 100)
	if err := r.Next(&codec.Block{Buf: (&batch.Pool{}).NewBuffer(0)}); !errors.Is(err, broken) {
		t.Error(err)
	}
}
