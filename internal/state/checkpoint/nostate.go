package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
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
	foreign := ""
	for _, e := range entries {
		switch {
		case e.Name()+"/" == manifestFolder:
			return nil
		case !ours(e.Name()) && foreign == "":
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
	}
	return nil
}

// statesIn are the state directories in a directory.
func statesIn(fsys vfs.FS, dir string, entries []fs.DirEntry) ([]string, error) {
	var found []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch _, err := fsys.Stat(filepath.Join(path, filepath.FromSlash(manifestFolder))); {
		case err == nil:
			found = append(found, path)
		case e.IsDir() && !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return found, nil
}
