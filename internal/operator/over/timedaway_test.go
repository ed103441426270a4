package over_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/expr/ast"
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

// TestRowsThatWaitDoNotHoldTheMemoryOfOthers: partitions leave with the memory that they had, though rows of a few wait which lie among theirs.
func TestRowsThatWaitDoNotHoldTheMemoryOfOthers(t *testing.T) {
	const parts, each = 6_000, 100 // one partition of each waits
	for name, calls := range map[string][]over.Call{
		"kept beside rows": {timedCall("row_number", over.DefaultFrame())},
		"rows alone":       {timedCall("count", timedFrame(ast.FrameRows, ast.Preceding, ast.CurrentRow))},
	} {
		t.Run(name, func(t *testing.T) {
			d := newTimed(t, over.Config{Partition: []int{timedPart}, Order: []keyed.Key{{Column: timedAt}}, Calls: calls})
			stored := optest.Store(d.o)
			part := func(i int) string { return strings.Repeat(strconv.Itoa(1_000_000+i), 20) }
			for i := range parts {
				d.apply(part(i), 1)
			}
			if n := len(d.watermark(10)); n != parts {
				t.Fatalf("%d rows came out, want %d", n, parts)
			}
			var want []string
			for i := 0; i < parts; i += each {
				d.apply(part(i), 20)
				want = append(want, fmt.Sprintf("%q, 20, 1, 2", part(i)))
			}
			d.watermark(11) // they wait
			before := d.budget.Used()
			if err := stored.Evict(0, true); err != nil {
				t.Fatal(err)
			}
			if after := d.budget.Used(); after > before/4 {
				t.Errorf("%d bytes are reserved of %d, for %d rows of %d", after, before, 2*len(want), parts+len(want))
			}
			got := d.watermark(30)
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("%d rows came out, want %d: %.200v", len(got), len(want), got)
			}
		})
	}
}
