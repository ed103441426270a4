package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// relation is a comparison in the form of the kernels: everything is =, < or > and perhaps the opposite of that.
type relation struct {
	base   bind.CompareOp // Equal, Less or Greater
	invert bool
}

func relationOf(cmp bind.CompareOp) relation {
	switch cmp {
	case bind.NotEqual:
		return relation{bind.Equal, true}
	case bind.LessEqual:
		return relation{bind.Greater, true}
	case bind.GreaterEqual:
		return relation{bind.Less, true}
	default:
		return relation{cmp, false}
	}
}

func (c *compiler) compare(n *node, e *bind.Expr) operation {
	cmp := e.Cmp
	if n.args[0].op == nil && n.args[1].op != nil {
		n.args[0], n.args[1] = n.args[1], n.args[0]
		cmp = cmp.Flip()
	}
	return c.native(n, compareKernel(e.Args[0].Type, cmp), true)
}

// compareKernel compares two columns of one type, or a column with a constant.
func compareKernel(typ schema.Type, cmp bind.CompareOp) kernel {
	r := relationOf(cmp)
	switch typ.Kind {
	case schema.Bool:
		return compareBools(r)
	case schema.Int16:
		return compareInts[int16](r)
	case schema.Int32, schema.Date:
		return compareInts[int32](r)
	case schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		return compareInts[int64](r)
	case schema.Float32:
		return compareFloats[float32](r)
	case schema.Float64:
		return compareFloats[float64](r)
	case schema.Text, schema.Bytes, schema.JSONB:
		switch {
		case r.base == bind.Equal:
			return equalText(r.invert)
		case typ.Kind == schema.JSONB:
			return compareAny(r)
		}
		return orderText(r)
	case schema.Numeric:
		return compareNumerics(r)
	default:
		return compareAny(r)
	}
}

// one is 1 for true, without a branch.
func one(b bool) uint64 {
	var v uint64
	if b {
		v = 1
	}
	return v
}

// flip inverts all words of a bitmap.
func flip(words []uint64, invert bool) {
	if invert {
		for i, w := range words {
			words[i] = ^w
		}
	}
}

type integer interface{ int16 | int32 | int64 }

type float interface{ float32 | float64 }

// compareInts looks at NULL rows and rows that nobody wants too: that costs nothing.
func compareInts[T integer](r relation) kernel {
	return func(c *builtin.Call) {
		out := c.Out.Bits()
		a, b := batch.Values[T](c.Args[0].Col), batch.Values[T](c.Args[1].Col)
		switch {
		case !dense(c):
			compareSparse(out, c, a, b, r)
		case c.Args[1].Const:
			compareConst(out, a, b[0], r)
		case r.base == bind.Equal:
			equalWords(out, a, b)
			flip(out, r.invert)
		case r.base == bind.Less:
			lessWords(out, a, b)
			flip(out, r.invert)
		default:
			lessWords(out, b, a)
			flip(out, r.invert)
		}
	}
}

func compareConst[T integer](out []uint64, a []T, k T, r relation) {
	switch r.base {
	case bind.Equal:
		for w := range out {
			var bits uint64
			for i, v := range a[w<<6 : min(w<<6+64, len(a))] {
				bits |= one(v == k) << (uint(i) & 63)
			}
			out[w] = bits
		}
	case bind.Less:
		for w := range out {
			var bits uint64
			for i, v := range a[w<<6 : min(w<<6+64, len(a))] {
				bits |= one(v < k) << (uint(i) & 63)
			}
			out[w] = bits
		}
	default:
		for w := range out {
			var bits uint64
			for i, v := range a[w<<6 : min(w<<6+64, len(a))] {
				bits |= one(v > k) << (uint(i) & 63)
			}
			out[w] = bits
		}
	}
	flip(out, r.invert)
}

func equalWords[T integer](out []uint64, a, b []T) {
	b = b[:len(a)]
	for w := range out {
		var bits uint64
		from, to := w<<6, min(w<<6+64, len(a))
		bs := b[from:to]
		for i, v := range a[from:to] {
			bits |= one(v == bs[i]) << (uint(i) & 63)
		}
		out[w] = bits
	}
}

func lessWords[T integer](out []uint64, a, b []T) {
	b = b[:len(a)]
	for w := range out {
		var bits uint64
		from, to := w<<6, min(w<<6+64, len(a))
		bs := b[from:to]
		for i, v := range a[from:to] {
			bits |= one(v < bs[i]) << (uint(i) & 63)
		}
		out[w] = bits
	}
}

// compareSparse compares the selected rows only.
func compareSparse[T integer](out []uint64, c *builtin.Call, a, b []T, r relation) {
	clear(out)
	invert := one(r.invert)
	for _, row := range c.Sel {
		x, y := a[row], b[c.Args[1].At(int(row))]
		var hit uint64
		switch r.base {
		case bind.Equal:
			hit = one(x == y)
		case bind.Less:
			hit = one(x < y)
		default:
			hit = one(x > y)
		}
		out[row>>6] |= (hit ^ invert) << (row & 63)
	}
}

// lessFloat orders floats as PostgreSQL does: NaN equals NaN and is above everything else.
func lessFloat[T float](a, b T) bool { return a < b || isNaN(b) && !isNaN(a) }

func equalFloat[T float](a, b T) bool { return a == b || isNaN(a) && isNaN(b) }

func isNaN[T float](v T) bool { return v != v } //nolint:gocritic // what NaN alone is

func compareFloats[T float](r relation) kernel {
	return func(c *builtin.Call) {
		out := c.Out.Bits()
		a, b := batch.Values[T](c.Args[0].Col), batch.Values[T](c.Args[1].Col)
		switch {
		case !dense(c):
			compareEach(c, r, func(row int) int { return compareFloat(a[row], b[c.Args[1].At(row)]) })
			return
		case c.Args[1].Const:
			compareFloatConst(out, a, b[0], r)
			return
		case r.base == bind.Greater:
			a, b = b, a
		}
		for w := range out {
			var bits uint64
			from, to := w<<6, min(w<<6+64, len(a))
			bs := b[from:to]
			for i, v := range a[from:to] {
				if r.base == bind.Equal {
					bits |= one(equalFloat(v, bs[i])) << (uint(i) & 63)
				} else {
					bits |= one(lessFloat(v, bs[i])) << (uint(i) & 63)
				}
			}
			out[w] = bits
		}
		flip(out, r.invert)
	}
}

func compareFloatConst[T float](out []uint64, a []T, k T, r relation) {
	for w := range out {
		var bits uint64
		part := a[w<<6 : min(w<<6+64, len(a))]
		switch {
		case r.base == bind.Equal:
			for i, v := range part {
				bits |= one(equalFloat(v, k)) << (uint(i) & 63)
			}
		case r.base == bind.Less:
			for i, v := range part {
				bits |= one(lessFloat(v, k)) << (uint(i) & 63)
			}
		default:
			for i, v := range part {
				bits |= one(lessFloat(k, v)) << (uint(i) & 63)
			}
		}
		out[w] = bits
	}
	flip(out, r.invert)
}

// compareBools works on whole words: false is below true.
func compareBools(r relation) kernel {
	return func(c *builtin.Call) {
		out, a, b := c.Out.Bits(), c.Args[0].Col.Bits(), c.Args[1].Col.Bits()
		constant := uint64(0)
		if c.Args[1].Const && b.Get(0) {
			constant = ^constant
		}
		for i := range out {
			y := constant
			if !c.Args[1].Const {
				y = b[i]
			}
			switch r.base {
			case bind.Equal:
				out[i] = ^(a[i] ^ y)
			case bind.Less:
				out[i] = ^a[i] & y
			default:
				out[i] = a[i] &^ y
			}
		}
		flip(out, r.invert)
	}
}
