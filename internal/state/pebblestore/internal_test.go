package pebblestore

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// drawKey draws keys that share beginnings.
func drawKey(t *rapid.T) []byte {
	return rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xfe, 0xff}), 1, 24).Draw(t, "key")
}

func TestComparer(t *testing.T) {
	c := newComparer()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawKey(t), drawKey(t)
		if rapid.Bool().Draw(t, "near") {
			b = append(slices.Clone(a[:rapid.IntRange(0, len(a)).Draw(t, "shared")]), b...)
		}
		switch c.Compare(a, b) {
		case 0:
			if c.AbbreviatedKey(a) != c.AbbreviatedKey(b) {
				t.Error("equal keys, other abbreviations")
			}
		case 1:
			a, b = b, a
			fallthrough
		default:
			if c.AbbreviatedKey(a) > c.AbbreviatedKey(b) {
				t.Error("abbreviations are the other way round")
			}
			if k := c.Separator([]byte("x"), a, b); k[0] != 'x' || c.Compare(a, k[1:]) > 0 || c.Compare(k[1:], b) >= 0 {
				t.Errorf("separator of %x and %x is %x", a, b, k)
			}
			pa, pb := c.Split.Prefix(a), c.Split.Prefix(b)
			if bytes.Compare(pa, pb) > 0 {
				t.Error("prefixes are the other way round")
			}
		}
		if k := c.Successor(nil, a); c.Compare(a, k) > 0 {
			t.Errorf("successor of %x is %x", a, k)
		}
		prefix := c.Split.Prefix(a)
		if len(prefix) == store.PrefixLen && prefix[0] == 0xff {
			return // no shard
		}
		next := c.ImmediateSuccessor(nil, prefix)
		if c.Split(next) != len(next) || c.Compare(prefix, next) >= 0 {
			t.Errorf("the prefix after %x is %x", prefix, next)
		}
	})
	key := store.AppendKey(nil, store.Space{Operator: 1, Table: 2}, -3, 4, []byte("k"))
	if got := fmt.Sprint(c.FormatKey(key)); got != "operator 1 table 2 slice -3 hash 0000000000000004 key 6b" {
		t.Error(got)
	}
	if got := fmt.Sprint(c.FormatKey([]byte{1, 2})); got != "0102" {
		t.Error(got)
	}
}

func samplePack() *pack {
	return &pack{
		tables: []table{{number: 7, size: 1234567, name: "life-7.sst"}, {number: 300, size: 0, name: "other-300.sst"}},
		files:  []packed{{name: "MANIFEST-000001", content: []byte("manifest")}, {name: "marker", content: nil}},
	}
}

// sampleOfLogs is a pack with logs, which is of another version.
func sampleOfLogs() *pack {
	p := samplePack()
	p.logs = []logged{{size: 8192, name: "life-1.changes"}, {size: 1 << 40, name: "other-7.changes"}}
	return p
}

func TestPackRoundTrip(t *testing.T) {
	for version, want := range map[byte]*pack{packVersion: samplePack(), packLogs: sampleOfLogs()} {
		content := appendPack(want)
		got, err := parsePack("pack", content)
		if err != nil || content[len(packMagic)] != version {
			t.Fatal(err)
		}
		if d := cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got)); d != "" {
			t.Error(d)
		}
	}
}

// Every flipped bit and every cut is found.
func TestPackDamage(t *testing.T) {
	for _, whole := range [][]byte{appendPack(samplePack()), appendPack(sampleOfLogs())} {
		for bit := range 8 * len(whole) {
			damaged := slices.Clone(whole)
			damaged[bit/8] ^= 1 << (bit % 8)
			if _, err := parsePack("pack", damaged); err == nil {
				t.Errorf("bit %d", bit)
			}
		}
		var corrupt *store.CorruptError
		for n := range whole {
			if _, err := parsePack("pack", whole[:n]); !errors.As(err, &corrupt) || corrupt.File != "pack" {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
		for more := range 256 {
			if _, err := parsePack("pack", append(slices.Clone(whole), byte(more))); !errors.As(err, &corrupt) {
				t.Errorf("byte %d more: %v", more, err)
			}
		}
	}
}

func FuzzParsePack(f *testing.F) {
	f.Add(appendPack(samplePack()))
	f.Add(appendPack(sampleOfLogs()))
	f.Add(appendPack(&pack{}))
	f.Fuzz(func(t *testing.T, content []byte) {
		p, err := parsePack("pack", content)
		if err != nil {
			return
		}
		again, err := parsePack("pack", appendPack(p))
		if err != nil || fmt.Sprintf("%+v", p) != fmt.Sprintf("%+v", again) {
			t.Errorf("%+v became %+v, %v", p, again, err)
		}
	})
}

// A pack whose checksum is right may still be none.
func TestPackNonsense(t *testing.T) {
	for name, p := range map[string]*pack{
		"a table without a name": {tables: []table{{number: 1}}},
		"a negative size":        {tables: []table{{number: 1, size: -1, name: "x"}}},
		"a path":                 {files: []packed{{name: "../MANIFEST"}}},
		"no name":                {files: []packed{{}}},
		"a log without a name":   {logs: []logged{{size: 1}}},
		"a log somewhere else":   {logs: []logged{{size: 1, name: "../x.changes"}}},
		"a log of less":          {logs: []logged{{size: -1, name: "x.changes"}}},
	} {
		if _, err := parsePack("pack", appendPack(p)); err == nil {
			t.Errorf("%s passed", name)
		}
	}
}

// What Pebble would end the process for makes every later call fail, and nothing panics.
func TestFatal(t *testing.T) {
	var log bytes.Buffer
	disk := vfs.NewMem()
	s, err := Open(t.Context(), Options{FS: disk, Dir: "/live", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	r := s.Reader()
	s.failures.Infof("nothing")
	s.failures.Errorf("so-so %d", 1)
	s.failures.Fatalf("the end of %s", "it")
	s.failures.Fatalf("another")
	_, checkpoint := s.Checkpoint(t.Context(), "/a")
	for what, err := range map[string]error{
		"apply":      s.Apply(t.Context(), nil),
		"checkpoint": checkpoint,
		"scan":       r.Scan(store.Space{}, 0, math.MaxUint64, nil),
		"lookup":     r.Lookup(store.Space{}, 0, []uint64{1}, nil),
	} {
		if err == nil || err.Error() != "the state store cannot go on: the end of it" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if !strings.Contains(log.String(), "so-so 1") || strings.Contains(log.String(), "nothing") {
		t.Error(log.String())
	}
}

// A background error is told once; a damaged file for ever.
func TestBackgroundErrors(t *testing.T) {
	f := newFailures(slog.New(slog.DiscardHandler))
	f.inBackground(errors.New("no room"))
	if f.quiet() {
		t.Error("quiet before it was told")
	}
	if err := f.take(); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Error(err)
	}
	if err := errors.Join(f.take(), f.check()); err != nil || !f.quiet() {
		t.Error(err)
	}
	f.listener().DataCorruption(pebble.DataCorruptionInfo{Path: "/x.sst", Details: errors.New("checksum")})
	f.inBackground(pebble.ErrCorruption)
	for range 2 {
		var corrupt *store.CorruptError
		if err := f.take(); !errors.As(err, &corrupt) || corrupt.File != "/x.sst" || f.quiet() {
			t.Error(err)
		}
	}
	if err := wrapped(wrapped(pebble.ErrCorruption)); !pebble.IsCorruptionError(err) {
		t.Error(err)
	}
}

// diskFS keeps tables on disk and the rest in memory.
func TestDiskFS(t *testing.T) {
	disk := vfs.NewMem()
	d := newDiskFS(disk)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, content string) {
		t.Helper()
		f, err := d.Create(name, pebblevfs.WriteCategoryUnspecified)
		must(err)
		_, err = f.Write([]byte(content))
		must(errors.Join(err, f.Sync(), f.SyncData(), f.Preallocate(0, 10), f.Prefetch(0, 10), f.Close()))
	}
	must(d.MkdirAll("/live/sub", 0o777))
	write("/live/000001.sst", "table")
	write("/live/MANIFEST", "manifest")
	must(d.Link("/live/000001.sst", "/live/000002.sst"))
	write("/live/000001.sst", "another") // through a new inode
	must(d.Link("/live/MANIFEST", "/live/COPY"))
	must(d.Rename("/live/COPY", "/live/MOVED"))
	must(d.Rename("/live/000001.sst", "/live/000003.sst"))
	names, err := d.List("/live")
	must(err)
	if want := []string{"000002.sst", "000003.sst", "MANIFEST", "MOVED", "sub"}; !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
	entries, err := disk.ReadDir("/live")
	must(err)
	if len(entries) != 3 {
		t.Errorf("%d names on disk", len(entries))
	}
	for name, want := range map[string]string{"/live/000002.sst": "table", "/live/000003.sst": "another", "/live/MOVED": "manifest"} {
		content, err := readAll(d, name)
		if err != nil || string(content) != want {
			t.Errorf("%s: %q, %v", name, content, err)
		}
		info, err := d.Stat(name)
		if err != nil || info.Size() != int64(len(want)) || info.DeviceID() != (pebblevfs.DeviceID{}) {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if d.written.Load() != int64(len("table")+len("another")) {
		t.Errorf("%d bytes of tables", d.written.Load())
	}
	if _, err := d.OpenReadWrite("/live/000002.sst", pebblevfs.WriteCategoryUnspecified); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	f, err := d.OpenReadWrite("/live/LOCK", pebblevfs.WriteCategoryUnspecified)
	must(err)
	must(f.Close())
	opened, err := d.Open("/live/000002.sst", pebblevfs.RandomReadsOption)
	must(err)
	if _, err := opened.WriteAt([]byte("x"), 0); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	info, err := opened.Stat()
	if err != nil || info.Size() != 5 {
		t.Error(err)
	}
	if full, err := opened.SyncTo(3); full || err != nil || opened.Fd() != pebblevfs.InvalidFd {
		t.Error(full, err)
	}
	must(opened.Close())
	lock, err := d.Lock("/live/LOCK2")
	must(err)
	must(lock.Close())
	reused, err := d.ReuseForWrite("/live/MOVED", "/live/000009.log", pebblevfs.WriteCategoryUnspecified)
	must(err)
	must(reused.Close())
	if _, err := d.GetDiskUsage("/live"); !errors.Is(err, pebblevfs.ErrUnsupported) || d.Unwrap() != nil {
		t.Error(err)
	}
	must(disk.Remove("/live/sub"))
	must(d.RemoveAll("/live"))
	must(d.RemoveAll("/live"))
	if _, err := disk.Stat("/live"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for _, err := range []error{d.Remove("/none.sst"), d.Remove("/none")} {
		if err == nil {
			t.Error("removed what is not there")
		}
	}
	if _, err := d.Open("/none.sst"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := d.List("/none"); err == nil {
		t.Error("listed what is not there")
	}
}
