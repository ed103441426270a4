package builtin

import (
	"crypto/rand"
	"math"
	mathrand "math/rand/v2"

	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

const (
	smallint = schema.Int16
	bigint   = schema.Int64
	real4    = schema.Float32
	double   = schema.Float64
	decimal  = schema.Numeric
)

func mathFunctions() []Function {
	list := []Function{
		fn("abs", smallint, absInt16, smallint), fn("abs", integer, absInt32, integer), fn("abs", bigint, absInt64, bigint),
		fn("abs", real4, absFloat32, real4),
		fn("mod", smallint, modInt16, smallint, smallint), fn("mod", integer, modInt32, integer, integer), fn("mod", bigint, modInt64, bigint, bigint),
		fn("mod", decimal, decimals2(numeric.Mod), decimal, decimal), fn("div", decimal, decimals2(truncDiv), decimal, decimal),
		fn("gcd", integer, gcdInt32, integer, integer), fn("gcd", bigint, gcdInt64, bigint, bigint), fn("gcd", decimal, decimals2(gcdDecimal), decimal, decimal),
		fn("lcm", integer, lcmInt32, integer, integer), fn("lcm", bigint, lcmInt64, bigint, bigint), fn("lcm", decimal, decimals2(lcmDecimal), decimal, decimal),
		fn("round", decimal, roundTo, decimal, integer), fn("trunc", decimal, truncTo, decimal, integer),
		fn("log", decimal, decimals2(numeric.Log), decimal, decimal),
		fn("factorial", decimal, factorial, bigint),
		fn("scale", integer, scale, decimal), fn("min_scale", integer, minScale, decimal),
		fn("trim_scale", decimal, decimals(trimScale), decimal),
		fn("width_bucket", integer, widthBucketDecimal, decimal, decimal, decimal, integer),
		fn("width_bucket", integer, widthBucketFloat, double, double, double, integer),
		fn("random", double, random).volatile(),
		fn("pi", double, constant(math.Pi)),
	}
	both := func(name string, f func(numeric.Decimal) (numeric.Decimal, error), g func(float64) (float64, *sqlstate.Error)) {
		list = append(list, fn(name, decimal, decimals(f), decimal), fn(name, double, floats(g), double))
	}
	both("abs", func(d numeric.Decimal) (numeric.Decimal, error) { return numeric.Abs(d), nil }, plainFloat(math.Abs))
	both("ceil", numeric.Ceil, plainFloat(math.Ceil))
	both("ceiling", numeric.Ceil, plainFloat(math.Ceil))
	both("floor", numeric.Floor, plainFloat(math.Floor))
	both("round", func(d numeric.Decimal) (numeric.Decimal, error) { return numeric.Round(d, 0) }, plainFloat(math.RoundToEven))
	both("trunc", func(d numeric.Decimal) (numeric.Decimal, error) { return numeric.Trunc(d, 0) }, plainFloat(math.Trunc))
	both("sign", signDecimal, plainFloat(signFloat))
	both("sqrt", numeric.Sqrt, sqrtFloat)

	both("exp", numeric.Exp, checkedFloat(math.Exp))
	both("ln", numeric.Ln, logFloat(math.Log))
	both("log", log10Decimal, logFloat(math.Log10))
	both("log10", log10Decimal, logFloat(math.Log10))
	list = append(list,
		fn("|/", double, floats(sqrtFloat), double), fn("||/", double, floats(plainFloat(math.Cbrt)), double), fn("cbrt", double, floats(plainFloat(math.Cbrt)), double))
	for _, name := range []string{"power", "pow", "^"} {
		list = append(list, fn(name, decimal, decimals2(numeric.Power), decimal, decimal), fn(name, double, floats2(powerFloat), double, double))
	}
	return append(list, trigFunctions()...)
}

// decimals lifts f to columns.
func decimals(f func(numeric.Decimal) (numeric.Decimal, error)) func(*Call) {
	return func(c *Call) {
		c.Each(func(i int) {
			if d, err := f(c.Decimal(0, i)); c.Check(i, err) {
				c.Out.SetDecimal(i, d)
			}
		})
	}
}

func decimals2(f func(a, b numeric.Decimal) (numeric.Decimal, error)) func(*Call) {
	return func(c *Call) {
		c.Each(func(i int) {
			if d, err := f(c.Decimal(0, i), c.Decimal(1, i)); c.Check(i, err) {
				c.Out.SetDecimal(i, d)
			}
		})
	}
}

func floats(f func(float64) (float64, *sqlstate.Error)) func(*Call) {
	return func(c *Call) {
		out := c.Out.Float64s()
		c.Each(func(i int) {
			v, bad := f(c.Float(0, i))
			if out[i] = v; bad != nil {
				c.Fail(i, bad)
			}
		})
	}
}

func floats2(f func(a, b float64) (float64, *sqlstate.Error)) func(*Call) {
	return func(c *Call) {
		out := c.Out.Float64s()
		c.Each(func(i int) {
			v, bad := f(c.Float(0, i), c.Float(1, i))
			if out[i] = v; bad != nil {
				c.Fail(i, bad)
			}
		})
	}
}

func plainFloat(f func(float64) float64) func(float64) (float64, *sqlstate.Error) {
	return func(x float64) (float64, *sqlstate.Error) { return f(x), nil }
}

// checkedFloat reports an infinity or a zero that x does not explain.
func checkedFloat(f func(float64) float64) func(float64) (float64, *sqlstate.Error) {
	return func(x float64) (float64, *sqlstate.Error) {
		y := f(x)
		switch {
		case math.IsInf(x, 0) || math.IsNaN(x):
			return y, nil
		case math.IsInf(y, 0):
			return y, errOverflow()
		case y == 0:
			return y, errUnderflow()
		}
		return y, nil
	}
}

func errOverflow() *sqlstate.Error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "value out of range: overflow")
}

func errUnderflow() *sqlstate.Error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "value out of range: underflow")
}

func errInputRange() *sqlstate.Error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "input is out of range")
}

func errOutOfRange(typ string) *sqlstate.Error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, typ+" out of range")
}

func errDivisionByZero() *sqlstate.Error {
	return sqlstate.New(sqlstate.DivisionByZero, "division by zero")
}

func constant(v float64) func(*Call) {
	return func(c *Call) {
		out := c.Out.Float64s()
		c.Each(func(i int) { out[i] = v })
	}
}

// random gives numbers from 0 to 1, 1 left out. Each place in an expression has a generator with a seed of its own.
func random(c *Call) {
	gen, ok := c.State.(*mathrand.ChaCha8)
	if !ok {
		var seed [32]byte
		_, _ = rand.Read(seed[:]) // never fails: see its documentation
		gen = mathrand.NewChaCha8(seed)
		c.State = gen
	}
	out := c.Out.Float64s()
	c.Each(func(i int) { out[i] = float64(gen.Uint64()>>11) / (1 << 53) })
}

func signFloat(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0 // NaN's, too, as in PostgreSQL
}

func signDecimal(d numeric.Decimal) (numeric.Decimal, error) {
	if d.IsNaN() {
		return d, nil
	}
	return numeric.FromInt64(int64(numeric.Sign(d))), nil
}

func sqrtFloat(x float64) (float64, *sqlstate.Error) {
	if x < 0 {
		return 0, sqlstate.New(sqlstate.InvalidArgumentForPower, "cannot take square root of a negative number")
	}
	return math.Sqrt(x), nil
}

func logFloat(f func(float64) float64) func(float64) (float64, *sqlstate.Error) {
	return func(x float64) (float64, *sqlstate.Error) {
		switch {
		case x == 0:
			return 0, sqlstate.New(sqlstate.InvalidArgumentForLogarithm, "cannot take logarithm of zero")
		case x < 0:
			return 0, sqlstate.New(sqlstate.InvalidArgumentForLogarithm, "cannot take logarithm of a negative number")
		}
		return f(x), nil
	}
}

func log10Decimal(d numeric.Decimal) (numeric.Decimal, error) {
	return numeric.Log(numeric.FromInt64(10), d)
}

func powerFloat(x, y float64) (float64, *sqlstate.Error) {
	switch {
	case x == 0 && y < 0:
		return 0, sqlstate.New(sqlstate.InvalidArgumentForPower, "zero raised to a negative power is undefined")
	case x < 0 && !math.IsInf(x, 0) && math.Floor(y) != y && !math.IsNaN(y):
		return 0, sqlstate.New(sqlstate.InvalidArgumentForPower, "a negative number raised to a non-integer power yields a complex result")
	}
	z := math.Pow(x, y)
	switch {
	case math.IsInf(x, 0) || math.IsInf(y, 0) || math.IsNaN(x) || math.IsNaN(y):
	case math.IsInf(z, 0):
		return z, errOverflow()
	case z == 0 && x != 0:
		return z, errUnderflow()
	}
	return z, nil
}

func truncDiv(a, b numeric.Decimal) (numeric.Decimal, error) {
	if !a.IsFinite() || !b.IsFinite() || b.IsZero() {
		return numeric.Div(a, b)
	}
	rest, err := numeric.Mod(a, b)
	if err != nil {
		return rest, err
	}
	whole, err := numeric.Sub(a, rest)
	if err != nil {
		return whole, err
	}
	quotient, err := numeric.Div(whole, b)
	if err != nil {
		return quotient, err
	}
	return numeric.Round(quotient, 0)
}

func gcdDecimal(a, b numeric.Decimal) (numeric.Decimal, error) {
	if !a.IsFinite() || !b.IsFinite() {
		return numeric.NaN(), nil
	}
	scale := max(a.Scale, b.Scale)
	for !b.IsZero() {
		rest, err := numeric.Mod(a, b)
		if err != nil {
			return rest, err
		}
		a, b = b, rest
	}
	return numeric.Round(numeric.Abs(a), int(scale))
}

func lcmDecimal(a, b numeric.Decimal) (numeric.Decimal, error) {
	if !a.IsFinite() || !b.IsFinite() {
		return numeric.NaN(), nil
	}
	scale := int(max(a.Scale, b.Scale))
	if a.IsZero() || b.IsZero() {
		return numeric.Round(numeric.FromInt64(0), scale)
	}
	g, err := gcdDecimal(a, b)
	if err != nil {
		return g, err
	}
	q, err := truncDiv(a, g)
	if err != nil {
		return q, err
	}
	m, err := numeric.Mul(q, b)
	if err != nil {
		return m, err
	}
	return numeric.Round(numeric.Abs(m), scale)
}

func roundTo(c *Call) {
	c.Each(func(i int) {
		if d, err := numeric.Round(c.Decimal(0, i), int(c.Int32(1, i))); c.Check(i, err) {
			c.Out.SetDecimal(i, d)
		}
	})
}

func truncTo(c *Call) {
	c.Each(func(i int) {
		if d, err := numeric.Trunc(c.Decimal(0, i), int(c.Int32(1, i))); c.Check(i, err) {
			c.Out.SetDecimal(i, d)
		}
	})
}

func factorial(c *Call) {
	c.Each(func(i int) {
		n := c.Int64(0, i)
		if n < 0 {
			c.Fail(i, sqlstate.New(sqlstate.NumericValueOutOfRange, "factorial of a negative number is undefined"))
			return
		}
		product, err := numeric.FromInt64(1), error(nil)
		for k := int64(2); k <= n && err == nil; k++ {
			product, err = numeric.Mul(product, numeric.FromInt64(k))
		}
		if c.Check(i, err) {
			c.Out.SetDecimal(i, product)
		}
	})
}

func scale(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		d := c.Decimal(0, i)
		if out[i] = int32(d.Scale); !d.IsFinite() {
			c.Out.SetNull(i)
		}
	})
}

func minScale(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		d := c.Decimal(0, i)
		if out[i] = int32(d.Canonical().Scale); !d.IsFinite() {
			c.Out.SetNull(i)
		}
	})
}

func trimScale(d numeric.Decimal) (numeric.Decimal, error) { return d.Canonical(), nil }
