package checkpoint

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"wire.example/wire/internal/foundation/vfs"
)

const (
	startLock  = "lock"  // held while somebody opens the directory
	lockPrefix = "lock-" // and the generation: held by the owner
	livePrefix = "live-" // and the generation: the owner's scratch
)

// lock is a file that excludes others.
type lock struct {
	fs   vfs.FS
	file vfs.File
}

// takeLock takes the lock at path and says there who has it. vfs.ErrLocked when somebody else has.
func takeLock(fsys vfs.FS, path string, holder Holder) (*lock, error) {
	f, err := fsys.Lock(path)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(holder)
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.Write(append(text, '\n'))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &lock{fs: fsys, file: f}, nil
}

// release frees the lock; remove removes its file before, so that nobody sees it free and takes its owner for dead.
func (l *lock) release(remove bool) error {
	var err error
	if remove {
		if err = l.fs.Remove(l.file.Name()); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	return errors.Join(err, l.file.Close())
}

// readHolder says who wrote a lock's file; nobody if it cannot be read.
func readHolder(fsys vfs.FS, path string) Holder {
	var h Holder
	if text, err := vfs.ReadFile(fsys, path); err != nil || json.Unmarshal(text, &h) != nil {
		return Holder{}
	}
	return h
}

// owners are the generations of which something was found in a directory.
type owners struct {
	seen []int64          // all generations that names spoke of
	held map[int64]Holder // those whose owner is alive
	dead []int64          // those that left a lock that nobody holds
	live []int64          // those that left scratch
}

// highestHeld is the newest living owner.
func (o *owners) highestHeld() (int64, Holder) {
	highest := int64(0)
	for g := range o.held {
		highest = max(highest, g)
	}
	return highest, o.held[highest]
}

// findOwners looks through a directory. It takes each lock for a moment.
func findOwners(fsys vfs.FS, dir string) (*owners, error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	o := &owners{held: map[int64]Holder{}}
	for _, e := range entries {
		if g, ok := generationOf(e.Name(), livePrefix); ok && e.IsDir() {
			o.seen, o.live = append(o.seen, g), append(o.live, g)
		}
		g, ok := generationOf(e.Name(), lockPrefix)
		if !ok || e.IsDir() {
			continue
		}
		o.seen = append(o.seen, g)
		path := filepath.Join(dir, e.Name())
		switch f, err := fsys.Lock(path); {
		case errors.Is(err, vfs.ErrLocked):
			o.held[g] = readHolder(fsys, path)
		case err != nil:
			return nil, err
		default:
			if err := f.Close(); err != nil {
				return nil, err
			}
			o.dead = append(o.dead, g)
		}
	}
	return o, nil
}

// generationOf reads the number behind a prefix.
func generationOf(name, prefix string) (int64, bool) {
	text, ok := strings.CutPrefix(name, prefix)
	g, valid := parseNumber(text)
	return g, ok && valid
}
