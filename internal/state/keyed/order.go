package keyed

import (
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Key is a column to sort by. NULLs are neither ascending nor descending: NullsFirst alone says where they are.
type Key struct {
	Column     int
	Desc       bool
	NullsFirst bool
}

// Order is an order of rows by keys, the first of which decides first. It is immutable.
type Order struct {
	keys []orderKey
	// exact says that the prefixes of two rows are equal only if the rows are.
	exact bool
}

type orderKey struct {
	Key
	compare comparer
	prefix  prefixer
	// at and size are where the key lies in the prefix, in bytes; size is 0 where it has no place.
	at, size int
}

// NewOrder returns the order by keys of rows with columns of types.
func NewOrder(types []schema.Type, keys []Key) *Order {
	o := &Order{keys: make([]orderKey, len(keys))}
	for i, k := range keys {
		o.keys[i] = orderKey{Key: k, compare: comparerOf(types[k.Column])}
	}
	o.planPrefix(types)
	return o
}

// Compare orders row i of a and row j of b: -1, 0 or +1.
func (o *Order) Compare(a []*batch.Column, i int, b []*batch.Column, j int) int {
	for k := range o.keys {
		key := &o.keys[k]
		if order := key.compareRow(a[key.Column], i, b[key.Column], j); order != 0 {
			return order
		}
	}
	return 0
}

func (k *orderKey) compareRow(a *batch.Column, i int, b *batch.Column, j int) int {
	switch x, y := isNull(a, i), isNull(b, j); {
	case x && y:
		return 0
	case x && k.NullsFirst, y && !k.NullsFirst:
		return -1
	case x || y:
		return 1
	}
	order := k.compare(a, i, b, j)
	if k.Desc {
		return -order
	}
	return order
}

// CompareIDs orders two rows of a store.
func (o *Order) CompareIDs(r *Rows, a, b uint32) int {
	x, i := r.Row(a)
	y, j := r.Row(b)
	return o.Compare(x, i, y, j)
}
