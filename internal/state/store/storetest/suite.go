package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// Open opens a store with its files in dir, which does not exist yet, from the files of a checkpoint.
type Open func(ctx context.Context, fsys vfs.FS, dir string, from []string) (store.Store, error)

// Run runs the suite, each test with directories of its own.
func Run(t *testing.T, open Open) { run(t, open, false) }

// RunLogged is Run with changes in the form of logs, as far as nothing says otherwise.
func RunLogged(t *testing.T, open Open) { run(t, open, true) }

func run(t *testing.T, open Open, logged bool) {
	for name, test := range map[string]func(*harness){
		"Empty":          testEmpty,
		"Order":          testOrder,
		"Replace":        testReplace,
		"LastChange":     testLastChange,
		"Ranges":         testRanges,
		"Drops":          testDrops,
		"DropsComeFirst": testDropsComeFirst,
		"DropOrders":     testDropOrders,
		"Lookup":         testLookup,
		"Large":          testLarge,
		"ErrorOfCaller":  testErrorOfCaller,
		"View":           testView,
		"Beside":         testBeside,
		"Checkpoint":     testCheckpoint,
		"CheckpointDir":  testCheckpointDir,
		"Branches":       testBranches,
		"Closed":         testClosed,
		"Cancelled":      testCancelled,
		"Stats":          testStats,
		"Histories":      testHistories,
	} {
		t.Run(name, func(t *testing.T) {
			test(&harness{T: t, open: open, logged: logged, root: t.TempDir(), fs: vfs.OS()})
		})
	}
}

// harness is one test's.
type harness struct {
	*testing.T
	open Open
	fs   vfs.FS
	root string
	dirs int
	// logged: changes take the form of logs.
	logged bool
}

// logsOf is how much may wait in logs where changes have their form.
const logsOf = 1 << 40

// dir is a path where nothing is.
func (h *harness) dir() string {
	h.dirs++
	return filepath.Join(h.root, fmt.Sprint(h.dirs))
}

// start opens a store that is closed with the test.
func (h *harness) start(from ...string) store.Store {
	h.Helper()
	s, err := h.open(h.Context(), h.fs, h.dir(), from)
	if err != nil {
		h.Fatalf("open: %v", err)
	}
	h.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
			h.Errorf("close: %v", err)
		}
	})
	return s
}

// apply fills changes and applies them.
func (h *harness) apply(s store.Store, fill ...func(c *store.Changes)) {
	h.Helper()
	changes := make([]*store.Changes, len(fill))
	for i, f := range fill {
		changes[i] = &store.Changes{}
		if h.logged {
			changes[i].Log(logsOf)
		}
		f(changes[i])
	}
	if err := s.Apply(h.Context(), changes); err != nil {
		h.Fatalf("apply: %v", err)
	}
}

// checkpoint makes one and returns its files.
func (h *harness) checkpoint(s store.Store) []store.File {
	h.Helper()
	files, err := s.Checkpoint(h.Context(), h.dir())
	if err != nil {
		h.Fatalf("checkpoint: %v", err)
	}
	return files
}

// keep links the files of a checkpoint under their names, as whoever stores checkpoints does, and returns the paths.
func (h *harness) keep(files []store.File) []string {
	h.Helper()
	dir := h.dir()
	if err := h.fs.MkdirAll(dir, 0o777); err != nil {
		h.Fatal(err)
	}
	var paths []string
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := h.fs.Link(f.Path, path); err != nil {
			h.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// scan lists a range as lines.
func (h *harness) scan(r store.Reader, s store.Space, from, to uint64) []string {
	h.Helper()
	lines := []string{}
	if err := r.Scan(s, from, to, func(slice int64, hash uint64, key, value []byte) error {
		lines = append(lines, fmt.Sprintf("%d/%x/%s=%s", slice, hash, key, value))
		return nil
	}); err != nil {
		h.Fatalf("scan: %v", err)
	}
	return lines
}

func (h *harness) scanSlice(r store.Reader, s store.Space, slice int64, from, to uint64) []string {
	h.Helper()
	lines := []string{}
	if err := r.ScanSlice(s, slice, from, to, func(hash uint64, key, value []byte) error {
		lines = append(lines, fmt.Sprintf("%x/%s=%s", hash, key, value))
		return nil
	}); err != nil {
		h.Fatalf("scan of a slice: %v", err)
	}
	return lines
}

func (h *harness) lookup(r store.Reader, s store.Space, slice int64, hashes ...uint64) []string {
	h.Helper()
	lines := []string{}
	if err := r.Lookup(s, slice, hashes, func(hash uint64, key, value []byte) error {
		lines = append(lines, fmt.Sprintf("%x/%s=%s", hash, key, value))
		return nil
	}); err != nil {
		h.Fatalf("lookup: %v", err)
	}
	return lines
}

func (h *harness) reader(s store.Store) store.Reader {
	h.Helper()
	r := s.Reader()
	h.Cleanup(func() {
		if err := r.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
			h.Errorf("close of a reader: %v", err)
		}
	})
	return r
}

func (h *harness) want(what string, got []string, want ...string) {
	h.Helper()
	if !slices.Equal(got, want) {
		h.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func testEmpty(h *harness) {
	s := h.start()
	h.apply(s)
	h.apply(s, func(*store.Changes) {})
	r := h.reader(s)
	h.want("scan", h.scan(r, store.Space{}, 0, math.MaxUint64))
	h.want("lookup", h.lookup(r, store.Space{}, 0, 1, 2))
	again := h.reader(h.start(h.keep(h.checkpoint(s))...))
	h.want("scan after a restart", h.scan(again, store.Space{}, 0, math.MaxUint64))
	h.apply(s, func(c *store.Changes) { c.Delete(store.Space{}, 0, 1, []byte("none")) })
	h.want("scan", h.scan(r, store.Space{}, 0, math.MaxUint64))
}

// hashIn is a hash in a shard.
func hashIn(shard int, rest uint64) uint64 { return uint64(shard)<<60 | rest } //nolint:gosec // 0 to 15

func testOrder(h *harness) {
	s := h.start()
	space, other := store.Space{Operator: 300, Table: 2}, store.Space{Operator: 300, Table: 3}
	h.apply(s, func(c *store.Changes) {
		c.Put(space, 7, hashIn(15, 1), []byte("k"), []byte("last"))
		c.Put(other, 0, hashIn(1, 1), []byte("x"), []byte("other"))
		c.Put(space, -3, hashIn(1, 9), []byte("k"), []byte("negative slice"))
		c.Put(space, 0, hashIn(1, 2), []byte("b"), []byte("2"))
	}, func(c *store.Changes) {
		c.Put(space, 0, hashIn(1, 2), []byte("a\x00"), []byte("1"))
		c.Put(space, 0, hashIn(1, 2), nil, nil)
		c.Put(space, 0, hashIn(1, 1), []byte("z"), nil)
		c.Put(space, math.MaxInt64, hashIn(0, 0), nil, []byte("m"))
		c.Put(space, math.MinInt64, hashIn(15, math.MaxUint64>>4), []byte("q"), []byte("n"))
	})
	all := []string{
		"9223372036854775807/0/=m", "-3/1000000000000009/k=negative slice", "0/1000000000000001/z=", "0/1000000000000002/=",
		"0/1000000000000002/a\x00=1", "0/1000000000000002/b=2", "-9223372036854775808/ffffffffffffffff/q=n", "7/f000000000000001/k=last",
	}
	r := h.reader(s)
	h.want("scan", h.scan(r, space, 0, math.MaxUint64), all...)
	h.want("scan of the other", h.scan(r, other, 0, math.MaxUint64), "0/1000000000000001/x=other")
	h.want("scan of none", h.scan(r, store.Space{Operator: 300}, 0, math.MaxUint64))
	again := h.reader(h.start(h.keep(h.checkpoint(s))...))
	h.want("scan after a restart", h.scan(again, space, 0, math.MaxUint64), all...)
}

func testReplace(h *harness) {
	s := h.start()
	space := store.Space{Operator: 1}
	r := h.reader(s)
	for i := range 5 {
		h.apply(s, func(c *store.Changes) {
			c.Put(space, 0, 1, []byte("a"), fmt.Append(nil, i))
			if i%2 == 0 {
				c.Put(space, 0, 1, []byte("b"), fmt.Append(nil, i))
			} else {
				c.Delete(space, 0, 1, []byte("b"))
			}
		})
		want := []string{fmt.Sprintf("0/1/a=%d", i)}
		if i%2 == 0 {
			want = append(want, fmt.Sprintf("0/1/b=%d", i))
		}
		h.want("scan", h.scan(r, space, 0, math.MaxUint64), want...)
	}
}

// Of several changes of one key the last counts, within one Changes and over several.
func testLastChange(h *harness) {
	s := h.start()
	space := store.Space{Operator: 1}
	fill := func(value string) *store.Changes {
		c := &store.Changes{}
		for i := range 5000 { // so many that they are sorted in another way
			c.Put(store.Space{Operator: 2}, 0, uint64(i), []byte("k"), []byte(value)) //nolint:gosec // small
		}
		c.Put(space, 3, 1<<63, []byte("k"), []byte(value))
		c.Put(space, 3, 7, []byte("gone"), []byte(value))
		c.Delete(space, 3, 7, []byte("gone"))
		c.Delete(space, 3, 8, []byte("back"))
		c.Put(space, 3, 8, []byte("back"), []byte(value))
		return c
	}
	both := fill("b")
	both.Add(fill("c"))
	if err := s.Apply(h.Context(), []*store.Changes{fill("a"), both}); err != nil {
		h.Error(err)
	}
	r := h.reader(s)
	h.want("scan", h.scan(r, space, 0, math.MaxUint64), "3/8/back=c", "3/8000000000000000/k=c")
	for _, entry := range h.scan(r, store.Space{Operator: 2}, 0, math.MaxUint64) {
		if !strings.HasSuffix(entry, "k=c") {
			h.Errorf("%s is not the last", entry)
		}
	}
}

// grid puts an entry for each of some slices and hashes.
func grid(space store.Space, slices []int64, hashes []uint64) func(c *store.Changes) {
	return func(c *store.Changes) {
		for _, slice := range slices {
			for _, hash := range hashes {
				c.Put(space, slice, hash, []byte("k"), nil)
			}
		}
	}
}

func testRanges(h *harness) {
	s := h.start()
	space := store.Space{Operator: 5, Table: 1}
	hashes := []uint64{0, 5, 1<<60 - 1, 1 << 60, 2 << 60, 2<<60 + 7, math.MaxUint64}
	windows := []int64{math.MinInt64, -1, 0, 1, math.MaxInt64}
	h.apply(s, grid(space, windows, hashes))
	h.apply(s, grid(store.Space{Operator: 5}, windows, hashes), grid(store.Space{Operator: 5, Table: 2}, windows, hashes))
	r := h.reader(s)
	for _, from := range append(slices.Clone(hashes), 3, 2<<60+1) {
		for _, to := range append(slices.Clone(hashes), 3, 3<<60) {
			var all []string
			inSlice := []string{}
			for shard := range store.Shards {
				for _, slice := range windows {
					for _, hash := range hashes {
						if store.ShardOf(hash) != shard || hash < from || hash > to {
							continue
						}
						all = append(all, fmt.Sprintf("%d/%x/k=", slice, hash))
						if slice == -1 {
							inSlice = append(inSlice, fmt.Sprintf("%x/k=", hash))
						}
					}
				}
			}
			h.want(fmt.Sprintf("scan %x..%x", from, to), h.scan(r, space, from, to), all...)
			h.want(fmt.Sprintf("scan of a slice %x..%x", from, to), h.scanSlice(r, space, -1, from, to), inSlice...)
		}
	}
	h.want("scan of a slice that is not there", h.scanSlice(r, space, 2, 0, math.MaxUint64))
}

func testDrops(h *harness) {
	hashes := []uint64{0, 5, 6, 1<<60 + 3, 9 << 60, math.MaxUint64}
	windows := []int64{-5, 0, 5}
	space, beside := store.Space{Operator: 5, Table: 1}, store.Space{Operator: 5, Table: 2}
	for _, test := range []struct {
		name string
		drop func(c *store.Changes)
		stay func(slice int64, hash uint64) bool
	}{
		{"slice", func(c *store.Changes) { c.Drop(space, 0, 0, math.MaxUint64) }, func(slice int64, _ uint64) bool { return slice != 0 }},
		{"part of a slice", func(c *store.Changes) { c.Drop(space, 5, 5, 9<<60) }, func(slice int64, hash uint64) bool {
			return slice != 5 || hash < 5 || hash > 9<<60
		}},
		{"one hash of a slice", func(c *store.Changes) { c.Drop(space, 5, math.MaxUint64, math.MaxUint64) }, func(slice int64, hash uint64) bool {
			return slice != 5 || hash != math.MaxUint64
		}},
		{"all", func(c *store.Changes) { c.DropAll(space, 0, math.MaxUint64) }, func(int64, uint64) bool { return false }},
		{"all of some hashes", func(c *store.Changes) { c.DropAll(space, 6, 9<<60+1) }, func(_ int64, hash uint64) bool {
			return hash < 6 || hash > 9<<60+1
		}},
		{"nothing", func(c *store.Changes) { c.DropAll(space, 6, 5); c.Drop(space, 0, 9, 8) }, func(int64, uint64) bool { return true }},
		{"overlapping", func(c *store.Changes) {
			c.Drop(space, 0, 0, 5)
			c.Drop(space, 0, 5, 6)
			c.Drop(space, 0, 1, math.MaxUint64)
			c.DropAll(space, 5, 5)
		}, func(slice int64, hash uint64) bool { return slice != 0 && hash != 5 }},
	} {
		s := h.start()
		h.apply(s, grid(space, windows, hashes), grid(beside, windows, hashes))
		before := h.scan(h.reader(s), beside, 0, math.MaxUint64)
		h.apply(s, test.drop)
		var want []string
		for shard := range store.Shards {
			for _, slice := range windows {
				for _, hash := range hashes {
					if store.ShardOf(hash) == shard && test.stay(slice, hash) {
						want = append(want, fmt.Sprintf("%d/%x/k=", slice, hash))
					}
				}
			}
		}
		for _, s := range []store.Store{s, h.start(h.keep(h.checkpoint(s))...)} {
			r := h.reader(s)
			h.want(test.name, h.scan(r, space, 0, math.MaxUint64), want...)
			h.want(test.name+", beside", h.scan(r, beside, 0, math.MaxUint64), before...)
		}
	}
}

func testDropsComeFirst(h *harness) {
	s := h.start()
	space := store.Space{Operator: 1, Table: 1}
	r := h.reader(s)
	for i := range 6 {
		h.apply(s, func(c *store.Changes) {
			c.Put(space, 1, 5, []byte("same"), fmt.Append(nil, i))
			c.Put(space, 1, hashIn(i, 6), []byte("once"), fmt.Append(nil, i))
		}, func(c *store.Changes) {
			if i%2 == 0 {
				c.Drop(space, 1, 0, math.MaxUint64)
			} else {
				c.DropAll(space, 0, 1<<63)
			}
		})
		want := []string{fmt.Sprintf("1/5/same=%d", i), fmt.Sprintf("1/%x/once=%d", hashIn(i, 6), i)}
		h.want("scan", h.scan(r, space, 0, math.MaxUint64), want...)
	}
}

// A drop takes what was there, whatever is put later, epoch after epoch, and in checkpoints.
func testDropOrders(h *harness) {
	s := h.start()
	space := store.Space{Operator: 1, Table: 1}
	from := []uint64{3, 1 << 62, 1 << 63}
	h.apply(s, grid(space, []int64{1, 2}, from))
	h.apply(s, func(c *store.Changes) { c.Drop(space, 1, 0, math.MaxUint64) })
	h.apply(s, grid(space, []int64{1}, from[:1]))
	want := []string{"1/3/k=", "2/3/k=", "2/4000000000000000/k=", "2/8000000000000000/k="}
	h.want("scan", h.scan(h.reader(s), space, 0, math.MaxUint64), want...)
	s = h.start(h.keep(h.checkpoint(s))...)
	h.want("scan after a restart", h.scan(h.reader(s), space, 0, math.MaxUint64), want...)
	h.apply(s, func(c *store.Changes) { c.Drop(space, 2, 0, 1<<62); c.Delete(space, 1, 3, []byte("k")) })
	h.want("scan after another drop", h.scan(h.reader(s), space, 0, math.MaxUint64), want[3])
}

func testLookup(h *harness) {
	s := h.start()
	space := store.Space{Operator: 1, Table: 1}
	h.apply(s, func(c *store.Changes) {
		for i := uint64(0); i < 2000; i += 2 {
			c.Put(space, 4, i<<53, []byte("k"), fmt.Append(nil, i))
		}
		c.Put(space, 4, 8<<53, []byte("l"), []byte("second"))
		c.Put(space, 4, 8<<53, nil, []byte("empty"))
		c.Put(space, 5, 8<<53, nil, []byte("another slice"))
	})
	h.apply(s, func(c *store.Changes) {
		c.Put(space, 4, 8<<53, []byte("l"), []byte("replaced"))
		c.Delete(space, 4, 10<<53, []byte("k"))
		c.Drop(space, 4, 100<<53, 102<<53)
	})
	for _, s := range []store.Store{s, h.start(h.keep(h.checkpoint(s))...)} {
		r := h.reader(s)
		h.want("one", h.lookup(r, space, 4, 8<<53), "100000000000000/=empty", "100000000000000/k=8", "100000000000000/l=replaced")
		h.want("repeated", h.lookup(r, space, 5, 8<<53, 8<<53), "100000000000000/=another slice")
		h.want("misses", h.lookup(r, space, 4, 1, 7<<53, 9<<53, 10<<53, 100<<53, 102<<53, 2001<<53, math.MaxUint64))
		h.want("none", h.lookup(r, space, 4))
		var hashes []uint64
		for i := range uint64(2000) {
			hashes = append(hashes, i<<53)
		}
		if got := len(h.lookup(r, space, 4, hashes...)); got != 1000+2-1-2 {
			h.Errorf("%d entries were found", got)
		}
	}
}

func testLarge(h *harness) {
	sizes := []int{0, 1, 100, 4 << 10, 60 << 10, 70 << 10, 1 << 20, store.MaxValue}
	if testing.Short() {
		sizes = sizes[:len(sizes)-1]
	}
	value := func(i int) []byte {
		content := make([]byte, sizes[i])
		for at := range content {
			content[at] = byte(at*i + at>>8) //nolint:gosec // any bytes
		}
		return content
	}
	s := h.start()
	space := store.Space{Operator: 1, Table: 1}
	h.apply(s, func(c *store.Changes) {
		for i := range sizes {
			c.Put(space, 0, hashIn(i, 1), []byte("k"), value(i))
		}
		c.Put(space, 1, 3, bytes.Repeat([]byte("k"), store.MaxKey), []byte("of a long key"))
	})
	tooLarge := &store.Changes{}
	tooLarge.Put(space, 0, hashIn(0, 1), []byte("k"), []byte("another"))
	tooLarge.Put(space, 0, 5, bytes.Repeat([]byte("k"), store.MaxKey+1), nil)
	var large *store.TooLargeError
	if err := s.Apply(h.Context(), []*store.Changes{tooLarge}); !errors.As(err, &large) || large.KeyBytes != store.MaxKey+1 {
		h.Errorf("an entry that is too large: %v", err)
	}
	for _, s := range []store.Store{s, h.start(h.keep(h.checkpoint(s))...)} {
		n := 0
		if err := h.reader(s).ScanSlice(space, 0, 0, math.MaxUint64, func(_ uint64, _, v []byte) error {
			if !bytes.Equal(v, value(n)) {
				h.Errorf("a value of %d bytes is another", sizes[n])
			}
			n++
			return nil
		}); err != nil || n != len(sizes) {
			h.Errorf("%d values, %v", n, err)
		}
		if lines := h.scanSlice(h.reader(s), space, 1, 0, 9); len(lines) != 1 || len(lines[0]) != store.MaxKey+len("3/=of a long key") {
			h.Error("a long key is not there")
		}
	}
}

func testErrorOfCaller(h *harness) {
	s := h.start()
	space := store.Space{Operator: 1, Table: 1}
	h.apply(s, grid(space, []int64{1, 2}, []uint64{3, 1 << 62}))
	r, enough := h.reader(s), errors.New("enough")
	calls := 0
	stop := func() error { calls++; return enough }
	if err := r.Scan(space, 0, math.MaxUint64, func(int64, uint64, []byte, []byte) error { return stop() }); err != enough { //nolint:errorlint // as it is
		h.Errorf("scan: %v", err)
	}
	if err := r.ScanSlice(space, 1, 0, math.MaxUint64, func(uint64, []byte, []byte) error { return stop() }); err != enough { //nolint:errorlint // as it is
		h.Errorf("scan of a slice: %v", err)
	}
	if err := r.Lookup(space, 1, []uint64{3, 1 << 62}, func(uint64, []byte, []byte) error { return stop() }); err != enough { //nolint:errorlint // as it is
		h.Errorf("lookup: %v", err)
	}
	if calls != 3 {
		h.Errorf("%d entries were given after the first", calls-3)
	}
}

func testCheckpointDir(h *harness) {
	s := h.start()
	h.apply(s, grid(store.Space{}, []int64{1}, []uint64{1}))
	files := h.checkpoint(s)
	dir := filepath.Dir(files[0].Path)
	if _, err := s.Checkpoint(h.Context(), dir); !errors.Is(err, fs.ErrExist) {
		h.Errorf("checkpoint into an old directory: %v", err)
	}
	for _, f := range files {
		info, err := h.fs.Stat(f.Path)
		if err != nil || info.Size() != f.Size || filepath.Dir(f.Path) != dir {
			h.Errorf("file %+v: %v", f, err)
		}
	}
	entries, err := h.fs.ReadDir(dir)
	if err != nil || len(entries) != len(files) {
		h.Errorf("%d files of %d are named, %v", len(files), len(entries), err)
	}
}

func testClosed(h *harness) {
	s := h.start()
	h.apply(s, grid(store.Space{}, []int64{1}, []uint64{1}))
	r := s.Reader()
	if err := errors.Join(r.Close(), s.Close()); err != nil {
		h.Fatal(err)
	}
	_, checkpoint := s.Checkpoint(h.Context(), h.dir())
	for what, err := range map[string]error{
		"apply":      s.Apply(h.Context(), nil),
		"checkpoint": checkpoint,
		"scan":       r.Scan(store.Space{}, 0, 1, nil),
		"slice":      r.ScanSlice(store.Space{}, 0, 0, 1, nil),
		"lookup":     r.Lookup(store.Space{}, 0, []uint64{1}, nil),
		"new reader": s.Reader().Scan(store.Space{}, 0, 1, nil),
		"close":      s.Close(),
	} {
		if !errors.Is(err, store.ErrClosed) {
			h.Errorf("%s after close: %v", what, err)
		}
	}
	if stats := s.Stats(); stats.Applied == 0 {
		h.Errorf("stats after close: %+v", stats)
	}
}

func testCancelled(h *harness) {
	s := h.start()
	ctx, cancel := context.WithCancel(h.Context())
	cancel()
	if err := s.Apply(ctx, nil); !errors.Is(err, context.Canceled) {
		h.Errorf("apply: %v", err)
	}
	if _, err := s.Checkpoint(ctx, h.dir()); !errors.Is(err, context.Canceled) {
		h.Errorf("checkpoint: %v", err)
	}
}

func testStats(h *harness) {
	s := h.start()
	space := store.Space{Operator: 1}
	h.apply(s, grid(space, []int64{1}, []uint64{1, 2, 3}))
	r := h.reader(s)
	h.lookup(r, space, 1, 1, 2, 7)
	h.checkpoint(s)
	stats := s.Stats()
	if stats.Applied != 3*(store.PrefixLen+1) || stats.Lookups != 3 || stats.Found != 2 || stats.Checkpoints != 1 || stats.Flushed == 0 || stats.Memory == 0 {
		h.Errorf("%+v", stats)
	}
}
