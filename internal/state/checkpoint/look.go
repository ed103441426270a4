package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"wire.example/wire/internal/foundation/vfs"
)

// lookPrefix and a process begin the name of scratch of somebody who looks at a checkpoint.
const lookPrefix = "look-"

// ErrRemoved is returned for a checkpoint that was deleted while somebody read it.
var ErrRemoved = errors.New("the checkpoint was removed meanwhile")

// Look is scratch with files of a checkpoint, for who does not own the state directory.
type Look struct {
	fs  vfs.FS
	dir string
	// Paths are the files, in the order of the manifest. They may be those that are stored, and must not be changed.
	Paths []string
}

// NewLook makes scratch in a state directory with the files of one part of a checkpoint, each of which is verified: a *DamagedError otherwise, or
// ErrRemoved. A pipeline may run meanwhile. The caller closes it.
func NewLook(ctx context.Context, fsys vfs.FS, dir string, m *Manifest, part string) (*Look, error) {
	if err := removeLooks(fsys, dir); err != nil {
		return nil, err
	}
	l := &Look{fs: fsys}
	for n := 1; ; n++ { // one process may look at several
		l.dir = filepath.Join(dir, fmt.Sprintf("%s%d-%d", lookPrefix, os.Getpid(), n))
		if _, err := fsys.Stat(l.dir); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	target := NewDirectory(fsys, dir, 0)
	var err error
	if l.Paths, err = restore(ctx, fsys, target, m.FilesOf(part), filepath.Join(l.dir, "files")); err != nil {
		return nil, errors.Join(removed(ctx, target, m, err), l.Close())
	}
	return l, nil
}

// Dir is where whoever looks may make files of his own, under any name but "files".
func (l *Look) Dir() string { return l.dir }

// Close removes the scratch.
func (l *Look) Close() error { return vfs.RemoveAll(l.fs, l.dir) }

// removed returns ErrRemoved instead of err if the manifest is not there any more.
func removed(ctx context.Context, target Target, m *Manifest, err error) error {
	r, missing := target.Get(ctx, manifestName(m.Number))
	switch {
	case errors.Is(missing, fs.ErrNotExist):
		return fmt.Errorf("checkpoint of epoch %d: %w", m.Epoch, ErrRemoved)
	case missing == nil:
		return errors.Join(err, r.Close())
	}
	return err
}

// removeLooks removes scratch of processes that are dead.
func removeLooks(fsys vfs.FS, dir string) error {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		pid, ok := lookProcess(e.Name())
		if !ok || !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			continue
		}
		if err := vfs.RemoveAll(fsys, filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// lookProcess reads the process out of the name of such scratch.
func lookProcess(name string) (pid int, ok bool) {
	text, ok := strings.CutPrefix(name, lookPrefix)
	text, _, valid := strings.Cut(text, "-")
	pid, err := strconv.Atoi(text)
	return pid, ok && valid && err == nil && pid > 0
}
