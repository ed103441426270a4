package builtin

import (
	"bytes"
	"sync"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func arrayFunctions() []Function {
	const array, boolean = schema.Array, schema.Bool
	sameAs := func(k int) func([]schema.Type) schema.Type {
		return func(types []schema.Type) schema.Type { return types[k] }
	}
	texts := schema.ArrayOf(schema.Of(text))
	ints := schema.ArrayOf(schema.Of(integer))
	return []Function{
		fn("array_length", integer, arrayLength, array, integer), fn("array_upper", integer, arrayLength, array, integer),
		fn("array_lower", integer, arrayLower, array, integer), fn("array_ndims", integer, arrayNDims, array),
		fn("cardinality", integer, cardinality, array),
		fn("array_append", array, arrayAppend, array, Elem).called().resultOf(sameAs(0)),
		fn("array_prepend", array, arrayPrepend, Elem, array).called().resultOf(sameAs(1)),
		fn("array_cat", array, arrayCat, array, array).called().resultOf(sameAs(0)),
		fn("||", array, arrayCat, array, array).called().resultOf(sameAs(0)),
		fn("||", array, arrayAppend, array, Elem).called().resultOf(sameAs(0)),
		fn("||", array, arrayPrepend, Elem, array).called().resultOf(sameAs(1)),
		fn("array_position", integer, arrayPosition, array, Elem, integer).called().optional(1),
		fn("array_positions", array, arrayPositions, array, Elem).called().resultType(ints),
		fn("array_remove", array, arrayRemove, array, Elem).called().resultOf(sameAs(0)),
		fn("array_replace", array, arrayReplace, array, Elem, Elem).called().resultOf(sameAs(0)),
		fn("trim_array", array, trimArray, array, integer).resultOf(sameAs(0)),
		fn("array_to_string", text, arrayToString, array, text, text).optional(1).called(),
		fn("string_to_array", array, stringToArray, text, text, text).optional(1).called().resultType(texts),
		fn("@>", boolean, arrayContains(0, 1), array, array), fn("<@", boolean, arrayContains(1, 0), array, array),
		fn("&&", boolean, arrayOverlaps, array, array),
	}
}

// elements returns where argument k's elements lie at row.
func (c *Call) elements(k, row int) (child *batch.Column, from, to int) {
	a := c.Args[k]
	offs, at := a.Col.Offsets(), a.At(row)
	return a.Col.Child(0), int(offs[at]), int(offs[at+1])
}

// eachArray is Each for a function that makes arrays: f appends a row's elements to out.
func (c *Call) eachArray(f func(row int, out *batch.Column)) {
	child, offs := c.Out.Child(0), c.Out.Offsets()
	done := 0
	fill := func(to int) {
		for ; done < to; done++ {
			offs[done+1] = offs[done]
		}
	}
	c.Each(func(row int) {
		fill(row)
		f(row, child)
		offs[row+1] = int32(child.Len()) //nolint:gosec // a batch holds fewer elements
		done = row + 1
	})
	fill(c.Rows)
}

// Arrays have one dimension here, whose elements may be arrays; the functions see the outer one.
func arrayLength(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		_, from, to := c.elements(0, i)
		if c.Int32(1, i) != 1 || from == to {
			c.Out.SetNull(i)
			return
		}
		out[i] = int32(to - from) //nolint:gosec // the count of a batch's elements
	})
}

func arrayLower(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		_, from, to := c.elements(0, i)
		if c.Int32(1, i) != 1 || from == to {
			c.Out.SetNull(i)
			return
		}
		out[i] = 1
	})
}

func arrayNDims(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		out[i] = 1
		if _, from, to := c.elements(0, i); from == to {
			c.Out.SetNull(i)
		}
	})
}

func cardinality(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		_, from, to := c.elements(0, i)
		out[i] = int32(to - from) //nolint:gosec // the count of a batch's elements
	})
}

// appendAll appends argument k's elements to out; a NULL array has none.
func (c *Call) appendAll(out *batch.Column, k, row int) {
	if c.Args[k].IsNull(row) {
		return
	}
	child, from, to := c.elements(k, row)
	for j := from; j < to; j++ {
		appendElement(out, child, j)
	}
}

func arrayAppend(c *Call) {
	c.eachArray(func(i int, out *batch.Column) {
		c.appendAll(out, 0, i)
		appendElement(out, c.Args[1].Col, c.Args[1].At(i))
	})
}

func arrayPrepend(c *Call) {
	c.eachArray(func(i int, out *batch.Column) {
		appendElement(out, c.Args[0].Col, c.Args[0].At(i))
		c.appendAll(out, 1, i)
	})
}

func arrayCat(c *Call) {
	c.eachArray(func(i int, out *batch.Column) {
		if c.Args[0].IsNull(i) && c.Args[1].IsNull(i) {
			c.Out.SetNull(i)
			return
		}
		c.appendAll(out, 0, i)
		c.appendAll(out, 1, i)
	})
}

func arrayPosition(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		if len(c.Args) > 2 && c.Args[2].IsNull(i) {
			c.Fail(i, sqlstate.New(sqlstate.NullValueNotAllowed, "initial position must not be null"))
			return
		}
		if c.Args[0].IsNull(i) {
			c.Out.SetNull(i)
			return
		}
		child, from, to := c.elements(0, i)
		start := from
		if len(c.Args) > 2 {
			start += max(int(c.Int32(2, i))-1, 0)
		}
		for j := start; j < to; j++ {
			if equalValues(child, j, c.Args[1].Col, c.Args[1].At(i)) {
				out[i] = int32(j - from + 1) //nolint:gosec // the count of a batch's elements
				return
			}
		}
		c.Out.SetNull(i)
	})
}

func arrayPositions(c *Call) {
	c.eachArray(func(i int, out *batch.Column) {
		if c.Args[0].IsNull(i) {
			c.Out.SetNull(i)
			return
		}
		child, from, to := c.elements(0, i)
		for j := from; j < to; j++ {
			if equalValues(child, j, c.Args[1].Col, c.Args[1].At(i)) {
				n := out.Len()
				out.Resize(n + 1)
				out.Int32s()[n] = int32(j - from + 1) //nolint:gosec // the count of a batch's elements
			}
		}
	})
}

func arrayRemove(c *Call) {
	c.eachArray(func(i int, out *batch.Column) {
		if c.Args[0].IsNull(i) {
			c.Out.SetNull(i)
			return
		}
		child, from, to := c.elements(0, i)
		for j := from; j < to; j++ {
			if !equalValues(child, j, c.Args[1].Col, c.Args[1].At(i)) {
				appendElement(out, child, j)
			}
		}
	})
}

func arrayReplace(c *Call) {
	c.eachArray(func(i int, out *batch.Column) {
		if c.Args[0].IsNull(i) {
			c.Out.SetNull(i)
			return
		}
		child, from, to := c.elements(0, i)
		for j := from; j < to; j++ {
			if equalValues(child, j, c.Args[1].Col, c.Args[1].At(i)) {
				appendElement(out, c.Args[2].Col, c.Args[2].At(i))
			} else {
				appendElement(out, child, j)
			}
		}
	})
}

func trimArray(c *Call) {
	c.eachArray(func(i int, out *batch.Column) {
		child, from, to := c.elements(0, i)
		n := int(c.Int32(1, i))
		if n < 0 || n > to-from {
			c.Fail(i, sqlstate.Errorf(sqlstate.ArraySubscriptError, "number of elements to trim must be between 0 and %d", to-from))
			return
		}
		for j := from; j < to-n; j++ {
			appendElement(out, child, j)
		}
	})
}

func arrayToString(c *Call) {
	c.Each(func(i int) {
		if c.Args[0].IsNull(i) || c.Args[1].IsNull(i) {
			c.Out.SetNull(i)
			return
		}
		c.appendRow(i, 64, func(dst []byte) []byte {
			return c.joinElements(dst, i)
		})
	})
}

func (c *Call) joinElements(dst []byte, row int) []byte {
	child, from, to := c.elements(0, row)
	first := true
	for j := from; j < to; j++ {
		isNull := child.IsNull(j)
		if isNull && (len(c.Args) < 3 || c.Args[2].IsNull(row)) {
			continue
		}
		if !first {
			dst = append(dst, c.Bytes(1, row)...)
		}
		first = false
		if isNull {
			dst = append(dst, c.Bytes(2, row)...)
		} else {
			dst = AppendValue(dst, child, j)
		}
	}
	return dst
}

func stringToArray(c *Call) {
	c.eachArray(func(i int, out *batch.Column) {
		if c.Args[0].IsNull(i) {
			c.Out.SetNull(i)
			return
		}
		b := c.Bytes(0, i)
		var null []byte
		if len(c.Args) > 2 && !c.Args[2].IsNull(i) {
			null = c.Bytes(2, i)
			if null == nil {
				null = []byte{}
			}
		}
		add := func(field []byte) {
			n := out.Len()
			out.Resize(n + 1)
			if null != nil && bytes.Equal(field, null) {
				out.SetNull(n)
				return
			}
			out.SetBytes(n, field)
		}
		switch {
		case len(b) == 0:
		case c.Args[1].IsNull(i):
			for len(b) > 0 {
				n := charOffset(b, 1)
				add(b[:n])
				b = b[n:]
			}
		case len(c.Bytes(1, i)) == 0:
			add(b)
		default:
			splitFields(b, c.Bytes(1, i), add)
		}
	})
}

func splitFields(b, sep []byte, add func([]byte)) {
	for {
		at := bytes.Index(b, sep)
		if at < 0 {
			add(b)
			return
		}
		add(b[:at])
		b = b[at+len(sep):]
	}
}

// arrayContains tells whether every element of argument part is one of argument whole; a NULL is none.
func arrayContains(whole, part int) func(*Call) {
	return func(c *Call) {
		out := c.Out.Bits()
		c.Each(func(i int) {
			w, wFrom, wTo := c.elements(whole, i)
			p, pFrom, pTo := c.elements(part, i)
			all := true
			for j := pFrom; j < pTo && all; j++ {
				all = !p.IsNull(j) && among(w, wFrom, wTo, p, j)
			}
			out.Put(i, all)
		})
	}
}

func arrayOverlaps(c *Call) {
	out := c.Out.Bits()
	c.Each(func(i int) {
		a, aFrom, aTo := c.elements(0, i)
		b, bFrom, bTo := c.elements(1, i)
		found := false
		for j := bFrom; j < bTo && !found; j++ {
			found = !b.IsNull(j) && among(a, aFrom, aTo, b, j)
		}
		out.Put(i, found)
	})
}

// among tells whether row j of col is one of the rows from and up to to of set.
func among(set *batch.Column, from, to int, col *batch.Column, j int) bool {
	for k := from; k < to; k++ {
		if equalValues(set, k, col, j) {
			return true
		}
	}
	return false
}

// ArraySlice returns the function that x[a:b] is. It has no name to call it by. Its arguments are an array and, for each dimension, two bounds.
func ArraySlice() *Function { return slicing() }

//nolint:gochecknoglobals // immutable, made once
var slicing = sync.OnceValue(func() *Function {
	f := fn("slice", schema.Array, arraySlice, schema.Array, integer, integer).variadic().resultOf(func(types []schema.Type) schema.Type { return types[0] })
	return &f
})

// arraySlice keeps the elements between bounds. What lies beyond the array is left out; where nothing is left, or there are more bounds than
// dimensions, the answer is an empty array.
func arraySlice(c *Call) {
	c.eachArray(func(row int, out *batch.Column) {
		child, from, to := c.elements(0, row)
		before := out.Len()
		if !c.slice(out, child, from, to, row, 1) {
			cut(out, before)
		}
	})
}

// cut leaves the first n rows of c, and what they hold.
func cut(c *batch.Column, n int) {
	if c.Resize(n); c.Kind() == schema.Array {
		cut(c.Child(0), int(c.Offsets()[n]))
	}
}

// slice appends to out what the bounds at argument arg, and those after them, keep of the rows from and up to to of child; false if that is nothing.
func (c *Call) slice(out, child *batch.Column, from, to, row, arg int) bool {
	low, high := int(c.Int32(arg, row)), int(c.Int32(arg+1, row))
	from, to = from+max(low, 1)-1, min(to, from+max(high, 0))
	if arg += 2; arg == len(c.Args) {
		for j := from; j < to; j++ {
			appendElement(out, child, j)
		}
		return from < to
	}
	if child.Kind() != schema.Array {
		return false
	}
	kept := false
	for j := from; j < to; j++ {
		n := out.Len()
		out.Resize(n + 1)
		if child.IsNull(j) {
			out.SetNull(n)
		} else {
			offs := child.Offsets()
			kept = c.slice(out.Child(0), child.Child(0), int(offs[j]), int(offs[j+1]), row, arg) || kept
		}
		out.Offsets()[n+1] = int32(out.Child(0).Len()) //nolint:gosec // a batch holds fewer elements
	}
	return kept
}
