package builtin

import (
	"bytes"
	"unicode/utf8"

	"wire.example/wire/sdk/sqlstate"
)

// similar is a pattern of SIMILAR TO as a regular expression.
type similar struct {
	source []byte
	// first is how long the part before the first separator is, 0 if there is none: what it matches is to be as short as possible.
	first int
}

// translateSimilar turns a pattern of SIMILAR TO into a regular expression of PostgreSQL's, as its similar_to_escape does: % and _ are wild cards,
// what else is special to both languages stays, what is special to regular expressions alone is quoted. An escape is one character, or empty for none.
// Two separators, the escape and a double quote, make a group of what stands between them.
func translateSimilar(pattern, escape []byte) (similar, *sqlstate.Error) {
	if n := utf8.RuneCount(escape); n > 1 {
		return similar{}, sqlstate.New(sqlstate.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	t := similarReader{escape: escape}
	t.out = append(make([]byte, 0, 2*len(pattern)+16), "^(?:"...)
	for len(pattern) > 0 {
		_, n := utf8.DecodeRune(pattern)
		if bad := t.next(pattern[:n]); bad != nil {
			return similar{}, bad
		}
		pattern = pattern[n:]
	}
	return similar{append(t.out, ")$"...), t.first}, nil
}

type similarReader struct {
	escape  []byte
	out     []byte
	escaped bool // the escape was read just before
	class   bool // within brackets
	quotes  int  // separators so far
	first   int
}

// next reads a character.
func (t *similarReader) next(c []byte) *sqlstate.Error {
	switch {
	case t.escaped:
		t.escaped = false
		if c[0] == '"' && !t.class {
			return t.separator()
		}
		t.out = append(append(t.out, '\\'), c...)
	case len(t.escape) > 0 && bytes.Equal(c, t.escape):
		t.escaped = true
	case t.class:
		if c[0] == '\\' {
			t.out = append(t.out, '\\')
		}
		t.out = append(t.out, c...)
		t.class = c[0] != ']'
	default:
		t.plain(c)
	}
	return nil
}

// plain reads a character that no escape and no bracket stands before.
func (t *similarReader) plain(c []byte) {
	switch c[0] {
	case '%':
		t.out = append(t.out, ".*"...)
	case '_':
		t.out = append(t.out, '.')
	case '(':
		t.out = append(t.out, "(?:"...)
	case '\\', '.', '^', '$':
		t.out = append(t.out, '\\', c[0])
	default:
		t.out = append(t.out, c...)
		t.class = c[0] == '['
	}
}

func (t *similarReader) separator() *sqlstate.Error {
	switch t.quotes++; t.quotes {
	case 1:
		t.first = len(t.out)
		t.out = append(t.out, "){1,1}?("...)
	case 2:
		t.out = append(t.out, "){1,1}(?:"...)
	default:
		return sqlstate.New(sqlstate.InvalidUseOfEscapeCharacter, "SQL regular expression may not contain more than two escape-double-quote separators")
	}
	return nil
}

// similarEscape is similar_to_escape and similar_escape. An escape that is not given is a backslash.
func similarEscape(c *Call) {
	c.Each(func(i int) {
		if c.Args[0].IsNull(i) {
			c.Out.SetNull(i)
			return
		}
		escape := []byte{'\\'}
		if len(c.Args) > 1 && !c.Args[1].IsNull(i) {
			escape = c.Bytes(1, i)
		}
		s, bad := translateSimilar(c.Bytes(0, i), escape)
		if bad != nil {
			c.Fail(i, bad)
			return
		}
		c.appendRow(i, len(s.source), func(dst []byte) []byte { return append(dst, s.source...) })
	})
}

// substringSimilar is substring(x SIMILAR p ESCAPE e): the part of x between the separators of p, or all of x.
func substringSimilar(c *Call) {
	c.Out.ShareBuffers(c.Args[0].Col)
	p := c.patterns(areOptions{})
	p.compile = compileSimilar
	var key []byte
	c.Each(func(i int) {
		key = append(append(append(key[:0], c.Bytes(2, i)...), 0), c.Bytes(1, i)...)
		r, bad := p.get(key, nil)
		if bad != nil {
			c.Fail(i, bad)
			return
		}
		c.firstGroup(i, r)
	})
}

// compileSimilar compiles an escape, a zero byte, and a pattern.
func compileSimilar(key []byte, o areOptions) (*regex, *sqlstate.Error) {
	escape, pattern, _ := bytes.Cut(key, []byte{0})
	s, bad := translateSimilar(pattern, escape)
	if bad != nil {
		return nil, bad
	}
	o.shortest = s.first
	return compileARE(s.source, o)
}
