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
	// rest is the order by the keys behind those that the prefix begins with, nil if there are none.
	rest *Order
}

type orderKey struct {
	Key
	kind    schema.Kind
	compare comparer
	prefix  prefixer
	// whole says that the prefix has all of the key.
	whole bool
	// at and size are where the key lies in the prefix, in bytes; size is 0 where it has no place.
	at, size int
}

// NewOrder returns the order by keys of rows with columns of types.
func NewOrder(types []schema.Type, keys []Key) *Order {
	o := &Order{keys: make([]orderKey, len(keys))}
	for i, k := range keys {
		o.keys[i] = orderKey{Key: k, kind: types[k.Column].Kind, compare: comparerOf(types[k.Column])}
	}
	o.planPrefix(types)
	if behind := o.prefixed(); 0 < behind && behind < len(keys) {
		o.rest = NewOrder(types, keys[behind:])
	}
	return o
}

// prefixed returns how many keys the prefix begins with, the last of which it may not have all of.
func (o *Order) prefixed() int {
	n := 0
	for n < len(o.keys) && o.keys[n].size > 0 {
		n++
	}
	return n
}

// lastPrefixed returns the last key that the prefix has some of, nil if there is none.
func (o *Order) lastPrefixed() *orderKey {
	if n := o.prefixed(); n > 0 {
		return &o.keys[n-1]
	}
	return nil
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
