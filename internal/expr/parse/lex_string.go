package parse

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"wire.example/wire/sdk/sqlstate"
)

// quoted reads a string whose opening quote has been passed; strings parted by white space with a newline in it are one.
func (l *lexer) quoted(start int, escapes bool) Token {
	text, ok := l.segment(start, escapes)
	if !ok || !l.continued() {
		return l.finishString(start, text, ok)
	}
	var b strings.Builder
	b.WriteString(text)
	for {
		text, ok = l.segment(start, escapes)
		b.WriteString(text)
		if !ok || !l.continued() {
			return l.finishString(start, b.String(), ok)
		}
	}
}

func (l *lexer) finishString(start int, text string, ok bool) Token {
	switch {
	case l.err != nil:
		return Token{}
	case !ok:
		return l.unterminated(start, "quoted string", "")
	}
	return l.token(String, start, text)
}

// continued passes over white space with a newline that a quote follows, and that quote; else it stays.
func (l *lexer) continued() bool {
	mark, newline := l.pos, false
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		switch {
		case c == '\n' || c == '\r':
			newline = true
			l.pos++
			continue
		case isSpace(c):
			l.pos++
			continue
		case c == '-' && l.peek(1) == '-':
			l.skipLine()
			continue
		case c == '\'' && newline:
			l.pos++
			return true
		}
		break
	}
	l.pos = mark
	return false
}

// segment reads to the closing quote; false where there is none or an escape is wrong.
func (l *lexer) segment(start int, escapes bool) (string, bool) {
	if !escapes {
		return l.untilQuote('\'')
	}
	var b strings.Builder
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; {
		case c == '\'' && l.peek(1) == '\'':
			b.WriteByte(c)
			l.pos += 2
		case c == '\'':
			l.pos++
			return l.checkedEscapes(start, b.String())
		case c == '\\' && l.pos+1 < len(l.text):
			if !l.escape(&b) {
				return "", false
			}
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	return "", false
}

// checkedEscapes refuses what \ooo and \xhh can make but text cannot hold.
func (l *lexer) checkedEscapes(start int, s string) (string, bool) {
	at := invalidUTF8(s)
	if at < 0 {
		return s, true
	}
	l.fail(start, sqlstate.CharacterNotInRepertoire, invalidByteMessage(s[at]), `escapes must make valid UTF-8; \u writes a character by its number`)
	return "", false
}

// invalidUTF8 returns the offset of the first byte that text cannot hold, NUL included, or -1.
func invalidUTF8(s string) int {
	nul := strings.IndexByte(s, 0)
	if utf8.ValidString(s) {
		return nul
	}
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 || s[i] == 0 {
				return i
			}
		}
		if r == 0 {
			return i
		}
	}
	return nul
}

func invalidByteMessage(b byte) string {
	return fmt.Sprintf(`invalid byte sequence for encoding "UTF8": 0x%02x`, b)
}

// escape reads one backslash escape of E'…'.
func (l *lexer) escape(b *strings.Builder) bool {
	c := l.text[l.pos+1]
	switch c {
	case 'u', 'U':
		return l.unicodeEscape(b)
	case 'x':
		if n := l.numeral(2, 2, 16); n > 0 {
			b.WriteByte(byte(hexValue(l.text[l.pos+2 : l.pos+2+n])))
			l.pos += 2 + n
			return true
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		n := l.numeral(1, 3, 8)
		value := 0
		for _, d := range []byte(l.text[l.pos+1 : l.pos+1+n]) {
			value = value*8 + int(d-'0')
		}
		b.WriteByte(byte(value))
		l.pos += 1 + n
		return true
	}
	const letters, values = "bfnrt", "\b\f\n\r\t"
	if i := strings.IndexByte(letters, c); i >= 0 {
		c = values[i]
	}
	b.WriteByte(c)
	l.pos += 2
	return true
}

// numeral counts the digits of base, at most limit, that stand ahead bytes from here.
func (l *lexer) numeral(ahead, limit, base int) int {
	n := 0
	for n < limit && digitValue(l.peek(ahead+n)) < base {
		n++
	}
	return n
}

func digitValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return 16
}

func hexValue(s string) rune {
	var v rune
	for i := range len(s) {
		v = v<<4 | rune(digitValue(s[i]))
	}
	return v
}

// unicodeEscape reads \uXXXX or \UXXXXXXXX; two of them may be the halves of a surrogate pair.
func (l *lexer) unicodeEscape(b *strings.Builder) bool {
	r, ok := l.codePoint()
	if !ok {
		return false
	}
	if !utf16.IsSurrogate(r) {
		if r == 0 || !utf8.ValidRune(r) {
			return l.badEscape("invalid Unicode escape value")
		}
		b.WriteRune(r)
		return true
	}
	if l.peek(0) != '\\' || l.peek(1) != 'u' && l.peek(1) != 'U' {
		return l.badEscape("invalid Unicode surrogate pair")
	}
	low, ok := l.codePoint()
	if !ok {
		return false
	}
	pair := utf16.DecodeRune(r, low)
	if pair == utf8.RuneError {
		return l.badEscape("invalid Unicode surrogate pair")
	}
	b.WriteRune(pair)
	return true
}

func (l *lexer) codePoint() (rune, bool) {
	width := 4
	if l.text[l.pos+1] == 'U' {
		width = 8
	}
	if l.numeral(2, width, 16) < width {
		at := l.pos
		l.pos += 2
		l.fail(at, sqlstate.InvalidEscapeSequence, "invalid Unicode escape", `Unicode escapes must be \uXXXX or \UXXXXXXXX.`)
		return 0, false
	}
	digits := l.text[l.pos+2 : l.pos+2+width]
	l.pos += 2 + width
	if width == 8 && digits[0] >= '1' { // would not fit the sign
		return utf8.MaxRune + 1, true
	}
	return hexValue(digits), true
}

func (l *lexer) badEscape(message string) bool {
	at := strings.LastIndexByte(l.text[:l.pos], '\\')
	l.failNear(at, message, "")
	return false
}

// quotedName reads a "name".
func (l *lexer) quotedName() Token {
	start := l.pos
	l.pos++
	text, ok := l.untilQuote('"')
	if !ok {
		return l.unterminated(start, "quoted identifier", "")
	}
	if text == "" {
		return l.failNear(start, "zero-length delimited identifier", "a string is written in single quotes: ''")
	}
	return Token{Kind: Ident, Span: l.span(start), Text: text, Quoted: true}
}

// untilQuote reads to the closing quote, undoubling doubled ones, and stands behind it; false if there is none.
func (l *lexer) untilQuote(quote byte) (string, bool) {
	var b strings.Builder
	doubled := false
	for {
		i := strings.IndexByte(l.text[l.pos:], quote)
		if i < 0 {
			return "", false
		}
		part := l.text[l.pos : l.pos+i]
		l.pos += i + 1
		if l.peek(0) != quote {
			if !doubled {
				return part, true
			}
			b.WriteString(part)
			return b.String(), true
		}
		doubled = true
		b.WriteString(part)
		b.WriteByte(quote)
		l.pos++
	}
}
