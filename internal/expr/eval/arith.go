package eval

import (
	"math"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func (c *compiler) arith(n *node, e *bind.Expr) operation {
	if fused := c.scaled(n, e); fused != nil {
		return fused
	}
	commutes := e.Symbol == '+' || e.Symbol == '*'
	if commutes && n.args[0].op == nil && n.args[1].op != nil {
		n.args[0], n.args[1] = n.args[1], n.args[0]
	}
	switch e.Type.Kind {
	case schema.Int16:
		return c.native(n, arithInts[int16](e.Symbol, schema.Int16), true)
	case schema.Int32:
		return c.native(n, arithInts[int32](e.Symbol, schema.Int32), true)
	case schema.Int64:
		return c.native(n, arithInts[int64](e.Symbol, schema.Int64), true)
	case schema.Float32:
		return c.native(n, arithFloats[float32](e.Symbol), true)
	case schema.Float64:
		return c.native(n, arithFloats[float64](e.Symbol), true)
	case schema.Numeric:
		return c.native(n, arithNumerics(e.Symbol), true)
	default:
		return nil
	}
}

func outOfRange(kind schema.Kind) *sqlstate.Error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, kind.PgName()+" out of range")
}

func divisionByZero() *sqlstate.Error {
	return sqlstate.New(sqlstate.DivisionByZero, "division by zero")
}

// arithInts computes all rows, wanted or not, and looks for the row that failed only if the loop says that one did.
func arithInts[T integer](symbol byte, kind schema.Kind) kernel {
	if symbol == '/' || symbol == '%' {
		return divideInts[T](symbol == '%', kind)
	}
	return func(c *builtin.Call) {
		dst, a, b := batch.Values[T](c.Out), batch.Values[T](c.Args[0].Col), batch.Values[T](c.Args[1].Col)
		constant := c.Args[1].Const
		if !dense(c) {
			for _, row := range c.Sel {
				v, bad := arithOne(symbol, a[row], b[c.Args[1].At(int(row))])
				if dst[row] = v; bad && !c.Out.IsNull(int(row)) {
					c.Fail(int(row), outOfRange(kind))
				}
			}
			return
		}
		var failed bool
		switch {
		case symbol == '+' && constant:
			failed = addConst(dst, a, b[0])
		case symbol == '+':
			failed = addInts(dst, a, b)
		case symbol == '-' && constant:
			failed = subConst(dst, a, b[0])
		case symbol == '-':
			failed = subInts(dst, a, b)
		case constant:
			failed = mulConst(dst, a, b[0])
		default:
			failed = mulInts(dst, a, b)
		}
		if failed {
			live(c, func(row int) {
				if _, bad := arithOne(symbol, a[row], b[c.Args[1].At(row)]); bad {
					c.Fail(row, outOfRange(kind))
				}
			})
		}
	}
}

func arithOne[T integer](symbol byte, a, b T) (v T, bad bool) {
	switch symbol {
	case '+':
		v = a + b
		return v, (a^v)&(b^v) < 0
	case '-':
		v = a - b
		return v, (a^b)&(a^v) < 0
	}
	return mulOne(a, b)
}

func addInts[T integer](dst, a, b []T) bool {
	var bad T
	dst, b = dst[:len(a)], b[:len(a)]
	for i, x := range a {
		y := b[i]
		v := x + y
		dst[i] = v
		bad |= (x ^ v) & (y ^ v)
	}
	return bad < 0
}

func addConst[T integer](dst, a []T, k T) bool {
	var bad T
	dst = dst[:len(a)]
	for i, x := range a {
		v := x + k
		dst[i] = v
		bad |= (x ^ v) & (k ^ v)
	}
	return bad < 0
}

func subInts[T integer](dst, a, b []T) bool {
	var bad T
	dst, b = dst[:len(a)], b[:len(a)]
	for i, x := range a {
		y := b[i]
		v := x - y
		dst[i] = v
		bad |= (x ^ y) & (x ^ v)
	}
	return bad < 0
}

func subConst[T integer](dst, a []T, k T) bool {
	var bad T
	dst = dst[:len(a)]
	for i, x := range a {
		v := x - k
		dst[i] = v
		bad |= (x ^ k) & (x ^ v)
	}
	return bad < 0
}

// mulOne finds an overflow by the double of a product: one that is out by 2^64 is out by far more than rounding can be.
func mulOne[T integer](a, b T) (v T, bad bool) {
	v = a * b
	exact := float64(a) * float64(b)
	return v, math.Abs(float64(v)-exact) > 1<<14
}

func mulInts[T integer](dst, a, b []T) bool {
	failed := false
	dst, b = dst[:len(a)], b[:len(a)]
	for i, x := range a {
		v, bad := mulOne(x, b[i])
		dst[i] = v
		failed = failed || bad
	}
	return failed
}

func mulConst[T integer](dst, a []T, k T) bool {
	failed := false
	dst = dst[:len(a)]
	for i, x := range a {
		v, bad := mulOne(x, k)
		dst[i] = v
		failed = failed || bad
	}
	return failed
}

// divideInts rounds towards zero. The smallest value divided by -1 is out of range; its remainder is 0.
func divideInts[T integer](modulo bool, kind schema.Kind) kernel {
	return func(c *builtin.Call) {
		dst, a, b := batch.Values[T](c.Out), batch.Values[T](c.Args[0].Col), batch.Values[T](c.Args[1].Col)
		if c.Args[1].Const && b[0] != 0 && b[0] != -1 && dense(c) {
			divideConst(dst, a, b[0], modulo)
			return
		}
		live(c, func(row int) {
			x, y := a[row], b[c.Args[1].At(row)]
			switch {
			case y == 0:
				c.Fail(row, divisionByZero())
			case modulo && y == -1:
				dst[row] = 0
			case modulo:
				dst[row] = x % y
			case y == -1 && x != 0 && x == -x:
				c.Fail(row, outOfRange(kind))
			default:
				dst[row] = x / y
			}
		})
	}
}

func divideConst[T integer](dst, a []T, k T, modulo bool) {
	d := newDivisor(int64(k))
	dst = dst[:len(a)]
	if modulo {
		for i, x := range a {
			dst[i] = x - T(d.quotient(int64(x)))*k
		}
		return
	}
	for i, x := range a {
		dst[i] = T(d.quotient(int64(x)))
	}
}

// negateKernel is the unary minus.
func negateKernel(kind schema.Kind) kernel {
	switch kind {
	case schema.Int16:
		return negateInts[int16](kind)
	case schema.Int32:
		return negateInts[int32](kind)
	case schema.Int64:
		return negateInts[int64](kind)
	case schema.Float32:
		return negateFloats[float32]
	case schema.Float64:
		return negateFloats[float64]
	case schema.Numeric:
		return negateNumerics
	default:
		return nil
	}
}

func negateInts[T integer](kind schema.Kind) kernel {
	return func(c *builtin.Call) {
		dst, a := batch.Values[T](c.Out), batch.Values[T](c.Args[0].Col)
		failed := false
		for i, x := range a {
			dst[i] = -x
			failed = failed || x == -x && x != 0
		}
		if failed {
			live(c, func(row int) {
				if x := a[row]; x == -x && x != 0 {
					c.Fail(row, outOfRange(kind))
				}
			})
		}
	}
}

func negateFloats[T float](c *builtin.Call) {
	dst, a := batch.Values[T](c.Out), batch.Values[T](c.Args[0].Col)
	for i, x := range a {
		dst[i] = -x
	}
}
