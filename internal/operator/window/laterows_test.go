package window_test

import (
	"strconv"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// TestLateRowsOfWindowsThatAreGone: rows that come too late for a window of the batch before, which is gone by now, load nothing, and leave what other rows of their batch load as it is.
func TestLateRowsOfWindowsThatAreGone(t *testing.T) {
	for _, late := range []int{1, 3} {
		t.Run(strconv.Itoa(late), func(t *testing.T) {
			c := window.Config{Start: colStart, End: colEnd, Emission: window.OnUpdate}
			c.Name, c.Types, c.Keys = "windows 1", windowTypes(), []int{colKey}
			c.Calls = []aggregate.Call{call(t, "count")}
			a, err := window.NewAggregate(&batch.Pool{}, limit.New("test", 0), c)
			if err != nil {
				t.Fatal(err)
			}
			stored, out := optest.StoreLow(a, 0), op.NewOutput(1)
			var rows []string
			do := func(in *batch.Batch, f func(*op.Output) (bool, error)) {
				for more := true; more; {
					if err := stored.Load(0, in); err != nil {
						t.Fatal(err)
					}
					out.Reset()
					var err error
					if more, err = f(out); err != nil {
						t.Fatal(err)
					}
					if b := out.Ports[0]; b != nil {
						rows = append(rows, sdktest.Rows(b)...)
					}
				}
			}
			pass := func(in *batch.Batch) {
				do(in, func(out *op.Output) (bool, error) { return a.Apply(in, out) })
				do(nil, a.OnFlush)
			}
			pass(optest.Make(windowTypes(), []any{20, 30, "b", 0, 0, nil}, []any{0, 10, "a", 0, 0, nil}))
			if err := stored.Evict(0, true); err != nil {
				t.Fatal(err)
			}
			do(nil, func(out *op.Output) (bool, error) { return a.OnWatermark(15, out) })
			list := [][]any{{20, 30, "b", 0, 0, nil}}
			for range late {
				list = append(list, []any{0, 10, "a", 0, 0, nil})
			}
			rows = nil
			pass(optest.Make(windowTypes(), list...))
			if len(rows) != 2 {
				t.Errorf("%v: want the update of b from 1 to 2", rows)
			}
		})
	}
}
