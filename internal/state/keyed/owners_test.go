package keyed_test

import (
	"errors"
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/state/store/storetest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// owned are keys with values of their own and a row each, all of which may leave memory.
type owned struct {
	*keyed.Owners
	rows   *keyed.Listed
	table  *keyed.Table
	roots  map[uint32]uint32 // by the slot of the key
	budget *limit.Budget
	reader *storetest.Reader
}

// First and Next make the row of a key the only one of its list.
func (*owned) First(root uint32) uint32 { return root }

func (*owned) Next(uint32) uint32 { return keyed.NoRow }

const ownedKeys = 50_000

// newOwned makes so many keys, some of which have left memory.
func newOwned(t *testing.T) *owned {
	t.Helper()
	pool, types, in := &batch.Pool{}, []schema.Type{schema.Of(schema.Int64)}, store.NewMemory()
	o := &owned{roots: map[uint32]uint32{}, budget: limit.New("test", 1<<30), reader: &storetest.Reader{Reader: in.Reader()}}
	o.table = keyed.NewTable(pool, types, "owners", o.budget)
	rows := keyed.NewRows(pool, types, 0, "owners", o.budget)
	o.rows = keyed.NewListed(keyed.ListedConfig{
		Rows: rows, Table: o.table, Lists: o, Owned: true, Free: func() {},
		Root: func(slot uint32) (uint32, bool) { return o.roots[slot], true },
	})
	o.Owners = keyed.NewOwners(o.rows)
	o.table.SetValues(keyed.Values{
		Append: func(dst []byte, _ uint32) []byte { return dst }, Restore: func(uint32, []byte) error { return nil },
		Leave: true, Free: o.rows.Leaves, Vacate: func() {},
	})
	rows.SetExtras(keyed.Extras{Has: o.rows.Present, Loaded: func([]uint32) error { return nil }})
	for i, part := range []keyed.Evictable{o.Owners, o.rows} {
		part.Keep(keyed.Home{Space: store.Space{Operator: 1, Table: uint8(i)}, To: math.MaxUint64}) //nolint:gosec // two
		part.Attach(o.reader, 0)
	}
	col := batch.NewColumn(pool, types[0])
	for from := 0; from < ownedKeys; from += batch.MaxRows {
		n := min(batch.MaxRows, ownedKeys-from)
		col.Reset(n)
		for i := range n {
			col.Int64s()[i] = int64(from + i)
		}
		hashes, slots, ids := keyed.NewHasher([]int{0}).Hash(&batch.Batch{Cols: []*batch.Column{col}, Len: n}), make([]uint32, n), make([]uint32, n)
		if _, err := o.table.Upsert(hashes, []*batch.Column{col}, nil, slots); err != nil {
			t.Fatal(err)
		}
		if err := rows.Append([]*batch.Column{col}, hashes, nil, ids); err != nil {
			t.Fatal(err)
		}
		for i, slot := range slots {
			o.roots[slot] = ids[i]
		}
	}
	changes := &store.Changes{}
	for o.Spill(changes, math.MaxInt64) {
	}
	if err := in.Apply(t.Context(), []*store.Changes{changes}); err != nil {
		t.Fatal(err)
	}
	if evicted, err := o.Evict(1000, true); err != nil || evicted == 0 || evicted > ownedKeys/4 {
		t.Fatal(evicted, err)
	}
	return o
}

// allGroups are all key groups.
func allGroups() (all [keyed.Groups / 64]uint64) {
	for i := range all {
		all[i] = math.MaxUint64
	}
	return all
}

// TestKeysThatWereThereAreReserved: while keys and then their rows are loaded, which keys were there before takes memory of the budget; it is given back when the rows are there.
func TestKeysThatWereThereAreReserved(t *testing.T) {
	o := newOwned(t)
	if err := o.Load(nil, allGroups()); err != nil {
		t.Fatal(err)
	}
	between := o.budget.Used()
	if err := o.rows.Load(nil, allGroups()); err != nil {
		t.Fatal(err)
	}
	if back, least := between-o.budget.Used(), int64(8*ownedKeys*3/4); back < least {
		t.Errorf("%d bytes were given back when the rows were loaded, want %d for the hashes of keys", back, least)
	}
	if o.table.Len() != ownedKeys || o.rows.Len() != ownedKeys {
		t.Errorf("%d keys and %d rows are there", o.table.Len(), o.rows.Len())
	}
}

// TestNothingIsKeptOfKeysThatCannotBeLoaded: neither where the store cannot be read nor where there is no room for what must be known is memory left that is reserved.
func TestNothingIsKeptOfKeysThatCannotBeLoaded(t *testing.T) {
	o := newOwned(t)
	before := o.budget.Used()
	o.reader.Fails = true
	if err := o.Load(nil, allGroups()); !errors.Is(err, storetest.ErrBroken) {
		t.Fatal(err)
	}
	if used := o.budget.Used(); used > before {
		t.Errorf("%d bytes more are reserved when the store could not be read", used-before)
	}
	o.reader.Fails = false
	full := o.budget.Available() - 64<<10
	if err := o.budget.Reserve(full); err != nil {
		t.Fatal(err)
	}
	if err := o.Load(nil, allGroups()); err == nil {
		t.Fatal("there was room")
	}
	if used := o.budget.Used() - full; used > before {
		t.Errorf("%d bytes more are reserved when there was no room", used-before)
	}
}
