package store_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// drawChanges draws changes of few keys, so that they meet: puts and deletes one by one, many at once and in rooms, and drops between them.
func drawChanges(t *rapid.T, c *store.Changes) {
	space := func() store.Space { return store.Space{Operator: uint16(rapid.IntRange(0, 1).Draw(t, "operator"))} } //nolint:gosec // small
	slice := func() int64 { return rapid.Int64Range(-1, 1).Draw(t, "slice") }
	hash := func() uint64 {
		return rapid.SampledFrom([]uint64{0, 1, 2, 1 << 60, 1<<60 + 1, math.MaxUint64 - 1, math.MaxUint64}).Draw(t, "hash")
	}
	key := func() []byte { return []byte(rapid.SampledFrom([]string{"", "a", "bc"}).Draw(t, "key")) }
	value := func() []byte {
		return bytes.Repeat([]byte{'v'}, rapid.SampledFrom([]int{0, 1, 130, 5000, 1<<14 - 1, 1 << 14}).Draw(t, "value"))
	}
	for range rapid.IntRange(0, 8).Draw(t, "calls") {
		switch rapid.IntRange(0, 6).Draw(t, "call") {
		case 0:
			c.Drop(space(), slice(), hash(), hash())
		case 1:
			c.DropAll(space(), hash(), hash())
		case 2:
			c.Delete(space(), slice(), hash(), key())
		case 3:
			var keys, values store.Pieces
			var hashes []uint64
			for range rapid.IntRange(0, 4).Draw(t, "many") {
				hashes, keys.Data, values.Data = append(hashes, hash()), append(keys.Data, key()...), append(values.Data, value()...)
				keys.End()
				values.End()
			}
			c.PutMany(space(), slice(), hashes, &keys, &values)
		case 4:
			hashes := []uint64{hash(), hash()}
			values := [][]byte{value(), value()}
			rooms := make([][]byte, 2)
			c.PutRooms(space(), slice(), hashes, 1, []int{len(values[0]), len(values[1])}, rooms)
			for i, room := range rooms {
				copy(room[copy(room, "a"):], values[i])
			}
		default:
			c.Put(space(), slice(), hash(), key(), value())
		}
	}
}

// held are the entries of a store, by their keys.
func held(t *rapid.T, s store.Store) map[string]string {
	all := map[string]string{}
	r := s.Reader()
	for operator := range uint16(2) {
		space := store.Space{Operator: operator}
		if err := r.Scan(space, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
			all[string(store.AppendKey(nil, space, slice, hash, key))] = string(value)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return all
}

func memory(t *rapid.T) store.Store {
	s, err := store.OpenMemory(t.Context(), store.MemoryOptions{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// put carries what was sorted out on entries: drops first.
func put(t *rapid.T, entries map[string]string, s *store.Sorted) {
	for _, d := range s.Drops() {
		maps.DeleteFunc(entries, func(key, _ string) bool {
			k, err := store.ParseKey([]byte(key))
			return err == nil && k.Space == d.Space && (d.AllSlices || k.Slice == d.Slice) && d.From <= k.Hash && k.Hash <= d.To
		})
	}
	var last string
	for shard := range store.Shards {
		some := false
		if err := s.Each(shard, func(lent []store.Entry) error {
			some = true
			for _, e := range lent {
				key := string(store.AppendKey(nil, e.Space, e.Slice, e.Hash, e.Key))
				if store.ShardOf(e.Hash) != shard || key <= last {
					return fmt.Errorf("key %x of shard %d comes behind %x", key, shard, last)
				}
				last = key
				if delete(entries, key); !e.Deleted {
					entries[key] = string(e.Value)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if some != s.Has(shard) {
			t.Fatalf("shard %d has entries: %t, and says %t", shard, some, s.Has(shard))
		}
	}
}

// Changes that are sorted in turn are what they are one behind another. A Sorted is used again, and so are changes, and whatever form those have that are applied together.
func TestSortInTurnIsOneBehindAnother(t *testing.T) {
	var sorted store.Sorted
	spare := make([]store.Changes, 6)
	rapid.Check(t, func(t *rapid.T) {
		model := memory(t)
		changes := []*store.Changes{}
		for i := range rapid.IntRange(0, len(spare)).Draw(t, "changes") {
			c := &spare[i]
			c.Reset()
			c.Log(1)
			drawChanges(t, c)
			plain := &store.Changes{}
			plain.Add(c)
			if plain.Len() != c.Len() || plain.Bytes() != c.Bytes() {
				t.Fatalf("%d changes of %d bytes became %d of %d", c.Len(), c.Bytes(), plain.Len(), plain.Bytes())
			}
			if c.Held() > c.Memory() {
				t.Fatalf("%d bytes in %d of memory", c.Held(), c.Memory())
			}
			if err := model.Apply(t.Context(), []*store.Changes{plain}); err != nil {
				t.Fatal(err)
			}
			changes = append(changes, c)
		}
		got := map[string]string{}
		sorted.SortInTurn(changes)
		put(t, got, &sorted)
		sorted.Release()
		if want := held(t, model); !maps.Equal(got, want) {
			t.Fatalf("%q instead of %q", got, want)
		}
		together := memory(t) // one by one it was sorted in turn, together all drops come first
		if err := together.Apply(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
		got = map[string]string{}
		for i, c := range changes {
			if rapid.Bool().Draw(t, "plain") {
				plain := &store.Changes{}
				plain.Add(c)
				changes[i] = plain
			}
		}
		sorted.Sort(changes)
		put(t, got, &sorted)
		sorted.Release()
		if want := held(t, together); !maps.Equal(got, want) {
			t.Fatalf("together %q instead of %q", got, want)
		}
	})
}

// Frames have all entries of a log, and say right what they have.
func TestFramesAreTheLog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c, again store.Changes
		c.Log(7)
		again.Log(7)
		for range rapid.IntRange(1, 12).Draw(t, "times") {
			drawChanges(t, &c)
		}
		frames := 0
		if err := c.Frames(func(f *store.LogFrame) error {
			frames++
			for _, r := range f.Runs {
				if r.Low > r.High || r.Deletes > r.Entries {
					t.Errorf("%+v", r)
				}
			}
			return again.AddFrame(&store.LogFrame{Data: bytes.Clone(f.Data), Runs: slices.Clone(f.Runs)})
		}); err != nil {
			t.Fatal(err)
		}
		for _, d := range c.Drops() {
			if d.AllSlices {
				again.DropAll(d.Space, d.From, d.To)
			} else {
				again.Drop(d.Space, d.Slice, d.From, d.To)
			}
		}
		const block = 512 << 10 // what is free in one that is begun counts as held
		if spare := c.Held() - again.Held(); again.Len() != c.Len() || again.Bytes() != c.Bytes() || spare < 0 || spare > block || again.Logged() != c.Logged() {
			t.Fatalf("%d entries of %d bytes (%d held) became %d of %d (%d)", c.Len(), c.Bytes(), c.Held(), again.Len(), again.Bytes(), again.Held())
		}
		c.Put(store.Space{}, 0, 1, []byte("more"), nil)
		again.Put(store.Space{}, 0, 1, []byte("more"), nil) // behind a frame
		if got, want := fmt.Sprint(sortedEntries(&again)), fmt.Sprint(sortedEntries(&c)); got != want {
			t.Fatalf("%s instead of %s", got, want)
		}
		stop := fmt.Errorf("no more")
		if err := c.Frames(func(*store.LogFrame) error { return stop }); err != stop {
			t.Fatal(err)
		}
		c.Reset()
		c.Log(0)
		if c.Len() != 0 || c.Bytes() != 0 || c.Logged() != 0 || len(sortedEntries(&c)) != 0 {
			t.Fatal("a reset leaves something")
		}
	})
}

// frameOf is a frame with one run.
func frameOf(data []byte, entries, deletes int) *store.LogFrame {
	return &store.LogFrame{Data: data, Runs: []store.LogRun{{Entries: entries, Deletes: deletes, Bytes: len(data)}}}
}

// logEntry is an entry as it stands in a log.
func logEntry(hash, key, value uint64, content string) []byte {
	b := binary.LittleEndian.AppendUint64(nil, hash)
	return append(binary.AppendUvarint(binary.AppendUvarint(b, key), value), content...)
}

// A frame that is wrong is refused, and nothing of it is there.
func TestAddFrameRefuses(t *testing.T) {
	whole := logEntry(5, 2, 1, "kv")
	long := binary.AppendUvarint(nil, math.MaxUint64)
	for name, f := range map[string]*store.LogFrame{
		"a run beyond the data":  {Data: whole, Runs: []store.LogRun{{Entries: 1, Bytes: len(whole) + 1}}},
		"less than no entries":   frameOf(nil, -3, 0),
		"a negative run":         {Data: whole, Runs: []store.LogRun{{Entries: 1, Bytes: -1}}},
		"data behind the run":    {Data: whole, Runs: []store.LogRun{{Entries: 1, Bytes: len(whole)}, {}, {Bytes: -1}}},
		"no run":                 {Data: whole},
		"a run without entries":  frameOf(whole, 0, 0),
		"too many entries":       frameOf(whole, 2, 0),
		"too few entries":        frameOf(append(bytes.Clone(whole), whole...), 1, 0),
		"a delete too many":      frameOf(whole, 1, 1),
		"a delete too few":       frameOf(logEntry(5, 3, 0, "k"), 1, 0),
		"no hash":                frameOf(whole[:7], 1, 0),
		"no key":                 frameOf(whole[:8], 1, 0),
		"a long number of a key": frameOf(append(whole[:8:8], long...), 1, 0),
		"a large key":            frameOf(logEntry(5, 2*(store.MaxKey+1), 0, ""), 1, 0),
		"no value":               frameOf(whole[:9], 1, 0),
		"a large value":          frameOf(logEntry(5, 0, store.MaxValue+1, ""), 1, 0),
		"no content":             frameOf(whole[:11], 1, 0),
	} {
		var c store.Changes
		c.Log(1)
		c.Put(store.Space{}, 0, 9, []byte("a"), []byte("b"))
		want := fmt.Sprint(c.Len(), c.Bytes(), c.Held(), sortedEntries(&c))
		if err := c.AddFrame(f); err == nil {
			t.Errorf("%s passed", name)
		}
		if got := fmt.Sprint(c.Len(), c.Bytes(), c.Held(), sortedEntries(&c)); got != want {
			t.Errorf("%s left %s instead of %s", name, got, want)
		}
	}
}

// FuzzAddFrame adds whatever there is: it is refused, or all of it can be sorted.
func FuzzAddFrame(f *testing.F) {
	f.Add(logEntry(5, 2, 1, "kv"), 1, 0, 0, 0)
	f.Add(append(logEntry(5, 2, 1, "kv"), logEntry(5, 3, 0, "k")...), 1, 1, 12, 1)
	f.Add(append(logEntry(5, 2, 1, "kv"), logEntry(1<<63, 0x8000, 0, "")...), 2, 0, 0, 0)
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x80, 0}, 1, 0, 17, 0)
	f.Fuzz(func(t *testing.T, data []byte, first, second, cut, deletes int) {
		var c store.Changes
		c.Log(1)
		frame := &store.LogFrame{Data: data, Runs: []store.LogRun{
			{Entries: first, Bytes: cut}, {Space: store.Space{Operator: 1}, Entries: second, Deletes: deletes, Bytes: len(data) - cut},
		}}
		if err := c.AddFrame(frame); err != nil {
			if c.Len() != 0 || c.Held() != 0 {
				t.Fatalf("%v, but %d entries of %d bytes are there", err, c.Len(), c.Held())
			}
			return
		}
		entries, size := 0, int64(0)
		if c.Len() != first+second || c.Held() < int64(len(data)) {
			t.Fatalf("%d entries of %d bytes became %d, for which %d are held", first+second, len(data), c.Len(), c.Held())
		}
		plain := &store.Changes{}
		plain.Add(&c)
		if plain.Len() != c.Len() || plain.Bytes() != c.Bytes() {
			t.Fatalf("%d entries of %d bytes became %d of %d", c.Len(), c.Bytes(), plain.Len(), plain.Bytes())
		}
		for _, e := range sortedEntries(&c) {
			entries++
			size += int64(len(e.Key) + len(e.Value))
		}
		if entries > c.Len() || size > int64(len(data)) {
			t.Fatalf("%d entries with %d bytes of %d with %d", entries, size, c.Len(), len(data))
		}
	})
}

// What is large has a chunk of its own, which a reset does not keep.
func TestLargeEntriesOfALog(t *testing.T) {
	var c store.Changes
	c.Log(1)
	value := bytes.Repeat([]byte{7}, 3<<20)
	c.Put(store.Space{}, 0, 1, []byte("small"), []byte("a"))
	c.Put(store.Space{}, 0, 2, []byte("large"), value)
	c.Put(store.Space{}, 0, 3, []byte("small"), nil)
	for i := range 3000 {
		c.Put(store.Space{Operator: uint16(i)}, int64(i), uint64(i), []byte("k"), nil) //nolint:gosec // small
	}
	c.Put(store.Space{}, 0, 4, make([]byte, store.MaxKey+1), nil)
	if c.Len() != 3003 || c.Err() == nil {
		t.Fatalf("%d entries, %v", c.Len(), c.Err())
	}
	if e := sortedEntries(&c); len(e) != 3003 || !bytes.Equal(e[2].Value, value) || string(e[2].Key) != "large" {
		t.Fatalf("%d entries", len(e))
	}
	before := c.Memory()
	c.Reset()
	if c.Memory() > before-int64(len(value)) || c.Held() != 0 || c.Err() != nil {
		t.Errorf("%d bytes of memory after %d", c.Memory(), before)
	}
}
