package eval

import (
	"math"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// arithFloats computes all rows and then, if a result is suspicious (not finite, or a zero product or quotient), the errors.
func arithFloats[T float](symbol byte) kernel {
	return func(c *builtin.Call) {
		dst, a, b := batch.Values[T](c.Out), batch.Values[T](c.Args[0].Col), batch.Values[T](c.Args[1].Col)
		suspicious := true
		switch {
		case !dense(c):
			live(c, func(row int) { dst[row] = floatOne(symbol, a[row], b[c.Args[1].At(row)]) })
		case c.Args[1].Const:
			suspicious = floatConst(symbol, dst, a, b[0])
		default:
			suspicious = floatColumns(symbol, dst, a, b)
		}
		if suspicious {
			live(c, func(row int) {
				if bad := floatError(symbol, dst[row], a[row], b[c.Args[1].At(row)]); bad != nil {
					c.Fail(row, bad)
				}
			})
		}
	}
}

func floatOne[T float](symbol byte, a, b T) T {
	switch symbol {
	case '+':
		return a + b
	case '-':
		return a - b
	case '*':
		return a * b
	default:
		return a / b
	}
}

// floatConst reports whether a result is suspicious: odd becomes NaN with the first that is not finite.
func floatConst[T float](symbol byte, dst, a []T, k T) bool {
	var odd T
	zero := false
	dst = dst[:len(a)]
	switch symbol {
	case '+':
		for i, x := range a {
			v := x + k
			dst[i] = v
			odd += v * 0
		}
	case '-':
		for i, x := range a {
			v := x - k
			dst[i] = v
			odd += v * 0
		}
	case '*':
		for i, x := range a {
			v := x * k
			dst[i] = v
			odd += v * 0
			zero = zero || v == 0
		}
	default:
		for i, x := range a {
			v := x / k
			dst[i] = v
			odd += v * 0
			zero = zero || v == 0
		}
	}
	return zero || odd != 0
}

func floatColumns[T float](symbol byte, dst, a, b []T) bool {
	var odd T
	zero := false
	dst, b = dst[:len(a)], b[:len(a)]
	switch symbol {
	case '+':
		for i, x := range a {
			v := x + b[i]
			dst[i] = v
			odd += v * 0
		}
	case '-':
		for i, x := range a {
			v := x - b[i]
			dst[i] = v
			odd += v * 0
		}
	case '*':
		for i, x := range a {
			v := x * b[i]
			dst[i] = v
			odd += v * 0
			zero = zero || v == 0
		}
	default:
		for i, x := range a {
			v := x / b[i]
			dst[i] = v
			odd += v * 0
			zero = zero || v == 0
		}
	}
	return zero || odd != 0
}

func floatError[T float](symbol byte, v, a, b T) *sqlstate.Error {
	x, y, r := float64(a), float64(b), float64(v)
	switch {
	case symbol == '/' && y == 0 && !math.IsNaN(x):
		return divisionByZero()
	case math.IsInf(r, 0) && !math.IsInf(x, 0) && (symbol == '/' || !math.IsInf(y, 0)):
		return sqlstate.New(sqlstate.NumericValueOutOfRange, "value out of range: overflow")
	case symbol == '*' && r == 0 && x != 0 && y != 0, symbol == '/' && r == 0 && x != 0 && !math.IsInf(y, 0):
		return sqlstate.New(sqlstate.NumericValueOutOfRange, "value out of range: underflow")
	}
	return nil
}
