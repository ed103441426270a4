package over_test

import (
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/over"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/temporal"
)

// TestPartitionsOfTimeExpireWhereverTheyAre: partitions that have left memory are forgotten when they would be in memory, and in time nothing of them is stored.
func TestPartitionsOfTimeExpireWhereverTheyAre(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		config := over.Config{
			Name: "over 1", Types: timedTypes(), Partition: []int{timedPart}, Order: []keyed.Key{{Column: timedAt}}, TTL: 100,
			Calls: []over.Call{timedCall("lag", over.DefaultFrame(), timedAt)},
		}
		if rapid.Bool().Draw(r, "positions") {
			config.Calls = append(config.Calls, timedCall("row_number", over.DefaultFrame()), timedCall("first_value", over.DefaultFrame(), timedAt))
		}
		w := optest.NewTwin(over.NewTimed(&batch.Pool{}, limit.New("test", 0), config), over.NewTimed(&batch.Pool{}, limit.New("test", 0), config))
		now, at := int64(1000), 1
		watermark := func() {
			w.Call(r, nil, func(o *over.Timed, out *op.Output) (bool, error) { return o.OnWatermark(int64(at), out) })
		}
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			switch rapid.IntRange(0, 5).Draw(r, "step") {
			case 0:
				now += rapid.Int64Range(1, 60).Draw(r, "time")
				w.Tick(r, now)
			case 1:
				w.Evict(r)
			case 2, 3:
				at += rapid.IntRange(0, 5).Draw(r, "watermark")
				watermark()
			default:
				var rows [][]any
				for range rapid.IntRange(1, 5).Draw(r, "rows") {
					part := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(r, "part")
					rows = append(rows, []any{part, at + rapid.IntRange(0, 8).Draw(r, "at"), 1, true, 1, temporal.Interval{Micros: 10}, temporal.Interval{Micros: 5}, 1})
				}
				w.Feed(r, now, optest.Make(timedTypes(), rows...))
			}
		}
		at += 20
		watermark()
		for range 12 {
			now += 40
			w.Tick(r, now)
		}
		w.Empty(r)
	})
}
