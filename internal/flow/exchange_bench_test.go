package flow_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"wire.example/wire/internal/connect/blackhole"
	"wire.example/wire/internal/connect/generate"
	"wire.example/wire/internal/connect/memory"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// benchRows are batches of size rows with a key of a thousand in the first column: narrow ones of 16 bytes, or wide ones of 180. They are a few
// in turns, so that they lie in the cache as those of a decoder do.
func benchRows(wide bool, size, batches int) *memory.Rows {
	random := rand.New(rand.NewPCG(1, 2))
	pool := &batch.Pool{}
	rows := &memory.Rows{Schema: schema.New()}
	for len(rows.Batches) < min(batches, 4) {
		b := &batch.Batch{Len: size}
		columns := 2
		if wide {
			columns = 3
		}
		for range columns {
			c := batch.NewColumn(pool, schema.Of(schema.Int64))
			c.Reset(size)
			for i := range size {
				c.Int64s()[i] = random.Int64N(1000)
			}
			b.Cols = append(b.Cols, c)
		}
		if wide {
			c := batch.NewColumn(pool, schema.Of(schema.Text))
			c.Reset(size)
			for i := range size {
				c.SetBytes(i, []byte(strings.Repeat("x", 140)))
			}
			b.Cols = append(b.Cols, c)
		}
		rows.Batches = append(rows.Batches, b)
	}
	for i := 0; len(rows.Batches) < batches; i++ {
		rows.Batches = append(rows.Batches, rows.Batches[i])
	}
	return rows
}

// swallow takes rows and emits nothing.
type swallow struct{}

func (swallow) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	out.Counts.In += int64(in.Rows())
	out.Counts.Absorbed += int64(in.Rows())
	return false, nil
}

// BenchmarkExchange is what a row costs from a source in memory to an operator that drops it: fused, that is without an exchange, and through
// one from lanes to tasks.
func BenchmarkExchange(b *testing.B) {
	for _, width := range []string{"16-byte", "180-byte"} {
		for _, size := range []int{100, 800, 4096} {
			rows := benchRows(width == "180-byte", size, 1+400_000/size)
			for _, shape := range []string{"fused", "1→1", "2→1", "1→2", "2→2"} {
				b.Run(fmt.Sprintf("%s/batch=%d/%s", width, size, shape), func(b *testing.B) {
					var lanes, tasks int
					if shape == "fused" {
						lanes = 1
					} else if _, err := fmt.Sscanf(shape, "%d→%d", &lanes, &tasks); err != nil {
						b.Fatal(err)
					}
					benchPlan(b, rows, lanes, tasks, func(physical.Build) (op.Operator, error) { return swallow{}, nil })
				})
			}
		}
	}
}

func benchPlan(b *testing.B, rows *memory.Rows, lanes, tasks int, head func(physical.Build) (op.Operator, error)) {
	b.Helper()
	before := int64(sdktest.Spent(b))
	for range b.N {
		benchRun(b, rows, lanes, tasks, head)
	}
	n := float64(len(rows.Batches)*rows.Batches[0].Len) * float64(b.N)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/row")
	b.ReportMetric(float64(int64(sdktest.Spent(b))-before)/n, "cpu-ns/row")
	b.ReportMetric(0, "ns/op")
}

func benchRun(b *testing.B, rows *memory.Rows, lanes, tasks int, head func(physical.Build) (op.Operator, error)) {
	b.Helper()
	benchSource(b, &physical.Source{Name: "rows", Type: memory.SourceType(), Config: rows, EventTime: -1}, lanes, tasks, head)
}

// first forwards the first column.
type first struct{ out batch.Batch }

func (f *first) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	f.out.View(in, in.Sel)
	f.out.Cols = f.out.Cols[:1]
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += int64(in.Rows())
	out.Emit(0, &f.out)
	return false, nil
}

// benchSource runs source through steps in its lanes and then through head, in a stage if there are tasks.
func benchSource(b *testing.B, source *physical.Source, lanes, tasks int, head func(physical.Build) (op.Operator, error), steps ...*physical.Step) {
	b.Helper()
	hole := &physical.Sink{Name: "out", Type: blackhole.SinkType(), Config: &blackhole.Config{}}
	step := &physical.Step{Name: "head", New: head, Ports: one(physical.Edge{Sink: hole})}
	source.Next = []physical.Edge{{Step: step}}
	plan := &physical.Plan{Name: "bench", Sources: []*physical.Source{source}, Sinks: []*physical.Sink{hole}, Parallelism: lanes}
	if tasks > 0 {
		stage := &physical.Stage{Name: "stage", Tasks: tasks, Inputs: 1, Head: step}
		plan.Stages = []*physical.Stage{stage}
		source.Next = []physical.Edge{edge(physical.Hash, stage, 0)}
	}
	for _, s := range steps {
		between := *s
		between.Ports = one(source.Next...)
		source.Next = []physical.Edge{{Step: &between}}
	}
	p, err := flow.Build(b.Context(), plan, settings())
	if err != nil {
		b.Fatal(err)
	}
	if _, err := p.Run(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	if err := p.Close(); err != nil {
		b.Fatal(err)
	}
}

// benchCount counts by the first column.
type benchCount struct {
	table  *keyed.Table
	hasher *keyed.Hasher
	slots  []uint32
	counts []int64
}

func newBenchCount(b physical.Build) (op.Operator, error) {
	types := []schema.Type{schema.Of(schema.Int64)}
	return &benchCount{table: keyed.NewTable(b.Pool, types, "count", b.Budget), hasher: keyed.NewHasher([]int{0}), slots: make([]uint32, batch.MaxRows)}, nil
}

func (c *benchCount) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	slots := c.slots[:in.Rows()]
	if _, err := c.table.Upsert(c.hasher.Hash(in), in.Cols[:1], in.Sel, slots); err != nil {
		return false, err
	}
	for len(c.counts) < c.table.Limit() {
		c.counts = append(c.counts, 0)
	}
	for _, slot := range slots {
		c.counts[slot]++
	}
	return swallow{}.Apply(in, out)
}

// BenchmarkKeyedCount counts rows of 16 bytes: with one task, with two, and, for comparison, by two pipelines at once that have half of the rows
// each and no exchange.
func BenchmarkKeyedCount(b *testing.B) {
	rows, small := benchRows(false, 800, 2000), benchRows(false, 100, 4000)
	for _, shape := range []struct {
		name         string
		lanes, tasks int
	}{{"fused", 1, 0}, {"1→1", 1, 1}, {"1→2", 1, 2}, {"2→2", 2, 2}, {"2→8", 2, 8}} {
		b.Run(shape.name, func(b *testing.B) { benchPlan(b, rows, shape.lanes, shape.tasks, newBenchCount) })
		b.Run(shape.name+"/small batches", func(b *testing.B) { benchPlan(b, small, shape.lanes, shape.tasks, newBenchCount) })
	}
	b.Run("two pipelines", func(b *testing.B) {
		half := *rows
		half.Batches = rows.Batches[:len(rows.Batches)/2]
		before := int64(sdktest.Spent(b))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				benchRun(b, &half, 1, 0, newBenchCount)
			}
		})
		n := float64(len(half.Batches)*800) * float64(b.N)
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/row")
		b.ReportMetric(float64(int64(sdktest.Spent(b))-before)/n, "cpu-ns/row")
		b.ReportMetric(0, "ns/op")
	})
}

// BenchmarkCountOfBids counts Nexmark's bids by auction: one lane without an exchange, two lanes and two tasks, and two pipelines at once of one
// lane each, which is what two cores can do. The exchange gets the key alone, as from a plan without what nobody reads, or all columns.
func BenchmarkCountOfBids(b *testing.B) {
	for _, columns := range []string{"key", "all"} {
		b.Run(columns, func(b *testing.B) { benchBids(b, columns == "key") })
	}
}

func benchBids(b *testing.B, keyAlone bool) {
	const bids = 500_000
	onlyKey := &physical.Step{Name: "key", New: func(physical.Build) (op.Operator, error) { return &first{}, nil }}
	source := func(rows int64) *physical.Source {
		config := &generate.Config{Kind: "nexmark", Table: "bid", Rows: rows, Seed: 1, EventsPerSecond: 10_000, GroupSize: 1}
		return &physical.Source{
			Name: "bids", Type: generate.SourceType(clock.System()), Config: config, EventTime: -1,
			Decode: codec.DecodeSpec{Schema: generate.Schema(config)},
		}
	}
	measure := func(name string, run func()) {
		b.Run(name, func(b *testing.B) {
			before := int64(sdktest.Spent(b))
			for range b.N {
				run()
			}
			n := float64(bids) * float64(b.N)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/row")
			b.ReportMetric(float64(int64(sdktest.Spent(b))-before)/n, "cpu-ns/row")
			b.ReportMetric(0, "ns/op")
		})
	}
	var before []*physical.Step
	if keyAlone {
		before = append(before, onlyKey)
	}
	measure("fused", func() { benchSource(b, source(bids), 1, 0, newBenchCount, before...) })
	measure("1→1", func() { benchSource(b, source(bids), 1, 1, newBenchCount, before...) })
	measure("2→2", func() { benchSource(b, source(bids), 2, 2, newBenchCount, before...) })
	measure("two pipelines", func() {
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { benchSource(b, source(bids/2), 1, 0, newBenchCount, before...) })
		}
		both.Wait()
	})
}
