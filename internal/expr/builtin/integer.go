package builtin

import (
	"math"

	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func bitFunctions() []Function {
	var list []Function
	list = append(list, bitwise[int16](smallint, func(c *Call, k, i int) int16 { return c.Int16(k, i) }, func(c *Call) []int16 { return c.Out.Int16s() })...)
	list = append(list, bitwise[int32](integer, func(c *Call, k, i int) int32 { return c.Int32(k, i) }, func(c *Call) []int32 { return c.Out.Int32s() })...)
	return append(list, bitwise[int64](bigint, func(c *Call, k, i int) int64 { return c.Int64(k, i) }, func(c *Call) []int64 { return c.Out.Int64s() })...)
}

// Int16 returns argument k at row: SMALLINT.
func (c *Call) Int16(k, row int) int16 { return c.Args[k].Col.Int16s()[c.Args[k].At(row)] }

type signed interface{ int16 | int32 | int64 }

// bitwise makes the operators on bits of one integer type. Shifts count modulo the machine's width, as PostgreSQL's do.
func bitwise[T signed](kind schema.Kind, arg func(c *Call, k, i int) T, results func(*Call) []T) []Function {
	binary := func(name string, f func(a, b T) T) Function {
		return fn(name, kind, func(c *Call) {
			out := results(c)
			c.Each(func(i int) { out[i] = f(arg(c, 0, i), arg(c, 1, i)) })
		}, kind, kind)
	}
	mask := int32(31)
	if kind == bigint {
		mask = 63
	}
	shift := func(name string, f func(a T, n int32) T) Function {
		return fn(name, kind, func(c *Call) {
			out := results(c)
			c.Each(func(i int) { out[i] = f(arg(c, 0, i), c.Int32(1, i)&mask) })
		}, kind, integer)
	}
	return []Function{
		binary("&", func(a, b T) T { return a & b }), binary("|", func(a, b T) T { return a | b }), binary("#", func(a, b T) T { return a ^ b }),
		fn("~", kind, func(c *Call) {
			out := results(c)
			c.Each(func(i int) { out[i] = ^arg(c, 0, i) })
		}, kind),
		shift("<<", func(a T, n int32) T { return a << n }), shift(">>", func(a T, n int32) T { return a >> n }),
	}
}

func absInt16(c *Call) {
	out := c.Out.Int16s()
	c.Each(func(i int) {
		v := c.Int16(0, i)
		if out[i] = max(v, -v); v == math.MinInt16 {
			c.Fail(i, errOutOfRange("smallint"))
		}
	})
}

func absInt32(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		v := c.Int32(0, i)
		if out[i] = max(v, -v); v == math.MinInt32 {
			c.Fail(i, errOutOfRange("integer"))
		}
	})
}

func absInt64(c *Call) {
	out := c.Out.Int64s()
	c.Each(func(i int) {
		v := c.Int64(0, i)
		if out[i] = max(v, -v); v == math.MinInt64 {
			c.Fail(i, errOutOfRange("bigint"))
		}
	})
}

func absFloat32(c *Call) {
	out := c.Out.Float32s()
	c.Each(func(i int) { out[i] = float32(math.Abs(float64(c.Args[0].Col.Float32s()[c.Args[0].At(i)]))) })
}

// remainder is a % b; ok is false for a zero b.
func remainder[T signed](a, b T) (_ T, ok bool) {
	switch b {
	case 0:
		return 0, false
	case -1:
		return 0, true
	}
	return a % b, true
}

func modInt16(c *Call) {
	out, ok := c.Out.Int16s(), false
	c.Each(func(i int) {
		if out[i], ok = remainder(c.Int16(0, i), c.Int16(1, i)); !ok {
			c.Fail(i, errDivisionByZero())
		}
	})
}

func modInt32(c *Call) {
	out, ok := c.Out.Int32s(), false
	c.Each(func(i int) {
		if out[i], ok = remainder(c.Int32(0, i), c.Int32(1, i)); !ok {
			c.Fail(i, errDivisionByZero())
		}
	})
}

func modInt64(c *Call) {
	out, ok := c.Out.Int64s(), false
	c.Each(func(i int) {
		if out[i], ok = remainder(c.Int64(0, i), c.Int64(1, i)); !ok {
			c.Fail(i, errDivisionByZero())
		}
	})
}

// gcd works on negative numbers, of which there is one more; the result is not positive.
func gcd(a, b int64) int64 {
	a, b = min(a, -a), min(b, -b)
	for b != 0 {
		r, _ := remainder(a, b)
		a, b = b, r
	}
	return a
}

func gcdInt32(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		g := -gcd(int64(c.Int32(0, i)), int64(c.Int32(1, i)))
		if out[i] = int32(g); g > math.MaxInt32 { //nolint:gosec // checked here
			c.Fail(i, errOutOfRange("integer"))
		}
	})
}

func gcdInt64(c *Call) {
	out := c.Out.Int64s()
	c.Each(func(i int) {
		g := gcd(c.Int64(0, i), c.Int64(1, i))
		if out[i] = -g; g == math.MinInt64 {
			c.Fail(i, errOutOfRange("bigint"))
		}
	})
}

// lcm returns the least common multiple, and whether it is a BIGINT.
func lcm(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	quotient := a
	if g := gcd(a, b); g != -1 {
		quotient = a / g
	}
	product := quotient * b
	if product == math.MinInt64 || quotient == -1 && b == math.MinInt64 || quotient != -1 && product/quotient != b {
		return 0, false
	}
	return max(product, -product), true
}

func lcmInt32(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		m, ok := lcm(int64(c.Int32(0, i)), int64(c.Int32(1, i)))
		if out[i] = int32(m); !ok || m > math.MaxInt32 { //nolint:gosec // checked here
			c.Fail(i, errOutOfRange("integer"))
		}
	})
}

func lcmInt64(c *Call) {
	out, ok := c.Out.Int64s(), false
	c.Each(func(i int) {
		if out[i], ok = lcm(c.Int64(0, i), c.Int64(1, i)); !ok {
			c.Fail(i, errOutOfRange("bigint"))
		}
	})
}

func errBuckets(message string) *sqlstate.Error {
	return sqlstate.New(sqlstate.InvalidArgumentForWidthBucket, message)
}
