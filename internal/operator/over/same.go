package over

import (
	"bytes"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// sameRow reports whether two rows are written alike: 1.0 is not 1.00.
func sameRow(a []*batch.Column, i int, b []*batch.Column, j int) bool {
	for k := range a {
		if !same(a[k], i, b[k], j) {
			return false
		}
	}
	return true
}

func same(a *batch.Column, i int, b *batch.Column, j int) bool {
	if a == nil || b == nil || a.Kind() == schema.Null {
		return a == b || a != nil && a.Kind() == schema.Null
	}
	if x, y := a.IsNull(i), b.IsNull(j); x || y {
		return x && y
	}
	switch kind := a.Kind(); {
	case kind == schema.Bool:
		return a.Bits().Get(i) == b.Bits().Get(j)
	case kind.IsVariable():
		return bytes.Equal(a.Bytes(i), b.Bytes(j))
	case kind == schema.Numeric:
		return a.Decimal(i) == b.Decimal(j)
	case kind == schema.Array:
		return sameElements(a, i, b, j)
	case kind == schema.Row:
		for k := range a.Type().Fields {
			if !same(a.Child(k), i, b.Child(k), j) {
				return false
			}
		}
		return true
	case kind.Width() == 2:
		return a.Int16s()[i] == b.Int16s()[j]
	case kind.Width() == 4:
		return batch.Values[int32](a)[i] == batch.Values[int32](b)[j]
	case kind.Width() == 8:
		return batch.Values[int64](a)[i] == batch.Values[int64](b)[j]
	default:
		return batch.Values[batch.UUID](a)[i] == batch.Values[batch.UUID](b)[j]
	}
}

func sameElements(a *batch.Column, i int, b *batch.Column, j int) bool {
	from, n := a.Offsets()[i], a.Offsets()[i+1]-a.Offsets()[i]
	other := b.Offsets()[j]
	if b.Offsets()[j+1]-other != n {
		return false
	}
	for k := range n {
		if !same(a.Child(0), int(from+k), b.Child(0), int(other+k)) {
			return false
		}
	}
	return true
}
