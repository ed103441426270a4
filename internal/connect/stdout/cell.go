package stdout

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// ellipsis ends a value that was cut; it is one character wide.
const ellipsis = "…"

// appendCell appends text as a terminal may show it: what would move the cursor, change colours or turn the direction of writing is
// escaped, and what is wider than most is cut. It returns the width in characters as a terminal counts them.
func appendCell(dst, text []byte, most int) (cell []byte, columns int) {
	fits, fitColumns := len(dst), 0 // the longest beginning that leaves room for the ellipsis
	var room [16]byte
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		shown := text[:n]
		w := 1
		switch {
		case r >= ' ' && r < 0x7f:
		case r == utf8.RuneError && n == 1:
			shown = fmt.Appendf(room[:0], `\x%02x`, text[0])
			w = len(shown)
		case unprintable(r):
			shown = appendEscape(room[:0], r)
			w = len(shown)
		default:
			w = runeWidth(r)
		}
		if columns+w > most {
			return append(dst[:fits], ellipsis...), fitColumns + 1
		}
		dst = append(dst, shown...)
		columns += w
		if columns < most {
			fits, fitColumns = len(dst), columns
		}
		text = text[n:]
	}
	return dst, columns
}

// unprintable reports whether r is a control character, or a format character other than those that join letters and emoji.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' && r != '\u200c' || r == '\u2028' || r == '\u2029'
}

func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if r < 0x80 {
		return fmt.Appendf(dst, `\x%02x`, r)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}

// runeWidth is 2 for the wide characters of East Asia and emoji, 0 for marks that stand on the letter before, else 1.
func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	default:
		return 1
	}
}

// widthOf is the width of text that appendCell made.
func widthOf(text []byte) int {
	columns := 0
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		columns += runeWidth(r)
		text = text[n:]
	}
	return columns
}

// appendValue appends a value, which is not NULL, as PostgreSQL prints it.
func appendValue(dst []byte, c *batch.Column, row int) []byte {
	switch c.Kind() {
	case schema.Array:
		offsets := c.Offsets()
		dst = append(dst, '{')
		for i := offsets[row]; i < offsets[row+1]; i++ {
			if i > offsets[row] {
				dst = append(dst, ',')
			}
			dst = appendMember(dst, c.Child(0), int(i), "NULL")
		}
		return append(dst, '}')
	case schema.Row:
		dst = append(dst, '(')
		for i := range c.Type().Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendMember(dst, c.Child(i), row, "")
		}
		return append(dst, ')')
	default:
		return codec.AppendText(dst, c, row)
	}
}

// appendMember appends a value within an array or row, in double quotes where it would be taken for something else.
func appendMember(dst []byte, c *batch.Column, row int, null string) []byte {
	if c == nil || c.IsNull(row) {
		return append(dst, null...)
	}
	start := len(dst)
	dst = appendValue(dst, c, row)
	text := string(dst[start:])
	if c.Kind() == schema.Array || !needsQuotes(text, null) {
		return dst
	}
	dst = append(dst[:start], '"')
	for i := range len(text) {
		if text[i] == '"' || text[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, text[i])
	}
	return append(dst, '"')
}

func needsQuotes(text, null string) bool {
	return text == "" || strings.EqualFold(text, null) || strings.ContainsAny(text, "\"\\,{}() \t\n\r\v\f")
}
