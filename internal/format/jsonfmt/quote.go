package jsonfmt

import (
	"encoding/binary"
	"math/bits"
)

const hexDigits = "0123456789abcdef"

// appendQuoted appends text as a JSON string, escaped as PostgreSQL does: quotes, backslashes and control characters only.
func appendQuoted(dst, text []byte) []byte {
	dst = append(dst, '"')
	for {
		n := cleanPrefix(text)
		dst = append(dst, text[:n]...)
		if n == len(text) {
			return append(dst, '"')
		}
		dst = appendEscape(dst, text[n])
		text = text[n+1:]
	}
}

// cleanPrefix returns how many bytes of text need no escape.
func cleanPrefix(text []byte) int {
	n := 0
	for ; n+8 <= len(text); n += 8 {
		if m := stop(binary.LittleEndian.Uint64(text[n:])); m != 0 {
			return n + bits.TrailingZeros64(m)>>3
		}
	}
	for ; n < len(text); n++ {
		if c := text[n]; c < ' ' || c == '"' || c == '\\' {
			return n
		}
	}
	return n
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	default:
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
}
