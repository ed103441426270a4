package over_test

import (
	"fmt"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/over"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/temporal"
)

// TestPartitionsOfChangesAreRestoredInPart: a restore may leave rows in the store of which the partitions come back, or the other way around.
func TestPartitionsOfChangesAreRestoredInPart(t *testing.T) {
	config := over.Config{
		Name: "over 1", Types: smallTypes, Partition: []int{part}, Order: []keyed.Key{{Column: key}}, TTL: 100, Changes: true,
		Calls: []over.Call{call("row_number", over.DefaultFrame()), call("count", over.DefaultFrame())},
	}
	optest.RestoreInPart(t, func() op.Durable { return over.NewUpdating(&batch.Pool{}, limit.New("test", 0), config) }, func(round int) (batches []*batch.Batch) {
		for from := 0; from < 12_000; from += 1000 {
			var rows [][]any
			for i := range 1000 {
				rows = append(rows, rowOf(fmt.Sprint(from+i), round, 1))
			}
			batches = append(batches, optest.Make(smallTypes, rows...))
		}
		return batches
	})
}

// TestPartitionsOfTimeAreRestoredInPart does so where rows come in the order of time, and wait for a watermark.
func TestPartitionsOfTimeAreRestoredInPart(t *testing.T) {
	for _, ttl := range []int64{0, 100} {
		for _, calls := range [][]over.Call{
			{timedCall("lag", over.DefaultFrame(), timedAt)},
			{timedCall("lag", over.DefaultFrame(), timedAt), timedCall("row_number", over.DefaultFrame()), timedCall("first_value", over.DefaultFrame(), timedAt)},
		} {
			config := over.Config{Name: "over 1", Types: timedTypes(), Partition: []int{timedPart}, Order: []keyed.Key{{Column: timedAt}}, TTL: ttl, Calls: calls}
			optest.RestoreInPart(t, func() op.Durable { return over.NewTimed(&batch.Pool{}, limit.New("test", 0), config) }, func(round int) (batches []*batch.Batch) {
				for from := 0; from < 2000; from += 1000 {
					var rows [][]any
					for i := range 1000 {
						at := 100*round - 50 + (from+i)%100
						rows = append(rows, []any{fmt.Sprint(from + i), at, 1, true, 1, temporal.Interval{Micros: 10}, temporal.Interval{Micros: 5}, 1})
					}
					batches = append(batches, optest.Make(timedTypes(), rows...))
				}
				return batches
			})
		}
	}
}
