package window_test

import (
	"fmt"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestPagesOfRevised: pages of a window of many groups that have left memory take the task's part of what pages may take, at its beginning, at its end, and when the window is answered again.
func TestPagesOfRevised(t *testing.T) {
	const low, groups = 8 << 20, 60_000
	for _, tasks := range []int{1, 4} {
		c := window.SlicedConfig{Shape: window.Shape{Kind: window.Hop, Size: 20, Every: 10}, TimeType: schema.Of(schema.TimestampTZ), Tasks: tasks}
		c.Start, c.End, c.Emission, c.Lateness = colStart, colEnd, window.OnClose, 1000
		c.Name, c.Types, c.Keys = "slices 1", slicedTypes(), []int{colKey}
		c.Calls = []aggregate.Call{call(t, "count")}
		budget := limit.New("test", 1<<30)
		s, err := window.NewRevised(&batch.Pool{}, budget, c)
		if err != nil {
			t.Fatal(err)
		}
		stored, out := optest.StoreLow(s, low), op.NewOutput(1)
		fillTask(t, s, stored, out, tasks, groups)
		for _, mark := range []int64{10, 20} {
			most := int64(0)
			for more := true; more; {
				before := budget.Used()
				if err := stored.Load(0, nil); err != nil {
					t.Fatal(err)
				}
				most = max(most, budget.Used()-before)
				out.Reset()
				if more, err = s.OnWatermark(mark, out); err != nil {
					t.Fatal(err)
				}
			}
			if want := int64(low / 4 / tasks); most > want*3 {
				t.Errorf("watermark %d, %d tasks: a page takes %d bytes, should be about %d", mark, tasks, most, want)
			}
			if err := stored.Evict(0, true); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// fillTask gives a window so many groups of the first of tasks, and has them leave memory.
func fillTask(t *testing.T, s *window.Revised, stored *optest.Stored, out *op.Output, tasks, groups int) {
	t.Helper()
	h := keyed.NewHasher([]int{colKey})
	for from, total := 0, 0; total < groups; from += batch.MaxRows {
		var rows [][]any
		for n := from; n < from+batch.MaxRows; n++ {
			rows = append(rows, []any{10, 20, fmt.Sprintf("%0200d", n), 0, 0, nil})
		}
		in := optest.Make(slicedTypes(), rows...)
		var sel []uint16
		for i, x := range h.Hash(in) {
			if int(op.GroupOf(x)) < 256/tasks {
				sel = append(sel, uint16(i))
			}
		}
		var v batch.Batch
		v.View(in, sel)
		total += len(sel)
		if err := stored.Load(0, &v); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Apply(&v, out); err != nil {
			t.Fatal(err)
		}
		if err := stored.Evict(0, true); err != nil {
			t.Fatal(err)
		}
	}
}
