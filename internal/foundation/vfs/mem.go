package vfs

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Mem is a file system in memory that knows what is durable; CrashImage gives what a power failure would leave. It has no symbolic links,
// checks no permissions, and resolves relative paths from its root. Times of modification are a counter from 2000-01-01 UTC, one
// microsecond a change, so that runs repeat.
type Mem struct {
	mu      sync.Mutex
	root    *node
	inodes  uint64 // the last one given
	changes int64  // the logical time
}

// NewMem returns a file system that holds an empty root directory.
func NewMem() *Mem {
	m := &Mem{}
	m.root = m.newNode(fs.ModeDir | 0o777)
	return m
}

// node is a file or a directory. The Mem's mutex guards it.
type node struct {
	inode uint64
	mode  fs.FileMode
	mtime time.Time

	content []byte            // of a file, as readers see it
	writes  journal[edit]     // content's changes since Sync
	entries map[string]*node  // of a directory, as lookups see it
	names   journal[renaming] // entries' changes since SyncDir
	stable  image             // what is durable

	locked bool
}

// image is the durable side of a node: content of a file, entries of a directory.
type image struct {
	content []byte
	entries map[string]*node
}

func (m *Mem) newNode(mode fs.FileMode) *node {
	m.inodes++
	n := &node{inode: m.inodes, mode: mode}
	if mode.IsDir() {
		n.entries = map[string]*node{}
		n.stable.entries = map[string]*node{}
	}
	m.touch(n)
	return n
}

// touch gives n the next time of modification.
func (m *Mem) touch(n *node) {
	m.changes++
	n.mtime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(m.changes) * time.Microsecond)
}

// place is where a name is, or would be.
type place struct {
	dir  *node
	name string // the last element; "" for the root
	node *node  // nil when nothing has the name
}

// find walks to name. The error is a bare number: ENOENT or ENOTDIR of a directory on the way.
func (m *Mem) find(name string) (place, error) {
	if name == "" {
		return place{}, syscall.ENOENT
	}
	at := place{dir: m.root, node: m.root}
	for element := range strings.SplitSeq(filepath.Clean("/" + name)[1:], "/") {
		if element == "" {
			continue
		}
		if at.node == nil {
			return place{}, syscall.ENOENT
		}
		if !at.node.mode.IsDir() {
			return place{}, syscall.ENOTDIR
		}
		at = place{dir: at.node, name: element, node: at.node.entries[element]}
	}
	return at, nil
}

// existing is find for names that must be there.
func (m *Mem) existing(name string) (place, error) {
	at, err := m.find(name)
	if err == nil && at.node == nil {
		err = syscall.ENOENT
	}
	return at, err
}

// change gives names in dir new nodes, nil for none, as one step that a crash does not split.
func (m *Mem) change(dir *node, r renaming) {
	r.apply(dir.entries)
	dir.names.add(r)
	m.touch(dir)
}

// Open opens a file for reading, or a directory.
func (m *Mem) Open(name string) (File, error) {
	return m.OpenFile(name, os.O_RDONLY, 0)
}

// OpenFile opens or creates a file.
func (m *Mem) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, err := m.openFile(name, flag, perm)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f, nil
}

func (m *Mem) openFile(name string, flag int, perm fs.FileMode) (*memFile, error) {
	at, err := m.find(name)
	if err != nil {
		return nil, err
	}
	const write = os.O_WRONLY | os.O_RDWR
	switch {
	case at.node == nil && flag&os.O_CREATE == 0:
		return nil, syscall.ENOENT
	case at.node == nil:
		at.node = m.newNode(perm.Perm())
		m.change(at.dir, renaming{at.name: at.node})
	case flag&os.O_CREATE != 0 && flag&os.O_EXCL != 0:
		return nil, syscall.EEXIST
	case at.node.mode.IsDir() && flag&(write|os.O_CREATE|os.O_TRUNC) != 0:
		return nil, syscall.EISDIR
	}
	if flag&os.O_TRUNC != 0 {
		m.truncate(at.node, 0)
	}
	return &memFile{fs: m, node: at.node, name: name, flag: flag}, nil
}

// Stat describes a file.
func (m *Mem) Stat(name string) (fs.FileInfo, error) {
	return m.stat("stat", name)
}

// Lstat is Stat: there are no symbolic links.
func (m *Mem) Lstat(name string) (fs.FileInfo, error) {
	return m.stat("lstat", name)
}

func (m *Mem) stat(op, name string) (fs.FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.existing(name)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return at.node.info(filepath.Base(name)), nil
}

// ReadDir lists a directory in the order of names.
func (m *Mem) ReadDir(name string) ([]fs.DirEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.existing(name)
	if err == nil && !at.node.mode.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	entries := make([]fs.DirEntry, 0, len(at.node.entries))
	for name, n := range at.node.entries {
		entries = append(entries, fs.FileInfoToDirEntry(n.info(name)))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// SyncDir makes the names in a directory durable.
func (m *Mem) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.existing(name)
	if err != nil {
		return &fs.PathError{Op: "open", Path: name, Err: err}
	}
	at.node.sync()
	return nil
}

// Lock locks a file against other Locks of this Mem.
func (m *Mem) Lock(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, err := m.openFile(name, os.O_RDWR|os.O_CREATE, filePerm)
	if err == nil && f.node.locked {
		err = ErrLocked
	}
	if err != nil {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: err}
	}
	f.node.locked, f.holdsLock = true, true
	return f, nil
}

// info describes n under a name.
func (n *node) info(name string) fs.FileInfo {
	return memInfo{name: name, size: int64(len(n.content)), mode: n.mode, mtime: n.mtime, id: ID{Inode: n.inode}}
}

type memInfo struct {
	name  string
	size  int64
	mode  fs.FileMode
	mtime time.Time
	id    ID
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) Mode() fs.FileMode  { return i.mode }
func (i memInfo) ModTime() time.Time { return i.mtime }
func (i memInfo) IsDir() bool        { return i.mode.IsDir() }
func (i memInfo) Sys() any           { return i.id }
