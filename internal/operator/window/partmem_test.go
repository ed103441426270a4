package window_test

import (
	"runtime"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// TestWindowsReserveWhatTheirPartsTake: what many windows of one row take in memory, each with a part of its own since a barrier, is about what is reserved, and is given back with them.
func TestWindowsReserveWhatTheirPartsTake(t *testing.T) {
	const windows = 500
	for name, calls := range map[string][]aggregate.Call{
		"count":    {call(t, "count")},
		"distinct": {distinct(call(t, "count", colOther))},
		"ordered":  {ordered(call(t, "array_agg", colNumber))},
		"all":      {call(t, "count"), distinct(call(t, "count", colOther)), distinct(call(t, "sum", colNumber)), ordered(call(t, "array_agg", colNumber))},
	} {
		for _, emission := range []window.Emission{window.OnClose, window.OnUpdate} {
			for _, kept := range []bool{false, true} {
				budget := limit.New("test", 0)
				c := window.Config{Start: colStart, End: colEnd, Emission: emission}
				c.Name, c.Types, c.Keys, c.Calls = "windows 1", windowTypes(), []int{colKey}, calls
				a, err := window.NewAggregate(&batch.Pool{}, budget, c)
				if err != nil {
					t.Fatal(err)
				}
				if kept {
					for _, part := range a.Kept() {
						part.Keep(keyed.Home{To: 1<<64 - 1})
					}
				}
				var rows [][]any
				for i := range windows {
					rows = append(rows, []any{i, i + 10000, "k", i, i, true})
				}
				in, out := optest.Make(windowTypes(), rows...), op.NewOutput(1)
				before := allocated()
				if _, err := a.Apply(in, out); err != nil {
					t.Fatal(err)
				}
				if _, err := a.OnBarrier(1, out); err != nil {
					t.Fatal(err)
				}
				took, reserved := (allocated()-before)/windows, budget.Used()/windows
				if reserved < took*3/4 || reserved > took*3/2 {
					t.Errorf("%s, emission %d, kept %t: a window takes %d bytes, and %d are reserved", name, emission, kept, took, reserved)
				}
				for more := true; more; {
					out.Reset()
					if more, err = a.OnEnd(out); err != nil {
						t.Fatal(err)
					}
				}
				if budget.Used() > 64<<10 {
					t.Errorf("%s, emission %d, kept %t: %d bytes are still reserved", name, emission, kept, budget.Used())
				}
				runtime.KeepAlive(in)
			}
		}
	}
}

// allocated is how many bytes of the heap are in use.
func allocated() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // less than 2^63
}
