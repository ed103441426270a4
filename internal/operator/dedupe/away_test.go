package dedupe_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/dedupe"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// twin is an operator whose rows leave memory now and then, beside one whose rows do not: both are told the same.
type twin struct {
	stay, leave *dedupe.Operator
	stored      *optest.Stored
}

// call runs an event, or rows, of both to the end and fails unless they emit the same.
func (w *twin) call(t *rapid.T, in *batch.Batch, f func(o *dedupe.Operator, out *op.Output) (bool, error)) {
	run := func(o *dedupe.Operator, before func() error) (rows []string) {
		out := op.NewOutput(1)
		for more := true; more; {
			out.Reset()
			err := before()
			if err == nil {
				more, err = f(o, out)
			}
			if err != nil {
				t.Fatal(err)
			}
			if b := out.Ports[0]; b != nil {
				rows = append(rows, sdktest.Rows(b)...)
			}
		}
		slices.Sort(rows) // those of one time come in any order
		return rows
	}
	want := run(w.stay, func() error { return nil })
	if got := run(w.leave, func() error { return w.stored.Load(0, in) }); !slices.Equal(got, want) {
		t.Fatalf("%q came out, want %q", got, want)
	}
}

// evict has rows leave memory, some or all, behind a flush.
func (w *twin) evict(t *rapid.T) {
	w.call(t, nil, func(o *dedupe.Operator, out *op.Output) (bool, error) { return o.OnFlush(out) })
	if rapid.Bool().Draw(t, "seal") {
		must(t, w.stored.Seal())
	}
	must(t, w.stored.Evict(rapid.IntRange(1, 4).Draw(t, "entries"), rapid.IntRange(0, 3).Draw(t, "all") == 0))
}

func must(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// TestPartitionsExpireWhereverTheyAre: partitions that have left memory are forgotten when they would be in memory, and in time nothing of them is stored.
func TestPartitionsExpireWhereverTheyAre(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		config := dedupe.Config{Name: "dedupe 1", Types: types(), Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn}}, TTL: 100, Final: rapid.Bool().Draw(r, "final")}
		w := &twin{stay: dedupe.New(&batch.Pool{}, limit.New("test", 0), config), leave: dedupe.New(&batch.Pool{}, limit.New("test", 0), config)}
		w.stored = optest.Store(w.leave)
		now, watermark := int64(1000), int64(0)
		tick := func(later int64) {
			now += later
			w.call(r, nil, func(o *dedupe.Operator, out *op.Output) (bool, error) { return o.OnTime(now, out) })
		}
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			switch rapid.IntRange(0, 5).Draw(r, "step") {
			case 0:
				tick(rapid.Int64Range(1, 60).Draw(r, "time"))
			case 1:
				w.evict(r)
			case 2:
				watermark += rapid.Int64Range(0, 3).Draw(r, "watermark")
				w.call(r, nil, func(o *dedupe.Operator, out *op.Output) (bool, error) { return o.OnWatermark(watermark, out) })
			default:
				var rows [][]any
				for range rapid.IntRange(1, 5).Draw(r, "rows") {
					rows = append(rows, []any{rapid.IntRange(0, 9).Draw(r, "key"), "a", int(watermark) + rapid.IntRange(0, 5).Draw(r, "at"), 0, "text"})
				}
				in := optest.Make(types(), rows...)
				w.call(r, in, func(o *dedupe.Operator, out *op.Output) (bool, error) { return o.Apply(in, out) })
			}
		}
		w.call(r, nil, func(o *dedupe.Operator, out *op.Output) (bool, error) { return o.OnWatermark(watermark+10, out) })
		for range 12 {
			tick(40)
		}
		for range 2 {
			must(r, w.stored.Seal())
		}
		if n, err := w.stored.Len(); n > 0 || err != nil {
			r.Errorf("%d entries are left, %v", n, err)
		}
	})
}
