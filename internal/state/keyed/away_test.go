package keyed_test

import (
	"context"
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// leavingTable is a table of numbers that may leave memory, in one key group, whose hashes the test makes.
type leavingTable struct {
	*keyed.Table
	t     *testing.T
	store *store.Memory
	cols  []*batch.Column
}

func newLeavingTable(t *testing.T) *leavingTable {
	pool := &batch.Pool{}
	types := []schema.Type{schema.Of(schema.Int64)}
	l := &leavingTable{Table: keyed.NewTable(pool, types, "numbers", limit.New("test", 0)), t: t, store: store.NewMemory(), cols: []*batch.Column{batch.NewColumn(pool, types[0])}}
	l.SetValues(keyed.Values{Leave: true})
	l.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
	l.Attach(l.store.Reader(), 0)
	return l
}

// hash hashes a number as operators do, within one key group.
func (l *leavingTable) hash(n int64) uint64 {
	l.cols[0].Reset(1)
	l.cols[0].Int64s()[0] = n
	return keyed.NewHasher([]int{0}).Hash(&batch.Batch{Cols: l.cols, Len: 1})[0] << 8 >> 8
}

// load loads what is away of a number, as an operator that needs it does.
func (l *leavingTable) load(n int64) {
	if err := l.Load([]uint64{l.hash(n)}, [keyed.Groups / 64]uint64{}); err != nil {
		l.t.Fatal(err)
	}
}

func (l *leavingTable) find(n int64) uint32 {
	l.load(n)
	h, slots := l.hash(n), make([]uint32, 1)
	if err := l.Find([]uint64{h}, l.cols, nil, slots); err != nil {
		l.t.Fatal(err)
	}
	return slots[0]
}

func (l *leavingTable) put(n int64) {
	l.load(n)
	h := l.hash(n)
	if _, err := l.Upsert([]uint64{h}, l.cols, nil, make([]uint32, 1)); err != nil {
		l.t.Fatal(err)
	}
}

func (l *leavingTable) epoch() {
	l.Seal()
	changes := &store.Changes{}
	if _, err := l.Drain(changes, math.MaxInt64); err != nil {
		l.t.Fatal(err)
	}
	l.apply(changes)
}

func (l *leavingTable) apply(changes *store.Changes) {
	if err := l.store.Apply(context.Background(), []*store.Changes{changes}); err != nil {
		l.t.Fatal(err)
	}
}

// TestRemovedStaysRemoved: a key that was removed and that the store has still does not come back when so many others leave memory that a filter takes it for one of them.
func TestRemovedStaysRemoved(t *testing.T) {
	for _, earlier := range []bool{false, true} { // something is away already
		const removed, others = 2_000, 60_000
		l := newLeavingTable(t)
		for n := range int64(others) {
			l.put(n)
		}
		l.epoch()
		if earlier {
			if _, err := l.Evict(100, true); err != nil {
				t.Fatal(err)
			}
		}
		for n := range int64(removed) {
			if slot := l.find(others - 1 - n); slot != keyed.NoSlot {
				if err := l.Delete(slot); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 3 {
			if _, err := l.Evict(others, true); err != nil {
				t.Fatal(err)
			}
		}
		for n := range int64(removed) {
			if l.find(others-1-n) != keyed.NoSlot {
				t.Fatalf("earlier: %v: the key %d is back", earlier, others-1-n)
			}
		}
		changes := &store.Changes{}
		l.Spill(changes, math.MaxInt64)
		l.apply(changes)
		if evicted, err := l.Evict(others/2, true); evicted == 0 || err != nil {
			t.Errorf("earlier: %v: %d leave once all is applied, %v", earlier, evicted, err)
		}
		for n := range int64(others) {
			if is := l.find(n) != keyed.NoSlot; is != (n < others-removed) {
				t.Fatalf("earlier: %v: key %d: %v", earlier, n, is)
			}
		}
	}
}

// TestRemovedIsReserved: what is known of removed keys which the store has still takes memory of the budget, and is given back when all is spilled.
func TestRemovedIsReserved(t *testing.T) {
	const keys, low = 20_000, 1 << 20
	l, budget := newLeavingTable(t), limit.New("test", 1<<30)
	l.Table = keyed.NewTable(&batch.Pool{}, []schema.Type{schema.Of(schema.Int64)}, "numbers", budget)
	l.SetValues(keyed.Values{Leave: true})
	l.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
	l.Attach(l.store.Reader(), low)
	for n := range int64(keys) {
		l.put(n)
	}
	l.epoch()
	if _, err := l.Evict(100, true); err != nil {
		t.Fatal(err)
	}
	if l.Crowded() {
		t.Fatal("nothing was removed, and it is crowded")
	}
	for n := int64(keys - 1); n >= keys/2; n-- {
		if slot := l.find(n); slot != keyed.NoSlot {
			if err := l.Delete(slot); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !l.Crowded() {
		t.Error("10,000 keys were removed, and it is not crowded")
	}
	before := budget.Used()
	changes := &store.Changes{}
	for more := true; more; {
		more = l.Spill(changes, 1<<10)
	}
	l.apply(changes)
	if after := budget.Used(); l.Crowded() || after >= before-low/8 {
		t.Errorf("crowded: %v; %d bytes were in use, and %d are once all is spilled", l.Crowded(), before, after)
	}
}
