package jsonfmt

import (
	"unicode/utf16"
	"unicode/utf8"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// readString reads the string at i into a column of any type.
func (d *decoder) readString(m *member, i, row int) int {
	end, escaped, wide := stringEnd(d.p, i+1)
	if end < 0 {
		return d.syntax(i, "a string that ends before the next control character, found none")
	}
	if m.typ.Kind == schema.Text && !escaped && !m.isOp && m.typ.Length == 0 {
		if wide {
			if bad := codec.CheckText(d.data[i+1 : end]); bad != nil {
				return d.fail(m.path, bad)
			}
		}
		*slotOf[batch.View](m.base, row) = d.view(i+1, end)
		return end + 1
	}
	text, bad := d.plainText(i+1, end, escaped, wide)
	if bad == nil {
		bad = d.storeString(m, row, text)
	}
	if bad != nil {
		return d.fail(m.path, bad)
	}
	return end + 1
}

// plainText returns the bytes from start to end without escapes and checked to be UTF-8. They are lent until the next call.
func (d *decoder) plainText(start, end int, escaped, wide bool) ([]byte, *sqlstate.Error) {
	raw := d.data[start:end]
	if wide {
		if bad := codec.CheckText(raw); bad != nil {
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

// storeString stores the contents of a string.
func (d *decoder) storeString(m *member, row int, text []byte) *sqlstate.Error {
	switch k := m.typ.Kind; {
	case m.isOp:
		return d.readOp(m, row, text)
	case k == schema.Text:
		text, bad := codec.FitVarchar(text, m.typ)
		if bad == nil {
			m.col.SetBytes(row, text)
		}
		return bad
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
		c := raw[i]
		if c != '\\' {
			dst = append(dst, c)
			continue
		}
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
