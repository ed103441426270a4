package builtin

import (
	"bytes"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// matcher finds matches of simple patterns: text, classes of characters, repeated or not, groups, alternatives and anchors. It tries one way after the other, as
// deep as the pattern is long, and so is many times quicker than package regexp where there are few ways. Where there are many it gives up. It gives
// the matches that package regexp gives under Longest. It belongs to one goroutine.
type matcher struct {
	program []matchOp
	// first are the bytes that a match after the beginning of the text may begin with; sole is the only one, if there is only one; anywhere says that it may begin
	// with any, or be empty.
	first    [256]bool
	sole     int
	anywhere bool

	text  []byte
	steps int
	caps  []int
	best  []int
	found bool
	// given says that there were too many ways.
	given bool
}

type matchKind uint8

const (
	matchEnd    matchKind = iota // of the pattern
	matchText                    // text
	matchSet                     // one character of set
	matchRepeat                  // as many as there are of set, at least least
	matchSave                    // a bound of a group
	matchBegin                   // the beginning of the text
	matchFinish                  // its end
	matchSplit                   // go on here, or else at other
	matchJump                    // go on at other
)

type matchOp struct {
	kind  matchKind
	text  []byte
	set   charSet
	least int
	group int
	other int
	// tail says of a repetition that nothing behind it can fail: then fewer characters than there are need not be tried.
	tail bool
}

// charSet are ASCII characters, and all others or none.
type charSet struct {
	ascii [128]bool
	high  bool
}

func (s *charSet) has(c byte) bool {
	if c < utf8.RuneSelf {
		return s.ascii[c]
	}
	return s.high
}

const (
	// matchOps bounds a program, matchSteps what is tried for each byte of a text.
	matchOps   = 64
	matchSteps = 32
)

// newMatcher returns the matcher of a pattern with groups, nil if it is not simple.
func newMatcher(p *syntax.Regexp, groups int) *matcher {
	m := &matcher{caps: make([]int, 2*groups+2), best: make([]int, 2*groups+2)}
	if !m.compile(p) || len(m.program) > matchOps {
		return nil
	}
	m.program = append(m.program, matchOp{kind: matchEnd})
	for i := range m.program {
		rest := m.program[i+1:]
		m.program[i].tail = !slices.ContainsFunc(rest, func(o matchOp) bool { return o.kind != matchSave && o.kind != matchEnd })
	}
	m.firsts(0, 0)
	m.sole = -1
	n := 0
	for c, ok := range m.first {
		if ok {
			m.sole = c
			n++
		}
	}
	if n != 1 {
		m.sole = -1
	}
	return m
}

func (m *matcher) add(o matchOp) int {
	m.program = append(m.program, o)
	return len(m.program) - 1
}

// compile appends the program of p; false if p is not simple.
func (m *matcher) compile(p *syntax.Regexp) bool {
	if len(m.program) > matchOps || p.Flags&(syntax.NonGreedy|syntax.FoldCase) != 0 {
		return false
	}
	switch p.Op {
	case syntax.OpEmptyMatch:
	case syntax.OpLiteral:
		m.add(matchOp{kind: matchText, text: []byte(string(p.Rune))})
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		set, ok := setOf(p)
		m.add(matchOp{kind: matchSet, set: set})
		return ok
	case syntax.OpBeginText:
		m.add(matchOp{kind: matchBegin})
	case syntax.OpEndText:
		m.add(matchOp{kind: matchFinish})
	case syntax.OpCapture:
		m.add(matchOp{kind: matchSave, group: 2 * p.Cap})
		ok := m.compile(p.Sub[0])
		m.add(matchOp{kind: matchSave, group: 2*p.Cap + 1})
		return ok
	case syntax.OpConcat:
		return !slices.ContainsFunc(p.Sub, func(sub *syntax.Regexp) bool { return !m.compile(sub) })
	case syntax.OpAlternate:
		return m.alternate(p.Sub)
	case syntax.OpQuest:
		split := m.add(matchOp{kind: matchSplit})
		ok := m.compile(p.Sub[0])
		m.program[split].other = len(m.program)
		return ok
	case syntax.OpStar, syntax.OpPlus:
		set, ok := setOf(p.Sub[0])
		o := matchOp{kind: matchRepeat, set: set}
		if p.Op == syntax.OpPlus {
			o.least = 1
		}
		m.add(o)
		return ok
	default:
		return false
	}
	return true
}

func (m *matcher) alternate(subs []*syntax.Regexp) bool {
	var ends []int
	for i, sub := range subs {
		last := i == len(subs)-1
		split := len(m.program)
		if !last {
			m.add(matchOp{kind: matchSplit})
		}
		if !m.compile(sub) {
			return false
		}
		if !last {
			ends = append(ends, m.add(matchOp{kind: matchJump}))
			m.program[split].other = len(m.program)
		}
	}
	for _, at := range ends {
		m.program[at].other = len(m.program)
	}
	return true
}

// setOf returns the characters that p is one of; false if it is something else, or if some of those beyond ASCII are among them and some are not.
func setOf(p *syntax.Regexp) (set charSet, ok bool) {
	if p.Flags&(syntax.NonGreedy|syntax.FoldCase) != 0 {
		return set, false
	}
	switch p.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		for c := range set.ascii {
			set.ascii[c] = c != '\n' || p.Op == syntax.OpAnyChar
		}
		set.high = true
	case syntax.OpLiteral:
		if len(p.Rune) != 1 || p.Rune[0] >= utf8.RuneSelf {
			return set, false
		}
		set.ascii[p.Rune[0]] = true
	case syntax.OpCharClass:
		for i := 0; i < len(p.Rune); i += 2 {
			low, high := p.Rune[i], p.Rune[i+1]
			for c := low; c <= min(high, utf8.RuneSelf-1); c++ {
				set.ascii[c] = true
			}
			switch {
			case high < utf8.RuneSelf:
			case low <= utf8.RuneSelf && high == utf8.MaxRune:
				set.high = true
			default:
				return set, false
			}
		}
	default:
		return set, false
	}
	return set, true
}

// firsts notes what may come first behind program op pc, for a match that does not begin where the text does.
func (m *matcher) firsts(pc, depth int) {
	if depth > matchOps {
		m.anywhere = true
		return
	}
	o := &m.program[pc]
	switch o.kind {
	case matchEnd, matchFinish:
		m.anywhere = true
	case matchText:
		m.first[o.text[0]] = true
	case matchSet, matchRepeat:
		for c := range m.first {
			m.first[c] = m.first[c] || o.set.has(byte(c)) //nolint:gosec // below 256
		}
		if o.kind == matchRepeat && o.least == 0 {
			m.firsts(pc+1, depth+1)
		}
	case matchBegin: // not there
	case matchSplit:
		m.firsts(pc+1, depth+1)
		m.firsts(o.other, depth+1)
	case matchJump:
		m.firsts(o.other, depth+1)
	default:
		m.firsts(pc+1, depth+1)
	}
}

// find returns the bounds of the first match of b and of its groups, lent until the next call, nil if there is none; ok is false if it has given up.
func (m *matcher) find(b []byte) (bounds []int, ok bool) {
	m.text, m.steps, m.given, m.found = b, matchSteps*(len(b)+16), false, false
	for at := 0; at <= len(b); at++ {
		if at > 0 && !m.anywhere {
			if at = m.next(at); at < 0 {
				break
			}
		}
		if at > 0 && at < len(b) && !utf8.RuneStart(b[at]) {
			continue
		}
		for i := range m.caps {
			m.caps[i] = -1
		}
		m.run(0, at)
		if m.given {
			return nil, false
		}
		if m.found {
			m.best[0] = at
			return m.best, true
		}
	}
	return nil, true
}

// next is the next place from at on where a match may begin, -1 if there is none.
func (m *matcher) next(at int) int {
	if m.sole >= 0 {
		n := bytes.IndexByte(m.text[at:], byte(m.sole)) //nolint:gosec // below 256
		if n < 0 {
			return -1
		}
		return at + n
	}
	for ; at < len(m.text); at++ {
		if m.first[m.text[at]] {
			return at
		}
	}
	return -1
}

// run tries the program from pc on at a place, and keeps the longest match. It reports whether nothing else need be tried.
func (m *matcher) run(pc, at int) bool {
	for {
		if m.steps--; m.steps < 0 {
			m.given = true
			return true
		}
		o := &m.program[pc]
		pc++
		switch o.kind {
		case matchEnd:
			return m.end(at)
		case matchText, matchSet, matchBegin, matchFinish:
			n := m.step(o, at)
			if n < 0 {
				return false
			}
			at += n
		case matchRepeat:
			end := m.reach(&o.set, at)
			if end == at && o.least > 0 {
				return false
			}
			if !o.tail {
				return m.repeat(o, pc, at, end)
			}
			at = end
		case matchSave:
			before := m.caps[o.group]
			m.caps[o.group] = at
			if m.run(pc, at) {
				return true
			}
			m.caps[o.group] = before
			return false
		case matchSplit:
			if m.run(pc, at) {
				return true
			}
			pc = o.other
		case matchJump:
			pc = o.other
		}
	}
}

// end notes a match that ends at a place, if it is the longest, and reports whether there can be none that is longer.
func (m *matcher) end(at int) bool {
	if !m.found || at > m.best[1] {
		copy(m.best, m.caps)
		m.best[1], m.found = at, true
	}
	return at == len(m.text)
}

// step is how many bytes an op of which there is one way takes at a place, -1 if it does not match there.
func (m *matcher) step(o *matchOp, at int) int {
	switch o.kind {
	case matchText:
		if bytes.HasPrefix(m.text[at:], o.text) {
			return len(o.text)
		}
	case matchSet:
		if at < len(m.text) && o.set.has(m.text[at]) {
			_, n := utf8.DecodeRune(m.text[at:])
			return n
		}
	case matchBegin:
		if at == 0 {
			return 0
		}
	default:
		if at == len(m.text) {
			return 0
		}
	}
	return -1
}

// reach is how far characters of set go from at on.
func (m *matcher) reach(set *charSet, at int) int {
	for at < len(m.text) && set.has(m.text[at]) {
		at++
	}
	m.steps--
	return at
}

// repeat tries what follows a repetition with as many characters as there are, up to end, and then with fewer.
func (m *matcher) repeat(o *matchOp, pc, at, end int) bool {
	for ; end >= at; end-- {
		if end < len(m.text) && !utf8.RuneStart(m.text[end]) {
			continue
		}
		if end == at && o.least > 0 {
			return false
		}
		if m.run(pc, end) {
			return true
		}
	}
	return false
}
