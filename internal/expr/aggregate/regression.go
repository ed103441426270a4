package aggregate

import (
	"math"
	"math/big"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// floatMomentCell is the exact sum of floats and of their squares. Values that are no numbers are in the first only.
type floatMomentCell struct {
	sum     window[[3]uint64]
	squares window[[5]uint64]
	n       int64
}

// floatMoments is variance and standard deviation of floats of type T.
type floatMoments[T float32 | float64] struct {
	cells[floatMomentCell]
	wides  wides
	spread spread
}

// newFloatMoments returns the constructor of a measure of variation.
func newFloatMoments[T float32 | float64](sp spread) func(*Spec) State {
	return func(spec *Spec) State {
		s := &floatMoments[T]{spread: sp}
		s.cells = newCells(spec, layout[floatMomentCell]{
			encode: func(dst []byte, c *floatMomentCell) []byte {
				return appendInt(c.squares.encode(&s.wides, c.sum.encode(&s.wides, dst)), c.n)
			},
			decode: func(src []byte, c *floatMomentCell) ([]byte, error) {
				src, err := c.sum.decode(&s.wides, src)
				if err != nil {
					return nil, err
				}
				if src, err = c.squares.decode(&s.wides, src); err != nil {
					return nil, err
				}
				return readInt(src, &c.n)
			},
			merge: func(into, from *floatMomentCell) error {
				into.n += from.n
				if err := into.sum.merge(&s.wides, &from.sum); err != nil {
					return err
				}
				return into.squares.merge(&s.wides, &from.squares)
			},
			free: func(c *floatMomentCell) {
				c.sum.drop(&s.wides)
				c.squares.drop(&s.wides)
			},
		})
		s.wides.memory = &s.account
		return s
	}
}

// Add adds the values and their squares.
func (s *floatMoments[T]) Add(in *Rows) error { return s.apply(in, false) }

// Retract takes values back.
func (s *floatMoments[T]) Retract(in *Rows) error { return s.apply(in, true) }

func (s *floatMoments[T]) apply(in *Rows, minus bool) error {
	in = s.live.present(in)
	v := batch.Values[T](in.Args[0])
	for i := range in.N {
		c, x := s.at(in.slot(i)), float64(v[in.Row(i)])
		c.n += step(minus)
		if err := c.sum.apply(&s.wides, x, minus); err != nil {
			return err
		}
		if isFinite(x) {
			if err := c.squares.addProduct(&s.wides, x, x, minus); err != nil {
				return err
			}
		}
	}
	return nil
}

// step is what a row that is added, or taken back, changes a number of rows by.
func step(minus bool) int64 {
	if minus {
		return -1
	}
	return 1
}

// Result stores the measures.
func (s *floatMoments[T]) Result(slots []uint32, out *batch.Column, errs *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		c := s.at(slot)
		if !s.spread.defined(c.n) {
			out.SetNull(i)
			continue
		}
		x := math.NaN()
		if !c.sum.odd(&s.wides) {
			sum, squares := c.sum.fraction(&s.wides), c.squares.fraction(&s.wides)
			x = deviation(c.n, sum, sum, squares).over(fraction{s.spread.divisor(c.n), 0})
		}
		if s.spread.root {
			x = math.Sqrt(x)
		}
		if math.IsInf(x, 0) {
			fail(out, i, errs, errFloatOverflow())
			continue
		}
		out.Float64s()[i] = x
	}
}

// odd reports whether a value was NaN or infinite.
func (a *window[W]) odd(s *wides) bool {
	nan, posInf, negInf := a.specials(s)
	return nan|posInf|negInf != 0
}

// fraction is an exact binary fraction: v * 2^exp.
type fraction struct {
	v   *big.Int
	exp int
}

func (a *window[W]) fraction(s *wides) fraction {
	v, exp := a.bigInt(s)
	return fraction{v, exp}
}

func (f fraction) times(o fraction) fraction {
	return fraction{new(big.Int).Mul(f.v, o.v), f.exp + o.exp}
}

func (f fraction) minus(o fraction) fraction {
	low := min(f.exp, o.exp)
	a, b := new(big.Int).Lsh(f.v, uint(f.exp-low)), new(big.Int).Lsh(o.v, uint(o.exp-low)) //nolint:gosec // not negative
	return fraction{a.Sub(a, b), low}
}

// deviation returns n Σxy − Σx Σy.
func deviation(n int64, x, y, products fraction) fraction {
	return fraction{big.NewInt(n), 0}.times(products).minus(x.times(y))
}

// over returns f / o, o not being zero, rounded to the nearest double; it is infinite where none is so large.
func (f fraction) over(o fraction) float64 {
	if f.v.Sign() == 0 {
		return 0
	}
	a, b := new(big.Int).Abs(f.v), new(big.Int).Abs(o.v)
	const enough = mantissa + 3 // with what the last bit says of the rest, to round once
	up := max(b.BitLen()-a.BitLen()+enough, 0)
	rest := new(big.Int)
	a.QuoRem(a.Lsh(a, uint(up)), b, rest) //nolint:gosec // not negative
	if rest.Sign() != 0 {
		a.SetBit(a, 0, 1)
	}
	words := make([]uint64, (a.BitLen()+63)/64)
	for i := range words {
		words[i] = a.Uint64()
		a.Rsh(a, 64)
	}
	return round(words, f.exp-o.exp-up, f.v.Sign() != o.v.Sign(), mantissa)
}

// rootOver returns the square root of f / o, NaN where that is negative, as of damaged sums only; it may be off by less than the last digit of a double.
func (f fraction) rootOver(o fraction) float64 {
	const precision = 128
	a, b := new(big.Float).SetPrec(precision).SetInt(f.v), new(big.Float).SetPrec(precision).SetInt(o.v)
	exp := f.exp - o.exp
	q := a.SetMantExp(a.Quo(a, b), exp&1)
	if q.Sign() < 0 {
		return math.NaN()
	}
	x, _ := q.SetMantExp(q.Sqrt(q), exp>>1).Float64()
	return x
}

// regressionCell is the exact sums over pairs (y, x).
type regressionCell struct {
	x, y       window[[3]uint64]
	xx, yy, xy window[[5]uint64]
	n          int64
}

// statistic makes an answer from the sums of a regression, or NULL.
type statistic func(r *regressed) (x float64, null bool, err *sqlstate.Error)

// regression is the aggregates over pairs of doubles: the dependent variable y first, the independent x second.
type regression struct {
	cells[regressionCell]
	wides  wides
	answer statistic
}

// newRegression returns the constructor of a statistic.
func newRegression(answer statistic) func(*Spec) State {
	return func(spec *Spec) State {
		s := &regression{answer: answer}
		s.cells = newCells(spec, layout[regressionCell]{encode: s.encode, decode: s.decode, merge: s.mergeCells, free: s.drop})
		s.wides.memory = &s.account
		return s
	}
}

func (s *regression) encode(dst []byte, c *regressionCell) []byte {
	w := &s.wides
	dst = c.y.encode(w, c.x.encode(w, appendInt(dst, c.n)))
	return c.xy.encode(w, c.yy.encode(w, c.xx.encode(w, dst)))
}

func (s *regression) decode(src []byte, c *regressionCell) ([]byte, error) {
	src, err := readInt(src, &c.n)
	for _, a := range []*window[[3]uint64]{&c.x, &c.y} {
		if err == nil {
			src, err = a.decode(&s.wides, src)
		}
	}
	for _, a := range []*window[[5]uint64]{&c.xx, &c.yy, &c.xy} {
		if err == nil {
			src, err = a.decode(&s.wides, src)
		}
	}
	return src, err
}

func (s *regression) mergeCells(into, from *regressionCell) error {
	w := &s.wides
	into.n += from.n
	err := into.x.merge(w, &from.x)
	if err == nil {
		err = into.y.merge(w, &from.y)
	}
	if err == nil {
		err = into.xx.merge(w, &from.xx)
	}
	if err == nil {
		err = into.yy.merge(w, &from.yy)
	}
	if err == nil {
		err = into.xy.merge(w, &from.xy)
	}
	return err
}

func (s *regression) drop(c *regressionCell) {
	c.x.drop(&s.wides)
	c.y.drop(&s.wides)
	c.xx.drop(&s.wides)
	c.yy.drop(&s.wides)
	c.xy.drop(&s.wides)
}

// Add adds the pairs.
func (s *regression) Add(in *Rows) error { return s.apply(in, false) }

// Retract takes pairs back.
func (s *regression) Retract(in *Rows) error { return s.apply(in, true) }

func (s *regression) apply(in *Rows, minus bool) error {
	in = s.live.present(in)
	ys, xs := in.Args[0].Float64s(), in.Args[1].Float64s()
	for i := range in.N {
		row := in.Row(i)
		c := s.at(in.slot(i))
		c.n += step(minus)
		if err := s.pair(c, ys[row], xs[row], minus); err != nil {
			return err
		}
	}
	return nil
}

func (s *regression) pair(c *regressionCell, y, x float64, minus bool) error {
	w := &s.wides
	if err := c.x.apply(w, x, minus); err != nil {
		return err
	}
	if err := c.y.apply(w, y, minus); err != nil {
		return err
	}
	if isFinite(x) {
		if err := c.xx.addProduct(w, x, x, minus); err != nil {
			return err
		}
	}
	if isFinite(y) {
		if err := c.yy.addProduct(w, y, y, minus); err != nil {
			return err
		}
	}
	if isFinite(x) && isFinite(y) {
		return c.xy.addProduct(w, x, y, minus)
	}
	return nil
}

// Result stores the statistic.
func (s *regression) Result(slots []uint32, out *batch.Column, errs *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		c := s.at(slot)
		if c.n == 0 {
			out.SetNull(i)
			continue
		}
		x, null, err := s.answer(&regressed{&s.wides, c})
		switch {
		case err != nil:
			fail(out, i, errs, err)
		case null:
			out.SetNull(i)
		default:
			out.Float64s()[i] = x
		}
	}
}

// regressed is the sums over at least one pair. Since they are exact, statistics are exact fractions, rounded once.
type regressed struct {
	wides *wides
	c     *regressionCell
}

// n is the number of pairs, as a fraction.
func (r *regressed) n() fraction { return fraction{big.NewInt(r.c.n), 0} }

func (r *regressed) oddX() bool { return r.c.x.odd(r.wides) }
func (r *regressed) oddY() bool { return r.c.y.odd(r.wides) }

// sumX and sumY are the sums of the finite values.
func (r *regressed) sumX() fraction { return r.c.x.fraction(r.wides) }
func (r *regressed) sumY() fraction { return r.c.y.fraction(r.wides) }

// xx, yy and xy are n times the sums of products of deviations from the means.
func (r *regressed) xx() fraction {
	return deviation(r.c.n, r.sumX(), r.sumX(), r.c.xx.fraction(r.wides))
}

func (r *regressed) yy() fraction {
	return deviation(r.c.n, r.sumY(), r.sumY(), r.c.yy.fraction(r.wides))
}

func (r *regressed) xy() fraction {
	return deviation(r.c.n, r.sumX(), r.sumY(), r.c.xy.fraction(r.wides))
}

// statisticOf returns the statistic that an aggregate is. As in PostgreSQL, a value that is no number makes everything that depends on its deviation from a
// mean NaN, and deviations of zero make a quotient NULL.
func statisticOf(name string) statistic {
	return map[string]statistic{
		"regr_avgx": func(r *regressed) (float64, bool, *sqlstate.Error) {
			x, err := r.c.x.float(r.wides, nil, mantissa)
			return x / float64(r.c.n), false, err
		},
		"regr_avgy": func(r *regressed) (float64, bool, *sqlstate.Error) {
			y, err := r.c.y.float(r.wides, nil, mantissa)
			return y / float64(r.c.n), false, err
		},
		"regr_sxx": func(r *regressed) (float64, bool, *sqlstate.Error) {
			return ratio(r.oddX(), r.xx, r.n)
		},
		"regr_syy": func(r *regressed) (float64, bool, *sqlstate.Error) {
			return ratio(r.oddY(), r.yy, r.n)
		},
		"regr_sxy": func(r *regressed) (float64, bool, *sqlstate.Error) {
			return ratio(r.oddX() || r.oddY(), r.xy, r.n)
		},
		"covar_pop": func(r *regressed) (float64, bool, *sqlstate.Error) {
			return ratio(r.oddX() || r.oddY(), r.xy, func() fraction { return fraction{spread{}.divisor(r.c.n), 0} })
		},
		"covar_samp": func(r *regressed) (float64, bool, *sqlstate.Error) {
			if r.c.n < 2 {
				return 0, true, nil
			}
			return ratio(r.oddX() || r.oddY(), r.xy, func() fraction { return fraction{spread{sample: true}.divisor(r.c.n), 0} })
		},
		"corr":           correlation,
		"regr_r2":        determination,
		"regr_slope":     slope,
		"regr_intercept": intercept,
	}[name]
}

// ratio returns a / b, NaN if odd.
func ratio(odd bool, a, b func() fraction) (float64, bool, *sqlstate.Error) {
	if odd {
		return math.NaN(), false, nil
	}
	x := a().over(b())
	if math.IsInf(x, 0) {
		return 0, false, errFloatOverflow()
	}
	return x, false, nil
}

func correlation(r *regressed) (float64, bool, *sqlstate.Error) {
	if flatX, flatY := r.flat(); flatX || flatY {
		return 0, true, nil
	} else if r.oddX() || r.oddY() {
		return math.NaN(), false, nil
	}
	xy := r.xy()
	x := math.Min(xy.times(xy).rootOver(r.xx().times(r.yy())), 1)
	if xy.v.Sign() < 0 {
		x = -x
	}
	return x, false, nil
}

func determination(r *regressed) (float64, bool, *sqlstate.Error) {
	switch flatX, flatY := r.flat(); {
	case flatX:
		return 0, true, nil
	case flatY:
		return 1, false, nil
	case r.oddX() || r.oddY():
		return math.NaN(), false, nil
	}
	return r.xy().times(r.xy()).over(r.xx().times(r.yy())), false, nil
}

func slope(r *regressed) (float64, bool, *sqlstate.Error) {
	if flatX, _ := r.flat(); flatX {
		return 0, true, nil
	}
	return ratio(r.oddX() || r.oddY(), r.xy, r.xx)
}

func intercept(r *regressed) (float64, bool, *sqlstate.Error) {
	if flatX, _ := r.flat(); flatX {
		return 0, true, nil
	}
	return ratio(r.oddX() || r.oddY(), func() fraction { return r.sumY().times(r.xx()).minus(r.sumX().times(r.xy())) },
		func() fraction { return r.n().times(r.xx()) })
}

// flat reports whether all x, and all y, are finite and the same.
func (r *regressed) flat() (x, y bool) {
	return !r.oddX() && r.xx().v.Sign() == 0, !r.oddY() && r.yy().v.Sign() == 0
}
