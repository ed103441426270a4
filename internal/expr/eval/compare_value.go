package eval

import (
	"bytes"
	"cmp"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/jsonb"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
)

// compareNumerics compares coefficients where both sides have one scale, else value by value.
func compareNumerics(r relation) kernel {
	return func(c *builtin.Call) {
		a, b := c.Args[0].Col, c.Args[1]
		if len(a.Scales()) != 0 || a.Scale() < 0 {
			compareEach(c, r, func(row int) int { return numeric.Cmp(a.Decimal(row), b.Col.Decimal(b.At(row))) })
			return
		}
		if b.Const {
			if k, ok := atScale(b.Col.Decimal(0), a.Scale()); ok {
				compareCoefs(c.Out.Bits(), a.Coefs(), k, r)
				return
			}
		} else if len(b.Col.Scales()) == 0 && b.Col.Scale() == a.Scale() {
			x, y := a.Coefs(), b.Col.Coefs()
			compareEach(c, r, func(row int) int { return x[row].Cmp(y[row]) })
			return
		}
		compareEach(c, r, func(row int) int { return numeric.Cmp(a.Decimal(row), b.Col.Decimal(b.At(row))) })
	}
}

// compareCoefs compares all rows, wanted or not.
func compareCoefs(out []uint64, a []numeric.Int128, k numeric.Int128, r relation) {
	for w := range out {
		var bits uint64
		part := a[w<<6 : min(w<<6+64, len(a))]
		switch r.base {
		case bind.Equal:
			for i, v := range part {
				bits |= one(v.Lo^k.Lo|uint64(v.Hi^k.Hi) == 0) << (uint(i) & 63) //nolint:gosec // bits
			}
		case bind.Less:
			for i, v := range part {
				bits |= (one(v.Hi < k.Hi) | one(v.Hi == k.Hi)&one(v.Lo < k.Lo)) << (uint(i) & 63)
			}
		default:
			for i, v := range part {
				bits |= (one(v.Hi > k.Hi) | one(v.Hi == k.Hi)&one(v.Lo > k.Lo)) << (uint(i) & 63)
			}
		}
		out[w] = bits
	}
	flip(out, r.invert)
}

// atScale returns the coefficient of d at another scale, if that is exact.
func atScale(d numeric.Decimal, scale int16) (numeric.Int128, bool) {
	if !d.IsFinite() {
		return numeric.Int128{}, false
	}
	coef, ok := numeric.Rescale10(d.Coef, int(scale-d.Scale))
	return coef, ok && numeric.Equal(numeric.Decimal{Coef: coef, Scale: scale}, d)
}

// compareEach stores the relation of an order for every wanted row.
func compareEach(c *builtin.Call, r relation, order func(row int) int) {
	out := c.Out.Bits()
	clear(out)
	invert := one(r.invert)
	live(c, func(row int) {
		out[row>>6] |= (holds(r.base, order(row)) ^ invert) << (uint(row) & 63)
	})
}

func holds(base bind.CompareOp, order int) uint64 {
	switch base {
	case bind.Equal:
		return one(order == 0)
	case bind.Less:
		return one(order < 0)
	default:
		return one(order > 0)
	}
}

// compareAny compares the remaining types.
func compareAny(r relation) kernel {
	return func(c *builtin.Call) {
		a, b := c.Args[0].Col, c.Args[1]
		compareEach(c, r, func(row int) int { return CompareValues(a, row, b.Col, b.At(row)) })
	}
}

// CompareValues orders two values of one type, neither of them NULL, as PostgreSQL does: -1, 0 or +1. Inside arrays and rows NULL equals NULL
// and is above everything else.
func CompareValues(a *batch.Column, i int, b *batch.Column, j int) int {
	switch a.Kind() {
	case schema.Bool:
		return cmp.Compare(one(a.Bits().Get(i)), one(b.Bits().Get(j)))
	case schema.Int16:
		return cmp.Compare(a.Int16s()[i], b.Int16s()[j])
	case schema.Int32, schema.Date:
		return cmp.Compare(a.Int32s()[i], b.Int32s()[j])
	case schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		return cmp.Compare(a.Int64s()[i], b.Int64s()[j])
	case schema.Float32:
		return compareFloat(a.Float32s()[i], b.Float32s()[j])
	case schema.Float64:
		return compareFloat(a.Float64s()[i], b.Float64s()[j])
	case schema.Numeric:
		return numeric.Cmp(a.Decimal(i), b.Decimal(j))
	case schema.Interval:
		return a.Intervals()[i].Compare(b.Intervals()[j])
	case schema.UUID:
		x, y := a.UUIDs()[i], b.UUIDs()[j]
		return bytes.Compare(x[:], y[:])
	case schema.Text, schema.Bytes:
		return bytes.Compare(a.Bytes(i), b.Bytes(j))
	case schema.JSONB:
		return jsonb.Compare(a.Bytes(i), b.Bytes(j))
	case schema.Array:
		return compareArrays(a, i, b, j)
	case schema.Row:
		for k := range a.Type().Fields {
			if order := compareNullable(a.Child(k), i, b.Child(k), j); order != 0 {
				return order
			}
		}
		return 0
	default:
		return 0
	}
}

func compareFloat[T float](x, y T) int {
	switch {
	case equalFloat(x, y):
		return 0
	case lessFloat(x, y):
		return -1
	}
	return 1
}

func compareNullable(a *batch.Column, i int, b *batch.Column, j int) int {
	switch x, y := a.IsNull(i), b.IsNull(j); {
	case x && y:
		return 0
	case x:
		return 1
	case y:
		return -1
	}
	return CompareValues(a, i, b, j)
}

func compareArrays(a *batch.Column, i int, b *batch.Column, j int) int {
	ao, bo := a.Offsets(), b.Offsets()
	x, y := int(ao[i]), int(bo[j])
	for ; x < int(ao[i+1]) && y < int(bo[j+1]); x, y = x+1, y+1 {
		if order := compareNullable(a.Child(0), x, b.Child(0), y); order != 0 {
			return order
		}
	}
	return cmp.Compare(ao[i+1]-ao[i], bo[j+1]-bo[j])
}
