package temporal

// tokenKind classifies one token of a date/time text by its shape alone, as PostgreSQL's first pass does.
type tokenKind uint8

const (
	tokenNumber  tokenKind = iota // digits, perhaps with a decimal point
	tokenString                   // letters only
	tokenDate                     // digits or letters with - / . inside
	tokenTime                     // digits with : inside
	tokenZone                     // a sign and digits: an offset, or a signed number of an interval
	tokenSpecial                  // a sign and letters
)

const (
	maxTokens    = 25
	maxTokenText = 128 // all tokens together; PostgreSQL's buffer has about as much
)

// tokens is the split form of one text: lower-cased words in one fixed buffer. It lives on the stack.
type tokens struct {
	buf  [maxTokenText]byte
	used int
	list [maxTokens]token
	n    int
}

type token struct {
	kind       tokenKind
	start, end uint8
}

func (t *tokens) text(i int) []byte { return t.buf[t.list[i].start:t.list[i].end] }

func isDigit(c byte) bool { return c-'0' <= 9 }

func isAlpha(c byte) bool { return c|0x20-'a' <= 25 }

func isAlnum(c byte) bool { return isDigit(c) || isAlpha(c) }

func isSpace(c byte) bool { return c == ' ' || c-'\t' <= '\r'-'\t' }

func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isAlnum(c) }

func lower(c byte) byte {
	if c-'A' <= 25 {
		return c | 0x20
	}
	return c
}

// lexer walks over one text. Reading beyond the end gives 0, which belongs to no class.
type lexer struct {
	in  []byte
	pos int
	out *tokens
	ok  bool
}

func (l *lexer) peek() byte {
	if l.pos < len(l.in) {
		return l.in[l.pos]
	}
	return 0
}

// take moves one byte, lower-cased, into the current token.
func (l *lexer) take() {
	if l.out.used == maxTokenText {
		l.ok = false
		l.pos++
		return
	}
	l.out.buf[l.out.used] = lower(l.in[l.pos])
	l.out.used++
	l.pos++
}

func (l *lexer) takeWhile(class func(byte) bool) {
	for l.pos < len(l.in) && class(l.in[l.pos]) {
		l.take()
	}
}

func (l *lexer) skipSpace() {
	for isSpace(l.peek()) {
		l.pos++
	}
}

// split breaks in into out's tokens; false means that some byte can begin no token, or that there is too much.
func (t *tokens) split(in []byte) bool {
	l := lexer{in: in, out: t, ok: true}
	for l.pos < len(in) {
		c := in[l.pos]
		if isSpace(c) {
			l.pos++
			continue
		}
		start := t.used
		var kind tokenKind
		switch {
		case isDigit(c):
			kind = l.digits()
		case c == '.':
			l.take()
			l.takeWhile(isDigit)
			kind = tokenNumber
		case isAlpha(c):
			kind = l.word()
		case c == '+' || c == '-':
			kind = l.signed()
		case isPunct(c):
			l.pos++
			continue
		default:
			return false
		}
		if !l.ok || t.n == maxTokens {
			return false
		}
		t.list[t.n] = token{kind, uint8(start), uint8(t.used)} //nolint:gosec // maxTokenText is 128
		t.n++
	}
	return true
}

// digits reads a token that begins with a digit.
func (l *lexer) digits() tokenKind {
	l.takeWhile(isDigit)
	delim := l.peek()
	if delim == ':' {
		l.takeWhile(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
		return tokenTime
	}
	if delim != '-' && delim != '/' && delim != '.' {
		return tokenNumber
	}
	l.take()
	if !isDigit(l.peek()) {
		l.takeWhile(func(c byte) bool { return isAlnum(c) || c == delim })
		return tokenDate
	}
	kind := tokenDate
	if delim == '.' {
		kind = tokenNumber
	}
	l.takeWhile(isDigit)
	if l.peek() == delim { // three fields need the same separator twice
		l.takeWhile(func(c byte) bool { return isDigit(c) || c == delim })
		kind = tokenDate
	}
	return kind
}

// word reads a token that begins with a letter. With punctuation inside it may be a date or a zone's name.
func (l *lexer) word() tokenKind {
	start := l.out.used
	l.takeWhile(isAlpha)
	c := l.peek()
	compound := c == '-' || c == '/' || c == '.'
	if c == '+' || isDigit(c) {
		_, known := lookupWord(l.out.buf[start:l.out.used])
		compound = !known
	}
	if !compound {
		return tokenString
	}
	l.takeWhile(func(c byte) bool {
		return isAlnum(c) || c == '+' || c == '-' || c == '/' || c == '_' || c == '.' || c == ':'
	})
	return tokenDate
}

// signed reads a token that begins with + or -; spaces may follow the sign.
func (l *lexer) signed() tokenKind {
	l.take()
	l.skipSpace()
	c := l.peek()
	switch {
	case isDigit(c):
		l.takeWhile(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == '-' })
		return tokenZone
	case isAlpha(c):
		l.takeWhile(isAlpha)
		return tokenSpecial
	}
	l.ok = false
	return tokenSpecial
}
