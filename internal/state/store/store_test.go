package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// Keys sort as their parts do, and are taken apart again.
func TestKeys(t *testing.T) {
	type parts struct {
		space store.Space
		slice int64
		hash  uint64
		key   []byte
	}
	draw := func(t *rapid.T) parts {
		return parts{
			space: store.Space{Operator: rapid.Uint16().Draw(t, "operator"), Table: rapid.Uint8().Draw(t, "table")},
			slice: rapid.Int64().Draw(t, "slice"), hash: rapid.Uint64().Draw(t, "hash"), key: rapid.SliceOf(rapid.Byte()).Draw(t, "key"),
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t)
		b := a
		for _, change := range rapid.SliceOf(rapid.IntRange(0, 3)).Draw(t, "changes") {
			o := draw(t)
			switch change {
			case 0:
				b.space = o.space
			case 1:
				b.slice = o.slice
			case 2:
				b.hash = o.hash
			default:
				b.key = o.key
			}
		}
		encode := func(p parts) []byte { return store.AppendKey(nil, p.space, p.slice, p.hash, p.key) }
		k, err := store.ParseKey(encode(a))
		if err != nil || k.Space != a.space || k.Slice != a.slice || k.Hash != a.hash || !bytes.Equal(k.Bytes, a.key) {
			t.Fatalf("%+v became %+v, %v", a, k, err)
		}
		if space, err := store.SpaceOf(encode(a)); err != nil || space != a.space {
			t.Fatalf("the space of %+v is %+v, %v", a, space, err)
		}
		order := slices.Compare([]int{store.ShardOf(a.hash), a.space.Compare(b.space)}, []int{store.ShardOf(b.hash), 0})
		if order == 0 {
			order = slices.Compare([]int64{a.slice}, []int64{b.slice})
		}
		if order == 0 {
			order = slices.Compare([]uint64{a.hash}, []uint64{b.hash})
		}
		if order == 0 {
			order = bytes.Compare(a.key, b.key)
		}
		if got := bytes.Compare(encode(a), encode(b)); got != order {
			t.Errorf("order %d instead of %d: %+v %+v", got, order, a, b)
		}
	})
	if after := store.AppendAfter(nil, []byte{1, 0xff}); !bytes.Equal(after, []byte{2}) {
		t.Errorf("after 01ff: %x", after)
	}
	if after := store.AppendAfter(nil, []byte{0xff}); len(after) != 0 {
		t.Errorf("after ff: %x", after)
	}
	wrong := store.AppendKey(nil, store.Space{}, 0, 1<<63, nil)
	wrong[0] = 3
	for _, key := range [][]byte{nil, make([]byte, store.PrefixLen-1), wrong} {
		if _, err := store.ParseKey(key); err == nil {
			t.Errorf("%x was taken apart", key)
		}
		if _, err := store.SpaceOf(key); err == nil {
			t.Errorf("%x has a space", key)
		}
	}
}

// Sorted is in the order of keys, whatever the number of entries, spaces and slices.
func TestSorted(t *testing.T) {
	var sorted store.Sorted
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 100, 5000, 20_000}).Draw(t, "entries")
		seed := rapid.Uint64().Draw(t, "seed")
		narrow := rapid.SampledFrom([]uint64{math.MaxUint64, 0xff, 3 << 60}).Draw(t, "bits of hashes")
		changes := []*store.Changes{{}, {}, {}}
		want := map[string]string{}
		for i := range n {
			seed = seed*6364136223846793005 + 1442695040888963407
			space, slice, hash := store.Space{Operator: uint16(seed >> 62)}, int64(seed>>58&3), seed*0x9e3779b97f4a7c15&narrow
			key, value := fmt.Appendf(nil, "%d", seed>>40&0xff), fmt.Append(nil, i)
			task := i * len(changes) / n // the later change is of the later task
			if seed>>20&1 == 0 {
				changes[task].Put(space, slice, hash, key, value)
			} else {
				var room [1][]byte
				changes[task].PutRooms(space, slice, []uint64{hash}, len(key), []int{len(value)}, room[:])
				copy(room[0][copy(room[0], key):], value)
			}
			want[string(store.AppendKey(nil, space, slice, hash, key))] = string(value)
		}
		sorted.Sort(changes)
		var last []byte
		seen := 0
		for shard := range store.Shards {
			has := false
			err := sorted.Each(shard, func(entries []store.Entry) error {
				for _, e := range entries {
					key := store.AppendKey(nil, e.Space, e.Slice, e.Hash, e.Key)
					if last != nil && bytes.Compare(last, key) >= 0 || int(key[0]) != shard || want[string(key)] != string(e.Value) {
						return fmt.Errorf("entry %x = %s follows %x", key, e.Value, last)
					}
					last, has = key, true
					seen++
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if has != sorted.Has(shard) {
				t.Fatalf("shard %d has entries: %t, and says %t", shard, has, sorted.Has(shard))
			}
		}
		if seen != len(want) {
			t.Fatalf("%d entries instead of %d", seen, len(want))
		}
		sorted.Release()
	})
}

// Memory of Changes is reused, and given back when an epoch needed less.
func TestChangesMemory(t *testing.T) {
	c := &store.Changes{}
	fill := func(n int) {
		for i := range n {
			c.Put(store.Space{}, 0, uint64(i)*0x9e3779b97f4a7c15, make([]byte, 20), make([]byte, 100))
		}
		c.Drop(store.Space{}, 1, 0, 1)
		if c.Len() != n+1 || c.Bytes() != int64(n*(store.PrefixLen+120)+store.PrefixLen) {
			t.Errorf("%d changes of %d bytes", c.Len(), c.Bytes())
		}
	}
	fill(10_000)
	large := c.Memory()
	c.Reset()
	if c.Len() != 0 || c.Bytes() != 0 {
		t.Error("not empty")
	}
	fill(10_000)
	if c.Memory() != large {
		t.Errorf("memory grew from %d to %d", large, c.Memory())
	}
	if n := testing.AllocsPerRun(5, func() { c.Reset(); fill(10_000) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
	c.Put(store.Space{}, 0, 1, nil, make([]byte, 1<<20))
	c.Reset()
	fill(10)
	c.Reset()
	fill(10)
	if c.Memory() > 100_000 {
		t.Errorf("%d bytes for ten entries", c.Memory())
	}
	for _, f := range []func(){
		func() { c.Put(store.Space{}, 0, 1, make([]byte, store.MaxKey+1), nil) },
		func() { c.Put(store.Space{}, 0, 1, nil, make([]byte, store.MaxValue+1)) },
	} {
		func() {
			c.Reset()
			f()
			var large *store.TooLargeError
			if !errors.As(c.Err(), &large) || c.Len() != 0 {
				t.Errorf("an entry above the limits was taken: %v", c.Err())
			}
			var other store.Changes
			if other.Add(c); !errors.As(other.Err(), &large) {
				t.Error("nobody hears of it behind Add")
			}
			if c.Reset(); c.Err() != nil {
				t.Error(c.Err())
			}
		}()
	}
}

// Damage of a shard's file is found wherever it is, and named.
func TestMemoryDamage(t *testing.T) {
	disk := vfs.NewMem()
	s, err := store.OpenMemory(t.Context(), store.MemoryOptions{FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	c := &store.Changes{}
	for i := range uint64(3) {
		c.Put(store.Space{Operator: 1}, 0, i, []byte("key"), []byte("value"))
	}
	if err := s.Apply(t.Context(), []*store.Changes{c}); err != nil {
		t.Fatal(err)
	}
	files, err := s.Checkpoint(t.Context(), "/a")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	whole, err := vfs.ReadFile(disk, files[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(content []byte) error {
		if err := vfs.WriteFile(disk, "/damaged", content); err != nil {
			t.Fatal(err)
		}
		_, err := store.OpenMemory(t.Context(), store.MemoryOptions{FS: disk, From: []string{"/damaged"}})
		return err
	}
	for bit := range 8 * len(whole) {
		damaged := slices.Clone(whole)
		damaged[bit/8] ^= 1 << (bit % 8)
		if try(damaged) == nil {
			t.Errorf("bit %d passed", bit)
		}
	}
	for n := range whole {
		var corrupt *store.CorruptError
		if err := try(whole[:n]); !errors.As(err, &corrupt) || corrupt.File != "/damaged" || corrupt.Error() == "" {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if try(append(slices.Clone(whole), 0)) == nil {
		t.Error("a byte behind the end passed")
	}
	if _, err := store.OpenMemory(t.Context(), store.MemoryOptions{FS: disk, From: []string{files[0].Path, files[0].Path}}); err == nil {
		t.Error("a shard was read twice")
	}
	failing := vfs.Fail(disk, vfs.Rule{Call: vfs.CallSync})
	s, err = store.OpenMemory(t.Context(), store.MemoryOptions{FS: failing, From: []string{files[0].Path}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Checkpoint(t.Context(), "/b"); !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
	cause := errors.New("cause")
	if err := error(&store.CorruptError{File: "f", Offset: -1, Err: cause}); !errors.Is(err, cause) || err.Error() != "state file f is damaged: " {
		t.Error(err)
	}
}

// TestRooms: what is written where PutRoom says is there, however many entries follow before it is written, at the moment at which entries are spread, too.
func TestRooms(t *testing.T) {
	for _, before := range []int{0, 1, 4000, 4095, 4096, 5000} {
		c := &store.Changes{}
		for i := range before {
			c.Put(store.Space{}, 0, uint64(i)<<52, []byte("before"), nil)
		}
		const n = 5000
		var hashes [n]uint64
		var sizes [n]int
		var rooms [n][]byte
		for i := range n {
			hashes[i], sizes[i] = uint64(i)<<51, i%300
		}
		c.PutRooms(store.Space{Operator: 1}, 7, hashes[:], 4, sizes[:], rooms[:])
		for i, room := range rooms {
			copy(room, fmt.Sprintf("%04d", i))
			for at := range room[4:] {
				room[4+at] = byte(i)
			}
		}
		var sorted store.Sorted
		sorted.Sort([]*store.Changes{c})
		seen := 0
		for shard := range store.Shards {
			_ = sorted.Each(shard, func(entries []store.Entry) error {
				for _, e := range entries {
					if e.Space.Operator != 1 {
						continue
					}
					i := int(e.Hash >> 51)
					if string(e.Key) != fmt.Sprintf("%04d", i) || !bytes.Equal(e.Value, bytes.Repeat([]byte{byte(i)}, i%300)) {
						t.Errorf("behind %d entries: entry %d is %s = %x", before, i, e.Key, e.Value)
					}
					seen++
				}
				return nil
			})
		}
		if seen != n {
			t.Errorf("behind %d entries: %d of %d", before, seen, n)
		}
	}
}
