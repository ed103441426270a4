package parse

import (
	"unicode/utf8"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/sqlstate"
)

// lexer cuts text into tokens by the rules of PostgreSQL's scanner. After its first error it returns EOF for ever.
type lexer struct {
	text string
	pos  int
	err  *Error
	run  operatorRun // the last one met
}

// tokenize returns the tokens of text; the last is EOF, after an Invalid one if there was an error.
func tokenize(text string) ([]Token, *Error) {
	const bytesPerToken = 4 // an estimate on the low side
	l := lexer{text: text}
	tokens := make([]Token, 0, len(text)/bytesPerToken+2)
	for {
		t := l.next()
		if l.err != nil {
			t = Token{Kind: Invalid, Span: l.err.Span}
			l.pos = len(text)
			tokens = append(tokens, t, Token{Kind: EOF, Span: l.span(len(text))})
			return tokens, l.err
		}
		tokens = append(tokens, t)
		if t.Kind == EOF {
			return tokens, nil
		}
	}
}

// span returns the bytes from start to the current place. Offsets fit: the text's length is limited.
func (l *lexer) span(start int) ast.Span { return ast.Span{Start: int32(start), End: int32(l.pos)} }

func (l *lexer) peek(ahead int) byte {
	if l.pos+ahead < len(l.text) {
		return l.text[l.pos+ahead]
	}
	return 0
}

func (l *lexer) fail(start int, code sqlstate.Code, message, hint string) Token {
	l.err = &Error{SQLSTATE: code, Message: message, Hint: hint, Span: l.span(start)}
	return Token{}
}

// failNear is fail with the text from start to the current place quoted in PostgreSQL's way.
func (l *lexer) failNear(start int, message, hint string) Token {
	return l.fail(start, sqlstate.SyntaxError, message+` at or near "`+l.text[start:l.pos]+`"`, hint)
}

// unterminated reports something that runs to the end of the text.
func (l *lexer) unterminated(start int, what, hint string) Token {
	l.pos = len(l.text)
	l.failNear(start, "unterminated "+what, hint)
	l.err.Incomplete = true
	return Token{}
}

func (l *lexer) token(kind Kind, start int, text string) Token {
	return Token{Kind: kind, Span: l.span(start), Text: text}
}

func (l *lexer) next() Token {
	l.skipBlank()
	if l.err != nil || l.pos >= len(l.text) {
		return l.token(EOF, l.pos, "")
	}
	start, c := l.pos, l.text[l.pos]
	switch {
	case isIdentStart(c):
		return l.word()
	case isDigit(c) || c == '.' && isDigit(l.peek(1)):
		return l.number()
	case c == '\'':
		l.pos++
		return l.quoted(start, false)
	case c == '"':
		return l.quotedName()
	case c == '$':
		return l.dollar()
	case isOperatorByte(c):
		return l.operator()
	}
	return l.symbol()
}

func (l *lexer) symbol() Token {
	start := l.pos
	width := 1
	switch l.text[l.pos] {
	case '(', ')', '[', ']', ',', ';':
	case '.':
		if l.peek(1) == '.' {
			width = 2
		}
	case ':':
		if l.peek(1) == ':' || l.peek(1) == '=' {
			width = 2
		}
	default:
		l.pos++
		hint := ""
		if l.text[start] == '\\' {
			hint = `a backslash means something only inside an escape string: E'a\nb'`
		}
		return l.failNear(start, "syntax error", hint)
	}
	l.pos += width
	return l.token(Symbol, start, l.text[start:l.pos])
}

// skipBlank passes over white space and comments.
func (l *lexer) skipBlank() {
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; {
		case isSpace(c):
			l.pos++
		case c == '-' && l.peek(1) == '-':
			l.skipLine()
		case c == '/' && l.peek(1) == '*':
			l.skipComment()
		default:
			return
		}
	}
}

func (l *lexer) skipLine() {
	for l.pos < len(l.text) && l.text[l.pos] != '\n' && l.text[l.pos] != '\r' {
		l.pos++
	}
}

// skipComment passes over a block comment; these nest.
func (l *lexer) skipComment() {
	start := l.pos
	for depth := 0; l.pos < len(l.text); {
		switch {
		case l.text[l.pos] == '/' && l.peek(1) == '*':
			depth++
			l.pos += 2
		case l.text[l.pos] == '*' && l.peek(1) == '/':
			depth--
			l.pos += 2
			if depth == 0 {
				return
			}
		default:
			l.pos++
		}
	}
	l.unterminated(start, "/* comment", "block comments nest: each /* needs its own */")
}

// word reads an identifier or keyword, and the strings and names that begin with a letter.
func (l *lexer) word() Token {
	start := l.pos
	if t, ok := l.prefixed(); ok {
		return t
	}
	upper := false
	for l.pos < len(l.text) && isIdentPart(l.text[l.pos]) {
		c := l.text[l.pos]
		if c >= utf8.RuneSelf {
			if !l.letter(start) {
				break
			}
			continue
		}
		upper = upper || c >= 'A' && c <= 'Z'
		l.pos++
	}
	if l.err != nil {
		return Token{}
	}
	text := l.text[start:l.pos]
	if upper {
		text = foldASCII(text)
	}
	k := ast.LookupKeyword(text)
	return Token{Kind: Ident, Span: l.span(start), Text: text, Class: k.Class, NeedsAs: k.NeedsAs}
}

// letter passes over one character beyond ASCII and tells whether it belongs to the word. A look-alike of something else ends the
// word; one that begins it is an error.
func (l *lexer) letter(start int) bool {
	r, size := utf8.DecodeRuneInString(l.text[l.pos:])
	meant := lookAlike(r)
	if meant == "" {
		l.pos += size
		return true
	}
	if l.pos == start {
		l.pos += size
		l.failNear(start, "syntax error", "this is "+describeRune(r)+"; write "+meant)
	}
	return false
}

// prefixed reads E'…' and refuses B'…', X'…' and U&'…'.
func (l *lexer) prefixed() (Token, bool) {
	start := l.pos
	quote := l.peek(1) == '\''
	switch l.text[l.pos] {
	case 'e', 'E':
		if quote {
			l.pos += 2
			return l.quoted(start, true), true
		}
	case 'b', 'B', 'x', 'X':
		if quote {
			l.pos += 2
			return l.fail(start, sqlstate.FeatureNotSupported, "bit strings are not supported",
				"for bytes write decode('ff00', 'hex') or '\\xff00'::bytea"), true
		}
	case 'u', 'U':
		if l.peek(1) == '&' && (l.peek(2) == '\'' || l.peek(2) == '"') {
			l.pos += 3
			return l.fail(start, sqlstate.FeatureNotSupported, "U& escapes are not supported",
				`write the character itself, or E'\u0041' for a string`), true
		}
	}
	return Token{}, false
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= utf8.RuneSelf
}

func isIdentPart(c byte) bool { return isIdentStart(c) || isDigit(c) || c == '$' }

func isOperatorByte(c byte) bool {
	switch c {
	case '~', '!', '@', '#', '^', '&', '|', '`', '?', '+', '-', '*', '/', '%', '<', '>', '=':
		return true
	}
	return false
}

// foldASCII lowers A to Z and leaves all other letters, as PostgreSQL does in UTF-8.
func foldASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
