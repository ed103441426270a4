package vfs

import (
	"io/fs"

	"wire.example/wire/internal/foundation/fault"
)

// Deaf returns fsys, or, in a process that is to do without the guarantee area+"/sync" or area+"/sync-names", one of whose syncs of files, or of directories, nobody hears that they fail: see fault.Weak.
func Deaf(fsys FS, area string) FS {
	content, names := fault.Weak(area+"/sync"), fault.Weak(area+"/sync-names")
	if !content && !names {
		return fsys
	}
	return &deaf{FS: fsys, content: content, names: names}
}

type deaf struct {
	FS
	content, names bool
}

func (d *deaf) SyncDir(name string) error {
	if err := d.FS.SyncDir(name); !d.names {
		return err
	}
	return nil
}

func (d *deaf) Open(name string) (File, error) { return d.wrap(d.FS.Open(name)) }

func (d *deaf) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	return d.wrap(d.FS.OpenFile(name, flag, perm))
}

func (d *deaf) wrap(f File, err error) (File, error) {
	if err != nil || !d.content {
		return f, err
	}
	return deafFile{f}, nil
}

type deafFile struct{ File }

func (f deafFile) Sync() error {
	_ = f.File.Sync() // that it fails is lost
	return nil
}
