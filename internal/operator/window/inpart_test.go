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
)

// TestWindowsAreRestoredInPart: a restore may leave groups of windows in the store of which the rows, or values, that calls keep come back, or the other way around.
func TestWindowsAreRestoredInPart(t *testing.T) {
	for _, lateness := range []int64{0, 500} {
		for _, calls := range [][]aggregate.Call{
			{call(t, "count"), ordered(call(t, "array_agg", colNumber))},
			{distinct(call(t, "count", colNumber)), ordered(call(t, "array_agg", colNumber))},
		} {
			for _, emission := range []window.Emission{window.OnClose, window.OnUpdate} {
				c := window.Config{Start: colStart, End: colEnd}
				c.Name, c.Types, c.Keys, c.Calls, c.Emission, c.Lateness = "windows 1", windowTypes(), []int{colOther}, calls, emission, lateness
				fresh := func() op.Durable {
					a, err := window.NewAggregate(&batch.Pool{}, limit.New("test", 0), c)
					if err != nil {
						t.Fatal(err)
					}
					return a
				}
				optest.RestoreInPart(t, fresh, func(round int) (batches []*batch.Batch) {
					for from := 0; from < 1000; from += 1000 {
						var rows [][]any
						for i := range 1000 {
							rows = append(rows, []any{0, 250, strconv.Itoa(from + i), 1, round, nil}, []any{100, 250, strconv.Itoa(from + i), 1, 2 * round, nil})
						}
						batches = append(batches, optest.Make(windowTypes(), rows...))
					}
					return batches
				})
			}
		}
	}
}
