package window_test

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
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
	const groups = 60_000
	p := newPaged(t, tasks, 0, func(budget *limit.Budget, c window.SlicedConfig) (pagedOperator, error) {
		return window.NewSliced(&batch.Pool{}, budget, c)
	})
	p.fill(groups, false)
	var most [2]int64
	for i, mark := range []int64{10, 20} {
		var answers int
		if most[i], answers = p.answer(mark, true); answers != groups {
			t.Fatalf("%d groups were answered, want %d", answers, groups)
		}
	}
	return most[0], most[1]
}
