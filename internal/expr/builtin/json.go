package builtin

import (
	"bytes"
	"encoding/json"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/sqlstate"
)

// CanonicalJSON appends text in the canonical form of JSONB.
func CanonicalJSON(dst, text []byte) ([]byte, *sqlstate.Error) {
	var out bytes.Buffer
	if json.Compact(&out, text) != nil {
		return dst, sqlstate.New(sqlstate.InvalidTextRepresentation, "invalid input syntax for type json")
	}
	return append(dst, out.Bytes()...), nil
}

// SetBytea stores the bytes that text stands for in PostgreSQL's hex or escape form.
func SetBytea(c *batch.Column, row int, text []byte) *sqlstate.Error {
	return codec.SetText(c, row, text)
}
