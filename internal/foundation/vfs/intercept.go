package vfs

import (
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/zeebo/xxh3"
)

// changingFlags are the flags of an open that alters something.
const changingFlags = os.O_CREATE | os.O_TRUNC

// hook sees every call to an FS and its files, from any goroutine.
type hook interface {
	// before may refuse a call by an error. Of a write it then may let the first allowed bytes pass; other calls ignore allowed.
	before(op Op) (allowed int, err error)
	// after sees the outcome, also of a refused call.
	after(op Op)
}

// intercepted is an FS whose calls pass through a hook.
type intercepted struct {
	inner FS
	hook  hook
}

// do makes a call unless the hook refuses it.
func (i *intercepted) do(op Op, call func() error) error {
	if _, op.Err = i.hook.before(op); op.Err == nil {
		op.Err = call()
	}
	i.hook.after(op)
	return op.Err
}

func (i *intercepted) Open(name string) (File, error) {
	return i.open(Op{Call: CallOpen, Path: name}, func() (File, error) { return i.inner.Open(name) })
}

func (i *intercepted) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	op := Op{Call: CallOpen, Path: name, Flag: flag}
	return i.open(op, func() (File, error) { return i.inner.OpenFile(name, flag, perm) })
}

func (i *intercepted) Lock(name string) (File, error) {
	return i.open(Op{Call: CallLock, Path: name}, func() (File, error) { return i.inner.Lock(name) })
}

func (i *intercepted) open(op Op, open func() (File, error)) (File, error) {
	var inner File
	err := i.do(op, func() (err error) {
		inner, err = open()
		return err
	})
	if err != nil {
		return nil, err
	}
	return &interceptedFile{fs: i, inner: inner, appends: op.Flag&os.O_APPEND != 0}, nil
}

func (i *intercepted) Stat(name string) (info fs.FileInfo, err error) {
	err = i.do(Op{Call: CallStat, Path: name}, func() (err error) {
		info, err = i.inner.Stat(name)
		return err
	})
	return info, err
}

func (i *intercepted) Lstat(name string) (info fs.FileInfo, err error) {
	err = i.do(Op{Call: CallLstat, Path: name}, func() (err error) {
		info, err = i.inner.Lstat(name)
		return err
	})
	return info, err
}

func (i *intercepted) ReadDir(name string) (entries []fs.DirEntry, err error) {
	err = i.do(Op{Call: CallReadDir, Path: name}, func() (err error) {
		entries, err = i.inner.ReadDir(name)
		return err
	})
	return entries, err
}

func (i *intercepted) MkdirAll(name string, perm fs.FileMode) error {
	return i.do(Op{Call: CallMkdirAll, Path: name}, func() error { return i.inner.MkdirAll(name, perm) })
}

func (i *intercepted) Remove(name string) error {
	return i.do(Op{Call: CallRemove, Path: name}, func() error { return i.inner.Remove(name) })
}

func (i *intercepted) Rename(oldName, newName string) error {
	op := Op{Call: CallRename, Path: oldName, NewPath: newName}
	return i.do(op, func() error { return i.inner.Rename(oldName, newName) })
}

func (i *intercepted) RenameNoReplace(oldName, newName string) error {
	op := Op{Call: CallRenameNoReplace, Path: oldName, NewPath: newName}
	return i.do(op, func() error { return i.inner.RenameNoReplace(oldName, newName) })
}

func (i *intercepted) Link(oldName, newName string) error {
	op := Op{Call: CallLink, Path: oldName, NewPath: newName}
	return i.do(op, func() error { return i.inner.Link(oldName, newName) })
}

func (i *intercepted) SyncDir(name string) error {
	return i.do(Op{Call: CallSyncDir, Path: name}, func() error { return i.inner.SyncDir(name) })
}

// interceptedFile follows the offset itself, so that an Op can say where a write began.
type interceptedFile struct {
	fs      *intercepted
	inner   File
	offset  atomic.Int64
	appends bool
}

func (f *interceptedFile) Name() string { return f.inner.Name() }

func (f *interceptedFile) Read(p []byte) (int, error) {
	n, err := f.read(p, f.offset.Load(), f.inner.Read)
	f.offset.Add(int64(n))
	return n, err
}

func (f *interceptedFile) ReadAt(p []byte, offset int64) (int, error) {
	return f.read(p, offset, func(p []byte) (int, error) { return f.inner.ReadAt(p, offset) })
}

// read hides io.EOF from the hook: the end of a file is no failure.
func (f *interceptedFile) read(p []byte, offset int64, read func([]byte) (int, error)) (n int, err error) {
	op := Op{Call: CallRead, Path: f.Name(), Offset: offset, Length: len(p)}
	if _, err = f.fs.hook.before(op); err == nil {
		n, err = read(p)
	}
	op.Done, op.Hash = n, xxh3.Hash(p[:n])
	if err != io.EOF { //nolint:errorlint // a File returns it bare
		op.Err = err
	}
	f.fs.hook.after(op)
	return n, err
}

func (f *interceptedFile) Write(p []byte) (n int, err error) {
	if f.appends {
		if info, err := f.inner.Stat(); err == nil {
			f.offset.Store(info.Size())
		}
	}
	op := Op{Call: CallWrite, Path: f.Name(), Offset: f.offset.Load(), Length: len(p)}
	allowed, refusal := f.fs.hook.before(op)
	if refusal == nil {
		n, err = f.inner.Write(p)
	} else if allowed > 0 {
		n, err = f.inner.Write(p[:min(allowed, len(p))])
	}
	if err == nil {
		err = refusal
	}
	f.offset.Add(int64(n))
	op.Done, op.Hash, op.Err = n, xxh3.Hash(p[:n]), err
	f.fs.hook.after(op)
	return n, err
}

func (f *interceptedFile) Seek(offset int64, whence int) (position int64, err error) {
	err = f.do(CallSeek, offset, func() (err error) {
		position, err = f.inner.Seek(offset, whence)
		return err
	})
	if err == nil {
		f.offset.Store(position)
	}
	return position, err
}

func (f *interceptedFile) Stat() (info fs.FileInfo, err error) {
	err = f.do(CallFileStat, 0, func() (err error) {
		info, err = f.inner.Stat()
		return err
	})
	return info, err
}

func (f *interceptedFile) Truncate(size int64) error {
	return f.do(CallTruncate, size, func() error { return f.inner.Truncate(size) })
}

func (f *interceptedFile) Sync() error {
	return f.do(CallSync, 0, f.inner.Sync)
}

// Close closes the file even when the hook refuses, so that a failing test leaks no handle.
func (f *interceptedFile) Close() error {
	err := f.do(CallClose, 0, f.inner.Close)
	if err != nil {
		_ = f.inner.Close()
	}
	return err
}

func (f *interceptedFile) do(call Call, offset int64, do func() error) error {
	return f.fs.do(Op{Call: call, Path: f.Name(), Offset: offset}, do)
}
