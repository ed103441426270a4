package window_test

import (
	"fmt"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestPagesOfManyTasks: pages are as large at the end of a window as at its beginning, and what tasks read of a window that they answer at the same time takes no more, all together, than what one reads: each of several has smaller pages.
func TestPagesOfManyTasks(t *testing.T) {
	const tasks = 4
	one, last := answerPages(t, 1)
	if last > one*3/2 {
		t.Errorf("a page takes %d bytes, and %d where what was answered is gone", one, last)
	}
	several, last := answerPages(t, tasks)
	if several*tasks > one*3/2 || last*tasks > one*3/2 {
		t.Errorf("a page takes %d bytes in one task, and %d and %d in each of %d", one, several, last, tasks)
	}
}

// answerPages returns how much memory a page takes at most of a window of many groups that have left memory, in one of so many tasks: while they stay for another window, and while they leave for good.
func answerPages(t *testing.T, tasks int) (staying, leaving int64) {
	t.Helper()
	const groups, low = 60_000, 8 << 20
	c := window.SlicedConfig{Shape: window.Shape{Kind: window.Hop, Size: 20, Every: 10}, TimeType: schema.Of(schema.TimestampTZ), Tasks: tasks}
	c.Start, c.End, c.Emission = colStart, colEnd, window.OnClose
	c.Name, c.Types, c.Keys = "slices 1", slicedTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count")}
	budget := limit.New("test", 1<<30)
	s, err := window.NewSliced(&batch.Pool{}, budget, c)
	if err != nil {
		t.Fatal(err)
	}
	stored, out := optest.StoreLow(s, low), op.NewOutput(1)
	for from := 0; from < groups; from += batch.MaxRows {
		var rows [][]any
		for n := from; n < min(from+batch.MaxRows, groups); n++ {
			rows = append(rows, []any{10, 20, fmt.Sprintf("%0200d", n), 0, 0, nil})
		}
		if _, err := s.Apply(optest.Make(slicedTypes(), rows...), out); err != nil {
			t.Fatal(err)
		}
		if err := stored.Evict(0, true); err != nil {
			t.Fatal(err)
		}
	}
	answer := func(mark int64) (most int64) {
		answered := 0
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
			if b := out.Ports[0]; b != nil {
				answered += b.Rows()
			}
			if out.Ports[0] == nil {
				if err := stored.Evict(0, true); err != nil {
					t.Fatal(err)
				}
			}
		}
		if answered != groups {
			t.Fatalf("%d groups were answered, want %d", answered, groups)
		}
		return most
	}
	staying = answer(10)
	return staying, answer(20)
}
