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
		s.wides.memory = &s.memory
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
			x = deviation(c.n, sum, sum, squares).over(s.spread.divisor(c.n))
		}
		if s.spread.root {
			x = math.Sqrt(x)
		}
		setFloat(out, i, errs, x, nil)
	}
}

// setFloat stores a float; one that is infinite is an overflow.
func setFloat(out *batch.Column, row int, errs *builtin.Errors, x float64, err *sqlstate.Error) {
	if err == nil && math.IsInf(x, 0) {
		err = errFloatOverflow()
	}
	if err != nil {
		fail(out, row, errs, err)
		return
	}
	out.Float64s()[row] = x
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

// deviation returns n Σxy − Σx Σy.
func deviation(n int64, x, y, products fraction) fraction {
	a := fraction{new(big.Int).Mul(big.NewInt(n), products.v), products.exp}
	b := fraction{new(big.Int).Mul(x.v, y.v), x.exp + y.exp}
	low := min(a.exp, b.exp)
	a.v.Lsh(a.v, uint(a.exp-low)) //nolint:gosec // not negative
	b.v.Lsh(b.v, uint(b.exp-low)) //nolint:gosec // not negative
	return fraction{a.v.Sub(a.v, b.v), low}
}

// over returns f / by, rounded to a double; it is infinite where none is so large.
func (f fraction) over(by *big.Int) float64 {
	const precision = 128 // enough that rounding twice does no harm
	q := new(big.Float).SetPrec(precision).SetInt(f.v)
	q.Quo(q, new(big.Float).SetPrec(precision).SetInt(by))
	x, _ := q.SetMantExp(q, f.exp).Float64()
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
		s.wides.memory = &s.memory
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
		case null:
			out.SetNull(i)
		case err != nil:
			fail(out, i, errs, err)
		default:
			out.Float64s()[i] = x
		}
	}
}

// regressed is the sums over at least one pair, as PostgreSQL's statistics use them.
type regressed struct {
	wides *wides
	c     *regressionCell
}

func (r *regressed) n() float64 { return float64(r.c.n) }

// sumX and sumY are the plain sums.
func (r *regressed) sumX() (float64, *sqlstate.Error) { return r.c.x.float(r.wides, nil, mantissa) }
func (r *regressed) sumY() (float64, *sqlstate.Error) { return r.c.y.float(r.wides, nil, mantissa) }

// sxx is the sum of squared deviations of x from its mean; NaN if an x is no number.
func (r *regressed) sxx() (float64, *sqlstate.Error) {
	if r.c.x.odd(r.wides) {
		return math.NaN(), nil
	}
	x := r.c.x.fraction(r.wides)
	return r.deviations(x, x, r.c.xx.fraction(r.wides))
}

func (r *regressed) syy() (float64, *sqlstate.Error) {
	if r.c.y.odd(r.wides) {
		return math.NaN(), nil
	}
	y := r.c.y.fraction(r.wides)
	return r.deviations(y, y, r.c.yy.fraction(r.wides))
}

func (r *regressed) sxy() (float64, *sqlstate.Error) {
	if r.c.x.odd(r.wides) || r.c.y.odd(r.wides) {
		return math.NaN(), nil
	}
	return r.deviations(r.c.x.fraction(r.wides), r.c.y.fraction(r.wides), r.c.xy.fraction(r.wides))
}

func (r *regressed) deviations(x, y, products fraction) (float64, *sqlstate.Error) {
	d := deviation(r.c.n, x, y, products).over(big.NewInt(r.c.n))
	if math.IsInf(d, 0) {
		return 0, errFloatOverflow()
	}
	return d, nil
}

// all returns sxx, syy and sxy.
func (r *regressed) all() (sxx, syy, sxy float64, err *sqlstate.Error) {
	if sxx, err = r.sxx(); err != nil {
		return 0, 0, 0, err
	}
	if syy, err = r.syy(); err != nil {
		return 0, 0, 0, err
	}
	sxy, err = r.sxy()
	return sxx, syy, sxy, err
}

// statisticOf returns the statistic that an aggregate is.
func statisticOf(name string) statistic {
	return map[string]statistic{
		"regr_sxx": func(r *regressed) (float64, bool, *sqlstate.Error) { return value(r.sxx()) },
		"regr_syy": func(r *regressed) (float64, bool, *sqlstate.Error) { return value(r.syy()) },
		"regr_sxy": func(r *regressed) (float64, bool, *sqlstate.Error) { return value(r.sxy()) },
		"regr_avgx": func(r *regressed) (float64, bool, *sqlstate.Error) {
			x, err := r.sumX()
			return x / r.n(), false, err
		},
		"regr_avgy": func(r *regressed) (float64, bool, *sqlstate.Error) {
			y, err := r.sumY()
			return y / r.n(), false, err
		},
		"covar_pop": func(r *regressed) (float64, bool, *sqlstate.Error) {
			xy, err := r.sxy()
			return xy / r.n(), false, err
		},
		"covar_samp": func(r *regressed) (float64, bool, *sqlstate.Error) {
			xy, err := r.sxy()
			return xy / (r.n() - 1), r.c.n < 2, err
		},
		"corr":           correlation,
		"regr_r2":        determination,
		"regr_slope":     slope,
		"regr_intercept": intercept,
	}[name]
}

func value(x float64, err *sqlstate.Error) (float64, bool, *sqlstate.Error) { return x, false, err }

func correlation(r *regressed) (float64, bool, *sqlstate.Error) {
	xx, yy, xy, err := r.all()
	return xy / math.Sqrt(xx*yy), xx == 0 || yy == 0, err
}

func determination(r *regressed) (float64, bool, *sqlstate.Error) {
	xx, yy, xy, err := r.all()
	if yy == 0 && xx != 0 {
		return 1, false, err
	}
	return xy * xy / (xx * yy), xx == 0, err
}

func slope(r *regressed) (float64, bool, *sqlstate.Error) {
	xx, _, xy, err := r.all()
	return xy / xx, xx == 0, err
}

func intercept(r *regressed) (float64, bool, *sqlstate.Error) {
	xx, _, xy, err := r.all()
	if err != nil {
		return 0, false, err
	}
	x, err := r.sumX()
	if err != nil {
		return 0, false, err
	}
	y, err := r.sumY()
	return (y - x*xy/xx) / r.n(), xx == 0, err
}
