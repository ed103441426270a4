package jsonfmt

import (
	"fmt"
	"strconv"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// encoder writes rows as PostgreSQL's row_to_json does at zone UTC, one a line.
type encoder struct {
	raw     bool
	opKey   string // `{"op":"`, "" unless rows carry kinds of change
	columns []writer
	bad     []codec.RowError
}

// writer appends the values of one column or nested value.
type writer struct {
	key   string // what stands before the value: a brace or comma, the quoted name, a colon
	typ   schema.Type
	parts []writer // members of a ROW, the element of an ARRAY
}

func newEncoder(f *format, spec codec.EncodeSpec) (*encoder, error) {
	e := &encoder{raw: spec.Raw && !spec.Changelog}
	if spec.Changelog {
		name := spec.OpField
		if name == "" {
			name = f.options.OpField
		}
		for _, field := range spec.Schema.Fields {
			if field.Name == name {
				return nil, fmt.Errorf("column %q clashes with the member for the kind of change; rename one of them (op_field)", name)
			}
		}
		e.opKey = "{" + quotedName(name) + `:"`
	}
	e.columns = newWriters(spec.Schema.Fields, spec.Changelog)
	return e, nil
}

func quotedName(name string) string { return string(appendQuoted(nil, []byte(name))) }

func newWriters(fields []schema.Field, follows bool) []writer {
	writers := make([]writer, len(fields))
	for i, field := range fields {
		separator := "{"
		if i > 0 || follows {
			separator = ","
		}
		writers[i] = newWriter(separator+quotedName(field.Name)+":", field.Type)
	}
	return writers
}

func newWriter(key string, typ schema.Type) writer {
	w := writer{key: key, typ: typ}
	switch typ.Kind {
	case schema.Row:
		w.parts = newWriters(typ.Fields, false)
	case schema.Array:
		w.parts = []writer{newWriter("", *typ.Elem)}
	default:
	}
	return w
}

// Encode appends the rows of b that count. Only a row without origin in raw mode can fail.
func (e *encoder) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	e.bad = e.bad[:0]
	for i := range b.Rows() {
		row := b.Row(i)
		if e.raw {
			var ok bool
			if dst, ok = e.appendRecord(dst, b, row); !ok {
				continue
			}
		} else {
			dst = e.appendRow(dst, b, row)
		}
		ends = append(ends, len(dst))
	}
	return dst, ends, e.bad
}

func (e *encoder) appendRecord(dst []byte, b *batch.Batch, row int) ([]byte, bool) {
	o := b.OriginRow(row)
	if o < 0 {
		e.bad = append(e.bad, codec.RowError{Row: row, Err: sqlstate.New(sqlstate.InternalError, "raw output of a row that has no record")})
		return dst, false
	}
	return append(append(dst, b.Origin.Record(o)...), '\n'), true
}

func (e *encoder) appendRow(dst []byte, b *batch.Batch, row int) []byte {
	switch {
	case e.opKey != "":
		kind := batch.Insert
		if b.Kinds != nil {
			kind = b.Kinds[row]
		}
		dst = append(append(append(dst, e.opKey...), kind.String()...), '"')
	case len(e.columns) == 0:
		dst = append(dst, '{')
	}
	for i := range e.columns {
		w := &e.columns[i]
		dst = append(dst, w.key...)
		dst = w.append(dst, b.Cols[i], row)
	}
	return append(dst, '}', '\n')
}

// append appends value row of c, which is nil for a column that nothing filled: NULL.
func (w *writer) append(dst []byte, c *batch.Column, row int) []byte {
	if c == nil || c.IsNull(row) {
		return append(dst, "null"...)
	}
	switch w.typ.Kind {
	case schema.Int64:
		return appendInt(dst, c.Int64s()[row])
	case schema.Int32:
		return appendInt(dst, int64(c.Int32s()[row]))
	case schema.Text:
		return appendQuoted(dst, c.Bytes(row))
	case schema.Timestamp:
		return appendStamp(dst, c.Int64s()[row])
	case schema.Row:
		return w.appendMembers(dst, c, row)
	case schema.Array:
		return w.appendElements(dst, c, row)
	default:
		return appendOther(dst, c, row)
	}
}

func (w *writer) appendMembers(dst []byte, c *batch.Column, row int) []byte {
	if len(w.parts) == 0 {
		return append(dst, "{}"...)
	}
	for i := range w.parts {
		part := &w.parts[i]
		dst = append(dst, part.key...)
		dst = part.append(dst, c.Child(i), row)
	}
	return append(dst, '}')
}

func (w *writer) appendElements(dst []byte, c *batch.Column, row int) []byte {
	offsets := c.Offsets()
	dst = append(dst, '[')
	for i := offsets[row]; i < offsets[row+1]; i++ {
		if i > offsets[row] {
			dst = append(dst, ',')
		}
		dst = w.parts[0].append(dst, c.Child(0), int(i))
	}
	return append(dst, ']')
}

// smallInt is below which appendInt writes digits itself.
const smallInt = 100_000_000

// appendInt appends v in decimal.
func appendInt(dst []byte, v int64) []byte {
	if uint64(v) >= smallInt { //nolint:gosec // negative numbers become large
		return strconv.AppendInt(dst, v, 10)
	}
	return appendDigits(dst, uint64(v)) //nolint:gosec // not negative
}
