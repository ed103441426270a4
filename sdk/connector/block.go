package connector

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
)

// minRead is the least room that a read is given, unless blocks are to be smaller still.
const minRead = 4 << 10

// BlockReader cuts a stream of bytes into blocks of whole records. It holds at most one partial record between blocks and skips records
// longer than the limit as they stream by. Of a changelog (codec.PairFramer) it holds a record that waits for the second half of its update, too:
// that one is not dealt, nor is it before Offset, until the next record is there or the stream ends. One goroutine.
type BlockReader struct {
	in     io.Reader
	framer codec.Framer
	limit  int64
	block  int // bytes a block may grow to under load
	target int // bytes the next block asks for
	carry  []byte
	offset int64 // of carry[0]
	eof    bool
	header bool
	// fileHeader is what the framer cut off the file's beginning; headers is the framer while that has not happened.
	fileHeader []byte
	headers    codec.HeaderFramer
	pairs      codec.PairFramer // nil: every record can be the last one of a block
	held       int              // bytes of whole records at the beginning of carry, which wait for the next one
	skip       *codec.Oversize
	skipAt     int64
	head       []byte
	end        []byte // the line end, or the beginning of one, that the bytes skipped so far end with
}

// firstBlock is the size of the first block: small, so that the first row is out soon.
const firstBlock = 32 << 10

// NewBlockReader returns a reader of in, whose first byte has the given offset. blockBytes and limit are at least one. Who begins in the
// middle of a file gives the reader the file's header by SetHeader.
func NewBlockReader(in io.Reader, framer codec.Framer, offset int64, blockBytes int, limit int64) *BlockReader {
	r := &BlockReader{
		in: in, framer: framer, limit: limit, block: blockBytes, target: min(firstBlock, blockBytes),
		offset: offset, header: offset == 0,
	}
	r.pairs, _ = framer.(codec.PairFramer)
	if r.header {
		r.headers, _ = framer.(codec.HeaderFramer)
	}
	return r
}

// ReadHeader returns the header at the beginning of in, nil if the framer knows none. It reads more of in than the header.
func ReadHeader(in io.Reader, framer codec.Framer, limit int64) ([]byte, error) {
	if _, ok := framer.(codec.HeaderFramer); !ok {
		return nil, nil
	}
	r := NewBlockReader(in, framer, 0, firstBlock, limit)
	block := codec.Block{Buf: batch.WrapBuffer(nil)}
	if err := r.Next(&block); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return r.fileHeader, nil
}

// SetHeader says what ReadHeader found, for a reader that begins in the middle of a file. The reader keeps header.
func (r *BlockReader) SetHeader(header []byte) {
	r.fileHeader = header
	if h, ok := r.framer.(codec.HeaderFramer); ok && r.pairs != nil && len(header) > 0 {
		h.CutHeader(header, true)
	}
}

// Offset returns the position just after the last record dealt.
func (r *BlockReader) Offset() int64 { return r.offset }

// Next fills block with whole records and returns nil, or io.EOF when the stream is at its end and everything was dealt. A read that
// returns no bytes and no error (a follower at its file's end) gives io.ErrNoProgress; what was read so far is kept.
func (r *BlockReader) Next(block *codec.Block) error {
	for {
		if r.skip != nil {
			done, err := r.skipRecord(block)
			if done || err != nil {
				return err
			}
			continue
		}
		ok, err := r.fill(block)
		if ok || err != nil {
			return err
		}
	}
}

// fill reads until the buffer holds a whole record. It answers false when the record turned out too long, and skipping has begun.
func (r *BlockReader) fill(block *codec.Block) (bool, error) {
	buf := block.Buf
	buf.Data = append(buf.Data[:0], r.carry...)
	r.carry = r.carry[:0]
	if int64(len(buf.Data)) >= r.most() { // it stood behind one that waited for it
		r.beginSkip(buf.Data)
		return false, nil
	}
	for want := r.target; ; {
		if len(buf.Data) >= want { // a stream that trickles asks for no more memory than its bytes need
			want *= 2
		}
		stalled, err := r.read(block, want)
		if err != nil {
			r.carry = append(r.carry[:0], buf.Data...)
			return false, err
		}
		whole, err := r.cutHeader(buf)
		if err != nil {
			return false, err
		}
		if n := r.cut(buf.Data, whole); n > 0 {
			r.deal(block, n)
			return true, nil
		}
		switch {
		case int64(len(buf.Data)) >= r.most():
			r.beginSkip(buf.Data)
			return false, nil
		case r.eof && len(buf.Data) == 0:
			return false, io.EOF
		case r.eof:
			r.deal(block, len(buf.Data))
			return true, nil
		case stalled:
			r.carry = append(r.carry[:0], buf.Data...)
			return false, io.ErrNoProgress
		}
	}
}

// cut returns how much of data is whole records that need not wait for others; none while the header is not whole.
func (r *BlockReader) cut(data []byte, whole bool) (n int) {
	if !whole || len(data) == 0 {
		return 0
	}
	if r.pairs == nil || r.eof {
		r.held = 0
		return r.framer.Cut(data, r.eof)
	}
	n, r.held = r.pairs.CutPairs(data)
	if n == 0 && r.held > 0 && (int64(len(data)) >= r.most() || int64(r.held) > r.limit+lineEnd) { // what it waits for is too long, or does not come
		r.held = 0
		return r.framer.Cut(data, false)
	}
	return n
}

// cutHeader takes the file's header off the beginning of buf, once it is there.
func (r *BlockReader) cutHeader(buf *batch.Buffer) (whole bool, err error) {
	if r.headers == nil {
		return true, nil
	}
	n, whole := r.headers.CutHeader(buf.Data, r.eof)
	switch {
	case whole:
		r.headers = nil
		r.fileHeader = bytes.Clone(buf.Data[:n])
		buf.Data = append(buf.Data[:0], buf.Data[n:]...)
		r.offset += int64(n)
	case int64(len(buf.Data)) > r.limit:
		return false, fmt.Errorf("the header is longer than the limit of %d bytes", r.limit)
	}
	return whole, nil
}

// read fills the block's buffer up to want bytes, or until the stream has nothing more for now; a short read ends it, so that a lone row
// goes through at once.
func (r *BlockReader) read(block *codec.Block, want int) (stalled bool, err error) {
	buf := block.Buf
	ask := max(want-len(buf.Data), min(minRead, r.block))
	ask = int(max(1, min(int64(ask), r.most()-int64(len(buf.Data)))))
	buf.Grow(ask + codec.Padding)
	room := buf.Data[len(buf.Data) : len(buf.Data)+ask]
	if r.eof {
		return false, nil
	}
	n, err := r.in.Read(room)
	buf.Data = buf.Data[:len(buf.Data)+n]
	switch {
	case errors.Is(err, io.EOF):
		r.eof = true
		return false, nil
	case err != nil:
		return false, err
	}
	if n == len(room) {
		r.target = min(r.target*2, r.block)
	}
	return n == 0, nil
}

// lineEnd is how many bytes a record may have beyond the limit: those of a line end. Whoever has seen so many knows that no record ends there.
const lineEnd = 2

// most is how much is held at once. Behind what waits for the next record it is no more than the longest one, so that each record over the limit
// is found, whatever the size of blocks: none can pass because it came whole with others.
func (r *BlockReader) most() int64 { return int64(r.held) + r.limit + lineEnd }

func (r *BlockReader) deal(block *codec.Block, n int) {
	buf := block.Buf
	r.carry = append(r.carry[:0], buf.Data[n:]...)
	buf.Data = buf.Data[:n]
	block.Offset, block.Oversize = r.offset, nil
	block.Header, block.FileHeader = r.header, r.fileHeader
	r.header = false
	r.offset += int64(n)
}

func (r *BlockReader) beginSkip(data []byte) {
	r.skip = &codec.Oversize{Limit: r.limit}
	r.header = false // the first record is gone: what follows is no header
	r.skipAt = r.offset
	r.head, r.end = r.head[:0], r.end[:0]
	r.passOver(data)
}

// skipRecord passes over the rest of a record that is too long; done says that block now describes it.
func (r *BlockReader) skipRecord(block *codec.Block) (done bool, err error) {
	buf := block.Buf
	buf.Data = append(buf.Data[:0], r.carry...)
	r.carry = r.carry[:0]
	if len(buf.Data) == 0 && !r.eof {
		stalled, err := r.read(block, r.block)
		if err != nil {
			return false, err
		}
		if stalled {
			return false, io.ErrNoProgress
		}
	}
	n, found := r.framer.Skip(buf.Data)
	r.passOver(buf.Data[:n])
	r.carry = append(r.carry[:0], buf.Data[n:]...)
	if !found && !r.eof {
		return false, nil
	}
	r.skip.Length -= int64(len(r.end))
	buf.Data = append(buf.Data[:0], r.head[:min(int64(len(r.head)), r.skip.Length)]...)
	block.Offset, block.Oversize, block.Header = r.skipAt, r.skip, false
	r.skip = nil
	return true, nil
}

// passOver counts bytes of the record that is skipped, and keeps its beginning and what may be its line end.
func (r *BlockReader) passOver(data []byte) {
	r.skip.Length += int64(len(data))
	r.offset += int64(len(data))
	r.head = append(r.head, data[:min(len(data), codec.RejectedBytes-len(r.head))]...)
	r.end = append(r.end, data[max(0, len(data)-lineEnd):]...)
	tail := r.end[max(0, len(r.end)-lineEnd):]
	r.end = append(r.end[:0], tail[codec.TrimLineEnd(tail, 0, len(tail)):]...)
}
