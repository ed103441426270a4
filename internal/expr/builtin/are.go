package builtin

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"wire.example/wire/sdk/sqlstate"
)

// areOptions are what flags and embedded options say about a regular expression.
type areOptions struct {
	fold     bool // i: ignore case
	literal  bool // q: the pattern is plain text
	expanded bool // x: white space and comments count for nothing
	// dotLine keeps . and [^…] from matching a newline; anchorLine makes ^ and $ match at lines. n is both, p and w are one each.
	dotLine, anchorLine bool
	// shortest is how far into the pattern quantifiers prefer less, whether they say so or not.
	shortest int
}

// option sets one letter; false if there is none such.
func (o *areOptions) option(c byte) bool {
	switch c {
	case 'c':
		o.fold = false
	case 'i':
		o.fold = true
	case 'm', 'n':
		o.dotLine, o.anchorLine = true, true
	case 'p':
		o.dotLine, o.anchorLine = true, false
	case 's':
		o.dotLine, o.anchorLine = false, false
	case 'w':
		o.dotLine, o.anchorLine = false, true
	case 'q':
		o.literal = true
	case 't':
		o.expanded = false
	case 'x':
		o.expanded = true
	case 'e':
	default:
		return false
	}
	return true
}

func errPattern(reason string) *sqlstate.Error {
	return sqlstate.New(sqlstate.InvalidRegularExpression, "invalid regular expression: "+reason)
}

// errUnsupported is for what PostgreSQL's engine can and RE2, which never backtracks, cannot.
func errUnsupported(what string) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.FeatureNotSupported, "regular expression: %s not supported", what).
		WithHint("Regular expressions are RE2's: they run in linear time, without back references and look-around.")
}

// translation is a pattern as RE2 takes it.
type translation struct {
	source string
	// lazy says that the pattern has a quantifier that prefers less; RE2's leftmost-longest mode would ignore it.
	lazy bool
}

// translateARE turns a pattern of PostgreSQL's advanced regular expressions into one of RE2.
func translateARE(pattern []byte, o areOptions) (translation, *sqlstate.Error) {
	t := areReader{in: pattern, options: o}
	t.prefixes()
	if t.options.literal {
		return translation{source: t.flags() + quoteRE2(t.in)}, nil
	}
	for t.bad == nil && t.at < len(t.in) {
		t.atom()
	}
	if t.bad == nil && t.wordEnd {
		t.bad = errUnsupported(`\m before anything but a word character is`)
	}
	if t.bad != nil {
		return translation{}, t.bad
	}
	return translation{source: t.flags() + t.out.String(), lazy: t.lazy}, nil
}

// quoteRE2 makes every character stand for itself.
func quoteRE2(text []byte) string {
	var b strings.Builder
	for _, r := range string(text) {
		writeRune(&b, r)
	}
	return b.String()
}

// writeRune writes r as a literal.
func writeRune(b *strings.Builder, r rune) {
	switch {
	case r < ' ' || r == 0x7f:
		b.WriteString(`\x{` + strconv.FormatInt(int64(r), 16) + "}")
	case r < utf8.RuneSelf && strings.IndexByte(`\.+*?()|[]{}^$-&~#`, byte(r)) >= 0:
		b.WriteByte('\\')
		b.WriteByte(byte(r))
	default:
		b.WriteRune(r)
	}
}

type areReader struct {
	in      []byte
	at      int
	out     strings.Builder
	options areOptions
	lazy    bool
	// wordEnd: \m was read, and a word character must follow. word: the last atom surely ended in one.
	wordEnd, word bool
	// operand: something that a quantifier can follow was read.
	operand bool
	// groups have been opened so far.
	groups int
	bad    *sqlstate.Error
}

func (t *areReader) fail(bad *sqlstate.Error) {
	if t.bad == nil {
		t.bad = bad
	}
}

func (t *areReader) flags() string {
	f := ""
	if t.options.fold {
		f += "i"
	}
	if !t.options.dotLine {
		f += "s"
	}
	if t.options.anchorLine {
		f += "m"
	}
	if f == "" {
		return ""
	}
	return "(?" + f + ")"
}

// prefixes reads ***: and ***= and embedded options.
func (t *areReader) prefixes() {
	switch {
	case bytes.HasPrefix(t.in, []byte("***=")):
		t.options.literal = true
		t.in = t.in[4:]
		return
	case bytes.HasPrefix(t.in, []byte("***:")):
		t.in = t.in[4:]
	}
	if !bytes.HasPrefix(t.in, []byte("(?")) || len(t.in) < 3 || t.in[2] < 'a' || t.in[2] > 'z' {
		return
	}
	end := bytes.IndexByte(t.in, ')')
	if end < 0 {
		t.fail(errPattern("parentheses () not balanced"))
		return
	}
	for _, c := range t.in[2:end] {
		switch {
		case c == 'b':
			t.fail(errUnsupported("the embedded option b (basic regular expressions) is"))
		case !t.options.option(c):
			t.fail(errPattern("invalid embedded option"))
		}
	}
	t.in = t.in[end+1:]
}

func (t *areReader) rest() []byte { return t.in[t.at:] }

// literal writes a character that stands for itself.
func (t *areReader) literal(r rune) {
	t.beforeAtom(isWordRune(r))
	writeRune(&t.out, r)
	t.word, t.operand = isWordRune(r), true
}

func isWordRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z'
}

// beforeAtom checks a \m against the atom that follows it.
func (t *areReader) beforeAtom(word bool) {
	if t.wordEnd && !word {
		t.fail(errUnsupported(`\m before anything but a word character is`))
	}
	t.wordEnd = false
}

func (t *areReader) atom() {
	switch c := t.in[t.at]; c {
	case '\\':
		t.escape()
	case '[':
		t.bracket()
	case '(':
		t.open()
	case ')', '|':
		t.beforeAtom(false)
		t.out.WriteByte(c)
		t.at++
		t.operand, t.word = c == ')', false
	case '*', '+', '?':
		t.quantifier(1)
	case '{':
		t.brace()
	case '.':
		t.beforeAtom(false)
		t.out.WriteByte('.')
		t.at++
		t.operand, t.word = true, false
	case '^', '$':
		t.beforeAtom(false)
		t.out.WriteByte(c)
		t.at++
		t.operand, t.word = false, false
	default:
		if t.options.expanded && t.skipBlank() {
			return
		}
		r, n := utf8.DecodeRune(t.rest())
		t.at += n
		t.literal(r)
	}
}

// skipBlank passes over white space and comments of an expanded pattern.
func (t *areReader) skipBlank() bool {
	switch t.in[t.at] {
	case ' ', '\t', '\n', '\r', '\v', '\f':
		t.at++
		return true
	case '#':
		if n := bytes.IndexByte(t.rest(), '\n'); n >= 0 {
			t.at += n + 1
		} else {
			t.at = len(t.in)
		}
		return true
	}
	return false
}

func (t *areReader) open() {
	t.beforeAtom(false)
	t.operand, t.word = false, false
	rest := t.rest()
	switch {
	case bytes.HasPrefix(rest, []byte("(?:")):
		t.out.WriteString("(?:")
		t.at += 3
	case bytes.HasPrefix(rest, []byte("(?#")):
		end := bytes.IndexByte(rest, ')')
		if end < 0 {
			t.fail(errPattern("parentheses () not balanced"))
			return
		}
		t.at += end + 1
	case bytes.HasPrefix(rest, []byte("(?=")), bytes.HasPrefix(rest, []byte("(?!")), bytes.HasPrefix(rest, []byte("(?<")):
		t.fail(errUnsupported("look-around is"))
	case bytes.HasPrefix(rest, []byte("(?")):
		t.fail(errPattern("quantifier operand invalid"))
	default:
		t.out.WriteByte('(')
		t.at++
		t.groups++
	}
}

// quantifier copies a quantifier of n bytes and the ? after it.
func (t *areReader) quantifier(n int) {
	if !t.operand {
		t.fail(errPattern("quantifier operand invalid"))
		return
	}
	if t.in[t.at] != '+' {
		t.word = false
	}
	t.out.Write(t.in[t.at : t.at+n])
	short := t.at < t.options.shortest
	t.at += n
	written := t.at < len(t.in) && t.in[t.at] == '?'
	if short || written {
		t.lazy = true
		t.out.WriteByte('?')
	}
	if written {
		t.at++
	}
	t.operand = false
}

// maxRepeat is the largest count of a quantifier.
const maxRepeat = 255

// brace reads {m}, {m,} or {m,n}; a brace that no digit follows is a literal.
func (t *areReader) brace() {
	rest := t.rest()
	if len(rest) < 2 || rest[1]-'0' > 9 {
		t.at++
		t.literal('{')
		return
	}
	end := bytes.IndexByte(rest, '}')
	if end < 0 {
		t.fail(errPattern("braces {} not balanced"))
		return
	}
	low, high, hasHigh := strings.Cut(string(rest[1:end]), ",")
	m, err1 := strconv.Atoi(low)
	n, err2 := m, error(nil)
	if hasHigh && high != "" {
		n, err2 = strconv.Atoi(high)
	}
	if err1 != nil || err2 != nil || m > maxRepeat || n > maxRepeat || n < m {
		t.fail(errPattern("invalid repetition count(s)"))
		return
	}
	t.quantifier(end + 1)
	if m == 0 {
		t.word = false
	}
}

// escape reads a backslash and what belongs to it, outside brackets.
func (t *areReader) escape() {
	if t.at+1 == len(t.in) {
		t.fail(errPattern("invalid escape \\ sequence"))
		return
	}
	c := t.in[t.at+1]
	switch c {
	case 'd', 's', 'w', 'D', 'S', 'W':
		t.beforeAtom(c == 'w' || c == 'd')
		t.out.WriteString(`\` + string(c))
		t.at += 2
		t.operand, t.word = true, c == 'w' || c == 'd'
	case 'A', 'Z', 'y', 'Y':
		t.beforeAtom(false)
		t.out.WriteString(map[byte]string{'A': `\A`, 'Z': `\z`, 'y': `\b`, 'Y': `\B`}[c])
		t.at += 2
		t.operand, t.word = false, false
	case 'm':
		t.out.WriteString(`\b`)
		t.at += 2
		t.wordEnd, t.operand = true, false
	case 'M':
		if !t.word {
			t.fail(errUnsupported(`\M after anything but a word character is`))
		}
		t.out.WriteString(`\b`)
		t.at += 2
		t.operand, t.word = false, false
	default:
		if c >= '1' && c <= '9' && !t.octal() {
			t.fail(errUnsupported("a back reference is"))
			return
		}
		if r, ok := t.escapedRune(); ok {
			t.literal(r)
		}
	}
}

// octal tells whether the digits after the backslash are not the number of a group but an octal code: if there are several, and fewer
// groups have been opened.
func (t *areReader) octal() bool {
	digits := t.rest()[1:]
	n, group := 0, 0
	for n < len(digits) && digits[n]-'0' <= 9 && group <= len(t.in) {
		group = group*10 + int(digits[n]-'0')
		n++
	}
	return n > 1 && group > t.groups
}

// escapedRune reads an escape that stands for one character.
func (t *areReader) escapedRune() (rune, bool) {
	c := t.in[t.at+1]
	t.at += 2
	if !isWordRune(rune(c)) || c == '_' {
		t.at-- // the character may be longer than a byte
		r, n := utf8.DecodeRune(t.rest())
		t.at += n
		return r, true
	}
	if i := strings.IndexByte("abBefnrtv", c); i >= 0 {
		return rune("\a\b\\\x1b\f\n\r\t\v"[i]), true
	}
	if c <= '7' {
		v := rune(c - '0')
		for n := 1; n < 3 && t.at < len(t.in) && t.in[t.at] >= '0' && t.in[t.at] <= '7'; n++ {
			v = v<<3 | rune(t.in[t.at]-'0')
			t.at++
		}
		return v, true
	}
	switch c {
	case 'c':
		if t.at < len(t.in) {
			t.at++
			return rune(t.in[t.at-1] & 31), true
		}
	case 'u':
		return t.hex(4, 4)
	case 'U':
		return t.hex(8, 8)
	case 'x':
		return t.hex(1, 8)
	}
	t.fail(errPattern("invalid escape \\ sequence"))
	return 0, false
}

func (t *areReader) hex(least, most int) (rune, bool) {
	n, v := 0, 0
	for n < most && t.at < len(t.in) && hexValue(t.in[t.at]) >= 0 {
		v = v<<4 | hexValue(t.in[t.at])
		t.at++
		n++
	}
	if n < least || v > utf8.MaxRune {
		t.fail(errPattern("invalid escape \\ sequence"))
		return 0, false
	}
	return rune(v), true //nolint:gosec // checked above
}

// bracket reads a bracket expression.
func (t *areReader) bracket() {
	t.beforeAtom(false)
	rest := t.rest()
	if bytes.HasPrefix(rest, []byte("[[:<:]]")) || bytes.HasPrefix(rest, []byte("[[:>:]]")) {
		t.fail(errUnsupported("[[:<:]] is"))
		return
	}
	t.at++
	t.out.WriteByte('[')
	negated := t.at < len(t.in) && t.in[t.at] == '^'
	if negated {
		t.out.WriteByte('^')
		t.at++
		if t.options.dotLine {
			t.out.WriteString(`\n`)
		}
	}
	for first := true; ; first = false {
		switch {
		case t.bad != nil:
			return
		case t.at >= len(t.in):
			t.fail(errPattern("brackets [] not balanced"))
			return
		case t.in[t.at] == ']' && !first:
			t.at++
			t.out.WriteByte(']')
			t.operand, t.word = true, false
			return
		}
		t.member()
	}
}

// member reads a character, a range or a class of a bracket expression.
func (t *areReader) member() {
	rest := t.rest()
	switch {
	case bytes.HasPrefix(rest, []byte("[:")):
		t.class()
		return
	case bytes.HasPrefix(rest, []byte("[.")), bytes.HasPrefix(rest, []byte("[=")):
		t.fail(errUnsupported("a collating element is"))
		return
	case len(rest) > 1 && rest[0] == '\\' && strings.IndexByte("dswDSW", rest[1]) >= 0:
		t.out.Write(rest[:2])
		t.at += 2
		return
	}
	lo, ok := t.bracketRune()
	if !ok {
		return
	}
	writeRune(&t.out, lo)
	if rest = t.rest(); len(rest) < 2 || rest[0] != '-' || rest[1] == ']' {
		return
	}
	t.at++
	hi, ok := t.bracketRune()
	if ok && hi < lo {
		t.fail(errPattern("invalid character range"))
	}
	t.out.WriteByte('-')
	writeRune(&t.out, hi)
}

func (t *areReader) bracketRune() (rune, bool) {
	if t.in[t.at] == '\\' {
		if t.at+1 == len(t.in) {
			t.fail(errPattern("invalid escape \\ sequence"))
			return 0, false
		}
		return t.escapedRune()
	}
	r, n := utf8.DecodeRune(t.rest())
	t.at += n
	return r, true
}

func (t *areReader) class() {
	rest := t.rest()
	end := bytes.Index(rest, []byte(":]"))
	if end < 0 {
		t.fail(errPattern("brackets [] not balanced"))
		return
	}
	switch name := string(rest[2:end]); name {
	case "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word", "xdigit":
		t.out.Write(rest[:end+2])
		t.at += end + 2
	default:
		t.fail(errPattern("invalid character class"))
	}
}
