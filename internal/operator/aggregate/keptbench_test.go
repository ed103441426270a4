package aggregate_test

import (
	"fmt"
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// BenchmarkTouch measures a row of a count whose changes are noted, beside one whose are not; every tenth pass ends an epoch, whose cost is measured apart.
func BenchmarkTouch(b *testing.B) {
	for _, keys := range []int{1000, 1_000_000} {
		for _, kept := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d keys/kept %v", keys, kept), func(b *testing.B) {
				o := aggregate.New(&batch.Pool{}, limit.New("bench", 0), aggregate.Config{Name: "bench", Types: types(), Keys: []int{keyInt}, Calls: []aggregate.Call{call(b, "count")}})
				if kept {
					keep(o)
				}
				batches := stream(keys)
				feed(b, o, batches)
				b.ResetTimer()
				start := int64(sdktest.Spent(b))
				rows := 0
				for range b.N {
					feed(b, o, batches)
					rows += len(batches) * batch.MaxRows
				}
				perRow(b, start, rows)
			})
		}
	}
}

// BenchmarkDrain measures an entry of a sealed epoch.
func BenchmarkDrain(b *testing.B) {
	o := aggregate.New(&batch.Pool{}, limit.New("bench", 0), aggregate.Config{Name: "bench", Types: types(), Keys: []int{keyInt}, Calls: []aggregate.Call{call(b, "count")}})
	keep(o)
	batches := stream(1_000_000)
	entries, nanos := 0, int64(0)
	for range b.N {
		feed(b, o, batches)
		start := int64(sdktest.Spent(b))
		for _, part := range o.Kept() {
			part.Seal()
			changes := &store.Changes{}
			for more := true; more; {
				var err error
				if more, err = part.Drain(changes, 64<<10); err != nil {
					b.Fatal(err)
				}
			}
			entries += changes.Len()
		}
		nanos += int64(sdktest.Spent(b)) - start
	}
	b.ReportMetric(float64(nanos)/float64(entries), "cpu-ns/entry")
}

func keep(o *aggregate.Operator) {
	for i, part := range o.Kept() {
		part.Keep(keyed.Home{Space: store.Space{Operator: 1, Table: uint8(i)}, To: math.MaxUint64})
	}
}
