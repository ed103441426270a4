package keyed

import (
	"bytes"
	"cmp"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/jsonb"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
)

// comparer orders two values that are not NULL: -1, 0 or +1.
type comparer func(a *batch.Column, i int, b *batch.Column, j int) int

// comparerOf returns PostgreSQL's order of a type: text by bytes (collation "C"), NaN above all numbers, intervals by length with months of 30
// days, arrays and rows by their first difference, NULLs in them last.
func comparerOf(typ schema.Type) comparer {
	switch typ.Kind {
	case schema.Bool:
		return func(a *batch.Column, i int, b *batch.Column, j int) int {
			return cmp.Compare(fixedWord(a, i), fixedWord(b, j))
		}
	case schema.Int16:
		return compareOrdered[int16]
	case schema.Int32, schema.Date:
		return compareOrdered[int32]
	case schema.Float32:
		return compareFloats[float32]
	case schema.Float64:
		return compareFloats[float64]
	case schema.Numeric:
		return func(a *batch.Column, i int, b *batch.Column, j int) int {
			return numeric.Cmp(a.Decimal(i), b.Decimal(j))
		}
	case schema.Interval:
		return func(a *batch.Column, i int, b *batch.Column, j int) int {
			return a.Intervals()[i].Compare(b.Intervals()[j])
		}
	case schema.UUID:
		return func(a *batch.Column, i int, b *batch.Column, j int) int {
			return bytes.Compare(a.UUIDs()[i][:], b.UUIDs()[j][:])
		}
	case schema.Text, schema.Bytes:
		return func(a *batch.Column, i int, b *batch.Column, j int) int {
			return bytes.Compare(a.Bytes(i), b.Bytes(j))
		}
	case schema.JSONB:
		return func(a *batch.Column, i int, b *batch.Column, j int) int {
			return jsonb.Compare(a.Bytes(i), b.Bytes(j))
		}
	case schema.Array:
		return compareArrays(nullsLast(comparerOf(*typ.Elem)))
	case schema.Row:
		return compareRows(typ)
	case schema.Null:
		return func(*batch.Column, int, *batch.Column, int) int { return 0 }
	default:
		return compareOrdered[int64]
	}
}

func compareOrdered[T int16 | int32 | int64](a *batch.Column, i int, b *batch.Column, j int) int {
	return cmp.Compare(batch.Values[T](a)[i], batch.Values[T](b)[j])
}

// compareFloats has NaN above everything, where cmp.Compare has it below.
func compareFloats[T float32 | float64](a *batch.Column, i int, b *batch.Column, j int) int {
	x, y := batch.Values[T](a)[i], batch.Values[T](b)[j]
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	case x == y:
		return 0
	}
	return cmp.Compare(nanRank(x), nanRank(y))
}

func nanRank[T float32 | float64](f T) int {
	if f != f { //nolint:gocritic // what NaN alone is
		return 1
	}
	return 0
}

// nullsLast makes a comparer take NULLs: equal to each other and above everything else.
func nullsLast(compare comparer) comparer {
	return func(a *batch.Column, i int, b *batch.Column, j int) int {
		switch x, y := isNull(a, i), isNull(b, j); {
		case x && y:
			return 0
		case x:
			return 1
		case y:
			return -1
		}
		return compare(a, i, b, j)
	}
}

func isNull(c *batch.Column, i int) bool {
	return c == nil || c.Kind() == schema.Null || c.IsNull(i)
}

func compareArrays(element comparer) comparer {
	return func(a *batch.Column, i int, b *batch.Column, j int) int {
		x, endX := int(a.Offsets()[i]), int(a.Offsets()[i+1])
		y, endY := int(b.Offsets()[j]), int(b.Offsets()[j+1])
		for ; x < endX && y < endY; x, y = x+1, y+1 {
			if order := element(a.Child(0), x, b.Child(0), y); order != 0 {
				return order
			}
		}
		return cmp.Compare(endX-x, endY-y)
	}
}

func compareRows(typ schema.Type) comparer {
	members := make([]comparer, len(typ.Fields))
	for i, f := range typ.Fields {
		members[i] = nullsLast(comparerOf(f.Type))
	}
	return func(a *batch.Column, i int, b *batch.Column, j int) int {
		for k, compare := range members {
			if order := compare(a.Child(k), i, b.Child(k), j); order != 0 {
				return order
			}
		}
		return 0
	}
}
