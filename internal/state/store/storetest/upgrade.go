package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// entriesName is the file of a fixture that lists what the store holds; the others are a checkpoint's.
const entriesName = "entries.txt"

// Upgrade opens a checkpoint that an earlier version wrote to dir and compares what it holds with what is listed there. With write it writes a fixture that
// does not exist; those of a version that was released are never written again.
func Upgrade(t *testing.T, open Open, dir string, write bool) { upgrade(t, open, dir, write, false) }

// UpgradeLogged is Upgrade with a fixture of which the last two epochs are logged.
func UpgradeLogged(t *testing.T, open Open, dir string, write bool) {
	upgrade(t, open, dir, write, true)
}

func upgrade(t *testing.T, open Open, dir string, write, logged bool) {
	h := &harness{T: t, open: open, root: "/", fs: vfs.NewMem(), logged: logged}
	if _, err := os.Stat(dir); write && errors.Is(err, fs.ErrNotExist) {
		h.writeFixture(dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	kept := h.dir()
	must(h.fs.MkdirAll(kept, 0o777))
	var want []byte
	var from []string
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		must(err)
		if e.Name() == entriesName {
			want = content
			continue
		}
		from = append(from, filepath.Join(kept, e.Name()))
		must(vfs.WriteFile(h.fs, from[len(from)-1], content))
	}
	s := h.start(from...)
	if got := h.listing(s); !bytes.Equal(got, want) {
		t.Errorf("the store of %s holds\n%s\ninstead of\n%s", dir, got, want)
	}
	// It goes on, and what it makes can be opened.
	h.apply(s, func(c *store.Changes) { c.DropAll(store.Space{Operator: 1}, 0, math.MaxUint64) })
	again := h.start(h.keep(h.checkpoint(s))...)
	if got := h.listing(again); len(got) == 0 || len(got) >= len(want) {
		t.Errorf("after a drop and a restart it holds\n%s", got)
	}
}

// fixtureSpaces are where a fixture has entries.
func fixtureSpaces() []store.Space {
	return []store.Space{{Operator: 1}, {Operator: 1, Table: 2}, {Operator: 700, Table: 255}}
}

// listing lists all entries of the fixture's spaces.
func (h *harness) listing(s store.Store) []byte {
	var out bytes.Buffer
	r := h.reader(s)
	for _, space := range fixtureSpaces() {
		if err := r.Scan(space, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
			fmt.Fprintf(&out, "%v slice %d hash %016x key %x value %x\n", space, slice, hash, key, value)
			return nil
		}); err != nil {
			h.Fatal(err)
		}
	}
	return out.Bytes()
}

// writeFixture writes a checkpoint of a few epochs with puts, deletes and drops. Those that are logged have a log each, beside what the first one is.
func (h *harness) writeFixture(dir string) {
	s := h.start()
	logged := h.logged
	for i := range 3 {
		if h.logged = logged && i > 0; h.logged {
			h.checkpoint(s) // ends the log
		}
		h.apply(s, func(c *store.Changes) {
			for _, space := range fixtureSpaces() {
				for n := range 12 {
					hash := uint64(n*i+n) * 0x9e3779b97f4a7c15                                                       //nolint:gosec // small
					c.Put(space, int64(n%3-1), hash, fmt.Append(nil, "key ", n), bytes.Repeat([]byte{byte(n)}, n*i)) //nolint:gosec // small
				}
			}
		}, func(c *store.Changes) {
			if i == 2 {
				c.Drop(fixtureSpaces()[1], 1, 0, math.MaxUint64)
				c.Delete(fixtureSpaces()[2], -1, 0, []byte("key 0"))
				c.Put(fixtureSpaces()[2], 0, 1, nil, nil)
			}
		})
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		h.Fatal(err)
	}
	for _, f := range h.checkpoint(s) {
		content, err := vfs.ReadFile(h.fs, f.Path)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, f.Name), content, 0o666)
		}
		if err != nil {
			h.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, entriesName), slices.Clone(h.listing(s)), 0o666); err != nil {
		h.Fatal(err)
	}
}
