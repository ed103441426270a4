package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"wire.example/wire/internal/foundation/vfs"
)

// sighting is a file that the path names now.
type sighting struct {
	path string
	info fs.FileInfo
	id   vfs.ID
}

// scan looks for files and compares them with those that are known: the one place that understands growth, new files, renaming and removal.
// It does not notice changes within a file; reading does.
func (f *follower) scan() error {
	f.scanned = f.clock.Monotonic()
	seen, there, err := f.list()
	if err != nil {
		return err
	}
	if there {
		if err := f.meet(seen); err != nil {
			return err
		}
	}
	for _, t := range f.tails {
		if t.moved || !there {
			if err := f.visit(t); err != nil {
				return fmt.Errorf("%s: %w", t.path, err)
			}
		}
	}
	return nil
}

// list returns the files that the path names, sorted. there is false while the directory that holds them all is not.
func (f *follower) list() (seen []sighting, there bool, err error) {
	root := rootOf(f.fs, f.config.Path)
	if _, err := f.fs.Stat(root); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, false, err
		}
		f.miss("directory " + root + " is not there; waiting for it")
		f.watch.forget()
		return nil, false, nil
	}
	f.watch.add(root)
	paths, err := expand(f.fs, f.config.Path)
	if errors.Is(err, fs.ErrNotExist) {
		f.miss("there is nothing to read yet; waiting for it")
		_, err := f.fs.Stat(root) // it may have gone since it was looked for
		return nil, err == nil, nil
	}
	if err != nil {
		return nil, false, err
	}
	f.lost = false
	for _, path := range paths {
		one, ok, err := f.sight(filepath.Clean(path))
		if err != nil {
			return nil, false, err
		}
		if ok {
			seen = append(seen, one)
		}
	}
	return seen, true, nil
}

// miss warns, once until something is found.
func (f *follower) miss(what string) {
	if !f.lost {
		f.env.Log.Warn(what, "source", f.env.Name, "path", f.config.Path)
	}
	f.lost = true
}

// sight looks at one path; false if it cannot be followed.
func (f *follower) sight(path string) (sighting, bool, error) {
	if codecOf(f.config.Compression, path) != "none" {
		if !f.passed[path] {
			f.env.Log.Warn("passing over a compressed file: a followed file is read before it is compressed", "source", f.env.Name, "file", path)
		}
		f.passed[path] = true
		return sighting{}, false, nil
	}
	info, err := f.fs.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return sighting{}, false, nil
	}
	if err != nil {
		return sighting{}, false, err
	}
	id, ok := vfs.Identity(info)
	if !ok {
		return sighting{}, false, fmt.Errorf("%s cannot be followed: its file system tells no inodes", path)
	}
	f.watch.add(filepath.Dir(path))
	return sighting{path: path, info: info, id: id}, true, nil
}

// meet matches the files that are there with those that are known.
func (f *follower) meet(seen []sighting) error {
	byID, before := map[vfs.ID]*tail{}, map[string]*tail{}
	for _, t := range f.tails {
		t.listed = false
		byID[t.id] = t
		before[t.path] = t // the last one: of several files that had the path, the one that has it now
	}
	for _, s := range seen {
		t := byID[s.id]
		if t == nil {
			t = f.adopt(s, before[s.path])
		}
		if t == nil {
			t = &tail{name: f.newName(s.path), path: s.path, id: s.id, after: before[s.path]}
			f.add(t)
		}
		byID[s.id] = t
		if !t.listed { // a second name of the same file is no second file
			t.see(s)
		}
		if f.handles >= maxHandles {
			continue
		}
		if _, err := f.open(t); err != nil {
			return fmt.Errorf("%s: %w", t.path, err)
		}
	}
	for _, t := range slices.Clone(f.tails) {
		if !t.listed && !t.gone {
			if err := f.leave(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// adopt recognizes a file of a stored position that has another inode than it had, as after the restore of a backup: same path, same
// beginning, not shorter.
func (f *follower) adopt(s sighting, stored *tail) *tail {
	if stored == nil || !stored.stored || stored.headLen == 0 || s.info.Size() < stored.dealt {
		return nil
	}
	file, err := f.fs.Open(s.path)
	if err != nil {
		return nil
	}
	head, err := hashHead(file, stored.headLen)
	if errors.Join(err, file.Close()) != nil || head != stored.head {
		return nil
	}
	stored.id = s.id
	return stored
}

// see notes that the file is there.
func (t *tail) see(s sighting) {
	grown := s.info.Size() != t.read || !s.info.ModTime().Equal(t.changed)
	if t.ended && s.info.Size() != t.dealt { // what was let go is written again
		t.blocks, t.ended, t.sealed = nil, false, false
	}
	switch {
	case t.path != s.path: // renamed, and still among the files
		t.moved, t.drained = true, false
		t.path = s.path
	case t.gone: // back again
		t.moved = false
	}
	t.listed, t.stored, t.gone = true, false, false
	if grown && !t.ended {
		t.ready = true
	}
}

// leave deals with a file whose path names it no more: it was renamed out of sight, or removed. What is left is read from its open handle;
// a file of a stored position is looked for in its directory first.
func (f *follower) leave(t *tail) error {
	t.moved, t.gone = true, true
	if t.file != nil {
		return nil
	}
	if t.ended {
		f.forget(t)
		return nil
	}
	path, err := f.find(t)
	if err != nil {
		return err
	}
	if path == "" {
		if t.size > t.dealt {
			f.env.Log.Warn("a followed file is gone; what was not read of it is lost", "source", f.env.Name, "file", t.path, "read", t.dealt, "size", t.size)
		}
		f.forget(t)
		return nil
	}
	t.path, t.stored = path, false
	_, err = f.open(t)
	return err
}

// find looks for t by its inode in the directory where it was; "" if it is not there.
func (f *follower) find(t *tail) (string, error) {
	dir := filepath.Dir(t.path)
	entries, err := f.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := f.fs.Stat(path)
		if err != nil || !info.Mode().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if id, ok := vfs.Identity(info); ok && id == t.id {
			return path, nil
		}
	}
	return "", nil
}

// visit looks at a file through its handle. One that moved and is silent for long enough is at its final end.
func (f *follower) visit(t *tail) error {
	if t.file == nil {
		return nil
	}
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	switch {
	case info.Size() != t.read:
		t.ready, t.quiet = true, false
	case !t.moved:
	case !t.drained:
		t.ready = true
	case t.quiet && f.scanned-t.silent >= linger:
		t.ready, t.sealed = true, true
	}
	return nil
}
