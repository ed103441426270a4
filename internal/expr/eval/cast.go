package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

func (c *compiler) cast(n *node, e *bind.Expr) operation {
	return c.native(n, castKernel(e.Args[0].Type, e.Type, !e.Implicit), false)
}

// castKernel converts values of from to values of to; nil if there is no such cast. Only an explicit cast to VARCHAR(n) cuts.
func castKernel(from, to schema.Type, explicit bool) kernel {
	switch {
	case from.Kind.IsNumber() && to.Kind.IsNumber():
		return castNumber(from.Kind, to)
	default:
		return nil
	}
}

func castNumber(from schema.Kind, to schema.Type) kernel {
	switch from {
	case schema.Int16:
		return castInt[int16](to)
	case schema.Int32:
		return castInt[int32](to)
	case schema.Int64:
		return castInt[int64](to)
	case schema.Float32:
		return castFloat[float32](to)
	case schema.Float64:
		return castFloat[float64](to)
	default:
		return castNumeric(to)
	}
}

func castInt[F integer](to schema.Type) kernel {
	switch to.Kind {
	case schema.Int16:
		return intToInt[F, int16](to.Kind)
	case schema.Int32:
		return intToInt[F, int32](to.Kind)
	case schema.Int64:
		return intToInt[F, int64](to.Kind)
	case schema.Float32:
		return convert[F, float32]
	case schema.Float64:
		return convert[F, float64]
	default:
		return intToNumeric[F](to)
	}
}

// convert is for casts that cannot fail.
func convert[F, T integer | float](c *builtin.Call) {
	dst, a := batch.Values[T](c.Out), batch.Values[F](c.Args[0].Col)
	dst = dst[:len(a)]
	for i, v := range a {
		dst[i] = T(v)
	}
}

func intToInt[F, T integer](kind schema.Kind) kernel {
	return func(c *builtin.Call) {
		dst, a := batch.Values[T](c.Out), batch.Values[F](c.Args[0].Col)
		dst = dst[:len(a)]
		var lost int64
		for i, v := range a {
			t := T(v)
			dst[i] = t
			lost |= int64(v) ^ int64(t)
		}
		if lost != 0 {
			live(c, func(row int) {
				if int64(a[row]) != int64(T(a[row])) {
					c.Fail(row, outOfRange(kind))
				}
			})
		}
	}
}
