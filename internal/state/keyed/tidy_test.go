package keyed_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// textTable is a table of texts, which may leave memory.
type textTable struct {
	*keyed.Table
	t      *testing.T
	budget *limit.Budget
	cols   []*batch.Column
	hasher *keyed.Hasher
}

func newTextTable(t *testing.T, bytes, low int64) *textTable {
	pool, text := &batch.Pool{}, []schema.Type{schema.Of(schema.Text)}
	budget := limit.New("test", bytes)
	x := &textTable{t: t, budget: budget, cols: []*batch.Column{batch.NewColumn(pool, text[0])}, hasher: keyed.NewHasher([]int{0})}
	x.Table = keyed.NewTable(pool, text, "texts", budget)
	x.SetValues(keyed.Values{Leave: true})
	x.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
	x.Attach(store.NewMemory().Reader(), low)
	return x
}

func (x *textTable) put(text string) (slot uint32) {
	x.t.Helper()
	x.cols[0].Reset(1)
	x.cols[0].SetBytes(0, []byte(text))
	slots := make([]uint32, 1)
	if _, err := x.Upsert(x.hasher.Hash(&batch.Batch{Cols: x.cols, Len: 1}), x.cols, nil, slots); err != nil {
		x.t.Fatal(err)
	}
	return slots[0]
}

// drain writes all that was sealed.
func (x *textTable) drain(into *store.Changes) {
	x.t.Helper()
	for more := true; more; {
		var err error
		if more, err = x.Drain(into, math.MaxInt64); err != nil {
			x.t.Fatal(err)
		}
	}
}

// TestBytesOfDeletedKeysAreFreedLater: where there is no room to move the keys that are left, they are moved once there is, however many came meanwhile, and are what they were.
func TestBytesOfDeletedKeysAreFreedLater(t *testing.T) {
	const long, most, low = 30_000, 64 << 20, 8 << 20
	x := newTextTable(t, most, low)
	name := func(n int) string { return fmt.Sprintf("%06d", n) + strings.Repeat("-", 200) }
	slots := make([]uint32, long)
	for n := range long {
		slots[n] = x.put(name(n))
	}
	others := x.budget.Available() - low/2
	if err := x.budget.Reserve(others); err != nil {
		t.Fatal(err)
	}
	for n, slot := range slots {
		if n%3 == 0 {
			continue
		}
		if err := x.Delete(slot); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 2 * long {
		x.put(fmt.Sprint("short", n))
	}
	before := x.budget.Used()
	x.budget.Release(others)
	x.put("another")
	if freed := before - others - x.budget.Used(); freed < long/3*200 {
		t.Errorf("%d bytes were given back", freed)
	}
	for n := 0; n < long; n += 3 {
		if slot := x.put(name(n)); slot != slots[n] {
			t.Fatalf("key %d is in slot %d, and was in %d", n, slot, slots[n])
		}
	}
}

// TestPiled: entries that change again before they are drained wait to be, and are counted until they were.
func TestPiled(t *testing.T) {
	const keys = 1000
	x := newTextTable(t, 64<<20, 1<<20)
	slots := make([]uint32, keys)
	for n := range keys {
		slots[n] = x.put(fmt.Sprint(strings.Repeat("-", 200), n))
	}
	x.Seal()
	if n := x.Piled(); n != 0 {
		t.Errorf("%d bytes wait, and nothing has changed again", n)
	}
	if err := x.Touch(slots[:keys/2]); err != nil {
		t.Fatal(err)
	}
	if n := x.Piled(); n < keys/2*200 {
		t.Errorf("%d bytes wait once half of the keys have changed", n)
	}
	changes := &store.Changes{}
	x.drain(changes)
	if n := x.Piled(); n != 0 || changes.Len() != keys {
		t.Errorf("%d bytes wait when all is drained, %d entries", n, changes.Len())
	}
	if err := x.Delete(slots[0]); err != nil {
		t.Fatal(err)
	}
	if n := x.Piled(); n < 200 {
		t.Errorf("%d bytes wait once a key is deleted that the store has", n)
	}
}

// TestMemoryOfPilesIsGivenBack: what was written before its turn takes memory until it is drained, or spilled, and not until something changes again.
func TestMemoryOfPilesIsGivenBack(t *testing.T) {
	const keys, long = 1000, 200
	x := newTextTable(t, 64<<20, 1<<20)
	slots := make([]uint32, keys)
	for n := range keys {
		slots[n] = x.put(fmt.Sprint(strings.Repeat("-", long), n))
	}
	changes := &store.Changes{}
	x.Seal()
	if err := x.Touch(slots); err != nil {
		t.Fatal(err)
	}
	before := x.budget.Used()
	x.drain(changes)
	if freed := before - x.budget.Used(); freed < keys*long {
		t.Errorf("%d bytes were given back when all was drained", freed)
	}
	for _, slot := range slots[:keys/2] {
		if err := x.Delete(slot); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Touch(slots[keys/2:]); err != nil {
		t.Fatal(err)
	}
	x.put("another")
	before = x.budget.Used()
	for x.Spill(changes, math.MaxInt64) {
	}
	if freed := before - x.budget.Used(); freed < keys/2*long {
		t.Errorf("%d bytes were given back when all was spilled", freed)
	}
}
