package topn_test

import (
	"fmt"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/topn"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// TestPartitionsAreRestoredInPart: a restore may leave rows in the store of which the partitions come back, or the other way around.
func TestPartitionsAreRestoredInPart(t *testing.T) {
	for _, changes := range []bool{false, true} {
		for _, arrival := range []bool{false, true} {
			config := topn.Config{
				Name: "topn 1", Types: types(), Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn, Desc: true}}, TTL: 100, Limit: 2,
				RankColumn: true, Changes: changes, Arrival: arrival,
			}
			optest.RestoreInPart(t, func() op.Durable { return topn.New(&batch.Pool{}, limit.New("test", 0), config) }, func(round int) (batches []*batch.Batch) {
				for from := 0; from < 2000; from += 1000 {
					var rows [][]any
					for i := range 1000 {
						rows = append(rows, []any{from + i, round % 3, 0, fmt.Sprint("text", round)}, []any{from + i, 2 * round, 0, fmt.Sprint("text", round, "x")})
					}
					batches = append(batches, optest.Make(types(), rows...))
				}
				return batches
			})
		}
	}
}
