package vfs

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// memFile is a handle on a node. The Mem's mutex guards it.
type memFile struct {
	fs        *Mem
	node      *node
	name      string
	flag      int
	offset    int64
	holdsLock bool
	closed    bool
}

func (f *memFile) Name() string { return f.name }

// enter locks the Mem and checks that the handle is open and, if so wanted, allows reading or writing. The caller must call leave.
func (f *memFile) enter(op string, allowed bool) error {
	f.fs.mu.Lock()
	switch {
	case f.closed:
		return &fs.PathError{Op: op, Path: f.name, Err: fs.ErrClosed}
	case !allowed:
		return &fs.PathError{Op: op, Path: f.name, Err: syscall.EBADF}
	}
	return nil
}

func (f *memFile) leave() { f.fs.mu.Unlock() }

func (f *memFile) readable() bool { return f.flag&os.O_WRONLY == 0 }

func (f *memFile) writable() bool { return f.flag&(os.O_WRONLY|os.O_RDWR) != 0 }

func (f *memFile) Read(p []byte) (int, error) {
	defer f.leave()
	if err := f.enter("read", f.readable()); err != nil {
		return 0, err
	}
	n, err := f.readAt("read", p, f.offset)
	f.offset += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *memFile) ReadAt(p []byte, offset int64) (int, error) {
	defer f.leave()
	if err := f.enter("read", f.readable()); err != nil {
		return 0, err
	}
	if offset < 0 {
		return 0, &fs.PathError{Op: "readat", Path: f.name, Err: syscall.EINVAL}
	}
	return f.readAt("read", p, offset)
}

// readAt copies from offset; io.EOF when fewer bytes than asked for are there.
func (f *memFile) readAt(op string, p []byte, offset int64) (int, error) {
	if f.node.mode.IsDir() {
		return 0, &fs.PathError{Op: op, Path: f.name, Err: syscall.EISDIR}
	}
	if len(p) == 0 {
		return 0, nil
	}
	n := 0
	if offset < int64(len(f.node.content)) {
		n = copy(p, f.node.content[offset:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) Write(p []byte) (int, error) {
	defer f.leave()
	if err := f.enter("write", f.writable()); err != nil {
		return 0, err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if f.flag&os.O_APPEND != 0 {
		f.offset = int64(len(f.node.content))
	}
	f.fs.write(f.node, f.offset, p)
	f.offset += int64(len(p))
	return len(p), nil
}

func (f *memFile) Seek(offset int64, whence int) (int64, error) {
	defer f.leave()
	if err := f.enter("seek", true); err != nil {
		return 0, err
	}
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += f.offset
	case io.SeekEnd:
		offset += int64(len(f.node.content))
	default:
		offset = -1
	}
	if offset < 0 {
		return 0, &fs.PathError{Op: "seek", Path: f.name, Err: syscall.EINVAL}
	}
	f.offset = offset
	return offset, nil
}

func (f *memFile) Stat() (fs.FileInfo, error) {
	defer f.leave()
	if err := f.enter("stat", true); err != nil {
		return nil, err
	}
	return f.node.info(filepath.Base(f.name)), nil
}

func (f *memFile) Truncate(size int64) error {
	defer f.leave()
	if err := f.enter("truncate", true); err != nil {
		return err
	}
	if size < 0 || !f.writable() {
		return &fs.PathError{Op: "truncate", Path: f.name, Err: syscall.EINVAL}
	}
	f.fs.truncate(f.node, size)
	return nil
}

func (f *memFile) Sync() error {
	defer f.leave()
	if err := f.enter("sync", true); err != nil {
		return err
	}
	f.node.sync()
	return nil
}

func (f *memFile) Close() error {
	defer f.leave()
	if err := f.enter("close", true); err != nil {
		return err
	}
	if f.holdsLock {
		f.node.locked = false
	}
	f.closed = true
	return nil
}

// write puts a copy of p at offset.
func (m *Mem) write(n *node, offset int64, p []byte) {
	m.edit(n, edit{offset: offset, data: append([]byte(nil), p...)})
}

// truncate sets the size.
func (m *Mem) truncate(n *node, size int64) {
	m.edit(n, edit{offset: size})
}

func (m *Mem) edit(n *node, e edit) {
	n.content = e.apply(n.content)
	n.writes.add(e)
	m.touch(n)
}
