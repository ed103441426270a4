package builtin

import (
	"bytes"
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"wire.example/wire/sdk/sqlstate"
)

// regex is a compiled pattern.
type regex struct {
	re *regexp.Regexp
	// whole is set where the pattern is only text, possibly anchored: then re is not asked.
	whole      []byte
	plain      bool
	start, end bool
	// needed is text that every match contains; empty if there is none.
	needed []byte
	groups int
	// behind says that a match depends on what stands before it, so that a search cannot begin in the middle of a text.
	behind bool
	// simple finds the first match of a pattern for which it is quicker than re; nil if there is no such.
	simple *matcher
}

// compileARE compiles a pattern of PostgreSQL's.
func compileARE(pattern []byte, o areOptions) (*regex, *sqlstate.Error) {
	t, bad := translateARE(pattern, o)
	if bad != nil {
		return nil, bad
	}
	parsed, err := syntax.Parse(t.source, syntax.Perl&^syntax.UnicodeGroups)
	if err != nil {
		return nil, errSyntaxOf(err)
	}
	re, err := regexp.Compile(t.source)
	if err != nil {
		return nil, errSyntaxOf(err)
	}
	if !t.lazy {
		re.Longest() // as POSIX and PostgreSQL choose among alternatives
	}
	r := &regex{re: re, groups: re.NumSubexp()}
	parsed = parsed.Simplify()
	r.literal(parsed)
	r.needed = []byte(required(parsed))
	r.behind = looksBehind(parsed)
	if !t.lazy {
		r.simple = newMatcher(parsed, r.groups)
	}
	return r, nil
}

func errSyntaxOf(err error) *sqlstate.Error {
	var bad *syntax.Error
	if !errors.As(err, &bad) {
		return errPattern(err.Error())
	}
	switch bad.Code {
	case syntax.ErrMissingParen, syntax.ErrUnexpectedParen:
		return errPattern("parentheses () not balanced")
	case syntax.ErrMissingBracket:
		return errPattern("brackets [] not balanced")
	case syntax.ErrInvalidRepeatSize:
		return errPattern("invalid repetition count(s)")
	case syntax.ErrMissingRepeatArgument, syntax.ErrInvalidRepeatOp:
		return errPattern("quantifier operand invalid")
	case syntax.ErrLarge, syntax.ErrNestingDepth:
		return errPattern("regular expression is too complex")
	default:
		return errPattern(string(bad.Code))
	}
}

// literal finds out whether the pattern is text with or without anchors.
func (r *regex) literal(p *syntax.Regexp) {
	parts := []*syntax.Regexp{p}
	if p.Op == syntax.OpConcat {
		parts = p.Sub
	}
	if len(parts) > 0 && parts[0].Op == syntax.OpBeginText {
		r.start, parts = true, parts[1:]
	}
	if n := len(parts); n > 0 && parts[n-1].Op == syntax.OpEndText {
		r.end, parts = true, parts[:n-1]
	}
	if len(parts) == 1 && parts[0].Op == syntax.OpLiteral && parts[0].Flags&syntax.FoldCase == 0 {
		r.plain, r.whole = true, []byte(string(parts[0].Rune))
	}
}

// required returns the longest text that every match of p contains.
func required(p *syntax.Regexp) string {
	switch p.Op {
	case syntax.OpLiteral:
		if p.Flags&syntax.FoldCase == 0 {
			return string(p.Rune)
		}
	case syntax.OpCapture, syntax.OpPlus:
		return required(p.Sub[0])
	case syntax.OpConcat:
		best := ""
		for _, sub := range p.Sub {
			if s := required(sub); len(s) > len(best) {
				best = s
			}
		}
		return best
	default:
	}
	return ""
}

// match reports whether b has a match.
func (r *regex) match(b []byte) bool {
	switch {
	case !r.plain:
		if len(r.needed) > 0 && !bytes.Contains(b, r.needed) {
			return false
		}
		if r.simple != nil {
			if m, ok := r.simple.find(b); ok {
				return m != nil
			}
		}
		return r.re.Match(b)
	case r.start && r.end:
		return bytes.Equal(b, r.whole)
	case r.start:
		return bytes.HasPrefix(b, r.whole)
	case r.end:
		return bytes.HasSuffix(b, r.whole)
	}
	return bytes.Contains(b, r.whole)
}

// looksBehind tells whether p has a constraint on what stands before a place.
func looksBehind(p *syntax.Regexp) bool {
	switch p.Op {
	case syntax.OpBeginLine, syntax.OpBeginText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	default:
		return slices.ContainsFunc(p.Sub, looksBehind)
	}
}

// find returns the bounds of the first match from at on, and of its groups; nil if there is none. Anchors see all of b.
func (r *regex) find(b []byte, at int) []int {
	if at == 0 && r.simple != nil {
		if m, ok := r.simple.find(b); ok {
			return m
		}
	}
	var first []int
	r.each(b, at, func(m []int) bool {
		first = m
		return false
	})
	return first
}

// each calls f for the matches from at on, until it answers false. As in PostgreSQL an empty match may follow another match at once.
func (r *regex) each(b []byte, at int, f func(m []int) bool) {
	if len(r.needed) > 0 && !bytes.Contains(b[at:], r.needed) {
		return
	}
	if r.behind && at == 0 {
		if m := r.re.FindSubmatchIndex(b); m == nil || !f(m) {
			return
		}
	}
	if r.behind {
		for k, m := range r.re.FindAllSubmatchIndex(b, -1) {
			if (k > 0 || at > 0) && m[0] >= at && !f(m) {
				return
			}
		}
		return
	}
	for at <= len(b) {
		m := r.re.FindSubmatchIndex(b[at:])
		if m == nil {
			return
		}
		for k := range m {
			if m[k] >= 0 {
				m[k] += at
			}
		}
		if !f(m) {
			return
		}
		if at = m[1]; m[0] == m[1] {
			_, n := utf8.DecodeRune(b[at:])
			at += max(n, 1)
		}
	}
}

// split calls add with the bounds of the parts of b between matches. No empty match counts at the ends of b or right after another match.
func (r *regex) split(b []byte, add func(from, to int)) {
	done := 0
	r.each(b, 0, func(m []int) bool {
		if m[0] < len(b) && m[1] > done {
			add(done, m[0])
			done = m[1]
		}
		return true
	})
	add(done, len(b))
}

// maxPatterns is how many compiled patterns one place of an expression keeps, for patterns that come from a column.
const maxPatterns = 64

// patterns are the compiled patterns of one place of an expression.
type patterns struct {
	last     *regex
	lastKey  []byte
	key      []byte
	compiled map[string]*regex
	options  areOptions
	compile  func([]byte, areOptions) (*regex, *sqlstate.Error) // nil: compileARE
}

func (c *Call) patterns(base areOptions) *patterns {
	p, ok := c.State.(*patterns)
	if !ok {
		p = &patterns{compiled: map[string]*regex{}, options: base}
		c.State = p
	}
	return p
}

// get returns the regular expression of pattern under flags, in which g, if allowed, is left out.
func (p *patterns) get(pattern, flags []byte) (*regex, *sqlstate.Error) {
	p.key = append(append(append(p.key[:0], flags...), 0), pattern...)
	if p.last != nil && bytes.Equal(p.key, p.lastKey) {
		return p.last, nil
	}
	r := p.compiled[string(p.key)]
	if r == nil {
		o := p.options
		for at, c := range flags {
			if c != 'g' && !o.option(c) {
				return nil, sqlstate.Errorf(sqlstate.InvalidParameterValue, "invalid regular expression option: \"%s\"", firstChar(flags[at:]))
			}
		}
		compile := p.compile
		if compile == nil {
			compile = compileARE
		}
		var bad *sqlstate.Error
		if r, bad = compile(pattern, o); bad != nil {
			return nil, bad
		}
		if len(p.compiled) >= maxPatterns {
			clear(p.compiled)
		}
		p.compiled[string(p.key)] = r
	}
	p.last, p.lastKey = r, append(p.lastKey[:0], p.key...)
	return r, nil
}

// replacement is what regexp_replace puts in: text with \1 to \9, \& and \\.
type replacement struct {
	text []byte
}

// append writes the replacement of the match m of b.
func (r replacement) append(dst, b []byte, m []int) []byte {
	rest := r.text
	for {
		n := bytes.IndexByte(rest, '\\')
		if n < 0 || n+1 == len(rest) {
			return append(dst, rest...)
		}
		dst = append(dst, rest[:n]...)
		c := rest[n+1]
		group := -1
		switch {
		case c == '&':
			group = 0
		case c >= '1' && c <= '9':
			group = int(c - '0')
		case c == '\\':
			dst = append(dst, '\\')
		default:
			dst = append(dst, '\\', c)
		}
		if group >= 0 && 2*group+1 < len(m) && m[2*group] >= 0 {
			dst = append(dst, b[m[2*group]:m[2*group+1]]...)
		}
		rest = rest[n+2:]
	}
}

// hasGlobal tells whether flags have the letter g.
func hasGlobal(flags []byte) bool { return strings.IndexByte(string(flags), 'g') >= 0 }
