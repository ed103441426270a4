package window_test

import (
	"errors"
	"fmt"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/state/store/storetest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// TestNothingIsLeftOfALoadThatFails: when the store cannot be read in the middle of a page, or of what rows need, the keys that were read leave memory again, with what is noted of them. Read again they are there, with all that
// they had.
func TestNothingIsLeftOfALoadThatFails(t *testing.T) {
	const groups = batch.MaxRows
	for _, byHash := range []bool{false, true} {
		for _, given := range []int{0, 10, groups - 10, groups + 10} {
			budget := limit.New("test", 1<<30)
			s := newRevisedCount(t, budget)
			var r *storetest.Reader
			stored := optest.StoreThrough(s, 64<<20, func(in store.Reader) store.Reader {
				r = &storetest.Reader{Reader: in}
				return r
			})
			of := func(start int) *batch.Batch {
				var rows [][]any
				for n := range groups {
					rows = append(rows, []any{start, start + 10, fmt.Sprintf("key %d", n), 0, 0, nil})
				}
				return optest.Make(slicedTypes(), rows...)
			}
			out := op.NewOutput(1)
			for _, start := range []int{10, 20} { // two cells each, of the windows that end then and 10 later
				applied(t, s, stored, out, of(start))
			}
			if err := stored.Evict(0, true); err != nil {
				t.Fatal(err)
			}
			before := budget.Used()
			in := of(20)
			answers, counted := 0, int64(0)
			answer := func(mark int64) (err error) {
				for more := true; more; {
					if err := stored.Load(0, nil); err != nil {
						return err
					}
					out.Reset()
					if more, err = s.OnWatermark(mark, out); err != nil {
						return err
					}
					if b := out.Ports[0]; b != nil {
						answers += b.Rows()
						for i := range b.Rows() {
							counted += b.Cols[3].Int64s()[b.Row(i)]
						}
					}
				}
				return nil
			}
			r.Fails, r.Left = true, given
			var err error
			if byHash {
				err = stored.Load(0, in)
			} else {
				err = answer(10)
			}
			if !errors.Is(err, storetest.ErrBroken) {
				t.Fatal(err)
			}
			r.Fails = false
			want := int64(3 * groups) // of two windows, one of both cells
			if byHash {
				want += groups
				applied(t, s, stored, out, in)
			}
			for _, mark := range []int64{10, 20} {
				if err := answer(mark); err != nil {
					t.Fatal(err)
				}
			}
			if err := stored.Evict(0, true); err != nil {
				t.Fatal(err)
			}
			if used := budget.Used(); used > before {
				t.Errorf("by hash %t, behind %d entries: %d bytes are reserved, and %d were when all had left memory before", byHash, given, used, before)
			}
			if answers != 2*groups || counted != want {
				t.Errorf("by hash %t, behind %d entries: %d answers, %d rows in them; want %d, %d", byHash, given, answers, counted, 2*groups, want)
			}
		}
	}
}

// applied gives an operator a batch.
func applied(t *testing.T, s *window.Revised, stored *optest.Stored, out *op.Output, in *batch.Batch) {
	t.Helper()
	if err := stored.Load(0, in); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		var err error
		out.Reset()
		if more, err = s.Apply(in, out); err != nil {
			t.Fatal(err)
		}
	}
}

// TestALoadForWhichThereIsNoRoom: where the budget has no room for what a load brings, at whatever point, it is refused with SQLSTATE 53200, and what it has brought leaves memory again, however far that was noted.
func TestALoadForWhichThereIsNoRoom(t *testing.T) {
	var rows [][]any
	for n := range 400 {
		rows = append(rows, []any{10, 20, fmt.Sprintf("key %d", n), 0, 0, nil})
	}
	in := optest.Make(slicedTypes(), rows...)
	for room, refused := int64(0), 0; ; room += 500 {
		budget := limit.New("test", 1<<30)
		s := newRevisedCount(t, budget)
		stored := optest.StoreLow(s, 64<<20)
		applied(t, s, stored, op.NewOutput(1), in)
		if err := stored.Evict(0, true); err != nil {
			t.Fatal(err)
		}
		if err := budget.Reserve(budget.Available() - room); err != nil {
			t.Fatal(err)
		}
		var full *sqlstate.Error
		switch err := stored.Load(0, in); {
		case err == nil && refused < 100:
			t.Fatalf("%d loads were refused", refused)
		case err == nil:
			return
		case !errors.As(err, &full) || full.Code != sqlstate.OutOfMemory:
			t.Fatalf("with room for %d bytes: %v", room, err)
		}
		refused++
	}
}

// newRevisedCount is a count by key in windows of 20 that begin every 10 and whose answers change.
func newRevisedCount(t *testing.T, budget *limit.Budget) *window.Revised {
	t.Helper()
	c := window.SlicedConfig{Shape: window.Shape{Kind: window.Hop, Size: 20, Every: 10}, TimeType: schema.Of(schema.TimestampTZ)}
	c.Start, c.End, c.Emission, c.Lateness = colStart, colEnd, window.OnClose, 1000
	c.Name, c.Types, c.Keys = "slices 1", slicedTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count")}
	s, err := window.NewRevised(&batch.Pool{}, budget, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
