package jsonb

import (
	"bytes"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"wire.example/wire/sdk/sqlstate"
)

// MaxDepth bounds how deeply objects and arrays may nest.
const MaxDepth = 512

// Canonical appends the canonical form of text, which may be any JSON value with white space around it, to dst. Errors are PostgreSQL's:
// 22P02 for wrong syntax, 22P05 for \u0000, 22021 for text that is not UTF-8, 54001 beyond MaxDepth; dst is then returned unchanged.
func Canonical(dst, text []byte) ([]byte, *sqlstate.Error) {
	if !utf8.Valid(text) {
		return dst, errEncoding(text)
	}
	r := reader{in: text, out: dst}
	r.space()
	r.value(MaxDepth)
	r.space()
	if r.bad == nil && r.at < len(text) {
		r.syntax()
	}
	if r.bad != nil {
		return dst, r.bad
	}
	return r.out, nil
}

func errEncoding(text []byte) *sqlstate.Error {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			break
		}
		text = text[n:]
	}
	return sqlstate.Errorf(sqlstate.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x%02x", text[0])
}

// reader turns in, from at on, into canonical text at the end of out. After bad is set nothing moves on.
type reader struct {
	in  []byte
	at  int
	out []byte
	bad *sqlstate.Error
	// members are those of all open objects, one stack; sorted is memory for putting them in order.
	members []member
	sorted  []byte
}

// member says where a member lies in the output: its key in quotes from start to key, all of it to end.
type member struct {
	start, key, end int
}

func (r *reader) fail(code sqlstate.Code, message string) {
	if r.bad == nil {
		r.bad = sqlstate.New(code, message)
	}
}

func (r *reader) syntax() {
	r.fail(sqlstate.InvalidTextRepresentation, "invalid input syntax for type json")
}

// peek returns the next byte, 0 at the end.
func (r *reader) peek() byte {
	if r.at < len(r.in) {
		return r.in[r.at]
	}
	return 0
}

func (r *reader) space() {
	for r.at < len(r.in) {
		switch r.in[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// accept passes over c and white space after it, if c comes next.
func (r *reader) accept(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	r.space()
	return true
}

func (r *reader) value(depth int) {
	switch c := r.peek(); {
	case c == '{' || c == '[':
		if depth == 0 {
			r.fail(sqlstate.StatementTooComplex, "stack depth limit exceeded")
			return
		}
		if r.at++; c == '{' {
			r.object(depth - 1)
		} else {
			r.array(depth - 1)
		}
	case c == '"':
		r.str()
	case c == '-' || c >= '0' && c <= '9':
		r.number()
	default:
		r.word()
	}
}

func (r *reader) word() {
	for _, word := range [...]string{"null", "true", "false"} {
		if bytes.HasPrefix(r.in[r.at:], []byte(word)) {
			r.out = append(r.out, word...)
			r.at += len(word)
			return
		}
	}
	r.syntax()
}

func (r *reader) number() {
	start := r.at
	if r.peek() == '-' {
		r.at++
	}
	if r.peek() == '0' {
		r.at++
	} else {
		r.digits()
	}
	if r.peek() == '.' {
		r.at++
		r.digits()
	}
	if r.peek()|0x20 == 'e' {
		r.at++
		if c := r.peek(); c == '+' || c == '-' {
			r.at++
		}
		r.digits()
	}
	r.out = append(r.out, r.in[start:r.at]...)
}

func (r *reader) digits() {
	from := r.at
	for r.peek()-'0' <= 9 {
		r.at++
	}
	if r.at == from {
		r.syntax()
	}
}

func (r *reader) array(depth int) {
	r.out = append(r.out, '[')
	r.space()
	if r.accept(']') {
		r.out = append(r.out, ']')
		return
	}
	for r.bad == nil {
		r.value(depth)
		r.space()
		if r.peek() == ']' {
			r.at++
			r.out = append(r.out, ']')
			return
		}
		if !r.accept(',') {
			r.syntax()
		}
		r.out = append(r.out, ", "...)
	}
}

func (r *reader) object(depth int) {
	r.out = append(r.out, '{')
	r.space()
	if r.peek() == '}' {
		r.at++
		r.out = append(r.out, '}')
		return
	}
	body, base := len(r.out), len(r.members)
	for r.bad == nil {
		m := member{start: len(r.out)}
		if r.peek() != '"' {
			r.syntax()
			return
		}
		r.str()
		m.key = len(r.out)
		r.space()
		if !r.accept(':') {
			r.syntax()
		}
		r.out = append(r.out, ": "...)
		r.value(depth)
		m.end = len(r.out)
		r.members = append(r.members, m)
		r.space()
		if r.peek() == '}' {
			r.at++
			r.sort(body, base)
			r.out = append(r.out, '}')
			return
		}
		if !r.accept(',') {
			r.syntax()
		}
		r.out = append(r.out, ", "...)
	}
}

// sort puts the members from base on, which lie from body on in out, in order and takes them off the stack.
func (r *reader) sort(body, base int) {
	if r.bad != nil {
		return
	}
	members := r.members[base:]
	r.members = r.members[:base]
	inOrder := true
	for i := 1; i < len(members) && inOrder; i++ {
		inOrder = r.compare(members[i-1], members[i]) < 0
	}
	if inOrder {
		return
	}
	slices.SortStableFunc(members, r.compare)
	r.sorted = r.sorted[:0]
	for i, m := range members {
		if i+1 < len(members) && r.compare(m, members[i+1]) == 0 {
			continue
		}
		if len(r.sorted) > 0 {
			r.sorted = append(r.sorted, ", "...)
		}
		r.sorted = append(r.sorted, r.out[m.start:m.end]...)
	}
	r.out = append(r.out[:body], r.sorted...)
}

func (r *reader) compare(a, b member) int {
	return compareQuoted(r.out[a.start:a.key], r.out[b.start:b.key])
}

// str reads the string that begins here, with its quotes.
func (r *reader) str() {
	r.at++
	r.out = append(r.out, '"')
	for {
		n := clean(r.in[r.at:])
		r.out = append(r.out, r.in[r.at:r.at+n]...)
		if r.at += n; r.at == len(r.in) {
			r.syntax()
			return
		}
		switch c := r.in[r.at]; {
		case c == '"':
			r.at++
			r.out = append(r.out, '"')
			return
		case c != '\\' || r.at+1 == len(r.in):
			r.syntax()
			return
		}
		if r.escape(); r.bad != nil {
			return
		}
	}
}

// escape reads a backslash and what belongs to it.
func (r *reader) escape() {
	c := r.in[r.at+1]
	r.at += 2
	switch c {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		r.out = append(r.out, '\\', c)
	case '/':
		r.out = append(r.out, '/')
	case 'u':
		r.unicode()
	default:
		r.syntax()
	}
}

// unicode reads the digits after \u, and the second half of a surrogate pair.
func (r *reader) unicode() {
	u := r.hex()
	switch {
	case r.bad != nil:
		return
	case u == 0:
		r.fail(sqlstate.UntranslatableCharacter, "unsupported Unicode escape sequence")
		return
	case utf16.IsSurrogate(u):
		if u >= 0xdc00 || !bytes.HasPrefix(r.in[r.at:], []byte(`\u`)) {
			r.syntax()
			return
		}
		r.at += 2
		u = utf16.DecodeRune(u, r.hex())
		if u == utf8.RuneError {
			r.syntax()
			return
		}
	}
	if u < utf8.RuneSelf {
		r.out = appendEscaped(r.out, byte(u))
		return
	}
	r.out = utf8.AppendRune(r.out, u)
}

func (r *reader) hex() rune {
	var u rune
	for range 4 {
		c := r.peek()
		switch {
		case c >= '0' && c <= '9':
			u = u<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			u = u<<4 | rune(c|0x20-'a'+10)
		default:
			r.syntax()
			return 0
		}
		r.at++
	}
	return u
}
