package keyed

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestHashesThatAreMadeAgain: where rows are hashed by columns of a few bytes their hashes take no memory.
func TestHashesThatAreMadeAgain(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text), schema.Of(schema.Float64)}
	for _, one := range []struct {
		extras Extras
		noted  bool
	}{
		{Extras{Hashed: []int{0}}, false},
		{Extras{Hashed: []int{0}, Ranged: true}, true},
		{Extras{Hashed: []int{0, 1}}, true},
		{Extras{Hashed: []int{2}}, true}, // equal ones may be written in two ways
		{Extras{}, true},
	} {
		r := NewRows(&batch.Pool{}, types, 0, "test", limit.New("test", limit.Unlimited))
		r.SetExtras(one.extras)
		r.Keep(Home{To: math.MaxUint64})
		if got := r.kept.hashes.noted != nil; got != one.noted {
			t.Errorf("%v: hashes are noted: %v", one.extras.Hashed, got)
		}
	}
}

// TestRowsOfAnotherHash: a row that is stored under a hash which its columns have not is damaged.
func TestRowsOfAnotherHash(t *testing.T) {
	open := func() *Rows {
		r := NewRows(&batch.Pool{}, []schema.Type{schema.Of(schema.Int64)}, 0, "test", limit.New("test", limit.Unlimited))
		r.SetExtras(Extras{Hashed: []int{0}})
		r.Keep(Home{To: math.MaxUint64})
		return r
	}
	col := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	col.Reset(3)
	copy(col.Int64s(), []int64{5, 6, 7})
	cols := []*batch.Column{col}
	r := open()
	if err := r.Append(cols, hashColumns(nil, cols, nil, 3), nil, make([]uint32, 3)); err != nil {
		t.Fatal(err)
	}
	r.Seal()
	changes, memory := &store.Changes{}, store.NewMemory()
	if _, err := r.Drain(changes, math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	if err := memory.Apply(t.Context(), []*store.Changes{changes}); err != nil {
		t.Fatal(err)
	}
	var e Entries
	if err := memory.Reader().Scan(store.Space{}, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
		e.Slices, e.Hashes, e.Keys, e.Values = append(e.Slices, slice), append(e.Hashes, hash), append(e.Keys, key), append(e.Values, value)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if r = open(); r.Admit(&e) != nil || r.Len() != 3 {
		t.Fatalf("%d rows came back, of 3", r.Len())
	}
	e.Hashes[1]++
	var corrupt *CorruptError
	if r = open(); !errors.As(r.Admit(&e), &corrupt) || r.Len() > 0 {
		t.Errorf("a row with the hash of another one came back: %v, %d rows", corrupt, r.Len())
	}
}

// TestHashesOfSnapshots: rows that were stored by key groups come back with the hashes that they are looked for by, whether these are made again or kept.
func TestHashesOfSnapshots(t *testing.T) {
	for _, kind := range []schema.Kind{schema.Int64, schema.Text} {
		open := func() *Rows {
			r := NewRows(&batch.Pool{}, []schema.Type{schema.Of(kind)}, 0, "test", limit.New("test", limit.Unlimited))
			r.SetExtras(Extras{Hashed: []int{0}})
			return r
		}
		col := batch.NewColumn(&batch.Pool{}, schema.Of(kind))
		col.Reset(300)
		for i := range col.Len() {
			if kind == schema.Text {
				col.SetBytes(i, fmt.Append(nil, "key ", i))
			} else {
				col.Int64s()[i] = int64(i)
			}
		}
		cols := []*batch.Column{col}
		old := open()
		if err := old.Append(cols, hashColumns(nil, cols, nil, col.Len()), nil, make([]uint32, col.Len())); err != nil {
			t.Fatal(err)
		}
		r := open()
		r.Keep(Home{To: math.MaxUint64})
		for g := range Groups {
			data, err := old.Snapshot(uint8(g)) //nolint:gosec // below Groups
			if err == nil && len(data) > 0 {
				var corrupt *CorruptError
				if err := open().Restore(uint8(g+1), data); !errors.As(err, &corrupt) { //nolint:gosec // modulo 256 is another one, too
					t.Fatalf("rows of another key group were taken: %v", err)
				}
				err = r.Restore(uint8(g), data) //nolint:gosec // below Groups
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if r.Len() != col.Len() {
			t.Fatalf("%d rows came back, of %d", r.Len(), col.Len())
		}
		for g := range Groups {
			for _, id := range r.AppendGroup(nil, uint8(g)) { //nolint:gosec // below Groups
				cols, row := r.Row(id)
				if want := hashColumns(nil, cols, []uint16{uint16(row)}, 1)[0]; r.HashOf(id) != want { //nolint:gosec // a row of a chunk
					t.Fatalf("a row has hash %x, its columns %x", r.HashOf(id), want)
				}
			}
		}
	}
}
