package checkpoint

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
)

// Bounds and defaults of Options.
const (
	DefaultRetain = 3
	// MinRetain is the least number of checkpoints that a pipeline keeps which goes on: with one alone each look at it would meet a removal. Of a finished one a single one is kept.
	MinRetain = 2
	// claimTries is how often a claim is repeated that somebody else was quicker with.
	claimTries = 100
	// listTries is how often manifests are listed again of which some went before they were read.
	listTries = 10
)

// Options say how a state directory is opened.
type Options struct {
	FS  vfs.FS // nil: that of the machine
	Dir string
	// Target is where manifests and files are kept; nil: in Dir. Locks and scratch are in Dir in any case.
	Target   Target
	Pipeline string
	// TakeOver takes the directory from an owner who is, or may be, alive.
	TakeOver bool
	// Fresh begins a new lineage without state. If that gives state up, it begins with Owner.Begin, not before.
	Fresh bool
	// AcceptSince goes on from the checkpoint of this epoch although there are newer ones, or damaged ones; 0: from the newest.
	AcceptSince int64
	// Usable, if not nil, is what the runtime says of a manifest that can be read: an error if it cannot go on from it, ErrDamaged if another may be taken instead. A fresh start does not ask.
	Usable func(*Manifest) error
	// Retain is how many checkpoints are kept; 0: DefaultRetain. Less than MinRetain is MinRetain.
	Retain int
	Clock  clock.Reader // nil: that of the machine
	Log    *slog.Logger // nil: none
	PID    int          // 0: of this process
	Host   string       // empty: of this machine
	Random io.Reader    // of lineages; nil: that of the machine

	runs func(Holder) bool // nil: runs
	weak weaknesses
}

// weaknesses switch guarantees off, so that tests can show that they notice.
type weaknesses struct {
	looksNot    bool // nobody looks for higher numbers after publishing
	claimsNot   bool // a start does not publish
	filesFirst  bool // retention deletes files before manifests
	generations bool // retention deletes files of later generations, too
}

func (o *Options) fill() error {
	o.TakeOver = o.TakeOver || fault.Weak("checkpoint/one-owner")
	if o.Dir == "" {
		return errors.New("a state directory needs a path")
	}
	if o.FS == nil {
		o.FS = vfs.OS()
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.PID == 0 {
		o.PID = os.Getpid()
	}
	if o.Host == "" {
		o.Host, _ = os.Hostname() // only for messages
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Retain == 0 {
		o.Retain = DefaultRetain
	}
	o.Retain = max(o.Retain, MinRetain)
	if o.runs == nil {
		o.runs = runs
	}
	return nil
}

// Open makes this process the owner of a state directory, which is created if it does not exist. It finds what to go on from (Owner.Latest), claims
// the next number for a generation of its own, and removes what dead owners left.
//
// Errors: *HeldError while another process, which nobody has superseded, runs the pipeline and TakeOver is not set; *UnusableError when the newest checkpoint cannot be used; *LostError, unless Fresh is set, when all manifests are gone and files
// are not. Of a process that may be dying the end is awaited, for two seconds at most.
//
// Every start claims, not only a take-over. So each generation has exactly one owner even where locks do not work; a manifest whose name a dead owner
// did not live to make durable becomes so before anybody relies on it; and who was stopped before he took the lock is fenced like any other.
// Only a fresh start beside a checkpoint that cannot be read has nothing to copy: it claims when it begins, and the file of its lock keeps its generation.
func Open(ctx context.Context, options Options) (*Owner, error) {
	if err := options.fill(); err != nil {
		return nil, err
	}
	opener := &opener{Options: options, holder: Holder{PID: options.PID, Host: options.Host, Started: options.Clock.Now().UTC()}}
	var owner *Owner
	err := options.outlast(ctx, func() (err error) {
		owner, err = opener.start(ctx)
		return err
	})
	return owner, err
}

// opener is an Open under way.
type opener struct {
	Options
	holder Holder
	taken  string // what somebody else was quicker with
}

// start opens the directory.
func (o *opener) start(ctx context.Context) (*Owner, error) {
	if err := NewDirectory(o.FS, o.Dir, 0).Prepare(); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	// Starts come one after another, so that none takes the other's short looks at locks for an owner. Who takes over does not wait for one that hangs.
	path := filepath.Join(o.Dir, startLock)
	start, err := takeLock(o.FS, path, o.holder)
	switch {
	case errors.Is(err, vfs.ErrLocked) && !o.TakeOver:
		return nil, &HeldError{Dir: o.Dir, Holder: readHolder(o.FS, path)}
	case err != nil && !errors.Is(err, vfs.ErrLocked):
		return nil, fmt.Errorf("state directory: %w", err)
	case err == nil:
		defer func() { _ = start.release(false) }() // closing is all that can fail, and it frees the lock
	}
	for range claimTries {
		owner, err := o.try(ctx)
		if owner != nil || err != nil {
			return owner, err
		}
	}
	return nil, fmt.Errorf("%s: others took every number that was claimed, %d times, %s last; is the pipeline started somewhere again and again?", o.Dir, claimTries, o.taken)
}

// try opens the directory once; neither owner nor error: somebody else was quicker.
func (o *opener) try(ctx context.Context) (*Owner, error) {
	owners, err := findOwners(o.FS, o.Dir)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	target := o.Target
	if target == nil {
		target = NewDirectory(o.FS, o.Dir, 0)
	}
	entries, err := readEntries(ctx, target, nil)
	if err != nil {
		return nil, err
	}
	if g, holder := owners.running(entries); g != 0 && !o.TakeOver {
		return nil, &HeldError{Dir: o.Dir, Holder: holder, Generation: g}
	}
	if len(entries) == 0 && !o.Fresh {
		if err := o.lost(ctx, target); err != nil {
			return nil, err
		}
	}
	claim, begins, err := o.claims(ctx, target, entries, owners)
	if err != nil {
		return nil, err
	}
	generation := claim.Generation
	if begins != nil {
		generation = begins.Generation
	}
	o.taken = lockOf(o.Dir, generation)
	held, err := takeLock(o.FS, o.taken, o.holder)
	if errors.Is(err, vfs.ErrLocked) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	// Somebody who takes over does not wait for this start: he may have come between the look and the lock. From now on he sees this lock.
	if owners, err = findOwners(o.FS, o.Dir); err != nil {
		return nil, errors.Join(fmt.Errorf("state directory: %w", err), held.release(true))
	}
	delete(owners.held, generation)
	if g, _ := owners.running(entries); g != 0 && !o.TakeOver {
		return nil, held.release(true)
	}
	owner := newOwner(o, claim, begins, held, entries)
	owner.contested = len(owners.held) > 0 || o.Target != nil && o.elsewhere(entries)
	if !o.weak.claimsNot && claim.Generation != 0 {
		o.taken = describe(target, manifestName(claim.Number))
		if err := owner.publish(ctx, claim); err != nil {
			err = errors.Join(err, held.release(true))
			var fenced *FencedError
			if errors.As(err, &fenced) {
				return nil, nil
			}
			return nil, fmt.Errorf("state directory: %w", err)
		}
	}
	if err := errors.Join(owner.dropClaims(ctx, claim, entries), owner.cleanUp(owners)); err != nil {
		return nil, errors.Join(fmt.Errorf("state directory: %w", err), held.release(true))
	}
	return owner, nil
}

// lost returns a *LostError if there are files, where there are no manifests.
func (o *opener) lost(ctx context.Context, target Target) error {
	infos, err := target.List(ctx, fileFolder)
	if err != nil {
		return err
	}
	files := map[string]int64{}
	for _, info := range infos {
		files[strings.TrimPrefix(info.Name, fileFolder)] = info.Size
	}
	return (&Inventory{Dir: o.Dir, Files: files}).Lost()
}

// elsewhere reports whether the last owner ran on another machine, so that no lock here tells whether he is dead.
func (o *opener) elsewhere(entries []Entry) bool {
	if len(entries) == 0 {
		return false
	}
	newest := newestFirst(entries)[0]
	return newest.Err != nil || newest.Manifest.Owner.Host != o.Host
}

// claims decides what to claim now, and what Owner.Begin is to publish, if there is something that a new lineage gives up: until then the old one stays
// what a start goes on from. What cannot be gone on from is not copied either: then nothing is claimed yet, and the claim has no generation.
func (o *opener) claims(ctx context.Context, target Target, entries []Entry, owners *owners) (claim, begins *Manifest, err error) {
	base, err := Recover(entries, o.AcceptSince, o.Dir)
	if err == nil && !o.Fresh {
		err = o.judge(entries, base, func(m *Manifest) string { return describe(target, manifestName(m.Number)) })
	}
	if err != nil && !o.Fresh {
		return nil, nil, onlyIntact(err, o.Usable, wholeIn(ctx, target))
	}
	damaged := err != nil
	if !o.Fresh || !damaged && (base == nil || !base.HasState()) || fault.Weak("checkpoint/begin") {
		if o.Fresh {
			base = nil
		}
		claim, err = o.claim(ctx, target, entries, owners, base)
		return claim, nil, err
	}
	if begins, err = o.claim(ctx, target, entries, owners, nil); err != nil {
		return nil, nil, err
	}
	if damaged {
		claim = begins.clone()
		claim.Number, claim.Generation = begins.Number-1, 0
		return claim, begins, nil //nolint:nilerr // who begins anew does not need it
	}
	claim, err = o.claim(ctx, target, entries, owners, base)
	begins.Number++
	return claim, begins, err
}

// claim is a claim of base, nil: of a new lineage without state.
func (o *opener) claim(ctx context.Context, target Target, entries []Entry, owners *owners, base *Manifest) (*Manifest, error) {
	files, err := target.List(ctx, fileFolder)
	if err != nil {
		return nil, err
	}
	temps, err := o.FS.ReadDir(filepath.Join(o.Dir, temporaryFolder))
	if err != nil {
		return nil, err
	}
	seen := slices.Clone(owners.seen)
	for _, e := range temps {
		if g, ok := temporaryOwner(e.Name()); ok {
			seen = append(seen, g)
		}
	}
	for _, f := range files {
		if g, ok := storedGeneration(strings.TrimPrefix(f.Name, fileFolder)); ok {
			seen = append(seen, g)
		}
	}
	claim := claimOf(base, entries, seen)
	if base == nil {
		if claim.Lineage, err = newLineage(o.Random); err != nil {
			return nil, err
		}
	}
	claim.Version, claim.Pipeline = ManifestVersion, o.Pipeline
	claim.Created, claim.Owner = o.Clock.Now().UTC(), o.holder
	return claim, nil
}

// wholeIn reads all files of a checkpoint, and reports whether they are what was written.
func wholeIn(ctx context.Context, target Target) func(*Manifest) bool {
	return func(m *Manifest) bool {
		report, err := Verify(ctx, target, m)
		return err == nil && report.OK()
	}
}

// newLineage makes a random UUID (version 4 of RFC 9562).
func newLineage(random io.Reader) (string, error) {
	var id [16]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return "", fmt.Errorf("lineage: %w", err)
	}
	if fault.Weak("lineage/new") {
		clear(id[:])
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]), nil
}

// readEntries reads all manifests, those in known without looking at them again. What is deleted meanwhile is not among them; then newer ones may have come before that, and it looks again.
func readEntries(ctx context.Context, target Target, known map[int64]*Manifest) ([]Entry, error) {
	for try := 1; ; try++ {
		entries, gone, err := listEntries(ctx, target, known)
		if err != nil || !gone || try == listTries {
			return entries, err
		}
	}
}

// listEntries is readEntries by one listing; gone says that a manifest that it lists was deleted before it was read.
func listEntries(ctx context.Context, target Target, known map[int64]*Manifest) (entries []Entry, gone bool, err error) {
	infos, err := target.List(ctx, manifestFolder)
	if err != nil {
		return nil, false, err
	}
	for _, info := range infos {
		number, ok := manifestNumber(info.Name)
		if !ok {
			continue
		}
		if m := known[number]; m != nil {
			entries = append(entries, Entry{Number: number, Manifest: m})
			continue
		}
		m, err := readManifest(ctx, target, info.Name)
		if errors.Is(err, fs.ErrNotExist) {
			gone = true
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		entries = append(entries, Entry{Number: number, Manifest: m, Err: err})
	}
	return entries, gone, nil
}

// readManifest reads the manifest of a name, which must be its own.
func readManifest(ctx context.Context, target Target, name string) (*Manifest, error) {
	path := describe(target, name)
	r, err := target.Get(ctx, name)
	if err != nil {
		return nil, cmp.Or(refused(path, err), err)
	}
	data, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, cmp.Or(refused(path, err), fmt.Errorf("%s: %w", path, err))
	}
	m, err := Decode(data)
	var damaged *ManifestError
	if errors.As(err, &damaged) {
		damaged.Path = path
		return nil, damaged
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if manifestName(m.Number) != name {
		return nil, &ManifestError{Path: path, Offset: int64(len(manifestBegin)), Reason: fmt.Sprintf("this is manifest number %d", m.Number)}
	}
	return m, nil
}

// describe is how a message names what a target stores.
func describe(target Target, name string) string {
	if d, ok := target.(interface{ Path(name string) string }); ok {
		return d.Path(name)
	}
	return name
}
