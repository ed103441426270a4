package vfs

import (
	"errors"
	"io"
	"io/fs"
)

// ErrLocked is returned by Lock while somebody else, in this process or another, holds the lock.
var ErrLocked = errors.New("file is locked by another holder")

// FS is a file system. Paths are those of the operating system. Errors are *fs.PathError or *os.LinkError around a syscall.Errno, so that
// errors.Is works with fs.ErrNotExist, fs.ErrExist and syscall.ENOSPC. Every FS is safe for concurrent use.
type FS interface {
	ReadFS
	WriteFS
}

// ReadFS looks at files. None of its calls makes anything durable.
type ReadFS interface {
	// Open opens a file for reading, or a directory for Stat and Sync only.
	Open(name string) (File, error)
	// Stat describes the file that name leads to.
	Stat(name string) (fs.FileInfo, error)
	// Lstat is Stat, but describes a symbolic link itself.
	Lstat(name string) (fs.FileInfo, error)
	// ReadDir lists a directory in the order of names.
	ReadDir(name string) ([]fs.DirEntry, error)
}

// WriteFS changes files and names.
type WriteFS interface {
	// OpenFile opens with the flags of package os. A file that it creates has a durable name only after SyncDir of its directory.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	Namer
	Locker
	// SyncDir makes the names in the directory durable: creations, renames, links and removals done so far. It says nothing about the
	// content of the files, nor about the directory's own name in its parent.
	SyncDir(name string) error
}

// Namer changes names. Each change is atomic for those who look at the running system, and durable only after SyncDir of every directory
// that it touched; a power failure before may leave it done, undone or, across two directories, in part.
type Namer interface {
	// MkdirAll creates a directory and its missing parents; existing ones are no error.
	MkdirAll(name string, perm fs.FileMode) error
	// Remove removes a file or an empty directory.
	Remove(name string) error
	// Rename gives a file another name, replacing a file of that name. Sync the file first: a rename does not wait for content.
	Rename(oldName, newName string) error
	// RenameNoReplace is Rename, but fails with fs.ErrExist when the new name is taken, without a moment between check and change.
	RenameNoReplace(oldName, newName string) error
	// Link gives a file a second name; fs.ErrExist when it is taken.
	Link(oldName, newName string) error
}

// Locker excludes other processes.
type Locker interface {
	// Lock creates the file if needed, opens it for reading and writing, and locks it until Close or the end of the process; ErrLocked
	// when that is impossible now. It never waits. The file stays behind after Close; its content is the holder's to use, to say who it is.
	Lock(name string) (File, error)
}

// File is an open file. Its methods may be used from one goroutine at a time, except ReadAt and Stat, which need no order. *os.File is one.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.Seeker
	// Close releases the handle. It makes nothing durable.
	io.Closer
	// Name is the path that was opened.
	Name() string
	// Stat describes the open file, whatever its name leads to by now.
	Stat() (fs.FileInfo, error)
	// Truncate cuts or extends the file to size bytes; durable after Sync.
	Truncate(size int64) error
	// Sync makes the file's content and size durable. After an error the state of unsynced writes is unknown and another Sync proves
	// nothing: close the file and start from what was durable.
	Sync() error
}

// ID names a file whatever its path: it stays over renames, and two files that exist at the same time differ. After a file is removed its
// ID may be given to another.
type ID struct {
	Device uint64
	Inode  uint64
}

// Identity returns the ID of a file that an FS of this package described; false when info came from elsewhere.
func Identity(info fs.FileInfo) (ID, bool) {
	if info == nil {
		return ID{}, false
	}
	if id, ok := info.Sys().(ID); ok {
		return id, true
	}
	return systemIdentity(info)
}
