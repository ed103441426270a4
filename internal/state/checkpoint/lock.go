package checkpoint

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
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

// lockText is what stands in a lock's file.
type lockText struct {
	Holder
	// Fenced says that the holder was superseded, and that the manifests which told so were removed.
	Fenced bool `json:"fenced,omitempty"`
}

// takeLock takes the lock at path and says there who has it. vfs.ErrLocked when somebody else has.
func takeLock(fsys vfs.FS, path string, holder Holder) (*lock, error) {
	f, err := fsys.Lock(path)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(lockText{Holder: holder})
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

// readLock reads a lock's file; nothing if it cannot be read.
func readLock(fsys vfs.FS, path string) lockText {
	var l lockText
	if text, err := vfs.ReadFile(fsys, path); err != nil || json.Unmarshal(text, &l) != nil {
		return lockText{}
	}
	return l
}

// readHolder says who wrote a lock's file; nobody if it cannot be read.
func readHolder(fsys vfs.FS, path string) Holder { return readLock(fsys, path).Holder }

// fenceLocks notes in the locks of living owners, all of whom were superseded, that they were. No fsync: they do not live longer than the machine.
func fenceLocks(fsys vfs.FS, dir string, owners *owners) error {
	for g, holder := range owners.held {
		text, err := json.Marshal(lockText{Holder: holder, Fenced: true})
		if err == nil {
			err = vfs.WriteFile(fsys, lockOf(dir, g), append(text, '\n'))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// owners are the generations of which something was found in a directory.
type owners struct {
	seen []int64          // all generations that names spoke of
	held map[int64]Holder // those whose owner is alive
	// fenced are those of held whose locks say that they were superseded
	fenced map[int64]bool
	dead   []int64 // those that left a lock that nobody holds
	live   []int64 // those that left scratch
}

// running is the owner that excludes others: the newest living one, unless it was superseded by whoever published the newest of entries. 0: there is none.
func (o *owners) running(entries []Entry) (int64, Holder) {
	highest := int64(0)
	for g := range o.held {
		if !o.fenced[g] {
			highest = max(highest, g)
		}
	}
	if highest < supersededBelow(entries) {
		return 0, Holder{}
	}
	return highest, o.held[highest]
}

// isHeld reports whether a name is that of the lock of a living owner.
func (o *owners) isHeld(name string) bool {
	g, ok := generationOf(name, lockPrefix)
	_, held := o.held[g]
	return ok && held
}

// supersededBelow is the generation of the newest manifest: owners of lower ones are fenced, since what they publish from now on has a lower number, or
// one that is taken. 0 if the newest cannot be read, so that nobody is taken for superseded who may not be.
func supersededBelow(entries []Entry) int64 {
	if len(entries) == 0 {
		return 0
	}
	newest := newestFirst(entries)[0]
	if newest.Err != nil {
		return 0
	}
	return newest.Manifest.Generation
}

// findOwners looks through a directory. It takes each lock for a moment.
func findOwners(fsys vfs.FS, dir string) (*owners, error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	o := &owners{held: map[int64]Holder{}, fenced: map[int64]bool{}}
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
			text := readLock(fsys, path)
			o.held[g], o.fenced[g] = text.Holder, text.Fenced
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

// lockOf is the path of the lock of a generation.
func lockOf(dir string, generation int64) string {
	return filepath.Join(dir, lockPrefix+strconv.FormatInt(generation, 10))
}

// generationOf reads the number behind a prefix.
func generationOf(name, prefix string) (int64, bool) {
	text, ok := strings.CutPrefix(name, prefix)
	g, valid := parseNumber(text)
	return g, ok && valid
}
