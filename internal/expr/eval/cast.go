package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

func (c *compiler) cast(n *node, e *bind.Expr) operation {
	return c.native(n, castKernel(e.Args[0].Type, e.Type, !e.Implicit), false)
}

// castKernel converts values of from to values of to; nil if there is no such cast. Only an explicit cast to VARCHAR(n) cuts.
func castKernel(from, to schema.Type, explicit bool) kernel {
	switch {
	case from.Kind.IsNumber() && to.Kind.IsNumber():
		return castNumber(from.Kind, to)
	case to.Kind == schema.Text:
		return castToText(from, to, explicit)
	case from.Kind == schema.Text:
		return castFromText(to)
	case from.Kind == schema.JSONB && (to.Kind.IsNumber() || to.Kind == schema.Bool):
		return castFromJSON(to)
	case from.Kind == schema.Array && to.Kind == schema.Array:
		return castArray(*from.Elem, *to.Elem, explicit)
	case from.Kind == schema.Row && to.Kind == schema.Row && len(from.Fields) == len(to.Fields):
		return castRow(from, to, explicit)
	case from.Kind == to.Kind:
		return passOn
	case from.Kind == schema.Bool && to.Kind == schema.Int32:
		return boolToInt
	case from.Kind == schema.Int32 && to.Kind == schema.Bool:
		return intToBool
	default:
		return castTime(from.Kind, to.Kind)
	}
}

// passOn stores the same values under another type.
func passOn(c *builtin.Call) { copyRows(c.Out, c.Args[0], c.Sel) }

func boolToInt(c *builtin.Call) {
	dst, a := c.Out.Int32s(), c.Args[0].Col.Bits()
	for i := range dst {
		dst[i] = int32(a[i>>6] >> (uint(i) & 63) & 1) //nolint:gosec // 0 or 1
	}
}

func intToBool(c *builtin.Call) {
	out := c.Out.Bits()
	compareConst(out, c.Args[0].Col.Int32s(), 0, relation{bind.Equal, true})
}

func castTime(from, to schema.Kind) kernel {
	switch {
	case from == schema.Date && (to == schema.Timestamp || to == schema.TimestampTZ):
		return dateToTimestamp
	case (from == schema.Timestamp || from == schema.TimestampTZ) && (to == schema.Timestamp || to == schema.TimestampTZ):
		return func(c *builtin.Call) { copy(c.Out.Int64s(), c.Args[0].Col.Int64s()) }
	case (from == schema.Timestamp || from == schema.TimestampTZ) && to == schema.Date:
		return func(c *builtin.Call) {
			dst, a := c.Out.Int32s(), c.Args[0].Col.Int64s()
			live(c, func(row int) { dst[row] = temporal.TimestampToDate(a[row]) })
		}
	case (from == schema.Timestamp || from == schema.TimestampTZ) && to == schema.Time:
		return timestampToTime
	case from == schema.Time && to == schema.Interval:
		return func(c *builtin.Call) {
			dst, a := c.Out.Intervals(), c.Args[0].Col.Int64s()
			for i, v := range a {
				dst[i] = temporal.Interval{Micros: v}
			}
		}
	case from == schema.Interval && to == schema.Time:
		return func(c *builtin.Call) {
			dst, a := c.Out.Int64s(), c.Args[0].Col.Intervals()
			live(c, func(row int) { dst[row] = temporal.IntervalToTime(a[row]) })
		}
	default:
		return nil
	}
}

func dateToTimestamp(c *builtin.Call) {
	dst, a := c.Out.Int64s(), c.Args[0].Col.Int32s()
	live(c, func(row int) {
		v, err := temporal.DateToTimestamp(a[row])
		dst[row] = v
		c.Check(row, err)
	})
}

// timestampToTime makes infinities NULL.
func timestampToTime(c *builtin.Call) {
	dst, a := c.Out.Int64s(), c.Args[0].Col.Int64s()
	live(c, func(row int) {
		if !temporal.FiniteTimestamp(a[row]) {
			c.Out.SetNull(row)
			return
		}
		dst[row] = temporal.TimestampToTime(a[row])
	})
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
	if !dense(c) {
		for _, row := range c.Sel {
			dst[row] = T(a[row])
		}
		return
	}
	dst = dst[:len(a)]
	for i, v := range a {
		dst[i] = T(v)
	}
}

func intToInt[F, T integer](kind schema.Kind) kernel {
	return func(c *builtin.Call) {
		dst, a := batch.Values[T](c.Out), batch.Values[F](c.Args[0].Col)
		lost := int64(1)
		if dense(c) {
			lost = 0
			dst = dst[:len(a)]
			for i, v := range a {
				t := T(v)
				dst[i] = t
				lost |= int64(v) ^ int64(t)
			}
		}
		if lost != 0 {
			live(c, func(row int) {
				if dst[row] = T(a[row]); int64(a[row]) != int64(dst[row]) {
					c.Fail(row, outOfRange(kind))
				}
			})
		}
	}
}
