package checkpoint

import (
	"context"
	"io"
	"time"
)

// Target is where manifests and files are kept: a directory, or an object store. Names are slash-separated, like "manifests/00000000000000000001.json".
// A Target is safe for concurrent use. Calls that change something are durable when they return.
type Target interface {
	// Put stores size bytes of r under name, replacing what is there. It is atomic: a reader sees all of it or what was there before.
	Put(ctx context.Context, name string, r io.Reader, size int64) error
	// PutNew stores data under a name that is free; fs.ErrExist, and nothing is changed, when it is taken. After an *UncertainError it is unknown
	// whether the name is durable; after any other error it does not exist.
	PutNew(ctx context.Context, name string, data []byte) error
	// Get opens what is stored under name; fs.ErrNotExist when nothing is. The caller closes it.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
	// List lists the names that begin with prefix, in order. A name that exists while List runs is in it.
	List(ctx context.Context, prefix string) ([]Info, error)
	// Delete removes names; those that do not exist are no error.
	Delete(ctx context.Context, names ...string) error
}

// Linker is a Target that can share files with the local file system instead of copying them.
type Linker interface {
	// PutFiles stores local files, durable when it returns. What it links must not be changed any more.
	PutFiles(ctx context.Context, files []LocalFile) error
	// GetFile makes the file at path, which must not exist, that has the content of name. The file must not be changed: it may be the stored one. It is
	// not made durable.
	GetFile(ctx context.Context, name, path string) error
}

// LocalFile is a file for PutFiles.
type LocalFile struct {
	Name string // in the target
	Path string // on this machine
	Size int64
	Sum  Sum
	// Copy asks for a copy, since the file at Path will be changed.
	Copy bool
	// Synced says that the content is known to be durable.
	Synced bool
}

// Info describes what is stored under a name.
type Info struct {
	Name     string
	Size     int64
	Modified time.Time
}

// Folders of a Target.
const (
	manifestFolder = "manifests/"
	fileFolder     = "files/"
)
