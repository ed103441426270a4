package window_test

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
)

func newRevisedPaged(budget *limit.Budget, c window.SlicedConfig) (pagedOperator, error) {
	return window.NewRevised(&batch.Pool{}, budget, c)
}

// TestPagesOfRevised: pages of a window of many groups that have left memory take the task's part of what pages may take, at its beginning, at its end, and when the window is answered again.
func TestPagesOfRevised(t *testing.T) {
	const groups = 60_000
	for _, tasks := range []int{1, 4} {
		p := newPaged(t, tasks, 1000, newRevisedPaged)
		p.fill(groups, true)
		for _, mark := range []int64{10, 20} {
			most, answers := p.answer(mark, false)
			if want := int64(pagedLow / 4 / tasks); most > want*3 || answers != groups {
				t.Errorf("watermark %d, %d tasks: a page takes %d bytes, should be about %d; %d groups were answered, want %d", mark, tasks, most, want, answers, groups)
			}
			p.evict()
		}
	}
}

// TestPagesOfKeysThatCameBack: keys that leave memory and come back with rows, again and again, do not count more often than they are away: the pages of a window are as many as if they had left once.
func TestPagesOfKeysThatCameBack(t *testing.T) {
	scans := func(rounds int) int {
		const groups = 20_000
		p := newPaged(t, 1, 1000, newRevisedPaged)
		for range rounds {
			p.fill(groups, false)
		}
		p.reader.Scans = 0
		if _, answers := p.answer(10, false); answers != groups {
			t.Errorf("%d groups were answered, want %d", answers, groups)
		}
		return p.reader.Scans
	}
	once, often := scans(1), scans(8)
	if once < 2 || often > once*3/2 {
		t.Errorf("%d reads of pages, and %d where keys came back", once, often)
	}
}
