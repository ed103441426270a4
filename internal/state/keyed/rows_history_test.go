package keyed

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// chain are the rows of a hash, in their order: what each has, and its mark.
type chain []modelRow

type modelRow struct {
	value int64
	mark  uint8
}

// chained are rows in chains by hash, of which whole chains leave memory, beside a model of them.
type chained struct {
	*Rows
	t        *testing.T
	random   *rand.Rand
	budget   *limit.Budget
	store    *store.Memory
	resident map[uint64][]uint32 // the numbers of the rows of a hash, in their order
	want     map[uint64]chain
	sealed   map[uint64]chain
	changes  *store.Changes // of the sealed epoch, nil when it is stored
	next     int64
	hashes   int
	label    []byte
	nested   bool
	// keys are all keys there are, where hashes follow from columns, and of their hashes; else nil.
	keys []*batch.Column
	of   []uint64
}

func (c *chained) must(err error) {
	if err != nil {
		c.t.Helper()
		c.t.Fatal(err)
	}
}

// open begins with no rows in memory.
func (c *chained) open() {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	if c.nested {
		types = append(types, schema.ArrayOf(schema.Of(schema.Int64)))
	}
	var hashed []int
	for i := range c.keys {
		hashed = append(hashed, len(types))
		types = append(types, c.keys[i].Type())
	}
	c.resident = map[uint64][]uint32{}
	c.Rows = NewRows(&batch.Pool{}, types, 0, "test", c.budget)
	c.SetExtras(Extras{
		Has: func(hash uint64) bool { return len(c.resident[hash]) > 0 },
		Loaded: func(ids []uint32) error {
			for _, id := range ids {
				hash := c.HashOf(id)
				c.resident[hash] = append(c.resident[hash], id)
			}
			return nil
		},
		Hashed: hashed,
	})
	c.SetSlice(0, c.label)
	c.Keep(Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
	c.Attach(c.store.Reader(), 0)
}

// makeKeys makes keys of two columns, the first of which is NULL of one key.
func (c *chained) makeKeys() {
	for _, kind := range []schema.Kind{schema.Int64, schema.Date} {
		col := batch.NewColumn(&batch.Pool{}, schema.Of(kind))
		col.Reset(c.hashes)
		c.keys = append(c.keys, col)
	}
	for n := range c.hashes {
		c.keys[0].Int64s()[n], c.keys[1].Int32s()[n] = c.random.Int64(), int32(n) //nolint:gosec // few
	}
	c.keys[0].SetNull(0)
	c.of = hashColumns(nil, c.keys, nil, c.hashes)
}

// hash is one of few: of two key groups, or those of keys.
func (c *chained) hash() uint64 {
	n := uint64(c.random.IntN(c.hashes)) //nolint:gosec // not negative
	if c.of != nil {
		return c.of[n]
	}
	return n<<63 | n
}

func (c *chained) load(hashes ...uint64) {
	c.must(c.Load(hashes, [Groups / 64]uint64{}))
}

func (c *chained) append(n int) {
	var cols []*batch.Column
	for _, t := range c.types {
		col := batch.NewColumn(&batch.Pool{}, t)
		col.Reset(n)
		cols = append(cols, col)
	}
	hashes, ids := make([]uint64, n), make([]uint32, n)
	var rows []uint16 // the keys
	one := c.hash()
	for i := range n {
		if hashes[i] = one; c.random.IntN(2) == 0 {
			hashes[i] = c.hash()
		}
		c.load(hashes[i])
		c.next++
		cols[0].Int64s()[i] = c.next
		cols[1].SetBytes(i, fmt.Appendf(nil, "%*d", c.random.IntN(20), c.next))
		rows = append(rows, uint16(max(0, slices.Index(c.of, hashes[i])))) //nolint:gosec // few
	}
	for k, key := range c.keys {
		col := cols[len(cols)-len(c.keys)+k]
		col.Reset(0)
		appendRows(col, key, rows)
	}
	c.must(c.Append(cols, hashes, nil, ids))
	for i, id := range ids {
		c.resident[hashes[i]] = append(c.resident[hashes[i]], id)
		c.want[hashes[i]] = append(c.want[hashes[i]], modelRow{value: cols[0].Int64s()[i]})
	}
}

// remove removes about one row in share of a chain.
func (c *chained) remove(hash uint64, share int) {
	c.load(hash)
	var gone, left []uint32
	var rows chain
	for i, id := range c.resident[hash] {
		if c.random.IntN(share) == 0 {
			gone = append(gone, id)
		} else {
			left, rows = append(left, id), append(rows, c.want[hash][i])
		}
	}
	c.must(c.Delete(gone))
	c.put(hash, left, rows)
}

func (c *chained) put(hash uint64, ids []uint32, rows chain) {
	c.resident[hash], c.want[hash] = ids, rows
	if len(ids) == 0 {
		delete(c.resident, hash)
		delete(c.want, hash)
	}
}

// mark changes the marks of some rows of a chain.
func (c *chained) mark(hash uint64) {
	c.load(hash)
	var ids []uint32
	rows := slices.Clone(c.want[hash])
	for i, id := range c.resident[hash] {
		if c.random.IntN(4) == 0 {
			ids = append(ids, id)
			rows[i].mark = uint8(c.random.Uint32()) //nolint:gosec // any
		}
	}
	c.must(c.Touch(ids))
	for i, id := range c.resident[hash] {
		*c.Mark(id) = rows[i].mark
	}
	if len(rows) > 0 {
		c.want[hash] = rows
	}
}

// evict has chains leave that are stored as they are.
func (c *chained) evict() {
	for hash, ids := range c.resident {
		if c.random.IntN(3) > 0 || slices.ContainsFunc(ids, func(id uint32) bool { return !c.Clean(id, c.changes == nil) }) {
			continue
		}
		delete(c.resident, hash)
		c.must(c.Expel(ids))
	}
}

// compareStored compares what is stored with a model.
func (c *chained) compareStored(want map[uint64]chain) {
	c.t.Helper()
	got := map[uint64]chain{}
	err := c.store.Reader().Scan(store.Space{Operator: 1}, 0, math.MaxUint64, func(_ int64, hash uint64, _, value []byte) error {
		in := &reader{what: "test", data: value[1:]}
		col := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
		col.Reset(1)
		in.value(col, 0)
		got[hash] = append(got[hash], modelRow{value: col.Int64s()[0], mark: value[0]})
		return in.err
	})
	c.must(err)
	if !maps.EqualFunc(got, want, slices.Equal[chain]) {
		c.t.Fatalf("stored are %d chains, of %d, or others", len(got), len(want))
	}
}

// check compares what is in memory with the model.
func (c *chained) check() {
	for hash, ids := range c.resident {
		last := uint64(0)
		for i, id := range ids {
			cols, row := c.Row(id)
			number := c.NumberOf(id)
			if got := (modelRow{cols[0].Int64s()[row], *c.Mark(id)}); got != c.want[hash][i] || number <= last || c.HashOf(id) != hash {
				c.t.Fatalf("row %d of hash %x is %v with number %d behind %d, and should be %v", i, hash, got, number, last, c.want[hash][i])
			}
			last = number
		}
	}
}

func (c *chained) apply(changes *store.Changes) {
	c.must(c.store.Apply(c.t.Context(), []*store.Changes{changes}))
	changes.Reset()
}

func (c *chained) step(all bool) {
	for c.changes != nil {
		more, err := c.Drain(c.changes, c.random.Int64N(1<<14))
		c.must(err)
		if !more {
			c.apply(c.changes)
			c.changes = nil
			c.compareStored(c.sealed)
		}
		if !all {
			return
		}
	}
}

// restore begins anew from the last epoch that was stored.
func (c *chained) restore() {
	c.step(true)
	c.Free()
	c.want = maps.Clone(c.sealed)
	c.open()
	var e Entries
	pass := c.random.IntN(2) == 0
	give := func() {
		if pass {
			c.must(c.Pass(&e))
		} else {
			c.must(c.Admit(&e))
		}
		e.Reset()
	}
	last := uint64(0)
	c.must(c.store.Reader().Scan(store.Space{Operator: 1}, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
		if hash != last && c.random.IntN(2) == 0 {
			give()
			pass = c.random.IntN(2) == 0
		}
		last = hash
		e.Slices, e.Hashes = append(e.Slices, slice), append(e.Hashes, hash)
		e.Keys, e.Values = append(e.Keys, bytes.Clone(key)), append(e.Values, bytes.Clone(value))
		return nil
	}))
	give()
}

// TestRowsInChainsThatLeave: rows of a hash stay in their order and as they are, wherever they are put in the place of others, leave memory, come back, or are restored.
func TestRowsInChainsThatLeave(t *testing.T) {
	for seed := range uint64(16) {
		random := rand.New(rand.NewPCG(seed, 3))
		c := &chained{
			t: t, random: random, budget: limit.New("test", limit.Unlimited), store: store.NewMemory(), want: map[uint64]chain{}, sealed: map[uint64]chain{}, hashes: 1 << (1 + random.IntN(6)),
			nested: seed%4 == 3, label: [][]byte{nil, []byte("of some")}[seed%2],
		}
		if seed >= 8 {
			c.makeKeys()
		}
		c.open()
		for range 250 {
			switch random.IntN(16) {
			case 0, 1:
				c.step(true)
				c.sealed = maps.Clone(c.want)
				c.Seal()
				c.changes = &store.Changes{}
			case 2, 3:
				c.step(false)
			case 4, 5:
				c.evict()
			case 6:
				if random.IntN(5) == 0 {
					c.restore()
				}
			case 7:
				c.step(true)
				changes := &store.Changes{}
				for more := true; more; {
					more = c.Spill(changes, 1+random.Int64N(1<<14))
					c.apply(changes)
				}
				c.compareStored(c.want)
				if random.IntN(3) == 0 {
					c.must(c.Depart())
					clear(c.resident)
				}
				c.sealed = maps.Clone(c.want)
			case 8:
				if random.IntN(12) == 0 {
					c.Free()
					clear(c.resident)
					clear(c.want)
				}
			case 9, 10, 11:
				if c.Len() > 3000 {
					for _, hash := range slices.Sorted(maps.Keys(c.want)) {
						c.remove(hash, 1+random.IntN(3))
					}
				}
			case 12:
				c.mark(c.hash())
			default:
				c.append(1 + random.IntN(900))
			}
			c.check()
		}
		c.step(true)
		for _, hash := range slices.SortedFunc(maps.Keys(c.want), cmp.Compare) {
			c.load(hash)
			if len(c.resident[hash]) != len(c.want[hash]) {
				t.Fatalf("%d rows of hash %x came back, of %d", len(c.resident[hash]), hash, len(c.want[hash]))
			}
		}
		c.check()
		c.Free()
		if used := c.budget.Used(); used != c.kept.bytes {
			t.Errorf("%d bytes are reserved, and %d known", used, c.kept.bytes)
		}
	}
}
