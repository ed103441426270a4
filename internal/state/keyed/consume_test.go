package keyed_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// consuming are signed rows of one number, and how many of each there should be.
type consuming struct {
	*spilling
	counts map[int64]int
	from   int64 // the least number that was not passed
}

func newConsuming(t *testing.T, at *store.Memory) *consuming {
	s := &spilling{t: t, budget: limit.New("test", 0), store: at}
	types := []schema.Type{schema.Of(schema.Int64)}
	s.rows = keyed.NewRows(&batch.Pool{}, types, 0, "top", s.budget)
	s.runs = keyed.NewRuns(keyed.RunsConfig{
		Name: "top", Pool: &batch.Pool{}, Budget: s.budget, Rows: s.rows, Types: types, Order: keyed.NewOrder(types, []keyed.Key{{Column: 0}}), Left: func() {}, Signed: true,
	})
	s.runs.Keep(keyed.Home{Space: runsSpace, To: math.MaxUint64})
	s.runs.Attach(at.Reader(), 0)
	return &consuming{spilling: s, counts: map[int64]int{}}
}

// change adds and takes back rows behind those that were passed.
func (c *consuming) change(random *rand.Rand, n int) {
	col := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	for range n {
		number := c.from + random.Int64N(300)
		minus := c.counts[number] > 0 && random.IntN(2) == 0
		if minus {
			c.counts[number]--
		} else {
			c.counts[number]++
		}
		col.Reset(1)
		col.Int64s()[0] = number
		ids := make([]uint32, 1)
		if err := c.rows.Append([]*batch.Column{col}, nil, nil, ids); err != nil {
			c.t.Fatal(err)
		}
		if minus {
			*c.rows.Mark(ids[0]) |= keyed.Minus
		}
	}
}

// consume passes all rows of n numbers, and checks how many there were.
func (c *consuming) consume(n int) {
	c.t.Helper()
	for range n {
		m, err := c.runs.Consume(0)
		if err != nil {
			c.t.Fatal(err)
		}
		cols, row, ok := m.Head()
		if !ok {
			c.end()
			return
		}
		number := cols[0].Int64s()[row]
		for ; c.from < number; c.from++ {
			if c.counts[c.from] != 0 {
				c.t.Fatalf("%d rows of %d are not there", c.counts[c.from], c.from)
			}
		}
		_, net, err := m.Net()
		if err != nil {
			c.t.Fatal(err)
		}
		if net != c.counts[number] {
			c.t.Fatalf("%d rows of %d, of %d", net, number, c.counts[number])
		}
		delete(c.counts, number)
		c.from = number + 1
	}
}

func (c *consuming) end() {
	c.runs.Stop()
	for number, n := range c.counts {
		if n != 0 {
			c.t.Fatalf("%d rows of %d are not there", n, number)
		}
	}
	if c.runs.Any() || c.runs.Len(0) != 0 {
		c.t.Fatal("there are runs left")
	}
}

// epoch ends an epoch.
func (c *consuming) epoch() {
	c.runs.Seal()
	changes := &store.Changes{}
	_, err := c.runs.Drain(changes, math.MaxInt64)
	if err == nil {
		err = c.store.Apply(context.Background(), []*store.Changes{changes})
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// TestRunsThatArePassedForGood: rows behind those that were passed come and go, runs are written and merged, and a restart knows where it stood.
func TestRunsThatArePassedForGood(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	c := newConsuming(t, store.NewMemory())
	for range 60 {
		c.change(random, 100)
		c.spill()
		if random.IntN(4) == 0 {
			c.change(random, 2000)
			c.spill()
		}
		c.consume(random.IntN(40))
		if random.IntN(3) == 0 {
			c.epoch()
		}
		if random.IntN(5) == 0 {
			c.epoch()
			next := newConsuming(t, c.store)
			next.counts, next.from = c.counts, c.from
			if err := next.runs.Admit(c.index()); err != nil {
				t.Fatal(err)
			}
			c.runs.Stop()
			if used := c.budget.Used(); used != 0 {
				t.Fatalf("%d bytes are in use", used)
			}
			c = next
		}
	}
	for c.runs.Any() {
		c.consume(1000)
	}
	c.epoch()
	err := c.store.Reader().Scan(runsSpace, 0, math.MaxUint64, func(slice int64, hash uint64, _, _ []byte) error {
		t.Errorf("slice %d has %x still", slice, hash)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
