package builtin

import (
	"math"

	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/sqlstate"
)

func trigFunctions() []Function {
	one := func(name string, f func(float64) (float64, *sqlstate.Error)) Function {
		return fn(name, double, floats(f), double)
	}
	return []Function{
		one("degrees", plainFloat(func(x float64) float64 { return x / (math.Pi / 180) })),
		one("radians", plainFloat(func(x float64) float64 { return x * (math.Pi / 180) })),
		one("sin", finite(math.Sin)), one("cos", finite(math.Cos)), one("tan", finite(math.Tan)), one("cot", finite(func(x float64) float64 { return 1 / math.Tan(x) })),
		one("asin", within(-1, 1, math.Asin)), one("acos", within(-1, 1, acos)), one("atan", plainFloat(math.Atan)),
		fn("atan2", double, floats2(func(y, x float64) (float64, *sqlstate.Error) { return math.Atan2(y, x), nil }), double, double),
		one("sinh", plainFloat(math.Sinh)), one("cosh", plainFloat(math.Cosh)), one("tanh", plainFloat(math.Tanh)),
		one("asinh", plainFloat(math.Asinh)), one("acosh", within(1, math.Inf(1), math.Acosh)), one("atanh", within(-1, 1, math.Atanh)),
		one("sind", finite(sinDegrees)), one("cosd", finite(cosDegrees)), one("tand", finite(func(x float64) float64 { return sinDegrees(x) / cosDegrees(x) })),
	}
}

// acos is more exact than the standard library's.
func acos(x float64) float64 { return 2 * math.Atan2(math.Sqrt(1-x), math.Sqrt(1+x)) }

// finite refuses infinities, of which the functions of angles have no value.
func finite(f func(float64) float64) func(float64) (float64, *sqlstate.Error) {
	return func(x float64) (float64, *sqlstate.Error) {
		if math.IsInf(x, 0) {
			return 0, errInputRange()
		}
		return f(x), nil
	}
}

func within(lo, hi float64, f func(float64) float64) func(float64) (float64, *sqlstate.Error) {
	return func(x float64) (float64, *sqlstate.Error) {
		if x < lo || x > hi {
			return 0, errInputRange()
		}
		return f(x), nil
	}
}

// sinDegrees is exact at multiples of 30 degrees.
func sinDegrees(x float64) float64 {
	x = math.Mod(x, 360)
	sign := 1.0
	if x < 0 {
		x, sign = -x, -sign
	}
	if x > 180 {
		x, sign = 360-x, -sign
	}
	if x > 90 {
		x = 180 - x
	}
	return sign * quadrantSin(x)
}

func cosDegrees(x float64) float64 {
	x = math.Abs(math.Mod(x, 360))
	sign := 1.0
	if x > 180 {
		x = 360 - x
	}
	if x > 90 {
		x, sign = 180-x, -1
	}
	return sign * quadrantSin(90-x)
}

// quadrantSin is the sine of 0 to 90 degrees, scaled so that 30 and 60 degrees come out exactly.
func quadrantSin(x float64) float64 {
	const degree = math.Pi / 180
	sixth, third := 30.0, 60.0 // variables: the compiler would compute constants more exactly than x*degree
	if x <= 30 {
		return math.Sin(x*degree) / math.Sin(sixth*degree) / 2
	}
	return 1 - (1-math.Cos((90-x)*degree))/(1-math.Cos(third*degree))/2
}

func widthBucketFloat(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		x, lo, hi, n := c.Float(0, i), c.Float(1, i), c.Float(2, i), c.Int32(3, i)
		switch {
		case n <= 0:
			c.Fail(i, errBuckets("count must be greater than zero"))
			return
		case math.IsNaN(x) || math.IsNaN(lo) || math.IsNaN(hi):
			c.Fail(i, errBuckets("operand, lower bound, and upper bound cannot be NaN"))
			return
		case math.IsInf(lo, 0) || math.IsInf(hi, 0):
			c.Fail(i, errBuckets("lower and upper bounds must be finite"))
			return
		case lo == hi:
			c.Fail(i, errBuckets("lower bound cannot equal upper bound"))
			return
		case lo > hi:
			x, lo, hi = -x, -lo, -hi
		}
		switch {
		case x < lo:
			out[i] = 0
		case x >= hi:
			if out[i] = n + 1; n == math.MaxInt32 {
				c.Fail(i, errOutOfRange("integer"))
			}
		default:
			out[i] = min(int32(float64(n)*((x-lo)/(hi-lo)))+1, n)
		}
	})
}

func widthBucketDecimal(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		x, lo, hi, n := c.Decimal(0, i), c.Decimal(1, i), c.Decimal(2, i), c.Int32(3, i)
		switch {
		case n <= 0:
			c.Fail(i, errBuckets("count must be greater than zero"))
			return
		case x.IsNaN() || lo.IsNaN() || hi.IsNaN():
			c.Fail(i, errBuckets("operand, lower bound, and upper bound cannot be NaN"))
			return
		case lo.IsInf() || hi.IsInf():
			c.Fail(i, errBuckets("lower and upper bounds must be finite"))
			return
		case numeric.Equal(lo, hi):
			c.Fail(i, errBuckets("lower bound cannot equal upper bound"))
			return
		case numeric.Cmp(lo, hi) > 0:
			x, lo, hi = numeric.Neg(x), numeric.Neg(lo), numeric.Neg(hi)
		}
		switch {
		case numeric.Cmp(x, lo) < 0:
			out[i] = 0
		case numeric.Cmp(x, hi) >= 0:
			if out[i] = n + 1; n == math.MaxInt32 {
				c.Fail(i, errOutOfRange("integer"))
			}
		default:
			bucket, err := decimalBucket(x, lo, hi, n)
			if c.Check(i, err) {
				out[i] = bucket
			}
		}
	})
}

func decimalBucket(x, lo, hi numeric.Decimal, n int32) (int32, error) {
	offset, err := numeric.Sub(x, lo)
	if err != nil {
		return 0, err
	}
	if offset, err = numeric.Mul(offset, numeric.FromInt64(int64(n))); err != nil {
		return 0, err
	}
	width, err := numeric.Sub(hi, lo)
	if err != nil {
		return 0, err
	}
	q, err := truncDiv(offset, width)
	if err != nil {
		return 0, err
	}
	v, err := q.Int64()
	return int32(v) + 1, err //nolint:gosec // at most n
}
