package topn_test

import (
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/topn"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// TestPartitionsExpireWhereverTheyAre: partitions that have left memory are forgotten when they would be in memory, and in time nothing of them is stored.
func TestPartitionsExpireWhereverTheyAre(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		config := topn.Config{
			Name: "topn 1", Types: types(), Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn}}, TTL: 100, Limit: rapid.Int64Range(1, 3).Draw(r, "limit"),
			RankColumn: rapid.Bool().Draw(r, "ranks"), Changes: rapid.Bool().Draw(r, "changes"), Arrival: rapid.Bool().Draw(r, "arrival"),
		}
		w := optest.NewTwin(topn.New(&batch.Pool{}, limit.New("test", 0), config), topn.New(&batch.Pool{}, limit.New("test", 0), config))
		now := int64(1000)
		var there [][]any
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			switch rapid.IntRange(0, 5).Draw(r, "step") {
			case 0:
				now += rapid.Int64Range(1, 60).Draw(r, "time")
				w.Tick(r, now)
			case 1:
				w.Evict(r)
			case 2:
				if !config.Changes || len(there) == 0 {
					continue
				}
				at := rapid.IntRange(0, len(there)-1).Draw(r, "which")
				in := optest.Make(types(), there[at])
				in.Kinds = []batch.Change{batch.Delete}
				there = append(there[:at:at], there[at+1:]...)
				w.Feed(r, now, in)
			default:
				var rows [][]any
				for range rapid.IntRange(1, 5).Draw(r, "rows") {
					rows = append(rows, []any{rapid.IntRange(0, 9).Draw(r, "key"), rapid.IntRange(0, 20).Draw(r, "at"), 0, "text"})
				}
				there = append(there, rows...)
				w.Feed(r, now, optest.Make(types(), rows...))
			}
		}
		for range 12 {
			now += 40
			w.Tick(r, now)
		}
		w.Empty(r)
	})
}
