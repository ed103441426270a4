package flow

import (
	"errors"
	"math"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestWatermarksOfSplits(t *testing.T) {
	line := newTimeline(0, 10, newIdleness(1))
	line.know(0, "a", nil)
	line.know(1, "b", nil)
	for i, step := range []struct {
		split               int
		since, most, expect int64
		moved               bool
	}{
		{0, minTime, 100, 0, false}, // the other split is not known yet
		{1, minTime, minTime, 0, false},
		{1, minTime, 50, 40, true},
		{1, 50, 45, 0, false},
		{0, 100, 200, 0, false},
		{noSplit, minTime, minTime, 0, false},
		{1, 50, 300, 190, true},
		{2, 200, 20, 0, false}, // a new one does not take back what was said
		{2, 200, 250, 0, false},
		{0, 200, 260, 240, true},
	} {
		since, err := line.enter(int64(i), step.split, nil)
		if err != nil || since != step.since {
			t.Errorf("step %d: entered at %d, %v", i, since, err)
		}
		if got := line.leave(step.split, step.most); got.watermark != step.expect || got.moved != step.moved {
			t.Errorf("step %d: %+v", i, got)
		}
	}
	restored := newTimeline(0, 10, newIdleness(1))
	for number, name := range []string{"a", "b", "new"} {
		restored.know(number, name, line.snapshot())
	}
	for number, want := range []int64{260, 300, minTime} {
		if got := restored.splits[number].most; got != want {
			t.Errorf("split %d goes on at %d, want %d", number, got, want)
		}
	}
	if got := before(minTime+3, 5); got != minTime {
		t.Errorf("a watermark below all times: %d", got)
	}
}

// TestTheTimelineIsThatOfReadingInOrder: lanes that hold tickets at the same time, each as slow as may be, learn what one lane would. None waits for ever.
func TestTheTimelineIsThatOfReadingInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tops := rapid.SliceOfN(rapid.Int64Range(0, 100), 1, 40).Draw(t, "tops")
		splits := rapid.SliceOfN(rapid.IntRange(0, 2), len(tops), len(tops)).Draw(t, "splits")
		lanes := rapid.IntRange(1, 5).Draw(t, "lanes")
		run := func(lanes int) []int64 {
			line := newTimeline(0, 0, newIdleness(1))
			since := make([]int64, len(tops))
			var read sync.Mutex
			next := 0
			var all sync.WaitGroup
			for range lanes {
				all.Go(func() {
					for {
						read.Lock()
						ticket := next
						next++
						read.Unlock()
						if ticket >= len(tops) {
							return
						}
						var err error
						if since[ticket], err = line.enter(int64(ticket), splits[ticket], nil); err != nil {
							panic(err)
						}
						line.leave(splits[ticket], tops[ticket])
					}
				})
			}
			all.Wait()
			return since
		}
		want, got := run(1), run(lanes)
		for i := range want {
			if want[i] != got[i] {
				t.Fatalf("ticket %d: %d, want %d", i, got[i], want[i])
			}
		}
	})
}

func TestATimelineThatIsGivenUp(t *testing.T) {
	line, gone := newTimeline(0, 0, newIdleness(1)), errors.New("gone")
	var wait sync.WaitGroup
	wait.Go(func() {
		if _, err := line.enter(math.MaxInt64, 0, nil); !errors.Is(err, gone) {
			t.Error(err)
		}
	})
	line.abort(gone)
	wait.Wait()
	line.abort(errors.New("again"))
	if _, err := line.enter(0, 0, nil); !errors.Is(err, gone) {
		t.Error(err)
	}
}
