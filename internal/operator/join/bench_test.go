package join_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

const (
	benchBuildRows = 100_000
	benchProbeRows = 1 << 20
)

// benchBatches makes rows of a key and payload columns of numbers. keys gives the key of each row.
func benchBatches(typ schema.Type, rows, payload int, keys func(i int) int) []*batch.Batch {
	pool := &batch.Pool{}
	var out []*batch.Batch
	for from := 0; from < rows; from += batch.MaxRows {
		n := min(batch.MaxRows, rows-from)
		b := &batch.Batch{Len: n}
		key := batch.NewColumn(pool, typ)
		key.Reset(n)
		for i := range n {
			if typ.Kind == schema.Text {
				key.SetBytes(i, fmt.Appendf(nil, "customer-%d", keys(from+i)))
			} else {
				key.Int64s()[i] = int64(keys(from + i))
			}
		}
		b.Cols = append(b.Cols, key)
		for k := range payload {
			c := batch.NewColumn(pool, schema.Of(schema.Int64))
			c.Reset(n)
			for i := range n {
				c.Int64s()[i] = int64(k*rows + from + i)
			}
			b.Cols = append(b.Cols, c)
		}
		out = append(out, b)
	}
	return out
}

// BenchmarkProbe looks 1 Mi rows up among 100,000; cpu-ns/row is for a probe row, with everything that comes out of it.
func BenchmarkProbe(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	uniform := func(int) int { return random.IntN(benchBuildRows) }
	unique := func(i int) int { return i }
	tests := []struct {
		name         string
		kind         join.Kind
		typ          schema.Type
		build, probe func(i int) int
	}{
		{"inner", join.Inner, schema.Of(schema.Int64), unique, uniform},
		{"inner-text", join.Inner, schema.Of(schema.Text), unique, uniform},
		{"inner-half-miss", join.Inner, schema.Of(schema.Int64), unique, func(int) int { return random.IntN(2 * benchBuildRows) }},
		{"inner-all-miss", join.Inner, schema.Of(schema.Int64), unique, func(int) int { return benchBuildRows + random.IntN(1<<40) }},
		{"inner-two-a-key", join.Inner, schema.Of(schema.Int64), func(i int) int { return i / 2 }, func(int) int { return random.IntN(benchBuildRows / 2) }},
		{"inner-skewed", join.Inner, schema.Of(schema.Int64), unique, func(int) int {
			if random.IntN(2) == 0 {
				return 17
			}
			return random.IntN(benchBuildRows)
		}},
		{"left", join.Left, schema.Of(schema.Int64), unique, func(int) int { return random.IntN(2 * benchBuildRows) }},
		{"semi", join.Semi, schema.Of(schema.Int64), unique, func(int) int { return random.IntN(2 * benchBuildRows) }},
		{"full", join.Full, schema.Of(schema.Int64), unique, uniform},
		{"anti", join.Anti, schema.Of(schema.Int64), unique, func(int) int { return random.IntN(2 * benchBuildRows) }},
	}
	for _, test := range tests {
		b.Run(test.name, func(b *testing.B) {
			builds := benchBatches(test.typ, benchBuildRows, 3, test.build)
			probes := benchBatches(test.typ, benchProbeRows, 1, test.probe)
			number := schema.Of(schema.Int64)
			c := join.Config{
				Kind: test.kind, Build: join.RightInput, Left: []schema.Type{test.typ, number}, Right: []schema.Type{test.typ, number, number, number},
				Keys: []join.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("bench", 0),
			}
			if test.kind <= join.Full { // the right key says nothing new
				c.Need = []bool{true, true, false, true, true, true}
			}
			h, err := join.NewHash(&c)
			if err != nil {
				b.Fatal(err)
			}
			out := op.NewOutput(1)
			apply(b, h, join.RightInput, builds, out)
			if _, err := h.OnInputEnd(join.RightInput, out); err != nil {
				b.Fatal(err)
			}
			start := int64(sdktest.Spent(b))
			for b.Loop() {
				apply(b, h, join.LeftInput, probes, out)
			}
			report(b, start, benchProbeRows)
			b.ReportMetric(float64(c.Budget.Used())/benchBuildRows, "B/build-row")
		})
	}
}

// BenchmarkBuild stores 100,000 rows of a key and three numbers.
func BenchmarkBuild(b *testing.B) {
	for _, typ := range []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)} {
		b.Run(typ.String(), func(b *testing.B) {
			number := schema.Of(schema.Int64)
			builds := benchBatches(typ, benchBuildRows, 3, func(i int) int { return i })
			c := join.Config{
				Build: join.RightInput, Left: []schema.Type{typ}, Right: []schema.Type{typ, number, number, number}, Keys: []join.Key{{}},
				Pool: &batch.Pool{}, Budget: limit.New("bench", 0),
			}
			out := op.NewOutput(1)
			start := int64(sdktest.Spent(b))
			for b.Loop() {
				h, err := join.NewHash(&c)
				if err != nil {
					b.Fatal(err)
				}
				apply(b, h, join.RightInput, builds, out)
			}
			report(b, start, benchBuildRows)
		})
	}
}

// report reports the CPU time since start for each of rows.
func report(b *testing.B, start int64, rows int) {
	b.Helper()
	b.ReportMetric(float64(int64(sdktest.Spent(b))-start)/float64(b.N)/float64(rows), "cpu-ns/row")
}

func apply(b *testing.B, operator op.Multi, input int, batches []*batch.Batch, out *op.Output) {
	b.Helper()
	for _, in := range batches {
		for more := true; more; {
			out.Reset()
			var err error
			if more, err = operator.ApplyInput(input, in, out); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkMerge joins 1 Mi rows with 256 Ki, both in the order of their keys; cpu-ns/row is for a row of either.
func BenchmarkMerge(b *testing.B) {
	const few = benchProbeRows / 4
	number := schema.Of(schema.Int64)
	for _, typ := range []schema.Type{number, schema.Of(schema.Text)} {
		b.Run(typ.String(), func(b *testing.B) {
			key := func(i int) int { return i + 1_000_000_000 }
			builds := benchBatches(typ, few, 3, func(i int) int { return key(4 * i) })
			probes := benchBatches(typ, benchProbeRows, 1, key)
			c := join.Config{
				Build: join.RightInput, Left: []schema.Type{typ, number}, Right: []schema.Type{typ, number, number, number}, Keys: []join.Key{{}},
				Need: []bool{true, true, false, true, true, true}, Pool: &batch.Pool{}, Budget: limit.New("bench", 0),
			}
			out := op.NewOutput(1)
			start := int64(sdktest.Spent(b))
			for b.Loop() {
				m, err := join.NewMerge(&c)
				if err != nil {
					b.Fatal(err)
				}
				for i := range builds {
					apply(b, m, join.RightInput, builds[i:i+1], out)
					apply(b, m, join.LeftInput, probes[4*i:4*i+4], out)
				}
				for input := range 2 {
					for more := true; more; {
						out.Reset()
						if more, err = m.OnInputEnd(input, out); err != nil {
							b.Fatal(err)
						}
					}
				}
			}
			report(b, start, benchProbeRows+few)
		})
	}
}

// BenchmarkLoop tries all pairs of 4,096 and 1,000 rows; cpu-ns/row is for a pair.
func BenchmarkLoop(b *testing.B) {
	number := schema.Of(schema.Int64)
	types := []schema.Type{number, number}
	for _, test := range []struct{ name, residual string }{{"all pairs", ""}, {"one in a thousand", "l0 = r0 + 0"}} {
		b.Run(test.name, func(b *testing.B) {
			c := join.Config{Build: join.RightInput, Left: types, Right: types, Pool: &batch.Pool{}, Budget: limit.New("bench", 0)}
			if test.residual != "" {
				c.Residual, c.Reads = program(b, types, types, test.residual)
			}
			h, err := join.NewHash(&c)
			if err != nil {
				b.Fatal(err)
			}
			out := op.NewOutput(1)
			apply(b, h, join.RightInput, benchBatches(number, 1000, 1, func(i int) int { return i }), out)
			if _, err := h.OnInputEnd(join.RightInput, out); err != nil {
				b.Fatal(err)
			}
			probes := benchBatches(number, batch.MaxRows, 1, func(i int) int { return i })
			start := int64(sdktest.Spent(b))
			for b.Loop() {
				apply(b, h, join.LeftInput, probes, out)
			}
			report(b, start, batch.MaxRows*1000)
		})
	}
}
