package pebblestore

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/vfs"
)

// Names of Pebble's files that lie on disk: tables. Values are never separated from them, so there are no blob files.
const tableSuffix = ".sst"

// onDisk reports whether a file of Pebble's is a table.
func onDisk(name string) bool { return filepath.Ext(name) == tableSuffix }

// diskFS is the file system that Pebble sees: tables go to Wire's, everything else (manifest, options, markers, lock, the log that is never
// written) to memory, where no disk can be full and nothing waits for an fsync. Such files are small, and a checkpoint copies them.
//
// Durability: a table is synced once, when it is complete, by whoever writes it; names in the live directory are never synced.
type diskFS struct {
	disk    vfs.FS
	memory  *pebblevfs.MemFS
	written atomic.Int64 // bytes of tables that were written
	// buffered: the disk has no direct writes. Known once the first table was written, by whoever holds Store.writing.
	buffered bool

	mu sync.Mutex
	// sums are the checksums of tables, by path, that were written whole; guarded by mu.
	sums map[string]uint64
}

// forgetDir notes that nothing of a directory is known any more.
func (d *diskFS) forgetDir(dir string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.sums, func(name string, _ uint64) bool { return filepath.Dir(name) == dir })
}

func newDiskFS(disk vfs.FS) *diskFS {
	return &diskFS{disk: disk, memory: pebblevfs.NewMem(), sums: map[string]uint64{}}
}

// summed notes the checksum of a table that was written whole.
func (d *diskFS) summed(name string, sum uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sums[name] = sum
}

// sumOf is the checksum of a table, if it was written whole.
func (d *diskFS) sumOf(name string) (sum uint64, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	sum, known = d.sums[name]
	return sum, known
}

// named gives the table at a path another name, too.
func (d *diskFS) named(oldName, newName string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if sum, known := d.sums[oldName]; known {
		d.sums[newName] = sum
	}
}

// forget notes that no table has a name any more.
func (d *diskFS) forget(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.sums, name)
}

func (d *diskFS) Create(name string, category pebblevfs.DiskWriteCategory) (pebblevfs.File, error) {
	if !onDisk(name) {
		return d.memory.Create(name, category)
	}
	// Never through an existing inode: a checkpoint may hold a link of it.
	if err := d.disk.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := d.disk.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	return &diskFile{file: f, written: &d.written, fs: d, name: name, sum: xxh3.New()}, nil
}

// vacant fails unless nothing has the name.
func (d *diskFS) vacant(name string) error {
	switch _, err := d.disk.Lstat(name); {
	case err == nil:
		return &fs.PathError{Op: "mkdir", Path: name, Err: fs.ErrExist}
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return err
	}
}

func (d *diskFS) Link(oldName, newName string) error {
	if !onDisk(oldName) {
		return d.memory.Link(oldName, newName)
	}
	err := d.disk.Link(oldName, newName)
	if err == nil {
		d.named(oldName, newName)
	}
	return err
}

func (d *diskFS) Open(name string, options ...pebblevfs.OpenOption) (pebblevfs.File, error) {
	if !onDisk(name) {
		return d.memory.Open(name, options...)
	}
	f, err := d.disk.Open(name)
	if err != nil {
		return nil, err
	}
	file := &diskFile{file: f, written: &d.written}
	for _, option := range options {
		option.Apply(file)
	}
	return file, nil
}

func (d *diskFS) OpenReadWrite(
	name string, category pebblevfs.DiskWriteCategory, options ...pebblevfs.OpenOption,
) (pebblevfs.File, error) {
	if onDisk(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.ErrUnsupported} // tables are written once, from the beginning
	}
	return d.memory.OpenReadWrite(name, category, options...)
}

// OpenDir opens a directory of the memory: its names need no sync, and those of tables get theirs in Checkpoint.
func (d *diskFS) OpenDir(name string) (pebblevfs.File, error) { return d.memory.OpenDir(name) }

func (d *diskFS) Remove(name string) error {
	if !onDisk(name) {
		return d.memory.Remove(name)
	}
	d.forget(name)
	return d.disk.Remove(name)
}

// RemoveAll removes a directory in both places; Pebble has no deeper ones.
func (d *diskFS) RemoveAll(name string) error {
	err := d.memory.RemoveAll(name)
	entries, listErr := d.disk.ReadDir(name)
	if errors.Is(listErr, fs.ErrNotExist) {
		return err
	}
	err = errors.Join(err, listErr)
	for _, entry := range entries {
		path := filepath.Join(name, entry.Name())
		d.forget(path)
		err = errors.Join(err, d.disk.Remove(path))
	}
	return errors.Join(err, d.disk.Remove(name))
}

func (d *diskFS) Rename(oldName, newName string) error {
	if !onDisk(oldName) {
		return d.memory.Rename(oldName, newName)
	}
	err := d.disk.Rename(oldName, newName)
	if err == nil {
		d.named(oldName, newName)
		d.forget(oldName)
	}
	return err
}

func (d *diskFS) ReuseForWrite(oldName, newName string, category pebblevfs.DiskWriteCategory) (pebblevfs.File, error) {
	return d.memory.ReuseForWrite(oldName, newName, category) // logs only
}

func (d *diskFS) MkdirAll(name string, perm os.FileMode) error {
	return errors.Join(d.memory.MkdirAll(name, perm), d.disk.MkdirAll(name, perm))
}

func (d *diskFS) Lock(name string) (io.Closer, error) { return d.memory.Lock(name) }

// List names what lies in both places, directories left out.
func (d *diskFS) List(name string) ([]string, error) {
	names, err := d.memory.List(name)
	if err != nil {
		return nil, err
	}
	entries, err := d.disk.ReadDir(name)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

func (d *diskFS) Stat(name string) (pebblevfs.FileInfo, error) {
	if !onDisk(name) {
		return d.memory.Stat(name)
	}
	return described(d.disk.Stat(name))
}

func (*diskFS) PathBase(path string) string        { return filepath.Base(path) }
func (*diskFS) PathJoin(elements ...string) string { return filepath.Join(elements...) }
func (*diskFS) PathDir(path string) string         { return filepath.Dir(path) }

// GetDiskUsage is not known; Pebble paces deletions by it, which is off.
func (*diskFS) GetDiskUsage(string) (pebblevfs.DiskUsage, error) {
	return pebblevfs.DiskUsage{}, pebblevfs.ErrUnsupported
}

func (*diskFS) Unwrap() pebblevfs.FS { return nil }

// diskFile is a table.
type diskFile struct {
	file    vfs.File
	written *atomic.Int64
	fs      *diskFS
	name    string
	sum     *xxh3.Hasher // of what was written; nil: it is not known
}

// Close notes the checksum of a table that was written.
func (f *diskFile) Close() error {
	err := f.file.Close()
	if err == nil && f.sum != nil {
		f.fs.summed(f.name, f.sum.Sum64())
	}
	return err
}

func (f *diskFile) Read(p []byte) (int, error)             { return f.file.Read(p) }
func (f *diskFile) ReadAt(p []byte, at int64) (int, error) { return f.file.ReadAt(p, at) }

func (f *diskFile) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	f.written.Add(int64(n))
	switch {
	case err != nil:
		f.sum = nil
	case f.sum != nil:
		_, _ = f.sum.Write(p) // no error is possible
	}
	return n, err
}

func (f *diskFile) WriteAt([]byte, int64) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: f.file.Name(), Err: errors.ErrUnsupported}
}

func (f *diskFile) Stat() (pebblevfs.FileInfo, error) { return described(f.file.Stat()) }
func (f *diskFile) Sync() error                       { return f.file.Sync() }
func (f *diskFile) SyncData() error                   { return f.file.Sync() }

// Hints that need no answer.
func (*diskFile) SyncTo(int64) (bool, error)      { return false, nil }
func (*diskFile) Preallocate(_, _ int64) error    { return nil }
func (*diskFile) Prefetch(_ int64, _ int64) error { return nil }
func (*diskFile) Fd() uintptr                     { return pebblevfs.InvalidFd }

// described is a file's description as Pebble wants it.
func described(info fs.FileInfo, err error) (pebblevfs.FileInfo, error) {
	if err != nil {
		return nil, err
	}
	return fileInfo{info}, nil
}

type fileInfo struct{ fs.FileInfo }

// DeviceID is the same for all: nothing here asks which device.
func (fileInfo) DeviceID() pebblevfs.DeviceID { return pebblevfs.DeviceID{} }
