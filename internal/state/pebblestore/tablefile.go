package pebblestore

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/cockroachdb/pebble/v2/objstorage"
	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/vfs"
)

const (
	// writeSize is how much of a table goes to the file at once, in bytes.
	writeSize = 1 << 20
	// roomBehind is how much more the buffer takes, so that a block can be made where it is written from.
	roomBehind = 128 << 10
)

// tableFile is a table that is being written, once, from its beginning, past the page cache where that can be: what it holds lies in memory already. It is synced when it is complete. One goroutine uses it.
type tableFile struct {
	fs     *diskFS
	name   string
	file   vfs.File
	buffer []byte // of writeSize and roomBehind, lent by the store; between calls less than writeSize is in it
	size   int64  // in the file
	direct bool
	sum    *xxh3.Hasher // of what was given
}

var _ objstorage.Writable = (*tableFile)(nil)

// createTable creates a table that tableFile writes.
func (d *diskFS) createTable(name string, buffer []byte) (*tableFile, error) {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	t := &tableFile{fs: d, name: name, buffer: buffer[:0], sum: xxh3.New()}
	if vfs.Direct != 0 && !d.buffered {
		f, err := d.disk.OpenFile(name, flags|vfs.Direct, 0o666)
		if err == nil {
			t.file, t.direct = f, true
			return t, nil
		}
		if !errors.Is(err, syscall.EINVAL) {
			return nil, err
		}
		d.buffered = true
		if err := d.disk.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	f, err := d.disk.OpenFile(name, flags, 0o666)
	if err != nil {
		return nil, err
	}
	t.file = f
	return t, nil
}

// Write writes p.
func (t *tableFile) Write(p []byte) error {
	for len(p) > 0 {
		n := copy(t.room(), p)
		if err := t.filled(n); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// room is where what is written next may be made: roomBehind bytes at least, lent until the next call. filled says how much of it is so.
func (t *tableFile) room() []byte { return t.buffer[len(t.buffer):cap(t.buffer)] }

// filled writes the first n bytes of room.
func (t *tableFile) filled(n int) error {
	from := len(t.buffer)
	t.buffer = t.buffer[:from+n]
	_, _ = t.sum.Write(t.buffer[from:]) // no error is possible
	if len(t.buffer) < writeSize {
		return nil
	}
	return t.flush(writeSize)
}

// flush gives the file the first n bytes of the buffer, which are as many as a direct write may have. A device that wants other lengths refuses one of them.
func (t *tableFile) flush(n int) error {
	if n == 0 {
		return nil
	}
	err := t.put(t.buffer[:n])
	t.buffer = t.buffer[:copy(t.buffer, t.buffer[n:])]
	return err
}

// put gives the file p, which is as a direct write must be.
func (t *tableFile) put(p []byte) error {
	n, err := t.file.Write(p)
	if t.direct && errors.Is(err, syscall.EINVAL) {
		if err = t.goOnBuffered(); err == nil {
			var more int
			more, err = t.file.Write(p[n:])
			n += more
		}
	}
	t.fs.written.Add(int64(n))
	t.size += int64(n)
	return err
}

// writeBlock writes p, whose address and length are multiples of vfs.DirectAlign, from where it lies. What was written before must be a multiple of that.
func (t *tableFile) writeBlock(p []byte) error {
	if err := t.flush(len(t.buffer)); err != nil {
		return err
	}
	_, _ = t.sum.Write(p) // no error is possible
	return t.put(p)
}

// goOnBuffered opens the file anew, to write behind what it has: no table is written past the cache from now on.
func (t *tableFile) goOnBuffered() error {
	t.fs.buffered = true
	f, err := t.fs.disk.OpenFile(t.name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	direct := t.file
	t.file, t.direct = f, false
	return direct.Close()
}

// last writes what is left: filled up, and cut to its length again, where the write is direct.
func (t *tableFile) last() error {
	size := t.size + int64(len(t.buffer))
	if more := len(t.buffer) % vfs.DirectAlign; t.direct && more > 0 {
		n := len(t.buffer)
		t.buffer = t.buffer[:n+vfs.DirectAlign-more]
		clear(t.buffer[n:])
	}
	if err := t.flush(len(t.buffer)); err != nil {
		return err
	}
	if t.size > size {
		return t.file.Truncate(size)
	}
	return nil
}

// fileMark is what a file is taken back to: all that was given to it by then lies in the file.
type fileMark struct {
	size int64
	sum  xxh3.Hasher
}

// mark is where the file stands, of which all must have been given to the disk: what was written must be a multiple of vfs.DirectAlign, as settle leaves it.
func (t *tableFile) mark() fileMark { return fileMark{size: t.size, sum: *t.sum} }

// waiting is how many bytes were not given to the file yet. What was is a multiple of vfs.DirectAlign.
func (t *tableFile) waiting() int { return len(t.buffer) }

// settle gives the disk all that was written, which is a multiple of vfs.DirectAlign, and syncs it.
func (t *tableFile) settle() error {
	if err := t.flush(len(t.buffer)); err != nil {
		return err
	}
	return t.file.Sync()
}

// close closes the file, all of which was synced.
func (t *tableFile) close() error {
	t.fs.summed(t.name, t.sum.Sum64())
	return t.file.Close()
}

// rewind takes the file back to a mark.
func (t *tableFile) rewind(m fileMark) error {
	if err := t.file.Truncate(m.size); err != nil {
		return err
	}
	if _, err := t.file.Seek(m.size, io.SeekStart); err != nil {
		return err
	}
	*t.sum, t.size, t.buffer = m.sum, m.size, t.buffer[:0]
	return nil
}

// StartMetadataPortion is of no use here.
func (*tableFile) StartMetadataPortion() error { return nil }

// Finish writes the rest, syncs and closes the file.
func (t *tableFile) Finish() error {
	err := t.last()
	if err == nil {
		err = t.file.Sync()
	}
	if err = errors.Join(err, t.file.Close()); err == nil {
		t.fs.summed(t.name, t.sum.Sum64())
	}
	return err
}

// Abort closes the file, which is worth nothing then.
func (t *tableFile) Abort() { _ = t.file.Close() }
