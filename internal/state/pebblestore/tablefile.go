package pebblestore

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/cockroachdb/pebble/v2/objstorage"
	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/vfs"
)

// writeSize is how much of a table goes to the file at once, in bytes.
const writeSize = 1 << 20

// tableFile is a table that is being written, once, from its beginning, past the page cache where that can be: what it holds lies in memory already. It is synced when it is complete. One goroutine uses it.
type tableFile struct {
	fs     *diskFS
	name   string
	file   vfs.File
	buffer []byte // of writeSize, lent by the store
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

// Write gives the file whole buffers.
func (t *tableFile) Write(p []byte) error {
	for len(p) > 0 {
		n := min(len(p), cap(t.buffer)-len(t.buffer))
		t.buffer = append(t.buffer, p[:n]...)
		p = p[n:]
		if len(t.buffer) < cap(t.buffer) {
			break
		}
		_, _ = t.sum.Write(t.buffer) // no error is possible
		if err := t.flush(); err != nil {
			return err
		}
	}
	return nil
}

// flush writes the buffer, which is as long as a direct write may be. A device that wants other lengths refuses one of them.
func (t *tableFile) flush() error {
	n, err := t.file.Write(t.buffer)
	if t.direct && errors.Is(err, syscall.EINVAL) {
		if err = t.goOnBuffered(); err == nil {
			var more int
			more, err = t.file.Write(t.buffer[n:])
			n += more
		}
	}
	t.fs.written.Add(int64(n))
	t.size += int64(n)
	t.buffer = t.buffer[:0]
	return err
}

// goOnBuffered opens the file anew, to write behind what it has: no table is written past the cache from now on.
func (t *tableFile) goOnBuffered() error {
	t.direct, t.fs.buffered = false, true
	f, err := t.fs.disk.OpenFile(t.name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	direct := t.file
	t.file = f
	return direct.Close()
}

// last writes what is left: filled up, and cut to its length again, where the write is direct.
func (t *tableFile) last() error {
	size := t.size + int64(len(t.buffer))
	_, _ = t.sum.Write(t.buffer) // no error is possible
	if more := len(t.buffer) % vfs.DirectAlign; t.direct && more > 0 {
		n := len(t.buffer)
		t.buffer = t.buffer[:n+vfs.DirectAlign-more]
		clear(t.buffer[n:])
	}
	if err := t.flush(); err != nil {
		return err
	}
	if t.size > size {
		return t.file.Truncate(size)
	}
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
