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

// expiring is an Updating of many partitions.
func expiring() optest.Expiry[*over.Updating] {
	config := over.Config{
		Name: "over 1", Types: smallTypes, Partition: []int{part}, Order: []keyed.Key{{Column: key}}, TTL: 1000, Changes: true,
		Calls: []over.Call{call("row_number", over.DefaultFrame()), call("count", over.DefaultFrame())},
	}
	return optest.Expiry[*over.Updating]{
		TTL: config.TTL,
		New: func() *over.Updating { return over.NewUpdating(&batch.Pool{}, limit.New("test", 0), config) },
		Rows: func(nth int) *batch.Batch {
			var rows [][]any
			for i := range 200 {
				rows = append(rows, rowOf(fmt.Sprint("p", i), nth, 1))
			}
			return optest.Make(smallTypes, rows...)
		},
	}
}

// expiringInTime is a Timed of many partitions.
func expiringInTime() optest.Expiry[*over.Timed] {
	config := over.Config{
		Name: "over 1", Types: timedTypes(), Partition: []int{timedPart}, Order: []keyed.Key{{Column: timedAt}}, TTL: 1000,
		Calls: []over.Call{timedCall("lag", over.DefaultFrame(), timedAt), timedCall("row_number", over.DefaultFrame())},
	}
	return optest.Expiry[*over.Timed]{
		TTL: config.TTL,
		New: func() *over.Timed { return over.NewTimed(&batch.Pool{}, limit.New("test", 0), config) },
		Rows: func(nth int) *batch.Batch {
			var rows [][]any
			for i := range 200 {
				rows = append(rows, []any{fmt.Sprint("p", i), 10 * nth, 1, true, 1, temporal.Interval{Micros: 10}, temporal.Interval{Micros: 5}, 1})
			}
			return optest.Make(timedTypes(), rows...)
		},
		Settle: func(nth int, o *over.Timed, out *op.Output) (bool, error) {
			return o.OnWatermark(int64(10*nth+5), out)
		},
	}
}

func TestPartitionsAreSwept(t *testing.T) {
	t.Run("updating", func(t *testing.T) { expiring().Swept(t) })
	t.Run("timed", func(t *testing.T) { expiringInTime().Swept(t) })
}

func TestExpiredPartitionsAreNotFoundBack(t *testing.T) {
	t.Run("updating", func(t *testing.T) { expiring().NotFoundBack(t) })
	t.Run("timed", func(t *testing.T) { expiringInTime().NotFoundBack(t) })
}

func TestExpiredPartitionsAreRemoved(t *testing.T) {
	t.Run("updating", func(t *testing.T) { expiring().Removed(t) })
	t.Run("timed", func(t *testing.T) { expiringInTime().Removed(t) })
}
