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

// expand returns the files that path names, sorted; fs.ErrNotExist if there are none. As in a shell, a name that begins with a dot is
// matched by a pattern that does: parts that somebody is writing stay unread.
func expand(fsys vfs.ReadFS, path string) ([]string, error) {
	info, err := fsys.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return []string{path}, nil
	case err == nil:
		return listDir(fsys, path)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	paths, err := vfs.Glob(fsys, path)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", path, err)
	}
	dotted := strings.HasPrefix(filepath.Base(path), ".")
	paths = slices.DeleteFunc(paths, func(p string) bool {
		info, err := fsys.Stat(p)
		return err != nil || info.IsDir() || !dotted && strings.HasPrefix(filepath.Base(p), ".")
	})
	if len(paths) == 0 {
		return nil, fmt.Errorf("path %q: %w; check the path, it is relative to the working directory", path, fs.ErrNotExist)
	}
	slices.Sort(paths)
	return paths, nil
}

// listDir returns the regular files in dir, and symbolic links to such, but none whose name begins with a dot.
func listDir(fsys vfs.ReadFS, dir string) ([]string, error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.Name()[0] != '.' && regular(fsys, path, e.Type()) {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("directory %q holds no files: %w", dir, fs.ErrNotExist)
	}
	slices.Sort(paths)
	return paths, nil
}

func regular(fsys vfs.ReadFS, path string, mode fs.FileMode) bool {
	if mode&fs.ModeSymlink == 0 {
		return mode.IsRegular()
	}
	info, err := fsys.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// rootOf is the directory that must be there for path to name anything: the deepest one without a pattern.
func rootOf(fsys vfs.ReadFS, path string) string {
	if info, err := fsys.Stat(path); err == nil && info.IsDir() {
		return filepath.Clean(path)
	}
	dir := filepath.Dir(path)
	for strings.ContainsAny(dir, `*?[\`) {
		dir = filepath.Dir(dir)
	}
	return dir
}
