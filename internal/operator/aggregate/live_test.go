package aggregate_test

import (
	"errors"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// TestLiveGroupsAreReserved: a sweep that looks for values which expired groups have left knows the numbers of all other groups of the key group. Those take memory of the budget, are refused where there is no room, and are given
// back.
func TestLiveGroupsAreReserved(t *testing.T) {
	const groups, ttl = 4 * batch.MaxRows, 1_000_000
	for _, tight := range []bool{true, false} {
		config := aggregate.Config{Name: "aggregate 1", Types: types(), Keys: []int{keyInt}, Changes: true, TTL: ttl, Calls: []aggregate.Call{distinct(call(t, "count", argInt))}}
		budget := limit.New("test", 1<<30)
		o, out := aggregate.New(&batch.Pool{}, budget, config), op.NewOutput(1)
		now := func(micros int64) (err error) {
			for more := true; more && err == nil; {
				out.Reset()
				more, err = o.OnTime(micros, out)
			}
			return err
		}
		var err error
		feed := func(micros int64, keys []int) {
			if err = now(micros); err != nil {
				t.Fatal(err)
			}
			for from := 0; from < len(keys); from += batch.MaxRows {
				var rows [][]any
				for _, key := range keys[from:min(from+batch.MaxRows, len(keys))] {
					rows = append(rows, row(key, 1))
				}
				for more := true; more; {
					out.Reset()
					if more, err = o.Apply(optest.Make(types(), rows...), out); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err = now(micros); err != nil { // tells of all
				t.Fatal(err)
			}
		}
		keys := inOneGroup(groups + 1)
		feed(1, keys[:1])
		feed(ttl*9/10, keys[1:])
		if tight {
			// Less is left than half of what their numbers take.
			if err := budget.Reserve(budget.Available() - 64<<10); err != nil {
				t.Fatal(err)
			}
		}
		before := budget.Used()
		for micros := int64(ttl * 11 / 10); err == nil && micros < ttl*18/10; micros += ttl / 100 {
			err = now(micros)
		}
		var full *sqlstate.Error
		if refused := errors.As(err, &full) && full.Code == sqlstate.OutOfMemory; refused != tight || !tight && err != nil {
			t.Errorf("tight %t: %v", tight, err)
		}
		if used := budget.Used(); !tight && used > before+8*groups/2 { // other state has changed, too
			t.Errorf("%d bytes were reserved before the sweep, and %d are behind it", before, used)
		}
	}
}

// inOneGroup are so many keys of one key group.
func inOneGroup(n int) (keys []int) {
	h := keyed.NewHasher([]int{keyInt})
	for from := 0; len(keys) < n; from += batch.MaxRows {
		in := optest.Make(types()[:1])
		in.Len = batch.MaxRows
		in.Cols[0].Reset(in.Len)
		values := in.Cols[0].Int64s()
		for i := range values {
			values[i] = int64(from + i)
		}
		for i, hash := range h.Hash(in) {
			if op.GroupOf(hash) == 0 && len(keys) < n {
				keys = append(keys, from+i)
			}
		}
	}
	return keys
}
