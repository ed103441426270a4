package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
)

// uniform returns the scale that all rows of an operand share, if they do.
func uniform(a builtin.Arg) (int16, bool) {
	if a.Const {
		scale := a.Col.ScaleAt(0)
		return scale, scale >= 0
	}
	return a.Col.Scale(), len(a.Col.Scales()) == 0 && a.Col.Scale() >= 0
}

// arithNumerics works on coefficients while all rows of each operand have one scale, else value by value.
func arithNumerics(symbol byte) kernel {
	operate := numericOperation(symbol)
	return func(c *builtin.Call) {
		a, b := c.Args[0], c.Args[1]
		sa, oka := uniform(a)
		sb, okb := uniform(b)
		if oka && okb {
			switch {
			case symbol == '*' && sa+sb <= numeric.MaxDigits:
				mulCoefs(c, sa+sb)
				return
			case (symbol == '+' || symbol == '-') && sa == sb:
				addCoefs(c, sa, symbol == '-')
				return
			}
		}
		live(c, func(row int) {
			d, err := operate(a.Col.Decimal(row), b.Col.Decimal(b.At(row)))
			if c.Check(row, err) {
				c.Out.SetDecimal(row, d)
			}
		})
	}
}

func numericOperation(symbol byte) func(a, b numeric.Decimal) (numeric.Decimal, error) {
	switch symbol {
	case '+':
		return numeric.Add
	case '-':
		return numeric.Sub
	case '*':
		return numeric.Mul
	case '/':
		return numeric.Div
	default:
		return numeric.Mod
	}
}

func mulCoefs(c *builtin.Call, scale int16) {
	c.Out.SetScale(scale)
	dst, a, b := c.Out.Coefs(), c.Args[0].Col.Coefs(), c.Args[1].Col.Coefs()
	if dense(c) && !c.Args[1].Const && mulNarrow(dst, a, b) {
		return
	}
	live(c, func(row int) {
		x, y := a[row], b[c.Args[1].At(row)]
		if x.FitsInt64() && y.FitsInt64() {
			dst[row] = numeric.MulInt64(x.Int64(), y.Int64())
			return
		}
		d, err := numeric.Mul(numeric.Decimal{Coef: x}, numeric.Decimal{Coef: y})
		if c.Check(row, err) {
			dst[row] = d.Coef
		}
	})
}

// mulNarrow multiplies coefficients that fit 64 bits; false if one, perhaps that of a row nobody wants, does not.
func mulNarrow(dst, a, b []numeric.Int128) bool {
	dst, b = dst[:len(a)], b[:len(a)]
	wide := int64(0)
	for i, x := range a {
		y := b[i]
		wide |= (x.Hi ^ x.Int64()>>63) | (y.Hi ^ y.Int64()>>63)
		dst[i] = numeric.MulInt64(x.Int64(), y.Int64())
	}
	return wide == 0
}

func addCoefs(c *builtin.Call, scale int16, subtract bool) {
	c.Out.SetScale(scale)
	dst, a, b := c.Out.Coefs(), c.Args[0].Col.Coefs(), c.Args[1].Col.Coefs()
	if dense(c) && !c.Args[1].Const {
		if subtract && numeric.SubSlice(dst, a, b) < 0 || !subtract && numeric.AddSlice(dst, a, b) < 0 {
			return
		}
	}
	live(c, func(row int) {
		y := b[c.Args[1].At(row)]
		if subtract {
			y = y.Neg()
		}
		v, ok := numeric.AddInt128(a[row], y)
		if dst[row] = v; !ok {
			_, err := numeric.Add(numeric.Decimal{Coef: a[row]}, numeric.Decimal{Coef: y})
			c.Check(row, err)
		}
	})
}

func negateNumerics(c *builtin.Call) {
	a := c.Args[0].Col
	if scale, ok := uniform(c.Args[0]); ok {
		c.Out.SetScale(scale)
		dst := c.Out.Coefs()
		for i, x := range a.Coefs() {
			dst[i] = x.Neg()
		}
		return
	}
	live(c, func(row int) { c.Out.SetDecimal(row, numeric.Neg(a.Decimal(row))) })
}

// scaled recognises an integer times a NUMERIC constant, such as price * 0.908: one multiplication a row, which cannot overflow.
func (c *compiler) scaled(n *node, e *bind.Expr) operation {
	if e.Symbol != '*' || e.Type.Kind != schema.Numeric {
		return nil
	}
	x, k := e.Args[0], e.Args[1]
	nx, nk := n.args[0], n.args[1]
	if x.Op == bind.Const {
		x, k, nx, nk = k, x, nk, nx
	}
	if k.Op != bind.Const || k.Value.IsNull(0) || x.Op != bind.Cast || x.Type.Precision != 0 || !x.Args[0].Type.Kind.IsInteger() {
		return nil
	}
	d := k.Value.Decimal(0)
	if !d.IsFinite() || !d.Coef.FitsInt64() || nx.op == nil {
		return nil
	}
	n.args = []*node{nx.args[0], nk}
	switch x.Args[0].Type.Kind {
	case schema.Int16:
		return c.native(n, scaleInts[int16](d), true)
	case schema.Int32:
		return c.native(n, scaleInts[int32](d), true)
	default:
		return c.native(n, scaleInts[int64](d), true)
	}
}

func scaleInts[T integer](d numeric.Decimal) kernel {
	m := d.Coef.Int64()
	return func(c *builtin.Call) {
		c.Out.SetScale(d.Scale)
		dst, a := c.Out.Coefs(), batch.Values[T](c.Args[0].Col)
		if !dense(c) {
			for _, row := range c.Sel {
				dst[row] = numeric.MulInt64(int64(a[row]), m)
			}
			return
		}
		dst = dst[:len(a)]
		for i, v := range a {
			dst[i] = numeric.MulInt64(int64(v), m)
		}
	}
}
