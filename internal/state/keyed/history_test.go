package keyed_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// history is a table that is spread over some tasks by ranges of hashes, whose keys leave memory and come back, beside a model of all of it.
type history struct {
	*rapid.T
	space store.Space
	parts []*historyPart
	live  *store.Memory // what tasks read, with what was spilled since the last checkpoint
	kept  *store.Memory // the last checkpoint
	want  map[int64]int64
	// sealed and stored are the model at the last seal and at the last checkpoint.
	sealed, stored map[int64]int64
	sealing        bool
}

// historyPart is the share of one task.
type historyPart struct {
	*tablePart
	home    keyed.Home
	changes *store.Changes // of the sealed epoch
	drained bool
}

// start makes tasks that go on from the last checkpoint: with all of it in memory, or with some of it.
func (h *history) start() {
	h.live, h.want, h.sealing = copied(h.T, h.kept, h.space), maps.Clone(h.stored), false
	h.parts = nil
	tasks := rapid.SampledFrom([]uint64{1, 2, 3, 5}).Draw(h.T, "tasks")
	for i := range tasks {
		p := &historyPart{tablePart: newTablePart(nil), home: keyed.Home{Space: h.space, From: i * keyed.Groups / tasks << 56, To: (i+1)*keyed.Groups/tasks<<56 - 1}}
		p.leaves()
		p.Keep(p.home)
		p.Attach(h.live.Reader(), 0)
		h.parts = append(h.parts, p)
		pass := rapid.Bool().Draw(h.T, "leave it")
		r := h.live.Reader()
		err := r.Scan(h.space, p.home.From, p.home.To, func(slice int64, hash uint64, key, value []byte) error {
			e := &keyed.Entries{Slices: []int64{slice}, Hashes: []uint64{hash}, Keys: [][]byte{key}, Values: [][]byte{value}}
			if pass = pass || hash>>60 > 9; pass {
				return p.Pass(e)
			}
			return p.Admit(e)
		})
		h.must(err)
		h.must(r.Close())
	}
}

// copied is a store with the entries of a space.
func copied(t *rapid.T, from *store.Memory, space store.Space) *store.Memory {
	to, all := store.NewMemory(), &store.Changes{}
	r := from.Reader()
	err := r.Scan(space, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
		all.Put(space, slice, hash, bytes.Clone(key), bytes.Clone(value))
		return nil
	})
	if err == nil {
		err = to.Apply(context.Background(), []*store.Changes{all})
	}
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func (h *history) must(err error) {
	if err != nil {
		h.Fatal(err)
	}
}

// draw is some keys of one task, which are loaded.
func (h *history) draw() (p *historyPart, keys []int64, hashes []uint64) {
	p = rapid.SampledFrom(h.parts).Draw(h.T, "task")
	all := rapid.SliceOfNDistinct(rapid.Int64Range(0, 60), 1, 8, rapid.ID[int64]).Draw(h.T, "keys")
	_, hashed := intKeys(all)
	for i, hash := range hashed {
		if hash >= p.home.From && hash <= p.home.To {
			keys, hashes = append(keys, all[i]), append(hashes, hash)
		}
	}
	h.must(p.Load(hashes, [keyed.Groups / 64]uint64{}))
	return p, keys, hashes
}

// set sets values of keys.
func (h *history) set(*rapid.T) {
	p, keys, _ := h.draw()
	if len(keys) == 0 {
		return
	}
	cols, hashes := intKeys(keys)
	slots := make([]uint32, len(keys))
	_, err := p.Upsert(hashes, cols, nil, slots)
	h.must(err)
	h.must(p.values.Grow(p.Limit()))
	h.must(p.Touch(slots))
	for i, key := range keys {
		n := rapid.Int64Range(0, 1000).Draw(h.T, "value")
		*p.values.At(slots[i]), h.want[key] = n, n
	}
}

// find compares keys, and removes some.
func (h *history) find(*rapid.T) {
	p, keys, hashes := h.draw()
	cols, _ := intKeys(keys)
	slots := make([]uint32, len(keys))
	h.must(p.Find(hashes, cols, nil, slots))
	for i, key := range keys {
		n, is := h.want[key]
		if is != (slots[i] != keyed.NoSlot) || is && *p.values.At(slots[i]) != n {
			h.Fatalf("key %d: in memory: %t, should be %t with %d", key, slots[i] != keyed.NoSlot, is, n)
		}
		if is && rapid.IntRange(0, 2).Draw(h.T, "delete") == 0 {
			h.must(p.Delete(slots[i]))
			delete(h.want, key)
		}
	}
}

// all loads all key groups of a task and compares them with the model.
func (h *history) all(*rapid.T) {
	p := rapid.SampledFrom(h.parts).Draw(h.T, "task")
	h.must(p.Load(nil, [keyed.Groups / 64]uint64{math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64}))
	want := map[string]string{}
	for key, n := range h.want {
		if _, hashes := intKeys([]int64{key}); hashes[0] >= p.home.From && hashes[0] <= p.home.To {
			want[fmt.Sprint(key)] = fmt.Sprint(n)
		}
	}
	compare(h.T, "all of a task", p.have(), want)
}

// seal ends an epoch in all tasks.
func (h *history) seal(*rapid.T) {
	h.drainAll()
	for _, p := range h.parts {
		p.Seal()
		p.changes, p.drained = &store.Changes{}, false
	}
	h.sealed, h.sealing = maps.Clone(h.want), true
}

// drain writes some of what a task has sealed. The epoch is stored when all have written all.
func (h *history) drain(*rapid.T) {
	if h.sealing {
		h.drainOne(rapid.SampledFrom(h.parts).Draw(h.T, "task"), 64)
	}
}

func (h *history) drainOne(p *historyPart, most int64) {
	if !p.drained {
		more, err := p.Drain(p.changes, most)
		h.must(err)
		p.drained = !more
	}
	if slices.ContainsFunc(h.parts, func(p *historyPart) bool { return !p.drained }) {
		return
	}
	var all []*store.Changes
	for _, p := range h.parts {
		all = append(all, p.changes)
	}
	h.must(h.live.Apply(context.Background(), all))
	h.kept, h.stored, h.sealing = copied(h.T, h.live, h.space), h.sealed, false
}

func (h *history) drainAll() {
	for i := 0; h.sealing; i++ {
		h.drainOne(h.parts[i%len(h.parts)], math.MaxInt64)
	}
}

// evict has keys of a task leave memory: those that are stored, or all, which are spilled before.
func (h *history) evict(*rapid.T) {
	p := rapid.SampledFrom(h.parts).Draw(h.T, "task")
	if rapid.Bool().Draw(h.T, "spill") {
		h.drainAll()
		for more := true; more; {
			piece := &store.Changes{}
			more = p.Spill(piece, 64)
			h.must(h.live.Apply(context.Background(), []*store.Changes{piece}))
		}
	}
	_, err := p.Evict(rapid.IntRange(1, 40).Draw(h.T, "want"), !h.sealing)
	h.must(err)
}

// crash begins again with the last checkpoint, in other tasks.
func (h *history) crash(*rapid.T) {
	if rapid.Bool().Draw(h.T, "behind a checkpoint") {
		h.seal(h.T)
		h.drainAll()
	}
	h.start()
	for range h.parts {
		h.all(h.T)
	}
}

// TestHistories: whatever is changed, stored, spilled, evicted, loaded and begun again at any parallelism, the table is as the model.
func TestHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &history{T: t, space: store.Space{Operator: 3, Table: 1}, kept: store.NewMemory(), stored: map[int64]int64{}}
		h.start()
		t.Repeat(map[string]func(*rapid.T){
			"set": h.set, "set more": h.set, "set again": h.set, "find": h.find, "find more": h.find, "all": h.all,
			"seal": h.seal, "drain": h.drain, "drain more": h.drain, "evict": h.evict, "evict more": h.evict, "crash": h.crash,
		})
	})
}
