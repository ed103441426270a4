package parse

import (
	"strings"
	"unicode/utf8"
)

// number reads an integer, decimal or float. As in PostgreSQL 15 a word glued to it is an error, and so is a bare exponent.
func (l *lexer) number() Token {
	start, kind := l.pos, Integer
	l.digits()
	if l.peek(0) == '.' && l.peek(1) != '.' {
		kind = Decimal
		l.pos++
		l.digits()
	}
	if c := l.peek(0); c == 'e' || c == 'E' {
		exponent := 1
		if s := l.peek(1); s == '+' || s == '-' {
			exponent = 2
		}
		if isDigit(l.peek(exponent)) {
			kind = Float
			l.pos += exponent
			l.digits()
		}
	}
	end := l.pos
	if c := l.peek(0); isIdentStart(c) && !l.atLookAlike() {
		for l.pos < len(l.text) && isIdentPart(l.text[l.pos]) {
			l.pos++
		}
		if c := l.peek(0); l.pos == end+1 && (l.text[end]|' ') == 'e' && (c == '+' || c == '-') {
			l.pos++
		}
		return l.failNear(start, "trailing junk after numeric literal", junkHint(l.text[start:end], l.text[end:l.pos]))
	}
	return l.token(kind, start, l.text[start:l.pos])
}

func (l *lexer) digits() {
	for isDigit(l.peek(0)) {
		l.pos++
	}
}

func junkHint(number, junk string) string {
	switch {
	case junk[0] == '_':
		return "write the number without underscores"
	case number == "0" && (junk[0] == 'x' || junk[0] == 'X' || junk[0] == 'o' || junk[0] == 'b'):
		return "write the number in decimal"
	}
	return "put a space between the number and the word"
}

// dollar reads $1, $$…$$ and $tag$…$tag$.
func (l *lexer) dollar() Token {
	start := l.pos
	l.pos++
	if isDigit(l.peek(0)) {
		l.digits()
		end := l.pos
		for isIdentStart(l.peek(0)) && !l.atLookAlike() {
			l.pos++
		}
		if l.pos > end {
			return l.failNear(start, "trailing junk after parameter", "")
		}
		return l.token(Param, start, l.text[start+1:l.pos])
	}
	for isIdentStart(l.peek(0)) || l.pos > start+1 && isDigit(l.peek(0)) {
		l.pos++
	}
	if l.peek(0) != '$' {
		l.pos = start + 1
		return l.failNear(start, "syntax error", "")
	}
	l.pos++
	tag := l.text[start:l.pos]
	i := strings.Index(l.text[l.pos:], tag)
	if i < 0 {
		return l.unterminated(start, "dollar-quoted string", "it ends with "+tag)
	}
	text := l.text[l.pos : l.pos+i]
	l.pos += i + len(tag)
	return l.token(String, start, text)
}

func (l *lexer) atLookAlike() bool {
	r, _ := utf8.DecodeRuneInString(l.text[l.pos:])
	return lookAlike(r) != ""
}

// operator reads the longest run of operator characters by PostgreSQL's rule: it ends before a comment, and may end in + or - only if
// it has a character that no standard operator has.
func (l *lexer) operator() Token {
	start := l.pos
	if start >= l.run.end {
		l.run = l.scanOperators(start)
	}
	op := l.text[start:l.run.end]
	if l.run.lastSpecial < start {
		op = l.text[start : max(l.run.lastUnsigned, start)+1]
	}
	l.pos = start + len(op)
	switch {
	case len(op) > maxOperator:
		return l.failNear(start, "operator too long", "")
	case op == "!=":
		return l.token(Operator, start, "<>")
	case op == "=>":
		return l.token(Symbol, start, op)
	}
	return l.token(Operator, start, op)
}

// operatorRun is a run of operator characters. It may hold many operators, and is looked through only once.
type operatorRun struct {
	end          int
	lastSpecial  int // the last character that no standard operator has, -1 if there is none
	lastUnsigned int // the last one that is neither + nor -, -1 if there is none
}

func (l *lexer) scanOperators(start int) operatorRun {
	run := operatorRun{end: start, lastSpecial: -1, lastUnsigned: -1}
	for ; run.end < len(l.text) && isOperatorByte(l.text[run.end]); run.end++ {
		if next := l.text[run.end:min(run.end+2, len(l.text))]; run.end > start && (next == "--" || next == "/*") {
			break
		}
		switch l.text[run.end] {
		case '~', '!', '@', '#', '^', '&', '|', '`', '?', '%':
			run.lastSpecial, run.lastUnsigned = run.end, run.end
		case '+', '-':
		default:
			run.lastUnsigned = run.end
		}
	}
	return run
}

// maxOperator is PostgreSQL's limit on the length of an operator, in bytes.
const maxOperator = 63
