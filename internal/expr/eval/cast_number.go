package eval

import (
	"math"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func intToNumeric[F integer](to schema.Type) kernel {
	if to.Precision == 0 {
		return func(c *builtin.Call) {
			c.Out.SetScale(0)
			dst, a := c.Out.Coefs(), batch.Values[F](c.Args[0].Col)
			if !dense(c) {
				for _, row := range c.Sel {
					dst[row] = numeric.Int128FromInt64(int64(a[row]))
				}
				return
			}
			dst = dst[:len(a)]
			for i, v := range a {
				dst[i] = numeric.Int128FromInt64(int64(v))
			}
		}
	}
	return func(c *builtin.Call) {
		a := batch.Values[F](c.Args[0].Col)
		live(c, func(row int) { fit(c, row, numeric.FromInt64(int64(a[row])), to) })
	}
}

// fit stores d as row, rounded to the scale of typ and checked against its precision.
func fit(c *builtin.Call, row int, d numeric.Decimal, typ schema.Type) {
	d, bad := codec.FitDecimal(d, typ)
	if bad != nil {
		c.Fail(row, bad)
		return
	}
	c.Out.SetDecimal(row, d)
}

func castFloat[F float](to schema.Type) kernel {
	switch to.Kind {
	case schema.Int16:
		return floatToInt[F, int16](to.Kind)
	case schema.Int32:
		return floatToInt[F, int32](to.Kind)
	case schema.Int64:
		return floatToInt[F, int64](to.Kind)
	case schema.Float64:
		return convert[F, float64]
	case schema.Float32:
		return narrowFloat[F]
	default:
		return floatToNumeric[F](to)
	}
}

// floatToInt rounds half to even.
func floatToInt[F float, T integer](kind schema.Kind) kernel {
	return func(c *builtin.Call) {
		dst, a := batch.Values[T](c.Out), batch.Values[F](c.Args[0].Col)
		limit := math.Ldexp(1, 8*kind.Width()-1)
		live(c, func(row int) {
			v := math.RoundToEven(float64(a[row]))
			if !(v >= -limit && v < limit) {
				c.Fail(row, outOfRange(kind))
				return
			}
			dst[row] = T(v)
		})
	}
}

func narrowFloat[F float](c *builtin.Call) {
	dst, a := c.Out.Float32s(), batch.Values[F](c.Args[0].Col)
	live(c, func(row int) {
		v := float32(a[row])
		switch wide := float64(a[row]); {
		case math.IsInf(float64(v), 0) && !math.IsInf(wide, 0):
			c.Fail(row, sqlstate.New(sqlstate.NumericValueOutOfRange, "value out of range: overflow"))
		case v == 0 && wide != 0:
			c.Fail(row, sqlstate.New(sqlstate.NumericValueOutOfRange, "value out of range: underflow"))
		default:
			dst[row] = v
		}
	})
}

func floatToNumeric[F float](to schema.Type) kernel {
	return func(c *builtin.Call) {
		a := batch.Values[F](c.Args[0].Col)
		_, single := any(F(0)).(float32)
		live(c, func(row int) {
			var d numeric.Decimal
			var err error
			if single {
				d, err = numeric.FromFloat32(float32(a[row]))
			} else {
				d, err = numeric.FromFloat64(float64(a[row]))
			}
			if c.Check(row, err) {
				fit(c, row, d, to)
			}
		})
	}
}

func castNumeric(to schema.Type) kernel {
	switch to.Kind {
	case schema.Int16, schema.Int32, schema.Int64:
		return func(c *builtin.Call) { numericToInt(c, to.Kind) }
	case schema.Float32:
		return func(c *builtin.Call) {
			dst, a := c.Out.Float32s(), c.Args[0].Col
			live(c, func(row int) {
				text := numeric.Append(nil, a.Decimal(row))
				if bad := codec.SetFloat(c.Out, row, text); bad != nil {
					dst[row] = 0
					c.Fail(row, bad)
				}
			})
		}
	case schema.Float64:
		return func(c *builtin.Call) {
			dst, a := c.Out.Float64s(), c.Args[0].Col
			live(c, func(row int) { dst[row] = a.Decimal(row).Float64() })
		}
	default:
		return func(c *builtin.Call) { fitColumn(c, to) }
	}
}

// fitColumn makes NUMERIC values ones of another NUMERIC type.
func fitColumn(c *builtin.Call, to schema.Type) {
	a := c.Args[0].Col
	scale, shared := uniform(c.Args[0])
	if !shared || to.Precision == 0 {
		live(c, func(row int) { fit(c, row, a.Decimal(row), to) })
		return
	}
	// Whatever is below limit in magnitude has at most Precision digits.
	limit, _ := numeric.Rescale10(numeric.Int128FromInt64(1), int(to.Precision))
	low, unlimited := limit.Neg(), to.Precision >= numeric.MaxDigits
	dst, coefs, shift := c.Out.Coefs(), a.Coefs(), int(to.Scale-scale)
	live(c, func(row int) {
		v, ok := numeric.Rescale10(coefs[row], shift)
		if !ok || !unlimited && (v.Cmp(low) <= 0 || v.Cmp(limit) >= 0) {
			fit(c, row, a.Decimal(row), to) // for its error
			return
		}
		dst[row] = v
	})
}

func numericToInt(c *builtin.Call, kind schema.Kind) {
	a := c.Args[0].Col
	live(c, func(row int) {
		d := a.Decimal(row)
		if !d.IsFinite() {
			what := "infinity"
			if d.IsNaN() {
				what = "NaN"
			}
			c.Fail(row, sqlstate.Errorf(sqlstate.FeatureNotSupported, "cannot convert %s to %s", what, kind.PgName()))
			return
		}
		v, err := d.Int64()
		if err != nil || !codec.PutInteger(c.Out, row, v) {
			c.Fail(row, outOfRange(kind))
		}
	})
}
