package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
)

const (
	stateDir = "/wire/p"
	lineageA = "00112233-4455-4677-8899-aabbccddeeff"
)

// bed is a file system and how owners open its state directory.
type bed struct {
	*testing.T
	fs      vfs.FS
	options Options
}

func newBed(t *testing.T, fsys vfs.FS) *bed {
	return &bed{T: t, fs: fsys, options: Options{
		FS: fsys, Dir: stateDir, Pipeline: "p", Clock: clock.NewManual(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), PID: 7, Host: "h",
		Random: bytes.NewReader(bytes.Repeat([]byte{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}, 1000)),
		runs:   func(Holder) bool { return true },
	}}
}

func memBed(t *testing.T) (*bed, *vfs.Mem) {
	m := vfs.NewMem()
	return newBed(t, m), m
}

func (b *bed) try(change ...func(*Options)) (*Owner, error) {
	o := b.options
	for _, c := range change {
		c(&o)
	}
	return Open(b.Context(), o)
}

func (b *bed) open(change ...func(*Options)) *Owner {
	b.Helper()
	owner, err := b.try(change...)
	b.must(err)
	return owner
}

func (b *bed) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func takeOver(o *Options) { o.TakeOver = true }
func fresh(o *Options)    { o.Fresh = true }

// epochFiles are what a pretended store has at an epoch: a file of each of the last three epochs, and a small one that changes.
func epochFiles(epoch int64) map[string]string {
	files := map[string]string{"CURRENT": fmt.Sprintf("current %d", epoch)}
	for e := max(epoch-2, 1); e <= epoch; e++ {
		files[fmt.Sprintf("%06d.sst", e)] = strings.Repeat(fmt.Sprintf("sst %d ", e), 20)
	}
	return files
}

// stage writes the files of an epoch into the scratch of an owner and stages them.
func (b *bed) stage(o *Owner, epoch int64) ([]File, error) {
	dir := o.LiveDir()
	if err := b.fs.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	var files []StageFile
	all := epochFiles(epoch)
	for _, name := range sortedKeys(all) {
		path := filepath.Join(dir, name)
		if _, err := b.fs.Stat(path); err != nil || name == "CURRENT" {
			if err := vfs.WriteFile(b.fs, path, []byte(all[name])); err != nil {
				return nil, err
			}
		}
		files = append(files, StageFile{Name: name, Path: path, Size: int64(len(all[name])), Small: name == "CURRENT"})
	}
	return o.Stage(b.Context(), epoch, "store", files)
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	for i := range keys {
		for j := i; j > 0 && keys[j] < keys[j-1]; j-- {
			keys[j], keys[j-1] = keys[j-1], keys[j]
		}
	}
	return keys
}

// checkpointOf is what is published at an epoch.
func checkpointOf(epoch int64, files []File) *Manifest {
	return &Manifest{
		Epoch: epoch, Kind: KindCheckpoint, Unconfirmed: []int64{epoch}, Store: StoreFormat{Kind: "test", Version: 1}, Files: files,
		Body: json.RawMessage(fmt.Sprintf(`{"at":%d}`, epoch)), Plan: json.RawMessage(`"scan <x>"`),
	}
}

// tryCheckpoint stages and publishes an epoch.
func (b *bed) tryCheckpoint(o *Owner, epoch int64) error {
	files, err := b.stage(o, epoch)
	if err != nil {
		return err
	}
	return o.Publish(b.Context(), checkpointOf(epoch, files))
}

func (b *bed) checkpoint(o *Owner, epochs ...int64) {
	b.Helper()
	for _, e := range epochs {
		b.must(b.tryCheckpoint(o, e))
	}
}

// restoreAndCompare restores m and compares with what was staged at its epoch.
func (b *bed) restoreAndCompare(o *Owner, m *Manifest) error {
	if m == nil {
		return nil
	}
	dir := o.LiveDir()
	paths, err := o.Restore(b.Context(), m, "store", dir)
	if err != nil {
		return err
	}
	want := epochFiles(m.Epoch)
	if len(paths) != len(want) {
		return fmt.Errorf("restored %v, want %d files", paths, len(want))
	}
	for _, p := range paths {
		got, err := vfs.ReadFile(b.fs, p)
		if err != nil {
			return err
		}
		if string(got) != want[filepath.Base(p)] {
			return fmt.Errorf("%s holds %q", p, got)
		}
	}
	return nil
}

func (b *bed) names(dir string) []string {
	b.Helper()
	entries, err := b.fs.ReadDir(filepath.Join(stateDir, dir))
	b.must(err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func wantAs[T error](t *testing.T, err error) T {
	t.Helper()
	var want T
	if !errors.As(err, &want) {
		t.Fatalf("got error %v (%T), want a %T", err, err, want)
	}
	return want
}
