package file

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"syscall"

	"wire.example/wire/internal/foundation/vfs"
)

// dirs are the directories of a sink whose names, or the names in which, may not be durable. A run that was killed may have made directories
// and not synced them, so those that are there already are synced, too, once, up to the root.
type dirs struct {
	fs       vfs.FS
	seen     map[string]bool
	unsynced map[string]bool // true: names in it were made by this run
}

func newDirs(fsys vfs.FS) dirs {
	return dirs{fs: fsys, seen: map[string]bool{}, unsynced: map[string]bool{}}
}

// need makes dir if it is not there: names are about to be made in it.
func (d *dirs) need(dir string) error {
	d.unsynced[dir] = true
	for at := dir; filepath.Dir(at) != at; at = filepath.Dir(at) {
		_, err := d.fs.Stat(at)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		d.unsynced[filepath.Dir(at)] = true
	}
	for at := dir; !d.seen[at]; at = filepath.Dir(at) {
		d.seen[at] = true
		if _, noted := d.unsynced[at]; !noted {
			d.unsynced[at] = false
		}
	}
	return d.fs.MkdirAll(dir, 0o755)
}

// sync makes the names durable. Where this run made none, it does as much as the system lets.
func (d *dirs) sync() error {
	for _, dir := range slices.Sorted(maps.Keys(d.unsynced)) {
		err := d.fs.SyncDir(dir)
		if err != nil && (d.unsynced[dir] || errors.Is(err, syscall.EIO)) {
			return explain(dir, err)
		}
		delete(d.unsynced, dir)
	}
	return nil
}
