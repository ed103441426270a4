package over_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/over"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// TestPartitionsOfChangesExpireWhereverTheyAre: partitions that have left memory are forgotten when they would be in memory, and in time nothing of them is stored.
func TestPartitionsOfChangesExpireWhereverTheyAre(t *testing.T) {
	config := over.Config{
		Name: "over 1", Types: smallTypes, Partition: []int{part}, Order: []keyed.Key{{Column: key}}, TTL: 100, Changes: true,
		Calls: []over.Call{call("row_number", over.DefaultFrame()), call("count", over.DefaultFrame())},
	}
	rapid.Check(t, func(r *rapid.T) {
		budget := limit.New("test", 0)
		w := optest.NewTwin(over.NewUpdating(&batch.Pool{}, limit.New("test", 0), config), over.NewUpdating(&batch.Pool{}, budget, config))
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
				if len(there) == 0 {
					continue
				}
				at := rapid.IntRange(0, len(there)-1).Draw(r, "which")
				in := optest.Make(smallTypes, there[at])
				in.Kinds = []batch.Change{batch.Delete}
				there = slices.Delete(there, at, at+1)
				w.Feed(r, now, in)
			default:
				var rows [][]any
				for range rapid.IntRange(1, 5).Draw(r, "rows") {
					rows = append(rows, rowOf(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(r, "part"), rapid.IntRange(0, 9).Draw(r, "key"), 1))
				}
				there = append(there, rows...)
				w.Feed(r, now, optest.Make(smallTypes, rows...))
			}
		}
		for range 12 {
			now += 40
			w.Tick(r, now)
		}
		w.Empty(r)
		w.Flush(r)
		if used := budget.Used(); used > 1<<20 {
			r.Errorf("%d bytes are in use when all is forgotten", used)
		}
	})
}
