package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"wire.example/wire/internal/foundation/vfs"
)

// NoStateError says why a path is no state directory.
type NoStateError struct {
	Dir    string
	Reason string
}

func (e *NoStateError) Error() string {
	return fmt.Sprintf("%s keeps no checkpoints: %s", e.Dir, e.Reason)
}

// Is makes it fs.ErrNotExist.
func (e *NoStateError) Is(target error) bool { return target == fs.ErrNotExist }

// isState returns a *NoStateError unless dir is a state directory, be it one that a removal was cut short in.
func isState(fsys vfs.FS, dir string) error {
	no := func(format string, args ...any) error {
		return &NoStateError{Dir: dir, Reason: fmt.Sprintf(format, args...)}
	}
	info, err := fsys.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return no("there is no such directory; a run of the pipeline makes it, and --state-dir names another one")
	case err != nil:
		return fmt.Errorf("state directory: %w", err)
	case !info.IsDir():
		return no("it is a file; a state directory is .wire/NAME beside the pipeline file, or where --state-dir said")
	}
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	if len(entries) == 0 {
		return no("it is empty; a run of the pipeline with this --state-dir takes the first one")
	}
	is, err := hasManifests(fsys, dir, entries)
	if err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	if is {
		return nil
	}
	foreign, folder := "", false
	for _, e := range entries {
		folder = folder || e.Name()+"/" == manifestFolder
		if !ours(e.Name()) && foreign == "" {
			foreign = e.Name()
		}
	}
	within, err := statesIn(fsys, dir, entries)
	switch {
	case err != nil:
		return fmt.Errorf("state directory: %w", err)
	case len(within) > 0:
		return no("it holds state directories; name one of them: %s", strings.Join(within, ", "))
	case foreign != "":
		return no("it is no state directory: it holds %s, and no manifests", foreign)
	case folder:
		return no("it is no state directory: its folder manifests holds no manifest of a checkpoint")
	}
	return nil
}

// hasManifests reports whether a directory, which has entries, is one with manifests, or with a place for them that a start has made beside others.
func hasManifests(fsys vfs.FS, dir string, entries []fs.DirEntry) (bool, error) {
	folder, beside := false, false
	for _, e := range entries {
		if e.Name()+"/" == manifestFolder && e.IsDir() {
			folder = true
		} else {
			beside = beside || ours(e.Name())
		}
	}
	if !folder || beside {
		return folder, nil
	}
	names, err := fsys.ReadDir(filepath.Join(dir, filepath.FromSlash(manifestFolder)))
	return slices.ContainsFunc(names, func(e fs.DirEntry) bool { return isManifest(e.Name()) }), err
}

// isManifest reports whether a name in the folder of manifests is that of one.
func isManifest(name string) bool {
	_, ok := manifestNumber(manifestFolder + name)
	return ok
}

// isStored reports whether a name in the folder of files is that of one which was staged.
func isStored(name string) bool {
	_, ok := storedGeneration(name)
	return ok
}

// statesIn are the state directories in a directory.
func statesIn(fsys vfs.FS, dir string, entries []fs.DirEntry) ([]string, error) {
	var found []string
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		names, err := fsys.ReadDir(path)
		if err != nil {
			return nil, err
		}
		is, err := hasManifests(fsys, path, names)
		if err != nil {
			return nil, err
		}
		if is {
			found = append(found, path)
		}
	}
	return found, nil
}
