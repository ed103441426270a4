package generate

import (
	"encoding/json"
	"strconv"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// appendRecord appends a row as JSON, with the columns that are made: those that are nil, and such members, are left out.
func appendRecord(dst []byte, fields []schema.Field, cols []*batch.Column, row int) []byte {
	dst = append(dst, '{')
	first := true
	for i, c := range cols {
		if c == nil {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(append(dst, '"'), fields[i].Name...), `":`...) // names that need no escape
		dst = appendValue(dst, c, row)
	}
	return append(dst, '}')
}

// appendValue appends a value of one of the types that Schema has.
func appendValue(dst []byte, c *batch.Column, row int) []byte {
	if c.IsNull(row) {
		return append(dst, "null"...)
	}
	switch c.Type().Kind {
	case schema.Int32:
		return strconv.AppendInt(dst, int64(c.Int32s()[row]), 10)
	case schema.Timestamp:
		return append(temporal.AppendTimestampISO(append(dst, '"'), c.Int64s()[row]), '"')
	case schema.Text:
		return appendText(dst, c.Bytes(row))
	case schema.Row:
		fields := c.Type().Fields
		members := make([]*batch.Column, len(fields))
		for i := range fields {
			members[i] = c.Child(i)
		}
		return appendRecord(dst, fields, members, row)
	default:
		return strconv.AppendInt(dst, c.Int64s()[row], 10)
	}
}

// appendText appends a text in quotes. Texts of generated rows have nothing to escape, but for ones that a later release may make.
func appendText(dst, text []byte) []byte {
	for _, b := range text {
		if b < ' ' || b == '"' || b == '\\' {
			quoted, err := json.Marshal(string(text))
			if err != nil {
				panic(err) // of a string there is none
			}
			return append(dst, quoted...)
		}
	}
	return append(append(append(dst, '"'), text...), '"')
}
