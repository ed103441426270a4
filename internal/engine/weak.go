package engine

import (
	"errors"
	"os"
	"path/filepath"

	"wire.example/wire/internal/foundation/vfs"
)

// leftFolder has, in the scratch of a run without the guarantee "state/scratch", the store as its last Apply left it.
const leftFolder = "left"

// leave notes in the scratch how Apply left the store, whether a checkpoint comes of it or not: for left.
func (s *State) leave() error {
	dir := filepath.Join(s.owner.LiveDir(), leftFolder)
	err := errors.Join(vfs.RemoveAll(s.options.FS, dir), s.options.FS.MkdirAll(dir, 0o750))
	for _, f := range s.aside {
		err = errors.Join(err, s.options.FS.Link(f.Path, filepath.Join(dir, f.Name)))
	}
	return err
}

// left are the files of the store as the last run that was killed left it, instead of those of the checkpoint; those where it left none.
func (s *State) left(checkpoint []string) []string {
	files := checkpoint
	var newest int64
	dirs, _ := filepath.Glob(filepath.Join(s.options.Dir, "live-*", leftFolder)) // of processes: their disk is the machine's
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil || info.ModTime().UnixNano() <= newest {
			continue
		}
		newest = info.ModTime().UnixNano()
		files, _ = filepath.Glob(filepath.Join(dir, "*"))
	}
	return files
}
