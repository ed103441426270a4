package keyed_test

import (
	"bytes"
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// crowd is rows that are all of one hash, whose owner says whether the hash is in memory by whether rows of it are.
type crowd struct {
	*keyed.Rows
	budget *limit.Budget
	most   int // rows that were put in at once
}

const (
	crowdHash = uint64(1) << 60
	crowdRows = 300
	crowdText = 2 << 10
)

// storeCrowd stores rows of so many bytes.
func storeCrowd(t *testing.T, row int) *store.Memory {
	t.Helper()
	in := store.NewMemory()
	c := newCrowd(in, limit.New("test", 0))
	col := []*batch.Column{batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))}
	for range crowdRows {
		col[0].Reset(1)
		col[0].SetBytes(0, bytes.Repeat([]byte{'x'}, row))
		if err := c.Append(col, []uint64{crowdHash}, nil, make([]uint32, 1)); err != nil {
			t.Fatal(err)
		}
	}
	changes := &store.Changes{}
	for c.Spill(changes, math.MaxInt64) {
	}
	if err := in.Apply(t.Context(), []*store.Changes{changes}); err != nil {
		t.Fatal(err)
	}
	return in
}

// unreadCrowd are the rows of a store, all unread.
func unreadCrowd(in *store.Memory, budget *limit.Budget) *crowd {
	c := newCrowd(in, budget)
	c.Postpone(0)
	return c
}

func newCrowd(in *store.Memory, budget *limit.Budget) *crowd {
	c := &crowd{budget: budget}
	c.Rows = keyed.NewRows(&batch.Pool{}, []schema.Type{schema.Of(schema.Text)}, 0, "crowd", c.budget)
	c.SetExtras(keyed.Extras{
		Has:      func(uint64) bool { return c.Len() > 0 },
		Postpone: true,
		Loaded: func(ids []uint32) error {
			c.most = max(c.most, len(ids))
			return nil
		},
	})
	c.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
	c.Attach(in.Reader(), 0)
	return c
}

// TestRowsOfOneHashComeBackInParts: however many rows one hash has, few are copied at once when they are loaded, and all come.
func TestRowsOfOneHashComeBackInParts(t *testing.T) {
	for _, row := range []int{crowdText, 100 << 10} {
		for name, load := range map[string]func(*crowd) error{
			"by hash":  func(c *crowd) error { return c.Load([]uint64{crowdHash}, [keyed.Groups / 64]uint64{}) },
			"by range": func(c *crowd) error { return c.LoadRange(0, math.MaxUint64) },
		} {
			c := unreadCrowd(storeCrowd(t, row), limit.New("test", 0))
			if err := load(c); err != nil {
				t.Fatal(err)
			}
			if c.Len() != crowdRows || c.most*row > 128<<10 {
				t.Errorf("%s: %d rows of %d bytes, of which %d came at once", name, c.Len(), row, c.most)
			}
		}
	}
}

// TestCopiesOfOneHashAreReserved: what is read on of a hash with many rows is copied at once, and so reserved; where there is no room for that it stays unread, and is loaded in parts when it is asked for.
func TestCopiesOfOneHashAreReserved(t *testing.T) {
	in := storeCrowd(t, crowdText)
	c, loaded := unreadCrowd(in, limit.New("test", 0)), unreadCrowd(in, limit.New("test", 0))
	if err := loaded.Load([]uint64{crowdHash}, [keyed.Groups / 64]uint64{}); err != nil {
		t.Fatal(err)
	}
	if more, err := c.ReadOn(1, false); more || err != nil || c.Len() != crowdRows {
		t.Fatalf("%d rows, more: %t, %v", c.Len(), more, err)
	}
	if used := loaded.budget.Used(); c.budget.Used() > used+1024 || c.budget.Peak() < used+crowdRows*crowdText/2 {
		t.Errorf("%d bytes are in use, %d were at most; loaded in parts they are %d", c.budget.Used(), c.budget.Peak(), used)
	}
	for _, pass := range []bool{false, true} {
		left := int64(200 << 10) // enough for no more than a part
		full := limit.New("test", loaded.budget.Used()+left)
		c := unreadCrowd(in, full)
		if err := full.Reserve(loaded.budget.Used()); err != nil {
			t.Fatal(err)
		}
		if more, err := c.ReadOn(1, pass); more || err != nil || c.Len() != 0 || full.Available() != left {
			t.Errorf("pass %t: %d rows, more: %t, %v; %d bytes are left of %d", pass, c.Len(), more, err, full.Available(), left)
		}
		full.Release(loaded.budget.Used())
		if err := c.Load([]uint64{crowdHash}, [keyed.Groups / 64]uint64{}); err != nil || c.Len() != crowdRows {
			t.Errorf("pass %t: %d rows: %v", pass, c.Len(), err)
		}
	}
}
