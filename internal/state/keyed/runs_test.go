package keyed_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// spilling are rows of a key and a number that leave memory.
type spilling struct {
	t      *testing.T
	budget *limit.Budget
	rows   *keyed.Rows
	runs   *keyed.Runs
	store  *store.Memory
	next   int64
}

var runsSpace = store.Space{Operator: 3, Table: 1}

func newSpilling(t *testing.T, at *store.Memory, low int64) *spilling {
	s := &spilling{t: t, budget: limit.New("test", 0), store: at}
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64)}
	s.rows = keyed.NewRows(&batch.Pool{}, types, 0, "sort", s.budget)
	s.runs = keyed.NewRuns(keyed.RunsConfig{
		Name: "sort", Pool: &batch.Pool{}, Budget: s.budget, Rows: s.rows, Types: types, Order: keyed.NewOrder(types, []keyed.Key{{Column: 0}}), Left: func() {},
	})
	s.runs.Keep(keyed.Home{Space: runsSpace, To: math.MaxUint64})
	s.runs.Attach(at.Reader(), low)
	return s
}

// add adds n rows, with keys below spread.
func (s *spilling) add(random *rand.Rand, n, spread int) {
	cols := []*batch.Column{batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64)), batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))}
	for _, c := range cols {
		c.Reset(n)
	}
	for i := range n {
		cols[0].Int64s()[i], cols[1].Int64s()[i] = random.Int64N(int64(spread)), s.next
		s.next++
	}
	if err := s.rows.Append(cols, nil, nil, make([]uint32, n)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *spilling) spill() {
	s.t.Helper()
	for more := true; more; {
		changes := &store.Changes{}
		var err error
		if more, err = s.runs.SpillSome(changes, 2000); err == nil {
			err = s.store.Apply(context.Background(), []*store.Changes{changes})
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// merged returns the numbers of all rows in the order of the runs, and checks the keys.
func (s *spilling) merged() (numbers []int64, err error) {
	m, err := s.runs.Merge(0)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	out := []*batch.Column{batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64)), batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))}
	last, lastNumber := int64(math.MinInt64), int64(0)
	for done := false; !done; {
		var n int
		if n, done, err = m.Next(out, 1000, nil); err != nil {
			return nil, err
		}
		for i, number := range out[1].Int64s()[:n] {
			key := out[0].Int64s()[i]
			if key < last || key == last && number < lastNumber {
				s.t.Fatalf("row %d with key %d comes after row %d with key %d", number, key, lastNumber, last)
			}
			last, lastNumber = key, number
			numbers = append(numbers, number)
		}
	}
	return numbers, nil
}

func (s *spilling) check() {
	s.t.Helper()
	numbers, err := s.merged()
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Sort(numbers)
	if int64(len(numbers)) != s.next || s.runs.Len(0) != s.next {
		s.t.Fatalf("%d rows, of %d, and %d were counted", len(numbers), s.next, s.runs.Len(0))
	}
	for i, n := range numbers {
		if n != int64(i) {
			s.t.Fatalf("row %d is not there once", i)
		}
	}
}

// index returns what a restart reads.
func (s *spilling) index() *keyed.Entries {
	e := &keyed.Entries{}
	err := s.store.Reader().ScanSlice(runsSpace, s.runs.Index(), 0, math.MaxUint64, func(hash uint64, key, value []byte) error {
		e.Slices, e.Hashes = append(e.Slices, s.runs.Index()), append(e.Hashes, hash)
		e.Keys, e.Values = append(e.Keys, bytes.Clone(key)), append(e.Values, bytes.Clone(value))
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// TestManyRuns: hundreds of runs are merged into few, keep the order of equal rows, and are found again after restarts.
func TestManyRuns(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := newSpilling(t, store.NewMemory(), 0)
	for i := range 300 {
		s.add(random, 1+random.IntN(60), 50)
		s.spill()
		if i%50 == 49 {
			again := newSpilling(t, s.store, 0)
			if err := again.runs.Admit(s.index()); err != nil {
				t.Fatal(err)
			}
			again.next = s.next
			s = again
			s.check()
		}
	}
	if n := s.index().Len(); n > 12 {
		t.Errorf("%d runs are left", n)
	}
	if s.budget.Used() != 0 {
		t.Errorf("%d bytes are in use", s.budget.Used())
	}
	s.runs.Seal()
	changes := &store.Changes{}
	s.runs.Free()
	s.runs.Seal()
	if _, err := s.runs.Drain(changes, math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	if err := s.store.Apply(context.Background(), []*store.Changes{changes}); err != nil {
		t.Fatal(err)
	}
	err := s.store.Reader().Scan(runsSpace, 0, math.MaxUint64, func(slice int64, hash uint64, _, _ []byte) error {
		t.Errorf("slice %d has %x still", slice, hash)
		return nil
	})
	if err != nil || s.runs.Any() {
		t.Error(err)
	}
}

// TestSpillWithLittleMemory: what cannot be sorted at once becomes several runs.
func TestSpillWithLittleMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := newSpilling(t, store.NewMemory(), 0)
	for range 10 {
		s.add(random, 4000, 1000)
	}
	if s.runs.Tight() {
		t.Error("memory is tight, without a limit")
	}
	taken := int64(math.MaxInt64) - s.budget.Used() - 200_000
	if err := s.budget.Reserve(taken); err != nil {
		t.Fatal(err)
	}
	if !s.runs.Tight() {
		t.Error("memory is not tight")
	}
	s.spill()
	s.budget.Release(taken)
	s.check()
	if n := s.index().Len(); n < 2 {
		t.Errorf("%d runs", n)
	}
	s.add(random, 4000, 1000)
	taken = int64(math.MaxInt64) - s.budget.Used() - 1000
	if err := s.budget.Reserve(taken); err != nil {
		t.Fatal(err)
	}
	if _, err := s.runs.SpillSome(&store.Changes{}, 2000); err == nil || !s.runs.WantIf(err) {
		t.Error(err)
	}
	if s.runs.WantIf(errors.New("another")) {
		t.Error("any error is taken for one of memory")
	}
	if _, err := s.runs.Merge(0); err == nil {
		t.Error("a merge takes no memory")
	}
}

// TestDamagedRuns: a block that is not there or not what was written, and an entry of the index that says nothing.
func TestDamagedRuns(t *testing.T) {
	var corrupt *keyed.CorruptError
	for name, damage := range map[string]func(*store.Changes){
		"absent":  func(c *store.Changes) { c.Delete(runsSpace, 1, 1, nil) },
		"damaged": func(c *store.Changes) { c.Put(runsSpace, 1, 1, nil, []byte{3, 7}) },
		"empty":   func(c *store.Changes) { c.Put(runsSpace, 1, 1, nil, []byte{0, 1, 1}) },
	} {
		s := newSpilling(t, store.NewMemory(), 0)
		s.add(rand.New(rand.NewPCG(1, 2)), 200, 50)
		s.spill()
		changes := &store.Changes{}
		damage(changes)
		if err := s.store.Apply(context.Background(), []*store.Changes{changes}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.merged(); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := newSpilling(t, store.NewMemory(), 0)
	for _, value := range [][]byte{nil, {1, 0, 1, 1}, {0, 0, 1, 1, 1}, {1, 0, 1, 1, 1, 1}, {1, 0, 1, 2, 1, 2, 0, 0}, {1, 0, 1, 2, 1, 1, 1, 0}, {1, 0, 1, 2, 1, 1, 0, 255, 255, 1}} {
		e := &keyed.Entries{Slices: []int64{-1}, Hashes: []uint64{0}, Keys: [][]byte{make([]byte, 8)}, Values: [][]byte{value}}
		if err := s.runs.Admit(e); !errors.As(err, &corrupt) {
			t.Errorf("%x: %v", value, err)
		}
	}
	e := &keyed.Entries{Slices: []int64{-1}, Hashes: []uint64{0}, Keys: [][]byte{{1}}, Values: [][]byte{{1, 0, 1, 1, 1}}}
	if err := s.runs.Admit(e); !errors.As(err, &corrupt) {
		t.Error(err)
	}
}
