package pebblestore

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// A log holds the changes of some calls of Apply as they came: of each frames of drops and of entries, and others that fill up to a multiple of vfs.DirectAlign, at its end and around entries that are written from where they lie; and one that ends it. docs/format/store.md draws it.
const (
	logSuffix  = ".changes"
	logMagic   = "WIRESTLG"
	logVersion = 1
	logHeader  = len(logMagic) + 8 // magic, version, zeros
	// frameHeader is: kind, three zeros, the sizes of head and data, a checksum.
	frameHeader = 4 + 4 + 4 + 8
	// mostFrame is how long head and data of a frame are at most: an entry that has a frame of its own.
	mostFrame = store.MaxKey + store.MaxValue + 1<<20
	// dropsPerFrame is how many drops a frame has at most.
	dropsPerFrame = 1 << 15
)

// Kinds of frames.
const (
	frameDrops   = 'D'
	frameEntries = 'E'
	frameFill    = 'F'
	frameEnd     = 'Z'
)

// logWriter writes a log. One goroutine uses it.
type logWriter struct {
	file   *tableFile
	packer *packer // of frames of entries; nil: they are written as they are
	size   int64
	spared int64 // what compressing took from size
	head   []byte
	counts counter
	says   claims
	// stands is where the file is taken back to when an append has failed; torn says that this has failed, too, and is done first.
	stands fileMark
	torn   bool
}

// beginLog begins a log in a new file. packer compresses its frames; nil: nothing does.
func beginLog(file *tableFile, packer *packer) (*logWriter, error) {
	w := &logWriter{file: file, packer: packer}
	header := make([]byte, logHeader)
	copy(header, logMagic)
	header[len(logMagic)] = versionOf(packer)
	w.stands = file.mark()
	if err := w.step(func() error { return w.give(header) }); err != nil {
		return nil, err
	}
	return w, nil
}

// append writes changes, all of which have the form of a log. After an error the log has what it had before.
func (w *logWriter) append(changes []*store.Changes) error {
	return w.step(func() error {
		for _, c := range changes {
			if err := w.drops(c.Drops()); err != nil {
				return err
			}
		}
		for _, c := range changes {
			if err := c.Frames(w.entries); err != nil {
				return err
			}
		}
		return nil
	})
}

// finish ends the log. After an error it goes on.
func (w *logWriter) finish() error {
	return w.step(func() error {
		w.head = appendCounts(w.head[:0], w.counts.counts)
		return w.frame(frameEnd, nil)
	})
}

// step does something to the log and syncs it, or takes it back.
func (w *logWriter) step(do func() error) error {
	if w.torn {
		if err := w.file.rewind(w.stands); err != nil {
			return err
		}
		w.torn = false
	}
	size, spared, counts, drops := w.size, w.spared, slices.Clone(w.counts.counts), len(w.says.drops)
	err := do()
	if err == nil {
		err = w.fillUp()
	}
	if err == nil {
		err = w.file.settle()
	}
	if err != nil {
		w.size, w.spared, w.counts.counts, w.says.drops = size, spared, counts, w.says.drops[:drops]
		w.torn = w.file.rewind(w.stands) != nil
		return err
	}
	w.stands = w.file.mark()
	return nil
}

// fillUp writes a frame of nothing, so that all can be given to the disk.
func (w *logWriter) fillUp() error {
	fill := make([]byte, missingTo(w.file.waiting()))
	if len(fill) == 0 {
		return nil
	}
	putFill(fill)
	return w.give(fill)
}

func (w *logWriter) give(p []byte) error {
	w.size += int64(len(p))
	return w.file.Write(p)
}

func (w *logWriter) drops(drops []store.Drop) error {
	for some := range slices.Chunk(drops, dropsPerFrame) {
		w.head = w.head[:0]
		for _, d := range some {
			w.head = appendDrop(w.head, d)
			w.says.dropped(d)
		}
		if err := w.frame(frameDrops, nil); err != nil {
			return err
		}
	}
	return nil
}

func (w *logWriter) entries(f *store.LogFrame) error {
	w.head = w.head[:0]
	for _, r := range f.Runs {
		w.head = appendRun(w.head, r)
		w.says.entries(r)
		w.counts.add(r.Space, int64(r.Entries-r.Deletes), int64(r.Deletes))
	}
	if done, err := w.packedEntries(f.Data); done {
		return err
	}
	if len(f.Data) >= leastBlock && len(w.head) <= mostBlockHead && f.Block != nil {
		return w.block(f)
	}
	return w.frame(frameEntries, f.Data)
}

const (
	// leastBlock is how many bytes of entries are written from where they lie, at least: what fills up is little beside them.
	leastBlock = 128 << 10
	// mostBlockHead is how long the head of a frame may be that is put before entries where they lie: with a frame that fills up before it.
	mostBlockHead = vfs.DirectAlign - 2*frameHeader
)

// block writes a frame of entries, of which head is the head, from where they lie: between two that fill up, so that it begins and ends where a direct write may.
func (w *logWriter) block(f *store.LogFrame) error {
	if err := w.fillUp(); err != nil {
		return err
	}
	from := store.BlockMargin - vfs.DirectAlign
	at := store.BlockMargin - len(w.head) - frameHeader
	putFill(f.Block[from:at])
	var header [frameHeader]byte
	sealFrame(&header, frameEntries, w.head, f.Data)
	copy(f.Block[at+copy(f.Block[at:], header[:]):], w.head)
	end := store.BlockMargin + len(f.Data)
	if missing := missingTo(end); missing > 0 {
		putFill(f.Block[end : end+missing])
		end += missing
	}
	w.size += int64(end - from)
	return w.file.writeBlock(f.Block[from:end])
}

// missingTo is how many bytes a frame of nothing has that fills up what has size bytes.
func missingTo(size int) int {
	missing := (vfs.DirectAlign - size%vfs.DirectAlign) % vfs.DirectAlign
	if missing > 0 && missing < frameHeader {
		missing += vfs.DirectAlign
	}
	return missing
}

// putFill makes p, of frameHeader bytes at least, a frame of nothing.
func putFill(p []byte) {
	clear(p)
	var header [frameHeader]byte
	sealFrame(&header, frameFill, nil, p[frameHeader:])
	copy(p, header[:])
}

// frame writes a frame: head, and data behind it.
func (w *logWriter) frame(kind byte, data []byte) error {
	var header [frameHeader]byte
	sealFrame(&header, kind, w.head, data)
	for _, part := range [][]byte{header[:], w.head, data} {
		if err := w.give(part); err != nil {
			return err
		}
	}
	return nil
}

// sealFrame makes the header of a frame.
func sealFrame(header *[frameHeader]byte, kind byte, head, data []byte) {
	header[0] = kind
	binary.LittleEndian.PutUint32(header[4:], uint32(len(head))) //nolint:gosec // mostFrame
	binary.LittleEndian.PutUint32(header[8:], uint32(len(data))) //nolint:gosec // mostFrame
	binary.LittleEndian.PutUint64(header[12:], frameSum(header, head, data))
}

// frameSum is the checksum of a frame: of the first 12 bytes of its header and of the checksums of head and data.
func frameSum(header *[frameHeader]byte, head, data []byte) uint64 {
	var all [12 + 8 + 8]byte
	copy(all[:], header[:12])
	binary.LittleEndian.PutUint64(all[12:], xxh3.Hash(head))
	binary.LittleEndian.PutUint64(all[20:], xxh3.Hash(data))
	return xxh3.Hash(all[:])
}

func appendDrop(b []byte, d store.Drop) []byte {
	b = binary.AppendUvarint(b, uint64(d.Space.Operator))
	all := byte(0)
	if d.AllSlices {
		all = 1
	}
	b = append(b, d.Space.Table, all)
	b = binary.AppendVarint(b, d.Slice)
	b = binary.LittleEndian.AppendUint64(b, d.From)
	return binary.LittleEndian.AppendUint64(b, d.To)
}

func appendRun(b []byte, r store.LogRun) []byte {
	b = binary.AppendUvarint(b, uint64(r.Space.Operator))
	b = append(b, r.Space.Table)
	b = binary.AppendVarint(b, r.Slice)
	b = binary.AppendUvarint(b, uint64(r.Entries))  //nolint:gosec // not negative
	b = binary.AppendUvarint(b, uint64(r.Deletes))  //nolint:gosec // not negative
	return binary.AppendUvarint(b, uint64(r.Bytes)) //nolint:gosec // not negative
}

// logReader reads a log from its beginning, frame by frame.
type logReader struct {
	path string
	file *pastReader
	in   *bufio.Reader
	at   int64 // where the next frame begins
	// buffers has the memory that frames are read into; nil: each gets its own.
	buffers *buffers
	head    []byte // of the frame before, as fill
	fill    []byte
	packed  bool          // it is of version 2
	zstd    *zstd.Decoder // nil before the first compressed frame
	counts  counter
}

// openLog opens a log. The caller closes it. buffer, of whole vfs.DirectAlign, is lent until then.
func openLog(fsys vfs.FS, path string, buffer []byte) (*logReader, error) {
	f, err := openPast(fsys, path, buffer)
	if err != nil {
		return nil, err
	}
	r := &logReader{path: path, file: f, in: bufio.NewReader(f)}
	if err := r.begin(); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return r, nil
}

func (r *logReader) begin() error {
	var header [logHeader]byte
	if err := r.full(header[:]); err != nil {
		return err
	}
	if string(header[:len(logMagic)]) != logMagic {
		return r.corrupt("it does not begin as a log of a state store")
	}
	switch version := header[len(logMagic)]; version {
	case logVersion:
	case logPacked:
		r.packed = true
	default:
		return fmt.Errorf("state file %s has version %d, this program reads versions %d and %d", r.path, version, logVersion, logPacked)
	}
	r.at = int64(logHeader)
	return nil
}

func (r *logReader) close() error {
	if r.zstd != nil {
		r.zstd.Close()
	}
	return r.file.close()
}

func (r *logReader) corrupt(reason string) error {
	return &store.CorruptError{File: r.path, Offset: r.at, Reason: reason}
}

// full reads all of p.
func (r *logReader) full(p []byte) error {
	_, err := io.ReadFull(r.in, p)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.corrupt("it ends too early")
	}
	return err
}

// peek reports whether drops come next: they are of changes of their own.
func (r *logReader) peek() (drops bool) {
	next, err := r.in.Peek(1)
	return err == nil && next[0] == frameDrops
}

// next reads a frame into changes, which have the form of a log, and reports whether it was the end; then nothing was read into them. An error is a *store.CorruptError or of the file.
func (r *logReader) next(into *store.Changes) (end bool, err error) {
	var header [frameHeader]byte
	if err := r.full(header[:]); err != nil {
		return false, err
	}
	heads, size := int64(binary.LittleEndian.Uint32(header[4:])), int64(binary.LittleEndian.Uint32(header[8:]))
	if heads+size > mostFrame {
		return false, r.corrupt("a frame is longer than one can be")
	}
	head, err := r.again(&r.head, heads)
	if err != nil {
		return false, err
	}
	var data []byte
	if header[0] == frameFill || header[0] == framePacked {
		data, err = r.again(&r.fill, size)
	} else {
		data, err = r.part(r.buffer(int(min(size, firstPart))), size)
	}
	if err != nil {
		return false, err
	}
	if frameSum(&header, head, data) != binary.LittleEndian.Uint64(header[12:]) && !fault.Weak("store/sum") {
		return false, r.corrupt("the checksum of a frame is wrong")
	}
	fields := packReader{path: r.path, from: r.at + frameHeader, size: len(head), rest: head}
	kind := header[0]
	if kind == framePacked && r.packed {
		if data, err = r.unpack(data); err != nil {
			return false, err
		}
		kind = frameEntries
	}
	switch kind {
	case frameDrops:
		err = readDrops(&fields, into)
	case frameEntries:
		err = r.readEntries(&fields, data, into)
	case frameFill:
	case frameEnd:
		err = r.finish(&fields)
		end = err == nil
	default:
		err = r.corrupt(fmt.Sprintf("a frame of kind %q", kind))
	}
	if err != nil {
		return false, err
	}
	r.at += frameHeader + heads + size
	return end, nil
}

// firstPart is how much of a part of a frame is read before its length is believed, in bytes.
const firstPart = 1 << 20

// again reads so many bytes into memory that is used again with the next frame.
func (r *logReader) again(memory *[]byte, size int64) ([]byte, error) {
	data, err := r.part(slices.Grow((*memory)[:0], int(min(size, firstPart)))[:min(size, firstPart)], size)
	*memory = data[:0]
	return data, err
}

// part reads so many bytes, those that come first into data. A file that ends early takes no more memory than it has.
func (r *logReader) part(data []byte, size int64) ([]byte, error) {
	if err := r.full(data); err != nil {
		return nil, err
	}
	for int64(len(data)) < size {
		from := len(data)
		grown := make([]byte, min(size, 4*int64(from)))
		copy(grown, data)
		data = grown
		if err := r.full(data[from:]); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func (r *logReader) buffer(size int) []byte {
	if r.buffers != nil {
		return r.buffers.get(size)
	}
	return make([]byte, size)
}

func readDrops(in *packReader, into *store.Changes) error {
	for len(in.rest) > 0 && in.err == nil {
		d := store.Drop{Space: in.space()}
		d.AllSlices = in.byte() != 0
		d.Slice, d.From, d.To = in.varint(), in.uint64(), in.uint64()
		switch {
		case in.err != nil:
		case d.AllSlices:
			into.DropAll(d.Space, d.From, d.To)
		default:
			into.Drop(d.Space, d.Slice, d.From, d.To)
		}
	}
	return in.err
}

func (r *logReader) readEntries(in *packReader, data []byte, into *store.Changes) error {
	frame := store.LogFrame{Data: data}
	for len(in.rest) > 0 && in.err == nil {
		run := store.LogRun{Space: in.space(), Slice: in.varint()}
		run.Entries, run.Deletes, run.Bytes = in.small(), in.small(), in.small()
		frame.Runs = append(frame.Runs, run)
	}
	if in.err != nil {
		return in.err
	}
	if err := into.AddFrame(&frame); err != nil {
		return r.corrupt(err.Error())
	}
	for _, run := range frame.Runs {
		r.counts.add(run.Space, int64(run.Entries-run.Deletes), int64(run.Deletes))
	}
	return nil
}

// finish compares what the end says with what was read. What fills up follows it.
func (r *logReader) finish(in *packReader) error {
	if string(in.rest) != string(appendCounts(nil, r.counts.counts)) {
		return r.corrupt("it does not have the entries that its end says")
	}
	return nil
}

// countLog reads a log and counts its entries.
func countLog(fsys vfs.FS, path string) (counts []store.Count, err error) {
	r, err := openLog(fsys, path, vfs.DirectBuffer(readSize))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	for {
		end, err := r.next(newLog()) // what was read is not needed
		if err != nil {
			return nil, err
		}
		if end {
			return r.counts.counts, nil
		}
	}
}
