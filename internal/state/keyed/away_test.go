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

// TestAbsentIsCounted: what a load would look for is each key once that has left memory, and no other: none that is in memory, or was removed.
func TestAbsentIsCounted(t *testing.T) {
	const keys = 1000
	l := newLeavingTable(t)
	for n := range int64(keys) {
		l.put(n)
	}
	l.epoch()
	var all, twice []uint64
	for n := range int64(keys) {
		all, twice = append(all, l.hash(n)), append(twice, l.hash(n), l.hash(n))
	}
	if n := l.Absent(all); n != 0 {
		t.Errorf("%d are absent before any has left", n)
	}
	for l.Len() > 0 {
		if evicted, err := l.Evict(keys, true); evicted == 0 || err != nil {
			t.Fatal(evicted, err)
		}
	}
	if n := l.Absent(twice); n != keys {
		t.Errorf("%d are absent of %d that have left", n, keys)
	}
	for n := range int64(10) {
		if err := l.Delete(l.find(n)); err != nil {
			t.Fatal(err)
		}
	}
	for n := range int64(10) {
		l.load(100 + n)
	}
	if n := l.Absent(all); n != keys-20 {
		t.Errorf("%d are absent where 10 came back and 10 are removed of %d", n, keys)
	}
	if n := l.Absent(all[:10]); n != 0 {
		t.Errorf("%d are absent of what was removed", n)
	}
}

// TestAbsentRowsAreCounted: of rows the hashes count of which none is in memory.
func TestAbsentRowsAreCounted(t *testing.T) {
	pool, memory, there := &batch.Pool{}, store.NewMemory(), map[uint64]bool{}
	rows := keyed.NewRows(pool, []schema.Type{schema.Of(schema.Int64)}, 0, "rows", limit.New("test", 0))
	rows.SetExtras(keyed.Extras{Has: func(hash uint64) bool { return there[hash] }})
	rows.Keep(keyed.Home{To: math.MaxUint64})
	if n := rows.Absent([]uint64{1, 2}); n != 0 {
		t.Errorf("%d are absent of rows that stay in memory", n)
	}
	rows.Attach(memory.Reader(), 1<<20)
	c := batch.NewColumn(pool, schema.Of(schema.Int64))
	c.Reset(4)
	ids := make([]uint32, 4)
	if err := rows.Append([]*batch.Column{c}, []uint64{1, 1, 2, 3}, nil, ids); err != nil {
		t.Fatal(err)
	}
	changes := &store.Changes{}
	rows.Seal()
	if _, err := rows.Drain(changes, math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	if err := memory.Apply(t.Context(), []*store.Changes{changes}); err != nil {
		t.Fatal(err)
	}
	if err := rows.Expel(ids[:3]); err != nil {
		t.Fatal(err)
	}
	there[3] = true
	if n := rows.Absent([]uint64{1, 2, 3, 1}); n != 2 {
		t.Errorf("%d are absent, want 2", n)
	}
}
