package aggregate_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// find returns the overload of name for parameters of kinds.
func find(tb testing.TB, name string, kinds ...schema.Kind) *aggregate.Function {
	tb.Helper()
	for _, f := range aggregate.Standard().Lookup(name) {
		if slices.Equal(f.Params, kinds) {
			return f
		}
	}
	tb.Fatalf("no %s of %v", name, kinds)
	return nil
}

func floats(values ...float64) *batch.Column {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Float64))
	c.Reset(len(values))
	copy(c.Float64s(), values)
	return c
}

func reals(values ...float64) *batch.Column {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Float32))
	c.Reset(len(values))
	for i, v := range values {
		c.Float32s()[i] = float32(v)
	}
	return c
}

// drawFloats draws doubles of few or of all magnitudes, zeros, subnormals and values that cancel each other among them.
func drawFloats(t *rapid.T, most int) []float64 {
	exponents := rapid.SampledFrom([][2]int{{-3, 10}, {-60, 60}, {-1074, 1023}, {-1074, -1000}, {1000, 1023}}).Draw(t, "exponents")
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float64 {
		m := float64(rapid.Int64Range(-1<<53, 1<<53).Draw(t, "mantissa"))
		if rapid.Bool().Draw(t, "round") {
			m = float64(rapid.IntRange(-9, 9).Draw(t, "digit"))
		}
		x := math.Ldexp(m, rapid.IntRange(exponents[0], exponents[1]).Draw(t, "exponent")-53)
		if math.IsInf(x, 0) {
			return 0
		}
		return x
	}), 0, most).Draw(t, "floats")
}

// exactSum is the sum as a fraction.
func exactSum(values []float64) *big.Rat {
	sum := new(big.Rat)
	for _, v := range values {
		sum.Add(sum, new(big.Rat).SetFloat64(v))
	}
	return sum
}

// adding is one state to which values come in some way.
type adding struct {
	t     *rapid.T
	f     *aggregate.Function
	spec  *aggregate.Spec
	state aggregate.State
}

func newAdding(t *rapid.T, f *aggregate.Function, args ...schema.Type) *adding {
	a := &adding{t: t, f: f, spec: &aggregate.Spec{Args: args, Pool: &batch.Pool{}, Budget: limit.New("test", 0), Retracts: true}}
	a.state = a.fresh()
	return a
}

func (a *adding) fresh() aggregate.State {
	s := a.f.NewState(a.spec)
	if err := s.Grow(2); err != nil {
		a.t.Fatal(err)
	}
	return s
}

func (a *adding) rows(cols ...*batch.Column) *aggregate.Rows {
	return &aggregate.Rows{Slot: 1, N: cols[0].Len(), Args: cols}
}

func (a *adding) must(err error) {
	if err != nil {
		a.t.Fatal(err)
	}
}

// disturb does what must not change an answer: adds and takes back, stores and restores, merges with nothing.
func (a *adding) disturb(others ...*batch.Column) {
	switch rapid.IntRange(0, 4).Draw(a.t, "disturb") {
	case 0:
		a.must(a.state.Add(a.rows(others...)))
		a.must(a.state.(aggregate.Retracter).Retract(a.rows(others...)))
	case 1:
		s := a.fresh()
		rest, err := s.Restore(1, a.state.Append(1, nil))
		if a.must(err); len(rest) > 0 {
			a.t.Fatalf("%d bytes are left", len(rest))
		}
		a.state = s
	case 2:
		s := a.fresh()
		cols := []*batch.Column{batch.NewColumn(a.spec.Pool, a.state.PartialTypes()[0])}
		a.state.Partial([]uint32{1}, cols)
		a.must(s.Merge(a.rows(cols...)))
		a.state = s
	}
}

// answer is the state's answer as text, or its SQLSTATE.
func (a *adding) answer() string {
	out := batch.NewColumn(a.spec.Pool, a.f.ResultType(a.spec.Args))
	var errs builtin.Errors
	a.state.Result([]uint32{1}, out, &errs)
	if errs.Len() > 0 {
		return string(errs.Errs[0].Code)
	}
	if out.IsNull(0) {
		return "NULL"
	}
	return string(builtin.AppendValue(nil, out, 0))
}

func TestFloatSumsAreExact(t *testing.T) {
	for _, double := range []bool{true, false} {
		t.Run(fmt.Sprint("double ", double), func(t *testing.T) {
			kind, column := schema.Float64, floats
			if !double {
				kind, column = schema.Float32, reals
			}
			rapid.Check(t, func(r *rapid.T) {
				values := drawFloats(r, 30)
				if !double {
					for i, v := range values {
						if values[i] = float64(float32(v)); math.IsInf(values[i], 0) {
							values[i] = 1
						}
					}
				}
				a := newAdding(r, find(t, "sum", kind), schema.Of(kind))
				for left := values; len(left) > 0; {
					n := rapid.IntRange(1, len(left)).Draw(r, "piece")
					a.must(a.state.Add(a.rows(column(left[:n]...))))
					left = left[n:]
					a.disturb(column(append([]float64{math.NaN(), math.Inf(1)}, drawFloats(r, 3)...)...))
				}
				want := "NULL"
				if sum := exactSum(values); len(values) > 0 {
					x, _ := sum.Float64()
					most := math.MaxFloat64
					if !double {
						y, _ := sum.Float32()
						x, most = float64(y), math.MaxFloat32
					}
					if want = string(builtin.AppendValue(nil, column(x), 0)); math.Abs(x) > most {
						want = "22003"
					}
					if x == 0 {
						want = "0"
					}
				}
				if got := a.answer(); got != want {
					r.Fatalf("%v: got %s, want %s", values, got, want)
				}
			})
		})
	}
}

// TestVariancesAreExact compares with the formula over fractions.
func TestVariancesAreExact(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		values := drawFloats(r, 12)
		a := newAdding(r, find(t, "var_pop", schema.Float64), schema.Of(schema.Float64))
		squares := new(big.Rat)
		for _, v := range values {
			x := new(big.Rat).SetFloat64(v)
			squares.Add(squares, x.Mul(x, x))
			a.must(a.state.Add(a.rows(floats(v))))
			a.disturb(floats(append([]float64{math.Inf(-1)}, drawFloats(r, 2)...)...))
		}
		want := "NULL"
		if n := new(big.Rat).SetInt64(int64(len(values))); len(values) > 0 {
			mean := exactSum(values)
			mean.Quo(mean, n)
			v := squares.Quo(squares, n)
			v.Sub(v, mean.Mul(mean, mean))
			x, _ := v.Float64()
			if want = string(builtin.AppendValue(nil, floats(x), 0)); math.IsInf(x, 0) {
				want = "22003"
			}
		}
		if got := a.answer(); got != want {
			r.Fatalf("%v: got %s, want %s", values, got, want)
		}
	})
}

// TestRegressionsAreExact compares the slope with the formula over fractions.
func TestRegressionsAreExact(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		xs := drawFloats(r, 8)
		ys := make([]float64, len(xs))
		a := newAdding(r, find(t, "regr_slope", schema.Float64, schema.Float64), schema.Of(schema.Float64), schema.Of(schema.Float64))
		var sx, sy, sxx, sxy big.Rat
		for i, x := range xs {
			ys[i] = float64(rapid.IntRange(-100, 100).Draw(r, "y"))
			a.must(a.state.Add(a.rows(floats(ys[i]), floats(x))))
			a.disturb(floats(3, math.NaN()), floats(math.Inf(1), 1e300))
			bx, by := new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(ys[i])
			sx.Add(&sx, bx)
			sy.Add(&sy, by)
			sxx.Add(&sxx, new(big.Rat).Mul(bx, bx))
			sxy.Add(&sxy, new(big.Rat).Mul(bx, by))
		}
		n := new(big.Rat).SetInt64(int64(len(xs)))
		sxx.Sub(sxx.Mul(&sxx, n), new(big.Rat).Mul(&sx, &sx))
		sxy.Sub(sxy.Mul(&sxy, n), new(big.Rat).Mul(&sx, &sy))
		want := "NULL"
		if sxx.Sign() != 0 {
			x, _ := sxy.Quo(&sxy, &sxx).Float64()
			if want = string(builtin.AppendValue(nil, floats(x), 0)); math.IsInf(x, 0) {
				want = "22003"
			}
		}
		if got := a.answer(); got != want {
			r.Fatalf("x %v y %v: got %s, want %s", xs, ys, got, want)
		}
	})
}
