package builtin

import (
	"bytes"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// SetArray stores the array that text, PostgreSQL's {a,"b c",NULL}, stands for as the last row of c.
func SetArray(c *batch.Column, row int, text []byte) *sqlstate.Error {
	r := arrayReader{all: text, in: text}
	r.space()
	if bad := r.array(c, row); bad != nil {
		return bad
	}
	if r.space(); len(r.in) > 0 {
		return r.malformed()
	}
	return nil
}

type arrayReader struct {
	all, in []byte
	buf     []byte
}

func (r *arrayReader) malformed() *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.InvalidTextRepresentation, "malformed array literal: \"%s\"", codec.Shown(r.all))
}

func (r *arrayReader) space() { r.in = bytes.TrimLeft(r.in, " \t\n\r\v\f") }

func (r *arrayReader) accept(c byte) bool {
	if len(r.in) == 0 || r.in[0] != c {
		return false
	}
	r.in = r.in[1:]
	r.space()
	return true
}

func (r *arrayReader) array(c *batch.Column, row int) *sqlstate.Error {
	if !r.accept('{') {
		return r.malformed()
	}
	child := c.Child(0)
	for first := true; !first || !r.accept('}'); first = false {
		n := child.Len()
		child.Resize(n + 1)
		if bad := r.element(child, n); bad != nil {
			return bad
		}
		if r.accept('}') {
			break
		}
		if !r.accept(',') {
			return r.malformed()
		}
	}
	c.Offsets()[row+1] = int32(child.Len()) //nolint:gosec // fewer than the literal's bytes
	return nil
}

func (r *arrayReader) element(child *batch.Column, n int) *sqlstate.Error {
	if child.Kind() == schema.Array {
		return r.array(child, n)
	}
	text, quoted, ok := r.word()
	switch {
	case !ok:
		return r.malformed()
	case !quoted && bytes.EqualFold(text, []byte("null")):
		child.SetNull(n)
		return nil
	}
	return SetValue(child, n, text)
}

// word reads an element, in quotes or bare.
func (r *arrayReader) word() (text []byte, quoted, ok bool) {
	r.buf = r.buf[:0]
	if len(r.in) > 0 && r.in[0] == '"' {
		for i := 1; i < len(r.in); i++ {
			switch r.in[i] {
			case '"':
				r.in = r.in[i+1:]
				r.space()
				return r.buf, true, true
			case '\\':
				if i++; i == len(r.in) {
					return nil, true, false
				}
			}
			r.buf = append(r.buf, r.in[i])
		}
		return nil, true, false
	}
	kept, i := 0, 0
loop:
	for ; i < len(r.in); i++ {
		switch c := r.in[i]; c {
		case ',', '}':
			break loop
		case '{', '"':
			return nil, false, false
		case '\\':
			if i++; i == len(r.in) {
				return nil, false, false
			}
			r.buf = append(r.buf, r.in[i])
			kept = len(r.buf)
		case ' ', '\t', '\n', '\r', '\v', '\f':
			r.buf = append(r.buf, c)
		default:
			r.buf = append(r.buf, c)
			kept = len(r.buf)
		}
	}
	r.in = r.in[i:]
	return r.buf[:kept], false, kept > 0
}

// SetValue stores the value that text stands for as row of c, as PostgreSQL's input functions read it, for every type but ROW. An
// ARRAY can only be stored in the last row of its column.
func SetValue(c *batch.Column, row int, text []byte) *sqlstate.Error {
	switch c.Kind() {
	case schema.Array:
		return SetArray(c, row, text)
	case schema.Bytes:
		return SetBytea(c, row, text)
	case schema.JSONB:
		own := c.OwnBuffer(len(text))
		start := len(own.Data)
		data, bad := CanonicalJSON(own.Data, text)
		if bad == nil {
			own.Data = data
			c.SetOwn(row, start)
		}
		return bad
	case schema.Timestamp:
		v, err := temporal.ParseTimestamp(text)
		if err != nil {
			return codec.AsSQLState(err)
		}
		c.Int64s()[row] = v
		return nil
	default:
		return codec.SetText(c, row, text)
	}
}
