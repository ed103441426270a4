package pebblestore

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/cockroachdb/pebble/v2/objstorage"

	"wire.example/wire/internal/foundation/vfs"
)

// writeSize is how much of a table goes to the file at once, in bytes.
const writeSize = 1 << 20

// tableFile is a table that is being written, once, from its beginning, past the page cache where that can be: what it holds lies in memory already. It is synced when it is complete. One goroutine uses it.
type tableFile struct {
	fs     *diskFS
	file   vfs.File
	buffer []byte // of writeSize, lent by the store
	size   int64  // in the file
	direct bool
}

var _ objstorage.Writable = (*tableFile)(nil)

// createTable creates a table that tableFile writes.
func (d *diskFS) createTable(name string, buffer []byte) (*tableFile, error) {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	t := &tableFile{fs: d, buffer: buffer[:0]}
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
		if err := t.flush(); err != nil {
			return err
		}
	}
	return nil
}

// flush writes the buffer, which is as long as a direct write may be. A device that wants other lengths refuses the first of them: the table fails, and the next one is not written past the cache.
func (t *tableFile) flush() error {
	n, err := t.file.Write(t.buffer)
	t.fs.buffered = t.fs.buffered || t.direct && errors.Is(err, syscall.EINVAL)
	t.fs.written.Add(int64(n))
	t.size += int64(n)
	t.buffer = t.buffer[:0]
	return err
}

// last writes what is left: filled up, and cut to its length again, where the write is direct.
func (t *tableFile) last() error {
	size := t.size + int64(len(t.buffer))
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
	return errors.Join(err, t.file.Close())
}

// Abort closes the file, which is worth nothing then.
func (t *tableFile) Abort() { _ = t.file.Close() }
