package file

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"syscall"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
)

// publication gives parts of a state their names. It needs nothing of the sink that another process would not have, but uses what there is.
type publication struct {
	sink *sink
	base *mark // of the state
	// ids are the files that this run knows under hidden names.
	ids map[string]vfs.ID
	// known are parts that this process has published, or found published, just now: they need not be read again.
	known map[partState]bool
	// recovery says that another process wrote the parts: they are read before they are published.
	recovery bool
}

// publish gives parts their names and makes those durable. Parts that have their names keep them. They are read last: a run that has little time, and was killed before, so gives more of the others theirs.
func (p *publication) publish(parts []partState) error {
	s := p.sink
	dirs := map[string]bool{}
	var gone []partState
	for i, part := range parts {
		if i > 0 {
			fault.Point("sink/file/between-renames")
		}
		err := p.rename(&part)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err != nil {
			gone = append(gone, part)
		}
		dirs[filepath.Dir(part.Target)] = true
	}
	fault.Point("sink/file/renamed")
	for _, part := range gone {
		if p.known[part] {
			continue
		}
		if err := s.published(part); err != nil {
			return err
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if err := s.fs.SyncDir(dir); err != nil {
			return explain(dir, err)
		}
	}
	return nil
}

// rename gives a part its name. The error is fs.ErrNotExist if the part is gone.
func (p *publication) rename(part *partState) error {
	err := p.move(part)
	if errors.Is(err, fs.ErrExist) {
		return p.taken(part, err)
	}
	return err
}

// move is rename for a part that is there, and a target that is not.
func (p *publication) move(part *partState) error {
	if err := p.check(part); err != nil {
		return err
	}
	rename, err := p.way(part)
	if err != nil {
		return err
	}
	err = rename(part.Part, part.Target)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return explain(part.Target, err)
	}
	return err
}

// check looks whether a part is what the state says. The error is fs.ErrNotExist if it is gone.
func (p *publication) check(part *partState) error {
	info, err := p.sink.fs.Stat(part.Part)
	if err != nil {
		return err
	}
	if info.Size() != part.Length && !p.recovery || info.Size() < part.Length {
		return fmt.Errorf("%s has %d bytes, but %d were durable, and were to become %s: it was changed or replaced; %s", part.Part, info.Size(), part.Length, part.Target, waysOn)
	}
	if id, ok := vfs.Identity(info); ok && p.ids[part.Part] != (vfs.ID{}) && p.ids[part.Part] != id {
		return replaced(part.Part)
	}
	if !p.recovery {
		return nil
	}
	return p.sink.read(part.Part, func(f vfs.File) error {
		if err := part.verify(f); errors.Is(err, errOtherBytes) || info.Size() != part.Length {
			return fmt.Errorf("%s holds something else than the %d bytes that were durable, and were to become %s: it was changed or replaced; %s",
				part.Part, part.Length, part.Target, waysOn)
		} else if err != nil {
			return err
		}
		return nil
	})
}

// way is how the part gets its name: over another file only where the user, or what was copied from it, says so.
func (p *publication) way(part *partState) (func(oldName, newName string) error, error) {
	fsys := p.sink.fs
	if p.base == nil {
		if p.sink.config.IfExists == "replace" {
			return fsys.Rename, nil
		}
		return fsys.RenameNoReplace, nil
	}
	err := p.sink.read(part.Target, func(f vfs.File) error {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		var sums digest
		if err = sums.resume(f, *p.base); info.Size() != p.base.Length || errors.Is(err, errOtherBytes) {
			return fmt.Errorf("%s was changed since the run began to append to it: it had %d bytes and has %d; what was added to it since is not in %s, "+
				"which holds the output: move %s away, run again, and join the two", part.Target, p.base.Length, info.Size(), part.Part, part.Target)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return fsys.RenameNoReplace, nil
	}
	return fsys.Rename, err
}

// taken deals with a target that has appeared: where a name is moved in two steps, by a link, it may be the part itself.
func (p *publication) taken(part *partState, why error) error {
	fsys := p.sink.fs
	a, errA := fsys.Stat(part.Part)
	b, errB := fsys.Stat(part.Target)
	if errA == nil && errB == nil {
		idA, okA := vfs.Identity(a)
		idB, okB := vfs.Identity(b)
		if okA && okB && idA == idB {
			return p.sink.remove(part.Part)
		}
	}
	return fmt.Errorf("%s has appeared since the run began, and %s, which holds the output, cannot get that name; move %s away and run again: %w",
		part.Target, part.Part, part.Target, why)
}

// published checks, when the part is gone, that the target is what it became. It answers nil if so.
func (s *sink) published(p partState) error {
	if fault.Weak("sink/file/repeated") {
		return s.neither(p, fs.ErrNotExist)
	}
	err := s.read(p.Target, func(f vfs.File) error {
		info, err := f.Stat()
		if err != nil || fault.Weak("sink/file/other") {
			return err
		}
		if info.Size() != p.Length {
			return fmt.Errorf("%s is gone, and %s is not what it became: it has %d bytes, and %d were to be published; %s", p.Part, p.Target, info.Size(), p.Length, waysOnNamed)
		}
		if err = p.verify(f); errors.Is(err, errOtherBytes) {
			return fmt.Errorf("%s is gone, and %s is not what it became: it is as long as it was to be, %d bytes, but holds %w; %s", p.Part, p.Target, p.Length, err, waysOnNamed)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		if fault.Weak("sink/file/gone") {
			return nil
		}
		return s.neither(p, err)
	}
	return err
}

// neither says that a part is gone under both of its names.
func (s *sink) neither(p partState, err error) error {
	return fmt.Errorf("neither %s nor %s is there: output that was durable was removed; %sput back the one or the other, or begin anew with --fresh: %w", p.Part, p.Target, s.elsewhere(), err)
}

// read opens a file for do.
func (s *sink) read(path string, do func(f vfs.File) error) (err error) {
	f, err := s.fs.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return do(f)
}
