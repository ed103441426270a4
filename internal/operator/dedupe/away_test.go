package dedupe_test

import (
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/dedupe"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// TestPartitionsExpireWhereverTheyAre: partitions that have left memory are forgotten when they would be in memory, and in time nothing of them is stored.
func TestPartitionsExpireWhereverTheyAre(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		config := dedupe.Config{Name: "dedupe 1", Types: types(), Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn}}, TTL: 100, Final: rapid.Bool().Draw(r, "final")}
		w := optest.NewTwin(dedupe.New(&batch.Pool{}, limit.New("test", 0), config), dedupe.New(&batch.Pool{}, limit.New("test", 0), config))
		now, watermark := int64(1000), int64(0)
		tick := func(later int64) {
			now += later
			w.Tick(r, now)
		}
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			switch rapid.IntRange(0, 5).Draw(r, "step") {
			case 0:
				tick(rapid.Int64Range(1, 60).Draw(r, "time"))
			case 1:
				w.Evict(r)
			case 2:
				watermark += rapid.Int64Range(0, 3).Draw(r, "watermark")
				w.Call(r, nil, func(o *dedupe.Operator, out *op.Output) (bool, error) { return o.OnWatermark(watermark, out) })
			default:
				var rows [][]any
				for range rapid.IntRange(1, 5).Draw(r, "rows") {
					rows = append(rows, []any{rapid.IntRange(0, 9).Draw(r, "key"), "a", int(watermark) + rapid.IntRange(0, 5).Draw(r, "at"), 0, "text"})
				}
				in := optest.Make(types(), rows...)
				w.Call(r, in, func(o *dedupe.Operator, out *op.Output) (bool, error) { return o.Apply(in, out) })
			}
		}
		w.Call(r, nil, func(o *dedupe.Operator, out *op.Output) (bool, error) { return o.OnWatermark(watermark+10, out) })
		for range 12 {
			tick(40)
		}
		w.Empty(r)
	})
}
