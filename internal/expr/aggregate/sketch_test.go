package aggregate_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

func bigints(values ...int64) *batch.Column {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(len(values))
	copy(c.Int64s(), values)
	return c
}

func stateOf(tb testing.TB, f *aggregate.Function, args ...schema.Type) aggregate.State {
	tb.Helper()
	s := f.NewState(&aggregate.Spec{Args: args, Pool: &batch.Pool{}, Budget: limit.New("test", 0), Retracts: true})
	if err := s.Grow(1); err != nil {
		tb.Fatal(err)
	}
	return s
}

func addTo(tb testing.TB, s aggregate.State, args ...*batch.Column) {
	tb.Helper()
	if err := s.Add(&aggregate.Rows{N: args[0].Len(), Args: args}); err != nil {
		tb.Fatal(err)
	}
}

// TestApproximateCounts: exact while small, then within 3 % (four standard errors), whatever the order and the way.
func TestApproximateCounts(t *testing.T) {
	f := find(t, "approx_count_distinct", builtin.Any)
	for _, n := range []int{0, 1, 10, 500, 768, 769, 5000, 40_000, 300_000} {
		s, other := stateOf(t, f, schema.Of(schema.Int64)), stateOf(t, f, schema.Of(schema.Int64))
		var values []int64
		for i := range n {
			values = append(values, int64(i), int64(i/2))
		}
		random := rand.New(rand.NewPCG(1, uint64(n)))
		random.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		for i := 0; i < len(values); i += batch.MaxRows {
			piece := values[i:min(i+batch.MaxRows, len(values))]
			addTo(t, s, bigints(piece...))
			part := stateOf(t, f, schema.Of(schema.Int64)) // the other gets them in parts that are merged
			addTo(t, part, bigints(piece...))
			cols := []*batch.Column{batch.NewColumn(&batch.Pool{}, part.PartialTypes()[0])}
			part.Partial([]uint32{0}, cols)
			if err := other.Merge(&aggregate.Rows{N: 1, Args: cols}); err != nil {
				t.Fatal(err)
			}
		}
		out := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
		s.Result([]uint32{0}, out, nil)
		got := out.Int64s()[0]
		if off := math.Abs(float64(got - int64(n))); n <= 768 && off > 0 || off > 0.03*float64(n) {
			t.Errorf("%d values are counted as %d", n, got)
		}
		if other.Result([]uint32{0}, out, nil); out.Int64s()[0] != got {
			t.Errorf("%d values are counted as %d at once and as %d in parts", n, got, out.Int64s()[0])
		}
	}
}

// TestEqualValuesCountOnce: what = calls equal is one value.
func TestEqualValuesCountOnce(t *testing.T) {
	pool := &batch.Pool{}
	for _, tt := range []struct {
		typ    schema.Type
		values []string
	}{
		{schema.Of(schema.Numeric), []string{"1", "1.0", "1.00"}},
		{schema.Of(schema.Float64), []string{"0", "-0"}},
		{schema.Of(schema.Float32), []string{"NaN", "NaN"}},
		{schema.Of(schema.Interval), []string{"1 mon", "30 days", "720:00:00"}},
		{schema.ArrayOf(schema.Of(schema.Numeric)), []string{"{1,2.0}", "{1.0,2}"}},
	} {
		col := batch.NewColumn(pool, tt.typ)
		col.Reset(len(tt.values))
		for i, v := range tt.values {
			setText(col, i, v)
		}
		s := stateOf(t, find(t, "approx_count_distinct", builtin.Any), tt.typ)
		addTo(t, s, col)
		out := batch.NewColumn(pool, schema.Of(schema.Int64))
		if s.Result([]uint32{0}, out, nil); out.Int64s()[0] != 1 {
			t.Errorf("%s %q are %d values", tt.typ, tt.values, out.Int64s()[0])
		}
	}
}

// TestApproximatePercentiles: within 1 % of the value at the rank, whatever is taken back.
func TestApproximatePercentiles(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		values := drawFloats(r, 50)
		if len(values) == 0 {
			return
		}
		fraction := rapid.Float64Range(0, 1).Draw(r, "fraction")
		fractions := func(n int) *batch.Column { return floats(slices.Repeat([]float64{fraction}, n)...) }
		a := newAdding(r, find(t, "approx_percentile", schema.Float64, schema.Float64), schema.Of(schema.Float64), schema.Of(schema.Float64))
		for _, v := range values {
			a.must(a.state.Add(a.rows(floats(v), fractions(1))))
			a.disturb(floats(math.NaN(), -5, math.Inf(1)), fractions(3))
		}
		slices.Sort(values)
		want := values[max(int(math.Ceil(fraction*float64(len(values)))), 1)-1]
		out := batch.NewColumn(a.spec.Pool, schema.Of(schema.Float64))
		a.state.Result([]uint32{1}, out, nil)
		got := out.Float64s()[0]
		subnormal := math.Abs(want) < 0x1p-1022 // has fewer bits than the buckets
		if math.Abs(got-want) > 0.01*math.Abs(want) && !subnormal || math.Signbit(got) != math.Signbit(want) && want != 0 {
			r.Errorf("%v at %v: got %v, want %v", values, fraction, got, want)
		}
	})
}

// TestSmallIntegersAreExactPercentiles: a bucket stands for its smallest value.
func TestSmallIntegersAreExactPercentiles(t *testing.T) {
	for v := -256.0; v <= 256; v++ {
		s := stateOf(t, find(t, "approx_percentile", schema.Float64, schema.Float64), schema.Of(schema.Float64), schema.Of(schema.Float64))
		addTo(t, s, floats(v), floats(0.5))
		out := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Float64))
		if s.Result([]uint32{0}, out, nil); out.Float64s()[0] != v {
			t.Errorf("%v became %v", v, out.Float64s()[0])
		}
	}
}

// FuzzRestore: whatever bytes a state is restored from, it accepts or refuses them, and stores again what it accepted.
func FuzzRestore(f *testing.F) {
	all := aggregate.All()
	for i, fn := range all {
		if fn.Order == aggregate.SortedOrder {
			continue
		}
		s := fn.NewState(specOf(&fn))
		if err := s.Grow(1); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), s.Append(0, nil))
		f.Add(uint8(i), []byte{3, 2, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	}
	f.Fuzz(func(t *testing.T, number uint8, data []byte) {
		fn := &all[int(number)%len(all)]
		if fn.Order == aggregate.SortedOrder {
			return
		}
		s := fn.NewState(specOf(fn))
		defer s.Close()
		if err := s.Grow(2); err != nil {
			t.Fatal(err)
		}
		rest, err := s.Restore(0, data)
		if err != nil {
			return
		}
		if len(rest) > len(data) {
			t.Fatal("more is left than there was")
		}
		again := s.Append(0, nil)
		if _, err := s.Restore(1, again); err != nil {
			t.Fatalf("%s: %x was accepted, what was made of it, %x, is not: %v", fn.Signature(), data, again, err)
		}
		if third := s.Append(1, nil); !bytes.Equal(again, third) && fn.Name != "approx_count_distinct" {
			t.Fatalf("%s: stored as %x, then as %x", fn.Signature(), again, third)
		}
		var errs builtin.Errors
		s.Result([]uint32{0, 1}, batch.NewColumn(&batch.Pool{}, fn.ResultType(specOf(fn).Args)), &errs)
	})
}

// specOf is a spec with arguments that a function takes.
func specOf(f *aggregate.Function) *aggregate.Spec {
	spec := &aggregate.Spec{Pool: &batch.Pool{}, Budget: limit.New("fuzz", 64<<20)}
	for _, p := range f.Params {
		switch p {
		case builtin.Any, builtin.NonArray:
			spec.Args = append(spec.Args, schema.Of(schema.Text))
		case builtin.DoubleArray:
			spec.Args = append(spec.Args, schema.ArrayOf(schema.Of(schema.Float64)))
		case schema.Array:
			spec.Args = append(spec.Args, schema.ArrayOf(schema.Of(schema.Int32)))
		default:
			spec.Args = append(spec.Args, schema.Of(p))
		}
	}
	if f.Class == aggregate.HypotheticalSet {
		spec.Args = append(spec.Args, spec.Args...)
	}
	return spec
}
