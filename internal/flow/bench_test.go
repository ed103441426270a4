package flow_test

import (
	"fmt"
	"testing"

	"wire.example/wire/internal/connect/blackhole"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/plan/physical"
)

// BenchmarkHandOff runs blocks of one row through a pipeline without steps: what a block costs besides its rows, from the read lock to the
// sink, and from lane to lane.
func BenchmarkHandOff(b *testing.B) {
	for _, lanes := range []int{1, 2} {
		b.Run(fmt.Sprintf("lanes=%d", lanes), func(b *testing.B) {
			c := &counter{limit: int64(b.N), block: 1}
			hole := &physical.Sink{Name: "out", Type: blackhole.SinkType(), Config: &blackhole.Config{}}
			plan := pipe(c, &collector{}, lanes)
			plan.Sinks = []*physical.Sink{hole}
			plan.Sources[0].Next = []physical.Edge{{Sink: hole}}
			p, err := flow.Build(b.Context(), plan, settings())
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			if _, err := p.Run(b.Context(), nil); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if err := p.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
