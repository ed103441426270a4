package pebblestore

import (
	"errors"
	"io"
	"os"
	"syscall"

	"wire.example/wire/internal/foundation/vfs"
)

// readSize is how much of a log is read at once, in bytes.
const readSize = 1 << 20

// pastReader reads a file once, from its beginning, past the page cache where that can be: it was written past it, and is not read again.
type pastReader struct {
	fs     vfs.FS
	name   string
	file   vfs.File
	buffer []byte // lent
	rest   []byte // of buffer: what was read of the file and not given on
	direct bool
	at     int64 // in the file
	ended  bool
}

// openPast opens a file. The caller closes it.
func openPast(fsys vfs.FS, name string, buffer []byte) (*pastReader, error) {
	r := &pastReader{fs: fsys, name: name, buffer: buffer[:cap(buffer)]}
	if vfs.Direct != 0 {
		f, err := fsys.OpenFile(name, os.O_RDONLY|vfs.Direct, 0)
		if err == nil {
			r.file, r.direct = f, true
			return r, nil
		}
		if !errors.Is(err, syscall.EINVAL) {
			return nil, err
		}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	r.file = f
	return r, nil
}

func (r *pastReader) close() error { return r.file.Close() }

// Read reads what comes next.
func (r *pastReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// fill reads as much as the buffer takes.
func (r *pastReader) fill() error {
	if r.ended {
		return io.EOF
	}
	n, err := r.file.ReadAt(r.buffer, r.at)
	if r.direct && errors.Is(err, syscall.EINVAL) {
		if err := r.goOnBuffered(); err != nil {
			return err
		}
		n, err = r.file.ReadAt(r.buffer, r.at)
	}
	if n == 0 && err == nil {
		err = io.ErrNoProgress
	}
	if n == 0 {
		return err
	}
	r.rest, r.at, r.ended = r.buffer[:n], r.at+int64(n), errors.Is(err, io.EOF)
	return nil // what else is wrong behind it shows with the next call
}

// goOnBuffered opens the file anew, for a device that refuses such reads.
func (r *pastReader) goOnBuffered() error {
	f, err := r.fs.Open(r.name)
	if err != nil {
		return err
	}
	direct := r.file
	r.file, r.direct = f, false
	return direct.Close()
}
