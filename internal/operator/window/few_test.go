package window_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
)

// drawCrowded draws rows of windows of which a few have very many and most have one.
func drawCrowded(t *rapid.T) *batch.Batch {
	var rows [][]any
	at := 0
	for range rapid.IntRange(0, 600).Draw(t, "rows") {
		at += rapid.SampledFrom([]int{0, 0, 0, 0, 0, 1}).Draw(t, "on")
		end := at/60*60 + 60
		start := end - 60
		if rapid.IntRange(0, 5).Draw(t, "alone") == 0 {
			start, end = at-rapid.IntRange(0, 9).Draw(t, "start"), at+rapid.IntRange(1, 9).Draw(t, "end")
		}
		rows = append(rows, []any{start, end, rapid.SampledFrom([]any{"a", "b", nil, "a key that is longer than twelve bytes"}).Draw(t, "key"), rapid.IntRange(0, 9).Draw(t, "other"), at % 7, true})
	}
	return optest.Make(windowTypes(), rows...)
}

// TestWindowsOfFewRowsAndOfMany: rows that wait, since their window has few, and those of windows that have many by and by give the same answers.
func TestWindowsOfFewRowsAndOfMany(t *testing.T) {
	check(t, func(r *rapid.T) (window.Config, *batch.Batch) {
		c := drawAggregate(r, t, false)
		c.Emission, c.Lateness, c.Sets, c.Partition = window.OnClose, 0, nil, nil
		return c, drawCrowded(r)
	})
}

// fewConfig asks for what a window of one row has no state for.
func fewConfig(t *testing.T) window.Config {
	t.Helper()
	c := window.Config{Start: colStart, End: colEnd}
	c.Name, c.Types, c.Keys = "windows 1", windowTypes(), []int{colKey}
	c.Calls = append(c.Calls, call(t, "count"), distinct(call(t, "count", colOther)), ordered(call(t, "array_agg", colNumber)))
	return c
}

// TestFewRowsComeInOrder: windows with few rows and those with many are answered in the order of their ends, and all memory is given back.
func TestFewRowsComeInOrder(t *testing.T) {
	budget := limit.New("test", 0)
	a, err := window.NewAggregate(&batch.Pool{}, budget, fewConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]any
	for i := range 600 {
		rows = append(rows, []any{(i * 37) % 600, (i*37)%600 + 10, "k", i, i, true}) // of one row
		if i%2 == 0 {
			rows = append(rows, []any{300, 600, "k", i, i, true}) // of three hundred
		}
	}
	out := op.NewOutput(1)
	if _, err := a.Apply(optest.Make(windowTypes(), rows...), out); err != nil {
		t.Fatal(err)
	}
	if out.Counts.In != int64(len(rows)) || out.Counts.Absorbed != int64(len(rows)) {
		t.Errorf("%+v of %d rows", out.Counts, len(rows))
	}
	var ends []int64
	for _, micros := range []int64{9, 500, 2000} {
		for more := true; more; {
			out.Reset()
			if more, err = a.OnWatermark(micros, out); err != nil {
				t.Fatal(err)
			}
			if emitted := out.Ports[0]; emitted != nil {
				for i := range emitted.Rows() {
					ends = append(ends, emitted.Cols[2].Int64s()[emitted.Row(i)])
				}
			}
		}
		if last := ends[max(len(ends)-1, 0):]; len(last) > 0 && last[0] > micros {
			t.Errorf("a window that ends at %d is answered at %d", last[0], micros)
		}
	}
	if len(ends) != 601 || !slices.IsSorted(ends) {
		t.Errorf("%d windows: %v", len(ends), ends)
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes are still reserved", budget.Used())
	}
}

// TestFewRowsObeyTheBudget: rows that wait are reserved, and refused where there is no room.
func TestFewRowsObeyTheBudget(t *testing.T) {
	in := func(i int) *batch.Batch {
		var rows [][]any
		for k := range 1000 {
			rows = append(rows, []any{i*1000 + k, i*1000 + k + 10, strings.Repeat("k", 100), k, k, true})
		}
		return optest.Make(windowTypes(), rows...)
	}
	budget := limit.New("test", 1<<20)
	a, err := window.NewAggregate(&batch.Pool{}, budget, fewConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	out := op.NewOutput(1)
	for i := 0; err == nil && i < 20; i++ {
		_, err = a.Apply(in(i), out)
	}
	if err == nil || !strings.Contains(err.Error(), "53200") && !strings.Contains(err.Error(), "memory") {
		t.Errorf("more than there is room for: %v", err)
	}
}
