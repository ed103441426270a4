package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// crashRun is a run with checkpoints, retention, an end and a second run.
type crashRun struct {
	*bed
	durable int64 // the last epoch of which Publish returned
	begun   int64 // the last epoch that was begun
}

func (r *crashRun) run() error {
	for _, epochs := range [][]int64{{1, 2, 3, 4}, {5, 6, 7}} {
		o, err := r.try()
		if err != nil {
			return fmt.Errorf("open: %w", err)
		}
		if err := r.restoreAndCompare(o, o.Latest()); err != nil {
			return errors.Join(err, o.Close())
		}
		for _, e := range epochs {
			r.begun = e
			if err := r.tryCheckpoint(o, e); err != nil {
				return errors.Join(err, o.Close())
			}
			r.durable = e
			if err := o.Retain(r.Context()); err != nil {
				return errors.Join(err, o.Close())
			}
		}
		if err := o.Close(); err != nil {
			return err
		}
	}
	return nil
}

// survives goes on from a file system that a failure left, and says what is wrong with it.
func (r *crashRun) survives(image vfs.FS) error {
	after := newBed(r.T, image)
	after.options.weak = r.options.weak
	if err := complete(after); err != nil {
		return err
	}
	o, err := after.try()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	m := o.Latest()
	if m == nil && r.durable > 0 || m != nil && (m.Epoch < r.durable || m.Epoch > r.begun) {
		return fmt.Errorf("goes on from %+v, durable was %d, begun %d", m, r.durable, r.begun)
	}
	if err := after.restoreAndCompare(o, m); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := after.tryCheckpoint(o, o.LastEpoch()+1); err != nil {
		return fmt.Errorf("next checkpoint: %w", err)
	}
	if err := o.Retain(r.Context()); err != nil {
		return err
	}
	if err := o.Close(); err != nil {
		return err
	}
	if temps := after.names("tmp"); len(temps) > 0 {
		return fmt.Errorf("temporary files are left: %q", temps)
	}
	return complete(after)
}

// complete verifies all manifests with all their files.
func complete(b *bed) error {
	inventory, err := Inspect(b.Context(), b.fs, stateDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range inventory.Entries {
		if e.Err != nil {
			return e.Err
		}
		report, err := Verify(b.Context(), NewDirectory(b.fs, stateDir, 0), e.Manifest)
		if err != nil {
			return err
		}
		if !report.OK() {
			return fmt.Errorf("manifest %d: %w", e.Number, report.Damaged[0])
		}
	}
	return nil
}

// crashEverywhere takes images after every change of a run, with unsynced changes lost, kept and torn.
func crashEverywhere(t *testing.T, weak weaknesses, lazily lazy) (images int, failure error) {
	mem := vfs.NewMem()
	run := &crashRun{}
	seed := uint64(0)
	var mu sync.Mutex // files are staged from several goroutines
	note := func(op vfs.Op) {
		mu.Lock()
		defer mu.Unlock()
		if failure != nil || !op.Changes() {
			return
		}
		for _, keep := range []float64{0, 1, 0.3, 0.7} {
			seed++
			options := vfs.CrashOptions{Keep: keep, Tear: keep > 0 && keep < 1, Rand: rand.New(rand.NewPCG(seed, 1))}
			if err := run.survives(mem.CrashImage(options)); err != nil {
				failure = fmt.Errorf("after %s, keep %v, seed %d: %w", op, keep, seed, err)
				return
			}
			images++
		}
	}
	lazily.FS = vfs.Watch(mem, note)
	run.bed = newBed(t, lazily)
	run.options.weak = weak
	if err := run.run(); err != nil {
		t.Fatal(err)
	}
	return images, failure
}

func TestCrashAfterEveryStep(t *testing.T) {
	images, err := crashEverywhere(t, weaknesses{}, lazy{})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d images", images)
}

func TestCrashesNoticeWeaknesses(t *testing.T) {
	in := func(part string) func(string) bool {
		return func(path string) bool { return strings.Contains(path, part) }
	}
	for name, test := range map[string]struct {
		weak weaknesses
		lazy lazy
	}{
		"files are not synced":        {lazy: lazy{content: in("/live-")}},
		"copies are not synced":       {lazy: lazy{content: in("/tmp/")}},
		"names of files are not":      {lazy: lazy{names: in(stateDir + "/files")}},
		"names of manifests are not":  {lazy: lazy{names: in(stateDir + "/manifests")}},
		"names of folders are not":    {lazy: lazy{names: func(path string) bool { return path == stateDir }}},
		"the directory's name is not": {lazy: lazy{names: func(path string) bool { return path == "/wire" }}},
		"files are deleted first":     {weak: weaknesses{filesFirst: true}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := crashEverywhere(t, test.weak, test.lazy); err == nil {
				t.Error("nothing wrong is found")
			}
		})
	}
}

// lazy is a file system that does not sync some content and some directories.
type lazy struct {
	vfs.FS
	content, names func(path string) bool
}

func (l lazy) Open(name string) (vfs.File, error) {
	return l.wrap(l.FS.Open(name))
}

func (l lazy) OpenFile(name string, flag int, perm fs.FileMode) (vfs.File, error) {
	return l.wrap(l.FS.OpenFile(name, flag, perm))
}

func (l lazy) wrap(f vfs.File, err error) (vfs.File, error) {
	if err == nil && l.content != nil && l.content(f.Name()) {
		f = lazyFile{f}
	}
	return f, err
}

func (l lazy) SyncDir(name string) error {
	if l.names != nil && l.names(name) {
		return nil
	}
	return l.FS.SyncDir(name)
}

type lazyFile struct{ vfs.File }

func (lazyFile) Sync() error { return nil }

// Every fsync of a run fails once, then every one from some on; whatever Publish said is true afterwards.
func TestFailingSyncs(t *testing.T) {
	for _, call := range []vfs.Call{vfs.CallSync, vfs.CallSyncDir} {
		for _, times := range []int{1, 2, vfs.Forever} {
			for n := 1; ; n++ {
				mem := vfs.NewMem()
				failing := vfs.Fail(mem, vfs.Rule{Call: call, Nth: n, Times: times})
				run := &crashRun{bed: newBed(t, failing)}
				err := run.run()
				if failing.Failed() == 0 {
					break
				}
				if err == nil && call == vfs.CallSyncDir {
					t.Fatalf("%s %d: nobody noticed", call, n)
				}
				for _, keep := range []float64{0, 1} {
					if err := run.survives(mem.CrashImage(vfs.CrashOptions{Keep: keep})); err != nil {
						t.Fatalf("%s %d times %d, keep %v: %v", call, n, times, keep, err)
					}
				}
			}
		}
	}
}

// Every call of a run to the file system fails once.
func TestFailingCalls(t *testing.T) {
	failed := 0
	for n := 1; ; n++ {
		mem := vfs.NewMem()
		failing := vfs.Fail(mem, vfs.Rule{Nth: n})
		run := &crashRun{bed: newBed(t, failing)}
		err := run.run()
		if failing.Failed() == 0 {
			break
		}
		if err != nil {
			failed++
		}
		for _, keep := range []float64{0, 1} {
			if err := run.survives(mem.CrashImage(vfs.CrashOptions{Keep: keep})); err != nil {
				t.Fatalf("call %d, keep %v: %v", n, keep, err)
			}
		}
	}
	if failed < 100 {
		t.Errorf("only %d failures were noticed", failed)
	}
}

// A single fsync that fails is mended by writing anew, to another name.
func TestOneFailingSyncIsMended(t *testing.T) {
	mem := vfs.NewMem()
	failing := vfs.Fail(mem)
	record := vfs.Record(failing)
	b := newBed(t, record)
	o := b.open()
	b.checkpoint(o, 1)
	for _, path := range []string{"1-*", "000002.sst"} {
		failing.Add(vfs.Rule{Call: vfs.CallSync, Path: path})
	}
	// The pretended store itself syncs 000002.sst: let that pass.
	files := epochFiles(2)
	for _, name := range []string{"CURRENT", "000002.sst"} {
		path := filepath.Join(o.LiveDir(), name)
		b.must(vfs.WriteFile(mem, path, []byte(files[name])))
	}
	record.Forget()
	var stage []StageFile
	for _, name := range sortedKeys(files) {
		stage = append(stage, StageFile{Name: name, Path: filepath.Join(o.LiveDir(), name), Size: int64(len(files[name])), Small: name == "CURRENT"})
	}
	staged, err := o.Stage(t.Context(), 2, "store", stage)
	b.must(err)
	b.must(o.Publish(t.Context(), checkpointOf(2, staged)))
	if failing.Failed() != 2 {
		t.Errorf("%d syncs failed", failing.Failed())
	}
	synced := map[string]int{}
	for _, op := range record.Ops() {
		if op.Call == vfs.CallSync {
			synced[op.Path]++
		}
	}
	for path, n := range synced {
		if n > 1 {
			t.Errorf("%s was synced %d times", path, n)
		}
	}
	b.must(complete(b))
	image := newBed(t, mem.CrashImage(vfs.CrashOptions{}))
	o = image.open()
	b.must(image.restoreAndCompare(o, o.Latest()))
}

// A disk that gets full after any number of bytes: the checkpoint fails, nothing of it is published, and the next one succeeds when there is room.
func TestFullDisk(t *testing.T) {
	for room := int64(1); ; room += 37 {
		mem := vfs.NewMem()
		failing := vfs.Fail(mem)
		b := newBed(t, failing)
		o := b.open()
		b.checkpoint(o, 1, 2)
		failing.Add(vfs.Rule{Call: vfs.CallWrite, Path: "*1-*", AfterBytes: room, Times: vfs.Forever, Err: syscall.ENOSPC})
		err := b.tryCheckpoint(o, 3)
		if failing.Failed() == 0 {
			b.must(err)
			break
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("room %d: %v", room, err)
		}
		if temps := b.names("tmp"); len(temps) > 0 {
			t.Fatalf("room %d: %q are left", room, temps)
		}
		if o.Latest().Epoch != 2 {
			t.Fatalf("room %d: epoch %d was published", room, o.Latest().Epoch)
		}
		failing.Heal()
		b.must(complete(b))
		b.checkpoint(o, 4)
		b.must(o.Retain(t.Context()))
		for _, name := range b.names("files") {
			if strings.Contains(name, "-1-3-") && !strings.HasSuffix(name, "000003.sst") {
				t.Errorf("room %d: %s of the failed epoch is left", room, name)
			}
		}
		b.must(o.Close())
		o = b.open()
		if o.Latest().Epoch != 4 {
			t.Fatalf("room %d: latest %+v", room, o.Latest())
		}
		b.must(b.restoreAndCompare(o, o.Latest()))
	}
}

// A full directory refuses links.
func TestNoRoomForNames(t *testing.T) {
	for _, path := range []string{"*-000003.sst", "0000*.json"} {
		failing := vfs.Fail(vfs.NewMem())
		b := newBed(t, failing)
		o := b.open()
		b.checkpoint(o, 1, 2)
		failing.Add(vfs.Rule{Call: vfs.CallLink, Path: path, Err: syscall.ENOSPC})
		if err := b.tryCheckpoint(o, 3); !errors.Is(err, syscall.ENOSPC) || failing.Failed() != 1 {
			t.Errorf("%s: %v", path, err)
		}
		if temps := b.names("tmp"); len(temps) > 0 {
			t.Errorf("%s: %q are left", path, temps)
		}
		b.checkpoint(o, 4)
		b.must(complete(b))
	}
}

// One flipped bit in any byte of any file of a state directory is found and named.
func TestFlippedBits(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	b.checkpoint(o, 1, 2, 3)
	m := o.Latest()
	b.must(o.Close())
	target := NewDirectory(b.fs, stateDir, 0)
	flip := func(name string, check func() error) {
		path := target.Path(name)
		content, err := vfs.ReadFile(b.fs, path)
		b.must(err)
		for bit := range 8 * len(content) {
			content[bit/8] ^= 1 << (bit % 8)
			b.must(vfs.WriteFile(b.fs, path, content))
			if err := check(); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
				t.Fatalf("bit %d of %s: %v", bit, path, err)
			}
			content[bit/8] ^= 1 << (bit % 8)
		}
		b.must(vfs.WriteFile(b.fs, path, content))
		b.must(check())
	}
	for number := int64(1); number <= m.Number; number++ {
		flip(manifestName(number), func() error {
			_, err := readManifest(t.Context(), target, manifestName(number))
			return err
		})
	}
	for _, f := range m.Files {
		flip(fileFolder+f.Stored, func() error { return verify(t.Context(), target, f) })
	}
}

func TestDamagedNewest(t *testing.T) {
	b, mem := memBed(t)
	o := b.open()
	b.checkpoint(o, 1, 2, 3)
	b.must(o.Close())
	newest := filepath.Join(stateDir, manifestName(4))
	content, err := vfs.ReadFile(b.fs, newest)
	b.must(err)
	content[100] ^= 4
	b.must(vfs.WriteFile(b.fs, newest, content))
	_, err = b.try()
	unusable := wantAs[*UnusableError](t, err)
	if len(unusable.Intact) != 2 || unusable.Intact[0].Epoch != 2 || !strings.Contains(err.Error(), newest) || !strings.Contains(err.Error(), "--accept-duplicates-since 2 ") {
		t.Errorf("%v", err)
	}
	if _, err := b.try(func(o *Options) { o.AcceptSince = 3 }); err == nil || !strings.Contains(err.Error(), "no readable checkpoint of epoch 3") {
		t.Errorf("%v", err)
	}
	image := newBed(t, mem.CrashImage(vfs.CrashOptions{}))
	o = b.open(func(o *Options) { o.AcceptSince = 2 })
	if o.Latest().Epoch != 2 || o.Generation() != 3 || o.LastEpoch() <= 3 {
		t.Errorf("latest %+v, generation %d, last epoch %d", o.Latest(), o.Generation(), o.LastEpoch())
	}
	b.must(b.restoreAndCompare(o, o.Latest()))
	last := o.LastEpoch()
	b.must(o.Close())
	o = b.open() // the choice was published
	if o.Latest().Epoch != 2 || o.LastEpoch() != last {
		t.Errorf("latest %+v, last epoch %d, was %d", o.Latest(), o.LastEpoch(), last)
	}
	// While the damaged manifest may be needed no file is deleted; it goes, too.
	for range 4 {
		b.must(o.Publish(t.Context(), checkpointOf(o.LastEpoch()+1, nil)))
		b.must(o.Retain(t.Context()))
	}
	if names := b.names("files"); len(names) != 0 || len(b.names("manifests")) != 3 {
		t.Errorf("left: %q, %q", names, b.names("manifests"))
	}
	b = image
	o = b.open(fresh)
	if o.Latest() != nil || o.LastEpoch() <= 3 {
		t.Errorf("latest %+v", o.Latest())
	}
}

func TestDamagedFile(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	b.checkpoint(o, 1, 2, 3)
	damage := filepath.Join(stateDir, fileFolder, o.Latest().Files[2].Stored)
	missing := filepath.Join(stateDir, fileFolder, o.Latest().Files[3].Stored)
	b.must(o.Close())
	content, err := vfs.ReadFile(b.fs, damage)
	b.must(err)
	content[7] ^= 1
	b.must(vfs.WriteFile(b.fs, damage, content))
	o = b.open()
	_, err = o.Restore(t.Context(), o.Latest(), "store", o.LiveDir())
	damaged := wantAs[*DamagedError](t, err)
	// The others do without the file.
	if unusable := wantAs[*UnusableError](t, err); len(unusable.Intact) != 2 || unusable.Intact[0].Epoch != 2 {
		t.Errorf("intact %v", unusable.Intact)
	}
	if damaged.Path != damage || damaged.Missing || damaged.WantSum == damaged.GotSum || !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "checkpoint of epoch 3: "+damage+": checkpoint is damaged: checksum ") {
		t.Errorf("%v", err)
	}
	b.must(vfs.WriteFile(b.fs, damage, content[:50]))
	b.must(b.fs.Remove(missing))
	shared := filepath.Join(stateDir, fileFolder, o.Latest().Files[0].Stored) // by all
	b.must(b.fs.Rename(shared, "/aside"))
	_, err = o.Restore(t.Context(), o.Latest(), "store", "/r")
	if unusable := wantAs[*UnusableError](t, err); len(unusable.Intact) != 0 {
		t.Errorf("intact %v", unusable.Intact)
	}
	b.must(b.fs.Rename("/aside", shared))
	report, err := Verify(t.Context(), NewDirectory(b.fs, stateDir, 0), o.Latest())
	b.must(err)
	if report.OK() || len(report.Damaged) != 2 || report.Files != 4 ||
		!strings.Contains(report.Damaged[0].Error(), "50 bytes, should be") || !strings.Contains(report.Damaged[1].Error(), "is gone") {
		t.Errorf("%v", report.Damaged)
	}
	b.must(o.Close())
	o = b.open(func(o *Options) { o.AcceptSince = 2 })
	if o.Latest().Epoch != 2 || o.LastEpoch() != 3 {
		t.Errorf("latest %+v, last epoch %d", o.Latest(), o.LastEpoch())
	}
}
