package jsonb

import "bytes"

// clean returns how many bytes at the beginning of text need no escape.
func clean(text []byte) int {
	for n, c := range text {
		if c < ' ' || c == '"' || c == '\\' {
			return n
		}
	}
	return len(text)
}

// AppendString appends text, which is UTF-8 without NUL, as a JSON string.
func AppendString(dst, text []byte) []byte {
	dst = append(dst, '"')
	for {
		n := clean(text)
		dst = append(dst, text[:n]...)
		if n == len(text) {
			return append(dst, '"')
		}
		dst = appendEscaped(dst, text[n])
		text = text[n+1:]
	}
}

// appendEscaped appends an ASCII character as it stands in a string.
func appendEscaped(dst []byte, c byte) []byte {
	const hexDigits = "0123456789abcdef"
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c >= ' ':
		return append(dst, c)
	case c == '\b':
		return append(dst, `\b`...)
	case c == '\f':
		return append(dst, `\f`...)
	case c == '\n':
		return append(dst, `\n`...)
	case c == '\r':
		return append(dst, `\r`...)
	case c == '\t':
		return append(dst, `\t`...)
	default:
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
}

// AppendUnquoted appends the text that the JSON string quoted stands for.
func AppendUnquoted(dst, quoted []byte) []byte {
	for rest := quoted[1 : len(quoted)-1]; ; {
		n := bytes.IndexByte(rest, '\\')
		if n < 0 {
			return append(dst, rest...)
		}
		c, size := unescape(rest[n:])
		dst = append(append(dst, rest[:n]...), c)
		rest = rest[n+size:]
	}
}

// Unquoted returns the text that the JSON string quoted stands for: a part of it, or new memory if it has escapes.
func Unquoted(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	return AppendUnquoted(nil, quoted)
}

// unescape reads the canonical escape at the beginning of s; each stands for one byte.
func unescape(s []byte) (c byte, size int) {
	switch s[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return hexDigit(s[4])<<4 | hexDigit(s[5]), 6
	}
	return s[1], 2
}

func hexDigit(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

// CompareKeys orders two keys, each a JSON string in quotes, as members of an object are: by length, then by bytes.
func CompareKeys(a, b []byte) int { return compareQuoted(a, b) }

func compareQuoted(a, b []byte) int {
	if bytes.IndexByte(a, '\\') >= 0 || bytes.IndexByte(b, '\\') >= 0 {
		a, b = Unquoted(a), Unquoted(b)
	}
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return bytes.Compare(a, b)
}
