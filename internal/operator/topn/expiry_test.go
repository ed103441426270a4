package topn_test

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/topn"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// expiring is an operator of many partitions.
func expiring() optest.Expiry[*topn.Operator] {
	config := topn.Config{
		Name: "topn 1", Types: types(), Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn}}, TTL: 1000, Limit: 3, RankColumn: true, Changes: true,
	}
	return optest.Expiry[*topn.Operator]{
		TTL: config.TTL,
		New: func() *topn.Operator { return topn.New(&batch.Pool{}, limit.New("test", 0), config) },
		Rows: func(nth int) *batch.Batch {
			var rows [][]any
			for i := range 200 {
				rows = append(rows, []any{i, nth, 0, "text"})
			}
			return optest.Make(types(), rows...)
		},
	}
}

func TestPartitionsAreSwept(t *testing.T) { expiring().Swept(t) }

func TestExpiredPartitionsAreNotFoundBack(t *testing.T) { expiring().NotFoundBack(t) }

func TestExpiredPartitionsAreRemoved(t *testing.T) { expiring().Removed(t) }
