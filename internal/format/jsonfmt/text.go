package jsonfmt

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// readString reads the string at i into a column of any type.
func (d *decoder) readString(m *member, i, row int) int {
	end, escaped, wide := d.stringEnd(i + 1)
	if end < 0 {
		return d.unclosed(i)
	}
	var bad *sqlstate.Error
	switch {
	case m.typ.Kind != schema.Text || m.isOp:
		var text []byte
		if text, bad = d.plainText(i+1, end, escaped, wide); bad == nil {
			bad = d.storeString(m, row, text)
		}
	case wide:
		bad = checkUTF8(d.data[i+1 : end])
	}
	if bad == nil && m.typ.Kind == schema.Text && !m.isOp {
		if escaped {
			bad = unescapeInto(m, row, d.data[i+1:end])
		} else {
			bad = d.viewString(m, i+1, end, row)
		}
	}
	if bad != nil {
		return d.failAt(m.path, bad, i)
	}
	return end + 1
}

// checkUTF8 is codec.CheckText for text without control characters.
func checkUTF8(text []byte) *sqlstate.Error {
	if utf8.Valid(text) {
		return nil
	}
	return codec.CheckText(text)
}

// viewString makes the bytes from start to end, which are checked, row of a TEXT column.
func (d *decoder) viewString(m *member, start, end, row int) *sqlstate.Error {
	text, bad := codec.FitVarchar(d.data[start:end], m.typ)
	if bad == nil {
		*slotOf[batch.View](m.base, row) = d.view(start, start+len(text))
	}
	return bad
}

// unescapeInto appends the string contents raw, without their escapes, to the column's own buffer as row.
func unescapeInto(m *member, row int, raw []byte) *sqlstate.Error {
	own := m.col.OwnBuffer(len(raw))
	start := len(own.Data)
	data, bad := appendUnescaped(own.Data, raw)
	if bad == nil {
		var text []byte
		if text, bad = codec.FitVarchar(data[start:], m.typ); bad == nil {
			own.Data = data[:start+len(text)]
			m.col.SetOwn(row, start)
		}
	}
	return bad
}

// plainText returns the bytes from start to end without escapes and checked to be UTF-8. They are lent until the next call.
func (d *decoder) plainText(start, end int, escaped, wide bool) ([]byte, *sqlstate.Error) {
	raw := d.data[start:end]
	if wide {
		if bad := checkUTF8(raw); bad != nil {
			return nil, bad
		}
	}
	if !escaped {
		return raw, nil
	}
	var bad *sqlstate.Error
	d.scratch, bad = appendUnescaped(d.scratch[:0], raw)
	return d.scratch, bad
}

// storeString stores the contents of a string in a column that is no TEXT.
func (d *decoder) storeString(m *member, row int, text []byte) *sqlstate.Error {
	switch k := m.typ.Kind; {
	case m.isOp:
		return d.readOp(m, row, text)
	case k.IsNested():
		return codec.ErrSyntax(m.typ, text)
	case k == schema.Bool || k.IsInteger():
		if !d.format.options.Coerce {
			return errQuoted(m.typ, text)
		}
	case k.IsFloat() || k == schema.Numeric:
		if !d.format.options.Coerce && !isSpecialNumber(text) {
			return errQuoted(m.typ, text)
		}
	case k == schema.Timestamp:
		v, err := m.stamp.ParseUTC(text)
		return storeStamp(m, row, v, err)
	case k == schema.TimestampTZ:
		v, err := m.stamp.ParseTZ(text, nil)
		return storeStamp(m, row, v, err)
	}
	return codec.SetText(m.col, row, text)
}

func storeStamp(m *member, row int, v int64, err error) *sqlstate.Error {
	if err != nil {
		return codec.AsSQLState(err)
	}
	*slotOf[int64](m.base, row) = v
	return nil
}

// isSpecialNumber tells the values that JSON has no number for; PostgreSQL writes them as strings, and so does the encoder.
func isSpecialNumber(text []byte) bool {
	switch string(text) {
	case "NaN", "Infinity", "-Infinity":
		return true
	}
	return false
}

func errQuoted(typ schema.Type, text []byte) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.InvalidTextRepresentation, "invalid input syntax for type %s: string \"%s\"", typ.PgName(), codec.Shown(text)).
		WithHint("Set coerce: true to accept numbers and booleans in quotes.")
}

// appendUnescaped appends the string contents raw with its escapes replaced.
func appendUnescaped(dst, raw []byte) ([]byte, *sqlstate.Error) {
	for i := 0; i < len(raw); i++ {
		n := bytes.IndexByte(raw[i:], '\\')
		if n < 0 {
			return append(dst, raw[i:]...), nil
		}
		dst = append(dst, raw[i:i+n]...)
		i += n
		i++
		switch e := raw[i]; e {
		case '"', '\\', '/':
			dst = append(dst, e)
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, size, bad := escapedRune(raw[i-1:])
			if bad != nil {
				return dst, bad
			}
			dst = utf8.AppendRune(dst, r)
			i += size - 2
		default:
			return dst, errSyntax(`unknown escape sequence "\` + string(rune(e)) + `"`)
		}
	}
	return dst, nil
}

// escapedRune reads \uXXXX, or two of them that form a surrogate pair, at the start of raw.
func escapedRune(raw []byte) (r rune, size int, bad *sqlstate.Error) {
	r = hexRune(raw)
	switch {
	case r < 0:
		return 0, 0, errSyntax(`"\u" must be followed by four hexadecimal digits`)
	case r == 0:
		return 0, 0, sqlstate.New(sqlstate.UntranslatableCharacter, "unsupported Unicode escape sequence").
			WithHint(`\u0000 cannot be converted to text.`)
	case !utf16.IsSurrogate(r):
		return r, 6, nil
	}
	if r = utf16.DecodeRune(r, hexRune(raw[6:])); r == utf8.RuneError {
		return 0, 0, errSyntax("Unicode surrogates must come in pairs, the high one first")
	}
	return r, 12, nil
}

// hexRune reads \uXXXX, -1 if raw does not begin so.
func hexRune(raw []byte) rune {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	r := rune(0)
	for _, c := range raw[2:6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}
