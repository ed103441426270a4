package eval

import (
	"bytes"
	"slices"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// castArray converts the elements; an element that fails is the error of its row.
func castArray(from, to schema.Type, explicit bool) kernel {
	if from.Equal(to) {
		return passOn
	}
	element := castKernel(from, to, explicit)
	if element == nil {
		return nil
	}
	var (
		errs   builtin.Errors
		failed []int32
	)
	return func(c *builtin.Call) {
		a, elems := c.Args[0].Col, c.Args[0].Col.Child(0)
		copy(c.Out.Offsets(), a.Offsets())
		errs.Reset()
		convertChild(c.Out.Child(0), elems, element, &errs)
		if errs.Len() == 0 {
			return
		}
		failed = failedElements(failed[:0], c.Out.Child(0), elems)
		offsets := a.Offsets()
		live(c, func(row int) {
			if k, _ := slices.BinarySearch(failed, offsets[row]); k < len(failed) && failed[k] < offsets[row+1] {
				c.Fail(row, errs.Errs[k])
			}
		})
	}
}

// failedElements appends the elements that became NULL in out, ascending: element k of them has error k. The numbers of Errors will not do,
// since they have 16 bits, which an array's elements may exceed.
func failedElements(failed []int32, out, elems *batch.Column) []int32 {
	for i := range elems.Len() {
		if out.IsNull(i) && !elems.IsNull(i) {
			failed = append(failed, int32(i)) //nolint:gosec // offsets are 32 bits wide
		}
	}
	return failed
}

// convertChild fills out with the converted values of elems.
func convertChild(out, elems *batch.Column, convert kernel, errs *builtin.Errors) {
	out.Reset(elems.Len())
	out.AndValid(elems)
	convert(&builtin.Call{Args: []builtin.Arg{{Col: elems}}, Rows: elems.Len(), Out: out, Errs: errs})
}

// castRow converts member by member; a member that fails is the error of its row.
func castRow(from, to schema.Type, explicit bool) kernel {
	members := make([]kernel, len(to.Fields))
	for i := range to.Fields {
		members[i] = passOn
		if !from.Fields[i].Type.Equal(to.Fields[i].Type) {
			if members[i] = castKernel(from.Fields[i].Type, to.Fields[i].Type, explicit); members[i] == nil {
				return nil
			}
		}
	}
	var errs builtin.Errors
	return func(c *builtin.Call) {
		a := c.Args[0].Col
		for i, convert := range members {
			from, out := a.Child(i), c.Out.Child(i)
			out.AndValid(from)
			out.AndValid(a)
			errs.Reset()
			convert(&builtin.Call{Args: []builtin.Arg{{Col: from}}, Rows: c.Rows, Sel: c.Sel, Out: out, Errs: &errs})
			if k := 0; errs.Len() > 0 {
				live(c, func(row int) {
					if !out.IsNull(row) || from.IsNull(row) || a.IsNull(row) {
						return
					}
					if !c.Out.IsNull(row) {
						c.Fail(row, errs.Errs[k])
					}
					k++
				})
			}
		}
	}
}

// appendNested writes an array as {1,NULL,"a b"} and a row as (1,,"a b").
func appendNested(dst []byte, c *batch.Column, row int) []byte {
	if c.Kind() == schema.Row {
		return appendRow(dst, c, row)
	}
	from, to := int(c.Offsets()[row]), int(c.Offsets()[row+1])
	elems := c.Child(0)
	dst = append(dst, '{')
	for i := from; i < to; i++ {
		if i > from {
			dst = append(dst, ',')
		}
		switch {
		case elems.IsNull(i):
			dst = append(dst, "NULL"...)
		case elems.Kind() == schema.Array:
			dst = appendNested(dst, elems, i)
		default:
			dst = quoteFrom(appendAny(dst, elems, i), len(dst), arrayNeedsQuotes, true)
		}
	}
	return append(dst, '}')
}

func appendRow(dst []byte, c *batch.Column, row int) []byte {
	dst = append(dst, '(')
	for i := range c.Type().Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		if member := c.Child(i); member != nil && !member.IsNull(row) {
			dst = quoteFrom(appendAny(dst, member, row), len(dst), rowNeedsQuotes, false)
		}
	}
	return append(dst, ')')
}

func appendAny(dst []byte, c *batch.Column, row int) []byte {
	if c.Kind().IsNested() {
		return appendNested(dst, c, row)
	}
	return codec.AppendText(dst, c, row)
}

func arrayNeedsQuotes(b []byte) bool {
	return len(b) == 0 || bytes.ContainsAny(b, "{},\"\\ \t\n\v\f\r") || len(b) == 4 && bytes.EqualFold(b, []byte("null"))
}

func rowNeedsQuotes(b []byte) bool { return len(b) == 0 || bytes.ContainsAny(b, "(),\"\\ \t\n\v\f\r") }

// quoteFrom puts what was appended after start into double quotes if it needs them. Arrays escape quotes by backslashes, rows double them.
func quoteFrom(dst []byte, start int, needs func([]byte) bool, backslash bool) []byte {
	if !needs(dst[start:]) {
		return dst
	}
	plain := bytes.Clone(dst[start:])
	dst = append(dst[:start], '"')
	for _, ch := range plain {
		if ch == '"' || ch == '\\' {
			if backslash {
				dst = append(dst, '\\')
			} else {
				dst = append(dst, ch)
			}
		}
		dst = append(dst, ch)
	}
	return append(dst, '"')
}
