package checkpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
)

// Inventory is what a state directory holds, seen from outside.
type Inventory struct {
	Dir     string
	Entries []Entry // newest first
	// Owners are those that left a lock, by generation: the one that runs the pipeline, or that did not end in order. Who was superseded is none.
	Owners map[int64]Holder
	// Files are the stored files by name, with their sizes.
	Files map[string]int64
	// Unneeded are names of files that no manifest needs, of those that can be read. A running pipeline may be about to need them.
	Unneeded []string
}

// Bytes is the size of all stored files.
func (i *Inventory) Bytes() int64 {
	total := int64(0)
	for _, size := range i.Files {
		total += size
	}
	return total
}

// Find returns the newest manifest of an epoch; 0: the newest that has state. Nil: there is none, or the newest of all cannot be read and epoch is 0.
func (i *Inventory) Find(epoch int64) *Manifest {
	for _, e := range i.Entries {
		switch {
		case e.Err != nil && epoch == 0:
			return nil
		case e.Err == nil && e.Manifest.HasState() && (epoch == 0 || e.Manifest.Epoch == epoch):
			return e.Manifest
		}
	}
	return nil
}

// Lost is a *LostError if all manifests are gone, and files of theirs are not; else nil.
func (i *Inventory) Lost() error {
	if len(i.Entries) > 0 {
		return nil
	}
	e := &LostError{Dir: i.Dir}
	for name, size := range i.Files {
		if isStored(name) {
			e.Files++
			e.Bytes += size
		}
	}
	if e.Files == 0 {
		return nil
	}
	return e
}

// Unusable is why a start does not go on from the newest checkpoint: its manifest is damaged, or damage, if not nil, is what is wrong with its files. Nil: nothing is known against it. whole judges the others.
func (i *Inventory) Unusable(damage error, whole func(*Manifest) bool) *UnusableError {
	newest, err := Recover(i.Entries, 0, i.Dir)
	if err == nil && newest != nil && newest.HasState() && damage != nil {
		err = lost(i.Entries, newest, 0, i.Dir, fmt.Errorf("%w: %w", ErrDamaged, damage))
	}
	var unusable *UnusableError
	errors.As(onlyIntact(err, nil, whole), &unusable)
	return unusable
}

// Inspect looks at a state directory without owning it, and changes nothing. A pipeline may run meanwhile. The error is a *NoStateError if dir is none.
func Inspect(ctx context.Context, fsys vfs.FS, dir string) (*Inventory, error) {
	target := NewDirectory(fsys, dir, 0)
	if err := isState(fsys, dir); err != nil {
		return nil, err
	}
	entries, err := readEntries(ctx, target, nil)
	if err != nil {
		return nil, err
	}
	infos, err := target.List(ctx, fileFolder)
	if err != nil {
		return nil, err
	}
	i := &Inventory{Dir: dir, Entries: newestFirst(entries), Files: map[string]int64{}, Owners: map[int64]Holder{}}
	needed := map[string]bool{}
	for _, e := range entries {
		if e.Err == nil {
			for _, f := range e.Manifest.Files {
				needed[f.Stored] = true
			}
		}
	}
	for _, info := range infos {
		name := strings.TrimPrefix(info.Name, fileFolder)
		i.Files[name] = info.Size
		if !needed[name] {
			i.Unneeded = append(i.Unneeded, name)
		}
	}
	names, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range names {
		if g, ok := generationOf(e.Name(), lockPrefix); ok && g >= supersededBelow(entries) {
			if lock := readLock(fsys, target.path(e.Name())); !lock.Fenced {
				i.Owners[g] = lock.Holder
			}
		}
	}
	return i, nil
}

// Report is what Verify found.
type Report struct {
	Manifest *Manifest
	Files    int
	Bytes    int64
	// Damaged are the files that are not what was written, in the order of the manifest.
	Damaged []*DamagedError
}

// OK reports whether all is as it was written.
func (r *Report) OK() bool { return len(r.Damaged) == 0 }

// Verify reads every file of m and compares size and checksum. Damage is in the report; the error is that of a target that cannot be read, or
// ErrRemoved.
func Verify(ctx context.Context, target Target, m *Manifest) (*Report, error) {
	report := &Report{Manifest: m, Files: len(m.Files), Bytes: m.Bytes()}
	damaged := make([]*DamagedError, len(m.Files))
	err := inParallel(ctx, len(m.Files), func(i int) error {
		err := verify(ctx, target, m.Files[i])
		if errors.As(err, &damaged[i]) {
			return nil
		}
		return err
	})
	report.Damaged = slices.DeleteFunc(damaged, func(d *DamagedError) bool { return d == nil })
	if err == nil && !report.OK() {
		if err = removed(ctx, target, m, nil); err != nil {
			return nil, err
		}
	}
	return report, err
}

func verify(ctx context.Context, target Target, f File) error {
	path := describe(target, fileFolder+f.Stored)
	r, err := target.Get(ctx, fileFolder+f.Stored)
	if err != nil {
		return cmp.Or(refused(path, err), f.unreadable(target, err))
	}
	size, sum, err := sumOf(r)
	err = errors.Join(err, r.Close())
	return cmp.Or(refused(path, err), f.verdict(target, size, sum, err))
}

// Remove deletes the checkpoints of some epochs, and the files that only they need; those whose manifest is damaged, too, unless it may be that of an epoch
// which is not named. It refuses the newest checkpoint, whether it can be read or not, the newest that can be read, epochs that are not there
// (*AbsentError), and a directory whose pipeline runs (*HeldError). It returns what was deleted.
func Remove(ctx context.Context, options Options, epochs []int64) (Garbage, error) {
	var garbage Garbage
	err := excluded(ctx, options, func(o *Options, owners *owners) error {
		target := NewDirectory(o.FS, o.Dir, 0)
		entries, err := readEntries(ctx, target, nil)
		if err != nil {
			return err
		}
		infos, err := target.List(ctx, fileFolder)
		if err != nil {
			return err
		}
		names := make([]string, len(infos))
		for i, info := range infos {
			names[i] = strings.TrimPrefix(info.Name, fileFolder)
		}
		if garbage, err = removal(entries, names, epochs, o.Dir); err != nil {
			return err
		}
		if err := putClaims(ctx, target, remembered(o, entries, owners, garbage.Manifests)); err != nil {
			return err
		}
		owner := &Owner{target: target}
		return owner.deleteGarbage(ctx, garbage)
	})
	return garbage, err
}

// remembered are the claims that Remove leaves of lineages whose last manifests go, that of the newest lineage last: those who took the directory after them have no checkpoint yet, so that their sinks may not have
// removed what those before had hidden. None: there is nothing to remember.
func remembered(o *Options, entries []Entry, owners *owners, gone []int64) []*Manifest {
	newest, left := "", map[string]bool{}
	for _, e := range newestFirst(entries) {
		if e.Err != nil {
			continue
		}
		if newest == "" {
			if newest = e.Manifest.Lineage; e.Manifest.HasState() {
				return nil
			}
		}
		left[e.Manifest.Lineage] = left[e.Manifest.Lineage] || !slices.Contains(gone, e.Number)
	}
	claims := slices.DeleteFunc(forgotten(o, entries, owners), func(c *Manifest) bool { return c.Lineage != newest && left[c.Lineage] })
	if len(claims) < 2 { // only the newest
		return nil
	}
	return claims
}

// removal decides what Remove deletes.
func removal(entries []Entry, stored []string, epochs []int64, dir string) (Garbage, error) {
	var garbage Garbage
	var kept []Entry
	found := map[int64]bool{}
	damaged, err := damagedToRemove(entries, epochs, dir)
	if err != nil {
		return Garbage{}, err
	}
	newest := true // of those that can be read
	for _, e := range newestFirst(entries) {
		named := e.Err != nil && damaged[e.Number] || e.Err == nil && e.Manifest.HasState() && slices.Contains(epochs, e.Manifest.Epoch)
		if named && e.Err == nil && newest && !fault.Weak("checkpoint/rm-newest") {
			return Garbage{}, fmt.Errorf("%s: the pipeline goes on from epoch %d, the newest; --all forgets everything", dir, e.Manifest.Epoch)
		}
		newest = newest && e.Err != nil
		if !named {
			kept = append(kept, e)
			continue
		}
		if e.Err == nil {
			found[e.Manifest.Epoch] = true
		}
		garbage.Manifests = append(garbage.Manifests, e.Number)
	}
	for _, epoch := range epochs {
		if !found[epoch] && len(damagedOf(entries, epoch)) == 0 {
			return Garbage{}, &AbsentError{Dir: dir, Epoch: epoch}
		}
	}
	slices.Sort(garbage.Manifests)
	garbage.Files = unneeded(kept, stored, 1<<63-1, nil)
	return garbage, nil
}

// damagedToRemove are the numbers of damaged manifests that are of one of the epochs for certain.
func damagedToRemove(entries []Entry, epochs []int64, dir string) (map[int64]bool, error) {
	times := map[int64]int{}
	epochs = slices.Compact(slices.Sorted(slices.Values(epochs)))
	for _, epoch := range epochs {
		for _, e := range damagedOf(entries, epoch) {
			times[e.Number]++
		}
	}
	remove := map[int64]bool{}
	for _, epoch := range epochs {
		candidates := damagedOf(entries, epoch)
		for _, e := range candidates {
			if e.Number == newestNumber(entries) {
				return nil, fmt.Errorf("%s: %w\nIt is the newest: sinks may have committed its epoch, so that no other is taken in its place unless --accept-duplicates-since says so; "+
					"--all forgets everything", dir, e.Err)
			}
			if times[e.Number] < len(candidates) {
				return nil, fmt.Errorf("%s: %w\nNobody can tell which of these it is: name as many epochs between those that can be read", dir, Unreadable(entries, epoch))
			}
			remove[e.Number] = true
		}
	}
	return remove, nil
}

// excluded calls do while no pipeline runs and none can start. Of a process that may be dying the end is awaited, as in Open.
func excluded(ctx context.Context, options Options, do func(o *Options, owners *owners) error) error {
	if err := options.fill(); err != nil {
		return err
	}
	if err := isState(options.FS, options.Dir); err != nil {
		return err
	}
	return options.outlast(ctx, func() error { return options.exclude(ctx, do) })
}

// exclude is excluded at this moment.
func (o *Options) exclude(ctx context.Context, do func(o *Options, owners *owners) error) (err error) {
	path := filepath.Join(o.Dir, startLock)
	start, err := takeLock(o.FS, path, Holder{PID: o.PID, Host: o.Host, Started: o.Clock.Now().UTC()})
	if errors.Is(err, vfs.ErrLocked) {
		return &HeldError{Dir: o.Dir, Holder: readHolder(o.FS, path)}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, start.release(false)) }()
	owners, err := findOwners(o.FS, o.Dir)
	if err != nil {
		return err
	}
	entries, err := readEntries(ctx, NewDirectory(o.FS, o.Dir, 0), nil)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a removal that was cut short has left no manifests
		return err
	}
	if g, holder := owners.running(entries); g != 0 {
		return &HeldError{Dir: o.Dir, Holder: holder, Generation: g}
	}
	return do(o, owners)
}
