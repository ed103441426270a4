package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
)

// Owner owns a state directory until it is closed or fenced. Its methods may be called from several goroutines; Publish calls come one after another.
type Owner struct {
	fs         vfs.FS
	dir        string
	target     Target
	pipeline   string
	retain     int
	clock      clock.Reader
	log        *slog.Logger
	holder     Holder
	lineage    string
	generation int64
	contested  bool
	repeats    bool
	accepted   int64 // the epoch that was asked for; 0: the newest
	abandoned  []string
	judges     func(*Manifest) error // Options.Usable
	weak       weaknesses

	publishing sync.Mutex // held while something is published or deleted

	mu        sync.Mutex
	lock      *lock                     // nil: closed
	latest    *Manifest                 // the newest that this owner published
	begins    *Manifest                 // the claim of a new lineage that Begin has to publish; nil: none
	manifests map[int64]*Manifest       // read or published, by number
	known     map[fileKey]File          // files that are stored
	pending   map[int64]map[string]bool // by epoch: names of files that are stored for it, or are about to be, until it is published
	broken    error                     // why nothing may be published any more
}

// fileKey is a file as its owner knows it.
type fileKey struct{ part, name string }

func newOwner(o *opener, claim, begins *Manifest, held *lock, entries []Entry) *Owner {
	first := claim // of the owner's lineage
	if begins != nil {
		first = begins
	}
	owner := &Owner{
		fs: o.FS, dir: o.Dir, target: o.Target, pipeline: o.Pipeline, retain: o.Retain, clock: o.Clock, log: o.Log, holder: o.holder, judges: o.Usable, weak: o.weak,
		lineage: first.Lineage, generation: first.Generation, lock: held, latest: claim, begins: begins,
		repeats: begins == nil && claim.HasState() && claim.Used > claim.Epoch, accepted: o.AcceptSince,
		manifests: map[int64]*Manifest{}, known: map[fileKey]File{}, pending: map[int64]map[string]bool{},
	}
	if owner.target == nil {
		owner.target = NewDirectory(o.FS, o.Dir, first.Generation)
	}
	for _, e := range entries {
		if e.Err == nil {
			owner.manifests[e.Number] = e.Manifest
			if l := e.Manifest.Lineage; l != owner.lineage && !slices.Contains(owner.abandoned, l) {
				owner.abandoned = append(owner.abandoned, l)
			}
		}
	}
	return owner
}

// Latest is what to go on from: the newest manifest of this owner, at first the copy of the one before. Nil: there is no state.
func (o *Owner) Latest() *Manifest {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.begins != nil || !o.latest.HasState() {
		return nil
	}
	return o.latest
}

// LastEpoch is the highest number that an epoch had so far; those to come have higher ones.
func (o *Owner) LastEpoch() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.latest.lastEpoch()
}

// Lineage is the UUID of the history that began with an empty state.
func (o *Owner) Lineage() string { return o.lineage }

// Generation is the number of this owner, which no other has.
func (o *Owner) Generation() int64 { return o.generation }

// Abandoned are the lineages before this one, as far as manifests of them are left.
func (o *Owner) Abandoned() []string { return o.abandoned }

// Contested reports whether the owner before may still be alive: what he has open must not be written to.
func (o *Owner) Contested() bool { return o.contested }

// Repeats reports whether what is gone on from is not the newest that there was: somebody accepted that sinks are given again what they were given since. It
// holds for all owners until a checkpoint is published after that.
func (o *Owner) Repeats() bool { return o.repeats && !fault.Weak("recovery/repeats") }

// LiveDir is the path of a directory for the running store. It does not exist when Open returns, and is removed with all that is in it by Close or by
// the next owner.
func (o *Owner) LiveDir() string {
	return filepath.Join(o.dir, livePrefix+strconv.FormatInt(o.generation, 10))
}

// Begins reports whether Begin has yet to give up the state that there is.
func (o *Owner) Begins() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.begins != nil
}

// Begin gives up the state that an owner found who begins a new lineage: from now on a start finds that lineage. An owner who is closed before has left
// everything as it was. Where nothing is to be given up it does nothing. Errors are those of Publish.
func (o *Owner) Begin(ctx context.Context) error {
	o.publishing.Lock()
	defer o.publishing.Unlock()
	return o.begin(ctx)
}

// begin is Begin; publishing is held.
func (o *Owner) begin(ctx context.Context) error {
	o.mu.Lock()
	begins, err := o.begins, o.usable()
	o.mu.Unlock()
	if begins == nil || err != nil {
		return err
	}
	if err := o.publish(ctx, begins); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begins = nil
	return nil
}

// Publish makes m the newest checkpoint; that is the commit point of its epoch. The caller sets Epoch, Kind, Unconfirmed, Store, Files (what Stage
// returned), Body and Plan; Publish sets the rest. Epoch must be above that of the one before.
//
// Errors: *FencedError when another owner has gone on; *UncertainError when it is unknown whether m is durable. After both nothing can be published any
// more, and nothing may be committed. After any other error m was not published, and nothing of it is left; it can be tried again.
func (o *Owner) Publish(ctx context.Context, m *Manifest) error {
	o.publishing.Lock()
	defer o.publishing.Unlock()
	err := o.begin(ctx)
	var fenced *FencedError
	if errors.As(err, &fenced) { // it may have been found while something else was done
		again := *fenced
		again.Epoch, again.Late = m.Epoch, false
		return &again
	}
	if err != nil {
		return err
	}
	o.mu.Lock()
	latest := o.latest
	o.mu.Unlock()
	if last := latest.lastEpoch(); m.Epoch <= last || m.Epoch > last+maxSkip {
		return fmt.Errorf("epoch %d cannot follow epoch %d", m.Epoch, last)
	}
	m.Version, m.Lineage, m.Generation, m.Number, m.Pipeline = ManifestVersion, o.lineage, o.generation, latest.Number+1, o.pipeline
	m.Created, m.Owner, m.From, m.Used, m.Finished = o.clock.Now().UTC(), o.holder, 0, 0, m.Kind == KindFinished
	if m.Kind == KindClaim {
		return errors.New("a claim is not published by hand")
	}
	return o.publish(ctx, m)
}

// usable is why nothing may be published; nil: it may. The lock is held.
func (o *Owner) usable() error {
	if o.lock == nil {
		return fmt.Errorf("%s: %w", o.dir, fs.ErrClosed)
	}
	return o.broken
}

// publish stores m, which is complete, under its number, and looks whether somebody has a higher one.
func (o *Owner) publish(ctx context.Context, m *Manifest) error {
	data, err := m.Encode()
	if err != nil {
		return err
	}
	name := manifestName(m.Number)
	fault.Point("checkpoint/before-publish")
	if o.displaced() {
		return o.fence(FencedError{Epoch: m.Epoch}, nil)
	}
	err = o.target.PutNew(ctx, name, data)
	var uncertain *UncertainError
	switch {
	case errors.Is(err, fs.ErrExist):
		// A request that was repeated finds what it stored itself.
		if mine, err := o.holds(ctx, name, data); err != nil || !mine {
			return errors.Join(o.fence(FencedError{Epoch: m.Epoch}, o.readFence(ctx, m.Number)), err)
		}
	case errors.As(err, &uncertain):
		o.mu.Lock()
		o.broken = err
		o.mu.Unlock()
		return err
	case err != nil:
		return fmt.Errorf("epoch %d was not published: %w", m.Epoch, err)
	}
	fault.Point("checkpoint/published")
	if !o.weak.looksNot && !fault.Weak(weakFence) {
		if err := o.look(ctx, m); err != nil {
			return err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.latest, o.manifests[m.Number] = m, m
	for _, f := range m.Files {
		if m.Kind != KindClaim {
			o.known[fileKey{f.Part, f.Name}] = f
		}
	}
	for epoch := range o.pending {
		if epoch <= m.Epoch {
			delete(o.pending, epoch)
		}
	}
	return nil
}

// look fences the owner if there is a higher number than that of m, which he has published: his number had been used and deleted before, or somebody
// claimed the next one in between. In the first case m is no part of the history, in the second whoever claimed goes on from it.
func (o *Owner) look(ctx context.Context, m *Manifest) error {
	if o.displaced() { // m stands in a directory that is another one now
		return errors.Join(o.fence(FencedError{Epoch: m.Epoch}, nil), o.target.Delete(ctx, manifestName(m.Number)))
	}
	infos, err := o.target.List(ctx, manifestFolder)
	if err != nil {
		// It is published, but may not be committed.
		err = &UncertainError{Name: describe(o.target, manifestName(m.Number)), Err: err}
		o.mu.Lock()
		o.broken = err
		o.mu.Unlock()
		return err
	}
	if by, superseded := Superseded(numbersOf(infos), m.Number); superseded {
		return o.fence(FencedError{Epoch: m.Epoch, Late: true}, o.readFence(ctx, by))
	}
	return nil
}

// displaced reports whether the lock of the owner is gone, or says that he was superseded: what the directory held was removed while he slept, so that
// numbers in it, which begin again, say nothing to him.
func (o *Owner) displaced() bool {
	if o.weak.looksNot || fault.Weak(weakFence) {
		return false
	}
	path := lockOf(o.dir, o.generation)
	if _, err := o.fs.Stat(path); err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return readLock(o.fs, path).Fenced
}

func numbersOf(infos []Info) []int64 {
	var numbers []int64
	for _, info := range infos {
		if n, ok := manifestNumber(info.Name); ok {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// readFence reads the manifest that stands in the way; nil if it cannot be read.
func (o *Owner) readFence(ctx context.Context, number int64) *Manifest {
	m, err := readManifest(ctx, o.target, manifestName(number))
	if err != nil {
		return nil
	}
	return m
}

// fence notes that another owner has gone on, who published by; nil: that is not known. The error says what was found.
func (o *Owner) fence(err FencedError, by *Manifest) error {
	err.Generation = o.generation
	if by != nil {
		err.By, err.Holder = by.Generation, by.Owner
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	err.Last = o.latest.Epoch
	o.broken = &err
	return &err
}

// holds reports whether name holds exactly data.
func (o *Owner) holds(ctx context.Context, name string, data []byte) (bool, error) {
	r, err := o.target.Get(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	found, err := io.ReadAll(io.LimitReader(r, int64(len(data))+1))
	return bytes.Equal(found, data), errors.Join(err, r.Close())
}

// weakFence names the guarantee that nobody publishes, or deletes, who was superseded.
const weakFence = "checkpoint/fence"

// Check returns a *FencedError if another owner has gone on since this one published last.
func (o *Owner) Check(ctx context.Context) error {
	o.mu.Lock()
	latest, err := o.latest, o.usable()
	o.mu.Unlock()
	if err != nil || fault.Weak(weakFence) {
		return err
	}
	if o.displaced() {
		return o.fence(FencedError{}, nil)
	}
	infos, err := o.target.List(ctx, manifestFolder)
	if err != nil {
		return err
	}
	if by, superseded := Superseded(numbersOf(infos), latest.Number); superseded {
		return o.fence(FencedError{}, o.readFence(ctx, by))
	}
	return nil
}

// Retain deletes what no longer is needed, as Retention decides. It does not delete anything for an owner that is fenced.
func (o *Owner) Retain(ctx context.Context) error {
	o.publishing.Lock()
	defer o.publishing.Unlock()
	if err := o.Check(ctx); err != nil {
		return err
	}
	o.mu.Lock()
	known := maps.Clone(o.manifests)
	o.mu.Unlock()
	entries, err := readEntries(ctx, o.target, known)
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	infos, err := o.target.List(ctx, fileFolder)
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	stored := make([]string, len(infos))
	for i, info := range infos {
		stored[i] = strings.TrimPrefix(info.Name, fileFolder)
	}
	garbage := o.decideGarbage(entries, stored)
	return o.deleteGarbage(ctx, garbage)
}

// decideGarbage decides and forgets in one step, so that what is staged from now on does not count on what is deleted.
func (o *Owner) decideGarbage(entries []Entry, stored []string) Garbage {
	o.mu.Lock()
	defer o.mu.Unlock()
	pending := map[string]bool{}
	for _, names := range o.pending {
		for name := range names {
			pending[name] = true
		}
	}
	generation := o.generation
	if o.weak.generations {
		generation = 1<<63 - 1
	}
	garbage := Retention(entries, stored, o.retain, generation, pending)
	for _, number := range garbage.Manifests {
		delete(o.manifests, number)
	}
	gone := make(map[string]bool, len(garbage.Files))
	for _, name := range garbage.Files {
		gone[name] = true
	}
	for key, f := range o.known {
		if gone[f.Stored] {
			delete(o.known, key)
		}
	}
	return garbage
}

func (o *Owner) deleteGarbage(ctx context.Context, garbage Garbage) error {
	var manifests, files []string
	for _, number := range garbage.Manifests {
		manifests = append(manifests, manifestName(number))
	}
	for _, name := range garbage.Files {
		files = append(files, fileFolder+name)
	}
	if o.weak.filesFirst {
		manifests, files = files, manifests
	}
	for _, names := range [][]string{manifests, files} {
		if len(names) == 0 {
			continue
		}
		fault.Point("retention/before-delete")
		if err := o.target.Delete(ctx, names...); err != nil {
			return fmt.Errorf("retention: %w", err)
		}
	}
	return nil
}

// dropClaims deletes claims that say the same as this one, so that a pipeline which fails at each start does not fill the disk.
func (o *Owner) dropClaims(ctx context.Context, claim *Manifest, entries []Entry) error {
	var names []string
	for _, e := range entries {
		if e.Err == nil && e.Manifest.Kind == KindClaim && e.Manifest.Lineage == claim.Lineage && e.Manifest.Epoch == claim.Epoch {
			names = append(names, manifestName(e.Number))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return o.target.Delete(ctx, names...)
}

// cleanUp removes what dead owners left: locks, scratch and temporary files. What living ones have stays.
func (o *Owner) cleanUp(found *owners) error {
	for _, g := range found.live {
		if _, alive := found.held[g]; !alive && !fault.Weak("state/scratch") {
			if err := vfs.RemoveAll(o.fs, filepath.Join(o.dir, livePrefix+strconv.FormatInt(g, 10))); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(removeLooks(o.fs, o.dir), removeRequests(o.fs, o.dir)); err != nil {
		return err
	}
	temps, err := o.fs.ReadDir(filepath.Join(o.dir, temporaryFolder))
	if err != nil {
		return err
	}
	for _, e := range temps {
		g, ok := temporaryOwner(e.Name())
		if _, alive := found.held[g]; !ok || alive || g == o.generation {
			continue
		}
		if err := o.fs.Remove(filepath.Join(o.dir, temporaryFolder, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, g := range found.dead {
		if err := o.fs.Remove(lockOf(o.dir, g)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Close gives the directory back and removes the scratch. It publishes nothing. Closing again does nothing.
func (o *Owner) Close() error {
	o.publishing.Lock()
	defer o.publishing.Unlock()
	o.mu.Lock()
	held := o.lock
	o.lock = nil
	o.mu.Unlock()
	if held == nil {
		return nil
	}
	err := vfs.RemoveAll(o.fs, o.LiveDir())
	return errors.Join(err, held.release(true))
}
