package aggregate

import (
	"bytes"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/jsonb"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// listCell is what a slot collected: bytes that its function lays out, and how many values they are.
type listCell struct {
	data block
	n    int64
	// skip is how many bytes at the front are a separator that does not show.
	skip uint32
	// width is how many elements each collected array has.
	width int32
	bad   badList
}

// badList is what makes a list fail.
type badList uint8

const (
	goodList badList = iota
	nullArrays
	emptyArrays
	unevenArrays
	nullKey
	wrongKey
)

func (b badList) err() *sqlstate.Error {
	switch b {
	case nullArrays:
		return sqlstate.New(sqlstate.NullValueNotAllowed, "cannot accumulate null arrays")
	case emptyArrays:
		return sqlstate.New(sqlstate.ArraySubscriptError, "cannot accumulate empty arrays")
	case unevenArrays:
		return sqlstate.New(sqlstate.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
	case nullKey:
		return sqlstate.New(sqlstate.InvalidParameterValue, "field name must not be null")
	default:
		return sqlstate.New(sqlstate.InvalidParameterValue, "key value must be scalar, not array, composite, or json")
	}
}

// lists is the part of a state that collects values in the order in which they come.
type lists struct {
	cells[listCell]
	arena arena
	value []byte // scratch
	// sized: each value takes a byte at least.
	sized bool
}

// join is what stands between two lists that are merged.
func newLists(spec *Spec, s *lists, join string) {
	s.cells = newCells(spec, layout[listCell]{
		encode: func(dst []byte, c *listCell) []byte {
			dst = appendInt(appendInt(append(dst, byte(c.bad)), c.n), int64(c.skip))
			return appendBytes(appendInt(dst, int64(c.width)), s.arena.bytes(&c.data))
		},
		decode: s.decodeCell,
		merge: func(into, from *listCell) error {
			if into.bad == goodList {
				into.bad = from.bad
			}
			if from.n == 0 {
				return nil
			}
			data := bytes.Clone(s.arena.bytes(&from.data))
			s.arena.drop(&from.data)
			if into.n == 0 {
				bad := into.bad
				*into = *from
				into.data, into.bad = block{}, bad
				return s.arena.set(&into.data, data)
			}
			if into.width != from.width && into.bad == goodList {
				into.bad = unevenArrays
			}
			into.n += from.n
			if err := s.arena.append(&into.data, []byte(join)); err != nil {
				return err
			}
			return s.arena.append(&into.data, data)
		},
		free: func(c *listCell) { s.arena.drop(&c.data) },
	})
	s.arena.memory = &s.account
}

func (s *lists) decodeCell(src []byte, c *listCell) ([]byte, error) {
	if len(src) == 0 || badList(src[0]) > wrongKey {
		return nil, errDamaged()
	}
	c.bad = badList(src[0])
	n, src, err := readCount(src[1:], 1<<62)
	if err != nil {
		return nil, err
	}
	skip, src, err := readCount(src, maxBlock)
	if err != nil {
		return nil, err
	}
	width, src, err := readCount(src, 1<<31-1)
	if err != nil {
		return nil, err
	}
	data, src, err := readBytes(src)
	if err != nil {
		return nil, err
	}
	if int(skip) > len(data) || s.sized && n > int64(len(data)) {
		return nil, errDamaged()
	}
	c.n, c.skip, c.width = n, uint32(skip), int32(width) //nolint:gosec // checked
	return src, s.arena.set(&c.data, data)
}

// stringAgg is string_agg of TEXT and BYTEA. A cell holds, before each value, the separator that came with it.
type stringAgg struct{ lists }

func newStringAgg(spec *Spec) State {
	s := &stringAgg{}
	newLists(spec, &s.lists, "")
	return s
}

// Add appends the values that are not NULL.
func (s *stringAgg) Add(in *Rows) error {
	values, separators := in.Args[0], in.Args[1]
	for i := range in.N {
		row := in.Row(i)
		if values.IsNull(row) {
			continue
		}
		c := s.at(in.slot(i))
		if !separators.IsNull(row) {
			separator := separators.Bytes(row)
			if err := s.arena.append(&c.data, separator); err != nil {
				return err
			}
			if c.n == 0 {
				c.skip = uint32(len(separator)) //nolint:gosec // below 2^30
			}
		}
		if err := s.arena.append(&c.data, values.Bytes(row)); err != nil {
			return err
		}
		c.n++
	}
	return nil
}

// Result stores the texts.
func (s *stringAgg) Result(slots []uint32, out *batch.Column, _ *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		if c := s.at(slot); c.n > 0 {
			out.SetBytes(i, s.arena.bytes(&c.data)[c.skip:])
		} else {
			out.SetNull(i)
		}
	}
}

// arrayAgg is array_agg. A cell holds the values as appendValue writes them.
type arrayAgg struct {
	lists
	// nested: the values are arrays themselves.
	nested bool
}

func newArrayAgg(spec *Spec) State {
	s := &arrayAgg{nested: spec.Args[0].Kind == schema.Array}
	s.sized = true
	newLists(spec, &s.lists, "")
	return s
}

// Add appends the values.
func (s *arrayAgg) Add(in *Rows) error {
	col := in.Args[0]
	for i := range in.N {
		c, row := s.at(in.slot(i)), in.Row(i)
		if s.nested && !c.suits(col, row) {
			continue
		}
		s.value = appendValue(s.value[:0], col, row)
		if err := s.arena.append(&c.data, s.value); err != nil {
			return err
		}
		c.n++
	}
	return nil
}

// suits checks that an array is as long as the others, none of them NULL or empty.
func (c *listCell) suits(col *batch.Column, row int) bool {
	bad := goodList
	if col.IsNull(row) {
		bad = nullArrays
	} else {
		width := col.Offsets()[row+1] - col.Offsets()[row]
		switch {
		case width == 0:
			bad = emptyArrays
		case c.n > 0 && width != c.width:
			bad = unevenArrays
		default:
			c.width = width
		}
	}
	if c.bad == goodList {
		c.bad = bad
	}
	return bad == goodList
}

// Result stores the arrays.
func (s *arrayAgg) Result(slots []uint32, out *batch.Column, errs *builtin.Errors) {
	out.Reset(len(slots))
	elements := out.Child(0)
	for i, slot := range slots {
		c := s.at(slot)
		if c.bad != goodList || c.n == 0 {
			setNull(out, i)
			if c.bad != goodList {
				errs.Add(i, c.bad.err())
			}
			continue
		}
		from := elements.Len()
		elements.Resize(from + int(c.n))
		src := s.arena.bytes(&c.data)
		var err error
		for k := range int(c.n) {
			if src, err = readValue(src, elements, from+k); err != nil {
				errs.Add(i, codec.AsSQLState(err))
				break
			}
		}
		out.Offsets()[i], out.Offsets()[i+1] = int32(from), int32(elements.Len()) //nolint:gosec // offsets are 32 bits wide
	}
}

// jsonAgg is json_agg and jsonb_agg. A cell holds the elements with a comma and a blank between them.
type jsonAgg struct{ lists }

func newJSONAgg(spec *Spec) State {
	s := &jsonAgg{}
	newLists(spec, &s.lists, ", ")
	return s
}

// Add appends the values.
func (s *jsonAgg) Add(in *Rows) error {
	for i := range in.N {
		c, row := s.at(in.slot(i)), in.Row(i)
		s.value = s.value[:0]
		if c.n > 0 {
			s.value = append(s.value, ", "...)
		}
		s.value = appendJSON(s.value, in.Args[0], row)
		if err := s.arena.append(&c.data, s.value); err != nil {
			return err
		}
		c.n++
	}
	return nil
}

func appendJSON(dst []byte, col *batch.Column, row int) []byte {
	if col.IsNull(row) {
		return append(dst, "null"...)
	}
	return builtin.AppendJSON(dst, col, row)
}

// Result stores the arrays.
func (s *jsonAgg) Result(slots []uint32, out *batch.Column, _ *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		c := s.at(slot)
		if c.n == 0 {
			out.SetNull(i)
			continue
		}
		data := s.arena.bytes(&c.data)
		own := out.OwnBuffer(len(data) + 2)
		start := len(own.Data)
		own.Data = append(append(append(own.Data, '['), data...), ']')
		out.SetOwn(i, start)
	}
}

// jsonObjectAgg is json_object_agg and jsonb_object_agg. A cell holds the members with commas between them.
type jsonObjectAgg struct{ lists }

func newJSONObjectAgg(spec *Spec) State {
	s := &jsonObjectAgg{}
	newLists(spec, &s.lists, ",")
	return s
}

// Add appends the members.
func (s *jsonObjectAgg) Add(in *Rows) error {
	keys, values := in.Args[0], in.Args[1]
	for i := range in.N {
		c, row := s.at(in.slot(i)), in.Row(i)
		bad := goodList
		switch {
		case keys.IsNull(row):
			bad = nullKey
		case keys.Kind().IsNested() || keys.Kind() == schema.JSONB:
			bad = wrongKey
		}
		if bad != goodList {
			if c.bad == goodList {
				c.bad = bad
			}
			continue
		}
		s.value = s.value[:0]
		if c.n > 0 {
			s.value = append(s.value, ',')
		}
		s.value = append(appendKey(s.value, keys, row), ':')
		s.value = appendJSON(s.value, values, row)
		if err := s.arena.append(&c.data, s.value); err != nil {
			return err
		}
		c.n++
	}
	return nil
}

// appendKey appends a value as JSON has it, in quotes in any case.
func appendKey(dst []byte, col *batch.Column, row int) []byte {
	at := len(dst)
	dst = append(dst, '"')
	dst = builtin.AppendJSON(dst, col, row)
	if dst[at+1] == '"' {
		return append(dst[:at], dst[at+1:]...)
	}
	return append(dst, '"')
}

// Result stores the objects.
func (s *jsonObjectAgg) Result(slots []uint32, out *batch.Column, errs *builtin.Errors) {
	out.Reset(len(slots))
	var canonical []byte
	for i, slot := range slots {
		c := s.at(slot)
		if c.bad != goodList {
			fail(out, i, errs, c.bad.err())
			continue
		}
		if c.n == 0 {
			out.SetNull(i)
			continue
		}
		s.value = append(append(append(s.value[:0], '{'), s.arena.bytes(&c.data)...), '}')
		text, bad := jsonb.Canonical(canonical[:0], s.value)
		if canonical = text; bad != nil {
			fail(out, i, errs, bad)
			continue
		}
		out.SetBytes(i, text)
	}
}
