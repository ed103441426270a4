package builtin

import (
	"bytes"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/jsonb"
	"wire.example/wire/sdk/sqlstate"
)

// CanonicalJSON appends text in the canonical form of JSONB.
func CanonicalJSON(dst, text []byte) ([]byte, *sqlstate.Error) { return jsonb.Canonical(dst, text) }

// SetBytea stores the bytes that text stands for in PostgreSQL's hex or escape form.
func SetBytea(c *batch.Column, row int, text []byte) *sqlstate.Error {
	if bytes.HasPrefix(text, []byte(`\x`)) {
		return setHexBytea(c, row, text)
	}
	own := c.OwnBuffer(len(text))
	start := len(own.Data)
	data, ok := appendUnescaped(own.Data, text)
	if !ok {
		return sqlstate.New(sqlstate.InvalidTextRepresentation, "invalid input syntax for type bytea")
	}
	own.Data = data
	c.SetOwn(row, start)
	return nil
}

// setHexBytea takes white space between pairs of digits, as PostgreSQL does.
func setHexBytea(c *batch.Column, row int, text []byte) *sqlstate.Error {
	own := c.OwnBuffer(len(text) / 2)
	start := len(own.Data)
	data, bad := appendHexDecoded(own.Data, text[2:])
	if bad != nil {
		return bad
	}
	own.Data = data
	c.SetOwn(row, start)
	return nil
}

// appendUnescaped appends what bytea's escape form stands for: \\ and \ooo.
func appendUnescaped(dst, text []byte) (_ []byte, ok bool) {
	for len(text) > 0 {
		n := bytes.IndexByte(text, '\\')
		if n < 0 {
			return append(dst, text...), true
		}
		dst = append(dst, text[:n]...)
		text = text[n+1:]
		switch {
		case len(text) > 0 && text[0] == '\\':
			dst, text = append(dst, '\\'), text[1:]
		case len(text) > 2 && text[0]-'0' <= 3 && text[1]-'0' <= 7 && text[2]-'0' <= 7:
			dst, text = append(dst, (text[0]-'0')<<6|(text[1]-'0')<<3|(text[2]-'0')), text[3:]
		default:
			return dst, false
		}
	}
	return dst, true
}

// appendHexDecoded appends the bytes that pairs of hexadecimal digits stand for; white space may stand between pairs.
func appendHexDecoded(dst, text []byte) ([]byte, *sqlstate.Error) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case ' ', '\t', '\n', '\r':
			continue
		}
		hi := hexValue(text[i])
		if hi < 0 {
			return dst, errHexDigit(text[i:])
		}
		if i++; i == len(text) {
			return dst, sqlstate.New(sqlstate.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		lo := hexValue(text[i])
		if lo < 0 {
			return dst, errHexDigit(text[i:])
		}
		dst = append(dst, byte(hi<<4|lo))
	}
	return dst, nil
}

func errHexDigit(at []byte) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", firstChar(at))
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// firstChar returns the first character of b.
func firstChar(b []byte) []byte { return b[:charOffset(b, 1)] }
