package vfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// filePerm is the mode of files that the functions here create, before the umask.
const filePerm fs.FileMode = 0o666

// Create opens a file for reading and writing, new or cut to nothing. Nothing of it is durable yet.
func Create(fsys WriteFS, name string) (File, error) {
	return fsys.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, filePerm)
}

// ReadFile returns the whole content of a file.
func ReadFile(fsys ReadFS, name string) (content []byte, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(f)
}

// WriteFile makes content the durable content of a file that is new or replaced; its name becomes durable with SyncDir. It is not atomic:
// write to another name and rename where somebody could read in between.
func WriteFile(fsys WriteFS, name string, content []byte) (err error) {
	f, err := Create(fsys, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}

// Glob returns the paths that match a pattern of filepath.Match, in order; none is no error. Like filepath.Glob it passes over directories
// that cannot be read; unlike it, "**" is not special and a malformed pattern is always filepath.ErrBadPattern.
func Glob(fsys ReadFS, pattern string) ([]string, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return nil, err
	}
	if !hasMeta(pattern) {
		if _, err := fsys.Lstat(pattern); err != nil {
			return nil, nil //nolint:nilerr // a path that cannot be looked at matches nothing
		}
		return []string{pattern}, nil
	}
	dir, base := filepath.Split(pattern)
	dir = filepath.Clean(dir) // "" becomes "."
	dirs := []string{dir}
	if hasMeta(dir) {
		var err error
		if dirs, err = Glob(fsys, dir); err != nil {
			return nil, err
		}
	}
	var matches []string
	for _, d := range dirs {
		matches = append(matches, matchesIn(fsys, d, base)...)
	}
	slices.Sort(matches)
	return matches, nil
}

// matchesIn lists what in dir matches base, a correct pattern.
func matchesIn(fsys ReadFS, dir, base string) []string {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil
	}
	var matches []string
	for _, entry := range entries {
		if ok, err := filepath.Match(base, entry.Name()); err == nil && ok {
			matches = append(matches, filepath.Join(dir, entry.Name()))
		}
	}
	return matches
}

func hasMeta(pattern string) bool {
	return strings.ContainsAny(pattern, `*?[\`)
}

// RemoveAll removes a file, or a directory with all that is in it; what is not there is no error. It follows no links. Nothing is durable before the directories
// above are synced.
func RemoveAll(fsys FS, path string) error {
	info, err := fsys.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		entries, err := fsys.ReadDir(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if err := RemoveAll(fsys, filepath.Join(path, e.Name())); err != nil {
				return err
			}
		}
	}
	if err := fsys.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
