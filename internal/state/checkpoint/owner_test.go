package checkpoint

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

func TestFirstStartHasNoState(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	if o.Latest() != nil || o.LastEpoch() != 0 || o.Generation() != 1 || o.Lineage() != lineageA || o.Contested() {
		t.Errorf("latest %v, last epoch %d, generation %d, lineage %s, contested %v", o.Latest(), o.LastEpoch(), o.Generation(), o.Lineage(), o.Contested())
	}
	b.must(o.Close())
	b.must(o.Close())
	o = b.open()
	if o.Latest() != nil || o.Generation() != 2 || o.Lineage() != lineageA {
		t.Errorf("second start: latest %v, generation %d", o.Latest(), o.Generation())
	}
}

func TestResume(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	b.checkpoint(o, 1, 2, 5) // 3 and 4 were given up
	b.must(o.Retain(t.Context()))
	b.must(o.Close())

	o = b.open()
	m := o.Latest()
	if m == nil || m.Epoch != 5 || m.Kind != KindClaim || m.Generation != 2 || string(m.Body) != `{"at":5}` || o.LastEpoch() != 5 {
		t.Fatalf("latest %+v", m)
	}
	b.must(b.restoreAndCompare(o, m))
	b.checkpoint(o, 6)
	m = o.Latest()
	for _, f := range m.Files {
		if g, _ := storedGeneration(f.Stored); (g == 1) != (f.Name == "000005.sst" || f.Name == "000004.sst") {
			t.Errorf("%s is stored as %s", f.Name, f.Stored)
		}
	}
}

func TestStagedOnceOnly(t *testing.T) {
	mem := vfs.NewMem()
	record := vfs.Record(mem)
	b := newBed(t, record)
	o := b.open()
	b.checkpoint(o, 1)
	record.Forget()
	b.checkpoint(o, 2)
	for _, op := range record.Ops() {
		if strings.HasSuffix(op.Path, "000001.sst") && op.Call != vfs.CallStat {
			t.Errorf("what is stored is touched again: %s", op)
		}
	}
	// A small file that did not change is not stored again.
	files, err := b.stage(o, 3)
	b.must(err)
	b.must(o.Publish(t.Context(), checkpointOf(3, files)))
	same, err := o.Stage(t.Context(), 4, "store", []StageFile{{Name: "CURRENT", Path: filepath.Join(o.LiveDir(), "CURRENT"), Size: 9, Small: true}})
	b.must(err)
	if i := slices.IndexFunc(files, func(f File) bool { return f.Name == "CURRENT" }); !reflect.DeepEqual(same[0], files[i]) {
		t.Errorf("stored again: %v, was %v", same[0], files[i])
	}
}

func TestSecondRunIsRefused(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	_, err := b.try(func(o *Options) { o.PID = 8 })
	held := wantAs[*HeldError](t, err)
	if held.Holder.PID != 7 || held.Generation != 1 || !strings.Contains(err.Error(), "process 7 on h since 2026-01-02T03:04:05Z; stop that, or take its place with --take-over") {
		t.Errorf("%v", err)
	}
	b.must(o.Close())
	o = b.open()
	b.must(o.Close())
}

func TestTakeOverFencesTheOther(t *testing.T) {
	b, _ := memBed(t)
	a := b.open()
	b.checkpoint(a, 1)
	_, err := b.stage(a, 2)
	b.must(err)
	c := b.open(takeOver)
	if !c.Contested() || c.Generation() != 2 || c.Latest().Epoch != 1 {
		t.Errorf("contested %v, generation %d, latest %v", c.Contested(), c.Generation(), c.Latest())
	}
	if _, err := b.fs.Stat(a.LiveDir()); err != nil {
		t.Errorf("scratch of an owner who may be alive: %v", err)
	}
	fenced := wantAs[*FencedError](t, b.tryCheckpoint(a, 2))
	if fenced.By != 2 || fenced.Generation != 1 || fenced.Epoch != 2 || fenced.Holder.PID != 7 {
		t.Errorf("%+v", fenced)
	}
	_ = wantAs[*FencedError](t, a.Publish(t.Context(), checkpointOf(3, nil)))
	_ = wantAs[*FencedError](t, a.Retain(t.Context()))
	b.must(b.restoreAndCompare(c, c.Latest()))
	b.checkpoint(c, 2)
	b.must(a.Close())
	b.must(c.Retain(t.Context()))
	if names := b.names("files"); len(names) != 4 || slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "-1-2-") }) {
		t.Errorf("files %q", names)
	}
}

// The owner before slept while his number was taken, used and deleted.
func TestZombieWakesAfterRetention(t *testing.T) {
	b, _ := memBed(t)
	a := b.open()
	b.checkpoint(a, 1)
	files, err := b.stage(a, 2)
	b.must(err)
	c := b.open(takeOver)
	b.must(b.restoreAndCompare(c, c.Latest()))
	b.checkpoint(c, 2, 3, 4, 5, 6)
	b.must(c.Retain(t.Context()))
	if slices.Contains(b.names("manifests"), filepath.Base(manifestName(3))) {
		t.Fatal("the number is still there")
	}
	err = a.Publish(t.Context(), checkpointOf(2, files))
	_ = wantAs[*FencedError](t, err)
	b.checkpoint(c, 7)
	b.must(c.Retain(t.Context()))
	b.must(c.Close())
	b.must(a.Close())
	o := b.open()
	if o.Latest().Epoch != 7 {
		t.Errorf("latest %+v", o.Latest())
	}
	b.must(b.restoreAndCompare(o, o.Latest()))
}

func TestFreshBeginsALineage(t *testing.T) {
	b, _ := memBed(t)
	b.options.Random = nil
	a := b.open()
	b.checkpoint(a, 1, 2)
	b.must(a.Close())
	o := b.open(fresh)
	if o.Latest() != nil || o.Lineage() == a.Lineage() || o.LastEpoch() != 2 || o.Generation() != 2 {
		t.Errorf("latest %v, lineage %s, last epoch %d", o.Latest(), o.Lineage(), o.LastEpoch())
	}
	if err := b.tryCheckpoint(o, 2); err == nil {
		t.Error("an epoch was used twice")
	}
	b.checkpoint(o, 3)
	b.must(o.Close())
	o = b.open()
	if o.Latest().Epoch != 3 {
		t.Errorf("latest %v", o.Latest())
	}
}

func TestStaleThingsAreRemoved(t *testing.T) {
	b, mem := memBed(t)
	a := b.open()
	b.checkpoint(a, 1)
	b.must(vfs.WriteFile(b.fs, filepath.Join(stateDir, "tmp/1-99"), []byte("x")))
	b.must(vfs.WriteFile(b.fs, filepath.Join(stateDir, "tmp/mine.txt"), []byte("x")))
	b.fs = mem.CrashImage(vfs.CrashOptions{Keep: 1}) // the process is dead: its locks are free
	b.options.FS = b.fs
	o := b.open()
	if o.Contested() {
		t.Error("a dead owner contests")
	}
	if got := b.names("."); !slices.Equal(got, []string{"files", "lock", "lock-2", "manifests", "tmp"}) {
		t.Errorf("left: %q", got)
	}
	if got := b.names("tmp"); !slices.Equal(got, []string{"mine.txt"}) {
		t.Errorf("left: %q", got)
	}
}

func TestPublishRefuses(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	b.checkpoint(o, 3)
	for name, m := range map[string]*Manifest{
		"an epoch again":      checkpointOf(3, nil),
		"an earlier epoch":    checkpointOf(2, nil),
		"an epoch far away":   checkpointOf(5_000_000, nil),
		"a claim":             {Epoch: 4, Kind: KindClaim},
		"no kind":             {Epoch: 4},
		"a file twice":        checkpointOf(4, append(slices.Clone(o.Latest().Files), o.Latest().Files...)),
		"a file from outside": checkpointOf(4, []File{{Part: "store", Name: "../x", Stored: o.Latest().Files[0].Stored}}),
		"unconfirmed epochs":  {Epoch: 4, Kind: KindCheckpoint, Unconfirmed: []int64{5}},
	} {
		if err := o.Publish(t.Context(), m); err == nil {
			t.Errorf("%s was published", name)
		}
	}
	b.checkpoint(o, 4)
	b.must(o.Close())
	if err := o.Publish(t.Context(), checkpointOf(5, nil)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := b.stage(o, 5); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestFinished(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	m := checkpointOf(1, nil)
	m.Kind = KindFinished
	b.must(o.Publish(t.Context(), m))
	b.must(o.Close())
	o = b.open()
	if l := o.Latest(); !l.Finished || l.Kind != KindClaim || !slices.Equal(l.Unconfirmed, []int64{1}) {
		t.Errorf("latest %+v", l)
	}
}

// Starts that come to nothing leave one claim, not one each.
func TestManyStarts(t *testing.T) {
	b, _ := memBed(t)
	for range 5 {
		b.must(b.open().Close())
	}
	if names := b.names("manifests"); len(names) != 1 {
		t.Errorf("%q", names)
	}
	o := b.open()
	b.checkpoint(o, 1, 2)
	b.must(o.Close())
	for range 20 {
		b.must(b.open().Close())
	}
	if names := b.names("manifests"); len(names) != 4 { // the first claim, two checkpoints, the last claim
		t.Errorf("%q", names)
	}
	o = b.open()
	if o.Latest().Epoch != 2 || o.Generation() != 27 {
		t.Errorf("generation %d, latest %+v", o.Generation(), o.Latest())
	}
}

func as(pid int) func(*Options) { return func(o *Options) { o.PID = pid } }

// Who was superseded excludes nobody, whether the one who took over has ended in order or died; whoever owns the directory does.
func TestSupersededExcludesNobody(t *testing.T) {
	b, _ := memBed(t)
	a := b.open(as(7))
	b.checkpoint(a, 1)
	owners := func() []int64 {
		t.Helper()
		i, err := Inspect(t.Context(), b.fs, stateDir)
		b.must(err)
		return sortedGenerations(i.Owners)
	}
	c := b.open(takeOver, as(8))
	if _, err := b.try(as(9)); wantAs[*HeldError](t, err).Holder.PID != 8 {
		t.Errorf("while the one who took over runs: %v", err)
	}
	if got := owners(); !slices.Equal(got, []int64{2}) {
		t.Errorf("owners %v", got)
	}
	b.must(c.Close())
	if got := owners(); len(got) != 0 {
		t.Errorf("owners %v", got)
	}
	o := b.open(as(9))
	if !o.Contested() || o.Generation() != 3 {
		t.Errorf("contested %v, generation %d", o.Contested(), o.Generation())
	}
	if _, err := b.fs.Stat(a.LiveDir()); err != nil {
		t.Errorf("scratch of an owner who may be alive: %v", err)
	}
	if _, err := b.try(as(10)); wantAs[*HeldError](t, err).Holder.PID != 9 {
		t.Errorf("while the next one runs: %v", err)
	}
	b.checkpoint(o, 2)
	b.must(o.Close())
	_ = wantAs[*FencedError](t, b.tryCheckpoint(a, 2))
	_, err := Remove(t.Context(), b.options, []int64{1})
	b.must(err)
	b.must(a.Close())
}

// Who took a lock and published nothing has superseded nobody.
func TestTakeOverThatComesToNothingSupersedesNobody(t *testing.T) {
	b, _ := memBed(t)
	a := b.open(as(7))
	b.checkpoint(a, 1)
	started, err := takeLock(b.fs, lockOf(stateDir, 2), Holder{PID: 8})
	b.must(err)
	if _, err := b.try(as(9)); wantAs[*HeldError](t, err).Holder.PID != 8 {
		t.Errorf("while one starts: %v", err)
	}
	b.must(started.file.Close())
	if _, err := b.try(as(9)); wantAs[*HeldError](t, err).Holder.PID != 7 {
		t.Errorf("after he died: %v", err)
	}
	b.checkpoint(a, 2)
	b.must(vfs.WriteFile(b.fs, filepath.Join(stateDir, manifestName(a.Latest().Number)), []byte("x")))
	if _, err := b.try(as(9)); wantAs[*HeldError](t, err).Holder.PID != 7 {
		t.Errorf("the newest manifest is damaged: %v", err)
	}
	b.must(a.Close())
}

// A sleeper who was superseded is fenced in a directory that was removed, and in one that was made anew, where numbers begin again.
func TestSupersededIsFencedInAnotherDirectory(t *testing.T) {
	b, _ := memBed(t)
	a := b.open(as(7))
	b.checkpoint(a, 1, 2, 3)
	files, err := b.stage(a, 4)
	b.must(err)
	c := b.open(takeOver, as(8))
	if err := RemoveAll(t.Context(), b.options); wantAs[*HeldError](t, err).Holder.PID != 8 {
		t.Errorf("while the one who took over runs: %v", err)
	}
	b.must(c.Close())
	b.must(RemoveAll(t.Context(), b.options))
	_ = wantAs[*FencedError](t, a.Check(t.Context()))
	if got := b.names("."); !slices.Equal(got, []string{"lock", "lock-1"}) {
		t.Errorf("left: %q", got)
	}
	b.must(RemoveAll(t.Context(), b.options))
	o := b.open(as(9))
	if o.Latest() != nil || o.Generation() != 2 || !o.Contested() {
		t.Fatalf("latest %v, generation %d", o.Latest(), o.Generation())
	}
	a.broken = nil // the sleeper has not looked before
	_ = wantAs[*FencedError](t, a.Publish(t.Context(), checkpointOf(4, files)))
	m := checkpointOf(4, nil)
	m.Number = 9
	b.must(a.target.PutNew(t.Context(), manifestName(m.Number), []byte("x"))) // he was about to when it was removed
	_ = wantAs[*FencedError](t, a.look(t.Context(), m))
	b.checkpoint(o, 1)
	if names := b.names("manifests"); len(names) != 2 {
		t.Errorf("manifests %q", names)
	}
	if i, err := Inspect(t.Context(), b.fs, stateDir); err != nil || !slices.Equal(sortedGenerations(i.Owners), []int64{2}) {
		t.Errorf("owners %v: %v", i.Owners, err)
	}
	if _, err := b.try(as(10)); wantAs[*HeldError](t, err).Holder.PID != 9 {
		t.Errorf("while it runs: %v", err)
	}
	b.must(a.Close())
	b.must(o.Close())
	b.must(RemoveAll(t.Context(), b.options))
	if _, err := b.fs.Stat(stateDir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

// What a fenced owner is told names the epoch that he wanted to publish, and does not deny one that is published.
func TestFencedNamesItsEpoch(t *testing.T) {
	b, _ := memBed(t)
	fenced := func() *Owner {
		a := b.open(takeOver)
		b.checkpoint(a, a.LastEpoch()+1)
		return a
	}
	say := func(err error, want string) {
		t.Helper()
		if got := wantAs[*FencedError](t, err).Error(); !strings.HasPrefix(got, want+": another run has taken over the pipeline (generation ") {
			t.Errorf("%s, want %s", got, want)
		}
	}
	a := fenced()
	c := b.open(takeOver)
	say(b.tryCheckpoint(a, 2), "epoch 2 was not published")
	b.checkpoint(c, 2)
	b.must(c.Close())

	a = fenced() // epoch 3
	c = b.open(takeOver)
	say(a.Retain(t.Context()), "epoch 3 is the last that this run has")
	say(a.Publish(t.Context(), checkpointOf(4, nil)), "epoch 4 was not published")
	b.must(c.Close())

	a = fenced() // epoch 4
	m := a.Latest()
	c = b.open(takeOver)
	say(a.look(t.Context(), m), "epoch 4 came too late, and is not committed by this run")
	if c.Latest().Epoch != 4 {
		t.Errorf("latest %+v", c.Latest())
	}
	b.must(c.Close())
}

func sortedGenerations(owners map[int64]Holder) []int64 { return slices.Sorted(maps.Keys(owners)) }
