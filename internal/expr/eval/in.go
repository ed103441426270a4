package eval

import (
	"bytes"
	"math/bits"
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// in is x IN (constants). Members that are not constant were made comparisons before: see lower.
func (c *compiler) in(n *node, e *bind.Expr) operation {
	var members []*batch.Column
	null := false
	for _, a := range e.Args[1:] {
		if a.Value.IsNull(0) {
			null = true
		} else {
			members = append(members, a.Value)
		}
	}
	n.args = n.args[:1]
	var k kernel
	switch e.Args[0].Type.Kind {
	case schema.Int16:
		k = inInts[int16](members)
	case schema.Int32, schema.Date:
		k = inInts[int32](members)
	case schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		k = inInts[int64](members)
	case schema.Text, schema.Bytes, schema.JSONB:
		k = inText(members)
	default:
		k = inSorted(members)
	}
	return c.native(n, func(call *builtin.Call) {
		call.Out.Bits().Zero(call.Rows)
		k(call)
		if null {
			missingIsNull(call.Out)
		}
	}, false)
}

// missingIsNull makes a row that was not found NULL, since a NULL member might equal it.
func missingIsNull(out *batch.Column) {
	found, valid := out.Bits(), out.MutableValid()
	for i := range valid {
		valid[i] &= found[i]
	}
}

// fewMembers is how many members are compared one by one rather than hashed.
const fewMembers = 4

func inInts[T integer](members []*batch.Column) kernel {
	list := make([]T, len(members))
	for i, m := range members {
		list[i] = batch.Values[T](m)[0]
	}
	if len(list) <= fewMembers {
		return func(c *builtin.Call) {
			out, a := c.Out.Bits(), batch.Values[T](c.Args[0].Col)
			if dense(c) {
				inFew(out, a, list)
				return
			}
			for _, row := range c.Sel {
				out[row>>6] |= one(slices.Contains(list, a[row])) << (row & 63)
			}
		}
	}
	set := newIntSet(len(list))
	for _, v := range list {
		set.add(int64(v))
	}
	return func(c *builtin.Call) {
		out, a := c.Out.Bits(), batch.Values[T](c.Args[0].Col)
		if !dense(c) {
			for _, row := range c.Sel {
				out[row>>6] |= one(set.has(int64(a[row]))) << (row & 63)
			}
			return
		}
		for w := range out {
			var found uint64
			for i, v := range a[w<<6 : min(w<<6+64, len(a))] {
				found |= one(set.has(int64(v))) << (uint(i) & 63)
			}
			out[w] = found
		}
	}
}

func inFew[T integer](out []uint64, a, list []T) {
	for w := range out {
		var found uint64
		part := a[w<<6 : min(w<<6+64, len(a))]
		for _, k := range list {
			for i, v := range part {
				found |= one(v == k) << (uint(i) & 63)
			}
		}
		out[w] = found
	}
}

// intSet is a hash table with open addressing, at most half full.
type intSet struct {
	slots []int64
	used  []bool
	shift uint
}

func newIntSet(n int) *intSet {
	log := uint(bits.Len(uint(2 * n))) //nolint:gosec // not negative
	return &intSet{slots: make([]int64, 1<<log), used: make([]bool, 1<<log), shift: 64 - log}
}

func (s *intSet) slot(v int64) int {
	return int(uint64(v) * 0x9e3779b97f4a7c15 >> s.shift) //nolint:gosec // a hash
}

func (s *intSet) add(v int64) {
	for i := s.slot(v); ; i = (i + 1) & (len(s.slots) - 1) {
		if !s.used[i] {
			s.slots[i], s.used[i] = v, true
			return
		}
		if s.slots[i] == v {
			return
		}
	}
}

func (s *intSet) has(v int64) bool {
	for i := s.slot(v); s.used[i]; i = (i + 1) & (len(s.slots) - 1) {
		if s.slots[i] == v {
			return true
		}
	}
	return false
}

// textSet is a hash table over the first words of views, length and prefix: most values that are not members are turned away without a look
// at their bytes.
type textSet struct {
	slots []uint32 // number of a member plus one, 0 for none
	heads []uint64
	texts [][]byte
	shift uint
}

func newTextSet(members []*batch.Column) *textSet {
	log := uint(bits.Len(uint(2 * len(members)))) //nolint:gosec // not negative
	s := &textSet{slots: make([]uint32, 1<<log), shift: 64 - log}
	for _, m := range members {
		head, text := words(m.Views())[0][0], bytes.Clone(m.Bytes(0))
		i := s.slot(head)
		for s.slots[i] != 0 {
			i = (i + 1) & (len(s.slots) - 1)
		}
		s.heads, s.texts = append(s.heads, head), append(s.texts, text)
		s.slots[i] = uint32(len(s.texts)) //nolint:gosec // the parser bounds the number of members
	}
	return s
}

func (s *textSet) slot(head uint64) int {
	return int(head * 0x9e3779b97f4a7c15 >> s.shift) //nolint:gosec // a hash
}

// has reports whether row of c, whose view begins with head, is a member.
func (s *textSet) has(head uint64, c *batch.Column, row int) bool {
	for i := s.slot(head); s.slots[i] != 0; i = (i + 1) & (len(s.slots) - 1) {
		if m := s.slots[i] - 1; s.heads[m] == head && bytes.Equal(s.texts[m], c.Bytes(row)) {
			return true
		}
	}
	return false
}

func inText(members []*batch.Column) kernel {
	set := newTextSet(members)
	return func(c *builtin.Call) {
		out, a := c.Out.Bits(), c.Args[0].Col
		views := words(a.Views())
		live(c, func(row int) {
			out[row>>6] |= one(set.has(views[row][0], a, row)) << (uint(row) & 63)
		})
	}
}

// inSorted searches by halving.
func inSorted(members []*batch.Column) kernel {
	slices.SortFunc(members, func(a, b *batch.Column) int { return CompareValues(a, 0, b, 0) })
	return func(c *builtin.Call) {
		out, a := c.Out.Bits(), c.Args[0].Col
		live(c, func(row int) {
			lo, hi := 0, len(members)
			for lo < hi {
				switch mid := (lo + hi) / 2; CompareValues(members[mid], 0, a, row) {
				case 0:
					out.Set(row)
					return
				case -1:
					lo = mid + 1
				default:
					hi = mid
				}
			}
		})
	}
}
