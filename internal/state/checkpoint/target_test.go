package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"wire.example/wire/internal/foundation/vfs"
)

// bucket is a Target that is no Linker, as an object store will be.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	// repeats lets every PutNew be a request whose first answer was lost.
	repeats bool
}

func newBucket() *bucket { return &bucket{objects: map[string][]byte{}} }

func (b *bucket) Put(_ context.Context, name string, r io.Reader, size int64) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if int64(len(data)) != size {
		return fmt.Errorf("%d bytes, should be %d", len(data), size)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[name] = data
	return nil
}

func (b *bucket) PutNew(_ context.Context, name string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, taken := b.objects[name]; taken {
		return &fs.PathError{Op: "put", Path: name, Err: fs.ErrExist}
	}
	b.objects[name] = bytes.Clone(data)
	if b.repeats {
		return &fs.PathError{Op: "put", Path: name, Err: fs.ErrExist}
	}
	return nil
}

func (b *bucket) Get(_ context.Context, name string) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.objects[name]
	if !ok {
		return nil, &fs.PathError{Op: "get", Path: name, Err: fs.ErrNotExist}
	}
	return io.NopCloser(bytes.NewReader(bytes.Clone(data))), nil
}

func (b *bucket) List(_ context.Context, prefix string) ([]Info, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var infos []Info
	for _, name := range slices.Sorted(maps.Keys(b.objects)) {
		if strings.HasPrefix(name, prefix) {
			infos = append(infos, Info{Name: name, Size: int64(len(b.objects[name]))})
		}
	}
	return infos, nil
}

func (b *bucket) Delete(_ context.Context, names ...string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range names {
		delete(b.objects, name)
	}
	return nil
}

// TestTargets is what every Target must do.
func TestTargets(t *testing.T) {
	directory := func(fsys vfs.FS, dir string) Target {
		d := NewDirectory(fsys, dir, 1)
		if err := d.Prepare(); err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, target := range map[string]Target{
		"directory in memory": directory(vfs.NewMem(), "/d"),
		"directory on disk":   directory(vfs.OS(), t.TempDir()),
		"bucket":              newBucket(),
	} {
		t.Run(name, func(t *testing.T) { testTarget(t, target) })
	}
}

func testTarget(t *testing.T, target Target) {
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wantContent := func(name, want string) {
		t.Helper()
		r, err := target.Get(ctx, name)
		must(err)
		got, err := io.ReadAll(r)
		must(errors.Join(err, r.Close()))
		if string(got) != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	must(target.Put(ctx, "files/b", strings.NewReader("one"), 3))
	must(target.Put(ctx, "files/b", strings.NewReader("other"), 5))
	wantContent("files/b", "other")
	if err := target.Put(ctx, "files/b", strings.NewReader("short"), 6); err == nil {
		t.Error("too few bytes were stored")
	}
	if err := target.Put(ctx, "files/b", iotest.ErrReader(io.ErrUnexpectedEOF), 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a reader that fails: %v", err)
	}
	wantContent("files/b", "other")
	must(target.PutNew(ctx, "files/a", []byte("a")))
	if err := target.PutNew(ctx, "files/a", []byte("b")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	wantContent("files/a", "a")
	must(target.PutNew(ctx, "files/empty", nil))
	wantContent("files/empty", "")
	must(target.PutNew(ctx, "manifests/x", []byte("x")))
	list := func(prefix string) string {
		infos, err := target.List(ctx, prefix)
		must(err)
		var names []string
		for _, info := range infos {
			names = append(names, fmt.Sprintf("%s=%d", info.Name, info.Size))
		}
		return strings.Join(names, " ")
	}
	for prefix, want := range map[string]string{
		"files/": "files/a=1 files/b=5 files/empty=0", "files/e": "files/empty=0", "manifests/": "manifests/x=1", "other/": "",
	} {
		if got := list(prefix); got != want {
			t.Errorf("%s: %s, want %s", prefix, got, want)
		}
	}
	must(target.Delete(ctx, "files/a", "files/nothing", "manifests/x"))
	must(target.Delete(ctx))
	if got := list("files/") + list("manifests/"); got != "files/b=5 files/empty=0" {
		t.Errorf("left: %s", got)
	}
	if _, err := target.Get(ctx, "files/a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is gone: %v", err)
	}
	must(target.PutNew(ctx, "files/a", []byte("again")))
}

// A pipeline whose checkpoints are in an object store.
func TestOtherTarget(t *testing.T) {
	for _, repeats := range []bool{false, true} {
		b, _ := memBed(t)
		objects := newBucket()
		objects.repeats = repeats
		b.options.Target = objects
		o := b.open()
		b.checkpoint(o, 1, 2, 3, 4)
		b.must(o.Retain(t.Context()))
		b.must(o.Close())
		if n := len(objects.objects); n != 3+3+4 { // manifests, small files, others
			t.Errorf("%d objects: %q", n, slices.Sorted(maps.Keys(objects.objects)))
		}
		o = b.open()
		if o.Contested() {
			t.Error("an owner on the same machine contests")
		}
		b.must(b.restoreAndCompare(o, o.Latest()))
		b.checkpoint(o, 5)

		// On another machine no lock tells about the owner.
		c := newBed(t, vfs.NewMem())
		c.options.Target, c.options.Host = objects, "other"
		second := c.open()
		if !second.Contested() || second.Latest().Epoch != 5 {
			t.Errorf("contested %v, latest %+v", second.Contested(), second.Latest())
		}
		_ = wantAs[*FencedError](t, b.tryCheckpoint(o, 6))
		objects.objects[fileFolder+second.Latest().Files[0].Stored][3] ^= 1
		delete(objects.objects, fileFolder+second.Latest().Files[1].Stored)
		_, err := second.Restore(t.Context(), second.Latest(), "store", "/r")
		_ = wantAs[*DamagedError](t, err)
		report, err := Verify(t.Context(), objects, second.Latest())
		if err != nil || len(report.Damaged) != 2 {
			t.Errorf("%v %v", report.Damaged, err)
		}
	}
}

// Files that cannot be shared by links are copied.
func TestLinksThatAreImpossible(t *testing.T) {
	mem := vfs.NewMem()
	failing := vfs.Fail(mem, vfs.Rule{Call: vfs.CallLink, Path: "*.sst", Times: vfs.Forever, Err: syscall.EXDEV})
	b := newBed(t, failing)
	o := b.open()
	b.checkpoint(o, 1, 2)
	b.must(o.Close())
	image := newBed(t, mem.CrashImage(vfs.CrashOptions{}))
	image.options.FS = vfs.Fail(image.fs, vfs.Rule{Call: vfs.CallLink, Path: "*.sst", Times: vfs.Forever, Err: syscall.EXDEV})
	o = image.open()
	image.must(image.restoreAndCompare(o, o.Latest()))
	if failing.Failed() != 2 {
		t.Errorf("%d links failed", failing.Failed())
	}
}

// A link that fails for another reason is no reason to copy.
func TestLinksThatFail(t *testing.T) {
	failing := vfs.Fail(vfs.NewMem())
	b := newBed(t, failing)
	o := b.open()
	failing.Add(vfs.Rule{Call: vfs.CallLink, Path: "*-000001.sst", Err: syscall.EIO})
	if err := b.tryCheckpoint(o, 1); !errors.Is(err, syscall.EIO) {
		t.Errorf("%v", err)
	}
	b.checkpoint(o, 2)
	b.must(o.Close())
	o = b.open()
	failing.Add(vfs.Rule{Call: vfs.CallLink, Path: "*-000001.sst", Err: syscall.EIO})
	if _, err := o.Restore(t.Context(), o.Latest(), "store", "/r"); !errors.Is(err, syscall.EIO) || errors.Is(err, ErrDamaged) {
		t.Errorf("%v", err)
	}
}

// Names of an attempt that failed are used again by the next attempt at the same epoch.
func TestStageAgain(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	write := func(path, content string) StageFile {
		b.must(b.fs.MkdirAll(filepath.Dir(path), 0o777))
		b.must(vfs.WriteFile(b.fs, path, []byte(content)))
		return StageFile{Name: "f", Path: path, Size: int64(len(content))}
	}
	first := write("/live/1", "first")
	_, err := o.Stage(t.Context(), 1, "s", []StageFile{first, {Name: "g", Path: "/live/nothing", Size: 1}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%v", err)
	}
	target := o.target.(*Directory)
	name := fileFolder + storedName(o.Lineage(), 1, 1, "s", "f")
	b.must(target.PutFiles(t.Context(), []LocalFile{{Name: name, Path: first.Path, Size: 5}}))
	b.must(target.PutFiles(t.Context(), []LocalFile{{Name: name, Path: first.Path, Size: 5}})) // the same file
	second := write("/live/2", "second")
	staged, err := o.Stage(t.Context(), 1, "s", []StageFile{second})
	b.must(err)
	b.must(o.Publish(t.Context(), checkpointOf(1, staged)))
	b.must(complete(b))
	// What is not as long as it should be is not stored.
	second.Size, second.Name = 7, "h"
	if _, err := o.Stage(t.Context(), 2, "s", []StageFile{second}); err == nil || !strings.Contains(err.Error(), "has 6 bytes, should have 7") {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "../x", "/x", "a//b", ".", strings.Repeat("x", 200), "a\x00"} {
		second.Name = bad
		if _, err := o.Stage(t.Context(), 2, "s", []StageFile{second}); err == nil {
			t.Errorf("name %q was staged", bad)
		}
	}
	second.Name, second.Size = "h", 6
	if _, err := o.Stage(t.Context(), 1, "s", []StageFile{second}); err == nil {
		t.Error("an epoch that is published was staged for")
	}
}

// What changes while it is copied is not stored.
func TestCopyOfAFileThatChanges(t *testing.T) {
	mem := vfs.NewMem()
	b := newBed(t, mem)
	o := b.open()
	b.must(vfs.WriteFile(mem, "/f", []byte("before")))
	d := o.target.(*Directory)
	err := d.PutFiles(t.Context(), []LocalFile{{Name: "files/f", Path: "/f", Size: 6, Sum: 1, Copy: true}})
	if err == nil || !strings.Contains(err.Error(), "changed while it was copied") {
		t.Errorf("%v", err)
	}
	if got := b.names("tmp"); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
}

func TestCancelled(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	b.checkpoint(o, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := o.target.(*Directory)
	for name, err := range map[string]error{
		"publish": o.Publish(ctx, checkpointOf(2, nil)),
		"put":     d.Put(ctx, "files/x", strings.NewReader(""), 0),
		"get":     d.GetFile(ctx, "files/x", "/x"),
		"delete":  d.Delete(ctx, "files/x"),
		"files":   d.PutFiles(ctx, []LocalFile{{Name: "files/x"}}),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(ctx, Options{FS: vfs.NewMem(), Dir: "/x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	b.checkpoint(o, 3)
}

// gate is a Target whose calls wait until a schedule lets them through.
type gate struct {
	Directory *Directory
	enter     func()
	published func(name string)
}

func (g *gate) Put(ctx context.Context, name string, r io.Reader, size int64) error {
	g.enter()
	return g.Directory.Put(ctx, name, r, size)
}

func (g *gate) PutNew(ctx context.Context, name string, data []byte) error {
	g.enter()
	err := g.Directory.PutNew(ctx, name, data)
	if err == nil {
		g.published(name)
	}
	return err
}

func (g *gate) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	g.enter()
	return g.Directory.Get(ctx, name)
}

func (g *gate) List(ctx context.Context, prefix string) ([]Info, error) {
	g.enter()
	return g.Directory.List(ctx, prefix)
}

func (g *gate) Delete(ctx context.Context, names ...string) error {
	for _, name := range names {
		g.enter()
		if err := g.Directory.Delete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (g *gate) PutFiles(ctx context.Context, files []LocalFile) error {
	g.enter()
	return g.Directory.PutFiles(ctx, files)
}

func (g *gate) GetFile(ctx context.Context, name, path string) error {
	return g.Directory.GetFile(ctx, name, path)
}

func TestMessages(t *testing.T) {
	for want, err := range map[string]error{
		"d: the pipeline is run by an unknown process; stop that, or take its place with --take-over":                                       &HeldError{Dir: "d", Generation: 1},
		"d: an unknown process is just starting the pipeline, or removing checkpoints of it; try again, or take its place with --take-over": &HeldError{Dir: "d"},
		"epoch 3 was not published: another run has taken over the pipeline":                                                                &FencedError{Epoch: 3, Generation: 1},
		"epoch 3 was not published: another run has taken over the pipeline (generation 2 after 1, process 5 on h since 2026-01-01T00:00:00Z)": &FencedError{
			Epoch: 3, Generation: 1, By: 2, Holder: Holder{PID: 5, Host: "h", Started: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		},
		"checkpoint is damaged at byte 7: r":                        &ManifestError{Offset: 7, Reason: "r"},
		"n: it is unknown whether it is stored: input/output error": &UncertainError{Name: "n", Err: syscall.EIO},
		"the newest checkpoint in d cannot be used: input/output error\nNo older one is whole. Restore the file from a backup, or begin anew with --fresh, which writes everything again.": &UnusableError{
			Dir: "d", Err: syscall.EIO,
		},
	} {
		if err.Error() != want {
			t.Errorf("%s\nwant\n%s", err, want)
		}
	}
	if got := (Holder{PID: 3}).String(); got != "process 3" {
		t.Error(got)
	}
}
