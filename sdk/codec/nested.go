package codec

import (
	"bytes"

	"wire.example/wire/sdk/batch"
)

// appendArray appends row of an ARRAY as PostgreSQL prints it: {1,NULL,"a b"}.
func appendArray(dst []byte, c *batch.Column, row int) []byte {
	offsets, elems := c.Offsets(), c.Child(0)
	nested := elems.Kind().IsNested()
	dst = append(dst, '{')
	for i := offsets[row]; i < offsets[row+1]; i++ {
		if i > offsets[row] {
			dst = append(dst, ',')
		}
		if elems.IsNull(int(i)) {
			dst = append(dst, "NULL"...)
			continue
		}
		start := len(dst)
		dst = AppendText(dst, elems, int(i))
		switch text := dst[start:]; {
		case nested && text[0] == '{': // an array of arrays is one array of more dimensions
		case len(text) == 0, bytes.ContainsAny(text, "{}\",\\ \t\n\r\v\f"), bytes.EqualFold(text, []byte("NULL")):
			dst = appendBackslashed(dst[:start], bytes.Clone(text))
		}
	}
	return append(dst, '}')
}

// appendBackslashed appends text in quotes, quotes and backslashes inside it behind a backslash.
func appendBackslashed(dst, text []byte) []byte {
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// appendRow appends row of a ROW as PostgreSQL prints it: (1,,"a b"), where nothing at all is NULL.
func appendRow(dst []byte, c *batch.Column, row int) []byte {
	dst = append(dst, '(')
	for i := range c.Type().Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		member := c.Child(i)
		if member == nil || member.IsNull(row) {
			continue
		}
		start := len(dst)
		dst = AppendText(dst, member, row)
		if text := dst[start:]; len(text) == 0 || bytes.ContainsAny(text, "()\",\\ \t\n\r\v\f") {
			dst = appendDoubled(dst[:start], bytes.Clone(text))
		}
	}
	return append(dst, ')')
}

// appendDoubled appends text in quotes, quotes and backslashes inside it doubled.
func appendDoubled(dst, text []byte) []byte {
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, c)
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
