package storetest

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zeebo/xxh3"
	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// A call sees what was applied when it began, whatever is applied meanwhile.
func testView(h *harness) {
	s := h.start()
	space := store.Space{Operator: 1, Table: 1}
	hashes := []uint64{1, 2, 1 << 61, 1 << 62, 1 << 63}
	h.apply(s, grid(space, []int64{1}, hashes))
	r := h.reader(s)
	seen := 0
	if err := r.Scan(space, 0, math.MaxUint64, func(int64, uint64, []byte, []byte) error {
		if seen++; seen == 1 {
			h.apply(s, func(c *store.Changes) { c.Drop(space, 1, 2, math.MaxUint64) })
			h.checkpoint(s)
		}
		return nil
	}); err != nil || seen != len(hashes) {
		h.Errorf("a scan that began before a drop gave %d entries of %d, %v", seen, len(hashes), err)
	}
	h.want("scan after it", h.scan(r, space, 0, math.MaxUint64), "1/1/k=")
}

// Readers beside Apply see all of an epoch or nothing of it.
func testBeside(h *harness) {
	s := h.start()
	space := store.Space{Operator: 1, Table: 1}
	hashes := make([]uint64, 300)
	for i := range hashes {
		hashes[i] = uint64(i) << 55 //nolint:gosec // small
	}
	epoch := func(n int) func(c *store.Changes) {
		return func(c *store.Changes) {
			c.DropAll(space, 0, math.MaxUint64)
			for _, hash := range hashes {
				c.Put(space, int64(n), hash, nil, fmt.Append(nil, n))
			}
		}
	}
	h.apply(s, epoch(0))
	var over atomic.Bool
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			r := s.Reader()
			defer func() { _ = r.Close() }()
			for !over.Load() {
				var first string
				n := 0
				err := r.Scan(space, 0, math.MaxUint64, func(_ int64, _ uint64, _, value []byte) error {
					if n == 0 {
						first = string(value)
					}
					if string(value) != first {
						return fmt.Errorf("epochs %s and %s at once", first, value)
					}
					n++
					return nil
				})
				if err != nil || n != len(hashes) {
					h.Errorf("a scan beside Apply gave %d entries of %d, %v", n, len(hashes), err)
					return
				}
			}
		})
	}
	for n := range 20 {
		h.apply(s, epoch(n+1))
		if n%5 == 0 {
			h.checkpoint(s)
		}
	}
	over.Store(true)
	wait.Wait()
}

// Files that did not change keep their names, and a checkpoint stays what it is while the store goes on.
func testCheckpoint(h *harness) {
	s := h.start()
	space := store.Space{Operator: 1, Table: 1}
	hashes := []uint64{1, 1 << 62, 1 << 63}
	h.apply(s, grid(space, []int64{1}, hashes))
	first := h.checkpoint(s)
	names := func(files []store.File) (names []string) {
		for _, f := range files {
			if !f.Small {
				names = append(names, f.Name)
			}
		}
		slices.Sort(names)
		return names
	}
	h.want("names of an unchanged store", names(h.checkpoint(s)), names(first)...)
	kept := h.keep(first)
	again := h.start(kept...)
	h.want("names of a store opened from it", names(h.checkpoint(again)), names(first)...)
	h.apply(s, func(c *store.Changes) { c.DropAll(space, 0, math.MaxUint64) })
	h.apply(again, func(c *store.Changes) { c.Put(space, 1, 2, []byte("k"), []byte("new")) })
	h.want("scan", h.scan(h.reader(h.start(kept...)), space, 0, math.MaxUint64), "1/1/k=", "1/4000000000000000/k=", "1/8000000000000000/k=")
	h.want("scan", h.scanSlice(h.reader(again), space, 1, 0, 5), "1/k=", "2/k=new")
}

// contents checks that a name always has the same content.
type contents map[string]uint64

func (c contents) note(fsys vfs.FS, files []store.File) error {
	for _, f := range files {
		content, err := vfs.ReadFile(fsys, f.Path)
		if err != nil {
			return err
		}
		hash := xxh3.Hash(content)
		if old, known := c[f.Name]; known && old != hash && !f.Small {
			return fmt.Errorf("%s has had another content", f.Name)
		}
		c[f.Name] = hash
	}
	return nil
}

// Two stores that go on from one checkpoint never give the same name to different files.
func testBranches(h *harness) {
	space := store.Space{Operator: 1, Table: 1}
	seen := contents{}
	s := h.start()
	h.apply(s, grid(space, []int64{1}, []uint64{1, 1 << 62}))
	from := h.checkpoint(s)
	kept := h.keep(from)
	for i := range 3 {
		s := h.start(kept...)
		for n := range 4 {
			h.apply(s, func(c *store.Changes) { c.Put(space, 1, uint64(n), []byte("k"), fmt.Append(nil, i, n)) }) //nolint:gosec // small
			if err := seen.note(h.fs, h.checkpoint(s)); err != nil {
				h.Error(err)
			}
		}
	}
}

// testHistories compares a store with a model over random epochs, checkpoints and restarts.
func testHistories(h *harness) {
	trial := 0
	rapid.Check(h.T, func(t *rapid.T) {
		trial++
		g := &history{T: t, open: h.open, logged: h.logged, fs: h.fs, root: filepath.Join(h.root, fmt.Sprint("trial", trial)), seen: contents{}, model: model{}}
		g.start(nil)
		defer func() { _ = g.store.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"epoch":      g.epoch,
			"checkpoint": g.checkpoint,
			"restart":    g.restart,
			"":           g.compare,
		})
	})
}

// history is one trial.
type history struct {
	*rapid.T
	open  Open
	fs    vfs.FS
	root  string
	dirs  int
	store store.Store
	model model
	seen  contents
	// logged: some changes take the form of logs.
	logged bool

	kept      []string // the files of the last checkpoint
	keptModel model
}

func (g *history) dir() string {
	g.dirs++
	return filepath.Join(g.root, fmt.Sprint(g.dirs))
}

func (g *history) start(from []string) {
	s, err := g.open(g.Context(), g.fs, g.dir(), from)
	if err != nil {
		g.Fatalf("open: %v", err)
	}
	g.store = s
}

// drawn values are few, so that they meet.
func drawSpace(t *rapid.T) store.Space {
	return store.Space{Operator: rapid.SampledFrom([]uint16{0, 1, 0xffff}).Draw(t, "operator"), Table: rapid.SampledFrom([]uint8{0, 1, 0xff}).Draw(t, "table")}
}

func drawSlice(t *rapid.T) int64 {
	return rapid.SampledFrom([]int64{0, -1, 1, math.MaxInt64, math.MinInt64}).Draw(t, "slice")
}

func drawHash(t *rapid.T) uint64 {
	return rapid.SampledFrom([]uint64{0, 1, 1<<60 - 1, 1 << 60, 5 << 60, 5<<60 + 1, 0xff << 56, math.MaxUint64}).Draw(t, "hash")
}

func drawRange(t *rapid.T) (from, to uint64) {
	if rapid.Bool().Draw(t, "all") {
		return 0, math.MaxUint64
	}
	return drawHash(t), drawHash(t)
}

func (g *history) epoch(t *rapid.T) {
	changes := []*store.Changes{{}, {}}
	if g.logged && rapid.IntRange(0, 3).Draw(t, "tables") > 0 {
		most := rapid.SampledFrom([]int64{1, 500, logsOf}).Draw(t, "most")
		for _, c := range changes {
			c.Log(most)
		}
	}
	changed := map[string]bool{}
	next := g.model.copy()
	var later []func()
	for range rapid.IntRange(0, 12).Draw(t, "changes") {
		c := changes[rapid.IntRange(0, 1).Draw(t, "task")]
		space, slice := drawSpace(t), drawSlice(t)
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			from, to := drawRange(t)
			c.Drop(space, slice, from, to)
			next.drop(func(e modelKey) bool { return e.space == space && e.slice == slice && from <= e.hash && e.hash <= to })
		case 1:
			from, to := drawRange(t)
			c.DropAll(space, from, to)
			next.drop(func(e modelKey) bool { return e.space == space && from <= e.hash && e.hash <= to })
		default:
			key := modelKey{space: space, slice: slice, hash: drawHash(t), key: rapid.SampledFrom([]string{"", "a", "b\x00", "\xff"}).Draw(t, "key")}
			if changed[fmt.Sprint(key)] {
				continue
			}
			changed[fmt.Sprint(key)] = true
			if rapid.IntRange(0, 2).Draw(t, "delete") == 0 {
				c.Delete(space, slice, key.hash, []byte(key.key))
				later = append(later, func() { delete(next, key) })
				continue
			}
			value := strings.Repeat("v", rapid.SampledFrom([]int{0, 1, 2, 5000}).Draw(t, "size"))
			c.Put(space, slice, key.hash, []byte(key.key), []byte(value))
			later = append(later, func() { next[key] = value })
		}
	}
	for _, f := range later {
		f()
	}
	if err := g.store.Apply(t.Context(), changes); err != nil {
		t.Fatalf("apply: %v", err)
	}
	g.model = next
}

func (g *history) checkpoint(t *rapid.T) {
	files, err := g.store.Checkpoint(t.Context(), g.dir())
	if err != nil {
		t.Fatalf("checkpoint: %v", err)
	}
	if err := g.seen.note(g.fs, files); err != nil {
		t.Fatal(err)
	}
	g.kept = nil
	dir := g.dir()
	if err := g.fs.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := g.fs.Link(f.Path, path); err != nil {
			t.Fatal(err)
		}
		g.kept = append(g.kept, path)
	}
	g.keptModel = g.model.copy()
}

func (g *history) restart(t *rapid.T) {
	if err := g.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	g.model = g.keptModel.copy()
	g.start(g.kept)
}

// compare reads everything, and some of it in the other ways.
func (g *history) compare(t *rapid.T) {
	r := g.store.Reader()
	defer func() { _ = r.Close() }()
	space, slice := drawSpace(t), drawSlice(t)
	from, to := drawRange(t)
	got := []string{}
	note := func(slice int64, hash uint64, key, value []byte) error { //nolint:unparam // what Scan takes
		got = append(got, modelKey{space, slice, hash, string(key)}.line(string(value)))
		return nil
	}
	noteSlice := func(hash uint64, key, value []byte) error { return note(slice, hash, key, value) }
	check := func(what string, err error, in func(modelKey) bool) {
		want := g.model.lines(in)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%s: %v\n got %q\nwant %q", what, err, got, want)
		}
		got = got[:0]
	}
	check("scan", r.Scan(space, from, to, note), func(k modelKey) bool { return k.space == space && from <= k.hash && k.hash <= to })
	check("slice", r.ScanSlice(space, slice, from, to, noteSlice), func(k modelKey) bool {
		return k.space == space && k.slice == slice && from <= k.hash && k.hash <= to
	})
	hashes := []uint64{drawHash(t), drawHash(t), drawHash(t)}
	slices.Sort(hashes)
	check("lookup", r.Lookup(space, slice, hashes, noteSlice), func(k modelKey) bool {
		return k.space == space && k.slice == slice && slices.Contains(hashes, k.hash)
	})
}
